//! `Config`: everything an operator can set, one typed tree. `configs/server.toml` names every key with its default.
//!
//! Relative paths start at the directory the server is started in. An empty string means "not set" where a key is optional.
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

mod blank;
mod check;
mod codec;
mod http;
mod load;
mod network;
mod numbers;
mod peers;
mod ranges;
mod several;
mod store;
#[cfg(test)]
mod tests;
mod widget;

pub use codec::{Codec, Opus};
pub use http::Http;
pub use load::Fault;
pub use network::{Network, ReplyPort};
pub use numbers::Numbers;
pub use peers::{Phone, Register, Route, Transport, Trunk};
pub use several::Several;
pub use store::{RecordingFormat, Store};
pub use widget::{Ice, Rtc, Widget};

/// The kind of route that is no bot: the caller's own sound back through the whole media path.
pub const ECHO: &str = "echo";

/// A time span in whole milliseconds; its key ends in `_ms`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(transparent)]
pub struct Ms(pub u32);

impl From<Ms> for Duration {
    fn from(ms: Ms) -> Self {
        Self::from_millis(ms.0.into())
    }
}

/// A time span in whole seconds; its key ends in `_s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(transparent)]
pub struct Secs(pub u32);

impl From<Secs> for Duration {
    fn from(s: Secs) -> Self {
        Self::from_secs(s.0.into())
    }
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The bot for users that no `[[route]]` names; not set: such calls are refused with 404.
    #[serde(with = "blank")]
    pub default_route: Option<String>,
    pub sip: Sip,
    pub rtp: Rtp,
    pub media: Media,
    pub speech: Speech,
    pub bots: Bots,
    pub call: Call,
    pub store: Store,
    pub http: Http,
    pub widget: Widget,
    pub rtc: Rtc,
    pub log: Log,
    pub drain: Drain,
    pub numbers: Numbers,
    pub route: Vec<Route>,
    pub phone: Vec<Phone>,
    pub trunk: Vec<Trunk>,
}

