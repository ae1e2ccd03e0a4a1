//! `Room`: all legs of one call. Per tick: sound received from each line → mixed by [`crate::hears`] → sent to each line.
use crate::ear_input::EarInput;
use crate::frame::{Frame, Rate, SamplePos, TICK};
use crate::hears::{Modes, Supervision};
use crate::ingress::ForEar;
use crate::keys::Keys;
pub use crate::leg::BotMode;
use crate::leg::{Leg, LegInput, LegOutput, LegPlan, LineRules};
use crate::mix::{Lanes, Mix, Source};
use crate::packet::Packet;
use crate::playout::{Gain, Played};
pub use crate::seat::Seat;
use crate::seat::{Party, Seats};
use crate::stats::LegStats;
use crate::tap::Tap;
use crate::tts::{Sound, UtteranceId};
use crate::vad::Edge;
use std::collections::VecDeque;
use std::time::Instant;

pub enum Input {
    /// A leg joins; one at the same seat leaves. `seed`: for random values on the wire.
    Join {
        seat: Seat,
        plan: LegPlan,
        seed: u64,
    },
    Leave(Seat),
    /// Sets the mode of the supervisor at this seat; at first it is [`Supervision::Absent`].
    Supervise(Seat, Supervision),
    /// Sets what the bot does. A bridge is two parties and a resting bot. The bot also rests while a supervisor has taken over.
    Bot(BotMode),
    /// Whether the agent waits apart from the caller: until they are joined, nobody hears them.
    AgentApart(bool),
    Leg(Seat, LegInput),
    /// Sets the tap of seat 0, in place of an earlier one.
    Tap(Box<dyn Tap>),
    /// A tick of 20 ms. Ticks may be late or missing: their number follows from the time.
    Tick,
}

