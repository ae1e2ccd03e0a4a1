//! `Task`: the driver of one peer. It owns the sockets and the stack, and is the only one that reads the clock for them.
use super::early::{self, Early};
use super::peer::Ask;
use super::pulse::{Pulse, Verdict};
use super::roads::Roads;
use super::sockets::{Datagram, Sockets};
use super::stack::{MIDS, Stack};
use super::wire::{Rings, count};
use super::{Alive, Fault, Message, fragment, message};
use crate::line::{By, Change, Ended};
use crate::ring::Wish;
use crate::rtp::rtcp::Ledger;
use crate::sdp::web::{Kind, Ours, Transport, Web};
use media::packet::{Packet, Rtcp, Rtp};
use rtc::data_channel::RTCDataChannelId;
use rtc::peer_connection::event::{RTCDataChannelEvent, RTCPeerConnectionEvent};
use rtc::peer_connection::message::{RTCMessage, TaggedRTCMessage};
use rtc::peer_connection::state::{RTCIceConnectionState, RTCPeerConnectionState};
use rtc::sansio::Protocol;
use rtc::shared::{TaggedBytesMut, TransportContext};
use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::task::Poll;
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::mpsc;
use tracing::debug;

/// A page that only listens sends checks of its connection alone, at most this far apart.
const LISTENER: Duration = Duration::from_secs(8);
/// Bytes on their way to the page before no more are taken from the outbox.
const UNDERWAY: usize = 64 * 1024;
/// The stack is not asked more often than this, whatever it says of its deadlines.
const GRAIN: Duration = Duration::from_millis(1);
/// Datagrams read before the task looks around.
const BATCH: usize = 32;
/// Candidates a page may trickle in one ICE session.
const CANDIDATES: usize = 32;

/// How long a peer may be silent.
pub(super) fn patience(lost: Duration, listens: bool) -> Duration {
    if listens { lost } else { lost.max(LISTENER) }
}

/// The ends of the channels that the call's owners hold.
pub(super) struct Owner {
    pub wishes: mpsc::Receiver<Wish>,
    pub changes: mpsc::Sender<Change>,
    pub ended: Arc<OnceLock<Ended>>,
    pub asks: mpsc::Receiver<Ask>,
    pub inbox: mpsc::Sender<Message>,
    pub outbox: mpsc::Receiver<String>,
}

/// What a task is made of.
pub(super) struct Parts {
    pub id: u64,
    pub stack: Stack,
    pub sockets: Sockets,
    /// The description of the far end; `None` before an answer to our offer.
    pub theirs: Option<Web>,
    pub ours: Ours,
    pub rings: Arc<Rings>,
    /// The number of the ICE session, which rises with the session itself: whoever sees it sees this one's credentials.
    pub etag: Arc<AtomicU32>,
    pub pulse: Pulse,
    pub owner: Owner,
    /// Held for as long as the task runs.
    pub _alive: Alive,
    pub lite: bool,
}

pub(super) struct Task {
    parts: Parts,
    ledger: Ledger,
    /// The source the leg sends as, which the far end knows as ours.
    leg: Option<u32>,
    channel: Option<RTCDataChannelId>,
    /// What has arrived and is not yet read.
    batch: Vec<Datagram>,
    /// The page's first words of DTLS, which can overtake the nomination of their path. `None` once the path is there, and for
    /// who made the offer: it speaks first.
    early: Option<Early>,
    roads: Roads,
    /// There are keys: what the leg sent before went nowhere.
    up: bool,
    /// Trickled in this ICE session.
    candidates: usize,
}

enum Event {
    /// Datagrams are in the batch, the leg has sent, or a deadline has come.
    Turn,
    Wish(Option<Wish>),
    Ask(Ask),
    Say(String),
}

impl Task {
    pub(super) fn new(parts: Parts) -> Self {
        let mut ledger = Ledger::new();
        ledger.ours = Some(parts.stack.ssrc);
        let roads = Roads::new(&parts.ours.transport.ufrag);
        let early = parts.theirs.is_some().then(|| Early::new(&parts.ours.transport.ufrag));
        Self {
            parts,
            ledger,
            leg: None,
            channel: None,
            batch: Vec::with_capacity(BATCH),
            early,
            roads,
            up: false,
            candidates: 0,
        }
    }

    /// Runs until the call is over; nothing of it remains.
    pub(super) async fn run(mut self) {
        let ended = self.up().await;
        debug!(call = self.parts.id, by = ?ended.by, reason = ended.reason, "browser call over");
        self.parts.stack.connection.close().ok();
        self.flush();
        self.parts.owner.ended.set(ended).ok();
        self.parts.owner.changes.try_send(Change::Ended(ended)).ok();
    }

