//! `Lookup`: a request in the midst of a task, and what follows from its answer.
use super::condition::Condition;
use super::passage::Passage;
use super::request::RequestTemplate;
use crate::say::SayAs;
use crate::value::kind::Value;

#[derive(Clone, Debug)]
pub struct Lookup {
    pub name: String,
    pub when: Condition,
    pub request: RequestTemplate,
    /// The slots that its request names, by index: it is made when they are known.
    pub slots: Vec<usize>,
    /// Where in an answer stands what was found (RFC 6901); empty: it is the answer itself.
    pub result: String,
    pub found: Branch,
    pub none: Branch,
    pub several: Branch,
    /// The parts of what is found that the task uses: an answer must have them.
    pub needs: Vec<Need>,
}

/// A part of an answer (RFC 6901), and what it is for.
#[derive(Clone, Debug, PartialEq)]
pub struct Need {
    pub pointer: String,
    pub of: Use,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// It is said in this form.
    Said(Option<SayAs>),
    Sent,
    /// A condition is about it: it may be null.
    Tested,
}

/// What an answer comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Found,
    None,
    Several,
}

/// What follows from one outcome.
#[derive(Clone, Debug)]
pub struct Branch {
    /// `None`: the prompt for this outcome, or nothing where something was found.
    pub say: Option<Passage>,
    /// Slots, by index, that it fills.
    pub set: Vec<(usize, Source)>,
    pub then: Onward,
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// This part of what was found (RFC 6901).
    Answer(String),
    Literal(Value),
}

/// How a call goes on.
#[derive(Clone, Debug, PartialEq)]
pub enum Onward {
    GoOn,
    /// These slots, by index, are asked for again.
    AskAgain(Vec<usize>),
    /// Another task, by index.
    Task(usize),
    /// The task is over: "anything else?"
    AnythingElse,
    HangUp,
}

impl Outcome {
    pub const ALL: [Outcome; 3] = [Outcome::Found, Outcome::None, Outcome::Several];

    /// As conditions name it.
    pub const fn name(self) -> &'static str {
        match self {
            Outcome::Found => "found",
            Outcome::None => "none",
            Outcome::Several => "several",
        }
    }
}

impl Lookup {
    pub fn branch(&self, outcome: Outcome) -> &Branch {
        match outcome {
            Outcome::Found => &self.found,
            Outcome::None => &self.none,
            Outcome::Several => &self.several,
        }
    }

    pub fn branches(&self) -> impl Iterator<Item = &Branch> {
        Outcome::ALL.into_iter().map(|outcome| self.branch(outcome))
    }
}
