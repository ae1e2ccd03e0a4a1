//! `configs/alerts.toml`: what supervisors are alerted to, and which webhooks are told. `[alerts]` of the configuration names the file.
use super::{Ms, Network, Secs, blank};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Where the rules lie.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Alerts {
    pub file: PathBuf,
}

impl Default for Alerts {
    fn default() -> Self {
        Self { file: "configs/alerts.toml".into() }
    }
}

/// What stands in the file.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct AlertsFile {
    pub rule: Vec<AlertRule>,
    pub webhook: Vec<Webhook>,
}

/// How bad something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Info,
    Warning,
    Critical,
}

impl Severity {
    pub const ALL: [Self; 3] = [Self::Info, Self::Warning, Self::Critical];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }

    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|severity| severity.name() == name)
    }
}

/// What a rule watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    Silence,
    NoMatch,
    RaisedVoice,
    Words,
    SlowAnswers,
    PoorLine,
    Person,
    LongCall,
    Mood,
}

impl When {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Silence => "silence",
            Self::NoMatch => "no_match",
            Self::RaisedVoice => "raised_voice",
            Self::Words => "words",
            Self::SlowAnswers => "slow_answers",
            Self::PoorLine => "poor_line",
            Self::Person => "person",
            Self::LongCall => "long_call",
            Self::Mood => "mood",
        }
    }

    /// The keys that it needs, and those that it may have.
    const fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Silence => &["silence_ms"],
            Self::NoMatch => &["count", "window_ms"],
            Self::RaisedVoice => &["above_db"],
            Self::Words => &["by", "en", "vi"],
            Self::SlowAnswers => &["answer_ms"],
            Self::PoorLine => &["below_mos"],
            Self::Person => &["count"],
            Self::LongCall => &["call_ms"],
            Self::Mood => &["state"],
        }
    }
}

/// Whose words a rule looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum By {
    Caller,
    Bot,
    Both,
}

/// A mood that a rule names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum BadMood {
    Tense,
    Upset,
}

/// One rule. Which of its thresholds it has follows from `when`: [`AlertsFile::problems`] says what is missing or too much.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct AlertRule {
    pub name: String,
    pub when: When,
    pub severity: Severity,
    pub cooldown_s: Secs,
    /// Empty: all bots.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bots: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub silence_ms: Option<Ms>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_ms: Option<Ms>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub above_db: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<By>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub en: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vi: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer_ms: Option<Ms>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub below_mos: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_ms: Option<Ms>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<BadMood>,
}

impl AlertRule {
    /// The keys that are set, of those that depend on `when`.
    fn set(&self) -> Vec<&'static str> {
        let all = [
            ("silence_ms", self.silence_ms.is_some()),
            ("count", self.count.is_some()),
            ("window_ms", self.window_ms.is_some()),
            ("above_db", self.above_db.is_some()),
            ("by", self.by.is_some()),
            ("en", self.en.is_some()),
            ("vi", self.vi.is_some()),
            ("answer_ms", self.answer_ms.is_some()),
            ("below_mos", self.below_mos.is_some()),
            ("call_ms", self.call_ms.is_some()),
            ("state", self.state.is_some()),
        ];
        all.into_iter().filter(|(_, is_set)| *is_set).map(|(key, _)| key).collect()
    }

    fn problems(&self, found: &mut Vec<String>) {
        let (name, when) = (&self.name, self.when.name());
        let (keys, set) = (self.when.keys(), self.set());
        for key in set.iter().filter(|key| !keys.contains(key)) {
            found.push(format!("rule {name:?}: `{key}` means nothing when = {when:?}; that has {}", keys.join(", ")));
        }
        let optional = |key: &str| matches!(key, "en" | "vi");
        for key in keys.iter().filter(|key| !set.contains(key) && !optional(key)) {
            found.push(format!("rule {name:?}: `{key}` is missing: when = {when:?} needs {}", keys.join(", ")));
        }
        let lists = [&self.en, &self.vi];
        let phrases = || lists.into_iter().flatten().flatten();
        if self.when == When::Words && phrases().next().is_none() {
            found.push(format!("rule {name:?}: it names no words: fill `en` or `vi`"));
        }
        if phrases().any(|phrase| !phrase.chars().any(char::is_alphanumeric)) {
            found.push(format!("rule {name:?}: an empty word would be found everywhere: remove it"));
        }
        if self.count == Some(0) {
            found.push(format!("rule {name:?}: count = 0 always holds: use 1 or more"));
        }
        if self.below_mos.is_some_and(|mos| !(1.0..=4.5).contains(&mos)) {
            found.push(format!("rule {name:?}: below_mos must lie between 1 and 4.5"));
        }
        if self.above_db.is_some_and(|db| !(1.0..=60.0).contains(&db)) {
            found.push(format!("rule {name:?}: above_db must lie between 1 and 60"));
        }
    }
}

/// What a webhook is told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub enum WebhookEvent {
    #[serde(rename = "alert")]
    Alert,
    #[serde(rename = "call.ended")]
    CallEnded,
    /// A bot sends somebody a text message, which whoever is told has to deliver.
    #[serde(rename = "text")]
    Text,
}

impl WebhookEvent {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Alert => "alert",
            Self::CallEnded => "call.ended",
            Self::Text => "text",
        }
    }
}

/// An address that is told.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    pub name: String,
    pub url: String,
    pub on: Vec<WebhookEvent>,
    /// Of alerts: these and worse ones.
    #[serde(default = "everything")]
    pub severity: Severity,
    #[serde(default, with = "blank::path")]
    pub secret_file: Option<PathBuf>,
    #[serde(default, with = "blank")]
    pub secret_env: Option<String>,
    /// Private networks whose addresses may be told.
    #[serde(default)]
    pub networks: Vec<Network>,
}

