//! The pages of corrections.

use std::collections::HashMap;

use maud::{Markup, html};

use super::{
    ListQuery,
    apply::{Change, Effect, Outcome},
    form::{Given, region_word},
    path_for,
    queries::{Found, Kept, Subject},
};
use crate::{
    access::{Acting, Grading, Viewer},
    exams::{
        attempts::pages::{moment, outcome_badge, to_exams},
        questions::{
            Task,
            correction::CorrectionKind,
            scoring::{Correction, letter},
        },
        rules,
    },
    i18n::{self, Lang},
    record::{Kind, PersonId, Rules},
    staff::Post,
    t,
    web::{
        Crumb, Problems,
        components::{
            Tone, alert, badge, card, card_with, definitions, empty, heading, pager, progress,
            table,
        },
        forms::{Field, new_key},
        markdown,
    },
};

fn to_corrections(lang: Lang) -> Crumb {
    Crumb::new("/exams/corrections", t!(lang, "错题更正", "Corrections"))
}

pub fn list(
    acting: &Acting<Grading>,
    query: &ListQuery,
    kept: &[Kept],
    found: &[Found],
    has_more: bool,
) -> Markup {
    let lang = acting.lang();
    let title = t!(lang, "错题更正", "Corrections");
    let said = t!(
        lang,
        "考后发现题目有误：先试算影响，再由一人决定，所有考生统一重新计分",
        "A question proved wrong after the exam: try it first, then one decision counts for everybody"
    );
    let body = html! {
        (heading(&title, said, html! {}))
        (card(&t!(lang, "更正一道题", "Put a question right"), html! {
            form.row.g-2.align-items-end method="get" action="/exams/corrections" {
                div.col { label.form-label for="question" { (t!(lang, "题目代码", "Code of the question")) }
                    input.form-control id="question" name="question" value=(query.question); }
                div.col-auto { button.btn.btn-primary type="submit" { (t!(lang, "查找", "Find")) } }
            }
            @if !query.question.trim().is_empty() { (found_list(lang, found)) }
        }))
        @if kept.is_empty() {
            (card("", empty("circle-check", &t!(lang, "还没有更正", "No corrections yet"),
                t!(lang, "用题目代码查找要更正的题。", "Find the question by its code."))))
        } @else {
            (card_with(&t!(lang, "已作出的更正", "Decided"), html! {}, html! {
                (kept_table(acting, kept))
                (pager(lang, query.page(), has_more, &[("question", &query.question)]))
            }))
        }
    };
    acting.page(&title, &[to_exams(lang)], body)
}

fn found_list(lang: Lang, found: &[Found]) -> Markup {
    html! {
        @if found.is_empty() { p.text-secondary.mt-2.mb-0 { (t!(lang, "没有这个代码的题目。", "No question has this code.")) } }
        ul.list-unstyled.mt-3.mb-0 { @for one in found {
            @let number = one.number;
            li.mb-2 {
                strong { (one.bank) "/" (one.code) } " " span.text-secondary { (t!(lang, "第 {number} 版", "version {number}")) " · " (one.kind.title().get(lang)) }
                div.text-secondary.text-truncate { (one.stem.get(lang)) }
                @for part in parts_of(one) {
                    a.me-3 href=(path_for(one.version, part)) {
                        @if part == 0 { (t!(lang, "更正这一版", "Put this version right")) }
                        @else { (t!(lang, "小题 {part}", "Question {part}")) }
                    }
                }
            }
        } }
    }
}

fn parts_of(one: &Found) -> Vec<usize> {
    if one.parts == 0 { vec![0] } else { (1..=one.parts).collect() }
}

fn kept_table(viewer: &Viewer, kept: &[Kept]) -> Markup {
    let lang = viewer.lang();
    let headers = [
        t!(lang, "题目", "Question"),
        t!(lang, "更正", "Correction"),
        t!(lang, "决定", "Decided"),
        t!(lang, "成绩变更", "Results changed"),
        t!(lang, "状态", "State"),
    ];
    let rows = kept.iter().map(|one| {
        vec![
            html! { a href=(one.path()) { (one.question) } @if one.part > 0 { "/" (one.part) } },
            html! { (one.kind.title().get(lang)) },
            html! { (moment(viewer, one.decided_at)) " " span.text-secondary { (one.decided_by) } },
            html! { (one.report.changes.len()) },
            state(lang, one),
        ]
    });
    table(&headers, rows)
}

