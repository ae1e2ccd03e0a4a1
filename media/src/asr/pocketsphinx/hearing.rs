//! The recognition of one utterance: partial words, and the final result.
use super::decoder::{self, Decoding, StreamDecoder};
use super::sound::{Band, ModelRate, halve, prepare};
use super::{Grammar, LoadedModel, confidence};
use crate::asr::lull::{FRAME, Lull, power};
use crate::asr::{ASKED, AsrFault, Hearing, Hypothesis, NOISY_DB};
use std::ops::Range;
use std::sync::Arc;

/// The longest utterance: 30 s at 16 kHz. Sound beyond it is ignored.
const LONGEST: usize = 30 * 16_000;
/// The least sound, enough to detect narrow band: 200 ms.
const LEAST: usize = 3_200;
/// Utterances longer than this (3 s) are decoded at their end only.
const SHORT: usize = 3 * 16_000;
/// Quiet kept around the speech of an utterance, and behind and before each pause in it, in frames.
const MARGIN: usize = 15;
/// A sound of fewer frames with quiet around it is a click.
const CLICK: usize = 6;

/// The ranges of speech in `pcm`, each with a margin of quiet on either side; all of it where nothing is louder than the rest.
/// Longer silence would distort the cepstral mean, and its noise passes for short words ("no", "oh").
fn pieces(pcm: &[i16], lull: Lull) -> Vec<Range<usize>> {
    let mut frames: Vec<Range<usize>> = Vec::new();
    let is_loud = |frame: &[i16]| !lull.is_quiet(power(frame));
    for (i, _) in pcm.chunks(FRAME).enumerate().filter(|(_, frame)| is_loud(frame)) {
        match frames.last_mut() {
            Some(piece) if i - piece.end <= 2 * MARGIN => piece.end = i + 1,
            _ => frames.push(i..i + 1),
        }
    }
    if frames.iter().any(|piece| piece.len() >= CLICK) {
        frames.retain(|piece| piece.len() >= CLICK);
    }
    if frames.is_empty() {
        frames.push(0..pcm.len().div_ceil(FRAME));
    }
    let samples =
        |piece: Range<usize>| piece.start.saturating_sub(MARGIN) * FRAME..((piece.end + MARGIN) * FRAME).min(pcm.len());
    frames.into_iter().map(samples).collect()
}

pub struct Utterance {
    model: Arc<LoadedModel>,
    grammar: Arc<Grammar>,
    pcm: Vec<i16>,
    band: Band,
    partial: Option<StreamDecoder>,
    /// Samples decoded for partial words.
    decoded: usize,
    /// The last partial hypothesis, and the words reported.
    last: String,
    reported: String,
    lull: Lull,
    /// A final result made in a pause; valid while only quiet follows.
    early_final: Option<Hypothesis>,
    /// The speech does not rise far above what is around it.
    noisy: bool,
}

impl Utterance {
    pub fn new(model: Arc<LoadedModel>, grammar: Arc<Grammar>) -> Self {
        Self {
            model,
            grammar,
            pcm: Vec::new(),
            band: Band::default(),
            partial: None,
            decoded: 0,
            last: String::new(),
            reported: String::new(),
            lull: Lull::default(),
            early_final: None,
            noisy: false,
        }
    }

    fn take(&mut self, pcm: &[i16]) {
        let from = self.pcm.len();
        self.pcm.extend_from_slice(&pcm[..pcm.len().min(LONGEST.saturating_sub(from))]);
        self.band.measure(&self.pcm);
        if self.lull.push(&self.pcm[from..]) {
            self.early_final = None;
        }
    }

    fn narrow(&self) -> bool {
        self.model.model.rate == ModelRate::Hz16000 && self.band.is_narrow()
    }

    /// The speech of the utterance, without its pauses, and the sample at which it begins.
    fn spoken(&self) -> (Vec<i16>, usize) {
        let pieces = pieces(&self.pcm, self.lull);
        let first = pieces.first().map_or(0, |piece| piece.start);
        (pieces.into_iter().flat_map(|piece| &self.pcm[piece]).copied().collect(), first)
    }

    /// Sound of the utterance, which begins at its sample `from`, prepared for the model.
    fn prepared(&self, pcm: &[i16], from: usize, narrow: bool) -> Vec<i16> {
        let mut out = Vec::with_capacity(pcm.len());
        prepare(pcm, from, narrow, &mut out);
        if self.model.model.rate == ModelRate::Hz8000 { halve(&out) } else { out }
    }

