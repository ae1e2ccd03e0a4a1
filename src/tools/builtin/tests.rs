//! Built-in tools of one call, over a real store and a real room.
use super::*;
use crate::config::Config;
use crate::plans;
use crate::store::{
    Blame, Call, CallerKey, Direction, End, Reason, Started, ToRemember, WantedCallbacks, WantedDeliveries,
};
use crate::tools::Toolbox;
use dialog::bot::Bot;
use dialog::tool::{Effect, ToolCall, ToolId};
use media::engine::Engine;
use media::room::BotMode;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

const BOT: &str = r#"
name = "b"
language = "en"
greeting = "Hello."
[model]
use = ["local"]
instructions = "Help."
[tools.press]
builtin = "send_keys"
[tools.text_me]
builtin = "send_text"
[tools.ring_back]
builtin = "call_back"
[tools.who_calls]
builtin = "look_up_caller"
"#;

fn started() -> Started {
    Started {
        direction: Direction::Inbound,
        via: "open".into(),
        from: Private("sip:+84912345678@a.test".into()),
        to: Private("sip:b@a.test".into()),
        bot: "b".into(),
        language: "en".into(),
        headers: Default::default(),
    }
}

/// A call that runs, with tools of its own.
struct Running {
    call: String,
    store: Store,
    toolbox: Toolbox,
    bot: Bot,
    _engine: Arc<Engine>,
    _events: mpsc::Receiver<media::room::Event>,
}

impl Running {
    async fn new(name: &str, alerts: &str) -> Running {
        let dir = crate::testdir(name);
        std::fs::write(dir.join("alerts.toml"), alerts).unwrap();
        let store = Store::open(&dir).await.unwrap();
        let call = Store::new_id();
        store.note(&call, CallEvent::Started(started()));
        let vad = media::vad::Models::load(None).unwrap();
        let engine = Engine::start(plans::engine(&Config::default()), vad).unwrap();
        let (events, inbox) = mpsc::channel(64);
        let reach = CallReach {
            call: call.clone(),
            bot: "b".into(),
            language: "en",
            caller: "sip:+84912345678@a.test".into(),
            memory: Some(MemoryOf { caller: caller(), shared: "b".into() }),
            store: store.clone(),
            room: engine.open(BotMode::Speaks, events).unwrap(),
            alerts: dir.join("alerts.toml"),
        };
        let toolbox = Toolbox::default().of_call(reach);
        let bot = Bot::parse(BOT, "b.toml").unwrap_or_else(|why| panic!("{why}"));
        Running { call, store, toolbox, bot, _engine: engine, _events: inbox }
    }

    async fn run(&self, tool: &str, arguments: Value) -> Outcome {
        let (id, limit) = (ToolId(1), Duration::from_secs(8));
        let call = ToolCall { id, name: tool.into(), arguments, effect: Effect::Acts, limit };
        self.toolbox.start(&self.call, Some(&self.bot), call).outcome().await
    }

    async fn ended(&self) -> Call {
        self.store.note(&self.call, CallEvent::Ended(End::new(Blame::Nobody, Reason::HungUp)));
        self.store.flush().await.unwrap();
        self.store.call(&self.call).await.unwrap().unwrap()
    }
}

fn caller() -> CallerKey {
    let (from, to) = ("sip:+84912345678@a.test".into(), "sip:b@a.test".into());
    CallerKey::of(Direction::Inbound, &from, &to).unwrap()
}

#[tokio::test]
async fn what_is_known_of_the_caller_is_looked_up_and_a_bot_that_does_not_share_it_reads_nothing() {
    let running = Running::new("builtin-look-up", "").await;
    let nobody = json!({ "known": false, "facts": {}, "promises": [], "language": null, "called_on": [] });
    assert_eq!(running.run("who_calls", json!({})).await, Ok(nobody.clone()));
    let of = MemoryOf { caller: caller(), shared: "b".into() };
    let earlier = Store::new_id();
    running.store.note(&earlier, CallEvent::Started(started()));
    running.store.flush().await.unwrap();
    let row = |kind, name: &str, value: Value| ToRemember { kind, name: name.into(), value: Some(Private(value)) };
    let rows = [
        row(MemoryKind::Consent, "consent", json!(true)),
        row(MemoryKind::Fact, "name", json!("Anna")),
        row(MemoryKind::Promise, "call_back", json!("repair")),
        row(MemoryKind::Language, "language", json!("vi")),
    ];
    running.store.remember(&of, &earlier, 30, &rows).await.unwrap();
    let told = running.run("who_calls", json!({})).await.unwrap();
    let today = jiff::Zoned::now().date().to_string();
    assert_eq!((&told["known"], &told["language"]), (&json!(true), &json!("vi")));
    assert_eq!(told["facts"], json!({ "name": { "value": "Anna", "on": today } }));
    assert_eq!(told["promises"], json!([{ "what": "call_back", "task": "repair", "on": today }]));
    assert_eq!(told["called_on"], json!([today]));
    // Another bot goes on with the call, which remembers nobody.
    let other = running.bot.clone();
    let toolbox = running.toolbox.of_bot("c", &other);
    let (id, limit) = (ToolId(2), Duration::from_secs(8));
    let call = ToolCall { id, name: "who_calls".into(), arguments: json!({}), effect: Effect::Reads, limit };
    assert_eq!(toolbox.start("x", Some(&other), call).outcome().await, Ok(nobody.clone()));
    // Forgotten in the midst of the call.
    running.store.forget(&of).await.unwrap();
    assert_eq!(running.run("who_calls", json!({})).await, Ok(nobody));
}

