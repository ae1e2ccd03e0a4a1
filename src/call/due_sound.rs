//! `DueSound`: since when sound of the bot is due, and the standby clips that are played while it stays away. Told the time; it never
//! reads a clock.
use super::utterance::{before, utterance};
use super::watchdog::Why;
use dialog::conversation::SayId;
use media::tts::UtteranceId;
use std::time::{Duration, Instant};

/// The call ends when sound of the bot has been due for this long.
const LIMIT: Duration = Duration::from_secs(12);

/// Between standby clips, while the bot is not heard.
const CLIP_INTERVAL: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub struct DueSound {
    /// Sound may stay away for so long before a clip is played.
    dead_air: Duration,
    since: Option<Instant>,
    /// An answer is due, and the recogniser is late with the caller's words.
    words_late: bool,
    /// A clause that has begun and whose synthesised sound has run out.
    underrun: Option<UtteranceId>,
    /// The newest clause.
    newest: SayId,
    /// When a clip was last started, while the bot is not heard; whether one is still playing.
    clip_at: Option<Instant>,
    clip_plays: bool,
    /// The clause before which clips were last played, and how many.
    clips: (UtteranceId, u64),
}

impl DueSound {
    pub fn new(dead_air: Duration) -> Self {
        Self {
            dead_air,
            since: None,
            words_late: false,
            underrun: None,
            newest: SayId(0),
            clip_at: None,
            clip_plays: false,
            clips: (UtteranceId(0), 0),
        }
    }

    pub fn is_due(&self) -> bool {
        self.since.is_some()
    }

    pub fn clip_plays(&self) -> bool {
        self.clip_plays
    }

    pub fn words_are_late(&self) -> bool {
        self.words_late
    }

    pub fn deadline(&self) -> Option<(Instant, Why)> {
        let since = self.since?;
        let (given_up, clip) = ((since + LIMIT, Why::NoSound), (self.clip_due(since), Why::DeadAir));
        Some(if self.clip_plays || given_up.0 <= clip.0 { given_up } else { clip })
    }

    /// When a clip is played if sound has been due since then.
    fn clip_due(&self, since: Instant) -> Instant {
        self.clip_at.map_or(since, |last| last + CLIP_INTERVAL).max(since + self.dead_air)
    }

    /// Sound has stayed away for so long that the call ends.
    pub fn is_given_up(&self, now: Instant) -> bool {
        self.since.is_some_and(|since| now >= since + LIMIT)
    }

    /// Sound has stayed away for so long that a clip stands in for it.
    pub fn wants_clip(&self, now: Instant) -> bool {
        self.since.is_some_and(|since| now >= self.clip_due(since))
    }

    /// Begins a clip, at intervals until the bot is heard again: the utterance it is played as. `waiting`: the clause that is to be
    /// heard next.
    pub fn begin_clip(&mut self, now: Instant, waiting: Option<SayId>) -> Option<UtteranceId> {
        if self.clip_plays || self.clip_at.is_some_and(|last| now < last + CLIP_INTERVAL) {
            return None;
        }
        (self.clip_at, self.clip_plays) = (Some(now), true);
        let next = || utterance(waiting.unwrap_or(SayId(self.newest.0 + 1)));
        let clause = self.underrun.unwrap_or_else(next);
        let played = if self.clips.0 == clause { self.clips.1 } else { 0 };
        self.clips = (clause, played + 1);
        Some(before(clause, played))
    }

    /// Sound is due from now on, if it is not already.
    pub fn expect(&mut self, now: Instant) {
        self.since.get_or_insert(now);
    }

    /// No sound is due.
    pub fn expect_nothing(&mut self) {
        self.since = None;
    }

    /// The time for which sound has been due begins anew.
    pub fn restart(&mut self, now: Instant) {
        self.since = self.since.map(|_| now);
    }

    /// The caller's turn is complete: an answer is due.
    pub fn turn_taken(&mut self, now: Instant) {
        (self.since, self.words_late, self.clip_at) = (Some(now), false, None);
    }

    /// The caller's turn ended at `at`, and its words are still to come.
    pub fn words_late(&mut self, at: Instant) {
        self.words_late = true;
        self.expect(at);
    }

