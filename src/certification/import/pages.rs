//! How taking over old certificates looks.

use maud::{Markup, html};

use super::{
    plan::{Cells, Column, Line, Plan, Said},
    uploads::Kept,
};
use crate::{
    access::Viewer,
    certification::{
        acts::{
            pages::{crumbs, file_field},
            queries::Import,
        },
        pages::{name, through},
    },
    i18n::{self, Lang},
    record::Rules,
    t,
    web::{
        Crumb, Problems,
        components::{
            Tone, alert, badge, card, card_with, empty, figure, heading, icon, pager, table,
        },
        forms::{Field, new_key},
    },
};

const ROWS: usize = 100;

fn path(lang: Lang) -> Vec<Crumb> {
    let mut crumbs = crumbs(lang);
    crumbs.push(Crumb::new("/certificates/import", t!(lang, "导入旧证书", "Import")));
    crumbs
}

pub fn start(viewer: &Viewer, past: &[Import], done: Option<&Import>) -> Markup {
    let lang = viewer.lang();
    let title = t!(lang, "导入旧证书", "Import old certificates");
    viewer.page(&title, &crumbs(lang), html! {
        (heading(&title, t!(lang, "以前颁发或由其他机构颁发的证书，连同扫描件一起导入。先预览每一行的日期，确认后一次写入，可以撤销。", "Certificates from before or from other bodies, with their scans. You see the dates of every line first; then all are taken over at once, and can be taken back."), html! {
            a.btn href="/certificates/numbers" { (icon("search")) (t!(lang, "编号解读", "Read a number")) }
            a.btn href="/certificates/import/one" { (icon("plus")) (t!(lang, "录入一张", "Enter one")) }
        }))
        @if let Some(done) = done { (alert(Tone::Good, t!(lang, "已导入 {} 张证书。", "{} certificates were taken over.", done.added))) }
        div.row {
            div."col-lg-5" { (upload_form(lang)) }
            div."col-lg-7" { (past_imports(viewer, past)) }
        }
    })
}

fn upload_form(lang: Lang) -> Markup {
    card(
        &t!(lang, "上传", "Upload"),
        html! {
            form method="post" action="/certificates/import" enctype="multipart/form-data" {
                div.mb-3 {
                    label.form-label.required for="table" { (t!(lang, "表格（CSV 或 XLSX，最大 10 MB）", "Table (CSV or XLSX, 10 MB at most)")) }
                    input.form-control #table type="file" name="file" required accept=".csv,.txt,.xlsx";
                }
                div.mb-3 {
                    label.form-label for="scan" { (t!(lang, "扫描件（可多选）", "Scans (any number)")) }
                    input.form-control #scan type="file" name="scan" multiple accept=".pdf,.jpg,.jpeg,.png";
                    div.form-hint { (t!(lang, "文件名写在“扫描件”一列。PDF、JPEG 或 PNG，每个最大 10 MB，共 100 MB。", "Their names stand in the column “scan”. PDF, JPEG or PNG, 10 MB each, 100 MB together.")) }
                }
                button.btn.btn-primary type="submit" { (icon("upload")) (t!(lang, "上传并预览", "Upload and preview")) }
            }
            hr;
            p.text-secondary { (t!(lang, "“有效期至”留空时，按认证的规则计算并在预览中标明；没有到期日请写“长期”。", "An empty last day is computed by the rule, and the preview says so; write “permanent” where there is no end.")) }
            p.mb-0 { (t!(lang, "模板：", "Template: "))
                @for known in Lang::ALL { a.me-2 href={ "/certificates/import/template/" (known.tag()) } { (icon("download")) (known.own_name()) } }
            }
        },
    )
}

fn past_imports(viewer: &Viewer, past: &[Import]) -> Markup {
    let lang = viewer.lang();
    let headers = [
        t!(lang, "时间", "When"),
        t!(lang, "文件", "File"),
        t!(lang, "证书", "Certificates"),
        String::new(),
    ];
    let rows = past.iter().map(|one| {
        vec![
            html! { (i18n::instant(lang, one.imported_at.utc(), viewer.zone)) },
            html! { a.text-break href={ "/certificates/imports/" (one.id) "/file" } { (one.file_name) } },
            html! { (one.added) },
            undo_cell(lang, one),
        ]
    });
    card_with(
        &t!(lang, "我的导入", "My imports"),
        html! {},
        html! {
            @if past.is_empty() { (empty("history", &t!(lang, "还没有导入过", "Nothing was imported yet"), t!(lang, "下载模板，填好后与扫描件一起上传。", "Fill in the template and upload it with the scans."))) }
            @else { (table(&headers, rows)) }
        },
    )
}

