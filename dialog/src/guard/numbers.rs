//! Telephone, card and identity numbers, in figures and in words.
use super::Personal;
use super::found::{Found, phone};
use super::pieces::Piece;
use crate::language::Language;
use crate::value::capture::id::{Scheme, Verdict, luhn};
use crate::value::digits;
use crate::value::en::{ONES, TENS};
use jiff::civil::{Date, date};
use std::collections::BTreeSet;
use std::ops::Range;

/// Nobody is born after it: what is judged here is not when.
const LATEST: Date = date(2099, 12, 31);
/// So many words before a number tell what it is.
const CUE_WORDS: usize = 8;
/// Longer runs are looked through in parts of so many words.
const MOST_PIECES: usize = 48;

const JOINTS_EN: [&str; 12] =
    ["um", "uh", "er", "erm", "then", "dash", "hyphen", "space", "and", "plus", "pause", "comma"];
const JOINTS_VI: [&str; 14] =
    ["rồi", "tiếp", "ờ", "ừm", "à", "ừ", "gạch", "ngang", "chấm", "cộng", "phẩy", "nữa", "dạ", "ạ"];
/// Beside [`ONES`] and [`TENS`].
const WORDS_EN: [&str; 7] = ["oh", "o", "nought", "naught", "nil", "hundred", "thousand"];
/// They are part of a number before another word of one.
const BEFORE_EN: [&str; 3] = ["double", "triple", "treble"];
const WORDS_VI: [&str; 19] = [
    "không", "một", "mốt", "hai", "ba", "bốn", "tư", "năm", "lăm", "nhăm", "sáu", "bảy", "bẩy", "tám", "chín", "mười",
    "mươi", "số", "con",
];
/// How they are written without their marks.
const BARE_VI: [(&str, &str); 11] = [
    ("khong", "không"),
    ("mot", "một"),
    ("bon", "bốn"),
    ("nam", "năm"),
    ("lam", "lăm"),
    ("sau", "sáu"),
    ("bay", "bảy"),
    ("tam", "tám"),
    ("chin", "chín"),
    ("muoi", "mười"),
    ("so", "số"),
];

/// Pieces that digits are read from.
#[derive(Clone, Debug)]
pub(super) struct Run {
    /// The pieces, from the first to the last with digits.
    pub pieces: Range<usize>,
    /// Of which each is words or figures of a number.
    parts: Vec<usize>,
    plus: bool,
}

impl Run {
    pub fn range(&self, pieces: &[Piece]) -> Range<usize> {
        let first = if self.plus { self.pieces.start - 1 } else { self.pieces.start };
        pieces[first].range.start..pieces[self.pieces.end - 1].range.end
    }

    pub fn digits(&self, pieces: &[Piece], language: Language) -> Option<String> {
        read(pieces, &self.parts, language)
    }
}

fn word(piece: &Piece, language: Language) -> String {
    let bare = |(bare, _): &&(&str, &str)| language == Language::Vi && *bare == piece.word;
    BARE_VI.iter().find(bare).map_or_else(|| piece.word.clone(), |(_, word)| (*word).to_owned())
}

fn is_part(piece: &Piece, language: Language) -> bool {
    if piece.is_figures() {
        return true;
    }
    let word = word(piece, language);
    match language {
        Language::En => {
            let single = word.strip_suffix("es").or_else(|| word.strip_suffix('s')).unwrap_or(&word);
            let is_number = |word: &str| WORDS_EN.contains(&word) || ONES.contains(&word) || TENS.contains(&word);
            is_number(&word) || BEFORE_EN.contains(&word.as_str()) || is_number(single)
        }
        Language::Vi => WORDS_VI.contains(&word.as_str()),
    }
}

/// The digits that these pieces are, all of them.
fn read(pieces: &[Piece], parts: &[usize], language: Language) -> Option<String> {
    let words: Vec<String> = parts.iter().map(|at| word(&pieces[*at], language)).collect();
    digits(&words, language).filter(|(_, used)| *used == words.len()).map(|(text, _)| text)
}

