//! `CallEvent`: what is recorded of a call as it happens, and `Call`: the sum of its events.
use super::end::End;
use super::seat::{OccupiedSeat, SeatMark};
use dialog::language::Language;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use utoipa::ToSchema;

/// Callers' words, names or numbers. Stored and served, but hidden by `Debug`, so that no log line contains them.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(transparent)]
pub struct Private<T>(pub T);

/// The mark by which it is recorded what the caller is being helped with.
pub const TASK: &str = "task";

/// The mark by which another bot goes on with the call.
pub const HANDED_ON: &str = "handed_on";
/// The `why` of the mark `recogniser_failed` where nothing here hears the language of the bot.
pub const NO_RECOGNISER: &str = "language";

/// Recorded in place of a secret value.
pub const WITHHELD: &str = "•••";

impl Private<String> {
    pub fn withheld() -> Self {
        Self(WITHHELD.into())
    }
}

impl Private<serde_json::Value> {
    pub fn withheld() -> Self {
        Self(WITHHELD.into())
    }
}

impl<T> fmt::Debug for Private<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl From<&str> for Private<String> {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<String> for Private<String> {
    fn from(text: String) -> Self {
        Self(text)
    }
}

/// One thing that happened in a call. `…_ms` count from the call's start.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
#[schema(as = Event)]
pub enum CallEvent {
    /// The first event of every call; events of a call without it are dropped.
    Started(Started),
    Answered,
    /// A later one with the same speaker and start replaces it (what was heard is known only after it was played).
    Turn(Turn),
    Slot(Slot),
    /// A later one with the same kind and start replaces it.
    Silence(Silence),
    Latency(Latency),
    /// How a line has gone so far; a later one of the same seat replaces it.
    Line(LineStats),
    /// Any other event of the timeline, by name.
    Mark(Mark),
    /// Noted when the recording is opened, so that it is listed after a crash, and again when its file is closed, which may be after
    /// the call's end.
    Recording(Recording),
    /// The first one counts. After it only the closing of the recording is accepted.
    Ended(End),
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, ToSchema)]
pub struct Started {
    pub direction: Direction,
    /// The phone or trunk that the call came from or went to, or `open`.
    pub via: String,
    #[schema(value_type = String)]
    pub from: Private<String>,
    #[schema(value_type = String)]
    pub to: Private<String>,
    pub bot: String,
    /// `en` or `vi`.
    pub language: String,
    /// Header fields that the trunk's `headers` in `[[trunk]]` allow, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = BTreeMap<String, String>)]
    pub headers: BTreeMap<String, Private<String>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    Inbound,
    Outbound,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Speaker {
    Caller,
    Bot,
    Agent,
    Supervisor,
}

impl From<media::hears::Talker> for Speaker {
    fn from(talker: media::hears::Talker) -> Self {
        use media::hears::Talker;
        match talker {
            Talker::Caller => Self::Caller,
            Talker::Bot => Self::Bot,
            Talker::Agent => Self::Agent,
            Talker::Supervisor => Self::Supervisor,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, ToSchema)]
pub struct Turn {
    pub speaker: Speaker,
    /// What was said; of the bot, its full text.
    #[schema(value_type = String)]
    pub text: Private<String>,
    /// The part of it that the other side heard.
    #[schema(value_type = String)]
    pub heard: Private<String>,
    pub interrupted: bool,
    pub started_ms: u64,
    pub ended_ms: u64,
    /// 0 to 1, for recognised speech.
    pub confidence: Option<f32>,
    /// How the caller gave it; `null` for other speakers.
    #[serde(default)]
    pub by: Option<AnswerMethod>,
}

impl Turn {
    /// Whether both tell of the same turn: one that is noted again takes the other's place.
    pub(super) fn is_same(&self, other: &Turn) -> bool {
        (self.started_ms, self.speaker) == (other.started_ms, other.speaker)
    }
}

/// How a caller answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum AnswerMethod {
    Voice,
    Keys,
    Text,
}

impl From<dialog::conversation::AnsweredBy> for AnswerMethod {
    fn from(by: dialog::conversation::AnsweredBy) -> Self {
        use dialog::conversation::AnsweredBy;
        match by {
            AnsweredBy::Voice => Self::Voice,
            AnsweredBy::Keys => Self::Keys,
            AnsweredBy::Text => Self::Text,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, ToSchema)]
pub struct Slot {
    pub name: String,
    /// `None`: cleared.
    #[schema(value_type = Option<Value>)]
    pub value: Option<Private<serde_json::Value>>,
    pub confirmed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SilenceKind {
    /// The caller was asked something and has not answered yet.
    CallerThinking,
    /// The bot prepares its answer.
    BotWorking,
    /// Nobody has the turn, or the rest of the bot's turn is late: a fault of this server.
    DeadAir,
    /// The caller muted or held the line.
    MutedOrHeld,
    /// Packets stopped coming.
    NoRtp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
pub struct Silence {
    pub kind: SilenceKind,
    pub started_ms: u64,
    pub ended_ms: u64,
}

/// From the caller's last sample of speech (by arrival) to the first sample of the bot's answer on the wire.
/// [`Latency::of`] keeps the parts' sum equal to the total.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
pub struct Latency {
    pub turn: u32,
    pub endpoint_ms: u32,
    pub recognise_ms: u32,
    pub think_ms: u32,
    pub synthesise_ms: u32,
    pub playout_ms: u32,
    pub total_ms: u32,
}

impl Latency {
    /// `parts`: endpoint, recognise, think, synthesise, playout, in milliseconds.
    pub fn of(turn: u32, parts: [u32; 5]) -> Self {
        let [endpoint_ms, recognise_ms, think_ms, synthesise_ms, playout_ms] = parts;
        let total_ms = parts.iter().fold(0, |sum: u32, part| sum.saturating_add(*part));
        Self { turn, endpoint_ms, recognise_ms, think_ms, synthesise_ms, playout_ms, total_ms }
    }
}

/// Statistics of one line of a call since it was answered. Shares are 0 to 1; `null` is not known (yet).
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(default)]
#[schema(as = Line)]
pub struct LineStats {
    /// `caller`, `agent`, or `seat N`.
    pub seat: String,
    /// RTP packets from the far end; of them, those that never came, and those that came too late to be played.
    pub received: u64,
    pub lost: u64,
    pub late: u64,
    /// Packets that came after a stall of the network and are left out of the recording and of what people hear; the bot hears them.
    pub skipped: u64,
    /// Packets of a stall longer than five seconds that the bot does not hear either.
    pub unheard: u64,
    pub sent: u64,
    /// Sound synthesised in place of missing packets.
    pub concealed_ms: u64,
    /// Delay of the jitter buffer.
    pub delay_ms: u64,
    pub jitter_ms: u64,
    pub round_trip_ms: Option<u64>,
    /// What the far end reports of the packets that we send (RTCP).
    pub remote_loss: Option<f32>,
    pub remote_jitter_ms: Option<u64>,
    /// How often playout ran out of synthesised sound.
    pub underruns: u64,
    /// Quality of what is heard here by the E-model (ITU-T G.107): mean opinion score 1 to 4.41, and the rating factor R.
    pub mos: Option<f32>,
    pub r: Option<f32>,
    /// Inputs of that estimate: share of missing packets, burst ratio, and mouth-to-ear delay.
    pub loss: Option<f32>,
    pub burst_ratio: Option<f32>,
    pub mouth_to_ear_ms: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, ToSchema)]
pub struct Mark {
    pub name: String,
    /// `ms` since the call's start, where that is known better than `at_ms`; else `null`.
    #[schema(value_type = Value)]
    pub data: Private<serde_json::Value>,
}

impl Mark {
    /// What it says of who takes part in the call.
    pub fn seat(&self) -> Option<SeatMark> {
        SeatMark::of(&self.name, &self.data.0)
    }

