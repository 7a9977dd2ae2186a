//! The secret of this installation, by which the private halves of keys are sealed.
//!
//! It never lies in the database: whoever copies a backup cannot sign with it. It comes from a
//! setting, from a file that is named, or from a file beside an SQLite database, which is made
//! with the first key so that a first run needs no setup. Later it is never made: a new secret opens
//! nothing that the lost one sealed, and would hide that it is lost.

use std::{fmt, fs, io::Write, path::PathBuf};

use ring::{
    aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hkdf::{HKDF_SHA256, Salt},
};

use super::{Error, encoding};

/// Shorter ones could be guessed.
const SHORTEST: usize = 32;

/// Where the secret is to be found.
#[derive(Clone, PartialEq, Eq)]
pub enum SecretPlace {
    /// It was given, in the settings or a variable.
    Given(String),
    /// In this file, which somebody made.
    File(PathBuf),
    /// In this file, which is made with the first key.
    Own(PathBuf),
    /// Several servers share the database, so no file beside it can be meant.
    Nowhere,
}

/// Never the secret itself.
impl fmt::Debug for SecretPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl fmt::Display for SecretPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SecretPlace::Given(_) => f.write_str("the setting `secret`"),
            SecretPlace::File(file) | SecretPlace::Own(file) => write!(f, "{}", file.display()),
            SecretPlace::Nowhere => f.write_str("not set"),
        }
    }
}

impl SecretPlace {
    /// Reads the secret that sealed what there is.
    pub(super) fn read(&self) -> Result<Secret, Error> {
        let words = match self {
            SecretPlace::Given(words) => words.clone(),
            SecretPlace::Own(file) if self.is_missing() => {
                return Err(Error::NoSecret(missing(file)));
            }
            SecretPlace::File(file) | SecretPlace::Own(file) => {
                fs::read_to_string(file).map_err(|error| unreadable(file, &error))?
            }
            SecretPlace::Nowhere => return Err(Error::NoSecret(NOT_SET.to_owned())),
        };
        let words = words.trim();
        if words.len() < SHORTEST {
            return Err(Error::NoSecret(format!(
                "the secret ({self}) is shorter than {SHORTEST} characters; make one with `openssl rand -base64 32`"
            )));
        }
        Ok(Secret::of(words))
    }

    /// Reads the secret where it has sealed nothing yet, and makes the file that may be made.
    pub(super) fn read_or_make(&self) -> Result<Secret, Error> {
        if let SecretPlace::Own(file) = self {
            match make(file) {
                Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                    return Err(unreadable(file, &error));
                }
                _ => {}
            }
        }
        self.read()
    }

    /// Whether it is a file of our own that is not there.
    pub(super) fn is_missing(&self) -> bool {
        matches!(self, SecretPlace::Own(file) if !file.exists())
    }
}

const NOT_SET: &str = "no secret is set to seal signing keys with: set SHIFU_SECRET (or secret_file) to the same \
     32 or more random characters on every server, for example from `openssl rand -base64 32`";

fn missing(file: &std::path::Path) -> String {
    format!(
        "the secret file {} is missing: restore it, or set SHIFU_SECRET or secret_file as the service has it; if the \
         secret is lost for good, make new keys with `shifu keys rotate --secret-lost`",
        file.display()
    )
}

fn unreadable(file: &std::path::Path, error: &std::io::Error) -> Error {
    Error::NoSecret(format!("the secret {} cannot be read: {error}", file.display()))
}

/// A new file that only its owner may read. Of two who make it at once, one finds it there: it is
/// linked under its name only when it is whole.
fn make(file: &std::path::Path) -> std::io::Result<()> {
    if file.exists() {
        return Err(std::io::ErrorKind::AlreadyExists.into());
    }
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => std::path::Path::new("."),
    };
    let words = encoding::base64url(&rand::random::<[u8; 32]>());
    // Temporary files are made with mode 0600.
    let mut fresh = tempfile::NamedTempFile::new_in(folder)?;
    writeln!(fresh, "{words}")?;
    fresh.as_file().sync_all()?;
    fresh.persist_noclobber(file).map_err(|error| error.error)?;
    Ok(())
}

