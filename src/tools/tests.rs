//! Tools of bots against a service on loopback, and its faults.
use super::*;
use dialog::tool::{FaultText, Method, ToolId};
use serde_json::json;
use std::net::SocketAddr;
use std::time::Instant;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::sleep;

/// A tool server with every fault that one can have, each at its path. It tells the head of each request, in lower case, and its body.
struct ToolServer {
    at: SocketAddr,
    asked: mpsc::Receiver<(String, String)>,
    /// What it has done: paths of requests that it answered.
    done: mpsc::Receiver<String>,
}

impl ToolServer {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let (told, asked) = mpsc::channel(64);
        let (does, done) = mpsc::channel(64);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, told.clone(), does.clone()));
            }
        });
        Self { at, asked, done }
    }

    async fn head(&mut self) -> (String, String) {
        tokio::time::timeout(Duration::from_secs(5), self.asked.recv()).await.expect("a request").unwrap()
    }
}

async fn serve(mut stream: TcpStream, told: mpsc::Sender<(String, String)>, does: mpsc::Sender<String>) {
    let Some((head, body)) = read(&mut stream).await else { return };
    let path = head.split_whitespace().nth(1).unwrap_or_default().to_owned();
    told.send((head, body)).await.unwrap();
    let answer = |status: &str, body: &str| {
        format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len())
    };
    let text = match path.split('?').next().unwrap_or_default() {
        "/slow" => {
            sleep(Duration::from_secs(1)).await;
            answer("200 OK", "{\"slow\":true}")
        }
        "/never" => return sleep(Duration::from_secs(60)).await,
        "/broken" => "HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{\"half\":".into(),
        "/500" => answer("500 Internal Server Error", "{\"secret\":\"of the server\"}"),
        "/redirect" => {
            "HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/latest/meta-data\r\ncontent-length: 0\r\n\r\n"
                .into()
        }
        "/text" => answer("200 OK", "Table four."),
        "/empty" => answer("204 No Content", ""),
        "/huge" => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n[").await.unwrap();
            while stream.write_all(&[b'1'; 65_536]).await.is_ok() {}
            return;
        }
        _ => answer("200 OK", "{\"found\":{\"tables\":[4]}}"),
    };
    if stream.write_all(text.as_bytes()).await.is_ok() {
        let _ = does.send(path).await;
    }
}

async fn read(stream: &mut TcpStream) -> Option<(String, String)> {
    let (mut text, mut buffer) = (String::new(), [0; 4096]);
    loop {
        let length = stream.read(&mut buffer).await.ok().filter(|length| *length > 0)?;
        text.push_str(std::str::from_utf8(&buffer[..length]).ok()?);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let head = head.to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
        if body.len() >= length {
            return Some((head, body.to_owned()));
        }
    }
}

/// A bot with one tool `ask` of these keys.
fn bot(keys: &str) -> Bot {
    let text = format!(
        "name = \"b\"\nlanguage = \"en\"\ngreeting = \"Hello.\"\n[[task]]\nname = \"t\"\nphrases = [\"go\"]\n\
         [task.on_done]\nsay = \"Done.\"\n[tools.ask]\n{keys}"
    );
    Bot::parse(&text, "b.toml").unwrap_or_else(|why| panic!("{why}"))
}

/// A toolbox that may ask this machine.
fn toolbox() -> Toolbox {
    Toolbox::new(Tools { networks: vec!["127.0.0.0/8".parse().unwrap()], ..Tools::default() })
}

fn call(bot: &Bot, arguments: Value) -> ToolCall {
    bot.tool("ask").unwrap().call(ToolId(1), arguments)
}

async fn outcome(toolbox: &Toolbox, bot: &Bot, arguments: Value) -> Outcome {
    toolbox.start("call 1", Some(bot), call(bot, arguments)).outcome().await
}