    /// The bot that goes on with the call from here on.
    pub fn handed_on(&self) -> Option<CurrentBot> {
        let text = |key: &str| self.data.0[key].as_str().map(str::to_owned);
        (self.name == HANDED_ON).then(|| Some(CurrentBot { bot: text("bot")?, language: text("language")? }))?
    }

    /// The language of the call from here on, where another bot goes on with it.
    pub fn language(&self) -> Option<Language> {
        Language::of_code(&self.handed_on()?.language)
    }
}

/// A bot to which another one has handed a call on.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
pub struct CurrentBot {
    pub bot: String,
    pub language: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
pub struct Recording {
    /// Inside the store's directory, or absolute.
    pub path: String,
    /// How much of the call is in it.
    #[serde(default)]
    pub recorded: Recorded,
    /// Whether the file is closed, so that nothing of this changes any more.
    #[serde(default)]
    pub closed: bool,
}

impl Recording {
    /// A recording that begins.
    pub fn started(path: String) -> Self {
        Self { path, recorded: Recorded::Part, closed: false }
    }
}

/// How much of a call is in its recording.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Recorded {
    /// It was not recorded, or nothing of it reached the disk.
    No,
    /// A part: the call goes on, or its recording broke off.
    #[default]
    Part,
    Whole,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = State)]
pub enum CallState {
    Live,
    Ended,
}

/// A call: the sum of its events so far.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, ToSchema)]
pub struct Call {
    pub id: String,
    pub direction: Direction,
    pub via: String,
    #[schema(value_type = String)]
    pub from: Private<String>,
    #[schema(value_type = String)]
    pub to: Private<String>,
    pub bot: String,
    pub language: String,
    /// Header fields that the trunk's `headers` in `[[trunk]]` allow, by name.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, String>)]
    pub headers: BTreeMap<String, Private<String>>,
    /// What the caller is being helped with while the call is live, by its name in the bot's file.
    #[serde(default)]
    pub task: Option<String>,
    /// The bot that speaks while the call is live, where it is not the one that answered.
    #[serde(default)]
    pub current_bot: Option<CurrentBot>,
    pub state: CallState,
    pub started_at: Timestamp,
    pub answered_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    pub end: Option<End>,
    #[schema(value_type = BTreeMap<String, Value>)]
    pub slots: BTreeMap<String, Private<serde_json::Value>>,
    pub turns: Vec<Turn>,
    pub silences: Vec<Silence>,
    pub latency: Vec<Latency>,
    /// One entry per line, as of the last five seconds, or its end.
    pub lines: Vec<LineStats>,
    /// Supervisors and agents who take part now.
    #[serde(default)]
    pub seats: Vec<OccupiedSeat>,
    /// How much of it is in the recording.
    pub recorded: Recorded,
    #[serde(skip)]
    pub(super) recording: Option<String>,
    /// The recording's file is open.
    #[serde(skip)]
    pub(super) recording_open: bool,
}

impl Call {
    /// What was known of it when it began.
    pub(crate) fn about(&self) -> Started {
        Started {
            direction: self.direction,
            via: self.via.clone(),
            from: self.from.clone(),
            to: self.to.clone(),
            bot: self.bot.clone(),
            language: self.language.clone(),
            headers: self.headers.clone(),
        }
    }

