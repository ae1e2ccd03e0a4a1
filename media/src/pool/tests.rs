//! Faults, fairness and order under real threads.
use super::{Listener, Pool, PoolPlan, now};
use crate::Language;
use crate::asr::scripted::{self as ears, Act, Trouble};
use crate::asr::{self, Ask, AsrFault, Caps, Cue, Expect, Heard, Hearing, Hypothesis, Listen, Recogniser};
use crate::tts::scripted::{Manner, Scripted as Tones};
use crate::tts::{self, Sink, Sound, Speak, Spoken, Unsent, UtteranceId, Voice};
use crate::{Rate, SamplePos};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::thread::sleep;
use std::time::Duration;
use tokio::sync::mpsc;

pub(super) const FIRST: UtteranceId = UtteranceId(1);

pub(super) fn quick() -> PoolPlan {
    let (listen_limit, speak_limit) = (Duration::from_millis(250), Duration::from_millis(250));
    PoolPlan { threads: 2, listen_limit, speak_limit, ..PoolPlan::default() }
}

pub(super) fn ask() -> Ask {
    Ask { language: Language::En, expect: Expect::Anything, lexicon: Arc::default() }
}

fn ear(engines: Vec<ears::Scripted>) -> Arc<asr::RecogniserChain> {
    Arc::new(asr::RecogniserChain::new(
        engines.into_iter().map(|engine| Arc::new(engine) as Arc<dyn Recogniser>).collect(),
    ))
}

pub(super) fn tones(manners: &[Manner]) -> Arc<tts::VoiceChain> {
    let engines = manners.iter().map(|&manner| Arc::new(Tones::new(manner)) as Arc<dyn tts::Synthesiser>);
    Arc::new(tts::VoiceChain::new(engines.collect()))
}

pub(super) fn voice() -> Voice {
    Voice { language: Language::En, name: String::new(), rate: Rate::Hz8000 }
}

/// A second of speech and a pause.
pub(super) fn speak(listener: &mut Listener) {
    listener.cue(Cue::Begin { at: SamplePos(0) });
    for _ in 0..50 {
        listener.cue(Cue::Sound(vec![100; 320]));
    }
    listener.cue(Cue::Pause { at: SamplePos(48_000) });
}

pub(super) fn wait<T>(from: &mut mpsc::Receiver<T>, limit: Duration) -> Option<T> {
    let until = now() + limit;
    loop {
        match from.try_recv() {
            Ok(news) => return Some(news),
            Err(_) if now() >= until => return None,
            Err(_) => sleep(Duration::from_millis(2)),
        }
    }
}

pub(super) fn end_of(from: &mut mpsc::Receiver<Heard>, limit: Duration) -> Option<Heard> {
    loop {
        match wait(from, limit)? {
            Heard::Partial { .. } => {}
            heard => return Some(heard),
        }
    }
}

pub(super) fn text(heard: &Heard) -> Option<&str> {
    match heard {
        Heard::Partial { text } => Some(text),
        Heard::Final { hypothesis, .. } => hypothesis.text.as_deref(),
        Heard::Failed(_) => None,
    }
}

pub(super) const SOON: Duration = Duration::from_secs(10);

/// Collects the sound of a voice.
#[derive(Clone, Default)]
pub(super) struct Tape(Arc<Mutex<Vec<Sound>>>);

impl Sink for Tape {
    fn sound(&mut self, sound: Sound) -> Result<(), Unsent> {
        self.0.lock().unwrap().push(sound);
        Ok(())
    }
}

impl Tape {
    pub(super) fn samples(&self, utterance: u64) -> usize {
        let tape = self.0.lock().unwrap();
        tape.iter().filter(|s| s.utterance.0 == utterance).map(|s| s.pcm.len()).sum()
    }
}

