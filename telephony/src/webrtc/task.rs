//! `Task`: the driver of one peer. It owns the sockets and the stack, and is the only one that reads the clock for them.
use super::datagram::Datagram;
use super::early::EarlyDtls;
use super::liveness::{Liveness, Transition};
use super::peer::PeerRequest;
use super::sockets::Sockets;
use super::stack::{MIDS, Stack};
use super::transport::TransportChoice;
use super::wire::{Rings, count};
use super::{Counted, Fault, Message, fragment, message};
use crate::line::{Change, Ended, EndedBy, HangUp};
use crate::rtp::rtcp::ReportState;
use crate::sdp::web::{BrowserDescription, DescriptionKind, OurDescription, Transport};
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
/// Bytes not yet acknowledged by the page, above which nothing is taken from the outbox.
const UNDERWAY: usize = 64 * 1024;
/// The stack's deadlines are rounded up to this.
const GRAIN: Duration = Duration::from_millis(1);
/// Datagrams read before the task handles anything else.
const BATCH: usize = 32;
/// Candidates a page may trickle in one ICE session.
const CANDIDATES: usize = 32;

/// How long a peer may be silent.
pub(super) fn patience(lost: Duration, listens: bool) -> Duration {
    if listens { lost } else { lost.max(LISTENER) }
}

/// The ends of the channels that the call's owners hold.
pub(super) struct Owner {
    pub hang_ups: mpsc::Receiver<HangUp>,
    pub changes: mpsc::Sender<Change>,
    pub ended: Arc<OnceLock<Ended>>,
    pub requests: mpsc::Receiver<PeerRequest>,
    pub inbox: mpsc::Sender<Message>,
    pub outbox: mpsc::Receiver<String>,
}

/// What a task is made of.
pub(super) struct Parts {
    pub id: u64,
    pub stack: Stack,
    pub sockets: Sockets,
    /// The description of the far end; `None` before an answer to our offer.
    pub theirs: Option<BrowserDescription>,
    pub ours: OurDescription,
    pub rings: Arc<Rings>,
    /// The number of the ICE session; it is raised after the session's credentials have changed.
    pub etag: Arc<AtomicU32>,
    pub liveness: Liveness,
    pub owner: Owner,
    /// Held for as long as the task runs.
    pub _counted: Counted,
    pub lite: bool,
}

pub(super) struct Task {
    parts: Parts,
    report_state: ReportState,
    /// The SSRC that the leg sends as; the far end is sent the negotiated one.
    leg: Option<u32>,
    channel: Option<RTCDataChannelId>,
    /// Datagrams that have arrived and have not been read.
    batch: Vec<Datagram>,
    /// The page's first datagrams of DTLS, which can arrive before their path is nominated. `None` once a path is, and where we
    /// made the offer, for then we send the first.
    early: Option<EarlyDtls>,
    transports: TransportChoice,
    /// DTLS has agreed on keys. What the leg sends before is dropped.
    up: bool,
    /// Candidates that the page has trickled in this ICE session.
    candidates: usize,
}

enum Event {
    /// Datagrams are in the batch, the leg has sent, or a deadline has come.
    Work,
    HangUp(Option<HangUp>),
    PeerRequest(PeerRequest),
    Say(String),
}

impl Task {
    pub(super) fn new(parts: Parts) -> Self {
        let mut report_state = ReportState::new();
        report_state.ours = Some(parts.stack.ssrc);
        let transports = TransportChoice::new(&parts.ours.transport.ufrag);
        let early = parts.theirs.is_some().then(|| EarlyDtls::new(&parts.ours.transport.ufrag));
        Self {
            parts,
            report_state,
            leg: None,
            channel: None,
            batch: Vec::with_capacity(BATCH),
            early,
            transports,
            up: false,
            candidates: 0,
        }
    }

