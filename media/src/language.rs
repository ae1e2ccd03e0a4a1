//! `Language`: what is heard and spoken.

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Language {
    En,
    Vi,
}

impl Language {
    pub const ALL: [Self; 2] = [Self::En, Self::Vi];

    /// Its subtag (RFC 5646, ISO 639-1): `en`, `vi`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Vi => "vi",
        }
    }

    /// The language of a code, upper or lower case.
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.code().eq_ignore_ascii_case(code))
    }

    /// Its name in English, for people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::En => "English",
            Self::Vi => "Vietnamese",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_is_found_by_its_code() {
        for language in Language::ALL {
            assert_eq!(Language::of_code(language.code()), Some(language));
        }
        assert_eq!((Language::of_code("VI"), Language::of_code("v")), (Some(Language::Vi), None));
        assert_ne!(Language::En.code(), Language::Vi.code());
    }
}
