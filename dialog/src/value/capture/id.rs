//! Identity numbers: which characters they have, and whether these can be right: check digits (ISO/IEC 7812 annex B for cards, ISO 13616
//! for IBAN, Circular 105/2020/TT-BTC for Vietnamese tax codes, ISO 2108 for ISBN) and structure (Decree 137/2015/NĐ-CP for citizen numbers).
use super::alphabet;
use super::{bare, digits, lower};
use crate::language::Language;
use jiff::civil::Date;

/// What an identity number is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// A payment card: 12 to 19 digits, the last one by Luhn.
    Card,
    /// An international bank account number.
    Iban,
    /// The citizen number of Vietnam: province, century and gender, year of birth, six digits more. It has no check digit.
    Citizen,
    /// The tax code of Vietnam: ten digits, the last a check digit, and three more for a branch.
    Tax,
    /// An international standard book number, of ten or thirteen digits.
    Isbn,
    /// What a bot's file describes.
    Pattern { cells: Vec<Cell>, groups: Vec<usize>, check: Option<CheckRule> },
}

/// What may stand at one place of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    Letter,
    Digit,
    Either,
    /// This letter or digit, and no other.
    Only(char),
}

/// How the last digit of a pattern follows from those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckRule {
    Luhn,
    /// Weights one and three in turn, as EAN and ISBN of thirteen digits have it.
    Mod10,
    /// Weights from the right, two and up, as ISBN of ten digits has it; X is ten.
    Mod11,
    /// The whole is one more than a multiple of 97 (ISO 7064); letters are ten to thirty five.
    Mod97,
}

/// Why characters cannot be such a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    CheckDigit,
    /// More characters than there can be.
    TooLong,
    /// A letter where a digit belongs, or the other way round, or another one than there has to be.
    Shape,
    /// No province has this code.
    Province,
    /// Born in the future.
    Birth,
    /// No country has this code.
    Country,
    /// No branch has this number.
    Branch,
}

/// What characters come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A number; `open`: a longer one begins with it too.
    Whole {
        open: bool,
    },
    /// So far it can be the beginning of one.
    Begun,
    Wrong(Fault),
}

impl Scheme {
    /// Whether it has letters.
    pub fn has_letters(&self) -> bool {
        match self {
            Scheme::Iban => true,
            Scheme::Isbn => true,
            Scheme::Pattern { cells, .. } => cells.iter().any(|cell| !matches!(cell, Cell::Digit)),
            Scheme::Card | Scheme::Citizen | Scheme::Tax => false,
        }
    }

    /// The fewest and the most characters.
    pub fn length(&self) -> (usize, usize) {
        match self {
            Scheme::Card => (12, 19),
            Scheme::Iban => (15, 34),
            Scheme::Citizen => (12, 12),
            Scheme::Tax => (10, 13),
            Scheme::Isbn => (10, 13),
            Scheme::Pattern { cells, .. } => (cells.len(), cells.len()),
        }
    }

    /// Whether it says by itself that it is right, as far as a check digit can.
    pub fn has_check(&self) -> bool {
        !matches!(self, Scheme::Citizen | Scheme::Pattern { check: None, .. })
    }

    /// The groups in which it is read back: how many characters each has.
    pub fn groups(&self, count: usize) -> Vec<usize> {
        let of = |size: usize| {
            let full = vec![size; count / size];
            if count.is_multiple_of(size) { full } else { [full, vec![count % size]].concat() }
        };
        match self {
            Scheme::Card if count == 15 => vec![4, 6, 5],
            Scheme::Card | Scheme::Iban => of(4),
            Scheme::Citizen => of(3),
            Scheme::Tax => of_sizes(&[4, 3, 3, 3], count),
            Scheme::Isbn if count == 13 => vec![3, 4, 5, 1],
            Scheme::Isbn => of_sizes(&[3, 3, 3, 1], count),
            Scheme::Pattern { groups, .. } if groups.len() > 1 => of_sizes(groups, count),
            Scheme::Pattern { .. } => of(4),
        }
    }

    /// What these characters come to. `today`: nobody is born after it.
    pub fn verdict(&self, text: &str, today: Date) -> Verdict {
        let (least, most) = self.length();
        let chars: Vec<char> = text.chars().collect();
        if let Some(fault) = self.misshapen(&chars) {
            return Verdict::Wrong(fault);
        }
        if chars.len() > most {
            return Verdict::Wrong(Fault::TooLong);
        }
        match self {
            Scheme::Card => match chars.len() {
                len if len < least => Verdict::Begun,
                len if luhn(text) => Verdict::Whole { open: len < usual_card(text) },
                len if len < usual_card(text) => Verdict::Begun,
                _ => Verdict::Wrong(Fault::CheckDigit),
            },
            Scheme::Iban => iban(&chars, text),
            Scheme::Citizen => citizen(text, today),
            Scheme::Tax => tax(text),
            Scheme::Isbn => isbn(text),
            Scheme::Pattern { cells, check, .. } => match chars.len() == cells.len() {
                false => Verdict::Begun,
                true if check.is_none_or(|check| check.holds(text)) => Verdict::Whole { open: false },
                true => Verdict::Wrong(Fault::CheckDigit),
            },
        }
    }

