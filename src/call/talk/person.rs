//! The caller is put through to a person. The search begins when the caller has heard that it does; a person who was found hears a
//! brief first, and the bot rests from the moment they are joined.
use super::{LAST_WORDS_LIMIT, Talk};
use crate::call::core::Act;
use crate::call::end::Reason;
use crate::call::person::{PersonEvent, mark};
use dialog::conversation::{self, Guidance, HandOver, PersonFault, PersonNews, PersonOrder};
use media::leg::BotMode;
use media::playout::{Phase, Played};
use media::room::Seat;
use media::tts::UtteranceId;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// The only clause that an agent's seat is played.
pub(super) const BRIEF: UtteranceId = UtteranceId(8);

/// The longest that a person hears a brief before they are joined with the caller.
const BRIEF_LIMIT: Duration = Duration::from_secs(6);

/// Where the search for a person stands.
#[derive(Debug, Default)]
pub(super) enum Search {
    #[default]
    None,
    /// The caller is being told; it begins at this time at the latest.
    Wanted(Box<HandOver>, Instant),
    Begun(Box<HandOver>),
    /// A person hears what the call is about, until this time at the latest.
    Briefing(Box<HandOver>, Instant),
    /// They speak with the caller.
    Joined(Box<HandOver>),
}

impl Search {
    /// `waits`: the bot does, and tells the caller nothing.
    pub fn deadline(&self, waits: bool) -> Option<Instant> {
        match self {
            Self::Wanted(_, at) if !waits => Some(*at),
            Self::Briefing(_, at) => Some(*at),
            Self::None | Self::Wanted(..) | Self::Begun(_) | Self::Joined(_) => None,
        }
    }

    /// Whether a person speaks with the caller.
    pub fn is_joined(&self) -> bool {
        matches!(self, Self::Joined(_))
    }
}

impl Talk {
    /// With the destinations whose persons give a caller back to the bot when they hang up.
    pub fn with_returning(self, returning: Vec<String>) -> Self {
        Self { returning, ..self }
    }

    /// Whether a person speaks with the caller in the bot's place.
    pub(super) fn has_taken_over(&self) -> bool {
        self.supervisors.has_taken_over() || self.search.is_joined()
    }

    pub(super) fn order_person(&mut self, now: Instant, order: PersonOrder) {
        match order {
            PersonOrder::Find(wanted) => {
                self.note_person(now, "person_wanted", &json!({ "destination": wanted.to, "why": wanted.why }));
                self.search = Search::Wanted(wanted, now + LAST_WORDS_LIMIT);
            }
            PersonOrder::Stop => self.give_up_search(now),
            PersonOrder::CallBack => {
                let destination = match &self.search {
                    Search::Begun(wanted) => Some(wanted.to.clone()),
                    _ => None,
                };
                self.note_person(now, "callback_wanted", &json!({ "destination": destination }));
                self.give_up_search(now);
            }
        }
    }

    /// Nobody is looked for any more, and who was found is sent away.
    pub(super) fn give_up_search(&mut self, now: Instant) {
        let search = std::mem::take(&mut self.search);
        if matches!(search, Search::Briefing(..) | Search::Joined(_)) {
            self.note_person_left(now);
        }
        if !matches!(search, Search::None | Search::Wanted(..)) {
            self.act(Act::StopPerson);
        }
    }

    /// Begins the search once the caller has heard that it does, and joins a person who has heard enough.
    pub(super) fn go_on_with_search(&mut self, now: Instant) {
        if self.ended {
            return;
        }
        let told = !self.transcript.bot_has_turns() && !self.due.clip_plays() && !self.waits();
        match std::mem::take(&mut self.search) {
            Search::Wanted(wanted, at) if told || (now >= at && !self.waits()) => {
                self.note_person(now, "transfer_started", &json!({ "destination": wanted.to }));
                self.act(Act::FindPerson(wanted.clone()));
                self.search = Search::Begun(wanted);
            }
            Search::Briefing(wanted, at) if now >= at => self.join(now, wanted),
            search => self.search = search,
        }
    }

