//! What an act of a call's core comes to: [`perform`] says which parts around the call are asked for what, and in which order. The parts
//! are behind [`CallPort`]: those of the server are `effects.rs`, and the golden calls of `tests/sim` have simulated ones.
use super::bleep::Bleep;
use super::core::Act;
use super::end::End;
use super::person::{PersonEvent, PersonOrder};
use super::seat::{SeatChange, SeatEvent, SeatNews, SeatOrder};
use crate::standby::{self, Clip};
use crate::store::{CallEvent, LiveChange, Mark, Private};
use dialog::bot::Bot;
use dialog::conversation::{Expect, HandOver, PersonFault, ToolCall, ToolId};
use dialog::memory::MemoryNews;
use dialog::model::language_model::{ModelRequest, RequestId};
use dialog::seat_words::SeatWords;
use media::Wire;
use media::asr::{self, Ask, AsrFault, Heard, Lexicon, Listen};
use media::engine::RoomOrder;
use media::hears::Supervision;
use media::leg::{BotMode, LegInput, LegPlan};
use media::playout::Played;
use media::record::PausedBy;
use media::room::Seat;
use media::tts::delivery::ClauseText;
use media::tts::{Sound, Spoken, TtsFault, UtteranceId};
use media::{Language, Rate};
use std::sync::Arc;
use tokio::sync::mpsc;

/// The parts around a call's core.
pub trait CallPort {
    /// Whether speech is recognised, where it is wanted.
    fn hears(&self) -> bool;
    /// The samples of a standby clip, mono, at [`standby::RATE`].
    fn clip(&mut self, clip: Clip) -> Vec<i16>;
    /// The speech pool synthesises a clause, which goes to the room piece by piece. `written`: its words as they were written; where a
    /// language model speaks for itself, its own sound is said.
    ///
    /// # Errors
    /// Where the clause will not be synthesised.
    fn say(
        &mut self,
        utterance: UtteranceId,
        text: ClauseText,
        written: String,
        interruptible: bool,
    ) -> Result<(), TtsFault>;
    /// The caller has heard this.
    fn played(&mut self, _: Played) {}
    /// The speech pool drops what it has not synthesised below this utterance.
    fn unsay(&mut self, floor: UtteranceId);
    /// The line has this rate from now on, and so has what is synthesised.
    fn tune(&mut self, rate: Rate);
    /// Opens a recognition session for what is expected; `None` in a call without recognition.
    ///
    /// # Errors
    /// Where no session can be opened.
    fn listen(&mut self, expect: &Expect) -> Result<Option<Box<dyn Listen>>, AsrFault>;
    /// Opens a recognition session for the voice at a seat; its reports reach the call with this number.
    fn transcribe(&mut self, seat: Seat, session: u64, expect: &Expect);
    /// The media thread carries this out with the room's next tick.
    fn order(&mut self, order: RoomOrder);
    /// A supervisor's line takes a seat with the room's next tick; `false`: the room does not take it.
    fn join(&mut self, seat: Seat, wire: Box<dyn Wire>, plan: LegPlan) -> bool;
    /// How the supervisor at this seat takes part; `false`: the room does not take the order.
    fn supervise(&mut self, seat: Seat, mode: Supervision) -> bool;
    /// It leaves: its line is sent a goodbye. `false`: the room does not take the order.
    fn leave(&mut self, seat: Seat) -> bool;
    /// The room closes. Its last events still come.
    fn close_room(&mut self);
    /// Pauses the recording, or resumes it; `false` where the call is not recorded.
    fn pause_recording(&mut self, by: PausedBy, paused: bool) -> bool;
    /// What of the recording becomes a tone, where it is recorded.
    fn bleep(&mut self, bleep: Bleep);
    /// Looks for a person; what comes of it reaches the call as orders, or from its line.
    fn find_person(&mut self, wanted: &HandOver);
    /// Calls the person, whom the caller's telephone cannot be transferred to, where the destination lets it.
    fn bridge_person(&mut self, wanted: &HandOver);
    /// Looks no longer, and hangs up the line of who was found.
    fn stop_person(&mut self);
    /// The agent alone hears this, in the bot's voice. Whether it was said or not, the call goes on.
    fn brief(&mut self, utterance: UtteranceId, text: ClauseText);
    /// Where the keys of this seat's telephone go from now on.
    fn seat_keys(&mut self, seat: Seat, keys: mpsc::Sender<char>);
    /// A key of a supervisor's telephone.
    fn seat_key(&mut self, seat: Seat, key: char);
    /// The supervisor at this seat alone hears this, in the bot's voice, in place of what they are being told.
    fn tell_seat(&mut self, seat: Seat, words: SeatWords);
    /// Ends the recording for good, and removes what there is of it unless that is kept.
    fn stop_recording(&mut self, keeps: bool);
    fn run(&mut self, call: ToolCall);
    /// Stops a tool, if it still runs.
    fn cancel(&mut self, id: ToolId);
    /// Asks a language model; its answer reaches the call piece by piece.
    fn ask(&mut self, request: ModelRequest);
    /// Stops a request, if it still runs.
    fn stop_asking(&mut self, id: RequestId);
    fn note(&mut self, event: CallEvent);
    /// The bot's voice hurries, or does not any more.
    fn hurry(&mut self, hurries: bool);
    /// Another bot goes on with the call.
    fn become_bot(&mut self, name: String, bot: Arc<Bot>);
    /// The store of what is known of callers has this.
    fn remember(&mut self, news: MemoryNews);
    /// A message to a browser's page.
    fn send_to_page(&mut self, message: String);
    /// A change that is not kept, for who watches live calls.
    fn tell_watchers(&mut self, change: LiveChange);
    /// Reaches the call like the reports of a recogniser.
    fn report_heard(&mut self, heard: Heard);
    /// Reaches the call like the reports of a synthesiser.
    fn report_spoken(&mut self, spoken: Spoken);
}

