//! The pages of appeals.

use maud::{Markup, html};

use super::{Line, ListQuery, Sheet, Standing, model::Appeal, model::Outcome};
use crate::{
    access::{Acting, Grading, Viewer},
    exams::{
        attempts::{
            model::{Attempt, AttemptResult},
            pages::{moment, outcome_badge, pass_mark, to_exams},
        },
        marking::{model::Marking, rules::points_word},
        questions::agreement,
        rules,
    },
    i18n::{self, Lang, Text},
    record::{Fact, Kind, Rules},
    staff, t,
    web::{
        Crumb, Problems,
        components::{
            Tone, alert, badge, button_form, card, card_with, definitions, empty, heading, pager,
            table,
        },
        forms::{Field, new_key},
    },
};

fn to_appeals(lang: Lang) -> Crumb {
    Crumb::new("/exams/appeals", t!(lang, "成绩申诉", "Appeals"))
}

pub fn outcome_of(lang: Lang, appeal: &Appeal) -> Markup {
    match appeal.outcome {
        None => badge(Tone::Info, t!(lang, "处理中", "Open")),
        Some(outcome) => {
            let tone = match outcome {
                Outcome::Upheld | Outcome::Partly => Tone::Good,
                Outcome::Rejected => Tone::Bad,
                Outcome::Withdrawn => Tone::Neutral,
            };
            badge(tone, outcome.title().get(lang))
        }
    }
}

/// What was filed and what became of it.
pub fn summary(viewer: &Viewer, appeal: &Appeal) -> Vec<(String, Markup)> {
    let lang = viewer.lang();
    let mut lines = vec![
        (t!(lang, "提出时间", "Filed"), html! { (moment(viewer, appeal.filed_at)) }),
        (t!(lang, "理由", "Grounds"), html! { (appeal.grounds) }),
        (t!(lang, "状态", "State"), outcome_of(lang, appeal)),
    ];
    match appeal.decided_at {
        None => {
            let by = i18n::date(lang, appeal.decide_by);
            lines.push((t!(lang, "答复期限", "Answer by"), html! { (by) }));
        }
        Some(at) => {
            lines.push((t!(lang, "裁定时间", "Decided"), html! { (moment(viewer, at)) }));
            if let Some(reasons) = &appeal.reasons {
                lines.push((t!(lang, "裁定理由", "Reasons"), html! { (reasons) }));
            }
        }
    }
    lines
}

/// The candidate's form.
pub fn file(
    viewer: &Viewer,
    title: &Text,
    attempt: &Attempt,
    result: &AttemptResult,
    standing: &Standing,
    grounds: &str,
    problems: &Problems,
) -> Markup {
    let lang = viewer.lang();
    let path = format!("{}/appeal", attempt.path());
    let name = t!(lang, "成绩申诉", "Appeal");
    let (score, pass) = (result.score(), pass_mark(attempt.pass_score));
    let body = html! {
        (heading(&name, title.get(lang), html! {}))
        (card("", definitions([
            (t!(lang, "得分", "Score"), html! { (score) " " (outcome_badge(lang, result.passed)) }),
            (t!(lang, "合格分", "Pass mark"), html! { (pass) }),
        ])))
        @match standing {
            Standing::Filed(appeal) => { (card("", definitions(summary(viewer, appeal)))) }
            Standing::Closed => { (alert(Tone::Warn, t!(lang, "申诉期限已过。", "The time for an appeal is over."))) }
            Standing::MayFile { last_day } => {
                @let day = i18n::date(lang, *last_day);
                (card(&t!(lang, "申诉理由", "Your grounds"), html! {
                    p { (t!(lang, "请写明对哪一部分有异议、依据是什么。提交截止日为 {day}（含当日）。由没有参与阅卷的人裁定；裁定之前成绩不变。",
                        "Say what you object to and why. The last day is {day}. Somebody who did not mark your paper decides; until then the result stays as it is.")) }
                    form method="post" action=(path) {
                        input type="hidden" name="form_key" value=(new_key());
                        (Field::new("grounds", t!(lang, "理由", "Grounds"), grounds).required().area(lang, problems, 6))
                        button.btn.btn-primary type="submit" { (t!(lang, "提交申诉", "File the appeal")) }
                    }
                }))
            }
        }
    };
    let crumbs =
        [to_exams(lang), Crumb::new(format!("{}/result", attempt.path()), title.get(lang))];
    viewer.page(&name, &crumbs, body)
}