fn state(lang: Lang, kept: &Kept) -> Markup {
    match (kept.report.finished, kept.undone_at) {
        (false, _) => badge(Tone::Info, t!(lang, "正在重新计分", "Being applied")),
        (true, Some(_)) => badge(Tone::Neutral, t!(lang, "已撤销", "Undone")),
        (true, None) => badge(Tone::Good, t!(lang, "已生效", "In force")),
    }
}

/// The question as its authors see it, with its key.
fn question(lang: Lang, subject: &Subject) -> Markup {
    let number = subject.number;
    let title = t!(lang, "{} 第 {number} 版", "{}, version {number}", subject.code);
    let stem_of_part = match &subject.body.task {
        Task::Case { parts } => parts.get(subject.part.wrapping_sub(1)).map(|part| &part.stem),
        _ => None,
    };
    let used = i18n::count(u32::try_from(subject.used).unwrap_or(u32::MAX), "paper", "papers");
    let count = subject.used;
    card(
        &title,
        html! {
            (markdown::render(subject.body.stem.get(lang), ""))
            @if let Some(stem) = stem_of_part { (markdown::render(stem.get(lang), "")) }
            (key_of(lang, &subject.task))
            p.text-secondary.mt-2.mb-0 { (t!(lang, "出现在 {count} 份试卷上。", "On {used}.")) }
            @for correction in &subject.corrections {
                div.mt-2 { (alert(Tone::Warn, t!(lang, "已有更正：{}", "Corrected already: {}", correction.kind().title().get(lang)))) }
            }
        },
    )
}

/// A key in words.
fn key_of(lang: Lang, task: &Task) -> Markup {
    match task {
        Task::Single { options } | Task::Multiple { options, .. } => html! {
            ul.list-unstyled.mb-0 { @for (at, option) in options.iter().enumerate() {
                li { (letter(at).to_uppercase()) ". " (option.text.get(lang)) @if option.correct { " " (badge(Tone::Good, t!(lang, "正确", "right"))) } }
            } }
        },
        Task::TrueFalse { answer } => html! { p.mb-0 { (truth(lang, *answer)) } },
        Task::Numeric(numeric) => {
            let unit = numeric.unit();
            html! { p.mb-0 { (numeric.value) " ± " (numeric.tolerance) " " (unit.get(lang)) } }
        }
        Task::Short(short) => {
            html! { ul.mb-0 { @for one in &short.accepted { li { code { (one.form) } } } } }
        }
        Task::Ordering { items, .. } => {
            html! { ol.mb-0 { @for item in items { li { (item.get(lang)) } } } }
        }
        Task::Matching(matching) => html! {
            ul.mb-0 { @for pair in &matching.pairs { li { (pair.prompt.get(lang)) " → " (pair.partner.get(lang)) } } }
        },
        Task::Hotspot(hotspot) => {
            html! { ul.mb-0 { @for region in &hotspot.regions { li { code { (region_word(region)) } } } } }
        }
        Task::Essay(essay) => markdown::render(essay.guide.get(lang), ""),
        Task::Case { .. } => html! {},
    }
}

fn truth(lang: Lang, answer: bool) -> String {
    if answer { t!(lang, "对", "True") } else { t!(lang, "错", "False") }
}

/// The form: what is to be done, the new key, why.
pub fn new(
    acting: &Acting<Grading>,
    subject: &Subject,
    given: &Given,
    problems: &Problems,
) -> Markup {
    let lang = acting.lang();
    let title = t!(lang, "更正题目 {}", "Put {} right", subject.code);
    let own = subject.author == Some(acting.id);
    let body = html! {
        (heading(&title, &subject.bank, html! {}))
        (question(lang, subject))
        @if own {
            (alert(Tone::Warn, t!(lang, "这道题由您编写，须由另一位考评员或人事更正。", "You wrote this question; another examiner or HR has to put it right.")))
        } @else {
            (card(&t!(lang, "更正", "Correction"), html! {
                form method="post" action="/exams/corrections/preview" {
                    (hidden(subject))
                    (kinds(lang, given, problems))
                    (key_fields(lang, &subject.task, given, problems))
                    (Field::new("why", t!(lang, "理由", "Reason"), &given.why).required().area(lang, problems, 3))
                    button.btn.btn-primary type="submit" { (t!(lang, "试算影响（不保存）", "Try it; nothing is stored")) }
                }
            }))
        }
    };
    acting.page(&title, &[to_exams(lang), to_corrections(lang)], body)
}

fn hidden(subject: &Subject) -> Markup {
    html! {
        input type="hidden" name="version" value=(subject.version);
        input type="hidden" name="part" value=(subject.part);
    }
}

