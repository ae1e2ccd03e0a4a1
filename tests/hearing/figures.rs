//! The figures of docs/media.md on recognition: `make hearing` prints them.
//!
//! What a bot does about an answer counts: it acts on it, asks about it, or says that it did not understand. Speakers are in
//! rows of their own: thresholds were chosen on `slt`, `kal16`, `rms` and the people's clips, not on `awb` and espeak-ng.
use super::sound::{read, say, shared, through_the_ear};
use super::steps::{STAGES, Stage, meaning, understood};
use super::{BOOKING, ask, bot, english, hear, whisper};
use dialog::bot::Bot;
use media::Language;
use media::asr::fused::Fused;
use media::asr::zipformer::{Zipformer, ZipformerPlan};
use media::asr::{Hypothesis, Recogniser};
use media::testkit::phrases::{OUTSIDE, VIETNAMESE};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Answers, by what the bot does about them.
#[derive(Default)]
struct Row {
    right: usize,
    right_asked: usize,
    not_understood: usize,
    wrong_asked: usize,
    wrong: usize,
    took: Vec<Duration>,
}

impl Row {
    fn add(&mut self, bot: &Arc<Bot>, stage: &Stage, said: Option<&str>, heard: &Hypothesis) {
        let wanted = said.map(|said| meaning(bot, stage, said));
        let count = match understood(bot, stage, heard) {
            None => &mut self.not_understood,
            Some((known, true)) if Some(&known) == wanted.as_ref() => &mut self.right,
            Some((known, false)) if Some(&known) == wanted.as_ref() => &mut self.right_asked,
            Some((_, true)) => &mut self.wrong,
            Some((_, false)) => &mut self.wrong_asked,
        };
        *count += 1;
    }

    fn print(mut self, engine: &str, callers: &str) {
        self.took.sort_unstable();
        let all = self.took.len();
        let at = |share: usize| self.took.get(all * share / 100).copied().unwrap_or_default().as_millis();
        println!(
            "| {engine} | {callers} | {all} | {} | {} | {} | {} | {} | {} / {} |",
            self.right,
            self.right_asked,
            self.not_understood,
            self.wrong_asked,
            self.wrong,
            at(50),
            at(95)
        );
    }
}

/// One who says something at a stage.
pub struct Said {
    pub stage: &'static Stage,
    /// `None`: nothing that the stage expects.
    pub words: Option<&'static str>,
    pub pcm: Vec<i16>,
}

/// The voice with another talker 12 dB below it.
fn before_a_television(pcm: &[i16]) -> Vec<i16> {
    let power = |pcm: &[i16]| pcm.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / pcm.len().max(1) as f64;
    let talker = [OUTSIDE[0], OUTSIDE[7], OUTSIDE[14]].map(|text| say("rms", text)).concat();
    let gain = (power(pcm) / power(&talker)).sqrt() * 10f64.powf(-12.0 / 20.0);
    let mixed = pcm.iter().zip(talker.iter().cycle()).map(|(a, b)| f64::from(*a) + gain * f64::from(*b));
    mixed.map(|sample| sample.clamp(-32_000.0, 32_000.0) as i16).collect()
}

pub fn answers(voice: &str) -> Vec<Said> {
    let all = STAGES.iter().flat_map(|stage| stage.said.iter().map(move |said| (stage, *said)));
    all.map(|(stage, said)| Said { stage, words: Some(said), pcm: say(voice, said) }).collect()
}

pub fn people() -> Vec<Said> {
    let Some(dir) = shared("speech/en") else { return Vec::new() };
    let clips = BOOKING.into_iter().filter(|(_, _, clip)| !clip.is_empty());
    let said = clips.map(|(name, said, clip)| Said {
        stage: STAGES.iter().find(|stage| stage.name == name).expect("a stage"),
        words: Some(said),
        pcm: read(&dir.join(clip).with_extension("wav")),
    });
    said.collect()
}

fn other_speech(voice: &str) -> Vec<Said> {
    let stages = STAGES.iter().filter(|stage| ["task", "people", "review"].contains(&stage.name));
    stages.flat_map(|stage| OUTSIDE.map(|text| Said { stage, words: None, pcm: say(voice, text) })).collect()
}

pub const PLACE: Stage = Stage { name: "place", before: &[], said: &[] };
pub const REVIEW: Stage = Stage { name: "review", before: &["khách sạn"], said: &[] };

pub fn vietnamese_people() -> Vec<Said> {
    let Some(dir) = shared("speech/vi") else { return Vec::new() };
    let stage = |said: &str| if ["đúng", "không"].contains(&said) { &REVIEW } else { &PLACE };
    let clips =
        VIETNAMESE.into_iter().flat_map(|(stem, said)| (1..=5).map(move |i| (format!("{stem}00{i}.wav"), said)));
    clips.map(|(clip, said)| Said { stage: stage(said), words: Some(said), pcm: read(&dir.join(clip)) }).collect()
}

