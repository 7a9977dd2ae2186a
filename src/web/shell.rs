//! The page around every page: head, navigation, the reader's switches, and the plain error page.

use actix_web::http::StatusCode;
use maud::{DOCTYPE, Markup, html};

use super::{
    assets,
    components::icon,
    reader::{Reader, Theme},
};
use crate::{
    i18n::{Lang, Text},
    t,
};

/// An entry of the main navigation.
pub struct NavItem {
    pub href: &'static str,
    pub icon: &'static str,
    pub label: String,
}

/// A step on the way from the start page to this one.
pub struct Crumb {
    pub href: String,
    pub label: String,
}

impl Crumb {
    pub fn new(href: impl Into<String>, label: impl Into<String>) -> Crumb {
        Crumb { href: href.into(), label: label.into() }
    }
}

/// What the page around the content needs to know.
pub struct Shell {
    pub reader: Reader,
    pub nav: Vec<NavItem>,
    /// The signed-in person's name and what they are, if any.
    pub who: Option<(String, String)>,
    /// How many messages they have not read.
    pub unread: i64,
}

impl Shell {
    /// A whole document. `script` names a file of the assets this page also needs.
    pub fn page(
        &self,
        title: &str,
        crumbs: &[Crumb],
        script: Option<&str>,
        body: Markup,
    ) -> Markup {
        let lang = self.reader.lang;
        document(
            &self.reader,
            title,
            script,
            html! {
                a.skip-link href="#main" { (t!(lang, "跳到正文", "Skip to content")) }
                div.page {
                    (self.top_bar())
                    @if !self.nav.is_empty() { (self.navigation()) }
                    div.page-wrapper {
                        main #main .page-body tabindex="-1" {
                            div.container-xl {
                                @if !crumbs.is_empty() { (trail(lang, crumbs)) }
                                (body)
                            }
                        }
                        (footer(lang))
                    }
                }
            },
        )
    }

    fn top_bar(&self) -> Markup {
        let lang = self.reader.lang;
        html! {
            header.navbar.d-print-none {
                div.container-xl {
                    // On a phone the number of new messages takes the place of the name.
                    a.navbar-brand href="/" aria-label="shifu" {
                        span.shifu-seal aria-hidden="true" { "师" }
                        span.ms-2 .d-none[self.unread > 0] .d-sm-inline[self.unread > 0] { "shifu" }
                    }
                    div.navbar-nav.flex-row.ms-auto.align-items-center {
                        (switches(&self.reader))
                        @if self.who.is_some() { (bell(lang, self.unread)) }
                        @if let Some((name, role)) = &self.who { (account_menu(lang, name, role)) }
                    }
                }
            }
        }
    }

    fn navigation(&self) -> Markup {
        let path = self.reader.here.split('?').next().unwrap_or_default();
        // Of an entry and one below it, the one below is where the reader is.
        let hrefs = self.nav.iter().map(|item| item.href);
        let current = hrefs.filter(|href| is_here(href, path)).max_by_key(|href| href.len());
        html! {
            nav.shifu-nav.d-print-none aria-label=(t!(self.reader.lang, "主导航", "Main")) {
                div.container-xl {
                    ul {
                        @for item in &self.nav {
                            @let here = current == Some(item.href);
                            li { a href=(item.href) .active[here] aria-current=[here.then_some("page")] {
                                (icon(item.icon)) span { (item.label) }
                            } }
                        }
                    }
                }
            }
        }
    }
}

fn is_here(href: &str, path: &str) -> bool {
    path == href
        || (href != "/" && path.strip_prefix(href).is_some_and(|rest| rest.starts_with('/')))
}

fn trail(lang: Lang, crumbs: &[Crumb]) -> Markup {
    html! {
        nav.mb-2.d-print-none aria-label=(t!(lang, "位置", "You are here")) {
            ol.breadcrumb {
                @for crumb in crumbs {
                    li.breadcrumb-item { a href=(crumb.href) { (crumb.label) } }
                }
            }
        }
    }
}

/// Language and theme are plain forms: they work without script and lead back here.
fn switches(reader: &Reader) -> Markup {
    let lang = reader.lang;
    let other = if lang == Lang::Zh { Lang::En } else { Lang::Zh };
    let (theme, glyph, label) = match reader.theme {
        Theme::Dark => (Theme::Light, "sun", t!(lang, "浅色", "Light")),
        Theme::Light | Theme::System => (Theme::Dark, "moon", t!(lang, "深色", "Dark")),
    };
    html! {
        form.d-inline method="post" action="/reader" {
            input type="hidden" name="back" value=(reader.here);
            button.btn.btn-ghost-secondary.px-2 name="lang" value=(other.tag()) lang=(other.tag()) type="submit" {
                (icon("language")) span.ms-1 { (other.own_name()) }
            }
            button.btn.btn-ghost-secondary.px-2 name="theme" value=(theme.word()) type="submit" aria-label=(label) title=(label) {
                (icon(glyph))
            }
        }
    }
}

