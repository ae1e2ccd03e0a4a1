//! `Called`: the called user or number of a URI; `NumberPlan`: which spellings of telephone numbers are equivalent (RFC 3261 section 19.1,
//! RFC 3966).
use crate::percent::decode;
use std::fmt;

/// The user part of a SIP URI, or the number of a tel URI. `Debug` hides it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Called {
    user: String,
    /// `phone-context` of a local number (RFC 3966 section 5.1.5).
    context: Option<String>,
    /// A tel URI, or a SIP URI with `user=phone`: dots, hyphens and parentheses in it are ignored.
    telephone: bool,
}

impl Called {
    /// Parses a URI of a message. A URI of another scheme than sip, sips and tel gives an empty user.
    pub fn of(uri: &str) -> Self {
        let (scheme, rest) = uri.split_once(':').unwrap_or(("", uri));
        let (user, own, outer) = if scheme.eq_ignore_ascii_case("tel") {
            let (number, own) = rest.split_once(';').unwrap_or((rest, ""));
            (number, own, "user=phone")
        } else if ["sip", "sips"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
            let Some((userinfo, outer)) = rest.split_once('@') else { return Self::default() };
            let (user, own) = parts(userinfo);
            (user, own, outer)
        } else {
            return Self::default();
        };
        let telephone = param(outer, "user").is_some_and(|kind| kind.eq_ignore_ascii_case("phone"));
        let user = decode(user);
        let user = if telephone { without_separators(&user) } else { user };
        Self { user, context: param(own, "phone-context").map(decode), telephone }
    }

    /// Parses a user as configurations write it.
    pub fn plain(user: &str) -> Self {
        Self { user: user.to_owned(), ..Self::default() }
    }

    /// The user, percent-decoded, up to the first `;` (RFC 3261 section 19.1.6). It is case-sensitive (section 19.1.4).
    pub fn user(&self) -> &str {
        &self.user
    }

    /// Whether it begins with `+`, and the digits, `*` and `#` that follow; `None` where it is no telephone number.
    fn number(&self) -> Option<(bool, String)> {
        let (global, text) = match self.user.strip_prefix('+') {
            Some(rest) => (true, without_separators(rest)),
            None if self.telephone => (false, without_separators(&self.user)),
            None => (false, self.user.clone()),
        };
        let digit = |c: char| c.is_ascii_digit() || !global && matches!(c, '*' | '#');
        (!text.is_empty() && text.chars().all(digit)).then_some((global, text))
    }
}

impl fmt::Debug for Called {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Called(…)")
    }
}

/// User and parameters of a userinfo, without its password.
fn parts(userinfo: &str) -> (&str, &str) {
    let user = userinfo.split(':').next().unwrap_or_default();
    user.split_once(';').unwrap_or((user, ""))
}

fn param<'a>(params: &'a str, name: &str) -> Option<&'a str> {
    let params = params.split('?').next().unwrap_or_default();
    let mut each = params.split(';').filter_map(|one| one.split_once('='));
    each.find(|(key, _)| key.trim().eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

/// Without the visual separators of RFC 3966 section 3, and without spaces.
fn without_separators(number: &str) -> String {
    number.chars().filter(|c| !matches!(c, '-' | '.' | '(' | ')' | ' ')).collect()
}

/// How numbers are dialled in the callers' country. `Default` has no country: then only a leading `+` is ignored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NumberPlan {
    /// The country code, without `+`; empty: numbers are compared as they are dialled.
    pub country_code: String,
    /// The prefix of numbers of the same country (`0` in most countries); may be empty.
    pub national_prefix: String,
    /// The prefix of country codes (`00` in most countries).
    pub international_prefix: String,
}

/// The shortest number that is taken for a subscriber's, not an extension, where it has no national prefix.
const SUBSCRIBER: usize = 7;

impl NumberPlan {
    /// The possible meanings of a number, as digits of E.164 or as it was dialled, the likeliest first; empty where it is no number.
    fn readings(&self, called: &Called) -> Vec<String> {
        let Some((global, digits)) = called.number() else { return Vec::new() };
        let code = &self.country_code;
        // In the context of another country our prefixes do not apply.
        let abroad = called.context.as_ref().and_then(|context| context.strip_prefix('+')).is_some_and(|context| {
            let context = without_separators(context);
            !context.starts_with(code.as_str())
        });
        if global || code.is_empty() || abroad || digits.contains(['*', '#']) {
            return vec![digits];
        }
        let after = |prefix: &str| digits.strip_prefix(prefix).filter(|rest| !rest.is_empty());
        if !self.international_prefix.is_empty()
            && let Some(rest) = after(&self.international_prefix)
        {
            return vec![rest.to_owned()];
        }
        match after(&self.national_prefix) {
            Some(rest) if !self.national_prefix.is_empty() => vec![format!("{code}{rest}")],
            Some(_) if digits.len() >= SUBSCRIBER => vec![digits.clone(), format!("{code}{digits}")],
            _ => vec![digits],
        }
    }

    /// Whether both are telephone numbers with a common meaning.
    pub fn same(&self, a: &Called, b: &Called) -> bool {
        let b = self.readings(b);
        self.readings(a).iter().any(|reading| b.contains(reading))
    }

