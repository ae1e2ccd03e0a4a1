//! From file and environment to `Config`.
//!
//! Every key can be overridden by a variable: `SWITCHBOARD__` and the key's path in capitals, parts joined by two
//! underscores. `SWITCHBOARD__SIP__UDP=0.0.0.0:5060`, `SWITCHBOARD__STORE__RECORDING=false`. Lists are written as in TOML
//! (`["a", "b"]`); one entry of a list of tables is named by its number from 0 (`SWITCHBOARD__ROUTE__0__BOT`), and the number after
//! the last one adds an entry.
use super::Config;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// Read when no `--config` is given, if it is there.
pub const FILE: &str = "configs/server.toml";
const PREFIX: &str = "SWITCHBOARD__";

#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error("cannot read {file}: {why}", file = file.display())]
    File { file: PathBuf, why: std::io::Error },
    #[error("{source_name}: {message}")]
    Syntax { source_name: String, message: String },
    /// `path` is the key's full path: `media.thread`.
    #[error("{source_name}: key `{path}`: {message}")]
    Key { source_name: String, path: String, message: String },
    #[error("the configuration cannot work:\n  - {}", .0.join("\n  - "))]
    Wrong(Vec<String>),
}

impl Config {
    /// Reads `file` (or [`FILE`] if it exists, or the defaults), then the environment, and checks the whole.
    pub fn load(file: Option<&Path>) -> Result<Self, Fault> {
        let default = Path::new(FILE);
        let file = file.or_else(|| default.exists().then_some(default));
        let (name, text) = match file {
            None => ("defaults".into(), String::new()),
            Some(file) => {
                let text = std::fs::read_to_string(file).map_err(|why| Fault::File { file: file.to_owned(), why })?;
                (file.display().to_string(), text)
            }
        };
        let variables =
            std::env::vars_os().filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)));
        let config = Self::parse(&name, &text, variables)?;
        let problems = config.problems();
        if problems.is_empty() { Ok(config) } else { Err(Fault::Wrong(problems)) }
    }

    /// `text` as TOML, then what `variables` override; `name` stands in errors. Checks types and keys, not sense.
    pub fn parse(name: &str, text: &str, variables: impl Iterator<Item = (String, String)>) -> Result<Self, Fault> {
        let config: Self = typed(name, text)?;
        let mut variables: Vec<_> = variables.filter(|(key, _)| key.starts_with(PREFIX)).collect();
        if variables.is_empty() {
            return Ok(config);
        }
        // Entries of a list by their numbers: the tenth comes after the second.
        variables.sort_by_cached_key(|(key, _)| {
            key.split("__").map(|part| (part.parse::<u32>().ok(), part.to_owned())).collect::<Vec<_>>()
        });
        let mut variables: Vec<Variable> = variables.iter().map(|(key, raw)| Variable::new(key, raw)).collect();
        let mut first = None;
        loop {
            let fault = match overridden(&config, &variables) {
                Ok(config) => return Ok(config),
                Err(fault) => fault,
            };
            // A key that was not there before does not tell whether it holds text: a user named 100 does.
            let doubtful = variables.iter_mut().find(|v| v.reading == Reading::Typed && v.is_named_by(&fault));
            let Some(variable) = doubtful else { return Err(first.unwrap_or(fault)) };
            variable.reading = Reading::Text;
            first.get_or_insert(fault);
        }
    }
}

/// How a variable is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// By what the key holds; as TOML where that is not known.
    Typed,
    /// As it stands.
    Text,
}

/// One key from the environment.
struct Variable<'a> {
    key: &'a str,
    raw: &'a str,
    path: Vec<String>,
    reading: Reading,
}

impl<'a> Variable<'a> {
    fn new(key: &'a str, raw: &'a str) -> Self {
        let path = key[PREFIX.len()..].split("__").map(str::to_lowercase).collect();
        Self { key, raw, path, reading: Reading::Typed }
    }

    /// Whether the fault lies in this very key (`phone[0].user`).
    fn is_named_by(&self, fault: &Fault) -> bool {
        let Fault::Key { path, .. } = fault else { return false };
        path.split(['.', '[', ']']).filter(|part| !part.is_empty()).eq(self.path.iter().map(String::as_str))
    }
}

fn overridden(config: &Config, variables: &[Variable<'_>]) -> Result<Config, Fault> {
    let syntax = |message: String| Fault::Syntax { source_name: "environment".into(), message };
    let mut table = Table::try_from(config).map_err(|e| syntax(e.to_string()))?;
    for Variable { key, raw, path, reading } in variables {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        set(&mut table, &path, raw, *reading).map_err(|why| syntax(format!("{key}: {why}")))?;
    }
    let text = toml::to_string(&table).map_err(|e| syntax(e.to_string()))?;
    typed("environment (SWITCHBOARD__…)", &text)
}

fn typed(name: &str, text: &str) -> Result<Config, Fault> {
    let syntax = |e: toml::de::Error| Fault::Syntax { source_name: name.into(), message: e.to_string() };
    let source = toml::Deserializer::parse(text).map_err(syntax)?;
    serde_path_to_error::deserialize(source).map_err(|e| {
        let message = e.inner().message().to_owned();
        Fault::Key { source_name: name.into(), path: e.path().to_string(), message }
    })
}

fn set(table: &mut Table, path: &[&str], raw: &str, reading: Reading) -> Result<(), String> {
    let (&key, rest) = path.split_first().ok_or("names no key")?;
    if key.is_empty() {
        return Err("names no key".into());
    }
    if rest.is_empty() {
        let value = if reading == Reading::Text { Value::String(raw.into()) } else { value(table.get(key), raw) };
        table.insert(key.into(), value);
        return Ok(());
    }
    let slot = table.entry(key).or_insert_with(|| Value::Table(Table::new()));
    match (slot, rest) {
        (Value::Table(inner), rest) => set(inner, rest, raw, reading),
        (Value::Array(list), [index, rest @ ..]) if !rest.is_empty() => {
            let index: usize =
                index.parse().map_err(|_| format!("`{key}` is a list: give the entry's number from 0"))?;
            if index > list.len() {
                return Err(format!("`{key}` has {} entries: the next number is {}", list.len(), list.len()));
            }
            if index == list.len() {
                list.push(Value::Table(Table::new()));
            }
            let entry = list[index].as_table_mut().ok_or_else(|| format!("entries of `{key}` have no keys"))?;
            set(entry, rest, raw, reading)
        }
        _ => Err(format!("`{key}` has no keys below it")),
    }
}

/// A key that holds text takes the variable as it stands; any other takes it as TOML.
fn value(old: Option<&Value>, raw: &str) -> Value {
    let text = || Value::String(raw.into());
    if matches!(old, Some(Value::String(_))) {
        return text();
    }
    let parsed = toml::from_str::<Table>(&format!("v = {raw}"))
        .ok()
        .and_then(|mut t| if t.len() == 1 { t.remove("v") } else { None });
    parsed.unwrap_or_else(text)
}
