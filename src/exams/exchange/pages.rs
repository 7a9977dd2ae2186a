//! How imports and exports of questions look.

use maud::{Markup, html};

use super::{
    Change, Format, Line, Report, export_link,
    handlers::{Bank, FileRef, Part},
    import_link,
    queries::{Did, Run, Told},
};
use crate::{
    access::Viewer,
    exams::questions::QuestionKind,
    i18n::{self, Lang},
    t,
    web::{
        Crumb,
        components::{
            Tone, alert, badge, card, card_with, empty, figure, heading, icon, pager, table,
        },
        forms::new_key,
    },
};

/// Lines on one page of a preview.
const PAGE: usize = 100;

fn crumbs(lang: Lang, bank: &Bank) -> Vec<Crumb> {
    vec![
        Crumb::new("/exams/banks", t!(lang, "题库", "Question banks")),
        Crumb::new(format!("/exams/banks/{}", bank.code), bank.title.get(lang).to_owned()),
        Crumb::new(import_link(&bank.code), t!(lang, "导入", "Import")),
    ]
}

pub fn start(viewer: &Viewer, bank: &Bank, runs: &[(Run, Option<String>)]) -> Markup {
    let lang = viewer.lang();
    let title = t!(lang, "导入与导出题目", "Import and export questions");
    let crumbs = crumbs(lang, bank);
    viewer.page(
        &title,
        &crumbs[..2],
        html! {
            (heading(&title, bank.title.get(lang), html! {}))
            div.row {
                div."col-lg-6" { (upload_form(lang, bank)) (exports(lang, bank)) }
                div."col-lg-6" { (past(viewer, bank, runs)) }
            }
        },
    )
}

fn upload_form(lang: Lang, bank: &Bank) -> Markup {
    let hint = t!(
        lang,
        "先预览，确认后才写入；题目作为草稿进入题库，审核后才会被抽到。可以撤销。",
        "You see what will happen first. Questions enter as drafts and are drawn only after a review. An import can be taken back."
    );
    card(
        &t!(lang, "上传文件", "Upload a file"),
        html! {
            p.text-secondary { (hint) }
            form method="post" action=(import_link(&bank.code)) enctype="multipart/form-data" {
                div.mb-3 {
                    label.form-label for="file" { (t!(lang, "文件（最大 20 MB，最多 10,000 题）", "File (20 MB and 10,000 questions at most)")) }
                    input.form-control #file type="file" name="file" required accept=".gift,.txt,.xml,.zip,.csv,.xlsx";
                }
                div.row.g-2.mb-3 {
                    div.col-sm { (choose("format", &t!(lang, "格式", "Format"), &t!(lang, "自动识别", "Recognise it"), Format::ALL.iter().map(|format| (format.word(), format.title().get(lang).to_owned())))) }
                    div.col-sm { (choose("lang", &t!(lang, "题目的语言", "Language of the questions"), &t!(lang, "按文字判断", "Tell by the letters"), Lang::ALL.iter().map(|lang| (lang.tag(), lang.own_name().to_owned())))) }
                }
                button.btn.btn-primary type="submit" { (icon("upload")) (t!(lang, "上传并预览", "Upload and preview")) }
                a.btn.ms-2 href={ (import_link(&bank.code)) "/template" } { (icon("download")) (t!(lang, "Excel 模板", "Excel template")) }
            }
        },
    )
}