    /// The place of the user that is called: one with the same text, else one with an equivalent number, by its likeliest meaning.
    pub fn find<'a>(&self, called: &Called, users: impl Iterator<Item = &'a str> + Clone) -> Option<usize> {
        if let Some(exact) = users.clone().position(|user| user == called.user) {
            return Some(exact);
        }
        let means = |user: &str, reading| self.readings(&Called::plain(user)).contains(reading);
        self.readings(called).iter().find_map(|reading| users.clone().position(|user| means(user, reading)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(uri: &str) -> String {
        Called::of(uri).user().to_owned()
    }

    #[test]
    fn the_user_ends_at_its_first_parameter_and_is_unescaped_after_that() {
        assert_eq!(user("sip:echo@host"), "echo");
        assert_eq!(user("sip:echo;npdi;rn=+12065550100@host:5070;user=phone"), "echo");
        assert_eq!(user("sips:%65cho@host"), "echo");
        assert_eq!(user("sip:Echo@host"), "Echo", "case counts");
        assert_eq!(user("sip:echo:secret@host"), "echo");
        assert_eq!(user("sip:a%3Bb@host"), "a;b", "an escaped semicolon is the user's own");
        assert_eq!(user("sip:%2B12065550100;phone-context=x@host"), "+12065550100");
        assert_eq!(user("sip:null-%00-null@host"), "null-%00-null");
        assert_eq!(user("TEL:+1-206-(555).0100"), "+12065550100");
        assert_eq!(user("tel:7042;phone-context=example.com"), "7042");
        assert_eq!(user("sip:+1-206-555-0100@host;user=phone"), "+12065550100");
        for nobody in ["sip:host", "sip:host:5060;lr", "mailto:a@b", "", "sip:", "sip:@host", "tel:"] {
            assert_eq!(user(nobody), "", "{nobody}");
        }
        assert!(!format!("{:?}", Called::of("sip:4412345@host")).contains('4'));
    }

    fn vietnam() -> NumberPlan {
        NumberPlan { country_code: "84".into(), national_prefix: "0".into(), international_prefix: "00".into() }
    }

    #[test]
    fn the_same_number_is_known_in_every_form_it_is_dialled_in() {
        let plan = vietnam();
        let same = |a: &str, b: &str| plan.same(&Called::of(a), &Called::plain(b));
        for form in [
            "sip:+842412345678@h",
            "sip:842412345678@h",
            "sip:00842412345678@h",
            "sip:02412345678@h",
            "sip:02412345678;npdi;rn=+849999@h",
            "sip:%2B842412345678@h",
            "tel:+84-24-1234-5678",
            "tel:024-1234-5678;phone-context=+84",
            "sip:024.1234.5678;phone-context=example.com@h;user=phone",
        ] {
            for route in ["+842412345678", "02412345678", "00842412345678", "+84 24 1234 5678"] {
                assert!(same(form, route), "{form} {route}");
            }
            for other in ["2412345678", "+442412345678", "echo", "+84241234567", ""] {
                assert!(!same(form, other), "{form} {other}");
            }
        }
        assert!(!same("tel:024-1234-5678;phone-context=+1", "+842412345678"), "another country's 0");
        assert!(same("sip:100@h", "100") && !same("sip:100@h", "0100"));
        assert!(same("sip:*98%23@h", "*98#") && !same("sip:booking@h", "booking"));
    }

    #[test]
    fn a_country_without_a_prefix_and_one_with_1_are_understood() {
        let singapore =
            NumberPlan { country_code: "65".into(), national_prefix: "".into(), international_prefix: "000".into() };
        let same = |plan: &NumberPlan, a: &str, b: &str| plan.same(&Called::plain(a), &Called::plain(b));
        assert!(same(&singapore, "61234567", "+6561234567") && same(&singapore, "0006561234567", "61234567"));
        assert!(same(&singapore, "6561234567", "61234567") && !same(&singapore, "100", "+65100"));
        let america =
            NumberPlan { country_code: "1".into(), national_prefix: "1".into(), international_prefix: "011".into() };
        assert!(same(&america, "12065550100", "+12065550100") && same(&america, "0112065550100", "+2065550100"));
        assert!(!same(&america, "2065550100", "+12065550100"));
    }

    #[test]
    fn without_a_country_only_the_plus_makes_no_difference() {
        let plan = NumberPlan::default();
        let same = |a: &str, b: &str| plan.same(&Called::plain(a), &Called::plain(b));
        assert!(same("+442071234567", "442071234567") && !same("02071234567", "+442071234567"));
        assert!(!same("00442071234567", "+442071234567"));
    }

    #[test]
    fn what_is_written_just_so_comes_before_what_means_the_same() {
        let users = ["+842412345678", "02412345678", "echo"];
        let find = |user: &str| vietnam().find(&Called::plain(user), users.iter().copied());
        assert_eq!(find("02412345678"), Some(1));
        assert_eq!(find("00842412345678"), Some(0));
        assert_eq!((find("echo"), find("Echo"), find("")), (Some(2), None, None));
    }
}
