//! earshot: a small detector whose weights are inside its crate, so that it is always available.
use super::{WINDOW, logit};

/// One line's detector: 8 kB of state.
pub struct Earshot(Box<earshot::Detector>);

impl Earshot {
    pub fn new() -> Self {
        Self(Box::default())
    }

    /// Log-odds of speech: the mean of the two 16 ms frames of a window.
    pub fn score(&mut self, window: &[i16; WINDOW]) -> f32 {
        let (first, second) = window.split_at(WINDOW / 2);
        (logit(self.0.predict_i16(first)) + logit(self.0.predict_i16(second))) / 2.0
    }
}

impl Default for Earshot {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_no_speech() {
        let mut earshot = Earshot::new();
        let last = (0..30).map(|_| earshot.score(&[0; WINDOW])).last().unwrap();
        assert!(last < -1.0, "{last}");
    }
}
