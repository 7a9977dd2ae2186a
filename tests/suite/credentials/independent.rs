//! Verifying as a stranger does: with readers of JSON-LD and of keys that share nothing with ours,
//! by the contexts of the standards, and by what the installation publishes.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use oxjsonld::{JsonLdParser, JsonLdRemoteDocument};
use oxrdf::{
    Dataset,
    dataset::{CanonicalizationAlgorithm, CanonicalizationHashAlgorithm},
};
use ring::{
    digest::{SHA256, digest},
    signature::{ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey},
};
use serde_json::{Value, json};

const CREDENTIALS: &[u8] = include_bytes!("../contexts/credentials-v2.jsonld");
const OPEN_BADGES: &[u8] = include_bytes!("../contexts/open-badges-3.0.3.jsonld");

/// The canonical N-Quads of a document, by RDFC-1.0.
pub fn canonical(document: &Value) -> String {
    let bytes = document.to_string();
    let quads = JsonLdParser::new().for_slice(&bytes).with_load_document_callback(|url, _| {
        let document = match url {
            "https://www.w3.org/ns/credentials/v2" => CREDENTIALS,
            "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json" => OPEN_BADGES,
            other => return Err(format!("nothing remote is loaded: {other}").into()),
        };
        Ok(JsonLdRemoteDocument { document: document.to_vec(), document_url: url.to_owned() })
    });
    let mut dataset: Dataset = quads.map(|quad| quad.expect("a document in order")).collect();
    let hash_algorithm = CanonicalizationHashAlgorithm::Sha256;
    dataset.canonicalize(CanonicalizationAlgorithm::Rdfc10 { hash_algorithm });
    let mut lines: Vec<String> = dataset.iter().map(|quad| format!("{quad} .\n")).collect();
    lines.sort();
    lines.concat()
}

/// What the signature of a proof is over.
pub fn signed(document: &Value) -> Vec<u8> {
    let mut bare = document.clone();
    let mut options = bare.as_object_mut().expect("an object").remove("proof").expect("a proof");
    options.as_object_mut().expect("an object").remove("proofValue");
    options["@context"] = bare["@context"].clone();
    let hash = |document: &Value| digest(&SHA256, canonical(document).as_bytes());
    [hash(&options).as_ref(), hash(&bare).as_ref()].concat()
}

/// Whether the proof inside a document was made by this key.
pub fn is_proven(document: &Value, multikey: &str) -> bool {
    let value = document["proof"]["proofValue"].as_str().expect("a value");
    let signature = base58(value.strip_prefix('z').expect("base58"));
    let key = base58(multikey.strip_prefix('z').expect("base58"));
    let public = key.strip_prefix(&[0xed, 0x01]).expect("an Ed25519 key");
    UnparsedPublicKey::new(&ED25519, public).verify(&signed(document), &signature).is_ok()
}

/// The claims of a token, if a key of the set signed it by RS256.
pub fn claims(token: &str, keys: &Value) -> Option<Value> {
    let (message, signature) = token.rsplit_once('.')?;
    let (header, payload) = message.split_once('.')?;
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).ok();
    let header: Value = serde_json::from_slice(&decode(header)?).ok()?;
    assert_eq!(header["alg"], "RS256");
    let kid = header["kid"].as_str()?.rsplit('/').next()?;
    let key = keys["keys"].as_array()?.iter().find(|key| key["kid"] == kid)?;
    let number = |name: &str| decode(key[name].as_str()?);
    let public = RsaPublicKeyComponents { n: number("n")?, e: number("e")? };
    public.verify(&RSA_PKCS1_2048_8192_SHA256, message.as_bytes(), &decode(signature)?).ok()?;
    serde_json::from_slice(&decode(payload)?).ok()
}

fn base58(text: &str) -> Vec<u8> {
    let alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    let mut number = vec![0_u32; 80];
    for letter in text.chars() {
        let mut carry = alphabet.find(letter).expect("a letter of base58") as u32;
        for byte in number.iter_mut().rev() {
            carry += *byte * 58;
            *byte = carry & 0xff;
            carry >>= 8;
        }
        assert_eq!(carry, 0, "longer than a signature");
    }
    let zeros = text.chars().take_while(|letter| *letter == '1').count();
    let first = number.iter().position(|byte| *byte != 0).unwrap_or(number.len());
    number[first - zeros..].iter().map(|byte| *byte as u8).collect()
}

/// Every copy of a document in which one value says something else.
pub fn tampered(document: &Value) -> Vec<(String, Value)> {
    let mut paths = Vec::new();
    leaves(document, String::new(), &mut paths);
    let altered = |path: &String| {
        let mut copy = document.clone();
        let value = copy.pointer_mut(path).expect("a path of its own");
        *value = match value {
            Value::String(text) if path.ends_with("/type") || path.contains("/type/") => {
                json!(if text.as_str() == "Profile" { "Achievement" } else { "Profile" })
            }
            Value::String(text) => json!(format!("{text}x")),
            Value::Bool(yes) => json!(!*yes),
            Value::Number(number) => json!(number.as_i64().expect("a whole number") + 1),
            other => panic!("{other} is no leaf"),
        };
        (path.clone(), copy)
    };
    paths.iter().map(altered).collect()
}

fn leaves(value: &Value, path: String, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                leaves(
                    value,
                    format!("{path}/{}", name.replace('~', "~0").replace('/', "~1")),
                    found,
                );
            }
        }
        Value::Array(values) => {
            for (at, value) in values.iter().enumerate() {
                leaves(value, format!("{path}/{at}"), found);
            }
        }
        _ => found.push(path),
    }
}
