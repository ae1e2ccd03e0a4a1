//! What a bot file may hold, and how it is told what is wrong.
use super::*;
use crate::value::kind::Kind;
use std::sync::Arc;

const SMALL: &str = r#"
name = "pizza"
language = "en"
greeting = "Hello, this is the pizza line."
[[slot]]
name = "size"
type = "choice"
values = ["small", "large"]
prompt = "Small or large?"
[[task]]
name = "order"
slots = ["size"]
on_done = { say = "One {size} pizza is noted." }
"#;

fn fault(text: &str) -> String {
    Bot::parse(text, "pizza.toml").map(|_| "no fault".to_string()).unwrap_or_else(|e| e.to_string())
}

fn with(from: &str, to: &str) -> String {
    assert!(SMALL.contains(from));
    fault(&SMALL.replace(from, to))
}

#[test]
fn a_bot_is_a_dozen_lines() {
    let bot = Bot::parse(SMALL, "pizza.toml").unwrap();
    assert_eq!((bot.name.as_str(), bot.language, bot.slots.len(), bot.tasks.len()), ("pizza", Language::En, 1, 1));
    assert!(bot.slots[0].keypad);
    let Kind::Choice(values) = &bot.slots[0].kind else { panic!("a choice") };
    assert_eq!(values.iter().map(|v| v.key).collect::<Vec<_>>(), [Some('1'), Some('2')]);
}

#[test]
fn the_shipped_bots_are_read() {
    let booking = Bot::parse(include_str!("../../../configs/bots/booking.en.toml"), "booking").unwrap();
    assert_eq!(booking.tasks.iter().map(|t| t.name.as_str()).collect::<Vec<_>>(), ["book", "cancel"]);
    let places = Bot::parse(include_str!("../../../configs/bots/places.vi.toml"), "places").unwrap();
    let Kind::Choice(values) = &places.slots[0].kind else { panic!("a choice") };
    assert_eq!(values.iter().filter_map(|v| v.key).collect::<String>(), "12345");
    assert_eq!(places.lexicon["xa"], ["x", "a"]);
}

#[test]
fn the_examples_are_read() {
    for (text, lookups) in [
        (include_str!("../../../configs/examples/pizza.en.toml"), 1),
        (include_str!("../../../configs/examples/appointment.en.toml"), 2),
        (include_str!("../../../configs/examples/orders.vi.toml"), 1),
        (include_str!("../../../configs/examples/bill.en.toml"), 2),
    ] {
        let bot = Bot::parse(text, "example").unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(bot.tasks[0].lookups.len(), lookups, "{}", bot.name);
    }
}

#[test]
fn an_unknown_key_is_refused_with_its_whole_path() {
    assert_eq!(
        with("prompt = ", "promt = \"x\"\nprompt = ").split(": ").take(3).collect::<Vec<_>>().join(": "),
        "pizza.toml: `slot[0].promt`: unknown field `promt`, expected one of `name`, `type`, `prompt`, `reprompts`, `help`, \
         `confirm`, `read_back`, `keypad`, `secret`, `keep`, `cues`, `values`, `min`, `max`, `unit`, `length`, `fields`, `of`, `lunar`"
    );
    assert!(with("on_done = {", "on_done = { sey = 1,").contains("`task[0].on_done.sey`"));
    assert!(fault(&format!("{SMALL}\n[turn]\nhold = 3")).contains("`turn.hold`"));
    assert!(fault(&format!("{SMALL}\n[prompts]\nno_inputs = \"x\"")).contains("`prompts.no_inputs`"));
}

