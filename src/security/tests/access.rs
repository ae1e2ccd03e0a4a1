//! Signing in, sessions, tokens, the first admin: on a database of each test's own.
use super::pool;
use crate::security::{
    Access, AccessFault, AccessPlan, AccessPool, NewToken, NewUser, Principal, PrincipalKind, Right, Rights, Role,
    Secret, SessionLimits, UserChange,
};
use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use sqlx::SqlitePool;
use std::net::IpAddr;
use std::time::Duration;

const PASSWORD: &str = "correct horse battery";
const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

fn access(pool: AccessPool) -> Access {
    let sessions = SessionLimits { idle: Duration::from_secs(600), longest: Duration::from_secs(3600) };
    Access::new(pool, AccessPlan { token: Secret::new("the word in admin.token"), sessions })
}

async fn add(access: &Access, name: &str, role: Role, bots: Option<&[&str]>) {
    let bots = bots.map(|bots| bots.iter().map(|bot| (*bot).to_owned()).collect());
    access.add_user(&Principal::command(), NewUser { name, password: PASSWORD, role, bots }).await.unwrap();
}

/// Sets every session's times back, as if so much time had passed.
async fn age(pool: &SqlitePool, seen: i64, created: i64) {
    sqlx::query("update sessions set seen_us = seen_us - $1 * 1000000, created_us = created_us - $2 * 1000000")
        .bind(seen)
        .bind(created)
        .execute(pool)
        .await
        .unwrap();
}

#[tokio::test]
async fn who_knows_the_password_gets_a_session_of_which_only_the_digest_is_stored() {
    let pool = pool("access-sign-in").await;
    let access = access(pool.clone());
    add(&access, "Ada@Shop.example", Role::Supervisor, Some(&["booking.en"])).await;
    let signed_in = access.sign_in(" ADA@shop.example", PASSWORD, HERE).await.unwrap();
    let known = access.by_session(&signed_in.secret).await.unwrap().unwrap();
    assert_eq!(
        (known.name.as_str(), known.role, known.kind),
        ("ada@shop.example", Role::Supervisor, PrincipalKind::Session)
    );
    assert!(known.may(Right::Barge, Some("booking.en")) && !known.may(Right::Barge, Some("places.vi")));
    assert!(
        access.by_session("").await.unwrap().is_none() && access.by_bearer(&signed_in.secret).await.unwrap().is_none()
    );
    let (stored,): (String,) = sqlx::query_as("select hash from sessions").fetch_one(&pool.write).await.unwrap();
    assert!(!stored.contains(&signed_in.secret) && stored.len() == 64);
    let (password,): (String,) = sqlx::query_as("select password from users").fetch_one(&pool.write).await.unwrap();
    assert!(password.starts_with("$argon2id$") && !password.contains("horse"));
    for (name, password) in
        [("ada@shop.example", "wrong horse battery"), ("ada@shop.example", ""), ("nobody", PASSWORD)]
    {
        assert!(matches!(access.sign_in(name, password, HERE).await, Err(AccessFault::WrongPassword)), "{name}");
    }
    assert!(access.sign_out(&known).await.unwrap());
    assert!(access.by_session(&signed_in.secret).await.unwrap().is_none());
}

#[tokio::test]
async fn a_session_ends_when_it_rests_and_in_any_case() {
    let pool = pool("access-expiry").await;
    let access = access(pool.clone());
    add(&access, "ada", Role::Viewer, None).await;
    let secret = access.sign_in("ada", PASSWORD, HERE).await.unwrap().secret;
    age(&pool.write, 590, 590).await;
    assert!(access.by_session(&secret).await.unwrap().is_some(), "and is used by that");
    age(&pool.write, 590, 590).await;
    assert!(access.by_session(&secret).await.unwrap().is_some());
    age(&pool.write, 601, 601).await;
    assert!(access.by_session(&secret).await.unwrap().is_none(), "it rested too long");
    let secret = access.sign_in("ada", PASSWORD, HERE).await.unwrap().secret;
    age(&pool.write, 0, 3601).await;
    assert!(access.by_session(&secret).await.unwrap().is_none(), "it is too old");
    access.sign_in("ada", PASSWORD, HERE).await.unwrap();
    let (left,): (i64,) = sqlx::query_as("select count(*) from sessions").fetch_one(&pool.write).await.unwrap();
    assert_eq!(left, 1, "those that are over are removed");
}

