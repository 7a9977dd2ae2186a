//! "My path", applying, and the story of a candidacy.

use chrono::NaiveDate;
use maud::{Markup, html};

use super::{
    acts::step_title,
    appointments,
    model::{GradeHeld, KeptRules, KeptVerdict, Outcome, Story},
    views::{PathView, StoryView, Term, Way},
};
use crate::{
    access::{Role, Viewer},
    i18n::{self, Lang},
    record::{
        self, Kind, PersonId, Rules,
        programme::{GradePlan, Ladder, RuleSet, Verified},
        verdict::Line,
    },
    staff::Post,
    t,
    web::{
        Crumb, Problems,
        components::{
            Tone, alert, badge, button_form, card, card_with, definitions, empty, heading, icon,
            table,
        },
        forms::{Field, new_key},
    },
};

/// Where somebody stands, what comes next and what is missing for it.
pub fn path(viewer: &Viewer, rules: &Rules, view: &PathView<'_>) -> Markup {
    let lang = viewer.lang();
    let own = view.post.person.id == viewer.id;
    let name = view.post.person.title(lang);
    let title = match own {
        true => t!(lang, "我的成长", "My path"),
        false => t!(lang, "{name}的成长路径", "{name}’s path"),
    };
    let position = rules.position_title(&view.post.assignment.position);
    let subtitle = format!("{} · {}", view.post.site.title(lang), position.get(lang));
    viewer.page(
        &title,
        &[],
        html! {
            (heading(&title, subtitle, html! {}))
            div.row {
                div."col-lg-5" {
                    @if view.ladders.is_empty() { (no_ladder(lang)) }
                    @for ladder in &view.ladders { (ladder_card(lang, view, ladder)) }
                }
                div."col-lg-7" {
                    (stories(lang, rules, viewer, &view.stories))
                    @if !view.ladders.is_empty() && view.ways.is_empty() { (no_step(lang)) }
                    @for way in &view.ways { (way_card(lang, rules, view, way, own)) }
                    (grades(lang, rules, view))
                }
            }
        },
    )
}

fn no_ladder(lang: Lang) -> Markup {
    let hint = t!(
        lang,
        "现有规则中没有适合这个岗位的等级序列。请与人事确认岗位是否登记正确。",
        "No rule set has a ladder for this position. Ask HR whether the position is recorded right."
    );
    card(
        &t!(lang, "等级序列", "Ladder"),
        empty("ladder", &t!(lang, "没有等级序列", "No ladder"), hint),
    )
}

fn no_step(lang: Lang) -> Markup {
    let hint = t!(
        lang,
        "已在现有序列的最高处，可以考虑带徒或担任内训师。",
        "The top is reached. Think of mentoring or training others."
    );
    card(
        &t!(lang, "下一步", "Next step"),
        empty("stairs-up", &t!(lang, "没有更高的一步", "No step above"), hint),
    )
}

/// The ladder as a picture, bottom to top, with "you are here".
fn ladder_card(lang: Lang, view: &PathView<'_>, ladder: &Ladder) -> Markup {
    let current = view.current_on(&ladder.code);
    let (here, next) = (current.map(|grade| grade.rank), view.next_on(ladder));
    card(
        ladder.title.get(lang),
        html! {
            ol.ladder aria-label=(ladder.title.get(lang)) {
                @if here.is_none() {
                    li.here aria-current="step" {
                        span.rung { "·" }
                        span { (t!(lang, "尚未定级", "No grade yet")) }
                        (here_badge(lang))
                    }
                }
                @for grade in ladder.ascending() { (rung(lang, view, ladder, grade, here, next)) }
            }
        },
    )
}

fn here_badge(lang: Lang) -> Markup {
    html! { span.ms-auto { (badge(Tone::Info, t!(lang, "您在这里", "You are here"))) } }
}

