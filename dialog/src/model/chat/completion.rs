//! `CompletionReader`: the answer of an endpoint in the shape of OpenAI's chat completions, from its bytes to [`ModelNews`]. What servers
//! really send is taken: empty finish reasons, usage without numbers, no `[DONE]`, whole messages in place of deltas.
use super::sse::{EventReader, TooLong};
use crate::model::language_model::{Finish, ModelFault, ModelNews, ToolPart, Usage};
use serde_json::Value as Json;

/// What a server sends as its last event.
const DONE: &str = "[DONE]";

#[derive(Default)]
pub struct CompletionReader {
    events: EventReader,
    /// A finish reason has come (also an empty one), or the last event: the answer is whole.
    finished: bool,
    /// The last event has come.
    done: bool,
    failed: bool,
}

impl CompletionReader {
    /// All that is to be said has come; what it came to in tokens may follow.
    pub fn is_finished(&self) -> bool {
        self.finished
    }

    /// Nothing follows.
    pub fn is_done(&self) -> bool {
        self.done
    }

    /// An end was told, or a fault.
    pub fn is_over(&self) -> bool {
        self.failed
    }

    /// What these bytes tell. After [`ModelNews::Failed`] nothing more is told.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<ModelNews> {
        let mut news = Vec::new();
        if self.failed {
            return news;
        }
        let mut read = Vec::new();
        let fed = self.events.feed(bytes, is_whole, |data| read.push(data.to_owned()));
        self.take(read, &mut news);
        self.end_if_too_long(fed, &mut news);
        news
    }

    /// The body has ended.
    pub fn finish(&mut self) -> Vec<ModelNews> {
        let mut news = Vec::new();
        if self.failed {
            return news;
        }
        let mut read = Vec::new();
        let fed = self.events.finish(is_whole, |data| read.push(data.to_owned()));
        // What a break has left of an event is not told.
        if read.last().is_some_and(|data| !is_whole(data)) && !self.finished {
            read.pop();
        }
        self.take(read, &mut news);
        self.end_if_too_long(fed, &mut news);
        if !self.failed {
            self.failed = true;
            news.push(if self.finished { ModelNews::End } else { ModelNews::Failed(ModelFault::Broken) });
        }
        news
    }

    fn end_if_too_long(&mut self, fed: Result<(), TooLong>, news: &mut Vec<ModelNews>) {
        if fed.is_err() && !self.failed {
            self.failed = true;
            news.push(ModelNews::Failed(ModelFault::Malformed));
        }
    }

    fn take(&mut self, events: Vec<String>, news: &mut Vec<ModelNews>) {
        for data in events {
            if self.failed {
                return;
            }
            match serde_json::from_str::<Json>(&data) {
                _ if data.trim() == DONE => (self.finished, self.done) = (true, true),
                Ok(chunk) => self.chunk(&chunk, news),
                // Behind the answer anything may come.
                Err(_) if self.finished => {}
                Err(_) => self.fail(ModelFault::Malformed, news),
            }
        }
    }

    fn fail(&mut self, fault: ModelFault, news: &mut Vec<ModelNews>) {
        self.failed = true;
        news.push(ModelNews::Failed(fault));
    }

    fn chunk(&mut self, chunk: &Json, news: &mut Vec<ModelNews>) {
        if let Some(error) = chunk.get("error").filter(|error| !error.is_null()) {
            return self.fail(reported(error), news);
        }
        let choice = chunk.get("choices").and_then(|choices| choices.get(0));
        if let Some(choice) = choice {
            for part in ["delta", "message"] {
                if let Some(part) = choice.get(part) {
                    message(part, news);
                }
            }
            if let Some(reason) = choice.get("finish_reason").and_then(Json::as_str) {
                self.finished = true;
                news.extend(finish(reason).map(ModelNews::Finish));
            }
        }
        news.extend(chunk.get("usage").and_then(usage).map(ModelNews::Usage));
    }
}

/// Whether data is all of an event. Only what ends like one is tried.
fn is_whole(data: &str) -> bool {
    let end = data.trim_end();
    end.trim_start() == DONE || end.ends_with('}') && serde_json::from_str::<Json>(end).is_ok()
}

/// An error that came in place of a piece.
fn reported(error: &Json) -> ModelFault {
    let code = ["code", "status"].iter().find_map(|key| error.get(key));
    let code = code.and_then(|code| code.as_u64().or_else(|| code.as_str()?.parse().ok()));
    match code.and_then(|code| u16::try_from(code).ok()) {
        Some(status @ 400..=599) => ModelFault::of_status(status, None),
        _ => ModelFault::Reported,
    }
}

/// What a delta, or a whole message, tells.
fn message(message: &Json, news: &mut Vec<ModelNews>) {
    let reasons = ["reasoning_content", "reasoning", "thinking"];
    let text_of = |json: &Json| json.as_str().map(str::to_owned);
    if reasons.iter().any(|key| message.get(key).and_then(text_of).is_some_and(|text| !text.is_empty())) {
        news.push(ModelNews::Reasoning);
    }
    let text = match message.get("content") {
        Some(Json::String(text)) => text.clone(),
        Some(Json::Array(parts)) => parts.iter().filter_map(|part| text_of(part.get("text")?)).collect(),
        _ => String::new(),
    };
    if !text.is_empty() {
        news.push(ModelNews::Text(text));
    }
    match message.get("tool_calls") {
        Some(Json::Array(calls)) => news.extend(calls.iter().map(|call| ModelNews::Tool(tool_part(call)))),
        Some(call @ Json::Object(_)) => news.push(ModelNews::Tool(tool_part(call))),
        _ => {}
    }
    // As it was called before there could be several.
    if let Some(function @ Json::Object(_)) = message.get("function_call") {
        news.push(ModelNews::Tool(ToolPart { index: Some(0), ..function_part(function) }));
    }
}

fn tool_part(call: &Json) -> ToolPart {
    let index = call.get("index").and_then(Json::as_u64);
    let id = call.get("id").and_then(Json::as_str).filter(|id| !id.is_empty()).map(str::to_owned);
    let function = call.get("function").unwrap_or(call);
    ToolPart { index, id, ..function_part(function) }
}

fn function_part(function: &Json) -> ToolPart {
    let name = function.get("name").and_then(Json::as_str).filter(|name| !name.is_empty()).map(str::to_owned);
    let arguments = match function.get("arguments") {
        Some(Json::String(text)) => text.clone(),
        Some(whole @ Json::Object(_)) => whole.to_string(),
        _ => String::new(),
    };
    ToolPart { name, arguments, ..ToolPart::default() }
}

/// `None`: an empty reason, which says nothing.
fn finish(reason: &str) -> Option<Finish> {
    Some(match reason {
        "" => return None,
        "stop" | "eos" | "end_turn" => Finish::Stop,
        "length" | "max_tokens" => Finish::Length,
        "tool_calls" | "function_call" | "tool_use" => Finish::Tools,
        "content_filter" => Finish::Filter,
        _ => Finish::Other,
    })
}

/// `None`: it holds no number.
fn usage(usage: &Json) -> Option<Usage> {
    let number = |key: &str| usage.get(key).and_then(Json::as_u64);
    let details = usage.get("prompt_tokens_details").and_then(|details| details.get("cached_tokens"));
    let (prompt, completion) = (number("prompt_tokens"), number("completion_tokens"));
    prompt.or(completion)?;
    let cached = details.and_then(Json::as_u64).unwrap_or_default();
    Some(Usage { prompt: prompt.unwrap_or_default(), completion: completion.unwrap_or_default(), cached })
}

#[cfg(test)]
mod tests;
