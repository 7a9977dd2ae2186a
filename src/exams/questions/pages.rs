//! The pages of question banks: for those who write and judge questions, keys included.

use std::collections::HashMap;

use maud::{Markup, html};

use super::{
    body::{Body, Choice, Credit, Region, Task},
    fields::{Areas, Fields},
    form::{self, Sheet},
    lifecycle::{self, Step},
    model::{Difficulty, Importance, Level, QuestionKind, Stage, VersionId},
    percent,
    preview::preview,
    queries::{Bank, OnShelf, Use, Version, Whole, day},
    share::Share,
    shelf::{Counts, Filter, Thin},
    writing::as_question,
};
use crate::{
    access::{Acting, Authoring, Viewer},
    db::Instant,
    i18n::{self, Lang, Text},
    record::programme::ExamPlan,
    t,
    web::{
        Crumb, Problems,
        components::{
            Tone, alert, badge, card, card_with, definitions, empty, heading, icon, pager, table,
        },
        forms::{Field, new_key},
        markdown,
    },
};

type Author = Acting<Authoring>;

fn to_banks(lang: Lang) -> Crumb {
    Crumb::new("/exams/banks", t!(lang, "题库", "Question banks"))
}

fn to_bank(lang: Lang, bank: &Bank) -> Crumb {
    Crumb::new(bank.path(), bank.title.get(lang))
}

fn moment(viewer: &Viewer, at: Instant) -> String {
    i18n::instant(viewer.lang(), at.utc(), viewer.zone)
}

pub fn stage_badge(lang: Lang, stage: Stage) -> Markup {
    let tone = match stage {
        Stage::Live => Tone::Good,
        Stage::Pilot | Stage::Reviewed => Tone::Info,
        Stage::Draft => Tone::Warn,
        Stage::Compromised => Tone::Bad,
        Stage::Retired => Tone::Neutral,
    };
    badge(tone, stage.title().get(lang))
}

/// The beginning of a wording, as one line.
pub fn beginning(words: &str) -> String {
    const LONG: usize = 90;
    let line = words.split_whitespace().collect::<Vec<_>>().join(" ");
    let short: String = line.chars().take(LONG).collect();
    if short.len() < line.len() { format!("{short}…") } else { line }
}

/// All banks.
pub fn banks(acting: &Author, banks: &[(Bank, Counts, Vec<Thin>)]) -> Markup {
    let lang = acting.lang();
    let title = t!(lang, "题库", "Question banks");
    let actions = html! { a.btn.btn-primary href="/exams/banks/new" { (icon("plus")) (t!(lang, "新建题库", "New bank")) } };
    let subtitle = t!(
        lang,
        "全集团共用；考试按规则从“启用”的题目中抽题。",
        "Shared by the whole group; exams draw from what is live."
    );
    acting.page(&title, &[], html! {
        (heading(&title, subtitle, actions))
        @if banks.is_empty() {
            (card("", empty("list-check", &t!(lang, "还没有题库", "No question banks yet"),
                t!(lang, "新建一个题库，或由管理员把题库文件放入 course-content/question-banks。", "Open one, or ask an administrator to put bank files into course-content/question-banks."))))
        }
        div.row.row-cards {
            @for (bank, counts, thin) in banks {
                div."col-md-6"."col-xl-4" { (bank_card(lang, bank, counts, thin)) }
            }
        }
    })
}

fn bank_card(lang: Lang, bank: &Bank, counts: &Counts, thin: &[Thin]) -> Markup {
    let n = counts.all;
    let counted = i18n::count(n, "question", "questions");
    html! {
        section.card.h-100 {
            div.card-body {
                h2.h3.mb-1 { a href=(bank.path()) { (bank.title.get(lang)) } }
                div.text-secondary.mb-2 { (t!(lang, "{n} 题", "{counted}")) " · " code { (bank.code) } }
                div.mb-2 { (stage_counts(lang, bank, counts)) }
                div.small.text-secondary { (kind_counts(lang, counts)) }
                @if !thin.is_empty() {
                    div.mt-2 { a href=(bank.path()) { (badge(Tone::Warn, t!(lang, "{} 处题量不足", "thin in {} places", thin.len()))) } }
                }
            }
        }
    }
}

fn stage_counts(lang: Lang, bank: &Bank, counts: &Counts) -> Markup {
    html! {
        div.d-flex.flex-wrap.gap-1 {
            @for (stage, count) in &counts.stages {
                a.text-decoration-none href={ (bank.path()) "?stage=" (stage.word()) } { (stage_badge(lang, *stage)) " " (count) }
            }
            @if counts.in_the_works > 0 {
                span.text-secondary.small { (t!(lang, "另有 {} 个新版本待审核或启用", "and {} newer versions on their way", counts.in_the_works)) }
            }
        }
    }
}

