//! Calls by voice on simulated time: the wire and the bot's record are told by hand.
use super::*;
use crate::call::reprompts;
use crate::caller::{Caller, ScriptedCaller};
use crate::random::of_run;
use crate::record::{By, Record, Speaker};
use crate::scenario::{End, Noise, NoiseSound};
use crate::verdict;
use crate::voice::{VoiceCall, VoiceCalls, VoiceInput, VoiceOrder, VoiceSetting, unsuited};
use dialog::bot::Bot;
use std::collections::BTreeSet;
use std::sync::Mutex;

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// Both ends of a call: the core, and a bot that is told what to say.
struct Rig<'a> {
    core: VoiceCall<'a>,
    now: Instant,
    say: u64,
    done: Vec<(u128, VoiceOrder)>,
    start: Instant,
}

impl<'a> Rig<'a> {
    fn new(setting: VoiceSetting<'a>, caller: &'a mut dyn Caller) -> Self {
        let now = Instant::now();
        Self { core: VoiceCall::new(setting, caller, now), now, say: 0, done: Vec::new(), start: now }
    }

    fn tell(&mut self, input: VoiceInput) {
        self.core.handle(self.now, input);
        while let Some(order) = self.core.poll() {
            self.done.push(((self.now - self.start).as_millis(), order));
        }
    }

    /// Lets time go on, from deadline to deadline.
    fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(at) = self.core.deadline().filter(|at| *at <= until) {
            self.now = self.now.max(at);
            self.tell(VoiceInput::Tick);
            assert_ne!(self.core.deadline(), Some(at), "what was due is wanted again, and time never goes on");
        }
        self.now = until;
    }

    /// The bot says this in so many milliseconds, and listens.
    fn bot(&mut self, text: &str, length: u64) {
        self.bot_begins(text);
        self.pass(ms(length));
        self.bot_ends();
    }

    fn bot_begins(&mut self, text: &str) {
        // The floor is told behind the clause, and sound comes later.
        self.tell(VoiceInput::Clause { say: self.say, spoken: text.into(), read: text.into() });
        self.tell(VoiceInput::Listens(false));
        self.tell(VoiceInput::BotSounds(self.now));
    }

    fn bot_ends(&mut self) {
        self.tell(VoiceInput::Heard { say: self.say, chars: 1_000, done: true });
        self.say += 1;
        self.tell(VoiceInput::Listens(true));
        self.pass(ms(600));
        self.tell(VoiceInput::BotQuiet);
    }

    /// The bot says this and listens no more.
    fn bot_closes(&mut self, text: &str, length: u64) {
        self.bot_begins(text);
        self.pass(ms(length));
        self.tell(VoiceInput::Heard { say: self.say, chars: 1_000, done: true });
    }

    /// The caller, who has just begun, stops after this time; the bot takes these words for it.
    fn caller_stops(&mut self, after: u64, heard: &str) {
        self.pass(ms(after));
        self.tell(VoiceInput::CallerStopped(self.now));
        // They are silent, and nobody speaks yet.
        self.tell(VoiceInput::Listens(true));
        self.pass(ms(250));
        if !heard.is_empty() {
            self.tell(VoiceInput::Taken { text: heard.into(), by: By::Voice });
        }
        self.pass(ms(50));
    }

    fn finish(self) -> (Record, Vec<VoiceOrder>) {
        let orders = self.done.into_iter().map(|(_, order)| order).collect();
        (self.core.finish(self.now), orders)
    }
}