fn rung(
    lang: Lang,
    view: &PathView<'_>,
    ladder: &Ladder,
    grade: &GradePlan,
    here: Option<u32>,
    next: Option<u32>,
) -> Markup {
    let is_here = here == Some(grade.rank);
    let class = match () {
        () if is_here => "here",
        () if here.is_some_and(|here| grade.rank < here) => "reached",
        () if next == Some(grade.rank) => "next",
        () => "",
    };
    let since = view
        .grades
        .iter()
        .find(|held| held.ladder == ladder.code && held.level == grade.level)
        .filter(|held| held.from <= view.today);
    html! {
        li class=(class) aria-current=[is_here.then_some("step")] {
            span.rung { (grade.level) }
            span {
                (grade.name.get(lang))
                @if let Some(held) = since {
                    div.text-secondary.small.fw-normal { (record::pages::span(lang, held.from, held.through)) }
                }
            }
            @if is_here { (here_badge(lang)) }
            @else if class == "next" { span.ms-auto { (badge(Tone::Neutral, t!(lang, "下一步", "Next step"))) } }
        }
    }
}

/// One possible next step with its verdict.
fn way_card(lang: Lang, rules: &Rules, view: &PathView<'_>, way: &Way<'_>, own: bool) -> Markup {
    let first = view.ways.first().is_some_and(|first| first.step.code() == way.step.code());
    let today = view.today;
    let code = way.step.code();
    let apply = format!("/my-path/apply?{}", query(&[("path", &code)]));
    card(
        way.step.path.title.get(lang),
        html! {
            p { (standing(lang, &way.line)) }
            @if let Some(id) = way.applied {
                p { a.btn href=(format!("/candidacies/{id}")) { (t!(lang, "查看申报", "See the application")) } }
            } @else if own && way.line.met {
                p { a.btn.btn-primary href=(apply) { (icon("flag")) (t!(lang, "申报", "Apply")) } }
            }
            @if let Some(note) = &way.step.path.note { p.text-secondary { (note.get(lang)) } }
            // What is not met yet is what people come for; the rest can be unfolded.
            details open[first || !way.line.met] {
                summary.mb-2 { (t!(lang, "申报条件", "Conditions for applying")) }
                (record::pages::verdict(lang, rules.context(), &way.line))
            }
            @if let Some(assessment) = &way.assessment {
                details.mt-2 {
                    summary.mb-2 { (t!(lang, "申报后须通过的考核", "To be passed after applying")) }
                    (record::pages::verdict(lang, rules.context(), assessment))
                }
            }
            (extras(lang, way, today))
            (source(lang, way.step.set, way.step.path.source.as_deref(), way.step.path.verified))
        },
    )
}

fn extras(lang: Lang, way: &Way<'_>, today: NaiveDate) -> Markup {
    let path = way.step.path;
    let term = path.term_months.map(|months| {
        let counted = i18n::count(months, "month", "months");
        t!(lang, "{months} 个月", "{counted}")
    });
    let line = |label: String, text: Option<String>| text.map(|text| (label, html! { (text) }));
    let said = |text: &Option<i18n::Text>| text.as_ref().map(|text| text.get(lang).to_owned());
    let review = path.review_months.map(|months| {
        let counted = i18n::count(months, "month", "months");
        t!(lang, "每 {months} 个月", "every {counted}")
    });
    let quota = path.quota.as_ref().map(|quota| {
        let said = html! {
            (appointments::pages::quota(lang, quota))
            @if let Some(taken) = &way.places { div { (appointments::pages::places(lang, taken, today)) } }
        };
        (t!(lang, "名额", "Quota"), said)
    });
    let lines: Vec<(String, Markup)> = [
        line(t!(lang, "聘期", "Term"), term),
        line(t!(lang, "期中评议", "Reviewed"), review),
        quota,
        line(t!(lang, "职责", "Duties"), said(&path.duties)),
        line(t!(lang, "待遇", "Benefits"), said(&path.benefits)),
    ]
    .into_iter()
    .flatten()
    .collect();
    html! { @if !lines.is_empty() { div.mt-3 { (definitions(lines)) } } }
}

/// Met, or the first day on which time alone meets it.
pub fn standing(lang: Lang, line: &Line) -> Markup {
    match line.earliest {
        _ if line.met => badge(Tone::Good, t!(lang, "条件已满足", "Conditions met")),
        Some(day) => {
            let day = i18n::date(lang, day);
            badge(Tone::Warn, t!(lang, "仅靠时间，最早 {day} 满足", "Time alone meets it on {day}"))
        }
        None => badge(Tone::Bad, t!(lang, "尚有条件要完成", "There is something left to do")),
    }
}

