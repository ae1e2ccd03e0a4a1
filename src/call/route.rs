//! `Route`: which bot answers a call, and why a call is refused.
use super::registry::Registry;
use super::resources::Resources;
use crate::bots::{BotCatalog as _, Bots};
use crate::config::{Config, ECHO};
use crate::engines::{self, Engines, Loaded};
use media::pool::Pool;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
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
    /// The speech workers are behind: a further call would make those in progress wait.
    Busy,
}

/// `Retry-After` while the speech workers are behind.
pub(super) const BUSY: Duration = Duration::from_secs(10);

impl From<&NoRoute> for Decline {
    fn from(why: &NoRoute) -> Self {
        match why {
            NoRoute::Draining => Self::Overloaded(Duration::from_secs(30)),
            NoRoute::Unknown => Self::Unknown,
            NoRoute::Busy => Self::Overloaded(BUSY),
            NoRoute::Broken(_) | NoRoute::Voiceless(_) => Self::Overloaded(Duration::from_secs(60)),
        }
    }
}

/// The bot that the configuration names for the called user.
fn bot_of<'a>(config: &'a Config, called: &Called) -> Option<&'a str> {
    let users = config.route.iter().map(|route| route.user.as_str());
    let named = config.numbers.plan().find(called, users).map(|at| &config.route[at].bot);
    named.or(config.default_route.as_ref()).map(String::as_str)
}

/// Finds the bot that answers a call.
pub(super) struct Router {
    config: Arc<Config>,
    bots: Arc<Bots<Loaded>>,
    engines: Arc<Engines>,
    pool: Arc<Pool>,
    registry: Registry,
    /// Whether the speech workers were behind when it was last asked.
    was_busy: AtomicBool,
}

impl Router {
    pub(super) fn new(resources: &Resources, registry: Registry) -> Self {
        let Resources { config, bots, engines, pool, .. } = resources;
        let (config, bots, engines, pool) = (config.clone(), bots.clone(), engines.clone(), pool.clone());
        Self { config, bots, engines, pool, registry, was_busy: AtomicBool::new(false) }
    }

    /// What answers a call to `called` at this moment.
    pub(super) fn route(&self, called: &Called) -> Result<Route, NoRoute> {
        if self.registry.is_draining() {
            return Err(NoRoute::Draining);
        }
        match self.by_name(bot_of(&self.config, called).ok_or(NoRoute::Unknown)?)? {
            Route::Bot(..) if self.is_busy() => Err(NoRoute::Busy),
            route => Ok(route),
        }
    }

    /// The bot of this name, or the echo, if it can be used.
    pub(super) fn by_name(&self, name: &str) -> Result<Route, NoRoute> {
        if name == ECHO {
            return Ok(Route::Echo);
        }
        match self.bot(name) {
            None if self.bots.knows(name) => Err(NoRoute::Broken(name.into())),
            None => Err(NoRoute::Unknown),
            Some(Route::Bot(name, loaded)) if !self.engines.can_speak(engines::language(loaded.bot.language)) => {
                Err(NoRoute::Voiceless(name))
            }
            Some(route) => Ok(route),
        }
    }

    pub(super) fn bot(&self, name: &str) -> Option<Route> {
        let loaded = self.bots.get(name)?;
        Some(Route::Bot(name.to_owned(), loaded))
    }

    /// How an INVITE to `called` would be answered, for OPTIONS. Without a user part the server as a whole is asked.
    pub(super) fn availability(&self, called: &Called) -> Result<(), Decline> {
        match self.route(called) {
            _ if called.user().is_empty() && self.is_busy() => Err(Decline::Overloaded(BUSY)),
            // A fault of one bot is none of the server.
            Err(NoRoute::Unknown | NoRoute::Broken(_) | NoRoute::Voiceless(_)) if called.user().is_empty() => Ok(()),
            found => found.map(drop).map_err(|why| Decline::from(&why)),
        }
    }

    /// Whether bots take no calls because the speech workers are behind.
    pub(super) fn is_busy(&self) -> bool {
        let busy = self.pool.is_full();
        if self.was_busy.swap(busy, Ordering::Relaxed) != busy {
            if busy {
                tracing::warn!("speech workers are behind: new calls for bots are refused (speech.full_wait_ms)");
            } else {
                tracing::info!("speech workers have caught up: bots take calls again");
            }
        }
        busy
    }