#[test]
fn every_mistake_is_named_with_its_remedy() {
    for (from, to, key, word) in [
        ("prompt = \"Small or large?\"", "", "slot[0].prompt", "no prompt"),
        ("prompt = \"Small or large?\"", "prompt = \" \"", "slot[0].prompt", "is empty"),
        ("Small or large?", "...?", "slot[0].prompt", "holds no word"),
        ("Small or large?", "{size} or large?", "slot[0].prompt", "placeholder"),
        ("slots = [\"size\"]", "slots = [\"sise\"]", "task[0].slots[0]", "no slot is called \"sise\""),
        ("slots = [\"size\"]", "slots = [\"size\", \"size\"]", "task[0].slots[1]", "listed twice"),
        (
            "slots = [\"size\"]\non_done = { say = \"One {size} pizza",
            "on_done = { say = \"A pizza",
            "slot[0]",
            "is in no task",
        ),
        ("{size} pizza", "{sise} pizza", "task[0].on_done.say", "{sise}"),
        ("{size} pizza", "{size pizza", "task[0].on_done.say", "without `}`"),
        ("Small or large?", "{sip.X Name} or large?", "slot[0].prompt", "placeholder"),
        ("{size} pizza", "{sip.} pizza", "task[0].on_done.say", "names no header field"),
        ("{size} pizza", "{/number} pizza", "task[0].on_done.say", "no tool"),
        ("[\"small\", \"large\"]", "[]", "slot[0].values", "needs values"),
        ("[\"small\", \"large\"]", "[\"small\", \"Small\"]", "slot[0].values[1]", "means two values"),
        (
            "[\"small\", \"large\"]",
            "[{ name = \"small\", key = \"2\" }, { name = \"large\", key = \"2\" }]",
            "slot[0].values[1].key",
            "given twice",
        ),
        (
            "[\"small\", \"large\"]",
            "[{ name = \"small\", key = \"*\" }]",
            "slot[0].values[0].key",
            "cannot be a menu key",
        ),
        ("type = \"choice\"", "type = \"date\"", "slot[0].values", "belongs to a choice"),
        ("name = \"size\"", "name = \"the size\"", "slot[0].name", "not a slot name"),
        ("on_done = {", "on_done = { url = \"ftp://x\",", "task[0].on_done.url", "no web address"),
        ("on_done = {", "on_done = { timeout_ms = 5,", "task[0].on_done.timeout_ms", "belongs to an HTTP call"),
        (
            "on_done = {",
            "on_done = { url = \"http://x\", body = { a = [\"{nope}\"] },",
            "task[0].on_done.body.a[0]",
            "{nope}",
        ),
        ("on_done = {", "on_done = { then = \"ask\",", "task[0].phrases", "is missing"),
        ("values = ", "secret = true\nvalues = ", "slot[0].secret", "only digits"),
    ] {
        let said = with(from, to);
        assert!(said.starts_with(&format!("pizza.toml: `{key}`: ")) && said.contains(word), "{to}: {said}");
        assert!(said.contains("; "), "no remedy: {said}");
    }
    let twice = format!("{SMALL}[[slot]]\nname = \"size\"\ntype = \"date\"\nprompt = \"When?\"");
    assert!(fault(&twice).contains("`slot[1].name`: \"size\" is defined twice"));
    assert!(fault(&format!("{SMALL}\n[turn]\nhush_ms = 100")).contains("`turn.hush_ms`: is below hold_ms"));
    for (section, time) in [
        ("turn", "complete_ms = 0"),
        ("turn", "longest_ms = 500"),
        ("turn", "words_ms = 99000000"),
        ("silence", "prompt_ms = 0"),
        ("silence", "key_gap_ms = 1"),
        ("silence", "wait_ms = 999999999"),
    ] {
        let said = fault(&format!("{SMALL}\n[{section}]\n{time}"));
        let key = time.split(' ').next().unwrap();
        assert!(said.contains(&format!("`{section}.{key}`: is ")) && said.contains(": use "), "{said}");
    }
    let both = format!("{SMALL}[[slot]]\nname = \"code\"\ntype = \"digits\"\nlength = 4\nmin = 2\nprompt = \"Code?\"");
    assert!(fault(&both).contains("`slot[1].length`: says how many digits there are, and so do"), "{}", fault(&both));
    let second =
        "[[task]]\nname = \"sell\"\nphrases = [\"A PIZZA please\"]\nslots = [\"size\"]\non_done = { say = \"Noted.\" }";
    let shared = SMALL.replace("slots = [\"size\"]", "slots = [\"size\"]\nphrases = [\"a pizza please\"]");
    let said = fault(&format!("{shared}{second}"));
    assert!(said.contains("`task[1].phrases[0]`: \"A PIZZA please\" asks for task \"order\" too; keep"), "{said}");
    let phrases = |phrase: &str| with("slots = [\"size\"]", &format!("slots = [\"size\"]\nphrases = [\"{phrase}\"]"));
    for command in ["repeat", "please repeat", "Help"] {
        let said = phrases(command);
        assert!(said.contains("`task[0].phrases[0]`") && said.contains("for the command `"), "{said}");
    }
    let commands = |lines: &str| fault(&format!("{SMALL}\n[commands]\n{lines}"));
    for (lines, problem) in [
        (
            "help = [\"go away\"]\ngoodbye = [\"Go away!\"]",
            "`commands.goodbye`: \"Go away!\" stands in `commands.help` too",
        ),
        ("wait = [\"nope\"]", "`commands.no`: \"nope\" stands in `commands.wait` too"),
        ("yes = [\"no\"]", "`commands.no`: \"no\" stands in `commands.yes` too"),
        (
            "help = [\"small\"]",
            "`slot[0].values`: \"small\" is what callers say for the command `help`; choose other words",
        ),
        ("help = [\" \"]", "`commands.help`: has an empty phrase"),
    ] {
        let said = commands(lines);
        assert!(said.contains(problem), "{said}");
    }
    for url in ["http://", "http://127.0.0.1:99999/x", "http://[::1/", "https://x y/", "http://{size}:x/"] {
        let said = with("on_done = {", &format!("on_done = {{ url = \"{url}\","));
        assert!(said.contains("`task[0].on_done.url`: is no web address: "), "{url}: {said}");
    }
    assert_eq!(with("on_done = {", "on_done = { url = \"http://[::1]:8080/{size}?a={size}\","), "no fault");
    for wrong in ["ATM = \"\"", "\"a, t\" = \"a tê\"", "\"\" = \"x\""] {
        assert!(fault(&format!("{SMALL}\n[spoken]\n{wrong}")).contains("cannot be used"), "{wrong}");
    }
    assert!(fault("name = \"a\"\nname = \"b\"").starts_with("pizza.toml: not TOML: "));
    assert!(fault(&SMALL.replace("[[task]]", "[[tusk]]")).contains("`tusk`"));
    assert!(with("language = \"en\"", "language = \"de\"").contains("`language`"));
}

