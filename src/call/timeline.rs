//! `Silences`: every silence of a call by kind. `Stopwatch`: the delay of each answer by its parts. And a line's statistics as recorded.
use crate::store::{Latency, LineStats, SilenceKind};
use media::room::Seat;
use media::stats::LegStats;
use std::time::{Duration, Instant};

/// Silences shorter than this are the gaps of speech itself.
const SHORTEST: Duration = Duration::from_millis(100);

/// One finished silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SilenceSpan {
    pub kind: SilenceKind,
    pub from: Instant,
    pub to: Instant,
}

impl SilenceSpan {
    fn is_noted(&self) -> bool {
        self.to - self.from >= SHORTEST
    }
}

/// The inputs that decide the kind of a silence.
#[derive(Clone, Copy, Debug, Default)]
struct Voices {
    on_hold: bool,
    /// Somebody else speaks with the caller in the bot's place: who speaks when is not known.
    person: bool,
    lost: bool,
    no_rtp: bool,
    caller: bool,
    bot: bool,
    expected: ExpectedSound,
}

/// The sound of the bot that is due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExpectedSound {
    /// An answer; the greeting counts as one to the call itself.
    #[default]
    Answer,
    /// The rest of a turn that has begun.
    Rest,
    Nothing,
}

/// Derives silences, with their kinds, from when each side speaks and from the state of the line. Every moment in which nobody speaks
/// belongs to one.
#[derive(Debug, Default)]
pub struct Silences {
    voices: Voices,
    now: Option<(SilenceKind, Instant)>,
    /// The one that ended last.
    last: Option<SilenceSpan>,
}

impl Silences {
    pub fn answered(&mut self, now: Instant) {
        self.settle(now);
    }

    /// The caller's voice began or stopped at `at`, which may lie a little in the past. A silence that has ended meanwhile, because the
    /// bot began, ended with the caller's voice: it is returned anew, and replaces the one with the same beginning.
    pub fn caller(&mut self, speaks: bool, at: Instant) -> Option<SilenceSpan> {
        if speaks
            && self.now.is_none()
            && let Some(last) = self.last.as_mut().filter(|last| at < last.to)
        {
            let noted = last.is_noted();
            last.to = at.max(last.from);
            self.voices.caller = true;
            return noted.then_some(*last);
        }
        self.voices.caller = speaks;
        if !speaks && self.voices.expected == ExpectedSound::Nothing {
            self.voices.expected = ExpectedSound::Answer;
        }
        self.settle(at)
    }

    /// The caller's sound was no turn (a cough, a backchannel): nothing of the bot is due.
    pub fn nothing_expected(&mut self, now: Instant) -> Option<SilenceSpan> {
        if !self.voices.bot && self.voices.expected == ExpectedSound::Answer {
            self.voices.expected = ExpectedSound::Nothing;
        }
        self.settle(now)
    }

    /// An answer of the bot is due. Called for every turn, since one by keys has no speech that ends.
    pub fn expected(&mut self, now: Instant) -> Option<SilenceSpan> {
        self.voices.expected = ExpectedSound::Answer;
        self.settle(now)
    }

    /// The bot's sound began.
    pub fn bot_begins(&mut self, at: Instant) -> Option<SilenceSpan> {
        self.voices.bot = true;
        self.settle(at)
    }

    /// A clause was played, cut off or held; `expected` is still to come.
    pub fn bot_stops(&mut self, expected: ExpectedSound, at: Instant) -> Option<SilenceSpan> {
        self.voices.bot = false;
        self.voices.expected = expected;
        self.settle(at)
    }

    /// Speech is no longer detected (the caller presses keys, or holds the line): from here on the caller counts as not speaking.
    pub fn ear_closes(&mut self, at: Instant) -> Option<SilenceSpan> {
        self.voices.caller = false;
        self.settle(at)
    }

    pub fn on_hold(&mut self, on_hold: bool, at: Instant) -> Option<SilenceSpan> {
        self.voices.on_hold = on_hold;
        self.settle(at)
    }

    /// A person speaks with the caller in the bot's place, or not any more.
    pub fn person(&mut self, speaks: bool, at: Instant) -> Option<SilenceSpan> {
        self.voices.person = speaks;
        self.settle(at)
    }

    /// A browser's connection is lost, or back.
    pub fn lost(&mut self, lost: bool, at: Instant) -> Option<SilenceSpan> {
        self.voices.lost = lost;
        self.settle(at)
    }

    pub fn no_rtp(&mut self, none: bool, at: Instant) -> Option<SilenceSpan> {
        self.voices.no_rtp = none;
        self.settle(at)
    }

