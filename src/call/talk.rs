//! `Talk`: the core of one call. It joins the conversation (words) with the room, the engines and the line (sound), and writes
//! the call's record. It is told the time and returns [`Act`]s, which the driver carries out.
use super::core::{Act, CallInput, Core};
use super::dedup::{KeyDedup, KeySource};
use super::due_sound::DueSound;
use super::end::{Blame, End, Reason};
use super::page::{Incoming, Page, PageRequest, PageState};
use super::timeline::{SilenceSpan, Silences, Stopwatch, line};
use super::transcript::Transcript;
use super::voices::Voices;
use super::watchdog::{Limits, Watchdog, Why};
use crate::standby::Clip;
use crate::store;
use crate::store::{CallEvent, Floor, LiveChange, Mark, NO_RECOGNISER, Private};
use dialog::conversation::{self, Conversation, ToolId};
use masking::Masking;
use media::SamplePos;
use media::asr::{AsrFault, Heard};
use media::ear::EarState;
use media::playout::Gain;
use media::room::{Event, Seat};
use media::vad::Edge;
use person::Search;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant};
use supervised::CallSupervisors;
use tools::CalledTool;

mod approvals;
mod masking;
mod memory;
mod models;
mod outputs;
mod person;
mod playout;
mod supervised;
mod tools;
mod voices;

/// The longest nothing more of a call's last clauses may be heard before it ends: since they were said, since the sound last
/// went on, and since the line was last on hold.
const LAST_WORDS_LIMIT: Duration = Duration::from_secs(20);

pub struct Talk {
    conversation: Conversation,
    watchdog: Watchdog,
    acts: VecDeque<Act>,
    started: Instant,
    transcript: Transcript,
    due: DueSound,
    silences: Silences,
    stopwatch: Stopwatch,
    /// Where in the call the caller's voice last began.
    speech_at: SamplePos,
    /// The actions that wait for a supervisor.
    approvals: BTreeSet<ToolId>,
    /// The tools that run, by name. Meanwhile the conversation asks for patience itself, and no other sound is due.
    tools: BTreeMap<ToolId, CalledTool>,
    /// What the caller is being helped with, as it was recorded last.
    task: Option<String>,
    dedup: KeyDedup,
    /// The page of a browser's call.
    page: Option<Page>,
    /// As who watches was told.
    floor: Option<Floor>,
    /// The slot that is asked for and whether keys can answer, as who watches was told.
    asked: Option<(Option<String>, bool)>,
    supervisors: CallSupervisors,
    search: Search,
    /// The destinations whose persons give a caller back to the bot.
    returning: Vec<String>,
    /// What of the call is not recorded as it was said.
    masking: Masking,
    /// Of people who speak in the call beside the bot, or in its place.
    voices: Voices,
    /// The conversation holds the playout while it decides whether the caller interrupts.
    playout_held: bool,
    /// The far end has put the line on hold; its connection is lost.
    line_on_hold: bool,
    connection_lost: bool,
    secret: bool,
    deaf: bool,
    /// The conversation has hung up: the call ends for this reason when its last clause has been heard, and at this time
    /// where nothing more of it is heard until then.
    ending: Option<(End, Instant)>,
    ended: bool,
}

impl Core for Talk {
    fn poll(&mut self) -> Option<Act> {
        // By now all is known that what was said comes to.
        if let Some(act) = self.masking.poll() {
            return Some(act);
        }
        Some(match self.acts.pop_front()? {
            Act::Note(event) => Act::Note(self.masking.event(event)),
            Act::TellWatchers(change) => Act::TellWatchers(self.masking.change(change)),
            act => act,
        })
    }

