//! Pages of blueprints: which exams have one, what the newest says, writing another.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};

use super::{
    check::{Check, Papers},
    lines,
    model::{Form, Version},
};
use crate::{
    access::{Acting, Authoring},
    exams::{questions::bank::Live, rules::Offer},
    i18n::{self, Lang, Text},
    record::blueprint::{Block, Blueprint, Difficulties, Levels, Table},
    t, text,
    web::{
        Crumb, Problems,
        components::{
            Tone, alert, badge, button_form, card, card_with, definitions, empty, heading, icon,
            table,
        },
        forms::{Field, new_key},
    },
};

pub fn path_of(exam: &str) -> String {
    format!("/exams/blueprints/{exam}")
}

pub fn version_path(exam: &str, number: i64) -> String {
    format!("/exams/blueprints/{exam}/{number}")
}

fn crumb(lang: Lang) -> Crumb {
    Crumb::new("/exams/blueprints", t!(lang, "双向细目表", "Blueprints"))
}

/// Every exam that is sat here, with how its bank stands to what it asks for.
pub fn list(acting: &Acting<Authoring>, lines: &[(Offer<'_>, Form<'_>, Check)]) -> Markup {
    let lang = acting.lang();
    let title = t!(lang, "双向细目表", "Blueprints");
    let headers = [
        t!(lang, "考试", "Exam"),
        t!(lang, "题数", "Questions"),
        t!(lang, "来源", "From"),
        t!(lang, "不同试卷", "Different papers"),
        t!(lang, "题库", "Bank"),
    ];
    let rows = lines.iter().map(|(offer, form, check)| {
        vec![
            html! { a href=(path_of(&offer.code())) { (offer.plan.title.get(lang)) } },
            html! { (form.questions()) },
            html! { (origin(lang, form)) },
            html! { @if check.can_be_sat() { (papers(lang, check.papers())) } },
            verdict(lang, form, check),
        ]
    });
    let subtitle = t!(
        lang,
        "每份试卷由哪些内容、层次和难度组成，题库够不够",
        "What every paper consists of, and whether the bank can fill it"
    );
    let body = html! {
        (heading(&title, subtitle, html! {}))
        @if lines.is_empty() {
            (card("", empty("clipboard-check", &t!(lang, "暂无考试", "No exams"),
                t!(lang, "在规则库中计划一场考试后，可在这里编写细目表。", "Plan an exam in a rule set; its blueprint is written here."))))
        } @else {
            (card_with("", html! {}, table(&headers, rows)))
        }
    };
    acting.page(&title, &[Crumb::new("/exams", t!(lang, "考试", "Exams"))], body)
}

fn origin(lang: Lang, form: &Form<'_>) -> String {
    match form {
        Form::Plain(_) => t!(lang, "规则库：按题数抽题", "rule set: plain counts"),
        Form::Blueprint { id: None, .. } => t!(lang, "规则库：细目表", "rule set: blueprint"),
        Form::Blueprint { id: Some(_), .. } => t!(lang, "在此发布", "published here"),
    }
}

fn verdict(lang: Lang, form: &Form<'_>, check: &Check) -> Markup {
    if !check.can_be_sat() {
        return badge(Tone::Bad, t!(lang, "题目不足", "Cannot be filled"));
    }
    if check.cells.iter().any(|cell| cell.is_thin(form.max_exposure())) {
        return badge(Tone::Warn, t!(lang, "题量偏少", "Thin"));
    }
    badge(Tone::Good, t!(lang, "充足", "Enough"))
}

fn papers(lang: Lang, papers: Papers) -> String {
    match papers {
        Papers::Exactly(count) => count.to_string(),
        Papers::PowerOfTen(power) => t!(lang, "超过 10{}", "more than 10{}", superscript(power)),
    }
}

fn superscript(number: u32) -> String {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    number.to_string().bytes().map(|byte| DIGITS[usize::from(byte - b'0') % 10]).collect()
}

