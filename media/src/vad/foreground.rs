//! `Foreground`: tells a caller's speech from fainter speech behind it: a television, a colleague.
//!
//! A telephone is close to the mouth of whoever uses it. What others say arrives fainter, and detectors of voice activity take it for
//! speech all the same. Two levels are followed: one that the caller's louder syllables reach, and one that little of what is behind the
//! caller exceeds. A window of speech is the caller's where it is loud enough.
//!
//! A caller is never locked out: their level is learnt again from fainter speech, slowly where it goes on (they move away from the
//! telephone), at once where much fainter speech was heard and nothing had been behind the caller before (another telephone).
//!
//! While the line may hold an echo of what it was sent nothing is learnt: what is left of an echo is fainter than a caller and is nobody, and
//! an echo canceller that has not converged damps a caller's own words.

use std::collections::VecDeque;

/// Speech this much fainter than the caller is somebody else's.
const FAINTER_DB: f32 = 9.0;
/// Where something is known to be behind the caller: how far above it the caller's speech lies, and how far down it is the caller's at least.
const ABOVE_DB: f32 = 1.5;
const OWN_DB: f32 = 4.0;
/// How much fainter the caller's speech may be once it has begun.
const STAY_DB: f32 = 2.0;
/// The share of windows below the caller's level, and below that of what is behind the caller.
const CALLER: f32 = 0.75;
const BEHIND: f32 = 0.95;
/// How fast a level moves, in dB per window of 32 ms: at first, and once it was learnt from so many windows.
const STEPS_DB: [f32; 2] = [3.0, 0.6];
const SETTLED: u32 = 30;
/// Windows of speech from which a level is known well enough to end an utterance by, and to refuse one.
const KNOWN: u32 = 8;
const TRUSTED: u32 = 20;
/// Speech that rises by this above the utterance so far, or above two seconds of speech and more, is a nearer talker's, where so many of the
/// last eight windows do.
const NEARER_DB: f32 = 8.0;
const LONG: u32 = 60;
const NEARER: usize = 4;
/// From the level that three quarters of windows are below to one that nearly all are.
const SPREAD_DB: f32 = 6.0;
/// Fainter speech (1.5 s) after which the caller's level is learnt again, where nothing has been behind the caller.
const AGAIN: u32 = 47;
/// Fainter speech (1 s) behind the caller's words, less the silence since, from which others are known to be behind: the caller's own soft
/// passages are shorter, and silence is around them.
const GOES_ON: u32 = 31;
/// By how much, in dB per window of fainter speech, the caller's level falls where something is behind the caller: 0.1 dB per second.
const FORGET_DB: f32 = 0.003;
/// Windows (2.6 s) without fainter speech after which none has been behind the caller, where nobody is known to be.
const GONE: u32 = 80;
/// Who is known to be behind the caller is gone after as many windows of silence as they were heard in while the caller was silent; at least
/// (1.3 s: they pause, too) and at most (30 s).
const SILENT: [u32; 2] = [40, 940];

/// A level in dBFS that a share of windows is below, and the windows that it was learnt from.
#[derive(Clone, Copy, Debug)]
struct Level {
    db: f32,
    share: f32,
    windows: u32,
}

impl Level {
    fn new(share: f32, db: f32) -> Self {
        Self { db, share, windows: 1 }
    }

    fn learn(&mut self, db: f32) {
        let step = STEPS_DB[usize::from(self.windows >= SETTLED)];
        self.db = match db > self.db {
            true => (self.db + step * self.share).min(db),
            false => (self.db - step * (1.0 - self.share)).max(db),
        };
        self.windows = self.windows.saturating_add(1);
    }
}

/// Whose speech a window holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    Callers,
    /// Fainter than the caller's.
    Others,
    /// The caller's; all speech before the latest so many windows was somebody else's.
    NearersSince(usize),
}

/// Whether a line may hold an echo of what it was sent that is not cancelled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EchoDoubt {
    #[default]
    None,
    MayEcho,
}

/// The latest windows of an utterance.
const RECENT: usize = 8;
/// The level of a window without speech.
const NOTHING_DB: f32 = -120.0;