    /// A character that cannot stand where it stands.
    fn misshapen(&self, chars: &[char]) -> Option<Fault> {
        let fits = |at: usize, c: char| match self {
            Scheme::Card | Scheme::Citizen | Scheme::Tax => c.is_ascii_digit(),
            Scheme::Iban => match at {
                0 | 1 => c.is_ascii_uppercase(),
                2 | 3 => c.is_ascii_digit(),
                _ => c.is_ascii_digit() || c.is_ascii_uppercase(),
            },
            Scheme::Isbn => c.is_ascii_digit() || at == 9 && c == 'X' && chars.len() == 10,
            Scheme::Pattern { cells, check, .. } => match cells.get(at) {
                Some(Cell::Letter) => c.is_ascii_uppercase(),
                Some(Cell::Digit) => {
                    let is_ten = *check == Some(CheckRule::Mod11) && at + 1 == cells.len() && c == 'X';
                    c.is_ascii_digit() || is_ten
                }
                Some(Cell::Either) => c.is_ascii_digit() || c.is_ascii_uppercase(),
                Some(Cell::Only(only)) => c == *only,
                None => true,
            },
        };
        chars.iter().enumerate().any(|(at, c)| !fits(at, *c)).then_some(Fault::Shape)
    }
}

/// How many digits a card has: most sixteen, those of one network fifteen, of another up to nineteen.
fn usual_card(text: &str) -> usize {
    match text.get(..2) {
        Some("34" | "37") => 15,
        Some("62") => 19,
        _ => 16,
    }
}

fn of_sizes(sizes: &[usize], count: usize) -> Vec<usize> {
    let (mut out, mut left) = (Vec::new(), count);
    for size in sizes.iter().copied().chain(std::iter::repeat(3)) {
        if left == 0 {
            break;
        }
        out.push(size.min(left));
        left -= size.min(left);
    }
    out
}

impl CheckRule {
    pub fn holds(self, text: &str) -> bool {
        match self {
            CheckRule::Luhn => luhn(text),
            CheckRule::Mod10 => mod10(text),
            CheckRule::Mod11 => mod11(text),
            CheckRule::Mod97 => mod97(text) == Some(1),
        }
    }
}

/// Whether the last digit is right by Luhn's rule.
pub fn luhn(text: &str) -> bool {
    let digits: Option<Vec<u32>> = text.chars().map(|c| c.to_digit(10)).collect();
    let doubled = |(at, digit): (usize, u32)| match at % 2 {
        0 => digit,
        _ => digit * 2 / 10 + digit * 2 % 10,
    };
    digits.is_some_and(|digits| {
        digits.len() > 1 && digits.into_iter().rev().enumerate().map(doubled).sum::<u32>().is_multiple_of(10)
    })
}

/// The remainder by 97 of letters and digits read as one number, a letter as ten to thirty five.
pub fn mod97(text: &str) -> Option<u32> {
    text.chars().try_fold(0, |rest, c| {
        let value = c.to_digit(36)?;
        Some(if value < 10 { (rest * 10 + value) % 97 } else { (rest * 100 + value) % 97 })
    })
}

fn mod10(text: &str) -> bool {
    let digits: Option<Vec<u32>> = text.chars().map(|c| c.to_digit(10)).collect();
    let weighed = |(at, digit): (usize, u32)| if at % 2 == 0 { digit } else { digit * 3 };
    digits.is_some_and(|digits| {
        digits.len() > 1 && digits.into_iter().rev().enumerate().map(weighed).sum::<u32>().is_multiple_of(10)
    })
}

fn mod11(text: &str) -> bool {
    let count = text.chars().count();
    let value = |(at, c): (usize, char)| match c {
        'X' if at + 1 == count => Some(10),
        c => c.to_digit(10),
    };
    let digits: Option<Vec<u32>> = text.chars().enumerate().map(value).collect();
    let weighed = |(at, digit): (usize, u32)| digit * (at as u32 + 1);
    digits.is_some_and(|digits| {
        digits.len() > 1 && digits.into_iter().rev().enumerate().map(weighed).sum::<u32>().is_multiple_of(11)
    })
}