/// What holds now, the versions, and a form for the next one.
pub fn exam(
    acting: &Acting<Authoring>,
    offer: Offer<'_>,
    form: &Form<'_>,
    live: &[Live],
    versions: &[Version],
    sheet: &Sheet,
) -> Markup {
    let lang = acting.lang();
    let title = offer.plan.title.get(lang);
    let check = Check::of(form, live);
    let body = html! {
        (heading(title, t!(lang, "双向细目表", "Blueprint"), html! {
            a.btn href=(offer.path()) { (t!(lang, "考试说明", "About this exam")) }
        }))
        (summary(lang, form, &check))
        (cells(lang, form, &check))
        (history(acting, &offer.code(), versions))
        (editor(lang, &offer.code(), live, sheet))
    };
    acting.page(title, &[crumb(lang)], body)
}

/// One version, and publishing it.
pub fn version(
    acting: &Acting<Authoring>,
    offer: Offer<'_>,
    version: &Version,
    form: &Form<'_>,
    live: &[Live],
) -> Markup {
    let lang = acting.lang();
    let number = version.version;
    let title = t!(lang, "第 {number} 版", "Version {number}");
    let check = Check::of(form, live);
    let code = offer.code();
    let body = html! {
        (heading(offer.plan.title.get(lang), &title, html! {}))
        @if let Some(at) = version.published_at {
            @let at = i18n::instant(lang, at.utc(), acting.zone);
            (alert(Tone::Info, t!(lang, "已于 {at} 发布。", "Published {at}.")))
        } @else if check.can_be_sat() {
            (alert(Tone::Good, html! {
                p { (t!(lang, "题库可以满足这份细目表。发布后，新开始的考试按它抽题；正在进行的不变。",
                    "The bank can fill this blueprint. Once it is published, attempts started from then on are drawn by it; running ones stay as they are.")) }
                (button_form(&format!("{}/publish", version_path(&code, number)), &new_key(), "btn-primary",
                    html! { (icon("check")) (t!(lang, "发布", "Publish")) }))
            }))
        }
        (summary(lang, form, &check))
        (cells(lang, form, &check))
    };
    acting.page(
        &title,
        &[crumb(lang), Crumb::new(path_of(&code), offer.plan.title.get(lang))],
        body,
    )
}

fn summary(lang: Lang, form: &Form<'_>, check: &Check) -> Markup {
    let minutes = form.minutes().map(|minutes| t!(lang, "{minutes} 分钟", "{minutes} minutes"));
    let mut lines = vec![
        (t!(lang, "来源", "From"), html! { (origin(lang, form)) }),
        (t!(lang, "计分题", "Scored questions"), html! { (form.questions()) }),
    ];
    if let Some(minutes) = minutes {
        lines.push((t!(lang, "时间", "Time"), html! { (minutes) }));
    }
    if let Form::Blueprint { blueprint, .. } = form {
        let pilot = blueprint.pilot;
        let said =
            t!(lang, "最多 {pilot} 题，不计分、不标明", "up to {pilot}, unscored and unmarked");
        lines.push((t!(lang, "试测题", "On trial"), html! { (said) }));
        if let Some(most) = blueprint.max_exposure {
            lines.push((t!(lang, "曝光率上限", "Exposure limit"), html! { (most) " %" }));
        }
    }
    if check.can_be_sat() {
        lines.push((
            t!(lang, "不同试卷", "Different papers"),
            html! { (papers(lang, check.papers())) },
        ));
    }
    html! {
        @if !check.can_be_sat() {
            (alert(Tone::Bad, html! {
                (t!(lang, "题库不能满足：", "The bank cannot fill it:"))
                ul.mb-0 { @for lack in &check.lacks { li { (lack.get(lang)) } } }
            }))
        }
        (card(&t!(lang, "概况", "In short"), definitions(lines)))
    }
}

