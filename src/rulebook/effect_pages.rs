//! The effects of a draft on a page and in a file, and the form that publishes it.

use std::{collections::BTreeMap, sync::Arc};

use chrono::NaiveDate;
use maud::{Markup, html};

use super::{
    draft_handlers::{Opened, Plan, PublishForm, Shown},
    draft_pages::{crumbs, mistakes},
    effects::{Change, Effect},
    pages::title_of,
    survey::{Tally, Who},
};
use crate::{
    access::Viewer,
    i18n::{self, Lang, Text},
    record::{period, reading::Problem},
    t, text,
    web::{
        Crumb, Problems,
        components::{
            Tone, alert, badge, card, card_with, empty, figure, heading, icon, pager, table,
        },
        forms::{Field, new_key},
    },
};

/// Rows on a page of the list.
const PAGE: usize = 100;
/// Sites shown beside each certification.
const SITES: usize = 200;

impl Change {
    pub fn title(self) -> Text {
        match self {
            Change::FallsOut => text!("失去", "Falls out"),
            Change::AtRenewal => text!("换证时缺条件", "Lacks something at renewal"),
            Change::NoLonger => text!("不再满足条件", "No longer meets the conditions"),
            Change::Gains => text!("获得", "Gains"),
            Change::Dates => text!("日期改变", "Other dates"),
            Change::StepLost => text!("不再符合晋升条件", "No longer eligible"),
            Change::StepGained => text!("符合晋升条件", "Becomes eligible"),
            Change::JobLost => text!("不能再派工", "May not do the job any more"),
            Change::JobGained => text!("可以派工", "May do the job"),
        }
    }

    fn tone(self) -> Tone {
        match self {
            Change::Dates => Tone::Info,
            Change::AtRenewal => Tone::Warn,
            change if change.is_loss() => Tone::Bad,
            _ => Tone::Good,
        }
    }
}

fn draft_crumbs(lang: Lang, opened: &Opened) -> Vec<Crumb> {
    let mut crumbs = crumbs(lang);
    crumbs.push(Crumb::new(opened.draft.path(), opened.draft.title.clone()));
    crumbs
}

/// The page when the plan or the draft cannot be read.
pub fn misread(
    viewer: &Viewer,
    opened: &Opened,
    plan: &Plan,
    problems: &Problems,
    wrong: &[Problem],
) -> Markup {
    let lang = viewer.lang();
    let title = t!(lang, "试算影响", "Effects");
    viewer.page(
        &title,
        &draft_crumbs(lang, opened),
        html! {
            (heading(&title, html! { (opened.draft.title) }, html! {}))
            @if !wrong.is_empty() { (mistakes(lang, &opened.draft.rule_set, wrong)) }
            (plan_form(lang, opened, plan, &[], problems))
        },
    )
}

pub fn effects(viewer: &Viewer, shown: &Shown, form: &PublishForm, problems: &Problems) -> Markup {
    let lang = viewer.lang();
    let opened = &shown.opened;
    let title = t!(lang, "试算影响", "Effects");
    let subtitle = t!(
        lang,
        "{}：自 {} 起生效，看了 {} 名在职人员",
        "{}: in force from {}, {} people at work looked at",
        opened.draft.title,
        i18n::date(lang, shown.from),
        shown.survey.people
    );
    let export = link(opened, "effects.csv", &shown.plan, None);
    viewer.page(&title, &draft_crumbs(lang, opened), html! {
        (heading(&title, subtitle, html! { a.btn href=(export) { (icon("download")) "CSV" } }))
        p.text-secondary { (t!(lang, "试算于 {}；五分钟后重新试算。", "Judged on {}; after five minutes everybody is judged again.", i18n::instant(lang, shown.judged_at.utc(), viewer.zone))) }
        (plan_form(lang, opened, &shown.plan, &shown.sites, problems))
        @if shown.trial.affected.is_empty() {
            (alert(Tone::Info, t!(lang, "这份草稿没有改变任何认证、晋升或派工的判定；发布后只影响文字、考试安排等。", "This draft changes no verdict about a certification, a promotion or a job: only wording, exams and the like.")))
        }
        (figures(lang, shown))
        (timeline(lang, shown))
        (tallies(lang, shown))
        (rows(lang, shown))
        @if opened.may_write && opened.draft.is_open() { (publish_form(viewer, shown, form, problems)) }
    })
}

