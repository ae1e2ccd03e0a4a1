//! `Discovery`: what a provider says of itself (OpenID Connect Discovery 1.0 section 3), as far as signing in needs it.
use super::claim_set::texts;
use super::jws::{Algorithm, plain};
use crate::config::is_safe;
use reqwest::Url;
use serde_json::Value;

#[derive(Clone, Debug)]
pub(super) struct Discovery {
    pub(super) authorization: Url,
    pub(super) token: Url,
    pub(super) keys: Url,
    pub(super) user_info: Option<Url>,
    /// Whether the client's secret goes into the header `Authorization`, or into the form.
    pub(super) basic: bool,
    /// Whether the provider's answers name their issuer (RFC 9207).
    pub(super) names_issuer: bool,
    /// Whether it says that it knows PKCE by SHA-256. Some know it and do not say so.
    pub(super) says_pkce: bool,
}

/// The address of what an issuer says of itself.
pub(super) fn address(issuer: &str) -> String {
    format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'))
}

impl Discovery {
    /// # Errors
    /// What is wrong with it, in words.
    pub(super) fn parse(document: &Value, issuer: &str) -> Result<Self, String> {
        let text = |name: &str| document.get(name).and_then(Value::as_str);
        let named = text("issuer").unwrap_or_default();
        if named != issuer {
            return Err(format!(
                "it calls itself `{}`: write that as oidc.issuer, if it is the right one",
                plain(named)
            ));
        }
        let address = |name: &str| match text(name).map(Url::parse) {
            Some(Ok(address)) if is_safe(&address) => Ok(address),
            Some(_) => Err(format!("its `{name}` is no https address")),
            None => Err(format!("it names no `{name}`")),
        };
        let list = |name: &str| document.get(name).map(texts);
        let without = |list: &Option<Vec<&str>>, word: &str| list.as_ref().is_some_and(|all| !all.contains(&word));
        if without(&list("response_types_supported"), "code") {
            return Err("it gives no codes (response type `code`)".into());
        }
        let algorithms = list("id_token_signing_alg_values_supported");
        if algorithms.as_ref().is_some_and(|all| !all.iter().any(|name| Algorithm::of(name).is_some())) {
            return Err("it signs by none of RS256, ES256 and EdDSA: choose one of these for this client".into());
        }
        let methods = list("token_endpoint_auth_methods_supported");
        let pkce = list("code_challenge_methods_supported");
        if pkce.as_ref().is_some_and(|all| !all.is_empty()) && without(&pkce, "S256") {
            return Err("it knows PKCE, and not by SHA-256 (`S256`)".into());
        }
        let posts = methods.as_ref().is_some_and(|all| all.contains(&"client_secret_post"));
        Ok(Self {
            authorization: address("authorization_endpoint")?,
            token: address("token_endpoint")?,
            keys: address("jwks_uri")?,
            user_info: text("userinfo_endpoint").map(|_| address("userinfo_endpoint")).transpose()?,
            // Where it says nothing, the header is what every provider knows (section 3).
            basic: !(without(&methods, "client_secret_basic") && posts),
            names_issuer: document.get("authorization_response_iss_parameter_supported") == Some(&Value::Bool(true)),
            says_pkce: pkce.is_some_and(|all| all.contains(&"S256")),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ISSUER: &str = "https://id.example/realms/shop";

    fn good() -> Value {
        json!({
            "issuer": ISSUER,
            "authorization_endpoint": "https://id.example/authorize?tenant=1",
            "token_endpoint": "https://id.example/token",
            "jwks_uri": "https://keys.example/jwks",
            "userinfo_endpoint": "https://id.example/me",
            "response_types_supported": ["code", "id_token"],
            "id_token_signing_alg_values_supported": ["PS256", "ES256"],
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
            "code_challenge_methods_supported": ["plain", "S256"],
        })
    }

    fn with(name: &str, value: Value) -> Result<Discovery, String> {
        let mut document = good();
        document[name] = value;
        Discovery::parse(&document, ISSUER)
    }

    #[test]
    fn a_provider_is_used_as_it_says_and_one_that_cannot_be_is_refused_with_words() {
        let found = Discovery::parse(&good(), ISSUER).unwrap();
        assert_eq!(
            (found.token.as_str(), found.keys.as_str()),
            ("https://id.example/token", "https://keys.example/jwks")
        );
        assert!(!found.basic && found.says_pkce && !found.names_issuer && found.user_info.is_some());
        assert!(
            with("token_endpoint_auth_methods_supported", json!(["client_secret_post", "client_secret_basic"]))
                .unwrap()
                .basic
        );
        assert!(with("token_endpoint_auth_methods_supported", json!(null)).unwrap().basic);
        for (name, value, words) in [
            ("issuer", json!("https://evil.example"), "`https://evil.example`"),
            ("issuer", json!(7), "oidc.issuer"),
            ("token_endpoint", json!("http://id.example/token"), "token_endpoint"),
            ("token_endpoint", json!("https://ada:secret@id.example/token"), "token_endpoint"),
            ("authorization_endpoint", json!("javascript:alert(1)"), "authorization_endpoint"),
            ("authorization_endpoint", json!(null), "authorization_endpoint"),
            ("jwks_uri", json!("file:///etc/passwd"), "jwks_uri"),
            ("response_types_supported", json!(["id_token"]), "`code`"),
            ("id_token_signing_alg_values_supported", json!(["HS256", "none"]), "RS256, ES256 and EdDSA"),
            ("code_challenge_methods_supported", json!(["plain"]), "`S256`"),
        ] {
            let why = with(name, value.clone()).unwrap_err();
            assert!(why.contains(words), "{name} {value}: {why}");
        }
    }

    #[test]
    fn only_this_machine_is_asked_without_tls() {
        for (address, safe) in [
            ("https://id.example/", true),
            ("http://id.example/", false),
            ("http://127.0.0.1:9000/", true),
            ("http://[::1]:9000/", true),
            ("http://localhost:9000/", true),
            ("http://localhost.evil.example/", false),
            ("http://10.0.0.1/", false),
            ("https://ada@id.example/", false),
            ("ftp://id.example/", false),
        ] {
            assert_eq!(is_safe(&Url::parse(address).unwrap()), safe, "{address}");
        }
        assert_eq!(super::address("https://id.example/"), "https://id.example/.well-known/openid-configuration");
    }
}
