//! Piper's voices (VITS by Kim, Kong and Son, 2021), in Rust on rten; their phonemes come from espeak-ng, which stays a program apart.
//!
//! A voice is `NAME.onnx` with its settings `NAME.onnx.json`. A clause is cut into parts; of each the encoder and the flow run
//! once, then the decoder on a few frames at a time: sound leaves after the first of them, and a caller who interrupts
//! stops the rest.
mod decoder;
mod graph;
#[cfg(test)]
mod tests;
mod voice_file;

use super::clause_formatter::{ClauseFormatter, even_marks};
use super::delivery::Delivery;
use super::espeak::phonemes::Phonemiser;
use super::fingerprint;
use super::parts::{self, Part};
use super::{Chunk, Synthesiser, TakeChunk, TtsFault, Voice};
use crate::Language;
use graph::Graph;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use voice_file::{Scales, VoiceFile};

/// Which voice, and how it speaks.
#[derive(Clone, Debug)]
pub struct PiperPlan {
    pub language: Language,
    /// `NAME.onnx`; `NAME.onnx.json` lies beside it.
    pub model: PathBuf,
    /// One of several speakers, by name or number; without it the first, or the one that a bot names as its voice.
    pub speaker: Option<String>,
    /// How fast it speaks, beside the publisher's own pace: 1.
    pub speed: f32,
    /// The program that gives phonemes.
    pub espeak: String,
}

impl PiperPlan {
    pub fn new(language: Language, model: impl Into<PathBuf>) -> Self {
        Self { language, model: model.into(), speaker: None, speed: 1.0, espeak: "espeak-ng".into() }
    }
}

/// A loaded voice.
pub struct Piper {
    language: Language,
    file: VoiceFile,
    graph: Graph,
    scales: Scales,
    speaker: i32,
    phonemiser: Phonemiser,
    fingerprint: String,
}

/// Frames that are decoded first, some 200 ms of sound; each piece is twice as long as the one before.
const FIRST: usize = 16;
/// The most frames of a piece.
const MOST: usize = 64;

impl Piper {
    /// Loads the voice and has it say a word, so that what is missing is known at once.
    ///
    /// # Errors
    /// [`TtsFault::Engine`] names the file and what to do.
    pub fn load(plan: &PiperPlan) -> Result<Self, TtsFault> {
        let refused = |path: &Path, why: String| {
            TtsFault::Engine(format!(
                "{} ({why}): fetch the voice again; `switchboard models` says where from",
                path.display()
            ))
        };
        let settings = beside(&plan.model);
        let text = std::fs::read_to_string(&settings).map_err(|why| refused(&settings, why.to_string()))?;
        let file = VoiceFile::parse(&text).map_err(|why| refused(&settings, why))?;
        let bytes = std::fs::read(&plan.model).map_err(|why| refused(&plan.model, why.to_string()))?;
        let asked = format!("{:?} {}", plan.speaker, plan.speed);
        let fingerprint = fingerprint::of([&bytes[..], text.as_bytes(), asked.as_bytes()]);
        let graph = Graph::load(bytes).map_err(|why| refused(&plan.model, why))?;
        let speaker = speaker(&file, &graph, plan.speaker.as_deref())?;
        let speed = plan.speed.clamp(0.5, 2.0);
        let scales = Scales { length: file.scales.length / speed, ..file.scales };
        let phonemiser = Phonemiser::start(&plan.espeak, &file.espeak)?;
        let voice = Self { language: plan.language, file, graph, scales, speaker, phonemiser, fingerprint };
        let mut samples = 0;
        let trial = Part { text: "a", base: 0, mark: '.', pause: Default::default() };
        _ = voice.part(&trial, voice.speaker, &Delivery::default(), &mut |pcm, _| {
            samples += pcm.len();
            ControlFlow::Continue(())
        })?;
        if samples == 0 {
            return Err(refused(&plan.model, "it gives no sound".into()));
        }
        Ok(voice)
    }

    /// The voice in words for people.
    pub fn describe(&self) -> String {
        let speakers = match self.file.speaker_count {
            0 | 1 => String::new(),
            count => format!(", {count} speakers"),
        };
        format!("a voice of Piper ({} Hz, phonemes of espeak-ng's {}{speakers})", self.file.hz, self.file.espeak)
    }

    /// The names that a bot may give as its voice: the speakers.
    pub fn speakers(&self) -> impl Iterator<Item = &str> {
        self.file.speakers.keys().map(String::as_str)
    }

