//! Roman numerals.

const VALUES: [(&str, i64); 13] = [
    ("M", 1000),
    ("CM", 900),
    ("D", 500),
    ("CD", 400),
    ("C", 100),
    ("XC", 90),
    ("L", 50),
    ("XL", 40),
    ("X", 10),
    ("IX", 9),
    ("V", 5),
    ("IV", 4),
    ("I", 1),
];

/// "XIV" → 14, up to 3999; `None` for letters that are no numeral as it is written ("IIX", "mix").
pub(super) fn roman(text: &str) -> Option<i64> {
    let (mut rest, mut value) = (text, 0);
    for (letters, worth) in VALUES {
        let most = if letters.len() == 2 || matches!(letters, "D" | "L" | "V") { 1 } else { 3 };
        for _ in 0..most {
            match rest.strip_prefix(letters) {
                Some(shorter) => (rest, value) = (shorter, value + worth),
                None => break,
            }
        }
    }
    // "IXI": what subtracts is not followed by what it subtracts.
    let again: String = {
        let (mut left, mut out) = (value, String::new());
        for (letters, worth) in VALUES {
            while left >= worth {
                out.push_str(letters);
                left -= worth;
            }
        }
        out
    };
    (rest.is_empty() && value > 0 && again == text).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::roman;

    #[test]
    fn only_numerals_as_they_are_written_count() {
        for (text, value) in [("I", 1), ("IV", 4), ("XIV", 14), ("XXI", 21), ("XL", 40), ("MCMXCIX", 1999)] {
            assert_eq!(roman(text), Some(value), "{text}");
        }
        for text in ["", "IIII", "IIX", "VV", "IC", "IXI", "mix", "DIM", "IVX", "XIVA"] {
            assert_eq!(roman(text), None, "{text}");
        }
    }
}
