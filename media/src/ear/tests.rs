//! Ears on speech at known positions: synthesised voices, and human ones where recordings are present.
mod fit;
mod others;
mod scene;

use super::*;
use scene::{Clip, Scene, human, models, non_speech, phrases};
use std::sync::{Arc, Mutex};

fn ms(at: SamplePos) -> f64 {
    at.0 as f64 / 48.0
}

#[derive(Debug, Default)]
struct Marks {
    onset: Vec<f64>,
    onset_delay: Vec<f64>,
    end: Vec<f64>,
    end_delay: Vec<f64>,
    missed: usize,
    extra: usize,
    splits: usize,
}

fn median(values: &[f64]) -> f64 {
    percentile(values, 0.5)
}

fn percentile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
        .get(((sorted.len() as f64 * share) as usize).min(sorted.len().saturating_sub(1)))
        .copied()
        .unwrap_or(f64::NAN)
}

impl Marks {
    fn of(scene: &Scene, edges: &[(Edge, f64)]) -> Self {
        let mut marks = Self::default();
        let mut used = vec![false; edges.len()];
        for (begin, end) in &scene.truth {
            let (begin, end) = (*begin as f64 / 8.0, *end as f64 / 8.0);
            let within = |at: f64| at > begin - 300.0 && at < end + 100.0;
            let mut start = None;
            let mut stop = None;
            for (index, (edge, noticed)) in edges.iter().enumerate() {
                match edge {
                    Edge::Start { at, .. } if within(ms(*at)) => {
                        used[index] = true;
                        if start.is_none() {
                            start = Some((ms(*at), *noticed));
                        } else {
                            marks.splits += 1;
                        }
                    }
                    Edge::End { at, .. } if ms(*at) > begin && ms(*at) < end + 600.0 => {
                        stop = Some((ms(*at), *noticed));
                    }
                    _ => {}
                }
            }
            match start {
                Some((at, noticed)) => {
                    marks.onset.push(at - begin);
                    marks.onset_delay.push(noticed - begin);
                }
                None => marks.missed += 1,
            }
            if let Some((at, noticed)) = stop {
                marks.end.push(at - end);
                marks.end_delay.push(noticed - end);
            }
        }
        marks.extra =
            edges.iter().zip(&used).filter(|((edge, _), used)| matches!(edge, Edge::Start { .. }) && !**used).count();
        marks
    }

    fn print(&self, name: &str) {
        let worst =
            |values: &[f64]| values.iter().copied().fold(0.0, |a: f64, b| if b.abs() > a.abs() { b } else { a });
        println!(
            "{name}: {} heard, {} missed, {} extra, {} splits; onset off by {:.0} ms median, {:.0} p95, {:.0} worst; noticed after {:.0} median, {:.0} p95; \
             end off by {:.0} median, {:.0} worst; noticed {:.0} median, {:.0} p95 after it",
            self.onset.len(),
            self.missed,
            self.extra,
            self.splits,
            median(&self.onset),
            percentile(&self.onset.iter().map(|v| v.abs()).collect::<Vec<_>>(), 0.95),
            worst(&self.onset),
            median(&self.onset_delay),
            percentile(&self.onset_delay, 0.95),
            median(&self.end),
            worst(&self.end),
            median(&self.end_delay),
            percentile(&self.end_delay, 0.95),
        );
    }
}

fn heard(scene: &Scene) -> Marks {
    Marks::of(scene, &scene.hear(&mut Ear::new(EarPlan::default(), models())))
}

fn worst(values: &[f64]) -> f64 {
    values.iter().copied().map(f64::abs).fold(0.0, f64::max)
}

#[test]
fn onsets_are_placed_within_60_ms_and_ends_within_100_and_none_is_missed() {
    for noise in [0.0, 8.0] {
        let scene = Scene::of(phrases(), 1.0).noisy(noise);
        let marks = heard(&scene);
        marks.print(&format!("{}, noise {noise}", models().describe()));
        assert_eq!((marks.missed, marks.extra, marks.splits), (0, 0, 0));
        assert!(worst(&marks.onset) <= 60.0 && worst(&marks.end) <= 100.0, "{marks:?}");
        let soon = if models().are_fused() { (130.0, 260.0) } else { (260.0, 300.0) };
        if !marks.onset.is_empty() {
            assert!(median(&marks.onset_delay) < soon.0 && median(&marks.end_delay) < soon.1, "{marks:?}");
        }
    }
}

