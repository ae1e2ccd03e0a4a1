//! `Wall`: every live call as a row for those who watch over all of them, and which rows have changed since they were last told. A core:
//! it is given the events of the store and told the time.
use super::health::{Health, HealthPlan, HealthWatch};
use super::ms_since;
use crate::store::{
    Call, CallEvent, CurrentBot, Floor, LiveChange, LiveEvent, Mark, Mood, NextStep, Private, SeatMark, Speaker,
    Started, TASK, TimelineEvent, Turn,
};
use dialog::language::Language;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// Of what was said last, so many characters are kept, from its end.
const WORDS: usize = 240;

/// A live call, as the wall shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub id: String,
    /// Who calls whom with which bot.
    pub about: Started,
    /// The bot that speaks, where it is not the one that answered.
    pub current_bot: Option<CurrentBot>,
    pub started_at: Timestamp,
    pub answered_at: Option<Timestamp>,
    pub floor: Floor,
    pub floor_since: Timestamp,
    pub caller_words: Option<Private<String>>,
    /// Of the turn under way all that is going to be said, else what was heard.
    pub bot_words: Option<Private<String>>,
    /// What the caller is being helped with, by its name in the bot's file.
    pub task: Option<String>,
    pub slots: BTreeMap<String, SlotState>,
    /// Quality of what is heard of the caller.
    pub mos: Option<f32>,
    /// Supervisors and agents who take part.
    pub seats: BTreeMap<u8, TakenSeat>,
    pub health: Health,
    /// `None` while the caller has said nothing.
    pub mood: Option<Mood>,
    /// What a supervisor could do next, the best first.
    pub next: Vec<NextStep>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenSeat {
    pub name: String,
    /// `monitor`, `whisper`, `barge`, `takeover` or `agent`.
    pub mode: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct SlotState {
    pub value: Private<serde_json::Value>,
    pub confirmed: bool,
}

/// What is new since the last time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes {
    pub rows: Vec<Row>,
    /// Calls that have ended.
    pub ended: Vec<String>,
}

/// A clause of the bot's turn under way.
struct SpokenClause {
    say: u64,
    turn: u32,
    text: String,
    chars: u32,
    done: bool,
}

struct Entry {
    row: Row,
    watch: HealthWatch,
    clauses: Vec<SpokenClause>,
    /// What the caller has said so far, in which turn, and whether it is secret.
    partial: Option<(u32, String, bool)>,
    /// Turns and silences that are known from the store, and may be told once more: who, or which kind, and from when to when.
    known: BTreeSet<Known>,
}

type Known = (String, u64, u64);

/// By what an event that is counted is told from others.
fn known(event: &CallEvent) -> Option<Known> {
    match event {
        CallEvent::Turn(turn) => Some((format!("{:?}", turn.speaker), turn.started_ms, turn.ended_ms)),
        CallEvent::Silence(silence) => Some((format!("{:?}", silence.kind), silence.started_ms, silence.ended_ms)),
        _ => None,
    }
}

pub struct Wall {
    plan: HealthPlan,
    calls: BTreeMap<String, Entry>,
    changed: BTreeSet<String>,
    ended: Vec<String>,
}

impl Wall {
    pub fn new(plan: HealthPlan) -> Self {
        Self { plan, calls: BTreeMap::new(), changed: BTreeSet::new(), ended: Vec::new() }
    }

    /// An event of a call.
    pub fn note(&mut self, event: &TimelineEvent) {
        let TimelineEvent { call, at, at_ms, event } = event;
        match event {
            CallEvent::Started(started) => {
                self.calls.insert(call.clone(), Entry::new(self.plan, call, *at, started, &started.language));
            }
            CallEvent::Ended(_) => {
                if self.calls.remove(call).is_some() {
                    self.changed.remove(call);
                    self.ended.push(call.clone());
                }
                return;
            }
            event => {
                let Some(entry) = self.calls.get_mut(call) else { return };
                if !entry.note(*at, *at_ms, event) {
                    return;
                }
            }
        }
        self.changed.insert(call.clone());
    }

    /// A change of a call that is not kept.
    pub fn live(&mut self, now: Timestamp, event: &LiveEvent) {
        let Some(entry) = self.calls.get_mut(&event.call) else { return };
        if entry.live(now, &event.change) {
            self.changed.insert(event.call.clone());
        }
    }

    /// Events were missed: these calls are live.
    pub fn restore(&mut self, now: Timestamp, calls: &[Call]) {
        let known: BTreeSet<&str> = calls.iter().map(|call| call.id.as_str()).collect();
        let gone: Vec<String> = self.calls.keys().filter(|id| !known.contains(id.as_str())).cloned().collect();
        for id in gone {
            self.calls.remove(&id);
            self.changed.remove(&id);
            self.ended.push(id);
        }
        for call in calls {
            let mut entry = Entry::of(self.plan, call);
            if let Some(before) = self.calls.remove(&call.id) {
                entry.row.floor = before.row.floor;
                (entry.row.mood, entry.row.next) = (before.row.mood, before.row.next);
                entry.watch.floor(entry.row.ms(now), entry.row.floor);
            }
            self.calls.insert(call.id.clone(), entry);
            self.changed.insert(call.id.clone());
        }
    }

