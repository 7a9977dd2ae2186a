//! Letters about results.

use super::{
    model::{Attempt, Cause},
    settle::Settled,
};
use crate::{
    db::{Conn, Error, Instant},
    exams::rules,
    i18n::Lang,
    mail::{self, Letter, Letterhead, Recipient},
    record::{PersonId, Rules},
    staff, t,
};

/// Writes to a person in their own language, if there is an address.
pub fn tell(
    conn: &mut Conn,
    head: &Letterhead,
    person: PersonId,
    now: Instant,
    letter: impl FnOnce(Lang) -> Letter,
) -> Result<(), Error> {
    let Some(person) = staff::queries::person(conn, person)? else { return Ok(()) };
    let (lang, Some(email)) = (person.lang(), person.email.clone()) else { return Ok(()) };
    let to = Recipient { person: person.id, name: person.title(lang).to_owned(), email, lang };
    mail::post(conn, head, &to, &letter(lang), now).map(drop)
}

/// The result can be seen now; what it is stays on the page.
pub fn result_released(
    conn: &mut Conn,
    head: &Letterhead,
    rules: &Rules,
    attempt: &Attempt,
    now: Instant,
) -> Result<(), Error> {
    let title = rules::title(rules, &attempt.exam);
    tell(conn, head, attempt.person_id, now, |lang| {
        let title = title.get(lang);
        Letter {
            subject: t!(lang, "成绩已公布：{title}", "Your result: {title}"),
            paragraphs: vec![t!(
                lang,
                "您参加的“{title}”已完成阅卷，成绩可以查看了。",
                "“{title}” has been marked, and your result can be seen now."
            )],
            action: Some((see(lang), format!("{}/result", attempt.path()))),
        }
    })
}

/// A result somebody knew is another one now.
pub fn result_turned(
    conn: &mut Conn,
    head: &Letterhead,
    rules: &Rules,
    attempt: &Attempt,
    settled: &Settled,
    now: Instant,
) -> Result<(), Error> {
    let (Some(after), true) = (&settled.after, settled.turned()) else { return Ok(()) };
    let title = rules::title(rules, &attempt.exam);
    tell(conn, head, attempt.person_id, now, |lang| {
        let (title, score) = (title.get(lang), after.score());
        let why = match after.cause {
            Cause::Appeal => t!(lang, "复核之后", "After your appeal"),
            Cause::Correction => t!(
                lang,
                "试卷中有一道题目经复查更正，重新计分之后",
                "A question of your paper was found wrong and put right. With the new score"
            ),
            Cause::Finish | Cause::Marking => t!(lang, "重新阅卷之后", "After another marking"),
        };
        let outcome = if after.passed {
            t!(
                lang,
                "{why}，您的成绩为 {score} 分，合格。",
                "{why}, your result is {score} of 100: passed."
            )
        } else {
            t!(
                lang,
                "{why}，您的成绩为 {score} 分，未合格。已颁发的证书不会自动吊销，人事会另行决定并通知您。",
                "{why}, your result is {score} of 100: not passed. A certificate that was issued is not revoked by itself; HR decides about it and will tell you."
            )
        };
        Letter {
            subject: t!(lang, "成绩有变更：{title}", "Your result has changed: {title}"),
            paragraphs: vec![outcome],
            action: Some((see(lang), format!("{}/result", attempt.path()))),
        }
    })
}

fn see(lang: Lang) -> String {
    t!(lang, "查看成绩", "See the result")
}
