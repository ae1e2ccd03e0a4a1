//! What a message is signed with, so that its receiver knows who sent it and when: HMAC-SHA256 (RFC 2104) over the time and the body.
use crate::security::hex;
use ring::hmac;

/// The header field that has it.
pub const HEADER: &str = "switchboard-signature";

/// `t=SECONDS,v1=HEX`: the HMAC of `SECONDS.BODY`.
pub fn sign(secret: &str, seconds: i64, body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, format!("{seconds}.{body}").as_bytes());
    format!("t={seconds},v1={}", hex(tag.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_the_one_that_other_tools_make() {
        // printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac 0123456789abcdef
        let signed = "t=1700000000,v1=9eb18f493f8ec135d9eb2dad817c369bb4e9cbfa818657897a7437c1cd8c3a23";
        assert_eq!(sign("0123456789abcdef", 1_700_000_000, "{\"a\":1}"), signed);
        assert_ne!(sign("0123456789abcdef", 1_700_000_001, "{\"a\":1}"), signed);
    }
}