    async fn up(&mut self) -> Ended {
        loop {
            if let Some(ended) = self.settle() {
                return ended;
            }
            let event = self.wait().await;
            let now = Instant::now();
            let ended = match event {
                Event::Turn => None,
                Event::Wish(Some(Wish::HangUp(reason))) => Some(Ended { by: By::Us, reason }),
                Event::Wish(None) => Some(Ended { by: By::Us, reason: "the line was dropped" }),
                Event::Wish(Some(_)) => None,
                Event::Ask(Ask::HangUp(reason)) => Some(Ended { by: By::Us, reason }),
                Event::Ask(ask) => {
                    self.obey(ask);
                    None
                }
                Event::Say(text) => {
                    self.say(now, text);
                    None
                }
            };
            if let Some(ended) = ended.or_else(|| self.turn(now)) {
                return ended;
            }
        }
    }

    /// The next thing to do.
    async fn wait(&mut self) -> Event {
        let now = Instant::now();
        let due = self.parts.stack.deadline().map(|at| at.max(now + GRAIN));
        let deadline = [due, self.parts.pulse.deadline()].into_iter().flatten().min();
        let deadline = deadline.unwrap_or(now + Duration::from_secs(1));
        let mut sleep = pin!(tokio::time::sleep_until(deadline.into()));
        let may_say = self.channel.is_some_and(|id| self.underway(id) < UNDERWAY);
        let (parts, batch) = (&mut self.parts, &mut self.batch);
        poll_fn(|context| {
            let datagrams = parts.sockets.poll(context, |datagram| batch.push(datagram)).is_ready();
            let leg = parts.rings.poll(context);
            if datagrams || leg {
                return Poll::Ready(Event::Turn);
            }
            if let Poll::Ready(wish) = parts.owner.wishes.poll_recv(context) {
                return Poll::Ready(Event::Wish(wish));
            }
            if let Poll::Ready(Some(ask)) = parts.owner.asks.poll_recv(context) {
                return Poll::Ready(Event::Ask(ask));
            }
            if may_say && let Poll::Ready(Some(text)) = parts.owner.outbox.poll_recv(context) {
                return Poll::Ready(Event::Say(text));
            }
            sleep.as_mut().poll(context).map(|()| Event::Turn)
        })
        .await
    }

    /// Lets what has arrived, what the leg sends and the time itself pass through the stack.
    fn turn(&mut self, now: Instant) -> Option<Ended> {
        let connection = &mut self.parts.stack.connection;
        for datagram in self.batch.drain(..) {
            if !self.roads.let_in(&datagram) {
                continue;
            }
            let mut datagram = Some(datagram);
            if let Some(early) = &mut self.early
                && early.take(&mut datagram) == early::Verdict::Taken
            {
                continue;
            }
            let Some(datagram) = datagram else { continue };
            let Datagram { local, from, over, arrived, bytes } = datagram;
            let transport =
                TransportContext { local_addr: local, peer_addr: from, transport_protocol: over, ecn: None };
            // A datagram that cannot be read changes nothing.
            connection.handle_read(TaggedBytesMut { now: arrived, transport, message: bytes }).ok();
        }
        if connection.poll_timeout().is_some_and(|at| at <= now) {
            connection.handle_timeout(now).ok();
        }
        for _ in 0..2 * super::wire::RING {
            let Some(packet) = self.parts.rings.take() else { break };
            if self.up {
                self.send(now, packet);
            }
        }
        match self.parts.pulse.check(now) {
            Some(Verdict::Lost) => self.tell(Change::Lost(true)),
            Some(Verdict::Stillborn) => Some(Ended { by: By::Network, reason: "no connection came about" }),
            Some(Verdict::Dead) => Some(Ended { by: By::Network, reason: "connection lost" }),
            Some(Verdict::Back) | None => None,
        }
    }

    /// Everything the stack has to say, until it has no more.
    fn settle(&mut self) -> Option<Ended> {
        self.flush();
        while let Some(event) = self.parts.stack.connection.poll_event() {
            if let Some(ended) = self.note(event) {
                return Some(ended);
            }
        }
        while let Some(TaggedRTCMessage { now, message }) = self.parts.stack.connection.poll_read() {
            if let Some(ended) = self.read(now, message) {
                return Some(ended);
            }
        }
        self.flush();
        if self.parts.stack.is_closed() {
            return Some(Ended { by: By::Caller, reason: "the page closed the connection" });
        }
        self.relieve()
    }

    fn flush(&mut self) {
        while let Some(datagram) = self.parts.stack.connection.poll_write() {
            self.parts.sockets.send(&datagram.transport, &datagram.message);
        }
    }

