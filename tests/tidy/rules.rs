//! The rules, each a function from a source to its offending lines, and each shown to find an offence.
use crate::source::Source;
use toml::{Table, Value};

/// The only files within [`CORES`] that may read the clock: thread loops. The list may only shrink.
pub const DRIVERS: [&str; 2] = ["media/src/engine.rs", "media/src/pool.rs"];

/// Files that hold the end of an unbounded channel which rsipstack makes and hands out. Admission bounds what enters it
/// (`telephony/src/sip/gate.rs`). The list may only shrink.
pub const FOREIGN: [&str; 2] = ["telephony/src/sip/inbound.rs", "telephony/src/sip/socket.rs"];

/// Whether `word` stands in `line` by itself.
fn has_word(line: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        !before.is_some_and(part) && !after.is_some_and(part)
    })
}

pub fn reads_clock(source: &Source) -> Vec<usize> {
    const READS: [&str; 9] = [
        "Instant::now",
        "SystemTime::now",
        "Timestamp::now",
        "Zoned::now",
        "UNIX_EPOCH",
        "CLOCK_MONOTONIC",
        "CLOCK_REALTIME",
        "gettimeofday",
        "thread::sleep",
    ];
    // `.elapsed()` of an Instant asks the clock too.
    source.lines_with(|line| READS.iter().any(|read| line.contains(read)) || line.contains(".elapsed()"))
}

/// Where nothing but [`DRIVERS`] may read the clock: the crates that are cores throughout, and the cores among drivers.
pub const CORES: [&str; 38] = [
    "media/src/",
    "dialog/src/",
    "rehearse/src/",
    "softphone/src/phone.rs",
    "src/call/acts.rs",
    "src/call/approvals.rs",
    "src/call/core.rs",
    "src/call/due_sound.rs",
    "src/call/echo.rs",
    "src/call/page.rs",
    "src/call/person.rs",
    "src/call/phone_keys.rs",
    "src/call/queue",
    "src/call/seat.rs",
    "src/call/talk",
    "src/call/timeline.rs",
    "src/call/transcript",
    "src/call/voices.rs",
    "src/call/watchdog.rs",
    "src/engines/remote/clauses.rs",
    "src/engines/remote/utterance.rs",
    "src/insight/",
    "src/oidc/claim_set.rs",
    "src/oidc/claims.rs",
    "src/oidc/discovery.rs",
    "src/oidc/keys.rs",
    "src/oidc/pending.rs",
    "src/oidc/roles.rs",
    "src/security/attempts.rs",
    "src/security/failures.rs",
    "src/speech_models/answer.rs",
    "src/speech_models/clauses.rs",
    "src/speech_models/dialogue.rs",
    "src/speech_models/gemini.rs",
    "src/speech_models/mirror.rs",
    "src/speech_models/openai.rs",
    "src/speech_models/output.rs",
    "src/speech_models/session.rs",
];

pub fn clock(source: &Source) -> Vec<usize> {
    let core = CORES.iter().any(|place| source.name.starts_with(place));
    if !core || source.of_tests || DRIVERS.contains(&source.name.as_str()) { Vec::new() } else { reads_clock(source) }
}

/// Which of `ours` a manifest depends on for its product, under any name, and by which table.
pub fn own_dependencies(manifest: &Table, ours: &[&str]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut tables: Vec<(String, &Table)> = Vec::new();
    for kind in ["dependencies", "build-dependencies"] {
        tables.extend(manifest.get(kind).and_then(Value::as_table).map(|table| (kind.to_owned(), table)));
        for (target, value) in manifest.get("target").and_then(Value::as_table).into_iter().flatten() {
            tables.extend(value.get(kind).and_then(Value::as_table).map(|table| (format!("{target}.{kind}"), table)));
        }
    }
    for (kind, table) in tables {
        for (name, value) in table {
            let package = value.get("package").and_then(Value::as_str).unwrap_or(name);
            let path = value.get("path").and_then(Value::as_str).and_then(|path| path.rsplit('/').next());
            if let Some(own) = ours.iter().find(|own| package == **own || path == Some(*own)) {
                found.push(((*own).to_owned(), kind.clone()));
            }
        }
    }
    found
}

