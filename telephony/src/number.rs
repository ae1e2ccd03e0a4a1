//! `Called`: whom a URI names, and `NumberPlan`: which telephone numbers are the same one (RFC 3261 section 19.1, RFC 3966).
use crate::percent::decode;
use std::fmt;

/// The user part of a SIP URI, or the number of a tel URI. `Debug` hides it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Called {
    user: String,
    /// `phone-context` of a local number (RFC 3966 section 5.1.5).
    context: Option<String>,
    /// A tel URI, or a SIP URI with `user=phone`: dots, hyphens and parentheses in it mean nothing.
    telephone: bool,
}

impl Called {
    /// Of a URI as it stands in a message. What is no sip, sips or tel URI names nobody.
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

    /// Of a user as people write it: in a configuration.
    pub fn plain(user: &str) -> Self {
        Self { user: user.to_owned(), ..Self::default() }
    }

    /// Percent-decoded, without what stands behind the first `;` (RFC 3261 section 19.1.6). Case counts (section 19.1.4).
    pub fn user(&self) -> &str {
        &self.user
    }

    /// Whether it is a `+`, and then digits, `*` and `#`. `None`: no telephone number.
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

/// User and parameters of a userinfo; a password is left out.
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

/// How numbers are dialled where the callers are. `Default` knows no country: then only a `+` makes no difference.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NumberPlan {
    /// Digits, without `+`; empty: numbers are compared as they are.
    pub country_code: String,
    /// Stands before a number of the same country (`0` in most of them); empty where nothing does.
    pub national_prefix: String,
    /// Stands before a country code (`00` in most countries).
    pub international_prefix: String,
}

/// The shortest number that is a subscriber's, not an extension, where no national prefix tells.
const SUBSCRIBER: usize = 7;

impl NumberPlan {
    /// What a number may mean, as digits of E.164 or as it was dialled, likelier first. Empty for what is no number.
    fn readings(&self, called: &Called) -> Vec<String> {
        let Some((global, digits)) = called.number() else { return Vec::new() };
        let code = &self.country_code;
        // A context of another country says that our prefixes are not its own.
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

    /// Whether both are telephone numbers and one of them may mean the other.
    pub fn same(&self, a: &Called, b: &Called) -> bool {
        let b = self.readings(b);
        self.readings(a).iter().any(|reading| b.contains(reading))
    }

    /// The place of the user that a call is for: the one written just so; else the one that is the same number, by
    /// its likeliest meaning.
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
