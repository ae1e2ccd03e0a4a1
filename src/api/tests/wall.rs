//! The wall and one live call, over real WebSockets.
use super::*;
use crate::store::{AnswerMethod, Floor, LiveChange};

/// The wall once it shows so many calls: its task takes up what happened in its own time.
async fn wall_of(site: &Site, many: usize) -> (WebSocketStream<tokio::net::TcpStream>, Value) {
    let mut socket = site.socket("/api/v1/wall", TOKEN).await.unwrap();
    let mut first = next(&mut socket).await;
    assert_eq!(first["event"], "wall");
    while first["calls"].as_array().unwrap().len() < many {
        let new = next(&mut socket).await;
        first["calls"].as_array_mut().unwrap().extend(new["calls"].as_array().unwrap().iter().cloned());
    }
    (socket, first)
}

/// The next message that is wanted; batches may hold one thing or several.
async fn find(socket: &mut WebSocketStream<tokio::net::TcpStream>, wanted: impl Fn(&Value) -> bool) -> Value {
    loop {
        let message = next(socket).await;
        if wanted(&message) {
            return message;
        }
    }
}

/// The first row that has these words.
async fn row(socket: &mut WebSocketStream<tokio::net::TcpStream>, key: &str, words: &str) -> Value {
    find(socket, |message| message["calls"][0][key] == words).await["calls"][0].clone()
}

#[tokio::test]
async fn a_change_is_pushed_to_the_wall_within_three_hundred_milliseconds() {
    let site = Site::open("api-wall").await;
    let id = begin(&site.store, "sip:a@b.test");
    let (mut socket, first) = wall_of(&site, 1).await;
    let shown = &first["calls"][0];
    assert_eq!((&shown["id"], &shown["to"], &shown["bot"]), (&json!(id), &json!("sip:a@b.test"), &json!("booking.en")));
    assert_eq!(shown["health"], json!({"score": 100, "concerns": []}));

    let told = std::time::Instant::now();
    site.store.tell(&id, LiveChange::Floor { floor: Floor::Bot });
    site.store.tell(&id, LiveChange::Clause { say: 1, turn: 0, text: "Which city?".into() });
    let shown = row(&mut socket, "bot_words", "Which city?").await;
    assert!(told.elapsed() < Duration::from_millis(300), "{:?}", told.elapsed());
    assert_eq!(shown["floor"], "bot");

    site.store.note(&id, CallEvent::Answered);
    for _ in 0..3 {
        site.store.note(&id, CallEvent::Mark(Mark { name: "not_understood".into(), data: Private::default() }));
    }
    let worried = |message: &Value| message["calls"][0]["health"]["concerns"][0]["reason"] == "not_understood";
    let shown = find(&mut socket, worried).await["calls"][0].clone();
    assert!(shown["health"]["score"].as_u64().unwrap() < 100 && shown["answered_at"].is_string());
    site.store.note(&id, CallEvent::Ended(Reason::Operator.into()));
    find(&mut socket, |message| message["ended"] == json!([id])).await;
}

