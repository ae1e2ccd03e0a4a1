//! English ordinals as words.

/// By their number: "zeroth" to "nineteenth".
pub(crate) const ORDINALS: [&str; 20] = [
    "zeroth",
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
];

/// The number of one such word, or of one in figures: "third", "twentieth", "24th". From 1 on.
pub(crate) fn ordinal_word(word: &str) -> Option<i64> {
    let named = match word {
        "twentieth" => Some(20),
        "thirtieth" => Some(30),
        _ => ORDINALS.iter().position(|ordinal| *ordinal == word).map(|at| at as i64),
    };
    let figure = || ["st", "nd", "rd", "th"].iter().find_map(|end| word.strip_suffix(end)?.parse().ok());
    named.or_else(figure).filter(|number| *number > 0)
}
