//! Sets keys in the text of a configuration file, and leaves every other line of it as it is.
use crate::atomic_file::{self, Access};
use std::path::Path;
use toml::{Table, Value};

#[derive(Debug, thiserror::Error)]
pub enum SettingsFault {
    #[error("{file} is no TOML: {why}")]
    Syntax { file: String, why: String },
    #[error("{0} is written in a way that is not changed here: set the keys by hand")]
    Unclear(String),
    #[error("cannot write {file}: {why}")]
    Unwritten { file: String, why: std::io::Error },
}

/// A table of the file, and the texts that its keys are to have.
#[derive(Clone, Debug)]
pub struct Setting<'a> {
    pub table: &'a [&'a str],
    pub keys: &'a [(&'a str, &'a str)],
}

impl Setting<'_> {
    /// The lines as a person would write them.
    pub fn lines(&self) -> Vec<String> {
        let keys = self.keys.iter().map(|(key, text)| format!("{key} = {}", quoted(text)));
        std::iter::once(format!("[{}]", self.table.join("."))).chain(keys).collect()
    }

    /// Sets the keys in `file`, which is there whole before and after.
    pub fn write(&self, file: &Path) -> Result<(), SettingsFault> {
        let name = || file.display().to_string();
        let unwritten = |why| SettingsFault::Unwritten { file: name(), why };
        // What a link leads to is changed, not the link.
        let real = file.canonicalize().map_err(unwritten)?;
        let text = std::fs::read_to_string(&real).map_err(unwritten)?;
        let text = self.applied(&text, &name())?;
        atomic_file::replace(&real, text.as_bytes(), Access::Kept).map_err(unwritten)
    }

    fn applied(&self, text: &str, name: &str) -> Result<String, SettingsFault> {
        let parse = |text: &str| -> Result<Table, SettingsFault> {
            toml::from_str(text).map_err(|why| SettingsFault::Syntax { file: name.into(), why: why.to_string() })
        };
        let mut wanted = parse(text)?;
        self.set(&mut wanted).ok_or_else(|| SettingsFault::Unclear(name.into()))?;
        let changed = self.edited(text);
        // Whatever forms TOML has: what came out must say what was wanted and nothing else.
        match parse(&changed) {
            Ok(table) if table == wanted => Ok(changed),
            _ => Err(SettingsFault::Unclear(name.into())),
        }
    }

    fn set(&self, root: &mut Table) -> Option<()> {
        let mut table = root;
        for name in self.table {
            table = table.entry(*name).or_insert_with(|| Value::Table(Table::new())).as_table_mut()?;
        }
        for (key, text) in self.keys {
            table.insert((*key).into(), Value::String((*text).into()));
        }
        Some(())
    }

    fn edited(&self, text: &str) -> String {
        let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let header = lines.iter().position(|line| heading(line).is_some_and(|name| name == self.table));
        match header {
            None => {
                if lines.last().is_some_and(|line| !line.trim().is_empty()) {
                    lines.push(String::new());
                }
                lines.extend(self.lines());
            }
            Some(header) => {
                let after = lines[header + 1..].iter().position(|line| heading(line).is_some());
                let mut stop = after.map_or(lines.len(), |after| header + 1 + after);
                let mut place = header + 1;
                for (key, text) in self.keys {
                    let line = format!("{key} = {}", quoted(text));
                    let old = (header + 1..stop).find(|at| key_of(&lines[*at]) == Some(*key));
                    if let Some(at) = old {
                        let comment = comment(&lines[at]).map(str::to_owned);
                        lines[at] = comment.map_or(line.clone(), |comment| format!("{line} {comment}"));
                        place = at + 1;
                    } else {
                        lines.insert(place, line);
                        (place, stop) = (place + 1, stop + 1);
                    }
                }
            }
        }
        lines.iter().flat_map(|line| [line.as_str(), end]).collect()
    }
}

fn quoted(text: &str) -> String {
    Value::String(text.into()).to_string()
}

/// The names of a table's heading (`[speech.whisper]`); none for a table of a list.
fn heading(line: &str) -> Option<Vec<&str>> {
    let line = line.trim();
    let (name, rest) = line.strip_prefix('[')?.split_once(']')?;
    let rest = rest.trim_start_matches(']').trim();
    let bare = |c: char| c.is_ascii_alphanumeric() || "-_. \"'[".contains(c);
    let is_heading = (rest.is_empty() || rest.starts_with('#')) && !name.is_empty() && name.chars().all(bare);
    is_heading.then(|| name.split('.').map(str::trim).collect())
}

