//! `Toolbox`: runs the tools of bots. What acts goes on to its end, also past its limit and past the call.
use crate::config::{McpServer, Tools};
use crate::embeddings::{Embeddings, Searched};
use builtin::CallReach;
use dialog::bot::{Bot, BotTool, ToolSource};
use dialog::knowledge::Knowledge;
use dialog::tool::{Effect, HttpRequest, ToolCall, ToolFault, arguments};
use http::HttpTools;
use mcp::McpServers;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

pub mod builtin;
pub mod http;
pub mod mcp;
mod openapi;
#[cfg(test)]
mod tests;

/// How long after its limit a tool that acts may still come to an end.
const AFTERWARDS: Duration = Duration::from_secs(60);

/// What a tool has come to.
pub type Outcome = Result<Value, ToolFault>;

/// Who answers tools in place of those who run them, as rehearsals do.
pub trait ToolAnswers: Send + Sync {
    /// What a tool comes to in the call `talk`; `None`: it is run.
    fn ask(&self, talk: &str, call: &ToolCall) -> oneshot::Receiver<Option<ToolAnswer>>;
    /// Whether any is.
    fn lets_run(&self) -> bool;
}

/// What a tool comes to, and after which time.
pub struct ToolAnswer {
    pub after: Duration,
    pub outcome: Outcome,
}

/// What tools are run with; of a call, its copies are the same.
#[derive(Clone, Default)]
pub struct Toolbox {
    parts: Arc<Parts>,
    /// The call that built-in tools run for; `None`: there is none, and they are not allowed.
    call: Option<Arc<CallReach>>,
}

#[derive(Default)]
struct Parts {
    plan: Tools,
    http: HttpTools,
    mcp: McpServers,
    embeddings: Option<Embeddings>,
    answers: Option<Arc<dyn ToolAnswers>>,
}

/// A tool that runs: its outcome within its limit, and what one that acts comes to afterwards.
pub struct RunningTool {
    limit: Duration,
    outcome: oneshot::Receiver<Outcome>,
}

impl Toolbox {
    /// Opens the connections to MCP servers in the background.
    pub fn new(plan: Tools) -> Self {
        Self::searching(plan, None)
    }

    /// The same with an endpoint by which documents are searched.
    pub fn searching(plan: Tools, embeddings: Option<Embeddings>) -> Self {
        Self::made(plan, McpServers::open, embeddings, None)
    }

    /// Tools are answered before any is run. MCP servers are asked what they have only where tools may be run at all.
    pub fn answered(plan: Tools, answers: Arc<dyn ToolAnswers>) -> Self {
        let open = if answers.lets_run() { McpServers::open } else { |_: &_| McpServers::default() };
        Self::made(plan, open, None, Some(answers))
    }

    fn made(
        plan: Tools,
        open: fn(&BTreeMap<String, McpServer>) -> McpServers,
        embeddings: Option<Embeddings>,
        answers: Option<Arc<dyn ToolAnswers>>,
    ) -> Self {
        let mcp = open(&plan.mcp);
        Self { parts: Arc::new(Parts { plan, http: HttpTools::default(), mcp, embeddings, answers }), call: None }
    }

    /// The same with the tools that this server has itself, for one call.
    pub fn of_call(&self, call: CallReach) -> Self {
        Self { parts: self.parts.clone(), call: Some(Arc::new(call)) }
    }

    /// The same for another bot that goes on with the call.
    pub fn of_bot(&self, name: &str, bot: &Bot) -> Self {
        let call = self.call.as_ref().map(|call| Arc::new(call.of_bot(name, bot)));
        Self { parts: self.parts.clone(), call }
    }

    /// Waits for the MCP servers, `limit` at most; the names of those that do not answer.
    pub async fn connected(&self, limit: Duration) -> Vec<String> {
        self.parts.mcp.connected(limit).await
    }

