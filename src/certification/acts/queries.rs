//! What only HR's acts read and write: files, campaigns, old certificates from files, supervision.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use sha2::{Digest, Sha256};

use super::supervision::{Supervised, SupervisionId};
use crate::{
    certification::{
        self,
        model::{Act, Certificate, CertificateId},
        queries::{SOURCE, by_certificate},
    },
    db::{
        Conn, Error, Instant,
        schema::{
            certificate, certificate_act, certificate_file, certificate_import, extension_campaign,
            supervision,
        },
    },
    i18n::Lang,
    record::{
        FactId, Kind, PersonId,
        ledger::{self, Stamp},
    },
};

type Result<T> = std::result::Result<T, Error>;

crate::id! {
    /// A file that belongs to a certificate or to an act.
    FileId
}

crate::id! {
    /// One decision by which many certificates were extended.
    CampaignId
}

crate::id! {
    /// A file of old certificates that was taken over.
    ImportId
}

crate::words! {
    /// What a file is to a certificate.
    FileKind {
        /// The paper as issued.
        Paper = "paper",
        /// What the holder was told.
        Letter = "letter",
        /// The scan of an old one.
        Source = "source",
        /// What an act rests on.
        Evidence = "evidence",
        /// Of a template.
        Picture = "picture",
    }
}

/// A file about to be kept.
#[derive(Clone, Debug)]
pub struct NewFile {
    pub name: String,
    pub media_type: &'static str,
    pub bytes: Vec<u8>,
}

/// A file without its bytes.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = certificate_file)]
pub struct File {
    pub id: FileId,
    pub certificate_id: Option<CertificateId>,
    pub kind: FileKind,
    pub name: String,
    pub media_type: String,
    pub digest: String,
    pub made_at: Instant,
}

pub fn hex_digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Keeps a file with its SHA-256.
pub fn add_file(
    conn: &mut Conn,
    of: Option<CertificateId>,
    kind: FileKind,
    lang: Option<Lang>,
    file: &NewFile,
    stamp: Stamp,
) -> Result<FileId> {
    Ok(diesel::insert_into(certificate_file::table)
        .values((
            certificate_file::certificate_id.eq(of),
            certificate_file::kind.eq(kind),
            certificate_file::language.eq(lang.map(Lang::tag)),
            certificate_file::name.eq(&file.name),
            certificate_file::media_type.eq(file.media_type),
            certificate_file::bytes.eq(&file.bytes),
            certificate_file::digest.eq(hex_digest(&file.bytes)),
            certificate_file::made_at.eq(stamp.at),
            certificate_file::made_by.eq(stamp.by),
        ))
        .returning(certificate_file::id)
        .get_result(conn)?)
}

/// Says of which certificate a file is, that was kept before the certificate was issued.
pub fn belong(conn: &mut Conn, file: FileId, of: CertificateId) -> Result<()> {
    diesel::update(certificate_file::table.find(file))
        .set(certificate_file::certificate_id.eq(of))
        .execute(conn)?;
    Ok(())
}

/// The files of a certificate, oldest first.
pub fn files_of(conn: &mut Conn, id: CertificateId) -> Result<Vec<File>> {
    Ok(certificate_file::table
        .filter(certificate_file::certificate_id.eq(id))
        .order(certificate_file::id)
        .limit(500)
        .select(File::as_select())
        .load(conn)?)
}

pub fn file(conn: &mut Conn, id: FileId) -> Result<Option<File>> {
    Ok(certificate_file::table.find(id).select(File::as_select()).first(conn).optional()?)
}

pub fn bytes_of(conn: &mut Conn, id: FileId) -> Result<Vec<u8>> {
    Ok(certificate_file::table.find(id).select(certificate_file::bytes).first(conn)?)
}

/// Whether the file is the evidence of an act on this certificate: one file may be of many.
pub fn is_evidence_of(conn: &mut Conn, file: FileId, id: CertificateId) -> Result<bool> {
    let acts: i64 = certificate_act::table
        .filter(certificate_act::file_id.eq(file.0).and(certificate_act::certificate_id.eq(id)))
        .count()
        .get_result(conn)?;
    Ok(acts > 0)
}

