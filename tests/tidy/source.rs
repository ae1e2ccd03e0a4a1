//! A file as the rules read it.

/// One file: its text, and the same with comments, strings and tests blanked out, line by line.
pub struct Source {
    pub name: String,
    pub lines: Vec<String>,
    pub code: Vec<String>,
    /// A test or a tool of tests, as a whole.
    pub of_tests: bool,
}

impl Source {
    pub fn new(name: &str, text: &str) -> Self {
        let code = blank_tests(&blank_words(text));
        let split = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
        let of_tests = name.split('/').any(|part| {
            matches!(part, "tests" | "tests.rs" | "testkit" | "testkit.rs" | "benches" | "examples" | "fuzz")
        });
        Self { name: name.into(), lines: split(text), code: split(&code), of_tests }
    }

    /// The files that `#[path = "…"]` and `include!("…")` bring in and the modules that are compiled for tests alone, from
    /// this file's directory, and whether they are for tests.
    pub fn included(&self) -> Vec<(String, bool)> {
        let mut found = Vec::new();
        for (at, line) in self.lines.iter().enumerate() {
            let line = line.trim_start();
            let before = self.lines[..at].iter().rev().take_while(|line| line.trim_start().starts_with("#["));
            let of_tests = self.of_tests || before.into_iter().any(|line| line.contains("cfg(test)"));
            let included = ["#[path", "include!("].iter().find_map(|start| line.strip_prefix(start)?.split('"').nth(1));
            let module = || line.split_once("mod ")?.1.strip_suffix(';').filter(|_| of_tests);
            match (included, module()) {
                (Some(path), _) => found.push((path.to_owned(), of_tests)),
                (None, Some(name)) => {
                    let stem = self.name.rsplit('/').next().unwrap_or_default().trim_end_matches(".rs");
                    let folder =
                        if matches!(stem, "mod" | "lib" | "main") { String::new() } else { format!("{stem}/") };
                    found.extend([(format!("{folder}{name}.rs"), true), (format!("{folder}{name}/mod.rs"), true)]);
                }
                (None, None) => {}
            }
        }
        found
    }

    pub fn quote(&self, line: usize) -> String {
        format!("{}:{}: {}", self.name, line + 1, self.lines.get(line).map_or("", |text| text.trim()))
    }

    pub fn lines_with(&self, found: impl Fn(&str) -> bool) -> Vec<usize> {
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
            ['\'', '\\', 'u', '{', ..] => closing(rest, &['}', '\''], 4),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_strings_and_tests_are_blank() {
        let text = "let a = \"Instant::now\"; // Instant::now\n/* Instant::now\n */ let c = '\"'; let d = r#\"Instant::now\"#;\n\
            #[cfg(test)]\nmod tests {\n    fn t() { Instant::now(); }\n}\nlet e = '\\''; let f = '\\u{7d}'; Instant::now();\n";
        let source = Source::new("media/src/leg.rs", text);
        assert_eq!(source.lines_with(|line| line.contains("Instant::now")), [7]);
        assert!(source.quote(7).starts_with("media/src/leg.rs:8: "));
        let source = Source::new("media/src/a.rs", "#[cfg(test)]\nmod tests;\nInstant::now()");
        assert_eq!(source.lines_with(|line| line.contains("Instant::now")), [2]);
    }

    #[test]
    fn a_file_says_which_others_it_includes_and_whether_for_tests() {
        let text = "#[path = \"../far.rs\"]\nmod far;\nmod near;\n#[cfg(test)]\n#[path = \"a_tests.rs\"]\nmod tests;\n\
            #[cfg(test)]\nmod law;\ninclude!(\"table.in\");\n";
        let found = Source::new("media/src/a.rs", text).included();
        let names =
            |of_tests| found.iter().filter(|file| file.1 == of_tests).map(|file| file.0.as_str()).collect::<Vec<_>>();
        assert_eq!(names(false), ["../far.rs", "table.in"]);
        assert_eq!(names(true), ["a_tests.rs", "a/tests.rs", "a/tests/mod.rs", "a/law.rs", "a/law/mod.rs"]);
        assert!(Source::new("benches/a.rs", text).included().iter().all(|(_, of_tests)| *of_tests));
    }
}
