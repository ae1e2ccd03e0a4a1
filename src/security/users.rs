//! `Users`: who signs in, in the database.
use super::fault::AccessFault;
use super::passwords;
use super::roles::Role;
use jiff::Timestamp;
use sqlx::{SqliteConnection, SqlitePool};

/// One who signs in by name and password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub name: String,
    pub role: Role,
    /// The bots whose calls this user is restricted to; `None`: all.
    pub bots: Option<Vec<String>>,
    pub disabled: bool,
    pub created_at: Timestamp,
    /// Who it is at a provider by which they sign in.
    pub identity: Option<UserIdentity>,
}

/// Who a user is at a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserIdentity {
    pub issuer: String,
    /// `None`: invited, and not here yet.
    pub subject: Option<String>,
}

/// A user to make.
pub struct NewUser<'a> {
    pub name: &'a str,
    pub password: &'a str,
    pub role: Role,
    pub bots: Option<Vec<String>>,
}

/// What is to be another way; `None` stays.
#[derive(Default)]
pub struct UserChange<'a> {
    pub role: Option<Role>,
    pub bots: Option<Option<Vec<String>>>,
    pub password: Option<&'a str>,
    pub disabled: Option<bool>,
}

type Row = (String, String, Option<String>, bool, i64, Option<String>, Option<String>);

/// Reads users. What changes them is done within a transaction that also records it.
#[derive(Clone)]
pub(super) struct Users {
    pool: SqlitePool,
}

impl Users {
    pub(super) fn new(pool: SqlitePool) -> Self {
        Self { pool }
    }

    /// By name.
    pub(super) async fn list(&self) -> Result<Vec<User>, AccessFault> {
        const SQL: &str = "select name, role, bots, disabled, created_us, issuer, subject from users order by name";
        let rows: Vec<Row> = sqlx::query_as(SQL).fetch_all(&self.pool).await?;
        rows.into_iter().map(user).collect()
    }

    pub(super) async fn any(&self) -> Result<bool, AccessFault> {
        let found: Option<(i64,)> = sqlx::query_as("select 1 from users limit 1").fetch_optional(&self.pool).await?;
        Ok(found.is_some())
    }

    pub(super) async fn find(&self, name: &str) -> Result<User, AccessFault> {
        one(&mut *self.pool.acquire().await?, name).await
    }

    /// The stored hash of a user who may sign in.
    pub(super) async fn password(&self, name: &str) -> Result<Option<String>, AccessFault> {
        password(&mut *self.pool.acquire().await?, name).await
    }
}

/// The stored hash of a user who may sign in by password.
pub(super) async fn password(connection: &mut SqliteConnection, name: &str) -> Result<Option<String>, AccessFault> {
    const SQL: &str = "select password from users where name = $1 and disabled = 0 and password <> ''";
    let row: Option<(String,)> = sqlx::query_as(SQL).bind(name).fetch_optional(connection).await?;
    Ok(row.map(|(password,)| password))
}

/// Adds the first of all users, whose password's hash is `password`; `None` where there is one already.
pub(super) async fn add_first(
    tx: &mut SqliteConnection,
    new: &NewUser<'_>,
    password: &str,
    now: Timestamp,
) -> Result<Option<User>, AccessFault> {
    let found: Option<(i64,)> = sqlx::query_as("select 1 from users limit 1").fetch_optional(&mut *tx).await?;
    if found.is_some() {
        return Ok(None);
    }
    add(tx, new, password, now).await.map(Some)
}

/// Adds a user, whose password's hash is `password`.
pub(super) async fn add(
    tx: &mut SqliteConnection,
    new: &NewUser<'_>,
    password: &str,
    now: Timestamp,
) -> Result<User, AccessFault> {
    const SQL: &str = "insert into users (name, role, bots, password, created_us, changed_us) \
        values ($1, $2, $3, $4, $5, $5) on conflict do nothing";
    let name = named(new.name)?;
    let done = sqlx::query(SQL)
        .bind(&name)
        .bind(new.role.name())
        .bind(new.bots.as_ref().map(|bots| list(bots)))
        .bind(password)
        .bind(now.as_microsecond())
        .execute(&mut *tx)
        .await?;
    if done.rows_affected() == 0 {
        return Err(AccessFault::UserExists);
    }
    one(tx, &name).await
}