/// How many characters the account numbers of each country have (registry of ISO 13616).
const IBAN: [(&str, usize); 62] = [
    ("AD", 24),
    ("AE", 23),
    ("AL", 28),
    ("AT", 20),
    ("AZ", 28),
    ("BA", 20),
    ("BE", 16),
    ("BG", 22),
    ("BH", 22),
    ("BR", 29),
    ("CH", 21),
    ("CR", 22),
    ("CY", 28),
    ("CZ", 24),
    ("DE", 22),
    ("DK", 18),
    ("DO", 28),
    ("EE", 20),
    ("EG", 29),
    ("ES", 24),
    ("FI", 18),
    ("FO", 18),
    ("FR", 27),
    ("GB", 22),
    ("GE", 22),
    ("GI", 23),
    ("GL", 18),
    ("GR", 27),
    ("HR", 21),
    ("HU", 28),
    ("IE", 22),
    ("IL", 23),
    ("IS", 26),
    ("IT", 27),
    ("JO", 30),
    ("KW", 30),
    ("KZ", 20),
    ("LB", 28),
    ("LI", 21),
    ("LT", 20),
    ("LU", 20),
    ("LV", 21),
    ("MC", 27),
    ("MD", 24),
    ("ME", 22),
    ("MK", 19),
    ("MT", 31),
    ("MU", 30),
    ("NL", 18),
    ("NO", 15),
    ("PK", 24),
    ("PL", 28),
    ("PT", 25),
    ("QA", 29),
    ("RO", 24),
    ("RS", 22),
    ("SA", 24),
    ("SE", 24),
    ("SI", 19),
    ("SK", 24),
    ("SM", 27),
    ("TR", 26),
];

fn iban(chars: &[char], text: &str) -> Verdict {
    if chars.len() < 2 {
        return Verdict::Begun;
    }
    let Some((_, length)) = IBAN.iter().find(|(code, _)| text.starts_with(code)) else {
        return Verdict::Wrong(Fault::Country);
    };
    let (head, tail) = text.split_at(text.len().min(4));
    match chars.len().cmp(length) {
        std::cmp::Ordering::Less => Verdict::Begun,
        std::cmp::Ordering::Greater => Verdict::Wrong(Fault::TooLong),
        std::cmp::Ordering::Equal if mod97(&format!("{tail}{head}")) == Some(1) => Verdict::Whole { open: false },
        std::cmp::Ordering::Equal => Verdict::Wrong(Fault::CheckDigit),
    }
}

/// The codes of the provinces as they were before July 2025, by which citizen numbers begin, and still do.
pub const CITIZEN_PROVINCES: [&str; 63] = [
    "001", "002", "004", "006", "008", "010", "011", "012", "014", "015", "017", "019", "020", "022", "024", "025",
    "026", "027", "030", "031", "033", "034", "035", "036", "037", "038", "040", "042", "044", "045", "046", "048",
    "049", "051", "052", "054", "056", "058", "060", "062", "064", "066", "067", "068", "070", "072", "074", "075",
    "077", "079", "080", "082", "083", "084", "086", "087", "089", "091", "092", "093", "094", "095", "096",
];

fn citizen(text: &str, today: Date) -> Verdict {
    let is_known = |text: &str| CITIZEN_PROVINCES.iter().any(|code| code.starts_with(text) || text.starts_with(code));
    if !is_known(text.get(..text.len().min(3)).unwrap_or_default()) {
        return Verdict::Wrong(Fault::Province);
    }
    // 0 and 1: born in 19.., 2 and 3: in 20.., and so on.
    let century = text.get(3..4).and_then(|digit| digit.parse::<i16>().ok()).map(|digit| 1900 + digit / 2 * 100);
    let year =
        century.zip(text.get(4..6).and_then(|year| year.parse::<i16>().ok())).map(|(century, year)| century + year);
    if year.or(century).is_some_and(|year| year > today.year()) {
        return Verdict::Wrong(Fault::Birth);
    }
    if text.len() < 12 { Verdict::Begun } else { Verdict::Whole { open: false } }
}

fn tax(text: &str) -> Verdict {
    const WEIGHTS: [u32; 9] = [31, 29, 23, 19, 17, 13, 7, 5, 3];
    if text.len() < 10 {
        return Verdict::Begun;
    }
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(10)).collect();
    let sum: u32 = digits.iter().zip(WEIGHTS).map(|(digit, weight)| digit * weight).sum();
    let check = 10 - sum % 11;
    match digits.len() {
        _ if check != digits[9] => Verdict::Wrong(Fault::CheckDigit),
        10 => Verdict::Whole { open: true },
        13 if text.ends_with("000") => Verdict::Wrong(Fault::Branch),
        13 => Verdict::Whole { open: false },
        _ => Verdict::Begun,
    }
}