    /// The call is over.
    pub fn end(&mut self, at: Instant) -> Option<SilenceSpan> {
        self.close(at)
    }

    /// The silence under way.
    pub fn current(&self) -> Option<(SilenceKind, Instant)> {
        self.now
    }

    fn kind(&self) -> Option<SilenceKind> {
        let v = &self.voices;
        match () {
            () if v.on_hold => Some(SilenceKind::MutedOrHeld),
            () if v.lost || (v.no_rtp && !v.bot) => Some(SilenceKind::NoRtp),
            () if v.caller || v.bot || v.person => None,
            () => Some(match v.expected {
                ExpectedSound::Answer => SilenceKind::BotWorking,
                ExpectedSound::Rest => SilenceKind::DeadAir,
                ExpectedSound::Nothing => SilenceKind::CallerThinking,
            }),
        }
    }

    fn settle(&mut self, at: Instant) -> Option<SilenceSpan> {
        let kind = self.kind();
        if self.now.map(|(kind, _)| kind) == kind {
            return None;
        }
        // A change that is noticed late does not begin before the silence before it ended.
        let at = self.now.map(|(_, from)| from).or(self.last.map(|last| last.to)).map_or(at, |before| at.max(before));
        let ended = self.close(at);
        self.now = kind.map(|kind| (kind, at));
        ended
    }

    fn close(&mut self, at: Instant) -> Option<SilenceSpan> {
        let (kind, from) = self.now.take()?;
        let span = SilenceSpan { kind, from, to: at.max(from) };
        self.last = Some(span);
        span.is_noted().then_some(span)
    }
}

/// Measures one answer, from the caller's last sound to the bot's first.
#[derive(Debug, Default)]
pub struct Stopwatch {
    /// Arrival of the caller's last sample of speech, and when the recogniser had finished with it.
    stopped: Option<Instant>,
    recognised: Option<(Instant, Duration)>,
    turn: Option<Answer>,
}

#[derive(Debug)]
struct Answer {
    index: u32,
    stopped: Instant,
    recognise: Duration,
    taken: Instant,
    said: Option<(u64, Instant)>,
    spoken: Option<Instant>,
}

impl Stopwatch {
    pub fn stopped(&mut self, at: Instant) {
        self.stopped = Some(at);
        self.recognised = None;
    }

    /// The recogniser finished at `done`, having worked for `took` since the pause was known.
    pub fn recognised(&mut self, done: Instant, took: Duration) {
        self.recognised = Some((done, took));
    }

    /// Turn number `index` of the call was taken at `now`.
    pub fn taken(&mut self, index: u32, now: Instant) {
        let stopped = self.stopped.take().unwrap_or(now).min(now);
        let took = self.recognised.take().map_or(Duration::ZERO, |(_, took)| took);
        self.turn =
            Some(Answer { index, stopped, recognise: took.min(now - stopped), taken: now, said: None, spoken: None });
    }

    /// The first clause after the turn.
    pub fn said(&mut self, utterance: u64, now: Instant) {
        if let Some(turn) = self.turn.as_mut().filter(|t| t.said.is_none()) {
            turn.said = Some((utterance, now));
        }
    }

    pub fn spoken(&mut self, utterance: u64, at: Instant) {
        if let Some(turn) = self.turn.as_mut().filter(|t| t.said.is_some_and(|(u, _)| u == utterance)) {
            turn.spoken = Some(at);
        }
    }

    /// The first packet of `utterance` was sent. Returns the delay if it is the answer that is being measured.
    pub fn played(&mut self, utterance: u64, at: Instant) -> Option<Latency> {
        let (first, said) = self.turn.as_ref()?.said?;
        if utterance < first {
            return None;
        }
        let turn = self.turn.take()?;
        let spoken = turn.spoken.unwrap_or(said).clamp(said, at.max(said));
        // Rounded as they add up, so that the whole is exact to the millisecond.
        let marks = [turn.stopped, turn.taken - turn.recognise, turn.taken, said, spoken, at.max(spoken)];
        let ms: Vec<u32> = marks.iter().map(|mark| (*mark - turn.stopped).as_millis() as u32).collect();
        Some(Latency::of(turn.index, std::array::from_fn(|part| ms[part + 1] - ms[part])))
    }
}

