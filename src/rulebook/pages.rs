//! The rule book as readers see it.

use chrono::NaiveDate;
use maud::{Markup, html};

use super::{
    diff::{self, DiffLine},
    drafts::Draft,
    editions,
    handlers::{Query, sees_drafts},
    saying::{self, Saying},
};
use crate::{
    access::Viewer,
    certification::calculator::{self, Asked, NotOpen, Term},
    content::{Origin, Word},
    i18n::{self, Lang, Text},
    record::{
        Kind, Rules,
        pages::name_of,
        programme::{Certification, Ladder, ReviewDay, RuleSet, Verified},
    },
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

/// What is said of whether a source was read.
fn verified(lang: Lang, verified: Verified) -> Markup {
    match verified {
        Verified::Primary => badge(Tone::Good, t!(lang, "已核对原文", "Source read")),
        Verified::Secondary => badge(Tone::Info, t!(lang, "据二手资料", "From a secondary source")),
        Verified::Unverified => badge(Tone::Warn, t!(lang, "未核实", "Not verified")),
    }
}

fn jurisdiction(set: &RuleSet) -> Text {
    match set.jurisdiction.as_str() {
        "house" => text!("本集团", "This group"),
        other => Text::same(other),
    }
}

/// A source that is an address can be opened.
fn source(source: &str) -> Markup {
    html! {
        @if source.starts_with("https://") || source.starts_with("http://") {
            a.text-break href=(source) rel="noreferrer" { (source) }
        } @else { (source) }
    }
}

fn day_or(lang: Lang, day: Option<NaiveDate>, none: String) -> String {
    day.map_or(none, |day| i18n::date(lang, day))
}

fn book(lang: Lang) -> Crumb {
    Crumb::new("/rules", t!(lang, "规则", "Rule book"))
}

pub fn list(viewer: &Viewer, rules: &Rules, words: &[Word]) -> Markup {
    let lang = viewer.lang();
    let title = t!(lang, "规则", "Rule book");
    let headers = [
        t!(lang, "规则集", "Rule set"),
        t!(lang, "适用范围", "Jurisdiction"),
        t!(lang, "版本", "Version"),
        t!(lang, "生效日期", "In force from"),
        t!(lang, "内容", "Defines"),
        t!(lang, "核实", "Verified"),
    ];
    let rows = rules.sets().map(|set| {
        vec![
            html! { a href={ "/rules/" (set.code) } { (set.title.get(lang)) } div.text-secondary.small { (set.code) } },
            html! { (jurisdiction(set).get(lang)) },
            html! { (set.version) @if let Some(text) = not_in_force(set, viewer.today) { div { (badge(Tone::Neutral, text.get(lang))) } } },
            html! { (day_or(lang, set.effective_from.map(|day| day.0), "—".to_owned())) },
            html! { (contents(lang, set)) },
            verified(lang, set.verified),
        ]
    });
    viewer.page(&title, &[], html! {
        (heading(&title, t!(lang, "证书、晋升和派工依据的全部规则，以及它们的出处。", "Every rule that certificates, promotions and jobs go by, and where it comes from."), html! {
            @if sees_drafts(viewer) { a.btn href="/rules/drafts" { (icon("pencil")) (t!(lang, "修订草稿", "Drafts")) } }
        }))
        (announced(lang, rules, words, viewer.today))
        (card_with("", html! {}, html! { (table(&headers, rows)) }))
    })
}

fn not_in_force(set: &RuleSet, today: NaiveDate) -> Option<Text> {
    if set.applies(today) {
        return None;
    }
    let began = set.effective_from.is_none_or(|day| day.0 <= today);
    Some(if began {
        text!("已失效", "No longer in force")
    } else {
        text!("尚未生效", "Not yet in force")
    })
}

fn contents(lang: Lang, set: &RuleSet) -> String {
    let parts = [
        (set.certifications.len(), "认证", "certification", "certifications"),
        (set.paths.len(), "晋升路径", "promotion path", "promotion paths"),
        (set.exams.len(), "考试", "exam", "exams"),
        (set.jobs.len(), "派工规则", "job", "jobs"),
        (set.ladders.len(), "等级序列", "ladder", "ladders"),
    ];
    let parts = parts.into_iter().filter(|(n, ..)| *n > 0);
    let said: Vec<String> = parts
        .map(|(n, zh, one, many)| {
            let en = i18n::count(n, one, many);
            t!(lang, "{n} {zh}", "{en}")
        })
        .collect();
    if said.is_empty() { "—".to_owned() } else { said.join(" · ") }
}

/// Versions whose day is still to come.
fn announced(lang: Lang, rules: &Rules, words: &[Word], today: NaiveDate) -> Markup {
    let mut coming = Vec::new();
    for day in rules.changes_after(today) {
        let then = rules.on(day);
        for (code, id) in then.revisions() {
            let is_new =
                rules.on(crate::record::period::day_before(day)).revisions().get(code) != Some(id);
            let word = words.iter().find(|word| word.id == *id);
            if let (true, Some(word), Some(set)) = (is_new, word, then.set(code)) {
                coming.push((
                    day,
                    set.title.clone(),
                    set.version.clone(),
                    word.code.clone(),
                    word.number,
                ));
            }
        }
    }
    coming.sort_by(|a, b| (a.0, &a.3).cmp(&(b.0, &b.3)));
    html! {
        @for (day, title, version, code, number) in coming {
            (alert(Tone::Info, html! {
                (t!(lang, "自 {} 起：", "From {}: ", i18n::date(lang, day)))
                a.alert-link href={ "/rules/" (code) "/versions/" (number) } { (title.get(lang)) " " (version) }
                (t!(lang, "。在此之前仍按现行版本。", ". Until then the present version counts."))
            }))
        }
    }
}

pub fn set(
    viewer: &Viewer,
    rules: &Rules,
    set: &RuleSet,
    words: &[Word],
    drafts: &[Draft],
) -> Markup {
    let lang = viewer.lang();
    let title = set.title.get(lang);
    let state = not_in_force(set, viewer.today);
    viewer.page(title, &[book(lang)], html! {
        (heading(title, html! { (set.code) " · " (set.version) " " (verified(lang, set.verified)) }, html! {
            @if sees_drafts(viewer) {
                (start_form(lang, set))
            }
        }))
        @if let Some(state) = state { (alert(Tone::Warn, state.get(lang))) }
        (announced(lang, rules, words, viewer.today))
        (offered(lang, set, words, sees_drafts(viewer)))
        (card("", html! {
            (definitions([
                (t!(lang, "适用范围", "Jurisdiction"), html! { (jurisdiction(set).get(lang)) }),
                (t!(lang, "生效日期", "In force from"), html! { (day_or(lang, set.effective_from.map(|day| day.0), t!(lang, "未注明", "not stated"))) }),
                (t!(lang, "失效日期", "In force through"), html! { (day_or(lang, set.effective_to.map(|day| day.0), t!(lang, "未注明", "not stated"))) }),
                (t!(lang, "取代", "Supersedes"), html! { @match &set.supersedes { Some(code) => { @match rules.set(code) { Some(old) => { a href={ "/rules/" (code) } { (old.title.get(lang)) } }, None => { (code) } } }, None => { "—" } } }),
                (t!(lang, "出处", "Source"), source(&set.source)),
            ]))
            p.text-secondary.mb-0 { (icon("info-circle")) " " (set.notice.get(lang)) }
        }))
        (certifications(lang, set))
        (paths(viewer, rules, set))
        (ladders(lang, set))
        (jobs(lang, rules, set))
        (versions(lang, rules, words, viewer))
        @if !drafts.is_empty() { (super::draft_pages::short_list(viewer, drafts)) }
    })
}

/// What the file of a rule set says since a version was published here.
fn offered(lang: Lang, set: &RuleSet, words: &[Word], writes: bool) -> Markup {
    let Some(offer) = editions::offer(words, &set.code) else { return html! {} };
    let (code, number) = (&set.code, offer.file.number);
    html! {
        (alert(Tone::Warn, html! {
            p { (t!(lang, "本规则集的文件有了修改（", "The file of this rule set has changed ("))
                a.alert-link href={ "/rules/" (code) "/versions/" (number) } { (t!(lang, "第 {number} 次修订", "revision {number}")) }
                (t!(lang, "），但仍按在线发布的版本执行：并入并发布之后才生效。", "), and what was published here still counts: the change does so once it is carried over and published."))
            }
            @if writes {
                form method="post" action={ "/rules/" (code) "/drafts" } {
                    input type="hidden" name="form_key" value=(new_key());
                    input type="hidden" name="from_file" value="yes";
                    button.btn type="submit" { (icon("pencil")) (t!(lang, "起草并入文件的修改", "Draft a version with it")) }
                }
            }
        }))
    }
}

fn start_form(lang: Lang, set: &RuleSet) -> Markup {
    button_form(
        &format!("/rules/{}/drafts", set.code),
        &new_key(),
        "btn-primary",
        html! { (icon("pencil")) (t!(lang, "起草修订", "Draft a change")) },
    )
}

fn certifications(lang: Lang, set: &RuleSet) -> Markup {
    let headers = [
        t!(lang, "认证", "Certification"),
        t!(lang, "有效期", "Validity"),
        t!(lang, "颁发方式", "How it is issued"),
        t!(lang, "核实", "Verified"),
    ];
    let rows = set.certifications.iter().map(|one| {
        vec![
            html! { a href={ "/rules/" (set.code) "/certifications/" (one.code) } { (one.title.get(lang)) } },
            html! { (saying::validity(one.validity).get(lang)) },
            html! { (saying::issue(one.issue).get(lang)) },
            verified(lang, one.verified.unwrap_or(set.verified)),
        ]
    });
    html! {
        @if !set.certifications.is_empty() {
            (card_with(&t!(lang, "认证", "Certifications"), html! {}, table(&headers, rows)))
        }
    }
}

fn sayings(lang: Lang, said: &[Saying]) -> Markup {
    html! {
        @for one in said {
            h3.h4.mb-1 { (one.about.get(lang)) }
            (lines(lang, one))
        }
    }
}

/// The lines of a saying, indented by their depth.
pub fn lines(lang: Lang, one: &Saying) -> Markup {
    html! {
        ul.rule-lines { @for (depth, text) in &one.lines { li class={ "depth-" ((*depth).min(5)) } { (text.get(lang)) } } }
    }
}

fn paths(viewer: &Viewer, rules: &Rules, set: &RuleSet) -> Markup {
    let lang = viewer.lang();
    let promoting =
        viewer.holds_any(<crate::access::Promoting as crate::access::proof::Proof>::ROLES);
    html! {
        @if !set.paths.is_empty() {
            (card(&t!(lang, "晋升路径", "Promotion paths"), html! {
                @for path in &set.paths {
                    details.mb-2 {
                        summary { (path.title.get(lang)) }
                        div.mt-2 {
                            (sayings(lang, &saying::path(rules.context(), path)))
                            div.btn-list {
                                a.btn.btn-sm href="/my-path" { (icon("stairs-up")) (t!(lang, "我的成长", "My path")) }
                                @if promoting { a.btn.btn-sm href={ "/promotion?path=" (set.code) "%2F" (path.code) } { (icon("ladder")) (t!(lang, "谁符合条件", "Who is eligible")) } }
                            }
                        }
                    }
                }
            }))
        }
    }
}

fn ladders(lang: Lang, set: &RuleSet) -> Markup {
    let grades = |ladder: &Ladder| {
        let names = ladder.ascending().into_iter().map(|grade| grade.name.get(lang).to_owned());
        names.collect::<Vec<_>>().join(" → ")
    };
    html! {
        @if !set.ladders.is_empty() {
            (card(&t!(lang, "等级序列", "Ladders"), html! {
                @for ladder in &set.ladders {
                    p.mb-2 { a href="/my-path" { (ladder.title.get(lang)) } div.text-secondary { (grades(ladder)) } }
                }
            }))
        }
    }
}

fn jobs(lang: Lang, rules: &Rules, set: &RuleSet) -> Markup {
    html! {
        @if !set.jobs.is_empty() {
            (card(&t!(lang, "派工规则", "Jobs"), html! {
                @for job in &set.jobs {
                    details.mb-2 {
                        summary { (job.title.get(lang)) }
                        (lines(lang, &Saying { about: job.title.clone(), lines: saying::demand(rules.context(), &job.requires) }))
                    }
                }
            }))
        }
    }
}

/// Everything that was ever said about a rule set, the newest first.
fn versions(lang: Lang, rules: &Rules, words: &[Word], viewer: &Viewer) -> Markup {
    let headers = [
        t!(lang, "修订号", "Revision"),
        t!(lang, "版本", "Version"),
        t!(lang, "来源", "From"),
        t!(lang, "登记时间", "Since"),
        t!(lang, "状态", "State"),
    ];
    let from = editions::days_in_force(words);
    let rows = words.iter().zip(from).rev().map(|(word, span)| {
        let now = rules.revisions().get(&word.code) == Some(&word.id);
        vec![
            html! { a href={ "/rules/" (word.code) "/versions/" (word.number) } { (word.number) } },
            html! { (editions::version_of(&word.text).unwrap_or_else(|| "—".to_owned())) },
            html! { (origin(lang, word.origin)) },
            html! { (i18n::instant(lang, word.said_at.utc(), viewer.zone)) },
            in_force(lang, now, span, viewer.today),
        ]
    });
    card_with(&t!(lang, "版本历史", "Versions"), html! {}, table(&headers, rows))
}

fn origin(lang: Lang, origin: Origin) -> String {
    match origin {
        Origin::File => t!(lang, "文件", "its file"),
        Origin::Published => t!(lang, "在线发布", "published here"),
    }
}

fn in_force(lang: Lang, now: bool, span: Option<editions::InForce>, today: NaiveDate) -> Markup {
    let Some(editions::InForce { from, through }) = span else {
        return html! { (badge(Tone::Neutral, t!(lang, "从未生效", "Never in force"))) };
    };
    if now {
        return badge(Tone::Good, t!(lang, "现行", "In force"));
    }
    if from > today {
        return badge(
            Tone::Info,
            t!(lang, "{} 起生效", "In force from {}", i18n::date(lang, from)),
        );
    }
    let through = through.map(|day| i18n::date(lang, day)).unwrap_or_default();
    badge(Tone::Neutral, t!(lang, "至 {through} 止", "In force through {through}"))
}

/// One revision as it was written, and what it changed.
pub fn version(
    viewer: &Viewer,
    rules: &Rules,
    code: &str,
    word: &Word,
    before: Option<&Word>,
) -> Markup {
    let lang = viewer.lang();
    let name =
        rules.set(code).map_or_else(|| code.to_owned(), |set| set.title.get(lang).to_owned());
    let title = t!(lang, "{name}，第 {} 次修订", "{name}, revision {}", word.number);
    let version = editions::version_of(&word.text).unwrap_or_default();
    let crumbs = [book(lang), Crumb::new(format!("/rules/{code}"), name.clone())];
    viewer.page(&title, &crumbs, html! {
        (heading(&title, t!(lang, "版本 {version}，来自{}", "Version {version}, from {}", origin(lang, word.origin)), html! {}))
        @if let Some(before) = before {
            (card_with(&t!(lang, "与第 {} 次修订相比", "Against revision {}", before.number), html! {}, difference(lang, &before.text, &word.text)))
        }
        (card_with(&t!(lang, "全文", "Whole text"), html! {}, numbered(&word.text)))
    })
}

fn numbered(text: &str) -> Markup {
    html! {
        div.rule-text tabindex="0" { table { tbody {
            @for (n, line) in text.lines().enumerate() { tr id={ "line-" (n + 1) } { th scope="row" { (n + 1) } td { (line) } } }
        } } }
    }
}

/// What two texts differ in, line by line.
pub fn difference(lang: Lang, old: &str, new: &str) -> Markup {
    let lines = diff::lines(old, new);
    html! {
        @if lines.is_empty() {
            (empty("check", &t!(lang, "没有差别", "No difference"), t!(lang, "两个文本逐行相同。", "The two texts are the same, line by line.")))
        } @else {
            div.rule-text tabindex="0" { table { tbody { @for line in &lines { (diff_line(lang, line)) } } } }
        }
    }
}

fn diff_line(lang: Lang, line: &DiffLine) -> Markup {
    html! {
        @match line {
            DiffLine::Kept { old, new, text } => { tr { th { (old) } th { (new) } td.sign { " " } td { (text) } } }
            DiffLine::Gone { old, text } => { tr.gone { th { (old) } th {} td.sign { span aria-label=(t!(lang, "删除", "gone")) { "−" } } td { (text) } } }
            DiffLine::Added { new, text } => { tr.added { th {} th { (new) } td.sign { span aria-label=(t!(lang, "新增", "added")) { "+" } } td { (text) } } }
            DiffLine::Skipped => { tr.skipped { th {} th {} td {} td { "⋯" } } }
        }
    }
}

/// What the calculator was asked and what it found.
pub struct Calculation<'a> {
    pub query: &'a Query,
    pub asked: Option<Asked>,
    pub terms: Option<std::result::Result<Vec<Term>, NotOpen>>,
    pub problems: Problems,
}

