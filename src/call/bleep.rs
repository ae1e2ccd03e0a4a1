//! `Bleeper`: keeps what is masked out of a recording. A tap before the recorder holds what a caller says until it is known what it comes to,
//! and puts a tone in place of what is personal; what the bot is going to say is known before. So nothing of it reaches the disk.
//! Whoever hears the call live hears all of it.
use media::record::PausedBy;
use media::tap::Tap;
use media::{Frame, SamplePos};
use std::collections::VecDeque;
use std::f32::consts::TAU;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

/// What a call orders of its tap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bleep {
    /// The caller speaks from here on: it is not known what it comes to.
    Hold(SamplePos),
    /// What the caller said up to here is known, and masked where a tone was ordered.
    Release(SamplePos),
    /// A tone in place of what the caller said from here to there.
    Caller {
        from: SamplePos,
        to: SamplePos,
    },
    /// A tone in place of what the bot says from now on.
    BotBegins(Instant),
    BotEnds(Instant),
}

/// Orders on their way to a tap, which takes them each tick. Where they do not fit, the room has stalled: what is held stays held, and becomes a
/// tone at its limit.
const ORDERS: usize = 512;
/// Ticks that are always held: longer than it takes until a beginning of speech is known.
const ALWAYS: usize = 30;
/// The most ticks that are held (60 s); what is not known by then becomes a tone.
const MOST: usize = 3_000;
/// So many ticks are handed on at once where more were held than need be: the recorder takes no more from one call.
const AT_ONCE: usize = 4;
/// So many are handed on at the end of a call without a pause.
const REST_AT_ONCE: usize = 250;
const REST_PAUSE: Duration = Duration::from_millis(50);
/// Speech begins earlier than it is noticed, and ends later.
const BEFORE: u64 = SamplePos::PER_SECOND * 3 / 10;
const AFTER: u64 = SamplePos::PER_SECOND / 5;
const BOT_MARGIN: Duration = Duration::from_millis(60);
const TONE_HZ: f32 = 1_000.0;
/// About 20 dB below full scale.
const TONE: f32 = 3_000.0;

/// The call's side.
pub struct Bleeper {
    orders: SyncSender<Bleep>,
    paused: Arc<AtomicU8>,
}

impl Bleeper {
    /// With the tap to put before `tap`.
    pub fn before(tap: Box<dyn Tap>) -> (Self, Box<dyn Tap>) {
        let (bleeper, tap) = Self::with(tap);
        (bleeper, Box::new(tap))
    }

    fn with(tap: Box<dyn Tap>) -> (Self, BleepTap) {
        let (orders, inbox) = sync_channel(ORDERS);
        let paused = Arc::new(AtomicU8::new(0));
        let tap = BleepTap {
            tap: Some(tap),
            inbox,
            paused: paused.clone(),
            ticks: VecDeque::new(),
            holds: Vec::new(),
            caller: Vec::new(),
            bot: Vec::new(),
        };
        (Self { orders, paused }, tap)
    }

    pub fn order(&self, order: Bleep) {
        let _ = self.orders.try_send(order);
    }

    /// Pauses the recording, or resumes it, from the next tick on: what is held is of before.
    pub fn pause(&self, by: PausedBy, paused: bool) {
        if paused {
            self.paused.fetch_or(by as u8, Ordering::Relaxed);
        } else {
            self.paused.fetch_and(!(by as u8), Ordering::Relaxed);
        }
    }
}

/// One tick of the call.
struct Tick {
    at: Instant,
    left: Frame,
    right: Frame,
    people: Option<(Frame, Frame)>,
}

struct BleepTap {
    /// Taken at the end.
    tap: Option<Box<dyn Tap>>,
    inbox: Receiver<Bleep>,
    paused: Arc<AtomicU8>,
    ticks: VecDeque<Tick>,
    /// Where speech began of which is not known what it comes to.
    holds: Vec<SamplePos>,
    caller: Vec<(SamplePos, SamplePos)>,
    /// When the bot said what is masked; the last may go on.
    bot: Vec<(Instant, Option<Instant>)>,
}

impl BleepTap {
    fn take_orders(&mut self) {
        while let Ok(order) = self.inbox.try_recv() {
            match order {
                Bleep::Hold(from) => self.holds.push(from),
                Bleep::Release(to) => self.holds.retain(|from| *from > to),
                Bleep::Caller { from, to } => self.caller.push((from, to)),
                Bleep::BotBegins(at) => self.bot.push((at, None)),
                Bleep::BotEnds(at) => {
                    self.bot
                        .iter_mut()
                        .rev()
                        .take(1)
                        .filter(|(_, end)| end.is_none())
                        .for_each(|(_, end)| *end = Some(at));
                }
            }
        }
    }

    fn is_held(&self, tick: &Tick) -> bool {
        self.holds.iter().any(|from| tick.left.pos.0 + BEFORE >= from.0)
    }