#[tokio::test]
async fn a_change_of_rights_password_or_state_ends_the_sessions() {
    let access = access(pool("access-change").await);
    add(&access, "admin", Role::Admin, None).await;
    add(&access, "ada", Role::Viewer, None).await;
    let by = Principal::admin_token();
    let other = "another password".to_owned();
    for change in [
        UserChange { role: Some(Role::Agent), ..UserChange::default() },
        UserChange { bots: Some(Some(vec!["booking.en".into()])), ..UserChange::default() },
        UserChange { password: Some(PASSWORD), ..UserChange::default() },
        UserChange { disabled: Some(true), ..UserChange::default() },
    ] {
        let secret = access.sign_in("ada", PASSWORD, HERE).await.unwrap().secret;
        let known = access.by_session(&secret).await.unwrap().unwrap();
        let watching = access.until_changed(&known);
        let ((), changed) = tokio::join!(watching, access.change_user(&by, "ada", change));
        changed.unwrap();
        assert!(access.by_session(&secret).await.unwrap().is_none());
    }
    assert!(matches!(access.sign_in("ada", PASSWORD, HERE).await, Err(AccessFault::WrongPassword)), "disabled");
    let enabled = UserChange { disabled: Some(false), password: Some(&other), ..UserChange::default() };
    let ada = access.change_user(&by, "ada", enabled).await.unwrap();
    assert_eq!((ada.role, ada.bots), (Role::Agent, Some(vec!["booking.en".to_owned()])));
    assert!(access.sign_in("ada", PASSWORD, HERE).await.is_err() && access.sign_in("ada", &other, HERE).await.is_ok());
}

#[tokio::test]
async fn the_last_admin_of_all_bots_stays_one() {
    let access = access(pool("access-last").await);
    let by = Principal::admin_token();
    add(&access, "one", Role::Admin, None).await;
    add(&access, "restricted", Role::Admin, Some(&["booking.en"])).await;
    add(&access, "ada", Role::Supervisor, None).await;
    let no = |result: Result<_, AccessFault>| assert!(matches!(result, Err(AccessFault::LastAdmin)));
    no(access.remove_user(&by, "one").await);
    for change in [
        UserChange { role: Some(Role::Supervisor), ..UserChange::default() },
        UserChange { disabled: Some(true), ..UserChange::default() },
        UserChange { bots: Some(Some(vec![])), ..UserChange::default() },
    ] {
        no(access.change_user(&by, "one", change).await.map(|_| ()));
    }
    access.remove_user(&by, "restricted").await.unwrap();
    add(&access, "two", Role::Admin, None).await;
    access.remove_user(&by, "one").await.unwrap();
    no(access.remove_user(&by, "two").await);
    assert_eq!(access.users().await.unwrap().iter().map(|user| user.name.as_str()).collect::<Vec<_>>(), ["ada", "two"]);
    assert!(matches!(access.remove_user(&by, "one").await, Err(AccessFault::NoUser)));
}

