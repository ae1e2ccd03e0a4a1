//! Users who sign in by a provider: who they are there, who was invited, and what role follows from what the provider says.
use super::fault::AccessFault;
use super::roles::Role;
use super::users::{self, User};
use jiff::Timestamp;
use sqlx::SqliteConnection;

/// Somebody whom a provider has vouched for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub issuer: String,
    /// Who it is there, for ever. Names and addresses may become another's.
    pub subject: String,
    /// What the user is called, or was invited as.
    pub name: String,
    /// What the provider's claims give; `None`: what an admin gave counts.
    pub granted: Option<Granted>,
    pub joining: Joining,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Granted {
    pub role: Role,
    /// `None`: all bots.
    pub bots: Option<Vec<String>>,
}

/// Who becomes a user by signing in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Joining {
    /// Whoever has a role by the provider's claims.
    AtFirstSignIn,
    /// Whom an admin has added before.
    Invited,
}

/// A user to make who signs in by the provider.
pub struct Invitation<'a> {
    pub name: &'a str,
    pub issuer: &'a str,
    pub role: Role,
    pub bots: Option<Vec<String>>,
}

/// The user who is this one at the provider. One who was invited by this name, and has not been here, becomes it; nobody else does, least of
/// all one who has a password.
pub(super) async fn known(
    tx: &mut SqliteConnection,
    identity: &Identity,
    name: &str,
) -> Result<Option<User>, AccessFault> {
    const FIND: &str = "select name from users where issuer = $1 and subject = $2";
    const BIND: &str =
        "update users set subject = $2 where name = $3 and issuer = $1 and subject is null and password = ''";
    let Identity { issuer, subject, .. } = identity;
    let found: Option<(String,)> = sqlx::query_as(FIND).bind(issuer).bind(subject).fetch_optional(&mut *tx).await?;
    if let Some((name,)) = found {
        return users::one(tx, &name).await.map(Some);
    }
    let bound = sqlx::query(BIND).bind(issuer).bind(subject).bind(name).execute(&mut *tx).await?;
    if bound.rows_affected() == 0 { Ok(None) } else { users::one(tx, name).await.map(Some) }
}

/// Adds a user without a password. `subject` of one who is here; `None` of one who is invited.
pub(super) async fn add(
    tx: &mut SqliteConnection,
    new: &Invitation<'_>,
    subject: Option<&str>,
    now: Timestamp,
) -> Result<User, AccessFault> {
    const SQL: &str = "insert into users (name, role, bots, password, created_us, changed_us, issuer, subject) \
        values ($1, $2, $3, '', $4, $4, $5, $6) on conflict do nothing";
    let name = users::named(new.name)?;
    let done = sqlx::query(SQL)
        .bind(&name)
        .bind(new.role.name())
        .bind(new.bots.as_ref().map(|bots| users::list(bots)))
        .bind(now.as_microsecond())
        .bind(new.issuer)
        .bind(subject)
        .execute(&mut *tx)
        .await?;
    if done.rows_affected() == 0 { Err(AccessFault::UserExists) } else { users::one(tx, &name).await }
}

/// Gives a user the role and bots that the provider's claims give, also where no other admin is left: who is none at the provider is none
/// here. Whether they were others, which ends the sessions.
pub(super) async fn grant(
    tx: &mut SqliteConnection,
    user: &User,
    granted: &Granted,
    now: Timestamp,
) -> Result<bool, AccessFault> {
    const SQL: &str = "update users set role = $2, bots = $3, changed_us = $4 where name = $1";
    if (user.role, &user.bots) == (granted.role, &granted.bots) {
        return Ok(false);
    }
    let bots = granted.bots.as_ref().map(|bots| users::list(bots));
    let row = sqlx::query(SQL).bind(&user.name).bind(granted.role.name()).bind(bots).bind(now.as_microsecond());
    row.execute(&mut *tx).await?;
    sqlx::query("delete from sessions where user = $1").bind(&user.name).execute(tx).await?;
    Ok(true)
}
