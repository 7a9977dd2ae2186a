//! How the forms of HR's acts look.

use chrono::NaiveDate;
use maud::{Markup, html};

use super::{
    Grounds,
    campaign::{Asked, Done, Moved, Plan},
    handlers::{Decided, IssueQuery, Many, ManyQuery},
    issuing::{self, Candidate, Offer},
    supervision::{Shown, Stands},
};
use crate::{
    access::Viewer,
    certification::{
        model::Held,
        numbers,
        pages::{held_card, name, through},
    },
    i18n::{self, Lang, Text},
    record::{Rules, number::Recognised, pages as record, programme::Certification},
    staff::Post,
    t,
    web::{
        Crumb, Problems,
        components::{
            Tone, alert, badge, card, card_with, definitions, empty, heading, icon, table,
        },
        forms::{Field, new_key},
    },
};

/// Rows of a preview that are shown; the rest are counted.
const ROWS: usize = 500;

pub fn crumbs(lang: Lang) -> Vec<Crumb> {
    vec![
        Crumb::new("/certificates", t!(lang, "证书", "Certificates")),
        Crumb::new("/certificates/board", t!(lang, "全员证书", "Everybody's certificates")),
    ]
}

/// A field for a file, with its mistake.
pub fn file_field(lang: Lang, id: &str, name: &str, label: &str, problems: &Problems) -> Markup {
    let problem = problems.get(name);
    html! {
        div.mb-3 {
            label.form-label for=(id) { (label) }
            input.form-control .is-invalid[problem.is_some()] id=(id) type="file" name=(name) accept=".pdf,.jpg,.jpeg,.png,application/pdf,image/jpeg,image/png";
            @if let Some(problem) = problem { div.text-danger.small.mt-1 { (problem.get(lang)) } }
            div.form-hint { (t!(lang, "PDF、JPEG 或 PNG，最大 10 MB", "PDF, JPEG or PNG, 10 MB at most")) }
        }
    }
}

/// Why, on what grounds, and the document: what every decision keeps.
fn grounds_fields(lang: Lang, (grounds, problems): &(Grounds, Problems), file: bool) -> Markup {
    let evidence = grounds.evidence.as_deref().unwrap_or_default();
    html! {
        (Field::new("why", t!(lang, "理由（本人可见）", "Reason (the holder sees it)"), &grounds.why).required().area(lang, problems, 2))
        (Field::new("evidence", t!(lang, "依据", "What it rests on"), evidence).hint(t!(lang, "文件号、会议纪要、通知等", "A circular, minutes, a letter …")).input(lang, problems))
        @if file { (file_field(lang, "file", "file", &t!(lang, "依据文件（可选）", "Document (optional)"), problems)) }
    }
}

fn certification_options(
    lang: Lang,
    rules: &Rules,
    all: &[(String, &Certification)],
    blank: String,
) -> Vec<(String, String)> {
    let mut options = vec![(String::new(), blank)];
    let mut named: Vec<(String, String)> =
        all.iter().map(|(code, _)| (code.clone(), name(rules, lang, code))).collect();
    named.sort_by(|a, b| a.1.cmp(&b.1));
    options.extend(named);
    options
}

fn issued_here(rules: &Rules, today: NaiveDate) -> Vec<(String, &Certification)> {
    let all = issuing::issuable(rules, today).into_iter();
    all.map(|(set, one)| (set.qualified(&one.code), one)).collect()
}

pub fn issue(
    viewer: &Viewer,
    rules: &Rules,
    query: &IssueQuery,
    candidate: Option<&Candidate>,
    mistake: Option<&Text>,
    filled: &(Grounds, Problems),
) -> Markup {
    let lang = viewer.lang();
    let title = t!(lang, "颁发证书", "Issue a certificate");
    let none = Problems::default();
    let all = issued_here(rules, viewer.today);
    let options = certification_options(lang, rules, &all, t!(lang, "请选择", "Choose one"));
    viewer.page(&title, &crumbs(lang), html! {
        (heading(&title, t!(lang, "先看按规则算出的日期和条件，再决定。", "See the dates and the verdict first, then decide."), html! {
            a.btn href="/certificates/issue-many" { (icon("users")) (t!(lang, "批量颁发", "Issue to many")) }
        }))
        @if let Some(mistake) = mistake { (alert(Tone::Bad, mistake.get(lang))) }
        (card("", html! {
            form.row method="get" action="/certificates/issue" {
                div."col-md-3" { (Field::new("person", t!(lang, "工号", "Staff number"), &query.person).required().input(lang, &none)) }
                div."col-md-5" { (Field::new("certification", t!(lang, "认证", "Certification"), &query.certification).required().select(lang, &none, options)) }
                div."col-md-4" { (Field::new("from", t!(lang, "生效日期", "Valid from"), &query.from).kind("date").hint(t!(lang, "留空即按规则（首次颁发为今天）", "Empty: as the rule says, today for a first issue")).input(lang, &none)) }
                div.col-12 { button.btn type="submit" { (icon("search")) (t!(lang, "查看条件与日期", "Show verdict and dates")) } }
            }
        }))
        @if let Some(candidate) = candidate { (offered(lang, rules, query, candidate, filled)) }
    })
}

