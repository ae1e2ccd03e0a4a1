//! `Vault` and `Sealer`: recordings encrypted at rest, piece by piece as the call goes.
//!
//! The STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár: *Online Authenticated-Encryption and its Nonce-Reuse
//! Misuse-Resistance*, CRYPTO 2015, section 7) over AES-256-GCM: the nonce of a piece is a random prefix of the file, the piece's
//! number, and whether it is the last. Changed, moved, repeated or missing pieces are therefore detected, and so is a file that ends
//! early. Each file has a key of its own: HKDF (RFC 5869) of the master key and a random salt, bound to the header.
//!
//! ```text
//! "SWBSEAL" 1 · id of the master key (8) · salt (32) · nonce prefix (7) · 0
//! then pieces: length in the clear (4, big-endian) · sealed bytes · tag (16)
//! ```
use super::RecordFault;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, Salt};
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};
use std::fmt;
use std::io;

const MAGIC: [u8; 8] = *b"SWBSEAL\x01";
pub(super) const HEADER: usize = 56;
pub(super) const TAG: usize = 16;
/// The longest piece in the clear. One is made about every 0.6 s, so most are shorter.
pub(super) const LONGEST: usize = 64 * 1024;
const PREFIX: usize = 7;

/// Why a text of keys is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadKeys {
    #[error("it holds no key: write 32 random bytes as 64 hexadecimal digits or in base64 (`openssl rand -hex 32`)")]
    Empty,
    #[error(
        "line {0} is no key: a key is 32 bytes, written as 64 hexadecimal digits or in base64 (`openssl rand -hex 32`)"
    )]
    Line(usize),
}

/// The master keys: the first one seals, all of them open. `Debug` hides them.
pub struct Vault {
    keys: Vec<[u8; 32]>,
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault(…)")
    }
}

impl Vault {
    /// One key in each line, in hexadecimal or base64; empty lines and those that begin with `#` are left out.
    ///
    /// # Errors
    /// [`BadKeys`], which holds nothing of the text.
    pub fn parse(text: &str) -> Result<Self, BadKeys> {
        let lines = text.lines().zip(1..).map(|(line, number)| (line.trim(), number));
        let keys = lines.filter(|(line, _)| !line.is_empty() && !line.starts_with('#'));
        let keys: Vec<_> =
            keys.map(|(line, number)| key(line).ok_or(BadKeys::Line(number))).collect::<Result<_, _>>()?;
        if keys.is_empty() { Err(BadKeys::Empty) } else { Ok(Self { keys }) }
    }

    /// The public identifier of the key that seals.
    pub fn id(&self) -> String {
        self.keys.first().map_or_else(String::new, |key| hex(&id(key)))
    }
}

fn key(word: &str) -> Option<[u8; 32]> {
    let bytes = if word.len() == 64 { unhex(word) } else { unbase64(word) };
    bytes?.try_into().ok()
}

