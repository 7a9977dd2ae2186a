//! The pages of marking.

use maud::{Markup, html};

use super::{
    handlers::{MarkForm, Sheet, Waiting},
    model::{Marking, code_of},
    rules::points_word,
};
use crate::{
    access::{Acting, Grading, Viewer},
    exams::{
        attempts::pages::{moment, to_exams},
        questions::{Task, agreement},
        rules,
    },
    i18n::{Lang, Text},
    record::Rules,
    t,
    web::{
        Crumb, Problems,
        components::{Tone, alert, badge, card, card_with, definitions, empty, heading, table},
        forms::{Field, new_key},
        markdown,
    },
};

fn to_marking(lang: Lang) -> Crumb {
    Crumb::new("/exams/marking", t!(lang, "阅卷", "Marking"))
}

/// What is left to mark, what was marked, and who has the rest.
pub fn queue(
    acting: &Acting<Grading>,
    rules: &Rules,
    open: &[(Marking, String)],
    done: &[(Marking, String)],
    waiting: &[Waiting],
) -> Markup {
    let lang = acting.lang();
    let title = t!(lang, "阅卷", "Marking");
    let body = html! {
        (heading(&title, t!(lang, "论述题由考评员评分，考生姓名不显示", "Essays are marked by examiners; candidates stay anonymous"), html! {}))
        (mine(acting, rules, open))
        @if !waiting.is_empty() { (card_with(&t!(lang, "所辖考生待阅的答卷", "Waiting in your reach"), html! {}, waiting_table(acting, rules, waiting))) }
        @if !done.is_empty() { (card_with(&t!(lang, "我已评的答卷", "Marked by me"), html! {}, done_table(acting, rules, done))) }
    };
    acting.page(&title, &[to_exams(lang)], body)
}

fn mine(viewer: &Viewer, rules: &Rules, open: &[(Marking, String)]) -> Markup {
    let lang = viewer.lang();
    let title = t!(lang, "分给我的答卷", "Given to me");
    if open.is_empty() {
        let hint = t!(
            lang,
            "有考生交卷后，系统会把答卷分给您，显示在这里。",
            "When a candidate hands in, answers are given out and appear here."
        );
        return card(
            &title,
            empty("circle-check", &t!(lang, "没有待评的答卷", "Nothing to mark"), hint),
        );
    }
    let headers = [
        t!(lang, "答卷", "Answer"),
        t!(lang, "考试", "Exam"),
        t!(lang, "分配时间", "Given"),
        t!(lang, "状态", "State"),
    ];
    let rows = open.iter().map(|(marking, exam)| {
        let state = match marking.saved_at {
            Some(_) => badge(Tone::Info, t!(lang, "已开始", "Begun")),
            None => badge(Tone::Neutral, t!(lang, "未开始", "Not begun")),
        };
        vec![
            html! { a href=(marking.path()) { (marking.code()) } " " (slot_badge(lang, marking.slot)) },
            html! { (rules::title(rules, exam).get(lang)) },
            html! { (moment(viewer, marking.assigned_at)) },
            state,
        ]
    });
    card_with(&title, html! {}, table(&headers, rows))
}

/// Why somebody marks it, where that is not plain.
fn slot_badge(lang: Lang, slot: i64) -> Markup {
    match slot {
        agreement::DECIDING => badge(Tone::Warn, t!(lang, "仲裁", "Decides between two")),
        agreement::REMARK.. => badge(Tone::Warn, t!(lang, "复核", "Re-mark")),
        _ => html! {},
    }
}

fn done_table(viewer: &Viewer, rules: &Rules, done: &[(Marking, String)]) -> Markup {
    let lang = viewer.lang();
    let headers = [
        t!(lang, "答卷", "Answer"),
        t!(lang, "考试", "Exam"),
        t!(lang, "提交时间", "Submitted"),
        t!(lang, "评分", "Points"),
    ];
    let rows = done.iter().map(|(marking, exam)| {
        let at = marking.submitted_at.map(|at| moment(viewer, at)).unwrap_or_default();
        vec![
            html! { a href=(marking.path()) { (marking.code()) } " " (slot_badge(lang, marking.slot)) },
            html! { (rules::title(rules, exam).get(lang)) },
            html! { (at) },
            html! { (marking.points.map(points_word).unwrap_or_default()) },
        ]
    });
    table(&headers, rows)
}

fn waiting_table(viewer: &Viewer, rules: &Rules, waiting: &[Waiting]) -> Markup {
    let lang = viewer.lang();
    let headers = [
        t!(lang, "答卷", "Answer"),
        t!(lang, "考试", "Exam"),
        t!(lang, "交卷时间", "Handed in"),
        t!(lang, "阅卷人", "Marker"),
        t!(lang, "改派给（工号）", "Give to (staff number)"),
    ];
    let rows = waiting.iter().map(|one| {
        let at = one.finished_at.map(|at| moment(viewer, at)).unwrap_or_default();
        let marker = one.marker.as_ref().map(|marker| marker.title(lang).to_owned());
        vec![
            html! { (code_of(one.attempt, one.open.position)) " " (slot_badge(lang, one.open.slot)) },
            html! { (rules::title(rules, &one.exam).get(lang)) },
            html! { (at) },
            match marker {
                Some(name) => html! { (name) },
                None => badge(Tone::Bad, t!(lang, "没有合适的考评员", "Nobody fits")),
            },
            by_hand(lang, one),
        ]
    });
    table(&headers, rows)
}

