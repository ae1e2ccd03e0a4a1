//! What others than the caller do never moves the bot; what a takeover does to the core of a call.
use super::*;
use crate::call::seat::{GuidanceReply, Guide, HandBack, SeatEvent, SeatNews, SeatWhy};
use crate::call::voices::VoiceHeard;
use dialog::conversation::{Guidance, GuidanceFault};
use media::hears::Supervision;
use media::stats::LegStats;

const SUPERVISOR: Seat = Seat(2);

impl Line {
    fn seat(&mut self, event: SeatEvent) -> Vec<Act> {
        self.tell(CallInput::Seat(SeatNews { seat: SUPERVISOR, name: "anna".into(), event }))
    }

    fn hand_back(&mut self, slots: &str) -> (Vec<Act>, Result<u64, GuidanceFault>) {
        let (reply, mut answer) = GuidanceReply::new();
        let guidance = Guidance { slots: serde_json::from_str(slots).unwrap(), ..Guidance::default() };
        let order = HandBack { seat: SUPERVISOR, by: "anna".into(), guidance, promise: None, reply };
        let acts = self.tell(CallInput::HandBack(order));
        let (replies, acts): (Vec<Act>, Vec<Act>) = acts.into_iter().partition(|act| matches!(act, Act::Reply(..)));
        for reply in replies {
            if let Act::Reply(reply, result) = reply {
                reply.send(result);
            }
        }
        (acts, answer.try_recv().unwrap())
    }
}

pub(super) fn mark(acts: &[Act]) -> Vec<&str> {
    acts.iter()
        .filter_map(|act| if let Act::Note(CallEvent::Mark(mark)) = act { Some(mark.name.as_str()) } else { None })
        .collect()
}

/// What the bot says.
pub(super) fn said(acts: &[Act]) -> Vec<&str> {
    acts.iter()
        .filter_map(|act| if let Act::Say { text, .. } = act { Some(text.text.as_str()) } else { None })
        .collect()
}

/// Every event that a room tells of another seat than the caller's.
pub(super) fn events(at: Instant, seat: Seat) -> Vec<Event> {
    let place = SamplePos(0);
    let played = |phase| Played { utterance: UtteranceId(8), chars: 3, phase, at };
    vec![
        Event::Edge { seat, edge: Edge::Start { at: place, arrived: Some(at) } },
        Event::Edge { seat, edge: Edge::End { at: place, arrived: Some(at), voice: None } },
        Event::Key { seat, key: '1', at },
        Event::Played { seat, played: played(Phase::Started) },
        Event::Played { seat, played: played(Phase::Progress) },
        Event::Played { seat, played: played(Phase::Waiting) },
        Event::Played { seat, played: played(Phase::Done) },
        Event::Played { seat, played: played(Phase::Cut) },
        Event::Silent { seat, since: at },
        Event::Sounding { seat },
    ]
}

#[test]
fn no_event_of_another_seat_moves_the_bot_or_ends_the_call() {
    for seat in [Seat::AGENT, SUPERVISOR, Seat(7)] {
        for greeted in [false, true] {
            for which in 0..events(Instant::now(), seat).len() {
                let mut line = if greeted { Line::greeted() } else { Line::answered().0 };
                line.pass(line.now + 50);
                let deadline = line.talk.deadline();
                let event = events(line.at(line.now), seat).swap_remove(which);
                let acts = line.tell(CallInput::Room(event.clone()));
                assert!(acts.is_empty(), "{event:?}: {acts:?}");
                assert_eq!(line.talk.deadline(), deadline, "{event:?}");
            }
        }
    }
    let mut line = Line::greeted();
    let stats = CallInput::Room(Event::Stats { seat: SUPERVISOR, stats: Box::<LegStats>::default() });
    assert!(matches!(&line.tell(stats)[..], [Act::Note(CallEvent::Line(line))] if line.seat == "seat 2"));
}

#[test]
fn the_callers_own_events_do_move_it() {
    let mut line = Line::greeted();
    line.pass(line.now + 50);
    let moved = events(line.at(line.now), Seat::CALLER).into_iter().filter(|event| {
        let mut line = Line::greeted();
        line.pass(line.now + 50);
        !line.tell(CallInput::Room(event.clone())).is_empty()
    });
    assert!(moved.count() >= 4, "the events of the test above are not empty ones");
}

