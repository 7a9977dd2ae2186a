//! The pages of standard setting: the list, a new study, a study, a judge's sheet.

use std::collections::{BTreeSet, HashMap};

use maud::{Markup, html};

use super::{
    model::{Judge, Judged, Phase, Study},
    rules::{ENOUGH_JUDGES, Estimates, hundredths, typed},
};
use crate::{
    access::Viewer,
    exams::{
        analysis::{
            charts,
            pages::{number, percent, short, to_analysis},
            rules::Minimum,
        },
        attempts::pages::to_exams,
        questions::{Task, VersionId, body::Choice},
        rules::title,
        statistics::{Standard, mean, sample_sd},
    },
    i18n::{self, Lang, Text},
    record::{PersonId, Rules},
    staff::Person,
    t, text,
    web::{
        Crumb, Problems,
        components::{
            Tone, alert, badge, button_form, card, card_with, definitions, empty, heading, icon,
            pager, progress, table,
        },
        forms::{Field, new_key},
        markdown,
    },
};

fn to_standards(lang: Lang) -> Crumb {
    Crumb::new("/exams/standards", t!(lang, "划线", "Cut scores"))
}

fn phase_badge(lang: Lang, phase: Phase) -> Markup {
    let tone = match phase {
        Phase::First | Phase::Second => Tone::Info,
        Phase::Closed => Tone::Warn,
        Phase::Adopted => Tone::Good,
    };
    badge(tone, phase.title().get(lang))
}

/// A study in the list.
pub struct ListLine {
    pub study: Study,
    pub judges: usize,
    /// The viewer is one of them.
    pub judge: bool,
    /// So many questions wait for the viewer.
    pub open: usize,
}

pub fn list(
    viewer: &Viewer,
    rules: &Rules,
    lines: &[ListLine],
    offers: &[(String, String)],
    exam: &str,
    page: usize,
    has_more: bool,
) -> Markup {
    let lang = viewer.lang();
    let name = t!(lang, "划线（Angoff 法）", "Cut scores (Angoff)");
    let new = match exam {
        "" => "/exams/standards/new".to_owned(),
        exam => format!("/exams/standards/new?exam={exam}"),
    };
    let actions = html! { a.btn.btn-primary href=(new) { (icon("plus")) (t!(lang, "新的划线", "New study")) } };
    let body = html! {
        (heading(&name, t!(lang, "由评委判断及格线应在哪里", "Judges say where a pass mark should lie"), actions))
        (card("", exam_filter(lang, offers, exam)))
        @if lines.is_empty() {
            (card("", empty("list-check", &t!(lang, "还没有划线", "No study yet"),
                t!(lang, "为一场考试新建划线，邀请评委逐题判断。", "Start one for an exam and invite judges to look at its questions."))))
        } @else {
            (card_with("", html! {}, html! {
                (studies(viewer, rules, lines))
                (pager(lang, page, has_more, &[("exam", exam)]))
            }))
        }
    };
    viewer.page(&name, &[to_exams(lang), to_analysis(lang)], body)
}

fn exam_filter(lang: Lang, offers: &[(String, String)], exam: &str) -> Markup {
    html! {
        form.row.g-2.align-items-end method="get" action="/exams/standards" data-auto {
            div."col-8"."col-md-4" {
                label.form-label for="exam" { (t!(lang, "考试", "Exam")) }
                select.form-select id="exam" name="exam" {
                    option value="" { (t!(lang, "全部", "All")) }
                    @for (code, name) in offers { option value=(code) selected[code == exam] { (name) } }
                }
            }
            div.col-auto { button.btn type="submit" { (icon("filter")) (t!(lang, "筛选", "Filter")) } }
        }
    }
}

fn studies(viewer: &Viewer, rules: &Rules, lines: &[ListLine]) -> Markup {
    let lang = viewer.lang();
    let headers = [
        t!(lang, "划线", "Study"),
        t!(lang, "考试", "Exam"),
        t!(lang, "状态", "State"),
        t!(lang, "评委", "Judges"),
        t!(lang, "及格线", "Pass mark"),
    ];
    let rows = lines.iter().map(|line| {
        let open = line.open;
        let cut = line.study.cut.map(|cut| cut as f64 / 100.0);
        vec![
            html! {
                a href=(line.study.path()) { (line.study.title) }
                @if line.judge && open > 0 {
                    div { a.small href={ (line.study.path()) "/estimates" } {
                        @let questions = i18n::count(open, "question", "questions");
                        (t!(lang, "等您评判 {open} 题", "{questions} wait for you"))
                    } }
                }
            },
            html! { (title(rules, &line.study.exam).get(lang)) },
            phase_badge(lang, line.study.phase()),
            html! { (line.judges) },
            html! { (number(cut, 2)) },
        ]
    });
    table(&headers, rows)
}

