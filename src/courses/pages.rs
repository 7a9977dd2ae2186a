//! The catalogue, a course, a lesson.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use maud::{Markup, html};

use super::{
    Catalogue, Progress,
    catalogue::{Course, LessonPlan},
    model::{Round, area_title},
    rules,
    study::Place,
};
use crate::{
    access::Viewer,
    i18n::{self, Lang},
    t,
    web::{
        Crumb,
        components::{
            Tone, alert, badge, button_form, card, card_with, empty, heading, icon, progress,
        },
        forms::new_key,
        markdown,
    },
};

type Completed = BTreeMap<String, NaiveDate>;

pub fn hours(lang: Lang, hours: i64) -> String {
    let counted = i18n::count(hours, "class hour", "class hours");
    t!(lang, "{hours} 学时", "{counted}")
}

fn lessons(lang: Lang, n: usize) -> String {
    let counted = i18n::count(n, "lesson", "lessons");
    t!(lang, "共 {n} 课", "{counted}")
}

/// All courses by area; what the viewer is in the middle of comes first.
pub fn catalogue(
    viewer: &Viewer,
    catalogue: &Catalogue,
    taken: &[(Progress, Round)],
    completed: &Completed,
    area: Option<&str>,
) -> Markup {
    let lang = viewer.lang();
    let title = t!(lang, "课程", "Courses");
    let areas = areas_of(catalogue);
    let shelf = Shelf { viewer, catalogue, taken, completed };
    let open: Vec<&(Progress, Round)> = taken.iter().filter(|(_, round)| round.is_open()).collect();
    viewer.page(&title, &[], html! {
        (heading(&title, t!(lang, "每门课由若干课组成，可随时停下，下次接着学。", "Each course is a row of lessons; stop at any time and go on later."), html! {}))
        @if !open.is_empty() && area.is_none() { (continue_card(viewer, catalogue, &open)) }
        (area_filter(lang, &areas, area))
        @if areas.is_empty() {
            (empty("school", &t!(lang, "还没有课程", "No courses yet"), t!(lang, "请管理员把课程放入 course-content/courses 后重启系统。", "Ask an administrator to put courses into course-content/courses and restart.")))
        }
        @for name in areas.iter().filter(|name| area.is_none_or(|area| area == **name)) {
            section.mb-3 aria-labelledby={ "area-" (name) } {
                h2.h3 id={ "area-" (name) } { (area_title(name).get(lang)) }
                div.row.row-cards {
                    @for course in catalogue.iter().filter(|course| course.plan.area == **name) {
                        div."col-md-6"."col-xl-4" { (shelf.card(course)) }
                    }
                }
            }
        }
        @if area.is_some_and(|area| !areas.contains(&area)) {
            (empty("filter", &t!(lang, "没有这一类课程", "No courses of this kind"), t!(lang, "请换一个类别，或查看全部课程。", "Choose another area, or look at all courses.")))
        }
    })
}

/// The areas in the order in which people meet them; areas of a group's own come last.
fn areas_of(catalogue: &Catalogue) -> Vec<&str> {
    const KNOWN: [&str; 6] =
        ["onboarding", "safety", "skills", "new-technology", "cases", "etiquette"];
    let areas: BTreeSet<&str> = catalogue.iter().map(|course| course.plan.area.as_str()).collect();
    let mut areas: Vec<&str> = areas.into_iter().collect();
    areas.sort_by_key(|area| KNOWN.iter().position(|known| known == area).unwrap_or(KNOWN.len()));
    areas
}

fn area_filter(lang: Lang, areas: &[&str], chosen: Option<&str>) -> Markup {
    html! {
        nav.btn-list.mb-3 aria-label=(t!(lang, "按类别筛选", "Filter by area")) {
            a.btn.btn-sm .btn-primary[chosen.is_none()] href="/courses" aria-current=[chosen.is_none().then_some("page")] { (t!(lang, "全部", "All")) }
            @for area in areas {
                @let here = chosen == Some(*area);
                a.btn.btn-sm .btn-primary[here] href={ "/courses?area=" (area) } aria-current=[here.then_some("page")] { (area_title(area).get(lang)) }
            }
        }
    }
}

