//! `QueuedUtterance`: the sound of one utterance, how far it was played, and the characters that were heard.
use super::Phase;
use crate::Rate;
use crate::resample::Resampler;
use crate::tts::{Sound, UtteranceId};
use std::time::Instant;

pub(super) struct QueuedUtterance {
    pub(super) id: UtteranceId,
    pub(super) pcm: Vec<i16>,
    /// The rate of `pcm` and of all positions in it.
    pub(super) rate: Rate,
    /// Converts sound of another rate to `rate`.
    resampler: Option<Resampler>,
    /// The next sample to play.
    pub(super) at: usize,
    /// The end of what was played so far; not below `at`, which goes back after a hold.
    heard: usize,
    /// Positions in `pcm`, each with the characters that are heard once it is played.
    marks: Vec<(usize, u32)>,
    pub(super) interruptible: bool,
    /// All its sound is here.
    pub(super) last: bool,
    pub(super) started: bool,
    /// It does not play, since it has not begun or its sound has run out. It goes on with two ticks of sound ahead, fading in.
    pub(super) dry: bool,
    /// `heard` at the last report.
    reported: usize,
    /// Since when sound is missing in its middle, and whether that has been reported.
    pub(super) missing: Option<(Instant, bool)>,
}

impl QueuedUtterance {
    pub(super) fn new(id: UtteranceId, rate: Rate, interruptible: bool) -> Self {
        Self {
            id,
            pcm: Vec::new(),
            rate,
            resampler: None,
            at: 0,
            heard: 0,
            marks: Vec::new(),
            interruptible,
            last: false,
            started: false,
            dry: true,
            reported: 0,
            missing: None,
        }
    }

    /// Samples that are not played yet.
    pub(super) fn left(&self) -> usize {
        self.pcm.len() - self.at
    }

    /// Whether it is played to its end.
    pub(super) fn is_over(&self) -> bool {
        self.last && self.at == self.pcm.len()
    }

    /// Characters heard, interpolated between marks.
    pub(super) fn chars(&self) -> u32 {
        let (mut from, mut low) = (0, 0);
        for &(to, high) in &self.marks {
            if self.heard < to {
                let share = (self.heard - from) as f64 / (to - from) as f64;
                return low + (f64::from(high.saturating_sub(low)) * share) as u32;
            }
            (from, low) = (to, high);
        }
        low
    }

    /// Appends sound of any rate, with its mark.
    pub(super) fn push(&mut self, sound: &Sound) {
        self.append(sound);
        self.last = sound.last;
        self.interruptible = sound.interruptible;
        match self.marks.last_mut() {
            Some(mark) if mark.0 == self.pcm.len() => mark.1 = mark.1.max(sound.upto_char),
            _ => self.marks.push((self.pcm.len(), sound.upto_char)),
        }
    }

    fn append(&mut self, sound: &Sound) {
        let (from, to) = (sound.rate.hz(), self.rate.hz());
        if !sound.pcm.is_empty() && self.resampler.as_ref().map_or(to, Resampler::from_hz) != from {
            self.resampler = (from != to).then(|| Resampler::new(from, to));
        }
        let Some(resampler) = &mut self.resampler else { return self.pcm.extend_from_slice(&sound.pcm) };
        resampler.push(&sound.pcm, &mut self.pcm);
        if sound.last {
            resampler.finish(&mut self.pcm);
        }
    }

    /// Converts the sound and all positions in it to another rate.
    pub(super) fn convert(&mut self, rate: Rate) {
        let (from, to) = (self.rate.hz() as usize, rate.hz() as usize);
        let scale = |samples: usize| samples * to / from;
        let mut resampler = Resampler::new(from as u32, to as u32);
        let old = std::mem::take(&mut self.pcm);
        self.pcm.reserve(scale(old.len()) + rate.per_tick());
        resampler.push(&old, &mut self.pcm);
        if self.last {
            resampler.finish(&mut self.pcm);
        }
        let end = self.pcm.len();
        for position in [&mut self.at, &mut self.heard, &mut self.reported] {
            *position = scale(*position).min(end);
        }
        for (to, _) in &mut self.marks {
            *to = scale(*to).min(end);
        }
        if let Some((to, _)) = self.marks.last_mut() {
            *to = end;
        }
        // More sound of the old rate continues in the same resampler.
        (self.rate, self.resampler) = (rate, Some(resampler));
    }

