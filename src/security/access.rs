//! `Access`: signs people in, knows again whoever asks, and changes users and tokens; each of these is recorded.
use super::audit::{Action, Audit};
use super::checks::PasswordChecks;
use super::fault::AccessFault;
use super::principal::{Principal, PrincipalKind};
use super::roles::{Rights, Role};
use super::sessions::{SessionLimits, Sessions};
use super::tokens::{self, ApiToken, MadeToken, NewToken, Tokens};
use super::users::{self, NewUser, User, UserChange, Users};
use super::{Secret, passwords, random, welcome};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use sqlx::SqlitePool;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// A session's last use is written down no more often: each request would write.
const TOUCH: SignedDuration = SignedDuration::from_secs(60);
/// How often it is asked whether somebody who watches still may: another process may have changed it.
const ASK_AGAIN: Duration = Duration::from_secs(10);
/// How often it is looked whether something is to be recorded that is not a request's.
const KEEP: Duration = Duration::from_secs(1);

pub struct AccessPlan {
    /// The word in `admin.token`.
    pub token: Secret,
    pub sessions: SessionLimits,
}

pub struct Access {
    pool: SqlitePool,
    token: Secret,
    users: Users,
    sessions: Sessions,
    tokens: Tokens,
    audit: Audit,
    checks: PasswordChecks,
    /// Counts changes of users, sessions and tokens.
    changes: watch::Sender<u64>,
}

/// A browser that signed in.
pub struct SignedIn {
    pub principal: Principal,
    /// What its cookie holds.
    pub secret: String,
}

impl Access {
    pub fn new(pool: SqlitePool, plan: AccessPlan) -> Self {
        let (users, audit) = (Users::new(pool.clone()), Audit::new(pool.clone()));
        Self {
            token: plan.token,
            checks: PasswordChecks::new(users.clone(), audit.clone()),
            users,
            sessions: Sessions::new(pool.clone(), plan.sessions),
            tokens: Tokens::new(pool.clone()),
            audit,
            changes: watch::Sender::new(0),
            pool,
        }
    }

    pub fn audit(&self) -> &Audit {
        &self.audit
    }

    /// Records what is no request's: sums of failed sign-ins, and what the database did not take before. Runs until that is closed.
    pub async fn keep(self: Arc<Self>) {
        while !self.pool.is_closed() {
            tokio::time::sleep(KEEP).await;
            if let Err(why) = self.checks.record_sums().await {
                tracing::error!(%why, "failed sign-ins are not in the audit");
            }
            self.audit.flush().await;
        }
    }

    /// The last records before the database is closed.
    pub async fn finish(&self) {
        if let Err(why) = self.checks.record_rest().await {
            tracing::error!(%why, "failed sign-ins are not in the audit");
        }
        self.audit.flush().await;
    }

    /// Who presents this as a bearer (RFC 6750).
    pub async fn by_bearer(&self, word: &str) -> Result<Option<Principal>, AccessFault> {
        if self.token.is(word) {
            return Ok(Some(Principal::admin_token()));
        }
        if tokens::is_secret(word) { self.by_token_hash(&random::digest(word)).await } else { Ok(None) }
    }

    /// Who presents this in the cookie of sessions.
    pub async fn by_session(&self, secret: &str) -> Result<Option<Principal>, AccessFault> {
        self.by_session_hash(&random::digest(secret)).await
    }

    async fn by_session_hash(&self, hash: &str) -> Result<Option<Principal>, AccessFault> {
        let now = Timestamp::now();
        let Some(session) = self.sessions.find(hash, now).await? else { return Ok(None) };
        let Some(user) = self.enabled(&session.user).await? else { return Ok(None) };
        // Where the database takes nothing, the session goes on all the same.
        if now.duration_since(session.seen) > TOUCH
            && let Err(why) = self.sessions.touch(hash, now).await
        {
            tracing::warn!(%why, "the last use of a session is not written down");
        }
        Ok(Some(of_user(user, hash)))
    }

    async fn by_token_hash(&self, hash: &str) -> Result<Option<Principal>, AccessFault> {
        let Some(token) = self.tokens.find(hash, Timestamp::now()).await? else { return Ok(None) };
        let owner = if tokens::is_of_server(&token) {
            Principal::admin_token()
        } else {
            let Some(user) = self.enabled(&token.owner).await? else { return Ok(None) };
            of_user(user, hash)
        };
        Ok(Some(of_token(token, owner, hash)))
    }

