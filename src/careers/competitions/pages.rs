//! Who may be raised by which result, and the page of one result.

use maud::{Markup, html};

use super::{
    rules::{self, Chance},
    views::{Class, Entry, List, ListView, ResultView},
};
use crate::{
    access::{Acting, Hr},
    careers::{
        boards::{plain, spreadsheet},
        model::KeptVerdict,
        pages::{query, source},
    },
    i18n::{self, Lang, Text},
    record::{self, Rules},
    t, text,
    web::{
        Crumb, Problems, Result,
        components::{
            Tone, alert, badge, card, card_with, definitions, empty, figure, heading, icon, pager,
            table,
        },
        forms::{Field, new_key},
    },
};

const PAGE: usize = 50;

fn list_title(list: List) -> Text {
    match list {
        List::Open => text!("可以晋级", "May be raised"),
        List::Used => text!("已用于晋级", "Has raised"),
        List::Idle => text!("不能晋级", "Raises nobody"),
    }
}

pub fn list(hr: &Acting<Hr>, rules: &Rules, view: &ListView<'_>) -> Markup {
    let lang = hr.lang();
    let title = t!(lang, "竞赛晋级", "Promotion by competition");
    let export = query(&[("competition", &view.competition), ("list", view.list.word())]);
    let crumb = Crumb::new("/promotion", t!(lang, "晋升", "Promotion"));
    hr.page(
        &title,
        &[crumb],
        html! {
            (heading(&title, t!(lang, "哪些竞赛成绩可以让谁晋级；每项成绩只用一次。", "Which results may raise whom. Each result is used once."), html! {
                a.btn href=(format!("/promotion/competitions/export?{export}")) { (icon("download")) (t!(lang, "导出", "Export")) }
            }))
            (filter(lang, view))
            (figures(lang, view))
            (listed(lang, rules, view))
            (what_raises(lang, rules, view))
        },
    )
}

fn filter(lang: Lang, view: &ListView<'_>) -> Markup {
    let none = Problems::default();
    let all = std::iter::once((String::new(), t!(lang, "全部", "All")));
    let classes = view.classes.iter().map(|class| {
        let label = format!("{} · {}", class.plan.title.get(lang), class.set.title.get(lang));
        (class.code(), label)
    });
    card(
        "",
        html! {
            form.row.g-2.align-items-end method="get" action="/promotion/competitions" {
                div."col-md-10" { (Field::new("competition", t!(lang, "竞赛类别", "Class of competition"), &view.competition).select(lang, &none, all.chain(classes))) }
                div."col-md-2".mb-3 {
                    input type="hidden" name="list" value=(view.list.word());
                    button.btn.btn-primary type="submit" { (icon("filter")) (t!(lang, "查看", "Show")) }
                }
            }
        },
    )
}

fn figures(lang: Lang, view: &ListView<'_>) -> Markup {
    let lists = [(List::Open, Tone::Good), (List::Used, Tone::Info), (List::Idle, Tone::Neutral)];
    html! {
        div.row.g-2.mb-3 {
            @for (list, tone) in lists {
                @let address = query(&[("competition", &view.competition), ("list", list.word())]);
                @let count = view.counts.get(&list).copied().unwrap_or(0);
                (figure(&format!("/promotion/competitions?{address}"), list_title(list).get(lang), count, tone))
            }
        }
    }
}

fn headers(lang: Lang) -> [String; 5] {
    [
        t!(lang, "人员", "Person"),
        t!(lang, "门店", "Site"),
        t!(lang, "成绩", "Result"),
        t!(lang, "日期", "Day"),
        t!(lang, "晋级", "Raises to"),
    ]
}

/// What a result does, in words.
fn outcome(rules: &Rules, one: &Entry<'_>) -> Text {
    match &one.chance {
        Chance::Raise(level) => rules.context().level_name(&one.class.plan.ladder, level),
        other => rules::why_not(other),
    }
}