impl Default for Config {
    fn default() -> Self {
        let route = |user: &str, bot: &str| Route { user: user.into(), bot: bot.into() };
        Self {
            default_route: Some("booking.en".into()),
            sip: Sip::default(),
            rtp: Rtp::default(),
            media: Media::default(),
            speech: Speech::default(),
            bots: Bots::default(),
            call: Call::default(),
            store: Store::default(),
            http: Http::default(),
            widget: Widget::default(),
            rtc: Rtc::default(),
            log: Log::default(),
            drain: Drain::default(),
            numbers: Numbers::default(),
            route: vec![route("booking", "booking.en"), route("places", "places.vi"), route("echo", ECHO)],
            phone: Vec::new(),
            trunk: Vec::new(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sip {
    pub udp: Several<SocketAddr>,
    pub tcp: Several<SocketAddr>,
    /// The addresses others reach us at, one for an IP family; none: the listen address, or the one of the route to the internet.
    pub advertise: Several<IpAddr>,
    pub user_agent: String,
    /// The realm of our digest challenges.
    pub realm: String,
    pub max_calls: u32,
    /// The answer to one call more: 486 or 503.
    pub full_status: u16,
    /// On average; `open_networks` and trunks' networks are not limited.
    pub messages_per_second_per_source: u32,
    /// How long a call may ring unanswered.
    pub ring_limit_s: Secs,
    pub open_networks: Vec<Network>,
    pub reply_port: ReplyPort,
}

impl Default for Sip {
    fn default() -> Self {
        let listen = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 5060);
        Self {
            udp: Several(vec![listen]),
            tcp: Several(vec![listen]),
            advertise: Several(vec![]),
            user_agent: "Switchboard".into(),
            realm: "switchboard".into(),
            max_calls: 500,
            full_status: 486,
            messages_per_second_per_source: 50,
            ring_limit_s: Secs(180),
            open_networks: Network::loopback().to_vec(),
            reply_port: ReplyPort::Via,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rtp {
    pub bind: Several<IpAddr>,
    pub advertise: Several<IpAddr>,
    pub ports_from: u16,
    pub ports_to: u16,
    pub drain_ms: Ms,
    pub timeout_ms: Ms,
    pub latching: Latching,
    pub ptime_ms: Ms,
    pub codecs: Vec<Codec>,
    pub opus: Opus,
    pub srtp: Srtp,
}

impl Default for Rtp {
    fn default() -> Self {
        Self {
            bind: Several(vec![IpAddr::V4(Ipv4Addr::LOCALHOST)]),
            advertise: Several(vec![]),
            ports_from: 16_384,
            ports_to: 32_767,
            drain_ms: Ms(2_000),
            timeout_ms: Ms(2_000),
            latching: Latching::Anyone,
            ptime_ms: Ms(20),
            codecs: vec![Codec::Opus, Codec::G722, Codec::Pcmu, Codec::Pcma],
            opus: Opus::default(),
            srtp: Srtp::Offered,
        }
    }
}

/// Whether sound is encrypted (SRTP with the keys in the SDP).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Srtp {
    Off,
    Offered,
    Required,
}

/// Whose sound is taken when it does not come from the address that signalling named. Learnt once per call, and again when the
/// one learnt has been silent for `timeout_ms` and its stream goes on from elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Latching {
    Anyone,
    SameHost,
    Nobody,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Media {
    pub threads: usize,
    /// Ask the system for real-time priority for the media threads; refused: go on without and say so.
    pub realtime: bool,
    pub jitter_min_ms: Ms,
    pub jitter_max_ms: Ms,
}

impl Default for Media {
    fn default() -> Self {
        Self { threads: 1, realtime: true, jitter_min_ms: Ms(0), jitter_max_ms: Ms(500) }
    }
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Speech {
    /// 0: one less than the machine has cores, but two at least, so that a long clause never delays an answer.
    pub threads: usize,
    pub listen_limit_ms: Ms,
    pub speak_limit_ms: Ms,
    pub full_wait_ms: Ms,
    #[serde(with = "blank::path")]
    pub silero: Option<PathBuf>,
    pub ear: Ear,
    pub recognisers: Recognisers,
    pub voices: Voices,
    pub pocketsphinx: Pocketsphinx,
    pub whisper: Whisper,
}

impl Speech {
    /// How many speech workers to start on a machine with `cores` cores.
    pub fn workers(&self, cores: usize) -> usize {
        if self.threads == 0 { cores.saturating_sub(1).max(2) } else { self.threads }
    }
}

impl Default for Speech {
    fn default() -> Self {
        Self {
            threads: 0,
            listen_limit_ms: Ms(700),
            speak_limit_ms: Ms(600),
            full_wait_ms: Ms(400),
            silero: Some("models/silero_vad_op18_ifless.onnx".into()),
            ear: Ear::default(),
            recognisers: Recognisers::default(),
            voices: Voices::default(),
            pocketsphinx: Pocketsphinx::default(),
            whisper: Whisper::default(),
        }
    }
}

/// When speech counts as begun and ended; see `media::EarPlan`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ear {
    pub preroll_ms: Ms,
    pub start_ms: Ms,
    pub end_ms: Ms,
    pub echo: Echo,
    pub noise: Noise,
    pub level: Level,
}

impl Default for Ear {
    fn default() -> Self {
        Self {
            preroll_ms: Ms(300),
            start_ms: Ms(64),
            end_ms: Ms(200),
            echo: Echo::Phones,
            noise: Noise::Off,
            level: Level::Off,
        }
    }
}

/// On which lines our own sound is taken out of what comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Echo {
    Phones,
    Off,
}

impl From<Echo> for media::ear::EchoControl {
    fn from(echo: Echo) -> Self {
        match echo {
            Echo::Phones => Self::On,
            Echo::Off => Self::Off,
        }
    }
}

/// How much of a line's noise is taken out before the recogniser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Noise {
    Off,
    Auto,
    Mild,
    Firm,
    Strong,
}

impl From<Noise> for media::ear::suppressor::Suppression {
    fn from(noise: Noise) -> Self {
        match noise {
            Noise::Off => Self::Off,
            Noise::Auto => Self::Auto,
            Noise::Mild => Self::Mild,
            Noise::Firm => Self::Firm,
            Noise::Strong => Self::Strong,
        }
    }
}

/// Whether callers are brought to the usual level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    On,
    Off,
}

impl From<Level> for media::ear::level::Levelling {
    fn from(level: Level) -> Self {
        match level {
            Level::On => Self::On,
            Level::Off => Self::Off,
        }
    }
}

/// Recognisers in order of preference, per language.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Recognisers {
    pub en: Vec<Recogniser>,
    pub vi: Vec<Recogniser>,
}

impl Default for Recognisers {
    fn default() -> Self {
        // Whisper is in use as soon as it has a model; until then it is skipped.
        let both = vec![Recogniser::Whisper, Recogniser::Pocketsphinx];
        Self { en: both.clone(), vi: both }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Recogniser {
    Pocketsphinx,
    Whisper,
}

/// Synthesisers in order of preference, per language.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Voices {
    pub en: Vec<Synthesiser>,
    pub vi: Vec<Synthesiser>,
}

impl Default for Voices {
    fn default() -> Self {
        Self { en: vec![Synthesiser::Flite, Synthesiser::Espeak], vi: vec![Synthesiser::Espeak] }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Synthesiser {
    Flite,
    Espeak,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pocketsphinx {
    pub en: Acoustic,
    pub vi: Acoustic,
}

impl Default for Pocketsphinx {
    fn default() -> Self {
        let dir = Path::new("/usr/share/pocketsphinx/model/en-us");
        let en = Acoustic {
            model: Some(dir.join("en-us")),
            dictionary: Some(dir.join("cmudict-en-us.dict")),
            ..Acoustic::default()
        };
        Self { en, vi: Acoustic::default() }
    }
}

/// One language of pocketsphinx.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Acoustic {
    #[serde(with = "blank::path")]
    pub model: Option<PathBuf>,
    #[serde(with = "blank::path")]
    pub dictionary: Option<PathBuf>,
    pub spelling: Spelling,
    /// The rate the model was trained at: 8000 or 16000.
    pub rate_hz: u32,
    /// A hypothesis scoring below this is taken for something else than was asked for.
    pub refuse_below: f32,
}

impl Default for Acoustic {
    fn default() -> Self {
        Self { model: None, dictionary: None, spelling: Spelling::Plain, rate_hz: 16_000, refuse_below: -28.0 }
    }
}

/// How a dictionary writes its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Spelling {
    /// As they are written.
    Plain,
    /// Vietnamese in Telex (`khasch sajn`).
    Telex,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Whisper {
    #[serde(with = "blank::path")]
    pub model: Option<PathBuf>,
    #[serde(with = "blank")]
    pub sha256: Option<String>,
    pub languages: Vec<Language>,
}

impl Default for Whisper {
    fn default() -> Self {
        Self { model: None, sha256: None, languages: vec![Language::En, Language::Vi] }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    En,
    Vi,
}

impl From<Language> for media::Language {
    fn from(language: Language) -> Self {
        match language {
            Language::En => Self::En,
            Language::Vi => Self::Vi,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Bots {
    pub dir: PathBuf,
}

impl Default for Bots {
    fn default() -> Self {
        Self { dir: "configs/bots".into() }
    }
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Call {
    pub answer_delay_ms: Ms,
    pub max_duration_s: Secs,
    pub dial_timeout_s: Secs,
    pub dead_air_ms: Ms,
    pub no_rtp_ms: Ms,
    pub held_max_s: Secs,
}

impl Default for Call {
    fn default() -> Self {
        Self {
            answer_delay_ms: Ms(0),
            max_duration_s: Secs(3600),
            dial_timeout_s: Secs(45),
            dead_air_ms: Ms(1_100),
            no_rtp_ms: Ms(20_000),
            held_max_s: Secs(600),
        }
    }
}

impl Config {
    /// Where the API's token lies.
    pub fn token_file(&self) -> PathBuf {
        self.http.token_file.clone().unwrap_or_else(|| self.store.dir.join("admin.token"))
    }
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// A level (`error` to `trace`), or directives such as `info,telephony=debug`.
    pub level: String,
    pub format: LogFormat,
}

impl Default for Log {
    fn default() -> Self {
        Self { level: "info".into(), format: LogFormat::Text }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Text,
    Json,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Drain {
    pub limit_ms: Ms,
}

impl Default for Drain {
    fn default() -> Self {
        Self { limit_ms: Ms(300_000) }
    }
}
