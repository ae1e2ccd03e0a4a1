//! `Effects`: carries out the acts of a call's core: orders to the room, the speech pool, the recorder, the store and tools.
use super::end::End;
use super::talk::{Act, Input};
use crate::standby::{self, Standby};
use crate::store::{Event as Note, Mark, Private, Store};
use crate::tools;
use dialog::conversation::{Expect, ToolId};
use media::Language;
use media::asr::{self, Ask, AsrFault, Chain, Heard, Lexicon};
use media::engine::RoomHandle;
use media::pool::{Pool, Speaker};
use media::record::{Asker, Recorder};
use media::room::Seat;
use media::tts::{Sound, Spoken};
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};

/// What one call's acts are carried out with.
pub struct Effects {
    pub id: String,
    pub number: u64,
    pub room: RoomHandle,
    pub pool: Arc<Pool>,
    pub ears: Arc<Chain>,
    /// Whether any recogniser knows this language; if none does, the call starts without one and works by keypad.
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
    /// By which one of them is stopped.
    pub running: Vec<(ToolId, AbortHandle)>,
    /// To a browser's page.
    pub page: Option<mpsc::Sender<String>>,
}

impl Effects {
    /// Carries out one act. The end of the call is returned to the driver, which owns the line.
    pub fn perform(&mut self, act: Act) -> Option<End> {
        match act {
            Act::Say { utterance, text, interruptible } => {
                if let Err(fault) = self.speaker.say(utterance, text, interruptible) {
                    self.count_lost(self.spoken.try_send(Spoken::Failed { utterance, fault }).is_err());
                }
            }
            Act::Standby { utterance, clip } => {
                let pcm = self.standby.get(clip).to_vec();
                let sound =
                    Sound { utterance, pcm, rate: standby::RATE, upto_char: 0, interruptible: false, last: true };
                let lost = self.room.sound(Seat::CALLER, sound).is_err();
                self.count_lost(lost);
            }
            Act::Gain(gain) => {
                let lost = self.room.gain(Seat::CALLER, gain).is_err();
                self.count_lost(lost);
            }
            Act::Hush(floor) => {
                self.speaker.hush(floor);
                let lost = self.room.hush(Seat::CALLER, floor).is_err();
                self.count_lost(lost);
            }
            Act::Listen(expect) => self.listen(&expect),
            Act::Ear(state) => {
                let lost = self.room.set_ear(Seat::CALLER, state).is_err();
                self.count_lost(lost);
            }
            Act::Secret(secret) => {
                if let Some(recorder) = &self.recorder {
                    recorder.pause(Asker::Bot, secret);
                }
            }
            Act::Run(call) => {
                let (talk, id) = (self.id.clone(), call.id);
                let running = async move { Input::ToolDone { id, result: tools::run(&talk, &call).await } };
                self.running.retain(|(_, tool)| !tool.is_finished());
                self.running.push((id, self.tools.spawn(running)));
            }
            Act::Cancel(id) => {
                self.running.iter().filter(|(running, _)| *running == id).for_each(|(_, tool)| tool.abort());
            }
            Act::Tell(message) => {
                // If the queue is full, the leg ends the call of a page that does not read.
                if let Some(page) = &self.page {
                    page.try_send(message).ok();
                }
            }
            Act::Note(note) => self.store.note(&self.id, note),
            Act::End(end) => return Some(end),
        }
        None
    }

    /// An operator pauses the recording, or resumes it.
    pub fn pause(&self, paused: bool) {
        let Some(recorder) = &self.recorder else { return };
        recorder.pause(Asker::Operator, paused);
        let name = if paused { "recording_paused" } else { "recording_resumed" };
        self.store.note(&self.id, Note::Mark(Mark { name: name.into(), data: Private::default() }));
    }

    /// Opens a recognition session for what is expected now. The previous session ends when the room replaces it.
    fn listen(&mut self, expect: &Expect) {
        if !self.hears {
            let fault = AsrFault::Language("no recogniser for it".into());
            return self.count_lost(self.heard.try_send(Heard::Failed(fault)).is_err());
        }
        let grammar = Ask {
            language: self.language,
            expect: asr::Expect::Grammar(expect.grammar.as_str().into()),
            lexicon: self.lexicon.clone(),
        };
        // Free speech is recognised where an engine can; otherwise what the grammar allows.
        let free = Ask { expect: asr::Expect::Anything, ..grammar.clone() };
        let ask = if expect.free && self.ears.check(&free).is_ok() { free } else { grammar };
        match self.pool.listen(self.number, self.ears.clone(), ask, self.heard.clone()) {
            Ok(listener) => {
                let lost = self.room.listen(Seat::CALLER, Some(Box::new(listener))).is_err();
                self.count_lost(lost);
            }
            Err(fault) => self.count_lost(self.heard.try_send(Heard::Failed(fault)).is_err()),
        }
    }

    /// Counts an order that found the queue of a media or speech thread full, because that thread is overloaded or gone. The limits of
    /// the call (dead air, call limit) end it if need be.
    fn count_lost(&self, lost: bool) {
        if lost {
            metrics::counter!("switchboard_call_commands_lost_total").increment(1);
            tracing::warn!(call = %self.id, "a command of this call was lost: a queue is full");
        }
    }
}
