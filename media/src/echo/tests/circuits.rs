//! Electric echoes: dry, or of a few milliseconds, on lines with and without noise.
use super::{ear, models, spoken, starts};
use crate::ear::EchoControl;
use crate::testkit::acoustics::Place;
use crate::testkit::voices;
use crate::vad::Models;
use std::time::Duration;

const RESPONSES_MS: [u64; 5] = [0, 4, 6, 20, 40];
/// An echo comes a tick after its sound was sent at the earliest.
const DELAYS_US: [u64; 6] = [20_000, 32_500, 45_000, 63_375, 150_000, 400_000];
const NOISES: [f32; 3] = [0.0, 20.0, 60.0];

fn line(loss_db: f32, number: usize) -> Place {
    let response = Duration::from_millis(RESPONSES_MS[number % RESPONSES_MS.len()]);
    let delay = Duration::from_micros(DELAYS_US[number % DELAYS_US.len()]);
    let noise = NOISES[(number / 2) % NOISES.len()];
    Place { noise, seed: 300 + number as u64, ..Place::circuit(loss_db, delay, response) }
}

/// The bot's speech, at once or after a second of silence, in two languages.
fn bot(number: usize, seconds: f32) -> Vec<i16> {
    let said = match number % 3 {
        0 => voices::talk_vietnamese(number, seconds),
        _ => voices::talk(number, seconds),
    };
    [vec![0; number % 2 * 8_000], said].concat()
}

/// Speech that lasts so long (s) holds a bot; shorter speech ducks it.
const HOLDS: f32 = 0.3;

#[test]
fn a_bot_whose_sound_comes_back_dry_never_holds_for_itself_and_hardly_ever_ducks() {
    for models in models() {
        let (mut held, mut ducked, mut without) = (Vec::new(), 0, 0);
        for (row, loss_db) in [0.0, 3.0, 6.0, 10.0, 15.0, 20.0].into_iter().enumerate() {
            for number in row * 7..row * 7 + 10 {
                let (place, bot) = (line(loss_db, number), bot(number, 5.0));
                let holds = |(_, length): &(f32, f32)| *length >= HOLDS;
                let heard = spoken(&mut ear(&models, EchoControl::On), place, &bot, &[]);
                ducked += heard.len();
                if heard.iter().any(holds) {
                    held.push((loss_db, place.delay, place.source, heard));
                }
                let heard = spoken(&mut ear(&models, EchoControl::Off), place, &bot, &[]);
                without += heard.iter().filter(|heard| holds(heard)).count();
            }
        }
        println!("{}: {ducked} ducks in 60 calls; {without} holds without echo control", models.describe());
        assert!(without >= 60, "{without} without echo control: the test shows nothing");
        assert!(held.is_empty() && ducked <= 10, "{}: {ducked} ducks; {held:?}", models.describe());
    }
}

#[test]
fn who_speaks_over_a_bot_whose_sound_comes_back_dry_is_noticed() {
    let Some(models) = models().into_iter().find(Models::are_fused) else { return };
    let mut delays = Vec::new();
    for number in 0..12 {
        let (bot, mut voice, mut begins) = (voices::talk(number, 8.0), vec![0; 64_000], Vec::new());
        for (n, at) in (16_000..50_000).step_by(18_000).enumerate() {
            let reply = voices::reply(number * 3 + n);
            let length = reply.len().min(12_000);
            voice[at..at + length].copy_from_slice(&reply[..length]);
            begins.push((at as f32 / 8_000.0, (at + length) as f32 / 8_000.0));
        }
        let heard =
            starts(&mut ear(&models, EchoControl::On), line([10.0, 12.0, 15.0][number % 3], number), &bot, &voice);
        for (begin, end) in begins {
            let start = heard.iter().find(|start| **start > begin && **start < end + 0.3);
            delays.push(start.map_or(f32::INFINITY, |start| start - begin));
        }
    }
    delays.sort_by(f32::total_cmp);
    println!("{delays:?}");
    let count = |within: f32| delays.iter().filter(|delay| **delay <= within).count();
    assert!(count(0.47) as f32 >= 0.75 * delays.len() as f32, "{delays:?}");
    assert!(delays.len() - count(f32::MAX) <= 2, "missed: {delays:?}");
}
