//! How the staff list, the tree and the forms of moving look.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use maud::{Markup, html};

use super::{
    lists::Asked,
    moves::{Checked, Wanted},
};
use crate::{
    access::{Role, Viewer},
    i18n::{self, Lang},
    record::{NewFact, Rules},
    staff::{self, Person, Post, Site, SiteId},
    t,
    web::{
        Crumb, Problems,
        components::{Tone, badge, card, card_with, empty, heading, icon, pager, table},
        forms::{Field, new_key},
    },
};

fn crumbs(lang: Lang, post: Option<&Post>) -> Vec<Crumb> {
    let mut crumbs = vec![Crumb::new("/people", t!(lang, "人员", "People"))];
    if let Some(post) = post {
        let href = format!("/people/{}", post.person.id);
        crumbs.push(Crumb::new(href, post.person.title(lang)));
    }
    crumbs
}

fn site_options(lang: Lang, sites: &[Site]) -> Vec<(String, String)> {
    let least = sites.iter().map(Site::depth).min().unwrap_or(0);
    let label = |site: &Site| format!("{}{}", "　".repeat(site.depth() - least), site.title(lang));
    sites.iter().map(|site| (site.id.to_string(), label(site))).collect()
}

/// The positions of all rule sets; one that none defines stays choosable where it is held.
fn position_options(lang: Lang, rules: &Rules, held: &str) -> Vec<(String, String)> {
    let known = rules.sets().flat_map(|set| &set.positions);
    let mut options: BTreeMap<String, String> =
        known.map(|plan| (plan.code.clone(), plan.title.get(lang).to_owned())).collect();
    if !held.is_empty() {
        options.entry(held.to_owned()).or_insert_with(|| held.to_owned());
    }
    options.into_iter().collect()
}

pub fn people(
    viewer: &Viewer,
    rules: &Rules,
    posts: &[Post],
    sites: &[Site],
    asked: &Asked,
    page: usize,
    has_more: bool,
) -> Markup {
    let lang = viewer.lang();
    let title = t!(lang, "人员", "People");
    let mut export = form_urlencoded::Serializer::new(String::from("/people.csv?"));
    asked.pairs().iter().filter(|(_, value)| !value.is_empty()).for_each(|(name, value)| {
        export.append_pair(name, value);
    });
    viewer.page(&title, &[], html! {
        (heading(&title, t!(lang, "您管理范围内的人员。", "Everybody within your reach."), html! {
            @if viewer.holds_any(&[Role::Hr, Role::Administrator]) {
                a.btn.btn-primary href="/people/new" { (icon("user-plus")) (t!(lang, "新增人员", "Add a person")) }
            }
            a.btn href="/sites" { (icon("hierarchy")) (t!(lang, "门店", "Sites")) }
            a.btn href=(export.finish()) { (icon("download")) "CSV" }
        }))
        (card_with("", filter(lang, rules, sites, asked), html! {
            @if posts.is_empty() {
                (empty("users", &t!(lang, "没有符合的人员", "Nobody found"), t!(lang, "换个条件，或勾选“含已离职”。", "Try other words, or include those who have left.")))
            } @else {
                (people_table(viewer, rules, posts))
                (pager(lang, page, has_more, &asked.pairs()))
            }
        }))
    })
}

fn filter(lang: Lang, rules: &Rules, sites: &[Site], asked: &Asked) -> Markup {
    html! {
        form.row.g-2 method="get" action="/people" {
            div.col-auto { input.form-control name="q" value=(asked.q) placeholder=(t!(lang, "姓名或工号", "Name or staff number")) aria-label=(t!(lang, "姓名或工号", "Name or staff number")); }
            div.col-auto { select.form-select name="site" aria-label=(t!(lang, "门店", "Site")) {
                option value="" { (t!(lang, "全部门店", "All sites")) }
                @for site in sites { option value=(site.code) selected[site.code == asked.site] { ("　".repeat(site.depth())) (site.title(lang)) } }
            } }
            div.col-auto { select.form-select name="position" aria-label=(t!(lang, "岗位", "Position")) {
                option value="" { (t!(lang, "全部岗位", "All positions")) }
                @for (code, label) in position_options(lang, rules, &asked.position) { option value=(code) selected[code == asked.position] { (label) } }
            } }
            div.col-auto { label.form-check.mt-2 { input.form-check-input type="checkbox" name="left" value="1" checked[!asked.left.is_empty()]; span.form-check-label { (t!(lang, "含已离职", "With those who left")) } } }
            div.col-auto { button.btn type="submit" { (icon("filter")) (t!(lang, "筛选", "Filter")) } }
        }
    }
}

