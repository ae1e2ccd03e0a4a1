//! `ScriptedBrain`: a brain that comes to what it was told to, each thought in its own time, as a language model would.
use crate::expect::Expect;
use crate::guidance::{Guidance, GuidanceFault, SpokenValue};
use crate::keypad::Keypad;
use crate::model::brain::{Brain, BrainInput};
use crate::model::thought::Thought;
use crate::turn::AnswerKind;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Each answer of the caller's and each outcome of a tool leads to the next reply; the first one is the greeting.
#[derive(Default)]
pub struct ScriptedBrain {
    replies: VecDeque<Vec<(Duration, Thought)>>,
    coming: VecDeque<(Instant, Thought)>,
    ready: VecDeque<Thought>,
    turns: Arc<Mutex<Vec<String>>>,
}

impl ScriptedBrain {
    /// Adds a reply: its thoughts, each so long after the one before it.
    pub fn reply(mut self, thoughts: impl IntoIterator<Item = (Duration, Thought)>) -> Self {
        self.replies.push_back(thoughts.into_iter().collect());
        self
    }

    /// What it is told of the caller's turns, as it comes.
    pub fn turns(&self) -> Arc<Mutex<Vec<String>>> {
        self.turns.clone()
    }

    fn note(&self, input: &BrainInput) {
        let line = match input {
            BrainInput::EagerEnd(text) => format!("likely {text}"),
            BrainInput::EagerWithdrawn => "goes on".to_owned(),
            BrainInput::Heard { text, .. } => format!("heard {text}"),
            BrainInput::Typed(text) => format!("typed {text}"),
            _ => return,
        };
        self.turns.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }

    pub fn listen() -> Thought {
        Thought::Listen(Expect {
            grammar: "".into(),
            free: true,
            keys: false,
            secret: false,
            asked: None,
            may_hold_secret: false,
        })
    }

    pub fn say(text: &str) -> Thought {
        Thought::Say { text: text.to_owned(), interruptible: true }
    }
}

impl Brain for ScriptedBrain {
    fn handle(&mut self, now: Instant, input: BrainInput) {
        self.note(&input);
        match input {
            BrainInput::Answered
            | BrainInput::Heard { .. }
            | BrainInput::Typed(_)
            | BrainInput::Keys(_)
            | BrainInput::Guided(_) => {
                self.coming.clear();
            }
            BrainInput::Interrupted => return self.coming.clear(),
            BrainInput::ToolDone { .. } | BrainInput::Tick => {}
            _ => return,
        }
        if input != BrainInput::Tick {
            let mut at = now;
            for (after, thought) in self.replies.pop_front().unwrap_or_default() {
                at += after;
                self.coming.push_back((at, thought));
            }
        }
        while let Some((_, thought)) = self.coming.pop_front_if(|(at, _)| *at <= now) {
            self.ready.push_back(thought);
        }
    }

    fn poll(&mut self) -> Option<Thought> {
        self.ready.pop_front()
    }

    fn deadline(&self) -> Option<Instant> {
        self.coming.front().map(|(at, _)| *at)
    }

    fn is_thinking(&self) -> bool {
        !self.coming.is_empty()
    }

    fn answer_kind(&self, _text: &str) -> AnswerKind {
        AnswerKind::Whole
    }

    fn keypad(&self) -> Keypad {
        Keypad::None
    }

    fn asks_secret(&self) -> bool {
        false
    }

    fn is_secret(&self, _text: &str) -> bool {
        false
    }

    fn spellings(&self) -> Vec<(String, String)> {
        Vec::new()
    }

    fn check_guidance(&self, _guidance: &Guidance) -> Result<(), GuidanceFault> {
        Ok(())
    }

    fn expect_people(&self) -> Expect {
        self.expect()
    }

    fn expect_whisper(&self) -> Expect {
        self.expect()
    }

    fn read_whisper(&self, text: &str) -> Guidance {
        Guidance { say: Some(text.to_owned()), ..Guidance::default() }
    }

    fn values_among(&self, _text: &str) -> Vec<SpokenValue> {
        Vec::new()
    }

    fn expect(&self) -> Expect {
        Expect { grammar: "".into(), free: true, keys: false, secret: false, asked: None, may_hold_secret: false }
    }
}
