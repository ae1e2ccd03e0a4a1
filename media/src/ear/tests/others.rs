//! Callers before others who talk, fainter than they do.
use super::scene::{Clip, Scene, human, models, phrases};
use super::*;

/// Somebody who talks with short pauses for as long as the scene lasts, `db` below the callers.
fn behind(scene: &mut Scene, clips: &[Clip], db: f64, from: usize) {
    let gain = 10f64.powf(-db / 20.0);
    let talk = clips.iter().flat_map(|clip| clip.pcm.iter().copied().chain(std::iter::repeat_n(0.0, 1_600)));
    let talk: Vec<f64> = talk.collect();
    scene.line[from..].iter_mut().zip(talk.iter().cycle()).for_each(|(line, talk)| *line += gain * talk);
}

/// Clips of callers, and of others.
fn people() -> Option<(&'static [Clip], &'static [Clip])> {
    let clips = phrases();
    if clips.len() < 16 {
        println!("skipped: no synthesisers");
        return None;
    }
    Some(clips.split_at(10))
}

/// Starts that are not at a caller's words, and the time (ms) from the end of each caller's words to the report of it; `None`: it came
/// after 1.2 s, or never.
fn judged(scene: &Scene, ear: &mut Ear) -> (Vec<f64>, Vec<Option<f64>>) {
    let edges = scene.hear(ear);
    let truth: Vec<(f64, f64)> = scene.truth.iter().map(|(a, b)| (*a as f64 / 8.0, *b as f64 / 8.0)).collect();
    let starts =
        edges.iter().filter_map(|(edge, _)| if let Edge::Start { at, .. } = edge { Some(ms(*at)) } else { None });
    let is_callers = |at: f64| truth.iter().any(|(begin, end)| at > begin - 150.0 && at < end + 50.0);
    let others = starts.filter(|at| !is_callers(*at)).collect();
    let ended = |(_, end): &(f64, f64)| {
        let reports = edges.iter().filter(|(edge, _)| matches!(edge, Edge::End { .. }));
        reports.map(|(_, noticed)| noticed - end).find(|late| (-100.0..1_200.0).contains(late))
    };
    (others, truth.iter().map(ended).collect())
}

#[test]
fn a_television_behind_a_caller_begins_no_turn_and_holds_none() {
    let Some((callers, others)) = people() else { return };
    let mut figures = Vec::new();
    for (db, from) in [(12.0, 0), (12.0, 20_000), (15.0, 0), (20.0, 0)] {
        let mut scene = Scene::of(callers, 1.0);
        behind(&mut scene, others, db, from);
        let scene = scene.noisy(8.0);
        let (starts, ends) = judged(&scene, &mut Ear::new(EarPlan::default(), models()));
        // The first two callers teach what is behind them.
        let known = scene.truth[2].0 as f64 / 8.0;
        let later = starts.iter().filter(|at| **at > known).count();
        let held = ends[2..].iter().filter(|end| end.is_none()).count();
        println!("{db} dB below, from {} s: others begin {starts:.0?}, ends reported after {ends:.0?}", from / 8_000);
        figures.push((starts.len() - later, later, held));
    }
    println!("others begin before the third caller, and later; callers held: {figures:?}");
    if models().are_fused() {
        assert!(figures.iter().all(|(first, later, held)| *first <= 3 && *later <= 1 && *held <= 2), "{figures:?}");
    }
}

#[test]
fn nobody_who_speaks_alone_is_taken_for_two() {
    let (mut scenes, mut seconds) = (vec![Scene::of(human(), 1.0), Scene::of(phrases(), 1.0)], 0);
    // Readers by themselves: what is learnt of one is not held against the next.
    scenes.extend(human().iter().map(|clip| Scene::of(std::slice::from_ref(clip), 0.3)));
    for scene in scenes {
        let scene = scene.noisy(8.0);
        let (log, mut ear) = (CueLog::default(), Ear::new(EarPlan::default(), models()));
        ear.listen(Some(Box::new(log.clone())));
        for (tick, frame) in scene.frames().enumerate() {
            ear.hear(&frame);
            assert!(!ear.gate.is_before_others(), "others are known after {} ms", tick * 20);
        }
        assert!(log.0.lock().unwrap().iter().all(|cue| !matches!(cue, Cue::Anew { .. })));
        seconds += scene.line.len() / 8_000;
    }
    println!("{seconds} s of people and voices alone");
}

#[test]
fn a_recogniser_hears_nothing_of_who_talked_before_a_nearer_caller() {
    let Some((callers, others)) = people() else { return };
    let mut scene = Scene::quiet(4.0);
    scene.truth.push((scene.line.len(), scene.line.len() + callers[0].pcm.len()));
    scene.line.extend(&callers[0].pcm);
    scene.line.extend(std::iter::repeat_n(0.0, 12_000));
    behind(&mut scene, others, 14.0, 4_000);
    let scene = scene.noisy(8.0);
    let (log, mut ear) = (CueLog::default(), Ear::new(EarPlan::default(), models()));
    ear.listen(Some(Box::new(log.clone())));
    scene.hear(&mut ear);
    let cues = log.0.lock().unwrap();
    let mut sent = 0;
    for cue in cues.iter() {
        match cue {
            Cue::Sound(pcm) => sent += pcm.len(),
            Cue::Anew { at, keep } => {
                println!("anew at {:.0} ms, {keep} samples kept of {sent}", ms(*at));
                assert!((ms(*at) - 4_000.0).abs() < 150.0 && *keep < 8_000);
                return;
            }
            Cue::Begin { .. } | Cue::Above { .. } | Cue::Pause { .. } => {}
        }
    }
    assert!(!models().are_fused(), "the caller was not told from the others");
}

#[test]
fn a_recogniser_gets_the_words_of_a_caller_before_a_television_and_little_else() {
    let Some((callers, others)) = people() else { return };
    let mut scene = Scene::of(&callers[..6], 1.0);
    behind(&mut scene, others, 12.0, 0);
    let scene = scene.noisy(8.0);
    let mut ear = Ear::new(EarPlan::default(), models());
    let mut logs: Vec<CueLog> = Vec::new();
    let listen = |ear: &mut Ear, logs: &mut Vec<CueLog>| {
        logs.push(CueLog::default());
        ear.listen(Some(Box::new(logs[logs.len() - 1].clone())));
    };
    listen(&mut ear, &mut logs);
    for frame in scene.frames() {
        if matches!(ear.hear(&frame), Some(Edge::End { .. })) {
            listen(&mut ear, &mut logs);
        }
    }
    // The first caller's words teach what is behind them.
    let sounds = logs.iter().skip(2).map(CueLog::sound).filter(|sound| sound.len() > 4_800);
    let tails = sounds.map(|sound| {
        let power = |part: &[i16]| part.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / part.len() as f64;
        10.0 * (power(&sound[sound.len() - 960..]) / power(&sound)).log10()
    });
    let mut tails: Vec<f64> = tails.collect();
    tails.sort_by(f64::total_cmp);
    println!("behind the words, of the whole: {tails:.0?} dB");
    assert!(!models().are_fused() || tails[tails.len() / 2] < -25.0, "{tails:?}");
}