fn kinds(lang: Lang, given: &Given, problems: &Problems) -> Markup {
    let option = |kind: CorrectionKind| {
        let id = format!("kind-{}", kind.word());
        html! {
            div.form-check {
                input.form-check-input type="radio" id=(id) name="kind" value=(kind.word()) checked[given.kind == kind.word()] required;
                label.form-check-label for=(id) { (kind.title().get(lang)) }
            }
        }
    };
    html! {
        fieldset.mb-3 {
            legend.form-label { (t!(lang, "怎样更正", "What is to be done")) }
            @for kind in CorrectionKind::ALL { (option(*kind)) }
            @if let Some(problem) = problems.get("kind") { div.text-danger.small { (problem.get(lang)) } }
        }
    }
}

/// The fields of the new key, which voiding does not read.
fn key_fields(lang: Lang, task: &Task, given: &Given, problems: &Problems) -> Markup {
    let none = Problems::default();
    let text = |name: &'static str, label: String, known: String, hint: String| {
        let value = if given.key.is_empty() { known } else { given.one(name).to_owned() };
        html! { (Field::new(name, label, &value).hint(hint).input(lang, &none)) }
    };
    let lines = |name: &'static str, label: String, known: String, hint: String| {
        let value = if given.key.is_empty() { known } else { given.one(name).to_owned() };
        html! { (Field::new(name, label, &value).hint(hint).area(lang, &none, 4)) }
    };
    html! {
        fieldset.mb-3 {
            legend.form-label { (t!(lang, "新的答案（作废时不用填）", "The new key (not needed for a void)")) }
            @match task {
                Task::Single { options } => { (option_fields(lang, "radio", options.iter().map(|one| one.text.get(lang)), given)) }
                Task::Multiple { options, .. } => { (option_fields(lang, "checkbox", options.iter().map(|one| one.text.get(lang)), given)) }
                Task::TrueFalse { .. } => {
                    @for answer in [true, false] {
                        div.form-check {
                            input.form-check-input type="radio" id={ "answer-" (answer) } name="answer" value=(answer) checked[given.one("answer") == answer.to_string()];
                            label.form-check-label for={ "answer-" (answer) } { (truth(lang, answer)) }
                        }
                    }
                }
                Task::Numeric(numeric) => {
                    (text("value", t!(lang, "数值", "Value"), numeric.value.clone(), numeric.unit().get(lang).to_owned()))
                    (text("tolerance", t!(lang, "允许误差", "Tolerance"), numeric.tolerance.clone(), String::new()))
                }
                Task::Short(_) => {
                    (lines("words", t!(lang, "接受的答案，每行一个", "Accepted answers, one a line"), String::new(),
                        t!(lang, "* 代表任意文字", "* stands for anything")))
                }
                Task::Ordering { items, .. } => {
                    @let numbers: Vec<String> = (1..=items.len()).map(|number| number.to_string()).collect();
                    (text("order", t!(lang, "新的顺序（用上面的序号）", "The new sequence, by the numbers above"), numbers.join(","), String::new()))
                }
                Task::Matching(matching) => { (pair_fields(lang, matching, given)) }
                Task::Hotspot(hotspot) => {
                    @let known: Vec<String> = hotspot.regions.iter().map(region_word).collect();
                    (lines("regions", t!(lang, "正确区域，每行一个", "Right regions, one a line"), known.join("\n"),
                        t!(lang, "x y 宽 高，或 x y 半径（千分之几）", "x y width height, or x y radius, in thousandths")))
                }
                Task::Essay(_) | Task::Case { .. } => {
                    p.text-secondary { (t!(lang, "由人评分的题只能作废。", "A question marked by people can only be void.")) }
                }
            }
            @if let Some(problem) = problems.get("key") { div.text-danger.small { (problem.get(lang)) } }
        }
    }
}

fn option_fields<'a>(
    _: Lang,
    kind: &str,
    options: impl Iterator<Item = &'a str>,
    given: &Given,
) -> Markup {
    html! {
        @for (at, option) in options.enumerate() {
            @let id = format!("right-{at}");
            div.form-check {
                input.form-check-input type=(kind) id=(id) name="right" value=(at) checked[given.all("right").contains(&at.to_string().as_str())];
                label.form-check-label for=(id) { (letter(at).to_uppercase()) ". " (option) }
            }
        }
    }
}

