//! `Ear`: the analysis of one line's sound. It finds where the caller speaks and passes the speech to the listening session.
pub mod level;
mod sound_buffer;
pub mod suppressor;
pub mod wait;

use crate::asr::{Cue, Listen};
use crate::ear_input::EarInput;
use crate::echo::{Echo, PASSED, PLAYED};
use crate::frame::{Frame, Origin, Rate, SamplePos};
use crate::noise::{nearest, rms};
use crate::prosody::Prosody;
use crate::resample::Resampler;
use crate::vad::gate::{EchoDoubt, Evidence, Gate, GatePlan, Verdict};
use crate::vad::{Edge, Models, Scratch, SileroPolicy, SileroState, Vad, WINDOW};
use level::{Level, Levelling};
use sound_buffer::{HZ, SoundBuffer};
use std::collections::VecDeque;
use std::ops::Range;
use std::time::Duration;
use suppressor::{Suppression, Suppressor};
use wait::{SpeechState, Wait};

/// How an ear decides.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EarPlan {
    /// Sound before the start of speech that the listener gets as well.
    pub preroll: Duration,
    /// Speech needed before it counts.
    pub start: Duration,
    /// Silence after which speech counts as over.
    pub end: Duration,
    pub echo: EchoControl,
    /// Processing of the sound for the recogniser. Voice activity detection gets it unprocessed.
    pub noise: Suppression,
    pub level: Levelling,
}

/// Whether the echo of our own sound is cancelled: on phone lines. Browsers cancel echo themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EchoControl {
    On,
    #[default]
    Off,
}

impl Default for EarPlan {
    fn default() -> Self {
        let (preroll, start, end) = (300, 64, 200);
        let [preroll, start, end] = [preroll, start, end].map(Duration::from_millis);
        let (echo, noise, level) = (EchoControl::Off, Suppression::Off, Levelling::Off);
        Self { preroll, start, end, echo, noise, level }
    }
}

/// A closed ear ignores its line, for example during a keypad entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EarState {
    Open,
    Closed,
}

/// The result of one frame.
pub enum EarStep {
    /// The frame is processed.
    Done(Option<Edge>),
    /// A window is full: it goes through [`Models::infer`], with the windows of other ears, and then to [`Ear::settle`].
    Window(Box<SileroState>),
}

/// One per leg, on an ear thread. It takes every frame of the line in order and reads no clock.
pub struct Ear {
    plan: EarPlan,
    models: Models,
    wait: Wait,
    echo: Option<Echo>,
    vad: Vad,
    gate: Gate,
    rate: Rate,
    up: Resampler,
    /// Unprocessed sound that is not judged yet.
    fresh: Vec<i16>,
    /// Sound for the recogniser.
    sound: SoundBuffer,
    suppressor: Option<Suppressor>,
    level: Level,
    /// Whether the listener gets this utterance with noise suppression.
    suppressed: bool,
    /// Samples judged so far.
    judged: u64,
    /// The window that waits for Silero.
    due: Option<PendingWindow>,
    /// Where the current speech began; `None` in silence.
    speech: Option<u64>,
    prosody: Prosody,
    listener: Option<Listener>,
    state: EarState,
    /// Frames to be heard again, and those received meanwhile.
    backlog: VecDeque<Frame>,
    /// The end of the last sound that counted as speech.
    spoken: SamplePos,
    /// Ticks since the line was sent sound.
    far_quiet: u32,
    scratch: Vec<i16>,
    clean: Vec<i16>,
}

/// A window that is not judged yet.
#[derive(Clone, Copy)]
struct PendingWindow {
    origin: Origin,
    /// Mean square on the square of the 16-bit scale.
    power: f32,
}

struct Listener {
    to: Box<dyn Listen>,
    /// Sample up to which it has got the turn's sound; `None` before the turn's first speech.
    sent: Option<u64>,
    /// Sound held back until its echo is cancelled, and where it begins.
    held: Option<(SamplePos, Vec<i16>)>,
    /// Sound of others between the caller's words, which is attenuated.
    others: Range<u64>,
}