pub fn certification(
    viewer: &Viewer,
    rules: &Rules,
    set: &RuleSet,
    one: &Certification,
    calculation: &Calculation<'_>,
) -> Markup {
    let lang = viewer.lang();
    let title = one.title.get(lang);
    let crumbs = [book(lang), Crumb::new(format!("/rules/{}", set.code), set.title.get(lang))];
    let said = saying::certification(rules.context(), one);
    viewer.page(title, &crumbs, html! {
        (heading(title, html! { (set.title.get(lang)) " · " (set.version) " " (verified(lang, one.verified.unwrap_or(set.verified))) }, html! {}))
        div.row.row-cards {
            div."col-lg-6" {
                (card(&t!(lang, "规则", "The rules"), html! {
                    (sayings(lang, &said))
                    h3.h4.mb-1 { (t!(lang, "出处", "Source")) }
                    p.mb-0 { (source(one.source.as_deref().unwrap_or(&set.source))) }
                }))
                (used_by(lang, rules, &set.qualified(&one.code)))
            }
            div."col-lg-6" #calculator { (calculator(viewer, one, calculation)) }
        }
    })
}

/// What else asks for this certificate.
fn used_by(lang: Lang, rules: &Rules, code: &str) -> Markup {
    let asks = |requirement: &crate::record::requirement::Requirement| {
        let mut found = false;
        requirement.visit(&mut |rule| {
            found |= matches!(rule, crate::record::requirement::Rule::Certificate(one) if one.code == code);
        });
        found
    };
    let mut users: Vec<(String, String)> = Vec::new();
    for set in rules.sets() {
        let own = |what: &str, title: &Text| format!("{what}{}", title.get(lang));
        let link = format!("/rules/{}", set.code);
        for one in set.certifications.iter().filter(|one| one.demands().any(asks)) {
            users.push((
                format!("{link}/certifications/{}", one.code),
                own(&t!(lang, "认证：", "Certification: "), &one.title),
            ));
        }
        for path in set.paths.iter().filter(|path| asks(&path.requires)) {
            users.push((link.clone(), own(&t!(lang, "晋升：", "Promotion: "), &path.title)));
        }
        for job in set.jobs.iter().filter(|job| asks(&job.requires)) {
            users.push((link.clone(), own(&t!(lang, "派工：", "Job: "), &job.title)));
        }
    }
    html! {
        @if !users.is_empty() {
            (card(&t!(lang, "哪里要求这张证书", "What asks for this certificate"), html! {
                ul.mb-0 { @for (link, said) in users { li { a href=(link) { (said) } } } }
            }))
        }
    }
}

