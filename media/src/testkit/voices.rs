//! Voices for tests: synthesised by flite where it is installed, people where their recordings are present, and otherwise
//! a machine that only sounds like speech.
use crate::noise::Rng;
use crate::resample::Resampler;
use std::collections::BTreeMap;
use std::f32::consts::TAU;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

/// Root mean square of usual speech on the 16-bit scale, over its loud parts: about -20 dBFS.
const LEVEL: f32 = 3_000.0;

/// Voices of flite, in turns.
pub const FLITE: [&str; 4] = ["slt", "rms", "kal16", "awb"];

const SENTENCES: [&str; 10] = [
    "Hello, this is the booking line of the lake hotel. I can book a room for you, or a table in our restaurant.",
    "Thank you for waiting. The next free table for two people is on Thursday at half past seven.",
    "Please tell me the day you would like to come, or say today, tomorrow, or the name of a weekday.",
    "We have three kinds of rooms. The small one costs eighty five euros, the large one one hundred and twenty.",
    "Breakfast is served from six thirty until ten o'clock, and it is included in the price of the room.",
    "I have noted your booking for two people, with a view of the mountains. Is there anything else?",
    "If you want to speak to a person, say agent at any time, or press zero on your telephone.",
    "Your confirmation number is nine, four, one, seven, two, six. I repeat: nine, four, one, seven, two, six.",
    "The meeting room on the second floor seats twelve people, and it has a large screen and a whiteboard.",
    "Should your plans change, you can cancel free of charge until six in the evening on the day before.",
];

/// What callers say.
pub const REPLIES: [&str; 12] = [
    "book a room",
    "I would like a table for tomorrow",
    "no wait",
    "stop please",
    "can I speak to a person",
    "half past seven",
    "that is wrong",
    "two people please",
    "excuse me one moment",
    "cancel my booking",
    "yes",
    "no",
];

/// Sound by voice and text; `None` where the voice does not speak.
type Said = BTreeMap<(String, String), Option<Vec<i16>>>;

/// What a Vietnamese bot says.
const VIETNAMESE: [&str; 5] = [
    "Xin chào quý khách, đây là tổng đài đặt phòng. Quý khách muốn tìm khách sạn, quán cà phê hay trạm ATM?",
    "Chúng tôi có ba loại phòng. Phòng nhỏ giá tám trăm nghìn đồng, phòng lớn một triệu hai trăm nghìn đồng một đêm.",
    "Bữa sáng được phục vụ từ sáu giờ ba mươi đến mười giờ, đã bao gồm trong giá phòng.",
    "Tôi đã ghi nhận yêu cầu của quý khách cho hai người, phòng nhìn ra núi. Quý khách cần gì thêm không ạ?",
    "Nếu muốn gặp nhân viên, quý khách có thể nói bất cứ lúc nào, hoặc bấm phím không trên điện thoại.",
];

/// Text in a voice of flite's, or of espeak-ng's (`espeak:vi`), 8 kHz, at a usual level, cut to what is sound. `None` where it
/// is not installed.
pub fn say(voice: &str, text: &str) -> Option<Vec<i16>> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    static SAID: Mutex<Said> = Mutex::new(BTreeMap::new());
    let key = (voice.to_owned(), text.to_owned());
    if let Some(said) = SAID.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
        return said.clone();
    }
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let file = std::env::temp_dir().join(format!("switchboard-voices-{}-{number}.wav", std::process::id()));
    let done = match voice.strip_prefix("espeak:") {
        Some(voice) => Command::new("espeak-ng").args(["-v", voice, "-w"]).arg(&file).arg(text).status(),
        None => Command::new("flite").args(["-voice", voice, "-t", text, "-o"]).arg(&file).status(),
    };
    let said = done.is_ok_and(|status| status.success()).then(|| read(&file)).flatten();
    let _ = std::fs::remove_file(&file);
    SAID.lock().unwrap_or_else(PoisonError::into_inner).insert(key, said.clone());
    said
}

/// A recording as [`say`] gives it.
pub fn read(file: &Path) -> Option<Vec<i16>> {
    let (rate, channels) = super::wav::read(file).ok()?;
    let (mut down, mut pcm) = (Resampler::new(rate, 8_000), Vec::new());
    down.push(channels.first()?, &mut pcm);
    down.finish(&mut pcm);
    Some(level(&pcm))
}

/// People: every recording in `../shared/speech`, with its name; none in a clone by itself.
pub fn people() -> &'static [(String, Vec<i16>)] {
    static PEOPLE: OnceLock<Vec<(String, Vec<i16>)>> = OnceLock::new();
    PEOPLE.get_or_init(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/speech");
        let mut files: Vec<_> = ["en", "vi"]
            .iter()
            .filter_map(|language| std::fs::read_dir(folder.join(language)).ok())
            .flatten()
            .flatten()
            .map(|entry| entry.path())
            .collect();
        files.sort();
        let name = |path: &Path| path.file_stem().map(|name| name.to_string_lossy().into_owned());
        files.iter().filter_map(|path| Some((name(path)?, read(path)?))).collect()
    })
}

