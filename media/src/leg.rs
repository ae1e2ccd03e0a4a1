//! `Leg`: one party's sound in a room: reception from its wire, the bot's playout, and sending.
use crate::codec::Codec;
use crate::egress::Egress;
use crate::ingress::{ForEar, Ingress};
use crate::jitter::Content;
use crate::keys::{Clocks, Keys, KeysIn, ToneKeys};
pub use crate::line::{Direction, LegPlan, LineRules};
use crate::music::{HoldMusic, Music};
use crate::noise::{COMFORT, Noise};
use crate::packet::{Packet, Rtcp, Rtp};
use crate::playout::{Gain, Played, Playout};
use crate::stats::{self, Bursts, LegStats};
use crate::tts::{Sound, UtteranceId};
use crate::vad::Edge;
use crate::{Frame, SamplePos};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// What the bot does in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BotMode {
    /// It plays the sound that it gets.
    Speaks,
    /// It sends each party's own sound back. Other sound is refused.
    Echoes,
    /// Its sound is refused, and what waits is cut: nothing counts as heard.
    Rests,
}

#[derive(Clone, Debug)]
pub enum LegInput {
    Packet(Packet),
    /// The line was negotiated anew.
    Configure(LegPlan),
    Keys(Keys),
    Sound(Sound),
    Gain(Gain),
    Hush(UtteranceId),
    /// The gate's verdict on this leg's sound.
    Edge(Edge),
    /// The ear closes: no [`Edge::End`] follows speech in progress.
    EarClosed,
    Bot(BotMode),
    /// The music that is played where the bot says nothing, if any. No ear hears it: an ear hears what a line receives.
    Music(Option<HoldMusic>),
}

#[derive(Clone, Debug)]
pub enum LegOutput {
    Send(Packet),
    Key {
        key: char,
        at: Instant,
    },
    Played(Played),
    /// No RTP since then, although the direction allows it.
    Silent {
        since: Instant,
    },
    /// RTP comes again.
    Sounding,
    Stats(Box<LegStats>),
}

/// The reason of a leg's deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The timeout of RTP.
    Silent,
    /// A report (RTCP) is due.
    Report,
}

pub struct Leg {
    plan: LegPlan,
    bot: BotMode,
    rules: LineRules,
    ingress: Ingress,
    /// The codec that the far end sends, and the codec of its last packet where that has another clock.
    receives: Codec,
    switching: Option<Codec>,
    /// The payload type and codec before the last renegotiation: packets of it may still arrive.
    former: Option<(u8, Codec)>,
    keys: KeysIn,
    /// In-band DTMF, where telephone-event was not negotiated.
    tones: ToneKeys,
    playout: Playout,
    egress: Egress,
    noise: Noise,
    music: Option<Music>,
    /// The time of the last RTP packet, or from which RTP is due.
    last_rtp: Instant,
    silent: bool,
    /// The caller speaks: interruptible sound is ducked.
    talking: bool,
    remote: (Option<f32>, Option<Duration>, Option<Duration>),
    stats_at: Instant,
    bursts: Bursts,
    out: VecDeque<LegOutput>,
}

impl Leg {
    /// `seed`: for the random values on the wire and for comfort noise.
    pub fn new(now: Instant, plan: LegPlan, rules: LineRules, seed: u64) -> Self {
        Self {
            ingress: Ingress::new(plan.codec, rules.jitter.clone(), seed ^ 1),
            bot: BotMode::Speaks,
            receives: plan.codec,
            switching: None,
            former: None,
            keys: KeysIn::default(),
            tones: ToneKeys::default(),
            playout: Playout::new(plan.codec.rate()),
            egress: Egress::new(plan.clone(), seed),
            noise: Noise::new(seed ^ 2),
            music: None,
            last_rtp: now,
            silent: false,
            talking: false,
            remote: (None, None, None),
            stats_at: now + rules.stats,
            bursts: Bursts::default(),
            out: VecDeque::new(),
            plan,
            rules,
        }
    }

    pub const fn plan(&self) -> &LegPlan {
        &self.plan
    }

    pub fn handle(&mut self, now: Instant, input: LegInput) {
        match input {
            LegInput::Packet(Packet::Rtp(packet)) => self.rtp(now, packet),
            LegInput::Packet(Packet::Rtcp(packet)) => self.rtcp(&packet),
            LegInput::Configure(plan) => self.configure(now, plan),
            LegInput::Keys(keys) => self.egress.keys(&keys),
            LegInput::Sound(sound) if self.bot != BotMode::Speaks => self.playout.refuse(now, sound.utterance),
            LegInput::Sound(sound) => self.playout.push(sound),
            LegInput::Bot(bot) => {
                self.bot = bot;
                if bot != BotMode::Speaks {
                    self.playout.cut_all(now);
                }
            }
            LegInput::Music(what) => self.music = what.map(|what| Music::new(self.plan.codec.rate(), what)),
            LegInput::Gain(gain) => {
                self.talking = false;
                self.playout.gain(gain);
            }
            LegInput::Hush(floor) => self.playout.hush(now, floor),
            LegInput::Edge(Edge::Start { .. }) => {
                self.talking = true;
                self.duck();
            }
            LegInput::Edge(Edge::End { .. }) | LegInput::EarClosed => {
                if std::mem::take(&mut self.talking) && self.playout.gain_now() == Gain::Duck {
                    self.playout.gain(Gain::Full);
                }
            }
        }
        self.news();
    }

