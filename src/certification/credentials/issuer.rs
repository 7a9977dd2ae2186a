//! Who we are to a program: the issuer's profile, the keys, and the addresses of everything.

use serde_json::{Value, json};

use crate::{
    i18n::Text,
    mail::Letterhead,
    signing::{Algorithm, Key},
};

/// The addresses under which this installation is known; they follow from its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    base: String,
}

impl Issuer {
    pub fn of(head: &Letterhead) -> Issuer {
        Issuer { base: head.base_url.clone() }
    }

    pub fn base(&self) -> &str {
        &self.base
    }

    /// The issuer: the address of its profile.
    pub fn id(&self) -> String {
        format!("{}/issuer", self.base)
    }

    /// Where a proof finds the key that verifies it: within the profile, named by the key itself.
    pub fn method(&self, key: &Key) -> String {
        match key.multikey() {
            Some(multikey) => format!("{}#{multikey}", self.id()),
            None => self.key(&key.kid),
        }
    }

    /// Where a key is served as a JWK.
    pub fn key(&self, kid: &str) -> String {
        format!("{}/issuer/keys/{kid}", self.base)
    }

    pub fn achievement(&self, code: &str) -> String {
        let path: Vec<String> = code.split('/').map(escaped).collect();
        format!("{}/achievements/{}", self.base, path.join("/"))
    }

    pub fn status_list(&self, purpose: &str, list: i64) -> String {
        format!("{}/credentials/status/{purpose}/{list}", self.base)
    }

    /// The same issuer by the name of its host alone (`did:web`).
    pub fn did(&self) -> String {
        let host = self.base.split_once("://").map_or(self.base.as_str(), |(_, rest)| rest);
        let parts: Vec<String> = host.split('/').map(|part| part.replace(':', "%3A")).collect();
        format!("did:web:{}", parts.join(":"))
    }

    /// The key of ours an address means: in the profile, in the DID document or by itself.
    pub fn kid_or_multikey<'a>(&self, address: &'a str) -> Option<&'a str> {
        let within = [format!("{}#", self.id()), format!("{}#", self.did()), self.key("")];
        within.iter().find_map(|before| address.strip_prefix(before.as_str()))
    }

    /// The profile, with the keys that may be believed: who reads a credential follows its issuer
    /// here.
    pub fn profile(&self, name: &Text, keys: &[Key]) -> Value {
        let id = self.id();
        let mut profile = self.document(&id, keys);
        profile["@context"] = json!([
            "https://www.w3.org/ns/did/v1",
            "https://w3id.org/security/multikey/v1",
            "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
        ]);
        profile["type"] = json!(["Profile"]);
        profile["name"] = json!(both(name));
        profile["url"] = json!(self.base);
        profile
    }

    /// The same keys for readers of `did:web`.
    pub fn did_document(&self, keys: &[Key]) -> Value {
        let mut document = self.document(&self.did(), keys);
        document["alsoKnownAs"] = json!([self.id()]);
        document
    }

    fn document(&self, id: &str, keys: &[Key]) -> Value {
        let believed = || keys.iter().filter(|key| key.is_believed());
        let methods: Vec<Value> = believed().filter_map(|key| verification(id, key)).collect();
        let names: Vec<&Value> = methods.iter().map(|method| &method["id"]).collect();
        json!({
            "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1", "https://w3id.org/security/jwk/v1"],
            "id": id,
            "assertionMethod": names,
            "verificationMethod": methods,
        })
    }
}

/// A key as a reader of documents wants it: a Multikey where there is one, otherwise a JWK.
fn verification(controller: &str, key: &Key) -> Option<Value> {
    Some(match key.algorithm {
        Algorithm::Ed25519 => {
            let multikey = key.multikey()?;
            json!({ "id": format!("{controller}#{multikey}"), "type": "Multikey", "controller": controller, "publicKeyMultibase": multikey })
        }
        Algorithm::Rs256 => {
            json!({ "id": format!("{controller}#{}", key.kid), "type": "JsonWebKey", "controller": controller, "publicKeyJwk": key.jwk() })
        }
    })
}

/// Both languages where a format has room for one.
pub fn both(text: &Text) -> String {
    if text.zh == text.en || text.en.is_empty() {
        text.zh.clone()
    } else {
        format!("{} / {}", text.zh, text.en)
    }
}

fn escaped(part: &str) -> String {
    form_urlencoded::byte_serialize(part.as_bytes()).collect::<String>().replace('+', "%20")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{db::Instant, signing::Signer};

    fn issuer(base: &str) -> Issuer {
        Issuer { base: base.to_owned() }
    }

    #[test]
    fn a_did_is_the_host_with_its_port() {
        assert_eq!(issuer("https://shifu.example").did(), "did:web:shifu.example");
        assert_eq!(issuer("http://127.0.0.1:8080").did(), "did:web:127.0.0.1%3A8080");
    }

    #[test]
    fn revoked_keys_are_not_published_and_addresses_lead_back() {
        let at = Instant::from(chrono::DateTime::UNIX_EPOCH);
        let key =
            |seed| Signer::of_private(Algorithm::Ed25519, &[seed; 32], at).unwrap().key().clone();
        let gone = Key { revoked_at: Some(at), ..key(2) };
        let issuer = issuer("https://shifu.example");
        let document = issuer.did_document(&[key(1), gone]);
        assert_eq!(document["verificationMethod"].as_array().unwrap().len(), 1);
        assert_eq!(document["assertionMethod"][0], document["verificationMethod"][0]["id"]);
        let multikey = key(1).multikey().unwrap();
        let method = issuer.method(&key(1));
        assert_eq!(issuer.kid_or_multikey(&method), Some(multikey.as_str()));
        assert_eq!(issuer.kid_or_multikey("https://other.example/issuer#z6Mk"), None);
        assert_eq!(issuer.kid_or_multikey(&issuer.key("ab")), Some("ab"));
    }
}
