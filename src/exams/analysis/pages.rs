//! The pages of analysis: exams, one exam, one question.

use maud::{Markup, html};

use super::{
    charts::{self, Dot},
    figures::{Curve, ExamFigures, FUNCTIONAL, QuestionFigures, Verdict, Weight},
    handlers::Filter,
    model::{Line, Question},
    rules::{Sort, worth},
};
use crate::{
    access::Viewer,
    exams::{attempts::pages::to_exams, standard::Adopted},
    i18n::{self, Lang, Text},
    t,
    web::{
        Crumb,
        components::{
            Tone, alert, badge, card, card_with, definitions, empty, heading, icon, pager, table,
        },
        markdown,
    },
};

/// The list of exams.
pub fn to_analysis(lang: Lang) -> Crumb {
    Crumb::new("/exams/analysis", t!(lang, "试题与考试分析", "Analysis"))
}

/// A share as a percentage; a dash where there is none.
pub fn percent(share: Option<f64>) -> String {
    share.map_or_else(dash, |share| format!("{} %", number(Some(share * 100.0), 1)))
}

/// A figure to so many places, with a real minus sign.
pub fn number(value: Option<f64>, places: usize) -> String {
    value.map_or_else(dash, |value| {
        let shown = format!("{value:.places$}");
        match shown.strip_prefix('-') {
            Some(rest) if rest.chars().all(|c| matches!(c, '0' | '.')) => rest.to_owned(),
            Some(rest) => format!("−{rest}"),
            None => shown,
        }
    })
}

fn dash() -> String {
    "—".to_owned()
}

/// How much may be read into so many papers.
pub fn caution(lang: Lang, n: usize) -> Option<Markup> {
    let papers = i18n::count(n, "paper", "papers");
    match Weight::of(n) {
        Weight::Nothing => Some(alert(
            Tone::Warn,
            t!(
                lang,
                "只有 {n} 份试卷：少于 30 份不作任何评价，数字仅供参考。",
                "Only {papers}: below 30 nothing is judged, and the figures are for orientation only."
            ),
        )),
        Weight::Provisional => Some(alert(
            Tone::Info,
            t!(
                lang,
                "{n} 份试卷：少于 100 份，评价为暂定。",
                "{papers}: below 100 every judgement is provisional."
            ),
        )),
        Weight::Firm => None,
    }
}

/// An exam in the list.
pub struct ExamLine {
    pub title: Text,
    pub code: String,
    pub figures: ExamFigures,
    /// Out of 100.
    pub cut: f64,
    pub adopted: bool,
}

pub fn exams(viewer: &Viewer, lines: &[ExamLine]) -> Markup {
    let lang = viewer.lang();
    let title = t!(lang, "试题与考试分析", "What the exams and their questions are worth");
    let actions = html! {
        a.btn href="/exams/standards" { (icon("list-check")) (t!(lang, "划线（Angoff）", "Cut scores (Angoff)")) }
    };
    let headers = [
        t!(lang, "考试", "Exam"),
        t!(lang, "试卷数", "Papers"),
        t!(lang, "平均分", "Mean"),
        t!(lang, "通过率", "Pass rate"),
        t!(lang, "信度", "Reliability"),
        t!(lang, "及格线", "Pass mark"),
    ];
    let rows = lines.iter().map(|line| {
        vec![
            html! { a href={ "/exams/analysis/" (line.code) } { (line.title.get(lang)) } },
            html! { (line.figures.n) " " (weight_badge(lang, line.figures.weight())) },
            html! { (number(line.figures.mean, 1)) },
            html! { (percent(line.figures.passed)) },
            html! { (number(line.figures.reliability.map(|found| found.value), 2)) },
            html! { (number(Some(line.cut), 2)) @if line.adopted { " " (badge(Tone::Info, t!(lang, "经划线", "by judges"))) } },
        ]
    });
    let body = html! {
        (heading(&title, t!(lang, "全部已交试卷，不显示个人", "All finished papers; no person is shown"), actions))
        @if lines.is_empty() {
            (card("", empty("chart-bar", &t!(lang, "还没有考试", "There is no exam yet"),
                t!(lang, "规则集里写入考试后，这里按考试显示统计。", "Once a rule set plans an exam that is sat here, its figures appear here."))))
        } @else { (card_with("", html! {}, table(&headers, rows))) }
    };
    viewer.page(&title, &[to_exams(lang)], body)
}

