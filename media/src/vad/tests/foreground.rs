//! Whose speech the gate takes, in front of others who speak.
use crate::vad::WINDOW;
use crate::vad::gate::{Evidence, Gate, GatePlan, Verdict};
use std::time::Duration;

/// So many windows (of 32 ms) of speech at so many dB, or of nobody's.
#[derive(Clone, Copy)]
enum Sound {
    Speech(usize, f64),
    Nobody(usize),
}
use Sound::{Nobody, Speech};

/// What the gate says of sounds one after the other, each verdict with the window it comes in and the one it is about.
fn verdicts(sounds: &[Sound]) -> Vec<(&'static str, usize, usize)> {
    let mut gate = Gate::new(GatePlan::fused(Duration::from_millis(64), Duration::from_millis(200)));
    let (mut said, mut index) = (Vec::new(), 0);
    for sound in sounds {
        let (windows, db, odds) = match *sound {
            Speech(windows, db) => (windows, db, 3.0),
            Nobody(windows) => (windows, -70.0, -4.0),
        };
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
            index += 1;
        }
    }
    said
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
