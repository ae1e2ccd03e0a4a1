//! What is personal in calls is in no file of the store, in no log, in nothing that webhooks or language models are sent; tools get it.
use super::seats::said;
use super::*;
use crate::alerting::Alerting;
use crate::call::bleep::Bleep;
use crate::call::seat::{GuidanceReply, Guide};
use crate::config::{Config, LanguageModel};
use crate::language_models::LanguageModels;
use crate::plans;
use crate::store::{Direction, Started, Store};
use dialog::conversation::Guidance;
use dialog::model::language_model::{ModelNews, ModelRequest, ToolPart};
use media::tts::delivery::ClauseText;
use planted::{Planted, two_hundred};
use serde_json::json;
use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Mutex, PoisonError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

#[path = "../../../dialog/src/testkit/planted.rs"]
mod planted;

const ENGLISH: &str = r#"
    name = "desk"
    language = "en"
    greeting = "Hello."
    mask = ["phone", "card", "id", "email", "name", "address"]
    [model]
    use = ["near"]
    instructions = "Be brief."
    [[slot]]
    name = "name"
    type = "name"
    prompt = "What is your name?"
    [[slot]]
    name = "address"
    type = "address"
    parts = ["number", "street"]
    prompt = "Where do you live?"
    [[task]]
    name = "order"
    phrases = ["order a parcel"]
    slots = ["name", "address"]
    on_done = { url = "http://127.0.0.1:9/order", say = "It comes." }
    [tools.ring_back]
    description = "Rings the caller back."
    url = "http://127.0.0.1:9/ring"
    effect = "reads"
    parameters = { number = { type = "string" } }
"#;

fn vietnamese() -> String {
    let words = [
        ("\"en\"", "\"vi\""),
        ("Hello.", "Xin chào."),
        ("Be brief.", "Nói ngắn gọn."),
        ("What is your name?", "Quý khách tên gì ạ?"),
        ("Where do you live?", "Quý khách ở đâu ạ?"),
        ("order a parcel", "đặt hàng"),
        ("It comes.", "Hàng sẽ đến."),
        ("Rings the caller back.", "Gọi lại cho khách."),
    ];
    words.iter().fold(ENGLISH.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// Everything that is logged on this thread.
#[derive(Clone, Default)]
struct Logged(Arc<Mutex<Vec<u8>>>);

impl Write for Logged {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A service that answers every request with this, and hands out what it was sent.
async fn service(answer: &'static str) -> (String, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (sent, received) = mpsc::channel(4_096);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (mut bytes, mut buffer) = (Vec::new(), vec![0; 65_536]);
            loop {
                let length = stream.read(&mut buffer).await.unwrap_or(0);
                bytes.extend_from_slice(&buffer[..length]);
                let text = String::from_utf8_lossy(&bytes);
                let wanted = text.split_once("\r\n\r\n").map(|(head, body)| {
                    let of = |line: &str| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok();
                    (head.lines().find_map(of).unwrap_or(0), body.len())
                });
                if length == 0 || wanted.is_some_and(|(length, got): (usize, usize)| got >= length) {
                    break;
                }
            }
            let _ = stream.write_all(answer.as_bytes()).await;
            let _ = sent.send(String::from_utf8_lossy(&bytes).into_owned()).await;
        }
    });
    (url, received)
}

fn drained(received: &mut mpsc::Receiver<String>) -> Vec<String> {
    std::iter::from_fn(|| received.try_recv().ok()).collect()
}

/// Which of the planted values are in these bytes.
fn found<'a>(all: &'a [Planted], bytes: &[u8]) -> Vec<&'a str> {
    let text = String::from_utf8_lossy(bytes);
    let gives = |value: &&'a str| text.contains(value);
    all.iter().flat_map(|planted| planted.values.iter().map(String::as_str)).filter(gives).collect()
}

/// A call in which this is said: what is recorded of it, what models are asked, and what who watches is told.
struct PlantedCall {
    events: Vec<CallEvent>,
    asked: Vec<ModelRequest>,
    watched: String,
}

