//! How pairings and the logbook look.

use chrono::NaiveDate;
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    acts,
    model::{Couple, Entry, Outcome, Pairing, PairingId, Progress, State, Version},
    queries::Waiting,
    rules::{Draft, MOST_TIMES, Scheme},
};
use crate::{
    access::Viewer,
    i18n::{self, Lang, count},
    record::{self, Kind, Rules, programme::Task, verdict::Line},
    staff::{Person, Post, Site},
    t,
    web::{
        Crumb, Problems,
        components::{
            Tone, alert, badge, card, card_with, definitions, empty, heading, icon, pager,
            progress, table,
        },
        forms::{Field, new_key},
    },
};

/// Entries shown of each of one's own pairings on the start page.
pub const FEW: i64 = 10;
/// Entries waiting for a signature that are shown at a time.
pub const MANY: i64 = 100;
/// Rows of a page of a long list.
pub const ROWS: usize = 25;

/// A pairing of the viewer's as its apprentice.
pub struct Own {
    pub couple: Couple,
    pub progress: Vec<Progress>,
    pub entries: Vec<Entry>,
}

/// What a mentor sees.
pub struct Taught {
    pub apprentices: Vec<(Vec<Progress>, Couple)>,
    pub waiting: Vec<Waiting>,
    /// What waits for other mentors in reach.
    pub deputy: Vec<Waiting>,
    pub may_sign: bool,
}

/// A pairing in the reach of somebody who looks after training.
pub struct OverseenLine {
    pub couple: Couple,
    pub site: Site,
    pub waiting: i64,
}

/// One page of them, with the filter.
pub struct Overseen {
    pub lines: Vec<OverseenLine>,
    pub search: String,
    pub state: String,
    pub page: usize,
    pub has_more: bool,
}

/// The logbook tasks of a ladder.
pub fn tasks_of<'a>(rules: &'a Rules, ladder: &str) -> Vec<&'a Task> {
    let bare = |code: &str| code.rsplit('/').next().unwrap_or_default().to_owned();
    let of_ladder = |task: &&Task| task.ladder.as_deref().is_some_and(|of| bare(of) == ladder);
    rules.sets().flat_map(|set| &set.tasks).filter(of_ladder).collect()
}

fn task_title(lang: Lang, rules: &Rules, code: &str) -> String {
    rules.context().name(Kind::Logbook, code).get(lang).to_owned()
}

fn ladder_title(lang: Lang, rules: &Rules, code: &str) -> String {
    rules.context().name(Kind::Grade, code).get(lang).to_owned()
}

fn home_crumb(lang: Lang) -> Crumb {
    Crumb::new("/mentoring", t!(lang, "师带徒", "Mentoring"))
}

fn pairing_path(id: PairingId) -> String {
    format!("/mentoring/pairings/{id}")
}

/// The start page: the mentor's signatures first, then one's own logbook, then the overview.
pub fn board(
    viewer: &Viewer,
    rules: &Rules,
    own: &[Own],
    taught: Option<&Taught>,
    overseen: Option<&Overseen>,
) -> Markup {
    let lang = viewer.lang();
    let title = t!(lang, "师带徒", "Mentoring");
    let actions = html! {
        @if overseen.is_some() {
            a.btn.btn-primary href="/mentoring/pairings/new" { (icon("plus")) (t!(lang, "新建结对", "New pairing")) }
        }
    };
    let subtitle = t!(
        lang,
        "徒弟写实操日志，师傅签字，签过的次数计入晋升和证书条件。",
        "Apprentices write down their work, mentors sign it; what is signed counts towards certificates and promotion."
    );
    let body = html! {
        (heading(&title, subtitle, actions))
        @if let Some(taught) = taught { (taught_part(viewer, rules, taught)) }
        @for one in own { (own_part(viewer, rules, one)) }
        @if own.is_empty() && taught.is_none() && overseen.is_none() {
            (card("", empty("heart-handshake", &t!(lang, "您还没有师傅", "You have no mentor yet"),
                t!(lang, "请车间主任、内训师或人事为您安排师傅；安排好后会发邮件通知您。",
                    "Ask your workshop manager, a trainer or HR to pair you with one; you will be told by mail."))))
        }
        @if let Some(overseen) = overseen { (overseen_part(lang, rules, overseen, viewer.today)) }
    };
    viewer.page(&title, &[], body)
}

