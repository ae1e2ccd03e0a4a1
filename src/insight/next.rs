//! `NextWatch`: what a supervisor would do next in one call, and why. A core: it is given the call's events and told how far the call is.
//! What it proposes is what a supervisor can do from the console: take the call over, offer a person, give the bot a value, a sentence.
use super::health::{HealthPlan, HealthWatch, Reason};
use crate::store::{CallEvent, Floor, MoodState, NextCode, NextReason, NextReasonCode as Why, NextStep, Speaker};
use dialog::language::Language;

/// Steps that are proposed.
const TOLD: usize = 3;
/// So many misses in a row, and keys or a value are better; so many, and a person is.
const MISSES: u32 = 2;
const MANY_MISSES: u32 = 3;
/// A tool that runs for so long keeps the caller waiting, and so does an answer, and a caller who says nothing.
const SLOW_TOOL_MS: u64 = 4_000;
const SLOW_ANSWER_MS: f64 = 4_000.0;
const SILENCE_MS: f64 = 8_000.0;
/// A line that is heard worse than this.
const POOR_MOS: f64 = 2.8;
/// Packets that are missing for so long.
const NO_SOUND_MS: f64 = 3_000.0;
/// A tool's failure is news for so long.
const FAILED_MS: u64 = 20_000;

pub struct NextWatch {
    health: HealthWatch,
    language: Language,
    /// The slot that is asked for, and whether keys can answer.
    asked: Option<String>,
    keys: bool,
    /// Answers that were not understood, since one was.
    misses: u32,
    mood: MoodState,
    /// Since when a tool runs.
    tool: Option<u64>,
    tool_failed: Option<u64>,
    taken_over: bool,
}

impl NextWatch {
    pub fn new(plan: HealthPlan, language: Language) -> Self {
        Self {
            health: HealthWatch::new(plan, language),
            language,
            asked: None,
            keys: false,
            misses: 0,
            mood: MoodState::Calm,
            tool: None,
            tool_failed: None,
            taken_over: false,
        }
    }

    pub fn note(&mut self, at: u64, event: &CallEvent) {
        self.health.note(at, event);
        match event {
            CallEvent::Mark(mark) => match mark.name.as_str() {
                "not_understood" => self.misses += 1,
                "tool_called" => self.tool = self.tool.or(Some(at)),
                "tool_answered" | "tool_cancelled" => self.tool = None,
                "tool_failed" => (self.tool, self.tool_failed) = (None, Some(at)),
                "taken_over" => self.taken_over = true,
                "bot_back" => (self.taken_over, self.misses) = (false, 0),
                _ => self.language = mark.language().unwrap_or(self.language),
            },
            CallEvent::Slot(slot) if slot.value.is_some() => self.misses = 0,
            CallEvent::Turn(turn) if turn.speaker == Speaker::Bot => self.tool = None,
            _ => {}
        }
    }

    pub fn floor(&mut self, at: u64, floor: Floor) {
        self.health.floor(at, floor);
    }

    /// What the bot asks for now.
    pub fn asked(&mut self, slot: Option<&str>, keys: bool) {
        if self.asked.as_deref() != slot {
            self.misses = 0;
        }
        (self.asked, self.keys) = (slot.map(Into::into), keys);
    }

    pub fn mood(&mut self, state: MoodState) {
        self.mood = state;
    }

    /// What could be done at `now`, the best first. Nothing while a supervisor speaks with the caller: they do it.
    pub fn steps(&mut self, now: u64) -> Vec<NextStep> {
        if self.taken_over {
            return Vec::new();
        }
        let mut steps = Vec::new();
        self.person(now, &mut steps);
        self.answer(&mut steps);
        self.line(now, &mut steps);
        self.sound(now, &mut steps);
        steps.truncate(TOLD);
        steps
    }

