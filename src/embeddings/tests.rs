//! An endpoint over real sockets that keeps to the protocol, and one that does not in every way.
use super::*;
use crate::config::{Ms, Secs};
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use dialog::bot::Language;
use dialog::knowledge::DocumentPassage;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How the endpoint answers.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    Well,
    Slow,
    Status(u16),
    NoJson,
    OtherShape,
    TooFew,
    Twice,
    OtherDimensions,
    /// `NaN` is no JSON, and `1e999` is no finite number.
    NotFinite,
    Zeros,
    Words,
    Huge,
}

struct Server {
    way: Mutex<Way>,
    asked: Mutex<Vec<Value>>,
    requests: AtomicUsize,
    key: &'static str,
}

impl Server {
    fn set(&self, way: Way) {
        *self.way.lock().unwrap() = way;
    }

    fn texts(&self) -> Vec<String> {
        let asked = self.asked.lock().unwrap();
        asked
            .iter()
            .flat_map(|body| body["input"].as_array().unwrap().clone())
            .map(|text| text.as_str().unwrap().to_owned())
            .collect()
    }
}

/// What stands for meaning here: whether a text is about cars, money or neither.
fn vector(text: &str) -> [f32; 3] {
    let is = |words: &[&str]| words.iter().any(|word| text.to_lowercase().contains(word));
    match (is(&["garage", "motor"]), is(&["voucher", "present"])) {
        (true, _) => [1.0, 0.1, 0.1],
        (_, true) => [0.1, 1.0, 0.1],
        _ => [0.1, 0.1, 1.0],
    }
}

async fn answer(State(server): State<Arc<Server>>, headers: HeaderMap, body: String) -> Response {
    server.requests.fetch_add(1, Ordering::SeqCst);
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(headers["authorization"], format!("Bearer {}", server.key).as_str());
    assert_eq!((&body["model"], &body["encoding_format"]), (&json!("e5"), &json!("float")));
    let texts: Vec<String> = serde_json::from_value(body["input"].clone()).unwrap();
    server.asked.lock().unwrap().push(body);
    let row =
        |(index, text): (usize, &String)| json!({ "object": "embedding", "index": index, "embedding": vector(text) });
    // Rows may come in any order.
    let mut rows: Vec<Value> = texts.iter().enumerate().map(row).rev().collect();
    let way = *server.way.lock().unwrap();
    match way {
        Way::Well => {}
        Way::Slow => tokio::time::sleep(Duration::from_secs(3)).await,
        Way::Status(status) => return StatusCode::from_u16(status).unwrap().into_response(),
        Way::NoJson => return "<html>busy</html>".into_response(),
        Way::OtherShape => return json!({ "embeddings": [[1.0, 2.0]] }).to_string().into_response(),
        Way::TooFew => drop(rows.pop()),
        Way::Twice => rows.iter_mut().for_each(|row| row["index"] = 0.into()),
        Way::OtherDimensions => rows.iter_mut().for_each(|row| row["embedding"] = json!([1.0, 2.0])),
        Way::NotFinite => return r#"{"data":[{"index":0,"embedding":[1e999,0.1,0.1]}]}"#.into_response(),
        Way::Zeros => rows.iter_mut().for_each(|row| row["embedding"] = json!([0.0, 0.0, 0.0])),
        Way::Words => rows.iter_mut().for_each(|row| row["embedding"] = json!("AACAPw==")),
        Way::Huge => return vec![b' '; MOST_BYTES + 1].into_response(),
    }
    json!({ "object": "list", "data": rows, "model": "e5", "usage": { "prompt_tokens": 3 } })
        .to_string()
        .into_response()
}

async fn serve(way: Way) -> (Arc<Server>, config::Embeddings) {
    let key = "sk-embeddings";
    let server = Arc::new(Server { way: Mutex::new(way), asked: Mutex::default(), requests: AtomicUsize::new(0), key });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1/", listener.local_addr().unwrap());
    let app = Router::new().route("/v1/embeddings", post(answer)).with_state(server.clone());
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    let key_file = scratch("key");
    std::fs::write(&key_file, key).unwrap();
    let plan = config::Embeddings {
        url: Some(url),
        model: "e5".into(),
        key_file: Some(key_file),
        patience_ms: Ms(400),
        limit_s: Secs(2),
        batch: 2,
        question_prefix: "query: ".into(),
        passage_prefix: "passage: ".into(),
        ..Default::default()
    };
    (server, plan)
}

