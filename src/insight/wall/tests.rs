//! What the rows of the wall show and when they are told.
use super::*;
use crate::config::Config;
use crate::insight::health::Reason;
use crate::plans;
use crate::store::{AnswerMethod, Blame, Direction, End, LineStats, Mark, OccupiedSeat, Reason as EndReason, Slot};
use jiff::SignedDuration;
use serde_json::json;

const START: Timestamp = Timestamp::UNIX_EPOCH;

fn at(ms: u64) -> Timestamp {
    START + SignedDuration::from_millis(ms as i64)
}

struct Rig {
    wall: Wall,
    now: u64,
}

impl Rig {
    fn new(calls: &[&str]) -> Self {
        let mut rig = Self { wall: Wall::new(plans::health(&Config::default())), now: 0 };
        for call in calls {
            rig.note(call, CallEvent::Started(started()));
            rig.note(call, CallEvent::Answered);
        }
        rig.take();
        rig
    }

    fn note(&mut self, call: &str, event: CallEvent) {
        self.wall.note(&TimelineEvent { call: call.into(), at: at(self.now), at_ms: self.now, event });
    }

    fn live(&mut self, call: &str, change: LiveChange) {
        self.wall.live(at(self.now), &LiveEvent { call: call.into(), change });
    }

    fn take(&mut self) -> Changes {
        self.wall.take(at(self.now)).unwrap_or_default()
    }

    /// The row of the only call that has changed.
    fn row(&mut self) -> Row {
        let changes = self.take();
        assert_eq!(changes.rows.len(), 1, "{changes:?}");
        changes.rows[0].clone()
    }
}

#[test]
fn a_row_names_the_bot_that_has_gone_on_with_the_call_and_reads_its_language() {
    let mut rig = Rig::new(&["a"]);
    assert_eq!(rig.wall.row(at(0), "a").expect("live").current_bot, None);
    let data = Private(json!({"ms": 900, "bot": "spa.vi", "language": "vi"}));
    rig.note("a", CallEvent::Mark(Mark { name: "handed_on".into(), data }));
    let row = rig.row();
    assert_eq!(row.current_bot, Some(CurrentBot { bot: "spa.vi".into(), language: "vi".into() }));
    assert_eq!(row.about.bot, "booking.en", "whose call it is stays");
    let CallEvent::Turn(turn) = bot_turn("", "") else { unreachable!() };
    let turn = Turn { speaker: Speaker::Caller, text: Private("cho tôi gặp nhân viên".into()), ..turn };
    rig.note("a", CallEvent::Turn(turn));
    let reasons: Vec<Reason> = rig.row().health.concerns.iter().map(|concern| concern.reason).collect();
    assert!(reasons.contains(&Reason::PersonWanted), "{reasons:?}");
}

fn started() -> Started {
    Started {
        direction: Direction::Inbound,
        via: "open".into(),
        from: "sip:4711@here.test".into(),
        to: "sip:booking@here.test".into(),
        bot: "booking.en".into(),
        language: "en".into(),
        headers: BTreeMap::new(),
    }
}

fn clause(say: u64, turn: u32, text: &str) -> LiveChange {
    LiveChange::Clause { say, turn, text: text.into() }
}

fn bot_turn(text: &str, heard: &str) -> CallEvent {
    let (text, heard) = (Private::from(text), Private::from(heard));
    let speaker = Speaker::Bot;
    let interrupted = text != heard;
    CallEvent::Turn(Turn { speaker, text, heard, interrupted, started_ms: 0, ended_ms: 1, confidence: None, by: None })
}

fn words(words: &Option<Private<String>>) -> &str {
    words.as_ref().map_or("", |words| &words.0)
}

#[test]
fn only_what_has_changed_is_told_and_once() {
    let mut rig = Rig::new(&["a", "b"]);
    assert_eq!(rig.wall.rows(at(0)).len(), 2);
    rig.live("a", LiveChange::Floor { floor: Floor::Bot });
    rig.live("unknown", LiveChange::Floor { floor: Floor::Bot });
    assert_eq!(rig.row().floor, Floor::Bot);
    assert!(!rig.wall.has_changed() && rig.wall.take(at(0)).is_none());
    rig.note("b", CallEvent::Ended(End::new(Blame::Nobody, EndReason::Done)));
    let changes = rig.take();
    assert_eq!((changes.rows.len(), changes.ended), (0, vec!["b".to_owned()]));
    assert_eq!(rig.wall.rows(at(0)).len(), 1);
}

