//! `Several`: one value, or a list of them, or none: the addresses of a machine that has both IPv4 and IPv6.
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt::{self, Display};
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::str::FromStr;

/// Written as text (`"127.0.0.1:5060"`; `""` is none) or as a list of such; in the environment also as a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Several<T>(pub Vec<T>);

impl<T> Deref for Several<T> {
    type Target = Vec<T>;

    fn deref(&self) -> &Vec<T> {
        &self.0
    }
}

impl<T> DerefMut for Several<T> {
    fn deref_mut(&mut self) -> &mut Vec<T> {
        &mut self.0
    }
}

impl<T: Display> Serialize for Several<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [] => to.serialize_str(""),
            [one] => to.collect_str(one),
            many => to.collect_seq(many.iter().map(ToString::to_string)),
        }
    }
}

impl<'de, T: FromStr<Err: Display>> Deserialize<'de> for Several<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Words(PhantomData))
    }
}

struct Words<T>(PhantomData<T>);

impl<T: FromStr<Err: Display>> Words<T> {
    fn one<E: Error>(text: &str) -> Result<T, E> {
        text.parse().map_err(|why| E::custom(format!("{text:?}: {why}")))
    }
}

impl<'de, T: FromStr<Err: Display>> Visitor<'de> for Words<T> {
    type Value = Several<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an address as text, or a list of them")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Several<T>, E> {
        // A variable of the environment holds a list as TOML writes it.
        let list = text.trim().strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        let words = match list.filter(|list| list.contains(['"', '\''])) {
            Some(list) => list.split(',').map(|word| word.trim().trim_matches(['"', '\''])).collect(),
            None => vec![text],
        };
        words.into_iter().filter(|word| !word.is_empty()).map(Self::one).collect::<Result<_, E>>().map(Several)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Several<T>, A::Error> {
        let mut all = Vec::new();
        while let Some(text) = from.next_element::<String>()? {
            all.push(Self::one(&text)?);
        }
        Ok(Several(all))
    }
}
