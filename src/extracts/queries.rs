//! All that reads and writes the table `extract`.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::body::Body;
use crate::{
    db::{Conn, Error, Instant, schema::extract},
    record::PersonId,
};

type Result<T> = std::result::Result<T, Error>;

crate::id! {
    /// An extract we made.
    ExtractId
}

/// An extract as a list shows it.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = extract)]
pub struct Header {
    pub id: ExtractId,
    pub number: String,
    pub person_id: PersonId,
    pub certification: String,
    pub on_day: NaiveDate,
    pub made_at: Instant,
}

/// An extract with what was signed.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = extract)]
pub struct Extract {
    pub id: ExtractId,
    pub number: String,
    pub check_code: String,
    pub person_id: PersonId,
    /// The JSON exactly as it was signed.
    pub body: String,
    /// The signature with the body in it, in the compact form of JWS.
    pub jws: String,
    /// SHA-256 of the body, in hex.
    pub digest: String,
    pub made_at: Instant,
}

impl Extract {
    /// What it says. It is our own, so it can be read, unless a version of shifu that is older than
    /// the extract tries to.
    pub fn read(&self) -> std::result::Result<Body, serde_json::Error> {
        serde_json::from_str(&self.body)
    }
}

/// An extract about to be kept.
pub struct NewExtract<'a> {
    pub number: &'a str,
    pub check_code: &'a str,
    pub person: PersonId,
    pub certification: &'a str,
    pub on: NaiveDate,
    pub known_at: Option<Instant>,
    pub body: &'a str,
    pub jws: &'a str,
    pub digest: &'a str,
    pub made_at: Instant,
    pub made_by: Option<PersonId>,
}

pub fn add(conn: &mut Conn, new: &NewExtract<'_>) -> Result<ExtractId> {
    Ok(diesel::insert_into(extract::table)
        .values((
            extract::number.eq(new.number),
            extract::check_code.eq(new.check_code),
            extract::person_id.eq(new.person),
            extract::certification.eq(new.certification),
            extract::on_day.eq(new.on),
            extract::known_at.eq(new.known_at),
            extract::body.eq(new.body),
            extract::jws.eq(new.jws),
            extract::digest.eq(new.digest),
            extract::made_at.eq(new.made_at),
            extract::made_by.eq(new.made_by),
        ))
        .returning(extract::id)
        .get_result(conn)?)
}

pub fn by_number(conn: &mut Conn, number: &str) -> Result<Option<Extract>> {
    Ok(extract::table
        .filter(extract::number.eq(number))
        .select(Extract::as_select())
        .first(conn)
        .optional()?)
}

/// The paper, if it was asked for before.
pub fn paper_of(conn: &mut Conn, id: ExtractId) -> Result<Option<Vec<u8>>> {
    Ok(extract::table.find(id).select(extract::paper).first(conn)?)
}

/// Keeps the paper and returns the one that counts: of two at once the first.
pub fn keep_paper(conn: &mut Conn, id: ExtractId, bytes: Vec<u8>) -> Result<Vec<u8>> {
    diesel::update(extract::table.find(id).filter(extract::paper.is_null()))
        .set(extract::paper.eq(&bytes))
        .execute(conn)?;
    Ok(paper_of(conn, id)?.unwrap_or(bytes))
}

/// Extracts about one person, newest first.
pub fn of_person(conn: &mut Conn, person: PersonId, limit: i64) -> Result<Vec<Header>> {
    Ok(extract::table
        .filter(extract::person_id.eq(person))
        .order(extract::id.desc())
        .limit(limit)
        .select(Header::as_select())
        .load(conn)?)
}

/// The newest extracts about anybody, for a list that is then narrowed to a reach.
pub fn newest(conn: &mut Conn, limit: i64) -> Result<Vec<Header>> {
    Ok(extract::table
        .order(extract::id.desc())
        .limit(limit)
        .select(Header::as_select())
        .load(conn)?)
}