#[test]
fn partial_words_come_while_the_caller_speaks_and_the_final_after_the_pause() {
    let pool = Pool::start(quick()).unwrap();
    let (out, mut news) = mpsc::channel(16);
    let mut listener = pool.listen(1, ear(vec![ears::Scripted::always("book a room")]), ask(), out).unwrap();
    listener.cue(Cue::Begin { at: SamplePos(960) });
    for _ in 0..40 {
        listener.cue(Cue::Sound(vec![1; 320]));
    }
    let partial = wait(&mut news, SOON).unwrap();
    assert!(matches!(&partial, Heard::Partial { text } if "book a room".starts_with(text)), "{partial:?}");
    listener.cue(Cue::Pause { at: SamplePos(48_000) });
    match end_of(&mut news, SOON).unwrap() {
        Heard::Final { hypothesis, from, to, engine, .. } => {
            assert_eq!(
                (hypothesis.text.as_deref(), from, to),
                (Some("book a room"), SamplePos(960), SamplePos(48_000))
            );
            assert_eq!(engine, "scripted");
        }
        other => panic!("{other:?}"),
    }
}

/// Its first final takes until it is not wanted any more.
#[derive(Default)]
struct Endless {
    at_work: Arc<AtomicBool>,
}

struct EndlessHearing {
    at_work: Arc<AtomicBool>,
    abort: asr::Abort,
}

impl Recogniser for Endless {
    fn name(&self) -> &'static str {
        "endless"
    }
    fn caps(&self, _: Language) -> Option<Caps> {
        Some(Caps { needs_grammar: false, partials: false })
    }
    fn check(&self, _: &Ask) -> Result<(), AsrFault> {
        Ok(())
    }
    fn open(&self, _: &Ask) -> Result<Box<dyn Hearing>, AsrFault> {
        Ok(Box::new(EndlessHearing { at_work: self.at_work.clone(), abort: asr::Abort::default() }))
    }
}

impl Hearing for EndlessHearing {
    fn sound(&mut self, _: &[i16]) -> Result<Option<String>, AsrFault> {
        Ok(None)
    }
    fn finish(&mut self) -> Result<Hypothesis, AsrFault> {
        if self.at_work.swap(true, Relaxed) {
            return Ok(Hypothesis { text: Some("yes".into()), confidence: 1.0 });
        }
        while !self.abort.is_raised() {
            std::thread::yield_now();
        }
        Err(AsrFault::Aborted)
    }
    fn abort_by(&mut self, abort: &asr::Abort) {
        self.abort = abort.clone();
    }
}

#[test]
fn a_final_that_nobody_wants_any_more_leaves_its_worker_to_others() {
    for goes_on in [true, false] {
        let plan = PoolPlan { threads: 1, listen_limit: Duration::from_secs(60), ..PoolPlan::default() };
        let pool = Pool::start(plan).unwrap();
        let engine = Endless::default();
        let at_work = engine.at_work.clone();
        let chain = Arc::new(asr::RecogniserChain::new(vec![Arc::new(engine)]));
        let [(one, mut first), (two, mut second)] = [mpsc::channel(16), mpsc::channel(16)];
        let mut listener = pool.listen(1, chain.clone(), ask(), one).unwrap();
        speak(&mut listener);
        while !at_work.load(Relaxed) {
            std::thread::yield_now();
        }
        let mut other = pool.listen(2, chain.clone(), ask(), two).unwrap();
        speak(&mut other);
        assert_eq!(second.try_recv().ok(), None, "the only worker is at work");
        if goes_on {
            listener.cue(Cue::Begin { at: SamplePos(60_000) });
            assert_eq!(end_of(&mut second, SOON).as_ref().and_then(text), Some("yes"));
            listener.cue(Cue::Sound(vec![100; 320]));
            listener.cue(Cue::Pause { at: SamplePos(61_000) });
            let heard = end_of(&mut first, SOON);
            assert!(matches!(heard, Some(Heard::Final { from: SamplePos(0), to: SamplePos(61_000), .. })), "{heard:?}");
        } else {
            drop(listener);
            assert_eq!(end_of(&mut second, SOON).as_ref().and_then(text), Some("yes"));
            assert_eq!(first.try_recv().ok(), None);
        }
        assert_eq!(pool.report().abandoned, 0);
    }
}

