//! `EarlyDetector`: finds callers in a line's first seconds, while the echo path is unknown. [`EchoFit`] tells them from an echo, and sound
//! that was taken for echo is kept and judged again as the path becomes known.
//!
//! A caller is found late: the ear then hears the kept sound again ([`EarlyDetector::again`]), and the [`EchoPath`] drops what it
//! has learned from the caller. The detector is dropped once the path is known.
use super::bands::{COUNT, Spectrum};
use super::echo_fit::{EchoFit, NEWEST, SPAN};
use super::echo_path::{Band, EchoPath};
use super::{MOST, NEAR_SHARE, SURE, weight};
use crate::frame::{Frame, Origin};
use std::collections::VecDeque;

/// Ticks of sound (2 s) from which the path counts as known, and the interval at which kept sound is judged again until then.
const KNOWN: f32 = 100.0;
const REVIEW: f32 = 25.0;
/// Ticks (2 s) that are kept.
const KEPT: usize = 100;
/// Ticks (0.6 s) that the ear hears again ahead of the caller's: the pre-roll, and the reach of its search for the beginning.
const LEAD: usize = 30;
/// Misfit (dB) above which a caller begins to speak, and above which they go on.
const START_MISFIT_DB: f32 = 6.5;
const END_MISFIT_DB: f32 = 4.5;
/// Ticks (0.2 s) of silence that separate speech from earlier sound.
const PAUSE: usize = 10;
/// A caller over an echo begins where power rises by this factor above the loudest of the [`REFERENCE`] ticks (0.6 s) before, less
/// [`SOFT`] ticks for the soft start of a word.
const RISES: f32 = 1.6;
const REFERENCE: usize = 30;
const SOFT: usize = 2;
/// Echo that is heard again ahead of a caller is attenuated by this factor, so that it is not recognised as words.
const ATTENUATION: i16 = 10;

pub(super) struct EarlyDetector {
    fit: EchoFit,
    caller: bool,
    reviewed: f32,
    /// The newest last.
    kept: VecDeque<KeptTick>,
    again: Vec<Frame>,
}

struct KeptTick {
    /// The raw sound.
    frame: Frame,
    received: Spectrum,
    /// The echo path at that tick; `None` where nothing had been played.
    path: Option<[Band; COUNT]>,
    /// The ear got it as a caller's.
    given: bool,
    /// Whether it holds sound above the noise.
    heard: bool,
}

impl KeptTick {
    fn power(&self) -> f32 {
        self.received.iter().sum()
    }
}

/// The detector's finding for a tick.
pub(super) enum Finding {
    /// None: the echo path decides.
    None,
    /// A caller speaks. From the first such tick on the ear gets raw sound.
    Caller,
    /// A caller spoke in the kept sound and may still be speaking, with this evidence.
    CallerBefore(f32),
}

impl EarlyDetector {
    pub(super) fn new() -> Self {
        Self { fit: EchoFit::new(), caller: false, reviewed: 0.0, kept: VecDeque::new(), again: Vec::new() }
    }

    /// Keeps the raw sound of a tick.
    pub(super) fn keep(&mut self, like: &Frame, pcm: &[i16]) {
        let mut kept = if self.kept.len() < KEPT { None } else { self.kept.pop_front() }
            .filter(|kept| kept.frame.rate == like.rate)
            .unwrap_or_else(|| KeptTick {
                frame: like.clone(),
                received: [0.0; COUNT],
                path: None,
                given: false,
                heard: false,
            });
        (kept.frame.pos, kept.frame.arrived, kept.frame.origin) = (like.pos, like.arrived, like.origin);
        kept.frame.pcm_mut().copy_from_slice(pcm);
        (kept.path, kept.given, kept.heard) = (None, false, false);
        self.kept.push_back(kept);
    }

    /// Something is played for the first time, or after a long silence: sound received until then is no echo.
    pub(super) fn begin(&mut self, mut measure: impl FnMut(&[i16]) -> Spectrum) {
        self.fit = EchoFit::new();
        let before = self.kept.len().saturating_sub(1);
        for kept in self.kept.iter_mut().take(before) {
            kept.given = true;
            let received = measure(kept.frame.pcm());
            self.fit.push(&[0.0; COUNT], (kept.frame.origin == Origin::Line).then_some(&received));
        }
    }

