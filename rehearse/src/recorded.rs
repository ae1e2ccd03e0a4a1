//! `RecordedCall`: a call as it was recorded, and the scenario that does again what its caller did.
use crate::random::{Random, of_run};
use dialog::bot::{Bot, RequestTemplate, Slot, Target};
use dialog::conversation::MASK;
use dialog::say;
use dialog::value::kind::Kind;
use jiff::civil::DateTime;
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::time::Duration;

/// What is known of a call that was held.
#[derive(Clone, Debug, Default)]
pub struct RecordedCall {
    pub id: String,
    /// When it began, where the server stands.
    pub started: DateTime,
    pub turns: Vec<RecordedTurn>,
    pub slots: Vec<RecordedSlot>,
    /// As the record has it; `None`: the call has not ended.
    pub end: Option<String>,
    /// What came of the wish for a person: `put through`, or why not.
    pub person: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct RecordedTurn {
    pub started: Duration,
    pub ended: Duration,
    pub by: RecordedSpeaker,
    pub text: String,
    /// The other side spoke over it.
    pub interrupted: bool,
    pub confidence: Option<f32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordedSpeaker {
    Bot,
    Voice,
    Keys,
    Text,
}

/// A slot was filled.
#[derive(Clone, Debug)]
pub struct RecordedSlot {
    pub at: Duration,
    pub name: String,
    pub value: Json,
}

/// What becomes of a caller's own values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Values {
    /// Numbers, phone numbers and free text are replaced by made-up ones of the same form, wherever they occur.
    Masked,
    /// Kept, but for secrets, which are in no record.
    Kept,
}

/// The mark of a value that the store withholds.
const WITHHELD: &str = "•••";

impl RecordedCall {
    /// The same call with made-up values in place of the caller's own.
    pub fn masked(mut self, bot: &Bot, values: Values) -> Self {
        self.fill_secrets(bot);
        if values == Values::Kept {
            return self;
        }
        let mut random = of_run(0, &self.id, 0);
        let mut made: BTreeMap<String, String> = BTreeMap::new();
        for slot in &mut self.slots {
            let Some(plan) = bot.slot(&slot.name).map(|at| &bot.slots[at]) else { continue };
            let Some(own) = slot.value.as_str().filter(|own| is_personal(plan) && !is_mask(own)) else { continue };
            let other = made.entry(own.to_owned()).or_insert_with(|| made_up(plan, own, &mut random)).clone();
            slot.value = other.into();
        }
        for turn in &mut self.turns {
            for (own, other) in &made {
                turn.text = replaced(&turn.text, own, other, bot);
            }
        }
        self.mask_answers(bot, &made);
        self
    }

    /// A turn that gave a personal value in other words than are known of it is replaced whole.
    fn mask_answers(&mut self, bot: &Bot, made: &BTreeMap<String, String>) {
        let others: Vec<&String> = made.values().collect();
        // A value is told once more when the caller has confirmed it.
        let mut first: BTreeSet<(&str, &str)> = BTreeSet::new();
        for slot in &self.slots {
            let Some(other) = slot.value.as_str().filter(|value| others.iter().any(|other| other.as_str() == *value))
            else {
                continue;
            };
            if !first.insert((&slot.name, other)) {
                continue;
            }
            let before = |turn: &&mut RecordedTurn| turn.by != RecordedSpeaker::Bot && turn.started <= slot.at;
            let Some(turn) = self.turns.iter_mut().rev().find(before) else { continue };
            let spoken = say::digits(other, bot.language);
            if !turn.text.contains(other) && !turn.text.contains(&spoken) {
                turn.text =
                    if turn.by == RecordedSpeaker::Voice && is_digits(other) { spoken } else { other.to_owned() };
            }
        }
    }

    /// Secrets stand in no record: a made-up one that fits its slot stands in for each.
    fn fill_secrets(&mut self, bot: &Bot) {
        for turn in self.turns.iter_mut().filter(|turn| turn.by != RecordedSpeaker::Bot && is_mask(&turn.text)) {
            let next = self
                .slots
                .iter()
                .find(|slot| slot.at + Duration::from_millis(1) >= turn.ended && is_masked(&slot.value));
            let plan = next.and_then(|slot| bot.slot(&slot.name)).map(|at| &bot.slots[at]);
            let plan = plan.or_else(|| bot.slots.iter().find(|slot| slot.secret));
            let digits = plan.map_or_else(|| "1234".to_owned(), |plan| digits_for(plan, 4));
            turn.text = if turn.by == RecordedSpeaker::Voice { say::digits(&digits, bot.language) } else { digits };
        }
    }

    /// A rehearsal with one scenario: what the caller did, and, where `hears`, what the bot is to say before.
    pub fn scenario(&self, bot: &Bot, bot_file: &str, hears: bool) -> String {
        let mut out = String::new();
        let _ = writeln!(out, "# The caller's side of the call {}, as it was recorded.", self.id);
        let _ = writeln!(out, "bot = {}\nlanguage = {}", text(bot_file), text(bot.language.code()));
        let _ = writeln!(out, "now = \"{}\"\nruns = 1", self.started.strftime("%Y-%m-%dT%H:%M:%S"));
        let _ = writeln!(out, "\n[variation]\npace = [1.0, 1.0]\nconfidence = [0.9, 0.9]");
        self.tools(&mut out, bot);
        if let Some(person) = &self.person {
            let _ = writeln!(out, "\n[person]\noutcome = {}\nafter_ms = 5000", text(person));
        }
        let _ = writeln!(out, "\n[[scenario]]\nname = {}\nsteps = [", text(&format!("call {}", self.id)));
        self.steps(&mut out, bot, hears);
        out.push_str("]\n");
        if hears {
            self.expectations(&mut out, bot);
        }
        out
    }

