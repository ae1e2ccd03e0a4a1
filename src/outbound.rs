//! What to dial for an outbound call: a SIP URI as it is, or a number by a trunk.
use crate::config::{self, Config, Trunk};
use crate::plans::credentials;
use std::time::Duration;
use telephony::Called;
use telephony::sip::{Dial, SipTransport, is_address, transport};

/// Why a destination cannot be dialled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// What is wrong with it, in words without it.
    #[error("this is no address to call: {0}")]
    Address(&'static str),
    /// Why nothing leads there, in words without it.
    #[error("this destination cannot be dialled: {0}")]
    Destination(&'static str),
}

/// What to dial for the API's `to`: a SIP URI as it is, or a number (a tel URI is one) by the first trunk that can call out.
pub fn dial(config: &Config, to: &str, from: Option<&str>) -> Result<Dial, Fault> {
    let timeout: Duration = config.call.dial_timeout_s.into();
    let trunk = config.trunk.iter().find_map(|trunk| trunk.register.as_ref().map(|register| (trunk, register)));
    if to.contains(|c: char| c.is_control() || " <>\"".contains(c)) {
        return Err(Fault::Address("it holds characters that no SIP URI has"));
    }
    let scheme = to.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
    if scheme.as_deref() == Some("sip") {
        if !is_address(to) {
            return Err(Fault::Address("it is no SIP URI: sip:user@host, with a port up to 65535"));
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
        return Err(Fault::Address("write a SIP URI (sip:user@host) or a number of digits"));
    }
    let Some((_, register)) = trunk else {
        return Err(Fault::Destination("a number needs a [[trunk]] that registers"));
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
) -> Result<Dial, Fault> {
    let asked = transport(&to).map_err(|_| Fault::Address("its transport is not spoken: udp and tcp are"))?;
    let mut dial = Dial { transport: asked.unwrap_or_default(), to, timeout, ..Dial::default() };
    if let Some((trunk, register)) = trunk {
        let password = register.password().map_err(|_| Fault::Destination("the trunk's password cannot be read"))?;
        dial.credentials = Some(credentials(&register.user, &password));
        dial.outbound_proxy = trunk.outbound_proxy.clone();
        if trunk.transport == config::Transport::Tcp {
            dial.transport = SipTransport::Tcp;
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
        assert!(matches!(dial(&config, "0912345678", None), Err(Fault::Destination(_))), "no trunk");
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
        assert_eq!((number.to.as_str(), number.transport), ("sip:0912345678@p.example:5070", SipTransport::Tcp));
        assert!(number.credentials.is_some_and(|c| c.user == "me" && c.password == "secret"));
        let there = dial(&config, "sip:x@p.example:5070;transport=tcp", None).unwrap();
        assert!(there.credentials.is_some());
        let elsewhere = dial(&config, "sip:x@other.example", None).unwrap();
        assert!(elsewhere.credentials.is_none() && elsewhere.transport == SipTransport::Udp);
        for number in ["tel:+84-24-1234-5678", "TEL:+842412345678;ext=1", "+842412345678"] {
            assert_eq!(dial(&config, number, None).unwrap().to, "sip:+842412345678@p.example:5070", "{number}");
        }
        assert_eq!(dial(&config, "*98#", None).unwrap().to, "sip:*98%23@p.example:5070");
        for wrong in [
            "",
            "sip:x@y\r\nVia: z",
            "call me",
            "sip:<x>@y",
            "sip:100@127.0.0.1:99999",
            "sip:",
            "tel:",
            "tel:x",
            "sip:a@b;transport=tls",
            "sip:a@256.1.1.1",
        ] {
            assert!(matches!(dial(&config, wrong, None), Err(Fault::Address(_))), "{wrong}");
        }
        std::fs::remove_file(password).ok();
    }
}
