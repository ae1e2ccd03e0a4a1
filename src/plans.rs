//! What the configuration means to each part: their plans.
use crate::config::{self, Config, Trunk};
use crate::insight::health::{Grade, HealthPlan};
use crate::oidc::{ProviderPlan, RoleRule};
use crate::security::{Joining, Secret, WebOrigin};
use crate::widget::{OwnPageClients, PageAccessPlan, Relay};
use anyhow::anyhow;
use media::Rate;
use media::codec::OpusPlan;
use media::engine::EnginePlan;
use media::pool::PoolPlan;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;
use telephony::address::Network;
use telephony::rtp::{Latching, PortsPlan, RtpAddress};
use telephony::sdp::{Prefs, Security};
use telephony::sip::{Credentials, Limits, Phone, Registration, ReplyPort, SipPlan, SipTransport};
use telephony::webrtc::{Ice, WebRtcPlan};

/// The longest wait for one answer of a sign-in provider: somebody sits before the page.
const PROVIDER_PATIENCE: Duration = Duration::from_secs(8);

pub fn engine(config: &Config) -> EnginePlan {
    let mut plan = EnginePlan { threads: config.media.threads, ..EnginePlan::default() };
    plan.realtime = config.media.realtime;
    plan.rules.rtp_timeout = config.rtp.timeout_ms.into();
    plan.rules.jitter.min_delay = config.media.jitter_min_ms.into();
    plan.rules.jitter.max_delay = config.media.jitter_max_ms.into();
    plan
}

pub fn health(config: &Config) -> HealthPlan {
    let health = &config.health;
    let grade = |config::Grade { from, full, points }: config::Grade| Grade { from, full, points };
    HealthPlan {
        window: health.window_ms.into(),
        person_wanted: grade(health.person_wanted),
        not_understood: grade(health.not_understood),
        silence: grade(health.silence_ms),
        dead_air: grade(health.dead_air_ms),
        slow_answers: grade(health.slow_answers_ms),
        no_sound: grade(health.no_sound_ms),
        poor_line: grade(health.poor_line_mos),
        interruptions: grade(health.interruptions),
        failures: grade(health.failures),
        long_call: grade(health.long_call_ms),
        upset: grade(health.upset),
    }
}

pub fn pool(config: &Config) -> PoolPlan {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    PoolPlan {
        threads: config.speech.workers(cores),
        listen_limit: config.speech.listen_limit_ms.into(),
        speak_limit: config.speech.speak_limit_ms.into(),
        full_wait: config.speech.full_wait_ms.into(),
        ..PoolPlan::default()
    }
}

pub fn ports(config: &Config) -> PortsPlan {
    let told = |bind: IpAddr| {
        let told = config.rtp.advertise.iter().find(|address| address.is_ipv4() == bind.is_ipv4());
        RtpAddress { bind, advertise: told.copied().unwrap_or(bind) }
    };
    let mut homes = config.rtp.bind.iter().copied().map(told);
    let first = homes
        .next()
        .unwrap_or(RtpAddress { bind: IpAddr::V4(Ipv4Addr::LOCALHOST), advertise: IpAddr::V4(Ipv4Addr::LOCALHOST) });
    PortsPlan {
        bind: first.bind,
        advertise: first.advertise,
        other: homes.find(|home| home.bind.is_ipv4() != first.bind.is_ipv4()),
        from: config.rtp.ports_from,
        to: config.rtp.ports_to,
        drain: config.rtp.drain_ms.into(),
        latching: match config.rtp.latching {
            config::Latching::Anyone => Latching::Anyone,
            config::Latching::SameHost => Latching::SameHost,
            config::Latching::Nobody => Latching::Nobody,
        },
        silence: config.rtp.timeout_ms.into(),
    }
}

pub fn rtc(config: &Config) -> WebRtcPlan {
    let rtc = &config.rtc;
    WebRtcPlan {
        bind: rtc.bind.clone(),
        ports: (rtc.ports_from != 0).then_some(rtc.ports_from..=rtc.ports_to),
        public: rtc.public_address,
        ice: match rtc.ice {
            config::Ice::Lite => Ice::Lite,
            config::Ice::Full => Ice::Full,
        },
        tcp: rtc.tcp,
        lost: rtc.lost_ms.into(),
        grace: config.widget.grace_s.into(),
        // Sound between two computers is opened at what speech needs.
        opus: OpusPlan { rate: Rate::Hz16000, ..config.rtp.opus.plan() },
        ..WebRtcPlan::default()
    }
}