fn kind_counts(lang: Lang, counts: &Counts) -> String {
    let one =
        |(kind, count): (&QuestionKind, &usize)| format!("{} {count}", kind.title().get(lang));
    counts.kinds.iter().map(one).collect::<Vec<_>>().join(" · ")
}

/// The form for a new bank.
pub fn new_bank(acting: &Author, fields: &Fields, problems: &Problems) -> Markup {
    let lang = acting.lang();
    let title = t!(lang, "新建题库", "New question bank");
    let field = |name: &'static str, label: String| Field::new(name, label, fields.get(name));
    acting.page(&title, &[to_banks(lang)], html! {
        (heading(&title, "", html! {}))
        (card("", html! {
            form method="post" action="/exams/banks/new" {
                input type="hidden" name="form_key" value=(new_key());
                div.row.g-2 {
                    div."col-md-6" { (field("title.zh", t!(lang, "名称 · 中文", "Title · 中文")).input(lang, problems)) }
                    div."col-md-6" { (field("title.en", t!(lang, "名称 · English", "Title · English")).input(lang, problems)) }
                }
                (field("code", t!(lang, "代码", "Code"))
                    .hint(t!(lang, "用于网址和规则文件，例如 nev-diagnosis；留空则由英文名称得出。以后不能改。", "For addresses and rule files, such as nev-diagnosis; made from the English title when empty. It cannot be changed later."))
                    .input(lang, problems))
                button.btn.btn-primary type="submit" { (t!(lang, "新建", "Open the bank")) }
            }
        }))
    })
}

/// What a page of a bank shows.
pub struct Shown<'a> {
    pub bank: &'a Bank,
    pub areas: &'a Areas,
    pub counts: &'a Counts,
    pub thin: &'a [Thin],
    pub plans: &'a [(&'a str, &'a ExamPlan)],
    pub filter: &'a Filter,
    pub lines: &'a [OnShelf],
    pub found: usize,
    pub has_more: bool,
    pub bodies: &'a HashMap<VersionId, Body>,
}

/// A bank with its questions.
pub fn bank(acting: &Author, shown: &Shown<'_>) -> Markup {
    let lang = acting.lang();
    let bank = shown.bank;
    let title = bank.title.get(lang);
    let actions = html! {
        a.btn.btn-primary href={ (bank.path()) "/new" } { (icon("plus")) (t!(lang, "新题", "New question")) }
        a.btn href={ (bank.path()) "/duplicates" } { (icon("search")) (t!(lang, "查重", "Similar questions")) }
        a.btn href={ (bank.path()) "/import" } { (icon("upload")) (t!(lang, "导入与导出", "Import and export")) }
    };
    let (found, all) = (shown.found, shown.counts.all);
    acting.page(title, &[to_banks(lang)], html! {
        (heading(title, html! { code { (bank.code) } " · " (kind_counts(lang, shown.counts)) }, actions))
        div.mb-3 { (stage_counts(lang, bank, shown.counts)) }
        (thin_alert(lang, shown))
        (card("", filter_form(lang, shown)))
        @if shown.lines.is_empty() && shown.filter.is_empty() {
            (card("", empty("list-check", &t!(lang, "题库还是空的", "This bank is empty"),
                html! { a href={ (bank.path()) "/new" } { (t!(lang, "写第一道题", "Write the first question")) } })))
        } @else if shown.lines.is_empty() {
            (card("", empty("filter", &t!(lang, "没有符合条件的题目", "No questions match"),
                html! { a href=(bank.path()) { (t!(lang, "清除筛选", "Clear the filter")) } })))
        } @else {
            (card_with(&t!(lang, "{found} 题（共 {all} 题）", "{found} of {all} questions"), html! {}, html! {
                (lines(lang, shown))
                (pager(lang, shown.filter.page(), shown.has_more, &shown.filter.query()))
            }))
        }
        (drawn_by(lang, shown.plans))
        (for_practice(lang, shown))
    })
}

/// Whether everybody may practise with these questions; exams had better keep theirs.
fn for_practice(lang: Lang, shown: &Shown<'_>) -> Markup {
    let bank = shown.bank;
    let (said, value, label) = match bank.practice {
        true => (
            t!(
                lang,
                "所有人都可以用这个题库练习，答后看到答案与讲解。",
                "Everybody may practise with this bank and reads answers and explanations."
            ),
            "no",
            t!(lang, "停止练习", "Close it for practice"),
        ),
        false => (
            t!(
                lang,
                "这个题库不用于练习，答案不会给考生看到。",
                "This bank is not for practice: no candidate ever reads its answers."
            ),
            "yes",
            t!(lang, "开放练习", "Open it for practice"),
        ),
    };
    card(
        &t!(lang, "练习", "Practice"),
        html! {
            p { (said) }
            @if !bank.practice && !shown.plans.is_empty() {
                (alert(Tone::Warn, t!(lang, "考试正从这个题库抽题：开放练习等于公开考题。", "Exams draw from this bank: to open it is to give the questions away.")))
            }
            form method="post" action={ (bank.path()) "/practice" } {
                input type="hidden" name="form_key" value=(new_key());
                input type="hidden" name="open" value=(value);
                button.btn type="submit" { (label) }
            }
        },
    )
}

