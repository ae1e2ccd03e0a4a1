//! `Ear`: one line's hearing. Finds where the caller speaks, and sends the speech on to whoever listens.
pub mod level;
mod sound;
pub mod suppressor;
pub mod wait;

use crate::asr::{Cue, Listen};
use crate::echo::Echo;
use crate::frame::{Frame, Origin, Rate, SamplePos};
use crate::noise::rms;
use crate::resample::Resampler;
use crate::said::Said;
use crate::vad::gate::{Evidence, Gate, GatePlan, Verdict};
use crate::vad::{Attention, Edge, Look, Models, Scratch, Vad, WINDOW};
use level::{Level, Levelling};
use sound::{HZ, Sound};
use std::collections::VecDeque;
use std::time::Duration;
use suppressor::{Suppression, Suppressor};
use wait::{Voice, Wait};

/// How an ear decides.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EarPlan {
    /// Sound before speech was noticed to have begun that its listener gets as well.
    pub preroll: Duration,
    /// Speech needed before it counts.
    pub start: Duration,
    /// Silence after which speech counts as over.
    pub end: Duration,
    pub echo: EchoControl,
    /// What is done to sound on its way to a recogniser. Voice activity gets it as it came.
    pub noise: Suppression,
    pub level: Levelling,
}

/// Whether our own sound is taken out of what an ear hears: on phone lines, where nobody else does it.
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

/// Whether an ear hears: a closed one does not, as while the caller types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EarState {
    Open,
    Closed,
}

/// What an ear says of a frame.
pub enum Heard {
    /// All there is to say.
    Said(Option<Edge>),
    /// A window is full: Silero looks ([`Models::look`], for many ears at once), then [`Ear::settle`] says what came of it.
    Due(Box<Look>),
}

/// One per leg, living on an ear thread. It is given every frame of the caller in order and reads no clock.
pub struct Ear {
    plan: EarPlan,
    models: Models,
    wait: Wait,
    echo: Option<Echo>,
    vad: Vad,
    gate: Gate,
    rate: Rate,
    up: Resampler,
    /// Sound as it came that is not judged yet.
    fresh: Vec<i16>,
    /// What a recogniser gets.
    sound: Sound,
    suppressor: Option<Suppressor>,
    level: Level,
    /// The utterance is sent on cleaned.
    cleaned: bool,
    /// Samples judged so far.
    judged: u64,
    /// The window that Silero looks at.
    due: Option<Due>,
    /// Where the speech of this moment began.
    speech: Option<u64>,
    listener: Option<Listener>,
    state: EarState,
    /// Frames that wait: those to be heard again, and what came while they waited.
    backlog: VecDeque<Frame>,
    /// Where the sound ends that was heard as speech.
    spoken: SamplePos,
    scratch: Vec<i16>,
    clean: Vec<i16>,
}

/// A window that is not judged yet.
#[derive(Clone, Copy)]
struct Due {
    origin: Origin,
    /// Mean square on the square of the 16-bit scale.
    power: f32,
}

struct Listener {
    to: Box<dyn Listen>,
    /// Sample up to which it has got the turn's sound; `None` before the turn's first speech.
    sent: Option<u64>,
    /// Sound of the turn that is handed on once its echo is taken out, and where it begins.
    held: Option<(SamplePos, Vec<i16>)>,
}

