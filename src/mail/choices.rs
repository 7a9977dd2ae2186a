//! The address in a mail by which its recipient opts out of mails of its kind (RFC 8058).
//!
//! It carries a secret of the person and the kind of mail, so it works without signing in, and for
//! nothing else. Whether a kind may be opted out of is decided by whoever writes such mails.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use diesel::prelude::*;

use crate::{
    db::{Conn, Error, Instant, schema::mail_choice},
    each_backend,
    record::PersonId,
};

type Result<T> = std::result::Result<T, Error>;

/// Where a person opts out of mails of a kind, for [`super::Enclosed::unsubscribe`].
pub fn unsubscribe_path(
    conn: &mut Conn,
    person: PersonId,
    kind: &str,
    now: Instant,
) -> Result<String> {
    let secret = secret_of(conn, person, now)?;
    Ok(format!("/mail/unsubscribe/{secret}/{kind}"))
}

/// The secret of a person, made when it is first asked for.
pub fn secret_of(conn: &mut Conn, person: PersonId, now: Instant) -> Result<String> {
    let row = (
        mail_choice::person_id.eq(person),
        mail_choice::opted_out.eq("[]"),
        mail_choice::secret.eq(URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())),
        mail_choice::changed_at.eq(now),
    );
    let kept = mail_choice::table.find(person).select(mail_choice::secret);
    if let Some(secret) = kept.first(conn).optional()? {
        return Ok(secret);
    }
    // Two mails to one person at once: the second takes the secret the first has made.
    each_backend!(conn, |conn| diesel::insert_into(mail_choice::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(conn))?;
    Ok(kept.first(conn)?)
}

/// Whose secret this is.
pub fn person_by_secret(conn: &mut Conn, secret: &str) -> Result<Option<PersonId>> {
    let found = mail_choice::table.filter(mail_choice::secret.eq(secret));
    Ok(found.select(mail_choice::person_id).first(conn).optional()?)
}

/// The kinds of mail a person opted out of.
pub fn opted_out(conn: &mut Conn, person: PersonId) -> Result<Vec<String>> {
    let kinds = mail_choice::table.find(person).select(mail_choice::opted_out);
    let kinds: Option<String> = kinds.first(conn).optional()?;
    Ok(kinds.and_then(|kinds| serde_json::from_str(&kinds).ok()).unwrap_or_default())
}

/// Puts a kind on the list of those a person does not get, or takes it off again. False when it
/// stood so already.
pub fn set_opted_out(
    conn: &mut Conn,
    person: PersonId,
    (kind, out): (&str, bool),
    now: Instant,
) -> Result<bool> {
    secret_of(conn, person, now)?;
    let mut kinds = opted_out(conn, person)?;
    if kinds.iter().any(|one| one == kind) == out {
        return Ok(false);
    }
    if out {
        kinds.push(kind.to_owned());
    } else {
        kinds.retain(|one| one != kind);
    }
    let kinds = serde_json::json!(kinds).to_string();
    diesel::update(mail_choice::table.find(person))
        .set((mail_choice::opted_out.eq(kinds), mail_choice::changed_at.eq(now)))
        .execute(conn)?;
    Ok(true)
}