const LOOKED_UP: &str = r#"
name = "bills"
language = "en"
greeting = "Hello."
[[slot]]
name = "account"
type = "digits"
length = 4
prompt = "Your account?"
[[slot]]
name = "day"
type = "date"
prompt = "When?"
[[slot]]
name = "pay"
type = "yes_no"
prompt = "Pay it?"
[[slot]]
name = "how"
type = "choice"
values = ["card", "cash"]
prompt = "How?"
[[task]]
name = "bill"
slots = ["account", "pay", { slot = "how", when = { pay = true, bill = "found", "bill/paid" = false } }, "day"]
confirm = ["Pay {bill/amount:number} dollars?", { text = "By {how}?", when = { how = "card" } }, "By {bill/name?}."]
on_done = { url = "http://x/{bill/id}", body = { how = "{how}", day = "{day}" }, say = "Paid {day:bare}, {/code:digits}." }
[[task.lookup]]
name = "bill"
url = "http://x/bills/{account}"
result = "/bill"
found = { say = "I found {/name}.", set = { how = "card" } }
none = { say = "No such account." }
several = { say = "There are {/0/name} and {/1/name}.", then = { ask_again = ["account"] } }
"#;

#[test]
fn what_a_lookup_needs_is_known_when_the_file_is_read() {
    let bot = Bot::parse(LOOKED_UP, "bills.toml").unwrap_or_else(|e| panic!("{e}"));
    let lookup = &bot.tasks[0].lookups[0];
    assert_eq!(lookup.slots, [0]);
    let pointers: Vec<&str> = lookup.needs.iter().map(|need| need.pointer.as_str()).collect();
    assert_eq!(pointers, ["/amount", "/id", "/paid"]);
    assert!(bot.prompts().iter().any(|clause| clause == "No such account."));
}