fn choose(
    name: &str,
    label: &str,
    none: &str,
    all: impl Iterator<Item = (&'static str, String)>,
) -> Markup {
    html! {
        label.form-label for=(name) { (label) }
        select.form-select id=(name) name=(name) {
            option value="" { (none) }
            @for (value, title) in all { option value=(value) { (title) } }
        }
    }
}

fn exports(lang: Lang, bank: &Bank) -> Markup {
    card(
        &t!(lang, "导出", "Export"),
        html! {
            p.text-secondary { (t!(lang, "含正确答案，请妥善保管；导出会留下记录。", "With the right answers: keep it safe. Exports are recorded.")) }
            div.btn-list {
                @for format in Format::WRITTEN {
                    a.btn href=(export_link(&bank.code, format)) { (icon("download")) (format.title().get(lang)) }
                }
            }
        },
    )
}

fn past(viewer: &Viewer, bank: &Bank, runs: &[(Run, Option<String>)]) -> Markup {
    let lang = viewer.lang();
    let headers = [
        t!(lang, "时间", "When"),
        t!(lang, "文件", "File"),
        t!(lang, "新增 / 变更", "Added / changed"),
        t!(lang, "何人", "Who"),
    ];
    let rows = runs.iter().map(|(run, by)| {
        let (at, counts) = (i18n::instant(lang, run.imported_at.utc(), viewer.zone), run.counts());
        vec![
            html! { a href={ "/exams/banks/" (bank.code) "/imports/" (run.id) } { (at) } },
            html! { (run.format.title().get(lang)) div.small.text-secondary.text-break { (run.file_name) } },
            html! { (counts.added) " / " (counts.changed) @if run.undone_at.is_some() { " " (badge(Tone::Neutral, t!(lang, "已撤销", "Taken back"))) } },
            html! { (by.as_deref().unwrap_or("shifu")) },
        ]
    });
    card_with(
        &t!(lang, "最近的导入", "Past imports"),
        html! {},
        html! {
            @if runs.is_empty() {
                (empty("history", &t!(lang, "还没有导入过", "Nothing was imported yet"), t!(lang, "支持 GIFT、Aiken、Moodle XML、CSV、Excel 和 QTI。", "GIFT, Aiken, Moodle XML, CSV, Excel and QTI are read.")))
            } @else { (table(&headers, rows)) }
        },
    )
}

fn tone(change: Change) -> Tone {
    match change {
        Change::Added => Tone::Good,
        Change::Changed => Tone::Info,
        Change::Refused => Tone::Bad,
        Change::Unchanged | Change::Skipped => Tone::Neutral,
    }
}

pub fn preview(
    viewer: &Viewer,
    bank: &Bank,
    file: &FileRef,
    report: &Report,
    part: &Part,
) -> Markup {
    let lang = viewer.lang();
    let title = t!(lang, "导入预览", "Import preview");
    let subtitle = format!(
        "{} · {} · {}",
        bank.title.get(lang),
        report.format.title().get(lang),
        report.file_name
    );
    let link = |change: Change| format!("?{}&show={}", file.query(), change.word());
    let counts = [
        (Change::Added, report.added),
        (Change::Changed, report.changed),
        (Change::Unchanged, report.unchanged),
        (Change::Refused, report.refused),
        (Change::Skipped, report.skipped),
    ];
    viewer.page(&title, &crumbs(lang, bank), html! {
        (heading(&title, subtitle, html! {}))
        @if part.changed {
            (alert(Tone::Warn, t!(lang, "没有写入任何内容：预览之后题库有变化，或还有题目被拒绝。请再看一遍。", "Nothing was written: the bank changed after your preview, or questions are still refused. Please look again.")))
        }
        div.row.g-2.mb-3 {
            @for (change, count) in counts {
                (figure(&link(change), change.title().get(lang), count, if count > 0 { tone(change) } else { Tone::Neutral }))
            }
        }
        (language(lang, file, report))
        (asks(lang, bank, file, report))
        (decide(lang, bank, file, report))
        @if !report.ignored_columns.is_empty() {
            (alert(Tone::Info, t!(lang, "不认识的列，已忽略：{}", "Columns that are not known and are ignored: {}", report.ignored_columns.join(", "))))
        }
        (lines(lang, file, report, part))
    })
}

/// Which language the words are taken for, and the way to say otherwise.
fn language(lang: Lang, file: &FileRef, report: &Report) -> Markup {
    let other = match report.lang {
        Lang::Zh => Lang::En,
        Lang::En => Lang::Zh,
    };
    let mut turned = file.clone();
    turned.lang = Some(other);
    let (name, other) = (report.lang.own_name(), other.own_name());
    let how = if report.lang_guessed {
        t!(lang, "（按文字判断）", " (told by the letters)")
    } else {
        String::new()
    };
    html! {
        p.text-secondary {
            (t!(lang, "题目的语言：{name}{how}。", "The words are taken for {name}{how}. "))
            a href={ "?" (turned.query()) } { (t!(lang, "改为 {other}", "Take them for {other}")) }
        }
    }
}

/// What the words of the column of types mean.
fn asks(lang: Lang, bank: &Bank, file: &FileRef, report: &Report) -> Markup {
    if report.asks.is_empty() {
        return html! {};
    }
    let kinds = [
        QuestionKind::Single,
        QuestionKind::Multiple,
        QuestionKind::TrueFalse,
        QuestionKind::Short,
        QuestionKind::Numeric,
        QuestionKind::Essay,
        QuestionKind::Ordering,
        QuestionKind::Matching,
    ];
    card(
        &t!(lang, "题型是什么意思？", "What do these types mean?"),
        html! {
            p.text-secondary { (t!(lang, "各系统的题型代码不同，请说明本文件的用法。", "Systems differ in their codes; say what they mean in this file.")) }
            form #asks method="get" action={ "/exams/banks/" (bank.code) "/import/preview" } {
                @for (name, value) in file.pairs() { input type="hidden" name=(name) value=(value); }
                @for (at, ask) in report.asks.iter().enumerate() {
                    div.mb-3 {
                        label.form-label for={ "type-" (at) } {
                            (t!(lang, "“{}” 表示", "“{}” means", ask.word)) " "
                            span.text-secondary { (t!(lang, "{} 行，例如第 {} 行：{}", "{} rows, as in line {}: {}", ask.rows, ask.first_line, ask.example)) }
                        }
                        select.form-select id={ "type-" (at) } name="type" required {
                            option value="" { (t!(lang, "请选择", "Choose")) }
                            @for kind in kinds { option value={ (ask.word) "=" (kind.word()) } { (kind.title().get(lang)) } }
                        }
                    }
                }
                button.btn.btn-primary type="submit" { (t!(lang, "按此读取", "Read it so")) }
            }
        },
    )
}

