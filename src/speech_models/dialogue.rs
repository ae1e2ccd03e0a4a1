//! `SpeechDialogue`: what is sent to an endpoint that hears and speaks, and what its answers mean. A file for each protocol implements it;
//! they hold no socket and know no time.
use dialog::model::language_model::{ModelFault, ToolPart};
use media::remote::{Message, Received, RemoteFault};
use serde_json::Value as Json;

/// The rate of callers' sound, as ears hand it over.
pub const HEARD_HZ: u32 = 16_000;

/// What holds for a whole conversation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Setup {
    pub instructions: String,
    pub tools: Vec<Tool>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Tool {
    pub name: String,
    pub description: String,
    /// A JSON schema.
    pub parameters: Json,
}

/// A piece of the conversation that the endpoint is told, in order.
#[derive(Clone, PartialEq)]
pub enum Item {
    /// What the caller has said, as words: it was typed, or said to others than this endpoint.
    Caller(String),
    /// The caller's sound since the last answer.
    Sound,
    /// What the bot has said otherwise than by this endpoint.
    Bot(String),
    /// What comes from neither side of the talk.
    Context(String),
    /// What a tool that the endpoint has called came to.
    Output { id: String, name: String, output: String },
}

/// It holds what a caller said: it stays out of logs.
impl std::fmt::Debug for Item {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Item::Caller(_) => "Caller(..)",
            Item::Sound => "Sound",
            Item::Bot(_) => "Bot(..)",
            Item::Context(_) => "Context(..)",
            Item::Output { .. } => "Output(..)",
        })
    }
}

/// What an endpoint says.
#[derive(Clone, PartialEq)]
pub enum News {
    /// It is ready to be told things.
    Ready,
    /// More words of the answer, as they are spoken.
    Text(String),
    /// More sound of the answer, within this piece of the endpoint's conversation.
    Sound {
        item: String,
        pcm: Vec<i16>,
    },
    Tool(ToolPart),
    /// The answer is made; words of it may still come.
    Ending,
    /// All of the answer has come.
    End,
    /// No more of the answer will come.
    Failed(ModelFault),
}

/// What is said stays out of logs.
impl std::fmt::Debug for News {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            News::Ready => f.write_str("Ready"),
            News::Text(text) => write!(f, "Text({} bytes)", text.len()),
            News::Sound { pcm, .. } => write!(f, "Sound({} samples)", pcm.len()),
            News::Tool(part) => write!(f, "{part:?}"),
            News::Ending => f.write_str("Ending"),
            News::End => f.write_str("End"),
            News::Failed(fault) => write!(f, "Failed({fault:?})"),
        }
    }
}

/// The messages of one connection.
pub trait SpeechDialogue: Send {
    /// The rate of the sound that it speaks with.
    fn hz(&self) -> u32;
    /// What is sent first.
    fn opening(&mut self, setup: &Setup) -> Vec<Message>;
    /// Something else holds from now on; `None`: a new connection is needed for it.
    fn change(&mut self, setup: &Setup) -> Option<Vec<Message>>;
    /// What was said before this connection. Nothing in it asks for an answer.
    fn history(&mut self, items: &[Item]) -> Vec<Message>;
    /// Whether callers' sound disturbs nothing now: else it is kept until it does not.
    fn takes_sound(&self) -> bool;
    /// More of the caller's sound, at [`HEARD_HZ`].
    fn sound(&mut self, pcm: &[i16]) -> Vec<Message>;
    /// The sound since the last answer belongs to no turn that is answered. Where the protocol has no word for it, it stays.
    fn forget_sound(&mut self) -> Vec<Message>;
    /// Asks for an answer to all so far and to these. Not while [`is_busy`](Self::is_busy).
    fn answer(&mut self, items: &[Item]) -> Vec<Message>;
    /// Whether an answer is being made, or one that was stopped has not ended yet.
    fn is_busy(&self) -> bool;
    /// Nothing more of the answer is wanted, and nothing more of it is told.
    fn stop(&mut self) -> Vec<Message>;
    /// So much of the sound of this piece was heard. Where the protocol has no word for it, nothing is sent, and [`learns_what_was_heard`](Self::learns_what_was_heard) is false.
    fn heard(&mut self, item: &str, ms: u64) -> Option<Message>;
    fn learns_what_was_heard(&self) -> bool;
    /// What it sends means.
    ///
    /// # Errors
    /// [`RemoteFault::Garbled`] and [`RemoteFault::Reported`]: the connection is of no more use.
    fn received(&mut self, received: &Received) -> Result<Vec<News>, RemoteFault>;
}

/// A message as JSON; some services send it as text, some as bytes.
pub fn json(received: &Received) -> Result<Json, RemoteFault> {
    let read = match received {
        Received::Text(text) => serde_json::from_str(text),
        Received::Binary(bytes) => serde_json::from_slice(bytes),
        Received::End => return Err(RemoteFault::Garbled),
    };
    read.map_err(|_| RemoteFault::Garbled)
}

/// 16-bit samples, little endian, in base64.
pub fn encoded(pcm: &[i16]) -> String {
    use base64::Engine as _;
    let bytes: Vec<u8> = pcm.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// The samples of [`encoded`]; half a sample at the end is left out.
pub fn decoded(value: &Json) -> Result<Vec<i16>, RemoteFault> {
    use base64::Engine as _;
    let text = value.as_str().ok_or(RemoteFault::Garbled)?;
    let bytes = base64::engine::general_purpose::STANDARD.decode(text).map_err(|_| RemoteFault::Garbled)?;
    Ok(bytes.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect())
}

/// The fault that an endpoint names in words.
pub fn named(code: &str) -> ModelFault {
    let is = |words: &[&str]| words.iter().any(|word| code.contains(word));
    match () {
        () if is(&["rate_limit", "insufficient_quota", "RESOURCE_EXHAUSTED"]) => ModelFault::Busy { retry_after: None },
        () if is(&["invalid_api_key", "authentication", "PERMISSION_DENIED"]) => ModelFault::Status(401),
        () => ModelFault::Reported,
    }
}
