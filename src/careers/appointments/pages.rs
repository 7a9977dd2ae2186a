//! The board of appointments, and the page of one.

use chrono::NaiveDate;
use maud::{Markup, html};

use super::{
    acts::MOST_DAYS_BACK,
    model::{Act, ActKind, Occupancy, Stage},
    views::{AppointmentView, BoardView, Entry, List},
};
use crate::{
    access::{Acting, Promoting, Viewer},
    careers::{
        boards::{plain, spreadsheet},
        pages::query,
        rules::SOON_DAYS,
    },
    i18n::{self, Lang, Text},
    record::{self, Rules, programme::Quota},
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

/// "2 of 3 places taken in East", and when the next one is free.
pub fn places(lang: Lang, taken: &Occupancy, today: NaiveDate) -> Markup {
    let (count, max) = (taken.taken_on(today), taken.max);
    let unit = taken.unit.title(lang);
    let tone = if count < max as usize { Tone::Good } else { Tone::Warn };
    html! {
        (badge(tone, t!(lang, "{unit}：{max} 个名额已用 {count} 个", "{unit}: {count} of {max} places taken")))
        @match taken.next_free(today) {
            Some(day) if day == today => {}
            Some(day) => {
                " " span.text-secondary.small {
                    (t!(lang, "下一个空缺自 {} 起", "next free on {}", i18n::date(lang, day)))
                }
            }
            None => {
                " " span.text-secondary.small {
                    (t!(lang, "聘任没有结束日期，暂无空缺", "none ends, so none becomes free"))
                }
            }
        }
    }
}

/// The quota as the rules say it, without who takes how much of it.
pub fn quota(lang: Lang, quota: &Quota) -> String {
    use record::programme::Per;
    let number = quota.places.map(|places| {
        let per = match places.per {
            Per::Site => text!("每个门店", "each site"),
            Per::Dealer => text!("每个经销商", "each dealer"),
            Per::Region => text!("每个区域", "each region"),
            Per::Group => text!("全集团", "the group"),
        };
        let (per, max) = (per.get(lang), places.max);
        t!(lang, "{per} {max} 个", "{max} in {per}")
    });
    let note = quota.note.as_ref().map(|note| note.get(lang).to_owned());
    let separator = t!(lang, "；", "; ");
    [number, note].into_iter().flatten().collect::<Vec<_>>().join(&separator)
}

fn list_title(list: List) -> Text {
    match list {
        List::Running => text!("在聘", "In office"),
        List::Ending => text!("90 天内到期", "Ending within 90 days"),
        List::Upcoming => text!("尚未开始", "Not begun"),
        List::Over => text!("一年内结束", "Over, last year"),
    }
}

pub fn board(acting: &Acting<Promoting>, rules: &Rules, view: &BoardView<'_>) -> Markup {
    let lang = acting.lang();
    let title = t!(lang, "聘任", "Appointments");
    let pairs = pairs(view);
    let export = query(&pairs.each_ref().map(|(name, value)| (*name, value.as_str())));
    let crumb = Crumb::new("/promotion", t!(lang, "晋升", "Promotion"));
    acting.page(
        &title,
        &[crumb],
        html! {
            (heading(&title, t!(lang, "谁在聘、到哪天、还有几个名额。", "Who is appointed, until when, and how many places are left."), html! {
                a.btn href=(format!("/promotion/appointments/export?{export}")) { (icon("download")) (t!(lang, "导出", "Export")) }
            }))
            (quotas(lang, rules, view, acting.today))
            (filter(lang, rules, view))
            (figures(lang, view))
            (listed(lang, rules, view, acting.today))
        },
    )
}

fn pairs(view: &BoardView<'_>) -> [(&'static str, String); 3] {
    [
        ("seat", view.seat.clone()),
        ("site", view.site.clone()),
        ("list", view.list.word().to_owned()),
    ]
}

fn quotas(lang: Lang, rules: &Rules, view: &BoardView<'_>, today: NaiveDate) -> Markup {
    let lines = view.quotas.iter().map(|(seat, taken)| {
        let title = seat.title(rules.context());
        (title.get(lang).to_owned(), places(lang, taken, today))
    });
    html! {
        @if !view.quotas.is_empty() {
            section #quotas { (card(&t!(lang, "名额", "Places"), definitions(lines))) }
        }
    }
}

