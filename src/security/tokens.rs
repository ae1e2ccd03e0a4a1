//! `Tokens`: secrets with which programs use the API: some rights, some bots, an end. Each belongs to a user, and has never more than
//! that user, nor than the token that made it; it ends with these.
use super::fault::AccessFault;
use super::pool::AccessPool;
use super::principal::{ADMIN_TOKEN, Principal, PrincipalKind};
use super::random;
use super::roles::{Right, Rights};
use super::users::{list, read_list, time};
use jiff::{SignedDuration, Timestamp};
use sqlx::SqliteConnection;

/// What every API token begins with, so that people and scanners of repositories know one.
const PREFIX: &str = "sbt_";
const LONGEST_DAYS: i64 = 366;
/// Tokens in a row of which each made the next.
const CHAIN: usize = 3;

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
    pub(super) maker: Maker,
}

/// By what the owner of a token made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Maker {
    /// In a session; also those of before this was kept.
    Owner,
    /// By the token with this id.
    Token(String),
    /// By the word in `admin.token` that has this digest.
    AdminToken(String),
}

const BY_TOKEN: &str = "token:";
const BY_ADMIN_TOKEN: &str = "admin.token:";

impl Maker {
    fn of(text: Option<String>) -> Result<Self, AccessFault> {
        let Some(text) = text else { return Ok(Self::Owner) };
        let token = text.strip_prefix(BY_TOKEN).map(|id| Self::Token(id.to_owned()));
        let admin = || text.strip_prefix(BY_ADMIN_TOKEN).map(|digest| Self::AdminToken(digest.to_owned()));
        token.or_else(admin).ok_or(AccessFault::Content("tokens.maker"))
    }

    fn text(&self) -> Option<String> {
        match self {
            Self::Owner => None,
            Self::Token(id) => Some(format!("{BY_TOKEN}{id}")),
            Self::AdminToken(digest) => Some(format!("{BY_ADMIN_TOKEN}{digest}")),
        }
    }
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

type Row = (String, String, String, String, Option<String>, i64, i64, Option<String>);

macro_rules! columns {
    ($rest:literal) => {
        concat!("select id, name, owner, rights, bots, created_us, expires_us, maker from tokens ", $rest)
    };
}

#[derive(Clone)]
pub(super) struct Tokens {
    pool: AccessPool,
    /// The digest of the word in `admin.token`.
    admin: String,
}

impl Tokens {
    pub(super) fn new(pool: AccessPool, admin: String) -> Self {
        Self { pool, admin }
    }

    /// The newest first, those that are over too.
    pub(super) async fn list(&self) -> Result<Vec<ApiToken>, AccessFault> {
        let rows: Vec<Row> =
            sqlx::query_as(columns!("order by created_us desc, id")).fetch_all(&self.pool.read).await?;
        rows.into_iter().map(token).collect()
    }

    /// Makes one within a transaction.
    pub(super) async fn make(
        &self,
        tx: &mut SqliteConnection,
        maker: &Principal,
        new: &NewToken<'_>,
        now: Timestamp,
    ) -> Result<MadeToken, AccessFault> {
        const SQL: &str = "insert into tokens (id, hash, name, owner, rights, bots, created_us, expires_us, maker) \
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (owner, name) do nothing";
        const OVER: &str = "delete from tokens where owner = $1 and name = $2 and expires_us <= $3";
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
            maker: self.maker(tx, maker, new, now).await?,
        };
        let over = sqlx::query(OVER).bind(&token.owner).bind(&token.name).bind(now.as_microsecond());
        over.execute(&mut *tx).await?;
        let done = sqlx::query(SQL)
            .bind(&token.id)
            .bind(random::digest(&secret))
            .bind(&token.name)
            .bind(&token.owner)
            .bind(list(&token.rights.iter().map(Right::name).collect::<Vec<_>>()))
            .bind(token.bots.as_ref().map(|bots| list(bots)))
            .bind(now.as_microsecond())
            .bind(token.expires_at.as_microsecond())
            .bind(token.maker.text())
            .execute(tx)
            .await?;
        if done.rows_affected() == 0 { Err(AccessFault::TokenExists) } else { Ok(MadeToken { token, secret }) }
    }

