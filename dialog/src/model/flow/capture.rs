//! What words come to where a name, an e-mail address, a postal address or an identity number is asked for, checked or read back, and
//! where digits are corrected in place.
use super::asked_back::is_question;
use super::form::Form;
use super::meaning::{Context, Meaning, SaidValues};
use super::parts::{self, Parts};
use crate::model::step::Step;
use crate::say;
use crate::turn::AnswerKind;
use crate::value::answer::Verdict as Answer;
use crate::value::capture::address::{self, Address, AddressPlan};
use crate::value::capture::email::{self, EmailRead};
use crate::value::capture::id::{self, Scheme, Verdict};
use crate::value::capture::revise::{self, Entry, Revised, Spoken};
use crate::value::capture::{lower, name, pieces};
use crate::value::correction::{TakenBack, taken_back};
use crate::value::kind::{Kind, Value};

/// How an answer came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    Heard,
    Written,
}

/// What the words for an entry come to.
enum Outcome {
    Whole(Value),
    Begun(Parts),
    Faulty { parts: Parts, why: String },
    None,
}

/// Whether a kind is captured by spelling, checking and correcting.
pub(super) fn is_captured(kind: &Kind) -> bool {
    matches!(kind, Kind::Name | Kind::Email | Kind::Address(_) | Kind::Id(_))
}