#[test]
fn a_takeover_hushes_the_bot_stops_its_timers_and_gives_the_call_back() {
    let (mut line, _) = Line::answered();
    line.pass(60);
    line.played(8, Phase::Started, 0);
    line.pass(200);
    let acts = line.seat(SeatEvent::Joined(Supervision::TakeOver));
    assert_eq!(mark(&acts), ["seat_joined", "taken_over", "bot_hushed"]);
    assert!(acts.iter().any(|act| matches!(act, Act::Hush(_))), "{acts:?}");
    line.played(8, Phase::Cut, 3);
    assert_eq!(line.talk.deadline().map(|(_, why)| why), Some(Why::CallLimit), "nothing else is due");
    let acts = line.pass(120_000);
    assert!(acts.is_empty(), "{acts:?}");
    // What the caller says and presses meanwhile is the human's.
    let at = line.at(line.now);
    let place = SamplePos(0);
    for event in [
        Event::Edge { seat: Seat::CALLER, edge: Edge::Start { at: place, arrived: Some(at) } },
        Event::Edge { seat: Seat::CALLER, edge: Edge::End { at: place, arrived: Some(at), voice: None } },
    ] {
        assert!(line.tell(CallInput::Room(event)).is_empty());
    }
    assert_eq!(mark(&line.tell(CallInput::Key('5'))), ["key"]);
    let acts = line.seat(SeatEvent::Left(SeatWhy::ConnectionLost));
    assert_eq!(mark(&acts), ["seat_left", "bot_back"]);
    assert_eq!(said(&acts), ["I'm back with you.", "For how many?"]);
    assert!(acts.iter().any(|act| matches!(act, Act::Listen(_))), "it listens at once");
}

#[test]
fn a_line_that_dies_during_a_takeover_ends_the_call() {
    let mut line = Line::greeted();
    line.seat(SeatEvent::Joined(Supervision::TakeOver));
    let since = line.at(line.now);
    line.tell(CallInput::Room(Event::Silent { seat: Seat::CALLER, since }));
    let acts = line.pass(line.now + 20_000);
    assert_eq!(ends(&acts), [End::new(Blame::Network, Reason::NoRtp)]);
}

