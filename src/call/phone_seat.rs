//! Seats of supervisors at telephones: the server calls them, or they call it and enter a PIN. Their line takes a seat that hears nothing
//! until they press a key, and further keys say how they take part.
use super::calls::Calls;
use super::dedup::KeySource;
use super::dial_in::Expected;
use super::phone_keys::{PhoneCommand, PhoneKeys, Pressed};
use super::port::{DialIn, PhoneAct, PhoneOrder, SeatAddress, SeatFault};
use super::registry::Order;
use super::seat::SeatWhy;
use super::seats::NewSeat;
use super::supervise::{REFUSED, SeatEnds, SeatLine};
use crate::config::Config;
use crate::outbound;
use crate::security::digits;
use dialog::seat_words::SeatWords;
use media::hears::Supervision;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use telephony::sip::{CallSlot, Dial, Sip};
use telephony::{Change, Line};
use tokio::sync::{mpsc, watch};

/// How long a supervisor's telephone may ring, and how long whoever answers may take to press the first key.
const RINGS: Duration = Duration::from_secs(30);
const ASKS: Duration = Duration::from_secs(30);

/// How long the call of a supervisor who dials in is expected, and the digits of their PIN.
const EXPECTED: Duration = Duration::from_secs(120);
const PIN: u32 = 6;

/// Keys of one seat that may wait; one that finds the queue full is lost, as a key that is pressed while nobody listens.
const KEYS: usize = 16;

/// Tells one use of a seat from another. The numbers of browsers count up from 0.
static NUMBERS: AtomicU64 = AtomicU64::new(u64::MAX);

/// A supervisor's telephone, and what reaches its call.
struct PhoneSeat {
    line: SeatLine,
    act: PhoneAct,
    keys: PhoneKeys,
    /// Closed when its seat is freed.
    freed: watch::Receiver<()>,
}

/// Where a supervisor is called.
pub(super) fn dial(config: &Config, who: &str) -> Result<Dial, SeatFault> {
    let to = config.supervisor_phones.get(who).ok_or_else(|| SeatFault::NoPhone(who.to_owned()))?;
    let dial = outbound::dial(config, to, None).map_err(|fault| {
        tracing::error!(%fault, "a supervisor's telephone cannot be called; see [supervisor_phones] and `switchboard check`");
        SeatFault::Phone
    })?;
    Ok(Dial { timeout: RINGS, ..dial })
}

/// How a supervisor's telephone is reached.
enum Reach {
    /// The server calls it.
    Calls(Arc<Sip>, CallSlot, Box<Dial>),
    /// It calls the server.
    Expects(Expected),
}

impl Reach {
    /// The telephone's line, if it is there in time. Dropping the future sends CANCEL, or forgets the code.
    async fn line(self) -> Option<Line> {
        match self {
            Self::Calls(sip, slot, dial) => sip.dial_from(slot, *dial).await.ok(),
            Self::Expects(mut expected) => {
                let ring = tokio::time::timeout(EXPECTED, expected.ring()).await.ok()??;
                ring.answer().await.ok()
            }
        }
    }
}

impl Calls {
    /// Calls a supervisor, whose line takes this seat when they answer.
    pub(super) fn call_supervisor(&self, call: &str, order: PhoneOrder) -> Result<SeatAddress, SeatFault> {
        let orders = self.open_to_phones(call)?;
        let dial = dial(&self.resources().config, &order.who)?;
        let sip = self.0.sip.get().ok_or(SeatFault::Phone)?.clone();
        let slot = sip.reserve().ok_or(SeatFault::Phone)?;
        self.seat_phone(call, orders, order, PhoneKeys::default(), Reach::Calls(sip, slot, Box::new(dial)))
    }

    /// Expects the call of a supervisor, whose line takes this seat.
    pub(super) fn expect_supervisor(&self, call: &str, order: PhoneOrder) -> Result<DialIn, SeatFault> {
        let orders = self.open_to_phones(call)?;
        let user = self.resources().config.supervisor_dial_in.clone().ok_or(SeatFault::NoDialIn)?;
        let pin = digits(PIN).map_err(|_| SeatFault::Phone)?;
        let expected = self.0.dial_ins.expect().ok_or(SeatFault::Phone)?;
        let dial = user + &expected.code;
        let at = self.seat_phone(call, orders, order, PhoneKeys::behind(pin.clone()), Reach::Expects(expected))?;
        Ok(DialIn { at, dial, pin, time: EXPECTED })
    }

    /// Where an answered call takes its orders that others may listen to.
    fn open_to_phones(&self, call: &str) -> Result<mpsc::Sender<Order>, SeatFault> {
        if self.0.registry.is_draining() {
            return Err(SeatFault::Draining);
        }
        let orders = self.answered(call)?;
        if self.lets_listen(call) { Ok(orders) } else { Err(SeatFault::NotDisclosed) }
    }

