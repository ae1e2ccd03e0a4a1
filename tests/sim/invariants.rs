//! `Invariants`: what holds in every call, whatever happens in it.
use crate::listener::Listener;
use crate::voice::PER_CHAR;
use crate::voice::name;
use dialog::conversation::SayId;
use media::frame::TICK;
use media::hears::Talker;
use media::playout::{Phase, Played};
use media::tts::UtteranceId;
use media::vad::Edge;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use switchboard::call::End;
use switchboard::call::transcript::{Entry, Transcript, Words};
use switchboard::store::{CallEvent, Silence, SilenceKind, Speaker, Turn};

/// When the ear took the caller to be speaking, by arrival.
#[derive(Default)]
pub struct Caller {
    spans: Vec<(Instant, Instant)>,
    since: Option<Instant>,
}

impl Caller {
    pub fn shut(&mut self, now: Instant) {
        self.spans.extend(self.since.take().map(|from| (from, now)));
    }
}

struct Clause {
    text: String,
    sounds: bool,
    /// Characters heard, once that is settled.
    heard: Option<u32>,
    whole: bool,
}

pub struct Invariants {
    start: Instant,
    pub notes: Vec<(Instant, CallEvent)>,
    pub caller: Caller,
    clauses: BTreeMap<UtteranceId, Clause>,
}

/// How far the ends of silences may be off: two ticks, and one for the way through the jitter buffer.
const SLACK: u64 = 60;
/// Silences shorter than 100 ms are the gaps of speech itself.
const GAP: u64 = 100 + SLACK;
/// The longest pause that the bot makes between two clauses, but for that of an ellipsis (`pause_ms` in media/src/pool/clauses.rs).
const PAUSE: u64 = 265 + SLACK;

type Span = (u64, u64);

impl Invariants {
    pub fn new(start: Instant) -> Self {
        Self { start, notes: Vec::new(), caller: Caller::default(), clauses: BTreeMap::new() }
    }

    pub fn said(&mut self, utterance: UtteranceId, text: &str) {
        let clause = Clause { text: text.to_owned(), sounds: false, heard: None, whole: false };
        self.clauses.insert(utterance, clause);
    }

    pub fn sounds(&self, utterance: UtteranceId) -> bool {
        self.clauses.get(&utterance).is_some_and(|clause| clause.sounds)
    }

    pub fn failed(&mut self, utterance: UtteranceId) {
        if let Some(clause) = self.clauses.get_mut(&utterance) {
            clause.heard.get_or_insert(0);
        }
    }

    pub fn played(&mut self, played: &Played) {
        let Some(clause) = self.clauses.get_mut(&played.utterance) else { return };
        match played.phase {
            Phase::Started => clause.sounds = true,
            Phase::Progress | Phase::Waiting => {}
            Phase::Done | Phase::Cut => {
                (clause.sounds, clause.heard, clause.whole) =
                    (false, Some(played.chars), played.phase == Phase::Done && played.chars > 0);
            }
        }
    }

    /// Clauses that did not sound to their end.
    pub fn unheard(&self) -> Vec<String> {
        let unheard = self.clauses.iter().filter(|(_, clause)| !clause.whole);
        unheard.map(|(id, clause)| format!("{}: {:?} of {:?}", name(*id), clause.heard, clause.text)).collect()
    }

    pub fn edge(&mut self, now: Instant, edge: Edge) {
        match edge {
            Edge::Start { arrived, .. } => self.caller.since = Some(arrived.unwrap_or(now)),
            Edge::End { arrived, .. } => {
                let to = arrived.unwrap_or(now);
                self.caller.spans.extend(self.caller.since.take().map(|from| (from, to)));
            }
        }
    }

    fn ms(&self, at: Instant) -> u64 {
        at.saturating_duration_since(self.start).as_millis() as u64
    }

    fn spans(&self, spans: &[(Instant, Instant)]) -> Vec<Span> {
        spans.iter().map(|(from, to)| (self.ms(*from), self.ms(*to))).collect()
    }

    /// What does not hold in this call.
    pub fn broken(&self, end: End, listener: &Listener, transcript: &Transcript) -> Vec<String> {
        let mut broken = listener.broken.clone();
        self.ended(end, &mut broken);
        self.latency(&mut broken);
        self.turns(&mut broken);
        self.transcript(transcript, &mut broken);
        self.heard(listener, &mut broken);
        self.silences(listener, &mut broken);
        broken
    }

