//! The pages of exams.

use maud::{Markup, html};

use super::{
    model::{Attempt, AttemptResult, GRACE_SECONDS},
    standing::{self, Standing},
};
use crate::{
    access::Viewer,
    courses::Catalogue,
    db::Instant,
    exams::{
        office,
        rules::{self, Offer, Turn},
        sittings::{self, Prospect, Sitting, model::Registration},
    },
    i18n::{self, Lang, Text},
    record::{Amount, Rules, programme::SittingRule},
    staff::Site,
    t,
    web::{
        Crumb,
        components::{
            Tone, alert, badge, card, card_with, definitions, empty, heading, icon, table,
        },
    },
};

pub fn to_exams(lang: Lang) -> Crumb {
    Crumb::new("/exams", t!(lang, "考试", "Exams"))
}

/// Passed or not, in words.
pub fn outcome(lang: Lang, passed: bool) -> String {
    if passed { t!(lang, "合格", "Passed") } else { t!(lang, "未合格", "Not passed") }
}

pub fn outcome_badge(lang: Lang, passed: bool) -> Markup {
    badge(if passed { Tone::Good } else { Tone::Bad }, outcome(lang, passed))
}

pub fn moment(viewer: &Viewer, at: Instant) -> String {
    i18n::instant(viewer.lang(), at.utc(), viewer.zone)
}

pub fn pass_mark(hundredths: i64) -> Amount {
    Amount { numerator: hundredths, denominator: 100 }
}

