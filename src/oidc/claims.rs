//! What an ID token must say to be believed (OpenID Connect Core 1.0 section 3.1.3.7), and what it says of its user. It is told the time.
use super::claim_set::{Claims, texts};
use serde_json::Value;

/// A subject is no longer (section 2).
const LONGEST_SUBJECT: usize = 255;

/// What a token of this sign-in says.
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client: &'a str,
    pub(super) nonce: &'a str,
    /// By how much the provider's clock may be another, in seconds.
    pub(super) leeway: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClaimFault {
    #[error("it is from another issuer than `oidc.issuer` (claim `iss`)")]
    Issuer,
    #[error("it is for another client than `oidc.client_id` (claim `aud`)")]
    Audience,
    #[error("it was made for another client (claim `azp`)")]
    Party,
    #[error("it is over (claim `exp`): look whether the clocks of both machines are right")]
    Expired,
    #[error("it is not valid yet (claim `iat` or `nbf`): look whether the clocks of both machines are right")]
    Early,
    #[error("it belongs to another sign-in (claim `nonce`)")]
    Nonce,
    #[error("it names nobody (claim `sub`)")]
    Subject,
}

/// Whether these claims, whose signature was verified, are of the sign-in that is expected. `now`: seconds since 1970.
pub(super) fn check(claims: &Claims, expected: &Expected<'_>, now: i64) -> Result<(), ClaimFault> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    // A number may have a fraction (RFC 7519 section 2).
    let time = |name: &str| claims.get(name).and_then(Value::as_f64);
    let (latest, earliest) = ((now - expected.leeway) as f64, (now + expected.leeway) as f64);
    if text("iss") != Some(expected.issuer) {
        return Err(ClaimFault::Issuer);
    }
    let audience = claims.get("aud").map(texts).unwrap_or_default();
    if !audience.contains(&expected.client) {
        return Err(ClaimFault::Audience);
    }
    let party = claims.get("azp").map(|party| party.as_str().unwrap_or_default());
    if party.is_some_and(|party| party != expected.client) || (audience.len() > 1 && party.is_none()) {
        return Err(ClaimFault::Party);
    }
    if time("exp").is_none_or(|end| end <= latest) {
        return Err(ClaimFault::Expired);
    }
    let late = |name| claims.contains_key(name) && time(name).is_none_or(|from| from > earliest);
    if !claims.contains_key("iat") || late("iat") || late("nbf") {
        return Err(ClaimFault::Early);
    }
    if text("nonce") != Some(expected.nonce) {
        return Err(ClaimFault::Nonce);
    }
    subject(claims).map(|_| ()).ok_or(ClaimFault::Subject)
}

/// Who it is at the issuer, for ever.
pub(super) fn subject(claims: &Claims) -> Option<&str> {
    let subject = claims.get("sub")?.as_str()?;
    (1..=LONGEST_SUBJECT).contains(&subject.len()).then_some(subject)
}

/// The user's name by the claim that the configuration names. An e-mail address counts only where the provider says that it is verified:
/// anybody can write one.
pub(super) fn name<'a>(claims: &'a Claims, claim: &str) -> Option<&'a str> {
    let name = claims.get(claim)?.as_str()?;
    let verified = claim != "email" || claims.get("email_verified") == Some(&Value::Bool(true));
    verified.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NOW: i64 = 1_800_000_000;

    fn good() -> Claims {
        let claims = json!({"iss": "https://id.example", "aud": "switchboard", "exp": NOW + 300, "iat": NOW, "nonce": "n",
            "sub": "4711"});
        claims.as_object().unwrap().clone()
    }

    fn verdict(change: impl FnOnce(&mut Claims)) -> Result<(), ClaimFault> {
        let mut claims = good();
        change(&mut claims);
        let expected = Expected { issuer: "https://id.example", client: "switchboard", nonce: "n", leeway: 60 };
        check(&claims, &expected, NOW)
    }

    fn with(name: &str, value: Value) -> Result<(), ClaimFault> {
        verdict(|claims| {
            claims.insert(name.into(), value);
        })
    }

    #[test]
    fn a_token_of_this_sign_in_is_believed_and_one_of_another_is_not() {
        assert_eq!(verdict(|_| ()), Ok(()));
        for (name, values, fault) in [
            ("iss", vec![json!("https://id.example/"), json!("https://evil.example"), json!(7)], ClaimFault::Issuer),
            ("aud", vec![json!("other"), json!(["other"]), json!([]), json!({}), json!(null)], ClaimFault::Audience),
            ("aud", vec![json!(["switchboard", "other"])], ClaimFault::Party),
            ("azp", vec![json!("other"), json!(7)], ClaimFault::Party),
            ("exp", vec![json!(NOW - 60), json!(0), json!("x"), json!(null)], ClaimFault::Expired),
            ("iat", vec![json!(NOW + 61), json!("x")], ClaimFault::Early),
            ("nbf", vec![json!(NOW + 61), json!("x")], ClaimFault::Early),
            ("nonce", vec![json!("other"), json!(""), json!(null)], ClaimFault::Nonce),
            ("sub", vec![json!(""), json!(7), json!("x".repeat(256))], ClaimFault::Subject),
        ] {
            for value in values {
                assert_eq!(with(name, value.clone()), Err(fault), "{name} {value}");
            }
        }
        for name in ["iss", "aud", "exp", "iat", "nonce", "sub"] {
            assert!(verdict(|claims| drop(claims.remove(name))).is_err(), "without {name}");
        }
        assert_eq!(with("aud", json!(["switchboard"])), Ok(()));
        let both = verdict(|claims| {
            claims.insert("aud".into(), json!(["other", "switchboard"]));
            claims.insert("azp".into(), json!("switchboard"));
        });
        assert_eq!(both, Ok(()));
    }

    #[test]
    fn clocks_may_differ_by_the_leeway_and_no_more() {
        assert_eq!(with("exp", json!(NOW - 59)), Ok(()));
        assert_eq!(with("iat", json!(NOW + 60)), Ok(()));
        assert_eq!(with("exp", json!(NOW as f64 + 0.5)), Ok(()));
    }

    #[test]
    fn an_address_names_somebody_only_where_it_is_verified() {
        let claims = |verified: Value| {
            json!({"email": "ada@shop.example", "email_verified": verified, "upn": "ada"}).as_object().unwrap().clone()
        };
        assert_eq!(name(&claims(json!(true)), "email"), Some("ada@shop.example"));
        for unverified in [json!(false), json!("true"), json!(1), json!(null)] {
            assert_eq!(name(&claims(unverified), "email"), None);
        }
        assert_eq!(name(&claims(json!(false)), "upn"), Some("ada"));
        assert_eq!(name(&claims(json!(true)), "name"), None);
    }
}
