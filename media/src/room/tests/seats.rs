//! Who hears whom, seat by seat, and the sound of a resting bot.
use super::{BotMode, MS, Phone, Sim, plan, sound};
use crate::codec::Codec;
use crate::hears::tests::{MODES, TABLE};
use crate::hears::{Hearer, Supervision};
use crate::playout::Phase;
use crate::room::{Event, Input, Seat};
use crate::tap::Tap;
use crate::testkit::netem::Impairments;
use crate::testkit::sim::tone;
use crate::testkit::tone::{has, sine};
use crate::{Frame, Rate, SamplePos};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);
const SUPERVISOR: Seat = Seat(2);
const OTHER: Seat = Seat(3);
/// Everybody's tone: caller, bot, agent, supervisor, another supervisor.
const TONES: [(char, f32); 5] = [('c', 500.0), ('b', 2_300.0), ('a', 900.0), ('s', 1_300.0), ('o', 1_800.0)];

fn hz(who: char) -> f32 {
    TONES.iter().find(|(letter, _)| *letter == who).unwrap().1
}

fn sit(sim: &mut Sim, seat: Seat, who: char) {
    let phone = Phone::new(sim.start, Codec::Pcmu, tone(hz(who), 3_000), Impairments::default(), u64::from(seat.0));
    sim.join(seat, plan(Codec::Pcmu), Some(phone));
}

/// A call of a caller, an agent and a supervisor, whose bot speaks to the caller.
fn call() -> Sim {
    let mut sim = Sim::new(BotMode::Speaks);
    for (seat, who) in [(Seat::CALLER, 'c'), (Seat::AGENT, 'a'), (SUPERVISOR, 's')] {
        sit(&mut sim, seat, who);
    }
    sim
}

fn bot_speaks(sim: &mut Sim, utterance: u64) {
    sim.input(sound(utterance, sine(hz('b'), Rate::Hz8000, 8_000, 3_000), true));
}

/// Whose tones are in there.
fn tones(pcm: &[i16]) -> String {
    TONES.iter().filter(|(_, hz)| has(pcm, *hz, Rate::Hz8000)).map(|(letter, _)| *letter).collect()
}

/// Who was heard at a seat in the last half second.
fn hears(sim: &Sim, seat: Seat) -> String {
    let pcm = sim.sound(seat);
    tones(&pcm[pcm.len() - 4_000..])
}

/// What the ear of a seat was given since.
fn ear(sim: &Sim, seat: Seat, since: SamplePos) -> Vec<i16> {
    let frames = sim.heard.iter().filter(|(of, frame)| *of == seat && frame.pos > since);
    frames.flat_map(|(_, frame)| frame.pcm().to_vec()).collect()
}

fn now(sim: &Sim) -> SamplePos {
    SamplePos((sim.now - sim.start).as_millis() as u64 * SamplePos::PER_SECOND / 1_000)
}

#[test]
fn every_seat_hears_what_the_table_says_in_every_mode_set_while_the_call_runs() {
    let mut sim = call();
    sim.run(SECOND);
    for (utterance, (column, mode)) in (1..).zip(MODES.into_iter().enumerate()) {
        sim.input(Input::Supervise(SUPERVISOR, mode));
        let since = SamplePos(now(&sim).0 + SamplePos::PER_SECOND / 5);
        bot_speaks(&mut sim, utterance);
        sim.run(SECOND);
        for (hearer, row) in TABLE {
            let mut expected: Vec<char> = row[column].chars().collect();
            let heard = match hearer {
                Hearer::Caller => hears(&sim, Seat::CALLER),
                Hearer::Agent => hears(&sim, Seat::AGENT),
                Hearer::Supervisor => hears(&sim, SUPERVISOR),
                // The caller's ear serves the recogniser, and the transcriber while the bot rests.
                Hearer::Recogniser => {
                    expected = vec!['c'];
                    tones(&ear(&sim, Seat::CALLER, since))
                }
                Hearer::Transcriber => {
                    expected = vec!['a'];
                    tones(&ear(&sim, Seat::AGENT, since))
                }
                // The supervisor's ear serves the transcriber where the caller hears them.
                Hearer::WhisperRecogniser => {
                    if matches!(mode, Supervision::Barge | Supervision::TakeOver) {
                        expected = vec!['s'];
                    }
                    tones(&ear(&sim, SUPERVISOR, since))
                }
            };
            if mode == Supervision::TakeOver {
                expected.retain(|who| *who != 'b');
            }
            let mut heard: Vec<char> = heard.chars().collect();
            heard.sort_unstable();
            expected.sort_unstable();
            assert_eq!(heard, expected, "{hearer:?} {mode:?}");
        }
    }
}

