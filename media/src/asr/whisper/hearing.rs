//! One caller's utterance at Whisper: the sound so far, partial words that two decodes agree on, and the whole at the end.
use super::Engine;
use super::decode::{Decoded, LONGEST};
use crate::Language;
use crate::asr::{AsrFault, Hearing, Hypothesis};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

pub(super) struct Utterance {
    engine: Arc<Engine>,
    language: Language,
    sound: Vec<f32>,
    /// Samples at the last decode for partial words, and the sure words it gave.
    looked: usize,
    last: Vec<String>,
    /// Words told so far.
    told: Vec<String>,
    /// The last whole decode and the samples it covered.
    whole: Option<(usize, Decoded)>,
}

impl Utterance {
    pub(super) fn new(engine: Arc<Engine>, language: Language) -> Self {
        let sound = Vec::with_capacity(4 * 16_000);
        Self { engine, language, sound, looked: 0, last: Vec::new(), told: Vec::new(), whole: None }
    }

    /// Enough new sound for partial words, and nothing else to do.
    fn is_time(&self) -> bool {
        let every = (self.engine.partial_every.as_micros() as usize * 16 / 1_000).max(self.looked / 4);
        self.sound.len() >= self.looked + every
            && self.sound.len() < LONGEST
            && self.engine.running.load(Relaxed) < self.engine.partials_up_to
    }
}

impl Hearing for Utterance {
    /// LocalAgreement-2 (Liu, Spanakis and Niehues, 2020): words are told once two decodes in a row begin with them.
    fn sound(&mut self, pcm: &[i16]) -> Result<Option<String>, AsrFault> {
        let room = LONGEST.saturating_sub(self.sound.len());
        self.sound.extend(pcm.iter().take(room).map(|sample| f32::from(*sample) / 32_768.0));
        if !self.is_time() {
            return Ok(None);
        }
        self.looked = self.sound.len();
        let decoded = self.engine.decode(&self.sound, self.language)?;
        let words = &decoded.words[..decoded.sure];
        let agreed = self.last.iter().zip(words).take_while(|(before, now)| before == now).count();
        let words: Vec<String> = words.to_vec();
        let changed = agreed > 0 && words[..agreed] != self.told[..];
        if changed {
            self.told = words[..agreed].to_vec();
        }
        self.last = words;
        Ok(changed.then(|| self.told.join(" ")))
    }

    fn finish(&mut self) -> Result<Hypothesis, AsrFault> {
        let covered = self.sound.len();
        if covered == 0 {
            return Ok(Hypothesis { text: None, confidence: 0.0 });
        }
        let decoded = match &self.whole {
            Some((samples, decoded)) if *samples == covered => decoded.clone(),
            _ => self.engine.decode(&self.sound, self.language)?,
        };
        self.whole = Some((covered, decoded.clone()));
        let text = (!decoded.words.is_empty()).then(|| decoded.words.join(" "));
        Ok(Hypothesis { text, confidence: decoded.confidence })
    }
}