/// Where the rules come from, and that the issuing body's text prevails.
pub fn source(lang: Lang, set: &RuleSet, own: Option<&str>, verified: Option<Verified>) -> Markup {
    html! {
        div.text-secondary.small.mt-3.pt-2.border-top {
            div {
                (icon("book")) " " (set.title.get(lang)) " " (set.version) " "
                (verified_badge(lang, verified.unwrap_or(set.verified)))
            }
            div.text-break { (t!(lang, "来源：", "Source: ")) (own.unwrap_or(&set.source)) }
            div { (set.notice.get(lang)) " " (t!(lang, "仅供参考。", "Reference only.")) }
        }
    }
}

fn verified_badge(lang: Lang, verified: Verified) -> Markup {
    match verified {
        Verified::Primary => badge(Tone::Good, t!(lang, "已核对原文", "Checked against the text")),
        Verified::Secondary => badge(Tone::Info, t!(lang, "二手来源", "Secondary source")),
        Verified::Unverified => badge(Tone::Warn, t!(lang, "未核实", "Not verified")),
    }
}

fn grades(lang: Lang, rules: &Rules, view: &PathView<'_>) -> Markup {
    let headers = [
        t!(lang, "等级", "Grade"),
        t!(lang, "序列", "Ladder"),
        t!(lang, "起止", "From, through"),
        t!(lang, "状态", "State"),
    ];
    let rows = view.grades.iter().rev().map(|held| {
        let GradeHeld { ladder, level, from, through, .. } = held;
        vec![
            html! { (rules.context().level_name(ladder, level).get(lang)) },
            html! { (rules.context().name(Kind::Grade, ladder).get(lang)) },
            html! { (record::pages::span(lang, *from, *through)) },
            record::pages::state(lang, *from, *through, view.today),
        ]
    });
    let body = match view.grades.is_empty() {
        true => empty(
            "award",
            &t!(lang, "还没有等级", "No grade yet"),
            t!(
                lang,
                "第一个等级从上面的第一步开始。",
                "The first one begins with the first step above."
            ),
        ),
        false => table(&headers, rows),
    };
    card_with(&t!(lang, "历来等级", "Grades so far"), html! {}, body)
}

fn stories(lang: Lang, rules: &Rules, viewer: &Viewer, stories: &[Story]) -> Markup {
    let headers =
        [t!(lang, "申报", "Application"), t!(lang, "日期", "Date"), t!(lang, "状态", "State")];
    let rows = stories.iter().map(|story| {
        let href = format!("/candidacies/{}", story.candidacy.id);
        vec![
            html! { a href=(href) { (step_title(rules, &story.candidacy.path).get(lang)) } },
            html! { (i18n::instant(lang, story.candidacy.applied_at.utc(), viewer.zone)) },
            state_badge(lang, story),
        ]
    });
    html! {
        @if !stories.is_empty() {
            (card_with(&t!(lang, "申报记录", "Applications"), html! {}, table(&headers, rows)))
        }
    }
}

pub fn state_badge(lang: Lang, story: &Story) -> Markup {
    let tone = match &story.decision {
        None => Tone::Info,
        Some(made) if made.outcome == Outcome::Promoted => Tone::Good,
        Some(made) if made.outcome == Outcome::Declined => Tone::Bad,
        Some(_) => Tone::Neutral,
    };
    let state = story.state();
    badge(tone, state.get(lang))
}

