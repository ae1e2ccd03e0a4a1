//! Tools of MCP servers (Model Context Protocol): one connection to each server for all calls, opened again when it is lost.
use super::http::MOST;
use crate::config;
use crate::web_client;
use dialog::tool::{FaultText, ToolFault};
use rmcp::RoleClient;
use rmcp::model::{CallToolRequestParams, CallToolResult, ProtocolVersion, RequestMetaObject};
use rmcp::service::{ClientLifecycleMode, ClientServiceExt, Peer, RunningService, ServiceError};
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::transport::{StreamableHttpClientTransport, TokioChildProcess};
use serde_json::Value;
use std::collections::BTreeMap;
use std::process::Stdio;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};

/// How long a server may take to answer for the first time. An older one that does not know the newer protocol is asked twice.
const START: Duration = Duration::from_secs(25);

/// How long a lost server rests before it is tried again: from the first to the last of its failures in a row.
const REST: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(60));

/// What a request is known by, beside its arguments: the same for the same action of one call.
const ONCE: &str = "switchboard/idempotency-key";

/// The variables that every program gets.
const USUAL_ENV: [&str; 3] = ["PATH", "HOME", "LANG"];

/// The MCP servers of the configuration, by name.
#[derive(Default)]
pub struct McpServers(BTreeMap<String, McpServer>);

struct McpServer {
    state: Arc<State>,
    task: AbortHandle,
}

struct State {
    plan: config::McpServer,
    name: String,
    /// `None`: there is no connection.
    peer: watch::Sender<Option<Peer<RoleClient>>>,
    /// As the server described them last.
    tools: RwLock<BTreeMap<String, McpToolInfo>>,
}

/// What a server says of one of its tools.
#[derive(Clone, Debug, PartialEq)]
pub struct McpToolInfo {
    pub description: String,
    pub parameters: Value,
}

type Running = RunningService<RoleClient, ()>;

impl McpServers {
    /// Opens the connections, in the background.
    pub fn open(plans: &BTreeMap<String, config::McpServer>) -> Self {
        let server = |(name, plan): (&String, &config::McpServer)| {
            let (peer, tools) = (watch::Sender::new(None), RwLock::default());
            let state = Arc::new(State { plan: plan.clone(), name: name.clone(), peer, tools });
            let task = tokio::spawn(state.clone().keep()).abort_handle();
            (name.clone(), McpServer { state, task })
        };
        Self(plans.iter().map(server).collect())
    }

    /// What a server says of a tool; `None`: it has not said it yet.
    pub fn tool(&self, server: &str, tool: &str) -> Option<McpToolInfo> {
        let tools = self.0.get(server)?.state.tools.read().unwrap_or_else(PoisonError::into_inner);
        tools.get(tool).cloned()
    }

    /// Waits until every server is connected, `limit` at most; the names of those that are not.
    pub async fn connected(&self, limit: Duration) -> Vec<String> {
        let all = async {
            for server in self.0.values() {
                // The sender lives as long as the server: this ends when there is a connection.
                let _ = server.state.peer.subscribe().wait_for(Option::is_some).await;
            }
        };
        let _ = timeout(limit, all).await;
        let lost = self.0.iter().filter(|(_, server)| server.state.peer.borrow().is_none());
        lost.map(|(name, _)| name.clone()).collect()
    }

    /// Calls a tool.
    ///
    /// # Errors
    /// Why there is no answer.
    pub async fn call(&self, server: &str, tool: &str, arguments: &Value, key: &str) -> Result<Value, ToolFault> {
        let state = &self.0.get(server).ok_or(ToolFault::Unknown)?.state;
        let Some(peer) = state.peer.borrow().clone() else { return Err(ToolFault::Unreachable) };
        let mut meta = RequestMetaObject::new();
        meta.0.0.insert(ONCE.into(), key.into());
        let mut request = CallToolRequestParams::new(tool.to_owned());
        request = request.with_arguments(arguments.as_object().cloned().unwrap_or_default());
        request.meta = Some(meta);
        peer.call_tool(request).await.map_err(fault).and_then(answer)
    }
}

impl Drop for McpServers {
    fn drop(&mut self) {
        self.0.values().for_each(|server| server.task.abort());
    }
}

/// Opens each server once, and lists its tools.
///
/// # Errors
/// Why it cannot be used.
pub async fn probe(plan: &config::McpServer) -> Result<BTreeMap<String, McpToolInfo>, String> {
    let running = connect(plan).await?;
    let tools = list(&running).await;
    let _ = running.cancel().await;
    tools
}