pub fn unbounded(source: &Source) -> Vec<usize> {
    const WITHOUT: [&str; 6] =
        ["unbounded_channel", "UnboundedSender", "UnboundedReceiver", "unbounded()", "unbounded::<", "mpsc::channel()"];
    if FOREIGN.contains(&source.name.as_str()) {
        return Vec::new();
    }
    let std = source.code.iter().any(|line| line.contains("std::sync::mpsc"));
    source.lines_with(|line| {
        let bare = std && (line.contains(" channel()") || line.contains("=channel()"));
        WITHOUT.iter().any(|word| line.contains(word))
            || bare
            || line.contains("mpsc::channel::<") && line.contains(">()")
    })
}

pub fn serialisable(source: &Source) -> Vec<usize> {
    const PLACES: [&str; 9] = [
        "src/config.rs",
        "src/config/",
        "src/api/wire.rs",
        "src/api/wire/",
        "src/store/",
        // What is read from a bot's file, which is configuration.
        "dialog/src/bot",
        "dialog/src/turn/plan.rs",
        "dialog/src/language.rs",
        // What is read from a rehearsal's file.
        "rehearse/src/scenario/",
    ];
    if source.of_tests || PLACES.iter().any(|place| source.name.starts_with(place)) {
        return Vec::new();
    }
    source.lines_with(|line| {
        let derive = line.contains("derive(") && (has_word(line, "Serialize") || has_word(line, "Deserialize"));
        let by_hand =
            line.contains("impl") && (line.contains("Serialize for") || line.contains("Deserialize<'de> for"));
        derive || by_hand
    })
}

pub fn opening(source: &Source) -> Vec<usize> {
    let first = source.lines.first().map_or("", String::as_str);
    if first.starts_with("//! ") && first.len() > 12 { Vec::new() } else { vec![0] }
}

pub fn length(source: &Source) -> Vec<usize> {
    if source.lines.len() > 600 { vec![600] } else { Vec::new() }
}

pub fn undone(source: &Source) -> Vec<usize> {
    source.lines_with(|line| ["todo!", "unimplemented!", "dbg!"].iter().any(|word| line.contains(word)))
}

pub fn names(source: &Source) -> Vec<usize> {
    const VAGUE: [&str; 6] = ["Manager", "Handler", "Helper", "Util", "Service", "Impl"];
    let file = source.name.rsplit('/').next().unwrap_or_default().trim_end_matches(".rs");
    if VAGUE
        .iter()
        .any(|vague| file.to_lowercase() == vague.to_lowercase() || file == format!("{}s", vague.to_lowercase()))
    {
        return vec![0];
    }
    source.lines_with(|line| {
        let named = ["struct ", "enum ", "trait ", "type "].iter().find_map(|kind| {
            let place = line.find(kind).filter(|at| *at == 0 || line[..*at].ends_with(' '))?;
            line[place + kind.len()..].split(|c: char| !c.is_alphanumeric()).next()
        });
        named
            .is_some_and(|name| VAGUE.iter().any(|vague| name.ends_with(vague) || name.ends_with(&format!("{vague}s"))))
    })
}

pub fn machine(source: &Source) -> Vec<usize> {
    // Put together from parts, so that this file does not name what it looks for.
    let paths = [["/wo", "rk/"], ["/ho", "me/"], ["/ro", "ot/"], ["/Us", "ers/"]].map(|parts| parts.concat());
    let named = |line: &&String| paths.iter().any(|path| at_start(line, path));
    source.lines.iter().enumerate().filter(|(_, line)| named(line)).map(|(number, _)| number).collect()
}

