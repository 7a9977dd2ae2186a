//! How imports look.

use maud::{Markup, html};

use super::import_handlers::File;
use crate::{
    access::Viewer,
    i18n::{self, Lang},
    staff::import::{ImportKind, Mistake, Report, Run, RunId, Sample},
    t,
    web::{
        Crumb,
        components::{Tone, alert, badge, card, card_with, empty, figure, heading, icon, table},
        forms::new_key,
    },
};

fn crumbs(lang: Lang) -> Vec<Crumb> {
    vec![
        Crumb::new("/admin", t!(lang, "管理", "Administration")),
        Crumb::new("/admin/imports", t!(lang, "导入", "Imports")),
    ]
}

pub fn list(
    viewer: &Viewer,
    runs: &[(Run, Option<String>)],
    last: Option<RunId>,
    done: Option<&Run>,
) -> Markup {
    let lang = viewer.lang();
    let title = t!(lang, "导入", "Imports");
    viewer.page(&title, &crumbs(lang)[..1], html! {
        (heading(&title, t!(lang, "从 Excel 或 CSV 导入门店、人员和履历。先预览，确认后才写入；整个文件要么全部成功，要么一行不动。", "Sites, staff and history from Excel or CSV. You see what will happen first; a file is imported as a whole or not at all."), html! {}))
        @if let Some(run) = done {
            (alert(Tone::Good, t!(lang, "导入完成：新增 {}，变更 {}，未变 {}。", "Imported: {} added, {} changed, {} unchanged.", run.added, run.changed, run.unchanged)))
        }
        div.row {
            div."col-lg-5" { (upload_form(lang)) }
            div."col-lg-7" { (past(viewer, runs, last)) }
        }
    })
}

fn upload_form(lang: Lang) -> Markup {
    card(
        &t!(lang, "上传文件", "Upload a file"),
        html! {
            form method="post" action="/admin/imports" enctype="multipart/form-data" {
                div.mb-3 {
                    label.form-label for="kind" { (t!(lang, "文件里是什么", "What is in the file")) }
                    select.form-select #kind name="kind" {
                        @for kind in ImportKind::ALL { option value=(kind.word()) { (kind.title().get(lang)) } }
                    }
                }
                div.mb-3 {
                    label.form-label for="file" { (t!(lang, "文件（CSV 或 XLSX，最大 50 MB）", "File (CSV or XLSX, 50 MB at most)")) }
                    input.form-control #file type="file" name="file" required accept=".csv,.txt,.xlsx";
                }
                button.btn.btn-primary type="submit" { (icon("upload")) (t!(lang, "上传并预览", "Upload and preview")) }
            }
            hr;
            p.text-secondary.mb-1 { (t!(lang, "模板", "Templates")) }
            ul.list-unstyled.mb-0 {
                @for kind in ImportKind::ALL {
                    li {
                        (kind.title().get(lang)) "："
                        @for known in Lang::ALL {
                            a.me-2 href={ "/admin/imports/template/" (kind.word()) "/" (known.tag()) } { (icon("download")) (known.own_name()) }
                        }
                    }
                }
            }
        },
    )
}

fn past(viewer: &Viewer, runs: &[(Run, Option<String>)], last: Option<RunId>) -> Markup {
    let lang = viewer.lang();
    let headers = [
        t!(lang, "时间", "When"),
        t!(lang, "文件", "File"),
        t!(lang, "新增 / 变更", "Added / changed"),
        t!(lang, "何人", "Who"),
        String::new(),
    ];
    let rows = runs.iter().map(|(run, by)| {
        vec![
            html! { (i18n::instant(lang, run.imported_at.utc(), viewer.zone)) },
            html! { (run.kind.title().get(lang)) div.small.text-secondary.text-break { (run.file_name) } },
            html! { (run.added) " / " (run.changed) },
            html! { (by.as_deref().unwrap_or("shifu")) },
            undo_cell(lang, run, last),
        ]
    });
    card_with(
        &t!(lang, "最近的导入", "Past imports"),
        html! {},
        html! {
            @if runs.is_empty() {
                (empty("history", &t!(lang, "还没有导入过", "Nothing was imported yet"), t!(lang, "先导入门店，再导入人员，最后导入履历。", "Begin with sites, then staff, then history.")))
            } @else { (table(&headers, rows)) }
        },
    )
}

fn undo_cell(lang: Lang, run: &Run, last: Option<RunId>) -> Markup {
    html! {
        @if run.undone_at.is_some() { (badge(Tone::Neutral, t!(lang, "已撤销", "Taken back"))) }
        @else if last == Some(run.id) {
            form.d-flex.gap-1 method="post" action="/admin/imports/undo" {
                input type="hidden" name="form_key" value=(new_key());
                input type="hidden" name="run" value=(run.id);
                input.form-control.form-control-sm name="reason" required placeholder=(t!(lang, "理由", "Why")) aria-label=(t!(lang, "撤销的理由", "Why it is taken back"));
                button.btn.btn-sm type="submit" { (t!(lang, "撤销", "Take back")) }
            }
        }
    }
}

