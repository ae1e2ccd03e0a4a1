//! `Track`: joins ticks of both sides to pieces of interleaved sound. Gaps of a stall, and pauses, become silence, so that the n-th
//! sample of a recording always corresponds to the room's clock.
use crate::frame::{Frame, Rate, SamplePos};
use crate::resample::Resampler;
use std::ops::ControlFlow;

/// Ticks of a piece.
const BATCH: usize = 10;
/// A longer gap (a stall of the machine) ends the recording instead of adding hours of silence.
const LONGEST_GAP: u64 = 10 * 60 * SamplePos::PER_SECOND;

/// Whole ticks of interleaved sound at one rate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) rate: u32,
    pub(super) pcm: Vec<i16>,
    /// So many ticks of silence come before.
    pub(super) silent: u64,
}

impl Piece {
    pub(super) fn ticks(&self) -> u64 {
        self.pcm.len() as u64 / 2 * 50 / u64::from(self.rate)
    }
}

#[derive(Default)]
pub(super) struct Track {
    pcm: Vec<i16>,
    rate: u32,
    next: Option<SamplePos>,
    /// Upsamplers of the side with the lower rate: a phone may send another codec than it is sent.
    resamplers: [Option<Resampler>; 2],
    resampled: [Vec<i16>; 2],
}

impl Track {
    /// Takes one tick. Returns a piece when it is full or the line's rate changes; `Break` after a gap that is too long.
    pub(super) fn take(&mut self, left: &Frame, right: &Frame, secret: bool) -> ControlFlow<(), Option<Piece>> {
        let gap = left.pos.0.saturating_sub(self.next.unwrap_or(left.pos).0);
        if gap > LONGEST_GAP {
            return ControlFlow::Break(());
        }
        let rate = if left.rate.hz() > right.rate.hz() { left.rate } else { right.rate };
        let before = if rate.hz() == self.rate { None } else { self.rest() };
        self.rate = rate.hz();
        let missing = (gap / (SamplePos::PER_SECOND / u64::from(self.rate))) as usize;
        self.pcm.resize(self.pcm.len() + 2 * missing, 0);
        if secret {
            self.pcm.resize(self.pcm.len() + 2 * rate.per_tick(), 0);
        } else {
            let ([a, b], [x, y]) = (&mut self.resamplers, &mut self.resampled);
            let (left, right) = (at(rate, left, a, x), at(rate, right, b, y));
            self.pcm.extend(left.iter().zip(right).flat_map(|(&l, &r)| [l, r]));
        }
        self.next = Some(SamplePos(left.pos.0 + SamplePos::PER_TICK));
        let full = self.pcm.len() >= 2 * BATCH * rate.per_tick();
        ControlFlow::Continue(if full && before.is_none() { self.rest() } else { before })
    }

    /// The incomplete piece.
    pub(super) fn rest(&mut self) -> Option<Piece> {
        let room = Vec::with_capacity(self.pcm.len());
        let pcm = std::mem::replace(&mut self.pcm, room);
        (!pcm.is_empty()).then_some(Piece { rate: self.rate, pcm, silent: 0 })
    }

    /// The incomplete piece, before a gap that whoever writes fills: the next tick follows it at any distance.
    pub(super) fn skip(&mut self) -> Option<Piece> {
        self.next = None;
        self.rest()
    }
}

/// The sound of a frame at `rate`.
fn at<'a>(rate: Rate, frame: &'a Frame, resampler: &mut Option<Resampler>, resampled: &'a mut Vec<i16>) -> &'a [i16] {
    if frame.rate == rate {
        *resampler = None;
        return frame.pcm();
    }
    let (from, to) = (frame.rate.hz(), rate.hz());
    if resampler.as_ref().is_none_or(|resampler| (resampler.from_hz(), resampler.to_hz()) != (from, to)) {
        *resampler = Some(Resampler::new(from, to));
    }
    resampled.clear();
    resampler.iter_mut().for_each(|resampler| resampler.push(frame.pcm(), resampled));
    resampled
}
