//! Who hears whom, as data: one table, and a set of voices.

/// Somebody whose sound can be heard in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Voice {
    Caller = 1,
    Bot = 2,
    Agent = 4,
    Supervisor = 8,
}

/// How a supervisor takes part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Supervision {
    #[default]
    Absent,
    Monitor,
    Whisper,
    Barge,
    TakeOver,
}

/// Somebody who hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ear {
    Caller,
    Agent,
    Supervisor,
    /// The bot's recogniser.
    Recogniser,
    /// Hears each live voice by itself.
    Transcriber,
    /// Turns a whisper into words for the bot.
    WhisperRecogniser,
}

/// A set of voices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Voices(u8);

impl Voices {
    pub const NONE: Self = Self(0);

    pub const fn with(self, voice: Voice) -> Self {
        Self(self.0 | voice as u8)
    }

    pub const fn without(self, voice: Voice) -> Self {
        Self(self.0 & !(voice as u8))
    }

    pub const fn has(self, voice: Voice) -> bool {
        self.0 & voice as u8 != 0
    }
}

const fn set<const N: usize>(voices: [Voice; N]) -> Voices {
    let (mut all, mut i) = (Voices::NONE, 0);
    while i < N {
        all = all.with(voices[i]);
        i += 1;
    }
    all
}

/// The voices that `ear` hears. Nobody hears themselves; after a takeover the bot rests.
pub const fn hears(mode: Supervision, ear: Ear) -> Voices {
    use Supervision::{Absent, Barge, Monitor, TakeOver, Whisper};
    use Voice::{Agent, Bot, Caller, Supervisor};
    match (ear, mode) {
        (Ear::Caller, Absent | Monitor | Whisper) => set([Bot, Agent]),
        (Ear::Caller, Barge) => set([Bot, Agent, Supervisor]),
        (Ear::Caller, TakeOver) => set([Supervisor]),
        (Ear::Agent, Absent | Monitor) => set([Caller, Bot]),
        (Ear::Agent, Whisper | Barge | TakeOver) => set([Caller, Bot, Supervisor]),
        (Ear::Supervisor, Absent) => Voices::NONE,
        (Ear::Supervisor, Monitor | Whisper | Barge | TakeOver) => set([Caller, Bot, Agent]),
        (Ear::Recogniser, Absent | Monitor | Whisper | Barge) => set([Caller]),
        (Ear::Recogniser, TakeOver) => Voices::NONE,
        (Ear::Transcriber, Absent) => set([Caller, Bot, Agent]),
        (Ear::Transcriber, Monitor | Whisper | Barge | TakeOver) => set([Caller, Bot, Agent, Supervisor]),
        (Ear::WhisperRecogniser, Whisper) => set([Supervisor]),
        (Ear::WhisperRecogniser, Absent | Monitor | Barge | TakeOver) => Voices::NONE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_ear_hears_what_the_table_says_in_every_mode() {
        // absent, monitor, whisper, barge, take over; c caller, b bot, a agent, s supervisor.
        let table = [
            (Ear::Caller, ["ba", "ba", "ba", "bas", "s"]),
            (Ear::Agent, ["cb", "cb", "cbs", "cbs", "cbs"]),
            (Ear::Supervisor, ["", "cba", "cba", "cba", "cba"]),
            (Ear::Recogniser, ["c", "c", "c", "c", ""]),
            (Ear::Transcriber, ["cba", "cbas", "cbas", "cbas", "cbas"]),
            (Ear::WhisperRecogniser, ["", "", "s", "", ""]),
        ];
        let modes = [
            Supervision::Absent,
            Supervision::Monitor,
            Supervision::Whisper,
            Supervision::Barge,
            Supervision::TakeOver,
        ];
        for (ear, row) in table {
            for (mode, expected) in modes.into_iter().zip(row) {
                let voices = [(Voice::Caller, 'c'), (Voice::Bot, 'b'), (Voice::Agent, 'a'), (Voice::Supervisor, 's')];
                for (voice, letter) in voices {
                    assert_eq!(hears(mode, ear).has(voice), expected.contains(letter), "{ear:?} {mode:?} {voice:?}");
                }
            }
        }
    }

    #[test]
    fn a_whisper_never_reaches_the_caller() {
        assert!(!hears(Supervision::Whisper, Ear::Caller).has(Voice::Supervisor));
        assert!(!hears(Supervision::Monitor, Ear::Caller).has(Voice::Supervisor));
    }
}
