//! `ClauseFormatter`: an engine's sound at the line's rate, without silence around it, with marks for the text.
use super::Chunk;
use crate::Rate;
use crate::resample::Resampler;
use std::ops::ControlFlow::{self, Continue};

/// The end of a word, in seconds of the engine's sound, and the characters of the text said by then.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mark {
    pub ends: f64,
    pub chars: u32,
}

impl Mark {
    /// The same mark of a text that has `base` characters before.
    #[cfg(feature = "piper")]
    pub fn after(self, base: u32) -> Self {
        Self { chars: base + self.chars, ..self }
    }
}

/// Samples up to this amplitude are silence around a clause.
const SILENCE: u16 = 160;
/// Silence kept before the first sound and after the last.
const LEAD_MS: usize = 15;
const TAIL_MS: usize = 120;

/// Formats one clause. Silence before its first sound and after its last is cut to [`LEAD_MS`] and [`TAIL_MS`].
pub struct ClauseFormatter {
    resampler: Resampler,
    hz: usize,
    pub marks: Vec<Mark>,
    /// Output samples so far, with the silence that was dropped.
    made: usize,
    sounding: bool,
    held: Vec<i16>,
    fresh: Vec<i16>,
    said: u32,
    /// Silence to send before the next sound.
    pause: usize,
}

/// Marks for an engine that gives no times: each word gets a share of the sound by its number of characters.
pub fn even_marks(text: &str, seconds: f64) -> Vec<Mark> {
    let all = text.chars().count().max(1) as f64;
    let mut out = Vec::new();
    let mut before = false;
    for (i, c) in text.chars().chain([' ']).enumerate() {
        if c.is_whitespace() && before {
            out.push(Mark { ends: seconds * i as f64 / all, chars: i as u32 });
        }
        before = !c.is_whitespace();
    }
    out
}

impl ClauseFormatter {
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
            pause: 0,
        }
    }

    /// Begins another part of the clause, whose sound follows. Silence between it and the part before is made `pause` long; its
    /// marks count from its beginning.
    #[cfg(feature = "piper")]
    pub fn part(&mut self, pause: std::time::Duration, marks: impl IntoIterator<Item = Mark>) {
        if self.sounding {
            self.pause = (pause.as_secs_f64() * self.hz as f64) as usize;
            self.held.clear();
            self.sounding = false;
        }
        let begins = self.made as f64 / self.hz as f64;
        self.marks.extend(marks.into_iter().map(|mark| Mark { ends: begins + mark.ends, ..mark }));
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
            let pause = std::mem::take(&mut self.pause);
            self.held.splice(..0, std::iter::repeat_n(0, pause));
            return self.take_until(pause + last + 1 - drop, sink);
        }
        self.take_until(last + 1, sink)
    }

    /// Passes on the first `count` samples held.
    fn take_until(&mut self, count: usize, sink: &mut dyn FnMut(Chunk<'_>) -> ControlFlow<()>) -> ControlFlow<()> {
        let rest = self.held.split_off(count);
        let pcm = std::mem::replace(&mut self.held, rest);
        let played = (self.made - self.held.len()) as f64 / self.hz as f64;
        let said = self.marks.iter().take_while(|mark| mark.ends <= played).last().map_or(0, |mark| mark.chars);
        self.said = self.said.max(said);
        sink(Chunk { pcm: &pcm, upto_char: self.said })
    }

    /// Ends the clause, whose text has `chars` characters.
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
        let step = std::f64::consts::TAU * hz / f64::from(rate);
        (0..(seconds * f64::from(rate)) as usize).map(|i| ((i as f64 * step).sin() * 10_000.0) as i16).collect()
    }

    #[test]
    fn silence_around_a_clause_goes_and_inside_it_stays() {
        let mut pcm = vec![0; 4800];
        pcm.extend(tone(500.0, 16_000, 0.3));
        pcm.extend(vec![0; 3200]);
        pcm.extend(tone(500.0, 16_000, 0.3));
        pcm.extend(vec![0; 8000]);
        let mut formatter = ClauseFormatter::new(16_000, Rate::Hz16000);
        formatter.marks = vec![Mark { ends: 0.6, chars: 3 }, Mark { ends: 1.1, chars: 7 }];
        let (mut out, mut chars) = (Vec::new(), Vec::new());
        let mut sink = |chunk: Chunk<'_>| {
            out.extend_from_slice(chunk.pcm);
            chars.push((out.len() * 1000 / 16_000, chunk.upto_char));
            Continue(())
        };
        for piece in pcm.chunks(160) {
            _ = formatter.push(piece, &mut sink);
        }
        formatter.finish(7, &mut sink);
        let ms = out.len() / 16;
        assert!((900..=945).contains(&ms), "{ms}");
        assert!(out[..480].iter().any(|s| s.unsigned_abs() > 160), "the first sound comes within 30 ms");
        let first = chars.iter().find(|(_, said)| *said == 3).unwrap().0;
        assert!((310..=530).contains(&first), "{first}");
        assert_eq!(chars.last().unwrap().1, 7);
    }
}
