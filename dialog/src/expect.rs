//! What a recogniser should listen for: one JSGF grammar (JSpeech Grammar Format, W3C note of 2000) per step.
//!
//! Every rule is referred to once wherever possible, since a compiler copies it at each reference. Values come in any order through one
//! loop. The answer to the question stands first; whatever else may be said stands behind it with a small weight, so that the decoder
//! takes an answer for something else only where it clearly is (and asks for less proof of an answer). Inside each of the two every
//! sentence is equally likely: what keeps an answer clear of its rivals is a short list of them.
use crate::bot::{Bot, Commands, Then};
use crate::conversation::Expect;
use crate::model::flow::Step;
use crate::model::pad::{self, Pad};
use crate::value::{Kind, Language, tokens};
use std::fmt::Write;

mod en;
mod vi;

/// The grammar of a step. `secret`: what is heard must not be stored.
pub fn build(bot: &Bot, step: Step, task: Option<usize>, secret: bool) -> Expect {
    let mut grammar = Grammar { language: bot.language, commands: &bot.commands, rules: Vec::new() };
    let slots = task.map_or(&[][..], |t| bot.tasks[t].slots.as_slice());
    let command = commands(&bot.commands, bot.language);
    // Answers, and all else that may be said.
    let mut likely: Vec<String> = Vec::new();
    let mut ways: Vec<String> = Vec::new();
    if let Some(command) = command {
        ways.push(command.to_string());
    }
    let mut keys = true;
    let mut free = false;
    match step {
        Step::Task => {
            let lead = grammar.lead();
            let (mut tasks, mut bare) = (Vec::new(), Vec::new());
            for (t, task) in bot.tasks.iter().enumerate() {
                let phrases = alternatives(task.phrases.iter().map(|p| tokens(p, bot.language)));
                if phrases.is_empty() {
                    continue;
                }
                if let Some(fills) = grammar.fills(bot, &task.slots, None, &format!("t{t}")) {
                    tasks.push(format!("({phrases}) {fills}"));
                }
                bare.push(phrases);
            }
            let tail = grammar.tail();
            for (to, tasks) in [(&mut likely, bare), (&mut ways, tasks)] {
                if !tasks.is_empty() {
                    to.push(format!("{lead} ({}) {tail}", tasks.join(" | ")));
                }
            }
            // "No" answers "anything else?".
            if bot.tasks.iter().any(|t| t.done.then == Then::Ask) {
                likely.push(grammar.no());
            }
        }
        Step::Slot(asked) if bot.slots[asked].kind == Kind::Text => {
            free = true;
            keys = false;
        }
        Step::Slot(asked) => {
            keys = bot.slots[asked].keypad && pad::of(&bot.slots[asked].kind) != Pad::None;
            let (lead, tail) = (grammar.lead(), grammar.tail());
            if let Some(answer) = grammar.way(bot, asked, Some(asked), "s") {
                likely.push(format!("{lead} {answer} {tail}"));
            }
            if let Some(fills) = grammar.fills(bot, slots, Some(asked), "s") {
                ways.push(format!("{lead} {fills} {tail}"));
            }
            let others = bot.tasks.iter().enumerate().filter(|(t, _)| Some(*t) != task).flat_map(|(_, t)| &t.phrases);
            let others = alternatives(others.map(|p| tokens(p, bot.language)));
            if !others.is_empty() {
                ways.push(format!("({others})"));
            }
        }
        Step::Check(asked) => {
            likely.extend([grammar.yes(), grammar.no()]);
            let maybe_no = grammar.maybe_no();
            if let Some(fills) = grammar.fills(bot, &[asked], Some(asked), "s") {
                ways.push(format!("{maybe_no} {fills}"));
            }
        }
        Step::Review | Step::Change => {
            likely.extend([grammar.yes(), grammar.no()]);
            let maybe_no = grammar.maybe_no();
            if let Some(fills) = grammar.fills(bot, slots, None, "s") {
                ways.push(format!("{maybe_no} {fills}"));
            }
            let names = grammar.names(bot, slots);
            if !names.is_empty() {
                ways.push(format!("{maybe_no} ({names})"));
            }
        }
        Step::Busy | Step::Over => keys = false,
    }
    let mut text = String::from("#JSGF V1.0;\ngrammar switchboard;\n");
    // An alternative's weight ends with it: what is unlikely is one alternative, in brackets where it has several.
    match (likely.is_empty(), ways.is_empty()) {
        (true, _) => _ = writeln!(text, "public <turn> = {};", ways.join("\n | ")),
        (false, true) => _ = writeln!(text, "public <turn> = {};", likely.join("\n | ")),
        (false, false) => {
            _ = writeln!(text, "public <turn> = {}\n | /{UNLIKELY}/ ({});", likely.join("\n | "), ways.join("\n | "));
        }
    }
    for (name, body) in &grammar.rules {
        let _ = writeln!(text, "<{name}> = {body};");
    }
    Expect { grammar: text, free, keys, secret }
}

