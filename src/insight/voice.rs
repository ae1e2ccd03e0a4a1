//! `VoiceBaseline`: how loud, high and fast a caller usually speaks in a call, and how an utterance differs from it.
use crate::store::VoiceMark;
use std::collections::VecDeque;

/// Utterances that the usual is taken from, and how many there have to be.
const KEPT: usize = 12;
const NEEDED: usize = 2;

/// How one utterance differs from the caller's own usual.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Compared {
    pub from_ms: u64,
    pub to_ms: u64,
    pub db: f64,
    pub pitch_percent: Option<f64>,
    pub rate_percent: Option<f64>,
}

#[derive(Clone, Default)]
pub struct VoiceBaseline {
    before: VecDeque<VoiceMark>,
}

impl VoiceBaseline {
    /// Compares an utterance with those before it; `None` while there are too few. One that is much louder changes little of what is
    /// usual: the median of many.
    pub fn compare(&mut self, voice: &VoiceMark) -> Option<Compared> {
        let compared = (self.before.len() >= NEEDED).then(|| {
            let usual = |of: fn(&VoiceMark) -> Option<f64>| median(self.before.iter().filter_map(of).collect());
            let percent = |now: Option<f64>, usual: Option<f64>| {
                now.zip(usual.filter(|usual| *usual > 0.0)).map(|(now, usual)| (now / usual - 1.0) * 100.0)
            };
            Compared {
                from_ms: voice.from_ms,
                to_ms: voice.ms,
                db: usual(|voice| Some(voice.level_db)).map_or(0.0, |usual| voice.level_db - usual),
                pitch_percent: percent(voice.pitch_hz, usual(|voice| voice.pitch_hz)),
                rate_percent: percent(voice.rate, usual(|voice| voice.rate)),
            }
        });
        if self.before.len() == KEPT {
            self.before.pop_front();
        }
        self.before.push_back(*voice);
        compared
    }
}

/// The lower middle: where half of the utterances are raised, the usual is not.
fn median(mut all: Vec<f64>) -> Option<f64> {
    all.sort_unstable_by(f64::total_cmp);
    all.get(all.len().checked_sub(1)? / 2).copied()
}

#[cfg(test)]
mod tests;
