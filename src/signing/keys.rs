//! All that reads and writes the table `signing_key`, and what its keys can do.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use diesel::prelude::*;
use ring::{
    rand::SystemRandom,
    signature::{
        ED25519, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256,
        RsaKeyPair, UnparsedPublicKey, VerificationAlgorithm,
    },
};
use rsa::{pkcs1::DecodeRsaPublicKey, pkcs8::EncodePrivateKey, traits::PublicKeyParts};
use serde_json::{Value, json};

use super::{Error, SecretPlace, encoding, secret::Secret};
use crate::db::{Conn, Instant, schema::signing_key};

type Result<T> = std::result::Result<T, Error>;

crate::words! {
    /// What a key signs by.
    Algorithm {
        /// Ed25519, `EdDSA` in a JWS: small and fast; everything of ours is signed by it.
        Ed25519 = "ed25519",
        /// RSA with SHA-256, `RS256` in a JWS: what every reader of badges knows.
        Rs256 = "rs256",
    }
}

impl Algorithm {
    /// Its name in the header of a JWS.
    pub fn jws_name(self) -> &'static str {
        match self {
            Algorithm::Ed25519 => "EdDSA",
            Algorithm::Rs256 => "RS256",
        }
    }

    fn verification(self) -> &'static dyn VerificationAlgorithm {
        match self {
            Algorithm::Ed25519 => &ED25519,
            Algorithm::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
        }
    }
}

/// The public half of a key, and how it stands.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = signing_key)]
pub struct Key {
    /// Sixteen hexadecimal digits of its RFC 7638 thumbprint.
    pub kid: String,
    pub algorithm: Algorithm,
    /// Ed25519: the 32 bytes; RSA: `RSAPublicKey` in DER.
    #[diesel(column_name = public_key)]
    pub public: Vec<u8>,
    pub made_at: Instant,
    /// It signs nothing from then on; what it signed stays good.
    pub retired_at: Option<Instant>,
    /// It got out: nothing it signed is to be believed.
    pub revoked_at: Option<Instant>,
    pub why: Option<String>,
}

impl Key {
    /// A public key from elsewhere, or of a test.
    pub fn of(algorithm: Algorithm, public: &[u8], made_at: Instant) -> Key {
        let kid = kid_of(algorithm, public);
        let (retired_at, revoked_at, why) = (None, None, None);
        Key { kid, algorithm, public: public.to_vec(), made_at, retired_at, revoked_at, why }
    }

    /// Whether it may sign.
    pub fn signs(&self) -> bool {
        self.retired_at.is_none() && self.revoked_at.is_none()
    }

    /// Whether what it signed may be believed.
    pub fn is_believed(&self) -> bool {
        self.revoked_at.is_none()
    }

    /// Whether it signed these bytes, and may be believed.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let key = UnparsedPublicKey::new(self.algorithm.verification(), &self.public);
        self.is_believed() && key.verify(message, signature).is_ok()
    }

    /// As a JSON Web Key, with its `kid`, `alg` and `use`.
    pub fn jwk(&self) -> Value {
        let mut jwk = thumbprint_members(self.algorithm, &self.public);
        jwk["kid"] = json!(self.kid);
        jwk["alg"] = json!(self.algorithm.jws_name());
        jwk["use"] = json!("sig");
        jwk
    }

    /// As a Multikey (`z6Mk…`); only Ed25519 keys are written so.
    pub fn multikey(&self) -> Option<String> {
        (self.algorithm == Algorithm::Ed25519).then(|| encoding::multikey(&self.public))
    }
}

/// What a JWK's thumbprint is taken over; serde_json writes the members in the order of their names.
fn thumbprint_members(algorithm: Algorithm, public: &[u8]) -> Value {
    match algorithm {
        Algorithm::Ed25519 => {
            json!({ "crv": "Ed25519", "kty": "OKP", "x": encoding::base64url(public) })
        }
        Algorithm::Rs256 => {
            // What cannot be read as a key has no numbers; nothing verifies by it either.
            let (n, e) = match rsa::PublicKey::from_pkcs1_der(public) {
                Ok(key) => (key.n_bytes(), key.e_bytes()),
                Err(_) => (Box::default(), Box::default()),
            };
            json!({ "e": encoding::base64url(&e), "kty": "RSA", "n": encoding::base64url(&n) })
        }
    }
}

