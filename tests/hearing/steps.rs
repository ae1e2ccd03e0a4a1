//! The steps of a bot's conversation, each with the grammar it listens with, and what callers say there.
use dialog::bot::Bot;
use dialog::model::brain::{Brain, BrainInput};
use dialog::model::flow::Flow;
use dialog::model::step::Step;
use dialog::model::thought::Thought;
use media::asr::Hypothesis;
use std::sync::Arc;
use std::time::Instant;

/// A step of the shipped booking: its name, what was said before it, and what callers say at it.
pub struct Stage {
    pub name: &'static str,
    pub before: &'static [&'static str],
    pub said: &'static [&'static str],
}

const BOOKED: [&str; 6] = ["book a room", "mountain view", "today", "two thirty p m", "half an hour", "two people"];

pub const STAGES: [Stage; 8] = [
    Stage {
        name: "task",
        before: &[],
        said: &[
            "book a room",
            "i need a room",
            "make a booking",
            "reserve a room please",
            "cancel my booking",
            "book a room today for two people",
            "book a room in boston tomorrow",
            "help",
        ],
    },
    Stage {
        name: "place",
        before: BOOKED.split_at(1).0,
        said: &[
            "mountain view",
            "san francisco",
            "new york",
            "new york city",
            "los angeles",
            "chicago",
            "boston",
            "seattle",
            "in chicago please",
            "go back",
        ],
    },
    Stage {
        name: "date",
        before: BOOKED.split_at(2).0,
        said: &[
            "today",
            "tomorrow",
            "next monday",
            "friday",
            "december fourth",
            "the day after tomorrow",
            "the twenty second",
            "on wednesday",
            "repeat",
        ],
    },
    Stage {
        name: "time",
        before: BOOKED.split_at(3).0,
        said: &[
            "two thirty p m",
            "noon",
            "three o'clock",
            "ten fifteen in the morning",
            "half past four",
            "nine a m",
            "at five p m",
            "start again",
        ],
    },
    Stage {
        name: "duration",
        before: BOOKED.split_at(4).0,
        said: &[
            "half an hour",
            "an hour and a half",
            "two hours",
            "forty five minutes",
            "one hour",
            "for thirty minutes",
        ],
    },
    Stage {
        name: "people",
        before: BOOKED.split_at(5).0,
        said: &[
            "two people",
            "one person",
            "four people",
            "twelve people",
            "six",
            "for eight people",
            "ten",
            "a person",
        ],
    },
    Stage {
        name: "review",
        before: &BOOKED,
        said: &["yes", "yeah", "no", "that's right", "correct", "yes please", "repeat"],
    },
    Stage { name: "code", before: &["cancel my booking"], said: &["one two three four", "nine zero seven five"] },
];

/// A conversation that has come to `stage`.
pub fn at(bot: &Arc<Bot>, stage: &Stage) -> Flow {
    let mut flow = Flow::new(bot.clone(), jiff::civil::date(2026, 11, 25).at(9, 0, 0, 0));
    thoughts(&mut flow, BrainInput::Answered);
    for said in stage.before {
        thoughts(&mut flow, heard(said));
    }
    flow
}

fn heard(text: &str) -> BrainInput {
    BrainInput::Heard { text: text.to_owned(), confidence: 0.9, question_heard: 1.0 }
}

fn thoughts(flow: &mut Flow, input: BrainInput) -> Vec<Thought> {
    flow.handle(Instant::now(), input);
    std::iter::from_fn(|| flow.poll()).collect()
}

/// The step behind words, the slots they set, and what the bot says to them.
pub type Meaning = (Step, Vec<String>, String);

/// What the bot makes of these words at `stage`: two texts mean the same when this is the same.
pub fn meaning(bot: &Arc<Bot>, stage: &Stage, text: &str) -> Meaning {
    let mut flow = at(bot, stage);
    let (mut slots, mut said) = (Vec::new(), String::new());
    for thought in thoughts(&mut flow, heard(text)) {
        match thought {
            Thought::Slot(news) => slots.push(format!("{}={:?}", news.slot, news.value)),
            Thought::Say { text, .. } => said.push_str(&text),
            _ => {}
        }
    }
    (flow.step(), slots, said)
}

/// What the bot understands of what was heard, and whether it is sure enough to act on it without asking; `None`: nothing.
pub fn understood(bot: &Arc<Bot>, stage: &Stage, heard: &Hypothesis) -> Option<(Meaning, bool)> {
    let unknown = meaning(bot, stage, "supercalifragilistic");
    let known = heard.text.as_ref().map(|text| meaning(bot, stage, text)).filter(|known| *known != unknown)?;
    Some((known, heard.confidence >= bot.turn.good))
}

/// What the recogniser listens for at `stage`.
pub fn grammar(bot: &Arc<Bot>, stage: &Stage) -> String {
    at(bot, stage).expect().grammar.to_string()
}