#[derive(Debug)]
pub enum Output {
    Send {
        seat: Seat,
        packet: Packet,
    },
    /// A leg's received and sent sound, for its ear. Follows all packets of the same tick.
    Frame {
        seat: Seat,
        received: EarInput,
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
    /// No RTP since then, although the direction allows it.
    Silent {
        seat: Seat,
        since: Instant,
    },
    Sounding {
        seat: Seat,
    },
    /// Boxed, since it is three times the size of the other events.
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
    rules: LineRules,
    modes: Modes,
    /// The last [`Input::Bot`].
    bot: BotMode,
    opened: Instant,
    /// The number of the next tick.
    tick: u64,
    /// Boxed: most seats stay empty.
    legs: [Option<Box<Leg>>; Seat::COUNT],
    /// Seats with a leg.
    taken: Seats,
    /// Seats with an ear.
    ears: Seats,
    /// How many frames of late sound, beyond one for each seat, the next tick may give to ears.
    late_left: usize,
    lanes: Lanes,
    tap: Option<Box<dyn Tap>>,
    out: VecDeque<Output>,
}

impl Room {
    /// `opened`: the beginning of tick 0.
    pub fn new(opened: Instant, bot: BotMode, rules: LineRules) -> Self {
        Self {
            rules,
            modes: Modes::default(),
            bot,
            opened,
            tick: 0,
            legs: Default::default(),
            taken: Seats::NONE,
            ears: Seats::ALL,
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
                leg.handle(now, LegInput::Bot(self.bot_at(seat)));
                self.set_ear(seat, true);
                if let Some(place) = self.legs.get_mut(usize::from(seat.0)) {
                    *place = Some(Box::new(leg));
                    self.taken.insert(seat);
                }
            }
            Input::Leave(seat) => self.leave(now, seat),
            Input::Supervise(seat, mode) => {
                if self.taken.has(seat) {
                    self.modes.set(seat, mode);
                    self.settle_bot(now);
                }
            }
            Input::AgentApart(apart) => self.modes.set_agent_apart(apart),
            Input::Bot(bot) => {
                self.bot = bot;
                self.settle_bot(now);
            }
            Input::Leg(seat, input) => {
                if let Some(Some(leg)) = self.legs.get_mut(usize::from(seat.0)) {
                    let edge = if let LegInput::Edge(edge) = &input { Some(*edge) } else { None };
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

    /// What the bot does, by [`Input::Bot`] and by the modes of supervisors.
    pub const fn bot(&self) -> BotMode {
        if self.modes.bot_rests() { BotMode::Rests } else { self.bot }
    }

    /// What the bot does for a leg: what a supervisor is told of their seat is said whether or not it speaks with the caller.
    const fn bot_at(&self, seat: Seat) -> BotMode {
        at(seat, self.bot())
    }

    /// Passes the state of the bot to the legs.
    fn settle_bot(&mut self, now: Instant) {
        let bot = self.bot();
        for seat in self.taken.iter() {
            if let Some(leg) = &mut self.legs[usize::from(seat.0)] {
                leg.handle(now, LegInput::Bot(at(seat, bot)));
                self.drain(seat);
            }
        }
    }

    /// Whether the ear of a seat hears its line ([`Modes::ears`]); the caller's does not while the call lets the bot rest and no agent
    /// speaks with the caller.
    pub fn ear_hears(&self, seat: Seat) -> bool {
        self.hearing_ears().has(seat)
    }

    fn hearing_ears(&self) -> Seats {
        let mut ears = self.modes.ears();
        let agent_speaks = self.taken.has(Seat::AGENT) && !self.modes.is_apart(Seat::AGENT);
        if self.bot == BotMode::Rests && !agent_speaks {
            ears.remove(Seat::CALLER);
        }
        ears
    }

    /// Sets whether the seat has an ear and gives [`Output::Frame`]s, as it does from [`Input::Join`] on.
    pub fn set_ear(&mut self, seat: Seat, ear: bool) {
        if ear {
            self.ears.insert(seat);
        } else {
            self.ears.remove(seat);
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

    /// Whether a seat's playout has room for more sound. An empty seat takes all sound and drops it.
    pub fn has_room(&self, seat: Seat) -> bool {
        self.legs.get(usize::from(seat.0)).and_then(Option::as_ref).is_none_or(|leg| leg.has_room())
    }

    pub fn poll(&mut self) -> Option<Output> {
        let output = self.out.pop_front();
        if output.is_none() {
            // The next push goes to the start of the buffer, which is likely cached.
            self.out.clear();
        }
        output
    }

    /// When the next tick begins.
    pub fn deadline(&self) -> (Instant, Why) {
        (self.opened + TICK * u32::try_from(self.tick).unwrap_or(u32::MAX), Why::Tick)
    }

    pub fn occupied(&self) -> impl Iterator<Item = Seat> {
        self.taken.iter()
    }

    /// All legs leave.
    pub fn close(&mut self, now: Instant) {
        self.taken.iter().for_each(|seat| self.leave(now, seat));
        self.tap = None;
    }

    fn leave(&mut self, now: Instant, seat: Seat) {
        let Some(place) = self.legs.get_mut(usize::from(seat.0)) else { return };
        if let Some(leg) = place {
            leg.leave(now);
            self.drain(seat);
            self.legs[usize::from(seat.0)] = None;
            self.taken.remove(seat);
            self.modes.set(seat, Supervision::Absent);
            self.settle_bot(now);
        }
    }

    fn drain(&mut self, seat: Seat) {
        let Some(Some(leg)) = self.legs.get_mut(usize::from(seat.0)) else { return };
        while let Some(output) = leg.poll() {
            self.out.push_back(match output {
                LegOutput::Send(packet) => Output::Send { seat, packet },
                LegOutput::Key { key, at } => Output::Event(Event::Key { seat, key, at }),
                LegOutput::Played(played) => Output::Event(Event::Played { seat, played }),
                LegOutput::Silent { since } => Output::Event(Event::Silent { seat, since }),
                LegOutput::Sounding => Output::Event(Event::Sounding { seat }),
                LegOutput::Stats(stats) => Output::Event(Event::Stats { seat, stats }),
            });
        }
    }

    fn tick(&mut self, now: Instant) {
        // The tick nearest to now, but none twice. After a stall the ticks in between are skipped.
        let since = now.saturating_duration_since(self.opened) + TICK / 2;
        let tick = self.tick.max((since.as_nanos() / TICK.as_nanos()) as u64);
        self.tick = tick + 1;
        let ears = self.taken.and(self.ears).and(self.hearing_ears());
        let mut sounds = Sounds { tick, bot: self.bot(), seats: [const { SeatSounds::NONE }; Seat::COUNT] };
        self.take_sounds(now, ears, &mut sounds);
        self.send_mixes(now, ears, &mut sounds);
        self.give_to_ears(ears, sounds);
    }

    /// Takes the received sound of each leg, and the bot's sound to it.
    fn take_sounds(&mut self, now: Instant, ears: Seats, sounds: &mut Sounds) {
        let pos = sounds.pos();
        for seat in self.taken.iter() {
            let (Some(leg), of_seat) = (&mut self.legs[usize::from(seat.0)], sounds.of_mut(seat)) else { continue };
            of_seat.received = Some(leg.decode(now, pos));
            if ears.has(seat) {
                let limit = self.late_left.saturating_add(1).min(MAX_LATE);
                of_seat.for_ear = leg.for_ear(now, pos, limit);
                if let ForEar::Late(frames) = &of_seat.for_ear {
                    self.late_left -= frames.len().saturating_sub(1);
                }
            }
            let told = seat.party() == Party::Supervisor && leg.is_told();
            let plays = sounds.bot == BotMode::Speaks || leg.fades() || told;
            sounds.of_mut(seat).told = told;
            sounds.of_mut(seat).bot = plays.then(|| leg.play(now, pos));
        }
    }

    /// Sends each leg the mix of its seat, and records the tick.
    fn send_mixes(&mut self, now: Instant, ears: Seats, sounds: &mut Sounds) {
        for seat in self.taken.iter() {
            let Some(leg) = &mut self.legs[usize::from(seat.0)] else { continue };
            let mut frame = Frame::silence(sounds.pos(), leg.plan().codec.rate());
            sounds.mix(self.taken, &self.modes, seat, &mut self.lanes, &mut frame);
            leg.send(now, sounds.tick, &mut frame);
            if !leg.plan().direction.sends() {
                frame.pcm_mut().fill(0);
            }
            self.drain(seat);
            if seat == Seat::CALLER {
                self.record(sounds, &frame);
            }
            if ears.has(seat) {
                sounds.of_mut(seat).sent = Some(Box::new(frame));
            }
        }
    }

    /// Gives both sides of the caller's line to the tap, and what people beside the caller say.
    fn record(&mut self, sounds: &Sounds, sent: &Frame) {
        let (Some(tap), Some(received)) = (&mut self.tap, &sounds.of(Seat::CALLER).received) else { return };
        if tap.take(received, sent).is_break() {
            self.tap = None;
            self.out.push_back(Output::Event(Event::TapBroke));
        } else if let Some([agent, supervisors]) = sounds.people(self.taken, &self.modes, &mut self.lanes, sent.rate) {
            tap.take_people(&agent, &supervisors);
        }
    }

    /// Gives each ear the received and the sent sound of its leg.
    fn give_to_ears(&mut self, ears: Seats, mut sounds: Sounds) {
        for seat in ears.iter() {
            let SeatSounds { received: Some(mut frame), sent: Some(sent), for_ear, .. } =
                std::mem::replace(sounds.of_mut(seat), SeatSounds::NONE)
            else {
                continue;
            };
            if self.legs[usize::from(seat.0)].as_ref().is_some_and(|leg| leg.keying()) {
                frame.pcm_mut().fill(0);
            }
            let received = match for_ear {
                ForEar::Now => EarInput::Now(Box::new(frame)),
                ForEar::Awaited { made, suppresses } => {
                    EarInput::Awaited { concealment: made.then(|| Box::new(frame)), suppresses }
                }
                ForEar::Late(frames) => EarInput::Late(frames),
            };
            self.out.push_back(Output::Frame { seat, received, sent });
        }
    }
}

/// What the bot does for the leg of a seat, where it does this for the call.
const fn at(seat: Seat, bot: BotMode) -> BotMode {
    match seat.party() {
        Party::Supervisor => BotMode::Speaks,
        Party::Caller | Party::Agent => bot,
    }
}

/// Late frames that the ear of one seat is given in one tick: four seconds that a network held back are heard in 0.6 s.
const MAX_LATE: usize = 8;

/// The reason of a room's deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    Tick,
}

/// The sounds of one tick.
struct Sounds {
    tick: u64,
    bot: BotMode,
    seats: [SeatSounds; Seat::COUNT],
}

/// The sounds of one seat in one tick.
struct SeatSounds {
    /// What its leg received, as people hear it.
    received: Option<Frame>,
    /// The bot's sound to it, or the fade of it.
    bot: Option<Frame>,
    /// A supervisor is told something of their seat.
    told: bool,
    for_ear: ForEar,
    /// What its leg was sent, where it has an ear.
    sent: Option<Box<Frame>>,
}

impl SeatSounds {
    const NONE: Self = Self { received: None, bot: None, told: false, for_ear: ForEar::Now, sent: None };
}

impl Sounds {
    const fn pos(&self) -> SamplePos {
        SamplePos::of_tick(self.tick)
    }

    /// The sounds of a seat.
    const fn of(&self, seat: Seat) -> &SeatSounds {
        &self.seats[seat.0 as usize]
    }

    const fn of_mut(&mut self, seat: Seat) -> &mut SeatSounds {
        &mut self.seats[seat.0 as usize]
    }

    /// Mixes what is heard at `seat`, at its own rate.
    fn mix(&self, taken: Seats, modes: &Modes, seat: Seat, lanes: &mut Lanes, out: &mut Frame) {
        let rate = out.rate;
        let mut mix = Mix::new(out.pcm_mut());
        let mut add = |source: Source, frame: &Option<Frame>| match frame {
            Some(frame) if frame.rate == rate => mix.add(frame.pcm()),
            Some(frame) => mix.add(lanes.convert(self.tick, source, frame, rate)),
            None => {}
        };
        for from in taken.and(modes.lines(seat)).iter() {
            add(Source::Line(from.0), &self.of(from).received);
        }
        let hears_bot = modes.hear_bot().has(seat);
        if hears_bot && self.bot == BotMode::Echoes {
            add(Source::Line(seat.0), &self.of(seat).received);
        }
        // The fade of sound that was cut is heard whatever the bot does, and what is played for an agent who waits apart, or for a supervisor,
        // is for them.
        if hears_bot || self.bot != BotMode::Speaks || modes.is_apart(seat) || self.of(seat).told {
            add(Source::Bot(seat.0), &self.of(seat).bot);
        }
        if hears_bot && seat != Seat::CALLER {
            add(Source::Bot(Seat::CALLER.0), &self.of(Seat::CALLER).bot);
        }
        mix.finish();
    }

    /// What the agent says, and what supervisors say together, at this rate: of those whom somebody hears. `None`: nobody does.
    fn people(&self, taken: Seats, modes: &Modes, lanes: &mut Lanes, rate: Rate) -> Option<[Frame; 2]> {
        let mut heard: Seats = taken.iter().flat_map(|seat| modes.lines(seat).iter()).collect::<Seats>().and(taken);
        heard.remove(Seat::CALLER);
        let mut side = |party: Party| {
            let mut frame = Frame::silence(self.pos(), rate);
            let mut mix = Mix::new(frame.pcm_mut());
            for from in heard.iter().filter(|from| from.party() == party) {
                match &self.of(from).received {
                    Some(said) if said.rate == rate => mix.add(said.pcm()),
                    Some(said) => mix.add(lanes.convert(self.tick, Source::Line(from.0), said, rate)),
                    None => {}
                }
            }
            mix.finish();
            frame
        };
        (heard != Seats::NONE).then(|| [side(Party::Agent), side(Party::Supervisor)])
    }
}

/// Shorthand for drivers and tests.
impl Input {
    pub fn sound(seat: Seat, sound: Sound) -> Self {
        Self::Leg(seat, LegInput::Sound(sound))
    }
    pub fn gain(seat: Seat, gain: Gain) -> Self {
        Self::Leg(seat, LegInput::Gain(gain))
    }
    pub fn hush(seat: Seat, floor: UtteranceId) -> Self {
        Self::Leg(seat, LegInput::Hush(floor))
    }
    pub fn keys(seat: Seat, keys: Keys) -> Self {
        Self::Leg(seat, LegInput::Keys(keys))
    }
    pub fn packet(seat: Seat, packet: Packet) -> Self {
        Self::Leg(seat, LegInput::Packet(packet))
    }
    pub fn edge(seat: Seat, edge: Edge) -> Self {
        Self::Leg(seat, LegInput::Edge(edge))
    }
}

#[cfg(test)]
mod tests;
