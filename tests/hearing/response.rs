//! How long a caller waits for the bot: from the end of the words to the bot's first sound, in a call of simulated time in which
//! recogniser and voice take the processor time that they took. What the other threads of a server need is not in it.
use super::figures::{Said, answers, people, vietnamese_people};
use super::simulated::{Call, STEP, Work, language_of, processor_time};
use super::{ask, bot, english, hear, whisper};
use crate::sound::{TICK, through_the_ear};
use dialog::bot::Bot;
use dialog::conversation::Output;
use media::asr::fused::Fused;
use media::asr::{Abort, Ask, AsrFault, Caps, Hearing, Hypothesis, Recogniser};
use media::tts::flite::Flite;
use media::tts::{Synthesiser, Voice};
use media::{Language, Rate};
use std::ops::ControlFlow::{Break, Continue};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

/// Counts the results that a recogniser was asked for.
struct Counted {
    engine: Arc<dyn Recogniser>,
    asked: Arc<AtomicUsize>,
}

struct CountedHearing {
    hearing: Box<dyn Hearing>,
    asked: Arc<AtomicUsize>,
}

impl Recogniser for Counted {
    fn name(&self) -> &'static str {
        self.engine.name()
    }
    fn caps(&self, language: Language) -> Option<Caps> {
        self.engine.caps(language)
    }
    fn check(&self, ask: &Ask) -> Result<(), AsrFault> {
        self.engine.check(ask)
    }
    fn open(&self, ask: &Ask) -> Result<Box<dyn Hearing>, AsrFault> {
        Ok(Box::new(CountedHearing { hearing: self.engine.open(ask)?, asked: self.asked.clone() }))
    }
}

impl Hearing for CountedHearing {
    fn sound(&mut self, pcm: &[i16]) -> Result<Option<String>, AsrFault> {
        self.hearing.sound(pcm)
    }
    fn keep(&mut self, pcm: &[i16]) -> Result<(), AsrFault> {
        self.hearing.keep(pcm)
    }
    fn finish(&mut self) -> Result<Hypothesis, AsrFault> {
        self.asked.fetch_add(1, Relaxed);
        self.hearing.finish()
    }
    fn look_ahead(&mut self) -> Result<(), AsrFault> {
        self.hearing.look_ahead()
    }
    fn abort_by(&mut self, abort: &Abort) {
        self.hearing.abort_by(abort);
    }
}

/// The processor time that a voice takes to its first sound; nothing for what a server has said before.
fn first_sound(bot: &Bot, text: &str) -> Duration {
    if bot.language != dialog::bot::Language::En || bot.prompts().iter().any(|prompt| prompt == text) {
        return Duration::ZERO;
    }
    let voice = Voice { language: Language::En, name: "rms".into(), rate: Rate::Hz8000 };
    let before = processor_time();
    let heard =
        Flite::load().speak(&voice, text, &mut |chunk| if chunk.pcm.is_empty() { Continue(()) } else { Break(()) });
    heard.expect("a voice");
    processor_time().saturating_sub(before)
}

/// The time from the end of the words to the bot's first sound; `None` where the bot says nothing for five seconds.
fn response(engine: &dyn Recogniser, bot: &Arc<Bot>, said: &Said, work: Work) -> Option<Duration> {
    let mut call = Call::new(engine, bot, said.stage.before, work);
    let end = 6_400 + said.pcm.iter().rposition(|sample| sample.unsigned_abs() > 150).unwrap_or(0);
    let line: Vec<i16> = [&[0; 6_400][..], &said.pcm, &[0; 40_000]].concat();
    for (index, tick) in line.chunks(TICK).enumerate() {
        let said = call.tick(tick).into_iter().find_map(|output| match output {
            Output::Say { clause, .. } => Some(first_sound(bot, clause.said())),
            _ => None,
        });
        if let Some(voice) = said {
            // What the tick holds has arrived at its end.
            let now = STEP * (index as u32 + 1);
            return Some(now.saturating_sub(Duration::from_micros(end as u64 * 125)) + voice);
        }
    }
    None
}

/// The median and the 95th percentile, in milliseconds.
fn percentiles(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let at = |share: usize| times.get(times.len() * share / 100).map_or(0, Duration::as_millis);
    format!("{} | {} / {}", times.len(), at(50), at(95))
}

fn rows(name: &str, engine: &dyn Recogniser, asked: &AtomicUsize, bot: &Arc<Bot>, said: &[Said]) {
    for (work, how) in [(Work::AtPauses, "from the pause on"), (Work::Ahead, "ahead of the pause")] {
        let (mut sure, mut doubted) = (Vec::new(), Vec::new());
        for said in said {
            // A server that has heard some calls knows what Whisper makes of silence.
            hear(engine, &ask(bot, said.stage, language_of(bot)), &through_the_ear(&said.pcm));
            let before = asked.load(Relaxed);
            let Some(time) = response(engine, bot, said, work) else { continue };
            if asked.load(Relaxed) == before { sure.push(time) } else { doubted.push(time) }
        }
        println!("| {name} | {how} | {} | {} |", percentiles(sure), percentiles(doubted));
    }
}

/// `cargo test --workspace --test hearing -- --ignored --nocapture figures_of_responses`
#[test]
#[ignore = "prints figures: make hearing"]
fn figures_of_responses() {
    let Some(second) = whisper::base() else { return };
    let asked = Arc::new(AtomicUsize::new(0));
    let second = Arc::new(Counted { engine: second.clone(), asked: asked.clone() });
    println!("| callers | Whisper works | sure turns | ms, p50 / p95 | doubted turns | ms, p50 / p95 |");
    println!("|---|---|---|---|---|---|");
    if let Some(first) = english() {
        let both = Fused::new("both", first.clone(), second.clone());
        let booking = bot("booking.en.toml");
        rows("people, English", &both, &asked, &booking, &people());
        for voice in ["awb", "en-us"] {
            rows(&format!("{voice}, every answer"), &both, &asked, &booking, &answers(voice));
        }
    }
    rows("people, Vietnamese", &*second, &asked, &bot("places.vi.toml"), &vietnamese_people());
}
