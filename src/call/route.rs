//! Which bot takes a call, and what keeps one from being taken.
use super::desk::Desk;
use crate::bots::Shelf as _;
use crate::config::{Config, ECHO};
use crate::engines::{self, Loaded};
use std::sync::Arc;
use std::time::Duration;
use telephony::{Called, Decline};

pub(super) enum Route {
    Echo,
    Bot(String, Arc<Loaded>),
}

/// Why a call finds no bot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NoRoute {
    Draining,
    /// No `[[route]]` names the user, and there is no `default_route`.
    Unknown,
    /// The file of this bot cannot be used, and no version of it has worked since the start.
    Broken(String),
    /// No voice for the language of this bot works.
    Voiceless(String),
}

impl From<&NoRoute> for Decline {
    fn from(why: &NoRoute) -> Self {
        match why {
            NoRoute::Draining => Self::Overloaded(Duration::from_secs(30)),
            NoRoute::Unknown => Self::Unknown,
            NoRoute::Broken(_) | NoRoute::Voiceless(_) => Self::Overloaded(Duration::from_secs(60)),
        }
    }
}

/// The bot that the configuration names for a called user.
fn bot_of<'a>(config: &'a Config, called: &Called) -> Option<&'a str> {
    let users = config.route.iter().map(|route| route.user.as_str());
    let named = config.numbers.plan().find(called, users).map(|at| &config.route[at].bot);
    named.or(config.default_route.as_ref()).map(String::as_str)
}

impl Desk {
    /// What takes a call to `called` at this moment.
    pub(super) fn route(&self, called: &Called) -> Result<Route, NoRoute> {
        if self.is_draining() {
            return Err(NoRoute::Draining);
        }
        let bot = bot_of(&self.parts().config, called).ok_or(NoRoute::Unknown)?;
        if bot == ECHO {
            return Ok(Route::Echo);
        }
        let missing = || match self.parts().bots.knows(bot) {
            true => NoRoute::Broken(bot.into()),
            false => NoRoute::Unknown,
        };
        match self.bot(bot).ok_or_else(missing)? {
            Route::Bot(name, loaded) if !self.parts().engines.can_speak(engines::language(loaded.bot.language)) => {
                Err(NoRoute::Voiceless(name))
            }
            route => Ok(route),
        }
    }

    pub(super) fn bot(&self, name: &str) -> Option<Route> {
        let loaded = self.parts().bots.get(name)?;
        Some(Route::Bot(name.to_owned(), loaded))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Route as Line;

    #[test]
    fn a_call_goes_where_its_user_or_its_number_is_named_and_else_to_the_default() {
        let mut config = Config::default();
        config.route.push(Line { user: "+842412345678".into(), bot: "places.vi".into() });
        config.route.push(Line { user: "1900".into(), bot: ECHO.into() });
        (config.default_route, config.numbers.country_code) = (None, "84".into());
        let bot = |config: &Config, uri: &str| bot_of(config, &Called::of(uri)).map(str::to_owned);
        let cases = [
            ("sip:echo;npdi;rn=+12065550100@h", Some(ECHO)),
            ("sip:b%6Foking@h", Some("booking.en")),
            ("sip:Booking@h", None),
            ("tel:+84-24-1234-5678", Some("places.vi")),
            ("sip:02412345678@h;user=phone", Some("places.vi")),
            ("sip:00842412345678@h", Some("places.vi")),
            ("sip:1900@h", Some(ECHO)),
            ("sip:2412345678@h", None),
            ("sip:h", None),
        ];
        for (uri, expected) in cases {
            assert_eq!(bot(&config, uri).as_deref(), expected, "{uri}");
        }
        config.default_route = Some("booking.en".into());
        assert_eq!(bot(&config, "sip:Booking@h").as_deref(), Some("booking.en"));
        config.numbers.country_code = String::new();
        assert_eq!(bot(&config, "sip:02412345678@h").as_deref(), Some("booking.en"), "no country, no national prefix");
    }
}
