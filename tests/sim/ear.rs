//! `Ear`: the verdict on the caller's sound. Mostly by level, which makes edges exact; the real one where a test asks for it.
use media::Frame;
use media::ear::wait::{SpeechState, Wait};
use media::ear::{EarPlan, EarState};
use media::ear_input::EarInput;
use media::frame::{Rate, SamplePos, TICK};
use media::vad::{Edge, Models};
use std::time::{Duration, Instant};

pub enum Ear {
    Level(Level),
    Real(Box<media::ear::Ear>, Option<Instant>),
}

impl Ear {
    pub fn level() -> Self {
        Self::Level(Level::default())
    }

    /// Earshot alone: it comes with the product and needs no model.
    pub fn real() -> Self {
        let models = Models::load(None).expect("earshot needs no file");
        Self::Real(Box::new(media::ear::Ear::new(EarPlan::default(), &models)), None)
    }

    /// The frames of a tick that speech is looked for in.
    pub fn admit(&mut self, received: EarInput, sent: Frame) -> Vec<Frame> {
        let mut frames = Vec::new();
        match self {
            Self::Level(level) => {
                let voice = level.voice();
                level.wait.take(sent.pos, received, Rate::Hz8000, voice, &mut frames);
            }
            Self::Real(ear, _) => ear.admit(received, sent, &mut frames),
        }
        frames
    }

    pub fn hear(&mut self, frame: &Frame) -> Option<Edge> {
        match self {
            Self::Level(level) => level.hear(frame),
            Self::Real(ear, speech) => {
                let edge = ear.hear(frame);
                match edge {
                    Some(Edge::Start { arrived, .. }) => *speech = arrived,
                    Some(Edge::End { .. }) => *speech = None,
                    None => {}
                }
                edge
            }
        }
    }

    pub fn set_state(&mut self, state: EarState) {
        match self {
            Self::Level(level) => *level = Level { closed: state == EarState::Closed, ..Level::default() },
            Self::Real(ear, speech) => {
                ear.set_state(state);
                *speech = None;
            }
        }
    }

    /// Since when somebody has been speaking.
    pub fn speech(&self) -> Option<Instant> {
        match self {
            Self::Level(level) => level.speech,
            Self::Real(_, speech) => *speech,
        }
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
    speech: Option<Instant>,
    wait: Wait,
}

const START: Duration = Duration::from_millis(80);
const END: Duration = Duration::from_millis(200);

impl Level {
    fn voice(&self) -> SpeechState {
        match self.speech {
            None => SpeechState::Silent,
            Some(_) if TICK * self.quiet < END / 2 => SpeechState::Speaking,
            Some(_) => SpeechState::Pausing,
        }
    }

    fn hear(&mut self, frame: &Frame) -> Option<Edge> {
        if self.closed {
            return None;
        }
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
                self.speech = Some(arrived);
                Some(Edge::Start { at, arrived: Some(arrived) })
            }
            Some(_) if TICK * self.quiet >= END => {
                let (at, arrived) = self.last?;
                *self = Self { wait: std::mem::take(&mut self.wait), ..Self::default() };
                Some(Edge::End { at, arrived: Some(arrived) })
            }
            _ => None,
        }
    }
}