fn taught_part(viewer: &Viewer, rules: &Rules, taught: &Taught) -> Markup {
    let lang = viewer.lang();
    let waiting = taught.waiting.len();
    let title = t!(lang, "等我签字（{waiting}）", "Waiting for my signature ({waiting})");
    html! {
        @if !taught.may_sign {
            (alert(Tone::Warn, t!(lang,
                "您的师傅角色已收回，暂时不能签字。请联系管理员。",
                "You no longer hold the mentor role and cannot sign; ask an administrator.")))
        }
        (card_with(&title, html! {}, html! {
            @if taught.waiting.is_empty() {
                (empty("circle-check", &t!(lang, "都签完了", "Nothing waits for you"),
                    t!(lang, "徒弟写了新的日志会出现在这里。", "New entries of your apprentices will appear here.")))
            } @else {
                (waiting_list(viewer, rules, &taught.waiting, taught.may_sign))
            }
        }))
        @if !taught.deputy.is_empty() {
            (card_with(&t!(lang, "其他师傅待签的日志", "Waiting for other mentors"), html! {}, html! {
                div.card-body.pb-0 { p.text-secondary.mb-0 { (t!(lang,
                    "师傅不在时，您可以代签；记录会注明代签。",
                    "While their mentor is away you may sign as a deputy; the record says so.")) } }
                (waiting_list(viewer, rules, &taught.deputy, false))
            }))
        }
        (card_with(&t!(lang, "我的徒弟", "My apprentices"), html! {}, html! {
            @if taught.apprentices.is_empty() {
                (empty("users", &t!(lang, "您还没有徒弟", "You have no apprentices"),
                    t!(lang, "车间主任、内训师或人事安排后会发邮件通知您。", "You will be told by mail when a manager, trainer or HR pairs you.")))
            } @else {
                div.list-group.list-group-flush {
                    @for (goals, couple) in &taught.apprentices {
                        div.list-group-item {
                            div.d-flex.flex-wrap.justify-content-between.gap-2.mb-2 {
                                a.fw-bold href=(pairing_path(couple.pairing.id)) { (couple.apprentice.title(lang)) }
                                (days_left(lang, &couple.pairing, viewer.today))
                            }
                            (goals_list(lang, rules, goals))
                        }
                    }
                }
            }
        }))
    }
}

/// Entries to be signed: each with its two buttons, and one button for those ticked.
fn waiting_list(viewer: &Viewer, rules: &Rules, lines: &[Waiting], several: bool) -> Markup {
    let lang = viewer.lang();
    let several = several && lines.len() > 1;
    html! {
        div.list-group.list-group-flush {
            @for line in lines {
                article.list-group-item {
                    div.d-flex.gap-2 {
                        @if several {
                            label.p-2 {
                                input.form-check-input type="checkbox" name="version" form="several" value=(line.version.id);
                                span.visually-hidden { (t!(lang, "选中", "Select")) }
                            }
                        }
                        div.flex-fill {
                            div.d-flex.flex-wrap.justify-content-between.gap-2 {
                                a.fw-bold href={ "/mentoring/logbook/" (line.entry) } { (line.couple.apprentice.title(lang)) }
                                @if line.couple.mentor.id != viewer.id {
                                    span.text-secondary.small { (t!(lang, "师傅：{}", "Mentor: {}", line.couple.mentor.title(lang))) }
                                }
                            }
                            (wording(lang, rules, &line.version))
                        }
                    }
                    (review_buttons(lang, line.entry.0, &line.version, &Problems::default(), false))
                }
            }
        }
        @if several {
            form #several.card-footer method="post" action="/mentoring/signatures" {
                input type="hidden" name="form_key" value=(new_key());
                button.btn.btn-success.btn-lg.w-100 type="submit" {
                    (icon("check")) (t!(lang, "签字：选中的各条", "Sign all that are ticked"))
                }
            }
        }
    }
}

/// Sign, or send back with a reason.
fn review_buttons(
    lang: Lang,
    entry: i64,
    version: &Version,
    problems: &Problems,
    open: bool,
) -> Markup {
    let sign = format!("/mentoring/logbook/{entry}/sign");
    let back = format!("/mentoring/logbook/{entry}/return");
    html! {
        div.row.g-2.mt-1.review {
            div."col-6" {
                form method="post" action=(sign) {
                    input type="hidden" name="form_key" value=(new_key());
                    input type="hidden" name="version" value=(version.id);
                    button.btn.btn-success.btn-lg.w-100 type="submit" { (icon("check")) (t!(lang, "签字", "Sign")) }
                }
            }
            div."col-6" {
                details open[open || !problems.is_empty()] {
                    summary.btn.btn-outline-danger.btn-lg.w-100 { (icon("arrow-left")) (t!(lang, "退回", "Send back")) }
                    form.mt-2 method="post" action=(back) {
                        input type="hidden" name="form_key" value=(new_key());
                        input type="hidden" name="version" value=(version.id);
                        label.form-label.required for={ "reason-" (entry) } { (t!(lang, "退回原因", "Why it is sent back")) }
                        textarea.form-control.mb-2 .is-invalid[problems.get("reason").is_some()]
                            id={ "reason-" (entry) } name="reason" rows="2" maxlength="500" required {}
                        @if let Some(problem) = problems.get("reason") {
                            div.text-danger.small.mb-2 role="alert" { (problem.get(lang)) }
                        }
                        button.btn.btn-danger.w-100 type="submit" { (t!(lang, "退回", "Send back")) }
                    }
                }
            }
        }
    }
}

/// The task of a version with how many times it was done.
fn task_and_times(lang: Lang, rules: &Rules, version: &Version) -> String {
    let times = version.times;
    let english = count(times, "time", "times");
    let task = task_title(lang, rules, &version.task);
    t!(lang, "{task} · {times} 次", "{task} · {english}")
}

