//! The page at which a paper is sat, and the last look before it is handed in.
//!
//! One form with every question on it; it needs no script. The script `exam.js` saves each answer
//! by itself, shows the server's time, and shows one question at a time to who wants that.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::{
    model::Attempt,
    pages::{moment, to_exams},
    pauses,
    queries::Seat,
};
use crate::{
    access::Viewer,
    db::Instant,
    exams::questions::{Task, render},
    i18n::{self, Lang, Text},
    t,
    web::{
        Crumb, assets,
        components::{Tone, alert, button_form, card, heading, icon},
        forms::new_key,
    },
};

/// The titles of a blueprint's blocks, with the minutes each is meant to take.
pub type BlockTitles = BTreeMap<i64, (Text, Option<u32>)>;

/// A paper in front of its candidate.
pub struct Desk<'a> {
    pub viewer: &'a Viewer,
    pub attempt: &'a Attempt,
    pub title: &'a Text,
    pub now: Instant,
    pub seats: &'a [Seat],
    pub blocks: &'a BlockTitles,
    /// Seconds of breaks that are left.
    pub breaks: i64,
}

/// What became of a plain form: which questions were left as they are kept, and why.
#[derive(Default)]
pub struct AfterSave {
    /// Newer than the page.
    pub stale: Vec<i64>,
    /// Could not be read.
    pub unclear: Vec<i64>,
    pub saved: bool,
}

