//! From a file to a `Bot`: everything that could go wrong in a call is refused here, with the key and the remedy.
use super::definition::{Bot, Slot, Task, Then};
use super::file::{CurrencyFile, File, OneOrMany, PersonalFile, RecordedBefore, SlotFile, TaskFile, TitleFile};
use super::fixed::FixedSentences;
use super::headers::{self, Headers};
use super::own_words::CutOnce;
use super::rights::forget;
use super::switching;
use super::words::Prompts;
use crate::guard::Personal;
use crate::language::Language;
use crate::value::currency::Currency;
use crate::value::half_of_day::OpeningHours;
use check::{Check, Gaps};
use menu::menu_keys;
use std::collections::BTreeMap;
use std::time::Duration;

mod approval;
mod capture;
mod check;
mod condition;
mod document;
mod fact;
mod forbidden;
mod lookup;
mod meanings;
mod memory;
mod menu;
mod model;
mod passage;
mod request;
mod slot;
mod task;
mod tool;

pub use check::BotFault;

impl Bot {
    /// Reads a bot from TOML; `file` names it in errors.
    pub fn parse(text: &str, file: &str) -> Result<Bot, BotFault> {
        let de = toml::Deserializer::parse(text)
            .map_err(|e| BotFault::Syntax { file: file.into(), problem: e.to_string().trim().replace('\n', " ") })?;
        let read: File = serde_path_to_error::deserialize(de).map_err(|e| BotFault::Key {
            file: file.into(),
            key: e.path().to_string(),
            problem: e.inner().message().to_string(),
        })?;
        let mut bot = checked(read, file)?;
        bot.has_header_gaps = bot.sentences().iter().any(|text| headers::is_in(text));
        Ok(bot)
    }
}

/// The checks go through a file from top to bottom: of several mistakes the first is told.
fn checked(read: File, file: &str) -> Result<Bot, BotFault> {
    let currency = read.currency.map_or(Currency::usual(read.language), currency_of);
    let check = Check { file, language: read.language, currency, tools: &[] };
    check.text("name", &read.name)?;
    let titles = titles(&check, read.title)?;
    check.plain("greeting", &read.greeting)?;
    // An empty disclosure: nobody may listen, and nothing is disclosed.
    let lets_listen = read.disclosure.as_deref() != Some("");
    let disclosure = read.disclosure.filter(|_| lets_listen);
    for (key, text) in [("disclosure", &disclosure), ("closing", &read.closing)] {
        if let Some(text) = text {
            check.plain(key, text)?;
        }
    }
    if let Some(to) = &read.person {
        check.destination("person", to)?;
    }
    let model = model::model(&check, read.model)?;
    if read.task.is_empty() && model.is_none() {
        let remedy = "add a [[task]] with `name`, `slots` and `[task.on_done]`, or a [model]";
        return check.fault("task", "no task", remedy);
    }
    let prompts = read.prompts.fill(read.language);
    check_prompts(&check, &prompts)?;
    let tasks_of_tools = forbidden::tasks_of(&read.tools);
    let tools = tool::tools(&check, read.tools)?;
    let check = Check { tools: &tools, ..check };
    let slots = slots(&check, read.slot)?;
    let tasks = tasks(&check, read.task, &slots)?;
    forbidden::check_tasks(&check, &tasks_of_tools, &tasks)?;
    let nobody = |task: &Task| task.done.then == Then::Person && task.person.is_none() && read.person.is_none();
    if let Some(i) = tasks.iter().position(nobody) {
        let remedy = "name a destination: `person` of the task, or of the bot";
        return check.fault(format!("task[{i}].on_done.then"), "puts the caller through to nobody", remedy);
    }
    let facts = fact::facts(&check, read.fact)?;
    let documents = document::documents(&check, read.document)?;
    let memory = memory::memory(&check, read.memory, &slots)?;
    languages(&check, &read.languages)?;
    let mut commands = read.commands.fill(read.language);
    if memory.is_some() && !commands.rights.is_empty() {
        commands.rights.extend(forget::listed(read.language).iter().map(|phrase| (*phrase).to_owned()));
    }
    let forbidden = forbidden::forbidden(&check, read.forbidden)?;
    let latency_budget = match read.latency {
        Some(latency) if !(200..=20_000).contains(&latency.budget_ms) => {
            return check.fault(
                "latency.budget_ms",
                "is not a time that callers wait for an answer",
                "use 200 to 20000",
            );
        }
        latency => latency.map(|latency| Duration::from_millis(latency.budget_ms)),
    };
    meanings::check(&check, &commands, &tasks, &slots)?;
    if !read.languages.is_empty() && !commands.rights.is_empty() {
        commands.rights.extend(switching::listed(read.language).iter().map(|phrase| (*phrase).to_owned()));
    }
    read.turn
        .check()
        .or_else(|(key, problem)| check.fault(format!("turn.{key}"), problem, "see the default values"))?;
    read.silence
        .check()
        .or_else(|(key, problem)| check.fault(format!("silence.{key}"), problem, "see the default values"))?;
    if read.silence.no_input == 0 || read.silence.no_match == 0 || read.silence.turns == 0 {
        return check.fault("silence", "a limit of 0 ends every call at once", "use at least 1");
    }
    check_spoken(&check, &read.spoken)?;
    let opening_hours = opening_hours(&check, read.opening_hours.as_deref())?;
    let mut bot = Bot {
        name: read.name,
        titles,
        language: read.language,
        voice: read.voice,
        lexicon: read.lexicon.into_iter().map(|(word, phones)| (word, phones_of(phones))).collect(),
        spoken: read.spoken,
        currency,
        disclosure,
        lets_listen,
        greeting: read.greeting,
        closing: read.closing.unwrap_or_else(|| closing(read.language).into()),
        opening_hours,
        slots,
        tasks,
        facts,
        documents,
        knowledge: None,
        takes_messages: read.takes_messages,
        person: read.person,
        keeps_recording: read.recorded_before == RecordedBefore::Keep,
        model,
        tools: tools.clone(),
        latency_budget,
        forbidden,
        tasks_of_tools,
        mask: read.mask.into_iter().map(personal).collect(),
        prompts,
        commands,
        turn: read.turn,
        silence: read.silence,
        languages: read.languages,
        memory,
        known: None,
        has_known_gaps: false,
        headers: Headers::default(),
        has_header_gaps: false,
        fixed: FixedSentences::default(),
        own_words: CutOnce::default(),
    };
    memory::check_gaps(&check, &mut bot)?;
    bot.fixed = FixedSentences::new(bot.fixed_sentences());
    Ok(bot)
}

