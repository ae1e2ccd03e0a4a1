//! The rules, each a function from a source to its offending lines, and each shown to find an offence.
use toml::{Table, Value};

/// Files of `media` and `dialog` that may read the clock: thread loops, and adapters of engines in other processes. The list may only shrink.
pub const DRIVERS: [&str; 2] = ["media/src/engine.rs", "media/src/pool.rs"];

/// Files that hold the end of an unbounded channel which rsipstack makes and hands out. Admission bounds what enters it
/// (`telephony/src/sip/gate.rs`). The list may only shrink.
pub const FOREIGN: [&str; 2] = ["telephony/src/sip/inbound.rs", "telephony/src/sip/socket.rs"];

/// One file: its text, and the same with comments, strings and tests blanked out, line by line.
pub struct Source {
    pub name: String,
    lines: Vec<String>,
    code: Vec<String>,
}

impl Source {
    pub fn new(name: &str, text: &str) -> Self {
        let code = blank_tests(&blank_words(text));
        let split = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
        Self { name: name.into(), lines: split(text), code: split(&code) }
    }

    pub fn quote(&self, line: usize) -> String {
        format!("{}:{}: {}", self.name, line + 1, self.lines.get(line).map_or("", |text| text.trim()))
    }

    /// Whether the whole file is a test or a tool of tests.
    fn of_tests(&self) -> bool {
        let mut parts = self.name.split('/');
        parts.any(|part| {
            matches!(part, "tests" | "tests.rs" | "testkit" | "testkit.rs" | "benches" | "examples" | "fuzz")
        })
    }

    fn lines_with(&self, found: impl Fn(&str) -> bool) -> Vec<usize> {
        self.code.iter().enumerate().filter(|(_, line)| found(line)).map(|(number, _)| number).collect()
    }
}

/// Comments and the insides of strings become spaces; lines stay lines.
fn blank_words(text: &str) -> String {
    let bytes: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let blank = |c: char| if c == '\n' { '\n' } else { ' ' };
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        let len = match rest {
            ['/', '/', ..] => rest.iter().position(|c| *c == '\n').unwrap_or(rest.len()),
            ['/', '*', ..] => closing(rest, &['*', '/'], 2),
            ['r', '#', '"', ..] => closing(rest, &['"', '#'], 3),
            ['"', ..] => string(rest),
            ['\'', '\\', _, '\'', ..] => 4,
            ['\'', _, '\'', ..] => 3,
            _ => 0,
        };
        if len == 0 {
            out.push(bytes[at]);
            at += 1;
        } else {
            out.extend(rest[..len].iter().map(|c| blank(*c)));
            at += len;
        }
    }
    out
}

fn closing(rest: &[char], end: &[char], from: usize) -> usize {
    let place = rest[from..].windows(end.len()).position(|window| window == end);
    place.map_or(rest.len(), |place| from + place + end.len())
}

