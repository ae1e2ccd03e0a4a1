//! The caller's sound: words in a voice that is not the bot's, at the pace that is wanted, and what sounds behind them.
use ::rehearse::scenario::{CallerVoice, Noise, NoiseSound};
use anyhow::Context;
use dialog::bot::Bot;
use dialog::language::Language as BotLanguage;
use media::Language;
use softphone::clip::Clip;
use softphone::noise::{self, NoiseKind};
use softphone::phone::Background;
use softphone::speak::Speaker;
use std::collections::HashMap;
use std::time::Duration;

/// English callers, the first that is not the bot's own; Vietnamese ones.
const ENGLISH: [&str; 3] = ["kal16", "slt", "rms"];
const VIETNAMESE: [&str; 2] = ["vi+f3", "vi+m3"];

/// Backwards nobody understands it, and it sounds like somebody.
const MUMBLED: &str = "the people over there have been talking about everything for a long time now and will not stop";

pub(super) struct CallerSound {
    speaker: Speaker,
    /// A word that tells how loud the voice is.
    sample: Clip,
    seed: u64,
    said: HashMap<(String, u16), Clip>,
    noises: Vec<(Noise, Background)>,
}

impl CallerSound {
    pub fn new(bot: &Bot, voice: &CallerVoice, seed: u64) -> anyhow::Result<Self> {
        let own = bot.voice.as_deref().unwrap_or_default();
        let (language, voices): (Language, &[&str]) = match bot.language {
            BotLanguage::En => (Language::En, &ENGLISH),
            BotLanguage::Vi => (Language::Vi, &VIETNAMESE),
        };
        let other = voices.iter().find(|voice| **voice != own).copied().unwrap_or_default();
        let speaker = Speaker::new(language, voice.speaker.as_deref().unwrap_or(other))?;
        let sample = speaker.say("one two three")?.trimmed();
        Ok(Self { speaker, sample, seed, said: HashMap::new(), noises: Vec::new() })
    }

    pub fn words(&mut self, words: &str, pace: f32) -> anyhow::Result<Clip> {
        let key = (words.to_owned(), (pace * 100.0).round() as u16);
        if let Some(clip) = self.said.get(&key) {
            return Ok(clip.clone());
        }
        let clip = self.speaker.say_at(words, pace)?.trimmed();
        self.said.insert(key, clip.clone());
        Ok(clip)
    }

    pub fn mumble(&self, length: Duration) -> anyhow::Result<Clip> {
        let said = self.speaker.say(MUMBLED)?.trimmed();
        let samples = (length.as_millis() as usize * softphone::clip::HZ as usize / 1000).max(1);
        let pcm: Vec<i16> = said.pcm.iter().rev().cycle().take(samples).copied().collect();
        Clip::new(pcm).context("a sound so short is none: give `mumble_ms` at least 100")
    }

    /// What sounds behind the caller; made once.
    pub fn noise(&mut self, noise: &Noise) -> anyhow::Result<Background> {
        if let Some((_, sound)) = self.noises.iter().find(|(made, _)| made == noise) {
            return Ok(sound.clone());
        }
        let sound = match &noise.sound {
            NoiseSound::White => NoiseKind::White.make(self.seed)?,
            NoiseSound::Car => NoiseKind::Car.make(self.seed)?,
            NoiseSound::Babble => NoiseKind::Babble.make(self.seed)?,
            NoiseSound::File(file) => noise::recorded(file)?,
        };
        let sound = noise::below(&sound, &self.sample.pcm, noise.below);
        self.noises.push((noise.clone(), sound.clone()));
        Ok(sound)
    }
}
