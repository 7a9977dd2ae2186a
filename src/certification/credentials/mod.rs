//! Proof that needs nobody of us: credentials others can verify, and a statement a phone can.
//!
//! Three forms say the same of a certificate. An **Open Badges 3.0** credential, with a proof inside
//! (`eddsa-rdfc-2022`) and as a token (RS256), for whoever collects or checks credentials by
//! software ([`badge`]). A **compact statement** of some 150 bytes behind the `#` of an address, for
//! the QR code on paper ([`statement`]): the page `/verify` checks it in the phone itself, without
//! network once it was opened, by keys the phone keeps. And the **status lists** ([`status`]), signed
//! and short-lived, that say which certificates were taken back since.
//!
//! A credential is made when it is first asked for and kept as it was signed ([`making`]). Issuing
//! thousands at once therefore costs nothing here, and most people never ask. A certificate that was
//! extended since, or whose credential was signed by a key that was revoked, gets another edition.
//! The statement is not kept: by the same key it always comes out the same.
//!
//! What a credential tells of a person is what the paper tells. The e-mail address, by which programs
//! that collect badges know their owner, is there only as a salted hash.
//!
//! Invariant: no status is stored. The lists are computed from acts and record when they are asked
//! for (and given again for some seconds, see [`lists`]); the place of a certificate in them is its
//! row.

pub mod badge;
pub mod handlers;
pub mod issuer;
mod lapses;
pub mod lists;
pub mod making;
mod pages;
mod queries;
pub mod statement;
pub mod status;

pub use issuer::Issuer;
pub use lists::Lists;
pub use pages::{downloads, downloads_by_code};
pub use queries::Credential;

use super::model::Certificate;
use crate::{
    access::{Routes, Who},
    db::{Conn, Instant},
    mail::Letterhead,
    signing::{self, Algorithm, Keys},
};

use handlers as h;

/// The address a QR code on paper carries, and the key that signed what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedUrl {
    pub url: String,
    pub kid: String,
}

/// The address a QR code on paper carries: the page that verifies, and behind the `#`, which no
/// server gets to see, the signed statement. At most [`statement::LONGEST`] characters beyond the
/// address of this installation.
///
/// The first key is made here when there is none, so the connection must be one that writes. It
/// fails when no secret is set ([`signing::Error::NoSecret`]); a paper then carries the address of
/// the public check instead.
pub fn qr_url(
    conn: &mut Conn,
    keys: &Keys,
    head: &Letterhead,
    certificate: &Certificate,
    now: Instant,
) -> Result<SignedUrl, signing::Error> {
    let signer = keys.current(conn, Algorithm::Ed25519, now)?;
    let statement = statement::Statement::of(certificate).sign(&signer)?;
    let url = head.link(&format!("/verify#{statement}"));
    Ok(SignedUrl { url, kid: signer.kid().to_owned() })
}

pub fn routes() -> Routes {
    Routes::new()
        .get("/.well-known/did.json", Who::Public, h::did)
        .get("/.well-known/jwks.json", Who::Public, h::jwks)
        .get("/issuer", Who::Public, h::profile)
        .get("/issuer/keys/{kid}", Who::Public, h::key)
        .get("/achievements/{set}/{name}", Who::Public, h::achievement)
        .get("/credentials/status/{purpose}/{list}", Who::Public, h::status_list)
        .get("/check/badge.json", Who::Public, h::checked_badge)
        .get("/check/badge.jwt", Who::Public, h::checked_token)
        .get("/verify", Who::Public, h::verify)
        .get("/verify/keys.json", Who::Public, h::verify_keys)
        .get("/verify/status/{list}", Who::Public, h::verify_status)
        .get("/verify-worker.js", Who::Public, h::verify_worker)
        .get("/certificates/{number}/badge.json", Who::SignedIn, h::badge)
        .get("/certificates/{number}/badge.jwt", Who::SignedIn, h::token)
        .get("/certificates/{number}/badge.svg", Who::SignedIn, h::picture)
}