/// Seals and opens; knows no words.
pub(super) struct Secret(LessSafeKey);

/// A key of 32 bytes is asked of the derivation.
struct Length;

impl ring::hkdf::KeyType for Length {
    fn len(&self) -> usize {
        32
    }
}

impl Secret {
    fn of(words: &str) -> Secret {
        let mut bytes = [0; 32];
        let derived = Salt::new(HKDF_SHA256, b"shifu").extract(words.as_bytes());
        let filled = derived
            .expand(&[b"private halves of signing keys"], Length)
            .and_then(|okm| okm.fill(&mut bytes));
        let key = UnboundKey::new(&CHACHA20_POLY1305, &bytes);
        match (filled, key) {
            (Ok(()), Ok(key)) => Secret(LessSafeKey::new(key)),
            // Both fail only for lengths other than the one written here.
            _ => unreachable!("32 bytes are asked for and given"),
        }
    }

    /// What lies in the database: a random nonce, then the sealed bytes, bound to their owner.
    pub(super) fn seal(&self, owner: &str, plain: &[u8]) -> Result<Vec<u8>, Error> {
        let nonce: [u8; NONCE_LEN] = rand::random();
        let mut sealed = plain.to_vec();
        self.0
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(owner.as_bytes()),
                &mut sealed,
            )
            .map_err(|_| Error::Library("sealing"))?;
        Ok([&nonce[..], &sealed].concat())
    }

    /// Nothing when another secret sealed it, or for another owner, or it was altered.
    pub(super) fn open(&self, owner: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LEN>()?;
        let mut bytes = sealed.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let plain = self.0.open_in_place(nonce, Aad::from(owner.as_bytes()), &mut bytes).ok()?;
        Some(plain.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(words: &str) -> Result<Secret, Error> {
        SecretPlace::Given(words.to_owned()).read()
    }

    #[test]
    fn what_one_secret_seals_no_other_opens() {
        let secret = given("a secret of more than thirty-two letters").unwrap();
        let sealed = secret.seal("k1", b"private").unwrap();
        assert!(!sealed.windows(7).any(|part| part == b"private"));
        assert_eq!(secret.open("k1", &sealed).as_deref(), Some(&b"private"[..]));
        assert_eq!(secret.open("k2", &sealed), None, "of another key");
        let other = given("another secret of more than thirty-two").unwrap();
        assert_eq!(other.open("k1", &sealed), None);
        for at in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[at] ^= 1;
            assert_eq!(secret.open("k1", &altered), None, "byte {at}");
        }
        assert_eq!(secret.open("k1", &sealed[..5]), None);
    }

    #[test]
    fn a_short_secret_or_none_is_refused_with_a_remedy() {
        assert!(matches!(given("short"), Err(Error::NoSecret(said)) if said.contains("openssl")));
        let nowhere = SecretPlace::Nowhere.read();
        assert!(matches!(nowhere, Err(Error::NoSecret(said)) if said.contains("SHIFU_SECRET")));
        let missing = SecretPlace::File("/nonexistent/secret".into()).read();
        assert!(matches!(missing, Err(Error::NoSecret(_))), "a file that is named is not made");
    }

    #[test]
    fn the_own_file_is_made_once_and_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let place = SecretPlace::Own(folder.path().join("shifu.key"));
        let sealed = place.read_or_make().unwrap().seal("k", b"x").unwrap();
        assert_eq!(place.read_or_make().unwrap().open("k", &sealed).as_deref(), Some(&b"x"[..]));
        assert_eq!(place.read().unwrap().open("k", &sealed).as_deref(), Some(&b"x"[..]));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(folder.path().join("shifu.key")).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn the_own_file_is_not_made_by_reading() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("shifu.key");
        let place = SecretPlace::Own(file.clone());
        assert!(matches!(place.read(), Err(Error::NoSecret(said)) if said.contains("restore it")));
        assert!(place.is_missing() && !file.exists());
    }

    #[test]
    fn it_is_never_printed() {
        let place = SecretPlace::Given("a secret of more than thirty-two letters".to_owned());
        assert!(!format!("{place:?} {place}").contains("thirty"));
    }
}