/// Sound kept while nobody speaks: covers the pre-roll, the time a verdict takes, and the gap after a pause.
const KEEP: u64 = 2 * HZ;
/// Sound kept of speech without a listening session.
const KEEP_SPEECH: u64 = 8 * HZ;
/// The most frames (0.6 s) processed in one tick where some are heard again.
const CATCH_UP: usize = 30;
/// The most sound held back until its echo is cancelled: 3 s.
const HELD: usize = 3 * HZ as usize;
/// Sound of a line (80 ms) before the words of a caller who speaks before others, and behind them (100 ms). What others say between the
/// words of such a caller is attenuated by 24 dB, within 10 ms.
const LEAD: u64 = HZ * 80 / 1_000;
const TAIL: u64 = HZ * 100 / 1_000;
const OTHERS: f32 = 0.063;
const FADE: f32 = HZ as f32 / 100.0;
/// Noise is suppressed in utterances that rise less than this above it. Recognisers are trained on some noise.
const NOISY_DB: f32 = 30.0;

impl Ear {
    pub fn new(plan: EarPlan, models: &Models) -> Self {
        let gate = if models.are_fused() { GatePlan::fused } else { GatePlan::strict };
        Self {
            models: models.clone(),
            wait: Wait::default(),
            echo: (plan.echo == EchoControl::On).then(Echo::new),
            vad: Vad::new(models),
            gate: Gate::new(gate(plan.start, plan.end)),
            plan,
            rate: Rate::Hz8000,
            up: Resampler::new(Rate::Hz8000.hz(), HZ as u32),
            fresh: Vec::with_capacity(2 * WINDOW),
            sound: SoundBuffer::new(KEEP),
            suppressor: Suppressor::new(plan.noise),
            level: Level::default(),
            suppressed: plan.noise != Suppression::Off,
            judged: 0,
            due: None,
            speech: None,
            prosody: Prosody::default(),
            listener: None,
            state: EarState::Open,
            backlog: VecDeque::new(),
            spoken: SamplePos(0),
            far_quiet: PASSED,
            scratch: Vec::with_capacity(2 * Rate::Hz16000.per_tick()),
            clean: Vec::new(),
        }
    }

    /// Takes one tick of the line and appends the frames to be heard to `frames`, in order, echo cancelled. `sent` is what the line
    /// was sent in the same tick. [`Ear::hear`] follows for each frame.
    pub fn admit(&mut self, input: EarInput, sent: Frame, frames: &mut Vec<Frame>) {
        let speech = match self.gate.is_speech() {
            false => SpeechState::Silent,
            true if self.gate.is_mid_word() => SpeechState::Speaking,
            true => SpeechState::Pausing,
        };
        let first = frames.len();
        self.wait.take(sent.pos, input, self.rate, speech, frames);
        self.far_quiet = if rms(sent.pcm()) > PLAYED { 0 } else { self.far_quiet.saturating_add(1) };
        self.gate.doubt(self.echo_doubt());
        let Some(echo) = &mut self.echo else { return };
        let mut found = Vec::new();
        echo.pair(sent, &mut frames[first..], |index, again| found.push((index, again)));
        let mut moved = 0;
        for (index, again) in found {
            self.hear_again(frames.drain(first..first + index - moved), again);
            moved = index;
        }
    }

    /// Whether the line may hold an echo of what it was sent lately. Where echo control is on, only until it knows the echo's path; browsers
    /// do not tell how well theirs does.
    fn echo_doubt(&self) -> EchoDoubt {
        let may_echo = match &self.echo {
            Some(echo) if self.rate != Rate::Hz48000 => echo.is_converging(),
            _ => self.far_quiet < PASSED,
        };
        if may_echo { EchoDoubt::MayEcho } else { EchoDoubt::None }
    }

    /// Queues frames that were wrongly taken for echo, ahead of later sound. `before`: frames of this tick that precede the finding.
    fn hear_again(&mut self, before: impl Iterator<Item = Frame>, again: Vec<Frame>) {
        self.backlog.extend(before);
        // Nothing is heard again during speech, which has been heard, or while the ear is closed.
        let heard = self.speech.is_some() || self.state == EarState::Closed;
        let spoken = self.spoken;
        let mut again = again.into_iter().filter(|again| !heard && again.pos >= spoken).peekable();
        if let Some(first) = again.peek() {
            self.backlog.retain(|waits| waits.pos < first.pos);
            self.sound.replace(first.pos);
        }
        self.backlog.extend(again);
    }

