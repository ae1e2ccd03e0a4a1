//! What the speech engines take on this machine, and how many calls that carries.
use media::asr::{Ask, AsrFault, Expect, Recogniser};
use media::tts::{Synthesiser, TtsFault, Voice};
use media::{Language, Rate};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

/// The length of the utterance that recognisers are measured with.
pub const UTTERANCE: Duration = Duration::from_secs(2);
/// An engine is asked again until it has been at work for so long; its shortest time counts.
const ENOUGH: Duration = Duration::from_millis(2_500);
const MOST: usize = 4;

/// What a recogniser takes of one core for [`UTTERANCE`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RecogniserCost {
    /// From the end of the utterance to its words.
    pub wait: Duration,
    /// All work.
    pub work: Duration,
}

/// What a voice takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VoiceCost {
    /// Of a sentence of eight words.
    pub first_sound: Duration,
    /// Work for a second of sound, in seconds.
    pub factor: f64,
}

const fn sentences(language: Language) -> [&'static str; 3] {
    match language {
        Language::En => [
            "I want to book a room for two people.",
            "Which day would you like to come to us?",
            "That is half past nine on Monday morning.",
        ],
        Language::Vi => [
            "Tôi muốn đặt phòng cho hai người.",
            "Anh chị muốn đến vào ngày nào trong tuần?",
            "Vâng, chín giờ ba mươi sáng thứ hai.",
        ],
    }
}

/// What a step might expect.
const fn grammar(language: Language) -> &'static str {
    match language {
        Language::En => {
            "#JSGF V1.0;\ngrammar switchboard;\npublic <turn> = i want to book a room [for (two | three | four) people] | \
             cancel a booking | (today | tomorrow | on monday) [at (nine | ten | half past two)] | yes | no | help | repeat;"
        }
        Language::Vi => {
            "#JSGF V1.0;\ngrammar switchboard;\npublic <turn> = tôi muốn đặt phòng [cho (hai | ba | bốn) người] | \
             khách sạn | nhà hàng | bệnh viện | (hôm nay | ngày mai) [lúc (chín | mười) giờ] | đúng | không | giúp tôi;"
        }
    }
}

