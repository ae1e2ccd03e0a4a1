//! `ModelRequest`: what a language model is asked, and `ModelNews`: what is told of its answer, piece by piece. Who asks it, and how, is
//! not known here.
use serde_json::Value as Json;
use std::time::Duration;

/// The number of one request, by which its answer is told; numbers are never used twice in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u64);

/// One request. Its answer is told until [`ModelNews::End`] or [`ModelNews::Failed`].
#[derive(Clone, PartialEq)]
pub struct ModelRequest {
    pub id: RequestId,
    /// The name of the model, as the bot's file has it.
    pub model: String,
    pub purpose: Purpose,
    /// The request in the shape of OpenAI's chat completions, without `model`: whoever asks knows what the endpoint calls it.
    pub body: Json,
}

/// It holds what a caller said: it stays out of logs.
impl std::fmt::Debug for ModelRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ModelRequest { id, model, purpose, .. } = self;
        write!(f, "ModelRequest {{ id: {}, model: {model:?}, purpose: {purpose:?} }}", id.0)
    }
}

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// What the bot says or does next.
    Answer,
    /// The same, asked before the caller's turn has surely ended.
    Ahead,
    /// What was said long ago, in short.
    Summary,
}

impl Purpose {
    /// As it stands in a call's record.
    pub const fn text(self) -> &'static str {
        match self {
            Purpose::Answer => "answer",
            Purpose::Ahead => "ahead",
            Purpose::Summary => "summary",
        }
    }
}

/// What is told of a request.
#[derive(Clone, PartialEq)]
pub enum ModelNews {
    /// More of what is to be said.
    Text(String),
    /// The model reasons: it works, and nothing of that is said.
    Reasoning,
    /// A part of a call of a tool.
    Tool(ToolPart),
    /// Why it ends.
    Finish(Finish),
    Usage(Usage),
    /// All of the answer has come.
    End,
    /// No more of it will come.
    Failed(ModelFault),
}

/// The text is what a caller is told: it stays out of logs.
impl std::fmt::Debug for ModelNews {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ModelNews::Text(text) => write!(f, "Text({} bytes)", text.len()),
            ModelNews::Reasoning => f.write_str("Reasoning"),
            ModelNews::Tool(part) => write!(f, "{part:?}"),
            ModelNews::Finish(finish) => write!(f, "Finish({finish:?})"),
            ModelNews::Usage(usage) => write!(f, "{usage:?}"),
            ModelNews::End => f.write_str("End"),
            ModelNews::Failed(fault) => write!(f, "Failed({fault:?})"),
        }
    }
}

/// A part of a call of a tool: parts with the same index belong together; without one, a new `id` begins a new call.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ToolPart {
    pub index: Option<u64>,
    pub id: Option<String>,
    pub name: Option<String>,
    /// More of its arguments, which are JSON when all of them have come.
    pub arguments: String,
}

/// The arguments are a caller's words: they stay out of logs.
impl std::fmt::Debug for ToolPart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ToolPart { index, id, name, arguments } = self;
        write!(f, "ToolPart({index:?}, {id:?}, {name:?}, {} bytes)", arguments.len())
    }
}

/// Why a model has ended its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finish {
    Stop,
    /// It has said as much as it may.
    Length,
    Tools,
    /// Something was kept back by a filter.
    Filter,
    /// In words that are not known here.
    Other,
}

/// What a request came to in tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    pub prompt: u64,
    pub completion: u64,
    /// Of the prompt, what the server had read before.
    pub cached: u64,
}

/// Why a model gave no answer, or only a part of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ModelFault {
    #[error("cannot be reached")]
    Unreachable,
    #[error("answered with status {0}")]
    Status(u16),
    #[error("has too much to do")]
    Busy { retry_after: Option<Duration> },
    #[error("is not ready yet")]
    Loading { retry_after: Option<Duration> },
    #[error("broke its answer off")]
    Broken,
    #[error("answered with something that is no answer")]
    Malformed,
    #[error("reported an error")]
    Reported,
    #[error("said nothing in time")]
    Late,
    #[error("stopped in the midst of its answer")]
    Stalled,
    #[error("answered with nothing")]
    Empty,
    #[error("no language model of this name is configured")]
    Unknown,
}

impl ModelFault {
    /// The fault that a status of HTTP (RFC 9110 section 15) is. `retry_after`: the header of that name.
    pub fn of_status(status: u16, retry_after: Option<&str>) -> ModelFault {
        let seconds = retry_after.and_then(|text| text.trim().parse::<f64>().ok());
        let retry_after = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        match status {
            429 => ModelFault::Busy { retry_after },
            503 => ModelFault::Loading { retry_after },
            status => ModelFault::Status(status),
        }
    }

    /// How long the server wants to be left alone, where it may answer then.
    pub fn pause(self) -> Option<Duration> {
        match self {
            ModelFault::Busy { retry_after } | ModelFault::Loading { retry_after } => {
                Some(retry_after.unwrap_or(Duration::from_secs(1)))
            }
            _ => None,
        }
    }
}

/// How a request went, for a call's record.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelReport {
    pub id: RequestId,
    pub model: String,
    pub purpose: Purpose,
    pub outcome: ModelOutcome,
    /// From the request to the first piece that is of use.
    pub first: Option<Duration>,
    pub took: Duration,
    pub usage: Option<Usage>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelOutcome {
    Answered,
    /// Its answer was not wanted any more.
    Dropped,
    Failed(ModelFault),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_wants_to_be_left_alone_says_for_how_long() {
        let secs = |n| Some(Duration::from_secs(n));
        for (status, header, pause) in [
            (429, Some("7"), secs(7)),
            (429, Some("Wed, 21 Oct 2026 07:28:00 GMT"), secs(1)),
            (429, Some("-3"), secs(1)),
            (429, Some("1e300"), secs(1)),
            (503, Some(" 2 "), secs(2)),
            (503, None, secs(1)),
            (500, Some("7"), None),
        ] {
            assert_eq!(ModelFault::of_status(status, header).pause(), pause, "{status} {header:?}");
        }
    }

    #[test]
    fn no_words_are_shown() {
        let part = ToolPart { arguments: "{\"pin\":4821}".into(), ..ToolPart::default() };
        let body = serde_json::json!({ "messages": "4821" });
        let request = ModelRequest { id: RequestId(1), model: "local".into(), purpose: Purpose::Answer, body };
        let shown = format!("{request:?} {:?} {:?}", ModelNews::Text("4821".into()), ModelNews::Tool(part));
        assert!(!shown.contains("4821"), "{shown}");
    }
}