fn filter(lang: Lang, rules: &Rules, view: &BoardView<'_>) -> Markup {
    let none = Problems::default();
    let all = || std::iter::once((String::new(), t!(lang, "全部", "All")));
    let seats = view.seats.iter().map(|seat| {
        let title = seat.title(rules.context());
        (seat.code(), title.get(lang).to_owned())
    });
    let sites = view.sites.iter().map(|site| {
        (site.code.clone(), format!("{}{}", "　".repeat(site.depth()), site.title(lang)))
    });
    card(
        "",
        html! {
            form.row.g-2.align-items-end method="get" action="/promotion/appointments" {
                div."col-md-6" { (Field::new("seat", t!(lang, "聘任岗位", "Appointment"), &view.seat).select(lang, &none, all().chain(seats))) }
                div."col-md-4" { (Field::new("site", t!(lang, "门店", "Site"), &view.site).select(lang, &none, all().chain(sites))) }
                div."col-md-2".mb-3 {
                    input type="hidden" name="list" value=(view.list.word());
                    button.btn.btn-primary type="submit" { (icon("filter")) (t!(lang, "查看", "Show")) }
                }
            }
        },
    )
}

fn figures(lang: Lang, view: &BoardView<'_>) -> Markup {
    let lists = [
        (List::Running, Tone::Good),
        (List::Ending, Tone::Warn),
        (List::Upcoming, Tone::Info),
        (List::Over, Tone::Neutral),
    ];
    html! {
        div.row.g-2.mb-3 {
            @for (list, tone) in lists {
                @let address = query(&[("seat", &view.seat), ("site", &view.site), ("list", list.word())]);
                @let count = view.counts.get(&list).copied().unwrap_or(0);
                (figure(&format!("/promotion/appointments?{address}"), list_title(list).get(lang), count, tone))
            }
        }
    }
}

fn headers(lang: Lang) -> [String; 6] {
    [
        t!(lang, "人员", "Person"),
        t!(lang, "门店", "Site"),
        t!(lang, "聘任岗位", "Appointment"),
        t!(lang, "聘期", "Term"),
        t!(lang, "剩余", "Left"),
        t!(lang, "下次评议", "Next review"),
    ]
}

fn listed(lang: Lang, rules: &Rules, view: &BoardView<'_>, today: NaiveDate) -> Markup {
    let shown = &view.entries;
    let from = (view.page - 1) * PAGE;
    let rows = shown.iter().skip(from).take(PAGE).map(|one| row(lang, rules, one, today));
    let pairs = pairs(view);
    let pairs = pairs.each_ref().map(|(name, value)| (*name, value.as_str()));
    html! {
        section #list {
            (card_with(list_title(view.list).get(lang), html! {}, html! {
                @if shown.is_empty() {
                    (empty("users", &t!(lang, "没有聘任", "No appointments"), html! {
                        (t!(lang, "换一个岗位、门店或列表。新的聘任从", "Try another appointment, site or list. New ones begin on the "))
                        a href="/promotion" { (t!(lang, "晋升", "promotion board")) }
                        (t!(lang, "页提名开始。", ", with a nomination."))
                    }))
                } @else {
                    (table(&headers(lang), rows))
                    (pager(lang, view.page, shown.len() > from + PAGE, &pairs))
                }
            }))
        }
    }
}

fn left(lang: Lang, stage: Stage) -> Markup {
    match stage {
        Stage::Upcoming => badge(Tone::Info, t!(lang, "尚未开始", "Not begun")),
        Stage::Over => badge(Tone::Neutral, t!(lang, "已结束", "Over")),
        Stage::Running(None) => html! { (t!(lang, "没有结束日期", "No last day")) },
        Stage::Running(Some(days)) => {
            let tone = if days <= SOON_DAYS.into() { Tone::Warn } else { Tone::Good };
            let counted = i18n::count(days, "day", "days");
            badge(tone, t!(lang, "还有 {days} 天", "{counted}"))
        }
    }
}

fn review_cell(lang: Lang, due: Option<NaiveDate>, today: NaiveDate) -> Markup {
    match due {
        None => html! { "—" },
        Some(due) if due < today => {
            badge(Tone::Bad, t!(lang, "{} 已逾期", "overdue since {}", i18n::date(lang, due)))
        }
        Some(due) => html! { (i18n::date(lang, due)) },
    }
}