#[tokio::test]
async fn many_wrong_passwords_lock_an_account_for_their_source_whether_it_is_there_or_not() {
    let access = access(pool("access-lock").await);
    add(&access, "ada", Role::Viewer, None).await;
    for (name, last) in [("ada", 1), ("nobody", 2)] {
        let from = IpAddr::from([192, 0, 2, last]);
        for _ in 0..10 {
            assert!(matches!(access.sign_in(name, "wrong wrong wrong", from).await, Err(AccessFault::WrongPassword)));
        }
        assert!(matches!(access.sign_in(name, PASSWORD, from).await, Err(AccessFault::TooMany(1..=61))), "{name}");
    }
    assert!(access.sign_in("ada", PASSWORD, HERE).await.is_ok(), "who knows the password signs in from elsewhere");
    access.finish().await;
    let records: Vec<_> = access.audit().after(0).await.unwrap();
    let of = |action: &str, name: &str| -> Vec<Value> {
        let own = records.iter().filter(|r| r.action == action && r.name == name);
        own.map(|record| serde_json::from_str(&record.detail).unwrap()).collect()
    };
    let twice =
        |address: &str| vec![json!({"address": address}), json!({"address": address, "count": 9, "within_s": 60})];
    assert_eq!(of("sign_in_failed", "ada"), twice("192.0.2.1"), "the first at once, the others as one sum");
    assert_eq!(of("sign_in_failed", "(no such user)"), twice("192.0.2.2"), "what was typed may be a password");
    assert_eq!(of("account_locked", "ada"), [json!({"address": "192.0.2.1"})]);
    // Another password, set by an admin, unlocks.
    let change = UserChange { password: Some(PASSWORD), ..UserChange::default() };
    access.change_user(&Principal::command(), "ada", change).await.unwrap();
    assert!(access.sign_in("ada", PASSWORD, IpAddr::from([192, 0, 2, 1])).await.is_ok());
}

#[tokio::test]
async fn a_flood_of_sign_ins_is_told_to_wait_and_its_records_are_few() {
    let access = access(pool("access-flood").await);
    add(&access, "ada", Role::Viewer, None).await;
    access.sign_in("ada", PASSWORD, HERE).await.unwrap();
    let floods = (0..300_u16).map(|number| {
        let from = IpAddr::from([198, 51, (number >> 8) as u8, number as u8]);
        let (access, long) = (&access, "x".repeat(usize::from(number) * 50));
        async move { access.sign_in(if number % 2 == 0 { "ada" } else { &long }, "wrong wrong wrong", from).await.err() }
    });
    let faults = join_all(floods).await;
    let waits = faults.iter().filter(|fault| matches!(fault, Some(AccessFault::TooMany(_)))).count();
    let wrong = faults.iter().filter(|fault| matches!(fault, Some(AccessFault::WrongPassword))).count();
    assert_eq!(waits + wrong, 300);
    assert!(waits >= 100, "{waits} of 150 attempts at a user's name");
    assert!(access.sign_in("ada", PASSWORD, HERE).await.is_ok(), "from where she works she signs in all the same");
    access.finish().await;
    let records = access.audit().after(0).await.unwrap();
    let failed = records.iter().filter(|record| record.action == "sign_in_failed").count();
    assert!((2..=33).contains(&failed), "{failed} records");
    assert!(records.iter().all(|record| record.name.len() < 64 && record.detail.len() < 200));
}

#[tokio::test]
async fn the_link_makes_the_first_admin_once_and_a_new_start_makes_another() {
    let pool = pool("access-welcome").await;
    let access = access(pool.clone());
    let old = access.welcome().await.unwrap().unwrap();
    let link = access.welcome().await.unwrap().unwrap();
    let accept = |link: String, name: &'static str, password: &'static str| {
        let access = &access;
        async move { access.accept_welcome(&link, name, password, HERE).await }
    };
    assert!(matches!(accept(old, "ada", PASSWORD).await, Err(AccessFault::Link)));
    assert!(matches!(accept(link.clone(), "ada", "short").await, Err(AccessFault::ShortPassword)));
    assert!(matches!(accept(link.clone(), "a b", PASSWORD).await, Err(AccessFault::Name)));
    let (stored,): (String,) = sqlx::query_as("select hash from welcome").fetch_one(&pool.write).await.unwrap();
    assert_ne!(stored, link);
    let first = accept(link.clone(), "ada", PASSWORD).await.unwrap();
    assert_eq!((first.principal.role, first.principal.bots.is_none()), (Role::Admin, true));
    assert!(access.by_session(&first.secret).await.unwrap().is_some());
    assert!(matches!(accept(link, "eve", PASSWORD).await, Err(AccessFault::Link)));
    assert!(access.welcome().await.unwrap().is_none(), "there is a user");
}

