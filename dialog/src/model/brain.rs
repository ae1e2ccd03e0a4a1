//! `Brain`: the core that decides what the bot says and does. `Conversation` hands it what the caller said and plays its thoughts.
use super::handed::Carried;
use super::thought::Thought;
use crate::expect::Expect;
use crate::guidance::{Guidance, GuidanceFault, SpokenValue};
use crate::history::History;
use crate::keypad::Keypad;
use crate::model::language_model::{ModelNews, RequestId};
use crate::person::PersonNews;
use crate::tool::{ToolFault, ToolId};
use crate::turn::AnswerKind;
use std::time::Instant;

/// What a brain is told.
#[derive(Clone, PartialEq)]
pub enum BrainInput {
    /// The line is open: greet.
    Answered,
    /// The caller's turn is taken, and this was understood. `question_heard`: how much of the bot's question they had
    /// heard when they began to speak, 0 to 1.
    Heard { text: String, confidence: f32, question_heard: f32 },
    /// The caller is silent, and this may be all that they say; [`Heard`](Self::Heard) with the same words follows, or
    /// [`EagerWithdrawn`](Self::EagerWithdrawn). A reply may be prepared, and nothing may come of it yet that the caller hears or that acts: the floor is
    /// the caller's, and `is_thinking` stays as it was.
    EagerEnd(String),
    /// It was not all of it: what was prepared is not wanted.
    EagerWithdrawn,
    /// The caller wrote this.
    Typed(String),
    /// The caller entered these keys.
    Keys(String),
    /// Somebody spoke, and it was nothing that was asked for.
    NotUnderstood,
    /// Somebody spoke, and the recogniser gave nothing in time: the caller is not to blame.
    Unheard,
    /// Nobody spoke.
    NoInput,
    /// The call has had as many turns as it may: end it.
    TooManyTurns,
    /// No recogniser works (`true`), or one works again.
    Deaf(bool),
    /// More of the answer of a language model ([`Thought::Ask`]); not after a [`Thought::StopAsking`].
    Model { id: RequestId, news: ModelNews },
    /// A tool has this outcome; it is told once, and not after a [`Thought::Cancel`].
    ToolDone { id: ToolId, result: Result<serde_json::Value, ToolFault> },
    /// A supervisor gives this, at a moment when nobody speaks; `check_guidance` has found nothing against it. With nothing in it: the
    /// call is the bot's again after a person has spoken with the caller. What is still open is asked for.
    Guided(Guidance),
    /// The call was another bot's: this one goes on with it, without a greeting.
    HandedOn(Carried),
    /// Told while a person is looked for ([`Thought::Person`]).
    Person(PersonNews),
    /// The caller spoke, wrote or pressed keys over what the bot was saying: nothing that was still to come is wanted.
    Interrupted,
    /// Callers wait too long for answers: until this is taken back, answers are to be short and quick.
    Hurry(bool),
    /// The deadline has come.
    Tick,
}

/// A core like the others: after each [`handle`](Self::handle), [`poll`](Self::poll) until `None`, then ask for the
/// [`deadline`](Self::deadline). What it comes to may arrive at once or piece by piece; a new turn of the caller's ends what an
/// earlier one led to.
///
/// Between inputs it answers what turn-taking, the keypad and the record have to know of the present step.
pub trait Brain: Send {
    fn handle(&mut self, now: Instant, input: BrainInput);

    /// What was said so far, before each input that is not a piece of an answer.
    fn recall(&mut self, _history: &History) {}

    fn poll(&mut self) -> Option<Thought>;

    /// When [`BrainInput::Tick`] is wanted.
    fn deadline(&self) -> Option<Instant>;

    /// More is to come of the last input. Until then the floor is the bot's, also while it says nothing.
    fn is_thinking(&self) -> bool;

    /// What a caller's words are worth now: how long to wait for more.
    fn answer_kind(&self, text: &str) -> AnswerKind;

    /// Whether the caller tells something with these words, so that a sign of listening is no answer to them: they ask nothing, and no yes or
    /// no is asked for.
    fn is_told(&self, _text: &str) -> bool {
        true
    }

    /// How many times as long as usual the present step waits for more.
    fn patience(&self) -> f32 {
        1.0
    }

    /// What keys mean now.
    fn keypad(&self) -> Keypad;

    /// Whether a secret is asked for now: nothing of what is heard may be stored.
    fn asks_secret(&self) -> bool;

    /// Whether these words of the caller's hold a secret, asked for or not.
    fn is_secret(&self, text: &str) -> bool;

    /// How values that are known are said, and how they are written; nothing of a secret.
    fn spellings(&self) -> Vec<(String, String)>;

    /// Why this guidance could not be followed now.
    ///
    /// # Errors
    /// The first reason found.
    fn check_guidance(&self, guidance: &Guidance) -> Result<(), GuidanceFault>;

    /// What is listened for now.
    fn expect(&self) -> Expect;

    /// What the caller is being helped with now, by its name in the bot's file; `None` for a brain that knows no tasks.
    fn task(&self) -> Option<&str> {
        None
    }

    /// Whether it has an answer of its own to these words of the caller's.
    fn understands(&self, _text: &str) -> bool {
        true
    }

    /// What another bot is to know that goes on with the call now; nothing of a secret.
    fn carried(&self) -> Carried {
        Carried::default()
    }

    /// What may be recognised of people who speak with each other: while one of them speaks with the caller in the bot's place.
    fn expect_people(&self) -> Expect;

    /// What may be recognised of a supervisor who tells the bot what to do.
    fn expect_whisper(&self) -> Expect;

    /// What a supervisor has told the bot; with nothing in it, nothing was understood.
    fn read_whisper(&self, text: &str) -> Guidance;

    /// The values in what one of them has said.
    fn values_among(&self, text: &str) -> Vec<SpokenValue>;
}
