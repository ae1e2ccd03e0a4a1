//! `Input` and `Output`: what a conversation is told, and what it wants done.
use crate::clause::{Clause, SayId};
use crate::expect::Expect;
use crate::guidance::{Guidance, GuidanceFault};
use crate::knowledge::Citation;
use crate::language::Language;
use crate::memory::MemoryNews;
use crate::model::language_model::{ModelNews, ModelReport, ModelRequest, RequestId};
use crate::model::thought::{HangUpReason, Refusal};
use crate::person::{PersonNews, PersonOrder};
use crate::tool::{ToolCall, ToolFault, ToolId};
use crate::turn::{TurnTimer, VoiceEnd};
use std::time::Duration;

/// What happens to a conversation. `Debug` hides words and keys.
#[derive(Clone, PartialEq)]
pub enum Input {
    /// The line is open: greet.
    Answered,
    /// The caller's voice began (the gate's verdict, about 64 ms after the onset).
    SpeechStarted,
    /// The caller's voice stopped, this long ago (the gate waits about 200 ms before it says so), after so much speech: more than
    /// has passed since it began where a network held the sound back and then brought it at once.
    SpeechStopped { ago: Duration, spoke: Duration },
    /// How the voice sounded at its end, where the ears tell that: told after the `SpeechStopped` that it belongs to.
    VoiceEnd(VoiceEnd),
    /// What was understood. A later `Words` of the same turn replaces an earlier one. `text` is `None` when somebody spoke and it
    /// was nothing that was asked for.
    Words { text: Option<String>, confidence: f32, is_final: bool },
    /// One key of the caller's keypad, each once: `0-9`, `*`, `#`, `A-D`.
    Key(char),
    /// The caller wrote this instead of saying it: an answer that needs no recogniser, and is sure. It hushes at once, like a key.
    Typed(String),
    /// What the caller has heard of a clause: `chars` characters of it; `whole` when all of it, or all that will ever be heard after a hush.
    Heard { say: SayId, chars: u32, whole: bool },
    /// The first sound of a clause reached the caller.
    Speaking { say: SayId },
    /// A tool has this outcome.
    ToolDone { id: ToolId, result: Result<serde_json::Value, ToolFault> },
    /// More of the answer of a language model.
    Model { id: RequestId, news: ModelNews },
    /// No recogniser works (`true`) or one works again (`false`).
    Deaf(bool),
    /// From the caller's last sound to the bot's first so much time has passed.
    AnswerDelay(Duration),
    /// Some clause could not be spoken by any engine.
    Mute { say: SayId },
    /// The line is on hold (`true`), or not any more: in between nobody hears and nobody listens.
    OnHold(bool),
    /// A person speaks with the caller in the bot's place: the bot says nothing and hears nothing until it is given the call back.
    TakenOver,
    /// The call is the bot's again, with what the person has agreed with the caller. `Conversation::check_guidance` has found nothing
    /// against it.
    HandedBack(Guidance),
    /// A supervisor guides the bot, which follows at the next pause and says so by [`Output::Guided`].
    Guided { id: u64, guidance: Guidance },
    /// Told while a person is looked for ([`Output::Person`]).
    Person(PersonNews),
    /// Somebody waits to listen until the caller has heard the disclosure, or nobody does any more.
    ListenerWaits(bool),
    /// The deadline that `Conversation::deadline` named has come.
    Tick,
}

