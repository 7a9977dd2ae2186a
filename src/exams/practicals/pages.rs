//! How planning looks: the board, a new exam, one exam.

use std::collections::HashMap;

use maud::{Markup, html};

use super::{
    conflicts::{self, Check, Finding},
    handlers::{Filter, PlanForm},
    model::{Photo, Practical, PracticalResult, Score, Seat, SeatId},
    planning::{self, Draft, Possible},
    queries::State,
};
use crate::{
    access::{Acting, Planning, Viewer},
    exams::attempts::pages::{moment, outcome_badge, to_exams},
    i18n::{self, Lang, Text, count},
    record::{self, PersonId, Rules, verdict::Line as VerdictLine},
    staff::{Post, Site},
    t, text,
    web::{
        Crumb, Problems,
        components::{
            Tone, alert, badge, button_form, card, card_with, definitions, empty, heading, icon,
            pager, progress, table,
        },
        forms::{Field, new_key},
    },
};

/// An exam with the result that counts now.
pub struct Line {
    pub exam: Practical,
    pub result: Option<PracticalResult>,
}

/// One page of the exams in reach.
pub struct Overseen {
    pub lines: Vec<Line>,
    pub people: HashMap<PersonId, Post>,
    pub sites: Vec<Site>,
    pub has_more: bool,
}

pub fn to_practicals(lang: Lang) -> Crumb {
    Crumb::new("/exams/practicals", t!(lang, "实操与评审", "Practicals and reviews"))
}

impl State {
    fn title(self) -> Text {
        match self {
            State::Coming => text!("待考", "Coming"),
            State::Judging => text!("评分中", "Being scored"),
            State::Settled => text!("待发布", "To be released"),
            State::Released => text!("已发布", "Released"),
            State::Cancelled => text!("已取消", "Cancelled"),
            State::All => text!("全部", "All"),
        }
    }
}

pub fn board(
    viewer: &Viewer,
    rules: &Rules,
    own: &[Line],
    waiting: &[(Practical, Seat)],
    people: &HashMap<PersonId, Post>,
    filter: &Filter,
    overseen: Option<&Overseen>,
) -> Markup {
    let lang = viewer.lang();
    let title = t!(lang, "实操考核与综合评审", "Practical exams and reviews");
    let actions = html! {
        @if overseen.is_some() {
            a.btn.btn-primary href="/exams/practicals/new" { (icon("plus")) (t!(lang, "安排考核", "Plan an exam")) }
        }
        a.btn href="/exams/conflicts" { (icon("flag")) (t!(lang, "利害关系申报", "Declare a tie")) }
    };
    let subtitle = t!(
        lang,
        "两位考评员互不可见地评分；分差过大由第三位裁定。",
        "Two examiners score without seeing each other; a third decides when they differ too much."
    );
    let body = html! {
        (heading(&title, subtitle, actions))
        @if !waiting.is_empty() { (to_score(lang, viewer, waiting, people)) }
        @if !own.is_empty() { (mine(lang, own)) }
        @if let Some(overseen) = overseen { (in_reach(viewer, rules, filter, overseen)) }
        @if own.is_empty() && waiting.is_empty() && overseen.is_none() {
            (card("", empty("tool", &t!(lang, "您还没有实操考核", "You have no practical exam"),
                t!(lang, "内训师、考评员或人事安排后会发邮件通知您。", "A trainer, an examiner or HR plans them; you will be told by mail."))))
        }
    };
    viewer.page(&title, &[to_exams(lang)], body)
}

fn to_score(
    lang: Lang,
    viewer: &Viewer,
    waiting: &[(Practical, Seat)],
    people: &HashMap<PersonId, Post>,
) -> Markup {
    let n = waiting.len();
    card_with(
        &t!(lang, "等我评分（{n}）", "For me to score ({n})"),
        html! {},
        html! {
            div.list-group.list-group-flush {
                @for (exam, seat) in waiting {
                    div.list-group-item {
                        div.row.g-2.align-items-center {
                            div.col {
                                strong { (people.get(&exam.person).map_or("", |post| post.person.title(lang))) }
                                div { (exam.sheet.title.get(lang)) }
                                div.text-secondary { (i18n::date(lang, exam.held_on)) }
                                @if seat.waits_for_second() { (badge(Tone::Warn, t!(lang, "等待复核", "Waits to be seconded"))) }
                            }
                            div."col-12"."col-sm-auto" {
                                @if exam.held_on <= viewer.today && !seat.waits_for_second() {
                                    a.btn.btn-primary.btn-lg.w-100 href={ (exam.path()) "/score" } { (icon("pencil")) (t!(lang, "评分", "Score")) }
                                } @else {
                                    a.btn.w-100 href=(exam.path()) { (t!(lang, "查看", "See it")) }
                                }
                            }
                        }
                    }
                }
            }
        },
    )
}