/// Carries out one act. The end of the call is returned to the driver, which owns the line.
pub fn perform(act: Act, port: &mut impl CallPort) -> Option<End> {
    let leg = |input| RoomOrder::Leg(Seat::CALLER, input);
    match act {
        Act::Say { utterance, text, written, interruptible } => {
            if let Err(fault) = port.say(utterance, text, written, interruptible) {
                port.report_spoken(Spoken::Failed { utterance, fault });
            }
        }
        Act::Standby { utterance, clip } => {
            let (pcm, rate) = (port.clip(clip), standby::RATE);
            let sound = Sound { utterance, pcm, rate, upto_char: 0, interruptible: false, last: true };
            port.order(leg(LegInput::Sound(sound)));
        }
        Act::Gain(gain) => port.order(leg(LegInput::Gain(gain))),
        Act::Hush(floor) => {
            port.unsay(floor);
            port.order(leg(LegInput::Hush(floor)));
        }
        // The session before ends when the room replaces it.
        Act::Listen(expect) => match port.listen(&expect) {
            Ok(listener) => listener.into_iter().for_each(|to| port.order(RoomOrder::Listen(Seat::CALLER, Some(to)))),
            Err(fault) => port.report_heard(Heard::Failed(fault)),
        },
        Act::Transcribe { seat, session, expect } => port.transcribe(seat, session, &expect),
        Act::StopTranscribing(seat) => port.order(RoomOrder::Listen(seat, None)),
        Act::Ear(state) => port.order(RoomOrder::Ear(Seat::CALLER, state)),
        Act::Secret(secret) => {
            port.pause_recording(PausedBy::Bot, secret);
        }
        Act::Bleep(bleep) => port.bleep(bleep),
        Act::StopRecording { keeps } => port.stop_recording(keeps),
        Act::Run(call) => port.run(call),
        Act::Cancel(id) => port.cancel(id),
        Act::Ask(request) => port.ask(request),
        Act::StopAsking(id) => port.stop_asking(id),
        Act::Note(event) => port.note(event),
        Act::Hurry(hurries) => port.hurry(hurries),
        Act::Become { name, bot } => port.become_bot(name, bot),
        Act::Remember(news) => port.remember(news),
        Act::Supervise(seat, mode) => drop(port.supervise(seat, mode)),
        Act::FindPerson(wanted) => port.find_person(&wanted),
        Act::BridgePerson(wanted) => port.bridge_person(&wanted),
        Act::StopPerson => {
            port.stop_person();
            port.leave(Seat::AGENT);
        }
        Act::Brief { utterance, text } => port.brief(utterance, text),
        Act::Bot(bot) => {
            port.order(leg(LegInput::Music(None)));
            port.order(RoomOrder::AgentApart(bot == BotMode::Speaks));
            port.order(RoomOrder::Bot(bot));
        }
        Act::Reply(reply, result) => reply.send(result),
        Act::SendToPage(message) => port.send_to_page(message),
        Act::TellWatchers(change) => port.tell_watchers(change),
        Act::End(end) => return Some(end),
    }
    None
}

