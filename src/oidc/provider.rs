//! `Provider`: the one provider by which users sign in.
use super::claim_set::{Claims, claim};
use super::claims::{self, Expected};
use super::discovery::{self, Discovery};
use super::fault::{OidcFault, TokenFault};
use super::jws::{SignedToken, plain};
use super::keys::{KeyFault, KeySet};
use super::pending::{Pending, PendingSignIns};
use super::roles::{self, RoleRule};
use super::wire::{self, Reply};
use crate::security::{Identity, Joining, Secret, base64url, digest, secret};
use crate::web_client;
use jiff::Timestamp;
use reqwest::{StatusCode, Url};
use serde_json::Value;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// How long what a provider says of itself, and its keys, are used before they are asked for again.
const FRESH: Duration = Duration::from_secs(3600);
/// How long they are used on where it does not answer then, before it is asked again.
const AGAIN: Duration = Duration::from_secs(60);
/// Sign-ins that ask the provider at the same time.
const AT_ONCE: usize = 16;

#[derive(Clone, Debug)]
pub struct ProviderPlan {
    /// What people call it.
    pub name: String,
    /// As it calls itself.
    pub issuer: String,
    pub client: String,
    /// `None`: a public client, which has none.
    pub secret: Option<Secret>,
    pub scopes: Vec<String>,
    /// The claim that names users.
    pub name_claim: String,
    pub joining: Joining,
    /// Which roles follow from its claims; empty: each user's is what an admin gave them.
    pub roles: Vec<RoleRule>,
    /// By how much its clock may be another.
    pub leeway: Duration,
    /// The longest wait for one answer of it.
    pub patience: Duration,
}

pub struct Provider {
    plan: ProviderPlan,
    pending: Mutex<PendingSignIns>,
    memory: tokio::sync::Mutex<Memory>,
    places: Semaphore,
}

#[derive(Default)]
struct Memory {
    known: Option<Known>,
    /// When it could not be asked, and why: for those who waited meanwhile.
    failed: Option<(Instant, OidcFault)>,
}

/// What is known of a provider, and how long it is used.
#[derive(Clone)]
struct Known {
    discovery: Arc<Discovery>,
    keys: Arc<KeySet>,
    until: Instant,
}

/// A sign-in that was begun.
#[derive(Debug)]
pub struct Begun {
    /// Where the browser goes.
    pub address: String,
    /// What the browser keeps until it is back.
    pub secret: String,
}

/// What a browser comes back with (RFC 6749 section 4.1.2, RFC 9207).
#[derive(Clone, Debug, Default)]
pub struct Answer {
    pub state: String,
    pub code: Option<String>,
    pub error: Option<String>,
    pub issuer: Option<String>,
}

/// Who it is, or why not; and, where it is known by then, whom it is about.
pub type Outcome = Result<Identity, OidcFault>;

/// How a provider is found by `switchboard check`.
#[derive(Debug)]
pub struct Health {
    pub took: Duration,
    pub keys: usize,
    pub says_pkce: bool,
}

impl Provider {
    pub fn new(plan: ProviderPlan) -> Self {
        Self { plan, pending: Mutex::default(), memory: tokio::sync::Mutex::default(), places: Semaphore::new(AT_ONCE) }
    }

    pub fn name(&self) -> &str {
        &self.plan.name
    }

    pub fn issuer(&self) -> &str {
        &self.plan.issuer
    }

    /// Begins a sign-in of a browser, which the provider sends back to the address `back`.
    pub async fn begin(&self, source: IpAddr, back: String) -> Result<Begun, OidcFault> {
        let _place = self.places.try_acquire().map_err(|_| OidcFault::Busy)?;
        let known = self.known().await?;
        let random = || secret().map_err(|_| OidcFault::Random);
        let (state, browser, nonce, verifier) = (random()?, random()?, random()?, random()?);
        let mut address = known.discovery.authorization.clone();
        let challenge = ring::digest::digest(&ring::digest::SHA256, verifier.as_bytes());
        address
            .query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.plan.client)
            .append_pair("redirect_uri", &back)
            .append_pair("scope", &self.plan.scopes.join(" "))
            .append_pair("state", &state)
            .append_pair("nonce", &nonce)
            .append_pair("code_challenge", &base64url(challenge.as_ref()))
            .append_pair("code_challenge_method", "S256");
        let pending = Pending { browser: digest(&browser), nonce, verifier, back };
        self.waiting().begin(Instant::now(), source, state, pending);
        Ok(Begun { address: address.into(), secret: browser })
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, PendingSignIns> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends a sign-in: `browser` is what [`Begun::secret`] gave it. A state is good for one try.
    pub async fn finish(&self, answer: Answer, browser: &str) -> Outcome {
        let pending = self.waiting().take(Instant::now(), &answer.state, &digest(browser));
        let pending = pending.ok_or(OidcFault::Over)?;
        if let Some(error) = answer.error {
            return Err(OidcFault::Refused(plain(&error)));
        }
        let code = answer.code.filter(|code| !code.is_empty()).ok_or(OidcFault::Over)?;
        let _place = self.places.try_acquire().map_err(|_| OidcFault::Busy)?;
        let known = self.known().await?;
        let named = answer.issuer.as_deref();
        if named.is_some_and(|issuer| issuer != self.plan.issuer) || named.is_none() && known.discovery.names_issuer {
            return Err(OidcFault::Wrong("the answer is another provider's (parameter `iss`)".into()));
        }
        let tokens = self.redeem(&known.discovery, &code, &pending).await?;
        let text = |name: &str| tokens.get(name).and_then(Value::as_str);
        let token = text("id_token").ok_or_else(|| {
            OidcFault::Wrong("it gives no ID token: the scope `openid` must be among oidc.scopes".into())
        })?;
        let claims = self.believed(token, &pending.nonce).await?;
        let claims = self.completed(&known.discovery, claims, text("access_token")).await?;
        self.identity(&claims)
    }

