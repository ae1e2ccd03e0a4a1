//! `HealthWatch`: how well one live call goes, as a score from 100 (nothing to worry about) down to 0, and why. A core: it is given the
//! call's events and told how far the call is; the thresholds are data ([`HealthPlan`], `[health]` in the configuration).
use super::taken_over::{Change, TakenOver};
use crate::store::{CallEvent, Floor, Mark, MoodState, NO_RECOGNISER, SeatMark, SilenceKind, Speaker};
use dialog::bot::asks_for_person;
use dialog::language::Language;
use std::collections::VecDeque;
use std::time::Duration;

/// When something counts, and how much.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grade {
    /// Costs nothing before this, and half of the points at it.
    pub from: f64,
    /// Costs all of the points from here on. Below `from`: the smaller, the worse.
    pub full: f64,
    pub points: u32,
}

impl Grade {
    pub fn cost(&self, value: f64) -> u32 {
        let past = if self.full < self.from { self.from - value } else { value - self.from };
        if past < 0.0 {
            return 0;
        }
        let span = (self.full - self.from).abs();
        let share = if span > 0.0 { (past / span).min(1.0) } else { 1.0 };
        (f64::from(self.points) * (0.5 + 0.5 * share)).round() as u32
    }
}

/// What is worrying about a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// The caller has asked for a person: how often.
    PersonWanted,
    /// The caller was not understood: how often of late.
    NotUnderstood,
    /// Nobody speaks although the caller has been asked: for how many milliseconds.
    Silence,
    /// The bot's sound was missing where it was due: milliseconds of late.
    DeadAir,
    /// The bot takes long to answer: milliseconds, the median of late or of the answer that is due now.
    SlowAnswers,
    /// No packets come from the caller: for how many milliseconds.
    NoSound,
    /// Mean opinion score of what is heard of the caller.
    PoorLine,
    /// The caller cut the bot off: how often of late.
    Interruptions,
    /// A recogniser, a voice or a tool failed: how often of late.
    Failures,
    /// Since when the call was answered, in milliseconds.
    LongCall,
    /// The caller's mood has fallen: 1 where they are tense, 2 where they are upset.
    Upset,
}

