//! What texts from tools and models bring that is no word: marks of Markdown, digits and spaces of other scripts.

/// A text with the usual digits and spaces, without marks of Markdown; a line of a list ends with a pause.
pub(super) fn plain(text: &str) -> String {
    let text: String = text.chars().filter_map(usual).collect();
    if !text.contains(['\n', '*', '_', '`']) {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    for line in text.replace("**", "").replace("__", "").replace('`', "").lines() {
        let (item, line) = list_item(line);
        let blank = line.trim().is_empty();
        if (item || blank) && out.trim_end().ends_with(|c: char| c.is_alphanumeric() || c == '%' || c == ')') {
            out.push_str("<break strength=\"strong\"/>");
        }
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(line);
    }
    out
}

/// A character as it is usually written; `None`: nobody sees it.
fn usual(c: char) -> Option<char> {
    match c {
        '\u{200b}' | '\u{feff}' | '\u{2060}' | '\u{ad}' | '\u{fe0f}' => None,
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0),
        '\u{660}'..='\u{669}' => char::from_digit(u32::from(c) - 0x660, 10),
        '\u{966}'..='\u{96f}' => char::from_digit(u32::from(c) - 0x966, 10),
        '\u{e50}'..='\u{e59}' => char::from_digit(u32::from(c) - 0xe50, 10),
        _ => Some(c),
    }
}

/// Whether a line is one of a list ("- milk", "* milk"), and its text.
fn list_item(line: &str) -> (bool, &str) {
    let text = line.trim_start();
    let bullet = ["- ", "* ", "• ", "+ "].iter().find_map(|bullet| text.strip_prefix(bullet));
    let heading = text.trim_start_matches('#');
    match bullet {
        Some(text) => (true, text),
        None if heading.len() < text.len() && heading.starts_with(' ') && heading.len() > 1 => (true, heading),
        None => {
            let figures = text.trim_start_matches(|c: char| c.is_ascii_digit());
            (figures.len() < text.len() && figures.starts_with(". "), line)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn marks_of_markdown_are_no_words() {
        assert_eq!(plain("**Total:** `5`"), "Total: 5");
        assert_eq!(plain("５\u{200b}0"), "50");
        let pause = "<break strength=\"strong\"/>";
        assert_eq!(plain("We have:\n- tea\n- milk"), format!("We have:\ntea{pause}\nmilk"));
        assert_eq!(plain("one\ntwo"), "one\ntwo");
        assert_eq!(plain("2 * 3"), "2 * 3");
    }
}
