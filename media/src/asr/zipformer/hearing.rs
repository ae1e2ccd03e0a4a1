//! One caller's utterance at a zipformer model.
use super::Engine;
use super::beam::Beam;
use super::expected::Expected;
use super::fbank::{Features, SHIFT};
use super::graphs::{EncoderKind, State};
use crate::asr::{ASKED, Abort, AsrFault, Hearing, Hypothesis};
use crate::inference::Threads;
use std::sync::Arc;

/// Silence after the sound with which a streaming encoder hears its last words: 0.66 s, as sherpa-onnx's examples have it. An
/// encoder gives a token some frames after its sound.
const TAIL: usize = 10_560;
/// Sound beyond 60 s is not heard by an encoder of whole utterances.
const LONGEST_WHOLE: usize = 60 * 16_000;

/// Where an utterance is: copied to look beyond what has been heard.
#[derive(Clone)]
pub struct Stream {
    features: Features,
    state: State,
    /// Frames that the encoder has been given as new ones.
    encoded: usize,
    beam: Beam,
    abort: Abort,
}

/// Whether what is heard is not wanted any more: asked before each chunk.
type IsUnwanted = fn(&Abort) -> bool;

impl Stream {
    pub fn new(engine: &Engine) -> Self {
        let (state, beam) = (engine.encoder.start(), Beam::new(engine.decoder.context));
        Self { features: Features::default(), state, encoded: 0, beam, abort: Abort::default() }
    }

    pub fn push(&mut self, engine: &Engine, pcm: &[i16]) {
        self.features.push(&engine.fbank, pcm);
    }

    /// Hears all chunks that are complete.
    pub fn advance(
        &mut self,
        engine: &Engine,
        expected: Option<&Expected>,
        threads: &Threads,
        is_unwanted: IsUnwanted,
    ) -> Result<(), String> {
        let EncoderKind::Streaming { frames, shift } = engine.encoder.kind else { return Ok(()) };
        // One frame more than the chunk has to be there, as sherpa-onnx has it.
        while !is_unwanted(&self.abort) && self.encoded + frames < self.features.frames() {
            let Some(chunk) = self.features.get(self.encoded, frames) else { break };
            let rows = engine.encoder.chunk(chunk, &mut self.state, threads)?;
            self.encoded += shift;
            self.features.drop_before(self.encoded);
            let search = engine.search(expected);
            rows.iter().try_for_each(|frame| self.beam.step(&search, frame, threads))?;
        }
        Ok(())
    }

    /// Hears the utterance to its end.
    pub fn end(&mut self, engine: &Engine, expected: Option<&Expected>, threads: &Threads) -> Result<(), String> {
        if let EncoderKind::Streaming { frames, .. } = engine.encoder.kind {
            // As much as a last chunk needs, where chunks are long.
            self.push(engine, &vec![0; TAIL.max((frames + 2) * SHIFT)]);
            return self.advance(engine, expected, threads, Abort::is_raised);
        }
        self.features.end(&engine.fbank);
        // Fewer frames than these give none after the convolutions that halve them twice.
        let Some(frames) = self.features.get(0, self.features.frames()).filter(|_| self.features.frames() >= 9) else {
            return Ok(());
        };
        let rows = engine.encoder.whole(frames, threads)?;
        let search = engine.search(expected);
        rows.iter().try_for_each(|frame| self.beam.step(&search, frame, threads))?;
        if let Some(expected) = expected {
            self.beam.end(&expected.context);
        }
        Ok(())
    }

    pub fn best(&self) -> (&[i32], &[f32]) {
        self.beam.best()
    }
}

pub struct ZipformerUtterance {
    engine: Arc<Engine>,
    expected: Option<Arc<Expected>>,
    stream: Stream,
    samples: usize,
    /// Words told so far.
    told: String,
    /// The last result and the samples that it covered.
    result: Option<(usize, Hypothesis)>,
}

impl ZipformerUtterance {
    pub fn new(engine: Arc<Engine>, expected: Option<Arc<Expected>>) -> Self {
        let stream = Stream::new(&engine);
        Self { engine, expected, stream, samples: 0, told: String::new(), result: None }
    }

    pub fn into_engine(self) -> Arc<Engine> {
        self.engine
    }

    fn advance(&mut self, is_unwanted: IsUnwanted) -> Result<(), AsrFault> {
        let (engine, expected, stream) = (&self.engine, self.expected.as_deref(), &mut self.stream);
        engine.on_threads(|threads| stream.advance(engine, expected, threads, is_unwanted))
    }
}

impl Hearing for ZipformerUtterance {
    fn sound(&mut self, pcm: &[i16]) -> Result<Option<String>, AsrFault> {
        self.keep(pcm)?;
        self.advance(Abort::is_hurried)?;
        let words = self.engine.tokens.words(self.stream.best().0);
        let changed = !words.is_empty() && words != self.told;
        if changed {
            self.told.clone_from(&words);
        }
        Ok(changed.then_some(words))
    }

    fn keep(&mut self, pcm: &[i16]) -> Result<(), AsrFault> {
        let room = match self.engine.encoder.kind {
            EncoderKind::Streaming { .. } => pcm.len(),
            EncoderKind::WholeUtterances => LONGEST_WHOLE.saturating_sub(self.samples),
        };
        let pcm = &pcm[..pcm.len().min(room)];
        self.stream.push(&self.engine, pcm);
        self.samples += pcm.len();
        Ok(())
    }

    fn abort_by(&mut self, abort: &Abort) {
        self.stream.abort = abort.clone();
    }

    fn finish(&mut self) -> Result<Hypothesis, AsrFault> {
        if let Some((samples, result)) = &self.result
            && *samples == self.samples
        {
            return Ok(result.clone());
        }
        // What is heard of the pause itself is heard by way of a copy: the caller may go on.
        self.advance(Abort::is_raised)?;
        let (engine, expected, mut stream) = (&self.engine, self.expected.as_deref(), self.stream.clone());
        if !self.stream.abort.is_raised() {
            engine.on_threads(|threads| stream.end(engine, expected, threads))?;
        }
        if self.stream.abort.is_raised() {
            return Err(AsrFault::Aborted);
        }
        let result = hypothesis(&self.engine.tokens.words(stream.best().0), stream.best().1, expected);
        self.result = Some((self.samples, result.clone()));
        Ok(result)
    }
}

/// The confidence of words is the geometric mean of their tokens' probabilities.
fn hypothesis(words: &str, scores: &[f32], expected: Option<&Expected>) -> Hypothesis {
    if words.is_empty() || scores.is_empty() {
        return Hypothesis { text: None, confidence: 0.0 };
    }
    let sure = (scores.iter().sum::<f32>() / scores.len() as f32).exp().clamp(0.0, 1.0);
    let is_asked = expected.is_some_and(|expected| !expected.accepts(words));
    Hypothesis { text: Some(words.into()), confidence: if is_asked { sure.min(ASKED) } else { sure } }
}