/// Does to the room what a supervisor wants; the core is told what this returns. Until the caller has heard that others may listen
/// (`is_disclosed`), a seat neither hears nor is heard. A call whose room is overloaded takes nobody, and who orders is told.
pub fn seat(order: SeatOrder, is_disclosed: bool, port: &mut impl CallPort) -> SeatNews {
    let SeatOrder { seat, name, change, reply } = order;
    let now = |mode| if is_disclosed { mode } else { Supervision::Absent };
    let (taken, event) = match change {
        SeatChange::Join { wire, plan, mode } => match port.join(seat, wire, plan) && port.supervise(seat, now(mode)) {
            true if is_disclosed => (true, SeatEvent::Joined(mode)),
            true => (true, SeatEvent::Waits(mode)),
            false => {
                port.leave(seat);
                (false, SeatEvent::Refused(mode))
            }
        },
        SeatChange::Mode(mode, why) => match port.supervise(seat, now(mode)) {
            true if is_disclosed => (true, SeatEvent::Mode(mode, why)),
            true => (true, SeatEvent::Waits(mode)),
            false => (false, SeatEvent::Refused(mode)),
        },
        SeatChange::Lost(lost) => (true, SeatEvent::Lost(lost)),
        // Where the room does not take it, the order comes again; the core need not wait for that.
        SeatChange::Leave(why) => (port.leave(seat), SeatEvent::Left(why)),
    };
    reply.send(taken);
    SeatNews { seat, name, event }
}

/// Does to the room what happens to a person's line; the core is told what this returns.
pub fn person(order: PersonOrder, port: &mut impl CallPort) -> Option<PersonEvent> {
    match order {
        PersonOrder::Join { name, wire, plan } => {
            port.order(RoomOrder::AgentApart(true));
            Some(match port.join(Seat::AGENT, wire, plan) {
                true => PersonEvent::Joined(name),
                false => PersonEvent::Failed(PersonFault::NotPossible),
            })
        }
        PersonOrder::Plan(plan) => {
            port.order(RoomOrder::Leg(Seat::AGENT, LegInput::Configure(plan)));
            None
        }
        PersonOrder::Leave => {
            port.leave(Seat::AGENT);
            Some(PersonEvent::Left)
        }
        PersonOrder::Event(event) => Some(event),
    }
}

/// An operator pauses the recording, or resumes it.
pub fn pause_by_operator(paused: bool, port: &mut impl CallPort) {
    if port.pause_recording(PausedBy::Operator, paused) {
        let name = if paused { "recording_paused" } else { "recording_resumed" };
        port.note(CallEvent::Mark(Mark { name: name.into(), data: Private::default() }));
    }
}

/// What a recogniser is asked for while the caller is expected to say this: free speech where an engine `can_hear` it, else what
/// the grammar allows.
pub fn request_of(expect: &Expect, language: Language, lexicon: Lexicon, can_hear: impl FnOnce(&Ask) -> bool) -> Ask {
    let grammar = Ask { language, expect: asr::Expect::Grammar(expect.grammar.as_str().into()), lexicon };
    let free = Ask { expect: asr::Expect::Anything, ..grammar.clone() };
    if expect.free && can_hear(&free) { free } else { grammar }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_speech_is_asked_for_where_it_is_expected_and_an_engine_can_hear_it() {
        let ask = |free, can_hear| {
            let expect = Expect {
                grammar: "#JSGF V1.0;".into(),
                free,
                keys: false,
                secret: false,
                asked: None,
                may_hold_secret: false,
            };
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