fn mine(lang: Lang, own: &[Line]) -> Markup {
    let headers = [t!(lang, "考核", "Exam"), t!(lang, "日期", "Day"), t!(lang, "状态", "State")];
    let rows = own.iter().map(|line| {
        let told = line.result.as_ref().filter(|result| result.released_at.is_some());
        vec![
            html! { a href=(line.exam.path()) { (line.exam.sheet.title.get(lang)) } },
            html! { (i18n::date(lang, line.exam.held_on)) },
            html! {
                @match told {
                    _ if line.exam.cancelled_at.is_some() => { (badge(Tone::Neutral, t!(lang, "已取消", "Cancelled"))) }
                    Some(result) => { (outcome_badge(lang, result.passed)) " " (result.score()) }
                    None => { (badge(Tone::Info, t!(lang, "成绩未出", "No result yet"))) }
                }
            },
        ]
    });
    card_with(&t!(lang, "我的考核", "My exams"), html! {}, table(&headers, rows))
}

fn in_reach(viewer: &Viewer, rules: &Rules, filter: &Filter, overseen: &Overseen) -> Markup {
    let lang = viewer.lang();
    html! {
        (card("", filter_form(lang, viewer, rules, filter, &overseen.sites)))
        @if overseen.lines.is_empty() {
            (card("", empty("clipboard-list", &t!(lang, "没有符合条件的考核", "No exam matches"), html! {
                a href="/exams/practicals/new" { (t!(lang, "安排一场考核", "Plan one")) }
                (t!(lang, "，或换一个状态查看。", ", or look at another state."))
            })))
        } @else {
            (card_with("", html! {}, html! {
                (lines(lang, overseen))
                (pager(lang, filter.page(), overseen.has_more, &filter.query()))
            }))
        }
    }
}

fn lines(lang: Lang, overseen: &Overseen) -> Markup {
    let headers = [
        t!(lang, "考生", "Candidate"),
        t!(lang, "考核", "Exam"),
        t!(lang, "日期", "Day"),
        t!(lang, "状态", "State"),
    ];
    let rows = overseen.lines.iter().map(|line| {
        let post = overseen.people.get(&line.exam.person);
        vec![
            html! {
                a href=(line.exam.path()) { (post.map_or("", |post| post.person.title(lang))) }
                " " span.text-secondary.small { (post.map_or("", |post| post.site.title(lang))) }
            },
            html! { (line.exam.sheet.title.get(lang)) },
            html! { (i18n::date(lang, line.exam.held_on)) },
            state(lang, line),
        ]
    });
    table(&headers, rows)
}

/// Where an exam stands, without a score that is not released.
fn state(lang: Lang, line: &Line) -> Markup {
    match &line.result {
        _ if line.exam.cancelled_at.is_some() => {
            badge(Tone::Neutral, t!(lang, "已取消", "Cancelled"))
        }
        Some(result) if result.released_at.is_some() => outcome_badge(lang, result.passed),
        Some(_) => badge(Tone::Warn, t!(lang, "待发布", "To be released")),
        None => badge(Tone::Info, t!(lang, "未完成", "Open")),
    }
}

fn filter_form(
    lang: Lang,
    viewer: &Viewer,
    rules: &Rules,
    filter: &Filter,
    sites: &[Site],
) -> Markup {
    let states = State::ALL
        .iter()
        .map(|state| (state.word().to_owned(), state.title().get(lang).to_owned()));
    let all = || std::iter::once((String::new(), t!(lang, "全部", "All")));
    html! {
        form.row.g-2.align-items-end method="get" action="/exams/practicals" data-auto {
            (choice("state", t!(lang, "状态", "State"), filter.state().word(), states))
            (choice("exam", t!(lang, "考核", "Exam"), &filter.exam, all().chain(exams(lang, viewer, rules))))
            (choice("site", t!(lang, "门店", "Site"), &filter.site, all().chain(places(lang, sites))))
            div.col-auto { button.btn.btn-primary type="submit" { (icon("filter")) (t!(lang, "筛选", "Filter")) } }
        }
    }
}