fn scratch(name: &str) -> PathBuf {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let next = NEXT.fetch_add(1, Ordering::SeqCst);
    std::env::temp_dir().join(format!("switchboard-embeddings-{}-{next}-{name}", std::process::id()))
}

fn spa() -> Arc<Knowledge> {
    let passage = |heading: &str, text: &str| DocumentPassage {
        document: "spa.md".into(),
        headings: vec![heading.into()],
        line: 1,
        text: text.into(),
    };
    Arc::new(Knowledge::new(
        Language::En,
        vec![
            passage("Sauna", "The sauna is open from 2 p.m."),
            passage("Parking", "The garage in Lime Street is free for two hours."),
            passage("Gift vouchers", "A voucher is valid for three years."),
        ],
    ))
}

/// What a search gives by words alone, and by words and meaning.
const QUESTION: &str = "somewhere for my motor";

fn first(told: &Value) -> Option<&str> {
    told["passages"][0]["heading"].as_str()
}

async fn embedded(embeddings: &Embeddings) -> Arc<Knowledge> {
    let knowledge = spa();
    embeddings.want(&knowledge);
    for _ in 0..600 {
        if knowledge.has_vectors() {
            return knowledge;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the documents were not embedded");
}

#[tokio::test]
async fn documents_are_embedded_once_and_questions_find_what_is_meant() {
    let (server, plan) = serve(Way::Well).await;
    let dir = scratch("vectors");
    let embeddings = Embeddings::start(&plan, dir.clone()).unwrap();
    let knowledge = embedded(&embeddings).await;
    assert_eq!(server.requests.load(Ordering::SeqCst), 2, "three passages in batches of two");
    assert!(server.texts().iter().all(|text| text.starts_with("passage: ")));
    assert_eq!(first(&knowledge.told(QUESTION)), None);
    let Searched { told, fault } = embeddings.search(&knowledge, QUESTION).await;
    assert_eq!((first(&told), fault), (Some("Parking"), None));
    assert_eq!(server.texts().last().map(String::as_str), Some("query: somewhere for my motor"));
    // A restart asks for nothing.
    let before = server.requests.load(Ordering::SeqCst);
    embedded(&Embeddings::start(&plan, dir.clone()).unwrap()).await;
    assert_eq!(server.requests.load(Ordering::SeqCst), before);
    // Another model's vectors are none of this one's.
    let other = config::Embeddings { passage_prefix: "text: ".into(), ..plan };
    embedded(&Embeddings::start(&other, dir.clone()).unwrap()).await;
    assert_eq!(server.requests.load(Ordering::SeqCst), before + 2);
    std::fs::remove_dir_all(dir).unwrap();
}

#[tokio::test]
async fn whatever_the_endpoint_does_the_question_is_answered_by_words_in_time_and_the_endpoint_rests() {
    for (way, expected) in [
        (Way::Slow, EmbeddingFault::Late),
        (Way::Status(503), EmbeddingFault::Status(503)),
        (Way::Status(401), EmbeddingFault::Status(401)),
        (Way::NoJson, EmbeddingFault::Shape),
        (Way::OtherShape, EmbeddingFault::Shape),
        (Way::TooFew, EmbeddingFault::Shape),
        (Way::OtherDimensions, EmbeddingFault::OtherModel),
        (Way::NotFinite, EmbeddingFault::Shape),
        (Way::Zeros, EmbeddingFault::OtherModel),
        (Way::Words, EmbeddingFault::Shape),
        (Way::Huge, EmbeddingFault::Shape),
    ] {
        let (server, mut plan) = serve(Way::Well).await;
        let dir = scratch("vectors");
        if way == Way::Huge {
            // So much takes its time on a busy machine.
            plan.patience_ms = Ms(20_000);
        }
        let embeddings = Embeddings::start(&plan, dir.clone()).unwrap();
        let knowledge = embedded(&embeddings).await;
        server.set(way);
        let question = "how long is a voucher valid";
        let Searched { told, fault } = embeddings.search(&knowledge, question).await;
        let fits = fault == Some(expected) || (way == Way::NotFinite && fault == Some(EmbeddingFault::OtherModel));
        assert!(fits, "{way:?}: {fault:?}");
        assert_eq!(told, knowledge.told(question), "{way:?}");
        // Well again: it is not asked at once.
        server.set(Way::Well);
        let before = server.requests.load(Ordering::SeqCst);
        assert_eq!(embeddings.search(&knowledge, QUESTION).await.fault, Some(EmbeddingFault::Resting), "{way:?}");
        assert_eq!(server.requests.load(Ordering::SeqCst), before);
        // Its rest is over.
        embeddings.rest().until = Some(Instant::now());
        let Searched { told, fault } = embeddings.search(&knowledge, QUESTION).await;
        assert_eq!((first(&told), fault), (Some("Parking"), None), "{way:?}");
        std::fs::remove_dir_all(dir).unwrap();
    }
}

#[tokio::test]
async fn documents_wait_for_an_endpoint_that_fails_and_are_searched_by_words_until_then() {
    for way in [Way::Status(500), Way::TooFew, Way::Twice, Way::Zeros] {
        let (server, plan) = serve(way).await;
        let dir = scratch("vectors");
        let embeddings = Embeddings::start(&plan, dir.clone()).unwrap();
        let knowledge = spa();
        embeddings.want(&knowledge);
        while server.requests.load(Ordering::SeqCst) == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let told = embeddings.search(&knowledge, "how long is a voucher valid").await.told;
        assert_eq!(first(&told), Some("Gift vouchers"), "{way:?}");
        server.set(Way::Well);
        for _ in 0..600 {
            if knowledge.has_vectors() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert!(knowledge.has_vectors(), "{way:?}");
        let _ = std::fs::remove_dir_all(dir);
    }
}

#[tokio::test]
async fn a_probe_tells_how_fast_the_endpoint_is_and_what_is_wrong() {
    let (server, plan) = serve(Way::Well).await;
    let endpoint = Endpoint::of(&plan).unwrap();
    assert_eq!(endpoint.probe().await.map(|(_, dimensions)| dimensions), Ok(3));
    server.set(Way::Status(404));
    assert_eq!(endpoint.probe().await, Err(EmbeddingFault::Status(404)));
    let nobody = config::Embeddings { url: Some("http://127.0.0.1:9/v1".into()), ..plan };
    assert_eq!(Endpoint::of(&nobody).unwrap().probe().await, Err(EmbeddingFault::Unreachable));
    assert!(Endpoint::of(&config::Embeddings::default()).is_none());
}

/// An endpoint that is given: `SWITCHBOARD_EMBEDDINGS=http://127.0.0.1:PORT/v1 cargo test --lib embeddings -- --ignored --nocapture`
#[tokio::test]
#[ignore = "a real endpoint"]
async fn a_real_endpoint_embeds_documents_and_a_question() {
    let Ok(url) = std::env::var("SWITCHBOARD_EMBEDDINGS") else {
        return println!("SWITCHBOARD_EMBEDDINGS names no endpoint");
    };
    let plan = config::Embeddings {
        url: Some(url),
        model: std::env::var("SWITCHBOARD_EMBEDDINGS_MODEL").unwrap_or("model".into()),
        patience_ms: Ms(20_000),
        ..Default::default()
    };
    let probe = Endpoint::of(&plan).unwrap().probe().await.unwrap();
    println!("one text: {:?}, {} dimensions", probe.0, probe.1);
    let dir = scratch("vectors");
    let embeddings = Embeddings::start(&plan, dir.clone()).unwrap();
    let knowledge = embedded(&embeddings).await;
    let Searched { told, fault } = embeddings.search(&knowledge, "where can I leave my car").await;
    println!("found first: {:?}", first(&told));
    assert_eq!(fault, None);
    std::fs::remove_dir_all(dir).unwrap();
}