/// All runs of digits, in the words of the call's language first.
pub(super) fn runs(pieces: &[Piece], language: Language) -> Vec<Run> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < pieces.len() {
        let joins = |piece: &Piece| {
            piece.is_sign("-.,()–‑")
                || JOINTS_EN.contains(&piece.word.as_str()) && language == Language::En
                || JOINTS_VI.contains(&piece.word.as_str()) && language == Language::Vi
        };
        if !is_part(&pieces[at], language) {
            at += 1;
            continue;
        }
        let (from, mut parts, mut to) = (at, vec![at], at + 1);
        let mut next = to;
        while next < pieces.len() && parts.len() < MOST_PIECES {
            if is_part(&pieces[next], language) {
                parts.push(next);
                to = next + 1;
            } else if !joins(&pieces[next]) || next - to >= 3 {
                break;
            }
            next += 1;
        }
        // "số" alone leads to a number and is none.
        let leads = |at: usize| matches!(pieces[at].word.as_str(), "số" | "so" | "con" | "and");
        let lead = parts.iter().take_while(|at| leads(**at)).count();
        let tail = parts[lead..].iter().rev().take_while(|at| leads(**at)).count();
        let parts: Vec<usize> = parts[lead..parts.len() - tail].to_vec();
        if let (Some(first), Some(last)) = (parts.first().copied(), parts.last().copied()) {
            let plus = first > 0 && pieces[first - 1].is_sign("+");
            out.push(Run { pieces: first..last + 1, parts, plus });
        }
        at = to.max(from + 1);
    }
    out
}

/// The numbers among the pieces.
pub(super) fn find(pieces: &[Piece], kinds: &BTreeSet<Personal>, language: Language) -> Vec<Found> {
    let other = if language == Language::En { Language::Vi } else { Language::En };
    let mut all = Vec::new();
    for language in [language, other] {
        for run in runs(pieces, language) {
            within(pieces, &run, kinds, language, &mut all);
        }
    }
    if kinds.contains(&Personal::Id) {
        all.extend(accounts(pieces));
    }
    all
}

/// The numbers in one run: all of it, or the longest parts of it that are numbers.
fn within(pieces: &[Piece], run: &Run, kinds: &BTreeSet<Personal>, language: Language, all: &mut Vec<Found>) {
    let parts = &run.parts;
    let most: usize = parts.iter().map(|at| if pieces[*at].is_figures() { pieces[*at].word.len() } else { 4 }).sum();
    if most < 7 {
        return;
    }
    let cue = cue(pieces, run.pieces.start);
    let mut from = 0;
    while from < parts.len() {
        let hit = (from + 1..=parts.len()).rev().find_map(|to| {
            let digits = read(pieces, &parts[from..to], language)?;
            let plus = run.plus && from == 0;
            let kind = kinds_of(&digits, plus, cue, language).into_iter().find(|kind| kinds.contains(kind))?;
            Some((to, kind, digits, plus))
        });
        let Some((to, kind, digits, plus)) = hit else {
            from += 1;
            continue;
        };
        let begin = if plus { pieces[parts[from] - 1].range.start } else { pieces[parts[from]].range.start };
        let range = begin..pieces[parts[to - 1]].range.end;
        let (key, value) = match kind {
            Personal::Phone => (phone(&digits), if plus { format!("+{digits}") } else { digits }),
            _ => (digits.clone(), digits),
        };
        all.push(Found { range, kind, value, key });
        from = to;
    }
}

