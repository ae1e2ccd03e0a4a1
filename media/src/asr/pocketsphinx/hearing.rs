//! One caller's utterance in front of the decoders.
use super::decoder::{self, Follower, Verdict};
use super::sound::{Band, ModelRate, furnish, halve};
use super::{Grammar, Loaded, confidence};
use crate::asr::{AsrFault, Hearing, Hypothesis};
use std::ops::Range;
use std::sync::Arc;

/// The longest utterance: 30 s at 16 kHz. Sound beyond it is not heard.
const LONGEST: usize = 30 * 16_000;
/// Enough sound to tell a telephone from wide band: 200 ms.
const LEAST: usize = 3_200;
/// 10 ms.
const FRAME: usize = 160;
/// After this much quiet the utterance is decoded ahead, so that the answer is there when the pause is certain: 100 ms.
const QUIET: usize = 10;
/// Utterances longer than this are decoded at their end only: 3 s.
const SHORT: usize = 3 * 16_000;
/// Quiet is this far below the loudest frame: −26 dB.
const QUIET_POWER: f64 = 0.0025;

/// Quiet kept around the speech of an utterance, in frames.
const MARGIN: usize = 15;

fn power(frame: &[i16]) -> f64 {
    frame.iter().map(|&s| f64::from(s).powi(2)).sum::<f64>() / frame.len() as f64
}

pub struct Utterance {
    model: Arc<Loaded>,
    grammar: Arc<Grammar>,
    pcm: Vec<i16>,
    band: Band,
    live: Option<Follower>,
    /// Samples the follower has had.
    followed: usize,
    /// The last two hypotheses while listening, and what was shown of them.
    last: String,
    shown: String,
    loudest: f64,
    quiet: usize,
    /// A final made ahead; it stands while only quiet follows.
    ahead: Option<Hypothesis>,
}

impl Utterance {
    pub fn new(model: Arc<Loaded>, grammar: Arc<Grammar>) -> Self {
        Self {
            model,
            grammar,
            pcm: Vec::new(),
            band: Band::default(),
            live: None,
            followed: 0,
            last: String::new(),
            shown: String::new(),
            loudest: 0.0,
            quiet: 0,
            ahead: None,
        }
    }

    fn take(&mut self, pcm: &[i16]) {
        let from = self.pcm.len();
        self.pcm.extend_from_slice(&pcm[..pcm.len().min(LONGEST.saturating_sub(from))]);
        self.band.measure(&self.pcm);
        for frame in self.pcm[from..].chunks(FRAME) {
            let power = power(frame);
            self.loudest = self.loudest.max(power);
            if power < self.loudest * QUIET_POWER {
                self.quiet += 1;
            } else {
                self.quiet = 0;
                self.ahead = None;
            }
        }
    }

    fn narrow(&self) -> bool {
        self.model.model.rate == ModelRate::Hz16000 && self.band.is_narrow()
    }

    /// The stretch with speech in it, and a margin of quiet on either side: the more silence there is, the farther off is
    /// the cepstral mean.
    fn spoken(&self) -> Range<usize> {
        let loud = |frame: &[i16]| power(frame) > self.loudest * QUIET_POWER;
        let frames = || self.pcm.chunks(FRAME).enumerate().filter(|(_, frame)| loud(frame)).map(|(i, _)| i);
        let (first, last) =
            (frames().next().unwrap_or(0), frames().next_back().unwrap_or(usize::MAX / FRAME - MARGIN - 1));
        first.saturating_sub(MARGIN) * FRAME..((last + 1 + MARGIN) * FRAME).min(self.pcm.len())
    }

    /// A piece of the utterance as the model wants it.
    fn furnished(&self, piece: Range<usize>, narrow: bool) -> Vec<i16> {
        let mut out = Vec::with_capacity(piece.len());
        furnish(&self.pcm[piece.clone()], piece.start, narrow, &mut out);
        if self.model.model.rate == ModelRate::Hz8000 { halve(&out) } else { out }
    }

    /// Follows the sound for words so far; a word shows when two hypotheses in a row agree on it.
    fn follow(&mut self) -> Option<String> {
        if self.pcm.len() < LEAST {
            return None;
        }
        let pcm = self.furnished(self.followed..self.pcm.len(), self.narrow());
        let model = &self.model.acoustic;
        let live = self.live.get_or_insert_with(|| Follower::new(model, self.grammar.graph.clone()));
        live.hear(model, &pcm);
        let words = live.words();
        self.followed = self.pcm.len();
        let agreed: Vec<&str> = words
            .split_whitespace()
            .zip(self.last.split_whitespace())
            .take_while(|(a, b)| a == b)
            .map(|(a, _)| a)
            .collect();
        let agreed = agreed.join(" ");
        self.last = words;
        if agreed.is_empty() || agreed == self.shown {
            return None;
        }
        self.shown.clone_from(&agreed);
        Some(agreed)
    }

    /// Hears the whole utterance against the grammar and against the phones.
    fn decode(&self) -> Hypothesis {
        const NOTHING: Hypothesis = Hypothesis { text: None, confidence: 0.0 };
        if self.pcm.len() < LEAST {
            return NOTHING;
        }
        let narrow = self.narrow();
        let pcm = self.furnished(self.spoken(), narrow);
        let Grammar { graph, network, .. } = &*self.grammar;
        let Verdict { text, path, phones } = decoder::decode(&self.model.acoustic, graph, &pcm);
        let (Some(text), Some(score)) = (text, confidence::score(&path, &phones)) else { return NOTHING };
        let trust = if network.is_likely(&text) { confidence::trust(&path) } else { 0.0 };
        let confidence = confidence::of(score, self.model.model.refuse_below[usize::from(narrow)] - trust);
        Hypothesis { text: (confidence >= 0.5).then_some(text), confidence }
    }
}

impl Hearing for Utterance {
    fn sound(&mut self, pcm: &[i16]) -> Result<Option<String>, AsrFault> {
        self.take(pcm);
        let partial = self.follow();
        let pausing = self.quiet >= QUIET && self.pcm.len() < SHORT;
        if pausing && self.ahead.is_none() && !self.last.is_empty() {
            self.ahead = Some(self.decode());
        }
        Ok(partial)
    }

    fn keep(&mut self, pcm: &[i16]) -> Result<(), AsrFault> {
        self.take(pcm);
        Ok(())
    }

    fn finish(&mut self) -> Result<Hypothesis, AsrFault> {
        if let Some(hypothesis) = &self.ahead {
            return Ok(hypothesis.clone());
        }
        let hypothesis = self.decode();
        self.ahead = Some(hypothesis.clone());
        Ok(hypothesis)
    }
}