    /// Finds what time alone has changed.
    pub fn tick(&mut self, now: Timestamp) {
        for (id, entry) in &mut self.calls {
            if entry.refresh(now) {
                self.changed.insert(id.clone());
            }
        }
    }

    /// Whether [`Self::take`] has something.
    pub fn has_changed(&self) -> bool {
        !self.changed.is_empty() || !self.ended.is_empty()
    }

    /// What is new since the last time.
    pub fn take(&mut self, now: Timestamp) -> Option<Changes> {
        if !self.has_changed() {
            return None;
        }
        let changed = std::mem::take(&mut self.changed);
        let rows = changed.iter().filter_map(|id| self.row(now, id)).collect();
        Some(Changes { rows, ended: std::mem::take(&mut self.ended) })
    }

    /// Every live call.
    pub fn rows(&mut self, now: Timestamp) -> Vec<Row> {
        self.tick(now);
        self.calls.values().map(|entry| entry.row.clone()).collect()
    }

    pub fn row(&mut self, now: Timestamp, id: &str) -> Option<Row> {
        let entry = self.calls.get_mut(id)?;
        entry.refresh(now);
        Some(entry.row.clone())
    }

    /// What a watcher of one call who comes late has missed of the turns under way.
    pub fn under_way(&self, id: &str) -> Vec<LiveChange> {
        let Some(Entry { row, clauses, partial, .. }) = self.calls.get(id) else { return Vec::new() };
        let said = clauses.iter().flat_map(|SpokenClause { say, turn, text, chars, done }| {
            let clause = LiveChange::Clause { say: *say, turn: *turn, text: text.as_str().into() };
            [clause, LiveChange::Heard { say: *say, chars: *chars, done: *done }]
        });
        let partial = partial.iter().map(|(turn, text, secret)| LiveChange::Partial {
            turn: *turn,
            text: text.as_str().into(),
            secret: *secret,
        });
        let floor = LiveChange::Floor { floor: row.floor };
        std::iter::once(floor).chain(said).chain(partial).collect()
    }
}

impl Row {
    /// How far the call is, in milliseconds.
    fn ms(&self, now: Timestamp) -> u64 {
        ms_since(self.started_at, now)
    }
}

impl Entry {
    fn new(plan: HealthPlan, id: &str, at: Timestamp, about: &Started, language: &str) -> Self {
        let language = Language::of_code(language);
        let row = Row {
            id: id.into(),
            about: about.clone(),
            current_bot: None,
            started_at: at,
            answered_at: None,
            floor: Floor::default(),
            floor_since: at,
            caller_words: None,
            bot_words: None,
            task: None,
            slots: BTreeMap::new(),
            mos: None,
            seats: BTreeMap::new(),
            health: Health::default(),
            mood: None,
            next: Vec::new(),
        };
        let watch = HealthWatch::new(plan, language.unwrap_or(Language::En));
        Self { row, watch, clauses: Vec::new(), partial: None, known: BTreeSet::new() }
    }

    /// Out of what the store holds of a call.
    fn of(plan: HealthPlan, call: &Call) -> Self {
        let mut entry = Self::new(plan, &call.id, call.started_at, &call.about(), call.current_language());
        if let Some(at) = call.answered_at {
            entry.note(at, entry.row.ms(at), &CallEvent::Answered);
        }
        for turn in &call.turns {
            entry.note(call.started_at, turn.ended_ms, &CallEvent::Turn(turn.clone()));
        }
        for silence in &call.silences {
            entry.note(call.started_at, silence.ended_ms, &CallEvent::Silence(*silence));
        }
        let turns = call.turns.iter().map(|turn| CallEvent::Turn(turn.clone()));
        let silences = call.silences.iter().map(|silence| CallEvent::Silence(*silence));
        entry.known = turns.chain(silences).filter_map(|event| known(&event)).collect();
        for seat in &call.seats {
            entry.watch.seat(entry.row.ms(seat.since), &seat.mark());
            entry.seat(seat.mark());
        }
        for line in &call.lines {
            entry.note(call.started_at, 0, &CallEvent::Line(line.clone()));
        }
        entry.row.task = call.task.clone();
        entry.row.current_bot = call.current_bot.clone();
        let slots = call.slots.iter();
        entry.row.slots =
            slots.map(|(name, value)| (name.clone(), SlotState { value: value.clone(), confirmed: false })).collect();
        entry
    }

