//! What `switchboard check` measures: each engine on this machine, the calls it carries, and what to choose.
use crate::config::Speech;
use crate::console;
use crate::engines::Engines;
use crate::measure::{self, RecogniserCost, VoiceCost};
use crate::models::catalogue::{self, MODELS, ModelKind};
use crate::models::megabytes;
use media::Language;
use media::asr::Recogniser;
use media::tts::Synthesiser;
use std::collections::HashMap;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

/// What is not measured by then is left out.
const LIMIT: Duration = Duration::from_secs(12);
/// Longer than this after the caller's last word, an answer is late.
const LATE: Duration = Duration::from_millis(1_000);

/// Measures on a thread of its own, for an engine may hang, and prints each line as it comes.
pub fn run(speech: Speech, engines: Arc<Engines>) -> anyhow::Result<()> {
    let (lines, measured) = mpsc::sync_channel(64);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let began = Instant::now();
    let has_whisper = speech.whisper.model.as_ref().is_some_and(|model| model.exists());
    let measuring = std::thread::Builder::new().name("measure".into());
    measuring.spawn(move || {
        let mut measuring =
            Measuring { speech, engines, cores, lines, has_whisper, heard: HashMap::new(), spoken: vec![] };
        let _ = Language::ALL.into_iter().try_for_each(|language| measuring.language(language));
        let _ = measuring.choose();
    })?;
    let s = if cores == 1 { "" } else { "s" };
    console::say(format_args!("\nMeasured here, on one of {cores} core{s}, 2 s of speech:"))?;
    loop {
        match measured.recv_timeout(LIMIT.saturating_sub(began.elapsed())) {
            Ok(line) => console::say(format_args!("  {line}"))?,
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
            Err(mpsc::RecvTimeoutError::Timeout) => {
                console::say(format_args!("  the rest takes longer than {} s", LIMIT.as_secs()))?;
                if has_whisper {
                    console::say(format_args!("  choose: a smaller Whisper model suits this machine"))?;
                }
                break;
            }
        }
    }
    console::say(format_args!("  ({})", measure::RECKONED))
}

/// Recognisers of free speech.
const FREE: [&str; 2] = ["zipformer", "whisper"];

/// Nobody reads the lines any more.
struct Unread;

