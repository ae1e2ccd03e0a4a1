//! `Wait`: how an ear treats sound that is due and has not arrived. While the network stalls nobody knows whether the speaker has
//! finished.
//!
//! Late sound is heard where the sound stopped, so that words stay whole. Lost sound becomes silence. In mid-word an ear waits
//! 5 s, in a pause 1 s, and in a pause of a sender that suppresses silence not at all.
use crate::ear_input::EarInput;
#[cfg(test)]
use crate::frame::Origin;
use crate::frame::{Frame, Rate, SamplePos};

/// What the line carried when its sound stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpeechState {
    /// Nobody speaks.
    Silent,
    /// A pause within an utterance.
    Pausing,
    Speaking,
}

/// The longest wait in ticks: 5 s in mid-word, 1 s in a pause.
const WORD: u32 = 250;
const PAUSE: u32 = 50;
/// The most ticks of silence put in the place of lost sound: enough to end an utterance.
const LOST: u32 = 15;

#[derive(Debug, Default)]
pub struct Wait {
    /// Ticks that sound has been due for, and the concealment of the first of them. Only the next packet shows whether their sound
    /// is lost.
    awaited: u32,
    concealment: Vec<Frame>,
    /// The tick whose sound comes next, and what the line carried when its sound stopped.
    next: SamplePos,
    stopped: Option<SpeechState>,
    /// The wait is over: each further tick without sound is heard as silence.
    over: bool,
    /// The last sound was late.
    late: bool,
}

impl Wait {
    /// Appends the frames to be heard of the tick at `pos`, in order.
    pub fn take(&mut self, pos: SamplePos, input: EarInput, rate: Rate, speech: SpeechState, frames: &mut Vec<Frame>) {
        match input {
            EarInput::Now(frame) => {
                if self.awaited > 0 && self.concealment.len() == self.awaited as usize {
                    frames.append(&mut self.concealment);
                } else if self.awaited > 0 && !self.over && speech != SpeechState::Silent {
                    silence(self.next, self.awaited, rate, frames);
                }
                self.forget();
                self.late = false;
                frames.push(*frame);
            }
            EarInput::Late(late) => {
                // Sound that is known to be lost becomes silence.
                let mut next = ((self.awaited > 0 || self.late) && !self.over).then_some(self.next);
                for frame in late {
                    let lost = next.map_or(0, |next| frame.pos.0.saturating_sub(next.0) / SamplePos::PER_TICK);
                    if lost > 0 && speech != SpeechState::Silent {
                        silence(next.unwrap_or(frame.pos), u32::try_from(lost).unwrap_or(LOST), rate, frames);
                    }
                    self.next = SamplePos(frame.pos.0 + SamplePos::PER_TICK);
                    next = Some(self.next);
                    frames.push(frame);
                }
                self.forget();
                self.late = true;
            }
            EarInput::Awaited { concealment, suppresses } => {
                if self.awaited == 0 && !self.late {
                    self.next = pos;
                }
                self.awaited += 1;
                let patience = match *self.stopped.get_or_insert(speech) {
                    // Silence needs no end.
                    SpeechState::Silent => u32::MAX,
                    SpeechState::Pausing if suppresses => 0,
                    SpeechState::Pausing => PAUSE,
                    SpeechState::Speaking => WORD,
                };
                if self.over && speech != SpeechState::Silent {
                    silence(pos, 1, rate, frames);
                } else if !self.over && self.awaited > patience {
                    self.over = true;
                    self.concealment.clear();
                    silence(self.next, self.awaited, rate, frames);
                } else if let Some(concealment) = concealment {
                    self.concealment.push(*concealment);
                }
            }
        }
    }

    fn forget(&mut self) {
        (self.awaited, self.stopped, self.over) = (0, None, false);
        self.concealment.clear();
    }
}