fn link(opened: &Opened, page: &str, plan: &Plan, change: Option<Change>) -> String {
    let mut link = form_urlencoded::Serializer::new(String::new());
    for (name, value) in plan.query() {
        let value = match (name, change) {
            ("change", Some(change)) => change.word(),
            _ => value,
        };
        if !value.is_empty() {
            link.append_pair(name, value);
        }
    }
    format!("{}/{page}?{}", opened.draft.path(), link.finish())
}

fn transitions(lang: Lang) -> [(String, String); 4] {
    [
        ("keep".to_owned(), t!(lang, "按草稿原文", "As the draft says")),
        (
            "from-date".to_owned(),
            t!(lang, "自生效日起对所有持证人适用", "New conditions bind all holders from that day"),
        ),
        (
            "grandfather".to_owned(),
            t!(
                lang,
                "现有证书用到到期，换证按新条件",
                "Holders keep theirs until it ends, renew by the new"
            ),
        ),
        ("grace".to_owned(), t!(lang, "给持证人若干天补齐", "Holders have so many days")),
    ]
}

fn plan_form(
    lang: Lang,
    opened: &Opened,
    plan: &Plan,
    sites: &[crate::staff::Site],
    problems: &Problems,
) -> Markup {
    let effective = plan.effective.as_str();
    let places = std::iter::once((String::new(), t!(lang, "全部门店", "All sites"))).chain(
        sites.iter().map(|site| {
            (site.code.clone(), format!("{}{}", "　".repeat(site.depth()), site.title(lang)))
        }),
    );
    let changes = std::iter::once((String::new(), t!(lang, "全部影响", "All effects"))).chain(
        Change::ALL
            .iter()
            .map(|change| (change.word().to_owned(), change.title().get(lang).to_owned())),
    );
    card(
        "",
        html! {
            form method="get" action={ (opened.draft.path()) "/effects" } {
                div.row {
                    div."col-sm-6"."col-lg-3" { (Field::new("effective", t!(lang, "生效日期", "In force from"), effective).kind("date").hint(t!(lang, "不填即今天。", "Today when empty.")).input(lang, problems)) }
                    div."col-sm-6"."col-lg-4" { (Field::new("transition", t!(lang, "对现有持证人", "For those who hold it"), &plan.transition).select(lang, problems, transitions(lang))) }
                    div."col-sm-6"."col-lg-2" { (Field::new("grace", t!(lang, "宽限天数", "Days of grace"), &plan.grace).kind("number").input(lang, problems)) }
                    @if !sites.is_empty() { div."col-sm-6"."col-lg-3" { (Field::new("site", t!(lang, "门店", "Site"), &plan.site).select(lang, problems, places)) } }
                    div."col-sm-6"."col-lg-3" { (Field::new("change", t!(lang, "影响", "Effect"), &plan.change).select(lang, problems, changes)) }
                }
                button.btn.btn-primary type="submit" { (icon("refresh")) (t!(lang, "试算", "Try it")) }
            }
        },
    )
}

fn figures(lang: Lang, shown: &Shown) -> Markup {
    let counted = Change::ALL.iter().map(|change| (*change, shown.survey.count(*change)));
    let some: Vec<(Change, usize)> = counted.filter(|(_, n)| *n > 0).collect();
    html! {
        @if some.is_empty() {
            (card("", empty("circle-check", &t!(lang, "无人受影响", "Nobody is affected"), t!(lang, "按所选日期和过渡安排，三年内没有人的判定会改变。", "With this day and transition, no verdict about anybody changes within three years."))))
        } @else {
            div.row.row-cards.mb-3 {
                @for (change, n) in some { (figure(&link(&shown.opened, "effects", &shown.plan, Some(change)), change.title().get(lang), n, change.tone())) }
            }
        }
    }
}