/// The statistics of a line as they are recorded; a later record of the same seat replaces an earlier one.
pub fn line(seat: Seat, stats: &LegStats) -> LineStats {
    let ms = |time: Duration| time.as_millis() as u64;
    let quality = stats.quality;
    LineStats {
        seat: match seat {
            Seat::CALLER => "caller".into(),
            Seat::AGENT => "agent".into(),
            Seat(n) => format!("seat {n}"),
        },
        received: stats.packets.received,
        lost: stats.packets.lost,
        late: stats.packets.late,
        skipped: stats.packets.skipped,
        unheard: stats.packets.unheard,
        sent: stats.sent_packets.into(),
        concealed_ms: ms(stats.concealed),
        delay_ms: ms(stats.delay),
        jitter_ms: ms(stats.jitter),
        round_trip_ms: stats.round_trip.map(ms),
        remote_loss: stats.remote_loss,
        remote_jitter_ms: stats.remote_jitter.map(ms),
        underruns: stats.underruns,
        mos: quality.map(|q| hundredths(q.mos)),
        r: quality.map(|q| hundredths(q.r)),
        loss: quality.map(|q| hundredths(q.loss * 100.0) / 100.0),
        burst_ratio: quality.map(|q| hundredths(q.burst_ratio)),
        mouth_to_ear_ms: quality.map(|q| ms(q.delay)),
    }
}

fn hundredths(value: f32) -> f32 {
    (value * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(start: Instant, ms: u64) -> Instant {
        start + Duration::from_millis(ms)
    }

    #[test]
    fn every_moment_without_voices_has_a_kind() {
        let t = Instant::now();
        let mut s = Silences::default();
        let mut seen = Vec::new();
        let mut add = |x: Option<SilenceSpan>| {
            seen.extend(x.map(|x| (x.kind, (x.from - t).as_millis(), (x.to - t).as_millis())));
        };
        s.answered(at(t, 0));
        add(s.bot_begins(at(t, 300)));
        add(s.bot_stops(ExpectedSound::Rest, at(t, 1000)));
        add(s.bot_begins(at(t, 1200)));
        add(s.bot_stops(ExpectedSound::Nothing, at(t, 2000)));
        add(s.caller(true, at(t, 3000)));
        add(s.caller(false, at(t, 4000)));
        add(s.bot_begins(at(t, 4500)));
        add(s.bot_stops(ExpectedSound::Nothing, at(t, 5000)));
        add(s.on_hold(true, at(t, 6000)));
        add(s.on_hold(false, at(t, 8000)));
        add(s.no_rtp(true, at(t, 9000)));
        add(s.end(at(t, 14000)));
        use SilenceKind::*;
        assert_eq!(
            seen,
            [
                (BotWorking, 0, 300),
                (DeadAir, 1000, 1200),
                (CallerThinking, 2000, 3000),
                (BotWorking, 4000, 4500),
                (CallerThinking, 5000, 6000),
                (MutedOrHeld, 6000, 8000),
                (CallerThinking, 8000, 9000),
                (NoRtp, 9000, 14000)
            ]
        );
    }

    #[test]
    fn a_caller_who_began_before_the_bot_and_is_noticed_after_it_ended_the_silence() {
        use SilenceKind::*;
        let t = Instant::now();
        let span = |kind, from, to| Some(SilenceSpan { kind, from: at(t, from), to: at(t, to) });
        let mut s = Silences::default();
        s.answered(at(t, 0));
        assert_eq!(s.bot_begins(at(t, 300)), span(BotWorking, 0, 300));
        assert_eq!(s.caller(true, at(t, 220)), span(BotWorking, 0, 220), "the record's is replaced");
        assert_eq!(s.caller(false, at(t, 900)), None);
        assert_eq!(s.bot_stops(ExpectedSound::Nothing, at(t, 1_000)), None);
        assert_eq!(s.bot_begins(at(t, 1_050)), None, "a gap of speech");
        assert_eq!(s.caller(true, at(t, 1_020)), None);
        assert_eq!(s.caller(false, at(t, 1_500)), None);
        assert_eq!(s.bot_stops(ExpectedSound::Nothing, at(t, 2_000)), None);
        assert_eq!(s.caller(true, at(t, 3_000)), span(CallerThinking, 2_000, 3_000));
    }

    #[test]
    fn the_parts_of_an_answer_sum_to_its_total() {
        let t = Instant::now();
        let mut w = Stopwatch::default();
        w.stopped(at(t, 0));
        w.recognised(at(t, 230), Duration::from_millis(20));
        w.taken(3, at(t, 280));
        w.said(7, at(t, 281));
        w.spoken(7, at(t, 331));
        assert_eq!(w.played(6, at(t, 335)), None);
        let latency = w.played(7, at(t, 351)).unwrap();
        assert_eq!(latency, Latency::of(3, [260, 20, 1, 50, 20]));
        assert_eq!(latency.total_ms, 351);
        assert_eq!(w.played(7, at(t, 400)), None);
    }
}