fn call(planted: &Planted) -> PlantedCall {
    let bot = if planted.vietnamese { vietnamese() } else { ENGLISH.to_owned() };
    let (mut line, mut acts) = Line::of(&bot);
    for said in 1..=2 {
        acts.extend(line.pass(line.now + 60));
        acts.extend(line.played(8 * said, Phase::Started, 0));
        acts.extend(line.pass(line.now + 900));
        acts.extend(line.played(8 * said, Phase::Done, 40));
    }
    if let Some((slot, value)) = &planted.slot {
        let (reply, mut answer) = GuidanceReply::new();
        let value = match *slot {
            "name" => json!(value),
            _ => {
                let (number, street) = value.split_once(' ').unwrap();
                json!({ "number": number, "street": street })
            }
        };
        let slots = BTreeMap::from([((*slot).to_owned(), value)]);
        let guidance = Guidance { task: Some("order".into()), slots, say: None };
        let given = line.tell(CallInput::Guide(Guide { by: "anna".into(), guidance, reply }));
        for act in given {
            match act {
                Act::Reply(reply, result) => reply.send(result),
                act => acts.push(act),
            }
        }
        assert!(answer.try_recv().unwrap().is_ok(), "{slot}");
    }
    acts.extend(line.pass(line.now + 3_000));
    for turn in &planted.turns {
        acts.extend(line.says(turn));
        acts.extend(line.pass(line.now + 700));
    }
    acts.extend(line.says(if planted.vietnamese { "cho tôi gặp nhân viên" } else { "get me a human" }));
    acts.extend(line.tell(CallInput::EndNow(End::new(Blame::RemoteParty, Reason::HungUp))));
    let mut out = PlantedCall { events: Vec::new(), asked: Vec::new(), watched: String::new() };
    for act in acts {
        match act {
            Act::Note(event) => out.events.push(event),
            Act::Ask(request) => out.asked.push(request),
            Act::TellWatchers(change) => out.watched += &serde_json::to_string(&change).unwrap(),
            _ => {}
        }
    }
    out
}

#[tokio::test]
async fn nothing_personal_of_two_hundred_calls_is_kept_or_sent() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let logged = Logged::default();
    let writer = logged.clone();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(move || writer.clone()).finish();
    let guard = tracing::subscriber::set_default(subscriber);
    let all = two_hundred(20_261_130);
    let dir = crate::testdir("privacy");
    let (hook, mut hooked) = service("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n").await;
    let done = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\ndata: [DONE]\n\n";
    let (model, mut prompts) = service(done).await;
    std::fs::write(dir.join("secret"), "a secret of more than sixteen").unwrap();
    let rules = format!(
        "[[rule]]\nname = 'person'\nwhen = 'person'\ncount = 1\nseverity = 'warning'\ncooldown_s = 0\n[[webhook]]\nname = 'all'\n\
         url = '{hook}/'\non = ['alert', 'call.ended']\nsecret_file = {:?}\nnetworks = ['127.0.0.0/8']\n",
        dir.join("secret")
    );
    std::fs::write(dir.join("alerts.toml"), rules).unwrap();
    let store = Store::open(&dir).await.unwrap();
    let alerting = Alerting::start(store.clone(), plans::health(&Config::default()), dir.join("alerts.toml")).unwrap();
    let near = LanguageModel { url: format!("{model}/v1"), model: "small".into(), ..LanguageModel::local() };
    let config = Config { language_models: BTreeMap::from([("near".to_owned(), near)]), ..Config::default() };
    let models = Arc::new(LanguageModels::load(&config));
    let (mut turns, mut asked, mut watched, mut latest) = (0, 0, String::new(), String::new());
    for planted in &all {
        let id = Store::new_id();
        let language = if planted.vietnamese { "vi" } else { "en" };
        store.note(
            &id,
            CallEvent::Started(Started {
                direction: Direction::Inbound,
                via: "open".into(),
                from: "sip:a@b.test".into(),
                to: "sip:c@d.test".into(),
                bot: "desk".into(),
                language: language.into(),
                headers: BTreeMap::new(),
            }),
        );
        let PlantedCall { events, asked: requests, watched: changes } = call(planted);
        turns +=
            events.iter().filter(|event| matches!(event, CallEvent::Turn(turn) if turn.text.0.contains('['))).count();
        events.into_iter().for_each(|event| store.note(&id, event));
        watched += &changes;
        latest.extend(requests.last().map(|request| request.body.to_string()));
        for request in requests {
            asked += 1;
            let (out, mut news) = mpsc::channel(64);
            models.clone().ask(request, out).await;
            while news.recv().await.is_some() {}
        }
    }
    alerting.stop().await;
    for _ in 0..500 {
        if hooked.len() >= all.len() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    store.close().await.unwrap();
    drop(guard);
    let (hooked, prompts) = (drained(&mut hooked), drained(&mut prompts));
    assert!(turns >= 200 && asked >= 150 && prompts.len() == asked, "{turns} {asked} {}", prompts.len());
    assert!(hooked.len() >= 200, "{}", hooked.len());
    let files: Vec<u8> = std::fs::read_dir(&dir)
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().path().is_file())
        .flat_map(|entry| std::fs::read(entry.unwrap().path()).unwrap())
        .collect();
    assert!(files.windows(9).any(|bytes| bytes == b"[phone 1]") && files.windows(8).any(|bytes| bytes == b"[card 1]"));
    assert_eq!(found(&all, &files), [""; 0], "in the store");
    assert_eq!(found(&all, &logged.0.lock().unwrap()), [""; 0], "in the log");
    assert_eq!(found(&all, hooked.join("\n").as_bytes()), [""; 0], "in webhooks");
    let halves = |value: &&str| {
        all.iter().any(|planted| planted.turns.len() > 1 && planted.values.iter().any(|own| own == value))
    };
    // The first half of a number is known for one by the second.
    for (text, what) in [(watched, "on the live console"), (prompts.join("\n"), "in prompts")] {
        let seen: Vec<&str> = found(&all, text.as_bytes()).into_iter().filter(|value| !halves(value)).collect();
        assert_eq!(seen, [""; 0], "{what}");
    }
    assert_eq!(found(&all, latest.as_bytes()), [""; 0], "in prompts after all was said");
}