    /// The next moment `handle(now, CallInput::Tick)` is wanted.
    fn deadline(&self) -> Option<(Instant, Why)> {
        if self.ended {
            return None;
        }
        let mut all = vec![self.watchdog.deadline()];
        all.extend(self.conversation.deadline().map(|(at, _)| (at, Why::Conversation)));
        all.extend(self.search.deadline(self.waits()).map(|at| (at, Why::Person)));
        all.extend(self.due.deadline().filter(|_| !self.waits()));
        all.extend(self.ending.filter(|_| !self.waits()).map(|(_, at)| (at, Why::LastWords)));
        all.extend(self.voices.deadline().map(|at| (at, Why::Voices)));
        all.into_iter().min_by_key(|(at, _)| *at)
    }

    fn is_disclosed(&self) -> bool {
        self.conversation.is_disclosed()
    }

    fn handle(&mut self, now: Instant, input: CallInput) {
        if self.ended {
            return;
        }
        match input {
            CallInput::Answered => {
                self.due.expect(now);
                self.silences.answered(now);
                self.note(CallEvent::Answered);
                self.tell_conversation(now, conversation::Input::Answered);
            }
            CallInput::Room(event) => self.room(now, event),
            CallInput::Heard(heard) => self.heard(now, heard),
            CallInput::Voice(heard) => self.voice_heard(now, heard),
            CallInput::Spoken(spoken) => self.spoken(now, spoken),
            CallInput::Key(key) => self.key(now, key, KeySource::Signalling),
            CallInput::LineOnHold(on_hold) => self.hold(now, on_hold, self.connection_lost),
            CallInput::ConnectionLost(lost) => self.hold(now, self.line_on_hold, lost),
            CallInput::Page(incoming) => self.page_message(now, incoming),
            CallInput::ToolDone { id, result } if self.approvals.contains(&id) => self.decided(now, id, result),
            CallInput::ToolDone { id, result } => {
                self.tell_conversation(now, conversation::Input::ToolDone { id, result });
            }
            CallInput::Model { id, news } => self.tell_conversation(now, conversation::Input::Model { id, news }),
            CallInput::Seat(news) => self.seat(now, news),
            CallInput::Person(event) => self.person(now, event),
            CallInput::HandBack(order) => self.hand_back(now, order),
            CallInput::Guide(order) => self.guide(now, order),
            CallInput::Gone(end) | CallInput::EndNow(end) => self.end(now, end),
            CallInput::Tick => self.tick(now),
        }
        if !self.ended {
            self.admit_waiting(now);
            self.go_on_with_search(now);
        }
        if !self.ended {
            let state = self.state();
            self.tell_page(|page| page.state(state));
            let floor = self.floor(state);
            if self.floor.replace(floor) != Some(floor) {
                self.act(Act::TellWatchers(LiveChange::Floor { floor }));
            }
        }
    }
}

impl Talk {
    pub fn new(conversation: Conversation, limits: Limits, started: Instant) -> Self {
        Self {
            masking: Masking::new(conversation.bot()),
            conversation,
            watchdog: Watchdog::new(limits, started),
            acts: VecDeque::new(),
            started,
            transcript: Transcript::default(),
            due: DueSound::new(limits.dead_air),
            silences: Silences::default(),
            stopwatch: Stopwatch::default(),
            speech_at: SamplePos::default(),
            approvals: BTreeSet::new(),
            tools: BTreeMap::new(),
            task: None,
            dedup: KeyDedup::default(),
            page: None,
            floor: None,
            asked: None,
            supervisors: CallSupervisors::default(),
            search: Search::None,
            returning: Vec::new(),
            voices: Voices::default(),
            playout_held: false,
            line_on_hold: false,
            connection_lost: false,
            secret: false,
            deaf: false,
            ending: None,
            ended: false,
        }
    }

    /// With the page of a browser's call.
    pub fn with_page(self, page: Page) -> Self {
        Self { page: Some(page), ..self }
    }

    /// Whether the bot waits: the line is on hold or lost, or a person speaks with the caller.
    fn waits(&self) -> bool {
        self.watchdog.is_on_hold() || self.has_taken_over()
    }

