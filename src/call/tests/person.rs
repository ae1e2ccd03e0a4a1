//! The core of a call while a person is looked for, hears a brief, speaks with the caller and leaves.
use super::seats::{mark, said, sessions, turns};
use super::*;
use crate::call::person::PersonEvent;
use crate::call::seat::{SeatEvent, SeatNews, SeatWhy};
use dialog::conversation::PersonFault;
use media::hears::Supervision;
use media::leg::BotMode;

fn bot() -> String {
    format!("person = \"desk\"\n{BOT}")
}

/// The utterances that are to be played, in their order.
fn utterances(acts: &[Act]) -> Vec<u64> {
    acts.iter().filter_map(|act| if let Act::Say { utterance, .. } = act { Some(utterance.0) } else { None }).collect()
}

impl Line {
    fn person(&mut self, event: PersonEvent) -> Vec<Act> {
        self.tell(CallInput::Person(event))
    }

    /// All of what the bot says is heard.
    fn hears_all(&mut self, utterances: Vec<u64>) -> Vec<Act> {
        let mut acts = Vec::new();
        for utterance in utterances {
            acts.extend(self.pass(self.now + 60));
            acts.extend(self.played(utterance, Phase::Started, 0));
            acts.extend(self.pass(self.now + 900));
            acts.extend(self.played(utterance, Phase::Done, 20));
        }
        acts
    }

    /// The caller has asked for a person, who is looked for.
    fn searching() -> (Self, Vec<Act>) {
        let mut line = Self::greeted_by(&bot());
        line.pass(line.now + 500);
        let acts = line.says("an agent please");
        assert!(mark(&acts).contains(&"person_wanted"), "{acts:?}");
        assert!(!acts.iter().any(|act| matches!(act, Act::FindPerson(_))), "the caller hears first that it is done");
        let said = utterances(&acts);
        let acts = line.hears_all(said);
        (line, acts)
    }

    fn brief(&mut self, phase: Phase) -> Vec<Act> {
        let played = Played { utterance: UtteranceId(8), chars: 5, phase, at: self.at(self.now) };
        self.tell(CallInput::Room(Event::Played { seat: Seat::AGENT, played }))
    }

    /// A person speaks with the caller.
    fn joined() -> Self {
        let (mut line, _) = Self::searching();
        line.person(PersonEvent::Joined("telephone".into()));
        line.brief(Phase::Done);
        line
    }
}

#[test]
fn the_search_begins_when_the_caller_has_heard_that_it_does() {
    let (line, acts) = Line::searching();
    let found: Vec<&str> = acts
        .iter()
        .filter_map(|act| if let Act::FindPerson(wanted) = act { Some(wanted.to.as_str()) } else { None })
        .collect();
    assert_eq!(found, ["desk"]);
    assert_eq!(
        line.talk.deadline().map(|(_, why)| why),
        Some(Why::CallLimit),
        "nobody asks whether the caller is there"
    );
}

#[test]
fn what_comes_of_a_transfer_is_noted_and_a_failure_brings_the_bot_back_with_why() {
    for (fault, sentence) in [
        (PersonFault::Busy, "I am sorry, the line is busy."),
        (PersonFault::Declined, "I am sorry, nobody can take your call right now."),
        (PersonFault::NoAnswer, "I am sorry, nobody answers at the moment."),
        (PersonFault::NotPossible, "I am sorry, I could not put you through."),
        (PersonFault::Unknown, "I am sorry, I could not put you through."),
    ] {
        let (mut line, _) = Line::searching();
        assert_eq!(mark(&line.person(PersonEvent::Progress(180))), ["transfer_progress"]);
        assert!(line.pass(line.now + 20_000).is_empty());
        let acts = line.person(PersonEvent::Failed(fault));
        assert_eq!(mark(&acts), ["transfer_failed"]);
        assert_eq!(said(&acts), [sentence, "For how many?"]);
        assert!(acts.iter().any(|act| matches!(act, Act::Listen(_))), "it listens at once");
        for later in [PersonEvent::Transferred, PersonEvent::Failed(fault)] {
            let acts = line.person(later);
            assert!(acts.is_empty(), "the outcome is one: {acts:?}");
        }
    }
}

