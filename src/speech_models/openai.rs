//! OpenAI's Realtime API (developers.openai.com, «Realtime», «Client events», «Server events»). What is sent is in the words of its general
//! release; what is read, in those of its beta too, which other servers keep to.
use super::dialogue::{HEARD_HZ, Item, News, Setup, SpeechDialogue, decoded, encoded, json, named};
use dialog::model::language_model::{ModelFault, ToolPart};
use media::remote::{Message, Received, RemoteFault};
use media::resample::Resampler;
use serde_json::{Value as Json, json as object};
use std::collections::VecDeque;

/// Of sound in both directions: the only rate that the API has for samples.
const HZ: u32 = 24_000;
/// The API takes no shorter piece of a caller's sound (100 ms), in samples as they are heard.
const SHORTEST: usize = HEARD_HZ as usize / 10;

pub struct OpenAiRealtime {
    voice: String,
    upsampler: Resampler,
    /// Samples of the caller since the last answer.
    sent: usize,
    /// The number of the last answer that was asked for.
    asked: u64,
    /// The answers that were asked for and have not begun.
    awaited: VecDeque<u64>,
    /// The answer that is being made: its number, and what the endpoint calls it.
    made: Option<(u64, String)>,
    /// The answer that is wanted.
    wanted: Option<u64>,
    /// Calls of tools in it so far.
    calls: u64,
    is_ready: bool,
}

impl OpenAiRealtime {
    pub fn new(voice: String) -> Self {
        Self {
            voice,
            upsampler: Resampler::new(HEARD_HZ, HZ),
            sent: 0,
            asked: 0,
            awaited: VecDeque::new(),
            made: None,
            wanted: None,
            calls: 0,
            is_ready: false,
        }
    }

    fn session(&self, setup: &Setup) -> Message {
        let tools: Vec<Json> = setup
            .tools
            .iter()
            .map(|tool| {
                object!({
                    "type": "function", "name": tool.name, "description": tool.description, "parameters": tool.parameters
                })
            })
            .collect();
        let format = object!({ "type": "audio/pcm", "rate": HZ });
        let mut output = object!({ "format": format });
        if !self.voice.is_empty() {
            output["voice"] = self.voice.as_str().into();
        }
        message(&object!({
            "type": "session.update",
            "session": {
                "type": "realtime",
                "instructions": setup.instructions,
                "output_modalities": ["audio"],
                "audio": { "input": { "format": format, "turn_detection": null }, "output": output },
                "tools": tools,
                "tool_choice": "auto"
            }
        }))
    }

    fn append(pcm: &[i16]) -> Message {
        message(&object!({ "type": "input_audio_buffer.append", "audio": encoded(pcm) }))
    }

    fn item(&mut self, item: &Item, out: &mut Vec<Message>) {
        let said = |role: &str, kind: &str, text: &str| object!({ "type": "message", "role": role, "content": [{ "type": kind, "text": text }] });
        let item = match item {
            Item::Sound if self.sent < SHORTEST => return,
            Item::Sound => {
                let mut rest = Vec::new();
                std::mem::replace(&mut self.upsampler, Resampler::new(HEARD_HZ, HZ)).finish(&mut rest);
                if !rest.is_empty() {
                    out.push(Self::append(&rest));
                }
                self.sent = 0;
                return out.push(message(&object!({ "type": "input_audio_buffer.commit" })));
            }
            Item::Caller(text) => said("user", "input_text", text),
            Item::Bot(text) => said("assistant", "output_text", text),
            Item::Context(text) => said("system", "input_text", text),
            Item::Output { id, output, .. } => {
                object!({ "type": "function_call_output", "call_id": id, "output": output })
            }
        };
        out.push(message(&object!({ "type": "conversation.item.create", "item": item })));
    }

    /// Whether what belongs to this answer is wanted. Servers that name no answer make one at a time.
    fn is_wanted(&self, event: &Json) -> bool {
        let Some((number, name)) = &self.made else { return false };
        let of = event.get("response_id").and_then(Json::as_str);
        self.wanted == Some(*number) && of.is_none_or(|of| of == name)
    }

    fn done(&mut self, response: &Json) -> Option<News> {
        let name = response.get("id").and_then(Json::as_str);
        // One that ends without having begun.
        let number = match self.made.take_if(|(_, made)| name.is_none_or(|name| name == made)) {
            Some((number, _)) => number,
            None if self.made.is_none() => self.awaited.pop_front()?,
            None => return None,
        };
        if self.wanted != Some(number) {
            return None;
        }
        self.wanted = None;
        let error = response.pointer("/status_details/error");
        Some(match response.get("status").and_then(Json::as_str) {
            Some("failed") => News::Failed(error.map_or(ModelFault::Reported, fault)),
            Some("cancelled") => News::Failed(ModelFault::Broken),
            _ => News::End,
        })
    }