fn exams(lang: Lang, viewer: &Viewer, rules: &Rules) -> Vec<(String, String)> {
    let offers = planning::offered(rules, viewer.today).into_iter();
    offers.map(|offer| (offer.code(), offer.exam.title.get(lang).to_owned())).collect()
}

fn places(lang: Lang, sites: &[Site]) -> Vec<(String, String)> {
    let place = |site: &Site| {
        (site.code.clone(), format!("{}{}", "　".repeat(site.depth()), site.title(lang)))
    };
    sites.iter().map(place).collect()
}

pub fn choice(
    name: &str,
    label: String,
    value: &str,
    options: impl IntoIterator<Item = (String, String)>,
) -> Markup {
    html! {
        div."col-12"."col-sm-6"."col-md-3" {
            label.form-label for=(name) { (label) }
            select.form-select id=(name) name=(name) {
                @for (code, title) in options { option value=(code) selected[code == value] { (title) } }
            }
        }
    }
}

/// What the rules say about a draft.
pub struct Judged {
    pub lines: Vec<VerdictLine>,
    pub refusal: Option<Text>,
}

pub fn new(
    acting: &Acting<Planning>,
    rules: &Rules,
    form: &PlanForm,
    problems: &Problems,
    sites: &[Site],
    preview: Option<(&Draft, &Judged)>,
) -> Markup {
    let lang = acting.lang();
    let title = t!(lang, "安排实操考核或评审", "Plan a practical exam or a review");
    let today = acting.today.to_string();
    let held_on = if form.held_on.is_empty() { &today } else { &form.held_on };
    let body = html! {
        (heading(&title, t!(lang, "先看考生能不能参加，再确认；考评员在下一页指派。", "First see whether the candidate may sit it, then confirm; examiners are assigned on the next page."), html! {}))
        (card("", html! {
            form method="get" action="/exams/practicals/new" {
                (Field::new("exam", t!(lang, "考核", "Exam"), &form.exam).required().select(lang, problems, exams(lang, acting, rules)))
                (Field::new("person", t!(lang, "考生工号", "Candidate’s staff number"), &form.person).required().input(lang, problems))
                (Field::new("held_on", t!(lang, "日期", "Day"), held_on).kind("date").required().input(lang, problems))
                (Field::new("site", t!(lang, "地点", "Place"), &form.site).required().select(lang, problems, places(lang, sites)))
                button.btn.btn-primary type="submit" { (icon("eye")) (t!(lang, "查看是否符合条件", "Check")) }
            }
        }))
        @if let Some((draft, judged)) = preview { (confirm(lang, rules, form, draft, judged)) }
    };
    acting.page(&title, &[to_exams(lang), to_practicals(lang)], body)
}

fn confirm(lang: Lang, rules: &Rules, form: &PlanForm, draft: &Draft, judged: &Judged) -> Markup {
    let name = draft.candidate.person.title(lang);
    card(
        &t!(lang, "{name} 能否参加", "May {name} sit it?"),
        html! {
            @for line in &judged.lines { (record::pages::verdict(lang, rules.context(), line)) }
            @match &judged.refusal {
                Some(reason) => { (alert(Tone::Bad, reason.get(lang))) }
                None => {
                    form method="post" action="/exams/practicals" {
                        input type="hidden" name="form_key" value=(new_key());
                        @for (name, value) in [("exam", &form.exam), ("person", &form.person), ("held_on", &form.held_on), ("site", &form.site)] {
                            input type="hidden" name=(name) value=(value);
                        }
                        button.btn.btn-primary.btn-lg type="submit" { (icon("check")) (t!(lang, "确认安排，抽取考位", "Confirm and draw the stations")) }
                    }
                }
            }
        },
    )
}

/// One exam, with what this viewer may see.
pub struct Shown {
    pub exam: Practical,
    pub candidate: Post,
    pub site: Site,
    pub own_seat: Option<Seat>,
    pub plans: bool,
    pub decides: bool,
    pub seats: Vec<Seat>,
    pub people: HashMap<PersonId, Post>,
    /// How many lines each examiner has scored.
    pub progress: Option<HashMap<SeatId, i64>>,
    pub result: Option<PracticalResult>,
    pub sheets: Vec<(Seat, Vec<Score>)>,
    pub photos: Vec<Photo>,
    pub third_needed: bool,
    pub possible: Option<Vec<Possible>>,
}