#[test]
fn a_telephone_that_knows_no_transfer_is_told_apart_and_the_person_is_called() {
    let (mut line, _) = Line::searching();
    let acts = line.person(PersonEvent::Unsupported(405));
    assert_eq!(mark(&acts), ["transfer_refused"]);
    let called = |act: &Act| matches!(act, Act::BridgePerson(wanted) if wanted.to == "desk");
    assert!(acts.iter().any(called) && said(&acts).is_empty(), "the caller waits on: {acts:?}");
    // Who is found by it is joined, and where nobody is, the bot is back.
    assert_eq!(mark(&line.person(PersonEvent::Joined("telephone".into()))), ["person_joined"]);
    let (mut line, _) = Line::searching();
    line.person(PersonEvent::Unsupported(501));
    let acts = line.person(PersonEvent::Failed(PersonFault::NotPossible));
    assert_eq!(said(&acts), ["I am sorry, I could not put you through.", "For how many?"]);
    assert!(line.person(PersonEvent::Unsupported(501)).is_empty(), "it is too late");
}

#[test]
fn a_caller_who_was_transferred_is_gone() {
    let (mut line, _) = Line::searching();
    let acts = line.person(PersonEvent::Transferred);
    assert_eq!((mark(&acts), ends(&acts)), (vec!["transferred"], vec![Reason::Transferred.into()]));
}

#[test]
fn a_person_hears_a_brief_alone_and_is_joined_when_it_was_played_or_could_not_be() {
    for played in [true, false] {
        let (mut line, _) = Line::searching();
        let acts = line.person(PersonEvent::Joined("telephone".into()));
        assert_eq!(mark(&acts), ["person_joined"]);
        let brief =
            acts.iter().find_map(|act| if let Act::Brief { text, .. } = act { Some(text.text.clone()) } else { None });
        assert_eq!(brief.as_deref(), Some("order."));
        assert!(!acts.iter().any(|act| matches!(act, Act::Bot(_) | Act::Hush(_))), "not joined yet: {acts:?}");
        assert!(line.brief(Phase::Started).is_empty());
        let acts = if played { line.brief(Phase::Done) } else { line.pass(line.now + 6_000) };
        assert!(acts.iter().any(|act| matches!(act, Act::Bot(BotMode::Rests))), "{acts:?}");
        assert!(mark(&acts).contains(&"taken_over"));
        // What the caller says and presses is the person's.
        assert_eq!(mark(&line.tell(CallInput::Key('5'))), ["key"]);
        assert!(line.pass(line.now + 60_000).is_empty());
    }
}

#[test]
fn what_agent_and_caller_say_to_each_other_is_transcribed_each_voice_by_itself() {
    let (mut line, _) = Line::searching();
    assert!(sessions(&line.person(PersonEvent::Joined("an".into()))).is_empty(), "not while they hear the brief");
    let opened = sessions(&line.brief(Phase::Done));
    assert_eq!(opened.iter().map(|(seat, _)| *seat).collect::<Vec<_>>(), [Seat::CALLER, Seat::AGENT]);
    let acts = line.voice(Seat::AGENT, opened[1].1, Some("so that's four people"));
    assert_eq!(turns(&acts), ["Agent: so that's four people"]);
    assert_eq!(mark(&acts), ["spoke", "value_spoken"]);
    let spoke = acts.iter().find_map(|act| match act {
        Act::Note(CallEvent::Mark(mark)) if mark.name == "spoke" => Some(mark.data.0["name"].clone()),
        _ => None,
    });
    assert_eq!(spoke, Some("an".into()));
    let acts = line.voice(Seat::CALLER, opened[0].1, Some("yes four"));
    assert_eq!(turns(&acts), ["Caller: yes four"]);
    assert!(!acts.iter().any(|act| matches!(act, Act::Say { .. } | Act::Run(_))), "the bot rests: {acts:?}");
    // A supervisor who listens in changes nothing; what was begun when the person hangs up is a turn.
    let event = SeatEvent::Joined(Supervision::Monitor);
    let acts = line.tell(CallInput::Seat(SeatNews { seat: Seat(2), name: "anna".into(), event }));
    assert!(sessions(&acts).is_empty());
    let edge = Edge::Start { at: SamplePos(0), arrived: Some(line.at(line.now)) };
    line.tell(CallInput::Room(Event::Edge { seat: Seat::AGENT, edge }));
    line.pass(line.now + 800);
    let acts = line.person(PersonEvent::Left);
    assert_eq!(turns(&acts), ["Agent: [not recognised]"]);
}