    /// Hands on the oldest tick, with tones where they belong. `unknown`: what the caller says in it was never known.
    fn hand_on(&mut self, tap: &mut dyn Tap, unknown: bool) -> ControlFlow<()> {
        let Some(mut tick) = self.ticks.pop_front() else { return ControlFlow::Continue(()) };
        let pos = tick.left.pos.0;
        let said = |(from, to): &(SamplePos, SamplePos)| pos + BEFORE >= from.0 && pos <= to.0 + AFTER;
        if unknown || self.caller.iter().any(said) {
            tone(&mut tick.left);
        }
        let spoken = |(from, to): &(Instant, Option<Instant>)| {
            tick.at + BOT_MARGIN >= *from && to.is_none_or(|to| tick.at <= to + BOT_MARGIN)
        };
        if self.bot.iter().any(spoken) {
            tone(&mut tick.right);
        }
        self.caller.retain(|(_, to)| to.0 + AFTER >= pos);
        self.bot.retain(|(_, to)| to.is_none_or(|to| to + BOT_MARGIN >= tick.at));
        tap.take(&tick.left, &tick.right)?;
        if let Some((agent, supervisors)) = &tick.people {
            tap.take_people(agent, supervisors);
        }
        ControlFlow::Continue(())
    }
}

impl BleepTap {
    fn take_at(&mut self, at: Instant, left: &Frame, right: &Frame) -> ControlFlow<()> {
        self.take_orders();
        let (mut left, mut right) = (left.clone(), right.clone());
        if self.paused.load(Ordering::Relaxed) != 0 {
            left.pcm_mut().fill(0);
            right.pcm_mut().fill(0);
        }
        self.ticks.push_back(Tick { at, left, right, people: None });
        let Some(mut tap) = self.tap.take() else { return ControlFlow::Break(()) };
        let mut went = ControlFlow::Continue(());
        for _ in 0..AT_ONCE {
            let Some(first) = self.ticks.front().filter(|_| self.ticks.len() > ALWAYS) else { break };
            let (held, over) = (self.is_held(first), self.ticks.len() > MOST);
            if went.is_break() || held && !over {
                break;
            }
            went = self.hand_on(&mut *tap, held);
        }
        self.tap = Some(tap);
        went
    }
}

impl Tap for BleepTap {
    fn take(&mut self, left: &Frame, right: &Frame) -> ControlFlow<()> {
        self.take_at(Instant::now(), left, right)
    }

    fn take_people(&mut self, agent: &Frame, supervisors: &Frame) {
        let (mut agent, mut supervisors) = (agent.clone(), supervisors.clone());
        if self.paused.load(Ordering::Relaxed) != 0 {
            agent.pcm_mut().fill(0);
            supervisors.pcm_mut().fill(0);
        }
        if let Some(tick) = self.ticks.back_mut() {
            tick.people = Some((agent, supervisors));
        }
    }
}

impl Drop for BleepTap {
    /// The call is over: what is still held is recorded, with a tone in place of what is not known.
    fn drop(&mut self) {
        self.take_orders();
        let Some(mut tap) = self.tap.take() else { return };
        let (_, nobody) = sync_channel(1);
        let mut rest = BleepTap {
            tap: None,
            inbox: nobody,
            paused: self.paused.clone(),
            ticks: std::mem::take(&mut self.ticks),
            holds: std::mem::take(&mut self.holds),
            caller: std::mem::take(&mut self.caller),
            bot: std::mem::take(&mut self.bot),
        };
        let mut hand_on = move |most: usize| {
            for _ in 0..most {
                let Some(first) = rest.ticks.front() else { return false };
                let unknown = rest.is_held(first);
                if rest.hand_on(&mut *tap, unknown).is_break() {
                    return false;
                }
            }
            true
        };
        // The recorder takes ten seconds at once; a media thread waits for nobody.
        if hand_on(REST_AT_ONCE) {
            let waits = move || {
                while hand_on(AT_ONCE * 10) {
                    std::thread::sleep(REST_PAUSE);
                }
            };
            if let Err(why) = std::thread::Builder::new().name("recording-rest".into()).spawn(waits) {
                tracing::error!(%why, "the end of a recording is lost");
            }
        }
    }
}