/// A decision by which many certificates were extended.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = extension_campaign)]
pub struct Campaign {
    pub id: CampaignId,
    /// None: of every certification.
    pub certification: Option<String>,
    pub first_on: NaiveDate,
    pub last_on: NaiveDate,
    pub months: i64,
    pub days: i64,
    pub why: String,
    pub evidence: Option<String>,
    pub file_id: Option<i64>,
    pub decided_at: Instant,
    pub decided_by: PersonId,
}

/// A campaign about to be kept.
pub struct NewCampaign<'a> {
    pub certification: Option<&'a str>,
    pub first: NaiveDate,
    pub last: NaiveDate,
    pub months: u32,
    pub days: u32,
    pub why: &'a str,
    pub evidence: Option<&'a str>,
    pub file: Option<FileId>,
    pub at: Instant,
    pub by: PersonId,
}

pub fn add_campaign(conn: &mut Conn, new: &NewCampaign<'_>) -> Result<CampaignId> {
    Ok(diesel::insert_into(extension_campaign::table)
        .values((
            extension_campaign::certification.eq(new.certification),
            extension_campaign::first_on.eq(new.first),
            extension_campaign::last_on.eq(new.last),
            extension_campaign::months.eq(i64::from(new.months)),
            extension_campaign::days.eq(i64::from(new.days)),
            extension_campaign::why.eq(new.why),
            extension_campaign::evidence.eq(new.evidence),
            extension_campaign::file_id.eq(new.file.map(|file| file.0)),
            extension_campaign::decided_at.eq(new.at),
            extension_campaign::decided_by.eq(new.by),
        ))
        .returning(extension_campaign::id)
        .get_result(conn)?)
}

/// Campaigns, newest first.
pub fn campaigns(conn: &mut Conn, limit: i64) -> Result<Vec<Campaign>> {
    Ok(extension_campaign::table
        .order(extension_campaign::id.desc())
        .limit(limit)
        .select(Campaign::as_select())
        .load(conn)?)
}

pub fn campaign(conn: &mut Conn, id: CampaignId) -> Result<Option<Campaign>> {
    Ok(extension_campaign::table.find(id).select(Campaign::as_select()).first(conn).optional()?)
}

/// The acts of a campaign in the order they were done, each with its certificate.
pub fn acts_in(conn: &mut Conn, id: CampaignId) -> Result<Vec<(Act, Certificate)>> {
    Ok(certificate_act::table
        .inner_join(certificate::table.on(certificate::id.eq(certificate_act::certificate_id)))
        .filter(certificate_act::campaign_id.eq(id.0))
        .order(certificate_act::id)
        .select((Act::as_select(), Certificate::as_select()))
        .load(conn)?)
}

/// Certificates of some people that have an end, for what is decided about many at once.
pub fn certificates_among(
    conn: &mut Conn,
    people: &[PersonId],
    certification: Option<&str>,
) -> Result<Vec<Certificate>> {
    let mut found = Vec::new();
    for some in people.chunks(500) {
        let mut query =
            certificate::table.filter(certificate::person_id.eq_any(some.to_vec())).into_boxed();
        if let Some(code) = certification {
            query = query.filter(certificate::certification.eq(code.to_owned()));
        }
        let some: Vec<Certificate> =
            query.order(certificate::id).select(Certificate::as_select()).load(conn)?;
        found.extend(some);
    }
    Ok(found)
}

/// The acts on all certificates of some people, in the order they were done.
pub fn acts_among(
    conn: &mut Conn,
    people: &[PersonId],
) -> Result<HashMap<CertificateId, Vec<Act>>> {
    let mut found: Vec<Act> = Vec::new();
    for some in people.chunks(500) {
        let some: Vec<Act> = certificate_act::table
            .inner_join(certificate::table.on(certificate::id.eq(certificate_act::certificate_id)))
            .filter(certificate::person_id.eq_any(some.to_vec()))
            .order(certificate_act::id)
            .select(Act::as_select())
            .load(conn)?;
        found.extend(some);
    }
    Ok(by_certificate(found))
}

/// A file of old certificates that was taken over.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = certificate_import)]
pub struct Import {
    pub id: ImportId,
    pub file_name: String,
    pub digest: String,
    pub added: i64,
    pub imported_at: Instant,
    pub imported_by: PersonId,
    pub undone_at: Option<Instant>,
    pub undo_reason: Option<String>,
}

