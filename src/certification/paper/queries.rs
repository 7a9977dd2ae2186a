//! The tables `certificate_template` and `certificate_file` (papers and pictures).

use diesel::prelude::*;

use super::template::Body;
use crate::{
    certification::model::CertificateId,
    db::{
        Conn, Error, Instant,
        schema::{certificate_file, certificate_template},
    },
    each_backend,
    i18n::Lang,
    record::{PersonId, ledger::Stamp},
};

type Result<T> = std::result::Result<T, Error>;

/// More versions of templates than any group makes.
const MOST: i64 = 1000;

/// A version of a template.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = certificate_template)]
pub struct Template {
    pub id: i64,
    pub code: String,
    pub version: i64,
    /// The certification it is for; none: for all that have none of their own.
    pub certification: Option<String>,
    body: String,
    pub drafted_at: Instant,
    pub published_at: Option<Instant>,
}

impl Template {
    /// What it says. Only what was checked is kept, so a body that cannot be read is a fault of
    /// the database.
    pub fn body(&self) -> Result<Body> {
        serde_json::from_str(&self.body).map_err(|error| {
            let said = format!("certificate_template {}: {error}", self.id);
            Error::Query(diesel::result::Error::DeserializationError(said.into()))
        })
    }

    /// `paper-3/2`: its code and version.
    pub fn title(&self) -> String {
        format!("{}/{}", self.code, self.version)
    }

    pub fn is_draft(&self) -> bool {
        self.published_at.is_none()
    }
}

/// Every version, the newest of each template first.
pub fn templates(conn: &mut Conn) -> Result<Vec<Template>> {
    Ok(certificate_template::table
        .order((certificate_template::code, certificate_template::version.desc()))
        .limit(MOST)
        .select(Template::as_select())
        .load(conn)?)
}

pub fn template(conn: &mut Conn, id: i64) -> Result<Option<Template>> {
    Ok(certificate_template::table.find(id).select(Template::as_select()).first(conn).optional()?)
}

/// The template by which a certification is printed from now on: the one published last for it,
/// else the one published last for all.
pub fn in_use(conn: &mut Conn, certification: &str) -> Result<Option<i64>> {
    let published: Vec<(i64, Option<String>)> = certificate_template::table
        .filter(certificate_template::published_at.is_not_null())
        .filter(
            certificate_template::certification
                .eq(certification)
                .or(certificate_template::certification.is_null()),
        )
        .order((certificate_template::published_at.desc(), certificate_template::id.desc()))
        .limit(MOST)
        .select((certificate_template::id, certificate_template::certification))
        .load(conn)?;
    let own = published.iter().find(|(_, of)| of.is_some());
    Ok(own.or(published.first()).map(|(id, _)| *id))
}

/// Begins a draft: of a new template, or the next version of one.
pub fn begin(
    conn: &mut Conn,
    code: Option<&str>,
    certification: Option<&str>,
    body: &Body,
    stamp: Stamp,
) -> Result<i64> {
    let table = certificate_template::table;
    let (code, version) = match code {
        Some(code) => {
            let of_code = table.filter(certificate_template::code.eq(code));
            let last: Option<i64> =
                of_code.select(diesel::dsl::max(certificate_template::version)).first(conn)?;
            (code.to_owned(), last.unwrap_or(0) + 1)
        }
        None => {
            let last: Option<i64> =
                table.select(diesel::dsl::max(certificate_template::id)).first(conn)?;
            (format!("paper-{}", last.unwrap_or(0) + 1), 1)
        }
    };
    Ok(diesel::insert_into(table)
        .values((
            certificate_template::code.eq(code),
            certificate_template::version.eq(version),
            certificate_template::certification.eq(certification),
            certificate_template::body.eq(written(body)),
            certificate_template::drafted_at.eq(stamp.at),
            certificate_template::drafted_by.eq(stamp.by),
        ))
        .returning(certificate_template::id)
        .get_result(conn)?)
}

fn written(body: &Body) -> String {
    serde_json::to_string(body).unwrap_or_default()
}

/// The draft of a template that is not published yet.
pub fn open_draft(conn: &mut Conn, code: &str) -> Result<Option<i64>> {
    Ok(certificate_template::table
        .filter(certificate_template::code.eq(code))
        .filter(certificate_template::published_at.is_null())
        .order(certificate_template::id)
        .select(certificate_template::id)
        .first(conn)
        .optional()?)
}