/// How many lose something, and gain something, in each of the coming months.
fn timeline(lang: Lang, shown: &Shown) -> Markup {
    let mut months: BTreeMap<NaiveDate, (usize, usize)> = BTreeMap::new();
    for (_, effect) in &shown.survey.effects {
        let month = months.entry(period::first_of_month(effect.on)).or_default();
        match effect.change {
            Change::Dates => {}
            change if change.is_loss() => month.0 += 1,
            _ => month.1 += 1,
        }
    }
    months.retain(|_, (losses, gains)| *losses + *gains > 0);
    let (Some(first), Some(last)) = (months.keys().next().copied(), months.keys().last().copied())
    else {
        return html! {};
    };
    let all: Vec<(NaiveDate, (usize, usize))> = (0..)
        .map(|n| period::months_after(first, n))
        .take_while(|month| *month <= last)
        .take(48)
        .map(|month| (month, months.get(&month).copied().unwrap_or_default()))
        .collect();
    let most =
        all.iter().map(|(_, (losses, gains))| losses.max(gains)).max().copied().unwrap_or(1).max(1);
    let said: Vec<String> = all
        .iter()
        .filter(|(_, (losses, gains))| losses + gains > 0)
        .map(|(month, (losses, gains))| {
            let month = i18n::month(lang, *month);
            t!(lang, "{month}：失去 {losses}，获得 {gains}", "{month}: {losses} lose, {gains} gain")
        })
        .collect();
    let wide = (all.len() * 24).max(240);
    card(
        &t!(lang, "每月的变化", "Month by month"),
        html! {
            svg.expiry-timeline.rule-months viewBox={ "0 0 " (wide) " 130" } role="img" aria-label=(said.join("; ")) {
                @for (at, (month, (losses, gains))) in all.iter().enumerate() {
                    @let (x, down, up) = (at * 24, losses * 80 / most, gains * 80 / most);
                    rect.loss x=(x + 2) y=(100 - down) width="9" height=(down) { title { (losses) } }
                    rect.gain x=(x + 12) y=(100 - up) width="9" height=(up) { title { (gains) } }
                    @if at % 3 == 0 { text.month x=(x) y="118" { (month.format("%y-%m")) } }
                }
            }
            ul.small.text-secondary.mb-0 { @for line in said.iter().take(12) { li { (line) } } }
        },
    )
}

/// Who has what before and after, by site.
fn tallies(lang: Lang, shown: &Shown) -> Markup {
    let survey = &shown.survey;
    let mut codes: Vec<&String> = survey.tallies.keys().map(|(code, _)| code).collect();
    codes.dedup();
    let headers = [
        t!(lang, "项目", "What"),
        t!(lang, "原来", "Before"),
        t!(lang, "之后", "After"),
        t!(lang, "按门店", "By site"),
    ];
    let rows = codes.iter().map(|code| {
        let total = survey.total(code);
        let by_site: Vec<(&str, Tally)> = survey.tallies.iter()
            .filter(|((of, _), tally)| of == *code && tally.before != tally.after)
            .filter_map(|((_, place), tally)| Some((survey.sites.get(*place)?.title(lang), *tally)))
            .take(SITES)
            .collect();
        vec![
            html! { (title_of(&shown.trial.draft, lang, code)) div.text-secondary.small { (code) } },
            html! { (total.before) },
            html! { (total.after) },
            html! { @if by_site.is_empty() { "—" } @else { details { summary { (t!(lang, "{} 个门店有变化", "{} sites change", by_site.len())) } ul.mb-0 { @for (site, tally) in &by_site { li { (site) ": " (tally.before) " → " (tally.after) } } } } } },
        ]
    });
    html! {
        @if !codes.is_empty() {
            (card_with(&t!(lang, "{} 的人数", "How many on {}", i18n::date(lang, shown.trial.settled)), html! {}, table(&headers, rows)))
        }
    }
}

/// The effects the filter lets through.
fn listed(shown: &Shown) -> Vec<&(Arc<Who>, Effect)> {
    let change = shown.plan.change();
    let code = &shown.plan.code;
    let takes = |(_, effect): &&(Arc<Who>, Effect)| {
        change.is_none_or(|change| effect.change == change)
            && (code.is_empty() || effect.code == *code)
    };
    shown.survey.effects.iter().filter(takes).collect()
}

