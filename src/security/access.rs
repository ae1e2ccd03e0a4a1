//! `Access`: signs people in, knows again whoever asks, and changes users and tokens; each of these is recorded.
use super::audit::{Action, Audit};
use super::checks::PasswordChecks;
use super::fault::AccessFault;
use super::pool::{AccessPool, WriteTransaction};
use super::principal::{Principal, PrincipalKind};
use super::roles::{Rights, Role};
use super::sessions::{SessionLimits, Sessions};
use super::tokens::{self, ApiToken, MadeToken, NewToken, Tokens};
use super::users::{self, NewUser, User, UserChange, Users};
use super::{Secret, passwords, random, welcome};
use futures::FutureExt;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use sqlx::SqliteConnection;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// A session's last use is written down no more often: each request would write.
const TOUCH: SignedDuration = SignedDuration::from_secs(60);
/// How often it is asked whether somebody who watches still may: another process may have changed it.
const ASK_AGAIN: Duration = Duration::from_secs(10);
/// The longest that a request waits for this.
const TOUCH_PATIENCE: Duration = Duration::from_millis(200);
/// How often it is looked whether something is to be recorded that is not a request's.
const KEEP: Duration = Duration::from_secs(1);
/// How often the log is told the audit's end.
const HEAD: Duration = Duration::from_secs(3600);

pub struct AccessPlan {
    /// The word in `admin.token`.
    pub token: Secret,
    pub sessions: SessionLimits,
}

pub struct Access {
    pool: AccessPool,
    token: Secret,
    users: Users,
    sessions: Sessions,
    tokens: Tokens,
    pub(super) audit: Audit,
    pub(super) checks: PasswordChecks,
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
    pub fn new(pool: AccessPool, plan: AccessPlan) -> Self {
        let (users, audit) = (Users::new(pool.read.clone()), Audit::new(pool.clone()));
        Self {
            tokens: Tokens::new(pool.clone(), random::digest(plan.token.reveal())),
            token: plan.token,
            checks: PasswordChecks::new(users.clone(), audit.clone()),
            users,
            sessions: Sessions::new(pool.clone(), plan.sessions),
            audit,
            changes: watch::Sender::new(0),
            pool,
        }
    }

    pub fn audit(&self) -> &Audit {
        &self.audit
    }

    /// Records what is no request's: sums of failed sign-ins, and what the database did not take before; and tells the log each hour where
    /// the audit ends. Runs until the database is closed.
    pub async fn keep(self: Arc<Self>) {
        let mut head = tokio::time::interval(HEAD);
        while !self.pool.is_closed() {
            if head.tick().now_or_never().is_some() {
                self.log_head().await;
            }
            if let Err(why) = self.checks.record_sums().await {
                tracing::error!(%why, "failed sign-ins are not in the audit");
            }
            self.audit.flush().await;
            tokio::time::sleep(KEEP).await;
        }
    }

    /// The last records before the database is closed.
    pub async fn finish(&self) {
        if let Err(why) = self.checks.record_rest().await {
            tracing::error!(%why, "failed sign-ins are not in the audit");
        }
        self.audit.flush().await;
        self.log_head().await;
    }

    /// Tells the log where the audit ends: who changes it later, or cuts it off, would have to change that log too.
    async fn log_head(&self) {
        match self.audit.head().await {
            Ok(Some((seq, hash))) => tracing::info!(seq, hash, "the audit's last record"),
            Ok(None) => {}
            Err(why) => tracing::error!(%why, "the audit's last record cannot be read"),
        }
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
        // Where the database takes nothing, or others write, the session goes on all the same.
        if now.duration_since(session.seen) > TOUCH {
            match tokio::time::timeout(TOUCH_PATIENCE, self.sessions.touch(hash, now)).await {
                Ok(Ok(())) => {}
                Ok(Err(why)) => tracing::warn!(%why, "the last use of a session is not written down"),
                Err(_) => tracing::debug!("the last use of a session is written down later"),
            }
        }
        Ok(Some(of_user(user, hash)))
    }

