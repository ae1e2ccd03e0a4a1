//! `SimulatedPort`: the parts around a call, simulated: a phone on a lossy line, the caller's voice and ears, scripted engines and
//! tools. What is ordered of them and what they do is noted in the trace.
use crate::ear::Ear;
use crate::invariants::Invariants;
use crate::listener::Listener;
use crate::plan::{Answer, Plan};
use crate::recogniser::{Fails, Recogniser};
use crate::supervisor::SupervisorLine;
use crate::voice::{Voice, name};
use dialog::bot::Bot;
use dialog::conversation::{Expect, HandOver, ToolCall, ToolId};
use dialog::memory::MemoryNews;
use dialog::model::language_model::{ModelRequest, RequestId};
use dialog::seat_words::SeatWords;
use dialog::tool::HttpRequest;
use media::Rate;
use media::asr::{AsrFault, Heard, Lexicon, Listen};
use media::codec::Codec;
use media::ear::{EarPlan, EarState};
use media::engine::{RoomHandle, RoomOrder, SteppedEngine};
use media::hears::Supervision;
use media::leg::{self, LegInput, LegPlan};
use media::packet::{Packet, Rtp, Wire};
use media::playout::Phase;
use media::record::PausedBy;
use media::room::{BotMode, Event, Seat};
use media::testkit::sim::{Phone, plan};
use media::testkit::tone::sine_from;
use media::tts::delivery::{ClauseText, Delivery};
use media::tts::{Sound, Spoken, TtsFault, UtteranceId};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use switchboard::call::acts::{CallPort, request_of};
use switchboard::call::bleep::Bleep;
use switchboard::call::driver;
use switchboard::config::Config;
use switchboard::plans;
use switchboard::standby::Clip;
use switchboard::store::{CallEvent, LineStats, LiveChange};
use tokio::sync::mpsc;

/// The tone that stands for a brief: one second of it.
pub const BRIEF_TONE: f32 = 1_500.0;

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
pub enum Later {
    Voice,
    Words(u64),
    Heard(Heard),
    Spoken(Spoken),
    Tool(ToolId, Answer),
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

pub struct SimulatedPort {
    pub start: Instant,
    pub now: Instant,
    engine: SteppedEngine<Ear>,
    room: RoomHandle,
    events: mpsc::Receiver<Event>,
    packets: Arc<Mutex<Packets>>,
    pub phone: Phone,
    pub microphone: Rc<RefCell<Microphone>>,
    pub recogniser: Recogniser,
    voice: Voice,
    tool: VecDeque<(Duration, Answer)>,
    pub listener: Listener,
    pub supervisors: BTreeMap<Seat, SupervisorLine>,
    /// The sessions of recognition that are those of a person's voice.
    pub voices: BTreeMap<u64, (Seat, u64)>,
    /// The newest session of each voice that is listened to.
    pub sessions: BTreeMap<Seat, u64>,
    /// The room takes no order of a supervisor's.
    pub room_refuses: bool,
    /// What the caller was sent.
    pub sent: Vec<(Instant, Rtp)>,
    /// The standby clip that is ordered next, and its tone.
    standby: Option<(&'static str, f32)>,
    /// The ear closes with the next tick.
    ear_closes: bool,
    later: BTreeMap<(Instant, u64), Later>,
    count: u64,
    /// Clauses the caller has yet to hear the end of.
    pub open: BTreeSet<UtteranceId>,
    /// The last clause that ended was cut off.
    pub was_cut: bool,
    /// What was to be remembered of the caller.
    pub remembered: Vec<MemoryNews>,
    pub invariants: Invariants,
    pub trace: Vec<(u64, String)>,
}

/// From an order that an engine refuses to the report of it.
const REFUSAL: Duration = Duration::from_millis(20);

impl SimulatedPort {
    pub fn new(start: Instant, set: Plan) -> Self {
        let mut ear = Some(set.ear);
        // The caller's line joins first.
        let new_ear = move |_| ear.take().unwrap_or_else(Ear::level);
        let rules = plans::engine(&Config::default()).rules;
        let mut engine = SteppedEngine::new(start, rules, crate::ear::models(), new_ear);
        let (events_in, events) = mpsc::channel(256);
        let (room, packets) = (engine.open(BotMode::Speaks, 42, events_in), Arc::<Mutex<Packets>>::default());
        let wire = Box::new(PhoneWire(packets.clone()));
        room.join(Seat::CALLER, wire, plan(Codec::Pcmu), Some(EarPlan::default())).expect("a free seat");
        let mut voice = set.voice;
        voice.connect(room.sink(Seat::CALLER));
        let microphone = Rc::new(RefCell::new(Microphone::default()));
        let said = microphone.clone();
        let sound = Box::new(move |from, len| said.borrow_mut().pcm(from, len));
        Self {
            start,
            now: start,
            engine,
            room,
            events,
            packets,
            phone: Phone::new(start, Codec::Pcmu, sound, set.impairments, 7),
            microphone,
            recogniser: set.recogniser,
            voice,
            tool: set.tool,
            listener: Listener::new(start),
            supervisors: BTreeMap::new(),
            voices: BTreeMap::new(),
            sessions: BTreeMap::new(),
            room_refuses: false,
            sent: Vec::new(),
            standby: None,
            ear_closes: false,
            later: BTreeMap::new(),
            count: 0,
            open: BTreeSet::new(),
            was_cut: false,
            remembered: Vec::new(),
            invariants: Invariants::new(start),
            trace: Vec::new(),
        }
    }

