//! When everything is known: the tool, its answer, and how values are said.
use super::*;

impl Flow {
    /// Everything is known and right.
    pub(super) fn done(&mut self) -> Reply {
        let bot = self.bot.clone();
        let Some(task) = self.task else { return self.advance(Vec::new()) };
        let slots = bot.tasks[task].slots.clone();
        let mut news = Vec::new();
        for slot in slots {
            if let Some(filled) = &mut self.slots[slot] {
                filled.confirmed = true;
                news.push(self.news(slot));
            }
        }
        let mut reply = match &bot.tasks[task].done.call {
            Some(call) => {
                self.step = Step::Busy;
                let url = call.url.fill(|part| match part {
                    Part::Text(text) => text.clone(),
                    Part::Slot(name) | Part::Answer(name) => percent(&self.plain(name)),
                    Part::Header(name) => percent(bot.headers.value(name)),
                });
                let body = (call.method == Method::Post).then(|| match &call.body {
                    Some(body) => self.body(body),
                    None => self.record(),
                });
                let call = ToolCall { method: call.method, url, body, timeout: call.timeout };
                Reply { say: Vec::new(), slots: Vec::new(), next: Next::Run(call) }
            }
            None => self.finished(&Json::Null),
        };
        reply.slots.splice(0..0, news);
        reply
    }

    /// A tool answered.
    pub fn tool(&mut self, result: Result<Json, ToolFault>) -> Reply {
        let bot = self.bot.clone();
        let call = self.task.and_then(|t| bot.tasks[t].done.call.as_ref());
        match result {
            Ok(answer) => self.finished(&answer),
            Err(ToolFault::Late) => {
                let text = call.and_then(|c| c.late.clone()).unwrap_or_else(|| bot.prompts.tool_late.clone());
                self.over(text, reason::TOOL)
            }
            Err(_) => {
                let text = call.and_then(|c| c.failed.clone()).unwrap_or_else(|| bot.prompts.tool_failed.clone());
                self.over(text, reason::TOOL)
            }
        }
    }

    pub(super) fn finished(&mut self, answer: &Json) -> Reply {
        let bot = self.bot.clone();
        let Some(task) = self.task else { return self.advance(Vec::new()) };
        let text = self.render(&bot.tasks[task].done.say, None, Some(answer));
        match bot.tasks[task].done.then {
            Then::HangUp => {
                let mut reply = self.over(bot.closing.clone(), reason::DONE);
                reply.say.insert(0, spoken(&text));
                reply
            }
            Then::Ask => {
                self.slots.fill(None);
                self.task = None;
                self.step = Step::Task;
                self.ask(vec![spoken(&text)])
            }
        }
    }

    pub(super) fn spoken_value(&self, slot: usize) -> String {
        let spec = &self.bot.slots[slot];
        match &self.slots[slot] {
            Some(_) if spec.secret => self.bot.prompts.secret.clone(),
            Some(filled) => say::value(&filled.value, &spec.kind, self.bot.language, self.now.date()),
            None => String::new(),
        }
    }

    /// How the values that are known are said, and how they are written; nothing of a secret.
    pub fn spellings(&self) -> Vec<(String, String)> {
        let filled = self.bot.slots.iter().zip(&self.slots).filter(|(spec, _)| !spec.secret);
        let known = filled.filter_map(|(spec, filled)| filled.as_ref().map(|filled| (&filled.value, &spec.kind)));
        known.filter_map(|(value, kind)| say::written::spelling(value, kind, self.bot.language)).collect()
    }

    pub(super) fn render(&self, template: &Template, own: Option<usize>, answer: Option<&Json>) -> String {
        let text = template.fill(|part| match part {
            Part::Text(text) => text.clone(),
            Part::Slot(name) => match (name.as_str(), own) {
                ("value", Some(slot)) => self.spoken_value(slot),
                _ => self.bot.slot(name).map_or_else(String::new, |s| self.spoken_value(s)),
            },
            Part::Answer(pointer) => spoken_json(answer.and_then(|a| a.pointer(pointer))),
            Part::Header(name) => self.bot.headers.spoken(name),
        });
        let text = if template.headers() { without_holes(&text) } else { text };
        // "{place}, is that right?" begins a sentence.
        let mut chars = text.chars();
        chars.next().map(|c| c.to_uppercase().chain(chars).collect()).unwrap_or_default()
    }

    pub(super) fn json(&self, slot: usize) -> Json {
        self.slots[slot].as_ref().map_or(Json::Null, |f| f.value.json())
    }

    pub(super) fn plain(&self, name: &str) -> String {
        self.bot.slot(name).map_or_else(String::new, |s| spoken_json(Some(&self.json(s))))
    }

    /// All slots of the task, and its name.
    pub(super) fn record(&self) -> Json {
        let mut all = serde_json::Map::new();
        if let Some(task) = self.task {
            all.insert("task".into(), self.bot.tasks[task].name.clone().into());
            all.extend(self.bot.tasks[task].slots.iter().map(|s| (self.bot.slots[*s].name.clone(), self.json(*s))));
        }
        Json::Object(all)
    }

    pub(super) fn body(&self, body: &Json) -> Json {
        match body {
            Json::String(text) => match Template::parse(text) {
                // A whole value keeps its type.
                Ok(Template(parts)) => match parts.as_slice() {
                    [Part::Slot(name)] => self.bot.slot(name).map_or(Json::Null, |s| self.json(s)),
                    [Part::Header(name)] => self.bot.headers.value(name).into(),
                    _ => Template(parts)
                        .fill(|part| match part {
                            Part::Text(text) => text.clone(),
                            Part::Slot(name) | Part::Answer(name) => self.plain(name),
                            Part::Header(name) => self.bot.headers.value(name).to_owned(),
                        })
                        .into(),
                },
                Err(_) => body.clone(),
            },
            Json::Array(all) => all.iter().map(|v| self.body(v)).collect(),
            Json::Object(all) => all.iter().map(|(k, v)| (k.clone(), self.body(v))).collect(),
            other => other.clone(),
        }
    }
}

/// RFC 3986 percent-encoding of everything but unreserved characters.
fn percent(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~');
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}
