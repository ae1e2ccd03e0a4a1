//! `Acoustics`: an echo. What a phone far away sends back of the sound it is sent, as a sans-IO part.
//!
//! A speakerphone: far sound → µ-law → network and the phone's jitter buffer (its delay steps and wobbles) → a small loudspeaker
//! that clips softly → a room (direct sound, early reflections, a tail that decays exponentially) → room noise → with whoever
//! speaks there → µ-law → network back. Nothing of it is a delay times a gain.
//!
//! A circuit (a gateway's hybrid, crosstalk, a loop-back): the same without loudspeaker and room. What comes back is a delay times
//! a gain, or a response of some milliseconds.
use crate::codec::g711::{ULAW_TO_PCM, ulaw};
use crate::noise::Rng;
use std::collections::VecDeque;
use std::time::Duration;

/// What sends our sound back.
#[derive(Clone, Copy, Debug)]
pub enum Source {
    /// A loudspeaker in a room.
    Speakerphone,
    /// An electric path, whose response lasts this long: the very samples where that is zero.
    Circuit { response: Duration },
}

/// What kind of place the phone stands in.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    pub source: Source,
    /// How much fainter the echo is than the sound it is of, in dB: the echo return loss.
    pub loss_db: f32,
    /// From our sound's leaving to the echo's first arrival.
    pub delay: Duration,
    /// Every so often the delay changes by up to this much, at once, and stays.
    pub step: Duration,
    pub step_every: Duration,
    /// Up to this much the phone's own jitter buffer lengthens or shortens the sound, twice a second.
    pub wobble: Duration,
    /// In this time the room's sound falls by 60 dB.
    pub reverberation: Duration,
    /// Room noise at the phone, root mean square on the 16-bit scale.
    pub noise: f32,
    pub seed: u64,
}

impl Default for Place {
    fn default() -> Self {
        Self {
            source: Source::Speakerphone,
            loss_db: 10.0,
            delay: Duration::from_millis(150),
            step: Duration::from_millis(40),
            step_every: Duration::from_secs(20),
            wobble: Duration::from_millis(2),
            reverberation: Duration::from_millis(300),
            noise: 12.0,
            seed: 1,
        }
    }
}

impl Place {
    /// An electric echo on a line without noise, whose delay stays what it is.
    pub fn circuit(loss_db: f32, delay: Duration, response: Duration) -> Self {
        let (source, still) = (Source::Circuit { response }, Duration::ZERO);
        Self { source, loss_db, delay, step: still, wobble: still, noise: 0.0, ..Self::default() }
    }
}

/// Samples of the room's response at 8 kHz: 160 ms.
const RESPONSE: usize = 1_280;
/// Longest path, wobbles included.
const LONGEST: usize = 8_000;

/// One phone in one place, at 8 kHz.
pub struct Acoustics {
    place: Place,
    rng: Rng,
    /// Played sound, newest last.
    played: VecDeque<f32>,
    /// The path's delay at this moment, in samples.
    delay: usize,
    response: Vec<f32>,
    /// The newest sound of the loudspeaker, newest first in time order from `at` backwards.
    air: Vec<f32>,
    at: usize,
    /// State of the loudspeaker's high-pass.
    cone: (f32, f32),
    ticks: u64,
}

impl Acoustics {
    pub fn new(place: Place) -> Self {
        let mut rng = Rng::new(place.seed);
        Self {
            response: response(place, &mut rng),
            delay: samples(place.delay),
            rng,
            played: VecDeque::from(vec![0.0; LONGEST]),
            air: vec![0.0; RESPONSE],
            at: 0,
            cone: (0.0, 0.0),
            ticks: 0,
            place,
        }
    }

    /// The delay of the path now.
    pub fn delay(&self) -> Duration {
        Duration::from_micros(self.delay as u64 * 125)
    }

