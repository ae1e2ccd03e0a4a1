//! `Transcript`: who said what in a call, in which turn, how much of it was heard, and who cut it off. The call's record and its page
//! read it. A core: it is told the time; while a call goes on it gives [`Change`]s, and each turn that is complete as an [`Entry`].
use crate::store::LiveChange;
use bot::{BotClause, BotTurn};
use caller::CallerTurn;
use dialog::clause::Clause;
use dialog::conversation::{AnsweredBy, HushedBy, MASK, SayId};
use media::hears::Talker;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

pub mod bot;
mod caller;

/// So many entries are kept; beyond it the oldest is dropped.
const CAPACITY: usize = 5_000;

/// Stands for what somebody said and no recogniser knew.
pub const NOT_RECOGNISED: &str = "[not recognised]";

/// A turn that is complete: nothing of it changes any more.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its place among the turns of the call, by when they began, from 0.
    pub number: u32,
    pub talker: Talker,
    pub words: Words,
    /// Who cut it off.
    pub cut: Option<CutBy>,
    pub began: Instant,
    pub ended: Instant,
}

#[derive(Clone, Debug)]
pub enum Words {
    /// Of a bot: its clauses, each with what was heard of it.
    Said(Vec<BotClause>),
    /// Of a person.
    Given(GivenAnswer),
}

/// What a person has answered. The text of a secret is masked.
#[derive(Clone)]
pub struct GivenAnswer {
    pub text: String,
    pub confidence: f32,
    pub by: AnsweredBy,
    pub secret: bool,
}

/// Without the text, which is a caller's words.
impl std::fmt::Debug for GivenAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { confidence, by, secret, .. } = self;
        write!(f, "GivenAnswer {{ confidence: {confidence:.2}, by: {by:?}, secret: {secret} }}")
    }
}

/// Who or what stopped a turn before it was heard to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CutBy {
    Talker(Talker),
    CallEnd,
}

impl From<HushedBy> for CutBy {
    fn from(by: HushedBy) -> Self {
        Self::Talker(match by {
            HushedBy::Caller => Talker::Caller,
            HushedBy::Bot => Talker::Bot,
            HushedBy::Person => Talker::Supervisor,
        })
    }
}

impl Entry {
    /// All of it, as people read it.
    pub fn text(&self) -> String {
        self.join(Clause::written)
    }

    /// The part of it that the others heard, to the last whole word.
    pub fn heard(&self) -> String {
        self.join(Clause::heard)
    }

    fn join(&self, part: fn(&Clause) -> &str) -> String {
        match &self.words {
            Words::Given(given) => given.text.clone(),
            Words::Said(clauses) => {
                let parts = clauses.iter().map(|clause| part(&clause.clause)).filter(|part| !part.is_empty());
                parts.collect::<Vec<_>>().join(" ")
            }
        }
    }
}

/// What is new for an observer of the call. Texts and characters are those of what people read.
#[derive(Clone, PartialEq, Eq)]
pub enum Change {
    /// The bot is going to say a clause.
    Clause { say: SayId, turn: u32, text: String },
    /// So much of a clause has been heard; `done`: nothing more of it will be.
    Heard { say: SayId, chars: u32, done: bool },
    /// The bot was cut off: so much of this clause was heard, and nothing of those after it.
    Interrupted { say: SayId, chars: u32 },
    /// What the caller has said so far; a secret is masked.
    Partial { turn: u32, text: String, secret: bool },
    /// What the caller has said so far does not become this turn.
    Withdrawn { turn: u32 },
    /// The caller's turn is complete.
    Taken { turn: u32, text: String, by: AnsweredBy, secret: bool },
}

impl From<Change> for LiveChange {
    fn from(change: Change) -> Self {
        match change {
            Change::Clause { say, turn, text } => Self::Clause { say: say.0, turn, text: text.into() },
            Change::Heard { say, chars, done } => Self::Heard { say: say.0, chars, done },
            Change::Interrupted { say, chars } => Self::Interrupted { say: say.0, chars },
            Change::Partial { turn, text, secret } => Self::Partial { turn, text: text.into(), secret },
            Change::Withdrawn { turn } => Self::Withdrawn { turn },
            Change::Taken { turn, text, by, secret } => Self::Taken { turn, text: text.into(), by: by.into(), secret },
        }
    }
}

