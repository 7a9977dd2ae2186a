//! The examiner's score sheet, on a phone, with gloves, in the sun.

use std::collections::HashMap;

use maud::{Markup, html};

use super::{
    handlers::AtStation,
    model::{Photo, Practical, Score, Seat, Timing},
    pages::{points, to_practicals},
    scoring::{self, Gaps},
};
use crate::{
    access::{Acting, Examiner},
    exams::attempts::pages::to_exams,
    i18n::{self, Lang},
    record::rubric::{ScoreLine, Station},
    staff::Post,
    t,
    web::{
        Crumb,
        components::{Tone, alert, badge, card, heading, icon},
        forms::new_key,
    },
};

/// An examiner's own sheet: nothing of anybody else's.
pub struct Own {
    pub exam: Practical,
    pub seat: Seat,
    pub candidate: Post,
    pub scores: Vec<Score>,
    pub timings: HashMap<String, Timing>,
    pub photos: Vec<Photo>,
}

impl Own {
    fn score(&self, station: &Station, line: &ScoreLine) -> Option<&Score> {
        self.scores.iter().find(|one| one.station == station.code && one.line == line.code)
    }

    fn open_lines(&self, station: &Station) -> usize {
        station.lines().iter().filter(|line| self.score(station, line).is_none()).count()
    }

    /// The station asked for, or the first with something open.
    fn station(&self, wanted: &str) -> Option<&Station> {
        let stations = self.exam.sheet.stations();
        let open = stations.iter().find(|station| self.open_lines(station) > 0);
        self.exam.sheet.station(wanted).or(open).or(stations.first())
    }

    fn path(&self) -> String {
        format!("{}/score", self.exam.path())
    }
}

pub fn score(acting: &Acting<Examiner>, own: &Own, at: &AtStation) -> Markup {
    let lang = acting.lang();
    let title = own.exam.sheet.title.get(lang);
    let signed = own.seat.submitted_at.is_some();
    let body = html! {
        @if let Some(station) = own.station(&at.station) {
            div #practical data-path=(own.exam.path()) data-seat=(own.seat.id) data-messages=(messages(lang)) {
                (bar(acting, own, station))
                @if at.stale.is_some() {
                    (alert(Tone::Warn, t!(lang, "有些项目已在别的窗口或设备上改过，保留了较新的评分。", "Some lines were scored again in another window or on another device; the newer scores stay.")))
                }
                @if signed { (alert(Tone::Info, t!(lang, "已签字，评分不能再改。", "Signed: these scores stay as they are."))) }
                div.alert.alert-warning #practical-notice role="status" hidden {}
                (third_note(lang, own))
                @if let Some(task) = &station.task { (card(&t!(lang, "给考生的任务", "What the candidate is told"), html! { (task.get(lang)) })) }
                form #practical-form method="post" action=(own.path()) data-stay data-next=(next(own, station)) {
                    input type="hidden" name="station" value=(station.code);
                    @for line in station.lines() { (line_box(lang, own, station, &line, signed)) }
                    @if !signed {
                        button.btn.btn-primary.btn-lg.w-100.mb-3 type="submit" { (icon("check")) (t!(lang, "保存，下一步", "Save and go on")) }
                    }
                }
                (photos(lang, own, station, signed))
            }
        }
    };
    let crumbs = [to_exams(lang), to_practicals(lang), Crumb::new(own.exam.path(), title)];
    acting.page_with_script(title, &crumbs, "practical.js", body)
}

/// The third one was not there: what they may go by.
fn third_note(lang: Lang, own: &Own) -> Markup {
    let third = Some(own.seat.slot) == own.exam.sheet.third_slot();
    html! {
        @if third {
            (alert(Tone::Info, t!(lang,
                "您是第三位考评员：请看照片和工件，或请考生重做有关考位，独立评分。您看不到前两位的评分。",
                "You are the third examiner: go by the photos and the work itself, or have the station repeated, and score independently. You do not see the first two sheets.")))
        }
    }
}

fn next(own: &Own, station: &Station) -> String {
    let stations = own.exam.sheet.stations();
    let at = stations.iter().position(|one| one.code == station.code).unwrap_or(0);
    match stations.get(at + 1) {
        Some(next) => format!("{}?station={}", own.path(), next.code),
        None => format!("{}/sign", own.path()),
    }
}

/// Always in sight: whom, which station, how long, whether everything is saved.
fn bar(acting: &Acting<Examiner>, own: &Own, station: &Station) -> Markup {
    let lang = acting.lang();
    html! {
        div.exam-bar {
            div.d-flex.flex-wrap.gap-2.align-items-center.justify-content-between {
                strong { (own.candidate.person.title(lang)) }
                span #practical-state.text-secondary.small aria-live="polite" {}
                (clock(acting, own, station))
            }
            nav.station-map.mt-2 aria-label=(t!(lang, "考位", "Stations")) {
                @for (n, one) in own.exam.sheet.stations().iter().enumerate() {
                    a href={ (own.path()) "?station=" (one.code) } .active[one.code == station.code] .answered[own.open_lines(one) == 0]
                        aria-current=[(one.code == station.code).then_some("page")] title=(one.title.get(lang)) { (n + 1) }
                }
                a href={ (own.path()) "/sign" } { (icon("check")) (t!(lang, "签字", "Sign")) }
            }
        }
        h1.h2 { (station.title.get(lang)) }
    }
}

