//! `Cipher`: session keys, and the protection of single packets: AES counter mode with HMAC-SHA1 (RFC 3711, 6188) and AES-GCM (RFC 7714).
use super::keys::{Keys, Mki, Suite};
use aes::cipher::{InnerIvInit, KeyInit, StreamCipher, StreamCipherCoreWrapper};
use aes::{Aes128Enc, Aes256Enc};
use ctr::CtrCore;
use ctr::flavors::Ctr128BE;
use hmac::{Hmac, Mac};
use ring::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use sha1::Sha1;
use zeroize::Zeroizing;

/// The length of HMAC-SHA1 keys (RFC 3711 section 5.2).
const AUTH_KEY: usize = 20;
/// The length of the SRTCP tag in every suite with HMAC-SHA1 (RFC 4568 section 6.2).
const RTCP_TAG: usize = 10;
const GCM_TAG: usize = 16;
/// The encryption bit and the index of SRTCP.
pub(super) const WORD: usize = 4;
/// The header and SSRC of an RTCP packet, which are not encrypted.
pub(super) const RTCP_HEADER: usize = 8;
/// The SSRC and index of a packet, from which its initialisation vector is made.
#[derive(Clone, Copy, Debug)]
pub(super) enum PacketIndex {
    /// Index of 48 bits: roll-over counter and sequence number.
    Rtp { ssrc: u32, index: u64 },
    /// Index of 31 bits.
    Rtcp { ssrc: u32, index: u32 },
}

impl PacketIndex {
    /// RFC 3711 section 4.1.1 and RFC 7714 sections 8.1 and 9.1: the same sum, of another length.
    fn vector(self, salt: u128) -> u128 {
        let (ssrc, index) = match self {
            Self::Rtp { ssrc, index } => (ssrc, index),
            Self::Rtcp { ssrc, index } => (ssrc, u64::from(index)),
        };
        salt ^ u128::from(ssrc) << 48 ^ u128::from(index)
    }

    /// All packets that are sent are encrypted.
    fn word(self) -> Option<[u8; WORD]> {
        match self {
            Self::Rtp { .. } => None,
            Self::Rtcp { index, .. } => Some((1 << 31 | index).to_be_bytes()),
        }
    }

    /// What the HMAC covers beside the packet.
    fn roll_over(self) -> Option<[u8; 4]> {
        match self {
            Self::Rtp { index, .. } => Some(((index >> 16) as u32).to_be_bytes()),
            Self::Rtcp { .. } => None,
        }
    }
}

/// The session keys of one master key.
pub(super) struct Cipher {
    rtp: SessionKeys,
    rtcp: SessionKeys,
    mki: Option<Mki>,
}

/// The session keys of RTP, or of RTCP.
enum SessionKeys {
    Cm { aes: Aes, salt: u128, auth: Box<Hmac<Sha1>>, tag: usize },
    Gcm { key: Box<LessSafeKey>, salt: u128 },
}

enum Aes {
    Short(Box<Aes128Enc>),
    Long(Box<Aes256Enc>),
}

impl Aes {
    fn new(key: &[u8]) -> Self {
        const LENGTH: &str = "a key is of 16 or 32 bytes";
        match key.len() {
            32 => Self::Long(Box::new(Aes256Enc::new_from_slice(key).expect(LENGTH))),
            _ => Self::Short(Box::new(Aes128Enc::new_from_slice(key).expect(LENGTH))),
        }
    }

    /// Adds the key stream to `text`.
    fn apply(&self, vector: u128, text: &mut [u8]) {
        let vector = &vector.to_be_bytes().into();
        match self {
            Self::Short(aes) => {
                let core = CtrCore::<&Aes128Enc, Ctr128BE>::inner_iv_init(aes, vector);
                StreamCipherCoreWrapper::from_core(core).apply_keystream(text);
            }
            Self::Long(aes) => {
                let core = CtrCore::<&Aes256Enc, Ctr128BE>::inner_iv_init(aes, vector);
                StreamCipherCoreWrapper::from_core(core).apply_keystream(text);
            }
        }
    }
}