#[test]
fn two_supervisors_take_part_in_two_modes() {
    let mut sim = call();
    sit(&mut sim, OTHER, 'o');
    sim.input(Input::Supervise(SUPERVISOR, Supervision::Monitor));
    sim.input(Input::Supervise(OTHER, Supervision::Whisper));
    sim.run(SECOND);
    let all = |sim: &Sim| [Seat::CALLER, Seat::AGENT, SUPERVISOR, OTHER].map(|seat| hears(sim, seat));
    assert_eq!(all(&sim), ["a", "co", "ca", "ca"]);
    sim.input(Input::Supervise(SUPERVISOR, Supervision::Barge));
    sim.run(SECOND);
    assert_eq!(all(&sim), ["as", "cso", "ca", "ca"]);
    // One takes over; the other's whisper reaches the agent alone.
    sim.input(Input::Supervise(SUPERVISOR, Supervision::TakeOver));
    sim.run(SECOND);
    assert_eq!(all(&sim), ["s", "cso", "ca", "ca"]);
    assert_eq!(sim.room.bot(), BotMode::Rests);
    sim.input(Input::Leave(SUPERVISOR));
    sim.run(SECOND);
    assert_eq!([Seat::CALLER, Seat::AGENT, OTHER].map(|seat| hears(&sim, seat)), ["a", "co", "ca"]);
    assert_eq!(sim.room.bot(), BotMode::Speaks, "who took over has left");
}

/// What the tap was given of people, both sides.
#[derive(Clone, Default)]
struct People(Arc<Mutex<Vec<[Frame; 2]>>>);

impl Tap for People {
    fn take(&mut self, _: &Frame, _: &Frame) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn take_people(&mut self, agent: &Frame, supervisors: &Frame) {
        self.0.lock().unwrap().push([agent.clone(), supervisors.clone()]);
    }
}

impl People {
    /// Whose tones were recorded in the last half second of each side; nothing of what came before is left.
    fn take_tones(&self) -> Option<[String; 2]> {
        let all = std::mem::take(&mut *self.0.lock().unwrap());
        let last = all.get(all.len().checked_sub(25)?..)?;
        Some([0, 1].map(|side| tones(&last.iter().flat_map(|sides| sides[side].pcm().to_vec()).collect::<Vec<i16>>())))
    }
}

#[test]
fn the_tap_is_given_what_agent_and_supervisors_say_as_far_as_somebody_hears_them() {
    let people = People::default();
    let mut sim = Sim::new(BotMode::Speaks);
    sit(&mut sim, Seat::CALLER, 'c');
    sim.input(Input::Tap(Box::new(people.clone())));
    sim.run(SECOND);
    assert_eq!(people.take_tones(), None, "nobody is there");
    sit(&mut sim, SUPERVISOR, 's');
    for mode in [Supervision::Monitor, Supervision::Whisper] {
        sim.input(Input::Supervise(SUPERVISOR, mode));
        sim.run(SECOND);
        assert_eq!(people.take_tones(), None, "no person hears them");
    }
    sim.input(Input::AgentApart(true));
    sit(&mut sim, Seat::AGENT, 'a');
    sim.run(SECOND);
    assert_eq!(people.take_tones(), None, "the agent is apart");
    sim.input(Input::AgentApart(false));
    sim.run(SECOND);
    assert_eq!(people.take_tones(), Some(["a".into(), "s".into()]), "a whisper to the agent");
    sit(&mut sim, OTHER, 'o');
    sim.input(Input::Supervise(SUPERVISOR, Supervision::Monitor));
    sim.input(Input::Supervise(OTHER, Supervision::Barge));
    sim.run(SECOND);
    assert_eq!(people.take_tones(), Some(["a".into(), "o".into()]));
    sim.input(Input::Supervise(SUPERVISOR, Supervision::TakeOver));
    sim.run(SECOND);
    assert_eq!(people.take_tones(), Some(["a".into(), "so".into()]), "both at once");
    sim.input(Input::Leave(Seat::AGENT));
    sim.run(SECOND);
    assert_eq!(people.take_tones(), Some([String::new(), "so".into()]));
}

