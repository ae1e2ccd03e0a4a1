//! `Monitor`: watches every live call: the callers' moods, what rules are set off, what a supervisor could do next. A core: it is given
//! the events of the store and told the time.
use super::alerts::{AlertWatch, FoundAlert};
use super::health::HealthPlan;
use super::mood::MoodWatch;
use super::ms_since;
use super::next::NextWatch;
use crate::config::AlertRule;
use crate::store::{
    Call, CallEvent, LiveChange, LiveEvent, Mark, Mood, MoodState, NextStep, Private, TimelineEvent, Trend,
};
use dialog::language::Language;
use jiff::Timestamp;
use std::collections::{BTreeMap, VecDeque};

/// What has been found out about a call.
#[derive(Clone, Debug, PartialEq)]
pub enum Finding {
    Alert {
        call: String,
        bot: String,
        alert: FoundAlert,
    },
    /// The mood has changed: for the call's record.
    Mood {
        call: String,
        mark: Mark,
    },
    /// What could be done next has changed.
    Next {
        call: String,
        steps: Vec<NextStep>,
    },
}

struct Watched {
    bot: String,
    started_at: Timestamp,
    mood: MoodWatch,
    alerts: AlertWatch,
    next: NextWatch,
    /// As it is recorded; who has said nothing is taken for calm.
    told_mood: (MoodState, Trend),
    told_next: Vec<NextStep>,
}

pub struct Monitor {
    plan: HealthPlan,
    calls: BTreeMap<String, Watched>,
    found: VecDeque<Finding>,
}

impl Monitor {
    pub fn new(plan: HealthPlan) -> Self {
        Self { plan, calls: BTreeMap::new(), found: VecDeque::new() }
    }

    pub fn poll(&mut self) -> Option<Finding> {
        self.found.pop_front()
    }

    /// An event of a call.
    pub fn note(&mut self, rules: &[AlertRule], event: &TimelineEvent) {
        let TimelineEvent { call, at, at_ms, event } = event;
        match event {
            CallEvent::Started(started) => {
                let watched = Watched::new(self.plan, *at, &started.bot, &started.language);
                self.calls.insert(call.clone(), watched);
            }
            CallEvent::Ended(_) => drop(self.calls.remove(call)),
            // What this core has found itself.
            CallEvent::Mark(mark) if matches!(mark.name.as_str(), "mood" | "alert") => {}
            event => {
                let Some(watched) = self.calls.get_mut(call) else { return };
                watched.note(rules, call, *at_ms, event, &mut self.found);
            }
        }
    }

    /// A change of a call that is not kept.
    pub fn live(&mut self, now: Timestamp, event: &LiveEvent) {
        let Some(watched) = self.calls.get_mut(&event.call) else { return };
        let at = watched.ms(now);
        match &event.change {
            LiveChange::Floor { floor } => {
                watched.alerts.floor(at, *floor);
                watched.next.floor(at, *floor);
            }
            LiveChange::Asked { slot, keys } => watched.next.asked(slot.as_deref(), *keys),
            _ => return,
        }
        watched.tell_next(&event.call, at, &mut self.found);
    }

    /// Finds what time alone has changed.
    pub fn tick(&mut self, rules: &[AlertRule], now: Timestamp) {
        for (call, watched) in &mut self.calls {
            let at = watched.ms(now);
            let alerts = watched.alerts.tick(rules, at);
            self.found.extend(alerts.into_iter().map(|alert| watched.finding(call, alert)));
            watched.conclude(rules, call, at, &mut self.found);
        }
    }

    /// Events were missed: these calls are live. What was found of those that are known stays.
    pub fn restore(&mut self, calls: &[Call]) {
        self.calls.retain(|id, _| calls.iter().any(|call| call.id == *id));
        for call in calls.iter().filter(|call| !self.calls.contains_key(&call.id)).collect::<Vec<_>>() {
            let mut watched = Watched::new(self.plan, call.started_at, &call.bot, call.current_language());
            // Nothing is told of what was before: the rules are those of what comes.
            let mut past = VecDeque::new();
            if call.answered_at.is_some() {
                watched.note(&[], &call.id, 0, &CallEvent::Answered, &mut past);
            }
            for turn in &call.turns {
                watched.note(&[], &call.id, turn.ended_ms, &CallEvent::Turn(turn.clone()), &mut past);
            }
            self.calls.insert(call.id.clone(), watched);
        }
    }
}

impl Watched {
    fn new(plan: HealthPlan, started_at: Timestamp, bot: &str, language: &str) -> Self {
        let language = Language::of_code(language);
        let language = language.unwrap_or(Language::En);
        Self {
            bot: bot.into(),
            started_at,
            mood: MoodWatch::new(language),
            alerts: AlertWatch::new(plan, bot, language),
            next: NextWatch::new(plan, language),
            told_mood: (MoodState::Calm, Trend::Steady),
            told_next: Vec::new(),
        }
    }

    fn ms(&self, now: Timestamp) -> u64 {
        ms_since(self.started_at, now)
    }

    fn finding(&self, call: &str, alert: FoundAlert) -> Finding {
        Finding::Alert { call: call.into(), bot: self.bot.clone(), alert }
    }

    fn note(&mut self, rules: &[AlertRule], call: &str, at: u64, event: &CallEvent, found: &mut VecDeque<Finding>) {
        self.mood.note(at, event);
        self.next.note(at, event);
        let alerts = self.alerts.note(rules, at, event, &self.mood);
        found.extend(alerts.into_iter().map(|alert| self.finding(call, alert)));
        self.conclude(rules, call, at, found);
    }

    /// Tells of a mood that has changed, and of what could be done now.
    fn conclude(&mut self, rules: &[AlertRule], call: &str, at: u64, found: &mut VecDeque<Finding>) {
        if let Some(mood) = self.mood.mood(at) {
            let now = (mood.state, mood.trend);
            if self.told_mood != now {
                found.push_back(Finding::Mood { call: call.into(), mark: mark(at, &mood) });
                self.next.mood(mood.state);
                let alerts = self.alerts.mood(rules, at, &mood);
                found.extend(alerts.into_iter().map(|alert| self.finding(call, alert)));
                self.told_mood = now;
            }
        }
        self.tell_next(call, at, found);
    }

    fn tell_next(&mut self, call: &str, at: u64, found: &mut VecDeque<Finding>) {
        let steps = self.next.steps(at);
        // Figures that grow by themselves are no news.
        let kind = |steps: &[NextStep]| {
            let of = |step: &NextStep| {
                (step.code, step.slot.clone(), step.why.iter().map(|why| why.code).collect::<Vec<_>>())
            };
            steps.iter().map(of).collect::<Vec<_>>()
        };
        if kind(&steps) != kind(&self.told_next) {
            found.push_back(Finding::Next { call: call.into(), steps: steps.clone() });
            self.told_next = steps;
        }
    }
}

/// A mood as the record has it.
fn mark(at: u64, mood: &Mood) -> Mark {
    let mut data = serde_json::to_value(mood).unwrap_or_default();
    data["ms"] = at.into();
    Mark { name: "mood".into(), data: Private(data) }
}

#[cfg(test)]
mod tests;
