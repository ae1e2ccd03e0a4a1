//! The mixing matrix: which seat receives whose sound, by the modes of the room's supervisors.
use crate::seat::{Party, Seat, Seats};

/// Somebody whose sound can be heard in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Talker {
    Caller = 1,
    Bot = 2,
    Agent = 4,
    Supervisor = 8,
}

impl From<Party> for Talker {
    fn from(party: Party) -> Self {
        match party {
            Party::Caller => Self::Caller,
            Party::Agent => Self::Agent,
            Party::Supervisor => Self::Supervisor,
        }
    }
}

/// How a supervisor takes part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Supervision {
    #[default]
    Absent,
    Monitor,
    Whisper,
    Barge,
    TakeOver,
}

/// Somebody, or something, that hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hearer {
    Caller,
    Agent,
    Supervisor,
    /// The bot's recogniser.
    Recogniser,
    /// Hears each live voice by itself; a supervisor's where the caller hears it.
    Transcriber,
    /// Turns a whisper into words for the bot.
    WhisperRecogniser,
}

/// A set of talkers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Talkers(u8);

impl Talkers {
    pub const NONE: Self = Self(0);

    pub const fn with(self, talker: Talker) -> Self {
        Self(self.0 | talker as u8)
    }

    pub const fn has(self, talker: Talker) -> bool {
        self.0 & talker as u8 != 0
    }
}

const fn set<const N: usize>(talkers: [Talker; N]) -> Talkers {
    let (mut all, mut i) = (Talkers::NONE, 0);
    while i < N {
        all = all.with(talkers[i]);
        i += 1;
    }
    all
}

/// Whom `hearer` hears. Nobody hears themselves; after a takeover the bot rests.
pub const fn hears(mode: Supervision, hearer: Hearer) -> Talkers {
    use Supervision::{Absent, Barge, Monitor, TakeOver, Whisper};
    use Talker::{Agent, Bot, Caller, Supervisor};
    match (hearer, mode) {
        (Hearer::Caller, Absent | Monitor | Whisper) => set([Bot, Agent]),
        (Hearer::Caller, Barge) => set([Bot, Agent, Supervisor]),
        (Hearer::Caller, TakeOver) => set([Supervisor]),
        (Hearer::Agent, Absent | Monitor) => set([Caller, Bot]),
        (Hearer::Agent, Whisper | Barge | TakeOver) => set([Caller, Bot, Supervisor]),
        (Hearer::Supervisor, Absent) => Talkers::NONE,
        (Hearer::Supervisor, Monitor | Whisper | Barge | TakeOver) => set([Caller, Bot, Agent]),
        (Hearer::Recogniser, Absent | Monitor | Whisper | Barge) => set([Caller]),
        (Hearer::Recogniser, TakeOver) => Talkers::NONE,
        (Hearer::Transcriber, Absent | Monitor | Whisper) => set([Caller, Bot, Agent]),
        (Hearer::Transcriber, Barge | TakeOver) => set([Caller, Bot, Agent, Supervisor]),
        (Hearer::WhisperRecogniser, Whisper) => set([Supervisor]),
        (Hearer::WhisperRecogniser, Absent | Monitor | Barge | TakeOver) => Talkers::NONE,
    }
}

/// How each supervisor of a room takes part, and what the table comes to by it for every seat: a tick asks often, modes change seldom.
/// Seats of others stay [`Supervision::Absent`], which changes nothing for anybody.
#[derive(Clone, Copy, Debug)]
pub struct Modes {
    modes: [Supervision; Seat::COUNT],
    lines: [Seats; Seat::COUNT],
    bot: Seats,
    ears: Seats,
    bot_rests: bool,
    /// The agent is not joined with the caller yet.
    agent_apart: bool,
}

impl Default for Modes {
    fn default() -> Self {
        Self::new([Supervision::Absent; Seat::COUNT], false)
    }
}

