//! `ByLanguage`: a table with an entry for each language, under its code. `LanguageCode`: a language as its code.
use media::Language;
use serde::de::{Error, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::marker::PhantomData;
use std::ops::{Index, IndexMut};

const COUNT: usize = Language::ALL.len();

const CODES: [&str; COUNT] = {
    let (mut codes, mut at) = ([""; COUNT], 0);
    while at < COUNT {
        codes[at] = Language::ALL[at].code();
        at += 1;
    }
    codes
};

fn of_code(code: &str) -> Option<Language> {
    Language::ALL.into_iter().find(|language| language.code() == code)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LanguageCode(pub Language);

impl Serialize for LanguageCode {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.0.code())
    }
}

impl<'de> Deserialize<'de> for LanguageCode {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let code = String::deserialize(from)?;
        of_code(&code).map(Self).ok_or_else(|| D::Error::unknown_variant(&code, &CODES))
    }
}

/// What a language has whose entry is missing.
pub trait DefaultIn {
    fn default_in(language: Language) -> Self;
}

#[derive(Clone, Debug, PartialEq)]
pub struct ByLanguage<T>([T; COUNT]);

impl<T: DefaultIn> Default for ByLanguage<T> {
    fn default() -> Self {
        Self(Language::ALL.map(T::default_in))
    }
}

impl<T> Index<Language> for ByLanguage<T> {
    type Output = T;

    fn index(&self, language: Language) -> &T {
        &self.0[language as usize]
    }
}

impl<T> IndexMut<Language> for ByLanguage<T> {
    fn index_mut(&mut self, language: Language) -> &mut T {
        &mut self.0[language as usize]
    }
}

impl<T: Serialize> Serialize for ByLanguage<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(COUNT))?;
        for language in Language::ALL {
            map.serialize_entry(language.code(), &self[language])?;
        }
        map.end()
    }
}

impl<'de, T: Deserialize<'de> + DefaultIn> Deserialize<'de> for ByLanguage<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(Table(PhantomData))
    }
}

struct Table<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de> + DefaultIn> Visitor<'de> for Table<T> {
    type Value = ByLanguage<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a table with an entry for each of {}", CODES.join(", "))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ByLanguage<T>, A::Error> {
        let mut all = ByLanguage::default();
        while let Some(code) = map.next_key::<String>()? {
            let language = of_code(&code).ok_or_else(|| A::Error::unknown_field(&code, &CODES))?;
            all[language] = map.next_value()?;
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Deserialize, Serialize)]
    struct Voice(String);

    impl DefaultIn for Voice {
        fn default_in(language: Language) -> Self {
            Self(format!("any {}", language.name()))
        }
    }

    #[test]
    fn a_table_is_keyed_by_code_and_what_it_leaves_out_has_its_default() {
        for language in Language::ALL {
            let text = format!("{} = \"mine\"", language.code());
            let table: ByLanguage<Voice> = toml::from_str(&text).unwrap();
            for other in Language::ALL {
                let wanted = if other == language { Voice("mine".into()) } else { Voice::default_in(other) };
                assert_eq!(table[other], wanted);
            }
            assert_eq!(toml::from_str::<ByLanguage<Voice>>(&toml::to_string(&table).unwrap()).unwrap(), table);
        }
        let fault = toml::from_str::<ByLanguage<Voice>>("EN = \"mine\"").unwrap_err().to_string();
        assert!(fault.contains("unknown field `EN`, expected `en` or `vi`"), "{fault}");
    }

    #[test]
    fn a_language_is_written_as_its_code() {
        #[derive(Debug, PartialEq, Deserialize, Serialize)]
        struct Languages {
            all: Vec<LanguageCode>,
        }
        let languages = Languages { all: Language::ALL.map(LanguageCode).into() };
        let text = toml::to_string(&languages).unwrap();
        assert_eq!(text.trim(), format!("all = {CODES:?}"));
        assert_eq!(toml::from_str::<Languages>(&text).unwrap(), languages);
        let fault = toml::from_str::<Languages>("all = [\"de\"]").unwrap_err().to_string();
        assert!(fault.contains("unknown variant `de`, expected `en` or `vi`"), "{fault}");
    }
}
