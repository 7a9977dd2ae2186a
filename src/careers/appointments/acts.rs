//! What is done within the term of an appointment. Each runs inside the caller's transaction.

use chrono::NaiveDate;
use serde_json::json;

use super::{
    model::{Act, ActKind, Appointment, Stage},
    queries,
};
use crate::{
    access::{Acting, Hr, audit},
    careers::acts::{Tools, tell},
    db::Conn,
    i18n::{self, Lang, Text},
    mail::Letter,
    record::{
        FactId, Kind, NewFact, Source, ledger,
        period::{day_before, days_before},
    },
    staff::{self, Post},
    t, text,
    web::{Error, Result},
};

/// The source of what an early end leaves of a grade; its id is the fact of the grade as given.
pub const SOURCE: &str = "appointment-end";

/// So many days later an end may still be recorded.
pub const MOST_DAYS_BACK: u32 = 31;

/// The appointment of somebody within reach, with where they work. Nobody acts on their own.
fn take(
    conn: &mut Conn,
    tools: &Tools,
    hr: &Acting<Hr>,
    id: FactId,
) -> Result<(Appointment, Post)> {
    let found = queries::one(conn, &tools.rules, id)?.ok_or(Error::NotFound)?;
    let post = hr.other_person(conn, found.person)?;
    ledger::hold(conn, found.person)?;
    // Whoever held the record before may have ended it.
    let found = queries::one(conn, &tools.rules, id)?.ok_or(Error::NotFound)?;
    if found.ended().is_some() || found.stage(hr.today) == Stage::Over {
        return Err(Error::Refused(text!(
            "这个聘任已经结束，不能再改。",
            "This appointment is over; it stays as it is."
        )));
    }
    Ok((found, post))
}

/// Keeps what a review found.
pub fn review(
    conn: &mut Conn,
    tools: &Tools,
    hr: &Acting<Hr>,
    id: FactId,
    found: &str,
) -> Result<()> {
    let (appointment, _) = take(conn, tools, hr, id)?;
    if appointment.stage(hr.today) == Stage::Upcoming {
        return Err(Error::Refused(text!(
            "聘期还没有开始，不能评议。",
            "The term has not begun; there is nothing to review yet."
        )));
    }
    let act = Act {
        fact_id: id,
        kind: ActKind::Reviewed,
        on: hr.today,
        why: found.to_owned(),
        done_at: hr.now,
        done_by: hr.id,
        left_fact_id: None,
    };
    queries::add_act(conn, &act)?;
    let detail = json!({ "found": found });
    Ok(audit::note(conn, Some(hr.id), "review-appointment", ("fact", Some(id.0)), detail, hr.now)?)
}

/// Ends an appointment before its last day. The record then says so; what the person holds beside
/// it, such as the grade below, stays.
pub fn end(
    conn: &mut Conn,
    tools: &Tools,
    hr: &Acting<Hr>,
    id: FactId,
    last_day: NaiveDate,
    why: &str,
) -> Result<()> {
    let (appointment, post) = take(conn, tools, hr, id)?;
    let first = day_before(appointment.from).max(days_before(hr.today, MOST_DAYS_BACK));
    if last_day < first || appointment.through.is_some_and(|through| last_day >= through) {
        return Err(Error::Refused(text!(
            "最后一天须早于原定的最后一天，且不早于聘期开始和 {MOST_DAYS_BACK} 天前。",
            "The last day lies before the planned one, within the term, and not more than {MOST_DAYS_BACK} days back."
        )));
    }
    ledger::void(conn, id, why, hr.stamp())?;
    let left = match last_day >= appointment.from {
        true => {
            let fact = NewFact::new(Kind::Grade, &appointment.ladder, appointment.from)
                .level(&appointment.level)
                .through(Some(last_day))
                .note(why);
            let source = Source::new(SOURCE, id.0);
            Some(ledger::append(conn, appointment.person, &fact, source, hr.stamp())?)
        }
        false => None,
    };
    let act = Act {
        fact_id: id,
        kind: ActKind::Ended,
        on: last_day,
        why: why.to_owned(),
        done_at: hr.now,
        done_by: hr.id,
        left_fact_id: left,
    };
    queries::add_act(conn, &act)?;
    let detail = json!({ "last_day": last_day, "planned": appointment.through, "why": why });
    audit::note(conn, Some(hr.id), "end-appointment", ("fact", Some(id.0)), detail, hr.now)?;
    tools.consequences.follow(conn, appointment.person, hr.today, hr.stamp())?;
    let title = tools.rules.context().level_name(&appointment.ladder, &appointment.level);
    tell(conn, &tools.letterhead, hr, &post, |lang, reader| {
        letter(lang, reader, &post.person, &title, last_day, why)
    })
}

fn letter(
    lang: Lang,
    reader: &staff::Person,
    holder: &staff::Person,
    title: &Text,
    last_day: NaiveDate,
    why: &str,
) -> Letter {
    let (title, day) = (title.get(lang), i18n::date(lang, last_day));
    let own = reader.id == holder.id;
    let name = holder.title(lang);
    let first = match own {
        true => t!(
            lang,
            "您的“{title}”聘任提前结束，最后一天是 {day}。您的其他等级不受影响。",
            "Your appointment as {title} ends early; its last day is {day}. Your other grades stay as they are."
        ),
        false => t!(
            lang,
            "{name}的“{title}”聘任提前结束，最后一天是 {day}。",
            "{name}’s appointment as {title} ends early; its last day is {day}."
        ),
    };
    let path = if own { "/my-path".to_owned() } else { format!("/people/{}/path", holder.id) };
    Letter {
        subject: t!(lang, "聘任提前结束：{title}", "Appointment ends early: {title}"),
        paragraphs: vec![first, t!(lang, "理由：{why}", "Reason: {why}")],
        action: Some((t!(lang, "查看成长路径", "See the path"), path)),
    }
}