/// What each cell asks for, what there is, and on how many papers each question will be.
fn cells(lang: Lang, form: &Form<'_>, check: &Check) -> Markup {
    if check.cells.is_empty() {
        return html! {};
    }
    let headings: BTreeMap<usize, Text> =
        form.headings().into_iter().map(|(block, title, _)| (block, title)).collect();
    let headers = [
        t!(lang, "内容", "Cell"),
        t!(lang, "抽取", "Drawn"),
        t!(lang, "题库有", "In the bank"),
        t!(lang, "曝光率", "Exposure"),
    ];
    let rows = check.cells.iter().map(|cell| {
        let block = headings.get(&cell.block).map(|title| title.get(lang));
        let name = cell.name.get(lang).trim_end_matches([':', ' ']);
        vec![
            html! {
                @if let Some(block) = block { span.text-secondary { (block) " · " } }
                @if name.is_empty() { (t!(lang, "整个题库", "the whole bank")) } @else { (name) }
            },
            html! { (cell.count) @if !cell.scored { " " (badge(Tone::Neutral, t!(lang, "不计分", "unscored"))) } },
            html! { (cell.there) },
            html! {
                (cell.exposure()) " %"
                @if cell.is_thin(form.max_exposure()) { " " (badge(Tone::Warn, t!(lang, "偏少", "thin"))) }
            },
        ]
    });
    card_with(&t!(lang, "构成", "Cells"), html! {}, table(&headers, rows))
}

fn history(acting: &Acting<Authoring>, exam: &str, versions: &[Version]) -> Markup {
    let lang = acting.lang();
    if versions.is_empty() {
        return html! {};
    }
    let headers = [
        t!(lang, "版本", "Version"),
        t!(lang, "编写", "Written"),
        t!(lang, "发布", "Published"),
        t!(lang, "说明", "Note"),
    ];
    let day = |at: crate::db::Instant| i18n::instant(lang, at.utc(), acting.zone);
    let rows = versions.iter().map(|one| {
        vec![
            html! { a href=(version_path(exam, one.version)) { (one.version) } },
            html! { (one.created_by.as_deref().unwrap_or_default()) " " span.text-secondary { (day(one.created_at)) } },
            html! { @if let Some(at) = one.published_at {
                (one.published_by.as_deref().unwrap_or_default()) " " span.text-secondary { (day(at)) }
            } @else { (badge(Tone::Neutral, t!(lang, "草稿", "Draft"))) } },
            html! { (one.note) },
        ]
    });
    card_with(&t!(lang, "各版本", "Versions"), html! {}, table(&headers, rows))
}

/// What somebody typed, kept as it is until it is right.
#[derive(Default)]
pub struct Sheet {
    pub form_key: String,
    pub note: String,
    pilot: String,
    max_exposure: String,
    blocks: Vec<BTreeMap<String, String>>,
    problems: Problems,
}

/// As many blocks as the form shows.
const BLOCKS: usize = 4;

impl Sheet {
    /// A sheet that says what holds now, to start from.
    pub fn of(form: &Form<'_>, live: &[Live]) -> Sheet {
        let blueprint = match form {
            Form::Blueprint { blueprint, .. } => blueprint.clone().into_owned(),
            Form::Plain(_) => evenly(form.questions(), live),
        };
        let max_exposure = blueprint.max_exposure.map(|most| most.to_string());
        Sheet {
            form_key: new_key(),
            pilot: blueprint.pilot.to_string(),
            max_exposure: max_exposure.unwrap_or_default(),
            blocks: blueprint.blocks.iter().map(written).collect(),
            ..Sheet::default()
        }
    }

    pub fn read(fields: Vec<(String, String)>) -> Sheet {
        let mut sheet = Sheet { blocks: vec![BTreeMap::new(); BLOCKS], ..Sheet::default() };
        for (name, value) in fields {
            match name.as_str() {
                "form_key" => sheet.form_key = value,
                "note" => sheet.note = value,
                "pilot" => sheet.pilot = value,
                "max_exposure" => sheet.max_exposure = value,
                other => {
                    let block = other.strip_prefix('b').and_then(|rest| rest.split_once('-'));
                    let Some((number, field)) = block else { continue };
                    let number = number.parse::<usize>().ok().and_then(|n| n.checked_sub(1));
                    if let Some(block) = number.and_then(|at| sheet.blocks.get_mut(at)) {
                        block.insert(field.to_owned(), value);
                    }
                }
            }
        }
        sheet
    }

