//! `Plan`: what a simulated call is set up with.
use crate::ear::Ear;
use crate::recogniser::Recogniser;
use crate::voice::Voice;
use dialog::conversation::ToolFault;
use dialog::memory::Memory;
use media::testkit::netem::Impairments;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

pub const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

pub type Answer = Result<serde_json::Value, ToolFault>;

/// What a call is set up with.
pub struct Plan {
    pub bot: String,
    pub impairments: Impairments,
    pub ear: Ear,
    pub recogniser: Recogniser,
    pub voice: Voice,
    /// The tool's answers in turn; when they are used up, it never answers.
    pub tool: VecDeque<(Duration, Answer)>,
    /// The call comes from a web page.
    pub page: bool,
    /// What is known of the caller; `None`: they have no number.
    pub known: Option<Memory>,
    /// The bots that the call may be handed on to, by name.
    pub others: BTreeMap<String, String>,
}

impl Plan {
    pub fn new(bot: String) -> Self {
        let (ear, recogniser, voice) = (Ear::level(), Recogniser::default(), Voice::default());
        // A good line between two cities.
        let impairments = Impairments { delay: ms(15), jitter: ms(4), ..Impairments::default() };
        Self {
            bot,
            impairments,
            ear,
            recogniser,
            voice,
            tool: VecDeque::new(),
            page: false,
            known: None,
            others: BTreeMap::new(),
        }
    }

    /// One of the bots in `configs/bots`.
    pub fn shipped(name: &str) -> Self {
        let path = format!("{}/configs/bots/{name}.toml", env!("CARGO_MANIFEST_DIR"));
        Self::new(std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}")))
    }

    /// The shipped booking bot, which books at a service.
    pub fn with_tool(tool: impl IntoIterator<Item = (Duration, Answer)>) -> Self {
        let mut plan = Self::shipped("booking.en");
        let before = "[task.on_done]\nsay = \"Your request for a room in {place} {date} at {time} is noted.\"";
        let after = "[task.on_done]\nurl = \"http://127.0.0.1:9000/bookings\"\nsay = \"Your room is booked. Your number is {/reference}.\"";
        assert!(plan.bot.contains(before), "the shipped bot has changed");
        plan.bot = plan.bot.replace(before, after);
        plan.tool = tool.into_iter().collect();
        plan
    }
}
