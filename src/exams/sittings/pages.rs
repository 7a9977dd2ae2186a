//! The pages of sittings.

use maud::{Markup, html};

use super::{
    admission::Prospect,
    handlers::Asked,
    letters::{moment, place},
    model::{Phase, Registration, Release, Sitting, SittingId},
    planning::PlanForm,
    queries::Listed,
    registering::Judged,
    rules::Ratio,
    sight::Seen,
};
use crate::{
    access::{Acting, Planning, Registering, Viewer},
    db::Instant,
    exams::rules::{self, Offer, offered},
    i18n::{self, Lang},
    record::{Rules, pages as record},
    staff::{Post, Site},
    t,
    web::{
        Crumb, Problems,
        components::{
            Tone, alert, badge, button_form, card, card_with, definitions, empty, heading, icon,
            pager, table,
        },
        forms::{Field, new_key},
    },
};

/// What the page of one sitting shows.
pub struct Page {
    pub seen: Seen,
    pub taken: i64,
    pub candidates: Vec<Candidate>,
    pub watch: Vec<Post>,
    /// Whether the viewer may put their own name down, with the reasons.
    pub chance: Option<Judged>,
    /// Other sittings of the same exam to move to.
    pub others: Vec<Listed>,
    pub ratio: Ratio,
}

/// Somebody on the list.
pub struct Candidate {
    pub post: Post,
    pub registration: Registration,
}

pub fn to_sittings(lang: Lang) -> [Crumb; 2] {
    [
        Crumb::new("/exams", t!(lang, "考试", "Exams")),
        Crumb::new("/exams/sittings", t!(lang, "场次", "Sittings")),
    ]
}

pub fn phase_badge(lang: Lang, sitting: &Sitting, now: Instant) -> Markup {
    let phase = sitting.phase(now);
    let tone = match phase {
        Phase::Planned => Tone::Info,
        Phase::Open => Tone::Good,
        Phase::Started => Tone::Warn,
        Phase::Closed => Tone::Neutral,
        Phase::Cancelled => Tone::Bad,
    };
    badge(tone, phase.title().get(lang))
}

pub fn list(
    viewer: &Viewer,
    rules: &Rules,
    asked: &Asked,
    rows: &[Listed],
    own: &[SittingId],
    has_more: bool,
) -> Markup {
    let lang = viewer.lang();
    let title = t!(lang, "考试场次", "Sittings");
    let plans = Acting::<Planning>::of(viewer.clone()).is_ok();
    let query = [("who", &*asked.who), ("when", &*asked.when), ("exam", &*asked.exam)];
    let subtitle =
        t!(lang, "在哪里、什么时候、还有几个座位。", "Where, when, and how many seats are left.");
    let body = html! {
        (heading(&title, subtitle, html! {
            @if plans { a.btn.btn-primary href="/exams/sittings/new" { (icon("plus")) (t!(lang, "安排场次", "Plan a sitting")) } }
        }))
        (card_with("", filter(viewer, rules, asked), html! {
            @if rows.is_empty() { (nothing(lang, asked, plans)) }
            @else {
                (rows_table(viewer, rules, rows, own))
                (pager(lang, asked.page(), has_more, &query))
            }
        }))
    };
    viewer.page(&title, &to_sittings(lang)[..1], body)
}

/// The sittings somebody is registered for, on the page of their exams.
pub fn coming(
    viewer: &Viewer,
    rules: &Rules,
    registered: &[(Registration, Sitting, Site)],
) -> Markup {
    let lang = viewer.lang();
    let open = registered.iter().filter(|(row, ..)| row.attendance.is_none());
    let lines: Vec<_> = open
        .map(|(_, sitting, site)| {
            (
                moment(lang, site, sitting.opens_at),
                html! {
                    a href=(sitting.path()) { (rules::title(rules, &sitting.exam).get(lang)) } " "
                    (phase_badge(lang, sitting, viewer.now))
                    div.small.text-secondary { (place(lang, sitting, site)) }
                },
            )
        })
        .collect();
    html! {
        @if !lines.is_empty() { (card(&t!(lang, "我报名的场次", "My sittings"), definitions(lines))) }
    }
}

