//! From a file to a [`Bot`]: everything that could go wrong in a call is refused here, with the key and the remedy.
use super::file::{DoneFile, File, MethodFile, OneOrMany, SlotFile, TaskFile, TitleFile, Type, ValueFile, ValueTable};
use super::{Bot, Call, Done, Fault, Headers, Slot, Task, Template};
use crate::conversation::Method;
use crate::value::{Choice, Kind, Language, tokens};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

struct Check<'a> {
    file: &'a str,
    language: Language,
}

impl Check<'_> {
    fn fault<T>(
        &self,
        key: impl Into<String>,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Result<T, Fault> {
        let (key, problem, remedy) = (key.into(), problem.into(), remedy.into());
        Err(Fault::Value { file: self.file.into(), key, problem, remedy })
    }

    fn text(&self, key: &str, text: &str) -> Result<(), Fault> {
        if text.trim().is_empty() {
            return self.fault(key, "is empty", "write the sentence the caller hears");
        }
        Ok(())
    }

    /// A sentence without gaps, but for what is known before the first word: header fields.
    fn plain(&self, key: &str, text: &str) -> Result<(), Fault> {
        self.text(key, text)?;
        let known = !text.contains(['{', '}']) || Template::parse(text).is_ok_and(|t| t.is_known_at_once());
        if !known {
            return self.fault(
                key,
                "has a {placeholder}, but nothing is known yet when it is said",
                "use placeholders in `confirm`, `read_back` and `on_done` only; {sip.NAME}, a header field of the call, anywhere",
            );
        }
        Ok(())
    }

    fn template(&self, key: &str, text: &str, known: &[&str], answers: bool) -> Result<Template, Fault> {
        self.text(key, text)?;
        let template = match Template::parse(text) {
            Ok(template) => template,
            Err(problem) => return self.fault(key, problem, "write {name}"),
        };
        if let Some(name) = template.slots().find(|name| !known.contains(name)) {
            let known = if known.is_empty() { "none".to_string() } else { known.join(", ") };
            return self.fault(key, format!("no such placeholder {{{name}}}"), format!("known here: {known}"));
        }
        if template.answers() && !answers {
            return self.fault(
                key,
                "has {/…}, but no tool has answered here",
                "use it in `on_done.say` beside a `url`",
            );
        }
        Ok(template)
    }
}

