//! What becomes of the events of calls: records, alerts, messages.
use super::*;
use crate::config::Config;
use crate::plans;
use crate::store::{
    CallEvent, Direction, End, LiveChange, Mark, NextCode, Reason, Speaker, Started, TimelineEvent, Turn, WantedAlerts,
    WantedDeliveries,
};
use std::time::Duration;
use tokio::time::timeout;

const FILE: &str = "[[rule]]\nname = 'person'\nwhen = 'person'\ncount = 1\nseverity = 'warning'\ncooldown_s = 0\n\
    [[webhook]]\nname = 'all'\nurl = 'http://127.0.0.1:9/'\non = ['alert', 'call.ended']\nsecret_env = 'NO_SUCH_SECRET'\n\
    [[webhook]]\nname = 'bad'\nurl = 'http://127.0.0.1:9/'\non = ['alert']\nseverity = 'critical'\nsecret_env = 'NO_SUCH_SECRET'\n";

async fn open(name: &str, file: Option<&str>) -> (Store, Alerting) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let dir = crate::testdir(name);
    let store = Store::open(&dir).await.unwrap();
    let path = dir.join("alerts.toml");
    file.into_iter().for_each(|text| std::fs::write(&path, text).unwrap());
    let alerting = Alerting::start(store.clone(), plans::health(&Config::default()), path).unwrap();
    (store, alerting)
}

fn begin(store: &Store) -> String {
    let id = Store::new_id();
    let started = Started {
        direction: Direction::Inbound,
        via: "open".into(),
        from: "sip:+4412345678@b.test".into(),
        to: "sip:c@d.test".into(),
        bot: "booking.en".into(),
        language: "en".into(),
        headers: std::collections::BTreeMap::new(),
    };
    store.note(&id, CallEvent::Started(started));
    store.note(&id, CallEvent::Answered);
    id
}

fn said(text: &str) -> CallEvent {
    CallEvent::Turn(Turn {
        speaker: Speaker::Caller,
        text: text.into(),
        heard: text.into(),
        interrupted: false,
        started_ms: 1_000,
        ended_ms: 2_000,
        confidence: None,
        by: None,
    })
}

#[tokio::test]
async fn what_is_found_is_recorded_told_and_stored_before_the_server_stops() {
    let (store, alerting) = open("alerting-whole", Some(FILE)).await;
    let mut live = store.watch_live();
    let id = begin(&store);
    store.note(&id, said("this is ridiculous, get me a human, my name is Lovelace"));
    store.note(&id, CallEvent::Ended(End::from(Reason::Operator)));
    alerting.stop().await;
    let alerts = store.alerts().list(WantedAlerts { limit: 10, ..WantedAlerts::default() }).await.unwrap();
    assert_eq!(alerts.iter().map(|alert| alert.rule.as_str()).collect::<Vec<_>>(), ["person"]);
    assert_eq!((alerts[0].call.as_str(), alerts[0].from_ms, alerts[0].to_ms), (id.as_str(), 1_000, 2_000));
    let wanted = WantedDeliveries { limit: 10, ..WantedDeliveries::default() };
    let mut told = store.deliveries().list(wanted).await.unwrap();
    told.sort_by(|a, b| a.event.cmp(&b.event));
    let of: Vec<_> = told.iter().map(|one| (one.webhook.as_str(), one.event.as_str(), one.about.as_str())).collect();
    assert_eq!(of, [("all", "alert", alerts[0].id.as_str()), ("all", "call.ended", id.as_str())]);
    for message in &told {
        assert!(!message.body.contains("4412345678") && !message.body.contains("Lovelace"), "{}", message.body);
        let body: serde_json::Value = serde_json::from_str(&message.body).unwrap();
        assert_eq!((&body["id"], &body["event"]), (&message.id.as_str().into(), &message.event.as_str().into()));
    }
    let body: serde_json::Value = serde_json::from_str(&told[1].body).unwrap();
    assert_eq!((&body["call"]["bot"], &body["call"]["turns"]), (&"booking.en".into(), &1.into()));
    let next = timeout(Duration::from_secs(5), live.recv()).await.unwrap().unwrap();
    assert!(
        matches!(&next.change, LiveChange::Next { steps } if steps[0].code == NextCode::OfferPerson || steps[0].code == NextCode::TakeOver)
    );
}

#[tokio::test]
async fn moods_and_alerts_stand_in_the_record_of_a_live_call() {
    let (store, alerting) = open("alerting-record", Some(FILE)).await;
    let mut told = alerting.watch();
    let id = begin(&store);
    store.note(&id, said("this is ridiculous, get me a human"));
    let alert = timeout(Duration::from_secs(5), told.recv()).await.unwrap().unwrap();
    let both = async {
        loop {
            let timeline = store.timeline(&id).await.unwrap();
            let of = |event: TimelineEvent| if let CallEvent::Mark(mark) = event.event { Some(mark) } else { None };
            let marks: Vec<Mark> = timeline.into_iter().filter_map(of).collect();
            if marks.len() > 1 {
                break marks;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let marks = timeout(Duration::from_secs(5), both).await.unwrap();
    assert_eq!(marks.iter().map(|mark| mark.name.as_str()).collect::<Vec<_>>(), ["alert", "mood"]);
    assert_eq!((&marks[0].data.0["id"], &marks[1].data.0["state"]), (&alert.id.as_str().into(), &"upset".into()));
    alerting.stop().await;
}

#[tokio::test]
async fn without_a_file_nobody_is_alerted_and_a_file_that_goes_leaves_its_rules() {
    let (store, alerting) = open("alerting-none", None).await;
    assert_eq!(alerting.reload(), Ok(()));
    let id = begin(&store);
    store.note(&id, said("get me a human"));
    let path = store.dir().join("alerts.toml");
    std::fs::write(&path, FILE).unwrap();
    assert_eq!(alerting.reload(), Ok(()));
    std::fs::remove_file(&path).unwrap();
    assert!(alerting.reload().unwrap_err().contains("gone"));
    std::fs::write(&path, "rules = 1").unwrap();
    assert!(alerting.reload().unwrap_err().contains("rules"));
    assert_eq!(alerting.webhooks().list().len(), 2, "those before stay");
    alerting.stop().await;
    assert!(
        Alerting::start(store.clone(), plans::health(&Config::default()), path).err().unwrap().contains("alerts.toml")
    );
}
