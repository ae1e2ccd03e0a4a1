//! `Speaker`: the caller's synthesised voice.
use super::clip::{Clip, Fault};
use anyhow::bail;
use media::Language;
use media::Rate;
use media::tts::delivery::Delivery;
use media::tts::espeak::Espeak;
use media::tts::flite::Flite;
use media::tts::{Synthesiser, Voice};
use std::ops::ControlFlow;

pub struct Speaker {
    engine: Box<dyn Synthesiser>,
    voice: Voice,
}

impl Speaker {
    /// flite's voices by their names (English); `espeak` and Vietnamese by espeak-ng.
    ///
    /// # Errors
    /// No engine of this machine has that voice.
    pub fn new(language: Language, voice: &str) -> anyhow::Result<Self> {
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

    /// # Errors
    /// The engine failed, or made no sound.
    pub fn say(&self, text: &str) -> anyhow::Result<Clip> {
        self.say_at(text, 1.0)
    }

    /// `pace`: times the voice's own.
    ///
    /// # Errors
    /// As [`Speaker::say`].
    pub fn say_at(&self, text: &str, pace: f32) -> anyhow::Result<Clip> {
        let mut pcm = Vec::new();
        let delivery = Delivery::new((pace * 100.0).round().clamp(1.0, 1_000.0) as u16, []);
        self.engine.deliver(&self.voice, text, &delivery, &mut |chunk| {
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
        let quick = Speaker::new(Language::En, Flite::VOICES[0]).unwrap().say_at("two people", 1.5).unwrap();
        let share = quick.speech.len() as f64 / clips[0].speech.len() as f64;
        assert!((0.5..0.85).contains(&share), "{share}");
        assert!(clips[0] != clips[1] && clips[1] != clips[2]);
        let error = Speaker::new(Language::En, "hal").err().map(|error| error.to_string());
        assert!(error.is_some_and(|error| error.contains("`hal`") && error.contains("kal16")));
    }
}
