//! `Aside`: a question of the caller's behind a value: "Boston, and how much is it?". The value is taken, the question answered.
use super::super::asked_back::{is_question, slot_asked_about};
use super::super::parse::{self, Fill};
use super::{Context, SaidValues};
use crate::bot::fact;
use crate::language::Language;
use crate::model::step::Step;
use crate::turn::unfinished;
use crate::value::around::ends_not_knowing;
use crate::value::found::Doubt;
use crate::value::kind::Kind;
use crate::value::words::begin_with;

/// A question that does not belong to the value before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::model::flow) enum Aside {
    /// A fact of the bot's answers it.
    Fact(usize),
    /// It is about this slot, of which something can be told.
    About(usize),
    /// Nothing of the bot answers it: that is said.
    Unanswered,
}

/// What joins a question to the sentence before it.
const JOINTS_EN: [&str; 14] = [
    "and",
    "but",
    "oh",
    "so",
    "also",
    "then",
    "please",
    "thanks",
    "by the way",
    "oh and",
    "um",
    "uh",
    "sorry but",
    "just wondering",
];
/// Words that begin a question of its own, and no part of what stands before them.
const FIRST_EN: [&str; 52] = [
    "how much",
    "how many",
    "how long",
    "how far",
    "how big",
    "how late",
    "how early",
    "how do",
    "how does",
    "how can",
    "how is",
    "how are",
    "how old",
    "what is",
    "what are",
    "what's",
    "what do",
    "what does",
    "what kind",
    "what sort",
    "what time do",
    "what time does",
    "what time is",
    "what forms",
    "when do",
    "when does",
    "when is",
    "when are",
    "where is",
    "where are",
    "where's",
    "where do",
    "where does",
    "where can",
    "which one",
    "which of",
    "who is",
    "who's",
    "who do",
    "who does",
    "who can",
    "why",
    "is there",
    "are there",
    "do you",
    "can you tell",
    "can i",
    "can we",
    "could i",
    "have you got",
    "do they",
    "will there",
];
/// The same, where something is asked that is not to be done with the value.
const FIRST_OF_DOUBT_EN: [&str; 17] = [
    "can you",
    "could you",
    "is breakfast",
    "i was wondering",
    "tell me",
    "any",
    "does it",
    "does the",
    "do i",
    "do we",
    "is it",
    "is the",
    "is parking",
    "are you",
    "what",
    "when",
    "how",
];
/// What stands between a sentence and a question of its own behind it.
const JOINTS_VI: [&str; 26] = [
    "mà",
    "à mà",
    "nhưng",
    "nhưng mà",
    "còn",
    "với lại",
    "và",
    "cho hỏi",
    "cho em hỏi",
    "cho anh hỏi",
    "cho chị hỏi",
    "cho tôi hỏi",
    "cho mình hỏi",
    "cho cô hỏi",
    "cho chú hỏi",
    "em hỏi",
    "tiện thể",
    "sẵn tiện",
    "sẵn",
    "à",
    "nha",
    "nhé",
    "nhá",
    "nghen",
    "ạ",
    "hén",
];
/// Words in what looks like a question that may change the value before it: "Boston, which is where I don't want to go".
const CHANGING: [&str; 20] = [
    "not",
    "no",
    "don't",
    "doesn't",
    "can't",
    "won't",
    "never",
    "unless",
    "if",
    "except",
    "instead",
    "rather",
    "không phải",
    "đừng",
    "trừ",
    "nếu",
    "chứ không",
    "thay vì",
    "không được",
    "không muốn",
];