    /// Processes one frame, at the line's rate, which may change in mid-call. An ear thread uses [`Ear::take`] and
    /// [`Ear::settle`] instead, to judge the windows of many ears together.
    pub fn hear(&mut self, frame: &Frame) -> Option<Edge> {
        match self.take(frame) {
            EarStep::Done(edge) => edge,
            EarStep::Window(mut state) => {
                self.models.infer(&mut Scratch::default(), &mut [&mut state]);
                self.settle(Some(state))
            }
        }
    }

    /// The first half of [`Ear::hear`]. A window that still waits for Silero is judged without it.
    pub fn take(&mut self, frame: &Frame) -> EarStep {
        if self.state == EarState::Closed {
            return EarStep::Done(None);
        }
        if self.backlog.is_empty() {
            return self.next(frame);
        }
        self.backlog.push_back(frame.clone());
        let mut scratch = Scratch::default();
        for _ in 0..CATCH_UP {
            let Some(frame) = self.backlog.pop_front() else { break };
            let edge = match self.next(&frame) {
                EarStep::Done(edge) => edge,
                EarStep::Window(mut state) => {
                    self.models.infer(&mut scratch, &mut [&mut state]);
                    self.settle(Some(state))
                }
            };
            if edge.is_some() {
                return EarStep::Done(edge);
            }
        }
        EarStep::Done(None)
    }

    /// Processes the next frame in order.
    fn next(&mut self, frame: &Frame) -> EarStep {
        if let Some(due) = self.due.take() {
            let odds = self.vad.score(None);
            self.judge(due, odds);
        }
        if frame.rate != self.rate {
            self.rate = frame.rate;
            self.up = Resampler::new(frame.rate.hz(), HZ as u32);
        }
        self.scratch.clear();
        self.up.push(frame.pcm(), &mut self.scratch);
        let late = (self.up.delay().as_micros() as u64) * SamplePos::PER_SECOND / 1_000_000;
        self.sound.mark(self.scratch.len(), frame, late);
        self.fresh.extend_from_slice(&self.scratch);
        if self.speech.is_some() && frame.origin == Origin::Line {
            self.prosody.push(&self.scratch);
        }
        if let Some(suppressor) = &mut self.suppressor {
            self.clean.clear();
            suppressor.push(&self.scratch, &mut self.clean);
            self.sound.push(&self.clean);
            if self.plan.noise == Suppression::Auto {
                self.sound.raw.extend(&self.scratch);
            }
        } else {
            self.sound.push(&self.scratch);
        }
        let Some(window) = self.fresh.first_chunk::<WINDOW>() else {
            return EarStep::Done(self.pass_on(None));
        };
        let origin = self.sound.origin(self.judged, self.judged + WINDOW as u64);
        self.judged += WINDOW as u64;
        let policy = self.gate.measure(window);
        let policy = if matches!(origin, Origin::Idle | Origin::Echo) { SileroPolicy::OnSuspicion } else { policy };
        let (mut levelled, mut power) = (*window, 0.0);
        if self.plan.level == Levelling::On || self.plan.noise == Suppression::Auto {
            power = rms(window).powi(2);
        }
        if self.plan.level == Levelling::On {
            self.level.lift(self.gate.floor_db(), &mut levelled);
        }
        let state = self.vad.push(&levelled, policy);
        let due = PendingWindow { origin, power };
        self.fresh.drain(..WINDOW);
        match state {
            Some(state) => {
                self.due = Some(due);
                EarStep::Window(state)
            }
            None => {
                let odds = self.vad.score(None);
                let verdict = self.judge(due, odds);
                EarStep::Done(self.pass_on(verdict))
            }
        }
    }

    /// The second half of [`Ear::hear`]: judges the window that was due, by earshot alone where there is no result of Silero.
    pub fn settle(&mut self, state: Option<Box<SileroState>>) -> Option<Edge> {
        let due = self.due.take()?;
        let odds = if state.is_some() { self.vad.score(state) } else { self.vad.earshot_only() };
        let verdict = self.judge(due, odds);
        self.pass_on(verdict)
    }

