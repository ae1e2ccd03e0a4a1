//! `Bots`: the bots of a directory, by file name; a file that breaks or goes later leaves the bot that worked in place.
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error("cannot read the bots' directory {dir}: {why}; set bots.dir", dir = dir.display())]
    Directory { dir: PathBuf, why: std::io::Error },
    #[error("these bots cannot be used:\n  - {}", .0.join("\n  - "))]
    Broken(Vec<String>),
}

/// A bot that was read, with what people are told of it.
pub struct Parsed<B> {
    pub bot: B,
    /// `en` or `vi`.
    pub language: String,
    /// What visitors are shown, by language.
    pub titles: BTreeMap<String, String>,
    pub tasks: Vec<TaskTitle>,
    pub slots: Vec<SlotOutline>,
}

/// What a bot calls one of its tasks, in its own language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskTitle {
    pub name: String,
    pub title: String,
    /// The names of the slots it fills, in the order in which they are asked.
    pub slots: Vec<String>,
}

/// What a bot asks for, as far as people may give it in the caller's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotOutline {
    pub name: String,
    /// Its `type` in the bot's file.
    pub kind: &'static str,
    /// The names of what may be chosen; empty where it is not a choice.
    pub choices: Vec<String>,
}

/// One bot as an operator sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BotStatus {
    /// The file's name without `.toml`.
    pub name: String,
    /// `None` while no version of the file has worked.
    pub language: Option<String>,
    /// What visitors are shown, by language.
    pub titles: BTreeMap<String, String>,
    /// In the order of its file.
    pub tasks: Vec<TaskTitle>,
    /// In the order of its file, without those whose values are secret.
    pub slots: Vec<SlotOutline>,
    /// Why the file as it is now cannot be used; an earlier version answers calls, if there was one.
    pub fault: Option<String>,
}

impl BotStatus {
    /// What is wrong, for those who may not see paths and contents.
    pub fn problem(&self) -> Option<String> {
        let Self { name, language, fault, .. } = self;
        fault.as_ref().map(|_| match language {
            Some(_) => format!("the file of bot {name} cannot be used; the version before it is in use"),
            None => format!("the file of bot {name} cannot be used, and no version of it has worked"),
        })
    }
}

/// What the API needs of the bots.
pub trait BotCatalog: Send + Sync {
    fn list(&self) -> Vec<BotStatus>;
    /// Reads all files again, and logs what came of each. Blocks on them.
    fn reload(&self) -> Vec<BotStatus>;
    /// Whether there is a file of that name, whether or not it can be used.
    fn knows(&self, name: &str) -> bool {
        self.list().iter().any(|status| status.name == name)
    }
    /// The text of a bot's file as it is now. Blocks on it.
    fn source(&self, name: &str) -> Option<String>;
    fn has(&self, name: &str) -> bool {
        self.list().iter().any(|status| status.name == name && status.language.is_some())
    }
}

type Parse<B> = dyn Fn(&str, &str) -> Result<Parsed<B>, String> + Send + Sync;

pub struct Bots<B> {
    dir: PathBuf,
    parse: Box<Parse<B>>,
    entries: RwLock<Arc<BTreeMap<String, Entry<B>>>>,
    /// One reload at a time: the later one sees what the earlier one read.
    reloading: Mutex<()>,
}

struct Entry<B> {
    bot: Option<Arc<B>>,
    status: BotStatus,
}

impl<B> Entry<B> {
    /// A file that has never worked.
    fn none(name: &str) -> Self {
        let (titles, tasks, slots) = (BTreeMap::new(), Vec::new(), Vec::new());
        let status = BotStatus { name: name.into(), language: None, titles, tasks, slots, fault: None };
        Self { bot: None, status }
    }
}

impl<B> Clone for Entry<B> {
    fn clone(&self) -> Self {
        Self { bot: self.bot.clone(), status: self.status.clone() }
    }
}

impl<B: Send + Sync> Bots<B> {
    /// Reads every `*.toml` of `dir` with `parse(name, text)`. A bot that cannot be used costs only itself: it is listed with its fault,
    /// and logged.
    ///
    /// # Errors
    /// [`Fault::Directory`], or [`Fault::Broken`] where there are bots and none of them can be used.
    pub fn load(
        dir: &Path,
        parse: impl Fn(&str, &str) -> Result<Parsed<B>, String> + Send + Sync + 'static,
    ) -> Result<Self, Fault> {
        let bots =
            Self { dir: dir.into(), parse: Box::new(parse), entries: RwLock::default(), reloading: Mutex::default() };
        let read = bots.read(&BTreeMap::new()).map_err(|why| Fault::Directory { dir: dir.into(), why })?;
        let broken: Vec<String> = read.values().filter_map(|entry| entry.status.fault.clone()).collect();
        if !broken.is_empty() && broken.len() == read.len() {
            return Err(Fault::Broken(broken));
        }
        for BotStatus { name, fault, .. } in read.values().map(|entry| &entry.status) {
            if let Some(why) = fault {
                tracing::error!(
                    bot = name,
                    "this bot answers no calls until its file is corrected and read again: {why}"
                );
            }
        }
        *bots.entries.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(read);
        Ok(bots)
    }