fn calculator(viewer: &Viewer, one: &Certification, calculation: &Calculation<'_>) -> Markup {
    let lang = viewer.lang();
    let Calculation { query, asked, terms, problems } = calculation;
    let completed = match (query.completed.is_empty(), asked) {
        (true, Some(asked)) => asked.completed.to_string(),
        _ => query.completed.clone(),
    };
    let cycle = if query.cycle.is_empty() { "0" } else { query.cycle.as_str() };
    html! {
        (card(&t!(lang, "日期计算", "Calculator"), html! {
            form method="get" action="#calculator" {
                (Field::new("completed", t!(lang, "完成日期", "Completed on"), &completed).kind("date").required().input(lang, problems))
                @if !one.renewals.is_empty() {
                    (Field::new("cycle", t!(lang, "第几次换证", "Which renewal"), cycle).kind("number").hint(t!(lang, "0 为首次颁发。", "0 for a first issue.")).input(lang, problems))
                    (Field::new("previous", t!(lang, "原证书有效期至", "The old one is valid through"), &query.previous).kind("date").hint(t!(lang, "换证时填写；不填则按在最后一天完成。", "For a renewal; without it, completed on the last valid day.")).input(lang, problems))
                }
                button.btn.btn-primary type="submit" { (icon("calendar")) (t!(lang, "计算", "Calculate")) }
            }
        }))
        @match terms {
            Some(Ok(terms)) => { (results(lang, one, terms)) }
            Some(Err(why)) => { (alert(Tone::Warn, not_open(lang, *why))) (the_rule(lang, one)) }
            None => {}
        }
    }
}