fn decide(lang: Lang, bank: &Bank, file: &FileRef, report: &Report) -> Markup {
    if !report.asks.is_empty() {
        return html! {};
    }
    let (refused, taken) = (report.refused, report.added + report.changed);
    if taken == 0 && refused == 0 {
        return alert(
            Tone::Info,
            t!(
                lang,
                "文件里的题目题库中都已有，没有需要写入的内容。",
                "The bank has all of this already; there is nothing to do."
            ),
        );
    }
    if taken == 0 {
        return alert(
            Tone::Bad,
            t!(
                lang,
                "{refused} 道题都不能导入，原因见下。",
                "None of the {refused} refused questions can be imported; the reasons are below."
            ),
        );
    }
    card(
        "",
        html! {
            @if refused > 0 {
                (alert(Tone::Warn, t!(lang, "有 {refused} 道题被拒绝。请改正文件后重新上传，或只导入其余 {taken} 道。", "{refused} of the questions are refused. Correct the file and upload it again, or import the other {taken}.")))
            }
            form method="post" action={ "/exams/banks/" (bank.code) "/import/carry-out" } {
                input type="hidden" name="form_key" value=(new_key());
                input type="hidden" name="file" value=(file.query());
                input type="hidden" name="mark" value=(report.mark());
                @if refused > 0 {
                    label.form-check.mb-3 {
                        input.form-check-input type="checkbox" name="skip" value="true" required;
                        span.form-check-label { (t!(lang, "不导入被拒绝的 {refused} 道题", "Leave out the {refused} that are refused")) }
                    }
                }
                button.btn.btn-primary type="submit" { (icon("check")) (t!(lang, "导入 {taken} 道题为草稿", "Import {taken} as drafts")) }
                a.btn.ms-2 href=(import_link(&bank.code)) { (t!(lang, "取消", "Cancel")) }
            }
        },
    )
}

fn lines(lang: Lang, file: &FileRef, report: &Report, part: &Part) -> Markup {
    let change = part.change();
    let mut chosen: Vec<&Line> = report
        .lines
        .iter()
        .filter(|line| change.is_none_or(|change| line.change == change))
        .collect();
    // What needs somebody comes first.
    chosen.sort_by_key(|line| line.change != Change::Refused);
    let from = (part.page() - 1) * PAGE;
    let has_more = chosen.len() > from + PAGE;
    let headers = [
        t!(lang, "行", "Line"),
        t!(lang, "结果", "Outcome"),
        t!(lang, "题目", "Question"),
        t!(lang, "说明", "Notes"),
    ];
    let rows = chosen.iter().skip(from).take(PAGE).map(|line| line_cells(lang, line));
    let mut pairs: Vec<(&str, String)> = file.pairs();
    pairs.extend(change.map(|change| ("show", change.word().to_owned())));
    let query: Vec<(&str, &str)> =
        pairs.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let title = change.map_or_else(
        || t!(lang, "全部题目", "All questions"),
        |change| change.title().get(lang).to_owned(),
    );
    card_with(
        &title,
        html! {},
        html! {
            @if chosen.is_empty() { (empty("list", &t!(lang, "没有这样的题目", "There are none of these"), t!(lang, "点上面的数字查看其他题目。", "The figures above lead to the others."))) }
            @else { (table(&headers, rows)) (pager(lang, part.page(), has_more, &query)) }
        },
    )
}

