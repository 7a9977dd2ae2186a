//! What a reminder says, to the person it is about and to those who answer for them, in the
//! language of each: what is due, when, and a link straight to it.

use super::model::{Due, Source};
use crate::{
    i18n::{self, Lang},
    mail::{Letter, Row, notice::NewNotice},
    t,
};

/// The words of a reminder.
struct Words {
    subject: String,
    said: Vec<String>,
    label: String,
}

pub fn letter(due: &Due) -> Letter {
    let Words { subject, said, label } = words(due);
    Letter { subject, paragraphs: said, action: Some((label, due.path().to_owned())) }
}

/// One mail with everything, by due date.
pub fn digest(dues: &[Due]) -> (Letter, Vec<Row>) {
    let lang = dues.first().map_or(Lang::Zh, Due::lang);
    let mut dues: Vec<&Due> = dues.iter().collect();
    dues.sort_by_key(|due| (due.due_on, due.rule.code.clone(), due.subject.id));
    let rows: Vec<Row> = dues
        .iter()
        .map(|due| Row {
            heading: i18n::date(lang, due.due_on),
            text: line(due),
            path: due.path().to_owned(),
        })
        .collect();
    let things = i18n::count(rows.len(), "reminder", "reminders");
    let letter = Letter {
        subject: t!(
            lang,
            "提醒汇总：{} 项",
            "Your {}",
            if lang == Lang::Zh { rows.len().to_string() } else { things.clone() }
        ),
        paragraphs: vec![t!(
            lang,
            "以下事项需要您关注，按到期日排列。",
            "These need your attention, by the day they are due."
        )],
        action: Some((t!(lang, "查看全部提醒", "Open your reminders"), "/reminders".to_owned())),
    };
    (letter, rows)
}

/// The same for the list inside the program.
pub fn as_notice(letter: &Letter, rows: &[Row]) -> NewNotice {
    let lines = rows.iter().map(|row| format!("{} {}", row.heading, row.text));
    let said: Vec<String> = letter.paragraphs.iter().take(1).cloned().chain(lines).collect();
    NewNotice {
        subject: letter.subject.clone(),
        body_text: said.join("\n"),
        path: letter.action.as_ref().map(|(_, path)| path.clone()),
    }
}

/// One line for a digest and for lists: who, what, how long.
pub fn line(due: &Due) -> String {
    line_in(due, due.lang())
}

/// [`line()`] for a reader who is not the recipient.
pub fn line_in(due: &Due, lang: Lang) -> String {
    let (title, when) = (due.subject.title.get(lang), when(due, lang));
    let what = due.rule.source.title();
    let what = what.get(lang);
    match &due.subject.about {
        Some(about) => {
            let (name, staff_no) = (about.title(lang), &about.staff_no);
            t!(
                lang,
                "{name}（{staff_no}）《{title}》{what}，{when}",
                "{name} ({staff_no}), {title}: {what}, {when}"
            )
        }
        None => {
            let (site, detail) = (due.subject.site_title.get(lang), due.subject.detail.get(lang));
            t!(
                lang,
                "{site}《{title}》{what}，{when}，{detail}",
                "{site}, {title}: {what}, {when}; {detail}"
            )
        }
    }
}

/// How far away it is, counted on the day it is sent, on the recipient's own calendar.
fn days(due: &Due) -> i64 {
    // A forecast speaks of the day on which it will be sent.
    (due.due_on - due.today.max(due.on)).num_days()
}

/// How far away the due date is.
fn when(due: &Due, lang: Lang) -> String {
    match days(due) {
        0 => t!(lang, "今天", "today"),
        1 => t!(lang, "明天", "tomorrow"),
        days if days < 0 => {
            let (days, ago) = (-days, i18n::count(-days, "day", "days"));
            t!(lang, "{days} 天前", "{ago} ago")
        }
        days => {
            let ahead = i18n::count(days, "day", "days");
            t!(lang, "还有 {days} 天", "in {ahead}")
        }
    }
}

fn words(due: &Due) -> Words {
    match due.rule.source {
        Source::CertificateExpiring => expiring(due),
        Source::ReviewDue => review(due),
        Source::SuspendedSoon => suspended(due),
        Source::GraceEnding => grace(due),
        Source::RegistrationOpen => registration(due),
        Source::SittingTomorrow => sitting(due),
        Source::ResultOut => result(due),
        Source::LogbookWaiting => logbook(due),
        Source::CandidacyWaiting => candidacy(due),
        Source::CourseOverdue => course(due),
        Source::CoverageAtRisk => coverage(due),
    }
}

/// What the sentences are made of, in the recipient's language.
struct Parts {
    lang: Lang,
    title: String,
    on: String,
    when: String,
    number: String,
    /// Name and staff number of the person it is about.
    name: String,
    staff_no: String,
}

