//! How a neural voice cuts a clause into the parts that it draws one after the other, the pauses between them, and their phonemes.
use super::delivery::{Delivery, Piece, plain_ipa};
use std::time::Duration;

/// A part of a clause: what one run of the graph speaks.
#[derive(Clone, Debug, PartialEq)]
pub struct Part<'a> {
    pub text: &'a str,
    /// Characters of the clause before it.
    pub base: u32,
    /// What its phonemes end with: a mark that the voice knows how to say.
    pub mark: char,
    /// Silence after it.
    pub pause: Duration,
}

/// The marks that end a part, what they mean to the voice, and the pause that people make there.
const MARKS: [(char, char, u64); 12] = [
    ('.', '.', 320),
    ('!', '!', 320),
    ('?', '?', 320),
    ('…', '.', 400),
    (';', ';', 250),
    (':', ':', 250),
    (',', ',', 130),
    ('–', ',', 180),
    ('—', ',', 180),
    ('。', '.', 320),
    ('？', '?', 320),
    ('，', ',', 130),
];
/// A comma or the like ends a part from this many characters: shorter ones sound better with what follows.
const SHORT: usize = 20;
/// A comma ends a part of this length; up to here a sentence is drawn as one.
const LONG: usize = 60;
/// A part without any mark ends at a word before this many characters.
const LONGEST: usize = 300;

/// Cuts a clause: at the ends of its sentences, at its first comma so that sound begins early, and at commas of long sentences.
pub fn parts(text: &str) -> Vec<Part<'_>> {
    let mut out: Vec<Part<'_>> = Vec::new();
    let (mut start, mut base, mut length, mut space) = (0, 0, 0, None);
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        length += 1;
        if c.is_whitespace() {
            space = Some((at + c.len_utf8(), length));
        }
        // A mark counts where a word ends: not within "a.m" or "3,5".
        let ends_word = chars.peek().is_none_or(|(_, next)| next.is_whitespace() || !next.is_alphanumeric());
        let mark = MARKS.iter().find(|(mark, ..)| *mark == c && ends_word);
        let least = if out.is_empty() { SHORT } else { LONG };
        let cut = match mark {
            Some((_, '.' | '!' | '?', _)) => Some((at + c.len_utf8(), length)),
            Some(_) if length >= least => Some((at + c.len_utf8(), length)),
            _ if length >= LONGEST => Some(space.unwrap_or((at + c.len_utf8(), length))),
            _ => None,
        };
        let Some((end, count)) = cut else { continue };
        let (mark, pause) = mark.map_or((' ', 0), |(_, mark, pause)| (*mark, *pause));
        out.push(Part { text: &text[start..end], base, mark, pause: Duration::from_millis(pause) });
        (start, base, length, space) = (end, base + count as u32, length - count, None);
    }
    // Without a mark at its end it is still a sentence's end: the dialog cuts clauses there.
    out.push(Part { text: &text[start..], base, mark: '.', pause: Duration::ZERO });
    out.retain(|part| part.text.contains(char::is_alphanumeric));
    out
}

/// The phonemes of a part out of those of its pieces between marks, with the marks as the voice was trained with them. What has phonemes of
/// its own in the delivery has these.
pub fn phonemes<E>(
    part: &Part<'_>,
    delivery: &Delivery,
    mut of: impl FnMut(&str) -> Result<String, E>,
) -> Result<String, E> {
    let mut out = String::new();
    let mut pending = None;
    for (base, piece, mark) in pieces(part.text) {
        let mut spoken = String::new();
        for piece in delivery.pieces(piece, part.base + base) {
            let one = match piece {
                Piece::Letters(letters) if !letters.contains(char::is_alphanumeric) => continue,
                Piece::Letters(letters) => without_language_names(&of(letters)?),
                Piece::Phonemes { ipa, .. } => plain_ipa(ipa),
            };
            if !spoken.is_empty() && !one.is_empty() {
                spoken.push(' ');
            }
            spoken.push_str(&one);
        }
        if spoken.is_empty() {
            continue;
        }
        if let Some(mark) = pending.take() {
            out.push(mark);
            out.push(' ');
        }
        out.push_str(&spoken);
        pending = Some(mark.unwrap_or(','));
    }
    if !out.is_empty() && part.mark != ' ' {
        out.push(part.mark);
    }
    Ok(out)
}