/// `password`: the hash of the new one, if there is one. Sessions end where role, bots, password or `disabled` change.
pub(super) async fn change(
    tx: &mut SqliteConnection,
    name: &str,
    change: &UserChange<'_>,
    password: Option<&str>,
    now: Timestamp,
) -> Result<User, AccessFault> {
    const SQL: &str = "update users set role = $2, bots = $3, disabled = $4, password = coalesce($5, password), \
        changed_us = $6 where name = $1";
    let old = one(tx, name).await?;
    let new = User {
        role: change.role.unwrap_or(old.role),
        bots: change.bots.clone().unwrap_or(old.bots.clone()),
        disabled: change.disabled.unwrap_or(old.disabled),
        ..old.clone()
    };
    sqlx::query(SQL)
        .bind(name)
        .bind(new.role.name())
        .bind(new.bots.as_ref().map(|bots| list(bots)))
        .bind(new.disabled)
        .bind(password)
        .bind(now.as_microsecond())
        .execute(&mut *tx)
        .await?;
    keep_an_admin(tx, &old).await?;
    if new != old || password.is_some() {
        sqlx::query("delete from sessions where user = $1").bind(name).execute(&mut *tx).await?;
    }
    Ok(new)
}

/// With the user go the sessions and tokens.
pub(super) async fn remove(tx: &mut SqliteConnection, name: &str) -> Result<(), AccessFault> {
    const DELETES: [&str; 3] = [
        "delete from users where name = $1",
        "delete from sessions where user = $1",
        "delete from tokens where owner = $1",
    ];
    let old = one(tx, name).await?;
    for delete in DELETES {
        sqlx::query(delete).bind(name).execute(&mut *tx).await?;
    }
    keep_an_admin(tx, &old).await
}

pub(super) async fn one(connection: &mut SqliteConnection, name: &str) -> Result<User, AccessFault> {
    const SQL: &str = "select name, role, bots, disabled, created_us, issuer, subject from users where name = $1";
    let row: Option<Row> = sqlx::query_as(SQL).bind(name).fetch_optional(connection).await?;
    row.map(user).transpose()?.ok_or(AccessFault::NoUser)
}

/// Fails where `old` was an admin of all bots and no other is left.
async fn keep_an_admin(tx: &mut SqliteConnection, old: &User) -> Result<(), AccessFault> {
    const SQL: &str = "select 1 from users where role = 'admin' and bots is null and disabled = 0 limit 1";
    if old.role != Role::Admin || old.bots.is_some() || old.disabled {
        return Ok(());
    }
    let found: Option<(i64,)> = sqlx::query_as(SQL).fetch_optional(tx).await?;
    found.map(|_| ()).ok_or(AccessFault::LastAdmin)
}

fn user((name, role, bots, disabled, created, issuer, subject): Row) -> Result<User, AccessFault> {
    Ok(User {
        name,
        role: Role::of(&role).ok_or(AccessFault::Content("users.role"))?,
        bots: bots.map(|bots| read_list(&bots, "users.bots")).transpose()?,
        disabled,
        created_at: time(created)?,
        identity: issuer.map(|issuer| UserIdentity { issuer, subject }),
    })
}

/// A name as it is stored: lower case. Refuses what no user can be called.
pub(super) fn named(name: &str) -> Result<String, AccessFault> {
    let name = folded(name);
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-@".contains(c);
    let right = (1..=64).contains(&name.len()) && name.chars().all(fits) && name != super::principal::ADMIN_TOKEN;
    if right { Ok(name) } else { Err(AccessFault::Name) }
}

/// How names are compared.
pub(super) fn folded(name: &str) -> String {
    name.trim().to_ascii_lowercase()
}

pub(super) fn list<T: AsRef<str>>(items: &[T]) -> String {
    serde_json::Value::from(items.iter().map(AsRef::as_ref).collect::<Vec<_>>()).to_string()
}

pub(super) fn read_list(text: &str, place: &'static str) -> Result<Vec<String>, AccessFault> {
    serde_json::from_str(text).map_err(|_| AccessFault::Content(place))
}

pub(super) fn time(us: i64) -> Result<Timestamp, AccessFault> {
    Timestamp::from_microsecond(us).map_err(|_| AccessFault::Content("a time"))
}

/// The hash of a password, made where it holds up nothing else.
pub(super) async fn hashed(password: &str) -> Result<String, AccessFault> {
    let password = password.to_owned();
    let hashing = tokio::task::spawn_blocking(move || passwords::hash(&password));
    hashing.await.map_err(|why| AccessFault::Hash(why.to_string()))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_folded_and_held_to_plain_characters() {
        assert_eq!(named(" Ada.Lovelace@Shop.example ").unwrap(), "ada.lovelace@shop.example");
        for wrong in ["", " ", "a/b", "a b", "a\nb", "nguyễn", "admin.token", "ADMIN.TOKEN", &"a".repeat(65)] {
            assert!(matches!(named(wrong), Err(AccessFault::Name)), "{wrong:?}");
        }
    }
}