/// What next: the courses in progress, each with a button straight to the open lesson.
fn continue_card(viewer: &Viewer, catalogue: &Catalogue, open: &[&(Progress, Round)]) -> Markup {
    let lang = viewer.lang();
    card_with(
        &t!(lang, "接着学", "Go on with"),
        html! {},
        html! {
            div.list-group.list-group-flush {
                @for (progress, round) in open {
                    div.list-group-item {
                        div.row.align-items-center.g-2 {
                            div.col-12.col-md-5 {
                                a.fw-bold href={ "/courses/" (progress.code) } { (catalogue.title(&progress.code).get(lang)) }
                                div { (due(viewer, round)) }
                            }
                            div.col { (bar(lang, progress.done, progress.total)) }
                            div.col-auto {
                                @let next = catalogue.get(&progress.code).and_then(|course| rules::next_lesson(course, &round.done));
                                a.btn.btn-primary href=(lesson_href(&progress.code, next)) { (icon("player-play")) (t!(lang, "继续学习", "Continue")) }
                            }
                        }
                    }
                }
            }
        },
    )
}

fn lesson_href(code: &str, slug: Option<&str>) -> String {
    slug.map_or_else(
        || format!("/courses/{code}"),
        |slug| format!("/courses/{code}/lessons/{slug}"),
    )
}

fn bar(lang: Lang, done: usize, total: usize) -> Markup {
    let label = t!(lang, "已学 {done} 课，共 {total} 课", "{done} of {total} lessons done");
    progress(done, total, &label)
}

/// The due day of an open round, and whether it has passed.
pub fn due(viewer: &Viewer, round: &Round) -> Markup {
    let lang = viewer.lang();
    let Some(day) = round.enrolment.due_on.filter(|_| round.is_open()) else { return html! {} };
    let day = i18n::date(lang, day);
    if round.is_overdue(viewer.today) {
        badge(Tone::Bad, t!(lang, "已逾期，应于 {day} 前完成", "Overdue, was due on {day}"))
    } else {
        badge(Tone::Warn, t!(lang, "须于 {day} 前完成", "Due on {day}"))
    }
}

struct Shelf<'a> {
    viewer: &'a Viewer,
    catalogue: &'a Catalogue,
    taken: &'a [(Progress, Round)],
    completed: &'a Completed,
}

impl Shelf<'_> {
    fn card(&self, course: &Course) -> Markup {
        let (lang, plan) = (self.viewer.lang(), &course.plan);
        let open = self.taken.iter().find(|(p, round)| p.code == plan.code && round.is_open());
        html! {
            div.card.h-100 {
                div.card-body {
                    h3.card-title { a href={ "/courses/" (plan.code) } { (plan.title.get(lang)) } }
                    p.text-secondary.small { (first_sentence(plan.summary.get(lang))) }
                    div.d-flex.flex-wrap.gap-2.mb-2 {
                        span.small { (icon("clock")) " " (hours(lang, plan.hours)) " · " (lessons(lang, plan.lessons.len())) }
                    }
                    (self.standing(course, open))
                }
            }
        }
    }

    fn standing(&self, course: &Course, open: Option<&(Progress, Round)>) -> Markup {
        let (lang, plan) = (self.viewer.lang(), &course.plan);
        let missing = rules::missing(plan, self.completed);
        html! {
            @if let Some(day) = self.completed.get(&plan.code) {
                div { (badge(Tone::Good, t!(lang, "已于 {} 完成", "Completed on {}", i18n::date(lang, *day)))) }
            }
            @if let Some((progress, round)) = open {
                (bar(lang, progress.done, progress.total))
                div.mt-1 { (due(self.viewer, round)) }
            } @else if !missing.is_empty() {
                div.small {
                    (icon("shield-lock")) " " (t!(lang, "须先完成：", "First complete: "))
                    @for (at, code) in missing.iter().enumerate() {
                        @if at > 0 { (t!(lang, "、", ", ")) }
                        a href={ "/courses/" (code) } { (self.catalogue.title(code).get(lang)) }
                    }
                }
            }
        }
    }
}

/// Enough of a summary for a card.
fn first_sentence(text: &str) -> &str {
    let full_stop = text.find('。').map(|at| at + '。'.len_utf8());
    let period = text.find(". ").map(|at| at + 1);
    &text[..full_stop.or(period).unwrap_or(text.len())]
}

fn crumbs(lang: Lang) -> Vec<Crumb> {
    vec![Crumb::new("/courses", t!(lang, "课程", "Courses"))]
}