/// A salt of 14 bytes as a number; one of 12 is filled with zeroes behind (RFC 7714 section 11).
fn salt(bytes: &[u8]) -> u128 {
    let mut whole = [0; 16];
    whole[2..][..bytes.len()].copy_from_slice(bytes);
    u128::from_be_bytes(whole)
}

/// RFC 3711 section 4.3.1, with a key derivation rate of 0.
fn derive(master: &Aes, master_salt: u128, label: u8, out: &mut [u8]) {
    out.fill(0);
    master.apply((master_salt ^ u128::from(label) << 48) << 16, out);
}

impl Cipher {
    pub(super) fn new(keys: &Keys) -> Self {
        let (master, master_salt) = (Aes::new(keys.key()), salt(keys.salt()));
        let session_keys = |first: u8, tag: usize| {
            let mut key = Zeroizing::new([0; 32]);
            let key = &mut key[..keys.suite.key()];
            derive(&master, master_salt, first, key);
            let mut session_salt = Zeroizing::new([0; 14]);
            let session_salt = &mut session_salt[..keys.suite.salt()];
            derive(&master, master_salt, first + 2, session_salt);
            let mut auth = Zeroizing::new([0; AUTH_KEY]);
            derive(&master, master_salt, first + 1, &mut *auth);
            SessionKeys::new(keys.suite, key, session_salt, &*auth, tag)
        };
        let tag = match keys.suite {
            Suite::AesCm32 | Suite::Aes256Cm32 => 4,
            _ => 10,
        };
        Self { rtp: session_keys(0, tag), rtcp: session_keys(3, RTCP_TAG), mki: keys.mki }
    }

    fn session_keys(&self, place: PacketIndex) -> &SessionKeys {
        match place {
            PacketIndex::Rtp { .. } => &self.rtp,
            PacketIndex::Rtcp { .. } => &self.rtcp,
        }
    }

    /// Encrypts and authenticates the `length` bytes of a packet, of which the first `start` are not encrypted. Returns the new length;
    /// `None` where the buffer is too small.
    pub(super) fn seal(&self, buffer: &mut [u8], start: usize, length: usize, place: PacketIndex) -> Option<usize> {
        self.session_keys(place).seal(buffer, start, length, place)
    }

    /// The SRTCP index word. It stands before MKI and HMAC tag, but behind a GCM tag.
    pub(super) fn word(&self, packet: &[u8]) -> Option<u32> {
        let tag = if let SessionKeys::Cm { tag, .. } = self.rtcp { tag } else { 0 };
        let end = packet.len().checked_sub(tag + self.mki.map_or(0, |mki| mki.length))?;
        packet.get(end.checked_sub(WORD)?..end).and_then(|word| word.try_into().ok()).map(u32::from_be_bytes)
    }

    /// Authenticates and decrypts a packet into `plain`; returns its length. `None` where authentication fails.
    pub(super) fn open(&self, packet: &[u8], start: usize, place: PacketIndex, plain: &mut [u8]) -> Option<usize> {
        let keys = self.session_keys(place);
        let tag = if let SessionKeys::Cm { tag, .. } = keys { *tag } else { 0 };
        let (rest, tag) = packet.split_at_checked(packet.len().checked_sub(tag)?)?;
        let body = match self.mki {
            None => rest,
            Some(mki) => {
                let (body, theirs) = rest.split_at_checked(rest.len().checked_sub(mki.length)?)?;
                let ours = mki.value.to_be_bytes();
                (theirs == ours.get(ours.len().checked_sub(mki.length)?..)?).then_some(body)?
            }
        };
        keys.open(body, tag, start, place, plain)
    }
}

