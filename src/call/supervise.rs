//! Supervisors' lines: a browser's offer becomes a seat in a live call, and what its owner wants becomes orders to the call.
use super::calls::Calls;
use super::pages::within;
use super::port::{SeatAddress, SeatAnswer, SeatFault, SeatOffer, Supervisors, TakenSeat};
use super::registry::{Order, Registry};
use super::seat::{GuidanceReply, Guide, HandBack, SeatChange, SeatOrder, SeatWhy};
use super::seats::{NewSeat, SeatTable};
use dialog::guidance::{Guidance, GuidanceFault};
use futures::future::BoxFuture;
use media::hears::Supervision;
use media::leg::LegPlan;
use std::time::Duration;
use telephony::webrtc::{Answered, Data, Fault};
use telephony::{Change, Line};
use tokio::sync::{mpsc, oneshot};

/// The longest a call may take to answer who guides its bot.
const PATIENCE: Duration = Duration::from_secs(5);

/// A supervisor's line, and what reaches its call.
struct SeatLine {
    at: SeatAddress,
    /// Of this use of the seat.
    number: u64,
    seats: SeatTable,
    registry: Registry,
    /// Closed when the call is over.
    call: mpsc::Sender<Order>,
}

impl SeatLine {
    /// Runs until the supervisor leaves, is lost for good, or the call is over.
    async fn run(self, mut line: Line, _data: Data, mut until: BoxFuture<'static, ()>) {
        let why = loop {
            tokio::select! {
                change = line.next() => match change {
                    Change::Up => {
                        if !self.take_seat(&mut line) {
                            break SeatWhy::ConnectionLost;
                        }
                    }
                    Change::Lost(true) => self.lost(),
                    Change::Ended(_) => break SeatWhy::ConnectionLost,
                    Change::Plan(_)
                    | Change::OnHold(_)
                    | Change::Key(_)
                    | Change::Replaced(_)
                    | Change::Referral(_)
                    | Change::Lost(false) => {}
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
        let tell = |taken: &TakenSeat| self.order(taken, SeatChange::Leave(why));
        self.seats.free(&self.at, self.number, tell);
    }

    /// The line is connected: it hears the call from the next tick on. `false`: it cannot any more.
    fn take_seat(&self, line: &mut Line) -> bool {
        let Some(wire) = line.wire.take() else { return true };
        let plan: LegPlan = line.plan.clone();
        let tell = |taken: &TakenSeat| {
            let change = SeatChange::Join { wire, plan, mode: taken.mode };
            self.call.try_send(Order::Seat(SeatOrder { seat: taken.seat, name: taken.name.clone(), change })).is_ok()
        };
        self.seats.connected(&self.at, self.number, tell) == Some(true)
    }

    /// A caller whose human partner is gone is the bot's again.
    fn lost(&self) {
        self.seats.give_back(&self.at, self.number, |taken| {
            self.order(taken, SeatChange::Mode(Supervision::Monitor, SeatWhy::ConnectionLost));
        });
    }

    fn order(&self, taken: &TakenSeat, change: SeatChange) {
        order(&self.registry, &self.at, taken.name.clone(), change);
    }
}

/// A call that is over needs no order; one whose queue is full is overloaded, and its log says so.
fn order(registry: &Registry, at: &SeatAddress, name: String, change: SeatChange) -> bool {
    let taken = registry.order(&at.call, Order::Seat(SeatOrder { seat: at.seat, name, change }));
    if !taken && registry.orders(&at.call).is_some() {
        tracing::error!(call = %at.call, seat = at.seat.0, "an order of a supervisor was lost: the call's queue is full");
    }
    taken
}

impl Calls {
    async fn seat(&self, call: &str, offer: SeatOffer) -> Result<SeatAnswer, SeatFault> {
        let SeatOffer { who, mode, sdp, until } = offer;
        let (registry, seats) = (&self.0.registry, &self.0.seats);
        if registry.is_draining() {
            return Err(SeatFault::Draining);
        }
        let web = self.0.web.get().ok_or(SeatFault::Off)?;
        let orders = self.answered(call)?;
        seats.check(call, mode)?;
        let Answered { sdp, peer, line, data } = web.answer(&sdp).await?;
        let (number, etag, speaks) = (peer.id(), peer.etag(), line.plan.direction.receives());
        let at = seats.take(call, NewSeat { who, mode, peer, speaks })?;
        let seat = at.seat;
        let line_of = SeatLine { at, number, seats: seats.clone(), registry: registry.clone(), call: orders };
        tokio::spawn(line_of.run(line, data, until));
        Ok(SeatAnswer { seat, etag, sdp })
    }

    /// Where an answered call takes its orders: before the answer nobody could be heard.
    fn answered(&self, call: &str) -> Result<mpsc::Sender<Order>, SeatFault> {
        let live = self.resources().store.live(call).filter(|call| call.answered_at.is_some());
        live.and_then(|_| self.0.registry.orders(call)).ok_or(SeatFault::NoCall)
    }

    async fn guided(&self, call: &str, order: Order, reply: Asked) -> Result<u64, SeatFault> {
        self.answered(call)?.try_send(order).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => SeatFault::Busy,
            mpsc::error::TrySendError::Closed(_) => SeatFault::NoCall,
        })?;
        match tokio::time::timeout(PATIENCE, reply).await {
            Ok(Ok(result)) => Ok(result?),
            Ok(Err(_)) => Err(SeatFault::NoCall),
            Err(_) => Err(SeatFault::Busy),
        }
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
        let id = self.guided(call, order, answer).await?;
        // The call has done it: its supervisor listens.
        seats.give_back(&at, number, |_| {});
        Ok(id)
    }
}

type Asked = oneshot::Receiver<Result<u64, GuidanceFault>>;

impl Supervisors for Calls {
    fn join<'a>(&'a self, call: &'a str, offer: SeatOffer) -> BoxFuture<'a, Result<SeatAnswer, SeatFault>> {
        Box::pin(self.seat(call, offer))
    }

    fn seats(&self, call: &str) -> Vec<TakenSeat> {
        self.0.seats.list(call)
    }

    fn set_mode(&self, at: &SeatAddress, who: &str, mode: Supervision) -> Result<(), SeatFault> {
        let tell = || match order(&self.0.registry, at, who.to_owned(), SeatChange::Mode(mode, SeatWhy::Asked)) {
            true => Ok(()),
            false => Err(SeatFault::Busy),
        };
        self.0.seats.set_mode(at, who, mode, tell)
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

    fn leave(&self, at: &SeatAddress, who: &str) -> Result<(), SeatFault> {
        let number = self.0.seats.peer(at, who)?.id();
        let tell = |taken: &TakenSeat| {
            order(&self.0.registry, at, taken.name.clone(), SeatChange::Leave(SeatWhy::Asked));
        };
        let peer = self.0.seats.free(at, number, tell).ok_or(SeatFault::Gone)?;
        peer.hang_up("the supervisor has left");
        Ok(())
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