impl Context<'_> {
    /// What a text means for an entry of these kinds; `None`: nothing that is theirs.
    pub fn captured(&self, text: &str, words: &[String], manner: Manner) -> Option<Meaning> {
        match self.step {
            // "No, seven not nine" behind the question for the next value.
            Step::Slot(slot) => {
                let is_number =
                    matches!(self.form.bot.slots[slot].kind, Kind::Digits { .. } | Kind::Phone | Kind::Id(_));
                let before = || self.reviewed_entry(text, words).filter(|_| !is_number);
                self.dictated(slot, text, words, manner).or_else(before)
            }
            Step::Check(slot) => self.checked_entry(slot, text, words),
            Step::Review | Step::Change => self.reviewed_entry(text, words),
            _ => None,
        }
    }

    /// How long to wait for more of such an entry; `None`: none is asked for, or the words are none.
    pub fn captured_kind(&self, text: &str, words: &[String]) -> Option<AnswerKind> {
        let Step::Slot(slot) = self.step else { return None };
        let kind = &self.form.bot.slots[slot].kind;
        let most = |scheme: &Scheme| scheme.length().1;
        match (kind, self.dictated(slot, text, words, Manner::Heard)?) {
            (Kind::Id(scheme), Meaning::Assembled { value: Value::Digits(text), .. }) => {
                let open = scheme.verdict(&text, self.form.today()) == Verdict::Whole { open: true };
                Some(if open { AnswerKind::Open } else { AnswerKind::Whole })
            }
            (Kind::Id(scheme), Meaning::Faulty { parts, .. }) => {
                let count = parts.words().concat().chars().count();
                Some(if count < most(scheme) { AnswerKind::Open } else { AnswerKind::Likely })
            }
            // Letters may follow, or the next word of the name.
            (Kind::Name, Meaning::Assembled { .. }) => {
                let is_letter = words.last().is_some_and(|word| word.chars().count() == 1);
                Some(if is_letter { AnswerKind::Open } else { AnswerKind::Likely })
            }
            (_, Meaning::Assembled { .. }) => Some(AnswerKind::Likely),
            (_, Meaning::Part(_)) => Some(AnswerKind::Short),
            _ => None,
        }
    }

    /// An entry, or a part of one, where it is asked for.
    fn dictated(&self, slot: usize, text: &str, words: &[String], manner: Manner) -> Option<Meaning> {
        let bot = &self.form.bot;
        let kind = &bot.slots[slot].kind;
        let given = if self.parts.slot == slot { self.parts.clone() } else { Parts::default() };
        let said = pieces(text);
        if !is_captured(kind) {
            return self.revised_digits(slot, &given, words);
        }
        let had = !given.is_empty();
        if had && let Some(outcome) = self.revised_draft(slot, &given, &lower(&said)) {
            return meaning(slot, outcome, true, manner);
        }
        let (given, said, is_back) =
            if had { without_taken(slot, given, said, bot.language) } else { (given, said, false) };
        if is_back && said.is_empty() {
            return Some(Meaning::Part(given));
        }
        if let Some(command) = bot.commands.find(words, bot.language, true).filter(|_| !is_back) {
            return Some(Meaning::Command(command));
        }
        if !is_back && let Some(meaning) = self.at_any_step(words) {
            return Some(meaning);
        }
        if is_question(words, bot.language) {
            return None;
        }
        let outcome = match kind {
            Kind::Id(scheme) => self.number(slot, scheme, &given, &said),
            Kind::Email => self.email(slot, &given, &said),
            Kind::Address(plan) => self.address(slot, plan, &given, &said),
            _ => name::read(&said, bot.language)
                .filter(|read| is_name(&read.text))
                .map_or(Outcome::None, |read| Outcome::Whole(Value::Text(read.text))),
        };
        let is_put_together = !given.is_empty() || is_back || !is_literal(&outcome, text);
        meaning(slot, outcome, is_put_together, manner)
    }

    fn number(&self, slot: usize, scheme: &Scheme, given: &Parts, said: &[String]) -> Outcome {
        let language = self.form.bot.language;
        let text = match self.corrected_number(scheme, said).or_else(|| id::read(said, scheme, language)) {
            Some(text) if !text.is_empty() => text,
            _ => return Outcome::None,
        };
        let known = self.draft(slot, given).unwrap_or_default();
        let today = self.form.today();
        let is_wrong = |text: &str| matches!(scheme.verdict(text, today), Verdict::Wrong(_));
        let joined = format!("{known}{text}");
        // All of it once more, or the next part: what is too long together is all of it.
        let is_anew = is_wrong(&known)
            || !known.is_empty() && text.len() > known.len() && text.starts_with(&known)
            || is_wrong(&joined) && !is_wrong(&text) && text.chars().count() > 2;
        match if is_anew { self.judged(slot, scheme, text.clone()) } else { self.judged(slot, scheme, joined) } {
            // Each turn is kept by itself: the last one may be taken back.
            Outcome::Begun(_) => {
                let before: Vec<Vec<String>> =
                    if is_anew { Vec::new() } else { given.turns().map(<[String]>::to_vec).collect() };
                let chars = text.chars().map(String::from).collect();
                Outcome::Begun(Parts::of_turns(slot, before.into_iter().chain([chars]).collect()))
            }
            outcome => outcome,
        }
    }

    /// Digits of which some were taken back as they were said.
    fn corrected_number(&self, scheme: &Scheme, said: &[String]) -> Option<String> {
        let (min, max) = scheme.length();
        let kind = Kind::Digits { min, max };
        let words: Vec<String> =
            lower(said).into_iter().filter(|piece| !matches!(piece.as_str(), "," | "-" | ".")).collect();
        let asked = parts::Asked { slot: 0, kind: &kind, language: self.form.bot.language, now: self.form.now };
        parts::corrected(asked, &words).filter(|_| !scheme.has_letters())
    }

    /// Characters as a value, as its beginning, or with the reason why they cannot be one.
    fn judged(&self, slot: usize, scheme: &Scheme, text: String) -> Outcome {
        let letters = || Parts::of_turns(slot, vec![text.chars().map(String::from).collect()]);
        match scheme.verdict(&text, self.form.today()) {
            Verdict::Whole { .. } => Outcome::Whole(Value::Digits(text)),
            Verdict::Begun => Outcome::Begun(letters()),
            Verdict::Wrong(fault) => {
                Outcome::Faulty { parts: letters(), why: self.form.bot.prompts.id_fault(fault).to_owned() }
            }
        }
    }

    fn email(&self, slot: usize, given: &Parts, said: &[String]) -> Outcome {
        let language = self.form.bot.language;
        let joined: Vec<String> = given.words().into_iter().chain(said.iter().cloned()).collect();
        let alone = email::read(said, language);
        if let Some(EmailRead::Whole(text)) = &alone {
            return Outcome::Whole(Value::Text(text.clone()));
        }
        match (email::read(&joined, language), alone) {
            (Some(EmailRead::Whole(text)), _) => Outcome::Whole(Value::Text(text)),
            (Some(EmailRead::Begun(text)), _) | (None, Some(EmailRead::Begun(text))) if !text.is_empty() => {
                Outcome::Begun(Parts::of_turns(slot, vec![pieces(&text)]))
            }
            _ => Outcome::None,
        }
    }

    fn address(&self, slot: usize, plan: &AddressPlan, given: &Parts, said: &[String]) -> Outcome {
        let known = given.address.clone().unwrap_or_default();
        let asked = plan.missing(&known).filter(|_| !known.is_empty() || plan.parts.len() == 1);
        match address::read(said, plan, asked, self.form.bot.language) {
            Some(more) => self.whole_address(slot, plan, known.with(&more)),
            None => Outcome::None,
        }
    }

    fn whole_address(&self, slot: usize, plan: &AddressPlan, address: Address) -> Outcome {
        match plan.missing(&address) {
            None => Outcome::Whole(Value::Address(address)),
            Some(_) => Outcome::Begun(Parts::of_address(slot, address)),
        }
    }

    /// What there is of an entry, as a text.
    fn draft(&self, slot: usize, given: &Parts) -> Option<String> {
        let language = self.form.bot.language;
        let words = given.words();
        match &self.form.bot.slots[slot].kind {
            _ if words.is_empty() => None,
            Kind::Id(_) => Some(words.concat()),
            Kind::Email => match email::read(&words, language)? {
                EmailRead::Whole(text) | EmailRead::Begun(text) => Some(text),
            },
            _ => None,
        }
    }

    /// What is known of an entry that is not whole, with a correction of it.
    fn revised_draft(&self, slot: usize, given: &Parts, low: &[String]) -> Option<Outcome> {
        let text = self.draft(slot, given)?;
        let prompts = &self.form.bot.prompts;
        match self.revised(slot, &text, low) {
            Revised::None => None,
            Revised::Several => Some(Outcome::Faulty { parts: given.clone(), why: prompts.several_places.clone() }),
            Revised::Text(text) => Some(match &self.form.bot.slots[slot].kind {
                Kind::Id(scheme) => self.judged(slot, scheme, text),
                _ => self.email(slot, &Parts::default(), &pieces(&text)),
            }),
        }
    }

    /// Digits of a code or a telephone number of which a part is corrected in place.
    fn revised_digits(&self, slot: usize, given: &Parts, words: &[String]) -> Option<Meaning> {
        let bot = &self.form.bot;
        let (min, _) = digit_bounds(&bot.slots[slot].kind)?;
        let known = given.digits(slot, bot.language)?;
        match self.revised(slot, &known, words) {
            Revised::Text(text) if text.len() < min => Some(Meaning::Part(Parts::of_turns(slot, vec![vec![text]]))),
            Revised::Text(text) => Some(Meaning::Assembled { slot, value: Value::Digits(text) }),
            Revised::Several | Revised::None => None,
        }
    }

    /// An entry with a part of it changed by these words.
    fn revised(&self, slot: usize, text: &str, low: &[String]) -> Revised {
        let kind = &self.form.bot.slots[slot].kind;
        let low: Vec<String> = low.iter().filter(|piece| *piece != "-").cloned().collect();
        let count = text.chars().count();
        let (spoken, groups) = match kind {
            Kind::Id(scheme) if scheme.has_letters() => (Spoken::Code, scheme.groups(count)),
            Kind::Id(scheme) => (Spoken::Digits, scheme.groups(count)),
            Kind::Email => (Spoken::Email, Vec::new()),
            Kind::Name => (Spoken::Name, Vec::new()),
            _ => (Spoken::Digits, Vec::new()),
        };
        let entry = Entry { text, spoken, language: self.form.bot.language, groups: &groups };
        revise::revise(entry, &low, |text| self.fits(kind, text))
    }

    /// Whether a text may be a value of this kind.
    fn fits(&self, kind: &Kind, text: &str) -> bool {
        match kind {
            // Where no check digit tells, any of several may be meant.
            Kind::Id(scheme) => {
                !scheme.has_check() || matches!(scheme.verdict(text, self.form.today()), Verdict::Whole { .. })
            }
            Kind::Email => email::is_address(text),
            _ => true,
        }
    }

    /// Words at the check of such a value: a correction in place, or another value.
    fn checked_entry(&self, slot: usize, text: &str, words: &[String]) -> Option<Meaning> {
        let bot = &self.form.bot;
        let kind = &bot.slots[slot].kind;
        let low = lower(&pieces(text));
        if let Some(known) = self.form.checked_value(slot).and_then(text_of) {
            match self.revised(slot, &known, &low) {
                Revised::Text(text) => return self.replaced(slot, text),
                Revised::Several => return Some(self.unplaced(slot, &known)),
                Revised::None => {}
            }
        }
        if !is_captured(kind) {
            return None;
        }
        let (verdict, rest) = self.verdict(words);
        if verdict == Some(Answer::Yes) || rest.is_empty() || is_question(rest, bot.language) {
            return None;
        }
        let said = pieces(text);
        let led = revise::led(&lower(&said), bot.language);
        let said = &said[led..];
        let refuses = verdict == Some(Answer::No) || led > 0;
        let known = self.form.checked_value(slot)?;
        let outcome = match (kind, known) {
            (Kind::Id(scheme), _) => self.number(slot, scheme, &Parts::default(), said),
            (Kind::Email, _) => self.email(slot, &Parts::default(), said),
            (Kind::Address(plan), Value::Address(known)) => match address::read(said, plan, None, bot.language) {
                Some(more) => self.whole_address(slot, plan, known.with(&more)),
                None => return None,
            },
            (Kind::Name, Value::Text(known)) => {
                match name::read(said, bot.language).filter(|read| is_name(&read.text) && (refuses || read.spelled)) {
                    Some(read) => Outcome::Whole(Value::Text(name::corrected(known, &read))),
                    None => return None,
                }
            }
            _ => return None,
        };
        match outcome {
            Outcome::Whole(value) if value == *known && !refuses => {
                Some(Meaning::Repeated { slot, values: SaidValues::default() })
            }
            // A part of an e-mail address at its check is rather a sentence that was not understood.
            Outcome::Begun(_) if matches!(kind, Kind::Email) => None,
            outcome => meaning(slot, outcome, true, Manner::Heard),
        }
    }

    /// The value of a slot with its characters as they are now.
    fn replaced(&self, slot: usize, text: String) -> Option<Meaning> {
        let outcome = match &self.form.bot.slots[slot].kind {
            Kind::Id(scheme) => self.judged(slot, scheme, text),
            Kind::Name => Outcome::Whole(Value::Text(text)),
            Kind::Email if email::is_address(&text) => Outcome::Whole(Value::Text(text)),
            kind => {
                let (min, max) = digit_bounds(kind)?;
                if !(min..=max).contains(&text.len()) {
                    return None;
                }
                Outcome::Whole(Value::Digits(text))
            }
        };
        meaning(slot, outcome, true, Manner::Heard)
    }

    /// What is to be changed stands there more than once: what there is is said, and which is meant asked.
    fn unplaced(&self, slot: usize, known: &str) -> Meaning {
        let parts = match &self.form.bot.slots[slot].kind {
            Kind::Id(_) => Parts::of_turns(slot, vec![known.chars().map(String::from).collect()]),
            Kind::Email => Parts::of_turns(slot, vec![pieces(known)]),
            Kind::Digits { .. } | Kind::Phone => Parts::of_turns(slot, vec![vec![known.to_owned()]]),
            _ => Parts::default(),
        };
        Meaning::Faulty { slot, parts, why: self.form.bot.prompts.several_places.clone() }
    }

    /// A correction in place where everything is read back: of the one entry that it fits.
    fn reviewed_entry(&self, text: &str, words: &[String]) -> Option<Meaning> {
        if !self.fills(words).is_empty() {
            return None;
        }
        let low = lower(&pieces(text));
        let revised = |slot: &usize| {
            let known = text_of(self.form.value(*slot)?)?;
            match self.revised(*slot, &known, &low) {
                Revised::Text(text) => self.replaced(*slot, text),
                Revised::Several => Some(self.unplaced(*slot, &known)),
                Revised::None => None,
            }
        };
        let mut all = self.form.task_slots().iter().filter_map(revised);
        all.next().filter(|_| all.next().is_none())
    }

    /// Why keys are no such value: told in place of a plain no.
    pub fn keyed_fault(&self, keys: &str) -> Option<Meaning> {
        let Step::Slot(slot) = self.step else { return None };
        let Kind::Id(scheme) = &self.form.bot.slots[slot].kind else { return None };
        match self.judged(slot, scheme, keys.to_owned()) {
            Outcome::Faulty { parts, why } => Some(Meaning::Faulty { slot, parts, why }),
            Outcome::Begun(parts) => Some(Meaning::Part(parts)),
            Outcome::Whole(_) | Outcome::None => None,
        }
    }
}