/// A study as somebody is about to plan it.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    pub exam: String,
    pub title: String,
    /// Every live question, not only the chosen ones.
    pub all: bool,
    pub questions: BTreeSet<i64>,
    pub judges: BTreeSet<i64>,
}

impl Draft {
    pub fn problems(&self, longest: usize) -> Problems {
        let mut problems = Problems::default();
        if self.title.is_empty() {
            problems.add("title", text!("请填写。", "Please fill this in."));
        }
        if self.title.chars().count() > longest {
            problems
                .add("title", text!("最多 {longest} 个字符。", "At most {longest} characters."));
        }
        if !self.all && self.questions.is_empty() {
            problems.add("which", text!("请至少选择一道题。", "Choose at least one question."));
        }
        if self.judges.is_empty() {
            problems.add("judges", text!("请至少邀请一位评委。", "Invite at least one judge."));
        }
        problems
    }
}

pub struct NewPage<'a> {
    pub offers: &'a [(String, String)],
    pub exam_title: &'a Text,
    pub candidates: &'a [Person],
    pub questions: &'a [Judged],
    pub draft: &'a Draft,
    pub problems: &'a Problems,
}

pub fn new(viewer: &Viewer, page: &NewPage<'_>) -> Markup {
    let lang = viewer.lang();
    let name = t!(lang, "新的划线", "New study");
    let body = html! {
        (heading(&name, t!(lang, "改良 Angoff 法，两轮评判", "Modified Angoff in two rounds"), html! {}))
        @if page.draft.exam.is_empty() || page.questions.is_empty() {
            (card(&t!(lang, "哪一场考试？", "Which exam?"), choose_exam(lang, page)))
        } @else { (plan_form(lang, page)) }
    };
    viewer.page(&name, &[to_exams(lang), to_analysis(lang), to_standards(lang)], body)
}

fn choose_exam(lang: Lang, page: &NewPage<'_>) -> Markup {
    if page.offers.is_empty() {
        return empty(
            "clipboard-check",
            &t!(lang, "没有可划线的考试", "There is no exam to study"),
            t!(
                lang,
                "规则集里需要有带题库的考试。",
                "A rule set must plan an exam with a question bank."
            ),
        );
    }
    html! {
        @if !page.draft.exam.is_empty() {
            (alert(Tone::Warn, t!(lang, "这场考试的题库没有启用中的试题。", "The bank of this exam has no live question.")))
        }
        form.row.g-2.align-items-end method="get" action="/exams/standards/new" {
            div."col-8"."col-md-4" {
                label.form-label for="exam" { (t!(lang, "考试", "Exam")) }
                select.form-select id="exam" name="exam" {
                    @for (code, name) in page.offers { option value=(code) { (name) } }
                }
            }
            div.col-auto { button.btn.btn-primary type="submit" { (t!(lang, "继续", "Go on")) } }
        }
    }
}

fn plan_form(lang: Lang, page: &NewPage<'_>) -> Markup {
    let (draft, problems) = (page.draft, page.problems);
    let n = page.questions.len();
    html! {
        form method="post" action="/exams/standards" {
            input type="hidden" name="form_key" value=(new_key());
            input type="hidden" name="exam" value=(draft.exam);
            (card(page.exam_title.get(lang), html! {
                (Field::new("title", t!(lang, "名称", "Name"), &draft.title).required()
                    .hint(t!(lang, "例如：2026 年秋季划线", "For example: autumn 2026")).input(lang, problems))
                fieldset.mb-3 {
                    legend.form-label { (t!(lang, "试题", "Questions")) }
                    label.form-check { input.form-check-input type="radio" name="which" value="all" checked[draft.all];
                        span.form-check-label { (t!(lang, "题库中全部启用的试题（{n} 题）", "All live questions of the bank ({n})")) } }
                    label.form-check { input.form-check-input type="radio" name="which" value="chosen" checked[!draft.all];
                        span.form-check-label { (t!(lang, "只评判下面勾选的试题", "Only those ticked below")) } }
                    (mistake(lang, problems, "which"))
                    details.mt-2 open[!draft.all] {
                        summary { (t!(lang, "选择试题", "Choose questions")) }
                        @for one in page.questions {
                            (tick("question", one.version.0, draft.questions.contains(&one.version.0), html! {
                                strong { (one.code) } " " (short(one.body.stem.get(lang)))
                            }))
                        }
                    }
                }
                (judges_field(lang, page.candidates, &draft.judges, problems))
            }))
            div.btn-list.mb-3 { button.btn.btn-primary type="submit" { (icon("check")) (t!(lang, "建立并邀请评委", "Plan it and invite the judges")) } }
        }
    }
}