pub fn list(
    acting: &Acting<Grading>,
    rules: &Rules,
    query: &ListQuery,
    lines: &[Line],
    has_more: bool,
) -> Markup {
    let lang = acting.lang();
    let title = t!(lang, "成绩申诉", "Appeals");
    let decided = query.state == "decided";
    let tab = |href: &'static str, label: String, active: bool| {
        html! { li.nav-item { a.nav-link.active[active] href=(href) { (label) } } }
    };
    let body = html! {
        (heading(&title, t!(lang, "您所辖人员的申诉", "Appeals of the people in your reach"), html! {}))
        ul.nav.nav-tabs.mb-3 {
            (tab("/exams/appeals", t!(lang, "待裁定", "Open"), !decided))
            (tab("/exams/appeals?state=decided", t!(lang, "已结案", "Closed"), decided))
        }
        @if lines.is_empty() {
            (card("", empty("circle-check", &t!(lang, "没有申诉", "No appeals"),
                t!(lang, "考生在成绩页提出申诉后，会显示在这里。", "When a candidate appeals on the page of a result, it appears here."))))
        } @else {
            (card_with("", html! {}, html! {
                (lines_table(acting, rules, lines))
                (pager(lang, query.page(), has_more, &[("state", &query.state)]))
            }))
        }
    };
    acting.page(&title, &[to_exams(lang)], body)
}

fn lines_table(acting: &Acting<Grading>, rules: &Rules, lines: &[Line]) -> Markup {
    let lang = acting.lang();
    let headers = [
        t!(lang, "姓名", "Name"),
        t!(lang, "考试", "Exam"),
        t!(lang, "提出时间", "Filed"),
        t!(lang, "答复期限", "Answer by"),
        t!(lang, "状态", "State"),
    ];
    let rows = lines.iter().map(|line| {
        let late = line.appeal.outcome.is_none() && line.appeal.decide_by < acting.today;
        vec![
            html! { a href={ "/exams/appeals/" (line.appeal.id) } { (line.post.person.title(lang)) } " " span.text-secondary.small { (line.post.person.staff_no) } },
            html! { (rules::title(rules, &line.attempt.exam).get(lang)) },
            html! { (moment(acting, line.appeal.filed_at)) },
            html! { (i18n::date(lang, line.appeal.decide_by)) @if late { " " (badge(Tone::Bad, t!(lang, "已超期", "Overdue"))) } },
            outcome_of(lang, &line.appeal),
        ]
    });
    table(&headers, rows)
}

/// One appeal for whoever decides.
pub fn one(
    acting: &Acting<Grading>,
    rules: &Rules,
    sheet: &Sheet,
    given: (&str, &str),
    problems: &Problems,
) -> Markup {
    let lang = acting.lang();
    let Line { appeal, attempt, post } = &sheet.line;
    let name = post.person.title(lang);
    let title = t!(lang, "申诉：{name}", "Appeal of {name}");
    let body = html! {
        (heading(&title, rules::title(rules, &attempt.exam).get(lang), html! {}))
        (card(&t!(lang, "申诉", "The appeal"), definitions(summary(acting, appeal))))
        (results(acting, sheet))
        @if !sheet.markings.is_empty() { (marks(acting, sheet)) }
        (certificates(lang, rules, sheet))
        @if appeal.outcome.is_none() {
            @match &sheet.barred {
                Some(why) => { (alert(Tone::Warn, why.get(lang))) }
                None => {
                    (remark(lang, sheet))
                    (decision(lang, sheet, given, problems))
                }
            }
        }
    };
    acting.page(&title, &[to_exams(lang), to_appeals(lang)], body)
}

fn results(viewer: &Viewer, sheet: &Sheet) -> Markup {
    let lang = viewer.lang();
    let headers = [
        t!(lang, "公布", "Released"),
        t!(lang, "得分", "Score"),
        t!(lang, "结果", "Result"),
        t!(lang, "状态", "State"),
    ];
    let row = |result: &AttemptResult, current: bool| {
        let at = result.released_at.map(|at| moment(viewer, at)).unwrap_or_default();
        let state = if current {
            badge(Tone::Info, t!(lang, "现行", "Current"))
        } else {
            badge(Tone::Neutral, t!(lang, "已被取代", "Superseded"))
        };
        vec![html! { (at) }, html! { (result.score()) }, outcome_badge(lang, result.passed), state]
    };
    let current = sheet.result.iter().map(|result| row(result, true));
    let rows = current.chain(sheet.before.iter().map(|result| row(result, false)));
    card_with(&t!(lang, "成绩", "Results"), html! {}, table(&headers, rows))
}

