//! The room on a tablet: one row a candidate, large buttons, refreshed every few seconds.

use maud::{Markup, html};

use super::queries::{Row, Sat};
use crate::{
    access::Viewer,
    db::Instant,
    exams::{
        attempts::{model::Attempt, presence::LOST_AFTER_SECONDS},
        rules,
        sittings::{
            Invigilating, Sitting,
            letters::{moment, place},
            model::{Attendance, Phase},
            pages::{attendance, phase_badge, to_sittings},
        },
    },
    i18n::{self, Lang},
    record::Rules,
    t,
    web::{
        Crumb,
        components::{Tone, badge, card, card_with, empty, heading, icon, progress, table},
        forms::new_key,
    },
};

pub fn live(watch: &Invigilating, rules: &Rules, rows: &[Row]) -> Markup {
    let Invigilating { viewer, sitting, site } = watch;
    let lang = viewer.lang();
    let title = t!(lang, "考场监控", "The room");
    let exam = rules::title(rules, &sitting.exam);
    let subtitle = html! {
        (exam.get(lang)) " · " (place(lang, sitting, site)) " · " (moment(lang, site, sitting.opens_at))
        " – " (moment(lang, site, sitting.start_by)) " " (phase_badge(lang, sitting, viewer.now))
    };
    let body = html! {
        (heading(&title, subtitle, html! {
            a.btn href={ (sitting.path()) "/live" } { (icon("refresh")) (t!(lang, "刷新", "Refresh")) }
        }))
        @if let Some(code) = &sitting.entry_code {
            (card("", html! { (t!(lang, "入场码：", "Entry code: ")) strong.h2.font-monospace.ms-2 { (code) } }))
        }
        (for_all(lang, viewer, sitting))
        div #live-rows data-source={ (sitting.path()) "/live/rows" } data-every="5"
            data-lost=(t!(lang, "网络中断，以下为最近一次的状态。", "No network; this is how it was last.")) {
            (fragment(watch, rows))
        }
        p #live-notice.text-danger role="status" hidden {}
    };
    let crumbs = to_sittings(lang).into_iter();
    let crumbs: Vec<Crumb> = crumbs.chain([Crumb::new(sitting.path(), exam.get(lang))]).collect();
    viewer.page_with_script(&title, &crumbs, "live.js", body)
}

