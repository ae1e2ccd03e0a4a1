//! What of a model's text is words: markup, code, reasoning and pictures are left out, for nobody wants to hear them.

use crate::guard::is_placeholder;

/// A tag, or the text of a link, is no longer than this.
const MOST_HELD: usize = 300;

/// The words of what has come of an answer behind its byte `from`, and to where they reach: behind that lies something that only what is
/// to come can decide. `ended`: nothing more comes.
pub(super) fn readable(raw: &str, from: usize, ended: bool) -> (String, usize) {
    let mut out = String::new();
    let mut at = from;
    while at < raw.len() {
        let rest = &raw[at..];
        let begins_line = at == 0 || raw[..at].ends_with('\n');
        let step = if begins_line { line_start(rest, ended) } else { None };
        match step.unwrap_or_else(|| inline(&raw[..at], rest, ended)) {
            Step::Wait => return (out, at),
            Step::Skip(bytes) => at += bytes,
            Step::Take(bytes, text) => {
                out.push_str(text);
                at += bytes;
            }
        }
    }
    (out, at)
}

enum Step<'a> {
    /// What comes next decides.
    Wait,
    Skip(usize),
    /// So many bytes are read as this.
    Take(usize, &'a str),
}

/// The mark of a heading, a list, a quotation or a rule; `None`: there is none.
fn line_start(rest: &str, ended: bool) -> Option<Step<'_>> {
    let marks = rest.len() - rest.trim_start_matches(['#', '-', '*', '+', '>', '•', ' ', '\t', '=']).len();
    if marks == 0 {
        return None;
    }
    if marks == rest.len() && !ended && marks < 12 {
        return Some(Step::Wait);
    }
    let mark = &rest[..marks];
    let is_mark = mark.ends_with([' ', '\t']) || rest[marks..].starts_with('\n') || marks == rest.len();
    // "-5 degrees", "*very* good": no mark of a line.
    let spaces = mark.len() - mark.trim_start().len();
    match is_mark {
        true => Some(Step::Skip(marks)),
        false if spaces > 0 => Some(Step::Skip(spaces)),
        false => None,
    }
}

fn inline<'a>(before: &str, rest: &'a str, ended: bool) -> Step<'a> {
    let first = rest.chars().next().unwrap_or_default();
    let len = first.len_utf8();
    let alone = rest.len() == len && !ended;
    match first {
        '`' => code(rest, ended),
        '<' => tag(rest, ended),
        '!' if alone => Step::Wait,
        '!' if rest.starts_with("![") => link(rest, 2, true, ended),
        '[' => link(rest, 1, false, ended),
        '*' | '~' | '_' if alone => Step::Wait,
        '*' => {
            let marks = rest.len() - rest.trim_start_matches('*').len();
            let around = before.ends_with([' ', '\n']) && rest[marks..].starts_with(' ');
            if around { Step::Take(1, "*") } else { Step::Skip(marks) }
        }
        '~' if rest.starts_with("~~") => Step::Skip(2),
        // Within a word it is one of its letters.
        '_' => {
            let within = before.ends_with(char::is_alphanumeric) && rest[1..].starts_with(char::is_alphanumeric);
            if within { Step::Take(1, "_") } else { Step::Skip(1) }
        }
        '|' => Step::Take(1, " "),
        c if is_picture(c) => Step::Skip(len),
        _ => Step::Take(len, &rest[..len]),
    }
}

/// A block of code is left out; of code within a sentence the words are kept.
fn code(rest: &str, ended: bool) -> Step<'_> {
    const FENCE: &str = "```";
    if FENCE.starts_with(rest) && !ended {
        return Step::Wait;
    }
    if !rest.starts_with(FENCE) {
        return Step::Skip(1);
    }
    match rest[FENCE.len()..].find(FENCE) {
        Some(end) => Step::Skip(end + 2 * FENCE.len()),
        None if ended => Step::Skip(rest.len()),
        None => Step::Wait,
    }
}