/// What a version says.
fn wording(lang: Lang, rules: &Rules, version: &Version) -> Markup {
    html! {
        div { (task_and_times(lang, rules, version)) }
        (particulars(lang, version))
    }
}

/// When, on which order, and in the apprentice's own words.
fn particulars(lang: Lang, version: &Version) -> Markup {
    html! {
        div.text-secondary.small {
            (i18n::date(lang, version.done_on))
            @if !version.work_order.is_empty() { " · " (t!(lang, "工单 {}", "Work order {}", version.work_order)) }
            @if version.version > 1 { " · " (t!(lang, "第 {} 版", "version {}", version.version)) }
        }
        @if !version.note.is_empty() { div.mt-1.text-break { (version.note) } }
    }
}

fn own_part(viewer: &Viewer, rules: &Rules, own: &Own) -> Markup {
    let lang = viewer.lang();
    let pairing = &own.couple.pairing;
    let mentor = own.couple.mentor.title(lang);
    let title = t!(lang, "我的师傅：{mentor}", "My mentor: {mentor}");
    let write = html! {
        a.btn.btn-primary.btn-lg.w-100.mb-3 href={ "/mentoring/logbook/new?pairing=" (pairing.id) } {
            (icon("pencil")) (t!(lang, "写一条日志", "Write an entry"))
        }
    };
    html! {
        (card_with(&title, outcome_or_days(lang, pairing, viewer.today), html! {
            div.card-body {
                @if pairing.is_open() { (write) }
                (definitions(about(lang, rules, &own.couple)))
                h3.mt-3 { (t!(lang, "目标", "Goals")) }
                (goals_list(lang, rules, &own.progress))
            }
        }))
        (card_with(&t!(lang, "我的实操日志", "My logbook"), html! {
            a href=(pairing_path(pairing.id)) { (t!(lang, "全部", "All entries")) }
        }, entries_list(viewer, rules, &own.couple, &own.entries, true)))
    }
}

fn about(lang: Lang, rules: &Rules, couple: &Couple) -> Vec<(String, Markup)> {
    let pairing = &couple.pairing;
    let term = record::pages::span(lang, pairing.starts_on, Some(pairing.ends_on));
    let mut lines = vec![
        (t!(lang, "师傅", "Mentor"), named(lang, &couple.mentor)),
        (t!(lang, "徒弟", "Apprentice"), named(lang, &couple.apprentice)),
        (t!(lang, "通道", "Track"), html! { (ladder_title(lang, rules, &pairing.ladder)) }),
        (t!(lang, "期限", "Term"), html! { (term) }),
    ];
    if !pairing.goal.is_empty() {
        lines.push((t!(lang, "总目标", "Aim"), html! { (pairing.goal) }));
    }
    lines
}

fn named(lang: Lang, person: &Person) -> Markup {
    html! { (person.title(lang)) " " span.text-secondary { (person.staff_no) } }
}

fn goals_list(lang: Lang, rules: &Rules, goals: &[Progress]) -> Markup {
    html! {
        @if goals.is_empty() {
            p.text-secondary.mb-0 { (t!(lang, "没有设定目标次数，还没有签过字的日志。", "No targets were set, and nothing is signed yet.")) }
        }
        @for goal in goals {
            @let title = task_title(lang, rules, &goal.task);
            div.mb-2.goal {
                div.d-flex.justify-content-between.gap-2 {
                    span { (title) }
                    @if goal.target == 0 {
                        span.text-secondary.small { (t!(lang, "另签 {} 次", "{} more signed", goal.signed)) }
                    } @else if goal.is_reached() { (badge(Tone::Good, t!(lang, "已达成", "Reached"))) }
                }
                @if goal.target > 0 { (progress(clamp(goal.signed), clamp(goal.target), &title)) }
            }
        }
    }
}

fn clamp(n: i64) -> usize {
    usize::try_from(n).unwrap_or(0)
}

/// How long a pairing still runs; one past its term waits to be ended.
fn days_left(lang: Lang, pairing: &Pairing, today: NaiveDate) -> Markup {
    if pairing.starts_on > today {
        let from = i18n::date(lang, pairing.starts_on);
        return badge(Tone::Info, t!(lang, "{from} 开始", "Begins {from}"));
    }
    match (pairing.ends_on - today).num_days() {
        days if days < 0 => {
            badge(Tone::Bad, t!(lang, "已到期，请结束", "Term is over, to be ended"))
        }
        0 => badge(Tone::Warn, t!(lang, "今天到期", "Ends today")),
        days => {
            let left = count(days, "day", "days");
            let tone = if days <= 30 { Tone::Warn } else { Tone::Info };
            badge(tone, t!(lang, "还剩 {days} 天", "{left} left"))
        }
    }
}

fn outcome_or_days(lang: Lang, pairing: &Pairing, today: NaiveDate) -> Markup {
    match (pairing.outcome, pairing.ended_on) {
        (Some(outcome), Some(on)) => {
            let tone = if outcome == Outcome::Completed { Tone::Good } else { Tone::Neutral };
            let title = outcome.title();
            badge(tone, format!("{} · {}", title.get(lang), i18n::date(lang, on)))
        }
        _ => days_left(lang, pairing, today),
    }
}

