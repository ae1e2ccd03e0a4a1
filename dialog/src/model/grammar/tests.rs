//! Grammars: well-formed, small, and what they allow is understood.
use super::*;
use crate::language::Language;
use crate::model::brain::{Brain, BrainInput};
use crate::model::flow::Flow;
use crate::model::thought::Thought;
use crate::testkit::today;
use std::collections::BTreeMap;
use std::sync::Arc;

const BOTS: [&str; 2] =
    [include_str!("../../../../configs/bots/booking.en.toml"), include_str!("../../../../configs/bots/places.vi.toml")];

fn bot(text: &str) -> Arc<Bot> {
    Arc::new(Bot::parse(text, "test").unwrap_or_else(|e| panic!("{e}")))
}

/// A reader of JSGF that knows no more than these grammars need, and picks sentences at random.
struct Reader<'a> {
    rules: BTreeMap<&'a str, Vec<&'a str>>,
    seed: u64,
}

impl<'a> Reader<'a> {
    fn new(grammar: &'a str) -> Reader<'a> {
        let mut rules = BTreeMap::new();
        for rule in grammar.split(";\n").map(str::trim).filter(|r| r.contains('=')) {
            let (name, body) = rule.split_once('=').unwrap();
            let name = name.trim().trim_start_matches("public ").trim_matches(['<', '>', ' ']);
            assert!(rules.insert(name, split(body)).is_none(), "two rules {name}");
        }
        Reader { rules, seed: 1 }
    }

    fn roll(&mut self, sides: usize) -> usize {
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.seed >> 33) as usize % sides
    }

