//! `Server`: puts the parts together, starts them in order, and stops them in order.
use crate::alerting::Alerting;
use crate::api::serve::{Web, WebPlan};
use crate::api::tls::{self, Tls};
use crate::api::{self, App};
use crate::bots::{BotCatalog, Bots};
use crate::call::approvals::queue::ApprovalQueue;
use crate::call::control::CallsReport;
use crate::call::{Calls, Resources};
use crate::config::Config;
use crate::console;
use crate::embeddings::Embeddings;
use crate::engines::{Engines, Loaded};
use crate::oidc::Provider;
use crate::security::{Access, AccessPlan, SessionLimits, WebOrigin};
use crate::store::Store;
use crate::store::vault::RecordingPolicy;
use crate::tools::{ToolAnswers, Toolbox};
use crate::widget::{OwnPageClients, PageAccess};
use crate::{limits, observe, plans, security};
use anyhow::{Context, bail};
use media::engine::Engine;
use media::pool::Pool;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use telephony::address;
use telephony::rtp::Ports;
use telephony::sip::Sip;
use telephony::webrtc::WebRtc;
use tokio::signal::unix::{SignalKind, signal};

/// How long the start waits for the MCP servers of tools.
const MCP_START: Duration = Duration::from_secs(5);

/// How long the start waits for voices to speak ahead what bots are known to say. One that hangs costs no more.
const WARM: Duration = Duration::from_secs(6);

/// Who can reach the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// What the configuration says (as shipped: this machine alone).
    AsConfigured,
    /// Every machine in this one's network.
    Lan,
}

impl Reach {
    /// Binds to and advertises this machine's own address where the configuration says loopback.
    pub fn apply(self, config: &mut Config) -> anyhow::Result<()> {
        if self == Self::AsConfigured {
            return Ok(());
        }
        let own = own_address().context(
            "no network address found for LAN=1: connect the machine to a network, or set sip.udp, rtp.bind and http.listen",
        )?;
        let everywhere = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        // This machine's own address is looked for in IPv4; what listens on ::1 stays there.
        let near = |ip: IpAddr| ip.is_ipv4() && ip.is_loopback();
        let sip = config.sip.udp.iter_mut().chain(config.sip.tcp.iter_mut());
        for at in sip.chain(&mut config.http.listen).filter(|at| near(at.ip())) {
            at.set_ip(everywhere);
        }
        for bind in config.rtc.bind.iter_mut().filter(|bind| bind.is_loopback()) {
            *bind = own;
        }
        for bind in config.rtp.bind.iter_mut().filter(|bind| near(**bind)) {
            *bind = everywhere;
        }
        for told in [&mut config.sip.advertise, &mut config.rtp.advertise] {
            if !told.iter().any(IpAddr::is_ipv4) {
                told.push(own);
            }
        }
        // With --lan the neighbours of a private address may call; a public address opens to nobody new.
        if let IpAddr::V4(ip) = own
            && ip.is_private()
        {
            config.sip.open_networks.push(format!("{ip}/24").parse().map_err(anyhow::Error::msg)?);
        }
        Ok(())
    }
}

/// A web address that others reach gets a certificate, if it has none and is not meant to be plain.
fn certify(config: &mut Config) -> anyhow::Result<()> {
    let http = &mut config.http;
    if http.listen.is_none_or(|at| at.ip().is_loopback()) || http.tls().is_some() || http.allow_plain {
        return Ok(());
    }
    let own = own_address()
        .context("no network address found for a certificate: set http.tls_certificate and http.tls_key")?;
    let files = tls::local(&config.store.dir, own)?;
    (http.tls_certificate, http.tls_key) = (Some(files.certificate), Some(files.key));
    Ok(())
}

/// The IPv4 address that this machine sends from.
fn own_address() -> Option<IpAddr> {
    address::outbound(Ipv4Addr::UNSPECIFIED.into()).filter(|ip| !ip.is_loopback())
}

/// What pages of this server's own are called: on loopback for browsers of this machine, else by the address it listens on.
fn own_origins(config: &Config) -> Vec<(WebOrigin, OwnPageClients)> {
    let Some(at) = config.http.listen else { return Vec::new() };
    let named = |host: String, own| {
        let origins = ["http", "https"].map(|scheme| WebOrigin::parse(&format!("{scheme}://{host}:{}", at.port())));
        origins.into_iter().flatten().map(move |origin| (origin, own)).collect::<Vec<_>>()
    };
    let mut all: Vec<_> = ["127.0.0.1", "localhost", "[::1]"]
        .into_iter()
        .flat_map(|host| named(host.into(), OwnPageClients::Local))
        .collect();
    // A server on all addresses is called by the one it advertises, which --lan sets.
    // Where the internet reaches it, its operator names the origins that may call.
    let open = if at.ip().is_unspecified() {
        config.rtp.advertise.iter().copied().find(|ip| address::is_private(*ip))
    } else {
        Some(at.ip())
    };
    if let Some(ip) = open.filter(|ip| !ip.is_loopback()) {
        all.extend(named(SocketAddr::new(ip, 0).to_string().trim_end_matches(":0").to_owned(), OwnPageClients::Any));
    }
    all
}

