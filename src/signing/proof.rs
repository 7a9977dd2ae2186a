//! A proof inside the document it proves: W3C Data Integrity, cryptosuite `eddsa-rdfc-2022`.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};

use super::{
    Algorithm, Error, Key, Signer, encoding,
    jsonld::{
        Meaning::{Name, Thing, Typed, Word},
        Vocabulary,
    },
    rdf,
};
use crate::db::Instant;

const SUITE: &str = "eddsa-rdfc-2022";

/// The words of a proof; they are the same in every context that has them.
const PROOF: Vocabulary = Vocabulary {
    contexts: &[],
    words: &[
        ("DataIntegrityProof", Name("https://w3id.org/security#DataIntegrityProof")),
        ("assertionMethod", Name("https://w3id.org/security#assertionMethod")),
        (
            "created",
            Typed("http://purl.org/dc/terms/created", "http://www.w3.org/2001/XMLSchema#dateTime"),
        ),
        (
            "cryptosuite",
            Typed(
                "https://w3id.org/security#cryptosuite",
                "https://w3id.org/security#cryptosuiteString",
            ),
        ),
        ("proofPurpose", Word("https://w3id.org/security#proofPurpose")),
        ("verificationMethod", Thing("https://w3id.org/security#verificationMethod")),
    ],
};

/// What was verified.
#[derive(Clone, Debug, PartialEq)]
pub struct Proven {
    pub created: DateTime<Utc>,
    pub kid: String,
}

/// Why a document proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("it has no proof we can check")]
    NoProof,
    #[error("{0}")]
    Malformed(String),
    #[error("the key is not one of ours")]
    UnknownKey,
    #[error("the key was revoked")]
    RevokedKey,
    /// Whoever finds an old key can sign with it, but not in the past of those who keep copies.
    #[error("the key had been retired before it is said to have signed")]
    RetiredKey,
    #[error("it was altered, or signed by somebody else")]
    Altered,
}