fn isbn(text: &str) -> Verdict {
    let is_thirteen = text.starts_with("978") || text.starts_with("979");
    match text.len() {
        ..10 => Verdict::Begun,
        10 if mod11(text) => Verdict::Whole { open: is_thirteen },
        10..13 if is_thirteen => Verdict::Begun,
        13 if is_thirteen && mod10(text) => Verdict::Whole { open: false },
        13 if is_thirteen => Verdict::Wrong(Fault::CheckDigit),
        10 => Verdict::Wrong(Fault::CheckDigit),
        _ => Verdict::Wrong(Fault::TooLong),
    }
}

/// What only leads to a number.
const LEADS_EN: [&str; 44] = [
    "it's",
    "it is",
    "that's",
    "that is",
    "is",
    "the",
    "my",
    "the number is",
    "number is",
    "number",
    "card",
    "code",
    "tax",
    "citizen",
    "id",
    "i d",
    "identity",
    "passport",
    "account",
    "bank account",
    "iban",
    "i b a n",
    "isbn",
    "i s b n",
    "and",
    "then",
    "and then",
    "here it is",
    "here's",
    "here",
    "my number",
    "credit card",
    "debit card",
    "credit",
    "debit",
    "membership",
    "member",
    "policy",
    "next",
    "it starts with",
    "starts with",
    "i said",
    "i have",
    "you can use",
];
const LEADS_VI: [&str; 40] = [
    "công ty",
    "doanh nghiệp",
    "bên em",
    "bên mình",
    "là",
    "số",
    "số là",
    "mã",
    "mã số",
    "mã số thuế",
    "số thẻ",
    "số căn cước",
    "căn cước công dân",
    "căn cước",
    "số cccd",
    "cccd",
    "chứng minh",
    "chứng minh nhân dân",
    "số chứng minh",
    "thẻ",
    "của tôi",
    "của em",
    "của anh",
    "của chị",
    "của mình",
    "của cháu",
    "của chú",
    "của cô",
    "của bên tôi",
    "của công ty",
    "số tài khoản",
    "tài khoản",
    "rồi",
    "tiếp theo",
    "tiếp",
    "đây",
    "công dân",
    "thuế",
    "cá nhân",
    "định danh",
];

/// The characters that pieces spell, all of them; `None`: something among them belongs to no number. An empty text: nothing but words that
/// lead to one.
pub fn read(pieces: &[String], scheme: &Scheme, language: Language) -> Option<String> {
    let low = lower(pieces);
    let span = bare(&low, if language == Language::En { &LEADS_EN } else { &LEADS_VI }, language);
    let kept: Vec<(&String, String)> = pieces[span.clone()]
        .iter()
        .zip(low[span].iter().cloned())
        .filter(|(_, piece)| !is_between(piece, language))
        .collect();
    let low: Vec<String> = kept.iter().map(|(_, piece)| piece.clone()).collect();
    let (mut out, mut at) = (String::new(), 0);
    while at < low.len() {
        let rest = &low[at..];
        // "NWBK", as it is written: a run of capitals.
        let raw = kept[at].0;
        let is_code = raw.len() > 1 && raw.bytes().all(|b| b.is_ascii_uppercase()) && scheme.has_letters();
        if is_code && alphabet::letter(rest, language).is_none() && digits(rest, language).is_none() {
            out.push_str(raw);
            at += 1;
            continue;
        }
        let figures = digits(rest, language);
        let letters = || alphabet::letter(rest, language).filter(|_| scheme.has_letters());
        let mixed = || {
            let word = rest[0].as_str();
            let is_code = word.chars().all(|c| c.is_ascii_alphanumeric()) && word.chars().any(|c| c.is_ascii_digit());
            (is_code && scheme.has_letters()).then(|| (word.to_owned(), 1))
        };
        // "oh" is a zero, and where letters are, "o" is a letter.
        let is_letter_o = rest[0] == "o" && scheme.has_letters();
        let (text, used) = figures.filter(|_| !is_letter_o).or_else(mixed).or_else(letters).or_else(|| {
            let is_word = scheme.has_letters() && matches!(rest[0].as_str(), "ex" | "x");
            is_word.then(|| ("x".to_owned(), 1))
        })?;
        out.push_str(&text.to_uppercase());
        at += used;
        if out.len() > 64 {
            return None;
        }
    }
    Some(out)
}

/// What stands between the groups of a number and says nothing.
fn is_between(piece: &str, language: Language) -> bool {
    matches!(piece, "-" | "/" | "." | "," | "_")
        || match language {
            Language::En => {
                matches!(piece, "dash" | "hyphen" | "slash" | "then" | "and" | "um" | "uh" | "er" | "space" | "capital")
            }
            Language::Vi => matches!(piece, "gạch" | "rồi" | "ờ" | "ừm" | "à" | "ngang" | "tiếp"),
        }
}