#[tokio::test]
async fn a_live_call_is_told_whole_and_then_to_the_word() {
    let site = Site::open("api-live-call").await;
    let (id, other) = (begin(&site.store, "sip:a@b.test"), begin(&site.store, "sip:c@d.test"));
    site.store.note(&id, CallEvent::Answered);
    site.store.tell(&id, LiveChange::Clause { say: 1, turn: 0, text: "Which city?".into() });
    site.store.tell(&id, LiveChange::Heard { say: 1, chars: 5, done: false });
    // What the wall has taken up is what who comes late is told.
    wall_of(&site, 2).await;
    let path = format!("/api/v1/calls/{id}/live");
    let whole = async {
        loop {
            let mut socket = site.socket(&path, TOKEN).await.unwrap();
            let first = next(&mut socket).await;
            if first["under_way"].as_array().unwrap().len() == 3 {
                break first;
            }
        }
    };
    let first = tokio::time::timeout(Duration::from_secs(5), whole).await.unwrap();
    assert_eq!((&first["event"], &first["row"]["id"]), (&json!("call"), &json!(id)));
    let kinds: Vec<&Value> = first["timeline"].as_array().unwrap().iter().map(|event| &event["event"]).collect();
    assert_eq!(kinds, ["started", "answered"]);
    assert_eq!(first["under_way"][1], json!({"change": "clause", "say": 1, "turn": 0, "text": "Which city?"}));
    assert_eq!(first["under_way"][2], json!({"change": "heard", "say": 1, "chars": 5, "done": false}));

    let mut socket = site.socket(&path, TOKEN).await.unwrap();
    next(&mut socket).await;
    for call in [&other, &id] {
        let (text, by) = ("mountain view".into(), AnswerMethod::Voice);
        site.store.tell(call, LiveChange::Taken { turn: 1, text, by, secret: false });
    }
    let told = find(&mut socket, |message| message["event"] == "live").await;
    assert_eq!((&told["call"], &told["change"]), (&json!(id), &json!("taken")));
    assert_eq!(row(&mut socket, "caller_words", "mountain view").await["id"], json!(id));
    site.store.note(&id, CallEvent::Ended(Reason::Operator.into()));
    assert_eq!(find(&mut socket, |message| message["event"] != "rows").await["event"], "ended");

    for (path, status) in [(path, 409), ("/api/v1/calls/none/live".to_owned(), 404)] {
        match site.socket(&path, TOKEN).await {
            Err(tungstenite::Error::Http(response)) => assert_eq!(response.status(), status, "{path}"),
            other => panic!("{path}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn who_may_not_see_numbers_or_words_sees_that_there_are_some() {
    use crate::security::Role;
    let site = Site::open("api-wall-rights").await;
    let (id, other) = (begin(&site.store, "sip:+84912345678@b.test"), begin_with(&site.store, "sip:a@b.test", "other"));
    let slot = crate::store::Slot { name: "city".into(), value: Some(Private(json!("Hue"))), confirmed: true };
    site.store.note(&id, CallEvent::Slot(slot));
    let partial = || LiveChange::Partial { turn: 0, text: "hue please".into(), secret: false };
    site.store.tell(&id, partial());
    let (mut socket, first) = wall_of(&site, 2).await;
    let has_words = |message: &Value| message.to_string().contains("hue please");
    if !has_words(&first) {
        find(&mut socket, has_words).await;
    }
    let seen = async |name, role, bots| {
        let browser = site.user(name, role, bots).await;
        let open = async |path: &str| site.socket_by(&browser, path, Some(&site.origin())).await.unwrap();
        let mut wall = open("/api/v1/wall").await;
        let rows = next(&mut wall).await["calls"].clone();
        let mut one = open(&format!("/api/v1/calls/{id}/live")).await;
        let first = next(&mut one).await;
        site.store.tell(&id, partial());
        site.store.tell(&id, LiveChange::Floor { floor: Floor::Caller });
        let change = find(&mut one, |message| message["event"] == "live").await["change"].clone();
        (rows, first.to_string(), change)
    };
    let has = |text: &str| ["4912345678", "hue please", "Hue", "4711"].map(|secret| text.contains(secret));

    let (rows, first, change) = seen("lan", Role::Supervisor, Some(&["booking.en"][..])).await;
    assert_eq!((rows.as_array().unwrap().len(), &rows[0]["id"]), (1, &json!(id)), "a call of another bot is not shown");
    assert_eq!(has(&first), [true; 4]);
    assert_eq!(change, "partial");

    let (rows, first, change) = seen("minh", Role::Viewer, None).await;
    assert_eq!(rows.as_array().unwrap().len(), 2);
    assert_eq!(has(&rows.to_string()), [false; 4]);
    assert_eq!(has(&first), [false; 4]);
    assert_eq!(change, "floor", "words are not told");
    assert!(rows.to_string().contains("•••78") && first.contains("•••"));

    let browser = site.sign_in("lan").await;
    let path = format!("/api/v1/calls/{other}/live");
    match site.socket_by(&browser, &path, Some(&site.origin())).await {
        Err(tungstenite::Error::Http(response)) => assert_eq!(response.status(), 403),
        other => panic!("{other:?}"),
    }
}
