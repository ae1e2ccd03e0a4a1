//! E-mail addresses, as they are written and as they are said in both languages.
use super::Personal;
use super::found::Found;
use super::pieces::Piece;
use crate::language::Language;
use crate::value::capture;
use crate::value::capture::email::{EmailRead, read};

/// What stands for "@".
const AT: [&str; 17] = [
    "dấu a còng",
    "ký tự a còng",
    "a còng",
    "a vòng",
    "a móc",
    "a cồng",
    "a còm",
    "ác móc",
    "a cong",
    "a moc",
    "at sign",
    "at symbol",
    "át",
    "at",
    "@",
    "a kòng",
    "a cò",
];
const DOT: [&str; 9] = ["full stop", "dấu chấm", "dau cham", "chấm", "cham", "dot", "point", "period", "đốt"];
/// Other signs of an address.
const SIGNS: [&str; 14] = [
    "underscore",
    "under score",
    "underline",
    "dash",
    "hyphen",
    "minus",
    "plus",
    "gạch dưới",
    "gạch chân",
    "gạch ngang",
    "gạch nối",
    "gạch giữa",
    "gach duoi",
    "gach ngang",
];
/// Hosts that are said without their end.
const HOSTS: [&str; 14] = [
    "gmail",
    "g mail",
    "gờ mail",
    "gi meo",
    "gờ meo",
    "di meo",
    "yahoo",
    "ya hoo",
    "hotmail",
    "hot mail",
    "outlook",
    "out look",
    "icloud",
    "protonmail",
];
/// No address begins before these.
const STOPS: [&str; 52] = [
    "is", "are", "was", "my", "your", "his", "her", "email", "mail", "e", "address", "its", "it's", "that's", "to",
    "me", "the", "use", "reach", "send", "write", "or", "yes", "yeah", "please", "sure", "okay", "ok", "contact", "là",
    "tôi", "của", "em", "anh", "chị", "mình", "chỉ", "gửi", "về", "vào", "qua", "cho", "vâng", "dạ", "ạ", "hộp", "thư",
    "email's", "meo", "said", "spelled", "liên",
];
/// Pieces before and behind the sign.
const MOST_LOCAL: usize = 24;
const MOST_HOST: usize = 6;

/// How many pieces from `at` on are one of these.
fn phrase(pieces: &[Piece], at: usize, list: &[&str]) -> Option<usize> {
    let fits = |phrase: &&&str| {
        phrase.split(' ').enumerate().all(|(i, word)| pieces.get(at + i).is_some_and(|piece| piece.word == word))
    };
    list.iter().filter(fits).map(|phrase| phrase.split(' ').count()).max()
}

pub(super) fn find(text: &str, pieces: &[Piece]) -> Vec<Found> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < pieces.len() {
        let Some(len) = phrase(pieces, at, &AT) else {
            at += 1;
            continue;
        };
        let is_sign = pieces[at].is_sign("@");
        let host = host_end(pieces, at + len);
        let local = local_begin(pieces, at, is_sign && pieces[at].is_joined);
        if let (Some(end), true) = (host, local < at) {
            let range = pieces[local].range.start..pieces[end - 1].range.end;
            let value = value(&text[range.clone()]);
            out.push(Found { range, kind: Personal::Email, key: value.to_lowercase(), value });
            at = end;
        } else {
            at += len;
        }
    }
    out
}

/// Where a host that begins here ends.
fn host_end(pieces: &[Piece], from: usize) -> Option<usize> {
    let dot = |at: usize| {
        let sign = pieces.get(at).is_some_and(|piece| piece.is_sign(".") && piece.is_joined);
        let sign = sign && pieces.get(at + 1).is_some_and(|piece| piece.is_joined);
        if sign { Some(1) } else { phrase(pieces, at, &DOT) }
    };
    let is_label = |at: usize| pieces.get(at).is_some_and(|piece| piece.is_word() || piece.is_sign("-"));
    let mut end = None;
    let mut at = from;
    for _ in 0..4 {
        let Some(step) =
            (at..at + MOST_HOST).take_while(|at| is_label(*at) || dot(*at).is_some()).find(|at| dot(*at).is_some())
        else {
            break;
        };
        // Between the first labels and behind the last dot stands at least a word.
        if step == at && end.is_none() {
            break;
        }
        if end.is_some_and(|end| step != end) {
            break;
        }
        at = step + dot(step).unwrap_or(1);
        // "vê nờ", "vi en", "v n" are two words and one label.
        let pair = [["vê", "nờ"], ["vi", "en"], ["v", "n"], ["việt", "nam"]];
        let word = |at: usize| pieces.get(at).map(|piece| piece.word.as_str());
        let len =
            if pair.iter().any(|pair| word(at) == Some(pair[0]) && word(at + 1) == Some(pair[1])) { 2 } else { 1 };
        if !pieces.get(at).is_some_and(Piece::is_word) {
            break;
        }
        at += len;
        end = Some(at);
    }
    end.or_else(|| phrase(pieces, from, &HOSTS).map(|len| from + len))
}

/// Where the part before the sign begins.
fn local_begin(pieces: &[Piece], at: usize, is_written: bool) -> usize {
    let mut begin = at;
    while begin > 0 && at - begin < MOST_LOCAL {
        let piece = &pieces[begin - 1];
        let fits = match is_written {
            // What is written has no spaces.
            true => pieces[begin].is_joined && (piece.is_word() || piece.is_sign("._-+%")),
            false => {
                let is_sign = piece.is_sign("._-+") && piece.is_joined && pieces[begin].is_joined;
                is_sign || piece.is_word() && !STOPS.contains(&piece.word.as_str())
            }
        };
        if !fits {
            break;
        }
        begin -= 1;
    }
    // "e-mail" leads to an address.
    let is_joint = |at: usize| pieces[at].is_sign("._-+") || SIGNS.contains(&pieces[at].word.as_str());
    while begin < at && is_joint(begin) {
        begin += 1;
    }
    begin
}

/// As it is written, where it can be read.
fn value(said: &str) -> String {
    let pieces = capture::pieces(said);
    let read = [Language::En, Language::Vi].into_iter().find_map(|language| match read(&pieces, language) {
        Some(EmailRead::Whole(address)) => Some(address),
        _ => None,
    });
    read.unwrap_or_else(|| said.to_owned())
}