fn state_badge(viewer: &Viewer, couple: &Couple, entry: &Entry) -> Markup {
    let lang = viewer.lang();
    match entry.state() {
        State::Waiting => badge(Tone::Warn, t!(lang, "等待签字", "Waiting for a signature")),
        State::Signed(review) => {
            let (by, on) = (
                review.by.title(lang),
                i18n::date(lang, review.at.utc().with_timezone(&viewer.zone).date_naive()),
            );
            let deputy = if review.by.id == couple.mentor.id {
                String::new()
            } else {
                t!(lang, "（代签）", " as a deputy")
            };
            badge(
                Tone::Good,
                t!(lang, "{by} 于 {on} 签字{deputy}", "Signed by {by}{deputy} on {on}"),
            )
        }
        State::Returned(_) => badge(Tone::Bad, t!(lang, "已退回", "Sent back")),
    }
}

/// Part of a logbook. Its own apprentice is led to what they have to write again.
fn entries_list(
    viewer: &Viewer,
    rules: &Rules,
    couple: &Couple,
    entries: &[Entry],
    own: bool,
) -> Markup {
    let lang = viewer.lang();
    if entries.is_empty() {
        let hint = if own {
            t!(
                lang,
                "做完一项工作后点“写一条日志”，师傅会看到并签字。",
                "After a piece of work press “Write an entry”; your mentor will see and sign it."
            )
        } else {
            t!(lang, "徒弟写了日志会出现在这里。", "What the apprentice writes will appear here.")
        };
        return empty("book", &t!(lang, "还没有日志", "No entries yet"), hint);
    }
    html! {
        div.list-group.list-group-flush {
            @for entry in entries {
                article.list-group-item.logbook-entry {
                    div.d-flex.flex-wrap.justify-content-between.gap-2 {
                        a href={ "/mentoring/logbook/" (entry.id) } { (task_and_times(lang, rules, &entry.latest)) }
                        (state_badge(viewer, couple, entry))
                    }
                    (particulars(lang, &entry.latest))
                    @if let State::Returned(review) = entry.state() {
                        div.text-danger { (t!(lang, "退回原因：{}", "Reason: {}", review.reason.as_deref().unwrap_or_default())) }
                        @if own { a.btn.mt-2 href={ "/mentoring/logbook/" (entry.id) "/edit" } { (icon("pencil")) (t!(lang, "修改后重新提交", "Edit and send again")) } }
                    }
                }
            }
        }
    }
}

fn overseen_part(lang: Lang, rules: &Rules, overseen: &Overseen, today: NaiveDate) -> Markup {
    let headers = [
        t!(lang, "徒弟", "Apprentice"),
        t!(lang, "师傅", "Mentor"),
        t!(lang, "门店", "Site"),
        t!(lang, "通道", "Track"),
        t!(lang, "状态", "State"),
        t!(lang, "待签", "Waiting"),
    ];
    let rows = overseen.lines.iter().map(|line| {
        let couple = &line.couple;
        vec![
            html! { a href=(pairing_path(couple.pairing.id)) { (couple.apprentice.title(lang)) } " " span.text-secondary { (couple.apprentice.staff_no) } },
            named(lang, &couple.mentor),
            html! { (line.site.title(lang)) },
            html! { (ladder_title(lang, rules, &couple.pairing.ladder)) },
            outcome_or_days(lang, &couple.pairing, today),
            html! { @if line.waiting > 0 { (badge(Tone::Warn, line.waiting)) } @else { "0" } },
        ]
    });
    let query = [("q", overseen.search.as_str()), ("state", overseen.state.as_str())];
    card_with(
        &t!(lang, "结对情况", "Pairings"),
        html! {},
        html! {
            (overseen_filter(lang, overseen))
            @if overseen.lines.is_empty() {
                (empty("heart-handshake", &t!(lang, "没有符合条件的结对", "No such pairings"), html! {
                    (t!(lang, "换一个筛选条件，或者", "Change the filter, or "))
                    a href="/mentoring/pairings/new" { (t!(lang, "新建结对", "make a new pairing")) }
                }))
            } @else {
                (table(&headers, rows))
                (pager(lang, overseen.page, overseen.has_more, &query))
            }
        },
    )
}

fn overseen_filter(lang: Lang, overseen: &Overseen) -> Markup {
    let states = [
        ("open", t!(lang, "进行中", "Running")),
        ("ended", t!(lang, "已结束", "Ended")),
        ("all", t!(lang, "全部", "All")),
    ];
    html! {
        form.card-body.row.g-2 method="get" action="/mentoring" {
            div."col-12"."col-md-5" {
                label.form-label for="q" { (t!(lang, "姓名或工号", "Name or staff number")) }
                input #q.form-control type="search" name="q" value=(overseen.search);
            }
            div."col-8"."col-md-4" {
                label.form-label for="state" { (t!(lang, "状态", "State")) }
                select #state.form-select name="state" {
                    @for (value, label) in states {
                        option value=(value) selected[value == overseen.state] { (label) }
                    }
                }
            }
            div."col-4"."col-md-3".align-self-end {
                button.btn.w-100 type="submit" { (icon("filter")) (t!(lang, "筛选", "Filter")) }
            }
        }
    }
}

