//! `Speech`: the caller's running turn, and the words that have come of it.
use super::voice_end::VoiceEnd;
use super::words::{AnswerKind, Words};
use std::time::{Duration, Instant};

pub(super) struct Speech {
    pub began: Instant,
    /// Where the present stretch of speech began.
    pub stretch: Instant,
    /// How much was spoken before that.
    pub spoken: Duration,
    pub silent: Option<Instant>,
    /// The longest silence that the caller went on after.
    pub longest_pause: Duration,
    pub words: Option<LatestWords>,
    pub over_bot: bool,
    /// It began as the bot did: neither had heard the other.
    pub collides: bool,
    /// How patient the bot has become with this caller.
    pub patience: f32,
    /// The words of this silence were told as the likely end of the turn.
    pub told_likely: bool,
    /// The bot's sound was paused, or hushed, for it.
    pub paused: bool,
    pub hushed: bool,
    /// The recogniser is late with the words.
    pub late: bool,
    /// How the voice sounded where this silence began.
    pub voice_end: Option<VoiceEnd>,
    /// When the bot said that it listens, in this silence, and how much was spoken before the last time.
    pub backchannel: Option<Instant>,
    pub spoken_before_backchannel: Duration,
}

pub(super) struct LatestWords {
    pub text: Option<String>,
    pub confidence: f32,
    pub kind: AnswerKind,
    pub patience: f32,
    pub is_final: bool,
    /// The caller went on after these words; newer ones are due.
    pub stale: bool,
}

impl LatestWords {
    /// Nothing newer is due.
    pub fn is_settled(&self) -> bool {
        self.is_final && !self.stale
    }
}

impl Speech {
    pub fn new(began: Instant, over_bot: bool) -> Speech {
        Speech {
            began,
            stretch: began,
            spoken: Duration::ZERO,
            silent: None,
            longest_pause: Duration::ZERO,
            words: None,
            over_bot,
            collides: false,
            patience: 1.0,
            told_likely: false,
            paused: false,
            hushed: false,
            late: false,
            voice_end: None,
            backchannel: None,
            spoken_before_backchannel: Duration::ZERO,
        }
    }

    /// The caller goes on after a silence, or is reported once more.
    pub fn goes_on(&mut self, began: Instant) {
        if let Some(silent) = self.silent.take() {
            self.longest_pause = self.longest_pause.max(began.saturating_duration_since(silent));
            self.stretch = began;
        }
        (self.late, self.voice_end, self.backchannel) = (false, None, None);
        if let Some(words) = &mut self.words {
            words.stale = true;
        }
    }

    /// The caller fell silent at `at`; `spoke` is how long they had spoken, zero where that is not known.
    pub fn stops(&mut self, at: Instant, spoke: Duration) {
        if self.silent.is_none() {
            let at = at.max(self.stretch);
            self.spoken += if spoke.is_zero() { at.saturating_duration_since(self.stretch) } else { spoke };
            self.silent = Some(at);
        }
    }

    /// A partial never replaces a final of the same stretch, and a sound that was nothing does not take back the parts of an entry.
    pub fn takes(&mut self, words: Words) {
        if let Some(known) = &mut self.words
            && words.is_final
            && words.text.is_none()
            && known.is_final
            && known.text.is_some()
            && known.kind.is_entry()
        {
            known.stale = false;
            return;
        }
        if words.is_final || self.words.as_ref().is_none_or(|s| !s.is_final || s.stale) {
            let Words { text, confidence, is_final, kind, patience } = words;
            self.words = Some(LatestWords { text, confidence, kind, patience, is_final, stale: false });
        }
    }

    /// The latest words.
    pub fn text(&self) -> Option<&str> {
        self.words.as_ref().and_then(|words| words.text.as_deref())
    }

    /// Words that are more than a backchannel. A guess (a partial) counts once the speech is long enough not to be a cough.
    pub fn means_something(&self, good_guess: bool) -> bool {
        self.words.as_ref().is_some_and(|words| {
            let text = words.text.as_deref().is_some_and(|t| !t.trim().is_empty());
            text && !words.kind.is_no_answer() && (words.is_final || good_guess)
        })
    }

    /// How long was spoken in all.
    pub fn length(&self, now: Instant) -> Duration {
        match self.silent {
            Some(_) => self.spoken,
            None => self.spoken + now.saturating_duration_since(self.stretch),
        }
    }
}
