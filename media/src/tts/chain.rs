//! Synthesisers in order of preference.
use super::{Synthesiser, Voice};
use crate::chain::{self, ChainEngine};

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
