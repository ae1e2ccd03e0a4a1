//! `Calls`: calls of tools from the parts in which they arrive.
use crate::model::language_model::ToolPart;
use serde_json::Value as Json;

/// So many calls in one answer at most, with arguments of so many bytes.
const MOST_CALLS: usize = 8;
const MOST_BYTES: usize = 64 * 1024;

/// A call as a model wrote it.
#[derive(Clone, Default, PartialEq)]
pub(super) struct WrittenCall {
    index: Option<u64>,
    pub id: Option<String>,
    pub name: String,
    pub arguments: String,
}

#[derive(Default)]
pub(super) struct Calls(Vec<WrittenCall>);

impl Calls {
    pub fn add(&mut self, part: ToolPart) {
        let at = match (part.index, &part.id) {
            (Some(index), _) => self.0.iter().position(|call| call.index == Some(index)),
            (None, Some(id)) => self.0.iter().position(|call| call.id.as_ref() == Some(id)),
            // A whole call without any number, or more of the last one.
            (None, None) if part.name.is_some() => None,
            (None, None) => self.0.len().checked_sub(1),
        };
        let call = match at {
            Some(at) => &mut self.0[at],
            None if self.0.len() >= MOST_CALLS => return,
            None => {
                self.0.push(WrittenCall { index: part.index, ..WrittenCall::default() });
                let last = self.0.len() - 1;
                &mut self.0[last]
            }
        };
        call.id = call.id.take().or(part.id);
        // Some servers send the name with each part.
        if let Some(name) = part.name.filter(|_| call.name.is_empty()) {
            call.name = name;
        }
        if call.arguments.len() + part.arguments.len() <= MOST_BYTES {
            call.arguments.push_str(&part.arguments);
        }
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn take(&mut self) -> Vec<WrittenCall> {
        std::mem::take(&mut self.0)
    }
}

impl WrittenCall {
    /// Its arguments; `None`: they are no JSON object.
    pub fn read(&self) -> Option<Json> {
        let text = self.arguments.trim();
        match text {
            "" | "null" => Some(Json::Object(Default::default())),
            text => serde_json::from_str(text).ok().filter(Json::is_object),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(index: Option<u64>, id: &str, name: &str, arguments: &str) -> ToolPart {
        let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        ToolPart { index, id: text(id), name: text(name), arguments: arguments.into() }
    }

    fn read(parts: impl IntoIterator<Item = ToolPart>) -> Vec<(String, Option<Json>)> {
        let mut calls = Calls::default();
        parts.into_iter().for_each(|part| calls.add(part));
        calls.take().into_iter().map(|call| (call.name.clone(), call.read())).collect()
    }

    #[test]
    fn calls_are_put_together_from_parts_of_every_kind() {
        let both =
            [("find".to_owned(), Some(serde_json::json!({"a": 1}))), ("book".to_owned(), Some(serde_json::json!({})))];
        let whole = [part(Some(0), "x", "find", "{\"a\":1}"), part(Some(1), "y", "book", "{}")];
        let cut = [
            part(Some(0), "x", "find", ""),
            part(Some(0), "", "", "{\"a\""),
            part(Some(1), "y", "book", ""),
            part(Some(0), "", "", ":1}"),
        ];
        let by_id = [part(None, "x", "find", "{\"a\":"), part(None, "x", "find", "1}"), part(None, "y", "book", "")];
        let bare = [part(None, "", "find", "{\"a\":1}"), part(None, "", "book", "{}")];
        for parts in [whole.to_vec(), cut.to_vec(), by_id.to_vec(), bare.to_vec()] {
            assert_eq!(read(parts), both);
        }
        assert_eq!(read([part(None, "", "find", "{\"a\":")]), [("find".to_owned(), None)]);
        assert_eq!(read((0..20).map(|index| part(Some(index), "", "find", "{}"))).len(), MOST_CALLS);
    }
}
