//! What a candidate learns of their own attempt: that it was handed in, and once it is released
//! the score, how each area went and what to read. Never which answers were right.

use actix_web::{HttpResponse, web};
use maud::{Markup, html};

use super::{appeals, release};
use crate::{
    access::Viewer,
    courses::Catalogue,
    db::{Conn, Db},
    exams::{
        attempts::{
            handlers::settled,
            model::{Attempt, AttemptId, AttemptResult, Cause},
            pages::{moment, outcome, pass_mark, reading, to_exams, waiting},
            queries,
            settle::{self, Release},
        },
        questions::model::AreaScore,
        rules::{self, Offer, Turn},
    },
    i18n::{self, Lang},
    mail::Letterhead,
    record::{Amount, Consequences, Rules, ledger},
    t,
    web::{
        Error, Result,
        components::{
            Tone, alert, badge, button_form, card, card_with, definitions, heading, icon, table,
        },
        forms::new_key,
        html, redirect,
    },
};

/// A result somebody may know, with what can be done about it.
pub struct Told {
    pub result: AttemptResult,
    /// What it took the place of, newest first.
    pub before: Vec<AttemptResult>,
    /// Some questions were on trial.
    pub has_pilots: bool,
    pub appeal: appeals::Standing,
}

pub async fn result(
    viewer: Viewer,
    db: web::Data<Db>,
    rules: Rules,
    catalogue: web::Data<Catalogue>,
    consequences: web::Data<Consequences>,
    head: web::Data<Letterhead>,
    id: web::Path<AttemptId>,
) -> Result<HttpResponse> {
    let (attempt, now) = settled(&db, &viewer, &rules, &consequences, *id).await?;
    if attempt.finished_at.is_none() {
        return Ok(redirect(attempt.path()));
    }
    let (who, known, wanted) = (viewer.clone(), rules.clone(), attempt.clone());
    let (mut told, rule, facts) = db
        .read(move |conn| -> Result<_> {
            let told = load(conn, &who, &known, &wanted)?;
            let rule = settle::release_rule(conn, &known, &wanted)?;
            Ok((told, rule, ledger::facts_of(conn, who.id, None)?))
        })
        .await?;
    if told.is_none() && matches!(rule, Release::At(at) if at <= now) {
        release::release_due(&db, &rules, &consequences, &head, now).await?;
        let (who, known, wanted) = (viewer.clone(), rules.clone(), attempt.clone());
        told = db.read(move |conn| load(conn, &who, &known, &wanted)).await?;
    }
    let Some(told) = told else { return Ok(html(page_before(&viewer, &rules, &attempt, rule))) };
    let turn = Offer::find(&rules, &attempt.exam)
        .map(|offer| (offer, rules::turn(&rules, offer, &facts, viewer.today)));
    Ok(html(page(&viewer, &rules, &catalogue, &attempt, &told, turn)))
}

fn load(
    conn: &mut Conn,
    viewer: &Viewer,
    rules: &Rules,
    attempt: &Attempt,
) -> Result<Option<Told>> {
    let current = queries::result_of(conn, attempt.id)?;
    let Some(result) = current.filter(|result| result.released_at.is_some()) else {
        return Ok(None);
    };
    let mut before = queries::results_told(conn, attempt.id)?;
    if !before.is_empty() {
        before.remove(0);
    }
    let has_pilots = queries::has_pilots(conn, attempt.id)?;
    let appeal = appeals::standing(conn, viewer, rules, attempt, &result)?;
    Ok(Some(Told { result, before, has_pilots, appeal }))
}

/// Handed in, and nothing else.
fn page_before(viewer: &Viewer, rules: &Rules, attempt: &Attempt, rule: Release) -> Markup {
    let lang = viewer.lang();
    let title = rules::title(rules, &attempt.exam);
    let at = attempt.finished_at.map(|at| moment(viewer, at)).unwrap_or_default();
    let when = match rule {
        Release::At(at) => {
            let at = moment(viewer, at);
            t!(lang, "成绩将于 {at} 公布。", "It will be released at {at}.")
        }
        Release::AtOnce | Release::ByDecision => t!(
            lang,
            "阅卷和核对完成后公布，届时会发邮件通知您。",
            "It is released when everything is marked and checked; you will get a mail."
        ),
    };
    let body = html! {
        (heading(title.get(lang), t!(lang, "第 {} 次考试", "Attempt {}", attempt.number), html! {}))
        (alert(Tone::Info, html! {
            strong.exam-outcome { (t!(lang, "已交卷，成绩尚未公布。", "Handed in; the result is not released yet.")) } " " (when)
        }))
        (card(&t!(lang, "本次考试", "This attempt"), definitions([
            (t!(lang, "交卷时间", "Handed in"), html! { (at) }),
        ])))
        a.btn href="/exams" { (icon("arrow-left")) (t!(lang, "返回考试", "Back to exams")) }
    };
    viewer.page(title.get(lang), &[to_exams(lang)], body)
}

