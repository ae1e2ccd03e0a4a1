//! Engines that become unhealthy and recover by probes.
use super::{Probing, Session, now};
use crate::Language;
use crate::asr::{self, Ask, AsrFault, Caps, Heard, Hearing, Hypothesis, Recogniser};
use crate::health::{FIRST_REST, LONGEST_REST, ProbePace};
use crate::pool::tests::{FIRST, SOON, Tape, ask, end_of, quick, speak, text, voice, wait};
use crate::pool::{Pool, PoolPlan};
use crate::tts::cache::Cache;
use crate::tts::{self, Chunk, Speak, Spoken, Synthesiser, TakeChunk, UtteranceId, Voice};
use std::sync::{Arc, Mutex};
use std::thread::{park, sleep};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// The faults of an engine's next jobs; after them it works.
#[derive(Clone, Copy, PartialEq)]
enum Next {
    Fail,
    Hang,
}

/// An engine that records its input.
#[derive(Clone, Default)]
struct RecordingEngine {
    next: Arc<Mutex<Vec<Next>>>,
    /// The time and the loudest sample of each piece of sound.
    given: Arc<Mutex<Vec<(Instant, i16)>>>,
    said: Arc<Mutex<Vec<String>>>,
}

impl RecordingEngine {
    fn with(next: &[Next]) -> Self {
        Self { next: Arc::new(Mutex::new(next.to_vec())), ..Self::default() }
    }

    fn work(&self) -> Result<(), String> {
        let next = self.next.lock().unwrap().pop();
        match next {
            Some(Next::Fail) => Err("as told".into()),
            Some(Next::Hang) => loop {
                park();
            },
            None => Ok(()),
        }
    }
}

impl Recogniser for RecordingEngine {
    fn name(&self) -> &'static str {
        "recording"
    }
    fn caps(&self, _: Language) -> Option<Caps> {
        Some(Caps { needs_grammar: false, partials: false })
    }
    fn check(&self, _: &Ask) -> Result<(), AsrFault> {
        Ok(())
    }
    fn open(&self, _: &Ask) -> Result<Box<dyn Hearing>, AsrFault> {
        Ok(Box::new(self.clone()))
    }
}

impl Hearing for RecordingEngine {
    fn sound(&mut self, pcm: &[i16]) -> Result<Option<String>, AsrFault> {
        self.given.lock().unwrap().push((now(), pcm.iter().copied().max().unwrap_or(0)));
        Ok(None)
    }
    fn finish(&mut self) -> Result<Hypothesis, AsrFault> {
        self.work().map_err(AsrFault::Engine)?;
        Ok(Hypothesis { text: Some("yes".into()), confidence: 1.0 })
    }
}

impl Synthesiser for RecordingEngine {
    fn name(&self) -> &'static str {
        "recording"
    }
    fn speaks(&self, _: Language) -> bool {
        true
    }
    fn speak(&self, _: &Voice, text: &str, sink: &mut TakeChunk<'_>) -> Result<(), tts::TtsFault> {
        self.said.lock().unwrap().push(text.to_owned());
        self.work().map_err(tts::TtsFault::Engine)?;
        _ = sink(Chunk { pcm: &[1; 80], upto_char: text.chars().count() as u32 });
        Ok(())
    }
}

fn until(limit: Duration, reached: impl Fn() -> bool) -> bool {
    let end = now() + limit;
    while now() < end {
        if reached() {
            return true;
        }
        sleep(Duration::from_millis(5));
    }
    false
}