fn unhex(word: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = word.chars().map(|c| c.to_digit(16).map(|digit| digit as u8)).collect();
    Some(digits?.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

/// RFC 4648 sections 4 and 5, padded or not.
fn unbase64(word: &str) -> Option<Vec<u8>> {
    let (mut out, mut bits, mut held) = (Vec::new(), 0u32, 0);
    for c in word.trim_end_matches('=').bytes() {
        let six = match c {
            b'A'..=b'Z' => c - b'A',
            b'a'..=b'z' => c - b'a' + 26,
            b'0'..=b'9' => c - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        (bits, held) = (bits << 6 | u32::from(six), held + 6);
        if held >= 8 {
            held -= 8;
            out.push((bits >> held) as u8);
            bits &= (1 << held) - 1;
        }
    }
    Some(out)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn id(key: &[u8; 32]) -> [u8; 8] {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), b"switchboard recording key id");
    std::array::from_fn(|n| tag.as_ref()[n])
}

/// The key of one file, bound to its header.
fn file_key(master: &[u8; 32], header: &[u8; HEADER]) -> Option<LessSafeKey> {
    let extracted = Salt::new(HKDF_SHA256, &header[16..48]).extract(master);
    let info = [b"switchboard recording".as_slice(), header];
    let expanded = extracted.expand(&info, &AES_256_GCM).ok()?;
    Some(LessSafeKey::new(UnboundKey::from(expanded)))
}

fn nonce(header: &[u8; HEADER], number: u32, end: End) -> Nonce {
    let mut nonce = [0; NONCE_LEN];
    nonce[..PREFIX].copy_from_slice(&header[48..48 + PREFIX]);
    nonce[PREFIX..PREFIX + 4].copy_from_slice(&number.to_be_bytes());
    nonce[NONCE_LEN - 1] = u8::from(end == End::Last);
    Nonce::assume_unique_for_key(nonce)
}

/// Whether more pieces follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    More,
    Last,
}

/// Seals the pieces of one file, in order.
pub(super) struct Sealer {
    header: [u8; HEADER],
    key: LessSafeKey,
    number: u32,
}

impl Sealer {
    pub(super) fn new(vault: &Vault) -> Result<Self, RecordFault> {
        let mut header = [0; HEADER];
        let master = vault.keys.first().ok_or(RecordFault::Random)?;
        header[..8].copy_from_slice(&MAGIC);
        header[8..16].copy_from_slice(&id(master));
        SystemRandom::new().fill(&mut header[16..48 + PREFIX]).map_err(|_| RecordFault::Random)?;
        let key = file_key(master, &header).ok_or(RecordFault::Random)?;
        Ok(Self { header, key, number: 0 })
    }

    pub(super) const fn header(&self) -> &[u8; HEADER] {
        &self.header
    }

    /// Appends `plain` as one piece, or several if it is long. `end`: whether these are the last of the file.
    pub(super) fn seal(&mut self, plain: &[u8], end: End, out: &mut Vec<u8>) -> io::Result<()> {
        let whole = plain.chunks(LONGEST).collect::<Vec<_>>();
        let pieces: &[&[u8]] = if whole.is_empty() { &[&[]] } else { &whole };
        for (n, piece) in pieces.iter().enumerate() {
            let end = if n + 1 == pieces.len() { end } else { End::More };
            let nonce = nonce(&self.header, self.number, end);
            // The counter lasts for eighty years of sound; no nonce is repeated.
            self.number = self.number.checked_add(1).ok_or_else(|| io::Error::other("the recording is too long"))?;
            out.extend((piece.len() as u32).to_be_bytes());
            let at = out.len();
            out.extend_from_slice(piece);
            let sealed = self.key.seal_in_place_separate_tag(nonce, Aad::empty(), &mut out[at..]);
            out.extend_from_slice(sealed.map_err(|_| io::Error::other("encryption failed"))?.as_ref());
        }
        Ok(())
    }
}

/// Opens the pieces of one file, in any order.
pub(super) struct Opener {
    header: [u8; HEADER],
    key: LessSafeKey,
}

/// Why a file cannot be opened.
pub(super) enum NoKey {
    NotSealed,
    Version,
    Other(String),
}

impl Opener {
    /// Whether a file begins like a sealed one of any version.
    pub(super) fn is_sealed(head: &[u8]) -> bool {
        head.starts_with(&MAGIC[..7])
    }

    pub(super) fn new(header: [u8; HEADER], vault: &Vault) -> Result<Self, NoKey> {
        if !Self::is_sealed(&header) {
            return Err(NoKey::NotSealed);
        }
        if !header.starts_with(&MAGIC) {
            return Err(NoKey::Version);
        }
        let master = vault.keys.iter().find(|key| id(key) == header[8..16]);
        let master = master.ok_or_else(|| NoKey::Other(hex(&header[8..16])))?;
        let key = file_key(master, &header).ok_or(NoKey::NotSealed)?;
        Ok(Self { header, key })
    }

    /// The plain piece; `None` if it is not what was sealed as this piece.
    pub(super) fn open(&self, number: u32, end: End, mut sealed: Vec<u8>) -> Option<Vec<u8>> {
        let plain = self.key.open_in_place(nonce(&self.header, number, end), Aad::empty(), &mut sealed).ok()?.len();
        sealed.truncate(plain);
        Some(sealed)
    }
}
