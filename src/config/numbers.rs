//! `[numbers]`: how telephone numbers are dialled where callers are, so that `[[route]]` knows one in each of its forms.
use serde::{Deserialize, Serialize};
use telephony::NumberPlan;

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Numbers {
    /// Digits without `+`; empty: numbers are compared as they are, but for a leading `+`.
    pub country_code: String,
    /// Empty where a national number has none.
    pub national_prefix: String,
    pub international_prefix: String,
}

impl Default for Numbers {
    fn default() -> Self {
        Self { country_code: String::new(), national_prefix: "0".into(), international_prefix: "00".into() }
    }
}

impl Numbers {
    pub fn plan(&self) -> NumberPlan {
        NumberPlan {
            country_code: self.country_code.clone(),
            national_prefix: self.national_prefix.clone(),
            international_prefix: self.international_prefix.clone(),
        }
    }

    /// What is wrong with it, in plain words.
    pub(super) fn problems(&self, found: &mut Vec<String>) {
        let digits = |text: &str| text.bytes().all(|c| c.is_ascii_digit());
        if !digits(&self.country_code) || self.country_code.len() > 3 || self.country_code.starts_with('0') {
            found.push(format!(
                "numbers.country_code = {:?}: write one to three digits without `+`, such as \"84\", or \"\"",
                self.country_code
            ));
        }
        for (key, prefix) in
            [("national_prefix", &self.national_prefix), ("international_prefix", &self.international_prefix)]
        {
            if !digits(prefix) || prefix.len() > 5 {
                found.push(format!("numbers.{key} = {prefix:?}: write at most five digits, or \"\""));
            }
        }
    }
}