#[derive(Default)]
pub struct Transcript {
    entries: VecDeque<Entry>,
    /// Turns that have a number: the bot's from their first sound on, the caller's when they are complete.
    numbered: u32,
    /// When the newest of them began.
    newest: Option<Instant>,
    /// The bot's turns under way. There are two while one is being cut off and the next has begun, until the playout reports how much
    /// of the first was heard.
    bot: Vec<BotTurn>,
    caller: CallerTurn,
    /// The caller's words so far: in which turn, and as they were shown.
    partial: Option<(u32, String)>,
    /// A secret is asked for.
    secret: bool,
    changes: VecDeque<Change>,
}

impl Transcript {
    /// The turns that are complete, in the order in which they became so. The last 5,000 are kept.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    pub fn poll(&mut self) -> Option<Change> {
        self.changes.pop_front()
    }

    /// For an observer who comes late: the clauses that are still to be heard, or to be heard to their end.
    pub fn unheard(&self) -> Vec<Change> {
        let turns = self.bot.iter().map(|turn| (turn.number.unwrap_or(self.numbered), &turn.clauses));
        let clauses = turns.flat_map(|(number, clauses)| clauses.iter().map(move |clause| (number, clause)));
        let unheard = clauses.filter(|(_, clause)| clause.announced && !clause.clause.is_settled());
        unheard.flat_map(|(number, clause)| [announcement(number, clause), heard(clause, false)]).collect()
    }

    /// The bot is going to say this: a clause of the turn under way, or the first of a new one.
    pub fn says(&mut self, say: SayId, clause: Clause) {
        // Observers drop every clause that follows the interrupted one, so this one is announced after the interruption.
        let announced = !self.bot.iter().any(BotTurn::is_being_cut);
        if self.bot.last().is_none_or(|turn| turn.cut.is_some()) {
            self.bot.push(BotTurn::default());
        }
        let Some(turn) = self.bot.last_mut() else { return };
        turn.says(say, clause, announced);
        if announced && let Some(clause) = turn.clauses.last() {
            self.changes.push_back(announcement(turn.number.unwrap_or(self.numbered), clause));
        }
    }

    /// The bot's turn has all its clauses.
    pub fn complete_bot(&mut self) {
        self.bot.iter_mut().for_each(BotTurn::complete);
    }

    /// The first sound of a clause was played.
    pub fn sounds(&mut self, say: SayId, at: Instant) {
        let Some(place) = self.bot.iter().position(|turn| turn.has(say)) else { return };
        // The playout goes on with the next turn and has not reported the end of the one that was cut off.
        for before in 0..place {
            if let Some(lost) = self.bot[before].sounding().filter(|_| self.bot[before].is_being_cut()) {
                self.finish(lost, 0, End::Cut, at);
            }
        }
        let turn = &mut self.bot[place];
        if turn.number.is_none() {
            turn.number = Some(self.numbered);
            self.numbered += 1;
            self.newest = Some(at);
        }
        turn.sounds(say, at);
    }

    /// So many characters of what the voice says have been heard.
    pub fn progress(&mut self, say: SayId, chars: u32) {
        let Some(turn) = self.turn_of(say) else { return };
        let cut = turn.cut.is_some();
        let Some(clause) = turn.get_mut(say).filter(|clause| !clause.clause.is_settled()) else { return };
        let before = clause.clause.chars_heard();
        clause.clause.hear(chars);
        if clause.announced && !cut && clause.clause.chars_heard() > before {
            let change = heard(clause, false);
            self.changes.push_back(change);
        }
    }

    /// Nothing more is heard of a clause: it was played as far as there was sound of it, or no voice could say it.
    pub fn played(&mut self, say: SayId, chars: u32, at: Instant) {
        self.finish(say, chars, End::Played, at);
    }

    /// The playout stopped in the midst of a clause.
    pub fn cut(&mut self, say: SayId, chars: u32, at: Instant) {
        self.finish(say, chars, End::Cut, at);
    }

    /// No clause below `floor` is heard any more; the playout reports how much was heard of the one that sounds.
    pub fn hushed(&mut self, floor: SayId, by: CutBy, now: Instant) {
        let below = |clause: &&BotClause| clause.say < floor;
        let unheard = |clause: &&BotClause| clause.announced && !clause.clause.is_settled();
        let first = self.bot.iter().flat_map(|turn| &turn.clauses).filter(below).find(unheard).map(interruption);
        self.bot.iter_mut().for_each(|turn| turn.hush(floor, by, now));
        if !self.bot.iter().any(BotTurn::is_being_cut) {
            self.changes.extend(first);
            self.announce();
        }
    }

    /// The call is over, and the playout reports nothing more.
    pub fn abandon(&mut self, now: Instant) {
        for turn in &mut self.bot {
            turn.abandon(now);
            turn.hush(SayId(u64::MAX), CutBy::CallEnd, now);
        }
    }

    fn turn_of(&mut self, say: SayId) -> Option<&mut BotTurn> {
        self.bot.iter_mut().find(|turn| turn.has(say))
    }

    fn finish(&mut self, say: SayId, chars: u32, end: End, at: Instant) {
        let Some(turn) = self.turn_of(say) else { return };
        let interrupted = turn.cut.is_some() || end == End::Cut;
        let settled = turn.get_mut(say).is_none_or(|clause| clause.clause.is_settled());
        turn.settle(say, chars, at);
        let Some(clause) = turn.get_mut(say).filter(|clause| clause.announced && !settled) else { return };
        let change = if interrupted { interruption(clause) } else { heard(clause, true) };
        self.changes.push_back(change);
        if interrupted {
            self.announce();
        }
    }

    /// Announces the clauses that waited for the end of an interruption.
    fn announce(&mut self) {
        if self.bot.iter().any(BotTurn::is_being_cut) {
            return;
        }
        for turn in &mut self.bot {
            let number = turn.number.unwrap_or(self.numbered);
            let waiting = turn.clauses.iter_mut().filter(|clause| !clause.announced && !clause.clause.is_settled());
            for clause in waiting {
                clause.announced = true;
                self.changes.push_back(announcement(number, clause));
            }
        }
    }

    /// Completes the bot's turns of which every clause has been heard or cut off.
    pub fn take_bot_turns(&mut self, now: Instant) -> Vec<Entry> {
        let mut complete = Vec::new();
        for turn in self.bot.extract_if(.., |turn| turn.is_over()) {
            let (mut began, ended) = turn.span(now, self.caller.began_at());
            let number = turn.number.unwrap_or_else(|| {
                began = after(self.newest, began);
                self.numbered += 1;
                self.numbered - 1
            });
            let ended = ended.max(began);
            let words = Words::Said(turn.clauses);
            complete.push(Entry { number, talker: Talker::Bot, words, cut: turn.cut, began, ended });
        }
        complete.iter().for_each(|entry| self.keep(entry));
        complete
    }

    /// Whether the bot has turns under way.
    pub fn bot_has_turns(&self) -> bool {
        !self.bot.is_empty()
    }

    /// Whether a clause sounds now (or would, were it not held).
    pub fn bot_sounds(&self) -> bool {
        self.bot.iter().any(|turn| turn.sounding().is_some())
    }

    /// Whether something of the bot's is still to be heard.
    pub fn bot_has_more(&self) -> bool {
        self.bot.iter().any(|turn| !turn.is_over())
    }

    /// Whether a turn of the bot's under way has been heard in part.
    pub fn bot_has_begun(&self) -> bool {
        self.bot.iter().any(|turn| turn.number.is_some())
    }

    /// The first clause of the newest turn of which nothing has been heard yet.
    pub fn waiting(&self) -> Option<SayId> {
        self.bot.last().and_then(BotTurn::waiting)
    }

    pub fn caller_started(&mut self, at: Instant) {
        self.caller.started(at);
    }

    pub fn caller_stopped(&mut self, at: Instant) {
        self.caller.stopped(at);
    }

    pub fn caller_speaks(&self) -> bool {
        self.caller.is_speaking()
    }

    pub fn caller_stopped_at(&self) -> Option<Instant> {
        self.caller.stopped_at()
    }

    /// The caller's sound so far belongs to no turn: a cough, a backchannel, or nothing that was asked for.
    pub fn forget_caller_sound(&mut self) {
        self.caller = CallerTurn::default();
    }

    /// From now on a secret is asked for, or is not any more.
    pub fn expect_secret(&mut self, secret: bool) {
        self.secret = secret;
    }

    /// The caller's words so far.
    pub fn partial(&mut self, text: &str) {
        let turn = self.numbered;
        let text = if self.secret { MASK } else { text };
        if self.partial.as_ref().is_some_and(|(shown_turn, shown)| *shown_turn == turn && shown == text) {
            return;
        }
        self.withdraw_partial_but(Some(turn));
        self.partial = Some((turn, text.into()));
        self.changes.push_back(Change::Partial { turn, text: text.into(), secret: self.secret });
    }

    /// The words so far do not become a turn.
    pub fn withdraw_partial(&mut self) {
        self.withdraw_partial_but(None);
    }

    fn withdraw_partial_but(&mut self, but: Option<u32>) {
        if let Some((turn, _)) = self.partial.take_if(|(turn, _)| Some(*turn) != but) {
            self.changes.push_back(Change::Withdrawn { turn });
        }
    }

    /// The caller's turn is complete. A turn of the bot's that is being cut off began before it and has the number before.
    pub fn take_caller_turn(&mut self, now: Instant, given: GivenAnswer) -> Entry {
        let number = self.numbered;
        self.numbered += 1;
        self.withdraw_partial_but(Some(number));
        self.partial = None;
        let (began, ended) = self.caller.take(now);
        // A voice that begins just before the bot's first sound interrupts it: its turn is the next one, and begins after the bot's.
        let began = after(self.newest, began);
        let ended = ended.max(began);
        self.newest = Some(began);
        let GivenAnswer { text, by, secret, .. } = given.clone();
        self.changes.push_back(Change::Taken { turn: number, text, by, secret });
        let entry = Entry { number, talker: Talker::Caller, words: Words::Given(given), cut: None, began, ended };
        self.keep(&entry);
        entry
    }

    /// A turn of somebody who spoke to another person in the call is complete. Observers learn of it by the record.
    pub fn take_person_turn(
        &mut self,
        talker: Talker,
        (began, ended): (Instant, Instant),
        given: GivenAnswer,
    ) -> Entry {
        let (number, began) = (self.numbered, after(self.newest, began));
        self.numbered += 1;
        self.newest = Some(began);
        let (words, ended) = (Words::Given(given), ended.max(began));
        let entry = Entry { number, talker, words, cut: None, began, ended };
        self.keep(&entry);
        entry
    }

    fn keep(&mut self, entry: &Entry) {
        if self.entries.len() == CAPACITY {
            self.entries.pop_front();
        }
        self.entries.push_back(entry.clone());
    }
}

/// When a turn began that is numbered next: later than the one before it, to the record's millisecond.
fn after(newest: Option<Instant>, began: Instant) -> Instant {
    newest.map_or(began, |newest| began.max(newest + Duration::from_millis(1)))
}

/// How the sound of a clause ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Played,
    Cut,
}

fn announcement(turn: u32, BotClause { say, clause, .. }: &BotClause) -> Change {
    Change::Clause { say: *say, turn, text: clause.written().into() }
}

fn heard(BotClause { say, clause, .. }: &BotClause, done: bool) -> Change {
    Change::Heard { say: *say, chars: clause.written_chars_heard(), done }
}

fn interruption(BotClause { say, clause, .. }: &BotClause) -> Change {
    Change::Interrupted { say: *say, chars: clause.written_chars_heard() }
}

#[cfg(test)]
mod tests;
