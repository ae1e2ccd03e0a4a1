//! How often the shipped bots take a wrong value in silence, by sentences that somebody wrote without knowing how they are read.
//!
//! `cargo test -p dialog --features testkit figures_of_strangers -- --ignored --nocapture` prints what became of each sentence of
//! `value/strangers`, and the figures; with `STRANGERS=FILE` of that file. A line: `bot|the slot that is asked for, or *|sentence|expected`.
//! What is expected: `slot=value; slot=value` (a duration in minutes), `ASK` where the sentence gives no value by itself, `NONE` where it is no
//! try to give one, and `… OR ASK`. The first line may say when the call is: `# today 2026-03-14T10:00`.
use super::*;
use crate::language::Language;
use std::collections::BTreeMap;
use std::fmt;

const BOTS: [(&str, &str); 12] = [
    ("booking.en", BOOKING),
    ("places.vi", PLACES),
    ("appointment.en", include_str!("../../../../configs/examples/appointment.en.toml")),
    ("bill.en", include_str!("../../../../configs/examples/bill.en.toml")),
    ("bistro.en", include_str!("../../../../configs/examples/bistro.en.toml")),
    ("bistro.vi", include_str!("../../../../configs/examples/bistro.vi.toml")),
    ("orders.vi", include_str!("../../../../configs/examples/orders.vi.toml")),
    ("pizza.en", include_str!("../../../../configs/examples/pizza.en.toml")),
    ("reception.en", include_str!("../../../../configs/examples/reception.en.toml")),
    ("reception.vi", include_str!("../../../../configs/examples/reception.vi.toml")),
    ("spa.en", include_str!("../../../../configs/examples/spa.en.toml")),
    ("spa.vi", include_str!("../../../../configs/examples/spa.vi.toml")),
];

/// The sets that are kept, each in both languages. `own`, `clauses` and `plain` (answers as most
/// callers give them) are what the rules were tuned on. `fifth` was written by somebody else and
/// held out: at first sight 1 of its 200 was silently wrong; it is mended since, so it measures nothing any more.
const SETS: [(&str, [&str; 2]); 4] = [
    ("own", [include_str!("../../value/strangers/own.en.txt"), include_str!("../../value/strangers/own.vi.txt")]),
    (
        "clauses",
        [include_str!("../../value/strangers/clauses.en.txt"), include_str!("../../value/strangers/clauses.vi.txt")],
    ),
    ("plain", [include_str!("../../value/strangers/plain.en.txt"), include_str!("../../value/strangers/plain.vi.txt")]),
    ("fifth", [include_str!("../../value/strangers/fifth.en.txt"), include_str!("../../value/strangers/fifth.vi.txt")]),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    /// All values that are expected, and no other, without a question about one of them.
    Right,
    /// A value that is expected was asked about, or not taken.
    AskedNeedlessly,
    Asked,
    Silent,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Outcome::Right => "right",
            Outcome::AskedNeedlessly => "asked needlessly",
            Outcome::Asked => "asked",
            Outcome::Silent => "SILENTLY WRONG",
        })
    }
}

/// A shipped bot whose task asks for this slot first, and what a caller says to come there.
fn bot(name: &str, asked: &str) -> Result<(Bot, Option<String>), String> {
    let text = BOTS.iter().find(|(known, _)| *known == name).ok_or_else(|| format!("no bot {name}"))?.1;
    let mut file: toml::Table = toml::from_str(text).map_err(|e| e.to_string())?;
    for key in ["model", "document", "memory"] {
        file.remove(key);
    }
    let tasks = file.get_mut("task").and_then(toml::Value::as_array_mut).ok_or("no tasks")?;
    let is_only = tasks.len() == 1;
    let mut opening = None;
    if asked != "*" {
        let name_of = |slot: &toml::Value| slot.as_str().or_else(|| slot.get("slot")?.as_str()).map(str::to_owned);
        let slots = |task: &toml::Value| task.get("slots").and_then(toml::Value::as_array).cloned().unwrap_or_default();
        let is_asked = |slot: &toml::Value| name_of(slot).as_deref() == Some(asked);
        let task = tasks.iter_mut().find(|task| slots(task).iter().any(is_asked));
        let task = task.ok_or_else(|| format!("no slot {asked}"))?;
        let (first, rest): (Vec<_>, Vec<_>) = slots(task).into_iter().partition(is_asked);
        let table = task.as_table_mut().ok_or("no table")?;
        let all = first.iter().filter_map(name_of).map(toml::Value::from).chain(rest).collect();
        table.insert("slots".into(), toml::Value::Array(all));
        table.remove("lookup");
        table.remove("confirm");
        table.insert("on_done".into(), toml::toml! { say = "Done." }.into());
        let phrase = table.get("phrases").and_then(|phrases| phrases.get(0)?.as_str());
        opening = phrase.filter(|_| !is_only).map(str::to_owned);
    }
    let text = toml::to_string(&file).map_err(|e| e.to_string())?;
    Ok((Bot::parse(&text, name).map_err(|e| e.to_string())?, opening))
}