pub fn exam(viewer: &Viewer, rules: &Rules, shown: &Shown) -> Markup {
    let lang = viewer.lang();
    let exam = &shown.exam;
    let title = exam.sheet.title.get(lang);
    let body = html! {
        (heading(title, shown.candidate.person.title(lang), html! {}))
        @if exam.cancelled_at.is_some() {
            (alert(Tone::Warn, t!(lang, "已取消：{}", "Cancelled: {}", exam.cancelled_why.as_deref().unwrap_or_default())))
        }
        @if let Some(result) = &shown.result { (result_card(lang, rules, shown, result)) }
        @if let Some(seat) = &shown.own_seat { (own_task(lang, viewer, exam, seat, shown.result.is_some())) }
        (card(&t!(lang, "安排", "When and where"), definitions([
            (t!(lang, "日期", "Day"), html! { (i18n::date(lang, exam.held_on)) }),
            (t!(lang, "地点", "Place"), html! { (shown.site.title(lang)) }),
            (t!(lang, "时间合计", "Time in all"), html! { (t!(lang, "{} 分钟", "{} minutes", exam.sheet.minutes())) }),
            (t!(lang, "合格分", "Pass mark"), html! { (exam.sheet.pass) }),
        ])))
        (stations(lang, exam))
        @if !shown.seats.is_empty() || shown.plans { (examiners(viewer, shown)) }
        @if let Some(possible) = &shown.possible { (to_assign(lang, shown, possible)) }
        @if !shown.sheets.is_empty() { (sheets(viewer, shown)) }
        @if shown.plans && shown.result.is_none() && exam.cancelled_at.is_none() { (cancelling(lang, exam)) }
    };
    viewer.page(title, &[to_exams(lang), to_practicals(lang)], body)
}

fn stations(lang: Lang, exam: &Practical) -> Markup {
    card_with(
        &t!(lang, "考位", "Stations"),
        html! {},
        html! {
            ol.list-group.list-group-flush.list-group-numbered {
                @for station in exam.sheet.stations() {
                    li.list-group-item {
                        " " (station.title.get(lang)) " "
                        span.text-secondary { (t!(lang, "{} 分钟", "{} min", station.minutes)) }
                    }
                }
            }
        },
    )
}

/// What the viewer has to do here as an examiner.
fn own_task(lang: Lang, viewer: &Viewer, exam: &Practical, seat: &Seat, settled: bool) -> Markup {
    let open =
        exam.cancelled_at.is_none() && seat.submitted_at.is_none() && seat.recused_at.is_none();
    html! {
        (card(&t!(lang, "我的考评任务", "My part as an examiner"), html! {
            @if seat.submitted_at.is_some() {
                p { (icon("check")) (t!(lang, "您已签字提交，评分不能再改。", "You have signed; your scores stay as they are.")) }
                @if !settled { p.text-secondary.mb-0 { (t!(lang, "全部考评员签字后才能看到结果。", "The result is shown once every examiner has signed.")) } }
            } @else if seat.waits_for_second() {
                p.mb-0 { (t!(lang, "这次指派属于例外，须另一位考评员或人事复核后才能评分。", "This is an exception: another examiner or HR has to second it before you can score.")) }
            } @else if exam.held_on > viewer.today {
                p.mb-0 { (t!(lang, "考核当天可以评分。", "Scoring opens on the day of the exam.")) }
            } @else {
                a.btn.btn-primary.btn-lg.w-100 href={ (exam.path()) "/score" } { (icon("pencil")) (t!(lang, "评分", "Score")) }
            }
            @if open { (recusal(lang, exam, seat, t!(lang, "申请回避", "Step back"))) }
        }))
    }
}

fn recusal(lang: Lang, exam: &Practical, seat: &Seat, label: String) -> Markup {
    let action = format!("{}/examiners/{}/recuse", exam.path(), seat.id);
    let field = format!("recuse-{}", seat.id);
    html! {
        details.mt-2 {
            summary.text-secondary { (label) }
            form.mt-2 method="post" action=(action) {
                input type="hidden" name="form_key" value=(new_key());
                label.form-label.required for=(field) { (t!(lang, "原因", "Why")) }
                input.form-control.mb-2 id=(field) name="why" required maxlength="500";
                button.btn.btn-outline-danger type="submit" { (t!(lang, "确认回避", "Step back")) }
            }
        }
    }
}