    fn get(&self, block: usize, field: &str) -> &str {
        self.blocks.get(block).and_then(|block| block.get(field)).map_or("", String::as_str)
    }

    /// The blueprint it says, or itself again with what is wrong.
    pub fn blueprint(mut self, live: &[Live]) -> Result<Blueprint, Box<Sheet>> {
        let pilot = self.number("pilot", &self.pilot.clone());
        let max_exposure = self.number("max_exposure", &self.max_exposure.clone());
        let mut blocks = Vec::new();
        for at in 0..self.blocks.len() {
            let filled = self.blocks[at].values().any(|value| !value.trim().is_empty());
            if filled {
                blocks.push(self.block(at, live));
            }
        }
        let pilot = pilot.unwrap_or(0);
        let blueprint = Blueprint { blocks, pilot, max_exposure };
        if self.problems.is_empty() {
            for mistake in blueprint.mistakes() {
                self.problems.add("form", mistake);
            }
        }
        if self.problems.is_empty() { Ok(blueprint) } else { Err(Box::new(self)) }
    }

    fn number(&mut self, name: &str, typed: &str) -> Option<u32> {
        let typed = typed.trim();
        if typed.is_empty() {
            return None;
        }
        let number = typed.parse().ok();
        if number.is_none() {
            let mistake = text!("请填整数，不为负。", "A whole number, not below zero.");
            self.problems.add(name, mistake);
        }
        number
    }

    fn block_number(&mut self, at: usize, field: &str) -> Option<u32> {
        let typed = self.get(at, field).to_owned();
        self.number(&format!("b{}-{field}", at + 1), &typed)
    }

    fn block(&mut self, at: usize, live: &[Live]) -> Block {
        let title = Text::new(self.get(at, "zh").trim(), self.get(at, "en").trim());
        let minutes = self.block_number(at, "minutes");
        let questions = self.block_number(at, "questions").unwrap_or(0);
        let areas = self.get(at, "areas").to_owned();
        let typed = !areas.trim().is_empty() || questions > 0;
        let table = typed.then(|| self.table(at, questions, &areas, live));
        let codes: Vec<String> = live.iter().map(|one| one.code.clone()).collect();
        let picks = lines::read_picks(self.get(at, "picks"), &codes).unwrap_or_else(|wrong| {
            self.wrong_lines(&format!("b{}-picks", at + 1), wrong);
            Vec::new()
        });
        Block { title: (!title.is_blank()).then_some(title), minutes, table, picks }
    }

    fn table(&mut self, at: usize, questions: u32, areas: &str, live: &[Live]) -> Table {
        let areas = lines::read_areas(areas, &areas_of(live)).unwrap_or_else(|wrong| {
            self.wrong_lines(&format!("b{}-areas", at + 1), wrong);
            Vec::new()
        });
        let mut three = |fields: [&str; 3]| {
            let weights = fields.map(|field| self.block_number(at, field));
            weights.iter().any(Option::is_some).then(|| weights.map(|weight| weight.unwrap_or(0)))
        };
        let levels = three(["recall", "apply", "diagnose"]);
        let difficulties = three(["easy", "medium", "hard"]);
        let chosen = |word: &&str| !self.get(at, word).is_empty();
        let importance = ["X", "Y", "Z"].iter().filter(|word| chosen(word));
        Table {
            questions,
            areas,
            levels: levels.map(|[recall, apply, diagnose]| Levels { recall, apply, diagnose }),
            difficulties: difficulties.map(|[easy, medium, hard]| Difficulties {
                easy,
                medium,
                hard,
            }),
            importance: importance.map(|word| (*word).to_owned()).collect(),
        }
    }

