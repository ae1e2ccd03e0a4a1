//! `Core`: what a call's driver runs: a conversation ([`super::talk::Talk`]) or an echo ([`super::echo::Echo`]).
use super::bleep::Bleep;
use super::end::End;
use super::page::Incoming;
use super::person::PersonEvent;
use super::seat::{GuidanceReply, Guide, HandBack, SeatNews};
use super::voices::VoiceHeard;
use super::watchdog::Why;
use crate::standby::Clip;
use crate::store::{CallEvent, LiveChange};
use dialog::bot::Bot;
use dialog::conversation::{Expect, GuidanceFault, HandOver, ToolCall, ToolFault, ToolId};
use dialog::memory::MemoryNews;
use dialog::model::language_model::{ModelNews, ModelRequest, RequestId};
use media::asr::Heard;
use media::ear::EarState;
use media::hears::Supervision;
use media::leg::BotMode;
use media::playout::Gain;
use media::room::{Event, Seat};
use media::tts::delivery::ClauseText;
use media::tts::{Spoken, UtteranceId};
use std::sync::Arc;
use std::time::Instant;

/// A core is told the time and never asks for it: `handle` an input, then `poll` until `None`, then wait until `deadline`.
pub trait Core {
    fn handle(&mut self, now: Instant, input: CallInput);
    fn poll(&mut self) -> Option<Act>;
    /// When `handle(now, CallInput::Tick)` is wanted next, and why; `None` once the call has ended.
    fn deadline(&self) -> Option<(Instant, Why)>;
    /// Whether the caller has heard that others may listen, where there is somebody to tell them.
    fn is_disclosed(&self) -> bool {
        true
    }
}

/// What happens to a call.
#[derive(Debug)]
pub enum CallInput {
    /// The line is open both ways.
    Answered,
    Room(Event),
    Heard(Heard),
    /// A recogniser reports what a person in the call said, who does not speak with the bot.
    Voice(VoiceHeard),
    Spoken(Spoken),
    /// A key by signalling (SIP INFO); keys in RTP come with the room's events.
    Key(char),
    /// The far end has put the line on hold, or resumed it.
    LineOnHold(bool),
    /// A browser's connection is lost, or back. The conversation pauses as during a hold.
    ConnectionLost(bool),
    /// From a browser's data channel.
    Page(Incoming),
    ToolDone {
        id: ToolId,
        result: Result<serde_json::Value, ToolFault>,
    },
    /// More of the answer of a language model.
    Model {
        id: RequestId,
        news: ModelNews,
    },
    /// A supervisor's seat has changed: the room knows it already.
    Seat(SeatNews),
    /// What has come of the search for a person; the room knows who has joined or left.
    Person(PersonEvent),
    /// Who has taken the call over gives it back to the bot.
    HandBack(HandBack),
    /// A supervisor guides the bot.
    Guide(Guide),
    /// The line has ended, by the far end, its network or this server.
    Gone(End),
    /// An operator, the API or a drain ends the call.
    EndNow(End),
    Tick,
}

/// What the driver is asked to do.
#[derive(Debug)]
pub enum Act {
    Say {
        utterance: UtteranceId,
        text: ClauseText,
        /// Its words as whoever thought of them wrote them.
        written: String,
        interruptible: bool,
    },
    /// Play this at once, because the bot's own sound is late.
    Standby {
        utterance: UtteranceId,
        clip: Clip,
    },
    Gain(Gain),
    /// Play nothing below this utterance any more.
    Hush(UtteranceId),
    Listen(Expect),
    Ear(EarState),
    /// The ear of this seat gets a session of recognition of its own, whose reports bring this number.
    Transcribe {
        seat: Seat,
        session: u64,
        expect: Expect,
    },
    StopTranscribing(Seat),
    /// What is said now is secret, or is not any more: sound in between must not be stored.
    Secret(bool),
    /// What of the recording becomes a tone.
    Bleep(Bleep),
    /// The caller does not want to be recorded: nothing is from now on, and what was recorded before is kept or removed.
    StopRecording {
        keeps: bool,
    },
    Run(ToolCall),
    /// Stop this tool, if it still runs.
    Cancel(ToolId),
    /// Ask a language model.
    Ask(ModelRequest),
    /// Stop this request, if it still runs.
    StopAsking(RequestId),
    Note(CallEvent),
    /// Answers come too late, so that the voice hurries; or in time again.
    Hurry(bool),
    /// Another bot goes on with the call: its ear, its voice and its tools are meant from here on.
    Become {
        name: String,
        bot: Arc<Bot>,
    },
    /// What is to be remembered of the caller, or no more.
    Remember(MemoryNews),
    /// The supervisor at this seat takes part like this from now on.
    Supervise(Seat, Supervision),
    /// Look for a person.
    FindPerson(Box<HandOver>),
    /// The caller's telephone cannot be transferred: the server calls the person itself, where the destination lets it.
    BridgePerson(Box<HandOver>),
    /// Look no longer, and send away who was found.
    StopPerson,
    /// Say this to the agent alone.
    Brief {
        utterance: UtteranceId,
        text: ClauseText,
    },
    /// Whether the bot speaks with the caller, or the agent does.
    Bot(BotMode),
    /// Answers who guides the bot, or hands the call back.
    Reply(GuidanceReply, Result<u64, GuidanceFault>),
    /// A message for the browser's page.
    SendToPage(String),
    /// For who watches live calls.
    TellWatchers(LiveChange),
    /// Hang up. The last act of a call.
    End(End),
}