#[test]
fn the_room_is_told_before_the_bot_speaks_again_and_a_wrong_value_changes_nothing() {
    let mut line = Line::greeted();
    line.seat(SeatEvent::Joined(Supervision::TakeOver));
    let (acts, answer) = line.hand_back(r#"{"people": 99}"#);
    assert_eq!((acts.len(), answer), (0, Err(GuidanceFault::Value("people".into()))));
    let (acts, answer) = line.hand_back(r#"{"people": 2}"#);
    assert_eq!(answer, Ok(1));
    let place = |of: fn(&Act) -> bool| acts.iter().position(of).unwrap_or_else(|| panic!("{acts:?}"));
    let room = place(|act| matches!(act, Act::Supervise(SUPERVISOR, Supervision::Monitor)));
    assert!(room < place(|act| matches!(act, Act::Say { .. })), "{acts:?}");
    assert!(acts.iter().any(|act| matches!(act, Act::Run(_))), "the only slot is filled: {acts:?}");
    assert!(mark(&acts).contains(&"handed_back"));
}

#[test]
fn a_tools_answer_that_comes_during_a_takeover_is_told_afterwards() {
    let (mut line, id) = Line::working();
    line.seat(SeatEvent::Joined(Supervision::TakeOver));
    let acts = line.tell(CallInput::ToolDone { id, result: Ok(serde_json::json!({})) });
    assert_eq!(mark(&acts), ["tool_answered"]);
    assert!(line.pass(line.now + 60_000).is_empty(), "neither a clip nor an end");
    assert_eq!(line.hand_back(r#"{"people": 3}"#).1, Err(GuidanceFault::Busy));
    let (acts, _) = line.hand_back("{}");
    let said: Vec<&str> = acts
        .iter()
        .filter_map(|act| if let Act::Say { text, .. } = act { Some(text.text.as_str()) } else { None })
        .collect();
    assert_eq!(said[..2], ["I'm back with you.", "It comes."]);
}

#[test]
fn an_echo_takes_supervisors_and_follows_nothing() {
    use crate::call::echo::Echo;
    let start = Instant::now();
    let mut echo = Echo::new(Limits::default(), None, start);
    let mut tell = |input| {
        echo.handle(start, input);
        std::iter::from_fn(|| echo.poll()).collect::<Vec<Act>>()
    };
    let joined = SeatEvent::Joined(Supervision::Monitor);
    let news = SeatNews { seat: SUPERVISOR, name: "anna".into(), event: joined };
    assert_eq!(mark(&tell(CallInput::Seat(news))), ["seat_joined"]);
    assert!(tell(CallInput::Room(Event::Silent { seat: SUPERVISOR, since: start })).is_empty());
    let (reply, _answer) = GuidanceReply::new();
    let guide = Guide { by: "anna".into(), guidance: Guidance::default(), reply };
    let acts = tell(CallInput::Guide(guide));
    assert!(matches!(&acts[..], [Act::Reply(_, Err(GuidanceFault::NoBot))]), "{acts:?}");
}

const AT: SamplePos = SamplePos(0);

impl Line {
    /// Somebody at a seat says something for a second, which is recognised; the turn is complete by then.
    pub(super) fn voice(&mut self, seat: Seat, session: u64, text: Option<&str>) -> Vec<Act> {
        let mut acts = self.tell(CallInput::Room(Event::Edge {
            seat,
            edge: Edge::Start { at: AT, arrived: Some(self.at(self.now)) },
        }));
        acts.extend(self.pass(self.now + 1_000));
        acts.extend(self.tell(CallInput::Room(Event::Edge {
            seat,
            edge: Edge::End { at: AT, arrived: Some(self.at(self.now)), voice: None },
        })));
        let hypothesis = Hypothesis { text: text.map(str::to_owned), confidence: 0.8 };
        let (took, done_at) = (Duration::ZERO, self.at(self.now));
        let heard = Heard::Final { hypothesis, from: AT, to: AT, engine: "told", took, done_at };
        acts.extend(self.tell(CallInput::Voice(VoiceHeard { seat, session, heard })));
        acts.extend(self.pass(self.now + 1_000));
        acts
    }
}

/// The sessions that were asked for, by seat.
pub(super) fn sessions(acts: &[Act]) -> Vec<(Seat, u64)> {
    let of = |act: &Act| if let Act::Transcribe { seat, session, .. } = act { Some((*seat, *session)) } else { None };
    acts.iter().filter_map(of).collect()
}

pub(super) fn turns(acts: &[Act]) -> Vec<String> {
    let of = |act: &Act| match act {
        Act::Note(CallEvent::Turn(turn)) => Some(format!("{:?}: {}", turn.speaker, turn.text.0)),
        _ => None,
    };
    acts.iter().filter_map(of).collect()
}

#[test]
fn in_a_takeover_each_voice_is_a_turn_of_its_own_and_its_values_are_for_the_hand_back() {
    let mut line = Line::greeted();
    let acts = line.seat(SeatEvent::Joined(Supervision::TakeOver));
    let opened = sessions(&acts);
    assert_eq!(opened.iter().map(|(seat, _)| *seat).collect::<Vec<_>>(), [Seat::CALLER, SUPERVISOR]);
    let acts = line.voice(SUPERVISOR, opened[1].1, Some("so that's four people"));
    assert_eq!(turns(&acts), ["Supervisor: so that's four people"]);
    assert_eq!(mark(&acts), ["spoke", "value_spoken"]);
    let renewed = sessions(&acts);
    assert!(matches!(renewed[..], [(SUPERVISOR, session)] if session > opened[1].1), "{renewed:?}");
    let acts = line.voice(Seat::CALLER, opened[0].1, None);
    assert_eq!(turns(&acts), ["Caller: [not recognised]"]);
    // Nothing of it has moved the bot: only the call's own limit is due.
    assert_eq!(line.talk.deadline().map(|(_, why)| why), Some(Why::CallLimit));
    let acts = line.seat(SeatEvent::Mode(Supervision::Monitor, SeatWhy::Asked));
    let said: Vec<&str> = acts
        .iter()
        .filter_map(|act| if let Act::Say { text, .. } = act { Some(text.text.as_str()) } else { None })
        .collect();
    assert_eq!(said, ["I'm back with you.", "For how many?"], "the value is for the form, and no answer to the bot");
}

#[test]
fn who_joins_in_is_transcribed_beside_the_bot_and_who_listens_is_not() {
    let mut line = Line::greeted();
    assert!(sessions(&line.seat(SeatEvent::Joined(Supervision::Monitor))).is_empty());
    let opened = sessions(&line.seat(SeatEvent::Mode(Supervision::Barge, SeatWhy::Asked)));
    assert_eq!(opened.len(), 1);
    let due = line.talk.deadline();
    let edge = Edge::Start { at: AT, arrived: Some(line.at(line.now)) };
    assert!(line.tell(CallInput::Room(Event::Edge { seat: SUPERVISOR, edge })).is_empty());
    assert_eq!(line.talk.deadline(), due);
    let acts = line.seat(SeatEvent::Mode(Supervision::Monitor, SeatWhy::Asked));
    assert!(acts.iter().any(|act| matches!(act, Act::StopTranscribing(SUPERVISOR))));
}

#[test]
fn a_spoken_whisper_guides_the_bot_and_its_words_stand_nowhere() {
    let mut line = Line::greeted();
    let opened = sessions(&line.seat(SeatEvent::Joined(Supervision::Whisper)));
    assert_eq!(opened.len(), 1);
    let acts = line.voice(SUPERVISOR, opened[0].1, Some("something else"));
    assert!(turns(&acts).is_empty() && mark(&acts).contains(&"whisper_lost"), "{:?}", mark(&acts));
    let session = sessions(&acts)[0].1;
    let acts = line.voice(SUPERVISOR, session, Some("four people"));
    assert!(turns(&acts).is_empty(), "no turn of the transcript");
    assert!(mark(&acts).contains(&"guidance"), "{:?}", mark(&acts));
    let slots: Vec<_> = acts.iter().filter(|act| matches!(act, Act::Note(CallEvent::Slot(_)))).collect();
    assert!(!slots.is_empty(), "the bot has followed: {acts:?}");
    let told = format!("{acts:?}");
    assert!(!told.contains("four people"), "{told}");
}
