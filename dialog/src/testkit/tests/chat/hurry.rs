//! Answers that come too late: the bot hurries, and says so in the record, until they come in time again.
use super::*;
use crate::conversation::Output;

fn bistro() -> Sim {
    let mut sim = greeted(&BISTRO.replace("[model]", "[latency]\nbudget_ms = 1500\n[model]"));
    sim.look();
    sim
}

fn late(sim: &mut Sim, ms: u64) {
    sim.input(Input::AnswerDelay(Duration::from_millis(ms)));
}

#[test]
fn two_late_answers_make_them_short_quick_and_not_prepared_until_three_are_in_time() {
    let mut sim = bistro();
    late(&mut sim, 1_600);
    sim.say("do you have a garden");
    assert_eq!(sim.asked.last().unwrap().purpose, Purpose::Ahead);
    // The first model takes long for its first word.
    sim.pass(Duration::from_millis(1_000));
    sim.model_says("Yes. It has ten tables. It is lovely in spring. It is quiet too.");
    let trace = sim.look();
    assert!(trace.contains(&"bot: It is quiet too.".to_owned()), "{trace:?}");
    late(&mut sim, 1_700);
    assert_eq!(sim.look(), ["hurries"]);
    let hurries: Vec<(u128, u128)> = sim
        .outputs
        .iter()
        .filter_map(|output| match output {
            Output::Hurry { hurries: true, delay, limit } => Some((delay.as_millis(), limit.as_millis())),
            _ => None,
        })
        .collect();
    assert_eq!(hurries, [(1_700, 1_500)]);

    let before = sim.asked.len();
    sim.say("and is there parking");
    assert_eq!(sim.asked.len(), before + 1);
    let asked = sim.asked.last().unwrap();
    assert_eq!(
        (asked.purpose, asked.model.as_str()),
        (Purpose::Answer, "far"),
        "nothing ahead, by the model that may be quicker"
    );
    assert_eq!(asked.body["max_tokens"], 80);
    assert!(last_message(&sim).1.contains("one short sentence"));
    sim.look();
    sim.model([
        text("Yes. It is behind the house. You drive in from the lane. Then you turn"),
        text(" left. And then"),
    ]);
    let trace = sim.look();
    assert!(trace.contains(&"bot: Yes. It is behind the house.".to_owned()), "{trace:?}");
    assert!(trace.contains(&"bot: Would you like to hear more?".to_owned()), "{trace:?}");
    assert!(!trace.iter().any(|line| line.contains("lane")), "{trace:?}");

    for _ in 0..2 {
        late(&mut sim, 700);
    }
    assert!(sim.look().is_empty());
    late(&mut sim, 900);
    assert_eq!(sim.look(), ["hurries no more"]);
    sim.say("what is on the menu today");
    let asked = sim.asked.last().unwrap();
    assert_eq!((asked.purpose, asked.model.as_str()), (Purpose::Ahead, "near"));
    assert!(asked.body["max_tokens"] != 80);
}

#[test]
fn a_budget_that_nobody_waits_for_is_refused() {
    let bot = BISTRO.replace("[model]", "[latency]\nbudget_ms = 5\n[model]");
    assert!(Bot::parse(&bot, "test.toml").unwrap_err().to_string().contains("latency.budget_ms"));
}
