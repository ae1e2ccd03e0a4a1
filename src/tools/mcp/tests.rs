//! Against servers of the official SDK, of the newest protocol and of the one before it.
use super::*;
use crate::config::Tools;
use crate::tools::Toolbox;
use dialog::bot::Bot;
use dialog::tool::ToolId;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::time::Instant;

const SERVER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/e2e/mcp_server.py");

/// Where the SDK is; it is installed where it is missing. `None`: it cannot be had here.
fn sdk(version: &str) -> Option<String> {
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/mcp.sh");
    let done = Command::new("sh").args([script, version]).output().ok().filter(|done| done.status.success());
    let sdk = done.and_then(|done| Some(String::from_utf8(done.stdout).ok()?.trim().to_owned()));
    if sdk.is_none() {
        eprintln!("skipped: the Python SDK of MCP ({version}) is not here and cannot be installed");
    }
    sdk
}

fn journal(file: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A program that starts the server with its journal in this file.
fn stdio(sdk: &str, journal: &Path) -> config::McpServer {
    let script = format!("JOURNAL={} PYTHONPATH={sdk} exec python3 {SERVER} stdio", journal.display());
    config::McpServer { command: vec!["sh".into(), "-c".into(), script], ..config::McpServer::default() }
}

/// A server that runs by itself until it is dropped.
struct Http(std::process::Child);

impl Http {
    fn start(sdk: &str, journal: &Path, port: u16) -> Self {
        let mut command = Command::new("python3");
        command.args([SERVER, "http", &port.to_string()]).env("JOURNAL", journal).env("PYTHONPATH", sdk);
        Self(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }
}

impl Drop for Http {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn toolbox(plan: config::McpServer) -> Toolbox {
    Toolbox::new(Tools { mcp: BTreeMap::from([("tables".to_owned(), plan)]), ..Tools::default() })
}

const BOT: &str = r#"
name = "tables"
language = "en"
greeting = "Hello."
[[task]]
name = "t"
[task.on_done]
say = "Done."
[tools.find_tables]
mcp = "tables"
tool = "find_tables"
effect = "reads"
result = "/tables"
[tools.book_table]
mcp = "tables"
tool = "book_table"
[tools.say_text]
mcp = "tables"
tool = "say_text"
[tools.environment]
mcp = "tables"
tool = "environment"
[tools.break_down]
mcp = "tables"
tool = "break_down"
[tools.missing]
mcp = "tables"
tool = "missing"
[tools.end]
mcp = "tables"
tool = "end"
"#;

async fn run(toolbox: &Toolbox, bot: &Bot, name: &str, arguments: Value) -> Result<Value, ToolFault> {
    let call = bot.tool(name).unwrap().call(ToolId(1), arguments);
    toolbox.start("call 1", Some(bot), call).outcome().await
}

async fn converse(toolbox: &Toolbox, journal_file: &Path) -> Bot {
    assert_eq!(toolbox.connected(Duration::from_secs(60)).await, Vec::<String>::new());
    let bot = toolbox.complete(Arc::new(Bot::parse(BOT, "b").unwrap()));
    let found = bot.tool("find_tables").unwrap();
    assert_eq!(found.description, "Finds the tables that are free for so many people.");
    assert_eq!(found.parameters["required"], json!(["people"]));
    assert!(dialog::tool::arguments::check(found, &json!({ "people": "two" })).is_err());
    let free = run(toolbox, &bot, "find_tables", json!({ "people": 2 })).await;
    assert_eq!(free, Ok(json!([{ "number": 4, "seats": 2 }])));
    assert_eq!(run(toolbox, &bot, "book_table", json!({ "people": 2 })).await, Ok(json!({ "number": 4 })));
    let done: Vec<Value> = journal(journal_file).into_iter().filter(|line| line.get("begun").is_some()).collect();
    let key = done[0]["key"].as_str().unwrap_or_default();
    assert!(done.len() == 1 && uuid::Uuid::parse_str(key).is_ok(), "{done:?}");
    let text = run(toolbox, &bot, "say_text", json!({})).await.unwrap().to_string();
    assert!(text.contains("Table four, by the window."), "{text}");
    for (name, told) in [("break_down", "break_down"), ("missing", "missing")] {
        match run(toolbox, &bot, name, json!({})).await {
            Err(ToolFault::Failed(FaultText(why))) => assert!(why.contains(told), "{name}: {why}"),
            other => panic!("{name}: {other:?}"),
        }
    }
    Arc::unwrap_or_clone(bot)
}

#[tokio::test]
async fn a_server_of_the_newest_protocol_is_spoken_to_over_its_input_and_output() {
    let Some(sdk) = sdk("new") else { return };
    let file = crate::testdir("mcp-stdio-new").join("journal");
    let toolbox = toolbox(stdio(&sdk, &file));
    let bot = converse(&toolbox, &file).await;
    // Calls share the one connection, and none waits for another.
    let began = Instant::now();
    let slow = |people: u64| run(&toolbox, &bot, "book_table", json!({ "people": people, "seconds": 2 }));
    let all = futures::future::join_all((10..14).map(slow)).await;
    assert!(all.iter().all(|outcome| *outcome == Ok(json!({ "number": 4 }))), "{all:?}");
    assert!(began.elapsed() < Duration::from_secs(7), "{:?}", began.elapsed());
    assert_eq!(journal(&file).iter().filter(|line| line.get("started").is_some()).count(), 1);
    // It gets no variable that it was not promised.
    let names = run(&toolbox, &bot, "environment", json!({})).await.unwrap()["names"].clone();
    let names: Vec<String> = serde_json::from_value(names).unwrap();
    assert!(names.contains(&"PATH".to_owned()) && !names.iter().any(|name| name.starts_with("CARGO")), "{names:?}");
}

#[tokio::test]
async fn a_server_that_ends_is_started_again_and_what_was_under_way_broke_off() {
    let Some(sdk) = sdk("old") else { return };
    let file = crate::testdir("mcp-stdio-old").join("journal");
    let toolbox = toolbox(stdio(&sdk, &file));
    let bot = converse(&toolbox, &file).await;
    assert_eq!(run(&toolbox, &bot, "end", json!({})).await, Err(ToolFault::Broken));
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        match run(&toolbox, &bot, "find_tables", json!({ "people": 3 })).await {
            Ok(found) => break assert_eq!(found, json!([{ "number": 4, "seats": 3 }])),
            Err(ToolFault::Unreachable | ToolFault::Broken) if Instant::now() < until => {
                sleep(Duration::from_millis(100)).await;
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(journal(&file).iter().filter(|line| line.get("started").is_some()).count(), 2);
}

#[tokio::test]
async fn servers_of_both_protocols_are_spoken_to_over_http() {
    for version in ["new", "old"] {
        let Some(sdk) = sdk(version) else { continue };
        let file = crate::testdir(&format!("mcp-http-{version}")).join("journal");
        let port = free_port();
        let plan = config::McpServer { url: Some(format!("http://127.0.0.1:{port}/mcp")), ..Default::default() };
        // It is not there yet when it is first asked.
        let toolbox = toolbox(plan);
        assert_eq!(toolbox.connected(Duration::from_millis(100)).await, ["tables"]);
        let _server = Http::start(&sdk, &file, port);
        converse(&toolbox, &file).await;
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_and_its_tools_cannot_be_reached() {
    let nothing = config::McpServer { command: vec!["/nonexistent/mcp".into()], ..Default::default() };
    let why = probe(&nothing).await.unwrap_err();
    assert!(why.contains("/nonexistent/mcp cannot be started"), "{why}");
    // A program that says something else, and ends.
    let other = config::McpServer { command: vec!["echo".into(), "hello".into()], ..Default::default() };
    assert!(probe(&other).await.is_err());
    let toolbox = toolbox(nothing);
    let bot = toolbox.complete(Arc::new(Bot::parse(BOT, "b").unwrap()));
    assert_eq!(run(&toolbox, &bot, "find_tables", json!({})).await, Err(ToolFault::Unreachable));
    assert!(PathBuf::from(SERVER).exists());
}