#[test]
fn a_caller_who_goes_on_gets_one_final_from_the_same_beginning() {
    let pool = Pool::start(quick()).unwrap();
    let (out, mut news) = mpsc::channel(64);
    let mut listener = pool.listen(1, ear(vec![ears::Scripted::always("two thirty p m")]), ask(), out).unwrap();
    speak(&mut listener);
    let first = end_of(&mut news, SOON).unwrap();
    assert!(matches!(first, Heard::Final { to: SamplePos(48_000), .. }));
    listener.cue(Cue::Begin { at: SamplePos(96_000) });
    listener.cue(Cue::Sound(vec![100; 320]));
    listener.cue(Cue::Pause { at: SamplePos(144_000) });
    let second = end_of(&mut news, SOON).unwrap();
    assert!(matches!(second, Heard::Final { from: SamplePos(0), to: SamplePos(144_000), .. }), "{second:?}");
}

#[test]
fn a_recogniser_that_blocks_for_ever_leaves_ten_calls_with_a_fallbacks_answer() {
    let pool = Pool::start(PoolPlan { listen_limit: Duration::from_millis(700), ..quick() }).unwrap();
    let chain = ear(vec![
        ears::Scripted::always("never").with(Trouble::HangOnSound),
        ears::Scripted::always("the fallback heard it"),
    ]);
    let began = now();
    let mut calls: Vec<_> = (0..10)
        .map(|call| {
            let (out, news) = mpsc::channel(16);
            let mut listener = pool.listen(call, chain.clone(), ask(), out).unwrap();
            speak(&mut listener);
            (listener, news)
        })
        .collect();
    for (_, news) in &mut calls {
        let heard = end_of(news, SOON).unwrap();
        assert_eq!(text(&heard), Some("the fallback heard it"));
        assert!(began.elapsed() < Duration::from_millis(1200), "{:?}", began.elapsed());
    }
    let report = pool.report();
    // A third hangs where the first of the two was late a moment before the second.
    assert!(report.workers == 2 && (2..=3).contains(&report.abandoned), "{report:?}");
    assert_eq!(report.unhealthy, ["scripted"]);
}

#[test]
fn with_no_fallback_every_one_of_ten_calls_is_told_within_the_limit() {
    // Together, and one shortly after the other.
    for (act, apart) in [(Act::Hang, 0), (Act::Hang, 30), (Act::Fail, 0)] {
        let pool = Pool::start(PoolPlan { listen_limit: Duration::from_millis(700), ..quick() }).unwrap();
        let chain = ear(vec![ears::Scripted::new([act])]);
        let began = now();
        let mut calls: Vec<_> = (0..10)
            .map(|call| {
                let (out, news) = mpsc::channel(16);
                let mut listener = pool.listen(call, chain.clone(), ask(), out).unwrap();
                speak(&mut listener);
                sleep(Duration::from_millis(apart));
                (listener, news)
            })
            .collect();
        for (_, news) in &mut calls {
            let heard = end_of(news, SOON).unwrap();
            assert!(matches!(heard, Heard::Failed(_)), "{heard:?}");
        }
        assert!(began.elapsed() < Duration::from_millis(1200), "{:?}", began.elapsed());
    }
}

#[test]
fn one_late_utterance_is_heard_by_a_fresh_worker_and_no_other_call_notices() {
    for (times, first) in [(1, Some("yes")), (2, None)] {
        let pool = Pool::start(quick()).unwrap();
        let answer = |after| Act::Answer { text: "yes".into(), after };
        let late = std::iter::repeat_n(answer(Duration::from_secs(2)), times);
        let chain = ear(vec![ears::Scripted::new(late.chain([answer(Duration::ZERO)]))]);
        let (out, mut news) = mpsc::channel(16);
        let mut listener = pool.listen(1, chain.clone(), ask(), out).unwrap();
        speak(&mut listener);
        let told = end_of(&mut news, SOON).unwrap();
        assert!(matches!(told, Heard::Final { .. }), "{told:?}");
        assert_eq!(text(&told), first, "late {times} times");
        assert!(pool.report().unhealthy.is_empty(), "one caller's utterance is not enough: {:?}", pool.report());
        // The same caller, asked once more, and another one.
        let (out, mut other) = mpsc::channel(16);
        let mut second = pool.listen(2, chain, ask(), out).unwrap();
        speak(&mut second);
        assert_eq!(text(&end_of(&mut other, SOON).unwrap()), Some("yes"));
        speak(&mut listener);
        assert_eq!(text(&end_of(&mut news, SOON).unwrap()), Some("yes"));
    }
}

