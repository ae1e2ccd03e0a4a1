//! `Voices`: what people in a call say who do not speak with the bot as its caller, each voice by itself: to the caller or, in a whisper, to
//! the bot as its supervisor. A core: it is told the time, which voices are listened to and what was heard of them, and gives each turn in the
//! order in which they began.
use media::SamplePos;
use media::asr::{Heard, Hypothesis};
use media::room::Seat;
use media::vad::Edge;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Sound that is shorter and holds no words is no turn: a cough, a key.
const SHORT: Duration = Duration::from_millis(300);

/// A turn is over when its voice has paused for so long.
const PAUSE: Duration = Duration::from_millis(700);

/// Words that a recogniser gives later than so long after their end are not waited for.
const LATE: Duration = Duration::from_secs(20);

/// What a voice is listened to for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum VoicePurpose {
    /// What it says to people stands in the transcript.
    #[default]
    Transcript,
    /// What it says guides the bot.
    Guidance,
}

/// What a recogniser reports of one voice. `session`: the number with which its session was asked for.
#[derive(Debug)]
pub struct VoiceHeard {
    pub seat: Seat,
    pub session: u64,
    pub heard: Heard,
}

/// A complete turn of one voice.
#[derive(Debug)]
pub struct VoiceTurn {
    pub seat: Seat,
    pub purpose: VoicePurpose,
    pub began: Instant,
    pub ended: Instant,
    /// `None`: it was not recognised.
    pub words: Option<(String, f32)>,
}

#[derive(Default)]
pub struct Voices {
    listened: BTreeMap<Seat, Voice>,
    /// The number of the last session.
    sessions: u64,
    /// Complete turns, while another that began before is still under way.
    complete: Vec<VoiceTurn>,
}

/// A voice that is listened to.
#[derive(Default)]
struct Voice {
    purpose: VoicePurpose,
    session: u64,
    /// When its turn under way began and last paused, and where in the call that pause is.
    began: Option<Instant>,
    paused: Option<(Instant, SamplePos)>,
    /// The words of all its turn up to a place in the call.
    words: Option<(Hypothesis, SamplePos)>,
    /// No engine hears it.
    failed: bool,
}

impl Voice {
    /// Whether the recogniser has nothing more to say of the sound up to the pause.
    fn is_heard(&self) -> bool {
        let covers = |pause: SamplePos| self.words.as_ref().is_some_and(|(_, to)| *to >= pause);
        self.failed || self.paused.is_some_and(|(_, pause)| covers(pause))
    }

    /// When its turn is over.
    fn deadline(&self) -> Option<Instant> {
        self.paused.map(|(at, _)| at + if self.is_heard() { PAUSE } else { LATE })
    }

    /// The turn under way, up to `now` where it has not paused. The session is used up.
    fn turn(self, seat: Seat, now: Instant) -> Option<VoiceTurn> {
        let began = self.began?;
        let ended = self.paused.map_or(now, |(at, _)| at).max(began);
        let words = self.words.and_then(|(words, _)| Some((words.text?, words.confidence)));
        let purpose = self.purpose;
        (words.is_some() || ended - began >= SHORT).then_some(VoiceTurn { seat, purpose, began, ended, words })
    }
}

impl Voices {
    /// The voice at this seat is listened to; the number of the session of recognition that is to be opened for its next turn.
    pub fn listen(&mut self, seat: Seat, purpose: VoicePurpose) -> u64 {
        self.sessions += 1;
        self.listened.insert(seat, Voice { purpose, session: self.sessions, ..Voice::default() });
        self.sessions
    }

    /// The voice is not listened to any more: what it has said is a turn.
    pub fn stop(&mut self, now: Instant, seat: Seat) {
        if let Some(voice) = self.listened.remove(&seat) {
            self.complete.extend(voice.turn(seat, now));
        }
    }

    pub fn is_listening(&self, seat: Seat) -> bool {
        self.listened.contains_key(&seat)
    }

    /// The seats whose voices are listened to, and for what.
    pub fn listened(&self) -> Vec<(Seat, VoicePurpose)> {
        self.listened.iter().map(|(seat, voice)| (*seat, voice.purpose)).collect()
    }

