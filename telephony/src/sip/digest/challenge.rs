//! `Challenge`: a challenge, and the credentials that answer it (client side).
use super::{Algorithm, Credentials, Fields, SignedRequest, parameters, quote, random_hex};

/// A server's challenge, from WWW-Authenticate or Proxy-Authenticate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    realm: String,
    pub(super) nonce: String,
    opaque: Option<String>,
    algorithm: Algorithm,
    pub(super) qop: Option<&'static str>,
    /// `stale`: the previous response was right, but its nonce has expired.
    pub stale: bool,
}

impl Challenge {
    pub(super) fn parse(value: &str) -> Option<Self> {
        let mut given = parameters(value)?;
        let algorithm = given.get("algorithm").map_or(Some(Algorithm::Md5), |name| Algorithm::named(name))?;
        let qop = match given.get("qop") {
            None => None,
            Some(list) => {
                let offers = |wanted: &str| list.split(',').any(|q| q.trim().eq_ignore_ascii_case(wanted));
                // `auth` is preferred to `auth-int`: proxies may change the body.
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

    /// The strongest supported challenge among header values.
    pub fn best<'a>(values: impl Iterator<Item = &'a str>) -> Option<Self> {
        values.filter_map(Self::parse).max_by_key(|challenge| challenge.algorithm)
    }

    /// The value of Authorization or Proxy-Authorization that answers the challenge.
    pub fn answer(&self, who: &Credentials, request: &SignedRequest) -> String {
        self.answer_with(who, request, &random_hex::<8>(), 1)
    }

    pub(super) fn answer_with(&self, who: &Credentials, request: &SignedRequest, cnonce: &str, count: u32) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn mufasa(password: &str) -> Credentials {
        Credentials { user: "Mufasa".into(), password: password.into() }
    }

    const GET: SignedRequest = SignedRequest { method: "GET", uri: "/dir/index.html", body: b"" };

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
}
