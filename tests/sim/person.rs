//! A caller who is put through to a person: who hears whom before they are joined, while they speak, and afterwards.
use crate::plan::{Plan, ms};
use crate::port::BRIEF_TONE;
use crate::rig::Call;
use crate::supervisor::SupervisorLine;
use dialog::conversation::PersonFault;
use media::codec::Codec;
use media::room::Seat;
use media::testkit::sim::plan;
use switchboard::call::Order;
use switchboard::call::driver::Arrival;
use switchboard::call::person::{PersonEvent, PersonOrder};
use switchboard::call::{Blame, Reason};

/// The tone of the person's voice.
const PERSON: f32 = 250.0;

impl Call {
    fn person(&mut self, order: PersonOrder) {
        self.note("person", format!("{order:?}"));
        self.arrive(Arrival::Order(Order::Person(order)));
    }

    fn answers(&mut self) {
        let line = SupervisorLine::new(self.port.now, PERSON);
        let wire = line.wire();
        self.port.listener.others.push(PERSON);
        self.port.supervisors.insert(Seat::AGENT, line);
        self.person(PersonOrder::Join { name: "telephone".into(), wire, plan: plan(Codec::Pcmu) });
    }

    fn person_heard(&self, hz: f32, last: u64) -> f32 {
        let now = self.port.now;
        self.port.supervisors[&Seat::AGENT].heard(hz, now - ms(last), now)
    }
}

/// A caller of the booking bot who has asked for a person.
fn asking() -> Call {
    let mut booking = Plan::shipped("booking.en");
    booking.bot = format!("person = \"front-desk\"\n{}", booking.bot);
    let mut call = booking.answer();
    call.say("book a room in boston");
    call.say("a person please");
    call.hear_out();
    call.pass(ms(500));
    assert!(call.port.trace.iter().any(|(_, line)| line.contains("looked for at front-desk")), "{:?}", call.port.trace);
    call
}

#[test]
fn a_person_hears_the_brief_alone_then_both_speak_and_the_bot_rests() {
    let mut call = asking();
    call.pass(ms(8_000));
    assert!(call.port.open.is_empty(), "the bot says nothing while it rings");
    let answered = call.port.now;
    call.answers();
    call.pass(ms(900));
    assert!(call.person_heard(BRIEF_TONE, 600) > 2_000.0, "the person hears the brief");
    for hz in [BRIEF_TONE, PERSON] {
        assert!(call.caller_heard(hz, answered, call.port.now) < 100.0, "the caller hears neither");
    }
    call.pass(ms(1_000));
    assert!(call.caller_heard(PERSON, call.port.now - ms(400), call.port.now) > 2_000.0, "they are joined");
    let joined = call.port.now;
    call.speak("seattle at nine please");
    call.keys("5");
    call.pass(ms(30_000));
    assert!(call.person_heard(700.0, 32_000) > 1_000.0, "the person hears the caller's voice");
    assert_eq!(call.port.listener.sound.iter().filter(|(_, to)| *to > joined).count(), 0, "the bot rests");
    call.person(PersonOrder::Leave);
    call.pass(ms(100));
    let end = call.end.expect("the call ends with the person");
    assert_eq!((end.blame, end.reason), (Blame::Nobody, Reason::PersonHungUp));
    call.check("person");
}

#[test]
fn a_caller_whom_nobody_answers_goes_on_with_the_bot_and_what_is_known_stays_known() {
    let mut call = asking();
    call.pass(ms(20_000));
    call.person(PersonOrder::Event(PersonEvent::Failed(PersonFault::NoAnswer)));
    call.say("tomorrow at two p m for one hour");
    call.say("three people");
    call.say("yes");
    call.run_out();
    call.check("person_no_answer");
    let said: String = call.turns().iter().map(|turn| format!("{:?}: {}\n", turn.speaker, turn.text.0)).collect();
    assert!(said.contains("nobody answers at the moment. For which day?"), "{said}");
    assert!(said.contains("boston"), "{said}");
}