fn marks(viewer: &Viewer, sheet: &Sheet) -> Markup {
    let lang = viewer.lang();
    let headers = [
        t!(lang, "题号", "Question"),
        t!(lang, "轮次", "Round"),
        t!(lang, "阅卷人", "Marker"),
        t!(lang, "评分", "Points"),
        t!(lang, "评语", "Comment"),
    ];
    let rows = sheet.markings.iter().map(|(marking, person): &(Marking, Option<staff::Person>)| {
        let points = match (marking.submitted_at, marking.points) {
            (Some(_), Some(points)) => points_word(points),
            _ => t!(lang, "未提交", "not submitted"),
        };
        vec![
            html! { (marking.position) },
            html! { (round(lang, marking.slot)) },
            html! { (person.as_ref().map_or("", |person| person.title(lang))) },
            html! { (points) },
            html! { @if marking.submitted_at.is_some() { (marking.comment) } },
        ]
    });
    card_with(&t!(lang, "阅卷记录", "Marks"), html! {}, table(&headers, rows))
}

fn round(lang: Lang, slot: i64) -> String {
    match slot {
        agreement::DECIDING => t!(lang, "仲裁", "third, deciding"),
        agreement::REMARK.. => t!(lang, "复核", "re-mark"),
        slot => t!(lang, "第 {slot} 评", "marker {slot}"),
    }
}

/// What may rest on the result: HR decides about it, nothing is revoked by itself.
fn certificates(lang: Lang, rules: &Rules, sheet: &Sheet) -> Markup {
    let fails = sheet.result.as_ref().is_some_and(|result| !result.passed);
    let turned = fails && sheet.before.iter().any(|result| result.passed);
    let name = |fact: &Fact| rules.context().name(Kind::Certificate, &fact.code);
    html! {
        @if !sheet.certificates.is_empty() {
            (card(&t!(lang, "依据这次考试的证书", "Certificates that ask for this exam"), html! {
                @if turned {
                    (alert(Tone::Warn, t!(lang, "成绩已由合格变为未合格。证书不会自动吊销，请人事到证书页决定暂停或吊销。",
                        "The result turned from passed to not passed. Nothing is revoked by itself: HR decides on the person's certificates whether to suspend or revoke.")))
                }
                ul.mb-0 { @for fact in &sheet.certificates { li { (name(fact).get(lang)) " " (i18n::date(lang, fact.from)) } } }
            }))
        }
    }
}

fn remark(lang: Lang, sheet: &Sheet) -> Markup {
    let action = format!("/exams/appeals/{}/remark", sheet.line.appeal.id);
    html! {
        @if sheet.has_essays {
            (card(&t!(lang, "复核评分", "Mark again"), html! {
                p { (t!(lang, "论述题可由没有阅过这份试卷的考评员重新评分，他看不到原来的分数。申诉成立或部分成立后，新评分生效。",
                    "Essays can be marked again by an examiner who has not marked this paper and does not see the former points. The new points count when the appeal is upheld or partly upheld.")) }
                (button_form(&action, &new_key(), "", html! { (t!(lang, "安排复核", "Have it marked again")) }))
            }))
        }
    }
}

fn decision(lang: Lang, sheet: &Sheet, given: (&str, &str), problems: &Problems) -> Markup {
    let action = format!("/exams/appeals/{}/decide", sheet.line.appeal.id);
    let mut options = vec![(String::new(), t!(lang, "请选择", "Choose"))];
    let outcomes = [Outcome::Upheld, Outcome::Partly, Outcome::Rejected];
    options.extend(
        outcomes.map(|outcome| (outcome.word().to_owned(), outcome.title().get(lang).to_owned())),
    );
    card(
        &t!(lang, "裁定", "Decision"),
        html! {
            p.text-secondary { (t!(lang, "如果是题目有错，请先在“错题更正”中处理，所有考生一并重新计分。",
                "If a question is wrong, put it right under “Corrections” first: that counts for everybody who sat it.")) }
            form method="post" action=(action) {
                input type="hidden" name="form_key" value=(new_key());
                (Field::new("outcome", t!(lang, "结论", "Outcome"), given.0).required().select(lang, problems, options))
                (Field::new("reasons", t!(lang, "理由（考生可见）", "Reasons (the candidate reads them)"), given.1).required().area(lang, problems, 4))
                button.btn.btn-primary type="submit" { (t!(lang, "作出裁定", "Decide")) }
            }
        },
    )
}
