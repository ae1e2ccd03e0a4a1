//! `Early`: a line's first seconds, while nothing is known of the way: who speaks there is told from an echo by [`Fit`], and
//! sound that was taken for echo is kept and judged again.
//!
//! Whoever is found is found late; the ear is given what was kept of them as if it came now ([`Early::again`]), and the
//! [`Path`] forgets what it has learned from them. Gone once the way is known.
use super::bands::{COUNT, Spectrum};
use super::fit::{Fit, NEWEST, SPAN};
use super::path::{Band, Path};
use super::{MOST, OWN, SURE, weight};
use crate::frame::{Frame, Origin};
use std::collections::VecDeque;

/// Ticks of sound (2 s) from which the way is known well enough; and how often until then what was kept is judged again.
const KNOWN: f32 = 100.0;
const AGAIN: f32 = 25.0;
/// Ticks (2 s) that are kept.
const KEPT: usize = 100;
/// Ticks (0.6 s) that the ear is given before those that are a caller's: its pre-roll, and what it looks back for the beginning.
const LEAD: usize = 30;
/// Misfit (dB) above which somebody speaks whom no echo explains, and above which they still do.
const STRANGE_DB: f32 = 6.5;
const STAYS_STRANGE_DB: f32 = 4.5;
/// Ticks (0.2 s) without a sound before which speech does not reach back.
const PAUSE: usize = 10;
/// Whoever speaks in an echo begins where power rises so far above the loudest of so many ticks (0.6 s) of echo alone, or as
/// many ticks earlier as the first sound of a word may be soft.
const RISES: f32 = 1.6;
const REFERENCE: usize = 30;
const SOFT: usize = 2;
/// What is heard before that is our own sound: a recogniser gets it so much fainter, and does not take it for words.
const FAINTER: i16 = 10;

pub(super) struct Early {
    fit: Fit,
    strange: bool,
    judged: f32,
    /// The newest last.
    kept: VecDeque<Kept>,
    again: Vec<Frame>,
}

struct Kept {
    /// As it came.
    frame: Frame,
    came: Spectrum,
    /// What was due and known then; nothing where nothing had been played.
    path: Option<[Band; COUNT]>,
    /// The ear had it for a caller's.
    given: bool,
    /// Something was heard in it.
    heard: bool,
}

impl Kept {
    fn power(&self) -> f32 {
        self.came.iter().sum()
    }
}

/// What the first seconds say of a tick.
pub(super) enum Finding {
    /// Nothing: the path decides.
    None,
    /// Somebody speaks. From the first such tick on the ear gets the line as it came.
    Caller,
    /// Looking back somebody has spoken and may still be speaking: so much speaks for it.
    Was(f32),
}

impl Early {
    pub(super) fn new() -> Self {
        Self { fit: Fit::new(), strange: false, judged: 0.0, kept: VecDeque::new(), again: Vec::new() }
    }

    /// Keeps a tick as it came.
    pub(super) fn keep(&mut self, like: &Frame, pcm: &[i16]) {
        let mut kept = if self.kept.len() < KEPT { None } else { self.kept.pop_front() }
            .filter(|kept| kept.frame.rate == like.rate)
            .unwrap_or_else(|| Kept {
                frame: like.clone(),
                came: [0.0; COUNT],
                path: None,
                given: false,
                heard: false,
            });
        (kept.frame.pos, kept.frame.arrived, kept.frame.origin) = (like.pos, like.arrived, like.origin);
        kept.frame.pcm_mut().copy_from_slice(pcm);
        (kept.path, kept.given, kept.heard) = (None, false, false);
        self.kept.push_back(kept);
    }

    /// Something is played after a long silence, or for the first time: what came until then was no echo.
    pub(super) fn begin(&mut self, mut measure: impl FnMut(&[i16]) -> Spectrum) {
        self.fit = Fit::new();
        let before = self.kept.len().saturating_sub(1);
        for kept in self.kept.iter_mut().take(before) {
            kept.given = true;
            let came = measure(kept.frame.pcm());
            self.fit.push(&[0.0; COUNT], (kept.frame.origin == Origin::Line).then_some(&came));
        }
    }

