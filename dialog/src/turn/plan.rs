//! `TurnPlan`: the knobs of turn-taking.
use std::time::Duration;

/// Every knob of turn-taking. `[turn]` in a bot's file; times in milliseconds with the suffix `_ms`.
#[derive(Clone, Debug, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TurnPlan {
    /// Each silence that ends a turn is this many times as long: the one trade between answering soon and cutting callers off.
    pub patience: f32,
    /// The bot says that it listens ("mm-hm", "dạ") while a caller tells something long.
    pub backchannels: bool,
    /// Silence after a yes or a no to a question for one. The gate needs 200 ms to tell any silence.
    #[serde(rename = "yes_no_ms", deserialize_with = "millis")]
    pub yes_no: Duration,
    /// Silence after an answer that nothing usual follows ("half an hour").
    #[serde(rename = "complete_ms", deserialize_with = "millis")]
    pub complete: Duration,
    /// Silence after an answer that may go on ("two thirty" … "p m").
    #[serde(rename = "likely_ms", deserialize_with = "millis")]
    pub likely: Duration,
    /// Silence after words of which it is not known whether they are complete (free text).
    #[serde(rename = "partial_ms", deserialize_with = "millis")]
    pub partial: Duration,
    /// Silence after words that break off within a phrase ("a table for", "um").
    #[serde(rename = "unfinished_ms", deserialize_with = "millis")]
    pub unfinished: Duration,
    /// Silence after an entry that lacks something (three digits of six), and after one of any length that came in parts.
    #[serde(rename = "entry_ms", deserialize_with = "millis")]
    pub entry: Duration,
    /// Silence after sounds that were nothing that was asked for.
    #[serde(rename = "unclear_ms", deserialize_with = "millis")]
    pub unclear: Duration,
    /// How long words may stay away after the silence began before the recogniser counts as late, and silence is covered for.
    #[serde(rename = "words_ms", deserialize_with = "millis")]
    pub words: Duration,
    /// How long late words are waited for in all. The caller is then asked again, and it is not counted against them.
    #[serde(rename = "late_words_ms", deserialize_with = "millis")]
    pub late_words: Duration,
    /// How long words may stay away after a sound over the bot before the bot goes on where it was.
    #[serde(rename = "resume_ms", deserialize_with = "millis")]
    pub resume: Duration,
    /// Continuous speech over the bot before playout pauses.
    #[serde(rename = "hold_ms", deserialize_with = "millis")]
    pub pause: Duration,
    /// Continuous speech over the bot, of which no words are known, before its sentence is given up. Words end it at once.
    #[serde(rename = "hush_ms", deserialize_with = "millis")]
    pub hush: Duration,
    /// Speech that begins so soon after the bot took the floor began without having heard it: both speak at once, and the bot yields.
    #[serde(rename = "collision_ms", deserialize_with = "millis")]
    pub collision: Duration,
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
            patience: 1.0,
            backchannels: false,
            yes_no: ms(200),
            complete: ms(280),
            likely: ms(800),
            partial: ms(1_000),
            unfinished: ms(1_500),
            entry: ms(2_000),
            unclear: ms(1_000),
            words: ms(900),
            late_words: ms(6_000),
            resume: ms(500),
            pause: ms(300),
            hush: ms(6_000),
            collision: ms(400),
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
            ("yes_no_ms", self.yes_no, 50, 10_000),
            ("complete_ms", self.complete, 50, 10_000),
            ("likely_ms", self.likely, 50, 10_000),
            ("partial_ms", self.partial, 50, 10_000),
            ("unfinished_ms", self.unfinished, 50, 10_000),
            ("entry_ms", self.entry, 50, 10_000),
            ("unclear_ms", self.unclear, 50, 10_000),
            ("words_ms", self.words, 200, 20_000),
            ("late_words_ms", self.late_words, 200, 60_000),
            ("resume_ms", self.resume, 200, 20_000),
            ("collision_ms", self.collision, 0, 2_000),
            ("hold_ms", self.pause, 50, 10_000),
            ("hush_ms", self.hush, 50, 20_000),
            ("cough_ms", self.cough, 0, 5_000),
            ("noticed_ms", self.noticed, 0, 1_000),
            ("longest_ms", self.longest, 2_000, 600_000),
        ])?;
        if !PATIENCE.contains(&self.patience) {
            return Err(("patience", format!("is {}, which nobody can mean: use 0.3 to 4", self.patience)));
        }
        if self.hush < self.pause {
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

/// What a bot or a slot may have for its patience.
pub(crate) const PATIENCE: std::ops::RangeInclusive<f32> = 0.3..=4.0;

/// Whether each time lies within its bounds, in milliseconds; else the first that does not, as key and problem.
pub(crate) fn within(times: &[(&'static str, Duration, u64, u64)]) -> Result<(), (&'static str, String)> {
    let out = times.iter().find(|(_, time, min, max)| !(*min..=*max).contains(&(time.as_millis() as u64)));
    match out {
        Some((key, time, min, max)) => {
            Err((key, format!("is {}, which nobody can mean: use {min} to {max}", time.as_millis())))
        }
        None => Ok(()),
    }
}

/// Reads a duration in whole milliseconds.
pub(crate) fn millis<'de, D: serde::Deserializer<'de>>(de: D) -> Result<Duration, D::Error> {
    <u64 as serde::Deserialize>::deserialize(de).map(Duration::from_millis)
}