fn people_table(viewer: &Viewer, rules: &Rules, posts: &[Post]) -> Markup {
    let lang = viewer.lang();
    let headers = [
        t!(lang, "人员", "Person"),
        t!(lang, "岗位", "Position"),
        t!(lang, "门店", "Site"),
        t!(lang, "自", "Since"),
    ];
    let rows = posts.iter().map(|post| {
        vec![
            html! { a href={ "/people/" (post.person.id) } { (post.person.title(lang)) } div.text-secondary.small { (post.person.staff_no) } },
            html! { (rules.position_title(&post.assignment.position).get(lang)) },
            html! { (post.site.title(lang)) },
            html! {
                (i18n::date(lang, post.assignment.starts_on))
                @if let Some(end) = post.assignment.ends_on {
                    " " (badge(Tone::Neutral, t!(lang, "至 {}", "until {}", i18n::date(lang, end))))
                }
            },
        ]
    });
    table(&headers, rows)
}

pub fn sites(
    viewer: &Viewer,
    sites: &[Site],
    counts: &[(SiteId, i64)],
    managers: &[(SiteId, Person)],
) -> Markup {
    let lang = viewer.lang();
    let title = t!(lang, "门店", "Sites");
    let least = sites.iter().map(Site::depth).min().unwrap_or(0);
    let by_id: BTreeMap<SiteId, i64> = counts.iter().copied().collect();
    let here = |site: &Site| by_id.get(&site.id).copied().unwrap_or(0);
    let below = |root: &Site| -> i64 {
        sites.iter().filter(|site| site.lineage.starts_with(&root.lineage)).map(here).sum()
    };
    let headers = [
        t!(lang, "门店", "Site"),
        t!(lang, "类型", "Kind"),
        t!(lang, "人数（含下级）", "People (with all below)"),
        t!(lang, "车间主任", "Managers"),
    ];
    let rows = sites.iter().map(|site| {
        let names = managers.iter().filter(|(id, _)| *id == site.id);
        let names: Vec<&str> = names.map(|(_, person)| person.title(lang)).collect();
        vec![
            html! { ("　".repeat(site.depth() - least)) a href={ "/people?site=" (site.code) } { (site.title(lang)) } " " span.text-secondary.small { (site.code) } },
            html! { (site.kind.title().get(lang)) },
            html! { (here(site)) span.text-secondary { " / " (below(site)) } },
            html! { (names.join("、")) },
        ]
    });
    viewer.page(&title, &crumbs(lang, None), html! {
        (heading(&title, t!(lang, "集团的组织树。", "The group as a tree."), html! {
            @if viewer.holds(Role::Administrator) {
                a.btn href="/admin/imports" { (icon("upload")) (t!(lang, "导入", "Import")) }
            }
        }))
        (card_with("", html! {}, html! {
            @if sites.is_empty() {
                (empty("building", &t!(lang, "还没有门店", "No sites yet"), t!(lang, "由管理员导入门店。", "An administrator imports them.")))
            } @else { (table(&headers, rows)) }
        }))
    })
}

fn place_fields(
    lang: Lang,
    rules: &Rules,
    sites: &[Site],
    wanted: &Wanted,
    problems: &Problems,
) -> Markup {
    html! {
        (Field::new("site", t!(lang, "门店", "Site"), &wanted.site).required().select(lang, problems, site_options(lang, sites)))
        (Field::new("position", t!(lang, "岗位", "Position"), &wanted.position).required().select(lang, problems, position_options(lang, rules, &wanted.position)))
        (Field::new("manager", t!(lang, "上级工号", "Manager's staff number"), &wanted.manager).input(lang, problems))
    }
}

/// What the record will say, before it says so.
fn will_say(lang: Lang, rules: &Rules, facts: &[NewFact]) -> Markup {
    html! {
        p.mb-1 { (t!(lang, "档案将写入：", "The record will say:")) }
        ul { @for fact in facts { li { (staff::import::fact_text(rules.context(), fact).get(lang)) } } }
    }
}

pub fn transfer(
    viewer: &Viewer,
    rules: &Rules,
    post: &Post,
    sites: &[Site],
    wanted: &Wanted,
    checked: Option<&Checked>,
    problems: &Problems,
) -> Markup {
    let lang = viewer.lang();
    let title = t!(lang, "调动", "Transfer");
    let action = format!("/people/{}/transfer", post.person.id);
    let name = post.person.title(lang);
    viewer.page(&title, &crumbs(lang, Some(post)), html! {
        (heading(&title, t!(lang, "{name} 现在：{} · {}", "{name} now: {}, {}", rules.position_title(&post.assignment.position).get(lang), post.site.title(lang)), html! {}))
        @if let Some(checked) = checked { (confirm_transfer(lang, rules, post, wanted, checked, &action)) }
        (card(&t!(lang, "新的岗位", "The new assignment"), html! {
            form method="get" action=(action) {
                (place_fields(lang, rules, sites, wanted, problems))
                (Field::new("on", t!(lang, "自（含当日）", "From (that day included)"), &wanted.on).kind("date").required().input(lang, problems))
                button.btn type="submit" { (icon("eye")) (t!(lang, "预览", "Preview")) }
            }
        }))
    })
}