    pub(super) fn person(&mut self, now: Instant, event: PersonEvent) {
        match event {
            PersonEvent::Progress(status) => self.note_search(now, "transfer_progress", &json!({ "status": status })),
            PersonEvent::Waiting { place, wait } => self.waits_at(now, place, wait),
            PersonEvent::Offered(to) => self.note_search(now, "person_offered", &json!({ "to": to })),
            PersonEvent::Refused { by, why } => {
                self.note_search(now, "person_declined", &json!({ "by": by, "why": why }));
            }
            PersonEvent::Failed(fault) => {
                if matches!(self.search, Search::Begun(_)) {
                    self.search_failed(now, fault);
                }
            }
            PersonEvent::Unsupported(status) => {
                self.note_search(now, "transfer_refused", &json!({ "status": status }));
                if let Search::Begun(wanted) = &self.search {
                    let wanted = wanted.clone();
                    self.act(Act::BridgePerson(wanted));
                }
            }
            PersonEvent::Transferred => {
                if matches!(self.search, Search::Begun(_)) {
                    self.note_person(now, "transferred", &Value::Null);
                    self.end(now, Reason::Transferred.into());
                }
            }
            PersonEvent::Joined(name) => self.brief(now, &name),
            PersonEvent::Left => self.person_left(now),
        }
    }

    /// The caller waits, and is told where they stand.
    fn waits_at(&mut self, now: Instant, place: u32, wait: Option<Duration>) {
        if !matches!(self.search, Search::Begun(_)) {
            return;
        }
        let expected = wait.map(|wait| wait.as_secs());
        self.note_person(now, "person_queued", &json!({ "position": place, "expected_s": expected }));
        self.tell_conversation(now, conversation::Input::Person(PersonNews::Waiting { place, wait }));
    }

    /// A line of the timeline, while the search goes on.
    fn note_search(&mut self, now: Instant, name: &str, more: &Value) {
        if matches!(self.search, Search::Begun(_)) {
            self.note_person(now, name, more);
        }
    }

    fn search_failed(&mut self, now: Instant, fault: PersonFault) {
        self.note_person(now, "transfer_failed", &json!({ "why": fault.to_string() }));
        self.give_up_search(now);
        self.tell_conversation(now, conversation::Input::Person(PersonNews::Failed(fault)));
    }

    /// A person has the agent's seat, apart from the caller.
    fn brief(&mut self, now: Instant, name: &str) {
        match std::mem::take(&mut self.search) {
            Search::Begun(wanted) => {
                let data = json!({ "seat": Seat::AGENT.0, "name": name, "destination": wanted.to });
                self.note_person(now, "person_joined", &data);
                self.supervisors.set_agent(name);
                self.act(Act::Brief { utterance: BRIEF, text: wanted.brief.as_str().into() });
                self.search = Search::Briefing(wanted, now + BRIEF_LIMIT);
            }
            // Nobody waits for them any more.
            search => {
                self.search = search;
                self.act(Act::StopPerson);
            }
        }
    }

    /// What an agent has heard of the brief. They are joined when it was played, or could not be.
    pub(super) fn brief_played(&mut self, now: Instant, played: Played) {
        if played.utterance != BRIEF || !matches!(played.phase, Phase::Done | Phase::Cut) {
            return;
        }
        match std::mem::take(&mut self.search) {
            Search::Briefing(wanted, _) => self.join(now, wanted),
            search => self.search = search,
        }
    }

    /// From now on the person and the caller hear each other, and the bot rests.
    fn join(&mut self, now: Instant, wanted: Box<HandOver>) {
        self.act(Act::Bot(BotMode::Rests));
        let by_supervisor = self.has_taken_over();
        self.search = Search::Joined(wanted);
        if !by_supervisor {
            self.take_over(now);
        }
        self.settle_voices(now);
    }

    fn person_left(&mut self, now: Instant) {
        self.note_person_left(now);
        match std::mem::take(&mut self.search) {
            Search::Joined(wanted) if self.returns_from(&wanted.to) => {
                self.act(Act::Bot(BotMode::Speaks));
                self.settle_voices(now);
                if !self.has_taken_over() {
                    self.take_back(now, Guidance::default(), "the person has hung up");
                }
            }
            Search::Joined(_) if self.has_taken_over() => {
                self.act(Act::Bot(BotMode::Speaks));
                self.settle_voices(now);
            }
            Search::Joined(_) => self.end(now, Reason::PersonHungUp.into()),
            Search::Briefing(wanted, _) => {
                self.search = Search::Begun(wanted);
                self.search_failed(now, PersonFault::Declined);
            }
            search => self.search = search,
        }
    }

    /// Whether the bot goes on when a person of this destination has hung up.
    fn returns_from(&self, destination: &str) -> bool {
        self.returning.iter().any(|name| name == destination)
    }

    fn note_person_left(&mut self, now: Instant) {
        self.note_person(now, "person_left", &json!({ "seat": Seat::AGENT.0 }));
    }

    fn note_person(&mut self, now: Instant, name: &str, more: &Value) {
        let ms = self.ms(now);
        self.note(mark(name, ms, more));
    }
}
