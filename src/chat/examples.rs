//! The bots of configs/examples, each in a chat, with its service behind a real socket.
use super::{With, run};
use dialog::bot::Bot;
use dialog::conversation::Conversation;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// What a service answers to a method, a path and a body; `None`: 404.
type Answer = fn(&str, &str, &Value) -> Option<Value>;

/// What was asked of a service: method and path, and the body.
type Asked = Arc<Mutex<Vec<(String, Value)>>>;

/// Serves until the test ends; the address, and what is asked.
async fn serve(answer: Answer) -> (String, Asked) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let asked = Asked::default();
    let log = asked.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut text = Vec::new();
            let (head, body) = loop {
                let mut buffer = [0; 4096];
                let length = stream.read(&mut buffer).await.expect("a request");
                assert!(length > 0, "a whole request");
                text.extend_from_slice(&buffer[..length]);
                if let Some(request) = whole(&text) {
                    break request;
                }
            };
            let mut words = head.split(' ');
            let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
            let reply = answer(method, path, &body);
            log.lock().expect("a log").push((format!("{method} {path}"), body));
            let status = if reply.is_some() { "200 OK" } else { "404 Not Found" };
            let reply = reply.map(|reply| reply.to_string()).unwrap_or_default();
            let head = format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", reply.len());
            stream.write_all(format!("{head}{reply}").as_bytes()).await.expect("written");
        }
    });
    (address, asked)
}

/// Head and body of a request that has come whole.
fn whole(text: &[u8]) -> Option<(String, Value)> {
    let text = std::str::from_utf8(text).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let length = |line: &str| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse::<usize>().ok();
    let length = head.lines().find_map(length).unwrap_or(0);
    let body = body.get(..length)?;
    Some((head.lines().next()?.to_owned(), serde_json::from_str(body).unwrap_or_default()))
}

/// Chats with a bot whose service is the one at `address`.
async fn chat(bot: &str, address: &str, lines: &[&str]) -> String {
    let text = bot.replace("http://127.0.0.1:9000", address);
    let bot = Bot::parse(&text, "example").unwrap_or_else(|e| panic!("{e}"));
    let conversation = Conversation::new(Arc::new(bot), jiff::civil::date(2026, 11, 25).at(9, 0, 0, 0));
    let mut out = Vec::new();
    run(conversation, With::default(), lines.join("\n").as_bytes(), &mut out).await.expect("a chat");
    String::from_utf8(out).expect("text")
}

#[track_caller]
fn holds(out: &str, parts: &[&str]) {
    let mut rest = out;
    for part in parts {
        let at = rest.find(part).unwrap_or_else(|| panic!("{part:?} is missing, or too early:\n{out}"));
        rest = &rest[at + part.len()..];
    }
}

fn pizzeria(method: &str, path: &str, _: &Value) -> Option<Value> {
    match (method, path) {
        ("GET", "/customers/6505550123") => Some(json!({ "address": "12 Elm Street" })),
        ("POST", "/orders") => Some(json!({ "number": "417", "total": 43.5, "ready": "19:40" })),
        _ => None,
    }
}

const PIZZA: &str = include_str!("../../configs/examples/pizza.en.toml");

#[tokio::test]
async fn pizzas_are_brought_to_an_address_that_the_service_knows() {
    let (address, asked) = serve(pizzeria).await;
    let lines = [
        "two small margheritas and three large",
        "mushroom",
        "yes",
        "bring it",
        "650 555 0123",
        "yes",
        "no four large mushrooms",
        "yes",
    ];
    let out = chat(PIZZA, &address, &lines).await;
    holds(
        &out,
        &[
            "I have two small margherita pizzas. For three large pizzas: margherita, ham, mushroom or four seasons?",
            "I have your address, twelve Elm Street. Shall we bring it there?",
            "You want two small margherita pizzas and three large mushroom pizzas. We bring it to twelve Elm Street.",
            "You want two small margherita pizzas and four large mushroom pizzas.",
            "number four one seven. It comes to forty three dollars and fifty cents and is ready at seven forty p m.",
            "(the bot hung up: done)",
        ],
    );
    let (request, body) = asked.lock().expect("a log").last().cloned().expect("an order");
    assert_eq!(request, "POST /orders");
    let pizzas = json!([
        { "count": 2, "size": "small", "kind": "margherita" },
        { "count": 4, "size": "large", "kind": "mushroom" },
    ]);
    let order = json!({
        "pizzas": pizzas, "how": "delivery", "phone": "6505550123", "known_address": "12 Elm Street", "address": null
    });
    assert_eq!(body, order);
}

#[tokio::test]
async fn an_unknown_customer_says_the_address_and_who_collects_is_asked_for_none() {
    let (address, asked) = serve(pizzeria).await;
    let out = chat(PIZZA, &address, &["a large ham", "delivery", "650 555 0199", "7 Oak Road", "yes"]).await;
    holds(
        &out,
        &["I do not have your address yet. To which street and number?", "We bring it to seven Oak Road.", "done"],
    );
    assert_eq!(asked.lock().expect("a log").last().expect("an order").1["address"], "7 Oak Road");
    let out = chat(PIZZA, &address, &["a large ham", "pick it up", "yes"]).await;
    holds(&out, &["You collect it.", "done"]);
    assert!(!out.contains("phone number"), "{out}");
    assert_eq!(asked.lock().expect("a log").last().expect("an order").1["phone"], Value::Null);
}

