//! Does what a call's core asks for: sound to the room, clauses to the voice, grammars to the ear, notes to the record.
use super::end::End;
use super::talk::{Act, Input};
use crate::standby::{self, Standby};
use crate::store::{Event as Note, Mark, Private, Store};
use crate::tools;
use dialog::conversation::Expect;
use media::Language;
use media::asr::{self, Ask, AsrFault, Chain, Heard, Lexicon};
use media::engine::RoomHandle;
use media::pool::{Pool, Speaker};
use media::record::{Asker, Recorder};
use media::room::Seat;
use media::tts::{Sound, Spoken};
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// What the hands of one call hold.
pub struct Hands {
    pub id: String,
    pub number: u64,
    pub room: RoomHandle,
    pub pool: Arc<Pool>,
    pub ears: Arc<Chain>,
    /// Whether any engine hears this language at all; if not, the bot is deaf from the start and works by keypad.
    pub hears: bool,
    pub language: Language,
    pub lexicon: Lexicon,
    pub speaker: Speaker,
    pub standby: Arc<Standby>,
    pub recorder: Option<Recorder>,
    pub store: Store,
    pub heard: mpsc::Sender<Heard>,
    pub spoken: mpsc::Sender<Spoken>,
    pub tools: JoinSet<Input>,
    /// To a browser's page.
    pub page: Option<mpsc::Sender<String>>,
}

impl Hands {
    /// Performs one act; the call's end is handed back to the actor, which owns the line.
    pub fn perform(&mut self, act: Act) -> Option<End> {
        match act {
            Act::Say { utterance, text, interruptible } => {
                if let Err(fault) = self.speaker.say(utterance, text, interruptible) {
                    self.lost(self.spoken.try_send(Spoken::Failed { utterance, fault }).is_err());
                }
            }
            Act::Standby { utterance, clip } => {
                let pcm = self.standby.get(clip).to_vec();
                let sound =
                    Sound { utterance, pcm, rate: standby::RATE, upto_char: 0, interruptible: false, last: true };
                let lost = self.room.sound(Seat::CALLER, sound).is_err();
                self.lost(lost);
            }
            Act::Gain(gain) => {
                let lost = self.room.gain(Seat::CALLER, gain).is_err();
                self.lost(lost);
            }
            Act::Hush(floor) => {
                self.speaker.hush(floor);
                let lost = self.room.hush(Seat::CALLER, floor).is_err();
                self.lost(lost);
            }
            Act::Listen(expect) => self.listen(&expect),
            Act::Ear(state) => {
                let lost = self.room.set_ear(Seat::CALLER, state).is_err();
                self.lost(lost);
            }
            Act::Secret(secret) => {
                if let Some(recorder) = &self.recorder {
                    recorder.pause(Asker::Bot, secret);
                }
            }
            Act::Run { id, call } => {
                let talk = self.id.clone();
                self.tools.spawn(async move { Input::ToolDone { id, result: tools::run(&talk, &call).await } });
            }
            Act::Tell(message) => {
                // Full: the leg ends the call of a page that does not read. Nothing waits for it here.
                if let Some(page) = &self.page {
                    page.try_send(message).ok();
                }
            }
            Act::Note(note) => self.store.note(&self.id, note),
            Act::End(end) => return Some(end),
        }
        None
    }

    /// An operator has the recording keep silence, or go on.
    pub fn pause(&self, paused: bool) {
        let Some(recorder) = &self.recorder else { return };
        recorder.pause(Asker::Operator, paused);
        let name = if paused { "recording_paused" } else { "recording_resumed" };
        self.store.note(&self.id, Note::Mark(Mark { name: name.into(), data: Private::default() }));
    }

    /// Opens a listening session for what is expected now. The one before it ends when the ear drops it.
    fn listen(&mut self, expect: &Expect) {
        if !self.hears {
            let fault = AsrFault::Language("no recogniser for it".into());
            return self.lost(self.heard.try_send(Heard::Failed(fault)).is_err());
        }
        let grammar = Ask {
            language: self.language,
            expect: asr::Expect::Grammar(expect.grammar.as_str().into()),
            lexicon: self.lexicon.clone(),
        };
        // Free speech goes to an engine that can; without one, what the grammar allows is heard.
        let free = Ask { expect: asr::Expect::Anything, ..grammar.clone() };
        let ask = if expect.free && self.ears.check(&free).is_ok() { free } else { grammar };
        match self.pool.listen(self.number, self.ears.clone(), ask, self.heard.clone()) {
            Ok(listener) => {
                let lost = self.room.listen(Seat::CALLER, Some(Box::new(listener))).is_err();
                self.lost(lost);
            }
            Err(fault) => self.lost(self.heard.try_send(Heard::Failed(fault)).is_err()),
        }
    }

    /// A queue between the call and a thread is full: that thread is overloaded or gone; the watchdogs of the call
    /// (dead air, call limit) end it, and the count shows it.
    fn lost(&self, lost: bool) {
        if lost {
            metrics::counter!("switchboard_call_commands_lost_total").increment(1);
            tracing::warn!(call = %self.id, "a command of this call was lost: a queue is full");
        }
    }
}
