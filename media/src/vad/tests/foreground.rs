//! Whose speech the gate takes, in front of others who speak.
use crate::vad::WINDOW;
use crate::vad::gate::{EchoDoubt, Evidence, Gate, GatePlan, Verdict};
use std::time::Duration;

/// So many windows (of 32 ms) of speech at so many dB, also where the line may hold an echo, or of nobody's.
#[derive(Clone, Copy)]
enum Sound {
    Speech(usize, f64),
    BesideEcho(usize, f64),
    Nobody(usize),
}
use Sound::{BesideEcho, Nobody, Speech};

/// A verdict, the window it comes in and the one it is about.
type Told = (&'static str, usize, usize);

/// What the gate says of sounds one after the other, and the first window in which it knows of others behind the caller.
fn heard(sounds: &[Sound]) -> (Vec<Told>, Option<usize>) {
    let mut gate = Gate::new(GatePlan::fused(Duration::from_millis(64), Duration::from_millis(200)));
    let (mut said, mut index, mut known) = (Vec::new(), 0, None);
    for sound in sounds {
        let (windows, db, odds) = match *sound {
            Speech(windows, db) | BesideEcho(windows, db) => (windows, db, 3.0),
            Nobody(windows) => (windows, -70.0, -4.0),
        };
        gate.doubt(if matches!(sound, BesideEcho(..)) { EchoDoubt::MayEcho } else { EchoDoubt::None });
        for n in 0..windows {
            // Speech has gaps.
            let db = if n % 8 == 6 { -60.0 } else { db };
            let loud = (10f64.powf(db / 20.0) * 30_000.0) as i16;
            gate.measure(&std::array::from_fn(|n| if n / 2 % 2 == 0 { loud } else { -loud }));
            let verdict = gate.judge(Evidence::Line(odds));
            let place = |sample: u64| (sample as usize + WINDOW / 2) / WINDOW;
            said.extend(verdict.map(|verdict| match verdict {
                Verdict::Start(sample) => ("start", index, place(sample)),
                Verdict::Anew(sample) => ("anew", index, place(sample)),
                Verdict::End(sample) => ("end", index, place(sample)),
            }));
            known = known.or(gate.is_before_others().then_some(index));
            index += 1;
        }
    }
    (said, known)
}

fn verdicts(sounds: &[Sound]) -> Vec<Told> {
    heard(sounds).0
}

/// The same without the window each verdict is about.
fn told(sounds: &[Sound]) -> Vec<(&'static str, usize)> {
    verdicts(sounds).into_iter().map(|(what, at, _)| (what, at)).collect()
}

const CALLER: f64 = -15.0;
const BEHIND: f64 = CALLER - 12.0;

#[test]
fn a_caller_before_a_television_is_heard_from_the_first_word_to_the_last() {
    let sounds = [
        Nobody(20),
        Speech(60, BEHIND),
        Speech(30, CALLER),
        Speech(200, BEHIND),
        Speech(20, CALLER),
        Speech(9, BEHIND),
        Speech(20, CALLER),
        Speech(60, BEHIND),
    ];
    let expected = [
        // Nobody knows yet that this is not the caller.
        ("start", 21, 20),
        ("anew", 83, 78),
        ("end", 116, 110),
        ("start", 313, 309),
        // A pause between two words.
        ("end", 336, 330),
        ("start", 342, 337),
        ("end", 365, 359),
    ];
    assert_eq!(verdicts(&sounds), expected);
}

#[test]
fn a_television_that_is_switched_on_holds_no_turn_and_begins_none() {
    let sounds = [Nobody(20), Speech(40, CALLER), Speech(600, BEHIND), Nobody(40), Speech(60, BEHIND), Nobody(20)];
    assert_eq!(told(&sounds), [("start", 21), ("end", 79)]);
}

#[test]
fn the_faint_end_of_a_sentence_is_the_callers() {
    let sounds = [Nobody(20), Speech(40, CALLER), Speech(9, CALLER - 14.0), Nobody(20), Speech(40, CALLER), Nobody(20)];
    let verdicts = verdicts(&sounds);
    assert_eq!(verdicts[1].2, 69, "{verdicts:?}");
    assert_eq!(verdicts.len(), 4);
}

#[test]
fn a_caller_who_moves_away_step_by_step_is_heard_at_each() {
    let steps = (0..6).flat_map(|step| [Speech(30, CALLER - 4.0 * f64::from(step)), Nobody(60)]);
    let sounds: Vec<Sound> = [Nobody(20)].into_iter().chain(steps).collect();
    let starts = told(&sounds).into_iter().filter(|(what, _)| *what == "start").count();
    assert_eq!(starts, 6);
}

#[test]
fn a_caller_on_another_telephone_is_heard_once_they_have_spoken_for_a_second_and_a_half() {
    let faint = [Speech(30, CALLER - 15.0), Nobody(60)];
    let sounds: Vec<Sound> =
        [Nobody(20), Speech(60, CALLER), Nobody(60)].into_iter().chain([faint; 4].concat()).collect();
    let told = told(&sounds);
    assert_eq!(told[..2], [("start", 21), ("end", 86)]);
    assert!(told[2].0 == "start" && (230..260).contains(&told[2].1), "{told:?}");
    assert_eq!(told.iter().filter(|(what, _)| *what == "start").count(), 4, "{told:?}");
}

#[test]
fn a_quiet_caller_is_heard_after_a_loud_beginning_of_the_line() {
    let sounds =
        [Nobody(10), Speech(15, -3.0), Nobody(30), Speech(40, -25.0), Nobody(20), Speech(40, -25.0), Nobody(20)];
    let told = told(&sounds);
    assert_eq!(told.iter().filter(|(what, _)| *what == "start").count(), 3, "{told:?}");
    assert_eq!(told[3], ("end", 101), "{told:?}");
}

#[test]
fn a_second_person_as_near_as_the_first_is_heard() {
    let sounds = [
        Nobody(20),
        Speech(60, CALLER),
        Nobody(30),
        Speech(30, CALLER - 6.0),
        Nobody(30),
        Speech(30, CALLER + 6.0),
        Nobody(20),
    ];
    let starts = told(&sounds).into_iter().filter(|(what, _)| *what == "start").count();
    assert_eq!(starts, 3);
}

#[test]
fn the_soft_passages_of_a_lone_speaker_are_nobody_elses() {
    // Soft for 0.8 s in the middle of each sentence, and at the beginning of each second one.
    let sentence = [Speech(40, CALLER), Speech(25, CALLER - 12.0), Speech(30, CALLER), Nobody(20)];
    let softly = [Speech(8, CALLER - 12.0), Speech(40, CALLER), Nobody(20)];
    let sounds: Vec<Sound> = [Nobody(20)].into_iter().chain([&sentence[..], &softly].concat().repeat(5)).collect();
    let (verdicts, known) = heard(&sounds);
    assert_eq!(known, None, "{verdicts:?}");
    assert!(verdicts.iter().all(|(what, ..)| *what != "anew"), "{verdicts:?}");
}

#[test]
fn a_caller_who_raises_their_voice_is_alone_as_before() {
    let louder = [Speech(70, CALLER - 10.0), Nobody(30), Speech(40, CALLER), Nobody(30)];
    let sounds: Vec<Sound> = [Nobody(20)].into_iter().chain(louder).collect();
    let (verdicts, known) = heard(&sounds);
    assert_eq!((verdicts.len(), known), (4, None), "{verdicts:?}");
}

#[test]
fn who_goes_on_behind_the_callers_words_is_known_within_a_second_and_a_half() {
    for db in [12.0, 15.0, 20.0] {
        let (_, known) = heard(&[Nobody(20), Speech(40, CALLER), Speech(100, CALLER - db)]);
        assert!(known.is_some_and(|known| known < 60 + 47), "{db} dB below: {known:?}");
    }
}

#[test]
fn nothing_is_learnt_of_others_while_the_line_may_hold_an_echo() {
    let residue = CALLER - 12.0;
    // What is left of an echo before the caller's words and behind them; and a caller whose first words were damped.
    for sounds in [
        &[Nobody(20), BesideEcho(40, residue), BesideEcho(30, CALLER), BesideEcho(60, residue), Nobody(20)][..],
        &[Nobody(20), BesideEcho(40, residue), Speech(30, CALLER), Nobody(20)],
    ] {
        let (verdicts, known) = heard(sounds);
        assert_eq!((verdicts.len(), verdicts[0], known), (2, ("start", 21, 20), None), "{verdicts:?}");
    }
    // Who was behind the caller before the bot spoke still is.
    let before = [Nobody(20), Speech(60, residue), Speech(30, CALLER), Speech(60, residue)];
    let prompt = [BesideEcho(200, residue), Speech(60, residue), Speech(20, CALLER), Speech(60, residue)];
    let verdicts = verdicts(&[before, prompt].concat());
    let told: Vec<&str> = verdicts.iter().map(|(what, ..)| *what).collect();
    assert_eq!(told, ["start", "anew", "end", "start", "end"], "{verdicts:?}");
}

#[test]
fn a_soft_beginning_before_others_is_the_callers_own() {
    let known = [Nobody(20), Speech(60, BEHIND), Speech(30, CALLER), Speech(90, BEHIND)];
    let softly = [Speech(26, CALLER - 3.0), Speech(20, CALLER + 6.0), Speech(60, BEHIND)];
    let verdicts = verdicts(&[&known[..], &softly].concat());
    let told: Vec<&str> = verdicts.iter().map(|(what, ..)| *what).collect();
    assert_eq!(told, ["start", "anew", "end", "start", "end"], "{verdicts:?}");
    let begins = 20 + 60 + 30 + 90;
    assert!(verdicts[3].2.abs_diff(begins) <= 3, "{verdicts:?}");
}
