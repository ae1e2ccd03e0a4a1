//! `Language`: the languages a bot can speak.

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize)]
pub enum Language {
    #[serde(rename = "en")]
    En,
    #[serde(rename = "vi")]
    Vi,
}

impl Language {
    pub const ALL: [Language; 2] = [Language::En, Language::Vi];

    /// Its code in ISO 639-1, as bot files, the configuration and the API write it.
    pub const fn code(self) -> &'static str {
        match self {
            Language::En => "en",
            Language::Vi => "vi",
        }
    }

    pub fn of_code(code: &str) -> Option<Language> {
        Language::ALL.into_iter().find(|language| language.code() == code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_read_by_its_code() {
        #[derive(serde::Deserialize)]
        struct File {
            language: Language,
        }
        for language in Language::ALL {
            let file: File = toml::from_str(&format!("language = {:?}", language.code())).unwrap();
            assert_eq!(file.language, language);
        }
    }
}
