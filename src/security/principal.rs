//! `Principal`: whoever a request is from, and what that one may do.
use super::roles::{Reach, Right, Rights, Role};
use std::sync::Arc;

/// The name under which the token in `admin.token` acts. No user can be called so.
pub const ADMIN_TOKEN: &str = "admin.token";
/// The name under which commands of this machine act.
pub const COMMAND: &str = "command line";

/// By what somebody is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrincipalKind {
    /// A browser that signed in.
    Session,
    /// An API token.
    Token,
    /// The token in `admin.token`.
    AdminToken,
    /// Somebody with a shell on this machine.
    Command,
}

impl PrincipalKind {
    /// As records name it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Token => "token",
            Self::AdminToken => "admin_token",
            Self::Command => "command",
        }
    }
}

/// Whoever asks.
#[derive(Clone, Debug)]
pub struct Principal {
    /// The user's name; of an API token, `OWNER/NAME`.
    pub name: String,
    /// The role of the user; of an API token, its owner's.
    pub role: Role,
    /// Of a token, less than what its owner's role has.
    pub rights: Rights,
    /// The bots whose calls it is restricted to; `None`: all.
    pub bots: Option<Arc<[String]>>,
    pub kind: PrincipalKind,
    /// The digest of what was presented, by which it is asked for again.
    pub(super) credential: Arc<str>,
}

impl Principal {
    /// Whoever presents the token in `admin.token`.
    pub fn admin_token() -> Self {
        Self::of_server(ADMIN_TOKEN, PrincipalKind::AdminToken)
    }

    /// Whoever gives commands in a shell.
    pub fn command() -> Self {
        Self::of_server(COMMAND, PrincipalKind::Command)
    }

    fn of_server(name: &str, kind: PrincipalKind) -> Self {
        Self { name: name.into(), role: Role::Admin, rights: Rights::all(), bots: None, kind, credential: "".into() }
    }

    /// Whether it may do this: with calls of `bot`, or, where none is named, with some call or with the server.
    pub fn may(&self, right: Right, bot: Option<&str>) -> bool {
        self.rights.contains(right) && bot.is_none_or(|bot| self.reaches(bot)) && self.has_reach(right)
    }

    /// Whether it may have to do with calls of this bot.
    pub fn reaches(&self, bot: &str) -> bool {
        self.bots.as_ref().is_none_or(|bots| bots.iter().any(|one| one == bot))
    }

    /// The same with what a link to a call of `bot` lets it do besides. For that call alone: with its own bots it would reach more.
    pub fn with_link(self, link: Rights, bot: Option<&str>) -> Self {
        // Its own rights do not reach other bots' calls, and the link's do.
        let own = if bot.is_none_or(|bot| self.reaches(bot)) { self.rights } else { Rights::default() };
        let bots = bot.map(|bot| Arc::from([bot.to_owned()])).or(self.bots);
        Self { rights: own.iter().chain(link.iter()).collect(), bots, ..self }
    }

    /// The rights that it has at all: without those of the whole server where it is restricted to some bots.
    pub fn effective(&self) -> Rights {
        self.rights.iter().filter(|right| self.has_reach(*right)).collect()
    }

    fn has_reach(&self, right: Right) -> bool {
        right.reach() == Reach::Bots || self.bots.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_restricted_admin_manages_its_bots_calls_and_not_the_server() {
        let bots: Arc<[String]> = vec!["booking.en".to_owned()].into();
        let admin = Principal { bots: Some(bots), ..Principal::admin_token() };
        assert!(admin.may(Right::EndCalls, Some("booking.en")) && admin.may(Right::EndCalls, None));
        assert!(!admin.may(Right::EndCalls, Some("places.vi")));
        for right in Right::ALL {
            assert_eq!(admin.may(right, None), right.reach() == Reach::Bots, "{right}");
            assert!(Principal::admin_token().may(right, Some("places.vi")));
        }
        assert!(!admin.effective().contains(Right::ManageUsers) && admin.effective().contains(Right::Erase));
    }
}
