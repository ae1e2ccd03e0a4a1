//! Header fields of the caller's INVITE in what a bot says and sends.
use super::*;
use std::sync::Arc;

const LOUNGE: &str = r#"
name = "lounge"
language = "en"
greeting = "Welcome {sip.X-Name}."
[[task]]
name = "order"
slots = ["drink"]
confirm = "{drink} for {sip.x-name}?"
[task.on_done]
url = "http://127.0.0.1:1/order?for={sip.X-Name}&by={sip.X-None}&drink={drink}"
body = { name = "{sip.X-Name}", drink = "{drink}", note = "for {sip.X-Name}, {sip.X-None}" }
say = "Thank you {sip.X-None}, {sip.X-NAME}."
[[slot]]
name = "drink"
type = "choice"
values = ["tea", "coffee"]
prompt = "Tea or coffee, {sip.X-Name}?"
"#;

fn trace(headers: &[(&str, &str)]) -> Vec<String> {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let bot = Arc::new(Bot::parse(LOUNGE, "lounge.toml").unwrap()).with_headers(headers);
    let mut sim = Sim::new(Arc::unwrap_or_clone(bot));
    sim.input(Input::Answered);
    sim.say("tea");
    sim.say("yes");
    let id = sim.outputs.iter().find_map(|o| if let Output::Run(call) = o { Some(call.id) } else { None }).unwrap();
    sim.input(Input::ToolDone { id, result: Ok(serde_json::Value::Null) });
    sim.trace.iter().filter(|line| line.starts_with("bot: ") || line.starts_with("run ")).cloned().collect()
}

#[test]
fn a_header_field_is_said_and_goes_escaped_into_the_address_and_whole_into_the_body() {
    let said = trace(&[("x-name", "Ada {drink} & Co/é")]);
    let run = r#"run Post http://127.0.0.1:1/order?for=Ada%20%7Bdrink%7D%20%26%20Co%2F%C3%A9&by=&drink=tea {"drink":"tea","name":"Ada {drink} & Co/é","note":"for Ada {drink} & Co/é, "}"#;
    assert!(said.contains(&run.to_owned()), "{said:#?}");
    let words = said.join("\n");
    for words_said in ["Ada drink", "Tea for Ada", "Thank you, Ada"] {
        assert!(words.contains(words_said), "{words_said}: {words}");
    }
}

#[test]
fn without_sip_a_header_field_is_nothing() {
    let words = trace(&[]).join("\n");
    assert!(words.contains("bot: Welcome.") && words.contains("bot: Tea or coffee?"), "{words}");
    assert!(words.contains(r#""name":"","#) && !words.contains("sip."), "{words}");
}
