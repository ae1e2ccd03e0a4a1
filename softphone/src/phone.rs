//! `Softphone`: the caller's end of a test call as a core: packets and the time go in, packets and what was observed come out.
//!
//! Every moment it tells belongs to a sample: the time its packet arrived (by the kernel) or left, plus its place in the
//! packet. So the times are those of a packet capture, whatever the driver's rhythm is.
use super::clip::{Clip, HZ};
use super::level::{Activity, ActivityPlan, BLOCK, Change, Lowered, decibels, power};
use super::report::{Observation, Report, Turn};
use bytes::Bytes;
use media::codec::{Codec, Decoder, Encoder};
use media::keys::{EventPacket, Keys, KeysOut};
use media::leg::LegPlan;
use media::packet::Rtp;
use media::resample::Resampler;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// One thing the caller does.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    Say(Clip),
    Keys(String),
}

/// How the caller behaves.
#[derive(Clone, Debug)]
pub struct Plan {
    pub line: LegPlan,
    pub ssrc: u32,
    pub sequence: u16,
    pub timestamp: u32,
    /// In the order they are played.
    pub acts: Vec<Act>,
    /// Each act begins so long after the bot's turn began, whether the bot still speaks or not; `None`: when it has finished.
    pub interrupt: Option<Duration>,
    /// The bot has finished when it has been quiet for so long.
    pub finished: Duration,
    /// How long the caller waits for the bot's first sound before going on without it.
    pub patience: Duration,
    pub activity: ActivityPlan,
    /// Nothing is done but what [`Input::Do`] asks for, at once, and the call is not ended here.
    pub directed: bool,
}

/// What sounds at the caller's side all the time, at [`HZ`], over and over; empty: nothing.
pub type Background = Arc<[i16]>;

/// What goes into the core.
#[derive(Clone, Debug)]
pub enum Input {
    /// A packet of the far end; its `arrived` is when.
    Packet(Rtp),
    /// The line was negotiated anew.
    Configure(LegPlan),
    /// A deadline has come.
    Tick,
    /// The caller does this now, behind what they are doing.
    Do(Act),
    /// From now on this sounds behind the caller.
    Background(Background),
}

/// What comes out.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    Send(Rtp),
    Observed(Observation),
    /// Everything is said and answered, or will not be answered.
    HangUp,
}

/// Why the core wants to be called at its deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    PacketDue,
}

enum State {
    /// The bot's turn.
    Listening,
    /// The caller speaks; `next` is the next sample of the clip.
    Speaking {
        clip: Clip,
        next: usize,
    },
    /// The caller presses keys: those on their way, and whether one has been down.
    Keying(KeysOut, bool),
    /// The caller has stopped and waits for an answer.
    Awaiting,
    Done,
}

/// What the bot has been doing.
#[derive(Default)]
struct Bot {
    /// Its turn began: the first sound since the caller last stopped, or since the call began.
    turn: Option<Instant>,
    /// The end of its latest stretch of sound, once that is over.
    fell: Option<Instant>,
    /// [`Observation::BotFinished`] was told of the latest stretch.
    told: bool,
}

/// How far the stream may fall behind before time is left out rather than caught up with.
const STALL: Duration = Duration::from_millis(60);
/// A clip's answer that began before the clip's end counts if it goes on for so long after it.
const SPEAKS_ON: Duration = Duration::from_millis(300);
/// A jump of the far end's timestamps beyond this is a new stream, not a pause.
const LONGEST_PAUSE: u32 = 10 * HZ;

/// The way in of a codec that sends at present: from its rate to [`HZ`].
struct Inbound {
    codec: Codec,
    decoder: Box<dyn Decoder>,
    down: Resampler,
}

/// The way out: from [`HZ`] to the rate of the line's codec.
struct Outbound {
    encoder: Box<dyn Encoder>,
    up: Resampler,
}

impl Inbound {
    fn new(codec: Codec) -> Self {
        Self { codec, decoder: codec.decoder(), down: Resampler::prompt(codec.rate().hz(), HZ) }
    }
}

impl Outbound {
    fn new(codec: Codec) -> Self {
        Self { encoder: codec.encoder(), up: Resampler::prompt(HZ, codec.rate().hz()) }
    }
}

pub struct Softphone {
    plan: Plan,
    inbound: Inbound,
    outbound: Outbound,
    acts: VecDeque<Act>,
    state: State,
    bot: Bot,
    activity: Activity,
    lowered: Lowered,
    due: Instant,
    sequence: u16,
    timestamp: u32,
    started: bool,
    /// Sequence, timestamp and source of the newest packet.
    newest: Option<(u16, u32, u32)>,
    background: Background,
    /// The next sample of it.
    background_at: usize,
    heard: Vec<i16>,
    /// How much is kept of what is heard.
    keep: usize,
    turns: Vec<Turn>,
    report: Report,
    out: VecDeque<Output>,
}

