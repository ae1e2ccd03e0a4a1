//! A provider on a socket of this machine that keeps to the protocol, and does wrong what a test asks for.
use crate::oidc::{ProviderPlan, RoleRule};
use crate::security::{Joining, Role, Secret, base64url, digest};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;
use reqwest::Url;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub(crate) const CLIENT: &str = "switchboard";
/// With what has to be encoded in the header `Authorization`.
pub(crate) const SECRET: &str = "a secret: with + and %";

/// A running provider.
pub(crate) struct Fake {
    pub(crate) issuer: String,
    desk: Arc<Desk>,
    server: tokio::task::JoinHandle<()>,
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.server.abort();
    }
}

struct Desk {
    script: Mutex<Script>,
    codes: Mutex<HashMap<String, Asked>>,
    /// Requests by their path.
    asked: Mutex<BTreeMap<String, u32>>,
}

/// What was asked for at the authorization endpoint.
#[derive(Clone)]
struct Asked {
    nonce: String,
    challenge: String,
    back: String,
}

/// How an answer is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Manner {
    /// As it should be.
    Proper,
    /// After so long.
    Slow(Duration),
    /// Longer than anybody reads.
    Large,
    Status(u16),
    /// A page for people.
    Page,
    Redirect,
}

/// How an ID token is signed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Signing {
    Es256,
    EdDsa,
    /// `alg` is `none`.
    Nothing,
    /// HS256, whose secret is the public key that everybody has.
    SharedSecret,
    /// By another key under the name of the published one.
    OtherKey,
    /// By a key that is published nowhere.
    UnknownKey,
    /// As ES256, and says it is RS256.
    Misnamed,
}

/// What the provider is and does; a test changes it.
pub(crate) struct Script {
    pub(crate) signing: Signing,
    /// The name of the key of ES256; a new name is a new key.
    pub(crate) key: String,
    keys: HashMap<String, EcdsaKeyPair>,
    ed25519: Ed25519KeyPair,
    pub(crate) claims: Map<String, Value>,
    /// What the userinfo endpoint tells.
    pub(crate) told: Value,
    pub(crate) manners: HashMap<&'static str, Manner>,
    pub(crate) discovery: Map<String, Value>,
    pub(crate) without_id_token: bool,
}

impl Script {
    pub(crate) fn claim(&mut self, name: &str, value: Value) {
        self.claims.insert(name.into(), value);
    }

    fn pair(&mut self, name: &str) -> &EcdsaKeyPair {
        self.keys.entry(name.to_owned()).or_insert_with(ecdsa)
    }

    /// What is published: the key of now alone.
    fn key_set(&mut self) -> Value {
        let name = self.key.clone();
        let point = self.pair(&name).public_key().as_ref().to_vec();
        let (x, y) = (base64url(&point[1..33]), base64url(&point[33..]));
        json!({"keys": [
            {"kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": name, "use": "sig"},
            {"kty": "OKP", "crv": "Ed25519", "x": base64url(self.ed25519.public_key().as_ref()), "kid": "ed", "alg": "EdDSA"},
            {"kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": "for encryption", "use": "enc"},
            {"kty": "of the future", "kid": "future"},
        ]})
    }

    fn token(&mut self, nonce: &str) -> String {
        let mut claims = self.claims.clone();
        claims.entry("nonce").or_insert(nonce.into());
        claims.retain(|_, value| !value.is_null());
        let name = self.key.clone();
        let (algorithm, key) = match self.signing {
            Signing::Es256 | Signing::OtherKey => ("ES256", name.as_str()),
            Signing::EdDsa => ("EdDSA", "ed"),
            Signing::Nothing => ("none", name.as_str()),
            Signing::SharedSecret => ("HS256", name.as_str()),
            Signing::UnknownKey => ("ES256", "unknown"),
            Signing::Misnamed => ("RS256", name.as_str()),
        };
        let header = json!({"alg": algorithm, "kid": key, "typ": "JWT"}).to_string();
        let signed =
            format!("{}.{}", base64url(header.as_bytes()), base64url(Value::Object(claims).to_string().as_bytes()));
        let ecdsa = |pair: &EcdsaKeyPair| pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap().as_ref().to_vec();
        let signature = match self.signing {
            Signing::Es256 | Signing::Misnamed => ecdsa(self.pair(&name)),
            Signing::OtherKey | Signing::UnknownKey => ecdsa(self.pair("unknown")),
            Signing::EdDsa => self.ed25519.sign(signed.as_bytes()).as_ref().to_vec(),
            Signing::Nothing => Vec::new(),
            Signing::SharedSecret => {
                let public = self.pair(&name).public_key().as_ref().to_vec();
                let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &public);
                ring::hmac::sign(&key, signed.as_bytes()).as_ref().to_vec()
            }
        };
        format!("{signed}.{}", base64url(&signature))
    }
}