/// Appends silence of this many ticks, [`LOST`] at most.
fn silence(from: SamplePos, ticks: u32, rate: Rate, frames: &mut Vec<Frame>) {
    let at = |n| SamplePos(from.0 + u64::from(n) * SamplePos::PER_TICK);
    frames.extend((0..ticks.min(LOST)).map(|n| Frame::silence(at(n), rate)));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(n: u64) -> Frame {
        let mut frame = Frame::silence(SamplePos::of_tick(n), Rate::Hz8000);
        frame.origin = Origin::Line;
        frame
    }

    fn now(n: u64) -> EarInput {
        EarInput::Now(Box::new(frame(n)))
    }

    fn awaited(made: Option<u64>, suppresses: bool) -> EarInput {
        EarInput::Awaited { concealment: made.map(|n| Box::new(frame(n))), suppresses }
    }

    /// The ticks heard for each input; inserted silence is a negative number.
    fn heard(speech: SpeechState, said: impl IntoIterator<Item = EarInput>) -> Vec<Vec<i64>> {
        let (mut wait, mut frames) = (Wait::default(), Vec::new());
        let tick = |frame: Frame| {
            let tick = (frame.pos.0 / SamplePos::PER_TICK) as i64;
            if frame.origin == Origin::Line { tick } else { -tick }
        };
        said.into_iter()
            .zip(0..)
            .map(|(said, n)| {
                wait.take(SamplePos::of_tick(n), said, Rate::Hz8000, speech, &mut frames);
                frames.drain(..).map(tick).collect()
            })
            .collect()
    }

    #[test]
    fn what_was_made_up_is_heard_once_it_is_known_to_stand_for_something_lost() {
        for speech in [SpeechState::Silent, SpeechState::Pausing, SpeechState::Speaking] {
            let said = [now(0), awaited(Some(1), false), awaited(Some(2), false), now(3), now(4)];
            assert_eq!(heard(speech, said), [vec![0], vec![], vec![], vec![1, 2, 3], vec![4]]);
        }
    }

    #[test]
    fn what_comes_late_goes_on_where_the_sound_stopped() {
        let mut said = vec![now(0), awaited(Some(1), false)];
        said.extend((0..100).map(|_| awaited(None, false)));
        said.extend([(1..9), (9..11)].map(|late| EarInput::Late(late.map(frame).collect())));
        let heard = heard(SpeechState::Speaking, said);
        assert!(heard[1..102].iter().all(Vec::is_empty));
        assert_eq!(heard[102..], [(1..9).collect::<Vec<_>>(), vec![9, 10]]);
    }

    #[test]
    fn what_is_lost_of_it_is_a_silence_where_somebody_was_speaking() {
        let said = || {
            let mut said = vec![now(0)];
            said.extend((0..100).map(|_| awaited(None, false)));
            said.extend([EarInput::Late(vec![frame(1), frame(4)]), EarInput::Late(vec![frame(90)]), now(103)]);
            said
        };
        let lost: Vec<i64> = (5..20).map(|n| -n).chain([90]).collect();
        assert_eq!(heard(SpeechState::Speaking, said())[101..], [vec![1, -2, -3, 4], lost, vec![103]]);
        assert_eq!(heard(SpeechState::Silent, said())[101..], [vec![1, 4], vec![90], vec![103]]);
    }

    #[test]
    fn a_wait_ends_as_a_silence_after_as_long_as_the_voice_deserves() {
        let first = |speech, suppresses| {
            let heard = heard(speech, (0..400).map(|_| awaited(None, suppresses)));
            heard.iter().position(|frames| !frames.is_empty())
        };
        assert_eq!(first(SpeechState::Silent, false), None);
        assert_eq!(first(SpeechState::Pausing, true), Some(0));
        assert_eq!(first(SpeechState::Pausing, false), Some(50));
        assert_eq!(first(SpeechState::Speaking, false), Some(250));
        assert_eq!(first(SpeechState::Speaking, true), Some(250));
        // Silence that ends an utterance, then one tick at a time.
        let heard = heard(SpeechState::Pausing, (0..60).map(|_| awaited(None, false)));
        assert_eq!(heard.iter().map(Vec::len).collect::<Vec<_>>()[50..], [15, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
    }

    #[test]
    fn another_stream_after_a_long_wait_begins_after_a_silence() {
        let count = |speech| {
            let said = (0..100).map(|_| awaited(None, false)).chain([now(100)]);
            heard(speech, said).iter().map(Vec::len).sum::<usize>()
        };
        assert_eq!((count(SpeechState::Silent), count(SpeechState::Speaking)), (1, 16));
    }
}
