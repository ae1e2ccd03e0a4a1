//! Digest access authentication (RFC 7616, RFC 2617, RFC 8760), as the server that challenges and the client that answers.
use crate::percent::decode;
use md5::{Digest as _, Md5};
use ring::{digest, hmac, rand};
use std::collections::HashMap;
use std::fmt;
use std::net::Ipv6Addr;
use std::time::{Duration, Instant};

/// How long a nonce of ours may be used.
const NONCE_LIFE: Duration = Duration::from_secs(120);
/// Nonces remembered against replay; only a good answer is remembered, so a stranger cannot fill the table.
const NONCES: usize = 8192;

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

/// A server's challenge, from WWW-Authenticate or Proxy-Authenticate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    realm: String,
    nonce: String,
    opaque: Option<String>,
    algorithm: Algorithm,
    qop: Option<&'static str>,
    /// The answer before was right but its nonce too old: another try is worth it.
    pub stale: bool,
}

impl Challenge {
    fn parse(value: &str) -> Option<Self> {
        let mut given = parameters(value)?;
        let algorithm = given.get("algorithm").map_or(Some(Algorithm::Md5), |name| Algorithm::named(name))?;
        let qop = match given.get("qop") {
            None => None,
            Some(list) => {
                let offers = |wanted: &str| list.split(',').any(|q| q.trim().eq_ignore_ascii_case(wanted));
                // auth is preferred: proxies may touch the body.
                Some(["auth", "auth-int"].into_iter().find(|wanted| offers(wanted))?)
            }
        };
        Some(Self {
            realm: given.remove("realm")?,
            nonce: given.remove("nonce")?,
            opaque: given.remove("opaque"),
            algorithm,
            qop,
            stale: given.get("stale").is_some_and(|stale| stale.eq_ignore_ascii_case("true")),
        })
    }

    /// The strongest challenge among header values that can be answered.
    pub fn best<'a>(values: impl Iterator<Item = &'a str>) -> Option<Self> {
        values.filter_map(Self::parse).max_by_key(|challenge| challenge.algorithm)
    }

    /// The value of the Authorization or Proxy-Authorization header that answers it.
    pub fn answer(&self, who: &Credentials, request: &Request) -> String {
        self.answer_with(who, request, &random_hex::<8>(), 1)
    }

    fn answer_with(&self, who: &Credentials, request: &Request, cnonce: &str, count: u32) -> String {
        let nc = format!("{count:08x}");
        let fields = Fields { nonce: &self.nonce, realm: &self.realm, nc: &nc, cnonce, qop: self.qop.unwrap_or("") };
        let response = fields.response(self.algorithm, who, request);
        let mut value = format!(
            "Digest username=\"{}\", realm=\"{}\", nonce=\"{}\", uri=\"{}\", response=\"{response}\", algorithm={}",
            quote(&who.user),
            quote(&self.realm),
            quote(&self.nonce),
            quote(request.uri),
            self.algorithm.name()
        );
        if let Some(qop) = self.qop {
            value.push_str(&format!(", qop={qop}, nc={nc}, cnonce=\"{cnonce}\""));
        }
        if let Some(opaque) = &self.opaque {
            value.push_str(&format!(", opaque=\"{}\"", quote(opaque)));
        }
        value
    }
}

fn quote(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

/// The request that is authenticated.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
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
    fn response(&self, algorithm: Algorithm, who: &Credentials, request: &Request) -> String {
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
    // Without a source of randomness nothing here is safe, and ring's does not fail on a running Linux.
    let bytes: [u8; N] = rand::generate(&rand::SystemRandom::new()).map_or([0; N], |random| random.expose());
    hex(&bytes)
}

/// What an Authorization header proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// This user holds the password.
    Good(String),
    /// Right, but with a nonce too old or used before: challenge again, with `stale`.
    Stale,
    Wrong,
}

/// The server's side: nonces signed with a key of this process, so that a challenge costs no memory.
pub struct Verifier {
    realm: String,
    algorithms: Vec<Algorithm>,
    key: hmac::Key,
    born: Instant,
    /// Nonces of good answers, with the highest count seen and when they may be forgotten.
    used: HashMap<String, (u32, Instant)>,
}

impl Verifier {
    /// `algorithms`: one challenge each, the preferred one first. Many phones in use understand MD5 alone, and some of
    /// them stumble over a second challenge.
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

    /// Of a request's Authorization values those for our realm, the first of each algorithm: however many it carries, it
    /// tries no more passwords than that.
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