fn confirm_transfer(
    lang: Lang,
    rules: &Rules,
    post: &Post,
    wanted: &Wanted,
    checked: &Checked,
    action: &str,
) -> Markup {
    let facts = checked.post(post.person.id, post.assignment.ends_on).facts();
    let last = checked.on.pred_opt().unwrap_or(checked.on);
    card(
        &t!(lang, "预览", "Preview"),
        html! {
            @if last >= post.assignment.starts_on {
                p { (t!(lang, "现任岗位止于 {}，工龄不间断。", "The present assignment ends on {}; tenure has no gap.", i18n::date(lang, last))) }
            }
            (will_say(lang, rules, &facts))
            form method="post" action=(action) {
                input type="hidden" name="form_key" value=(new_key());
                input type="hidden" name="site" value=(wanted.site);
                input type="hidden" name="position" value=(wanted.position);
                input type="hidden" name="manager" value=(wanted.manager);
                input type="hidden" name="on" value=(wanted.on);
                button.btn.btn-primary type="submit" { (icon("check")) (t!(lang, "确认调动", "Transfer")) }
            }
        },
    )
}

pub fn leave(
    viewer: &Viewer,
    rules: &Rules,
    post: &Post,
    occupation: &str,
    wanted: &Wanted,
    on: Option<NaiveDate>,
    problems: &Problems,
) -> Markup {
    let lang = viewer.lang();
    let title = t!(lang, "离职", "Leaving");
    let action = format!("/people/{}/leave", post.person.id);
    let held = &post.assignment;
    let facts = on.map(|on| {
        let ended = staff::transfers::NewAssignment {
            person: held.person_id,
            site: held.site_id,
            position: &held.position,
            occupation,
            manager: held.manager_id,
            starts_on: held.starts_on,
            ends_on: Some(on),
        };
        ended.facts()
    });
    viewer.page(&title, &crumbs(lang, Some(post)), html! {
        (heading(&title, post.person.title(lang), html! {}))
        @if let Some(facts) = &facts {
            (card(&t!(lang, "预览", "Preview"), html! {
                (will_say(lang, rules, facts))
                form method="post" action=(action) {
                    input type="hidden" name="form_key" value=(new_key());
                    input type="hidden" name="on" value=(wanted.on);
                    button.btn.btn-danger type="submit" { (t!(lang, "确认离职", "Record it")) }
                }
            }))
        }
        (card("", html! {
            form method="get" action=(action) {
                (Field::new("on", t!(lang, "最后一天（含当日）", "The last day (that day included)"), &wanted.on).kind("date").required().input(lang, problems))
                button.btn type="submit" { (icon("eye")) (t!(lang, "预览", "Preview")) }
            }
        }))
    })
}

pub fn new_person(
    viewer: &Viewer,
    rules: &Rules,
    sites: &[Site],
    wanted: &Wanted,
    problems: &Problems,
) -> Markup {
    let lang = viewer.lang();
    let title = t!(lang, "新增人员", "Add a person");
    let languages = Lang::ALL.map(|known| (known.tag().to_owned(), known.own_name().to_owned()));
    viewer.page(&title, &crumbs(lang, None), html! {
        (heading(&title, t!(lang, "许多人请用导入。", "For many people, use an import."), html! {}))
        (card("", html! {
            form method="post" action="/people/new" {
                input type="hidden" name="form_key" value=(new_key());
                (Field::new("staff_no", t!(lang, "工号", "Staff number"), &wanted.staff_no).required().input(lang, problems))
                (Field::new("name", t!(lang, "姓名", "Name"), &wanted.name).required().input(lang, problems))
                (Field::new("name_en", t!(lang, "英文名", "English name"), &wanted.name_en).input(lang, problems))
                (Field::new("email", t!(lang, "邮箱", "E-mail address"), &wanted.email).kind("email").input(lang, problems))
                (Field::new("phone", t!(lang, "手机", "Phone"), &wanted.phone).kind("tel").input(lang, problems))
                (Field::new("language", t!(lang, "语言", "Language"), &wanted.language).select(lang, problems, languages))
                (place_fields(lang, rules, sites, wanted, problems))
                (Field::new("on", t!(lang, "入职日期", "First day"), &wanted.on).kind("date").required().input(lang, problems))
                (Field::new("born_on", t!(lang, "出生日期", "Date of birth"), &wanted.born_on).kind("date").input(lang, problems))
                button.btn.btn-primary type="submit" { (icon("user-plus")) (t!(lang, "新增", "Add")) }
            }
        }))
    })
}
