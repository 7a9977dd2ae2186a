//! How messages and choices look.

use maud::{Markup, html};

use crate::{
    access::Viewer,
    i18n,
    mail::notice::Notice,
    reminders::{
        board::pages::own_tabs,
        model::Rule,
        queries::{Choice, Rhythm},
    },
    t,
    web::{
        Problems,
        components::{Tone, badge, button_form, card, card_with, empty, heading, icon, pager},
        forms::{Field, new_key},
    },
};

pub fn notices(viewer: &Viewer, all: &[Notice], page: usize, has_more: bool) -> Markup {
    let lang = viewer.lang();
    let title = t!(lang, "消息", "Messages");
    let unread = all.iter().any(|notice| notice.read_at.is_none());
    viewer.page(&title, &[], html! {
        (heading(&title, t!(lang, "写给您的提醒，没有邮箱也能看到。", "What you were reminded of, also without an e-mail address."), html! {
            @if unread { (button_form("/notices/read", &new_key(), "", html! { (icon("check")) (t!(lang, "全部标为已读", "Mark all as read")) })) }
        }))
        (own_tabs(lang, "/notices"))
        (card_with("", html! {}, html! {
            @if all.is_empty() { (empty("bell", &t!(lang, "还没有消息", "No messages yet"), html! { (t!(lang, "要到期的事项见", "What will fall due is listed under ")) a href="/reminders" { (t!(lang, "预告", "To come")) } "." })) }
            @else {
                div.list-group.list-group-flush { @for notice in all { (line(viewer, notice)) } }
                (pager(lang, page, has_more, &[]))
            }
        }))
    })
}

fn line(viewer: &Viewer, notice: &Notice) -> Markup {
    let lang = viewer.lang();
    html! {
        a.list-group-item.list-group-item-action href={ "/notices/" (notice.id) } {
            div.d-flex.gap-2.align-items-center {
                @if notice.read_at.is_none() { (badge(Tone::Info, t!(lang, "新", "New"))) }
                span.fw-medium { (notice.subject) }
            }
            @for line in notice.body_text.lines() { div.small { (line) } }
            div.small.text-secondary { (i18n::instant(lang, notice.created_at.utc(), viewer.zone)) }
        }
    }
}

pub fn choices(viewer: &Viewer, choice: &Choice, rules: &[Rule]) -> Markup {
    let lang = viewer.lang();
    let title = t!(lang, "我的选择", "My choices");
    let rhythms = [
        (String::new(), t!(lang, "按规则", "As the rules say")),
        (Rhythm::Each.word().to_owned(), t!(lang, "逐条发送", "A mail for each")),
        (Rhythm::Daily.word().to_owned(), t!(lang, "每天一封汇总", "One mail a day")),
        (Rhythm::Weekly.word().to_owned(), t!(lang, "每周一封汇总", "One mail a week")),
    ];
    let rhythm = choice.rhythm.map_or("", Rhythm::word);
    let optional: Vec<&Rule> = rules.iter().filter(|rule| rule.on && rule.optional).collect();
    viewer.page(&title, &[], html! {
        (heading(&title, t!(lang, "提醒邮件多久发一次、要收哪些。", "How often reminders are mailed, and which."), html! {}))
        (own_tabs(lang, "/reminders/choices"))
        (card("", html! {
            form method="post" action="/reminders/choices" {
                input type="hidden" name="form_key" value=(new_key());
                (Field::new("rhythm", t!(lang, "多久一次", "How often"), rhythm).hint(t!(lang, "来不及等到汇总的提醒会直接发送。", "What cannot wait for the next mail is sent at once.")).select(lang, &Problems::default(), rhythms))
                fieldset.mb-3 {
                    legend.form-label { (t!(lang, "要收的提醒", "What you want")) }
                    @for rule in &optional {
                        label.form-check {
                            input type="hidden" name="shown" value=(rule.code);
                            input.form-check-input type="checkbox" name="wanted" value=(rule.code) checked[!choice.opted_out.contains(&rule.code)];
                            span.form-check-label { (rule.title.get(lang)) }
                        }
                    }
                    div.form-hint { (t!(lang, "证书到期等其他提醒不能关闭。", "Other reminders, such as of certificates that end, cannot be declined.")) }
                }
                button.btn.btn-primary type="submit" { (icon("device-floppy")) (t!(lang, "保存", "Save")) }
            }
        }))
    })
}