fn offered(
    lang: Lang,
    rules: &Rules,
    query: &IssueQuery,
    candidate: &Candidate,
    filled: &(Grounds, Problems),
) -> Markup {
    let Candidate { post, offer } = candidate;
    let person = post.person.title(lang);
    let heading =
        t!(lang, "{person} · {}", "{person} · {}", name(rules, lang, &query.certification));
    let offer = match offer {
        Ok(offer) => offer,
        Err(why) => return card(&heading, alert(Tone::Warn, why.get(lang))),
    };
    card(
        &heading,
        html! {
            (definitions([
                (t!(lang, "办理", "What it is"), html! { (kind_of(lang, offer)) }),
                (t!(lang, "生效日期", "Valid from"), html! { strong { (i18n::date(lang, offer.from)) } }),
                (t!(lang, "有效期至", "Valid through"), html! { strong #computed-through { (through(lang, offer.through)) } }),
                (t!(lang, "条件", "Requirement"), met_badge(lang, offer)),
            ]))
            @if let (false, Some(missing)) = (offer.verdict.met, &offer.verdict.missing) {
                p.mt-2 { strong { (t!(lang, "还缺：", "Missing: ")) } (missing.get(lang)) }
            }
            details.my-2 { summary { (t!(lang, "全部条件", "All conditions")) } (record::verdict(lang, rules.context(), &offer.verdict)) }
            form.mt-3 method="post" action="/certificates/issue" enctype="multipart/form-data" {
                input type="hidden" name="form_key" value=(new_key());
                input type="hidden" name="person" value=(query.person.trim());
                input type="hidden" name="certification" value=(query.certification);
                input type="hidden" name="from" value=(query.from);
                input type="hidden" name="mark" value=(candidate.mark());
                (grounds_fields(lang, filled, true))
                @if !offer.met { (exception_tick(lang, &filled.1)) }
                button.btn.btn-primary type="submit" { (icon("certificate")) (t!(lang, "颁发", "Issue")) }
            }
        },
    )
}

fn exception_tick(lang: Lang, problems: &Problems) -> Markup {
    let problem = problems.get("exception");
    html! {
        div.mb-3 {
            label.form-check {
                input.form-check-input .is-invalid[problem.is_some()] type="checkbox" name="exception" value="yes" required;
                span.form-check-label { (t!(lang, "条件未满足，例外颁发：理由和条件的判定会留在证书上，查看者都能看到。", "The requirement is not met: issue it as an exception. The reason and the verdict stay with the certificate for all who see it.")) }
            }
            @if let Some(problem) = problem { div.text-danger.small { (problem.get(lang)) } }
        }
    }
}

fn met_badge(lang: Lang, offer: &Offer) -> Markup {
    match (offer.met, offer.verdict.met) {
        (true, _) => badge(Tone::Good, t!(lang, "已满足", "Met")),
        (false, true) => badge(
            Tone::Warn,
            t!(lang, "缺少换证期内的新学习或考试", "Nothing new was done for this renewal"),
        ),
        (false, false) => badge(Tone::Bad, t!(lang, "未满足", "Not met")),
    }
}

fn kind_of(lang: Lang, offer: &Offer) -> String {
    match (offer.extends, offer.cycle) {
        (true, _) => t!(lang, "延长现有证书", "The present certificate lasts longer"),
        (false, 0) => t!(lang, "首次颁发", "First issue"),
        (false, n) => t!(lang, "第 {n} 次换证", "Renewal number {n}"),
    }
}

pub fn many(
    viewer: &Viewer,
    rules: &Rules,
    query: &ManyQuery,
    many: &Many,
    filled: &(Grounds, Problems),
) -> Markup {
    let lang = viewer.lang();
    let title = t!(lang, "批量颁发", "Issue to many");
    viewer.page(&title, &crumbs(lang), html! {
        (heading(&title, t!(lang, "按门店、岗位或工号选人；先预览谁会得到、日期和原因，确认后一次颁发，要么全部成功，要么一张不发。", "Choose people by site, position or staff number. You see who gets one, with which dates, and who does not and why; then all are issued at once, or none."), html! {}))
        @if let Some(done) = query.done { (alert(Tone::Good, t!(lang, "已颁发 {done} 张。", "{done} issued."))) }
        (card("", many_filter(viewer, rules, query, many)))
        @if let Some(bulk) = &many.bulk { (bulk_preview(lang, rules, query, bulk, filled)) }
    })
}

fn many_filter(viewer: &Viewer, rules: &Rules, query: &ManyQuery, many: &Many) -> Markup {
    let lang = viewer.lang();
    let none = Problems::default();
    let all = issued_here(rules, viewer.today);
    let options = certification_options(lang, rules, &all, t!(lang, "请选择", "Choose one"));
    let least = many.sites.iter().map(crate::staff::Site::depth).min().unwrap_or(0);
    let sites = many.sites.iter().map(|site| {
        (site.code.clone(), format!("{}{}", "　".repeat(site.depth() - least), site.title(lang)))
    });
    let sites = std::iter::once((String::new(), t!(lang, "不限", "Any"))).chain(sites);
    let positions = rules.sets().flat_map(|set| &set.positions);
    let mut positions: Vec<(String, String)> =
        positions.map(|one| (one.code.clone(), one.title.get(lang).to_owned())).collect();
    positions.sort();
    positions.dedup_by(|a, b| a.0 == b.0);
    positions.insert(0, (String::new(), t!(lang, "不限", "Any")));
    html! {
        form.row method="get" action="/certificates/issue-many" {
            div."col-md-4" { (Field::new("certification", t!(lang, "认证", "Certification"), &query.certification).required().select(lang, &none, options)) }
            div."col-md-4" { (Field::new("site", t!(lang, "门店（含下级）", "Site and below"), &query.site).select(lang, &none, sites)) }
            div."col-md-4" { (Field::new("position", t!(lang, "岗位", "Position"), &query.position).select(lang, &none, positions)) }
            div.col-12 { (Field::new("staff", t!(lang, "或只限这些工号", "Or only these staff numbers"), &query.staff).hint(t!(lang, "用空格、逗号或换行分开，最多 500 个", "Between them spaces, commas or line breaks; 500 at most")).area(lang, &none, 2)) }
            div.col-12 { button.btn type="submit" { (icon("search")) (t!(lang, "预览", "Preview")) } }
        }
    }
}

fn bulk_preview(
    lang: Lang,
    rules: &Rules,
    query: &ManyQuery,
    bulk: &issuing::Bulk,
    filled: &(Grounds, Problems),
) -> Markup {
    let given = bulk.given().count();
    let others = bulk.candidates.len() - given;
    html! {
        @if bulk.too_many { (alert(Tone::Bad, t!(lang, "超过 {} 人，请缩小范围。", "More than {} people: choose fewer.", issuing::MOST))) }
        @if !bulk.unknown.is_empty() { (alert(Tone::Warn, t!(lang, "管理范围内没有这些工号：{}", "Nobody within your reach has these numbers: {}", bulk.unknown.join(", ")))) }
        @if bulk.candidates.is_empty() {
            (card("", empty("users", &t!(lang, "没有符合条件的人", "Nobody was found"), t!(lang, "换一个门店、岗位或工号。", "Try another site, position or staff number."))))
        } @else {
            @if given > 0 && !bulk.too_many {
                (card(&t!(lang, "将颁发 {given} 张，{others} 人不颁发", "{given} will be issued, {others} will not"), html! {
                    form method="post" action="/certificates/issue-many" {
                        input type="hidden" name="form_key" value=(new_key());
                        input type="hidden" name="certification" value=(query.certification);
                        input type="hidden" name="site" value=(query.site);
                        input type="hidden" name="position" value=(query.position);
                        input type="hidden" name="staff" value=(query.staff);
                        input type="hidden" name="mark" value=(issuing::mark(&bulk.candidates));
                        (grounds_fields(lang, filled, false))
                        button.btn.btn-primary type="submit" { (icon("certificate")) (t!(lang, "确认颁发 {given} 张", "Issue {given}")) }
                    }
                }))
            } @else if given == 0 {
                (alert(Tone::Info, t!(lang, "名单里没有人满足条件。例外颁发请逐人办理。", "Nobody on the list meets the requirement. Exceptions are issued one by one.")))
            }
            (card_with("", html! {}, bulk_table(lang, rules, query, bulk)))
        }
    }
}

fn bulk_table(lang: Lang, rules: &Rules, query: &ManyQuery, bulk: &issuing::Bulk) -> Markup {
    let headers = [
        t!(lang, "人员", "Person"),
        t!(lang, "门店", "Site"),
        t!(lang, "颁发", "Issued"),
        t!(lang, "生效日期", "Valid from"),
        t!(lang, "有效期至", "Valid through"),
        t!(lang, "说明", "Why"),
    ];
    let rows = bulk.candidates.iter().map(|Candidate { post, offer }| {
        let (mark, from, to, why) = match offer {
            Ok(offer) if offer.met => (
                badge(Tone::Good, t!(lang, "是", "Yes")),
                i18n::date(lang, offer.from),
                through(lang, offer.through),
                kind_of(lang, offer),
            ),
            Ok(offer) => {
                let missing = offer.verdict.missing.as_ref().map(|missing| missing.get(lang));
                let why = missing.map_or_else(
                    || {
                        t!(
                            lang,
                            "缺少换证期内的新学习或考试",
                            "Nothing new was done for this renewal"
                        )
                    },
                    |missing| t!(lang, "还缺：{missing}", "Missing: {missing}"),
                );
                (badge(Tone::Neutral, t!(lang, "否", "No")), String::new(), String::new(), why)
            }
            Err(why) => {
                let why = why.get(lang).to_owned();
                (badge(Tone::Neutral, t!(lang, "否", "No")), String::new(), String::new(), why)
            }
        };
        vec![
            person_cell(lang, post),
            html! { (post.site.title(lang)) },
            mark,
            html! { (from) },
            html! { (to) },
            html! { (why) },
        ]
    });
    html! {
        div.card-header { h2.card-title { (name(rules, lang, &query.certification)) } }
        (table(&headers, rows))
    }
}

fn person_cell(lang: Lang, post: &Post) -> Markup {
    html! {
        a href={ "/certificates/of/" (post.person.id) } { (post.person.title(lang)) }
        div.text-secondary.small { (post.person.staff_no) }
    }
}

fn longer(lang: Lang, months: u32, days: u32) -> String {
    let months_said = i18n::count(months, "month", "months");
    let days_said = i18n::count(days, "day", "days");
    match (months, days) {
        (_, 0) => t!(lang, "延长 {months} 个月", "{months_said} longer"),
        (0, _) => t!(lang, "延长 {days} 天", "{days_said} longer"),
        _ => t!(lang, "延长 {months} 个月又 {days} 天", "{months_said} and {days_said} longer"),
    }
}

pub fn extend_many(
    viewer: &Viewer,
    rules: &Rules,
    asked: &Asked,
    plan: Option<&Plan>,
    begun: bool,
    filled: &(Grounds, Problems),
) -> Markup {
    let lang = viewer.lang();
    let title = t!(lang, "批量延期", "Extend many");
    let mut crumbs = crumbs(lang);
    crumbs.push(Crumb::new("/certificates/extensions", t!(lang, "延期记录", "Extensions")));
    viewer.page(&title, &crumbs, html! {
        (heading(&title, t!(lang, "某段时间内到期的证书，各自从原到期日起延长。先预览每一张的新旧末日，确认后一次生效，可以撤回。", "Certificates that end within a range last longer, each from its own last day. You see the old and the new last day of each first; the whole can be taken back."), html! {}))
        @if let (true, Some(problem)) = (begun, asked.problem()) { (alert(Tone::Warn, problem.get(lang))) }
        (card("", range_form(viewer, rules, asked)))
        @if let Some(plan) = plan { (plan_preview(lang, rules, asked, plan, filled)) }
    })
}

fn range_form(viewer: &Viewer, rules: &Rules, asked: &Asked) -> Markup {
    let lang = viewer.lang();
    let none = Problems::default();
    let all = issued_here(rules, viewer.today);
    let options =
        certification_options(lang, rules, &all, t!(lang, "全部认证", "All certifications"));
    let day = |day: Option<NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
    let (first, last) = (day(asked.first), day(asked.last));
    let count = |n: u32| if n == 0 { String::new() } else { n.to_string() };
    let (months, days) = (count(asked.months), count(asked.days));
    html! {
        form.row method="get" action="/certificates/extensions/new" {
            @if asked.numbers.is_empty() {
                div."col-md-4" { (Field::new("certification", t!(lang, "认证", "Certification"), &asked.certification).select(lang, &none, options)) }
                div."col-md-4" { (Field::new("first", t!(lang, "到期日从", "They end from"), &first).kind("date").required().input(lang, &none)) }
                div."col-md-4" { (Field::new("last", t!(lang, "到（含）", "through"), &last).kind("date").required().input(lang, &none)) }
            } @else {
                div.col-12.mb-2 { (t!(lang, "已选 {} 张证书", "{} certificates picked", asked.numbers.len())) " · " a href="/certificates/extensions/new" { (t!(lang, "改为按到期日选", "by last day instead")) } }
                @for number in &asked.numbers { input type="hidden" name="number" value=(number); }
            }
            div."col-md-4" { (Field::new("months", t!(lang, "延长月数", "Months longer"), &months).kind("number").input(lang, &none)) }
            div."col-md-4" { (Field::new("days", t!(lang, "延长天数", "Days longer"), &days).kind("number").input(lang, &none)) }
            div.col-12 { button.btn type="submit" { (icon("search")) (t!(lang, "预览", "Preview")) } }
        }
    }
}

fn plan_preview(
    lang: Lang,
    rules: &Rules,
    asked: &Asked,
    plan: &Plan,
    filled: &(Grounds, Problems),
) -> Markup {
    let moved = plan.moved();
    let others = plan.lines.len() - moved;
    let day = |day: Option<NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
    html! {
        @if plan.lines.is_empty() {
            (card("", empty("certificate", &t!(lang, "没有这样的证书", "No such certificates"), t!(lang, "换一个到期日范围或认证。", "Try another range or certification."))))
        } @else {
            @if moved > 0 && !plan.too_many {
                (card(&t!(lang, "将延期 {moved} 张，{others} 张不延期", "{moved} will last longer, {others} will not"), html! {
                    form method="post" action="/certificates/extensions" enctype="multipart/form-data" {
                        input type="hidden" name="form_key" value=(new_key());
                        input type="hidden" name="certification" value=(asked.certification);
                        input type="hidden" name="first" value=(day(asked.first));
                        input type="hidden" name="last" value=(day(asked.last));
                        input type="hidden" name="months" value=(asked.months);
                        input type="hidden" name="days" value=(asked.days);
                        @for number in &asked.numbers { input type="hidden" name="number" value=(number); }
                        input type="hidden" name="mark" value=(plan.mark());
                        (grounds_fields(lang, filled, true))
                        button.btn.btn-primary type="submit" { (icon("check")) (t!(lang, "确认延期 {moved} 张", "Extend {moved}")) }
                    }
                }))
            }
            (card_with("", html! {}, plan_table(lang, rules, plan)))
        }
    }
}

fn plan_table(lang: Lang, rules: &Rules, plan: &Plan) -> Markup {
    let headers = [
        t!(lang, "编号", "Number"),
        t!(lang, "人员", "Person"),
        t!(lang, "证书", "Certificate"),
        t!(lang, "原末日", "Last day now"),
        t!(lang, "新末日", "New last day"),
    ];
    let rows = plan.lines.iter().take(ROWS).map(|Moved { post, certificate, old, new, .. }| {
        vec![
            html! { a href={ "/certificates/" (certificate.number) } { (certificate.number) } },
            person_cell(lang, post),
            html! { (name(rules, lang, &certificate.certification)) },
            html! { (i18n::date(lang, *old)) },
            match new {
                Ok(new) => html! { strong { (i18n::date(lang, *new)) } },
                Err(why) => html! { span.text-secondary { (why.get(lang)) } },
            },
        ]
    });
    html! {
        (table(&headers, rows))
        @if plan.lines.len() > ROWS { div.card-footer.text-secondary { (t!(lang, "另有 {} 张未列出，同样处理。", "{} more are not listed and go the same way.", plan.lines.len() - ROWS)) } }
    }
}

fn what(lang: Lang, rules: &Rules, decided: &Decided) -> String {
    let campaign = &decided.campaign;
    let code = campaign.certification.as_deref();
    let of = code
        .map_or_else(|| t!(lang, "全部认证", "all certifications"), |code| name(rules, lang, code));
    let (first, last) = (i18n::date(lang, campaign.first_on), i18n::date(lang, campaign.last_on));
    let count = |n: i64| u32::try_from(n).unwrap_or(0);
    let longer = longer(lang, count(campaign.months), count(campaign.days));
    t!(lang, "{of}，{first} 至 {last} 到期，{longer}", "{of}, ending {first} to {last}: {longer}")
}

fn how_many(lang: Lang, lines: &[Done]) -> Markup {
    let back = lines.iter().filter(|line| line.taken_back).count();
    html! {
        (t!(lang, "{} 张", "{}", lines.len()))
        @if back > 0 { " " (badge(Tone::Neutral, t!(lang, "撤回 {back} 张", "{back} taken back"))) }
    }
}

pub fn campaigns(viewer: &Viewer, rules: &Rules, all: &[Decided]) -> Markup {
    let lang = viewer.lang();
    let title = t!(lang, "延期记录", "Extensions");
    let headers = [
        t!(lang, "时间", "When"),
        t!(lang, "内容", "What"),
        t!(lang, "理由", "Why"),
        t!(lang, "证书", "Certificates"),
        t!(lang, "何人", "Who"),
    ];
    let rows = all.iter().map(|one| {
        let when = i18n::instant(lang, one.campaign.decided_at.utc(), viewer.zone);
        vec![
            html! { a href={ "/certificates/extensions/" (one.campaign.id) } { (when) } },
            html! { (what(lang, rules, one)) },
            html! { (one.campaign.why) },
            how_many(lang, &one.lines),
            html! { (one.by) },
        ]
    });
    viewer.page(&title, &crumbs(lang), html! {
        (heading(&title, t!(lang, "一次决定，许多证书延期。", "One decision, many certificates."), html! {
            a.btn.btn-primary href="/certificates/extensions/new" { (icon("plus")) (t!(lang, "批量延期", "Extend many")) }
        }))
        (card_with("", html! {}, html! {
            @if all.is_empty() { (empty("history", &t!(lang, "还没有批量延期", "Nothing was extended yet"), t!(lang, "选择到期日范围，预览后确认。", "Choose a range of last days; you see everything before you confirm."))) }
            @else { (table(&headers, rows)) }
        }))
    })
}

pub fn campaign(viewer: &Viewer, rules: &Rules, decided: &Decided) -> Markup {
    let lang = viewer.lang();
    let one = &decided.campaign;
    let title = t!(lang, "批量延期 {}", "Extension {}", one.id);
    let mut crumbs = crumbs(lang);
    crumbs.push(Crumb::new("/certificates/extensions", t!(lang, "延期记录", "Extensions")));
    let back = decided.lines.iter().any(Done::can_be_taken_back);
    let when = i18n::instant(lang, one.decided_at.utc(), viewer.zone);
    viewer.page(&title, &crumbs, html! {
        (heading(&title, what(lang, rules, decided), html! {}))
        (card("", definitions([
            (t!(lang, "决定", "Decided"), html! { (decided.by) " · " (when) }),
            (t!(lang, "理由", "Why"), html! { (one.why) }),
            (t!(lang, "依据", "Rests on"), html! { (one.evidence.as_deref().unwrap_or("—"))
                @if let (Some(file), Some(line)) = (one.file_id, decided.lines.first()) { " " a href={ "/certificates/" (line.certificate.number) "/files/" (file) } { (icon("download")) (t!(lang, "依据文件", "Document")) } } }),
            (t!(lang, "证书", "Certificates"), how_many(lang, &decided.lines)),
        ])))
        @if back { (take_back_form(lang, one.id.0)) }
        (card_with("", html! {}, done_table(lang, rules, &decided.lines)))
    })
}

fn take_back_form(lang: Lang, id: i64) -> Markup {
    card(
        &t!(lang, "撤回", "Take back"),
        html! {
            p.text-secondary { (t!(lang, "各证书恢复原来的末日；此后又处理过或已换证的证书保持不变。记录都会保留。", "Each gets its former last day again; those that were acted on or renewed since stay as they are. Everything stays on record.")) }
            form method="post" action={ "/certificates/extensions/" (id) "/take-back" } {
                input type="hidden" name="form_key" value=(new_key());
                (Field::new("why", t!(lang, "理由", "Why"), "").required().input(lang, &Problems::default()))
                button.btn.btn-danger type="submit" { (t!(lang, "撤回延期", "Take the extensions back")) }
            }
        },
    )
}

fn done_table(lang: Lang, rules: &Rules, lines: &[Done]) -> Markup {
    let headers = [
        t!(lang, "编号", "Number"),
        t!(lang, "人员", "Person"),
        t!(lang, "证书", "Certificate"),
        t!(lang, "原末日", "Last day before"),
        t!(lang, "新末日", "New last day"),
    ];
    let rows = lines.iter().take(ROWS).map(|line| {
        vec![
            html! { a href={ "/certificates/" (line.certificate.number) } { (line.certificate.number) } },
            person_cell(lang, &line.post),
            html! { (name(rules, lang, &line.certificate.certification)) },
            html! { (through(lang, line.old)) },
            html! { (through(lang, line.new))
                @if line.taken_back { " " (badge(Tone::Neutral, t!(lang, "已撤回", "Taken back"))) }
                @else if let Some(since) = line.since { " " (badge(Tone::Neutral, since.title().get(lang))) } },
        ]
    });
    html! {
        (table(&headers, rows))
        @if lines.len() > ROWS { div.card-footer.text-secondary { (t!(lang, "另有 {} 张未列出。", "{} more are not listed.", lines.len() - ROWS)) } }
    }
}

pub fn of_person(
    viewer: &Viewer,
    rules: &Rules,
    post: &Post,
    held: &[Held],
    supervised: &[Shown],
    acting: bool,
) -> Markup {
    let lang = viewer.lang();
    let person = post.person.title(lang);
    let title = t!(lang, "{person} 的证书", "Certificates of {person}");
    viewer.page(&title, &crumbs(lang), html! {
        (heading(&title, html! { (post.person.staff_no) " · " (post.site.title(lang)) }, html! {
            a.btn href={ "/people/" (post.person.id) } { (icon("user")) (t!(lang, "个人档案", "Record")) }
            @if acting { a.btn.btn-primary href={ "/certificates/issue?person=" (post.person.staff_no) } { (icon("plus")) (t!(lang, "颁发", "Issue")) } }
        }))
        @if held.is_empty() { (card("", empty("certificate", &t!(lang, "还没有证书", "No certificates yet"), t!(lang, "条件满足后自动颁发，或由人事颁发、导入。", "Issued as soon as the conditions are met, or by HR's decision or import.")))) }
        div.row.row-cards.mb-3 { @for one in held { (held_card(viewer, rules, one)) } }
        (supervision(viewer, rules, supervised, acting))
        @if acting { (supervise_form(viewer, rules, post)) }
    })
}

/// What somebody may do under the eyes of a holder.
pub fn supervision(viewer: &Viewer, rules: &Rules, all: &[Shown], acting: bool) -> Markup {
    let lang = viewer.lang();
    html! {
        @if !all.is_empty() {
            (card_with(&t!(lang, "监护下作业", "Work under supervision"), html! {}, html! {
                ul.list-group.list-group-flush #supervision {
                    @for shown in all { li.list-group-item { (supervised(lang, rules, shown, acting)) } }
                }
            }))
        }
    }
}

fn supervised(lang: Lang, rules: &Rules, shown: &Shown, acting: bool) -> Markup {
    let Shown { one, supervisor, stands } = shown;
    let work = name(rules, lang, &one.certification);
    let who = supervisor.title(lang);
    let period = record::span(lang, one.from_on, Some(one.last_day().max(one.from_on)));
    let open = matches!(stands, Stands::Allowed(_) | Stands::NotYet | Stands::Refused(_));
    html! {
        div { strong { (work) } " · " (who) " " span.text-secondary { (supervisor.staff_no) " · " (period) } }
        div { @match stands {
            Stands::Allowed(through) => {
                (badge(Tone::Info, t!(lang, "监护下可作业", "Allowed under supervision"))) " "
                (t!(lang, "在 {who} 的监护下可从事此项工作，至 {}。监护人须在场。", "May do this work under the eyes of {who}, through {}; never alone.", i18n::date(lang, *through)))
            },
            Stands::NotYet => { (badge(Tone::Neutral, t!(lang, "尚未开始", "Not yet"))) },
            Stands::Over => {
                (badge(Tone::Neutral, t!(lang, "已结束", "Over")))
                @if let Some(why) = &one.ended_why { " " (why) }
            },
            Stands::Refused(why) => { (badge(Tone::Bad, t!(lang, "不可作业", "Not allowed"))) " " (why.get(lang)) },
        } }
        @if acting && open {
            form.d-flex.gap-2.mt-2 method="post" action={ "/certificates/supervision/" (one.id) "/end" } {
                input type="hidden" name="form_key" value=(new_key());
                input.form-control.form-control-sm name="why" required placeholder=(t!(lang, "结束的理由", "Why it ends")) aria-label=(t!(lang, "结束的理由", "Why it ends"));
                button.btn.btn-sm type="submit" { (t!(lang, "结束", "End")) }
            }
        }
    }
}

fn supervise_form(viewer: &Viewer, rules: &Rules, post: &Post) -> Markup {
    let lang = viewer.lang();
    let none = Problems::default();
    let sets = rules.sets().filter(|set| set.applies(viewer.today));
    let options: Vec<(String, String)> = sets
        .flat_map(|set| set.certifications.iter().map(move |one| (set, one)))
        .filter_map(|(set, one)| {
            let months = one.exemption.as_ref()?.months;
            let title = one.title.get(lang);
            let label =
                t!(lang, "{title}（累计最多 {months} 个月）", "{title} ({months} months in all)");
            Some((set.qualified(&one.code), label))
        })
        .collect();
    if options.is_empty() {
        return html! {};
    }
    card(
        &t!(lang, "指定监护人", "Name a supervisor"),
        html! {
            p.text-secondary { (t!(lang, "尚未持证的学员，可在持证人的监护下作业一段时间。任何一方不再符合条件，即自动失效。", "A trainee who holds no certificate yet may do its work under the eyes of a holder, for a time. It ends by itself when either no longer qualifies.")) }
            form.row method="post" action={ "/certificates/of/" (post.person.id) "/supervision" } {
                input type="hidden" name="form_key" value=(new_key());
                div."col-md-4" { (Field::new("certification", t!(lang, "工作所需的认证", "Certification the work needs"), "").required().select(lang, &none, options)) }
                div."col-md-4" { (Field::new("supervisor", t!(lang, "监护人工号", "Supervisor's staff number"), "").required().input(lang, &none)) }
                div."col-md-2" { (Field::new("from", t!(lang, "从", "From"), &viewer.today.to_string()).kind("date").input(lang, &none)) }
                div."col-md-2" { (Field::new("through", t!(lang, "至", "Through"), "").kind("date").hint(t!(lang, "留空为最长", "Empty: as long as allowed")).input(lang, &none)) }
                div.col-12 { button.btn type="submit" { (icon("heart-handshake")) (t!(lang, "指定", "Name")) } }
            }
        },
    )
}

pub fn numbers(viewer: &Viewer, word: &str, found: Option<&Result<Recognised, Text>>) -> Markup {
    let lang = viewer.lang();
    let title = t!(lang, "证书编号解读", "Read a certificate number");
    let none = Problems::default();
    viewer.page(&title, &crumbs(lang)[..1], html! {
        (heading(&title, t!(lang, "职业技能等级证书（22 位）、特级技师证书、旧职业资格证书（16 位）。只检查编号本身，不查询发证机构。", "Chinese skill-grade certificates (22 characters), special-grade technicians', and older qualification certificates (16 digits). Only the number itself is checked; nobody is asked."), html! {}))
        (card("", html! {
            form method="get" action="/certificates/numbers" {
                (Field::new("number", t!(lang, "证书编号", "Certificate number"), word).required().autocomplete("off").input(lang, &none))
                button.btn.btn-primary type="submit" { (icon("search")) (t!(lang, "解读", "Read it")) }
            }
        }))
        @match found {
            Some(Ok(number)) => { (card(numbers::title(number).get(lang), numbers::parts(lang, number))) },
            Some(Err(why)) => { (alert(Tone::Bad, why.get(lang))) },
            None if !word.is_empty() => { (alert(Tone::Warn, t!(lang, "这不是上述任何一种编号的样子。", "This looks like none of these numbers."))) },
            None => {},
        }
    })
}

/// What the number of an imported certificate says, where it is of a known shape.
pub fn number_parts(lang: Lang, word: &str) -> Markup {
    match crate::record::number::recognise(word) {
        Some(Ok(number)) => card(numbers::title(&number).get(lang), numbers::parts(lang, &number)),
        _ => html! {},
    }
}
