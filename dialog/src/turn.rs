//! `Turn`: whose turn it is. It decides when the caller has finished, and what their voice does to the bot's.
//!
//! Told the time, it emits [`Act`]s. The leg ducks by itself; `Turn` holds, resumes and hushes (see the design's three steps).
use std::collections::VecDeque;
use std::time::{Duration, Instant};

mod barge;
mod end;
pub mod nods;

/// Every knob of turn-taking. `[turn]` in a bot's file; times in milliseconds with the suffix `_ms`.
#[derive(Clone, Debug, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TurnPlan {
    /// Silence after an answer that nothing usual follows ("half an hour").
    #[serde(rename = "complete_ms", deserialize_with = "millis")]
    pub complete: Duration,
    /// Silence after an answer that may go on ("two thirty" … "p m").
    #[serde(rename = "likely_ms", deserialize_with = "millis")]
    pub likely: Duration,
    /// Silence after an unfinished answer (three digits of six, "at", free text).
    #[serde(rename = "partial_ms", deserialize_with = "millis")]
    pub partial: Duration,
    /// Silence after sounds that were nothing that was asked for.
    #[serde(rename = "unclear_ms", deserialize_with = "millis")]
    pub unclear: Duration,
    /// How long words may stay away after the silence began before the recogniser counts as late: a bot that was held goes on, and
    /// silence is covered for.
    #[serde(rename = "words_ms", deserialize_with = "millis")]
    pub words: Duration,
    /// How long late words are waited for in all. The caller is then asked again, and it is not counted against them.
    #[serde(rename = "late_words_ms", deserialize_with = "millis")]
    pub late_words: Duration,
    /// Continuous speech over the bot before playout pauses.
    #[serde(rename = "hold_ms", deserialize_with = "millis")]
    pub hold: Duration,
    /// Continuous speech over the bot before its sentence is given up, words or not.
    #[serde(rename = "hush_ms", deserialize_with = "millis")]
    pub hush: Duration,
    /// Sounds shorter than this, without words, are a cough.
    #[serde(rename = "cough_ms", deserialize_with = "millis")]
    pub cough: Duration,
    /// How long after its onset speech is reported (the gate's verdict).
    #[serde(rename = "noticed_ms", deserialize_with = "millis")]
    pub noticed: Duration,
    /// A caller who speaks longer than this without a pause is taken as they are (a radio, a crowd).
    #[serde(rename = "longest_ms", deserialize_with = "millis")]
    pub longest: Duration,
    /// Confidence from which words count as surely understood.
    pub good: f32,
    /// Confidence below which words count as not understood.
    pub poor: f32,
}

impl Default for TurnPlan {
    fn default() -> Self {
        let ms = Duration::from_millis;
        TurnPlan {
            complete: ms(280),
            likely: ms(500),
            partial: ms(1_000),
            unclear: ms(700),
            words: ms(900),
            late_words: ms(6_000),
            hold: ms(300),
            hush: ms(800),
            cough: ms(300),
            noticed: ms(64),
            longest: ms(20_000),
            good: 0.5,
            poor: 0.2,
        }
    }
}

impl TurnPlan {
    /// What contradicts itself, as key and problem.
    pub(crate) fn check(&self) -> Result<(), (&'static str, String)> {
        within(&[
            ("complete_ms", self.complete, 50, 10_000),
            ("likely_ms", self.likely, 50, 10_000),
            ("partial_ms", self.partial, 50, 10_000),
            ("unclear_ms", self.unclear, 50, 10_000),
            ("words_ms", self.words, 200, 20_000),
            ("late_words_ms", self.late_words, 200, 60_000),
            ("hold_ms", self.hold, 50, 10_000),
            ("hush_ms", self.hush, 50, 20_000),
            ("cough_ms", self.cough, 0, 5_000),
            ("noticed_ms", self.noticed, 0, 1_000),
            ("longest_ms", self.longest, 2_000, 600_000),
        ])?;
        if self.hush < self.hold {
            return Err(("hush_ms", "is below hold_ms".into()));
        }
        if self.late_words < self.words {
            return Err(("late_words_ms", "is below words_ms".into()));
        }
        if !(0.0..=1.0).contains(&self.good) || !(0.0..=1.0).contains(&self.poor) || self.poor > self.good {
            return Err(("poor", "must be between 0 and `good`, which is at most 1".into()));
        }
        Ok(())
    }
}

/// The news of a stop counts as no older than this: a gate needs 200 ms, and a tick brings it.
const TOLD: Duration = Duration::from_millis(400);

/// Whether each time lies within its bounds, in milliseconds; else the first that does not, as key and problem.
pub(crate) fn within(times: &[(&'static str, Duration, u64, u64)]) -> Result<(), (&'static str, String)> {
    let out = times.iter().find(|(_, time, least, most)| !(*least..=*most).contains(&(time.as_millis() as u64)));
    match out {
        Some((key, time, least, most)) => {
            Err((key, format!("is {}, which nobody can mean: use {least} to {most}", time.as_millis())))
        }
        None => Ok(()),
    }
}

/// Reads a duration in whole milliseconds.
pub(crate) fn millis<'de, D: serde::Deserializer<'de>>(de: D) -> Result<Duration, D::Error> {
    <u64 as serde::Deserialize>::deserialize(de).map(Duration::from_millis)
}

/// What words are worth to the step that hears them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// An answer, finished.
    Whole,
    /// An answer that may go on.
    Likely,
    /// Something that goes on.
    Part,
    /// A back-channel: "uh-huh".
    Nod,
    /// A sound of thinking: the caller is not done.
    Hum,
}

/// Who has the floor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Floor {
    #[default]
    Free,
    /// The bot speaks and may be interrupted.
    Bot,
    /// The bot says something that must be heard.
    Closed,
}

