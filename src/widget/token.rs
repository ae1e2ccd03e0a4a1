//! `TokenSigner`: tokens for one call each. HMAC-SHA256 (RFC 2104) over id, bot, origin, visitor and expiry, under a key of this run: a restart
//! makes old ones worthless, and a page asks for a new one.
use crate::security::WebOrigin;
use crate::store::VISITOR;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};
use std::fmt;

/// The longest token that is looked at.
const LONGEST: usize = 1024;

/// What makes a token one of its kind.
pub type TokenId = [u8; 16];

/// Who calls from a page, as the page's own server says: a number, or what it calls them. `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Visitor(String);

impl fmt::Debug for Visitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Visitor(…)")
    }
}

impl Visitor {
    /// The same caller as one who calls from this number: `+`, the country's code, and the rest.
    pub fn of_number(number: &str) -> Option<Visitor> {
        let digits = number.strip_prefix('+')?;
        let is_number = (6..=15).contains(&digits.len()) && digits.bytes().all(|c| c.is_ascii_digit());
        is_number.then(|| Visitor(format!("tel:{number}")))
    }

    /// Somebody known to the pages of this origin alone.
    pub fn of_id(id: &str, origin: &WebOrigin) -> Option<Visitor> {
        let is_plain = |c: u8| c.is_ascii_alphanumeric() || b"._-".contains(&c);
        let (_, host) = origin.as_str().split_once("://")?;
        ((1..=64).contains(&id.len()) && id.bytes().all(is_plain)).then(|| Visitor(format!("{VISITOR}{id}@{host}")))
    }

    /// As the party that a call is from.
    pub fn party(&self) -> &str {
        &self.0
    }
}

/// What a genuine token says.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenClaims {
    pub id: TokenId,
    pub bot: String,
    pub origin: String,
    /// Who calls, as the page's server named them.
    pub visitor: Option<Visitor>,
    /// In seconds since 1970.
    pub expires: u64,
}

impl fmt::Debug for TokenClaims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenClaims({}, …)", self.bot)
    }
}

pub(super) struct TokenSigner {
    key: hmac::Key,
    random: SystemRandom,
}

impl TokenSigner {
    /// `None` where the system gives no random numbers.
    pub fn new() -> Option<Self> {
        let random = SystemRandom::new();
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &random).ok()?;
        Some(Self { key, random })
    }

    pub fn make(&self, bot: &str, origin: &WebOrigin, visitor: Option<&Visitor>, expires: u64) -> Option<String> {
        let mut id = TokenId::default();
        self.random.fill(&mut id).ok()?;
        let mut body = id.to_vec();
        body.extend(expires.to_be_bytes());
        body.extend(bot.bytes().chain([0]).chain(origin.as_str().bytes()));
        if let Some(Visitor(party)) = visitor {
            body.extend([0].into_iter().chain(party.bytes()));
        }
        let tag = hmac::sign(&self.key, &body);
        body.extend(tag.as_ref());
        Some(BASE64.encode(body))
    }

    /// What a token says, if it is one of ours.
    pub fn read(&self, token: &str) -> Option<TokenClaims> {
        let all = BASE64.decode(token.get(..token.len().min(LONGEST))?).ok()?;
        let (body, tag) = all.split_at_checked(all.len().checked_sub(32)?)?;
        // Takes the same time wherever it differs.
        hmac::verify(&self.key, body, tag).ok()?;
        let (id, rest) = body.split_first_chunk::<16>()?;
        let (expires, rest) = rest.split_first_chunk::<8>()?;
        let (bot, origin) = std::str::from_utf8(rest).ok()?.split_once('\0')?;
        let (origin, visitor) = match origin.split_once('\0') {
            Some((origin, party)) => (origin, Some(Visitor(party.into()))),
            None => (origin, None),
        };
        let expires = u64::from_be_bytes(*expires);
        Some(TokenClaims { id: *id, bot: bot.into(), origin: origin.into(), visitor, expires })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_says_what_it_was_made_for_and_a_changed_one_says_nothing() {
        let (signer, other) = (TokenSigner::new().unwrap(), TokenSigner::new().unwrap());
        let origin = WebOrigin::parse("https://shop.example").unwrap();
        let token = signer.make("booking.en", &origin, None, 1_790_000_000).unwrap();
        let claims = signer.read(&token).unwrap();
        assert_eq!(
            (claims.bot.as_str(), claims.origin.as_str(), claims.expires),
            ("booking.en", "https://shop.example", 1_790_000_000)
        );
        assert_eq!(claims.visitor, None);
        assert_ne!(token, signer.make("booking.en", &origin, None, 1_790_000_000).unwrap());
        assert_eq!(other.read(&token), None, "another run's");
        let mut bytes = token.clone().into_bytes();
        for at in 0..bytes.len() {
            let kept = bytes[at];
            bytes[at] = if kept == b'A' { b'B' } else { b'A' };
            assert_eq!(signer.read(std::str::from_utf8(&bytes).unwrap()), None, "{at}");
            bytes[at] = kept;
        }
        for odd in ["", "x", &token[1..], &format!("{token}{token}"), &"A".repeat(5_000), "é"] {
            assert_eq!(signer.read(odd), None);
        }
    }

    #[test]
    fn a_token_names_the_visitor_as_the_server_did_and_no_other_may_be_written_into_it() {
        let signer = TokenSigner::new().unwrap();
        let origin = WebOrigin::parse("https://shop.example").unwrap();
        for (visitor, party) in [
            (Visitor::of_number("+84912345678"), "tel:+84912345678"),
            (Visitor::of_id("u-17", &origin), "visitor:u-17@shop.example"),
        ] {
            let token = signer.make("booking.en", &origin, visitor.as_ref(), 1).unwrap();
            let claims = signer.read(&token).unwrap();
            assert_eq!(
                (claims.origin.as_str(), claims.visitor.as_ref().map(Visitor::party)),
                (origin.as_str(), Some(party))
            );
            assert!(!format!("{claims:?} {visitor:?}").contains("17") && !format!("{visitor:?}").contains("912"));
        }
        let long = "1".repeat(65);
        for odd in ["", "a b", "a@b", "a\0b", "a<b", "é", long.as_str()] {
            assert_eq!(Visitor::of_id(odd, &origin), None, "{odd:?}");
        }
        for odd in ["", "84912345678", "+12", "+84 912 345 678", "+1234567890123456", "+84x12345678", "anonymous"] {
            assert_eq!(Visitor::of_number(odd), None, "{odd:?}");
        }
    }
}
