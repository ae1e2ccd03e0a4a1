//! `ModelledCaller`: a caller whose part a language model takes.
use super::{Action, Caller, Hearing, Manner, NextMoment, PATIENCE, chosen, filled};
use crate::model::{Message, Model, Question, Role, without_thoughts};
use crate::random::Random;
use crate::record::Failure;
use crate::scenario::{Scenario, Spoken};
use dialog::language::Language;
use std::time::Duration;

/// A caller who has said so much without an end is one who never hangs up.
const MOST_TURNS: usize = 40;

/// What is said at once, in characters and in tokens.
const MOST_CHARS: usize = 300;
const MOST_TOKENS: u32 = 400;

/// How long a caller is silent who says nothing.
const SILENCE: Duration = Duration::from_secs(8);

/// How the model says that the caller does something else than speak.
const HANG_UP: &str = "[hang up]";
const SILENT: &str = "[silence]";
const KEYS: &str = "[keys ";

pub struct ModelledCaller<'a> {
    model: &'a dyn Model,
    line: usize,
    messages: Vec<Message>,
    manner: Manner<'a>,
    seed: u64,
    hangs_up: bool,
}

impl<'a> ModelledCaller<'a> {
    /// `goal`: what the caller wants, of the scenario.
    pub fn new(
        scenario: &'a Scenario,
        goal: &str,
        language: Language,
        model: &'a dyn Model,
        mut random: Random,
    ) -> Self {
        let persona = chosen(&scenario.persona, &mut random);
        let seed = random.bits();
        let messages = vec![Message::new(Role::System, instructions(&filled(goal, &persona), language))];
        let manner = Manner::new(&scenario.variation, random);
        Self { model, line: scenario.line, messages, manner, seed, hangs_up: false }
    }

    fn fault(&self, problem: impl Into<String>) -> Failure {
        Failure::new(self.line, problem)
    }

    /// What the model has the caller do.
    fn action(&mut self, answer: &str) -> Result<Action, Failure> {
        match Answer::read(answer) {
            Answer::HangUp => Ok(Action::HangUp),
            Answer::Silent => Ok(Action::Wait(SILENCE)),
            Answer::Keys(keys) => Ok(Action::Keys { keys, pause: self.manner.pause() }),
            Answer::Says { words, and_hangs_up } => {
                self.hangs_up = and_hangs_up;
                let spoken =
                    Spoken { texts: Vec::new(), confidence: None, misheard: Vec::new(), pace: None, noise: None };
                Ok(Action::Say(self.manner.utterance(words.clone(), words, &spoken)))
            }
            Answer::Nothing => Err(self.fault("the model that takes the caller's part answered with nothing")),
        }
    }
}

impl Caller for ModelledCaller<'_> {
    fn moment(&self) -> NextMoment {
        NextMoment::BotDone
    }

    fn act(&mut self, hearing: &Hearing<'_>) -> Result<Action, Failure> {
        if hearing.over || self.hangs_up {
            return Ok(Action::HangUp);
        }
        if hearing.waits_for_person && hearing.said.text().is_empty() {
            return Ok(Action::Listen(PATIENCE));
        }
        if self.messages.len() > 2 * MOST_TURNS {
            return Err(self.fault(format!("the caller has spoken {MOST_TURNS} times and is not done")));
        }
        let said = Some(hearing.said.text()).filter(|said| !said.is_empty()).unwrap_or("(The bot says nothing.)");
        self.messages.push(Message::new(Role::User, said));
        let seed = self.seed ^ self.messages.len() as u64;
        let question = Question { messages: &self.messages, seed, varies: true, most_tokens: MOST_TOKENS };
        let answer = self.model.answer(&question);
        let answer = answer.map_err(|why| self.fault(format!("the model that takes the caller's part {why}")))?;
        let answer = without_thoughts(&answer).to_owned();
        self.messages.push(Message::new(Role::Assistant, answer.clone()));
        self.action(&answer)
    }
}

/// What the model is told of its part.
fn instructions(goal: &str, language: Language) -> String {
    let language = match language {
        Language::En => "English",
        Language::Vi => "Vietnamese",
    };
    format!(
        "You play a caller on the telephone who speaks with a voice bot. You are not the bot and you help nobody.\n\
         What you want: {goal}\n\
         You speak {language}. Each message is what the bot said to you. Answer with the words that you say next and nothing else: one or \
         two short sentences as people speak them, without remarks, lists or quotation marks. Stay with what you want; what is not said \
         there you may make up once and keep to.\n\
         When you have what you want, or it cannot be had, say goodbye and end with {HANG_UP}. Only when the bot asks for keys, answer \
         {KEYS}123#]. To say nothing, answer {SILENT}."
    )
}

/// What a model's answer has the caller do.
#[derive(Debug, PartialEq, Eq)]
enum Answer {
    Says { words: String, and_hangs_up: bool },
    Keys(String),
    Silent,
    HangUp,
    Nothing,
}

impl Answer {
    fn read(answer: &str) -> Self {
        let lower = answer.to_lowercase();
        let and_hangs_up = lower.contains(HANG_UP);
        if let Some((_, keys)) = lower.split_once(KEYS) {
            let keys: String = keys.chars().take_while(|c| *c != ']').filter(|c| is_key(*c)).collect();
            if !keys.is_empty() {
                return Answer::Keys(keys);
            }
        }
        let words = spoken(answer);
        match (words.is_empty(), and_hangs_up) {
            (false, _) => Answer::Says { words, and_hangs_up },
            (true, true) => Answer::HangUp,
            (true, false) if lower.contains(SILENT) => Answer::Silent,
            (true, false) => Answer::Nothing,
        }
    }
}

fn is_key(c: char) -> bool {
    c.is_ascii_digit() || c == '*' || c == '#'
}

/// The words of an answer: without what stands in brackets or between asterisks, the name of who speaks, and quotation marks.
fn spoken(answer: &str) -> String {
    let mut words = String::new();
    let (mut depth, mut aside) = (0_u32, false);
    for c in answer.chars() {
        match c {
            '[' | '(' => depth += 1,
            ']' | ')' => depth = depth.saturating_sub(1),
            '*' => aside = !aside,
            '"' | '“' | '”' => {}
            c if depth == 0 && !aside => words.push(c),
            _ => {}
        }
    }
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    let names = ["Caller:", "caller:", "Me:", "Người gọi:", "Khách:"];
    let words = names.iter().find_map(|name| words.strip_prefix(name)).unwrap_or(&words).trim();
    words.chars().take(MOST_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_what_the_caller_says_or_does() {
        let says = |words: &str, and_hangs_up| Answer::Says { words: words.into(), and_hangs_up };
        for (answer, read) in [
            ("A room in Boston, please.", says("A room in Boston, please.", false)),
            ("Caller: \"Yes, that's right.\"", says("Yes, that's right.", false)),
            ("*sighs* (annoyed) Tomorrow\nat three.", says("Tomorrow at three.", false)),
            ("Cảm ơn em, chào em. [Hang up]", says("Cảm ơn em, chào em.", true)),
            ("[hang up]", Answer::HangUp),
            ("[silence]", Answer::Silent),
            ("[keys 12 34#]", Answer::Keys("1234#".into())),
            ("I press [keys 1]", Answer::Keys("1".into())),
            ("[keys abc]", Answer::Nothing),
            ("", Answer::Nothing),
            ("(", Answer::Nothing),
        ] {
            assert_eq!(Answer::read(answer), read, "{answer}");
        }
        assert_eq!(spoken(&"ồ ".repeat(900)).chars().count(), MOST_CHARS);
    }
}