fn everything() -> Severity {
    Severity::Info
}

impl Webhook {
    fn problems(&self, found: &mut Vec<String>) {
        let name = &self.name;
        let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
        if !plain {
            found.push(format!("webhook {name:?}: a name has letters, digits, \"-\", \"_\" and \".\" alone"));
        }
        match reqwest::Url::parse(&self.url) {
            Ok(url) if !matches!(url.scheme(), "http" | "https") || !url.has_host() => {
                found.push(format!("webhook {name:?}: url must begin with http:// or https:// and name a host"));
            }
            Ok(url) if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() => {
                found.push(format!("webhook {name:?}: url holds a user, a password or a fragment: remove it"));
            }
            Ok(_) => {}
            Err(why) => found.push(format!("webhook {name:?}: url is no address: {why}")),
        }
        if self.on.is_empty() {
            found.push(format!("webhook {name:?}: `on` is empty: name \"alert\", \"call.ended\", \"text\" or several"));
        }
        if self.secret_file.is_some() == self.secret_env.is_some() {
            found.push(format!("webhook {name:?}: set one of secret_file and secret_env"));
        }
    }
}

impl AlertsFile {
    /// Reads a file, and checks it. `None`: there is none.
    ///
    /// # Errors
    /// What is wrong with it, and what to do.
    pub fn read(file: &Path) -> Result<Option<Self>, String> {
        let text = match std::fs::read_to_string(file) {
            Ok(text) => text,
            Err(why) if why.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(why) => return Err(format!("cannot read {}: {why}; set alerts.file", file.display())),
        };
        Self::parse(&text).map(Some).map_err(|why| format!("{}: {why}", file.display()))
    }

    /// # Errors
    /// What is wrong, and what to do.
    pub fn parse(text: &str) -> Result<Self, String> {
        let source = toml::Deserializer::parse(text).map_err(|why| why.to_string())?;
        let file: Self = serde_path_to_error::deserialize(source)
            .map_err(|why| format!("key `{}`: {}", why.path(), why.inner().message()))?;
        let problems = file.problems();
        if problems.is_empty() { Ok(file) } else { Err(problems.join("; ")) }
    }

    fn problems(&self) -> Vec<String> {
        let mut found = Vec::new();
        self.rule.iter().for_each(|rule| rule.problems(&mut found));
        self.webhook.iter().for_each(|webhook| webhook.problems(&mut found));
        let mut names = BTreeSet::new();
        for name in self.rule.iter().map(|rule| &rule.name).filter(|name| !names.insert(*name) || name.is_empty()) {
            found.push(format!("rule {name:?}: each rule has a name of its own"));
        }
        let mut names = BTreeSet::new();
        for name in self.webhook.iter().map(|webhook| &webhook.name).filter(|name| !names.insert(*name)) {
            found.push(format!("webhook {name:?}: each webhook has a name of its own"));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_that_is_shipped_has_a_rule_of_every_kind() {
        let file = AlertsFile::parse(include_str!("../../configs/alerts.toml")).unwrap();
        for when in [
            When::Silence,
            When::NoMatch,
            When::RaisedVoice,
            When::Words,
            When::SlowAnswers,
            When::PoorLine,
            When::Person,
            When::LongCall,
            When::Mood,
        ] {
            assert!(file.rule.iter().any(|rule| rule.when == when), "{when:?}");
        }
        assert!(file.webhook.is_empty());
        // The example is a webhook that could be.
        let text = include_str!("../../configs/alerts.toml").replace("#: ", "");
        let webhook = &AlertsFile::parse(&text).unwrap().webhook[0];
        assert_eq!((webhook.name.as_str(), webhook.severity), ("desk", Severity::Warning));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_key() {
        let rule = "[[rule]]\nname = 'a'\nseverity = 'info'\ncooldown_s = 1\n";
        let hook = "[[webhook]]\nname = 'a'\nurl = 'https://a.example'\non = ['alert']\n";
        for (text, said) in [
            (format!("{rule}when = 'silence'\nsilence_ms = 1\nsilense = 2"), "silense"),
            (format!("{rule}when = 'quiet'"), "rule[0].when"),
            (format!("{rule}when = 'silence'\ncount = 1"), "`silence_ms` is missing"),
            (format!("{rule}when = 'silence'\nsilence_ms = 1\ncount = 1"), "`count` means nothing"),
            (format!("{rule}when = 'words'\nby = 'bot'"), "names no words"),
            (format!("{rule}when = 'words'\nby = 'bot'\nen = ['!']"), "empty word"),
            (format!("{rule}when = 'person'\ncount = 0"), "count = 0"),
            (format!("{rule}when = 'poor_line'\nbelow_mos = 9"), "below_mos"),
            (format!("{rule}when = 'raised_voice'\nabove_db = 0"), "above_db"),
            (format!("{rule}when = 'person'\ncount = 1\n{rule}when = 'person'\ncount = 1"), "a name of its own"),
            (hook.to_owned(), "set one of secret_file and secret_env"),
            (format!("{hook}secret_env = 'S'\n{hook}secret_env = 'S'"), "a name of its own"),
            (format!("{hook}secret_env = 'S'\nkey = 1"), "key"),
            (format!("{hook}secret_env = 'S'").replace("https:", "ftp:"), "http://"),
            (format!("{hook}secret_env = 'S'").replace("//a", "//u:p@a"), "remove it"),
            (format!("{hook}secret_env = 'S'").replace("'alert'", ""), "`on` is empty"),
            ("rules = 1".into(), "rules"),
        ] {
            let why = AlertsFile::parse(&text).unwrap_err();
            assert!(why.contains(said), "{why} does not hold {said}");
        }
    }
}
