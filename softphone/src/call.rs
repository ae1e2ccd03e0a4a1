//! The command `switchboard call`: signalling, screen and files around a [`Driver`].
use super::args::{Args, Input};
use super::clip::{Clip, HZ};
use super::driver::{Driver, PhoneEvent};
use super::page::Page;
use super::phone::{Act, Plan};
use super::place::{PORTS, directed, nobody_listens, random, resolve, route_to};
use super::report::{CallFacts, Observation, Report, Turn};
use super::speak::Speaker;
use super::words::{Api, Words};
use anyhow::{Context, bail};
use serde_json::json;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime};
use telephony::rtp::{Ports, PortsPlan};
use telephony::sdp::Prefs;
use telephony::sip::{Dial, Sip, SipPlan};
use telephony::{Change, EndedBy, Line, Party, Refused};
use tokio::sync::mpsc;

/// How long a far end may ring.
const RINGS: Duration = Duration::from_secs(60);

/// Writes a report to the standard output, and says so where nobody reads it.
pub type Print = fn(&str) -> anyhow::Result<()>;

/// Places the call, prints the conversation, writes the files. Success only if every input was answered.
pub async fn run(args: Args, print: Print) -> anyhow::Result<ExitCode> {
    if args.target.starts_with("http://") || args.target.starts_with("https://") {
        return browse(args, print).await;
    }
    let (acts, labels) = prepare(&args).await?;
    let target = resolve(&args.target).await?;
    let bind = args.bind.map_or_else(|| route_to(target), Ok).context("no way to the target from this machine")?;
    let screen = Screen { json: args.json.clone(), print };
    if !args.target.contains("transport=tcp") && nobody_listens(target, bind) {
        bail!("nothing answers SIP at {target}: is the server running? `make run` starts it");
    }
    let local = SocketAddr::new(bind, 0);
    // Nobody registers with this phone or calls it: a call that comes is refused, for nobody takes it.
    let mut prefs = Prefs { codecs: args.codec.clone(), ..Prefs::default() };
    if let Some((security, suite)) = args.srtp {
        prefs.security = security;
        prefs.suites = suite.map_or(prefs.suites, |suite| vec![suite]);
    }
    let plan = SipPlan { udp: vec![local], tcp: vec![], open: Vec::new(), prefs, ..SipPlan::default() };
    let ports = PortsPlan { bind, advertise: bind, from: PORTS.0, to: PORTS.1, ..PortsPlan::default() };
    let (sip, _) = Sip::start(plan, Ports::new(ports)).await.context("cannot open a SIP socket")?;
    let caller = format!("softphone-{:08x}", random() as u32);
    screen.line(&format!("calling {} …", args.target));
    let dialled = Instant::now();
    let from = Party::new(caller.clone(), "").on(bind);
    let timeout = args.timeout.min(RINGS);
    let dial = Dial { to: args.target.clone(), from: Some(from), timeout, ..Dial::default() };
    let line = match sip.dial(dial).await {
        Ok(line) => line,
        Err(refused) => {
            let Refused { status, reason } = refused;
            return not_answered(&args, &screen, status, &reason);
        }
    };
    let setup = dialled.elapsed();
    let api = || Api::find(&args.api, &args.token_file, caller).map(Words::Api);
    let words = if target.ip().is_loopback() { api() } else { None };
    let sealed = line.suite.map_or(String::new(), |suite| format!(", {}", suite.name()));
    let mut line = line;
    let told = converse(&args, &mut line, acts, &labels, (setup, &sealed), words, &screen).await?;
    sip.stop(Duration::from_secs(2)).await;
    finish(&args, told, &labels, &screen)
}