    /// The bot with what an MCP server says of its tools by now, where its file does not say it. Its documents are embedded from here on.
    pub fn complete(&self, bot: Arc<Bot>) -> Arc<Bot> {
        if let (Some(embeddings), Some(knowledge)) = (&self.parts.embeddings, &bot.knowledge) {
            embeddings.want(knowledge);
        }
        let found = |(index, tool): (usize, &BotTool)| match &tool.source {
            ToolSource::Mcp(of) => Some((index, self.parts.mcp.tool(&of.server, &of.tool)?)),
            _ => None,
        };
        let found: Vec<_> = bot.tools.iter().enumerate().filter_map(found).collect();
        if found.is_empty() {
            return bot;
        }
        let mut bot = Arc::unwrap_or_clone(bot);
        for (index, info) in found {
            let definition = &mut bot.tools[index].definition;
            if definition.description.is_empty() {
                definition.description = info.description;
            }
            // A server that describes its arguments wrong judges them itself.
            if arguments::schema_fault(&info.parameters).is_none() {
                definition.parameters = info.parameters;
            }
        }
        Arc::new(bot)
    }

    /// Begins a call of the conversation `talk`.
    pub fn start(&self, talk: &str, bot: Option<&Bot>, call: ToolCall) -> RunningTool {
        if let Some(knowledge) = bot.and_then(|bot| bot.knowledge.clone()).filter(|_| call.name == Knowledge::TOOL) {
            return self.search(knowledge, call);
        }
        let source = bot.and_then(|bot| source(bot, &call.name)).cloned();
        // What goes on after a call does not hold it: its room closes with the last handle.
        let reach = self.call.clone().filter(|_| matches!(source, Some(ToolSource::BuiltIn(_))));
        let toolbox = Toolbox { parts: self.parts.clone(), call: reach };
        let (key, limit) = (key(talk, &call), call.limit);
        let (told, outcome) = oneshot::channel();
        let answer = self.parts.answers.as_ref().map(|answers| answers.ask(talk, &call));
        let most = if call.effect == Effect::Acts { limit + AFTERWARDS } else { limit };
        tokio::spawn(async move {
            let mut told = told;
            let running = tokio::time::timeout(most, toolbox.answered_or_run(answer, source, &call, &key));
            if call.effect == Effect::Acts {
                let outcome = running.await.unwrap_or(Err(ToolFault::Broken));
                if told.send(outcome).is_err() {
                    tracing::info!(tool = call.name, "a tool that acts has ended after its call");
                }
                return;
            }
            tokio::select! {
                outcome = running => drop(told.send(outcome.unwrap_or(Err(ToolFault::Late)))),
                // Nobody waits for what only reads.
                () = told.closed() => {}
            }
        });
        RunningTool { limit, outcome }
    }

    /// Searches the bot's documents; what is personal has been masked in the question.
    fn search(&self, knowledge: Arc<Knowledge>, call: ToolCall) -> RunningTool {
        let (mut told, outcome) = oneshot::channel();
        let toolbox = self.clone();
        let limit = call.limit;
        tokio::spawn(async move {
            let question = call.arguments["question"].as_str().unwrap_or_default();
            let Some(embeddings) = &toolbox.parts.embeddings else {
                return drop(told.send(Ok(knowledge.told(question))));
            };
            tokio::select! {
                Searched { told: found, fault } = embeddings.search(&knowledge, question) => {
                    if let (Some(fault), Some(of)) = (fault, &toolbox.call) {
                        of.note_searched_by_words(fault.reason());
                    }
                    drop(told.send(Ok(found)));
                }
                () = told.closed() => {}
            }
        });
        RunningTool { limit, outcome }
    }

    async fn answered_or_run(
        &self,
        answer: Option<oneshot::Receiver<Option<ToolAnswer>>>,
        source: Option<ToolSource>,
        call: &ToolCall,
        key: &str,
    ) -> Outcome {
        let Some(answer) = answer else { return self.run(source, call, key).await };
        match answer.await {
            Ok(Some(ToolAnswer { after, outcome })) => {
                tokio::time::sleep(after).await;
                outcome
            }
            Ok(None) => self.run(source, call, key).await,
            // Nobody is there any more who could say that it may be run.
            Err(_) => Err(ToolFault::Unreachable),
        }
    }