impl Desk<'_> {
    fn lang(&self) -> Lang {
        self.viewer.lang()
    }

    /// The paper.
    pub fn paper(&self, after: &AfterSave) -> Markup {
        let lang = self.lang();
        let (title, path) = (self.title.get(lang), self.attempt.path());
        let body = html! {
            (self.heading())
            p.d-none.d-print-block { (t!(lang, "试卷不能打印。", "The paper cannot be printed.")) }
            (said_after_save(lang, after))
            (self.room(html! {
                form #exam-form method="post" action=(path) data-stay autocomplete="off" {
                    (self.bar())
                    (self.questions())
                    (steps(lang))
                    div.btn-list.mb-4 {
                        button.btn type="submit" name="act" value="save" { (icon("device-floppy")) (t!(lang, "保存", "Save")) }
                        button.btn.btn-primary type="submit" name="act" value="review" { (icon("check")) (t!(lang, "检查并交卷…", "Check and hand in …")) }
                    }
                }
                (pauses::break_button(lang, self.attempt, self.breaks))
                section #exam-paused.card.mb-3 tabindex="-1" hidden { (paused_words(lang)) }
                form #exam-time-up method="post" action={ (path) "/finish" } {
                    input type="hidden" name="form_key" value=(new_key());
                }
            }))
        };
        self.page(title, body)
    }

    fn heading(&self) -> Markup {
        let lang = self.lang();
        let until = moment(self.viewer, self.attempt.hand_in_by);
        let subtitle =
            html! { span #exam-until { (t!(lang, "请在 {until} 前交卷", "Hand in by {until}")) } };
        heading(self.title.get(lang), subtitle, html! {})
    }

    /// What the script needs to know.
    fn room(&self, inside: Markup) -> Markup {
        let attempt = self.attempt;
        html! {
            div #exam .exam-room data-attempt=(attempt.id) data-remaining=(attempt.remaining_seconds(self.now))
                data-until=(attempt.hand_in_by.utc().to_rfc3339()) data-path=(attempt.path())
                data-zone=(self.viewer.zone.name())
                data-messages=(messages(self.lang())) {
                (inside)
                div #exam-announce.visually-hidden role="status" aria-live="assertive" {}
            }
        }
    }

    fn page(&self, title: &str, body: Markup) -> Markup {
        // The second script builds on the first: both are deferred and run in this order.
        let body = html! { (body) script src=(assets::address("exam.js")) defer {} };
        self.viewer.page_with_script(title, &[to_exams(self.lang())], "question.js", body)
    }

    /// Time, saving state and the map of questions; it stays in sight.
    fn bar(&self) -> Markup {
        let lang = self.lang();
        let left = self.attempt.remaining_seconds(self.now).max(0);
        let clock = format!("{:02}:{:02}", left / 60, left % 60);
        let answered = self.seats.iter().filter(|seat| seat.is_answered()).count();
        html! {
            div.exam-bar {
                div.d-flex.align-items-center.gap-3.flex-wrap {
                    // The first button of a form is what Enter presses.
                    button.visually-hidden type="submit" name="act" value="save" tabindex="-1" aria-hidden="true" {}
                    span.time #exam-time role="timer" aria-label=(t!(lang, "剩余时间", "Time left")) { (clock) }
                    span.text-secondary { (t!(lang, "已答", "Answered")) " " span #exam-count { (answered) } "/" (self.seats.len()) }
                    span #exam-state.small.text-secondary role="status" aria-live="polite" {}
                }
                div #exam-notice.alert.alert-warning.mt-2.mb-0 role="alert" hidden {}
                div.exam-tools {
                    details { summary.small { (t!(lang, "题目一览", "Map of questions")) } (map(lang, "", self.seats.iter())) }
                    (display(lang))
                }
            }
        }
    }

    /// Every question, under its block and below its case.
    fn questions(&self) -> Markup {
        let lang = self.lang();
        let by_block = self.seats.chunk_by(|a, b| a.block == b.block);
        html! {
            @for seats in by_block {
                section.exam-block {
                    @if let Some((title, minutes)) = seats.first().and_then(|seat| self.blocks.get(&seat.block)) {
                        h2.h3.exam-block-title { (title.get(lang))
                            @if let Some(minutes) = minutes { " " small.text-secondary { (t!(lang, "（建议 {minutes} 分钟）", "({minutes} minutes suggested)")) } }
                        }
                    }
                    @for seats in seats.chunk_by(of_one_case) { (self.group(seats)) }
                }
            }
        }
    }

    /// A question by itself, or those of a case below its text.
    fn group(&self, seats: &[Seat]) -> Markup {
        let case = seats.first().filter(|seat| seat.item.part > 0 && is_case(seat));
        match case {
            Some(first) => html! {
                section.exam-case {
                    (render::case_text(self.lang(), &first.item))
                    @for seat in seats { (self.question(seat)) }
                }
            },
            None => html! { @for seat in seats { (self.question(seat)) } },
        }
    }

    fn question(&self, seat: &Seat) -> Markup {
        let (lang, position) = (self.lang(), seat.position);
        let saved = seat.saved_at.map(|at| i18n::short_instant(at.utc(), self.viewer.zone));
        html! {
            fieldset.exam-question.card.mb-3 id={ "q" (position) } data-position=(position)
                data-kind=(seat.item.kind.word()) data-edition=(seat.edition)
                tabindex="-1" aria-labelledby={ "n" (position) " s" (position) } {
                div.card-body {
                    (render::question(lang, position, &seat.item))
                    input type="hidden" name={ "e" (position) } value=(seat.edition);
                    div.exam-foot {
                        span.text-secondary data-saved=(position) {
                            @if let Some(saved) = saved { (t!(lang, "已保存 {saved}", "saved {saved}")) }
                        }
                        button.btn.btn-sm.btn-ghost-secondary type="button" data-clear hidden { (icon("x")) (t!(lang, "清除", "Clear")) }
                        label.exam-flag { input.form-check-input type="checkbox" name={ "f" (position) } value="1" data-flag=(position) checked[seat.flagged];
                            " " (icon("flag")) (t!(lang, "标记", "Flag")) }
                    }
                }
            }
        }
    }

    /// The last look before handing in: what is still unanswered, what was flagged.
    pub fn review(&self) -> Markup {
        let lang = self.lang();
        let path = self.attempt.path();
        let open: Vec<&Seat> = self.seats.iter().filter(|seat| !seat.is_answered()).collect();
        let flagged: Vec<&Seat> = self.seats.iter().filter(|seat| seat.flagged).collect();
        let (answered, all) = (self.seats.len() - open.len(), self.seats.len());
        let minutes = self.attempt.remaining_seconds(self.now).max(0) / 60;
        let body = html! {
            (heading(&t!(lang, "交卷前检查", "Before you hand in"), self.title.get(lang), html! {}))
            (card("", html! {
                p { (t!(lang, "已保存 {answered} 题，共 {all} 题；还剩约 {minutes} 分钟。",
                    "{answered} of {all} answers are saved; about {minutes} minutes are left.")) }
                @if !open.is_empty() {
                    (alert(Tone::Warn, html! {
                        (t!(lang, "还有题目没有作答，未作答得 0 分：", "Not answered yet; these earn nothing: "))
                        div #unanswered { (map(lang, &path, open.iter().copied())) }
                    }))
                }
                @if !flagged.is_empty() {
                    (alert(Tone::Info, html! {
                        (t!(lang, "您标记了要再看的题目：", "You flagged these to look at again: "))
                        div #flagged { (map(lang, &path, flagged.iter().copied())) }
                    }))
                }
                @if open.is_empty() && flagged.is_empty() {
                    (alert(Tone::Good, t!(lang, "每一题都已作答，没有标记待查的题目。", "Every question is answered and none is flagged.")))
                }
                div.btn-list {
                    a.btn href=(path) { (icon("arrow-left")) (t!(lang, "返回作答", "Back to the questions")) }
                    (button_form(&format!("{path}/finish"), &new_key(), "btn-primary",
                        html! { (icon("check")) (t!(lang, "交卷", "Hand in")) }))
                }
            }))
        };
        let crumbs = [to_exams(lang), Crumb::new(path.clone(), self.title.get(lang))];
        self.viewer.page(&t!(lang, "交卷前检查", "Before you hand in"), &crumbs, body)
    }
}

fn is_case(seat: &Seat) -> bool {
    matches!(seat.item.body.task, Task::Case { .. })
}

fn of_one_case(one: &Seat, next: &Seat) -> bool {
    is_case(one) && one.item.body == next.item.body && next.item.part > one.item.part
}

fn map<'a>(lang: Lang, path: &str, seats: impl Iterator<Item = &'a Seat>) -> Markup {
    html! {
        nav.exam-map.mt-2 aria-label=(t!(lang, "题目一览", "Map of questions")) {
            @for seat in seats {
                a href={ (path) "#q" (seat.position) } data-map=(seat.position)
                    .answered[seat.is_answered()] .flagged[seat.flagged] { (seat.position) }
            }
        }
    }
}