/// A course: what it is for, how far the viewer is, and the one button that comes next.
pub fn course(
    viewer: &Viewer,
    catalogue: &Catalogue,
    place: &Place,
    completed: &Completed,
) -> Markup {
    let (lang, plan) = (viewer.lang(), &place.course.plan);
    let subtitle = format!(
        "{} · {} · {}",
        area_title(&plan.area).get(lang),
        hours(lang, plan.hours),
        lessons(lang, plan.lessons.len())
    );
    let missing = rules::missing(plan, completed);
    viewer.page(plan.title.get(lang), &crumbs(lang), html! {
        (heading(plan.title.get(lang), subtitle, action(lang, catalogue, place, completed, &missing)))
        (standing(viewer, place, completed))
        div.row {
            div."col-lg-8" {
                (card(&t!(lang, "课程简介", "About this course"), html! {
                    p { (plan.summary.get(lang)) }
                    @if !plan.goals.is_empty() {
                        h3.h4 { (t!(lang, "学完后您能够", "Afterwards you can")) }
                        ul.mb-0 { @for goal in &plan.goals { li { (goal.get(lang)) } } }
                    }
                }))
                (lesson_list(lang, place))
            }
            div."col-lg-4" {
                (prerequisites(lang, catalogue, &place.course, completed))
                (card(&t!(lang, "练一练", "Practice"), html! {
                    p { (t!(lang, "用练习题检查学到了什么，答后有讲解。", "See what has stuck: questions with an explanation after each answer.")) }
                    a.btn href={ "/practice?course=" (plan.code) } { (icon("refresh")) (t!(lang, "去练习", "Practise")) }
                }))
            }
        }
    })
}

/// Continue, enrol, take it again; or nothing while something else must come first.
fn action(
    lang: Lang,
    catalogue: &Catalogue,
    place: &Place,
    completed: &Completed,
    missing: &[&str],
) -> Markup {
    let code = &place.course.plan.code;
    if let Some(round) = place.open_round() {
        let next = rules::next_lesson(&place.course, &round.done);
        return html! {
            a.btn.btn-primary href=(lesson_href(code, next)) { (icon("player-play")) (t!(lang, "继续学习", "Continue")) }
        };
    }
    if !missing.is_empty() || catalogue.get(code).is_none() {
        return html! {};
    }
    let (class, glyph, label) = if completed.contains_key(code) {
        (
            "btn-outline-primary",
            "refresh",
            t!(lang, "再学一遍（复训）", "Take it again (refresher)"),
        )
    } else {
        ("btn-primary", "plus", t!(lang, "报名学习", "Enrol"))
    };
    let action = format!("/courses/{code}/enrol");
    button_form(&action, &new_key(), class, html! { (icon(glyph)) (label) })
}

fn standing(viewer: &Viewer, place: &Place, completed: &Completed) -> Markup {
    let lang = viewer.lang();
    let plan = &place.course.plan;
    html! {
        @if let Some(day) = completed.get(&plan.code) {
            (alert(Tone::Good, t!(lang, "您已于 {} 完成本课程。", "You completed this course on {}.", i18n::date(lang, *day))))
        }
        @if let Some(round) = place.open_round() {
            (card(&t!(lang, "学习进度", "Your progress"), html! {
                (bar(lang, rules::done_of(&place.course, &round.done), plan.lessons.len()))
                @if round.enrolment.due_on.is_some() { div.mt-2 { (due(viewer, round)) } }
                @if round.enrolment.round > 1 { div.mt-2 { (badge(Tone::Info, t!(lang, "第 {} 轮（复训）", "Round {} (refresher)", round.enrolment.round))) } }
            }))
        }
    }
}

fn prerequisites(
    lang: Lang,
    catalogue: &Catalogue,
    course: &Course,
    completed: &Completed,
) -> Markup {
    let lines = course.plan.prerequisites.iter().map(|code| {
        let state = match completed.get(code) {
            Some(day) => badge(Tone::Good, t!(lang, "已于 {} 完成", "Completed on {}", i18n::date(lang, *day))),
            None => badge(Tone::Warn, t!(lang, "未完成", "Not completed")),
        };
        html! { li.mb-2 { a href={ "/courses/" (code) } { (catalogue.title(code).get(lang)) } div { (state) } } }
    });
    card(
        &t!(lang, "先修课程", "Prerequisites"),
        html! {
            @if course.plan.prerequisites.is_empty() {
                p.text-secondary.mb-0 { (t!(lang, "无，可以直接报名。", "None; you can enrol right away.")) }
            } @else {
                ul.list-unstyled.mb-0 { @for line in lines { (line) } }
                @if !rules::missing(&course.plan, completed).is_empty() {
                    p.text-secondary.small.mb-0 { (t!(lang, "先修课程都完成后，这里会出现报名按钮。课文现在就可以阅读。", "Once they are completed, you can enrol here. You may read the lessons already.")) }
                }
            }
        },
    )
}

