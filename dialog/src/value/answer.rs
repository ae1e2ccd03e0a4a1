//! Yes and no as people say them. The words with their senses are tables, one for each language; what they come to is one rule.
use super::sense::Sense;
use super::words::begin_with;
use super::{en, vi};
use crate::language::Language;

/// What an answer comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Yes,
    No,
    /// Neither for certain: the caller doubts, asks back, or says what may be both.
    Unsure,
}

/// What is answered. "That's fine" agrees to a read-back, may decline an offer, and says that nothing else is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// "You want a room in Boston. Is that right?"
    ReadBack,
    /// A question of the bot's own: "Do you need a parking space?"
    Own,
    /// "Is there anything else?"
    Else,
}

/// What the words at the start answer, and how many of them do.
pub fn answer(words: &[String], language: Language, question: Question) -> Option<(Verdict, usize)> {
    let mut heard = Heard { question, verdict: None, negated: false, stated: false, taken_back: false };
    let (mut at, mut end) = (0, 0);
    let mut last_yes = false;
    while let Some((sense, len)) = sense(&words[at..], language) {
        // "không, không chín một hai": the second one is a zero.
        if heard.is_begun() && language == Language::Vi && is_zero(&words[at..]) {
            break;
        }
        at += len;
        let sense = match sense {
            Sense::LastAsks if at == words.len() && heard.is_begun() => Sense::Unsure,
            Sense::LastAsks => Sense::Lead,
            sense => sense,
        };
        if heard.takes(sense) || (sense == Sense::Tail && end + len == at) {
            end = at;
        }
        last_yes = if heard.verdict == Some(Verdict::Yes) { last_yes || sense == Sense::LastYes } else { false };
        if sense == Sense::Yes {
            last_yes = false;
        }
    }
    let verdict = heard.heard_so_far()?;
    // "yes that is": the rest of it was not heard.
    let whole = at == words.len() && !ends_joined(words, language);
    let len = if whole { at } else { end };
    (!last_yes || len == words.len()).then_some((verdict, len))
}

/// The answer to a question of the bot's own, where it is certain.
pub fn yes_no(words: &[String], language: Language) -> Option<(bool, usize)> {
    match answer(words, language, Question::Own)? {
        (Verdict::Yes, len) => Some((true, len)),
        (Verdict::No, len) => Some((false, len)),
        (Verdict::Unsure, _) => None,
    }
}

/// Whether the words make an exception, or go on with a "but".
pub fn has_reservation(words: &[String], language: Language) -> bool {
    let reservations = match language {
        Language::En => en::RESERVATIONS,
        Language::Vi => vi::RESERVATIONS,
    };
    (0..words.len()).any(|at| reservations.iter().any(|phrase| begin_with(&words[at..], phrase)))
}

/// The longest phrase at the start.
fn sense(words: &[String], language: Language) -> Option<(Sense, usize)> {
    let table = match language {
        Language::En => en::ANSWERS,
        Language::Vi => vi::ANSWERS,
    };
    if let Some(len) = vi::asks_whether(words).filter(|_| language == Language::Vi) {
        return Some((Sense::Unsure, len));
    }
    let phrases = table.iter().flat_map(|(sense, phrases)| phrases.iter().map(move |phrase| (*sense, *phrase)));
    // "Không, không chín một hai": the second one is a zero.
    let zero = language == Language::Vi && (1..3).any(|at| words.get(at..).is_some_and(is_zero));
    let fitting =
        phrases.filter(|(_, phrase)| begin_with(words, phrase) && !(zero && phrase.starts_with("không không")));
    fitting.map(|(sense, phrase)| (sense, phrase.split(' ').count())).max_by_key(|(_, len)| *len)
}

fn ends_joined(words: &[String], language: Language) -> bool {
    let last = words.len().saturating_sub(1);
    matches!(sense(&words[last..], language), Some((Sense::Join | Sense::Instead, _)))
}

fn is_zero(words: &[String]) -> bool {
    words.first().is_some_and(|word| word == "không") && vi::digits(words.get(1..).unwrap_or_default()).is_some()
}

/// What has been heard of an answer so far.
struct Heard {
    question: Question,
    verdict: Option<Verdict>,
    /// "Not" stands before what comes.
    negated: bool,
    /// "That's" stands before what comes.
    stated: bool,
    /// What comes stands in place of the verdict so far.
    taken_back: bool,
}

impl Heard {
    fn is_begun(&self) -> bool {
        self.negated || self.verdict.is_some()
    }

    /// Takes the next phrase; whether it belongs to a verdict.
    fn takes(&mut self, sense: Sense) -> bool {
        let negated = self.negated;
        let said = match sense {
            Sense::Lead => {
                self.stated = true;
                return false;
            }
            Sense::Tail | Sense::Join | Sense::LastAsks => return false,
            Sense::Instead => {
                self.verdict = self.heard_so_far();
                (self.negated, self.taken_back) = (false, true);
                return false;
            }
            Sense::Not => {
                self.negated = true;
                return true;
            }
            Sense::Yes | Sense::LastYes if !negated => Verdict::Yes,
            Sense::Content if !negated => self.content(),
            Sense::Wrong if negated => self.content(),
            Sense::Declined if self.question == Question::ReadBack => Verdict::Unsure,
            Sense::Unsure => Verdict::Unsure,
            Sense::Yes | Sense::LastYes | Sense::Content | Sense::Wrong | Sense::No | Sense::Declined => Verdict::No,
        };
        let stated = self.stated || sense == Sense::Content;
        (self.negated, self.stated) = (false, false);
        self.verdict = Some(self.joined(said, stated));
        self.taken_back = false;
        true
    }

    fn content(&self) -> Verdict {
        match self.question {
            Question::ReadBack => Verdict::Yes,
            Question::Own => Verdict::Unsure,
            Question::Else => Verdict::No,
        }
    }

    /// A verdict after another one. A no takes a yes back ("yeah no"). A yes after a no agrees where it says of what it does ("no,
    /// that's fine"); a bare one may be both.
    fn joined(&self, said: Verdict, stated: bool) -> Verdict {
        match (self.verdict.filter(|_| !self.taken_back), said) {
            (Some(Verdict::Unsure), _) => Verdict::Unsure,
            (Some(Verdict::No), Verdict::Yes) if !stated || self.question != Question::ReadBack => Verdict::Unsure,
            _ => said,
        }
    }

    fn heard_so_far(&self) -> Option<Verdict> {
        if self.negated { Some(self.joined(Verdict::No, false)) } else { self.verdict }
    }
}

#[cfg(test)]
mod tests;
