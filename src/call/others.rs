//! `OtherBots`: the bots that a call may be handed on to, as they are in this call; and `BotSpeech`, what a bot hears and speaks with.
use super::memory::CallMemory;
use crate::bots::Bots;
use crate::engines::remote::{RemoteSpeaker, VoiceSetup};
use crate::engines::{Engines, Loaded};
use crate::tools::Toolbox;
use dialog::bot::{Bot, Headers};
use dialog::conversation::BotSource;
use dialog::memory::Memory;
use media::engine::RoomHandle;
use media::pool::Pool;
use media::room::Seat;
use media::tts::{Speak, Spoken, Voice};
use std::sync::Arc;
use tokio::sync::mpsc;

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
}

impl BotSpeech {
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
