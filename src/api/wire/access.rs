//! The shapes of users, sessions, tokens and the audit.
use crate::security::{ApiToken, AuditRecord, Principal, Right, Role, User, UserIdentity};
use jiff::Timestamp;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType, Type};
use utoipa::{IntoParams, PartialSchema, ToSchema};

/// A word of a list: serialised by its name, and described as one of the names.
macro_rules! word {
    ($type:ident, $what:literal) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.name())
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let name = Cow::<str>::deserialize(deserializer)?;
                $type::of(&name).ok_or_else(|| {
                    let known: Vec<_> = $type::ALL.iter().map(|one| one.name()).collect();
                    D::Error::custom(format!("{} is one of {}", $what, known.join(", ")))
                })
            }
        }

        impl PartialSchema for $type {
            fn schema() -> RefOr<Schema> {
                let names = $type::ALL.iter().map(|one| one.name());
                ObjectBuilder::new().schema_type(SchemaType::Type(Type::String)).enum_values(Some(names)).into()
            }
        }

        impl ToSchema for $type {
            fn name() -> Cow<'static, str> {
                stringify!($type).into()
            }
        }
    };
}

word!(Role, "a role");
word!(Right, "a right");

/// Name and password of a user.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    pub name: String,
    pub password: String,
}

/// Another password for whoever asks.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPassword {
    /// The password of now.
    pub current: String,
    /// At least 12 characters.
    pub password: String,
}

/// The one-time link that the first start prints, and who its first admin shall be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WelcomeForm {
    /// What stands after `#welcome=`.
    pub link: String,
    pub name: String,
    /// At least 12 characters.
    pub password: String,
}

/// By what somebody can sign in here.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct SignInWays {
    /// By name and password.
    pub password: bool,
    /// By this OpenID Connect provider; `null`: by none.
    pub provider: Option<ProviderDocument>,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct ProviderDocument {
    /// What people call it.
    pub name: String,
}

/// Where a browser goes to sign in by the provider.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct WayToProvider {
    pub address: String,
}

/// What a browser came back from the provider with: the parameters of its address (RFC 6749 section 4.1.2, RFC 9207).
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProviderAnswer {
    pub state: String,
    pub code: Option<String>,
    /// Why there is no code: `access_denied` and others.
    pub error: Option<String>,
    pub iss: Option<String>,
}

/// Who asks, and what that one may do.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct SessionRights {
    pub user: SessionUser,
    /// Those that it has at all; where `bots` is a list, for calls of these bots alone.
    pub rights: Vec<Right>,
    /// What requests that change something carry as `x-csrf-token`; `null` where a token asks.
    pub csrf: Option<String>,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct SessionUser {
    pub name: String,
    pub role: Role,
    /// `null`: all bots.
    pub bots: Option<Vec<String>>,
}

impl SessionRights {
    pub fn of(principal: &Principal, csrf: Option<String>) -> Self {
        let Principal { name, role, bots, .. } = principal.clone();
        let user = SessionUser { name, role, bots: bots.map(|bots| bots.to_vec()) };
        Self { user, rights: principal.effective().iter().collect(), csrf }
    }
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct UserDocument {
    pub name: String,
    pub role: Role,
    /// The bots whose calls this user is restricted to; `null`: all.
    pub bots: Option<Vec<String>>,
    pub disabled: bool,
    pub created_at: Timestamp,
    /// Who it is at the provider by which they sign in; `null`: they sign in by a password.
    pub identity: Option<IdentityDocument>,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct IdentityDocument {
    pub issuer: String,
    /// `null`: invited, and not signed in yet.
    pub subject: Option<String>,
}

impl From<User> for UserDocument {
    fn from(User { name, role, bots, disabled, created_at, identity }: User) -> Self {
        let identity = identity.map(|UserIdentity { issuer, subject }| IdentityDocument { issuer, subject });
        Self { name, role, bots, disabled, created_at, identity }
    }
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct Users {
    pub users: Vec<UserDocument>,
}

/// A user to make.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUserDocument {
    /// 1 to 64 characters: letters a to z, digits, and `. _ - @`.
    #[schema(example = "ada@shop.example")]
    pub name: String,
    /// At least 12 characters. Not given: the user signs in by the provider, which calls them by `name`.
    pub password: Option<String>,
    pub role: Role,
    /// Not given, or `null`: all bots.
    pub bots: Option<Vec<String>>,
}

/// What is to be another way of a user; what is not given stays.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UserPatch {
    pub role: Option<Role>,
    /// `null`: all bots.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<Vec<String>>)]
    pub bots: Option<Option<Vec<String>>>,
    /// At least 12 characters.
    pub password: Option<String>,
    /// One who is disabled cannot sign in, and has no session and no token.
    pub disabled: Option<bool>,
}

/// A value that is given, `null` too.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// An API token, without its secret.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct TokenDocument {
    pub id: String,
    pub name: String,
    /// The user whose it is, or `admin.token`. It never has more rights or bots than this one, nor than the token that made it, and ends
    /// with these.
    pub owner: String,
    pub rights: Vec<Right>,
    /// `null`: all bots.
    pub bots: Option<Vec<String>>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

impl From<ApiToken> for TokenDocument {
    fn from(ApiToken { id, name, owner, rights, bots, created_at, expires_at, .. }: ApiToken) -> Self {
        Self { id, name, owner, rights: rights.iter().collect(), bots, created_at, expires_at }
    }
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct Tokens {
    pub tokens: Vec<TokenDocument>,
}

/// A token to make.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTokenDocument {
    /// 1 to 64 characters. An owner has one token of a name.
    #[schema(example = "crm")]
    pub name: String,
    /// At least one; none that its maker has not.
    pub rights: Vec<Right>,
    /// Not given, or `null`: all bots.
    pub bots: Option<Vec<String>>,
    /// In at most 366 days; not after the token that makes this one.
    pub expires_at: Timestamp,
}

/// A token that was made.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct TokenMade {
    #[serde(flatten)]
    pub about: TokenDocument,
    /// The bearer. It is shown this once.
    pub token: String,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AuditQuery {
    /// 1 to 1000; not given: 100.
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<usize>,
    /// Only records before this number: the `before` of the page read last.
    pub before: Option<i64>,
    /// Only records of this call.
    #[param(format = "uuid")]
    pub call: Option<String>,
}

/// Records of the audit, newest first.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct AuditPage {
    pub records: Vec<AuditRow>,
    /// Give this as `before` to read on; `null` at the end.
    pub before: Option<i64>,
}

/// Who did what. `hash` is SHA-256 over `previous`, a line feed, and the JSON array of seq, microseconds since 1970, name, kind, action,
/// call and detail (as text).
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct AuditRow {
    /// From 1, without gaps.
    pub seq: i64,
    pub at: Timestamp,
    /// A user's name, `OWNER/NAME` of an API token, `admin.token`, or `command line`.
    pub name: String,
    /// `session`, `token`, `admin_token` or `command`.
    pub kind: String,
    pub action: String,
    pub call: Option<String>,
    /// What else is known of it: a JSON object, as text.
    pub detail: String,
    pub previous: String,
    pub hash: String,
}

impl From<AuditRecord> for AuditRow {
    fn from(record: AuditRecord) -> Self {
        let AuditRecord { seq, at, name, kind, action, call, detail, previous, hash } = record;
        Self { seq, at, name, kind, action, call, detail, previous, hash }
    }
}
