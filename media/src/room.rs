//! `Room`: all legs of one call. Per tick: what came from each line → mixed by [`crate::hears`] → what each line is sent.
use crate::frame::{Frame, SamplePos, TICK};
use crate::hears::{Modes, Supervision};
use crate::ingress::ForEar;
use crate::keys::Keys;
pub use crate::leg::Bot;
use crate::leg::{self, Leg, LegPlan, LineRules};
use crate::mix::{Lanes, Mix, Source};
use crate::packet::Packet;
use crate::playout::{Gain, Played};
use crate::said::Said;
pub use crate::seat::Seat;
use crate::stats::LegStats;
use crate::tap::Tap;
use crate::tts::{Sound, UtteranceId};
use crate::vad::Edge;
use std::collections::VecDeque;
use std::time::Instant;

/// What a room is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Parties and a bot, which may rest.
    Bot,
    /// Each caller's own sound through the whole path back.
    Echo,
}

pub enum Input {
    /// `seed`: what must be random on the wire. Who sat there before leaves.
    Join {
        seat: Seat,
        plan: LegPlan,
        seed: u64,
    },
    Leave(Seat),
    /// How the supervisor at this seat takes part from now on; [`Supervision::Absent`] until this is said.
    Supervise(Seat, Supervision),
    /// While the bot rests its sound is refused and nothing of it counts as heard: a bridge is two parties and a resting bot. It
    /// rests as well while a supervisor has taken over.
    Bot(Bot),
    Leg(Seat, leg::Input),
    /// Takes both sides of seat 0 from now on, in place of who did before.
    Tap(Box<dyn Tap>),
    /// 20 ms have passed. Ticks may be late or missing: the time tells which one it is.
    Tick,
}

#[derive(Debug)]
pub enum Output {
    Send {
        seat: Seat,
        packet: Packet,
    },
    /// What a leg said and what it was sent, for its ear. Comes after everything that is sent in the same tick.
    Frame {
        seat: Seat,
        said: Said,
        sent: Box<Frame>,
    },
    Event(Event),
}

/// From a room to its call.
#[derive(Clone, Debug)]
pub enum Event {
    Edge {
        seat: Seat,
        edge: Edge,
    },
    Key {
        seat: Seat,
        key: char,
        at: Instant,
    },
    Played {
        seat: Seat,
        played: Played,
    },
    /// No RTP since then, although the line is open to it.
    Silent {
        seat: Seat,
        since: Instant,
    },
    Sounding {
        seat: Seat,
    },
    /// Boxed: what comes often is a third of its size.
    Stats {
        seat: Seat,
        stats: Box<LegStats>,
    },
    /// The tap could not keep up, or its disk failed: the recording ends here and the call goes on.
    TapBroke,
    /// The room is gone; nothing follows.
    Closed,
}

pub struct Room {
    mode: Mode,
    rules: LineRules,
    modes: Modes,
    /// What [`Input::Bot`] said last.
    bot: Bot,
    opened: Instant,
    /// The number of the next tick.
    tick: u64,
    /// Boxed: most seats stay empty, and a tick looks at all.
    legs: [Option<Box<Leg>>; Seat::COUNT],
    /// Seats that no ear listens to.
    without_ear: [bool; Seat::COUNT],
    /// How many frames of late sound, beyond one for each seat, the next tick may give to ears.
    late_left: usize,
    lanes: Lanes,
    tap: Option<Box<dyn Tap>>,
    out: VecDeque<Output>,
}

impl Room {
    /// `opened`: the beginning of tick 0.
    pub fn new(opened: Instant, mode: Mode, rules: LineRules) -> Self {
        Self {
            mode,
            rules,
            modes: Modes::default(),
            bot: Bot::Speaks,
            opened,
            tick: 0,
            legs: Default::default(),
            without_ear: Default::default(),
            late_left: usize::MAX,
            lanes: Lanes::default(),
            tap: None,
            out: VecDeque::new(),
        }
    }

    /// Sets the beginning of tick 0, before the first one.
    pub fn open(&mut self, opened: Instant) {
        if self.tick == 0 {
            self.opened = opened;
        }
    }

    pub fn handle(&mut self, now: Instant, input: Input) {
        match input {
            Input::Join { seat, plan, seed } => {
                self.leave(now, seat);
                let mut leg = Leg::new(now, plan, self.rules.clone(), seed);
                leg.handle(now, leg::Input::Bot(self.bot()));
                self.set_ear(seat, true);
                if let Some(place) = self.legs.get_mut(usize::from(seat.0)) {
                    *place = Some(Box::new(leg));
                }
            }
            Input::Leave(seat) => self.leave(now, seat),
            Input::Supervise(seat, mode) => {
                if self.is_occupied(seat) {
                    self.modes.set(seat, mode);
                    self.settle_bot(now);
                }
            }
            Input::Bot(bot) => {
                self.bot = bot;
                self.settle_bot(now);
            }
            Input::Leg(seat, input) => {
                if let Some(Some(leg)) = self.legs.get_mut(usize::from(seat.0)) {
                    let edge = if let leg::Input::Edge(edge) = &input { Some(*edge) } else { None };
                    leg.handle(now, input);
                    if let Some(edge) = edge {
                        self.out.push_back(Output::Event(Event::Edge { seat, edge }));
                    }
                    self.drain(seat);
                }
            }
            Input::Tap(tap) => self.tap = Some(tap),
            Input::Tick => self.tick(now),
        }
    }

