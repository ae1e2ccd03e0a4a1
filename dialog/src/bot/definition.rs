//! `Bot`: one conversation partner, with its slots and tasks.
use super::approval::Approval;
use super::commands::Commands;
use super::condition::Condition;
use super::document::DocumentSource;
use super::fact::Fact;
use super::fixed::FixedSentences;
use super::forbidden::Forbidden;
use super::headers::Headers;
use super::lookup::Lookup;
use super::memory::MemoryPlan;
use super::model::ModelPlan;
use super::own_words::CutOnce;
use super::passage::Passage;
use super::request::RequestTemplate;
use super::template::Template;
use super::tool::BotTool;
use super::words::Prompts;
use crate::guard::Personal;
use crate::knowledge::Knowledge;
use crate::language::Language;
use crate::memory::Memory;
use crate::say::{self, Delivery, SaidClause, Sentence};
use crate::tool::ToolDefinition;
use crate::turn::TurnPlan;
use crate::value::currency::Currency;
use crate::value::half_of_day::OpeningHours;
use crate::value::kind::Kind;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// Everything a bot says, asks and does. Made by `Bot::parse`, never changed afterwards; a call has a copy of its own where its
/// sentences hold what is known of that call (`Bot::with_headers`).
#[derive(Clone, Debug)]
pub struct Bot {
    pub name: String,
    /// What visitors of web pages are shown of it, by the language of the page; empty: nothing was given.
    pub titles: BTreeMap<Language, String>,
    pub language: Language,
    /// The synthesiser's name for the voice; `None` takes the server's default for the language.
    pub voice: Option<String>,
    /// Pronunciations for words a recogniser's dictionary lacks: each word's phones, in the notation of that dictionary.
    pub lexicon: BTreeMap<String, Vec<String>>,
    /// How words are spelled for the voice, which would read them wrong: "ATM" as "a tê em". What people read keeps the word.
    pub spoken: BTreeMap<String, String>,
    /// What amounts of money are of.
    pub currency: Currency,
    pub disclosure: Option<String>,
    /// Whether others may listen to its calls: not where the file says that nothing is disclosed.
    pub lets_listen: bool,
    pub greeting: String,
    pub closing: String,
    /// When the place is open: which half of the day an hour means that was said without it.
    pub opening_hours: Option<OpeningHours>,
    pub slots: Vec<Slot>,
    pub tasks: Vec<Task>,
    pub tools: Vec<BotTool>,
    /// What callers may ask back at any time.
    pub facts: Vec<Fact>,
    /// What else it knows lies there.
    pub documents: Vec<DocumentSource>,
    /// The passages of these, as they were read; `None`: they were not, or there are none.
    pub knowledge: Option<Arc<Knowledge>>,
    /// Where a caller does not want to be recorded, what was recorded before is kept.
    pub keeps_recording: bool,
    /// Where nobody can be reached, the caller may leave a message.
    pub takes_messages: bool,
    /// The name of the destination where somebody goes on with the caller; `None`: nobody does.
    pub person: Option<String>,
    /// The language models that answer what the tasks do not; `None`: the bot needs none.
    pub model: Option<ModelPlan>,
    /// How long a caller may wait for an answer before the bot hurries; `None`: as long as it takes.
    pub latency_budget: Option<Duration>,
    /// What the bot does not speak about.
    pub forbidden: Vec<Forbidden>,
    /// The tasks during which a model may call a tool, by its name; one that is not here, at any time.
    pub tasks_of_tools: BTreeMap<String, Vec<String>>,
    /// What is personal and masked in what is stored and in what models are told.
    pub mask: BTreeSet<Personal>,
    pub prompts: Prompts,
    pub commands: Commands,
    pub turn: TurnPlan,
    pub silence: SilencePlan,
    /// Which bot goes on with the call where the caller wants to speak another language, by its name.
    pub languages: BTreeMap<Language, String>,
    /// What is kept of its callers; `None`: nothing.
    pub memory: Option<MemoryPlan>,
    /// What is known of the caller of the call this bot talks in; `None` in a bot as it is read, and where the caller cannot be known.
    pub known: Option<Arc<Memory>>,
    /// Some sentence still has a gap for what is known of the caller.
    pub(super) has_known_gaps: bool,
    /// What the trunk said of the call this bot talks in; empty in a bot as it is read.
    pub(crate) headers: Headers,
    /// Some sentence still has a gap for a header field.
    pub(super) has_header_gaps: bool,
    /// What the sentences come to that are the same in every call.
    pub(super) fixed: FixedSentences,
    pub(super) own_words: CutOnce,
}

