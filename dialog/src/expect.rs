//! `Expect`: what the bot is ready to hear.
use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, LazyLock};

#[derive(Clone, Debug, PartialEq)]
pub struct Expect {
    /// A JSGF grammar of everything that makes sense now: the coming step, any other slot, and the commands that work everywhere.
    pub grammar: Grammar,
    /// Free text is welcome too (an engine without a grammar should be used, if there is one).
    pub free: bool,
    /// Keys are an entry of the step (a menu or digits).
    pub keys: bool,
    /// What is heard is secret: store neither text nor keys nor sound.
    pub secret: bool,
    /// The slot that is asked for, or checked, by its name.
    pub asked: Option<String>,
    /// A correction of something secret may be heard: it stays on this machine.
    pub may_hold_secret: bool,
}

/// The text of a grammar. It is composed when it is first read: a recogniser of free speech, and a conversation by text, never do.
#[derive(Clone)]
pub struct Grammar(Arc<LazyLock<String, Compose>>);

type Compose = Box<dyn FnOnce() -> String + Send>;

impl Grammar {
    pub fn composed_by(compose: impl FnOnce() -> String + Send + 'static) -> Grammar {
        Grammar(Arc::new(LazyLock::new(Box::new(compose))))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Deref for Grammar {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl From<String> for Grammar {
    fn from(text: String) -> Grammar {
        Grammar::composed_by(|| text)
    }
}

impl From<&str> for Grammar {
    fn from(text: &str) -> Grammar {
        Grammar::from(text.to_owned())
    }
}

impl From<Grammar> for Arc<str> {
    fn from(grammar: Grammar) -> Arc<str> {
        grammar.as_str().into()
    }
}

impl PartialEq for Grammar {
    fn eq(&self, other: &Grammar) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.as_str() == other.as_str()
    }
}

impl fmt::Debug for Grammar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for Grammar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[test]
    fn a_grammar_is_composed_once_and_only_when_it_is_read() {
        let times = Arc::new(AtomicU32::new(0));
        let counted = times.clone();
        let grammar = Grammar::composed_by(move || {
            counted.fetch_add(1, Ordering::Relaxed);
            "#JSGF V1.0;".into()
        });
        let other = grammar.clone();
        assert!(grammar == other);
        assert_eq!(times.load(Ordering::Relaxed), 0);
        assert_eq!((&*grammar, other.as_str()), ("#JSGF V1.0;", "#JSGF V1.0;"));
        assert_eq!(times.load(Ordering::Relaxed), 1);
    }
}
