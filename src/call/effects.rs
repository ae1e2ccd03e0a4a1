//! `Effects`: carries out the acts of a call's core: orders to the room, the speech pool, the recorder, the store and tools.
//!
//! [`effects_of`] says what an act comes to, [`request_of`] what a recogniser is asked for; both do nothing else, and the golden calls
//! of `tests/sim` go through them as well.
use super::core::{Act, Input};
use super::end::End;
use crate::engines::remote::{RemoteEars, RemoteListener, RemoteRecogniser};
use crate::standby::{self, Clip, Standby};
use crate::store::{CallEvent, Mark, Private, Store};
use crate::tools;
use dialog::conversation::{Expect, ToolCall, ToolId};
use media::Language;
use media::asr::{self, Ask, AsrFault, Chain, Heard, Lexicon};
use media::engine::{RoomHandle, RoomOrder};
use media::leg;
use media::pool::{ListeningSetup, Pool};
use media::record::{Asker, Recorder};
use media::room::Seat;
use media::tts::{Sound, Speak, Spoken, UtteranceId};
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};

/// One order to a part around the call.
pub enum Effect {
    /// The speech pool synthesises a clause, which goes to the room piece by piece.
    Say {
        utterance: UtteranceId,
        text: String,
        interruptible: bool,
    },
    /// The speech pool drops what it has not synthesised below this utterance.
    Unsay(UtteranceId),
    /// The media thread carries this out with the room's next tick.
    Room(RoomOrder),
    /// A recogniser listens to the caller for what is expected.
    Listen(Expect),
    /// The bot's secret is kept out of the recording.
    PauseRecording(bool),
    Run(ToolCall),
    Cancel(ToolId),
    Note(CallEvent),
    Tell(String),
    HangUp(End),
}

/// What an act comes to, in this order. `clip`: the samples of a standby clip, mono, at [`standby::RATE`].
pub fn effects_of(act: Act, clip: impl FnOnce(Clip) -> Vec<i16>) -> Vec<Effect> {
    let leg = |input| Effect::Room(RoomOrder::Leg(Seat::CALLER, input));
    match act {
        Act::Say { utterance, text, interruptible } => vec![Effect::Say { utterance, text, interruptible }],
        Act::Standby { utterance, clip: which } => {
            let (pcm, rate) = (clip(which), standby::RATE);
            vec![leg(leg::Input::Sound(Sound { utterance, pcm, rate, upto_char: 0, interruptible: false, last: true }))]
        }
        Act::Gain(gain) => vec![leg(leg::Input::Gain(gain))],
        Act::Hush(floor) => vec![Effect::Unsay(floor), leg(leg::Input::Hush(floor))],
        Act::Listen(expect) => vec![Effect::Listen(expect)],
        Act::Ear(state) => vec![Effect::Room(RoomOrder::Ear(Seat::CALLER, state))],
        Act::Secret(secret) => vec![Effect::PauseRecording(secret)],
        Act::Run(call) => vec![Effect::Run(call)],
        Act::Cancel(id) => vec![Effect::Cancel(id)],
        Act::Note(note) => vec![Effect::Note(note)],
        Act::Tell(message) => vec![Effect::Tell(message)],
        Act::End(end) => vec![Effect::HangUp(end)],
    }
}

/// What a recogniser is asked for while the caller is expected to say this: free speech where an engine `can_hear` it, else what
/// the grammar allows.
pub fn request_of(expect: &Expect, language: Language, lexicon: Lexicon, can_hear: impl FnOnce(&Ask) -> bool) -> Ask {
    let grammar = Ask { language, expect: asr::Expect::Grammar(expect.grammar.as_str().into()), lexicon };
    let free = Ask { expect: asr::Expect::Anything, ..grammar.clone() };
    if expect.free && can_hear(&free) { free } else { grammar }
}

/// The recogniser of another machine that hears this: the first that works. What is secret stays on this machine.
fn remote_of<'a>(engines: &'a RemoteEars, expect: &Expect) -> Option<&'a Arc<RemoteRecogniser>> {
    engines.iter().find(|engine| !expect.secret && engine.is_well())
}

/// What one call's acts are carried out with.
pub struct Effects {
    pub id: String,
    pub room: RoomHandle,
    pub store: Store,
    /// Of a bot's call; an echo has neither recogniser nor voice.
    pub speech: Option<Speech>,
    pub recorder: Option<Recorder>,
    pub tools: JoinSet<Input>,
    /// By which one of them is stopped.
    pub running: Vec<(ToolId, AbortHandle)>,
    /// To a browser's page.
    pub page: Option<mpsc::Sender<String>>,
}

/// How a bot hears and speaks.
pub struct Speech {
    /// Of the call, in the pool's queues.
    pub number: u64,
    pub pool: Arc<Pool>,
    pub recognisers: Arc<Chain>,
    /// Those of other machines, which hear before.
    pub remote_recognisers: RemoteEars,
    /// Whether any recogniser knows this language; if none does, the call starts without one and works by keypad.
    pub hears: bool,
    pub language: Language,
    pub lexicon: Lexicon,
    pub speaker: Box<dyn Speak>,
    pub standby: Arc<Standby>,
    pub heard: mpsc::Sender<Heard>,
    pub spoken: mpsc::Sender<Spoken>,
}