    /// Runs until the call is over.
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
                Event::Work => None,
                Event::HangUp(Some(HangUp(reason))) => Some(Ended { by: EndedBy::Us, reason }),
                Event::HangUp(None) => Some(Ended { by: EndedBy::Us, reason: "the line was dropped" }),
                Event::PeerRequest(PeerRequest::HangUp(reason)) => Some(Ended { by: EndedBy::Us, reason }),
                Event::PeerRequest(ask) => {
                    self.serve(ask);
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
        let deadline = [due, self.parts.liveness.deadline()].into_iter().flatten().min();
        let deadline = deadline.unwrap_or(now + Duration::from_secs(1));
        let mut sleep = pin!(tokio::time::sleep_until(deadline.into()));
        let may_say = self.channel.is_some_and(|id| self.underway(id) < UNDERWAY);
        let (parts, batch) = (&mut self.parts, &mut self.batch);
        poll_fn(|context| {
            let datagrams = parts.sockets.poll(context, |datagram| batch.push(datagram)).is_ready();
            let leg = parts.rings.poll(context);
            if datagrams || leg {
                return Poll::Ready(Event::Work);
            }
            if let Poll::Ready(hang_up) = parts.owner.hang_ups.poll_recv(context) {
                return Poll::Ready(Event::HangUp(hang_up));
            }
            if let Poll::Ready(Some(ask)) = parts.owner.requests.poll_recv(context) {
                return Poll::Ready(Event::PeerRequest(ask));
            }
            if may_say && let Poll::Ready(Some(text)) = parts.owner.outbox.poll_recv(context) {
                return Poll::Ready(Event::Say(text));
            }
            sleep.as_mut().poll(context).map(|()| Event::Work)
        })
        .await
    }