fn results(lang: Lang, one: &Certification, terms: &[Term]) -> Markup {
    html! {
        @for (place, term) in terms.iter().enumerate() { (term_card(lang, one, term, place)) }
        @if terms.len() > 1 {
            p.text-secondary.small { (t!(lang, "后两张按在前一张的最后有效日完成换证推算。", "The later ones suppose that each is renewed on the last valid day of the one before.")) }
        }
        (the_rule(lang, one))
    }
}

/// By which rule it is counted, said under every answer.
fn the_rule(lang: Lang, one: &Certification) -> Markup {
    html! {
        p.text-secondary.small { (t!(lang, "“有效期至”当天仍然有效。规则：{}。", "It is still valid on the day it is valid through. The rule: {}.", saying::validity(one.validity).get(lang))) }
    }
}

/// Why no certificate comes of a completion on that day.
fn not_open(lang: Lang, why: NotOpen) -> String {
    let day = |day: NaiveDate| i18n::date(lang, day);
    match why {
        NotOpen::Until(opens) => t!(
            lang,
            "完成日期过早：换证窗口 {} 起才开放，请改为当天或之后。",
            "Too early: the window opens on {}. Enter that day or a later one.",
            day(opens)
        ),
        NotOpen::Runs(through) => t!(
            lang,
            "那一天不能换证，以后也没有可用的换证方式；原证书有效期至 {}，此后须按首次颁发办理。",
            "It cannot be renewed on that day or later; the certificate is valid through {}, and after that it would be a first issue again.",
            day(through)
        ),
        NotOpen::Over => t!(
            lang,
            "那一天没有可用的换证方式：须按首次颁发办理。",
            "No way of renewing is open on that day: it would be a first issue again."
        ),
    }
}

