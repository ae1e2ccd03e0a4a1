//! What each side said in its turn: when it began and ended, what was meant, and what was heard of it.
use media::tts::UtteranceId;
use std::time::Instant;

/// The caller's turn under way: from the first sound to the last.
#[derive(Debug, Default)]
pub struct CallerTurn {
    from: Option<Instant>,
    to: Option<Instant>,
}

impl CallerTurn {
    pub fn started(&mut self, at: Instant) {
        self.from.get_or_insert(at);
        self.to = None;
    }

    pub fn stopped(&mut self, at: Instant) {
        self.to = Some(at);
    }

    /// It was no turn: a cough, a back-channel.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// The turn is taken: when it began and ended.
    pub fn take(&mut self, now: Instant) -> (Instant, Instant) {
        let to = self.to.take().unwrap_or(now);
        (self.from.take().unwrap_or(to), to)
    }
}

/// One clause of the bot's turn.
#[derive(Debug)]
struct Clause {
    utterance: UtteranceId,
    text: String,
    /// Characters heard, once nothing more will be heard of it.
    heard: Option<u32>,
}

/// The bot's turn under way: its clauses, and what was heard of each.
#[derive(Debug, Default)]
pub struct BotTurn {
    clauses: Vec<Clause>,
    began: Option<Instant>,
    ended: Option<Instant>,
    /// No further clause belongs to it.
    complete: bool,
    interrupted: bool,
    /// The clause that sounds now, and how many of its characters have sounded.
    sounding: Option<(UtteranceId, u32)>,
}

impl BotTurn {
    pub fn said(&mut self, utterance: UtteranceId, text: String, last: bool) {
        self.clauses.push(Clause { utterance, text, heard: None });
        self.complete = last;
    }

    pub fn began(&mut self, utterance: UtteranceId, at: Instant) {
        self.began.get_or_insert(at);
        self.sounding = Some((utterance, 0));
    }

    /// Nothing more is heard of a clause.
    pub fn settled(&mut self, utterance: UtteranceId, chars: u32, at: Instant) {
        if let Some(clause) = self.clauses.iter_mut().find(|c| c.utterance == utterance) {
            clause.heard = Some(clause.heard.unwrap_or(0).max(chars));
            self.ended = Some(at);
        }
        self.sounding.take_if(|(sounding, _)| *sounding == utterance);
    }

    /// Everything below `floor` that does not sound yet is never heard; what sounds now is settled by the playout.
    pub fn hushed(&mut self, floor: UtteranceId, now: Instant) {
        let sounding = self.sounding.map(|(utterance, _)| utterance);
        for clause in self.clauses.iter_mut().filter(|c| c.utterance < floor && Some(c.utterance) != sounding) {
            clause.heard.get_or_insert(0);
        }
        self.complete = true;
        self.interrupted = true;
        self.ended.get_or_insert(now);
    }

    /// Characters of the clause that sounds now.
    pub fn progress(&mut self, utterance: UtteranceId, chars: u32) {
        if let Some((sounding, heard)) = &mut self.sounding
            && *sounding == utterance
        {
            *heard = chars.max(*heard);
        }
    }

    /// The playout is gone: what sounded is taken as it was last reported.
    pub fn abandon(&mut self, now: Instant) {
        if let Some((utterance, heard)) = self.sounding {
            self.settled(utterance, heard, now);
        }
        self.hushed(UtteranceId(u64::MAX), now);
    }

    pub fn is_over(&self) -> bool {
        self.complete && self.clauses.iter().all(|c| c.heard.is_some())
    }

    pub fn interrupted(&self) -> bool {
        self.interrupted
    }

    /// When it began and ended; a turn of which nothing sounded is a moment.
    pub fn span(&self, now: Instant) -> (Instant, Instant) {
        let to = self.ended.unwrap_or(now);
        (self.began.unwrap_or(to).min(to), to)
    }

    pub fn text(&self) -> String {
        join(self.clauses.iter().map(|c| c.text.as_str()))
    }

    pub fn heard(&self) -> String {
        let heard: Vec<String> =
            self.clauses.iter().map(|c| c.text.chars().take(c.heard.unwrap_or(0) as usize).collect()).collect();
        join(heard.iter().map(|text| text.trim_end()))
    }
}

fn join<'a>(parts: impl Iterator<Item = &'a str>) -> String {
    parts.filter(|p| !p.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_turn_holds_what_was_heard_of_each_clause() {
        let (t, mut turn) = (Instant::now(), BotTurn::default());
        turn.said(UtteranceId(1), "Welcome.".into(), false);
        turn.said(UtteranceId(2), "What can I do for you?".into(), true);
        turn.began(UtteranceId(1), t);
        turn.settled(UtteranceId(1), 8, t + Duration::from_secs(1));
        turn.began(UtteranceId(2), t + Duration::from_secs(1));
        turn.hushed(UtteranceId(3), t + Duration::from_secs(2));
        assert!(!turn.is_over(), "the clause that sounds is settled by the playout");
        turn.settled(UtteranceId(2), 10, t + Duration::from_secs(2));
        assert!(turn.is_over() && turn.interrupted());
        assert_eq!(
            (turn.text().as_str(), turn.heard().as_str()),
            ("Welcome. What can I do for you?", "Welcome. What can I")
        );
        assert_eq!(turn.span(t), (t, t + Duration::from_secs(2)));
    }

    #[test]
    fn clauses_that_never_sounded_were_not_heard() {
        let (t, mut turn) = (Instant::now(), BotTurn::default());
        turn.said(UtteranceId(1), "One.".into(), false);
        turn.hushed(UtteranceId(2), t);
        assert!(turn.is_over());
        assert_eq!(turn.heard(), "");
    }
}
