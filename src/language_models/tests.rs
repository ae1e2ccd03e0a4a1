//! Endpoints that keep to the protocol, or break it, over real sockets.
use super::*;
use dialog::model::language_model::{Finish, Purpose};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What a server does with one request: pieces, each after so many milliseconds; then it closes, or stays open.
struct Answer {
    head: &'static str,
    pieces: Vec<(u64, String)>,
    closes: bool,
}

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";

fn event(json: &str) -> String {
    format!("data: {json}\n\n")
}

fn word(text: &str) -> String {
    event(&format!("{{\"choices\":[{{\"delta\":{{\"content\":\"{text}\"}}}}]}}"))
}

/// Reads a request to the end of its body.
async fn request(stream: &mut TcpStream) -> String {
    let (mut text, mut buffer) = (String::new(), [0; 4096]);
    loop {
        let length = stream.read(&mut buffer).await.unwrap();
        text.push_str(&String::from_utf8_lossy(&buffer[..length]));
        let whole = text.split_once("\r\n\r\n").is_some_and(|(head, body)| {
            let length = head
                .to_ascii_lowercase()
                .lines()
                .find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
            body.len() >= length.unwrap_or_default()
        });
        if whole || length == 0 {
            return text;
        }
    }
}

/// A server that answers its requests in turn; what it was asked is handed out.
async fn server(answers: Vec<Answer>) -> (String, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    let (asked, requests) = mpsc::channel(16);
    tokio::spawn(async move {
        for Answer { head, pieces, closes } in answers {
            let (mut stream, _) = listener.accept().await.unwrap();
            asked.send(request(&mut stream).await).await.unwrap();
            let asked = asked.clone();
            tokio::spawn(async move {
                if stream.write_all(head.as_bytes()).await.is_err() {
                    return;
                }
                for (after, piece) in pieces {
                    tokio::time::sleep(Duration::from_millis(after)).await;
                    if stream.write_all(piece.as_bytes()).await.is_err() {
                        let _ = asked.send("gone".into()).await;
                        return;
                    }
                }
                if !closes {
                    // Until the client goes.
                    let _ = stream.read(&mut [0; 16]).await;
                    let _ = asked.send("gone".into()).await;
                }
            });
        }
    });
    (url, requests)
}

fn models(url: &str) -> Arc<LanguageModels> {
    let model = LanguageModel { url: url.into(), model: "small".into(), ..LanguageModel::local() };
    let config = Config { language_models: BTreeMap::from([("near".to_owned(), model)]), ..Config::default() };
    Arc::new(LanguageModels::load(&config))
}

fn ask(name: &str) -> ModelRequest {
    let body = serde_json::json!({ "messages": [], "stream": true });
    ModelRequest { id: RequestId(7), model: name.into(), purpose: Purpose::Answer, body }
}

async fn told(answer: Answer) -> Vec<ModelNews> {
    let (url, _requests) = server(vec![answer]).await;
    let (out, mut news) = mpsc::channel(QUEUE);
    models(&url).ask(ask("near"), out).await;
    let mut all = Vec::new();
    while let Some((id, piece)) = news.recv().await {
        assert_eq!(id, RequestId(7));
        all.push(piece);
    }
    all
}

#[tokio::test]
async fn an_answer_is_told_piece_by_piece_and_ends_though_the_server_stays() {
    let done = event("{\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}") + "data: [DONE]\n\n";
    let (url, mut requests) = server(vec![Answer {
        head: OK,
        pieces: vec![(0, ": hello\n\n".into()), (20, word("Xin ")), (20, word("chào.")), (20, done)],
        closes: false,
    }])
    .await;
    let (out, mut news) = mpsc::channel(QUEUE);
    let asking = tokio::spawn(models(&url).ask(ask("near"), out));
    let asked = requests.recv().await.unwrap();
    assert!(asked.starts_with("POST /v1/chat/completions ") && asked.contains("\"model\":\"small\""), "{asked}");
    let mut all = Vec::new();
    while let Some((_, piece)) = news.recv().await {
        all.push(piece);
    }
    asking.await.unwrap();
    let text = |text: &str| ModelNews::Text(text.into());
    assert_eq!(all, [text("Xin "), text("chào."), ModelNews::Finish(Finish::Stop), ModelNews::End]);
}