fn clock(acting: &Acting<Examiner>, own: &Own, station: &Station) -> Markup {
    let lang = acting.lang();
    let timing = own.timings.get(&station.code);
    let seconds = timing.map_or(0, |timing| timing.seconds(acting.now));
    let running = timing.is_some_and(|timing| timing.stopped_at.is_none());
    let (minutes, rest, most) = (seconds / 60, seconds % 60, station.minutes);
    let over = seconds > i64::from(most) * 60;
    let act = if running { "stop" } else { "start" };
    html! {
        div.d-flex.align-items-center.gap-2 {
            span.time #practical-time .text-danger[over] data-seconds=(seconds) data-running=(running) data-most=(most * 60) {
                (format!("{minutes:02}:{rest:02}"))
            }
            span.text-secondary { (t!(lang, "/ {most} 分钟", "/ {most} min")) }
            @if own.seat.submitted_at.is_none() {
                form.d-inline method="post" action={ (own.exam.path()) "/clock" } {
                    input type="hidden" name="form_key" value=(new_key());
                    input type="hidden" name="station" value=(station.code);
                    input type="hidden" name="act" value=(act);
                    button.btn type="submit" { (icon("clock")) @if running { (t!(lang, "停止", "Stop")) } @else { (t!(lang, "计时", "Start")) } }
                }
            }
        }
    }
}

fn line_box(lang: Lang, own: &Own, station: &Station, line: &ScoreLine, signed: bool) -> Markup {
    let kept = own.score(station, line);
    let chosen = kept.map(|kept| kept.points);
    let note = kept.map_or("", |kept| kept.note.as_str());
    let vetoed = kept.is_some_and(|kept| kept.vetoed);
    let saved = kept.map(|_| t!(lang, "已保存", "saved")).unwrap_or_default();
    let code = &line.code;
    html! {
        fieldset.score-line.card.mb-3 .critical[line.critical] disabled[signed] data-line=(code) data-edition=(kept.map_or(0, |kept| kept.edition)) {
            div.card-body {
                legend.h3.mb-1 {
                    @if let Some(of) = &line.of { span.text-secondary.small.d-block { (of.get(lang)) } }
                    (line.title.get(lang))
                    @if line.critical { " " (badge(Tone::Bad, t!(lang, "否决项", "Critical"))) }
                }
                @if let Some(hint) = &line.hint { p.text-secondary { (hint.get(lang)) } }
                div.score-choices role="radiogroup" {
                    @for (n, choice) in line.choices.iter().enumerate() {
                        @let fails = line.critical && choice.points == 0;
                        label.score-choice .fails[fails] {
                            input type="radio" name={ "points-" (code) } value=(choice.points) checked[chosen == Some(choice.points)];
                            span { (choice.label.get(lang)) @if fails { " · " (t!(lang, "否决", "fails")) } }
                            @if line.choices.len() > 2 && n > 0 && choice.label.get(lang) != points(choice.points) { small { (points(choice.points)) } }
                        }
                    }
                }
                details.mt-2 open[vetoed || !note.is_empty()] {
                    summary.py-2 { (icon("pencil")) @if line.critical { (t!(lang, "备注（否决时必填）", "Note (needed when it fails)")) } @else { (t!(lang, "备注", "Note")) } }
                    textarea.form-control name={ "note-" (code) } rows="2" maxlength="1000" aria-label=(t!(lang, "备注", "Note")) { (note) }
                }
                input type="hidden" name={ "edition-" (code) } value=(kept.map_or(0, |kept| kept.edition));
                div.small.text-secondary data-saved aria-live="polite" { (saved) }
            }
        }
    }
}

