//! Letters about appeals.

use super::model::{Appeal, Outcome};
use crate::{
    access::{Role, queries::holders_reaching},
    db::{Conn, Error, Instant},
    exams::attempts::{letters::tell, model::Attempt},
    i18n::{self, Text},
    mail::{Letter, Letterhead},
    staff, t,
};

/// To the candidate, and to HR, who see to it that somebody decides.
pub fn filed(
    conn: &mut Conn,
    head: &Letterhead,
    title: &Text,
    attempt: &Attempt,
    appeal: &Appeal,
    now: Instant,
) -> Result<(), Error> {
    let by = appeal.decide_by;
    tell(conn, head, attempt.person_id, now, |lang| {
        let (title, by) = (title.get(lang), i18n::date(lang, by));
        Letter {
            subject: t!(lang, "已收到您的申诉：{title}", "Your appeal has arrived: {title}"),
            paragraphs: vec![t!(
                lang,
                "我们已收到您对“{title}”成绩的申诉，将在 {by} 前答复。裁定之前，成绩保持不变。",
                "Your appeal against the result of “{title}” has arrived and will be answered by {by}. Until then the result stays as it is."
            )],
            action: Some((
                t!(lang, "查看申诉", "See the appeal"),
                format!("{}/result", attempt.path()),
            )),
        }
    })?;
    let near = now.utc().date_naive();
    let Some(post) = staff::queries::post_of(conn, attempt.person_id, near)? else { return Ok(()) };
    let mut people = holders_reaching(conn, Role::Hr, &post.site.lineage, near)?;
    people.sort();
    people.dedup();
    for person in people.into_iter().filter(|person| *person != attempt.person_id) {
        tell(conn, head, person, now, |lang| {
            let (title, by) = (title.get(lang), i18n::date(lang, by));
            let name = post.person.title(lang);
            Letter {
                subject: t!(lang, "有新的成绩申诉：{name}", "An appeal to decide: {name}"),
                paragraphs: vec![t!(
                    lang,
                    "{name} 对“{title}”的成绩提出申诉，请在 {by} 前安排裁定。",
                    "{name} has appealed against the result of “{title}”. It has to be decided by {by}."
                )],
                action: Some((
                    t!(lang, "打开申诉", "Open the appeal"),
                    format!("/exams/appeals/{}", appeal.id),
                )),
            }
        })?;
    }
    Ok(())
}

/// To the candidate: the outcome with its reasons.
pub fn decided(
    conn: &mut Conn,
    head: &Letterhead,
    title: &Text,
    attempt: &Attempt,
    (outcome, reasons): (Outcome, &str),
    now: Instant,
) -> Result<(), Error> {
    tell(conn, head, attempt.person_id, now, |lang| {
        let (title, said) = (title.get(lang), outcome.title());
        let said = said.get(lang);
        Letter {
            subject: t!(lang, "申诉结果：{title}", "Your appeal has been decided: {title}"),
            paragraphs: vec![
                t!(
                    lang,
                    "您对“{title}”成绩的申诉已裁定：{said}。",
                    "Your appeal against the result of “{title}” has been decided: {said}."
                ),
                t!(lang, "理由：{reasons}", "The reasons: {reasons}"),
            ],
            action: Some((
                t!(lang, "查看成绩", "See the result"),
                format!("{}/result", attempt.path()),
            )),
        }
    })
}
