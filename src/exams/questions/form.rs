//! The editor's page: the fields of each kind, usable without script, mistakes at their fields.

use maud::{Markup, html};

use super::{
    fields::{Areas, Fields},
    model::{Difficulty, Importance, Level, QuestionKind},
};
use crate::{
    i18n::{Lang, Text},
    t,
    web::{
        Problems,
        components::{Tone, alert, card, icon},
        forms::Field,
    },
};

/// The fields with what is wrong with them, for one reader.
#[derive(Clone, Copy)]
pub struct Sheet<'a> {
    pub lang: Lang,
    pub fields: &'a Fields,
    pub problems: &'a Problems,
}

impl<'a> Sheet<'a> {
    fn get(&self, name: &str) -> &'a str {
        self.fields.get(name)
    }

    fn problem(&self, name: &str) -> Option<&'a str> {
        self.problems.get(name).map(|text| text.get(self.lang))
    }

    /// A one-line input with its label.
    fn input(&self, name: &str, label: String, hint: String) -> Markup {
        Field::new(name, label, self.get(name)).hint(hint).input(self.lang, self.problems)
    }

    /// Several lines in both languages, side by side.
    fn both(&self, name: &str, label: &Text, rows: u8) -> Markup {
        html! {
            div.row.g-2 {
                @for (tongue, of) in TONGUES {
                    @let name = format!("{name}.{tongue}");
                    div."col-md-6" lang=(of) {
                        (Field::new(&name, format!("{} · {}", label.get(self.lang), own_name(tongue)), self.get(&name))
                            .area(self.lang, self.problems, rows))
                    }
                }
            }
        }
    }

    /// A field of a row: its label is for screen readers, its place says it to others.
    fn cell(&self, name: &str, label: &str, class: &str) -> Markup {
        let problem = self.problem(name);
        html! {
            div class=(class) {
                textarea.form-control .is-invalid[problem.is_some()] id=(name) name=(name) rows="1"
                    aria-label=(label) placeholder=(label) aria-invalid=[problem.map(|_| "true")] { (self.get(name)) }
                (mistake(problem))
            }
        }
    }

    fn small(&self, name: &str, label: &str, class: &str) -> Markup {
        let problem = self.problem(name);
        html! {
            div class=(class) {
                input.form-control .is-invalid[problem.is_some()] id=(name) name=(name) type="text" inputmode="decimal"
                    value=(self.get(name)) aria-label=(label) placeholder=(label) aria-invalid=[problem.map(|_| "true")] autocomplete="off";
                (mistake(problem))
            }
        }
    }

    fn choice(&self, name: &str, label: String, options: Vec<(String, String)>) -> Markup {
        Field::new(name, label, self.get(name)).select(self.lang, self.problems, options)
    }

    fn tick(&self, name: &str, label: String) -> Markup {
        html! {
            label.form-check {
                input.form-check-input type="checkbox" name=(name) value="on" checked[self.fields.is_on(name)];
                span.form-check-label { (label) }
            }
        }
    }
}

fn mistake(problem: Option<&str>) -> Markup {
    html! { @if let Some(problem) = problem { div.text-danger.small.mt-1 { (problem) } } }
}

const TONGUES: [(&str, &str); 2] = [("zh", "zh-CN"), ("en", "en")];

fn own_name(tongue: &str) -> &'static str {
    if tongue == "zh" { "中文" } else { "English" }
}

/// Everything between the buttons above and below.
pub fn sheet(sheet: Sheet<'_>, kind: QuestionKind, areas: &Areas, new: bool) -> Markup {
    let lang = sheet.lang;
    html! {
        (card(&t!(lang, "题目", "Question"), html! {
            (sheet.both("stem", &stem_label(kind), 4))
            (task(sheet, "", kind))
        }))
        (card(&t!(lang, "讲解与出处", "Explanation and sources"), html! {
            (sheet.both("feedback", &crate::text!("讲解（练习后显示，考试中不显示）", "Why this is right (shown after practice, never in an exam)"), 3))
            (Field::new("references", t!(lang, "出处", "References"), sheet.get("references"))
                .hint(t!(lang, "每行一条：标准、维修手册或课程。", "One a line: a standard, a manual, a lesson."))
                .area(lang, sheet.problems, 2))
        }))
        (card(&t!(lang, "图片", "Pictures"), pictures(sheet, kind)))
        (card(&t!(lang, "在题库中的位置", "Its place in the bank"), place(sheet, areas, new)))
    }
}