    /// Speech began or ended at `at`.
    pub fn edge(&mut self, seat: Seat, edge: Edge, at: Instant) {
        let Some(voice) = self.listened.get_mut(&seat) else { return };
        match edge {
            Edge::Start { .. } => {
                voice.began.get_or_insert(at);
                voice.paused = None;
            }
            Edge::End { at: place, .. } => voice.paused = voice.began.map(|began| (at.max(began), place)),
        }
    }

    /// What an earlier session says is past.
    pub fn heard(&mut self, VoiceHeard { seat, session, heard }: VoiceHeard) {
        let Some(voice) = self.listened.get_mut(&seat).filter(|voice| voice.session == session) else { return };
        match heard {
            Heard::Partial { .. } => {}
            Heard::Final { hypothesis, to, .. } => voice.words = Some((hypothesis, to)),
            Heard::Failed(_) => voice.failed = true,
        }
    }

    pub fn deadline(&self) -> Option<Instant> {
        self.listened.values().filter_map(Voice::deadline).min()
    }

    /// A voice whose turn is over by now: it needs a new session ([`Voices::listen`]).
    pub fn next_over(&mut self, now: Instant) -> Option<Seat> {
        let over = |voice: &Voice| voice.deadline().is_some_and(|at| at <= now);
        let seat = self.listened.iter().find(|(_, voice)| over(voice)).map(|(seat, _)| *seat)?;
        let voice = std::mem::take(self.listened.get_mut(&seat)?);
        self.complete.extend(voice.turn(seat, now));
        Some(seat)
    }