    /// Passes something to the page, if there is one, and sends its messages.
    fn tell_page(&mut self, tell: impl FnOnce(&mut Page)) {
        let Some(page) = &mut self.page else { return };
        tell(page);
        while let Some(message) = page.poll() {
            self.acts.push_back(Act::SendToPage(message));
        }
    }

    /// What was said so far.
    pub fn transcript(&self) -> &Transcript {
        &self.transcript
    }

    /// Tells the page and who watches what is new in the transcript.
    fn tell_changes(&mut self) {
        while let Some(change) = self.transcript.poll() {
            self.tell_page(|page| page.change(&change));
            self.act(Act::TellWatchers(change.into()));
        }
    }

    fn state(&self) -> PageState {
        let speaks = self.sounds() || (self.transcript.bot_has_begun() && self.transcript.bot_has_more());
        match () {
            () if speaks && !self.playout_held => PageState::Speaking,
            () if self.transcript.caller_speaks() => PageState::Listening,
            () if self.due.is_due() || !self.tools.is_empty() => PageState::Thinking,
            () => PageState::Listening,
        }
    }

    fn floor(&self, state: PageState) -> Floor {
        match state {
            PageState::Speaking => Floor::Bot,
            PageState::Thinking => Floor::Thinking,
            PageState::Listening if self.transcript.caller_speaks() => Floor::Caller,
            PageState::Listening => Floor::Waiting,
        }
    }

    fn page_message(&mut self, now: Instant, incoming: Incoming) {
        let mut request = None;
        self.tell_page(|page| request = page.receive(now, incoming));
        match request {
            None => {}
            Some(PageRequest::Greet) => {
                let unheard = self.transcript.unheard();
                self.tell_page(|page| page.greet(&unheard));
            }
            Some(PageRequest::Key(key)) => self.key(now, key, KeySource::Signalling),
            Some(PageRequest::Type(_)) if !self.conversation.takes() => {
                self.tell_page(|page| {
                    page.error(
                        "not_taken",
                        "the bot is at work or another speaks for it, or the call is on hold: try again in a moment",
                    )
                });
            }
            Some(PageRequest::Type(text)) => {
                self.mark(now, "typed");
                self.transcript.forget_caller_sound();
                self.transcript.caller_started(now);
                self.transcript.caller_stopped(now);
                self.stopwatch.stopped(now);
                self.tell_conversation(now, conversation::Input::Typed(text));
            }
            Some(PageRequest::HangUp) => self.end(now, End::new(Blame::RemoteParty, Reason::HungUp)),
            Some(PageRequest::TooManyMessages) => self.end(now, End::new(Blame::RemoteParty, Reason::TooManyMessages)),
        }
    }

    fn tick(&mut self, now: Instant) {
        if let Some(end) = self.watchdog.verdict(now) {
            return self.end(now, end);
        }
        self.take_voices(now);
        if !self.waits() {
            if self.due.is_given_up(now) {
                return self.end(now, End::new(Blame::Engine, Reason::NothingToSay));
            }
            if self.due.wants_clip(now) {
                self.play_standby(now, Clip::Moment);
            }
        }
        if let Some((end, at)) = self.ending
            && now >= at
            && !self.waits()
        {
            return self.end(now, end);
        }
        if self.conversation.deadline().is_some_and(|(at, _)| now >= at) {
            self.tell_conversation(now, conversation::Input::Tick);
        }
    }

    /// Plays a standby clip in place of missing sound, at intervals until the bot is heard again.
    fn play_standby(&mut self, now: Instant, clip: Clip) {
        let Some(utterance) = self.due.begin_clip(now, self.transcript.waiting()) else { return };
        self.mark(now, "standby");
        self.act(Act::Standby { utterance, clip });
    }