impl SessionKeys {
    fn new(suite: Suite, key: &[u8], session_salt: &[u8], auth: &[u8], tag: usize) -> Self {
        let gcm = |algorithm| {
            let key = UnboundKey::new(algorithm, key).expect("the key is as long as its suite says");
            // The salt of GCM is as long as its initialisation vector.
            Self::Gcm { key: Box::new(LessSafeKey::new(key)), salt: salt(session_salt) >> 16 }
        };
        match suite {
            Suite::AesGcm => gcm(&AES_128_GCM),
            Suite::Aes256Gcm => gcm(&AES_256_GCM),
            _ => Self::Cm {
                aes: Aes::new(key),
                salt: salt(session_salt),
                auth: Box::new(<Hmac<Sha1> as Mac>::new_from_slice(auth).expect("HMAC takes a key of any length")),
                tag,
            },
        }
    }

    fn seal(&self, buffer: &mut [u8], start: usize, length: usize, place: PacketIndex) -> Option<usize> {
        let (head, text) = buffer.get_mut(..length)?.split_at_mut_checked(start)?;
        match self {
            Self::Cm { aes, salt, auth, tag } => {
                aes.apply(place.vector(*salt) << 16, text);
                let mut end = length;
                if let Some(word) = place.word() {
                    end += WORD;
                    buffer.get_mut(length..end)?.copy_from_slice(&word);
                }
                let sum = sign(auth, &buffer[..end], place);
                buffer.get_mut(end..end + tag)?.copy_from_slice(sum.get(..*tag)?);
                Some(end + tag)
            }
            Self::Gcm { key, salt } => {
                let sum = match place.word() {
                    None => key.seal_in_place_separate_tag(nonce(*salt, place), Aad::from(&*head), text),
                    Some(word) => {
                        key.seal_in_place_separate_tag(nonce(*salt, place), Aad::from(aad(head, word)?), text)
                    }
                };
                let mut end = length + GCM_TAG;
                buffer.get_mut(length..end)?.copy_from_slice(sum.ok()?.as_ref());
                if let Some(word) = place.word() {
                    buffer.get_mut(end..end + WORD)?.copy_from_slice(&word);
                    end += WORD;
                }
                Some(end)
            }
        }
    }

    /// `body` is the packet without MKI and HMAC tag.
    fn open(&self, body: &[u8], tag: &[u8], start: usize, place: PacketIndex, plain: &mut [u8]) -> Option<usize> {
        let word = place.word();
        let length = body.len().checked_sub(if word.is_some() { WORD } else { 0 })?;
        let packet = &body[..length];
        let (head, text) = packet.split_at_checked(start)?;
        let plain = plain.get_mut(..length)?;
        match self {
            Self::Cm { aes, salt, auth, .. } => {
                let sum = sign(auth, body, place);
                // In constant time.
                let differ = sum.iter().zip(tag).fold(0, |differ, (a, b)| differ | (a ^ b));
                if std::hint::black_box(differ) != 0 || tag.is_empty() {
                    return None;
                }
                plain.copy_from_slice(packet);
                aes.apply(place.vector(*salt) << 16, plain.get_mut(start..)?);
                Some(length)
            }
            Self::Gcm { key, salt } => {
                let text = {
                    plain[start..].copy_from_slice(text);
                    plain.get_mut(start..)?
                };
                let opened = match word {
                    None => key.open_in_place(nonce(*salt, place), Aad::from(head), text),
                    Some(word) => key.open_in_place(nonce(*salt, place), Aad::from(aad(head, word)?), text),
                };
                let length = start + opened.ok()?.len();
                plain[..start].copy_from_slice(head);
                Some(length)
            }
        }
    }
}

/// HMAC-SHA1 of the `sha1` crate, which uses the processor's SHA instructions; that of `ring` does not.
fn sign(auth: &Hmac<Sha1>, packet: &[u8], place: PacketIndex) -> [u8; 20] {
    let mut mac = auth.clone();
    mac.update(packet);
    if let Some(roll_over) = place.roll_over() {
        mac.update(&roll_over);
    }
    mac.finalize().into_bytes().into()
}