/// The same as a browser: the target is the server's address for pages, and the bot is named.
async fn browse(args: Args, print: Print) -> anyhow::Result<ExitCode> {
    let bot = args.bot.clone().context("name the bot to call: --bot booking.en")?;
    let (acts, labels) = prepare(&args).await?;
    let target = reqwest::Url::parse(&args.target)
        .ok()
        .and_then(|url| Some((url.host_str()?.trim_matches(['[', ']']).to_owned(), url.port_or_known_default()?)));
    let (host, port) = target.with_context(|| format!("`{}` is no http://HOST[:PORT]/", args.target))?;
    let mut found = tokio::net::lookup_host((host, port)).await.context("cannot find the host")?;
    let target = found.next().context("the host has no address")?;
    let bind = args.bind.map_or_else(|| route_to(target), Ok).context("no way to the target from this machine")?;
    let screen = Screen { json: args.json.clone(), print };
    screen.line(&format!("calling {bot} at {} …", args.target));
    let dialled = Instant::now();
    let placed = match Page::open(&args.target, bind) {
        Ok(page) => page.call(&bot).await,
        Err(refused) => Err(refused),
    };
    let mut placed = match placed {
        Ok(placed) => placed,
        Err(refused) => return not_answered(&args, &screen, refused.status, &refused.reason),
    };
    let (setup, words) = (dialled.elapsed(), Words::Captions(placed.captions()));
    let told = converse(&args, &mut placed.line, acts, &labels, (setup, ", DTLS-SRTP"), Some(words), &screen).await?;
    placed.leave().await;
    finish(&args, told, &labels, &screen)
}

/// What a conversation leaves behind.
type CallOutcome = (Report, Vec<i16>, CallFacts);

fn finish(
    args: &Args,
    (report, heard, facts): CallOutcome,
    labels: &[String],
    screen: &Screen,
) -> anyhow::Result<ExitCode> {
    screen.line(&report.summary(&facts));
    if let Some(path) = &args.record {
        write_wav(path, &heard).with_context(|| format!("cannot write {}", path.display()))?;
    }
    screen.report(&report.json(&facts, labels))?;
    Ok(if report.is_complete() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// From the answer to the end.
async fn converse(
    args: &Args,
    line: &mut Line,
    acts: Vec<Act>,
    labels: &[String],
    (setup, sealed): (Duration, &str),
    words: Option<Words>,
    screen: &Screen,
) -> anyhow::Result<CallOutcome> {
    let (answered, clocks) = (Instant::now(), (Instant::now(), SystemTime::now()));
    let codec = line.plan.codec.name();
    screen.line(&format!("{:8.2} s  answered within {:.0} ms ({codec}{sealed})", 0.0, setup.as_secs_f64() * 1e3));
    let wire = line.wire.take().context("the line has no sound")?;
    // What does not fit is not shown; 256 lines is more than a minute of the fastest conversation.
    let (events, mut inbox) = mpsc::channel(256);
    let driver =
        Driver::start(wire, plan(args, line, acts), answered, args.timeout, events).context("cannot start a thread")?;
    let mut teller = Teller { answered, labels, turns: Vec::new(), words, screen };
    let limit = tokio::time::sleep(args.timeout);
    tokio::pin!(limit);
    let ended = loop {
        tokio::select! {
            event = inbox.recv() => match event {
                Some(PhoneEvent::Observed(observation)) => teller.tell(observation).await,
                Some(PhoneEvent::HangUp) | None => break line.hang_up("conversation finished").await,
            },
            change = line.next() => match change {
                Change::Plan(plan) => driver.configure(plan),
                Change::OnHold(true) => screen.line("            the far end holds the call"),
                Change::OnHold(false) => screen.line("            the far end takes the call off hold"),
                Change::Referral(_) => {}
                Change::Replaced(_) => screen.line("            another phone has taken the call over"),
                Change::Up => {}
                Change::Lost(lost) => screen.line(if lost { "            the connection is lost" } else { "            the connection is back" }),
                Change::Key(_) => {}
                Change::Ended(ended) => break ended,
            },
            () = &mut limit => {
                screen.line(&format!("            hanging up after {} s (--timeout)", args.timeout.as_secs_f64()));
                break line.hang_up("time limit").await;
            }
            _ = tokio::signal::ctrl_c() => break line.hang_up("interrupted").await,
        }
    };
    let ended_at = Instant::now();
    let (report, heard) =
        tokio::task::spawn_blocking(|| driver.finish()).await?.context("the softphone's thread broke")?;
    while let Ok(PhoneEvent::Observed(observation)) = inbox.try_recv() {
        teller.tell(observation).await;
    }
    teller.last_words().await;
    let (target, ended_by, ended_reason) = (args.target.clone(), ended_by(ended.by), ended.reason.to_owned());
    Ok((report, heard, CallFacts { target, codec, setup, clocks, ended_at, ended_by, ended_reason }))
}

/// What the softphone does in a call over this line.
fn plan(args: &Args, line: &Line, acts: Vec<Act>) -> Plan {
    let (interrupt, finished, patience) = (args.interrupt_at, args.quiet, args.patience);
    Plan { acts, interrupt, finished, patience, directed: false, ..directed(line) }
}

/// Who ended the call, as the report names them.
const fn ended_by(by: EndedBy) -> &'static str {
    match by {
        EndedBy::Caller => "the bot",
        EndedBy::Network => "the network",
        EndedBy::Us => "the caller",
    }
}

/// Prints the conversation.
struct Teller<'a> {
    answered: Instant,
    labels: &'a [String],
    turns: Vec<Turn>,
    words: Option<Words>,
    screen: &'a Screen,
}

