//! Tables of sentences: what is asked, what the caller says, and which values a bot then holds.
//!
//! A row's first field names the slots of the bot; the first of them is asked. The last one is what they hold afterwards, in their
//! order, `-` where one is empty; `asks` where all are. `?` stands behind a value that the bot asks about ("Did you say …?").
use super::*;
use std::collections::BTreeMap;

mod en;

mod vi;

pub(super) type Row = (&'static str, &'static str, &'static str);

const EN: [(&str, &str); 16] = [
    ("time", "type = 'time'"),
    ("date", "type = 'date'"),
    ("duration", "type = 'duration'"),
    ("people", "type = 'number'\nmin = 1\nmax = 50\nunit = ['person', 'people']"),
    ("amount", "type = 'number'\nmin = 0\nmax = 999999"),
    ("city", "type = 'choice'\nvalues = ['boston', 'new york', 'chicago', 'san francisco']"),
    ("size", "type = 'choice'\nvalues = ['small', 'medium', 'large']"),
    ("code", "type = 'digits'\nlength = 4"),
    ("phone", "type = 'phone'"),
    ("times", "type = 'span'\nof = 'times'"),
    ("dates", "type = 'span'\nof = 'dates'"),
    ("from", "type = 'choice'\ncues = ['from']\nvalues = ['boston', 'new york', 'chicago']"),
    ("to", "type = 'choice'\ncues = ['to']\nvalues = ['boston', 'new york', 'chicago']"),
    ("open", "type = 'time'"),
    ("money", "type = 'money'\nmax = 10000"),
    ("agreed", "type = 'yes_no'"),
];
const VI: [(&str, &str); 15] = [
    ("size", "type = 'choice'\nvalues = ['nhỏ', 'vừa', 'lớn']"),
    ("time", "type = 'time'"),
    ("date", "type = 'date'"),
    ("lunar", "type = 'date'\nlunar = true"),
    ("duration", "type = 'duration'"),
    ("people", "type = 'number'\nmin = 1\nmax = 50\nunit = ['người']"),
    ("amount", "type = 'number'\nmin = 0\nmax = 999999"),
    ("city", "type = 'choice'\nvalues = ['hà nội', 'sài gòn', 'đà nẵng', 'huế']"),
    ("code", "type = 'digits'\nlength = 4"),
    ("times", "type = 'span'\nof = 'times'"),
    ("dates", "type = 'span'\nof = 'dates'"),
    ("open", "type = 'time'"),
    ("money", "type = 'money'\nmax = 10000000"),
    ("agreed", "type = 'yes_no'"),
    ("phone", "type = 'phone'"),
];

/// A bot that asks for these slots. One with `open` among them has opening hours, by which `open` is read.
fn bot(slots: &str, language: &str) -> Bot {
    let known: &[(&str, &str)] = if language == "en" { &EN } else { &VI };
    let names: Vec<&str> = slots.split(' ').collect();
    let mut text = format!("name = 'b'\nlanguage = '{language}'\ngreeting = 'Hello.'\n");
    if names.contains(&"open") {
        text += "opening_hours = '11:00-23:00'\n";
    }
    if names.contains(&"money") {
        text += if language == "en" { "currency = 'USD'\n" } else { "currency = 'VND'\n" };
    }
    for name in &names {
        let kind = known.iter().find(|(known, _)| known == name).unwrap_or_else(|| panic!("no slot {name}")).1;
        text += &format!("[[slot]]\nname = '{name}'\nprompt = 'What {name}?'\n{kind}\n");
    }
    text += "[[slot]]\nname = 'note'\nprompt = 'What else?'\ntype = 'text'\n";
    text +=
        &format!("[[task]]\nname = 't'\nslots = ['{}', 'note']\non_done = {{ say = 'Done.' }}\n", names.join("', '"));
    Bot::parse(&text, "understood").unwrap_or_else(|e| panic!("{e}"))
}

/// What a bot holds after these sentences ("tomorrow evening / at eight").
pub(super) fn held(slots: &str, said: &str, language: &str) -> String {
    let mut sim = Sim::new(bot(slots, language));
    sim.input(Input::Answered);
    let mut values: BTreeMap<&str, String> = BTreeMap::new();
    let mut asked = false;
    for sentence in said.split(" / ") {
        sim.say(sentence);
        sim.listen();
        let seen = sim.look();
        for line in &seen {
            let Some((name, value)) = line.split_once(" = ") else { continue };
            if let Some(name) = slots.split(' ').find(|slot| *slot == name) {
                values.insert(name, value.trim_end_matches(" ✓").trim_matches('"').to_owned());
            }
        }
        asked = seen.iter().any(|line| line.contains("Did you say") || line.contains("Có phải quý khách nói"));
    }
    let value = |slot: &str| values.get(slot).filter(|value| *value != "-").map_or("-", String::as_str).to_owned();
    let all: Vec<String> = slots.split(' ').map(value).collect();
    match all.iter().all(|value| value == "-") {
        true => "asks".into(),
        false => format!("{}{}", all.join(" "), if asked { "?" } else { "" }),
    }
}

pub(super) fn check_rows(rows: &[Row], language: &str) {
    let wrong: Vec<String> = rows
        .iter()
        .map(|(slots, said, wanted)| (slots, said, wanted, held(slots, said, language)))
        .filter(|(_, _, wanted, got)| *wanted != got)
        .map(|(slots, said, wanted, got)| format!("{slots}: {said}: wanted {wanted}, got {got}"))
        .collect();
    assert!(wrong.is_empty(), "{} of {}\n{}", wrong.len(), rows.len(), wrong.join("\n"));
}