/// How the page looks and is worked with; the device remembers it. The script brings it to life.
fn display(lang: Lang) -> Markup {
    let switch = |name: &str, label: String| {
        html! {
            label.form-check { input.form-check-input type="checkbox" data-display=(name); span.form-check-label { (label) } }
        }
    };
    html! {
        details #exam-display hidden {
            summary.small { (t!(lang, "显示与按键", "Display and keys")) }
            div.exam-display {
                (switch("one", t!(lang, "一次只看一题", "One question at a time")))
                (switch("contrast", t!(lang, "高对比度", "High contrast")))
                label { (t!(lang, "字号", "Text size")) " "
                    select.form-select.form-select-sm data-display="size" {
                        option value="" { (t!(lang, "标准", "Normal")) }
                        option value="large" { (t!(lang, "大", "Large")) }
                        option value="huge" { (t!(lang, "特大", "Very large")) }
                    }
                }
                (switch("keys", t!(lang, "快捷键", "Shortcut keys")))
                p.small.text-secondary.mb-0 { (t!(lang,
                    "快捷键：1–9 或 A–E 选择选项，N 或 → 下一题，P 或 ← 上一题，F 标记。在输入框里打字时不起作用。",
                    "Keys: 1–9 or A–E choose an option, N or → goes on, P or ← goes back, F flags. They rest while you type in a field.")) }
            }
        }
    }
}