#[test]
fn a_machine_that_stood_still_makes_no_engine_unhealthy() {
    let pool = Pool::start(PoolPlan { listen_limit: Duration::from_millis(1000), ..quick() }).unwrap();
    let answer = Act::Answer { text: "yes".into(), after: Duration::from_millis(1500) };
    let (out, mut news) = mpsc::channel(16);
    let mut listener = pool.listen(1, ear(vec![ears::Scripted::new([answer])]), ask(), out).unwrap();
    speak(&mut listener);
    sleep(Duration::from_millis(400));
    // All threads of the pool block while this is held: the watchdog wakes too late.
    let state = pool.shared.lock();
    sleep(Duration::from_millis(1050));
    drop(state);
    assert_eq!(text(&end_of(&mut news, SOON).unwrap()), Some("yes"));
    assert!(pool.report().unhealthy.is_empty());
}

#[test]
fn a_recogniser_that_panics_or_fails_to_open_is_replaced() {
    for trouble in [Trouble::PanicOnSound, Trouble::FailOnOpen, Trouble::HangOnOpen] {
        let pool = Pool::start(quick()).unwrap();
        let (out, mut news) = mpsc::channel(16);
        let chain = ear(vec![ears::Scripted::always("x").with(trouble), ears::Scripted::always("yes")]);
        let mut listener = pool.listen(1, chain, ask(), out).unwrap();
        speak(&mut listener);
        assert_eq!(text(&end_of(&mut news, SOON).unwrap()), Some("yes"), "{trouble:?}");
    }
}

#[test]
fn lost_threads_are_bounded_and_then_everybody_is_told() {
    let pool = Pool::start(PoolPlan { threads: 1, abandoned: 2, ..quick() }).unwrap();
    for call in 0..3 {
        // Each has a chain of its own, in which the engine is healthy.
        let (out, mut news) = mpsc::channel(4);
        match pool.listen(call, ear(vec![ears::Scripted::new([Act::Hang])]), ask(), out) {
            Ok(mut listener) => {
                speak(&mut listener);
                // Two attempts, each with a thread; then the utterance is not understood, or no thread is left.
                let told = end_of(&mut news, SOON).unwrap();
                assert_eq!(text(&told), None, "{told:?}");
            }
            Err(fault) => assert_eq!((fault, call), (AsrFault::Busy, 2)),
        }
    }
    let report = pool.report();
    assert!(report.abandoned <= 3 && report.workers <= 1, "{report:?}");
    let (out, _news) = mpsc::channel(4);
    if report.workers == 0 {
        assert!(pool.listen(9, ear(vec![ears::Scripted::always("x")]), ask(), out).is_err());
    }
}

#[test]
fn a_session_too_far_behind_fails_busy() {
    let pool = Pool::start(PoolPlan { listen_limit: SOON, ..quick() }).unwrap();
    let (out, mut news) = mpsc::channel(4);
    let chain = ear(vec![ears::Scripted::always("x").with(Trouble::HangOnSound)]);
    let mut listener = pool.listen(1, chain, ask(), out).unwrap();
    listener.cue(Cue::Begin { at: SamplePos(0) });
    for _ in 0..quick().backlog.as_millis() / 20 + 50 {
        listener.cue(Cue::Sound(vec![0; 320]));
    }
    assert_eq!(wait(&mut news, SOON), Some(Heard::Failed(AsrFault::Busy)));
}

#[test]
fn a_full_channel_keeps_the_final_and_drops_partials() {
    let pool = Pool::start(quick()).unwrap();
    let (out, mut news) = mpsc::channel(1);
    out.try_send(Heard::Partial { text: "in the way".into() }).unwrap();
    let mut listener = pool.listen(1, ear(vec![ears::Scripted::always("kept")]), ask(), out).unwrap();
    speak(&mut listener);
    sleep(Duration::from_millis(200));
    assert_eq!(text(&wait(&mut news, SOON).unwrap()), Some("in the way"));
    assert!(matches!(wait(&mut news, SOON).unwrap(), Heard::Final { .. }));
}

/// A slow engine that records which session's sound it gets, by its first sample; -1 for `finish`.
struct Slow(Arc<Mutex<Vec<i16>>>);