#[tokio::test]
async fn a_call_that_is_repeated_has_the_same_key_and_any_other_has_its_own() {
    let mut service = ToolServer::start().await;
    let bot = bot(&format!(
        "url = \"http://{}/tables\"\nmethod = \"POST\"\nparameters = {{ people = {{ type = \"integer\" }} }}",
        service.at
    ));
    let mut keys = Vec::new();
    for (talk, people) in [("call 1", json!(2)), ("call 1", json!(2.0)), ("call 1", json!(3)), ("call 2", json!(2))] {
        let call = call(&bot, json!({ "people": people }));
        let answer = toolbox().start(talk, Some(&bot), call).outcome().await;
        assert_eq!(answer, Ok(json!({ "found": { "tables": [4] } })));
        let (head, body) = service.head().await;
        assert!(head.starts_with("post /tables ") && body.contains("people"), "{head}");
        let key = head.lines().find_map(|line| line.strip_prefix("idempotency-key: ")).unwrap().to_owned();
        let plain = key.strip_prefix('"').and_then(|key| key.strip_suffix('"')).unwrap();
        assert_eq!(uuid::Uuid::parse_str(plain).unwrap().get_version_num(), 8);
        keys.push(key);
    }
    assert_eq!(keys[0], keys[1]);
    assert!(keys[0] != keys[2] && keys[0] != keys[3] && keys[2] != keys[3], "{keys:?}");
}

#[tokio::test]
async fn a_request_of_a_task_is_asked_as_it_stands_in_its_file() {
    let mut service = ToolServer::start().await;
    let request = HttpRequest { method: Method::Put, url: format!("http://{}/ok", service.at), body: Some(json!([1])) };
    let request = request.call(ToolId(1), Effect::Acts, Duration::from_secs(10));
    assert_eq!(
        Toolbox::default().start("call 1", None, request).outcome().await,
        Ok(json!({ "found": { "tables": [4] } }))
    );
    let (head, body) = service.head().await;
    assert!(head.starts_with("put /ok ") && body == "[1]", "{head}");
}

#[tokio::test]
async fn each_fault_of_a_service_is_told_and_none_keeps_a_call_waiting() {
    let service = ToolServer::start().await;
    let toolbox = toolbox();
    for (path, expected) in [
        ("ok", Ok(json!([4]))),
        ("empty", Ok(Value::Null)),
        ("text", Err(ToolFault::NotJson)),
        ("huge", Err(ToolFault::NotJson)),
        ("500", Err(ToolFault::Status(500))),
        ("redirect", Err(ToolFault::Status(302))),
        ("broken", Err(ToolFault::Broken)),
        ("slow", Err(ToolFault::Late)),
        ("never", Err(ToolFault::Late)),
    ] {
        let limit = if expected == Err(ToolFault::Late) { 300 } else { 10_000 };
        let keys = format!("url = \"http://{}/{path}\"\nresult = \"/found/tables\"\ntimeout_ms = {limit}", service.at);
        let bot = bot(&keys);
        let began = Instant::now();
        assert_eq!(outcome(&toolbox, &bot, json!({})).await, expected, "{path}");
        assert!(began.elapsed() < Duration::from_secs(9), "{path}");
    }
    // Nobody listens there any more.
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let bot = bot(&format!("url = \"http://{gone}/\""));
    assert_eq!(outcome(&toolbox, &bot, json!({})).await, Err(ToolFault::Unreachable));
    let unknown = ToolCall { name: "calendar".into(), ..call(&bot, json!({})) };
    assert_eq!(toolbox.start("call 1", Some(&bot), unknown.clone()).outcome().await, Err(ToolFault::Unknown));
    assert_eq!(origin(&unknown), "calendar");
}

#[tokio::test]
async fn addresses_that_are_not_public_are_refused_by_number_and_by_name_unless_they_are_listed() {
    let mut service = ToolServer::start().await;
    let port = service.at.port();
    for host in [
        "127.0.0.1",
        "localhost",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "2130706433",
        "0.0.0.0",
        "10.0.0.1",
        "169.254.169.254",
    ] {
        let bot = bot(&format!("url = \"http://{host}:{port}/ok\""));
        let refused = outcome(&Toolbox::default(), &bot, json!({})).await;
        assert!(matches!(refused, Err(ToolFault::NotAllowed(_))), "{host}: {refused:?}");
    }
    assert!(service.asked.try_recv().is_err(), "a refused address was asked");
    let by_name = bot(&format!("url = \"http://localhost:{port}/ok\""));
    assert!(outcome(&toolbox(), &by_name, json!({})).await.is_ok());
    let listed = Tools {
        hosts: vec!["api.example.com".into()],
        networks: vec!["127.0.0.0/8".parse().unwrap()],
        ..Tools::default()
    };
    let refused = outcome(&Toolbox::new(listed.clone()), &by_name, json!({})).await;
    assert!(matches!(refused, Err(ToolFault::NotAllowed(_))), "{refused:?}");
    let why = resolve(&mut bot(&format!("url = \"http://localhost:{port}/ok\"")), &listed, Path::new(".")).unwrap_err();
    assert!(why.contains("tools.ask") && why.contains("tools.hosts"), "{why}");
}