    pub fn poll(&mut self) -> Option<LegOutput> {
        let output = self.out.pop_front();
        if output.is_none() {
            // The next push goes to the start of the buffer, which is likely cached.
            self.out.clear();
        }
        output
    }

    /// When the leg is due between ticks. Ticks check it too: a driver that ticks needs no timer.
    pub fn deadline(&self) -> Option<(Instant, Why)> {
        let silent = (self.plan.direction.receives() && !self.silent)
            .then(|| (self.last_rtp + self.rules.rtp_timeout, Why::Silent));
        let report = self.egress.report_at().map(|at| (at, Why::Report));
        silent.into_iter().chain(report).min_by_key(|(at, _)| *at)
    }

    fn rtp(&mut self, now: Instant, packet: Rtp) {
        if !self.plan.direction.receives() {
            return;
        }
        let Some(content) = self.content(packet.payload_type) else { return };
        if let Content::Sound(codec) = content
            && !self.follows(codec)
        {
            return;
        }
        self.last_rtp = now;
        if std::mem::take(&mut self.silent) {
            self.out.push_back(LegOutput::Sounding);
        }
        let clocks = Clocks { sound: self.receives.clock(), events: self.event_clock(packet.payload_type) };
        if content == Content::Event
            && let Some(key) = self.keys.push(&packet, clocks)
        {
            self.out.push_back(LegOutput::Key { key, at: packet.arrived });
        }
        self.ingress.push(packet, content);
    }

    /// Whether sound of this codec is to be decoded. A stream has one clock; another clock begins a new stream. A change to the negotiated
    /// codec is accepted at once, to any other at its second packet in a row, since a single one may be a late packet.
    fn follows(&mut self, codec: Codec) -> bool {
        let same = |a: Codec, b: Codec| (a.rate(), a.clock()) == (b.rate(), b.clock());
        if same(codec, self.receives) {
            self.switching = None;
            return true;
        }
        let before = self.switching.replace(codec);
        if codec != self.plan.codec && !before.is_some_and(|before| same(before, codec)) {
            return false;
        }
        self.switching = None;
        self.receives = codec;
        self.ingress.configure(codec);
        true
    }

    /// The clock that keys under this payload type count in.
    fn event_clock(&self, payload_type: u8) -> u32 {
        let also = self.plan.also_events.iter().find(|(named, _)| *named == payload_type);
        also.map_or(self.plan.event_clock, |(_, clock)| *clock)
    }

    /// The content of a payload type on this line. A phone may also send the other G.711 (RFC 3264 section 6.1).
    fn content(&self, payload_type: u8) -> Option<Content> {
        let plan = &self.plan;
        if plan.telephone_event == Some(payload_type)
            || plan.also_events.iter().any(|(named, _)| *named == payload_type)
        {
            Some(Content::Event)
        } else if payload_type == plan.payload_type {
            Some(Content::Sound(plan.codec))
        } else if plan.comfort_noise == Some(payload_type) || payload_type == 13 {
            Some(Content::Noise)
        } else {
            let named = plan.also.iter().chain(&self.former).find(|(named, _)| *named == payload_type);
            named.map(|(_, codec)| *codec).or(Codec::of_static(payload_type)).map(Content::Sound)
        }
    }

    fn rtcp(&mut self, packet: &Rtcp) {
        let (Rtcp::Sender { report: Some(report), .. } | Rtcp::Receiver { report: Some(report), .. }) = packet else {
            return;
        };
        if report.ssrc == self.egress.ssrc() {
            let jitter =
                Duration::from_micros(u64::from(report.jitter) * 1_000_000 / u64::from(self.plan.codec.clock()));
            self.egress.expect(report.fraction_lost);
            self.remote = (Some(report.fraction_lost), Some(jitter), report.round_trip.or(self.remote.2));
        }
    }

    fn configure(&mut self, now: Instant, plan: LegPlan) {
        if plan.direction.receives() != self.plan.direction.receives() {
            self.ingress.reset();
            self.last_rtp = now;
            if std::mem::take(&mut self.silent) {
                self.out.push_back(LegOutput::Sounding);
            }
        }
        if plan.telephone_event != self.plan.telephone_event {
            self.tones = ToneKeys::default();
        }
        if plan.codec != self.plan.codec {
            // Reception changes with the first packet of the new codec.
            self.former = Some((self.plan.payload_type, self.plan.codec));
        }
        self.playout.tune(plan.codec.rate());
        self.egress.configure(plan.clone());
        self.plan = plan;
    }