fn term_card(lang: Lang, one: &Certification, term: &Term, place: usize) -> Markup {
    let title = match term.cycle {
        _ if term.extended => t!(lang, "原证书延长", "The same certificate, extended"),
        0 => t!(lang, "首次颁发", "First issue"),
        n => t!(lang, "第 {n} 次换证", "Renewal {n}"),
    };
    let day = |day: NaiveDate| i18n::date(lang, day);
    let unchanged = t!(lang, "不变", "as before");
    let mut lines = vec![
        (t!(lang, "生效日期", "Valid from"), html! { (day_or(lang, term.from, unchanged)) }),
        (
            t!(lang, "有效期至", "Valid through"),
            html! { strong { (day_or(lang, term.through, t!(lang, "长期有效", "does not expire"))) } },
        ),
    ];
    if let Some((opens, _)) = term.window() {
        lines.push((t!(lang, "换证开始", "Window opens"), html! { (day(opens)) }));
    }
    if let Some(ends) = term.grace_ends() {
        lines.push((t!(lang, "宽限至", "Grace ends"), html! { (day(ends)) }));
    }
    if !term.reviews.is_empty() {
        let said = term.reviews.iter().take(6).map(|review| review_day(lang, *review));
        lines.push((t!(lang, "复审", "Reviews"), html! { @for one in said { div { (one) } } }));
    }
    if term.from.is_none() && one.review.is_some() {
        let from = t!(lang, "从原证书的生效日期起算", "counted from its first day");
        lines.push((t!(lang, "复审", "Reviews"), html! { (from) }));
    }
    let follows = if place == 0 {
        follows(lang, one, term)
    } else {
        html! {}
    };
    card(&title, html! { (definitions(lines)) (follows) })
}

