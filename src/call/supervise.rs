//! Supervisors' lines: a browser's offer becomes a seat in a live call, and what its owner wants becomes orders to the call.
use super::calls::Calls;
use super::pages::within;
use super::port::{DialIn, PhoneOrder, SeatAddress, SeatAnswer, SeatFault, SeatOffer, Supervisors, TakenSeat};
use super::registry::Order;
use super::resources::Resources;
use super::seat::{GuidanceReply, Guide, HandBack, SeatChange, SeatOrder, SeatReply, SeatWhy};
use super::seats::{NewSeat, SeatTable};
use dialog::guidance::{Guidance, GuidanceFault};
use futures::future::BoxFuture;
use media::hears::Supervision;
use media::leg::LegPlan;
use media::room::Seat;
use std::time::Duration;
use telephony::webrtc::{Answered, Data, Fault};
use telephony::{Change, Line};
use tokio::sync::{mpsc, oneshot};

/// The longest a call may take to answer who guides its bot.
const PATIENCE: Duration = Duration::from_secs(5);

/// When an order is given again that a call's room has refused.
const AGAIN: Duration = Duration::from_millis(100);

/// Why a seat ends that a call's room has not taken.
pub(super) const REFUSED: &str = "the call takes no more supervisors at present";

/// A supervisor's line, and what reaches its call.
pub(super) struct SeatLine {
    pub at: SeatAddress,
    /// Of this use of the seat.
    pub number: u64,
    pub seats: SeatTable,
    /// Closed when the call is over.
    pub call: mpsc::Sender<Order>,
}

/// How a seat ends that its supervisor does not leave.
pub(super) struct SeatEnds {
    pub until: BoxFuture<'static, ()>,
    pub left: Box<dyn FnOnce(Seat, &'static str) + Send>,
}

impl SeatLine {
    /// Runs until the supervisor leaves, is lost for good, or the call is over.
    async fn run(self, mut line: Line, _data: Data, ends: SeatEnds) {
        let SeatEnds { mut until, left } = ends;
        let why = loop {
            tokio::select! {
                change = line.next() => match change {
                    Change::Up => {
                        if !self.take_seat(&mut line).await {
                            line.hang_up(REFUSED).await;
                            if self.seats.free(&self.at, self.number, |_| ()) {
                                left(self.at.seat, REFUSED);
                            }
                            return;
                        }
                    }
                    Change::Lost(lost) => self.lost(lost).await,
                    Change::Ended(_) => break SeatWhy::ConnectionLost,
                    Change::Plan(_)
                    | Change::OnHold(_)
                    | Change::Key(_)
                    | Change::Replaced(_)
                    | Change::Referral(_) => {}
                },
                () = self.call.closed() => {
                    line.hang_up("the call is over").await;
                    break SeatWhy::ConnectionLost;
                }
                () = &mut until => {
                    line.hang_up("the supervisor may not take part any more").await;
                    break SeatWhy::NotAllowed;
                }
            }
        };
        let words = if self.call.is_closed() { "the call is over" } else { why.text() };
        self.end(why, words, left).await;
    }

    /// Frees the seat; `left` is told why (`words`) where nobody else has freed it: its supervisor did not leave.
    pub async fn end(self, why: SeatWhy, words: &'static str, left: Box<dyn FnOnce(Seat, &'static str) + Send>) {
        let (leave, mut freed) = (|| SeatChange::Leave(why), false);
        self.pass_on(leave, |tell| freed = self.seats.free(&self.at, self.number, tell)).await;
        if freed {
            left(self.at.seat, words);
        }
    }

    /// The line is connected: it hears the call from the next tick on. `false`: its supervisor has left already, the call is over, or its
    /// room takes nobody.
    pub async fn take_seat(&self, line: &mut Line) -> bool {
        let Some(wire) = line.wire.take() else { return true };
        let plan: LegPlan = line.plan.clone();
        let Ok(permit) = self.call.reserve().await else { return false };
        let (reply, joined) = SeatReply::new();
        let told = self.seats.connected(&self.at, self.number, |taken| {
            let change = SeatChange::Join { wire, plan, mode: taken.mode };
            permit.send(Order::Seat(SeatOrder { seat: taken.seat, name: taken.name.clone(), change, reply }));
        });
        told.is_some() && joined.await == Ok(true)
    }