pub fn add_import(
    conn: &mut Conn,
    name: &str,
    file: &[u8],
    added: i64,
    at: Instant,
    by: PersonId,
) -> Result<ImportId> {
    Ok(diesel::insert_into(certificate_import::table)
        .values((
            certificate_import::file_name.eq(name),
            certificate_import::file.eq(file),
            certificate_import::digest.eq(hex_digest(file)),
            certificate_import::added.eq(added),
            certificate_import::imported_at.eq(at),
            certificate_import::imported_by.eq(by),
        ))
        .returning(certificate_import::id)
        .get_result(conn)?)
}

/// What somebody took over, newest first.
pub fn imports_by(conn: &mut Conn, by: PersonId, limit: i64) -> Result<Vec<Import>> {
    Ok(certificate_import::table
        .filter(certificate_import::imported_by.eq(by))
        .order(certificate_import::id.desc())
        .limit(limit)
        .select(Import::as_select())
        .load(conn)?)
}

pub fn import(conn: &mut Conn, id: ImportId) -> Result<Option<Import>> {
    Ok(certificate_import::table.find(id).select(Import::as_select()).first(conn).optional()?)
}

pub fn file_of_import(conn: &mut Conn, id: ImportId) -> Result<Vec<u8>> {
    Ok(certificate_import::table.find(id).select(certificate_import::file).first(conn)?)
}

pub fn mark_undone(conn: &mut Conn, id: ImportId, why: &str, stamp: Stamp) -> Result<()> {
    diesel::update(certificate_import::table.find(id))
        .set((
            certificate_import::undone_at.eq(stamp.at),
            certificate_import::undone_by.eq(stamp.by),
            certificate_import::undo_reason.eq(why),
        ))
        .execute(conn)?;
    Ok(())
}

pub fn certificates_of_import(conn: &mut Conn, id: ImportId) -> Result<Vec<Certificate>> {
    Ok(certificate::table
        .filter(certificate::import_id.eq(id.0))
        .order(certificate::id)
        .select(Certificate::as_select())
        .load(conn)?)
}

/// Names their facts to certificates whose facts were recorded all at once.
pub fn name_facts(conn: &mut Conn, ids: &[CertificateId]) -> Result<()> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    for (id, fact) in ledger::ids_said_by(conn, Kind::Certificate, SOURCE, &ids)? {
        certification::queries::name_fact(conn, CertificateId(id), fact)?;
    }
    Ok(())
}

/// A supervision about to be kept.
pub struct NewSupervision<'a> {
    pub person: PersonId,
    pub supervisor: PersonId,
    pub certification: &'a str,
    pub from: NaiveDate,
    pub through: NaiveDate,
    pub fact: FactId,
    pub stamp: (Instant, PersonId),
}

pub fn add_supervision(conn: &mut Conn, new: &NewSupervision<'_>) -> Result<SupervisionId> {
    Ok(diesel::insert_into(supervision::table)
        .values((
            supervision::person_id.eq(new.person),
            supervision::supervisor_id.eq(new.supervisor),
            supervision::certification.eq(new.certification),
            supervision::from_on.eq(new.from),
            supervision::through_on.eq(new.through),
            supervision::fact_id.eq(new.fact),
            supervision::made_at.eq(new.stamp.0),
            supervision::made_by.eq(new.stamp.1),
        ))
        .returning(supervision::id)
        .get_result(conn)?)
}

/// Everything a trainee was or is supervised in, oldest first.
pub fn supervisions_of(conn: &mut Conn, person: PersonId) -> Result<Vec<Supervised>> {
    Ok(supervision::table
        .filter(supervision::person_id.eq(person))
        .order((supervision::from_on, supervision::id))
        .limit(500)
        .select(Supervised::as_select())
        .load(conn)?)
}

pub fn supervision(conn: &mut Conn, id: SupervisionId) -> Result<Option<Supervised>> {
    Ok(supervision::table.find(id).select(Supervised::as_select()).first(conn).optional()?)
}

pub fn end_supervision(
    conn: &mut Conn,
    id: SupervisionId,
    last: NaiveDate,
    by: PersonId,
    why: &str,
) -> Result<()> {
    diesel::update(supervision::table.find(id))
        .set((
            supervision::ended_on.eq(last),
            supervision::ended_by.eq(by),
            supervision::ended_why.eq(why),
        ))
        .execute(conn)?;
    Ok(())
}