/// The fields by which a pairing is put together, as they came in.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct PairingForm {
    #[serde(default)]
    pub set: String,
    #[serde(default)]
    pub apprentice: String,
    #[serde(default)]
    pub mentor: String,
    #[serde(default)]
    pub starts_on: String,
    #[serde(default)]
    pub months: String,
    #[serde(default)]
    pub goal: String,
}

impl PairingForm {
    pub fn of(field: impl Fn(&str) -> String) -> PairingForm {
        PairingForm {
            set: field("set"),
            apprentice: field("apprentice"),
            mentor: field("mentor"),
            starts_on: field("starts_on"),
            months: field("months"),
            goal: field("goal"),
        }
    }

    fn pairs(&self) -> [(&'static str, &str); 6] {
        [
            ("set", self.set.as_str()),
            ("apprentice", self.apprentice.as_str()),
            ("mentor", self.mentor.as_str()),
            ("starts_on", self.starts_on.as_str()),
            ("months", self.months.as_str()),
            ("goal", self.goal.as_str()),
        ]
    }
}

/// Somebody who may be chosen, with grade and load.
#[derive(Clone, Debug)]
pub struct Candidate {
    pub post: Post,
    pub level: Option<String>,
    pub load: i64,
}

/// What the page of a new pairing shows.
pub struct NewPairing<'a> {
    pub scheme: Scheme<'a>,
    pub form: &'a PairingForm,
    pub problems: &'a Problems,
    pub verdict: Option<&'a Line>,
    pub targets: &'a [(String, String)],
    pub mentors: &'a [Candidate],
    pub apprentices: &'a [Candidate],
}

/// Choose the two, see the verdict with its reasons, set the goals, make it.
pub fn new_pairing(viewer: &Viewer, rules: &Rules, page: &NewPairing<'_>) -> Markup {
    let lang = viewer.lang();
    let title = t!(lang, "新建结对", "New pairing");
    let subtitle = t!(
        lang,
        "规则：{}（{}）",
        "Rules: {} ({})",
        page.scheme.set.title.get(lang),
        page.scheme.ladder.title.get(lang)
    );
    let body = html! {
        (heading(&title, subtitle, html! {}))
        div.row.g-3 {
            div."col-lg-7" {
                (card(&t!(lang, "1. 选人和期限", "1. Who, and for how long"), choose(lang, page)))
                @if let Some(verdict) = page.verdict {
                    (card(&t!(lang, "2. 规则核对", "2. What the rules say"), html! {
                        @if !verdict.met {
                            (alert(Tone::Bad, t!(lang, "还不能结对，原因如下。", "They cannot be paired yet, for these reasons.")))
                        }
                        (record::pages::verdict(lang, rules.context(), verdict))
                    }))
                    @if verdict.met { (card(&t!(lang, "3. 设定目标", "3. Set the goals"), goals_form(lang, rules, page))) }
                }
            }
            div."col-lg-5" { (mentors_table(lang, page)) }
        }
    };
    viewer.page(&title, &[home_crumb(lang)], body)
}

fn choose(lang: Lang, page: &NewPairing<'_>) -> Markup {
    let (form, problems) = (page.form, page.problems);
    html! {
        form #choose method="get" action="/mentoring/pairings/new" {
            input type="hidden" name="set" value=(page.scheme.set.code);
            (person_field(lang, "apprentice", t!(lang, "徒弟（工号）", "Apprentice (staff number)"), &form.apprentice, problems, page.apprentices))
            (person_field(lang, "mentor", t!(lang, "师傅（工号）", "Mentor (staff number)"), &form.mentor, problems, page.mentors))
            div.row {
                div."col-6" { (Field::new("starts_on", t!(lang, "开始日期", "Begins on"), &form.starts_on).kind("date").required().input(lang, problems)) }
                div."col-6" { (Field::new("months", t!(lang, "期限（月）", "Term (months)"), &form.months).kind("number").required().input(lang, problems)) }
            }
            (Field::new("goal", t!(lang, "总目标（可不填）", "Aim (optional)"), &form.goal)
                .hint(t!(lang, "例如：一年内升到 T2。", "For instance: reach T2 within the year.")).input(lang, problems))
            button.btn.btn-primary.w-100 type="submit" { (icon("list-check")) (t!(lang, "核对规则", "Check the rules")) }
        }
    }
}