fn nothing(lang: Lang, asked: &Asked, plans: bool) -> Markup {
    let (title, hint) = match asked.who.as_str() {
        "mine" => (
            t!(lang, "没有您报名的场次", "You are not registered for a sitting"),
            t!(lang, "在“可报名”中选择一场报名。", "Choose one under “Open to me”."),
        ),
        "watch" => (
            t!(lang, "没有您监考的场次", "You do not invigilate a sitting"),
            t!(
                lang,
                "被安排监考后，场次会显示在这里。",
                "Sittings you are asked to invigilate appear here."
            ),
        ),
        _ if plans => (
            t!(lang, "没有符合条件的场次", "No sittings here"),
            t!(
                lang,
                "换一个筛选条件，或点“安排场次”。",
                "Change the filter, or plan one with the button above."
            ),
        ),
        _ => (
            t!(lang, "目前没有场次", "No sittings here"),
            t!(
                lang,
                "有新场次时会显示在这里；也可以向培训师询问。",
                "New ones appear here; a trainer can tell when the next is planned."
            ),
        ),
    };
    empty("calendar", &title, hint)
}

fn filter(viewer: &Viewer, rules: &Rules, asked: &Asked) -> Markup {
    let lang = viewer.lang();
    let mut views = vec![
        ("open", t!(lang, "可报名（本区域）", "Open to me (my region)")),
        ("mine", t!(lang, "我报名的", "Mine as candidate")),
        ("watch", t!(lang, "我监考的", "Mine as invigilator")),
    ];
    if Acting::<Registering>::of(viewer.clone()).is_ok() {
        views.insert(0, ("reach", t!(lang, "我负责的范围", "Of my reach")));
    }
    let times = [("", t!(lang, "即将进行", "Coming")), ("past", t!(lang, "已结束", "Past"))];
    html! {
        form.d-flex.flex-wrap.gap-2 method="get" action="/exams/sittings" data-auto {
            select.form-select.w-auto name="who" aria-label=(t!(lang, "哪些场次", "Which sittings")) {
                @for (value, label) in &views { option value=(value) selected[asked.who == *value] { (label) } }
            }
            select.form-select.w-auto name="when" aria-label=(t!(lang, "时间", "When")) {
                @for (value, label) in &times { option value=(value) selected[asked.when == *value] { (label) } }
            }
            select.form-select.w-auto name="exam" aria-label=(t!(lang, "考试", "Exam")) {
                option value="" { (t!(lang, "全部考试", "All exams")) }
                @for offer in offered(rules, viewer.today) {
                    option value=(offer.code()) selected[asked.exam == offer.code()] { (offer.plan.title.get(lang)) }
                }
            }
            button.btn type="submit" { (icon("filter")) (t!(lang, "筛选", "Filter")) }
        }
    }
}

fn rows_table(viewer: &Viewer, rules: &Rules, rows: &[Listed], own: &[SittingId]) -> Markup {
    let lang = viewer.lang();
    let headers = [
        t!(lang, "考试", "Exam"),
        t!(lang, "时间", "When"),
        t!(lang, "地点", "Place"),
        t!(lang, "座位", "Seats"),
        t!(lang, "状态", "State"),
    ];
    let lines = rows.iter().map(|Listed { sitting, site, taken }| {
        let free = (sitting.seats - taken).max(0);
        let seats = sitting.seats;
        vec![
            html! { a href=(sitting.path()) { (rules::title(rules, &sitting.exam).get(lang)) } },
            html! {
                (moment(lang, site, sitting.opens_at))
                div.small.text-secondary { (t!(lang, "最晚 {} 开始", "start by {}", moment(lang, site, sitting.start_by))) }
            },
            html! { (place(lang, sitting, site)) },
            html! { (t!(lang, "余 {free} / {seats}", "{free} of {seats} free")) },
            html! {
                (phase_badge(lang, sitting, viewer.now))
                @if own.contains(&sitting.id) { " " (badge(Tone::Good, t!(lang, "已报名", "Registered"))) }
            },
        ]
    });
    table(&headers, lines)
}