    /// Notes that the line is lost, or back. A caller whose human partner is gone is the bot's again.
    async fn lost(&self, lost: bool) {
        if lost {
            let mode = || SeatChange::Mode(Supervision::Monitor, SeatWhy::ConnectionLost);
            self.pass_on(mode, |tell| self.seats.give_back(&self.at, self.number, tell)).await;
        }
        self.pass_on(|| SeatChange::Lost(lost), |tell| self.seats.lost(&self.at, self.number, lost, tell)).await;
    }

    /// Passes on what the seats' table decides, once the call's queue has room, and again while its room refuses it.
    async fn pass_on(&self, change: impl Fn() -> SeatChange, decide: impl FnOnce(&mut dyn FnMut(&TakenSeat))) {
        let permit = self.call.reserve().await;
        let told = {
            let (mut permit, mut told) = (permit.ok(), None);
            decide(&mut |taken| {
                told = permit.take().map(|permit| (taken.name.clone(), send(permit, taken, change())));
            });
            told
        };
        if let Some((name, done)) = told {
            insist(&self.call, &Passed { seat: self.at.seat, name }, change, done).await;
        }
    }
}

/// Whose order it was.
struct Passed {
    seat: Seat,
    name: String,
}

/// Gives a call an order; the receiver tells whether its room has taken it.
fn send(permit: mpsc::Permit<'_, Order>, taken: &TakenSeat, change: SeatChange) -> oneshot::Receiver<bool> {
    let (reply, done) = SeatReply::new();
    permit.send(Order::Seat(SeatOrder { seat: taken.seat, name: taken.name.clone(), change, reply }));
    done
}

/// Gives an order again while the call's room refuses it: nobody stays in a call whose connection is lost.
async fn insist(
    call: &mpsc::Sender<Order>,
    passed: &Passed,
    change: impl Fn() -> SeatChange,
    mut done: oneshot::Receiver<bool>,
) {
    while done.await == Ok(false) {
        tracing::warn!(
            seat = passed.seat.0,
            "an order of a supervisor finds the call's room overloaded: it is given again"
        );
        tokio::time::sleep(AGAIN).await;
        let Ok(permit) = call.reserve().await else { return };
        let (reply, again) = SeatReply::new();
        let Passed { seat, name } = passed;
        permit.send(Order::Seat(SeatOrder { seat: *seat, name: name.clone(), change: change(), reply }));
        done = again;
    }
}

/// A place in a call's queue, where one becomes free in time.
async fn place(orders: &mpsc::Sender<Order>) -> Result<mpsc::Permit<'_, Order>, SeatFault> {
    match tokio::time::timeout(PATIENCE, orders.reserve()).await {
        Ok(permit) => permit.map_err(|_| SeatFault::Gone),
        Err(_) => Err(SeatFault::Busy),
    }
}

impl Calls {
    async fn seat(&self, call: &str, offer: SeatOffer) -> Result<SeatAnswer, SeatFault> {
        let SeatOffer { who, mode, sdp, until, left } = offer;
        let (registry, seats) = (&self.0.registry, &self.0.seats);
        if registry.is_draining() {
            return Err(SeatFault::Draining);
        }
        let web = self.0.web.get().ok_or(SeatFault::Off)?;
        let orders = self.answered(call)?;
        if !self.lets_listen(call) {
            return Err(SeatFault::NotDisclosed);
        }
        seats.check(call, mode)?;
        let Answered { sdp, peer, line, data } = web.answer(&sdp).await?;
        let (number, etag, speaks) = (peer.id(), peer.etag(), line.plan.direction.receives());
        let at = seats.take(call, NewSeat { who, mode, number, peer: Some(peer), phone: None, speaks })?;
        let seat = at.seat;
        let line_of = SeatLine { at, number, seats: seats.clone(), call: orders };
        tokio::spawn(line_of.run(line, data, SeatEnds { until, left }));
        Ok(SeatAnswer { seat, etag, sdp })
    }

    /// Where an answered call takes its orders: before the answer nobody could be heard.
    pub(super) fn answered(&self, call: &str) -> Result<mpsc::Sender<Order>, SeatFault> {
        let live = self.resources().store.live(call).filter(|call| call.answered_at.is_some());
        live.and_then(|_| self.0.registry.orders(call)).ok_or(SeatFault::NoCall)
    }

