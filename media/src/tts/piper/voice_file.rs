//! `VoiceFile`: the settings that lie beside a voice of Piper's, `NAME.onnx.json`.
use serde_json::Value;
use std::collections::HashMap;
use unicode_normalization::UnicodeNormalization;

/// The symbols around a sentence, and the padding between its symbols.
const BEGIN: char = '^';
const END: char = '$';
const PADDING: char = '_';
/// The most symbols of one run: more than a minute of speech.
const SYMBOLS: usize = 4_000;

#[derive(Clone, Debug, PartialEq)]
pub struct VoiceFile {
    pub hz: u32,
    /// The voice of espeak-ng whose phonemes it speaks.
    pub espeak: String,
    pub scales: Scales,
    /// By their names; empty where the voice has one speaker.
    pub speakers: HashMap<String, i32>,
    pub speaker_count: usize,
    symbols: HashMap<char, Vec<i32>>,
}

/// How a sentence is drawn: variation of the sound, length, variation of the lengths.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scales {
    pub noise: f32,
    pub length: f32,
    pub noise_of_lengths: f32,
}

impl VoiceFile {
    /// # Errors
    /// Says what it lacks.
    pub fn parse(text: &str) -> Result<Self, String> {
        let file: Value = serde_json::from_str(text).map_err(|why| why.to_string())?;
        let lacks = |what: &str| format!("it has no {what}");
        if file["phoneme_type"].as_str().is_some_and(|kind| kind != "espeak") {
            return Err("it speaks letters instead of espeak-ng's phonemes".into());
        }
        let hz = file["audio"]["sample_rate"].as_u64().and_then(|hz| u32::try_from(hz).ok());
        let hz = hz.filter(|hz| (8_000..=48_000).contains(hz)).ok_or_else(|| lacks("sample rate"))?;
        let espeak = file["espeak"]["voice"].as_str().ok_or_else(|| lacks("voice of espeak-ng"))?.to_owned();
        let map = file["phoneme_id_map"].as_object().ok_or_else(|| lacks("phoneme_id_map"))?;
        let mut symbols = HashMap::new();
        for (symbol, numbers) in map {
            let numbers = numbers.as_array().into_iter().flatten().filter_map(Value::as_i64);
            let numbers: Vec<i32> = numbers.filter_map(|number| i32::try_from(number).ok()).collect();
            let mut chars = symbol.chars();
            if let (Some(symbol), None, false) = (chars.next(), chars.next(), numbers.is_empty()) {
                symbols.insert(symbol, numbers);
            }
        }
        if let Some(missing) = [BEGIN, END, PADDING].iter().find(|symbol| !symbols.contains_key(symbol)) {
            return Err(lacks(&format!("symbol {missing:?}")));
        }
        let scale = |name: &str, usual: f64| {
            let scale = file["inference"][name].as_f64().unwrap_or(usual);
            if (0.0..=10.0).contains(&scale) { Ok(scale as f32) } else { Err(format!("its {name} is {scale}")) }
        };
        let (noise, noise_of_lengths) = (scale("noise_scale", 0.667)?, scale("noise_w", 0.8)?);
        let scales = Scales { noise, length: scale("length_scale", 1.0)?, noise_of_lengths };
        let speakers = file["speaker_id_map"].as_object().into_iter().flatten();
        let speakers =
            speakers.filter_map(|(name, number)| Some((name.clone(), i32::try_from(number.as_i64()?).ok()?)));
        let speaker_count = file["num_speakers"].as_u64().map_or(1, |count| count as usize);
        Ok(Self { hz, espeak, scales, speakers: speakers.collect(), speaker_count, symbols })
    }

    /// The graph's input for phonemes: each symbol followed by padding, between the marks of a beginning and an end. Symbols that
    /// the voice does not know are left out, as Piper leaves them out.
    pub fn symbols(&self, phonemes: &str) -> Vec<i32> {
        let of = |symbol: char| self.symbols.get(&symbol).into_iter().flatten().copied();
        let inner = phonemes.nfd().filter(|symbol| ![BEGIN, END, PADDING].contains(symbol));
        let known = inner.filter(|symbol| self.symbols.contains_key(symbol));
        let padded = std::iter::once(BEGIN).chain(known).flat_map(|symbol| of(symbol).chain(of(PADDING)));
        padded.take(SYMBOLS).chain(of(END)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"{"audio": {"sample_rate": 22050}, "espeak": {"voice": "vi"}, "num_speakers": 2,
        "inference": {"noise_scale": 0.5, "length_scale": 1.1, "noise_w": 0.7}, "speaker_id_map": {"a": 0, "b": 1},
        "phoneme_id_map": {"_": [0], "^": [1], "$": [2], " ": [3], "c": [16], "̧": [140], "x": [7, 8], "ab": [9]}}"#;

    #[test]
    fn what_the_publisher_wrote_is_read() {
        let file = VoiceFile::parse(FILE).unwrap();
        assert_eq!((file.hz, file.espeak.as_str(), file.speaker_count), (22_050, "vi", 2));
        assert_eq!(file.scales, Scales { noise: 0.5, length: 1.1, noise_of_lengths: 0.7 });
        assert_eq!(file.speakers["b"], 1);
        // Symbols come apart into base letter and mark; one that is not known is left out.
        assert_eq!(file.symbols("çq x"), [1, 0, 16, 0, 140, 0, 3, 0, 7, 8, 0, 2]);
        assert_eq!(file.symbols("^$_"), [1, 0, 2]);
        assert!(file.symbols(&"c".repeat(100_000)).len() < 5_000);
    }

    #[test]
    fn what_a_file_lacks_is_named() {
        for (from, to, why) in [
            ("22050", "0", "sample rate"),
            ("\"voice\": \"vi\"", "\"voice\": 3", "voice of espeak-ng"),
            ("\"_\": [0],", "", "'_'"),
            ("phoneme_id_map", "other", "phoneme_id_map"),
            ("\"num_speakers\"", "\"phoneme_type\": \"text\", \"num_speakers\"", "letters"),
            ("1.1", "-1", "length_scale"),
            ("{\"audio\"", "\"audio\"", "line 1"),
        ] {
            let fault = VoiceFile::parse(&FILE.replacen(from, to, 1)).unwrap_err();
            assert!(fault.contains(why), "{from}: {fault}");
        }
    }
}