fn weight_badge(lang: Lang, weight: Weight) -> Markup {
    match weight {
        Weight::Nothing => badge(Tone::Warn, t!(lang, "样本太少", "too few")),
        Weight::Provisional => badge(Tone::Info, t!(lang, "暂定", "provisional")),
        Weight::Firm => html! {},
    }
}

pub fn verdict_badge(lang: Lang, figures: &QuestionFigures) -> Markup {
    let tone = |verdict| match verdict {
        Verdict::CheckKey => Tone::Bad,
        Verdict::Revise => Tone::Warn,
        Verdict::Fair => Tone::Info,
        Verdict::Good | Verdict::Excellent => Tone::Good,
    };
    match figures.verdict() {
        Some(verdict) => html! {
            (badge(tone(verdict), verdict.title().get(lang)))
            @if figures.weight() == Weight::Provisional {
                " " span.small.text-secondary { (t!(lang, "暂定", "provisional")) }
            }
        },
        None if figures.weight() == Weight::Nothing => {
            badge(Tone::Neutral, t!(lang, "样本太少", "Too few"))
        }
        None => badge(Tone::Neutral, t!(lang, "无法计算", "Undefined")),
    }
}

fn flags(lang: Lang, line: &Line<'_>) -> Markup {
    html! {
        span.shifu-flags { @for flag in line.figures.flags(&line.question.choices) {
            " " (badge(Tone::Warn, flag.title().get(lang)))
        } }
    }
}

/// What the page of an exam shows.
pub struct ExamPage<'a> {
    pub title: &'a Text,
    pub code: &'a str,
    pub figures: &'a ExamFigures,
    /// Out of 100.
    pub cut: f64,
    pub adopted: Option<&'a Adopted>,
    /// Every question, for the map.
    pub all: &'a [Line<'a>],
    /// The lines of the page, in order.
    pub lines: &'a [Line<'a>],
    pub has_more: bool,
    /// Codes and titles of the parts to filter by.
    pub areas: Vec<String>,
    /// Versions of the blueprint that papers were drawn by.
    pub blueprints: Vec<(i64, i64)>,
    /// The newest papers only, when there are more than are looked at.
    pub capped: bool,
}

pub fn exam(viewer: &Viewer, page: &ExamPage<'_>, filter: &Filter) -> Markup {
    let lang = viewer.lang();
    let title = page.title.get(lang);
    let path = format!("/exams/analysis/{}", page.code);
    let mut csv = form_urlencoded::Serializer::new(format!("{path}/questions.csv?"));
    csv.extend_pairs(filter.query().iter().filter(|(_, value)| !value.is_empty()));
    let actions = html! {
        a.btn href=(csv.finish()) { (icon("download")) "CSV" }
        a.btn href={ "/exams/standards?exam=" (page.code) } { (icon("list-check")) (t!(lang, "划线", "Cut score")) }
    };
    let body = html! {
        (heading(title, t!(lang, "试卷、信度和每道题的统计", "Papers, reliability and every question"), actions))
        @if page.figures.n == 0 {
            (card("", empty("chart-bar", &t!(lang, "还没有交卷", "No paper has been handed in"),
                t!(lang, "有人交卷后，这里显示分布和每道题的统计。", "Once somebody has sat this exam, its distribution and its questions appear here."))))
        } @else {
            @if let Some(caution) = caution(lang, page.figures.n) { (caution) }
            @if page.capped { (alert(Tone::Info, t!(lang, "试卷很多，只统计最近的一部分。", "There are very many papers; only the newest are looked at."))) }
            (blueprints(lang, &path, page, filter))
            div.row.g-3 {
                div."col-lg-6" { (card(&t!(lang, "整场考试", "The exam as a whole"), whole(viewer, page))) }
                div."col-lg-6" { (card(&t!(lang, "得分分布", "Scores"), distribution(lang, page))) }
            }
            (card(&t!(lang, "试题地图", "Map of the questions"), html! {
                div.row.g-3 {
                    div."col-lg-6" { (map(lang, &path, page)) }
                    div."col-lg-6" { (how_to_read(lang)) }
                }
            }))
            (questions(lang, &path, page, filter))
        }
    };
    viewer.page(title, &[to_exams(lang), to_analysis(lang)], body)
}