    /// Late words are waited for no longer: the caller speaks again, or said nothing that was asked for.
    pub fn words_given_up(&mut self) {
        if std::mem::take(&mut self.words_late) {
            self.since = None;
        }
    }

    /// The bot is going to say a clause.
    pub fn said(&mut self, say: SayId) {
        self.newest = say;
    }

    /// The first sound of a clause was played, or of a clip (`None`).
    pub fn started(&mut self, say: Option<SayId>) {
        self.since = None;
        if say.is_some() {
            self.clip_at = None;
        }
    }

    /// The rest of a clause that has begun is due like any other sound.
    pub fn underran(&mut self, clause: UtteranceId, at: Instant) {
        (self.underrun, self.since) = (Some(clause), Some(at));
    }

    /// More of a clause was played; `true`: its sound had run out.
    pub fn progressed(&mut self, clause: UtteranceId) -> bool {
        let ran_out = self.underrun.take_if(|underrun| *underrun == clause).is_some();
        if ran_out {
            self.since = None;
        }
        ran_out
    }

    /// A clause was played to its end or cut off, or a clip was.
    pub fn finished(&mut self, played: UtteranceId, say: Option<SayId>) {
        self.underrun.take_if(|underrun| *underrun == played);
        self.clip_plays &= say.is_some();
    }

    /// More sound is due since `at`, when the last was played.
    pub fn expect_more(&mut self, at: Instant) {
        self.since = Some(at);
    }

    /// The bot was hushed: what it has said so far is not due any more.
    pub fn hushed(&mut self) {
        (self.since, self.underrun) = (None, None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(dead_air: u64) -> (DueSound, impl Fn(u64) -> Instant) {
        let start = Instant::now();
        (DueSound::new(Duration::from_millis(dead_air)), move |ms| start + Duration::from_millis(ms))
    }

    #[test]
    fn sound_that_stays_away_is_covered_at_intervals_and_then_given_up() {
        let (mut due, at) = due(1_100);
        assert_eq!(due.deadline(), None);
        due.expect(at(0));
        due.expect(at(500));
        assert_eq!(due.deadline(), Some((at(1_100), Why::DeadAir)));
        assert!(!due.wants_clip(at(1_099)) && due.wants_clip(at(1_100)));
        let waiting = Some(SayId(3));
        assert_eq!(due.begin_clip(at(1_100), waiting), Some(UtteranceId(17)));
        assert_eq!(due.deadline(), Some((at(12_000), Why::NoSound)), "no clip covers for a clip");
        due.finished(UtteranceId(17), None);
        assert_eq!(due.begin_clip(at(5_000), waiting), None);
        assert_eq!(due.deadline(), Some((at(6_100), Why::DeadAir)));
        assert_eq!(due.begin_clip(at(6_100), waiting), Some(UtteranceId(18)), "each clip has a number of its own");
        assert!(!due.is_given_up(at(11_999)) && due.is_given_up(at(12_000)));
        due.started(Some(SayId(3)));
        assert!(!due.is_due());
    }

    #[test]
    fn a_clip_goes_before_the_rest_of_a_clause_whose_sound_ran_out_or_before_the_next_clause() {
        let (mut due, at) = due(1_100);
        due.said(SayId(2));
        due.underran(UtteranceId(16), at(0));
        assert_eq!(due.begin_clip(at(1_100), Some(SayId(3))), Some(UtteranceId(9)));
        due.finished(UtteranceId(9), None);
        assert!(!due.progressed(UtteranceId(24)) && due.progressed(UtteranceId(16)) && !due.is_due());
        assert_eq!(due.begin_clip(at(9_000), None), Some(UtteranceId(17)), "nothing waits: before the one to come");
    }

    #[test]
    fn late_words_are_due_until_they_come_or_are_given_up() {
        let (mut due, at) = due(1_100);
        due.words_late(at(0));
        assert!(due.words_are_late() && due.is_due());
        due.words_given_up();
        assert!(!due.words_are_late() && !due.is_due());
        due.turn_taken(at(3_000));
        due.words_given_up();
        assert!(due.is_due(), "the answer to a turn is due whatever was late before it");
        due.restart(at(4_000));
        assert_eq!(due.deadline(), Some((at(5_100), Why::DeadAir)));
        due.hushed();
        assert_eq!(due.deadline(), None);
    }
}