    /// Judges a tick while something is played; `None` once the echo path is known.
    pub(super) fn judge(&mut self, sent: &Spectrum, received: &Spectrum, path: &mut EchoPath) -> Option<Finding> {
        let Some(newest) = self.kept.back_mut() else { return Some(Finding::None) };
        (newest.received, newest.path) = (*received, Some(path.state()));
        let from_line = newest.frame.origin == Origin::Line;
        self.fit.push(sent, from_line.then_some(received));
        newest.heard = self.fit.was_heard(0);
        if !from_line {
            return Some(if self.caller { Finding::Caller } else { Finding::None });
        }
        let above = if self.caller { END_MISFIT_DB } else { START_MISFIT_DB };
        let caller = self.fit.misfit().is_some_and(|misfit| misfit > above);
        let found = caller && !self.caller;
        self.caller = caller;
        if found {
            let began = self.began();
            if let Some(then) = self.kept.get(began).and_then(|kept| kept.path) {
                path.unlearn(&then);
                self.reviewed = self.reviewed.min(path.age());
            }
            self.give(began, |_| true);
        }
        if caller {
            return Some(Finding::Caller);
        }
        if path.age() >= self.reviewed + REVIEW {
            self.reviewed = path.age();
            if let Some(evidence) = self.look_back(path) {
                return Some(Finding::CallerBefore(evidence));
            }
        }
        (path.age() < KNOWN).then_some(Finding::None)
    }

    /// The echo path has just found a caller: the ear hears the caller's sound again from its beginning, raw. The canceller damps the first
    /// moments of a caller most.
    pub(super) fn noticed(&mut self, path: &EchoPath) {
        if !self.caller && !self.kept.is_empty() {
            let own = |kept: &KeptTick| {
                kept.path.as_ref().is_none_or(|then| path.near_share_then(then, &kept.received) >= NEAR_SHARE)
            };
            self.replay(self.began(), own);
        }
    }

    /// Notes that the ear got the newest tick as a caller's.
    pub(super) fn given(&mut self) {
        if let Some(newest) = self.kept.back_mut() {
            newest.given = true;
        }
    }

    /// Frames to be heard before the present one.
    pub(super) fn again(&mut self) -> impl Iterator<Item = Frame> + '_ {
        self.again.drain(..)
    }

    /// Where the caller just found began: after a pause, or where power rises above the echo before, or else at the start of the sound that
    /// does not fit.
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
        let before: Vec<f32> = before.filter(|kept| kept.path.is_some()).map(KeptTick::power).collect();
        if before.len() < REFERENCE / 2 {
            return first;
        }
        let most = RISES * before.into_iter().fold(0.0, f32::max);
        let rises = self.kept.range(first..).position(|kept| kept.power() > most);
        rises.map_or(first, |rises| first + rises.saturating_sub(SOFT))
    }

    /// Judges the kept sound again by the echo path known now. Returns the evidence at the end if a caller was found.
    fn look_back(&mut self, path: &EchoPath) -> Option<f32> {
        let (mut evidence, mut began, mut found) = (0.0f32, 0, None);
        for (index, kept) in self.kept.iter().enumerate() {
            let Some(then) = kept.path.as_ref().filter(|_| !kept.given && kept.frame.origin == Origin::Line) else {
                continue;
            };
            if evidence == 0.0 {
                began = index;
            }
            let near_share = path.near_share_then(then, &kept.received);
            evidence = (evidence + weight(near_share, path.age())).clamp(0.0, MOST);
            if evidence >= SURE {
                found = found.or(Some(began));
            }
        }
        self.give(found?, |kept| {
            kept.path.as_ref().is_none_or(|then| path.near_share_then(then, &kept.received) >= NEAR_SHARE)
        });
        Some(evidence)
    }

    /// [`EarlyDetector::replay`], after which the kept sound is not judged again.
    fn give(&mut self, began: usize, own: impl Fn(&KeptTick) -> bool) {
        self.replay(began, own);
        self.kept.iter_mut().for_each(|kept| kept.given = true);
    }

    /// Queues kept sound for the ear, from the lead before `began` on. Ticks that are not the caller's by `own` are marked as echo.
    fn replay(&mut self, began: usize, own: impl Fn(&KeptTick) -> bool) {
        let newest = self.kept.len() - 1;
        for (index, kept) in self.kept.iter().enumerate().skip(began.saturating_sub(LEAD)) {
            if index < newest {
                let mut frame = kept.frame.clone();
                if frame.origin == Origin::Line && !kept.given && (index < began || !own(kept)) {
                    frame.origin = Origin::Echo;
                    if index + SOFT < began && kept.heard {
                        frame.pcm_mut().iter_mut().for_each(|sample| *sample /= ATTENUATION);
                    }
                }
                self.again.push(frame);
            }
        }
    }
}
