//! Names and addresses: those that are known, and names behind the words that lead to them.
use super::Personal;
use super::found::{Found, Named, folded};
use super::pieces::Piece;
use crate::value::capture::fold;

/// A name follows these.
const LEADS: [&str; 25] = [
    "my name is",
    "my name's",
    "my full name is",
    "the name is",
    "the name's",
    "i am called",
    "they call me",
    "my first name is",
    "my last name is",
    "my surname is",
    "last name is",
    "first name is",
    "tên tôi là",
    "tôi tên là",
    "tôi tên",
    "tên của tôi là",
    "họ tên tôi là",
    "họ tên là",
    "họ và tên là",
    "em tên là",
    "tên em là",
    "anh tên là",
    "chị tên là",
    "tên mình là",
    "mình tên là",
];
/// And ends before these.
const STOPS: [&str; 63] = [
    "and", "i", "i'm", "i'd", "i've", "from", "calling", "speaking", "here", "with", "my", "please", "thanks", "thank",
    "for", "on", "at", "it", "is", "the", "spelled", "spelt", "that's", "this", "but", "so", "you", "can", "not",
    "phone", "number", "email", "born", "living", "ạ", "nhé", "nha", "và", "ở", "số", "sinh", "gọi", "muốn", "cần",
    "địa", "điện", "năm", "tại", "đang", "xin", "nhờ", "cho", "đặt", "của", "thì", "có", "mình", "tôi", "em", "đánh",
    "quê", "là", "to",
];
/// A name has no more words.
const MOST_WORDS: usize = 5;

pub(super) fn find<'a>(
    text: &str,
    pieces: &[Piece],
    known: impl Iterator<Item = Named<'a>>,
    finds_names: bool,
) -> Vec<Found> {
    let words: Vec<String> = pieces.iter().map(|piece| fold(&piece.word)).collect();
    let mut all = Vec::new();
    for named in known {
        all.extend(of_known(pieces, &words, &named));
    }
    if finds_names {
        all.extend(introduced(text, pieces));
    }
    all
}

/// Where a known name or address is said again: whole, a part of a name with its capital, or letter by letter.
fn of_known(pieces: &[Piece], words: &[String], named: &Named) -> Vec<Found> {
    let key: Vec<&str> = named.key.split(' ').collect();
    let found = |from: usize, to: usize| Found {
        range: pieces[from].range.start..pieces[to].range.end,
        kind: named.kind,
        value: named.value.to_owned(),
        key: named.key.to_owned(),
    };
    let mut out = Vec::new();
    for at in 0..words.len() {
        if let Some(end) = said_at(pieces, words, at, &key) {
            out.push(found(at, end));
        } else if named.kind == Personal::Name {
            let is_part = words[at].chars().count() > 1 && key.contains(&words[at].as_str());
            if is_part && pieces[at].is_capital {
                out.push(found(at, at));
            } else if let Some(end) = spelled_at(words, pieces, at, &key) {
                out.push(found(at, end));
            }
        }
    }
    out
}

/// The last piece of these words, where they stand here; signs between them do not count.
fn said_at(pieces: &[Piece], words: &[String], at: usize, key: &[&str]) -> Option<usize> {
    let (mut next, mut last) = (at, at);
    for word in key {
        while next > at && pieces.get(next).is_some_and(|piece| piece.is_sign(",.-")) {
            next += 1;
        }
        if words.get(next).is_none_or(|said| said != word) {
            return None;
        }
        (last, next) = (next, next + 1);
    }
    Some(last)
}

/// The last letter of a name that is spelled here.
fn spelled_at(words: &[String], pieces: &[Piece], at: usize, key: &[&str]) -> Option<usize> {
    let is_letter = |at: usize| words.get(at).is_some_and(|word| word.chars().count() == 1 && pieces[at].is_word());
    if !is_letter(at) || at > 0 && is_letter(at - 1) {
        return None;
    }
    let (mut letters, mut last, mut next) = (words[at].clone(), at, at + 1);
    while next < words.len() && (is_letter(next) || pieces[next].is_sign("-.,")) {
        if is_letter(next) {
            letters.push_str(&words[next]);
            last = next;
        }
        next += 1;
    }
    let whole = key.concat();
    let is_name = letters.chars().count() >= 3
        && (letters == whole || key.iter().any(|word| *word == letters) || whole.starts_with(&letters));
    is_name.then_some(last)
}

/// Names behind the words that lead to them.
fn introduced(text: &str, pieces: &[Piece]) -> Vec<Found> {
    let mut out = Vec::new();
    for at in 0..pieces.len() {
        let fits = |lead: &&&str| {
            lead.split(' ').enumerate().all(|(i, word)| pieces.get(at + i).is_some_and(|piece| piece.word == word))
        };
        let Some(len) = LEADS.iter().filter(fits).map(|lead| lead.split(' ').count()).max() else { continue };
        let from = at + len;
        let ends = |piece: &&Piece| piece.is_word() && !piece.is_figures() && !STOPS.contains(&piece.word.as_str());
        let count = pieces[from.min(pieces.len())..].iter().take_while(ends).take(MOST_WORDS).count();
        if count > 0 {
            let range = pieces[from].range.start..pieces[from + count - 1].range.end;
            let value = text[range.clone()].to_owned();
            out.push(Found { range, kind: Personal::Name, key: folded(&value), value });
        }
    }
    out
}