impl Context<'_> {
    /// The values of an answer that goes on with a question, and the question.
    pub(super) fn values_and_question(&self, words: &[String]) -> Option<SaidValues> {
        if !matches!(self.step, Step::Slot(_)) {
            return None;
        }
        let (aside, at) = self.aside(words)?;
        let own = &words[..at];
        Some(SaidValues { aside: Some(aside), ..self.sorted(self.verdict(own).0, own, 0, self.fills(own)) })
    }

    /// "What does delivery cost?": a question that only names a choice, and chooses nothing.
    pub(super) fn only_asks_about(&self, fills: &[Fill], words: &[String]) -> bool {
        const ASKING: [&str; 22] = [
            "what does",
            "what do",
            "what is",
            "what's",
            "what kind",
            "what comes",
            "how much",
            "how many",
            "how long",
            "how far",
            "how big",
            "how old",
            "how does",
            "how do",
            "when does",
            "when is",
            "where is",
            "where's",
            "who is",
            "why",
            "is there",
            "are there",
        ];
        const ASKING_VI: [&str; 7] = ["bao nhiêu", "bao lâu", "bao xa", "tại sao", "vì sao", "là sao", "mấy giờ"];
        let bot = &self.form.bot;
        let is_named =
            |f: &Fill| matches!(bot.slots[f.slot].kind, Kind::Choice(_)) && f.found.doubt == Some(Doubt::Beside);
        let asks = match bot.language {
            Language::En => ASKING.iter().any(|phrase| begin_with(words, phrase)),
            Language::Vi => (0..words.len()).any(|at| ASKING_VI.iter().any(|phrase| begin_with(&words[at..], phrase))),
        };
        asks && is_question(words, bot.language) && fills.iter().all(is_named)
    }

    /// A question behind a value, and where it begins with what joins it.
    pub(super) fn aside(&self, words: &[String]) -> Option<(Aside, usize)> {
        let bot = &self.form.bot;
        let is_command = |rest: &[String]| {
            bot.commands.asks_for_person(rest, bot.language)
                || bot.commands.find(rest, bot.language, false).is_some()
                || bot.commands.understood(rest, bot.language).is_some()
        };
        let asked = |at: usize| {
            let rest = &words[at..];
            let question = question_at(rest, bot.language)?;
            let own = &words[..at];
            let gives = !unfinished::is_unfinished(own, bot.language)
                && !ends_not_knowing(own, bot.language)
                && !self.fills(own).is_empty()
                && !is_command(rest)
                && !is_command(question);
            let aside = gives.then(|| self.aside_of(question)).flatten()?;
            Some((aside, at))
        };
        (1..words.len()).find_map(asked)
    }

    /// What answers a question. `None`: it holds nothing but what is harmless beside a value, or a value of its own.
    fn aside_of(&self, question: &[String]) -> Option<Aside> {
        let bot = &self.form.bot;
        if let Some(fact) = fact::asked_for(&bot.facts, question, bot.language) {
            return Some(Aside::Fact(fact));
        }
        let given = self.given(question);
        let holds_value = !given.fills.is_empty() || !given.unclear.is_empty();
        let changes = (0..question.len()).any(|at| CHANGING.iter().any(|word| begin_with(&question[at..], word)));
        if holds_value || changes || parse::task(bot, question).is_some() {
            return None;
        }
        let about = slot_asked_about(bot, self.form.task_slots(), None, question);
        let unanswered = || self.has_unknown(question, 0).then_some(Aside::Unanswered);
        about.map(Aside::About).or_else(unanswered)
    }
}

/// The question that begins at the start of some words, behind what joins it to the words before.
fn question_at(words: &[String], language: Language) -> Option<&[String]> {
    let longest = |list: &[&str], words: &[String]| {
        let fitting = list.iter().filter(|phrase| begin_with(words, phrase));
        fitting.map(|phrase| phrase.split(' ').count()).max()
    };
    let joints: &[&str] = if language == Language::En { &JOINTS_EN } else { &JOINTS_VI };
    let mut rest = words;
    while let Some(len) = longest(joints, rest) {
        rest = &rest[len..];
    }
    let begins = match language {
        Language::En => {
            let joined = rest.len() < words.len();
            longest(&FIRST_EN, rest).is_some() || joined && longest(&FIRST_OF_DOUBT_EN, rest).is_some()
        }
        // Without a word between them the value may belong to the question: "phòng ở hà nội giá bao nhiêu".
        Language::Vi => rest.len() < words.len() && rest.len() > 2,
    };
    (begins && is_question(rest, language)).then_some(rest)
}