fn nonce(salt: u128, place: PacketIndex) -> Nonce {
    let [_, _, _, _, nonce @ ..] = place.vector(salt).to_be_bytes();
    Nonce::assume_unique_for_key(nonce)
}

/// RFC 7714 section 9.2.
fn aad(head: &[u8], word: [u8; WORD]) -> Option<[u8; RTCP_HEADER + WORD]> {
    let mut aad = [0; RTCP_HEADER + WORD];
    aad[..RTCP_HEADER].copy_from_slice(head.get(..RTCP_HEADER)?);
    aad[RTCP_HEADER..].copy_from_slice(&word);
    Some(aad)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(hex: &str) -> Vec<u8> {
        let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
        digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
    }

    #[test]
    fn session_keys_are_those_of_rfc_3711_appendix_b_3_and_rfc_6188_section_7_2() {
        let (key, master_salt) = ("E1F97A0D3E018BE0D64FA32C06DE4139", "0EC675AD498AFEEBB6960B3AABE6");
        let long = "F0F04914B513F2763A1B1FA130F10E2998F6F6E43E4309D1E622A0E332B9F1B6";
        let vectors = [
            (key, master_salt, 0, "C61E7A93744F39EE10734AFE3FF7A087"),
            (key, master_salt, 2, "30CBBC08863D8C85D49DB34A9AE1"),
            (key, master_salt, 1, "CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4"),
            (
                long,
                "3B04803DE51EE7C96423AB5B78D2",
                0,
                "5BA1064E30EC51613CAD926C5A28EF731EC7FB397F70A960653CAF06554CD8C4",
            ),
            (long, "3B04803DE51EE7C96423AB5B78D2", 2, "FA31791685CA444A9E07C6C64E93"),
            (long, "3B04803DE51EE7C96423AB5B78D2", 1, "FD9C32D39ED5FBB5A9DC96B30818454D1313DC05"),
        ];
        for (key, master_salt, label, expected) in vectors {
            let expected = bytes(expected);
            let mut out = vec![0; expected.len()];
            derive(&Aes::new(&bytes(key)), salt(&bytes(master_salt)), label, &mut out);
            assert_eq!(out, expected, "label {label}");
        }
    }

    #[test]
    fn a_packet_is_sealed_as_in_rfc_7714_section_16() {
        let head = "8040f17b 8041f8d3 5501a0b2";
        let text = "47616c6c 69612065 7374206f 6d6e6973 20646976 69736120 696e2070 61727465 73207472 6573";
        let vectors = [
            (
                Suite::AesGcm,
                "000102030405060708090a0b0c0d0e0f",
                "f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5 0d294e6f 42a5f47a 51c7d19b 36de3adf 8833
                 899d7f27 beb16a91 52cf765e e4390cce",
            ),
            (
                Suite::Aes256Gcm,
                "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
                "32b1de78 a822fe12 ef9f78fa 332e33aa b1801238 9a58e2f3 b50b2a02 76ffae0f 1ba63799 b87b
                 7aa3db36 dfffd6b0 f9bb7878 d7a76c13",
            ),
        ];
        for (suite, key, expected) in vectors {
            let keys = SessionKeys::new(suite, &bytes(key), &bytes("51756964 2070726f 2071756f"), &[0; 20], 0);
            let plain = bytes(&format!("{head}{text}"));
            let mut buffer = plain.clone();
            buffer.resize(plain.len() + GCM_TAG, 0);
            let place = PacketIndex::Rtp { ssrc: 0x5501_a0b2, index: 0xf17b };
            assert_eq!(keys.seal(&mut buffer, 12, plain.len(), place), Some(plain.len() + GCM_TAG));
            assert_eq!(buffer, bytes(&format!("{head}{expected}")), "{suite:?}");
            let mut back = [0; 128];
            let length = keys.open(&buffer, &[], 12, place, &mut back).unwrap();
            assert_eq!(&back[..length], plain);
        }
    }
}