#[derive(Debug, Default)]
pub(super) struct Foreground {
    caller: Option<Level>,
    behind: Option<Level>,
    /// The caller and fainter speech were heard one upon the other.
    is_behind_known: bool,
    /// Windows of fainter speech that went on when the caller's utterance ended, and since then while the caller was silent, less those of
    /// silence.
    evidence: u32,
    echo: EchoDoubt,
    /// Windows of silence until those who are known to be behind are gone; a caller's own fainter words are surrounded by silence.
    silent_for: u32,
    /// Windows since fainter speech was heard last; and windows of it since the caller's speech.
    since_behind: u32,
    faint: u32,
    /// The caller's level when the utterance began, where it was learnt from enough windows.
    usual_db: Option<f32>,
    /// The level of the utterance, as the caller's is learnt, and its latest windows, which are not learnt yet, the oldest first.
    utterance: Option<Level>,
    recent: VecDeque<f32>,
}

impl Foreground {
    /// The level from which speech is the caller's, where the caller's level was learnt from so many windows at least.
    fn threshold(&self, windows: u32) -> Option<f32> {
        let caller = self.caller.filter(|caller| caller.windows >= windows)?;
        Some(match self.behind {
            Some(behind) if self.is_behind_known => {
                (behind.db + ABOVE_DB).clamp(caller.db - FAINTER_DB, caller.db - OWN_DB)
            }
            _ => caller.db - FAINTER_DB,
        })
    }

    /// How far the caller's speech rises above noise at `floor` and above fainter speech; `None` before anybody has spoken.
    pub fn above(&self, floor: f32) -> Option<f32> {
        let caller = self.caller.or(self.utterance)?.db;
        let behind = self.behind.filter(|_| self.is_behind_known).map_or(floor, |behind| behind.db.max(floor));
        Some(caller - behind)
    }

    /// Whether fainter speech ends the caller's utterance as soon as silence would.
    pub const fn is_behind_known(&self) -> bool {
        self.is_behind_known
    }

    /// What holds for the windows from now on.
    pub fn doubt(&mut self, echo: EchoDoubt) {
        if self.echo != echo {
            self.recent.clear();
            self.utterance = None;
        }
        self.echo = echo;
    }

    /// A window that may hold an echo: nothing is learnt of it.
    fn beside_echo(&self, db: f32, stay: f32) -> Whose {
        match self.threshold(KNOWN).filter(|_| self.is_behind_known) {
            Some(least) if db < least - stay => Whose::Others,
            _ => Whose::Callers,
        }
    }

    /// A window with speech while the caller is silent.
    pub fn may_begin(&mut self, db: f32) -> Whose {
        if self.echo == EchoDoubt::MayEcho {
            return self.beside_echo(db, 0.0);
        }
        match self.threshold(if self.is_behind_known { KNOWN } else { TRUSTED }) {
            Some(least) if db < least => {
                self.silent_for = (self.silent_for + 1).min(SILENT[1]);
                self.evidence += u32::from(self.evidence > 0);
                if self.evidence >= GOES_ON {
                    self.know_behind();
                }
                self.fainter(db)
            }
            _ => {
                self.recent.push_back(db);
                Whose::Callers
            }
        }
    }

    /// What seemed to be the beginning of the caller's speech was none.
    pub fn began_nothing(&mut self) {
        while let Some(db) = self.recent.pop_front() {
            if let Some(behind) = self.behind.as_mut().filter(|_| self.is_behind_known) {
                behind.learn(db);
            }
        }
    }

    /// The caller has begun to speak.
    pub fn begin(&mut self) {
        let loudest = self.recent.iter().copied().reduce(f32::max);
        if loudest.zip(self.threshold(0)).is_some_and(|(loudest, least)| loudest < least) {
            // The level was that of something else at the beginning of the line.
            self.caller = None;
        }
        self.usual_db = self.caller.filter(|caller| caller.windows >= TRUSTED).map(|caller| caller.db);
        (self.faint, self.utterance) = (0, None);
    }

