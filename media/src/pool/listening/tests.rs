//! A listening session that works ahead of its caller's pause.
use crate::asr::{Ask, AsrFault, Caps, Cue, Heard, Hearing, Hypothesis, Listen, Recogniser, RecogniserChain};
use crate::pool::tests::{ask, quick, wait};
use crate::pool::{Pool, PoolPlan};
use crate::{Language, SamplePos};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;
use tokio::sync::mpsc;

/// Says whether it worked ahead.
struct Eager(Arc<AtomicBool>);

impl Recogniser for Eager {
    fn name(&self) -> &'static str {
        "eager"
    }
    fn caps(&self, _: Language) -> Option<Caps> {
        Some(Caps { needs_grammar: false, partials: false })
    }
    fn check(&self, _: &Ask) -> Result<(), AsrFault> {
        Ok(())
    }
    fn open(&self, _: &Ask) -> Result<Box<dyn Hearing>, AsrFault> {
        Ok(Box::new(Eager(self.0.clone())))
    }
}

impl Hearing for Eager {
    fn sound(&mut self, _: &[i16]) -> Result<Option<String>, AsrFault> {
        Ok(None)
    }
    fn look_ahead(&mut self) -> Result<(), AsrFault> {
        self.0.store(true, Relaxed);
        Ok(())
    }
    fn finish(&mut self) -> Result<Hypothesis, AsrFault> {
        let text = if self.0.load(Relaxed) { "ahead" } else { "at the pause" };
        Ok(Hypothesis { text: Some(text.into()), confidence: 1.0 })
    }
}

#[test]
fn an_engine_works_ahead_of_a_pause_where_another_worker_is_free() {
    for (threads, expected) in [(2, "ahead"), (1, "at the pause")] {
        let pool = Pool::start(PoolPlan { threads, ..quick() }).unwrap();
        let worked_ahead = Arc::new(AtomicBool::new(false));
        let chain = Arc::new(RecogniserChain::new(vec![Arc::new(Eager(worked_ahead.clone()))]));
        let (out, mut news) = mpsc::channel(16);
        let mut listener = pool.listen(1, chain, ask(), out).unwrap();
        listener.cue(Cue::Begin { at: SamplePos(0) });
        listener.cue(Cue::Sound(vec![1_000; 3_200]));
        listener.cue(Cue::Sound(vec![1; 3_200]));
        while threads > 1 && !worked_ahead.load(Relaxed) {
            std::thread::yield_now();
        }
        listener.cue(Cue::Pause { at: SamplePos(9_600) });
        let heard = wait(&mut news, Duration::from_secs(10));
        let Some(Heard::Final { hypothesis, .. }) = heard else { panic!("{heard:?}") };
        assert_eq!(hypothesis.text.as_deref(), Some(expected));
    }
}
