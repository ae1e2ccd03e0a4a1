//! Who is called, what a trunk says of a call, who takes one over, and how many the API may place.
use crate::linphone::Linphone;
use crate::peer::Peer;
use crate::server::Server;
use crate::testbed::{HERE, beside_others, pause, seconds, until};
use reqwest::Method;
use serde_json::json;
use softphone::page::Page;
use std::time::Instant;
use switchboard::config::{Config, Network, Transport, Trunk};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UdpSocket};

const LINES: &str = "P-Asserted-Identity: \"Grace\" <tel:+44-1632-960999>\r\nx-customer: Hopper&Sons\r\n\
                     X-Secret: rosebud\r\nUser-to-User: 56a390f3;encoding=hex\r\n";

pub fn exchange(config: &mut Config) {
    config.log.level = "trace".into();
    config.trunk.push(Trunk {
        name: "exchange".into(),
        networks: Network::loopback().to_vec(),
        outbound_proxy: None,
        transport: Transport::Udp,
        headers: vec!["X-Customer".into(), "User-to-User".into()],
        register: None,
    });
}

/// A bot that does what it is for as soon as it is answered.
fn clerk(url: &str) -> String {
    let task = format!(
        "[[task]]\nname = \"greet\"\nslots = [\"size\"]\n[task.on_done]\nurl = \"{url}?for={{sip.X-Customer}}\"\n\
         body = {{ who = \"{{sip.X-Customer}}\", none = \"{{sip.X-Secret}}\" }}\nsay = \"Done, {{sip.X-Customer}}.\"\n"
    );
    format!(
        "name = \"clerk\"\nlanguage = \"en\"\ngreeting = \"Hello {{sip.x-customer}}.\"\n[[slot]]\nname = \"size\"\n\
         type = \"digits\"\nlength = 1\nprompt = \"One digit, please.\"\n{task}"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn header_fields_reach_record_bot_and_service_and_no_log() {
    let _machine = beside_others().await;
    let service = TcpListener::bind((HERE, 0)).await.expect("a service");
    let url = format!("http://{}/done", service.local_addr().expect("an address"));
    let asked = tokio::spawn(async move {
        let (mut stream, _) = service.accept().await.expect("a request");
        let (mut text, mut buffer) = (String::new(), [0; 4096]);
        while !text.ends_with('}') {
            let length = stream.read(&mut buffer).await.expect("a request");
            text.push_str(std::str::from_utf8(&buffer[..length]).expect("text"));
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await.expect("answered");
        text
    });
    let server = Server::with("headers", |config| {
        exchange(config);
        std::fs::write(config.bots.dir.join("clerk.toml"), clerk(&url)).expect("written");
        config.route[0].bot = "clerk".into();
    })
    .await;
    let before = server.log().len();
    let peer = Peer::call_bringing(server.sip, "booking", LINES).await.expect("answered");
    peer.hears_out(peer.answered, seconds(20)).await;
    peer.press("7");
    let request = tokio::time::timeout(seconds(20), asked).await.expect("in time").expect("a request");
    assert!(request.starts_with("POST /done?for=Hopper%26Sons HTTP/1.1"), "{request}");
    assert!(request.ends_with(r#"{"none":"","who":"Hopper&Sons"}"#), "{request}");
    assert!(request.to_lowercase().contains("\r\nidempotency-key: \""), "{request}");
    let call = server.ended(1).await.swap_remove(0);
    assert_eq!(call["headers"], json!({ "User-to-User": "56a390f3;encoding=hex", "X-Customer": "Hopper&Sons" }));
    assert_eq!((&call["from"], &call["via"]), (&json!("tel:+441632960999"), &json!("trunk exchange")));
    assert_eq!(call["timeline"][0]["headers"], call["headers"]);
    assert!(call["turns"][0]["text"].as_str().is_some_and(|text| text.contains("Hello Hopper")), "{call:#?}");
    drop(peer);
    // The database keeps them.
    let list = server.get("/api/v1/calls").await;
    assert_eq!(list["calls"][0]["headers"], call["headers"]);
    let log = server.log()[before..].to_lowercase();
    assert!(log.contains(call["id"].as_str().expect("an id")), "the call is in the log");
    for word in ["hopper", "56a390f3", "rosebud", "960999", "960-999", "grace"] {
        assert!(!log.contains(word), "{word} is in the log");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_found_by_its_number_in_any_form_and_options_say_who_is_there() {
    let _machine = beside_others().await;
    let server = Server::with("numbers", |config| {
        config.default_route = None;
        config.route.retain(|route| route.bot == "echo");
        config.route[0].user = "+842412345678".into();
        config.numbers.country_code = "84".into();
    })
    .await;
    for user in ["02412345678;npdi", "+842412345678", "00842412345678;phone-context=+84", "842412345678"] {
        let peer = Peer::call(server.sip, user).await.unwrap_or_else(|status| panic!("{user}: {status}"));
        peer.hang_up().await;
        assert_eq!(Peer::options(server.sip, user).await, 200, "{user}");
    }
    for user in ["2412345678", "echo", "+442412345678"] {
        assert_eq!(Peer::call(server.sip, user).await.err(), Some(404), "{user}");
        assert_eq!(Peer::options(server.sip, user).await, 404, "{user}");
    }
    assert_eq!(server.ended(4).await.len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_dials_while_the_telephone_has_room_whatever_pages_do() {
    let _machine = beside_others().await;
    let server = Server::with("room", |config| config.sip.max_calls = 2).await;
    let dial = async |to: String| {
        let new = json!({ "to": to, "bot": "booking.en" });
        server.authorised(Method::POST, "/api/v1/calls").json(&new).send().await.expect("an answer").status().as_u16()
    };
    for wrong in ["sip:100@127.0.0.1:99999", "sip:100@127.0.0.1:0", "sip:", "call me"] {
        assert_eq!(dial(wrong.into()).await, 400, "{wrong}");
    }
    assert_eq!(dial("0912345678".into()).await, 422, "no trunk for a number");
    // Two pages and a phone that rings for ever: for the telephone that is one call.
    let page = Page::open(&format!("http://{}/", server.http), HERE.into()).expect("a page");
    let pages = [page.call("booking.en").await.expect("answered"), page.call("booking.en").await.expect("answered")];
    let phone = UdpSocket::bind((HERE, 0)).await.expect("a phone");
    let uri = format!("sip:x@{}", phone.local_addr().expect("an address"));
    assert_eq!(dial(uri.clone()).await, 202);
    assert_eq!(dial(uri.clone()).await, 202);
    assert_eq!(dial(uri).await, 503, "two are what it has");
    assert_eq!(Peer::call(server.sip, "echo").await.err(), Some(486), "by the same rule");
    for page in pages {
        page.leave().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_telephone_that_is_not_ours_transfers_its_call_with_the_bot_to_another_attended() {
    let _machine = beside_others().await;
    let server = Server::start("attended").await;
    // Linphone names the bot without a port to whom it transfers: that one asks its proxy.
    let mut other = Linphone::start("other", true, Some(server.sip)).await;
    let mut first = Linphone::start("first", false, None).await;
    first.order(&format!("call {}", other.uri));
    first.says("Media streams established").await;
    first.order("pause 1");
    first.says("is now paused").await;
    first.order(&format!("call sip:booking@{}", server.sip));
    first.says(&format!("Call 2 with sip:booking@{} connected", server.sip)).await;
    pause(1_000).await;
    first.order("1");
    pause(1_500).await;
    first.order("transfer 1 --to-call 2");
    // The final NOTIFY of the transfer has come, and the bot has hung up on the first phone.
    first.says("has been transfered").await;
    first.says(&format!("Call 2 with sip:booking@{} ended", server.sip)).await;
    other.order("2");
    pause(2_000).await;
    let live = server.call().await;
    assert_eq!(live["state"], "live", "{live:#}");
    other.order("terminate all");
    let call = server.ended(1).await.swap_remove(0);
    let turns = call["turns"].as_array().expect("turns");
    let said: Vec<&str> =
        turns.iter().filter(|turn| turn["speaker"] == "caller").flat_map(|t| t["text"].as_str()).collect();
    assert_eq!(said, ["1", "2"], "a key of each phone: {turns:#?}");
    let marks =
        call["timeline"].as_array().expect("a timeline").iter().filter(|event| event["name"] == "line_replaced");
    let from: Vec<_> = marks.map(|mark| mark["data"]["from"].as_str().unwrap_or_default().to_owned()).collect();
    assert!(matches!(&from[..], [one] if one.contains("other")), "{from:?}");
    assert_eq!(call["end"]["blame"], "caller");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_takes_over_a_call_goes_on_with_the_bot_where_it_was() {
    let _machine = beside_others().await;
    let server = Server::start("replaces").await;
    let first = Peer::call(server.sip, "booking").await.expect("answered");
    first.hears_out(first.answered, seconds(20)).await;
    first.press("1");
    pause(1000).await;
    let second = Peer::call_bringing(server.sip, "booking", &first.replaces()).await.expect("answered");
    until(seconds(5), "the first phone to be told", || async { first.is_over().then_some(()) }).await;
    second.hears_out(second.answered, seconds(20)).await;
    second.press("2");
    pause(1000).await;
    second.hears_out(Instant::now(), seconds(20)).await;
    second.hang_up().await;
    let call = server.ended(1).await.swap_remove(0);
    let turns = call["turns"].as_array().expect("turns");
    let said: Vec<&str> =
        turns.iter().filter(|turn| turn["speaker"] == "caller").flat_map(|t| t["text"].as_str()).collect();
    assert_eq!(said, ["1", "2"], "{turns:#?}");
    assert!(
        call["slots"]["place"].is_string(),
        "the second key answered the question after the first: {}",
        call["slots"]
    );
    let marks =
        call["timeline"].as_array().expect("a timeline").iter().filter(|event| event["name"] == "line_replaced");
    let from: Vec<_> = marks.map(|mark| mark["data"]["from"].as_str().unwrap_or_default().to_owned()).collect();
    assert!(matches!(&from[..], [one] if one.contains("441632960123")), "{from:?}");
    assert_eq!(call["end"]["blame"], "caller");
}