/// These phrases in every voice of flite, each with its text.
pub fn said(phrases: &[&'static str]) -> Vec<(Vec<i16>, &'static str)> {
    let each = FLITE.iter().flat_map(|voice| phrases.iter().map(move |text| (voice, *text)));
    each.filter_map(|(voice, text)| Some((say(voice, text)?, text))).collect()
}

/// The recordings whose names begin so, each with its text.
pub fn recorded(names: &[(&str, &'static str)]) -> Vec<(Vec<i16>, &'static str)> {
    let each = names.iter().flat_map(|name| people().iter().map(move |person| (name, person)));
    each.filter(|((start, _), (name, _))| name.starts_with(start))
        .map(|((_, text), (_, pcm))| (pcm.clone(), *text))
        .collect()
}

/// Somebody who talks without end, voice number `who`: sentences with short pauses, 8 kHz.
pub fn talk(who: usize, seconds: f32) -> Vec<i16> {
    talk_of(FLITE[who % FLITE.len()], &SENTENCES, who, seconds)
}

/// The same in Vietnamese.
pub fn talk_vietnamese(who: usize, seconds: f32) -> Vec<i16> {
    talk_of(["espeak:vi", "espeak:vi+f2", "espeak:vi+m3"][who % 3], &VIETNAMESE, who, seconds)
}

fn talk_of(voice: &str, sentences: &[&str], who: usize, seconds: f32) -> Vec<i16> {
    let length = (seconds * 8_000.0) as usize;
    let mut pcm = Vec::with_capacity(length);
    let mut rng = Rng::new(who as u64);
    for n in who.. {
        if pcm.len() >= length {
            break;
        }
        match say(voice, sentences[n % sentences.len()]) {
            Some(said) => pcm.extend(said),
            None => pcm.extend(murmur(rng.next_u64(), 3.0)),
        }
        pcm.extend(std::iter::repeat_n(0, 800 + (rng.next_u64() % 2_400) as usize));
    }
    pcm.truncate(length);
    pcm
}

/// What a caller says, number `n`, by whatever voice there is.
pub fn reply(n: usize) -> Vec<i16> {
    let text = REPLIES[n % REPLIES.len()];
    say(FLITE[(n + 1 + n / REPLIES.len()) % FLITE.len()], text).unwrap_or_else(|| murmur(n as u64 + 77, 1.0))
}

/// Syllables that mean nothing: a pulse train through three resonances that move, hisses between.
pub fn murmur(seed: u64, seconds: f32) -> Vec<i16> {
    let mut rng = Rng::new(seed);
    let mut pcm: Vec<f32> = Vec::new();
    let pitch = 95.0 + 110.0 * rng.unit();
    let mut phase = 0.0f32;
    while pcm.len() < (seconds * 8_000.0) as usize {
        let hiss = 200 + (rng.next_u64() % 500) as usize;
        let mut last = 0.0;
        pcm.extend((0..hiss).map(|_| {
            let white = rng.unit() - 0.5;
            let high = white - last;
            last = white;
            0.25 * high
        }));
        let formants = [300.0 + 500.0 * rng.unit(), 900.0 + 1_300.0 * rng.unit(), 2_300.0 + 700.0 * rng.unit()];
        let length = 900 + (rng.next_u64() % 1_400) as usize;
        let bend = 0.85 + 0.3 * rng.unit();
        let mut state = [(0.0f32, 0.0f32); 3];
        for n in 0..length {
            let share = n as f32 / length as f32;
            phase += pitch * (1.0 + (bend - 1.0) * share) / 8_000.0;
            let pulse = if phase >= 1.0 { 1.0 } else { 0.0 };
            phase %= 1.0;
            let envelope = (std::f32::consts::PI * share).sin().powf(0.5);
            let voiced: f32 = formants
                .iter()
                .zip(&mut state)
                .map(|(hz, (a, b))| {
                    let radius = 0.97f32;
                    let y = pulse + 2.0 * radius * (TAU * hz / 8_000.0).cos() * *a - radius * radius * *b;
                    (*a, *b) = (y, *a);
                    y
                })
                .sum();
            pcm.push(voiced * envelope);
        }
        pcm.extend(std::iter::repeat_n(0.0, (rng.next_u64() % 900) as usize));
    }
    let loudest = pcm.iter().fold(1e-3f32, |loudest, s| loudest.max(s.abs()));
    level(&pcm.iter().map(|s| (s / loudest * 20_000.0) as i16).collect::<Vec<_>>())
}

/// Cuts sound to what is within 35 dB of its loudest 10 ms, and scales it so that its loud parts are at the usual level.
fn level(pcm: &[i16]) -> Vec<i16> {
    let power = |piece: &[i16]| piece.iter().map(|s| f32::from(*s).powi(2)).sum::<f32>() / piece.len().max(1) as f32;
    let levels: Vec<f32> = pcm.chunks(80).map(power).collect();
    let loudest = levels.iter().copied().fold(1.0, f32::max);
    let first = levels.iter().position(|level| *level > loudest * 3e-4).unwrap_or(0);
    let last = levels.iter().rposition(|level| *level > loudest * 3e-4).unwrap_or(0) + 1;
    let loud: Vec<f32> = levels.iter().copied().filter(|level| *level > loudest * 0.03).collect();
    let scale = LEVEL / (loud.iter().sum::<f32>() / loud.len().max(1) as f32).sqrt().max(1.0);
    pcm[(first * 80).min(pcm.len())..(last * 80).min(pcm.len())]
        .iter()
        .map(|s| (f32::from(*s) * scale).clamp(-30_000.0, 30_000.0) as i16)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::rms;

    #[test]
    fn talk_lasts_as_long_as_asked_and_is_as_loud_as_speech() {
        for pcm in [talk(0, 4.0), murmur(1, 2.0)] {
            assert!((900.0..4_000.0).contains(&rms(&pcm)), "{}", rms(&pcm));
        }
        assert_eq!(talk(1, 2.0).len(), 16_000);
        assert_eq!(murmur(4, 1.0), murmur(4, 1.0));
    }
}