/// Whether `path` stands in `line` as the beginning of an absolute path.
fn at_start(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || "._-~/}>*".contains(c))
    })
}

/// Log macros that name a field or a value by what it must not hold. Types hide the rest (`Private`, `Party`).
pub fn logged(source: &Source) -> Vec<usize> {
    const WORDS: [&str; 12] = [
        "text",
        "words",
        "heard",
        "transcript",
        "hypothesis",
        "utterance_text",
        "caller",
        "callee",
        "from",
        "to",
        "number",
        "digits",
    ];
    if source.of_tests {
        return Vec::new();
    }
    let named = |call: &LogCall| {
        let of = |part: &str| WORDS.iter().any(|word| value_of(part, word));
        call.arguments.split(',').any(|argument| of(argument.trim())) || WORDS.iter().any(|word| call.captures(word))
    };
    log_calls(source).into_iter().filter(named).map(|call| call.line).collect()
}

/// One use of a log macro, over as many lines as it takes.
struct LogCall {
    line: usize,
    /// Between the parentheses, without what strings hold.
    arguments: String,
    /// The whole lines, with their strings.
    text: String,
}

impl LogCall {
    /// `{word}` or `{word:?}` in the message.
    fn captures(&self, word: &str) -> bool {
        ["}", ":"].iter().any(|end| self.text.contains(&format!("{{{word}{end}")))
    }
}

fn log_calls(source: &Source) -> Vec<LogCall> {
    const LEVELS: [&str; 6] = ["trace!(", "debug!(", "info!(", "warn!(", "error!(", "event!("];
    let mut found = Vec::new();
    for (line, code) in source.code.iter().enumerate() {
        for (at, level) in LEVELS.iter().flat_map(|level| code.match_indices(level)) {
            let (mut depth, mut arguments, mut last) = (1, String::new(), line);
            let rest =
                std::iter::once(&code[at + level.len()..]).chain(source.code[line + 1..].iter().map(String::as_str));
            'call: for (more, code) in rest.enumerate() {
                last = line + more;
                for c in code.chars() {
                    depth += i32::from(matches!(c, '(' | '[' | '{')) - i32::from(matches!(c, ')' | ']' | '}'));
                    if depth == 0 {
                        break 'call;
                    }
                    arguments.push(c);
                }
                arguments.push(' ');
            }
            found.push(LogCall { line, arguments, text: source.lines[line..=last].join("\n") });
        }
    }
    found
}