#[test]
fn every_mistake_around_a_lookup_is_named_with_its_remedy() {
    let with = |from: &str, to: &str| {
        assert!(LOOKED_UP.contains(from), "{from}");
        fault(&LOOKED_UP.replace(from, to)).replacen("pizza.toml: ", "", 1)
    };
    for (from, to, key, word) in [
        ("{bill/amount:number}", "{bill/amount:dollars}", "task[0].confirm[0]", "no such form `:dollars`"),
        ("{bill/amount:number}", "{bil/amount}", "task[0].confirm[0]", "no lookup \"bil\" has answered here"),
        ("{bill/amount:number}", "{/amount}", "task[0].confirm[0]", "no tool has answered"),
        ("{bill/amount:number}", "{how}", "task[0].confirm[0]", "is not always asked for"),
        ("{day:bare}", "{day:money}", "task[0].on_done.say", "cannot be said as `money`"),
        (
            "{day:bare}",
            "{day:digits}",
            "task[0].on_done.say",
            "cannot be said as `digits`; write {day} or {day:date} or {day:bare}",
        ),
        ("{day:bare}", "{day?}", "task[0].on_done.say", "nothing is said"),
        ("day = \"{day}\"", "day = \"{day:bare}\"", "task[0].on_done.body.day", "is sent and not said"),
        ("{ pay = true,", "{ day = \"x\",", "task[0].slots[2].when.day", "is not asked for before"),
        ("{ pay = true,", "{ paid = true,", "task[0].slots[2].when.paid", "no slot and no lookup is called"),
        ("{ pay = true,", "{ pay = \"yes\",", "task[0].slots[2].when.pay", "is never \"yes\"; use true or false"),
        ("bill = \"found\"", "bill = \"one\"", "task[0].slots[2].when.bill", "use \"found\", \"none\" or \"several\""),
        ("\"bill/paid\" = false", "\"bil/paid\" = false", "task[0].slots[2].when.bil/paid", "no lookup is called"),
        (
            "when = { how = \"card\" }",
            "when = { how = [\"card\", \"gold\"] }",
            "task[0].confirm[1].when.how",
            "is never \"gold\"",
        ),
        ("when = { how = \"card\" }", "when = { how = { min = 1 } }", "task[0].confirm[1].when.how", "is no number"),
        ("when = { how = \"card\" }", "when = { how = [] }", "task[0].confirm[1].when.how", "lists no value"),
        ("when = { how = \"card\" }", "when = { how = { mim = 1 } }", "task[0].confirm[1].when.how", "is never"),
        ("bills/{account}", "bills/{day}", "task[0].slots[2].when.bill", "waits for a lookup"),
        (
            "bills/{account}",
            "bills/{account}/{bill/id}",
            "task[0].lookup[0].url",
            "no lookup \"bill\" has answered here",
        ),
        ("bills/{account}", "bills/all", "task[0].lookup[0].none.then", "was asked with no slot"),
        ("name = \"bill\"\nurl", "name = \"day\"\nurl", "task[0].lookup[0].name", "is the name of a slot"),
        ("name = \"bill\"\nurl", "name = \"a bill\"\nurl", "task[0].lookup[0].name", "is no name"),
        ("\"/bill\"", "\"bill\"", "task[0].lookup[0].result", "is no JSON pointer"),
        (
            "set = { how = \"card\" }",
            "set = { how = \"gold\" }",
            "task[0].lookup[0].found.set.how",
            "is no value of this slot",
        ),
        (
            "set = { how = \"card\" }",
            "set = { account = \"/id\" }",
            "task[0].lookup[0].found.set.account",
            "is what this lookup",
        ),
        (
            "set = { how = \"card\" }",
            "set = { hew = \"card\" }",
            "task[0].lookup[0].found.set.hew",
            "is no slot of this task",
        ),
        ("No such account.", "No {/name}.", "task[0].lookup[0].none.say", "no tool has answered"),
        ("No such account.", "No {bill/name}.", "task[0].lookup[0].none.say", "has answered here"),
        (
            "{ ask_again = [\"account\"] }",
            "{ ask_again = [\"acount\"] }",
            "task[0].lookup[0].several.then",
            "is no slot",
        ),
        ("{ ask_again = [\"account\"] }", "{ task = \"pay\" }", "task[0].lookup[0].several.then", "no task is called"),
        ("{ ask_again = [\"account\"] }", "\"ask\"", "task[0].phrases", "is missing"),
        ("result =", "method = \"POST\"\nresult =", "task[0].lookup[0].body", "is missing"),
    ] {
        let said = with(from, to);
        assert!(said.starts_with(&format!("`{key}`: ")) && said.contains(word), "{to}: {said}");
        assert!(said.contains("; "), "no remedy: {said}");
    }
    let said = with("then = { ask_again = [\"account\"] }", "then = \"retry\"");
    assert!(said.contains("several.then`: `then` is \"go_on\""), "{said}");
    let said =
        with("say = \"Paid {day:bare}, {/code:digits}.\"", "say = [{ text = \"Paid.\", when = { pay = true } }]");
    assert!(said.contains("`task[0].on_done.say`: may say nothing; "), "{said}");
}

#[test]
fn all_static_clauses_are_known_for_a_cache() {
    let bot = Bot::parse(SMALL, "pizza.toml").unwrap();
    let clauses = bot.prompts();
    for clause in [
        "Hello, this is the pizza line.",
        "Small or large?",
        "Sorry, I did not understand that.",
        "One moment, please.",
    ] {
        assert!(clauses.iter().any(|c| c == clause), "{clause}");
    }
    assert!(clauses.iter().all(|c| !c.contains('{') && !c.contains(|c: char| c.is_ascii_digit())));
}

#[test]
fn a_sentence_may_hold_a_header_field_and_says_nothing_where_it_did_not_come() {
    let text = SMALL.replace("Hello, this is the pizza line.", "Hello {sip.X-Name}, this is the {sip.x-brand} line.");
    let bot = Arc::new(Bot::parse(&text, "pizza.toml").unwrap());
    assert!(
        bot.prompts().iter().all(|clause| !clause.contains("this is the")),
        "what is not known yet is not spoken ahead"
    );
    let greeting = |headers: &[(&str, &str)]| {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        bot.clone().with_headers(headers).greeting.clone()
    };
    assert_eq!(
        greeting(&[("x-name", "Ada"), ("X-Brand", "{size}\r\npizza")]),
        "Hello Ada, this is the size pizza line."
    );
    assert_eq!(greeting(&[]), "Hello, this is the line.");
    let plain = Arc::new(Bot::parse(SMALL, "pizza.toml").unwrap());
    assert!(Arc::ptr_eq(&plain, &plain.clone().with_headers(Headers::default())), "no copy where nothing is filled in");
}