/// The pieces of a text between marks, with the characters before them and the marks.
fn pieces(text: &str) -> Vec<(u32, &str, Option<char>)> {
    let mut out = Vec::new();
    let (mut start, mut base) = (0, 0);
    let mut chars = text.char_indices().zip(1..).peekable();
    while let Some(((at, c), count)) = chars.next() {
        let ends_word = chars.peek().is_none_or(|((_, next), _)| !next.is_alphanumeric());
        if let Some((_, mark, _)) = MARKS.iter().find(|(mark, ..)| *mark == c && ends_word) {
            out.push((base, &text[start..at], Some(*mark)));
            (start, base) = (at + c.len_utf8(), count);
        }
    }
    out.push((base, &text[start..], None));
    out.retain(|(_, piece, _)| piece.contains(char::is_alphanumeric));
    out
}

/// espeak-ng names the language of a foreign word in brackets (`(en)hˈəʊtel(vi)`), which is not to be spoken.
fn without_language_names(phonemes: &str) -> String {
    let mut depth = 0_u32;
    let mut keep = |c: char| {
        let within = depth > 0;
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        !within && !matches!(c, '(' | ')')
    };
    phonemes.chars().filter(|c| keep(*c)).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::delivery::Phonemes;
    use super::*;

    fn texts(text: &str) -> Vec<(&str, char, u64)> {
        parts(text).iter().map(|part| (part.text, part.mark, part.pause.as_millis() as u64)).collect()
    }

    #[test]
    fn a_clause_is_cut_at_its_sentences_and_at_its_first_comma() {
        assert_eq!(texts("Hello."), [("Hello.", '.', 320)]);
        assert_eq!(texts("Yes, of course"), [("Yes, of course", '.', 0)], "a short beginning is not worth a part");
        assert_eq!(
            texts("For how many people is it, and on which day, please? Say it now!"),
            [
                ("For how many people is it,", ',', 130),
                (" and on which day, please?", '?', 320),
                (" Say it now!", '!', 320)
            ]
        );
        assert_eq!(texts("at 8.30 a.m. on 3,5 sites")[0].0, "at 8.30 a.m.");
        assert_eq!(texts("... - !"), []);
        assert_eq!(texts(""), []);
    }

    #[test]
    fn the_parts_are_the_whole_clause_and_none_is_long() {
        let text = "một hai ba bốn năm sáu bảy tám chín mười, ".repeat(20) + &"word ".repeat(200) + &"x".repeat(700);
        let parts = parts(&text);
        assert_eq!(parts.iter().map(|part| part.text).collect::<String>(), text);
        let mut base = 0;
        for part in &parts {
            assert_eq!(part.base, base);
            let count = part.text.chars().count();
            assert!(count <= LONGEST, "{count}");
            base += count as u32;
        }
        assert!(parts.len() > 10);
    }

    #[test]
    fn phonemes_keep_the_marks_and_lose_the_names_of_languages() {
        let part = &parts("Well, at Ibis: yes?")[0];
        let mut asked = Vec::new();
        let usual = Delivery::default();
        let spoken = phonemes::<()>(part, &usual, |piece| {
            asked.push(piece.to_owned());
            Ok(format!(" (en){}(vi) ", piece.trim().to_lowercase()))
        });
        assert_eq!(asked, ["Well", " at Ibis", " yes"]);
        assert_eq!(spoken.unwrap(), "well, at ibis: yes?");
        assert_eq!(phonemes::<()>(part, &usual, |_| Ok(String::new())).unwrap(), "");
        assert_eq!(phonemes(part, &usual, |_| Err(3)), Err(3));
    }

    #[test]
    fn words_with_phonemes_of_their_own_are_not_asked_for() {
        let text = "Yes. One Margherita, für Zoë.";
        let phonemes_of = |chars, ipa: &str| Phonemes { chars, ipa: ipa.into() };
        let delivery = Delivery::new(100, [phonemes_of(9..19, "/ˌmɑːgəˈɹiːtə/"), phonemes_of(25..28, "ˈzəʊi")]);
        let lower = |piece: &str| Ok::<_, ()>(piece.trim().to_lowercase());
        let spoken: Vec<_> = parts(text).iter().map(|part| phonemes(part, &delivery, lower).unwrap()).collect();
        assert_eq!(spoken, ["yes.", "one ˌmɑːɡəˈɹiːtə, für ˈzəʊi."]);
    }
}