    /// Decodes new sound for partial words. A word is reported when two hypotheses in a row agree on it.
    fn partial_words(&mut self) -> Option<String> {
        if self.pcm.len() < LEAST {
            return None;
        }
        let pcm = self.prepared(&self.pcm[self.decoded..], self.decoded, self.narrow());
        let model = &self.model.acoustic;
        let decoder = self.partial.get_or_insert_with(|| StreamDecoder::new(model, self.grammar.graph.clone()));
        decoder.push(model, &pcm);
        let words = decoder.words();
        self.decoded = self.pcm.len();
        let agreed: Vec<&str> = words
            .split_whitespace()
            .zip(self.last.split_whitespace())
            .take_while(|(a, b)| a == b)
            .map(|(a, _)| a)
            .collect();
        let agreed = agreed.join(" ");
        self.last = words;
        if agreed.is_empty() || agreed == self.reported {
            return None;
        }
        self.reported.clone_from(&agreed);
        Some(agreed)
    }

    /// Decodes the utterance for a final result.
    fn decode(&self) -> Hypothesis {
        const NOTHING: Hypothesis = Hypothesis { text: None, confidence: 0.0 };
        if self.pcm.len() < LEAST {
            return NOTHING;
        }
        let narrow = self.narrow();
        let (spoken, first) = self.spoken();
        let pcm = self.prepared(&spoken, first, narrow);
        let Grammar { graph, network, .. } = &*self.grammar;
        let Decoding { text, path, phones } = decoder::decode(&self.model.acoustic, graph, &pcm);
        let (Some(text), Some(score)) = (text, confidence::score(&path, &phones)) else { return NOTHING };
        let trust = if network.is_likely(&text) { confidence::trust(&path) } else { 0.0 };
        let confidence = confidence::of(score, self.model.model.refuse_below[usize::from(narrow)] - trust);
        Hypothesis { text: (confidence >= 0.5).then_some(text), confidence }
    }
}

impl Hearing for Utterance {
    fn sound(&mut self, pcm: &[i16]) -> Result<Option<String>, AsrFault> {
        self.take(pcm);
        let partial = self.partial_words();
        // So that the result is ready once the pause is confirmed.
        let pausing = self.lull.may_be_a_pause() && self.pcm.len() < SHORT;
        if pausing && self.early_final.is_none() && !self.last.is_empty() {
            self.early_final = Some(self.decode());
        }
        Ok(partial)
    }

    fn keep(&mut self, pcm: &[i16]) -> Result<(), AsrFault> {
        self.take(pcm);
        Ok(())
    }

    fn rises_above(&mut self, db: f32) {
        self.noisy = db < NOISY_DB;
    }

    fn finish(&mut self) -> Result<Hypothesis, AsrFault> {
        let heard = match &self.early_final {
            Some(hypothesis) => hypothesis.clone(),
            None => self.early_final.insert(self.decode()).clone(),
        };
        let most = if self.noisy { ASKED } else { 1.0 };
        Ok(Hypothesis { confidence: heard.confidence.min(most), ..heard })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many frames of speech, and of a quiet line.
    fn sound(parts: &[(usize, bool)]) -> Vec<i16> {
        let frame = |loud: bool| (0..FRAME).map(move |i| [1, -1][i % 2] * if loud { 3_000 } else { 20 });
        parts.iter().flat_map(|&(frames, loud)| (0..frames).flat_map(move |_| frame(loud))).collect()
    }

    #[test]
    fn of_a_pause_the_quiet_beside_the_words_is_left_and_a_breath_is_left_whole() {
        let heard = |parts: &[(usize, bool)]| {
            let pcm = sound(parts);
            let mut lull = Lull::default();
            lull.push(&pcm);
            pieces(&pcm, lull).into_iter().map(|piece| (piece.start / FRAME, piece.end / FRAME)).collect::<Vec<_>>()
        };
        let (speech, quiet) = (true, false);
        assert_eq!(heard(&[(40, quiet), (30, speech), (40, quiet)]), [(25, 85)]);
        assert_eq!(heard(&[(30, speech), (120, quiet), (30, speech), (20, quiet)]), [(0, 45), (135, 195)]);
        assert_eq!(heard(&[(30, speech), (30, quiet), (30, speech), (5, quiet)]), [(0, 95)], "a breath");
        assert_eq!(heard(&[(3, speech), (60, quiet), (30, speech)]), [(48, 93)], "a click is no word");
        assert_eq!(heard(&[(60, quiet), (3, speech), (60, quiet)]), [(45, 78)], "unless there is nothing else");
        assert_eq!(heard(&[(50, quiet)]), [(0, 50)]);
        assert_eq!(heard(&[]), [(0, 0)]);
    }
}
