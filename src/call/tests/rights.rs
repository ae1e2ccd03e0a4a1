//! Callers' rights: nobody listens before the caller was told so, and who does not want to be recorded is not.
use super::*;
use crate::call::seat::{SeatEvent, SeatNews, SeatWhy};
use media::hears::Supervision;

const ANNA: Seat = Seat(2);

/// The taxi bot, which says first that others may listen.
fn disclosing() -> String {
    format!("disclosure = \"We listen.\"\n{BOT}")
}

fn marks(acts: &[Act]) -> Vec<&str> {
    acts.iter()
        .filter_map(|act| if let Act::Note(CallEvent::Mark(mark)) = act { Some(mark.name.as_str()) } else { None })
        .collect()
}

fn orders(acts: &[Act]) -> Vec<Supervision> {
    acts.iter().filter_map(|act| if let Act::Supervise(ANNA, mode) = act { Some(*mode) } else { None }).collect()
}

impl Line {
    fn anna(&mut self, event: SeatEvent) -> Vec<Act> {
        self.tell(CallInput::Seat(SeatNews { seat: ANNA, name: "anna".into(), event }))
    }
}

#[test]
fn a_seat_waits_until_the_disclosure_was_heard_to_its_end() {
    let (mut line, _) = Line::of(&disclosing());
    line.pass(60);
    line.played(8, Phase::Started, 0);
    assert!(!line.talk.is_disclosed());
    let acts = line.anna(SeatEvent::Waits(Supervision::Monitor));
    assert_eq!((marks(&acts), orders(&acts)), (vec!["seat_waits"], vec![]));
    line.pass(400);
    let acts = line.played(8, Phase::Progress, 6);
    assert_eq!(orders(&acts), []);
    line.pass(900);
    let acts = line.played(8, Phase::Done, 10);
    assert_eq!((marks(&acts).contains(&"seat_joined"), orders(&acts)), (true, vec![Supervision::Monitor]), "{acts:?}");
    assert!(line.talk.is_disclosed());
}

#[test]
fn who_waits_to_take_over_does_so_at_the_end_of_the_disclosure_and_who_leaves_before_never_hears() {
    let (mut line, _) = Line::of(&disclosing());
    line.pass(60);
    line.played(8, Phase::Started, 0);
    line.anna(SeatEvent::Waits(Supervision::Monitor));
    let acts = line.anna(SeatEvent::Waits(Supervision::TakeOver));
    assert!(!acts.iter().any(|act| matches!(act, Act::Hush(_))), "the disclosure is said to its end: {acts:?}");
    line.pass(900);
    let acts = line.played(8, Phase::Done, 10);
    assert_eq!(orders(&acts), [Supervision::TakeOver]);
    assert!(marks(&acts).contains(&"taken_over") && acts.iter().any(|act| matches!(act, Act::Hush(_))), "{acts:?}");
    let (mut line, _) = Line::of(&disclosing());
    line.pass(60);
    line.played(8, Phase::Started, 0);
    line.anna(SeatEvent::Waits(Supervision::Monitor));
    line.anna(SeatEvent::Left(SeatWhy::Asked));
    line.pass(900);
    assert_eq!(orders(&line.played(8, Phase::Done, 10)), []);
}

#[test]
fn a_disclosure_that_was_cut_off_is_none() {
    let (mut line, _) = Line::of(&disclosing());
    line.pass(60);
    line.played(8, Phase::Started, 0);
    line.anna(SeatEvent::Waits(Supervision::Monitor));
    line.pass(300);
    line.played(8, Phase::Progress, 3);
    let acts = line.tell(CallInput::Key('2'));
    assert_eq!(orders(&acts), []);
    let acts = line.played(8, Phase::Cut, 3);
    assert_eq!(orders(&acts), []);
    assert!(!line.talk.is_disclosed());
}

