//! A confidence measure: the score of the grammar's best path against that of a free phone loop.
//!
//! Both searches score the same frames with every state computed, so their acoustic scores can be compared. The grammar matches
//! any sound as well as its words allow; the phone loop matches it best. Three gaps separate speech inside the grammar from speech
//! outside it: the mean per frame over all words, a third of that of the worst word, and half of the speech that the grammar's path
//! takes for silence (a short word matched within a long sentence).
use super::segment::Segment;

/// Penalties per word, and per silence between two: each additional segment fits any sound a little better.
const WORD: f64 = 225.0;
const PAUSE: f64 = 270.0;
/// Added to a word's length, so that a word of 50 ms cannot reject a sentence.
const PRIOR_FRAMES: f64 = 10.0;
const WORST: f64 = 0.3;
const UNSAID: f64 = 0.5;
/// The most that speech outside the words counts, per frame of the words.
const MOST_UNSAID: f64 = 40.0;
/// The score gap over which confidence falls from 0.73 to 0.5.
const SLOPE: f64 = 5.0;

/// Score per frame of the words in `path` against `phones`; 0 is as good as the phones themselves. `None` without words.
pub fn score(path: &[Segment], phones: &[Segment]) -> Option<f32> {
    let frames = path.iter().chain(phones).map(|segment| segment.to + 1).max()?.max(0) as usize;
    let mut free = vec![0.0_f64; frames];
    for phone in phones {
        let mean = f64::from(phone.score) / f64::from(phone.to - phone.from + 1);
        for frame in phone.from.max(0)..=phone.to {
            free[frame as usize] = mean;
        }
    }
    let (mut sum, mut length, mut worst, mut unsaid) = (0.0, 0.0, 0.0_f64, 0.0);
    for word in path {
        let taken: f64 = free[word.from.max(0) as usize..=word.to.max(0) as usize].iter().sum();
        if word.word.starts_with(['<', '[']) {
            unsaid += (taken + PAUSE - f64::from(word.score)).max(0.0);
            continue;
        }
        let (gap, frames) = (f64::from(word.score) - WORD - taken, f64::from(word.to - word.from + 1));
        sum += gap;
        length += frames;
        worst = worst.min(gap / (frames + PRIOR_FRAMES));
    }
    (length > 0.0).then(|| (sum / length + WORST * worst - UNSAID * (unsaid / length).min(MOST_UNSAID)) as f32)
}

/// How much lower a sentence may score that the grammar weights as likely. Less for short speech, which is weaker evidence.
pub fn trust(path: &[Segment]) -> f32 {
    let words = path.iter().filter(|segment| !segment.word.starts_with(['<', '[']));
    let frames: i32 = words.map(|word| word.to - word.from + 1).sum();
    TRUST[0] + (TRUST[1] - TRUST[0]) * ((frames as f32 - 30.0) / 40.0).clamp(0.0, 1.0)
}

/// At 300 ms of words, and from 700 ms on.
const TRUST: [f32; 2] = [14.0, 18.0];

/// A confidence from 0 to 1; 0.5 at `refuse_below`.
pub fn of(score: f32, refuse_below: f32) -> f32 {
    (1.0 / (1.0 + (f64::from(refuse_below - score) / SLOPE).exp())) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(word: &str, from: i32, to: i32, score: i32) -> Segment {
        Segment { word: word.into(), from, to, score }
    }

    #[test]
    fn words_as_good_as_the_phones_are_sure_and_worse_ones_are_refused() {
        let phones = [segment("AH", 0, 49, -500), segment("B", 50, 99, -1000)];
        let sure = [segment("<sil>", 0, 9, 170), segment("one", 10, 49, -175), segment("two", 50, 99, -775)];
        let forced = [segment("<sil>", 0, 9, 170), segment("one", 10, 49, -2000), segment("two", 50, 99, -4000)];
        assert!(score(&sure, &phones).unwrap().abs() < 0.1);
        assert!(score(&forced, &phones).unwrap() < -50.0);
        assert_eq!(score(&[segment("<sil>", 0, 99, -100)], &phones), None);
        let laid_into_speech = [segment("<sil>", 0, 59, -9000), segment("two", 60, 99, -575)];
        assert!(score(&laid_into_speech, &phones).unwrap() < -19.0);
        assert_eq!((trust(&[segment("two", 0, 19, 0)]), trust(&sure)), (14.0, 18.0));
        assert!((of(-26.0, -26.0) - 0.5).abs() < 1e-6);
        assert!(of(0.0, -26.0) > 0.99 && of(-60.0, -26.0) < 0.01);
    }
}