    /// While the line is on hold or lost the playout, the recogniser and all timers of the conversation are stopped.
    fn hold(&mut self, now: Instant, on_hold: bool, lost: bool) {
        if self.line_on_hold != on_hold {
            self.mark(now, if on_hold { "held" } else { "resumed" });
        }
        if self.connection_lost != lost {
            self.mark(now, if lost { "connection_lost" } else { "connection_back" });
        }
        (self.line_on_hold, self.connection_lost) = (on_hold, lost);
        for silence in [self.silences.on_hold(on_hold, now), self.silences.lost(lost, now)] {
            self.silence(silence);
        }
        let stopped = on_hold || lost;
        if stopped == self.watchdog.is_on_hold() {
            return;
        }
        self.watchdog.set_on_hold(stopped, now);
        self.due.restart(now);
        self.extend_last_words(now);
        self.due.words_given_up();
        self.transcript.forget_caller_sound();
        self.masking.drop_speech();
        self.transcript.withdraw_partial();
        self.tell_changes();
        for silence in [self.silences.ear_closes(now), self.silences.no_rtp(false, now)] {
            self.silence(silence);
        }
        if stopped {
            self.tell_conversation(now, conversation::Input::OnHold(true));
            self.act(Act::Ear(EarState::Closed));
            self.act(Act::Gain(Gain::Hold));
        } else {
            self.act(Act::Ear(EarState::Open));
            self.renew_caller_voice(now);
            self.tell_conversation(now, conversation::Input::OnHold(false));
            self.act(Act::Gain(Gain::Full));
        }
    }

    /// Whether a clause or a standby clip is playing (or would, were the playout not held).
    fn sounds(&self) -> bool {
        self.due.clip_plays() || self.transcript.bot_sounds()
    }

    fn room(&mut self, now: Instant, event: Event) {
        match event {
            Event::Stats { seat, stats } => self.note(CallEvent::Line(line(seat, &stats))),
            Event::Edge { seat, edge } if self.voices.is_listening(seat) => self.voice_edge(now, seat, edge),
            Event::Played { seat: Seat::AGENT, played } => self.brief_played(now, played),
            // What others than the caller say, press or leave out never moves the bot.
            Event::Edge { seat, .. }
            | Event::Key { seat, .. }
            | Event::Played { seat, .. }
            | Event::Silent { seat, .. }
            | Event::Sounding { seat }
                if seat != Seat::CALLER => {}
            // An edge that was queued before the ear closed.
            Event::Edge { .. } if self.waits() => {}
            Event::Edge { edge: Edge::Start { at: place, arrived }, .. } => {
                self.speech_at = place;
                self.masking.speech_began(place);
                let at = arrived.unwrap_or(now).min(now);
                self.due.words_given_up();
                self.transcript.caller_started(at);
                let silence = self.silences.caller(true, at);
                self.silence(silence);
                self.mark_at(at, "speech_started");
                self.tell_conversation(now, conversation::Input::SpeechStarted);
            }
            Event::Edge { edge: Edge::End { at: place, arrived, voice }, .. } => {
                let at = arrived.unwrap_or(now).min(now);
                self.voice(at, place, voice);
                self.masking.speech_ended(place);
                self.transcript.caller_stopped(at);
                self.stopwatch.stopped(at);
                let silence = self.silences.caller(false, at);
                self.silence(silence);
                self.mark_at(at, "speech_stopped");
                self.tell_conversation(
                    now,
                    conversation::Input::SpeechStopped { ago: now - at, spoke: place.after(self.speech_at) },
                );
            }
            Event::Key { key, .. } => self.key(now, key, KeySource::Sound),
            Event::Played { played, .. } => self.played(now, played),
            Event::Silent { since, .. } => {
                self.watchdog.packets_stopped(since);
                let silence = self.silences.no_rtp(true, since);
                self.silence(silence);
                self.mark_at(since, "no_rtp");
            }
            Event::Sounding { .. } => {
                self.watchdog.packets_resumed();
                let silence = self.silences.no_rtp(false, now);
                self.silence(silence);
                self.mark(now, "rtp_again");
            }
            Event::Closed => self.end(now, End::new(Blame::Server, Reason::MediaStopped)),
            Event::TapBroke => self.mark(now, "recording_broken"),
        }
    }