/// Changes a draft; false when it was published meanwhile.
pub fn change(conn: &mut Conn, id: i64, certification: Option<&str>, body: &Body) -> Result<bool> {
    let draft = certificate_template::table
        .filter(certificate_template::id.eq(id))
        .filter(certificate_template::published_at.is_null());
    let changed = diesel::update(draft)
        .set((
            certificate_template::certification.eq(certification),
            certificate_template::body.eq(written(body)),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Publishes a draft; false when it was already.
pub fn publish(conn: &mut Conn, id: i64, stamp: Stamp) -> Result<bool> {
    let draft = certificate_template::table
        .filter(certificate_template::id.eq(id))
        .filter(certificate_template::published_at.is_null());
    let changed = diesel::update(draft)
        .set((
            certificate_template::published_at.eq(stamp.at),
            certificate_template::published_by.eq(stamp.by),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Throws a draft away; false when it was published meanwhile, or is gone already.
pub fn discard(conn: &mut Conn, id: i64) -> Result<bool> {
    let draft = certificate_template::table
        .filter(certificate_template::id.eq(id))
        .filter(certificate_template::published_at.is_null());
    Ok(diesel::delete(draft).execute(conn)? == 1)
}

/// A file as it was kept.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = certificate_file)]
pub struct Kept {
    pub bytes: Vec<u8>,
    /// SHA-256 of the bytes when they were kept, as hexadecimal digits.
    pub digest: String,
}

/// Keeps a picture of a template and returns its id.
pub fn add_picture(
    conn: &mut Conn,
    name: &str,
    media_type: &str,
    file: &Kept,
    stamp: Stamp,
) -> Result<i64> {
    Ok(diesel::insert_into(certificate_file::table)
        .values((
            certificate_file::kind.eq("picture"),
            certificate_file::name.eq(name),
            certificate_file::media_type.eq(media_type),
            certificate_file::bytes.eq(&file.bytes),
            certificate_file::digest.eq(&file.digest),
            certificate_file::made_at.eq(stamp.at),
            certificate_file::made_by.eq(stamp.by),
        ))
        .returning(certificate_file::id)
        .get_result(conn)?)
}

pub fn picture(conn: &mut Conn, id: i64) -> Result<Option<Kept>> {
    Ok(certificate_file::table
        .find(id)
        .filter(certificate_file::kind.eq("picture"))
        .select(Kept::as_select())
        .first(conn)
        .optional()?)
}

/// An edition of a paper, as far as the code on it is concerned.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = certificate_file)]
pub struct Edition {
    /// The row that has its bytes.
    pub id: i64,
    pub edition: i64,
    /// The key that signed the statement in the code; none: the code has the address of the check.
    pub kid: Option<String>,
    /// The address of this installation the code leads to.
    pub base_url: Option<String>,
}

/// The editions of a certificate's paper in a language, the newest first.
pub fn editions(conn: &mut Conn, of: CertificateId, lang: Lang) -> Result<Vec<Edition>> {
    Ok(certificate_file::table
        .filter(certificate_file::certificate_id.eq(of))
        .filter(certificate_file::kind.eq("paper"))
        .filter(certificate_file::language.eq(lang.tag()))
        .order(certificate_file::edition.desc())
        .limit(MOST)
        .select(Edition::as_select())
        .load(conn)?)
}

/// The bytes of an edition.
pub fn edition(conn: &mut Conn, id: i64) -> Result<Kept> {
    Ok(certificate_file::table.find(id).select(Kept::as_select()).first(conn)?)
}

/// A paper about to be kept.
pub struct NewPaper<'a> {
    pub of: CertificateId,
    pub lang: Lang,
    pub edition: i64,
    pub name: &'a str,
    pub file: &'a Kept,
    pub kid: Option<&'a str>,
    pub base_url: &'a str,
}

/// Keeps a paper; of two at once the first stays.
pub fn keep_paper(
    conn: &mut Conn,
    new: &NewPaper<'_>,
    at: Instant,
    by: Option<PersonId>,
) -> Result<()> {
    let row = (
        certificate_file::certificate_id.eq(new.of),
        certificate_file::kind.eq("paper"),
        certificate_file::language.eq(new.lang.tag()),
        certificate_file::edition.eq(new.edition),
        certificate_file::kid.eq(new.kid),
        certificate_file::base_url.eq(new.base_url),
        certificate_file::name.eq(new.name),
        certificate_file::media_type.eq("application/pdf"),
        certificate_file::bytes.eq(&new.file.bytes),
        certificate_file::digest.eq(&new.file.digest),
        certificate_file::made_at.eq(at),
        certificate_file::made_by.eq(by),
    );
    each_backend!(conn, |conn| diesel::insert_into(certificate_file::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(conn))?;
    Ok(())
}