fn blueprints(lang: Lang, path: &str, page: &ExamPage<'_>, filter: &Filter) -> Markup {
    html! {
        @if page.blueprints.len() > 1 {
            ul.nav.nav-pills.mb-3 {
                li.nav-item { a.nav-link .active[filter.blueprint.is_empty()] href=(path) { (t!(lang, "全部蓝图版本", "All blueprint versions")) } }
                @for (version, n) in &page.blueprints {
                    @let here = filter.blueprint == version.to_string();
                    li.nav-item { a.nav-link .active[here] href={ (path) "?blueprint=" (version) } {
                        (t!(lang, "第 {version} 版（{n}）", "Version {version} ({n})"))
                    } }
                }
            }
        }
    }
}

fn whole(viewer: &Viewer, page: &ExamPage<'_>) -> Markup {
    let (lang, found) = (viewer.lang(), page.figures);
    let name = match found.reliability {
        Some(reliability) if reliability.kr20 => "KR-20",
        _ => "Cronbach α",
    };
    let judged = found.reliability.filter(|_| found.weight() > Weight::Nothing);
    let (least, most) = (number(found.least, 1), number(found.most, 1));
    let adopted = page.adopted.map(|adopted| {
        let day = i18n::date(lang, adopted.at.utc().with_timezone(&viewer.zone).date_naive());
        t!(lang, "（{day} 经评委划线采纳）", " (set by judges, adopted {day})")
    });
    let items: f64 = found.reliability.map_or(0.0, |found| found.questions);
    definitions([
        (t!(lang, "试卷数", "Papers"), html! { (found.n) }),
        (t!(lang, "平均分", "Mean"), html! { (number(found.mean, 1)) }),
        (t!(lang, "标准差", "Standard deviation"), html! { (number(found.sd, 1)) }),
        (t!(lang, "中位数", "Median"), html! { (number(found.median, 1)) }),
        (t!(lang, "最低 / 最高", "Lowest / highest"), html! { (least) " / " (most) }),
        (
            t!(lang, "偏度 / 峰度", "Skewness / kurtosis"),
            html! { (number(found.skewness, 2)) " / " (number(found.kurtosis, 2)) },
        ),
        (t!(lang, "通过率", "Pass rate"), html! { (percent(found.passed)) }),
        (
            t!(lang, "及格线", "Pass mark"),
            html! { (number(Some(page.cut), 2)) (adopted.unwrap_or_default()) },
        ),
        (
            t!(lang, "信度（{name}）", "Reliability ({name})"),
            html! {
                (number(found.reliability.map(|found| found.value), 3))
                @if let Some(judged) = judged { " " span.text-secondary { "— " (worth(judged).get(lang)) } }
                @if found.reliability.is_some() { div.small.text-secondary {
                    (t!(lang, "每卷计分题 {items:.0} 道；0.80 / 0.90 为本系统默认参考值", "{items:.0} counting questions a paper; 0.80 and 0.90 are this program's own defaults"))
                } }
            },
        ),
        (
            t!(lang, "测量标准误", "Standard error of measurement"),
            html! { (number(found.error, 1)) " " span.text-secondary { (t!(lang, "分（满分 100）", "points of 100")) } },
        ),
    ])
}

fn distribution(lang: Lang, page: &ExamPage<'_>) -> Markup {
    let steps = page.figures.histogram.iter().enumerate().filter(|(_, n)| **n > 0);
    let rows = steps.map(|(at, n)| vec![html! { (charts::range(at)) }, html! { (n) }]);
    html! {
        (charts::histogram(lang, &page.figures.histogram, Some(page.cut)))
        (beside(lang, table(&[t!(lang, "得分", "Score"), t!(lang, "人次", "Papers")], rows)))
    }
}

/// The figures of a picture, for whoever would rather read.
fn beside(lang: Lang, table: Markup) -> Markup {
    html! {
        details.mt-2 {
            summary.small.text-secondary { (t!(lang, "以表格显示", "The same as a table")) }
            (table)
        }
    }
}

