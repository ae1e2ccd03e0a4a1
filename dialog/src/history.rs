//! `History`: who said what, and how much of it was heard.
use crate::clause::{Clause, SayId};
use std::time::{Duration, Instant};

/// One line of a conversation, as people read it.
#[derive(Clone, PartialEq, Eq)]
pub enum Line {
    Bot { text: String, heard: String, cut: bool },
    Caller { text: String },
}

/// The lines are words of a call: they stay out of logs.
impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Line::Bot { .. } => "Bot(..)",
            Line::Caller { .. } => "Caller(..)",
        })
    }
}

/// One piece of what was said, for a brain.
#[derive(Clone, PartialEq, Eq)]
pub struct Known {
    pub by_caller: bool,
    pub text: String,
    /// The caller has not heard all of it.
    pub is_cut: bool,
}

struct BotEntry {
    say: SayId,
    clause: Clause,
    interruptible: bool,
    /// A sign that the bot listens, which takes no floor and is no part of what it says.
    is_backchannel: bool,
    /// The thought of the brain that it is a part of.
    thought: u32,
    /// When its sound was last reported, or it became the clause that plays.
    since: Instant,
}

enum Entry {
    Bot(BotEntry),
    Caller(String),
}

impl Entry {
    fn bot(&self) -> Option<&BotEntry> {
        match self {
            Entry::Bot(bot) => Some(bot),
            Entry::Caller(_) => None,
        }
    }
}

#[derive(Default)]
pub struct History {
    entries: Vec<Entry>,
    next: u64,
    /// How often the brain was told something.
    thoughts: u32,
    /// Everything before this entry is settled.
    open: usize,
}

impl History {
    /// Notes a clause that leaves for the caller.
    pub fn say(&mut self, now: Instant, clause: Clause, interruptible: bool) -> SayId {
        self.note(now, clause, interruptible, false)
    }

    /// Notes a sign that the bot listens.
    pub fn backchannel(&mut self, now: Instant, clause: Clause) -> SayId {
        self.note(now, clause, true, true)
    }

    fn note(&mut self, now: Instant, clause: Clause, interruptible: bool, is_backchannel: bool) -> SayId {
        self.next += 1;
        let (say, thought) = (SayId(self.next), self.thoughts);
        self.entries.push(Entry::Bot(BotEntry { say, clause, interruptible, is_backchannel, thought, since: now }));
        say
    }

    /// Whether a sign that the bot listens is still heard, or will be.
    pub fn is_backchannel_open(&self) -> bool {
        self.entries[self.open..]
            .iter()
            .filter_map(Entry::bot)
            .any(|bot| bot.is_backchannel && !bot.clause.is_settled())
    }

    /// What is said from now on answers something else.
    pub fn new_thought(&mut self) {
        self.thoughts += 1;
    }

    pub fn caller(&mut self, text: &str) {
        self.entries.push(Entry::Caller(text.to_string()));
    }

    /// The number below which a hush cuts everything said so far.
    pub fn floor(&self) -> SayId {
        SayId(self.next + 1)
    }

    /// The clause that plays now or next.
    fn first(&self) -> Option<&BotEntry> {
        self.entries[self.open..].iter().find_map(|entry| match entry {
            Entry::Bot(bot) if !bot.clause.is_settled() => Some(bot),
            _ => None,
        })
    }

    /// The clause that plays now or next: whether it may be interrupted.
    pub fn speaking(&self) -> Option<bool> {
        let open = self.entries[self.open..].iter().filter_map(Entry::bot).filter(|bot| !bot.clause.is_settled());
        open.filter(|bot| !bot.is_backchannel).map(|bot| bot.interruptible).next()
    }

    /// When the clause that plays would be overdue, had its sound been lost.
    pub fn overdue(&self) -> Option<Instant> {
        let first = self.first()?;
        let left = first.clause.chars() - first.clause.chars_heard();
        Some(first.since + Duration::from_secs(6) + Duration::from_millis(150) * left)
    }

    /// Gives up on the clause that plays.
    pub fn skip(&mut self, now: Instant) {
        if let Some(say) = self.first().map(|bot| bot.say) {
            self.settle(now, say);
        }
    }

    /// Counts anew when the clause that plays is overdue: its sound was stopped on purpose, and goes on now.
    pub fn restart_clock(&mut self, now: Instant) {
        if let Some(bot) = self.first().map(|bot| bot.say).and_then(|say| self.get_mut(say)) {
            bot.since = now;
        }
    }

    fn get(&self, say: SayId) -> Option<&BotEntry> {
        self.entries.iter().rev().find_map(|entry| match entry {
            Entry::Bot(bot) if bot.say == say => Some(bot),
            _ => None,
        })
    }

    fn get_mut(&mut self, say: SayId) -> Option<&mut BotEntry> {
        // Recent clauses are asked for, so look from the end.
        self.entries.iter_mut().rev().find_map(|entry| match entry {
            Entry::Bot(bot) if bot.say == say => Some(bot),
            _ => None,
        })
    }

    /// Whether nothing more will be heard of a clause.
    pub fn is_settled(&self, say: SayId) -> bool {
        self.get(say).is_some_and(|bot| bot.clause.is_settled())
    }

    /// Whether a clause ended before the caller had heard all of it.
    pub fn is_cut(&self, say: SayId) -> bool {
        self.get(say).is_some_and(|bot| bot.clause.is_cut())
    }