#[test]
fn a_bot_without_a_disclosure_of_its_own_in_a_core_lets_a_seat_in_at_once() {
    let (line, _) = Line::answered();
    assert!(line.talk.is_disclosed());
}

#[test]
fn recording_stops_with_the_words_that_refuse_it_before_the_bot_says_so() {
    for (file, keeps, before) in
        [(BOT.to_owned(), true, "kept"), (format!("recorded_before = \"drop\"\n{BOT}"), false, "dropped")]
    {
        let (mut line, _) = Line::of(&file);
        for (utterance, chars) in [(8, 6), (16, 13)] {
            line.pass(line.now + 60);
            line.played(utterance, Phase::Started, 0);
            line.pass(line.now + 900);
            line.played(utterance, Phase::Done, chars);
        }
        line.pass(line.now + 500);
        let acts = line.says("please don't record this call");
        let place = |of: &dyn Fn(&Act) -> bool| acts.iter().position(of).unwrap_or_else(|| panic!("{acts:?}"));
        let stop = place(&|act| matches!(act, Act::StopRecording { keeps: kept } if *kept == keeps));
        assert!(stop < place(&|act| matches!(act, Act::Say { .. })), "{acts:?}");
        let noted = acts.iter().find_map(|act| match act {
            Act::Note(CallEvent::Mark(mark)) if mark.name == "recording_refused" => Some(mark.data.0["before"].clone()),
            _ => None,
        });
        assert_eq!(noted, Some(serde_json::json!(before)));
        let said: Vec<&str> = acts
            .iter()
            .filter_map(|act| if let Act::Say { text, .. } = act { Some(text.text.as_str()) } else { None })
            .collect();
        assert_eq!(said.last(), Some(&"For how many?"), "it goes on with its question");
    }
}

#[test]
fn a_recording_that_was_paused_for_a_secret_goes_on_while_a_person_speaks_and_is_paused_again_after() {
    let bot = BOT.replace(
        "type = \"number\"\n    min = 1\n    max = 6\n    unit = [\"person\", \"people\"]",
        "type = \"digits\"\n    length = 4\n    secret = true",
    );
    let (mut line, acts) = Line::of(&bot);
    let secrets = |acts: &[Act]| {
        acts.iter()
            .filter_map(|act| if let Act::Secret(secret) = act { Some(*secret) } else { None })
            .collect::<Vec<_>>()
    };
    assert_eq!(secrets(&acts), [true]);
    let acts = line.anna(SeatEvent::Joined(Supervision::TakeOver));
    assert_eq!(secrets(&acts), [false], "{acts:?}");
    let acts = line.anna(SeatEvent::Left(SeatWhy::Asked));
    assert_eq!(secrets(&acts), [true], "the bot asks for it again");
}

#[test]
fn words_from_before_a_hold_that_come_during_it_are_nobodys() {
    let mut line = Line::greeted();
    line.pass(line.now + 500);
    let at = SamplePos(0);
    let now = line.at(line.now);
    line.tell(CallInput::Room(Event::Edge { seat: Seat::CALLER, edge: Edge::Start { at, arrived: Some(now) } }));
    line.tell(CallInput::Heard(Heard::Partial { text: "two".into() }));
    line.tell(CallInput::LineOnHold(true));
    let acts = line.tell(CallInput::Heard(Heard::Partial { text: "two".into() }));
    assert!(acts.is_empty(), "{acts:?}");
    let hypothesis = Hypothesis { text: Some("two".into()), confidence: 0.9 };
    let done_at = line.at(line.now);
    let late = Heard::Final { hypothesis, from: at, to: at, engine: "told", took: Duration::ZERO, done_at };
    let acts = line.tell(CallInput::Heard(late));
    assert!(acts.is_empty(), "{acts:?}");
    let acts = line.pass(line.now + 60_000);
    assert!(clips(&acts).is_empty() && ends(&acts).is_empty(), "nothing is due meanwhile: {acts:?}");
}