/// Applying for oneself, or HR nominating somebody.
pub fn application(
    viewer: &Viewer,
    rules: &Rules,
    post: &Post,
    way: &Way<'_>,
    statement: &str,
    problems: &Problems,
) -> Markup {
    let lang = viewer.lang();
    let own = post.person.id == viewer.id;
    let name = post.person.title(lang);
    let step = way.step.path.title.get(lang);
    let (title, action, crumb) = match own {
        true => (
            t!(lang, "申报：{step}", "Apply: {step}"),
            "/my-path/apply",
            Crumb::new("/my-path", t!(lang, "我的成长", "My path")),
        ),
        false => (
            t!(lang, "提名 {name}：{step}", "Nominate {name}: {step}"),
            "/promotion/nominate",
            Crumb::new("/promotion", t!(lang, "晋升", "Promotion")),
        ),
    };
    let (label, hint) = match own {
        true => (
            t!(lang, "申报陈述", "Your statement"),
            t!(
                lang,
                "您做了什么、为什么现在申报。主管和人事会看到。",
                "What you have done and why now. Your manager and HR read it."
            ),
        ),
        false => (
            t!(lang, "提名理由", "Why you nominate"),
            t!(lang, "本人和其主管会看到。", "The candidate and their manager read it."),
        ),
    };
    let body = html! {
        (heading(&title, standing(lang, &way.line), html! {}))
        @if way.line.met && way.applied.is_none() {
            (card(&label, html! {
                form method="post" action=(action) {
                    input type="hidden" name="form_key" value=(new_key());
                    input type="hidden" name="path" value=(way.step.code());
                    @if !own { input type="hidden" name="person" value=(post.person.id); }
                    (Field::new("statement", label.clone(), statement).required().hint(hint).area(lang, problems, 5))
                    button.btn.btn-primary type="submit" { (t!(lang, "提交", "Send")) }
                }
            }))
        } @else if way.applied.is_some() {
            (alert(Tone::Info, t!(lang, "这一步已有进行中的申报。", "There is an open application for this step.")))
        } @else {
            (alert(Tone::Warn, t!(lang, "条件满足后才能申报，缺什么见下。", "You can apply once the conditions are met; see below what is missing.")))
        }
        (card(&t!(lang, "申报条件", "Conditions for applying"), html! {
            (record::pages::verdict(lang, rules.context(), &way.line))
            (source(lang, way.step.set, way.step.path.source.as_deref(), way.step.path.verified))
        }))
    };
    viewer.page(&title, &[crumb], body)
}

/// The whole story of a candidacy, with what its reader may do next.
pub fn candidacy(viewer: &Viewer, rules: &Rules, view: &StoryView, problems: &Problems) -> Markup {
    let lang = viewer.lang();
    let name = view.post.person.title(lang);
    let step = step_title(rules, &view.story.candidacy.path);
    let title = t!(lang, "{name}：{}", "{name}: {}", step.get(lang));
    let crumb = match view.post.person.id == viewer.id {
        true => Crumb::new("/my-path", t!(lang, "我的成长", "My path")),
        false => Crumb::new("/promotion", t!(lang, "晋升", "Promotion")),
    };
    let person = format!("/people/{}/path", view.post.person.id);
    let body = html! {
        (heading(&title, state_badge(lang, &view.story), html! {
            @if view.post.person.id != viewer.id { a.btn href=(person) { (icon("stairs-up")) (t!(lang, "成长路径", "Path")) } }
        }))
        (decided(viewer, rules, view))
        (applied(viewer, rules, view))
        (recommended(viewer, view))
        (today_card(lang, rules, view))
        @if view.may_recommend { (recommendation_form(lang, view, problems)) }
        @if view.may_decide { (decision_form(lang, view, problems)) }
        @if view.may_withdraw { (withdrawal_form(lang, view)) }
    };
    viewer.page(&title, &[crumb], body)
}

fn name_of(view: &StoryView, id: PersonId, lang: Lang) -> &str {
    view.names.get(&id).map_or("", |person| person.title(lang))
}

fn applied(viewer: &Viewer, rules: &Rules, view: &StoryView) -> Markup {
    let (lang, candidacy) = (viewer.lang(), &view.story.candidacy);
    let at = i18n::instant(lang, candidacy.applied_at.utc(), viewer.zone);
    let by = name_of(view, candidacy.applied_by, lang);
    let line = match candidacy.applied_by == candidacy.person_id {
        true => t!(lang, "{at}，本人申报", "{at}, own application"),
        false => t!(lang, "{at}，由 {by} 提名", "{at}, nominated by {by}"),
    };
    card(
        &t!(lang, "申报", "Application"),
        html! {
            p.text-secondary { (line) }
            blockquote.blockquote { (candidacy.statement) }
            @if let Some(then) = &view.at_application {
                details {
                    summary { (t!(lang, "申报时的条件（按当时所知）", "The conditions at the time, as known then")) }
                    (record::pages::verdict(lang, rules.context(), &then.line))
                }
            }
        },
    )
}