/// A staff number, typed or picked from those in reach.
fn person_field(
    lang: Lang,
    name: &str,
    label: String,
    value: &str,
    problems: &Problems,
    candidates: &[Candidate],
) -> Markup {
    let problem = problems.get(name);
    let list = format!("{name}-list");
    html! {
        div.mb-3 {
            label.form-label.required for=(name) { (label) }
            input.form-control .is-invalid[problem.is_some()] id=(name) name=(name) value=(value)
                list=(list) autocomplete="off" required aria-describedby={ (name) "-note" };
            datalist id=(list) {
                @for candidate in candidates {
                    option value=(candidate.post.person.staff_no) {
                        (candidate.post.person.title(lang)) " · "
                        (candidate.level.as_deref().unwrap_or("–")) " · " (candidate.post.site.title(lang))
                    }
                }
            }
            div id={ (name) "-note" } {
                @if let Some(problem) = problem { div.text-danger.small.mt-1 { (problem.get(lang)) } }
            }
        }
    }
}

fn goals_form(lang: Lang, rules: &Rules, page: &NewPairing<'_>) -> Markup {
    let target = |task: &Task| {
        let found = page.targets.iter().find(|(code, _)| *code == task.code);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    };
    html! {
        form method="post" action="/mentoring/pairings" {
            input type="hidden" name="form_key" value=(new_key());
            @for (name, value) in page.form.pairs() { input type="hidden" name=(name) value=(value); }
            p.text-secondary { (t!(lang, "每项任务要签满多少次；不作为目标的留空。", "How often each task is to be signed; leave empty what is no goal.")) }
            @for task in tasks_of(rules, &page.scheme.ladder.code) {
                div.row.align-items-center.mb-2 {
                    label."col-8".col-form-label for={ "target-" (task.code) } { (task.title.get(lang)) }
                    div."col-4" {
                        input.form-control type="number" min="1" max="1000" inputmode="numeric"
                            id={ "target-" (task.code) } name={ "target-" (task.code) } value=(target(task));
                    }
                }
            }
            button.btn.btn-success.btn-lg.w-100.mt-2 type="submit" { (icon("heart-handshake")) (t!(lang, "结对", "Pair them")) }
        }
    }
}

fn mentors_table(lang: Lang, page: &NewPairing<'_>) -> Markup {
    let most = page.scheme.rules.max_active;
    let load = |load: i64| match most {
        Some(most) => {
            let tone = if load >= i64::from(most) { Tone::Bad } else { Tone::Good };
            badge(tone, format!("{load}/{most}"))
        }
        None => html! { (load) },
    };
    let headers = [
        t!(lang, "师傅", "Mentor"),
        t!(lang, "等级", "Grade"),
        t!(lang, "在带", "Apprentices"),
        String::new(),
    ];
    let rows = page.mentors.iter().map(|mentor| {
        let number = mentor.post.person.staff_no.as_str();
        let form = PairingForm { mentor: number.to_owned(), ..page.form.clone() };
        let link = form_urlencoded::Serializer::new(String::from("/mentoring/pairings/new?"))
            .extend_pairs(form.pairs())
            .finish();
        vec![
            html! { (named(lang, &mentor.post.person)) div.text-secondary.small { (mentor.post.site.title(lang)) } },
            html! { (mentor.level.as_deref().unwrap_or("–")) },
            load(mentor.load),
            html! { a.btn.btn-sm href=(link) { (t!(lang, "选择", "Choose")) } },
        ]
    });
    card_with(
        &t!(lang, "可选的师傅", "Mentors"),
        html! {},
        html! {
            @if page.mentors.is_empty() {
                (empty("users", &t!(lang, "您的范围内没有师傅", "No mentors in your reach"),
                    t!(lang, "请管理员先授予师傅角色。", "Ask an administrator to grant the mentor role first.")))
            } @else { (table(&headers, rows)) }
        },
    )
}

/// The form that ends a pairing, as it came in.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct EndForm {
    pub form_key: String,
    #[serde(default)]
    pub ended_on: String,
    #[serde(default)]
    pub outcome: String,
    #[serde(default)]
    pub why: String,
}

/// What the page of a pairing shows.
pub struct Shown<'a> {
    pub couple: &'a Couple,
    pub progress: &'a [Progress],
    pub entries: &'a [Entry],
    pub page: usize,
    pub has_more: bool,
    pub waiting: i64,
    pub may_end: bool,
    pub form: &'a EndForm,
    pub problems: &'a Problems,
}

pub fn pairing(viewer: &Viewer, rules: &Rules, shown: &Shown<'_>) -> Markup {
    let lang = viewer.lang();
    let couple = shown.couple;
    let (mentor, apprentice) = (acts::name(&couple.mentor), acts::name(&couple.apprentice));
    let title = t!(lang, "{} 带 {}", "{} and {}", mentor.get(lang), apprentice.get(lang));
    let own = couple.apprentice.id == viewer.id;
    let actions = html! {
        @if own && couple.pairing.is_open() {
            a.btn.btn-primary href={ "/mentoring/logbook/new?pairing=" (couple.pairing.id) } { (icon("pencil")) (t!(lang, "写一条日志", "Write an entry")) }
        }
    };
    let body = html! {
        (heading(&title, outcome_or_days(lang, &couple.pairing, viewer.today), actions))
        div.row.g-3 {
            div."col-lg-5" {
                (card(&t!(lang, "约定", "Agreement"), html! {
                    (definitions(about(lang, rules, couple)))
                    @if let Some(why) = &couple.pairing.ended_why { p.mt-2.mb-0 { (t!(lang, "结束说明：{why}", "Why it ended: {why}")) } }
                }))
                (card(&t!(lang, "目标", "Goals"), goals_list(lang, rules, shown.progress)))
                @if shown.may_end { (card(&t!(lang, "结束结对", "End the pairing"), end_form(lang, viewer, shown))) }
            }
            div."col-lg-7" {
                (card_with(&t!(lang, "实操日志", "Logbook"), html! {}, html! {
                    (entries_list(viewer, rules, couple, shown.entries, own))
                    (pager(lang, shown.page, shown.has_more, &[]))
                }))
            }
        }
    };
    viewer.page(&title, &[home_crumb(lang)], body)
}

