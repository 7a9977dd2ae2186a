//! Forms that do their work once, however often they are sent.

use diesel::prelude::*;

use super::Viewer;
use crate::{
    db::{Conn, Db, Instant, schema::form_receipt},
    record::PersonId,
    web::{Error, Result, redirect},
};

/// Does a form's work in one transaction and leads to where `work` says. The same form sent again
/// (a double click, the back button) leads to the same place and changes nothing.
pub async fn submit<F>(
    db: &Db,
    viewer: &Viewer,
    form_key: &str,
    work: F,
) -> Result<actix_web::HttpResponse>
where
    F: FnOnce(&mut Conn) -> Result<String> + Send + 'static,
{
    let (key, person, now) = (form_key.to_owned(), viewer.id, viewer.now);
    if key.is_empty() || key.len() > 64 {
        return Err(Error::Invalid(crate::text!(
            "表单已失效，请刷新页面后重试。",
            "This form is out of date. Reload the page and try again."
        )));
    }
    let again = key.clone();
    let outcome = db.write(move |conn| run(conn, &key, person, now, work)).await;
    let location = match outcome {
        // Two at once: the first has done the work, whatever the second ran into because of it,
        // and its receipt says where that leads.
        Err(error) => db.read(move |conn| receipt(conn, &again, person)).await?.ok_or(error)?,
        Ok(location) => location,
    };
    Ok(redirect(location))
}

fn run(
    conn: &mut Conn,
    key: &str,
    person: PersonId,
    now: Instant,
    work: impl FnOnce(&mut Conn) -> Result<String>,
) -> Result<String> {
    if let Some(location) = receipt(conn, key, person)? {
        return Ok(location);
    }
    let location = work(conn)?;
    diesel::insert_into(form_receipt::table)
        .values((
            form_receipt::form_key.eq(key),
            form_receipt::person_id.eq(person),
            form_receipt::received_at.eq(now),
            form_receipt::location.eq(&location),
        ))
        .execute(conn)?;
    Ok(location)
}

/// Where a form led that this person has sent already.
pub fn receipt(conn: &mut Conn, key: &str, person: PersonId) -> Result<Option<String>> {
    Ok(form_receipt::table
        .find(key)
        .filter(form_receipt::person_id.eq(person))
        .select(form_receipt::location)
        .first(conn)
        .optional()?)
}