/// What `Turn` decides.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    Hold,
    Resume,
    Hush,
    /// The caller has finished, and said this.
    Taken {
        text: String,
        confidence: f32,
    },
    /// The caller has finished, and what they said was nothing that was asked for.
    Missed,
    /// The caller has finished, and the recogniser is late: its words are still taken.
    Late,
    /// The caller has finished, and no words came of it.
    Unheard,
    /// It was nothing: a cough, a nod. The bot goes on.
    Dropped,
}

/// Why `Turn` wants to be woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    Hold,
    Hush,
    /// Silence long enough for what was said.
    End,
    /// Words stay away.
    Words,
    /// Late words are waited for no longer.
    Unheard,
    /// The caller does not stop.
    Longest,
}

pub struct Turn {
    plan: TurnPlan,
    floor: Floor,
    speech: Option<Speech>,
    /// The caller's voice is on, also when its turn was cut for length.
    voice: bool,
    acts: VecDeque<Act>,
}

/// The caller's running turn.
struct Speech {
    began: Instant,
    /// Where the present stretch of speech began.
    burst: Instant,
    /// How much was spoken before that.
    spoken: Duration,
    silent: Option<Instant>,
    said: Option<Said>,
    over_bot: bool,
    held: bool,
    hushed: bool,
    /// The recogniser is late with the words.
    late: bool,
}

struct Said {
    text: Option<String>,
    confidence: f32,
    weight: Weight,
    is_final: bool,
    /// The caller went on after these words; newer ones are due.
    stale: bool,
}

impl Turn {
    pub fn new(plan: TurnPlan) -> Turn {
        Turn { plan, floor: Floor::Free, speech: None, voice: false, acts: VecDeque::new() }
    }

    /// Whether the caller is in the middle of a turn, or speaks on after one that was cut for length.
    pub fn busy(&self) -> bool {
        self.speech.is_some() || self.voice
    }

    pub fn started(&mut self, now: Instant) {
        self.voice = true;
        let began = now.checked_sub(self.plan.noticed).unwrap_or(now);
        match &mut self.speech {
            Some(speech) => {
                if speech.silent.take().is_some() {
                    speech.burst = began;
                }
                speech.late = false;
                if let Some(said) = &mut speech.said {
                    said.stale = true;
                }
            }
            None => {
                self.speech = Some(Speech {
                    began,
                    burst: began,
                    spoken: Duration::ZERO,
                    silent: None,
                    said: None,
                    over_bot: self.floor != Floor::Free,
                    held: false,
                    hushed: false,
                    late: false,
                });
            }
        }
        self.tick(now);
    }

    /// The caller's voice stopped this long ago, after it had been on for so long by its own clock: as long as it seemed from here where
    /// that is nothing. News that a busy machine, a network or a second hearing delayed makes no short word a cough, and no cough a word;
    /// nor does the recogniser have less time for it.
    pub fn stopped(&mut self, now: Instant, ago: Duration, spoke: Duration) {
        self.voice = false;
        if let Some(speech) = &mut self.speech
            && speech.silent.is_none()
        {
            let at = now.checked_sub(ago.min(TOLD)).unwrap_or(now).max(speech.burst);
            speech.spoken += if spoke.is_zero() { at.saturating_duration_since(speech.burst) } else { spoke };
            speech.silent = Some(at);
        }
        self.tick(now);
    }

    /// Words of the running turn. Words that come without a turn (a hearing that outlived it) are nobody's.
    pub fn words(&mut self, now: Instant, words: Words) {
        if let Some(speech) = &mut self.speech {
            // A partial never replaces a final of the same stretch.
            if words.is_final || speech.said.as_ref().is_none_or(|s| !s.is_final || s.stale) {
                let Words { text, confidence, is_final, weight } = words;
                speech.said = Some(Said { text, confidence, weight, is_final, stale: false });
            }
        }
        self.tick(now);
    }

    /// The bot began or finished speaking.
    pub fn floor(&mut self, now: Instant, floor: Floor) {
        if self.floor != floor {
            self.floor = floor;
            self.tick(now);
        }
    }

    /// Forgets the running turn: keys were pressed, or the call ends. A hold must be undone by the caller of this.
    pub fn forget(&mut self) {
        (self.speech, self.voice) = (None, false);
        self.acts.clear();
    }

    pub fn poll(&mut self) -> Option<Act> {
        self.acts.pop_front()
    }

    pub fn deadline(&self) -> Option<(Instant, Why)> {
        let speech = self.speech.as_ref()?;
        [self.barge_deadline(speech), self.end_deadline(speech)].into_iter().flatten().min_by_key(|(at, _)| *at)
    }

    pub fn tick(&mut self, now: Instant) {
        self.barge(now);
        self.end(now);
    }
}

/// Words as `Turn` wants them: with their weight.
pub struct Words {
    pub text: Option<String>,
    pub confidence: f32,
    pub is_final: bool,
    pub weight: Weight,
}

#[cfg(test)]
mod tests;