#[test]
fn the_last_words_of_both_follow_the_call_as_it_goes() {
    let mut rig = Rig::new(&["a"]);
    rig.live("a", clause(1, 0, "Hello,"));
    rig.live("a", clause(2, 0, "which city?"));
    assert_eq!(words(&rig.row().bot_words), "Hello, which city?");
    rig.live("a", LiveChange::Interrupted { say: 2, chars: 5 });
    assert_eq!(words(&rig.row().bot_words), "Hello, which");
    rig.live("a", LiveChange::Partial { turn: 1, text: "mount".into(), secret: false });
    assert_eq!(words(&rig.row().caller_words), "mount");
    rig.note("a", bot_turn("Hello, which city?", "Hello, which"));
    let taken = LiveChange::Taken { turn: 1, text: "mountain view".into(), by: AnswerMethod::Voice, secret: false };
    rig.live("a", taken);
    let row = rig.row();
    assert_eq!((words(&row.bot_words), words(&row.caller_words)), ("Hello, which", "mountain view"));
    rig.live("a", clause(3, 2, "For which day?"));
    assert_eq!(words(&rig.row().bot_words), "For which day?");
    let long = "word ".repeat(100);
    rig.note("a", bot_turn(&long, &long));
    let shown = rig.row().bot_words;
    assert!(words(&shown).starts_with("… word") && words(&shown).chars().count() <= WORDS + 2);
}

#[test]
fn who_comes_late_is_told_what_is_being_said() {
    let mut rig = Rig::new(&["a"]);
    rig.live("a", LiveChange::Floor { floor: Floor::Bot });
    rig.live("a", clause(1, 0, "Hello,"));
    rig.live("a", LiveChange::Heard { say: 1, chars: 6, done: true });
    rig.live("a", clause(2, 0, "which city?"));
    rig.live("a", LiveChange::Heard { say: 2, chars: 3, done: false });
    rig.live("a", LiveChange::Partial { turn: 1, text: "•••".into(), secret: true });
    let told = rig.wall.under_way("a");
    let heard = |say, chars, done| LiveChange::Heard { say, chars, done };
    assert_eq!(
        told,
        [
            LiveChange::Floor { floor: Floor::Bot },
            clause(1, 0, "Hello,"),
            heard(1, 6, true),
            clause(2, 0, "which city?"),
            heard(2, 3, false),
            LiveChange::Partial { turn: 1, text: "•••".into(), secret: true },
        ]
    );
    rig.note("a", bot_turn("Hello, which city?", "Hello, which city?"));
    rig.live("a", LiveChange::Withdrawn { turn: 1 });
    assert_eq!(rig.wall.under_way("a"), [LiveChange::Floor { floor: Floor::Bot }]);
    assert_eq!(rig.wall.under_way("unknown"), []);
}

#[test]
fn time_alone_changes_a_row_when_it_changes_the_health() {
    let mut rig = Rig::new(&["a", "b"]);
    rig.live("a", LiveChange::Floor { floor: Floor::Waiting });
    rig.live("b", LiveChange::Floor { floor: Floor::Bot });
    rig.take();
    rig.wall.tick(at(1_000));
    assert!(!rig.wall.has_changed());
    rig.now = 9_000;
    rig.wall.tick(at(9_000));
    let row = rig.row();
    assert_eq!(row.health.concerns.iter().map(|concern| concern.reason).collect::<Vec<_>>(), [Reason::Silence]);
    rig.live("a", LiveChange::Floor { floor: Floor::Caller });
    assert_eq!(rig.row().health, Health::default());
}

#[test]
fn slots_and_the_callers_line_are_shown_and_a_mark_that_changes_nothing_is_not() {
    let mut rig = Rig::new(&["a"]);
    let slot = |value| CallEvent::Slot(Slot { name: "people".into(), value, confirmed: true });
    rig.note("a", slot(Some(Private(2.into()))));
    rig.note("a", CallEvent::Line(LineStats { seat: "caller".into(), mos: Some(4.0), ..LineStats::default() }));
    let row = rig.row();
    assert_eq!(row.slots["people"], SlotState { value: Private(2.into()), confirmed: true });
    assert_eq!(row.mos, Some(4.0));
    rig.note("a", slot(None));
    assert_eq!(rig.row().slots.len(), 0);
    rig.note("a", CallEvent::Mark(Mark { name: "recognised".into(), data: Private::default() }));
    assert!(!rig.wall.has_changed());
}