/// Two seconds at 16 kHz that one of these voices speaks; noise where none does.
pub fn utterance<'a>(voices: impl IntoIterator<Item = &'a dyn Synthesiser>, language: Language) -> Vec<i16> {
    let wanted = (UTTERANCE.as_secs_f64() * 16_000.0) as usize;
    let voice = Voice { language, name: String::new(), rate: Rate::Hz16000 };
    for engine in voices {
        let mut pcm = Vec::new();
        let spoken = engine.speak(&voice, sentences(language)[0], &mut |chunk| {
            pcm.extend_from_slice(chunk.pcm);
            if pcm.len() < wanted { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        if spoken.is_ok() && !pcm.is_empty() {
            pcm.resize(wanted, 0);
            return pcm;
        }
    }
    let mut seed = 1_u32;
    let sample = |_| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        ((seed >> 16) as i32 - 32_768) / 64
    };
    (0..wanted).map(sample).map(|sample| sample as i16).collect()
}

/// The processor time that this process has had: a recogniser may work on a thread of its own. Other programs do not lengthen it.
fn worked() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: clock_gettime writes nothing but the struct it is given.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Has a recogniser hear `pcm` (16 kHz) as a call would have it.
///
/// # Errors
/// Where the engine cannot hear this language, or fails.
pub fn recogniser(engine: &dyn Recogniser, language: Language, pcm: &[i16]) -> Result<RecogniserCost, AsrFault> {
    let mut ask = Ask { language, expect: Expect::Grammar(grammar(language).into()), lexicon: Default::default() };
    // A model with other words is measured by what it hears freely, if it does.
    if engine.check(&ask).is_err() {
        ask.expect = Expect::Anything;
    }
    let (began, mut best) = (Instant::now(), None::<RecogniserCost>);
    for _ in 0..MOST {
        let mut hearing = engine.open(&ask)?;
        let start = worked();
        for piece in pcm.chunks(1_600) {
            hearing.sound(piece)?;
        }
        let end = worked();
        hearing.finish()?;
        let one = RecogniserCost { wait: worked().saturating_sub(end), work: worked().saturating_sub(start) };
        best = Some(best.filter(|best| best.work <= one.work).unwrap_or(one));
        if began.elapsed() >= ENOUGH {
            break;
        }
    }
    best.ok_or(AsrFault::Late)
}

/// Has a voice speak sentences that it has not spoken before, at a telephone's rate.
///
/// # Errors
/// Where the engine does not speak this language, or fails.
pub fn voice(engine: &dyn Synthesiser, language: Language) -> Result<VoiceCost, TtsFault> {
    let voice = Voice { language, name: String::new(), rate: Rate::Hz8000 };
    let mut best = None::<VoiceCost>;
    // Its level is measured before its first call.
    engine.prepare(&voice)?;
    for text in &sentences(language)[1..] {
        let (start, mut first, mut samples) = (Instant::now(), None, 0);
        engine.speak(&voice, text, &mut |chunk| {
            if !chunk.pcm.is_empty() {
                first.get_or_insert_with(|| start.elapsed());
                samples += chunk.pcm.len();
            }
            ControlFlow::Continue(())
        })?;
        let work = start.elapsed().as_secs_f64();
        let first_sound = first.ok_or_else(|| TtsFault::Engine("it gave no sound".into()))?;
        let one = VoiceCost { first_sound, factor: work * 8_000.0 / samples as f64 };
        best = Some(best.filter(|best| best.factor <= one.factor).unwrap_or(one));
    }
    best.ok_or(TtsFault::Late)
}

/// One turn of a conversation takes so long: the caller speaks for [`UTTERANCE`], the bot for some seconds.
const TURN: f64 = 6.0;
/// Seconds of a turn's sound that no call before has had made.
const NEW_SOUND: f64 = 1.5;
/// What a call takes in a second beside recognition and synthesis, with echo control.
const LINE: f64 = 0.0065;
/// Of the processor, what may be busy before answers wait for each other.
const BUSY: f64 = 0.7;

/// How many calls at once the engines of one language carry: `heard` is all work of one utterance, `factor` that of the first voice.
pub fn calls(heard: Duration, factor: f64, cores: usize, workers: usize) -> u32 {
    let speech = (heard.as_secs_f64() + NEW_SOUND * factor) / TURN;
    let of_cores = cores as f64 * BUSY / (speech + LINE);
    let of_workers = workers as f64 * BUSY / speech.max(1e-6);
    of_cores.min(of_workers).max(1.0) as u32
}

/// How [`calls`] reckons, for people.
pub const RECKONED: &str = "calls at once: reckoned for a turn every 6 s with 2 s of the caller and 1.5 s of new sound of the bot, \
                            every answer heard by pocketsphinx and the first of the other recognisers, processors \
                            busy to 70 %";

#[cfg(test)]
mod tests {
    use super::*;
    use media::asr::scripted;
    use media::tts::scripted::{Manner, Scripted};

    #[test]
    fn calls_follow_from_what_a_turn_takes() {
        // 0.6 s for each answer: one core is busy to 70 % with seven of them in six seconds.
        assert_eq!(calls(Duration::from_millis(600), 0.0, 4, 1), 7);
        // Four workers on four cores, less what the lines take.
        assert_eq!(calls(Duration::from_millis(600), 0.0, 4, 4), 26);
        assert_eq!(calls(Duration::from_millis(50), 0.05, 2, 2), 51);
        assert_eq!(calls(Duration::from_secs(60), 1.0, 2, 2), 1, "never none: a call is answered, if late");
    }

    #[test]
    fn a_voice_and_a_recogniser_are_measured_by_what_they_do() {
        let voice_engine = Scripted::new(Manner::Prompt);
        let speaking = voice(&voice_engine, Language::En).unwrap();
        assert!(speaking.factor > 0.0 && speaking.first_sound < Duration::from_secs(10), "{speaking:?}");
        let pcm = utterance([&voice_engine as &dyn Synthesiser], Language::En);
        assert_eq!(pcm.len(), 32_000);
        assert_eq!(utterance([], Language::Vi).len(), 32_000);
        let hearing = recogniser(&scripted::Scripted::always("yes"), Language::En, &pcm).unwrap();
        assert!(hearing.wait <= hearing.work, "{hearing:?}");
        let broken = scripted::Scripted::always("yes").with(scripted::Trouble::FailOnOpen);
        assert!(recogniser(&broken, Language::En, &pcm).is_err());
        assert!(voice(&Scripted::new(Manner::Fail), Language::En).is_err());
    }
}