fn undo_cell(lang: Lang, one: &Import) -> Markup {
    html! {
        @if one.undone_at.is_some() {
            (badge(Tone::Neutral, t!(lang, "已撤销", "Taken back")))
            @if let Some(why) = &one.undo_reason { div.small.text-secondary { (why) } }
        } @else {
            form.d-flex.gap-1 method="post" action={ "/certificates/imports/" (one.id) "/undo" } {
                input type="hidden" name="form_key" value=(new_key());
                input.form-control.form-control-sm name="why" required placeholder=(t!(lang, "理由", "Why")) aria-label=(t!(lang, "撤销的理由", "Why it is taken back"));
                button.btn.btn-sm type="submit" { (t!(lang, "撤销", "Take back")) }
            }
        }
    }
}

/// What a preview shows.
pub struct Shown<'a> {
    pub file: &'a str,
    pub kept: &'a Kept,
    pub plan: &'a Plan,
    pub page: usize,
}

pub fn preview(viewer: &Viewer, rules: &Rules, shown: &Shown<'_>, changed: bool) -> Markup {
    let lang = viewer.lang();
    let title = t!(lang, "导入预览", "Import preview");
    let plan = shown.plan;
    let new = plan.added().count();
    let mistakes = if plan.mistake_count == 0 { Tone::Neutral } else { Tone::Bad };
    viewer.page(&title, &path(lang), html! {
        (heading(&title, &shown.kept.name, html! {}))
        @if changed { (alert(Tone::Warn, t!(lang, "预览之后数据有变化，没有写入任何内容。请再看一遍。", "The data changed after your preview; nothing was written. Please look again."))) }
        div.row.g-2.mb-3 {
            (figure("#lines", &t!(lang, "将导入", "To be taken over"), new, Tone::Good))
            (figure("#lines", &t!(lang, "已有，不变", "Known already"), plan.lines.len() - new, Tone::Neutral))
            (figure("#notes", &t!(lang, "末日与规则不同", "Last day not by the rule"), plan.otherwise(), Tone::Warn))
            (figure("#mistakes", &t!(lang, "错误", "Mistakes"), plan.mistake_count, mistakes))
        }
        (decide(lang, shown, new))
        @if !plan.mistakes.is_empty() { div #mistakes { (said(lang, &t!(lang, "要改正的错误", "Mistakes to correct"), &plan.mistakes)) } }
        @if !plan.ignored_columns.is_empty() { (alert(Tone::Info, t!(lang, "不认识的列，已忽略：{}", "Columns that are not known and are ignored: {}", plan.ignored_columns.join(", ")))) }
        @if !plan.notes.is_empty() { div #notes { (said(lang, &t!(lang, "请留意", "Worth a look"), &plan.notes)) } }
        @if !plan.lines.is_empty() { div #lines { (lines(lang, rules, viewer, shown)) } }
    })
}

fn decide(lang: Lang, shown: &Shown<'_>, new: usize) -> Markup {
    let plan = shown.plan;
    if plan.mistake_count > 0 {
        let all = plan.mistake_count;
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
    if new == 0 {
        return alert(
            Tone::Info,
            t!(
                lang,
                "这些证书都已在系统中，没有需要导入的内容。",
                "All of these certificates are known already; there is nothing to do."
            ),
        );
    }
    card(
        "",
        html! {
            p { (t!(lang, "确认后写入 {new} 张证书，不发邮件。导入后可以撤销。", "{new} certificates will be taken over; nobody is written to. The import can be taken back.")) }
            form method="post" action="/certificates/import/carry-out" {
                input type="hidden" name="form_key" value=(new_key());
                input type="hidden" name="file" value=(shown.file);
                input type="hidden" name="mark" value=(plan.mark());
                button.btn.btn-primary type="submit" { (icon("check")) (t!(lang, "确认导入", "Carry out")) }
                a.btn.ms-2 href="/certificates/import" { (t!(lang, "取消", "Cancel")) }
            }
        },
    )
}

fn said(lang: Lang, title: &str, all: &[Said]) -> Markup {
    let headers =
        [t!(lang, "行", "Line"), t!(lang, "列", "Column"), t!(lang, "说明", "What to do")];
    let rows = all.iter().map(|one| {
        let column = one.column.map(|column| column.title().get(lang).to_owned());
        vec![
            html! { (one.line) },
            html! { (column.unwrap_or_default()) },
            html! { (one.text.get(lang)) },
        ]
    });
    card_with(title, html! {}, table(&headers, rows))
}

fn lines(lang: Lang, rules: &Rules, viewer: &Viewer, shown: &Shown<'_>) -> Markup {
    let headers = [
        t!(lang, "行", "Line"),
        t!(lang, "人员", "Person"),
        t!(lang, "证书", "Certificate"),
        t!(lang, "编号 / 发证机构", "Number / issuer"),
        t!(lang, "生效日期", "Valid from"),
        t!(lang, "有效期至", "Valid through"),
        t!(lang, "说明", "Remarks"),
    ];
    let all = &shown.plan.lines;
    let rows = all.iter().skip((shown.page - 1) * ROWS).take(ROWS).map(|line| {
        vec![
            html! { (line.line) },
            html! { (line.name) div.small.text-secondary { (line.staff_no) } },
            html! { (name(rules, lang, &line.code)) },
            html! { (line.number.as_deref().unwrap_or("—")) div.small.text-secondary { (line.issuer) } },
            html! { (i18n::date(lang, line.from)) },
            html! { (through(lang, line.through)) },
            remarks(viewer, line),
        ]
    });
    let more = all.len() > shown.page * ROWS;
    card_with(
        "",
        html! {},
        html! {
            (table(&headers, rows))
            (pager(lang, shown.page, more, &[("file", shown.file)]))
        },
    )
}

fn remarks(viewer: &Viewer, line: &Line) -> Markup {
    let lang = viewer.lang();
    html! {
        @if let Some(known) = &line.known { (badge(Tone::Neutral, known.get(lang))) " " }
        @if line.computed { (badge(Tone::Info, t!(lang, "末日由规则算出", "last day computed"))) " " }
        @if let Some(by_rule) = line.by_rule { (badge(Tone::Warn, t!(lang, "规则为 {}", "the rule says {}", through(lang, by_rule)))) " " }
        @if line.through.is_some_and(|through| through < viewer.today) { (badge(Tone::Neutral, t!(lang, "已过期", "expired"))) " " }
        @if let Some(scan) = &line.scan { span.small.text-secondary { (t!(lang, "扫描件：{scan}", "scan: {scan}")) } }
    }
}

pub fn one(viewer: &Viewer, rules: &Rules, cells: &Cells, problems: &Problems) -> Markup {
    let lang = viewer.lang();
    let title = t!(lang, "录入一张旧证书", "Enter an old certificate");
    let get = |column: Column| cells.get(&column).map_or("", String::as_str);
    let mut options: Vec<(String, String)> = rules
        .sets()
        .flat_map(|set| set.certifications.iter().map(move |one| set.qualified(&one.code)))
        .map(|code| (code.clone(), name(rules, lang, &code)))
        .collect();
    options.sort_by(|a, b| a.1.cmp(&b.1));
    options.insert(0, (String::new(), t!(lang, "请选择", "Choose one")));
    viewer.page(&title, &path(lang), html! {
        (heading(&title, t!(lang, "下一步先显示算出的日期，确认后才写入。", "The next page shows the dates before anything is written."), html! {}))
        (card("", html! {
            form.row method="post" action="/certificates/import/one" enctype="multipart/form-data" {
                div."col-md-4" { (Field::new("staff_no", t!(lang, "工号", "Staff number"), get(Column::StaffNo)).required().input(lang, problems)) }
                div."col-md-8" { (Field::new("certification", t!(lang, "认证", "Certification"), get(Column::Certification)).required().select(lang, problems, options)) }
                div."col-md-6" { (Field::new("number", t!(lang, "证书编号", "Certificate number"), get(Column::Number)).autocomplete("off").input(lang, problems)) }
                div."col-md-6" { (Field::new("issuer", t!(lang, "发证机构", "Issued by"), get(Column::Issuer)).input(lang, problems)) }
                div."col-md-6" { (Field::new("from", t!(lang, "生效日期", "Valid from"), get(Column::From)).kind("date").required().input(lang, problems)) }
                div."col-md-6" { (Field::new("through", t!(lang, "有效期至", "Valid through"), get(Column::Through)).kind("date").hint(t!(lang, "留空则按规则计算", "Empty: computed by the rule")).input(lang, problems)) }
                div.col-12 { (Field::new("note", t!(lang, "备注", "Note"), get(Column::Note)).input(lang, problems)) }
                div.col-12 { (file_field(lang, "scan", "scan", &t!(lang, "扫描件", "Scan"), problems)) }
                div.col-12 { button.btn.btn-primary type="submit" { (t!(lang, "下一步：预览", "Next: preview")) } }
            }
        }))
    })
}