fn stem_label(kind: QuestionKind) -> Text {
    match kind {
        QuestionKind::Case => crate::text!("案例描述", "The case"),
        _ => crate::text!("题干（Markdown）", "Question (Markdown)"),
    }
}

fn place(sheet: Sheet<'_>, areas: &Areas, new: bool) -> Markup {
    let lang = sheet.lang;
    let listed = areas.iter().map(|(code, title)| (code.clone(), title.get(lang).to_owned()));
    let none = (String::new(), t!(lang, "请选择…", "Choose …"));
    let levels = Level::ALL.iter().map(|one| (one.word(), one.title())).collect();
    let weights = Importance::ALL.iter().map(|one| (one.word(), one.title())).collect();
    let grades = Difficulty::ALL.iter().map(|one| (one.word(), one.title())).collect();
    html! {
        div.row.g-2 {
            div."col-md-6" { (sheet.choice("area", t!(lang, "所属部分", "Area"), std::iter::once(none).chain(listed).collect())) }
            div."col-md-6" {
                details open[areas.is_empty() || !sheet.get("new_area.zh").is_empty() || !sheet.get("new_area.en").is_empty()] {
                    summary.mb-2 { (t!(lang, "新的部分…", "A new area …")) }
                    div.row.g-2 {
                        div.col-6 { (sheet.input("new_area.zh", "中文".to_owned(), String::new())) }
                        div.col-6 { (sheet.input("new_area.en", "English".to_owned(), String::new())) }
                    }
                }
            }
            div."col-6"."col-md-3" { (sheet.choice("level", t!(lang, "认知层次", "Level"), titled(lang, levels))) }
            div."col-6"."col-md-3" { (sheet.choice("importance", t!(lang, "重要程度", "Importance"), coded(lang, weights))) }
            div."col-6"."col-md-3" { (sheet.choice("difficulty", t!(lang, "难度", "Difficulty"), titled(lang, grades))) }
            @if new {
                div."col-6"."col-md-3" {
                    (sheet.input("code", t!(lang, "题目代码", "Code"), t!(lang, "留空则自动编号。", "Leave it empty for the next number.")))
                }
            } @else {
                input type="hidden" name="code" value=(sheet.get("code"));
            }
        }
    }
}