impl Reason {
    pub const ALL: [Self; 11] = [
        Self::PersonWanted,
        Self::NotUnderstood,
        Self::Silence,
        Self::DeadAir,
        Self::SlowAnswers,
        Self::NoSound,
        Self::PoorLine,
        Self::Interruptions,
        Self::Failures,
        Self::LongCall,
        Self::Upset,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::PersonWanted => "person_wanted",
            Self::NotUnderstood => "not_understood",
            Self::Silence => "silence",
            Self::DeadAir => "dead_air",
            Self::SlowAnswers => "slow_answers",
            Self::NoSound => "no_sound",
            Self::PoorLine => "poor_line",
            Self::Interruptions => "interruptions",
            Self::Failures => "failures",
            Self::LongCall => "long_call",
            Self::Upset => "upset",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HealthPlan {
    /// How long what happened counts as "of late".
    pub window: Duration,
    pub person_wanted: Grade,
    pub not_understood: Grade,
    pub silence: Grade,
    pub dead_air: Grade,
    pub slow_answers: Grade,
    pub no_sound: Grade,
    pub poor_line: Grade,
    pub interruptions: Grade,
    pub failures: Grade,
    pub long_call: Grade,
    pub upset: Grade,
}

impl HealthPlan {
    fn grade(&self, reason: Reason) -> &Grade {
        match reason {
            Reason::PersonWanted => &self.person_wanted,
            Reason::NotUnderstood => &self.not_understood,
            Reason::Silence => &self.silence,
            Reason::DeadAir => &self.dead_air,
            Reason::SlowAnswers => &self.slow_answers,
            Reason::NoSound => &self.no_sound,
            Reason::PoorLine => &self.poor_line,
            Reason::Interruptions => &self.interruptions,
            Reason::Failures => &self.failures,
            Reason::LongCall => &self.long_call,
            Reason::Upset => &self.upset,
        }
    }
}

/// One reason, with its figure and what it costs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Concern {
    pub reason: Reason,
    pub value: f64,
    pub points: u32,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Health {
    pub score: u32,
    /// The heaviest first.
    pub concerns: Vec<Concern>,
}

impl Default for Health {
    fn default() -> Self {
        Self { score: 100, concerns: Vec::new() }
    }
}

/// What of a call's past bears on its health. Times are milliseconds since the call's start.
pub struct HealthWatch {
    plan: HealthPlan,
    language: Language,
    answered: Option<u64>,
    person_wanted: u32,
    not_understood: VecDeque<u64>,
    /// When each turn of the bot began that was cut off, and when that was told.
    interruptions: VecDeque<(u64, u64)>,
    failures: VecDeque<u64>,
    /// When dead air ended, and how long it was.
    dead_air: VecDeque<(u64, u64)>,
    /// When an answer came, and how long it took.
    answers: VecDeque<(u64, u64)>,
    no_sound: Option<u64>,
    mos: Option<f64>,
    floor: Floor,
    floor_since: u64,
    on_hold: bool,
    taken_over: TakenOver,
    mood: MoodState,
}

impl HealthWatch {
    pub fn new(plan: HealthPlan, language: Language) -> Self {
        Self {
            plan,
            language,
            answered: None,
            person_wanted: 0,
            not_understood: VecDeque::new(),
            interruptions: VecDeque::new(),
            failures: VecDeque::new(),
            dead_air: VecDeque::new(),
            answers: VecDeque::new(),
            no_sound: None,
            mos: None,
            floor: Floor::default(),
            floor_since: 0,
            on_hold: false,
            taken_over: TakenOver::default(),
            mood: MoodState::Calm,
        }
    }

    /// An event of the call, which happened at `at`.
    pub fn note(&mut self, at: u64, event: &CallEvent) {
        match event {
            CallEvent::Answered => self.answered = self.answered.or(Some(at)),
            CallEvent::Mark(mark) => self.mark(at, mark),
            CallEvent::Turn(turn) => match turn.speaker {
                Speaker::Caller if asks_for_person(&turn.text.0, self.language) => self.person_wanted += 1,
                // A turn is told again when more of it is known.
                Speaker::Bot
                    if turn.interrupted
                        && !self.taken_over.is_now()
                        && !self.interruptions.iter().any(|(of, _)| *of == turn.started_ms) =>
                {
                    self.interruptions.push_back((turn.started_ms, at));
                }
                _ => {}
            },
            CallEvent::Silence(silence) if silence.kind == SilenceKind::DeadAir => {
                self.dead_air.push_back((at, silence.ended_ms.saturating_sub(silence.started_ms)));
            }
            CallEvent::Latency(latency) => self.answers.push_back((at, latency.total_ms.into())),
            CallEvent::Line(line) if line.seat == "caller" => self.mos = line.mos.map(f64::from).or(self.mos),
            _ => {}
        }
    }

    fn mark(&mut self, at: u64, mark: &Mark) {
        if let Some(seat) = mark.seat() {
            return self.seat(at, &seat);
        }
        self.language = mark.language().unwrap_or(self.language);
        match mark.name.as_str() {
            "not_understood" => self.not_understood.push_back(at),
            // A language that nothing hears on this machine is no fault: such a bot works by keypad.
            "recogniser_failed" if mark.data.0["why"] == NO_RECOGNISER => {}
            "recogniser_failed" | "synthesiser_failed" | "tool_failed" => self.failures.push_back(at),
            "no_rtp" => self.no_sound = self.no_sound.or(Some(at)),
            "rtp_again" => self.no_sound = None,
            "held" | "resumed" => {
                self.on_hold = mark.name == "held";
                self.floor_since = at;
            }
            "mood" => {
                let state = serde_json::from_value(mark.data.0["state"].clone());
                self.mood = state.unwrap_or(self.mood);
            }
            _ => {}
        }
    }

    /// Who speaks with the caller in the bot's place may be several.
    pub fn seat(&mut self, at: u64, mark: &SeatMark) {
        match self.taken_over.note(mark) {
            // The person who was asked for is there.
            Some(Change::Comes) => self.person_wanted = 0,
            Some(Change::Leaves) => self.floor_since = at,
            None => {}
        }
    }

    /// Whose turn it is from `at` on.
    pub fn floor(&mut self, at: u64, floor: Floor) {
        if self.floor != floor {
            (self.floor, self.floor_since) = (floor, at);
        }
    }

    /// How the call stands at `now`.
    pub fn health(&mut self, now: u64) -> Health {
        self.forget(now);
        let mut concerns: Vec<Concern> = Reason::ALL
            .into_iter()
            .filter_map(|reason| {
                let value = self.value(reason, now)?;
                let points = self.plan.grade(reason).cost(value);
                (points > 0).then_some(Concern { reason, value, points })
            })
            .collect();
        concerns.sort_by_key(|concern| std::cmp::Reverse(concern.points));
        let lost: u32 = concerns.iter().map(|concern| concern.points).sum();
        Health { score: 100u32.saturating_sub(lost), concerns }
    }

    /// Forgets what is too long ago to count.
    fn forget(&mut self, now: u64) {
        let after = now.saturating_sub(self.plan.window.as_millis() as u64);
        drop_before(&mut self.not_understood, after, |at| *at);
        drop_before(&mut self.interruptions, after, |(_, at)| *at);
        drop_before(&mut self.failures, after, |at| *at);
        drop_before(&mut self.dead_air, after, |(at, _)| *at);
        drop_before(&mut self.answers, after, |(at, _)| *at);
    }

    /// The figure of one reason at `now`, whatever it costs.
    pub fn figure(&mut self, reason: Reason, now: u64) -> Option<f64> {
        self.forget(now);
        self.value(reason, now)
    }

    /// The figure of a reason; `None` where there is none, or nothing has happened that it counts.
    fn value(&self, reason: Reason, now: u64) -> Option<f64> {
        if self.taken_over.is_now() && !matches!(reason, Reason::NoSound | Reason::PoorLine) {
            return None;
        }
        let count = |many: usize| (many > 0).then_some(many as f64);
        let since = |at: u64| now.saturating_sub(at) as f64;
        match reason {
            Reason::PersonWanted => count(self.person_wanted as usize),
            Reason::NotUnderstood => count(self.not_understood.len()),
            Reason::Interruptions => count(self.interruptions.len()),
            Reason::Failures => count(self.failures.len()),
            Reason::Silence => {
                let silent = self.floor == Floor::Waiting && !self.on_hold && self.answered.is_some();
                silent.then(|| since(self.floor_since))
            }
            Reason::DeadAir => count(self.dead_air.iter().map(|(_, ms)| *ms as usize).sum()),
            Reason::SlowAnswers => {
                let due = self.floor == Floor::Thinking && !self.on_hold && self.answered.is_some();
                let due = due.then(|| since(self.floor_since));
                let usual = median(self.answers.iter().map(|(_, ms)| *ms).collect());
                due.into_iter().chain(usual).reduce(f64::max)
            }
            Reason::NoSound => self.no_sound.map(since),
            Reason::PoorLine => self.mos,
            Reason::LongCall => self.answered.map(since),
            Reason::Upset => match self.mood {
                MoodState::Pleased | MoodState::Calm => None,
                MoodState::Tense => Some(1.0),
                MoodState::Upset => Some(2.0),
            },
        }
    }
}

fn drop_before<T>(list: &mut VecDeque<T>, limit: u64, at: impl Fn(&T) -> u64) {
    while list.front().is_some_and(|first| at(first) < limit) {
        list.pop_front();
    }
}

fn median(mut all: Vec<u64>) -> Option<f64> {
    all.sort_unstable();
    all.get(all.len() / 2).map(|middle| *middle as f64)
}

#[cfg(test)]
mod tests;