fn row(lang: Lang, rules: &Rules, one: &Entry<'_>, today: NaiveDate) -> Vec<Markup> {
    let (person, appointment) = (&one.post.person, &one.appointment);
    let title = one.seat.title(rules.context());
    let works = one.post.works_on(today);
    vec![
        html! {
            a href=(format!("/people/{}/path", person.id)) { (person.title(lang)) }
            div.text-secondary.small { (person.staff_no) }
            @if !works { (badge(Tone::Warn, t!(lang, "已离职，名额已空出", "Has left; the place is free"))) }
        },
        html! { (one.post.site.title(lang)) },
        html! { a href=(format!("/promotion/appointments/{}", appointment.id)) { (title.get(lang)) } },
        html! { (record::pages::span(lang, appointment.from, appointment.through)) },
        html! {
            (left(lang, appointment.stage(today)))
            @if appointment.ended().is_some() { " " (badge(Tone::Bad, t!(lang, "提前结束", "Ended early"))) }
        },
        review_cell(lang, one.next_review(today), today),
    ]
}

/// The chosen list as a file for a spreadsheet.
pub fn file(acting: &Acting<Promoting>, rules: &Rules, view: &BoardView<'_>) -> Result<Vec<u8>> {
    let (lang, today) = (acting.lang(), acting.today);
    let headers = [
        t!(lang, "工号", "Staff number"),
        t!(lang, "姓名", "Name"),
        t!(lang, "门店", "Site"),
        t!(lang, "聘任岗位", "Appointment"),
        t!(lang, "聘期开始", "From"),
        t!(lang, "聘期最后一天", "Through"),
        t!(lang, "剩余天数", "Days left"),
        t!(lang, "下次评议", "Next review"),
    ];
    let rows = view.entries.iter().map(|one| {
        let title = one.seat.title(rules.context());
        let day = |day: Option<NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
        let left = match one.appointment.stage(today) {
            Stage::Running(Some(days)) => days.to_string(),
            _ => String::new(),
        };
        [
            one.post.person.staff_no.as_str(),
            one.post.person.title(lang),
            one.post.site.title(lang),
            title.get(lang),
            &one.appointment.from.to_string(),
            &day(one.appointment.through),
            &left,
            &day(one.next_review(today)),
        ]
        .map(plain)
    });
    spreadsheet(headers, rows)
}

/// One appointment: its term, its reviews, and what HR may do.
pub fn one(
    viewer: &Viewer,
    rules: &Rules,
    view: &AppointmentView<'_>,
    problems: &Problems,
) -> Markup {
    let lang = viewer.lang();
    let name = view.post.person.title(lang);
    let seat = view.seat.title(rules.context());
    let title = t!(lang, "{name}：{}", "{name}: {}", seat.get(lang));
    let crumb = Crumb::new("/promotion/appointments", t!(lang, "聘任", "Appointments"));
    let path = format!("/people/{}/path", view.post.person.id);
    let body = html! {
        (heading(&title, left(lang, view.appointment.stage(viewer.today)), html! {
            a.btn href=(path) { (icon("stairs-up")) (t!(lang, "成长路径", "Path")) }
        }))
        (facts(viewer, view))
        (acts(viewer, view))
        @if view.may_act {
            (again(lang, view, viewer.today))
            @if view.appointment.stage(viewer.today) != Stage::Upcoming { (review_form(lang, view, problems)) }
            (end_form(viewer, view, problems))
        }
    };
    viewer.page(&title, &[crumb], body)
}

fn facts(viewer: &Viewer, view: &AppointmentView<'_>) -> Markup {
    let (lang, appointment) = (viewer.lang(), &view.appointment);
    let span = match appointment.through {
        Some(through) if through < appointment.from => {
            t!(lang, "聘期开始前取消", "Called off before it began")
        }
        through => record::pages::span(lang, appointment.from, through),
    };
    let mut lines = vec![
        (t!(lang, "门店", "Site"), html! { (view.post.site.title(lang)) }),
        (t!(lang, "聘期", "Term"), html! { (span) }),
    ];
    let every = view.path().and_then(|path| path.review_months);
    if let Some(due) = appointment.next_review(every).filter(|_| appointment.ended().is_none()) {
        lines.push((
            t!(lang, "下次评议", "Next review"),
            review_cell(lang, Some(due), viewer.today),
        ));
    }
    if let Some(taken) = &view.occupancy {
        lines.push((t!(lang, "名额", "Places"), places(lang, taken, viewer.today)));
    }
    if let Some(reason) = &appointment.reason {
        lines.push((t!(lang, "聘任理由", "Why"), html! { (reason) }));
    }
    if let Some(candidacy) = appointment.candidacy {
        let label = t!(lang, "查看决定和依据", "See the decision and its reasons");
        let link = html! { a href=(format!("/candidacies/{candidacy}")) { (label) } };
        lines.push((t!(lang, "申报", "Application"), link));
    }
    let note = t!(
        lang,
        "聘期结束不需要任何操作；本人的其他等级不受影响。",
        "The term ends by itself; the person’s other grades stay as they are."
    );
    card(
        &t!(lang, "聘任", "Appointment"),
        html! { (definitions(lines)) p.text-secondary.small.mb-0.mt-3 { (note) } },
    )
}