impl Modes {
    /// Looks up every seat's part of the table. An agent who is apart hears nobody and is heard by nobody: what is played for them
    /// alone, they hear.
    fn new(modes: [Supervision; Seat::COUNT], agent_apart: bool) -> Self {
        let table = Lookup(&modes);
        let is_apart = |seat: Seat| agent_apart && seat.party() == Party::Agent;
        let all = Seats::ALL;
        Self {
            modes,
            lines: std::array::from_fn(|n| {
                let seat = Seat(n as u8);
                let hears = |from: Seat| {
                    !is_apart(seat) && !is_apart(from) && table.seat_hears(seat, from.party().into(), from)
                };
                all.iter().filter(|&from| seat != from && hears(from)).collect()
            }),
            bot: all
                .iter()
                .filter(|&seat| !is_apart(seat) && table.seat_hears(seat, Talker::Bot, Seat::CALLER))
                .collect(),
            ears: all.iter().filter(|&seat| !is_apart(seat) && table.ear_hears(seat)).collect(),
            bot_rests: modes.contains(&Supervision::TakeOver),
            agent_apart,
        }
    }

    /// Seats of callers and agents have no mode.
    pub fn set(&mut self, seat: Seat, mode: Supervision) {
        let mut modes = self.modes;
        if seat.party() == Party::Supervisor
            && let Some(of_seat) = modes.get_mut(usize::from(seat.0))
            && *of_seat != mode
        {
            *of_seat = mode;
            *self = Self::new(modes, self.agent_apart);
        }
    }

    /// Whether the agent waits apart from the caller.
    pub fn set_agent_apart(&mut self, apart: bool) {
        if self.agent_apart != apart {
            *self = Self::new(self.modes, apart);
        }
    }

    /// Whether this is the seat of an agent who waits apart from the caller.
    pub fn is_apart(&self, seat: Seat) -> bool {
        self.agent_apart && seat.party() == Party::Agent
    }

    pub fn of(&self, seat: Seat) -> Supervision {
        Lookup(&self.modes).of(seat)
    }

    /// The seats whose lines are heard at `seat`.
    pub fn lines(&self, seat: Seat) -> Seats {
        self.lines.get(usize::from(seat.0)).copied().unwrap_or_default()
    }

    /// The seats at which the bot is heard.
    pub const fn hear_bot(&self) -> Seats {
        self.bot
    }

    /// The seats whose ears hear their line: the bot's recogniser the caller, or a transcriber in a takeover; a transcriber an agent, and
    /// a supervisor whom the caller hears; a whisper's recogniser a supervisor who whispers.
    pub const fn ears(&self) -> Seats {
        self.ears
    }

    /// Whether a supervisor has taken the call over from the bot.
    pub const fn bot_rests(&self) -> bool {
        self.bot_rests
    }
}

/// The table by the modes of a room's supervisors.
struct Lookup<'a>(&'a [Supervision; Seat::COUNT]);

