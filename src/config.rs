//! `Config`: everything an operator can set, one typed tree. `configs/server.toml` names every key with its default.
//!
//! Relative paths start at the directory the server is started in. An empty string means "not set" where a key is optional.
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

mod alerts;
mod blank;
mod call;
mod check;
mod codec;
mod destination;
mod ear;
mod embeddings;
mod health;
mod http;
mod language;
mod language_model;
mod latency;
mod load;
mod log;
mod media;
mod network;
mod numbers;
mod oidc;
mod peers;
mod privacy;
mod ranges;
mod remote;
mod rtp;
mod several;
mod sign_in;
mod sip;
mod speech;
mod store;
#[cfg(test)]
mod tests;
mod tools;
mod units;
mod widget;

pub use self::media::Media;
pub use alerts::{AlertRule, Alerts, AlertsFile, BadMood, By, Severity, Webhook, WebhookEvent, When};
pub use call::Call;
pub(crate) use check::key;
pub use codec::{Codec, Opus};
pub use destination::{AfterPerson, Destination, Fallback, TransferBy};
pub use ear::{Ear, Echo, Level, Noise};
pub use embeddings::Embeddings;
pub use health::{Grade, Health};
pub use http::Http;
pub use language::{ByLanguage, LanguageCode};
pub use language_model::{LanguageModel, LanguageModelKind};
pub use latency::LatencyConfig;
pub use load::Fault;
pub(crate) use log::OURS;
pub use log::{Log, LogFormat};
pub use network::{Network, ReplyPort};
pub use numbers::Numbers;
pub use oidc::{JoiningUsers, Oidc, OidcRole};
pub use peers::{Phone, Register, Route, Transport, Trunk};
pub use privacy::{PersonalData, Privacy};
pub use remote::{RecogniserProtocol, RemoteRecogniser, RemoteVoice, VoiceProtocol};
pub use rtp::{Latching, Rtp, Srtp};
pub use several::Several;
pub use sign_in::is_safe;
pub use sip::Sip;
pub use speech::{Acoustic, Clauses, Kokoro, Piper, Recogniser, Speech, Spelling, Synthesiser, Whisper, Zipformer};
pub use store::{RecordingFormat, Store};
pub use tools::{McpServer, Tools};
pub use units::{Ms, Secs};
pub use widget::{Ice, Rtc, Widget};

/// The kind of route that is no bot: the caller's own sound back through the whole media path.
pub const ECHO: &str = "echo";

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The bot for users that no `[[route]]` names; not set: such calls are refused with 404.
    #[serde(with = "blank")]
    pub default_route: Option<String>,
    /// The user behind which supervisors dial a call's code, to take part in it by telephone; not set: they cannot.
    #[serde(with = "blank")]
    pub supervisor_dial_in: Option<String>,
    pub sip: Sip,
    pub rtp: Rtp,
    pub media: Media,
    pub speech: Speech,
    pub bots: Bots,
    pub call: Call,
    pub store: Store,
    pub http: Http,
    pub oidc: Oidc,
    pub widget: Widget,
    pub rtc: Rtc,
    pub privacy: Privacy,
    pub latency: LatencyConfig,
    pub health: Health,
    pub alerts: Alerts,
    pub tools: Tools,
    pub embeddings: Embeddings,
    pub log: Log,
    pub drain: Drain,
    pub numbers: Numbers,
    /// Where bots put callers through to a person, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub destinations: BTreeMap<String, Destination>,
    /// Where supervisors are called who join a call by telephone, by user: a SIP URI, or a number by the first trunk that registers.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub supervisor_phones: BTreeMap<String, String>,
    /// The language models that bots ask, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub language_models: BTreeMap<String, LanguageModel>,
    pub route: Vec<Route>,
    pub phone: Vec<Phone>,
    pub trunk: Vec<Trunk>,
}

impl Default for Config {
    fn default() -> Self {
        let route = |user: &str, bot: &str| Route { user: user.into(), bot: bot.into() };
        Self {
            default_route: Some("booking.en".into()),
            supervisor_dial_in: None,
            sip: Sip::default(),
            rtp: Rtp::default(),
            media: Media::default(),
            speech: Speech::default(),
            bots: Bots::default(),
            call: Call::default(),
            store: Store::default(),
            http: Http::default(),
            oidc: Oidc::default(),
            widget: Widget::default(),
            rtc: Rtc::default(),
            privacy: Privacy::default(),
            latency: LatencyConfig::default(),
            health: Health::default(),
            alerts: Alerts::default(),
            tools: Tools::default(),
            embeddings: Embeddings::default(),
            log: Log::default(),
            drain: Drain::default(),
            numbers: Numbers::default(),
            destinations: BTreeMap::new(),
            supervisor_phones: BTreeMap::new(),
            language_models: BTreeMap::new(),
            route: vec![route("booking", "booking.en"), route("places", "places.vi"), route("echo", ECHO)],
            phone: Vec::new(),
            trunk: Vec::new(),
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

impl Config {
    /// Where the API's token lies.
    pub fn token_file(&self) -> PathBuf {
        self.http.token_file.clone().unwrap_or_else(|| self.store.dir.join("admin.token"))
    }
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
