//! How the settings of a calendar look.

use maud::{Markup, html};

use super::queries::Feed;
use crate::{
    access::Viewer,
    i18n, t,
    web::{
        Crumb,
        components::{Tone, alert, button_form, card, definitions, heading, icon},
        forms::new_key,
    },
};

/// `address` is there only right after it was made; `secret` is the next one.
pub fn settings(
    viewer: &Viewer,
    feed: Option<&Feed>,
    address: Option<&str>,
    secret: &str,
) -> Markup {
    let lang = viewer.lang();
    let title = t!(lang, "我的日历", "My calendar");
    let crumbs = [Crumb::new("/account", t!(lang, "账户与安全", "Account and security"))];
    let subtitle = t!(
        lang,
        "证书到期、复审、续期开放、考试和课程截止日，显示在手机日历里。",
        "Certificates that end, reviews, renewals, sittings and due days of courses, in the calendar of your phone."
    );
    viewer.page(&title, &crumbs, html! {
        (heading(&title, subtitle, html! {}))
        @if let Some(address) = address { (made(viewer, address)) }
        @match feed {
            None => (card("", html! {
                p { (t!(lang, "生成一个只有您知道的地址，在手机或电脑的日历里按网址订阅一次，以后自动更新。", "Make an address only you know and subscribe to it once in the calendar of your phone or computer. It keeps itself up to date.")) }
                (renew_form(secret, "btn-primary", &t!(lang, "生成日历地址", "Make an address")))
            })),
            Some(feed) => (card(&t!(lang, "日历地址", "The address"), html! {
                (definitions(state(viewer, feed)))
                p.text-secondary.mt-3 { (t!(lang, "知道地址的人都能看到您的日程。地址泄露或不再使用时，请更换或停用，旧地址立即失效。", "Whoever has the address can read it. If it got out or you no longer use it, change it or end it: the old one stops at once.")) }
                div.btn-list {
                    (renew_form(secret, "", &t!(lang, "更换地址", "Change the address")))
                    (button_form("/calendar/end", &new_key(), "btn-outline-danger", html! { (t!(lang, "停用", "End it")) }))
                }
            })),
        }
    })
}

fn state(viewer: &Viewer, feed: &Feed) -> Vec<(String, Markup)> {
    let lang = viewer.lang();
    let moment = |at: crate::db::Instant| i18n::instant(lang, at.utc(), viewer.zone);
    let read = match feed.last_read_at {
        Some(at) => moment(at),
        None => t!(lang, "还没有日历来读取过", "No calendar has fetched it yet"),
    };
    vec![
        (t!(lang, "生成于", "Made"), html! { (moment(feed.made_at)) }),
        (t!(lang, "最近读取", "Last fetched"), html! { (read) }),
    ]
}

fn renew_form(secret: &str, class: &str, label: &str) -> Markup {
    html! {
        form.d-inline method="post" action="/calendar" {
            input type="hidden" name="secret" value=(secret);
            button class={ "btn " (class) } type="submit" { (icon("calendar")) (label) }
        }
    }
}

fn made(viewer: &Viewer, address: &str) -> Markup {
    let lang = viewer.lang();
    let (_, rest) = address.split_once("://").unwrap_or(("", address));
    html! {
        (alert(Tone::Good, t!(lang, "地址已生效。请现在复制：离开本页后不再显示。", "The address works. Copy it now: it is not shown again once you leave this page.")))
        (card(&t!(lang, "订阅", "Subscribe"), html! {
            p.mb-1 { label.form-label for="address" { (t!(lang, "日历地址", "Address of your calendar")) } }
            input.form-control.font-monospace #address type="text" readonly value=(address);
            p.mt-3.mb-1 { a.btn.btn-primary href={ "webcal://" (rest) } { (icon("calendar")) (t!(lang, "在本机日历中订阅", "Subscribe on this device")) } }
            ul.text-secondary.mt-3.mb-0 {
                li { (t!(lang, "iPhone：设置 → 日历 → 账户 → 添加账户 → 其他 → 添加已订阅的日历。", "iPhone: Settings → Calendar → Accounts → Add account → Other → Add subscribed calendar.")) }
                li { (t!(lang, "Outlook：日历 → 添加日历 → 从 Internet 订阅。", "Outlook: Calendar → Add calendar → Subscribe from web.")) }
                li { (t!(lang, "华为、小米等手机：日历 → 设置 → 订阅日历（或日历导入）→ 按网址添加。", "Other phones: in the calendar's settings, add a calendar by its address.")) }
            }
        }))
    }
}