    /// Whether a window waits for [`Ear::settle`].
    pub fn is_due(&self) -> bool {
        self.due.is_some()
    }

    /// Applies a verdict and passes the sound so far to the listener.
    fn pass_on(&mut self, verdict: Option<Verdict>) -> Option<Edge> {
        let edge = verdict.map(|verdict| self.act(verdict));
        if self.speech.is_some() {
            self.spoken = self.sound.newest();
            self.send_on();
        }
        if let Some(Edge::End { at, .. }) = edge {
            self.release();
            if let Some(listener) = &mut self.listener {
                if let Some(db) = self.gate.above() {
                    listener.to.cue(Cue::Above { db });
                }
                listener.to.cue(Cue::Pause { at });
            }
            self.speech = None;
        }
        let keep = self.speech.map_or(KEEP, |began| (self.sound.end.saturating_sub(began) + KEEP).min(KEEP_SPEECH));
        self.sound.forget(keep);
        edge
    }

    /// Sets the listening session of the coming turn. During speech the new session gets the sound since that speech began,
    /// pre-roll included (at most the last 8 s).
    pub fn listen(&mut self, to: Option<Box<dyn Listen>>) {
        self.listener = to.map(|to| Listener { to, sent: None, held: None, others: 0..0 });
        if let Some(began) = self.speech {
            self.begin(began);
            self.send_on();
        }
    }

    /// Opens or closes the ear. Closing drops the utterance in progress, and a session that has had sound of it; a session that has
    /// had none gets what is said after the ear opens.
    pub fn set_state(&mut self, state: EarState) {
        if self.state != state && state == EarState::Closed {
            self.listener.take_if(|listener| listener.sent.is_some());
            self.speech = None;
            self.gate.reset();
            self.vad.cut();
            self.up.reset();
            if let Some(suppressor) = &mut self.suppressor {
                suppressor.cut();
            }
            self.fresh.clear();
            self.backlog.clear();
            self.sound.clear();
            self.judged = self.sound.end;
            self.due = None;
            self.wait = Wait::default();
        }
        self.state = state;
    }

    fn judge(&mut self, due: PendingWindow, odds: f32) -> Option<Verdict> {
        let verdict = self.gate.judge(match due.origin {
            Origin::Line => Evidence::Line(odds),
            Origin::Concealed => Evidence::Concealed(odds),
            Origin::Idle => Evidence::Idle,
            Origin::Echo => Evidence::Echo,
        });
        if due.power > 0.0 && self.gate.is_speech() && due.origin == Origin::Line && odds > 0.0 {
            self.level.learn(due.power);
        }
        verdict
    }

    fn act(&mut self, verdict: Verdict) -> Edge {
        match verdict {
            Verdict::Start(sample) => {
                self.speech = Some(sample);
                self.prosody.begin();
                self.begin(sample);
                let (at, arrived) = self.sound.place(sample);
                Edge::Start { at, arrived }
            }
            Verdict::Anew(sample) => {
                self.speech = Some(sample);
                self.prosody.begin();
                self.begin_anew(sample);
                let (at, arrived) = self.sound.place(sample);
                Edge::Start { at, arrived }
            }
            Verdict::End(sample) => {
                let (at, arrived) = self.sound.place(sample);
                if let (true, Some(listener)) = (self.gate.is_before_others(), &mut self.listener) {
                    listener.others = sample + TAIL..u64::MAX;
                }
                Edge::End { at, arrived, voice: self.prosody.features() }
            }
        }
    }

