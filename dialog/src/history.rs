//! `History`: who said what, and how much of it was heard.
use std::time::{Duration, Instant};

/// One line of a conversation.
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

/// The number of one clause the bot says; numbers rise through a conversation and are never used twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SayId(pub u64);

struct Clause {
    say: SayId,
    text: String,
    heard: usize,
    done: bool,
    interruptible: bool,
    /// When its sound was last reported, or it became the clause that plays.
    since: Instant,
}

enum Entry {
    Bot(Clause),
    Caller(String),
}

#[derive(Default)]
pub struct History {
    entries: Vec<Entry>,
    next: u64,
    /// Everything before this entry is done.
    open: usize,
}

impl History {
    /// Notes a clause that leaves for the caller.
    pub fn say(&mut self, now: Instant, text: &str, interruptible: bool) -> SayId {
        self.next += 1;
        let say = SayId(self.next);
        self.entries.push(Entry::Bot(Clause {
            say,
            text: text.to_string(),
            heard: 0,
            done: false,
            interruptible,
            since: now,
        }));
        say
    }

    pub fn caller(&mut self, text: &str) {
        self.entries.push(Entry::Caller(text.to_string()));
    }

    /// The number below which a hush cuts everything said so far.
    pub fn floor(&self) -> SayId {
        SayId(self.next + 1)
    }

    fn open_clauses(&self) -> impl Iterator<Item = &Clause> {
        self.entries[self.open..].iter().filter_map(|e| match e {
            Entry::Bot(clause) if !clause.done => Some(clause),
            _ => None,
        })
    }

    /// The clause that plays now or next: whether it may be interrupted.
    pub fn speaking(&self) -> Option<bool> {
        self.open_clauses().next().map(|c| c.interruptible)
    }

    /// When the clause that plays would be overdue, had its sound been lost.
    pub fn overdue(&self) -> Option<Instant> {
        let first = self.open_clauses().next()?;
        let left = first.text.chars().count().saturating_sub(first.heard) as u32;
        Some(first.since + Duration::from_secs(6) + Duration::from_millis(150) * left)
    }

    /// Gives up on the clause that plays.
    pub fn skip(&mut self, now: Instant) {
        let first = self.open_clauses().next().map(|c| c.say);
        if let Some(say) = first {
            self.finish(now, say);
        }
    }

    /// Counts anew when the clause that plays is overdue: its sound was stopped on purpose, and goes on now.
    pub fn restart_clock(&mut self, now: Instant) {
        let first = self.open_clauses().next().map(|c| c.say);
        if let Some(clause) = first.and_then(|say| self.clause(say)) {
            clause.since = now;
        }
    }

    fn clause(&mut self, say: SayId) -> Option<&mut Clause> {
        // Recent clauses are asked for, so look from the end.
        self.entries.iter_mut().rev().find_map(|e| match e {
            Entry::Bot(clause) if clause.say == say => Some(clause),
            _ => None,
        })
    }

    /// Whether nothing more will be heard of a clause.
    pub fn is_done(&self, say: SayId) -> bool {
        self.entries.iter().any(|e| matches!(e, Entry::Bot(c) if c.say == say && c.done))
    }

    /// Whether a clause ended before the caller had heard all of it.
    pub fn cut(&self, say: SayId) -> bool {
        self.entries.iter().any(|e| match e {
            Entry::Bot(c) if c.say == say => c.done && c.heard < c.text.chars().count(),
            _ => false,
        })
    }

    /// The caller has heard `chars` characters of a clause.
    pub fn heard(&mut self, now: Instant, say: SayId, chars: u32, whole: bool) {
        if let Some(clause) = self.clause(say) {
            let all = clause.text.chars().count();
            clause.heard = clause.heard.max((chars as usize).min(all));
            clause.since = now;
            if whole {
                self.finish(now, say);
            }
        }
    }

    fn finish(&mut self, now: Instant, say: SayId) {
        if let Some(clause) = self.clause(say) {
            clause.done = true;
        }
        self.advance(now);
    }

    /// The clause after a finished one plays now: its clock starts.
    fn advance(&mut self, now: Instant) {
        while self.entries.get(self.open).is_some_and(|e| !matches!(e, Entry::Bot(c) if !c.done)) {
            self.open += 1;
        }
        if let Some(Entry::Bot(clause)) = self.entries.get_mut(self.open) {
            clause.since = now;
        }
    }

    /// Everything that was said so far and not heard will never be.
    pub fn hush(&mut self) {
        for entry in &mut self.entries[self.open..] {
            if let Entry::Bot(clause) = entry {
                clause.done = true;
            }
        }
        self.open = self.entries.len();
    }

    /// The conversation as the caller knows it. A cut line ends with the last whole word that was heard.
    pub fn lines(&self) -> Vec<Line> {
        let line = |entry: &Entry| match entry {
            Entry::Caller(text) => Line::Caller { text: text.clone() },
            Entry::Bot(c) => {
                let heard = whole_words(&c.text, c.heard);
                Line::Bot { cut: heard.len() < c.text.len(), heard: heard.to_string(), text: c.text.clone() }
            }
        };
        self.entries.iter().map(line).collect()
    }
}

/// The first `chars` characters of a text, back to the last whole word.
pub fn whole_words(text: &str, chars: usize) -> &str {
    let Some((end, _)) = text.char_indices().nth(chars) else { return text };
    let boundary = text[end..].starts_with(char::is_whitespace) || end == 0;
    let upto = if boundary { end } else { text[..end].rfind(char::is_whitespace).unwrap_or(0) };
    text[..upto].trim_end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_line_ends_with_the_last_whole_word() {
        assert_eq!(whole_words("one two three", 9), "one two");
        assert_eq!(whole_words("one two three", 7), "one two");
        assert_eq!(whole_words("một hai ba", 99), "một hai ba");
        assert_eq!(whole_words("dạ vâng ạ", 4), "dạ");
        assert_eq!(whole_words("one", 0), "");
    }

    #[test]
    fn a_hush_closes_what_was_not_heard() {
        let now = Instant::now();
        let mut history = History::default();
        let first = history.say(now, "good morning", true);
        history.say(now, "how are you", true);
        history.heard(now, first, 5, false);
        history.hush();
        assert_eq!(history.speaking(), None);
        assert_eq!(history.lines()[0], Line::Bot { text: "good morning".into(), heard: "good".into(), cut: true });
        assert_eq!(history.floor(), SayId(3));
    }
}