#[tokio::test]
async fn a_link_is_over_after_a_day_and_where_there_is_a_user() {
    let pool = pool("access-welcome-over").await;
    let access = access(pool.clone());
    let link = access.welcome().await.unwrap().unwrap();
    let left = |us: i64| sqlx::query("update welcome set expires_us = $1").bind(us).execute(&pool.write);
    left(Timestamp::now().as_microsecond() - 1).await.unwrap();
    assert!(matches!(access.accept_welcome(&link, "ada", PASSWORD, HERE).await, Err(AccessFault::Link)));
    left(Timestamp::now().as_microsecond() + 60_000_000).await.unwrap();
    add(&access, "made-by-hand", Role::Viewer, None).await;
    assert!(matches!(access.accept_welcome(&link, "ada", PASSWORD, HERE).await, Err(AccessFault::Link)));
}

#[tokio::test]
async fn a_token_has_some_rights_some_bots_and_an_end_and_never_more_than_its_owner() {
    let pool = pool("access-tokens").await;
    let access = access(pool.clone());
    add(&access, "root", Role::Admin, None).await;
    add(&access, "ada", Role::Admin, None).await;
    let maker = access.sign_in("ada", PASSWORD, HERE).await.unwrap().principal;
    let rights: Rights = [Right::SeeCalls, Right::Dial, Right::ReadMetrics].into_iter().collect();
    let end = Timestamp::now().checked_add(SignedDuration::from_hours(1)).unwrap();
    let new = |bots: Option<&[&str]>, rights, expires_at| {
        let bots = bots.map(|bots| bots.iter().map(|bot| (*bot).to_owned()).collect());
        NewToken { name: "crm", rights, bots, expires_at }
    };
    let made = access.make_token(&maker, new(Some(&["booking.en"]), rights, end)).await.unwrap();
    let token = access.by_bearer(&made.secret).await.unwrap().unwrap();
    assert_eq!((token.name.as_str(), token.kind), ("ada/crm", PrincipalKind::Token));
    assert!(token.may(Right::Dial, Some("booking.en")) && !token.may(Right::Dial, Some("places.vi")));
    assert!(!token.may(Right::EndCalls, Some("booking.en")) && !token.may(Right::ReadMetrics, None));
    let (stored,): (String,) = sqlx::query_as("select hash from tokens").fetch_one(&pool.write).await.unwrap();
    assert!(!made.secret.contains(&stored) && made.secret.starts_with("sbt_"));
    // Its owner becomes a viewer: so does the token.
    let watching = access.until_changed(&token);
    let change = UserChange { role: Some(Role::Viewer), ..UserChange::default() };
    let ((), changed) = tokio::join!(watching, access.change_user(&maker, "ada", change));
    changed.unwrap();
    let token = access.by_bearer(&made.secret).await.unwrap().unwrap();
    assert!(token.may(Right::SeeCalls, Some("booking.en")) && !token.may(Right::Dial, Some("booking.en")));
    // What somebody has not, nobody gets from them.
    let beyond = |result: Result<_, AccessFault>| assert!(matches!(result, Err(AccessFault::BeyondMaker(_))));
    beyond(access.make_token(&token, new(Some(&["booking.en"]), rights, end)).await.map(|_| ()));
    let few: Rights = [Right::SeeCalls].into_iter().collect();
    beyond(access.make_token(&token, new(None, few, end)).await.map(|_| ()));
    beyond(access.make_token(&token, new(Some(&["places.vi"]), few, end)).await.map(|_| ()));
    let eve = NewUser { name: "eve", password: PASSWORD, role: Role::Admin, bots: None };
    beyond(access.add_user(&token, eve).await.map(|_| ()));
    let change = UserChange { password: Some("another long password"), ..UserChange::default() };
    beyond(access.change_user(&token, "root", change).await.map(|_| ()));
    beyond(access.remove_user(&token, "root").await);
    let admin = Principal::admin_token();
    let late = Timestamp::now().checked_add(SignedDuration::from_hours(24 * 400)).unwrap();
    for wrong in [Timestamp::now(), late] {
        assert!(matches!(access.make_token(&admin, new(None, few, wrong)).await, Err(AccessFault::TokenEnd(_))));
    }
    assert!(matches!(access.make_token(&admin, new(None, Rights::default(), end)).await, Err(AccessFault::NoRights)));
    // Its end, its revocation, its owner's removal.
    let other = access.make_token(&admin, new(None, few, end)).await.unwrap();
    assert!(access.by_bearer(&other.secret).await.unwrap().is_some());
    access.revoke_token(&admin, &other.token.id).await.unwrap();
    assert!(access.by_bearer(&other.secret).await.unwrap().is_none());
    assert!(matches!(access.revoke_token(&admin, &other.token.id).await, Err(AccessFault::NoToken)));
    sqlx::query("update tokens set expires_us = 1").execute(&pool.write).await.unwrap();
    assert!(access.by_bearer(&made.secret).await.unwrap().is_none());
    access.remove_user(&admin, "ada").await.unwrap();
    assert_eq!(access.tokens().await.unwrap(), []);
}