/// What rehearsals have otherwise than the world has it.
#[derive(Default)]
pub struct Stage {
    /// The date and time at which each call begins.
    pub begins: Option<jiff::civil::DateTime>,
    pub answers: Option<Arc<dyn ToolAnswers>>,
}

/// A running server.
pub struct Server {
    pub sip: Option<SocketAddr>,
    pub http: Option<SocketAddr>,
    pub token_file: PathBuf,
    pub store: Store,
    pub access: Arc<Access>,
    pub calls: Calls,
    pub bots: Arc<Bots<Loaded>>,
    pub telephone: Arc<Sip>,
    pub ports: Ports,
    engine: Arc<Engine>,
    alerting: Arc<Alerting>,
    web: Option<Web>,
    /// Of the certificate that the web address began with.
    fingerprint: Option<String>,
    config: Arc<Config>,
}

impl Server {
    /// Starts everything. `engines` come from the configuration, or from a test.
    pub async fn start(config: Config, engines: Engines) -> anyhow::Result<Self> {
        Self::start_staged(config, Arc::new(engines), Stage::default()).await
    }

    /// The same, with the surroundings of its calls as a rehearsal wants them.
    pub async fn start_staged(config: Config, engines: Arc<Engines>, stage: Stage) -> anyhow::Result<Self> {
        prepare_process();
        let config = Arc::new(config);
        let metrics = observe::metrics::install();
        let store = Store::open(&config.store.dir).await?;
        observe::metrics::follow(&store);
        finalise_recordings(&store.recordings());
        let sealing = config.clone();
        let recording_policy = tokio::task::spawn_blocking(move || RecordingPolicy::of(&sealing.store)).await?;
        let token_file = config.token_file();
        let sessions =
            SessionLimits { idle: config.http.session_idle_s.into(), longest: config.http.session_max_s.into() };
        let token = security::token(&token_file)?;
        let access = Arc::new(Access::new(store.access(), AccessPlan { token, sessions }));
        tokio::spawn(access.clone().keep());
        let toolbox = match stage.answers {
            Some(answers) => Toolbox::answered(config.tools.clone(), answers),
            None => {
                let embeddings = Embeddings::start(&config.embeddings, config.store.dir.join("embeddings"));
                Toolbox::searching(config.tools.clone(), embeddings)
            }
        };
        let bots = Arc::new(load_bots(&config, engines.clone())?);
        check_routes(&config, &bots)?;
        for loaded in bots.list().iter().filter_map(|status| bots.get(&status.name)) {
            // Its documents begin to be embedded.
            let _ = toolbox.complete(loaded.bot.clone());
        }
        let engine =
            Engine::start(plans::engine(&config), engines.vad.clone()).context("media threads do not start")?;
        let pool = Pool::start(plans::pool(&config)).context("speech threads do not start")?;
        // Before signalling begins: the first caller is greeted as fast as the others.
        let speech = pool.clone();
        let is_busy = move || speech.report().working > 0;
        let warming = engines.warm(bots.list().iter().filter_map(|status| bots.get(&status.name)).collect(), is_busy);
        for server in toolbox.connected(MCP_START).await {
            tracing::warn!(server, "this MCP server does not answer yet; calls are taken all the same");
        }
        if !tokio::task::spawn_blocking(move || warming.wait(WARM)).await? {
            tracing::warn!("the bots' prompts are not all synthesised yet; calls are taken all the same");
        }
        let ports = Ports::new(plans::ports(&config));
        let (telephone, rings) = Sip::start(plans::sip(&config)?, ports.clone()).await?;
        let telephone = Arc::new(telephone);
        let approvals = ApprovalQueue::default();
        let calls = Calls::new(Resources {
            config: config.clone(),
            engine: engine.clone(),
            pool,
            engines,
            bots: bots.clone(),
            store: store.clone(),
            recording_policy: recording_policy.clone(),
            approvals: approvals.clone(),
            toolbox: toolbox.clone(),
            begins: stage.begins,
        });
        calls.connect(telephone.clone());
        match WebRtc::start(plans::rtc(&config)).context("browsers' calls have no place for their sound") {
            Ok(web) => calls.connect_web(web),
            Err(why) if config.widget.enabled => return Err(why),
            Err(why) => tracing::warn!(%why, "supervisors cannot take part in calls"),
        }
        tokio::spawn(calls.clone().receive(rings));
        tokio::spawn(store.clone().retain(config.store.retention_days));
        let page_access = plans::page_access(&config, own_origins(&config))?;
        let page_access = Arc::new(PageAccess::new(page_access).context("the system gives no random numbers")?);
        let alerting = Alerting::start(store.clone(), plans::health(&config), config.alerts.file.clone());
        let alerting = Arc::new(alerting.map_err(anyhow::Error::msg)?);
        let app = App {
            alerting: alerting.clone(),
            store: store.clone(),
            calls: Arc::new(calls.clone()),
            pages: Arc::new(calls.clone()),
            supervisors: Arc::new(calls.clone()),
            agents: Arc::new(calls.clone()),
            approvals,
            bots: bots.clone(),
            recording_policy,
            access: access.clone(),
            https: config.http.tls().is_some(),
            provider: plans::provider(&config)?.map(|plan| Arc::new(Provider::new(plan))),
            password_sign_in: config.oidc.password_sign_in,
            console_address: config.oidc.address.as_deref().and_then(WebOrigin::parse),
            metrics,
            health: plans::health(&config),
            page_access,
        };
        let (web, fingerprint) = open_web(&config, app).await?;
        let http = web.as_ref().map(Web::address);
        let sip = telephone.udp().or(telephone.tcp());
        Ok(Self {
            sip,
            http,
            token_file,
            store,
            access,
            calls,
            bots,
            telephone,
            ports,
            engine,
            alerting,
            web,
            fingerprint,
            config,
        })
    }

