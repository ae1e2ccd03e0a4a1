//! An hour of a call in simulated time: a click every minute on both sides stays where it was made.
use super::super::track::Track;
use super::clicks;
use crate::Rate;
use crate::codec::Codec;
use crate::frame::{Frame, TICK};
use crate::room::{BotMode, Input, Seat};
use crate::tap::Tap;
use crate::testkit::netem::Impairments;
use crate::testkit::sim::{Phone, Sim, plan};
use crate::tts::{Sound, UtteranceId};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// The recorder's own track, whose pieces are searched for clicks as they come.
#[derive(Default)]
struct Clicks {
    track: Track,
    samples: u64,
    found: Arc<Mutex<[Vec<u64>; 2]>>,
}

impl Tap for Clicks {
    fn take(&mut self, left: &Frame, right: &Frame) -> ControlFlow<()> {
        if let Some(piece) = self.track.take(left, right, false)? {
            let mut found = self.found.lock().unwrap();
            for side in 0..2 {
                let pcm: Vec<i16> = piece.pcm.iter().skip(side).step_by(2).copied().collect();
                for click in clicks(&pcm, piece.rate) {
                    let at = self.samples * 6 + click;
                    // One that lies across two pieces is found in both.
                    if found[side].last().is_none_or(|last| at > last + 24_000) {
                        found[side].push(at);
                    }
                }
            }
            self.samples += piece.pcm.len() as u64 / 2;
        }
        ControlFlow::Continue(())
    }
}

/// Milliseconds between clicks that were made every minute and found at these places.
fn worst(found: &[u64], made: &[u64]) -> u64 {
    assert_eq!(found.len(), made.len(), "{found:?}\n{made:?}");
    found.iter().zip(made).map(|(a, b)| a.abs_diff(*b) / 48).max().unwrap_or(0)
}

#[test]
fn an_hour_with_drift_loss_and_stalls_stays_aligned() {
    // A quarter of an hour in the other direction.
    for (drift_ppm, minutes) in [(200.0, 60), (-200.0, 15)] {
        let mut sim = Sim::new(BotMode::Speaks);
        let impairments = Impairments {
            delay: Duration::from_millis(30),
            jitter: Duration::from_millis(15),
            loss: 0.01,
            ..Impairments::default()
        };
        // The caller clicks once a minute by its own drifting clock, for 5 ms, so that concealment does not hide it.
        let minute = (8000.0 * 60.0 * (1.0 + drift_ppm / 1e6)) as u64;
        let voice = move |from: u64, n: usize| {
            (from..from + n as u64).map(|at| if (at + minute / 2) % minute < 40 { 12_000 } else { 0 }).collect()
        };
        let mut phone = Phone::new(sim.start, Codec::Pcmu, Box::new(voice), impairments, 11);
        phone.drift_ppm = drift_ppm;
        sim.join(Seat::CALLER, plan(Codec::Pcmu), Some(phone));
        let found = Arc::new(Mutex::new([Vec::new(), Vec::new()]));
        sim.input(Input::Tap(Box::new(Clicks { found: found.clone(), ..Clicks::default() })));
        let mut made = Vec::new();
        let begin = sim.now;
        for tick in 1..=minutes * 60 * 50u64 {
            // The machine stands still now and then, for up to 300 ms.
            if tick % 30_011 == 0 {
                sim.stall(TICK * 15);
            }
            sim.tick();
            sim.sent.clear();
            sim.heard.clear();
            sim.events.clear();
            let now = (sim.now - begin).as_micros() as u64 * 48 / 1000;
            if tick % 3000 == 1200 {
                let mut pcm = vec![0; 160];
                pcm[..40].fill(12_000);
                let utterance = UtteranceId(tick);
                let rate = Rate::Hz8000;
                sim.input(Input::sound(
                    Seat::CALLER,
                    Sound { utterance, pcm, rate, upto_char: 0, interruptible: false, last: true },
                ));
                // It leaves with the next tick.
                made.push(now);
            }
        }
        let found = found.lock().unwrap();
        assert!(worst(&found[1], &made) <= 20, "the bot: {} ms", worst(&found[1], &made));
        // The caller's sound passes network and jitter buffer: the delay is about constant, and one click may be lost.
        let minute = 60 * 48_000;
        let offsets: Vec<u64> = found[0].iter().map(|at| (at + minute / 2) % minute / 48).collect();
        let (least, most) = (offsets.iter().min().copied().unwrap_or(0), offsets.iter().max().copied().unwrap_or(0));
        println!("{drift_ppm} ppm: {} of {minutes} clicks, {least} to {most} ms after they were made", offsets.len());
        assert!(offsets.len() as u64 + 2 >= minutes, "{} clicks", offsets.len());
        assert!(most - least <= 40 && least >= 30 && most <= 110, "{offsets:?}");
    }
}