fn ecdsa() -> EcdsaKeyPair {
    let (random, algorithm) = (SystemRandom::new(), &ECDSA_P256_SHA256_FIXED_SIGNING);
    let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
    EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).unwrap()
}

impl Fake {
    pub(crate) async fn start() -> Self {
        // Twice is an error that means: another test did it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let now = Timestamp::now().as_second();
        let claims = json!({"iss": issuer, "aud": CLIENT, "sub": "4711", "iat": now, "exp": now + 300,
            "email": "ada@shop.example", "email_verified": true, "groups": ["ops"]});
        let discovery = json!({
            "issuer": issuer, "authorization_endpoint": format!("{issuer}/authorize"), "token_endpoint": format!("{issuer}/token"),
            "jwks_uri": format!("{issuer}/jwks"), "userinfo_endpoint": format!("{issuer}/me"),
            "code_challenge_methods_supported": ["S256"],
        });
        let ed25519 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        let script = Script {
            signing: Signing::Es256,
            key: "one".into(),
            keys: HashMap::new(),
            ed25519: Ed25519KeyPair::from_pkcs8(ed25519.as_ref()).unwrap(),
            claims: claims.as_object().unwrap().clone(),
            told: json!({"sub": "4711"}),
            manners: HashMap::new(),
            discovery: discovery.as_object().unwrap().clone(),
            without_id_token: false,
        };
        let desk = Arc::new(Desk { script: Mutex::new(script), codes: Mutex::default(), asked: Mutex::default() });
        let router = Router::new().fallback(answer).with_state(desk.clone());
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { issuer, desk, server }
    }

    pub(crate) fn plan(&self) -> ProviderPlan {
        ProviderPlan {
            name: "Company".into(),
            issuer: self.issuer.clone(),
            client: CLIENT.into(),
            secret: Some(Secret::new(SECRET)),
            scopes: vec!["openid".into(), "email".into()],
            name_claim: "email".into(),
            joining: Joining::AtFirstSignIn,
            roles: vec![rule("ops", Role::Supervisor), rule("bosses", Role::Admin)],
            leeway: Duration::from_secs(60),
            patience: Duration::from_secs(5),
        }
    }

    pub(crate) fn set(&self, change: impl FnOnce(&mut Script)) {
        change(&mut self.desk.script.lock().unwrap());
    }

    pub(crate) fn manner(&self, path: &'static str, manner: Manner) {
        self.set(|script| {
            script.manners.insert(path, manner);
        });
    }

    /// How often this path was asked for.
    pub(crate) fn asked(&self, path: &str) -> u32 {
        self.desk.asked.lock().unwrap().get(path).copied().unwrap_or(0)
    }

    /// What the user's consent at this address comes to: the state, and a code.
    pub(crate) fn consent(&self, address: &str) -> (String, String) {
        let address = Url::parse(address).unwrap();
        assert!(address.as_str().starts_with(&format!("{}/authorize?", self.issuer)), "{address}");
        let parameters: HashMap<String, String> = address.query_pairs().into_owned().collect();
        let text = |name: &str| parameters[name].clone();
        for (name, value) in [("response_type", "code"), ("client_id", CLIENT), ("code_challenge_method", "S256")] {
            assert_eq!(text(name), value);
        }
        assert_eq!(text("scope"), "openid email");
        assert!(text("state").len() >= 43 && text("nonce").len() >= 43 && text("state") != text("nonce"));
        let code = digest(&text("state"));
        let asked = Asked { nonce: text("nonce"), challenge: text("code_challenge"), back: text("redirect_uri") };
        self.desk.codes.lock().unwrap().insert(code.clone(), asked);
        (text("state"), code)
    }
}

