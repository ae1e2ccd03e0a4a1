//! `Commands`: what a caller may say or press at any time.
use super::rights;
use crate::language::Language;
use crate::value::words::{begin_with, starts, tokens};
use serde::Deserialize;
use std::sync::LazyLock;

mod en;
mod person;
mod vi;
mod waiting;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    Repeat,
    Help,
    Back,
    Restart,
    Person,
    Goodbye,
    Wait,
    /// What is under way is not wanted any more.
    Cancel,
    /// Is somebody there?
    Hello,
}

impl Command {
    const ALL: [Command; 9] = [
        Command::Repeat,
        Command::Help,
        Command::Back,
        Command::Restart,
        Command::Person,
        Command::Goodbye,
        Command::Wait,
        Command::Cancel,
        Command::Hello,
    ];

    /// Its key in `[commands]`.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Repeat => "repeat",
            Self::Help => "help",
            Self::Back => "back",
            Self::Restart => "restart",
            Self::Person => "person",
            Self::Goodbye => "goodbye",
            Self::Wait => "wait",
            Self::Cancel => "cancel",
            Self::Hello => "hello",
        }
    }
}

/// Phrases by what they ask for.
type Phrases = &'static [(Command, &'static [&'static str])];

/// The words of the commands; `[commands]` in the bot's file replaces the list of any of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Commands {
    /// What a grammar offers. More of each is understood from free speech, unless its list is empty.
    pub all: Vec<(Command, Vec<String>)>,
    /// What a grammar offers for a yes, a no, and around answers ("please", "i'd like"). More of each is understood from free speech.
    pub yes: Vec<String>,
    pub no: Vec<String>,
    pub polite: Vec<String>,
    /// What a grammar offers for claims of callers' rights. They are understood in free speech whatever stands here.
    pub rights: Vec<String>,
    /// The phrases of `all` as words.
    cut: Vec<(Command, Vec<String>)>,
}

impl Commands {
    /// The command whose listed phrase is all of the sentence but fillers. `exact`: fillers count too (free text is asked for).
    pub(crate) fn find(&self, words: &[String], language: Language, exact: bool) -> Option<Command> {
        find(self.cut.iter(), words, language, exact)
    }

    /// The command that a whole sentence of free speech is, in more words than are listed.
    pub(crate) fn understood(&self, words: &[String], language: Language) -> Option<Command> {
        let phrases = match language {
            Language::En => en::UNDERSTOOD,
            Language::Vi => vi::UNDERSTOOD,
        };
        let around = |w: &String| is_filler(w, language) || is_opener(w, language);
        let fits = |phrase: &str| {
            let len = phrase.split(' ').count();
            let around_it = |at: usize| words[..at].iter().chain(&words[at + len..]).all(around);
            (0..words.len()).any(|at| begin_with(&words[at..], phrase) && around_it(at))
        };
        // "What did you say, I can't hear you": two phrases of one command.
        let covers = |list: &[&str]| {
            let (mut at, mut is_said) = (0, false);
            while at < words.len() {
                let rest = &words[at..];
                let longest =
                    list.iter().filter(|phrase| begin_with(rest, phrase)).map(|phrase| phrase.split(' ').count()).max();
                match longest {
                    Some(len) => (at, is_said) = (at + len, true),
                    None if around(&words[at]) => at += 1,
                    None => return false,
                }
            }
            is_said
        };
        let listed = self.all.iter().flat_map(|(command, all)| all.iter().map(|phrase| (*command, phrase.as_str())));
        let others = phrases.iter().flat_map(|(command, all)| all.iter().map(|phrase| (*command, *phrase)));
        let fitting = listed.chain(others).filter(|(command, phrase)| self.is_on(*command) && fits(phrase));
        let whole = fitting.max_by_key(|(_, phrase)| phrase.len()).map(|(command, _)| command);
        let joined =
            || phrases.iter().find(|(command, all)| self.is_on(*command) && covers(all)).map(|(command, _)| *command);
        let waits = || self.is_on(Command::Wait) && waiting::asks_to_wait(words, language);
        whole.or_else(joined).or_else(|| waits().then_some(Command::Wait))
    }

    /// Whether the sentence asks for a person, in whatever words.
    pub(crate) fn asks_for_person(&self, words: &[String], language: Language) -> bool {
        self.is_on(Command::Person) && person::is_asked_for(words, language)
    }

    /// Whether callers may ask for a person.
    pub(crate) fn lead_to_a_person(&self) -> bool {
        self.is_on(Command::Person)
    }

    fn is_on(&self, command: Command) -> bool {
        self.all.iter().any(|(c, phrases)| *c == command && !phrases.is_empty())
    }
}