fn examiners(viewer: &Viewer, shown: &Shown) -> Markup {
    let lang = viewer.lang();
    card_with(
        &t!(lang, "考评员", "Examiners"),
        html! {},
        html! {
            @if shown.seats.is_empty() {
                (empty("users", &t!(lang, "还没有考评员", "No examiner yet"), t!(lang, "在下面指派。", "Assign them below.")))
            }
            div.list-group.list-group-flush {
                @for seat in &shown.seats { (examiner(viewer, shown, seat)) }
            }
        },
    )
}

fn examiner(viewer: &Viewer, shown: &Shown, seat: &Seat) -> Markup {
    let lang = viewer.lang();
    let exam = &shown.exam;
    let name = shown.people.get(&seat.examiner_id).map_or("", |post| post.person.title(lang));
    let lines = exam.sheet.lines().len();
    let third = Some(seat.slot) == exam.sheet.third_slot();
    html! {
        div.list-group-item.examiner {
            div.d-flex.flex-wrap.gap-2.align-items-center {
                strong { (name) }
                @if third { (badge(Tone::Info, t!(lang, "第三位", "Third"))) }
                @if seat.recused_at.is_some() {
                    (badge(Tone::Neutral, t!(lang, "已回避：{}", "Stepped back: {}", seat.recused_why.as_deref().unwrap_or_default())))
                } @else if let Some(progressed) = &shown.progress {
                    @if seat.submitted_at.is_some() { (badge(Tone::Good, t!(lang, "已签字", "Signed"))) }
                    @else { div.flex-fill { (progress(progressed.get(&seat.id).copied().unwrap_or(0) as usize, lines, &t!(lang, "已评项目", "Lines scored"))) } }
                }
            }
            (checks(lang, &seat.checks()))
            @if let Some(why) = &seat.override_why { (exception(lang, viewer, shown, seat, why)) }
            @if shown.plans && shown.result.is_none() && seat.submitted_at.is_none() && seat.recused_at.is_none() && seat.examiner_id != viewer.id {
                (recusal(lang, exam, seat, t!(lang, "让其回避", "Take them off")))
            }
        }
    }
}

fn exception(lang: Lang, viewer: &Viewer, shown: &Shown, seat: &Seat, why: &str) -> Markup {
    let may = ![seat.assigned_by, seat.examiner_id, shown.exam.person].contains(&viewer.id)
        && viewer.holds_any(&[crate::access::Role::Examiner, crate::access::Role::Hr]);
    let action = format!("{}/examiners/{}/second", shown.exam.path(), seat.id);
    html! {
        div.mt-1 { (t!(lang, "例外原因：{why}", "Reason of the exception: {why}")) }
        @match seat.seconded_at {
            Some(at) => {
                @let who = seat.seconded_by.and_then(|id| shown.people.get(&id)).map_or("", |post| post.person.title(lang));
                div.text-secondary.small { (t!(lang, "{} 由 {who} 复核", "Seconded on {} by {who}", moment(viewer, at))) }
            }
            None if may && seat.recused_at.is_none() => {
                (button_form(&action, &new_key(), "btn-warning mt-1", html! { (icon("check")) (t!(lang, "复核同意", "Second it")) }))
            }
            None => { (badge(Tone::Warn, t!(lang, "等待另一人复核，之前不能评分", "Waits for a second person; no scoring before"))) }
        }
    }
}

/// What was looked at, line by line: what stands in the way first.
pub fn checks(lang: Lang, checks: &[Check]) -> Markup {
    let serious = conflicts::worst(checks) > Finding::Clear;
    html! {
        details.mt-1 open[serious] {
            summary.text-secondary.small { (t!(lang, "资格与利害关系", "Qualification and ties")) }
            ul.verdict {
                @for check in checks {
                    li { div.line {
                        @match check.finding {
                            Finding::Clear => { span.met { (icon("circle-check")) span.visually-hidden { (t!(lang, "无碍", "Clear")) } } }
                            Finding::Warned => { span.text-warning { (icon("alert-triangle")) span.visually-hidden { (t!(lang, "提示", "Warning")) } } }
                            _ => { span.unmet { (icon("circle-x")) span.visually-hidden { (t!(lang, "应回避", "Blocks")) } } }
                        }
                        div { (check.text.get(lang)) }
                    } }
                }
            }
        }
    }
}