    async fn run(&self, source: Option<ToolSource>, call: &ToolCall, key: &str) -> Outcome {
        let Parts { plan, http, mcp, .. } = self.parts.as_ref();
        match (source, HttpRequest::of(call)) {
            (Some(ToolSource::Http(tool)), _) => http.ask(plan, &tool, &call.arguments, key).await,
            (Some(ToolSource::Mcp(tool)), _) => {
                let answer = mcp.call(&tool.server, &tool.tool, &call.arguments, key).await?;
                Ok(answer.pointer(&tool.result).cloned().unwrap_or_default())
            }
            (None, Some(request)) => http::ask(&request, key).await,
            (Some(ToolSource::BuiltIn(tool)), _) => match &self.call {
                Some(reach) => reach.run(tool, &call.arguments).await,
                None => Err(ToolFault::NotAllowed("it runs in a call alone")),
            },
            // An OpenAPI file is read with the bot's own.
            (Some(ToolSource::OpenApi(_)) | None, _) => Err(ToolFault::Unknown),
        }
    }
}

impl RunningTool {
    /// The outcome within the limit. [`ToolFault::Late`] of a tool that acts has an outcome afterwards.
    pub async fn outcome(&mut self) -> Outcome {
        match tokio::time::timeout(self.limit, &mut self.outcome).await {
            Ok(outcome) => outcome.unwrap_or(Err(ToolFault::Broken)),
            Err(_) => Err(ToolFault::Late),
        }
    }

    /// What it came to after its limit.
    pub async fn afterwards(self) -> Outcome {
        self.outcome.await.unwrap_or(Err(ToolFault::Broken))
    }
}

fn source<'a>(bot: &'a Bot, name: &str) -> Option<&'a ToolSource> {
    bot.tools.iter().find(|tool| tool.definition.name == name).map(|tool| &tool.source)
}

/// Reads what the tools of a bot refer to, beside the bot's file in `dir`.
///
/// # Errors
/// What cannot be used, and what to do.
pub fn resolve(bot: &mut Bot, plan: &Tools, dir: &Path) -> Result<(), String> {
    for BotTool { definition, source } in &mut bot.tools {
        let at = |why: String| format!("`tools.{}`: {why}", definition.name);
        match source {
            ToolSource::OpenApi(of) => {
                let file = dir.join(&of.file);
                let text = std::fs::read_to_string(&file);
                let text = text.map_err(|why| at(format!("cannot read {}: {why}", file.display())))?;
                let tool = openapi::resolve(&text, of, definition);
                let tool = tool.map_err(|why| format!("`tools.{}`: {}: {why}", definition.name, file.display()))?;
                *source = ToolSource::Http(tool);
            }
            ToolSource::Mcp(of) if !plan.mcp.contains_key(&of.server) => {
                let why = format!(
                    "no MCP server is called {:?}: add [tools.mcp.{}] to the configuration",
                    of.server, of.server
                );
                return Err(at(why));
            }
            ToolSource::Mcp(_) | ToolSource::Http(_) | ToolSource::BuiltIn(_) => {}
        }
        if let ToolSource::Http(tool) = source {
            let host = reqwest::Url::parse(&tool.request(&Value::Null).url).ok();
            let host = host.as_ref().and_then(reqwest::Url::host_str).unwrap_or_default();
            if !plan.allows(host) {
                return Err(format!(
                    "`tools.{}`: {host} is not in tools.hosts of the configuration: add it",
                    definition.name
                ));
            }
        }
    }
    Ok(())
}

/// What a call is known by: the same for the same tool and arguments in one conversation, however often it goes out, and another in
/// any other. `talk` names the conversation.
fn key(talk: &str, call: &ToolCall) -> String {
    let mut sum = ring::digest::Context::new(&ring::digest::SHA256);
    for part in [talk, &call.name, &arguments::canonical(&call.arguments)] {
        sum.update(&(part.len() as u64).to_be_bytes());
        sum.update(part.as_bytes());
    }
    let sum = sum.finish();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&sum.as_ref()[..16]);
    // A UUID of version 8 (RFC 9562 section 5.8), for services keep keys in columns of that type.
    uuid::Builder::from_custom_bytes(bytes).into_uuid().to_string()
}

/// Whom a call of a tool asks, as it may be shown or logged: scheme and host (a path or query can hold what a caller said), or the
/// tool's name.
pub fn origin(call: &ToolCall) -> String {
    match HttpRequest::of(call) {
        Some(request) => {
            let url = reqwest::Url::parse(&request.url).ok();
            url.map_or_else(|| "an unusable URL".into(), |url| url.origin().ascii_serialization())
        }
        None => call.name.clone(),
    }
}