/// Whether a sentence asks for a person, in the words that are usual in its language and whatever the bot's file says.
pub fn asks_for_person(text: &str, language: Language) -> bool {
    // Asked of each turn of each call by all who watch it: what is always the same is made once.
    static USUAL: LazyLock<[Commands; 2]> =
        LazyLock::new(|| Language::ALL.map(|language| CommandsFile::default().fill(language)));
    let (words, commands) = (tokens(text, language), &USUAL[language as usize]);
    let command = || commands.find(&words, language, false).or_else(|| commands.understood(&words, language));
    commands.asks_for_person(&words, language) || command() == Some(Command::Person)
}

/// The command whose phrase is all of the sentence but fillers.
fn find<'a>(
    phrases: impl Iterator<Item = &'a (Command, Vec<String>)>,
    words: &[String],
    language: Language,
    exact: bool,
) -> Option<Command> {
    let rest = |at: usize, len: usize| words[..at].iter().chain(&words[at + len..]).all(|w| is_filler(w, language));
    phrases
        .filter(|(_, p)| !p.is_empty())
        .filter_map(|(c, p)| {
            let at = (0..words.len()).find(|i| starts(&words[*i..], p))?;
            let whole = p.len() == words.len();
            (whole || (!exact && rest(at, p.len()))).then_some((*c, p.len()))
        })
        .max_by_key(|(_, len)| *len)
        .map(|(c, _)| c)
}

const FILLERS_EN: [&str; 24] = [
    "please", "um", "uh", "well", "so", "i", "i'd", "like", "to", "want", "can", "you", "could", "would", "the", "a",
    "for", "me", "need", "just", "now", "then", "we", "speak",
];
const FILLERS_VI: [&str; 16] =
    ["dạ", "ạ", "à", "ừ", "ừm", "vâng", "thì", "là", "tôi", "muốn", "cho", "em", "anh", "chị", "ơi", "xin"];

fn is_filler(word: &str, language: Language) -> bool {
    match language {
        Language::En => FILLERS_EN.contains(&word),
        Language::Vi => FILLERS_VI.contains(&word),
    }
}

/// Words that open or round off a sentence of free speech.
fn is_opener(word: &str, language: Language) -> bool {
    match language {
        Language::En => [
            "hi", "hello", "hey", "oh", "ok", "okay", "no", "yes", "yeah", "sorry", "excuse", "there", "thanks", "er",
            "hmm", "sir", "again", "let", "us", "dear", "love", "mate",
        ]
        .contains(&word),
        Language::Vi => [
            "alo", "lô", "ờ", "ơ", "này", "nhé", "nha", "đi", "với", "giúp", "cái", "ok", "bạn", "mình", "hãy", "làm",
            "ơn", "vui", "lòng", "quý", "tí", "nãy", "hồi", "lúc", "ủa",
        ]
        .contains(&word),
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct CommandsFile {
    repeat: Option<Vec<String>>,
    help: Option<Vec<String>>,
    back: Option<Vec<String>>,
    restart: Option<Vec<String>>,
    person: Option<Vec<String>>,
    goodbye: Option<Vec<String>>,
    wait: Option<Vec<String>>,
    cancel: Option<Vec<String>>,
    hello: Option<Vec<String>>,
    yes: Option<Vec<String>>,
    no: Option<Vec<String>>,
    polite: Option<Vec<String>>,
    rights: Option<Vec<String>>,
}

impl CommandsFile {
    /// The lists of the file, and the usual ones in place of those it lacks.
    pub(super) fn fill(mut self, language: Language) -> Commands {
        let (listed, [yes, no, polite]) = match language {
            Language::En => (en::LISTED, [en::YES, en::NO, en::POLITE]),
            Language::Vi => (vi::LISTED, [vi::YES, vi::NO, vi::POLITE]),
        };
        let or = |own: Option<Vec<String>>, usual: &[&str]| {
            own.unwrap_or_else(|| usual.iter().map(|phrase| phrase.to_string()).collect())
        };
        let usual = |command| listed.iter().find(|(of, _)| *of == command).map_or(&[][..], |(_, phrases)| phrases);
        let all: Vec<(Command, Vec<String>)> =
            Command::ALL.map(|command| (command, or(self.own(command).take(), usual(command)))).into();
        let cut = all.iter().flat_map(|(command, all)| all.iter().map(|phrase| (*command, tokens(phrase, language))));
        let cut = cut.collect();
        let (yes, no, polite) = (or(self.yes, yes), or(self.no, no), or(self.polite, polite));
        Commands { all, yes, no, polite, rights: or(self.rights, rights::listed(language)), cut }
    }

    fn own(&mut self, command: Command) -> &mut Option<Vec<String>> {
        match command {
            Command::Repeat => &mut self.repeat,
            Command::Help => &mut self.help,
            Command::Back => &mut self.back,
            Command::Restart => &mut self.restart,
            Command::Person => &mut self.person,
            Command::Goodbye => &mut self.goodbye,
            Command::Wait => &mut self.wait,
            Command::Cancel => &mut self.cancel,
            Command::Hello => &mut self.hello,
        }
    }
}

#[cfg(test)]
mod tests;