    /// The bot as it is now; a call keeps the one it began with.
    pub fn get(&self, name: &str) -> Option<Arc<B>> {
        self.now().get(name)?.bot.clone()
    }

    fn now(&self) -> Arc<BTreeMap<String, Entry<B>>> {
        self.entries.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn read(&self, old: &BTreeMap<String, Entry<B>>) -> std::io::Result<BTreeMap<String, Entry<B>>> {
        let mut read = BTreeMap::new();
        for file in std::fs::read_dir(&self.dir)? {
            let path = file?.path();
            let Some(name) = path.file_name().and_then(|name| name.to_str()?.strip_suffix(".toml")) else { continue };
            let parsed =
                std::fs::read_to_string(&path).map_err(|e| e.to_string()).and_then(|text| (self.parse)(name, &text));
            let entry = match parsed {
                Ok(Parsed { bot, language, titles, tasks, slots }) => {
                    let language = Some(language);
                    let status = BotStatus { name: name.into(), language, titles, tasks, slots, fault: None };
                    Entry { bot: Some(Arc::new(bot)), status }
                }
                Err(why) => {
                    let fault = Some(format!("{}: {why}", path.display()));
                    let Entry { bot, status } = old.get(name).cloned().unwrap_or_else(|| Entry::none(name));
                    Entry { bot, status: BotStatus { fault, ..status } }
                }
            };
            read.insert(name.to_owned(), entry);
        }
        // Routes may name it, and a file that is being replaced is missing for a moment: only a restart forgets a bot.
        for (name, entry) in old.iter().filter(|(_, entry)| entry.bot.is_some()) {
            read.entry(name.clone()).or_insert_with(|| {
                let path = self.dir.join(format!("{name}.toml"));
                let fault = Some(format!("{}: its file is gone; restart to forget it", path.display()));
                Entry { status: BotStatus { fault, ..entry.status.clone() }, ..entry.clone() }
            });
        }
        Ok(read)
    }
}

impl<B: Send + Sync> BotCatalog for Bots<B> {
    fn source(&self, name: &str) -> Option<String> {
        // A name that is none of theirs leads to no file elsewhere.
        self.now().get(name)?;
        std::fs::read_to_string(self.dir.join(format!("{name}.toml"))).ok()
    }

    fn list(&self) -> Vec<BotStatus> {
        self.now().values().map(|entry| entry.status.clone()).collect()
    }

