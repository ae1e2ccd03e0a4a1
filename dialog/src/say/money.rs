//! Amounts of money as the bot says and writes them.
use super::{en, vi};
use crate::language::Language;
use crate::value::currency::{Amount, Currency};

/// "twelve dollars and fifty cents", "hai trăm nghìn đồng".
pub fn money(amount: Amount, language: Language) -> String {
    let names = amount.currency.names(language);
    let number = |n: i64| match language {
        Language::En => en::number(n),
        Language::Vi => vi::number(n),
    };
    let counted = |n: i64, one: &str, many: &[&str]| {
        let name = if n == 1 { one } else { many.first().copied().unwrap_or(one) };
        format!("{} {name}", number(n))
    };
    let (whole, cents) = amount.parts();
    match (whole, cents, language) {
        (_, 0, _) => counted(whole, names.one, names.many),
        (0, _, _) => counted(cents, names.cent, names.cents),
        (_, _, Language::En) => {
            format!("{} and {}", counted(whole, names.one, names.many), counted(cents, names.cent, names.cents))
        }
        (_, _, Language::Vi) => {
            format!("{} {}", counted(whole, names.one, names.many), counted(cents, names.cent, names.cents))
        }
    }
}

/// "$12.50", "250.000 đồng".
pub(super) fn written(amount: Amount, language: Language) -> String {
    let (point, group) = match language {
        Language::En => ('.', ','),
        Language::Vi => (',', '.'),
    };
    let (whole, cents) = amount.parts();
    let digits = whole.to_string();
    let mut figure = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            figure.push(group);
        }
        figure.push(digit);
    }
    if cents > 0 {
        figure.push_str(&format!("{point}{cents:02}"));
    }
    match amount.currency {
        Currency::Usd => format!("${figure}"),
        Currency::Eur => format!("€{figure}"),
        Currency::Gbp => format!("£{figure}"),
        Currency::Vnd => format!("{figure} {}", amount.currency.names(language).one),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_said_with_its_coins_and_written_with_its_sign() {
        let amount = |units, currency| Amount { units, currency };
        for (amount, en, vi, figure) in [
            (amount(1250, Currency::Usd), "twelve dollars and fifty cents", "mười hai đô la năm mươi xu", "$12.50"),
            (amount(100, Currency::Usd), "one dollar", "một đô la", "$1"),
            (amount(101, Currency::Gbp), "one pound and one penny", "một bảng một xu", "£1.01"),
            (amount(99, Currency::Eur), "ninety nine cents", "chín mươi chín xu", "€0.99"),
            (amount(0, Currency::Usd), "zero dollars", "không đô la", "$0"),
            (
                amount(1_250_000, Currency::Vnd),
                "one million two hundred and fifty thousand dong",
                "một triệu hai trăm năm mươi nghìn đồng",
                "1,250,000 dong",
            ),
        ] {
            assert_eq!((money(amount, Language::En).as_str(), written(amount, Language::En).as_str()), (en, figure));
            assert_eq!(money(amount, Language::Vi), vi);
        }
        assert_eq!(written(Amount { units: 250_000, currency: Currency::Vnd }, Language::Vi), "250.000 đồng");
    }
}