    async fn enabled(&self, name: &str) -> Result<Option<User>, AccessFault> {
        match self.users.find(name).await {
            Ok(user) => Ok(Some(user).filter(|user| !user.disabled)),
            Err(AccessFault::NoUser) => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// Returns when `principal` may no longer do what it may now: signed out, expired, revoked, or of other rights.
    pub async fn until_changed(&self, principal: &Principal) {
        let mut changes = self.changes.subscribe();
        loop {
            // An error cannot be: the sender is here.
            let _ = tokio::time::timeout(ASK_AGAIN, changes.changed()).await;
            let now = match principal.kind {
                PrincipalKind::Session => self.by_session_hash(&principal.credential).await,
                PrincipalKind::Token => self.by_token_hash(&principal.credential).await,
                PrincipalKind::AdminToken | PrincipalKind::Command => continue,
            };
            match now {
                Ok(Some(now)) if now.rights == principal.rights && now.bots == principal.bots => {}
                Ok(_) => return,
                // A database that does not answer signs nobody out.
                Err(why) => tracing::warn!(%why, "it is not known whether somebody may still watch"),
            }
        }
    }

    fn changed(&self) {
        self.changes.send_modify(|count| *count += 1);
    }

    /// Signs a user in who knows the password.
    ///
    /// # Errors
    /// [`AccessFault::WrongPassword`] also where there is no such user, [`AccessFault::TooMany`] after many of these.
    pub async fn sign_in(&self, name: &str, password: &str, address: IpAddr) -> Result<SignedIn, AccessFault> {
        let Ok(name) = users::named(name) else { return Err(self.checks.refuse_name(address).await) };
        self.checks.check(&name, password, address).await?;
        let signed_in = self.begin(self.users.find(&name).await?).await?;
        let from = json!({"address": address.to_string()});
        self.audit.note(&signed_in.principal, Action::SignedIn, None, from).await?;
        Ok(signed_in)
    }

    /// Sets another password for the user of a session who knows the one of now. All sessions end, and a new one begins; `None` where
    /// `principal` is no session.
    pub async fn change_password(
        &self,
        principal: &Principal,
        current: &str,
        password: &str,
        address: IpAddr,
    ) -> Result<Option<SignedIn>, AccessFault> {
        if principal.kind != PrincipalKind::Session {
            return Ok(None);
        }
        passwords::composed(password)?;
        self.checks.check(&principal.name, current, address).await?;
        let change = UserChange { password: Some(password), ..UserChange::default() };
        let user = self.change_user(principal, &principal.name, change).await?;
        self.begin(user).await.map(Some)
    }

    async fn begin(&self, user: User) -> Result<SignedIn, AccessFault> {
        let secret = self.sessions.begin(&user.name, Timestamp::now()).await?;
        Ok(SignedIn { principal: of_user(user, &random::digest(&secret)), secret })
    }

    /// Ends the session of `principal`; `false` where it is none.
    pub async fn sign_out(&self, principal: &Principal) -> Result<bool, AccessFault> {
        if principal.kind != PrincipalKind::Session {
            return Ok(false);
        }
        self.sessions.end(&principal.credential).await?;
        self.changed();
        self.audit.note(principal, Action::SignedOut, None, json!({})).await?;
        Ok(true)
    }

    /// The secret of the link that makes the first admin; `None` where there are users.
    pub async fn welcome(&self) -> Result<Option<String>, AccessFault> {
        if self.users.any().await? { Ok(None) } else { welcome::make(&self.pool, Timestamp::now()).await.map(Some) }
    }

    /// Makes the first admin, and signs them in.
    pub async fn accept_welcome(
        &self,
        link: &str,
        name: &str,
        password: &str,
        address: IpAddr,
    ) -> Result<SignedIn, AccessFault> {
        // A good link may be tried again, with another name or password: hashing comes after.
        let (name, who) = (users::folded(name), address.to_string());
        self.checks.admit_link(address)?;
        if !welcome::is_good(&self.pool, link, Timestamp::now()).await? {
            self.checks.link_failed(address);
            return Err(AccessFault::Link);
        }
        users::named(&name)?;
        let new = NewUser { name: &name, password, role: Role::Admin, bots: None };
        let hash = self.checks.hashed(password).await?;
        let now = Timestamp::now();
        let mut tx = self.pool.begin_with("begin immediate").await?;
        welcome::redeem(&mut tx, link, now).await?;
        let user = self.users.add_first(&mut tx, &new, &hash, now).await?.ok_or(AccessFault::Link)?;
        tx.commit().await?;
        let signed_in = self.begin(user).await?;
        self.audit.note(&signed_in.principal, Action::FirstAdminMade, None, json!({"address": who})).await?;
        Ok(signed_in)
    }

    pub async fn users(&self) -> Result<Vec<User>, AccessFault> {
        self.users.list().await
    }

    /// # Errors
    /// [`AccessFault::BeyondMaker`] where `by` gives rights that it has not itself: a token that manages users makes no admin.
    pub async fn add_user(&self, by: &Principal, new: NewUser<'_>) -> Result<User, AccessFault> {
        within(by, new.role)?;
        users::named(new.name)?;
        let hash = self.checks.hashed(new.password).await?;
        let user = self.users.add(&new, &hash, Timestamp::now()).await?;
        let detail = json!({"user": user.name, "role": user.role.name(), "bots": user.bots});
        self.audit.note(by, Action::UserAdded, None, detail).await?;
        Ok(user)
    }

    /// # Errors
    /// [`AccessFault::BeyondMaker`] where the user has, or gets, rights that `by` has not; nobody needs any for their own password.
    pub async fn change_user(&self, by: &Principal, name: &str, change: UserChange<'_>) -> Result<User, AccessFault> {
        let name = users::folded(name);
        if by.kind != PrincipalKind::Session || by.name != name {
            within(by, self.users.find(&name).await?.role)?;
        }
        if let Some(role) = change.role {
            within(by, role)?;
        }
        let hash = match change.password {
            Some(password) => Some(self.checks.hashed(password).await?),
            None => None,
        };
        let user = self.users.change(&name, &change, hash.as_deref(), Timestamp::now()).await?;
        if hash.is_some() {
            self.checks.reset(&name);
        }
        self.changed();
        let detail = json!({"user": user.name, "role": user.role.name(), "bots": user.bots, "disabled": user.disabled,
            "password": hash.is_some()});
        self.audit.note(by, Action::UserChanged, None, detail).await?;
        Ok(user)
    }

    /// # Errors
    /// [`AccessFault::BeyondMaker`] where the user has rights that `by` has not.
    pub async fn remove_user(&self, by: &Principal, name: &str) -> Result<(), AccessFault> {
        let name = users::folded(name);
        within(by, self.users.find(&name).await?.role)?;
        self.users.remove(&name).await?;
        self.changed();
        self.audit.note(by, Action::UserRemoved, None, json!({"user": name})).await
    }

    pub async fn tokens(&self) -> Result<Vec<ApiToken>, AccessFault> {
        self.tokens.list().await
    }

    pub async fn make_token(&self, by: &Principal, new: NewToken<'_>) -> Result<MadeToken, AccessFault> {
        let made = self.tokens.make(by, &new, Timestamp::now()).await?;
        let ApiToken { id, name, rights, bots, expires_at, .. } = &made.token;
        let rights: Vec<_> = rights.iter().map(|right| right.name()).collect();
        let detail =
            json!({"id": id, "token": name, "rights": rights, "bots": bots, "expires_at": expires_at.to_string()});
        self.audit.note(by, Action::TokenMade, None, detail).await?;
        Ok(made)
    }

    pub async fn revoke_token(&self, by: &Principal, id: &str) -> Result<(), AccessFault> {
        let token = self.tokens.remove(id).await?;
        self.changed();
        self.audit.note(by, Action::TokenRevoked, None, json!({"id": id, "token": token.name})).await
    }
}

/// Whether `by` has all rights of a role itself.
fn within(by: &Principal, role: Role) -> Result<(), AccessFault> {
    let beyond = role.rights().iter().find(|right| !by.rights.contains(*right));
    beyond.map_or(Ok(()), |right| Err(AccessFault::BeyondMaker(right.name().to_owned())))
}

fn of_user(user: User, hash: &str) -> Principal {
    Principal {
        name: user.name,
        role: user.role,
        rights: user.role.rights(),
        bots: user.bots.map(Into::into),
        kind: PrincipalKind::Session,
        credential: hash.into(),
    }
}

/// A token has what it was given, and no more than its owner has now.
fn of_token(token: ApiToken, owner: Principal, hash: &str) -> Principal {
    let bots = match (token.bots, &owner.bots) {
        (None, owners) => owners.clone(),
        (Some(bots), _) => Some(bots.into_iter().filter(|bot| owner.reaches(bot)).collect()),
    };
    let rights: Rights = token.rights.and(owner.rights);
    Principal {
        name: format!("{}/{}", token.owner, token.name),
        role: owner.role,
        rights,
        bots,
        kind: PrincipalKind::Token,
        credential: hash.into(),
    }
}