impl Recogniser for Slow {
    fn name(&self) -> &'static str {
        "slow"
    }
    fn caps(&self, _: Language) -> Option<Caps> {
        Some(Caps { needs_grammar: false, partials: true })
    }
    fn check(&self, _: &Ask) -> Result<(), AsrFault> {
        Ok(())
    }
    fn open(&self, _: &Ask) -> Result<Box<dyn Hearing>, AsrFault> {
        Ok(Box::new(Slow(self.0.clone())))
    }
}

impl Hearing for Slow {
    fn sound(&mut self, pcm: &[i16]) -> Result<Option<String>, AsrFault> {
        sleep(Duration::from_millis(5));
        self.0.lock().unwrap().push(pcm[0]);
        Ok(None)
    }
    fn keep(&mut self, _: &[i16]) -> Result<(), AsrFault> {
        Ok(())
    }
    fn finish(&mut self) -> Result<Hypothesis, AsrFault> {
        self.0.lock().unwrap().push(-1);
        Ok(Hypothesis { text: None, confidence: 0.0 })
    }
}

#[test]
fn calls_take_turns_and_a_final_goes_before_partial_words() {
    let order = Arc::new(Mutex::new(Vec::new()));
    let chain = Arc::new(asr::RecogniserChain::new(vec![Arc::new(Slow(order.clone())) as Arc<dyn Recogniser>]));
    let pool = Pool::start(PoolPlan { threads: 1, ..quick() }).unwrap();
    let (out, _news) = mpsc::channel(64);
    let mut listeners: Vec<_> =
        (0..3).map(|call| pool.listen(call, chain.clone(), ask(), out.clone()).unwrap()).collect();
    sleep(Duration::from_millis(50));
    for (i, listener) in listeners.iter_mut().enumerate() {
        listener.cue(Cue::Begin { at: SamplePos(0) });
        // The first caller has sound for ten steps, the others for three.
        listener.cue(Cue::Sound(vec![i as i16; 5_120 * if i == 0 { 10 } else { 3 }]));
    }
    let (out, mut urgent) = mpsc::channel(4);
    let mut hurried = pool.listen(9, chain, ask(), out).unwrap();
    speak(&mut hurried);
    assert!(matches!(end_of(&mut urgent, SOON), Some(Heard::Final { .. })));
    let until = now() + SOON;
    while order.lock().unwrap().len() < 17 && now() < until {
        sleep(Duration::from_millis(2));
    }
    let order = order.lock().unwrap().clone();
    let finished = order.iter().position(|&who| who == -1).unwrap();
    assert!(finished <= 3, "the final waited behind partial words: {order:?}");
    let last_of = |who| order.iter().rposition(|&w| w == who).unwrap();
    assert!(last_of(1) < last_of(0) && last_of(2) < last_of(0), "{order:?}");
    assert!(last_of(1) <= 11 && last_of(2) <= 11, "calls do not take turns: {order:?}");
}

#[test]
fn clauses_are_spoken_in_order_and_reported() {
    let pool = Pool::start(quick()).unwrap();
    let (tape, (out, mut news)) = (Tape::default(), mpsc::channel(64));
    let speaker = pool.speaker(1, tones(&[Manner::Prompt]), voice(), Box::new(tape.clone()), out);
    for (id, text) in [(1, "one"), (2, "two"), (3, "three")] {
        speaker.say(UtteranceId(id), text.into(), true).unwrap();
    }
    let mut told = Vec::new();
    while told.len() < 6 {
        told.push(match wait(&mut news, SOON).unwrap() {
            Spoken::Started { utterance, .. } => (utterance.0, "started"),
            Spoken::Done { utterance } => (utterance.0, "done"),
            Spoken::Failed { utterance, .. } => (utterance.0, "failed"),
        });
    }
    let expected = [(1, "started"), (1, "done"), (2, "started"), (2, "done"), (3, "started"), (3, "done")];
    assert_eq!(told, expected);
    let tape = tape.0.lock().unwrap();
    assert!(tape.is_sorted_by_key(|sound| sound.utterance));
    let last: Vec<_> =
        tape.iter().filter(|sound| sound.last).map(|sound| (sound.utterance.0, sound.upto_char)).collect();
    assert_eq!(last, [(1, 3), (2, 3), (3, 5)]);
}