#[test]
fn faint_speech_and_speech_in_noise_are_not_missed() {
    for (gain, noise) in [(0.1, 8.0), (1.0, 60.0), (1.0, 300.0), (0.1, 60.0)] {
        let scene = Scene::of(phrases(), gain).noisy(noise);
        let marks = heard(&scene);
        marks.print(&format!("gain {gain}, noise {noise}"));
        if models().are_fused() {
            assert_eq!((marks.missed, marks.extra, marks.splits), (0, 0, 0), "gain {gain}, noise {noise}");
        }
    }
}

#[test]
fn people_are_heard_wherever_they_speak() {
    for (gain, noise) in [(1.0, 8.0), (0.1, 8.0)] {
        let scene = Scene::of(human(), gain).noisy(noise);
        let marks = heard(&scene);
        marks.print(&format!("people, gain {gain}, noise {noise}"));
        if models().are_fused() {
            assert_eq!((marks.missed, marks.extra), (0, 0));
        }
    }
}

#[test]
fn noises_of_a_line_start_no_speech() {
    let (mut starts, mut seconds) = (0, 0.0);
    for (name, scene) in non_speech() {
        let mut ear = Ear::new(EarPlan::default(), models());
        let edges = scene.hear(&mut ear);
        let count = edges.iter().filter(|(edge, _)| matches!(edge, Edge::Start { .. })).count();
        let length = scene.line.len() as f64 / 8_000.0;
        println!("{name}: {length:.0} s, {count} false starts");
        starts += count;
        seconds += length;
    }
    println!("{starts} false starts in {:.1} min, {}", seconds / 60.0, models().describe());
    assert!(starts <= if models().are_fused() { 0 } else { 30 }, "{starts} false starts");
}

/// Records the cues of a listener.
#[derive(Clone, Default)]
struct CueLog(Arc<Mutex<Vec<Cue>>>);

impl Listen for CueLog {
    fn cue(&mut self, cue: Cue) {
        self.0.lock().unwrap().push(cue);
    }
}

impl CueLog {
    fn sound(&self) -> Vec<i16> {
        let cues = self.0.lock().unwrap();
        cues.iter()
            .filter_map(|cue| if let Cue::Sound(pcm) = cue { Some(pcm.clone()) } else { None })
            .flatten()
            .collect()
    }

    fn shape(&self) -> String {
        let mut shape: Vec<char> = Vec::new();
        for cue in self.0.lock().unwrap().iter() {
            let letter = match cue {
                Cue::Begin { .. } => 'b',
                Cue::Above { .. } => continue,
                Cue::Anew { .. } => 'a',
                Cue::Sound(_) => 's',
                Cue::Pause { .. } => 'p',
            };
            if shape.last() != Some(&letter) {
                shape.push(letter);
            }
        }
        shape.into_iter().collect()
    }
}

/// A clip for tests that need only one utterance.
fn one() -> Option<&'static Clip> {
    phrases().get(8)
}

fn energy(pcm: &[i16]) -> f64 {
    pcm.iter().map(|s| f64::from(*s).powi(2)).sum()
}

#[test]
fn a_listener_gets_preroll_the_whole_utterance_and_the_gap_after_a_pause() {
    let Some(clip) = one() else { return println!("skipped: no synthesiser") };
    let scene = Scene::of(&[clip.clone(), clip.clone()], 1.0).noisy(4.0);
    let (log, mut ear) = (CueLog::default(), Ear::new(EarPlan::default(), models()));
    ear.listen(Some(Box::new(log.clone())));
    let edges = scene.hear(&mut ear);
    assert_eq!((edges.len(), log.shape().as_str()), (4, "bspbsp"));
    let (Edge::Start { at: start, .. }, Edge::End { .. }) = (edges[0].0, edges[3].0) else { panic!("{edges:?}") };
    // From 300 ms before the first word to the moment the second pause was noticed, without a gap.
    let expected = (edges[3].1 - (ms(start) - 300.0)) * 16.0;
    let sound = log.sound();
    assert!((sound.len() as f64 - expected).abs() < 64.0, "{} samples, not {expected}", sound.len());
    let (mut up, mut line) = (Resampler::new(8_000, 16_000), Vec::new());
    scene.frames().for_each(|frame| up.push(frame.pcm(), &mut line));
    assert!(energy(&sound) > 0.9999 * energy(&line[..(edges[3].1 * 16.0) as usize]), "all speech is in it");
    let cues = log.0.lock().unwrap();
    assert!(matches!(cues[0], Cue::Begin { at } if at == start));
    assert!(matches!(cues[1], Cue::Sound(ref pcm) if pcm.len() > 4_800));
}

