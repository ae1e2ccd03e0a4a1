//! `Rows`: a batch of events as the rows of each table, one statement per table, because a statement costs many times what a row does.
//! The rows of a statement are bound as one JSON text (SQLite's `json_each`).
use super::event::{Call, CallEvent, Latency, LineStats, Private, Silence, Slot, Started, TimelineEvent, Turn};
use super::name_of;
use jiff::Timestamp;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// A call's row in the table `calls`, as far as the batch knows it.
#[derive(Default)]
struct Row<'a> {
    /// How it started, and when; `None` if the row exists already.
    start: Option<(FixedColumns<'a>, i64)>,
    answered: Option<i64>,
    ended: Option<(i64, &'static str, &'static str)>,
    /// Its path, and how much of the call is in it.
    recording: Option<(&'a str, String)>,
}

/// The columns that never change: direction; via, from, to, bot, language; header fields as JSON.
type FixedColumns<'a> = (String, [&'a str; 5], Option<String>);

type TurnRow<'a> = (&'a str, u64, String, u64, &'a str, &'a str, bool, Option<f64>, Option<String>);

#[derive(Default)]
pub(super) struct Rows<'a> {
    timeline: Vec<(&'a str, i64, u64, &'a CallEvent)>,
    calls: HashMap<&'a str, Row<'a>>,
    turns: Vec<TurnRow<'a>>,
    /// The latest of each: its value as JSON and whether it was confirmed; `None` if it was cleared.
    slots: BTreeMap<(&'a str, &'a str), Option<(String, bool)>>,
    silences: Vec<(&'a str, u64, String, u64)>,
    latencies: Vec<(&'a str, [u32; 7])>,
    lines: Vec<(&'a str, &'a str, &'a LineStats)>,
}

const TIMELINE: &str = "insert into timeline (call, at_us, at_ms, event) \
    select value->>0, value->>1, value->>2, value->3 from json_each($1) order by key";
/// A turn that is noted again takes the place of what was noted before, of which nothing is left.
const TURNS_AGAIN: &str = "delete from timeline where seq in (select old.seq from json_each($1) join timeline as old \
    on old.call = value->>0 where old.event like '{\"event\":\"turn\"%' and old.event->>'started_ms' = value->>1 \
    and old.event->>'speaker' = value->>2)";
const START: &str = "insert into calls (id, direction, via, from_party, to_party, bot, language, started_us, \
    answered_us, ended_us, blame, reason, recording, recorded, headers) \
    select value->>0, value->>1, value->>'$[2][0]', value->>'$[2][1]', value->>'$[2][2]', value->>'$[2][3]', \
    value->>'$[2][4]', value->>3, value->>'$[4][0]', value->>'$[4][1]', value->>'$[4][2]', value->>'$[4][3]', \
    value->>'$[4][4]', coalesce(value->>'$[4][5]', 'no'), value->>5 from json_each($1) where true order by key \
    on conflict (id) do update set answered_us = coalesce(answered_us, excluded.answered_us), \
    recorded = case when excluded.recording is null then recorded else excluded.recorded end, \
    recording = coalesce(excluded.recording, recording), ended_us = coalesce(ended_us, excluded.ended_us), \
    blame = coalesce(blame, excluded.blame), reason = coalesce(reason, excluded.reason)";
const NEWS: &str = "update calls set answered_us = coalesce(answered_us, row->>'$[1][0]'), \
    recording = coalesce(row->>'$[1][4]', recording), recorded = coalesce(row->>'$[1][5]', recorded), ended_us = coalesce(ended_us, row->>'$[1][1]'), \
    blame = coalesce(blame, row->>'$[1][2]'), reason = coalesce(reason, row->>'$[1][3]') \
    from (select value as row from json_each($1)) where id = row->>0";
const TURNS: &str = "insert or replace into turns (call, started_ms, speaker, ended_ms, text, heard, interrupted, confidence, means) \
    select value->>0, value->>1, value->>2, value->>3, value->>4, value->>5, value->>6, value->>7, value->>8 \
    from json_each($1) order by key";
const SLOTS: &str = "insert or replace into slots (call, name, value, confirmed) \
    select value->>0, value->>1, value->>2, value->>3 from json_each($1)";
const CLEARED: &str = "delete from slots where (call, name) in (select value->>0, value->>1 from json_each($1))";
const SILENCES: &str = "insert or replace into silences (call, started_ms, kind, ended_ms) \
    select value->>0, value->>1, value->>2, value->>3 from json_each($1) order by key";
const LATENCIES: &str = "insert or replace into latencies \
    (call, turn, endpoint_ms, recognise_ms, think_ms, synthesise_ms, playout_ms, total_ms) \
    select value->>0, value->>'$[1][0]', value->>'$[1][1]', value->>'$[1][2]', value->>'$[1][3]', value->>'$[1][4]', \
    value->>'$[1][5]', value->>'$[1][6]' from json_each($1) order by key";
const LINES: &str = "insert or replace into lines (call, seat, line) \
    select value->>0, value->>1, value->>2 from json_each($1) order by key";

impl<'a> Rows<'a> {
    /// The rows of `events`, and of the calls `whole`, of which events were dropped: those are stored as a whole, and their timelines
    /// lack the dropped events.
    pub(super) fn of(events: &'a [Arc<TimelineEvent>], whole: &'a [Call]) -> Self {
        let mut rows = Self::default();
        for TimelineEvent { call, at, at_ms, event } in events.iter().map(Arc::as_ref) {
            rows.note(call, at.as_microsecond(), (*at_ms).min(LARGEST), event);
            rows.add(call, *at, event);
        }
        whole.iter().for_each(|call| rows.add_whole(call));
        rows
    }

    /// Adds one event to its call's timeline; a turn that is noted again stands there once, as it is now.
    fn note(&mut self, call: &'a str, us: i64, ms: u64, event: &'a CallEvent) {
        if let CallEvent::Turn(turn) = event {
            self.timeline
                .retain(|(of, _, _, event)| *of != call || !matches!(event, CallEvent::Turn(old) if turn.is_same(old)));
        }
        self.timeline.push((call, us, ms, event));
    }

    /// Adds one event to the tables it belongs to.
    fn add(&mut self, call: &'a str, at: Timestamp, event: &'a CallEvent) {
        let us = at.as_microsecond();
        match event {
            CallEvent::Started(Started { direction, via, from, to, bot, language, headers }) => {
                let fixed = (name_of(direction), [via.as_str(), &from.0, &to.0, bot, language], object(headers));
                self.call(call).start.get_or_insert((fixed, us));
            }
            CallEvent::Answered => drop(self.call(call).answered.get_or_insert(us)),
            CallEvent::Turn(turn) => self.turn(call, turn),
            CallEvent::Slot(Slot { name, value, confirmed }) => {
                let value = value.as_ref().map(|value| (value.0.to_string(), *confirmed));
                self.slots.insert((call, name), value);
            }
            CallEvent::Silence(silence) => self.silence(call, silence),
            CallEvent::Latency(latency) => self.latency(call, latency),
            CallEvent::Line(line) => self.lines.push((call, &line.seat, line)),
            CallEvent::Mark(_) => {}
            CallEvent::Recording(recording) => {
                self.call(call).recording = Some((&recording.path, name_of(&recording.recorded)));
            }
            CallEvent::Ended(end) => {
                self.call(call).ended.get_or_insert((us, end.blame.name(), end.reason.text()));
            }
        }
    }

    fn add_whole(&mut self, call: &'a Call) {
        let fixed = [call.via.as_str(), &call.from.0, &call.to.0, &call.bot, &call.language];
        let ended = call.end.as_ref().zip(call.ended_at);
        *self.call(&call.id) = Row {
            start: Some(((name_of(&call.direction), fixed, object(&call.headers)), call.started_at.as_microsecond())),
            answered: call.answered_at.map(Timestamp::as_microsecond),
            ended: ended.map(|(end, at)| (at.as_microsecond(), end.blame.name(), end.reason.text())),
            recording: call.recording.as_deref().map(|path| (path, name_of(&call.recorded))),
        };
        call.turns.iter().for_each(|turn| self.turn(&call.id, turn));
        call.silences.iter().for_each(|silence| self.silence(&call.id, silence));
        call.latency.iter().for_each(|latency| self.latency(&call.id, latency));
        self.lines.extend(call.lines.iter().map(|line| (call.id.as_str(), line.seat.as_str(), line)));
        for (name, value) in &call.slots {
            self.slots.insert((&call.id, name), Some((value.0.to_string(), true)));
        }
    }

    fn call(&mut self, id: &'a str) -> &mut Row<'a> {
        self.calls.entry(id).or_default()
    }

    fn turn(&mut self, call: &'a str, turn: &'a Turn) {
        let (from, to) = (turn.started_ms.min(LARGEST), turn.ended_ms.min(LARGEST));
        let (speaker, confidence) = (name_of(&turn.speaker), turn.confidence.map(f64::from));
        let means = turn.by.as_ref().map(name_of);
        self.turns.push((call, from, speaker, to, &turn.text.0, &turn.heard.0, turn.interrupted, confidence, means));
    }

    fn silence(&mut self, call: &'a str, silence: &Silence) {
        let (from, to) = (silence.started_ms.min(LARGEST), silence.ended_ms.min(LARGEST));
        self.silences.push((call, from, name_of(&silence.kind), to));
    }

    fn latency(&mut self, call: &'a str, l: &Latency) {
        let parts = [l.turn, l.endpoint_ms, l.recognise_ms, l.think_ms, l.synthesise_ms, l.playout_ms, l.total_ms];
        self.latencies.push((call, parts));
    }

    /// The statements, each with the rows to bind, in the order of execution.
    pub(super) fn statements(&self) -> Result<Vec<(&'static str, String)>, serde_json::Error> {
        let (mut starts, mut news) = (Vec::new(), Vec::new());
        // By id, so that the index grows at its end.
        let mut calls: Vec<_> = self.calls.iter().collect();
        calls.sort_unstable_by_key(|(id, _)| **id);
        for (id, row) in calls {
            let (ended, blame, reason) =
                row.ended.map_or((None, None, None), |(at, b, r)| (Some(at), Some(b), Some(r)));
            let (recording, recorded) =
                row.recording.as_ref().map_or((None, None), |(path, recorded)| (Some(*path), Some(recorded)));
            let later = (row.answered, ended, blame, reason, recording, recorded);
            match &row.start {
                Some(((direction, fixed, headers), at)) => starts.push((id, direction, fixed, at, later, headers)),
                None => news.push((id, later)),
            }
        }
        let slots: Vec<_> = (self.slots.iter())
            .filter_map(|((call, name), value)| value.as_ref().map(|(value, confirmed)| (call, name, value, confirmed)))
            .collect();
        let cleared: Vec<_> = self.slots.iter().filter(|(_, value)| value.is_none()).map(|(key, _)| key).collect();
        let turn = |(call, .., event): &(&'a str, i64, u64, &'a CallEvent)| match event {
            CallEvent::Turn(turn) => Some((*call, turn.started_ms.min(LARGEST), turn.speaker)),
            _ => None,
        };
        let turns: Vec<_> = self.timeline.iter().filter_map(turn).collect();
        let all = [
            (TURNS_AGAIN, text(&turns)?),
            (TIMELINE, text(&self.timeline)?),
            (START, text(&starts)?),
            (NEWS, text(&news)?),
            (TURNS, text(&self.turns)?),
            (CLEARED, text(&cleared)?),
            (SLOTS, text(&slots)?),
            (SILENCES, text(&self.silences)?),
            (LATENCIES, text(&self.latencies)?),
            (LINES, text(&self.lines)?),
        ];
        Ok(all.into_iter().filter_map(|(sql, rows)| Some((sql, rows?))).collect())
    }
}

fn object(headers: &BTreeMap<String, Private<String>>) -> Option<String> {
    // A map of texts is always JSON.
    if headers.is_empty() { None } else { serde_json::to_string(headers).ok() }
}

/// The largest number SQLite keeps exactly.
const LARGEST: u64 = i64::MAX as u64;

fn text<T: Serialize>(rows: &[T]) -> Result<Option<String>, serde_json::Error> {
    if rows.is_empty() { Ok(None) } else { serde_json::to_string(rows).map(Some) }
}