/// How it went; which answers were right is not told.
fn page(
    viewer: &Viewer,
    rules: &Rules,
    catalogue: &Catalogue,
    attempt: &Attempt,
    told: &Told,
    turn: Option<(Offer<'_>, Turn)>,
) -> Markup {
    let lang = viewer.lang();
    let title = rules::title(rules, &attempt.exam);
    let (result, offer) = (&told.result, turn.as_ref().map(|(offer, _)| *offer));
    let body = html! {
        (heading(title.get(lang), t!(lang, "第 {} 次考试", "Attempt {}", attempt.number), html! {}))
        (said(lang, attempt, result))
        (about(viewer, attempt, told))
        (by_area(lang, rules, catalogue, offer, attempt, result))
        @if result.passed {
            (card(&t!(lang, "接下来", "What comes next"), html! {
                p.mb-0 { (t!(lang, "条件满足的证书已自动颁发：", "Certificates whose conditions are met have been issued: "))
                    a href="/certificates" { (t!(lang, "查看我的证书", "my certificates")) } }
            }))
        }
        (earlier(viewer, told))
        (appeal(viewer, attempt, &told.appeal))
        @if let Some((offer, turn)) = turn {
            @if !result.passed {
                (reading(lang, rules, catalogue, offer))
                (card(&t!(lang, "再考", "Another attempt"), html! {
                    @match &turn {
                        Turn::Now => { a.btn href=(offer.path()) { (t!(lang, "可以再考", "You may sit it again")) } }
                        turn => { (waiting(lang, turn)) }
                    }
                }))
            }
        }
    };
    viewer.page(title.get(lang), &[to_exams(lang)], body)
}

fn said(lang: Lang, attempt: &Attempt, result: &AttemptResult) -> Markup {
    let (score, pass) = (result.score(), pass_mark(attempt.pass_score));
    let tone = if result.passed { Tone::Good } else { Tone::Bad };
    let said = if result.passed {
        t!(lang, "合格：{score} 分", "Passed with {score} of 100")
    } else {
        t!(lang, "未合格：{score} 分", "Not passed: {score} of 100")
    };
    let away = difference(score, pass);
    let compared = match (result.passed, away.numerator) {
        (true, 0) => t!(
            lang,
            "合格分 {pass}，正好达到。",
            "The pass mark is {pass}; you reached it exactly."
        ),
        (true, _) => t!(
            lang,
            "合格分 {pass}，高出 {away} 分。",
            "The pass mark is {pass}; you are {away} above it."
        ),
        (false, _) => t!(
            lang,
            "合格分 {pass}，还差 {away} 分。",
            "The pass mark is {pass}; {away} were missing."
        ),
    };
    alert(tone, html! { strong.exam-outcome { (said) } " " (compared) })
}

/// How far apart two scores are.
fn difference(one: Amount, two: Amount) -> Amount {
    let (a, b) = (i128::from(one.numerator), i128::from(two.numerator));
    let (below_a, below_b) = (i128::from(one.denominator), i128::from(two.denominator));
    let numerator = (a * below_b - b * below_a).abs();
    let fits = |number: i128| i64::try_from(number).unwrap_or(i64::MAX);
    Amount { numerator: fits(numerator), denominator: fits(below_a * below_b) }
}

fn about(viewer: &Viewer, attempt: &Attempt, told: &Told) -> Markup {
    let lang = viewer.lang();
    let at = attempt.finished_at.map(|at| moment(viewer, at)).unwrap_or_default();
    let released = told.result.released_at.map(|at| moment(viewer, at)).unwrap_or_default();
    card(
        &t!(lang, "本次考试", "This attempt"),
        html! {
            (definitions([
                (t!(lang, "交卷时间", "Handed in"), html! { (at) }),
                (t!(lang, "交卷方式", "How it ended"), html! { (told.result.ended_by.title().get(lang)) }),
                (t!(lang, "成绩公布", "Result released"), html! { (released) }),
                (t!(lang, "得分", "Score"), html! { (t!(lang, "{} 分（满分 100）", "{} of 100", told.result.score())) }),
            ]))
            @if told.has_pilots {
                p.text-secondary.mt-2.mb-0 { (t!(lang, "试卷中有少量试测题，不计入成绩。", "Some questions are on trial and do not count.")) }
            }
        },
    )
}

/// Where an area of the bank is taught: in the course of its own name, or else in the bank's.
fn course_for<'a>(codes: &'a [String], catalogue: &Catalogue, area: &str) -> Option<&'a String> {
    let known = |code: &&String| catalogue.get(code).is_some();
    codes.iter().filter(known).find(|code| *code == area).or_else(|| codes.iter().find(known))
}