fn map(lang: Lang, path: &str, page: &ExamPage<'_>) -> Markup {
    let dot = |line: &Line<'_>| {
        let (facility, discrimination) = (line.figures.facility?, line.figures.discrimination?);
        let name = line.question.name();
        let (p, r) = (percent(Some(facility)), number(Some(discrimination), 2));
        Some(Dot {
            href: format!("{path}/questions/{}", line.question.key()),
            label: t!(
                lang,
                "{name}：难度 {p}，区分度 {r}",
                "{name}: facility {p}, discrimination {r}"
            ),
            code: name,
            facility,
            discrimination,
            verdict: line.figures.verdict(),
        })
    };
    let dots: Vec<Dot> = page.all.iter().filter_map(dot).collect();
    charts::map(lang, &dots)
}

/// What the map and the table mean.
fn how_to_read(lang: Lang) -> Markup {
    let line = |tone: Tone, word: &Text, told: String| {
        html! { li.mb-1 { (badge(tone, word.get(lang))) " " (told) } }
    };
    html! {
        p { (t!(lang,
            "每个点是一道题：越靠右越容易，越靠上越能区分水平高低。点开可看选项曲线；数字见下表。",
            "Each dot is a question: the further right, the easier; the higher, the better it tells the able from the others. It leads to the option curves; the figures are in the table below.")) }
        ul.list-unstyled.mb-2 {
            (line(Tone::Good, &Verdict::Excellent.title(), t!(lang, "区分度 ≥ 0.40；0.30–0.39 为良好", "discrimination ≥ 0.40; good from 0.30")))
            (line(Tone::Info, &Verdict::Fair.title(), t!(lang, "0.20–0.29", "0.20–0.29")))
            (line(Tone::Warn, &Verdict::Revise.title(), t!(lang, "低于 0.20", "below 0.20")))
            (line(Tone::Bad, &Verdict::CheckKey.title(), t!(lang, "低于 0（红色区域）：高分者反而答错，先核对答案", "below 0 (red ground): the strong get it wrong, so look at the key first")))
        }
        p.small.text-secondary.mb-0 { (t!(lang,
            "区分度是该题得分与其余试题得分的相关系数；人人得分相同的题没有区分度，也不在图上。少于 30 份不评价，少于 100 份为暂定。",
            "Discrimination is the correlation of a question with the rest of the paper; one that everybody does equally well has none and is not on the map. Below 30 answers nothing is judged, below 100 provisionally.")) }
    }
}

fn questions(lang: Lang, path: &str, page: &ExamPage<'_>, filter: &Filter) -> Markup {
    let months = filter.months();
    let headers = [
        t!(lang, "试题", "Question"),
        t!(lang, "样本", "n"),
        t!(lang, "难度系数", "Facility"),
        t!(lang, "区分度", "Discrimination"),
        t!(lang, "评价", "Judgement"),
        t!(lang, "空答率", "Left open"),
        t!(lang, "曝光率", "Exposure"),
    ];
    let rows = page.lines.iter().map(|line| {
        let seen = &line.exposure;
        vec![
            html! {
                a href={ (path) "/questions/" (line.question.key()) } { (line.question.name()) }
                div.small.text-secondary { (short(line.question.stem.get(lang))) }
            },
            html! { (line.figures.n) },
            html! { (percent(line.figures.facility)) },
            html! { (number(line.figures.discrimination, 2)) },
            html! { (verdict_badge(lang, &line.figures)) (flags(lang, line)) },
            html! { (percent(line.figures.omitted)) },
            html! { (percent(seen.share())) },
        ]
    });
    let title = t!(lang, "试题", "Questions");
    card_with(
        &title,
        html! {},
        html! {
            div.card-body.border-bottom { (filter_form(lang, path, page, filter)) }
            @if page.lines.is_empty() {
                (empty("filter", &t!(lang, "没有符合条件的试题", "No question matches"), t!(lang, "放宽筛选条件。", "Widen the filter.")))
            } @else {
                (table(&headers, rows))
                (pager(lang, filter.page(), page.has_more, &filter.query()))
                div.card-body.small.text-secondary {
                    (t!(lang, "曝光率：最近 {months} 个月的试卷中出现该题的比例。", "Exposure: the share of papers of the last {months} months with the question."))
                }
            }
        },
    )
}