#[test]
fn who_begins_to_listen_while_somebody_speaks_gets_the_speech_from_its_beginning() {
    let Some(clip) = one() else { return println!("skipped: no synthesiser") };
    let scene = Scene::of(std::slice::from_ref(clip), 1.0).noisy(4.0);
    let (log, mut ear) = (CueLog::default(), Ear::new(EarPlan::default(), models()));
    let mut began = None;
    for (tick, frame) in scene.frames().enumerate() {
        if let Some(Edge::Start { at, .. }) = ear.hear(&frame) {
            began = Some((tick, at));
        }
        if began.is_some_and(|(since, _)| tick == since + 20) {
            ear.listen(Some(Box::new(log.clone())));
        }
    }
    let (_, at) = began.expect("a start");
    assert_eq!(log.shape(), "bsp");
    assert!(matches!(log.0.lock().unwrap()[0], Cue::Begin { at: begun } if begun == at));
    assert!(log.sound().len() as f64 / 16.0 > 300.0 + clip.pcm.len() as f64 / 8.0);
}

#[test]
fn a_session_of_its_own_hears_nothing_of_the_turn_before() {
    let Some(clip) = one() else { return println!("skipped: no synthesiser") };
    let scene = Scene::of(&[clip.clone(), clip.clone()], 1.0).noisy(4.0);
    let (first, second, mut ear) = (CueLog::default(), CueLog::default(), Ear::new(EarPlan::default(), models()));
    ear.listen(Some(Box::new(first.clone())));
    for frame in scene.frames() {
        if let Some(Edge::End { .. }) = ear.hear(&frame) {
            ear.listen(Some(Box::new(second.clone())));
        }
    }
    assert_eq!((first.shape().as_str(), second.shape().as_str()), ("bsp", "bsp"));
    assert!((second.sound().len() as f64 / 16.0) < 300.0 + clip.pcm.len() as f64 / 8.0 + 320.0);
}

#[test]
fn a_closed_ear_reports_nothing_and_lets_no_sound_through() {
    let Some(clip) = one() else { return println!("skipped: no synthesiser") };
    let scene = Scene::of(&[clip.clone(), clip.clone()], 1.0).noisy(4.0);
    let reopened = (scene.truth[1].0 - 4_000) / 160;
    let (log, mut ear) = (CueLog::default(), Ear::new(EarPlan::default(), models()));
    ear.set_state(EarState::Closed);
    ear.listen(Some(Box::new(log.clone())));
    let mut edges = Vec::new();
    for (tick, frame) in scene.frames().enumerate() {
        if tick == reopened {
            assert!(edges.is_empty() && log.shape().is_empty());
            ear.set_state(EarState::Open);
        }
        edges.extend(ear.hear(&frame));
    }
    assert_eq!((edges.len(), log.shape().as_str()), (2, "bsp"));
    assert!((log.sound().len() as f64 / 16.0) < 300.0 + clip.pcm.len() as f64 / 8.0 + 320.0);
}