fn photos(lang: Lang, own: &Own, station: &Station, signed: bool) -> Markup {
    let here: Vec<&Photo> =
        own.photos.iter().filter(|photo| photo.station == station.code).collect();
    let lines = station.lines();
    let title_of = |code: &str| {
        lines
            .iter()
            .find(|line| line.code == code)
            .map_or("", |line| line.title.get(lang))
            .to_owned()
    };
    html! {
        section #photos {
            (card(&t!(lang, "照片", "Photos"), html! {
                @if here.is_empty() { p.text-secondary { (t!(lang, "还没有照片。可拍下工件、读数或工位作为依据。", "None yet. Take a picture of the work, a reading or the bay as evidence.")) } }
                div.photo-row {
                    @for photo in &here {
                        a href={ (own.exam.path()) "/photos/" (photo.id) } target="_blank" {
                            img src={ (own.exam.path()) "/photos/" (photo.id) } alt=(title_of(&photo.line)) loading="lazy";
                        }
                    }
                }
                @if !signed {
                    form.mt-2 method="post" enctype="multipart/form-data" action={ (own.exam.path()) "/photos" } {
                        input type="hidden" name="form_key" value=(new_key());
                        input type="hidden" name="station" value=(station.code);
                        label.form-label for="photo-line" { (t!(lang, "对应项目", "For which line")) }
                        select.form-select.mb-2 #photo-line name="line" {
                            @for line in &lines { option value=(line.code) { (line.title.get(lang)) } }
                        }
                        label.form-label for="photo-file" { (t!(lang, "照片（JPEG、PNG、WebP，不超过 8 MB）", "Photo (JPEG, PNG or WebP, up to 8 MB)")) }
                        input.form-control.mb-2 #photo-file type="file" name="file" accept="image/jpeg,image/png,image/webp" capture="environment" required;
                        button.btn.btn-lg.w-100 type="submit" { (icon("upload")) (t!(lang, "上传照片", "Upload the photo")) }
                    }
                }
            }))
        }
    }
}

/// What the script says, in the reader's language.
fn messages(lang: Lang) -> String {
    serde_json::json!({
        "saving": t!(lang, "正在保存…", "saving …"),
        "saved": t!(lang, "已保存", "saved"),
        "allSaved": t!(lang, "全部已保存", "Everything is saved"),
        "waiting": t!(lang, "待上传", "waiting"),
        "offline": t!(lang, "网络中断：评分已记在本机，恢复后自动上传。", "No network: your scores are kept on this device and are sent when it is back."),
        "signIn": t!(lang, "登录已失效：请在新窗口重新登录，评分留在本机，会自动上传。", "You have been signed out: sign in again in another window. Your scores are kept here and will be sent."),
        "stale": t!(lang, "已在别的窗口或设备上改过，显示较新的评分。", "Scored again in another window or on another device; the newer score is shown."),
        "refused": t!(lang, "这次评分没有被接受，请刷新页面。", "This score was not accepted; reload the page."),
        "sayWhy": t!(lang, "请在备注中写明看到了什么。", "Say in the note what you saw."),
    })
    .to_string()
}

/// The last look before signing.
pub fn check(acting: &Acting<Examiner>, own: &Own) -> Markup {
    let lang = acting.lang();
    let title = t!(lang, "签字前检查", "Before you sign");
    let gaps = scoring::gaps(&own.exam, &own.scores);
    let vetoes = own.scores.iter().filter(|score| score.vetoed).count();
    let total: i64 = own.scores.iter().map(|score| score.points).sum();
    let (earned, all) = (points(total), points(own.exam.sheet.points_max()));
    let body = html! {
        (heading(&title, own.candidate.person.title(lang), html! {}))
        div #practical data-path=(own.exam.path()) data-seat=(own.seat.id) data-messages=(messages(lang)) data-check {
            div.alert.alert-warning #practical-notice role="status" hidden {}
            span #practical-state.text-secondary.small aria-live="polite" {}
            (card("", html! {
                p { (t!(lang, "您的评分：{earned} / {all}。", "Your scores come to {earned} of {all}.")) }
                @if vetoes > 0 { (alert(Tone::Bad, t!(lang, "您对 {vetoes} 个关键步骤行使了否决。", "You fail {vetoes} at a critical step.", vetoes = i18n::count(vetoes, "line", "lines")))) }
                (open_gaps(lang, &gaps))
                div.btn-list {
                    a.btn.btn-lg href=(own.path()) { (icon("arrow-left")) (t!(lang, "返回评分", "Back to the sheet")) }
                    @if gaps.is_empty() && own.seat.submitted_at.is_none() {
                        form.d-inline method="post" action={ (own.path()) "/sign" } {
                            input type="hidden" name="form_key" value=(new_key());
                            button.btn.btn-primary.btn-lg type="submit" { (icon("pencil")) (t!(lang, "签字提交，之后不能修改", "Sign; nothing can be changed afterwards")) }
                        }
                    }
                }
            }))
        }
    };
    let crumbs = [to_practicals(lang), Crumb::new(own.exam.path(), own.exam.sheet.title.get(lang))];
    acting.page_with_script(&title, &crumbs, "practical.js", body)
}

fn open_gaps(lang: Lang, gaps: &Gaps) -> Markup {
    html! {
        @for (station, open) in &gaps.unscored {
            @let counted = i18n::count(open, "line is", "lines are");
            p.text-danger.gap { (t!(lang, "{}：还有 {open} 项没有评分", "{}: {counted} not scored yet", station.get(lang))) }
        }
        @for line in &gaps.unexplained {
            p.text-danger.gap { (t!(lang, "否决项没有备注：{}", "No note at a failed critical step: {}", line.get(lang))) }
        }
    }
}
