//! Notes, tags, links to calls, and erasing a caller.
use super::*;
use crate::security::Role;
use crate::store::{Recorded, Recording};

/// A call of `from` with `bot` that has ended and is stored.
async fn ended(site: &Site, from: &str, bot: &str) -> String {
    let id = begin_with(&site.store, from, bot);
    site.store.note(&id, CallEvent::Turn(spoken()));
    let file = site.store.recordings().join(format!("{id}.wav"));
    std::fs::write(&file, b"sound").unwrap();
    let path = file.to_str().unwrap().to_owned();
    site.store.note(&id, CallEvent::Recording(Recording { path, recorded: Recorded::Whole, closed: true }));
    site.store.note(&id, CallEvent::Ended(End::new(Blame::RemoteParty, Reason::HungUp)));
    site.store.flush().await.unwrap();
    id
}

async fn status(request: RequestBuilder) -> u16 {
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn notes_and_tags_are_read_as_they_were_written() {
    let site = Site::open("api-notes").await;
    let agent = site.user("an", Role::Agent, None).await;
    let id = ended(&site, "sip:+4412345678@b.test", "booking.en").await;
    let path = format!("/api/v1/calls/{id}/notes");
    for note in [json!({"text": " the second date was meant ", "at_ms": 4100}), json!({"text": "called back"})] {
        assert_eq!(status(site.by(&agent, Method::POST, &path).json(&note)).await, 201);
    }
    for wrong in [json!({"text": " "}), json!({"text": "x".repeat(2001)})] {
        assert_eq!(status(site.by(&agent, Method::POST, &path).json(&wrong)).await, 422);
    }
    let tags = format!("/api/v1/calls/{id}/tags");
    for list in [json!({"tags": ["vip", "angry"]}), json!({"tags": ["vip ", "refund", "vip"]})] {
        assert_eq!(status(site.by(&agent, Method::PUT, &tags).json(&list)).await, 200);
    }
    let many: Vec<String> = (0..21).map(|n| n.to_string()).collect();
    assert_eq!(status(site.by(&agent, Method::PUT, &tags).json(&json!({"tags": many}))).await, 422);
    let written = site.json(&path).await;
    assert_eq!(written["tags"], json!(["refund", "vip"]));
    let of = |n: usize, key: &str| written["notes"][n][key].clone();
    assert_eq!(
        [of(0, "text"), of(0, "at_ms"), of(0, "by")],
        [json!("the second date was meant"), json!(4100), json!("an")]
    );
    assert_eq!([of(1, "text"), of(1, "at_ms")], [json!("called back"), Value::Null]);
}

#[tokio::test]
async fn a_link_lets_who_opens_it_read_one_call_and_no_other() {
    let site = Site::open("api-shares").await;
    let maker = site.user("minh", Role::Supervisor, None).await;
    let reader = site.user("viewer", Role::Viewer, Some(&["places.vi"])).await;
    let (id, other) =
        (ended(&site, "sip:a@b.test", "booking.en").await, ended(&site, "sip:a@b.test", "booking.en").await);
    let read = async |id: &str| status(site.by(&reader, Method::GET, &format!("/api/v1/calls/{id}"))).await;
    assert_eq!(read(&id).await, 403);
    let make = site.by(&maker, Method::POST, &format!("/api/v1/calls/{id}/shares")).json(&json!({"at_ms": 700}));
    let made: Value = make.send().await.unwrap().json().await.unwrap();
    let secret = json!({"secret": made["secret"]});
    assert_eq!(read(&id).await, 403, "the link is not opened yet");
    let opened: Value =
        site.by(&reader, Method::POST, "/api/v1/shares").json(&secret).send().await.unwrap().json().await.unwrap();
    assert_eq!([&opened["call"], &opened["at_ms"], &opened["by"]], [&json!(id), &json!(700), &json!("minh")]);
    assert_eq!((read(&id).await, read(&other).await), (200, 403));
    let path = format!("/api/v1/calls/{id}?timeline=true");
    let text = site.by(&reader, Method::GET, &path).send().await.unwrap().text().await.unwrap();
    assert!(text.contains("two people"), "what the maker reads: {text}");
    for (path, body) in [("notes", json!({"text": "x"})), ("shares", json!({}))] {
        let path = format!("/api/v1/calls/{id}/{path}");
        assert_eq!(status(site.by(&reader, Method::POST, &path).json(&body)).await, 403, "it is to read");
    }
    let notes = format!("/api/v1/calls/{id}/notes");
    assert_eq!(status(site.by(&reader, Method::GET, &notes)).await, 200);
    // A link that has ended opens nothing, and what was opened by it is closed.
    let until = jiff::Timestamp::now() - jiff::SignedDuration::from_secs(1);
    let over = crate::store::Share {
        call: other.clone(),
        at_ms: None,
        by: "minh".into(),
        rights: vec!["see_calls".into()],
        until,
    };
    let hash = crate::security::digest("over");
    site.store.share(&hash, &over).await.unwrap();
    site.store.open_share(&hash, &other, "viewer").await.unwrap();
    assert_eq!(read(&other).await, 403);
    assert_eq!(status(site.by(&reader, Method::POST, "/api/v1/shares").json(&json!({"secret": "over"}))).await, 404);
    let audit = site.json("/api/v1/audit").await.to_string();
    for action in ["shared", "share_opened"] {
        assert!(audit.contains(&format!("\"{action}\"")), "{audit}");
    }
}

#[tokio::test]
async fn who_is_erased_is_in_no_table_and_no_file_and_others_stay() {
    let site = Site::open("api-erase").await;
    let admin = site.user("root", Role::Admin, None).await;
    let restricted = site.user("local", Role::Admin, Some(&["booking.en"])).await;
    let id = ended(&site, "\"Ada\" <sip:+4412345678@b.test>", "booking.en").await;
    let again = ended(&site, "tel:+44-1234-5678", "booking.en").await;
    let elsewhere = ended(&site, "sip:+4412345678@c.test", "places.vi").await;
    let other = ended(&site, "sip:+4499999999@b.test", "booking.en").await;
    let live = begin(&site.store, "sip:+4412345678@b.test");
    let notes = format!("/api/v1/calls/{id}/notes");
    let note = json!({"text": "Lovelace wants breakfast"});
    assert_eq!(status(site.by(&admin, Method::POST, &notes).json(&note)).await, 201);
    let erase = |by: &rights::Browser, id: &str| site.by(by, Method::DELETE, &format!("/api/v1/callers/{id}"));
    assert_eq!(status(erase(&restricted, &elsewhere)).await, 403);
    assert_eq!(status(erase(&admin, &live)).await, 409);
    let erased: Value = erase(&restricted, &id).send().await.unwrap().json().await.unwrap();
    assert_eq!(erased["recordings"], 2);
    assert_eq!(erased["calls"], 2, "both of this bot's, however the number is written: {erased}");
    for (call, left) in [(&id, 404), (&again, 404), (&elsewhere, 200), (&other, 200), (&live, 200)] {
        assert_eq!(status(site.by(&admin, Method::GET, &format!("/api/v1/calls/{call}"))).await, left);
    }
    let kept = |id: &str| site.store.recordings().join(format!("{id}.wav")).exists();
    assert_eq!([&id, &again, &elsewhere, &other].map(|id| kept(id)), [false, false, true, true]);
    let erased: Value = erase(&admin, &elsewhere).send().await.unwrap().json().await.unwrap();
    assert_eq!(erased["calls"], 1);
    // Nothing of the words is in the database's files any more.
    for file in std::fs::read_dir(site.store.dir()).unwrap() {
        let path = file.unwrap().path();
        let bytes = if path.is_file() { std::fs::read(&path).unwrap() } else { Vec::new() };
        let words = b"Lovelace wants";
        assert!(!bytes.windows(words.len()).any(|part| part == words), "{path:?}");
    }
    let audit = site.json(&format!("/api/v1/audit?call={id}")).await.to_string();
    assert!(audit.contains("\"erased\"") && !audit.contains("4412345678"), "{audit}");
}

#[tokio::test]
async fn a_call_that_is_over_is_read_as_a_rehearsal_without_the_callers_own_words() {
    let site = Site::open("api-rehearsal").await;
    let supervisor = site.user("minh", Role::Supervisor, None).await;
    let id = ended(&site, "sip:+4412345678@b.test", "booking.en").await;
    let path = |id: &str| format!("/api/v1/calls/{id}/rehearsal");
    let answer = site.by(&supervisor, Method::GET, &path(&id)).send().await.unwrap();
    let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    assert_eq!((answer.status().as_u16(), header("content-type").as_str()), (200, "application/toml"));
    assert_eq!(header("content-disposition"), format!("attachment; filename=\"{id}.toml\""));
    let text = answer.text().await.unwrap();
    assert!(text.contains("say = \"two people\"") && text.contains("\"booking.en.toml\""), "{text}");
    assert!(!text.contains("4412345678"), "{text}");
    let bot = include_str!("../../../configs/bots/booking.en.toml");
    rehearse::scenario::Rehearsal::parse(&text, "it", |_| Ok(bot.to_owned())).expect("a rehearsal");
    let exported = site.json(&format!("/api/v1/audit?call={id}")).await;
    let exported = exported["records"].as_array().unwrap().iter().find(|record| record["action"] == "exported");
    assert_eq!(exported.map(|record| record["name"].clone()), Some(json!("minh")));
    // Not while it lasts, and not without the file of its bot.
    for (from, bot, over) in [("sip:a@b.test", "booking.en", false), ("sip:a@b.test", "gone.en", true)] {
        let id = if over { ended(&site, from, bot).await } else { begin_with(&site.store, from, bot) };
        assert_eq!(status(site.by(&supervisor, Method::GET, &path(&id))).await, 409, "{bot}");
    }
}
