//! How far examiners agree, as a page.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use maud::{Markup, html};

use super::{
    agreement::{self, Agreement, FEW, FEW_EXAMS, Pair, Severity},
    handlers::AgreementQuery,
    model::{Practical, Score, Seat},
    pages::{choice, to_practicals},
    queries,
};
use crate::{
    access::{Acting, Judging},
    exams::attempts::pages::to_exams,
    i18n::{Lang, count},
    record::{Kind, PersonId, Rules},
    staff::Post,
    t,
    web::components::{Tone, badge, card, card_with, empty, heading, table},
};

/// Two signed sheets of one exam as the figures read them.
pub fn pair(exam: &Practical, one: &(Seat, Vec<Score>), other: &(Seat, Vec<Score>)) -> Pair {
    let judged = |(seat, scores): &(Seat, Vec<Score>)| queries::judged(exam, seat, scores);
    let (a, b) = (judged(one), judged(other));
    let lines = exam.sheet.lines();
    let bands = lines.iter().enumerate().map(|(at, (_, line))| {
        (agreement::band(line, a.points[at]), agreement::band(line, b.points[at]))
    });
    let all = exam.sheet.points_max().max(1) as f64;
    let total = |points: &[i64]| points.iter().sum::<i64>() as f64 * 100.0 / all;
    Pair {
        exam: exam.exam.clone(),
        examiners: (one.0.examiner_id, other.0.examiner_id),
        held_on: exam.held_on,
        bands: bands.collect(),
        totals: (total(&a.points), total(&b.points)),
    }
}

pub fn agreement(
    acting: &Acting<Judging>,
    rules: &Rules,
    query: &AgreementQuery,
    pairs: &[Pair],
    people: &HashMap<PersonId, Post>,
) -> Markup {
    let lang = acting.lang();
    let title = t!(lang, "考评员一致性", "Agreement of examiners");
    let shown: Vec<&Pair> =
        pairs.iter().filter(|pair| query.exam.is_empty() || pair.exam == query.exam).collect();
    let subtitle = t!(
        lang,
        "最近两年由两人独立评分的考核。第三位考评员不计入。",
        "Exams of the last two years that two scored independently. Third examiners are left out."
    );
    let body = html! {
        (heading(&title, subtitle, html! {}))
        (card("", filter(lang, rules, query, pairs)))
        @if shown.is_empty() {
            (card("", empty("chart-bar", &t!(lang, "还没有可比较的评分", "Nothing to compare yet"),
                html! { a href="/exams/practicals" { (t!(lang, "两位考评员都签字后会出现在这里。", "Exams appear here once both examiners have signed.")) } })))
        } @else {
            (by_exam(lang, rules, &shown))
            (by_examiner(lang, &shown, people))
            (reading_aid(lang))
        }
    };
    acting.page(&title, &[to_exams(lang), to_practicals(lang)], body)
}

fn filter(lang: Lang, rules: &Rules, query: &AgreementQuery, pairs: &[Pair]) -> Markup {
    let codes: BTreeSet<&String> = pairs.iter().map(|pair| &pair.exam).collect();
    let all = std::iter::once((String::new(), t!(lang, "全部", "All")));
    let exams = codes.into_iter().map(|code| (code.clone(), title_of(lang, rules, code)));
    html! {
        form.row.g-2.align-items-end method="get" action="/exams/practicals/agreement" data-auto {
            (choice("exam", t!(lang, "考核", "Exam"), &query.exam, all.chain(exams)))
            div.col-auto { button.btn.btn-primary type="submit" { (t!(lang, "筛选", "Filter")) } }
        }
    }
}

fn title_of(lang: Lang, rules: &Rules, code: &str) -> String {
    rules.exam(code).map_or_else(
        || rules.context().name(Kind::Exam, code).get(lang).to_owned(),
        |(_, plan)| plan.title.get(lang).to_owned(),
    )
}

fn headers(lang: Lang, first: String) -> Vec<String> {
    vec![
        first,
        t!(lang, "场次", "Exams"),
        t!(lang, "评分项", "Lines"),
        t!(lang, "完全一致", "Exact"),
        t!(lang, "相差一档以内", "Within one band"),
        t!(lang, "κ 系数", "Cohen’s κ"),
    ]
}

fn figures(lang: Lang, found: &Agreement) -> Vec<Markup> {
    let percent = |share: Option<f64>| {
        share.map_or("–".to_owned(), |share| format!("{:.0}%", share * 100.0))
    };
    vec![
        html! { (found.exams) },
        html! { (found.lines) @if found.lines < FEW { " " (badge(Tone::Neutral, t!(lang, "样本少", "few"))) } },
        html! { (percent(found.exact)) },
        html! { (percent(found.adjacent)) },
        html! { @match found.kappa { Some(kappa) => { (format!("{kappa:.2}")) } None => { "–" } } },
    ]
}

fn by_exam(lang: Lang, rules: &Rules, pairs: &[&Pair]) -> Markup {
    let mut exams: BTreeMap<&str, Vec<&Pair>> = BTreeMap::new();
    for pair in pairs {
        exams.entry(&pair.exam).or_default().push(pair);
    }
    let rows = exams.into_iter().map(|(code, pairs)| {
        let mut cells = vec![html! { (title_of(lang, rules, code)) }];
        cells.extend(figures(lang, &agreement::agreement(pairs)));
        cells
    });
    let headers = headers(lang, t!(lang, "考核", "Exam"));
    card_with(&t!(lang, "按考核", "By exam"), html! {}, table(&headers, rows.collect::<Vec<_>>()))
}