    /// The record does not hold what services answered.
    fn tools(&self, out: &mut String, bot: &Bot) {
        let method = |request: &RequestTemplate| match &request.target {
            Target::Http { method, .. } => Some(method.name()),
            Target::Tool(_) => None,
        };
        let mut methods: Vec<&str> = bot.tasks.iter().flat_map(|task| task.requests()).filter_map(method).collect();
        methods.sort_unstable();
        methods.dedup();
        for method in methods {
            out.push_str("\n# What services answered is not recorded: write it here, a [[tool]] for each request.\n");
            let _ = writeln!(out, "[[tool]]\nrequest = {}\nanswer = {{}}", text(&format!("{method} *")));
        }
    }

    fn steps(&self, out: &mut String, bot: &Bot, hears: bool) {
        let mut said: Vec<&RecordedTurn> = Vec::new();
        for turn in &self.turns {
            if turn.by == RecordedSpeaker::Bot {
                said.push(turn);
                continue;
            }
            let over = said.last().filter(|bot| bot.interrupted && turn.by == RecordedSpeaker::Voice).copied();
            // Where the caller let the bot ask again.
            let silent = said.first().filter(|_| said.len() > 1).map(|first| turn.started.saturating_sub(first.ended));
            if let Some(silent) = silent.filter(|silent| *silent > bot.silence.prompt && over.is_none()) {
                let _ = writeln!(out, "    {{ silence_ms = {} }},", silent.as_millis().min(600_000));
            }
            let hear = said.last().filter(|_| hears).map(|bot| format!("hear = {}, ", text(&bot.text)));
            let _ = writeln!(out, "    {{ {}{} }},", hear.unwrap_or_default(), doing(turn, over));
            said.clear();
        }
        match (said.last(), self.end.as_deref()) {
            (Some(last), _) if hears => {
                let _ = writeln!(out, "    {{ hear = {} }},", text(&last.text));
            }
            _ => {}
        }
    }

    fn expectations(&self, out: &mut String, bot: &Bot) {
        out.push_str("[scenario.expect]\n");
        let known: BTreeMap<&str, &Json> = self.slots.iter().map(|slot| (slot.name.as_str(), &slot.value)).collect();
        let known = known.into_iter().filter(|(name, _)| bot.slot(name).is_some());
        let slots: Vec<String> =
            known.filter_map(|(name, value)| Some(format!("{} = {}", text(name), toml_of(value)?))).collect();
        if !slots.is_empty() {
            let _ = writeln!(out, "slot = {{ {} }}", slots.join(", "));
        }
        if let Some(end) =
            self.end.as_deref().and_then(|end| crate::scenario::End::all().find(|known| known.text() == end))
        {
            let _ = writeln!(out, "ends = {}", text(end.text()));
        }
    }
}

fn doing(turn: &RecordedTurn, over: Option<&RecordedTurn>) -> String {
    let own = text(&turn.text.replace(['{', '}'], " "));
    let confidence = turn.confidence.filter(|confidence| (0.0..=1.0).contains(confidence));
    let confidence = confidence.map(|confidence| format!(", confidence = {confidence:.2}")).unwrap_or_default();
    match (turn.by, over) {
        (RecordedSpeaker::Keys, _) => format!("keys = {own}"),
        (RecordedSpeaker::Text, _) => format!("type = {own}"),
        (_, Some(bot)) => {
            let after = turn.started.saturating_sub(bot.started).as_millis().min(600_000);
            format!("interrupt = {own}, after_ms = {after}{confidence}")
        }
        _ => format!("say = {own}{confidence}"),
    }
}

/// A TOML string.
fn text(text: &str) -> String {
    toml::Value::from(text).to_string()
}

fn toml_of(json: &Json) -> Option<String> {
    toml::Value::try_from(json).ok().map(|value| value.to_string())
}

fn is_mask(text: &str) -> bool {
    let text = text.trim();
    text == MASK || text == WITHHELD
}

fn is_masked(value: &Json) -> bool {
    value.as_str().is_some_and(is_mask)
}

fn is_personal(slot: &Slot) -> bool {
    matches!(slot.kind, Kind::Digits { .. } | Kind::Phone | Kind::Text)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit())
}

/// Digits that a slot takes, `wanted` of them if it may be so many.
fn digits_for(slot: &Slot, wanted: usize) -> String {
    let count = match slot.kind {
        Kind::Digits { min, max } => wanted.clamp(min, max),
        _ => wanted,
    };
    "4821935067".chars().cycle().take(count).collect()
}

/// A value of the same form.
fn made_up(slot: &Slot, own: &str, random: &mut Random) -> String {
    if !is_digits(own) {
        return if matches!(slot.kind, Kind::Text) { "something else".to_owned() } else { digits_for(slot, own.len()) };
    }
    // The first digit stays: what a number begins with may decide whether it is one.
    let digit = |(at, own): (usize, char)| if at == 0 { own } else { char::from(b'0' + (random.bits() % 10) as u8) };
    own.chars().enumerate().map(digit).collect()
}

/// A text with another value in place of one: as it is written, and as it is said.
fn replaced(text: &str, own: &str, other: &str, bot: &Bot) -> String {
    if own.is_empty() {
        return text.to_owned();
    }
    let text = text.replace(own, other);
    if !is_digits(own) {
        return text;
    }
    let plain = say::digits(own, bot.language).replace(',', "");
    let spoken = say::digits(own, bot.language);
    text.replace(&spoken, &say::digits(other, bot.language))
        .replace(&plain, &say::digits(other, bot.language).replace(',', ""))
}