fn kid_of(algorithm: Algorithm, public: &[u8]) -> String {
    let members = thumbprint_members(algorithm, public).to_string();
    encoding::hex(&encoding::sha256(members.as_bytes())[..8])
}

enum Pair {
    Ed25519(Ed25519KeyPair),
    Rs256(Box<RsaKeyPair>),
}

/// A key that may sign today.
#[derive(Clone)]
pub struct Signer {
    key: Arc<Key>,
    pair: Arc<Pair>,
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({})", self.key.kid)
    }
}

impl Signer {
    /// Its public half.
    pub fn key(&self) -> &Key {
        &self.key
    }

    pub fn kid(&self) -> &str {
        &self.key.kid
    }

    /// The signature of these bytes: 64 bytes by Ed25519, 256 by RSA.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        match &*self.pair {
            Pair::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
            Pair::Rs256(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
                    .map_err(|_| Error::Library("signing by RSA"))?;
                Ok(signature)
            }
        }
    }

    /// Signs by a private half that is given: 32 bytes of seed for Ed25519, PKCS#8 for RSA. For
    /// vectors of others and for measuring; our own keys come from [`Keys`].
    pub fn of_private(algorithm: Algorithm, private: &[u8], made_at: Instant) -> Result<Signer> {
        let (pair, public) = open_pair(algorithm, private)?;
        let key = Arc::new(Key::of(algorithm, &public, made_at));
        Ok(Signer { key, pair: Arc::new(pair) })
    }
}

fn open_pair(algorithm: Algorithm, private: &[u8]) -> Result<(Pair, Vec<u8>)> {
    match algorithm {
        Algorithm::Ed25519 => {
            let pair = Ed25519KeyPair::from_seed_unchecked(private)
                .map_err(|_| Error::Library("reading an Ed25519 key"))?;
            let public = pair.public_key().as_ref().to_vec();
            Ok((Pair::Ed25519(pair), public))
        }
        Algorithm::Rs256 => {
            let pair = RsaKeyPair::from_pkcs8(private)
                .map_err(|_| Error::Library("reading an RSA key"))?;
            let public = pair.public_key().as_ref().to_vec();
            Ok((Pair::Rs256(Box::new(pair)), public))
        }
    }
}

/// A fresh private half.
fn fresh(algorithm: Algorithm) -> Result<Vec<u8>> {
    match algorithm {
        Algorithm::Ed25519 => Ok(rand::random::<[u8; 32]>().to_vec()),
        Algorithm::Rs256 => {
            let failed = |_| Error::Library("making an RSA key");
            let key = rsa::PrivateKey::new(&mut rand::rng(), 2048).map_err(failed)?;
            let der = key.to_pkcs8_der().map_err(|_| Error::Library("writing an RSA key"))?;
            Ok(der.as_bytes().to_vec())
        }
    }
}

/// The keys of this installation. Cheap to clone; keeps opened private halves.
#[derive(Clone)]
pub struct Keys {
    shared: Arc<Shared>,
}

struct Shared {
    place: SecretPlace,
    secret: Mutex<Option<Arc<Secret>>>,
    opened: Mutex<HashMap<String, Arc<Pair>>>,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keys({})", self.shared.place)
    }
}

impl Keys {
    /// Nothing is read or made before a key is needed.
    pub fn new(place: SecretPlace) -> Keys {
        let (secret, opened) = (Mutex::default(), Mutex::default());
        Keys { shared: Arc::new(Shared { place, secret, opened }) }
    }

    pub fn place(&self) -> &SecretPlace {
        &self.shared.place
    }