    fn seat_phone(
        &self,
        call: &str,
        orders: mpsc::Sender<Order>,
        order: PhoneOrder,
        keys: PhoneKeys,
        reach: Reach,
    ) -> Result<SeatAddress, SeatFault> {
        let PhoneOrder { who, until, left, act } = order;
        let number = NUMBERS.fetch_sub(1, Ordering::Relaxed);
        let (phone, freed) = watch::channel(());
        let new = NewSeat { who, mode: Supervision::Absent, number, peer: None, phone: Some(phone), speaks: true };
        let at = self.0.seats.take(call, new)?;
        let line = SeatLine { at: at.clone(), number, seats: self.0.seats.clone(), call: orders };
        let seat = PhoneSeat { line, act, keys, freed };
        tokio::spawn(async move { seat.run(reach, SeatEnds { until, left }).await });
        Ok(at)
    }
}

impl PhoneSeat {
    async fn run(mut self, reach: Reach, mut ends: SeatEnds) {
        let absent = match &reach {
            Reach::Calls(..) => "the telephone was not answered",
            Reach::Expects(_) => "nobody dialled in",
        };
        let reached = tokio::select! {
            line = reach.line() => line,
            _ = self.freed.changed() => None,
            () = self.line.call.closed() => None,
            () = &mut ends.until => None,
        };
        let why = match reached {
            Some(mut line) => {
                let seated = self.line.take_seat(&mut line).await;
                let why = if seated { self.talk(&mut line, &mut ends).await } else { REFUSED };
                line.hang_up(why).await;
                why
            }
            None => absent,
        };
        let not_allowed = why == SeatWhy::NotAllowed.text();
        let of = if not_allowed { SeatWhy::NotAllowed } else { SeatWhy::Asked };
        self.line.end(of, why, ends.left).await;
    }

    /// They are at the telephone. Returns why the seat ends.
    async fn talk(&mut self, line: &mut Line, ends: &mut SeatEnds) -> &'static str {
        let (pressed, mut keys) = mpsc::channel(KEYS);
        self.order(Order::SeatKeys(self.line.at.seat, pressed)).await;
        self.say(if self.keys.is_locked() { SeatWords::AsksPin } else { SeatWords::Asks }).await;
        let asks = || tokio::time::Instant::now() + ASKS;
        let mut asked_until = asks();
        loop {
            let (key, source) = tokio::select! {
                change = line.next() => match change {
                    Change::Key(key) => (key, KeySource::Signalling),
                    Change::Ended(_) => return "hung up",
                    Change::Plan(plan) => {
                        self.order(Order::SeatPlan(self.line.at.seat, plan)).await;
                        continue;
                    }
                    Change::Up | Change::OnHold(_) | Change::Replaced(_) | Change::Referral(_) | Change::Lost(_) => continue,
                },
                Some(key) = keys.recv() => (key, KeySource::Sound),
                _ = self.freed.changed() => return "left",
                () = self.line.call.closed() => return "the call is over",
                () = &mut ends.until => return SeatWhy::NotAllowed.text(),
                () = tokio::time::sleep_until(asked_until), if !self.keys.has_begun() => return "no key was pressed",
            };
            match self.keys.press(Instant::now(), key, source) {
                Some(Pressed::Command(command)) => {
                    let done = (self.act)(self.line.at.clone(), command).await;
                    self.say(done.err().unwrap_or(words_of(command))).await;
                }
                Some(Pressed::Admitted) => {
                    asked_until = asks();
                    self.say(SeatWords::Asks).await;
                }
                Some(Pressed::WrongPin { last: true }) => return "a wrong PIN was entered three times",
                Some(Pressed::WrongPin { last: false }) => {
                    asked_until = asks();
                    self.say(SeatWords::WrongPin).await;
                }
                None => {}
            }
        }
    }

    async fn say(&self, words: SeatWords) {
        self.order(Order::SeatWords(self.line.at.seat, words)).await;
    }

    /// A call that is over is told nothing.
    async fn order(&self, order: Order) {
        self.line.call.send(order).await.ok();
    }
}

const fn words_of(command: PhoneCommand) -> SeatWords {
    match command {
        PhoneCommand::Mode(Supervision::Absent | Supervision::Monitor) => SeatWords::Listens,
        PhoneCommand::Mode(Supervision::Whisper) => SeatWords::Whispers,
        PhoneCommand::Mode(Supervision::Barge) => SeatWords::Joins,
        PhoneCommand::Mode(Supervision::TakeOver) => SeatWords::TakesOver,
        PhoneCommand::HandBack => SeatWords::HandedBack,
    }
}