#[tokio::test]
async fn a_token_that_a_token_made_has_no_more_and_ends_with_it() {
    let pool = pool("access-chain").await;
    let access = access(pool.clone());
    for name in ["root", "ada"] {
        add(&access, name, Role::Admin, None).await;
    }
    let ada = access.sign_in("ada", PASSWORD, HERE).await.unwrap().principal;
    let now = Timestamp::now();
    let hours = |hours| now.checked_add(SignedDuration::from_hours(hours)).unwrap();
    let new = |name, rights: &[Right], bots: Option<&str>, end| NewToken {
        name,
        rights: rights.iter().copied().collect(),
        bots: bots.map(|bot| vec![bot.to_owned()]),
        expires_at: end,
    };
    let all = [Right::ManageUsers, Right::SeeCalls, Right::Dial];
    let first = access.make_token(&ada, new("first", &all, None, hours(2))).await.unwrap();
    let by_first = access.by_bearer(&first.secret).await.unwrap().unwrap();
    let late = access.make_token(&by_first, new("second", &all, None, hours(3))).await;
    assert!(matches!(late, Err(AccessFault::BeyondMaker(_))), "it would outlive its maker");
    let second = access.make_token(&by_first, new("second", &all, None, hours(1))).await.unwrap();
    let by_second = access.by_bearer(&second.secret).await.unwrap().unwrap();
    let third = access.make_token(&by_second, new("third", &all[1..], Some("booking.en"), hours(1))).await.unwrap();
    let by_third = access.by_bearer(&third.secret).await.unwrap().unwrap();
    assert!(by_third.may(Right::Dial, Some("booking.en")) && !by_third.may(Right::Dial, Some("places.vi")));
    let fourth = access.make_token(&by_third, new("fourth", &all[1..2], Some("booking.en"), hours(1))).await;
    assert!(matches!(fourth, Err(AccessFault::TokenChain)));
    // A name is one token of its owner, until that one is over.
    let again = access.make_token(&ada, new("third", &all, None, hours(1))).await;
    assert!(matches!(again, Err(AccessFault::TokenExists)));
    // What a token in the row loses, those after it lose.
    let rights = |list: &str| sqlx::query("update tokens set rights = $1 where name = 'first'").bind(list.to_owned());
    rights(r#"["manage_users","see_calls"]"#).execute(&pool.write).await.unwrap();
    let by_third = access.by_bearer(&third.secret).await.unwrap().unwrap();
    assert!(by_third.may(Right::SeeCalls, Some("booking.en")) && !by_third.may(Right::Dial, Some("booking.en")));
    let end = |us: i64| sqlx::query("update tokens set expires_us = $1 where name = 'second'").bind(us);
    end(1).execute(&pool.write).await.unwrap();
    assert!(
        access.by_bearer(&third.secret).await.unwrap().is_none()
            && access.by_bearer(&first.secret).await.unwrap().is_some()
    );
    let second = access.make_token(&ada, new("second", &all, None, hours(1))).await.unwrap();
    assert!(access.by_bearer(&second.secret).await.unwrap().is_some(), "the one before was over");
    // A token that is revoked takes those with it that it made.
    let id = first.token.id.clone();
    let by_first = access.by_bearer(&first.secret).await.unwrap().unwrap();
    let child = access.make_token(&by_first, new("child", &all[1..2], None, hours(1)));
    let child = child.await.unwrap();
    access.revoke_token(&ada, &id).await.unwrap();
    assert!(access.by_bearer(&child.secret).await.unwrap().is_none());
    let left: Vec<_> = access.tokens().await.unwrap().into_iter().map(|token| token.name).collect();
    assert_eq!(left, ["second", "third"], "the third's maker is gone by its end and not by a revocation");
}

#[tokio::test]
async fn another_word_in_admin_token_ends_the_tokens_that_the_one_before_it_made() {
    let pool = pool("access-admin-rotated").await;
    let sessions = SessionLimits { idle: Duration::from_secs(600), longest: Duration::from_secs(3600) };
    let with = |word: &str| Access::new(pool.clone(), AccessPlan { token: Secret::new(word), sessions });
    let (before, after) = (with("the word before"), with("the word after"));
    let admin = before.by_bearer("the word before").await.unwrap().unwrap();
    let expires_at = Timestamp::now().checked_add(SignedDuration::from_hours(1)).unwrap();
    let new = NewToken { name: "crm", rights: Role::Viewer.rights(), bots: None, expires_at };
    let made = before.make_token(&admin, new).await.unwrap();
    assert!(before.by_bearer(&made.secret).await.unwrap().is_some());
    assert!(after.by_bearer(&made.secret).await.unwrap().is_none());
}

#[tokio::test]
async fn a_password_that_is_changed_while_somebody_signs_in_with_it_begins_no_session() {
    let pool = pool("access-race").await;
    let access = access(pool.clone());
    add(&access, "ada", Role::Viewer, None).await;
    let (compared,): (String,) = sqlx::query_as("select password from users").fetch_one(&pool.read).await.unwrap();
    assert!(access.begin_if_still("ada", &compared, HERE).await.is_ok());
    let change = UserChange { password: Some("another password"), ..UserChange::default() };
    access.change_user(&Principal::command(), "ada", change).await.unwrap();
    let late = access.begin_if_still("ada", &compared, HERE).await;
    assert!(matches!(late, Err(AccessFault::WrongPassword)));
    let (sessions,): (i64,) = sqlx::query_as("select count(*) from sessions").fetch_one(&pool.read).await.unwrap();
    assert_eq!(sessions, 0);
}

#[tokio::test]
async fn who_asks_is_known_while_others_write() {
    let dir = crate::testdir("access-held");
    let access = access(crate::store::access(&dir).await.unwrap());
    add(&access, "ada", Role::Viewer, None).await;
    let secret = access.sign_in("ada", PASSWORD, HERE).await.unwrap().secret;
    let other = crate::store::access(&dir).await.unwrap();
    let held = other.write.begin_with("begin immediate").await.unwrap();
    // As many as there are connections that write.
    let waiting = async {
        let change = || UserChange { role: Some(Role::Agent), ..UserChange::default() };
        let by = Principal::command();
        tokio::join!(access.change_user(&by, "ada", change()), access.change_user(&by, "ada", change()))
    };
    let asking = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let start = std::time::Instant::now();
        for _ in 0..5 {
            assert!(access.by_session(&secret).await.unwrap().is_some());
        }
        start.elapsed()
    };
    let (_, taken) = tokio::join!(waiting, asking);
    assert!(taken < Duration::from_millis(1500), "{taken:?}");
    drop(held);
}