fn listed(lang: Lang, rules: &Rules, view: &ListView<'_>) -> Markup {
    let from = (view.page - 1) * PAGE;
    let shown = view.entries.iter().skip(from).take(PAGE);
    let rows = shown.map(|one| {
        let person = &one.post.person;
        let href = format!("/promotion/competitions/{}", one.row.id);
        let outcome = outcome(rules, one);
        vec![
            html! { a href=(format!("/people/{}/path", person.id)) { (person.title(lang)) } div.text-secondary.small { (person.staff_no) } },
            html! { (one.post.site.title(lang)) },
            html! { a href=(href) { (rules::result_text(rules.context(), &one.result).get(lang)) } },
            html! { (i18n::date(lang, one.result.from)) },
            html! {
                @if one.list() == List::Open { (badge(Tone::Good, outcome.get(lang))) }
                @else { span.text-secondary { (outcome.get(lang)) } }
            },
        ]
    });
    let pairs = [("competition", view.competition.as_str()), ("list", view.list.word())];
    html! {
        section #list {
            (card_with(list_title(view.list).get(lang), html! {}, html! {
                @if view.entries.is_empty() {
                    (empty("award", &t!(lang, "没有成绩", "No results"), t!(lang, "竞赛成绩由管理员用“履历导入”登记：类别填“竞赛”，代码填类别代码，数值填名次（如 3/40）。", "An administrator records results by importing history: kind “competition”, the class as the code, the place as the amount, such as 3/40.")))
                } @else {
                    (table(&headers(lang), rows))
                    (pager(lang, view.page, view.entries.len() > from + PAGE, &pairs))
                }
            }))
        }
    }
}

/// The rules in words, with their sources and the codes to record results under.
fn what_raises(lang: Lang, rules: &Rules, view: &ListView<'_>) -> Markup {
    let chosen =
        |class: &&Class<'_>| view.competition.is_empty() || class.code() == view.competition;
    html! {
        @for class in view.classes.iter().filter(chosen) {
            (card(class.plan.title.get(lang), html! {
                (raises(lang, rules, *class))
                p.text-secondary.small.mb-0 { (t!(lang, "登记代码：", "Recorded as: ")) code { (class.code()) } }
            }))
        }
    }
}

fn raises(lang: Lang, rules: &Rules, Class { set, plan }: Class<'_>) -> Markup {
    html! {
        ul { @for raise in &plan.raises { li { (rules::raise_text(plan, rules.context(), raise).get(lang)) } } }
        @if let Some(limit) = plan.yearly_limit {
            @let times = i18n::count(limit, "time", "times");
            p { (t!(lang, "本规则集的各类竞赛合计，每人每个自然年（按成绩日期）最多晋级 {limit} 次。", "Over all competitions of this rule set, one person is raised at most {times} by the results of one calendar year.")) }
        }
        @if let Some(note) = &plan.note { p.text-secondary { (note.get(lang)) } }
        (source(lang, set, plan.source.as_deref(), plan.verified))
    }
}

/// The chosen list as a file for a spreadsheet.
pub fn file(hr: &Acting<Hr>, rules: &Rules, view: &ListView<'_>) -> Result<Vec<u8>> {
    let lang = hr.lang();
    let number = t!(lang, "工号", "Staff number");
    let rows = view.entries.iter().map(|one| {
        let result = rules::result_text(rules.context(), &one.result);
        let outcome = outcome(rules, one);
        [
            one.post.person.staff_no.as_str(),
            one.post.person.title(lang),
            one.post.site.title(lang),
            result.get(lang),
            &one.result.from.to_string(),
            outcome.get(lang),
        ]
        .map(plain)
    });
    spreadsheet(std::iter::once(number).chain(headers(lang)), rows)
}