    /// Whether the row may have changed.
    fn note(&mut self, at: Timestamp, at_ms: u64, event: &CallEvent) -> bool {
        // The store knew it before it was told here.
        if known(event).is_some_and(|event| self.known.remove(&event)) {
            return false;
        }
        self.watch.note(at_ms, event);
        match event {
            CallEvent::Answered => self.row.answered_at = self.row.answered_at.or(Some(at)),
            CallEvent::Turn(turn) => self.turn(turn),
            CallEvent::Slot(slot) => match &slot.value {
                Some(value) => {
                    let state = SlotState { value: value.clone(), confirmed: slot.confirmed };
                    self.row.slots.insert(slot.name.clone(), state);
                }
                None => drop(self.row.slots.remove(&slot.name)),
            },
            CallEvent::Line(line) if line.seat == "caller" => self.row.mos = line.mos,
            CallEvent::Mark(mark) if mark.name == TASK => {
                self.row.task = mark.data.0["task"].as_str().map(str::to_owned)
            }
            CallEvent::Mark(mark) => {
                let seated = mark.seat().is_some_and(|mark| self.seat(mark));
                let handed_on = mark.handed_on();
                let told = handed_on.is_some();
                self.row.current_bot = handed_on.or(self.row.current_bot.take());
                return told | seated | self.mood(mark) | self.refresh_at(at_ms);
            }
            CallEvent::Silence(_) | CallEvent::Latency(_) => return self.refresh_at(at_ms),
            _ => return false,
        }
        true
    }

    fn turn(&mut self, turn: &Turn) {
        match turn.speaker {
            Speaker::Caller => self.row.caller_words = Some(last_words(&turn.text.0)),
            Speaker::Bot => {
                // The turns of a bot are recorded in their order: this is the first of those under way.
                if let Some(first) = self.clauses.first().map(|clause| clause.turn) {
                    self.clauses.retain(|clause| clause.turn != first);
                }
                if self.clauses.is_empty() {
                    self.row.bot_words = Some(last_words(&turn.heard.0));
                }
            }
            Speaker::Agent | Speaker::Supervisor => {}
        }
    }

    /// Whether a mark has changed who takes part.
    fn seat(&mut self, mark: SeatMark) -> bool {
        match mark {
            SeatMark::Taken { seat, name, mode } => {
                self.row.seats.insert(seat, TakenSeat { name, mode });
                true
            }
            SeatMark::Left { seat } => self.row.seats.remove(&seat).is_some(),
        }
    }

    /// Whether a mark has changed the mood.
    fn mood(&mut self, mark: &Mark) -> bool {
        if mark.name != "mood" {
            return false;
        }
        self.row.mood = serde_json::from_value(mark.data.0.clone()).ok();
        true
    }

    fn live(&mut self, now: Timestamp, change: &LiveChange) -> bool {
        match change {
            LiveChange::Floor { floor } => {
                let at_ms = self.row.ms(now);
                self.watch.floor(at_ms, *floor);
                (self.row.floor, self.row.floor_since) = (*floor, now);
            }
            LiveChange::Next { steps } => self.row.next = steps.clone(),
            LiveChange::Asked { .. } => return false,
            LiveChange::Clause { say, turn, text } => {
                self.clauses.retain(|clause| clause.turn == *turn || !clause.done);
                let text = text.0.clone();
                self.clauses.push(SpokenClause { say: *say, turn: *turn, text, chars: 0, done: false });
                self.bot_says();
            }
            LiveChange::Heard { say, chars, done } => {
                if let Some(clause) = self.clauses.iter_mut().find(|clause| clause.say == *say) {
                    (clause.chars, clause.done) = (*chars, *done);
                }
                return false;
            }
            LiveChange::Interrupted { say, chars } => {
                self.clauses.retain(|clause| clause.say <= *say);
                if let Some(clause) = self.clauses.last_mut() {
                    clause.text = clause.text.chars().take(*chars as usize).collect();
                    (clause.chars, clause.done) = (*chars, true);
                }
                self.bot_says();
            }
            LiveChange::Partial { turn, text, secret } => {
                self.row.caller_words = Some(last_words(&text.0));
                self.partial = Some((*turn, text.0.clone(), *secret));
            }
            LiveChange::Levels { .. } => return false,
            LiveChange::Withdrawn { .. } => self.partial = None,
            LiveChange::Taken { text, .. } => {
                self.partial = None;
                self.row.caller_words = Some(last_words(&text.0));
            }
        }
        true
    }

    fn bot_says(&mut self) {
        let turn = self.clauses.last().map(|clause| clause.turn);
        let said = self.clauses.iter().filter(|clause| Some(clause.turn) == turn).map(|clause| clause.text.as_str());
        self.row.bot_words = Some(last_words(&said.collect::<Vec<_>>().join(" ")));
    }

    fn refresh(&mut self, now: Timestamp) -> bool {
        self.refresh_at(self.row.ms(now))
    }

    /// Works out the health anew; whether what is shown of it has changed: its reasons, or its score.
    fn refresh_at(&mut self, at_ms: u64) -> bool {
        let health = self.watch.health(at_ms);
        let before = std::mem::replace(&mut self.row.health, health);
        let reasons = |health: &Health| health.concerns.iter().map(|concern| concern.reason).collect::<Vec<_>>();
        before.score != self.row.health.score || reasons(&before) != reasons(&self.row.health)
    }
}

/// The end of a text.
fn last_words(text: &str) -> Private<String> {
    let many = text.chars().count();
    if many <= WORDS {
        return text.into();
    }
    let tail: String = text.chars().skip(many - WORDS).collect();
    // From its first whole word on.
    format!("… {}", tail.split_once(' ').map_or(tail.as_str(), |(_, rest)| rest)).into()
}

#[cfg(test)]
mod tests;
