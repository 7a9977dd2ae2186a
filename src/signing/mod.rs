//! What we sign, so that others can check it without us: keys, signatures, linked-data proofs.
//!
//! [`Keys`] knows the keys of this installation and opens their private halves, which lie in the
//! database sealed by a [`secret`] that does not. [`Keys::current`] gives the [`Signer`] of the
//! day and makes the first key when there is none; a [`Key`] is the public half that checks. Upon
//! them stand compact signatures over any bytes ([`jws`]) and proofs inside a JSON-LD document
//! ([`proof`], `eddsa-rdfc-2022`).
//!
//! A retired key signs nothing more and goes on proving what it signed. A revoked key got out:
//! nothing it signed is believed, whenever it was. No key is ever deleted.
//!
//! Invariant: nothing remote is loaded. What the words of a document mean is said by a
//! [`Vocabulary`](jsonld::Vocabulary) that is compiled in; a document with a word it lacks is
//! neither signed nor verified, so no part of a document is outside its signature.

pub mod encoding;
pub mod jsonld;
pub mod jws;
mod keys;
pub mod proof;
pub mod rdf;
pub mod secret;

pub use keys::{Algorithm, Key, Keys, Signer, all, by_kid, retire, revoke};
pub use secret::SecretPlace;

use crate::{db, text, web};

/// Why something could not be signed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Database(#[from] db::Error),
    /// The secret of this installation is not set or cannot be read; the words say what to do.
    #[error("{0}")]
    NoSecret(String),
    /// The private half of a key was sealed by another secret.
    #[error(
        "signing key {0} was sealed by another secret: set the secret it was made under, or, if that is lost for good, make new keys with `shifu keys rotate --secret-lost`"
    )]
    Sealed(String),
    /// There is nothing to sign with yet, and the connection only reads.
    #[error("there is no signing key yet")]
    NoKey,
    /// The document cannot be put into a canonical form.
    #[error("the document cannot be signed: {0}")]
    Document(String),
    #[error("the cryptographic library failed: {0}")]
    Library(&'static str),
}

impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Error {
        Error::Database(error.into())
    }
}

impl From<Error> for web::Error {
    fn from(error: Error) -> web::Error {
        match error {
            Error::Database(error) => web::Error::Database(error),
            Error::NoSecret(_) => web::Error::Refused(text!(
                "本系统尚未设置签名密钥，暂时不能签发电子凭证。请联系系统管理员（shifu check 会说明缺什么）。",
                "This system has no secret to sign with yet, so it cannot make electronic credentials. Ask whoever runs it (`shifu check` says what is missing)."
            )),
            other => web::Error::Internal(other.to_string()),
        }
    }
}