#[tokio::test]
async fn what_cannot_be_recorded_is_not_done() {
    let pool = pool("access-unwritten").await;
    let access = access(pool.clone());
    add(&access, "root", Role::Admin, None).await;
    let refuse = "create trigger broken before insert on audit begin select raise(abort, 'no space'); end";
    sqlx::query(refuse).execute(&pool.write).await.unwrap();
    let by = Principal::command();
    let new = NewUser { name: "ada", password: PASSWORD, role: Role::Viewer, bots: None };
    assert!(access.add_user(&by, new).await.is_err());
    let disabled = UserChange { role: Some(Role::Admin), password: Some("another password"), ..UserChange::default() };
    assert!(access.change_user(&by, "root", disabled).await.is_err());
    assert!(access.sign_in("root", PASSWORD, HERE).await.is_err());
    let expires_at = Timestamp::now().checked_add(SignedDuration::from_hours(1)).unwrap();
    let token = NewToken { name: "crm", rights: Role::Viewer.rights(), bots: None, expires_at };
    assert!(access.make_token(&by, token).await.is_err());
    sqlx::query("drop trigger broken").execute(&pool.write).await.unwrap();
    let names: Vec<_> = access.users().await.unwrap().into_iter().map(|user| user.name).collect();
    assert_eq!((names, access.tokens().await.unwrap()), (vec!["root".to_owned()], vec![]));
    assert!(access.sign_in("root", PASSWORD, HERE).await.is_ok(), "the password is the same");
}