    fn ended(&self, end: End, broken: &mut Vec<String>) {
        let ends = self.notes.iter().filter(|(_, note)| matches!(note, CallEvent::Ended(_))).count();
        match self.notes.last() {
            Some((_, CallEvent::Ended(last))) if last.blame == end.blame && last.reason == end.reason && ends == 1 => {}
            _ => broken.push(format!("{ends} ends are noted, and the last note is not the end {end:?}")),
        }
    }

    fn latency(&self, broken: &mut Vec<String>) {
        for (_, note) in &self.notes {
            if let CallEvent::Latency(l) = note
                && l.endpoint_ms + l.recognise_ms + l.think_ms + l.synthesise_ms + l.playout_ms != l.total_ms
            {
                broken.push(format!("the parts of an answer are not its total: {l:?}"));
            }
        }
    }

    fn turns(&self, broken: &mut Vec<String>) {
        let turns: Vec<&Turn> = self
            .notes
            .iter()
            .filter_map(|(_, note)| if let CallEvent::Turn(turn) = note { Some(turn) } else { None })
            .collect();
        for speaker in [Speaker::Caller, Speaker::Bot] {
            let mut before = 0;
            for turn in turns.iter().filter(|turn| turn.speaker == speaker) {
                if turn.started_ms < before || turn.ended_ms < turn.started_ms {
                    broken.push(format!("a turn of the {speaker:?} at {} is out of order", turn.started_ms));
                }
                before = turn.ended_ms;
            }
        }
        // Nobody's turn lies over another's, but where the caller interrupts.
        let mut all = turns.clone();
        all.sort_by_key(|turn| turn.started_ms);
        for pair in all.windows(2) {
            let cut = pair[0].speaker == Speaker::Bot && pair[0].interrupted;
            if pair[1].started_ms + SLACK < pair[0].ended_ms && !cut && pair[0].heard != pair[0].text {
                broken.push(format!("the turns at {} and {} overlap", pair[0].started_ms, pair[1].started_ms));
            }
            if pair[0].speaker == Speaker::Caller && pair[1].started_ms + SLACK < pair[0].ended_ms {
                let (caller, bot) = (pair[0].started_ms, pair[1].started_ms);
                broken.push(format!("the caller's turn at {caller} lies over the bot's at {bot}"));
            }
        }
        for (n, (_, note)) in self.notes.iter().enumerate() {
            if let (CallEvent::Latency(latency), true) = (note, n > 0) {
                // The record sorts turns by when they began.
                let of = all.get(latency.turn as usize).map(|turn| turn.speaker);
                if of != Some(Speaker::Caller) {
                    broken.push(format!("an answer's delay is that of turn {}, which is {of:?}", latency.turn));
                }
            }
        }
    }

    /// The transcript knows of each clause what the playout played, and the record says what the transcript knows.
    fn transcript(&self, transcript: &Transcript, broken: &mut Vec<String>) {
        let entries: Vec<&Entry> = transcript.entries().collect();
        let said = |entry: &&Entry| if let Words::Said(clauses) = &entry.words { clauses.clone() } else { Vec::new() };
        let known: BTreeMap<SayId, _> =
            entries.iter().flat_map(said).map(|clause| (clause.say, clause.clause)).collect();
        for (id, clause) in &self.clauses {
            let Some(known) = known.get(&SayId(id.0 / 8)) else {
                broken.push(format!("the transcript does not know clause {}", name(*id)));
                continue;
            };
            let (played, heard) = (clause.heard.unwrap_or(0), known.chars_heard());
            // The end may cut off a clause whose progress was told last some time ago.
            if known.said() != clause.text || (heard != played && !clause.sounds) {
                broken.push(format!("of {} {played} characters were played, and {heard} are known", name(*id)));
            }
        }
        let numbers: Vec<u32> = {
            let mut sorted = entries.clone();
            sorted.sort_by_key(|entry| (entry.began, entry.number));
            sorted.iter().map(|entry| entry.number).collect()
        };
        if !(0..entries.len() as u32).eq(numbers.iter().copied()) {
            broken.push(format!("the turns are not numbered by when they began: {numbers:?}"));
        }
        let turns =
            self.notes.iter().filter_map(|(_, note)| if let CallEvent::Turn(turn) = note { Some(turn) } else { None });
        for (turn, entry) in turns.clone().zip(&entries) {
            let (bot, secret) = (entry.talker == Talker::Bot, turn.text.0 == "•••");
            let same = (turn.speaker == Speaker::Bot) == bot
                && (turn.started_ms, turn.ended_ms) == (self.ms(entry.began), self.ms(entry.ended))
                && turn.interrupted == entry.cut.is_some()
                && (secret || (turn.text.0 == entry.text() && turn.heard.0 == entry.heard()));
            if !same {
                broken.push(format!(
                    "the record's turn at {} is not turn {} of the transcript",
                    turn.started_ms, entry.number
                ));
            }
        }
        if turns.count() != entries.len() {
            broken.push("the record and the transcript have not the same number of turns".into());
        }
    }

