//! What a reminder says, to the holder and to their manager, in the language of each.

use super::model::Due;
use crate::{
    i18n,
    mail::Letter,
    record::{Kind, Rules},
    t,
};

pub fn letter(rules: &Rules, due: &Due) -> Letter {
    let lang = due.lang();
    let title = rules.context().name(Kind::Certificate, &due.subject.code);
    let title = title.get(lang);
    let on = i18n::date(lang, due.due_on);
    let number = match &due.subject.number {
        Some(number) => t!(lang, "（编号 {number}）", " (number {number})"),
        None => String::new(),
    };
    let when = when(due);
    if due.to_holder() {
        return Letter {
            subject: t!(
                lang,
                "证书到期提醒：{title} {when}",
                "Reminder: your certificate {title} {when}"
            ),
            paragraphs: vec![
                t!(
                    lang,
                    "您的证书“{title}”{number}最后有效日为 {on}，{when}。",
                    "The last valid day of your certificate “{title}”{number} is {on}: it {when}."
                ),
                t!(
                    lang,
                    "到期后不能再从事需要这张证书的作业。请打开下面的页面，看看换证还缺什么。",
                    "After that day you may not do work that needs it. Open the page below to see what renewing it takes."
                ),
            ],
            action: Some((
                t!(lang, "查看我的证书", "Open my certificates"),
                "/certificates".to_owned(),
            )),
        };
    }
    let holder = due.subject.holder.title(lang);
    let staff_no = &due.subject.holder.staff_no;
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("certification", &due.subject.code)
        .finish();
    Letter {
        subject: t!(
            lang,
            "证书到期提醒：{holder}的{title} {when}",
            "Reminder: {holder}'s certificate {title} {when}"
        ),
        paragraphs: vec![
            t!(
                lang,
                "{holder}（工号 {staff_no}）的证书“{title}”{number}最后有效日为 {on}，{when}。",
                "The last valid day of {holder}'s ({staff_no}) certificate “{title}”{number} is {on}: it {when}."
            ),
            t!(
                lang,
                "请及时安排培训和考试，以免影响派工。",
                "Please make time for the course and the exam, so that jobs need not wait."
            ),
        ],
        action: Some((
            t!(lang, "查看团队证书", "Open the team's certificates"),
            format!("/certificates/board?{query}"),
        )),
    }
}

/// How far away it is, counted on the recipient's own calendar.
fn when(due: &Due) -> String {
    let lang = due.lang();
    // A forecast speaks of the day on which it will be sent.
    let on = due.today.max(due.step_on);
    match (due.due_on - on).num_days() {
        0 => t!(lang, "今天到期", "ends today"),
        1 => t!(lang, "明天到期", "ends tomorrow"),
        days if days < 0 => t!(lang, "已过期", "has expired"),
        days => t!(lang, "还有 {days} 天到期", "ends in {days} days"),
    }
}