fn thin_alert(lang: Lang, shown: &Shown<'_>) -> Markup {
    let name = |area: &Option<String>| match area {
        Some(code) => title_of(lang, shown.areas, code).to_owned(),
        None => t!(lang, "整个题库", "the whole bank"),
    };
    html! {
        @if !shown.thin.is_empty() {
            (alert(Tone::Warn, html! {
                (t!(lang, "启用的题目偏少，考生之间的试卷会很相似：", "Too few live questions; papers will be much alike: "))
                ul.mb-0 {
                    @for thin in shown.thin {
                        li { (name(&thin.area)) (t!(lang, "：启用 {} 题，建议至少 {} 题", ": {} live, at least {} advised", thin.live, thin.wanted)) }
                    }
                }
            }))
        }
    }
}

fn title_of<'a>(lang: Lang, areas: &'a Areas, code: &'a str) -> &'a str {
    areas.iter().find(|(known, _)| known == code).map_or(code, |(_, title)| title.get(lang))
}

fn filter_form(lang: Lang, shown: &Shown<'_>) -> Markup {
    let filter = shown.filter;
    let areas = shown.areas.iter().map(|(code, title)| (code.clone(), title.get(lang).to_owned()));
    macro_rules! words {
        ($of:ty) => {
            <$of>::ALL
                .iter()
                .map(|one| (one.word().to_owned(), one.title().get(lang).to_owned()))
                .collect()
        };
    }
    html! {
        form.row.g-2.align-items-end method="get" action=(shown.bank.path()) data-auto {
            (choice(lang, "area", t!(lang, "部分", "Area"), &filter.area, areas.collect()))
            (choice(lang, "kind", t!(lang, "题型", "Kind"), &filter.kind, words!(QuestionKind)))
            (choice(lang, "level", t!(lang, "层次", "Level"), &filter.level, words!(Level)))
            (choice(lang, "importance", t!(lang, "重要程度", "Importance"), &filter.importance, words!(Importance)))
            (choice(lang, "difficulty", t!(lang, "难度", "Difficulty"), &filter.difficulty, words!(Difficulty)))
            (choice(lang, "stage", t!(lang, "状态", "Stage"), &filter.stage, words!(Stage)))
            div."col-8"."col-md-3" {
                label.form-label for="words" { (t!(lang, "题干中的词", "Words in the question")) }
                input.form-control #words type="search" name="words" value=(filter.words);
            }
            div.col-auto { button.btn.btn-primary type="submit" { (icon("filter")) (t!(lang, "筛选", "Filter")) } }
            @if !filter.is_empty() { div.col-auto { a.btn href=(shown.bank.path()) { (t!(lang, "清除", "Clear")) } } }
        }
    }
}

fn choice(
    lang: Lang,
    name: &str,
    label: String,
    value: &str,
    options: Vec<(String, String)>,
) -> Markup {
    html! {
        div."col-6"."col-md-2" {
            label.form-label for=(name) { (label) }
            select.form-select id=(name) name=(name) {
                option value="" { (t!(lang, "全部", "All")) }
                @for (word, title) in options { option value=(word) selected[word == value] { (title) } }
            }
        }
    }
}

fn lines(lang: Lang, shown: &Shown<'_>) -> Markup {
    let headers = [
        t!(lang, "题目", "Question"),
        t!(lang, "部分", "Area"),
        t!(lang, "题型", "Kind"),
        t!(lang, "层次", "Level"),
        t!(lang, "重要程度", "Importance"),
        t!(lang, "难度", "Difficulty"),
        t!(lang, "状态", "Stage"),
    ];
    let rows = shown.lines.iter().map(|one| {
        let said = one.standing();
        let stem = shown.bodies.get(&said.id).map(|body| beginning(body.stem.get(lang)));
        let newer = (one.newest.id != said.id).then_some(&one.newest);
        vec![
            html! {
                a href=(shown.bank.question_path(&one.code)) { (one.code) }
                div.text-secondary.text-wrap { (stem.unwrap_or_default()) }
            },
            html! { (title_of(lang, shown.areas, &said.area)) },
            short(said.kind.title().get(lang)),
            short(said.level.title().get(lang)),
            short(&format!("{} · {}", said.importance.word(), said.importance.title().get(lang))),
            short(said.difficulty.title().get(lang)),
            html! {
                (stage_badge(lang, said.stage))
                @if let Some(newer) = newer { div.small.mt-1 { "v" (newer.number) " " (stage_badge(lang, newer.stage)) } }
            },
        ]
    });
    table(&headers, rows)
}

