//! What is known of a caller from earlier calls, and what a call adds to it. The values are data: nothing of them is taken before the
//! caller has said that it still holds.
use crate::language::Language;
use jiff::civil::Date;
use serde_json::Value as Json;

/// What is known of a caller. `Debug` hides the values.
#[derive(Clone, Default, PartialEq)]
pub struct Memory {
    /// The caller has agreed that the bot remembers, or was told that it does.
    pub agreed: bool,
    pub facts: Vec<KnownFact>,
    /// What is owed to the caller, and what they have left half done.
    pub promises: Vec<Promise>,
    /// The language in which they spoke last.
    pub language: Option<Language>,
    /// How many times as long as usual they are waited for.
    pub pace: Option<f32>,
}

/// The value of a slot, and when it was given.
#[derive(Clone, PartialEq)]
pub struct KnownFact {
    /// The slot's name.
    pub name: String,
    pub value: Json,
    pub on: Date,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promise {
    pub kind: PromiseKind,
    /// The task that it is about, by its name.
    pub task: Option<String>,
    pub on: Date,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PromiseKind {
    /// The caller is to be called back.
    CallBack,
    /// The call ended in the midst of a task.
    Unfinished,
}

impl PromiseKind {
    /// As it is stored.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CallBack => "call_back",
            Self::Unfinished => "unfinished",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        [Self::CallBack, Self::Unfinished].into_iter().find(|kind| kind.name() == name)
    }
}

impl Memory {
    pub fn fact(&self, name: &str) -> Option<&KnownFact> {
        self.facts.iter().find(|fact| fact.name == name)
    }

    /// What is known after these news of a call, as the next one is told.
    pub fn take(&mut self, news: &MemoryNews, on: Date) {
        match news.clone() {
            MemoryNews::Agreed(agreed) => self.agreed |= agreed,
            MemoryNews::Fact { name, value } => {
                self.facts.retain(|fact| fact.name != name);
                self.facts.push(KnownFact { name, value, on });
            }
            MemoryNews::Promise { kind, task, owed } => {
                self.promises.retain(|promise| promise.kind != kind);
                self.promises.extend(owed.then_some(Promise { kind, task, on }));
            }
            MemoryNews::Language(language) => self.language = Some(language),
            MemoryNews::Pace(pace) => self.pace = Some(pace),
            MemoryNews::Forget => *self = Self::default(),
        }
    }

    /// The task that the caller has left half done.
    pub fn unfinished(&self) -> Option<&str> {
        let of = |promise: &&Promise| promise.kind == PromiseKind::Unfinished;
        self.promises.iter().find(of).and_then(|promise| promise.task.as_deref())
    }
}

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { agreed, facts, promises, language, pace } = self;
        write!(f, "Memory {{ agreed: {agreed}, facts: {}, promises: {promises:?}, ", facts.len())?;
        write!(f, "language: {language:?}, pace: {pace:?} }}")
    }
}

/// What a call adds to what is known of its caller, or takes from it.
#[derive(Clone, PartialEq)]
pub enum MemoryNews {
    /// The caller lets the bot remember, or was told that it does (`true`); or does not let it.
    Agreed(bool),
    /// A value that the caller has confirmed.
    Fact { name: String, value: Json },
    /// This is owed from now on, or no more.
    Promise { kind: PromiseKind, task: Option<String>, owed: bool },
    /// In which language they speak.
    Language(Language),
    /// How many times as long as usual they are waited for.
    Pace(f32),
    /// The caller wants to be forgotten: all that was known of them is.
    Forget,
}

impl std::fmt::Debug for MemoryNews {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Agreed(agreed) => write!(f, "Agreed({agreed})"),
            Self::Fact { name, .. } => write!(f, "Fact({name})"),
            Self::Promise { kind, task, owed } => write!(f, "Promise({kind:?}, {task:?}, owed: {owed})"),
            Self::Language(language) => write!(f, "Language({language:?})"),
            Self::Pace(pace) => write!(f, "Pace({pace})"),
            Self::Forget => f.write_str("Forget"),
        }
    }
}
