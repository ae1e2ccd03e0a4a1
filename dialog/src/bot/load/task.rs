//! One `[[task]]` of a bot file.
use super::check::{BotFault, Check};
use crate::bot::definition::{OnDone, RequestTemplate, Slot, Task, Then};
use crate::bot::file::{DoneFile, MethodFile, TaskFile};
use crate::bot::template::Part;
use crate::tool::Method;
use crate::value::words::tokens;
use std::time::Duration;

pub(super) fn task(check: &Check, key: &str, task: TaskFile, slots: &[Slot]) -> Result<Task, BotFault> {
    check.text(&format!("{key}.name"), &task.name)?;
    if let Some(i) = task.phrases.iter().position(|p| tokens(p, check.language).is_empty()) {
        return check.fault(format!("{key}.phrases[{i}]"), "is empty", "remove it");
    }
    let mut wanted = Vec::new();
    for (i, name) in task.slots.iter().enumerate() {
        let at = format!("{key}.slots[{i}]");
        match slots.iter().position(|s| s.name == *name) {
            None => return check.fault(at, format!("no slot is called {name:?}"), "add a [[slot]] of this name"),
            Some(s) if wanted.contains(&s) => {
                return check.fault(at, format!("{name:?} is listed twice"), "remove one");
            }
            Some(s) => wanted.push(s),
        }
    }
    if task.phrases.is_empty() && task.on_done.then == Then::Ask {
        return check.fault(
            format!("{key}.phrases"),
            "is missing, so nobody can ask for another one",
            "list what callers say for it",
        );
    }
    let names: Vec<&str> = task.slots.iter().map(String::as_str).collect();
    let confirm = match &task.confirm {
        Some(text) => Some(check.template(&format!("{key}.confirm"), text, &names, false)?),
        None => None,
    };
    Ok(Task {
        say: task.say.clone().or_else(|| task.phrases.first().cloned()).unwrap_or_else(|| task.name.clone()),
        name: task.name,
        phrases: task.phrases,
        key: task.key,
        slots: wanted,
        confirm,
        done: on_done(check, &format!("{key}.on_done"), task.on_done, &names)?,
    })
}

fn on_done(check: &Check, key: &str, done: DoneFile, names: &[&str]) -> Result<OnDone, BotFault> {
    let say = check.template(&format!("{key}.say"), &done.say, names, done.url.is_some())?;
    let then = done.then;
    let request = match &done.url {
        Some(url) => {
            let url = url.clone();
            Some(request(check, key, url, done, names)?)
        }
        None => {
            no_request(check, key, &done)?;
            None
        }
    };
    Ok(OnDone { request, say, then })
}

/// Refuses the keys of a request where there is none.
fn no_request(check: &Check, key: &str, done: &DoneFile) -> Result<(), BotFault> {
    for (name, there) in [
        ("method", done.method.is_some()),
        ("body", done.body.is_some()),
        ("timeout_ms", done.timeout_ms.is_some()),
        ("late", done.late.is_some()),
        ("failed", done.failed.is_some()),
    ] {
        if there {
            return check.fault(format!("{key}.{name}"), "belongs to an HTTP call", "add `url`, or remove it");
        }
    }
    Ok(())
}

fn request(check: &Check, key: &str, url: String, done: DoneFile, names: &[&str]) -> Result<RequestTemplate, BotFault> {
    let at = format!("{key}.url");
    if !url.starts_with("http://") && !url.starts_with("https://") {
        return check.fault(at, "is no web address", "begin it with http:// or https://");
    }
    let url = check.template(&at, &url, names, false)?;
    // Values are percent-encoded: a digit stands for any.
    let filled = url.fill(|part| if let Part::Text(text) = part { text.clone() } else { "1".into() });
    if let Err(problem) = url::Url::parse(&filled) {
        return check.fault(at, format!("is no web address: {problem}"), "write https://host/path");
    }
    if let Some(body) = &done.body {
        body_gaps(check, &format!("{key}.body"), body, names)?;
    }
    let method = match done.method {
        Some(MethodFile::Get) if done.body.is_some() => {
            return check.fault(format!("{key}.body"), "a GET has no body", "use POST, or put the values into `url`");
        }
        Some(MethodFile::Get) => Method::Get,
        Some(MethodFile::Post) | None => Method::Post,
    };
    let limit = Duration::from_millis(done.timeout_ms.unwrap_or(8_000));
    if !(100..=60_000).contains(&limit.as_millis()) {
        return check.fault(format!("{key}.timeout_ms"), "is not a time a caller waits", "use 100 to 60000");
    }
    for (name, text) in [("late", &done.late), ("failed", &done.failed)] {
        if let Some(text) = text {
            check.plain(&format!("{key}.{name}"), text)?;
        }
    }
    Ok(RequestTemplate { method, url, body: done.body, limit, late: done.late, failed: done.failed })
}

fn body_gaps(check: &Check, key: &str, body: &serde_json::Value, names: &[&str]) -> Result<(), BotFault> {
    match body {
        serde_json::Value::String(text) if !text.is_empty() => check.template(key, text, names, false).map(drop),
        serde_json::Value::Array(all) => {
            all.iter().enumerate().try_for_each(|(i, v)| body_gaps(check, &format!("{key}[{i}]"), v, names))
        }
        serde_json::Value::Object(all) => {
            all.iter().try_for_each(|(name, v)| body_gaps(check, &format!("{key}.{name}"), v, names))
        }
        _ => Ok(()),
    }
}