pub(super) fn bot(read: File, file: &str) -> Result<Bot, Fault> {
    let check = Check { file, language: read.language };
    check.text("name", &read.name)?;
    let titles = match read.title {
        None => BTreeMap::new(),
        Some(TitleFile::One(title)) => BTreeMap::from([(read.language, title)]),
        Some(TitleFile::ByLanguage(titles)) => titles,
    };
    if titles.values().any(|title| title.trim().is_empty() || title.chars().count() > 60) {
        return check.fault(
            "title",
            "is empty, or longer than 60 characters",
            "write what a visitor is to read on the button",
        );
    }
    check.plain("greeting", &read.greeting)?;
    for (key, text) in [("disclosure", &read.disclosure), ("closing", &read.closing)] {
        if let Some(text) = text {
            check.plain(key, text)?;
        }
    }
    if read.task.is_empty() {
        return check.fault("task", "no task", "add a [[task]] with `name`, `slots` and `[task.on_done]`");
    }
    let prompts = read.prompts.fill(read.language);
    for (name, text) in prompts.named() {
        let gaps: &[&str] = match name {
            "check" => &["value"],
            "menu_key" => &["value", "key"],
            _ => &[],
        };
        check.template(&format!("prompts.{name}"), text, gaps, false)?;
    }
    let mut slots: Vec<Slot> = Vec::new();
    for (i, slot) in read.slot.into_iter().enumerate() {
        let key = format!("slot[{i}]");
        if slots.iter().any(|s| s.name == slot.name) {
            return check.fault(
                format!("{key}.name"),
                format!("{:?} is defined twice", slot.name),
                "rename one of them",
            );
        }
        slots.push(self::slot(&check, &key, slot)?);
    }
    let many = read.task.len() > 1;
    let mut tasks: Vec<Task> = Vec::new();
    for (i, task) in read.task.into_iter().enumerate() {
        let key = format!("task[{i}]");
        if tasks.iter().any(|t| t.name == task.name) {
            return check.fault(
                format!("{key}.name"),
                format!("{:?} is defined twice", task.name),
                "rename one of them",
            );
        }
        if many && task.phrases.is_empty() {
            return check.fault(
                format!("{key}.phrases"),
                "is missing, so nobody can ask for this task",
                "list what callers say for it, or keep one task only",
            );
        }
        tasks.push(self::task(&check, &key, task, &slots)?);
    }
    distinct(&check, &tasks)?;
    if let Some(unused) = (0..slots.len()).find(|i| !tasks.iter().any(|t| t.slots.contains(i))) {
        let name = &slots[unused].name;
        return check.fault(format!("slot[{unused}]"), format!("{name:?} is in no task"), "add it to a task's `slots`");
    }
    let taken = tasks.iter().map(|t| t.key).collect();
    for (task, key) in tasks.iter_mut().zip(keys(&check, "task", taken)?) {
        task.key = key;
    }
    let commands = read.commands.fill(read.language);
    if let Some((command, _)) =
        commands.all.iter().find(|(_, words)| words.iter().any(|w| tokens(w, read.language).is_empty()))
    {
        return check.fault(format!("commands.{command:?}").to_lowercase(), "has an empty phrase", "remove it");
    }
    read.turn
        .check()
        .or_else(|(key, problem)| check.fault(format!("turn.{key}"), problem, "see the default values"))?;
    read.silence
        .check()
        .or_else(|(key, problem)| check.fault(format!("silence.{key}"), problem, "see the default values"))?;
    if read.silence.no_input == 0 || read.silence.no_match == 0 || read.silence.turns == 0 {
        return check.fault("silence", "a limit of 0 ends every call at once", "use at least 1");
    }
    if let Some((word, _)) = read.spoken.iter().find(|(word, spoken)| {
        spoken.trim().is_empty()
            || word.is_empty()
            || !word.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '\''))
    }) {
        let remedy = "write one word, and how the voice is to say it: \"ATM\" = \"a tê em\"";
        return check.fault(format!("spoken.{word:?}"), "cannot be used", remedy);
    }
    Ok(Bot {
        name: read.name,
        titles,
        language: read.language,
        voice: read.voice,
        lexicon: read
            .lexicon
            .into_iter()
            .map(|(word, phones)| match phones {
                OneOrMany::One(one) => (word, one.split_whitespace().map(str::to_string).collect()),
                OneOrMany::Many(many) => (word, many),
            })
            .collect(),
        spoken: read.spoken,
        disclosure: read.disclosure,
        greeting: read.greeting,
        closing: read.closing.unwrap_or_else(|| {
            match read.language {
                Language::En => "Thank you for calling. Goodbye.",
                Language::Vi => "Cảm ơn quý khách đã gọi. Tạm biệt.",
            }
            .into()
        }),
        slots,
        tasks,
        prompts,
        commands,
        turn: read.turn,
        silence: read.silence,
        headers: Headers::default(),
        has_header_gaps: false,
    })
}

/// A phrase names one task.
fn distinct(check: &Check, tasks: &[Task]) -> Result<(), Fault> {
    let mut known: BTreeMap<Vec<String>, &str> = BTreeMap::new();
    for (t, task) in tasks.iter().enumerate() {
        for (p, phrase) in task.phrases.iter().enumerate() {
            if let Some(other) = known.insert(tokens(phrase, check.language), &task.name)
                && other != task.name
            {
                return check.fault(
                    format!("task[{t}].phrases[{p}]"),
                    format!("{phrase:?} asks for task {other:?} too"),
                    "keep it in one of them",
                );
            }
        }
    }
    Ok(())
}

