//! `Wait`: an ear waits for sound that is due: whether somebody has finished is not known while the network stands still.
//!
//! What comes late is heard where the sound stopped, so that words are whole. What turns out to be lost is a silence. In
//! mid-word an ear waits long, in a pause a second, and for a sender that sends no silence not at all.
#[cfg(test)]
use crate::frame::Origin;
use crate::frame::{Frame, Rate, SamplePos};
use crate::said::Said;

/// What an ear hears as sound stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Voice {
    /// Nobody speaks: nothing is due to be said.
    Silent,
    /// Somebody was speaking and is not at the moment.
    Pausing,
    Speaking,
}

/// Ticks that are waited for at most: 5 s of a word that was begun, and a second of a pause.
const WORD: u32 = 250;
const PAUSE: u32 = 50;
/// Ticks of silence that end an utterance, for what was lost.
const LOST: u32 = 15;

#[derive(Debug, Default)]
pub struct Wait {
    /// Ticks that sound has been due for, and of them those whose made-up sound is kept, since only the next packet tells
    /// whether it stands for something lost.
    awaited: u32,
    made: Vec<Frame>,
    /// The tick whose sound comes next, and what was heard when it stopped.
    next: SamplePos,
    stopped: Option<Voice>,
    /// The wait is over: silence is heard as it comes.
    over: bool,
    /// Sound that was late has been heard.
    late: bool,
}

impl Wait {
    /// What is to be heard of the tick at `pos`, in order.
    pub fn take(&mut self, pos: SamplePos, said: Said, rate: Rate, voice: Voice, frames: &mut Vec<Frame>) {
        match said {
            Said::Now(frame) => {
                if self.awaited > 0 && self.made.len() == self.awaited as usize {
                    frames.append(&mut self.made);
                } else if self.awaited > 0 && !self.over && voice != Voice::Silent {
                    silence(self.next, self.awaited, rate, frames);
                }
                self.forget();
                self.late = false;
                frames.push(*frame);
            }
            Said::Late(late) => {
                // Where sound stopped and is known to be lost, there is a silence.
                let mut next = ((self.awaited > 0 || self.late) && !self.over).then_some(self.next);
                for frame in late {
                    let lost = next.map_or(0, |next| frame.pos.0.saturating_sub(next.0) / SamplePos::PER_TICK);
                    if lost > 0 && voice != Voice::Silent {
                        silence(next.unwrap_or(frame.pos), u32::try_from(lost).unwrap_or(LOST), rate, frames);
                    }
                    self.next = SamplePos(frame.pos.0 + SamplePos::PER_TICK);
                    next = Some(self.next);
                    frames.push(frame);
                }
                self.forget();
                self.late = true;
            }
            Said::Awaited { made, suppresses } => {
                if self.awaited == 0 && !self.late {
                    self.next = pos;
                }
                self.awaited += 1;
                let patience = match *self.stopped.get_or_insert(voice) {
                    // Nothing could come of a silence.
                    Voice::Silent => u32::MAX,
                    Voice::Pausing if suppresses => 0,
                    Voice::Pausing => PAUSE,
                    Voice::Speaking => WORD,
                };
                if self.over && voice != Voice::Silent {
                    silence(pos, 1, rate, frames);
                } else if !self.over && self.awaited > patience {
                    self.over = true;
                    self.made.clear();
                    silence(self.next, self.awaited, rate, frames);
                } else if let Some(made) = made {
                    self.made.push(*made);
                }
            }
        }
    }

    fn forget(&mut self) {
        (self.awaited, self.stopped, self.over) = (0, None, false);
        self.made.clear();
    }
}

/// Silence of so many ticks, or as many as end an utterance.
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

    fn now(n: u64) -> Said {
        Said::Now(Box::new(frame(n)))
    }

    fn awaited(made: Option<u64>, suppresses: bool) -> Said {
        Said::Awaited { made: made.map(|n| Box::new(frame(n))), suppresses }
    }

    /// The ticks that are heard of each, a silence that is put in as a negative number.
    fn heard(voice: Voice, said: impl IntoIterator<Item = Said>) -> Vec<Vec<i64>> {
        let (mut wait, mut frames) = (Wait::default(), Vec::new());
        let tick = |frame: Frame| {
            let tick = (frame.pos.0 / SamplePos::PER_TICK) as i64;
            if frame.origin == Origin::Line { tick } else { -tick }
        };
        said.into_iter()
            .zip(0..)
            .map(|(said, n)| {
                wait.take(SamplePos::of_tick(n), said, Rate::Hz8000, voice, &mut frames);
                frames.drain(..).map(tick).collect()
            })
            .collect()
    }

    #[test]
    fn what_was_made_up_is_heard_once_it_is_known_to_stand_for_something_lost() {
        for voice in [Voice::Silent, Voice::Pausing, Voice::Speaking] {
            let said = [now(0), awaited(Some(1), false), awaited(Some(2), false), now(3), now(4)];
            assert_eq!(heard(voice, said), [vec![0], vec![], vec![], vec![1, 2, 3], vec![4]]);
        }
    }

    #[test]
    fn what_comes_late_goes_on_where_the_sound_stopped() {
        let mut said = vec![now(0), awaited(Some(1), false)];
        said.extend((0..100).map(|_| awaited(None, false)));
        said.extend([(1..9), (9..11)].map(|late| Said::Late(late.map(frame).collect())));
        let heard = heard(Voice::Speaking, said);
        assert!(heard[1..102].iter().all(Vec::is_empty));
        assert_eq!(heard[102..], [(1..9).collect::<Vec<_>>(), vec![9, 10]]);
    }

    #[test]
    fn what_is_lost_of_it_is_a_silence_where_somebody_was_speaking() {
        let said = || {
            let mut said = vec![now(0)];
            said.extend((0..100).map(|_| awaited(None, false)));
            said.extend([Said::Late(vec![frame(1), frame(4)]), Said::Late(vec![frame(90)]), now(103)]);
            said
        };
        let lost: Vec<i64> = (5..20).map(|n| -n).chain([90]).collect();
        assert_eq!(heard(Voice::Speaking, said())[101..], [vec![1, -2, -3, 4], lost, vec![103]]);
        assert_eq!(heard(Voice::Silent, said())[101..], [vec![1, 4], vec![90], vec![103]]);
    }

    #[test]
    fn a_wait_ends_as_a_silence_after_as_long_as_the_voice_deserves() {
        let first = |voice, suppresses| {
            let heard = heard(voice, (0..400).map(|_| awaited(None, suppresses)));
            heard.iter().position(|frames| !frames.is_empty())
        };
        assert_eq!(first(Voice::Silent, false), None);
        assert_eq!(first(Voice::Pausing, true), Some(0));
        assert_eq!(first(Voice::Pausing, false), Some(50));
        assert_eq!(first(Voice::Speaking, false), Some(250));
        assert_eq!(first(Voice::Speaking, true), Some(250));
        // Enough of it to end an utterance, and then the silence as it comes.
        let heard = heard(Voice::Pausing, (0..60).map(|_| awaited(None, false)));
        assert_eq!(heard.iter().map(Vec::len).collect::<Vec<_>>()[50..], [15, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
    }

    #[test]
    fn another_stream_after_a_long_wait_begins_after_a_silence() {
        let count = |voice| {
            let said = (0..100).map(|_| awaited(None, false)).chain([now(100)]);
            heard(voice, said).iter().map(Vec::len).sum::<usize>()
        };
        assert_eq!((count(Voice::Silent), count(Voice::Speaking)), (1, 16));
    }
}