    fn wrong_lines(&mut self, field: &str, wrong: lines::Wrong) {
        let said: Vec<Text> = wrong
            .into_iter()
            .map(|(line, Text { zh, en })| text!("第 {line} 行：{zh}", "line {line}: {en}"))
            .collect();
        self.problems.add(field, Text::list(&said));
    }
}

/// The areas of a bank, in their order.
fn areas_of(live: &[Live]) -> Vec<String> {
    let areas: BTreeSet<&str> = live.iter().map(|one| one.area.as_str()).collect();
    areas.into_iter().map(str::to_owned).collect()
}

/// Every area the same weight: where nobody has thought about it yet.
fn evenly(questions: u32, live: &[Live]) -> Blueprint {
    let leaf = |area: String| crate::record::blueprint::AreaShare {
        weight: 1,
        area: Some(area),
        ..Default::default()
    };
    let areas = areas_of(live).into_iter().map(leaf).collect();
    let table = Table { questions, areas, ..Table::default() };
    Blueprint {
        blocks: vec![Block { table: Some(table), ..Block::default() }],
        ..Blueprint::default()
    }
}

/// A block as its fields say it.
fn written(block: &Block) -> BTreeMap<String, String> {
    let mut said: BTreeMap<String, String> = BTreeMap::new();
    let mut put = |name: &str, value: String| said.insert(name.to_owned(), value);
    if let Some(title) = &block.title {
        put("zh", title.zh.clone());
        put("en", title.en.clone());
    }
    put("minutes", block.minutes.map(|minutes| minutes.to_string()).unwrap_or_default());
    put("picks", lines::write_picks(&block.picks));
    let Some(table) = &block.table else { return said };
    put("questions", table.questions.to_string());
    put("areas", lines::write_areas(&table.areas));
    if let Some(levels) = table.levels {
        for (name, weight) in ["recall", "apply", "diagnose"].iter().zip(levels.weights()) {
            put(name, weight.to_string());
        }
    }
    if let Some(difficulties) = table.difficulties {
        for (name, weight) in ["easy", "medium", "hard"].iter().zip(difficulties.weights()) {
            put(name, weight.to_string());
        }
    }
    for word in &table.importance {
        put(word, "on".to_owned());
    }
    said
}

fn editor(lang: Lang, exam: &str, live: &[Live], sheet: &Sheet) -> Markup {
    let problems = &sheet.problems;
    card(
        &t!(lang, "编写新版本", "Write a new version"),
        html! {
            p.text-secondary { (t!(lang,
                "各部分按权重分配题数：先取整数部分，余下的名额给余数最大的；余数相同，排在前面的优先。层次与难度同样按权重分配。每位考生的试卷构成完全相同，只是各格内抽到的题不同。",
                "Areas share the questions by weight: the whole parts first, then the seats left to the largest remainders; of equal remainders the first line wins. Levels and difficulties share in the same way. Every candidate's paper has the same cells; only the questions within a cell differ.")) }
            form method="post" action=(path_of(exam)) {
                input type="hidden" name="form_key" value=(sheet.form_key);
                @if let Some(problem) = problems.get("form") { (alert(Tone::Bad, problem.get(lang))) }
                @for at in 0..BLOCKS { (block_fields(lang, at, live, sheet)) }
                div.row {
                    div."col-md-3" { (Field::new("pilot", t!(lang, "试测题（不计分）", "On trial (unscored)"), &sheet.pilot)
                        .kind("number").hint(t!(lang, "不超过全卷的 20%", "at most 20 % of the paper")).input(lang, problems)) }
                    div."col-md-3" { (Field::new("max_exposure", t!(lang, "曝光率上限（%）", "Exposure limit (%)"), &sheet.max_exposure)
                        .kind("number").hint(t!(lang, "可不填；超过的题让位给其他题", "optional; questions above it give way to others")).input(lang, problems)) }
                    div."col-md-6" { (Field::new("note", t!(lang, "说明", "Note"), &sheet.note)
                        .hint(t!(lang, "为什么改、依据什么", "why it changes, and on what ground")).input(lang, problems)) }
                }
                button.btn.btn-primary type="submit" { (icon("check")) (t!(lang, "检查并保存为新版本", "Check and save as a new version")) }
            }
        },
    )
}