fn slot(check: &Check, key: &str, slot: SlotFile) -> Result<Slot, Fault> {
    check.text(&format!("{key}.name"), &slot.name)?;
    if slot.name == "value"
        || slot.name == "key"
        || slot.name.contains(|c: char| !c.is_ascii_alphanumeric() && c != '_')
    {
        return check.fault(
            format!("{key}.name"),
            format!("{:?} is not a slot name", slot.name),
            "use ASCII letters, digits and `_`, but not `value` or `key`",
        );
    }
    let prompt_key = format!("{key}.prompt");
    let Some(prompt) = slot.prompt else {
        return check.fault(
            prompt_key,
            format!("slot {:?} has no prompt", slot.name),
            "write the question that asks for it",
        );
    };
    check.plain(&prompt_key, &prompt)?;
    for (i, text) in slot.reprompts.iter().enumerate() {
        check.plain(&format!("{key}.reprompts[{i}]"), text)?;
    }
    if let Some(help) = &slot.help {
        check.plain(&format!("{key}.help"), help)?;
    }
    let kind = kind(
        check,
        key,
        Shape {
            kind: slot.r#type,
            values: slot.values,
            min: slot.min,
            max: slot.max,
            unit: slot.unit,
            length: slot.length,
        },
    )?;
    if slot.secret && !matches!(kind, Kind::Digits { .. } | Kind::Number { .. } | Kind::Phone) {
        return check.fault(format!("{key}.secret"), "only digits and numbers can be secret", "remove it");
    }
    let read_back = match (&slot.read_back, slot.secret) {
        (Some(_), true) => return check.fault(format!("{key}.read_back"), "would say a secret", "remove it"),
        (Some(text), false) => {
            Some(check.template(&format!("{key}.read_back"), text, &["value", &slot.name], false)?)
        }
        (None, _) => None,
    };
    Ok(Slot {
        keypad: slot.keypad.unwrap_or(!matches!(kind, Kind::Text)) && !matches!(kind, Kind::Text),
        name: slot.name,
        kind,
        prompt,
        reprompts: slot.reprompts,
        help: slot.help,
        confirm: slot.confirm,
        read_back,
        secret: slot.secret,
        cues: slot.cues,
    })
}

struct Shape {
    kind: Type,
    values: Option<Vec<ValueFile>>,
    min: Option<i64>,
    max: Option<i64>,
    unit: Option<Vec<String>>,
    length: Option<usize>,
}

fn kind(check: &Check, key: &str, shape: Shape) -> Result<Kind, Fault> {
    let stray = [
        (shape.values.is_some() && shape.kind != Type::Choice, "values", "a choice"),
        (shape.unit.is_some() && shape.kind != Type::Number, "unit", "a number"),
        (shape.length.is_some() && shape.kind != Type::Digits, "length", "digits"),
        (shape.min.is_some() && !matches!(shape.kind, Type::Number | Type::Digits), "min", "a number or digits"),
        (shape.max.is_some() && !matches!(shape.kind, Type::Number | Type::Digits), "max", "a number or digits"),
    ];
    if let Some((_, name, kind)) = stray.iter().find(|(bad, _, _)| *bad) {
        return check.fault(format!("{key}.{name}"), format!("belongs to {kind} only"), "remove it or change `type`");
    }
    Ok(match shape.kind {
        Type::Choice => Kind::Choice(choices(check, key, shape.values.unwrap_or_default())?),
        Type::YesNo => Kind::YesNo,
        Type::Number => {
            let (min, max) = (shape.min.unwrap_or(0), shape.max.unwrap_or(99));
            if min > max || min < 0 || max > 999_999 {
                return check.fault(
                    format!("{key}.max"),
                    format!("no number from {min} to {max}"),
                    "use 0 ≤ min ≤ max ≤ 999999",
                );
            }
            Kind::Number { min, max, unit: shape.unit.unwrap_or_default() }
        }
        Type::Digits => {
            if shape.length.is_some() && (shape.min.is_some() || shape.max.is_some()) {
                return check.fault(
                    format!("{key}.length"),
                    "says how many digits there are, and so do `min` and `max`",
                    "keep `length` for a fixed count, or `min` and `max` for a range",
                );
            }
            let bound = |n: Option<i64>, or| n.map_or(Some(or), |n| usize::try_from(n).ok());
            let (min, max) = match shape.length {
                Some(n) => (Some(n), Some(n)),
                None => (bound(shape.min, 1), bound(shape.max, 20)),
            };
            match (min, max) {
                (Some(min), Some(max)) if (1..=max).contains(&min) && max <= 32 => Kind::Digits { min, max },
                _ => {
                    return check.fault(
                        format!("{key}.length"),
                        "not a count of digits",
                        "use 1 ≤ min ≤ max ≤ 32, or `length`",
                    );
                }
            }
        }
        Type::Phone => Kind::Phone,
        Type::Date => Kind::Date,
        Type::Time => Kind::Time,
        Type::Duration => Kind::Duration,
        Type::Text => Kind::Text,
    })
}

