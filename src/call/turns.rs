//! `BotTurns`, `CallerTurn`: the turns under way: when they began and ended, their text, and what was heard of it.
use dialog::conversation::SayId;
use dialog::history::whole_words;
use media::tts::UtteranceId;
use std::time::Instant;

/// Utterance numbers per clause. The clause itself has the last of them; standby clips played before or inside it have the others, in
/// order. The playout plays a number once, so each clip has its own.
const NUMBERS: u64 = 8;

pub const fn utterance(say: SayId) -> UtteranceId {
    UtteranceId(say.0 * NUMBERS)
}

/// The utterance of standby clip number `n` (from 0) before a clause. Clips beyond the last number share it, and are not played.
pub fn before(clause: UtteranceId, n: u64) -> UtteranceId {
    UtteranceId((clause.0 + 1 + n.min(NUMBERS - 2)).saturating_sub(NUMBERS))
}

/// The clause of an utterance; `None` for a standby clip.
pub const fn clause(utterance: UtteranceId) -> Option<SayId> {
    if utterance.0.is_multiple_of(NUMBERS) { Some(SayId(utterance.0 / NUMBERS)) } else { None }
}

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

    pub fn stopped_at(&self) -> Option<Instant> {
        self.to
    }

    pub fn began_at(&self) -> Option<Instant> {
        self.from
    }

    pub fn is_speaking(&self) -> bool {
        self.from.is_some() && self.to.is_none()
    }

    /// The sound was no turn: a cough, a backchannel, or nothing that was asked for.
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

    /// No further clause will be added.
    pub fn complete(&mut self) {
        self.complete = true;
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

    /// Clauses below `floor` that are not playing yet will never be heard; the playout reports how much was heard of the one that is
    /// playing.
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

    /// The playout is gone: what was playing counts as heard as far as it was last reported.
    pub fn abandon(&mut self, now: Instant) {
        if let Some((utterance, heard)) = self.sounding {
            self.settled(utterance, heard, now);
        }
        self.hushed(UtteranceId(u64::MAX), now);
    }

    /// The first clause of which nothing has been heard yet.
    pub fn waiting(&self) -> Option<UtteranceId> {
        let sounding = self.sounding.map(|(utterance, _)| utterance);
        self.clauses.iter().find(|c| c.heard.is_none() && Some(c.utterance) != sounding).map(|c| c.utterance)
    }

    /// Whether a clause of it sounds now (or would, were it not held).
    pub fn sounds(&self) -> bool {
        self.sounding.is_some()
    }

    pub fn is_over(&self) -> bool {
        self.complete && self.clauses.iter().all(|c| c.heard.is_some())
    }

    pub fn interrupted(&self) -> bool {
        self.interrupted
    }

    /// When it began and ended. A turn of which nothing sounded is the moment before the caller's turn that took its place.
    pub fn span(&self, now: Instant, caller: Option<Instant>) -> (Instant, Instant) {
        let to = self.ended.unwrap_or(now);
        let unheard = caller.unwrap_or(to).min(to);
        self.began.map_or((unheard, unheard), |from| (from.min(to), to))
    }

    pub fn text(&self) -> String {
        join(self.clauses.iter().map(|c| c.text.as_str()))
    }

    /// What was heard of it, to the word.
    pub fn heard(&self) -> String {
        join(self.clauses.iter().map(|c| whole_words(&c.text, c.heard.unwrap_or(0) as usize)))
    }
}

/// The bot's turns that are not recorded yet. There are two while one was cut off and the next has begun, until the playout reports
/// how much of the first was heard.
#[derive(Debug, Default)]
pub struct BotTurns(Vec<BotTurn>);

impl BotTurns {
    /// A clause of the turn under way, or the first of a new one.
    pub fn said(&mut self, utterance: UtteranceId, text: String, last: bool) {
        if self.0.last().is_none_or(|turn| turn.interrupted) {
            self.0.push(BotTurn::default());
        }
        if let Some(turn) = self.0.last_mut() {
            turn.said(utterance, text, last);
        }
    }

    /// The turn that a clause belongs to.
    pub fn of(&mut self, utterance: UtteranceId) -> Option<&mut BotTurn> {
        self.0.iter_mut().find(|turn| turn.clauses.iter().any(|clause| clause.utterance == utterance))
    }

    pub fn hushed(&mut self, floor: UtteranceId, now: Instant) {
        self.0.iter_mut().for_each(|turn| turn.hushed(floor, now));
    }

    pub fn abandon(&mut self, now: Instant) {
        self.0.iter_mut().for_each(|turn| turn.abandon(now));
    }

    pub fn complete(&mut self) {
        self.0.iter_mut().for_each(BotTurn::complete);
    }

    pub fn waiting(&self) -> Option<UtteranceId> {
        self.0.last().and_then(BotTurn::waiting)
    }

    /// Whether a clause sounds now (or would, were it not held).
    pub fn sounds(&self) -> bool {
        self.0.iter().any(BotTurn::sounds)
    }

    /// The clause that sounds now (or would, were it not held).
    pub fn sounding(&self) -> Option<UtteranceId> {
        self.0.iter().find_map(|turn| turn.sounding.map(|(utterance, _)| utterance))
    }

    /// How many turns the caller has begun to hear before the one that this clause belongs to.
    pub fn before(&self, utterance: UtteranceId) -> u32 {
        let own = |turn: &&BotTurn| !turn.clauses.iter().any(|clause| clause.utterance == utterance);
        self.0.iter().take_while(own).filter(|turn| turn.began.is_some()).count() as u32
    }

    /// How many of them the caller has begun to hear.
    pub fn begun(&self) -> u32 {
        self.0.iter().filter(|turn| turn.began.is_some()).count() as u32
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether something is still to be heard.
    pub fn more(&self) -> bool {
        self.0.iter().any(|turn| !turn.is_over())
    }

    /// Removes and returns the turns of which every clause has been heard or cut off.
    pub fn drain_finished(&mut self) -> Vec<BotTurn> {
        self.0.extract_if(.., |turn| turn.is_over()).collect()
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
        assert_eq!(turn.span(t, None), (t, t + Duration::from_secs(2)));
    }

    #[test]
    fn an_answer_to_a_key_is_a_turn_of_its_own_though_the_hushed_one_is_not_settled_yet() {
        let (t, mut turns) = (Instant::now(), BotTurns::default());
        turns.said(UtteranceId(1), "Welcome.".into(), true);
        turns.of(UtteranceId(1)).unwrap().began(UtteranceId(1), t);
        turns.hushed(UtteranceId(2), t);
        turns.said(UtteranceId(2), "For which day?".into(), true);
        assert_eq!((turns.drain_finished().len(), turns.begun()), (0, 1));
        turns.of(UtteranceId(1)).unwrap().settled(UtteranceId(1), 4, t);
        let over = turns.drain_finished();
        assert_eq!((over.len(), over[0].heard().as_str(), over[0].interrupted()), (1, "", true));
        turns.of(UtteranceId(2)).unwrap().began(UtteranceId(2), t);
        turns.of(UtteranceId(2)).unwrap().settled(UtteranceId(2), 14, t);
        let over = turns.drain_finished();
        assert_eq!((over[0].text().as_str(), over[0].interrupted()), ("For which day?", false));
        assert!(turns.is_empty() && !turns.more());
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