/// A moment as proofs and credentials write it, to the second.
pub fn moment(at: Instant) -> String {
    at.utc().to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Adds a proof to a document. `method` is where the public key is published, an address.
pub fn add(
    document: &mut Value,
    vocabulary: &Vocabulary,
    signer: &Signer,
    method: &str,
    created: Instant,
) -> Result<(), Error> {
    if signer.key().algorithm != Algorithm::Ed25519 {
        return Err(Error::Library("this suite signs by Ed25519"));
    }
    let mut options = json!({
        "type": "DataIntegrityProof",
        "cryptosuite": SUITE,
        "created": moment(created),
        "verificationMethod": method,
        "proofPurpose": "assertionMethod",
    });
    let signed = to_sign(document, vocabulary, &options)?;
    options["proofValue"] = json!(format!("z{}", encoding::base58(&signer.sign(&signed)?)));
    document["proof"] = options;
    Ok(())
}

/// Verifies the proof of a document; `key_of` finds a key by the address the proof names.
pub fn verify(
    document: &Value,
    vocabulary: &Vocabulary,
    key_of: impl FnOnce(&str) -> Option<Key>,
) -> Result<Proven, Refusal> {
    let proof = match document.get("proof") {
        Some(Value::Array(proofs)) if proofs.len() == 1 => &proofs[0],
        Some(one) => one,
        None => return Err(Refusal::NoProof),
    };
    let mut options: Map<String, Value> = proof.as_object().ok_or(Refusal::NoProof)?.clone();
    let signature = match options.remove("proofValue") {
        Some(Value::String(value)) => value.strip_prefix('z').and_then(encoding::from_base58),
        _ => None,
    };
    let signature = signature.ok_or(Refusal::NoProof)?;
    let text = |word| options.get(word).and_then(Value::as_str);
    let is_ours = text("type") == Some("DataIntegrityProof")
        && text("cryptosuite") == Some(SUITE)
        && text("proofPurpose") == Some("assertionMethod");
    let (Some(method), Some(created), true) =
        (text("verificationMethod"), text("created"), is_ours)
    else {
        return Err(Refusal::NoProof);
    };
    let created = DateTime::parse_from_rfc3339(created).map_err(|_| Refusal::NoProof)?.to_utc();
    let key = key_of(method).ok_or(Refusal::UnknownKey)?;
    if !key.is_believed() {
        return Err(Refusal::RevokedKey);
    }
    if key.retired_at.is_some_and(|retired| created > retired.utc()) {
        return Err(Refusal::RetiredKey);
    }
    let signed = to_sign(document, vocabulary, &Value::Object(options))
        .map_err(|error| Refusal::Malformed(error.to_string()))?;
    if key.algorithm != Algorithm::Ed25519 || !key.verifies(&signed, &signature) {
        return Err(Refusal::Altered);
    }
    Ok(Proven { created, kid: key.kid })
}

/// What the signature is over: the hash of the proof's options, then that of the document.
pub fn to_sign(
    document: &Value,
    vocabulary: &Vocabulary,
    options: &Value,
) -> Result<Vec<u8>, Error> {
    let mut options = options.as_object().cloned().unwrap_or_default();
    // The options carry the document's context, which says nothing by itself.
    if options.remove("@context").is_some_and(|own| Some(&own) != document.get("@context")) {
        return Err(Error::Document("its proof has a context of its own".to_owned()));
    }
    let options = rdf::canonical(&PROOF.statements_of(&options)?)?;
    let document = rdf::canonical(&vocabulary.statements(document)?)?;
    let hashes = [encoding::sha256(options.as_bytes()), encoding::sha256(document.as_bytes())];
    Ok(hashes.concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signing::jsonld::Meaning;

    const WORDS: Vocabulary = Vocabulary {
        contexts: &["https://x.test/v1"],
        words: &[("name", Meaning::Plain("u:name"))],
    };

    fn at(seconds: i64) -> Instant {
        DateTime::from_timestamp(seconds, 0).unwrap().into()
    }

    fn proven() -> (Signer, Value) {
        let signer = Signer::of_private(Algorithm::Ed25519, &[3; 32], at(0)).unwrap();
        let mut document = json!({ "@context": ["https://x.test/v1"], "id": "u:1", "name": "a" });
        add(&mut document, &WORDS, &signer, "https://x.test/issuer#k", at(1000)).unwrap();
        (signer, document)
    }

    #[test]
    fn a_retired_key_proves_what_it_signed_before_and_nothing_after() {
        let (signer, document) = proven();
        let verified = |key: Key| verify(&document, &WORDS, |_| Some(key)).map(|proven| proven.kid);
        let key = |retired, revoked| Key {
            retired_at: retired,
            revoked_at: revoked,
            ..signer.key().clone()
        };
        assert_eq!(verified(key(None, None)).as_deref(), Ok(signer.kid()));
        assert_eq!(verified(key(Some(at(1000)), None)).as_deref(), Ok(signer.kid()));
        assert_eq!(verified(key(Some(at(999)), None)), Err(Refusal::RetiredKey));
        assert_eq!(verified(key(None, Some(at(5000)))), Err(Refusal::RevokedKey));
        assert_eq!(verify(&document, &WORDS, |_| None), Err(Refusal::UnknownKey));
    }

    #[test]
    fn every_part_of_the_proof_counts() {
        let (signer, document) = proven();
        for (word, value) in [
            ("created", json!("1970-01-01T00:16:41Z")),
            ("verificationMethod", json!("https://x.test/issuer#other")),
            ("proofPurpose", json!("authentication")),
            ("cryptosuite", json!("eddsa-jcs-2022")),
            ("proofValue", json!("z111")),
            ("nonce", json!("more")),
            ("proof", json!("inside")),
            ("@context", json!(["https://x.test/v2"])),
        ] {
            let mut altered = document.clone();
            altered["proof"][word] = value;
            let outcome = verify(&altered, &WORDS, |_| Some(signer.key().clone()));
            assert!(outcome.is_err(), "{word}");
        }
        let mut two = document.clone();
        two["proof"] = json!([document["proof"], document["proof"]]);
        assert_eq!(verify(&two, &WORDS, |_| None), Err(Refusal::NoProof));
    }
}