    /// How much of the bot's last question the caller has heard, 0 to 1: the most where it was said several times. What cannot be
    /// interrupted is no question.
    pub fn question_heard(&self) -> f32 {
        let last = self.entries.iter().rev().skip_while(|entry| entry.bot().is_none()).map_while(Entry::bot);
        let asked: Vec<&BotEntry> = last.filter(|bot| bot.interruptible && !bot.is_backchannel).collect();
        let share = |clauses: &[&BotEntry]| {
            let heard: u32 = clauses.iter().map(|bot| bot.clause.chars_heard()).sum();
            let all: u32 = clauses.iter().map(|bot| bot.clause.chars()).sum();
            heard as f32 / all.max(1) as f32
        };
        asked.chunk_by(|a, b| a.thought == b.thought).map(share).reduce(f32::max).unwrap_or(1.0)
    }

    /// The caller has heard `chars` characters of a clause; `whole`: nothing more of it will be heard.
    pub fn heard(&mut self, now: Instant, say: SayId, chars: u32, whole: bool) {
        if let Some(bot) = self.get_mut(say) {
            bot.clause.hear(chars);
            bot.since = now;
            if whole {
                self.settle(now, say);
            }
        }
    }

    fn settle(&mut self, now: Instant, say: SayId) {
        if let Some(bot) = self.get_mut(say) {
            bot.clause.settle();
        }
        self.advance(now);
    }

    /// The clause after a settled one plays now: its clock starts.
    fn advance(&mut self, now: Instant) {
        let over = |entry: &Entry| !matches!(entry, Entry::Bot(bot) if !bot.clause.is_settled());
        while self.entries.get(self.open).is_some_and(over) {
            self.open += 1;
        }
        if let Some(Entry::Bot(bot)) = self.entries.get_mut(self.open) {
            bot.since = now;
        }
    }

    /// Everything that was said so far and not heard will never be.
    pub fn hush(&mut self) {
        for entry in &mut self.entries[self.open..] {
            if let Entry::Bot(bot) = entry {
                bot.clause.settle();
            }
        }
        self.open = self.entries.len();
    }

    /// What both sides take for said: of the bot's clauses what was heard, and all of those that may still be.
    pub fn known(&self) -> Vec<Known> {
        let known = |entry: &Entry| match entry {
            Entry::Caller(text) => Known { by_caller: true, text: text.clone(), is_cut: false },
            Entry::Bot(BotEntry { clause, .. }) if clause.is_cut() => {
                Known { by_caller: false, text: clause.heard().to_owned(), is_cut: true }
            }
            Entry::Bot(BotEntry { clause, .. }) => {
                Known { by_caller: false, text: clause.written().to_owned(), is_cut: false }
            }
        };
        let is_said = |entry: &&Entry| entry.bot().is_none_or(|bot| !bot.is_backchannel);
        self.entries.iter().filter(is_said).map(known).collect()
    }

    /// How many lines there are.
    pub fn length(&self) -> usize {
        self.entries.len()
    }

    /// The conversation as the caller knows it. A cut line ends with the last whole word that was heard.
    pub fn lines(&self) -> Vec<Line> {
        let line = |entry: &Entry| match entry {
            Entry::Caller(text) => Line::Caller { text: text.clone() },
            Entry::Bot(BotEntry { clause, .. }) => {
                let (text, heard) = (clause.written().to_owned(), clause.heard().to_owned());
                Line::Bot { cut: heard.len() < text.len(), heard, text }
            }
        };
        self.entries.iter().map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hush_closes_what_was_not_heard() {
        let now = Instant::now();
        let mut history = History::default();
        let first = history.say(now, Clause::new("good morning".into(), None), true);
        history.say(now, Clause::new("how are you".into(), None), true);
        history.heard(now, first, 5, false);
        history.hush();
        assert_eq!(history.speaking(), None);
        assert_eq!(history.lines()[0], Line::Bot { text: "good morning".into(), heard: "good".into(), cut: true });
        assert_eq!(history.floor(), SayId(3));
        // The playout reports after the hush how much of the clause that played was heard.
        history.heard(now, first, 12, true);
        assert!(history.is_settled(first) && !history.is_cut(first) && history.is_cut(SayId(2)));
    }

    #[test]
    fn of_a_question_counts_the_reading_that_was_heard_best() {
        let now = Instant::now();
        let mut history = History::default();
        let mut say = |interruptible| {
            history.new_thought();
            let first = history.say(now, Clause::new("book a room?".into(), None), interruptible);
            (history.question_heard(), first)
        };
        let (unheard, whole) = say(true);
        let (_, again) = say(true);
        let (_, moment) = say(false);
        assert_eq!(unheard, 0.0);
        history.heard(now, whole, 12, true);
        history.heard(now, again, 3, true);
        assert_eq!(history.question_heard(), 1.0, "it was heard whole, and cut when it was said again");
        history.caller("hm");
        assert_eq!(history.question_heard(), 1.0, "nothing was said since");
        history.new_thought();
        let next = history.say(now, Clause::new("is it right?".into(), None), true);
        history.heard(now, moment, 12, true);
        history.heard(now, next, 6, false);
        assert_eq!(history.question_heard(), 0.5);
    }
}