/// The question for the rest of such an entry, or for what is wrong with it; `None`: it is of another kind.
pub(super) fn rest(form: &Form, slot: usize, parts: &Parts) -> Option<String> {
    let (bot, p) = (&form.bot, &form.bot.prompts);
    let language = bot.language;
    match &bot.slots[slot].kind {
        Kind::Id(scheme) => {
            let text = parts.words().concat();
            let is_faulty = matches!(scheme.verdict(&text, form.today()), Verdict::Wrong(_));
            let question = if is_faulty { &p.correct } else { &p.rest };
            Some(question.replace("{value}", &say::captured::id(&text, scheme, language)))
        }
        Kind::Email => {
            Some(p.rest.replace("{value}", &say::captured::spelled_email(&parts.words().concat(), language)))
        }
        Kind::Address(plan) => {
            let address = parts.address.as_ref()?;
            let known = p.items_have.replace("{value}", &say::captured::address(address, language));
            let question = plan.missing(address).map_or("", |part| p.address_part(part));
            Some(format!("{known} {question}"))
        }
        _ => None,
    }
}

/// Whether a value stands in the text as it is: then who wrote it knows what it is.
fn is_literal(outcome: &Outcome, text: &str) -> bool {
    let signs = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_uppercase();
    match outcome {
        Outcome::Whole(Value::Text(value)) => text.to_lowercase().contains(&value.to_lowercase()),
        Outcome::Whole(Value::Digits(value)) => signs(text).contains(value.as_str()),
        _ => false,
    }
}

