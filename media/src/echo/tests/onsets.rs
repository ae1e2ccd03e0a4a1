//! Callers who begin in a bot's first two seconds: in two languages, people and synthetic voices, with an echo and without.
use super::{ear, models, place};
use crate::Language;
use crate::Rate;
use crate::asr::pocketsphinx::{Model, PocketSphinx, Spelling};
use crate::asr::{Ask, Cue, Expect, Listen, Recogniser};
use crate::ear::suppressor::Suppression;
use crate::ear::{Ear, EarPlan, EchoControl};
use crate::noise::rms;
use crate::testkit::acoustics::{Acoustics, Place};
use crate::testkit::labelled;
use crate::testkit::ticks::{Tape, admit, frame};
use crate::testkit::{phrases, voices};
use crate::vad::{Edge, Models};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

/// Samples of quiet before the bot's first sound.
const LEAD: usize = 8_000;
const NO_ECHO_DB: f32 = 60.0;
const BOOKING: &str = include_str!("../../asr/pocketsphinx/booking.jsgf");
/// Of [`phrases::VIETNAMESE`], what needs no lexicon.
const PLACES: &str = "#JSGF V1.0; grammar p; public <p> = cà phê | khách sạn | mát xa | đúng | không | trở lại;";

/// What somebody says, and where in it (samples) speech begins and ends.
struct Clip {
    pcm: Vec<i16>,
    speech: (usize, usize),
}

impl Clip {
    fn new(pcm: Vec<i16>) -> Self {
        let speech = labelled::Clip::new(&pcm, 8_000).map(|clip| clip.speech).unwrap_or_default();
        let at = |piece: Option<usize>| piece.unwrap_or(0) * 80;
        let speech = (at(speech.iter().position(|yes| *yes)), at(speech.iter().rposition(|yes| *yes)));
        Self { pcm, speech }
    }
}

#[derive(Debug)]
struct Outcome {
    /// Seconds from where the caller's speech begins to where it is noticed, and from where it ends.
    noticed: Option<(f32, f32)>,
    /// Starts of speech while nobody but the bot spoke.
    extra: usize,
}

/// A caller whose speech begins `onset_ms` after the bot's first sound. The bot ducks once it is noticed and holds 0.3 s later.
fn call(models: &Models, place: Place, bot: Option<&[i16]>, clip: &Clip, onset_ms: usize) -> (Outcome, Tape) {
    let begins = (LEAD + onset_ms * 8).saturating_sub(clip.speech.0);
    let (begin, end) = (begins + clip.speech.0, begins + clip.speech.1);
    let seconds = |sample: usize| sample as f32 / 8_000.0;
    let (mut phone, mut ear, tape) = (Acoustics::new(place), ear(models, EchoControl::On), Tape::default());
    let (mut outcome, mut since) = (Outcome { noticed: None, extra: 0 }, None);
    for tick in 0..(begins + clip.pcm.len()) / 160 + 40 {
        let gain = match since {
            None => 1.0,
            Some(since) if tick < since + 15 => 0.3,
            Some(_) => 0.0,
        };
        let far = bot.and_then(|bot| bot.get((tick * 160).checked_sub(LEAD)?..)).unwrap_or_default();
        let far: Vec<i16> = (0..160).map(|n| (f32::from(far.get(n).copied().unwrap_or(0)) * gain) as i16).collect();
        let from = (tick * 160).checked_sub(begins).unwrap_or(clip.pcm.len()).min(clip.pcm.len());
        let said = &clip.pcm[from..(from + 160).min(clip.pcm.len())];
        let near = frame(tick, Rate::Hz8000, &phone.tick(&far, said));
        let near = admit(&mut ear, near, frame(tick, Rate::Hz8000, &far));
        if tick * 160 == LEAD {
            ear.listen(Some(Box::new(tape.clone())));
        }
        if let Some(Edge::Start { .. }) = ear.hear(&near) {
            let now = seconds((tick + 1) * 160);
            if now <= seconds(begins) {
                outcome.extra += 1;
            } else if outcome.noticed.is_none() {
                // Some begin to breathe before they begin to speak.
                outcome.noticed = Some(((now - seconds(begin)).max(0.0), now - seconds(end)));
                since = Some(tick);
            }
        }
    }
    (outcome, tape)
}

fn bot(number: usize) -> Vec<i16> {
    if number.is_multiple_of(2) { voices::talk(number, 6.0) } else { voices::talk_vietnamese(number, 6.0) }
}

/// What callers say: synthetic voices and, where their recordings are present, people who speak English and Vietnamese.
fn clip(number: usize) -> Clip {
    let people = voices::people();
    let person = people.get((number * 11) % people.len().max(1)).filter(|_| !number.is_multiple_of(3));
    let pcm = person.map_or_else(|| voices::reply(number / 3), |(_, pcm)| pcm.clone());
    Clip::new(pcm[..pcm.len().min(24_000)].to_vec())
}

fn fused() -> Option<Models> {
    models().into_iter().find(Models::are_fused)
}

