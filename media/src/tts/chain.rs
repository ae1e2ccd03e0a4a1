//! Synthesisers in order of preference.
use super::{Synthesiser, Voice};
use crate::chain::{self, ChainEngine};
use std::sync::Arc;
use std::time::Duration;

/// A voice in a hurry is not one whose first sound lately took longer.
const SLOW: Duration = Duration::from_millis(400);

pub type VoiceChain = chain::Chain<dyn Synthesiser>;

impl ChainEngine for dyn Synthesiser {
    type Job = Voice;

    fn name(&self) -> &'static str {
        Synthesiser::name(self)
    }

    fn suits(&self, voice: &Voice) -> bool {
        self.speaks(voice.language)
    }
}

impl VoiceChain {
    /// The voice of a clause: the first of those that are not in `tried` (a bit per place). In a hurry one whose first sound takes longer
    /// than 400 ms gives way to the next that takes less than half as long, or of which nothing is known.
    pub(crate) fn pick_voice(&self, voice: &Voice, tried: u32, hurries: bool) -> Option<(usize, Arc<dyn Synthesiser>)> {
        let first = self.pick(voice, tried)?;
        let Some(slow) = self.first_result(first.0).filter(|takes| hurries && *takes > SLOW) else {
            return Some(first);
        };
        let is_quicker = |place: &usize| self.first_result(*place).is_none_or(|takes| takes * 2 < slow);
        let quicker = self.untried(voice, tried).find(|(place, _)| is_quicker(place));
        Some(quicker.map_or(first, |(place, engine)| (place, engine.clone())))
    }
}
