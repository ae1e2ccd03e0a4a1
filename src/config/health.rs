//! `[health]`: what makes a live call one to look at first, and how much.
use super::Ms;
use serde::{Deserialize, Serialize};

/// See `insight::health::Grade`.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Grade {
    pub from: f64,
    pub full: f64,
    pub points: u32,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Health {
    pub window_ms: Ms,
    pub person_wanted: Grade,
    pub not_understood: Grade,
    pub silence_ms: Grade,
    pub dead_air_ms: Grade,
    pub slow_answers_ms: Grade,
    pub no_sound_ms: Grade,
    pub poor_line_mos: Grade,
    pub interruptions: Grade,
    pub failures: Grade,
    pub long_call_ms: Grade,
    pub upset: Grade,
}

impl Default for Health {
    fn default() -> Self {
        let grade = |from, full, points| Grade { from, full, points };
        Self {
            window_ms: Ms(60_000),
            person_wanted: grade(1.0, 2.0, 60),
            not_understood: grade(2.0, 4.0, 50),
            silence_ms: grade(7_000.0, 20_000.0, 40),
            dead_air_ms: grade(2_000.0, 6_000.0, 30),
            slow_answers_ms: grade(2_500.0, 6_000.0, 30),
            no_sound_ms: grade(3_000.0, 12_000.0, 60),
            poor_line_mos: grade(3.5, 2.5, 30),
            interruptions: grade(4.0, 8.0, 25),
            failures: grade(1.0, 3.0, 40),
            long_call_ms: grade(600_000.0, 1_800_000.0, 20),
            upset: grade(1.0, 2.0, 40),
        }
    }
}

impl Health {
    /// By their keys.
    pub(super) fn grades(&self) -> [(&'static str, Grade); 11] {
        [
            ("person_wanted", self.person_wanted),
            ("not_understood", self.not_understood),
            ("silence_ms", self.silence_ms),
            ("dead_air_ms", self.dead_air_ms),
            ("slow_answers_ms", self.slow_answers_ms),
            ("no_sound_ms", self.no_sound_ms),
            ("poor_line_mos", self.poor_line_mos),
            ("interruptions", self.interruptions),
            ("failures", self.failures),
            ("long_call_ms", self.long_call_ms),
            ("upset", self.upset),
        ]
    }
}