#[test]
fn who_takes_part_is_shown_as_long_as_they_do() {
    let mut rig = Rig::new(&["a"]);
    let seat = |name: &str, data| CallEvent::Mark(Mark { name: name.into(), data: Private(data) });
    rig.note("a", seat("seat_joined", json!({"seat": 3, "name": "lan", "mode": "monitor"})));
    rig.note("a", seat("seat_joined", json!({"seat": 4, "name": "minh", "mode": "whisper"})));
    rig.note("a", seat("seat_mode", json!({"seat": 3, "name": "lan", "mode": "takeover"})));
    let taken = |row: Row| row.seats.into_values().map(|seat| (seat.name, seat.mode)).collect::<Vec<_>>();
    let pair = |name: &str, mode: &str| (name.to_owned(), mode.to_owned());
    assert_eq!(taken(rig.row()), [pair("lan", "takeover"), pair("minh", "whisper")]);
    rig.note("a", seat("seat_left", json!({"seat": 4, "name": "minh"})));
    assert_eq!(taken(rig.row()), [pair("lan", "takeover")]);
    rig.note("a", seat("seat_left", json!({"seat": 4, "name": "minh"})));
    assert!(!rig.wall.has_changed());
    rig.note("a", seat("seat_left", json!({"seat": 3, "name": "lan"})));
    rig.note("a", seat("person_joined", json!({"seat": 1, "name": "hoa", "destination": "desk"})));
    assert_eq!(taken(rig.row()), [pair("hoa", "agent")]);
    // While an agent speaks with the caller, silence is no concern.
    rig.live("a", LiveChange::Floor { floor: Floor::Waiting });
    rig.now = 120_000;
    rig.wall.tick(at(rig.now));
    rig.take();
    assert!(rig.wall.row(at(rig.now), "a").unwrap().health.concerns.iter().all(|one| one.reason != Reason::Silence));
    rig.note("a", seat("person_left", json!({"seat": 1})));
    assert!(rig.row().seats.is_empty());
}

#[test]
fn after_events_were_missed_the_wall_is_what_the_store_holds() {
    let mut rig = Rig::new(&["a", "gone"]);
    rig.live("a", LiveChange::Floor { floor: Floor::Caller });
    let mut call = Call::new("a", START, &started());
    call.answered_at = Some(START);
    call.slots.insert("people".into(), Private(2.into()));
    let CallEvent::Turn(turn) = bot_turn("Hello", "Hello") else { unreachable!() };
    call.turns.push(turn);
    let new = Call::new("new", START, &started());
    rig.wall.restore(START, &[call, new]);
    let changes = rig.take();
    assert_eq!(changes.ended, ["gone"]);
    let ids: Vec<&str> = changes.rows.iter().map(|row| row.id.as_str()).collect();
    assert_eq!(ids, ["a", "new"]);
    let row = &changes.rows[0];
    assert_eq!((words(&row.bot_words), row.floor, row.slots.len()), ("Hello", Floor::Caller, 1));
}

#[test]
fn a_row_says_what_the_caller_is_helped_with_also_after_events_were_missed() {
    let mut rig = Rig::new(&["one"]);
    let task = |task: serde_json::Value| {
        CallEvent::Mark(Mark { name: "task".into(), data: Private(json!({"ms": 5, "task": task})) })
    };
    rig.note("one", task(json!("book")));
    assert_eq!(rig.row().task.as_deref(), Some("book"));
    rig.note("one", task(json!("cancel")));
    assert_eq!(rig.row().task.as_deref(), Some("cancel"));
    let mut call = Call::new("one", START, &started());
    call.task = Some("book".into());
    rig.wall.restore(at(rig.now), &[call]);
    assert_eq!(rig.row().task.as_deref(), Some("book"));
    rig.note("one", task(serde_json::Value::Null));
    assert_eq!(rig.row().task, None);
}

#[test]
fn after_events_were_missed_a_takeover_is_known_who_has_left_is_gone_and_nothing_counts_twice() {
    let mut rig = Rig::new(&["a"]);
    let seat = |name: &str, data| CallEvent::Mark(Mark { name: name.into(), data: Private(data) });
    rig.note("a", seat("seat_joined", json!({"seat": 4, "name": "minh", "mode": "monitor"})));
    rig.take();
    let mut call = Call::new("a", START, &started());
    call.answered_at = Some(START);
    let CallEvent::Turn(cut) = bot_turn("Hello there", "Hello") else { unreachable!() };
    let cut = Turn { interrupted: true, ..cut };
    call.turns.push(cut.clone());
    let lan = OccupiedSeat { seat: 3, name: "lan".into(), mode: "takeover".into(), since: START };
    call.seats.push(lan);
    rig.wall.restore(START, std::slice::from_ref(&call));
    let row = rig.row();
    let taken: Vec<_> = row.seats.into_values().map(|seat| (seat.name, seat.mode)).collect();
    assert_eq!(taken, [("lan".to_owned(), "takeover".to_owned())], "minh has left meanwhile");
    // While a person speaks with the caller, silence is no concern.
    rig.live("a", LiveChange::Floor { floor: Floor::Waiting });
    rig.now = 120_000;
    rig.wall.tick(at(rig.now));
    rig.take();
    assert!(rig.wall.row(at(rig.now), "a").unwrap().health.concerns.iter().all(|one| one.reason != Reason::Silence));
    // An event that was on its way when the store was read is counted once: as many interruptions as happened.
    rig.now = 1_000;
    rig.wall.restore(at(rig.now), std::slice::from_ref(&call));
    rig.take();
    rig.note("a", CallEvent::Turn(cut.clone()));
    assert!(!rig.wall.has_changed(), "it is known");
    rig.note("a", CallEvent::Turn(Turn { started_ms: 7_000, ended_ms: 7_900, ..cut }));
    assert!(rig.wall.has_changed(), "another one is new");
}