    /// Draws one part, and passes its sound on piece by piece, with the length of the whole in seconds.
    fn part(
        &self,
        part: &Part<'_>,
        speaker: i32,
        delivery: &Delivery,
        take: &mut dyn FnMut(&[i16], f64) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, TtsFault> {
        let phonemes = parts::phonemes(part, delivery, |piece| self.phonemiser.phonemes(piece))?;
        if phonemes.is_empty() {
            return Ok(ControlFlow::Continue(()));
        }
        let symbols = self.file.symbols(&phonemes);
        // A long part takes some time until its first sound: that it is at work shows, and whether it is still wanted.
        if take(&[], 0.0).is_break() {
            return Ok(ControlFlow::Break(()));
        }
        let scales = Scales { length: self.scales.length / delivery.speed(), ..self.scales };
        let latent = self.graph.encode(symbols, scales, speaker).map_err(TtsFault::Engine)?;
        if take(&[], 0.0).is_break() {
            return Ok(ControlFlow::Break(()));
        }
        let seconds = (latent.frames * self.graph.hop()) as f64 / f64::from(self.file.hz);
        let (mut at, mut count) = (0, FIRST);
        while at < latent.frames {
            // A rest of a few frames is not worth a run.
            let end = if latent.frames - at < count + count / 2 { latent.frames } else { at + count };
            let samples = self.graph.decode(&latent, at..end).map_err(TtsFault::Engine)?;
            let pcm: Vec<i16> = samples.iter().map(|sample| (sample.clamp(-1.0, 1.0) * 32_767.0) as i16).collect();
            // Behind the last piece nothing is broken off.
            if take(&pcm, seconds).is_break() && end < latent.frames {
                return Ok(ControlFlow::Break(()));
            }
            (at, count) = (end, (count * 2).min(MOST));
        }
        Ok(ControlFlow::Continue(()))
    }
}

/// `NAME.onnx.json` of `NAME.onnx`.
pub fn beside(model: &Path) -> PathBuf {
    let mut name = model.as_os_str().to_owned();
    name.push(".json");
    name.into()
}

fn speaker(file: &VoiceFile, graph: &Graph, wanted: Option<&str>) -> Result<i32, TtsFault> {
    let Some(wanted) = wanted.filter(|name| !name.is_empty()) else { return Ok(0) };
    let numbered = || wanted.parse::<i32>().ok().filter(|number| (0..file.speaker_count as i32).contains(number));
    let found = file.speakers.get(wanted).copied().or_else(numbered).filter(|_| graph.has_speakers());
    found.ok_or_else(|| {
        let mut names: Vec<&str> = file.speakers.keys().map(String::as_str).collect();
        names.sort_unstable();
        let known = if names.is_empty() { "it has one alone".into() } else { format!("it has {}", names.join(", ")) };
        TtsFault::Engine(format!("the voice has no speaker {wanted:?}: {known}"))
    })
}

impl Synthesiser for Piper {
    fn name(&self) -> &'static str {
        "piper"
    }

    fn speaks(&self, language: Language) -> bool {
        language == self.language
    }

    fn fingerprint(&self) -> Option<&str> {
        Some(&self.fingerprint)
    }

    fn speak(&self, voice: &Voice, text: &str, sink: &mut TakeChunk<'_>) -> Result<(), TtsFault> {
        self.deliver(voice, text, &Delivery::default(), sink)
    }

    fn deliver(
        &self,
        voice: &Voice,
        text: &str,
        delivery: &Delivery,
        sink: &mut TakeChunk<'_>,
    ) -> Result<(), TtsFault> {
        let speaker = self.file.speakers.get(&voice.name).copied().unwrap_or(self.speaker);
        let mut formatter = ClauseFormatter::new(self.file.hz, voice.rate);
        let (mut pause, mut stopped) = (Default::default(), false);
        for part in parts::parts(text) {
            if stopped {
                return Ok(());
            }
            let mut begun = false;
            let flow = self.part(&part, speaker, delivery, &mut |pcm, seconds| {
                if pcm.is_empty() {
                    return sink(Chunk { pcm: &[], upto_char: 0 });
                }
                if !begun {
                    begun = true;
                    let marks = even_marks(part.text, seconds).into_iter();
                    formatter.part(pause, marks.map(|mark| mark.after(part.base)));
                }
                let flow = formatter.push(pcm, sink);
                stopped |= flow.is_break();
                flow
            })?;
            if flow.is_break() {
                return Ok(());
            }
            pause = part.pause;
        }
        formatter.finish(text.chars().count() as u32, sink);
        Ok(())
    }
}