#[test]
fn closing_drops_the_utterance_that_is_running() {
    let Some(clip) = one() else { return println!("skipped: no synthesiser") };
    let scene = Scene::of(&[clip.clone(), clip.clone()], 1.0).noisy(4.0);
    let (log, mut ear) = (CueLog::default(), Ear::new(EarPlan::default(), models()));
    ear.listen(Some(Box::new(log.clone())));
    let mut edges = Vec::new();
    for (tick, frame) in scene.frames().enumerate() {
        let edge = ear.hear(&frame);
        if edges.is_empty() && edge.is_some() {
            ear.set_state(EarState::Closed);
        }
        if tick == (scene.truth[1].0 - 4_000) / 160 {
            ear.set_state(EarState::Open);
        }
        edges.extend(edge);
    }
    assert!(matches!(edges[..], [Edge::Start { .. }, Edge::Start { .. }, Edge::End { .. }]), "{edges:?}");
    assert_eq!(log.shape(), "bs", "the session ends with the utterance it had begun");
}

#[test]
fn a_line_may_change_its_rate_in_mid_call() {
    let Some(clip) = one() else { return println!("skipped: no synthesiser") };
    let scene = Scene::of(&[clip.clone(), clip.clone(), clip.clone()], 1.0).noisy(4.0);
    let mut ear = Ear::new(EarPlan::default(), models());
    let (mut to16, mut to48) = (Resampler::new(8_000, 16_000), Resampler::new(8_000, 48_000));
    let mut edges = Vec::new();
    for (tick, mut frame) in scene.frames().enumerate() {
        let part = scene.truth.iter().take_while(|(begin, _)| tick * 160 + 4_000 > *begin).count();
        let mut pcm = Vec::new();
        match part {
            2 => to16.push(frame.pcm(), &mut pcm),
            3 => to48.push(frame.pcm(), &mut pcm),
            _ => pcm.extend(frame.pcm()),
        }
        let rate = [Rate::Hz8000, Rate::Hz8000, Rate::Hz16000, Rate::Hz48000][part];
        let (origin, arrived) = (frame.origin, frame.arrived);
        frame = Frame::silence(frame.pos, rate);
        (frame.origin, frame.arrived) = (origin, arrived);
        frame.pcm_mut().copy_from_slice(&pcm);
        edges.extend(ear.hear(&frame).map(|edge| (edge, (tick + 1) as f64 * 20.0)));
    }
    let marks = Marks::of(&scene, &edges);
    assert_eq!((marks.onset.len(), marks.missed, marks.extra), (3, 0, 0));
    assert!(worst(&marks.onset) <= 60.0 && worst(&marks.end) <= 100.0, "{marks:?}");
}

#[test]
fn an_edge_carries_the_arrival_of_its_sample() {
    let Some(clip) = one() else { return println!("skipped: no synthesiser") };
    let scene = Scene::of(std::slice::from_ref(clip), 1.0).noisy(4.0);
    let frames: Vec<Frame> = scene.frames().collect();
    let mut ear = Ear::new(EarPlan::default(), models());
    let edges: Vec<Edge> = frames.iter().filter_map(|frame| ear.hear(frame)).collect();
    assert_eq!(edges.len(), 2);
    for edge in edges {
        let (Edge::Start { at, arrived } | Edge::End { at, arrived, .. }) = edge;
        let tick = frames.iter().rposition(|frame| frame.pos <= at).unwrap();
        let near = frames[tick.saturating_sub(1)..(tick + 2).min(frames.len())].iter().map(|frame| frame.arrived);
        assert!(near.into_iter().any(|at| at == arrived), "{at:?}");
    }
}

#[test]
fn silence_that_the_sender_suppresses_ends_speech() {
    let Some(clip) = one() else { return println!("skipped: no synthesiser") };
    let scene = Scene::of(std::slice::from_ref(clip), 1.0).noisy(30.0);
    let over = scene.truth[0].1 / 160 + 1;
    let mut ear = Ear::new(EarPlan::default(), models());
    let mut edges = Vec::new();
    for (tick, mut frame) in scene.frames().enumerate() {
        // Nothing arrives any more; the leg fills the time with comfort noise.
        if tick > over {
            (frame.origin, frame.arrived) = (Origin::Idle, None);
        }
        edges.extend(ear.hear(&frame).map(|edge| (edge, (tick + 1) as f64 * 20.0)));
    }
    let marks = Marks::of(&scene, &edges);
    assert_eq!((marks.onset.len(), marks.end.len(), edges.len()), (1, 1, 2));
    assert!(worst(&marks.end) <= 100.0 && worst(&marks.end_delay) <= 300.0, "{marks:?}");
}