#[test]
fn a_hush_stops_within_one_chunk_and_the_next_clause_follows() {
    let pool = Pool::start(quick()).unwrap();
    let (tape, (out, mut news)) = (Tape::default(), mpsc::channel(64));
    let slow = tones(&[Manner::Slow(Duration::from_millis(10))]);
    let speaker = pool.speaker(1, slow, voice(), Box::new(tape.clone()), out);
    speaker.say(FIRST, "a long clause that is not heard to its end".into(), true).unwrap();
    speaker.say(UtteranceId(2), "nor is this one".into(), true).unwrap();
    assert!(matches!(wait(&mut news, SOON), Some(Spoken::Started { utterance: FIRST, .. })));
    speaker.hush(UtteranceId(3));
    let at_hush = tape.samples(1);
    speaker.say(UtteranceId(3), "ok".into(), true).unwrap();
    assert!(matches!(wait(&mut news, SOON), Some(Spoken::Started { utterance: UtteranceId(3), .. })));
    assert!(tape.samples(1) <= at_hush + 160, "{} then {}", at_hush, tape.samples(1));
    assert_eq!(tape.samples(2), 0);
    assert!(speaker.say(UtteranceId(2), "too late".into(), true).is_ok());
    assert!(matches!(wait(&mut news, SOON), Some(Spoken::Done { utterance: UtteranceId(3) })));
    assert_eq!(tape.samples(2), 0);
}

#[test]
fn a_synthesiser_that_blocks_for_ever_leaves_ten_calls_with_a_voice() {
    for first in [Manner::Hang, Manner::Fail] {
        let pool = Pool::start(PoolPlan { speak_limit: Duration::from_millis(600), ..quick() }).unwrap();
        let chain = tones(&[first, Manner::Prompt]);
        let began = now();
        let mut calls: Vec<_> = (0..10)
            .map(|call| {
                let (tape, (out, news)) = (Tape::default(), mpsc::channel(16));
                let speaker = pool.speaker(call, chain.clone(), voice(), Box::new(tape.clone()), out);
                speaker.say(FIRST, "hello".into(), true).unwrap();
                (speaker, tape, news)
            })
            .collect();
        for (_, tape, news) in &mut calls {
            assert!(matches!(wait(news, SOON), Some(Spoken::Started { .. })));
            assert!(matches!(wait(news, SOON), Some(Spoken::Done { .. })));
            assert_eq!(tape.samples(1), 5 * 480);
        }
        assert!(began.elapsed() < Duration::from_millis(1200), "{:?}", began.elapsed());
    }
}

#[test]
fn with_no_voice_left_the_playout_is_told_that_nothing_comes() {
    for manner in [Manner::Hang, Manner::Fail] {
        let pool = Pool::start(quick()).unwrap();
        let (tape, (out, mut news)) = (Tape::default(), mpsc::channel(16));
        let speaker = pool.speaker(1, tones(&[manner]), voice(), Box::new(tape.clone()), out);
        speaker.say(FIRST, "hello".into(), false).unwrap();
        assert!(matches!(wait(&mut news, SOON), Some(Spoken::Failed { utterance: FIRST, .. })));
        let tape = tape.0.lock().unwrap();
        assert!(matches!(&tape[..], [Sound { last: true, pcm, .. }] if pcm.is_empty()));
    }
}

#[test]
fn a_voice_that_hangs_in_the_middle_is_continued_by_the_next_from_where_it_stopped() {
    let pool = Pool::start(quick()).unwrap();
    let (tape, (out, mut news)) = (Tape::default(), mpsc::channel(16));
    let chain = tones(&[Manner::HangAfter(Duration::from_millis(120)), Manner::Prompt]);
    let speaker = pool.speaker(1, chain, voice(), Box::new(tape.clone()), out);
    speaker.say(FIRST, "abcde".into(), true).unwrap();
    assert!(matches!(wait(&mut news, SOON), Some(Spoken::Started { .. })));
    assert!(matches!(wait(&mut news, SOON), Some(Spoken::Done { .. })));
    assert_eq!(tape.samples(1), 5 * 480);
    assert!(tape.0.lock().unwrap().is_sorted_by_key(|sound| sound.upto_char));
}