fn tick(prefix: &str, id: i64, ticked: bool, label: Markup) -> Markup {
    html! {
        label.form-check {
            input.form-check-input type="checkbox" name={ (prefix) "-" (id) } value="on" checked[ticked];
            span.form-check-label { (label) }
        }
    }
}

fn mistake(lang: Lang, problems: &Problems, name: &str) -> Markup {
    html! { @if let Some(problem) = problems.get(name) { div.text-danger.small { (problem.get(lang)) } } }
}

fn judges_field(
    lang: Lang,
    candidates: &[Person],
    named: &BTreeSet<i64>,
    problems: &Problems,
) -> Markup {
    html! {
        fieldset.mb-3 {
            legend.form-label { (t!(lang, "评委", "Judges")) }
            p.form-hint { (t!(lang, "内训师和考评员。一般需要 10 至 15 位熟悉这项工作的评委。", "Trainers and examiners. As a rule 10 to 15 people who know the work.")) }
            (mistake(lang, problems, "judges"))
            @for person in candidates {
                (tick("judge", person.id.0, named.contains(&person.id.0), html! {
                    (person.title(lang)) " " span.text-secondary.small { (person.staff_no) }
                }))
            }
        }
    }
}

/// A decision about a pass mark as it was typed.
#[derive(Clone, Debug, Default)]
pub struct Decision {
    pub cut: String,
    pub why: String,
    pub problems: Problems,
}

impl Decision {
    pub fn of(cut: &str, why: &str, longest: usize) -> Decision {
        let mut problems = Problems::default();
        if typed(cut).is_none() {
            problems.add(
                "cut",
                text!(
                    "请填 1 到 100 之间的数，最多两位小数。",
                    "A number from 1 to 100 with two decimals at most."
                ),
            );
        }
        let why = why.trim().to_owned();
        if why.is_empty() {
            problems.add("why", text!("请写明理由。", "Say why."));
        }
        if why.chars().count() > longest {
            problems.add("why", text!("最多 {longest} 个字符。", "At most {longest} characters."));
        }
        Decision { cut: cut.trim().to_owned(), why, problems }
    }

    /// The pass mark in hundredths, if nothing is wrong.
    pub fn taken(&self) -> Option<i64> {
        typed(&self.cut).filter(|_| self.problems.is_empty())
    }
}

pub struct StudyPage<'a> {
    pub study: &'a Study,
    pub exam: Text,
    pub questions: &'a [Judged],
    pub judges: &'a [Judge],
    /// How many questions each judge has judged.
    pub done: Vec<usize>,
    /// Whoever judged every question.
    pub complete: Vec<PersonId>,
    pub said: &'a Estimates,
    pub first: Option<Standard>,
    pub second: Option<Standard>,
    /// Who could still be invited.
    pub others: Vec<Person>,
    /// The scores of past papers, out of 100.
    pub scores: &'a [f64],
    /// The pass mark of the plan, in hundredths.
    pub planned: i64,
    pub minima: Vec<Minimum>,
    pub decided_by: Option<&'a Person>,
    /// What was typed and not taken.
    pub decision: Option<&'a Decision>,
    /// The viewer may decide.
    pub decides: bool,
}

