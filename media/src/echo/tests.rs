//! Echo control against hard echoes.
use super::*;
use crate::ear::{Ear, EarPlan};
use crate::frame::SamplePos;
use crate::noise::rms;
use crate::testkit::acoustics::{Acoustics, Place};
use crate::testkit::voices;
use crate::vad::{Edge, Models};
use std::path::PathBuf;
use std::time::{Duration, Instant};

fn models() -> Models {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../models/silero_vad_op18_ifless.onnx");
    Models::load(path.exists().then_some(path.as_path())).unwrap()
}

fn frame(tick: u64, pcm: &[i16]) -> Frame {
    let mut frame = Frame::silence(SamplePos::of_tick(tick), Rate::Hz8000);
    frame.origin = Origin::Line;
    frame.arrived = Some(Instant::now());
    frame.pcm_mut().copy_from_slice(pcm);
    frame
}

#[test]
#[ignore]
fn explore() {
    let seconds: f32 = std::env::var("SECONDS").ok().and_then(|s| s.parse().ok()).unwrap_or(30.0);
    let on = std::env::var("ECHO").is_ok_and(|v| v != "0");
    let wide = std::env::var("WIDE").is_ok();
    // Double talk: replies over the bot's voice, the first after 4 s.
    let double = std::env::var("DOUBLE").is_ok();
    let (mut total, mut delays, mut missed) = ((0, 0), Vec::new(), 0);
    let only = std::env::var("LOSS").ok().and_then(|g| g.parse::<f32>().ok());
    for loss in [6.0, 10.0, 15.0, 60.0].into_iter().filter(|l| only.map_or(*l < 50.0, |o| o == *l)) {
        let set: u64 = std::env::var("SET").ok().and_then(|g| g.parse().ok()).unwrap_or(0);
        for delay in [40, 120, 250, 400] {
            let place = Place { loss_db: loss, delay: Duration::from_millis(delay), seed: delay + 1000 * set, ..Place::default() };
            let (mut phone, mut echo) = (Acoustics::new(place), Echo::new());
            let mut ear = Ear::new(EarPlan::default(), &if std::env::var("EARSHOT").is_ok() { Models::load(None).unwrap() } else { models() });
            let mut ups = (crate::resample::Resampler::new(8000, 16000), crate::resample::Resampler::new(8000, 16000));
            let bot: Vec<i16> = voices::talk((delay + 40 * set) as usize / 40, seconds);
            let mut voice = vec![0i16; bot.len()];
            let mut truth = Vec::new();
            if double {
                let gain: f32 = std::env::var("GAIN").ok().and_then(|g| g.parse().ok()).unwrap_or(1.0);
                let people = voices::people();
                let mut at = std::env::var("FIRST").ok().and_then(|g| g.parse().ok()).unwrap_or(32_000);
                for n in 0.. {
                    let said = if n % 2 == 0 && !people.is_empty() { people[(n / 2 + 7 * delay as usize) % people.len()].1.clone() } else { voices::reply(n + delay as usize) };
                    let said = &said[..said.len().min(16_000)];
                    if at + said.len() + 16_000 > voice.len() { break; }
                    for (v, s) in voice[at..].iter_mut().zip(said) { *v = (f32::from(*s) * gain) as i16; }
                    truth.push((at as f32 / 8000.0, (at + said.len()) as f32 / 8000.0));
                    at += said.len() + 14_000;
                }
            }
            let (mut starts, mut since, mut long) = (Vec::new(), None, 0);
            let (mut before, mut after) = (vec![], vec![]);
            for (tick, far) in bot.chunks_exact(160).enumerate() {
                let back = phone.tick(far, voice.get(tick * 160..tick * 160 + 160).unwrap_or(&[]));
                let mut near = frame(tick as u64, &back);
                let mut away = frame(tick as u64, far);
                if wide {
                    for (f, up) in [(&mut near, &mut ups.0), (&mut away, &mut ups.1)] {
                        let mut out = vec![];
                        up.push(f.pcm(), &mut out);
                        *f = Frame::silence(f.pos, Rate::Hz16000);
                        f.origin = Origin::Line;
                        f.pcm_mut().copy_from_slice(&out);
                    }
                }
                if on {
                    echo.clean(&mut near, &away);
                }
                before.extend(&back);
                after.extend(near.pcm());
                match ear.hear(&near) {
                    Some(Edge::Start { .. }) => {
                        starts.push(tick as f32 / 50.0);
                        since = Some(tick);
                    }
                    Some(Edge::End { .. }) => since = None,
                    None => {}
                }
                if since.is_some_and(|s| tick == s + 15) {
                    long += 1;
                }
            }
            let mut extra = 0;
            for &(begin, end) in &truth {
                match starts.iter().find(|s| **s > begin && **s < end + 0.3) {
                    Some(s) => delays.push(((s - begin) * 1000.0) as i32),
                    None => missed += 1,
                }
            }
            for s in &starts {
                if !truth.iter().any(|(b, e)| s > b && *s < e + 0.3) { extra += 1; }
            }
            total.0 += extra;
            total.1 += long;
            print!("extra {extra}; ");
            println!("loss {loss} delay {delay}: {} starts, {long} holds; erle {:.1}; {starts:.2?}", starts.len(), 20.0 * (rms(&before) / rms(&after)).log10());
        }
    }
    delays.sort();
    let p = |q: f32| delays.get((delays.len() as f32 * q) as usize);
    println!("total {} extra starts {} holds; double talk: {} heard {missed} missed; {:?} median {:?} p90 {:?} p95", total.0, total.1, delays.len(), p(0.5), p(0.9), p(0.95));
}