/// Every grammar a bot may ask for.
pub fn all(bot: &Bot) -> Vec<Expect> {
    let mut out: Vec<Expect> = Vec::new();
    let mut add = |expect: Expect| {
        if !out.iter().any(|e| e.grammar == expect.grammar) {
            out.push(expect);
        }
    };
    if bot.tasks.iter().any(|t| !t.phrases.is_empty()) {
        add(build(bot, Step::Task, None, false));
    }
    for (t, task) in bot.tasks.iter().enumerate() {
        for slot in &task.slots {
            add(build(bot, Step::Slot(*slot), Some(t), bot.slots[*slot].secret));
            add(build(bot, Step::Check(*slot), Some(t), bot.slots[*slot].secret));
        }
        add(build(bot, Step::Review, Some(t), false));
    }
    out
}

/// The weight of what nobody asked for, against 1 for an answer. A decoder counts it once for the whole utterance.
const UNLIKELY: &str = "0.0001";

/// The rules of one grammar while it is built.
struct Grammar<'a> {
    language: Language,
    commands: &'a Commands,
    rules: Vec<(String, String)>,
}

/// Phrases as alternatives; equal ones once.
fn alternatives(phrases: impl Iterator<Item = Vec<String>>) -> String {
    let mut all: Vec<String> = Vec::new();
    for phrase in phrases.map(|p| spoken(&p)).filter(|p| !p.is_empty()) {
        if !all.contains(&phrase) {
            all.push(phrase);
        }
    }
    all.join(" | ")
}

/// Tokens as a recogniser says them: `pm` is two words, and nothing but letters and apostrophes is a word.
fn spoken(words: &[String]) -> String {
    let word = |w: &String| match w.as_str() {
        "pm" => "p m".to_string(),
        "am" => "a m".to_string(),
        w => w.chars().filter(|c| c.is_alphanumeric() || *c == '\'').collect(),
    };
    words.iter().map(word).filter(|w| !w.is_empty()).collect::<Vec<_>>().join(" ")
}

fn commands(commands: &Commands, language: Language) -> Option<String> {
    let all = alternatives(commands.all.iter().flat_map(|(_, all)| all).map(|p| tokens(p, language)));
    (!all.is_empty()).then(|| format!("({all})"))
}