/// The provider by which users sign in; `None`: there is none.
pub fn provider(config: &Config) -> anyhow::Result<Option<ProviderPlan>> {
    let oidc = &config.oidc;
    let Some(issuer) = oidc.issuer.clone() else { return Ok(None) };
    let rule = |rule: &config::OidcRole| RoleRule {
        claim: rule.claim.clone(),
        value: rule.value.clone(),
        role: rule.role,
        bots: Some(rule.bots.clone()).filter(|bots| !bots.is_empty()),
    };
    Ok(Some(ProviderPlan {
        name: oidc.name.clone(),
        issuer,
        client: oidc.client_id.clone(),
        secret: oidc.client_secret().map_err(|why| anyhow!("oidc.client_secret: {why}"))?,
        scopes: oidc.scopes.clone(),
        name_claim: oidc.name_claim.clone(),
        joining: match oidc.users {
            config::JoiningUsers::Invited => Joining::Invited,
            config::JoiningUsers::Made => Joining::AtFirstSignIn,
        },
        roles: oidc.role.iter().map(rule).collect(),
        leeway: oidc.leeway_s.into(),
        patience: PROVIDER_PATIENCE,
    }))
}

/// `own`: what this server's own pages are called, and from where they count.
pub fn page_access(config: &Config, own: Vec<(WebOrigin, OwnPageClients)>) -> anyhow::Result<PageAccessPlan> {
    let (widget, rtc) = (&config.widget, &config.rtc);
    Ok(PageAccessPlan {
        enabled: widget.enabled,
        origins: widget.origins.iter().filter_map(|origin| WebOrigin::parse(origin)).collect(),
        own,
        public: widget.public.clone(),
        ttl: widget.token_ttl_s.into(),
        grace: widget.grace_s.into(),
        calls: widget.max_calls as usize,
        calls_per_address: widget.calls_per_address as usize,
        sessions_per_minute: widget.sessions_per_minute,
        proxies: networks(&widget.proxies),
        stun: rtc.stun.clone(),
        turn: (rtc.turn_secret().map_err(anyhow::Error::msg)?).map(|secret| Relay {
            urls: rtc.turn.clone(),
            secret,
            ttl: rtc.turn_ttl_s.into(),
        }),
    })
}

pub fn sip(config: &Config) -> anyhow::Result<SipPlan> {
    let sip = &config.sip;
    let mut phones = Vec::new();
    for phone in &config.phone {
        let password = phone.password().map_err(|why| anyhow!("phone {}: {why}", phone.name))?;
        phones.push(Phone { name: phone.name.clone(), credentials: credentials(&phone.user, &password) });
    }
    let mut trunks = Vec::new();
    for trunk in &config.trunk {
        trunks.push(telephony::sip::Trunk {
            name: trunk.name.clone(),
            networks: networks(&trunk.networks),
            registration: trunk.register.as_ref().map(|register| registration(trunk, register)).transpose()?,
            headers: trunk.headers.clone(),
        });
    }
    let rate = match sip.messages_per_second_per_source {
        0 => u32::MAX,
        rate => rate,
    };
    let limits = Limits {
        calls: sip.max_calls as usize,
        full_status: sip.full_status,
        rate,
        burst: rate.saturating_mul(4),
        ring: sip.ring_limit_s.into(),
        ..Limits::default()
    };
    Ok(SipPlan {
        udp: sip.udp.to_vec(),
        tcp: sip.tcp.to_vec(),
        advertise: sip.advertise.to_vec(),
        user_agent: sip.user_agent.clone(),
        realm: sip.realm.clone(),
        prefs: prefs(config),
        phones,
        trunks,
        open: networks(&sip.open_networks),
        reply_port: match sip.reply_port {
            config::ReplyPort::Via => ReplyPort::Via,
            config::ReplyPort::Source => ReplyPort::Source,
        },
        limits,
        ..SipPlan::default()
    })
}

fn prefs(config: &Config) -> Prefs {
    Prefs {
        codecs: config.rtp.codecs.iter().map(|codec| codec.with(&config.rtp.opus)).collect(),
        ptime: config.rtp.ptime_ms.into(),
        security: match config.rtp.srtp {
            config::Srtp::Off => Security::Off,
            config::Srtp::Offered => Security::Offered,
            config::Srtp::Required => Security::Required,
        },
        ..Prefs::default()
    }
}

fn networks(networks: &[config::Network]) -> Vec<Network> {
    networks.iter().map(|network| network.0).collect()
}

pub(crate) fn credentials(user: &str, password: &Secret) -> Credentials {
    Credentials { user: user.to_owned(), password: password.reveal().to_owned() }
}

fn registration(trunk: &Trunk, register: &config::Register) -> anyhow::Result<Registration> {
    let password = register.password().map_err(|why| anyhow!("trunk {}: {why}", trunk.name))?;
    Ok(Registration {
        registrar: register.server.clone(),
        user: register.user.clone(),
        credentials: credentials(&register.user, &password),
        expires: register.expires_s.into(),
        transport: match trunk.transport {
            config::Transport::Udp => SipTransport::Udp,
            config::Transport::Tcp => SipTransport::Tcp,
        },
        outbound_proxy: trunk.outbound_proxy.clone(),
    })
}