/// A word or two of a table, on one line.
fn short(words: &str) -> Markup {
    html! { span.text-nowrap { (words) } }
}

/// The exams that draw from the bank.
fn drawn_by(lang: Lang, plans: &[(&str, &ExamPlan)]) -> Markup {
    card(
        &t!(lang, "用到它的考试", "Exams that draw from it"),
        html! {
            @if plans.is_empty() {
                p.mb-0.text-secondary { (t!(lang, "还没有考试从这个题库抽题。在规则文件的 [[exam]] 中写上 bank。", "No exam draws from this bank yet. Name it as the bank of an [[exam]] in a rule set.")) }
            } @else {
                ul.mb-0 { @for (set, plan) in plans { li { a href={ "/exams/" (set) "/" (plan.code) } { (plan.title.get(lang)) } } } }
            }
        },
    )
}

/// What kind the new question shall be.
pub fn choose_kind(acting: &Author, bank: &Bank) -> Markup {
    let lang = acting.lang();
    let title = t!(lang, "新题：选择题型", "New question: choose its kind");
    acting.page(&title, &[to_banks(lang), to_bank(lang, bank)], html! {
        (heading(&title, bank.title.get(lang), html! {}))
        div.list-group {
            @for kind in QuestionKind::ALL {
                a.list-group-item.list-group-item-action href={ (bank.path()) "/new?kind=" (kind.word()) } {
                    strong { (kind.title().get(lang)) } " " span.text-secondary { (good_for(lang, *kind)) }
                }
            }
        }
    })
}

fn good_for(lang: Lang, kind: QuestionKind) -> String {
    match kind {
        QuestionKind::Single => t!(
            lang,
            "一个正确选项，适合知识点和判断步骤",
            "one right option; for knowledge and choosing the next step"
        ),
        QuestionKind::Multiple => t!(
            lang,
            "多个正确选项，可按部分给分",
            "several right options, with part credit if you like"
        ),
        QuestionKind::TrueFalse => t!(lang, "一句话的对错", "a statement that holds or not"),
        QuestionKind::Numeric => t!(
            lang,
            "计算或测量值，带误差和单位",
            "a calculation or a reading, with tolerance and unit"
        ),
        QuestionKind::Short => {
            t!(lang, "几个字的答案，可接受多种写法", "a few words, several forms accepted")
        }
        QuestionKind::Ordering => t!(lang, "把步骤排成正确顺序", "steps to put in the right order"),
        QuestionKind::Matching => {
            t!(lang, "把两列配起来，可加干扰项", "two columns to match, with distractors")
        }
        QuestionKind::Hotspot => t!(lang, "在图片上点出部位", "point at a part on a picture"),
        QuestionKind::Case => t!(
            lang,
            "一个案例带几个小题，适合故障诊断",
            "a case with several questions; for diagnosis"
        ),
        QuestionKind::Essay => {
            t!(lang, "文字作答，由一人或两人阅卷", "a written answer, marked by one person or two")
        }
    }
}

/// The editor: for a new question, or for the next version of one.
pub struct Editor<'a> {
    pub bank: &'a Bank,
    pub areas: &'a Areas,
    pub fields: &'a Fields,
    pub problems: &'a Problems,
    pub kind: QuestionKind,
    /// The question and the version this is based on.
    pub based_on: Option<(&'a Whole, i64)>,
    /// What stands above the form: a warning with what to do.
    pub notice: Markup,
    /// Said when it was asked for.
    pub preview: Option<&'a Body>,
    /// A button to keep it although others are much like it.
    pub anyway: bool,
}

pub fn editor(acting: &Author, editor: &Editor<'_>) -> Markup {
    let lang = acting.lang();
    let bank = editor.bank;
    let kind = editor.kind.title();
    let (title, action, mut crumbs) = match editor.based_on {
        Some((whole, _)) => (
            t!(lang, "编辑 {}", "Edit {}", whole.code),
            format!("{}/edit", whole.path()),
            vec![Crumb::new(whole.path(), &whole.code)],
        ),
        None => (t!(lang, "新题", "New question"), format!("{}/new", bank.path()), Vec::new()),
    };
    crumbs.splice(0..0, [to_banks(lang), to_bank(lang, bank)]);
    let sheet = Sheet { lang, fields: editor.fields, problems: editor.problems };
    let body = html! {
        (heading(&title, kind.get(lang), html! {}))
        (editor.notice)
        @if !editor.problems.is_empty() {
            (alert(Tone::Bad, t!(lang, "还没有保存：请更正标出的项目。", "Not saved yet: please correct what is marked.")))
        }
        @if let Some(body) = editor.preview { (card(&t!(lang, "预览（尚未保存）", "Preview (not saved yet)"), preview(lang, body))) }
        form #question-form method="post" action=(action) enctype="multipart/form-data" data-stay {
            // Enter in a field sends the first button there is.
            button.visually-hidden type="submit" name="act" value="save" tabindex="-1" aria-hidden="true" { }
            input type="hidden" name="form_key" value=(new_key());
            input type="hidden" name="kind" value=(editor.kind.word());
            @if let Some((_, based_on)) = editor.based_on { input type="hidden" name="based_on" value=(based_on); }
            (form::sheet(sheet, editor.kind, editor.areas, editor.based_on.is_none()))
            (editor_buttons(lang, editor, bank))
        }
    };
    acting.page_with_script(&title, &crumbs, "question-editor.js", body)
}

