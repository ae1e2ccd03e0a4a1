//! Lists of items: heard whole, heard in part, changed, and sent.
use super::*;

const PIZZAS: &str = r#"
name = "pizza"
language = "en"
greeting = "Pizza line."
closing = "Bye now."
[[task]]
name = "order"
phrases = ["order"]
slots = ["pizzas", "how"]
confirm = "{pizzas} for {how}. Is that right?"
on_done = { url = "http://127.0.0.1:1/orders", body = { items = "{pizzas}", how = "{how}" }, say = "Thank you." }
[[slot]]
name = "pizzas"
type = "items"
unit = ["pizza", "pizzas"]
max = 20
fields = [
    { name = "size", prompt = "small or large?", values = ["small", { name = "large", words = ["big"] }] },
    { name = "kind", prompt = "which kind?", values = ["margherita", { name = "ham", words = ["ham and cheese"] }, "four seasons"] },
]
prompt = "Which pizzas would you like?"
[[slot]]
name = "how"
type = "choice"
values = ["delivery", { name = "collection", words = ["collect it", "pick it up"] }]
prompt = "Delivery or collection?"
"#;

/// What the record holds after each of these sentences, and what was said to the last one.
fn after(sentences: &[&str]) -> (String, String) {
    let mut sim = sim(PIZZAS);
    sim.look();
    let mut last = Vec::new();
    for sentence in sentences {
        sim.say(sentence);
        sim.listen();
        last = sim.look();
    }
    let slots = sim.outputs.iter().rev().find_map(|output| match output {
        Output::Slot { name, value, .. } if name == "pizzas" => Some(value.clone()),
        _ => None,
    });
    let list = slots.flatten().map_or_else(
        || "-".into(),
        |value| {
            let one = |item: &serde_json::Value| {
                let field = |name: &str| item[name].as_str().unwrap_or("?").to_owned();
                format!("{} {} {}", item["count"], field("size"), field("kind"))
            };
            value.as_array().map(|all| all.iter().map(one).collect::<Vec<_>>().join(", ")).unwrap_or_default()
        },
    );
    let said: Vec<&str> = last.iter().filter_map(|line| line.strip_prefix("bot: ")).collect();
    (list, said.join(" "))
}

#[test]
fn a_list_that_is_said_whole_is_taken_at_once() {
    for (said, list) in [
        ("two small margheritas and three large hams", "2 small margherita, 3 large ham"),
        ("two small margherita pizzas and a large ham pizza", "2 small margherita, 1 large ham"),
        ("a large ham please", "1 large ham"),
        ("large ham", "1 large ham"),
        ("2 big four seasons", "2 large four seasons"),
        ("i'd like a couple of small ham and cheese pizzas", "2 small ham"),
        ("a dozen large margheritas", "12 large margherita"),
        ("one small ham one large ham and one small four seasons", "1 small ham, 1 large ham, 1 small four seasons"),
        ("margherita small two", "-"),
        ("two small margheritas no three small margheritas", "3 small margherita"),
        ("two small margheritas sorry large margheritas", "2 large margherita"),
        ("a small ham, no, make that four", "4 small ham"),
        ("a large margherita and a small ham, no sorry, make it two", "1 large margherita, 2 small ham"),
        ("four large, one ham and three margherita", "1 large ham, 3 large margherita"),
        (
            "five pizzas, two large hams, two small hams and one large margherita",
            "2 large ham, 2 small ham, 1 large margherita",
        ),
        ("three hams, two of them small and one large", "2 small ham, 1 large ham"),
        ("two small hams um and a large margherita thanks", "2 small ham, 1 large margherita"),
    ] {
        assert_eq!(after(&[said]).0, list, "{said}");
    }
}

#[test]
fn what_is_missing_is_asked_for_and_what_was_not_understood_too() {
    for (sentences, list, said) in [
        (
            &["two small margheritas and three large"][..],
            "-",
            "I have two small margherita pizzas. For three large pizzas: which kind?",
        ),
        (&["two small margheritas and three large", "ham"], "2 small margherita, 3 large ham", ""),
        (&["two small margheritas and three large", "three large ham"], "2 small margherita, 3 large ham", ""),
        (&["two margheritas and three large hams", "small"], "2 small margherita, 3 large ham", ""),
        (&["two pizzas"], "-", "For two pizzas: small or large?"),
        (
            &["four large, one ham and two margherita"],
            "-",
            "I have one ham pizza and two margherita pizzas. For four large pizzas: which kind?",
        ),
        (
            &["two large and one ham and one margherita"],
            "-",
            "I have one ham pizza and one margherita pizza. For two large pizzas: which kind?",
        ),
        (&["two pizzas", "small", "ham"], "2 small ham", ""),
        (&["two pizzas", "one small ham and one large margherita"], "1 small ham, 1 large margherita", ""),
        (&["large hams"], "-", "How many large ham pizzas would you like?"),
        (&["large hams", "four"], "4 large ham", ""),
        (
            &["two small margheritas and three pepperonis"],
            "-",
            "I have two small margherita pizzas. I did not get the rest. What else would you like?",
        ),
        (
            &["two small margheritas and three pepperoni pizzas"],
            "-",
            "I have two small margherita pizzas. I did not get the rest. What else would you like?",
        ),
        (
            &["two small margheritas with olives and three large", "ham"],
            "-",
            "I have two small margherita pizzas and three large ham pizzas. I did not get the rest.",
        ),
        (&["twenty four seasons", "large"], "20 large four seasons", ""),
        (&["two small margheritas and three pepperonis", "that's all"], "2 small margherita", ""),
        (&["two small margheritas and three pepperonis", "three large hams"], "2 small margherita, 3 large ham", ""),
        (
            &["two small margheritas without cheese"],
            "-",
            "I have two small margherita pizzas. I did not get the rest. What else would you like?",
        ),
        (&["thirty large hams"], "-", "How many large ham pizzas would you like?"),
        (&["two pizzas", "banana"], "-", "Sorry, I did not understand that. For two pizzas: small or large?"),
    ] {
        let (seen, last) = after(sentences);
        assert_eq!(seen, list, "{sentences:?}: {last}");
        assert!(last.starts_with(said), "{sentences:?}: {last}");
    }
}