/// What a conversation wants done. `Debug` hides words and values.
#[derive(Clone, PartialEq)]
pub enum Output {
    /// Say this clause (already normalised for the ear).
    Say { say: SayId, clause: Clause, interruptible: bool },
    /// Say this while the caller pauses in what they tell: a sign that the bot listens. It takes no floor, and nothing waits for it.
    Backchannel { say: SayId, clause: Clause },
    /// The bot's turn is complete: no further clause belongs to it, and the caller is expected to speak.
    Complete,
    /// Stop the playout where it is; nothing is lost.
    Pause,
    /// Go on after a pause, from the last clause boundary or where it stopped.
    Resume,
    /// Nothing below this clause is heard any more.
    Hush { floor: SayId, by: HushedBy },
    /// From now on this is listened for (sent before the prompt that asks for it, so that an early answer is understood).
    Listen(Expect),
    /// A keypad entry began (`true`): close the ear until it has ended (`false`).
    Keying(bool),
    /// The sound the caller made was no turn: a cough, a backchannel, or nothing that anybody understood.
    NoTurn,
    /// The caller has finished, and the recogniser is late with what they said: the silence until it comes is the bot's.
    Late,
    /// The caller's turn is taken: what they said, for the timeline. A secret one comes masked.
    Turn { text: String, confidence: f32, by: AnsweredBy, secret: bool },
    /// Run this tool; [`Input::ToolDone`] tells its outcome. One that acts runs to its end, also past its limit: then a first
    /// [`ToolFault::Late`] is told, and what it came to afterwards.
    Run(ToolCall),
    /// Stop this tool, which only reads, if it still runs: its outcome is not wanted any more.
    Cancel(ToolId),
    /// Ask a language model this; [`Input::Model`] tells its answer.
    Ask(ModelRequest),
    /// Stop this request, if it still runs: its answer is not wanted any more.
    StopAsking(RequestId),
    /// How a request went: for the timeline.
    Asked(ModelReport),
    /// A tool was called and does not run: the call `of` has done or does the very same, or (`None`) this one is refused, or
    /// the conversation itself has its outcome.
    Called { id: ToolId, name: String, of: Option<ToolId> },
    /// What a call of a tool came to, for the timeline: once for each [`Run`](Self::Run) and [`Called`](Self::Called).
    Outcome { id: ToolId, fault: Option<ToolFault> },
    /// The answer of this tool lacked something that the bot needs: for the timeline.
    Incomplete(ToolId),
    /// What the bot says stands there in its documents: for the timeline.
    Cited(Citation),
    /// The caller is to be put through to a person, or is not any more.
    Person(PersonOrder),
    /// The caller does not want to be recorded: from now on nothing is. `keeps`: what was recorded before is kept.
    StopRecording { keeps: bool },
    /// The caller asked whether a machine speaks, and is told: for the timeline.
    MachineTold,
    /// What is to be remembered of the caller, or no more: for the store of what is known of callers.
    Memory(MemoryNews),
    /// Another bot goes on with the call: from here on its ear and its voice are wanted.
    Bot { name: String, language: Language },
    /// Another bot was to go on with the call, and there is none of that name: for the timeline.
    NoBot { name: String },
    /// From now on the bot hurries, or does not any more: the caller has waited so long for the last answer, and this is the limit.
    Hurry { hurries: bool, delay: Duration, limit: Duration },
    /// Something was refused; what the caller is told of it is said.
    Refused(Refusal),
    /// End the call when all that was said has been heard.
    HangUp { reason: HangUpReason },
    /// Guidance was followed, or could not be. `said`: the first clause that it led to.
    Guided { id: u64, said: Option<SayId>, followed: Result<(), GuidanceFault> },
    /// A slot was filled, confirmed or cleared (no value). A secret slot shows `MASK` for its value.
    Slot { name: String, value: Option<serde_json::Value>, confirmed: bool, secret: bool },
}

/// How a turn was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnsweredBy {
    Voice,
    Keys,
    Text,
}

/// Who stopped what the bot said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HushedBy {
    /// AnsweredBy voice, keys or in writing.
    Caller,
    /// A person who speaks with the caller in the bot's place.
    Person,
    /// The bot has something more urgent to say, or nothing it says can be heard.
    Bot,
}

/// Why a conversation wants to be woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Turn-taking: pause, hush, the end of a turn.
    Turn(TurnTimer),
    /// The caller says nothing.
    NoInput,
    /// No further key.
    KeyGap,
    /// The caller waits for a tool that is slow: ask for patience.
    ToolSlow,
    /// A tool should have answered long ago.
    ToolLost,
    /// A clause should have been heard long ago.
    Overdue,
    /// Nobody speaks, and guidance waits.
    Guidance,
    /// The brain has more to say or do.
    Brain,
}