fn by_hand(lang: Lang, one: &Waiting) -> Markup {
    html! {
        form.d-flex.gap-2 method="post" action="/exams/marking/assign" {
            input type="hidden" name="form_key" value=(new_key());
            input type="hidden" name="attempt" value=(one.attempt);
            input type="hidden" name="position" value=(one.open.position);
            input type="hidden" name="slot" value=(one.open.slot);
            input.form-control.form-control-sm name="marker" required autocomplete="off"
                aria-label=(t!(lang, "考评员工号", "Staff number of the examiner"));
            button.btn.btn-sm type="submit" { (t!(lang, "分配", "Assign")) }
        }
    }
}

/// One answer with its guide and the form for the mark.
pub fn sheet(
    acting: &Acting<Grading>,
    rules: &Rules,
    sheet: &Sheet,
    again: Option<&MarkForm>,
    problems: &Problems,
) -> Markup {
    let lang = acting.lang();
    let code = sheet.marking.code();
    let title = t!(lang, "答卷 {code}", "Answer {code}");
    let exam = rules::title(rules, &sheet.exam);
    let stem = stem(sheet);
    let response = sheet.item.response.as_deref().unwrap_or_default();
    let body = html! {
        (heading(&title, exam.get(lang), html! { (slot_badge(lang, sheet.marking.slot)) }))
        (card(&t!(lang, "题目", "Question"), html! {
            @for part in &stem { (markdown::render(part.get(lang), "")) }
        }))
        (card(&t!(lang, "考生的回答", "The candidate's answer"), html! {
            div.exam-answer { @for line in response.lines() { p.mb-2 { (line) } } }
        }))
        @if let Some(Task::Essay(essay)) = sheet.item.task() {
            @if !essay.guide.is_blank() {
                (card(&t!(lang, "评分要点", "What to look for"), markdown::render(essay.guide.get(lang), "")))
            }
        }
        @if sheet.marking.is_open() { (mark_form(lang, sheet, again, problems)) }
        @else { (submitted(acting, sheet)) }
    };
    acting.page_with_script(&title, &[to_exams(lang), to_marking(lang)], "marking.js", body)
}

/// What was asked; of a case its shared text, too.
fn stem(sheet: &Sheet) -> Vec<Text> {
    let body = &sheet.item.body;
    let mut stem = vec![body.stem.clone()];
    if let (Task::Case { parts }, part @ 1..) = (&body.task, sheet.item.part) {
        stem.extend(parts.get(part - 1).map(|part| part.stem.clone()));
    }
    stem
}

fn mark_form(lang: Lang, sheet: &Sheet, again: Option<&MarkForm>, problems: &Problems) -> Markup {
    let marking = &sheet.marking;
    let points = match again {
        Some(form) => form.points.clone(),
        None => marking.points.map(points_word).unwrap_or_default(),
    };
    let comment = again.map_or(marking.comment.as_str(), |form| form.comment.as_str());
    let most = sheet.item.weight;
    card(
        &t!(lang, "评分", "Your mark"),
        html! {
            form #marking method="post" action=(marking.path()) data-draft={ (marking.path()) "/draft" }
                data-saved=(t!(lang, "已保存", "Saved")) data-unsaved=(t!(lang, "未能保存，请检查网络", "Not saved: check the network")) {
                input type="hidden" name="form_key" value=(new_key());
                input type="hidden" name="edition" value=(marking.edition);
                (Field::new("points", t!(lang, "得分（满分 {most}，以半分为单位）", "Points of {most}, in halves"), &points)
                    .autocomplete("off").input(lang, problems))
                (Field::new("comment", t!(lang, "评语（考生看不到）", "Comment (candidates do not see it)"), comment).area(lang, problems, 4))
                p.small.text-secondary #marking-state role="status" aria-live="polite" {}
                div.btn-list {
                    button.btn.btn-primary type="submit" name="act" value="submit" { (t!(lang, "提交评分", "Submit the mark")) }
                    button.btn type="submit" name="act" value="save" { (t!(lang, "暂存", "Keep for later")) }
                    @if let Some(next) = sheet.next {
                        a.btn.btn-ghost-secondary href=(super::model::path_of(next)) { (t!(lang, "先评下一份", "Another one first")) }
                    }
                }
            }
        },
    )
}

fn submitted(viewer: &Viewer, sheet: &Sheet) -> Markup {
    let lang = viewer.lang();
    let marking = &sheet.marking;
    let most = sheet.item.weight;
    let at = marking.submitted_at.map(|at| moment(viewer, at)).unwrap_or_default();
    html! {
        (alert(Tone::Good, t!(lang, "评分已提交，不能再改。", "This mark has been submitted and cannot be changed.")))
        (card(&t!(lang, "评分", "Your mark"), definitions([
            (t!(lang, "得分", "Points"), html! { (marking.points.map(points_word).unwrap_or_default()) " / " (most) }),
            (t!(lang, "评语", "Comment"), html! { (marking.comment) }),
            (t!(lang, "提交时间", "Submitted"), html! { (at) }),
        ])))
    }
}