impl Grammar<'_> {
    fn en(&self) -> bool {
        self.language == Language::En
    }

    /// Adds a rule and gives its reference.
    fn rule(&mut self, name: &str, body: String) -> String {
        if !self.rules.iter().any(|(n, _)| n == name) {
            self.rules.push((name.to_string(), body));
        }
        format!("<{name}>")
    }

    fn lead(&self) -> String {
        match self.phrases(&self.commands.polite) {
            lead if lead.is_empty() => String::new(),
            lead => format!("(<NULL> | ({lead}))"),
        }
    }

    fn tail(&self) -> &'static str {
        match (self.commands.polite.is_empty(), self.en()) {
            (true, _) => "",
            (false, true) => "(<NULL> | please)",
            (false, false) => "(<NULL> | ạ)",
        }
    }

    fn phrases(&self, list: &[String]) -> String {
        alternatives(list.iter().map(|p| tokens(p, self.language)))
    }

    fn yes(&self) -> String {
        format!("({})", self.phrases(&self.commands.yes))
    }

    fn no(&self) -> String {
        format!("({})", self.phrases(&self.commands.no))
    }

    /// "no, tomorrow": the shortest way to say no, perhaps.
    fn maybe_no(&self) -> String {
        match self.commands.no.first().map(|no| tokens(no, self.language)).filter(|no| !no.is_empty()) {
            Some(no) => format!("(<NULL> | {})", spoken(&no)),
            None => String::new(),
        }
    }

    /// "the time", "the date": slots by name.
    fn names(&self, bot: &Bot, slots: &[usize]) -> String {
        let of = |s: &usize| -> Vec<&str> {
            match (&bot.slots[*s].kind, self.en()) {
                (Kind::Date, true) => vec!["the date", "the day"],
                (Kind::Time, true) => vec!["the time"],
                (Kind::Duration, true) => vec!["how long"],
                _ if self.commands.polite.is_empty() => Vec::new(),
                (Kind::Date, false) => vec!["ngày"],
                (Kind::Time, false) => vec!["giờ"],
                (Kind::Duration, false) => vec!["thời gian"],
                _ => Vec::new(),
            }
        };
        slots.iter().flat_map(of).collect::<Vec<_>>().join(" | ")
    }

    /// Values of these slots in any order; the one that is asked for is likely. `None`: no slot has a grammar.
    fn fills(&mut self, bot: &Bot, slots: &[usize], asked: Option<usize>, prefix: &str) -> Option<String> {
        let ways: Vec<String> = slots.iter().filter_map(|&s| self.way(bot, s, asked, prefix)).collect();
        if ways.is_empty() {
            return None;
        }
        let fill = self.rule(&format!("{prefix}_fill"), ways.join(" | "));
        Some(self.rule(&format!("{prefix}_fills"), format!("{fill}+")))
    }

    /// A slot's value, perhaps behind the words that lead to it. `None`: it has no grammar, or only where it is asked for.
    fn way(&mut self, bot: &Bot, s: usize, asked: Option<usize>, prefix: &str) -> Option<String> {
        let slot = &bot.slots[s];
        // A string of digits and a yes belong to their own question.
        let own = matches!(slot.kind, Kind::Digits { .. } | Kind::Phone | Kind::YesNo);
        if slot.kind == Kind::Text || (own && asked != Some(s)) {
            return None;
        }
        let value = self.value(&slot.kind, asked == Some(s));
        let name = self.rule(&format!("{prefix}_{}", slot.name.to_lowercase()), value);
        let cues = slot.cues.iter().map(|c| tokens(c, self.language)).collect::<Vec<_>>();
        let carrier = match (alternatives(cues.into_iter()), self.carrier(&slot.kind)) {
            (own, "") => own,
            (own, usual) if own.is_empty() => usual.to_string(),
            (own, usual) => format!("{own} | {usual}"),
        };
        let carrier = if carrier.is_empty() { String::new() } else { format!("(<NULL> | {carrier}) ") };
        Some(format!("{carrier}{name}"))
    }

    fn carrier(&self, kind: &Kind) -> &'static str {
        match (kind, self.en()) {
            (Kind::Choice(_), true) => "in | at | the",
            (Kind::Date, true) => "on | for",
            (Kind::Time, true) => "at",
            (Kind::Number { .. } | Kind::Duration, true) => "for",
            (Kind::Time, false) => "lúc",
            (Kind::Date, false) => "vào",
            (Kind::Number { .. }, false) => "cho",
            _ => "",
        }
    }

    fn value(&mut self, kind: &Kind, asked: bool) -> String {
        let en = self.en();
        match kind {
            Kind::Choice(all) => alternatives(all.iter().flat_map(|c| c.words.iter().cloned())),
            Kind::YesNo => format!("{} | {}", self.yes(), self.no()),
            Kind::Number { min, max, unit } => {
                let number = if en { en::number(*min, *max) } else { vi::number(*min, *max) };
                let units = alternatives(unit.iter().map(|u| tokens(u, self.language)));
                match (units.is_empty(), asked) {
                    (true, _) => number,
                    // A bare number is an answer only to its own question.
                    (false, true) => format!("({number}) (({units}) | <NULL>)"),
                    (false, false) => format!("({number}) ({units})"),
                }
            }
            Kind::Digits { min, max } => run(if en { en::DIGIT } else { vi::DIGIT }, *min, *max),
            Kind::Phone => run(if en { en::DIGITS } else { vi::DIGIT }, 5, 12),
            Kind::Date if en => en::date(),
            Kind::Date => vi::date(),
            Kind::Time if en => en::time(asked),
            Kind::Time => vi::time(),
            Kind::Duration if en => en::duration(),
            Kind::Duration => vi::duration(),
            Kind::Text => String::new(),
        }
    }
}

/// `min` to `max` of something, one after another.
fn run(item: &str, min: usize, max: usize) -> String {
    let mut text = String::new();
    for _ in min..max {
        text = format!("[({item}) {text}]");
    }
    format!("{}{text}", format!("({item}) ").repeat(min))
}

#[cfg(test)]
mod tests;
