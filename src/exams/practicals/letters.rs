//! What people are told by mail, in the transaction of what it is about.

use super::{
    model::{Practical, PracticalId, PracticalResult, Sheet, path_of},
    planning::Draft,
};
use crate::{
    access::Viewer,
    db::{Conn, Instant},
    i18n::{self, Lang, count},
    mail::{self, Letter, Letterhead, Recipient},
    record::PersonId,
    staff::{self, Person},
    t,
    web::Result,
};

/// Mails somebody in their language, if they have an address.
fn tell(
    conn: &mut Conn,
    head: &Letterhead,
    person: &Person,
    now: Instant,
    letter: impl Fn(Lang) -> Letter,
) -> Result<()> {
    let Some(email) = person.email.clone() else { return Ok(()) };
    let lang = person.lang();
    let to = Recipient { person: person.id, name: person.title(lang).to_owned(), email, lang };
    mail::post(conn, head, &to, &letter(lang), now)?;
    Ok(())
}

fn tell_by_id(
    conn: &mut Conn,
    head: &Letterhead,
    person: PersonId,
    now: Instant,
    letter: impl Fn(Lang) -> Letter,
) -> Result<()> {
    match staff::queries::person(conn, person)? {
        Some(person) => tell(conn, head, &person, now, letter),
        None => Ok(()),
    }
}

/// To the candidate: when, where, which stations.
pub fn planned(
    conn: &mut Conn,
    viewer: &Viewer,
    head: &Letterhead,
    draft: &Draft,
    sheet: &Sheet,
    id: PracticalId,
) -> Result<()> {
    tell(conn, head, &draft.candidate.person, viewer.now, |lang| {
        let title = sheet.title.get(lang);
        let (on, site) = (i18n::date(lang, draft.held_on), draft.site.title(lang));
        let mut paragraphs =
            vec![t!(lang, "{title}：{on}，{site}。", "{title}: on {on} at {site}.")];
        for (n, station) in sheet.stations().iter().enumerate() {
            let (n, station, minutes) = (n + 1, station.title.get(lang), station.minutes);
            paragraphs.push(t!(
                lang,
                "{n}. {station}（{minutes} 分钟）",
                "{n}. {station} ({minutes} min)"
            ));
        }
        Letter {
            subject: t!(lang, "考核安排：{title}，{on}", "Your exam: {title} on {on}"),
            paragraphs,
            action: Some((t!(lang, "查看安排", "See the details"), path_of(id))),
        }
    })
}

pub fn assigned(
    conn: &mut Conn,
    viewer: &Viewer,
    head: &Letterhead,
    exam: &Practical,
    examiner: &Person,
    to_be_seconded: bool,
) -> Result<()> {
    tell(conn, head, examiner, viewer.now, |lang| {
        let (title, on) = (exam.sheet.title.get(lang), i18n::date(lang, exam.held_on));
        let mut paragraphs = vec![t!(
            lang,
            "您被指派为 {on}“{title}”的考评员。请独立评分，签字前不要与其他考评员交流。",
            "You examine “{title}” on {on}. Score alone, and do not speak about it with the other examiner before both have signed."
        )];
        if to_be_seconded {
            paragraphs.push(t!(
                lang,
                "这次指派属于例外，须另一人复核后才能评分。",
                "This is an exception: somebody else has to second it before you can score."
            ));
        }
        paragraphs.push(t!(
            lang,
            "如有亲属等利害关系，请在系统中申请回避。",
            "If you have a tie to the candidate, step back on the page of the exam."
        ));
        Letter {
            subject: t!(lang, "考评任务：{title}，{on}", "To examine: {title} on {on}"),
            paragraphs,
            action: Some((t!(lang, "查看", "See it"), exam.path())),
        }
    })
}

pub fn cancelled(
    conn: &mut Conn,
    viewer: &Viewer,
    head: &Letterhead,
    exam: &Practical,
    why: &str,
) -> Result<()> {
    let seats = super::queries::seats(conn, exam.id)?;
    let examiners = seats.into_iter().map(|seat| seat.examiner_id);
    for person in std::iter::once(exam.person).chain(examiners) {
        tell_by_id(conn, head, person, viewer.now, |lang| {
            let (title, on) = (exam.sheet.title.get(lang), i18n::date(lang, exam.held_on));
            Letter {
                subject: t!(lang, "考核取消：{title}，{on}", "Cancelled: {title} on {on}"),
                paragraphs: vec![t!(
                    lang,
                    "{on} 的“{title}”已取消。原因：{why}",
                    "“{title}” on {on} is cancelled. The reason: {why}"
                )],
                action: Some((t!(lang, "查看", "See it"), exam.path())),
            }
        })?;
    }
    Ok(())
}

/// To whoever planned it: the two differ, a third is needed. No score is told.
pub fn third_needed(
    conn: &mut Conn,
    head: &Letterhead,
    exam: &Practical,
    now: Instant,
) -> Result<()> {
    tell_by_id(conn, head, exam.created_by, now, |lang| {
        let title = exam.sheet.title.get(lang);
        Letter {
            subject: t!(lang, "需要第三位考评员：{title}", "A third examiner is needed: {title}"),
            paragraphs: vec![t!(
                lang,
                "两位考评员的评分超出允许分差，或对否决项看法不同。请指派第三位考评员。",
                "The two examiners differ by more than is allowed, or about a critical step. Assign a third one."
            )],
            action: Some((t!(lang, "指派考评员", "Assign an examiner"), exam.path())),
        }
    })
}

/// To the candidate: the result is there.
pub fn released(
    conn: &mut Conn,
    head: &Letterhead,
    exam: &Practical,
    result: &PracticalResult,
    now: Instant,
) -> Result<()> {
    let score = result.score();
    tell_by_id(conn, head, exam.person, now, |lang| {
        let title = exam.sheet.title.get(lang);
        let stations = exam.sheet.stations().len();
        let counted = count(stations, "station", "stations");
        let said = match (result.passed, result.vetoed) {
            (true, _) => t!(lang, "合格，{score} 分。", "Passed with {score} of 100."),
            (false, true) => {
                t!(lang, "未合格：关键步骤被一票否决。", "Not passed: a critical step failed.")
            }
            (false, false) => t!(lang, "未合格，{score} 分。", "Not passed, with {score} of 100."),
        };
        Letter {
            subject: t!(lang, "考核成绩：{title}", "Your result: {title}"),
            paragraphs: vec![
                said,
                t!(
                    lang,
                    "{stations} 个考位的得分和学习建议见成绩页。",
                    "The page shows the scores of {counted} and what to learn next."
                ),
            ],
            action: Some((t!(lang, "查看成绩", "See the result"), exam.path())),
        }
    })
}