fn to_assign(lang: Lang, shown: &Shown, possible: &[Possible]) -> Markup {
    let tier = shown.exam.sheet.plan.tier.title();
    let tier = tier.get(lang);
    let title = if shown.third_needed {
        t!(lang, "指派第三位考评员", "Assign a third examiner")
    } else {
        t!(lang, "指派考评员（{tier}）", "Assign an examiner ({tier})")
    };
    card_with(
        &title,
        html! {},
        html! {
            @if shown.third_needed {
                div.card-body.pb-0 { (alert(Tone::Warn, t!(lang,
                    "两位考评员的评分超出允许分差，或对否决项看法不同，需要第三位独立评分。",
                    "The two examiners differ by more than is allowed, or about a critical step: a third one scores independently."))) }
            }
            @if possible.is_empty() {
                (empty("users", &t!(lang, "没有可指派的考评员", "Nobody can be assigned"),
                    t!(lang, "请管理员在“角色”中授予考评员角色。", "Ask an administrator to grant the examiner’s role.")))
            }
            div.list-group.list-group-flush { @for one in possible { (candidate_examiner(lang, &shown.exam, one)) } }
        },
    )
}

fn candidate_examiner(lang: Lang, exam: &Practical, one: &Possible) -> Markup {
    let person = &one.post.person;
    let load = one.load;
    let counted = count(load, "exam before them", "exams before them");
    html! {
        div.list-group-item.possible {
            div.row.g-2 {
                div.col {
                    strong { (person.title(lang)) } " " span.text-secondary { (person.staff_no) " · " (one.post.site.title(lang)) }
                    div.text-secondary.small { (t!(lang, "待考评 {load} 场", "{counted}")) }
                    (checks(lang, &one.checks))
                }
                div."col-12"."col-sm-4" {
                    @match one.finding() {
                        Finding::Barred => { span.text-secondary { (t!(lang, "不能指派", "Cannot be assigned")) } }
                        finding => { (assign_form(lang, exam, one, finding == Finding::Blocked)) }
                    }
                }
            }
        }
    }
}

fn assign_form(lang: Lang, exam: &Practical, one: &Possible, exception: bool) -> Markup {
    let field = format!("why-{}", one.post.person.id);
    let form = html! {
        form.mt-1 method="post" action={ (exam.path()) "/examiners" } {
            input type="hidden" name="form_key" value=(new_key());
            input type="hidden" name="examiner" value=(one.post.person.id);
            @if exception {
                label.form-label.required for=(field) { (t!(lang, "为什么仍要指派", "Why nevertheless")) }
                input.form-control.mb-2 id=(field) name="why" required maxlength="500";
                div.form-hint.mb-2 { (t!(lang, "须由另一位考评员或人事复核。", "Another examiner or HR has to second it.")) }
                button.btn.btn-outline-danger.w-100 type="submit" { (t!(lang, "例外指派", "Assign by exception")) }
            } @else {
                button.btn.btn-primary.w-100 type="submit" { (icon("plus")) (t!(lang, "指派", "Assign")) }
            }
        }
    };
    html! {
        @if exception { details { summary.text-secondary { (t!(lang, "例外指派…", "By exception …")) } (form) } }
        @else { (form) }
    }
}

fn cancelling(lang: Lang, exam: &Practical) -> Markup {
    card(
        "",
        html! {
            details {
                summary.text-secondary { (t!(lang, "取消这场考核", "Cancel this exam")) }
                form.mt-2 method="post" action={ (exam.path()) "/cancel" } {
                    input type="hidden" name="form_key" value=(new_key());
                    label.form-label.required for="cancel-why" { (t!(lang, "原因", "Why")) }
                    input.form-control.mb-2 #cancel-why name="why" required maxlength="500";
                    button.btn.btn-outline-danger type="submit" { (t!(lang, "取消考核", "Cancel it")) }
                }
            }
        },
    )
}

