//! `Speaker`: the caller's synthesised voice.
use super::clip::{Clip, Fault};
use media::Rate;
use media::asr::Language;
use media::tts::{Synthesiser, Voice};
use std::ops::ControlFlow;

pub(super) struct Speaker {
    engine: Box<dyn Synthesiser>,
    voice: Voice,
}

impl Speaker {
    pub(super) fn new(language: &str, voice: &str) -> anyhow::Result<Self> {
        anyhow::bail!("no voice yet for {language} {voice}")
    }

    pub(super) fn say(&self, text: &str) -> anyhow::Result<Clip> {
        let mut pcm = Vec::new();
        self.engine.speak(&self.voice, text, &mut |chunk| {
            pcm.extend_from_slice(chunk.pcm);
            ControlFlow::Continue(())
        })?;
        Ok(Clip::new(pcm).ok_or_else(|| Fault::Silent(format!("the voice {} saying “{text}”", self.voice.name)))?)
    }
}