    /// Checks one Authorization value. `password` finds a user's password. The value's URI, which the hash covers, has to
    /// name what the request asks for (RFC 7616 section 3.4.6), or an answer overheard would serve for any call.
    pub fn verify<'p>(
        &mut self,
        now: Instant,
        header: &str,
        request: &Request,
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
        if !same(&self.sign(text), signature) {
            // Of another run of this server, or made up: a phone asks again and is right, a scanner learns nothing.
            return Proof::Stale;
        }
        let Some(password) = password(get("username")) else { return Proof::Wrong };
        let who = Credentials { user: get("username").to_owned(), password: password.to_owned() };
        let fields = Fields { nonce, realm: &self.realm, nc: get("nc"), cnonce: get("cnonce"), qop };
        let signed = Request { uri: get("uri"), ..*request };
        if resource(signed.uri).is_none_or(|signed| resource(request.uri) != Some(signed)) {
            return Proof::Wrong;
        }
        if !same(&fields.response(algorithm, &who, &signed), &get("response").to_ascii_lowercase()) {
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

/// User and host of a SIP URI, or the number of a tel URI, in one spelling of several that are equivalent (RFC 3261 section
/// 19.1.4): the request's own has been read by a parser that writes addresses anew. Parameters and port are not compared:
/// proxies change them.
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

/// Equality in time that does not tell where the first difference is.
fn same(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.bytes().zip(b.bytes()).fold(0, |sum, (a, b)| sum | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mufasa(password: &str) -> Credentials {
        Credentials { user: "Mufasa".into(), password: password.into() }
    }

    const GET: Request = Request { method: "GET", uri: "/dir/index.html", body: b"" };

    #[test]
    fn the_example_of_rfc_2617_section_3_5_comes_out() {
        let challenge = "Digest realm=\"testrealm@host.com\", qop=\"auth,auth-int\", \
            nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"";
        let challenge = Challenge::parse(challenge).expect("challenge");
        let answer = challenge.answer_with(&mufasa("Circle Of Life"), &GET, "0a4f113b", 1);
        assert!(answer.contains("response=\"6629fae49393a05397450978507c4ef1\""), "{answer}");
        assert!(answer.contains("opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"") && answer.contains("nc=00000001"));
    }

    #[test]
    fn the_examples_of_rfc_7616_section_3_9_1_come_out() {
        let rest = "realm=\"http-auth@example.org\", qop=\"auth, auth-int\", \
            nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"";
        let cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
        for (algorithm, response) in [
            ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
            ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ] {
            let challenge = Challenge::parse(&format!("Digest {rest}, algorithm={algorithm}")).expect("challenge");
            let answer = challenge.answer_with(&mufasa("Circle of Life"), &GET, cnonce, 1);
            assert!(answer.contains(&format!("response=\"{response}\"")), "{answer}");
        }
    }

    #[test]
    fn the_strongest_challenge_that_can_be_answered_is_taken() {
        let values = [
            "Digest realm=\"a\", nonce=\"1\", algorithm=MD5",
            "Digest realm=\"b\", nonce=\"2\", algorithm=SHA-256, qop=\"auth,auth-int\"",
            "Digest realm=\"c\", nonce=\"3\", algorithm=SHA-512-256",
            "Basic realm=\"d\"",
        ];
        assert_eq!(Challenge::best(values.into_iter()).expect("one").realm, "b");
        assert_eq!(Challenge::best(values[2..].iter().copied()), None);
        assert_eq!(Challenge::parse("Digest realm=\"a\", nonce=\"open"), None);
    }

    fn server(now: Instant) -> Verifier {
        Verifier::new("switchboard".into(), vec![Algorithm::Sha256, Algorithm::Md5], now)
    }

    fn password(user: &str) -> Option<&'static str> {
        (user == "Mufasa").then_some("simba")
    }

    const REGISTER: Request = Request { method: "REGISTER", uri: "sip:example.com", body: b"" };

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
        let forged = Challenge { nonce: "0".repeat(64), ..challenge };
        assert_eq!(server.verify(now, &forged.answer(&mufasa("simba"), &REGISTER), &REGISTER, password), Proof::Stale);
    }

    #[test]
    fn another_method_makes_the_answer_wrong_and_auth_int_covers_the_body() {
        let now = Instant::now();
        let mut server = server(now);
        let mut challenge = Challenge::best(server.challenges(now, false).iter().map(String::as_str)).expect("one");
        let answer = challenge.answer(&mufasa("simba"), &REGISTER);
        let invite = Request { method: "INVITE", ..REGISTER };
        assert_eq!(server.verify(now, &answer, &invite, password), Proof::Wrong);
        challenge.qop = Some("auth-int");
        let answer = challenge.answer(&mufasa("simba"), &Request { body: b"v=0", ..invite });
        assert_eq!(server.verify(now, &answer, &Request { body: b"v=1", ..invite }, password), Proof::Wrong);
        let proof = server.verify(now, &answer, &Request { body: b"v=0", ..invite }, password);
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
            let invite = |uri| Request { method: "INVITE", uri, body: b"" };
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