    /// What counts as heard was in the packets.
    fn heard(&self, listener: &Listener, broken: &mut Vec<String>) {
        for (id, clause) in &self.clauses {
            let ear = TICK * listener.ticks.get(id).copied().unwrap_or(0) as u32;
            let heard = PER_CHAR * clause.heard.unwrap_or(0);
            if heard > ear + Duration::from_millis(SLACK) {
                broken.push(format!("{} counts as heard for {heard:?}, and sounded for {ear:?}", name(*id)));
            }
            if clause.whole && clause.heard != Some(clause.text.chars().count() as u32) {
                broken.push(format!(
                    "{} was played to its end, and {:?} characters were heard",
                    name(*id),
                    clause.heard
                ));
            }
        }
    }

    /// When a person spoke with the caller in the bot's place: their silences are their own.
    fn people(&self, end: u64) -> Vec<Span> {
        let (mut spans, mut since) = (Vec::new(), None);
        for (at, note) in &self.notes {
            match note {
                CallEvent::Mark(mark) if mark.name == "taken_over" => since = Some(self.ms(*at)),
                CallEvent::Mark(mark) if mark.name == "bot_back" => {
                    spans.extend(since.take().map(|from| (from, self.ms(*at))));
                }
                _ => {}
            }
        }
        spans.extend(since.map(|from| (from, end)));
        spans
    }

    fn silences(&self, listener: &Listener, broken: &mut Vec<String>) {
        let mut silences: Vec<Silence> = Vec::new();
        for (_, note) in &self.notes {
            if let CallEvent::Silence(silence) = note {
                silences.retain(|old| (old.started_ms, old.kind) != (silence.started_ms, silence.kind));
                silences.push(*silence);
            }
        }
        silences.sort_by_key(|silence| silence.started_ms);
        for pair in silences.windows(2) {
            if pair[1].started_ms < pair[0].ended_ms {
                broken.push(format!("two silences overlap: {pair:?}"));
            }
        }
        let mut voices = self.spans(&self.caller.spans);
        let end = self.notes.last().map_or(0, |(at, _)| self.ms(*at));
        voices.extend(self.caller.since.map(|from| (self.ms(from), end)));
        let callers = voices.len();
        voices.extend(self.spans(&listener.sound));
        let people = self.people(end);
        for silence in &silences {
            // A line on hold may carry a voice, and a network may stop in the midst of the caller's words.
            let exempt = match silence.kind {
                SilenceKind::MutedOrHeld => voices.len(),
                SilenceKind::NoRtp => callers,
                _ => 0,
            };
            for (from, to) in &voices[exempt..] {
                let common = silence.ended_ms.min(*to).saturating_sub(silence.started_ms.max(*from));
                if common > SLACK {
                    broken.push(format!("{silence:?} overlaps a voice from {from} to {to}"));
                }
            }
        }
        // Every moment without a voice belongs to a recorded silence.
        let bot = self.spans(&listener.sound);
        let is_pause = |from: u64, to: u64| to <= from + PAUSE && bot.iter().any(|span| span.1 == from);
        let mut all = voices;
        all.extend(people);
        all.extend(silences.iter().map(|silence| (silence.started_ms, silence.ended_ms)));
        all.sort_unstable();
        let mut known = 0;
        for (from, to) in all.into_iter().chain([(end, end)]) {
            if from > known + GAP && !is_pause(known, from) {
                broken.push(format!("nobody knows what the silence from {known} to {from} was"));
            }
            known = known.max(to);
        }
    }
}