    /// 20 ms: what we send (`far`), what somebody says there into the phone (`voice`, may be shorter); what comes back.
    pub fn tick(&mut self, far: &[i16], voice: &[i16]) -> Vec<i16> {
        self.shift(far.len());
        let mut back = Vec::with_capacity(far.len());
        for &sample in far {
            self.played.push_back(f32::from(ULAW_TO_PCM[usize::from(ulaw(sample))]));
            self.played.pop_front();
        }
        for n in 0..far.len() {
            let newest = self.played.len() - far.len() + n;
            let heard = self.played.get(newest.saturating_sub(self.delay)).copied().unwrap_or(0.0);
            let played = match self.place.source {
                Source::Speakerphone => self.cone(heard),
                Source::Circuit { .. } => heard,
            };
            self.at = (self.at + 1) % RESPONSE;
            self.air[self.at] = played;
            let (recent, older) = self.air.split_at(self.at + 1);
            let path = recent.iter().rev().chain(older.iter().rev());
            let echo: f32 = path.zip(&self.response).map(|(air, tap)| air * tap).sum();
            let noise = (self.rng.unit() + self.rng.unit() - 1.0) * self.place.noise * 6f32.sqrt();
            let voice = voice.get(n).copied().map_or(0.0, f32::from);
            let sum = (echo + noise + voice).round().clamp(-32_768.0, 32_767.0) as i16;
            back.push(ULAW_TO_PCM[usize::from(ulaw(sum))]);
        }
        back
    }

    /// What the network and the phone's jitter buffer do to the delay.
    fn shift(&mut self, tick: usize) {
        self.ticks += 1;
        let place = self.place;
        let per = |time: Duration| (samples(time) / tick.max(1)).max(1) as u64;
        let mut by = 0.0;
        if !place.step.is_zero() && self.ticks.is_multiple_of(per(place.step_every)) {
            by += (2.0 * self.rng.unit() - 1.0) * samples(place.step) as f32;
        }
        if !place.wobble.is_zero() && self.ticks.is_multiple_of(per(Duration::from_millis(500))) {
            by += (2.0 * self.rng.unit() - 1.0) * samples(place.wobble) as f32;
        }
        // It wanders about where it began.
        let middle = samples(place.delay) as f32;
        let back = 0.1 * (middle - self.delay as f32) * f32::from(u8::from(by != 0.0));
        let shortest = if matches!(place.source, Source::Circuit { .. }) { 0.0 } else { 80.0 };
        self.delay = (self.delay as f32 + by + back).clamp(shortest, (LONGEST - 2 * tick) as f32) as usize;
    }

    /// A small loudspeaker: nothing below 300 Hz, and it cannot follow loud sound.
    fn cone(&mut self, sample: f32) -> f32 {
        const LIMIT: f32 = 9_000.0;
        let high = 0.8 * (self.cone.1 + sample - self.cone.0);
        // A number so small that a processor is slow with it is silence.
        let high = if high.abs() < 1e-12 { 0.0 } else { high };
        self.cone = (sample, high);
        high / (1.0 + (high / LIMIT).powi(2)).sqrt()
    }
}

fn samples(time: Duration) -> usize {
    (time.as_micros() / 125) as usize
}

/// The response, whose energy is the echo's loss.
fn response(place: Place, rng: &mut Rng) -> Vec<f32> {
    let mut taps = match place.source {
        Source::Speakerphone => room(place, rng),
        Source::Circuit { response } => circuit(samples(response).min(RESPONSE), rng),
    };
    let energy: f32 = taps.iter().map(|tap| tap * tap).sum();
    let scale = 10f32.powf(-place.loss_db / 20.0) / energy.sqrt();
    taps.iter_mut().for_each(|tap| *tap *= scale);
    taps
}

/// Direct sound, six early reflections, and noise that decays.
fn room(place: Place, rng: &mut Rng) -> Vec<f32> {
    let decay = 6.9 / samples(place.reverberation).max(1) as f32;
    let mut taps: Vec<f32> = (0..RESPONSE)
        .map(|n| if n < 24 { 0.0 } else { 0.18 * (2.0 * rng.unit() - 1.0) * (-decay * n as f32).exp() })
        .collect();
    taps[0] = 1.0;
    for _ in 0..6 {
        let at = 8 + (rng.next_u64() % 160) as usize;
        taps[at] += (2.0 * rng.unit() - 1.0) * 0.8 * (-decay * at as f32).exp();
    }
    taps
}

