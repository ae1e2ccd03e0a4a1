//! Noise suppression and levelling of the recogniser's sound, which change nothing else.
use super::scene::non_speech;
use super::*;

fn plan(noise: Suppression, level: Levelling) -> EarPlan {
    EarPlan { noise, level, ..EarPlan::default() }
}

/// Edges, and the cues of the listener.
fn run(plan: EarPlan, scene: &Scene) -> (Vec<(Edge, f64)>, CueLog) {
    let (log, mut ear) = (CueLog::default(), Ear::new(plan, models()));
    ear.listen(Some(Box::new(log.clone())));
    // Arrival times differ from run to run.
    let edges = scene.hear(&mut ear).into_iter().map(|(edge, noticed)| match edge {
        Edge::Start { at, .. } => (Edge::Start { at, arrived: None }, noticed),
        Edge::End { at, .. } => (Edge::End { at, arrived: None, voice: None }, noticed),
    });
    (edges.collect(), log)
}

const OFF: EarPlan = EarPlan {
    preroll: Duration::from_millis(300),
    start: Duration::from_millis(64),
    end: Duration::from_millis(200),
    echo: EchoControl::Off,
    noise: Suppression::Off,
    level: Levelling::Off,
};

#[test]
fn noise_suppression_changes_what_a_recogniser_gets_and_no_edge() {
    let Some(clip) = one() else { return println!("skipped: no synthesiser") };
    let scene = Scene::of(&[clip.clone(), clip.clone()], 1.0).noisy(150.0);
    let (edges, log) = run(OFF, &scene);
    let raw = log.sound();
    for noise in [Suppression::Mild, Suppression::Firm, Suppression::Strong] {
        let (same, log) = run(plan(noise, Levelling::Off), &scene);
        let clean = log.sound();
        assert_eq!((same, log.shape().as_str()), (edges.clone(), "bspbsp"), "{noise:?}");
        assert!(raw.len() - clean.len() < 256, "{noise:?}: {} of {}", clean.len(), raw.len());
        // The pre-roll is noise only, and the sound after it keeps its position.
        let sunk = 20.0 * (energy(&raw[..4_000]) / energy(&clean[..4_000])).log10() / 2.0;
        let dot: f64 = raw.iter().zip(&clean).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
        let alike = dot / (energy(&raw) * energy(&clean)).sqrt();
        println!("{noise:?}: noise {sunk:.1} dB lower, {alike:.4} alike");
        assert!(sunk > 3.0 && alike > 0.97, "{noise:?}: {sunk} dB, {alike}");
    }
}

#[test]
fn by_itself_a_quiet_line_is_left_alone_to_the_sample_and_a_noisy_one_is_cleaned() {
    let Some(clip) = one() else { return println!("skipped: no synthesiser") };
    for (rms, cleaned) in [(4.0, false), (300.0, true)] {
        let scene = Scene::of(std::slice::from_ref(clip), 1.0).noisy(rms);
        let sound = |noise| run(plan(noise, Levelling::Off), &scene).1.sound();
        let expected = sound(if cleaned { Suppression::Firm } else { Suppression::Off });
        let auto = sound(Suppression::Auto);
        let length = auto.len().min(expected.len());
        assert!(expected.len() - length < 256);
        assert_eq!(auto[..length], expected[..length], "noise of {rms}");
    }
}

#[test]
fn a_faint_caller_is_noticed_and_brought_to_the_usual_level_and_a_loud_one_is_not_made_louder() {
    if phrases().is_empty() {
        return println!("skipped: no synthesiser");
    }
    let level = plan(Suppression::Off, Levelling::On);
    let (mut noticed, mut without) = (0, 0);
    for clip in phrases().iter().take(10) {
        // -50 dBFS: a hundredth of what is usual.
        let scene = Scene::of(std::slice::from_ref(clip), 0.02).noisy(1.0);
        let (edges, log) = run(level, &scene);
        noticed += usize::from(!edges.is_empty());
        without += usize::from(!run(OFF, &scene).0.is_empty());
        let loudest = log.sound().iter().map(|s| s.unsigned_abs()).max().unwrap_or(0);
        assert!(edges.is_empty() || (2_000..=32_767).contains(&loudest), "{loudest}");
    }
    println!("{noticed} of 10 noticed, {without} without");
    assert!(noticed >= without && (noticed >= 9 || !models().are_fused()));
    let scene = Scene::of(&phrases()[..3], 1.0).noisy(4.0);
    let (edges, log) = run(level, &scene);
    assert_eq!(edges.len(), 6, "{edges:?}");
    let louder = 10.0 * (energy(&log.sound()) / energy(&run(OFF, &scene).1.sound())).log10();
    assert!(louder < 6.0, "{louder} dB");
}

#[test]
fn a_level_that_is_held_makes_no_speech_of_a_lines_noises() {
    let (mut starts, mut before) = (0, 0);
    for (name, scene) in non_speech() {
        let count = |plan| run(plan, &scene).0.iter().filter(|(edge, _)| matches!(edge, Edge::Start { .. })).count();
        let (with, without) = (count(plan(Suppression::Off, Levelling::On)), count(OFF));
        println!("{name}: {with} false starts, {without} without");
        (starts, before) = (starts + with, before + without);
    }
    assert!(starts <= before + usize::from(!models().are_fused()) * 10, "{starts}, {before} without");
}

#[cfg(feature = "pocketsphinx")]
#[test]
fn a_phrase_thirty_decibels_fainter_is_understood() {
    use crate::Language;
    use crate::asr::pocketsphinx::{Model, PocketSphinx};
    use crate::asr::{Ask, Expect, Recogniser};
    let Ok(engine) = PocketSphinx::load(Model::debian_english()) else {
        return println!("skipped: pocketsphinx-en-us is not installed");
    };
    let grammar = "#JSGF V1.0; grammar g; public <g> = book a room | half an hour | two people | mountain view please | cancel my booking;";
    if !models().are_fused() {
        return;
    }
    let ask = Ask { language: Language::En, expect: Expect::Grammar(grammar.into()), lexicon: Arc::default() };
    let understood = |plan, gain| {
        let said = [
            (0, "book a room"),
            (1, "mountain view please"),
            (2, "half an hour"),
            (5, "two people"),
            (8, "cancel my booking"),
        ];
        let right = |(n, text): &(usize, &str)| {
            let Some(clip) = phrases().get(*n) else { return false };
            let log = run(plan, &Scene::of(std::slice::from_ref(clip), gain).noisy(0.5)).1;
            let mut hearing = engine.open(&ask).unwrap();
            hearing.keep(&log.sound()).unwrap();
            hearing.finish().unwrap().text.as_deref() == Some(*text)
        };
        said.iter().filter(|said| right(said)).count()
    };
    if phrases().len() < 9 {
        return println!("skipped: no synthesiser");
    }
    let level = plan(Suppression::Off, Levelling::On);
    let (usual, faint) = (understood(level, 1.0), understood(level, 0.0316));
    println!("of 5: {usual} as loud as usual, {faint} at -30 dB");
    assert!(faint + 1 >= usual && faint >= 3, "{usual} {faint}");
}