fn recommended(viewer: &Viewer, view: &StoryView) -> Markup {
    let lang = viewer.lang();
    let body = match &view.story.recommendation {
        None => {
            html! { p.text-secondary.mb-0 { (t!(lang, "还没有推荐意见。", "No recommendation yet.")) } }
        }
        Some(given) => html! {
            p {
                @if given.supports { (badge(Tone::Good, t!(lang, "推荐", "Recommended"))) }
                @else { (badge(Tone::Bad, t!(lang, "不推荐", "Not recommended"))) }
                " " (name_of(view, given.given_by, lang)) " · "
                (i18n::instant(lang, given.given_at.utc(), viewer.zone))
            }
            p.mb-0 { (given.note) }
        },
    };
    card(&t!(lang, "主管意见", "The manager’s word"), body)
}

fn today_card(lang: Lang, rules: &Rules, view: &StoryView) -> Markup {
    html! {
        @if let Some(verdict) = &view.verdict {
            (card(&t!(lang, "今天的条件", "The conditions today"), html! {
                p { (standing(lang, &verdict.line)) }
                (record::pages::verdict(lang, rules.context(), &verdict.line))
                (kept_rules(lang, &verdict.rules, None))
                @if let Some(taken) = &view.places { p.mb-0.mt-3 #places { (appointments::pages::places(lang, taken, view.today)) } }
            }))
        } @else if view.story.is_open() {
            (alert(Tone::Warn, t!(lang, "现行规则中已没有这条晋升路径。", "No rule set in force has this path any more.")))
        }
    }
}

fn kept_rules(lang: Lang, rules: &KeptRules, revision: Option<i64>) -> Markup {
    html! {
        div.text-secondary.small.mt-3.pt-2.border-top {
            div {
                (icon("book")) " " (rules.title.get(lang)) " " (rules.version)
                @if let Some(revision) = revision { " · " (t!(lang, "规则第 {revision} 版", "rules revision {revision}")) }
                " " (verified_badge(lang, rules.verified))
            }
            div.text-break { (t!(lang, "来源：", "Source: ")) (rules.source) }
            div { (t!(lang, "仅供参考，以发证机构现行文本为准。", "Reference only; the issuing body’s current text prevails.")) }
        }
    }
}

/// The decision with the verdict as it was, whatever the record says today.
fn decided(viewer: &Viewer, rules: &Rules, view: &StoryView) -> Markup {
    let lang = viewer.lang();
    let Some(made) = &view.story.decision else { return html! {} };
    let at = i18n::instant(lang, made.decided_at.utc(), viewer.zone);
    let mut lines = vec![
        (t!(lang, "结果", "Outcome"), state_badge(lang, &view.story)),
        (t!(lang, "决定人", "Decided by"), html! { (name_of(view, made.decided_by, lang)) }),
        (t!(lang, "时间", "When"), html! { (at) }),
    ];
    if !made.reason.is_empty() {
        lines.push((t!(lang, "理由", "Reason"), html! { (made.reason) }));
    }
    if made.outcome == Outcome::Promoted {
        let day = i18n::date(lang, made.effective_on);
        let line = match (view.given_through, made.fact_id) {
            (Some(through), Some(fact)) => (
                t!(lang, "聘期", "Term"),
                html! {
                    (record::pages::span(lang, made.effective_on, Some(through)))
                    @if viewer.holds_any(&[Role::Manager, Role::Hr]) && view.post.person.id != viewer.id {
                        " " a href=(format!("/promotion/appointments/{fact}")) { (t!(lang, "查看聘任", "See the appointment")) }
                    }
                },
            ),
            _ => (t!(lang, "生效日期", "Effective"), html! { (day) }),
        };
        lines.insert(1, line);
    }
    html! {
        section #decision {
            (card(&t!(lang, "决定", "Decision"), html! {
                (definitions(lines))
                @if let Some(kept) = &view.kept { (kept_verdict(lang, rules, kept, view.kept_revision)) }
            }))
        }
    }
}

fn kept_verdict(lang: Lang, rules: &Rules, kept: &KeptVerdict, revision: Option<i64>) -> Markup {
    let on = i18n::date(lang, kept.on);
    html! {
        h3.mt-3 { (t!(lang, "决定时的条件（{on}，原样保存）", "The conditions on {on}, kept as they were")) }
        p { (standing(lang, &kept.line)) }
        (record::pages::verdict(lang, rules.context(), &kept.line))
        (kept_rules(lang, &kept.rules, revision))
    }
}

