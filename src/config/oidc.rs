//! `[oidc]`: signing in by an OpenID Connect provider.
use super::{Secs, blank};
use crate::security::Role;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Oidc {
    /// What people call the provider: it stands on the button.
    pub name: String,
    /// As the provider calls itself; not set: nobody signs in by one.
    #[serde(with = "blank")]
    pub issuer: Option<String>,
    pub client_id: String,
    /// Neither: a public client, which has no secret.
    #[serde(with = "blank::path")]
    pub client_secret_file: Option<PathBuf>,
    #[serde(with = "blank")]
    pub client_secret_env: Option<String>,
    pub scopes: Vec<String>,
    /// The claim that names users.
    pub name_claim: String,
    pub users: JoiningUsers,
    /// Whether users with a password sign in by it.
    pub password_sign_in: bool,
    /// How browsers call this server (`https://pbx.example`); not set: as they do.
    #[serde(with = "blank")]
    pub address: Option<String>,
    /// By how much the provider's clock may be another.
    pub leeway_s: Secs,
    /// Which roles follow from the provider's claims.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub role: Vec<OidcRole>,
}

/// Who becomes a user by signing in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum JoiningUsers {
    /// Those whom an admin has added.
    #[default]
    Invited,
    /// Whoever has a role by `[[oidc.role]]`.
    Made,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct OidcRole {
    pub claim: String,
    pub value: String,
    pub role: Role,
    /// Empty: all bots.
    #[serde(default)]
    pub bots: Vec<String>,
}

impl Default for Oidc {
    fn default() -> Self {
        Self {
            name: "OpenID Connect".into(),
            issuer: None,
            client_id: String::new(),
            client_secret_file: None,
            client_secret_env: None,
            scopes: ["openid", "profile", "email"].map(str::to_owned).into(),
            name_claim: "email".into(),
            users: JoiningUsers::default(),
            password_sign_in: true,
            address: None,
            leeway_s: Secs(60),
            role: Vec::new(),
        }
    }
}