fn by_examiner(lang: Lang, pairs: &[&Pair], people: &HashMap<PersonId, Post>) -> Markup {
    let examiners: BTreeSet<PersonId> =
        pairs.iter().flat_map(|pair| [pair.examiners.0, pair.examiners.1]).collect();
    let of = |id: PersonId| {
        let own =
            pairs.iter().filter(move |pair| [pair.examiners.0, pair.examiners.1].contains(&id));
        own.copied().collect::<Vec<&Pair>>()
    };
    let name = |id: PersonId| people.get(&id).map_or("", |post| post.person.title(lang)).to_owned();
    let mut headers = headers(lang, t!(lang, "考评员", "Examiner"));
    headers.push(t!(lang, "宽严（与搭档之差）", "Severity (against the partner)"));
    let rows = examiners.iter().map(|id| {
        let own = of(*id);
        let mut cells = vec![html! { (name(*id)) }];
        cells.extend(figures(lang, &agreement::agreement(own.iter().copied())));
        cells.push(match agreement::severity(*id, own) {
            Some(found) => mean(lang, &found),
            None => html! {},
        });
        cells
    });
    html! {
        (card_with(&t!(lang, "按考评员", "By examiner"), html! {}, table(&headers, rows.collect::<Vec<_>>())))
        (card(&t!(lang, "宽严随时间的变化", "Severity over time"), html! {
            @for id in examiners.iter().take(30) {
                @if let Some(found) = agreement::severity(*id, of(*id)) {
                    h3 { (name(*id)) }
                    (drift(lang, &name(*id), &found))
                }
            }
        }))
    }
}

fn mean(lang: Lang, found: &Severity) -> Markup {
    html! {
        (format!("{:+.1}", found.mean))
        @if found.exams < FEW_EXAMS { " " (badge(Tone::Neutral, t!(lang, "样本少", "few"))) }
        @else if found.mean.abs() >= 5.0 { " " (badge(Tone::Warn, if found.mean < 0.0 { t!(lang, "偏严", "harder") } else { t!(lang, "偏宽", "more generous") })) }
    }
}

/// Bars by quarter around the line of no difference; ten points either way fill the height.
fn drift(lang: Lang, name: &str, found: &Severity) -> Markup {
    const HEIGHT: f64 = 60.0;
    const STEP: usize = 70;
    let quarters = &found.quarters[found.quarters.len().saturating_sub(8)..];
    let width = STEP * 8;
    let label = t!(
        lang,
        "{name}：每季度与搭档的平均分差",
        "{name}: mean difference to the partner by quarter"
    );
    html! {
        svg.drift viewBox={ "0 0 " (width) " 160" } role="img" aria-label=(label) {
            title { (label) }
            line.axis x1="0" x2=(width) y1="70" y2="70" {}
            @for (n, (from, mean, exams)) in quarters.iter().enumerate() {
                @let tall = (mean.abs().min(10.0) / 10.0 * HEIGHT).max(1.0);
                @let top = if *mean > 0.0 { 70.0 - tall } else { 70.0 };
                @let at = n * STEP;
                @let quarter = quarter(lang, *from);
                @let counted = count(exams, "exam", "exams");
                rect .soft[*mean >= 0.0] .hard[*mean < 0.0] .few[*exams < FEW_EXAMS] x=(at + 12) width="40" y=(format!("{top:.1}")) height=(format!("{tall:.1}")) {
                    title { (t!(lang, "{quarter}：{mean:+.1}（{exams} 场）", "{quarter}: {mean:+.1} ({counted})")) }
                }
                text x=(at + 12) y="142" { (quarter) }
                text x=(at + 12) y="156" { (format!("{mean:+.1}")) }
            }
        }
        p.text-secondary.small { (t!(lang, "浅色：该季度少于 {FEW_EXAMS} 场，仅供参考。", "Pale bars: fewer than {FEW_EXAMS} exams in that quarter, so read them with care.")) }
    }
}

fn quarter(lang: Lang, first: chrono::NaiveDate) -> String {
    use chrono::Datelike;
    let (year, quarter) = (first.year(), first.month0() / 3 + 1);
    t!(lang, "{year} 年 {quarter} 季度", "{year} Q{quarter}")
}

fn reading_aid(lang: Lang) -> Markup {
    card(
        &t!(lang, "怎样看", "How to read this"),
        html! {
            p { (t!(lang,
                "每个评分项按得分折成 0 到 4 档比较。κ 去掉了碰巧一致的部分：1 为完全一致，0 与碰巧无异；得分几乎全相同的项目算不出 κ。少于 {FEW} 个评分项时只作参考。",
                "Each line is compared in five bands, from nothing to all its points. κ leaves out what chance alone would give: 1 is full agreement, 0 no better than chance; where nearly all scores are the same it cannot be computed. With fewer than {FEW} lines, read it with care.")) }
            p.mb-0 { (t!(lang, "宽严为正：给分比搭档高；为负：比搭档低。", "A positive severity means more points than the partner gave, a negative one fewer.")) }
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_is_named_as_its_reader_names_it() {
        let day = "2026-10-01".parse().unwrap();
        assert_eq!(quarter(Lang::En, day), "2026 Q4");
        assert_eq!(quarter(Lang::Zh, day), "2026 年 4 季度");
    }
}