    /// Takes no new calls, lets live ones finish within `drain.limit_ms` (or until [`Calls::end_now`]), writes everything down and
    /// stops.
    pub async fn stop(mut self) {
        self.calls.drain(self.config.drain.limit_ms.into()).await;
        self.telephone.stop(Duration::from_secs(1)).await;
        if let Some(web) = self.web.take() {
            web.close(Duration::from_secs(1)).await;
        }
        self.engine.stop();
        // Two seconds at most: a disk that takes nothing does not hold up the end.
        for _ in 0..100 {
            if media::record::unclosed() == 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.alerting.stop().await;
        self.access.finish().await;
        if let Err(why) = self.store.close().await {
            tracing::error!(%why, "the last events of this run are not stored");
        }
    }

    /// What the server holds right now.
    pub fn report(&self) -> CallsReport {
        self.calls.report()
    }

    /// What an operator wants to see once it runs.
    async fn greet(&self, engines: &[(bool, String)]) {
        console::tell(format_args!("\nSwitchboard is running. Ctrl-C lets live calls finish, then stops.\n"));
        if let Some(sip) = self.sip {
            for route in &self.config.route {
                console::tell(format_args!("  call   sip:{}@{sip}   ({})", route.user, route.bot));
            }
        }
        if let Some(http) = self.http {
            let scheme = if self.fingerprint.is_some() { "https" } else { "http" };
            // No browser opens 0.0.0.0.
            let own = if http.ip().is_unspecified() { own_address() } else { None };
            let http = SocketAddr::new(own.unwrap_or(http.ip()), http.port());
            // Firefox gathers no loopback candidates: the call would fail.
            let loopback = self.config.rtc.bind.iter().all(IpAddr::is_loopback);
            let browsers =
                if loopback { "in a browser of this machine; for Firefox: make run LAN=1" } else { "in a browser" };
            if self.config.widget.enabled {
                console::tell(format_args!("  talk   {scheme}://{http}/   ({browsers})"));
            }
            console::tell(format_args!(
                "  api    {scheme}://{http}/api/v1/calls   (health: /health/ready, description: /api/v1/openapi.json)"
            ));
            console::tell(format_args!("  token  {}", self.token_file.display()));
            // A link that makes an admin with a password would lead nowhere.
            let welcome = if self.config.oidc.password_sign_in { self.access.welcome().await } else { Ok(None) };
            match welcome {
                Ok(Some(link)) => console::tell(format_args!(
                    "  admin  {scheme}://{http}/console/#welcome={link}   (makes the first admin: once, within 24 hours)"
                )),
                Ok(None) => console::tell(format_args!("  watch  {scheme}://{http}/console/")),
                Err(why) => tracing::error!(%why, "no link for the first admin can be made"),
            }
        }
        for (good, line) in engines {
            console::tell(format_args!("  {} {line}", if *good { "engine" } else { "better" }));
        }
        console::tell(format_args!("\n  Try it in another terminal: make call\n"));
    }
}

/// The main job: serve until SIGTERM or Ctrl-C. SIGHUP reads the bots again.
pub async fn run(mut config: Config, reach: Reach) -> anyhow::Result<()> {
    limits::keep_private();
    reach.apply(&mut config)?;
    if reach == Reach::Lan {
        certify(&mut config)?;
    }
    observe::start(&config.log)?;
    let engines = Engines::load(&config.speech);
    let about = engines.about();
    let server = Server::start(config, engines).await?;
    let (mut term, mut int, mut hup) =
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?, signal(SignalKind::hangup())?);
    server.greet(&about).await;
    if let (Reach::Lan, Some(print)) = (reach, &server.fingerprint) {
        console::tell(format_args!(
            "  Browsers warn of its certificate, which no authority has signed. SHA-256 {print}\n"
        ));
    }
    if reach == Reach::Lan {
        console::tell(format_args!(
            "  open to the network: SIP, RTP and the web address above (callers outside sip.open_networks need a [[phone]] or [[trunk]])\n"
        ));
    }
    loop {
        tokio::select! {
            _ = term.recv() => break,
            _ = int.recv() => break,
            _ = hup.recv() => {
                let (bots, alerting) = (server.bots.clone(), server.alerting.clone());
                // What is wrong with a file is logged where it is read.
                let reload = move || (bots.reload(), alerting.reload());
                if let Err(why) = tokio::task::spawn_blocking(reload).await {
                    tracing::error!(%why, "the bots are as they were before the reload");
                }
            }
        }
    }
    console::warn(format_args!(
        "switchboard: no new calls; {} live ones may finish (again: end them now)",
        server.calls.count()
    ));
    let calls = server.calls.clone();
    let mut stopping = pin!(server.stop());
    for next in [NextSignal::EndCalls, NextSignal::StopAtOnce] {
        tokio::select! {
            () = &mut stopping => return Ok(()),
            _ = term.recv() => {}
            _ = int.recv() => {}
        }
        match next {
            // Phones and pages are told, and what happened is written down: a second or two.
            NextSignal::EndCalls => calls.end_now(),
            NextSignal::StopAtOnce => {
                tracing::warn!("stopped by a third signal before all was stored: what is not stored is lost")
            }
        }
    }
    Ok(())
}

