//! `OtherBots`: the bots that a call may be handed on to, as they are in this call; and `BotSpeech`, what a bot hears and speaks with.
use super::memory::CallMemory;
use crate::bots::Bots;
use crate::engines::remote::{RemoteSpeaker, VoiceSetup};
use crate::engines::{Engines, Loaded};
use crate::language_models::{LanguageModels, Told};
use crate::speech_models::{NearVoice, SpeechCall, SpeechCallSetup};
use crate::tools::Toolbox;
use dialog::bot::{Bot, Headers};
use dialog::conversation::BotSource;
use dialog::memory::Memory;
use media::Rate;
use media::engine::RoomHandle;
use media::pool::Pool;
use media::room::Seat;
use media::tts::delivery::ClauseText;
use media::tts::{Speak, Spoken, TtsFault, UtteranceId, Voice};
use std::sync::Arc;
use tokio::sync::mpsc;

/// Reports of the bot's own voice that wait for a language model that speaks for itself.
const REPORTS: usize = 64;
/// Reports of a voice that speaks to an agent or a supervisor, which nobody reads.
const UNREAD: usize = 256;

/// The bots of the server in one call.
pub(super) struct OtherBots {
    pub bots: Arc<Bots<Loaded>>,
    pub toolbox: Toolbox,
    /// What the trunk said of the call.
    pub headers: Headers,
    /// What is known of the caller, and to which bots.
    pub known: Option<(CallMemory, Memory)>,
}

impl BotSource for OtherBots {
    fn bot(&self, name: &str) -> Option<Arc<Bot>> {
        let loaded = self.bots.get(name)?;
        Some(self.toolbox.complete(loaded.bot.clone().with_headers(self.headers.clone())))
    }

    fn known(&self, name: &str) -> Option<Memory> {
        let (memory, known) = self.known.as_ref()?;
        let loaded = self.bots.get(name)?;
        memory.is_shared_with(name, &loaded).then(|| known.clone())
    }
}

/// What any bot of one call hears and speaks with.
#[derive(Clone)]
pub(super) struct BotSpeech {
    pub pool: Arc<Pool>,
    pub engines: Arc<Engines>,
    pub bots: Arc<Bots<Loaded>>,
    /// Of the call, in the pool's queues.
    pub number: u64,
    pub room: RoomHandle,
    pub spoken: mpsc::Sender<Spoken>,
    pub models: Arc<LanguageModels>,
    pub told: mpsc::Sender<Told>,
}

/// What says a call's clauses.
pub enum CallVoice {
    Own(Box<dyn Speak>),
    /// A language model that speaks for itself, and the bot's own voice for all else.
    Model(SpeechCall),
}

impl CallVoice {
    pub fn model(&self) -> Option<&SpeechCall> {
        match self {
            CallVoice::Own(_) => None,
            CallVoice::Model(model) => Some(model),
        }
    }

    /// # Errors
    /// As those of [`Speak::say`].
    pub fn say(
        &self,
        utterance: UtteranceId,
        text: ClauseText,
        written: String,
        interruptible: bool,
    ) -> Result<(), TtsFault> {
        match self {
            CallVoice::Own(voice) => voice.say(utterance, text, interruptible),
            CallVoice::Model(model) => model.say(utterance, text, interruptible, written),
        }
    }

    pub fn tune(&self, rate: Rate) {
        match self {
            CallVoice::Own(voice) => voice.tune(rate),
            CallVoice::Model(model) => model.tune(rate),
        }
    }

    /// A language model that speaks for itself has a pace of its own.
    pub fn hurry(&self, hurries: bool) {
        if let CallVoice::Own(voice) = self {
            voice.hurry(hurries);
        }
    }

    pub fn hush(&self, floor: UtteranceId) {
        match self {
            CallVoice::Own(voice) => voice.hush(floor),
            CallVoice::Model(model) => model.hush(floor),
        }
    }
}

impl BotSpeech {
    /// What says the clauses of this bot: the first of its language models that speaks for itself, or the bot's own voice.
    pub fn voice_of(&self, bot: &Bot, voice: Voice) -> CallVoice {
        let names = bot.model.iter().flat_map(|model| &model.names);
        let Some(account) = names.into_iter().find_map(|name| self.models.speech(name)) else {
            return CallVoice::Own(self.speaker(voice));
        };
        let (out, news) = mpsc::channel(REPORTS);
        let own = BotSpeech { spoken: out.clone(), ..self.clone() };
        let (rate, of) = (voice.rate, own.clone());
        let near = NearVoice {
            voice: own.speaker(voice.clone()),
            go_on: Box::new(move || {
                let (engines, sink) = (of.engines.voices(voice.language), of.room.sink(Seat::CALLER));
                of.pool.speaker(of.number, engines, voice, sink, out)
            }),
            news,
        };
        let (sink, spoken, told) = (self.room.sink(Seat::CALLER), self.spoken.clone(), self.told.clone());
        CallVoice::Model(SpeechCall::open(SpeechCallSetup { account, rate, near, sink, spoken, told }))
    }

    /// The call's voice: that of another machine where one works, with those of this one behind it.
    pub fn speaker(&self, voice: Voice) -> Box<dyn Speak> {
        let (language, sink) = (voice.language, || self.room.sink(Seat::CALLER));
        let (pool, engines, out) = (self.pool.clone(), self.engines.voices(language), self.spoken.clone());
        match self.engines.remote_voices(language).iter().find(|engine| engine.is_well()) {
            None => Box::new(pool.speaker(self.number, engines, voice, sink(), out)),
            Some(engine) => {
                let setup = VoiceSetup { number: self.number, pool, engines, voice, sinks: [sink(), sink()], out };
                Box::new(RemoteSpeaker::open(engine.clone(), setup))
            }
        }
    }

    /// Opens the voice that speaks to the person at a seat alone.
    pub fn to_seat(&self, voice: Voice) -> Box<dyn Fn(Seat) -> Box<dyn Speak> + Send> {
        let of = self.clone();
        Box::new(move |seat| {
            // How far it was heard is told by the playout alone; a voice whose reports nobody reads falls silent.
            let (unread, mut reports) = mpsc::channel(UNREAD);
            tokio::spawn(async move { while reports.recv().await.is_some() {} });
            let voices = of.engines.voices(voice.language);
            Box::new(of.pool.speaker(of.number, voices, voice.clone(), of.room.sink(seat), unread)) as Box<dyn Speak>
        })
    }
}