#[tokio::test]
async fn the_admins_token_does_everything_and_no_user_takes_its_name() {
    let access = access(pool("access-admin-token").await);
    let known = access.by_bearer("the word in admin.token").await.unwrap().unwrap();
    assert!(Right::ALL.iter().all(|right| known.may(*right, Some("any"))));
    let new = NewUser { name: "Admin.Token", password: PASSWORD, role: Role::Viewer, bots: None };
    assert!(matches!(access.add_user(&known, new).await, Err(AccessFault::Name)));
    for wrong in ["", "the word in admin.toke", "sbt_nothing"] {
        assert!(access.by_bearer(wrong).await.unwrap().is_none(), "{wrong}");
    }
}

#[tokio::test]
async fn what_is_done_to_users_and_tokens_is_in_the_audit_and_secrets_are_not() {
    let access = access(pool("access-audited").await);
    add(&access, "ada", Role::Admin, None).await;
    let signed_in = access.sign_in("ada", PASSWORD, HERE).await.unwrap();
    let by = &signed_in.principal;
    access
        .change_user(by, "ada", UserChange { password: Some("another password"), ..UserChange::default() })
        .await
        .unwrap();
    let expires_at = Timestamp::now().checked_add(SignedDuration::from_hours(1)).unwrap();
    let new = NewToken { name: "crm", rights: Role::Viewer.rights(), bots: None, expires_at };
    let made = access.make_token(by, new).await.unwrap();
    access.revoke_token(by, &made.token.id).await.unwrap();
    add(&access, "eve", Role::Viewer, None).await;
    access.remove_user(by, "eve").await.unwrap();
    access.sign_out(by).await.unwrap();
    let records = access.audit().after(0).await.unwrap();
    let actions: Vec<_> = records.iter().map(|record| record.action.as_str()).collect();
    let expected = [
        "user_added",
        "signed_in",
        "user_changed",
        "token_made",
        "token_revoked",
        "user_added",
        "user_removed",
        "signed_out",
    ];
    assert_eq!(actions, expected);
    let text = format!("{records:?}");
    for secret in [PASSWORD, "another password", &made.secret, &signed_in.secret] {
        assert!(!text.contains(secret));
    }
}
