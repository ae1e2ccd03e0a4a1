//! `Verifier`: makes challenges and verifies credentials (server side).
use super::{Algorithm, Credentials, Fields, SignedRequest, hex, parameters, quote, random_hex};
use crate::percent::decode;
use ring::hmac;
use std::collections::HashMap;
use std::net::Ipv6Addr;
use std::time::{Duration, Instant};

/// How long a nonce is valid.
const NONCE_LIFE: Duration = Duration::from_secs(120);
/// Nonces kept against replay. Only those of verified credentials are kept, so that nobody without a password can fill the table.
const NONCES: usize = 8192;

/// The result of a verification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The credentials of this user are right.
    Good(String),
    /// The credentials are right, but the nonce has expired or was used: challenge again, with `stale`.
    Stale,
    Wrong,
}

/// Nonces are signed with a key of this process, so that a challenge takes no memory.
pub struct Verifier {
    realm: String,
    algorithms: Vec<Algorithm>,
    key: hmac::Key,
    born: Instant,
    /// The nonces of verified credentials, each with its highest count, and when it can be dropped.
    used: HashMap<String, (u32, Instant)>,
}

impl Verifier {
    /// `algorithms`: one challenge for each, the preferred one first. Many phones support MD5 alone, and some fail on a second
    /// challenge.
    pub fn new(realm: String, algorithms: Vec<Algorithm>, now: Instant) -> Self {
        let secret = random_hex::<32>();
        Self {
            realm,
            algorithms,
            key: hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()),
            born: now,
            used: HashMap::new(),
        }
    }

    /// Values for WWW-Authenticate headers, one each.
    pub fn challenges(&self, now: Instant, stale: bool) -> Vec<String> {
        let issued = now.saturating_duration_since(self.born).as_millis() as u64;
        let text = format!("{issued:016x}{}", random_hex::<8>());
        let nonce = format!("{text}{}", self.sign(&text));
        let stale = if stale { ", stale=true" } else { "" };
        let one = |algorithm: &Algorithm| {
            let realm = quote(&self.realm);
            format!("Digest realm=\"{realm}\", nonce=\"{nonce}\", algorithm={}, qop=\"auth\"{stale}", algorithm.name())
        };
        self.algorithms.iter().map(one).collect()
    }

    fn sign(&self, text: &str) -> String {
        hex(&hmac::sign(&self.key, text.as_bytes()).as_ref()[..16])
    }

    /// The Authorization values for our realm, the first of each algorithm, so that one request cannot try many passwords.
    pub fn ours<'h>(&self, values: impl Iterator<Item = &'h str>) -> Vec<&'h str> {
        let (mut tried, mut ours) = (Vec::new(), Vec::new());
        for value in values {
            let Some(given) = parameters(value).filter(|given| given.get("realm") == Some(&self.realm)) else {
                continue;
            };
            let algorithm = given.get("algorithm").map_or(Some(Algorithm::Md5), |name| Algorithm::named(name));
            if !tried.contains(&algorithm) {
                tried.push(algorithm);
                ours.push(value);
            }
        }
        ours
    }

    /// Verifies one Authorization value. `password`: finds a user's password. Its `uri`, which the hash covers, has to name the target of
    /// the request (RFC 7616 section 3.4.6): otherwise an overheard response could be used for any call.
    pub fn verify<'p>(
        &mut self,
        now: Instant,
        header: &str,
        request: &SignedRequest,
        password: impl Fn(&str) -> Option<&'p str>,
    ) -> Proof {
        let Some(given) = parameters(header) else { return Proof::Wrong };
        let get = |name: &str| given.get(name).map_or("", String::as_str);
        let algorithm = given.get("algorithm").map_or(Some(Algorithm::Md5), |name| Algorithm::named(name));
        let Some(algorithm) = algorithm.filter(|algorithm| self.algorithms.contains(algorithm)) else {
            return Proof::Wrong;
        };
        let (nonce, qop) = (get("nonce"), get("qop"));
        if get("realm") != self.realm
            || !["", "auth", "auth-int"].contains(&qop)
            || !nonce.is_ascii()
            || nonce.len() != 64
        {
            return Proof::Wrong;
        }
        let (text, signature) = nonce.split_at(32);
        if !equal_in_constant_time(&self.sign(text), signature) {
            // A nonce of an earlier process, or an invented one: the challenge is repeated.
            return Proof::Stale;
        }
        let Some(password) = password(get("username")) else { return Proof::Wrong };
        let who = Credentials { user: get("username").to_owned(), password: password.to_owned() };
        let fields = Fields { nonce, realm: &self.realm, nc: get("nc"), cnonce: get("cnonce"), qop };
        let signed = SignedRequest { uri: get("uri"), ..*request };
        if resource(signed.uri).is_none_or(|signed| resource(request.uri) != Some(signed)) {
            return Proof::Wrong;
        }
        if !equal_in_constant_time(&fields.response(algorithm, &who, &signed), &get("response").to_ascii_lowercase()) {
            return Proof::Wrong;
        }
        let issued = self.born + Duration::from_millis(u64::from_str_radix(&text[..16], 16).unwrap_or_default());
        if now.saturating_duration_since(issued) > NONCE_LIFE {
            return Proof::Stale;
        }
        let count = if qop.is_empty() { 1 } else { u32::from_str_radix(get("nc"), 16).unwrap_or_default() };
        if self.used.get(nonce).map_or(0, |(highest, _)| *highest) >= count {
            return Proof::Stale;
        }
        if self.used.len() >= NONCES {
            self.used.retain(|_, (_, forget)| *forget > now);
            if self.used.len() >= NONCES {
                return Proof::Stale;
            }
        }
        self.used.insert(nonce.to_owned(), (count, issued + NONCE_LIFE));
        Proof::Good(who.user)
    }
}

