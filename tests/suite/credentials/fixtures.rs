//! Vectors that others computed: with `SHIFU_FIXTURES=FOLDER` those in its folders `vc` and `ob30` are
//! measured again and compared. Without it they are named as left out.

use std::path::PathBuf;

use serde_json::Value;
use shifu::{
    certification::credentials::badge,
    db::Instant,
    signing::{
        Algorithm, Key, Signer, encoding,
        jsonld::{Meaning, Vocabulary},
        proof, rdf,
    },
};

use super::independent;
use crate::world::named_as_left_out;

fn fixture(name: &str) -> Option<String> {
    let Some(folder) = std::env::var_os("SHIFU_FIXTURES").map(PathBuf::from) else {
        named_as_left_out(
            "figures computed elsewhere (set SHIFU_FIXTURES to the folder of the data sets)",
        );
        return None;
    };
    Some(std::fs::read_to_string(folder.join(name)).expect("a data set"))
}

fn json(name: &str) -> Option<Value> {
    Some(serde_json::from_str(&fixture(name)?).expect("JSON"))
}

/// What the words of the W3C's example mean.
const EXAMPLE: Vocabulary = Vocabulary {
    contexts: &[
        "https://www.w3.org/ns/credentials/v2",
        "https://www.w3.org/ns/credentials/examples/v2",
    ],
    words: &[
        (
            "VerifiableCredential",
            Meaning::Name("https://www.w3.org/2018/credentials#VerifiableCredential"),
        ),
        (
            "AlumniCredential",
            Meaning::Name("https://www.w3.org/ns/credentials/examples#AlumniCredential"),
        ),
        ("alumniOf", Meaning::Plain("https://www.w3.org/ns/credentials/examples#alumniOf")),
        ("name", Meaning::Plain("https://schema.org/name")),
        ("description", Meaning::Plain("https://schema.org/description")),
        ("issuer", Meaning::Thing("https://www.w3.org/2018/credentials#issuer")),
        (
            "validFrom",
            Meaning::Typed(
                "https://www.w3.org/2018/credentials#validFrom",
                "http://www.w3.org/2001/XMLSchema#dateTime",
            ),
        ),
        (
            "credentialSubject",
            Meaning::Thing("https://www.w3.org/2018/credentials#credentialSubject"),
        ),
    ],
};

#[test]
fn the_vector_of_the_standard() {
    let Some(pair) = json("vc/keyPair.json") else { return };
    let folder = "vc/eddsa-rdfc-2022";
    let text = |name: &str| fixture(&format!("{folder}/{name}")).expect("beside the first");
    let private = encoding::from_base58(&pair["privateKeyMultibase"].as_str().expect("a key")[1..])
        .expect("base58");
    let at = Instant::from(chrono::DateTime::UNIX_EPOCH);
    let signer = Signer::of_private(Algorithm::Ed25519, &private[2..], at).expect("a key");
    assert_eq!(signer.key().multikey().as_deref(), pair["publicKeyMultibase"].as_str());
    let unsigned = json("vc/unsigned.json").expect("a document");
    let form =
        rdf::canonical(&EXAMPLE.statements(&unsigned).expect("known words")).expect("a form");
    assert_eq!(form, text("canonDocDataInt.txt"));
    let options: Value = serde_json::from_str(&text("proofConfigDataInt.json")).expect("JSON");
    let signed = proof::to_sign(&unsigned, &EXAMPLE, &options).expect("to sign");
    assert_eq!(encoding::hex(&signed), text("combinedHashDataInt.txt"));
    let signature = signer.sign(&signed).expect("signed");
    assert_eq!(encoding::hex(&signature), text("sigHexDataInt.txt"));
    let signed: Value = serde_json::from_str(&text("signedDataInt.json")).expect("JSON");
    assert!(proof::verify(&signed, &EXAMPLE, |_| Some(signer.key().clone())).is_ok());
    for (path, copy) in independent::tampered(&signed) {
        assert!(proof::verify(&copy, &EXAMPLE, |_| Some(signer.key().clone())).is_err(), "{path}");
    }
}

/// Another canonical form with nameless parts: its hash and signature.
#[test]
fn the_second_vector_of_the_standard() {
    let folder = "vc/eddsa-rdfc-2022/employ";
    let Some(form) = fixture(&format!("{folder}/canonDocDataInt.txt")) else { return };
    let text = |name: &str| fixture(&format!("{folder}/{name}")).expect("beside the first");
    assert_eq!(encoding::hex(&encoding::sha256(form.as_bytes())), text("docHashDataInt.txt"));
    let signed: Value = serde_json::from_str(&text("signedDataInt.json")).expect("JSON");
    let value = signed["proof"]["proofValue"].as_str().expect("a value");
    let signature = encoding::from_base58(&value[1..]).expect("base58");
    assert_eq!(encoding::hex(&signature), text("sigHexDataInt.txt"));
}

/// Badges of others, by the key their proof names: a good one, whose nameless criteria are numbered
/// as by everybody, and others that are refused: of an older version and without a proof, and with
/// a wrong one.
#[test]
fn badges_of_others() {
    let at = Instant::from(chrono::DateTime::UNIX_EPOCH);
    let named = |method: &str| {
        let (_, multikey) = method.rsplit_once('#')?;
        Some(Key::of(Algorithm::Ed25519, &encoding::from_multikey(multikey)?, at))
    };
    let Some(good) = json("ob30/simple.json") else { return };
    let form = badge::BADGE.statements(&good).and_then(|said| rdf::canonical(&said));
    let mut bare = good.clone();
    bare.as_object_mut().expect("an object").remove("proof");
    assert_eq!(form.expect("a form"), independent::canonical(&bare));
    assert!(proof::verify(&good, &badge::BADGE, named).is_ok());
    for (path, copy) in independent::tampered(&good) {
        assert!(proof::verify(&copy, &badge::BADGE, named).is_err(), "{path}");
    }
    for name in ["simple-noproof.json", "simple-err-proof-method.json", "simple_v1.json"] {
        let document = json(&format!("ob30/{name}")).expect("beside the first");
        assert!(proof::verify(&document, &badge::BADGE, named).is_err(), "{name}");
    }
}
