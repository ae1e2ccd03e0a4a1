//! The network against golden figures, with other lines beside it, and on broken files.
use super::*;
use crate::testkit::detectors::silero as model;
use crate::testkit::voice::speechlike;

fn alone(silero: &Silero, sound: &[i16]) -> Vec<f32> {
    let (mut state, mut scratch) = (SileroState::new(), Scratch::default());
    let mut judge = |window: &[i16; WINDOW]| {
        state.push(window);
        silero.infer(&mut scratch, &mut [&mut state]);
        state.odds()
    };
    sound.as_chunks().0.iter().map(&mut judge).collect()
}

/// Log-odds by rten 0.27 for every eighth window of `speechlike(1, 16_000, 12.0, 0.5)`, as the `reference` test below prints them.
const GOLDEN: &[f32] = &[
    -4.563, -5.342, -5.629, -5.752, 6.307, 9.210, 8.389, 8.209, 9.144, -4.831, -4.289, -4.269, -4.707, -5.091, -5.551,
    -5.913, 3.316, 6.028, 7.053, 9.210, 9.120, 7.932, 7.844, 6.866, -4.530, -3.626, -3.589, -3.939, -4.361, -3.682,
    0.324, 9.210, 7.388, 9.210, 3.435, 2.193, 1.583, -4.882, -3.990, -3.899, -4.178, 3.751, 6.981, 9.210, 9.210, 9.210,
    9.210,
];

#[test]
fn the_odds_are_those_of_the_reference() {
    let Some(path) = model() else { return };
    let odds = alone(&Silero::load(&path).unwrap(), &speechlike(1, 16_000, 12.0, 0.5));
    let off = odds.iter().step_by(8).zip(GOLDEN).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(off < 1e-2 && odds.len().div_ceil(8) == GOLDEN.len(), "off by {off}");
    assert!(GOLDEN.iter().any(|odds| *odds > 0.0) && GOLDEN.iter().any(|odds| *odds < -2.0));
}

#[test]
fn what_a_line_gets_does_not_depend_on_its_company() {
    let Some(path) = model() else { return };
    let silero = Silero::load(&path).unwrap();
    let sounds: Vec<Vec<i16>> = (0..31).map(|seed| speechlike(seed, 16_000, 2.0, 0.6)).collect();
    let expected: Vec<Vec<f32>> = sounds.iter().map(|sound| alone(&silero, sound)).collect();
    let mut states: Vec<SileroState> = sounds.iter().map(|_| SileroState::new()).collect();
    let (mut scratch, mut got) = (Scratch::default(), vec![Vec::new(); sounds.len()]);
    // Each round has a different set of lines.
    for round in 0..200 {
        let there = |line: usize| (line * 7 + round) % 5 < 3 + round % 3;
        let mut due: Vec<(usize, &mut SileroState)> =
            states.iter_mut().enumerate().filter(|(line, _)| there(*line)).collect();
        due.retain_mut(|(line, state)| {
            let next = sounds[*line].as_chunks().0.get(got[*line].len());
            next.inspect(|window| state.push(window)).is_some()
        });
        let lines: Vec<usize> = due.iter().map(|(line, _)| *line).collect();
        silero.infer(&mut scratch, &mut due.into_iter().map(|(_, state)| state).collect::<Vec<_>>());
        for line in lines {
            got[line].push(states[line].odds());
        }
    }
    assert_eq!(got, expected);
}

#[test]
fn every_processor_says_the_same() {
    let Some(path) = model() else { return };
    let sound = speechlike(3, 16_000, 12.0, 0.5);
    let mut silero = Silero::load(&path).unwrap();
    let here = alone(&silero, &sound);
    silero.instructions = simd::Instructions::Baseline;
    let baseline = alone(&silero, &sound);
    let off = here.iter().zip(&baseline).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(off < 1e-3, "off by {off}");
}

#[test]
fn a_missing_or_wrong_file_is_named_with_what_to_do() {
    let folder = std::env::temp_dir().join(format!("switchboard-silero-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let told = |path: &Path| Silero::load(path).err().expect("a fault").to_string();
    let missing = folder.join("absent.onnx");
    assert!(told(&missing).contains("absent.onnx") && told(&missing).contains("make setup"));
    let wrong = folder.join("wrong.onnx");
    std::fs::write(&wrong, b"no model at all").unwrap();
    assert!(told(&wrong).contains("wrong.onnx") && told(&wrong).contains("make setup"));
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_file_cut_short_or_altered_is_refused() {
    assert!(Silero::read(&[]).is_err());
    let Some(path) = model() else { return };
    let whole = std::fs::read(path).unwrap();
    for part in 0..40 {
        let cut = whole.len() * part / 40;
        assert!(Silero::read(&whole[..cut]).is_err(), "{cut} of {} bytes", whole.len());
    }
    // The name of a tensor, where its numbers (field 9) follow.
    let find = |name: &str| {
        let name = [name.as_bytes(), &[0x4a]].concat();
        whole.windows(name.len()).position(|bytes| bytes == name).unwrap()
    };
    let altered = |at: usize, bytes: &[u8]| {
        let mut file = whole.clone();
        file[at..at + bytes.len()].copy_from_slice(bytes);
        Silero::read(&file).err()
    };
    let basis = find("model.stft.forward_basis_buffer");
    assert!(altered(basis, b"other").unwrap().contains("no tensor"));
    assert!(altered(basis + 2_000, &2.0f32.to_le_bytes().repeat(4)).unwrap().contains("Fourier"));
    let weights = find("model.decoder.rnn.weight_hh");
    assert!(altered(weights + 2_000, &[0xff; 64]).unwrap().contains("weight_hh"));
}

/// `cargo test -p media --features testkit,reference silero -- --nocapture`: minutes of speech, of people where it is available.
#[cfg(feature = "reference")]
#[test]
fn rten_says_the_same_over_minutes_of_speech() {
    use crate::testkit::labelled::{Clip, Line, Under};
    let Some(path) = model() else { return };
    let (silero, first) = (Silero::load(&path).unwrap(), reference::Reference::load(&path).unwrap());
    let rten = |sound: &[i16]| {
        let mut line = first.line();
        sound.as_chunks().0.iter().map(|window| line.score(window)).collect::<Vec<_>>()
    };
    let golden = rten(&speechlike(1, 16_000, 12.0, 0.5));
    println!("{:?}", golden.iter().step_by(8).collect::<Vec<_>>());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/speech");
    let clips = ["en", "vi"].map(|language| Clip::folder(&folder.join(language))).concat();
    let mut sounds = vec![speechlike(2, 16_000, 60.0, 0.5)];
    for under in [Under::Quiet, Under::Pink, Under::Babble] {
        let (mut up, mut sound) = (crate::resample::Resampler::new(8_000, 16_000), Vec::new());
        up.push(&Line::of(&clips, under, 5).pcm, &mut sound);
        sounds.push(sound);
    }
    for sound in sounds {
        let off = alone(&silero, &sound).iter().zip(rten(&sound)).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        println!("{:.0} s: log-odds differ by at most {off:.5}", sound.len() as f64 / 16_000.0);
        assert!(off < 1e-2);
    }
}