pub fn study(viewer: &Viewer, page: &StudyPage<'_>) -> Markup {
    let lang = viewer.lang();
    let phase = page.study.phase();
    let mine = page.judges.iter().any(|judge| judge.person.id == viewer.id);
    let actions = html! {
        @if mine { a.btn.btn-primary href={ (page.study.path()) "/estimates" } { (icon("pencil")) (t!(lang, "我的评判", "My sheet")) } }
    };
    let body = html! {
        (heading(&page.study.title, html! { (page.exam.get(lang)) " " (phase_badge(lang, phase)) }, actions))
        @if let Some(standard) = page.second.or(page.first) { (outcome(lang, page, standard)) }
        @if phase == Phase::Closed || phase == Phase::Adopted { (decision(viewer, page)) }
        (card_with(&t!(lang, "评委", "Judges"), html! {}, judges(lang, page)))
        @if phase.round().is_some() { (closing(lang, page)) }
        @if page.study.first_closed_at.is_some() { (card_with(&t!(lang, "逐题分布", "Question by question"), html! {}, spreads(lang, page))) }
    };
    viewer.page(&page.study.title, &[to_exams(lang), to_analysis(lang), to_standards(lang)], body)
}

fn outcome(lang: Lang, page: &StudyPage<'_>, standard: Standard) -> Markup {
    let round = |found: Option<Standard>| {
        let (cut, error) =
            (found.map(|one| one.of_hundred()), found.and_then(|one| one.error_of_hundred()));
        html! { strong { (number(cut, 2)) } " ± " (number(error, 2)) }
    };
    let judges = standard.judges;
    let told = i18n::count(judges, "judge", "judges");
    html! {
        (card(&t!(lang, "结果", "Result"), html! {
            @if judges < ENOUGH_JUDGES {
                (alert(Tone::Warn, t!(lang, "只有 {judges} 位评委完成全部试题；一般需要 10 至 15 位，结果仅供参考。",
                    "Only {told} judged every question; as a rule 10 to 15 are needed, so take the result with care.")))
            }
            (definitions([
                (t!(lang, "第一轮（满分 100 ± 标准误）", "First round (of 100 ± standard error)"), round(page.first)),
                (t!(lang, "第二轮", "Second round"), round(page.second)),
                (t!(lang, "以分值计", "In points"), html! { (number(Some(standard.cut), 2)) " / " (number(Some(standard.most), 0)) }),
                (t!(lang, "评委间标准差（分值）", "Spread between judges (points)"), html! { (number(standard.sd, 2)) }),
                (t!(lang, "计入的评委", "Judges counted"), html! { (judges) }),
            ]))
        }))
    }
}

/// The share of past papers that would reach a pass mark.
fn passing(scores: &[f64], hundredths: i64) -> Option<f64> {
    let reached = scores.iter().filter(|score| **score * 100.0 >= hundredths as f64 - 1e-6).count();
    (!scores.is_empty()).then(|| reached as f64 / scores.len() as f64)
}

fn decision(viewer: &Viewer, page: &StudyPage<'_>) -> Markup {
    let lang = viewer.lang();
    let study = page.study;
    let proposed = page.second.map_or(page.planned, |found| hundredths(found.of_hundred()));
    let papers = page.scores.len();
    let told = i18n::count(papers, "past paper", "past papers");
    let pass = |cut: i64| percent(passing(page.scores, cut));
    let (now, then) = (pass(page.planned), pass(proposed));
    let (planned, cut) =
        (number(Some(page.planned as f64 / 100.0), 2), number(Some(proposed as f64 / 100.0), 2));
    let lower: Vec<&Minimum> = page
        .minima
        .iter()
        .filter(|one| {
            i128::from(one.points.numerator) * 100
                < i128::from(study.cut.unwrap_or(proposed)) * i128::from(one.points.denominator)
        })
        .collect();
    html! {
        (card(&t!(lang, "决定", "Decision"), html! {
            @if let (Some(at), Some(cut)) = (study.adopted_at, study.cut) {
                (adopted(viewer, page, at, cut))
            }
            @if papers > 0 {
                p { (t!(lang,
                    "按现计划的 {planned} 分，过去 {papers} 份试卷的通过率为 {now}；按 {cut} 分为 {then}。",
                    "At the planned {planned}, {now} of {told} pass; at {cut} it would be {then}.")) }
            }
            @if !lower.is_empty() { (alert(Tone::Warn, minima(lang, &lower))) }
            @if page.decides { (adopt_form(lang, page, proposed)) }
            @else { p.text-secondary.mb-0 { (t!(lang, "由考评员决定是否采纳。", "An examiner decides whether to adopt it.")) } }
        }))
    }
}

