//! `Mood`: how a caller seems to feel, and why; `NextStep`: what a supervisor could do. As marks hold them and as watchers are told.
use super::event::Private;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum MoodState {
    Pleased,
    Calm,
    Tense,
    Upset,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Trend {
    Falling,
    Steady,
    Rising,
}

/// What a mood is concluded from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MoodCode {
    Insult,
    Threat,
    Anger,
    Sarcasm,
    Frustration,
    Complaint,
    Pleased,
    Thanks,
    /// The caller said the same again: `value` times of late.
    Repeats,
    /// They asked for a person: `value` times of late.
    AsksPerson,
    /// They cut the bot off: `value` times of late.
    Interrupts,
    /// They were not understood: `value` times of late.
    NotUnderstood,
    /// They speak louder than they did in this call, by `value` decibels.
    RaisedVoice,
    /// They speak higher than they did, by `value` percent.
    HigherPitch,
    /// They speak faster than they did, by `value` percent.
    Faster,
}

/// One reason of a mood.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, ToSchema)]
pub struct MoodReason {
    pub code: MoodCode,
    /// What was said; masked for who may not see words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub words: Option<Private<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// The latest time, from the call's start.
    pub at_ms: u64,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, ToSchema)]
pub struct Mood {
    pub state: MoodState,
    pub trend: Trend,
    /// The heaviest first.
    pub why: Vec<MoodReason>,
}

impl Mood {
    /// Without what was said.
    pub fn without_words(mut self) -> Self {
        let words = self.why.iter_mut().filter_map(|why| why.words.as_mut());
        words.for_each(|words| *words = Private::<String>::withheld());
        self
    }
}

/// What the features of one utterance's sound are, as the mark `voice` has them.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
pub struct VoiceMark {
    /// Its end and its beginning, from the call's start.
    pub ms: u64,
    pub from_ms: u64,
    /// Median pitch; `None` where too little of it is voiced.
    pub pitch_hz: Option<f64>,
    /// Level of the loud half, in dBFS.
    pub level_db: f64,
    /// Syllables in ten seconds; `None` where it is too short.
    pub rate: Option<f64>,
}

/// What a supervisor could do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NextCode {
    TakeOver,
    OfferPerson,
    AskByKeys,
    FillSlot,
    SayLine,
    CheckLine,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NextReasonCode {
    AskedPerson,
    Upset,
    Tense,
    Misses,
    Silence,
    SlowTool,
    SlowAnswer,
    ToolFailed,
    PoorLine,
    NoSound,
}

#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize, ToSchema)]
pub struct NextReason {
    pub code: NextReasonCode,
    /// Times, milliseconds, or a mean opinion score.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, ToSchema)]
pub struct NextStep {
    pub code: NextCode,
    /// The slot that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot: Option<String>,
    /// What the bot could be given to say, in the call's language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<String>,
    pub why: Vec<NextReason>,
}