/// What callers are told of who may listen.
const fn usual_disclosure(language: Language) -> &'static str {
    match language {
        Language::En => "This call may be monitored.",
        Language::Vi => "Cuộc gọi này có thể được theo dõi.",
    }
}

impl Bot {
    /// With these kinds of personal data masked too.
    pub fn masking(mut self, kinds: impl IntoIterator<Item = Personal>) -> Bot {
        self.mask.extend(kinds);
        self
    }

    /// With the usual sentence in place of a disclosure that the file lacks, for a server where people may listen to calls.
    pub fn disclosed(mut self) -> Bot {
        if self.lets_listen && self.disclosure.is_none() {
            self.disclosure = Some(usual_disclosure(self.language).to_owned());
        }
        self
    }
}

fn languages(check: &Check, languages: &BTreeMap<Language, String>) -> Result<(), BotFault> {
    for (language, name) in languages {
        let key = format!("languages.{}", language.code());
        if *language == check.language {
            return check.fault(key, "is the language of this bot", "name the bot of another language, or remove it");
        }
        check.bot(&key, name)?;
    }
    Ok(())
}

fn opening_hours(check: &Check, text: Option<&str>) -> Result<Option<OpeningHours>, BotFault> {
    let Some(text) = text else { return Ok(None) };
    match OpeningHours::parse(text) {
        Some(hours) => Ok(Some(hours)),
        None => check.fault("opening_hours", "not two times of day", "write them as \"9:00-17:30\""),
    }
}

fn titles(check: &Check, title: Option<TitleFile>) -> Result<BTreeMap<Language, String>, BotFault> {
    let titles = match title {
        None => BTreeMap::new(),
        Some(TitleFile::One(title)) => BTreeMap::from([(check.language, title)]),
        Some(TitleFile::ByLanguage(titles)) => titles,
    };
    if titles.values().any(|title| title.trim().is_empty() || title.chars().count() > 60) {
        return check.fault(
            "title",
            "is empty, or longer than 60 characters",
            "write what a visitor is to read on the button",
        );
    }
    Ok(titles)
}