/// Whether an argument of a log macro is `word`, `%word`, `?x.word` or `name = %x.word`.
fn value_of(argument: &str, word: &str) -> bool {
    let value =
        argument.rsplit_once('=').map_or(argument, |(_, value)| value).trim().trim_start_matches(['%', '?', '&']);
    let path = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    value.chars().all(path) && value.rsplit('.').next() == Some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(rule: fn(&Source) -> Vec<usize>, name: &str, text: &str) -> usize {
        rule(&Source::new(name, text)).len()
    }

    #[test]
    fn each_rule_finds_its_offence_and_only_that() {
        for (rule, name, bad) in [
            (clock as fn(&Source) -> Vec<usize>, "dialog/src/turn/mod.rs", "let now = std::time::Instant::now();"),
            (clock, "src/call/talk/outputs.rs", "let now = Instant::now();"),
            (clock, "media/src/room.rs", "if self.since.elapsed() > LIMIT {}"),
            (clock, "media/src/asr/whisper/mod.rs", "std::thread::sleep(pause);"),
            (unbounded, "src/call/driver.rs", "let (a, b) = mpsc::unbounded_channel();"),
            (unbounded, "src/call/driver.rs", "let (a, b) = std::sync::mpsc::channel();"),
            (unbounded, "media/src/pool.rs", "let (a, b) = mpsc::channel::<Job>();"),
            (serialisable, "media/src/leg.rs", "#[derive(Clone, Serialize)]"),
            (serialisable, "src/call/end.rs", "#[derive(serde::Deserialize)]"),
            (serialisable, "src/call/end.rs", "impl Serialize for End {"),
            (opening, "src/call/end.rs", "use std::fmt;"),
            (opening, "src/call/end.rs", ""),
            (undone, "src/call/end.rs", "todo!()"),
            (names, "src/call/end.rs", "pub struct CallManager;"),
            (names, "src/call/end.rs", "pub(crate) trait EventHandler {}"),
            (names, "src/utils.rs", "//! Things."),
            (logged, "src/call/driver.rs", "tracing::debug!(%text, \"a turn\");"),
            (logged, "src/call/driver.rs", "info!(who = ?ring.from, \"a call\");"),
            (
                logged,
                "src/call/driver.rs",
                "tracing::warn!(\n    call = %id,\n    words = said.text,\n    \"late\"\n);",
            ),
            (logged, "src/call/driver.rs", "tracing::info!(\n    \"heard {text}\"\n);"),
            (logged, "src/call/driver.rs", "debug!(number, \"a call\");"),
        ] {
            assert_eq!(found(rule, name, bad), 1, "{name}: {bad}");
        }
        for (rule, name, good) in [
            (clock as fn(&Source) -> Vec<usize>, "media/src/engine.rs", "let now = Instant::now();"),
            (clock, "src/call/driver.rs", "let now = Instant::now();"),
            (clock, "media/src/testkit/sim.rs", "let now = Instant::now();"),
            (unbounded, "src/call/driver.rs", "let (a, b) = mpsc::channel(64);"),
            (unbounded, "src/call/driver.rs", "let (a, b) = oneshot::channel();"),
            (unbounded, "src/call/driver.rs", "fn unbounded(source: &Source) {}"),
            (unbounded, "telephony/src/sip/inbound.rs", "incoming: mpsc::UnboundedReceiver<Transaction>"),
            (serialisable, "src/store/event.rs", "#[derive(Serialize)]"),
            (serialisable, "src/call/end.rs", "#[derive(Clone, Debug)]"),
            (opening, "src/call/end.rs", "//! How a call ends."),
            (names, "src/call/end.rs", "pub struct Handle;"),
            (names, "src/call/end.rs", "impl Sink for Playout {}"),
            (logged, "src/call/driver.rs", "tracing::debug!(call = %id, chars = text.len(), \"a turn\");"),
            (logged, "src/call/driver.rs", "warn!(%why, from_port = %port, \"refused\");"),
            (
                logged,
                "src/call/driver.rs",
                "tracing::info!(\n    call = %id,\n    \"heard, text follows\"\n);\nsay(text);",
            ),
            (logged, "telephony/src/sip/gate/tests.rs", "fn t() { debug!(count = list(text, 3)); }"),
            (machine, "src/a.rs", "let url = format!(\"{base}/work/orders\");"),
        ] {
            assert_eq!(found(rule, name, good), 0, "{name}: {good}");
        }
        let path = ["/ro", "ot/x"].concat();
        assert_eq!(found(machine, "src/a.rs", &format!("// see {path}")), 1);
        assert_eq!(found(length, "src/a.rs", &"x\n".repeat(601)), 1);
        assert_eq!(found(length, "src/a.rs", &"x\n".repeat(600)), 0);
    }

    #[test]
    fn a_dependency_on_our_own_is_found_under_any_name_and_table() {
        let manifest: Table = toml::from_str(
            "[dependencies]\nserde = '1'\nsound = { package = 'media', path = '../media' }\ntelephony.workspace = true\n\
             [target.'cfg(unix)'.dependencies]\nwords = { path = '../dialog' }\n[dev-dependencies]\nswitchboard = { path = '..' }",
        )
        .unwrap();
        let names: Vec<String> = own_dependencies(&manifest, &["switchboard", "media", "dialog", "telephony"])
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        assert_eq!(names, ["media", "telephony", "dialog"]);
    }
}
