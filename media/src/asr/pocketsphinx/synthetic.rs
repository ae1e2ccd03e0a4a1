//! Small models of three phones, written in SphinxTrain's formats: decoding with them, and loading files that are cut, missing
//! or hostile.
use super::acoustic::Acoustic;
use super::decoder::{StreamDecoder, decode};
use super::files::Params;
use super::front::{Cepstrum, FEATURES, Feature, FrontEnd, Stream, feature};
use super::graph::{Graph, GraphPlan};
use super::network::Network;
use super::*;
use std::f32::consts::TAU;
use std::sync::atomic::{AtomicU32, Ordering};

/// Sound of each phone; every state of a phone is the same.
const PHONES: [&str; 3] = ["SIL", "A", "B"];
const RATE: f64 = 16_000.0;
const PARAMS: &str = "-lowerf 130\n-upperf 6800\n-nfilt 25\n-transform dct\n-lifter 22\n-feat 1s_c_d_dd\n-cmn none\n";

/// How densities are shared: one codebook per senone, per phone, or one for all.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Continuous,
    Phonetic,
    Shared,
}

const KINDS: [Kind; 3] = [Kind::Continuous, Kind::Phonetic, Kind::Shared];

/// 100 ms of each letter's phone, `_` for silence.
fn sound(letters: &str) -> Vec<i16> {
    let mut seed = 5_u32;
    let mut noise = move || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 16) as f32 / 65_536.0 - 0.5
    };
    let letters: Vec<char> = letters.chars().collect();
    let sample = |i: usize| {
        let tone = |hz: f32| (i as f32 * TAU * hz / RATE as f32).sin() * 6_000.0;
        let voice = match letters[i / 1_600] {
            'a' => tone(440.0),
            'b' => tone(2_500.0),
            _ => 0.0,
        };
        (voice + noise() * 60.0) as i16
    };
    (0..letters.len() * 1_600).map(sample).collect()
}

fn features(letters: &str) -> Vec<Feature> {
    let front = FrontEnd::new(&Params::read(PARAMS), RATE).unwrap();
    let (mut stream, mut cepstra) = (Stream::default(), Vec::new());
    stream.push(&front, &sound(letters), &mut cepstra);
    (0..cepstra.len()).map(|at| feature(&cepstra, at, &Cepstrum::default())).collect()
}

/// The mean of a phone in the middle of it.
fn middle(letter: char) -> Feature {
    let frames = features(&letter.to_string().repeat(5));
    std::array::from_fn(|i| frames.iter().map(|frame| frame[i]).sum::<f32>() / frames.len() as f32)
}

fn block(measures: &[u32], values: &[f32]) -> Vec<u8> {
    let mut out = b"s3\nversion 1.0\nendhdr\n\x44\x33\x22\x11".to_vec();
    let counts = measures.iter().copied().chain([values.len() as u32]);
    out.extend(counts.flat_map(u32::to_le_bytes).chain(values.iter().flat_map(|value| value.to_le_bytes())));
    out
}

