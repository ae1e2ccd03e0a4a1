//! Decoding against a grammar and a phone loop. A frame is scored once for both.
use super::acoustic::Acoustic;
use super::front::{Cepstrum, Feature, REACH, Stream, feature, mean};
use super::graph::Graph;
use super::mixtures::Scratch;
use super::search::{PhoneLoop, Search};
use super::segment::Segment;
use std::sync::Arc;

/// Frames scored together.
const TOGETHER: usize = 16;
/// Weight, in frames, of the initial cepstral mean of a stream.
const INITIAL_WEIGHT: f32 = 200.0;

/// The decoding of a whole utterance.
#[derive(Debug)]
pub struct Decoding {
    /// The words, if they are a sentence of the grammar.
    pub text: Option<String>,
    pub path: Vec<Segment>,
    pub phones: Vec<Segment>,
}

/// Decodes a whole utterance, at the model's rate. The cepstral mean is that of the utterance.
pub fn decode(model: &Acoustic, graph: &Arc<Graph>, pcm: &[i16]) -> Decoding {
    let (mut stream, mut cepstra) = (Stream::default(), Vec::new());
    stream.push(&model.front, pcm, &mut cepstra);
    stream.end(&model.front, &mut cepstra);
    let mean = if model.front.subtracts_mean { mean(&cepstra) } else { Cepstrum::default() };
    let (mut words, mut phones) =
        (Search::new(graph.clone(), model.phones.silence), PhoneLoop::new(model, &graph.senones));
    let (mut scratch, mut rows, mut features) = (Scratch::default(), Vec::new(), Vec::with_capacity(TOGETHER));
    for first in (0..cepstra.len()).step_by(TOGETHER) {
        features.clear();
        features.extend((first..cepstra.len().min(first + TOGETHER)).map(|at| feature(&cepstra, at, &mean)));
        rows.clear();
        model.mixtures.score(&features, &graph.senones, &mut scratch, &mut rows);
        for row in rows.chunks_exact(graph.senones.len()) {
            words.step(model, row);
            phones.step(model, row);
        }
    }
    let text = Some(words.words(true)).filter(|text| !text.is_empty());
    Decoding { text, path: words.segments(), phones: phones.segments(model) }
}

/// Decodes an utterance while it is spoken, for partial words.
pub struct StreamDecoder {
    search: Search,
    stream: Stream,
    cepstra: Vec<Cepstrum>,
    scored: usize,
    sum: Cepstrum,
    summed: f32,
    scratch: Scratch,
    rows: Vec<i32>,
    features: Vec<Feature>,
}

impl StreamDecoder {
    pub fn new(model: &Acoustic, graph: Arc<Graph>) -> Self {
        Self {
            search: Search::new(graph, model.phones.silence),
            stream: Stream::default(),
            cepstra: Vec::new(),
            scored: 0,
            sum: model.front.mean.map(|mean| mean * INITIAL_WEIGHT),
            summed: INITIAL_WEIGHT,
            scratch: Scratch::default(),
            rows: Vec::new(),
            features: Vec::new(),
        }
    }

    /// More sound of the utterance, at the model's rate.
    pub fn push(&mut self, model: &Acoustic, pcm: &[i16]) {
        let before = self.cepstra.len();
        self.stream.push(&model.front, pcm, &mut self.cepstra);
        for cepstrum in self.cepstra[before..].iter().filter(|cepstrum| cepstrum[0] >= 0.0) {
            self.sum.iter_mut().zip(cepstrum).for_each(|(sum, c)| *sum += c);
            self.summed += 1.0;
        }
        let mean = if model.front.subtracts_mean { self.sum.map(|sum| sum / self.summed) } else { Cepstrum::default() };
        // A feature needs frames ahead.
        let ready = self.cepstra.len().saturating_sub(REACH);
        let senones = self.search.graph().senones.len();
        while self.scored < ready {
            let last = ready.min(self.scored + TOGETHER);
            self.features.clear();
            self.features.extend((self.scored..last).map(|at| feature(&self.cepstra, at, &mean)));
            self.rows.clear();
            let order = self.search.graph().clone();
            model.mixtures.score(&self.features, &order.senones, &mut self.scratch, &mut self.rows);
            for row in self.rows.chunks_exact(senones) {
                self.search.step(model, row);
            }
            self.scored = last;
        }
    }

    /// The best words so far.
    pub fn words(&self) -> String {
        self.search.words(false)
    }
}