fn meaning(slot: usize, outcome: Outcome, assembled: bool, manner: Manner) -> Option<Meaning> {
    match outcome {
        // What was written as one is certain; all else is read back.
        Outcome::Whole(value) if manner == Manner::Written && !assembled => Some(Meaning::Keyed { slot, value }),
        Outcome::Whole(value) => Some(Meaning::Assembled { slot, value }),
        Outcome::Begun(parts) => Some(Meaning::Part(parts)),
        Outcome::Faulty { parts, why } => Some(Meaning::Faulty { slot, parts, why }),
        Outcome::None => None,
    }
}

/// What is left of the parts, and of what was said, once the words at its start have taken something back.
fn without_taken(
    slot: usize,
    given: Parts,
    said: Vec<String>,
    language: crate::language::Language,
) -> (Parts, Vec<String>, bool) {
    let (mut given, mut said, mut is_back) = (given, said, false);
    while let Some((what, len)) = taken_back(&lower(&said), language) {
        is_back = true;
        said.drain(..len);
        said.drain(..said.iter().take_while(|piece| *piece == ",").count());
        // New parts of an address stand in place of those that they correct.
        given = match what {
            TakenBack::Last if given.address.is_some() => given,
            TakenBack::Last => {
                let turns: Vec<Vec<String>> = given.turns().map(<[String]>::to_vec).collect();
                Parts::of_turns(slot, turns[..turns.len().saturating_sub(1)].to_vec())
            }
            TakenBack::All => Parts::of_turns(slot, Vec::new()),
        };
    }
    (given, said, is_back)
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) | Value::Digits(text) => Some(text.clone()),
        _ => None,
    }
}