    pub(crate) fn new(id: &str, at: Timestamp, started: &Started) -> Self {
        let Started { direction, via, from, to, bot, language, headers } = started.clone();
        Self {
            id: id.into(),
            direction,
            via,
            from,
            to,
            bot,
            language,
            headers,
            task: None,
            current_bot: None,
            state: CallState::Live,
            started_at: at,
            answered_at: None,
            ended_at: None,
            end: None,
            slots: BTreeMap::new(),
            turns: Vec::new(),
            silences: Vec::new(),
            latency: Vec::new(),
            lines: Vec::new(),
            seats: Vec::new(),
            recorded: Recorded::No,
            recording: None,
            recording_open: false,
        }
    }

    /// The language that is spoken now.
    pub fn current_language(&self) -> &str {
        self.current_bot.as_ref().map_or(&self.language, |current| &current.language)
    }

    /// Whether the call is being recorded now.
    pub fn is_recording(&self) -> bool {
        self.state == CallState::Live && self.recording_open
    }

    pub(super) fn apply(&mut self, at: Timestamp, event: &CallEvent) {
        match event {
            CallEvent::Started(_) => {}
            CallEvent::Mark(mark) if mark.name == TASK => self.task = mark.data.0["task"].as_str().map(str::to_owned),
            CallEvent::Mark(mark) => {
                self.current_bot = mark.handed_on().or(self.current_bot.take());
                mark.seat().into_iter().for_each(|mark| OccupiedSeat::apply(&mut self.seats, at, mark));
            }
            CallEvent::Answered => self.answered_at = self.answered_at.or(Some(at)),
            CallEvent::Turn(turn) => {
                put(&mut self.turns, turn.clone(), Turn::is_same);
                self.turns.sort_by_key(|turn| turn.started_ms);
            }
            CallEvent::Slot(Slot { name, value: Some(value), .. }) => {
                drop(self.slots.insert(name.clone(), value.clone()))
            }
            CallEvent::Slot(Slot { name, value: None, .. }) => drop(self.slots.remove(name)),
            CallEvent::Silence(silence) => {
                put(&mut self.silences, *silence, |a, b| (a.started_ms, a.kind) == (b.started_ms, b.kind));
                self.silences.sort_by_key(|silence| silence.started_ms);
            }
            CallEvent::Latency(latency) => put(&mut self.latency, *latency, |a, b| a.turn == b.turn),
            CallEvent::Line(line) => put(&mut self.lines, line.clone(), |a, b| a.seat == b.seat),
            CallEvent::Recording(recording) => {
                self.recorded = recording.recorded;
                self.recording = Some(recording.path.clone());
                self.recording_open = !recording.closed;
            }
            CallEvent::Ended(end) => {
                self.state = CallState::Ended;
                self.seats.clear();
                self.ended_at = Some(at);
                self.end = Some(*end);
            }
        }
    }
}

/// A live call holds at most this many of each in memory; beyond it the oldest is dropped (the database keeps it).
const KEPT: usize = 5_000;

fn put<T>(list: &mut Vec<T>, new: T, same: impl Fn(&T, &T) -> bool) {
    match list.iter_mut().rev().find(|old| same(old, &new)) {
        Some(old) => *old = new,
        None => list.push(new),
    }
    if list.len() > KEPT {
        list.remove(0);
    }
}

/// One event of a call's timeline, as stored and as sent to watchers.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, ToSchema)]
pub struct TimelineEvent {
    pub call: String,
    pub at: Timestamp,
    /// Since the call's start.
    pub at_ms: u64,
    #[serde(flatten)]
    pub event: CallEvent,
}
