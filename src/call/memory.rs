//! What is known of a call's caller: read from the store before the first word, and added to it as the call goes on.
use crate::engines::Loaded;
use crate::store::{CallerKey, MemoryKind, MemoryOf, Private, Remembered, Store, ToRemember};
use dialog::bot::Language;
use dialog::memory::{KnownFact, Memory, MemoryNews, Promise, PromiseKind};
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::sync::mpsc;

/// How long the store is waited for before the first word: without it the caller is nobody in this call, and nothing is kept of them.
const PATIENCE: Duration = Duration::from_millis(500);

/// News that may wait for the store. A caller agrees, forgets and confirms values one by one; what finds the queue full is lost, and logged.
const QUEUE: usize = 64;

/// Whose memory a call's bot reads and writes.
#[derive(Clone, Debug)]
pub struct CallMemory {
    of: MemoryOf,
    days: u32,
}

/// Where news of a call go. The store has all of them in their order, also when the call has ended.
#[derive(Clone, Debug)]
pub struct MemoryWriter(mpsc::Sender<MemoryNews>);

impl CallMemory {
    /// `None`: the bot remembers nothing, or the caller has no number. `name`: the bot's.
    pub fn of(name: &str, loaded: &Loaded, caller: Option<CallerKey>) -> Option<Self> {
        let plan = loaded.bot.remembers()?;
        let shared = plan.shared.clone().unwrap_or_else(|| name.to_owned());
        Some(Self { of: MemoryOf { caller: caller?, shared }, days: plan.days })
    }

    pub fn whose(&self) -> &MemoryOf {
        &self.of
    }

    /// Whether this bot knows the same callers.
    pub fn is_shared_with(&self, name: &str, loaded: &Loaded) -> bool {
        Self::of(name, loaded, Some(self.of.caller.clone())).is_some_and(|other| other.of == self.of)
    }

    /// What is known of the caller; `None`: the store does not answer.
    pub async fn read(&self, store: &Store) -> Option<Memory> {
        match tokio::time::timeout(PATIENCE, store.memory(&self.of)).await {
            Ok(Ok(rows)) => Some(memory(rows)),
            Ok(Err(why)) => {
                tracing::warn!(%why, "what is known of a caller cannot be read: the bot knows nothing of them in this call");
                None
            }
            Err(_) => {
                tracing::warn!(
                    "the database is too slow to say what is known of a caller: the bot knows nothing of them in this call"
                );
                None
            }
        }
    }

    /// Writes what a call adds.
    pub fn write(self, store: Store, call: &str) -> MemoryWriter {
        let (news, mut inbox) = mpsc::channel(QUEUE);
        let call = call.to_owned();
        tokio::spawn(async move {
            while let Some(news) = inbox.recv().await {
                let done = match &news {
                    MemoryNews::Forget => store.forget(&self.of).await.map(drop),
                    news => store.remember(&self.of, &call, self.days, &rows(news)).await,
                };
                if let Err(why) = done {
                    tracing::warn!(call, %why, "what is known of the caller could not be changed: {news:?}");
                }
            }
        });
        MemoryWriter(news)
    }
}

impl MemoryWriter {
    /// `false`: it is lost.
    pub fn tell(&self, news: MemoryNews) -> bool {
        self.0.try_send(news).is_ok()
    }
}

/// What is known, as a bot is told it. Rows that no version of a bot understands any more are left out.
pub fn memory(rows: Vec<Remembered>) -> Memory {
    let mut memory = Memory::default();
    for Remembered { kind, name, value, at, .. } in rows {
        let on = at.to_zoned(TimeZone::system()).date();
        match kind {
            MemoryKind::Fact => memory.facts.push(KnownFact { name, value: value.0, on }),
            MemoryKind::Promise => memory.promises.extend(PromiseKind::named(&name).map(|kind| {
                let task = value.0.as_str().map(str::to_owned);
                Promise { kind, task, on }
            })),
            MemoryKind::Consent => memory.agreed = true,
            MemoryKind::Language => {
                memory.language = [Language::En, Language::Vi].into_iter().find(|language| value.0 == language.code());
            }
            MemoryKind::Pace => {
                memory.pace = value.0.as_f64().map(|pace| pace as f32).filter(|pace| (0.5..=3.0).contains(pace))
            }
        }
    }
    memory
}

/// What of the store's rows becomes of news.
fn rows(news: &MemoryNews) -> Vec<ToRemember> {
    let row = |kind, name: &str, value: Option<Value>| {
        vec![ToRemember { kind, name: name.to_owned(), value: value.map(Private) }]
    };
    match news {
        MemoryNews::Agreed(true) => row(MemoryKind::Consent, "consent", Some(json!(true))),
        MemoryNews::Agreed(false) | MemoryNews::Forget => Vec::new(),
        MemoryNews::Fact { name, value } => row(MemoryKind::Fact, name, Some(value.clone())),
        MemoryNews::Promise { kind, task, owed } => row(MemoryKind::Promise, kind.name(), owed.then(|| json!(task))),
        MemoryNews::Language(language) => row(MemoryKind::Language, "language", Some(json!(language.code()))),
        MemoryNews::Pace(pace) => {
            row(MemoryKind::Pace, "pace", Some(json!((f64::from(*pace) * 100.0).round() / 100.0)))
        }
    }
}
