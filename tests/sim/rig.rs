//! `Call`: one call with everything around it, under simulated time. All but the ends is the server's own code: what an arrival tells
//! the core (`driver::step`), what an act comes to (`effects::effects_of`), what a recogniser is asked for (`effects::request_of`), the
//! loops of the media thread and of the ear thread (`media::engine::SteppedEngine`), what a recogniser gets and answers
//! (`media::pool::utterance`), what a voice says in which order (`media::pool::clauses`). In place of threads, sockets and engines
//! there are scripts.
use crate::ear::Ear;
use crate::invariants::Invariants;
use crate::listener::Listener;
use crate::recogniser::{Fails, Recogniser};
use crate::voice::Voice;
use dialog::bot::Bot;
use dialog::conversation::{Conversation, ToolFault};
use dialog::tool::HttpRequest;
use media::asr::{Heard, Lexicon};
use media::codec::Codec;
use media::ear::{EarPlan, EarState};
use media::engine::{RoomHandle, RoomOrder, SteppedEngine};
use media::frame::TICK;
use media::leg;
use media::packet::{Packet, Rtp, Wire};
use media::playout::Phase;
use media::room::{Event, Seat};
use media::testkit::netem::Impairments;
use media::testkit::sim::{Phone, plan};
use media::testkit::tone::sine_from;
use media::tts::{Spoken, UtteranceId};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use switchboard::call::End;
use switchboard::call::core::{Core, Input};
use switchboard::call::driver::{self, Arrival, Step};
use switchboard::call::effects::{Effect, effects_of, request_of};
use switchboard::call::page::Page;
use switchboard::call::talk::Talk;
use switchboard::call::watchdog::Limits;
use switchboard::config::Config;
use switchboard::plans;
use switchboard::standby::Clip;
use switchboard::store::CallEvent;
use telephony::Change;
use tokio::sync::mpsc;

pub const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

pub type Answer = Result<serde_json::Value, ToolFault>;

/// What a call is set up with.
pub struct Plan {
    pub bot: String,
    pub impairments: Impairments,
    pub ear: Ear,
    pub recogniser: Recogniser,
    pub voice: Voice,
    /// The tool's answers in turn; when they are used up, it never answers.
    pub tool: VecDeque<(Duration, Answer)>,
    /// The call comes from a web page.
    pub page: bool,
}

impl Plan {
    pub fn new(bot: String) -> Self {
        let (ear, recogniser, voice) = (Ear::level(), Recogniser::default(), Voice::default());
        // A good line between two cities.
        let impairments = Impairments { delay: ms(15), jitter: ms(4), ..Impairments::default() };
        Self { bot, impairments, ear, recogniser, voice, tool: VecDeque::new(), page: false }
    }

    /// One of the bots in `configs/bots`.
    pub fn shipped(name: &str) -> Self {
        let path = format!("{}/configs/bots/{name}.toml", env!("CARGO_MANIFEST_DIR"));
        Self::new(std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}")))
    }

    /// The shipped booking bot, which books at a service.
    pub fn with_tool(tool: impl IntoIterator<Item = (Duration, Answer)>) -> Self {
        let mut plan = Self::shipped("booking.en");
        let before = "[task.on_done]\nsay = \"Your request for a room in {place} {date} at {time} is noted.\"";
        let after = "[task.on_done]\nurl = \"http://127.0.0.1:9000/bookings\"\nsay = \"Your room is booked. Your number is {/reference}.\"";
        assert!(plan.bot.contains(before), "the shipped bot has changed");
        plan.bot = plan.bot.replace(before, after);
        plan.tool = tool.into_iter().collect();
        plan
    }

    /// The bot answers.
    pub fn answer(self) -> Call {
        Call::new(self)
    }
}

/// The sound at the caller's phone.
#[derive(Default)]
pub struct Microphone {
    /// Places in the phone's samples, and what sounds there; a tone where nothing is given.
    pub sounds: VecDeque<(u64, u64, Option<Vec<i16>>)>,
}

