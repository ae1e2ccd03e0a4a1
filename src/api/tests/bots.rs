//! Which bots there are, over HTTP.
use super::*;
use crate::bots::{BotStatus, SlotOutline, TaskTitle};

/// Two bots: one that works, and one whose file is broken.
pub(super) struct Pair;

impl BotCatalog for Pair {
    fn list(&self) -> Vec<BotStatus> {
        let status = |name: &str, language: Option<&str>, fault: Option<&str>| BotStatus {
            name: name.into(),
            language: language.map(Into::into),
            titles: language.map(|code| (code.to_owned(), "Rooms".to_owned())).into_iter().collect(),
            tasks: language
                .map(|_| TaskTitle { name: "book".into(), title: "book a room".into(), slots: vec!["place".into()] })
                .into_iter()
                .collect(),
            slots: language
                .map(|_| SlotOutline { name: "place".into(), kind: "choice", choices: vec!["boston".into()] })
                .into_iter()
                .collect(),
            fault: fault.map(Into::into),
        };
        vec![status("booking.en", Some("en"), None), status("new", None, Some("new.toml: no such key"))]
    }

    fn reload(&self) -> Vec<BotStatus> {
        self.list()
    }

    fn source(&self, name: &str) -> Option<String> {
        (name == "booking.en").then(|| include_str!("../../../configs/bots/booking.en.toml").into())
    }
}

#[tokio::test]
async fn bots_are_listed_and_read_again() {
    let site = Site::open("api-bots").await;
    let expected = json!({"bots": [
        {
            "name": "booking.en", "language": "en", "fault": null,
            "tasks": [{"name": "book", "title": "book a room", "slots": ["place"]}],
            "slots": [{"name": "place", "kind": "choice", "choices": ["boston"]}],
        },
        {"name": "new", "language": null, "tasks": [], "slots": [], "fault": "new.toml: no such key"},
    ]});
    assert_eq!(site.json("/api/v1/bots").await, expected);
    let reloaded = site.ask(Method::POST, "/api/v1/bots/reload").send().await.unwrap();
    assert_eq!(reloaded.json::<Value>().await.unwrap(), expected);
}