/// One thing to find out.
#[derive(Clone, Debug)]
pub struct Slot {
    pub name: String,
    pub kind: Kind,
    pub prompt: String,
    /// Said instead of the prompt from the second attempt on; the last one repeats.
    pub reprompts: Vec<String>,
    pub help: Option<String>,
    pub confirm: Confirm,
    /// Said when the value was taken, before the next prompt.
    pub read_back: Option<Template>,
    /// The keypad may answer it.
    pub keypad: bool,
    /// Its value is neither said, shown nor stored.
    pub secret: bool,
    /// Its value outlives the task: the next one that has the slot does not ask for it again.
    pub keep: bool,
    /// Words that point to this slot when another one could take the same value ("from", "to").
    pub cues: Vec<String>,
    /// A date may be given by the lunar calendar.
    pub lunar: bool,
    /// How many times as long as usual the bot waits for more of an answer.
    pub patience: f32,
}

/// When the caller is asked whether a value was understood.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confirm {
    Never,
    /// Only when the recogniser was not sure.
    #[default]
    Low,
    Always,
}

/// What a caller can want.
#[derive(Clone, Debug)]
pub struct Task {
    pub name: String,
    /// How the keypad menu calls it.
    pub say: String,
    pub phrases: Vec<String>,
    /// The phrases as words.
    pub(crate) cut: Vec<Vec<String>>,
    pub key: Option<char>,
    /// Indices into [`Bot::slots`], in the order in which they are asked.
    pub slots: Vec<usize>,
    /// When each of them is asked for at all; empty: always.
    pub when: Vec<Condition>,
    pub lookups: Vec<Lookup>,
    /// The question before it is done; `None` does it at once.
    pub confirm: Option<Passage>,
    /// The same as [`Bot::person`] while this task is under way, in its place.
    pub person: Option<String>,
    pub done: OnDone,
}

/// What happens when a task's slots are filled.
#[derive(Clone, Debug)]
pub struct OnDone {
    pub request: Option<RequestTemplate>,
    /// Said afterwards; may hold parts of a tool's answer.
    pub say: Passage,
    pub then: Then,
    /// The name of the bot that goes on with the call, in place of `then`.
    pub hand_on: Option<String>,
    /// A supervisor has to approve it before.
    pub approval: Option<Approval>,
}

/// Whether the call ends with a task.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Then {
    #[default]
    HangUp,
    /// "What else can I do for you?"
    Ask,
    /// The caller is put through to the task's person, or the bot's.
    Person,
}

impl Task {
    /// Its own request, and those of its lookups.
    pub fn requests(&self) -> impl Iterator<Item = &RequestTemplate> {
        self.done.request.iter().chain(self.lookups.iter().map(|lookup| &lookup.request))
    }

    /// What it says of its own.
    pub(super) fn passages(&self) -> impl Iterator<Item = &Passage> {
        let branches = self.lookups.iter().flat_map(Lookup::branches);
        self.confirm.iter().chain([&self.done.say]).chain(branches.filter_map(|branch| branch.say.as_ref()))
    }
}

/// How long silences may last.
#[derive(Clone, Debug, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SilencePlan {
    /// The caller says nothing after the bot has finished.
    #[serde(rename = "prompt_ms", deserialize_with = "crate::turn::millis")]
    pub prompt: Duration,
    /// The pause "wait a moment" buys.
    #[serde(rename = "wait_ms", deserialize_with = "crate::turn::millis")]
    pub wait: Duration,
    /// A keypad entry ends when no key follows.
    #[serde(rename = "key_gap_ms", deserialize_with = "crate::turn::millis")]
    pub key_gap: Duration,
    /// The bot asks for patience when a tool has run for this long, and again after four times this.
    #[serde(rename = "tool_ms", deserialize_with = "crate::turn::millis")]
    pub tool: Duration,
    /// Unanswered prompts before the call ends.
    pub no_input: u8,
    /// Misunderstood turns in a row before the call ends.
    pub no_match: u8,
    /// Turns of the caller before the bot gives up: the end of every loop.
    pub turns: u32,
}