    /// An error of a message of ours. Where it is that of an answer, there will be none.
    fn error(&mut self, event: &Json) -> Result<Vec<News>, RemoteFault> {
        let error = event.get("error").unwrap_or(event);
        let about =
            error.get("event_id").and_then(Json::as_str).and_then(|id| id.strip_prefix("answer-")?.parse().ok());
        let Some(number) = about.or_else(|| self.awaited.front().copied().filter(|_| is_grave(error))) else {
            // Before it is ready nothing can be asked of it.
            return if self.is_ready { Ok(Vec::new()) } else { Err(RemoteFault::Reported) };
        };
        self.awaited.retain(|awaited| *awaited != number);
        if self.wanted != Some(number) {
            return Ok(Vec::new());
        }
        self.wanted = None;
        Ok(vec![News::Failed(fault(error))])
    }
}

fn message(event: &Json) -> Message {
    Message::Text(event.to_string())
}

fn fault(error: &Json) -> ModelFault {
    let word = ["code", "type"].iter().find_map(|key| error.get(key).and_then(Json::as_str)).unwrap_or_default();
    named(word)
}

/// An error that is not that of one message: the account, the server.
fn is_grave(error: &Json) -> bool {
    error.get("type").and_then(Json::as_str).is_some_and(|kind| kind != "invalid_request_error")
}

impl SpeechDialogue for OpenAiRealtime {
    fn hz(&self) -> u32 {
        HZ
    }

    fn opening(&mut self, setup: &Setup) -> Vec<Message> {
        vec![self.session(setup)]
    }

    fn change(&mut self, setup: &Setup) -> Option<Vec<Message>> {
        Some(vec![self.session(setup)])
    }

    fn history(&mut self, items: &[Item]) -> Vec<Message> {
        let mut out = Vec::new();
        items.iter().filter(|item| **item != Item::Sound).for_each(|item| self.item(item, &mut out));
        out
    }

    fn takes_sound(&self) -> bool {
        true
    }

    fn sound(&mut self, pcm: &[i16]) -> Vec<Message> {
        self.sent += pcm.len();
        let mut out = Vec::new();
        self.upsampler.push(pcm, &mut out);
        if out.is_empty() { Vec::new() } else { vec![Self::append(&out)] }
    }

    fn forget_sound(&mut self) -> Vec<Message> {
        self.upsampler = Resampler::new(HEARD_HZ, HZ);
        match std::mem::take(&mut self.sent) {
            0 => Vec::new(),
            _ => vec![message(&object!({ "type": "input_audio_buffer.clear" }))],
        }
    }

    fn answer(&mut self, items: &[Item]) -> Vec<Message> {
        let mut out = Vec::new();
        items.iter().for_each(|item| self.item(item, &mut out));
        self.asked += 1;
        self.calls = 0;
        self.awaited.push_back(self.asked);
        self.wanted = Some(self.asked);
        out.push(message(&object!({ "type": "response.create", "event_id": format!("answer-{}", self.asked) })));
        out
    }

    fn is_busy(&self) -> bool {
        self.made.is_some() || !self.awaited.is_empty()
    }

    fn stop(&mut self) -> Vec<Message> {
        match self.wanted.take() {
            Some(_) => vec![message(&object!({ "type": "response.cancel" }))],
            None => Vec::new(),
        }
    }

    fn heard(&mut self, item: &str, ms: u64) -> Option<Message> {
        Some(message(&object!({
            "type": "conversation.item.truncate", "item_id": item, "content_index": 0, "audio_end_ms": ms
        })))
    }

    fn learns_what_was_heard(&self) -> bool {
        true
    }

    fn received(&mut self, received: &Received) -> Result<Vec<News>, RemoteFault> {
        let event = json(received)?;
        let kind = event.get("type").and_then(Json::as_str).ok_or(RemoteFault::Garbled)?;
        let response = || event.get("response").unwrap_or(&Json::Null);
        let text = |key: &str| event.get(key).and_then(Json::as_str).unwrap_or_default().to_owned();
        let news = match kind {
            "session.updated" if !std::mem::replace(&mut self.is_ready, true) => Some(News::Ready),
            "response.created" => {
                let number = self.awaited.pop_front();
                let name = response().get("id").and_then(Json::as_str).unwrap_or_default().to_owned();
                self.made = number.map(|number| (number, name));
                None
            }
            "response.output_audio.delta" | "response.audio.delta" if self.is_wanted(&event) => {
                let pcm = decoded(event.get("delta").unwrap_or(&Json::Null))?;
                Some(News::Sound { item: text("item_id"), pcm })
            }
            "response.output_audio_transcript.delta"
            | "response.audio_transcript.delta"
            | "response.output_text.delta"
            | "response.text.delta"
                if self.is_wanted(&event) =>
            {
                Some(News::Text(text("delta")))
            }
            "response.output_item.done" if self.is_wanted(&event) => {
                let item = event.get("item").unwrap_or(&Json::Null);
                let text = |key: &str| item.get(key).and_then(Json::as_str).map(str::to_owned);
                (text("type").as_deref() == Some("function_call")).then(|| {
                    self.calls += 1;
                    let arguments = text("arguments").unwrap_or_default();
                    News::Tool(ToolPart {
                        index: Some(self.calls - 1),
                        id: text("call_id"),
                        name: text("name"),
                        arguments,
                    })
                })
            }
            "response.done" => self.done(&response().clone()),
            "error" => return self.error(&event),
            _ => None,
        };
        Ok(news.into_iter().collect())
    }
}

#[cfg(test)]
mod tests;
