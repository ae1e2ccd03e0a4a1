//! Texts from outside as they may stand in a bot's sentence.

/// A caller's, a service's or a header's text: nothing in it is taken for an element (`say/markup.rs`).
pub fn unmarked(text: &str) -> String {
    text.replace('<', "< ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;
    use crate::say::{Spoken, clauses};

    #[test]
    fn an_element_in_a_text_from_outside_says_no_other_words() {
        let text = format!("Your note is {}. Is that right?", unmarked("<sub alias=\"free of charge\">late</sub>"));
        let all = clauses(&text, Language::En, &Spoken::new(), &[]);
        let said: Vec<&str> = all.iter().map(|clause| clause.said.as_str()).collect();
        let said = said.join(" ");
        assert!(said.contains("late") && said.ends_with("Is that right?"), "{said}");
        assert!(!said.starts_with("Your note is free of charge."), "{said}");
    }
}
