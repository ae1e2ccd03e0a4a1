//! Security descriptions (SDES, RFC 4568): `a=crypto` attributes and the profiles that need them.
use crate::rtp::{Keys, Mki, Suite};
use std::fmt::Write;

/// Whether sound is encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Security {
    /// Plain RTP alone.
    #[default]
    Off,
    /// SRTP where the other side can, within RTP/AVP too; else plain.
    Offered,
    /// SRTP or no call.
    Required,
}

/// The RTP profile of an audio stream. Those with feedback (RFC 4585, 5124) allow early RTCP, which is neither requested nor sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Profile {
    #[default]
    Avp,
    Savp,
    Avpf,
    Savpf,
}

impl Profile {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Avp => "RTP/AVP",
            Self::Savp => "RTP/SAVP",
            Self::Avpf => "RTP/AVPF",
            Self::Savpf => "RTP/SAVPF",
        }
    }

    pub(super) fn of(name: &str) -> Option<Self> {
        let all = [Self::Avp, Self::Savp, Self::Avpf, Self::Savpf];
        all.into_iter().find(|profile| profile.name().eq_ignore_ascii_case(name))
    }

    pub(super) const fn is_secure(self) -> bool {
        matches!(self, Self::Savp | Self::Savpf)
    }
}

/// A usable `a=crypto`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Crypto {
    pub(super) tag: u32,
    pub(super) keys: Keys,
}

impl Crypto {
    /// `<tag> <suite> inline:<key||salt>[|<lifetime>][|<MKI>:<length>] [<session parameters>]`. `None` is an attribute to
    /// ignore (RFC 4568 section 5.1.2): an unknown suite, several keys, or an unsupported parameter that is mandatory.
    pub(super) fn read(value: &str) -> Option<Self> {
        let mut words = value.split_whitespace();
        let tag = words.next().filter(|tag| tag.len() <= 9)?.parse().ok()?;
        let suite = Suite::of(words.next()?)?;
        let (method, key) = words.next()?.split_once(':')?;
        let mut parts = key.split('|');
        let mut keys = Keys::decode(suite, parts.next()?).filter(|_| method.eq_ignore_ascii_case("inline"))?;
        for part in parts {
            match part.split_once(':') {
                Some(mki) => keys.mki = Some(identifier(mki)?),
                // The lifetime binds the sender, which has to change its key in time.
                None => is_lifetime(part).then_some(())?,
            }
        }
        // Our replay window (WSH) is larger than any asked for in practice; a parameter with a leading "-" may be ignored.
        let harmless = |word: &str| word.starts_with('-') || word.to_ascii_uppercase().starts_with("WSH=");
        words.all(harmless).then_some(Self { tag, keys })
    }

    pub(super) fn write(&self, text: &mut String) -> std::fmt::Result {
        let Self { tag, keys } = self;
        write!(text, "a=crypto:{tag} {} inline:{}\r\n", keys.suite.name(), keys.encode())
    }
}

/// Whether a lifetime, written as `2^20` or `1048576`, is at least one packet.
fn is_lifetime(lifetime: &str) -> bool {
    match lifetime.split_once('^') {
        Some((base, power)) => base == "2" && power.parse().is_ok_and(|power: u32| power <= 48),
        None => lifetime.parse().is_ok_and(|packets: u64| (1..=1 << 48).contains(&packets)),
    }
}

fn identifier((value, length): (&str, &str)) -> Option<Mki> {
    let (value, length) = (value.parse().ok()?, length.parse().ok()?);
    let fits = (1..=4).contains(&length) && u64::from(value) < 1u64 << (8 * length);
    fits.then_some(Mki { value, length })
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";

    fn read(parameters: &str) -> Option<Crypto> {
        Crypto::read(&format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}{parameters}"))
    }

    #[test]
    fn attributes_as_phones_write_them_are_read() {
        let plain = read("").unwrap();
        assert_eq!((plain.tag, plain.keys.suite, plain.keys.mki), (1, Suite::AesCm80, None));
        for same in ["|2^20", "|2^48", "|1048576", " WSH=64", "|2^31 -KDR=3"] {
            assert_eq!(read(same), Some(plain.clone()), "{same}");
        }
        for marked in ["|2^20|1:4", "|1:4"] {
            assert_eq!(read(marked).unwrap().keys.mki, Some(Mki { value: 1, length: 4 }), "{marked}");
        }
        let lower = Crypto::read(&format!("7  aes_cm_128_hmac_sha1_32 INLINE:{KEY}")).unwrap();
        assert_eq!((lower.tag, lower.keys.suite), (7, Suite::AesCm32));
        let mut text = String::new();
        plain.write(&mut text).unwrap();
        assert_eq!(text, format!("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}\r\n"));
        assert!(!format!("{plain:?}").contains("WVNf"), "{plain:?}");
    }

    #[test]
    fn attributes_that_ask_for_what_we_do_not_do_are_passed_over() {
        for wrong in [
            " UNENCRYPTED_SRTP",
            " UNENCRYPTED_SRTCP",
            " UNAUTHENTICATED_SRTP",
            " KDR=3",
            " FEC_ORDER=FEC_SRTP",
            "|0",
            "|2^49",
            "|3^2",
            "|2^20|1:5",
            "|256:1",
            "|x:y",
            "|",
            "A",
            &format!("|2^20|1:4;inline:{KEY}|2^20|2:4"),
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
        for wrong in [
            "",
            "1",
            "1 AES_CM_128_HMAC_SHA1_80",
            "x AES_CM_128_HMAC_SHA1_80 inline:AAAA",
            "1 F8_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz",
            "1 AEAD_AES_128_GCM inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz",
            "1 AES_CM_128_HMAC_SHA1_80 uri:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz",
            "1 AES_CM_128_HMAC_SHA1_80 inline:%%%fX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz",
        ] {
            assert_eq!(Crypto::read(wrong), None, "{wrong}");
        }
    }
}
