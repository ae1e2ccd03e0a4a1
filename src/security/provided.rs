//! `Access` for those who sign in by a provider.
use super::access::{Access, SignedIn, within};
use super::audit::Action;
use super::fault::AccessFault;
use super::identity::{self, Identity, Invitation, Joining};
use super::principal::Principal;
use super::users::{self, User};
use jiff::Timestamp;
use serde_json::json;
use sqlx::SqliteConnection;
use std::net::IpAddr;

impl Access {
    /// Whether a sign-in by the provider may be begun, or ended, from there now.
    ///
    /// # Errors
    /// [`AccessFault::TooMany`].
    pub fn admit_provider_sign_in(&self, address: IpAddr) -> Result<(), AccessFault> {
        self.checks.admit_provider(address)
    }

    /// Records that a sign-in by the provider failed. `name`: who it was, where the provider has said so; `why`: a word.
    pub async fn provider_sign_in_failed(
        &self,
        name: Option<&str>,
        why: &'static str,
        address: IpAddr,
    ) -> Result<(), AccessFault> {
        self.checks.provider_failed(name, why, address).await
    }

    /// Signs somebody in whom the provider has vouched for.
    ///
    /// # Errors
    /// [`AccessFault::NotInvited`], [`AccessFault::NameTaken`], [`AccessFault::ProviderName`], [`AccessFault::UserDisabled`]; each is recorded.
    pub async fn sign_in_by_provider(&self, identity: &Identity, address: IpAddr) -> Result<SignedIn, AccessFault> {
        let signed_in = self.provided(identity, address).await;
        let why = match &signed_in {
            Ok(_) => return signed_in,
            Err(AccessFault::NotInvited(_)) => "not_invited",
            Err(AccessFault::NameTaken(_)) => "name_taken",
            Err(AccessFault::ProviderName(_)) => "no_name",
            Err(AccessFault::UserDisabled) => "user_disabled",
            Err(_) => return signed_in,
        };
        let name: String = identity.name.chars().take(64).collect();
        self.provider_sign_in_failed(Some(&name), why, address).await?;
        signed_in
    }

    async fn provided(&self, identity: &Identity, address: IpAddr) -> Result<SignedIn, AccessFault> {
        let shown: String = identity.name.chars().take(64).collect();
        let name = users::named(&identity.name).map_err(|_| AccessFault::ProviderName(shown))?;
        let now = Timestamp::now();
        let mut tx = self.transaction().await?;
        let (user, is_new) = match identity::known(&mut tx, identity, &name).await? {
            Some(user) => (user, false),
            None => (join(&mut tx, identity, &name, now).await?, true),
        };
        if user.disabled {
            return Err(AccessFault::UserDisabled);
        }
        let changed = match &identity.granted {
            Some(granted) if !is_new => identity::grant(&mut tx, &user, granted, now).await?,
            _ => false,
        };
        let user = users::one(&mut tx, &user.name).await?;
        let detail = json!({"user": user.name, "role": user.role.name(), "bots": user.bots, "by": "oidc"});
        let signed_in = self.begin(&mut tx, user).await?;
        let made = is_new.then_some(Action::UserAdded).or(changed.then_some(Action::UserChanged));
        if let Some(action) = made {
            self.audit.append(&mut tx, &signed_in.principal, action, detail).await?;
        }
        let from = json!({"address": address.to_string(), "by": "oidc"});
        self.audit.append(&mut tx, &signed_in.principal, Action::SignedIn, from).await?;
        tx.commit().await?;
        if changed {
            self.changed();
        }
        Ok(signed_in)
    }

    /// Adds a user who signs in by the provider, which calls them by this name.
    ///
    /// # Errors
    /// As [`Access::add_user`].
    pub async fn invite(&self, by: &Principal, new: Invitation<'_>) -> Result<User, AccessFault> {
        within(by, new.role)?;
        let mut tx = self.transaction().await?;
        let user = identity::add(&mut tx, &new, None, Timestamp::now()).await?;
        let detail = json!({"user": user.name, "role": user.role.name(), "bots": user.bots, "issuer": new.issuer});
        self.audit.append(&mut tx, by, Action::UserAdded, detail).await?;
        tx.commit().await?;
        Ok(user)
    }
}

/// The user that somebody becomes who is new here, if such may.
async fn join(tx: &mut SqliteConnection, identity: &Identity, name: &str, now: Timestamp) -> Result<User, AccessFault> {
    let is_taken = match users::one(tx, name).await {
        Ok(_) => true,
        Err(AccessFault::NoUser) => false,
        Err(fault) => return Err(fault),
    };
    if is_taken {
        return Err(AccessFault::NameTaken(name.to_owned()));
    }
    let (Joining::AtFirstSignIn, Some(granted)) = (identity.joining, &identity.granted) else {
        return Err(AccessFault::NotInvited(name.to_owned()));
    };
    let new = Invitation { name, issuer: &identity.issuer, role: granted.role, bots: granted.bots.clone() };
    identity::add(tx, &new, Some(&identity.subject), now).await
}