fn end_form(lang: Lang, viewer: &Viewer, shown: &Shown<'_>) -> Markup {
    let (form, problems, waiting) = (shown.form, shown.problems, shown.waiting);
    let today = viewer.today.to_string();
    let day = if form.ended_on.is_empty() { &today } else { &form.ended_on };
    let outcomes = Outcome::ALL
        .iter()
        .map(|outcome| (outcome.word().to_owned(), outcome.title().get(lang).to_owned()));
    html! {
        @if waiting > 0 {
            @let entries = count(waiting, "entry waits", "entries wait");
            (alert(Tone::Warn, t!(lang, "还有 {waiting} 条日志没签字，结束后仍可补签。", "{entries} for a signature; that stays possible after the end.")))
        }
        form method="post" action={ (pairing_path(shown.couple.pairing.id)) "/end" } {
            input type="hidden" name="form_key" value=(new_key());
            (Field::new("outcome", t!(lang, "结果", "Outcome"), &form.outcome).required().select(lang, problems,
                std::iter::once((String::new(), t!(lang, "请选择", "Choose"))).chain(outcomes)))
            (Field::new("ended_on", t!(lang, "结束日期", "Ended on"), day).kind("date").required().input(lang, problems))
            (Field::new("why", t!(lang, "说明", "Reason"), &form.why)
                .hint(t!(lang, "提前终止或目标未完成时必填。", "Needed when it is broken off or a goal is not reached."))
                .area(lang, problems, 2))
            button.btn.btn-danger.w-100 type="submit" { (t!(lang, "结束结对", "End the pairing")) }
        }
    }
}

/// The fields of a logbook entry as they came in.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct EntryForm {
    pub form_key: String,
    #[serde(default)]
    pub pairing: String,
    #[serde(default)]
    pub entry_key: String,
    #[serde(default)]
    pub task: String,
    #[serde(default)]
    pub done_on: String,
    #[serde(default)]
    pub times: String,
    #[serde(default)]
    pub work_order: String,
    #[serde(default)]
    pub note: String,
}

impl EntryForm {
    /// A new entry, named now so that it stays one however often it is sent.
    pub fn fresh(day: NaiveDate) -> EntryForm {
        EntryForm {
            entry_key: new_key(),
            done_on: day.to_string(),
            times: "1".to_owned(),
            ..EntryForm::default()
        }
    }

    /// What a returned entry said, to be written again.
    pub fn of(entry: &Entry) -> EntryForm {
        let latest = &entry.latest;
        EntryForm {
            task: latest.task.clone(),
            done_on: latest.done_on.to_string(),
            times: latest.times.to_string(),
            work_order: latest.work_order.clone(),
            note: latest.note.clone(),
            ..EntryForm::default()
        }
    }

    pub fn draft(&self) -> Draft<'_> {
        Draft {
            task: &self.task,
            done_on: &self.done_on,
            times: &self.times,
            work_order: &self.work_order,
            note: &self.note,
        }
    }
}

/// What the page of a new or returned entry shows.
pub struct EntryPage<'a> {
    pub couple: &'a Couple,
    pub progress: &'a [Progress],
    pub returned: Option<&'a Entry>,
    pub action: String,
    pub form: &'a EntryForm,
    pub problems: &'a Problems,
}

pub fn entry_form(viewer: &Viewer, rules: &Rules, page: &EntryPage<'_>) -> Markup {
    let lang = viewer.lang();
    let title = match page.returned {
        Some(_) => t!(lang, "修改日志", "Edit the entry"),
        None => t!(lang, "写一条日志", "Write an entry"),
    };
    let mentor = page.couple.mentor.title(lang);
    let subtitle = t!(lang, "由 {mentor} 签字", "To be signed by {mentor}");
    let body = html! {
        (heading(&title, subtitle, html! {}))
        @if let Some(entry) = page.returned { (returned_alert(lang, entry)) }
        (card("", entry_fields(lang, rules, page)))
    };
    viewer.page(&title, &[home_crumb(lang)], body)
}

fn returned_alert(lang: Lang, entry: &Entry) -> Markup {
    html! {
        @if let State::Returned(review) = entry.state() {
            (alert(Tone::Warn, t!(lang, "{} 退回了这条日志：{}", "{} sent this entry back: {}",
                review.by.title(lang), review.reason.as_deref().unwrap_or_default())))
        }
    }
}