/// What another signal means while the server stops.
#[derive(Clone, Copy)]
enum NextSignal {
    EndCalls,
    StopAtOnce,
}

/// Recordings that a crash cut off get their length written, in the background. Only files that are there now: no call
/// of this run has begun.
fn finalise_recordings(dir: &Path) {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let files: Vec<PathBuf> =
        entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|e| e == "wav")).collect();
    tokio::task::spawn_blocking(move || {
        for file in files {
            if let Err(why) = media::record::finalise(&file) {
                tracing::warn!(%why, "a recording that an earlier run left open cannot be finalised");
            }
        }
    });
}

fn load_bots(config: &Config, engines: Arc<Engines>) -> Result<Bots<Loaded>, crate::bots::Fault> {
    let (dir, plan) = (config.bots.dir.clone(), config.tools.clone());
    let beside = dir.clone();
    let masked: Vec<_> = config.privacy.kinds().collect();
    let budget = config.latency.budget();
    Bots::load(&dir, move |name, text| {
        let mut parsed = engines.read_with_tools(name, text, &plan, &beside)?;
        let bot = Arc::make_mut(&mut parsed.bot.bot);
        bot.mask.extend(masked.iter().copied());
        bot.latency_budget = bot.latency_budget.or(budget);
        Ok(parsed)
    })
}

/// What is set once for the whole process.
fn prepare_process() {
    // A second installation is refused and changes nothing.
    let _ = rustls::crypto::ring::default_provider().install_default();
    if let Err(why) = limits::raise_files() {
        tracing::warn!(%why, "the limit of open files stays as it is");
    }
}

/// Every route leads to a bot that there is.
fn check_routes(config: &Config, bots: &Bots<Loaded>) -> anyhow::Result<()> {
    for route in config.route.iter().map(|route| &route.bot).chain(&config.default_route) {
        if route != crate::config::ECHO && !bots.knows(route) {
            bail!("a route names the bot {route:?}, and there is no {route}.toml in {}", config.bots.dir.display());
        }
    }
    Ok(())
}

/// Opens the web address, if there is one. Also returns the fingerprint of the certificate that it begins with.
async fn open_web(config: &Config, app: App) -> anyhow::Result<(Option<Web>, Option<String>)> {
    let tls = tls::Files::of(config).map(Tls::load).transpose()?;
    if let Some(tls) = &tls {
        tokio::spawn(tls.clone().follow());
    }
    let fingerprint = tls.as_ref().map(Tls::fingerprint);
    let Some(at) = config.http.listen else { return Ok((None, fingerprint)) };
    let web = Web::open(at, api::router(app), WebPlan::of(config), tls)
        .await
        .with_context(|| format!("cannot listen on {at} (another server? set http.listen)"))?;
    Ok((Some(web), fingerprint))
}
