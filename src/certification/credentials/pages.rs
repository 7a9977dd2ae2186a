//! The page that verifies on a phone, what a certification takes, and links to credentials.

use maud::{Markup, html};

use crate::{
    i18n::Lang,
    i18n::Text,
    mail::Letterhead,
    t,
    web::{
        Reader, Shell,
        components::{Tone, card, heading, icon},
        shell,
    },
};

/// What the page that verifies is made of, besides itself.
pub const FILES: [&str; 7] = [
    "tabler/tabler.min.css",
    "tabler/icons.svg",
    "shifu.css",
    "shifu.js",
    "theme.js",
    "verify.js",
    "tweetnacl/nacl.min.js",
];

/// Both languages at once, for a page that is the same for everybody; the style sheet shows the one
/// that is chosen.
fn both(zh: &str, en: &str) -> Markup {
    html! { span lang="zh-CN" { (zh) } span lang="en" { (en) } }
}

/// The page that verifies. Everything it may have to say is on it, hidden; its script shows what
/// applies. So it needs no words from anywhere once it is on a phone.
pub fn verify(reader: &Reader, head: &Letterhead) -> Markup {
    let lang = reader.lang;
    let title = t!(lang, "验证证书", "Verify a certificate");
    let host = head.base_url.split_once("://").map_or(head.base_url.as_str(), |(_, host)| host);
    shell::document(
        reader,
        &title,
        Some("verify.js"),
        html! {
            div.page.verify #verify data-nacl=(crate::web::assets::address("tweetnacl/nacl.min.js")) {
                header.navbar { div.container-xl {
                    a.navbar-brand href="/check" { span.shifu-seal aria-hidden="true" { "师" } span.ms-2 { "shifu" } }
                    button.btn.btn-ghost-secondary.ms-auto #verify-lang type="button" hidden {
                        (icon("language")) span.ms-1 { (both("English", "中文")) }
                    }
                } }
                div.page-wrapper { main #main.page-body { div.container-xl { div.row.justify-content-center { div."col-md-8"."col-lg-6" {
                    (heading(&title, both("由这台设备用颁发机构公布的密钥核对签名，不上传任何内容。", "This device checks the signature by the issuer's published keys. Nothing is uploaded."), html! {}))
                    noscript { div.alert.alert-warning { (both("请打开浏览器的脚本功能，或在查验页输入编号和查验码。", "Switch on scripts in your browser, or enter number and code on the check page.")) " " a href="/check" { "/check" } } }
                    p.text-secondary #verify-busy aria-live="polite" hidden { (both("正在核对……", "Checking …")) }
                    div #verify-result aria-live="polite" tabindex="-1" { (verdicts()) }
                    (facts())
                    (status())
                    (nothing())
                    p.text-secondary.small.mt-3 {
                        (icon("shield-lock")) " "
                        (both("只有地址栏显示 ", "Trust this page only while the address bar shows ")) strong { (host) }
                        (both(" 时，结果才可信。", "."))
                    }
                    p.text-secondary.small #verify-kept hidden { (icon("circle-check")) " " (both("本页已保存在这台设备上，没有网络也能验证。", "This page is kept on this device and verifies without network.")) }
                } } } } }
            }
        },
    )
}

/// The verdict in one line: exactly one of these is shown.
fn verdicts() -> Markup {
    let line = |state: &str, tone: Tone, zh: &str, en: &str, more: Markup| {
        let (word, glyph) = match tone {
            Tone::Good => ("success", "circle-check"),
            Tone::Warn => ("warning", "alert-triangle"),
            _ => ("danger", "circle-x"),
        };
        html! {
            div class={ "alert alert-" (word) } role="status" data-verdict=(state) hidden {
                div.d-flex { div.me-2 { (icon(glyph)) } div { strong.h3 { (both(zh, en)) } div { (more) } } }
            }
        }
    };
    html! {
        (line("valid", Tone::Good, "签名真实，在有效期内", "Genuine and within its dates", html! {}))
        (line("expiring", Tone::Warn, "签名真实，即将到期", "Genuine, running out soon", html! {}))
        (line("not-yet", Tone::Warn, "签名真实，尚未生效", "Genuine, but not yet valid", html! {}))
        (line("expired", Tone::Bad, "签名真实，但已过期", "Genuine, but it has expired", both("可能已换发新证书或延期，请联网查询现在的状态。", "It may have been renewed or extended: ask for its state now, online.")))
        (line("revoked", Tone::Bad, "已吊销", "Revoked", both("签名真实，但颁发机构已吊销这张证书。", "The signature is genuine, but the issuer has revoked this certificate.")))
        (line("superseded", Tone::Bad, "已由另一张证书取代", "Replaced by another certificate", both("请向持证人索取新证书。", "Ask the holder for the new one.")))
        (line("suspended", Tone::Bad, "已暂停", "Suspended", both("恢复之前不能据此上岗。", "Until it is reinstated, nobody may rely on it.")))
        (line("altered", Tone::Bad, "内容被改动或并非本机构签发", "Altered, or not signed by this issuer", both("不要相信这张证书。", "Do not rely on this certificate.")))
        (line("revoked-key", Tone::Bad, "签名所用的密钥已作废", "The key that signed it was revoked", both("这个签名不再证明任何事。请用编号和查验码联网查询。", "This signature proves nothing any more. Check by number and code, online.")))
        (line("unknown-key", Tone::Warn, "这台设备不认识签名所用的密钥", "This device does not know the key that signed it", both("密钥可能较新：请联网后重新打开本页。联网后仍不认识，就不要相信它。", "The key may be new: go online and open this page again. If it is unknown even then, do not rely on it.")))
        (line("malformed", Tone::Bad, "二维码内容不完整", "The code is incomplete", both("请重新扫描整个二维码。", "Scan the whole code again.")))
        (line("no-keys", Tone::Warn, "这台设备上还没有密钥", "There are no keys on this device yet", both("请联网打开一次本页，之后没有网络也能验证。", "Open this page once while online; after that it verifies without network.")))
    }
}

