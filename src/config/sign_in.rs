//! What `[oidc]` can get wrong, each with what to do, and the client's secret.
use super::check::secret;
use super::oidc::{JoiningUsers, Oidc};
use crate::security::{Secret, WebOrigin};
use reqwest::Url;

/// An address that is asked by TLS, or one of this machine.
pub fn is_safe(address: &Url) -> bool {
    let host = address.host_str().unwrap_or_default();
    let here =
        host == "localhost" || host.trim_matches(['[', ']']).parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback());
    let plain = address.username().is_empty() && address.password().is_none() && address.fragment().is_none();
    plain && !host.is_empty() && (address.scheme() == "https" || address.scheme() == "http" && here)
}

impl Oidc {
    /// The client's secret, read now from where the configuration says; `None` where it has none.
    pub fn client_secret(&self) -> Result<Option<Secret>, String> {
        let (file, env) = (self.client_secret_file.as_deref(), self.client_secret_env.as_deref());
        if file.is_none() && env.is_none() {
            return Ok(None);
        }
        secret("client_secret", file, env).map(Some)
    }

    pub(super) fn problems(&self, found: &mut Vec<String>) {
        let mut say = |what: String| found.push(format!("oidc.{what}"));
        let Some(issuer) = &self.issuer else {
            if !self.password_sign_in {
                say("password_sign_in = false without oidc.issuer: nobody could sign in; set one of them".into());
            }
            return;
        };
        if !Url::parse(issuer).is_ok_and(|url| is_safe(&url) && url.query().is_none()) {
            say(format!(
                "issuer = {issuer:?}: write the provider's https address as it names itself, without user, query or fragment"
            ));
        }
        if self.client_id.is_empty() {
            say("client_id is empty: write the one that the provider has for this server".into());
        }
        if let Err(why) = self.client_secret() {
            say(format!("client_secret: {why}"));
        }
        if !self.scopes.iter().any(|scope| scope == "openid") {
            say("scopes lacks \"openid\", without which the provider does not say who signs in: add it".into());
        }
        if self.scopes.iter().any(|scope| scope.is_empty() || !scope.bytes().all(|byte| byte.is_ascii_graphic())) {
            say("scopes are words without spaces: write each as an entry of its own".into());
        }
        if self.name.trim().is_empty() || self.name.chars().count() > 64 {
            say("name has 1 to 64 characters: it stands on the button by which users sign in".into());
        }
        if self.name_claim.is_empty() {
            say("name_claim is empty: \"email\", or another claim that users cannot change by themselves".into());
        }
        if self.users == JoiningUsers::Made && self.role.is_empty() {
            say("users = \"made\" without [[oidc.role]]: nobody would have a role; add one, or set \"invited\"".into());
        }
        for rule in self.role.iter().filter(|rule| rule.claim.is_empty() || rule.value.is_empty()) {
            say(format!("role for {}: claim and value are both needed", rule.role));
        }
        if let Some(address) = &self.address
            && WebOrigin::parse(address).is_none_or(|origin| origin.as_str() != address)
        {
            say(format!(
                "address = {address:?}: write scheme, host and port as browsers do, without a path (https://pbx.example)"
            ));
        }
    }
}
