//! `KeySet`: the public keys by which a provider signs (RFC 7517), and whether a token is signed by one of them.
use super::jws::{Algorithm, SignedToken, bytes};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde_json::Value;

/// Keys of one provider that are kept; those beyond are left out.
const MOST: usize = 64;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyFault {
    /// None of the keys has the token's name, or fits its algorithm.
    Unknown,
    Signature,
}

#[derive(Clone, Debug, Default)]
pub(super) struct KeySet {
    keys: Vec<Key>,
}

#[derive(Clone, Debug)]
struct Key {
    id: Option<String>,
    material: Material,
}

#[derive(Clone, Debug)]
enum Material {
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
    /// An uncompressed point.
    P256(Vec<u8>),
    Ed25519(Vec<u8>),
}

impl KeySet {
    /// The keys of a JWK set that can verify; others, of kinds that are not known here, are left out. `None` where it is no such set.
    pub(super) fn parse(set: &Value) -> Option<Self> {
        let keys = set.get("keys")?.as_array()?;
        Some(Self { keys: keys.iter().filter_map(Key::parse).take(MOST).collect() })
    }

    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    /// A token that names its key is verified by that one alone; one that names none, where a single key fits its algorithm.
    pub(super) fn verify(&self, token: &SignedToken<'_>) -> Result<(), KeyFault> {
        let fits =
            |key: &&Key| key.material.algorithm() == token.algorithm && (token.key.is_none() || key.id == token.key);
        let mut fitting = self.keys.iter().filter(fits);
        let (Some(key), None) = (fitting.next(), fitting.next()) else { return Err(KeyFault::Unknown) };
        if key.material.verifies(token.signed, &token.signature) { Ok(()) } else { Err(KeyFault::Signature) }
    }
}

impl Key {
    fn parse(key: &Value) -> Option<Self> {
        let text = |name: &str| key.get(name).and_then(Value::as_str);
        let number = |name: &str| bytes(text(name)?);
        if text("use").is_some_and(|purpose| purpose != "sig") {
            return None;
        }
        let verifies = |all: &Vec<Value>| all.iter().any(|one| one == "verify");
        if key.get("key_ops").and_then(Value::as_array).is_some_and(|all| !verifies(all)) {
            return None;
        }
        let material = match (text("kty")?, text("crv")) {
            ("RSA", _) => Material::Rsa { n: stripped(number("n")?), e: stripped(number("e")?) },
            ("EC", Some("P-256")) => {
                let (x, y) = (number("x")?, number("y")?);
                if x.len() != 32 || y.len() != 32 {
                    return None;
                }
                Material::P256([&[4], &x[..], &y[..]].concat())
            }
            ("OKP", Some("Ed25519")) => Material::Ed25519(number("x")?),
            _ => return None,
        };
        // RFC 7517 section 4.4: a key for one algorithm verifies no other.
        if text("alg").is_some_and(|name| Algorithm::of(name) != Some(material.algorithm())) {
            return None;
        }
        Some(Self { id: text("kid").map(str::to_owned), material })
    }
}

impl Material {
    const fn algorithm(&self) -> Algorithm {
        match self {
            Self::Rsa { .. } => Algorithm::Rs256,
            Self::P256(_) => Algorithm::Es256,
            Self::Ed25519(_) => Algorithm::EdDsa,
        }
    }

    fn verifies(&self, signed: &[u8], signature: &[u8]) -> bool {
        let verified = match self {
            Self::Rsa { n, e } => {
                RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, signed, signature)
            }
            Self::P256(point) => UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(signed, signature),
            Self::Ed25519(key) => UnparsedPublicKey::new(&ED25519, key).verify(signed, signature),
        };
        verified.is_ok()
    }
}

/// Without leading zeros, which no number of RFC 7518 has and some providers write.
fn stripped(number: Vec<u8>) -> Vec<u8> {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number[zeros..].to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// RFC 7515, appendices A.2 and A.3.
    const PAYLOAD: &str =
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    const RS256: &str = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
    const N: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
    const ES256: &str = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

    fn token(header: &str, signature: &str) -> String {
        format!("{header}.{PAYLOAD}.{signature}")
    }

    fn verdict(keys: Value, token: &str) -> Result<(), KeyFault> {
        KeySet::parse(&json!({"keys": keys})).unwrap().verify(&SignedToken::parse(token).unwrap())
    }

    #[test]
    fn the_examples_of_rfc_7515_verify_and_changed_ones_do_not() {
        let rsa = json!({"kty": "RSA", "n": N, "e": "AQAB"});
        let ec = json!({"kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"});
        let (rs256, es256) = (token("eyJhbGciOiJSUzI1NiJ9", RS256), token("eyJhbGciOiJFUzI1NiJ9", ES256));
        assert_eq!(verdict(json!([rsa, ec]), &rs256), Ok(()));
        assert_eq!(verdict(json!([rsa, ec]), &es256), Ok(()));
        // The header of the one with the signature of the other, and a claim that was changed.
        assert_eq!(verdict(json!([rsa, ec]), &token("eyJhbGciOiJFUzI1NiJ9", RS256)), Err(KeyFault::Signature));
        let changed = rs256.replace("eyJpc3MiOiJqb2UiLA0K", "eyJpc3MiOiJldmUiLA0K");
        assert_eq!(verdict(json!([rsa, ec]), &changed), Err(KeyFault::Signature));
        let mut padded = rsa.clone();
        padded["n"] = json!(crate::security::base64url(&[&[0_u8], &bytes(N).unwrap()[..]].concat()));
        assert_eq!(verdict(json!([padded]), &rs256), Ok(()), "a leading zero, as some providers write it");
    }

    #[test]
    fn a_key_verifies_only_what_it_is_for() {
        let rs256 = token("eyJhbGciOiJSUzI1NiJ9", RS256);
        let with = |name: &str, value: Value| {
            let mut key = json!({"kty": "RSA", "n": N, "e": "AQAB", "kid": "one"});
            key[name] = value;
            verdict(json!([key]), &rs256)
        };
        assert_eq!(with("use", json!("sig")), Ok(()));
        assert_eq!(with("alg", json!("RS256")), Ok(()));
        assert_eq!(with("key_ops", json!(["verify"])), Ok(()));
        for (name, value) in [
            ("use", json!("enc")),
            ("alg", json!("RS512")),
            ("alg", json!("PS256")),
            ("key_ops", json!(["encrypt"])),
            ("kty", json!("oct")),
            ("n", json!("not base64!")),
        ] {
            assert_eq!(with(name, value.clone()), Err(KeyFault::Unknown), "{name} {value}");
        }
        let two = json!([{"kty": "RSA", "n": N, "e": "AQAB"}, {"kty": "RSA", "n": N, "e": "Aw"}]);
        assert_eq!(verdict(two, &rs256), Err(KeyFault::Unknown), "a token without a name, and two keys for it");
        // A key too short to be trusted verifies nothing.
        assert_eq!(verdict(json!([{"kty": "RSA", "n": "AQAB", "e": "AQAB"}]), &rs256), Err(KeyFault::Signature));
        assert!(KeySet::parse(&json!({"keys": "none"})).is_none() && KeySet::parse(&json!([])).is_none());
    }
}
