//! `Frame`: one tick of sound at a line's own rate, and the positions that place it in a call.
use std::time::{Duration, Instant};

/// The room's tick: every frame inside a room lasts this long, whatever packet time a line negotiated.
pub const TICK: Duration = Duration::from_millis(20);

/// A place on a room's sound clock, in 1/48000 s since the room opened, so that it is the same number at every line rate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SamplePos(pub u64);

impl SamplePos {
    pub const PER_SECOND: u64 = 48_000;
    pub const PER_TICK: u64 = 960;

    /// The position at which tick number `tick` begins.
    pub const fn of_tick(tick: u64) -> Self {
        Self(tick * Self::PER_TICK)
    }

    /// Time since the room opened.
    pub const fn since_start(self) -> Duration {
        Duration::from_micros(self.0 * 1_000_000 / Self::PER_SECOND)
    }

    /// This position moved by `samples` samples of a line at `rate`.
    pub const fn plus(self, samples: u64, rate: Rate) -> Self {
        Self(self.0 + samples * (Self::PER_SECOND / rate.hz() as u64))
    }

    /// How long after `earlier` this is; zero where it is not after it.
    pub const fn after(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0) * 1_000_000 / Self::PER_SECOND)
    }
}

/// The sampling rates a line can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rate {
    Hz8000,
    Hz16000,
    Hz48000,
}

impl Rate {
    pub const fn hz(self) -> u32 {
        match self {
            Self::Hz8000 => 8_000,
            Self::Hz16000 => 16_000,
            Self::Hz48000 => 48_000,
        }
    }

    /// Samples in one [`TICK`].
    pub const fn per_tick(self) -> usize {
        self.hz() as usize / 50
    }
}

/// Where the sound of a frame comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Decoded from a packet (perhaps stretched to follow drift).
    Line,
    /// Made up in place of a lost or late packet.
    Concealed,
    /// Nothing was expected: silence suppression, hold, or no packet yet.
    Idle,
    /// From the line, but our own sound coming back and nothing else.
    Echo,
}

/// One tick of mono sound at a line's rate. It holds no more samples than the rate has: at 8 kHz a frame that is made, passed
/// on and dropped touches a sixth of the memory that room for 48 kHz would.
#[derive(Clone, Debug)]
pub struct Frame {
    pub pos: SamplePos,
    pub rate: Rate,
    pub origin: Origin,
    /// When the network delivered the newest packet this sound was decoded from.
    pub arrived: Option<Instant>,
    pcm: Box<[i16]>,
}

impl Frame {
    /// A silent frame of one tick.
    pub fn silence(pos: SamplePos, rate: Rate) -> Self {
        Self { pos, rate, origin: Origin::Idle, arrived: None, pcm: vec![0; rate.per_tick()].into_boxed_slice() }
    }

    /// A frame of this sound, one tick of it.
    pub fn of(pos: SamplePos, rate: Rate, pcm: &[i16]) -> Self {
        debug_assert_eq!(pcm.len(), rate.per_tick());
        Self { pos, rate, origin: Origin::Idle, arrived: None, pcm: pcm.into() }
    }

    pub fn pcm(&self) -> &[i16] {
        &self.pcm
    }

    pub fn pcm_mut(&mut self) -> &mut [i16] {
        &mut self.pcm
    }
}