    /// A window with speech while the caller speaks.
    pub fn go_on(&mut self, db: f32) -> Whose {
        let stay = if self.is_behind_known { STAY_DB } else { 0.0 };
        if self.echo == EchoDoubt::MayEcho {
            return self.beside_echo(db, stay);
        }
        let whose = match self.threshold(KNOWN) {
            Some(least) if db < least - stay => self.fainter(db),
            _ => {
                self.faint = 0;
                Whose::Callers
            }
        };
        self.recent.push_back(if whose == Whose::Callers { db } else { NOTHING_DB });
        if self.recent.len() > RECENT {
            self.learn_oldest();
        }
        self.nearer().unwrap_or(whose)
    }

    fn learn_oldest(&mut self) {
        let Some(db) = self.recent.pop_front().filter(|db| *db > NOTHING_DB) else { return };
        for level in [&mut self.caller, &mut self.utterance] {
            match level {
                Some(level) => level.learn(db),
                None => *level = Some(Level::new(CALLER, db)),
            }
        }
    }

    /// Whether somebody speaks who is much nearer than whoever has spoken in this utterance so far.
    fn nearer(&mut self) -> Option<Whose> {
        let utterance = self.utterance.filter(|level| level.windows >= TRUSTED);
        let line = self.caller.filter(|level| level.windows >= LONG);
        // A caller's own utterance may begin softly: a nearer talker is louder than who has spoken before usually is, too.
        let own = self.usual_db.unwrap_or(NOTHING_DB);
        let is_nearer = |before: &Level, db: f32| db > before.db.max(own) + NEARER_DB;
        let count = |before: &Level| self.recent.iter().filter(|db| is_nearer(before, **db)).count();
        let before = utterance.into_iter().chain(line).find(|before| count(before) >= NEARER)?;
        let first = self.recent.iter().position(|db| is_nearer(&before, *db))?;
        let windows = self.recent.len() - first;
        let loud = self.recent.iter().copied().filter(|db| is_nearer(&before, *db));
        let caller = loud.fold(f32::INFINITY, f32::min);
        if self.utterance.map_or(0, |level| level.windows) + (first as u32) < KNOWN {
            // The utterance begins so loud: somebody who has raised their voice, or a nearer talker after a pause of the others.
            self.caller = Some(Level { db: caller, windows: KNOWN, ..before });
            return None;
        }
        self.behind = Some(Level { db: before.db + SPREAD_DB, share: BEHIND, ..before });
        self.know_behind();
        self.caller = Some(Level { db: caller, windows: KNOWN, ..before });
        self.recent.clear();
        self.utterance = None;
        Some(Whose::NearersSince(windows))
    }

    fn know_behind(&mut self) {
        (self.is_behind_known, self.silent_for) = (true, self.silent_for.max(SILENT[0]));
    }

    /// The caller's utterance has ended; `over`: fainter speech was going on.
    pub fn end(&mut self, over: bool) {
        if over && self.echo == EchoDoubt::None {
            self.evidence += self.faint;
        }
        while !self.recent.is_empty() {
            self.learn_oldest();
        }
    }

    /// A window has passed; `is_silent`: nobody spoke in it.
    pub fn pass(&mut self, is_silent: bool) {
        if self.echo == EchoDoubt::MayEcho {
            return;
        }
        self.since_behind = self.since_behind.saturating_add(1);
        self.silent_for = self.silent_for.saturating_sub(u32::from(is_silent));
        self.evidence = self.evidence.saturating_sub(u32::from(is_silent));
        let is_gone = if self.is_behind_known { self.silent_for == 0 } else { self.since_behind > GONE };
        if is_gone {
            (self.behind, self.is_behind_known) = (None, false);
            (self.faint, self.evidence) = (0, 0);
        }
    }

    fn fainter(&mut self, db: f32) -> Whose {
        match &mut self.behind {
            Some(behind) => behind.learn(db),
            None => self.behind = Some(Level::new(BEHIND, db)),
        }
        self.since_behind = 0;
        self.faint += 1;
        if !self.is_behind_known && self.faint >= AGAIN {
            (self.caller, self.behind, self.faint) = (None, None, 0);
            return Whose::Callers;
        }
        if let Some(caller) = &mut self.caller {
            caller.db -= FORGET_DB;
        }
        Whose::Others
    }
}