fn line_cells(lang: Lang, line: &Line) -> Vec<Markup> {
    vec![
        html! { (line.line) @if let Some(file) = &line.file { div.small.text-secondary.text-break { (file) } } },
        badge(tone(line.change), line.change.title().get(lang)),
        look(lang, line),
        html! {
            @for reason in &line.reasons { div.text-danger { (reason.get(lang)) } }
            @for note in &line.notes { div.small.text-secondary { (note.get(lang)) } }
        },
    ]
}

/// A question in short.
fn look(lang: Lang, line: &Line) -> Markup {
    html! {
        @if line.stem.is_blank() { span.text-break { (line.name) } } @else { div.text-break { (line.stem.get(lang)) } }
        @if !line.shown.is_empty() {
            ul.list-unstyled.mb-1.ms-2 {
                @for one in &line.shown {
                    li { @if one.right { span.text-success { "✓ " span.visually-hidden { (t!(lang, "正确：", "right: ")) } } } (one.words.get(lang)) }
                }
            }
        }
        @if let (Some(code), Some(kind)) = (&line.code, line.kind) {
            div.small.text-secondary {
                code { (code) } " · " (kind.title().get(lang))
                @if let Some(area) = &line.area { " · " (area.get(lang)) }
            }
        }
    }
}

pub fn report(viewer: &Viewer, bank: &Bank, run: &Run, told: &[Told]) -> Markup {
    let lang = viewer.lang();
    let title = t!(lang, "导入报告", "Report of an import");
    let at = i18n::instant(lang, run.imported_at.utc(), viewer.zone);
    let counts = run.counts();
    let headers =
        [t!(lang, "行", "Line"), t!(lang, "结果", "Outcome"), t!(lang, "题目", "Question")];
    let rows = told.iter().map(|one| {
        let change = if one.did == Did::Added { Change::Added } else { Change::Changed };
        vec![
            html! { (one.line) },
            badge(tone(change), change.title().get(lang)),
            html! { div.text-break { (one.stem.get(lang)) } div.small.text-secondary { code { (one.code) } " · " (one.kind.title().get(lang)) } },
        ]
    });
    viewer.page(&title, &crumbs(lang, bank), html! {
        (heading(&title, format!("{} · {} · {at}", bank.title.get(lang), run.file_name), html! {
            a.btn href={ "/exams/banks/" (bank.code) } { (t!(lang, "到题库", "To the bank")) }
        }))
        @if run.undone_at.is_some() {
            (alert(Tone::Neutral, t!(lang, "这次导入已撤销。", "This import was taken back.")))
        } @else {
            (alert(Tone::Good, t!(lang, "新增 {}，变更 {}，未变 {}，拒绝 {}。新内容是草稿，审核后启用。", "{} added, {} changed, {} unchanged, {} refused. What is new is a draft until it is reviewed.", counts.added, counts.changed, counts.unchanged, counts.refused)))
            (undo_form(lang, bank, run))
        }
        (card_with(&t!(lang, "写入的题目", "Questions written"), html! {}, table(&headers, rows)))
    })
}

fn undo_form(lang: Lang, bank: &Bank, run: &Run) -> Markup {
    card(
        &t!(lang, "撤销", "Take back"),
        html! {
            p.text-secondary { (t!(lang, "新增的题目停用，变更的题目恢复原来的内容。已被使用的题目不能撤销。什么都不会被删除。", "Added questions are retired, changed ones say again what they said before. Questions that were used since cannot be taken back. Nothing is deleted.")) }
            form.d-flex.gap-2.flex-wrap method="post" action={ "/exams/banks/" (bank.code) "/imports/" (run.id) "/undo" } {
                input type="hidden" name="form_key" value=(new_key());
                input.form-control.w-auto name="reason" required maxlength="500" placeholder=(t!(lang, "理由", "Why")) aria-label=(t!(lang, "撤销的理由", "Why it is taken back"));
                button.btn type="submit" { (t!(lang, "撤销这次导入", "Take this import back")) }
            }
        },
    )
}
