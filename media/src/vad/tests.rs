//! How well speech is told from other sound, on a labelled line: the short form of `benches/vad.rs`.
mod foreground;

use super::*;
use crate::testkit::detectors;
use crate::testkit::labelled::{Clip, Line, Under};

const PHRASES: &[(&str, &str)] = &[
    ("flite:slt", "i would like to book a table for tomorrow evening"),
    ("flite:rms", "mountain view please"),
    ("flite:kal16", "half an hour"),
    ("flite:awb", "what is the weather like today"),
    ("flite:slt", "cancel my booking"),
    ("en-gb", "thank you very much"),
    ("vi", "khách sạn ở gần đây"),
    ("flite:rms", "two people at seven o'clock"),
    ("en-us", "yes that is right"),
    ("flite:slt", "could you say that again"),
];

#[test]
fn speech_is_told_from_a_quiet_line_from_noise_and_from_other_people() {
    let clips: Vec<Clip> = PHRASES.iter().filter_map(|(voice, text)| Clip::say(voice, text)).collect();
    if clips.len() < PHRASES.len() {
        return println!("skipped: flite or espeak-ng is missing; `make setup` installs them");
    }
    let Some(silero) = detectors::silero() else { return };
    let models = Models::load(Some(&silero)).unwrap();
    for (under, least) in [(Under::Quiet, 0.98), (Under::Pink, 0.965), (Under::Babble, 0.945)] {
        let [silero, earshot, both] = Line::of(&clips, under, 1).judged(&models).map(|odds| odds.area());
        println!("{under:?}: AUC {silero:.3} Silero, {earshot:.3} earshot, {both:.3} both");
        assert!(both >= least, "{under:?}: {both:.3}");
    }
}