#[test]
fn a_mode_of_before_is_not_the_next_supervisors() {
    let mut sim = call();
    sim.input(Input::Supervise(SUPERVISOR, Supervision::Barge));
    sit(&mut sim, SUPERVISOR, 's');
    sim.input(Input::Supervise(OTHER, Supervision::TakeOver));
    sim.run(SECOND);
    assert_eq!((hears(&sim, Seat::CALLER), hears(&sim, SUPERVISOR)), ("a".into(), String::new()));
    assert_eq!(sim.room.bot(), BotMode::Speaks, "nobody sits there");
}

#[test]
fn a_supervisor_alone_hears_what_they_are_told_in_every_mode() {
    let mut sim = call();
    sim.run(SECOND);
    let modes =
        [Supervision::Absent, Supervision::Monitor, Supervision::Whisper, Supervision::Barge, Supervision::TakeOver];
    for (utterance, mode) in (1..).zip(modes) {
        sim.input(Input::Supervise(SUPERVISOR, mode));
        let Input::Leg(_, told) = sound(utterance, sine(hz('o'), Rate::Hz8000, 8_000, 3_000), true) else { panic!() };
        sim.input(Input::Leg(SUPERVISOR, told));
        sim.run(SECOND);
        assert!(hears(&sim, SUPERVISOR).contains('o'), "{mode:?}");
        assert!(!hears(&sim, Seat::CALLER).contains('o') && !hears(&sim, Seat::AGENT).contains('o'), "{mode:?}");
        sim.run(SECOND);
        assert_eq!(hears(&sim, SUPERVISOR).is_empty(), mode == Supervision::Absent, "{mode:?}: what is over");
    }
}

/// What was played: utterance, characters, phase.
fn played(sim: &Sim) -> Vec<(u64, u32, Phase)> {
    let told = sim.events.iter().filter_map(|event| match event {
        Event::Played { seat: Seat::CALLER, played } => Some((played.utterance.0, played.chars, played.phase)),
        _ => None,
    });
    told.filter(|(_, _, phase)| *phase != Phase::Progress).collect()
}

#[test]
fn nothing_counts_as_heard_while_the_bot_rests() {
    let mut sim = Sim::new(BotMode::Speaks);
    sim.join(Seat::CALLER, plan(Codec::Pcmu), None);
    bot_speaks(&mut sim, 1);
    sim.run(MS * 400);
    let clicks = sim.sound(Seat::CALLER).len();
    sim.input(Input::Bot(BotMode::Rests));
    bot_speaks(&mut sim, 1);
    bot_speaks(&mut sim, 2);
    bot_speaks(&mut sim, 2);
    sim.run(SECOND);
    let told = played(&sim);
    let chars = told[1].1;
    assert_eq!(told, [(1, 0, Phase::Started), (1, chars, Phase::Cut), (2, 0, Phase::Cut)]);
    let all = sim.sound(Seat::CALLER);
    let after = &all[clicks..];
    assert!(after[80..].iter().all(|sample| sample.abs() < 9), "dead still after a fade of 8 ms");
    let steepest = |pcm: &[i16]| pcm.windows(2).map(|pair| pair[0].abs_diff(pair[1])).max().unwrap_or(0);
    assert!(steepest(&all[clicks - 10..clicks + 80]) <= steepest(&all[1_000..clicks]), "no click");
    // Sound of an utterance of that time is not heard later; the next utterance is.
    sim.input(Input::Bot(BotMode::Speaks));
    bot_speaks(&mut sim, 2);
    bot_speaks(&mut sim, 3);
    sim.run(SECOND * 2);
    assert_eq!(played(&sim)[3..], [(3, 0, Phase::Started), (3, 100, Phase::Done)]);
}
