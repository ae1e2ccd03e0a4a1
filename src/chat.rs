//! `switchboard talk`: the same bot as on the phone, as a text chat in the terminal. Time stands still while you think.
use crate::config::Config;
use crate::console;
use crate::embeddings::Embeddings;
use crate::language_models::{LanguageModels, QUEUE};
use crate::store::Store;
use crate::tools::{self, Toolbox};
use anyhow::Context;
use dialog::approval::ApprovalCall;
use dialog::bot::Bot;
use dialog::conversation::{
    Conversation, Input, Output, PersonFault, PersonNews, PersonOrder, ToolCall, ToolFault, Why,
};
use dialog::model::language_model::{ModelNews, ModelRequest, RequestId};
use dialog::tool::Effect;
use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// How long the start waits for the MCP servers of tools.
const MCP_START: Duration = Duration::from_secs(20);

/// One chat: the conversation, and a clock that stands still.
struct Chat<W> {
    toolbox: Toolbox,
    /// What services know this chat's requests by.
    id: String,
    conversation: Conversation,
    now: Instant,
    out: W,
    tools: VecDeque<ToolCall>,
    models: Arc<LanguageModels>,
    /// Requests to language models, and those that are not wanted any more.
    asked: VecDeque<ModelRequest>,
    stopped: Vec<RequestId>,
    over: bool,
}

/// Chats with the bot of one file, over standard input and output.
pub async fn open(file: &Path, config: &Path) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read the bot {}", file.display()))?;
    let mut bot = Bot::parse(&text, &file.display().to_string())?;
    // A bot asks as the server of this configuration would.
    let config = Config::load(config.exists().then_some(config))?;
    bot = bot.masking(config.privacy.kinds());
    let plan = config.tools.clone();
    let dir = file.parent().unwrap_or(Path::new("."));
    tools::resolve(&mut bot, &plan, dir).map_err(anyhow::Error::msg)?;
    knowledge::load(&mut bot, dir)?;
    let embeddings = Embeddings::start(&config.embeddings, config.store.dir.join("embeddings"));
    let toolbox = Toolbox::searching(plan, embeddings);
    for server in toolbox.connected(MCP_START).await {
        console::warn(format_args!("the MCP server {server} does not answer; its tools fail"));
    }
    let bot = toolbox.complete(Arc::new(bot));
    console::say(format_args!(
        "{} ({:?}). Write what you would say; `/key 5` presses a key; Ctrl-D hangs up.\n",
        bot.name, bot.language
    ))?;
    let others = others(&bot, file, &config, &toolbox)?;
    let asks = others.values().chain([&bot]).any(|bot| bot.model.is_some());
    let models = if asks { LanguageModels::load(&config) } else { LanguageModels::default() };
    let conversation = Conversation::new(bot, jiff::Zoned::now().datetime()).with_bots(Arc::new(others));
    let with = With { toolbox, models: Arc::new(models) };
    console::written(run(conversation, with, std::io::stdin().lock(), std::io::stdout()).await)
}

/// The bots that the chat may be handed on to, from one to the next: files beside that of the first.
fn others(bot: &Bot, file: &Path, config: &Config, toolbox: &Toolbox) -> anyhow::Result<BTreeMap<String, Arc<Bot>>> {
    let mut others = BTreeMap::new();
    let mut open: Vec<String> = bot.others().map(str::to_owned).collect();
    while let Some(name) = open.pop() {
        if others.contains_key(&name) {
            continue;
        }
        let path = file.with_file_name(format!("{name}.toml"));
        let shown = path.display();
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read {shown}, which this bot hands calls on to"))?;
        let mut other = Bot::parse(&text, &shown.to_string())?;
        tools::resolve(&mut other, &config.tools, file.parent().unwrap_or(Path::new(".")))
            .map_err(anyhow::Error::msg)?;
        open.extend(other.others().map(str::to_owned));
        others.insert(name, toolbox.complete(Arc::new(other)));
    }
    Ok(others)
}

/// What a chat reaches beside the conversation.
#[derive(Default)]
pub struct With {
    pub toolbox: Toolbox,
    pub models: Arc<LanguageModels>,
}

/// Runs `conversation` over lines of text until it hangs up or the input ends. A line `/key 5` presses keys.
pub async fn run(conversation: Conversation, with: With, lines: impl BufRead, out: impl Write) -> std::io::Result<()> {
    let With { toolbox, models } = with;
    let mut chat = Chat {
        id: Store::new_id(),
        conversation,
        now: Instant::now(),
        out,
        tools: VecDeque::new(),
        toolbox,
        models,
        asked: VecDeque::new(),
        stopped: Vec::new(),
        over: false,
    };
    chat.feed(Input::Answered)?;
    chat.settle().await?;
    for line in lines.lines() {
        if chat.over {
            break;
        }
        let line = line?;
        match line.trim() {
            "" => continue,
            keys if keys.starts_with("/key ") => {
                for key in keys["/key ".len()..].chars().filter(|c| "0123456789*#ABCD".contains(*c)) {
                    chat.feed(Input::Key(key))?;
                }
            }
            words => chat.feed(Input::Typed(words.into()))?,
        }
        chat.settle().await?;
    }
    if !chat.over {
        writeln!(chat.out, "(you hung up)")?;
    }
    Ok(())
}

impl<W: Write> Chat<W> {
    /// Lets every tool answer, and keys that no gap ends be an entry.
    async fn settle(&mut self) -> std::io::Result<()> {
        loop {
            if let Some(call) = self.tools.pop_front() {
                self.run_tool(call).await?;
            } else if let Some(request) = self.asked.pop_front() {
                self.ask(request).await?;
            } else {
                match self.conversation.deadline() {
                    // The model is to be asked again, or has taken too long.
                    Some((at, Why::Brain)) if !self.over => tokio::time::sleep_until(self.pass(at).into()).await,
                    Some((at, Why::KeyGap)) => self.now = self.now.max(at),
                    _ => break,
                }
                self.feed(Input::Tick)?;
            }
        }
        self.out.flush()
    }