pub fn plan(
    viewer: &Viewer,
    offers: &[Offer<'_>],
    sites: &[Site],
    sitting: Option<&Sitting>,
    form: &PlanForm,
    problems: &Problems,
) -> Markup {
    let lang = viewer.lang();
    let (title, action) = match sitting {
        None => (t!(lang, "安排场次", "Plan a sitting"), "/exams/sittings/new".to_owned()),
        Some(sitting) => {
            (t!(lang, "修改场次", "Change the sitting"), format!("{}/edit", sitting.path()))
        }
    };
    let subtitle = match sitting {
        None => t!(lang, "时间均为考点当地时间。", "All times are those of the clock at the site."),
        Some(_) => t!(
            lang,
            "时间均为考点当地时间。改动时间或地点会通知所有考生和监考员，并更新他们的日历。",
            "All times are those of the clock at the site. A change of place or time is mailed to everybody and moves the entry in their calendars."
        ),
    };
    let body = html! {
        (heading(&title, subtitle, html! {}))
        form method="post" action=(action) {
            input type="hidden" name="form_key" value=(form.form_key);
            (what_and_where(lang, offers, sites, sitting, form, problems))
            (when(lang, form, problems))
            (conditions(lang, form, problems))
            button.btn.btn-primary type="submit" { (icon("check")) (t!(lang, "保存", "Save")) }
        }
    };
    viewer.page(&title, &to_sittings(lang), body)
}

fn what_and_where(
    lang: Lang,
    offers: &[Offer<'_>],
    sites: &[Site],
    sitting: Option<&Sitting>,
    form: &PlanForm,
    problems: &Problems,
) -> Markup {
    let choose = || (String::new(), t!(lang, "请选择", "Choose"));
    let exams = offers
        .iter()
        .filter(|offer| sitting.is_none_or(|sitting| sitting.exam == offer.code()))
        .map(|offer| (offer.code(), offer.plan.title.get(lang).to_owned()));
    let exams: Vec<_> = sitting.is_none().then(choose).into_iter().chain(exams).collect();
    let sites = sites.iter().map(|site| {
        (site.code.clone(), format!("{}{}", "　".repeat(site.depth()), site.title(lang)))
    });
    card(
        &t!(lang, "考什么，在哪里", "What and where"),
        html! {
            (Field::new("exam", t!(lang, "考试", "Exam"), &form.exam).required().select(lang, problems, exams))
            div.row {
                div."col-md-6" { (Field::new("site", t!(lang, "门店", "Site"), &form.site).required().select(lang, problems, std::iter::once(choose()).chain(sites))) }
                div."col-md-6" { (Field::new("room", t!(lang, "教室", "Room"), &form.room).required().input(lang, problems)) }
            }
            div.row {
                div."col-md-6" { (Field::new("seats", t!(lang, "座位数", "Seats"), &form.seats).kind("number").required().input(lang, problems)) }
            }
        },
    )
}

fn when(lang: Lang, form: &PlanForm, problems: &Problems) -> Markup {
    let at = |name, label, value, hint: String, required: bool| {
        let field = Field::new(name, label, value).kind("datetime-local").hint(hint);
        let field = if required { field.required() } else { field };
        html! { div."col-md-6" { (field.input(lang, problems)) } }
    };
    card(
        &t!(lang, "时间", "When"),
        html! {
            div.row {
                (at("opens_at", t!(lang, "开考时间", "Opens"), &form.opens_at, t!(lang, "从这时起可以开始。", "Candidates may start from then on."), true))
                (at("start_by", t!(lang, "最晚开始", "Start by"), &form.start_by, t!(lang, "之后不能再开始；按时开始的人考满自己的时间。", "Nobody starts later; who starts in time has their whole time."), true))
                (at("hand_in_by", t!(lang, "统一收卷（可不填）", "Hand in by, for everybody (may stay empty)"), &form.hand_in_by, t!(lang, "填写后，到时所有人收卷，个人时间和加时也到此为止。", "If filled in, everybody's time ends then, also extra time that was granted."), false))
            }
            div.row {
                (at("register_from", t!(lang, "报名开始（可不填）", "Registration from (may stay empty)"), &form.register_from, String::new(), false))
                (at("register_by", t!(lang, "报名截止（可不填）", "Registration until (may stay empty)"), &form.register_by, t!(lang, "不填则到开考为止。培训师和主管可以补报到最晚开始时间。", "Until it opens if left empty. Trainers and managers can add names until the last start."), false))
            }
        },
    )
}

fn conditions(lang: Lang, form: &PlanForm, problems: &Problems) -> Markup {
    let releases = Release::ALL
        .iter()
        .map(|release| (release.word().to_owned(), release.title().get(lang).to_owned()));
    card(
        &t!(lang, "考场条件", "Conditions"),
        html! {
            div.row {
                div."col-md-6" { (Field::new("entry_code", t!(lang, "入场码（可不填）", "Entry code (may stay empty)"), &form.entry_code)
                    .autocomplete("off").hint(t!(lang, "由监考员在考场公布；不分大小写。", "Told in the room by the invigilator; case does not matter.")).input(lang, problems)) }
                div."col-md-6" { (Field::new("networks", t!(lang, "允许的网段（可不填，每行一个）", "Networks (may stay empty, one a line)"), &form.networks)
                    .hint(t!(lang, "如 192.168.10.0/24 或 2001:db8::/48。", "As in 192.168.10.0/24 or 2001:db8::/48.")).area(lang, problems, 2)) }
            }
            div.row {
                div."col-md-6" { (Field::new("release", t!(lang, "成绩公布", "Release of results"), &form.release).required().select(lang, problems, releases)) }
                div."col-md-6" { (Field::new("release_at", t!(lang, "公布时间（仅指定时间）", "Released at (for a set time)"), &form.release_at).kind("datetime-local").input(lang, problems)) }
            }
            (Field::new("invigilators", t!(lang, "监考员工号，每行一个", "Invigilators, staff numbers one a line"), &form.invigilators)
                .hint(t!(lang, "不必是考评员，但不能参加这一场。人数建议见场次页面。", "They need not be examiners, but cannot sit this sitting. How many are needed stands on its page.")).area(lang, problems, 3))
            (Field::new("note", t!(lang, "说明（考生可见）", "Note (candidates read it)"), &form.note).area(lang, problems, 2))
        },
    )
}

pub fn show(viewer: &Viewer, rules: &Rules, page: &Page) -> Markup {
    let lang = viewer.lang();
    let Seen { sitting, site, registration, plans, watches, registers } = &page.seen;
    let title = rules::title(rules, &sitting.exam);
    let title = title.get(lang);
    let looks_after = *plans || *watches;
    let body = html! {
        (heading(title, html! { (place(lang, sitting, site)) " · " (moment(lang, site, sitting.opens_at)) " " (phase_badge(lang, sitting, viewer.now)) }, actions(lang, viewer, page)))
        @if let Some(why) = &sitting.cancelled_why {
            (alert(Tone::Bad, t!(lang, "这场考试已取消。原因：{why}", "This sitting is cancelled. Reason: {why}")))
        }
        div.row {
            div."col-lg-6" {
                (facts(lang, rules, page))
                @if looks_after { (watch(lang, page)) }
            }
            div."col-lg-6" {
                @match registration {
                    Some(_) => { (mine(lang, viewer, rules, page)) }
                    None => { (own_chance(lang, rules, page)) }
                }
            }
        }
        @if looks_after || *registers { (names(lang, viewer, page)) }
    };
    viewer.page(title, &to_sittings(lang), body)
}

fn actions(lang: Lang, viewer: &Viewer, page: &Page) -> Markup {
    let Seen { sitting, plans, watches, registration, .. } = &page.seen;
    let phase = sitting.phase(viewer.now);
    let path = sitting.path();
    html! {
        @if (*plans || *watches) && registration.is_none() && phase != Phase::Cancelled {
            a.btn href={ (path) "/live" } { (icon("eye")) (t!(lang, "考场监控", "Watch the room")) }
        }
        @if *plans && phase == Phase::Planned {
            a.btn href={ (path) "/edit" } { (icon("pencil")) (t!(lang, "修改", "Change")) }
        }
    }
}

fn facts(lang: Lang, rules: &Rules, page: &Page) -> Markup {
    let Page { seen: Seen { sitting, site, plans, watches, .. }, taken, .. } = page;
    let (seats, free) = (sitting.seats, (sitting.seats - taken).max(0));
    let minutes = Offer::find(rules, &sitting.exam).map_or(0, |offer| offer.minutes());
    let mut lines = vec![
        (t!(lang, "地点", "Place"), html! { (place(lang, sitting, site)) }),
        (t!(lang, "开考", "Opens"), html! { (moment(lang, site, sitting.opens_at)) }),
        (t!(lang, "最晚开始", "Start by"), html! { (moment(lang, site, sitting.start_by)) }),
        (t!(lang, "交卷", "Hand in by"), html! { (end_words(lang, sitting, site, minutes)) }),
        (
            t!(lang, "座位", "Seats"),
            html! { (t!(lang, "余 {free}，共 {seats}", "{free} of {seats} free")) },
        ),
        (t!(lang, "报名时间", "Registration"), html! { (registration_words(lang, sitting, site)) }),
        (
            t!(lang, "成绩公布", "Results"),
            html! {
                (sitting.release.title().get(lang))
                @if let Some(at) = sitting.release_at { ": " (moment(lang, site, at)) }
            },
        ),
    ];
    if *plans || *watches {
        if let Some(code) = &sitting.entry_code {
            lines.push((
                t!(lang, "入场码", "Entry code"),
                html! { strong.font-monospace { (code) } },
            ));
        }
        if let Some(networks) = &sitting.networks {
            lines.push((
                t!(lang, "网段", "Networks"),
                html! { @for one in networks.lines() { div { (one) } } },
            ));
        }
    } else if sitting.entry_code.is_some() {
        lines.push((
            t!(lang, "入场码", "Entry code"),
            html! { (t!(lang, "需要，考场公布", "needed; told in the room")) },
        ));
    }
    card(
        &t!(lang, "场次", "The sitting"),
        html! {
            (definitions(lines))
            @if !sitting.note.is_empty() { p.mt-2.mb-0 { (sitting.note) } }
        },
    )
}

fn end_words(lang: Lang, sitting: &Sitting, site: &Site, minutes: i64) -> String {
    match sitting.hand_in_by {
        Some(end) => {
            let end = moment(lang, site, end);
            t!(
                lang,
                "开始后 {minutes} 分钟，但所有人最晚 {end}",
                "{minutes} minutes after the start, and by {end} for everybody"
            )
        }
        None => t!(
            lang,
            "开始后 {minutes} 分钟（加时另计），没有统一收卷时间",
            "{minutes} minutes after the start (granted extra time comes on top); there is no end for everybody"
        ),
    }
}

fn registration_words(lang: Lang, sitting: &Sitting, site: &Site) -> String {
    let by = moment(lang, site, sitting.register_by.unwrap_or(sitting.opens_at));
    match sitting.register_from {
        Some(from) => {
            let from = moment(lang, site, from);
            t!(lang, "{from} 至 {by}", "{from} to {by}")
        }
        None => t!(lang, "截至 {by}", "until {by}"),
    }
}

/// How many invigilators there are and should be, with the rule it is counted by.
fn watch(lang: Lang, page: &Page) -> Markup {
    let Page { seen: Seen { sitting, .. }, taken, ratio, watch, .. } = page;
    let (needed, full, there) =
        (ratio.needed(*taken), ratio.needed(sitting.seats), watch.len() as i64);
    let Ratio { candidates, at_least } = *ratio;
    let tone = if there >= needed { Tone::Good } else { Tone::Warn };
    let seats = sitting.seats;
    card(
        &t!(lang, "监考", "Invigilators"),
        html! {
            @if watch.is_empty() { p { (t!(lang, "还没有安排监考员。", "Nobody has been asked yet.")) } }
            @else { ul { @for post in watch { li { (post.person.title(lang)) " " span.text-secondary { (post.person.staff_no) } } } } }
            (alert(tone, t!(lang,
                "已安排 {there} 人；已报名 {taken} 人，需要 {needed} 人；坐满 {seats} 人时需要 {full} 人。",
                "{there} assigned; {taken} candidates need {needed}; with all {seats} seats taken it is {full}.")))
            form.row.g-2.align-items-end method="get" action=(sitting.path()) {
                div.col-auto {
                    label.form-label for="per" { (t!(lang, "每名监考员最多考生数", "Candidates to one invigilator")) }
                    input.form-control type="number" min="1" max="1000" id="per" name="per" value=(candidates);
                }
                div.col-auto {
                    label.form-label for="least" { (t!(lang, "每个考场最少人数", "At least in a room")) }
                    input.form-control type="number" min="0" max="100" id="least" name="least" value=(at_least);
                }
                div.col-auto { button.btn type="submit" { (t!(lang, "计算", "Count")) } }
            }
        },
    )
}

/// For somebody whose name is not on the list: whether it may be, and why.
fn own_chance(lang: Lang, rules: &Rules, page: &Page) -> Markup {
    let Some(Judged { line, obstacle }) = &page.chance else { return html! {} };
    let sitting = &page.seen.sitting;
    let full = page.taken >= sitting.seats;
    card(
        &t!(lang, "报名", "Registration"),
        html! {
            div.mb-3 { (record::verdict(lang, rules.context(), line)) }
            @if full {
                (alert(Tone::Warn, t!(lang, "已经满员，请选择其他场次。", "All seats are taken; choose another sitting.")))
            } @else if let Some(why) = obstacle {
                (alert(Tone::Warn, why.get(lang)))
            } @else {
                (button_form(&format!("{}/register", sitting.path()), &new_key(), "btn-primary", html! { (icon("check")) (t!(lang, "报名", "Register")) }))
                p.form-hint.mt-2.mb-0 { (t!(lang, "确认邮件附带日历邀请。", "The mail that confirms it carries an entry for your calendar.")) }
            }
        },
    )
}

/// For somebody on the list.
fn mine(lang: Lang, viewer: &Viewer, rules: &Rules, page: &Page) -> Markup {
    let Seen { sitting, .. } = &page.seen;
    let phase = sitting.phase(viewer.now);
    let exam = Offer::find(rules, &sitting.exam).map(|offer| offer.path());
    let path = sitting.path();
    card(
        &t!(lang, "我的报名", "My registration"),
        html! {
            p { (badge(Tone::Good, t!(lang, "已报名", "Registered"))) }
            @match (phase, exam) {
                (Phase::Open, Some(exam)) => { a.btn.btn-primary href=(exam) { (icon("player-play")) (t!(lang, "去考试", "Go to the exam")) } }
                (Phase::Planned, _) => {
                    @if !page.others.is_empty() { (move_form(lang, page)) }
                    (withdraw_form(lang, &path, ""))
                }
                _ => {}
            }
        },
    )
}

fn move_form(lang: Lang, page: &Page) -> Markup {
    let path = page.seen.sitting.path();
    html! {
        form.mb-3 method="post" action={ (path) "/move" } {
            input type="hidden" name="form_key" value=(new_key());
            label.form-label for="to" { (t!(lang, "改期到", "Move to")) }
            div.d-flex.gap-2 {
                select.form-select id="to" name="to" {
                    @for Listed { sitting, site, .. } in &page.others {
                        option value=(sitting.code) { (moment(lang, site, sitting.opens_at)) " · " (place(lang, sitting, site)) }
                    }
                }
                button.btn type="submit" { (t!(lang, "改期", "Move")) }
            }
        }
    }
}

fn withdraw_form(lang: Lang, path: &str, staff_no: &str) -> Markup {
    let field = format!("why-{staff_no}");
    html! {
        details {
            summary.btn { (t!(lang, "取消报名…", "Withdraw …")) }
            form.mt-2 method="post" action={ (path) "/withdraw" } {
                input type="hidden" name="form_key" value=(new_key());
                @if !staff_no.is_empty() { input type="hidden" name="staff_no" value=(staff_no); }
                label.form-label for=(field) { (t!(lang, "原因", "Reason")) }
                input.form-control.mb-2 id=(field) name="why" required maxlength="500";
                button.btn.btn-danger type="submit" { (t!(lang, "取消报名", "Withdraw")) }
            }
        }
    }
}

/// The list of names, for those who may read it.
fn names(lang: Lang, viewer: &Viewer, page: &Page) -> Markup {
    let Seen { sitting, registers, plans, .. } = &page.seen;
    let phase = sitting.phase(viewer.now);
    let adds = *registers && matches!(phase, Phase::Planned | Phase::Open);
    let headers = [
        t!(lang, "考生", "Candidate"),
        t!(lang, "门店", "Site"),
        t!(lang, "报名时间", "Registered"),
        t!(lang, "出勤", "Attendance"),
        String::new(),
    ];
    let rows = page.candidates.iter().map(|Candidate { post, registration }| {
        let own = post.person.id == viewer.id;
        vec![
            html! { (post.person.title(lang)) div.small.text-secondary { (post.person.staff_no) } },
            html! { (post.site.title(lang)) },
            html! { (i18n::instant(lang, registration.registered_at.utc(), viewer.zone)) },
            attendance(lang, sitting, registration, viewer.now),
            html! { @if adds && !own && registration.attendance.is_none() { (withdraw_form(lang, &sitting.path(), &post.person.staff_no)) } },
        ]
    });
    html! {
        (card_with(&t!(lang, "考生名单", "Candidates"), html! {}, html! {
            @if page.candidates.is_empty() {
                (empty("users", &t!(lang, "名单上还没有人", "Nobody is on the list yet"), t!(lang, "考生可以自己报名，也可以在下面按工号添加。", "Candidates register themselves; add others by staff number below.")))
            } @else { (table(&headers, rows)) }
        }))
        @if adds { (add_name(lang, sitting)) }
        @if *plans && phase == Phase::Planned { (cancel_form(lang, sitting)) }
    }
}

fn add_name(lang: Lang, sitting: &Sitting) -> Markup {
    card(
        &t!(lang, "为他人报名", "Register somebody"),
        html! {
            form.d-flex.gap-2 method="post" action={ (sitting.path()) "/register" } {
                input type="hidden" name="form_key" value=(new_key());
                input.form-control.w-auto name="staff_no" required aria-label=(t!(lang, "工号", "Staff number")) placeholder=(t!(lang, "工号", "Staff number"));
                button.btn type="submit" { (icon("user-plus")) (t!(lang, "报名", "Register")) }
            }
        },
    )
}

fn cancel_form(lang: Lang, sitting: &Sitting) -> Markup {
    html! {
        details.mb-3 {
            summary.btn.btn-outline-danger { (t!(lang, "取消这一场…", "Cancel the sitting …")) }
            form.card.card-body.mt-2 method="post" action={ (sitting.path()) "/cancel" } {
                input type="hidden" name="form_key" value=(new_key());
                label.form-label for="why-cancel" { (t!(lang, "原因（会通知所有考生和监考员）", "Reason (mailed to all candidates and invigilators)")) }
                input.form-control.mb-2 id="why-cancel" name="why" required maxlength="500";
                div { button.btn.btn-danger type="submit" { (t!(lang, "取消这一场", "Cancel the sitting")) } }
            }
        }
    }
}

/// What became of somebody; who has not come by the last start is absent, without anybody saying so.
pub fn attendance(lang: Lang, sitting: &Sitting, row: &Registration, now: Instant) -> Markup {
    use super::model::Attendance::{Absent, Excused, Present, Refused};
    let over = now > sitting.start_by || sitting.closed_at.is_some();
    let tone = match row.attendance {
        Some(Present) => Tone::Good,
        Some(Excused) => Tone::Neutral,
        Some(Absent | Refused) => Tone::Bad,
        None if over && sitting.cancelled_at.is_none() => {
            return badge(Tone::Warn, t!(lang, "未到", "Did not come"));
        }
        None => return html! {},
    };
    html! {
        @if let Some(said) = row.attendance { (badge(tone, said.title().get(lang))) }
        @if let Some(note) = &row.attendance_note { div.small.text-secondary { (note) } }
    }
}

/// The two lines about time that a candidate reads before starting: start by, and hand in by.
pub fn times(viewer: &Viewer, offer: Offer<'_>, prospect: &Prospect) -> Markup {
    let lang = viewer.lang();
    let seconds = prospect.allowed(offer).num_seconds();
    let minutes = (seconds + 59) / 60;
    let percent = prospect.granted.extra_percent;
    html! {
        li { strong { (t!(lang, "最晚开始：", "Start by: ")) }
            @match &prospect.sitting {
                Some((_, sitting, site)) => { (moment(lang, site, sitting.start_by)) (t!(lang, "，", ", ")) (t!(lang, "{} 开考。", "and not before {}.", moment(lang, site, sitting.opens_at))) }
                None => { (t!(lang, "没有限定，点“开始”的那一刻起计时。", "no limit; your time runs from the moment you press Start.")) }
            }
        }
        li { strong { (t!(lang, "交卷时间：", "Hand in by: ")) }
            (t!(lang, "开始后 {minutes} 分钟，以服务器时钟为准，改手机时间没有用。到时自动收卷。",
                "{minutes} minutes after you start, by the server's clock; the clock of your device does not matter. Then the paper is collected by itself."))
            @if percent > 0 { " " (t!(lang, "其中已包含批准的 {percent}% 加时。", "That includes the {percent} % of extra time granted to you.")) }
            @if let Some((_, sitting, site)) = &prospect.sitting {
                " "
                @match sitting.hand_in_by {
                    Some(end) => { (t!(lang, "这场考试所有人最晚 {} 交卷：晚开始的人时间会因此变短。", "This sitting ends for everybody on {}: who starts late has less time.", moment(lang, site, end))) }
                    None => { (t!(lang, "这场考试没有统一收卷时间，按时开始的人都考满自己的时间。", "This sitting has no end for everybody: who starts in time has their whole time.")) }
                }
            }
        }
        @if prospect.granted.break_minutes > 0 {
            @let breaks = prospect.granted.break_minutes;
            li { (t!(lang, "批准的休息：共 {breaks} 分钟，休息时计时停止、题目隐藏。", "Breaks granted to you: {breaks} minutes in all, during which the clock stops and the questions are hidden.")) }
        }
    }
}

/// The last step before the clock runs, or why it cannot be taken now.
pub fn start(viewer: &Viewer, offer: Offer<'_>, prospect: &Prospect, wrong_code: bool) -> Markup {
    let lang = viewer.lang();
    if let Some(why) = prospect.obstacle(viewer.now) {
        return html! {
            (alert(Tone::Warn, why.get(lang)))
            @match &prospect.sitting {
                Some((_, sitting, _)) => { a.btn href=(sitting.path()) { (icon("calendar")) (t!(lang, "查看场次", "Open the sitting")) } }
                None => { a.btn.btn-primary href={ "/exams/sittings?who=open&exam=" (offer.code()) } { (icon("calendar")) (t!(lang, "选择场次报名", "Choose a sitting")) } }
            }
        };
    }
    let open = prospect.open(viewer.now);
    let by = prospect.hand_in_by(offer, viewer.now);
    let zone = open.map_or(viewer.zone, |(_, _, site)| site.zone());
    let by = i18n::instant(lang, by.utc(), zone);
    html! {
        @if let Some((_, sitting, site)) = open {
            (alert(Tone::Info, t!(lang, "您参加的场次：{}。现在开始则 {by} 交卷。", "Your sitting: {}. If you start now, you hand in by {by}.", place(lang, sitting, site))))
        }
        form method="post" action={ (offer.path()) "/start" } {
            input type="hidden" name="form_key" value=(new_key());
            @if open.is_some_and(|(_, sitting, _)| sitting.entry_code.is_some()) {
                div.mb-3 {
                    label.form-label.required for="entry_code" { (t!(lang, "入场码（监考员公布）", "Entry code (the invigilator tells it)")) }
                    input.form-control.w-auto .is-invalid[wrong_code] id="entry_code" name="entry_code" required autocomplete="off" autocapitalize="characters";
                    @if wrong_code { div.text-danger.small.mt-1 role="alert" { (t!(lang, "入场码不对，请核对后重新输入。", "That is not the entry code. Check it and type it again.")) } }
                }
            }
            button.btn.btn-primary.btn-lg type="submit" { (icon("player-play")) (t!(lang, "开始考试，计时开始", "Start; the clock runs from now")) }
        }
    }
}