fn rows(lang: Lang, shown: &Shown) -> Markup {
    let all = listed(shown);
    let page = shown.plan.page();
    let first = (page - 1).saturating_mul(PAGE);
    let headers = [
        t!(lang, "人员", "Person"),
        t!(lang, "门店", "Site"),
        t!(lang, "影响", "Effect"),
        t!(lang, "项目", "What"),
        t!(lang, "日期", "On"),
        t!(lang, "原因", "Why"),
    ];
    let lines = all.iter().skip(first).take(PAGE).map(|(who, effect)| {
        vec![
            html! { (who.name(lang)) div.text-secondary.small { (who.staff_no) } },
            html! { (shown.survey.sites.get(who.site).map(|site| site.title(lang)).unwrap_or_default()) },
            badge(effect.change.tone(), effect.change.title().get(lang)),
            html! { (title_of(&shown.trial.draft, lang, &effect.code)) },
            html! { (i18n::date(lang, effect.on)) },
            html! { (effect.why.get(lang)) },
        ]
    });
    html! {
        @if !all.is_empty() {
            (card_with(&t!(lang, "逐人（{}）", "Person by person ({})", all.len()), html! {}, html! {
                (table(&headers, lines))
                (pager(lang, page, first + PAGE < all.len(), &shown.plan.query()))
            }))
        }
    }
}

fn publish_form(viewer: &Viewer, shown: &Shown, form: &PublishForm, problems: &Problems) -> Markup {
    let (lang, opened) = (viewer.lang(), &shown.opened);
    let own = opened.draft.is_by(viewer.id);
    card(
        &t!(lang, "发布为新版本", "Publish as a new version"),
        html! {
            @if opened.newer.is_some() {
                (alert(Tone::Warn, html! { (t!(lang, "规则集在此期间有了新版本。", "The rule set has a newer version by now.")) " " a.alert-link href=(opened.draft.path()) { (t!(lang, "先合并或保留草稿", "Carry the change over or keep it first")) } }))
            } @else if opened.draft.body == opened.base.text {
                (alert(Tone::Info, t!(lang, "草稿与原文相同，还没有可发布的修改。", "The draft is the same as the present text: there is nothing to publish yet.")))
            } @else {
                p { (t!(lang, "自 {} 起生效，按上面试算的过渡安排。已颁发的证书和已做出的决定保留当时的版本。", "In force from {}, with the transition tried above. Certificates issued and decisions made keep the version they were made under.", i18n::date(lang, shown.from))) }
                form method="post" action={ (opened.draft.path()) "/publication" } {
                    input type="hidden" name="form_key" value=(new_key());
                    input type="hidden" name="edition" value=(form.edition);
                    input type="hidden" name="effective" value=(shown.from);
                    input type="hidden" name="transition" value=(shown.plan.transition);
                    input type="hidden" name="grace" value=(shown.plan.grace);
                    (Field::new("version", t!(lang, "版本号", "Version"), &form.version).required().input(lang, problems))
                    (Field::new("why", t!(lang, "修订原因", "Why"), &form.why).required().area(lang, problems, 2))
                    @if own {
                        div.mb-3 {
                            label.form-check {
                                input.form-check-input .is-invalid[problems.get("alone").is_some()] type="checkbox" name="alone" value="yes" checked[form.alone.is_some()];
                                span.form-check-label { (t!(lang, "草稿是我自己写的，没有第二人可以发布", "I wrote the draft myself and nobody else can publish it")) }
                            }
                            @if let Some(problem) = problems.get("alone") { div.text-danger.small { (problem.get(lang)) } }
                        }
                    }
                    button.btn.btn-primary type="submit" { (icon("check")) (t!(lang, "发布", "Publish")) }
                }
            }
        },
    )
}

/// The list as a file for spreadsheets: with a mark so that they read it as UTF-8.
pub fn csv(lang: Lang, shown: &Shown) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer("\u{feff}".as_bytes().to_vec());
    writer.write_record([
        t!(lang, "工号", "Staff number"),
        t!(lang, "姓名", "Name"),
        t!(lang, "门店编码", "Site code"),
        t!(lang, "门店", "Site"),
        t!(lang, "影响", "Effect"),
        t!(lang, "代码", "Code"),
        t!(lang, "项目", "What"),
        t!(lang, "日期", "On"),
        t!(lang, "原因", "Why"),
    ])?;
    for (who, effect) in listed(shown) {
        let site = shown.survey.sites.get(who.site);
        writer.write_record([
            harmless(&who.staff_no),
            harmless(who.name(lang)),
            harmless(site.map(|site| site.code.as_str()).unwrap_or_default()),
            harmless(site.map(|site| site.title(lang)).unwrap_or_default()),
            effect.change.title().get(lang).to_owned(),
            harmless(&effect.code),
            harmless(&title_of(&shown.trial.draft, lang, &effect.code)),
            effect.on.to_string(),
            harmless(effect.why.get(lang)),
        ])?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}

/// A cell that no spreadsheet takes for a formula.
fn harmless(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}