impl Microphone {
    fn pcm(&mut self, from: u64, len: usize) -> Vec<i16> {
        while self.sounds.front().is_some_and(|(_, to, _)| *to <= from) {
            self.sounds.pop_front();
        }
        let mut out = vec![0; len];
        for (begin, end, pcm) in &self.sounds {
            let (a, b) = ((*begin).max(from), (*end).min(from + len as u64));
            if a < b {
                let (count, skip) = ((b - a) as usize, (a - begin) as usize);
                let piece = match pcm {
                    Some(pcm) => pcm[skip..skip + count].to_vec(),
                    None => sine_from(700.0, media::Rate::Hz8000, a, count, 6_000),
                };
                out[(a - from) as usize..(b - from) as usize].copy_from_slice(&piece);
            }
        }
        out
    }
}

/// What an engine or a tool does some time after it was asked.
enum Later {
    Voice,
    Words(u64),
    Failed(media::asr::AsrFault),
    Tool(dialog::conversation::ToolId, Answer),
}

/// What lies at the room's end of the phone's line.
#[derive(Default)]
struct Packets {
    arrived: VecDeque<Packet>,
    sent: Vec<Packet>,
}

/// The room's end of the phone's line.
struct PhoneWire(Arc<Mutex<Packets>>);

impl Wire for PhoneWire {
    fn recv(&mut self, _: Instant) -> Option<Packet> {
        self.0.lock().expect("no panic").arrived.pop_front()
    }

    fn send(&mut self, packet: &Packet) {
        self.0.lock().expect("no panic").sent.push(packet.clone());
    }
}

pub struct Call {
    pub start: Instant,
    pub now: Instant,
    engine: SteppedEngine<Ear>,
    room: RoomHandle,
    events: mpsc::Receiver<Event>,
    packets: Arc<Mutex<Packets>>,
    pub phone: Phone,
    pub microphone: Rc<RefCell<Microphone>>,
    talk: Talk,
    pub recogniser: Recogniser,
    voice: Voice,
    tool: VecDeque<(Duration, Answer)>,
    pub listener: Listener,
    /// The ear closes with the next tick.
    ear_closes: bool,
    later: BTreeMap<(Instant, u64), Later>,
    count: u64,
    /// Clauses the caller has yet to hear the end of.
    pub open: BTreeSet<UtteranceId>,
    pub invariants: Invariants,
    pub trace: Vec<(u64, String)>,
    pub end: Option<End>,
}

impl Call {
    fn new(set: Plan) -> Self {
        let (start, config) = (Instant::now(), Config::default());
        let bot = Bot::parse(&set.bot, "bot.toml").unwrap_or_else(|e| panic!("{e}"));
        let today = jiff::civil::date(2026, 11, 25).at(9, 0, 0, 0);
        let mut talk = Talk::new(Conversation::new(Arc::new(bot), today), Limits::from(&config), start);
        if set.page {
            talk = talk.with_page(Page::new("call", "bot", "en"));
        }
        let mut ear = Some(set.ear);
        let new_ear = move |_| ear.take().expect("one line joins");
        let mut engine = SteppedEngine::new(start, plans::engine(&config).rules, crate::ear::models(), new_ear);
        let (events_in, events) = mpsc::channel(256);
        let (room, packets) =
            (engine.open(media::room::BotMode::Speaks, 42, events_in), Arc::<Mutex<Packets>>::default());
        let wire = Box::new(PhoneWire(packets.clone()));
        room.join(Seat::CALLER, wire, plan(Codec::Pcmu), Some(EarPlan::default())).expect("a free seat");
        let mut voice = set.voice;
        voice.connect(room.sink(Seat::CALLER));
        let microphone = Rc::new(RefCell::new(Microphone::default()));
        let said = microphone.clone();
        let sound = Box::new(move |from, len| said.borrow_mut().pcm(from, len));
        let mut call = Self {
            start,
            now: start,
            engine,
            room,
            events,
            packets,
            phone: Phone::new(start, Codec::Pcmu, sound, set.impairments, 7),
            microphone,
            talk,
            recogniser: set.recogniser,
            voice,
            tool: set.tool,
            listener: Listener::new(start),
            ear_closes: false,
            later: BTreeMap::new(),
            count: 0,
            open: BTreeSet::new(),
            invariants: Invariants::new(start),
            trace: Vec::new(),
            end: None,
        };
        for input in driver::first_inputs(call.recogniser.fails != Fails::Absent) {
            call.tell(input);
        }
        call
    }

