//! `Findings`: what the lookups of the task under way have come to.
use crate::bot::{Lookup, Need, Outcome, Use};
use crate::say::Sayer;
use crate::tool::{ToolFault, ToolRequest};
use crate::value::kind::Value;
use serde_json::Value as Json;

/// One answer of a lookup.
#[derive(Clone)]
pub(super) struct Finding {
    pub outcome: Outcome,
    /// One thing that was found, or the list of several; null where nothing was.
    pub answer: Json,
}

/// By the lookup's index in its task.
#[derive(Clone, Default)]
pub(super) struct Findings(Vec<Looked>);

#[derive(Clone, Default)]
struct Looked {
    /// What was asked and what that came to. It holds as long as nothing else would be asked.
    latest: Option<(ToolRequest, Finding)>,
    /// The slots that were filled because of it, and with what.
    set: Vec<(usize, Value)>,
    /// How often the caller was asked again because of it.
    in_vain: u8,
}

impl Findings {
    pub fn of(&self, lookup: usize) -> Option<&Finding> {
        self.0.get(lookup)?.latest.as_ref().map(|(_, finding)| finding)
    }

    /// Whether this very request has been answered.
    pub fn has(&self, lookup: usize, request: &ToolRequest) -> bool {
        self.0.get(lookup).and_then(|looked| looked.latest.as_ref()).is_some_and(|(asked, _)| asked == request)
    }

    /// `set`: the slots that are filled because of it, and with what.
    pub fn note(&mut self, lookup: usize, request: ToolRequest, finding: Finding, set: Vec<(usize, Value)>) {
        let looked = self.at(lookup);
        (looked.latest, looked.set) = (Some((request, finding)), set);
    }

    /// What was found holds no more: the slots that were filled because of it, and with what.
    pub fn drop(&mut self, lookup: usize) -> Vec<(usize, Value)> {
        let looked = self.at(lookup);
        looked.latest = None;
        std::mem::take(&mut looked.set)
    }

    /// The caller is asked again: what was found does not count, and the same request goes out once more. How often that was so.
    pub fn forget(&mut self, lookup: usize) -> u8 {
        let looked = self.at(lookup);
        looked.latest = None;
        looked.in_vain = looked.in_vain.saturating_add(1);
        looked.in_vain
    }

    fn at(&mut self, lookup: usize) -> &mut Looked {
        if self.0.len() <= lookup {
            self.0.resize_with(lookup + 1, Looked::default);
        }
        &mut self.0[lookup]
    }
}

/// What an answer comes to: nothing where there is nothing (404, null, false, an empty text, list or object), one thing, or a list of
/// several. `Ok(None)`: it lacks what was to be found, or a part of it that the task needs.
pub(super) fn judged(
    lookup: &Lookup,
    result: Result<Json, ToolFault>,
    sayer: Sayer,
) -> Result<Option<Finding>, ToolFault> {
    let none = Finding { outcome: Outcome::None, answer: Json::Null };
    let answer = match result {
        Ok(Json::Null) | Err(ToolFault::Status(404)) => return Ok(Some(none)),
        Ok(answer) => answer,
        Err(fault) => return Err(fault),
    };
    let Some(found) = answer.pointer(&lookup.result) else { return Ok(None) };
    let finding = match found {
        Json::Null | Json::Bool(false) => none,
        Json::String(text) if text.trim().is_empty() => none,
        Json::Object(all) if all.is_empty() => none,
        Json::Array(all) => match all.as_slice() {
            [] => none,
            [one] => Finding { outcome: Outcome::Found, answer: one.clone() },
            _ => Finding { outcome: Outcome::Several, answer: found.clone() },
        },
        one => Finding { outcome: Outcome::Found, answer: one.clone() },
    };
    let has = |need: &Need| {
        let part = finding.answer.pointer(&need.pointer);
        match need.of {
            Use::Said(form) => sayer.json(part, form).is_some(),
            Use::Sent => part.is_some_and(|part| !part.is_null()),
            Use::Tested => part.is_some(),
        }
    };
    Ok((finding.outcome != Outcome::Found || lookup.needs.iter().all(has)).then_some(finding))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bot::Bot;
    use crate::language::Language;
    use crate::value::currency::Currency;
    use serde_json::json;

    const BOT: &str = "name = 'b'\nlanguage = 'en'\ngreeting = 'Hello.'\n\
        [[slot]]\nname = 'n'\ntype = 'yes_no'\nprompt = 'Sure?'\n\
        [[task]]\nname = 't'\nslots = ['n']\non_done = { say = 'It is {x/a:date}.' }\n\
        [[task.lookup]]\nname = 'x'\nurl = 'http://127.0.0.1:1/'\nresult = '/r'\n\
        none = { then = 'go_on' }\nseveral = { then = 'go_on' }\n";

    #[test]
    fn an_answer_is_nothing_one_or_several_and_has_what_is_needed_of_it() {
        let bot = Bot::parse(BOT, "b").unwrap_or_else(|e| panic!("{e}"));
        let sayer = Sayer { language: Language::En, today: jiff::civil::date(2026, 11, 25), currency: Currency::Usd };
        let judge = |result| match judged(&bot.tasks[0].lookups[0], result, sayer) {
            Ok(Some(finding)) => finding.outcome.name(),
            Ok(None) => "lacks",
            Err(_) => "failed",
        };
        let one = json!({ "a": "2026-12-01" });
        for (answer, outcome) in [
            (json!(null), "none"),
            (json!({ "r": null }), "none"),
            (json!({ "r": false }), "none"),
            (json!({ "r": " " }), "none"),
            (json!({ "r": [] }), "none"),
            (json!({ "r": {} }), "none"),
            (json!({ "r": one }), "found"),
            (json!({ "r": [one] }), "found"),
            (json!({ "r": [one, one] }), "several"),
            (json!({ "r": { "a": "soon" } }), "lacks"),
            (json!({ "r": { "b": 1 } }), "lacks"),
            (json!({ "r": 7 }), "lacks"),
            (json!({ "q": one }), "lacks"),
        ] {
            assert_eq!(judge(Ok(answer.clone())), outcome, "{answer}");
        }
        assert_eq!(judge(Err(ToolFault::Status(404))), "none");
        for fault in [ToolFault::Status(500), ToolFault::Late, ToolFault::Unreachable, ToolFault::NotJson] {
            assert_eq!(judge(Err(fault.clone())), "failed", "{fault}");
        }
    }
}
