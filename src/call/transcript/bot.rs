//! `BotTurn`: what the bot says in one turn, clause by clause, and how much of each was heard.
use super::CutBy;
use dialog::clause::Clause;
use dialog::conversation::SayId;
use std::time::Instant;

/// One clause of a turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BotClause {
    pub say: SayId,
    pub clause: Clause,
    /// Whether the observers of the transcript know of it.
    pub(super) announced: bool,
}

#[derive(Debug, Default)]
pub struct BotTurn {
    /// Its place among the turns of the call, from its first sound on.
    pub number: Option<u32>,
    pub clauses: Vec<BotClause>,
    pub cut: Option<CutBy>,
    began: Option<Instant>,
    ended: Option<Instant>,
    /// No further clause belongs to it.
    complete: bool,
    /// The clause that sounds now.
    sounding: Option<SayId>,
}

impl BotTurn {
    pub fn says(&mut self, say: SayId, clause: Clause, announced: bool) {
        self.clauses.push(BotClause { say, clause, announced });
        self.complete = false;
    }

    /// No further clause will be added.
    pub fn complete(&mut self) {
        self.complete = true;
    }

    pub fn has(&self, say: SayId) -> bool {
        self.clauses.iter().any(|clause| clause.say == say)
    }

    pub fn get_mut(&mut self, say: SayId) -> Option<&mut BotClause> {
        self.clauses.iter_mut().find(|clause| clause.say == say)
    }

    pub fn sounds(&mut self, say: SayId, at: Instant) {
        self.began.get_or_insert(at);
        self.sounding = Some(say);
    }

    /// Nothing more is heard of a clause of which so many characters were.
    pub fn settle(&mut self, say: SayId, chars: u32, at: Instant) {
        if let Some(BotClause { clause, .. }) = self.get_mut(say) {
            clause.hear(chars);
            clause.settle();
            self.ended = Some(at);
        }
        self.sounding.take_if(|sounding| *sounding == say);
    }

    /// Clauses below `floor` that do not sound yet will never be heard; the playout reports how much was heard of the one that sounds.
    pub fn hush(&mut self, floor: SayId, by: CutBy, now: Instant) {
        let sounding = self.sounding;
        let silent = self.clauses.iter_mut().filter(|clause| clause.say < floor && Some(clause.say) != sounding);
        silent.for_each(|silent| silent.clause.settle());
        self.complete = true;
        self.cut.get_or_insert(by);
        self.ended.get_or_insert(now);
    }

    /// The playout reports nothing more: what sounds counts as heard as far as it was reported.
    pub fn abandon(&mut self, now: Instant) {
        if let Some(say) = self.sounding {
            self.settle(say, 0, now);
        }
    }

    /// The clause that sounds now (or would, were it not held).
    pub fn sounding(&self) -> Option<SayId> {
        self.sounding
    }

    /// The first clause of which nothing has been heard yet.
    pub fn waiting(&self) -> Option<SayId> {
        let waits = |clause: &&BotClause| !clause.clause.is_settled() && Some(clause.say) != self.sounding;
        self.clauses.iter().find(waits).map(|clause| clause.say)
    }

    pub fn is_over(&self) -> bool {
        self.complete && self.clauses.iter().all(|clause| clause.clause.is_settled())
    }

    /// It is cut off, and the playout has not reported yet how much of it was heard.
    pub fn is_being_cut(&self) -> bool {
        self.cut.is_some() && !self.is_over()
    }

    /// When it began and ended. A turn of which nothing sounded is the moment before the caller's turn that took its place.
    pub fn span(&self, now: Instant, caller: Option<Instant>) -> (Instant, Instant) {
        let to = self.ended.unwrap_or(now);
        let unheard = caller.unwrap_or(to).min(to);
        self.began.map_or((unheard, unheard), |from| (from.min(to), to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use media::hears::Talker;
    use std::time::Duration;

    fn turn(texts: &[&str]) -> BotTurn {
        let mut turn = BotTurn::default();
        for (n, text) in (1..).zip(texts) {
            turn.says(SayId(n), Clause::new((*text).into(), None), true);
        }
        turn
    }

    fn heard(turn: &BotTurn) -> Vec<&str> {
        turn.clauses.iter().map(|clause| clause.clause.heard()).collect()
    }

    #[test]
    fn a_turn_holds_what_was_heard_of_each_clause() {
        let (t, mut turn) = (Instant::now(), turn(&["Welcome.", "What can I do for you?"]));
        let by = CutBy::Talker(Talker::Caller);
        turn.sounds(SayId(1), t);
        turn.settle(SayId(1), 8, t + Duration::from_secs(1));
        turn.sounds(SayId(2), t + Duration::from_secs(1));
        turn.hush(SayId(3), by, t + Duration::from_secs(2));
        assert!(turn.is_being_cut(), "the clause that sounds is settled by the playout");
        turn.settle(SayId(2), 10, t + Duration::from_secs(2));
        assert!(turn.is_over() && turn.cut == Some(by));
        assert_eq!(heard(&turn), ["Welcome.", "What can I"]);
        assert_eq!(turn.span(t, None), (t, t + Duration::from_secs(2)));
    }

    #[test]
    fn clauses_that_never_sounded_were_not_heard() {
        let (t, mut turn) = (Instant::now(), turn(&["One."]));
        turn.hush(SayId(2), CutBy::CallEnd, t + Duration::from_secs(1));
        assert!(turn.is_over());
        assert_eq!(heard(&turn), [""]);
        assert_eq!(turn.span(t + Duration::from_secs(3), Some(t)), (t, t));
    }
}