fn review_day(lang: Lang, review: ReviewDay) -> String {
    let due = i18n::date(lang, review.due);
    if review.opens == review.due {
        return due;
    }
    t!(lang, "{due}（{} 起可办）", "{due} (possible from {})", i18n::date(lang, review.opens))
}

/// What comes of renewing on the first and the last days.
fn follows(lang: Lang, one: &Certification, term: &Term) -> Markup {
    let headers = [
        t!(lang, "若于此日换证", "If renewed on"),
        t!(lang, "方式", "Way"),
        t!(lang, "新证生效", "Valid from"),
        t!(lang, "有效期至", "Valid through"),
    ];
    let renewed =
        term.days_of_interest().into_iter().filter_map(|day| calculator::renewed(one, term, day));
    let rows: Vec<_> = renewed
        .map(|new| {
            let way = one.renewals.get(new.place);
            vec![
                html! { (i18n::date(lang, new.on)) },
                html! { @if let Some(way) = way { (saying::way_title(way, new.place).get(lang)) div.text-secondary.small { (saying::base_words(way.base).get(lang)) } } },
                html! { (day_or(lang, new.from, t!(lang, "不变", "as before"))) },
                html! { (day_or(lang, new.through, t!(lang, "长期有效", "does not expire"))) },
            ]
        })
        .collect();
    html! { @if !rows.is_empty() { div.mt-3 { (table(&headers, rows)) } } }
}

/// What a certification, path or job is called.
pub fn title_of(rules: &Rules, lang: Lang, code: &str) -> String {
    let titled = rules.path(code).map(|(_, one)| &one.title);
    let titled = titled.or_else(|| rules.job(code).map(|(_, one)| &one.title));
    match titled {
        Some(title) if rules.certification(code).is_none() => title.get(lang).to_owned(),
        _ => name_of(rules.context(), Kind::Certificate, code, None).get(lang).to_owned(),
    }
}