impl Default for SilencePlan {
    fn default() -> Self {
        SilencePlan {
            prompt: Duration::from_secs(6),
            wait: Duration::from_secs(30),
            key_gap: Duration::from_secs(3),
            tool: Duration::from_millis(1_200),
            no_input: 3,
            no_match: 3,
            turns: 150,
        }
    }
}

impl SilencePlan {
    /// The first time that is out of its range, as key and problem.
    pub(crate) fn check(&self) -> Result<(), (&'static str, String)> {
        crate::turn::within(&[
            ("prompt_ms", self.prompt, 1_000, 600_000),
            ("wait_ms", self.wait, 1_000, 600_000),
            ("key_gap_ms", self.key_gap, 500, 30_000),
            ("tool_ms", self.tool, 200, 30_000),
        ])
    }
}

impl Bot {
    pub fn slot(&self, name: &str) -> Option<usize> {
        self.slots.iter().position(|s| s.name == name)
    }

    /// The names of the bots that a call may be handed on to.
    pub fn others(&self) -> impl Iterator<Item = &str> {
        let tasks = self.tasks.iter().filter_map(|task| task.done.hand_on.as_deref());
        self.languages.values().map(String::as_str).chain(tasks)
    }

    pub fn tool(&self, name: &str) -> Option<&ToolDefinition> {
        self.tools.iter().map(|tool| &tool.definition).find(|tool| tool.name == name)
    }

    /// Every sentence whose words are known now. Most wanted first.
    pub(super) fn fixed_sentences(&self) -> Vec<String> {
        let p = &self.prompts;
        let mut texts: Vec<String> = self.disclosure.iter().chain([&self.greeting]).cloned().collect();
        texts.extend(self.slots.iter().map(|s| s.prompt.clone()));
        texts.extend([&self.closing, &p.task, &p.no_input, &p.no_match, &p.still_there, &p.moment].map(String::clone));
        texts.extend(self.tasks.iter().flat_map(Task::passages).flat_map(Passage::known));
        for slot in &self.slots {
            texts.extend(slot.reprompts.iter().chain(&slot.help).cloned());
            if slot.keypad {
                texts.push(self.prompts.keypad_hint(&slot.kind, self.language));
            }
        }
        texts.extend(
            self.tasks
                .iter()
                .flat_map(Task::requests)
                .flat_map(|c| [&c.late, &c.failed, &c.incomplete])
                .flatten()
                .cloned(),
        );
        texts.extend(self.facts.iter().map(|fact| fact.say.clone()));
        texts.extend(self.tools.iter().filter_map(|tool| tool.definition.filler.clone()));
        texts.extend(p.all().into_iter().map(str::to_string));
        texts.retain(|text| !text.contains('{'));
        texts
    }

    /// Every clause whose words are known now, as it will be said: for warming a synthesiser's cache. Most wanted first.
    pub fn prompts(&self) -> Vec<String> {
        let mut clauses = Vec::new();
        for clause in self.fixed_sentences().iter().flat_map(|text| self.clauses(text)) {
            // One of another speed or with phonemes is not made of its words alone.
            if clause.delivery == Delivery::default() && !clauses.contains(&clause.said) {
                clauses.push(clause.said);
            }
        }
        clauses
    }

    /// A text in the clauses that a voice says.
    pub fn clauses(&self, text: &str) -> Vec<SaidClause> {
        self.clauses_with(text, &[])
    }

    /// The same; `spellings` are values of the call as they are said and as they are written.
    pub(crate) fn clauses_with(&self, text: &str, spellings: &[(String, String)]) -> Vec<SaidClause> {
        let (language, spoken) = (self.language, &self.spoken);
        match self.fixed.get(text, || Sentence::new(text, language, spoken)) {
            Some(sentence) => sentence.clauses(spellings),
            None => say::clauses(text, language, spoken, spellings),
        }
    }
}