fn acts(viewer: &Viewer, view: &AppointmentView<'_>) -> Markup {
    let lang = viewer.lang();
    let headers = [
        t!(lang, "日期", "Day"),
        t!(lang, "事项", "What"),
        t!(lang, "说明", "Said"),
        t!(lang, "办理", "By"),
    ];
    let rows = view.appointment.acts.iter().map(|act: &Act| {
        let by = view.names.get(&act.done_by).map_or("", |person| person.title(lang));
        let kind = act.kind.title();
        let tone = if act.kind == ActKind::Ended { Tone::Bad } else { Tone::Info };
        let at = i18n::instant(lang, act.done_at.utc(), viewer.zone);
        vec![
            html! { (i18n::date(lang, act.on)) },
            badge(tone, kind.get(lang)),
            html! { (act.why) },
            html! { (by) div.text-secondary.small { (at) } },
        ]
    });
    html! {
        @if !view.appointment.acts.is_empty() {
            section #acts { (card_with(&t!(lang, "聘期内", "Within the term"), html! {}, table(&headers, rows))) }
        }
    }
}

/// Near the end of the term: the way to another one.
fn again(lang: Lang, view: &AppointmentView<'_>, today: NaiveDate) -> Markup {
    let soon = matches!(view.appointment.stage(today), Stage::Running(Some(left)) if left <= SOON_DAYS.into());
    let Some((set, path)) = view.seat.path.filter(|_| soon) else { return html! {} };
    let (code, id) = (set.qualified(&path.code), view.post.person.id.to_string());
    let address = query(&[("path", &code), ("person", &id)]);
    alert(
        Tone::Info,
        html! {
            (t!(lang, "聘期将满。续聘须重新申报和决定，新聘期从本聘期结束的次日起算。", "The term runs out. Another one is applied for and decided anew, and begins on the day after this one ends."))
            " " a href=(format!("/promotion/nominate?{address}")) { (t!(lang, "提名续聘", "Nominate for another term")) }
        },
    )
}

fn review_form(lang: Lang, view: &AppointmentView<'_>, problems: &Problems) -> Markup {
    let action = format!("/promotion/appointments/{}/review", view.appointment.id);
    let hint = t!(
        lang,
        "评议结论会长期保存。认为不宜继续的，另在下方提前结束。",
        "It is kept for good. Where the appointment should not go on, end it below as well."
    );
    card(
        &t!(lang, "期中评议", "Review"),
        html! {
            form method="post" action=(action) {
                input type="hidden" name="form_key" value=(new_key());
                (Field::new("found", t!(lang, "评议结论", "What the review found"), "").required().hint(hint).area(lang, problems, 3))
                button.btn.btn-primary type="submit" { (icon("check")) (t!(lang, "登记评议", "Record the review")) }
            }
        },
    )
}

fn end_form(viewer: &Viewer, view: &AppointmentView<'_>, problems: &Problems) -> Markup {
    let lang = viewer.lang();
    let action = format!("/promotion/appointments/{}/end", view.appointment.id);
    let today = viewer.today.to_string();
    let hint = t!(
        lang,
        "聘任在这一天仍有效，次日起名额空出。最多可补登 {MOST_DAYS_BACK} 天前的结束。",
        "It still holds on this day; the place is free from the next. An end may be recorded up to {MOST_DAYS_BACK} days later."
    );
    card(
        &t!(lang, "提前结束", "End early"),
        html! {
            form method="post" action=(action) {
                input type="hidden" name="form_key" value=(new_key());
                (Field::new("last_day", t!(lang, "最后一天", "Last day"), &today).kind("date").required().hint(hint).input(lang, problems))
                (Field::new("why", t!(lang, "理由", "Reason"), "").required()
                    .hint(t!(lang, "本人和其主管会看到。", "The person and their manager read it."))
                    .area(lang, problems, 3))
                button.btn.btn-outline-danger type="submit" { (icon("x")) (t!(lang, "提前结束", "End early")) }
            }
        },
    )
}