    pub fn at(&self, time: Instant) -> u64 {
        time.saturating_duration_since(self.start).as_millis() as u64
    }

    fn note_at(&mut self, time: Instant, who: &str, what: impl AsRef<str>) {
        let at = self.at(time);
        self.trace.push((at, format!("{who:<8} {}", what.as_ref()).trim_end().to_owned()));
    }

    pub fn note_trace(&mut self, who: &str, what: impl AsRef<str>) {
        self.note_at(self.now, who, what);
    }

    fn after(&mut self, time: Duration, later: Later) {
        self.count += 1;
        self.later.insert((self.now + time, self.count), later);
    }

    /// When the next tick is.
    pub fn tick_at(&self) -> Instant {
        self.engine.deadline()
    }

    /// When the next of what engines and tools do later is due.
    pub fn later_at(&self) -> Option<Instant> {
        self.later.first_key_value().map(|((at, _), _)| *at)
    }

    pub fn next_later(&mut self) -> Option<Later> {
        self.later.pop_first().map(|(_, later)| later)
    }

    /// One tick of the media thread, and of the ear thread after it.
    pub fn tick(&mut self) {
        self.phone.run(self.now);
        while let Some((arrived, packet)) = self.phone.net.recv(self.now) {
            let Packet::Rtp(packet) = packet else { continue };
            self.packets.lock().expect("no panic").arrived.push_back(Packet::Rtp(Rtp { arrived, ..packet }));
        }
        self.supervisors.values_mut().for_each(|line| line.run(self.now));
        self.recogniser.tick(self.now);
        self.engine.tick();
        for packet in std::mem::take(&mut self.packets.lock().expect("no panic").sent) {
            if let Packet::Rtp(packet) = packet {
                self.listener.packet(self.now, &packet);
                self.sent.push((self.now, packet));
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
    }

    /// What the room has told, one by one.
    pub fn next_event(&mut self) -> Option<Event> {
        let event = self.events.try_recv().ok()?;
        match &event {
            Event::Played { seat: Seat::CALLER, played } => {
                self.invariants.played(played);
                let id = name(played.utterance);
                match played.phase {
                    Phase::Started => self.note_trace("played", format!("{id} begins")),
                    Phase::Progress => {}
                    Phase::Waiting => self.note_trace("played", format!("{id} waits for its sound")),
                    Phase::Done => self.note_trace("played", format!("{id} done, {} characters", played.chars)),
                    Phase::Cut => self.note_trace("played", format!("{id} cut after {} characters", played.chars)),
                }
                if matches!(played.phase, Phase::Done | Phase::Cut) {
                    self.open.remove(&played.utterance);
                    self.was_cut = played.phase == Phase::Cut;
                }
            }
            Event::Edge { seat: Seat::CALLER, edge } => self.invariants.edge(self.now, *edge),
            Event::Key { key, .. } => self.note_trace("key", key.to_string()),
            _ => {}
        }
        Some(event)
    }

    /// The words so far, where there are new ones.
    pub fn partial(&mut self) -> Option<String> {
        let text = self.recogniser.partial(self.now)?;
        self.note_trace("partly", format!("{text:?}"));
        Some(text)
    }

    /// Sound that found the room's queue full is offered again.
    pub fn offer_sound(&mut self) {
        if let Some(next) = self.voice.resume() {
            self.after(next, Later::Voice);
        }
    }

    /// The voice makes the sound of its next clause.
    pub fn speak(&mut self) -> Vec<Spoken> {
        let news = self.voice.speak(self.now);
        if let Some(again) = self.voice.next() {
            self.after(again, Later::Voice);
        }
        news
    }

    pub fn note_spoken(&mut self, spoken: &Spoken) {
        match spoken {
            Spoken::Started { utterance, .. } => {
                self.listener.expect(*utterance);
                self.note_trace("voice", format!("{} made", name(*utterance)));
            }
            Spoken::Failed { utterance, .. } => {
                self.open.remove(utterance);
                self.invariants.failed(*utterance);
                self.note_trace("voice", format!("{} failed", name(*utterance)));
            }
            Spoken::Done { .. } => {}
        }
    }

    /// The words of a pause, unless the caller has gone on.
    pub fn finish(&mut self, session: u64) -> Option<Heard> {
        let heard = self.recogniser.finish(self.now, session)?;
        let said = match &heard {
            Heard::Final { hypothesis, .. } => match &hypothesis.text {
                Some(text) => format!("{text:?}"),
                None => "nothing that was asked for".into(),
            },
            _ => "failed".into(),
        };
        self.note_trace("words", said);
        Some(heard)
    }

    /// The last statistics of a room that closes with this tick.
    pub fn last_line(&mut self) -> Option<LineStats> {
        self.engine.tick();
        let events: Vec<Event> = std::iter::from_fn(|| self.events.try_recv().ok()).collect();
        assert!(matches!(events.last(), Some(Event::Closed)), "the room has not closed: {events:?}");
        events.iter().rev().find_map(driver::line_of)
    }

    /// The phone and this end agree on a direction.
    pub fn negotiate(&mut self, direction: leg::Direction) -> LegPlan {
        self.listener.sends(direction.sends());
        LegPlan { direction, ..plan(Codec::Pcmu) }
    }
}

impl CallPort for SimulatedPort {
    fn hears(&self) -> bool {
        self.recogniser.fails != Fails::Absent
    }

    fn clip(&mut self, clip: Clip) -> Vec<i16> {
        let (what, tone) = match clip {
            Clip::Moment => ("one moment", 400.0),
            Clip::Sorry => ("a technical problem", 450.0),
        };
        self.standby = Some((what, tone));
        crate::voice::clip(tone)
    }

    fn say(
        &mut self,
        utterance: UtteranceId,
        text: ClauseText,
        _: String,
        interruptible: bool,
    ) -> Result<(), TtsFault> {
        let must = if interruptible { "" } else { " (must be heard)" };
        self.note_trace("bot", format!("{}: {:?}{}{must}", name(utterance), text.text, delivered(&text.delivery)));
        self.open.insert(utterance);
        self.invariants.said(utterance, &text.text);
        if let Some(first) = self.voice.say(utterance, text, interruptible) {
            self.after(first, Later::Voice);
        }
        Ok(())
    }

    fn unsay(&mut self, floor: UtteranceId) {
        self.voice.hush(floor);
    }

    /// The voice has one rate, and the phone one codec.
    fn tune(&mut self, rate: Rate) {
        assert_eq!(rate, Rate::Hz8000);
    }

    fn listen(&mut self, expect: &Expect) -> Result<Option<Box<dyn Listen>>, AsrFault> {
        self.note_trace("listen", crate::recogniser::digest(expect));
        let ask = request_of(expect, media::Language::En, Lexicon::default(), |_| true);
        self.recogniser.listen(self.start, self.now, &ask).map(Some)
    }

    /// Supervisors' lines bring a tone without words.
    fn transcribe(&mut self, seat: Seat, session: u64, expect: &Expect) {
        self.sessions.insert(seat, session);
        if seat != Seat::CALLER {
            return;
        }
        self.note_trace("voices", crate::recogniser::digest(expect));
        let ask = request_of(expect, media::Language::En, Lexicon::default(), |_| false);
        let to = self.recogniser.listen(self.start, self.now, &ask).expect("a recogniser");
        self.voices.insert(self.recogniser.opened(), (seat, session));
        self.order(RoomOrder::Listen(seat, Some(to)));
    }

    fn order(&mut self, order: RoomOrder) {
        match &order {
            RoomOrder::Leg(_, LegInput::Hush(floor)) => {
                let begun = |id: &UtteranceId| *id >= *floor || self.invariants.sounds(*id);
                self.open.retain(begun);
                self.listener.hush(self.now, *floor);
            }
            RoomOrder::Leg(_, LegInput::Sound(sound)) => {
                let (what, tone) = self.standby.take().expect("the only sound that a call orders is a clip");
                self.note_trace("standby", format!("{}: {what}", name(sound.utterance)));
                self.listener.clip(sound.utterance, tone);
                self.listener.expect(sound.utterance);
            }
            RoomOrder::Ear(_, state) => {
                self.ear_closes |= *state == EarState::Closed;
                self.note_trace("ear", if *state == EarState::Closed { "shut" } else { "open" })
            }
            _ => {}
        }
        self.room.order(order).expect("the room takes its orders");
    }

    fn join(&mut self, seat: Seat, wire: Box<dyn Wire>, plan: LegPlan) -> bool {
        !self.room_refuses && self.room.join(seat, wire, plan, Some(EarPlan::default())).is_ok()
    }

    fn find_person(&mut self, wanted: &HandOver) {
        self.note_trace("person", format!("looked for at {}: {}", wanted.to, wanted.why));
    }

    fn bridge_person(&mut self, wanted: &HandOver) {
        self.note_trace("person", format!("called at {}", wanted.to));
    }

    fn stop_person(&mut self) {
        self.note_trace("person", "not looked for any more");
    }

    fn seat_keys(&mut self, _: Seat, _: mpsc::Sender<char>) {}

    fn seat_key(&mut self, seat: Seat, key: char) {
        self.note_trace("seat key", format!("{key} at {}", seat.0));
    }

    fn tell_seat(&mut self, seat: Seat, words: SeatWords) {
        self.note_trace("told", format!("{words:?} at {}", seat.0));
    }

    fn brief(&mut self, utterance: UtteranceId, text: ClauseText) {
        self.note_trace("brief", format!("{:?}", text.text));
        let pcm = sine_from(BRIEF_TONE, Rate::Hz8000, 0, 8_000, 5_000);
        let sound = Sound { utterance, pcm, rate: Rate::Hz8000, upto_char: 0, interruptible: false, last: true };
        self.room.order(RoomOrder::Leg(Seat::AGENT, LegInput::Sound(sound))).expect("the room takes its orders");
    }

    fn supervise(&mut self, seat: Seat, mode: Supervision) -> bool {
        !self.room_refuses && self.room.supervise(seat, mode).is_ok()
    }

    fn leave(&mut self, seat: Seat) -> bool {
        !self.room_refuses && self.room.leave(seat).is_ok()
    }

    fn close_room(&mut self) {
        self.room.close();
    }

    fn pause_recording(&mut self, _: PausedBy, paused: bool) -> bool {
        self.note_trace("record", if paused { "pauses" } else { "goes on" });
        true
    }

    fn bleep(&mut self, _: Bleep) {
        self.note_trace("record", "bleeps");
    }

    fn stop_recording(&mut self, keeps: bool) {
        self.note_trace("record", if keeps { "stops" } else { "is dropped" });
    }

    fn run(&mut self, call: ToolCall) {
        match HttpRequest::of(&call) {
            Some(request) => {
                let body = request.body.map(|body| body.to_string()).unwrap_or_default();
                self.note_trace("tool", format!("{:?} {} {body}", request.method, request.url));
            }
            None => self.note_trace("tool", &call.name),
        }
        if let Some((time, answer)) = self.tool.pop_front() {
            self.after(time, Later::Tool(call.id, answer));
        }
    }

    fn cancel(&mut self, cancelled: ToolId) {
        self.later.retain(|_, later| !matches!(later, Later::Tool(id, _) if *id == cancelled));
    }

    fn ask(&mut self, request: ModelRequest) {
        self.note_trace("model", format!("{} {}", request.model, request.purpose.text()));
    }

    fn stop_asking(&mut self, id: RequestId) {
        self.note_trace("model", format!("stop {}", id.0));
    }

    fn note(&mut self, event: CallEvent) {
        if let Some((who, what)) = crate::golden::line(&event) {
            self.note_trace(who, what);
        }
        self.invariants.notes.push((self.now, event));
    }

    fn hurry(&mut self, hurries: bool) {
        self.note_trace("voice", if hurries { "hurries" } else { "takes its time" });
    }

    fn become_bot(&mut self, name: String, bot: Arc<Bot>) {
        self.note_trace("bot", format!("is {name} ({})", bot.language.code()));
    }

    fn remember(&mut self, news: MemoryNews) {
        self.note_trace("memory", format!("{news:?}"));
        self.remembered.push(news);
    }

    fn send_to_page(&mut self, message: String) {
        self.note_trace("page", message);
    }

    /// Nobody watches.
    fn tell_watchers(&mut self, _: LiveChange) {}

    fn report_heard(&mut self, heard: Heard) {
        self.after(REFUSAL, Later::Heard(heard));
    }

    fn report_spoken(&mut self, spoken: Spoken) {
        self.after(REFUSAL, Later::Spoken(spoken));
    }
}

/// What a clause's markup asks of its voice.
fn delivered(delivery: &Delivery) -> String {
    let speed = (delivery.percent() != 100).then(|| format!(" at {} %", delivery.percent()));
    let phonemes =
        delivery.phonemes().iter().map(|one| format!(" [{}–{}: {}]", one.chars.start, one.chars.end, one.ipa));
    speed.into_iter().chain(phonemes).collect()
}