fn lesson_list(lang: Lang, place: &Place) -> Markup {
    let none = BTreeSet::new();
    let done = place.round.as_ref().map_or(&none, |round| &round.done);
    card_with(
        &t!(lang, "课程内容", "Lessons"),
        html! {},
        html! {
            ol.list-group.list-group-flush.list-unstyled.mb-0 {
                @for (at, lesson) in place.course.plan.lessons.iter().enumerate() {
                    li.list-group-item {
                        div.d-flex.gap-2.align-items-center {
                            (mark(lang, done.contains(&lesson.slug)))
                            a.flex-fill href=(lesson_href(&place.course.plan.code, Some(&lesson.slug))) {
                                (at + 1) ". " (lesson.title.get(lang))
                            }
                            span.text-secondary.small.text-nowrap { (minutes(lang, lesson)) }
                        }
                    }
                }
            }
        },
    )
}

fn minutes(lang: Lang, lesson: &LessonPlan) -> String {
    let minutes = lesson.minutes;
    t!(lang, "{minutes} 分钟", "{minutes} min")
}

fn mark(lang: Lang, done: bool) -> Markup {
    html! {
        @if done {
            span.text-success data-done="yes" { (icon("circle-check")) span.visually-hidden { (t!(lang, "已学", "Done")) } }
        } @else {
            span.text-secondary data-done="no" { (icon("book")) span.visually-hidden { (t!(lang, "未学", "Not done")) } }
        }
    }
}

/// A lesson as a page of a book; none when the course has no such lesson.
pub fn lesson(viewer: &Viewer, place: &Place, slug: &str) -> Option<Markup> {
    let (lang, course) = (viewer.lang(), &place.course);
    let (at, lesson) = course.lesson(slug)?;
    let plan = &course.plan;
    let total = plan.lessons.len();
    let mut trail = crumbs(lang);
    trail.push(Crumb::new(format!("/courses/{}", plan.code), plan.title.get(lang)));
    let subtitle = t!(
        lang,
        "第 {} 课，共 {total} 课 · 约 {}",
        "Lesson {} of {total} · about {}",
        at + 1,
        minutes(lang, lesson)
    );
    let base = format!("/courses/{}", plan.code);
    let text = markdown::render(course.markdown(slug, lang), &base);
    Some(viewer.page(
        lesson.title.get(lang),
        &trail,
        html! {
            (heading(lesson.title.get(lang), subtitle, html! {}))
            div.card.mb-3 { article.card-body.prose lang=(lang.tag()) { (text) } }
            (done_bar(lang, place, slug))
            (neighbours(lang, course, at))
        },
    ))
}

/// The button that marks the lesson, or what stands in its way.
fn done_bar(lang: Lang, place: &Place, slug: &str) -> Markup {
    let code = &place.course.plan.code;
    html! {
        div.mb-3.d-print-none {
            @match place.open_round() {
                Some(round) if round.done.contains(slug) => {
                    (alert(Tone::Good, t!(lang, "这一课您已学完。", "You have done this lesson.")))
                }
                Some(_) => {
                    (button_form(&format!("/courses/{code}/lessons/{slug}/done"), &new_key(), "btn-primary",
                        html! { (icon("check")) (t!(lang, "学完了，标记完成", "Mark as done")) }))
                }
                None => {
                    (alert(Tone::Info, html! {
                        (t!(lang, "您正在浏览，学习进度不会记录。", "You are only reading; progress is not kept."))
                        " " a href={ "/courses/" (code) } { (t!(lang, "到课程页报名", "Enrol on the course page")) }
                    }))
                }
            }
        }
    }
}

fn neighbours(lang: Lang, course: &Course, at: usize) -> Markup {
    let before = at.checked_sub(1).and_then(|at| course.plan.lessons.get(at));
    let after = course.plan.lessons.get(at + 1);
    let href = |lesson: &LessonPlan| lesson_href(&course.plan.code, Some(&lesson.slug));
    html! {
        nav.d-flex.flex-wrap.gap-2.justify-content-between.d-print-none aria-label=(t!(lang, "上一课和下一课", "Previous and next lesson")) {
            @if let Some(before) = before {
                a.btn rel="prev" href=(href(before)) { (icon("arrow-left")) (t!(lang, "上一课", "Previous")) span.d-none.d-md-inline { (t!(lang, "：", ": ")) (before.title.get(lang)) } }
            } @else { span {} }
            @if let Some(after) = after {
                a.btn rel="next" href=(href(after)) { (t!(lang, "下一课", "Next")) span.d-none.d-md-inline { (t!(lang, "：", ": ")) (after.title.get(lang)) } (icon("arrow-right")) }
            } @else {
                a.btn href={ "/courses/" (course.plan.code) } { (t!(lang, "回到课程", "Back to the course")) }
            }
        }
    }
}