    /// The key to sign with: the newest that is neither retired nor revoked. The first one is made
    /// here, so the connection must be one that writes; see [`Keys::existing`].
    pub fn current(&self, conn: &mut Conn, algorithm: Algorithm, now: Instant) -> Result<Signer> {
        match self.existing(conn, algorithm)? {
            Some(signer) => Ok(signer),
            None => self.make(conn, algorithm, now),
        }
    }

    /// The key to sign with, if one was made.
    pub fn existing(&self, conn: &mut Conn, algorithm: Algorithm) -> Result<Option<Signer>> {
        let found: Option<(Key, Vec<u8>)> = signing_key::table
            .filter(signing_key::algorithm.eq(algorithm))
            .filter(signing_key::retired_at.is_null())
            .filter(signing_key::revoked_at.is_null())
            .order(signing_key::id.desc())
            .select((Key::as_select(), signing_key::private_key))
            .first(conn)
            .optional()?;
        found.map(|(key, sealed)| self.open(key, &sealed)).transpose()
    }

    /// Makes a key; it is the one to sign with from now on. Refused where the keys there are cannot
    /// be opened: a key sealed by another secret than theirs is of no use to whoever has the right one.
    pub fn make(&self, conn: &mut Conn, algorithm: Algorithm, now: Instant) -> Result<Signer> {
        self.check(conn)?;
        let secret = if any(conn)? { self.secret()? } else { self.first_secret()? };
        seal_new(conn, algorithm, &secret, now)
    }

    /// Makes a key though the secret of those there are is lost, by a new secret where it may be made.
    pub fn make_after_loss(
        &self,
        conn: &mut Conn,
        algorithm: Algorithm,
        now: Instant,
    ) -> Result<Signer> {
        let secret = self.first_secret()?;
        seal_new(conn, algorithm, &secret, now)
    }

    /// Whether the secret can be read and opens every key that may sign; otherwise why not.
    pub fn check(&self, conn: &mut Conn) -> Result<()> {
        // A file that will be made with the first key is not made by asking.
        if any(conn)? || !self.place().is_missing() {
            self.secret()?;
        }
        for algorithm in Algorithm::ALL {
            self.existing(conn, *algorithm)?;
        }
        Ok(())
    }

    fn open(&self, key: Key, sealed: &[u8]) -> Result<Signer> {
        let mut opened = self.shared.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pair) = opened.get(&key.kid) {
            return Ok(Signer { key: Arc::new(key), pair: pair.clone() });
        }
        let private =
            self.secret()?.open(&key.kid, sealed).ok_or_else(|| Error::Sealed(key.kid.clone()))?;
        let pair = Arc::new(open_pair(key.algorithm, &private)?.0);
        opened.insert(key.kid.clone(), pair.clone());
        Ok(Signer { key: Arc::new(key), pair })
    }

    /// The secret that sealed the keys there are.
    fn secret(&self) -> Result<Arc<Secret>> {
        self.kept(SecretPlace::read)
    }

    /// The secret to seal the first key with.
    fn first_secret(&self) -> Result<Arc<Secret>> {
        self.kept(SecretPlace::read_or_make)
    }

    fn kept(&self, read: fn(&SecretPlace) -> Result<Secret>) -> Result<Arc<Secret>> {
        let mut kept = self.shared.secret.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(secret) = &*kept {
            return Ok(secret.clone());
        }
        let secret = Arc::new(read(&self.shared.place)?);
        *kept = Some(secret.clone());
        Ok(secret)
    }
}

/// Keeps a fresh key, sealed.
fn seal_new(
    conn: &mut Conn,
    algorithm: Algorithm,
    secret: &Secret,
    now: Instant,
) -> Result<Signer> {
    let private = fresh(algorithm)?;
    let signer = Signer::of_private(algorithm, &private, now)?;
    let sealed = secret.seal(signer.kid(), &private)?;
    diesel::insert_into(signing_key::table)
        .values((
            signing_key::kid.eq(signer.kid()),
            signing_key::algorithm.eq(algorithm),
            signing_key::public_key.eq(&signer.key.public),
            signing_key::private_key.eq(sealed),
            signing_key::made_at.eq(now),
        ))
        .execute(conn)?;
    Ok(signer)
}