impl State {
    /// Holds the connection, for as long as the server of it runs.
    async fn keep(self: Arc<Self>) {
        let mut rest = REST.0;
        loop {
            let why = match self.open().await {
                Ok(running) => {
                    rest = REST.0;
                    self.peer.send_replace(Some(running.peer().clone()));
                    tracing::info!(server = self.name, "connected to this MCP server");
                    let _ = running.waiting().await;
                    "the connection was lost".to_owned()
                }
                Err(why) => why,
            };
            self.peer.send_replace(None);
            tracing::warn!(server = self.name, why, "an MCP server cannot be used; it is tried again");
            sleep(rest).await;
            rest = (rest * 2).min(REST.1);
        }
    }

    async fn open(&self) -> Result<Running, String> {
        let running = connect(&self.plan).await?;
        let tools = list(&running).await?;
        *self.tools.write().unwrap_or_else(PoisonError::into_inner) = tools;
        Ok(running)
    }
}

/// Servers of the newer protocol, which has no `initialize`, and of the older ones that have it.
async fn connect(plan: &config::McpServer) -> Result<Running, String> {
    let lifecycle = ClientLifecycleMode::Auto {
        preferred_versions: vec![ProtocolVersion::V_2026_07_28],
        legacy_version: Some(ProtocolVersion::LATEST_WITH_INITIALIZE),
    };
    let starting = async {
        match &plan.url {
            Some(url) => {
                let mut setup = StreamableHttpClientTransportConfig::with_uri(url.as_str());
                (setup.max_json_response_size, setup.max_sse_event_size) = (2 * MOST, 2 * MOST);
                if let Some(token) = plan.token()? {
                    setup = setup.auth_header(token.reveal());
                }
                let transport = StreamableHttpClientTransport::with_client(web_client::client().clone(), setup);
                ().serve_with_lifecycle(transport, lifecycle).await.map_err(|why| told(&why.to_string()))
            }
            None => {
                let transport = child(plan)?;
                ().serve_with_lifecycle(transport, lifecycle).await.map_err(|why| told(&why.to_string()))
            }
        }
    };
    timeout(START, starting).await.unwrap_or_else(|_| Err(format!("no answer within {} s", START.as_secs())))
}

/// A reason without line ends, of bounded length.
fn told(why: &str) -> String {
    why.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect()
}

/// Starts the program of a server. What it writes to its error output may hold what callers said: nobody keeps it.
fn child(plan: &config::McpServer) -> Result<TokioChildProcess, String> {
    let (program, arguments) = plan.command.split_first().ok_or("it has neither `command` nor `url`")?;
    let mut command = tokio::process::Command::new(program);
    command.args(arguments).env_clear().kill_on_drop(true);
    for name in USUAL_ENV.into_iter().chain(plan.env.iter().map(String::as_str)) {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    let started = TokioChildProcess::builder(command).stderr(Stdio::null()).spawn();
    started.map(|(process, _)| process).map_err(|why| format!("{program} cannot be started: {why}"))
}

async fn list(running: &Running) -> Result<BTreeMap<String, McpToolInfo>, String> {
    let listed = timeout(START, running.peer().list_all_tools()).await;
    let listed = listed.map_err(|_| "it does not list its tools")?.map_err(|why| told(&why.to_string()))?;
    let info = |tool: rmcp::model::Tool| {
        let description = tool.description.map(String::from).unwrap_or_default();
        let parameters = Value::Object(tool.input_schema.as_ref().clone());
        (tool.name.into_owned(), McpToolInfo { description, parameters })
    };
    Ok(listed.into_iter().map(info).collect())
}

fn fault(why: ServiceError) -> ToolFault {
    match why {
        // An error of the protocol: the tool did not take the call as it was.
        ServiceError::McpError(error) => ToolFault::Failed(FaultText(error.message.chars().take(500).collect())),
        ServiceError::Timeout { .. } => ToolFault::Late,
        ServiceError::UnexpectedResponse => ToolFault::NotJson,
        // Whether it was sent before is not known.
        _ => ToolFault::Broken,
    }
}

/// What a tool gives: JSON where it has a structure, else its text.
fn answer(result: CallToolResult) -> Result<Value, ToolFault> {
    let texts: Vec<&str> = result.content.iter().filter_map(|part| Some(part.as_text()?.text.as_str())).collect();
    let text = texts.join("\n");
    if result.is_error == Some(true) {
        return Err(ToolFault::Failed(FaultText(text.chars().take(500).collect())));
    }
    if text.len() > MOST {
        return Err(ToolFault::NotJson);
    }
    Ok(result.structured_content.unwrap_or_else(|| serde_json::from_str(&text).unwrap_or(Value::String(text))))
}

#[cfg(test)]
mod tests;
