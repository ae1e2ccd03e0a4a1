//! `AlertWatch`: which rules the events of one call set off, and at which moment. A core: it is given the call's events and told how far
//! the call is; the rules are data ([`AlertRule`], `configs/alerts.toml`) and may change while the call goes on.
use super::health::{HealthPlan, HealthWatch, Reason};
use super::mood::MoodWatch;
use crate::config::{AlertRule, BadMood, By, Severity, When};
use crate::store::{AlertReason, AlertTurn, CallEvent, Floor, Mood, MoodState, Private, Speaker, Turn, WITHHELD};
use dialog::bot::asks_for_person;
use dialog::insight::first_of;
use dialog::language::Language;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// Misses that are remembered, for windows of any length.
const MISSES: usize = 256;

/// What a rule was set off by.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundAlert {
    pub rule: String,
    pub kind: When,
    pub severity: Severity,
    /// The moment it is about, from the call's start.
    pub from_ms: u64,
    pub to_ms: u64,
    pub turn: Option<AlertTurn>,
    pub reason: AlertReason,
}

/// What happened, for the rules of one kind.
struct Occasion {
    when: When,
    from_ms: u64,
    to_ms: u64,
    turn: Option<AlertTurn>,
    reason: AlertReason,
}

impl Occasion {
    fn new(when: When, from_ms: u64, to_ms: u64, value: f64) -> Self {
        let reason = AlertReason { code: when.name().into(), value: Some(value), ..AlertReason::default() };
        Self { when, from_ms, to_ms, turn: None, reason }
    }

    fn of_turn(self, turn: &Turn) -> Self {
        Self { turn: Some(AlertTurn { speaker: turn.speaker, started_ms: turn.started_ms }), ..self }
    }

    fn value(&self) -> f64 {
        self.reason.value.unwrap_or(0.0)
    }
}

pub struct AlertWatch {
    bot: String,
    language: Language,
    health: HealthWatch,
    answered: u64,
    misses: VecDeque<u64>,
    persons: u32,
    /// The last turn of the caller.
    last_turn: Option<(AlertTurn, u64)>,
    mood: MoodState,
    silence_told: Option<u64>,
    /// Turns of the bot whose words were looked at, by their beginning, with how much of them.
    bot_turns: BTreeMap<u64, usize>,
    /// When each rule last gave an alert, by name.
    last: BTreeMap<String, u64>,
}

impl AlertWatch {
    pub fn new(plan: HealthPlan, bot: &str, language: Language) -> Self {
        Self {
            bot: bot.into(),
            language,
            health: HealthWatch::new(plan, language),
            answered: 0,
            misses: VecDeque::new(),
            persons: 0,
            last_turn: None,
            mood: MoodState::Calm,
            silence_told: None,
            bot_turns: BTreeMap::new(),
            last: BTreeMap::new(),
        }
    }

    /// An event of the call, which happened at `at`; `mood` has been given it already.
    pub fn note(&mut self, rules: &[AlertRule], at: u64, event: &CallEvent, mood: &MoodWatch) -> Vec<FoundAlert> {
        self.health.note(at, event);
        if let CallEvent::Mark(mark) = event {
            self.language = mark.language().unwrap_or(self.language);
        }
        match event {
            CallEvent::Answered => {
                self.answered = at;
                Vec::new()
            }
            CallEvent::Turn(turn) => self.turn(rules, at, turn),
            CallEvent::Mark(mark) if mark.name == "not_understood" => {
                self.misses.push_back(at);
                if self.misses.len() > MISSES {
                    self.misses.pop_front();
                }
                self.misses(rules, at)
            }
            CallEvent::Mark(mark) if mark.name == "voice" => {
                let raised = mood.compared().map(|voice| {
                    Occasion::new(When::RaisedVoice, voice.from_ms, voice.to_ms, (voice.db * 10.0).round() / 10.0)
                });
                raised.map_or(Vec::new(), |raised| {
                    self.set_off(rules, at, &raised, |rule, value| rule.above_db.is_some_and(|db| value >= db))
                })
            }
            CallEvent::Line(line) if line.seat == "caller" => self.figure(rules, at, When::PoorLine),
            CallEvent::Latency(_) => self.figure(rules, at, When::SlowAnswers),
            _ => Vec::new(),
        }
    }

    /// Whose turn it is from `at` on.
    pub fn floor(&mut self, at: u64, floor: Floor) {
        self.health.floor(at, floor);
    }

    /// What time alone sets off.
    pub fn tick(&mut self, rules: &[AlertRule], now: u64) -> Vec<FoundAlert> {
        let all = [When::Silence, When::SlowAnswers, When::LongCall];
        all.into_iter().flat_map(|when| self.figure(rules, now, when)).collect()
    }

    /// The mood as it is now.
    pub fn mood(&mut self, rules: &[AlertRule], now: u64, mood: &Mood) -> Vec<FoundAlert> {
        let before = std::mem::replace(&mut self.mood, mood.state);
        // It has fallen: who stays upset is told of once.
        if mood.state <= before || mood.state < MoodState::Tense {
            return Vec::new();
        }
        let (turn, to) = self.last_turn.unzip();
        let from = mood.why.iter().map(|why| why.at_ms).min().unwrap_or(now);
        let reason = AlertReason {
            code: When::Mood.name().into(),
            state: Some(mood.state),
            why: mood.why.iter().map(|why| why.code).collect(),
            ..AlertReason::default()
        };
        let from_ms = turn.map_or(from, |turn| from.min(turn.started_ms));
        let occasion = Occasion { when: When::Mood, from_ms, to_ms: to.unwrap_or(now).max(from_ms), turn, reason };
        self.set_off(rules, now, &occasion, |rule, _| match rule.state {
            Some(BadMood::Tense) => true,
            Some(BadMood::Upset) => mood.state == MoodState::Upset,
            None => false,
        })
    }

