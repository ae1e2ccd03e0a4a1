//! `Call`: one call with everything around it, under simulated time. All but the ends is the server's own code: what an arrival does
//! (`driver::dispatch`), what an act comes to (`acts::perform`), what a recogniser is asked for (`acts::request_of`), the loops of the
//! media thread and of the ear thread (`media::engine::SteppedEngine`), what a recogniser gets and answers
//! (`media::pool::utterance`), what a voice says in which order (`media::pool::clauses`). In place of threads, sockets and engines
//! there are scripts, behind [`SimulatedPort`].
use crate::plan::Plan;
use crate::port::{Later, SimulatedPort};
use dialog::bot::Bot;
use dialog::conversation::Conversation;
use media::asr::Heard;
use media::leg;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use switchboard::call::End;
use switchboard::call::core::{CallInput, Core};
use switchboard::call::driver::{self, Arrival, Wait};
use switchboard::call::page::Page;
use switchboard::call::talk::Talk;
use switchboard::call::voices::VoiceHeard;
use switchboard::call::watchdog::Limits;
use switchboard::config::Config;
use telephony::Change;

pub struct Call {
    talk: Talk,
    pub port: SimulatedPort,
    pub end: Option<End>,
}

impl Plan {
    /// The bot answers.
    pub fn answer(self) -> Call {
        Call::new(self)
    }
}

impl Call {
    fn new(set: Plan) -> Self {
        let start = Instant::now();
        let bot = Bot::parse(&set.bot, "bot.toml").unwrap_or_else(|e| panic!("{e}"));
        let bot = Arc::new(bot);
        let bot = set.known.clone().map_or(bot.clone(), |known| bot.with_memory(known));
        let parse = |text: &String| Arc::new(Bot::parse(text, "other.toml").unwrap_or_else(|e| panic!("{e}")));
        let others: BTreeMap<String, Arc<Bot>> =
            set.others.iter().map(|(name, text)| (name.clone(), parse(text))).collect();
        let today = jiff::civil::date(2026, 11, 25).at(9, 0, 0, 0);
        let limits = Limits::from(&Config::default());
        let mut talk = Talk::new(Conversation::new(bot, today).with_bots(Arc::new(others)), limits, start);
        if set.page {
            talk = talk.with_page(Page::new("call", "bot", "en"));
        }
        let mut call = Self { talk, port: SimulatedPort::new(start, set), end: None };
        driver::begin(start, &mut call.talk, &call.port);
        call.carry_out();
        call
    }

    pub fn note(&mut self, who: &str, what: impl AsRef<str>) {
        self.port.note_trace(who, what);
    }

    /// The time in the call, in milliseconds.
    pub fn at(&self, time: Instant) -> u64 {
        self.port.at(time)
    }

    /// Lets time pass.
    pub fn pass(&mut self, time: Duration) {
        let until = self.port.now + time;
        let mut spins = 0;
        while self.end.is_none() {
            let tick = self.port.tick_at();
            let later = self.port.later_at();
            let wake = self.talk.deadline();
            let next = [Some(tick), later, wake.map(|(at, _)| at)].into_iter().flatten().min().unwrap_or(tick);
            let next = next.max(self.port.now);
            if next > until {
                break;
            }
            spins = if next > self.port.now { 0 } else { spins + 1 };
            assert!(spins < 100, "{} ms: a deadline stays due: {wake:?}", self.at(self.port.now));
            self.port.now = next;
            if later.is_some_and(|at| at <= next) {
                if let Some(later) = self.port.next_later() {
                    self.happen(later);
                }
            } else if tick <= next {
                self.tick();
            } else {
                self.arrive(Arrival::Deadline);
            }
        }
        self.port.now = until;
    }

    /// One tick of the media thread, and of the ear thread after it.
    fn tick(&mut self) {
        self.port.tick();
        while let Some(event) = self.port.next_event() {
            self.arrive(Arrival::Room(event));
        }
        if let Some(text) = self.port.partial() {
            self.arrive(Arrival::Heard(Heard::Partial { text }));
        }
        self.port.offer_sound();
    }

    fn happen(&mut self, later: Later) {
        match later {
            Later::Voice => {
                for spoken in self.port.speak() {
                    self.port.note_spoken(&spoken);
                    self.arrive(Arrival::Spoken(spoken));
                }
            }
            Later::Words(session) => {
                if let Some(heard) = self.port.finish(session) {
                    self.arrive(match self.port.voices.get(&session) {
                        Some(&(seat, session)) => Arrival::Voice(VoiceHeard { seat, session, heard }),
                        None => Arrival::Heard(heard),
                    });
                }
            }
            Later::Heard(heard) => {
                self.note("words", "failed");
                self.arrive(Arrival::Heard(heard));
            }
            Later::Spoken(spoken) => self.arrive(Arrival::Spoken(spoken)),
            Later::Tool(id, result) => {
                self.note("tool", result.as_ref().map_or_else(|fault| fault.to_string(), |answer| answer.to_string()));
                self.arrive(Arrival::Tool(CallInput::ToolDone { id, result }));
            }
        }
    }

    /// Something reaches the call.
    pub fn arrive(&mut self, arrival: Arrival) {
        driver::dispatch(self.port.now, arrival, &mut self.talk, &mut self.port);
        self.carry_out();
    }

    fn carry_out(&mut self) {
        loop {
            match driver::carry_out(&mut self.talk, &mut self.port) {
                Wait::Arrival => return,
                Wait::LastLine(ended) => {
                    let line = self.port.last_line();
                    driver::note_last(line, ended, &mut self.port);
                }
                Wait::HangUp(end) => {
                    let act = self.talk.poll();
                    assert!(act.is_none(), "something is wanted after the end: {act:?}");
                    self.end = Some(end);
                    return;
                }
            }
        }
    }

    /// The line is negotiated anew.
    pub fn configure(&mut self, direction: leg::Direction) {
        let plan = self.port.negotiate(direction);
        self.arrive(Arrival::Line(Change::Plan(plan)));
    }

    /// The call is over: its invariants and its trace are checked.
    pub fn check(&mut self, golden: &str) {
        self.check_invariants();
        crate::golden::compare(golden, &mut self.port.trace);
    }

    /// The invariants alone.
    pub fn check_invariants(&mut self) {
        let trace = &mut self.port.trace;
        let end = self.end.unwrap_or_else(|| panic!("the call has not ended\n{}", crate::golden::text(trace)));
        let broken = self.port.invariants.broken(end, &self.port.listener, self.talk.transcript());
        assert!(broken.is_empty(), "{}\n\n{}", broken.join("\n"), crate::golden::text(&mut self.port.trace));
    }
}
