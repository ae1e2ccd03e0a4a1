//! `Debug` without words: what a caller says, types or is told never reaches a log.
use super::message::{Input, Output};
use std::fmt::{Debug, Formatter, Result};

impl Debug for Input {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Input::Answered => f.write_str("Answered"),
            Input::SpeechStarted => f.write_str("SpeechStarted"),
            Input::SpeechStopped { ago, spoke } => {
                f.debug_struct("SpeechStopped").field("ago", ago).field("spoke", spoke).finish()
            }
            Input::Words { text, confidence, is_final } => {
                write!(
                    f,
                    "Words {{ understood: {}, confidence: {confidence:.2}, is_final: {is_final} }}",
                    text.is_some()
                )
            }
            Input::Key(_) => f.write_str("Key(..)"),
            Input::Typed(_) => f.write_str("Typed(..)"),
            Input::Heard { say, chars, whole } => {
                write!(f, "Heard {{ say: {}, chars: {chars}, whole: {whole} }}", say.0)
            }
            Input::Speaking { say } => write!(f, "Speaking {{ say: {} }}", say.0),
            Input::ToolDone { id, result } => {
                write!(f, "ToolDone {{ id: {}, fault: {:?} }}", id.0, result.as_ref().err())
            }
            Input::Model { id, news } => write!(f, "Model {{ id: {}, {news:?} }}", id.0),
            Input::Deaf(deaf) => write!(f, "Deaf({deaf})"),
            Input::AnswerDelay(delay) => write!(f, "AnswerDelay({} ms)", delay.as_millis()),
            Input::Mute { say } => write!(f, "Mute {{ say: {} }}", say.0),
            Input::OnHold(held) => write!(f, "OnHold({held})"),
            Input::TakenOver => f.write_str("TakenOver"),
            Input::HandedBack(guidance) => write!(f, "HandedBack({guidance:?})"),
            Input::Guided { id, guidance } => write!(f, "Guided {{ id: {id}, {guidance:?} }}"),
            Input::Person(news) => write!(f, "Person({news:?})"),
            Input::VoiceEnd(end) => write!(f, "{end:?}"),
            Input::ListenerWaits(waits) => write!(f, "ListenerWaits({waits})"),
            Input::Tick => f.write_str("Tick"),
        }
    }
}

impl Debug for Output {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Output::Say { say, clause, interruptible } => {
                let chars = clause.chars();
                write!(f, "Say {{ say: {}, chars: {chars}, interruptible: {interruptible} }}", say.0)
            }
            Output::Backchannel { say, .. } => write!(f, "Backchannel {{ say: {} }}", say.0),
            Output::Complete => f.write_str("Complete"),
            Output::Pause => f.write_str("Pause"),
            Output::Resume => f.write_str("Resume"),
            Output::Hush { floor, by } => write!(f, "Hush {{ floor: {}, by: {by:?} }}", floor.0),
            Output::Listen(expect) => write!(f, "Listen {{ free: {}, keys: {} }}", expect.free, expect.keys),
            Output::NoTurn => f.write_str("NoTurn"),
            Output::Late => f.write_str("Late"),
            Output::Keying(open) => write!(f, "Keying({open})"),
            Output::Turn { confidence, by, secret, .. } => {
                write!(f, "Turn {{ confidence: {confidence:.2}, by: {by:?}, secret: {secret} }}")
            }
            Output::Run(call) => write!(f, "Run({call:?})"),
            Output::Ask(request) => write!(f, "{request:?}"),
            Output::StopAsking(id) => write!(f, "StopAsking({})", id.0),
            Output::Asked(report) => write!(f, "{report:?}"),
            Output::Incomplete(id) => write!(f, "Incomplete({})", id.0),
            Output::Cited(citation) => write!(f, "{citation:?}"),
            Output::Cancel(id) => write!(f, "Cancel({})", id.0),
            Output::Called { id, name, of } => write!(f, "Called {{ id: {}, name: {name:?}, of: {of:?} }}", id.0),
            Output::Outcome { id, fault } => write!(f, "Outcome {{ id: {}, fault: {fault:?} }}", id.0),
            Output::Person(order) => write!(f, "Person({order:?})"),
            Output::StopRecording { keeps } => write!(f, "StopRecording {{ keeps: {keeps} }}"),
            Output::MachineTold => f.write_str("MachineTold"),
            Output::Memory(news) => write!(f, "Memory({news:?})"),
            Output::Bot { name, language } => write!(f, "Bot {{ name: {name:?}, language: {language:?} }}"),
            Output::NoBot { name } => write!(f, "NoBot({name:?})"),
            Output::Hurry { hurries, .. } => write!(f, "Hurry({hurries})"),
            Output::Refused(refusal) => write!(f, "{refusal:?}"),
            Output::HangUp { reason } => write!(f, "HangUp {{ reason: {reason:?} }}"),
            Output::Guided { id, said, followed } => {
                write!(f, "Guided {{ id: {id}, said: {:?}, followed: {followed:?} }}", said.map(|say| say.0))
            }
            Output::Slot { name, value, confirmed, secret } => {
                write!(
                    f,
                    "Slot {{ name: {name}, filled: {}, confirmed: {confirmed}, secret: {secret} }}",
                    value.is_some()
                )
            }
        }
    }
}
