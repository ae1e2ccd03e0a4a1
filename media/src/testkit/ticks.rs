//! A line's frames, made of sound; and a listener that keeps what an ear lets it have.
use crate::asr::{Cue, Listen};
use crate::ear::Ear;
use crate::ear_input::EarInput;
use crate::frame::{Frame, Origin, Rate, SamplePos};
use std::sync::{Arc, Mutex, PoisonError};

/// Tick number `tick` of a line at this rate: `pcm`, and silence where it is short.
pub fn frame(tick: usize, rate: Rate, pcm: &[i16]) -> Frame {
    let mut frame = Frame::silence(SamplePos::of_tick(tick as u64), rate);
    frame.origin = Origin::Line;
    frame.pcm_mut().iter_mut().zip(pcm).for_each(|(out, sample)| *out = *sample);
    frame
}

/// What an ear is to hear of a tick whose sound came in time: `sent` is what the line was sent in the same tick.
pub fn admit(ear: &mut Ear, near: Frame, sent: Frame) -> Frame {
    let mut frames = Vec::with_capacity(1);
    ear.admit(EarInput::Now(Box::new(near)), sent, &mut frames);
    frames.pop().expect("sound that comes in time is heard in its tick")
}

/// Keeps the sound a recogniser would get; a clone is a handle.
#[derive(Clone, Default)]
pub struct Tape(Arc<Mutex<Vec<i16>>>);

impl Tape {
    /// All sound so far, which is taken out.
    pub fn take(&self) -> Vec<i16> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Listen for Tape {
    fn cue(&mut self, cue: Cue) {
        if let Cue::Sound(pcm) = cue {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(pcm);
        }
    }
}