/// The beginning of a long wording.
pub fn short(text: &str) -> String {
    const MOST: usize = 60;
    let plain = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match plain.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &plain[..end]),
        None => plain,
    }
}

fn filter_form(lang: Lang, path: &str, page: &ExamPage<'_>, filter: &Filter) -> Markup {
    let option = |value: &str, chosen: &str, label: &str| {
        html! { option value=(value) selected[value == chosen] { (label) } }
    };
    html! {
        form.row.g-2.align-items-end method="get" action=(path) data-auto {
            @if !filter.blueprint.is_empty() { input type="hidden" name="blueprint" value=(filter.blueprint); }
            div."col-6"."col-md-3" {
                label.form-label for="sort" { (t!(lang, "排序", "Order")) }
                select.form-select id="sort" name="sort" {
                    @for sort in Sort::ALL { (option(sort.word(), filter.sort().word(), sort.title().get(lang))) }
                }
            }
            div."col-6"."col-md-3" {
                label.form-label for="area" { (t!(lang, "知识部分", "Area")) }
                select.form-select id="area" name="area" {
                    (option("", &filter.area, &t!(lang, "全部", "All")))
                    @for area in &page.areas { (option(area, &filter.area, area)) }
                }
            }
            div."col-6"."col-md-3" {
                label.form-label for="show" { (t!(lang, "显示", "Show")) }
                select.form-select id="show" name="show" {
                    (option("", &filter.show, &t!(lang, "全部试题", "All questions")))
                    (option("doubtful", &filter.show, &t!(lang, "有疑问的试题", "Doubtful questions")))
                }
            }
            div.col-auto { button.btn.btn-primary type="submit" { (icon("filter")) (t!(lang, "应用", "Apply")) } }
        }
    }
}

/// What the page of a question shows.
pub struct QuestionPage<'a> {
    pub exam: &'a Text,
    pub code: &'a str,
    pub line: &'a Line<'a>,
    pub curve: &'a Curve,
    /// The other versions of the question on papers of this exam.
    pub versions: &'a [&'a Line<'a>],
    pub months: u32,
}

pub fn question(viewer: &Viewer, page: &QuestionPage<'_>) -> Markup {
    let lang = viewer.lang();
    let question = page.line.question;
    let name = question.name();
    let path = format!("/exams/analysis/{}", page.code);
    let crumbs = [to_exams(lang), to_analysis(lang), Crumb::new(path.clone(), page.exam.get(lang))];
    let kind = question.kind.get(lang);
    let body = html! {
        (heading(&name, html! { (kind) " · " (question.area.get(lang)) }, html! {}))
        @if let Some(caution) = caution(lang, page.line.figures.n) { (caution) }
        (card("", html! {
            @if let Some(shared) = &question.shared { (markdown::render(shared.get(lang), "")) hr; }
            (markdown::render(question.stem.get(lang), ""))
        }))
        div.row.g-3 {
            div."col-lg-6" { (card(&t!(lang, "指标", "Figures"), question_figures(viewer, page))) }
            div."col-lg-6" { (card(&t!(lang, "选项曲线", "Option curves"), curves(lang, question, page.curve))) }
        }
        @if !question.choices.is_empty() {
            (card_with(&t!(lang, "选项使用情况", "How the choices were used"), html! {}, uses(lang, page.line)))
        }
        @if page.versions.len() > 1 { (card_with(&t!(lang, "本题的各个版本", "Versions of this question"), html! {}, versions(lang, &path, page))) }
    };
    viewer.page(&name, &crumbs, body)
}