    /// One tick while something is played: `None` once the way is known.
    pub(super) fn judge(&mut self, sent: &Spectrum, came: &Spectrum, path: &mut Path) -> Option<Finding> {
        let Some(newest) = self.kept.back_mut() else { return Some(Finding::None) };
        (newest.came, newest.path) = (*came, Some(path.state()));
        let from_line = newest.frame.origin == Origin::Line;
        self.fit.push(sent, from_line.then_some(came));
        newest.heard = self.fit.was_heard(0);
        if !from_line {
            return Some(if self.strange { Finding::Caller } else { Finding::None });
        }
        let above = if self.strange { STAYS_STRANGE_DB } else { STRANGE_DB };
        let strange = self.fit.misfit().is_some_and(|misfit| misfit > above);
        let found = strange && !self.strange;
        self.strange = strange;
        if found {
            let began = self.began();
            if let Some(then) = self.kept.get(began).and_then(|kept| kept.path) {
                path.unlearn(&then);
                self.judged = self.judged.min(path.age());
            }
            self.give(began, |_| true);
        }
        if strange {
            return Some(Finding::Caller);
        }
        if path.age() >= self.judged + AGAIN {
            self.judged = path.age();
            if let Some(evidence) = self.look_back(path) {
                return Some(Finding::Was(evidence));
            }
        }
        (path.age() < KNOWN).then_some(Finding::None)
    }

    /// The path has just found somebody: the ear hears again what came from where they began, as it came. A canceller damps nothing
    /// as much as the first moments of a caller.
    pub(super) fn noticed(&mut self, path: &Path) {
        if !self.strange && !self.kept.is_empty() {
            let own = |kept: &Kept| kept.path.as_ref().is_none_or(|then| path.own_then(then, &kept.came) >= OWN);
            self.replay(self.began(), own);
        }
    }

    /// The newest tick goes to the ear as a caller's.
    pub(super) fn given(&mut self) {
        if let Some(newest) = self.kept.back_mut() {
            newest.given = true;
        }
    }

    /// Frames that the ear is to hear before the present one.
    pub(super) fn again(&mut self) -> impl Iterator<Item = Frame> + '_ {
        self.again.drain(..)
    }

    /// Where those who were just found began: after a pause, or where they rise above what came before, or else where the newest
    /// sound begins that fits nothing.
    fn began(&self) -> usize {
        let newest = self.kept.len() - 1;
        let (mut began, mut pause) = (NEWEST - 1, 0);
        for ago in 0..SPAN {
            if self.fit.was_heard(ago) {
                (began, pause) = (ago, 0);
            } else {
                pause += 1;
                if pause == PAUSE {
                    return newest.saturating_sub(began);
                }
            }
        }
        let first = newest.saturating_sub(NEWEST - 1);
        let before = self.kept.range(first.saturating_sub(REFERENCE)..first);
        let before: Vec<f32> = before.filter(|kept| kept.path.is_some()).map(Kept::power).collect();
        if before.len() < REFERENCE / 2 {
            return first;
        }
        let most = RISES * before.into_iter().fold(0.0, f32::max);
        let rises = self.kept.range(first..).position(|kept| kept.power() > most);
        rises.map_or(first, |rises| first + rises.saturating_sub(SOFT))
    }

    /// Judges again what was kept, by what is known now of the way. What speaks for a caller at the end, if anybody was found.
    fn look_back(&mut self, path: &Path) -> Option<f32> {
        let (mut evidence, mut began, mut found) = (0.0f32, 0, None);
        for (index, kept) in self.kept.iter().enumerate() {
            let Some(then) = kept.path.as_ref().filter(|_| !kept.given && kept.frame.origin == Origin::Line) else {
                continue;
            };
            if evidence == 0.0 {
                began = index;
            }
            let own = path.own_then(then, &kept.came);
            evidence = (evidence + weight(own, path.age())).clamp(0.0, MOST);
            if evidence >= SURE {
                found = found.or(Some(began));
            }
        }
        self.give(found?, |kept| kept.path.as_ref().is_none_or(|then| path.own_then(then, &kept.came) >= OWN));
        Some(evidence)
    }

    /// [`Early::replay`] for good: it is not judged again.
    fn give(&mut self, began: usize, own: impl Fn(&Kept) -> bool) {
        self.replay(began, own);
        self.kept.iter_mut().for_each(|kept| kept.given = true);
    }

    /// Lets the ear hear again what was kept from `began` on; what is not a caller's own by `own` as echo.
    fn replay(&mut self, began: usize, own: impl Fn(&Kept) -> bool) {
        let newest = self.kept.len() - 1;
        for (index, kept) in self.kept.iter().enumerate().skip(began.saturating_sub(LEAD)) {
            if index < newest {
                let mut frame = kept.frame.clone();
                if frame.origin == Origin::Line && !kept.given && (index < began || !own(kept)) {
                    frame.origin = Origin::Echo;
                    if index + SOFT < began && kept.heard {
                        frame.pcm_mut().iter_mut().for_each(|sample| *sample /= FAINTER);
                    }
                }
                self.again.push(frame);
            }
        }
    }
}
