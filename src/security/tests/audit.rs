//! The audit: what it holds, and what shows when somebody changes it.
use super::pool;
use crate::security::{AccessPool, Action, Audit, AuditFlaw, Principal};
use serde_json::json;
use std::time::Duration;

async fn filled(name: &str) -> (AccessPool, Audit) {
    let pool = pool(name).await;
    let audit = Audit::new(pool.clone());
    for number in 1..=6 {
        let call = format!("call {number}");
        audit.note(&Principal::admin_token(), Action::CallEnded, Some(&call), json!({"n": number})).await.unwrap();
    }
    (pool, audit)
}

/// What somebody with the file does who knows SQL.
async fn tamper(pool: &AccessPool, sql: &'static str) {
    const TRIGGERS: &str = "drop trigger audit_is_never_changed; drop trigger audit_is_never_shortened; \
        drop trigger audit_grows_at_its_end; drop trigger audit_head_is_not_replaced; \
        drop trigger audit_head_is_not_set_back; drop trigger audit_head_is_not_removed";
    sqlx::raw_sql(TRIGGERS).execute(&pool.write).await.unwrap();
    sqlx::raw_sql(sql).execute(&pool.write).await.unwrap();
}

#[tokio::test]
async fn records_follow_each_other_and_are_found_as_they_were_written() {
    let (_, audit) = filled("audit-good").await;
    let verdict = audit.verify(&[]).await.unwrap();
    assert_eq!((verdict.records, verdict.flaws.len()), (6, 0));
    let records = audit.after(0).await.unwrap();
    assert_eq!(records[0].previous, "0".repeat(64));
    for (one, next) in records.iter().zip(&records[1..]) {
        assert_eq!((one.seq + 1, &one.hash), (next.seq, &next.previous));
    }
    let last = records.last().unwrap();
    assert_eq!(verdict.head, Some((6, last.hash.clone())));
    assert_eq!(
        (last.name.as_str(), last.kind.as_str(), last.action.as_str()),
        ("admin.token", "admin_token", "call_ended")
    );
    assert_eq!((last.call.as_deref(), last.detail.as_str()), (Some("call 6"), "{\"n\":6}"));
    let page = audit.read(2, Some(5), None).await.unwrap();
    assert_eq!(page.iter().map(|record| record.seq).collect::<Vec<_>>(), [4, 3]);
    assert_eq!(audit.read(9, None, Some("call 2")).await.unwrap().len(), 1);
}

#[tokio::test]
async fn an_audit_of_nothing_is_in_order() {
    let verdict = Audit::new(pool("audit-none").await).verify(&[]).await.unwrap();
    assert_eq!((verdict.records, verdict.head, verdict.flaws), (0, None, vec![]));
}

#[tokio::test]
async fn the_database_itself_refuses_changes() {
    let (pool, audit) = filled("audit-triggers").await;
    for sql in [
        "update audit set name = 'x' where seq = 2",
        "delete from audit where seq = 2",
        "delete from audit",
        "insert or replace into audit select seq, at_us, 'x', kind, action, call, detail, previous, hash from audit where seq = 2",
        "insert or replace into audit_head values (1, 4, 'x')",
        "update audit_head set seq = 4",
        "delete from audit_head",
    ] {
        let fault = sqlx::query(sql).execute(&pool.write).await.unwrap_err().to_string();
        assert!(fault.contains("append-only"), "{fault}");
    }
    assert_eq!(audit.verify(&[]).await.unwrap().flaws, []);
}