#[test]
fn an_unhealthy_recogniser_is_probed_with_our_own_sound_until_it_works_and_no_caller_waits_for_it() {
    let pool = Pool::start(PoolPlan { listen_limit: Duration::from_millis(300), ..quick() }).unwrap();
    // Two callers' jobs fail and the first probe hangs: two rests.
    let engine = RecordingEngine::with(&[Next::Hang, Next::Fail, Next::Fail]);
    let chain = Arc::new(asr::RecogniserChain::new(vec![Arc::new(engine.clone()) as Arc<dyn Recogniser>]));
    let listen = |call| {
        let (out, news) = mpsc::channel(16);
        (pool.listen(call, chain.clone(), ask(), out).unwrap(), news)
    };
    for call in 0..2 {
        let (mut listener, mut news) = listen(call);
        speak(&mut listener);
        assert!(matches!(end_of(&mut news, SOON), Some(Heard::Failed(_))));
    }
    let unhealthy = now();
    assert_eq!(pool.report().unhealthy, ["recording"]);
    let (mut listener, mut news) = listen(2);
    speak(&mut listener);
    assert!(matches!(end_of(&mut news, SOON), Some(Heard::Failed(_))), "nobody waits for an unhealthy engine");
    drop(listener);
    assert!(until(FIRST_REST * 3 + SOON, || pool.report().unhealthy.is_empty()), "it is probed though nobody calls");
    // Callers' sound has an amplitude of 100; that of probes is louder.
    let given = engine.given.lock().unwrap().clone();
    let probes: Vec<_> = given.iter().filter(|(at, _)| *at > unhealthy).collect();
    assert_eq!(probes.len(), 2, "{given:?}");
    assert!(probes.iter().all(|(_, loudest)| *loudest > 100), "{given:?}");
    assert!(probes[0].0 >= unhealthy + FIRST_REST - Duration::from_millis(500), "not before its rest is over");
    let (mut listener, mut news) = listen(3);
    speak(&mut listener);
    assert_eq!(text(&end_of(&mut news, SOON).unwrap()), Some("yes"));
}

#[test]
fn an_unhealthy_voice_is_probed_with_a_word_of_our_own_past_what_is_kept() {
    let pool = Pool::start(quick()).unwrap();
    let engine = RecordingEngine::default();
    let cache = Arc::new(Cache::new(Arc::new(engine.clone()), 1 << 20));
    // Cached sound says nothing about the engine.
    cache.warm(&voice(), ["a"], || {}).unwrap();
    engine.next.lock().unwrap().extend([Next::Fail; 2]);
    let chain = Arc::new(tts::VoiceChain::new(vec![cache as Arc<dyn Synthesiser>]));
    let (out, mut news) = mpsc::channel(16);
    let speaker = pool.speaker(1, chain, voice(), Box::new(Tape::default()), out);
    let mut say = |number: u64, text: &str| {
        speaker.say(UtteranceId(FIRST.0 + number), text.into(), true).unwrap();
        wait(&mut news, SOON).unwrap()
    };
    for number in 0..3 {
        let told = say(number, "the caller's own words");
        assert!(matches!(told, Spoken::Failed { .. }), "{told:?}");
    }
    assert_eq!(pool.report().unhealthy, ["recording"]);
    assert!(until(FIRST_REST * 3 + SOON, || pool.report().unhealthy.is_empty()));
    let said = engine.said.lock().unwrap().clone();
    assert_eq!(said, ["a", "the caller's own words", "the caller's own words", "a"]);
    assert!(matches!(say(3, "well again"), Spoken::Started { .. }));
}

#[test]
fn an_engine_is_probed_though_calls_have_lost_all_the_threads_that_they_may_lose() {
    let plan = PoolPlan { listen_limit: Duration::from_millis(300), abandoned: 3, ..quick() };
    let pool = Pool::start(plan).unwrap();
    // The first call is tried twice, the second call once; then the first probe hangs as well.
    let engine = RecordingEngine::with(&[Next::Hang; 4]);
    let chain = Arc::new(asr::RecogniserChain::new(vec![Arc::new(engine) as Arc<dyn Recogniser>]));
    for call in 0..2 {
        let (out, mut news) = mpsc::channel(16);
        let mut listener = pool.listen(call, chain.clone(), ask(), out).unwrap();
        speak(&mut listener);
        assert!(end_of(&mut news, SOON).is_some());
    }
    let report = pool.report();
    assert_eq!((report.abandoned, report.workers, report.unhealthy), (3, 2, vec!["recording"]));
    assert!(until(FIRST_REST * 3 + SOON, || pool.report().unhealthy.is_empty()), "{:?}", pool.report());
    assert_eq!((pool.report().abandoned, pool.report().workers), (4, 2), "a probe's thread is replaced");
}

#[test]
fn a_probe_that_finds_no_worker_is_due_again() {
    let (chain, start) =
        (Arc::new(asr::RecogniserChain::new(vec![Arc::new(RecordingEngine::default()) as Arc<dyn Recogniser>])), now());
    for _ in 0..2 {
        chain.failed(0, &ask(), start);
    }
    let probe = chain.clone().probe(start + LONGEST_REST, ProbePace::Rest).unwrap();
    assert_eq!(chain.next_probe(ProbePace::Rest), None);
    Probing::Recogniser(probe).refuse();
    assert!(chain.next_probe(ProbePace::Rest).is_some_and(|due| due <= now() + FIRST_REST));
    assert_eq!(chain.unhealthy(), ["recording"]);
}