    /// Whether the bot of this call tells its callers that others may listen.
    pub(super) fn lets_listen(&self, call: &str) -> bool {
        let Resources { store, bots, .. } = self.resources();
        let loaded = store.live(call).and_then(|call| bots.get(&call.bot));
        loaded.is_none_or(|loaded| loaded.bot.lets_listen)
    }

    async fn guided(&self, call: &str, order: Order, reply: Asked) -> Result<u64, SeatFault> {
        place(&self.answered(call)?)
            .await
            .map_err(|fault| match fault {
                SeatFault::Gone => SeatFault::NoCall,
                busy => busy,
            })?
            .send(order);
        match tokio::time::timeout(PATIENCE, reply).await {
            Ok(Ok(result)) => Ok(result?),
            Ok(Err(_)) => Err(SeatFault::NoCall),
            Err(_) => Err(SeatFault::Busy),
        }
    }

    async fn mode_set(&self, at: &SeatAddress, who: &str, mode: Supervision) -> Result<(), SeatFault> {
        let (seats, orders) = (&self.0.seats, self.0.registry.orders(&at.call).ok_or(SeatFault::Gone)?);
        let permit = place(&orders).await?;
        let (reply, done) = SeatReply::new();
        let change = SeatChange::Mode(mode, SeatWhy::Asked);
        let order = Order::Seat(SeatOrder { seat: at.seat, name: who.to_owned(), change, reply });
        let Some(before) = seats.set_mode(at, who, mode, || permit.send(order))? else { return Ok(()) };
        match tokio::time::timeout(PATIENCE, done).await {
            Ok(Ok(true)) => Ok(()),
            Ok(_) => {
                seats.undo_mode(at, who, mode, before);
                Err(SeatFault::Busy)
            }
            // The order is in the call's queue and will be carried out.
            Err(_) => Err(SeatFault::Busy),
        }
    }

    async fn left(&self, at: &SeatAddress, who: &str) -> Result<(), SeatFault> {
        let (seats, orders) = (&self.0.seats, self.0.registry.orders(&at.call).ok_or(SeatFault::Gone)?);
        let (number, peer) = seats.line(at, who)?;
        let mut done = None;
        {
            let permit = place(&orders).await?;
            let tell = |taken: &TakenSeat| done = Some(send(permit, taken, SeatChange::Leave(SeatWhy::Asked)));
            if !seats.free(at, number, tell) {
                return Err(SeatFault::Gone);
            }
        }
        // A telephone is hung up by what frees its seat.
        peer.into_iter().for_each(|peer| peer.hang_up("the supervisor has left"));
        if let Some(done) = done {
            let passed = Passed { seat: at.seat, name: who.to_owned() };
            tokio::spawn(async move {
                insist(&orders, &passed, || SeatChange::Leave(SeatWhy::Asked), done).await;
            });
        }
        Ok(())
    }

    async fn handed_back(
        &self,
        call: &str,
        who: &str,
        guidance: Guidance,
        promise: Option<String>,
    ) -> Result<u64, SeatFault> {
        self.answered(call)?;
        let seats = &self.0.seats;
        let holder = seats.holder(call).filter(|holder| holder.connected).ok_or(SeatFault::NotTakenOver)?;
        if holder.name != who {
            return Err(SeatFault::TakenOver(holder.name));
        }
        let at = SeatAddress { call: call.to_owned(), seat: holder.seat };
        let number = seats.number(&at).ok_or(SeatFault::NotTakenOver)?;
        let (reply, answer) = GuidanceReply::new();
        let order = Order::HandBack(HandBack { seat: holder.seat, by: who.to_owned(), guidance, promise, reply });
        // Finished also when whoever asked has gone away: the table of seats says what the call does.
        let (calls, seats) = (self.clone(), seats.clone());
        let finished = tokio::spawn(async move {
            let id = calls.guided(&at.call, order, answer).await?;
            seats.give_back(&at, number, |_| {});
            Ok(id)
        });
        finished.await.unwrap_or(Err(SeatFault::NoCall))
    }
}

type Asked = oneshot::Receiver<Result<u64, GuidanceFault>>;

impl Supervisors for Calls {
    fn join<'a>(&'a self, call: &'a str, offer: SeatOffer) -> BoxFuture<'a, Result<SeatAnswer, SeatFault>> {
        Box::pin(self.seat(call, offer))
    }

    fn call(&self, call: &str, order: PhoneOrder) -> Result<SeatAddress, SeatFault> {
        self.call_supervisor(call, order)
    }

