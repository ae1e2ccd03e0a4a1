//! `switchboard rehearse`: scripted callers against a bot, with a report; and recorded calls, done again.
use crate::config::Config;
use crate::console;
use crate::language_models::{LanguageModels, QUEUE};
use crate::recorded::recorded_call;
use crate::security::{Action, Audit, Principal};
use crate::store::{self, Call, TimelineEvent};
use crate::tools::Toolbox;
use ::rehearse::difference::Comparison;
use ::rehearse::model::{Model, Question};
use ::rehearse::recorded::{RecordedCall, Values};
use ::rehearse::report::{Report, html, junit, text};
use ::rehearse::run::{MakeTools, Plan, rehearse};
use ::rehearse::scenario::{Rehearsal, Scenario};
use ::rehearse::tools::{Answer, Tools, undecided};
use ::rehearse::voice::VoiceCalls;
use anyhow::{Context, bail};
use dialog::bot::Bot;
use dialog::model::language_model::{ModelNews, ModelRequest, Purpose, RequestId};
use dialog::tool::{ToolCall, ToolFault};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::time::timeout;
use voice::LocalCalls;

mod speaker;
mod stage;
mod voice;

/// A model that takes a caller's part, or judges, may take so long for all of its answer.
const MODEL_LIMIT: Duration = Duration::from_secs(120);

/// How wide each side of a comparison is, in characters.
const SIDE: usize = 58;

#[derive(clap::Args)]
pub struct Args {
    /// Rehearsals, for example configs/rehearsals/*.toml (docs/rehearsals.md).
    #[arg(required_unless_present = "from")]
    files: Vec<PathBuf>,
    /// What runs differ by; the same seed gives the same calls.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Runs of each scenario, in place of the files' own.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    runs: Option<u32>,
    /// Only this run of each scenario, from 1.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    run: Option<u32>,
    /// Only scenarios whose names hold this.
    #[arg(long)]
    scenario: Option<String>,
    /// Write the outcome as JUnit XML into this file.
    #[arg(long)]
    junit: Option<PathBuf>,
    /// Write the outcome as a page into this file.
    #[arg(long)]
    html: Option<PathBuf>,
    /// Hold the calls by voice, over SIP with a server of this process's own, in place of text in simulated time.
    #[arg(long, conflicts_with = "from")]
    voice: bool,
    /// So many calls by voice at a time.
    #[arg(long, requires = "voice", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    calls: u16,
    /// Make the bots' HTTP requests, in place of the answers that stand in the files.
    #[arg(long)]
    live: bool,
    /// The language model of the configuration that takes the part of callers with a `goal`, and judges.
    #[arg(long, conflicts_with = "from")]
    model: Option<String>,
    /// Write what the caller of this recorded call did as a rehearsal; with --bot, do it again and show what is different.
    #[arg(long, conflicts_with_all = ["files", "live", "junit", "html"])]
    from: Option<String>,
    /// The bot's file with which a recorded call is done again.
    #[arg(long, requires = "from")]
    bot: Option<PathBuf>,
    /// The file to write the rehearsal into; one that is there is left alone. Not given: it is printed.
    #[arg(long, requires = "from", conflicts_with = "bot")]
    out: Option<PathBuf>,
    /// Keep the caller's numbers and words, in place of made-up ones of the same form.
    #[arg(long, requires = "from")]
    keep_values: bool,
    /// Where a recorded call is looked for, and which language models there are.
    #[arg(long, env = "SWITCHBOARD_CONFIG", default_value = "configs/server.toml")]
    config: PathBuf,
}

pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    match args.from.clone() {
        Some(call) => recorded(args, &call).await,
        None => {
            let handle = Handle::current();
            tokio::task::spawn_blocking(move || files(&args, &handle)).await.context("the rehearsals broke off")?
        }
    }
}