#[tokio::test]
async fn what_goes_wrong_is_a_fault_with_its_name() {
    let pieces = |pieces: &[&str]| pieces.iter().map(|piece| (5, (*piece).to_owned())).collect::<Vec<_>>();
    let busy = "HTTP/1.1 429 Too Many Requests\r\nretry-after: 4\r\ncontent-length: 0\r\n\r\n";
    let loading = "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 2\r\n\r\n{}";
    let cut = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
    for (head, body, fault) in [
        (busy, vec![], ModelFault::Busy { retry_after: Some(Duration::from_secs(4)) }),
        (loading, vec![], ModelFault::Loading { retry_after: None }),
        ("HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n", vec![], ModelFault::Status(401)),
        (OK, pieces(&["data: {\"choices\":[{\"del"]), ModelFault::Broken),
        (OK, pieces(&["data: oops\n\n"]), ModelFault::Malformed),
        (cut, pieces(&["5\r\ndata:\r\n"]), ModelFault::Broken),
    ] {
        let news = told(Answer { head, pieces: body, closes: true }).await;
        assert_eq!(news, [ModelNews::Failed(fault)], "{head}");
    }
    let (out, mut news) = mpsc::channel(QUEUE);
    models("http://127.0.0.1:1/v1").ask(ask("near"), out.clone()).await;
    assert_eq!(news.recv().await.unwrap().1, ModelNews::Failed(ModelFault::Unreachable));
    models("http://127.0.0.1:1/v1").ask(ask("far"), out).await;
    assert_eq!(news.recv().await.unwrap().1, ModelNews::Failed(ModelFault::Unknown));
}

/// What a caller who writes these lines is told by the bot of an example, whose model is at `url`.
async fn chat(url: &str, lines: &str) -> String {
    let model = LanguageModel { url: url.into(), ..LanguageModel::local() };
    let config = Config { language_models: BTreeMap::from([("local".to_owned(), model)]), ..Config::default() };
    let text = include_str!("../../configs/examples/bistro.en.toml");
    let bot = dialog::bot::Bot::parse(text, "bistro.en.toml").unwrap();
    let now = jiff::civil::date(2026, 11, 25).at(9, 0, 0, 0);
    let conversation = dialog::conversation::Conversation::new(Arc::new(bot), now);
    let mut out = Vec::new();
    let models = Arc::new(LanguageModels::load(&config));
    let with = crate::chat::With { models, ..crate::chat::With::default() };
    crate::chat::run(conversation, with, lines.as_bytes(), &mut out).await.unwrap();
    String::from_utf8(out).unwrap()
}

#[tokio::test]
async fn a_bot_talks_with_its_model_and_its_task_does_the_rest() {
    let end = |reason: &str| {
        event(&format!("{{\"choices\":[{{\"delta\":{{}},\"finish_reason\":\"{reason}\"}}]}}")) + "data: [DONE]\n\n"
    };
    let arguments = r#"{\"task\":\"table\",\"values\":{\"people\":\"two\",\"day\":\"2026-11-27\"}}"#;
    let call = event(&format!(
        "{{\"choices\":[{{\"delta\":{{\"tool_calls\":[{{\"index\":0,\"id\":\"a\",\"function\":{{\"name\":\"start_task\",\"arguments\":\"{arguments}\"}}}}]}}}}]}}"
    ));
    let said = vec![(5, word("Yes, we have a lovely one. ")), (5, word("It has ten tables.")), (5, end("stop"))];
    let (url, mut requests) = server(vec![
        Answer { head: OK, pieces: said, closes: true },
        Answer { head: OK, pieces: vec![(5, call), (5, end("tool_calls"))], closes: true },
    ])
    .await;
    let out = chat(&url, "do you have a garden\nmy wife and I would love to come by\nat eight in the evening\n").await;
    assert!(out.contains("bot: Yes, we have a lovely one.") && out.contains("It has ten tables."), "{out}");
    assert!(
        out.contains("(people = 2)") && out.contains("(day = \"2026-11-27\")") && out.contains("At what time?"),
        "{out}"
    );
    assert!(out.contains("Is that right?"), "{out}");
    assert!(requests.recv().await.unwrap().contains("do you have a garden"));
}

#[tokio::test]
async fn a_bot_without_its_model_goes_on_with_its_tasks() {
    let out = chat("http://127.0.0.1:1/v1", "do you have a garden\nbook a table for two people\n").await;
    assert!(out.contains("I am sorry, I cannot answer that."), "{out}");
    assert!(out.contains("(people = 2)") && out.contains("For which day?"), "{out}");
}

#[tokio::test]
async fn a_request_that_is_stopped_ends_at_the_server() {
    let (url, mut requests) = server(vec![Answer { head: OK, pieces: vec![(0, word("Hm"))], closes: false }]).await;
    let (out, mut news) = mpsc::channel(QUEUE);
    let asking = tokio::spawn(models(&url).ask(ask("near"), out));
    requests.recv().await.unwrap();
    assert_eq!(news.recv().await.unwrap().1, ModelNews::Text("Hm".into()));
    asking.abort();
    assert_eq!(timeout(Duration::from_secs(5), requests.recv()).await.unwrap().as_deref(), Some("gone"));
}
