//! `Headers`: the header fields of an INVITE that its trunk's allow-list names. They can identify the caller and are never logged.
use std::collections::BTreeMap;
use std::fmt;

/// Values by name, as the allow-list spells it. The values of a repeated field are joined with commas (RFC 3261 section 7.3.1). `Debug`
/// hides the values.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers(BTreeMap<String, String>);

impl Headers {
    /// The most names of an allow-list.
    pub const MOST: usize = 32;
    /// The longest value, in bytes. A longer one is left out as a whole: a part of it could mean something else.
    pub const LONGEST: usize = 1024;
    /// Header fields with credentials, which no allow-list may name.
    pub const NEVER: [&str; 2] = ["Authorization", "Proxy-Authorization"];

    /// Adds a value; `false` where it is too long.
    pub(crate) fn add(&mut self, name: &str, value: &str) -> bool {
        let known = self.0.get(name);
        let whole = match known {
            Some(before) => format!("{before}, {value}"),
            None => value.to_owned(),
        };
        let fits = whole.len() <= Self::LONGEST && (known.is_some() || self.0.len() < Self::MOST);
        if fits {
            self.0.insert(name.to_owned(), whole);
        }
        fits
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.0.remove(name);
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