fn adopted(viewer: &Viewer, page: &StudyPage<'_>, at: crate::db::Instant, cut: i64) -> Markup {
    let lang = viewer.lang();
    let who = page.decided_by.map_or("", |person| person.title(lang));
    definitions([
        (
            t!(lang, "采纳的及格线", "Adopted pass mark"),
            html! { strong { (number(Some(cut as f64 / 100.0), 2)) } },
        ),
        (t!(lang, "决定人", "Decided by"), html! { (who) }),
        (t!(lang, "时间", "When"), html! { (crate::exams::attempts::pages::moment(viewer, at)) }),
        (
            t!(lang, "理由", "Why"),
            html! { (page.study.adopted_why.as_deref().unwrap_or_default()) },
        ),
    ])
}

fn minima(lang: Lang, lower: &[&Minimum]) -> Markup {
    html! {
        p.mb-1 { (t!(lang,
            "以下认证的规则自带更低的最低分，采纳及格线不会改变它们；如需一致，请修改规则集：",
            "These certifications ask for less by rules of their own, which this decision does not change; change the rule set if they should agree:")) }
        ul.mb-0 { @for one in lower { li { (one.certification.get(lang)) ": " (one.points) } } }
    }
}

fn adopt_form(lang: Lang, page: &StudyPage<'_>, proposed: i64) -> Markup {
    let (study, none) = (page.study, Decision::default());
    let decision = page.decision.unwrap_or(&none);
    let proposed = format!("{}.{:02}", proposed / 100, proposed % 100);
    let value = if decision.cut.is_empty() { &proposed } else { &decision.cut };
    html! {
        form.mt-3 method="post" action={ (study.path()) "/adopt" } data-confirm=(t!(lang, "从现在起开始的考试都用这条及格线。确定吗？", "Every attempt that starts from now on is held to it. Are you sure?")) {
            input type="hidden" name="form_key" value=(new_key());
            (Field::new("cut", t!(lang, "及格线（满分 100）", "Pass mark (of 100)"), value).required()
                .hint(t!(lang, "建议值来自第二轮结果；可酌情上下调整并说明。", "The value proposed is the second round's; you may depart from it and say why.")).input(lang, &decision.problems))
            (Field::new("why", t!(lang, "理由", "Why"), &decision.why).required().area(lang, &decision.problems, 3))
            button.btn.btn-primary type="submit" { (icon("check"))
                (if study.adopted_at.is_some() { t!(lang, "改为这条及格线", "Change to this pass mark") } else { t!(lang, "采纳", "Adopt") })
            }
        }
    }
}

fn judges(lang: Lang, page: &StudyPage<'_>) -> Markup {
    let headers = [t!(lang, "姓名", "Name"), t!(lang, "进度", "Progress")];
    let all = page.questions.len();
    let rows = page.judges.iter().zip(&page.done).map(|(judge, done)| {
        let name = judge.person.title(lang);
        vec![
            html! { (name) " " span.text-secondary.small { (judge.person.staff_no) } },
            progress(*done, all, name),
        ]
    });
    html! {
        @if page.judges.is_empty() {
            (empty("users", &t!(lang, "还没有评委", "No judge yet"), t!(lang, "在下面邀请内训师或考评员。", "Invite trainers or examiners below.")))
        } @else { (table(&headers, rows)) }
        @if page.study.phase().round().is_some() && !page.others.is_empty() {
            div.card-body { details {
                summary { (t!(lang, "再邀请评委", "Invite more judges")) }
                form.mt-2 method="post" action={ (page.study.path()) "/judges" } {
                    input type="hidden" name="form_key" value=(new_key());
                    (judges_field(lang, &page.others, &BTreeSet::new(), &Problems::default()))
                    button.btn type="submit" { (icon("mail")) (t!(lang, "邀请", "Invite")) }
                }
            } }
        }
    }
}

fn closing(lang: Lang, page: &StudyPage<'_>) -> Markup {
    let (done, all) = (page.complete.len(), page.judges.len());
    let first = page.study.phase() == Phase::First;
    let hint = if first {
        t!(
            lang,
            "结束后，所有评委看到匿名分布，并可在第二轮修改。",
            "Everybody then sees the spread without names, and may change their mind in a second round."
        )
    } else {
        t!(
            lang,
            "结束后计算结果，由考评员决定是否采纳。",
            "The result is then computed, and an examiner decides about it."
        )
    };
    let label = if first {
        t!(lang, "结束第一轮", "Close the first round")
    } else {
        t!(lang, "结束第二轮", "Close the second round")
    };
    html! {
        (card(&label, html! {
            p { (t!(lang, "{all} 位评委中 {done} 位已评完全部试题。未评完的不计入。", "{done} of {all} judges have judged every question. Who has not is not counted.")) " " (hint) }
            (button_form(&format!("{}/close", page.study.path()), &new_key(), "btn-primary", html! { (icon("check")) (label) }))
        }))
    }
}