#[test]
fn the_callers_voice_is_the_bots_again_when_the_person_has_hung_up() {
    let mut line = Line::joined();
    line.talk = line.talk.with_returning(vec!["desk".into()]);
    let acts = line.person(PersonEvent::Left);
    for seat in [Seat::CALLER, Seat::AGENT] {
        assert!(acts.iter().any(|act| matches!(act, Act::StopTranscribing(stopped) if *stopped == seat)), "{acts:?}");
    }
    let acts = line.says("two people");
    assert!(acts.iter().any(|act| matches!(act, Act::Note(CallEvent::Slot(_)))), "{acts:?}");
}

#[test]
fn an_agents_cough_key_and_silence_move_nothing() {
    let mut lines = [Line::searching().0, Line::joined()];
    for line in &mut lines {
        for which in 0..super::seats::events(Instant::now(), Seat::AGENT).len() {
            let event = super::seats::events(line.at(line.now), Seat::AGENT).swap_remove(which);
            let acts = line.tell(CallInput::Room(event.clone()));
            assert!(acts.is_empty(), "{event:?}: {acts:?}");
        }
    }
}

#[test]
fn the_call_ends_with_the_person_or_is_the_bots_again_as_the_destination_has_it() {
    let mut line = Line::joined();
    let acts = line.person(PersonEvent::Left);
    assert_eq!((mark(&acts)[0], ends(&acts)), ("person_left", vec![Reason::PersonHungUp.into()]));
    let mut line = Line::joined();
    line.talk = line.talk.with_returning(vec!["desk".into()]);
    let acts = line.person(PersonEvent::Left);
    assert_eq!(mark(&acts), ["person_left", "bot_back"]);
    assert_eq!(said(&acts), ["I'm back with you.", "For how many?"]);
    let place = |of: fn(&Act) -> bool| acts.iter().position(of).unwrap_or_else(|| panic!("{acts:?}"));
    let room = place(|act| matches!(act, Act::Bot(BotMode::Speaks)));
    assert!(room < place(|act| matches!(act, Act::Say { .. })), "the room first: {acts:?}");
}

#[test]
fn a_person_who_hangs_up_during_the_brief_has_declined() {
    let (mut line, _) = Line::searching();
    line.person(PersonEvent::Joined("telephone".into()));
    let acts = line.person(PersonEvent::Left);
    assert_eq!(mark(&acts), ["person_left", "transfer_failed"]);
    assert!(said(&acts).contains(&"For how many?"), "{acts:?}");
}

#[test]
fn a_caller_who_hangs_up_ends_the_call_and_a_supervisor_who_takes_over_the_search() {
    let (mut line, _) = Line::searching();
    let acts = line.tell(CallInput::Gone(End::new(Blame::RemoteParty, Reason::HungUp)));
    assert_eq!(ends(&acts), [End::new(Blame::RemoteParty, Reason::HungUp)]);
    let (mut line, _) = Line::searching();
    let event = SeatEvent::Joined(Supervision::TakeOver);
    let acts = line.tell(CallInput::Seat(SeatNews { seat: Seat(2), name: "anna".into(), event }));
    assert!(acts.iter().any(|act| matches!(act, Act::StopPerson)), "{acts:?}");
    // One who hears the brief has left.
    let (mut briefed, _) = Line::searching();
    briefed.person(PersonEvent::Joined("an".into()));
    let event = SeatEvent::Joined(Supervision::TakeOver);
    let acts = briefed.tell(CallInput::Seat(SeatNews { seat: Seat(2), name: "anna".into(), event }));
    assert_eq!(mark(&acts)[..3], ["seat_joined", "person_left", "taken_over"]);
    // A person who answers too late is sent away.
    let acts = line.person(PersonEvent::Joined("telephone".into()));
    assert!(matches!(acts[..], [Act::StopPerson]), "{acts:?}");
    let left = SeatEvent::Left(SeatWhy::Asked);
    let acts = line.tell(CallInput::Seat(SeatNews { seat: Seat(2), name: "anna".into(), event: left }));
    assert_eq!(said(&acts), ["I'm back with you.", "For how many?"]);
}

#[test]
fn while_an_agent_speaks_with_the_caller_a_supervisor_may_take_over_and_leave_again() {
    let mut line = Line::joined();
    for event in [SeatEvent::Joined(Supervision::TakeOver), SeatEvent::Left(SeatWhy::Asked)] {
        let acts = line.tell(CallInput::Seat(SeatNews { seat: Seat(2), name: "anna".into(), event }));
        assert_eq!(mark(&acts).len(), 1, "the call stays the agent's: {acts:?}");
        assert!(said(&acts).is_empty());
    }
}