    fn expect(&self, call: &str, order: PhoneOrder) -> Result<DialIn, SeatFault> {
        self.expect_supervisor(call, order)
    }

    fn seats(&self, call: &str) -> Vec<TakenSeat> {
        self.0.seats.list(call)
    }

    fn set_mode<'a>(
        &'a self,
        at: &'a SeatAddress,
        who: &'a str,
        mode: Supervision,
    ) -> BoxFuture<'a, Result<(), SeatFault>> {
        Box::pin(self.mode_set(at, who, mode))
    }

    fn trickle<'a>(
        &'a self,
        at: &'a SeatAddress,
        who: &'a str,
        etag: u32,
        fragment: &'a str,
    ) -> BoxFuture<'a, Result<(), SeatFault>> {
        Box::pin(async move { within(self.0.seats.peer(at, who)?.trickle(etag, fragment)).await })
    }

    fn restart<'a>(
        &'a self,
        at: &'a SeatAddress,
        who: &'a str,
        fragment: &'a str,
    ) -> BoxFuture<'a, Result<(String, u32), SeatFault>> {
        Box::pin(async move { within(self.0.seats.peer(at, who)?.restart(fragment)).await })
    }

    fn leave<'a>(&'a self, at: &'a SeatAddress, who: &'a str) -> BoxFuture<'a, Result<(), SeatFault>> {
        Box::pin(self.left(at, who))
    }

    fn hand_back<'a>(
        &'a self,
        call: &'a str,
        who: &'a str,
        guidance: Guidance,
        promise: Option<String>,
    ) -> BoxFuture<'a, Result<u64, SeatFault>> {
        Box::pin(self.handed_back(call, who, guidance, promise))
    }

    fn guide<'a>(&'a self, call: &'a str, who: &'a str, guidance: Guidance) -> BoxFuture<'a, Result<u64, SeatFault>> {
        let (reply, answer) = GuidanceReply::new();
        Box::pin(self.guided(call, Order::Guide(Guide { by: who.to_owned(), guidance, reply }), answer))
    }
}

impl From<Fault> for SeatFault {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Gone => Self::Gone,
            Fault::Stale => Self::Stale,
            Fault::Draining => Self::Draining,
            Fault::Fragment(why) => Self::Fragment(why),
            Fault::Bind { .. } => {
                tracing::error!(%fault, "no UDP port is free for a supervisor's seat");
                Self::NoPort
            }
            // The text contains nothing of the offer itself.
            Fault::Sdp(_) | Fault::Stack(_) => Self::Offer(fault.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leave() -> SeatChange {
        SeatChange::Leave(SeatWhy::ConnectionLost)
    }

    fn order(change: SeatChange) -> (Order, oneshot::Receiver<bool>) {
        let (reply, done) = SeatReply::new();
        (Order::Seat(SeatOrder { seat: Seat(2), name: "anna".into(), change, reply }), done)
    }

    #[tokio::test]
    async fn an_order_waits_while_the_calls_queue_is_full_and_a_call_that_is_over_takes_none() {
        let (orders, mut inbox) = mpsc::channel(1);
        orders.try_send(order(leave()).0).unwrap();
        let waiting = tokio::spawn({
            let orders = orders.clone();
            async move { place(&orders).await.map(|permit| permit.send(order(leave()).0)) }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished(), "it waits");
        assert!(inbox.recv().await.is_some());
        assert_eq!(waiting.await.unwrap(), Ok(()));
        assert!(inbox.recv().await.is_some(), "it has come");
        drop(inbox);
        assert_eq!(place(&orders).await.err(), Some(SeatFault::Gone));
    }

    #[tokio::test]
    async fn what_a_room_refuses_is_ordered_again_until_it_is_taken() {
        let (orders, mut inbox) = mpsc::channel(1);
        let (first, done) = order(leave());
        orders.try_send(first).unwrap();
        let call = tokio::spawn(async move {
            for taken in [false, false, true] {
                let Some(Order::Seat(SeatOrder { change: SeatChange::Leave(_), reply, seat: Seat(2), .. })) =
                    inbox.recv().await
                else {
                    panic!("no order");
                };
                reply.send(taken);
            }
            inbox
        });
        insist(&orders, &Passed { seat: Seat(2), name: "anna".into() }, leave, done).await;
        assert!(call.await.unwrap().try_recv().is_err(), "three times, and then no more");
    }
}