/// The sound itself, and up to fourteen faint repetitions of it.
fn circuit(length: usize, rng: &mut Rng) -> Vec<f32> {
    let mut taps = vec![0.0; length + 1];
    taps[0] = 1.0;
    for _ in 0..length.min(14) {
        let at = 1 + (rng.next_u64() % length as u64) as usize;
        let sign = if rng.unit() < 0.5 { -1.0 } else { 1.0 };
        taps[at] += sign * 0.45 * (-3.0 * at as f32 / length as f32).exp();
    }
    taps
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::{Noise, rms};

    fn still() -> Place {
        Place { step: Duration::ZERO, wobble: Duration::ZERO, noise: 0.0, ..Place::default() }
    }

    #[test]
    fn the_echo_comes_after_its_delay_lasts_as_long_as_the_room_and_has_its_loss() {
        let mut phone = Acoustics::new(Place { loss_db: 12.0, ..still() });
        let mut noise = Noise::new(3);
        let mut sent = Vec::new();
        let mut back = Vec::new();
        for tick in 0..150 {
            let far: Vec<i16> = (0..160).map(|_| if tick < 100 { noise.sample(2_000.0) as i16 } else { 0 }).collect();
            back.extend(phone.tick(&far, &[]));
            sent.extend(far);
        }
        let first = back.iter().position(|s| s.abs() > 60).unwrap();
        assert!((1_195..1_230).contains(&first), "{first}");
        let loss = 20.0 * (rms(&sent[..16_000]) / rms(&back[1_200..17_200])).log10();
        // The loudspeaker takes the lows away as well.
        assert!((11.0..17.0).contains(&loss), "{loss}");
        assert!(rms(&back[17_200 + 640..17_200 + 800]) > 10.0, "a tail at 80 to 100 ms");
    }

    #[test]
    fn a_circuit_sends_back_the_very_samples_or_a_response_as_long_as_asked() {
        let sent: Vec<i16> =
            crate::testkit::voices::murmur(5, 1.0).into_iter().map(|s| ULAW_TO_PCM[usize::from(ulaw(s))]).collect();
        let back = |loss_db: f32, ms: u64, response_ms: u64| -> Vec<i16> {
            let [delay, response] = [ms, response_ms].map(Duration::from_millis);
            let mut phone = Acoustics::new(Place::circuit(loss_db, delay, response));
            sent.chunks_exact(160).flat_map(|far| phone.tick(far, &[])).collect()
        };
        assert_eq!(back(0.0, 0, 0)[..], sent[..back(0.0, 0, 0).len()]);
        let late = back(0.0, 50, 0);
        assert!(late[..400].iter().all(|s| *s == 0) && late[400..] == sent[..late.len() - 400]);
        let smeared = back(10.0, 30, 20);
        let loss = 20.0 * (rms(&sent) / rms(&smeared)).log10();
        assert!((8.0..12.0).contains(&loss), "{loss}");
        assert_ne!(smeared[240..], back(10.0, 30, 0)[240..]);
    }

    #[test]
    fn the_delay_wanders_and_the_same_seed_wanders_the_same_way() {
        let run = || {
            let mut phone = Acoustics::new(Place { step_every: Duration::from_secs(2), ..Place::default() });
            (0..1_000).map(|_| (phone.tick(&[0; 160], &[]), phone.delay())).collect::<Vec<_>>()
        };
        let (a, b) = (run(), run());
        assert!(a == b);
        let delays: Vec<u128> = a.iter().map(|(_, delay)| delay.as_millis()).collect();
        assert!(delays.iter().max().unwrap() - delays.iter().min().unwrap() > 15, "{delays:?}");
        assert!(delays.iter().all(|ms| (60..240).contains(ms)));
    }
}