fn by_area(
    lang: Lang,
    rules: &Rules,
    catalogue: &Catalogue,
    offer: Option<Offer<'_>>,
    attempt: &Attempt,
    result: &AttemptResult,
) -> Markup {
    let areas = result.areas();
    let mut codes = offer.map(|offer| rules::reading(rules, offer)).unwrap_or_default();
    codes.extend(
        areas.iter().map(|area| area.area.clone()).filter(|area| catalogue.get(area).is_some()),
    );
    let pass = pass_mark(attempt.pass_score);
    html! {
        @if !areas.is_empty() {
            (card(&t!(lang, "各部分得分", "By area"), html! {
                @for area in &areas {
                    @let weak = !reached(area, pass);
                    div.mb-2.exam-area {
                        div { (area.title.get(lang))
                            @if weak { " " (badge(Tone::Warn, t!(lang, "建议复习", "Read up on this"))) }
                        }
                        (area_bar(lang, area))
                        @if let (true, Some(course)) = (weak, course_for(&codes, catalogue, &area.area)) {
                            @let title = catalogue.title(course);
                            div.small { a href={ "/courses/" (course) } { (t!(lang, "复习课程：{}", "Read: {}", title.get(lang))) } }
                        }
                    }
                }
            }))
        }
    }
}

fn reached(area: &AreaScore, pass: Amount) -> bool {
    Amount { numerator: area.points * 100, denominator: area.points_max.max(1) }.reaches(pass)
}

fn area_bar(lang: Lang, area: &AreaScore) -> Markup {
    let percent = area.points * 100 / area.points_max.max(1);
    html! {
        div.d-flex.align-items-center.gap-2 {
            progress.shifu-progress max="100" value=(percent) aria-label=(area.title.get(lang)) {}
            span.small.text-secondary.text-nowrap { (percent) " %" }
        }
    }
}

/// What was told before it changed.
fn earlier(viewer: &Viewer, told: &Told) -> Markup {
    let lang = viewer.lang();
    let headers =
        [t!(lang, "公布", "Released"), t!(lang, "得分", "Score"), t!(lang, "结果", "Result")];
    let rows = told.before.iter().map(|result| {
        let at = result.released_at.map(|at| moment(viewer, at)).unwrap_or_default();
        vec![html! { (at) }, html! { (result.score()) }, html! { (outcome(lang, result.passed)) }]
    });
    html! {
        @if !told.before.is_empty() {
            (card_with(&t!(lang, "成绩变更", "How the result changed"), html! {}, html! {
                div.card-body { p.mb-0 { (cause(lang, told.result.cause)) } }
                (table(&headers, rows))
            }))
        }
    }
}

fn cause(lang: Lang, cause: Cause) -> String {
    match cause {
        Cause::Appeal => {
            t!(lang, "现在的成绩是申诉复核后的成绩。", "The present result follows from an appeal.")
        }
        Cause::Correction => t!(
            lang,
            "试卷中有题目经复查更正，成绩已重新计算。",
            "A question of this paper was put right, and the score was computed anew."
        ),
        Cause::Finish | Cause::Marking => {
            t!(lang, "成绩经重新阅卷。", "The paper was marked anew.")
        }
    }
}

fn appeal(viewer: &Viewer, attempt: &Attempt, standing: &appeals::Standing) -> Markup {
    use appeals::Standing;
    let lang = viewer.lang();
    let title = t!(lang, "成绩申诉", "Appeal");
    let path = format!("{}/appeal", attempt.path());
    match standing {
        Standing::Closed => html! {},
        Standing::MayFile { last_day } => {
            let day = i18n::date(lang, *last_day);
            card(
                &title,
                html! {
                    p { (t!(lang, "对成绩有异议，可在 {day} 前（含当日）提出申诉。", "If you disagree with this result, you may appeal until {day}.")) }
                    a.btn href=(path) { (t!(lang, "提出申诉", "Appeal against this result")) }
                },
            )
        }
        Standing::Filed(appeal) => card(
            &title,
            html! {
                (definitions(appeals::pages::summary(viewer, appeal)))
                @if appeal.outcome.is_none() {
                    div.mt-2 { (button_form(&format!("{path}/withdraw"), &new_key(), "", html! { (t!(lang, "撤回申诉", "Withdraw the appeal")) })) }
                }
            },
        ),
    }
}

/// For pages that need an attempt of the viewer's whose result is known.
pub fn known_result(
    conn: &mut Conn,
    viewer: &Viewer,
    id: AttemptId,
) -> Result<(Attempt, AttemptResult)> {
    let attempt = queries::attempt_of(conn, id, viewer.id)?.ok_or(Error::NotFound)?;
    let result = queries::result_of(conn, id)?.filter(|result| result.released_at.is_some());
    Ok((attempt, result.ok_or(Error::NotFound)?))
}