pub(crate) fn rule(value: &str, role: Role) -> RoleRule {
    RoleRule { claim: "groups".into(), value: value.into(), role, bots: None }
}

async fn answer(State(desk): State<Arc<Desk>>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let path = uri.path();
    *desk.asked.lock().unwrap().entry(path.to_owned()).or_default() += 1;
    let manner = desk.script.lock().unwrap().manners.get(path).copied().unwrap_or(Manner::Proper);
    match manner {
        Manner::Proper => {}
        Manner::Slow(pause) => tokio::time::sleep(pause).await,
        Manner::Large => return format!("{{\"x\":\"{}\"}}", "x".repeat(1 << 20)).into_response(),
        Manner::Status(status) => return (StatusCode::from_u16(status).unwrap(), "{}").into_response(),
        Manner::Page => return "<!doctype html><p>Welcome".into_response(),
        Manner::Redirect => return Redirect::temporary("/elsewhere").into_response(),
    }
    let mut script = desk.script.lock().unwrap();
    let json = |value: Value| axum::Json(value).into_response();
    match path {
        "/.well-known/openid-configuration" => json(Value::Object(script.discovery.clone())),
        "/jwks" => json(script.key_set()),
        "/me" if headers["authorization"] == "Bearer an-access-token" => json(script.told.clone()),
        "/token" => {
            let form = Url::parse(&format!("http://form/?{}", std::str::from_utf8(&body).unwrap())).unwrap();
            let form: HashMap<String, String> = form.query_pairs().into_owned().collect();
            let refused = |status: u16, error: &str| {
                (StatusCode::from_u16(status).unwrap(), axum::Json(json!({"error": error}))).into_response()
            };
            if !knows(&script, &headers, &form) {
                return refused(401, "invalid_client");
            }
            let asked = desk.codes.lock().unwrap().remove(&form["code"]);
            let Some(asked) = asked else { return refused(400, "invalid_grant") };
            let challenge = ring::digest::digest(&ring::digest::SHA256, form["code_verifier"].as_bytes());
            let is_its = base64url(challenge.as_ref()) == asked.challenge && form["redirect_uri"] == asked.back;
            if !is_its || form["grant_type"] != "authorization_code" {
                return refused(400, "invalid_grant");
            }
            let token = script.token(&asked.nonce);
            let mut tokens = json!({"access_token": "an-access-token", "token_type": "Bearer", "id_token": token});
            if script.without_id_token {
                tokens.as_object_mut().unwrap().remove("id_token");
            }
            json(tokens)
        }
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Whether the client shows its secret in the way that the provider asks for; `none`: it has none.
fn knows(script: &Script, headers: &HeaderMap, form: &HashMap<String, String>) -> bool {
    let method = script.discovery.get("token_endpoint_auth_methods_supported").and_then(|all| all[0].as_str());
    match method.unwrap_or("client_secret_basic") {
        "client_secret_basic" => {
            // RFC 6749 section 2.3.1: `a secret: with + and %`, encoded as in a form.
            let shown = base64::Engine::encode(
                &base64::engine::general_purpose::STANDARD,
                "switchboard:a+secret%3A+with+%2B+and+%25",
            );
            headers.get("authorization").is_some_and(|found| found == &format!("Basic {shown}"))
        }
        "client_secret_post" => {
            form.get("client_id").map(String::as_str) == Some(CLIENT)
                && form.get("client_secret").map(String::as_str) == Some(SECRET)
        }
        _ => form.get("client_id").map(String::as_str) == Some(CLIENT) && !form.contains_key("client_secret"),
    }
}
