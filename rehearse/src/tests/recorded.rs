//! Recorded calls: as rehearsals, and beside the bot as it is now.
use super::{DESK, passes, run};
use crate::call::{Setting, hold, reprompts};
use crate::difference::{Comparison, Row};
use crate::random::of_run;
use crate::record::{By, Line, Record, Speaker, What};
use crate::recorded::{RecordedCall, RecordedSlot, RecordedSpeaker, RecordedTurn, Values};
use crate::run::Plan;
use crate::scenario::Rehearsal;
use crate::tools::ScenarioTools;
use dialog::bot::Bot;
use std::time::{Duration, Instant};

const BOOKING: &str = include_str!("../../../configs/bots/booking.en.toml");

fn parsed(text: &str, bot: &str) -> Rehearsal {
    Rehearsal::parse(text, "r.toml", |_| Ok(bot.to_owned())).unwrap_or_else(|fault| panic!("{fault}\n{text}"))
}

fn held(rehearsal: &Rehearsal) -> Record {
    let scenario = &rehearsal.scenarios[0];
    let again = reprompts(&rehearsal.bot);
    let tools = &mut ScenarioTools::new(&scenario.tools);
    let setting = Setting {
        bot: &rehearsal.bot,
        others: &rehearsal.others,
        now: rehearsal.now,
        tools,
        person: None,
        reprompts: &again,
    };
    let mut caller = crate::caller::ScriptedCaller::new(scenario, of_run(0, "a", 1));
    hold(setting, &mut caller, Instant::now())
}

/// A record of a call as a store keeps it.
fn recorded(record: &Record, rehearsal: &Rehearsal) -> RecordedCall {
    let turn = |turn: crate::record::Turn| {
        let by = match turn.speaker {
            Speaker::Bot => RecordedSpeaker::Bot,
            Speaker::Caller(By::Keys) => RecordedSpeaker::Keys,
            Speaker::Caller(By::Text) => RecordedSpeaker::Text,
            Speaker::Caller(By::Voice | By::Interrupting) => RecordedSpeaker::Voice,
            Speaker::Caller(By::Nothing) | Speaker::Note => return None,
        };
        let ended = turn.at + Duration::from_millis(10);
        Some(RecordedTurn {
            started: turn.at,
            ended,
            by,
            text: turn.text,
            interrupted: turn.cut,
            confidence: Some(0.9),
        })
    };
    let told = |name: &str| {
        let told = |line: &&Line| matches!(&line.what, What::Note(note) if note.starts_with(&format!("{name} = ")));
        record.lines.iter().find(told).expect("a value is told").at
    };
    // A value is told when it was given, and again at the end, when it was confirmed.
    let slots = record.slots.iter().flat_map(|(name, value)| {
        let slot = |at| RecordedSlot { at, name: name.clone(), value: value.clone() };
        [slot(told(name)), slot(record.length)]
    });
    RecordedCall {
        id: "0197".into(),
        started: rehearsal.now,
        turns: record.transcript().into_iter().filter_map(turn).collect(),
        slots: slots.collect(),
        end: Some(record.end.text().into()),
        person: None,
    }
}

const CANCEL: &str = "bot = \"b.toml\"\n[[scenario]]\nname = \"a\"\nsteps = [{ hear = \"Would you like\", say = \"cancel my booking\" }, \
    { hear = \"code\", say = \"four eight two one\" }, { hear = \"Is that right\", say = \"yes\" }]";

#[test]
fn a_recorded_call_becomes_a_rehearsal_that_passes_and_notices_a_change() {
    let rehearsal = parsed(CANCEL, BOOKING);
    let call = recorded(&held(&rehearsal), &rehearsal);
    let bot = Bot::parse(BOOKING, "b.toml").expect("a bot");
    let kept = call.clone().masked(&bot, Values::Kept).scenario(&bot, "b.toml", true);
    assert!(kept.contains("four eight two one") && kept.contains("\"code\" = \"4821\""), "{kept}");
    passes(&run(&[parsed(&kept, BOOKING)], &Plan::default()));
    let masked = call.masked(&bot, Values::Masked).scenario(&bot, "b.toml", true);
    assert!(!masked.contains("four eight two one") && !masked.contains("4821"), "{masked}");
    passes(&run(&[parsed(&masked, BOOKING)], &Plan::default()));
    let changed = BOOKING.replace("You want to cancel", "You would like to cancel");
    let outcomes = [parsed(&masked, &changed)];
    assert!(!run(&outcomes, &Plan::default())[0].has_passed());
}

