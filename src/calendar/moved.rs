//! Due days that moved after people's calendars were told: extended, revoked, renewed, corrected.
//!
//! Whoever reminds somebody of a due day encloses it for their calendar ([`crate::mail::announce`]).
//! What changes it afterwards, an act, a renewal, an import, need not know of calendars: here those
//! whose certificates changed since are looked at, and told when the day is another one.

use chrono::NaiveDate;

use super::queries::{self, Told};
use crate::{
    certification::{self, Held, State, model::CertificateId},
    db::{Conn, Db, Error, Instant},
    i18n::{self, Lang},
    mail::{self, DueDay, Enclosed, Letter, Letterhead, Recipient},
    record::{Kind, Rules, asof::AsOf},
    staff::{self, Person},
    t,
};

type Result<T> = std::result::Result<T, Error>;

/// Entries looked at in one transaction.
const TOGETHER: i64 = 64;

/// Tells every calendar whose due day has moved; says how many were told.
pub async fn tell_moved(db: &Db, rules: &Rules, head: &Letterhead, now: Instant) -> Result<usize> {
    let (mut told, mut after) = (0, 0);
    // Each entry once: what changes while they are looked at is found by the next round.
    loop {
        let found = db.read(move |conn| queries::to_look_at(conn, now, after, TOGETHER)).await?;
        let Some(last) = found.last() else { return Ok(told) };
        after = last.id;
        let (rules, head) = (rules.clone(), head.clone());
        told += db
            .write(move |conn| -> Result<usize> {
                let mut told = 0;
                for entry in &found {
                    queries::note_looked_at(conn, entry.id, now)?;
                    told += usize::from(look_at(conn, &rules, &head, entry, now)?);
                }
                Ok(told)
            })
            .await?;
    }
}

/// Looks at one entry; true when its calendar was told something.
fn look_at(
    conn: &mut Conn,
    rules: &Rules,
    head: &Letterhead,
    entry: &Told,
    now: Instant,
) -> Result<bool> {
    let post = staff::queries::post_of(conn, entry.person_id, now.utc().date_naive())?;
    let Some(post) = post else { return Ok(false) };
    let today = now.utc().with_timezone(&post.site.zone()).date_naive();
    // Nobody who left is written to; their calendar is no longer ours.
    if !post.works_on(today) {
        return Ok(false);
    }
    let person = post.person;
    let Some(email) = person.email.clone() else { return Ok(false) };
    let Some(subject) = queries::subject_of(conn, entry)? else { return Ok(false) };
    let live = rules.on(today);
    let now_held =
        certification::asof::of_person(conn, live.context(), person.id, &AsOf::now(today))?;
    let held = now_held.iter().map(|seen| &seen.held).find(|held| held.code == subject.code);
    let same = held.map(|held| is_same(conn, held, entry, &subject)).transpose()?;
    let on = held.filter(|_| same == Some(true)).and_then(ends);
    if on == Some(entry.on_day) {
        return Ok(false);
    }
    let name = rules.context().name(Kind::Certificate, &subject.code);
    let told = Moved { name: name.get(person.lang()).to_owned(), was: entry.on_day, on };
    tell(conn, head, &person, email, entry, &told, now)
}

/// Whether this is still the certificate the entry is about, its name put right perhaps, and not one
/// that came after it.
fn is_same(conn: &mut Conn, held: &Held, entry: &Told, subject: &queries::Subject) -> Result<bool> {
    let is_of_record = || held.from == subject.from && !subject.voided;
    let Some(id) = held.id else { return Ok(entry.subject_kind == "fact" && is_of_record()) };
    if entry.subject_kind != "certificate" {
        return Ok(false);
    }
    let told = CertificateId(entry.subject_id);
    let firsts = certification::queries::first_issued(conn, &[id, told])?;
    let first = |one: CertificateId| firsts.get(&one).copied().unwrap_or(one);
    Ok(first(id) == first(told))
}

/// Its last day, where anything ends for its holder then: not when the next one follows on it.
fn ends(held: &Held) -> Option<NaiveDate> {
    let gone = matches!(held.state(), State::Revoked | State::Superseded);
    let gone = gone || held.followed.is_some();
    held.standing.through.filter(|_| !gone)
}

/// What is told.
struct Moved {
    name: String,
    was: NaiveDate,
    on: Option<NaiveDate>,
}

fn tell(
    conn: &mut Conn,
    head: &Letterhead,
    person: &Person,
    email: String,
    entry: &Told,
    moved: &Moved,
    now: Instant,
) -> Result<bool> {
    let lang = person.lang();
    let name = &moved.name;
    let to = Recipient { person: person.id, name: person.title(lang).to_owned(), email, lang };
    let due = DueDay {
        kind: &entry.subject_kind,
        id: entry.subject_id,
        on: moved.on,
        summary: t!(lang, "证书到期：{name}", "Certificate ends: {name}"),
        description: String::new(),
        path: "/certificates".to_owned(),
    };
    let calendar = mail::announce(conn, head, &to, &due, now)?;
    let tells = calendar.is_some();
    if tells {
        let enclosed = Enclosed { calendar, ..Enclosed::default() };
        mail::post_enclosing(conn, head, &to, &letter(lang, moved), &enclosed, now)?;
    }
    Ok(tells)
}

fn letter(lang: Lang, moved: &Moved) -> Letter {
    let (name, was) = (&moved.name, i18n::date(lang, moved.was));
    let (subject, said) = match moved.on {
        Some(on) => {
            let on = i18n::date(lang, on);
            (
                t!(lang, "证书到期日有变：{name}", "Your certificate ends on another day: {name}"),
                t!(
                    lang,
                    "《{name}》的到期日由 {was} 改为 {on}。附带的日程会更新您日历中的日期。",
                    "{name} ends on {on}, no longer on {was}. What is enclosed moves the day in your calendar."
                ),
            )
        }
        None => (
            t!(lang, "到期日已取消：{name}", "No longer due: {name}"),
            t!(
                lang,
                "《{name}》原定 {was} 的到期日不再适用：证书已续期、换发或吊销。附带的日程会从您的日历中删除它。",
                "{name} no longer ends on {was}: it was renewed, replaced or revoked. What is enclosed takes the day out of your calendar."
            ),
        ),
    };
    let action = Some((t!(lang, "查看证书", "Open your certificates"), "/certificates".to_owned()));
    Letter { subject, paragraphs: vec![said], action }
}
