//! How a verdict and a record look: components for the pages of every capability.

use maud::{Markup, html};

use super::{
    Kind,
    context::Context,
    ledger::Row,
    verdict::{Evidence, Line},
};
use crate::{
    i18n::{self, Lang},
    t,
    web::components::{Tone, badge, icon},
};

/// The tree of a verdict: each line met or not, by which evidence, what is missing.
pub fn verdict(lang: Lang, context: &Context, line: &Line) -> Markup {
    html! { ul.verdict { (verdict_line(lang, context, line)) } }
}

fn verdict_line(lang: Lang, context: &Context, line: &Line) -> Markup {
    // A met choice shows the route that was used; the others would only distract.
    let shown: Vec<&Line> = match line.route_used() {
        Some(route) => vec![route],
        None if is_kept_veto(line) => Vec::new(),
        None => line.lines.iter().collect(),
    };
    html! {
        li {
            div.line {
                @if line.met {
                    span.met title=(t!(lang, "已满足", "Met")) { (icon("circle-check")) span.visually-hidden { (t!(lang, "已满足", "Met")) } }
                } @else {
                    span.unmet title=(t!(lang, "未满足", "Not met")) { (icon("circle-x")) span.visually-hidden { (t!(lang, "未满足", "Not met")) } }
                }
                div {
                    div { (line.title().get(lang)) }
                    @if let Some(note) = &line.note { div.note { (note.get(lang)) } }
                    @if is_kept_veto(line) { @for inner in &line.lines { div.note { (inner.title().get(lang)) } } }
                    @if !line.met && shown.is_empty() {
                        @if let Some(missing) = &line.missing { div.note { (missing.get(lang)) } }
                        @if let Some(earliest) = line.earliest {
                            div.note { (icon("clock")) " " (t!(lang, "最早 {}", "At the earliest on {}", i18n::date(lang, earliest))) }
                        }
                    }
                    @for evidence in line.evidence.iter().take(4) { div.note { (self::evidence(lang, context, evidence)) } }
                    @if line.evidence.len() > 4 {
                        div.note { (t!(lang, "等共 {} 条", "and more, {} in all", line.evidence.len())) }
                    }
                }
            }
            @if !shown.is_empty() { ul { @for inner in shown { (verdict_line(lang, context, inner)) } } }
        }
    }
}

/// A veto that holds is met because nothing below it is: crosses there would read as faults.
fn is_kept_veto(line: &Line) -> bool {
    line.met && !line.lines.is_empty() && line.lines.iter().all(|inner| !inner.met)
}

fn evidence(lang: Lang, context: &Context, evidence: &Evidence) -> Markup {
    let name = name_of(context, evidence.kind, &evidence.code, evidence.level.as_deref());
    html! {
        (evidence.kind.title().get(lang)) " · " (name.get(lang)) " · "
        (when(lang, evidence.kind, evidence.from, evidence.through))
    }
}

/// What readers call a fact's code and level.
pub fn name_of(context: &Context, kind: Kind, code: &str, level: Option<&str>) -> i18n::Text {
    match (kind, level) {
        (Kind::Grade, Some(level)) => context.level_name(code, level),
        (kind, _) => context.name(kind, code),
    }
}

/// From when to when, as a reader says it.
pub fn span(lang: Lang, from: chrono::NaiveDate, through: Option<chrono::NaiveDate>) -> String {
    match through {
        Some(through) if through == from => i18n::date(lang, from),
        Some(through) => {
            t!(lang, "{} 至 {}", "{} to {}", i18n::date(lang, from), i18n::date(lang, through))
        }
        None => t!(lang, "{} 起", "since {}", i18n::date(lang, from)),
    }
}

/// The state of something valid from a day through a day, computed now.
pub fn state(
    lang: Lang,
    from: chrono::NaiveDate,
    through: Option<chrono::NaiveDate>,
    today: chrono::NaiveDate,
) -> Markup {
    let left = through.map(|through| (through - today).num_days());
    match left {
        _ if from > today => badge(Tone::Info, t!(lang, "尚未生效", "Not yet valid")),
        None => badge(Tone::Good, t!(lang, "有效", "Valid")),
        Some(days) if days < 0 => badge(Tone::Bad, t!(lang, "已过期", "Expired")),
        Some(0) => badge(Tone::Warn, t!(lang, "今天到期", "Ends today")),
        Some(days) if days <= 90 => {
            let left = i18n::count(days, "day", "days");
            badge(Tone::Warn, t!(lang, "{days} 天后到期", "{left} left"))
        }
        Some(_) => badge(Tone::Good, t!(lang, "有效", "Valid")),
    }
}

/// When a fact is or was so: an event has a day, a state has a beginning and perhaps an end.
pub fn when(
    lang: Lang,
    kind: Kind,
    from: chrono::NaiveDate,
    through: Option<chrono::NaiveDate>,
) -> String {
    use Kind::{Award, Birth, Competition, Course, Exam, Incident, Logbook};
    match kind {
        Course | Exam | Logbook | Birth | Award | Competition | Incident => i18n::date(lang, from),
        Kind::Kpi => i18n::month(lang, from),
        _ => span(lang, from, through),
    }
}

/// An amount as people write it: `93 分`, `59.9`, `37/40`, `8 h`.
pub fn amount(lang: Lang, row: &Row) -> String {
    let (Some(numerator), Some(denominator)) = (row.amount_numerator, row.amount_denominator)
    else {
        return String::new();
    };
    // A share keeps what it was counted from: 9/10 is not the same as 90/100.
    let share = row.kind == Kind::Kpi.word();
    let value = match denominator {
        _ if share => format!("{numerator}/{denominator}"),
        1 => numerator.to_string(),
        10 => format!("{:.1}", numerator as f64 / 10.0),
        100 => format!("{:.2}", numerator as f64 / 100.0),
        other => format!("{:.1}", numerator as f64 / other as f64),
    };
    match row.unit.as_deref() {
        Some("h") => t!(lang, "{value} 学时", "{value} h"),
        Some("times") => t!(lang, "{value} 次", "{value} ×"),
        Some("points") => t!(lang, "{value} 分", "{value} points"),
        Some(unit) => format!("{value} {unit}"),
        None => value,
    }
}
