//! What does a task or looks something up, with the values that are known.
use super::form::Form;
use crate::bot::{AnswerGap, Part, RequestTemplate, Target, filling};
use crate::tool::{HttpRequest, Method, ToolRequest};
use serde_json::Value as Json;

/// `None`: a part of an earlier answer that it needs is missing.
pub(super) fn request(form: &Form, template: &RequestTemplate) -> Option<ToolRequest> {
    let value_of = |part: &Part| match part {
        Part::Text(text) => Some(text.as_str().into()),
        Part::Slot(gap) => Some(form.json_of(&gap.name)),
        Part::Answer(gap) => found(form, gap),
        Part::Header(name) => Some(form.bot.headers.value(name).into()),
        // What nobody has confirmed in this call is not sent.
        Part::Known(_) => None,
    };
    let body = || match &template.body {
        Some(body) => filling::body(body, &value_of),
        None => Some(form.record()),
    };
    match &template.target {
        Target::Tool(name) => Some(ToolRequest { name: name.clone(), arguments: body()? }),
        Target::Http { method, url } => {
            let url = filling::address(url, &value_of)?;
            let body = if *method == Method::Get { None } else { Some(body()?) };
            Some(HttpRequest { method: *method, url, body }.into())
        }
    }
}

/// A part of an earlier answer; null where it is missing and may be.
fn found(form: &Form, gap: &AnswerGap) -> Option<Json> {
    let part = form.part(gap, None).filter(|part| !part.is_null()).cloned();
    if gap.optional { Some(part.unwrap_or_default()) } else { part }
}