fn facts() -> Markup {
    let row = |field: &str, zh: &str, en: &str| {
        html! { dt."col-5" { (both(zh, en)) } dd."col-7" data-field=(field) {} }
    };
    html! {
        section.card.mb-3 #verify-facts hidden { div.card-body {
            h2.card-title { (both("证书上写明", "What it says")) }
            dl.row.mb-0 {
                (row("name", "姓名", "Name"))
                dt."col-5" { (both("证书", "Certificate")) }
                dd."col-7" { span lang="zh-CN" data-field="title" {} span lang="en" data-field="titleEn" {} }
                (row("number", "证书编号", "Number"))
                (row("issuer", "颁发机构", "Issued by"))
                (row("issued", "颁发日期", "Issued on"))
                (row("from", "生效日期", "Valid from"))
                (row("through", "有效期至", "Valid through"))
                (row("today", "这台设备的日期", "Date on this device"))
            }
            span data-field="forever" hidden { (both("长期", "no end")) }
        } }
    }
}

fn status() -> Markup {
    html! {
        section.card.mb-3 #verify-status hidden { div.card-body {
            h2.card-title { (both("有没有被吊销", "Was it taken back?")) }
            p data-status="good" hidden { (icon("circle-check")) " " (both("未被吊销、暂停或取代。", "Not revoked, suspended or replaced.")) }
            p data-status="bad" hidden { (icon("circle-x")) " " (both("见上。", "See above.")) }
            p data-status="unknown" hidden { (icon("alert-triangle")) " " (both("不知道：这台设备还没有状态表。请联网打开一次。", "Not known: this device has no status list yet. Go online once.")) }
            p.text-secondary data-status="as-of" hidden { (both("状态表的时间：", "As known when the status list was last fetched: ")) strong data-field="asOf" {} }
            p.text-secondary data-status="old" hidden { (icon("alert-triangle")) " " (both("状态表已超过一天，请联网更新。", "The list is more than a day old: go online to fetch a new one.")) }
            p data-status="extended" hidden { (both("此后已延期至：", "Since then extended through: ")) strong data-field="extended" {} }
            a.btn #verify-online rel="nofollow" { (icon("refresh")) (both("联网查询现在的状态", "Ask for its state now, online")) }
        } }
    }
}

/// What the page says when it is opened without a statement.
fn nothing() -> Markup {
    html! {
        section.card #verify-nothing hidden { div.card-body {
            h2.card-title { (both("怎样验证", "How to verify")) }
            ol {
                li { (both("用手机相机扫描证书上的二维码。", "Scan the code on the certificate with the camera of your phone.")) }
                li { (both("打开的页面会立即显示结果。", "The page that opens shows the result at once.")) }
            }
            p.mb-0 { (both("没有二维码？", "No code at hand? ")) a href="/check" { (both("输入编号和查验码查询", "Check by number and code")) } }
        } }
    }
}

/// What a certification is and what it takes to earn it, for whoever follows a badge here.
pub fn achievement(reader: &Reader, title: &Text, criteria: &Text) -> Markup {
    let lang = reader.lang;
    let shell = Shell { reader: reader.clone(), nav: Vec::new(), who: None, unread: 0 };
    let name = title.get(lang);
    shell.page(name, &[], None, html! {
        div.row.justify-content-center { div."col-md-8"."col-lg-6" {
            (heading(name, t!(lang, "资格证书", "Certificate of qualification"), html! {}))
            (card(&t!(lang, "取得条件", "What it takes"), html! { p.mb-0 { (criteria.get(lang)) } }))
            p { a href="/check" { (icon("shield-check")) " " (t!(lang, "查验一张证书", "Check a certificate")) } }
        } }
    })
}

/// The forms in which a holder may take a certificate elsewhere.
pub fn downloads(lang: Lang, number: &str) -> Markup {
    let path = |ending: &str| format!("/certificates/{number}/badge.{ending}");
    card(
        &t!(lang, "电子凭证（Open Badges 3.0）", "Electronic credential (Open Badges 3.0)"),
        html! {
            p.text-secondary { (t!(lang, "带颁发机构签名，任何人都可以不经过本系统独立验证；内容与纸质证书相同。", "Signed by the issuer: anybody can verify it without this system. It says what the paper says.")) }
            div.btn-list {
                a.btn href=(path("json")) { (icon("download")) (t!(lang, "凭证（JSON）", "Credential (JSON)")) }
                a.btn href=(path("jwt")) { (icon("download")) (t!(lang, "凭证（JWT）", "Credential (JWT)")) }
                a.btn href=(path("svg")) { (icon("award")) (t!(lang, "徽章图片（SVG）", "Badge picture (SVG)")) }
            }
        },
    )
}

/// The same for whoever checks with number and code.
pub fn downloads_by_code(lang: Lang, number: &str, code: &str) -> Markup {
    let pairs = [("number", number), ("code", code)];
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    html! {
        div.btn-list.mt-3 {
            a.btn.btn-sm rel="nofollow" href={ "/check/badge.json?" (query) } { (icon("download")) (t!(lang, "电子凭证（JSON）", "Credential (JSON)")) }
            a.btn.btn-sm rel="nofollow" href={ "/check/badge.jwt?" (query) } { (icon("download")) (t!(lang, "电子凭证（JWT）", "Credential (JWT)")) }
        }
    }
}