fn titled(lang: Lang, all: Vec<(&'static str, Text)>) -> Vec<(String, String)> {
    all.into_iter().map(|(word, title)| (word.to_owned(), title.get(lang).to_owned())).collect()
}

/// X, Y and Z are what authors know them by.
fn coded(lang: Lang, all: Vec<(&'static str, Text)>) -> Vec<(String, String)> {
    let line =
        |(word, title): (&str, Text)| (word.to_owned(), format!("{word} · {}", title.get(lang)));
    all.into_iter().map(line).collect()
}

/// The fields of what is asked; `prefix` names the part of a case.
fn task(sheet: Sheet<'_>, prefix: &str, kind: QuestionKind) -> Markup {
    let fields = match kind {
        QuestionKind::Single | QuestionKind::Multiple => options(sheet, prefix, kind),
        QuestionKind::TrueFalse => true_false(sheet, prefix),
        QuestionKind::Numeric => numeric(sheet, prefix),
        QuestionKind::Short => short(sheet, prefix),
        QuestionKind::Ordering => ordering(sheet, prefix),
        QuestionKind::Matching => matching(sheet, prefix),
        QuestionKind::Hotspot => hotspot(sheet, prefix),
        QuestionKind::Essay => essay(sheet, prefix),
        QuestionKind::Case => return parts(sheet),
    };
    let lang = sheet.lang;
    let shuffled = matches!(kind, QuestionKind::Single | QuestionKind::Multiple);
    html! {
        (fields)
        div.row.g-2.align-items-end {
            div."col-6"."col-md-3" {
                (sheet.input(&format!("{prefix}points"), t!(lang, "分值", "Points"), String::new()))
            }
            @if shuffled {
                div.col-auto.mb-3 {
                    (sheet.tick(&format!("{prefix}fixed_order"), t!(lang, "选项按此顺序显示（不打乱）", "Show the options in this order")))
                }
            }
        }
    }
}

/// A list of rows with a button for more of them.
fn rows(
    sheet: Sheet<'_>,
    list: &str,
    label: String,
    hint: String,
    row: impl Fn(usize, &str) -> Markup,
) -> Markup {
    let lang = sheet.lang;
    let count = sheet.fields.rows(list);
    html! {
        fieldset.mb-3 data-rows=(list) {
            legend.form-label { (label) }
            @if !hint.is_empty() { div.form-hint.mb-2 { (hint) } }
            input type="hidden" name={ (list) ".rows" } value=(count);
            (mistake(sheet.problem(list)))
            @for at in 0..count {
                div.qe-row data-row=(at) { (row(at, &format!("{list}.{at}"))) }
            }
            button.btn.btn-sm type="submit" name="more" value=(list) formnovalidate { (icon("plus")) (t!(lang, "加三行", "Three more rows")) }
        }
    }
}

fn number(lang: Lang, at: usize) -> String {
    let n = at + 1;
    t!(lang, "第 {n} 项", "row {n}")
}

fn options(sheet: Sheet<'_>, prefix: &str, kind: QuestionKind) -> Markup {
    let lang = sheet.lang;
    let single = kind == QuestionKind::Single;
    let (input, correct) = (if single { "radio" } else { "checkbox" }, format!("{prefix}correct"));
    let hint = if single {
        t!(
            lang,
            "左边选中唯一正确的一项；空行不算。",
            "Mark the one right option on the left; empty rows do not count."
        )
    } else {
        t!(
            lang,
            "左边勾选所有正确的选项；空行不算。",
            "Tick every right option on the left; empty rows do not count."
        )
    };
    html! {
        (rows(sheet, &format!("{prefix}option"), t!(lang, "选项", "Options"), hint, |at, row| html! {
            div.row.g-2 {
                div.col-auto.pt-2 {
                    input.form-check-input type=(input) name=(correct) value=(at) checked[sheet.fields.has(&correct, &at.to_string())]
                        aria-label=(t!(lang, "{} 正确", "{} is right", number(lang, at)));
                }
                (sheet.cell(&format!("{row}.zh"), "中文", "col"))
                div."w-100"."d-md-none" {}
                (sheet.cell(&format!("{row}.en"), "English", "col ms-4 ms-md-0"))
                (sheet.small(&format!("{row}.share"), "%", "col-3 col-md-1"))
            }
            (row_feedback(sheet, row))
        }))
        @if !single { (credit(sheet, prefix, true)) }
        p.form-hint { (t!(lang, "“%”：选这一项得到的分值比例，通常留空。", "“%” is the share of the points this option earns by itself; usually empty.")) }
    }
}

/// What somebody who answered like this reads in practice.
fn row_feedback(sheet: Sheet<'_>, row: &str) -> Markup {
    let lang = sheet.lang;
    let (zh, en) = (format!("{row}.feedback.zh"), format!("{row}.feedback.en"));
    let given = !sheet.get(&zh).is_empty() || !sheet.get(&en).is_empty();
    html! {
        details.ms-4.mt-1.small open[given] {
            summary.text-secondary { (t!(lang, "对这一项的点评", "Remark on this answer")) }
            div.row.g-2 { (sheet.cell(&zh, "中文", "col-md-6")) (sheet.cell(&en, "English", "col-md-6")) }
        }
    }
}

fn credit(sheet: Sheet<'_>, prefix: &str, weighted: bool) -> Markup {
    let lang = sheet.lang;
    let mut rules = vec![
        ("exact".to_owned(), t!(lang, "全部答对才得分", "Everything or nothing")),
        (
            "partial".to_owned(),
            t!(
                lang,
                "部分答对得部分分（错选扣减，最低 0 分）",
                "A part for what is right, less what is wrong, not below 0"
            ),
        ),
    ];
    if weighted {
        rules.push((
            "weighted".to_owned(),
            t!(lang, "按各选项的 % 计分", "By the % of each option"),
        ));
    } else {
        rules[1].1 =
            t!(lang, "按放对位置的比例得分", "By the share of what stands in its right place");
    }
    sheet.choice(&format!("{prefix}credit"), t!(lang, "计分规则", "How it counts"), rules)
}

fn true_false(sheet: Sheet<'_>, prefix: &str) -> Markup {
    let lang = sheet.lang;
    let name = format!("{prefix}answer");
    html! {
        fieldset.mb-3 {
            legend.form-label { (t!(lang, "这个说法", "The statement is")) }
            @for (value, label) in [("true", t!(lang, "正确", "true")), ("false", t!(lang, "错误", "false"))] {
                label.form-check.form-check-inline {
                    input.form-check-input type="radio" name=(name) value=(value) checked[sheet.get(&name) == value];
                    span.form-check-label { (label) }
                }
            }
            (mistake(sheet.problem(&name)))
        }
    }
}

fn numeric(sheet: Sheet<'_>, prefix: &str) -> Markup {
    let lang = sheet.lang;
    let name = |rest: &str| format!("{prefix}numeric.{rest}");
    html! {
        div.row.g-2 {
            div."col-6"."col-md-3" { (sheet.input(&name("value"), t!(lang, "答案", "Answer"), String::new())) }
            div."col-6"."col-md-3" { (sheet.input(&name("tolerance"), t!(lang, "允许误差 ±", "Tolerance ±"), String::new())) }
            div."col-6"."col-md-3" { (sheet.input(&name("unit.zh"), t!(lang, "单位 · 中文", "Unit · 中文"), String::new())) }
            div."col-6"."col-md-3" { (sheet.input(&name("unit.en"), t!(lang, "单位 · English", "Unit · English"), String::new())) }
        }
        (rows(sheet, &format!("{prefix}also"), t!(lang, "另外接受的数", "Other numbers that earn something"),
            t!(lang, "例如单位换算错误得一半分。", "For example half the points for a slip in the unit."), |_, row| html! {
            div.row.g-2 {
                (sheet.small(&format!("{row}.value"), &t!(lang, "数", "number"), "col-4"))
                (sheet.small(&format!("{row}.tolerance"), "±", "col-4"))
                (sheet.small(&format!("{row}.share"), "%", "col-4"))
            }
            (row_feedback(sheet, row))
        }))
    }
}

fn short(sheet: Sheet<'_>, prefix: &str) -> Markup {
    let lang = sheet.lang;
    let hint = t!(
        lang,
        "一行一种写法，中英文都写上；* 代表任意文字。% 留空即满分。",
        "One form a row, in every language people may answer in; * stands for anything. An empty % is the whole."
    );
    html! {
        (rows(sheet, &format!("{prefix}accepted"), t!(lang, "接受的答案", "Accepted answers"), hint, |at, row| html! {
            div.row.g-2 {
                (sheet.cell(&format!("{row}.form"), &number(lang, at), "col-9"))
                (sheet.small(&format!("{row}.share"), "%", "col-3"))
            }
            (row_feedback(sheet, row))
        }))
        (sheet.tick(&format!("{prefix}case_matters"), t!(lang, "区分大小写", "Capitals matter")))
    }
}

/// Words in both languages, one row.
fn pair_of_words(sheet: Sheet<'_>, row: &str, class: &str) -> Markup {
    html! {
        (sheet.cell(&format!("{row}.zh"), "中文", class))
        (sheet.cell(&format!("{row}.en"), "English", class))
    }
}

fn ordering(sheet: Sheet<'_>, prefix: &str) -> Markup {
    let lang = sheet.lang;
    let hint = t!(
        lang,
        "按正确的先后填写；考生看到的是打乱的。",
        "Write them in the right order; candidates see them shuffled."
    );
    html! {
        (rows(sheet, &format!("{prefix}item"), t!(lang, "步骤", "Items"), hint, |at, row| html! {
            div.row.g-2 {
                div.col-auto.pt-2.text-secondary { (at + 1) "." }
                (pair_of_words(sheet, row, "col-12 col-sm"))
            }
        }))
        (credit(sheet, prefix, false))
    }
}

fn matching(sheet: Sheet<'_>, prefix: &str) -> Markup {
    let lang = sheet.lang;
    html! {
        (rows(sheet, &format!("{prefix}pair"), t!(lang, "配对", "Pairs"),
            t!(lang, "左边是提示，右边是与它相配的选择。", "A prompt on the left, its partner on the right."), |_, row| html! {
            div.row.g-2 {
                div."col-md-6" { div.row.g-2 { (pair_of_words(sheet, &format!("{row}.prompt"), "col-6")) } }
                div."col-md-6" { div.row.g-2 { (pair_of_words(sheet, &format!("{row}.partner"), "col-6")) } }
            }
        }))
        (rows(sheet, &format!("{prefix}distractor"), t!(lang, "干扰项", "Distractors"),
            t!(lang, "与任何提示都不相配的选择，可不填。", "Choices that belong to no prompt; may be empty."), |_, row| html! {
            div.row.g-2 { (pair_of_words(sheet, row, "col-6")) }
        }))
        (credit(sheet, prefix, false))
    }
}

fn hotspot(sheet: Sheet<'_>, prefix: &str) -> Markup {
    let lang = sheet.lang;
    let picture = sheet.get(&format!("{prefix}hotspot.picture"));
    let list = format!("{prefix}region");
    html! {
        input type="hidden" name={ (prefix) "hotspot.picture" } value=(picture);
        @if picture.starts_with("/exams/files/") {
            p.form-hint { (t!(lang, "在图上拖动即可画出区域，也可以在下面填数：宽和高各为 1000 份。", "Drag on the picture to draw a region, or fill in the numbers below: width and height count 1000 each.")) }
            div.qe-hotspot data-hotspot=(list) {
                img src=(picture) alt=(t!(lang, "题目图片", "the picture of this question"));
                svg viewBox="0 0 1000 1000" preserveAspectRatio="none" aria-hidden="true" {
                    @for at in 0..sheet.fields.rows(&list) { (shape(sheet, &format!("{list}.{at}"))) }
                }
            }
        } @else {
            (alert(Tone::Info, t!(lang, "先在下面“图片”里上传图片，用于选择“作为标注用的图”。", "Upload the picture below under “Pictures” first, to be used as the picture to mark.")))
        }
        (sheet.both(&format!("{prefix}hotspot.alt"), &crate::text!("图片说明（读屏软件用）", "Description of the picture, for screen readers"), 1))
        (rows(sheet, &list, t!(lang, "正确区域", "Right regions"),
            t!(lang, "矩形：左、上、宽、高；圆：圆心左、圆心上、半径（高不填）。", "Rectangle: left, top, width, height. Circle: centre left, centre top, radius (no height)."),
            |at, row| region(sheet, at, row)))
    }
}

fn region(sheet: Sheet<'_>, at: usize, row: &str) -> Markup {
    let lang = sheet.lang;
    let shape = format!("{row}.shape");
    html! {
        div.row.g-2 data-region=(row) {
            div."col-12"."col-md-3" {
                select.form-select name=(shape) aria-label=(t!(lang, "{} 的形状", "Shape of {}", number(lang, at))) {
                    @for (value, label) in [("rectangle", t!(lang, "矩形", "Rectangle")), ("circle", t!(lang, "圆", "Circle"))] {
                        option value=(value) selected[sheet.get(&shape) == value] { (label) }
                    }
                }
            }
            @for (name, label) in [
                ("x", t!(lang, "左", "left")), ("y", t!(lang, "上", "top")),
                ("width", t!(lang, "宽 / 半径", "width / radius")), ("height", t!(lang, "高", "height")),
            ] {
                (sheet.small(&format!("{row}.{name}"), &label, "col-6 col-md"))
            }
        }
    }
}

/// A region drawn over the picture.
fn shape(sheet: Sheet<'_>, row: &str) -> Markup {
    let number = |name: &str| sheet.get(&format!("{row}.{name}")).trim().parse::<i32>().ok();
    html! {
        @if let (Some(x), Some(y), Some(width)) = (number("x"), number("y"), number("width")) {
            @if sheet.get(&format!("{row}.shape")) == "circle" {
                ellipse cx=(x) cy=(y) rx=(width) ry=(width) {}
            } @else if let Some(height) = number("height") {
                rect x=(x) y=(y) width=(width) height=(height) {}
            }
        }
    }
}

fn essay(sheet: Sheet<'_>, prefix: &str) -> Markup {
    let lang = sheet.lang;
    let markers = vec![
        ("1".to_owned(), t!(lang, "一人阅卷", "One marker")),
        ("2".to_owned(), t!(lang, "两人独立阅卷（双评）", "Two markers, blind to each other")),
    ];
    html! {
        (sheet.both(&format!("{prefix}essay.guide"), &crate::text!("评分要点（只给阅卷人看）", "Marking guide (for markers only)"), 5))
        div.row.g-2 {
            div."col-6"."col-md-3" { (sheet.input(&format!("{prefix}essay.words"), t!(lang, "建议字数", "Words asked for"), String::new())) }
            div."col-6"."col-md-4" { (sheet.choice(&format!("{prefix}essay.markers"), t!(lang, "阅卷", "Marking"), markers)) }
        }
    }
}

/// The questions of a case.
fn parts(sheet: Sheet<'_>) -> Markup {
    let lang = sheet.lang;
    let kinds = QuestionKind::ALL.iter().filter(|kind| **kind != QuestionKind::Case);
    html! {
        input type="hidden" name="part.rows" value=(sheet.fields.rows("part"));
        (mistake(sheet.problem("part")))
        @for at in 0..sheet.fields.rows("part") { (part(sheet, at)) }
        div.d-flex.flex-wrap.gap-2.align-items-end {
            div {
                label.form-label for="new_part_kind" { (t!(lang, "再加一个小题", "Another question")) }
                select.form-select #new_part_kind name="new_part_kind" {
                    @for kind in kinds { option value=(kind.word()) { (kind.title().get(lang)) } }
                }
            }
            button.btn type="submit" name="act" value="add-part" formnovalidate { (icon("plus")) (t!(lang, "添加", "Add")) }
        }
    }
}

fn part(sheet: Sheet<'_>, at: usize) -> Markup {
    let lang = sheet.lang;
    let prefix = format!("part.{at}.");
    let name = |rest: &str| format!("{prefix}{rest}");
    let number = at + 1;
    let kind = QuestionKind::parse(sheet.get(&name("kind")));
    html! {
        @if let Some(kind) = kind.filter(|kind| *kind != QuestionKind::Case) {
            fieldset.border.rounded.p-3.mb-3 #{ "part-" (at) } {
                legend."h4" { (t!(lang, "小题 {number}", "Question {number}")) " " span.text-secondary.small { (kind.title().get(lang)) } }
                input type="hidden" name=(name("kind")) value=(kind.word());
                (sheet.both(&name("stem"), &crate::text!("题干", "Question"), 2))
                (task(sheet, &prefix, kind))
                (sheet.both(&name("feedback"), &crate::text!("讲解", "Why this is right"), 1))
                (sheet.tick(&name("drop"), t!(lang, "保存时删去这个小题", "Take this question out when saving")))
            }
        }
    }
}