/// Leads to the messages; says how many are new.
fn bell(lang: Lang, unread: i64) -> Markup {
    let label = match unread {
        0 => t!(lang, "消息", "Messages"),
        _ => t!(lang, "消息，{unread} 条未读", "Messages, {unread} unread"),
    };
    html! {
        a.btn.btn-ghost-secondary.px-2 href="/notices" aria-label=(label) title=(label) {
            (icon("bell"))
            @if unread > 0 { span.badge.bg-danger.text-white.ms-1 aria-hidden="true" { (if unread > 99 { "99+".to_owned() } else { unread.to_string() }) } }
        }
    }
}

fn account_menu(lang: Lang, name: &str, role: &str) -> Markup {
    html! {
        details.shifu-menu {
            summary.nav-link {
                span.avatar.avatar-sm aria-hidden="true" { (name.chars().next().unwrap_or('·')) }
                span.d-none.d-sm-block.ps-2 {
                    span { (name) }
                    span.d-block.small.text-secondary { (role) }
                }
                span.visually-hidden { (t!(lang, "账户菜单", "Account menu")) }
            }
            div.shifu-menu-body.card {
                div.px-3.py-2.d-sm-none { strong { (name) } div.small.text-secondary { (role) } }
                a.dropdown-item href="/me" { (icon("id-badge-2")) (t!(lang, "我的档案", "My record")) }
                a.dropdown-item href="/account" { (icon("shield-lock")) (t!(lang, "账户与安全", "Account and security")) }
                form method="post" action="/sign-out" {
                    button.dropdown-item type="submit" { (icon("logout")) (t!(lang, "退出登录", "Sign out")) }
                }
            }
        }
    }
}

fn footer(lang: Lang) -> Markup {
    html! {
        footer.footer.footer-transparent.d-print-none {
            div.container-xl.small.text-secondary {
                "shifu " (env!("CARGO_PKG_VERSION")) " · "
                (t!(lang, "售后人员的培训、认证与成长", "Training, certification and careers in after-sales"))
            }
        }
    }
}

/// The bare document, also for pages that have no navigation (a printed certificate).
pub fn document(reader: &Reader, title: &str, script: Option<&str>, body: Markup) -> Markup {
    let theme = match reader.theme {
        Theme::System => None,
        chosen => Some(chosen.word()),
    };
    html! {
        (DOCTYPE)
        html lang=(reader.lang.tag()) data-bs-theme=[theme] {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · shifu" }
                link rel="icon" href=(assets::address("seal.svg")) type="image/svg+xml";
                link rel="stylesheet" href=(assets::address("tabler/tabler.min.css"));
                link rel="stylesheet" href=(assets::address("shifu.css"));
                // Before the body, so that a dark page never flashes white.
                @if theme.is_none() { script src=(assets::address("theme.js")) {} }
                script src=(assets::address("shifu.js")) defer {}
                @if let Some(script) = script { script src=(assets::address(script)) defer {} }
            }
            body { (body) }
        }
    }
}

/// A page with a way back, for whatever went wrong.
pub fn error_page(reader: &Reader, status: StatusCode, note: &Text) -> Markup {
    let lang = reader.lang;
    let title = match status {
        StatusCode::NOT_FOUND => t!(lang, "找不到页面", "Page not found"),
        StatusCode::FORBIDDEN => t!(lang, "没有权限", "Not allowed"),
        StatusCode::CONFLICT => t!(lang, "不能这样做", "This cannot be done"),
        StatusCode::TOO_MANY_REQUESTS => t!(lang, "请稍候", "Please wait"),
        status if status.is_server_error() => t!(lang, "系统出错", "Something went wrong"),
        _ => t!(lang, "请求有误", "The request was not understood"),
    };
    let shell = Shell { reader: reader.clone(), nav: Vec::new(), who: None, unread: 0 };
    shell.page(&title, &[], None, html! {
        div.empty {
            p.empty-header { (status.as_u16()) }
            h1.empty-title { (title) }
            p.empty-subtitle.text-secondary { (note.get(lang)) }
            div.empty-action {
                a.btn.btn-primary href="/" { (icon("arrow-left")) (t!(lang, "返回首页", "Back to the start page")) }
            }
        }
    })
}
