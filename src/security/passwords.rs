//! Passwords: what is asked of one, and argon2id (RFC 9106) as it is stored.
use super::fault::AccessFault;
use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use std::sync::OnceLock;
use unicode_normalization::UnicodeNormalization;

const SHORTEST: usize = 12;
const LONGEST: usize = 256;

/// A password as it is hashed: composed (NFC), for keyboards differ in how they give "ế". No rule but its length
/// (NIST SP 800-63B section 3.1.1.2).
pub fn composed(password: &str) -> Result<String, AccessFault> {
    let password: String = password.chars().take(4 * LONGEST).nfc().collect();
    match password.chars().count() {
        0..SHORTEST => Err(AccessFault::ShortPassword),
        SHORTEST..=LONGEST => Ok(password),
        _ => Err(AccessFault::LongPassword),
    }
}

/// Takes some 20 ms of one core and 19 MiB (the parameters of OWASP's cheat sheet: m = 19 MiB, t = 2, p = 1, the crate's own).
pub fn hash(password: &str) -> Result<String, AccessFault> {
    let password = composed(password)?;
    let hash = Argon2::default().hash_password(password.as_bytes());
    hash.map(|hash| hash.to_string()).map_err(|why| AccessFault::Hash(why.to_string()))
}

/// Whether `password` is the one that `stored` was made of. Without `stored` it takes as long and says no.
pub fn verify(password: &str, stored: Option<&str>) -> bool {
    static NOBODY: OnceLock<String> = OnceLock::new();
    let dummy = || NOBODY.get_or_init(|| hash("of nobody at all").unwrap_or_default()).as_str();
    let known = stored.is_some();
    let Ok(stored) = PasswordHash::new(stored.unwrap_or_else(dummy)) else { return false };
    // One that is too short or too long takes its time too.
    let composed = composed(password).unwrap_or_default();
    Argon2::default().verify_password(composed.as_bytes(), &stored).is_ok() && known
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_argon2id_with_a_salt_of_its_own_and_knows_its_password() {
        let (one, other) = (hash("correct horse battery").unwrap(), hash("correct horse battery").unwrap());
        assert!(one.starts_with("$argon2id$v=19$m=19456,t=2,p=1$") && one != other, "{one}");
        assert!(verify("correct horse battery", Some(&one)) && verify("correct horse battery", Some(&other)));
        for wrong in ["correct horse batter", "Correct horse battery", "", &"x".repeat(3000)] {
            assert!(!verify(wrong, Some(&one)), "{wrong}");
        }
        assert!(!verify("of nobody at all", None) && !verify("correct horse battery", Some("$argon2id$broken")));
    }

    #[test]
    fn length_is_all_that_is_asked_and_counts_characters() {
        assert!(matches!(composed("elevenchars"), Err(AccessFault::ShortPassword)));
        assert!(composed("            ").is_ok() && composed("mật khẩu dài").is_ok());
        assert!(composed(&"ế".repeat(LONGEST)).is_ok());
        assert!(matches!(composed(&"x".repeat(LONGEST + 1)), Err(AccessFault::LongPassword)));
        assert!(matches!(composed(&"x".repeat(1 << 20)), Err(AccessFault::LongPassword)));
    }

    #[test]
    fn a_password_is_the_same_however_a_keyboard_composes_it() {
        let stored = hash("m\u{e2}\u{323}t kh\u{e2}\u{309}u c\u{1ee7}a t\u{f4}i").unwrap();
        assert!(verify("mật khẩu của tôi".nfd().collect::<String>().as_str(), Some(&stored)));
    }
}