/// Everything about my exams on one page.
pub fn mine(
    viewer: &Viewer,
    rules: &Rules,
    running: &[Attempt],
    exams: &[(Offer<'_>, Turn)],
    past: &[(Attempt, AttemptResult)],
    registered: &[(Registration, Sitting, Site)],
    standing: &Standing,
) -> Markup {
    let lang = viewer.lang();
    let actions = html! {
        a.btn href="/practice" { (icon("refresh")) (t!(lang, "练习", "Practice")) }
        a.btn href="/exams/sittings" { (icon("calendar")) (t!(lang, "考试场次", "Sittings")) }
        a.btn href="/exams/practicals" { (icon("tool")) (t!(lang, "实操与评审", "Practicals and reviews")) }
    };
    let subtitle = t!(lang, "理论考试，在这里参加", "Theory exams, sat here");
    let body = html! {
        (heading(&t!(lang, "考试", "Exams"), subtitle, actions))
        (office::doors(viewer))
        @for attempt in running { (resume(viewer, rules, attempt)) }
        (sittings::pages::coming(viewer, rules, registered))
        @if exams.is_empty() {
            (card("", empty("clipboard-check", &t!(lang, "暂无考试", "No exams"),
                t!(lang, "规则库里还没有可以在线参加的考试。", "No rule set plans an exam that is sat here."))))
        }
        div.row.row-cards.mb-3 {
            @for (offer, turn) in exams {
                @let runs = running.iter().any(|one| one.exam == offer.code());
                div."col-md-6"."col-xl-4" { (offer_card(lang, rules, *offer, turn, runs)) }
            }
        }
        (standing::cards(viewer, rules, standing))
        (past_results(viewer, rules, past))
    };
    viewer.page(&t!(lang, "考试", "Exams"), &[], body)
}

fn resume(viewer: &Viewer, rules: &Rules, attempt: &Attempt) -> Markup {
    let lang = viewer.lang();
    let by = moment(viewer, attempt.hand_in_by);
    html! {
        section.card.mb-3.border-primary { div.card-body {
            h2.card-title { (icon("clock")) " " (t!(lang, "正在进行：", "Under way: ")) (rules::title(rules, &attempt.exam).get(lang)) }
            p { (t!(lang, "请在 {by} 前交卷。", "Hand in by {by}.")) }
            a.btn.btn-primary href=(attempt.path()) { (icon("player-play")) (t!(lang, "继续作答", "Go on")) }
        } }
    }
}

fn offer_card(lang: Lang, rules: &Rules, offer: Offer<'_>, turn: &Turn, runs: bool) -> Markup {
    let leads_to: Vec<Text> =
        rules::purposes(rules, offer).into_iter().map(|purpose| purpose.certification).collect();
    html! {
        section.card."h-100" { div.card-body {
            h2.card-title { a href=(offer.path()) { (offer.plan.title.get(lang)) } }
            p.text-secondary { (size_of(lang, offer)) }
            @if !leads_to.is_empty() {
                p { (t!(lang, "用于：", "For: ")) (Text::list(&leads_to).get(lang)) }
            }
            @match turn {
                Turn::Now if !runs && offer.plan.sitting == SittingRule::Required => {
                    (badge(Tone::Info, t!(lang, "按场次考试，请先报名", "Sat in sittings; register for one")))
                }
                _ if runs => { (badge(Tone::Info, t!(lang, "正在进行", "Under way"))) }
                Turn::Now => { (badge(Tone::Good, t!(lang, "可以参加", "You may sit it now"))) }
                Turn::Later { .. } | Turn::Never { .. } => { (waiting(lang, turn)) }
            }
        } }
    }
}

fn size_of(lang: Lang, offer: Offer<'_>) -> String {
    let (questions, minutes, pass) = (offer.questions(), offer.minutes(), offer.pass_mark());
    t!(
        lang,
        "{questions} 题 · {minutes} 分钟 · {pass} 分合格",
        "{questions} questions · {minutes} minutes · pass mark {pass}"
    )
}

/// Why not today, and from when.
pub fn waiting(lang: Lang, turn: &Turn) -> Markup {
    match turn {
        Turn::Now => html! {},
        Turn::Later { why, first_day } => {
            let day = i18n::date(lang, *first_day);
            html! {
                (badge(Tone::Warn, t!(lang, "{day} 起可再考", "Again from {day}")))
                div.small.text-secondary.mt-1 { (why.get(lang)) }
            }
        }
        Turn::Never { why } => html! {
            (badge(Tone::Bad, t!(lang, "不能再考", "No further attempt")))
            div.small.text-secondary.mt-1 { (why.get(lang)) }
        },
    }
}

fn past_results(viewer: &Viewer, rules: &Rules, past: &[(Attempt, AttemptResult)]) -> Markup {
    let lang = viewer.lang();
    let title = t!(lang, "我的成绩", "My results");
    if past.is_empty() {
        let hint = t!(
            lang,
            "参加一次考试后，成绩会显示在这里。",
            "They appear here after your first exam."
        );
        return card(&title, empty("history", &t!(lang, "还没有成绩", "No results yet"), hint));
    }
    let headers = [
        t!(lang, "考试", "Exam"),
        t!(lang, "交卷时间", "Handed in"),
        t!(lang, "得分", "Score"),
        t!(lang, "结果", "Result"),
    ];
    let rows = past.iter().map(|(attempt, result)| {
        let name = rules::title(rules, &attempt.exam);
        vec![
            html! { a href={ (attempt.path()) "/result" } { (name.get(lang)) } },
            html! { (attempt.finished_at.map(|at| moment(viewer, at)).unwrap_or_default()) },
            html! { (result.score()) },
            outcome_badge(lang, result.passed),
        ]
    });
    card_with(&title, html! {}, table(&headers, rows))
}

/// What stands before the start: a bank that is too small, the sitting, a wrong entry code.
pub struct BeforeStart {
    pub short: Option<Text>,
    pub prospect: Prospect,
    pub wrong_code: bool,
    pub standing: Standing,
}

/// What an exam is, before it is started.
pub fn explain(
    viewer: &Viewer,
    rules: &Rules,
    catalogue: &Catalogue,
    offer: Offer<'_>,
    running: Option<&Attempt>,
    turn: &Turn,
    before: &BeforeStart,
) -> Markup {
    let lang = viewer.lang();
    let title = offer.plan.title.get(lang);
    let body = html! {
        (heading(title, offer.set.title.get(lang), html! {}))
        (card(&t!(lang, "考试说明", "About this exam"), html! {
            (definitions(facts_about(lang, rules, offer)))
            @if let Some(note) = &offer.plan.note { p.mt-2.mb-0 { (note.get(lang)) } }
        }))
        (card(&t!(lang, "规则", "How it works"), how_it_works(viewer, offer, &before.prospect)))
        (reading(lang, rules, catalogue, offer))
        (standing::cards(viewer, rules, &before.standing))
        @if running.is_none() { (practise_first(lang)) }
        @match (running, &before.short, turn) {
            _ if running.is_none() && !before.standing.untold.is_empty() => {}
            (Some(attempt), ..) => { (resume(viewer, rules, attempt)) }
            (None, Some(short), _) => { (alert(Tone::Warn, short.get(lang))) }
            (None, None, Turn::Now) => {
                (sittings::pages::start(viewer, offer, &before.prospect, before.wrong_code))
            }
            (None, None, turn) => { (card("", waiting(lang, turn))) }
        }
    };
    viewer.page(title, &[to_exams(lang)], body)
}

fn facts_about(lang: Lang, rules: &Rules, offer: Offer<'_>) -> Vec<(String, Markup)> {
    let leads_to: Vec<Text> =
        rules::purposes(rules, offer).into_iter().map(|purpose| purpose.certification).collect();
    let minutes = offer.minutes();
    let pass = offer.pass_mark();
    let wait = offer.plan.wait_full_days;
    let mut facts = vec![
        (t!(lang, "题数", "Questions"), html! { (offer.questions()) }),
        (t!(lang, "时间", "Time"), html! { (t!(lang, "{minutes} 分钟", "{minutes} minutes")) }),
        (
            t!(lang, "合格分", "Pass mark"),
            html! { (t!(lang, "{pass} 分（满分 100）", "{pass} of 100")) },
        ),
    ];
    if wait > 0 {
        let days = i18n::count(wait, "full day", "full days");
        facts.push((
            t!(lang, "再考间隔", "Before another attempt"),
            html! { (t!(lang, "满 {wait} 个整日", "{days}")) },
        ));
    }
    if let Some(most) = offer.plan.max_attempts {
        facts.push((
            t!(lang, "最多次数", "Attempts at most"),
            html! { (t!(lang, "{most} 次", "{most}")) },
        ));
    }
    if !leads_to.is_empty() {
        facts.push((t!(lang, "用于", "For"), html! { (Text::list(&leads_to).get(lang)) }));
    }
    facts
}

fn how_it_works(viewer: &Viewer, offer: Offer<'_>, prospect: &Prospect) -> Markup {
    let lang = viewer.lang();
    html! {
        ul.mb-0 {
            (sittings::pages::times(viewer, offer, prospect))
            li { (t!(lang, "每次作答立即保存，题旁显示保存时间。时间内已保存的全部计分；到时后 {GRACE_SECONDS} 秒内仍在路上的作答也算。",
                "Each answer is saved at once and shows when. All that was saved in time counts, also what was on its way for up to {GRACE_SECONDS} seconds.")) }
            li { (t!(lang, "断网时作答留在本机，恢复后自动补传。换一台设备登录可以接着答。",
                "Without a network, answers wait on your device and are sent when it is back. You can go on from another device.")) }
            li { (t!(lang, "每题怎样计分写在题旁。未作答得 0 分，答错不倒扣到 0 分以下。",
                "How a question counts is said beside it. An unanswered one earns nothing, and no question earns less than nothing.")) }
            li { (t!(lang, "可以标记想回头再看的题目，交卷前会列出来。离开考试窗口、返回和更换网络地址会被记录，供监考员查看，不影响得分。",
                "You can flag questions to look at again; they are listed before you hand in. Leaving the window, coming back and a change of network address are noted for invigilators; they cost no points.")) }
        }
    }
}

fn practise_first(lang: Lang) -> Markup {
    html! {
        p { a href="/practice" { (icon("refresh")) " " (t!(lang, "先练一练", "Practise first")) }
            span.text-secondary { " " (t!(lang, "练习题与考题不同，随时可做，答后有讲解。", "Other questions than the exam's, at any time, explained once you have answered.")) } }
    }
}

/// Links to the courses an exam is about.
pub fn reading(lang: Lang, rules: &Rules, catalogue: &Catalogue, offer: Offer<'_>) -> Markup {
    let codes = rules::reading(rules, offer);
    let courses: Vec<_> = codes.iter().filter_map(|code| catalogue.get(code)).collect();
    html! {
        @if !courses.is_empty() {
            (card(&t!(lang, "复习课程", "Courses to read"), html! {
                ul.mb-0 { @for course in courses {
                    li { a href={ "/courses/" (course.plan.code) } { (course.plan.title.get(lang)) } }
                } }
            }))
        }
    }
}
