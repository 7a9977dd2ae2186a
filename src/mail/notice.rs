//! All that reads and writes the table `notice`: messages inside the program, for those without
//! mail and those who do not read it.

use diesel::prelude::*;

use crate::{
    db::{Conn, Error, Instant, schema::notice},
    record::PersonId,
};

type Result<T> = std::result::Result<T, Error>;

crate::id! {
    /// A message inside the program.
    NoticeId
}

/// What a notice says, in the reader's language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewNotice {
    pub subject: String,
    pub body_text: String,
    /// Where it leads.
    pub path: Option<String>,
}

/// A notice as it is kept.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = notice)]
pub struct Notice {
    pub id: NoticeId,
    pub subject: String,
    pub body_text: String,
    pub path: Option<String>,
    pub created_at: Instant,
    pub read_at: Option<Instant>,
}

/// Leaves a notice, in the transaction of what it announces.
pub fn add(conn: &mut Conn, person: PersonId, new: &NewNotice, now: Instant) -> Result<NoticeId> {
    Ok(diesel::insert_into(notice::table)
        .values((
            notice::person_id.eq(person),
            notice::subject.eq(&new.subject),
            notice::body_text.eq(&new.body_text),
            notice::path.eq(&new.path),
            notice::created_at.eq(now),
        ))
        .returning(notice::id)
        .get_result(conn)?)
}

/// A person's notices, the newest first.
pub fn list(conn: &mut Conn, person: PersonId, limit: i64, offset: i64) -> Result<Vec<Notice>> {
    Ok(notice::table
        .filter(notice::person_id.eq(person))
        .order(notice::id.desc())
        .limit(limit)
        .offset(offset)
        .select(Notice::as_select())
        .load(conn)?)
}

/// Marks one of a person's notices read and says where it leads; none if it is not theirs.
pub fn open(
    conn: &mut Conn,
    person: PersonId,
    id: NoticeId,
    now: Instant,
) -> Result<Option<Option<String>>> {
    let theirs = notice::table.find(id).filter(notice::person_id.eq(person));
    let path = theirs.select(notice::path).first(conn).optional()?;
    diesel::update(notice::table.find(id))
        .filter(notice::person_id.eq(person).and(notice::read_at.is_null()))
        .set(notice::read_at.eq(now))
        .execute(conn)?;
    Ok(path)
}

/// Marks all of a person's notices read.
pub fn read_all(conn: &mut Conn, person: PersonId, now: Instant) -> Result<usize> {
    Ok(diesel::update(notice::table)
        .filter(notice::person_id.eq(person).and(notice::read_at.is_null()))
        .set(notice::read_at.eq(now))
        .execute(conn)?)
}
