//! `Embeddings`: the endpoint that makes vectors of texts, in the shape of OpenAI's `/v1/embeddings`. Where it fails, documents are searched
//! by words alone.
use crate::config;
use crate::web_client::{self, client};
use dialog::knowledge::Knowledge;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

mod files;
mod passages;

pub use files::VectorFile;

/// No answer is longer: 256 vectors of 4,096 numbers.
const MOST_BYTES: usize = 32 * 1024 * 1024;
/// A question that is longer is embedded by its beginning.
const LONGEST_QUESTION: usize = 1_000;
/// After a failure questions do not ask for so long, twice as long after each further one.
const REST: Duration = Duration::from_secs(5);
const LONGEST_REST: Duration = Duration::from_secs(300);
/// Bots whose documents wait for their vectors.
const QUEUE: usize = 64;

/// Why there is no vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EmbeddingFault {
    #[error("it cannot be reached")]
    Unreachable,
    #[error("it does not answer in time")]
    Late,
    #[error("it answers with status {0}")]
    Status(u16),
    #[error("its answer is no list of vectors, one for each text")]
    Shape,
    #[error("its vectors are not those of the model that the documents were embedded by")]
    OtherModel,
    #[error("it has failed a moment ago")]
    Resting,
}

impl EmbeddingFault {
    /// As a label of metrics.
    pub fn reason(self) -> &'static str {
        match self {
            EmbeddingFault::Unreachable => "unreachable",
            EmbeddingFault::Late => "late",
            EmbeddingFault::Status(_) => "status",
            EmbeddingFault::Shape => "shape",
            EmbeddingFault::OtherModel => "other_model",
            EmbeddingFault::Resting => "resting",
        }
    }
}

/// What a search came to, and why it went by words alone where it did.
pub struct Searched {
    pub told: Value,
    pub fault: Option<EmbeddingFault>,
}

#[derive(Clone)]
pub struct Embeddings(Arc<Parts>);

struct Parts {
    endpoint: Endpoint,
    rest: Mutex<Rest>,
    wanted: mpsc::Sender<Arc<Knowledge>>,
}

#[derive(Default)]
struct Rest {
    until: Option<Instant>,
    failures: u32,
}

/// How an endpoint is asked.
#[derive(Clone)]
pub struct Endpoint {
    url: String,
    plan: config::Embeddings,
    key: Option<String>,
}

/// What a text is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    Question,
    Passage,
}

impl Endpoint {
    /// `None`: none is configured, or its key cannot be read, which the configuration's check has told.
    pub fn of(plan: &config::Embeddings) -> Option<Endpoint> {
        let url = plan.url.as_ref()?.trim_end_matches('/').to_owned();
        match plan.key() {
            Ok(key) => Some(Endpoint { url, plan: plan.clone(), key: key.map(|key| key.reveal().to_owned()) }),
            Err(why) => {
                tracing::warn!(%why, "the endpoint of embeddings cannot be asked");
                None
            }
        }
    }

    /// How long it takes for one short text, and how many dimensions its vectors have.
    pub async fn probe(&self) -> Result<(Duration, usize), EmbeddingFault> {
        let began = Instant::now();
        let vectors = self.ask(&["opening hours".to_owned()], Of::Question, Duration::from_secs(5)).await?;
        let vector = vectors.first().filter(|vector| vector.iter().all(|part| part.is_finite()));
        Ok((began.elapsed(), vector.ok_or(EmbeddingFault::Shape)?.len()))
    }

    async fn ask(&self, texts: &[String], of: Of, limit: Duration) -> Result<Vec<Vec<f32>>, EmbeddingFault> {
        tokio::time::timeout(limit, self.post(texts, of)).await.unwrap_or(Err(EmbeddingFault::Late))
    }

    async fn post(&self, texts: &[String], of: Of) -> Result<Vec<Vec<f32>>, EmbeddingFault> {
        let (prefix, kind) = match of {
            Of::Question => (&self.plan.question_prefix, &self.plan.question_type),
            Of::Passage => (&self.plan.passage_prefix, &self.plan.passage_type),
        };
        let input: Vec<String> = texts.iter().map(|text| format!("{prefix}{text}")).collect();
        let mut body = json!({ "model": self.plan.model, "input": input, "encoding_format": "float" });
        if let Some(kind) = kind {
            body["input_type"] = kind.as_str().into();
        }
        let mut request = client().post(format!("{}/embeddings", self.url)).json(&body);
        if let Some(key) = &self.key {
            request = request.bearer_auth(key);
        }
        let answer = request.send().await.map_err(|_| EmbeddingFault::Unreachable)?;
        let status = answer.status();
        if !status.is_success() {
            return Err(EmbeddingFault::Status(status.as_u16()));
        }
        let bytes = web_client::body(answer, MOST_BYTES).await.map_err(|_| EmbeddingFault::Shape)?;
        read(&bytes, texts.len()).ok_or(EmbeddingFault::Shape)
    }
}