    fn is_occupied(&self, seat: Seat) -> bool {
        self.legs.get(usize::from(seat.0)).is_some_and(Option::is_some)
    }

    /// Whether the bot speaks or rests, by what it was told and by how supervisors take part.
    pub fn bot(&self) -> Bot {
        if self.modes.bot_rests() { Bot::Rests } else { self.bot }
    }

    /// The legs learn whether the bot rests.
    fn settle_bot(&mut self, now: Instant) {
        let bot = self.bot();
        for seat in 0..Seat::COUNT {
            if let Some(leg) = &mut self.legs[seat] {
                leg.handle(now, leg::Input::Bot(bot));
                self.drain(Seat(seat as u8));
            }
        }
    }

    /// Whether the ear of a seat is to hear its line ([`Modes::ear_hears`]); the recogniser hears nobody while the bot rests.
    pub fn ear_hears(&self, seat: Seat) -> bool {
        self.modes.ear_hears(seat) && (seat != Seat::CALLER || self.bot() == Bot::Speaks)
    }

    /// Whether an ear listens to this seat, as it does from [`Input::Join`] on: else no [`Output::Frame`] comes of the seat.
    pub fn set_ear(&mut self, seat: Seat, ear: bool) {
        if let Some(without) = self.without_ear.get_mut(usize::from(seat.0)) {
            *without = !ear;
        }
    }

    /// How many frames of late sound, beyond one for each seat, the next tick may give to all ears of the room.
    pub fn allow_late(&mut self, frames: usize) {
        self.late_left = frames;
    }

    /// How many of the frames that [`Room::allow_late`] allowed are left.
    pub fn late_left(&self) -> usize {
        self.late_left
    }

    /// Whether a seat's playout has room for more sound. An empty seat takes everything, and drops it.
    pub fn has_room(&self, seat: Seat) -> bool {
        self.legs.get(usize::from(seat.0)).and_then(Option::as_ref).is_none_or(|leg| leg.has_room())
    }

    pub fn poll(&mut self) -> Option<Output> {
        let output = self.out.pop_front();
        if output.is_none() {
            // Back to the beginning of its memory.
            self.out.clear();
        }
        output
    }

    /// When the next tick begins.
    pub fn deadline(&self) -> (Instant, Why) {
        (self.opened + TICK * u32::try_from(self.tick).unwrap_or(u32::MAX), Why::Tick)
    }