    fn note(&mut self, event: RTCPeerConnectionEvent) -> Option<Ended> {
        match event {
            RTCPeerConnectionEvent::OnIceConnectionStateChangeEvent(
                RTCIceConnectionState::Connected | RTCIceConnectionState::Completed,
            ) => {
                self.batch.extend(self.early.take().map(Early::into_kept).unwrap_or_default());
                self.turn(Instant::now())
            }
            RTCPeerConnectionEvent::OnIceConnectionStateChangeEvent(RTCIceConnectionState::Disconnected) => {
                let missed = self.parts.pulse.miss(Instant::now())?;
                (missed == Verdict::Lost).then(|| self.tell(Change::Lost(true))).flatten()
            }
            RTCPeerConnectionEvent::OnConnectionStateChangeEvent(RTCPeerConnectionState::Connected) => {
                let news = !std::mem::replace(&mut self.up, true);
                news.then(|| self.tell(Change::Up)).flatten()
            }
            RTCPeerConnectionEvent::OnDataChannel(RTCDataChannelEvent::OnOpen(id)) if self.parts.stack.is_ours(id) => {
                self.channel = Some(id);
                self.parts.owner.inbox.try_send(Message::Opened).ok();
                None
            }
            RTCPeerConnectionEvent::OnDataChannel(RTCDataChannelEvent::OnClose(id)) => {
                self.channel.take_if(|open| *open == id);
                None
            }
            _ => None,
        }
    }

    fn read(&mut self, arrived: Instant, message: RTCMessage) -> Option<Ended> {
        let back = match message {
            RTCMessage::RtpPacket(_, packet) => {
                let (header, payload) = (packet.header, packet.payload);
                // Nothing but padding: a probe of the bandwidth, and a sign of life.
                if !payload.is_empty() {
                    count(&self.parts.rings.counts.received);
                    self.parts.rings.put(Packet::Rtp(Rtp {
                        arrived,
                        payload_type: header.payload_type,
                        marker: header.marker,
                        sequence: header.sequence_number,
                        timestamp: header.timestamp,
                        ssrc: header.ssrc,
                        payload,
                    }));
                }
                self.parts.pulse.beat(arrived)
            }
            RTCMessage::RtcpPacket(_, packets) => {
                for packet in packets {
                    if let Some(rtcp) = self.ledger.understand(packet.as_any(), arrived) {
                        self.report(rtcp);
                    }
                }
                let listens = self.parts.ours.plan.direction.receives();
                (!listens).then(|| self.parts.pulse.beat(arrived)).flatten()
            }
            RTCMessage::DataChannelMessage(id, said) if self.channel == Some(id) => {
                // Full: the owner is slower than twenty messages a second allow; the newest is not taken.
                self.parts.owner.inbox.try_send(self::message(said.is_string, &said.data)).ok();
                None
            }
            _ => None,
        };
        back.filter(|verdict| *verdict == Verdict::Back).and_then(|_| self.tell(Change::Lost(false)))
    }

    /// RTCP for the leg, about the source it knows.
    fn report(&mut self, mut rtcp: Rtcp) {
        if let Rtcp::Sender { report: Some(report), .. } | Rtcp::Receiver { report: Some(report), .. } = &mut rtcp {
            if let Some(round_trip) = report.round_trip {
                self.parts.rings.counts.round_trip.store((round_trip.as_micros() as u64).max(1), Relaxed);
            }
            if let Some(leg) = self.leg.filter(|_| report.ssrc == self.parts.stack.ssrc) {
                report.ssrc = leg;
            }
        }
        self.parts.rings.put(Packet::Rtcp(rtcp));
    }

    /// Sends what the leg says, as the source that was negotiated.
    fn send(&mut self, now: Instant, packet: Packet) {
        let (track, ssrc) = (self.parts.stack.track.clone(), self.parts.stack.ssrc);
        let message = match packet {
            Packet::Rtp(rtp) => {
                self.leg = Some(rtp.ssrc);
                count(&self.parts.rings.counts.sent);
                let header = rtc::rtp::Header {
                    version: 2,
                    marker: rtp.marker,
                    payload_type: rtp.payload_type,
                    sequence_number: rtp.sequence,
                    timestamp: rtp.timestamp,
                    ssrc,
                    ..rtc::rtp::Header::default()
                };
                RTCMessage::RtpPacket(track, rtc::rtp::Packet { header, payload: rtp.payload })
            }
            Packet::Rtcp(mut rtcp) => {
                match &mut rtcp {
                    Rtcp::Sender { ssrc: s, .. } | Rtcp::Receiver { ssrc: s, .. } | Rtcp::Goodbye { ssrc: s } => {
                        *s = ssrc
                    }
                }
                RTCMessage::RtcpPacket(track, self.ledger.compose(&rtcp, now, SystemTime::now()))
            }
        };
        // While ICE restarts there is no way to send on.
        self.parts.stack.connection.handle_write(TaggedRTCMessage { now, message }).ok();
    }

    fn underway(&mut self, id: RTCDataChannelId) -> usize {
        self.parts.stack.connection.data_channel(id).map_or(0, |channel| channel.outstanding_bytes())
    }