#[tokio::test]
async fn what_was_changed_removed_or_moved_is_named() {
    let cases: [(&str, &'static str, &[AuditFlaw]); 11] = [
        ("name", "update audit set name = 'eve' where seq = 3", &[AuditFlaw::Changed(3)]),
        ("time", "update audit set at_us = at_us + 1 where seq = 3", &[AuditFlaw::Changed(3)]),
        ("call", "update audit set call = null where seq = 1", &[AuditFlaw::Changed(1)]),
        ("detail", "update audit set detail = '{}' where seq = 6", &[AuditFlaw::Changed(6)]),
        ("first", "delete from audit where seq = 1", &[AuditFlaw::Removed(1, 1)]),
        ("middle", "delete from audit where seq in (3, 4)", &[AuditFlaw::Removed(3, 4)]),
        ("end", "delete from audit where seq > 4", &[AuditFlaw::Removed(5, 6)]),
        ("all", "delete from audit", &[AuditFlaw::Removed(1, 6)]),
        (
            "closed gap",
            "delete from audit where seq = 3; update audit set seq = seq - 1 where seq > 3; update audit_head set seq = 5",
            &[AuditFlaw::Moved(3, 4), AuditFlaw::Moved(4, 5), AuditFlaw::Moved(5, 6)],
        ),
        (
            "swapped",
            "update audit set seq = 99 where seq = 3; update audit set seq = 3 where seq = 4; update audit set seq = 4 where seq = 99",
            &[AuditFlaw::Moved(3, 4), AuditFlaw::Moved(4, 3)],
        ),
        ("head", "delete from audit where seq = 6; update audit_head set seq = 5, hash = 'x'", &[AuditFlaw::End(5)]),
    ];
    for (name, sql, flaws) in cases {
        let (pool, audit) = filled(&format!("audit-{}", name.replace(' ', "-"))).await;
        tamper(&pool, sql).await;
        assert_eq!(audit.verify(&[]).await.unwrap().flaws, flaws, "{name}");
    }
}

/// Who writes anew everything from a record on leaves no trace in the database; only what was noted elsewhere of its end shows it.
#[tokio::test]
async fn a_record_written_anew_with_its_hash_breaks_the_link_to_the_next() {
    let (pool, audit) = filled("audit-anew").await;
    let mut forged = audit.after(2).await.unwrap().remove(0);
    forged.name = "eve".into();
    let hash = forged.computed();
    tamper(&pool, "delete from audit where seq = 3").await;
    sqlx::query("insert into audit values (3, $1, 'eve', 'admin_token', 'call_ended', 'call 3', '{\"n\":3}', $2, $3)")
        .bind(forged.at.as_microsecond())
        .bind(&forged.previous)
        .bind(&hash)
        .execute(&pool.write)
        .await
        .unwrap();
    assert_eq!(audit.verify(&[]).await.unwrap().flaws, [AuditFlaw::Unlinked(4)]);
}

#[tokio::test]
async fn an_end_that_was_noted_elsewhere_shows_that_the_audit_was_cut_off_or_written_anew() {
    let (pool, audit) = filled("audit-noted").await;
    let records = audit.after(0).await.unwrap();
    let noted = [(3, records[2].hash.clone()), (6, records[5].hash.clone())];
    assert_eq!(audit.verify(&noted).await.unwrap().flaws, []);
    assert_eq!(audit.verify(&[(2, records[2].hash.clone())]).await.unwrap().flaws, [AuditFlaw::Unlike(2)]);
    // Whoever does it well leaves a good chain.
    let sql =
        "delete from audit where seq > 4; update audit_head set seq = 4, hash = (select hash from audit where seq = 4)";
    tamper(&pool, sql).await;
    assert_eq!(audit.verify(&[]).await.unwrap().flaws, []);
    assert_eq!(audit.verify(&noted).await.unwrap().flaws, [AuditFlaw::Unlike(6)]);
    audit.require(&Principal::admin_token(), Action::CallEnded, None, json!({})).await.unwrap();
    audit.require(&Principal::admin_token(), Action::CallEnded, None, json!({})).await.unwrap();
    let flaws = audit.verify(&noted).await.unwrap().flaws;
    assert_eq!(flaws, [AuditFlaw::Unlike(6)], "other records in their place");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_is_found_in_order_while_others_write_it() {
    let (_, audit) = filled("audit-busy").await;
    let writer = audit.clone();
    let writing = tokio::spawn(async move {
        for number in 0..200 {
            writer.require(&Principal::command(), Action::CallEnded, None, json!({"n": number})).await.unwrap();
        }
    });
    let mut verdicts = 0;
    while !writing.is_finished() {
        assert_eq!(audit.verify(&[]).await.unwrap().flaws, []);
        verdicts += 1;
    }
    writing.await.unwrap();
    assert!(verdicts > 0);
    assert_eq!(audit.verify(&[]).await.unwrap().records, 206);
}

#[tokio::test]
async fn what_is_required_is_on_disk_or_refused_and_leaves_nothing_behind() {
    let (pool, audit) = filled("audit-required").await;
    let by = Principal::admin_token();
    let refuse = "create trigger broken before insert on audit begin select raise(abort, 'no space'); end";
    sqlx::query(refuse).execute(&pool.write).await.unwrap();
    let fault = audit.require(&by, Action::CallEnded, None, json!({})).await.unwrap_err().to_string();
    assert!(fault.contains("no space") && fault.contains("not done"), "{fault}");
    assert!(audit.ready().await.is_err(), "it failed a moment ago");
    assert!(audit.note(&by, Action::TranscriptRead, None, json!({})).await.is_ok(), "who reads is recorded later");
    sqlx::query("drop trigger broken").execute(&pool.write).await.unwrap();
    tokio::time::sleep(Duration::from_millis(1100)).await;
    audit.ready().await.unwrap();
    audit.require(&by, Action::CallEnded, None, json!({})).await.unwrap();
    let actions: Vec<_> = audit.after(6).await.unwrap().into_iter().map(|record| record.action).collect();
    assert_eq!(actions, ["transcript_read", "call_ended"]);
    assert_eq!(audit.verify(&[]).await.unwrap().flaws, []);
}

#[tokio::test]
async fn the_same_reading_is_one_record_and_another_readers_is_another() {
    let audit = Audit::new(pool("audit-once").await);
    let (one, other) = (Principal::admin_token(), Principal::command());
    for _ in 0..5 {
        audit.note_once(&one, Action::RecordingRead, Some("a"), json!({})).await.unwrap();
    }
    audit.note_once(&one, Action::RecordingRead, Some("b"), json!({})).await.unwrap();
    audit.note_once(&one, Action::TranscriptRead, Some("a"), json!({})).await.unwrap();
    audit.note_once(&other, Action::RecordingRead, Some("a"), json!({})).await.unwrap();
    assert_eq!(audit.after(0).await.unwrap().len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn records_of_many_at_once_and_of_two_processes_make_one_chain() {
    let dir = crate::testdir("audit-many");
    let audits =
        [Audit::new(crate::store::access(&dir).await.unwrap()), Audit::new(crate::store::access(&dir).await.unwrap())];
    let mut tasks = Vec::new();
    for number in 0..60_usize {
        let audit = audits[number % 2].clone();
        tasks.push(tokio::spawn(async move {
            audit.note(&Principal::admin_token(), Action::CallPlaced, None, json!({"n": number})).await.unwrap();
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    audits[0].flush().await;
    audits[1].flush().await;
    let verdict = audits[0].verify(&[]).await.unwrap();
    assert_eq!((verdict.records, verdict.flaws), (60, vec![]));
}

#[tokio::test]
async fn records_wait_for_a_database_that_takes_nothing_and_keep_their_order() {
    let dir = crate::testdir("audit-locked");
    let pool = crate::store::access(&dir).await.unwrap();
    let audit = Audit::new(pool.clone());
    let other = crate::store::access(&dir).await.unwrap();
    let held = other.write.begin_with("begin immediate").await.unwrap();
    for number in 1..=3 {
        audit.note(&Principal::admin_token(), Action::CallEnded, None, json!({"n": number})).await.unwrap();
    }
    assert!(audit.after(0).await.unwrap().is_empty());
    held.rollback().await.unwrap();
    let written = async {
        while audit.after(0).await.unwrap().len() < 3 {
            audit.flush().await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), written).await.unwrap();
    let details: Vec<_> = audit.after(0).await.unwrap().into_iter().map(|record| record.detail).collect();
    assert_eq!(details, ["{\"n\":1}", "{\"n\":2}", "{\"n\":3}"]);
    assert_eq!(audit.verify(&[]).await.unwrap().flaws, []);
}