    /// The tokens for a code (RFC 6749 section 4.1.3).
    async fn redeem(&self, discovery: &Discovery, code: &str, pending: &Pending) -> Result<Value, OidcFault> {
        let Reply { status, body } = self.token_request(discovery, code, &pending.back, &pending.verifier).await?;
        if status.is_success() {
            return Ok(body);
        }
        let error = plain(body.get("error").and_then(Value::as_str).unwrap_or("no reason"));
        Err(match error.as_str() {
            "invalid_client" | "unauthorized_client" => OidcFault::Wrong(format!(
                "it does not know this client: oidc.client_id or its secret is wrong ({error})"
            )),
            // The code was used, is over, or is not of this sign-in.
            _ => OidcFault::Refused(error),
        })
    }

    async fn token_request(
        &self,
        discovery: &Discovery,
        code: &str,
        back: &str,
        verifier: &str,
    ) -> Result<Reply, OidcFault> {
        let ProviderPlan { client, secret, patience, .. } = &self.plan;
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", back),
            ("code_verifier", verifier),
        ];
        let mut request = web_client::client().post(discovery.token.clone());
        match secret {
            // RFC 6749 section 2.3.1: both are encoded as in a form first.
            Some(secret) if discovery.basic => {
                request = request.basic_auth(form_encoded(client), Some(form_encoded(secret.reveal())));
            }
            Some(secret) => form.extend([("client_id", client.as_str()), ("client_secret", secret.reveal())]),
            None => form.push(("client_id", client)),
        }
        let body = form_body(&form);
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
        wire::json(request, *patience).await
    }

    /// The claims of an ID token, whose signature and whose claims are verified.
    async fn believed(&self, token: &str, nonce: &str) -> Result<Claims, OidcFault> {
        let token = SignedToken::parse(token).map_err(TokenFault::from)?;
        let mut keys = self.known().await?.keys;
        if keys.verify(&token) == Err(KeyFault::Unknown) {
            // It may sign by another key since they were asked for.
            keys = self.keys_again().await?;
        }
        keys.verify(&token).map_err(|fault| match fault {
            KeyFault::Unknown => TokenFault::Key,
            KeyFault::Signature => TokenFault::Signature,
        })?;
        let ProviderPlan { issuer, client, leeway, .. } = &self.plan;
        let leeway = i64::try_from(leeway.as_secs()).unwrap_or(0);
        let claims = token.into_claims();
        claims::check(&claims, &Expected { issuer, client, nonce, leeway }, Timestamp::now().as_second())
            .map_err(TokenFault::from)?;
        Ok(claims)
    }

    /// The claims, and where one that is needed is missing, those that the provider tells of the same user when asked (section 5.3).
    async fn completed(
        &self,
        discovery: &Discovery,
        mut claims: Claims,
        access: Option<&str>,
    ) -> Result<Claims, OidcFault> {
        let wanted = self.plan.roles.iter().map(|rule| &rule.claim).chain([&self.plan.name_claim]);
        let missing = wanted.into_iter().any(|name| claim(&claims, name).is_none());
        let (true, Some(address), Some(access)) = (missing, &discovery.user_info, access) else { return Ok(claims) };
        let request = web_client::client().get(address.clone()).bearer_auth(access);
        let Reply { status, body } = wire::json(request, self.plan.patience).await?;
        let Value::Object(more) = body else {
            return Err(OidcFault::Wrong(format!("its userinfo_endpoint answers with status {status}")));
        };
        if !status.is_success() {
            return Err(OidcFault::Wrong(format!("its userinfo_endpoint answers with status {status}")));
        }
        // Section 5.3.2: claims of another user must not be used.
        if claims::subject(&more).is_none() || claims::subject(&more) != claims::subject(&claims) {
            return Err(OidcFault::Wrong("its userinfo_endpoint tells of another user".into()));
        }
        for (name, value) in more {
            claims.entry(name).or_insert(value);
        }
        Ok(claims)
    }

    /// Whom the claims name, and what follows for their role.
    fn identity(&self, claims: &Claims) -> Outcome {
        let ProviderPlan { issuer, name_claim, joining, roles, .. } = &self.plan;
        let subject = claims::subject(claims).ok_or_else(|| OidcFault::NoName("sub".into()))?;
        let name = claims::name(claims, name_claim).ok_or_else(|| OidcFault::NoName(name_claim.clone()))?;
        let granted = match roles.as_slice() {
            [] => None,
            rules => {
                let no_role = || OidcFault::NoRole { name: plain(name) };
                Some(roles::granted(rules, claims).ok_or_else(no_role)?)
            }
        };
        Ok(Identity {
            issuer: issuer.clone(),
            subject: subject.to_owned(),
            name: name.to_owned(),
            granted,
            joining: *joining,
        })
    }

    /// What is known of the provider, asked for where it is not known or not fresh. One that does not answer is used as it was.
    async fn known(&self) -> Result<Known, OidcFault> {
        let wanted = Instant::now();
        let mut memory = self.memory.lock().await;
        if let Some(known) = memory.known.as_ref().filter(|known| Instant::now() < known.until) {
            return Ok(known.clone());
        }
        if let Some((_, fault)) = memory.failed.as_ref().filter(|(at, _)| *at >= wanted) {
            return Err(fault.clone());
        }
        match (self.asked().await, &mut memory.known) {
            (Ok(fresh), known) => Ok(known.insert(fresh).clone()),
            (Err(fault @ OidcFault::Down(_)), Some(old)) => {
                tracing::warn!(%fault, "what the sign-in provider said before is used");
                old.until = Instant::now() + AGAIN;
                Ok(old.clone())
            }
            (Err(fault), _) => {
                tracing::error!(%fault, "nobody signs in by the provider");
                memory.failed = Some((Instant::now(), fault.clone()));
                Err(fault)
            }
        }
    }

    async fn asked(&self) -> Result<Known, OidcFault> {
        let ProviderPlan { issuer, patience, .. } = &self.plan;
        let address = discovery::address(issuer);
        let Reply { status, body } = wire::json(web_client::client().get(&address), *patience).await?;
        if !status.is_success() {
            return Err(OidcFault::Wrong(format!("{address} answers with status {status}: look at oidc.issuer")));
        }
        let discovery = Discovery::parse(&body, issuer).map_err(OidcFault::Wrong)?;
        let keys = Arc::new(self.asked_keys(&discovery.keys).await?);
        Ok(Known { discovery: Arc::new(discovery), keys, until: Instant::now() + FRESH })
    }

    async fn asked_keys(&self, address: &Url) -> Result<KeySet, OidcFault> {
        let reply = wire::json(web_client::client().get(address.clone()), self.plan.patience).await?;
        let keys = KeySet::parse(&reply.body).filter(|keys| keys.len() > 0 && reply.status.is_success());
        keys.ok_or_else(|| OidcFault::Wrong("its jwks_uri gives no key of RS256, ES256 or EdDSA".into()))
    }

    async fn keys_again(&self) -> Result<Arc<KeySet>, OidcFault> {
        let mut memory = self.memory.lock().await;
        let known = memory.known.as_mut().ok_or(OidcFault::Over)?;
        known.keys = Arc::new(self.asked_keys(&known.discovery.keys).await?);
        Ok(known.keys.clone())
    }

    /// Asks the provider as a sign-in would, with a code that is none: whether it answers, and whether it knows this client.
    pub async fn probe(&self) -> Result<Health, OidcFault> {
        let begun = Instant::now();
        let known = self.asked().await?;
        let verifier = secret().map_err(|_| OidcFault::Random)?;
        let back = "https://switchboard.invalid/console/";
        let Reply { status, body } = self.token_request(&known.discovery, "no-code", back, &verifier).await?;
        let error = body.get("error").and_then(Value::as_str).unwrap_or_default();
        if status == StatusCode::UNAUTHORIZED || matches!(error, "invalid_client" | "unauthorized_client") {
            return Err(OidcFault::Wrong(format!(
                "it does not know this client: oidc.client_id or its secret is wrong ({})",
                plain(error)
            )));
        }
        Ok(Health { took: begun.elapsed(), keys: known.keys.len(), says_pkce: known.discovery.says_pkce })
    }
}

/// `application/x-www-form-urlencoded`.
fn form_body(pairs: &[(&str, &str)]) -> String {
    let mut address = Url::parse("http://form.invalid/").expect("an address");
    address.query_pairs_mut().extend_pairs(pairs);
    address.query().unwrap_or_default().to_owned()
}

fn form_encoded(word: &str) -> String {
    form_body(&[("", word)])[1..].to_owned()
}
