//! `Ear`: the verdict on the caller's sound. Mostly by level, which makes edges exact; the real one where a test asks for it.
use media::Frame;
use media::asr::{Cue, Listen};
use media::ear::wait::{SpeechState, Wait};
use media::ear::{EarPlan, EarState, EarStep};
use media::ear_input::EarInput;
use media::engine::LineEar;
use media::frame::{Rate, SamplePos, TICK};
use media::vad::{Edge, Models, SileroState};
use std::time::{Duration, Instant};

pub enum Ear {
    Level(Level),
    Real(Box<media::ear::Ear>),
}

impl Ear {
    pub fn level() -> Self {
        Self::Level(Level::default())
    }

    /// Earshot alone: it comes with the product and needs no model.
    pub fn real() -> Self {
        Self::Real(Box::new(media::ear::Ear::new(EarPlan::default(), &models())))
    }

    fn of(&mut self) -> &mut dyn LineEar {
        match self {
            Self::Level(level) => level,
            Self::Real(ear) => &mut **ear,
        }
    }
}

pub fn models() -> Models {
    Models::load(None).expect("earshot needs no file")
}

impl LineEar for Ear {
    fn admit(&mut self, received: EarInput, sent: Frame, frames: &mut Vec<Frame>) {
        self.of().admit(received, sent, frames);
    }

    fn take(&mut self, frame: &Frame) -> EarStep {
        self.of().take(frame)
    }

    fn settle(&mut self, state: Option<Box<SileroState>>) -> Option<Edge> {
        self.of().settle(state)
    }

    fn is_due(&self) -> bool {
        match self {
            Self::Level(level) => level.is_due(),
            Self::Real(ear) => ear.is_due(),
        }
    }

    fn listen(&mut self, to: Option<Box<dyn Listen>>) {
        self.of().listen(to);
    }

    fn set_state(&mut self, state: EarState) {
        self.of().set_state(state);
    }
}

/// Takes everything loud for speech, at the pace of the real gate.
#[derive(Default)]
pub struct Level {
    closed: bool,
    loud: u32,
    quiet: u32,
    first: Option<(SamplePos, Instant)>,
    last: Option<(SamplePos, Instant)>,
    /// Where the speech of this moment began.
    speech: Option<SamplePos>,
    wait: Wait,
    listener: Option<Listener>,
}

struct Listener {
    to: Box<dyn Listen>,
    /// It has been told of speech.
    told: bool,
}

impl Listener {
    fn begin(&mut self, at: SamplePos) {
        self.told = true;
        self.to.cue(Cue::Begin { at });
    }
}

const START: Duration = Duration::from_millis(80);
const END: Duration = Duration::from_millis(200);
/// A tick of what listeners get, at 16 kHz.
const SOUND: [i16; 320] = [0; 320];

impl Level {
    fn voice(&self) -> SpeechState {
        match self.speech {
            None => SpeechState::Silent,
            Some(_) if TICK * self.quiet < END / 2 => SpeechState::Speaking,
            Some(_) => SpeechState::Pausing,
        }
    }

    fn judge(&mut self, frame: &Frame) -> Option<Edge> {
        let loud = frame.pcm().iter().any(|x| x.unsigned_abs() > 800);
        if loud {
            // Concealed sound has no arrival of its own.
            let place = frame.arrived.or(self.last.map(|(_, at)| at)).map(|at| (frame.pos, at));
            (self.loud, self.quiet) = (self.loud + 1, 0);
            self.first = self.first.or(place);
            self.last = place.or(self.last);
        } else {
            self.quiet += 1;
            if self.speech.is_none() {
                (self.loud, self.first) = (0, None);
            }
        }
        match self.speech {
            None if TICK * self.loud >= START => {
                let (at, arrived) = self.first?;
                Some(Edge::Start { at, arrived: Some(arrived) })
            }
            Some(_) if TICK * self.quiet >= END => {
                let (at, arrived) = self.last?;
                Some(Edge::End { at, arrived: Some(arrived), voice: None })
            }
            _ => None,
        }
    }

    /// As it was at the beginning, but for who listens.
    fn reset(&mut self, closed: bool, wait: Wait) {
        *self = Self { closed, wait, listener: self.listener.take(), ..Self::default() };
    }
}

impl LineEar for Level {
    fn admit(&mut self, received: EarInput, sent: Frame, frames: &mut Vec<Frame>) {
        let voice = self.voice();
        self.wait.take(sent.pos, received, Rate::Hz8000, voice, frames);
    }

    fn take(&mut self, frame: &Frame) -> EarStep {
        if self.closed {
            return EarStep::Done(None);
        }
        let edge = self.judge(frame);
        if let Some(Edge::Start { at, .. }) = edge {
            self.speech = Some(at);
            self.listener.iter_mut().for_each(|listener| listener.begin(at));
        }
        if self.speech.is_some() {
            self.listener.iter_mut().for_each(|listener| listener.to.cue(Cue::Sound(SOUND.to_vec())));
        }
        if let Some(Edge::End { at, .. }) = edge {
            self.listener.iter_mut().for_each(|listener| listener.to.cue(Cue::Pause { at }));
            let wait = std::mem::take(&mut self.wait);
            self.reset(false, wait);
        }
        EarStep::Done(edge)
    }

    fn settle(&mut self, _: Option<Box<SileroState>>) -> Option<Edge> {
        None
    }

    fn is_due(&self) -> bool {
        false
    }

    fn listen(&mut self, to: Option<Box<dyn Listen>>) {
        self.listener = to.map(|to| Listener { to, told: false });
        if let (Some(listener), Some(at)) = (&mut self.listener, self.speech) {
            listener.begin(at);
        }
    }

    fn set_state(&mut self, state: EarState) {
        if state == EarState::Closed {
            self.listener.take_if(|listener| listener.told);
        }
        self.reset(state == EarState::Closed, Wait::default());
    }
}