    fn rule(&mut self, name: &str) -> String {
        let body = self.rules.get(name).unwrap_or_else(|| panic!("no rule <{name}>")).clone();
        let mut at = 0;
        let said = self.alternatives(&body, &mut at);
        assert_eq!(at, body.len(), "brackets of <{name}>");
        said.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    fn alternatives(&mut self, body: &[&'a str], at: &mut usize) -> String {
        let mut alternatives = vec![String::new()];
        while *at < body.len() {
            let word = body[*at];
            *at += 1;
            let part = match word {
                "|" => {
                    alternatives.push(String::new());
                    continue;
                }
                "(" => self.alternatives(body, at),
                "[" => {
                    let inner = self.alternatives(body, at);
                    if self.roll(2) == 0 { inner } else { String::new() }
                }
                ")" | "]" => break,
                "+" => String::new(),
                "<NULL>" => String::new(),
                weight if weight.starts_with('/') => String::new(),
                name if name.starts_with('<') => self.rule(name.trim_matches(['<', '>'])),
                word => {
                    assert!(word.chars().all(|c| c.is_lowercase() || c == '\''), "not a word: {word}");
                    word.to_string()
                }
            };
            let last = alternatives.last_mut().unwrap();
            last.push(' ');
            last.push_str(&part);
        }
        let pick = self.roll(alternatives.len());
        alternatives.swap_remove(pick)
    }
}

fn split(body: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut rest = body.trim();
    while let Some(first) = rest.chars().next() {
        let len = match first {
            '(' | ')' | '[' | ']' | '|' | '+' => 1,
            '<' => rest.find('>').expect("a closed name") + 1,
            '/' => rest[1..].find('/').expect("a closed weight") + 2,
            c if c.is_whitespace() => c.len_utf8(),
            _ => rest.find(|c: char| c.is_whitespace() || "()[]|+<".contains(c)).unwrap_or(rest.len()),
        };
        if !first.is_whitespace() {
            out.push(&rest[..len]);
        }
        rest = &rest[len..];
    }
    out
}

#[test]
fn grammars_are_well_formed_and_small() {
    for text in BOTS {
        let bot = bot(text);
        let asks = all(&bot);
        assert!(asks.len() >= 2);
        for ask in asks {
            assert!(ask.grammar.starts_with("#JSGF V1.0;\ngrammar switchboard;\npublic <turn> = "));
            assert_eq!(ask.grammar.matches("public").count(), 1);
            let words = ask.grammar.split_whitespace().count();
            assert!(words < 1_500, "{words} words");
            // A compiler takes an alternative of nothing for a mistake.
            let flat = ask.grammar.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(!["( |", "| |", "| )", "()", "( )"].iter().any(|empty| flat.contains(empty)), "{flat}");
            let mut reader = Reader::new(&ask.grammar);
            for _ in 0..200 {
                assert!(!reader.rule("turn").is_empty());
            }
        }
    }
}

#[test]
fn what_a_grammar_allows_is_understood() {
    for text in BOTS {
        let bot = bot(text);
        for (task, slots) in bot.tasks.iter().map(|t| t.slots.clone()).enumerate() {
            for slot in slots {
                let context = GrammarContext {
                    step: Step::Slot(slot),
                    task: Some(task),
                    secret: false,
                    given: &[],
                    asks_yes_no: false,
                };
                let ask = build(&bot, context);
                let mut reader = Reader::new(&ask.grammar);
                let name = format!("s_{}", bot.slots[slot].name);
                for _ in 0..300 {
                    let said = reader.rule(&name);
                    let words = tokens(&said, bot.language);
                    let found = crate::value::find(&bot.slots[slot].kind, &words, bot.language, today());
                    // "february thirtieth" is grammar, and no date.
                    let no_date = bot.slots[slot].kind == Kind::Date
                        && ["thirt", "twenty ninth", "ba mươi", "hai mươi chín"].iter().any(|w| said.contains(w));
                    // So is "this weekend", which is heard, and asked about.
                    let no_date = no_date || bot.slots[slot].kind == Kind::Date && said.contains("weekend");
                    assert!(found.is_some_and(|f| f.len == words.len()) || no_date, "{}: {said}", bot.slots[slot].name);
                }
            }
        }
    }
}

#[test]
fn what_a_step_allows_changes_the_conversation_or_is_a_command() {
    let bot = bot(BOTS[0]);
    let now = std::time::Instant::now();
    let mut flow = Flow::new(bot.clone(), today());
    flow.handle(now, BrainInput::Answered);
    let ask = flow.expect();
    let mut reader = Reader::new(&ask.grammar);
    for _ in 0..300 {
        let said = reader.rule("turn");
        let mut flow = Flow::new(bot.clone(), today());
        flow.handle(now, BrainInput::Answered);
        while flow.poll().is_some() {}
        flow.handle(now, BrainInput::Heard { text: said.clone(), confidence: 0.9, question_heard: 1.0 });
        let sorry = std::iter::from_fn(|| flow.poll())
            .any(|thought| matches!(thought, Thought::Say { text, .. } if text == bot.prompts.no_match));
        assert!(!sorry, "{said}");
    }
}

#[test]
fn numbers_of_all_ranges_have_a_grammar() {
    for (language, number) in [(Language::En, en::number as fn(i64, i64) -> String), (Language::Vi, vi::number)] {
        for (min, max) in [(0, 9), (1, 20), (0, 99), (1, 500), (0, 9_999)] {
            let grammar = format!("public <turn> = {};\n", number(min, max));
            let mut reader = Reader::new(&grammar);
            for _ in 0..300 {
                let said = reader.rule("turn");
                let words = tokens(&said, language);
                let kind = Kind::Number { min: 0, max: 999_999, unit: Vec::new() };
                let found = crate::value::find(&kind, &words, language, today());
                assert!(found.is_some_and(|f| f.len == words.len()), "{max}: {said}");
            }
        }
    }
}

#[test]
fn an_amount_that_a_grammar_allows_is_understood_where_it_names_its_currency() {
    for (language, currency, named) in [
        ("en", "USD", ["dollar", "cent", "buck"].as_slice()),
        ("en", "GBP", &["pound", "quid", "pence", "penn"]),
        ("vi", "VND", &["đồng"]),
        ("vi", "USD", &["đô", "dollar", "xu", "cent"]),
    ] {
        let bot = bot(&format!(
            "name = 'm'\nlanguage = '{language}'\ncurrency = '{currency}'\ngreeting = 'Hello.'\n\
             [[slot]]\nname = 'sum'\ntype = 'money'\nmax = 900\nprompt = 'How much?'\n\
             [[task]]\nname = 't'\nslots = ['sum']\non_done = {{ say = 'Done.' }}\n"
        ));
        let context =
            GrammarContext { step: Step::Slot(0), task: Some(0), secret: false, given: &[], asks_yes_no: false };
        let ask = build(&bot, context);
        let mut reader = Reader::new(&ask.grammar);
        for _ in 0..500 {
            let said = reader.rule("s_sum");
            let words = tokens(&said, bot.language);
            let found = crate::value::find(&bot.slots[0].kind, &words, bot.language, today());
            let out_of_bounds = said.contains("nine hundred") || said.contains("chín trăm");
            let is_named = named.iter().any(|name| said.contains(name));
            assert!(found.is_some_and(|f| f.len == words.len()) || !is_named || out_of_bounds, "{said}");
        }
    }
}

#[test]
fn items_that_a_grammar_allows_are_understood_to_their_end() {
    let pizza = bot(include_str!("../../../../configs/examples/pizza.en.toml"));
    let slot = pizza.slot("pizzas").unwrap();
    let context =
        GrammarContext { step: Step::Slot(slot), task: Some(0), secret: false, given: &[], asks_yes_no: false };
    let ask = build(&pizza, context);
    let Kind::Items(plan) = &pizza.slots[slot].kind else { panic!("items") };
    let mut reader = Reader::new(&ask.grammar);
    for _ in 0..300 {
        let said = reader.rule("s_pizzas");
        let words = tokens(&said, pizza.language);
        let heard = crate::value::items::heard(&words, plan, pizza.language, |_| 0);
        let is_all = said.trim() == "that's all";
        assert!(is_all || heard.is_some_and(|(items, _)| !items.is_partly_heard), "{said}");
    }
}

#[test]
fn a_code_may_be_said_in_parts_and_the_rest_is_listened_for() {
    let bot = bot(BOTS[0]);
    let (task, slot) = (bot.tasks.iter().position(|t| t.name == "cancel"), bot.slot("code").unwrap());
    let said = |given: &str| -> std::collections::BTreeSet<String> {
        let given = tokens(given, Language::En);
        let ask = build(
            &bot,
            GrammarContext { step: Step::Slot(slot), task, secret: false, given: &given, asks_yes_no: false },
        );
        let mut reader = Reader::new(&ask.grammar);
        (0..4_000).map(|_| reader.rule("turn")).collect()
    };
    let digits = |said: &String| crate::value::digits(&tokens(said, Language::En), Language::En).map(|(d, _)| d.len());
    for (given, counts) in [("", [1, 2, 3, 4].as_slice()), ("four oh", &[1, 2, 3, 4])] {
        let said = said(given);
        assert!(counts.iter().all(|count| said.iter().any(|said| digits(said) == Some(*count))), "{given}");
        assert!(said.contains("scratch that") && said.iter().any(|said| said.starts_with("no ")), "{given}");
    }
    // The rest stands among the likely answers.
    let grammar = |given: &[String]| {
        build(&bot, GrammarContext { step: Step::Slot(slot), task, secret: false, given, asks_yes_no: false }).grammar
    };
    let given = tokens("four oh", Language::En);
    let likely = |grammar: &str| grammar.split_once("/0.0001/").map(|(likely, _)| likely.matches("zero").count());
    assert_eq!((likely(&grammar(&[])), likely(&grammar(&given))), (Some(0), Some(2)));
}

/// Whether the words can be read from what stands at `at`; every place where a reading may end.
fn ends(reader: &Reader, body: &[&str], words: &[&str]) -> Vec<usize> {
    // Alternatives, each a sequence of items; an item may repeat.
    let (mut depth, mut begin, mut out) = (0, 0, Vec::new());
    for (i, word) in body.iter().chain(["|"].iter()).enumerate() {
        match *word {
            "(" | "[" => depth += 1,
            ")" | "]" => depth -= 1,
            "|" if depth == 0 => {
                out.extend(sequence(reader, &body[begin..i], words));
                begin = i + 1;
            }
            _ => {}
        }
    }
    out.sort_unstable();
    out.dedup();
    out
}

fn sequence(reader: &Reader, body: &[&str], words: &[&str]) -> Vec<usize> {
    let Some(first) = body.first() else { return vec![0] };
    let close = |open: &str, close: &str| {
        let mut depth = 0;
        body.iter().position(|word| {
            depth += i32::from(*word == open) - i32::from(*word == close);
            depth == 0
        })
    };
    let (len, mut found) = match *first {
        "(" => close("(", ")").map_or((1, vec![0]), |end| (end + 1, ends(reader, &body[1..end], words))),
        "[" => close("[", "]").map_or((1, vec![0]), |end| {
            let mut found = ends(reader, &body[1..end], words);
            found.push(0);
            (end + 1, found)
        }),
        "<NULL>" => (1, vec![0]),
        weight if weight.starts_with('/') => (1, vec![0]),
        name if name.starts_with('<') => (1, ends(reader, &reader.rules[name.trim_matches(['<', '>'])], words)),
        word => (1, if words.first() == Some(&word) { vec![1] } else { Vec::new() }),
    };
    let mut rest = &body[len..];
    if rest.first() == Some(&"+") {
        rest = &rest[1..];
        let mut new = found.clone();
        while let Some(at) = new.pop().filter(|at| *at > 0) {
            for more in sequence(reader, &body[..len], &words[at..]).into_iter().filter(|more| *more > 0) {
                if !found.contains(&(at + more)) {
                    found.push(at + more);
                    new.push(at + more);
                }
            }
        }
    }
    found
        .into_iter()
        .flat_map(|at| sequence(reader, rest, &words[at..]).into_iter().map(move |more| at + more))
        .collect()
}

#[test]
fn a_grammar_hears_what_callers_say_around_their_values() {
    let bot = bot(BOTS[0]);
    let slot = |name: &str| Step::Slot(bot.slot(name).unwrap());
    for (step, said) in [
        (Step::Task, "i'd like to book a room in boston for tomorrow at two p m for an hour for four people please"),
        (Step::Task, "book a room for four people at two p m on friday in seattle for two hours"),
        (Step::Task, "speak to someone"),
        (slot("people"), "make it four of us"),
        (slot("people"), "about ten people"),
        (slot("people"), "let's say five"),
        (slot("duration"), "let me see half an hour"),
        (slot("duration"), "for two hours please"),
        (slot("duration"), "no make it four p m instead"),
        (slot("time"), "how about two thirty p m"),
        (slot("time"), "around noon"),
        (slot("time"), "no seattle"),
        (slot("place"), "never mind"),
        (Step::Review, "that's fine"),
        (Step::Review, "no make it four p m"),
        (Step::Review, "four p m instead"),
        (Step::Review, "yes except the time"),
        (Step::Review, "i don't think so"),
        (Step::Stop, "no"),
    ] {
        let ask = build(&bot, GrammarContext { step, task: Some(0), secret: false, given: &[], asks_yes_no: false });
        let reader = Reader::new(&ask.grammar);
        let words: Vec<&str> = said.split(' ').collect();
        assert!(ends(&reader, &reader.rules["turn"], &words).contains(&words.len()), "{said}");
    }
}