    /// Tells the listener that speech began at `sample`, and where its sound is to start: at the pre-roll, or where the
    /// turn's sound stopped at the last pause.
    fn begin(&mut self, sample: u64) {
        let is_before_others = self.gate.is_before_others();
        let usual = self.plan.preroll.as_micros() as u64 * HZ / 1_000_000;
        let preroll = sample.saturating_sub(if is_before_others { LEAD } else { usual });
        let (at, _) = self.sound.place(sample);
        if let Some(listener) = &mut self.listener {
            listener.to.cue(Cue::Begin { at });
            if listener.sent.is_none() {
                // The listener has had no sound yet, so gain and suppression may change without a seam.
                let floor_db = self.gate.floor_db();
                self.level.begin(floor_db);
                if self.plan.noise == Suppression::Auto {
                    self.suppressed = self.level.above(floor_db).is_some_and(|above| above < NOISY_DB);
                }
            }
            listener.sent = Some(listener.sent.unwrap_or(preroll));
            listener.others.end = listener.others.end.min(preroll);
        }
    }

    /// Tells the listener that the caller speaks from `sample` on, and that sound before it was that of somebody further away.
    fn begin_anew(&mut self, sample: u64) {
        let (at, _) = self.sound.place(sample);
        let floor_db = self.gate.floor_db();
        let Some(listener) = &mut self.listener else { return };
        let Some(sent) = listener.sent else { return self.begin(sample) };
        let mut keep = sent.saturating_sub(sample.saturating_sub(LEAD)) as usize;
        if let Some((from, held)) = &mut listener.held {
            let others = held.len().saturating_sub(keep);
            held.drain(..others);
            from.0 += others as u64 * (SamplePos::PER_SECOND / HZ);
            keep = keep.saturating_sub(held.len());
        }
        listener.others = 0..0;
        listener.to.cue(Cue::Anew { at, keep });
        self.level.begin(floor_db);
    }

    /// Passes new sound to the listener. While echo control converges the sound is held back, to be cancelled as a whole.
    fn send_on(&mut self) {
        let converging = self.echo.as_ref().is_some_and(Echo::is_converging);
        let Some(Listener { to, sent: Some(sent), held, others }) = &mut self.listener else { return };
        let from = (*sent).max(self.sound.start());
        // Whether what follows the caller's words is theirs is known later.
        let until = self.gate.callers_until().map_or(self.sound.end, |until| (until + TAIL).min(self.sound.end));
        if from < until {
            let mut pcm = vec![0; (until - from) as usize];
            self.sound.copy(from, self.suppressed || self.plan.noise == Suppression::Off, &mut pcm);
            attenuate(others, from, &mut pcm);
            self.sound.leave_out(from, &mut pcm);
            if converging || held.is_some() {
                let (at, _) = self.sound.place(self.sound.kept_from(from));
                held.get_or_insert_with(|| (at, Vec::new())).1.append(&mut pcm);
            } else {
                if self.plan.level == Levelling::On {
                    self.level.apply(self.gate.floor_db(), &mut pcm);
                }
                to.cue(Cue::Sound(pcm));
            }
        }
        *sent = until.max(*sent);
        if !converging || held.as_ref().is_some_and(|(_, pcm)| pcm.len() >= HELD) {
            self.release();
        }
    }

    /// Passes the sound held back to the listener, echo cancelled.
    fn release(&mut self) {
        let held = self.listener.as_mut().and_then(|listener| listener.held.take());
        let (Some((at, mut pcm)), Some(Listener { to, .. })) = (held, &mut self.listener) else { return };
        if let Some(mut whole) = self.echo.as_ref().and_then(Echo::cancelled) {
            if self.suppressed
                && let Some(mut suppressor) = Suppressor::new(self.plan.noise)
            {
                let mut clean = Vec::with_capacity(whole.pcm.len());
                suppressor.push(&whole.pcm, &mut clean);
                whole.pcm = clean;
            }
            whole.replace(at, &mut pcm);
        }
        if self.plan.level == Levelling::On {
            self.level.apply(self.gate.floor_db(), &mut pcm);
        }
        to.cue(Cue::Sound(pcm));
    }
}

/// Attenuates what others say in `pcm`, the sound from `from` on.
fn attenuate(others: &Range<u64>, from: u64, pcm: &mut [i16]) {
    for (at, sample) in (from..).zip(pcm).filter(|(at, _)| others.contains(at)) {
        let inside = (at - others.start).min(others.end - at) as f32;
        let gain = 1.0 - (1.0 - OTHERS) * (inside / FADE).min(1.0);
        *sample = nearest(f32::from(*sample) * gain);
    }
}

#[cfg(test)]
mod tests;