pub fn row(name: &str, engine: &dyn Recogniser, bot: &Arc<Bot>, language: Language, callers: &str, said: &[Said]) {
    let mut row = Row::default();
    for said in said {
        let (ask, pcm) = (ask(bot, said.stage, language), through_the_ear(&said.pcm));
        let began = Instant::now();
        let heard = hear(engine, &ask, &pcm);
        row.took.push(began.elapsed());
        row.add(bot, said.stage, said.words, &heard);
    }
    if !said.is_empty() {
        row.print(name, callers);
    }
}

/// What would come of pocketsphinx's answers if it were believed from each of these confidences on: on the voices and clips that thresholds
/// are chosen with.
#[test]
#[ignore = "prints figures: make hearing"]
fn figures_of_confidence() {
    let Some(engine) = english() else { return };
    let bot = bot("booking.en.toml");
    let (mut right, mut wrong, mut outside) = (Vec::new(), Vec::new(), Vec::new());
    for voice in ["slt", "kal16", "rms"] {
        for said in answers(voice).into_iter().chain(other_speech(voice)) {
            let heard = hear(&**engine, &ask(&bot, said.stage, Language::En), &through_the_ear(&said.pcm));
            let known = understood(&bot, said.stage, &heard).map(|(known, _)| known);
            match (known, said.words) {
                (None, _) => {}
                (Some(_), None) => outside.push(heard.confidence),
                (Some(known), Some(words)) if known == meaning(&bot, said.stage, words) => right.push(heard.confidence),
                (Some(_), Some(_)) => wrong.push(heard.confidence),
            }
        }
    }
    println!("| believed from | right (of 174) | wrong | other speech (of 216) |\n|---|---|---|---|");
    for least in [0.5, 0.7, 0.8, 0.85, 0.9, 0.95, 0.97, 0.99] {
        let [right, wrong, outside] =
            [&right, &wrong, &outside].map(|all| all.iter().filter(|confidence| **confidence >= least).count());
        println!("| {least} | {right} | {wrong} | {outside} |");
    }
}

/// The zipformer model of a language, where it has been fetched.
fn zipformer(language: Language) -> Option<Zipformer> {
    let dir = whisper::models()?.join(format!("zipformer-{}", language.code()));
    if !dir.exists() {
        println!("skipped: {} is not there; `switchboard models get` fetches it", dir.display());
        return None;
    }
    Some(Zipformer::load(ZipformerPlan::new(language, dir)).expect("a model that loads"))
}

#[test]
#[ignore = "prints figures: make hearing"]
fn figures() {
    let booking = bot("booking.en.toml");
    let (grammar, whisper) = (english(), whisper::base());
    let (zipformer, vietnamese) = (zipformer(Language::En), zipformer(Language::Vi));
    let both = grammar.zip(whisper).map(|(first, second)| Fused::new("both", first.clone(), second.clone()));
    let engines: Vec<(&str, &dyn Recogniser)> = [
        grammar.map(|engine| ("pocketsphinx", &**engine as &dyn Recogniser)),
        whisper.map(|engine| ("Whisper base", &**engine as &dyn Recogniser)),
        both.as_ref().map(|engine| ("both", engine as &dyn Recogniser)),
        zipformer.as_ref().map(|engine| ("zipformer", engine as &dyn Recogniser)),
    ]
    .into_iter()
    .flatten()
    .collect();
    println!(
        "| engine | callers | said | acted on rightly | asked rightly | not understood | asked wrongly | acted on wrongly | ms, p50 / p95 |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    let mut callers: Vec<(String, Vec<Said>)> = vec![("people, English".into(), people())];
    for voice in ["slt", "awb", "en-us", "en-gb"] {
        callers.push((format!("{voice}, every answer"), answers(voice)));
    }
    let mut beside = answers("awb");
    beside.extend(people());
    beside.iter_mut().for_each(|said| said.pcm = before_a_television(&said.pcm));
    callers.push(("awb and people, a talker 12 dB below".into(), beside));
    callers.push(("awb, other speech".into(), other_speech("awb")));
    for (name, engine) in &engines {
        for (who, said) in &callers {
            row(name, *engine, &booking, Language::En, who, said);
        }
    }
    let vietnamese = [
        whisper.map(|engine| ("Whisper base", &**engine as &dyn Recogniser)),
        vietnamese.as_ref().map(|engine| ("zipformer", engine as &dyn Recogniser)),
    ];
    for (name, engine) in vietnamese.into_iter().flatten() {
        row(name, engine, &bot("places.vi.toml"), Language::Vi, "people, Vietnamese", &vietnamese_people());
    }
}