const WEBHOOKS: &str = "[[webhook]]\nname = 'sms'\nurl = 'https://sms.example/hook'\non = ['text']\nsecret_env = 'X'\n\
                        [[webhook]]\nname = 'desk'\nurl = 'https://desk.example/hook'\non = ['alert']\nsecret_env = 'X'\n";

#[tokio::test]
async fn a_text_waits_for_the_webhook_that_takes_texts_and_for_no_other() {
    let running = Running::new("builtin-text", WEBHOOKS).await;
    let outcome = running.run("text_me", json!({ "text": "Table 4 at 8." })).await;
    assert_eq!(outcome, Ok(json!({ "queued": 1 })));
    let other = running.run("text_me", json!({ "text": "Table 5.", "to": "+84 900 000 001" })).await;
    assert_eq!(other, Ok(json!({ "queued": 1 })));
    let wanted = WantedDeliveries { limit: 9, ..WantedDeliveries::default() };
    let mut waiting = running.store.deliveries().list(wanted).await.unwrap();
    waiting.sort_by(|one, other| one.id.cmp(&other.id));
    let told: Vec<(String, String, Value)> = waiting
        .into_iter()
        .map(|of| (of.webhook, of.event, serde_json::from_str::<Value>(&of.body).unwrap()["text"].clone()))
        .collect();
    let text =
        |to: &str, text: &str| json!({ "call": running.call, "bot": "b", "language": "en", "to": to, "text": text });
    assert_eq!(
        told,
        [
            ("sms".into(), "text".into(), text("sip:+84912345678@a.test", "Table 4 at 8.")),
            ("sms".into(), "text".into(), text("+84 900 000 001", "Table 5.")),
        ]
    );
}

#[tokio::test]
async fn without_a_webhook_for_texts_none_is_sent_and_the_bot_is_told_why() {
    let running = Running::new("builtin-text-none", "").await;
    let outcome = running.run("text_me", json!({ "text": "Table 4." })).await;
    assert!(matches!(outcome, Err(ToolFault::NotAllowed(why)) if why.contains("webhook")));
    let running = Running::new("builtin-text-broken", "[[webhook]]\nname = 3").await;
    let outcome = running.run("text_me", json!({ "text": "Table 4." })).await;
    assert!(matches!(outcome, Err(ToolFault::NotAllowed(_))));
}

#[tokio::test]
async fn who_was_promised_a_call_back_is_listed_with_when() {
    let running = Running::new("builtin-call-back", "").await;
    let soon = jiff::Zoned::now().datetime().saturating_add(jiff::SignedDuration::from_hours(30));
    let at = soon.strftime("%Y-%m-%dT%H:%M").to_string();
    let outcome = running.run("ring_back", json!({ "at": at, "note": "about the bill" })).await.unwrap();
    assert_eq!(outcome["noted"], true);
    for wrong in ["2020-01-01T09:00", "2199-01-01T09:00", "2026-13-40T09:00"] {
        let outcome = running.run("ring_back", json!({ "at": wrong })).await;
        assert!(matches!(outcome, Err(ToolFault::Invalid(_))), "{wrong}");
    }
    running.ended().await;
    let wanted = WantedCallbacks { limit: 9, open: true, ..WantedCallbacks::default() };
    let listed = running.store.callbacks(wanted).await.unwrap();
    assert_eq!(listed.len(), 1);
    let due = listed[0].due.unwrap().to_zoned(jiff::tz::TimeZone::system()).datetime();
    assert_eq!(due.strftime("%Y-%m-%dT%H:%M").to_string(), at);
    assert_eq!(listed[0].caller, Private("sip:+84912345678@a.test".into()));
}

#[tokio::test]
async fn keys_go_to_the_callers_line_and_outside_of_a_call_nothing_runs() {
    let running = Running::new("builtin-keys", "").await;
    assert_eq!(running.run("press", json!({ "keys": "12#" })).await, Ok(json!({ "sent": 3 })));
    let call = ToolCall {
        id: ToolId(1),
        name: "press".into(),
        arguments: json!({ "keys": "1" }),
        effect: Effect::Acts,
        limit: Duration::from_secs(8),
    };
    let outcome = Toolbox::default().start("talk", Some(&running.bot), call).outcome().await;
    assert!(matches!(outcome, Err(ToolFault::NotAllowed(_))));
}