fn surgery(method: &str, path: &str, body: &Value) -> Option<Value> {
    match (method, path) {
        ("GET", "/appointments/204518") => {
            Some(json!({ "doctor": "Doctor Lee", "start": "2026-12-01T09:30:00+01:00" }))
        }
        ("GET", "/free?day=2026-12-04&time=15%3A00") => Some(json!({ "slot": 88 })),
        ("POST", "/appointments/204518") if body["slot"] == 88 => Some(json!({ "start": "2026-12-04T15:00" })),
        _ => None,
    }
}

#[tokio::test]
async fn an_appointment_is_found_by_its_code_and_moved_to_a_time_that_is_free() {
    let (address, asked) = serve(surgery).await;
    let bot = include_str!("../../configs/examples/appointment.en.toml");
    let lines = ["two zero four five one nine", "204518", "december fourth", "two p m", "three p m", "yes"];
    let out = chat(bot, &address, &lines).await;
    holds(
        &out,
        &[
            "There is no appointment with that code. What is the six digit code",
            "Your appointment with Doctor Lee is on Tuesday, December first at nine thirty a m. To which day",
            "That time is taken. At what time?",
            "from Tuesday, December first to Friday, December fourth at three p m. Is that right?",
            "It is moved. We see you on Friday, December fourth at three p m.",
            "(the bot hung up: done)",
        ],
    );
    let paths: Vec<String> = asked.lock().expect("a log").iter().map(|(request, _)| request.clone()).collect();
    assert_eq!(
        paths,
        [
            "GET /appointments/204519",
            "GET /appointments/204518",
            "GET /free?day=2026-12-04&time=14%3A00",
            "GET /free?day=2026-12-04&time=15%3A00",
            "POST /appointments/204518"
        ]
    );
}

fn shop(_: &str, path: &str, _: &Value) -> Option<Value> {
    let order = match path {
        "/don-hang/204518" => {
            json!({ "ma": "204518", "trang_thai": "đang giao", "ngay": "2026-11-27", "con_lai": 250000 })
        }
        "/don-hang/204519" => {
            json!({ "ma": "204519", "trang_thai": "đã giao", "ngay": "2026-11-20", "con_lai": 0, "ghi_chu": "bảo vệ đã nhận" })
        }
        "/don-hang/204520" => json!({ "ma": "204520", "trang_thai": "đang giao" }),
        _ => return None,
    };
    Some(json!({ "don": order }))
}

#[tokio::test]
async fn an_order_is_found_by_its_digits_and_what_is_said_depends_on_it() {
    let (address, _) = serve(shop).await;
    let bot = include_str!("../../configs/examples/orders.vi.toml");
    let lines = ["hai không bốn năm một không", "hai không bốn năm một tám", "tra cứu đơn hàng", "204519", "không"];
    let out = chat(bot, &address, &lines).await;
    holds(
        &out,
        &[
            "Không có đơn hàng nào mang mã này. Xin cho biết mã đơn hàng",
            "Đơn hàng hai không bốn, năm một tám đang giao.",
            "Ngày giao dự kiến là thứ sáu, ngày hai mươi bảy tháng mười một.",
            "Quý khách cần thanh toán hai trăm năm mươi nghìn đồng.",
            "Đơn hàng hai không bốn, năm một chín đã giao. Ghi chú: bảo vệ đã nhận.",
            "(the bot hung up: done)",
        ],
    );
    // An order without its day is no answer.
    holds(&chat(bot, &address, &["204520"]).await, &["Rất tiếc", "(the bot hung up: tool failed)"]);
}

fn billing(method: &str, path: &str, body: &Value) -> Option<Value> {
    match (method, path) {
        ("GET", "/accounts/12345678" | "/accounts/12345679") => Some(json!({ "name": "Ada Byron" })),
        ("GET", "/accounts/12345678/open") => {
            Some(json!({ "bills": [{ "id": 7, "amount": 62.4, "due": "2026-12-01" }] }))
        }
        ("GET", "/accounts/12345679/open") => Some(json!({ "bills": [] })),
        ("POST", "/payments") if body["card"] == "4000123412341234" => Some(json!({ "receipt": "AB-12" })),
        _ => None,
    }
}

#[tokio::test]
async fn a_bill_is_paid_with_a_card_that_is_never_shown() {
    let (address, asked) = serve(billing).await;
    let bot = include_str!("../../configs/examples/bill.en.toml");
    let out = chat(bot, &address, &["1234 5678", "yes please", "4000 1234 1234 1234", "yes"]).await;
    holds(
        &out,
        &[
            "That is the account of Ada Byron.",
            "Your bill of sixty two dollars and forty cents is due on Tuesday, December first.",
            "(card = •••)",
            "I charge sixty two dollars and forty cents to the number you gave me. Is that right?",
            "It is paid. Your receipt is A B, one two.",
        ],
    );
    assert!(!out.contains("4000"), "{out}");
    let (_, body) = asked.lock().expect("a log").last().cloned().expect("a payment");
    assert_eq!(body, json!({ "bill": 7, "amount": 62.4, "pay": true, "card": "4000123412341234" }));
    holds(&chat(bot, &address, &["1234 5679"]).await, &["There is nothing to pay.", "(the bot hung up: done)"]);
}