/// Whether a key was ever made.
fn any(conn: &mut Conn) -> Result<bool> {
    let first: Option<String> =
        signing_key::table.select(signing_key::kid).first(conn).optional()?;
    Ok(first.is_some())
}

/// More keys than any installation makes.
const MOST: i64 = 1_000;

/// The public half of every key, newest first.
pub fn all(conn: &mut Conn) -> Result<Vec<Key>> {
    Ok(signing_key::table
        .order(signing_key::id.desc())
        .limit(MOST)
        .select(Key::as_select())
        .load(conn)?)
}

pub fn by_kid(conn: &mut Conn, kid: &str) -> Result<Option<Key>> {
    Ok(signing_key::table
        .filter(signing_key::kid.eq(kid))
        .select(Key::as_select())
        .first(conn)
        .optional()?)
}

/// Lets a key sign nothing more; false when there is none to retire.
pub fn retire(conn: &mut Conn, kid: &str, why: Option<&str>, now: Instant) -> Result<bool> {
    let open = signing_key::table
        .filter(signing_key::kid.eq(kid))
        .filter(signing_key::retired_at.is_null())
        .filter(signing_key::revoked_at.is_null());
    let changed = diesel::update(open)
        .set((signing_key::retired_at.eq(now), signing_key::why.eq(why)))
        .execute(conn)?;
    Ok(changed > 0)
}

/// Takes back everything a key ever signed; false when there is none to revoke.
pub fn revoke(conn: &mut Conn, kid: &str, why: &str, now: Instant) -> Result<bool> {
    let open = signing_key::table
        .filter(signing_key::kid.eq(kid))
        .filter(signing_key::revoked_at.is_null());
    let changed = diesel::update(open)
        .set((signing_key::revoked_at.eq(now), signing_key::why.eq(why)))
        .execute(conn)?;
    Ok(changed > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instant() -> Instant {
        Instant::from(chrono::DateTime::UNIX_EPOCH)
    }

    /// RFC 8037, appendix A: the key, its thumbprint and the signature of a JWS.
    #[test]
    fn the_key_of_the_standard() {
        let seed = encoding::from_base64url("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").unwrap();
        let signer = Signer::of_private(Algorithm::Ed25519, &seed, instant()).unwrap();
        let jwk = signer.key().jwk();
        assert_eq!(jwk["x"], "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
        let print =
            encoding::from_base64url("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k").unwrap();
        assert_eq!(signer.kid(), encoding::hex(&print[..8]));
        let message = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
        let signature = signer.sign(message).unwrap();
        assert_eq!(
            encoding::base64url(&signature),
            "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
        );
        assert!(signer.key().verifies(message, &signature));
        assert!(!signer.key().verifies(b"something else", &signature));
    }

    #[test]
    fn a_revoked_key_proves_nothing_and_a_retired_one_does() {
        let signer = Signer::of_private(Algorithm::Ed25519, &[7; 32], instant()).unwrap();
        let signature = signer.sign(b"x").unwrap();
        let retired = Key { retired_at: Some(instant()), ..signer.key().clone() };
        assert!(retired.verifies(b"x", &signature) && !retired.signs());
        let revoked = Key { revoked_at: Some(instant()), ..signer.key().clone() };
        assert!(!revoked.verifies(b"x", &signature) && !revoked.signs());
    }

    #[test]
    fn an_rsa_key_signs_and_says_its_numbers() {
        let private = fresh(Algorithm::Rs256).unwrap();
        let signer = Signer::of_private(Algorithm::Rs256, &private, instant()).unwrap();
        let signature = signer.sign(b"x").unwrap();
        assert_eq!(signature.len(), 256);
        assert!(signer.key().verifies(b"x", &signature));
        assert!(!signer.key().verifies(b"y", &signature));
        let jwk = signer.key().jwk();
        assert_eq!((&jwk["e"], &jwk["kty"]), (&json!("AQAB"), &json!("RSA")));
        assert_eq!(jwk["n"].as_str().unwrap().len(), 342, "2048 bits");
        assert_eq!(signer.key().multikey(), None);
    }
}