#[test]
fn a_list_is_changed_item_by_item_and_read_back() {
    let order = "two small margheritas and three large hams for delivery";
    for (change, list) in [
        ("no four large hams", "2 small margherita, 4 large ham"),
        ("add a small four seasons", "2 small margherita, 3 large ham, 1 small four seasons"),
        ("and another large ham", "2 small margherita, 4 large ham"),
        ("remove the margheritas", "3 large ham"),
        ("no one large margherita and one small ham", "1 large margherita, 1 small ham"),
        ("no i said four seasons", "2 small margherita, 3 large ham"),
    ] {
        let (seen, last) = after(&[order, change]);
        assert_eq!(seen, list, "{change}: {last}");
        assert!(last.contains('?'), "{change}: {last}");
    }
    let (seen, last) = after(&["two small margheritas for delivery", "no three"]);
    assert_eq!((seen.as_str(), last.as_str()), ("2 small margherita", "What should I change?"));
    assert_eq!(after(&["two small margheritas for delivery", "no large"]).0, "2 large margherita");
}

#[test]
fn items_come_with_other_values_and_are_sent_as_a_list() {
    let mut sim = sim(PIZZAS);
    sim.say("i'd like to order two small margheritas and a large ham for delivery");
    sim.say("yes");
    sim.listen();
    let trace = sim.look();
    let run = r#"run Post http://127.0.0.1:1/orders {"how":"delivery","items":[{"count":2,"kind":"margherita","size":"small"},{"count":1,"kind":"ham","size":"large"}]}"#;
    assert!(trace.iter().any(|line| line == run), "{trace:#?}");
    let read_back = "two small margherita pizzas and one large ham pizza for delivery.";
    assert!(trace.join(" ").to_lowercase().replace("bot: ", "").contains(read_back), "{trace:#?}");
}

#[test]
fn vietnamese_lists_are_read_and_said_with_the_unit_before_the_fields() {
    let bot = r#"
    name = "com"
    language = "vi"
    greeting = "Xin chào."
    [[task]]
    name = "dat"
    slots = ["mon", "ban"]
    confirm = "{mon} cho bàn {ban}, đúng không?"
    on_done = { say = "Cảm ơn." }
    [[slot]]
    name = "mon"
    type = "items"
    unit = ["ly"]
    fields = [
        { name = "do_uong", prompt = "trà hay cà phê?", values = ["trà đá", { name = "cà phê", words = ["cà phê sữa"] }] },
        { name = "co", prompt = "cỡ lớn hay cỡ nhỏ?", values = [{ name = "lớn", say = "cỡ lớn", words = ["cỡ lớn"] }, { name = "nhỏ", say = "cỡ nhỏ", words = ["cỡ nhỏ"] }] },
    ]
    prompt = "Quý khách dùng gì?"
    [[slot]]
    name = "ban"
    type = "number"
    max = 50
    prompt = "Bàn số mấy?"
    "#;
    for (said, answer) in [
        ("cho tôi hai ly trà đá cỡ lớn và ba ly cà phê nhỏ", "Bàn số mấy?"),
        ("hai trà đá lớn", "Bàn số mấy?"),
        ("bốn ly lớn, ba trà đá một cà phê", "Bàn số mấy?"),
        ("ba trà đá, trong đó hai ly lớn một ly nhỏ", "Bàn số mấy?"),
        ("một trà đá lớn, à không, ba ly", "Bàn số mấy?"),
        ("hai trà đá", "Với hai ly trà đá: cỡ lớn hay cỡ nhỏ?"),
        (
            "hai ly trà đá cỡ lớn và ba ly cà phê",
            "Tôi đã có hai ly trà đá cỡ lớn. Với ba ly cà phê: cỡ lớn hay cỡ nhỏ?",
        ),
        ("hai ly trà đá lớn và ba ly sinh tố", "Tôi đã có hai ly trà đá cỡ lớn. Với ba ly: trà hay cà phê?"),
    ] {
        let mut sim = sim(bot);
        sim.listen();
        sim.look();
        sim.say(said);
        sim.listen();
        let seen: Vec<String> =
            sim.look().iter().filter_map(|line| line.strip_prefix("bot: ").map(str::to_owned)).collect();
        assert!(seen.join(" ").starts_with(answer), "{said}: {seen:?}");
    }
}
