//! The list of who is where, the same as CSV, and the form that enrols people.

use maud::{Markup, html};

use super::{
    enrolling::Mistake,
    handlers::{Asked, EnrolForm},
};
use crate::{
    access::Viewer,
    courses::{
        Catalogue,
        model::{Round, State},
        pages::due,
    },
    i18n::{self, Lang, Text},
    record::Rules,
    staff::{Post, Site},
    t,
    web::{
        Crumb, Error, Problems, Result,
        components::{
            Tone, alert, badge, card, card_with, empty, figure, heading, icon, pager, progress,
            table,
        },
        forms::Field,
    },
};

/// One person in one course.
pub struct Row {
    pub post: Post,
    pub round: Round,
    pub title: Text,
    pub done: usize,
    pub total: usize,
}

/// What there is to choose from.
pub struct Choices<'a> {
    pub catalogue: &'a Catalogue,
    pub sites: &'a [Site],
}

impl Choices<'_> {
    fn courses(&self, lang: Lang, none: String) -> Vec<(String, String)> {
        let courses = self
            .catalogue
            .iter()
            .map(|course| (course.plan.code.clone(), course.plan.title.get(lang).to_owned()));
        std::iter::once((String::new(), none)).chain(courses).collect()
    }

    fn sites(&self, lang: Lang, none: String) -> Vec<(String, String)> {
        let sites = self.sites.iter().map(|site| {
            (site.code.clone(), format!("{}{}", "　".repeat(site.depth()), site.title(lang)))
        });
        std::iter::once((String::new(), none)).chain(sites).collect()
    }
}

pub fn who_is_where(
    viewer: &Viewer,
    choices: &Choices<'_>,
    rows: &[Row],
    overdue: i64,
    asked: &Asked,
    (page, has_more): (usize, bool),
) -> Markup {
    let lang = viewer.lang();
    let title = t!(lang, "培训进度", "Training");
    let query = [("site", &*asked.site), ("course", &*asked.course), ("state", &*asked.state)];
    let save = address("/training.csv", &query);
    let enrol = address("/training/enrol", &[("course", &*asked.course)]);
    viewer.page(&title, &[], html! {
        (heading(&title, t!(lang, "谁在学什么，学到哪里。", "Who is learning what, and how far they are."), html! {
            a.btn href=(save) { (icon("download")) (t!(lang, "导出 CSV", "Save as CSV")) }
            a.btn.btn-primary href=(enrol) { (icon("user-plus")) (t!(lang, "安排学习", "Enrol people")) }
        }))
        (report(lang, asked))
        @if overdue > 0 {
            div.row.row-cards.mb-3 { (figure("/training?state=overdue", &t!(lang, "已逾期", "Overdue"), overdue, Tone::Bad)) }
        }
        (card_with("", filter_form(lang, choices, asked), html! {
            @if rows.is_empty() {
                (empty("school", &t!(lang, "没有符合条件的学习记录", "Nobody is enrolled here"), t!(lang, "换一个筛选条件，或点“安排学习”为员工报名。", "Change the filter, or enrol people with the button above.")))
            } @else {
                (rows_table(viewer, rows))
                (pager(lang, page, has_more, &query))
            }
        }))
    })
}

fn address(path: &str, query: &[(&str, &str)]) -> String {
    let mut address = form_urlencoded::Serializer::new(format!("{path}?"));
    address.extend_pairs(query.iter().filter(|(_, value)| !value.is_empty()));
    address.finish().trim_end_matches('?').to_owned()
}

/// What enrolling did, from the address it led to.
fn report(lang: Lang, asked: &Asked) -> Markup {
    let Some(n) = asked.enrolled else { return html! {} };
    let people = i18n::count(n, "person", "people");
    let due_set = asked.due_set.unwrap_or(0);
    let were = i18n::count(due_set, "person was", "people were");
    let line = |numbers: &Option<String>, zh: &str, en: &str| {
        let numbers = numbers.as_ref()?;
        Some(match lang {
            Lang::Zh => format!("{zh}：{numbers}"),
            Lang::En => format!("{en}: {numbers}"),
        })
    };
    let skipped = [
        line(&asked.left, "已离职，未报名", "No longer work here, not enrolled"),
        line(
            &asked.unchanged,
            "已在学习或已完成，未作改动",
            "Taking it already or completed, left as they were",
        ),
        line(&asked.locked, "先修课程未完成，未报名", "Prerequisites missing, not enrolled"),
    ];
    let tone = if n + due_set > 0 { Tone::Good } else { Tone::Info };
    alert(
        tone,
        html! {
            div { (t!(lang, "已报名 {n} 人。", "{people} enrolled.")) }
            @if due_set > 0 {
                div { (t!(lang, "{due_set} 人已在学习，截止日期已更新。", "{were} taking it already and got the due day.")) }
            }
            @for line in skipped.into_iter().flatten() { div { (line) } }
        },
    )
}