    fn duck(&mut self) {
        if self.talking && self.playout.gain_now() == Gain::Full && self.playout.interruptible() {
            self.playout.gain(Gain::Duck);
        }
    }

    fn news(&mut self) {
        while let Some(played) = self.playout.poll() {
            self.out.push_back(LegOutput::Played(played));
        }
    }

    /// First half of a tick: the next 20 ms received from the wire, decoded.
    pub fn decode(&mut self, now: Instant, pos: SamplePos) -> Frame {
        self.keys.tick(now);
        let frame = self.ingress.pull(now, pos, &self.keys);
        self.bursts.tick(frame.origin);
        if !self.ingress.has_ear_stream() {
            self.listen_for_keys(now, &frame);
        }
        frame
    }

    /// What the leg's ear gets for the tick of the last [`Leg::decode`], `limit` frames at most. Not called without an ear.
    pub fn for_ear(&mut self, now: Instant, pos: SamplePos, limit: usize) -> ForEar {
        let mut sound = self.ingress.for_ear(now, pos, limit, &self.keys);
        if let ForEar::Late(frames) = &mut sound {
            for frame in frames {
                self.listen_for_keys(now, frame);
                if self.keying() {
                    frame.pcm_mut().fill(0);
                }
            }
        }
        sound
    }

    fn listen_for_keys(&mut self, now: Instant, frame: &Frame) {
        if self.plan.telephone_event.is_none()
            && let Some(key) = self.tones.hear(frame)
        {
            self.out.push_back(LegOutput::Key { key, at: frame.arrived.unwrap_or(now) });
        }
    }

    /// Whether this leg's sound is a keypad tone, which is muted for its ear.
    pub const fn keying(&self) -> bool {
        self.tones.sounding()
    }

    /// Whether sound that was cut still fades.
    pub fn fades(&self) -> bool {
        self.playout.fades()
    }

    /// Whether the playout has room for more of the bot's sound.
    pub fn has_room(&self) -> bool {
        self.playout.has_room()
    }

    /// Whether something is said to it.
    pub fn is_told(&self) -> bool {
        !self.playout.is_idle()
    }

    /// First half of a tick, where the bot may speak: the next 20 ms of the playout, with comfort noise.
    pub fn play(&mut self, now: Instant, pos: SamplePos) -> Frame {
        let mut frame = Frame::silence(pos, self.plan.codec.rate());
        self.duck();
        self.playout.fill(now, frame.pcm_mut());
        if self.bot == BotMode::Speaks {
            let rate = frame.rate;
            if let Some(music) = self.music.as_mut().filter(|_| self.playout.is_idle()) {
                music.add(rate, frame.pcm_mut());
            }
            self.noise.add(COMFORT, frame.pcm_mut());
        }
        self.news();
        frame
    }

    /// Second half of a tick: sends `frame` and, when due, an RTCP report; reports timeouts and statistics.
    pub fn send(&mut self, now: Instant, tick: u64, frame: &mut Frame) {
        let out = &mut self.out;
        self.egress.tick(now, tick, frame.pcm_mut(), &mut |packet| out.push_back(LegOutput::Send(packet)));
        if self.egress.due(now) {
            let report = self.ingress.jitter().report();
            let report = self.egress.report(tick, report);
            self.out.push_back(LegOutput::Send(Packet::Rtcp(report)));
        }
        let timeout = self.last_rtp + self.rules.rtp_timeout;
        if self.plan.direction.receives() && !self.silent && now >= timeout {
            self.silent = true;
            self.out.push_back(LegOutput::Silent { since: self.last_rtp });
        }
        if now >= self.stats_at {
            self.stats_at = now + self.rules.stats;
            let stats = self.stats(now);
            self.out.push_back(LegOutput::Stats(stats.into()));
        }
    }

    /// The leg leaves its room.
    pub fn leave(&mut self, now: Instant) {
        self.playout.hush(now, UtteranceId(u64::MAX));
        self.news();
        let stats = self.stats(now);
        self.out.push_back(LegOutput::Stats(stats.into()));
        self.out.push_back(LegOutput::Send(Packet::Rtcp(self.egress.goodbye())));
    }

    pub fn stats(&mut self, now: Instant) -> LegStats {
        let delay = self.ingress.delay(now);
        let (concealed, stretches) = (self.ingress.concealed(), self.ingress.stretches());
        let jitter = self.ingress.jitter();
        let (sent_packets, sent_octets) = self.egress.sent();
        let mut stats = LegStats {
            packets: jitter.counts(),
            concealed,
            stretches,
            delay,
            target: jitter.target(),
            jitter: jitter.jitter(),
            sent_packets,
            sent_octets,
            remote_loss: self.remote.0,
            remote_jitter: self.remote.1,
            round_trip: self.remote.2,
            underruns: self.playout.underruns(),
            quality: None,
        };
        stats.quality = stats::quality(self.receives, self.plan.ptime, &self.bursts, &stats);
        stats
    }
}