/// One result: what it may do by which rule, and the form to decide; or what was decided.
pub fn one(hr: &Acting<Hr>, rules: &Rules, view: &ResultView<'_>, problems: &Problems) -> Markup {
    let (lang, entry) = (hr.lang(), &view.entry);
    let name = entry.post.person.title(lang);
    let what = rules::result_text(rules.context(), &entry.result);
    let title = t!(lang, "{name}：{}", "{name}: {}", what.get(lang));
    let crumb =
        Crumb::new("/promotion/competitions", t!(lang, "竞赛晋级", "Promotion by competition"));
    let path = format!("/people/{}/path", entry.post.person.id);
    let body = html! {
        (heading(&title, i18n::date(lang, entry.result.from), html! {
            a.btn href=(path) { (icon("stairs-up")) (t!(lang, "成长路径", "Path")) }
        }))
        @if view.voided { (alert(Tone::Warn, t!(lang, "这项成绩后来已从档案中撤销。", "This result was taken back from the record later."))) }
        (decided(hr, rules, view))
        @if view.may_decide { (form(hr, rules, view, problems)) }
        @else if entry.raised.is_none() { (alert(Tone::Info, no_form(hr, rules, entry).get(lang))) }
        (card(entry.class.plan.title.get(lang), raises(lang, rules, entry.class)))
    };
    hr.page(&title, &[crumb], body)
}

/// Why there is nothing to decide here for this reviewer.
fn no_form(hr: &Acting<Hr>, rules: &Rules, one: &Entry<'_>) -> Text {
    if one.list() != List::Open {
        return outcome(rules, one);
    }
    match one.post.person.id == hr.id {
        true => text!(
            "这是您本人的成绩，由另一位人事审核决定。",
            "This is your own result: another reviewer decides."
        ),
        false => text!("此人已离职，不能晋级。", "Somebody who has left cannot be raised."),
    }
}

fn decided(hr: &Acting<Hr>, rules: &Rules, view: &ResultView<'_>) -> Markup {
    let lang = hr.lang();
    let Some(raised) = &view.entry.raised else { return html! {} };
    let kept: Option<KeptVerdict> = serde_json::from_str(&raised.verdict).ok();
    let by = view.decided_by.as_ref().map_or("", |person| person.title(lang));
    let at = i18n::instant(lang, raised.decided_at.utc(), hr.zone);
    let lines = [
        (t!(lang, "生效日期", "Effective"), html! { (i18n::date(lang, raised.effective_on)) }),
        (t!(lang, "决定人", "Decided by"), html! { (by) }),
        (t!(lang, "时间", "When"), html! { (at) }),
        (t!(lang, "理由", "Reason"), html! { (raised.reason) }),
    ];
    html! {
        section #decision {
            (card(&t!(lang, "已晋级", "Raised"), html! {
                (definitions(lines))
                @if let Some(kept) = kept {
                    div.mt-3 { (record::pages::verdict(lang, rules.context(), &kept.line)) }
                    p.text-secondary.small.mb-0 {
                        (kept.rules.title.get(lang)) " " (kept.rules.version) " · " (kept.rules.source)
                    }
                }
            }))
        }
    }
}

fn form(hr: &Acting<Hr>, rules: &Rules, view: &ResultView<'_>, problems: &Problems) -> Markup {
    let lang = hr.lang();
    let level = outcome(rules, &view.entry);
    let level = level.get(lang);
    let action = format!("/promotion/competitions/{}", view.entry.row.id);
    let today = hr.today.to_string();
    card(
        &t!(lang, "晋级为“{level}”", "Raise to {level}"),
        html! {
            form method="post" action=(action) {
                input type="hidden" name="form_key" value=(new_key());
                (Field::new("reason", t!(lang, "理由", "Reason"), "").required()
                    .hint(t!(lang, "写明获奖文件或名单；本人和其主管会看到。", "Name the document or the list; the person and their manager read it."))
                    .area(lang, problems, 3))
                (Field::new("effective_on", t!(lang, "生效日期", "Effective from"), &today).kind("date").required().input(lang, problems))
                button.btn.btn-primary type="submit" { (icon("check")) (t!(lang, "晋级", "Raise")) }
            }
        },
    )
}
