//! Secrets that this server makes, and the digests by which it knows them again.
use ring::rand::SecureRandom;

/// The system gives no random numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoRandom;

/// 256 random bits, base64url: 43 characters.
pub fn secret() -> Result<String, NoRandom> {
    let mut bits = [0_u8; 32];
    ring::rand::SystemRandom::new().fill(&mut bits).map_err(|_| NoRandom)?;
    Ok(base64url(&bits))
}

/// So many random digits.
pub fn digits(many: u32) -> Result<String, NoRandom> {
    let mut bits = [0_u8; 8];
    ring::rand::SystemRandom::new().fill(&mut bits).map_err(|_| NoRandom)?;
    let number = u64::from_le_bytes(bits) % 10_u64.pow(many.min(18));
    Ok(format!("{number:0>many$}", many = many as usize))
}

/// What is stored of a secret of 256 bits: SHA-256, in hexadecimal.
pub fn digest(secret: &str) -> String {
    hex(ring::digest::digest(&ring::digest::SHA256, secret.as_bytes()).as_ref())
}

/// Two lower-case digits for each byte.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// RFC 4648 section 5, without padding.
pub fn base64url(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_has_256_bits_and_its_digest_is_sha_256() {
        let (one, other) = (secret().unwrap(), secret().unwrap());
        assert!(one.len() == 43 && one != other);
        // FIPS 180-4, the example of one block.
        assert_eq!(digest("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn digits_are_so_many() {
        for many in [1, 4, 6] {
            let found = digits(many).unwrap();
            assert!(found.len() == many as usize && found.bytes().all(|digit| digit.is_ascii_digit()), "{found}");
        }
        assert_ne!(digits(18).unwrap(), digits(18).unwrap());
    }

    #[test]
    fn base64url_follows_rfc_4648() {
        for (bytes, text) in
            [("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE")]
        {
            assert_eq!(base64url(bytes.as_bytes()), text);
        }
        assert_eq!(base64url(&[0xff, 0xef]), "_-8");
    }
}