fn line(loss_db: f32, number: usize) -> Place {
    let ms = [70, 150, 270, 410][number % 4] + (number as u64 * 7) % 30;
    Place { seed: 700 + number as u64, ..place(loss_db, ms) }
}

#[test]
fn who_speaks_in_the_bots_first_two_seconds_on_a_clean_line_is_noticed_within_400_ms_at_every_onset_and_heard_once() {
    let Some(models) = fused() else { return };
    for (number, onset_ms) in (0..42).map(|number| (number, number / 2 * 100)) {
        let (place, bot, clip) = (line(NO_ECHO_DB, number), bot(number), clip(number));
        let (outcome, tape) = call(&models, place, Some(&bot), &clip, onset_ms);
        assert!(
            outcome.extra == 0 && outcome.noticed.is_some_and(|(after, _)| after <= 0.401),
            "caller {number} at {onset_ms} ms: {outcome:?}"
        );
        let (_, alone) = call(&models, place, None, &clip, onset_ms);
        let seconds = |tape: Tape| tape.take().len() as f32 / 16_000.0;
        let (over, alone) = (seconds(tape), seconds(alone));
        assert!((over - alone).abs() < 0.5, "caller {number} at {onset_ms} ms: {over} s, in quiet {alone} s");
    }
}

#[test]
fn who_speaks_in_the_bots_first_two_seconds_into_a_speakerphone_is_heard_when_the_clause_ends_at_the_latest() {
    let Some(models) = fused() else { return };
    for loss_db in [20.0, 15.0, 10.0] {
        let (mut soon, mut late) = (0, Vec::new());
        for (number, onset_ms) in (0..42).map(|number| (number, number / 2 * 100)) {
            let (outcome, _) = call(&models, line(loss_db, number), Some(&bot(number)), &clip(number), onset_ms);
            soon += usize::from(outcome.noticed.is_some_and(|(after, _)| after <= 0.401));
            if outcome.extra > 0 || outcome.noticed.is_none_or(|(_, past)| past > 0.3) {
                late.push((number, onset_ms, outcome));
            }
        }
        println!("echo {loss_db} dB down: {soon} of 42 noticed within 400 ms");
        assert!(soon >= 40 && late.len() <= 1, "echo {loss_db} dB down: {soon} of 42 within 400 ms; {late:?}");
    }
}

/// Records each cue with its tick: `b` for begin, `s` for sound, `p` for pause.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<CueTicks>>);

#[derive(Default)]
struct CueTicks {
    now: usize,
    cues: Vec<(usize, char)>,
}

impl Listen for Notes {
    fn cue(&mut self, cue: Cue) {
        let mut ticks = self.0.lock().unwrap();
        let now = ticks.now;
        ticks.cues.push(match cue {
            Cue::Above { .. } => return,
            Cue::Begin { .. } => (now, 'b'),
            Cue::Anew { .. } => (now, 'a'),
            Cue::Sound(_) => (now, 's'),
            Cue::Pause { .. } => (now, 'p'),
        });
    }
}

#[test]
fn words_over_a_bots_first_seconds_are_handed_on_as_a_whole_when_they_pause_and_later_ones_as_they_come() {
    let Some(models) = fused() else { return };
    let (bot, reply, notes) = (voices::talk(2, 14.0), voices::reply(0), Notes::default());
    let (mut phone, mut ear) = (Acoustics::new(line(15.0, 3)), ear(&models, EchoControl::On));
    let begins = [LEAD + 6_400, LEAD + 80_000];
    for (tick, far) in bot.chunks_exact(160).enumerate() {
        notes.0.lock().unwrap().now = tick;
        let said: Vec<i16> = (tick * 160..tick * 160 + 160)
            .map(|n| begins.iter().find_map(|begin| reply.get(n.checked_sub(*begin)?)).copied().unwrap_or(0))
            .collect();
        let near = frame(tick, Rate::Hz8000, &phone.tick(far, &said));
        let near = admit(&mut ear, near, frame(tick, Rate::Hz8000, far));
        if begins.iter().any(|begin| tick == begin / 160 - 10) {
            ear.listen(Some(Box::new(notes.clone())));
        }
        ear.hear(&near);
    }
    let notes = &notes.0.lock().unwrap().cues;
    let of = |begin: usize| -> Vec<(usize, char)> {
        notes.iter().copied().filter(|(tick, _)| tick.abs_diff(begin / 160) < 150).collect()
    };
    let (first, later) = (of(begins[0]), of(begins[1]));
    let sounds = |of: &[(usize, char)]| of.iter().filter(|(_, cue)| *cue == 's').count();
    let pauses = |of: &[(usize, char)]| of.iter().filter(|(_, cue)| *cue == 'p').count();
    assert!(pauses(&first) > 0 && sounds(&first) == pauses(&first), "{first:?}");
    let whole = first.windows(2).filter(|two| two[1].1 == 'p').all(|two| two[0] == (two[1].0, 's'));
    assert!(whole, "the sound comes with its pause: {first:?}");
    assert!(sounds(&later) > 20, "{later:?}");
}