fn editor_buttons(lang: Lang, editor: &Editor<'_>, bank: &Bank) -> Markup {
    let back = editor.based_on.map_or_else(|| bank.path(), |(whole, _)| whole.path());
    html! {
        div.btn-list.mb-4 {
            button.btn.btn-primary type="submit" name="act" value="save" { (icon("device-floppy"))
                @if editor.based_on.is_some() { (t!(lang, "存为新版本（草稿）", "Save as a new version (draft)")) }
                @else { (t!(lang, "保存草稿", "Save the draft")) }
            }
            @if editor.anyway { button.btn type="submit" name="act" value="save-anyway" { (t!(lang, "不是重复题，照样保存", "It is no duplicate, save it anyway")) } }
            button.btn type="submit" name="act" value="preview" { (icon("eye")) (t!(lang, "预览", "Preview")) }
            a.btn.btn-ghost-secondary href=(back) { (t!(lang, "不保存", "Leave without saving")) }
        }
    }
}

/// A question as it stands.
pub struct Told<'a> {
    pub whole: &'a Whole,
    pub version: &'a Version,
    pub used: Use,
    pub plans: &'a [(&'a str, &'a ExamPlan)],
    /// Much like it: code, stem, likeness.
    pub similar: &'a [(String, Text, f64)],
}

