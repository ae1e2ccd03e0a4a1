//! `Tokens`: secrets with which programs use the API: some rights, some bots, an end. Each belongs to a user, and has never more than
//! that user.
use super::fault::AccessFault;
use super::principal::{ADMIN_TOKEN, Principal};
use super::random;
use super::roles::{Right, Rights};
use super::users::{list, read_list, time};
use jiff::{SignedDuration, Timestamp};
use sqlx::SqlitePool;

/// What every API token begins with, so that people and scanners of repositories know one.
const PREFIX: &str = "sbt_";
const LONGEST_DAYS: i64 = 366;

/// A token without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiToken {
    pub id: String,
    pub name: String,
    /// The user whose it is, or `admin.token`.
    pub owner: String,
    pub rights: Rights,
    pub bots: Option<Vec<String>>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

/// A token to make.
pub struct NewToken<'a> {
    pub name: &'a str,
    pub rights: Rights,
    pub bots: Option<Vec<String>>,
    pub expires_at: Timestamp,
}

/// A token that was made.
pub struct MadeToken {
    pub token: ApiToken,
    /// Shown once.
    pub secret: String,
}

type Row = (String, String, String, String, Option<String>, i64, i64);

macro_rules! columns {
    ($rest:literal) => {
        concat!("select id, name, owner, rights, bots, created_us, expires_us from tokens ", $rest)
    };
}

#[derive(Clone)]
pub(super) struct Tokens {
    pool: SqlitePool,
}

impl Tokens {
    pub(super) fn new(pool: SqlitePool) -> Self {
        Self { pool }
    }

    /// The newest first, those that are over too.
    pub(super) async fn list(&self) -> Result<Vec<ApiToken>, AccessFault> {
        let rows: Vec<Row> = sqlx::query_as(columns!("order by created_us desc, id")).fetch_all(&self.pool).await?;
        rows.into_iter().map(token).collect()
    }

    pub(super) async fn make(
        &self,
        maker: &Principal,
        new: &NewToken<'_>,
        now: Timestamp,
    ) -> Result<MadeToken, AccessFault> {
        const SQL: &str = "insert into tokens (id, hash, name, owner, rights, bots, created_us, expires_us) \
            values ($1, $2, $3, $4, $5, $6, $7, $8)";
        check(maker, new, now)?;
        let secret = format!("{PREFIX}{}", random::secret()?);
        let token = ApiToken {
            id: uuid::Uuid::now_v7().to_string(),
            name: new.name.trim().to_owned(),
            owner: maker.owner().to_owned(),
            rights: new.rights,
            bots: new.bots.clone(),
            created_at: now,
            expires_at: new.expires_at,
        };
        sqlx::query(SQL)
            .bind(&token.id)
            .bind(random::digest(&secret))
            .bind(&token.name)
            .bind(&token.owner)
            .bind(list(&token.rights.iter().map(Right::name).collect::<Vec<_>>()))
            .bind(token.bots.as_ref().map(|bots| list(bots)))
            .bind(now.as_microsecond())
            .bind(token.expires_at.as_microsecond())
            .execute(&self.pool)
            .await?;
        Ok(MadeToken { token, secret })
    }

    /// The token whose secret has this digest, if it is not over.
    pub(super) async fn find(&self, hash: &str, now: Timestamp) -> Result<Option<ApiToken>, AccessFault> {
        const SQL: &str = columns!("where hash = $1 and expires_us > $2");
        let row: Option<Row> =
            sqlx::query_as(SQL).bind(hash).bind(now.as_microsecond()).fetch_optional(&self.pool).await?;
        row.map(token).transpose()
    }

    /// The token that is revoked.
    pub(super) async fn remove(&self, id: &str) -> Result<ApiToken, AccessFault> {
        let row: Option<Row> = sqlx::query_as(columns!("where id = $1")).bind(id).fetch_optional(&self.pool).await?;
        let token = row.map(token).transpose()?.ok_or(AccessFault::NoToken)?;
        sqlx::query("delete from tokens where id = $1").bind(id).execute(&self.pool).await?;
        Ok(token)
    }
}

/// Whether a text may be the secret of an API token.
pub(super) fn is_secret(text: &str) -> bool {
    text.starts_with(PREFIX)
}

impl Principal {
    /// Whose the tokens are that it makes: those of a token belong to that token's owner.
    fn owner(&self) -> &str {
        self.name.split_once('/').map_or(&self.name, |(owner, _)| owner)
    }
}

fn check(maker: &Principal, new: &NewToken<'_>, now: Timestamp) -> Result<(), AccessFault> {
    let name = new.name.trim();
    if name.is_empty() || name.chars().count() > 64 || name.chars().any(char::is_control) {
        return Err(AccessFault::TokenName);
    }
    if new.rights == Rights::default() {
        return Err(AccessFault::NoRights);
    }
    if let Some(right) = new.rights.iter().find(|right| !maker.may(*right, None)) {
        return Err(AccessFault::BeyondMaker(right.name().to_owned()));
    }
    let beyond = match &new.bots {
        None => maker.bots.is_some().then(|| "all bots".to_owned()),
        Some(bots) => bots.iter().find(|bot| !maker.reaches(bot)).cloned(),
    };
    if let Some(bot) = beyond {
        return Err(AccessFault::BeyondMaker(bot));
    }
    let longest = now.checked_add(SignedDuration::from_hours(24 * LONGEST_DAYS)).unwrap_or(Timestamp::MAX);
    if new.expires_at <= now || new.expires_at > longest {
        return Err(AccessFault::TokenEnd(LONGEST_DAYS));
    }
    Ok(())
}

fn token((id, name, owner, rights, bots, created, expires): Row) -> Result<ApiToken, AccessFault> {
    // A right that an older version does not know is left out.
    let rights = read_list(&rights, "tokens.rights")?.iter().filter_map(|name| Right::of(name)).collect();
    let bots = bots.map(|bots| read_list(&bots, "tokens.bots")).transpose()?;
    Ok(ApiToken { id, name, owner, rights, bots, created_at: time(created)?, expires_at: time(expires)? })
}

/// Whether a token's owner is the server itself and no user.
pub(super) fn is_of_server(token: &ApiToken) -> bool {
    token.owner == ADMIN_TOKEN
}
