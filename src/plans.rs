//! What the configuration means to each part: their plans.
use crate::api::DialFault;
use crate::api::serve::WebPlan;
use crate::api::tls::Files;
use crate::config::{self, Config, Trunk};
use crate::security::Secret;
use crate::widget::{DoorPlan, Origin, Own, Relay};
use anyhow::anyhow;
use media::Rate;
use media::codec::OpusPlan;
use media::engine::EnginePlan;
use media::pool::PoolPlan;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;
use telephony::Called;
use telephony::address::Network;
use telephony::rtp::{Latching, PortsPlan, RtpAddress};
use telephony::sdp::{Prefs, Security};
use telephony::sip::{Carrier, Credentials, Dial, Limits, Phone, Registration, ReplyPort, SipPlan, is_address};
use telephony::webrtc::{Ice, WebRtcPlan};

/// Where the web address's certificate and key lie, if it has any.
pub fn tls(config: &Config) -> Option<Files> {
    config.http.tls().map(|(certificate, key)| Files { certificate, key })
}

pub fn engine(config: &Config) -> EnginePlan {
    let mut plan = EnginePlan { threads: config.media.threads, ..EnginePlan::default() };
    plan.realtime = config.media.realtime;
    plan.rules.rtp_timeout = config.rtp.timeout_ms.into();
    plan.rules.jitter.least = config.media.jitter_min_ms.into();
    plan.rules.jitter.most = config.media.jitter_max_ms.into();
    plan
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

pub fn web(config: &Config) -> WebPlan {
    WebPlan { proxies: networks(&config.widget.proxies).into(), ..WebPlan::default() }
}

/// `own`: what this server's own pages are called, and from where they count.
pub fn door(config: &Config, own: Vec<(Origin, Own)>) -> anyhow::Result<DoorPlan> {
    let (widget, rtc) = (&config.widget, &config.rtc);
    Ok(DoorPlan {
        enabled: widget.enabled,
        origins: widget.origins.iter().filter_map(|origin| Origin::parse(origin)).collect(),
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

fn credentials(user: &str, password: &Secret) -> Credentials {
    Credentials { user: user.to_owned(), password: password.reveal().to_owned() }
}

fn registration(trunk: &Trunk, register: &config::Register) -> anyhow::Result<Registration> {
    let password = register.password().map_err(|why| anyhow!("trunk {}: {why}", trunk.name))?;
    Ok(Registration {
        registrar: register.server.clone(),
        user: register.user.clone(),
        credentials: credentials(&register.user, &password),
        expires: register.expires_s.into(),
        carrier: match trunk.transport {
            config::Transport::Udp => Carrier::Udp,
            config::Transport::Tcp => Carrier::Tcp,
        },
        outbound_proxy: trunk.outbound_proxy.clone(),
    })
}

fn carrier(uri: &str) -> Carrier {
    if uri.to_ascii_lowercase().contains(";transport=tcp") { Carrier::Tcp } else { Carrier::Udp }
}

/// What to dial for the API's `to`: a SIP URI as it is, or a number (a tel URI is one) by the first trunk that can call out.
pub fn dial(config: &Config, to: &str, from: Option<&str>) -> Result<Dial, DialFault> {
    let timeout: Duration = config.call.dial_timeout_s.into();
    let trunk = config.trunk.iter().find_map(|trunk| trunk.register.as_ref().map(|register| (trunk, register)));
    if to.contains(|c: char| c.is_control() || " <>\"".contains(c)) {
        return Err(DialFault::Address("it holds characters that no SIP URI has"));
    }
    let scheme = to.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
    if scheme.as_deref() == Some("sip") {
        if !is_address(to) {
            return Err(DialFault::Address("it is no SIP URI: sip:user@host, with a port up to 65535"));
        }
        // A destination at a trunk's own host is called with its credentials.
        let trunk = trunk.filter(|(_, register)| host(to) == host(&register.server));
        return through(trunk, to.to_owned(), from, timeout);
    }
    let number = match scheme.as_deref() {
        Some("tel") => Called::of(to).user().to_owned(),
        _ => to.to_owned(),
    };
    if number.is_empty() || !number.chars().all(|c| c.is_ascii_digit() || "+*#".contains(c)) {
        return Err(DialFault::Address("write a SIP URI (sip:user@host) or a number of digits"));
    }
    let Some((_, register)) = trunk else {
        return Err(DialFault::Destination("a number needs a [[trunk]] that registers"));
    };
    // In a URI a hash is written by its code (RFC 3261 section 25.1).
    let user = number.replace('#', "%23");
    through(trunk, format!("sip:{user}@{}", register.server.trim_start_matches("sip:")), from, timeout)
}

/// Host and port of a SIP URI, without user and parameters.
fn host(uri: &str) -> &str {
    let rest =
        uri.split_once(':').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("sip")).map_or(uri, |(_, rest)| rest);
    let rest = rest.split_once('@').map_or(rest, |(_, host)| host);
    rest.split(';').next().unwrap_or(rest)
}

fn through(
    trunk: Option<(&Trunk, &config::Register)>,
    to: String,
    from: Option<&str>,
    timeout: Duration,
) -> Result<Dial, DialFault> {
    let mut dial = Dial { carrier: carrier(&to), to, timeout, ..Dial::default() };
    if let Some((trunk, register)) = trunk {
        let password =
            register.password().map_err(|_| DialFault::Destination("the trunk's password cannot be read"))?;
        dial.credentials = Some(credentials(&register.user, &password));
        dial.outbound_proxy = trunk.outbound_proxy.clone();
        if trunk.transport == config::Transport::Tcp {
            dial.carrier = Carrier::Tcp;
        }
        let user = from.unwrap_or(&register.user);
        dial.from = Some(telephony::Party::new(user, host(&register.server)));
    }
    Ok(dial)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_goes_out_by_the_trunk_with_its_credentials_and_its_transport() {
        let mut config = Config::default();
        assert!(matches!(dial(&config, "0912345678", None), Err(DialFault::Destination(_))), "no trunk");
        let password = std::env::temp_dir().join(format!("switchboard-trunk-{}", std::process::id()));
        std::fs::write(&password, "secret\n").unwrap();
        let file = password.display();
        config = Config::parse(
            "t",
            &format!(
                "[[trunk]]\nname='p'\ntransport='tcp'\n[trunk.register]\nserver='sip:p.example:5070'\nuser='me'\npassword_file='{file}'"
            ),
            std::iter::empty(),
        )
        .unwrap();
        let number = dial(&config, "0912345678", None).unwrap();
        assert_eq!((number.to.as_str(), number.carrier), ("sip:0912345678@p.example:5070", Carrier::Tcp));
        assert!(number.credentials.is_some_and(|c| c.user == "me" && c.password == "secret"));
        let there = dial(&config, "sip:x@p.example:5070;transport=tcp", None).unwrap();
        assert!(there.credentials.is_some());
        let elsewhere = dial(&config, "sip:x@other.example", None).unwrap();
        assert!(elsewhere.credentials.is_none() && elsewhere.carrier == Carrier::Udp);
        for number in ["tel:+84-24-1234-5678", "TEL:+842412345678;ext=1", "+842412345678"] {
            assert_eq!(dial(&config, number, None).unwrap().to, "sip:+842412345678@p.example:5070", "{number}");
        }
        assert_eq!(dial(&config, "*98#", None).unwrap().to, "sip:*98%23@p.example:5070");
        for wrong in
            ["", "sip:x@y\r\nVia: z", "call me", "sip:<x>@y", "sip:100@127.0.0.1:99999", "sip:", "tel:", "tel:x"]
        {
            assert!(matches!(dial(&config, wrong, None), Err(DialFault::Address(_))), "{wrong}");
        }
        std::fs::remove_file(password).ok();
    }
}