type Files = Vec<(&'static str, Vec<u8>)>;

fn files(kind: Kind) -> Files {
    let mut mdef =
        "0.3\n3 n_base\n1 n_tri\n16 n_state_map\n9 n_tied_state\n9 n_tied_ci_state\n3 n_tied_tmat\n".to_owned();
    for (i, name) in PHONES.iter().enumerate() {
        let filler = if i == 0 { "filler" } else { "n/a" };
        mdef += &format!("{name} - - - {filler} {i} {} {} {} N\n", 3 * i, 3 * i + 1, 3 * i + 2);
    }
    mdef += "A SIL B b n/a 1 3 4 5 N\n";
    let stay = [0.6, 0.4, 0.0, 0.0, 0.0, 0.6, 0.4, 0.0, 0.0, 0.0, 0.6, 0.4].repeat(3);
    let means = ['_', 'a', 'b'].map(middle);
    // Wide enough for transitions between phones.
    let variance: Feature = std::array::from_fn(|i| {
        let [a, b, c] = means.map(|mean| mean[i]);
        0.2 * (a.max(b).max(c) - a.min(b).min(c)).powi(2) + 4.0
    });
    // Which phones' densities each codebook holds.
    let codebooks: Vec<Vec<usize>> = match kind {
        Kind::Continuous => (0..9).map(|senone| vec![senone / 3]).collect(),
        Kind::Phonetic => (0..3).map(|phone| vec![phone, phone]).collect(),
        Kind::Shared => vec![vec![0, 1, 2]],
    };
    let each = codebooks[0].len();
    let held = || codebooks.iter().flatten();
    let variances: Vec<f32> = held().flat_map(|_| variance).collect();
    let means: Vec<f32> = held().flat_map(|&phone| means[phone]).collect();
    let weights = (0..9)
        .flat_map(|senone| (0..each).map(move |i| if kind == Kind::Shared && i != senone / 3 { 1e-5 } else { 1.0 }));
    let measures = [codebooks.len() as u32, 1, each as u32, FEATURES as u32];
    vec![
        ("feat.params", PARAMS.into()),
        ("mdef", mdef.into()),
        ("means", block(&measures, &means)),
        ("variances", block(&measures, &variances)),
        ("mixture_weights", block(&[9, 1, each as u32], &weights.collect::<Vec<f32>>())),
        ("transition_matrices", block(&[3, 3, 4], &stay)),
        ("noisedict", b"<sil> SIL\n".into()),
    ]
}

/// `mdef` as `mdef_convert` makes it of the text.
fn binary_mdef() -> Vec<u8> {
    let mut out = b"BMDF".to_vec();
    let word = |out: &mut Vec<u8>, n: u32| out.extend(n.to_le_bytes());
    for n in [1, 0, 3, 4, 3, 9, 9, 3, 3, 3, 0, 0] {
        word(&mut out, n);
    }
    out.extend(b"SIL\0A\0B\0");
    for (i, info) in [[1, 0, 0, 0], [0; 4], [0; 4], [1, 1, 0, 2]].into_iter().enumerate() {
        let like = [0, 1, 2, 1][i];
        word(&mut out, like);
        word(&mut out, like);
        out.extend(info);
    }
    word(&mut out, 9);
    out.extend((0..9_u16).flat_map(u16::to_le_bytes));
    out
}

fn load(files: &Files) -> Result<Acoustic, String> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let dir = std::env::temp_dir().join(format!("switchboard-sphinx-{}-{number}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    for (name, bytes) in files {
        std::fs::write(dir.join(name), bytes).unwrap();
    }
    let loaded = Acoustic::load(&dir, RATE);
    std::fs::remove_dir_all(&dir).unwrap();
    loaded
}

/// A graph of words that are said as they are spelt.
fn graph(model: &Acoustic, jsgf: &str) -> Arc<Graph> {
    let network = Network::parse(jsgf).unwrap();
    let letters =
        |word: &String| word.chars().map(|c| model.phones.id(&c.to_uppercase().to_string()).unwrap()).collect();
    let words = network.words().into_iter().map(|word| (word.clone(), vec![letters(&word)])).collect();
    let (arcs, states, final_state) = network.arcs();
    Arc::new(Graph::build(model, &GraphPlan { states, final_state, arcs: &arcs, words: &words }).unwrap())
}

fn heard(model: &Acoustic, graph: &Arc<Graph>, letters: &str) -> Option<String> {
    decode(model, graph, &sound(letters)).text
}

#[test]
fn words_are_found_with_densities_of_every_kind() {
    for kind in KINDS {
        let model = load(&files(kind)).unwrap();
        let graph = graph(&model, "public <g> = ab | ba | a b b a;");
        for (said, words) in [("__ab__", "ab"), ("__ba__", "ba"), ("__a_b_ba__", "a b b a"), ("ab", "ab")] {
            let heard = heard(&model, &graph, said);
            assert_eq!(heard.as_deref(), Some(words), "{kind:?}: {said}");
        }
        let decoding = decode(&model, &graph, &sound("__ab__"));
        let phone = |frame| {
            let segment = decoding.phones.iter().find(|phone| (phone.from..=phone.to).contains(&frame));
            segment.map(|phone| phone.word.as_str())
        };
        assert_eq!([10, 25, 35, 50].map(phone), ["SIL", "A", "B", "SIL"].map(Some), "{kind:?}");
        let ab = decoding.path.iter().find(|segment| segment.word == "ab").unwrap();
        assert!((17..=22).contains(&ab.from) && (37..=42).contains(&ab.to), "{kind:?}: {ab:?}");
        let mut stream = StreamDecoder::new(&model, graph);
        for piece in sound("__ab__").chunks(700) {
            stream.push(&model, piece);
        }
        assert_eq!(stream.words(), "ab", "{kind:?}");
    }
}

#[test]
fn words_that_begin_alike_share_their_beginning_and_are_told_apart_by_their_ends() {
    let model = load(&files(Kind::Continuous)).unwrap();
    let nodes = |jsgf: &str| graph(&model, jsgf).nodes.len();
    let (one, other) = (nodes("public <g> = ababa;"), nodes("public <g> = ababb;"));
    let both = graph(&model, "public <g> = ababa | ababb;");
    // The second word adds its last phone in each context; silence at each state is counted in both graphs.
    assert!(both.nodes.len() < one + other / 2, "{} of {one} and {other}", both.nodes.len());
    let both = graph(&model, "public <g> = ababa | ababb | abba;");
    for said in ["ababa", "ababb", "abba"] {
        assert_eq!(heard(&model, &both, &format!("_{said}_")).as_deref(), Some(said));
    }
    // What follows a word is reached from each of its neighbours, weighted ways included.
    let chain = graph(&model, "public <g> = (ab | ba | a) (ab | ba | b) | /0.01/ (ab | ba) a;");
    for said in ["ab ba", "ba ab", "a b", "ba b", "ab ab", "ba a"] {
        assert_eq!(heard(&model, &chain, &format!("_{said}_").replace(' ', "_")).as_deref(), Some(said));
    }
}

#[test]
fn a_text_and_a_binary_definition_are_the_same_model() {
    let mut files = files(Kind::Phonetic);
    let text = load(&files).unwrap();
    files[1].1 = binary_mdef();
    let binary = load(&files).unwrap();
    assert_eq!(text.phones.names, binary.phones.names);
    assert_eq!(text.phones.fillers, binary.phones.fillers);
    for (base, left, right) in [(1, 0, 2), (1, 2, 0), (2, 1, 1)] {
        for place in super::files::WordPosition::ALL {
            let of =
                |model: &Acoustic| model.phones.senones_of(model.phones.sequence(base, left, right, place)).to_vec();
            assert_eq!(of(&text), of(&binary));
        }
    }
    let graph = graph(&binary, "public <g> = ab | ba;");
    assert_eq!(heard(&binary, &graph, "_ba_").as_deref(), Some("ba"));
}

#[test]
fn a_file_that_is_missing_empty_or_cut_is_named() {
    for kind in KINDS {
        let whole = files(kind);
        for (at, (name, bytes)) in whole.iter().enumerate().filter(|(_, (name, _))| *name != "noisedict") {
            let mut without = whole.clone();
            without.remove(at);
            let told = load(&without).err().unwrap_or_default();
            assert!(told.contains(name), "{name} is missing: {told:?}");
            // Options that are not there have their usual values; a telephone's do not fit.
            if *name == "feat.params" {
                continue;
            }
            for end in (0..bytes.len() - 1).step_by((bytes.len() / 50).max(1)) {
                let mut cut = whole.clone();
                cut[at].1.truncate(end);
                let told = load(&cut).err().unwrap_or_default();
                assert!(told.contains(name), "{name} cut at {end}: {told:?}");
            }
        }
    }
}

#[cfg(unix)]
#[test]
fn what_is_no_file_or_too_large_a_one_is_not_read() {
    let endless = super::files::read(Path::new("/dev/zero")).unwrap_err();
    assert!(endless.to_string().contains("no file"), "{endless}");
    assert!(super::files::read(&std::env::temp_dir()).is_err());
    let path = std::env::temp_dir().join(format!("switchboard-large-{}", std::process::id()));
    std::fs::File::create(&path).unwrap().set_len(1 << 40).unwrap();
    let large = super::files::read(&path);
    std::fs::remove_file(&path).unwrap();
    assert!(large.is_err());
}

/// Loads what can be loaded and listens with it.
fn survive(files: &Files, what: &str) -> bool {
    let Ok(model) = load(files) else { return false };
    let Some(ids) = ["A", "B"].map(|name| model.phones.id(name)).into_iter().collect::<Option<Vec<u8>>>() else {
        return false;
    };
    let network = Network::parse("public <g> = ab | ba | a b;").unwrap();
    let letters = |word: &String| word.chars().map(|c| ids[usize::from(c == 'b')]).collect::<Vec<u8>>();
    let words = network.words().into_iter().map(|word| (word.clone(), vec![letters(&word)])).collect();
    let (arcs, states, final_state) = network.arcs();
    let graph = Arc::new(Graph::build(&model, &GraphPlan { states, final_state, arcs: &arcs, words: &words }).unwrap());
    let decoding = decode(&model, &graph, &sound("_ab_"));
    for segment in decoding.path.iter().chain(&decoding.phones) {
        assert!(segment.from <= segment.to, "{what}: {segment:?}");
    }
    confidence::score(&decoding.path, &decoding.phones);
    true
}

#[test]
fn no_number_in_a_file_makes_the_decoder_panic() {
    const ODD: [u32; 8] = [0, 1, 0x7f, 0xffff, 0x7fff_ffff, 0xffff_ffff, 0x7f80_0000, 0xff7f_ffff];
    let mut loaded = 0;
    for kind in KINDS {
        let mut whole = files(kind);
        if kind == Kind::Phonetic {
            whole[1].1 = binary_mdef();
        }
        for at in 0..whole.len() {
            let bytes = whole[at].1.clone();
            // Each 32-bit word of the head, and some of the rest.
            let step = (bytes.len() / 60).max(1);
            let places = (0..bytes.len().min(64)).chain((64..bytes.len()).step_by(step));
            for place in places.filter(|place| place + 4 <= bytes.len()) {
                for odd in ODD.into_iter().skip(place % 4).step_by(if place < 64 { 1 } else { 4 }) {
                    let mut hostile = whole.clone();
                    hostile[at].1[place..place + 4].copy_from_slice(&odd.to_le_bytes());
                    loaded += u32::from(survive(&hostile, &format!("{kind:?} {} {odd:x} at {place}", whole[at].0)));
                }
            }
        }
    }
    assert!(loaded > 100, "some are models all the same: {loaded}");
}

#[test]
fn options_that_make_no_sense_are_named() {
    let mut whole = files(Kind::Shared);
    for (option, why) in [
        ("-wlen nan", "-wlen nan is no number"),
        ("-lifter inf", "-lifter inf is no number"),
        ("-cmninit 1,x", "-cmninit 1,x is no list of numbers"),
        ("-frate 16000", "100 frames a second"),
        ("-wlen 1e30", "such a window"),
        ("-wlen -1", "such a window"),
        ("-nfft 500", "such a window"),
        ("-nfilt 0", "filter bank"),
        ("-nfilt 90", "too fine"),
        ("-lowerf -700", "filter bank"),
        ("-upperf 9000", "filter bank"),
        ("-feat 2s_12", "1s_c_d_dd"),
        ("-agc max", "-agc"),
        ("-transform mel", "-transform"),
        ("-svspec 0-12/13-99", "-svspec"),
    ] {
        whole[0].1 = format!("{PARAMS}\n{option}\n").into();
        let told = load(&whole).err().unwrap_or_default();
        assert!(told.contains(why), "{option}: {told:?}");
    }
    whole[0].1 = PARAMS.into();
    whole.push(("feature_transform", vec![]));
    assert!(load(&whole).err().unwrap().contains("LDA"));
    whole.pop();
    whole[6].1 = "++NOISE++ SIL\n".repeat(100).into();
    assert!(load(&whole).err().unwrap().contains("noises"));
}