fn string(rest: &[char]) -> usize {
    let mut at = 1;
    while at < rest.len() && rest[at] != '"' {
        at += if rest[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(rest.len())
}

/// Items under `#[cfg(test)]` become empty lines.
fn blank_tests(code: &str) -> String {
    let mut out = String::new();
    let (mut depth, mut opened, mut inside) = (0_i32, false, false);
    for line in code.lines() {
        if !inside && line.trim_start().starts_with("#[cfg(test)]") {
            (inside, depth, opened) = (true, 0, false);
        }
        if !inside {
            out.push_str(line);
        }
        out.push('\n');
        if inside {
            for c in line.chars() {
                match c {
                    '{' => (depth, opened) = (depth + 1, true),
                    '}' => depth -= 1,
                    ';' if !opened => inside = false,
                    _ => {}
                }
            }
            if opened && depth <= 0 {
                inside = false;
            }
        }
    }
    out
}

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

pub fn clock(source: &Source) -> Vec<usize> {
    let core = ["media/src/", "dialog/src/"].iter().any(|place| source.name.starts_with(place));
    if !core || source.of_tests() || DRIVERS.contains(&source.name.as_str()) { Vec::new() } else { reads_clock(source) }
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
        "src/store/",
        // What is read from a bot's file, which is configuration.
        "dialog/src/bot",
        "dialog/src/turn/plan.rs",
        "dialog/src/language.rs",
        // The softphone's report, written as JSON.
        "src/softphone/report.rs",
        "src/phone/report.rs",
    ];
    if source.of_tests() || PLACES.iter().any(|place| source.name.starts_with(place)) {
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
    if source.of_tests() {
        return Vec::new();
    }
    let log =
        |line: &str| ["trace!(", "debug!(", "info!(", "warn!(", "error!("].iter().any(|level| line.contains(level));
    source
        .lines_with(|line| log(line) && WORDS.iter().any(|word| ["%", "?"].iter().any(|sign| field(line, sign, word))))
}

/// `%word`, `?word` or `name = %x.word` as an argument of a macro.
fn field(line: &str, sign: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    line.match_indices(sign).any(|(at, _)| {
        let value: String = line[at + sign.len()..].chars().take_while(|c| part(*c)).collect();
        value.rsplit('.').next() == Some(word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(rule: fn(&Source) -> Vec<usize>, name: &str, text: &str) -> usize {
        rule(&Source::new(name, text)).len()
    }

    #[test]
    fn comments_strings_and_tests_are_no_code() {
        let text = "let a = \"Instant::now\"; // Instant::now\n/* Instant::now\n */ let c = '\"'; let d = r#\"Instant::now\"#;\n\
            #[cfg(test)]\nmod tests {\n    fn t() { Instant::now(); }\n}\nlet e = '\\''; Instant::now();\n";
        let source = Source::new("media/src/leg.rs", text);
        assert_eq!(clock(&source), [7]);
        assert!(source.quote(7).starts_with("media/src/leg.rs:8: "));
        assert_eq!(found(clock, "media/src/a.rs", "#[cfg(test)]\nmod tests;\nInstant::now()"), 1);
    }

    #[test]
    fn each_rule_finds_its_offence_and_only_that() {
        for (rule, name, bad) in [
            (clock as fn(&Source) -> Vec<usize>, "dialog/src/turn/mod.rs", "let now = std::time::Instant::now();"),
            (clock, "media/src/room.rs", "if self.since.elapsed() > LIMIT {}"),
            (clock, "media/src/asr/whisper/mod.rs", "std::thread::sleep(pause);"),
            (unbounded, "src/call/actor.rs", "let (a, b) = mpsc::unbounded_channel();"),
            (unbounded, "src/call/actor.rs", "let (a, b) = std::sync::mpsc::channel();"),
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
            (logged, "src/call/actor.rs", "tracing::debug!(%text, \"a turn\");"),
            (logged, "src/call/actor.rs", "info!(who = ?ring.from, \"a call\");"),
        ] {
            assert_eq!(found(rule, name, bad), 1, "{name}: {bad}");
        }
        for (rule, name, good) in [
            (clock as fn(&Source) -> Vec<usize>, "media/src/engine.rs", "let now = Instant::now();"),
            (clock, "src/call/actor.rs", "let now = Instant::now();"),
            (clock, "media/src/testkit/sim.rs", "let now = Instant::now();"),
            (unbounded, "src/call/actor.rs", "let (a, b) = mpsc::channel(64);"),
            (unbounded, "src/call/actor.rs", "let (a, b) = oneshot::channel();"),
            (unbounded, "src/call/actor.rs", "fn unbounded(source: &Source) {}"),
            (unbounded, "telephony/src/sip/inbound.rs", "incoming: mpsc::UnboundedReceiver<Transaction>"),
            (serialisable, "src/store/event.rs", "#[derive(Serialize)]"),
            (serialisable, "src/call/end.rs", "#[derive(Clone, Debug)]"),
            (opening, "src/call/end.rs", "//! How a call ends."),
            (names, "src/call/end.rs", "pub struct Handle;"),
            (names, "src/call/end.rs", "impl Sink for Playout {}"),
            (logged, "src/call/actor.rs", "tracing::debug!(call = %id, chars = text.len(), \"a turn\");"),
            (logged, "src/call/actor.rs", "warn!(%why, from_port = %port, \"refused\");"),
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