impl Lookup<'_> {
    fn of(&self, seat: Seat) -> Supervision {
        self.0.get(usize::from(seat.0)).copied().unwrap_or_default()
    }

    /// What every supervisor's mode lets `hearer` hear.
    fn all_let(&self, hearer: Hearer, talker: Talker) -> bool {
        self.0.iter().all(|mode| hears(*mode, hearer).has(talker))
    }

    /// A supervisor is heard by their own mode, and hears by their own mode; what others hear of each other, all modes must let
    /// them hear. `from`: where the talker sits, if it is a supervisor.
    fn seat_hears(&self, seat: Seat, talker: Talker, from: Seat) -> bool {
        let hearer = match seat.party() {
            Party::Caller => Hearer::Caller,
            Party::Agent => Hearer::Agent,
            Party::Supervisor => Hearer::Supervisor,
        };
        match (talker, hearer) {
            (Talker::Supervisor, _) => hears(self.of(from), hearer).has(talker),
            (_, Hearer::Supervisor) => hears(self.of(seat), hearer).has(talker),
            _ => self.all_let(hearer, talker),
        }
    }

    fn ear_hears(&self, seat: Seat) -> bool {
        match seat.party() {
            Party::Caller => {
                self.all_let(Hearer::Recogniser, Talker::Caller) || self.all_let(Hearer::Transcriber, Talker::Caller)
            }
            Party::Agent => self.all_let(Hearer::Transcriber, Talker::Agent),
            Party::Supervisor => [Hearer::WhisperRecogniser, Hearer::Transcriber]
                .iter()
                .any(|hearer| hears(self.of(seat), *hearer).has(Talker::Supervisor)),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) const MODES: [Supervision; 5] =
        [Supervision::Absent, Supervision::Monitor, Supervision::Whisper, Supervision::Barge, Supervision::TakeOver];

    /// By mode: absent, monitor, whisper, barge, take over; c caller, b bot, a agent, s supervisor.
    pub(crate) const TABLE: [(Hearer, [&str; 5]); 6] = [
        (Hearer::Caller, ["ba", "ba", "ba", "bas", "s"]),
        (Hearer::Agent, ["cb", "cb", "cbs", "cbs", "cbs"]),
        (Hearer::Supervisor, ["", "cba", "cba", "cba", "cba"]),
        (Hearer::Recogniser, ["c", "c", "c", "c", ""]),
        (Hearer::Transcriber, ["cba", "cba", "cba", "cbas", "cbas"]),
        (Hearer::WhisperRecogniser, ["", "", "s", "", ""]),
    ];

    #[test]
    fn every_hearer_hears_what_the_table_says_in_every_mode() {
        for (hearer, row) in TABLE {
            for (mode, expected) in MODES.into_iter().zip(row) {
                let talkers =
                    [(Talker::Caller, 'c'), (Talker::Bot, 'b'), (Talker::Agent, 'a'), (Talker::Supervisor, 's')];
                for (talker, letter) in talkers {
                    let heard = hears(mode, hearer).has(talker);
                    assert_eq!(heard, expected.contains(letter), "{hearer:?} {mode:?} {talker:?}");
                }
            }
        }
    }

    #[test]
    fn a_whisper_never_reaches_the_caller() {
        let quiet = [Supervision::Absent, Supervision::Monitor, Supervision::Whisper];
        assert!(quiet.iter().all(|mode| !hears(*mode, Hearer::Caller).has(Talker::Supervisor)));
        // Nor does another supervisor's barge let it through.
        let (mut modes, whispers, barges) = (Modes::default(), Seat(2), Seat(3));
        modes.set(whispers, Supervision::Whisper);
        modes.set(barges, Supervision::Barge);
        assert!(!modes.lines(Seat::CALLER).has(whispers) && modes.lines(Seat::CALLER).has(barges));
        assert!(modes.lines(Seat::AGENT).has(whispers) && modes.lines(Seat::AGENT).has(barges));
    }

    #[test]
    fn an_agent_who_is_apart_hears_nobody_and_is_heard_by_nobody_in_every_mode() {
        for mode in MODES {
            let mut modes = Modes::default();
            modes.set(Seat(2), mode);
            let joined = modes;
            modes.set_agent_apart(true);
            for seat in Seats::ALL.iter() {
                let expected = Seats::ALL.iter().filter(|from| joined.lines(seat).has(*from) && *from != Seat::AGENT);
                let expected = if seat == Seat::AGENT { Seats::NONE } else { expected.collect() };
                assert_eq!(modes.lines(seat), expected, "{mode:?} {seat:?}");
            }
            assert!(!modes.hear_bot().has(Seat::AGENT) && !modes.ears().has(Seat::AGENT));
            assert_eq!(modes.hear_bot().has(Seat::CALLER), joined.hear_bot().has(Seat::CALLER));
            assert!(modes.is_apart(Seat::AGENT) && !modes.is_apart(Seat::CALLER));
            modes.set_agent_apart(false);
            assert_eq!(modes.lines(Seat::CALLER), joined.lines(Seat::CALLER));
        }
    }

    #[test]
    fn only_supervisors_have_a_mode() {
        let mut modes = Modes::default();
        for seat in [Seat::CALLER, Seat::AGENT, Seat(8), Seat(255)] {
            modes.set(seat, Supervision::TakeOver);
            assert_eq!(modes.of(seat), Supervision::Absent);
        }
        assert!(!modes.bot_rests());
    }
}