fn filter_form(lang: Lang, choices: &Choices<'_>, asked: &Asked) -> Markup {
    let states = std::iter::once((String::new(), t!(lang, "全部状态", "Any state"))).chain(
        State::ALL
            .iter()
            .map(|state| (state.word().to_owned(), state.title().get(lang).to_owned())),
    );
    html! {
        form.d-flex.flex-wrap.gap-2 method="get" action="/training" data-auto {
            (choice("site", &t!(lang, "门店", "Site"), &asked.site, choices.sites(lang, t!(lang, "全部门店", "All sites"))))
            (choice("course", &t!(lang, "课程", "Course"), &asked.course, choices.courses(lang, t!(lang, "全部课程", "All courses"))))
            (choice("state", &t!(lang, "状态", "State"), &asked.state, states))
            button.btn type="submit" { (icon("filter")) (t!(lang, "筛选", "Filter")) }
        }
    }
}

fn choice(
    name: &str,
    label: &str,
    chosen: &str,
    options: impl IntoIterator<Item = (String, String)>,
) -> Markup {
    html! {
        select.form-select.w-auto name=(name) aria-label=(label) {
            @for (value, label) in options {
                option value=(value) selected[value == chosen] { (label) }
            }
        }
    }
}

fn rows_table(viewer: &Viewer, rows: &[Row]) -> Markup {
    let lang = viewer.lang();
    let headers = [
        t!(lang, "人员", "Person"),
        t!(lang, "门店", "Site"),
        t!(lang, "课程", "Course"),
        t!(lang, "进度", "Progress"),
        t!(lang, "状态", "State"),
    ];
    let lines = rows.iter().map(|row| {
        let Row { post, round, done, total, .. } = row;
        let label = t!(lang, "已学 {done} 课，共 {total} 课", "{done} of {total} lessons done");
        vec![
            html! { (post.person.title(lang)) div.text-secondary.small { (post.person.staff_no) } },
            html! { (post.site.title(lang)) },
            html! { a href={ "/courses/" (round.enrolment.course) } { (row.title.get(lang)) } },
            progress(*done, *total, &label),
            state(viewer, round),
        ]
    });
    table(&headers, lines)
}

fn state(viewer: &Viewer, round: &Round) -> Markup {
    let lang = viewer.lang();
    let tone = match round.state() {
        State::Completed => Tone::Good,
        State::InProgress => Tone::Info,
        State::NotStarted | State::Overdue => Tone::Neutral,
    };
    html! {
        (badge(tone, round.state().title().get(lang)))
        @if let Some(at) = round.completed_at {
            div.text-secondary.small { (i18n::date(lang, day(viewer, at))) }
        }
        div { (due(viewer, round)) }
    }
}

fn day(viewer: &Viewer, at: crate::db::Instant) -> chrono::NaiveDate {
    at.utc().with_timezone(&viewer.zone).date_naive()
}

/// The list for a spreadsheet. The mark at its start tells Excel that it is UTF-8.
pub fn as_csv(viewer: &Viewer, rules: &Rules, rows: &[Row]) -> Result<Vec<u8>> {
    let lang = viewer.lang();
    let mut csv = csv::Writer::from_writer(b"\xEF\xBB\xBF".to_vec());
    let failed = |error: csv::Error| Error::Internal(format!("CSV: {error}"));
    csv.write_record([
        t!(lang, "工号", "Staff number"),
        t!(lang, "姓名", "Name"),
        t!(lang, "门店", "Site"),
        t!(lang, "岗位", "Position"),
        t!(lang, "课程代码", "Course code"),
        t!(lang, "课程", "Course"),
        t!(lang, "状态", "State"),
        t!(lang, "已学课数", "Lessons done"),
        t!(lang, "总课数", "Lessons"),
        t!(lang, "报名日期", "Enrolled on"),
        t!(lang, "截止日期", "Due on"),
        t!(lang, "完成日期", "Completed on"),
    ])
    .map_err(failed)?;
    for row in rows {
        csv.write_record(cells(viewer, rules, row).map(harmless)).map_err(failed)?;
    }
    csv.into_inner().map_err(|error| Error::Internal(format!("CSV: {error}")))
}

