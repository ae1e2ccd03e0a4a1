//! Held against sherpa-onnx: what it wrote with the same graphs, committed, and what it writes where it is installed.
use super::super::expected::Expected;
use super::*;
use std::process::Command;

fn pcm_of(name: &str) -> Option<Vec<i16>> {
    let made = [("made-1", 1, 48_000), ("made-2", 2, 16_123), ("made-3", 3, 80_001)];
    if let Some((_, seed, length)) = made.iter().find(|(made, ..)| *made == name) {
        return Some(sound(*seed, *length));
    }
    if name == "late-4" {
        return Some([vec![0; 320_000], sound(4, 48_000)].concat());
    }
    let clip = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../shared/speech/en/{name}.wav"));
    Some(hound::WavReader::open(clip).ok()?.into_samples().map(Result::unwrap).collect())
}

fn numbers<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> Vec<T> {
    text.split_whitespace().map(|number| number.parse().unwrap()).collect()
}

/// What holding sherpa-onnx's lines against ours came to.
#[derive(Debug, Default)]
struct Held {
    tokens: usize,
    /// Tokens too many, too few, or others.
    errors: usize,
    lines: usize,
    lines_equal: usize,
    /// The largest difference between the scores of lines whose tokens are equal.
    worst: f32,
}

/// How many tokens have to be put in, left out or changed to make `b` of `a` (Levenshtein, 1965).
fn distance(a: &[i32], b: &[i32]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, one) in a.iter().enumerate() {
        let mut before = std::mem::replace(&mut row[0], i + 1);
        for (j, other) in b.iter().enumerate() {
            let best = (before + usize::from(one != other)).min(row[j] + 1).min(row[j + 1] + 1);
            before = std::mem::replace(&mut row[j + 1], best);
        }
    }
    row[b.len()]
}

/// Holds every line of what sherpa-onnx heard with a model against what is heard here.
fn hold(text: &str, model: &str) -> Held {
    let (mut held, mut missing) = (Held::default(), Vec::new());
    for (way, beam) in [("greedy", 1), ("beam", 4), ("hot", 4)] {
        let engine = load(model, beam).0;
        let expected = (way == "hot").then(|| Expected::parse(&hot(), &engine.tokens, &engine.pieces).unwrap());
        for line in text.lines() {
            let [of, name, by, tokens, scores] = line.split('|').collect::<Vec<_>>()[..] else { panic!("{line}") };
            if (of, by) != (model, way) {
                continue;
            }
            let Some(pcm) = pcm_of(name) else {
                missing.push(name.to_owned());
                continue;
            };
            let (found, own) = heard(&engine, expected.as_ref(), &pcm, 5_120);
            let (tokens, scores) = (numbers::<i32>(tokens), numbers::<f32>(scores));
            assert!(scores.len() == tokens.len() && own.len() == found.len());
            held.lines += 1;
            held.tokens += tokens.len();
            held.errors += distance(&tokens, &found);
            if found == tokens {
                held.lines_equal += 1;
                held.worst = scores.iter().zip(&own).map(|(a, b)| (a - b).abs()).fold(held.worst, f32::max);
            } else {
                eprintln!("{model}, {name}, {way}: {} of {} tokens differ", distance(&tokens, &found), tokens.len());
            }
        }
    }
    if !missing.is_empty() {
        missing.sort();
        missing.dedup();
        eprintln!("skipped: ../shared/speech/en is not there ({})", missing.join(", "));
    }
    eprintln!("{model} beside sherpa-onnx: {held:?}");
    held
}

/// Where two sequences of a beam are equally likely but for the rounding of floats, another one may be followed: one line in ten may
/// have such a place.
fn is_same(held: &Held) -> bool {
    held.tokens > 300
        && held.errors * 200 <= held.tokens
        && held.lines_equal * 10 >= held.lines * 9
        && held.worst < 0.01
}

/// Dynamic int8 rounds what a graph computes to 256 steps, and another order of additions rounds otherwise now and then; each of these
/// small differences goes on in the state. Here too many lines are the same to the last token.
fn is_nearly_same(held: &Held) -> bool {
    held.tokens > 300 && held.errors * 12 < held.tokens && held.lines_equal * 3 > held.lines && held.worst < 0.5
}

/// On processors that only multiply bytes into 16 bits, rten's sums of such products saturate: a quarter of the tokens is another then.
fn is_alike(held: &Held) -> bool {
    held.tokens > 300 && held.errors * 3 < held.tokens
}

/// Whether products of bytes are summed in 32 bits by one instruction, as onnxruntime's sums come out.
fn multiplies_bytes_exactly() -> bool {
    #[cfg(target_arch = "x86_64")]
    return std::is_x86_feature_detected!("avx512vnni");
    #[cfg(not(target_arch = "x86_64"))]
    true
}

fn committed() -> String {
    std::fs::read_to_string(fixture("expected.txt")).unwrap()
}

#[test]
fn a_streaming_zipformer_writes_what_sherpa_onnx_writes() {
    let held = hold(&committed(), "zipformer");
    assert!(is_same(&held), "{held:?}");
}

#[test]
fn a_streaming_zipformer2_writes_what_sherpa_onnx_writes() {
    let held = hold(&committed(), "zipformer2");
    assert!(is_same(&held), "{held:?}");
}

#[test]
fn an_int8_zipformer_writes_what_sherpa_onnx_writes_but_for_rounding() {
    let held = hold(&committed(), "zipformer.int8");
    assert!(if multiplies_bytes_exactly() { is_nearly_same(&held) } else { is_alike(&held) }, "{held:?}");
}

#[test]
fn a_model_of_whole_utterances_writes_what_sherpa_onnx_writes() {
    let held = hold(&committed(), "whole");
    assert!(is_same(&held), "{held:?}");
}

/// Hot words that changed nothing would prove nothing.
#[test]
fn expected_phrases_change_what_is_heard() {
    let text = committed();
    let tokens = |line: &str| line.split('|').nth(3).unwrap().to_owned();
    let of = |way: &str| text.lines().filter(|line| line.contains(way)).map(tokens).collect::<Vec<_>>();
    let (without, with) = (of("|beam|"), of("|hot|"));
    let changed = without.iter().zip(&with).filter(|(a, b)| a != b).count();
    assert!(without.len() == with.len() && changed * 2 > with.len(), "{changed} of {}", with.len());
}

/// sherpa-onnx itself, where its Python package is there: what it hears today is what is committed, and what is heard here.
#[test]
fn sherpa_onnx_run_beside_it_writes_the_same() {
    let python = std::env::var("SHERPA_PYTHON").unwrap_or_else(|_| "python3".into());
    let has = Command::new(&python).args(["-c", "import sherpa_onnx, sentencepiece"]).output();
    if !has.is_ok_and(|has| has.status.success()) {
        eprintln!("skipped: {python} has no sherpa_onnx and sentencepiece (set SHERPA_PYTHON)");
        return;
    }
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/speech/en");
    let clips = std::fs::read_dir(&shared).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
    let ran = Command::new(&python)
        .arg(fixture("sherpa.py"))
        .arg(fixture(""))
        .args(clips)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let text = String::from_utf8(ran.stdout).unwrap();
    for model in ["zipformer", "zipformer2", "whole"] {
        let held = hold(&text, model);
        assert!(is_same(&held), "{model}: {held:?}");
    }
    let held = hold(&text, "zipformer.int8");
    assert!(is_nearly_same(&held), "{held:?}");
}