    pub fn occupied(&self) -> impl Iterator<Item = Seat> + '_ {
        (0..).zip(&self.legs).filter(|(_, leg)| leg.is_some()).map(|(n, _)| Seat(n))
    }

    /// Everybody leaves.
    pub fn close(&mut self, now: Instant) {
        for seat in 0..Seat::COUNT as u8 {
            self.leave(now, Seat(seat));
        }
        self.tap = None;
    }

    fn leave(&mut self, now: Instant, seat: Seat) {
        let Some(place) = self.legs.get_mut(usize::from(seat.0)) else { return };
        if let Some(leg) = place {
            leg.leave(now);
            self.drain(seat);
            self.legs[usize::from(seat.0)] = None;
            self.modes.set(seat, Supervision::Absent);
            self.settle_bot(now);
        }
    }

    fn drain(&mut self, seat: Seat) {
        let Some(Some(leg)) = self.legs.get_mut(usize::from(seat.0)) else { return };
        while let Some(output) = leg.poll() {
            self.out.push_back(match output {
                leg::Output::Send(packet) => Output::Send { seat, packet },
                leg::Output::Key { key, at } => Output::Event(Event::Key { seat, key, at }),
                leg::Output::Played(played) => Output::Event(Event::Played { seat, played }),
                leg::Output::Silent { since } => Output::Event(Event::Silent { seat, since }),
                leg::Output::Sounding => Output::Event(Event::Sounding { seat }),
                leg::Output::Stats(stats) => Output::Event(Event::Stats { seat, stats }),
            });
        }
    }

    fn tick(&mut self, now: Instant) {
        // The nearest tick to now, but none twice: after a stall the ticks in between are left out.
        let since = now.saturating_duration_since(self.opened) + TICK / 2;
        let tick = self.tick.max((since.as_nanos() / TICK.as_nanos()) as u64);
        self.tick = tick + 1;
        let pos = SamplePos::of_tick(tick);
        let (mut said, mut bot): (Sounds, Sounds) = ([const { None }; Seat::COUNT], [const { None }; Seat::COUNT]);
        let speaks = self.mode != Mode::Echo && self.bot() == Bot::Speaks;
        let with_ear: [bool; Seat::COUNT] =
            std::array::from_fn(|n| self.legs[n].is_some() && !self.without_ear[n] && self.ear_hears(Seat(n as u8)));
        let mut apart = [const { ForEar::Now }; Seat::COUNT];
        for (n, leg) in self.legs.iter_mut().enumerate() {
            if let Some(leg) = leg {
                said[n] = Some(leg.decode(now, pos));
                if with_ear[n] {
                    let limit = self.late_left.saturating_add(1).min(MAX_LATE);
                    apart[n] = leg.for_ear(now, pos, limit);
                    if let ForEar::Late(frames) = &apart[n] {
                        self.late_left -= frames.len().saturating_sub(1);
                    }
                }
                bot[n] = (speaks || leg.fades()).then(|| leg.play(now, pos));
            }
        }
        let mut sent = [const { None }; Seat::COUNT];
        for n in 0..Seat::COUNT {
            let Some(leg) = &mut self.legs[n] else { continue };
            let seat = Seat(n as u8);
            let mut frame = Frame::silence(pos, leg.plan().codec.rate());
            let sources = Sources { said: &said, bot: &bot, speaks, tick };
            sources.mix(self.mode, &self.modes, seat, &mut self.lanes, &mut frame);
            leg.send(now, tick, &mut frame);
            if !leg.plan().direction.sends() {
                frame.pcm_mut().fill(0);
            }
            self.drain(seat);
            if seat == Seat::CALLER
                && let (Some(tap), Some(said)) = (&mut self.tap, &said[n])
                && tap.take(said, &frame).is_break()
            {
                self.tap = None;
                self.out.push_back(Output::Event(Event::TapBroke));
            }
            if with_ear[n] {
                sent[n] = Some(Box::new(frame));
            }
        }
        for (n, (said, sent)) in said.iter_mut().zip(&mut sent).enumerate() {
            if let (Some(sent), Some(mut frame)) = (sent.take(), said.take()) {
                if self.legs[n].as_ref().is_some_and(|leg| leg.keying()) {
                    frame.pcm_mut().fill(0);
                }
                let said = match std::mem::replace(&mut apart[n], ForEar::Now) {
                    ForEar::Now => Said::Now(Box::new(frame)),
                    ForEar::Awaited { made, suppresses } => {
                        Said::Awaited { made: made.then(|| Box::new(frame)), suppresses }
                    }
                    ForEar::Late(frames) => Said::Late(frames),
                };
                self.out.push_back(Output::Frame { seat: Seat(n as u8), said, sent });
            }
        }
    }
}

/// Late frames that the ear of one seat is given in one tick: four seconds that a network held back are heard in 0.6 s.
const MAX_LATE: usize = 8;

/// Why a room wants to be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    Tick,
}

type Sounds = [Option<Frame>; Seat::COUNT];

/// What was said in a tick, and what the bot says to each seat.
struct Sources<'a> {
    said: &'a Sounds,
    bot: &'a Sounds,
    /// The bot does not rest. Where it does, what there is of it fades.
    speaks: bool,
    tick: u64,
}

impl Sources<'_> {
    /// What `seat` hears, at its own rate.
    fn mix(&self, mode: Mode, modes: &Modes, seat: Seat, lanes: &mut Lanes, out: &mut Frame) {
        let rate = out.rate;
        let mut mix = Mix::new(out.pcm_mut());
        let mut add = |source: Source| {
            let frame = match source {
                Source::Line(n) => &self.said[usize::from(n)],
                Source::Bot(n) => &self.bot[usize::from(n)],
            };
            match frame {
                Some(frame) if frame.rate == rate => mix.add(frame.pcm()),
                Some(frame) => mix.add(lanes.convert(self.tick, source, frame, rate)),
                None => {}
            }
        };
        if mode == Mode::Echo {
            add(Source::Line(seat.0));
        } else {
            for n in 0..Seat::COUNT as u8 {
                if self.said[usize::from(n)].is_some() && modes.hears(seat, Seat(n)) {
                    add(Source::Line(n));
                }
            }
            if modes.hears_bot(seat) || !self.speaks {
                add(Source::Bot(seat.0));
            }
            if modes.hears_bot(seat) && seat != Seat::CALLER {
                add(Source::Bot(Seat::CALLER.0));
            }
        }
        mix.finish();
    }
}

/// Shorthand for drivers and tests.
impl Input {
    pub fn sound(seat: Seat, sound: Sound) -> Self {
        Self::Leg(seat, leg::Input::Sound(sound))
    }
    pub fn gain(seat: Seat, gain: Gain) -> Self {
        Self::Leg(seat, leg::Input::Gain(gain))
    }
    pub fn hush(seat: Seat, floor: UtteranceId) -> Self {
        Self::Leg(seat, leg::Input::Hush(floor))
    }
    pub fn keys(seat: Seat, keys: Keys) -> Self {
        Self::Leg(seat, leg::Input::Keys(keys))
    }
    pub fn packet(seat: Seat, packet: Packet) -> Self {
        Self::Leg(seat, leg::Input::Packet(packet))
    }
    pub fn edge(seat: Seat, edge: Edge) -> Self {
        Self::Leg(seat, leg::Input::Edge(edge))
    }
}

#[cfg(test)]
mod tests;
