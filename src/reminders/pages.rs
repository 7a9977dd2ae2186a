//! What the pages of reminders have in common.

use maud::{Markup, html};

use crate::{
    i18n::Lang,
    mail::MailDelivery,
    t,
    web::{
        Crumb,
        components::{Tone, alert},
    },
};

/// The way back to administration.
pub fn administration(lang: Lang) -> Crumb {
    Crumb::new("/admin", t!(lang, "管理", "Administration"))
}

/// Says so when mails are only kept.
pub fn delivery_notice(lang: Lang, delivery: MailDelivery) -> Markup {
    html! {
        @if !delivery.0 {
            (alert(Tone::Warn, t!(lang, "没有配置邮件服务器：邮件只保存在这里，不会发出。请在设置中填写 [smtp]，或用 SHIFU_SMTP_HOST 等变量。", "No mail server is configured: mails are only kept here and go nowhere. Fill in [smtp] in the settings, or SHIFU_SMTP_HOST and the like.")))
        }
    }
}