fn result_card(lang: Lang, rules: &Rules, shown: &Shown, result: &PracticalResult) -> Markup {
    let score = result.score();
    let said = match (result.passed, result.vetoed) {
        (true, _) => t!(lang, "合格：{score} 分", "Passed with {score} of 100"),
        (false, true) => {
            t!(lang, "未合格：关键步骤被一票否决", "Not passed: a critical step failed")
        }
        (false, false) => t!(lang, "未合格：{score} 分", "Not passed: {score} of 100"),
    };
    let tone = if result.passed { Tone::Good } else { Tone::Bad };
    html! {
        (alert(tone, html! { strong.exam-outcome { (said) } }))
        @if result.released_at.is_none() { (unreleased(lang, shown, result)) }
        (card(&t!(lang, "各考位得分", "By station"), html! {
            @for station in result.detail().stations {
                @let score = station.score();
                @let weak = !score.reaches(shown.exam.sheet.pass.0);
                div.mb-2.station-score {
                    div { (station.title.get(lang)) " " strong { (score) } " / 100"
                        @if weak { " " (badge(Tone::Warn, t!(lang, "建议加强", "Practise this"))) } }
                    @if weak { (to_learn(lang, rules, shown, &station.code)) }
                }
            }
        }))
    }
}

/// Where to read up, and what was looked at.
fn to_learn(lang: Lang, rules: &Rules, shown: &Shown, station: &str) -> Markup {
    let plan = &shown.exam.sheet.plan;
    let station = shown.exam.sheet.station(station);
    let course = station.and_then(|station| station.course.as_ref()).or(plan.courses.first());
    let criteria = station
        .map(|station| station.criteria.iter().map(|one| one.title.clone()).collect::<Vec<_>>());
    html! {
        @if let Some(criteria) = criteria {
            div.text-secondary.small { (t!(lang, "考核内容：{}", "What was judged: {}", Text::list(&criteria).get(lang))) }
        }
        @if let Some(course) = course {
            a href={ "/courses/" (course) } { (icon("book")) (rules.context().name(record::Kind::Course, course).get(lang)) }
        }
    }
}

fn unreleased(lang: Lang, shown: &Shown, result: &PracticalResult) -> Markup {
    let detail = result.detail();
    let spread = detail.spread.map(|spread| spread.to_string()).unwrap_or_default();
    html! {
        @if detail.flagged {
            (alert(Tone::Warn, t!(lang, "考评员之间相差 {spread} 分，请核对后再发布。", "The examiners are {spread} points apart: look at it before you release it.")))
        }
        @if shown.decides && shown.own_seat.is_none() {
            (card(&t!(lang, "成绩尚未发布", "Not released yet"), html! {
                p { (t!(lang, "发布后计入档案，符合条件的证书随即颁发，并通知考生。", "Releasing records it, issues what it leads to and tells the candidate.")) }
                (button_form(&format!("{}/release", shown.exam.path()), &new_key(), "btn-primary btn-lg", html! { (icon("check")) (t!(lang, "发布成绩", "Release it")) }))
            }))
        }
    }
}

/// What every examiner signed, side by side.
fn sheets(viewer: &Viewer, shown: &Shown) -> Markup {
    let lang = viewer.lang();
    let name = |seat: &Seat| {
        shown.people.get(&seat.examiner_id).map_or("", |post| post.person.title(lang)).to_owned()
    };
    let mut headers = vec![t!(lang, "评分项", "Line")];
    headers.extend(shown.sheets.iter().map(|(seat, _)| name(seat)));
    let rows = shown.exam.sheet.lines();
    let rows = rows.iter().map(|(station, line)| {
        let mut cells = vec![html! {
            span.text-secondary.small { (station.title.get(lang)) } br; (line.title.get(lang))
            @if line.critical { " " (badge(Tone::Bad, t!(lang, "否决项", "Critical"))) }
        }];
        cells.extend(shown.sheets.iter().map(|(seat, scores)| {
            let is = |one: &&Score| one.station == station.code && one.line == line.code;
            let score = scores.iter().find(is);
            html! {
                @if let Some(score) = score {
                    strong { (points(score.points)) } "/" (points(line.points_max()))
                    @if !score.note.is_empty() { div.small.text-break { (score.note) } }
                }
                @for photo in shown.photos.iter().filter(|photo| photo.seat == seat.id && photo.station == station.code && photo.line == line.code) {
                    " " a href={ (shown.exam.path()) "/photos/" (photo.id) } target="_blank" { (icon("eye")) (t!(lang, "照片", "Photo")) }
                }
            }
        }));
        cells
    });
    card_with(&t!(lang, "评分表", "Score sheets"), html! {}, table(&headers, rows))
}

/// Hundredths of a point as people write them.
pub fn points(hundredths: i64) -> String {
    record::Amount { numerator: hundredths, denominator: 100 }.to_string()
}