pub fn preview(viewer: &Viewer, file: &File, report: &Report, changed: bool) -> Markup {
    let lang = viewer.lang();
    let title = t!(lang, "导入预览", "Import preview");
    let kind = file.kind.title();
    let subtitle = format!("{} · {}", kind.get(lang), file.name);
    viewer.page(&title, &crumbs(lang), html! {
        (heading(&title, subtitle, html! {}))
        @if changed {
            (alert(Tone::Warn, t!(lang, "预览之后数据有变化，没有写入任何内容。请再看一遍。", "The data changed after your preview; nothing was written. Please look again.")))
        }
        div.row.g-2.mb-3 {
            (figure("#added", &t!(lang, "新增", "Added"), report.added, Tone::Good))
            (figure("#changed", &t!(lang, "变更", "Changed"), report.changed, Tone::Info))
            (figure("#main", &t!(lang, "未变", "Unchanged"), report.unchanged, Tone::Neutral))
            (figure("#mistakes", &t!(lang, "错误", "Mistakes"), report.mistake_count, if report.can_be_done() { Tone::Neutral } else { Tone::Bad }))
        }
        (decide(lang, file, report))
        @if !report.mistakes.is_empty() { div #mistakes { (said(lang, &t!(lang, "要改正的错误", "Mistakes to correct"), &report.mistakes)) } }
        @if !report.ignored_columns.is_empty() {
            (alert(Tone::Info, t!(lang, "不认识的列，已忽略：{}", "Columns that are not known and are ignored: {}", report.ignored_columns.join(", "))))
        }
        (codes(lang, report))
        @if !report.notes.is_empty() { (said(lang, &t!(lang, "请留意", "Worth a look"), &report.notes)) }
        @if report.can_be_done() {
            div #added { (samples(lang, &t!(lang, "新增的前几行", "The first lines added"), &report.first_added)) }
            div #changed { (samples(lang, &t!(lang, "变更的前几行", "The first lines changed"), &report.first_changed)) }
        }
    })
}

fn decide(lang: Lang, file: &File, report: &Report) -> Markup {
    if !report.can_be_done() {
        let all = report.mistake_count;
        let count = i18n::count(all, "mistake", "mistakes");
        return alert(
            Tone::Bad,
            t!(
                lang,
                "文件有 {all} 处错误，不会写入任何内容。请改正后重新上传。",
                "This file has {count}, so nothing will be written. Correct the file and upload it again."
            ),
        );
    }
    if report.changes_nothing() {
        return alert(
            Tone::Info,
            t!(
                lang,
                "文件内容与现有数据一致，没有需要写入的内容。",
                "Everything in this file is known already; there is nothing to do."
            ),
        );
    }
    card(
        "",
        html! {
            p { (t!(lang, "将写入 {} 条档案记录。导入后可以撤销。", "{} facts will be recorded. The import can be taken back.", report.facts)) }
            form method="post" action="/admin/imports/carry-out" {
                input type="hidden" name="form_key" value=(new_key());
                input type="hidden" name="kind" value=(file.kind.word());
                input type="hidden" name="digest" value=(file.digest);
                input type="hidden" name="name" value=(file.name);
                input type="hidden" name="mark" value=(report.mark());
                button.btn.btn-primary type="submit" { (icon("check")) (t!(lang, "确认导入", "Carry out")) }
                a.btn.ms-2 href="/admin/imports" { (t!(lang, "取消", "Cancel")) }
            }
        },
    )
}

fn said(lang: Lang, title: &str, lines: &[Mistake]) -> Markup {
    let headers =
        [t!(lang, "行", "Line"), t!(lang, "列", "Column"), t!(lang, "说明", "What to do")];
    let rows = lines.iter().map(|line| {
        let column = line.column.as_ref().map(|column| column.get(lang)).unwrap_or_default();
        vec![html! { (line.line) }, html! { (column) }, html! { (line.text.get(lang)) }]
    });
    card_with(title, html! {}, table(&headers, rows))
}

fn codes(lang: Lang, report: &Report) -> Markup {
    let headers = [
        t!(lang, "类别", "Kind"),
        t!(lang, "代码", "Code"),
        t!(lang, "行数", "Lines"),
        t!(lang, "首次出现", "First in line"),
    ];
    let rows = report.unknown_codes.iter().map(|code| {
        vec![
            html! { (code.kind.title().get(lang)) },
            html! { code { (code.code) } },
            html! { (code.lines) },
            html! { (code.first_line) },
        ]
    });
    html! {
        @if !report.unknown_codes.is_empty() {
            (card_with(&t!(lang, "没有规则使用的代码（照样保留）", "Codes that no rule set defines (kept all the same)"), html! {}, table(&headers, rows)))
        }
    }
}

fn samples(lang: Lang, title: &str, samples: &[Sample]) -> Markup {
    let headers = [
        t!(lang, "行", "Line"),
        t!(lang, "对象", "Who or what"),
        t!(lang, "变更", "What changes"),
        t!(lang, "将写入档案", "What the record will say"),
    ];
    let rows = samples.iter().map(|sample| {
        vec![
            html! { (sample.line) },
            html! { (sample.subject) },
            html! { @for change in &sample.changes {
                div { (change.column.get(lang)) ": " del.text-secondary { (change.old) } " → " (change.new) }
            } },
            html! { @for fact in &sample.facts { div { (fact.get(lang)) } } },
        ]
    });
    html! { @if !samples.is_empty() { (card_with(title, html! {}, table(&headers, rows))) } }
}