    fn turn(&mut self, rules: &[AlertRule], at: u64, turn: &Turn) -> Vec<FoundAlert> {
        let Private(text) = if turn.speaker == Speaker::Bot { &turn.heard } else { &turn.text };
        if text == WITHHELD || !matches!(turn.speaker, Speaker::Caller | Speaker::Bot) {
            return Vec::new();
        }
        let mut found = Vec::new();
        if turn.speaker == Speaker::Caller {
            self.last_turn = Some((AlertTurn { speaker: turn.speaker, started_ms: turn.started_ms }, turn.ended_ms));
            if asks_for_person(text, self.language) {
                self.persons += 1;
                let person = Occasion::new(When::Person, turn.started_ms, turn.ended_ms, f64::from(self.persons));
                found.extend(self.set_off(rules, at, &person.of_turn(turn), |rule, value| {
                    rule.count.is_some_and(|count| value >= f64::from(count))
                }));
            }
        } else {
            // A turn of the bot is told again when more of it was heard.
            let before = self.bot_turns.insert(turn.started_ms, text.len());
            if before.is_some_and(|before| before >= text.len()) {
                return found;
            }
        }
        for rule in rules.iter().filter(|rule| rule.when == When::Words) {
            let by = match rule.by {
                Some(By::Caller) => turn.speaker == Speaker::Caller,
                Some(By::Bot) => turn.speaker == Speaker::Bot,
                Some(By::Both) => true,
                None => false,
            };
            let list = if self.language == Language::En { &rule.en } else { &rule.vi };
            let word = list.as_deref().filter(|_| by).and_then(|list| first_of(list, text, self.language));
            let Some(word) = word else { continue };
            let reason = AlertReason {
                code: When::Words.name().into(),
                word: Some(word.into()),
                by: Some(turn.speaker),
                ..AlertReason::default()
            };
            let (from_ms, to_ms) = (turn.started_ms, turn.ended_ms);
            let occasion = Occasion { when: When::Words, from_ms, to_ms, turn: None, reason }.of_turn(turn);
            found.extend(self.set_off(std::slice::from_ref(rule), at, &occasion, |_, _| true));
        }
        found
    }

    fn misses(&mut self, rules: &[AlertRule], at: u64) -> Vec<FoundAlert> {
        let mut found = Vec::new();
        for rule in rules.iter().filter(|rule| rule.when == When::NoMatch) {
            let (Some(count), Some(window)) = (rule.count, rule.window_ms) else { continue };
            let after = at.saturating_sub(Duration::from(window).as_millis() as u64);
            let within: Vec<u64> = self.misses.iter().copied().filter(|miss| *miss >= after).collect();
            let Some(first) = within.first().filter(|_| within.len() as u32 >= count) else { continue };
            let mut occasion = Occasion::new(When::NoMatch, *first, at, within.len() as f64);
            occasion.turn = self.last_turn.map(|(turn, _)| turn);
            found.extend(self.set_off(std::slice::from_ref(rule), at, &occasion, |_, _| true));
        }
        found
    }

    /// A figure that health knows already.
    fn figure(&mut self, rules: &[AlertRule], now: u64, when: When) -> Vec<FoundAlert> {
        let reason = match when {
            When::Silence => Reason::Silence,
            When::SlowAnswers => Reason::SlowAnswers,
            When::PoorLine => Reason::PoorLine,
            When::LongCall => Reason::LongCall,
            _ => return Vec::new(),
        };
        let Some(value) = self.health.figure(reason, now) else { return Vec::new() };
        let from = match when {
            When::LongCall => self.answered,
            When::PoorLine => now,
            _ => now.saturating_sub(value as u64),
        };
        // One silence is told of once.
        if when == When::Silence && self.silence_told == Some(from) {
            return Vec::new();
        }
        let mut occasion = Occasion::new(when, from, now, value);
        if when == When::SlowAnswers {
            occasion.turn = self.last_turn.map(|(turn, _)| turn);
        }
        let ms = |limit: Option<crate::config::Ms>, value: f64| limit.is_some_and(|limit| value >= f64::from(limit.0));
        let found = self.set_off(rules, now, &occasion, |rule, value| match when {
            When::Silence => ms(rule.silence_ms, value),
            When::SlowAnswers => ms(rule.answer_ms, value),
            When::LongCall => ms(rule.call_ms, value),
            _ => rule.below_mos.is_some_and(|mos| value < mos),
        });
        if when == When::Silence && !found.is_empty() {
            self.silence_told = Some(from);
        }
        found
    }

    /// The rules of this occasion that hold, and have not just been told of.
    fn set_off(
        &mut self,
        rules: &[AlertRule],
        now: u64,
        occasion: &Occasion,
        holds: impl Fn(&AlertRule, f64) -> bool,
    ) -> Vec<FoundAlert> {
        let mut found = Vec::new();
        for rule in rules.iter().filter(|rule| rule.when == occasion.when) {
            let of_bot = rule.bots.is_empty() || rule.bots.contains(&self.bot);
            let cooldown = Duration::from(rule.cooldown_s).as_millis() as u64;
            let rests = self.last.get(&rule.name).is_some_and(|last| now < last + cooldown);
            if !of_bot || rests || !holds(rule, occasion.value()) {
                continue;
            }
            self.last.insert(rule.name.clone(), now);
            found.push(FoundAlert {
                rule: rule.name.clone(),
                kind: rule.when,
                severity: rule.severity,
                from_ms: occasion.from_ms,
                to_ms: occasion.to_ms,
                turn: occasion.turn,
                reason: occasion.reason.clone(),
            });
        }
        found
    }
}

#[cfg(test)]
mod tests;