    fn key(&mut self, now: Instant, key: char, source: KeySource) {
        if !self.dedup.is_new(now, key, source) {
            return;
        }
        // Without the key itself, which may be part of a secret: the conversation reports the entry.
        self.mark(now, "key");
        if self.has_taken_over() {
            return;
        }
        self.transcript.caller_started(now);
        self.transcript.caller_stopped(now);
        self.stopwatch.stopped(now);
        self.tell_conversation(now, conversation::Input::Key(key));
    }

    fn heard(&mut self, now: Instant, heard: Heard) {
        // Words that were on their way when a person took the call over, or the line was put on hold.
        if self.waits() && !matches!(heard, Heard::Failed(_)) {
            return;
        }
        if self.deaf && !matches!(heard, Heard::Failed(_)) {
            self.deaf = false;
            self.tell_conversation(now, conversation::Input::Deaf(false));
        }
        match heard {
            Heard::Partial { text } => {
                self.transcript.partial(&text);
                self.tell_changes();
                self.tell_conversation(
                    now,
                    conversation::Input::Words { text: Some(text), confidence: 0.0, is_final: false },
                );
            }
            Heard::Final { hypothesis, took, done_at, .. } => {
                self.stopwatch.recognised(done_at, took);
                self.mark(now, if hypothesis.text.is_some() { "recognised" } else { "not_understood" });
                let (text, confidence) = (hypothesis.text, hypothesis.confidence);
                self.tell_conversation(now, conversation::Input::Words { text, confidence, is_final: true });
            }
            Heard::Failed(AsrFault::Language(_)) => {
                // Told once: there is no more to it, however often the caller speaks.
                if !self.deaf {
                    let data = serde_json::json!({ "ms": self.ms(now), "why": NO_RECOGNISER });
                    self.note_mark("recogniser_failed", data);
                }
                self.deafen(now);
            }
            Heard::Failed(_) => {
                self.mark(now, "recogniser_failed");
                self.deafen(now);
            }
        }
    }

    /// Nothing of what the caller says is heard.
    fn deafen(&mut self, now: Instant) {
        self.masking.unheard();
        self.transcript.forget_caller_sound();
        if !std::mem::replace(&mut self.deaf, true) {
            self.transcript.withdraw_partial();
            self.tell_changes();
            self.tell_page(|page| page.error("deaf", "no recogniser works: keys and text do"));
            self.tell_conversation(now, conversation::Input::Deaf(true));
        }
    }

    fn end(&mut self, now: Instant, end: End) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        self.part(now);
        self.withdraw_all(now);
        self.end_tools(now);
        self.transcript.abandon(now);
        self.stop_voices(now);
        self.ending = None;
        self.finish_bot_turns(now);
        let silence = self.silences.end(now);
        self.silence(silence);
        self.tell_page(|page| page.end(end));
        self.note(CallEvent::Ended(end));
        self.act(Act::End(end));
    }

    fn act(&mut self, act: Act) {
        self.acts.push_back(act);
    }

    fn note(&mut self, note: CallEvent) {
        self.act(Act::Note(note));
    }

    fn mark(&mut self, now: Instant, name: &'static str) {
        self.mark_at(now, name);
    }

    fn mark_at(&mut self, at: Instant, name: &'static str) {
        let data = Private(serde_json::json!({ "ms": self.ms(at) }));
        self.note(CallEvent::Mark(Mark { name: name.into(), data }));
    }

    fn silence(&mut self, silence: Option<SilenceSpan>) {
        if let Some(SilenceSpan { kind, from, to }) = silence {
            let (started_ms, ended_ms) = (self.ms(from), self.ms(to));
            self.note(CallEvent::Silence(store::Silence { kind, started_ms, ended_ms }));
        }
    }

    fn ms(&self, at: Instant) -> u64 {
        at.saturating_duration_since(self.started).as_millis() as u64
    }
}