    pub fn at(&self, time: Instant) -> u64 {
        time.saturating_duration_since(self.start).as_millis() as u64
    }

    pub fn note_at(&mut self, time: Instant, who: &str, what: impl AsRef<str>) {
        let at = self.at(time);
        self.trace.push((at, format!("{who:<8} {}", what.as_ref()).trim_end().to_owned()));
    }

    pub fn note(&mut self, who: &str, what: impl AsRef<str>) {
        self.note_at(self.now, who, what);
    }

    fn after(&mut self, time: Duration, later: Later) {
        self.count += 1;
        self.later.insert((self.now + time, self.count), later);
    }

    /// Lets time pass.
    pub fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        let mut spins = 0;
        while self.end.is_none() {
            let tick = self.engine.deadline();
            let later = self.later.first_key_value().map(|((at, _), _)| *at);
            let wake = self.talk.deadline();
            let next = [Some(tick), later, wake.map(|(at, _)| at)].into_iter().flatten().min().unwrap_or(tick);
            let next = next.max(self.now);
            if next > until {
                break;
            }
            spins = if next > self.now { 0 } else { spins + 1 };
            assert!(spins < 100, "{} ms: a deadline stays due: {wake:?}", self.at(self.now));
            self.now = next;
            if later.is_some_and(|at| at <= next) {
                if let Some((_, later)) = self.later.pop_first() {
                    self.happen(later);
                }
            } else if tick <= next {
                self.tick();
            } else {
                self.arrive(Arrival::Deadline);
            }
        }
        self.now = until;
    }

    /// One tick of the media thread, and of the ear thread after it.
    fn tick(&mut self) {
        self.phone.run(self.now);
        while let Some((arrived, packet)) = self.phone.net.recv(self.now) {
            let Packet::Rtp(packet) = packet else { continue };
            self.packets.lock().expect("no panic").arrived.push_back(Packet::Rtp(Rtp { arrived, ..packet }));
        }
        self.recogniser.tick(self.now);
        self.engine.tick();
        for packet in std::mem::take(&mut self.packets.lock().expect("no panic").sent) {
            if let Packet::Rtp(packet) = packet {
                self.listener.packet(self.now, &packet);
            }
        }
        for (took, session) in self.recogniser.pauses() {
            self.after(took, Later::Words(session));
        }
        if std::mem::take(&mut self.ear_closes) {
            self.invariants.caller.shut(self.now);
        }
        for (time, heard) in self.listener.tick(self.now) {
            self.note_at(time, "hears", heard);
        }
        while let Ok(event) = self.events.try_recv() {
            self.event(event);
        }
        if let Some(text) = self.recogniser.partial(self.now) {
            self.note("partly", format!("{text:?}"));
            self.arrive(Arrival::Heard(Heard::Partial { text }));
        }
        if let Some(next) = self.voice.resume() {
            self.after(next, Later::Voice);
        }
    }

    fn order(&self, order: RoomOrder) {
        self.room.order(order).expect("the room takes its orders");
    }

    fn event(&mut self, event: Event) {
        match &event {
            Event::Played { played, .. } => {
                self.invariants.played(played);
                let id = name(played.utterance);
                match played.phase {
                    Phase::Started => self.note("played", format!("{id} begins")),
                    Phase::Progress => {}
                    Phase::Waiting => self.note("played", format!("{id} waits for its sound")),
                    Phase::Done => self.note("played", format!("{id} done, {} characters", played.chars)),
                    Phase::Cut => self.note("played", format!("{id} cut after {} characters", played.chars)),
                }
                if matches!(played.phase, Phase::Done | Phase::Cut) {
                    self.open.remove(&played.utterance);
                }
            }
            Event::Edge { edge, .. } => self.invariants.edge(self.now, *edge),
            Event::Key { key, .. } => self.note("key", key.to_string()),
            _ => {}
        }
        self.arrive(Arrival::Room(event));
    }

    fn happen(&mut self, later: Later) {
        match later {
            Later::Voice => {
                let news = self.voice.speak(self.now);
                if let Some(again) = self.voice.next() {
                    self.after(again, Later::Voice);
                }
                for news in news {
                    match &news {
                        Spoken::Started { utterance, .. } => {
                            self.listener.expect(*utterance);
                            self.note("voice", format!("{} made", name(*utterance)));
                        }
                        Spoken::Failed { utterance, .. } => {
                            self.open.remove(utterance);
                            self.invariants.failed(*utterance);
                            self.note("voice", format!("{} failed", name(*utterance)));
                        }
                        Spoken::Done { .. } => {}
                    }
                    self.arrive(Arrival::Spoken(news));
                }
            }
            Later::Words(session) => {
                if let Some(heard) = self.recogniser.finish(self.now, session) {
                    let said = match &heard {
                        Heard::Final { hypothesis, .. } => match &hypothesis.text {
                            Some(text) => format!("{text:?}"),
                            None => "nothing that was asked for".into(),
                        },
                        _ => "failed".into(),
                    };
                    self.note("words", said);
                    self.arrive(Arrival::Heard(heard));
                }
            }
            Later::Failed(fault) => {
                self.note("words", "failed");
                self.arrive(Arrival::Heard(Heard::Failed(fault)));
            }
            Later::Tool(id, result) => {
                self.note("tool", result.as_ref().map_or_else(|fault| fault.to_string(), |answer| answer.to_string()));
                self.arrive(Arrival::Tool(Input::ToolDone { id, result }));
            }
        }
    }

    /// Something reaches the call, which does with it what the driver does.
    pub fn arrive(&mut self, arrival: Arrival) {
        match driver::step(arrival) {
            Step::Handle(input) => self.tell(input),
            Step::Configure(plan) => self.order(driver::configure(plan)),
            Step::Note(note) => self.record(note),
            Step::PauseRecording(_) | Step::Ignore => {}
        }
    }

    fn tell(&mut self, input: Input) {
        self.talk.handle(self.now, input);
        while let Some(act) = self.talk.poll() {
            assert!(self.end.is_none(), "something is wanted after the end: {act:?}");
            let mut standby = None;
            let clip = |clip| {
                let (what, tone) = match clip {
                    Clip::Moment => ("one moment", 400.0),
                    Clip::Sorry => ("a technical problem", 450.0),
                };
                standby = Some((what, tone));
                crate::voice::clip(tone)
            };
            for effect in effects_of(act, clip) {
                self.perform(effect, standby);
            }
        }
    }

    /// `standby`: the clip, and its tone, that the effect plays.
    fn perform(&mut self, effect: Effect, standby: Option<(&str, f32)>) {
        match effect {
            Effect::Say { utterance, text, interruptible } => {
                let must = if interruptible { "" } else { " (must be heard)" };
                self.note("bot", format!("{}: {text:?}{must}", name(utterance)));
                self.open.insert(utterance);
                self.invariants.said(utterance, &text);
                if let Some(first) = self.voice.say(utterance, text, interruptible) {
                    self.after(first, Later::Voice);
                }
            }
            Effect::Unsay(floor) => self.voice.hush(floor),
            Effect::Room(order) => {
                match &order {
                    RoomOrder::Leg(_, leg::Input::Hush(floor)) => {
                        let begun = |id: &UtteranceId| *id >= *floor || self.invariants.sounds(*id);
                        self.open.retain(begun);
                        self.listener.hush(self.now, *floor);
                    }
                    RoomOrder::Leg(_, leg::Input::Sound(sound)) => {
                        let (what, tone) = standby.expect("the only sound that a call orders is a clip");
                        self.note("standby", format!("{}: {what}", name(sound.utterance)));
                        self.listener.clip(sound.utterance, tone);
                        self.listener.expect(sound.utterance);
                    }
                    RoomOrder::Ear(_, state) => {
                        self.ear_closes |= *state == EarState::Closed;
                        self.note("ear", if *state == EarState::Closed { "shut" } else { "open" })
                    }
                    _ => {}
                }
                self.order(order);
            }
            Effect::Listen(expect) => {
                let digest = crate::recogniser::digest(&expect);
                self.note("listen", digest);
                if let Some((time, fault)) = self.recogniser.refusal() {
                    self.after(time, Later::Failed(fault));
                }
                let ask = request_of(&expect, media::Language::En, Lexicon::default(), |_| true);
                let listener = self.recogniser.listen(self.start, self.now, &ask);
                self.order(RoomOrder::Listen(Seat::CALLER, Some(listener)));
            }
            Effect::PauseRecording(paused) => self.note("record", if paused { "pauses" } else { "goes on" }),
            Effect::Run(call) => {
                let request = HttpRequest::of(&call).expect("bots make HTTP requests");
                let body = request.body.map(|body| body.to_string()).unwrap_or_default();
                self.note("tool", format!("{:?} {} {body}", request.method, request.url));
                if let Some((time, answer)) = self.tool.pop_front() {
                    self.after(time, Later::Tool(call.id, answer));
                }
            }
            Effect::Cancel(cancelled) => {
                self.later.retain(|_, later| !matches!(later, Later::Tool(id, _) if *id == cancelled));
            }
            Effect::Note(note) => self.record(note),
            Effect::Tell(message) => self.note("page", message),
            Effect::HangUp(end) => {
                self.end = Some(end);
                self.room.close();
            }
        }
    }

    fn record(&mut self, note: CallEvent) {
        if let Some((who, what)) = crate::golden::line(&note) {
            self.note(who, what);
        }
        self.invariants.notes.push((self.now, note));
    }

    /// The line is negotiated anew.
    pub fn configure(&mut self, direction: leg::Direction) {
        let plan = leg::LegPlan { direction, ..plan(Codec::Pcmu) };
        self.listener.sends(direction.sends());
        self.arrive(Arrival::Line(Change::Plan(plan)));
    }

    /// The call is over: its invariants and its trace are checked.
    pub fn check(&mut self, golden: &str) {
        self.check_invariants();
        crate::golden::compare(golden, &mut self.trace);
    }

    /// The invariants alone.
    pub fn check_invariants(&mut self) {
        let end =
            self.end.unwrap_or_else(|| panic!("the call has not ended\n{}", crate::golden::text(&mut self.trace)));
        let broken = self.invariants.broken(end, &self.listener, self.talk.transcript());
        assert!(broken.is_empty(), "{}\n\n{}", broken.join("\n"), crate::golden::text(&mut self.trace));
    }
}

/// Clauses by number; a standby clip by the clause it goes before.
pub fn name(utterance: UtteranceId) -> String {
    match utterance.0 {
        id if id % 8 == 0 => (id / 8).to_string(),
        id => format!("before {}", id.div_ceil(8)),
    }
}

/// The number of ticks in this time.
pub fn ticks(time: Duration) -> u64 {
    (time.as_millis() / TICK.as_millis()) as u64
}