/// The bare key that a line sets.
fn key_of(line: &str) -> Option<&str> {
    let (key, _) = line.split_once('=')?;
    let key = key.trim();
    key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_').then_some(key).filter(|key| !key.is_empty())
}

/// The comment behind a value in quotes.
fn comment(line: &str) -> Option<&str> {
    let (_, value) = line.split_once('=')?;
    let value = value.trim_start();
    let quote = value.chars().next().filter(|c| *c == '"' || *c == '\'')?;
    let after = value[1..].split_once(quote)?.1.trim();
    after.starts_with('#').then_some(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHISPER: Setting<'static> =
        Setting { table: &["speech", "whisper"], keys: &[("model", "models/a b.bin"), ("sha256", "12ab")] };

    fn apply(text: &str) -> Result<String, SettingsFault> {
        WHISPER.applied(text, "server.toml")
    }

    #[test]
    fn the_shipped_file_keeps_everything_else() {
        let shipped = include_str!("../../configs/server.toml");
        let changed = apply(shipped).unwrap();
        let differ: Vec<(&str, &str)> = shipped.lines().zip(changed.lines()).filter(|(a, b)| a != b).collect();
        assert_eq!(shipped.lines().count(), changed.lines().count());
        assert_eq!(
            differ.iter().map(|(_, new)| *new).collect::<Vec<_>>(),
            ["model = \"models/a b.bin\"", "sha256 = \"12ab\""]
        );
        assert_eq!(apply(&changed).unwrap(), changed, "once more changes nothing");
    }

    #[test]
    fn keys_are_changed_where_they_stand_and_added_where_they_do_not() {
        let text = "# mine\n[speech.whisper] # the ears\nlanguages = [\n  \"vi\",\n]\nmodel = 'old' # keep me\n\n[store]\nmodel = \"x\"\n";
        let want = "# mine\n[speech.whisper] # the ears\nlanguages = [\n  \"vi\",\n]\nmodel = \"models/a b.bin\" # keep me\n\
                    sha256 = \"12ab\"\n\n[store]\nmodel = \"x\"\n";
        assert_eq!(apply(text).unwrap(), want);
        let none = "[speech]\nthreads = 2";
        let want = "[speech]\nthreads = 2\n\n[speech.whisper]\nmodel = \"models/a b.bin\"\nsha256 = \"12ab\"\n";
        assert_eq!(apply(none).unwrap(), want);
        assert_eq!(apply("").unwrap(), "[speech.whisper]\nmodel = \"models/a b.bin\"\nsha256 = \"12ab\"\n");
        assert!(apply("[speech.whisper]\r\nmodel = \"\"\r\n").unwrap().ends_with("b.bin\"\r\nsha256 = \"12ab\"\r\n"));
    }

    #[test]
    fn what_is_written_otherwise_is_left_to_its_owner() {
        for text in [
            "speech.whisper.model = \"x\"",
            "[speech]\nwhisper = { model = \"x\" }",
            "[speech.whisper]\nmodel = \"\"\"\nx\"\"\"",
            "[speech.whisper]\n\"model\" = \"x\"",
            "speech = 3",
        ] {
            let why = apply(text).unwrap_err();
            assert!(matches!(why, SettingsFault::Unclear(_)), "{text}: {why}");
        }
        assert!(matches!(apply("[speech").unwrap_err(), SettingsFault::Syntax { .. }));
    }

    #[test]
    fn a_file_is_changed_behind_its_link_and_keeps_who_may_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let dir = crate::testdir("settings");
        let (real, link) = (dir.join("real.toml"), dir.join("server.toml"));
        std::fs::write(&real, "[speech.whisper]\n").unwrap();
        std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        WHISPER.write(&link).unwrap();
        assert!(std::fs::read_to_string(&real).unwrap().contains("12ab"));
        assert!(link.is_symlink());
        assert_eq!(std::fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
        let why = WHISPER.write(&dir.join("none.toml")).unwrap_err().to_string();
        assert!(why.contains("none.toml"), "{why}");
    }
}
