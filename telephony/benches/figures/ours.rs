//! Our own media path, from socket to socket, with everything a call has but its signalling.
use super::callers::{Callers, Sound};
use super::{Figure, Plan, cost, sound};
use media::Rate;
use media::codec::Codec;
use media::ear::{EarPlan, EchoControl};
use media::engine::{Engine, EnginePlan, Event, LATENESS, RoomHandle, Seat};
use media::leg::LegPlan;
use media::room::BotMode;
use media::tts::UtteranceId;
use media::vad::Models;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use telephony::rtp::{Control, Ports, PortsPlan, Remote};
use tokio::sync::mpsc;

/// The RTP ports of these figures, all that they use but the phones'.
const PORTS: (u16, u16) = (26_000, 27_999);

struct Server {
    engine: Arc<Engine>,
    ports: Ports,
    rooms: Vec<(RoomHandle, mpsc::Receiver<Event>)>,
    wires: Vec<Control>,
}

/// What a phone sends, and who listens to it.
#[derive(Clone, Copy)]
struct Says {
    codec: Codec,
    payload_type: u8,
    ear: Option<EarPlan>,
}

const G711: Says = Says { codec: Codec::Pcmu, payload_type: 0, ear: None };

fn leg(codec: Codec, payload_type: u8) -> LegPlan {
    LegPlan { telephone_event: Some(101), ..LegPlan::new(codec, payload_type) }
}

impl Server {
    fn start(realtime: bool, silero: Option<&Path>) -> Result<Self, String> {
        let models = Models::load(silero).map_err(|why| why.to_string())?;
        let engine = Engine::start(EnginePlan { realtime, ..EnginePlan::default() }, models);
        let engine = engine.map_err(|why| why.to_string())?;
        let ports = Ports::new(PortsPlan { from: PORTS.0, to: PORTS.1, ..PortsPlan::default() });
        Ok(Self { engine, ports, rooms: Vec::new(), wires: Vec::new() })
    }

    fn open(&mut self, bot: BotMode) -> Result<RoomHandle, String> {
        let (events, inbox) = mpsc::channel(256);
        let room = self.engine.open(bot, events).map_err(|why| why.to_string())?;
        self.rooms.push((room.clone(), inbox));
        Ok(room)
    }

    /// Puts a phone into a seat; says where it has to send.
    fn join(&mut self, room: &RoomHandle, seat: Seat, phone: SocketAddr, says: Says) -> Result<SocketAddr, String> {
        let socket = self.ports.take().map_err(|why| why.to_string())?;
        let at = SocketAddr::new(socket.advertised(), socket.port());
        let rtcp = Some(SocketAddr::new(phone.ip(), phone.port().wrapping_add(1).max(1024)));
        let (wire, control) = socket.wire(Remote { rtp: phone, rtcp });
        self.wires.push(control);
        let Says { codec, payload_type, ear } = says;
        room.join(seat, Box::new(wire), leg(codec, payload_type), ear).map_err(|why| why.to_string())?;
        Ok(at)
    }

    /// Measures, stops, and adds what the server itself knows about losses.
    fn finish(self, plan: &Plan, callers: &mut Callers) -> Figure {
        let heard = || self.wires.iter().map(|wire| wire.stats().received).sum::<u64>();
        let figure = cost(plan, callers, None);
        // All that was ever sent to us, the warm-up included.
        let lost = 1.0 - heard() as f64 / figure.sent_in_all.max(1) as f64;
        let report = self.engine.report();
        let (steps, ticks) = (report.lateness, report.ticks.max(1));
        let late = |share: f64| {
            let mut left = (ticks as f64 * (1.0 - share)) as u64;
            for (count, edge) in steps.iter().rev().zip(std::iter::once(u64::MAX).chain(LATENESS.into_iter().rev())) {
                if *count > left {
                    return edge;
                }
                left -= count;
            }
            LATENESS[0]
        };
        let note = format!(
            "{} priority, tick late p99 ≤ {} p99.9 ≤ {} µs, {} of {} ticks missed",
            report.priority.name(),
            late(0.99),
            late(0.999),
            report.missed_ticks,
            ticks
        );
        self.engine.stop();
        drop(self.rooms);
        Figure { lost: figure.lost.max(lost), note, ..figure }
    }
}

/// Each phone hears itself, through the jitter buffer and both codecs.
pub fn echo(plan: &Plan) -> Result<Figure, String> {
    let mut server = Server::start(plan.realtime, None)?;
    let mut callers = Callers::new(plan.calls, vec![sound::g711()]);
    for caller in &mut callers.all {
        let room = server.open(BotMode::Echoes)?;
        caller.to = server.join(&room, Seat::CALLER, caller.address(), G711)?;
    }
    Ok(server.finish(plan, &mut callers))
}

/// Two phones per call, decoded, mixed and coded again.
pub fn bridge(plan: &Plan) -> Result<Figure, String> {
    between(plan, vec![sound::g711()], [G711, G711])
}

/// A G.711 phone and an Opus phone per call.
pub fn transcode(plan: &Plan) -> Result<Figure, String> {
    let opus = Says { codec: sound::opus(), payload_type: 111, ear: None };
    between(plan, vec![sound::g711(), sound::encoded(sound::opus(), 111)], [G711, opus])
}

fn between(plan: &Plan, sounds: Vec<Sound>, says: [Says; 2]) -> Result<Figure, String> {
    let mut server = Server::start(plan.realtime, None)?;
    let mut callers = Callers::new(plan.calls * 2, sounds);
    for pair in callers.all.chunks_mut(2) {
        let room = server.open(BotMode::Speaks)?;
        room.bot(BotMode::Rests).map_err(|why| why.to_string())?;
        for ((caller, seat), says) in pair.iter_mut().zip([Seat::CALLER, Seat::AGENT]).zip(says) {
            caller.to = server.join(&room, seat, caller.address(), says)?;
        }
    }
    Ok(server.finish(plan, &mut callers))
}

/// A bot that speaks all the time to a caller whom it hears.
pub fn bot(plan: &Plan, silero: Option<&Path>, echo: EchoControl) -> Result<Figure, String> {
    let mut server = Server::start(plan.realtime, silero)?;
    let mut callers = Callers::new(plan.calls, vec![sound::g711()]);
    let (speech, ear) = (sound::speech(), Some(EarPlan { echo, ..EarPlan::default() }));
    for caller in &mut callers.all {
        let room = server.open(BotMode::Speaks)?;
        caller.to = server.join(&room, Seat::CALLER, caller.address(), Says { ear, ..G711 })?;
        let needed = (plan.time + Duration::from_secs(3)).as_secs() as usize * 8_000;
        let pcm: Vec<i16> = speech.iter().copied().cycle().take(needed).collect();
        let sound = media::tts::Sound {
            utterance: UtteranceId(1),
            pcm,
            rate: Rate::Hz8000,
            upto_char: 100,
            interruptible: false,
            last: true,
        };
        room.sound(Seat::CALLER, sound).map_err(|why| why.to_string())?;
    }
    Ok(server.finish(plan, &mut callers))
}