/// Forward and back, for one question at a time.
fn steps(lang: Lang) -> Markup {
    html! {
        div #exam-steps.exam-steps hidden {
            button.btn type="button" data-step="-1" { (icon("arrow-left")) (t!(lang, "上一题", "Previous")) }
            span #exam-place.text-secondary {}
            button.btn type="button" data-step="1" { (t!(lang, "下一题", "Next")) " " (icon("arrow-right")) }
        }
    }
}

fn paused_words(lang: Lang) -> Markup {
    html! {
        div.card-body {
            h2.card-title { (icon("player-pause")) " " (t!(lang, "考试已暂停，计时停止", "The exam is paused; the clock stands still")) }
            p.mb-0 { (t!(lang, "题目暂不显示，作答都在。恢复后本页自动继续，不用刷新。",
                "The questions are hidden meanwhile and your answers are kept. The page goes on by itself; there is no need to reload it.")) }
        }
    }
}

fn numbers(positions: &[i64]) -> String {
    positions.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn said_after_save(lang: Lang, after: &AfterSave) -> Markup {
    let (stale, unclear) = (numbers(&after.stale), numbers(&after.unclear));
    html! {
        @if !stale.is_empty() {
            (alert(Tone::Warn, t!(lang,
                "第 {stale} 题已在别的窗口或设备上改过，保留了较新的作答；其余已保存。请核对。",
                "Questions {stale} were answered again in another window or on another device. The newer answers stay; the rest is saved. Please check.")))
        }
        @if !unclear.is_empty() {
            (alert(Tone::Warn, t!(lang,
                "第 {unclear} 题的作答不完整或有重复（排序题每个名次只能用一次），没有保存；其余已保存。",
                "The answers to questions {unclear} are incomplete or use a place twice, and were not saved; the rest is.")))
        }
        @if after.saved && stale.is_empty() && unclear.is_empty() {
            (alert(Tone::Good, t!(lang, "已保存。", "Saved.")))
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
        "offline": t!(lang, "网络中断：作答已记在本机，恢复后自动上传。请不要清除浏览器数据。",
            "No network: your answers are kept on this device and are sent when it is back. Do not clear the browser's data."),
        "signIn": t!(lang, "登录已失效：请在新窗口重新登录，作答留在本机，会自动上传。",
            "You have been signed out: sign in again in another window. Your answers are kept here and will be sent."),
        "stale": t!(lang, "已在别的窗口或设备上改过，显示较新的作答；需要的话请重新作答。",
            "Answered again in another window or on another device; the newer answer is shown. Answer again if you want to change it."),
        "refused": t!(lang, "这次作答没有被接受，请刷新页面后重新作答。",
            "This answer was not accepted. Reload the page and answer again."),
        "timeUp": t!(lang, "时间到，正在交卷…", "Time is up; handing in …"),
        "timeUpOffline": t!(lang, "时间到。已保存的作答会计分，系统会自动收卷；网络恢复后显示成绩。",
            "Time is up. What was saved counts, and the paper is collected by itself; the result is shown once the network is back."),
        "left": t!(lang, "还剩 %n 分钟", "%n minutes left"),
        "leftOne": t!(lang, "还剩 1 分钟", "One minute left"),
        "longer": t!(lang, "时间已延长，请在 %t 前交卷。", "You have more time: hand in by %t."),
        "place": t!(lang, "第 %n 题，共 %m 题", "Question %n of %m"),
        "paused": t!(lang, "考试已暂停", "The exam is paused"),
        "resumed": t!(lang, "考试继续，计时恢复", "The exam goes on; the clock runs again"),
        "flagged": t!(lang, "已标记", "Flagged"),
        "unflagged": t!(lang, "已取消标记", "Flag removed"),
    })
    .to_string()
}