fn pair_fields(
    lang: Lang,
    matching: &crate::exams::questions::body::Matching,
    given: &Given,
) -> Markup {
    let choices = matching.choices();
    html! {
        @for (at, pair) in matching.pairs.iter().enumerate() {
            @let name = format!("pair{at}");
            @let known = choices.iter().position(|one| **one == pair.partner).unwrap_or(0).to_string();
            @let value = if given.key.is_empty() { known.as_str() } else { given.one(&name) };
            div.mb-2 {
                label.form-label for=(name) { (pair.prompt.get(lang)) }
                select.form-select id=(name) name=(name) {
                    @for (place, choice) in choices.iter().enumerate() {
                        option value=(place) selected[place.to_string() == value] { (choice.get(lang)) }
                    }
                }
            }
        }
    }
}

/// What would change, and the one button that makes it so.
pub fn preview(
    acting: &Acting<Grading>,
    rules: &Rules,
    subject: &Subject,
    given: &Given,
    correction: &Correction,
    effects: &[Effect],
) -> Markup {
    let lang = acting.lang();
    let title = t!(lang, "试算：更正 {}", "Trying: put {} right", subject.code);
    let (to_pass, to_fail) = flips(effects.iter().map(|effect| &effect.change));
    let changed = effects.len();
    let body = html! {
        (heading(&title, correction.kind().title().get(lang), html! {}))
        (alert(Tone::Info, t!(lang, "这是试算，什么都没有保存。", "This is a dry run; nothing has been stored.")))
        (question(lang, subject))
        @if let Some(task) = correction.task() { (card(&t!(lang, "新的答案", "The new key"), key_of(lang, task))) }
        (card(&t!(lang, "影响", "What would change"), definitions([
            (t!(lang, "成绩变更", "Results that change"), html! { span #changed { (changed) } }),
            (t!(lang, "由未合格变为合格", "From failed to passed"), html! { span #to-pass { (to_pass) } }),
            (t!(lang, "由合格变为未合格", "From passed to failed"), html! { span #to-fail { (to_fail) } }),
        ])))
        @if !effects.is_empty() { (card_with("", html! {}, effects_table(lang, rules, effects))) }
        (card(&t!(lang, "决定", "Decision"), html! {
            p { (t!(lang, "理由：", "Reason: ")) (given.why) }
            form method="post" action="/exams/corrections" {
                input type="hidden" name="form_key" value=(new_key());
                (hidden(subject))
                input type="hidden" name="kind" value=(given.kind);
                input type="hidden" name="why" value=(given.why);
                @for (name, value) in &given.key { input type="hidden" name=(name) value=(value); }
                div.btn-list {
                    button.btn.btn-primary type="submit" { (t!(lang, "决定更正并重新计分", "Decide, and score everybody anew")) }
                    a.btn href=(path_for(subject.version, subject.part)) { (t!(lang, "返回修改", "Back to the form")) }
                }
            }
        }))
    };
    acting.page(&title, &[to_exams(lang), to_corrections(lang)], body)
}

fn flips<'a>(changes: impl Iterator<Item = &'a Change>) -> (usize, usize) {
    changes.fold((0, 0), |(up, down), change| match (change.old.passed, change.new.passed) {
        (false, true) => (up + 1, down),
        (true, false) => (up, down + 1),
        _ => (up, down),
    })
}

fn outcome(lang: Lang, outcome: Outcome) -> Markup {
    html! { (outcome.score) " " (outcome_badge(lang, outcome.passed)) }
}

fn name_of(lang: Lang, post: Option<&Post>) -> Markup {
    match post {
        Some(post) => {
            html! { (post.person.title(lang)) " " span.text-secondary.small { (post.person.staff_no) } }
        }
        None => {
            html! { span.text-secondary { (t!(lang, "（不在您的管辖范围）", "(outside your reach)")) } }
        }
    }
}

fn effects_table(lang: Lang, rules: &Rules, effects: &[Effect]) -> Markup {
    let headers = [
        t!(lang, "考生", "Candidate"),
        t!(lang, "考试", "Exam"),
        t!(lang, "原成绩", "Now"),
        t!(lang, "新成绩", "Then"),
        t!(lang, "提示", "Note"),
    ];
    let rows = effects.iter().take(MOST_ROWS).map(|effect| {
        let change = &effect.change;
        vec![
            name_of(lang, effect.post.as_ref()),
            html! { (rules::title(rules, &change.exam).get(lang)) },
            outcome(lang, change.old),
            outcome(lang, change.new),
            html! {
                @if !effect.told { (badge(Tone::Neutral, t!(lang, "成绩未公布", "not released"))) }
                @for fact in &effect.certificates {
                    (badge(Tone::Warn, t!(lang, "涉及证书：{}", "certificate: {}", rules.context().name(Kind::Certificate, &fact.code).get(lang))))
                }
            },
        ]
    });
    html! { (table(&headers, rows)) (more(lang, effects.len())) }
}

/// A page shows so many; the figures above count all.
const MOST_ROWS: usize = 500;

fn more(lang: Lang, all: usize) -> Markup {
    let left = all.saturating_sub(MOST_ROWS);
    html! { @if left > 0 { div.card-footer.text-secondary { (t!(lang, "另有 {left} 条未列出。", "{left} more are not listed.")) } } }
}

fn changes_table(
    lang: Lang,
    rules: &Rules,
    changes: &[Change],
    names: &HashMap<PersonId, Post>,
) -> Markup {
    let headers = [
        t!(lang, "考生", "Candidate"),
        t!(lang, "考试", "Exam"),
        t!(lang, "原成绩", "Before"),
        t!(lang, "新成绩", "After"),
    ];
    let rows = changes.iter().take(MOST_ROWS).map(|change| {
        vec![
            name_of(lang, names.get(&change.person)),
            html! { (rules::title(rules, &change.exam).get(lang)) },
            outcome(lang, change.old),
            outcome(lang, change.new),
        ]
    });
    html! { (table(&headers, rows)) (more(lang, changes.len())) }
}

/// A decided correction, its report, and the way back.
pub fn one(
    acting: &Acting<Grading>,
    rules: &Rules,
    kept: &Kept,
    subject: &Subject,
    names: &HashMap<PersonId, Post>,
) -> Markup {
    let lang = acting.lang();
    let title = t!(lang, "更正：{}", "Correction: {}", kept.question);
    let report = &kept.report;
    let looked = report.looked_at;
    let corrected = Correction::read(kept.kind, subject.task.kind(), &kept.body).ok();
    let body = html! {
        (heading(&title, kept.kind.title().get(lang), state(lang, kept)))
        @if !report.finished {
            (card("", html! {
                p { (t!(lang, "正在逐批重新计分，刷新页面查看进度。", "Results are being settled batch by batch. Reload the page to see how far it is.")) }
                (progress(usize::try_from(looked).unwrap_or(0), usize::try_from(subject.used).unwrap_or(0), &t!(lang, "已处理的试卷", "Papers looked at")))
            }))
        }
        (card("", definitions([
            (t!(lang, "理由", "Reason"), html! { (kept.why) }),
            (t!(lang, "决定", "Decided"), html! { (moment(acting, kept.decided_at)) " " (kept.decided_by) }),
            (t!(lang, "处理的试卷", "Papers looked at"), html! { (looked) }),
            (t!(lang, "成绩变更", "Results changed"), html! { span #changed { (report.changes.len()) } }),
        ])))
        (question(lang, subject))
        @if let Some(task) = corrected.as_ref().and_then(Correction::task) { (card(&t!(lang, "新的答案", "The new key"), key_of(lang, task))) }
        @if !report.changes.is_empty() { (card_with(&t!(lang, "成绩变更", "Results changed"), html! {}, changes_table(lang, rules, &report.changes, names))) }
        @if !report.undone.is_empty() { (card_with(&t!(lang, "撤销后的变更", "Changed by undoing"), html! {}, changes_table(lang, rules, &report.undone, names))) }
        @match kept.undone_at {
            None => { (undo_form(lang, kept)) }
            Some(at) => {
                (alert(Tone::Info, t!(lang, "已于 {} 撤销：{}", "Undone {}: {}", moment(acting, at), report.undone_why.clone().unwrap_or_default())))
            }
        }
    };
    acting.page(&title, &[to_exams(lang), to_corrections(lang)], body)
}

fn undo_form(lang: Lang, kept: &Kept) -> Markup {
    card(
        &t!(lang, "撤销", "Undo"),
        html! {
            p { (t!(lang, "撤销后恢复原来的答案，所有成绩按原答案重新计算。", "Undoing brings the former key back, and everybody is scored by it again.")) }
            form method="post" action={ (kept.path()) "/undo" } {
                input type="hidden" name="form_key" value=(new_key());
                (Field::new("why", t!(lang, "撤销的理由", "Reason for undoing"), "").required().input(lang, &Problems::default()))
                button.btn.btn-danger type="submit" { (t!(lang, "撤销这次更正", "Undo this correction")) }
            }
        },
    )
}
