//! `Segments`: the words of an utterance that an engine recognises piece by piece.
use crate::asr::Hypothesis;
use crate::asr::text::normalise;

/// The confidence of words from an engine that gives none: above what is asked about, below what is sure.
pub(super) const UNKNOWN: f32 = 0.8;

#[derive(Debug, Default)]
pub(super) struct Segments {
    words: Vec<String>,
    /// The sum of the confidences of all words.
    confidence: f32,
}

impl Segments {
    /// Adds the words of a piece whose result is final.
    pub fn add(&mut self, text: &str, confidence: Option<f32>) {
        let words = normalise(text);
        self.confidence += confidence.unwrap_or(UNKNOWN).clamp(0.0, 1.0) * words.len() as f32;
        self.words.extend(words);
    }

    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// All words so far, with those of a piece that may still change.
    pub fn with(&self, text: &str) -> String {
        let mut words = self.words.clone();
        words.extend(normalise(text));
        words.join(" ")
    }

    pub fn hypothesis(&self) -> Hypothesis {
        match self.words.len() {
            0 => Hypothesis { text: None, confidence: 0.0 },
            many => Hypothesis { text: Some(self.words.join(" ")), confidence: self.confidence / many as f32 },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_joined_in_the_common_spelling_and_their_confidence_is_that_of_the_mean_word() {
        let mut segments = Segments::default();
        assert_eq!(segments.hypothesis(), Hypothesis { text: None, confidence: 0.0 });
        segments.add("Two people,", Some(0.5));
        segments.add("", Some(0.0));
        assert_eq!(segments.with("please."), "two people please");
        segments.add("Please.", None);
        let heard = segments.hypothesis();
        assert_eq!(heard.text.as_deref(), Some("two people please"));
        assert!((heard.confidence - 0.6).abs() < 1e-6, "{heard:?}");
    }
}
