//! `Numbered`: a brain that goes on with a call after another one. Its tools and requests have numbers that no brain before has used.
use super::brain::{Brain, BrainInput};
use super::handed::Carried;
use super::language_model::RequestId;
use super::thought::Thought;
use crate::expect::Expect;
use crate::guidance::{Guidance, GuidanceFault, SpokenValue};
use crate::history::History;
use crate::keypad::Keypad;
use crate::tool::ToolId;
use crate::turn::AnswerKind;
use std::time::Instant;

pub(crate) struct Numbered {
    brain: Box<dyn Brain>,
    /// The numbers of its own are so much higher outside.
    from: u64,
}

impl Numbered {
    pub fn new(brain: Box<dyn Brain>, from: u64) -> Self {
        Self { brain, from }
    }
}

impl Brain for Numbered {
    fn handle(&mut self, now: Instant, input: BrainInput) {
        let input = match input {
            // What a brain before has asked for.
            BrainInput::Model { id, .. } if id.0 < self.from => return,
            BrainInput::ToolDone { id, .. } if id.0 < self.from => return,
            BrainInput::Model { id, news } => BrainInput::Model { id: RequestId(id.0 - self.from), news },
            BrainInput::ToolDone { id, result } => BrainInput::ToolDone { id: ToolId(id.0 - self.from), result },
            input => input,
        };
        self.brain.handle(now, input);
    }

    fn poll(&mut self) -> Option<Thought> {
        let (tool, request) = (|id: ToolId| ToolId(id.0 + self.from), |id: RequestId| RequestId(id.0 + self.from));
        Some(match self.brain.poll()? {
            Thought::Run(mut call) => {
                call.id = tool(call.id);
                Thought::Run(call)
            }
            Thought::Cancel(id) => Thought::Cancel(tool(id)),
            Thought::Incomplete(id) => Thought::Incomplete(tool(id)),
            Thought::Ask(mut asked) => {
                asked.id = request(asked.id);
                Thought::Ask(asked)
            }
            Thought::StopAsking(id) => Thought::StopAsking(request(id)),
            Thought::Asked(mut report) => {
                report.id = request(report.id);
                Thought::Asked(report)
            }
            thought => thought,
        })
    }

    fn recall(&mut self, history: &History) {
        self.brain.recall(history);
    }

    fn deadline(&self) -> Option<Instant> {
        self.brain.deadline()
    }

    fn is_thinking(&self) -> bool {
        self.brain.is_thinking()
    }

    fn answer_kind(&self, text: &str) -> AnswerKind {
        self.brain.answer_kind(text)
    }

    fn patience(&self) -> f32 {
        self.brain.patience()
    }

    fn keypad(&self) -> Keypad {
        self.brain.keypad()
    }

    fn asks_secret(&self) -> bool {
        self.brain.asks_secret()
    }

    fn is_secret(&self, text: &str) -> bool {
        self.brain.is_secret(text)
    }

    fn spellings(&self) -> Vec<(String, String)> {
        self.brain.spellings()
    }

    fn check_guidance(&self, guidance: &Guidance) -> Result<(), GuidanceFault> {
        self.brain.check_guidance(guidance)
    }

    fn expect(&self) -> Expect {
        self.brain.expect()
    }

    fn task(&self) -> Option<&str> {
        self.brain.task()
    }

    fn understands(&self, text: &str) -> bool {
        self.brain.understands(text)
    }

    fn carried(&self) -> Carried {
        self.brain.carried()
    }

    fn expect_people(&self) -> Expect {
        self.brain.expect_people()
    }

    fn expect_whisper(&self) -> Expect {
        self.brain.expect_whisper()
    }

    fn read_whisper(&self, text: &str) -> Guidance {
        self.brain.read_whisper(text)
    }

    fn values_among(&self, text: &str) -> Vec<SpokenValue> {
        self.brain.values_among(text)
    }
}
