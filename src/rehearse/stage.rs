//! `Stage`: a server of this process's own for one rehearsal's bot, on loopback, whose calls begin when the file says and whose tools are
//! answered by it.
use crate::bots::BotCatalog;
use crate::config::{Config, Ms, Route, Several};
use crate::engines::Engines;
use crate::server::{self, Server};
use crate::tools::{ToolAnswer, ToolAnswers};
use ::rehearse::scenario::Rehearsal;
use anyhow::{Context, bail};
use dialog::tool::ToolCall;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{mpsc, oneshot};

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// A call of a tool that waits for its answer.
pub(super) struct AskedTool {
    pub call: ToolCall,
    pub answer: oneshot::Sender<Option<ToolAnswer>>,
}

/// So many calls of tools wait in one call; one more has no answer, which ends the run.
const ASKED: usize = 64;

/// Brings what a call's bot asks of tools to whoever holds that call.
pub(super) struct Answers {
    live: bool,
    calls: Mutex<HashMap<String, mpsc::Sender<AskedTool>>>,
}

impl Answers {
    pub fn of_call(&self, id: &str) -> mpsc::Receiver<AskedTool> {
        let (asked, inbox) = mpsc::channel(ASKED);
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).insert(id.to_owned(), asked);
        inbox
    }

    pub fn forget(&self, id: &str) {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
    }
}

impl ToolAnswers for Answers {
    fn ask(&self, talk: &str, call: &ToolCall) -> oneshot::Receiver<Option<ToolAnswer>> {
        let (answer, answered) = oneshot::channel();
        let calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(call_of) = calls.get(talk)
            && let Err(full) = call_of.try_send(AskedTool { call: call.clone(), answer })
        {
            // Whoever holds the call has gone: nothing that it asks for is run.
            tracing::warn!(call = talk, "nobody answers the tools of this call: {full}");
        }
        answered
    }

    fn lets_run(&self) -> bool {
        self.live
    }
}

/// A directory of this run's own, removed at its end.
struct Dir(PathBuf);

impl Dir {
    fn new() -> std::io::Result<Self> {
        let path = std::env::temp_dir().join(format!("switchboard-rehearsal-{}", uuid::Uuid::now_v7()));
        std::fs::create_dir_all(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        // The next start of the system removes it too.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub(super) struct Stage {
    pub server: Server,
    pub answers: Arc<Answers>,
    pub bot: String,
    _dir: Dir,
}

impl Stage {
    /// Starts it. `live`: tools that the file does not answer are run.
    pub async fn start(
        config: &Config,
        engines: Arc<Engines>,
        rehearsal: &Rehearsal,
        live: bool,
    ) -> anyhow::Result<Self> {
        let dir = Dir::new().context("cannot make a directory for the server of a rehearsal")?;
        let name =
            rehearsal.bot_file.file_stem().and_then(|name| name.to_str()).context("the bot's file has no name")?;
        let bots = dir.0.join("bots");
        place_bots(&rehearsal.bot_file, rehearsal.others.keys(), &bots)
            .with_context(|| format!("cannot bring the bot {} to its server", rehearsal.bot_file.display()))?;
        let answers = Arc::new(Answers { live, calls: Mutex::default() });
        let staged = server::Stage { begins: Some(rehearsal.now), answers: Some(answers.clone()) };
        let server = Server::start_staged(of_stage(config, &dir.0, &bots, name), engines, staged).await?;
        let status = server.bots.list().into_iter().find(|status| status.name == name);
        if let Some(fault) = status.and_then(|status| status.fault) {
            bail!("the bot cannot be used: {fault}");
        }
        Ok(Self { server, answers, bot: name.to_owned(), _dir: dir })
    }

    pub async fn stop(self) {
        self.server.stop().await;
    }

    /// Where its bot is called.
    pub fn target(&self) -> anyhow::Result<String> {
        let at = self.server.sip.context("the server of the rehearsal has no address")?;
        Ok(format!("sip:{}@{at}", self.bot))
    }
}

/// The configuration with nothing in it that reaches beyond this process: its engines, voices and models stay.
fn of_stage(config: &Config, dir: &Path, bots: &Path, bot: &str) -> Config {
    let mut config = config.clone();
    config.sip.udp = Several(vec![SocketAddr::new(HERE, 0)]);
    config.sip.tcp = Several(Vec::new());
    config.sip.advertise = Several(Vec::new());
    config.rtp.bind = Several(vec![HERE]);
    config.rtp.advertise = Several(Vec::new());
    config.http.listen = None;
    config.widget.enabled = false;
    config.supervisor_dial_in = None;
    config.default_route = None;
    config.route = vec![Route { user: bot.to_owned(), bot: bot.to_owned() }];
    (config.phone, config.trunk) = (Vec::new(), Vec::new());
    config.destinations.clear();
    config.supervisor_phones.clear();
    config.bots.dir = bots.to_owned();
    config.store.dir = dir.join("data");
    config.store.recording = false;
    config.alerts.file = dir.join("alerts.toml");
    config.drain.limit_ms = Ms(1_000);
    config
}

/// The bot's file and those that it hands calls on to, with all that lies beside them but other bots.
fn place_bots<'a>(bot: &Path, others: impl Iterator<Item = &'a String>, into: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(into)?;
    let from = bot.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let from = std::fs::canonicalize(from)?;
    let others: Vec<String> = others.map(|name| format!("{name}.toml")).collect();
    let own = bot.file_name().unwrap_or_default();
    for entry in std::fs::read_dir(&from)? {
        let (name, path) = entry.map(|entry| (entry.file_name(), entry.path()))?;
        let is_wanted = name == own || others.iter().any(|other| *other == *name.to_string_lossy());
        if is_wanted || path.extension().is_none_or(|end| end != "toml") {
            std::os::unix::fs::symlink(&path, into.join(&name))?;
        }
    }
    Ok(())
}