fn block_fields(lang: Lang, at: usize, live: &[Live], sheet: &Sheet) -> Markup {
    let number = at + 1;
    let name = |field: &str| format!("b{number}-{field}");
    let problems = &sheet.problems;
    let field = |field: &'static str, label: String, kind: &'static str| {
        let name = name(field);
        Field::new(&name, label, sheet.get(at, field)).kind(kind).input(lang, problems)
    };
    let (areas, picks) = (name("areas"), name("picks"));
    let known = areas_of(live).join(", ");
    let used = sheet.blocks.get(at).is_some_and(|block| !block.is_empty());
    html! {
        details.mb-3.border.rounded.p-3 open[at == 0 || used] {
            summary."h3".mb-0 { (t!(lang, "第 {number} 部分", "Part {number}")) }
            div.row.mt-3 {
                div."col-md-4" { (field("zh", t!(lang, "标题（中文）", "Title (Chinese)"), "text")) }
                div."col-md-4" { (field("en", t!(lang, "标题（英文）", "Title (English)"), "text")) }
                div."col-6"."col-md-2" { (field("minutes", t!(lang, "分钟", "Minutes"), "number")) }
                div."col-6"."col-md-2" { (field("questions", t!(lang, "题数", "Questions"), "number")) }
                div."col-md-6" { (Field::new(&areas, t!(lang, "内容与权重（每行一个）", "Areas and weights (one a line)"), sheet.get(at, "areas"))
                    .hint(t!(lang, "例：25 isolation；下级部分缩进两格。题库的部分：{known}", "such as 25 isolation; indent deeper areas by two spaces. The bank has: {known}"))
                    .area(lang, problems, 6)) }
                div."col-md-6" { (Field::new(&picks, t!(lang, "必考与抽考（每行一组）", "Required and drawn questions (one group a line)"), sheet.get(at, "picks"))
                    .hint(t!(lang, "例：1: hv-001, hv-002（两题抽一）；all: hv-003（必考）。案例题只能这样抽。", "such as 1: hv-001, hv-002 (one of two); all: hv-003 (required). Cases are drawn only like this."))
                    .area(lang, problems, 6)) }
                (three(lang, &t!(lang, "层次权重", "Weights of levels"), [
                    field("recall", t!(lang, "识记", "Recall"), "number"),
                    field("apply", t!(lang, "应用", "Apply"), "number"),
                    field("diagnose", t!(lang, "诊断", "Diagnose"), "number")]))
                (three(lang, &t!(lang, "难度权重", "Weights of difficulty"), [
                    field("easy", t!(lang, "易", "Easy"), "number"),
                    field("medium", t!(lang, "中", "Medium"), "number"),
                    field("hard", t!(lang, "难", "Hard"), "number")]))
                fieldset."col-12" {
                    legend.form-label { (t!(lang, "只抽这些重要程度（不选为全部）", "Only of this importance (all, if none is ticked)")) }
                    @for (word, label) in [("X", t!(lang, "X 核心", "X core")), ("Y", t!(lang, "Y 一般", "Y general")), ("Z", t!(lang, "Z 辅助", "Z auxiliary"))] {
                        label.form-check.form-check-inline {
                            input.form-check-input type="checkbox" name=(name(word)) value="on" checked[!sheet.get(at, word).is_empty()];
                            span.form-check-label { (label) }
                        }
                    }
                }
            }
        }
    }
}

fn three(lang: Lang, title: &str, fields: [Markup; 3]) -> Markup {
    html! {
        fieldset."col-md-6" {
            legend.form-label { (title) " " span.form-hint { (t!(lang, "（可不填）", "(optional)")) } }
            div.row.g-2 { @for field in &fields { div."col-4" { (field) } } }
        }
    }
}