    fn reload(&self) -> Vec<BotStatus> {
        let _one = self.reloading.lock().unwrap_or_else(PoisonError::into_inner);
        let old = self.now();
        let read = self.read(&old).unwrap_or_else(|why| {
            let fault = format!("cannot read the bots' directory {}: {why}", self.dir.display());
            let keep = |(name, entry): (&String, &Entry<B>)| {
                let status = BotStatus { fault: Some(fault.clone()), ..entry.status.clone() };
                (name.clone(), Entry { status, ..entry.clone() })
            };
            old.iter().map(keep).collect()
        });
        for entry in read.values() {
            let bot = &entry.status.name;
            match (&entry.status.fault, &entry.bot) {
                (Some(why), Some(_)) => tracing::error!(bot, "not reloaded, the version before goes on: {why}"),
                (Some(why), None) => tracing::error!(bot, "not loaded, no version has worked: {why}"),
                (None, _) => tracing::info!(bot, "bot loaded"),
            }
        }
        let statuses = read.values().map(|entry| entry.status.clone()).collect();
        *self.entries.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(read);
        statuses
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(_: &str, text: &str) -> Result<Parsed<String>, String> {
        match text {
            "broken" => Err("line 1: no such key".into()),
            text => {
                let (titles, tasks, slots) = (BTreeMap::new(), Vec::new(), Vec::new());
                Ok(Parsed { bot: text.into(), language: "en".into(), titles, tasks, slots })
            }
        }
    }

    fn dir(name: &str) -> PathBuf {
        let dir = crate::testdir(name);
        for (file, text) in [("a.en.toml", "first"), ("b.toml", "second"), ("notes.txt", "broken")] {
            std::fs::write(dir.join(file), text).unwrap();
        }
        dir
    }

    #[test]
    fn bots_are_named_by_their_files() {
        let bots = Bots::load(&dir("bots-names"), parse).unwrap();
        assert_eq!(bots.list().iter().map(|status| status.name.as_str()).collect::<Vec<_>>(), ["a.en", "b"]);
        assert_eq!(*bots.get("a.en").unwrap(), "first");
        assert!(bots.get("c").is_none() && bots.has("b") && !bots.has("c"));
        assert_eq!((bots.source("b"), bots.source("../b")), (Some("second".into()), None));
    }

    #[test]
    fn a_broken_file_keeps_the_bot_that_worked_and_says_why() {
        let dir = dir("bots-broken");
        let bots = Bots::load(&dir, parse).unwrap();
        std::fs::write(dir.join("b.toml"), "broken").unwrap();
        std::fs::write(dir.join("new.toml"), "broken").unwrap();
        std::fs::write(dir.join("a.en.toml"), "changed").unwrap();
        let statuses = bots.reload();
        assert_eq!(*bots.get("b").unwrap(), "second");
        assert_eq!(*bots.get("a.en").unwrap(), "changed");
        assert!(bots.get("new").is_none() && !bots.has("new") && bots.has("b"));
        let fault = statuses[1].fault.clone().unwrap();
        assert!(fault.contains("b.toml") && fault.contains("no such key"), "{fault}");
        let problems: Vec<_> = statuses.iter().map(|status| status.problem().unwrap_or_default()).collect();
        assert_eq!(problems[0], "");
        assert!(problems[1].contains("bot b ") && problems[1].contains("version before it is in use"));
        assert!(problems[2].contains("bot new ") && problems[2].contains("no version of it has worked"));
        std::fs::write(dir.join("b.toml"), "corrected").unwrap();
        bots.reload();
        assert_eq!(*bots.get("b").unwrap(), "corrected");
        assert_eq!(bots.list()[1].fault, None);
    }

    #[test]
    fn a_bot_whose_file_or_whole_directory_is_gone_serves_on_and_says_so() {
        let dir = dir("bots-removed");
        let bots = Bots::load(&dir, parse).unwrap();
        std::fs::remove_file(dir.join("b.toml")).unwrap();
        for _ in 0..2 {
            let statuses = bots.reload();
            assert_eq!(statuses.len(), 2);
            let fault = statuses[1].fault.clone().unwrap();
            assert!(fault.contains("b.toml") && fault.contains("gone; restart"), "{fault}");
            assert!(bots.has("b") && *bots.get("b").unwrap() == "second");
        }
        std::fs::write(dir.join("b.toml"), "back").unwrap();
        assert_eq!(bots.reload()[1].fault, None);
        assert_eq!(*bots.get("b").unwrap(), "back");
        std::fs::remove_dir_all(&dir).unwrap();
        assert!(bots.reload()[0].fault.is_some());
        assert_eq!(*bots.get("a.en").unwrap(), "first");
    }

    #[test]
    fn a_file_that_never_worked_is_forgotten_when_it_goes_and_a_call_keeps_the_bot_it_began_with() {
        let dir = dir("bots-never");
        let bots = Bots::load(&dir, parse).unwrap();
        std::fs::write(dir.join("new.toml"), "broken").unwrap();
        assert_eq!(bots.reload().len(), 3);
        std::fs::remove_file(dir.join("new.toml")).unwrap();
        let held = bots.get("b").unwrap();
        std::fs::write(dir.join("b.toml"), "changed").unwrap();
        assert_eq!(bots.reload().len(), 2);
        assert_eq!((held.as_str(), bots.get("b").unwrap().as_str()), ("second", "changed"));
    }

    #[test]
    fn at_the_start_a_broken_bot_costs_only_itself_and_one_must_work() {
        let dir = dir("bots-start");
        std::fs::write(dir.join("b.toml"), "broken").unwrap();
        let bots = Bots::load(&dir, parse).unwrap();
        assert!(bots.has("a.en") && !bots.has("b") && bots.knows("b") && !bots.knows("c"));
        assert!(bots.list()[1].fault.as_ref().is_some_and(|fault| fault.contains("b.toml")));
        std::fs::write(dir.join("b.toml"), "corrected").unwrap();
        assert_eq!(bots.reload()[1].fault, None);
        for file in ["a.en.toml", "b.toml"] {
            std::fs::write(dir.join(file), "broken").unwrap();
        }
        let fault = Bots::load(&dir, parse).err().unwrap().to_string();
        assert!(fault.contains("a.en.toml") && fault.contains("b.toml"), "{fault}");
        let fault = Bots::load(&dir.join("none"), parse).err().unwrap().to_string();
        assert!(fault.contains("bots.dir"), "{fault}");
    }
}