impl Teller<'_> {
    async fn tell(&mut self, observation: Observation) {
        self.screen.line(&Report::line(self.answered, observation, &mut self.turns, self.labels));
        if matches!(observation, Observation::BotFinished { .. } | Observation::Silent { .. }) {
            self.last_words().await;
        }
    }

    async fn last_words(&mut self) {
        let Some(words) = &mut self.words else { return };
        for text in words.news().await {
            self.screen.line(&format!("{:12}bot     “{text}”", ""));
        }
    }
}

/// Where the conversation is shown and the report is written.
struct Screen {
    /// The report's file; `-` is the standard output, and the conversation is then shown on standard error.
    json: Option<PathBuf>,
    print: Print,
}

impl Screen {
    /// Shows a line of the conversation. A reader that has gone away ends no call.
    fn line(&self, text: &str) {
        if self.prints_report() {
            writeln!(std::io::stderr(), "{text}").ok();
        } else {
            writeln!(std::io::stdout(), "{text}").ok();
        }
    }

    fn report(&self, value: &serde_json::Value) -> anyhow::Result<()> {
        let Some(path) = &self.json else { return Ok(()) };
        let text = format!("{value:#}\n");
        if self.prints_report() {
            return (self.print)(&text);
        }
        std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
    }

    fn prints_report(&self) -> bool {
        self.json.as_deref() == Some(Path::new("-"))
    }
}

/// What the caller will do, and how each act is shown.
async fn prepare(args: &Args) -> anyhow::Result<(Vec<Act>, Vec<String>)> {
    let args = args.clone();
    // Synthesis computes for a while; it is over before the call begins.
    tokio::task::spawn_blocking(move || {
        let mut speaker = None;
        let mut prepared = (Vec::new(), Vec::new());
        for input in &args.inputs.0 {
            let (act, label) = match input {
                Input::Play(path) => (Act::Say(Clip::read(path)?), path.display().to_string()),
                Input::Key(keys) => (Act::Keys(keys.clone()), format!("keys {keys}")),
                Input::Say(text) => {
                    if speaker.is_none() {
                        speaker = Some(Speaker::new(args.language, &args.voice)?);
                    }
                    let clip = speaker.as_ref().map(|speaker| speaker.say(text)).transpose()?;
                    (Act::Say(clip.context("no voice")?), format!("“{text}”"))
                }
            };
            prepared.0.push(act);
            prepared.1.push(label);
        }
        Ok(prepared)
    })
    .await?
}

fn not_answered(args: &Args, screen: &Screen, status: u16, reason: &str) -> anyhow::Result<ExitCode> {
    let shown = if status == 0 { String::new() } else { format!("{status} ") };
    screen.line(&format!("not answered: {shown}{reason}"));
    let refused = json!({ "status": status, "reason": reason });
    screen.report(&json!({ "to": args.target, "answered": false, "complete": false, "refused": refused }))?;
    Ok(ExitCode::FAILURE)
}

fn write_wav(path: &Path, pcm: &[i16]) -> Result<(), hound::Error> {
    let spec =
        hound::WavSpec { channels: 1, sample_rate: HZ, bits_per_sample: 16, sample_format: hound::SampleFormat::Int };
    let mut writer = hound::WavWriter::create(path, spec)?;
    for &sample in pcm {
        writer.write_sample(sample)?;
    }
    writer.finalize()
}

#[cfg(test)]
mod tests;