fn check_prompts(check: &Check, prompts: &Prompts) -> Result<(), BotFault> {
    for (name, text) in prompts.named() {
        let gaps: &[&str] = match name {
            "confirm_call" | "remembered" | "unfinished" | "check" | "check_change" | "correct" | "rest"
            | "changed" | "choices" | "items_have" | "items_of" | "items_count" | "queue_place" | "queue_wait"
            | "want_task" => &["value"],
            "range" => &["min", "max"],
            "menu_key" => &["value", "key"],
            _ => &[],
        };
        check.template(&format!("prompts.{name}"), text, &Gaps::named(gaps))?;
    }
    Ok(())
}

fn slots(check: &Check, read: Vec<SlotFile>) -> Result<Vec<Slot>, BotFault> {
    let mut slots: Vec<Slot> = Vec::new();
    for (i, file) in read.into_iter().enumerate() {
        let key = format!("slot[{i}]");
        if slots.iter().any(|s| s.name == file.name) {
            return check.fault(
                format!("{key}.name"),
                format!("{:?} is defined twice", file.name),
                "rename one of them",
            );
        }
        slots.push(slot::slot(check, &key, file)?);
    }
    Ok(slots)
}

fn tasks(check: &Check, read: Vec<TaskFile>, slots: &[Slot]) -> Result<Vec<Task>, BotFault> {
    let many = read.len() > 1;
    let names: Vec<String> = read.iter().map(|task| task.name.clone()).collect();
    let mut tasks: Vec<Task> = Vec::new();
    for (i, file) in read.into_iter().enumerate() {
        let key = format!("task[{i}]");
        if tasks.iter().any(|t| t.name == file.name) {
            return check.fault(
                format!("{key}.name"),
                format!("{:?} is defined twice", file.name),
                "rename one of them",
            );
        }
        if many && file.phrases.is_empty() {
            return check.fault(
                format!("{key}.phrases"),
                "is missing, so nobody can ask for this task",
                "list what callers say for it, or keep one task only",
            );
        }
        tasks.push(task::task(check, &key, file, slots, &names)?);
    }
    if let Some(unused) = (0..slots.len()).find(|i| !tasks.iter().any(|t| t.slots.contains(i))) {
        let name = &slots[unused].name;
        return check.fault(format!("slot[{unused}]"), format!("{name:?} is in no task"), "add it to a task's `slots`");
    }
    let taken = tasks.iter().map(|t| t.key).collect();
    for (task, key) in tasks.iter_mut().zip(menu_keys(check, "task", taken)?) {
        task.key = key;
    }
    Ok(tasks)
}

fn check_spoken(check: &Check, spoken: &BTreeMap<String, String>) -> Result<(), BotFault> {
    let letter = |c: char| c.is_alphanumeric() || matches!(c, '-' | '\'');
    let fits = |word: &str| !word.trim().is_empty() && word.split_whitespace().all(|part| part.chars().all(letter));
    let unusable = |word: &str, spoken: &str| spoken.trim().is_empty() || !fits(word);
    match spoken.iter().find(|(word, spoken)| unusable(word, spoken)) {
        Some((word, _)) => {
            let remedy = "write words, and how the voice is to say it: \"ATM\" = \"a tê em\"";
            check.fault(format!("spoken.{word:?}"), "cannot be used", remedy)
        }
        None => Ok(()),
    }
}

const fn personal(file: PersonalFile) -> Personal {
    match file {
        PersonalFile::Phone => Personal::Phone,
        PersonalFile::Card => Personal::Card,
        PersonalFile::Id => Personal::Id,
        PersonalFile::Email => Personal::Email,
        PersonalFile::Name => Personal::Name,
        PersonalFile::Address => Personal::Address,
    }
}

const fn currency_of(file: CurrencyFile) -> Currency {
    match file {
        CurrencyFile::Usd => Currency::Usd,
        CurrencyFile::Eur => Currency::Eur,
        CurrencyFile::Gbp => Currency::Gbp,
        CurrencyFile::Vnd => Currency::Vnd,
    }
}

fn phones_of(phones: OneOrMany) -> Vec<String> {
    match phones {
        OneOrMany::One(one) => one.split_whitespace().map(str::to_string).collect(),
        OneOrMany::Many(many) => many,
    }
}

const fn closing(language: Language) -> &'static str {
    match language {
        Language::En => "Thank you for calling. Goodbye.",
        Language::Vi => "Cảm ơn quý khách đã gọi. Tạm biệt.",
    }
}
