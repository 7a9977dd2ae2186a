//! The pages of exams.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::{
    handlers::{AfterSave, is_answered},
    model::{Answer, Attempt, AttemptResult, GRACE_SECONDS},
};
use crate::{
    access::{OverPeople, Viewer},
    courses::Catalogue,
    db::Instant,
    exams::{
        questions::{
            QuestionKind, Task,
            body::Credit,
            scoring::{Item, letter},
        },
        rules::{self, Offer, Turn},
    },
    i18n::{self, Lang, Text},
    record::{Amount, Rules},
    t,
    web::{
        Crumb,
        components::{
            Tone, alert, badge, button_form, card, card_with, definitions, empty, heading, icon,
            progress, table,
        },
        forms::new_key,
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

fn pass_mark(hundredths: i64) -> Amount {
    Amount { numerator: hundredths, denominator: 100 }
}

/// Everything about my exams on one page.
pub fn mine(
    viewer: &Viewer,
    rules: &Rules,
    running: &[Attempt],
    exams: &[(Offer<'_>, Turn)],
    past: &[(Attempt, AttemptResult)],
) -> Markup {
    let lang = viewer.lang();
    let sees_results = viewer.holds_any(<OverPeople as crate::access::proof::Proof>::ROLES);
    let actions = html! {
        a.btn href="/exams/practicals" { (icon("tool")) (t!(lang, "实操与评审", "Practicals and reviews")) }
        @if sees_results {
            a.btn href="/exams/results" { (icon("chart-bar")) (t!(lang, "所辖人员成绩", "Results of my people")) }
        }
    };
    let subtitle = t!(lang, "理论考试，在这里参加", "Theory exams, sat here");
    let body = html! {
        (heading(&t!(lang, "考试", "Exams"), subtitle, actions))
        @for attempt in running { (resume(viewer, rules, attempt)) }
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
                _ if runs => { (badge(Tone::Info, t!(lang, "正在进行", "Under way"))) }
                Turn::Now => { (badge(Tone::Good, t!(lang, "可以参加", "You may sit it now"))) }
                Turn::Later { .. } | Turn::Never { .. } => { (waiting(lang, turn)) }
            }
        } }
    }
}

fn size_of(lang: Lang, offer: Offer<'_>) -> String {
    let (questions, minutes, pass) = (offer.questions(), offer.minutes(), offer.plan.pass.0);
    t!(
        lang,
        "{questions} 题 · {minutes} 分钟 · {pass} 分合格",
        "{questions} questions · {minutes} minutes · pass mark {pass}"
    )
}

/// Why not today, and from when.
fn waiting(lang: Lang, turn: &Turn) -> Markup {
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

/// What an exam is, before it is started.
pub fn explain(
    viewer: &Viewer,
    rules: &Rules,
    catalogue: &Catalogue,
    offer: Offer<'_>,
    running: Option<&Attempt>,
    turn: &Turn,
    short: Option<Text>,
) -> Markup {
    let lang = viewer.lang();
    let title = offer.plan.title.get(lang);
    let body = html! {
        (heading(title, offer.set.title.get(lang), html! {}))
        (card(&t!(lang, "考试说明", "About this exam"), html! {
            (definitions(facts_about(lang, rules, offer)))
            @if let Some(note) = &offer.plan.note { p.mt-2.mb-0 { (note.get(lang)) } }
        }))
        (card(&t!(lang, "规则", "How it works"), how_it_works(lang, offer)))
        (reading(lang, rules, catalogue, offer))
        @match (running, short, turn) {
            (Some(attempt), ..) => { (resume(viewer, rules, attempt)) }
            (None, Some(short), _) => { (alert(Tone::Warn, short.get(lang))) }
            (None, None, Turn::Now) => {
                (button_form(&format!("{}/start", offer.path()), &new_key(), "btn-primary btn-lg",
                    html! { (icon("player-play")) (t!(lang, "开始考试，计时开始", "Start; the clock runs from now")) }))
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
    let pass = offer.plan.pass.0;
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

fn how_it_works(lang: Lang, offer: Offer<'_>) -> Markup {
    let minutes = offer.minutes();
    html! {
        ul.mb-0 {
            li { strong { (t!(lang, "开始时间：", "Start by: ")) }
                (t!(lang, "没有限定，点“开始”的那一刻起计时。", "no limit; your time runs from the moment you press Start.")) }
            li { strong { (t!(lang, "交卷时间：", "Hand in by: ")) }
                (t!(lang, "开始后 {minutes} 分钟，以服务器时钟为准，改手机时间没有用。到时自动收卷。",
                    "{minutes} minutes after you start, by the server's clock; the clock of your device does not matter. Then the paper is collected by itself.")) }
            li { (t!(lang, "每次作答立即保存，题旁显示保存时间。时间内已保存的全部计分；到时后 {GRACE_SECONDS} 秒内仍在路上的作答也算。",
                "Each answer is saved at once and shows when. All that was saved in time counts, also what was on its way for up to {GRACE_SECONDS} seconds.")) }
            li { (t!(lang, "断网时作答留在本机，恢复后自动补传。换一台设备登录可以接着答。",
                "Without a network, answers wait on your device and are sent when it is back. You can go on from another device.")) }
            li { (t!(lang, "多选题须全部选对才得分，多选、少选、错选都不得分。每题分值相同，未作答得 0 分，答错不倒扣。",
                "A question with several right options earns its point only when exactly those are chosen. All questions weigh the same; an unanswered one earns nothing, and nothing is taken off.")) }
        }
    }
}

/// Links to the courses an exam is about.
fn reading(lang: Lang, rules: &Rules, catalogue: &Catalogue, offer: Offer<'_>) -> Markup {
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

/// The paper: all questions on one page, one form, usable without script.
pub fn paper(
    viewer: &Viewer,
    attempt: &Attempt,
    title: &Text,
    now: Instant,
    items: &[(i64, Item)],
    answers: &BTreeMap<i64, Answer>,
    after: &AfterSave,
) -> Markup {
    let lang = viewer.lang();
    let title = title.get(lang);
    let path = attempt.path();
    let body = html! {
        (heading(title, t!(lang, "请在 {} 前交卷", "Hand in by {}", moment(viewer, attempt.hand_in_by)), html! {}))
        (said_after_save(lang, after))
        div #exam data-attempt=(attempt.id) data-remaining=(attempt.remaining_seconds(now))
            data-path=(path) data-messages=(messages(lang)) {
            form #exam-form method="post" action=(path) data-stay autocomplete="off" {
                (bar(lang, attempt, now, items))
                @for (position, item) in items {
                    (question(viewer, *position, item, answers.get(position)))
                }
                div.btn-list.mb-4 {
                    button.btn type="submit" name="act" value="save" { (icon("device-floppy")) (t!(lang, "保存", "Save")) }
                    button.btn.btn-primary type="submit" name="act" value="review" { (icon("check")) (t!(lang, "检查并交卷…", "Check and hand in …")) }
                }
            }
            form #exam-time-up method="post" action={ (path) "/finish" } {
                input type="hidden" name="form_key" value=(new_key());
            }
        }
    };
    viewer.page_with_script(title, &[to_exams(lang)], "exam.js", body)
}

fn said_after_save(lang: Lang, after: &AfterSave) -> Markup {
    let stale: Vec<&str> = after
        .stale
        .split(',')
        .filter(|position| !position.is_empty() && position.bytes().all(|b| b.is_ascii_digit()))
        .take(100)
        .collect();
    let numbers = stale.join(", ");
    html! {
        @if !stale.is_empty() {
            (alert(Tone::Warn, t!(lang,
                "第 {numbers} 题已在别的窗口或设备上改过，保留了较新的作答；其余已保存。请核对。",
                "Questions {numbers} were answered again in another window or on another device. The newer answers stay; the rest is saved. Please check.")))
        } @else if after.saved.is_some() {
            (alert(Tone::Good, t!(lang, "已保存。", "Saved.")))
        }
    }
}

/// Time, saving state and the map of questions; it stays in sight.
fn bar(lang: Lang, attempt: &Attempt, now: Instant, items: &[(i64, Item)]) -> Markup {
    let left = attempt.remaining_seconds(now);
    let clock = format!("{:02}:{:02}", left / 60, left % 60);
    let answered = items.iter().filter(|(_, item)| is_answered(item)).count();
    html! {
        div.exam-bar {
            div.d-flex.align-items-center.gap-3.flex-wrap {
                span.time #exam-time role="timer" aria-label=(t!(lang, "剩余时间", "Time left")) { (clock) }
                span.text-secondary { (t!(lang, "已答", "Answered")) " " span #exam-count { (answered) } "/" (items.len()) }
                span #exam-state.small.text-secondary role="status" aria-live="polite" {}
            }
            div #exam-notice.alert.alert-warning.mt-2.mb-0 role="alert" hidden {}
            details.mt-1 {
                summary.small { (t!(lang, "题目一览", "Map of questions")) }
                nav.exam-map.mt-2 aria-label=(t!(lang, "题目一览", "Map of questions")) {
                    @for (position, item) in items {
                        a href={ "#q" (position) } data-map=(position) .answered[is_answered(item)] { (position) }
                    }
                }
            }
        }
    }
}

fn question(viewer: &Viewer, position: i64, item: &Item, answer: Option<&Answer>) -> Markup {
    let lang = viewer.lang();
    let edition = answer.map_or(0, |answer| answer.edition);
    let saved = answer.map(|answer| i18n::short_instant(answer.saved_at.utc(), viewer.zone));
    let word = kind_word(lang, item);
    html! {
        fieldset.exam-question.card.mb-3 id={ "q" (position) } data-position=(position)
            data-kind=(item.kind.word()) data-edition=(edition) tabindex="-1" {
            div.card-body {
                legend."h3" { (position) ". " (item.body.stem.get(lang)) " " span.small.text-secondary.fw-normal { (word) } }
                input type="hidden" name={ "e" (position) } value=(edition);
                (controls(lang, position, item))
                div.d-flex.align-items-center.gap-2.small {
                    span.text-secondary data-saved=(position) {
                        @if let Some(saved) = saved { (t!(lang, "已保存 {saved}", "saved {saved}")) }
                    }
                    button.btn.btn-sm.btn-ghost-secondary.ms-auto type="button" data-flag=(position) aria-pressed="false" hidden {
                        (icon("flag")) (t!(lang, "标记", "Flag"))
                    }
                }
            }
        }
    }
}

fn kind_word(lang: Lang, item: &Item) -> String {
    let partial = matches!(
        item.task(),
        Some(Task::Multiple { credit: Credit::Partial | Credit::Weighted, .. })
    );
    match item.kind {
        QuestionKind::Single => t!(lang, "（单选）", "(choose one)"),
        QuestionKind::Multiple if partial => t!(
            lang,
            "（多选，部分选对得部分分，错选扣减）",
            "(choose all that apply; right ones earn a part, wrong ones take from it)"
        ),
        QuestionKind::Multiple => t!(
            lang,
            "（多选，全部选对才得分）",
            "(choose all that apply; a point only for exactly those)"
        ),
        QuestionKind::TrueFalse => t!(lang, "（判断）", "(true or false)"),
        QuestionKind::Numeric => t!(lang, "（填数）", "(a number)"),
        QuestionKind::Short => t!(lang, "（填空）", "(a few words)"),
        QuestionKind::Ordering => t!(lang, "（排序）", "(put in order)"),
        QuestionKind::Matching => t!(lang, "（匹配）", "(match)"),
        QuestionKind::Hotspot => t!(lang, "（图上标注）", "(mark on the picture)"),
        QuestionKind::Essay => t!(lang, "（论述）", "(in your own words)"),
        QuestionKind::Case => String::new(),
    }
}

fn controls(lang: Lang, position: i64, item: &Item) -> Markup {
    let response = item.response.as_deref().unwrap_or_default();
    let option = |kind: &'static str, value: &str, label: String| {
        let chosen = response.split(',').any(|one| one == value);
        html! {
            label.exam-option {
                input.form-check-input type=(kind) name={ "q" (position) } value=(value) checked[chosen];
                span { (label) }
            }
        }
    };
    match item.task() {
        Some(Task::Single { options } | Task::Multiple { options, .. }) => {
            let kind = if item.kind == QuestionKind::Single { "radio" } else { "checkbox" };
            let shown = item.order.iter().filter_map(|at| options.get(*at));
            html! { @for (place, choice) in shown.enumerate() {
                (option(kind, &letter(place), choice.text.get(lang).to_owned()))
            } }
        }
        Some(Task::TrueFalse { .. }) => html! {
            (option("radio", "true", t!(lang, "对", "True")))
            (option("radio", "false", t!(lang, "错", "False")))
        },
        Some(Task::Numeric(numeric)) => {
            let unit = numeric.unit();
            html! {
                div.input-group.mb-2 {
                    input.form-control type="text" inputmode="decimal" maxlength="40" name={ "q" (position) }
                        value=(response) autocomplete="off" aria-label=(t!(lang, "第 {position} 题的数值", "Number for question {position}"));
                    @if !unit.get(lang).is_empty() { span.input-group-text { (unit.get(lang)) } }
                }
            }
        }
        _ => html! {
            input.form-control.mb-2 type="text" name={ "q" (position) } value=(response) autocomplete="off"
                aria-label=(t!(lang, "第 {position} 题的作答", "Answer to question {position}"));
        },
    }
}

/// What the script says, in the reader's language.
fn messages(lang: Lang) -> String {
    serde_json::json!({
        "saving": t!(lang, "正在保存…", "saving …"),
        "saved": t!(lang, "已保存", "saved"),
        "allSaved": t!(lang, "全部已保存", "Everything is saved"),
        "waiting": t!(lang, "待上传", "waiting"),
        "offline": t!(lang, "网络中断：作答已记在本机，恢复后自动上传。请不要清除浏览器数据。",
            "No network: your answers are kept on this device and are sent when it is back. Do not clear the browser's data."),
        "signIn": t!(lang, "登录已失效：请在新窗口重新登录，作答留在本机，会自动上传。",
            "You have been signed out: sign in again in another window. Your answers are kept here and will be sent."),
        "stale": t!(lang, "已在别的窗口或设备上改过，显示较新的作答；需要的话请重新作答。",
            "Answered again in another window or on another device; the newer answer is shown. Answer again if you want to change it."),
        "refused": t!(lang, "这次作答没有被接受，请刷新页面后重新作答。",
            "This answer was not accepted. Reload the page and answer again."),
        "timeUp": t!(lang, "时间到，正在交卷…", "Time is up; handing in …"),
        "timeUpOffline": t!(lang, "时间到。已保存的作答会计分，系统会自动收卷；网络恢复后显示成绩。",
            "Time is up. What was saved counts, and the paper is collected by itself; the result is shown once the network is back."),
    })
    .to_string()
}

/// The last look before handing in: what is still unanswered.
pub fn check_before_finish(
    viewer: &Viewer,
    attempt: &Attempt,
    title: &Text,
    now: Instant,
    items: &[(i64, Item)],
) -> Markup {
    let lang = viewer.lang();
    let path = attempt.path();
    let open: Vec<i64> = items
        .iter()
        .filter(|(_, item)| !is_answered(item))
        .map(|(position, _)| *position)
        .collect();
    let (answered, all) = (items.len() - open.len(), items.len());
    let minutes = attempt.remaining_seconds(now) / 60;
    let body = html! {
        (heading(&t!(lang, "交卷前检查", "Before you hand in"), title.get(lang), html! {}))
        (card("", html! {
            p { (t!(lang, "已保存 {answered} 题，共 {all} 题；还剩约 {minutes} 分钟。",
                "{answered} of {all} answers are saved; about {minutes} minutes are left.")) }
            @if !open.is_empty() {
                (alert(Tone::Warn, html! {
                    (t!(lang, "还有题目没有作答，未作答得 0 分：", "Not answered yet; these earn nothing: "))
                    nav.exam-map.mt-2 #unanswered { @for position in &open { a href={ (path) "#q" (position) } { (position) } } }
                }))
            }
            div.btn-list {
                a.btn href=(path) { (icon("arrow-left")) (t!(lang, "返回作答", "Back to the questions")) }
                (button_form(&format!("{path}/finish"), &new_key(), "btn-primary",
                    html! { (icon("check")) (t!(lang, "交卷", "Hand in")) }))
            }
        }))
    };
    let crumbs = [to_exams(lang), Crumb::new(path.clone(), title.get(lang))];
    viewer.page(&t!(lang, "交卷前检查", "Before you hand in"), &crumbs, body)
}

/// How it went; which answers were right is not told.
pub fn result(
    viewer: &Viewer,
    rules: &Rules,
    catalogue: &Catalogue,
    attempt: &Attempt,
    result: &AttemptResult,
    turn: Option<(Offer<'_>, Turn)>,
) -> Markup {
    let lang = viewer.lang();
    let title = rules::title(rules, &attempt.exam);
    let at = attempt.finished_at.map(|at| moment(viewer, at)).unwrap_or_default();
    let (score, pass) = (result.score(), pass_mark(attempt.pass_score));
    let tone = if result.passed { Tone::Good } else { Tone::Bad };
    let said = if result.passed {
        t!(lang, "合格：{score} 分", "Passed with {score} of 100")
    } else {
        t!(lang, "未合格：{score} 分", "Not passed: {score} of 100")
    };
    let body = html! {
        (heading(title.get(lang), t!(lang, "第 {} 次考试", "Attempt {}", attempt.number), html! {}))
        (alert(tone, html! { strong.exam-outcome { (said) } " " (t!(lang, "合格分 {pass}。", "The pass mark is {pass}.")) }))
        (card(&t!(lang, "本次考试", "This attempt"), definitions([
            (t!(lang, "交卷时间", "Handed in"), html! { (at) }),
            (t!(lang, "交卷方式", "How it ended"), html! { (result.ended_by.title().get(lang)) }),
            (t!(lang, "答对", "Right"), html! { (result.points) "/" (result.points_max) }),
        ])))
        (by_area(lang, result))
        @if result.passed {
            (card(&t!(lang, "接下来", "What comes next"), html! {
                p.mb-0 { (t!(lang, "条件满足的证书已自动颁发：", "Certificates whose conditions are met have been issued: "))
                    a href="/certificates" { (t!(lang, "查看我的证书", "my certificates")) } }
            }))
        }
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

fn by_area(lang: Lang, result: &AttemptResult) -> Markup {
    let areas = result.areas();
    html! {
        @if !areas.is_empty() {
            (card(&t!(lang, "各部分得分", "By area"), html! {
                @for area in &areas {
                    div.mb-2.exam-area {
                        div { (area.title.get(lang))
                            @if area.points * 100 < area.points_max * 60 {
                                " " (badge(Tone::Warn, t!(lang, "建议复习", "Read up on this")))
                            }
                        }
                        (progress(area.points as usize, area.points_max as usize, area.title.get(lang)))
                    }
                }
            }))
        }
    }
}
