//! `Playhead`: the position at which a stream is played to people. Timestamps are extended; lengths are in clock units.
use super::queue::{PacketQueue, QueuedPacket};
use super::{Content, Play};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// No stream.
    Idle,
    /// Silence suppression: the next packet begins a talk spurt.
    Quiet,
    Playing,
}

#[derive(Clone, Debug)]
pub(super) struct Playhead {
    state: State,
    /// The timestamp of the next unit of sound to be taken.
    at: i64,
    /// The number of the last packet taken.
    last_seq: i64,
    /// Concealment since the head stopped.
    concealed: i64,
    /// The level of the far end's comfort noise.
    level: Option<u8>,
    /// How much sound is overdue since the last packet; `None` where none is due.
    awaited: Option<i64>,
}

impl Playhead {
    pub(super) const fn new() -> Self {
        Self { state: State::Idle, at: 0, last_seq: 0, concealed: 0, level: None, awaited: None }
    }

    pub(super) fn state(&self) -> State {
        self.state
    }

    pub(super) fn is_playing(&self) -> bool {
        self.state == State::Playing
    }

    pub(super) const fn at(&self) -> i64 {
        self.at
    }

    pub(super) const fn last_seq(&self) -> i64 {
        self.last_seq
    }

    pub(super) const fn concealed(&self) -> i64 {
        self.concealed
    }

    pub(super) const fn awaited(&self) -> Option<i64> {
        self.awaited
    }

    /// Whether no packet of a stream that begins with `first` has been taken.
    pub(super) fn is_before(&self, first: i64) -> bool {
        self.state == State::Idle && self.last_seq == first - 1
    }

    /// Nothing plays until the next packet whose time has come.
    pub(super) const fn rest(&mut self, state: State) {
        (self.state, self.concealed) = (state, 0);
    }

    /// Playing begins with the sound of this timestamp.
    pub(super) const fn begin(&mut self, at: i64) {
        (self.state, self.at, self.concealed) = (State::Playing, at, 0);
    }

    /// The next packet to be taken is the one after this.
    pub(super) const fn set_last_seq(&mut self, seq: i64) {
        self.last_seq = seq;
    }

    /// Goes on with this packet, and leaves out what comes before it.
    pub(super) const fn skip_to(&mut self, packet: &QueuedPacket) {
        (self.at, self.concealed, self.last_seq) = (packet.at, 0, packet.seq - 1);
    }

    /// Goes on after a silence that was sent as a step of the timestamp.
    pub(super) const fn jump(&mut self, at: i64) {
        self.rest(State::Quiet);
        self.at = at;
    }

    /// Nothing is due any more.
    pub(super) const fn await_nothing(&mut self) {
        self.awaited = None;
    }

    /// A packet is taken.
    pub(super) const fn take(&mut self, packet: &QueuedPacket) {
        (self.at, self.last_seq, self.concealed) = (packet.end(), packet.seq, 0);
        self.awaited = Some(0);
    }

    /// Sound that has not arrived is concealed.
    pub(super) const fn note_concealed(&mut self, units: i64) {
        self.concealed += units;
    }

    /// `units` more of sound are overdue.
    pub(super) fn wait(&mut self, units: i64) {
        self.awaited = self.awaited.map(|awaited| awaited.saturating_add(units));
    }

    /// Ends concealment. `stands`: it replaced sound; else it delayed the sound that follows.
    pub(super) const fn settle(&mut self, stands: bool, at: i64) {
        self.at = if stands { self.at + self.concealed } else { at };
        self.concealed = 0;
    }

    /// What to play in a pause.
    pub(super) const fn pause(&mut self) -> Play {
        match self.state {
            State::Idle => Play::Idle,
            State::Quiet | State::Playing => Play::Noise { level: self.level.take() },
        }
    }

    /// The far end begins a silence.
    pub(super) fn fall_silent(&mut self, noise: Option<QueuedPacket>) -> Play {
        if let Some(noise) = noise {
            self.last_seq = noise.seq;
            self.level = noise.payload.first().map(|b| b & 0x7f).or(self.level);
        }
        self.awaited = None;
        self.rest(State::Quiet);
        self.pause()
    }

    /// Conceals part of a gap before the next packet. The last packet's length of it is one piece: the next packet may hold its correction.
    pub(super) fn conceal(&mut self, gap: i64, need: u32, queue: &PacketQueue) -> Play {
        let (need, next) = (i64::from(need), queue.front());
        if let Some(QueuedPacket { content: Content::Sound(codec), length, payload, .. }) = next
            && gap <= need.max(*length)
        {
            self.at += gap;
            return Play::Fec { units: gap as u32, codec: *codec, next: payload.clone() };
        }
        let part = need.min((gap - next.map_or(0, |next| next.length)).max(1));
        self.at += part;
        Play::Conceal(part as u32)
    }
}
