//! From an engine's sound to a line's: another rate, no silence around it, and marks for what has been heard.
use super::Chunk;
use crate::Rate;
use std::f64::consts::PI;
use std::ops::ControlFlow::{self, Continue};

/// Zero crossings on each side of the filter, at the lower of the two rates.
const WINGS: usize = 12;
/// Where the filter's edge lies, of the lower rate: 3.5 kHz on a telephone line, −6 dB.
const EDGE: f64 = 0.4375;

/// A streaming polyphase resampler between whole rates (windowed sinc, Blackman window).
pub struct Resampler {
    up: usize,
    down: usize,
    /// `up` filters of `taps` coefficients each.
    phases: Vec<f32>,
    taps: usize,
    history: Vec<f32>,
    /// The next output's place, in 1/up of an input sample after the first one in `history`.
    at: usize,
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

impl Resampler {
    pub fn new(from: u32, to: u32) -> Self {
        let (from, to) = (from.max(1) as usize, to.max(1) as usize);
        let common = gcd(from, to);
        let (up, down) = (to / common, from / common);
        // In input samples.
        let stretch = (from as f64 / to as f64).max(1.0);
        let half = (WINGS as f64 * stretch).ceil();
        let (taps, edge) = (2 * half as usize, EDGE / stretch);
        let mut phases = Vec::with_capacity(up * taps);
        for phase in 0..up {
            let first = phases.len();
            for tap in 0..taps {
                let x = tap as f64 - (half - 1.0) - phase as f64 / up as f64;
                let sinc = if x.abs() < 1e-9 { 2.0 * edge } else { (2.0 * PI * edge * x).sin() / (PI * x) };
                let turn = PI * (x / half).clamp(-1.0, 1.0);
                phases.push((sinc * (0.42 + 0.5 * turn.cos() + 0.08 * (2.0 * turn).cos())) as f32);
            }
            let sum: f32 = phases[first..].iter().sum();
            phases[first..].iter_mut().for_each(|tap| *tap /= sum);
        }
        // Silence before the first sample takes the filter's delay away.
        Self { up, down, phases, taps, history: vec![0.0; taps / 2 - 1], at: 0 }
    }

    pub fn push(&mut self, pcm: &[i16], out: &mut Vec<i16>) {
        if self.up == self.down {
            out.extend_from_slice(pcm);
            return;
        }
        self.history.extend(pcm.iter().map(|&s| f32::from(s)));
        while self.at / self.up + self.taps <= self.history.len() {
            let (first, phase) = (self.at / self.up, self.at % self.up);
            let taps = &self.phases[phase * self.taps..(phase + 1) * self.taps];
            let sum: f32 = self.history[first..first + self.taps].iter().zip(taps).map(|(s, t)| s * t).sum();
            out.push(sum.round().clamp(-32768.0, 32767.0) as i16);
            self.at += self.down;
        }
        let used = (self.at / self.up).min(self.history.len());
        self.history.drain(..used);
        self.at -= used * self.up;
    }

    /// What the filter still holds.
    pub fn finish(&mut self, out: &mut Vec<i16>) {
        self.push(&vec![0; self.taps / 2], out);
    }
}

/// When a word ends, in seconds of the engine's sound, and how many characters of the text are said then.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mark {
    pub ends: f64,
    pub chars: u32,
}

/// Sound below this is silence around a clause.
const SILENCE: u16 = 160;
/// Kept before the first sound and after the last: a breath between clauses.
const LEAD_MS: usize = 15;
const TAIL_MS: usize = 120;

/// Shapes one clause. Silence before its first sound is dropped, silence behind its last is cut to a breath.
pub struct Shape {
    resampler: Resampler,
    hz: usize,
    pub marks: Vec<Mark>,
    /// Output samples made, sound and dropped silence.
    made: usize,
    sounding: bool,
    held: Vec<i16>,
    fresh: Vec<i16>,
    said: u32,
}

impl Shape {
    pub fn new(from_hz: u32, rate: Rate) -> Self {
        Self {
            resampler: Resampler::new(from_hz, rate.hz()),
            hz: rate.hz() as usize,
            marks: Vec::new(),
            made: 0,
            sounding: false,
            held: Vec::new(),
            fresh: Vec::new(),
            said: 0,
        }
    }