fn question_figures(viewer: &Viewer, page: &QuestionPage<'_>) -> Markup {
    let lang = viewer.lang();
    let (found, seen, months) = (&page.line.figures, &page.line.exposure, page.months);
    let last = seen.last.map(|at| crate::exams::attempts::pages::moment(viewer, at));
    definitions([
        (t!(lang, "样本", "Answers (n)"), html! { (found.n) }),
        (
            t!(lang, "评价", "Judgement"),
            html! { (verdict_badge(lang, found)) (flags(lang, page.line)) },
        ),
        (t!(lang, "难度系数", "Facility"), html! { (percent(found.facility)) }),
        (t!(lang, "得分标准差", "Standard deviation"), html! { (number(found.sd, 2)) }),
        (
            t!(lang, "区分度（校正）", "Discrimination (corrected)"),
            html! { (number(found.discrimination, 3)) },
        ),
        (t!(lang, "区分效率", "Discriminative efficiency"), html! { (percent(found.efficiency)) }),
        (t!(lang, "空答率", "Left open"), html! { (percent(found.omitted)) }),
        (t!(lang, "抽中次数", "Times drawn"), html! { (seen.drawn) }),
        (t!(lang, "最近抽中", "Last drawn"), html! { (last.unwrap_or_else(dash)) }),
        (
            t!(lang, "曝光率（{months} 个月）", "Exposure ({months} months)"),
            html! { (percent(seen.share())) },
        ),
    ])
}

fn curves(lang: Lang, question: &Question, curve: &Curve) -> Markup {
    if curve.0.is_empty() || question.choices.is_empty() {
        return empty(
            "chart-bar",
            &t!(lang, "画不出曲线", "No curve can be drawn"),
            t!(
                lang,
                "有 30 份答卷且题目有可选项或常见答案时才画曲线。",
                "A curve needs 30 papers and choices or common answers to draw."
            ),
        );
    }
    let headers: Vec<String> = std::iter::once(t!(lang, "选项", "Choice"))
        .chain(curve.0.iter().enumerate().map(|(at, group)| {
            let (at, n) = (at + 1, group.n);
            t!(lang, "第 {at} 组（{n}）", "Group {at} ({n})")
        }))
        .collect();
    let rows = question.choices.iter().enumerate().map(|(at, choice)| {
        let shares = curve.0.iter().map(|group| html! { (percent(group.shares.get(at).copied())) });
        let name = html! { (charts::mark(at)) @if choice.right { " ✓" } };
        std::iter::once(name).chain(shares).collect()
    });
    html! {
        (charts::curve(lang, &question.choices, curve))
        (beside(lang, table(&headers, rows)))
    }
}

fn uses(lang: Lang, line: &Line<'_>) -> Markup {
    let headers = [
        "".to_owned(),
        t!(lang, "选项", "Choice"),
        t!(lang, "人次", "Taken"),
        t!(lang, "比例", "Share"),
        t!(lang, "与其余得分的相关", "With the rest"),
        t!(lang, "说明", "Remark"),
    ];
    let judged = line.figures.weight() > Weight::Nothing;
    let rows = line.question.choices.iter().zip(&line.figures.uses).enumerate().map(
        |(at, (choice, used))| {
            let remark = match (choice.right, used.correlation) {
                (true, _) => badge(Tone::Good, t!(lang, "正确", "Right")),
                _ if !judged => html! {},
                _ if used.share < FUNCTIONAL => {
                    badge(Tone::Warn, t!(lang, "无效（不足 5 %）", "Idle (below 5 %)"))
                }
                (_, Some(r)) if r > 0.05 => {
                    badge(Tone::Bad, t!(lang, "吸引高分者", "Attracts the strong"))
                }
                _ => html! {},
            };
            vec![
                html! { strong { (charts::mark(at)) } },
                html! { (choice.label.get(lang)) },
                html! { (used.n) },
                html! { (percent(Some(used.share))) },
                html! { (number(used.correlation, 2)) },
                remark,
            ]
        },
    );
    table(&headers, rows)
}

fn versions(lang: Lang, path: &str, page: &QuestionPage<'_>) -> Markup {
    let headers = [
        t!(lang, "版本", "Version"),
        t!(lang, "样本", "n"),
        t!(lang, "难度系数", "Facility"),
        t!(lang, "区分度", "Discrimination"),
        t!(lang, "评价", "Judgement"),
    ];
    let rows = page.versions.iter().map(|line| {
        let number_of = line.question.number;
        let here = line.question.version == page.line.question.version;
        let name = t!(lang, "第 {number_of} 版", "Version {number_of}");
        vec![
            html! { @if here { strong { (name) } } @else { a href={ (path) "/questions/" (line.question.key()) } { (name) } } },
            html! { (line.figures.n) },
            html! { (percent(line.figures.facility)) },
            html! { (number(line.figures.discrimination, 2)) },
            verdict_badge(lang, &line.figures),
        ]
    });
    table(&headers, rows)
}
