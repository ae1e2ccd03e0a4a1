//! `Levels`: how loud both sides of a room are now, for who looks at it; measured on the way to the room's tap.
use crate::Frame;
use crate::tap::Tap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

/// What is left of a level after a silent tick, in 256ths: a quarter after a fifth of a second.
const DECAY: u32 = 223;
/// What counts as nothing, in dB below full scale.
const FLOOR: f32 = 60.0;

/// The loudest sample of each side of late, the caller's first.
#[derive(Debug, Default)]
pub struct Levels([AtomicU16; 2]);

impl Levels {
    /// A tap that measures, and hands everything on to `tap`.
    pub fn before(tap: Box<dyn Tap>) -> (Arc<Self>, Box<dyn Tap>) {
        let levels = Arc::new(Self::default());
        (levels.clone(), Box::new(LevelTap { levels, tap }))
    }

    /// Of the caller and of what the caller hears: 0 (60 dB below full scale, or less) to 100 (full scale).
    pub fn now(&self) -> [u8; 2] {
        self.0.each_ref().map(|side| percent(side.load(Ordering::Relaxed)))
    }
}

fn percent(peak: u16) -> u8 {
    if peak == 0 {
        return 0;
    }
    let below = 20.0 * (f32::from(peak) / f32::from(i16::MAX as u16)).log10();
    ((below + FLOOR) / FLOOR * 100.0).clamp(0.0, 100.0).round() as u8
}

struct LevelTap {
    levels: Arc<Levels>,
    tap: Box<dyn Tap>,
}

impl Tap for LevelTap {
    fn take(&mut self, left: &Frame, right: &Frame) -> ControlFlow<()> {
        for (side, frame) in self.levels.0.iter().zip([left, right]) {
            let peak = frame.pcm().iter().map(|sample| sample.unsigned_abs()).max().unwrap_or(0);
            let before = u32::from(side.load(Ordering::Relaxed)) * DECAY / 256;
            // It fits: what was there before only shrinks.
            side.store(peak.max(u16::try_from(before).unwrap_or(u16::MAX)), Ordering::Relaxed);
        }
        self.tap.take(left, right)
    }

    fn take_people(&mut self, agent: &Frame, supervisors: &Frame) {
        self.tap.take_people(agent, supervisors);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Rate, SamplePos};

    struct Nothing;

    impl Tap for Nothing {
        fn take(&mut self, _: &Frame, _: &Frame) -> ControlFlow<()> {
            ControlFlow::Break(())
        }
    }

    fn frame(loud: i16) -> Frame {
        let mut frame = Frame::silence(SamplePos::default(), Rate::Hz8000);
        frame.pcm_mut()[7] = loud;
        frame
    }

    #[test]
    fn a_level_rises_at_once_and_falls_within_half_a_second_and_what_the_tap_says_is_passed_on() {
        let (levels, mut tap) = Levels::before(Box::new(Nothing));
        assert_eq!(levels.now(), [0, 0]);
        assert_eq!(tap.take(&frame(i16::MAX), &frame(-328)), ControlFlow::Break(()));
        assert_eq!(levels.now(), [100, 33], "the caller at full scale; the bot 40 dB below");
        for _ in 0..25 {
            let _ = tap.take(&frame(0), &frame(0));
        }
        let [caller, bot] = levels.now();
        assert!((40..60).contains(&caller) && bot == 0, "{caller} {bot}");
    }
}
