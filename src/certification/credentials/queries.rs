//! All that reads and writes the table `credential`, and reads what status lists tell.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::status::{Change, PLACES};
use crate::{
    certification::{
        acts::spans,
        model::{Act, ActKind, CertificateId},
        rules,
    },
    db::{
        Conn, Error, Instant,
        schema::{certificate, certificate_act, credential, site},
    },
    each_backend,
    i18n::{Lang, Text},
    record::{PersonId, ledger::Stamp},
    staff::Site,
};

type Result<T> = std::result::Result<T, Error>;

/// A credential as it was signed.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = credential)]
pub struct Credential {
    pub certificate_id: CertificateId,
    /// 1 for the first, one more each time it had to be made again.
    pub edition: i64,
    /// The last valid day it tells.
    pub through_on: Option<NaiveDate>,
    /// The JSON with its proof.
    pub document: String,
    /// The key of the proof.
    pub kid: String,
    pub jwt: String,
    /// The key of the token.
    pub jwt_kid: String,
    /// SHA-256 of the document, in hexadecimal.
    pub digest: String,
    pub made_at: Instant,
}

/// The last edition of a certificate's credential.
pub(super) fn latest(conn: &mut Conn, id: CertificateId) -> Result<Option<Credential>> {
    Ok(credential::table
        .filter(credential::certificate_id.eq(id))
        .order(credential::edition.desc())
        .select(Credential::as_select())
        .first(conn)
        .optional()?)
}

/// Keeps an edition, unless somebody kept it at the same moment; says which one is kept.
pub(super) fn keep(conn: &mut Conn, new: Credential) -> Result<Credential> {
    each_backend!(conn, |conn| diesel::insert_into(credential::table)
        .values(&new)
        .on_conflict((credential::certificate_id, credential::edition))
        .do_nothing()
        .execute(conn))?;
    Ok(latest(conn, new.certificate_id)?.unwrap_or(new))
}

/// Whether there is such a list: the first always, others as far as certificates reach.
pub(super) fn has_list(conn: &mut Conn, list: i64) -> Result<bool> {
    let last: Option<CertificateId> = certificate::table
        .order(certificate::id.desc())
        .select(certificate::id)
        .first(conn)
        .optional()?;
    let last = last.map_or(0, |id| id.0 / PLACES);
    Ok((0..=last).contains(&list))
}

/// A certificate of a list, as far as how it stands depends on it.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = certificate)]
pub(super) struct Listed {
    pub id: CertificateId,
    pub person_id: PersonId,
    pub certification: String,
    pub valid_from: NaiveDate,
    pub valid_through: Option<NaiveDate>,
    pub cycle: i64,
}

/// The certificates of a list that have begun, of these certifications.
pub(super) fn of_list(
    conn: &mut Conn,
    list: i64,
    certifications: &[String],
    today: NaiveDate,
) -> Result<Vec<Listed>> {
    let (first, last) = span(list);
    Ok(certificate::table
        .filter(certificate::id.between(first, last))
        .filter(certificate::certification.eq_any(certifications))
        .filter(certificate::valid_from.le(today))
        .order(certificate::id)
        .select(Listed::as_select())
        .load(conn)?)
}

/// The first and the last place of a list, as rows.
fn span(list: i64) -> (CertificateId, CertificateId) {
    (CertificateId(list * PLACES), CertificateId((list + 1) * PLACES - 1))
}

/// What happened to the certificates of a list by a day: only those that were acted on are read.
pub(super) fn changes(conn: &mut Conn, list: i64, today: NaiveDate) -> Result<Vec<Change>> {
    let (first, last) = span(list);
    let rows: Vec<Told> = certificate_act::table
        .filter(certificate_act::certificate_id.between(first, last))
        .order((certificate_act::certificate_id, certificate_act::id))
        .limit(MOST)
        .select((
            certificate_act::certificate_id,
            certificate_act::act,
            certificate_act::on_day,
            certificate_act::done_at,
            certificate_act::through_on,
        ))
        .load(conn)?;
    let rows: Vec<Act> = rows.into_iter().map(act_of).collect();
    let all = rows.chunk_by(|a, b| a.certificate_id == b.certificate_id).map(|acts| Change {
        certificate: acts[0].certificate_id,
        state: rules::state_by_acts(acts, today),
        extended: spans::through_on(None, acts, today),
    });
    Ok(all.collect())
}

/// An act without its words: certificate, what, from which day, when, and the new last day.
type Told = (CertificateId, ActKind, NaiveDate, Instant, Option<NaiveDate>);

fn act_of((certificate, kind, on, at, through): Told) -> Act {
    Act { through, ..Act::new(certificate, kind, on, "", Stamp { at, by: None }) }
}

/// The last act on any certificate: while it is the same, nobody acted.
pub(super) fn last_act(conn: &mut Conn) -> Result<Option<i64>> {
    Ok(certificate_act::table.select(diesel::dsl::max(certificate_act::id)).first(conn)?)
}

/// More acts than 131,072 certificates ever see.
const MOST: i64 = 2_000_000;

/// What the group calls itself: the name of the topmost site.
pub(super) fn group_name(conn: &mut Conn) -> Result<Option<Text>> {
    let root: Option<Site> = site::table
        .filter(site::parent_id.is_null())
        .order(site::id)
        .select(Site::as_select())
        .first(conn)
        .optional()?;
    Ok(root.map(|root| Text::new(root.title(Lang::Zh), root.title(Lang::En))))
}