/// Sound kept while nobody speaks: covers the pre-roll, the time a verdict takes, and the gap after a pause.
const KEEP: u64 = 2 * HZ;
/// Sound kept of speech nobody listens to yet.
const KEEP_SPEECH: u64 = 8 * HZ;
/// Frames (0.6 s of sound) that are heard within a tick at most, where some are heard again.
const CATCH_UP: usize = 30;
/// Sound that is held until its echo is taken out, at most: 3 s.
const HELD: usize = 3 * HZ as usize;
/// Noise is taken out of utterances that rise less than this above it: recognisers are used to some, and miss it.
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
            sound: Sound::new(KEEP),
            suppressor: Suppressor::new(plan.noise),
            level: Level::default(),
            cleaned: plan.noise != Suppression::Off,
            judged: 0,
            due: None,
            speech: None,
            listener: None,
            state: EarState::Open,
            backlog: VecDeque::new(),
            spoken: SamplePos(0),
            scratch: Vec::with_capacity(2 * Rate::Hz16000.per_tick()),
            clean: Vec::new(),
        }
    }

    /// What is to be heard of a tick, given in `frames` in order, each cleaned of what comes back of our own sound: `sent` is what
    /// the line was sent in the same tick. Comes before [`Ear::hear`].
    pub fn admit(&mut self, said: Said, sent: Frame, frames: &mut Vec<Frame>) {
        let voice = match self.gate.is_speech() {
            false => Voice::Silent,
            true if self.gate.is_mid_word() => Voice::Speaking,
            true => Voice::Pausing,
        };
        let first = frames.len();
        self.wait.take(sent.pos, said, self.rate, voice, frames);
        let Some(echo) = &mut self.echo else { return };
        let mut found = Vec::new();
        echo.pair(sent, &mut frames[first..], |index, again| found.push((index, again)));
        let mut moved = 0;
        for (index, again) in found {
            self.hear_again(frames.drain(first..first + index - moved), again);
            moved = index;
        }
    }

    /// What was taken for echo and was not is heard before what comes next. `before`: what came in the same tick before it was found.
    fn hear_again(&mut self, before: impl Iterator<Item = Frame>, again: Vec<Frame>) {
        self.backlog.extend(before);
        // Who is heard already is not heard twice, and a closed ear hears nobody.
        let heard = self.speech.is_some() || self.state == EarState::Closed;
        let spoken = self.spoken;
        let mut again = again.into_iter().filter(|again| !heard && again.pos >= spoken).peekable();
        if let Some(first) = again.peek() {
            self.backlog.retain(|waits| waits.pos < first.pos);
            self.sound.replace(first.pos);
        }
        self.backlog.extend(again);
    }

    /// One frame of the caller, at the line's rate, which may change in mid-call; at most one verdict. For an ear by itself;
    /// an ear thread takes many and settles them together.
    pub fn hear(&mut self, frame: &Frame) -> Option<Edge> {
        match self.take(frame) {
            Heard::Said(edge) => edge,
            Heard::Due(mut look) => {
                self.models.look(&mut Scratch::default(), &mut [&mut look]);
                self.settle(Some(look))
            }
        }
    }

    /// The first half of [`Ear::hear`]. A window that is still due is settled without Silero.
    pub fn take(&mut self, frame: &Frame) -> Heard {
        if self.state == EarState::Closed {
            return Heard::Said(None);
        }
        if self.backlog.is_empty() {
            return self.next(frame);
        }
        self.backlog.push_back(frame.clone());
        let mut scratch = Scratch::default();
        for _ in 0..CATCH_UP {
            let Some(frame) = self.backlog.pop_front() else { break };
            let edge = match self.next(&frame) {
                Heard::Said(edge) => edge,
                Heard::Due(mut look) => {
                    self.models.look(&mut scratch, &mut [&mut look]);
                    self.settle(Some(look))
                }
            };
            if edge.is_some() {
                return Heard::Said(edge);
            }
        }
        Heard::Said(None)
    }

    /// The next frame, in the order in which they are heard.
    fn next(&mut self, frame: &Frame) -> Heard {
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
            return Heard::Said(self.pass_on(None));
        };
        let origin = self.sound.origin(self.judged, self.judged + WINDOW as u64);
        self.judged += WINDOW as u64;
        let attention = self.gate.measure(window);
        let attention = if matches!(origin, Origin::Idle | Origin::Echo) { Attention::Idle } else { attention };
        let (mut heard, mut power) = (*window, 0.0);
        if self.plan.level == Levelling::On || self.plan.noise == Suppression::Auto {
            power = rms(window).powi(2);
        }
        if self.plan.level == Levelling::On {
            self.level.lift(self.gate.floor_db(), &mut heard);
        }
        let look = self.vad.show(&heard, attention);
        let due = Due { origin, power };
        self.fresh.drain(..WINDOW);
        match look {
            Some(look) => {
                self.due = Some(due);
                Heard::Due(look)
            }
            None => {
                let odds = self.vad.score(None);
                let verdict = self.judge(due, odds);
                Heard::Said(self.pass_on(verdict))
            }
        }
    }

    /// The second half: what comes of the window that was due, or of earshot alone where Silero could not look.
    pub fn settle(&mut self, look: Option<Box<Look>>) -> Option<Edge> {
        let due = self.due.take()?;
        let odds = if look.is_some() { self.vad.score(look) } else { self.vad.alone() };
        let verdict = self.judge(due, odds);
        self.pass_on(verdict)
    }

    /// Whether a window is due that has not been settled.
    pub fn is_due(&self) -> bool {
        self.due.is_some()
    }

    /// Carries a verdict out, and lets whoever listens have the sound so far.
    fn pass_on(&mut self, verdict: Option<Verdict>) -> Option<Edge> {
        let edge = verdict.map(|verdict| self.act(verdict));
        if self.speech.is_some() {
            self.spoken = self.sound.newest();
            self.send_on();
        }
        if let Some(Edge::End { at, .. }) = edge {
            self.release();
            if let Some(listener) = &mut self.listener {
                listener.to.cue(Cue::Pause { at });
            }
            self.speech = None;
        }
        let keep = self.speech.map_or(KEEP, |began| (self.sound.end.saturating_sub(began) + KEEP).min(KEEP_SPEECH));
        self.sound.forget(keep);
        edge
    }

    /// Where the words of the coming turn go. If somebody is speaking at this moment, the new session gets the sound
    /// since that speech began, pre-roll included (at most the last 8 s).
    pub fn listen(&mut self, to: Option<Box<dyn Listen>>) {
        self.listener = to.map(|to| Listener { to, sent: None, held: None });
        if let Some(began) = self.speech {
            self.begin(began);
            self.send_on();
        }
    }

    /// Opens or closes the ear, as while a keypad entry lasts. A closed one has no edges, and no sound for the recogniser. A running utterance is dropped,
    /// and so is a session that has had sound of it; one that has had none hears what follows the entry.
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

    fn judge(&mut self, due: Due, odds: f32) -> Option<Verdict> {
        let verdict = self.gate.judge(match due.origin {
            Origin::Line => Evidence::Line(odds),
            Origin::Concealed => Evidence::Concealed(odds),
            // Our own sound is nobody's speech, and no measure of the line's noise.
            Origin::Idle | Origin::Echo => Evidence::Idle,
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
                self.begin(sample);
                let (at, arrived) = self.sound.place(sample);
                Edge::Start { at, arrived }
            }
            Verdict::End(sample) => {
                let (at, arrived) = self.sound.place(sample);
                Edge::End { at, arrived }
            }
        }
    }

    /// Tells the listener that speech began at `sample`, and where its sound is to start: at the pre-roll, or where the
    /// turn's sound stopped at the last pause.
    fn begin(&mut self, sample: u64) {
        let preroll = sample.saturating_sub(self.plan.preroll.as_micros() as u64 * HZ / 1_000_000);
        let (at, _) = self.sound.place(sample);
        if let Some(listener) = &mut self.listener {
            listener.to.cue(Cue::Begin { at });
            if listener.sent.is_none() {
                // Nothing of it has been heard: what is decided now makes no seam.
                let floor_db = self.gate.floor_db();
                self.level.begin(floor_db);
                if self.plan.noise == Suppression::Auto {
                    self.cleaned = self.level.above(floor_db).is_some_and(|above| above < NOISY_DB);
                }
            }
            listener.sent = Some(listener.sent.unwrap_or(preroll));
        }
    }

    /// The sound so far goes to the listener; while an echo is about of which nothing is known, once it has come as a whole.
    fn send_on(&mut self) {
        let unsure = self.echo.as_ref().is_some_and(Echo::is_unsure);
        let Some(Listener { to, sent: Some(sent), held }) = &mut self.listener else { return };
        let from = (*sent).max(self.sound.start());
        if from < self.sound.end {
            let mut pcm = vec![0; (self.sound.end - from) as usize];
            self.sound.copy(from, self.cleaned || self.plan.noise == Suppression::Off, &mut pcm);
            self.sound.leave_out(from, &mut pcm);
            if unsure || held.is_some() {
                let (at, _) = self.sound.place(self.sound.kept_from(from));
                held.get_or_insert_with(|| (at, Vec::new())).1.append(&mut pcm);
            } else {
                if self.plan.level == Levelling::On {
                    self.level.apply(self.gate.floor_db(), &mut pcm);
                }
                to.cue(Cue::Sound(pcm));
            }
        }
        *sent = self.sound.end;
        if !unsure || held.as_ref().is_some_and(|(_, pcm)| pcm.len() >= HELD) {
            self.release();
        }
    }

    /// Lets the listener have what is held, without its echo.
    fn release(&mut self) {
        let held = self.listener.as_mut().and_then(|listener| listener.held.take());
        let (Some((at, mut pcm)), Some(Listener { to, .. })) = (held, &mut self.listener) else { return };
        if let Some(mut whole) = self.echo.as_ref().and_then(Echo::whole) {
            if self.cleaned
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

#[cfg(test)]
mod tests;
