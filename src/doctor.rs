//! `switchboard check`: looks at everything the server needs before a caller does, measures the engines, and says what to do.
use crate::api::tls::{Files, Tls};
use crate::bots::{BotCatalog as _, Bots};
use crate::config::{AlertsFile, Config, ECHO, Speech};
use crate::engines::{Engines, Loaded};
use crate::{console, limits, outbound, store};
use media::engine::Priority;
use std::collections::BTreeSet;
use std::fmt::Display;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

mod embeddings;
mod language_models;
mod measuring;
mod provider;
mod tools;

/// How one thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    Fine,
    /// The server runs, but less well than it could.
    Lacking,
    /// The server does not start, or no call works.
    Broken,
}

/// One line of the examination.
#[derive(Clone, Debug)]
pub struct Finding {
    pub verdict: Verdict,
    pub what: String,
}

/// Prints the findings, then what the engines take here; fails when something is broken.
pub fn run(file: &Path) -> anyhow::Result<ExitCode> {
    let Examination { findings, engines } = examine(file);
    for Finding { verdict, what } in &findings {
        let mark = match verdict {
            Verdict::Fine => "ok     ",
            Verdict::Lacking => "could be better  ",
            Verdict::Broken => "BROKEN ",
        };
        console::say(format_args!("{mark}{what}"))?;
    }
    if let Some((speech, engines)) = engines {
        measuring::run(speech, engines)?;
    }
    let broken = findings.iter().filter(|finding| finding.verdict == Verdict::Broken).count();
    match broken {
        0 => console::say(format_args!("\nReady: switchboard serve --config {}", file.display()))?,
        n => console::say(format_args!(
            "\n{n} to correct: what is BROKEN keeps the server from starting, or calls from working."
        ))?,
    }
    Ok(if broken == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What was found, and the engines that were loaded for it.
struct Examination {
    findings: Vec<Finding>,
    engines: Option<(Speech, Arc<Engines>)>,
}

/// Everything that is looked at, in the order the server would meet it.
fn examine(file: &Path) -> Examination {
    let mut found = Vec::new();
    let config = match Config::load(Some(file)) {
        Ok(config) => config,
        Err(why) => return Examination { findings: vec![broken(why)], engines: None },
    };
    found.push(fine(format!("configuration {}: every key is known", file.display())));
    found.extend(config.problems().into_iter().map(broken));
    let engines = speech(&config, &mut found);
    remote(&engines, &mut found);
    language_models::examine(&config, &mut found);
    embeddings::examine(&config, &mut found);
    alerts(&config, &mut found);
    provider::look(&config, &mut found);
    sockets(&config, &mut found);
    pages(&config, &mut found);
    system(&config, &mut found);
    Examination { findings: found, engines: Some((config.speech, engines)) }
}

fn speech(config: &Config, found: &mut Vec<Finding>) -> Arc<Engines> {
    let engines = Arc::new(Engines::load(&config.speech));
    found.extend(engines.about().into_iter().map(|(good, line)| if good { fine(line) } else { lacking(line) }));
    let (reader, plan, beside) = (engines.clone(), config.tools.clone(), config.bots.dir.clone());
    match Bots::load(&config.bots.dir, move |name, text| reader.read_with_tools(name, text, &plan, &beside)) {
        Ok(bots) => {
            let named = config.route.iter().map(|route| &route.bot).chain(&config.default_route);
            let missing: Vec<_> = named.filter(|bot| *bot != ECHO && !bots.knows(bot)).collect();
            let faults: Vec<_> = bots.list().into_iter().filter_map(|status| status.fault).collect();
            if missing.is_empty() && faults.is_empty() {
                found.push(fine(format!("bots in {}: all can be used", config.bots.dir.display())));
            }
            found.extend(faults.into_iter().map(broken));
            destinations(config, &bots, found);
            other_bots(&bots, found);
            supervisor_phones(config, found);
            tools::look(config, &bots, found);
            for bot in missing {
                found.push(broken(format!("a route names the bot {bot:?}: there is no {bot}.toml in bots.dir")));
            }
        }
        Err(why) => found.push(broken(why)),
    }
    engines
}

/// Whether the destinations that bots name are in the configuration, and can be called.
fn destinations(config: &Config, bots: &Bots<Loaded>, found: &mut Vec<Finding>) {
    let mut named = BTreeSet::new();
    for status in bots.list() {
        let Some(loaded) = bots.get(&status.name) else { continue };
        let of_tasks = loaded.bot.tasks.iter().filter_map(|task| task.person.clone());
        for name in loaded.bot.person.clone().into_iter().chain(of_tasks) {
            if !config.destinations.contains_key(&name) {
                let bot = &status.name;
                found.push(broken(format!(
                    "the bot {bot} names the destination {name:?}: add [destinations.{name}] to the configuration"
                )));
            }
            named.insert(name);
        }
    }
    for (name, destination) in &config.destinations {
        let of_agents = destination.skills().is_some();
        let address = destination.sip.as_deref().unwrap_or_default();
        match outbound::dial(config, address, None) {
            _ if of_agents && named.contains(name) => {
                found.push(fine(format!("destinations.{name} is for agents in browsers")));
            }
            // A faulty address is among the problems of the configuration already.
            Err(outbound::Fault::Address(_)) => {}
            Err(fault) => found.push(broken(format!("destinations.{name}: {fault}"))),
            Ok(_) if named.contains(name) => found.push(fine(format!("destinations.{name} can be called"))),
            Ok(_) => found.push(lacking(format!("destinations.{name}: no bot names it by `person`"))),
        }
    }
}

/// Whether the bots that others hand calls on to are there, and speak the language that they are named for.
fn other_bots(bots: &Bots<Loaded>, found: &mut Vec<Finding>) {
    for status in bots.list() {
        let Some(loaded) = bots.get(&status.name) else { continue };
        let bot = &status.name;
        for name in loaded.bot.others().filter(|name| !bots.has(name)) {
            found.push(broken(format!("the bot {bot} hands calls on to {name:?}: there is no such bot in bots.dir")));
        }
        for (language, name) in &loaded.bot.languages {
            if let Some(other) = bots.get(name).filter(|other| other.bot.language != *language) {
                let (wanted, speaks) = (language.code(), other.bot.language.code());
                found
                    .push(broken(format!("the bot {bot} names {name} for `{wanted}`, and that one speaks `{speaks}`")));
            }
        }
    }
}

/// Whether supervisors can be called at their telephones.
fn supervisor_phones(config: &Config, found: &mut Vec<Finding>) {
    for (user, to) in &config.supervisor_phones {
        match outbound::dial(config, to, None) {
            // A faulty address is among the problems of the configuration already.
            Err(outbound::Fault::Address(_)) => {}
            Err(fault) => found.push(broken(format!("supervisor_phones.{user}: {fault}"))),
            Ok(_) => found.push(fine(format!("supervisor_phones.{user} can be called"))),
        }
    }
}

/// The rules of alerts, and whether webhooks can be told.
fn alerts(config: &Config, found: &mut Vec<Finding>) {
    let file = &config.alerts.file;
    match AlertsFile::read(file) {
        Ok(Some(rules)) => {
            let (many, told) = (rules.rule.len(), rules.webhook.len());
            found.push(fine(format!("alerts in {}: {many} rules, {told} webhooks", file.display())));
            for webhook in &rules.webhook {
                if let Err(why) = webhook.secret() {
                    found.push(lacking(format!("webhook {:?} is told of nothing: {why}", webhook.name)));
                }
            }
        }
        Ok(None) => found.push(lacking(format!("there is no {}: supervisors are alerted to nothing", file.display()))),
        Err(why) => found.push(broken(why)),
    }
}

/// Asks something of others on a thread of its own: whoever calls may be in a runtime already. `None`: the thread failed.
fn ask_apart<T: Send>(ask: impl Future<Output = T> + Send) -> Option<std::io::Result<T>> {
    std::thread::scope(|scope| {
        let asking = || -> std::io::Result<T> {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let answers = runtime.block_on(ask);
            // A name that no server resolves may be looked for long after.
            runtime.shutdown_background();
            Ok(answers)
        };
        scope.spawn(asking).join().ok()
    })
}

/// Whether the engines of other machines answer.
fn remote(engines: &Engines, found: &mut Vec<Finding>) {
    match ask_apart(engines.probe_remote()) {
        Some(Ok(answers)) => found.extend(answers.into_iter().map(|(engine, answer)| match answer {
            Ok(took) => fine(format!("{engine} answers within {} ms", took.as_millis())),
            Err(why) => lacking(format!("{engine} does not answer, the engines of this machine do: {why}")),
        })),
        Some(Err(why)) => found.push(lacking(format!("the engines of other machines were not asked: {why}"))),
        None => found.push(lacking("the engines of other machines were not asked: a thread failed")),
    }
}

fn sockets(config: &Config, found: &mut Vec<Finding>) {
    let mut try_socket = |key: &str, at: Option<SocketAddr>, bind: fn(SocketAddr) -> std::io::Result<()>| {
        let Some(at) = at else { return };
        match bind(at) {
            Ok(()) => found.push(fine(format!("{key} = {at} is free"))),
            Err(why) if why.kind() == std::io::ErrorKind::AddrInUse => {
                found.push(broken(format!(
                    "{key} = {at} is taken (is a server running already?): stop it, or set another port"
                )));
            }
            Err(why) => found.push(broken(format!("{key} = {at} cannot be used: {why}"))),
        }
    };
    for at in config.sip.udp.iter() {
        try_socket("sip.udp", Some(*at), |at| UdpSocket::bind(at).map(drop));
    }
    for at in config.sip.tcp.iter() {
        try_socket("sip.tcp", Some(*at), |at| TcpListener::bind(at).map(drop));
    }
    try_socket("http.listen", config.http.listen, |at| TcpListener::bind(at).map(drop));
    let rtp = &config.rtp;
    let pairs = u32::from(rtp.ports_to.saturating_sub(rtp.ports_from)).div_ceil(2);
    let free = (rtp.ports_from..rtp.ports_to)
        .step_by(2)
        .filter(|port| rtp.bind.iter().all(|ip| UdpSocket::bind(SocketAddr::new(*ip, *port)).is_ok()))
        .count();
    let on = rtp.bind.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ");
    let line = format!("rtp: {free} of {pairs} port pairs {}-{} on {on} are free", rtp.ports_from, rtp.ports_to);
    found.push(match free {
        0 => broken(format!(
            "{line}: set rtp.bind to an address of this machine and rtp.ports_from/ports_to to free ports"
        )),
        _ if free < config.sip.max_calls as usize => {
            lacking(format!("{line}, fewer than sip.max_calls: widen the range"))
        }
        _ => fine(line),
    });
}

/// Whether browsers' sound can reach us where their pages can.
fn pages(config: &Config, found: &mut Vec<Finding>) {
    let rtc = &config.rtc;
    if config.http.listen.is_none() {
        return;
    }
    if !config.widget.enabled {
        return found.push(fine("no page may call (widget.enabled = false)"));
    }
    for ip in &rtc.bind {
        if let Err(why) = UdpSocket::bind(SocketAddr::new(*ip, 0)) {
            found.push(broken(format!("rtc.bind = {ip} cannot be used: {why}; name an address of this machine")));
        }
    }
    let beyond = !config.widget.origins.is_empty();
    let loopback = rtc.bind.iter().all(std::net::IpAddr::is_loopback);
    let private =
        rtc.bind.iter().all(|ip| ip.is_unspecified() || ip.is_loopback() || telephony::address::is_private(*ip));
    found.push(match rtc.public_address {
        None if beyond && loopback => lacking(
            "widget.origins lets pages elsewhere call, and rtc.bind is loopback, where their sound does not reach: set rtc.bind",
        ),
        None if beyond && private => lacking(
            "browsers are told this machine's own addresses: behind a NAT or in a cloud set rtc.public_address",
        ),
        _ => fine(format!("pages may call {}", match config.widget.public.as_slice() {
            [] => "with tokens of your server's alone (widget.public is empty)".into(),
            bots => bots.join(", "),
        })),
    });
}

fn system(config: &Config, found: &mut Vec<Finding>) {
    match Files::of(config).map(Tls::load) {
        None => {}
        Some(Ok(tls)) => found
            .push(fine(format!("http.tls_certificate and http.tls_key can be used, SHA-256 {}", tls.fingerprint()))),
        Some(Err(why)) => found.push(broken(why)),
    }
    match store::vault::load(&config.store) {
        Ok(None) => {}
        Ok(Some(vault)) => found.push(fine(format!("recordings are encrypted with the key {}", vault.id()))),
        Err(why) => found.push(broken(why)),
    }
    let dir = &config.store.dir;
    let probe = dir.join(".check");
    match store::folder(dir).and_then(|()| std::fs::write(&probe, "x")).and_then(|()| std::fs::remove_file(&probe)) {
        Ok(()) => found.push(fine(format!("store.dir {} can be written", dir.display()))),
        Err(why) => found.push(broken(format!("store.dir {} cannot be written: {why}", dir.display()))),
    }
    database(dir, found);
    // A phone's call holds two sockets and a recording; a page's one, two sockets for each address and four connections; and the web
    // address its connections and WebSockets.
    let page = 5 + 2 * config.rtc.bind.len() as u64;
    let pages = if config.widget.enabled { u64::from(config.widget.max_calls) * page } else { 0 };
    let wanted = u64::from(config.sip.max_calls) * 3 + pages + 400;
    // The server raises its own soft limit.
    let files = limits::files().hard;
    found.push(if files >= wanted {
        fine(format!("open files: {files} allowed, {wanted} wanted for sip.max_calls and widget.max_calls"))
    } else {
        lacking(format!("open files: {files} allowed, {wanted} wanted for sip.max_calls and widget.max_calls: raise it (ulimit -Hn {wanted}, or LimitNOFILE=)"))
    });
    if config.media.realtime {
        let granted = media::engine::granted();
        found.push(if granted == Priority::Realtime {
            fine("media threads get real-time priority")
        } else {
            lacking(format!(
                "media threads get {} priority: other programs can make the sound late; allow real time with LimitRTPRIO=20 \
                 in the unit (or ulimit -r), or `setcap cap_sys_nice+ep` on the binary, in a container with --cap-add SYS_NICE",
                granted.name()
            ))
        });
    }
}

/// Whether the calls of earlier runs can be read.
fn database(dir: &Path, found: &mut Vec<Finding>) {
    match ask_apart(store::probe(dir)) {
        Some(Ok(Ok(None))) => {}
        Some(Ok(Ok(Some(calls)))) => found.push(fine(format!("the database in {} holds {calls} calls", dir.display()))),
        Some(Ok(Err(why))) => found.push(broken(why)),
        Some(Err(why)) => found.push(lacking(format!("the database was not looked at: {why}"))),
        None => found.push(lacking("the database was not looked at: a thread failed")),
    }
}

fn fine(what: impl Display) -> Finding {
    Finding { verdict: Verdict::Fine, what: what.to_string() }
}

fn lacking(what: impl Display) -> Finding {
    Finding { verdict: Verdict::Lacking, what: what.to_string() }
}

fn broken(what: impl Display) -> Finding {
    Finding { verdict: Verdict::Broken, what: what.to_string() }
}