#[test]
fn a_secret_that_no_record_holds_has_a_made_up_one_in_its_place() {
    let text = "bot = \"b.toml\"\n[[tool]]\nrequest = \"POST /reset\"\nanswer = { ticket = { number = 7 } }\n[[scenario]]\nname = \"a\"\n\
        steps = [{ say = \"reset my password\" }, { keys = \"4711#\" }, { say = \"yes\" }]";
    let rehearsal = parsed(text, DESK);
    let mut call = recorded(&held(&rehearsal), &rehearsal);
    for turn in &mut call.turns {
        if turn.text.contains("4711") {
            turn.text = "****".into();
        }
    }
    let scenario = call.masked(&rehearsal.bot, Values::Masked).scenario(&rehearsal.bot, "b.toml", false);
    assert!(!scenario.contains("4711") && scenario.contains("keys = \"4821\""), "{scenario}");
    assert!(scenario.contains("request = \"POST *\""), "{scenario}");
    assert_eq!(held(&parsed(&scenario, DESK)).slots["pin"], "****");
}

#[test]
fn a_call_beside_a_changed_bot_shows_what_is_different_and_nothing_else() {
    let rehearsal = parsed(CANCEL, BOOKING);
    let call = recorded(&held(&rehearsal), &rehearsal);
    let again = |bot: &str| {
        let scenario = call.scenario(&Bot::parse(bot, "b.toml").expect("a bot"), "b.toml", false);
        Comparison::of(&call, &held(&parsed(&scenario, bot)))
    };
    let same = again(BOOKING);
    assert!(same.is_same(), "{}", same.text(60));
    let changed = again(&BOOKING.replace("You want to cancel the", "Shall I cancel the"));
    let different: Vec<&Row> = changed.rows.iter().filter(|row| !matches!(row, Row::Same(_))).collect();
    assert_eq!(different.len(), 2, "{}", changed.text(60));
    let shown = changed.text(60);
    assert!(shown.contains("| bot: Shall I cancel the booking") && shown.contains("code = \"4821\""), "{shown}");
    assert!(shown.lines().all(|line| line.chars().count() <= 123), "{shown}");
}

#[test]
fn interruptions_and_silences_are_done_again_at_their_moments() {
    let ms = Duration::from_millis;
    let turn = |started, ended, by, text: &str, interrupted| RecordedTurn {
        started: ms(started),
        ended: ms(ended),
        by,
        text: text.into(),
        interrupted,
        confidence: None,
    };
    let call = RecordedCall {
        id: "1".into(),
        turns: vec![
            turn(0, 2_000, RecordedSpeaker::Bot, "Hello.", false),
            turn(8_100, 10_000, RecordedSpeaker::Bot, "Are you there?", false),
            turn(11_000, 12_000, RecordedSpeaker::Voice, "book a room", false),
            turn(12_500, 14_000, RecordedSpeaker::Bot, "In which city?", true),
            turn(13_400, 14_500, RecordedSpeaker::Voice, "boston {x}", false),
        ],
        ..RecordedCall::default()
    };
    let bot = Bot::parse(BOOKING, "b.toml").expect("a bot");
    let scenario = call.scenario(&bot, "b.toml", false);
    let steps: Vec<&str> = scenario.lines().filter(|line| line.starts_with("    {")).map(str::trim).collect();
    assert_eq!(
        steps,
        ["{ silence_ms = 9000 },", "{ say = \"book a room\" },", "{ interrupt = \"boston  x \", after_ms = 900 },"]
    );
    parsed(&scenario, BOOKING);
}
