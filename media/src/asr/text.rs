//! The spelling of recognisers that write sentences made the common one: lower case, NFC, no punctuation.
use unicode_normalization::UnicodeNormalization;

/// The words of a text: letters and digits in lower case (NFC), apostrophes inside words, points and commas inside
/// numbers. What stands in brackets (`[Music]`, `(coughs)`) or between notes is no speech.
pub(super) fn normalise(text: &str) -> Vec<String> {
    let (mut plain, mut depth, mut song) = (String::with_capacity(text.len()), 0u32, false);
    let letters: Vec<char> = text.nfc().flat_map(char::to_lowercase).collect();
    for (index, letter) in letters.iter().copied().enumerate() {
        let near = |index: Option<usize>| index.and_then(|index| letters.get(index)).copied();
        let (before, after) = (near(index.checked_sub(1)), near(Some(index + 1)));
        let between = |test: fn(char) -> bool| before.is_some_and(test) && after.is_some_and(test);
        match letter {
            '[' | '(' | '{' => depth += 1,
            ']' | ')' | '}' => {
                depth = depth.saturating_sub(1);
                plain.push(' ');
            }
            '♪' | '♫' => song = !song,
            _ if depth > 0 || song => {}
            '\'' | '’' if between(char::is_alphabetic) => plain.push('\''),
            '.' | ',' if between(|c| c.is_ascii_digit()) => plain.push(letter),
            '%' => plain.push_str(" % "),
            _ if letter.is_alphanumeric() => plain.push(letter),
            _ => plain.push(' '),
        }
    }
    plain.split_whitespace().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_in_lower_case_without_punctuation() {
        for (written, words) in [
            (" Book a room, please.", "book a room please"),
            (" 2:30 p.m.", "2 30 p m"),
            (" It's $1,250.50!", "it's 1,250.50"),
            (" Gặp nhân viên", "gặp nhân viên"),
            // The same in decomposed letters.
            (" Ga\u{323}\u{306}p nha\u{302}n vie\u{302}n", "gặp nhân viên"),
            (" ĐÚNG", "đúng"),
            (" [BLANK_AUDIO]", ""),
            (" (coughs) yes", "yes"),
            (" ♪ la la ♪", ""),
        ] {
            assert_eq!(normalise(written).join(" "), words);
        }
    }
}