    /// `samples` more are played. `dry`: sound has run out. Returns what is to be reported, with progress at each mark and after
    /// `interval` samples.
    pub(super) fn advance(&mut self, samples: usize, dry: bool, interval: usize) -> Option<Phase> {
        let phase = if self.started { Phase::Progress } else { Phase::Started };
        let marked = self.marks.iter().any(|&(to, _)| to > self.heard && to <= self.at + samples);
        self.at += samples;
        self.heard = self.heard.max(self.at);
        (self.started, self.dry) = (true, dry);
        let resumed = self.missing.take().is_some_and(|(_, told)| told);
        let progress = resumed || marked || self.heard - self.reported >= interval;
        if phase == Phase::Progress && (!progress || self.is_over()) {
            return None;
        }
        self.reported = self.heard;
        Some(phase)
    }

    /// Goes back after a hold: to the beginning if no more than `back` samples were played, else to the last mark at least as far
    /// back. Returns by how many samples.
    pub(super) fn rewind(&mut self, back: usize) -> usize {
        let from = self.at;
        self.at = if from <= back { 0 } else { self.mark_before(from - back).unwrap_or(from) };
        self.dry = true;
        from - self.at
    }

    /// The last mark before the next sample, if it is not before `earliest`.
    fn mark_before(&self, earliest: usize) -> Option<usize> {
        self.marks.iter().map(|&(to, _)| to).rev().find(|&to| to < self.at && to >= earliest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: UtteranceId = UtteranceId(1);

    /// Two seconds of sound, with marks at 10 and 30 characters a second apart.
    fn utterance() -> QueuedUtterance {
        let mut utterance = QueuedUtterance::new(ID, Rate::Hz8000, true);
        for (upto_char, last) in [(10, false), (30, true)] {
            let (pcm, rate) = (vec![1_000; 8_000], Rate::Hz8000);
            utterance.push(&Sound { utterance: ID, pcm, rate, upto_char, interruptible: true, last });
        }
        utterance
    }

    #[test]
    fn characters_are_interpolated_and_reports_come_at_marks_and_intervals() {
        let mut utterance = utterance();
        let mut step = |samples| (utterance.advance(samples, false, 2_000), utterance.chars());
        assert_eq!(step(1_600), (Some(Phase::Started), 2));
        assert_eq!(step(1_600), (None, 4));
        assert_eq!(step(1_600), (Some(Phase::Progress), 6), "after the interval");
        assert_eq!((step(1_600), step(1_600)), ((None, 8), (Some(Phase::Progress), 10)), "at a mark");
        assert_eq!(step(8_000), (None, 30), "its end is reported by the playout");
        assert!(utterance.is_over() && utterance.left() == 0);
    }

    #[test]
    fn a_rewind_goes_to_the_beginning_or_to_a_mark_that_is_near_or_nowhere() {
        for (played, back, expected) in [(4_000, 8_000, 0), (9_000, 8_000, 8_000), (15_000, 4_000, 15_000)] {
            let mut utterance = utterance();
            utterance.advance(played, false, 2_000);
            let chars = utterance.chars();
            assert_eq!((utterance.rewind(back), utterance.at), (played - expected, expected));
            assert_eq!(utterance.chars(), chars, "what was heard stays heard");
        }
    }

    #[test]
    fn another_rate_keeps_positions_and_characters() {
        let mut utterance = utterance();
        utterance.advance(12_000, false, 2_000);
        utterance.convert(Rate::Hz16000);
        assert_eq!((utterance.at, utterance.chars()), (24_000, 19));
        assert!((8_000..8_000 + 320).contains(&utterance.left()), "{}", utterance.left());
        utterance.advance(utterance.left(), true, 2_000);
        assert!(utterance.is_over() && utterance.chars() == 30);
    }
}
