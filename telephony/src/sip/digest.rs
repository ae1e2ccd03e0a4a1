//! Digest access authentication (RFC 7616, RFC 2617, RFC 8760) for both sides, server and client.
mod challenge;
mod verifier;

pub use challenge::Challenge;
pub use verifier::{Proof, Verifier};

use md5::{Digest as _, Md5};
use ring::{digest, rand};
use std::collections::HashMap;
use std::fmt;

/// A user's name and password. `Debug` shows neither.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    pub user: String,
    pub password: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(…)")
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Algorithm {
    Md5,
    Sha256,
}

impl Algorithm {
    const fn name(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha256 => "SHA-256",
        }
    }

    fn named(name: &str) -> Option<Self> {
        [Self::Md5, Self::Sha256].into_iter().find(|algorithm| algorithm.name().eq_ignore_ascii_case(name))
    }

    fn hash(self, parts: &[&[u8]]) -> String {
        match self {
            Self::Md5 => {
                let mut hasher = Md5::new();
                for (at, part) in parts.iter().enumerate() {
                    if at > 0 {
                        hasher.update(b":");
                    }
                    hasher.update(part);
                }
                hex(&hasher.finalize())
            }
            Self::Sha256 => hex(digest::digest(&digest::SHA256, &parts.join(&b':')).as_ref()),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn quote(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

/// The request that is authenticated.
#[derive(Clone, Copy, Debug)]
pub struct SignedRequest<'a> {
    pub method: &'a str,
    pub uri: &'a str,
    pub body: &'a [u8],
}

struct Fields<'a> {
    nonce: &'a str,
    realm: &'a str,
    nc: &'a str,
    cnonce: &'a str,
    /// Empty: as in RFC 2069.
    qop: &'a str,
}

impl Fields<'_> {
    fn response(&self, algorithm: Algorithm, who: &Credentials, request: &SignedRequest) -> String {
        let a1 = algorithm.hash(&[who.user.as_bytes(), self.realm.as_bytes(), who.password.as_bytes()]);
        let (method, uri) = (request.method.as_bytes(), request.uri.as_bytes());
        let a2 = if self.qop == "auth-int" {
            algorithm.hash(&[method, uri, algorithm.hash(&[request.body]).as_bytes()])
        } else {
            algorithm.hash(&[method, uri])
        };
        let (a1, a2, nonce) = (a1.as_bytes(), a2.as_bytes(), self.nonce.as_bytes());
        if self.qop.is_empty() {
            algorithm.hash(&[a1, nonce, a2])
        } else {
            algorithm.hash(&[a1, nonce, self.nc.as_bytes(), self.cnonce.as_bytes(), self.qop.as_bytes(), a2])
        }
    }
}

fn random_hex<const N: usize>() -> String {
    // Without randomness no nonce is safe; the system's source does not fail on a running Linux.
    let bytes: [u8; N] = rand::generate(&rand::SystemRandom::new()).map_or([0; N], |random| random.expose());
    hex(&bytes)
}

/// The parameters of a `Digest …` header value; none where it is no Digest or is malformed.
fn parameters(value: &str) -> Option<HashMap<String, String>> {
    let (scheme, mut rest) = value.trim().split_once([' ', '\t'])?;
    if !scheme.eq_ignore_ascii_case("Digest") {
        return None;
    }
    let mut found = HashMap::new();
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        if rest.is_empty() {
            return Some(found);
        }
        let (name, after) = rest.split_once('=')?;
        let after = after.trim_start();
        let value;
        if let Some(quoted) = after.strip_prefix('"') {
            let (mut text, mut escaped, mut end) = (String::new(), false, None);
            for (at, c) in quoted.char_indices() {
                match c {
                    _ if escaped => {
                        text.push(c);
                        escaped = false;
                    }
                    '\\' => escaped = true,
                    '"' => {
                        end = Some(at);
                        break;
                    }
                    _ => text.push(c),
                }
            }
            rest = &quoted[end? + 1..];
            value = text;
        } else {
            let end = after.find([',', ' ', '\t']).unwrap_or(after.len());
            value = after[..end].to_owned();
            rest = &after[end..];
        }
        found.insert(name.trim().to_ascii_lowercase(), value);
    }
}