    async fn maker(
        &self,
        tx: &mut SqliteConnection,
        maker: &Principal,
        new: &NewToken<'_>,
        now: Timestamp,
    ) -> Result<Maker, AccessFault> {
        match maker.kind {
            PrincipalKind::Session | PrincipalKind::Command => Ok(Maker::Owner),
            PrincipalKind::AdminToken => Ok(Maker::AdminToken(self.admin.clone())),
            PrincipalKind::Token => {
                let chain = self.chain(tx, &maker.credential, now).await?.ok_or(AccessFault::NoToken)?;
                if chain.iter().any(|token| token.expires_at.as_microsecond() < new.expires_at.as_microsecond()) {
                    return Err(AccessFault::BeyondMaker("a later end".into()));
                }
                match chain.first() {
                    Some(token) if chain.len() < CHAIN => Ok(Maker::Token(token.id.clone())),
                    _ => Err(AccessFault::TokenChain),
                }
            }
        }
    }

    /// The token whose secret has this digest, the one that made it, and so on to that which its owner made; `None` where one of them is
    /// over, or the word in `admin.token` is another now.
    pub(super) async fn find(&self, hash: &str, now: Timestamp) -> Result<Option<Vec<ApiToken>>, AccessFault> {
        self.chain(&mut *self.pool.read.acquire().await?, hash, now).await
    }

    async fn chain(
        &self,
        connection: &mut SqliteConnection,
        hash: &str,
        now: Timestamp,
    ) -> Result<Option<Vec<ApiToken>>, AccessFault> {
        const FIRST: &str = columns!("where hash = $1 and expires_us > $2");
        const NEXT: &str = columns!("where id = $1 and expires_us > $2");
        let mut chain: Vec<ApiToken> = Vec::new();
        let (mut sql, mut key) = (FIRST, hash.to_owned());
        while chain.len() < CHAIN {
            let query = sqlx::query_as(sql).bind(&key).bind(now.as_microsecond());
            let row: Option<Row> = query.fetch_optional(&mut *connection).await?;
            let Some(found) = row.map(token).transpose()? else { return Ok(None) };
            let maker = found.maker.clone();
            chain.push(found);
            match maker {
                Maker::Owner => return Ok(Some(chain)),
                Maker::AdminToken(digest) => return Ok((digest == self.admin).then_some(chain)),
                Maker::Token(id) => (sql, key) = (NEXT, id),
            }
        }
        Ok(None)
    }

    /// Removes a token within a transaction, with those that it made. Gives it, and how many those were.
    pub(super) async fn remove(&self, tx: &mut SqliteConnection, id: &str) -> Result<(ApiToken, u64), AccessFault> {
        const DELETE: &str = "with recursive made(id) as (select $1 union \
            select tokens.id from tokens join made on tokens.maker = 'token:' || made.id) \
            delete from tokens where id in (select id from made)";
        let row: Option<Row> = sqlx::query_as(columns!("where id = $1")).bind(id).fetch_optional(&mut *tx).await?;
        let token = row.map(token).transpose()?.ok_or(AccessFault::NoToken)?;
        let done = sqlx::query(DELETE).bind(id).execute(tx).await?;
        Ok((token, done.rows_affected().saturating_sub(1)))
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

fn token((id, name, owner, rights, bots, created, expires, maker): Row) -> Result<ApiToken, AccessFault> {
    // A right that an older version does not know is left out.
    let rights = read_list(&rights, "tokens.rights")?.iter().filter_map(|name| Right::of(name)).collect();
    let bots = bots.map(|bots| read_list(&bots, "tokens.bots")).transpose()?;
    let (created_at, expires_at, maker) = (time(created)?, time(expires)?, Maker::of(maker)?);
    Ok(ApiToken { id, name, owner, rights, bots, created_at, expires_at, maker })
}

/// Whether a token's owner is the server itself and no user.
pub(super) fn is_of_server(token: &ApiToken) -> bool {
    token.owner == ADMIN_TOKEN
}