    /// Gives the stack what has arrived, what the leg sends, and the time.
    fn turn(&mut self, now: Instant) -> Option<Ended> {
        let connection = &mut self.parts.stack.connection;
        for datagram in self.batch.drain(..) {
            if !self.transports.admits(&datagram) {
                continue;
            }
            let datagram = match &mut self.early {
                Some(early) => early.pass(datagram),
                None => Some(datagram),
            };
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
        match self.parts.liveness.check(now) {
            Some(Transition::Lost) => self.tell(Change::Lost(true)),
            Some(Transition::NeverConnected) => {
                Some(Ended { by: EndedBy::Network, reason: "no connection came about" })
            }
            Some(Transition::GivenUp) => Some(Ended { by: EndedBy::Network, reason: "connection lost" }),
            Some(Transition::Recovered) | None => None,
        }
    }

    /// Handles all that the stack puts out.
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
            return Some(Ended { by: EndedBy::Caller, reason: "the page closed the connection" });
        }
        self.check_outbox()
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
                self.batch.extend(self.early.take().map(EarlyDtls::into_kept).unwrap_or_default());
                self.turn(Instant::now())
            }
            RTCPeerConnectionEvent::OnIceConnectionStateChangeEvent(RTCIceConnectionState::Disconnected) => {
                let missed = self.parts.liveness.disconnected(Instant::now())?;
                (missed == Transition::Lost).then(|| self.tell(Change::Lost(true))).flatten()
            }
            RTCPeerConnectionEvent::OnConnectionStateChangeEvent(RTCPeerConnectionState::Connected) => {
                let news = !std::mem::replace(&mut self.up, true);
                news.then(|| self.tell(Change::Up)).flatten()
            }
            RTCPeerConnectionEvent::OnDataChannel(RTCDataChannelEvent::OnOpen(id))
                if self.parts.stack.is_page_channel(id) =>
            {
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
                // A packet of padding alone probes the bandwidth; it counts as a sign of life like others.
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
                self.parts.liveness.packet_arrived(arrived)
            }
            RTCMessage::RtcpPacket(_, packets) => {
                for packet in packets {
                    if let Some(rtcp) = self.report_state.interpret(packet.as_any(), arrived) {
                        self.report(rtcp);
                    }
                }
                let listens = self.parts.ours.plan.direction.receives();
                (!listens).then(|| self.parts.liveness.packet_arrived(arrived)).flatten()
            }
            RTCMessage::DataChannelMessage(id, said) if self.channel == Some(id) => {
                // Full where the owner does not keep up with twenty messages a second: the newest is dropped.
                self.parts.owner.inbox.try_send(self::message(said.is_string, &said.data)).ok();
                None
            }
            _ => None,
        };
        back.filter(|verdict| *verdict == Transition::Recovered).and_then(|_| self.tell(Change::Lost(false)))
    }

    /// Hands RTCP to the leg, with the SSRC that the leg sends as.
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

    /// Sends a packet of the leg, with the SSRC that was negotiated.
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
                RTCMessage::RtcpPacket(track, self.report_state.compose(&rtcp, now, SystemTime::now()))
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

    /// A full outbox loses its oldest message before the channel is open, and ends the call after.
    fn check_outbox(&mut self) -> Option<Ended> {
        if self.parts.owner.outbox.len() < super::WAITING {
            return None;
        }
        let Some(id) = self.channel else {
            self.parts.owner.outbox.try_recv().ok();
            return None;
        };
        (self.underway(id) >= UNDERWAY).then_some(Ended { by: EndedBy::Caller, reason: "the page does not read" })
    }

    fn serve(&mut self, ask: PeerRequest) {
        // A closed reply channel means that whoever asked waits no longer.
        match ask {
            PeerRequest::Accept(theirs, reply) => drop(reply.send(self.accept(*theirs))),
            PeerRequest::Trickle { etag, fragment, reply } => drop(reply.send(self.trickle(etag, fragment))),
            PeerRequest::Restart(fragment, reply) => drop(reply.send(self.restart(fragment))),
            PeerRequest::Renew(reply) => drop(reply.send(self.renew())),
            PeerRequest::HangUp(_) => {}
        }
    }

    fn accept(&mut self, theirs: BrowserDescription) -> Result<(), Fault> {
        let stack = &mut self.parts.stack;
        stack.accept(&theirs.reduced(DescriptionKind::Answer, MIDS, &theirs.transport))?;
        theirs.candidates.iter().filter_map(|c| super::candidate::theirs(c)).for_each(|c| stack.add_candidate(&c));
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
        // An ICE-lite agent sends no checks and needs no candidates.
        if !self.parts.lite {
            self.add(&fragment.candidates);
        }
        Ok(())
    }

    /// Each candidate makes us send checks to an address that the page names, so their number in a session is limited.
    fn add(&mut self, candidates: &[String]) {
        for candidate in candidates.iter().take(CANDIDATES.saturating_sub(self.candidates)) {
            self.candidates += 1;
            self.parts.stack.add_candidate(candidate);
        }
    }

    /// As the answerer: their new credentials, and ours in return. As the offerer: the answer to [`Self::renew`].
    fn restart(&mut self, fragment: fragment::Fragment) -> Result<(String, u32), Fault> {
        let theirs = self.parts.theirs.as_mut().ok_or(Fault::Fragment("there is no description yet"))?;
        let (ufrag, pwd) = fragment.credentials.ok_or(Fault::Fragment("it has no ice-ufrag and ice-pwd"))?;
        let transport = Transport { ufrag, pwd, ..theirs.transport.clone() };
        let stack = &mut self.parts.stack;
        if self.parts.ours.setup == "actpass" {
            stack.accept(&theirs.reduced(DescriptionKind::Answer, MIDS, &transport))?;
        } else {
            self.parts.ours.transport =
                stack.answer(&theirs.reduced(DescriptionKind::Offer, MIDS, &transport), &self.parts.sockets)?;
        }
        theirs.transport = transport;
        self.transports = TransportChoice::new(&self.parts.ours.transport.ufrag);
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
        self.parts.ours.transport = self.parts.stack.offer_again()?;
        Ok(self.fragment())
    }

    fn fragment(&self) -> String {
        let OurDescription { transport, candidates, complete, .. } = &self.parts.ours;
        let mid = self.parts.theirs.as_ref().and_then(BrowserDescription::mid).unwrap_or(MIDS.0);
        fragment::write(mid, (&transport.ufrag, &transport.pwd), candidates, *complete)
    }

    fn tell(&mut self, change: Change) -> Option<Ended> {
        match self.parts.owner.changes.try_send(change) {
            Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => None,
            Err(mpsc::error::TrySendError::Full(_)) => {
                Some(Ended { by: EndedBy::Us, reason: "the call's owner does not listen" })
            }
        }
    }
}
