//! `Speaker`: the caller's synthesised voice.
use super::clip::{Clip, Fault};
use anyhow::bail;
use media::Language;
use media::Rate;
use media::tts::espeak::Espeak;
use media::tts::flite::Flite;
use media::tts::{Synthesiser, Voice};
use std::ops::ControlFlow;

pub(super) struct Speaker {
    engine: Box<dyn Synthesiser>,
    voice: Voice,
}

impl Speaker {
    /// flite's voices by their names (English); `espeak` and Vietnamese by espeak-ng.
    pub(super) fn new(language: Language, voice: &str) -> anyhow::Result<Self> {
        let engine: Box<dyn Synthesiser> = if language == Language::En && Flite::VOICES.contains(&voice) {
            Box::new(Flite::load())
        } else if language == Language::Vi || voice == "espeak" {
            let espeak = Espeak::default();
            espeak.check()?;
            Box::new(espeak)
        } else {
            bail!("no voice is called `{voice}`: there are {} and espeak", Flite::VOICES.join(", "));
        };
        Ok(Self { engine, voice: Voice { language, name: voice.to_owned(), rate: Rate::Hz8000 } })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_voice_says_a_text_differently_and_an_unknown_one_is_named() {
        let clips: Vec<_> = Flite::VOICES
            .iter()
            .map(|name| Speaker::new(Language::En, name).unwrap().say("two people").unwrap())
            .collect();
        for clip in &clips {
            let length = clip.speech.len() as f64 / 8000.0;
            assert!((0.4..1.5).contains(&length), "{length}");
        }
        assert!(clips[0] != clips[1] && clips[1] != clips[2]);
        let error = Speaker::new(Language::En, "hal").err().map(|error| error.to_string());
        assert!(error.is_some_and(|error| error.contains("`hal`") && error.contains("kal16")));
    }
}