/// A tone in place of all sound.
fn tone(frame: &mut Frame) {
    let (pos, hz) = (frame.pos.0, frame.rate.hz());
    // The place within a second is enough, for the tone has whole waves in it.
    let start = pos % SamplePos::PER_SECOND * u64::from(hz) / SamplePos::PER_SECOND;
    for (at, sample) in frame.pcm_mut().iter_mut().enumerate() {
        let time = (start + at as u64) as f32 / hz as f32;
        *sample = (TONE * (TAU * TONE_HZ * time).sin()) as i16;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use media::Rate;
    use std::sync::{Mutex, PoisonError};

    type Heard = Arc<Mutex<Vec<(i16, i16)>>>;

    /// Notes a sample of each side: 100 of the caller's, 200 of the bot's, where they are as they were.
    struct Ends(Heard);

    impl Tap for Ends {
        fn take(&mut self, left: &Frame, right: &Frame) -> ControlFlow<()> {
            let sample = |frame: &Frame| frame.pcm()[3];
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push((sample(left), sample(right)));
            ControlFlow::Continue(())
        }
    }

    fn rig() -> (Bleeper, Box<dyn Tap>, Heard) {
        let heard = Heard::default();
        let (bleeper, tap) = Bleeper::before(Box::new(Ends(heard.clone())));
        (bleeper, tap, heard)
    }

    fn ticks(tap: &mut dyn Tap, range: std::ops::Range<u64>) {
        for tick in range {
            let frame = |sample| Frame::of(SamplePos::of_tick(tick), Rate::Hz8000, &[sample; 160]);
            assert!(tap.take(&frame(100), &frame(200)).is_continue());
        }
    }

    fn count(heard: &Heard) -> usize {
        heard.lock().unwrap().len()
    }

    #[test]
    fn what_a_caller_says_waits_until_it_is_known_and_is_a_tone_where_it_is_personal() {
        let (bleeper, mut tap, heard) = rig();
        ticks(&mut *tap, 0..100);
        assert_eq!(count(&heard), 70, "the last 0.6 s wait");
        bleeper.order(Bleep::Hold(SamplePos::of_tick(100)));
        ticks(&mut *tap, 100..300);
        assert_eq!(count(&heard), 85, "nothing from 0.3 s before the speech on");
        bleeper.order(Bleep::Caller { from: SamplePos::of_tick(100), to: SamplePos::of_tick(250) });
        bleeper.order(Bleep::Release(SamplePos::of_tick(250)));
        ticks(&mut *tap, 300..500);
        assert_eq!(count(&heard), 470, "it has caught up");
        drop(tap);
        let heard = heard.lock().unwrap();
        assert_eq!(heard.len(), 500);
        let toned: Vec<usize> = (0..500).filter(|at| heard[*at].0 != 100).collect();
        assert_eq!((toned.first(), toned.last(), toned.len()), (Some(&85), Some(&260), 176));
        assert!(heard.iter().all(|(_, bot)| *bot == 200));
        // At 8 kHz the fourth sample of a wave of 1 kHz is three eighths of it in.
        assert!((heard[100].0 - 2_121).abs() <= 2, "{}", heard[100].0);
    }

    #[test]
    fn what_is_not_personal_is_recorded_as_it_was() {
        let (bleeper, mut tap, heard) = rig();
        bleeper.order(Bleep::Hold(SamplePos::of_tick(10)));
        ticks(&mut *tap, 0..200);
        bleeper.order(Bleep::Release(SamplePos::of_tick(150)));
        drop(tap);
        assert!(count(&heard) == 200 && heard.lock().unwrap().iter().all(|both| *both == (100, 200)));
    }

    #[test]
    fn what_is_never_known_is_a_tone() {
        let (bleeper, mut tap, heard) = rig();
        bleeper.order(Bleep::Hold(SamplePos::of_tick(10)));
        ticks(&mut *tap, 0..60);
        drop(tap);
        assert!(heard.lock().unwrap().iter().all(|(caller, _)| *caller != 100));
        let (bleeper, mut tap, heard) = rig();
        bleeper.order(Bleep::Hold(SamplePos::of_tick(100)));
        ticks(&mut *tap, 0..3_200);
        assert_eq!(count(&heard), 200, "a minute is held and no more");
        assert_ne!(heard.lock().unwrap()[199].0, 100);
    }

    #[test]
    fn the_bots_clause_is_a_tone_on_its_own_side() {
        let heard = Heard::default();
        let (bleeper, mut tap) = Bleeper::with(Box::new(Ends(heard.clone())));
        let start = Instant::now();
        let at = |tick: u64| start + Duration::from_millis(20 * tick);
        for tick in 0..120 {
            match tick {
                43 => bleeper.order(Bleep::BotBegins(at(43))),
                56 => bleeper.order(Bleep::BotEnds(at(56))),
                _ => {}
            }
            let frame = |sample| Frame::of(SamplePos::of_tick(tick), Rate::Hz8000, &[sample; 160]);
            assert!(tap.take_at(at(tick), &frame(100), &frame(200)).is_continue());
        }
        drop(tap);
        let heard = heard.lock().unwrap();
        let toned: Vec<usize> = (0..120).filter(|at| heard[*at].1 != 200).collect();
        assert_eq!((toned.first(), toned.last(), toned.len()), (Some(&40), Some(&59), 20));
        assert!(heard.iter().all(|(caller, _)| *caller == 100));
    }

    #[test]
    fn a_pause_counts_for_the_ticks_in_which_it_is() {
        let (bleeper, mut tap, heard) = rig();
        ticks(&mut *tap, 0..50);
        bleeper.pause(PausedBy::Bot, true);
        ticks(&mut *tap, 50..60);
        bleeper.pause(PausedBy::Bot, false);
        ticks(&mut *tap, 60..100);
        drop(tap);
        let heard = heard.lock().unwrap();
        let silent: Vec<usize> = (0..100).filter(|at| heard[*at] == (0, 0)).collect();
        assert_eq!(silent, (50..60).collect::<Vec<_>>());
    }
}