/// Runs the first scenario of a file about [`DESK`] by voice.
fn voiced(scenario: &str, talk: impl FnOnce(&mut Rig<'_>)) -> (Record, Vec<VoiceOrder>, Vec<String>) {
    let rehearsal = desk(scenario);
    let again = reprompts(&rehearsal.bot);
    let first = &rehearsal.scenarios[0];
    let setting = VoiceSetting { rehearsal: &rehearsal, scenario: first, run: 1, seed: 0, reprompts: &again };
    let mut caller = ScriptedCaller::new(first, of_run(0, &first.name, 1));
    let mut rig = Rig::new(setting, &mut caller);
    talk(&mut rig);
    let (record, orders) = rig.finish();
    let failures = verdict::failures(&record, &first.expect).into_iter().map(|failure| failure.problem).collect();
    (record, orders, failures)
}

fn says(order: &VoiceOrder) -> &str {
    match order {
        VoiceOrder::Say { words, .. } => words,
        VoiceOrder::Keys(keys) => keys,
        VoiceOrder::Mumble { .. } => "(mumbles)",
        VoiceOrder::HangUp => "(hangs up)",
    }
}

const ORDER: &str = r#"
variation = { pause_ms = [200, 200], pace = [1.2, 1.2] }
[[scenario]]
name = "a shirt"
steps = [
    { hear = "Help desk", say = "order a shirt" },
    { hear = "Which size", within_ms = 900, say = "nine", noise = { kind = "car", below_db = 12 }, pace = 0.8 },
    { hear = "Size nine" },
]
[scenario.expect]
slot = { size = 9 }
ends = "done"
max_reprompts = 0
"#;

fn done() -> End {
    End::all().find(|end| end.text() == "done").unwrap()
}

fn order(rig: &mut Rig<'_>, size: &str, wait: u64) {
    rig.bot("Help desk. How can I help?", 2_000);
    rig.pass(ms(200));
    rig.caller_stops(900, "order a shirt");
    rig.pass(ms(wait));
    rig.bot("Which size would you like?", 1_500);
    rig.pass(ms(200));
    rig.caller_stops(500, size);
    rig.tell(VoiceInput::Slot { name: "size".into(), value: Some(9.into()), confirmed: true });
    rig.pass(ms(100));
    rig.bot_closes("Size nine it is.", 1_000);
    rig.tell(VoiceInput::Ended(done()));
}

#[test]
fn a_caller_speaks_when_the_bot_has_finished_and_the_answer_is_measured_on_the_wire() {
    let (record, orders, failures) = voiced(ORDER, |rig| {
        rig.bot_begins("Help desk. How can I help?");
        rig.pass(ms(2_000));
        assert!(rig.done.is_empty(), "nobody speaks while the bot does");
        rig.tell(VoiceInput::Listens(true));
        assert!(rig.done.is_empty(), "its sound is still on the way");
        rig.tell(VoiceInput::BotQuiet);
        rig.pass(ms(199));
        assert!(rig.done.is_empty(), "a caller takes a moment");
        rig.pass(ms(1));
        assert_eq!(rig.done.len(), 1);
        rig.caller_stops(900, "order a shirt");
        rig.pass(ms(100));
        rig.bot("Which size would you like?", 1_500);
        rig.pass(ms(200));
        rig.caller_stops(500, "five");
        rig.tell(VoiceInput::Slot { name: "size".into(), value: Some(9.into()), confirmed: true });
        rig.pass(ms(100));
        rig.bot_closes("Size nine it is.", 1_000);
        rig.tell(VoiceInput::Ended(done()));
        assert!(rig.core.is_over());
    });
    assert_eq!(failures, Vec::<String>::new());
    let words: Vec<&str> = orders.iter().map(says).collect();
    assert_eq!(words, ["order a shirt", "nine"]);
    let noise = Noise { sound: NoiseSound::Car, below: 12.0 };
    assert!(matches!(&orders[0], VoiceOrder::Say { pace: 1.2, noise: None, .. }), "{:?}", orders[0]);
    assert!(matches!(&orders[1], VoiceOrder::Say { pace: 0.8, noise: Some(made), .. } if *made == noise));
    assert_eq!(record.responses, [ms(400), ms(400)]);
    assert_eq!((record.turns, record.reprompts, record.by_voice), (2, 0, true));
    let ears: Vec<usize> = record.ears.iter().map(|ear| ear.wrong()).collect();
    assert_eq!(ears, [0, 1], "nine was heard as five");
}

#[test]
fn what_is_expected_fails_by_voice_as_by_text() {
    let (_, _, failures) = voiced(ORDER, |rig| order(rig, "nine", 100));
    assert_eq!(failures, Vec::<String>::new());
    let (_, _, failures) = voiced(ORDER, |rig| order(rig, "nine", 900));
    assert_eq!(failures, ["expected an answer within 900 ms; it took 1200 ms"]);
    let (_, _, failures) = voiced(&ORDER.replace("Size nine", "Size five"), |rig| order(rig, "nine", 100));
    assert!(failures[0].starts_with("expected to hear \"Size five\""), "{failures:?}");
    let (_, _, failures) = voiced(&ORDER.replace("size = 9", "size = 5"), |rig| order(rig, "nine", 100));
    assert_eq!(failures, ["the slot \"size\" is 9; expected 5"]);
}

const INTERRUPTS: &str = r#"
[[scenario]]
name = "a caller who cannot wait"
steps = [{ interrupt = "order a shirt", AFTER }, { hear = "Which size", hang_up = true }]
[scenario.expect]
ends = "hung up"
"#;

#[test]
fn an_interruption_comes_at_its_moment_of_the_wire_or_behind_the_words() {
    for (after, at) in [("after_ms = 700", 1_700), ("after = \"Help desk\"", 1_500)] {
        let (record, orders, failures) = voiced(&INTERRUPTS.replace("AFTER", after), |rig| {
            rig.pass(ms(1_000));
            rig.bot_begins("Help desk. How can I help?");
            rig.pass(ms(300));
            rig.tell(VoiceInput::Heard { say: 0, chars: 4, done: false });
            rig.pass(ms(200));
            rig.tell(VoiceInput::Heard { say: 0, chars: 11, done: false });
            rig.pass(ms(400));
            assert_eq!(rig.done.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [at], "{after}");
            rig.tell(VoiceInput::Interrupted { say: 0 });
            rig.tell(VoiceInput::BotQuiet);
            rig.say += 1;
            rig.caller_stops(900, "order a shirt");
            rig.bot("Which size would you like?", 1_500);
        });
        assert_eq!(failures, Vec::<String>::new(), "{after}");
        assert_eq!(orders.iter().map(says).collect::<Vec<_>>(), ["order a shirt", "(hangs up)"]);
        assert_eq!(record.interruptions, 1);
        let turns = record.transcript();
        assert!(turns[0].cut && turns[0].speaker == Speaker::Bot, "{turns:?}");
        assert_eq!(turns[1].speaker, Speaker::Caller(By::Interrupting));
    }
}

#[test]
fn a_caller_who_comes_too_late_to_interrupt_and_a_bot_that_says_nothing_are_failures() {
    let (_, orders, failures) = voiced(&INTERRUPTS.replace("AFTER", "after_ms = 9000"), |rig| {
        rig.bot("Help desk. How can I help?", 2_000);
        rig.pass(ms(20_000));
    });
    assert!(failures[0].starts_with("the bot had finished before the caller could interrupt"), "{failures:?}");
    assert_eq!(orders, [VoiceOrder::HangUp]);
    let (record, orders, failures) = voiced(ORDER, |rig| rig.pass(ms(120_000)));
    assert_eq!(failures, ["the bot neither spoke nor listened"]);
    assert_eq!((orders, record.end), (vec![VoiceOrder::HangUp], End::Caller));
}

#[test]
fn what_was_not_understood_is_heard_as_nothing_and_asked_again() {
    let (record, _, failures) = voiced(ORDER, |rig| {
        rig.bot("Help desk. How can I help?", 2_000);
        rig.pass(ms(200));
        rig.caller_stops(900, "");
        rig.bot("Sorry, what was that?", 1_000);
    });
    assert!(failures[0].starts_with("expected to hear \"Which size\""), "{failures:?}");
    assert_eq!((record.reprompts, record.turns), (1, 0));
    assert_eq!((record.ears[0].said.as_str(), record.ears[0].heard.as_str()), ("order a shirt", ""));
}

#[test]
fn what_cannot_be_known_by_voice_is_refused_with_its_line() {
    for (step, line, says) in [
        ("{ say = \"a\" }", 0, ""),
        ("{ type = \"a\" }", 4, "cannot write"),
        ("{ say = \"a\", misheard = \"b\" }", 4, "`misheard`"),
        ("{ say = \"a\", confidence = 0.5 }", 4, "`confidence`"),
    ] {
        let rehearsal = desk(&format!("[[scenario]]\nname = \"a\"\nsteps = [{step}]"));
        let found = unsuited(&rehearsal.scenarios[0]);
        assert_eq!(found.as_ref().map_or(0, |(line, _)| *line), line, "{step}: {found:?}");
        assert!(found.is_none_or(|(_, why)| why.contains(says)), "{step}");
    }
    for text in [
        "[person]\noutcome = \"busy\"\n[[scenario]]\nname = \"a\"\nsteps = [{ say = \"a\" }]",
        "[[tool]]\nname = \"approval\"\nanswer = { decision = \"approve\" }\n[[scenario]]\nname = \"a\"\nsteps = [{ say = \"a\" }]",
    ] {
        assert!(unsuited(&desk(text).scenarios[0]).is_some(), "{text}");
    }
}

/// Notes what is held, and holds nothing.
#[derive(Default)]
struct Noted(Mutex<Vec<String>>);

impl VoiceCalls for Noted {
    fn unsuited(&self, _: &Bot, scenario: &crate::scenario::Scenario) -> Option<(usize, String)> {
        (scenario.name == "loud").then(|| (scenario.line, "too loud".to_owned()))
    }

    fn hold(&self, setting: VoiceSetting<'_>, _: &mut dyn Caller) -> Record {
        self.0.lock().unwrap().push(format!("{} {}", setting.scenario.name, setting.run));
        Record { by_voice: true, ..Record::default() }
    }
}

#[test]
fn scenarios_for_one_way_alone_are_left_out_of_the_other_and_named() {
    let scenario =
        |name: &str, only: &str| format!("[[scenario]]\nname = \"{name}\"\n{only}\nsteps = [{{ say = \"a\" }}]\n");
    let text =
        [scenario("both", ""), scenario("text", "only = \"text\""), scenario("loud", "only = \"voice\"")].concat();
    let rehearsals = [desk(&text)];
    let noted = Noted::default();
    let plan = Plan { voice: Some(&noted), runs: Some(2), threads: Some(1), ..Plan::default() };
    let left_out = |plan: &Plan<'_>| plan.left_out(&rehearsals).iter().map(|s| s.name.clone()).collect::<Vec<_>>();
    assert_eq!(left_out(&plan), ["text"]);
    assert_eq!(left_out(&Plan::default()), ["loud"]);
    assert_eq!(plan.unsuited(&rehearsals), ["desk.rehearsal.toml:10: \"loud\": too loud"]);
    assert_eq!(Plan::default().unsuited(&rehearsals), Vec::<String>::new());
    let outcomes = run(&rehearsals, &plan);
    assert_eq!(*noted.0.lock().unwrap(), ["both 1", "both 2", "loud 1", "loud 2"]);
    assert!(told(&outcomes).contains("2/2"), "{}", told(&outcomes));
}

#[test]
fn reports_show_what_was_heard_beside_what_was_said() {
    let rehearsals = [desk(&ORDER.replace("size = 9", "size = 5"))];
    let (record, ..) = voiced(ORDER, |rig| order(rig, "five", 100));
    let failures = verdict::failures(&record, &rehearsals[0].scenarios[0].expect);
    let runs = vec![crate::run::Run { number: 1, record, failures }];
    let outcomes = [Outcome { rehearsal: &rehearsals[0], scenario: &rehearsals[0].scenarios[0], runs }];
    let report = Report { outcomes: &outcomes, seed: 3, took: ms(9) };
    let (text, page, xml) = (text::text(&report), html::html(&report), junit::junit(&report));
    assert!(text.contains("said:  nine\n          heard: five"), "{text}");
    assert!(text.contains("1 of 4 words were heard otherwise") && text.contains("--voice --scenario"), "{text}");
    assert!(
        page.contains("<span class=other>nine<b>five</b></span>") && page.contains("1 of 4 words otherwise"),
        "{page}"
    );
    assert!(xml.contains("heard: five"), "{xml}");
    assert_eq!(BTreeSet::from_iter(outcomes[0].responses()), BTreeSet::from([ms(400)]));
}