#[tokio::test]
async fn a_secret_is_read_as_it_is_sent_and_shows_nowhere() {
    let mut service = ToolServer::start().await;
    let file = crate::testdir("tool-secret").join("token");
    let keys = format!(
        "url = \"http://{}/500\"\nheaders = {{ authorization = {{ file = {:?}, before = \"Bearer \" }}, accept = \"application/json\" }}",
        service.at, file
    );
    let bot = bot(&keys);
    let missing = outcome(&toolbox(), &bot, json!({})).await;
    assert!(matches!(missing, Err(ToolFault::NotAllowed(_))), "{missing:?}");
    assert!(service.asked.try_recv().is_err(), "it was asked without its secret");
    for secret in ["first-4821", "renewed-4822"] {
        std::fs::write(&file, format!("{secret}\n")).unwrap();
        let answer = outcome(&toolbox(), &bot, json!({})).await;
        assert_eq!(answer, Err(ToolFault::Status(500)));
        let (head, _) = service.head().await;
        assert!(
            head.contains(&format!("authorization: bearer {secret}")) && head.contains("accept: application/json"),
            "{head}"
        );
        assert!(!format!("{answer:?} {bot:?}").contains(secret));
    }
    std::fs::remove_file(&file).unwrap();
    let ToolSource::Http(tool) = &bot.tools[0].source else { panic!("an HTTP tool") };
    let faults = http::header_faults(&tool.headers);
    assert!(faults.len() == 1 && faults[0].contains("authorization"), "{faults:?}");
}

#[tokio::test]
async fn what_acts_goes_on_past_its_limit_and_when_nobody_waits_and_what_reads_is_stopped() {
    let mut service = ToolServer::start().await;
    let toolbox = toolbox();
    let acts =
        |method: &str| bot(&format!("url = \"http://{}/slow\"\nmethod = \"{method}\"\ntimeout_ms = 300", service.at));
    let (post, get) = (acts("POST"), acts("GET"));
    let mut late = toolbox.start("call 1", Some(&post), call(&post, json!({})));
    assert_eq!(late.outcome().await, Err(ToolFault::Late));
    assert_eq!(late.afterwards().await, Ok(json!({ "slow": true })));
    // The call is over, or was never waited for.
    drop(toolbox.start("call 1", Some(&post), call(&post, json!({}))));
    let mut reads = toolbox.start("call 1", Some(&get), call(&get, json!({})));
    assert_eq!(reads.outcome().await, Err(ToolFault::Late));
    drop(reads);
    sleep(Duration::from_millis(2_500)).await;
    let mut begun = Vec::new();
    while let Ok((head, _)) = service.asked.try_recv() {
        begun.push(head.split_whitespace().next().unwrap_or_default().to_owned());
    }
    begun.sort();
    assert_eq!(begun, ["get", "post", "post"]);
    let mut done = 0;
    while service.done.try_recv().is_ok() {
        done += 1;
    }
    // What only reads may be answered into a connection that is closing.
    assert!(done >= 2, "{done}");
}

#[test]
fn what_a_bot_refers_to_is_read_beside_its_file() {
    let dir = crate::testdir("tool-openapi");
    let keys = "openapi = \"shop.json\"\noperation = \"find\"\neffect = \"reads\"";
    let plan = Tools::default();
    let why = resolve(&mut bot(keys), &plan, &dir).unwrap_err();
    assert!(why.contains("tools.ask") && why.contains("shop.json"), "{why}");
    let document = json!({
        "openapi": "3.1.0", "servers": [{ "url": "https://shop.example" }],
        "paths": { "/find": { "get": { "operationId": "find", "parameters": [
            { "name": "q", "in": "query", "required": true, "schema": { "type": "string" } }] } } }
    });
    std::fs::write(dir.join("shop.json"), document.to_string()).unwrap();
    let mut found = bot(keys);
    resolve(&mut found, &plan, &dir).unwrap();
    let ToolSource::Http(tool) = &found.tools[0].source else { panic!("an HTTP tool") };
    assert_eq!(tool.request(&json!({ "q": "a b" })).url, "https://shop.example/find?q=a%20b");
    let wrong = arguments::check(&found.tools[0].definition, &json!({}));
    assert!(wrong.is_err_and(|FaultText(why)| why.contains('q')));
    let why = resolve(&mut bot("mcp = \"calendar\"\ntool = \"find\""), &plan, &dir).unwrap_err();
    assert!(why.contains("[tools.mcp.calendar]"), "{why}");
}