/// What a bot makes of a sentence: its values, and whether it asks about each.
fn heard((bot, opening): (Bot, Option<String>), now: DateTime, sentence: &str) -> BTreeMap<String, (String, bool)> {
    let (check, yes) = match bot.language {
        Language::En => ("Did you say", "yes"),
        Language::Vi => ("Có phải quý khách nói", "đúng rồi"),
    };
    let mut sim = Sim::at(bot, now);
    sim.input(Input::Answered);
    if let Some(opening) = opening {
        sim.say(&opening);
    }
    sim.listen();
    sim.look();
    let from = sim.outputs.len();
    sim.say(sentence);
    sim.listen();
    let mut values = BTreeMap::new();
    for output in &sim.outputs[from..] {
        if let Output::Slot { name, value, .. } = output {
            match value {
                Some(value) => values.insert(name.to_string(), (value.to_string().trim_matches('"').to_owned(), false)),
                None => values.remove(&name.to_string()),
            };
        }
    }
    // What it asks about, one after the other.
    for _ in 0..6 {
        if !sim.look().iter().any(|line| line.contains(check)) {
            break;
        }
        let from = sim.outputs.len();
        sim.say(yes);
        sim.listen();
        let slot = sim.outputs[from..].iter().find_map(|output| match output {
            Output::Slot { name, confirmed: true, .. } => Some(name.to_string()),
            _ => None,
        });
        if let Some((_, asked)) = slot.and_then(|slot| values.get_mut(&slot)) {
            *asked = true;
        }
    }
    values
}

/// Whether these are the same value: `90` and `PT1H30M` are, and lists however they are spaced.
fn is_same(expected: &str, heard: &str) -> bool {
    let json = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
    let minutes = |text: &str| {
        let span: jiff::Span = text.parse().ok()?;
        span.total((jiff::Unit::Minute, jiff::SpanRelativeTo::days_are_24_hours()))
            .ok()
            .map(|minutes| minutes.to_string())
    };
    let is_json = || json(expected).is_some_and(|expected| Some(expected) == json(heard));
    expected == heard || minutes(heard).as_deref() == Some(expected) || is_json()
}

fn judged(expected: &str, heard: &BTreeMap<String, (String, bool)>) -> Outcome {
    let (expected, may_ask) = expected.strip_suffix(" OR ASK").map_or((expected, false), |expected| (expected, true));
    let pairs = expected.split(';').filter_map(|pair| pair.trim().split_once('='));
    let expected: BTreeMap<&str, &str> = pairs.filter(|(slot, _)| *slot != "task").collect();
    let is_expected = |slot: &str, value: &str| expected.get(slot).is_some_and(|expected| is_same(expected, value));
    let wrong = heard.iter().any(|(slot, (value, asked))| !asked && !is_expected(slot, value));
    let right = |slot: &&str| heard.get(*slot).is_some_and(|(value, asked)| !asked && is_expected(slot, value));
    match () {
        () if wrong => Outcome::Silent,
        () if expected.is_empty() => Outcome::Asked,
        () if expected.keys().all(right) => Outcome::Right,
        () if may_ask => Outcome::Asked,
        () => Outcome::AskedNeedlessly,
    }
}

/// Prints what became of the sentences of a set, and gives how many came to each outcome.
fn measured(set: &str, text: &str) -> BTreeMap<Outcome, usize> {
    let mut counts = BTreeMap::new();
    let day = text.lines().next().and_then(|line| line.strip_prefix("# today "));
    let now = day.map_or_else(today, |day| day.trim().parse().unwrap_or_else(|e| panic!("{day}: {e}")));
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let fields: Vec<&str> = line.split('|').map(str::trim).collect();
        let [name, asked, sentence, expected] = fields[..] else { panic!("no row: {line}") };
        let bot = bot(name, asked).unwrap_or_else(|e| panic!("{line}: {e}"));
        let heard = heard(bot, now, sentence);
        let outcome = judged(expected, &heard);
        *counts.entry(outcome).or_default() += 1;
        let heard: Vec<String> = heard
            .iter()
            .map(|(slot, (value, asked))| format!("{slot}={value}{}", if *asked { "?" } else { "" }))
            .collect();
        println!("{outcome:16} {line} -> {}", heard.join("; "));
    }
    println!("== {set}: {counts:?}");
    counts
}

#[test]
#[ignore = "prints figures"]
fn figures_of_strangers() {
    match std::env::var("STRANGERS") {
        Ok(file) => {
            let text = std::fs::read_to_string(&file).unwrap_or_else(|e| panic!("{file}: {e}"));
            measured(&file, &text);
        }
        Err(_) => {
            for (set, texts) in SETS {
                for text in texts {
                    measured(set, text);
                }
            }
        }
    }
}

/// Of the sentences that were mended and are kept, none gives a wrong value in silence.
#[test]
fn no_kept_sentence_is_silently_wrong() {
    for (set, texts) in SETS {
        for text in texts {
            let counts = measured(set, text);
            assert_eq!(counts.get(&Outcome::Silent), None, "{set}: {counts:?}");
        }
    }
}
