//! The language models of bots: asked over HTTP, answered piece by piece; those that hear and speak, over the connection of their call
//! ([`crate::speech_models`]).
use crate::config::{Config, LanguageModel, LanguageModelKind};
use crate::speech_models::{self, SpeechAccount, SpeechProtocol};
use crate::web_client::client;
use dialog::model::chat::completion::CompletionReader;
use dialog::model::language_model::{ModelFault, ModelNews, ModelRequest, RequestId};
use reqwest::RequestBuilder;
use reqwest::header::RETRY_AFTER;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::timeout;

/// A piece of an answer, and the request that it belongs to.
pub type Told = (RequestId, ModelNews);

/// Pieces that wait for a call; a model whose pieces are not taken is not read on.
pub const QUEUE: usize = 256;

/// How long a server may leave the connection open after the end of its answer.
const CLOSING: Duration = Duration::from_millis(300);
/// How long a server may take to say which models it has.
const PROBE: Duration = Duration::from_secs(3);

/// Every model that bots may ask.
#[derive(Default)]
pub struct LanguageModels {
    accounts: BTreeMap<String, Arc<Account>>,
    speech: BTreeMap<String, Arc<SpeechAccount>>,
}

struct Account {
    url: String,
    model: String,
    key: Option<String>,
    at_once: Arc<Semaphore>,
}

impl LanguageModels {
    /// Those of the configuration, and the server of this machine under [`LanguageModel::LOCAL`]. One whose key cannot be read is left
    /// out, which the configuration's check has told.
    pub fn load(config: &Config) -> Self {
        let (mut accounts, mut speech) = (BTreeMap::new(), BTreeMap::new());
        let usual = (LanguageModel::LOCAL.to_owned(), LanguageModel::local());
        let usual = Some(usual).filter(|(name, _)| !config.language_models.contains_key(name));
        for (name, model) in config.language_models.clone().into_iter().chain(usual) {
            match model.key() {
                Ok(key) => {
                    let at_once = Arc::new(Semaphore::new(model.at_once.max(1) as usize));
                    let url = model.url.trim_end_matches('/').to_owned();
                    let key = key.map(|key| key.reveal().to_owned());
                    let protocol = match model.kind {
                        LanguageModelKind::Chat => {
                            accounts.insert(name, Arc::new(Account { url, model: model.model, key, at_once }));
                            continue;
                        }
                        LanguageModelKind::OpenaiRealtime => SpeechProtocol::OpenAiRealtime,
                        LanguageModelKind::GeminiLive => SpeechProtocol::GeminiLive,
                    };
                    // Loaded once: its name lives as long as the process.
                    let label: &'static str = name.clone().leak();
                    let (model, voice) = (model.model, model.voice.unwrap_or_default());
                    let account = SpeechAccount { name: label, protocol, url, model, voice, key, at_once };
                    speech.insert(name, Arc::new(account));
                }
                Err(why) => tracing::warn!(model = %name, %why, "this language model cannot be asked"),
            }
        }
        Self { accounts, speech }
    }

    pub fn knows(&self, name: &str) -> bool {
        self.accounts.contains_key(name) || self.speech.contains_key(name)
    }

    /// The model of this name, if it hears and speaks.
    pub fn speech(&self, name: &str) -> Option<Arc<SpeechAccount>> {
        self.speech.get(name).cloned()
    }

    /// Asks until the answer has ended or has failed, and tells each piece. Dropped, it asks no more.
    pub async fn ask(self: Arc<Self>, request: ModelRequest, out: mpsc::Sender<Told>) {
        let id = request.id;
        if let Some(account) = self.speech(&request.model) {
            return speech_models::ask_in_words(account, request, out).await;
        }
        let result = match self.accounts.get(&request.model) {
            Some(account) => account.stream(request, &out).await,
            None => Err(ModelFault::Unknown),
        };
        if let Err(fault) = result {
            // Who does not listen any more needs no outcome.
            let _ = out.send((id, ModelNews::Failed(fault))).await;
        }
    }

    /// How fast each of these answers what models it has, or why it does not.
    pub async fn probe(&self, names: impl IntoIterator<Item = String>) -> Vec<(String, Result<Duration, String>)> {
        let mut all = Vec::new();
        for name in names {
            let answer = match self.accounts.get(&name) {
                Some(account) => account.probe().await,
                None if self.speech.contains_key(&name) => self.probe_speech(&name).await,
                None => Err("it is not configured, or its key cannot be read".to_owned()),
            };
            all.push((name, answer));
        }
        all
    }

    async fn probe_speech(&self, name: &str) -> Result<Duration, String> {
        let Some(account) = self.speech.get(name) else { return Err("it is not configured".to_owned()) };
        speech_models::probe(account).await.map_err(|fault| format!("{}: {fault}", account.url))
    }
}

impl Account {
    fn with_key(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.key {
            Some(key) => request.bearer_auth(key),
            None => request,
        }
    }

    async fn stream(&self, request: ModelRequest, out: &mpsc::Sender<Told>) -> Result<(), ModelFault> {
        // The core's limits run meanwhile.
        let _running = self.at_once.acquire().await.map_err(|_| ModelFault::Unreachable)?;
        let ModelRequest { id, mut body, .. } = request;
        if !self.model.is_empty() {
            body["model"] = self.model.as_str().into();
        }
        let post = self.with_key(client().post(format!("{}/chat/completions", self.url))).json(&body);
        let mut response = post.send().await.map_err(|_| ModelFault::Unreachable)?;
        let status = response.status();
        if !status.is_success() {
            let pause = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
            return Err(ModelFault::of_status(status.as_u16(), pause));
        }
        let mut reader = CompletionReader::default();
        loop {
            let chunk = match reader.is_finished() {
                // Some servers tell the usage last, and some never close.
                true => timeout(CLOSING, response.chunk()).await.unwrap_or(Ok(None)),
                false => response.chunk().await,
            };
            let (news, ended) = match chunk {
                Ok(Some(bytes)) => (reader.feed(&bytes), reader.is_done()),
                Ok(None) => (Vec::new(), true),
                Err(_) if reader.is_finished() => (Vec::new(), true),
                Err(_) => return Err(ModelFault::Broken),
            };
            let last = if ended { reader.finish() } else { Vec::new() };
            for piece in news.into_iter().chain(last) {
                if out.send((id, piece)).await.is_err() {
                    return Ok(());
                }
            }
            if ended || reader.is_over() {
                return Ok(());
            }
        }
    }

    async fn probe(&self) -> Result<Duration, String> {
        let began = Instant::now();
        let asked = self.with_key(client().get(format!("{}/models", self.url))).timeout(PROBE).send().await;
        match asked {
            Ok(answer) if answer.status().is_success() => Ok(began.elapsed()),
            Ok(answer) => Err(format!("{} answers with status {}", self.url, answer.status().as_u16())),
            Err(why) if why.is_timeout() => Err(format!("{} does not answer in time", self.url)),
            Err(_) => Err(format!("{} cannot be reached", self.url)),
        }
    }
}

#[cfg(test)]
mod tests;
