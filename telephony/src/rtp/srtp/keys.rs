//! Suites and master keys, as security descriptions name them (RFC 4568, 6188 and 7714).
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use ring::rand::{SecureRandom, SystemRandom};
use std::fmt;
use zeroize::{Zeroize, Zeroizing};

/// The longest master key with its salt.
pub(super) const LONGEST: usize = 32 + 14;
/// Base64 with or without padding: phones differ.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A crypto suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suite {
    /// AES-128 in counter mode, tag of 80 bits: every phone with SRTP supports it.
    AesCm80,
    /// The same with a tag of 32 bits; RTCP keeps 80.
    AesCm32,
    Aes256Cm80,
    Aes256Cm32,
    /// AES-128 in Galois/counter mode, tag of 128 bits: the cheapest to compute.
    AesGcm,
    Aes256Gcm,
}

impl Suite {
    pub const ALL: [Self; 6] =
        [Self::AesGcm, Self::AesCm80, Self::Aes256Gcm, Self::Aes256Cm80, Self::AesCm32, Self::Aes256Cm32];

    /// The name in `a=crypto`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AesCm80 => "AES_CM_128_HMAC_SHA1_80",
            Self::AesCm32 => "AES_CM_128_HMAC_SHA1_32",
            Self::Aes256Cm80 => "AES_256_CM_HMAC_SHA1_80",
            Self::Aes256Cm32 => "AES_256_CM_HMAC_SHA1_32",
            Self::AesGcm => "AEAD_AES_128_GCM",
            Self::Aes256Gcm => "AEAD_AES_256_GCM",
        }
    }

    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|suite| suite.name().eq_ignore_ascii_case(name))
    }

    /// Bytes of the master key.
    pub const fn key(self) -> usize {
        match self {
            Self::AesCm80 | Self::AesCm32 | Self::AesGcm => 16,
            Self::Aes256Cm80 | Self::Aes256Cm32 | Self::Aes256Gcm => 32,
        }
    }

    /// Bytes of the master salt.
    pub const fn salt(self) -> usize {
        match self {
            Self::AesGcm | Self::Aes256Gcm => 12,
            _ => 14,
        }
    }
}

/// The master key identifier that is appended to each packet (RFC 3711 section 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mki {
    pub value: u32,
    /// 1 to 4 bytes.
    pub length: usize,
}

/// A master key with its salt, for one direction. `Debug` hides it; dropping wipes it.
#[derive(Clone, PartialEq, Eq)]
pub struct Keys {
    pub suite: Suite,
    pub mki: Option<Mki>,
    master: Zeroizing<[u8; LONGEST]>,
}

impl Keys {
    /// New keys from the system's random numbers.
    ///
    /// # Panics
    /// Where the system has no random numbers, which does not happen on a running Linux.
    pub fn random(suite: Suite) -> Self {
        let mut master = Zeroizing::new([0; LONGEST]);
        let random = SystemRandom::new().fill(&mut master[..suite.key() + suite.salt()]);
        random.expect("the system gives random numbers");
        Self { suite, mki: None, master }
    }

    /// Of `key || salt` in base64; `None` where the length is not the suite's.
    pub fn decode(suite: Suite, text: &str) -> Option<Self> {
        let mut bytes = BASE64.decode(text).ok()?;
        let mut master = Zeroizing::new([0; LONGEST]);
        let whole = bytes.len() == suite.key() + suite.salt();
        if whole {
            master[..bytes.len()].copy_from_slice(&bytes);
        }
        bytes.zeroize();
        whole.then_some(Self { suite, mki: None, master })
    }

    /// `key || salt` in base64.
    pub fn encode(&self) -> String {
        BASE64.encode(&self.master[..self.suite.key() + self.suite.salt()])
    }

    pub(super) fn key(&self) -> &[u8] {
        &self.master[..self.suite.key()]
    }

    pub(super) fn salt(&self) -> &[u8] {
        &self.master[self.suite.key()..][..self.suite.salt()]
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("suite", &self.suite).finish_non_exhaustive()
    }
}

/// The keys of both directions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secrets {
    /// The keys of what we send.
    pub ours: Keys,
    /// The keys of what the other side sends.
    pub theirs: Keys,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_as_they_are_written_and_never_shown() {
        for suite in Suite::ALL {
            let keys = Keys::random(suite);
            let text = keys.encode();
            assert_eq!(Keys::decode(suite, &text), Some(keys.clone()));
            assert_eq!(Keys::decode(suite, text.trim_end_matches('=')), Some(keys.clone()), "padding may be left out");
            assert_eq!(Keys::decode(suite, &text[4..]), None);
            assert_ne!(Keys::random(suite), keys);
            assert_eq!(format!("{keys:?}"), format!("Keys {{ suite: {suite:?}, .. }}"));
            assert_eq!(Suite::of(&suite.name().to_lowercase()), Some(suite));
        }
    }
}
