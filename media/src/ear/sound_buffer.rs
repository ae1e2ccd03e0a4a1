//! `SoundBuffer`: the newest sound of an ear at 16 kHz, and the position of each piece of it in the call.
use crate::frame::{Frame, Origin, SamplePos};
use std::collections::VecDeque;
use std::ops::Range;
use std::time::Instant;

/// The ear's rate, and its samples per unit of [`SamplePos`].
pub(super) const HZ: u64 = 16_000;
const POS_PER_SAMPLE: u64 = SamplePos::PER_SECOND / HZ;

/// The newest sound at 16 kHz, and the position of each piece of it in the call.
pub(super) struct SoundBuffer {
    pcm: VecDeque<i16>,
    /// The same sound without noise suppression, where it may be needed; ahead of `pcm` by the suppressor's delay.
    pub(super) raw: VecDeque<i16>,
    marks: VecDeque<Mark>,
    /// Samples so far; the newest is `end - 1`.
    pub(super) end: u64,
    /// Samples received; those past `end` are inside the suppressor.
    came: u64,
    /// Samples that were replaced by others, oldest first.
    replaced: VecDeque<Range<u64>>,
}

/// Where a frame begins in the ear's own count.
struct Mark {
    sample: u64,
    at: SamplePos,
    arrived: Option<Instant>,
    origin: Origin,
}

impl SoundBuffer {
    pub(super) fn new(keep: u64) -> Self {
        Self {
            pcm: VecDeque::with_capacity((keep + HZ / 10) as usize),
            marks: VecDeque::with_capacity(128),
            end: 0,
            came: 0,
            raw: VecDeque::new(),
            replaced: VecDeque::new(),
        }
    }

    /// Notes the position of the next frame. `late`: the delay of resampling.
    pub(super) fn mark(&mut self, samples: usize, frame: &Frame, late: u64) {
        let at = SamplePos(frame.pos.0.saturating_sub(late));
        self.marks.push_back(Mark { sample: self.came, at, arrived: frame.arrived, origin: frame.origin });
        self.came += samples as u64;
    }

    /// Appends samples for the recogniser.
    pub(super) fn push(&mut self, pcm: &[i16]) {
        self.pcm.extend(pcm);
        self.end += pcm.len() as u64;
    }

    /// Sound that follows replaces all sound from `at` on.
    pub(super) fn replace(&mut self, at: SamplePos) {
        let later = |mark: &&Mark| mark.at.0 + SamplePos::PER_TICK / 2 >= at.0;
        let Some(from) = self.marks.iter().rev().take_while(later).last().map(|mark| mark.sample) else { return };
        self.replaced.retain(|range| range.start < from);
        self.replaced.push_back(from..self.came);
    }

    /// Removes replaced samples from `pcm`, the sound from `from` on.
    pub(super) fn leave_out(&self, from: u64, pcm: &mut Vec<i16>) {
        for range in self.replaced.iter().rev() {
            let at = |sample: u64| (sample.saturating_sub(from) as usize).min(pcm.len());
            let range = at(range.start)..at(range.end);
            pcm.drain(range);
        }
    }

    /// The first sample from `from` on that was not replaced.
    pub(super) fn kept_from(&self, from: u64) -> u64 {
        self.replaced.iter().fold(from, |from, range| if range.contains(&from) { range.end } else { from })
    }

    pub(super) fn start(&self) -> u64 {
        self.end - self.pcm.len() as u64
    }

    pub(super) fn forget(&mut self, keep: u64) {
        let excess = self.pcm.len().saturating_sub(keep as usize);
        self.pcm.drain(..excess);
        self.raw.drain(..excess.min(self.raw.len()));
        let start = self.start();
        while self.marks.get(1).is_some_and(|next| next.sample <= start) {
            self.marks.pop_front();
        }
        self.replaced.retain(|range| range.end > start);
    }

    pub(super) fn clear(&mut self) {
        self.pcm.clear();
        self.raw.clear();
        self.marks.clear();
        self.replaced.clear();
        self.end = self.came;
    }

    /// Fills `out` with the sound from `from` on, for the recogniser or (`ready` is false) without noise suppression; silence where it
    /// is not kept.
    pub(super) fn copy(&self, from: u64, ready: bool, out: &mut [i16]) {
        let skip = from.saturating_sub(self.start()) as usize;
        let (head, tail) = if ready { &self.pcm } else { &self.raw }.as_slices();
        let (head, tail) = (head.get(skip..).unwrap_or(&[]), &tail[skip.saturating_sub(head.len()).min(tail.len())..]);
        let first = head.len().min(out.len());
        out[..first].copy_from_slice(&head[..first]);
        let rest = tail.len().min(out.len() - first);
        out[first..first + rest].copy_from_slice(&tail[..rest]);
    }

    /// The position in the call that follows the newest frame.
    pub(super) fn newest(&self) -> SamplePos {
        self.marks.back().map_or(SamplePos(0), |mark| SamplePos(mark.at.0 + SamplePos::PER_TICK))
    }

    fn mark_of(&self, sample: u64) -> Option<&Mark> {
        self.marks.iter().rev().find(|mark| mark.sample <= sample).or(self.marks.front())
    }

    /// The position of `sample` in the call, and when it arrived.
    pub(super) fn place(&self, sample: u64) -> (SamplePos, Option<Instant>) {
        self.mark_of(sample).map_or((SamplePos(0), None), |mark| {
            (SamplePos(mark.at.0 + sample.saturating_sub(mark.sample) * POS_PER_SAMPLE), mark.arrived)
        })
    }

    /// The origin of most of the sound from `from` to `to`; [`Origin::Line`] wins where it makes up half.
    pub(super) fn origin(&self, from: u64, to: u64) -> Origin {
        let (mut line, mut concealed, mut idle, mut until) = (0, 0, 0, to);
        for mark in self.marks.iter().rev() {
            let length = until.saturating_sub(mark.sample.max(from));
            match mark.origin {
                Origin::Line => line += length,
                Origin::Concealed => concealed += length,
                Origin::Idle | Origin::Echo => idle += length,
            }
            until = until.min(mark.sample);
            if mark.sample <= from {
                break;
            }
        }
        if line >= concealed + idle {
            Origin::Line
        } else if concealed >= idle {
            Origin::Concealed
        } else {
            Origin::Idle
        }
    }
}