fn spreads(lang: Lang, page: &StudyPage<'_>) -> Markup {
    let headers = [
        t!(lang, "试题", "Question"),
        t!(lang, "分布", "Spread"),
        t!(lang, "平均", "Mean"),
        t!(lang, "标准差", "SD"),
    ];
    let round = if page.study.closed_at.is_some() { 2 } else { 1 };
    let versions: Vec<VersionId> = page.questions.iter().map(|one| one.version).collect();
    let judges: Vec<PersonId> = page.judges.iter().map(|judge| judge.person.id).collect();
    let counted = page.said.complete(&judges, round, &versions);
    let rows = page.questions.iter().map(|one| {
        let spread = page.said.spread(&counted, round, one.version);
        let values: Vec<f64> = spread.iter().map(|said| *said as f64).collect();
        vec![
            html! { (one.code) div.small.text-secondary { (short(one.body.stem.get(lang))) } },
            charts::spread(lang, &spread, None),
            html! { (number(mean(&values), 0)) " %" },
            html! { (number(sample_sd(&values), 1)) },
        ]
    });
    table(&headers, rows)
}

pub struct EstimatesPage<'a> {
    pub study: &'a Study,
    pub exam: Text,
    pub questions: &'a [Judged],
    pub said: &'a Estimates,
    /// Whose first round counts.
    pub counted: Vec<PersonId>,
    /// How the questions turned out: the share of right answers, of so many.
    pub facility: HashMap<VersionId, (f64, usize)>,
    pub saved: bool,
}

pub fn estimates(viewer: &Viewer, page: &EstimatesPage<'_>) -> Markup {
    let lang = viewer.lang();
    let crumbs = [
        to_exams(lang),
        to_analysis(lang),
        to_standards(lang),
        Crumb::new(page.study.path(), page.study.title.clone()),
    ];
    let name = t!(lang, "我的评判", "My sheet");
    let Some(round) = page.study.phase().round() else {
        let body = html! {
            (heading(&name, page.exam.get(lang), html! {}))
            (alert(Tone::Info, t!(lang, "评判已经结束。谢谢！", "The judging is over. Thank you!")))
            a.btn href=(page.study.path()) { (t!(lang, "查看结果", "See the result")) }
        };
        return viewer.page(&name, &crumbs, body);
    };
    let versions: Vec<VersionId> = page.questions.iter().map(|one| one.version).collect();
    let done = page.said.count(viewer.id, round, &versions);
    let round_name = if round == 1 {
        t!(lang, "第一轮", "First round")
    } else {
        t!(lang, "第二轮", "Second round")
    };
    let body = html! {
        (heading(&name, html! { (page.exam.get(lang)) " · " (round_name) }, html! {}))
        @if page.saved { (alert(Tone::Good, t!(lang, "已保存。", "Saved."))) }
        (card("", how(lang, round)))
        form method="post" action={ (page.study.path()) "/estimates" } data-stay data-autosave="estimates-state" data-progress="estimates-progress"
            data-saving=(t!(lang, "正在保存…", "Saving…")) data-saved=(t!(lang, "已保存", "Saved")) data-failed=(t!(lang, "没有保存成功，稍后自动重试。", "Not saved; trying again shortly."))
            data-invalid=(t!(lang, "请填 0 到 100 之间的整数。", "A whole number from 0 to 100, please.")) {
            div.exam-bar {
                div.d-flex.align-items-center.gap-2 {
                    progress #estimates-progress .shifu-progress max=(versions.len().max(1)) value=(done) aria-label=(t!(lang, "已评判", "Judged")) {}
                    span.small.text-secondary.text-nowrap { (done) "/" (versions.len()) }
                    span #estimates-state .small.text-secondary.text-nowrap role="status" {}
                }
            }
            @for one in page.questions { (sheet_question(viewer, page, round, one)) }
            div.btn-list { button.btn.btn-primary type="submit" { (icon("device-floppy")) (t!(lang, "保存", "Save")) } }
        }
    };
    viewer.page_with_script(&name, &crumbs, "autosave.js", body)
}

