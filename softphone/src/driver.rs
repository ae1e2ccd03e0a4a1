//! `Driver`: the thread that owns a test call's wire and tells [`Softphone`] the time.
use super::phone::{Act, Background, Input, Output, Plan, Softphone};
use super::report::{Observation, Report};
use media::leg::LegPlan;
use media::packet::{Packet, Wire};
use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::Sender;

/// From the thread to whoever prints and signals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhoneEvent {
    Observed(Observation),
    /// The conversation is over.
    HangUp,
}

#[derive(Debug)]
enum Order {
    Configure(LegPlan),
    Do(Act),
    Background(Background),
}

/// A running conversation.
pub struct Driver {
    orders: SyncSender<Order>,
    thread: JoinHandle<(Report, Vec<i16>)>,
}

/// How long a packet may lie unread. Its arrival time is the kernel's, so this costs no accuracy.
const LOOK: Duration = Duration::from_millis(4);

impl Driver {
    /// Begins the conversation of a call that was answered at `answered`. `keep` is how much of the far end's sound is
    /// kept. `events` that do not fit are lost to the reader; the report has them all the same.
    pub fn start(
        mut wire: Box<dyn Wire>,
        plan: Plan,
        answered: Instant,
        keep: Duration,
        events: Sender<PhoneEvent>,
    ) -> io::Result<Self> {
        let (orders, inbox) = sync_channel(16);
        let phone = Softphone::new(answered, plan, keep);
        let thread = Builder::new().name("softphone".into()).spawn(move || run(&mut *wire, phone, &inbox, &events))?;
        Ok(Self { orders, thread })
    }

    /// The line was negotiated anew. A thread that has sixteen of these unread is busy with the last one's like.
    pub fn configure(&self, line: LegPlan) {
        self.orders.try_send(Order::Configure(line)).ok();
    }

    /// Has the caller of a directed call do something now. `false`: the thread does not take orders any more.
    pub fn act(&self, act: Act) -> bool {
        self.orders.try_send(Order::Do(act)).is_ok()
    }

    /// From now on this sounds behind the caller. `false`: the thread does not take orders any more.
    pub fn background(&self, background: Background) -> bool {
        self.orders.try_send(Order::Background(background)).is_ok()
    }

    /// Ends it: what was measured, and what was heard. Waits for the thread, which takes some milliseconds.
    pub fn finish(self) -> Option<(Report, Vec<i16>)> {
        drop(self.orders);
        self.thread.join().ok()
    }
}

fn run(
    wire: &mut dyn Wire,
    mut phone: Softphone,
    orders: &Receiver<Order>,
    events: &Sender<PhoneEvent>,
) -> (Report, Vec<i16>) {
    loop {
        let wait = phone.deadline().map_or(LOOK, |(at, _)| at.saturating_duration_since(Instant::now()).min(LOOK));
        match orders.recv_timeout(wait) {
            Ok(Order::Configure(line)) => phone.handle(Instant::now(), Input::Configure(line)),
            Ok(Order::Do(act)) => phone.handle(Instant::now(), Input::Do(act)),
            Ok(Order::Background(sound)) => phone.handle(Instant::now(), Input::Background(sound)),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return phone.finish(),
        }
        let now = Instant::now();
        while let Some(packet) = wire.recv(now) {
            if let Packet::Rtp(packet) = packet {
                phone.handle(now, Input::Packet(packet));
            }
        }
        if phone.deadline().is_some_and(|(at, _)| at <= now) {
            phone.handle(now, Input::Tick);
        }
        while let Some(output) = phone.poll() {
            match output {
                Output::Send(packet) => wire.send(&Packet::Rtp(packet)),
                Output::Observed(observation) => drop(events.try_send(PhoneEvent::Observed(observation))),
                Output::HangUp => drop(events.try_send(PhoneEvent::HangUp)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clip::{Clip, resample, tests::tone};
    use crate::level::ActivityPlan;
    use crate::phone::Act;
    use media::codec::Codec;
    use media::packet::Rtp;
    use std::collections::VecDeque;

    /// Gives every packet back after 40 ms, as an echo test does.
    struct Echo(VecDeque<Rtp>);

    impl Wire for Echo {
        fn recv(&mut self, now: Instant) -> Option<Packet> {
            let due = self.0.front().is_some_and(|packet| packet.arrived <= now);
            due.then(|| self.0.pop_front()).flatten().map(Packet::Rtp)
        }

        fn send(&mut self, packet: &Packet) {
            if let Packet::Rtp(packet) = packet {
                self.0.push_back(Rtp { arrived: packet.arrived + Duration::from_millis(40), ..packet.clone() });
            }
        }
    }

    #[tokio::test]
    async fn an_echo_is_heard_40_ms_after_what_was_sent() {
        let speech = Clip::new(resample(&tone(400.0, 8000, 0.5, 0.3), 8000)).unwrap();
        let length = speech.speech.len() as i64 / 8;
        let line = LegPlan::new(Codec::Pcma, 8);
        let plan = Plan {
            line,
            ssrc: 1,
            sequence: 0,
            timestamp: 0,
            acts: vec![Act::Say(speech)],
            interrupt: None,
            finished: Duration::from_millis(300),
            patience: Duration::from_millis(100),
            activity: ActivityPlan::default(),
            directed: false,
        };
        let (events, mut inbox) = tokio::sync::mpsc::channel(64);
        let wire = Box::new(Echo(VecDeque::new()));
        let driver = Driver::start(wire, plan, Instant::now(), Duration::from_secs(5), events).unwrap();
        while inbox.recv().await.unwrap() != PhoneEvent::HangUp {}
        let (report, heard) = driver.finish().unwrap();
        let [turn] = report.turns[..] else { panic!("{report:?}") };
        // The echo begins before the caller has ended, and ends 40 ms after; no block of 5 ms may be misplaced.
        let early = turn.spoken_over.unwrap().duration_since(turn.began).as_millis();
        assert!((35..=45).contains(&early), "{early}");
        let spoke = turn.stopped.unwrap().duration_since(turn.began).as_millis() as i64;
        assert!((spoke - length).abs() <= 20, "{spoke} for {length}");
        assert!(heard.len() > 8000 / 2);
    }
}
