//! The sentences of a passage, and those of them that answer a question.

/// So many characters are said at most: some twenty seconds.
const MOST_SAID: usize = 320;
/// A second sentence has to bring so much more of what was asked for.
const WORTH_SAYING: f32 = 0.15;

/// The sentence of a text that fits best by `share`, or two in a row where the second brings more.
pub(super) fn fitting(text: &str, share: impl Fn(&str) -> f32) -> String {
    let all = sentences(text);
    let mut best: Option<(f32, String)> = None;
    for (at, one) in all.iter().enumerate() {
        let alone = share(one);
        let two = all.get(at + 1).map(|next| format!("{one} {next}")).filter(|two| two.chars().count() <= MOST_SAID);
        let with_next = two.map(|two| (share(&two) - WORTH_SAYING, two));
        // What leads to a list says nothing without it.
        let leads = one.ends_with(':');
        for (value, said) in [(alone, one.clone())].into_iter().filter(|_| !leads).chain(with_next) {
            if best.as_ref().is_none_or(|(known, _)| value > *known) {
                best = Some((value, said));
            }
        }
    }
    match best {
        Some((value, said)) if value > 0.0 => bounded(&said),
        // The headings alone hold what was asked for: the passage begins with what it is about.
        _ => bounded(&all.join(" ")),
    }
}

/// A text as whole sentences within what is said at most.
fn bounded(text: &str) -> String {
    let mut out = String::new();
    for sentence in sentences(text) {
        if !out.is_empty() && out.chars().count() + sentence.chars().count() >= MOST_SAID {
            break;
        }
        out.push_str(if out.is_empty() { "" } else { " " });
        out.push_str(&sentence);
    }
    match out.char_indices().nth(MOST_SAID * 2) {
        Some((end, _)) => format!("{}…", out[..end].trim_end()),
        None => out,
    }
}

/// Abbreviations whose point ends no sentence.
const ABBREVIATIONS: [&str; 18] =
    ["dr", "mr", "mrs", "ms", "st", "no", "tp", "q", "p", "vs", "etc", "e.g", "i.e", "a.m", "p.m", "ext", "ths", "ts"];

/// The sentences of a text; a line ends one.
pub(super) fn sentences(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    for line in text.lines() {
        let mut start = 0;
        for (at, c) in line.char_indices() {
            if !matches!(c, '.' | '!' | '?' | '…') {
                continue;
            }
            let behind = &line[at + c.len_utf8()..];
            let mut next = behind.chars();
            let goes_on = match (next.next(), next.next()) {
                (None, _) => false,
                (Some(' '), Some(next)) => next.is_lowercase(),
                _ => true,
            };
            let word = line[start..at].rsplit([' ', '(']).next().unwrap_or_default().to_lowercase();
            if goes_on
                || c == '.'
                    && (ABBREVIATIONS.contains(&word.as_str())
                        || word.chars().count() == 1 && word.chars().all(char::is_alphabetic))
            {
                continue;
            }
            let end = at + c.len_utf8();
            out.push(line[start..end].trim().to_owned());
            start = end;
        }
        out.push(line[start..].trim().to_owned());
    }
    out.retain(|sentence| !sentence.is_empty());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_end_where_people_end_them() {
        let text = "We open at 8.30 a.m. and close at 5 p.m. on weekdays. Ask for Dr. Smith! Call ext. 204.\nTP. Hồ Chí Minh. Phí 1.5 triệu.";
        assert_eq!(
            sentences(text),
            [
                "We open at 8.30 a.m. and close at 5 p.m. on weekdays.",
                "Ask for Dr. Smith!",
                "Call ext. 204.",
                "TP. Hồ Chí Minh.",
                "Phí 1.5 triệu."
            ]
        );
    }

    #[test]
    fn what_fits_is_said_and_a_list_with_what_leads_to_it() {
        let text = "Dogs are welcome. Cats stay outside.\nWe are closed on:\nMondays; public holidays.";
        let share = |wanted: &'static [&'static str]| {
            move |text: &str| wanted.iter().filter(|word| text.contains(**word)).count() as f32 / wanted.len() as f32
        };
        assert_eq!(fitting(text, share(&["Cats"])), "Cats stay outside.");
        assert_eq!(fitting(text, share(&["Dogs", "Cats"])), "Dogs are welcome. Cats stay outside.");
        assert_eq!(fitting(text, share(&["closed", "Mondays"])), "We are closed on: Mondays; public holidays.");
        assert_eq!(fitting("One. Two.", |_| 0.0), "One. Two.");
        let long = format!("{}. Short one.", "word ".repeat(400).trim());
        assert!(fitting(&long, share(&["Short"])) == "Short one." && fitting(&long, |_| 0.0).chars().count() < 700);
    }
}