pub fn question(acting: &Author, told: &Told<'_>) -> Markup {
    let lang = acting.lang();
    let (whole, version) = (told.whole, told.version);
    let outline = &version.outline;
    let actions = html! {
        a.btn.btn-primary href={ (whole.path()) "/edit" } { (icon("pencil")) (t!(lang, "编辑", "Edit")) }
    };
    let subtitle = html! { (outline.kind.title().get(lang)) " · v" (outline.number) " " (stage_badge(lang, outline.stage)) };
    acting.page(&whole.code, &[to_banks(lang), to_bank(lang, &whole.bank)], html! {
        (heading(&whole.code, subtitle, actions))
        (which_version(lang, told))
        div.row {
            div."col-lg-8" {
                (card(&t!(lang, "考生看到的", "As candidates see it"), preview(lang, &version.body)))
                (card(&t!(lang, "答案与讲解", "Key and explanation"), html! { div #key { (key(lang, &version.body)) } }))
                (history(acting, told))
            }
            div."col-lg-4" {
                (next_steps(acting, told))
                (tags(lang, told))
                (usage(acting, told))
                (similar(lang, told))
            }
        }
    })
}

/// Says when the page shows another version than the one in use.
fn which_version(lang: Lang, told: &Told<'_>) -> Markup {
    let shown = told.version.outline.number;
    let newest = told.whole.newest().map_or(shown, |newest| newest.outline.number);
    let drawn =
        told.whole.drawn().map(|drawn| drawn.outline.number).filter(|drawn| *drawn != shown);
    let at = |number: i64| format!("{}?version={number}", told.whole.path());
    html! {
        @if let Some(drawn) = drawn {
            (alert(Tone::Info, html! {
                (t!(lang, "试卷现在抽的是第 {drawn} 版。", "Papers are drawn from version {drawn} at present. "))
                a href=(at(drawn)) { (t!(lang, "查看", "Look at it")) }
            }))
        }
        @if newest != shown {
            (alert(Tone::Info, html! {
                (t!(lang, "最新的是第 {newest} 版。", "The newest version is {newest}. "))
                a href=(at(newest)) { (t!(lang, "查看", "Look at it")) }
            }))
        }
    }
}

/// The steps this reader may take, and why not where somebody else could.
fn next_steps(acting: &Author, told: &Told<'_>) -> Markup {
    let lang = acting.lang();
    let standing = told.whole.standing(told.version);
    let steps = lifecycle::open_steps(standing, acting.id);
    let barred = lifecycle::allowed(Step::Review, standing, acting.id).err();
    let barred = barred.filter(|_| standing.stage == Stage::Draft && standing.newest);
    card(
        &t!(lang, "下一步", "What can be done"),
        html! {
            @if let Some(why) = barred { p.text-secondary { (why.get(lang)) } }
            @if steps.is_empty() { p.mb-0 { (t!(lang, "这个版本已经结束；编辑会写成新版本。", "This version has ended; editing makes a new one.")) } }
            @for step in steps { (step_form(lang, told, step)) }
        },
    )
}

fn step_form(lang: Lang, told: &Told<'_>, step: Step) -> Markup {
    let needs_reason = step.needs_reason(told.version.outline.stage);
    let id = format!("why-{}", step.word());
    let ends = matches!(step, Step::Retire | Step::Compromise);
    html! {
        details.mb-2 open[matches!(step, Step::Review | Step::Pilot)] {
            summary { (step.title().get(lang)) }
            form.mt-2 method="post" action={ (told.whole.path()) "/stage" } {
                input type="hidden" name="form_key" value=(new_key());
                input type="hidden" name="version" value=(told.version.outline.number);
                input type="hidden" name="step" value=(step.word());
                p.small.text-secondary.mb-2 { (step.meaning().get(lang)) }
                label.form-label .required[needs_reason] for=(id) {
                    @if needs_reason { (t!(lang, "理由", "Why")) } @else { (t!(lang, "备注（可不填）", "Remark (optional)")) }
                }
                textarea.form-control.mb-2 id=(id) name="why" rows="2" maxlength="1000" required[needs_reason] {}
                button.btn.btn-sm .btn-primary[!ends] .btn-danger[ends] type="submit" { (step.title().get(lang)) }
            }
        }
    }
}

fn tags(lang: Lang, told: &Told<'_>) -> Markup {
    let (outline, body) = (&told.version.outline, &told.version.body);
    let weight = outline.importance;
    card(
        &t!(lang, "标签", "Tags"),
        definitions([
            (t!(lang, "部分", "Area"), html! { (body.area.get(lang)) }),
            (t!(lang, "层次", "Level"), html! { (outline.level.title().get(lang)) }),
            (
                t!(lang, "重要程度", "Importance"),
                html! { (weight.word()) " · " (weight.title().get(lang)) },
            ),
            (t!(lang, "难度", "Difficulty"), html! { (outline.difficulty.title().get(lang)) }),
            (
                t!(lang, "来源", "Origin"),
                html! {
                    @if told.whole.filed { (t!(lang, "题库文件；在这里改写的版本一直有效，直到文件中这道题也改动", "A bank file; what is written here stays until the file changes this question")) }
                    @else { (t!(lang, "在系统中编写", "Written here")) }
                },
            ),
        ]),
    )
}

fn usage(acting: &Author, told: &Told<'_>) -> Markup {
    let lang = acting.lang();
    let area = &told.version.outline.area;
    let draws = |plan: &ExamPlan| {
        plan.draw.iter().any(|draw| draw.area.as_ref().is_none_or(|drawn| drawn == area))
    };
    let exams: Vec<_> = told.plans.iter().filter(|(_, plan)| draws(plan)).collect();
    let on = |at: Option<Instant>| {
        at.map_or_else(|| "—".to_owned(), |at| i18n::date(lang, day(at, acting.zone)))
    };
    card(
        &t!(lang, "使用情况", "Where it is used"),
        html! {
            (definitions([
                (t!(lang, "出现在试卷", "On papers"), html! { span #papers { (told.used.papers) } }),
                (t!(lang, "正在作答", "Being answered now"), html! { (told.used.running) }),
                (t!(lang, "第一次", "First"), html! { (on(told.used.first)) }),
                (t!(lang, "最近一次", "Last"), html! { (on(told.used.last)) }),
            ]))
            @if told.used.running > 0 {
                p.small.text-secondary.mt-2 { (t!(lang, "已发出的试卷保留原来的版本，改动不影响正在考试的人。", "Papers handed out keep the version they have; a change does not touch anybody who is sitting.")) }
            }
            @if exams.is_empty() {
                p.small.text-secondary.mt-2.mb-0 { (t!(lang, "没有考试抽取这一部分。", "No exam draws from this area.")) }
            } @else {
                p.mt-2.mb-1 { (t!(lang, "抽取这一部分的考试：", "Exams that draw from this area:")) }
                ul.mb-0 { @for (set, plan) in exams { li { a href={ "/exams/" (set) "/" (plan.code) } { (plan.title.get(lang)) } } } }
            }
        },
    )
}

fn percent_of(likeness: f64) -> i64 {
    (likeness * 100.0).round() as i64
}

fn similar(lang: Lang, told: &Told<'_>) -> Markup {
    html! {
        @if !told.similar.is_empty() {
            (card(&t!(lang, "措辞相近的题目", "Worded much alike"), html! {
                ul.list-unstyled.mb-0 { @for (code, stem, likeness) in told.similar {
                    li.mb-2 {
                        a href=(told.whole.bank.question_path(code)) { (code) } " "
                        (badge(Tone::Warn, t!(lang, "相似 {}%", "{} % alike", percent_of(*likeness))))
                        div.small.text-secondary { (beginning(stem.get(lang))) }
                    }
                } }
            }))
        }
    }
}

/// Who wrote and judged what, newest first.
fn history(acting: &Author, told: &Told<'_>) -> Markup {
    let lang = acting.lang();
    let whole = told.whole;
    let headers = [
        t!(lang, "版本", "Version"),
        t!(lang, "状态", "Stage"),
        t!(lang, "时间", "When"),
        t!(lang, "经手人", "By"),
        t!(lang, "理由", "Why"),
    ];
    let rows = whole.history.iter().rev().map(|passage| {
        let by = whole.name(lang, passage.by).map_or_else(|| t!(lang, "题库文件", "bank file"), str::to_owned);
        vec![
            html! { a href={ (whole.path()) "?version=" (passage.version) } { "v" (passage.version) } },
            stage_badge(lang, passage.stage),
            html! { (moment(acting, passage.at)) },
            html! { (by) },
            html! { (passage.why.as_deref().unwrap_or_default()) },
        ]
    });
    card_with(
        &t!(lang, "历史", "History"),
        html! {},
        html! { div #history { (table(&headers, rows)) } },
    )
}

/// The key, for authors only.
fn key(lang: Lang, body: &Body) -> Markup {
    html! {
        (key_of(lang, &body.task))
        @if !body.feedback.is_blank() { div.mt-3 { strong { (t!(lang, "讲解", "Why")) } (markdown::render(body.feedback.get(lang), "")) } }
        @if !body.references.is_empty() {
            strong { (t!(lang, "出处", "References")) }
            ul.mb-0 { @for line in &body.references { li { (line) } } }
        }
    }
}

fn key_of(lang: Lang, task: &Task) -> Markup {
    match task {
        Task::Single { options } => choices(lang, options),
        Task::Multiple { options, credit } => {
            html! { (choices(lang, options)) (credit_line(lang, *credit)) }
        }
        Task::TrueFalse { answer } => html! {
            p { @if *answer { (t!(lang, "正确", "True")) } @else { (t!(lang, "错误", "False")) } }
        },
        Task::Numeric(numeric) => html! {
            p { strong { (numeric.value) } " ± " (numeric.tolerance) " " (numeric.unit().get(lang)) }
            ul { @for other in &numeric.also {
                li { (other.value) " ± " (other.tolerance) " — " (percent::write(other.share)) " %" (remark(lang, &other.feedback)) }
            } }
        },
        Task::Short(short) => html! {
            ul { @for one in &short.accepted {
                li { code { (one.form) } @if !Share::of_millionths(one.share).is_all() { " — " (percent::write(one.share)) " %" } (remark(lang, &one.feedback)) }
            } }
            @if short.case_matters { p { (t!(lang, "区分大小写", "Capitals matter")) } }
        },
        Task::Ordering { items, credit } => html! {
            ol { @for item in items { li { (item.get(lang)) } } }
            (credit_line(lang, *credit))
        },
        Task::Matching(matching) => html! {
            ul { @for pair in &matching.pairs { li { (pair.prompt.get(lang)) " → " (pair.partner.get(lang)) } } }
            @if !matching.distractors.is_empty() {
                p { (t!(lang, "干扰项：", "Distractors: ")) (Text::list(&matching.distractors).get(lang)) }
            }
            (credit_line(lang, matching.credit))
        },
        Task::Hotspot(hotspot) => regions(lang, &hotspot.regions),
        Task::Case { parts } => html! {
            ol { @for part in parts { li.mb-2 {
                div.text-secondary { (beginning(part.stem.get(lang))) }
                (key_of(lang, &part.task))
                @if !part.feedback.is_blank() { (markdown::render(part.feedback.get(lang), "")) }
            } } }
        },
        Task::Essay(essay) => html! {
            p { (t!(lang, "由 {} 人阅卷", "Marked by {}", essay.markers)) }
            (markdown::render(essay.guide.get(lang), ""))
        },
    }
}

fn remark(lang: Lang, feedback: &Text) -> Markup {
    html! { @if !feedback.is_blank() { " " span.text-secondary { "（" (feedback.get(lang)) "）" } } }
}

fn choices(lang: Lang, options: &[Choice]) -> Markup {
    html! {
        ul.list-unstyled {
            @for option in options {
                li.mb-1 {
                    @if option.correct { span.text-success { (icon("check")) } " " strong { (option.text.get(lang)) } span.visually-hidden { (t!(lang, "（正确）", "(right)")) } }
                    @else { span.text-secondary { (icon("x")) } " " (option.text.get(lang)) }
                    @if let Some(share) = option.share { " " span.text-secondary { (percent::write(share)) " %" } }
                    (remark(lang, &option.feedback))
                }
            }
        }
    }
}

fn credit_line(lang: Lang, credit: Credit) -> Markup {
    let said = match credit {
        Credit::Exact => t!(lang, "全部答对才得分", "Everything or nothing"),
        Credit::Partial => t!(lang, "部分答对得部分分", "A part for what is right"),
        Credit::Weighted => t!(lang, "按各选项的 % 计分", "By the % of each option"),
    };
    html! { p.text-secondary { (said) } }
}

fn regions(lang: Lang, regions: &[Region]) -> Markup {
    let said = |region: &Region| match *region {
        Region::Rectangle { x, y, width, height } => t!(
            lang,
            "矩形：左 {x}，上 {y}，宽 {width}，高 {height}",
            "Rectangle: left {x}, top {y}, width {width}, height {height}"
        ),
        Region::Circle { x, y, radius } => {
            t!(lang, "圆：圆心 {x}，{y}，半径 {radius}", "Circle: centre {x}, {y}, radius {radius}")
        }
    };
    html! { ul { @for region in regions { li { (said(region)) } } } }
}

/// Two questions side by side.
pub struct Twins<'a> {
    pub left: (&'a OnShelf, &'a Body),
    pub right: (&'a OnShelf, &'a Body),
    pub likeness: f64,
}

/// Pairs of questions that are worded much alike.
pub fn duplicates(acting: &Author, bank: &Bank, twins: &[Twins<'_>], more: bool) -> Markup {
    let lang = acting.lang();
    let title = t!(lang, "措辞相近的题目", "Questions worded much alike");
    let subtitle = t!(
        lang,
        "比较题干和选项，中英文分别比较。停用的题目不比较。",
        "Stems and options are compared, Chinese and English each by itself. Retired questions are left out."
    );
    acting.page(&title, &[to_banks(lang), to_bank(lang, bank)], html! {
        (heading(&title, subtitle, html! {}))
        @if twins.is_empty() {
            (card("", empty("circle-check", &t!(lang, "没有发现相近的题目", "Nothing is much alike"),
                t!(lang, "新题保存时也会自动比较。", "New questions are compared when they are saved, too."))))
        }
        @if more { (alert(Tone::Info, t!(lang, "只显示最相近的 {} 对。", "Only the {} closest pairs are shown.", twins.len()))) }
        @for pair in twins {
            (card(&t!(lang, "相似 {}%", "{} % alike", percent_of(pair.likeness)), html! {
                div.row { @for (one, body) in [pair.left, pair.right] {
                    div."col-md-6".twin {
                        p { a href=(bank.question_path(&one.code)) { (one.code) } " " (stage_badge(lang, one.standing().stage)) }
                        (markdown::render(body.stem.get(lang), ""))
                        (key_of(lang, &body.task))
                    }
                } }
            }))
        }
    })
}

/// Told above the form of a new question that is much like others.
pub fn too_similar(lang: Lang, bank: &Bank, similar: &[(String, Text, f64)]) -> Markup {
    alert(
        Tone::Warn,
        html! {
            (t!(lang, "题库里已有措辞相近的题目，还没有保存：", "The bank holds questions worded much like this one; it is not saved yet:"))
            ul.mb-0 { @for (code, stem, likeness) in similar {
                li { a href=(bank.question_path(code)) { (code) } (t!(lang, "（相似 {}%）", " ({} % alike)", percent_of(*likeness))) " " (beginning(stem.get(lang))) }
            } }
        },
    )
}

/// Told to whoever saves on top of somebody else's newer version; what they typed stays.
pub fn overtaken(acting: &Author, whole: &Whole) -> Markup {
    let lang = acting.lang();
    let Some(newest) = whole.newest() else { return html! {} };
    let number = newest.outline.number;
    let who = whole.name(lang, newest.outline.author).unwrap_or("—").to_owned();
    let at = moment(acting, newest.outline.written_at);
    let said = as_question(&whole.code, newest);
    html! {
        (alert(Tone::Warn, html! {
            (t!(lang, "您编辑期间，{who} 在 {at} 保存了第 {number} 版。您填写的内容都在下面，还没有保存。核对后再次保存，会成为下一版，两个版本都保留。",
                "While you were editing, {who} saved version {number} at {at}. What you typed is below and not saved yet. Compare, then save again: yours becomes the next version, and both stay. "))
            a href={ (whole.path()) "?version=" (number) } target="_blank" rel="noopener" { (t!(lang, "打开第 {number} 版", "Open version {number}")) }
        }))
        details.mb-3 {
            summary { (t!(lang, "第 {number} 版的内容", "What version {number} says")) }
            (preview(lang, &said.body))
            (key(lang, &said.body))
        }
    }
}