fn digit_bounds(kind: &Kind) -> Option<(usize, usize)> {
    match kind {
        Kind::Digits { min, max } => Some((*min, *max)),
        Kind::Phone => Some((7, 15)),
        _ => None,
    }
}

/// Words that stand in sentences and in no name.
const NO_NAMES: [&str; 66] = [
    "thank",
    "thanks",
    "bye",
    "goodbye",
    "maybe",
    "nope",
    "cảm",
    "chào",
    "the",
    "not",
    "you",
    "what",
    "wrong",
    "something",
    "know",
    "don't",
    "want",
    "is",
    "my",
    "your",
    "spell",
    "spelling",
    "right",
    "again",
    "it",
    "that",
    "this",
    "have",
    "how",
    "why",
    "to",
    "would",
    "like",
    "please",
    "can",
    "need",
    "nothing",
    "i'd",
    "with",
    "i",
    "sorry",
    "wait",
    "um",
    "không",
    "tôi",
    "cái",
    "được",
    "gì",
    "sai",
    "muốn",
    "nói",
    "nhầm",
    "biết",
    "phải",
    "rồi",
    "cho",
    "đặt",
    "này",
    "đó",
    "vậy",
    "sao",
    "đúng",
    "chưa",
    "ơi",
    "hả",
    "xin",
];

/// Whether words may be a name.
fn is_name(text: &str) -> bool {
    let low = text.to_lowercase();
    !low.split(' ').any(|word| NO_NAMES.contains(&word))
}
