//! Compact signatures (RFC 7515) over any bytes: `header.payload.signature`.

use serde_json::{Map, Value, json};

use super::{Error, Key, Signer, encoding};

/// What was verified.
#[derive(Clone, Debug, PartialEq)]
pub struct Verified {
    pub header: Map<String, Value>,
    pub payload: Vec<u8>,
    /// The key that signed it.
    pub kid: String,
}

/// Why a token proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("this is no signed token")]
    Malformed,
    #[error("the key is not one of ours")]
    UnknownKey,
    #[error("the key was revoked")]
    RevokedKey,
    #[error("it was altered, or signed by somebody else")]
    Altered,
}

impl Signer {
    /// Signs bytes as a compact token. `typ` says what they are (`JWT`, `vc+jwt`, …), `kid` how the
    /// reader finds the key: the plain [`Signer::kid`], or an address that ends in it.
    pub fn token(&self, typ: &str, kid: &str, payload: &[u8]) -> Result<String, Error> {
        let header = json!({ "alg": self.key().algorithm.jws_name(), "kid": kid, "typ": typ });
        let header = encoding::base64url(header.to_string().as_bytes());
        let signed = format!("{header}.{}", encoding::base64url(payload));
        let signature = encoding::base64url(&self.sign(signed.as_bytes())?);
        Ok(format!("{signed}.{signature}"))
    }
}

/// Verifies a token by the key its header names, which `key_of` looks up. Only the algorithm of
/// that key counts: what the header claims must agree, and chooses nothing.
pub fn verify(token: &str, key_of: impl FnOnce(&str) -> Option<Key>) -> Result<Verified, Refusal> {
    let (signed, signature) = token.rsplit_once('.').ok_or(Refusal::Malformed)?;
    let (header, payload) = signed.split_once('.').ok_or(Refusal::Malformed)?;
    let decoded = |part| encoding::from_base64url(part).ok_or(Refusal::Malformed);
    let (header, payload, signature) = (decoded(header)?, decoded(payload)?, decoded(signature)?);
    let header: Map<String, Value> =
        serde_json::from_slice(&header).map_err(|_| Refusal::Malformed)?;
    // A critical extension is one we would have to understand.
    if header.contains_key("crit") {
        return Err(Refusal::Malformed);
    }
    let kid = header.get("kid").and_then(Value::as_str).ok_or(Refusal::UnknownKey)?;
    let key = key_of(kid).ok_or(Refusal::UnknownKey)?;
    if !key.is_believed() {
        return Err(Refusal::RevokedKey);
    }
    let agrees = header.get("alg").and_then(Value::as_str) == Some(key.algorithm.jws_name());
    if !agrees || !key.verifies(signed.as_bytes(), &signature) {
        return Err(Refusal::Altered);
    }
    Ok(Verified { kid: key.kid, header, payload })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{db::Instant, signing::Algorithm};

    fn signer(seed: u8) -> Signer {
        let at = Instant::from(chrono::DateTime::UNIX_EPOCH);
        Signer::of_private(Algorithm::Ed25519, &[seed; 32], at).unwrap()
    }

    #[test]
    fn a_token_proves_its_payload_and_no_other() {
        let (ours, other) = (signer(1), signer(2));
        let key_of = |kid: &str| (kid == ours.kid()).then(|| ours.key().clone());
        let token = ours.token("JWT", ours.kid(), b"{\"a\":1}").unwrap();
        let verified = verify(&token, key_of).unwrap();
        assert_eq!((verified.payload, verified.kid.as_str()), (b"{\"a\":1}".to_vec(), ours.kid()));
        let parts: Vec<&str> = token.split('.').collect();
        let payload = encoding::base64url(b"{\"a\":2}");
        let altered = format!("{}.{payload}.{}", parts[0], parts[2]);
        assert_eq!(verify(&altered, key_of), Err(Refusal::Altered));
        let unknown = other.token("JWT", other.kid(), b"{}").unwrap();
        assert_eq!(verify(&unknown, key_of), Err(Refusal::UnknownKey));
        let borrowed = other.token("JWT", ours.kid(), b"{}").unwrap();
        assert_eq!(verify(&borrowed, key_of), Err(Refusal::Altered));
        for broken in ["", "a.b", "a.b.c", "..", "%.%.%"] {
            assert_eq!(verify(broken, key_of), Err(Refusal::Malformed), "{broken}");
        }
    }

    #[test]
    fn the_header_does_not_choose_the_algorithm() {
        let ours = signer(1);
        for alg in ["none", "HS256", "RS256"] {
            let header = json!({ "alg": alg, "kid": ours.kid() }).to_string();
            let signed = format!("{}.e30", encoding::base64url(header.as_bytes()));
            let signature = encoding::base64url(&ours.sign(signed.as_bytes()).unwrap());
            let token = format!("{signed}.{signature}");
            assert_eq!(
                verify(&token, |_| Some(ours.key().clone())),
                Err(Refusal::Altered),
                "{alg}"
            );
        }
    }
}