fn cells(viewer: &Viewer, rules: &Rules, row: &Row) -> [String; 12] {
    let (lang, enrolment) = (viewer.lang(), &row.round.enrolment);
    let late = row.round.is_overdue(viewer.today);
    let state = if late { State::Overdue } else { row.round.state() };
    let written = |day: Option<chrono::NaiveDate>| day.map(|d| d.to_string()).unwrap_or_default();
    [
        row.post.person.staff_no.clone(),
        row.post.person.title(lang).to_owned(),
        row.post.site.title(lang).to_owned(),
        rules.position_title(&row.post.assignment.position).get(lang).to_owned(),
        enrolment.course.clone(),
        row.title.get(lang).to_owned(),
        state.title().get(lang).to_owned(),
        row.done.to_string(),
        row.total.to_string(),
        day(viewer, enrolment.enrolled_at).to_string(),
        written(enrolment.due_on),
        written(row.round.completed_at.map(|at| day(viewer, at))),
    ]
}

/// A cell that a spreadsheet would take for a formula is marked as text.
fn harmless(cell: String) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t']) { format!("'{cell}") } else { cell }
}

pub fn enrol(
    viewer: &Viewer,
    choices: &Choices<'_>,
    rules: &Rules,
    form: &EnrolForm,
    problems: &Problems,
    mistakes: &[Mistake],
) -> Markup {
    let lang = viewer.lang();
    let title = t!(lang, "安排学习", "Enrol people");
    let crumbs = [Crumb::new("/training", t!(lang, "培训进度", "Training"))];
    viewer.page(&title, &crumbs, html! {
        (heading(&title, t!(lang, "为多名员工报名一门课程；他们会收到邮件。", "Enrol several people in one course; they are told by mail."), html! {}))
        (mistake_list(lang, mistakes))
        form method="post" action="/training/enrol" {
            input type="hidden" name="form_key" value=(form.form_key);
            (card("", html! {
                (Field::new("course", t!(lang, "课程", "Course"), &form.course).required()
                    .select(lang, problems, choices.courses(lang, t!(lang, "请选择", "Choose"))))
                (Field::new("due_on", t!(lang, "截止日期（可不填）", "Due on (may stay empty)"), &form.due_on)
                    .kind("date").input(lang, problems))
                label.form-check {
                    input.form-check-input type="checkbox" name="again" value="yes" checked[form.again.is_some()];
                    span.form-check-label { (t!(lang, "已完成的人也再学一遍（复训）", "Also those who completed it take it again (refresher)")) }
                }
            }))
            (people_fields(lang, choices, rules, form, problems))
            button.btn.btn-primary type="submit" { (icon("user-plus")) (t!(lang, "报名", "Enrol")) }
        }
    })
}

fn people_fields(
    lang: Lang,
    choices: &Choices<'_>,
    rules: &Rules,
    form: &EnrolForm,
    problems: &Problems,
) -> Markup {
    let positions = rules.sets().flat_map(|set| &set.positions);
    let positions = std::iter::once((String::new(), t!(lang, "不按岗位", "Not by position")))
        .chain(positions.map(|plan| (plan.code.clone(), plan.title.get(lang).to_owned())));
    card(
        &t!(lang, "为谁报名", "Who"),
        html! {
            (Field::new("staff_nos", t!(lang, "工号，每行一个", "Staff numbers, one a line"), &form.staff_nos)
                .hint(t!(lang, "可以从表格里粘贴一列。只要有一行有误，就一个也不报名。", "You can paste a column from a spreadsheet. If one line is wrong, nobody is enrolled."))
                .area(lang, problems, 6))
            p.text-secondary { (t!(lang, "或者，某个门店（含下级）某个岗位的所有人：", "Or everybody of a position at a site and below:")) }
            div.row {
                div."col-md-6" { (Field::new("position", t!(lang, "岗位", "Position"), &form.position).select(lang, problems, positions)) }
                div."col-md-6" { (Field::new("site", t!(lang, "门店", "Site"), &form.site).select(lang, problems, choices.sites(lang, t!(lang, "请选择", "Choose")))) }
            }
        },
    )
}

/// Every mistake with its line, so that the list can be put right in one go.
fn mistake_list(lang: Lang, mistakes: &[Mistake]) -> Markup {
    if mistakes.is_empty() {
        return html! {};
    }
    alert(
        Tone::Bad,
        html! {
            div.fw-bold { (t!(lang, "名单有误，一个人也没有报名：", "The list has mistakes; nobody was enrolled:")) }
            ul.mb-0 {
                @for mistake in mistakes {
                    @let line = mistake.line;
                    li { (t!(lang, "第 {line} 行：{}", "Line {line}: {}", mistake.says.get(lang))) }
                }
            }
        },
    )
}
