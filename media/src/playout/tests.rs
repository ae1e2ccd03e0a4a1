//! What a caller hears of what is played.
use super::*;
use crate::frame::TICK;
use crate::noise::rms;
use crate::testkit::tone::sine;

const RATE: Rate = Rate::Hz8000;

struct Ear {
    playout: Playout,
    now: Instant,
    heard: Vec<i16>,
    news: Vec<(u64, Phase, u32)>,
}

impl Ear {
    fn new() -> Self {
        Self { playout: Playout::new(RATE), now: Instant::now(), heard: Vec::new(), news: Vec::new() }
    }

    fn say(&mut self, utterance: u64, pcm: &[i16], upto_char: u32, last: bool) {
        let utterance = UtteranceId(utterance);
        self.playout.push(Sound { utterance, pcm: pcm.to_vec(), rate: RATE, upto_char, interruptible: true, last });
    }

    fn run(&mut self, ticks: usize) {
        for _ in 0..ticks {
            let mut pcm = [0; 160];
            self.playout.fill(self.now, &mut pcm);
            self.heard.extend(pcm);
            self.now += TICK;
            while let Some(played) = self.playout.poll() {
                self.news.push((played.utterance.0, played.phase, played.chars));
            }
        }
    }

    /// The largest step between neighbours.
    fn steepest(&self) -> u16 {
        self.heard.windows(2).map(|w| w[1].abs_diff(w[0])).max().unwrap_or(0)
    }
}

fn voice(samples: usize) -> Vec<i16> {
    sine(300.0, RATE, samples, 8000)
}

/// The steepest step of [`voice`].
fn clean() -> u16 {
    voice(800).windows(2).map(|w| w[1].abs_diff(w[0])).max().unwrap_or(0)
}

#[test]
fn what_was_heard_is_told_in_characters_between_the_marks() {
    let mut ear = Ear::new();
    ear.say(1, &voice(8000), 10, false);
    ear.say(1, &voice(8000), 30, true);
    ear.run(120);
    assert_eq!(ear.news.first(), Some(&(1, Phase::Started, 0)));
    assert_eq!(ear.news.last(), Some(&(1, Phase::Done, 30)));
    let chars: Vec<u32> = ear.news.iter().filter(|n| n.1 == Phase::Progress).map(|n| n.2).collect();
    assert!(chars.len() >= 9 && chars.windows(2).all(|w| w[0] <= w[1]), "{chars:?}");
    assert!(chars.contains(&10), "a mark is told when it is reached: {chars:?}");
    assert!(ear.playout.is_idle());
}

#[test]
fn ducking_holding_and_hushing_make_no_click() {
    let mut ear = Ear::new();
    ear.say(1, &voice(24_000), 100, true);
    ear.run(20);
    ear.playout.gain(Gain::Duck);
    ear.run(20);
    ear.playout.gain(Gain::Hold);
    ear.run(20);
    ear.playout.gain(Gain::Full);
    ear.run(20);
    ear.playout.hush(ear.now, UtteranceId(2));
    ear.run(5);
    assert!(ear.steepest() <= clean() + 60, "{} against {}", ear.steepest(), clean());
    assert!(rms(&ear.heard[40 * 160 + 80..60 * 160]) < 1.0, "a hold is silent");
    assert!(rms(&ear.heard[80 * 160 + 64..]) < 1.0, "a hush is silent within 8 ms");
    let ducked = rms(&ear.heard[21 * 160..40 * 160]) / rms(&ear.heard[..20 * 160]);
    assert!((20.0 * ducked.log10() + 18.0).abs() < 0.5, "{ducked}");
    assert_eq!(ear.news.last().map(|n| (n.0, n.1)), Some((1, Phase::Cut)));
}

#[test]
fn after_a_hold_a_clause_that_had_hardly_begun_begins_again_and_a_long_one_goes_on_at_its_last_word() {
    let mut ear = Ear::new();
    ear.say(1, &voice(4000), 10, true);
    ear.run(10);
    ear.playout.gain(Gain::Hold);
    ear.run(10);
    ear.playout.gain(Gain::Full);
    ear.run(40);
    let done = ear.news.iter().position(|n| n.1 == Phase::Done);
    assert_eq!(done.map(|n| ear.news[n]), Some((1, Phase::Done, 10)));
    // 10 ticks, 10 ms of fade, then all 25 ticks again.
    let sounding = ear.heard.chunks(160).filter(|c| rms(c) > 100.0).count();
    assert_eq!(sounding, 10 + 1 + 25);
    let mut ear = Ear::new();
    for word in 1..=10 {
        ear.say(2, &voice(4000), word * 5, word == 10);
    }
    // 3.4 s in: the word that began at 3.0 s is said again.
    ear.run(170);
    ear.playout.gain(Gain::Hold);
    ear.run(5);
    ear.playout.gain(Gain::Full);
    ear.run(200);
    let sounding = ear.heard.chunks(160).filter(|c| rms(c) > 100.0).count();
    assert_eq!(sounding, 250 + 20 + 1);
    assert!(ear.news.windows(2).all(|w| w[0].2 <= w[1].2), "what was heard stays heard");
}

#[test]
fn a_synthesiser_slower_than_the_ear_is_heard_without_a_click() {
    let mut ear = Ear::new();
    let all = voice(16_000);
    for piece in all.chunks(400) {
        ear.say(1, piece, 0, false);
        ear.run(4);
    }
    ear.say(1, &[], 20, true);
    ear.run(2);
    assert!(ear.steepest() <= clean() + clean() / 8, "{} against {}", ear.steepest(), clean());
    assert!(ear.playout.underruns() >= 39);
    assert_eq!(ear.news.last(), Some(&(1, Phase::Done, 20)));
    let started = ear.news.iter().filter(|n| n.1 == Phase::Started).count();
    assert_eq!(started, 1);
}

#[test]
fn clauses_follow_each_other_without_a_gap_and_one_without_sound_is_over_at_once() {
    let mut ear = Ear::new();
    ear.say(1, &voice(250), 5, true);
    ear.say(2, &[], 0, true);
    ear.say(3, &voice(400), 9, true);
    ear.run(6);
    let ends: Vec<(u64, Phase)> = ear.news.iter().map(|n| (n.0, n.1)).filter(|n| n.1 != Phase::Progress).collect();
    let expected = [(1, Phase::Started), (1, Phase::Done), (2, Phase::Done), (3, Phase::Started), (3, Phase::Done)];
    assert_eq!(ends, expected);
    assert!(rms(&ear.heard[160..320]) > 4000.0, "no gap between them");
    assert!(rms(&ear.heard[660..]) < 1.0);
}

#[test]
fn sound_without_end_finds_its_limit() {
    let mut ear = Ear::new();
    for _ in 0..400 {
        ear.say(1, &vec![1; 8000], 1, false);
    }
    assert!(ear.playout.waiting <= ear.playout.samples(LIMIT));
    assert!(ear.playout.dropped() > 0);
}
