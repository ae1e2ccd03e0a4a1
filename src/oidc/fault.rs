//! Why somebody is not signed in by the provider, or the provider cannot be used.
use super::claims::ClaimFault;
use super::jws::FormFault;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OidcFault {
    #[error("this sign-in was used, took longer than ten minutes, or was begun in another browser: begin again")]
    Over,
    #[error("the sign-in provider does not answer ({0}): try again in a moment; `switchboard check` says more")]
    Down(String),
    #[error("the sign-in provider cannot be used: {0}; `switchboard check` says more")]
    Wrong(String),
    #[error("the sign-in provider refused it: {0}")]
    Refused(String),
    #[error("the sign-in provider's token is not believed: {0}")]
    Token(TokenFault),
    #[error(
        "the sign-in provider does not say who this is: the claim `{0}` is missing, or is an e-mail address that is not verified"
    )]
    NoName(String),
    #[error("the sign-in provider knows this user, and no [[oidc.role]] gives them a role here: ask an admin for one")]
    NoRole { name: String },
    #[error("too many sign-ins are under way: try again in a moment")]
    Busy,
    #[error("the system gives no random numbers")]
    Random,
}

/// Why an ID token is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenFault {
    #[error("{0}")]
    Form(String),
    #[error("its key is none of the provider's")]
    Key,
    #[error("its signature is wrong")]
    Signature,
    #[error("{0}")]
    Claim(#[from] ClaimFault),
}

impl From<FormFault> for TokenFault {
    fn from(fault: FormFault) -> Self {
        Self::Form(fault.to_string())
    }
}

impl From<TokenFault> for OidcFault {
    fn from(fault: TokenFault) -> Self {
        Self::Token(fault)
    }
}

impl OidcFault {
    /// The word for it, for programs and for the audit.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Over => "sign_in_over",
            Self::Down(_) => "provider_down",
            Self::Wrong(_) | Self::Random => "provider_wrong",
            Self::Refused(_) => "provider_refused",
            Self::Token(_) => "token_wrong",
            Self::NoName(_) => "no_name",
            Self::NoRole { .. } => "no_role",
            Self::Busy => "too_many",
        }
    }
}
