//! Why users, sessions, tokens or the audit do not do what was asked.
use super::random::NoRandom;

#[derive(Debug, thiserror::Error)]
pub enum AccessFault {
    #[error("the database does not answer: {0}")]
    Database(#[from] sqlx::Error),
    #[error("the database holds something unreadable in {0}: restore it from a backup")]
    Content(&'static str),
    #[error("the system gives no random numbers")]
    Random,
    #[error("a password cannot be hashed: {0}")]
    Hash(String),
    #[error("as many records of the audit wait for the database as it can hold: see the log")]
    AuditFull,
    #[error("this was not done, for the audit cannot be written: {0}")]
    AuditUnwritten(String),
    #[error(
        "a user's name has 1 to 64 characters, which are letters a to z, digits, and . _ - @; `admin.token` is taken"
    )]
    Name,
    #[error("a password has at least 12 characters; any characters, also spaces")]
    ShortPassword,
    #[error("a password has at most 256 characters")]
    LongPassword,
    #[error("there is a user of this name already")]
    UserExists,
    #[error("there is no user of this name")]
    NoUser,
    #[error("there is no token with this id")]
    NoToken,
    #[error("its owner has a token of this name already: revoke that one, or choose another name")]
    TokenExists,
    #[error("a token makes tokens that make tokens, and no further: a user or the one in admin.token makes this one")]
    TokenChain,
    #[error("this is the last admin for all bots: make another one first")]
    LastAdmin,
    #[error("a token's name has 1 to 64 characters")]
    TokenName,
    #[error("a token has at least one right")]
    NoRights,
    #[error("nobody gives rights or bots that they have not themselves: `{0}`")]
    BeyondMaker(String),
    #[error("a token ends between now and in {0} days")]
    TokenEnd(i64),
    #[error("name or password is wrong")]
    WrongPassword,
    #[error("this user was not invited: ask an admin to add `{0}`")]
    NotInvited(String),
    #[error("there is another user `{0}` here already: an admin removes that one and invites it anew")]
    NameTaken(String),
    #[error(
        "the provider calls this user `{0}`, which is no name for a user here (letters a to z, digits, and . _ - @): an admin chooses another oidc.name_claim"
    )]
    ProviderName(String),
    #[error("this user is disabled: ask an admin")]
    UserDisabled,
    #[error("too many attempts: try again in {0} seconds")]
    TooMany(u64),
    #[error("the link was used, is over, or another one took its place: start the server again for a new one")]
    Link,
}

impl From<NoRandom> for AccessFault {
    fn from(_: NoRandom) -> Self {
        Self::Random
    }
}