/// The vectors of an answer in the order of the texts; `None`: it is not of that shape.
fn read(bytes: &[u8], wanted: usize) -> Option<Vec<Vec<f32>>> {
    let answer: Value = serde_json::from_slice(bytes).ok()?;
    let mut rows = vec![None; wanted];
    for (at, row) in answer["data"].as_array()?.iter().enumerate() {
        let index = match &row["index"] {
            Value::Null => at,
            index => usize::try_from(index.as_u64()?).ok()?,
        };
        let numbers = row["embedding"].as_array()?.iter().map(|number| Some(number.as_f64()? as f32));
        let vector: Vec<f32> = numbers.collect::<Option<_>>()?;
        if vector.is_empty() || rows.get_mut(index)?.replace(vector).is_some() {
            return None;
        }
    }
    rows.into_iter().collect()
}

impl Embeddings {
    /// Begins to embed documents in the background; `dir`: where their vectors are kept. `None`: no endpoint is configured.
    pub fn start(plan: &config::Embeddings, dir: PathBuf) -> Option<Self> {
        let endpoint = Endpoint::of(plan)?;
        let (wanted, inbox) = mpsc::channel(QUEUE);
        tokio::spawn(passages::embed(endpoint.clone(), VectorFile::of(&dir, plan), inbox));
        Some(Self(Arc::new(Parts { endpoint, rest: Mutex::default(), wanted })))
    }

    /// These documents are to be embedded, if they are not. A queue that is full has them from a later call.
    pub fn want(&self, knowledge: &Arc<Knowledge>) {
        if !knowledge.has_vectors() && self.0.wanted.try_send(knowledge.clone()).is_err() {
            tracing::debug!("documents wait to be embedded");
        }
    }

    /// Answers a question by words and meaning, or by words alone. What is personal has been masked in it.
    pub async fn search(&self, knowledge: &Knowledge, question: &str) -> Searched {
        let near = self.vector(question).await.and_then(|vector| {
            knowledge.told_near(question, &vector).map_err(|_| self.failed(EmbeddingFault::OtherModel))
        });
        let (told, fault) = match near {
            Ok(told) => (told, None),
            Err(fault) => (knowledge.told(question), Some(fault)),
        };
        match fault {
            None => metrics::counter!("switchboard_embedded_questions_total").increment(1),
            Some(fault) => {
                metrics::counter!("switchboard_embedding_failures_total", "reason" => fault.reason()).increment(1);
            }
        }
        Searched { told, fault }
    }

    async fn vector(&self, question: &str) -> Result<Vec<f32>, EmbeddingFault> {
        if self.rest().until.is_some_and(|until| Instant::now() < until) {
            return Err(EmbeddingFault::Resting);
        }
        let question: String = question.chars().take(LONGEST_QUESTION).collect();
        let patience = self.0.endpoint.plan.patience_ms.into();
        let vectors = self.0.endpoint.ask(&[question], Of::Question, patience).await;
        let vector = vectors.and_then(|vectors| vectors.into_iter().next().ok_or(EmbeddingFault::Shape));
        if vector.is_ok() {
            *self.rest() = Rest::default();
        }
        vector.map_err(|fault| self.failed(fault))
    }

    fn rest(&self) -> std::sync::MutexGuard<'_, Rest> {
        self.0.rest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Questions do without for a while.
    fn failed(&self, fault: EmbeddingFault) -> EmbeddingFault {
        let mut rest = self.rest();
        let pause = (REST * 2_u32.saturating_pow(rest.failures.min(10))).min(LONGEST_REST);
        rest.failures += 1;
        rest.until = Some(Instant::now() + pause);
        tracing::warn!(why = %fault, pause_s = pause.as_secs(), "the endpoint of embeddings failed a question: documents are searched by words alone");
        fault
    }
}

#[cfg(test)]
mod tests;
