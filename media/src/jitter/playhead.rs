//! `Playhead`: where in a stream people hear it, and whether they do. Timestamps are extended; lengths are in clock units.
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
    /// Made-up sound since the head stopped moving.
    held: i64,
    /// How loud the far end said that its silence is.
    level: Option<u8>,
    /// Sound that was due and did not come since the last that did; `None` where none is due.
    awaited: Option<i64>,
}

impl Playhead {
    pub(super) const fn new() -> Self {
        Self { state: State::Idle, at: 0, last_seq: 0, held: 0, level: None, awaited: None }
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

    pub(super) const fn held(&self) -> i64 {
        self.held
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
        (self.state, self.held) = (state, 0);
    }

    /// Playing begins with the sound of this timestamp.
    pub(super) const fn begin(&mut self, at: i64) {
        (self.state, self.at, self.held) = (State::Playing, at, 0);
    }

    /// The next packet to be taken is the one after this.
    pub(super) const fn set_last_seq(&mut self, seq: i64) {
        self.last_seq = seq;
    }

    /// Goes on with this packet, and leaves out what comes before it.
    pub(super) const fn skip_to(&mut self, packet: &QueuedPacket) {
        (self.at, self.held, self.last_seq) = (packet.at, 0, packet.seq - 1);
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
        (self.at, self.last_seq, self.held) = (packet.end(), packet.seq, 0);
        self.awaited = Some(0);
    }

    /// Sound is made up in place of sound that has not come.
    pub(super) const fn hold(&mut self, units: i64) {
        self.held += units;
    }

    /// Sound that is due has not come; `units` more of it.
    pub(super) fn wait(&mut self, units: i64) {
        self.awaited = self.awaited.map(|awaited| awaited.saturating_add(units));
    }

    /// Takes back what was held. With `stands`, the made-up sound stood for what came; else it held that back.
    pub(super) const fn settle(&mut self, stands: bool, at: i64) {
        self.at = if stands { self.at + self.held } else { at };
        self.held = 0;
    }

    /// What a pause sounds like.
    pub(super) const fn pause(&mut self) -> Play {
        match self.state {
            State::Idle => Play::Idle,
            State::Quiet | State::Playing => Play::Noise { level: self.level.take() },
        }
    }

    /// The far end says that it is silent.
    pub(super) fn fall_silent(&mut self, noise: Option<QueuedPacket>) -> Play {
        if let Some(noise) = noise {
            self.last_seq = noise.seq;
            self.level = noise.payload.first().map(|b| b & 0x7f).or(self.level);
        }
        self.awaited = None;
        self.rest(State::Quiet);
        self.pause()
    }

    /// Part of a gap that ends with the next packet. Its last packet's worth is asked for in one piece: what follows may hold it.
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