impl Effects {
    /// Whether speech is recognised, where it is wanted.
    pub fn hears(&self) -> bool {
        self.speech.as_ref().is_none_or(|speech| speech.hears)
    }

    /// Carries out one act. The end of the call is returned to the driver, which owns the line.
    pub fn perform(&mut self, act: Act) -> Option<End> {
        let clip = |clip| self.speech.as_ref().map(|speech| speech.standby.get(clip).to_vec()).unwrap_or_default();
        for effect in effects_of(act, clip) {
            match effect {
                Effect::Say { utterance, text, interruptible } => self.say(utterance, text, interruptible),
                Effect::Unsay(floor) => self.speech.iter().for_each(|speech| speech.speaker.hush(floor)),
                Effect::Room(order) => self.order(order),
                Effect::Listen(expect) => self.listen(&expect),
                Effect::PauseRecording(paused) => {
                    self.recorder.iter().for_each(|recorder| recorder.pause(Asker::Bot, paused));
                }
                Effect::Run(call) => {
                    let (talk, id) = (self.id.clone(), call.id);
                    let running = async move { Input::ToolDone { id, result: tools::run(&talk, &call).await } };
                    self.running.retain(|(_, tool)| !tool.is_finished());
                    self.running.push((id, self.tools.spawn(running)));
                }
                Effect::Cancel(id) => {
                    self.running.iter().filter(|(running, _)| *running == id).for_each(|(_, tool)| tool.abort());
                }
                Effect::Tell(message) => {
                    // If the queue is full, the leg ends the call of a page that does not read.
                    self.page.iter().for_each(|page| drop(page.try_send(message.clone())));
                }
                Effect::Note(note) => self.store.note(&self.id, note),
                Effect::HangUp(end) => return Some(end),
            }
        }
        None
    }

    /// Orders something from the room, for its next tick.
    pub fn order(&self, order: RoomOrder) {
        self.count_lost(self.room.order(order).is_err());
    }

    /// An operator pauses the recording, or resumes it.
    pub fn pause(&self, paused: bool) {
        let Some(recorder) = &self.recorder else { return };
        recorder.pause(Asker::Operator, paused);
        let name = if paused { "recording_paused" } else { "recording_resumed" };
        self.store.note(&self.id, CallEvent::Mark(Mark { name: name.into(), data: Private::default() }));
    }

    fn say(&self, utterance: UtteranceId, text: String, interruptible: bool) {
        let Some(Speech { speaker, spoken, .. }) = &self.speech else { return };
        if let Err(fault) = speaker.say(utterance, text, interruptible) {
            self.count_lost(spoken.try_send(Spoken::Failed { utterance, fault }).is_err());
        }
    }

    /// Opens a recognition session for what is expected now. The previous session ends when the room replaces it.
    fn listen(&self, expect: &Expect) {
        let Some(speech) = &self.speech else { return };
        let fails = |fault| self.count_lost(speech.heard.try_send(Heard::Failed(fault)).is_err());
        if !speech.hears {
            return fails(AsrFault::Language("no recogniser for it".into()));
        }
        let can_hear = |ask: &Ask| speech.recognisers.check(ask).is_ok();
        let ask = request_of(expect, speech.language, speech.lexicon.clone(), can_hear);
        if let Some(engine) = remote_of(&speech.remote_recognisers, expect) {
            let free = Ask { expect: asr::Expect::Anything, ..ask.clone() };
            let (engines, out) = (speech.recognisers.clone(), speech.heard.clone());
            let near = ListeningSetup { call: speech.number, engines, ask: ask.clone(), out };
            let ask = if expect.free { &free } else { &ask };
            let listener = RemoteListener::open(engine.clone(), ask, speech.pool.clone(), near);
            return self.order(RoomOrder::Listen(Seat::CALLER, Some(Box::new(listener))));
        }
        match speech.pool.listen(speech.number, speech.recognisers.clone(), ask, speech.heard.clone()) {
            Ok(listener) => self.order(RoomOrder::Listen(Seat::CALLER, Some(Box::new(listener)))),
            Err(fault) => fails(fault),
        }
    }

    /// Counts an order that found the queue of a media or speech thread full, because that thread is overloaded or gone. The limits of
    /// the call (dead air, call limit) end it if need be.
    fn count_lost(&self, lost: bool) {
        if lost {
            metrics::counter!("switchboard_call_commands_lost_total").increment(1);
            tracing::warn!(call = %self.id, "an order of this call was lost: a queue is full");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_speech_is_asked_for_where_it_is_expected_and_an_engine_can_hear_it() {
        let ask = |free, can_hear| {
            let expect = Expect { grammar: "#JSGF V1.0;".into(), free, keys: false, secret: false };
            match request_of(&expect, Language::Vi, Lexicon::default(), |_| can_hear) {
                Ask { language: Language::Vi, expect: asr::Expect::Anything, .. } => "anything".to_owned(),
                Ask { expect: asr::Expect::Grammar(grammar), .. } => grammar.to_string(),
                ask => panic!("{ask:?}"),
            }
        };
        assert_eq!(ask(true, true), "anything");
        assert_eq!((ask(true, false), ask(false, true)), ("#JSGF V1.0;".into(), "#JSGF V1.0;".into()));
    }
}