    pub fn push(&mut self, pcm: &[i16], sink: &mut dyn FnMut(Chunk<'_>) -> ControlFlow<()>) -> ControlFlow<()> {
        let mut fresh = std::mem::take(&mut self.fresh);
        self.resampler.push(pcm, &mut fresh);
        let flow = self.take(&fresh, sink);
        fresh.clear();
        self.fresh = fresh;
        flow
    }

    fn take(&mut self, fresh: &[i16], sink: &mut dyn FnMut(Chunk<'_>) -> ControlFlow<()>) -> ControlFlow<()> {
        self.made += fresh.len();
        self.held.extend_from_slice(fresh);
        let Some(last) = self.held.iter().rposition(|s| s.unsigned_abs() > SILENCE) else {
            if !self.sounding {
                let keep = self.hz * LEAD_MS / 1000;
                let drop = self.held.len().saturating_sub(keep);
                self.held.drain(..drop);
            }
            return Continue(());
        };
        if !self.sounding {
            self.sounding = true;
            let first = self.held.iter().position(|s| s.unsigned_abs() > SILENCE).unwrap_or(0);
            let drop = first.saturating_sub(self.hz * LEAD_MS / 1000);
            self.held.drain(..drop);
            return self.take_until(last + 1 - drop, sink);
        }
        self.take_until(last + 1, sink)
    }

    /// Hands on the first `count` samples held.
    fn take_until(&mut self, count: usize, sink: &mut dyn FnMut(Chunk<'_>) -> ControlFlow<()>) -> ControlFlow<()> {
        let rest = self.held.split_off(count);
        let pcm = std::mem::replace(&mut self.held, rest);
        let played = (self.made - self.held.len()) as f64 / self.hz as f64;
        let said = self.marks.iter().take_while(|mark| mark.ends <= played).last().map_or(0, |mark| mark.chars);
        self.said = self.said.max(said);
        sink(Chunk { pcm: &pcm, upto_char: self.said })
    }

    /// The end of the clause: all `chars` of it are said.
    pub fn finish(mut self, chars: u32, sink: &mut dyn FnMut(Chunk<'_>) -> ControlFlow<()>) {
        let mut tail = Vec::new();
        self.resampler.finish(&mut tail);
        if self.take(&tail, sink).is_break() {
            return;
        }
        self.held.truncate(self.hz * TAIL_MS / 1000);
        if !self.sounding {
            self.held.clear();
        }
        _ = sink(Chunk { pcm: &self.held, upto_char: chars });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(hz: f64, rate: u32, seconds: f64) -> Vec<i16> {
        let step = 2.0 * PI * hz / f64::from(rate);
        (0..(seconds * f64::from(rate)) as usize).map(|i| ((i as f64 * step).sin() * 10_000.0) as i16).collect()
    }

    fn through(from: u32, to: u32, pcm: &[i16]) -> Vec<i16> {
        let (mut resampler, mut out) = (Resampler::new(from, to), Vec::new());
        for piece in pcm.chunks(317) {
            resampler.push(piece, &mut out);
        }
        resampler.finish(&mut out);
        out
    }

    fn rms(pcm: &[i16]) -> f64 {
        (pcm.iter().map(|&s| f64::from(s).powi(2)).sum::<f64>() / pcm.len() as f64).sqrt()
    }

    #[test]
    fn every_rate_becomes_every_line_rate_without_aliases() {
        for from in [16_000, 22_050, 24_000] {
            for to in [8_000_u32, 16_000, 48_000] {
                let clean = through(from, to, &tone(1000.0, from, 1.0));
                assert!(clean.len().abs_diff(to as usize) <= to as usize / 400, "{from} to {to}: {}", clean.len());
                let middle = &clean[to as usize / 10..to as usize * 9 / 10];
                let ideal = tone(1000.0, to, 1.0);
                let ideal = &ideal[to as usize / 10..to as usize * 9 / 10];
                let error: Vec<i16> = middle.iter().zip(ideal).map(|(a, b)| a - b).collect();
                assert!(rms(&error) < 10.0, "{from} to {to}: error {}", rms(&error));
            }
        }
        let folded = through(22_050, 8_000, &tone(5_000.0, 22_050, 1.0));
        assert!(rms(&folded[800..7200]) < 3.0, "{}", rms(&folded[800..7200]));
    }

    #[test]
    fn silence_around_a_clause_goes_and_inside_it_stays() {
        let mut pcm = vec![0; 4800];
        pcm.extend(tone(500.0, 16_000, 0.3));
        pcm.extend(vec![0; 3200]);
        pcm.extend(tone(500.0, 16_000, 0.3));
        pcm.extend(vec![0; 8000]);
        let mut shape = Shape::new(16_000, Rate::Hz16000);
        shape.marks = vec![Mark { ends: 0.6, chars: 3 }, Mark { ends: 1.1, chars: 7 }];
        let (mut out, mut chars) = (Vec::new(), Vec::new());
        let mut sink = |chunk: Chunk<'_>| {
            out.extend_from_slice(chunk.pcm);
            chars.push((out.len() * 1000 / 16_000, chunk.upto_char));
            Continue(())
        };
        for piece in pcm.chunks(160) {
            _ = shape.push(piece, &mut sink);
        }
        shape.finish(7, &mut sink);
        let ms = out.len() / 16;
        assert!((900..=945).contains(&ms), "{ms}");
        assert!(out[..480].iter().any(|s| s.unsigned_abs() > 160), "the first sound comes within 30 ms");
        let first = chars.iter().find(|(_, said)| *said == 3).unwrap().0;
        assert!((310..=530).contains(&first), "{first}");
        assert_eq!(chars.last().unwrap().1, 7);
    }
}