    fn say(&mut self, now: Instant, text: String) {
        if let Some(mut channel) = self.channel.and_then(|id| self.parts.stack.connection.data_channel(id)) {
            channel.send_text(now, text).ok();
        }
    }

    /// A full outbox: its oldest goes while there is no channel; one nobody reads ends the call.
    fn relieve(&mut self) -> Option<Ended> {
        if self.parts.owner.outbox.len() < super::WAITING {
            return None;
        }
        let Some(id) = self.channel else {
            self.parts.owner.outbox.try_recv().ok();
            return None;
        };
        (self.underway(id) >= UNDERWAY).then_some(Ended { by: By::Caller, reason: "the page does not read" })
    }

    fn obey(&mut self, ask: Ask) {
        // Who asked and does not wait for the answer has gone.
        match ask {
            Ask::Accept(theirs, reply) => drop(reply.send(self.accept(*theirs))),
            Ask::Trickle { etag, fragment, reply } => drop(reply.send(self.trickle(etag, fragment))),
            Ask::Restart(fragment, reply) => drop(reply.send(self.restart(fragment))),
            Ask::Renew(reply) => drop(reply.send(self.renew())),
            Ask::HangUp(_) => {}
        }
    }

    fn accept(&mut self, theirs: Web) -> Result<(), Fault> {
        let stack = &mut self.parts.stack;
        stack.accept(&theirs.tidy(Kind::Answer, MIDS, &theirs.transport))?;
        theirs.candidates.iter().filter_map(|c| super::candidate::theirs(c)).for_each(|c| stack.add(&c));
        self.parts.theirs = Some(theirs);
        Ok(())
    }

    fn trickle(&mut self, etag: u32, fragment: fragment::Fragment) -> Result<(), Fault> {
        if etag != self.parts.etag.load(Relaxed) {
            return Err(Fault::Stale);
        }
        let theirs = self.parts.theirs.as_ref().ok_or(Fault::Fragment("there is no description yet"))?;
        if fragment.credentials.is_some_and(|(ufrag, _)| ufrag != theirs.transport.ufrag) {
            return Err(Fault::Fragment("it belongs to another ICE session"));
        }
        // An agent that sends no checks has no use for them.
        if !self.parts.lite {
            self.add(&fragment.candidates);
        }
        Ok(())
    }

    /// Each candidate is a pair to check with each of ours, at somebody's address: a session has no more than this.
    fn add(&mut self, candidates: &[String]) {
        for candidate in candidates.iter().take(CANDIDATES.saturating_sub(self.candidates)) {
            self.candidates += 1;
            self.parts.stack.add(candidate);
        }
    }

    /// As the answerer: their new credentials, and ours in return. As the offerer: the answer to [`Self::renew`].
    fn restart(&mut self, fragment: fragment::Fragment) -> Result<(String, u32), Fault> {
        let theirs = self.parts.theirs.as_mut().ok_or(Fault::Fragment("there is no description yet"))?;
        let (ufrag, pwd) = fragment.credentials.ok_or(Fault::Fragment("it has no ice-ufrag and ice-pwd"))?;
        let transport = Transport { ufrag, pwd, ..theirs.transport.clone() };
        let stack = &mut self.parts.stack;
        if self.parts.ours.setup == "actpass" {
            stack.accept(&theirs.tidy(Kind::Answer, MIDS, &transport))?;
        } else {
            self.parts.ours.transport =
                stack.answer(&theirs.tidy(Kind::Offer, MIDS, &transport), &self.parts.sockets)?;
        }
        theirs.transport = transport;
        self.roads = Roads::new(&self.parts.ours.transport.ufrag);
        if let Some(early) = &mut self.early {
            early.rename(&self.parts.ours.transport.ufrag);
        }
        if !self.parts.lite {
            self.candidates = 0;
            self.add(&fragment.candidates);
        }
        let etag = self.parts.etag.fetch_add(1, Relaxed) + 1;
        Ok((self.fragment(), etag))
    }

    fn renew(&mut self) -> Result<String, Fault> {
        self.parts.ours.transport = self.parts.stack.renew()?;
        Ok(self.fragment())
    }

    fn fragment(&self) -> String {
        let Ours { transport, candidates, complete, .. } = &self.parts.ours;
        let mid = self.parts.theirs.as_ref().and_then(Web::mid).unwrap_or(MIDS.0);
        fragment::write(mid, (&transport.ufrag, &transport.pwd), candidates, *complete)
    }

    fn tell(&mut self, change: Change) -> Option<Ended> {
        match self.parts.owner.changes.try_send(change) {
            Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => None,
            Err(mpsc::error::TrySendError::Full(_)) => {
                Some(Ended { by: By::Us, reason: "the call's owner does not listen" })
            }
        }
    }
}