fn how(lang: Lang, round: i64) -> Markup {
    html! {
        p { (t!(lang,
            "设想 100 名刚好合格的考生：他们勉强可以独立、安全地完成这项工作。其中有多少人会答对这道题？",
            "Picture 100 people who are only just competent: they can barely do this work alone and safely. How many of them get the question right?")) }
        @if round == 2 {
            p.mb-0 { (t!(lang,
                "现在可以看到各评委第一轮的匿名判断（圈为您自己）和实际答对率。可以修改；不改即维持原判断。",
                "You now see how every judge judged in the first round, without names (the ring is you), and how the question really turned out. Change what you like; what you leave stands.")) }
        } @else {
            p.mb-0.text-secondary { (t!(lang, "第一轮请独立判断，不要讨论。填写后自动保存。", "Judge by yourself in the first round. What you fill in is saved as you go.")) }
        }
    }
}

fn sheet_question(viewer: &Viewer, page: &EstimatesPage<'_>, round: i64, one: &Judged) -> Markup {
    let lang = viewer.lang();
    let said = page.said.said(viewer.id, round, one.version);
    let (id, code) = (format!("q{}", one.version), &one.code);
    html! {
        section.card.mb-3 { div.card-body {
            div.d-flex.justify-content-between { strong { (code) } span.text-secondary.small { (one.kind.title().get(lang)) } }
            (markdown::render(one.body.stem.get(lang), ""))
            details.mb-2 { summary.small { (t!(lang, "选项和答案", "Options and key")) } (key(lang, &one.body.task)) }
            @if round == 2 { (first_round(viewer, page, one)) }
            label.form-label for=(id) { (t!(lang, "刚好合格者答对的可能性", "Chance that the only just competent get it right")) }
            div.estimate {
                input.form-control type="number" id=(id) name=(id) min="0" max="100" step="1" inputmode="numeric" value=[said] aria-label=(t!(lang, "{code}：百分之几", "{code}: per cent"));
                span { "%" }
            }
        } }
    }
}

fn first_round(viewer: &Viewer, page: &EstimatesPage<'_>, one: &Judged) -> Markup {
    let lang = viewer.lang();
    let spread = page.said.spread(&page.counted, 1, one.version);
    let own = page.said.said(viewer.id, 1, one.version);
    let values: Vec<f64> = spread.iter().map(|said| *said as f64).collect();
    let mean = number(mean(&values), 0);
    html! {
        (charts::spread(lang, &spread, own))
        p.small.text-secondary.mb-2 {
            (t!(lang, "第一轮平均 {mean} %", "Mean of the first round {mean} %"))
            @if let Some((facility, n)) = page.facility.get(&one.version) {
                @let (real, answers) = (percent(Some(*facility)), i18n::count(n, "answer", "answers"));
                " · " (t!(lang, "实际答对率 {real}（{n} 份）", "really {real} ({answers})"))
            }
        }
    }
}

/// What there is to choose, with the key.
fn key(lang: Lang, task: &Task) -> Markup {
    let options = |options: &[Choice]| {
        html! {
            ul.mb-0 { @for option in options {
                li { (option.text.get(lang)) @if option.correct { " " (badge(Tone::Good, t!(lang, "正确", "right"))) } }
            } }
        }
    };
    match task {
        Task::Single { options: all } | Task::Multiple { options: all, .. } => options(all),
        Task::TrueFalse { answer } => {
            html! { (if *answer { t!(lang, "对", "True") } else { t!(lang, "错", "False") }) }
        }
        Task::Numeric(key) => {
            html! { (key.value) " ± " (key.tolerance) " " (key.unit().get(lang)) }
        }
        Task::Short(key) => html! { ul.mb-0 { @for one in &key.accepted { li { (one.form) } } } },
        Task::Ordering { items, .. } => {
            html! { ol.mb-0 { @for item in items { li { (item.get(lang)) } } } }
        }
        Task::Matching(key) => {
            html! { ul.mb-0 { @for pair in &key.pairs { li { (pair.prompt.get(lang)) " → " (pair.partner.get(lang)) } } } }
        }
        Task::Hotspot(spot) => html! { img.img-fluid src=(spot.picture) alt=(spot.alt.get(lang)); },
        Task::Essay(essay) => html! { (markdown::render(essay.guide.get(lang), "")) },
        Task::Case { parts } => html! {
            ol.mb-0 { @for part in parts { li { (markdown::render(part.stem.get(lang), "")) (key(lang, &part.task)) } } }
        },
    }
}