fn parts(due: &Due) -> Parts {
    let lang = due.lang();
    let about = due.subject.about.as_ref();
    Parts {
        lang,
        title: due.subject.title.get(lang).to_owned(),
        on: i18n::date(lang, due.due_on),
        when: when(due, lang),
        number: match &due.subject.number {
            Some(number) => t!(lang, "（编号 {number}）", " (number {number})"),
            None => String::new(),
        },
        name: about.map_or_else(String::new, |about| about.title(lang).to_owned()),
        staff_no: about.map_or_else(String::new, |about| about.staff_no.clone()),
    }
}

fn expiring(due: &Due) -> Words {
    let Parts { lang, title, on, number, name, staff_no, .. } = parts(due);
    let when = match days(due) {
        0 => t!(lang, "今天到期", "ends today"),
        1 => t!(lang, "明天到期", "ends tomorrow"),
        days if days < 0 => t!(lang, "已过期", "has expired"),
        days => t!(lang, "还有 {days} 天到期", "ends in {days} days"),
    };
    if due.to_holder() {
        return Words {
            subject: t!(
                lang,
                "证书到期提醒：{title} {when}",
                "Reminder: your certificate {title} {when}"
            ),
            said: vec![
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
            label: t!(lang, "查看证书", "Open the certificate"),
        };
    }
    Words {
        subject: t!(
            lang,
            "证书到期提醒：{name}的{title} {when}",
            "Reminder: {name}'s certificate {title} {when}"
        ),
        said: vec![
            t!(
                lang,
                "{name}（工号 {staff_no}）的证书“{title}”{number}最后有效日为 {on}，{when}。",
                "The last valid day of {name}'s ({staff_no}) certificate “{title}”{number} is {on}: it {when}."
            ),
            t!(
                lang,
                "请及时安排培训和考试，以免影响派工。",
                "Please make time for the course and the exam, so that jobs need not wait."
            ),
        ],
        label: t!(lang, "查看证书", "Open the certificate"),
    }
}

/// Words that differ for the person and for the others only in whose certificate it is.
fn whose(due: &Due, parts: &Parts) -> String {
    let Parts { lang, title, number, name, staff_no, .. } = parts;
    if due.to_holder() {
        t!(*lang, "您的证书“{title}”{number}", "your certificate “{title}”{number}")
    } else {
        t!(
            *lang,
            "{name}（工号 {staff_no}）的证书“{title}”{number}",
            "{name}'s ({staff_no}) certificate “{title}”{number}"
        )
    }
}

fn review(due: &Due) -> Words {
    let parts = parts(due);
    let (whose, Parts { lang, title, on, when, .. }) = (whose(due, &parts), parts);
    Words {
        subject: t!(lang, "复审提醒：{title}，{when}", "Review of {title} due {when}"),
        said: vec![
            t!(
                lang,
                "{whose}须在 {on} 之前（含当天）完成复审，{when}。",
                "The review of {whose} is due by {on}: {when}."
            ),
            t!(
                lang,
                "逾期未复审，证书将暂停使用。",
                "Without the review the certificate is suspended."
            ),
        ],
        label: t!(lang, "查看证书", "Open the certificate"),
    }
}

fn suspended(due: &Due) -> Words {
    let parts = parts(due);
    let (whose, Parts { lang, title, on, when, .. }) = (whose(due, &parts), parts);
    Words {
        subject: t!(lang, "证书即将暂停：{title}，{when}", "{title} will be suspended: {when}"),
        said: vec![
            t!(
                lang,
                "{whose}的持证条件只满足到 {on}（{when}），之后证书暂停。",
                "What {whose} stands on is met through {on} ({when}). After that it is suspended."
            ),
            t!(
                lang,
                "请打开证书页面，看看要补上什么，例如年度培训。",
                "Open the certificate to see what has to be renewed, such as the yearly instruction."
            ),
        ],
        label: t!(lang, "查看证书", "Open the certificate"),
    }
}

fn grace(due: &Due) -> Words {
    let parts = parts(due);
    let (whose, Parts { lang, title, on, when, .. }) = (whose(due, &parts), parts);
    Words {
        subject: t!(lang, "换证宽限期：{title}，{when}截止", "Grace for {title} ends {when}"),
        said: vec![
            t!(
                lang,
                "{whose}已过有效期，宽限期到 {on} 为止（{when}）。",
                "The validity of {whose} has ended. It may be renewed through {on} ({when})."
            ),
            t!(
                lang,
                "过了这一天，须按首次取证重新培训和考试。",
                "After that day everything has to be done anew, as for a first certificate."
            ),
        ],
        label: t!(lang, "查看证书", "Open the certificate"),
    }
}

fn registration(due: &Due) -> Words {
    let Parts { lang, title, name, staff_no, .. } = parts(due);
    let detail = due.subject.detail.get(lang);
    let said = if due.subject.about.is_none() {
        t!(
            lang,
            "考试“{title}”开放报名：{detail}。",
            "Registration is open for “{title}”: {detail}."
        )
    } else if due.to_holder() {
        t!(
            lang,
            "您需要的考试“{title}”开放报名：{detail}。",
            "Registration is open for “{title}”, an exam you need: {detail}."
        )
    } else {
        t!(
            lang,
            "{name}（工号 {staff_no}）需要的考试“{title}”开放报名：{detail}。",
            "Registration is open for “{title}”, an exam {name} ({staff_no}) needs: {detail}."
        )
    };
    Words {
        subject: t!(lang, "考试报名开始：{title}", "Registration is open: {title}"),
        said: vec![said],
        label: t!(lang, "查看场次", "Open the sitting"),
    }
}

fn sitting(due: &Due) -> Words {
    let Parts { lang, title, name, when, .. } = parts(due);
    let detail = due.subject.detail.get(lang);
    let subject = if due.to_holder() {
        t!(lang, "考试提醒：{title}，{when}", "Your exam {when}: {title}")
    } else {
        t!(lang, "考试提醒：{name}，{title}，{when}", "{name}'s exam {when}: {title}")
    };
    Words {
        subject,
        said: vec![
            t!(lang, "时间和地点：{detail}。", "When and where: {detail}."),
            t!(lang, "请带身份证件，提前到场。", "Bring identification and be early."),
        ],
        label: t!(lang, "查看场次", "Open the sitting"),
    }
}

fn result(due: &Due) -> Words {
    let Parts { lang, title, name, staff_no, on, .. } = parts(due);
    if due.to_holder() {
        return Words {
            subject: t!(lang, "成绩已公布：{title}", "Your result: {title}"),
            said: vec![t!(
                lang,
                "您参加的“{title}”成绩已于 {on} 公布。",
                "Your result of “{title}” came out on {on}."
            )],
            label: t!(lang, "查看成绩", "Open the result"),
        };
    }
    Words {
        subject: t!(lang, "成绩已公布：{name}，{title}", "{name}'s result: {title}"),
        said: vec![t!(
            lang,
            "{name}（工号 {staff_no}）的“{title}”成绩已于 {on} 公布。",
            "The result of {name} ({staff_no}) in “{title}” came out on {on}."
        )],
        label: t!(lang, "查看档案", "Open the record"),
    }
}

fn logbook(due: &Due) -> Words {
    let Parts { lang, title, name, on, .. } = parts(due);
    Words {
        subject: t!(
            lang,
            "日志待签字：{name}，{title}",
            "{name}'s logbook waits for a signature: {title}"
        ),
        said: vec![t!(
            lang,
            "{name} 于 {on} 提交了“{title}”，至今未签字。",
            "{name} handed in “{title}” on {on}. It has not been signed yet."
        )],
        label: t!(lang, "查看日志", "Open the entry"),
    }
}

fn candidacy(due: &Due) -> Words {
    let Parts { lang, title, name, staff_no, on, .. } = parts(due);
    Words {
        subject: t!(
            lang,
            "晋升申请待处理：{name}，{title}",
            "{name}'s candidacy is waiting: {title}"
        ),
        said: vec![t!(
            lang,
            "{name}（工号 {staff_no}）的晋升申请“{title}”自 {on} 起等待处理。",
            "The candidacy of {name} ({staff_no}) for “{title}” has been waiting since {on}."
        )],
        label: t!(lang, "查看申请", "Open the candidacy"),
    }
}

fn course(due: &Due) -> Words {
    let Parts { lang, title, name, staff_no, on, when, .. } = parts(due);
    let late = days(due) < 0;
    let subject = match (due.to_holder(), late) {
        (true, false) => t!(lang, "课程提醒：{title}，{when}截止", "{title} is due {when}"),
        (true, true) => t!(lang, "课程已逾期：{title}", "Overdue: {title}"),
        (false, false) => t!(
            lang,
            "课程提醒：{name}，{title}，{when}截止",
            "{name}'s course {title} is due {when}"
        ),
        (false, true) => t!(lang, "课程已逾期：{name}，{title}", "{name} is overdue with {title}"),
    };
    let said = if due.to_holder() {
        t!(
            lang,
            "课程“{title}”须在 {on} 之前（含当天）完成，{when}。",
            "“{title}” is to be completed by {on}: {when}."
        )
    } else {
        t!(
            lang,
            "{name}（工号 {staff_no}）的课程“{title}”须在 {on} 之前（含当天）完成，{when}。",
            "{name} ({staff_no}) is to complete “{title}” by {on}: {when}."
        )
    };
    Words { subject, said: vec![said], label: t!(lang, "查看课程", "Open the course") }
}

fn coverage(due: &Due) -> Words {
    let Parts { lang, title, on, when, .. } = parts(due);
    let (site, detail) = (due.subject.site_title.get(lang), due.subject.detail.get(lang));
    Words {
        subject: t!(lang, "持证人员将不足：{site}，{title}", "{site} will lack holders: {title}"),
        said: vec![t!(
            lang,
            "{site}持有“{title}”的人数只够到 {on}（{when}），{detail}。",
            "{site} has enough holders of “{title}” through {on} ({when}): {detail}."
        )],
        label: t!(lang, "查看站点证书", "Open the site's certificates"),
    }
}
