//! Real and synthesised speech through the product's own path.
use super::*;
use crate::asr::Hypothesis;
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// A booking bot's whole grammar: rooms, places, dates, times, durations, numbers and commands.
pub(crate) const BOOKING: &str = include_str!("booking.jsgf");

pub(crate) fn english() -> Option<&'static Arc<PocketSphinx>> {
    static ENGINE: OnceLock<Option<Arc<PocketSphinx>>> = OnceLock::new();
    let engine = ENGINE.get_or_init(|| PocketSphinx::load(Model::debian_english()).ok().map(Arc::new));
    if engine.is_none() {
        println!("skipped: pocketsphinx-en-us is not installed");
    }
    engine.as_ref()
}

pub(crate) fn ask(language: Language, jsgf: &str) -> Ask {
    Ask { language, expect: Expect::Grammar(jsgf.into()), lexicon: Arc::default() }
}

fn shared(path: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared").join(path);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: {} is not there", path.display());
    None
}

/// A 16 kHz or 8 kHz mono WAV as 16 kHz sound, over the telephone if asked (8 kHz, µ-law and back).
fn clip(path: &Path, phone: bool) -> Vec<i16> {
    let mut reader = hound::WavReader::open(path).unwrap();
    let pcm: Vec<i16> = reader.samples::<i16>().map(Result::unwrap).collect();
    match reader.spec().sample_rate {
        8000 => double(&telephone(&pcm)),
        _ if phone => double(&telephone(&sound::halve(&pcm))),
        _ => pcm,
    }
}

/// µ-law (G.711) and back.
fn telephone(pcm: &[i16]) -> Vec<i16> {
    pcm.iter()
        .map(|&s| {
            let (sign, magnitude) = (s < 0, (i32::from(s).abs().min(32_635)) + 132);
            let exponent = 31 - (magnitude as u32).leading_zeros() as i32 - 7;
            let mantissa = (magnitude >> (exponent + 3)) & 15;
            let decoded = (((mantissa << 3) + 132) << exponent) - 132;
            (if sign { -decoded } else { decoded }) as i16
        })
        .collect()
}

/// 8 kHz to 16 kHz by a long windowed sinc.
pub(crate) fn double(pcm: &[i16]) -> Vec<i16> {
    const HALF: isize = 32;
    let odd: Vec<f32> = (-HALF..HALF)
        .map(|k| {
            let x = k as f32 + 0.5;
            let w = 0.5 + 0.5 * (std::f32::consts::PI * x / (HALF as f32 + 0.5)).cos();
            (std::f32::consts::PI * x).sin() / (std::f32::consts::PI * x) * w
        })
        .collect();
    let mut out = Vec::with_capacity(pcm.len() * 2);
    for i in 0..pcm.len() as isize {
        out.push(pcm[i as usize]);
        let sum: f32 = odd
            .iter()
            .enumerate()
            .map(|(j, t)| {
                let at = i - (j as isize - HALF);
                usize::try_from(at).ok().and_then(|at| pcm.get(at)).map_or(0.0, |&s| f32::from(s)) * t
            })
            .sum();
        out.push(sum.round().clamp(-32768.0, 32767.0) as i16);
    }
    out
}

pub(crate) fn hear(engine: &PocketSphinx, ask: &Ask, pcm: &[i16]) -> (Hypothesis, Vec<String>) {
    let mut hearing = engine.open(ask).unwrap();
    let partials = pcm.chunks(1600).filter_map(|chunk| hearing.sound(chunk).unwrap()).collect();
    (hearing.finish().unwrap(), partials)
}

#[test]
fn human_speech_over_the_telephone_is_understood_and_other_speech_refused() {
    let (Some(engine), Some(dir)) = (english(), shared("speech/en")) else { return };
    let ask = ask(Language::En, BOOKING);
    let inside = [
        ("df_book_a_room", "book a room"),
        ("df_mountain_view", "mountain view"),
        ("df_today", "today"),
        ("df_230pm", "two thirty p m"),
        ("df_half_an_hour", "half an hour"),
        ("df_two_people", "two people"),
    ];
    let outside = [
        "ss_0870",
        "ss_0880",
        "ss_0890",
        "ss_0920",
        "jfk",
        "cards_001",
        "cards_002",
        "cards_003",
        "gcp_audio",
        "ps_goforward",
    ];
    for phone in [true, false] {
        for (name, words) in inside {
            let (heard, partials) = hear(engine, &ask, &clip(&dir.join(name).with_extension("wav"), phone));
            println!("phone {phone} {name}: {heard:?} {partials:?}");
            assert_eq!(heard.text.as_deref(), Some(words), "{name}, telephone {phone}");
        }
        for name in outside {
            let (heard, _) = hear(engine, &ask, &clip(&dir.join(name).with_extension("wav"), phone));
            println!("phone {phone} {name}: {heard:?}");
            assert_eq!(heard.text, None, "{name}, telephone {phone}");
        }
    }
}

#[test]
fn vietnamese_is_understood_over_the_telephone() {
    let (Some(dir), Some(hmm)) = (shared("speech/vi"), shared("models/vi-places")) else { return };
    let model = Model {
        language: Language::Vi,
        dictionary: hmm.join("places.dict"),
        hmm,
        spelling: Spelling::Telex,
        rate: ModelRate::Hz8000,
        refuse_below: [-60.0, -60.0],
        decoders: 4,
    };
    let engine = PocketSphinx::load(model).unwrap();
    let phones = |word: &str| word.split(' ').map(String::from).collect::<Vec<_>>();
    let lexicon =
        BTreeMap::from([("atm".to_owned(), phones("a y t e e m")), ("karaoke".to_owned(), phones("k a r a o k e"))]);
    let jsgf = "#JSGF V1.0; grammar p; public <p> = cà phê | khách sạn | karaoke | mát xa | trạm atm | đúng | không | trở lại;";
    let ask = Ask { lexicon: Arc::new(lexicon), ..ask(Language::Vi, jsgf) };
    let phrases = [
        ("CAFPHEE", "cà phê"),
        ("KHASCHSAJN", "khách sạn"),
        ("KARAOKE", "karaoke"),
        ("MASTXA", "mát xa"),
        ("TRAJMAYTEEM", "trạm atm"),
        ("DDUSNG0", "đúng"),
        ("KHOONG0", "không"),
        ("TROWRLAJI", "trở lại"),
    ];
    let (mut right, mut refused) = (0, 0);
    for (stem, words) in phrases {
        for i in 1..=5 {
            let (heard, _) = hear(&engine, &ask, &clip(&dir.join(format!("{stem}00{i}.wav")), true));
            right += usize::from(heard.text.as_deref() == Some(words));
            refused += usize::from(heard.text.is_none());
            println!("{words} {i}: {heard:?}");
        }
    }
    println!("{right} of 40 right, {refused} refused");
    assert!(right >= 37, "{right} of 40");
}