impl Softphone {
    /// A phone whose call was answered `now`. `keep` is how much of what it hears it keeps for [`Softphone::finish`].
    pub fn new(now: Instant, plan: Plan, keep: Duration) -> Self {
        Self {
            acts: plan.acts.iter().cloned().collect(),
            state: State::Listening,
            bot: Bot::default(),
            activity: Activity::new(plan.activity),
            lowered: Lowered::new(plan.activity.least),
            due: now,
            sequence: plan.sequence,
            timestamp: plan.timestamp,
            started: false,
            newest: None,
            background: Background::default(),
            background_at: 0,
            heard: Vec::new(),
            keep: keep.as_secs() as usize * HZ as usize,
            turns: Vec::new(),
            report: Report::new(now),
            out: VecDeque::new(),
            inbound: Inbound::new(plan.line.codec),
            outbound: Outbound::new(plan.line.codec),
            plan,
        }
    }

    /// When [`Input::Tick`] is wanted next.
    pub fn deadline(&self) -> Option<(Instant, Why)> {
        (!matches!(self.state, State::Done)).then_some((self.due, Why::PacketDue))
    }

    pub fn poll(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    pub fn handle(&mut self, now: Instant, input: Input) {
        match input {
            Input::Packet(packet) => self.hear(&packet),
            Input::Configure(line) => {
                if line.codec != self.plan.line.codec {
                    self.outbound = Outbound::new(line.codec);
                }
                self.plan.line = line;
            }
            Input::Tick => {
                if let Some(change) = self.activity.idle(now.checked_sub(self.plan.line.ptime).unwrap_or(now)) {
                    self.changed(change);
                }
                self.decide(now);
                self.send(now);
            }
            Input::Do(act) => self.acts.push_back(act),
            Input::Background(background) => (self.background, self.background_at) = (background, 0),
        }
    }

    /// The call is over: what was measured, and what was heard (8 kHz).
    pub fn finish(mut self) -> (Report, Vec<i16>) {
        if let Some(last) = self.activity.sounding() {
            self.changed(Change::Fell(last));
        }
        self.report.unsaid = self.acts.len();
        self.report.turns = self.turns;
        (self.report, self.heard)
    }

    fn note(&mut self, observation: Observation) {
        self.out.push_back(Output::Observed(observation));
    }

    // --- The far end ---------------------------------------------------------------------------------------------

    fn hear(&mut self, packet: &Rtp) {
        let line = &self.plan.line;
        // RFC 3551's static types mean the same in every session; comfort noise and keys are no speech.
        let ours = std::iter::once((line.payload_type, line.codec)).chain(line.also.iter().copied());
        let ours = ours.into_iter().find(|(payload_type, _)| *payload_type == packet.payload_type);
        let Some(codec) = ours.map(|(_, codec)| codec).or(Codec::of_static(packet.payload_type)) else { return };
        let clock = codec.clock();
        self.report.received += 1;
        let mut pause = 0;
        if let Some((sequence, timestamp, ssrc)) = self.newest
            && ssrc == packet.ssrc
        {
            let step = packet.sequence.wrapping_sub(sequence);
            if step == 0 || step > 0x8000 {
                // A copy, or overtaken: its place in time has been judged without it.
                self.report.late += 1;
                return;
            }
            self.report.lost += u64::from(step) - 1;
            pause = (u64::from(packet.timestamp.wrapping_sub(timestamp)) * u64::from(HZ) / u64::from(clock)) as u32;
        }
        if codec != self.inbound.codec {
            self.inbound = Inbound::new(codec);
        }
        let (mut line, mut pcm) = (Vec::new(), Vec::new());
        self.inbound.decoder.decode(&packet.payload, &mut line);
        self.inbound.down.push(&line, &mut pcm);
        let next = packet.timestamp.wrapping_add(codec.duration(&packet.payload));
        self.newest = Some((packet.sequence, next, packet.ssrc));
        self.keep(&pcm, if pause <= LONGEST_PAUSE { pause as usize } else { 0 });
        for (index, block) in pcm.chunks(BLOCK.as_millis() as usize * HZ as usize / 1000).enumerate() {
            let at = packet.arrived + BLOCK * index as u32;
            let power = power(block);
            if let Some(moment) = self.lowered.block(at, power) {
                self.ducked(moment);
            }
            if let Some(change) = self.activity.block(at, decibels(power)) {
                self.changed(change);
            }
        }
    }

    fn keep(&mut self, pcm: &[i16], pause: usize) {
        let room = self.keep.saturating_sub(self.heard.len());
        self.heard.resize(self.heard.len() + pause.min(room), 0);
        let room = self.keep.saturating_sub(self.heard.len());
        self.heard.extend_from_slice(&pcm[..pcm.len().min(room)]);
    }

    fn ducked(&mut self, at: Instant) {
        let turn = self.turns.len().wrapping_sub(1);
        if let Some(current) = self.turns.last_mut()
            && current.interrupts
            && current.ducked.is_none()
            && at >= current.began
        {
            current.ducked = Some(at);
            self.note(Observation::Ducked { turn, at });
        }
    }

    fn changed(&mut self, change: Change) {
        let turn = self.turns.len().wrapping_sub(1);
        match change {
            Change::Began(at) => {
                self.bot.fell = None;
                self.bot.told = false;
                self.bot.turn.get_or_insert(at);
                let waits = !matches!(self.state, State::Listening);
                if let Some(current) = self.turns.last_mut().filter(|_| waits) {
                    if current.stopped.is_some_and(|stopped| at >= stopped) {
                        return self.answered(at);
                    }
                    if at >= current.began {
                        current.spoken_over = Some(at);
                    }
                }
                self.note(Observation::BotBegan { at });
            }
            Change::Fell(at) => {
                self.bot.fell = Some(at);
                if let Some(current) = self.turns.last_mut() {
                    // The latest word counts: an answer is often several clauses.
                    if current.answered.is_some_and(|began| at > began) {
                        current.finished = Some(at);
                    }
                    if current.interrupts
                        && current.silent.is_none()
                        && current.answered.is_none()
                        && at >= current.began
                    {
                        current.silent = Some(at);
                        self.lowered.forget();
                        self.note(Observation::Silent { turn, at });
                    }
                } else {
                    self.report.greeting = self.bot.turn.map(|began| (began, at));
                }
            }
        }
    }

    fn answered(&mut self, at: Instant) {
        let turn = self.turns.len() - 1;
        self.turns[turn].answered = Some(at);
        self.bot.turn = Some(at);
        self.lowered.forget();
        self.state = State::Listening;
        self.note(Observation::Answered { turn, at });
    }

    // --- The caller ----------------------------------------------------------------------------------------------

    /// What the caller does next, decided once per packet sent.
    fn decide(&mut self, now: Instant) {
        let quiet = self.bot.fell.filter(|_| self.activity.sounding().is_none());
        let finished = quiet.filter(|&fell| now.saturating_duration_since(fell) >= self.plan.finished);
        if let Some(at) = finished
            && !self.bot.told
        {
            self.bot.told = true;
            self.note(Observation::BotFinished { at });
        }
        match self.state {
            State::Listening | State::Awaiting if self.plan.directed && !self.acts.is_empty() => self.begin(),
            State::Listening if self.plan.directed => {}
            State::Listening => {
                // The clip's own silence counts: what interrupts is the speech in it.
                let lead = match self.acts.front() {
                    Some(Act::Say(clip)) => Some(Duration::from_secs(1) * clip.speech.start as u32 / HZ),
                    Some(Act::Keys(_)) => Some(Duration::ZERO),
                    None => None,
                };
                let moment = lead.zip(self.plan.interrupt).zip(self.bot.turn);
                let interrupts = moment.is_some_and(|((lead, after), turn)| now + lead >= turn + after);
                let silence = self.bot.turn.is_none()
                    && now.saturating_duration_since(self.report.answered) >= self.plan.patience;
                if interrupts || silence || (finished.is_some() && self.bot.turn.is_some()) {
                    self.begin();
                }
            }
            State::Awaiting => {
                let Some(current) = self.turns.last() else { return };
                let Some(stopped) = current.stopped else { return };
                // The bot answered before the caller had ended, and spoke on: an answer, if an early one.
                let early = current.spoken_over.filter(|_| !current.interrupts);
                if let Some(at) = early.filter(|_| finished.is_some_and(|fell| fell >= stopped + SPEAKS_ON)) {
                    let fell = finished;
                    self.answered(at);
                    self.turns.last_mut().into_iter().for_each(|turn| turn.finished = fell);
                } else if !self.plan.directed
                    && now.saturating_duration_since(stopped.max(quiet.unwrap_or(stopped))) >= self.plan.patience
                    && self.activity.sounding().is_none()
                {
                    let turn = self.turns.len() - 1;
                    self.note(Observation::Unanswered { turn });
                    self.begin();
                }
            }
            State::Speaking { .. } | State::Keying(..) | State::Done => {}
        }
    }

    /// The next act, or the end.
    fn begin(&mut self) {
        self.state = match self.acts.pop_front() {
            Some(Act::Say(clip)) => State::Speaking { clip, next: 0 },
            Some(Act::Keys(keys)) => {
                let mut out = KeysOut::default();
                out.push(&Keys::new(&keys));
                State::Keying(out, false)
            }
            None => {
                self.out.push_back(Output::HangUp);
                State::Done
            }
        };
    }

    /// The packet that is due, and the place of the caller's speech in it.
    fn send(&mut self, now: Instant) {
        let ptime = self.plan.line.codec.ptime(self.plan.line.ptime);
        if now < self.due || matches!(self.state, State::Done) {
            return;
        }
        let length = |hz: u32| (u128::from(hz) * ptime.as_micros() / 1_000_000) as u32;
        let (samples, units) = (length(HZ) as usize, length(self.plan.line.codec.clock()));
        let behind = now.saturating_duration_since(self.due);
        if behind > STALL {
            let left_out = (behind.as_micros() / ptime.as_micros()) as u32;
            self.due += ptime * left_out;
            self.timestamp = self.timestamp.wrapping_add(left_out * units);
            self.report.stalls += 1;
        }
        self.due += ptime;
        let (payload_type, payload, marker, timestamp) = match self.key(length(self.plan.line.event_clock)) {
            Some((payload_type, packet)) => {
                (payload_type, Bytes::copy_from_slice(&packet.payload), packet.marker, packet.timestamp)
            }
            None => (self.plan.line.payload_type, self.sound(now, samples), !self.started, self.timestamp),
        };
        // A codec may leave silence unsent.
        if self.plan.line.direction.sends() && !payload.is_empty() {
            let (sequence, ssrc) = (self.sequence, self.plan.ssrc);
            let packet = Rtp { arrived: now, payload_type, marker, sequence, timestamp, ssrc, payload };
            self.out.push_back(Output::Send(packet));
            self.sequence = self.sequence.wrapping_add(1);
            self.report.sent += 1;
            self.started = true;
        }
        self.timestamp = self.timestamp.wrapping_add(units);
        self.keyed(now);
    }

    /// The next samples of the clip, or silence.
    fn sound(&mut self, now: Instant, samples: usize) -> Bytes {
        let mut pcm = vec![0i16; samples];
        if let State::Speaking { clip, next } = &mut self.state {
            let (from, to) = (*next, (*next + samples).min(clip.pcm.len()));
            pcm[..to - from].copy_from_slice(&clip.pcm[from..to]);
            *next = to;
            let (speech, over) = (clip.speech.clone(), to == clip.pcm.len());
            let place = |sample: usize| now + Duration::from_micros((sample - from) as u64 * 1_000_000 / u64::from(HZ));
            if (from..to).contains(&speech.start) {
                self.spoke(place(speech.start));
            }
            if speech.end > from && speech.end <= to {
                self.stopped(place(speech.end));
            }
            if over && matches!(self.state, State::Speaking { .. }) {
                self.state = State::Awaiting;
            }
        }
        if !self.background.is_empty() {
            for sample in &mut pcm {
                *sample = sample.saturating_add(self.background[self.background_at]);
                self.background_at = (self.background_at + 1) % self.background.len();
            }
        }
        let (mut line, mut payload) = (Vec::new(), Vec::new());
        self.outbound.up.push(&pcm, &mut line);
        self.outbound.encoder.encode(&line, &mut payload);
        payload.into()
    }

    /// The next packet of the keys being pressed (RFC 4733).
    fn key(&mut self, units: u32) -> Option<(u8, EventPacket)> {
        let State::Keying(keys, pressed) = &mut self.state else { return None };
        let payload_type = self.plan.line.telephone_event?;
        let packet = keys.tick(self.timestamp, units)?;
        *pressed = true;
        Some((payload_type, packet))
    }

    /// Where a sequence of keys stands after a packet.
    fn keyed(&mut self, now: Instant) {
        let State::Keying(keys, pressed) = &self.state else { return };
        let (over, pressed) = (keys.idle() || self.plan.line.telephone_event.is_none(), *pressed);
        if pressed && self.turns.last().is_none_or(|turn| turn.stopped.is_some()) {
            self.spoke(now);
        }
        if over {
            if !pressed {
                self.spoke(now);
            }
            self.stopped(now);
            self.state = State::Awaiting;
        }
    }

    fn spoke(&mut self, at: Instant) {
        let turn = self.turns.len();
        // A pause too short to end the bot's turn is still its turn.
        let speaks = self.activity.sounding().is_some()
            || self.bot.fell.is_some_and(|fell| at.saturating_duration_since(fell) < self.plan.finished);
        self.turns.push(Turn { interrupts: speaks, ..Turn::new(at) });
        if speaks {
            self.lowered.watch();
        }
        self.note(Observation::CallerBegan { turn, at });
    }

    fn stopped(&mut self, at: Instant) {
        let Some(current) = self.turns.last_mut() else { return };
        current.stopped = Some(at);
        // The bot's next turn begins with its next sound.
        self.bot.turn = None;
        self.note(Observation::CallerStopped { turn: self.turns.len() - 1, at });
    }
}
