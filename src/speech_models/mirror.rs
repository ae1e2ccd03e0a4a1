//! `Mirror`: what an endpoint knows of the talk. A request holds all of it as messages; the endpoint keeps what it was told, and its own
//! answers: the mirror finds what is new.
use super::dialogue::{Item, Setup, Tool};
use dialog::model::language_model::ToolPart;
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// How a clause ends of which the caller has not heard the end.
const CUT: char = '—';

/// A piece of a request.
#[derive(Clone, Debug, PartialEq)]
enum Piece {
    Caller(String),
    Bot(String),
    Call { id: String, name: String, arguments: String },
    Output { id: String, output: String },
    Context(String),
}

/// By what a piece is known again. What the bot said is not: more of it may have been heard since.
#[derive(Clone, Debug, PartialEq)]
enum Key {
    Caller(String),
    Output(String),
}

impl Piece {
    fn key(&self) -> Option<Key> {
        match self {
            Piece::Caller(text) => Some(Key::Caller(text.clone())),
            Piece::Output { id, .. } => Some(Key::Output(id.clone())),
            Piece::Bot(_) | Piece::Call { .. } | Piece::Context(_) => None,
        }
    }
}

/// A call of a tool by the endpoint. A request names the same call by an id of its own.
struct EndpointCall {
    id: String,
    name: String,
    arguments: Json,
}

#[derive(Default)]
pub struct Mirror {
    told: Vec<Key>,
    /// A turn of which only the sound was told, before it was sure that it had ended.
    perhaps: bool,
    /// Calls of tools whose outcomes the endpoint waits for, the first at the front.
    calls: Vec<EndpointCall>,
    /// What each call of a tool was told to have come to.
    outputs: BTreeMap<String, String>,
    /// The letters of what the endpoint has said since the caller's last turn.
    answered: String,
}

/// What a request comes to.
#[derive(Debug, PartialEq)]
pub struct Plan {
    /// To be told before the caller's turn is: [`Item::Sound`] stands where the caller's sound belongs.
    pub items: Vec<Item>,
    /// The request goes on with a turn of the caller's.
    pub has_turn: bool,
}

/// A new connection has to be told the whole talk.
#[derive(Debug, PartialEq, Eq)]
pub struct Unknown;

impl Mirror {
    pub fn is_empty(&self) -> bool {
        self.told.is_empty()
    }

    /// The endpoint says this.
    pub fn answers(&mut self, text: &str) {
        self.answered.extend(letters(text));
    }

    /// What it said was said by another voice: it is told so with the next request.
    pub fn forget_answers(&mut self) {
        self.answered.clear();
    }

    /// The endpoint calls a tool.
    pub fn calls(&mut self, call: &ToolPart) {
        let (Some(id), Some(name)) = (call.id.clone(), call.name.clone()) else { return };
        self.calls.push(EndpointCall { id, name, arguments: read(&call.arguments) });
    }

    /// What is new in a request. `has_sound`: the endpoint has the sound of the caller's last turn. `is_sure`: that turn has ended. `marks_cuts`:
    /// the endpoint has to be told what of its answers was not heard.
    pub fn plan(&mut self, body: &Json, has_sound: bool, is_sure: bool, marks_cuts: bool) -> Result<Plan, Unknown> {
        let (pieces, state) = pieces(body);
        let from = self.known(&pieces).ok_or(Unknown)?;
        let fresh = &pieces[from..];
        let callers = fresh.iter().enumerate().filter(|(_, piece)| matches!(piece, Piece::Caller(_)));
        let mut callers: Vec<usize> = callers.map(|(at, _)| at).collect();
        let is_perhaps = !callers.is_empty() && std::mem::take(&mut self.perhaps);
        let perhaps = is_perhaps.then(|| callers.remove(0));
        // Of a turn that the endpoint has answered ahead of its end nothing is new, but what the caller has said since.
        let has_turn = !callers.is_empty() || (is_perhaps && has_sound);
        let by_sound = if has_sound { callers.last().copied().or(perhaps) } else { None };
        let mut items = Vec::new();
        if marks_cuts && has_turn && !self.answered.is_empty() {
            items.extend(self.cut(fresh));
        }
        for (at, piece) in fresh.iter().enumerate() {
            match piece {
                Piece::Caller(_) if by_sound == Some(at) => items.push(Item::Sound),
                Piece::Caller(_) if perhaps == Some(at) => {}
                Piece::Caller(text) => items.push(Item::Caller(text.clone())),
                Piece::Bot(text) => {
                    let said: String = letters(text).collect();
                    if !self.answered.contains(&said) {
                        self.answered.push_str(&said);
                        items.push(Item::Bot(text.clone()));
                    }
                }
                Piece::Call { .. } | Piece::Output { .. } => {}
                Piece::Context(text) => items.push(Item::Context(text.clone())),
            }
        }
        self.outputs(&pieces, &mut items);
        items.extend(state.map(Item::Context));
        let mut keys: Vec<Key> = fresh.iter().filter_map(Piece::key).collect();
        if has_turn && is_sure {
            self.answered.clear();
        } else if (has_turn || is_perhaps)
            && !is_sure
            && let Some(at) = keys.iter().rposition(|key| matches!(key, Key::Caller(_)))
        {
            keys.remove(at);
            self.perhaps = true;
        }
        self.told.extend(keys);
        Ok(Plan { items, has_turn })
    }