fn entry_fields(lang: Lang, rules: &Rules, page: &EntryPage<'_>) -> Markup {
    let (form, problems) = (page.form, page.problems);
    html! {
        form method="post" action=(page.action) {
            input type="hidden" name="form_key" value=(new_key());
            input type="hidden" name="entry_key" value=(form.entry_key);
            input type="hidden" name="pairing" value=(page.couple.pairing.id);
            (Field::new("task", t!(lang, "任务", "Task"), &form.task).required()
                .select(lang, problems, task_options(lang, rules, page)))
            div.row {
                div."col-7" { (Field::new("done_on", t!(lang, "完成日期", "Done on"), &form.done_on).kind("date").required().input(lang, problems)) }
                div."col-5" { (Field::new("times", t!(lang, "次数", "How many times"), &form.times).kind("number").required()
                    .hint(format!("1–{MOST_TIMES}")).input(lang, problems)) }
            }
            (Field::new("work_order", t!(lang, "工单号（可不填）", "Work order number (optional)"), &form.work_order).input(lang, problems))
            (Field::new("note", t!(lang, "做了什么、学到什么（可不填）", "What you did and learnt (optional)"), &form.note).area(lang, problems, 4))
            button.btn.btn-primary.btn-lg.w-100 type="submit" { (t!(lang, "提交给师傅", "Send to my mentor")) }
        }
    }
}

/// The tasks of the ladder, goals first.
fn task_options(lang: Lang, rules: &Rules, page: &EntryPage<'_>) -> Vec<(String, String)> {
    let mut tasks = tasks_of(rules, &page.couple.pairing.ladder);
    let goal =
        |task: &Task| page.progress.iter().find(|one| one.task == task.code && one.target > 0);
    tasks.sort_by_key(|task| goal(task).is_none());
    let label = |task: &&Task| {
        let title = task.title.get(lang);
        let label = match goal(task) {
            Some(goal) => format!("{title}（{}/{}）", goal.signed, goal.target),
            None => title.to_owned(),
        };
        (task.code.clone(), label)
    };
    let choose = (String::new(), t!(lang, "请选择", "Choose"));
    std::iter::once(choose).chain(tasks.iter().map(label)).collect()
}

/// Nobody to sign: nothing to write.
pub fn no_pairing(viewer: &Viewer) -> Markup {
    let lang = viewer.lang();
    let title = t!(lang, "写一条日志", "Write an entry");
    let body = card(
        "",
        empty(
            "heart-handshake",
            &t!(lang, "您没有进行中的结对", "You have no running pairing"),
            t!(
                lang,
                "日志由师傅签字。请车间主任、内训师或人事先为您安排师傅。",
                "Entries are signed by a mentor. Ask your workshop manager, a trainer or HR to pair you with one."
            ),
        ),
    );
    viewer.page(&title, &[home_crumb(lang)], body)
}

/// An entry with everything that was written and said about it.
pub fn entry(
    viewer: &Viewer,
    rules: &Rules,
    couple: &Couple,
    entry: &Entry,
    may_sign: bool,
    problems: &Problems,
) -> Markup {
    let lang = viewer.lang();
    let title = task_title(lang, rules, &entry.latest.task);
    let who = couple.apprentice.title(lang);
    let crumbs = [home_crumb(lang), Crumb::new(pairing_path(entry.pairing), who)];
    let waits = matches!(entry.state(), State::Waiting);
    let returned = matches!(entry.state(), State::Returned(_));
    let body = html! {
        (heading(&title, html! { (who) " " (state_badge(viewer, couple, entry)) }, html! {}))
        (returned_alert(lang, entry))
        (card("", html! {
            (wording(lang, rules, &entry.latest))
            @if waits && may_sign { (review_buttons(lang, entry.id.0, &entry.latest, problems, false)) }
            @if returned && couple.apprentice.id == viewer.id {
                a.btn.btn-primary.mt-3 href={ "/mentoring/logbook/" (entry.id) "/edit" } { (icon("pencil")) (t!(lang, "修改后重新提交", "Edit and send again")) }
            }
        }))
        @if !entry.earlier.is_empty() {
            (card_with(&t!(lang, "以前的版本", "Earlier versions"), html! {}, html! {
                div.list-group.list-group-flush {
                    @for version in &entry.earlier { (earlier(viewer, rules, version)) }
                }
            }))
        }
    };
    viewer.page(&title, &crumbs, body)
}

fn earlier(viewer: &Viewer, rules: &Rules, version: &Version) -> Markup {
    let lang = viewer.lang();
    html! {
        div.list-group-item.earlier-version {
            (wording(lang, rules, version))
            div.text-secondary.small { (t!(lang, "写于 {}", "Written {}", i18n::instant(lang, version.written_at.utc(), viewer.zone))) }
            @if let Some(review) = &version.review {
                div.text-danger.small {
                    (t!(lang, "{} 于 {} 退回：{}", "Sent back by {} on {}: {}", review.by.title(lang),
                        i18n::instant(lang, review.at.utc(), viewer.zone), review.reason.as_deref().unwrap_or_default()))
                }
            }
        }
    }
}