    /// Counts a call refused because of [`NoRoute::Busy`].
    pub(super) fn count_busy(&self) {
        metrics::counter!("switchboard_speech_refused_total").increment(1);
        tracing::debug!("a call was refused: speech workers are behind");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::{CallControl, Calls, DialFault, DialOrder};
    use crate::config::{Ms, Route as Line};
    use crate::plans;
    use crate::store::Store;
    use crate::store::vault::RecordingPolicy;
    use media::Language;
    use media::Rate;
    use media::engine::Engine;
    use media::tts::scripted::{Manner, Scripted};
    use media::tts::{self, Sink, Sound, Speak, Unsent};
    use tokio::sync::mpsc;

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

    /// Keeps no sound.
    struct Nowhere;

    impl Sink for Nowhere {
        fn sound(&mut self, _: Sound) -> Result<(), Unsent> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn bots_take_no_calls_while_those_inside_wait_for_a_speech_worker() {
        let dir = crate::testdir("route-busy");
        std::fs::create_dir_all(dir.join("bots")).unwrap();
        std::fs::write(dir.join("bots/b.toml"), include_str!("../../configs/bots/booking.en.toml")).unwrap();
        let mut config = Config { default_route: Some("b".into()), ..Config::default() };
        (config.speech.threads, config.speech.full_wait_ms) = (1, Ms(40));
        config.route.push(Line { user: "echo".into(), bot: ECHO.into() });
        let vad = media::vad::Models::load(None).unwrap();
        let voice = Arc::new(Scripted::new(Manner::Slow(Duration::from_millis(10))));
        let engines = Arc::new(Engines::of(vad.clone(), vec![], vec![voice]));
        let reader = engines.clone();
        let calls = Calls::new(Resources {
            engine: Engine::start(plans::engine(&config), vad).unwrap(),
            pool: Pool::start(plans::pool(&config)).unwrap(),
            engines,
            bots: Arc::new(Bots::load(&dir.join("bots"), move |name, text| reader.read(name, text)).unwrap()),
            store: Store::open(&dir.join("store")).await.unwrap(),
            recording_policy: RecordingPolicy::of(&config.store),
            approvals: Default::default(),
            toolbox: Default::default(),
            begins: None,
            config: Arc::new(config),
        });
        let (bot, echo, server) = (Called::of("sip:b@h"), Called::of("sip:echo@h"), Called::of("sip:h"));
        assert!(calls.0.router.route(&bot).is_ok() && calls.0.router.availability(&server).is_ok());
        let refused = || metrics_of(&calls, "switchboard_speech_full");
        assert_eq!(refused(), 0.0);
        // Twenty callers' bots speak at once, and one worker speaks for all.
        let resources = calls.resources();
        let voice = tts::Voice { language: Language::En, name: String::new(), rate: Rate::Hz8000 };
        let (out, _news) = mpsc::channel(256);
        let speakers: Vec<_> = (0..20)
            .map(|call| {
                let voices = resources.engines.voices(Language::En);
                resources.pool.speaker(call, voices, voice.clone(), Box::new(Nowhere), out.clone())
            })
            .collect();
        for speaker in &speakers {
            speaker.say(tts::UtteranceId(1), "one moment".into(), true).unwrap();
        }
        for _ in 0..500 {
            if CallControl::is_busy(&calls) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(calls.0.router.route(&bot).err(), Some(NoRoute::Busy));
        assert!(calls.0.router.route(&echo).is_ok(), "an echo needs no speech worker");
        assert_eq!(calls.0.router.availability(&bot), Err(Decline::Overloaded(BUSY)));
        assert_eq!(calls.0.router.availability(&server), Err(Decline::Overloaded(BUSY)));
        assert!(CallControl::health(&calls).busy);
        assert_eq!(refused(), 1.0);
        let dial = DialOrder { to: "sip:a@127.0.0.1:9".into(), bot: "b".into(), from: None };
        assert_eq!(CallControl::dial(&calls, dial).await, Err(DialFault::Busy));
    }

    fn metrics_of(calls: &Calls, name: &str) -> f64 {
        CallControl::gauges(calls).iter().find(|(gauge, _)| *gauge == name).map_or(f64::NAN, |(_, value)| *value)
    }
}