    /// The next turn, in the order in which they began: one of the transcript that began while an earlier one is under way waits for it.
    pub fn take(&mut self) -> Option<VoiceTurn> {
        if let Some(guides) = self.complete.iter().position(|turn| turn.purpose == VoicePurpose::Guidance) {
            return Some(self.complete.remove(guides));
        }
        let first = (0..self.complete.len()).min_by_key(|n| self.complete[*n].began)?;
        let told = self.listened.values().filter(|voice| voice.purpose == VoicePurpose::Transcript);
        let under_way = told.filter_map(|voice| voice.began).min();
        let waits = under_way.is_some_and(|began| began < self.complete[first].began);
        (!waits).then(|| self.complete.remove(first))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use media::asr::AsrFault;

    const ANNA: Seat = Seat(2);

    struct Talking {
        voices: Voices,
        start: Instant,
        sessions: BTreeMap<Seat, u64>,
    }

    impl Talking {
        fn new(seats: &[Seat]) -> Self {
            let mut all = Self { voices: Voices::default(), start: Instant::now(), sessions: BTreeMap::new() };
            seats.iter().for_each(|seat| all.listen(*seat));
            all
        }

        fn listen(&mut self, seat: Seat) {
            let session = self.voices.listen(seat, VoicePurpose::Transcript);
            self.sessions.insert(seat, session);
        }

        fn at(&self, ms: u64) -> Instant {
            self.start + Duration::from_millis(ms)
        }

        /// Speech from and to these moments.
        fn speaks(&mut self, seat: Seat, from: u64, to: u64) {
            let (start, end) = (self.at(from), self.at(to));
            self.voices.edge(seat, Edge::Start { at: SamplePos(from * 48), arrived: Some(start) }, start);
            self.voices.edge(seat, Edge::End { at: SamplePos(to * 48), arrived: Some(end), voice: None }, end);
        }

        /// The words up to this moment.
        fn words(&mut self, seat: Seat, text: Option<&str>, to: u64) {
            let hypothesis = Hypothesis { text: text.map(str::to_owned), confidence: 0.8 };
            let (from, to, done_at) = (SamplePos(0), SamplePos(to * 48), self.start);
            let heard = Heard::Final { hypothesis, from, to, engine: "told", took: Duration::ZERO, done_at };
            self.voices.heard(VoiceHeard { seat, session: self.sessions[&seat], heard });
        }

        /// The turns by this moment.
        fn turns(&mut self, ms: u64) -> Vec<String> {
            while let Some(seat) = self.voices.next_over(self.at(ms)) {
                self.listen(seat);
            }
            self.taken()
        }

        fn taken(&mut self) -> Vec<String> {
            let ms = |at: Instant| (at - self.start).as_millis();
            let shown = |turn: VoiceTurn| {
                let text = turn.words.map_or("?".to_owned(), |(text, _)| text);
                format!("{} [{}-{}] {text}", turn.seat.0, ms(turn.began), ms(turn.ended))
            };
            std::iter::from_fn(|| self.voices.take()).map(shown).collect()
        }
    }

    #[test]
    fn a_turn_is_over_when_its_voice_has_paused_and_its_words_are_known() {
        let mut all = Talking::new(&[ANNA]);
        all.speaks(ANNA, 1_000, 2_000);
        assert_eq!(all.voices.deadline(), Some(all.at(22_000)), "its words are waited for");
        all.words(ANNA, Some("friday at three"), 2_000);
        assert_eq!(all.voices.deadline(), Some(all.at(2_700)));
        assert!(all.turns(2_699).is_empty());
        assert_eq!(all.turns(2_700), ["2 [1000-2000] friday at three"]);
        // The next turn has a session of its own; words of the one before are nobody's.
        all.speaks(ANNA, 5_000, 5_600);
        let heard = Heard::Failed(AsrFault::Late);
        all.voices.heard(VoiceHeard { seat: ANNA, session: 1, heard });
        assert!(all.turns(6_500).is_empty());
        all.words(ANNA, None, 5_600);
        assert_eq!(all.turns(6_500), ["2 [5000-5600] ?"]);
    }

    #[test]
    fn who_goes_on_after_a_pause_says_one_turn_and_words_of_its_first_part_are_not_taken_for_all() {
        let mut all = Talking::new(&[ANNA]);
        all.speaks(ANNA, 0, 1_000);
        all.words(ANNA, Some("friday"), 1_000);
        all.speaks(ANNA, 1_500, 2_500);
        assert!(all.turns(4_000).is_empty(), "the words of the rest are still to come");
        all.words(ANNA, Some("friday at three"), 2_500);
        assert_eq!(all.turns(4_000), ["2 [0-2500] friday at three"]);
    }

    #[test]
    fn a_cough_is_no_turn_and_what_nobody_recognises_is() {
        let mut all = Talking::new(&[ANNA, Seat::CALLER]);
        all.speaks(ANNA, 0, 200);
        all.words(ANNA, None, 200);
        all.speaks(Seat::CALLER, 0, 900);
        let failed = Heard::Failed(AsrFault::Busy);
        all.voices.heard(VoiceHeard { seat: Seat::CALLER, session: all.sessions[&Seat::CALLER], heard: failed });
        assert_eq!(all.turns(2_000), ["0 [0-900] ?"]);
        // An engine that says nothing at all.
        all.speaks(ANNA, 3_000, 4_000);
        assert!(all.turns(23_999).is_empty());
        assert_eq!(all.turns(24_000), ["2 [3000-4000] ?"]);
    }

    #[test]
    fn turns_come_in_the_order_in_which_they_began() {
        let mut all = Talking::new(&[ANNA, Seat::CALLER]);
        let start = all.at(0);
        all.voices.edge(Seat::CALLER, Edge::Start { at: SamplePos(0), arrived: Some(start) }, start);
        all.speaks(ANNA, 1_000, 1_400);
        all.words(ANNA, Some("yes"), 1_400);
        assert!(all.turns(3_000).is_empty(), "the caller began before and speaks on");
        let end = all.at(4_000);
        all.voices.edge(Seat::CALLER, Edge::End { at: SamplePos(4_000 * 48), arrived: Some(end), voice: None }, end);
        all.words(Seat::CALLER, Some("a long story"), 4_000);
        assert_eq!(all.turns(4_700), ["0 [0-4000] a long story", "2 [1000-1400] yes"]);
    }

    #[test]
    fn what_was_said_when_nobody_listens_any_more_is_a_turn() {
        let mut all = Talking::new(&[ANNA]);
        all.speaks(ANNA, 0, 1_000);
        all.words(ANNA, Some("goodbye"), 1_000);
        all.voices.stop(all.at(1_100), ANNA);
        assert_eq!(all.taken(), ["2 [0-1000] goodbye"]);
        assert!(!all.voices.is_listening(ANNA) && all.voices.deadline().is_none());
        all.speaks(ANNA, 2_000, 3_000);
        assert!(all.taken().is_empty());
    }
}