struct Measuring {
    speech: Speech,
    engines: Arc<Engines>,
    cores: usize,
    lines: mpsc::SyncSender<String>,
    /// The file of the Whisper model is there.
    has_whisper: bool,
    /// By the engine's address: one engine may hear several languages.
    heard: HashMap<usize, RecogniserCost>,
    /// The voices of each language, in their order.
    spoken: Vec<(Language, Vec<(&'static str, VoiceCost)>)>,
}

impl Measuring {
    fn say(&self, line: String) -> Result<(), Unread> {
        self.lines.send(line).map_err(|_| Unread)
    }

    fn language(&mut self, language: Language) -> Result<(), Unread> {
        let (ears, voices) = (self.engines.ears(language), self.engines.voices(language));
        let speakers = voices.engines().iter().map(|voice| voice.as_ref() as &dyn Synthesiser);
        let pcm = measure::utterance(speakers, language);
        let (name, mut works) = (language.name(), Vec::new());
        // A fused recogniser is two engines, which are measured separately.
        for ear in ears.engines().iter().filter(|ear| !ear.name().contains('+')) {
            if let Some(hearing) = self.hearing(ear, language, &pcm)? {
                works.push((hearing.work, ear.name()));
            }
        }
        let mut spoken_by = Vec::new();
        for voice in voices.engines() {
            match measure::voice(voice.as_ref(), language) {
                Ok(speaking) => {
                    spoken_by.push((voice.name(), speaking));
                    self.say(spoken(name, voice.name(), speaking))?;
                }
                Err(why) => self.say(format!("{name}, {}: {why}", voice.name()))?,
            }
        }
        let first = spoken_by.first().map(|(_, speaking)| *speaking);
        self.spoken.push((language, spoken_by));
        let (Some(voice), Some((least, surest))) = (first, works.iter().min()) else { return Ok(()) };
        let calls = |heard: Duration| measure::calls(heard, voice.factor, self.cores, self.speech.workers(self.cores));
        // Of two recognisers of free speech the first is asked; the other stands by for its failures.
        let second = works.iter().map(|(_, name)| *name).find(|name| FREE.contains(name));
        let asked = works.iter().filter(|(_, name)| !FREE.contains(name) || second == Some(*name));
        let carried = calls(asked.map(|(work, _)| *work).sum());
        let more = match works.len() {
            1 => String::new(),
            _ => format!(", {} while {surest} is sure of what it hears", calls(*least)),
        };
        self.say(format!("{name}: about {carried} calls at once{more}"))
    }

    fn hearing(
        &mut self,
        ear: &Arc<dyn Recogniser>,
        language: Language,
        pcm: &[i16],
    ) -> Result<Option<RecogniserCost>, Unread> {
        let address = Arc::as_ptr(ear).cast::<()>().addr();
        if let Some(known) = self.heard.get(&address) {
            return Ok(Some(*known));
        }
        let name = language.name();
        match measure::recogniser(ear.as_ref(), language, pcm) {
            Ok(hearing) => {
                self.heard.insert(address, hearing);
                self.say(heard(name, ear.name(), hearing))?;
                Ok(Some(hearing))
            }
            Err(why) => self.say(format!("{name}, {}: {why}", ear.name())).map(|()| None),
        }
    }

    fn choose(&self) -> Result<(), Unread> {
        for (language, voices) in &self.spoken {
            if let Some(advice) = voice_advice(*language, voices) {
                self.say(advice)?;
            }
        }
        let file = self.speech.whisper.model.as_deref().and_then(|model| model.file_name()?.to_str());
        let engine = self
            .engines
            .ears(Language::En)
            .engines()
            .iter()
            .chain(self.engines.ears(Language::Vi).engines())
            .find(|ear| ear.name() == "whisper")
            .cloned();
        let took = engine.and_then(|engine| self.heard.get(&Arc::as_ptr(&engine).cast::<()>().addr()).copied());
        if took.is_none() && self.has_whisper {
            return self
                .say("choose: the Whisper model is there and not in use: see above, or [speech.recognisers]".into());
        }
        self.say(advice(file, took))
    }
}

fn heard(language: &str, engine: &str, hearing: RecogniserCost) -> String {
    let (wait, work) = (hearing.wait.as_secs_f64(), hearing.work.as_secs_f64());
    format!("{language}, {engine}: heard {wait:.2} s after its end, {work:.2} s of work")
}

fn spoken(language: &str, engine: &str, speaking: VoiceCost) -> String {
    let first = speaking.first_sound.as_millis();
    format!("{language}, {engine}: first sound after {first} ms, {:.2} s of work for a second", speaking.factor)
}

/// Sound made slower than this, in seconds of work for one, leaves no time for other calls.
const SLOW_VOICE: f64 = 0.5;
/// A first sound that comes later than this is heard as hesitation.
const LATE_SOUND: Duration = Duration::from_millis(300);

/// What to choose for the voices of a language, in their order; nothing where they suit this machine.
fn voice_advice(language: Language, voices: &[(&'static str, VoiceCost)]) -> Option<String> {
    let (name, code) = (language.name(), language.code());
    let neural = catalogue::MODELS.iter().find(|model| model.task == ModelKind::Piper(language))?;
    match voices.first()? {
        (engine @ ("kokoro" | "piper"), cost) if cost.factor > SLOW_VOICE || cost.first_sound > LATE_SOUND => {
            Some(format!(
                "choose: {engine} is slow here; name it after the others in speech.voices.{code}, or leave it out, and {name} is spoken at once"
            ))
        }
        _ if voices.iter().any(|(engine, _)| ["kokoro", "piper"].contains(engine)) => None,
        _ => Some(format!(
            "choose: `switchboard models get {} --use` ({}) gives {name} a neural voice",
            neural.name,
            megabytes(neural.bytes)
        )),
    }
}

/// Which Whisper model suits this machine; `file` is the one that is configured, `took` what it takes if it is loaded.
fn advice(file: Option<&str>, took: Option<RecogniserCost>) -> String {
    let Some(took) = took else {
        return "choose: `switchboard models get whisper-base` (82 MB) lets bots hear other voices, other words and Vietnamese".into();
    };
    let known = file.and_then(catalogue::by_file).and_then(|model| match model.task {
        ModelKind::Whisper { cost: Some(cost) } => Some((model, cost)),
        _ => None,
    });
    let seconds = took.wait.as_secs_f64();
    let Some((model, cost)) = known else {
        let verdict = if took.wait > LATE {
            "answers come late: a smaller model suits this machine"
        } else {
            "answers come in time"
        };
        return format!("choose: {verdict} ({seconds:.1} s)");
    };
    // Of the same languages, the sizes in q8_0 with what each would take here.
    let sizes = ["whisper-tiny", "whisper-base", "whisper-small"].map(|name| format!("{name}{}", english(model.name)));
    let reckoned = |name: &str| {
        let other = MODELS.iter().find(|model| model.name == name)?;
        let ModelKind::Whisper { cost: Some(other) } = other.task else { return None };
        Some(seconds * other / cost)
    };
    let best = sizes.iter().rev().find(|name| reckoned(name).is_some_and(|takes| takes <= LATE.as_secs_f64()));
    match best.or(sizes.first()) {
        Some(best)
            if *best != model.name
                && reckoned(best).is_some_and(|takes| takes < seconds * 0.9 || takes > seconds * 1.5) =>
        {
            format!(
                "choose: `switchboard models get {best}`, {:.1} s here; {} takes {seconds:.1}",
                reckoned(best).unwrap_or(seconds),
                model.name
            )
        }
        _ => {
            let larger = reckoned(&sizes[2]).filter(|_| !model.name.starts_with("whisper-small"));
            let larger = larger.map(|takes| format!("; {} would take {takes:.1} s", sizes[2])).unwrap_or_default();
            format!("choose: {} suits this machine{larger}", model.name)
        }
    }
}

fn english(name: &str) -> &'static str {
    if name.contains(".en") { ".en" } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn took(millis: u64) -> Option<RecogniserCost> {
        let wait = Duration::from_millis(millis);
        Some(RecogniserCost { wait, work: wait })
    }

    #[test]
    fn a_neural_voice_is_offered_where_there_is_none_and_advised_against_where_it_is_slow() {
        let cost = |first: u64, factor| VoiceCost { first_sound: Duration::from_millis(first), factor };
        let advice = |voices: &[(&'static str, VoiceCost)]| voice_advice(Language::En, voices);
        assert!(advice(&[("flite", cost(50, 0.04))]).unwrap().contains("get piper-kristin --use` (63.5 MB)"));
        assert!(voice_advice(Language::Vi, &[("espeak", cost(9, 0.01))]).unwrap().contains("piper-vais1000"));
        assert_eq!(advice(&[("piper", cost(110, 0.15)), ("flite", cost(50, 0.04))]), None);
        assert_eq!(advice(&[("flite", cost(50, 0.04)), ("kokoro", cost(1_900, 0.95))]), None);
        assert!(advice(&[("kokoro", cost(1_900, 0.95))]).unwrap().contains("kokoro is slow here"));
        assert_eq!(
            advice(&[("flite", cost(50, 0.04)), ("piper", cost(900, 0.15))]),
            None,
            "it is the second by choice"
        );
        for slow in [cost(900, 0.15), cost(100, 0.8)] {
            assert!(advice(&[("piper", slow)]).unwrap().contains("speech.voices.en"));
        }
        assert_eq!(advice(&[]), None);
    }

    #[test]
    fn what_to_choose_follows_from_what_the_configured_model_takes_here() {
        assert!(advice(None, None).contains("get whisper-base"));
        assert_eq!(
            advice(Some("ggml-base-q8_0.bin"), took(550)),
            "choose: whisper-base suits this machine; whisper-small would take 2.3 s"
        );
        // A fast machine carries more, a slow one less.
        assert!(advice(Some("ggml-base-q8_0.bin"), took(150)).contains("get whisper-small`, 0.6 s here"));
        assert!(advice(Some("ggml-base.en-q8_0.bin"), took(1_500)).contains("get whisper-tiny.en`, 0.8 s here"));
        assert!(advice(Some("ggml-small-q8_0.bin"), took(2_300)).contains("get whisper-base`"));
        assert_eq!(advice(Some("ggml-small-q8_0.bin"), took(700)), "choose: whisper-small suits this machine");
        // Too slow for any: the smallest.
        assert!(advice(Some("ggml-base-q8_0.bin"), took(9_000)).contains("whisper-tiny"));
        // How long this form takes beside the others is not known.
        assert!(advice(Some("ggml-base.bin"), took(700)).contains("in time"));
        assert!(advice(Some("mine.bin"), took(2_000)).contains("late"));
        assert!(advice(Some("mine.bin"), took(200)).contains("in time"));
    }
}