/// User and host of a SIP URI, or the number of a tel URI, in canonical form (RFC 3261 section 19.1.4): the parser has rewritten the
/// URI of the request. Parameters and port are not compared: proxies change them.
fn resource(uri: &str) -> Option<(String, String)> {
    let (_, rest) = uri.split_once(':')?;
    let (user, host) = rest.split_once('@').unwrap_or(("", rest));
    let user = user.split(':').next().unwrap_or_default();
    let host = match host.strip_prefix('[') {
        Some(bracketed) => {
            let (address, _) = bracketed.split_once(']')?;
            address.parse::<Ipv6Addr>().ok()?.to_string()
        }
        None => host.split([':', ';', '?']).next().unwrap_or_default().to_ascii_lowercase(),
    };
    (!host.is_empty()).then(|| (decode(user), host))
}

/// Equality in constant time.
fn equal_in_constant_time(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.bytes().zip(b.bytes()).fold(0, |sum, (a, b)| sum | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sip::digest::Challenge;

    fn mufasa(password: &str) -> Credentials {
        Credentials { user: "Mufasa".into(), password: password.into() }
    }

    fn server(now: Instant) -> Verifier {
        Verifier::new("switchboard".into(), vec![Algorithm::Sha256, Algorithm::Md5], now)
    }

    fn password(user: &str) -> Option<&'static str> {
        (user == "Mufasa").then_some("simba")
    }

    const REGISTER: SignedRequest = SignedRequest { method: "REGISTER", uri: "sip:example.com", body: b"" };

    #[test]
    fn our_client_convinces_our_server_in_every_algorithm() {
        let now = Instant::now();
        let mut server = server(now);
        for value in server.challenges(now, false) {
            let challenge = Challenge::parse(&value).expect("challenge");
            let answer = challenge.answer(&mufasa("simba"), &REGISTER);
            assert_eq!(server.verify(now, &answer, &REGISTER, password), Proof::Good("Mufasa".into()));
            server.used.clear();
            let answer = challenge.answer(&mufasa("nala"), &REGISTER);
            assert_eq!(server.verify(now, &answer, &REGISTER, password), Proof::Wrong);
            let answer = challenge.answer(&Credentials { user: "Scar".into(), password: "simba".into() }, &REGISTER);
            assert_eq!(server.verify(now, &answer, &REGISTER, password), Proof::Wrong);
        }
    }

    #[test]
    fn an_answer_cannot_be_used_twice_nor_late_nor_with_a_made_up_nonce() {
        let now = Instant::now();
        let mut server = server(now);
        let challenge = Challenge::best(server.challenges(now, false).iter().map(String::as_str)).expect("challenge");
        let answer = challenge.answer(&mufasa("simba"), &REGISTER);
        assert!(matches!(server.verify(now, &answer, &REGISTER, password), Proof::Good(_)));
        assert_eq!(server.verify(now, &answer, &REGISTER, password), Proof::Stale, "replayed");
        let next = challenge.answer_with(&mufasa("simba"), &REGISTER, "c", 2);
        assert!(matches!(server.verify(now, &next, &REGISTER, password), Proof::Good(_)), "the next count is fresh");
        let late = challenge.answer_with(&mufasa("simba"), &REGISTER, "c", 3);
        assert_eq!(server.verify(now + NONCE_LIFE * 2, &late, &REGISTER, password), Proof::Stale);
        let mut forged = challenge;
        forged.nonce = "0".repeat(64);
        assert_eq!(server.verify(now, &forged.answer(&mufasa("simba"), &REGISTER), &REGISTER, password), Proof::Stale);
    }

    #[test]
    fn another_method_makes_the_answer_wrong_and_auth_int_covers_the_body() {
        let now = Instant::now();
        let mut server = server(now);
        let mut challenge = Challenge::best(server.challenges(now, false).iter().map(String::as_str)).expect("one");
        let answer = challenge.answer(&mufasa("simba"), &REGISTER);
        let invite = SignedRequest { method: "INVITE", ..REGISTER };
        assert_eq!(server.verify(now, &answer, &invite, password), Proof::Wrong);
        challenge.qop = Some("auth-int");
        let answer = challenge.answer(&mufasa("simba"), &SignedRequest { body: b"v=0", ..invite });
        assert_eq!(server.verify(now, &answer, &SignedRequest { body: b"v=1", ..invite }, password), Proof::Wrong);
        let proof = server.verify(now, &answer, &SignedRequest { body: b"v=0", ..invite }, password);
        assert_eq!(proof, Proof::Good("Mufasa".into()));
    }

    #[test]
    fn an_answer_for_another_user_or_host_is_wrong_but_ports_and_parameters_may_differ() {
        let now = Instant::now();
        for (signed, asked, good) in [
            ("sip:100@example.com", "sip:100@EXAMPLE.com:5070;transport=tcp", true),
            ("sip:%31%30%30@example.com;user=phone", "sip:100@example.com", true),
            ("sip:a@[2001:DB8::1]:5060", "sip:a@[2001:db8::1];lr", true),
            ("sip:a@[2001:0DB8:0:0:0:0:0:1]", "sip:a@[2001:db8::1]", true),
            ("sip:a@[2001:db8::1]", "sip:a@[2001:db8:0000::0001]", true),
            ("sip:a@[::ffff:192.0.2.1]", "sip:a@[::FFFF:c000:201]:5060", true),
            ("sip:a@[2001:db8::1]", "sip:a@[2001:db8::2]", false),
            ("sip:a@[2001:db8::1", "sip:a@[2001:db8::1", false),
            ("sip:a@[beef]", "sip:a@[beef]", false),
            ("sip:100@example.com", "sip:101@example.com", false),
            ("sip:Bob@example.com", "sip:bob@example.com", false),
            ("sip:100@example.com", "sip:100@example.org", false),
            ("sip:example.com", "sip:100@example.com", false),
            ("sip:x@y;z=100@example.com", "sip:100@example.com", false),
            ("", "", false),
            ("sip:", "sip:", false),
        ] {
            let mut server = server(now);
            let challenge = Challenge::best(server.challenges(now, false).iter().map(String::as_str)).expect("one");
            let invite = |uri| SignedRequest { method: "INVITE", uri, body: b"" };
            let answer = challenge.answer(&mufasa("simba"), &invite(signed));
            let proof = server.verify(now, &answer, &invite(asked), password);
            assert_eq!(matches!(proof, Proof::Good(_)), good, "{signed} for {asked}: {proof:?}");
        }
    }

    #[test]
    fn one_value_of_our_realm_counts_for_each_algorithm() {
        let many: Vec<String> = ["MD5", "SHA-256", "X"]
            .iter()
            .flat_map(|algorithm| {
                (0..20).map(move |n| format!("Digest realm=\"switchboard\", algorithm={algorithm}, response=\"{n}\""))
            })
            .collect();
        let values = ["Basic dTpw", "Digest realm=\"elsewhere\"", "Digest realm=\"switchboard\""];
        let server = server(Instant::now());
        let ours = server.ours(values.into_iter().chain(many.iter().map(String::as_str)));
        assert_eq!(ours, [values[2], &many[20], &many[40]]);
    }

    #[test]
    fn garbage_proves_nothing() {
        let now = Instant::now();
        for value in ["", "Digest", "Digest ", "Digest a", "Digest a=\"", "Basic dTpw", "Digest nonce=é, username=\"\\"]
        {
            assert_eq!(server(now).verify(now, value, &REGISTER, password), Proof::Wrong, "{value}");
        }
    }
}