#[test]
fn sessions_are_bounded_and_counted() {
    let pool = Pool::start(PoolPlan { sessions: 1, ..quick() }).unwrap();
    let chain = ear(vec![ears::Scripted::always("x")]);
    let (out, _news) = mpsc::channel(4);
    let first = pool.listen(1, chain.clone(), ask(), out.clone()).unwrap();
    assert!(matches!(pool.listen(2, chain.clone(), ask(), out.clone()), Err(AsrFault::Busy)));
    drop(first);
    assert_eq!(pool.report().sessions, 0);
    assert!(pool.listen(2, chain, ask(), out).is_ok());
}

#[test]
fn sessions_opened_before_an_engine_hung_do_not_hang_on_it_in_their_turn() {
    let pool = Pool::start(quick()).unwrap();
    let chain = ear(vec![ears::Scripted::always("never").with(Trouble::HangOnSound)]);
    let mut calls: Vec<_> = (0..10)
        .map(|call| {
            let (out, news) = mpsc::channel(64);
            (pool.listen(call, chain.clone(), ask(), out).unwrap(), news)
        })
        .collect();
    sleep(Duration::from_millis(100));
    calls.iter_mut().for_each(|(listener, _)| speak(listener));
    let began = now();
    for (_, news) in &mut calls {
        assert!(matches!(end_of(news, SOON), Some(Heard::Failed(AsrFault::Late))));
    }
    assert!(began.elapsed() < Duration::from_millis(600), "one limit of 250 ms, not five: {:?}", began.elapsed());
    // The two that hung at once, and one that replaced the first of them a moment before the second was late.
    assert!(pool.report().abandoned_ever <= 3, "{:?}", pool.report());
}

#[cfg(all(feature = "flite", feature = "pocketsphinx"))]
#[test]
fn what_one_call_says_another_hears() {
    use crate::asr::pocketsphinx::{Model, PocketSphinx};
    let Ok(engine) = PocketSphinx::load(Model::debian_english()) else {
        println!("skipped: pocketsphinx-en-us is not installed");
        return;
    };
    // A limit for machines that are busy.
    let limit = Duration::from_secs(5);
    let pool = Pool::start(PoolPlan { listen_limit: limit, speak_limit: limit, ..PoolPlan::default() }).unwrap();
    let (tape, (out, mut said)) = (Tape::default(), mpsc::channel(16));
    let chain = Arc::new(tts::VoiceChain::new(vec![Arc::new(tts::flite::Flite::load())]));
    let wide = Voice { rate: Rate::Hz16000, ..voice() };
    let speaker = pool.speaker(1, chain, wide, Box::new(tape.clone()), out);
    speaker.say(FIRST, "Book a room for two people, tomorrow.".into(), true).unwrap();
    while !matches!(wait(&mut said, limit).unwrap(), Spoken::Done { .. }) {}
    let pcm: Vec<i16> = tape.0.lock().unwrap().iter().flat_map(|sound| sound.pcm.clone()).collect();
    let jsgf = "#JSGF V1.0; grammar g; public <g> = book a room [for (two | ten) people] [today | tomorrow] | help;";
    let asked = Ask { expect: Expect::Grammar(jsgf.into()), ..ask() };
    let (out, mut heard) = mpsc::channel(64);
    let mut listener = pool.listen(2, Arc::new(asr::RecogniserChain::new(vec![Arc::new(engine)])), asked, out).unwrap();
    listener.cue(Cue::Begin { at: SamplePos(0) });
    for chunk in pcm.chunks(320) {
        listener.cue(Cue::Sound(chunk.to_vec()));
        sleep(Duration::from_millis(5));
    }
    listener.cue(Cue::Pause { at: SamplePos(pcm.len() as u64 * 3) });
    let mut partials = Vec::new();
    let last = loop {
        match wait(&mut heard, limit).unwrap() {
            Heard::Partial { text } => partials.push(text),
            heard => break heard,
        }
    };
    assert_eq!(text(&last), Some("book a room for two people tomorrow"), "{last:?}, {partials:?}");
    assert!(partials.iter().any(|words| words.starts_with("book")), "{partials:?}");
}