    async fn by_token_hash(&self, hash: &str) -> Result<Option<Principal>, AccessFault> {
        let Some(chain) = self.tokens.find(hash, Timestamp::now()).await? else { return Ok(None) };
        let Some(first) = chain.last() else { return Ok(None) };
        let owner = if tokens::is_of_server(first) {
            Principal::admin_token()
        } else {
            let Some(user) = self.enabled(&first.owner).await? else { return Ok(None) };
            of_user(user, hash)
        };
        // From what the owner has, through each token that made the next.
        Ok(Some(chain.into_iter().rev().fold(owner, |maker, token| of_token(token, maker, hash))))
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

    pub(super) fn changed(&self) {
        self.changes.send_modify(|count| *count += 1);
    }

    /// A transaction beside which nobody else writes.
    pub(super) async fn transaction(&self) -> Result<WriteTransaction, AccessFault> {
        Ok(self.pool.begin("users").await?)
    }

    /// Signs a user in who knows the password.
    ///
    /// # Errors
    /// [`AccessFault::WrongPassword`] also where there is no such user, [`AccessFault::TooMany`] after many of these.
    pub async fn sign_in(&self, name: &str, password: &str, address: IpAddr) -> Result<SignedIn, AccessFault> {
        let Ok(name) = users::named(name) else { return Err(self.checks.refuse_name(address).await) };
        let compared = self.checks.check(&name, password, address).await?;
        self.begin_if_still(&name, &compared, address).await
    }

    /// Begins the session of a user whose password was the one with this hash a moment ago, and still is.
    pub(super) async fn begin_if_still(
        &self,
        name: &str,
        compared: &str,
        address: IpAddr,
    ) -> Result<SignedIn, AccessFault> {
        let mut tx = self.transaction().await?;
        unchanged(&mut tx, name, compared).await?;
        let user = users::one(&mut tx, name).await?;
        let signed_in = self.begin(&mut tx, user).await?;
        let from = json!({"address": address.to_string()});
        self.audit.append(&mut tx, &signed_in.principal, Action::SignedIn, from).await?;
        tx.commit().await?;
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
        let name = &*principal.name;
        let compared = self.checks.check(name, current, address).await?;
        let hash = self.checks.hashed(password).await?;
        let mut tx = self.transaction().await?;
        unchanged(&mut tx, name, &compared).await?;
        let change = UserChange { password: Some(password), ..UserChange::default() };
        let user = self.change_within(&mut tx, principal, name, change, Some(hash.as_str())).await?;
        let signed_in = self.begin(&mut tx, user).await?;
        tx.commit().await?;
        self.checks.reset(name);
        self.changed();
        Ok(Some(signed_in))
    }

    pub(super) async fn begin(&self, tx: &mut SqliteConnection, user: User) -> Result<SignedIn, AccessFault> {
        let secret = self.sessions.begin(tx, &user.name, Timestamp::now()).await?;
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
        let name = users::folded(name);
        self.checks.admit_link(address)?;
        if !welcome::is_good(&self.pool.read, link, Timestamp::now()).await? {
            self.checks.link_failed(address);
            return Err(AccessFault::Link);
        }
        users::named(&name)?;
        let new = NewUser { name: &name, password, role: Role::Admin, bots: None };
        let hash = self.checks.hashed(password).await?;
        let now = Timestamp::now();
        let mut tx = self.transaction().await?;
        welcome::redeem(&mut tx, link, now).await?;
        let user = users::add_first(&mut tx, &new, &hash, now).await?.ok_or(AccessFault::Link)?;
        let signed_in = self.begin(&mut tx, user).await?;
        let from = json!({"address": address.to_string()});
        self.audit.append(&mut tx, &signed_in.principal, Action::FirstAdminMade, from).await?;
        tx.commit().await?;
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
        let mut tx = self.transaction().await?;
        let user = users::add(&mut tx, &new, &hash, Timestamp::now()).await?;
        let detail = json!({"user": user.name, "role": user.role.name(), "bots": user.bots});
        self.audit.append(&mut tx, by, Action::UserAdded, detail).await?;
        tx.commit().await?;
        Ok(user)
    }

    /// # Errors
    /// [`AccessFault::BeyondMaker`] where the user has, or gets, rights that `by` has not; nobody needs any for their own password.
    pub async fn change_user(&self, by: &Principal, name: &str, change: UserChange<'_>) -> Result<User, AccessFault> {
        let name = users::folded(name);
        let hash = match change.password {
            Some(password) => Some(self.checks.hashed(password).await?),
            None => None,
        };
        let mut tx = self.transaction().await?;
        let user = self.change_within(&mut tx, by, &name, change, hash.as_deref()).await?;
        tx.commit().await?;
        if hash.is_some() {
            self.checks.reset(&name);
        }
        self.changed();
        Ok(user)
    }

    /// Changes a user within a transaction, and records it.
    async fn change_within(
        &self,
        tx: &mut SqliteConnection,
        by: &Principal,
        name: &str,
        change: UserChange<'_>,
        hash: Option<&str>,
    ) -> Result<User, AccessFault> {
        if by.kind != PrincipalKind::Session || by.name != name {
            within(by, users::one(tx, name).await?.role)?;
        }
        if let Some(role) = change.role {
            within(by, role)?;
        }
        let user = users::change(tx, name, &change, hash, Timestamp::now()).await?;
        let detail = json!({"user": user.name, "role": user.role.name(), "bots": user.bots, "disabled": user.disabled,
            "password": hash.is_some()});
        self.audit.append(tx, by, Action::UserChanged, detail).await?;
        Ok(user)
    }

    /// # Errors
    /// [`AccessFault::BeyondMaker`] where the user has rights that `by` has not.
    pub async fn remove_user(&self, by: &Principal, name: &str) -> Result<(), AccessFault> {
        let name = users::folded(name);
        let mut tx = self.transaction().await?;
        within(by, users::one(&mut tx, &name).await?.role)?;
        users::remove(&mut tx, &name).await?;
        self.audit.append(&mut tx, by, Action::UserRemoved, json!({"user": name})).await?;
        tx.commit().await?;
        self.changed();
        Ok(())
    }

    pub async fn tokens(&self) -> Result<Vec<ApiToken>, AccessFault> {
        self.tokens.list().await
    }

    pub async fn make_token(&self, by: &Principal, new: NewToken<'_>) -> Result<MadeToken, AccessFault> {
        let mut tx = self.transaction().await?;
        let made = self.tokens.make(&mut tx, by, &new, Timestamp::now()).await?;
        let ApiToken { id, name, rights, bots, expires_at, .. } = &made.token;
        let rights: Vec<_> = rights.iter().map(|right| right.name()).collect();
        let detail =
            json!({"id": id, "token": name, "rights": rights, "bots": bots, "expires_at": expires_at.to_string()});
        self.audit.append(&mut tx, by, Action::TokenMade, detail).await?;
        tx.commit().await?;
        Ok(made)
    }

    /// With a token go those that it made.
    pub async fn revoke_token(&self, by: &Principal, id: &str) -> Result<(), AccessFault> {
        let mut tx = self.transaction().await?;
        let (token, made) = self.tokens.remove(&mut tx, id).await?;
        let detail = json!({"id": id, "token": token.name, "made_by_it": made});
        self.audit.append(&mut tx, by, Action::TokenRevoked, detail).await?;
        tx.commit().await?;
        self.changed();
        Ok(())
    }
}

/// Fails where the password is another than the one that was compared, or the user may not sign in any more.
async fn unchanged(tx: &mut SqliteConnection, name: &str, compared: &str) -> Result<(), AccessFault> {
    match users::password(tx, name).await? {
        Some(stored) if stored == compared => Ok(()),
        _ => Err(AccessFault::WrongPassword),
    }
}

/// Whether `by` has all rights of a role itself.
pub(super) fn within(by: &Principal, role: Role) -> Result<(), AccessFault> {
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

/// A token has what it was given, and no more than its maker has now.
fn of_token(token: ApiToken, maker: Principal, hash: &str) -> Principal {
    let bots = match (token.bots, &maker.bots) {
        (None, makers) => makers.clone(),
        (Some(bots), _) => Some(bots.into_iter().filter(|bot| maker.reaches(bot)).collect()),
    };
    let rights: Rights = token.rights.and(maker.rights);
    Principal {
        name: format!("{}/{}", token.owner, token.name),
        role: maker.role,
        rights,
        bots,
        kind: PrincipalKind::Token,
        credential: hash.into(),
    }
}