/// Pictures come with the form, so that nothing typed is lost.
fn pictures(sheet: Sheet<'_>, kind: QuestionKind) -> Markup {
    let lang = sheet.lang;
    let problem = sheet.problem("file");
    html! {
        div.row.g-2.align-items-end {
            div."col-md-6" {
                label.form-label for="file" { (t!(lang, "图片文件", "Picture file")) }
                input.form-control .is-invalid[problem.is_some()] #file type="file" name="file" accept="image/png,image/jpeg,image/webp,image/gif";
                (mistake(problem))
            }
            div."col-md-6" {
                label.form-label for="picture_for" { (t!(lang, "放在", "Put it into")) }
                select.form-select #picture_for name="picture_for" {
                    @for (value, label) in targets(sheet, kind) {
                        option value=(value) selected[sheet.get("picture_for") == value] { (label) }
                    }
                }
            }
            div."col-6"."col-md-4" { (sheet.input("picture.zh", t!(lang, "图片说明 · 中文", "Description · 中文"), String::new())) }
            div."col-6"."col-md-4" { (sheet.input("picture.en", t!(lang, "图片说明 · English", "Description · English"), String::new())) }
            div."col-md-4".mb-3 { button.btn type="submit" name="act" value="upload" formnovalidate { (icon("upload")) (t!(lang, "上传", "Upload")) } }
        }
        p.form-hint.mb-0 { (t!(lang, "PNG、JPEG、WebP 或 GIF，不超过 5 MB。上传后题干里会出现一行图片代码，可以移动。", "PNG, JPEG, WebP or GIF up to 5 MB. A line for the picture appears in the text; move it where you like.")) }
    }
}

/// Where a picture can go.
fn targets(sheet: Sheet<'_>, kind: QuestionKind) -> Vec<(String, String)> {
    let lang = sheet.lang;
    let mut targets = Vec::new();
    if kind == QuestionKind::Hotspot {
        targets.push((
            "hotspot.picture".to_owned(),
            t!(lang, "作为标注用的图", "The picture to mark"),
        ));
    }
    targets.push(("stem".to_owned(), t!(lang, "题干", "Question")));
    if kind == QuestionKind::Case {
        for at in 0..sheet.fields.rows("part") {
            let number = at + 1;
            targets.push((
                format!("part.{at}.stem"),
                t!(lang, "小题 {number} 的题干", "Question {number}"),
            ));
            if sheet.get(&format!("part.{at}.kind")) == QuestionKind::Hotspot.word() {
                targets.push((
                    format!("part.{at}.hotspot.picture"),
                    t!(lang, "小题 {number} 标注用的图", "Question {number}: the picture to mark"),
                ));
            }
        }
    }
    targets.push(("feedback".to_owned(), t!(lang, "讲解", "Explanation")));
    targets
}