/// What the words before a number say that it is.
fn cue(pieces: &[Piece], at: usize) -> Option<Personal> {
    const PHONE: [&str; 17] = [
        "phone",
        "mobile",
        "cell",
        "cellphone",
        "telephone",
        "call",
        "ring",
        "reach",
        "text",
        "landline",
        "thoại",
        "động",
        "gọi",
        "sđt",
        "hệ",
        "zalo",
        "alo",
    ];
    const ID: [&str; 14] = [
        "id",
        "identity",
        "identification",
        "passport",
        "social",
        "security",
        "ssn",
        "licence",
        "license",
        "tax",
        "minh",
        "cmnd",
        "cccd",
        "thuế",
    ];
    const ID_ALSO: [&str; 3] = ["cước", "mst", "chiếu"];
    const CARD: [&str; 4] = ["card", "visa", "mastercard", "thẻ"];
    pieces[at.saturating_sub(CUE_WORDS)..at].iter().rev().find_map(|piece| {
        let is = |list: &[&str]| list.contains(&piece.word.as_str());
        match () {
            () if is(&PHONE) => Some(Personal::Phone),
            () if is(&ID) || is(&ID_ALSO) => Some(Personal::Id),
            () if is(&CARD) => Some(Personal::Card),
            () => None,
        }
    })
}

/// The kinds of number that these digits can be, the likeliest first. `plus`: a plus stands before them.
pub(super) fn kinds_of(digits: &str, plus: bool, cue: Option<Personal>, language: Language) -> Vec<Personal> {
    let count = digits.len();
    let whole = |scheme: &Scheme| matches!(scheme.verdict(digits, LATEST), Verdict::Whole { .. });
    let mut all = Vec::new();
    if count == 12 && whole(&Scheme::Citizen) {
        all.push(Personal::Id);
    }
    if (13..=19).contains(&count) && luhn(digits) {
        all.push(Personal::Card);
    }
    let asks_id = cue == Some(Personal::Id);
    if asks_id && (count == 9 || count == 12 || whole(&Scheme::Tax)) {
        all.push(Personal::Id);
    }
    let first = digits.as_bytes().first().copied().unwrap_or_default();
    let north_american = |digits: &str| {
        let place = |at: usize| digits.as_bytes().get(at).is_some_and(|b| (b'2'..=b'9').contains(b));
        digits.len() == 10 && place(0) && place(3)
    };
    let is_phone = match count {
        _ if plus => (8..=15).contains(&count),
        7 | 8 => cue == Some(Personal::Phone),
        9 => first == b'0' || cue == Some(Personal::Phone) || (language == Language::Vi && b"35789".contains(&first)),
        10 => first == b'0' || north_american(digits) || digits.starts_with("1800") || digits.starts_with("1900"),
        11 => first == b'0' || digits.starts_with("84") || digits.strip_prefix('1').is_some_and(north_american),
        12..=15 => digits.starts_with("00") || digits.starts_with("84") && count == 12,
        _ => false,
    };
    if is_phone {
        all.push(Personal::Phone);
    }
    all
}

/// Bank accounts (ISO 13616), written in one piece or in groups.
fn accounts(pieces: &[Piece]) -> Vec<Found> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < pieces.len() {
        let head = pieces[at].word.as_bytes();
        let begins = head.len() >= 4
            && head[..2].iter().all(u8::is_ascii_lowercase)
            && head[2..4].iter().all(u8::is_ascii_digit);
        let mut text = String::new();
        let mut hit = None;
        for (end, piece) in pieces.iter().enumerate().skip(at).take(if begins { 10 } else { 0 }) {
            if !piece.word.bytes().all(|b| b.is_ascii_alphanumeric()) {
                break;
            }
            text.push_str(&piece.word.to_uppercase());
            if text.len() <= 34 && matches!(Scheme::Iban.verdict(&text, LATEST), Verdict::Whole { .. }) {
                hit = Some((end, text.clone()));
            }
        }
        if let Some((end, value)) = hit {
            let range = pieces[at].range.start..pieces[end].range.end;
            out.push(Found { range, kind: Personal::Id, key: value.to_lowercase(), value });
            at = end;
        }
        at += 1;
    }
    out
}