#[test]
fn a_model_that_names_a_placeholder_reaches_the_tool_and_the_caller_with_the_value() {
    let (mut line, _) = Line::of(ENGLISH);
    line.pass(4_000);
    let acts = line.says("please ring me back on oh four one two, three four five, six seven eight");
    let asked = |acts: &[Act]| {
        acts.iter().rev().find_map(|act| if let Act::Ask(request) = act { Some(request.clone()) } else { None })
    };
    let request = asked(&acts).expect("the model is asked");
    assert!(request.body.to_string().contains("[phone 1]"));
    let part = ToolPart {
        index: Some(0),
        id: None,
        name: Some("ring_back".into()),
        arguments: "{\"number\": \"[phone 1]\"}".into(),
    };
    let mut acts = line.tell(CallInput::Model { id: request.id, news: ModelNews::Tool(part) });
    acts.extend(line.tell(CallInput::Model { id: request.id, news: ModelNews::End }));
    let (id, arguments) = acts
        .iter()
        .find_map(|act| if let Act::Run(call) = act { Some((call.id, call.arguments.clone())) } else { None })
        .expect("the tool runs");
    assert_eq!(arguments, json!({ "number": "0412345678" }));
    let acts = line.tell(CallInput::ToolDone { id, result: Ok(json!({ "rings": "0412345678" })) });
    let acts = if asked(&acts).is_some() { acts } else { line.pass(line.now + 100) };
    let request = asked(&acts).expect("it is asked once more");
    assert!(!request.body.to_string().contains("0412345678"));
    let text = "We ring [phone 1] in a minute.";
    let mut acts = line.tell(CallInput::Model { id: request.id, news: ModelNews::Text(text.into()) });
    acts.extend(line.tell(CallInput::Model { id: request.id, news: ModelNews::End }));
    let said = said(&acts).join(" ");
    assert!(!said.contains('[') && (said.contains("0412") || said.contains("four one two")), "{said}");
}

#[test]
fn what_is_masked_is_a_tone_in_the_recording_on_both_sides() {
    let bot = BOT
        .replace("greeting", "mask = [\"phone\"]\n    greeting")
        .replace("\"Hello.\"", "\"Hello. Call 0412 345 678.\"");
    let (mut line, acts) = Line::of(&bot);
    let masked: Vec<u64> = acts
        .iter()
        .filter_map(|act| match act {
            Act::Say { utterance, text: ClauseText { text, .. }, .. } if text.contains("four") => Some(utterance.0),
            _ => None,
        })
        .collect();
    assert_eq!(masked.len(), 1);
    line.pass(100);
    let bleeps = |acts: &[Act]| -> Vec<Bleep> {
        acts.iter().filter_map(|act| if let Act::Bleep(bleep) = act { Some(*bleep) } else { None }).collect()
    };
    let begins = line.at(line.now);
    assert_eq!(bleeps(&line.played(masked[0], Phase::Started, 0)), [Bleep::BotBegins(begins)]);
    line.pass(2_000);
    let ends = line.at(line.now);
    assert_eq!(bleeps(&line.played(masked[0], Phase::Done, 20)), [Bleep::BotEnds(ends)]);
    line.pass(6_000);
    let at = SamplePos(0);
    let plain = bleeps(&line.says("hello there"));
    assert_eq!(plain, [Bleep::Hold(at), Bleep::Release(at)]);
    line.pass(12_000);
    let personal = bleeps(&line.says("it is oh four one two three four five six seven eight"));
    assert_eq!(personal, [Bleep::Hold(at), Bleep::Caller { from: at, to: at }, Bleep::Release(at)]);
}
