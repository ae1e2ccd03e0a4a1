//! `Rules`: the rules of a grammar while it is built, one for each slot that it can fill.
use super::{capture, en, vi};
use crate::bot::{Bot, Commands, Fact, Slot, call_back_phrases};
use crate::language::Language;
use crate::value;
use crate::value::item::ItemPlan;
use crate::value::kind::{Kind, SpanOf};
use crate::value::party::counts_people;
use crate::value::words::tokens;

/// The rules of one grammar while it is built.
pub(super) struct Rules<'a> {
    language: Language,
    commands: &'a Commands,
    rules: Vec<(String, String)>,
}

/// Phrases as alternatives; equal ones once.
pub(super) fn alternatives(phrases: impl Iterator<Item = Vec<String>>) -> String {
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

/// What may be said at any time. `None`: nothing may.
pub(super) fn commands(commands: &Commands, language: Language) -> Option<String> {
    let all = alternatives(commands.all.iter().flat_map(|(_, all)| all).map(|p| tokens(p, language)));
    (!all.is_empty()).then(|| format!("({all})"))
}

/// Ways to ask for being called back.
pub(super) fn call_back(language: Language) -> String {
    let all = alternatives(call_back_phrases(language).iter().map(|phrase| tokens(phrase, language)));
    format!("({all})")
}

/// How callers claim their rights. `None`: a recogniser of the grammar alone is not to listen for that.
pub(super) fn rights(commands: &Commands, language: Language) -> Option<String> {
    let all = alternatives(commands.rights.iter().map(|phrase| tokens(phrase, language)));
    (!all.is_empty()).then(|| format!("({all})"))
}

/// The questions that facts answer. `None`: there are none.
pub(super) fn facts(facts: &[Fact]) -> Option<String> {
    let all = alternatives(facts.iter().flat_map(|fact| fact.questions.iter().chain(&fact.words)).cloned());
    (!all.is_empty()).then(|| format!("({all})"))
}

impl Rules<'_> {
    pub fn new(bot: &Bot) -> Rules<'_> {
        Rules { language: bot.language, commands: &bot.commands, rules: Vec::new() }
    }

    /// Name and body of each rule.
    pub fn all(&self) -> impl Iterator<Item = &(String, String)> {
        self.rules.iter()
    }

    /// Adds a rule and gives its reference.
    fn rule(&mut self, name: &str, body: String) -> String {
        if !self.rules.iter().any(|(n, _)| n == name) {
            self.rules.push((name.to_string(), body));
        }
        format!("<{name}>")
    }

    /// What may be said before an answer ("i'd like").
    pub fn lead(&self) -> String {
        match self.phrases(&self.commands.polite) {
            lead if lead.is_empty() => String::new(),
            lead => format!("(<NULL> | ({lead}))"),
        }
    }

    /// What may be said after an answer ("please").
    pub fn tail(&self) -> &'static str {
        match (self.commands.polite.is_empty(), self.language) {
            (true, _) => "",
            (false, Language::En) => "(<NULL> | please)",
            (false, Language::Vi) => "(<NULL> | ạ | nhé)",
        }
    }

    fn phrases(&self, list: &[String]) -> String {
        alternatives(list.iter().map(|p| tokens(p, self.language)))
    }

    pub fn yes(&self) -> String {
        format!("({})", self.phrases(&self.commands.yes))
    }

    pub fn no(&self) -> String {
        format!("({})", self.phrases(&self.commands.no))
    }

    /// What may be said before the answer to a question ("let me see").
    pub fn answer_lead(&self) -> String {
        let more = match self.language {
            Language::En => "make it | let's say | how about | let me see",
            Language::Vi => "để xem | chắc là",
        };
        match self.phrases(&self.commands.polite) {
            lead if lead.is_empty() => String::new(),
            lead => format!("(<NULL> | ({lead} | {more}))"),
        }
    }

    /// "so that's": what people say before they repeat to each other what they have agreed.
    pub fn people_lead(&self) -> String {
        let more = match self.language {
            Language::En => {
                "so | so that's | that's | so it's | it's | okay | okay so | right so | and | let's say | how about"
            }
            Language::Vi => "vậy là | vậy | thế là | như vậy là | vâng | dạ | và | để xem",
        };
        match self.phrases(&self.commands.polite) {
            lead if lead.is_empty() => format!("(<NULL> | {more})"),
            lead => format!("(<NULL> | {more} | {lead})"),
        }
    }

    /// "no, make it tomorrow": what may be said before a value that takes another one's place.
    pub fn correction_lead(&self) -> String {
        let more = match (self.commands.polite.is_empty(), self.language) {
            (true, _) => "",
            (false, Language::En) => " [make it | change it to]",
            (false, Language::Vi) => " [đổi thành]",
        };
        match self.shortest_no() {
            Some(no) => format!("(<NULL> | {no}){more}"),
            None => more.trim_start().to_string(),
        }
    }

    /// "four p m instead"
    pub fn correction_tail(&self) -> &'static str {
        match (self.commands.polite.is_empty(), self.language) {
            (false, Language::En) => "(<NULL> | please | instead)",
            _ => self.tail(),
        }
    }

    /// "no, the time", "yes, except the time"
    pub fn exception_lead(&self) -> String {
        let except = match (self.commands.polite.is_empty(), self.language) {
            (true, _) => "",
            (false, Language::En) => " | change | except | yes except",
            (false, Language::Vi) => " | đổi | trừ | đúng trừ",
        };
        let no = self.shortest_no().map(|no| format!(" | {no}")).unwrap_or_default();
        format!("(<NULL>{no}{except})")
    }

    fn shortest_no(&self) -> Option<String> {
        let no = self.commands.no.first().map(|no| tokens(no, self.language)).filter(|no| !no.is_empty())?;
        Some(spoken(&no))
    }

    /// "the time", "the date": slots by name.
    pub fn names(&self, bot: &Bot, slots: &[usize]) -> String {
        let of = |s: &usize| -> Vec<&str> {
            match (&bot.slots[*s].kind, self.language) {
                (Kind::Date, Language::En) => vec!["the date", "the day"],
                (Kind::Time, Language::En) => vec!["the time"],
                (Kind::Duration, Language::En) => vec!["how long"],
                _ if self.commands.polite.is_empty() => Vec::new(),
                (Kind::Date, Language::Vi) => vec!["ngày"],
                (Kind::Time, Language::Vi) => vec!["giờ"],
                (Kind::Duration, Language::Vi) => vec!["thời gian"],
                _ => Vec::new(),
            }
        };
        slots.iter().flat_map(of).collect::<Vec<_>>().join(" | ")
    }

    /// Values of these slots in any order; the one that is asked for is likely. `None`: no slot has a grammar.
    pub fn fills(&mut self, bot: &Bot, slots: &[usize], asked: Option<usize>, prefix: &str) -> Option<String> {
        let values: Vec<String> = slots.iter().filter_map(|&s| self.value_of_slot(bot, s, asked, prefix)).collect();
        if values.is_empty() {
            return None;
        }
        let fill = self.rule(&format!("{prefix}_fill"), values.join(" | "));
        Some(self.rule(&format!("{prefix}_fills"), format!("{fill}+")))
    }

    /// A slot's value, perhaps behind the words that lead to it. `None`: it has no grammar, or only where it is asked for.
    pub fn value_of_slot(&mut self, bot: &Bot, s: usize, asked: Option<usize>, prefix: &str) -> Option<String> {
        let slot = &bot.slots[s];
        // A string of digits and a yes belong to their own question.
        let own = matches!(
            slot.kind,
            Kind::Digits { .. } | Kind::Phone | Kind::YesNo | Kind::Id(_) | Kind::Name | Kind::Email
        );
        if matches!(slot.kind, Kind::Text | Kind::Address(_)) || (own && asked != Some(s)) {
            return None;
        }
        let value = match &slot.kind {
            Kind::Items(plan) => self.items(plan, &format!("{prefix}_{}", slot.name.to_lowercase()), asked == Some(s)),
            kind => self.value(kind, asked == Some(s)),
        };
        if value.is_empty() {
            return None;
        }
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

    /// "Boston, not new york", "not at three but at four", of a slot that has its rule. `None`: its kind is never said so, it has too many
    /// values, or the bot keeps to few words. `value`: what its grammar hears.
    pub fn contrast(&self, slot: &Slot, value: &str) -> Option<String> {
        let offers = match &slot.kind {
            Kind::Choice(all) => all.len() > 1,
            Kind::Time => true,
            Kind::Number { max, .. } => *max < 100,
            _ => false,
        };
        (offers && !self.commands.polite.is_empty()).then(|| match self.language {
            Language::En => format!("({value} not | not {value} [but]) {value}"),
            Language::Vi => format!("({value} không phải | không phải {value}) {value}"),
        })
    }

    /// Items one after another: each a count, and what is known of it in any order. `asked`: "that's all" is an answer.
    fn items(&mut self, plan: &ItemPlan, name: &str, asked: bool) -> String {
        let choices = plan.fields.iter().flat_map(|field| &field.choices).flat_map(|choice| choice.words.clone());
        let units = plan.unit.iter().map(|unit| tokens(unit, self.language));
        let piece = self.rule(&format!("{name}_piece"), alternatives(choices.chain(units)));
        let pieces = self.rule(&format!("{name}_pieces"), format!("{piece}+"));
        let item = match self.language {
            Language::En => format!("[and] (<NULL> | a | {}) {pieces}", en::number(1, plan.max)),
            Language::Vi => format!("(<NULL> | {}) {pieces}", vi::number(1, plan.max)),
        };
        let item = self.rule(&format!("{name}_item"), item);
        match (asked, self.language) {
            (true, Language::En) => format!("{item}+ | that's all"),
            _ => format!("{item}+"),
        }
    }

    /// Words that usually lead to a value of this kind.
    fn carrier(&self, kind: &Kind) -> &'static str {
        match (kind, self.language) {
            (Kind::Choice(_), Language::En) => "in | at | the",
            (Kind::Date, Language::En) => "on | for",
            (Kind::Time, Language::En) => "at | around",
            (Kind::Number { .. } | Kind::Money(_), Language::En) => "for | about | for about",
            // "about an hour" sounds like "half an hour": a recogniser of grammars is not offered "about".
            (Kind::Duration, Language::En) => "for",
            (Kind::Time, Language::Vi) => "lúc",
            (Kind::Date, Language::Vi) => "vào",
            (Kind::Number { .. }, Language::Vi) => "cho",
            (Kind::Duration, Language::Vi) if !self.commands.polite.is_empty() => "trong | khoảng",
            _ => "",
        }
    }

    /// What may be said behind a value that was asked for: "four of us".
    pub fn behind(&self, kind: &Kind) -> &'static str {
        match (kind, self.language) {
            (Kind::Number { unit, .. }, Language::En) if counts_people(unit) => "[of us]",
            _ => "",
        }
    }

    /// The beginning of a value that may be given in parts. `None`: its kind has no such.
    pub fn part(&self, kind: &Kind) -> Option<String> {
        match (kind, self.language) {
            (Kind::Digits { min, .. }, _) if *min > 1 => Some(repeated(self.digit(), 1, *min - 1)),
            (Kind::Phone, _) => Some(repeated(self.digit(), 1, 4)),
            (Kind::Date, Language::En) => Some(en::month()),
            (Kind::Date, Language::Vi) => Some(vi::month()),
            _ => None,
        }
    }

    /// What may follow the part of a value that is known. `None`: none is.
    pub fn rest(&self, kind: &Kind, given: &[String]) -> Option<String> {
        if given.is_empty() {
            return None;
        }
        let known = value::digits(given, self.language).map_or(0, |(digits, _)| digits.len());
        match (kind, self.language) {
            (Kind::Digits { min, max }, _) if known < *max => {
                Some(repeated(self.digit(), min.saturating_sub(known).max(1), *max - known))
            }
            (Kind::Phone, _) => Some(repeated(self.digit(), 1, 12)),
            (Kind::Date, Language::En) => Some(en::day_of_month()),
            (Kind::Date, Language::Vi) => Some(vi::day_of_month()),
            _ => None,
        }
    }

    /// Words that take back a part of a value, and what takes its place. English alone: a Vietnamese model's dictionary need not
    /// have them.
    pub fn taken_back(&mut self, kind: &Kind) -> Option<String> {
        if self.language != Language::En || !matches!(kind, Kind::Digits { .. } | Kind::Phone) {
            return None;
        }
        let digit = self.rule("s_digit", self.digit().to_owned());
        Some(format!("(<NULL> | {digit}+) (no | scratch that | start over) (<NULL> | {digit}+)"))
    }

    fn digit(&self) -> &'static str {
        match self.language {
            Language::En => en::DIGIT,
            Language::Vi => vi::DIGIT,
        }
    }

    fn value(&self, kind: &Kind, asked: bool) -> String {
        match kind {
            Kind::Choice(all) => alternatives(all.iter().flat_map(|c| c.words.iter().cloned())),
            Kind::YesNo => format!("{} | {}", self.yes(), self.no()),
            Kind::Number { min, max, unit } => {
                let number = match self.language {
                    Language::En => en::number(*min, *max),
                    Language::Vi => vi::number(*min, *max),
                };
                let units = alternatives(unit.iter().map(|u| tokens(u, self.language)));
                match (units.is_empty(), asked) {
                    (true, _) => number,
                    // A bare number is an answer only to its own question.
                    (false, true) => format!("({number}) (({units}) | <NULL>)"),
                    (false, false) => format!("({number}) ({units})"),
                }
            }
            Kind::Digits { min, max } => match self.language {
                Language::En => repeated(en::DIGIT, *min, *max),
                Language::Vi => repeated(vi::DIGIT, *min, *max),
            },
            Kind::Phone => match self.language {
                Language::En => repeated(en::DIGITS, 5, 12),
                Language::Vi => repeated(vi::DIGIT, 5, 12),
            },
            Kind::Date => match self.language {
                Language::En => en::date(),
                Language::Vi => vi::date(),
            },
            Kind::Time => match self.language {
                Language::En => en::time(asked),
                Language::Vi => vi::time(),
            },
            Kind::Duration => match self.language {
                Language::En => en::duration(),
                Language::Vi => vi::duration(),
            },
            Kind::Money(bounds) => {
                let number = |from, to| match self.language {
                    Language::En => en::number(from, to),
                    Language::Vi => vi::number(from, to),
                };
                let (amount, cents) = (number(0, bounds.max / bounds.currency.scale()), number(1, 99));
                let two_places = match self.language {
                    Language::En => en::two_places(),
                    Language::Vi => vi::two_places(),
                };
                let names = bounds.currency.names(self.language);
                let name = alternatives(names.many.iter().chain([&names.one]).map(|n| tokens(n, self.language)));
                let cent = alternatives(names.cents.iter().chain([&names.cent]).map(|n| tokens(n, self.language)));
                let and = if self.language == Language::En { "[and]" } else { "" };
                let alone = if asked { "<NULL> | " } else { "" };
                match cent.is_empty() {
                    true => format!("({amount}) ({alone}{name})"),
                    false => format!(
                        "({amount}) ({alone}({name}) [{and} (({two_places}) | ({cents}) ({cent}))]) | ({cents}) ({cent}){}",
                        if asked { format!(" | ({amount}) ({two_places})") } else { String::new() }
                    ),
                }
            }
            Kind::Span { of } => {
                let end = self.value(if *of == SpanOf::Times { &Kind::Time } else { &Kind::Date }, asked);
                match self.language {
                    Language::En => en::span(&end, *of),
                    Language::Vi => vi::span(&end, *of),
                }
            }
            Kind::Id(_) | Kind::Name | Kind::Email => capture::entry(kind, self.language),
            Kind::Address(_) | Kind::Items(_) | Kind::Text => String::new(),
        }
    }
}

/// `min` to `max` of something, one after another.
fn repeated(item: &str, min: usize, max: usize) -> String {
    let mut text = String::new();
    for _ in min..max {
        text = format!("[({item}) {text}]");
    }
    format!("{}{text}", format!("({item}) ").repeat(min))
}