    /// Where in a request begins what the endpoint does not know: behind the longest end of what it was told that the request begins with.
    fn known(&self, pieces: &[Piece]) -> Option<usize> {
        let keyed: Vec<(usize, Key)> =
            pieces.iter().enumerate().filter_map(|(at, piece)| Some((at, piece.key()?))).collect();
        if self.told.is_empty() {
            return Some(0);
        }
        let most = self.told.len().min(keyed.len());
        let fits =
            |count: &usize| self.told[self.told.len() - count..].iter().zip(&keyed).all(|(told, (_, key))| told == key);
        let count = (1..=most).rev().find(fits)?;
        Some(keyed[count - 1].0 + 1)
    }

    /// What tools came to, where that is new.
    fn outputs(&mut self, pieces: &[Piece], items: &mut Vec<Item>) {
        let name_of = |id: &str| {
            pieces.iter().find_map(|piece| match piece {
                Piece::Call { id: of, name, arguments } if of == id => Some((name.clone(), arguments.clone())),
                _ => None,
            })
        };
        let mut at = items.iter().position(|item| matches!(item, Item::Sound | Item::Caller(_))).unwrap_or(items.len());
        for piece in pieces {
            let Piece::Output { id, output } = piece else { continue };
            if self.outputs.get(id) == Some(output) {
                continue;
            }
            self.outputs.insert(id.clone(), output.clone());
            let (name, arguments) = name_of(id).unwrap_or_default();
            let read = read(&arguments);
            let awaited = self.calls.iter().position(|call| call.name == name && call.arguments == read);
            let item = match awaited.map(|at| self.calls.remove(at)) {
                Some(call) => Item::Output { id: call.id, name, output: output.clone() },
                None => {
                    Item::Context(format!("State: the tool {name} was called with {arguments} and answered {output}"))
                }
            };
            items.insert(at, item);
            at += 1;
        }
    }

    /// The caller has not heard all of the last answer.
    fn cut(&self, fresh: &[Piece]) -> Option<Item> {
        let mut said = fresh.iter().filter_map(|piece| if let Piece::Bot(text) = piece { Some(text) } else { None });
        match (said.clone().next(), said.find(|text| text.ends_with(CUT))) {
            (None, _) => Some("State: the caller has heard nothing of your last answer".to_owned()),
            (_, Some(text)) => {
                let heard = Json::from(text.trim_end_matches(CUT));
                Some(format!("State: the caller has heard of your last answer only this: {heard}"))
            }
            _ => None,
        }
        .map(Item::Context)
    }
}

/// The arguments of a call; a tool without any may be called with nothing.
fn read(arguments: &str) -> Json {
    serde_json::from_str(arguments).unwrap_or_else(|_| serde_json::json!({}))
}

/// The letters and figures of a text, in lower case.
pub fn letters(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase)
}

/// What holds for the whole talk, out of a request.
pub fn setup(body: &Json) -> Setup {
    let text = |json: &Json, key: &str| json.get(key).and_then(Json::as_str).unwrap_or_default().to_owned();
    let messages = body.get("messages").and_then(Json::as_array).into_iter().flatten();
    let system = messages.filter(|message| message["role"] == "system").map(|message| text(message, "content"));
    let tools = body.get("tools").and_then(Json::as_array).into_iter().flatten();
    let tools = tools.filter_map(|tool| tool.get("function")).map(|tool| Tool {
        name: text(tool, "name"),
        description: text(tool, "description"),
        parameters: tool.get("parameters").cloned().unwrap_or_else(|| serde_json::json!({ "type": "object" })),
    });
    Setup { instructions: system.collect::<Vec<_>>().join("\n"), tools: tools.collect() }
}

/// The pieces of a request, and how the call stands now.
fn pieces(body: &Json) -> (Vec<Piece>, Option<String>) {
    let (mut all, mut state) = (Vec::new(), None);
    let text = |json: &Json, key: &str| json.get(key).and_then(Json::as_str).unwrap_or_default().to_owned();
    for message in body.get("messages").and_then(Json::as_array).into_iter().flatten() {
        let content = text(message, "content");
        match message.get("role").and_then(Json::as_str) {
            Some("user") => {
                for line in content.lines() {
                    let said = line.strip_prefix("Caller: ").and_then(|said| serde_json::from_str::<String>(said).ok());
                    match said {
                        Some(said) => all.push(Piece::Caller(said)),
                        None if line.starts_with("State: ") => state = Some(line.to_owned()),
                        None => all.push(Piece::Context(line.to_owned())),
                    }
                }
            }
            Some("assistant") => {
                if !content.is_empty() {
                    all.push(Piece::Bot(content));
                }
                for call in message.get("tool_calls").and_then(Json::as_array).into_iter().flatten() {
                    let function = call.get("function").unwrap_or(&Json::Null);
                    let (name, arguments) = (text(function, "name"), text(function, "arguments"));
                    all.push(Piece::Call { id: text(call, "id"), name, arguments });
                }
            }
            Some("tool") => all.push(Piece::Output { id: text(message, "tool_call_id"), output: content }),
            _ => {}
        }
    }
    (all, state)
}

#[cfg(test)]
mod tests;
