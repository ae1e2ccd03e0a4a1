//! `Track`: ticks of both sides into pieces of interleaved sound without gaps: what a stall left out, or a pause, is silence, so
//! that the n-th sample of a recording is always that of the room's clock.
use crate::frame::{Frame, SamplePos};
use std::ops::ControlFlow;

/// Ticks that go to the writer together.
const BATCH: usize = 10;
/// A gap of more than this (a stall of the machine) ends the recording: nobody wants hours of made-up silence.
const LONGEST_GAP: u64 = 10 * 60 * SamplePos::PER_SECOND;

/// Whole ticks of interleaved sound at one rate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) rate: u32,
    pub(super) pcm: Vec<i16>,
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
}

impl Track {
    /// One tick; a piece when one is full, or the line's rate changes. Breaks when there is nothing to be made of it.
    pub(super) fn take(&mut self, left: &Frame, right: &Frame, secret: bool) -> ControlFlow<(), Option<Piece>> {
        let gap = left.pos.0.saturating_sub(self.next.unwrap_or(left.pos).0);
        if right.rate != left.rate || gap > LONGEST_GAP {
            return ControlFlow::Break(());
        }
        let before = if left.rate.hz() == self.rate { None } else { self.rest() };
        self.rate = left.rate.hz();
        let missing = (gap / (SamplePos::PER_SECOND / u64::from(self.rate))) as usize;
        self.pcm.resize(self.pcm.len() + 2 * missing, 0);
        if secret {
            self.pcm.resize(self.pcm.len() + 2 * left.pcm().len(), 0);
        } else {
            self.pcm.extend(left.pcm().iter().zip(right.pcm()).flat_map(|(&l, &r)| [l, r]));
        }
        self.next = Some(SamplePos(left.pos.0 + SamplePos::PER_TICK));
        let full = self.pcm.len() >= 2 * BATCH * left.rate.per_tick();
        ControlFlow::Continue(if full && before.is_none() { self.rest() } else { before })
    }

    /// What no full piece has come of.
    pub(super) fn rest(&mut self) -> Option<Piece> {
        let room = Vec::with_capacity(self.pcm.len());
        let pcm = std::mem::replace(&mut self.pcm, room);
        (!pcm.is_empty()).then_some(Piece { rate: self.rate, pcm })
    }
}