    /// A person: who asked for one, and who is past being helped by a bot.
    fn person(&mut self, now: u64, steps: &mut Vec<NextStep>) {
        let asked = self.health.figure(Reason::PersonWanted, now);
        let mut why: Vec<NextReason> = asked.map(|times| reason(Why::AskedPerson, Some(times))).into_iter().collect();
        if self.mood == MoodState::Upset {
            why.push(reason(Why::Upset, None));
        }
        if self.misses >= MANY_MISSES {
            why.push(reason(Why::Misses, Some(self.misses.into())));
        }
        // Who is upset and has another reason is spoken with at once.
        let code =
            if why.len() > 1 && self.mood == MoodState::Upset { NextCode::TakeOver } else { NextCode::OfferPerson };
        if !why.is_empty() {
            steps.push(NextStep { code, slot: None, line: None, why });
        }
    }

    /// Another way to answer what was not understood.
    fn answer(&self, steps: &mut Vec<NextStep>) {
        let Some(slot) = self.asked.clone().filter(|_| self.misses >= MISSES) else { return };
        let code = if self.keys { NextCode::AskByKeys } else { NextCode::FillSlot };
        let line = self.keys.then(|| {
            self.say("Please enter it with the keys of your phone.", "Xin vui lòng bấm phím trên điện thoại.")
        });
        let why = vec![reason(Why::Misses, Some(self.misses.into()))];
        steps.push(NextStep { code, slot: Some(slot), line, why });
    }

    /// A sentence for a caller who waits, or is not spoken to as they should be.
    fn line(&mut self, now: u64, steps: &mut Vec<NextStep>) {
        let slow = self.health.figure(Reason::SlowAnswers, now).filter(|ms| *ms >= SLOW_ANSWER_MS);
        let silence = self.health.figure(Reason::Silence, now).filter(|ms| *ms >= SILENCE_MS);
        let tool = self.tool.map(|since| now.saturating_sub(since)).filter(|ms| *ms >= SLOW_TOOL_MS);
        let failed = self.tool_failed.filter(|at| now.saturating_sub(*at) < FAILED_MS);
        let (why, line) = if let Some(ms) = tool {
            let line = self.say(
                "I'm still looking it up, thank you for waiting.",
                "Tôi vẫn đang tra cứu, cảm ơn quý khách đã chờ.",
            );
            (reason(Why::SlowTool, Some(ms as f64)), line)
        } else if failed.is_some() {
            let line = self.say(
                "I'm sorry, our system does not answer at the moment.",
                "Xin lỗi quý khách, hệ thống hiện chưa phản hồi.",
            );
            (reason(Why::ToolFailed, None), line)
        } else if let Some(ms) = silence {
            let line =
                self.say("Are you still there? Take your time.", "Quý khách còn nghe máy không ạ? Xin cứ từ từ.");
            (reason(Why::Silence, Some(ms)), line)
        } else if let Some(ms) = slow {
            (
                reason(Why::SlowAnswer, Some(ms)),
                self.say("Thank you for your patience.", "Cảm ơn quý khách đã kiên nhẫn."),
            )
        } else if self.mood == MoodState::Tense {
            let line = self.say(
                "I'm sorry for the trouble. Let's sort this out together.",
                "Xin lỗi vì sự bất tiện này. Tôi sẽ giúp quý khách giải quyết ngay.",
            );
            (reason(Why::Tense, None), line)
        } else {
            return;
        };
        steps.push(NextStep { code: NextCode::SayLine, slot: None, line: Some(line), why: vec![why] });
    }

    fn sound(&mut self, now: u64, steps: &mut Vec<NextStep>) {
        let lost = self.health.figure(Reason::NoSound, now).filter(|ms| *ms >= NO_SOUND_MS);
        let poor = self.health.figure(Reason::PoorLine, now).filter(|mos| *mos < POOR_MOS);
        let why = lost.map(|ms| reason(Why::NoSound, Some(ms))).or(poor.map(|mos| reason(Why::PoorLine, Some(mos))));
        steps.extend(why.map(|why| NextStep { code: NextCode::CheckLine, slot: None, line: None, why: vec![why] }));
    }

    fn say(&self, en: &str, vi: &str) -> String {
        match self.language {
            Language::En => en.into(),
            Language::Vi => vi.into(),
        }
    }
}

const fn reason(code: Why, value: Option<f64>) -> NextReason {
    NextReason { code, value }
}

#[cfg(test)]
mod tests;