/// A tag is left out, and with it the reasoning that some servers leave in the text.
fn tag(rest: &str, ended: bool) -> Step<'_> {
    for (begin, end) in [("<think>", "</think>"), ("<thinking>", "</thinking>"), ("<tool_call>", "</tool_call>")] {
        if begin.starts_with(rest) && !ended {
            return Step::Wait;
        }
        if rest.starts_with(begin) {
            return match rest.find(end) {
                Some(at) => Step::Skip(at + end.len()),
                None if ended => Step::Skip(rest.len()),
                None => Step::Wait,
            };
        }
    }
    if rest.len() == 1 && !ended {
        return Step::Wait;
    }
    if !rest[1..].starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '|' | '!')) {
        return Step::Take(1, "<");
    }
    match rest.find('>') {
        Some(end) if end < MOST_HELD => Step::Skip(end + 1),
        None if rest.len() < MOST_HELD && !ended => Step::Wait,
        _ => Step::Take(1, "<"),
    }
}

/// Of a link its words are read, of a picture nothing. `mark`: the length of what begins it.
fn link(rest: &str, mark: usize, is_picture: bool, ended: bool) -> Step<'_> {
    let Some(close) = rest.find(']').filter(|close| *close < MOST_HELD) else {
        let waits = rest.len() < MOST_HELD && !ended && !rest.contains('\n');
        return if waits { Step::Wait } else { Step::Skip(mark) };
    };
    let behind = &rest[close + 1..];
    if behind.is_empty() && !ended {
        return Step::Wait;
    }
    let whole = match behind.strip_prefix('(') {
        None => close + 1,
        Some(address) => match address.find(')').filter(|end| *end < MOST_HELD) {
            Some(end) => close + end + 3,
            None if address.len() < MOST_HELD && !ended => return Step::Wait,
            None => rest.len().min(close + 2),
        },
    };
    // What stands for a value that the model is not told is given back later.
    if is_placeholder(&rest[mark..close]) && !behind.starts_with('(') && !is_picture {
        return Step::Take(close + 1, &rest[..close + 1]);
    }
    // A text in brackets that is no link is a note: "[1]", "[laughs]".
    let is_link = behind.starts_with('(');
    match is_link && !is_picture {
        true => Step::Take(whole, &rest[mark..close]),
        false => Step::Skip(whole),
    }
}

fn is_picture(c: char) -> bool {
    matches!(u32::from(c),
        0x1F000..=0x1FAFF | 0x2190..=0x21FF | 0x2300..=0x23FF | 0x2460..=0x24FF | 0x25A0..=0x27BF | 0x2900..=0x297F
        | 0x2B00..=0x2BFF | 0xFE00..=0xFE0F | 0x200D | 0x20E3 | 0xE0000..=0xE007F)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CASES: [(&str, &str); 17] = [
        ("I call [phone 1] back [soon].", "I call [phone 1] back ."),
        ("**Of course!** We have _two_ rooms.", "Of course! We have two rooms."),
        ("# Rooms\n- Boston\n- Hanoi\n", "Rooms\nBoston\nHanoi\n"),
        ("See [our page](https://x.example/a_b) please.", "See our page please."),
        ("Here: ```rust\nfn main() {}\n``` done.", "Here:  done."),
        ("Use `book_table` now.", "Use book_table now."),
        ("<think>the caller wants a room</think>Yes, at 3.5 hours.", "Yes, at 3.5 hours."),
        ("Gladly 😀 👍🏽, see you!", "Gladly  , see you!"),
        ("2 * 3 < 7 and x<y", "2 * 3 < 7 and x<y"),
        ("A <break time=\"1s\"/> pause", "A  pause"),
        ("It is so [1].", "It is so ."),
        ("![a picture](http://x) Look!", " Look!"),
        ("> quoted\n---\nend", "quoted\n\nend"),
        ("Dạ, **phòng 101** còn trống ạ.", "Dạ, phòng 101 còn trống ạ."),
        ("-5 degrees", "-5 degrees"),
        ("~~no~~ yes", "no yes"),
        ("```\nnever closed", ""),
    ];

    #[test]
    fn markup_code_reasoning_and_pictures_are_left_out() {
        for (raw, words) in CASES {
            assert_eq!(readable(raw, 0, true).0, words, "{raw}");
        }
    }

    #[test]
    fn what_is_read_of_a_part_is_the_beginning_of_what_is_read_of_the_whole() {
        for (raw, _) in CASES {
            let whole = readable(raw, 0, true).0;
            for (end, _) in raw.char_indices() {
                let (part, used) = readable(&raw[..end], 0, false);
                assert!(whole.starts_with(&part), "{raw:?} to {end}: {part:?}");
                assert!(used <= end && raw.is_char_boundary(used));
            }
        }
    }
}