#[test]
fn noise_is_taken_out_of_words_over_a_bots_first_seconds_as_well() {
    let Some(models) = fused() else { return };
    let (bot, reply) = (voices::talk(2, 4.0), voices::reply(0));
    let heard = |noise: Suppression| -> Vec<i16> {
        let plan = EarPlan { echo: EchoControl::On, noise, ..EarPlan::default() };
        let place = Place { noise: 150.0, ..line(20.0, 3) };
        let (mut phone, mut ear, tape) = (Acoustics::new(place), Ear::new(plan, &models), Tape::default());
        ear.listen(Some(Box::new(tape.clone())));
        for tick in 0..300 {
            let piece = |of: &[i16], begins: usize| -> Vec<i16> {
                let at = |n: usize| n.checked_sub(begins).and_then(|n| of.get(n)).copied().unwrap_or(0);
                (tick * 160..tick * 160 + 160).map(at).collect()
            };
            let far = piece(&bot, LEAD);
            let near = frame(tick, Rate::Hz8000, &phone.tick(&far, &piece(&reply, LEAD + 6_400)));
            let near = admit(&mut ear, near, frame(tick, Rate::Hz8000, &far));
            ear.hear(&near);
        }
        tape.take()
    };
    let (off, firm) = (heard(Suppression::Off), heard(Suppression::Firm));
    assert!(off.len() > 8_000 && off.len().abs_diff(firm.len()) < 1_600, "{} and {} samples", off.len(), firm.len());
    let quietest = |pcm: &[i16]| pcm.chunks_exact(800).map(rms).fold(f32::INFINITY, f32::min);
    let (off, firm) = (quietest(&off), quietest(&firm));
    println!("noise {off:.0} as it came, {firm:.0} with suppression");
    assert!(firm < 0.7 * off, "{off} and {firm}");
}

/// A recogniser, what it is asked, and what its callers say.
type Callers = (PocketSphinx, Ask, Vec<(Vec<i16>, &'static str)>);

fn callers() -> Vec<Callers> {
    let mut callers = Vec::new();
    let mut add = |model: Model, language, grammar: &str, clips: Vec<_>| match PocketSphinx::load(model) {
        Ok(engine) if !clips.is_empty() => {
            let ask = Ask { language, expect: Expect::Grammar(grammar.into()), lexicon: Arc::default() };
            callers.push((engine, ask, clips));
        }
        Ok(_) => println!("skipped: no recordings in {language:?}"),
        Err(why) => println!("skipped: {why}"),
    };
    let english = [voices::said(&phrases::BOOKING), voices::recorded(&phrases::PEOPLE)].concat();
    add(Model::debian_english(), Language::En, BOOKING, english);
    let hmm = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/models/vi-places");
    let model = Model::telephone(Language::Vi, &hmm, &hmm.join("places.dict"), Spelling::Telex);
    let places: Vec<_> = phrases::VIETNAMESE.into_iter().filter(|(_, words)| PLACES.contains(words)).collect();
    add(model, Language::Vi, PLACES, voices::recorded(&places));
    callers
}

#[test]
fn the_words_of_who_speaks_in_the_bots_first_two_seconds_are_understood_nearly_as_if_the_bot_were_silent() {
    let Some(models) = fused() else { return };
    // Synthetic voices, which are all there is without the recordings, are harder to understand.
    let (no_echo, echo) = if voices::recorded(&phrases::PEOPLE).is_empty() { (0.9, 0.7) } else { (0.95, 0.84) };
    for (engine, ask, clips) in callers() {
        for (loss_db, least) in [(NO_ECHO_DB, no_echo), (20.0, echo)] {
            let (mut clear, mut missed) = (0, Vec::new());
            for number in 0..42 {
                let (onset_ms, (pcm, text)) = (number / 2 * 100, &clips[(number * 5) % clips.len()]);
                let clip = Clip::new(pcm.clone());
                let said = match ask.language {
                    Language::En => voices::talk(number, 6.0),
                    Language::Vi => voices::talk_vietnamese(number, 6.0),
                };
                let understood = |bot| {
                    let (_, tape) = call(&models, line(loss_db, number), bot, &clip, onset_ms);
                    let mut hearing = engine.open(&ask).unwrap();
                    hearing.keep(&tape.take()).unwrap();
                    hearing.finish().unwrap().text.as_deref() == Some(*text)
                };
                if understood(None) {
                    clear += 1;
                    if !understood(Some(said.as_slice())) {
                        missed.push((number, onset_ms, *text));
                    }
                }
            }
            println!("{:?}, echo {loss_db} dB down: {} of {clear} not understood", ask.language, missed.len());
            assert!(clear >= 25, "{clear} understood where the bot is silent: the test shows nothing");
            let share = 1.0 - missed.len() as f32 / clear as f32;
            assert!(share >= least, "{:?}, echo {loss_db} dB down: {share} of {clear}; {missed:?}", ask.language);
        }
    }
}