fn choices(check: &Check, key: &str, values: Vec<ValueFile>) -> Result<Vec<Choice>, Fault> {
    if values.is_empty() {
        return check.fault(
            format!("{key}.values"),
            "a choice needs values",
            "list them: values = [\"small\", \"large\"]",
        );
    }
    let mut seen = BTreeSet::new();
    let mut out: Vec<Choice> = Vec::new();
    for (i, value) in values.into_iter().enumerate() {
        let table = match value {
            ValueFile::Name(name) => ValueTable { name, words: Vec::new(), say: None, key: None },
            ValueFile::Table(table) => table,
        };
        let at = format!("{key}.values[{i}]");
        let mut words: Vec<Vec<String>> =
            std::iter::once(&table.name).chain(&table.words).map(|w| tokens(w, check.language)).collect();
        words.dedup();
        for phrase in &words {
            if phrase.is_empty() {
                return check.fault(at, "has an empty word", "write what the caller says for it");
            }
            if !seen.insert(phrase.clone()) {
                return check.fault(at, format!("{:?} means two values", phrase.join(" ")), "remove one of them");
            }
        }
        out.push(Choice {
            say: table.say.unwrap_or_else(|| table.name.clone()),
            name: table.name,
            words,
            key: table.key,
        });
    }
    let keys = keys(check, &format!("{key}.values"), out.iter().map(|c| c.key).collect())?;
    for (choice, key) in out.iter_mut().zip(keys) {
        choice.key = key;
    }
    Ok(out)
}

/// Gives each entry without a key the next free one of 1–9.
fn keys(check: &Check, at: &str, own: Vec<Option<char>>) -> Result<Vec<Option<char>>, Fault> {
    let mut taken = BTreeSet::new();
    for (i, key) in own.iter().enumerate().filter_map(|(i, k)| k.map(|k| (i, k))) {
        if !key.is_ascii_digit() {
            return check.fault(
                format!("{at}[{i}].key"),
                format!("{key:?} cannot be a menu key"),
                "use 0 to 9; * goes back, # repeats",
            );
        }
        if !taken.insert(key) {
            return check.fault(
                format!("{at}[{i}].key"),
                format!("key {key} is given twice"),
                "give each entry its own key",
            );
        }
    }
    let mut free = ('1'..='9').filter(|k| !taken.contains(k)).collect::<Vec<_>>().into_iter();
    Ok(own.into_iter().map(|key| key.or_else(|| free.next())).collect())
}

fn task(check: &Check, key: &str, task: TaskFile, slots: &[Slot]) -> Result<Task, Fault> {
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
    if task.phrases.is_empty() && task.on_done.then == super::Then::Ask {
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
        done: done(check, &format!("{key}.on_done"), task.on_done, &names)?,
    })
}

fn done(check: &Check, key: &str, done: DoneFile, names: &[&str]) -> Result<Done, Fault> {
    let say = check.template(&format!("{key}.say"), &done.say, names, done.url.is_some())?;
    let Some(url) = done.url else {
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
        return Ok(Done { call: None, say, then: done.then });
    };
    let at = format!("{key}.url");
    if !url.starts_with("http://") && !url.starts_with("https://") {
        return check.fault(at, "is no web address", "begin it with http:// or https://");
    }
    let url = check.template(&at, &url, names, false)?;
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
    let timeout = Duration::from_millis(done.timeout_ms.unwrap_or(8_000));
    if !(100..=60_000).contains(&timeout.as_millis()) {
        return check.fault(format!("{key}.timeout_ms"), "is not a time a caller waits", "use 100 to 60000");
    }
    for (name, text) in [("late", &done.late), ("failed", &done.failed)] {
        if let Some(text) = text {
            check.plain(&format!("{key}.{name}"), text)?;
        }
    }
    let call = Call { method, url, body: done.body, timeout, late: done.late, failed: done.failed };
    Ok(Done { call: Some(call), say, then: done.then })
}

fn body_gaps(check: &Check, key: &str, body: &serde_json::Value, names: &[&str]) -> Result<(), Fault> {
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