/// Rehearses files; a failure of any call is one of the command.
fn files(args: &Args, handle: &Handle) -> anyhow::Result<ExitCode> {
    let read = |file: &PathBuf| Rehearsal::read(&file.display().to_string());
    let rehearsals: Vec<Rehearsal> = args.files.iter().map(read).collect::<Result<_, _>>()?;
    let Args { seed, runs, run, scenario, live, .. } = args;
    let model = args.model.as_deref().map(|name| AskedModel::new(name, &args.config, handle)).transpose()?;
    let model = model.as_ref().map(|model| model as &dyn Model);
    let calls = args.voice.then(|| voice_calls(args, handle)).transpose()?;
    let plan = Plan {
        seed: *seed,
        runs: *runs,
        run: *run,
        scenario: scenario.as_deref(),
        threads: args.voice.then_some(args.calls.into()),
        model,
        voice: calls.as_ref().map(|calls| calls as &dyn VoiceCalls),
    };
    let unsuited = plan.unsuited(&rehearsals);
    if !unsuited.is_empty() {
        bail!(
            "these cannot be rehearsed by voice; leave them out by --scenario, or write `only = \"text\"`:\n  {}",
            unsuited.join("\n  ")
        );
    }
    let left_out: Vec<&str> = plan.left_out(&rehearsals).into_iter().map(|scenario| scenario.name.as_str()).collect();
    let start = Instant::now();
    let make = |_: &Scenario| -> Box<dyn Tools> { Box::new(LiveTools::new(handle.clone())) };
    let make: MakeTools<'_> = &make;
    let outcomes = rehearse(&rehearsals, &plan, live.then_some(make), start);
    if outcomes.is_empty() {
        bail!("no scenario's name holds {:?}", scenario.as_deref().unwrap_or_default());
    }
    let report = Report { outcomes: &outcomes, seed: *seed, took: start.elapsed() };
    for (file, text) in [
        (&args.junit, junit::junit as fn(&Report<'_>) -> String),
        (&args.html, html::html as fn(&Report<'_>) -> String),
    ] {
        if let Some(file) = file {
            std::fs::write(file, text(&report)).with_context(|| format!("cannot write {}", file.display()))?;
        }
    }
    console::print(&text::text(&report))?;
    if !left_out.is_empty() {
        let way = if args.voice { "text" } else { "voice" };
        console::say(format_args!("Left out, for they are rehearsed by {way} alone: {}.", left_out.join("; ")))?;
    }
    let passed = report.has_passed();
    drop(outcomes);
    if let Some(calls) = calls {
        calls.stop();
    }
    Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The engines of the configuration, for servers of this process's own.
fn voice_calls(args: &Args, handle: &Handle) -> anyhow::Result<LocalCalls> {
    // As shipped where there is no such file: only the engines and models of it are used.
    let config = Config::load(args.config.exists().then_some(args.config.as_path()))?;
    Ok(LocalCalls::new(config, args.live, handle.clone()))
}

/// A language model of the configuration, asked over HTTP by the threads that rehearse.
struct AskedModel {
    models: Arc<LanguageModels>,
    name: String,
    handle: Handle,
}

impl AskedModel {
    fn new(name: &str, config: &Path, handle: &Handle) -> anyhow::Result<Self> {
        let models = Arc::new(LanguageModels::load(&Config::load(Some(config))?));
        if !models.knows(name) {
            bail!("there is no language model {name:?}: add [language_models.{name}] to {}", config.display());
        }
        Ok(Self { models, name: name.to_owned(), handle: handle.clone() })
    }

    async fn ask(&self, body: Value) -> Result<String, String> {
        let (out, mut news) = mpsc::channel(QUEUE);
        let request = ModelRequest { id: RequestId(0), model: self.name.clone(), purpose: Purpose::Answer, body };
        let gather = async {
            let mut answer = String::new();
            while let Some((_, news)) = news.recv().await {
                match news {
                    ModelNews::Text(text) => answer.push_str(&text),
                    ModelNews::Failed(fault) => return Err(fault.to_string()),
                    _ => {}
                }
            }
            Ok(answer)
        };
        let ((), answer) = tokio::join!(self.models.clone().ask(request, out), gather);
        answer
    }
}

impl Model for AskedModel {
    fn answer(&self, question: &Question<'_>) -> Result<String, String> {
        let answer = async { timeout(MODEL_LIMIT, self.ask(question.body())).await };
        let answer = self.handle.block_on(answer);
        answer.unwrap_or_else(|_| Err(format!("did not answer within {} s", MODEL_LIMIT.as_secs())))
    }
}

/// The bot's own HTTP requests, made for real; how long each took is its time in the call.
struct LiveTools {
    handle: Handle,
    toolbox: Toolbox,
    /// What services know this call's requests by.
    id: String,
}

impl LiveTools {
    fn new(handle: Handle) -> Self {
        Self { handle, toolbox: Toolbox::default(), id: store::Store::new_id() }
    }
}

impl Tools for LiveTools {
    fn answer(&mut self, call: &ToolCall) -> Option<Answer> {
        if let Some(answer) = undecided(call) {
            return Some(answer);
        }
        let start = Instant::now();
        let running = async { self.toolbox.start(&self.id, None, call.clone()).outcome().await };
        let result: Result<Value, ToolFault> = self.handle.block_on(running);
        Some(Answer { after: start.elapsed(), result })
    }
}

/// A recorded call as a rehearsal, or beside the same caller with another bot.
async fn recorded(args: Args, id: &str) -> anyhow::Result<ExitCode> {
    let config = Config::load(Some(&args.config))?;
    let found = find(&config.store.dir, id).await?;
    let (call, timeline) =
        found.with_context(|| format!("there is no ended call {id:?} in {}", config.store.dir.display()))?;
    let bot_file = args.bot.clone().unwrap_or_else(|| config.bots.dir.join(format!("{}.toml", call.bot)));
    let bot_name = bot_file.display().to_string();
    let bot_text = std::fs::read_to_string(&bot_file).with_context(|| format!("cannot read the bot {bot_name}"))?;
    let mut bot = Bot::parse(&bot_text, &bot_name)?;
    knowledge::load(&mut bot, bot_file.parent().unwrap_or(Path::new(".")))?;
    let read = recorded_call(&call, &timeline);
    if args.bot.is_some() {
        let read = read.masked(&bot, Values::Kept);
        return compare(&read, &bot, &bot_file);
    }
    let values = if args.keep_values { Values::Kept } else { Values::Masked };
    let scenario = read.masked(&bot, values).scenario(&bot, &absolute(&bot_file), true);
    match args.out {
        None => console::print(&scenario)?,
        Some(file) => {
            let made = std::fs::OpenOptions::new().write(true).create_new(true).open(&file);
            let mut made = made.with_context(|| format!("cannot make {}", file.display()))?;
            std::io::Write::write_all(&mut made, scenario.as_bytes())?;
            console::say(format_args!("switchboard rehearse {}", file.display()))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The bot's file, wherever the rehearsal will lie.
fn absolute(file: &Path) -> String {
    std::path::absolute(file).unwrap_or_else(|_| file.to_owned()).display().to_string()
}

/// The call and its timeline. That it was read stands in the audit.
async fn find(dir: &Path, id: &str) -> anyhow::Result<Option<(Call, Vec<TimelineEvent>)>> {
    let pool = store::access(dir).await?;
    let found = store::ended_call(&pool, id).await?;
    if found.is_some() {
        let detail = json!({ "by": "rehearse" });
        Audit::new(pool.clone()).require(&Principal::command(), Action::TranscriptRead, Some(id), detail).await?;
    }
    pool.close().await;
    Ok(found)
}

/// Whether anything is different is the command's outcome.
fn compare(call: &RecordedCall, bot: &Bot, bot_file: &Path) -> anyhow::Result<ExitCode> {
    let scenario = call.scenario(bot, &absolute(bot_file), false);
    let rehearsal = Rehearsal::parse(&scenario, "the recorded call", |path| std::fs::read_to_string(path))?;
    let rehearsals = [rehearsal];
    let outcomes = rehearse(&rehearsals, &Plan::default(), None, Instant::now());
    let run = outcomes.first().and_then(|outcome| outcome.runs.first()).context("the call could not be done again")?;
    let comparison = Comparison::of(call, &run.record);
    console::print(&comparison.text(SIDE))?;
    console::say(format_args!("{}", if comparison.is_same() { "\nNothing is different." } else { "" }))?;
    Ok(if comparison.is_same() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Blame, CallEvent, Direction, End, Mark, Private, Reason, Slot, Speaker, Started, Store, Turn};

    fn turn(speaker: Speaker, started_ms: u64, text: &str) -> CallEvent {
        let by = (speaker == Speaker::Caller).then_some(store::AnswerMethod::Voice);
        let (text, heard) = (text.into(), text.into());
        let ended_ms = started_ms + 900;
        CallEvent::Turn(Turn { speaker, text, heard, interrupted: false, started_ms, ended_ms, confidence: None, by })
    }

    #[tokio::test]
    async fn an_ended_call_is_read_from_the_store_and_the_reading_stands_in_the_audit() {
        let dir = crate::testdir("rehearse");
        let (store, id) = (Store::open(&dir).await.unwrap(), Store::new_id());
        let started = Started {
            direction: Direction::Inbound,
            via: "open".into(),
            from: "sip:a@x".into(),
            to: "sip:b@x".into(),
            bot: "booking.en".into(),
            language: "en".into(),
            headers: Default::default(),
        };
        let slot = Slot { name: "code".into(), value: Some(Private(json!("4821"))), confirmed: true };
        let failed = Mark { name: "transfer_failed".into(), data: Private(json!({ "why": "busy" })) };
        for event in [
            CallEvent::Started(started),
            CallEvent::Answered,
            turn(Speaker::Bot, 0, "Would you like to book a room, or cancel a booking?"),
            turn(Speaker::Caller, 2_000, "cancel booking four eight two one"),
            CallEvent::Slot(slot),
            turn(Speaker::Supervisor, 3_000, "I take over"),
            CallEvent::Mark(failed),
            CallEvent::Ended(End { blame: Blame::Nobody, reason: Reason::Done }),
        ] {
            store.note(&id, event);
        }
        store.close().await.unwrap();
        assert!(find(&dir, "0197").await.unwrap().is_none());
        let (call, timeline) = find(&dir, &id).await.unwrap().unwrap();
        let read = recorded_call(&call, &timeline);
        assert_eq!((read.turns.len(), read.end.as_deref(), read.person.as_deref()), (2, Some("done"), Some("busy")));
        let text = include_str!("../configs/bots/booking.en.toml");
        let bot = Bot::parse(text, "booking.en.toml").unwrap();
        let scenario = read.masked(&bot, Values::Masked).scenario(&bot, "booking.en.toml", true);
        assert!(!scenario.contains("4821") && !scenario.contains("four eight two one"), "{scenario}");
        assert!(scenario.contains("\"cancel booking four ") && !scenario.contains("take over"), "{scenario}");
        let pool = store::access(&dir).await.unwrap();
        let sql = "select count(*) from audit where action = 'transcript_read' and call = $1";
        let (read,): (i64,) = sqlx::query_as(sql).bind(&id).fetch_one(&pool.read).await.unwrap();
        assert_eq!(read, 1);
        pool.close().await;
    }
}
