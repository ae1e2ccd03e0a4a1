//! `Mix`: several voices into one tick of sound, saturating once at the end so that the order does not matter; `Lanes`: voices
//! of other rates on their way into it.
use crate::resample::Resampler;
use crate::{Frame, Rate};

/// Begins with silence in `out`; one voice is copied there, and sums are kept from the second on.
pub struct Mix<'a> {
    out: &'a mut [i16],
    voices: usize,
    sum: Option<[i32; 960]>,
}

impl<'a> Mix<'a> {
    /// Into a silent tick of 20 ms, at most 960 samples long.
    pub const fn new(out: &'a mut [i16]) -> Self {
        Self { out, voices: 0, sum: None }
    }

    /// Adds a voice of this mix's rate; one of another length is left out.
    pub fn add(&mut self, pcm: &[i16]) {
        let n = self.out.len();
        if pcm.len() != n || n > 960 {
            return;
        }
        self.voices += 1;
        if self.voices == 1 {
            return self.out.copy_from_slice(pcm);
        }
        // Plain loops over slices of one length: the compiler does eight samples at once.
        let sum = &mut self.sum.get_or_insert([0; 960])[..n];
        if self.voices == 2 {
            for ((sum, &first), &x) in sum.iter_mut().zip(&*self.out).zip(pcm) {
                *sum = i32::from(first) + i32::from(x);
            }
        } else {
            for (sum, &x) in sum.iter_mut().zip(pcm) {
                *sum += i32::from(x);
            }
        }
    }

    /// How many voices are in it.
    pub const fn voices(&self) -> usize {
        self.voices
    }

    /// The mixed tick is in its place.
    pub fn finish(self) {
        for (out, &sum) in self.out.iter_mut().zip(self.sum.iter().flatten()) {
            *out = sum.clamp(-32_768, 32_767) as i16;
        }
    }
}

/// Whose voice it is: what is said on a seat's line, or what the bot says to that seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    Line(u8),
    Bot(u8),
}

/// Voices brought to the rates of those who hear them. Each pair is a stream of its own, converted once per tick however many
/// hear it, and costs 0.5 ms or less of delay (see [`Resampler::prompt`]).
#[derive(Default)]
pub struct Lanes(Vec<Lane>);

struct Lane {
    source: Source,
    resampler: Resampler,
    /// The tick that `pcm` belongs to.
    tick: u64,
    pcm: Vec<i16>,
}

/// A lane that nobody has used for so many ticks goes.
const UNUSED: u64 = 50;

impl Lanes {
    /// The sound of `frame` in this tick, at another rate. After a tick left out the stream begins anew.
    pub fn convert(&mut self, tick: u64, source: Source, frame: &Frame, to: Rate) -> &[i16] {
        let (from_hz, to_hz) = (frame.rate.hz(), to.hz());
        let fits = |lane: &Lane| {
            lane.source == source && lane.resampler.from_hz() == from_hz && lane.resampler.to_hz() == to_hz
        };
        let at = self.0.iter().position(fits).unwrap_or_else(|| {
            self.0.retain(|lane| lane.tick + UNUSED > tick);
            let pcm = Vec::with_capacity(to.per_tick());
            self.0.push(Lane { source, resampler: Resampler::prompt(from_hz, to_hz), tick: tick.wrapping_sub(1), pcm });
            self.0.len() - 1
        });
        let lane = &mut self.0[at];
        if lane.tick != tick {
            if lane.tick.wrapping_add(1) != tick {
                lane.resampler.reset();
            }
            lane.tick = tick;
            lane.pcm.clear();
            lane.resampler.push(frame.pcm(), &mut lane.pcm);
        }
        &lane.pcm
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loud_voices_saturate_and_the_order_does_not_matter() {
        let voices = [[30_000i16; 160], [20_000; 160], [-25_000; 160]];
        let mixed = |order: [usize; 3]| {
            let mut out = [0i16; 160];
            let mut mix = Mix::new(&mut out);
            order.into_iter().for_each(|i| mix.add(&voices[i]));
            mix.finish();
            out[7]
        };
        assert_eq!((mixed([0, 1, 2]), mixed([2, 0, 1])), (25_000, 25_000));
        let mut out = [0i16; 160];
        let mut mix = Mix::new(&mut out);
        mix.add(&voices[0]);
        mix.add(&voices[1]);
        mix.finish();
        assert_eq!(out, [32_767; 160]);
        let mut out = [0i16; 160];
        let mut mix = Mix::new(&mut out);
        mix.add(&voices[2]);
        mix.finish();
        assert_eq!(out, voices[2], "one voice is what it was");
    }
}
