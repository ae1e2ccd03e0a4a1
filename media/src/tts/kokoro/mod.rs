//! Kokoro (StyleTTS 2 by Li, Han, Raghavan, Mischler and Mesgarani, 2023; hexgrad/Kokoro-82M), in Rust on rten: English alone. Its phonemes
//! come from espeak-ng, which stays a program apart.
//!
//! A clause is cut into parts as Piper's are; each is one run of the graph, whose sound comes at its end. It asks much of a processor:
//! about a second for a second of sound.
mod graph;
mod rewrite;
mod symbols;
#[cfg(test)]
mod tests;
mod voices;

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
use symbols::Accent;
use voices::Voices;

/// Which files, and how it speaks.
#[derive(Clone, Debug)]
pub struct KokoroPlan {
    /// `kokoro-v1.0.int8.onnx`.
    pub model: PathBuf,
    /// `voices-v1.0.bin`.
    pub voices: PathBuf,
    /// Which of them; without it the first American woman's, or the one that a bot names as its voice.
    pub voice: Option<String>,
    /// How fast it speaks, beside its own pace: 1.
    pub speed: f32,
    /// The program that gives phonemes.
    pub espeak: String,
}

impl KokoroPlan {
    pub fn new(model: impl Into<PathBuf>, voices: impl Into<PathBuf>) -> Self {
        let (model, voices) = (model.into(), voices.into());
        Self { model, voices, voice: None, speed: 1.0, espeak: "espeak-ng".into() }
    }
}

/// The rate of its sound.
const HZ: u32 = 24_000;

/// The loaded model with its voices.
pub struct Kokoro {
    graph: Graph,
    voices: Voices,
    voice: String,
    speed: f32,
    phonemisers: Vec<(Accent, Phonemiser)>,
    fingerprint: String,
}

impl Kokoro {
    /// Loads it and has it say a word, so that what is missing is known at once.
    ///
    /// # Errors
    /// [`TtsFault::Engine`] names the file and what to do.
    pub fn load(plan: &KokoroPlan) -> Result<Self, TtsFault> {
        let refused = |path: &Path, why: String| {
            TtsFault::Engine(format!(
                "{} ({why}): fetch it again; `switchboard models get kokoro` does",
                path.display()
            ))
        };
        let read = |path: &Path| std::fs::read(path).map_err(|why| refused(path, why.to_string()));
        let styles = read(&plan.voices)?;
        let voices = Voices::parse(&styles).map_err(|why| refused(&plan.voices, why))?;
        let voice = chosen(&voices, plan.voice.as_deref())?;
        let model = read(&plan.model)?;
        let asked = format!("{voice} {}", plan.speed);
        let fingerprint = fingerprint::of([&model[..], &styles, asked.as_bytes()]);
        let graph = Graph::load(&model).map_err(|why| refused(&plan.model, why))?;
        drop(model);
        let mut phonemisers = Vec::new();
        for accent in [Accent::American, Accent::British] {
            if voices.names().any(|name| Accent::of(name) == accent) {
                phonemisers.push((accent, Phonemiser::start(&plan.espeak, accent.espeak())?));
            }
        }
        let kokoro = Self { graph, voices, voice, speed: plan.speed.clamp(0.5, 2.0), phonemisers, fingerprint };
        let trial = Part { text: "a", base: 0, mark: '.', pause: Default::default() };
        let samples = kokoro.part(&trial, &kokoro.voice, &Delivery::default(), &mut || ControlFlow::Continue(()))?;
        match samples {
            Some(samples) if !samples.is_empty() => Ok(kokoro),
            _ => Err(refused(&plan.model, "it gives no sound".into())),
        }
    }

    /// The voice in words for people.
    pub fn describe(&self) -> String {
        let count = self.voices.names().count();
        format!("Kokoro's {} ({HZ} Hz, {count} voices, phonemes of espeak-ng's)", self.voice)
    }

    /// The names that a bot may give as its voice.
    pub fn speakers(&self) -> impl Iterator<Item = &str> {
        self.voices.names()
    }

    /// The sound of one part. None: it has no sound, or `next_step` has ended it.
    fn part(
        &self,
        part: &Part<'_>,
        voice: &str,
        delivery: &Delivery,
        next_step: &mut dyn FnMut() -> ControlFlow<()>,
    ) -> Result<Option<Vec<i16>>, TtsFault> {
        let accent = Accent::of(voice);
        let Some((_, phonemiser)) = self.phonemisers.iter().find(|(of, _)| *of == accent) else { return Ok(None) };
        let phonemes = parts::phonemes(part, delivery, |piece| phonemiser.phonemes(piece))?;
        let speed = (self.speed * delivery.speed()).clamp(0.5, 2.0);
        let mut sound = None;
        for piece in symbols::pieces(&phonemes, accent) {
            let Some(numbers) = symbols::numbers(piece, accent) else { continue };
            // Without the silence around.
            let Some(style) = self.voices.style(voice, numbers.len() - 2) else { continue };
            let Some(samples) = self.graph.run(numbers, style, speed, next_step).map_err(TtsFault::Engine)? else {
                return Ok(None);
            };
            let whole = |sample: &f32| (sample.clamp(-1.0, 1.0) * 32_767.0) as i16;
            sound.get_or_insert_with(Vec::new).extend(samples.iter().map(whole));
        }
        Ok(sound)
    }
}

/// The voice that speaks where a bot names none.
fn chosen(voices: &Voices, wanted: Option<&str>) -> Result<String, TtsFault> {
    if let Some(wanted) = wanted.filter(|name| !name.is_empty()) {
        return match voices.names().find(|name| *name == wanted) {
            Some(name) => Ok(name.to_owned()),
            None => {
                let known: Vec<&str> = voices.names().collect();
                Err(TtsFault::Engine(format!("Kokoro has no voice {wanted:?}: it has {}", known.join(", "))))
            }
        };
    }
    // Their first letter says which language they come from, the second who speaks.
    let first =
        ["af_heart", "af_", "a", "b", ""].iter().find_map(|start| voices.names().find(|name| name.starts_with(start)));
    first.map(str::to_owned).ok_or_else(|| TtsFault::Engine("Kokoro has no voices".into()))
}

impl Synthesiser for Kokoro {
    fn name(&self) -> &'static str {
        "kokoro"
    }

    fn speaks(&self, language: Language) -> bool {
        language == Language::En
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
        let name = self.voices.names().find(|name| *name == voice.name).unwrap_or(&self.voice);
        let mut formatter = ClauseFormatter::new(HZ, voice.rate);
        let mut pause = Default::default();
        for part in parts::parts(text) {
            let mut stopped = false;
            let samples = self.part(&part, name, delivery, &mut || {
                let flow = sink(Chunk { pcm: &[], upto_char: 0 });
                stopped |= flow.is_break();
                flow
            })?;
            if stopped {
                return Ok(());
            }
            let Some(samples) = samples else { continue };
            let marks = even_marks(part.text, samples.len() as f64 / f64::from(HZ)).into_iter();
            formatter.part(pause, marks.map(|mark| mark.after(part.base)));
            for piece in samples.chunks(HZ as usize / 5) {
                if formatter.push(piece, sink).is_break() {
                    return Ok(());
                }
            }
            pause = part.pause;
        }
        formatter.finish(text.chars().count() as u32, sink);
        Ok(())
    }
}