    /// Time goes on to this moment; how long that is to be waited for.
    fn pass(&mut self, at: Instant) -> Instant {
        let left = at.saturating_duration_since(self.now);
        self.now = self.now.max(at);
        Instant::now() + left
    }

    /// Asks a language model, while time passes.
    async fn ask(&mut self, request: ModelRequest) -> std::io::Result<()> {
        let (out, mut news) = mpsc::channel(QUEUE);
        let id = request.id;
        let asking = tokio::spawn(self.models.clone().ask(request, out));
        let (from, began) = (self.now, Instant::now());
        loop {
            let left = match self.conversation.deadline() {
                Some((at, Why::Brain)) => at.saturating_duration_since(self.now),
                _ => Duration::from_secs(60),
            };
            let told = tokio::time::timeout(left, news.recv()).await;
            self.now = from + began.elapsed();
            match told {
                Ok(Some((id, news))) => {
                    let ends = matches!(news, ModelNews::End | ModelNews::Failed(_));
                    self.feed(Input::Model { id, news })?;
                    if ends {
                        return Ok(());
                    }
                }
                Ok(None) => return Ok(()),
                Err(_) => self.feed(Input::Tick)?,
            }
            if self.over || self.stopped.contains(&id) {
                asking.abort();
                return Ok(());
            }
        }
    }

    async fn run_tool(&mut self, call: ToolCall) -> std::io::Result<()> {
        let result = match ApprovalCall::of(&call) {
            Some(ApprovalCall { action, default, .. }) => {
                writeln!(self.out, "  (nobody here to approve {action}: {} by default)", default.name())?;
                Ok(serde_json::json!({ "decision": default.name() }))
            }
            None => {
                writeln!(self.out, "  (asking {})", tools::origin(&call))?;
                let bot = self.conversation.bot().clone();
                let mut tool = self.toolbox.start(&self.id, Some(&bot), call.clone());
                match tool.outcome().await {
                    Err(ToolFault::Late) if call.effect == Effect::Acts => tool.afterwards().await,
                    outcome => outcome,
                }
            }
        };
        self.feed(Input::ToolDone { id: call.id, result })
    }

    fn feed(&mut self, input: Input) -> std::io::Result<()> {
        self.conversation.handle(self.now, input);
        let (mut said, mut over, mut nobody) = (Vec::new(), None, false);
        while let Some(output) = self.conversation.poll() {
            match output {
                Output::Say { say, clause, .. } => {
                    let chars = clause.chars();
                    self.conversation.handle(self.now, Input::Speaking { say });
                    self.conversation.handle(self.now, Input::Heard { say, chars, whole: true });
                    said.push(clause.said().to_owned());
                }
                Output::Slot { name, value: Some(value), secret, .. } => {
                    let shown = if secret { "•••".to_owned() } else { value.to_string() };
                    writeln!(self.out, "  ({name} = {shown})")?;
                }
                Output::Bot { name, .. } => writeln!(self.out, "  (the bot is {name})")?,
                Output::Run(call) => self.tools.push_back(call),
                Output::Ask(request) => self.asked.push_back(request),
                Output::StopAsking(id) => {
                    self.asked.retain(|request| request.id != id);
                    self.stopped.push(id);
                }
                Output::Cancel(id) => self.tools.retain(|call| call.id != id),
                Output::Person(PersonOrder::Find(wanted)) => {
                    writeln!(self.out, "  (would put the caller through to {:?}; here nobody answers)", wanted.to)?;
                    nobody = true;
                }
                Output::HangUp { reason } => over = Some(reason.text()),
                _ => {}
            }
        }
        if !said.is_empty() {
            writeln!(self.out, "bot: {}", said.join(" "))?;
        }
        if let Some(reason) = over {
            self.over = true;
            writeln!(self.out, "(the bot hung up: {reason})")?;
        }
        if nobody {
            return self.feed(Input::Person(PersonNews::Failed(PersonFault::NoAnswer)));
        }
        Ok(())
    }
}

#[cfg(test)]
mod examples;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn header_fields_are_empty_where_there_is_no_sip() {
        let text = include_str!("../configs/bots/booking.en.toml")
            .replace("Hello, this is", "Hello {sip.X-Customer}, this is");
        let bot = Bot::parse(&text, "booking.en.toml").unwrap();
        let conversation = Conversation::new(Arc::new(bot), jiff::civil::date(2026, 11, 22).at(9, 0, 0, 0));
        let mut out = Vec::new();
        run(conversation, With::default(), "".as_bytes(), &mut out).await.unwrap();
        let out = String::from_utf8(out).unwrap();
        assert!(out.contains("Hello, this is the room booking line.") && !out.contains('{'), "{out}");
    }

    #[tokio::test]
    async fn a_room_is_booked_by_writing() {
        let bot = Bot::parse(include_str!("../configs/bots/booking.en.toml"), "booking.en.toml").unwrap();
        let conversation = Conversation::new(Arc::new(bot), jiff::civil::date(2026, 11, 22).at(9, 0, 0, 0));
        let lines = "book a room today for two people\nmountain view\nhalf past two\nhalf an hour\nyes\n";
        let mut out = Vec::new();
        run(conversation, With::default(), lines.as_bytes(), &mut out).await.unwrap();
        let out = String::from_utf8(out).unwrap();
        assert!(out.contains("(people = 2)") && out.contains("(time = \"14:30\")"), "{out}");
        assert!(out.ends_with("(the bot hung up: done)\n"), "{out}");
    }
}