/// What is done to everybody at once.
fn for_all(lang: Lang, viewer: &Viewer, sitting: &Sitting) -> Markup {
    let path = format!("{}/live", sitting.path());
    let on = matches!(sitting.phase(viewer.now), Phase::Open | Phase::Started);
    html! {
        @if on {
            div.btn-list.mb-3.align-items-start {
                (act(lang, &path, "pause", None, &t!(lang, "全部暂停", "Pause all"), &t!(lang, "暂停所有考生的计时？", "Pause everybody?"), Needs::Nothing))
                (act(lang, &path, "resume", None, &t!(lang, "全部继续", "Resume all"), &t!(lang, "所有考生继续考试？", "Let everybody go on?"), Needs::Nothing))
                (act(lang, &path, "extra", None, &t!(lang, "全部加时", "Extra time for all"), &t!(lang, "给所有考生加时？", "Give everybody extra time?"), Needs::MinutesAndReason))
                (act(lang, &path, "close", None, &t!(lang, "结束场次并收卷", "Close the sitting"), &t!(lang, "收回所有试卷并结束这一场？不能撤销。", "Hand in for everybody and close the sitting? This cannot be undone."), Needs::Reason))
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Needs {
    Nothing,
    Reason,
    MinutesAndReason,
}

/// A button that opens what it needs to know; the second press does it.
fn act(
    lang: Lang,
    path: &str,
    name: &str,
    attempt: Option<&Attempt>,
    label: &str,
    question: &str,
    needs: Needs,
) -> Markup {
    let (minutes, reason) = (t!(lang, "分钟", "Minutes"), t!(lang, "原因", "Reason"));
    let tone = if name == "close" { "btn-danger" } else { "btn-primary" };
    html! {
        details.d-inline-block {
            summary.btn { (label) }
            form.card.card-body.mt-1.p-2 method="post" action={ (path) "/" (name) } {
                input type="hidden" name="form_key" value=(new_key());
                @if let Some(attempt) = attempt { input type="hidden" name="attempt" value=(attempt.id); }
                p.mb-2 { (question) }
                @if needs == Needs::MinutesAndReason {
                    input.form-control.mb-2 type="number" name="minutes" min="1" max="240" required aria-label=(minutes) placeholder=(minutes);
                }
                @if needs != Needs::Nothing {
                    input.form-control.mb-2 name="why" maxlength="500" required aria-label=(reason) placeholder=(reason);
                }
                button class={ "btn " (tone) } type="submit" { (label) }
            }
        }
    }
}

/// The figures and the rows: what the script fetches again.
pub fn fragment(watch: &Invigilating, rows: &[Row]) -> Markup {
    let Invigilating { viewer, sitting, .. } = watch;
    let lang = viewer.lang();
    let running = rows
        .iter()
        .filter(|row| row.sat.as_ref().is_some_and(|sat| sat.attempt.finished_at.is_none()));
    let (running, started) = (running.count(), rows.iter().filter(|row| row.sat.is_some()).count());
    let all = rows.len();
    let at = i18n::short_instant(viewer.now.utc(), watch.site.zone());
    let headers = [
        t!(lang, "考生", "Candidate"),
        t!(lang, "状态", "State"),
        t!(lang, "已答", "Answered"),
        t!(lang, "最近保存", "Last saved"),
        t!(lang, "剩余时间", "Time left"),
        t!(lang, "连接", "Connection"),
        String::new(),
    ];
    html! {
        p.text-secondary { (t!(lang, "报名 {all} 人，已开始 {started} 人，作答中 {running} 人。更新于 {at}。", "{all} registered, {started} started, {running} under way. As of {at}.")) }
        (card_with("", html! {}, html! {
            @if rows.is_empty() {
                (empty("users", &t!(lang, "名单上还没有人", "Nobody is on the list"), t!(lang, "在场次页面上为考生报名。", "Register candidates on the page of the sitting.")))
            } @else {
                (table(&headers, rows.iter().map(|row| cells(lang, watch, sitting, row))))
            }
        }))
    }
}

fn cells(lang: Lang, watch: &Invigilating, sitting: &Sitting, row: &Row) -> Vec<Markup> {
    let Row { post, granted, sat, .. } = row;
    let percent = granted.extra_percent;
    let clock = |at: Instant| i18n::short_instant(at.utc(), watch.site.zone());
    vec![
        html! {
            strong { (post.person.title(lang)) } div.small.text-secondary { (post.person.staff_no) }
            @if percent > 0 { (badge(Tone::Info, t!(lang, "加时 {percent}%", "+{percent} % time"))) }
        },
        state(lang, watch, row),
        html! { @if let Some(sat) = sat { (progress(sat.answered as usize, sat.questions as usize, &t!(lang, "已答题数", "questions answered"))) } },
        html! { @if let Some(at) = sat.as_ref().and_then(|sat| sat.last_saved) { (clock(at)) } },
        html! { @if let Some(sat) = sat { (left(watch.viewer.now, sat)) } },
        html! { @if let Some(sat) = sat { (connection(lang, watch, sat)) } },
        html! { @match sat {
            Some(sat) => { (row_acts(lang, sitting, &sat.attempt)) }
            None => { (mark_form(lang, watch, sitting, row)) }
        } },
    ]
}

fn state(lang: Lang, watch: &Invigilating, row: &Row) -> Markup {
    let now = watch.viewer.now;
    let Some(sat) = &row.sat else {
        let marked = attendance(lang, &watch.sitting, &row.registration, now);
        return if marked.0.is_empty() {
            badge(Tone::Neutral, t!(lang, "已报名", "Registered"))
        } else {
            marked
        };
    };
    let attempt = &sat.attempt;
    let started = i18n::short_instant(attempt.started_at.utc(), watch.site.zone());
    let on_break = sat.on_break.is_some_and(|pause| now < pause.ends());
    html! {
        @if attempt.finished_at.is_some() { (badge(Tone::Good, t!(lang, "已交卷", "Handed in"))) }
        @else if on_break { (badge(Tone::Info, t!(lang, "休息中", "On a break"))) }
        @else if attempt.paused_at.is_some() && sat.on_break.is_none() { (badge(Tone::Warn, t!(lang, "已暂停", "Paused"))) }
        @else { (badge(Tone::Info, t!(lang, "作答中", "Under way"))) }
        div.small.text-secondary { (t!(lang, "{started} 开始", "started {started}")) }
    }
}

fn left(now: Instant, sat: &Sat) -> Markup {
    if sat.attempt.finished_at.is_some() {
        return html! {};
    }
    let clock = sat.attempt.clock();
    let clock = match sat.on_break {
        Some(pause) if pause.ends() <= now => clock.resume_within(pause.ends(), pause.most),
        _ => clock,
    };
    let seconds = clock.left(now).num_seconds();
    html! { span.text-nowrap { (format!("{}:{:02}", seconds / 60, seconds % 60)) } }
}

fn connection(lang: Lang, watch: &Invigilating, sat: &Sat) -> Markup {
    let now = watch.viewer.now;
    let seen = sat.presence.as_ref().map(|presence| presence.seen_at);
    let last = seen.max(sat.last_saved).unwrap_or(sat.attempt.started_at);
    let lost = sat.attempt.finished_at.is_none() && now.seconds_since(last) > LOST_AFTER_SECONDS;
    let since = i18n::short_instant(last.utc(), watch.site.zone());
    let (left, changed) = (sat.left_window, sat.address_changed);
    html! {
        @if lost { (badge(Tone::Bad, t!(lang, "{since} 起断线", "Disconnected since {since}"))) }
        @else if sat.attempt.finished_at.is_none() { (badge(Tone::Good, t!(lang, "在线", "Connected"))) }
        @if left > 0 { div { (badge(Tone::Warn, t!(lang, "离开窗口 {left} 次", "Left the window {left} ×"))) } }
        @if changed > 0 { div { (badge(Tone::Warn, t!(lang, "更换地址 {changed} 次", "Address changed {changed} ×"))) } }
        @if let Some(presence) = &sat.presence { div.small.text-secondary { (presence.address) } }
    }
}

fn row_acts(lang: Lang, sitting: &Sitting, attempt: &Attempt) -> Markup {
    let path = format!("{}/live", sitting.path());
    let one = Some(attempt);
    html! {
        @if attempt.finished_at.is_none() {
            div.btn-list {
                @if attempt.paused_at.is_none() {
                    (act(lang, &path, "pause", one, &t!(lang, "暂停", "Pause"), &t!(lang, "暂停这名考生的计时？", "Pause this candidate?"), Needs::Nothing))
                } @else {
                    (act(lang, &path, "resume", one, &t!(lang, "继续", "Resume"), &t!(lang, "让这名考生继续？", "Let this candidate go on?"), Needs::Nothing))
                }
                (act(lang, &path, "extra", one, &t!(lang, "加时", "Extra time"), &t!(lang, "给这名考生加时？", "Give this candidate extra time?"), Needs::MinutesAndReason))
                (act(lang, &path, "close", one, &t!(lang, "收卷", "Close"), &t!(lang, "收回这名考生的试卷？不能撤销。", "Hand in for this candidate? This cannot be undone."), Needs::Reason))
            }
        }
    }
}

/// For somebody who has not started: absent, excused, or not let in.
fn mark_form(lang: Lang, watch: &Invigilating, sitting: &Sitting, row: &Row) -> Markup {
    let opened = watch.viewer.now >= sitting.opens_at;
    let kinds = [Attendance::Absent, Attendance::Excused, Attendance::Refused];
    let kinds = kinds.into_iter().filter(|kind| opened || *kind == Attendance::Excused);
    let note = t!(lang, "备注", "Note");
    html! {
        details {
            summary.btn { (t!(lang, "登记出勤", "Mark")) }
            form.card.card-body.mt-1.p-2 method="post" action={ (sitting.path()) "/attendance" } {
                input type="hidden" name="form_key" value=(new_key());
                input type="hidden" name="registration" value=(row.registration.id);
                select.form-select.mb-2 name="attendance" aria-label=(t!(lang, "出勤", "Attendance")) {
                    @for kind in kinds { option value=(kind.word()) { (kind.title().get(lang)) } }
                }
                input.form-control.mb-2 name="note" maxlength="500" aria-label=(note) placeholder=(note);
                button.btn.btn-primary type="submit" { (t!(lang, "保存", "Save")) }
            }
        }
    }
}