fn recommendation_form(lang: Lang, view: &StoryView, problems: &Problems) -> Markup {
    let action = format!("/candidacies/{}/recommendation", view.story.candidacy.id);
    card(
        &t!(lang, "给出推荐意见", "Recommend or not"),
        html! {
            form method="post" action=(action) {
                input type="hidden" name="form_key" value=(new_key());
                (Field::new("note", t!(lang, "意见", "Your reasons"), "").required().area(lang, problems, 3))
                div.btn-list {
                    button.btn.btn-primary type="submit" name="supports" value="true" { (icon("check")) (t!(lang, "推荐", "Recommend")) }
                    button.btn type="submit" name="supports" value="false" { (icon("x")) (t!(lang, "不推荐", "Do not recommend")) }
                }
            }
        },
    )
}

fn decision_form(lang: Lang, view: &StoryView, problems: &Problems) -> Markup {
    let action = format!("/candidacies/{}/decision", view.story.candidacy.id);
    let met = view.verdict.as_ref().is_some_and(|verdict| verdict.met);
    let today = view.today.to_string();
    card(
        &t!(lang, "决定", "Decide"),
        html! {
            @if !met {
                (alert(Tone::Warn, t!(lang, "今天的条件未满足，不能晋升；缺什么见上。可以暂缓或作出“未通过”的决定。", "The conditions are not met today, so this cannot be a promotion; see above what is missing. Wait, or decline.")))
            }
            @if view.story.recommendation.is_none() {
                (alert(Tone::Info, t!(lang, "主管还没有给出意见。", "The manager has not given a word yet.")))
            }
            form method="post" action=(action) {
                input type="hidden" name="form_key" value=(new_key());
                (Field::new("reason", t!(lang, "理由", "Reason"), "").required()
                    .hint(t!(lang, "本人和其主管会看到。", "The candidate and their manager read it."))
                    .area(lang, problems, 3))
                (Field::new("effective_on", t!(lang, "生效日期", "Effective from"), &today).kind("date")
                    .hint(term_hint(lang, view)).input(lang, problems))
                @if matches!(view.term, Some(Term { through: None, .. })) {
                    (Field::new("through", t!(lang, "聘期最后一天", "Last day of the term"), "").kind("date")
                        .hint(t!(lang, "规则没有规定聘期长短，由您填写。", "The rules do not say how long it is: you do.")).input(lang, problems))
                }
                div.btn-list {
                    @if met { button.btn.btn-primary type="submit" name="outcome" value="promoted" { (icon("check")) (t!(lang, "晋升", "Promote")) } }
                    button.btn type="submit" name="outcome" value="declined" { (icon("x")) (t!(lang, "未通过", "Decline")) }
                }
            }
        },
    )
}

/// From when through when somebody promoted today would be appointed.
fn term_hint(lang: Lang, view: &StoryView) -> String {
    let Some(Term { from, through }) = &view.term else { return String::new() };
    let from_day = i18n::date(lang, *from);
    let renewed = (*from > view.today).then(|| {
        t!(
            lang,
            "续聘：新聘期从本聘期结束的次日 {from_day} 起算。",
            "Another term: it begins on {from_day}, the day after the present one ends."
        )
    });
    let span = through.map(|through| {
        let through = i18n::date(lang, through);
        t!(
            lang,
            "从 {from_day} 算起，聘期到 {through}。",
            "Counted from {from_day}, the term runs through {through}."
        )
    });
    let separator = if lang == Lang::En { " " } else { "" };
    [renewed, span].into_iter().flatten().collect::<Vec<_>>().join(separator)
}

fn withdrawal_form(lang: Lang, view: &StoryView) -> Markup {
    let action = format!("/candidacies/{}/withdrawal", view.story.candidacy.id);
    html! { p { (button_form(&action, &new_key(), "", html! { (t!(lang, "撤回申报", "Withdraw the application")) })) } }
}

/// A query string from pairs.
pub fn query(pairs: &[(&str, &str)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
        query.append_pair(name, value);
    }
    query.finish()
}
