//! `SignedToken`: a JSON Web Token in compact form (RFC 7515 section 7.1, RFC 7519), taken apart and not yet believed.
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

/// The longest token that is read.
const LONGEST: usize = 32 * 1024;

/// The signatures that are accepted. `none` and those by a shared secret (HS256 …) are not among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Algorithm {
    Rs256,
    Es256,
    EdDsa,
}

impl Algorithm {
    pub(super) const ALL: [Self; 3] = [Self::Rs256, Self::Es256, Self::EdDsa];

    /// RFC 7518 section 3.1, RFC 8037 section 3.1.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }

    pub(super) fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum FormFault {
    #[error("it is no signed token (JWS in compact form)")]
    Form,
    #[error("it is signed by `{0}`: only RS256, ES256 and EdDSA are accepted")]
    Algorithm(String),
    #[error("it has header fields that must be understood (`crit`), and none is")]
    Critical,
}

/// A token whose signature is still to be verified.
#[derive(Debug)]
pub(super) struct SignedToken<'a> {
    pub(super) algorithm: Algorithm,
    /// Which key has signed it (`kid`).
    pub(super) key: Option<String>,
    /// What is signed.
    pub(super) signed: &'a [u8],
    pub(super) signature: Vec<u8>,
    claims: Map<String, Value>,
}

impl<'a> SignedToken<'a> {
    pub(super) fn parse(text: &'a str) -> Result<Self, FormFault> {
        let parts: Vec<&str> = text.split('.').take(4).collect();
        let [header, claims, signature] = parts[..] else { return Err(FormFault::Form) };
        if text.len() > LONGEST {
            return Err(FormFault::Form);
        }
        let signed = &text.as_bytes()[..header.len() + 1 + claims.len()];
        let header = object(header).ok_or(FormFault::Form)?;
        let name = header.get("alg").and_then(Value::as_str).ok_or(FormFault::Form)?;
        let algorithm = Algorithm::of(name).ok_or_else(|| FormFault::Algorithm(plain(name)))?;
        if header.contains_key("crit") {
            return Err(FormFault::Critical);
        }
        let key = match header.get("kid") {
            None => None,
            Some(Value::String(key)) => Some(key.clone()),
            Some(_) => return Err(FormFault::Form),
        };
        Ok(Self {
            algorithm,
            key,
            signed,
            signature: bytes(signature).ok_or(FormFault::Form)?,
            claims: object(claims).ok_or(FormFault::Form)?,
        })
    }

    /// What it says, for whoever has verified its signature.
    pub(super) fn into_claims(self) -> Map<String, Value> {
        self.claims
    }
}

/// base64url without padding (RFC 7515 section 2).
pub(super) fn bytes(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

fn object(part: &str) -> Option<Map<String, Value>> {
    serde_json::from_slice(&bytes(part)?).ok()
}

/// A word of somebody else's as a message can show it: short, and of plain characters.
pub(super) fn plain(word: &str) -> String {
    word.chars().take(64).map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '?' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(text: &str) -> String {
        URL_SAFE_NO_PAD.encode(text)
    }

    fn fault(token: &str) -> FormFault {
        SignedToken::parse(token).unwrap_err()
    }

    #[test]
    fn only_signatures_of_public_keys_are_read() {
        let token = |alg: &str| format!("{}.{}.{}", part(&format!("{{\"alg\":\"{alg}\"}}")), part("{}"), part("x"));
        for (name, algorithm) in [("RS256", Algorithm::Rs256), ("ES256", Algorithm::Es256), ("EdDSA", Algorithm::EdDsa)]
        {
            assert_eq!(SignedToken::parse(&token(name)).unwrap().algorithm, algorithm);
        }
        for name in ["none", "None", "HS256", "HS512", "PS256", "ES384", "rs256", ""] {
            assert_eq!(fault(&token(name)), FormFault::Algorithm(name.into()));
        }
    }

    #[test]
    fn what_is_no_token_is_refused_and_never_panics() {
        let (good, claims) = (part("{\"alg\":\"RS256\"}"), part("{}"));
        for wrong in [
            String::new(),
            "..".into(),
            "a.b.c.d".into(),
            format!("{good}.{claims}"),
            format!("{good}.{claims}.x.y"),
            format!("{good}.{claims}.====",),
            format!("{good}.{}.eA", part("[]")),
            format!("{good}.{}.eA", part("{")),
            format!("{}.{claims}.eA", part("{\"alg\":7}")),
            format!("{}.{claims}.eA", part("{}")),
            format!("{}.{claims}.eA", part("{\"alg\":\"RS256\",\"kid\":7}")),
            format!("{good}.{}.eA", "A".repeat(LONGEST)),
            "ế.ế.ế".into(),
        ] {
            assert_eq!(fault(&wrong), FormFault::Form, "{wrong:.40}");
        }
        let critical = format!("{}.{claims}.eA", part("{\"alg\":\"RS256\",\"crit\":[\"b64\"],\"b64\":false}"));
        assert_eq!(fault(&critical), FormFault::Critical);
    }

    #[test]
    fn what_others_wrote_is_shown_short_and_plain() {
        assert_eq!(plain("access\u{1b}[31m denied\n"), "access?[31m denied?");
        assert_eq!(plain(&"x".repeat(500)).len(), 64);
    }
}
