//! `Output`: what a session of a model that hears and speaks wants done.
use dialog::model::language_model::{ModelNews, RequestId};
use media::pool::clauses::Clause;
use media::remote::Message;
use media::tts::delivery::ClauseText;
use media::tts::{Spoken, UtteranceId};

#[derive(Debug)]
pub enum Output {
    /// A connection is wanted; one that is open is over.
    Connect,
    /// The connection is of no more use.
    Close,
    Send(Message),
    Told(RequestId, ModelNews),
    Spoken(Spoken),
    /// A clause for the bot's own voice.
    Say {
        utterance: UtteranceId,
        text: ClauseText,
        interruptible: bool,
    },
    /// The rest of a clause for the bot's own voice.
    GoOn(Clause),
    /// The sound of an answer did not come in time.
    SoundLate,
}
