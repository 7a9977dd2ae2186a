//! The pages of access.

use maud::{Markup, html};

use super::{Grant, Role, Viewer, audit, handlers::FirstAdministrator};
use crate::{
    db::Instant,
    i18n,
    staff::{Person, Site},
    t,
    web::{
        Crumb, Problems, Reader, Shell,
        components::{
            Tone, alert, button_form, card, card_with, empty, heading, icon, pager, table,
        },
        forms::{Field, new_key},
    },
};

/// A narrow page for those who are not signed in.
fn front(reader: &Reader, title: &str, body: Markup) -> Markup {
    let shell = Shell { reader: reader.clone(), nav: Vec::new(), who: None, unread: 0 };
    shell.page(
        title,
        &[],
        None,
        html! {
            div.container-tight.py-3 { section.card { div.card-body {
                h1.h2.mb-3 { (title) }
                (body)
            } } }
        },
    )
}

pub fn sign_in(reader: &Reader, who: &str, next: &str, mistake: Option<&str>) -> Markup {
    let lang = reader.lang;
    let none = Problems::default();
    front(
        reader,
        &t!(lang, "登录", "Sign in"),
        html! {
            @if let Some(mistake) = mistake { (alert(Tone::Bad, mistake)) }
            form method="post" action="/sign-in" {
                input type="hidden" name="next" value=(next);
                (Field::new("who", t!(lang, "工号或邮箱", "Staff number or e-mail"), who)
                    .required().autocomplete("username").input(lang, &none))
                (Field::new("password", t!(lang, "密码", "Password"), "")
                    .kind("password").required().autocomplete("current-password").input(lang, &none))
                button.btn.btn-primary.w-100 type="submit" { (t!(lang, "登录", "Sign in")) }
            }
            p.mt-3.mb-0 { a href="/forgotten" { (t!(lang, "忘记密码？", "Forgotten your password?")) } }
        },
    )
}

pub fn forgotten(reader: &Reader, asked: bool) -> Markup {
    let lang = reader.lang;
    front(
        reader,
        &t!(lang, "重设密码", "Reset your password"),
        html! {
            @if asked {
                (alert(Tone::Good, t!(lang,
                    "如果有这个账户并登记了邮箱，重设链接已经发出，2 小时内有效。没有邮箱请联系管理员。",
                    "If there is such an account with an e-mail address, a link is on its way; it works for 2 hours. Without an address, ask an administrator.")))
                a.btn href="/sign-in" { (t!(lang, "返回登录", "Back to sign-in")) }
            } @else {
                form method="post" action="/forgotten" {
                    (Field::new("who", t!(lang, "工号或邮箱", "Staff number or e-mail"), "")
                        .required().autocomplete("username").input(lang, &Problems::default()))
                    button.btn.btn-primary.w-100 type="submit" { (t!(lang, "发送重设链接", "Send me a link")) }
                }
            }
        },
    )
}

pub fn link_used_up(reader: &Reader) -> Markup {
    let lang = reader.lang;
    front(
        reader,
        &t!(lang, "链接已失效", "This link has run out"),
        html! {
            p { (t!(lang,
                "这个链接已经用过或过期。需要的话请重新申请。",
                "It has been used or is too old. Ask for a new one if you need it.")) }
            a.btn.btn-primary href="/forgotten" { (t!(lang, "重新申请", "Ask for a new link")) }
        },
    )
}

fn new_password(reader: &Reader, problems: &Problems) -> Markup {
    let lang = reader.lang;
    Field::new("password", t!(lang, "新密码", "New password"), "")
        .kind("password")
        .required()
        .autocomplete("new-password")
        .hint(t!(
            lang,
            "至少 10 个字符，可以是一句话。",
            "At least 10 characters; a sentence is fine."
        ))
        .input(lang, problems)
}

pub fn set_password(reader: &Reader, token: &str, problems: &Problems) -> Markup {
    let lang = reader.lang;
    front(
        reader,
        &t!(lang, "设置密码", "Set your password"),
        html! {
            form method="post" action={ "/links/" (token) } {
                (new_password(reader, problems))
                button.btn.btn-primary.w-100 type="submit" { (t!(lang, "保存并登录", "Save and sign in")) }
            }
        },
    )
}

pub fn first_administrator(
    reader: &Reader,
    token: &str,
    form: &FirstAdministrator,
    problems: &Problems,
) -> Markup {
    let lang = reader.lang;
    front(
        reader,
        &t!(lang, "第一位管理员", "The first administrator"),
        html! {
            p.text-secondary { (t!(lang,
                "欢迎使用 shifu。请填写集团名称和您自己的资料；之后可以导入站点和人员。",
                "Welcome to shifu. Name your group and yourself; then import your sites and people.")) }
            form method="post" action={ "/links/" (token) } {
                (Field::new("group", t!(lang, "集团或企业名称", "Name of the group or company"), &form.group)
                    .required().autocomplete("organization").input(lang, problems))
                (Field::new("staff_no", t!(lang, "您的工号", "Your staff number"), &form.staff_no)
                    .required().autocomplete("username").input(lang, problems))
                (Field::new("name", t!(lang, "姓名", "Name"), &form.name)
                    .required().autocomplete("name").input(lang, problems))
                (Field::new("email", t!(lang, "邮箱", "E-mail"), &form.email)
                    .kind("email").autocomplete("email").input(lang, problems))
                (new_password(reader, problems))
                button.btn.btn-primary.w-100 type="submit" { (t!(lang, "开始使用", "Start")) }
            }
        },
    )
}

pub fn account(
    viewer: &Viewer,
    sessions: &[(String, String, Instant, Instant)],
    problems: &Problems,
    changed: bool,
) -> Markup {
    let lang = viewer.lang();
    let title = t!(lang, "账户与安全", "Account and security");
    let headers = [
        t!(lang, "设备", "Device"),
        t!(lang, "地址", "Address"),
        t!(lang, "登录于", "Since"),
        t!(lang, "最近使用", "Last seen"),
    ];
    let rows = sessions.iter().map(|(address, device, since, seen)| {
        vec![
            html! { (device_name(device)) },
            html! { (address) },
            html! { (i18n::instant(lang, since.utc(), viewer.zone)) },
            html! { (i18n::instant(lang, seen.utc(), viewer.zone)) },
        ]
    });
    viewer.page(&title, &[], html! {
        (heading(&title, &viewer.staff_no, html! {}))
        @if changed { (alert(Tone::Good, t!(lang, "密码已修改。", "Your password was changed."))) }
        (card(&t!(lang, "修改密码", "Change your password"), html! {
            form method="post" action="/account/password" {
                (Field::new("old", t!(lang, "原密码", "Present password"), "")
                    .kind("password").required().autocomplete("current-password").input(lang, problems))
                (new_password(&viewer.reader, problems))
                button.btn.btn-primary type="submit" { (t!(lang, "修改", "Change")) }
            }
        }))
        (card(&t!(lang, "我的日历", "My calendar"), html! {
            p { (t!(lang, "在手机日历里看到证书到期、考试和课程截止日。", "See certificates that end, sittings and due days in the calendar of your phone.")) }
            a.btn href="/calendar" { (icon("calendar")) (t!(lang, "设置日历", "Set it up")) }
        }))
        (card_with(&t!(lang, "已登录的设备", "Where you are signed in"), html! {
            form method="post" action="/account/sign-out-everywhere" {
                button.btn.btn-outline-danger type="submit" { (icon("logout")) (t!(lang, "全部退出", "Sign out everywhere")) }
            }
        }, table(&headers, rows)))
    })
}

/// A browser's name for people: the long user-agent text tells them nothing.
fn device_name(agent: &str) -> String {
    let system = ["Android", "iPhone", "iPad", "Windows", "Mac OS", "Linux"]
        .into_iter()
        .find(|name| agent.contains(name));
    let browser = [
        ("Edg/", "Edge"),
        ("Firefox/", "Firefox"),
        ("MicroMessenger", "WeChat"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ]
    .into_iter()
    .find(|(mark, _)| agent.contains(mark))
    .map(|(_, name)| name);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser}, {system}"),
        _ => agent.chars().take(40).collect(),
    }
}

fn administration(lang: i18n::Lang) -> Vec<Crumb> {
    vec![Crumb::new("/admin", t!(lang, "管理", "Administration"))]
}

pub fn roles(
    viewer: &Viewer,
    grants: &[(Grant, Person, Site)],
    sites: &[Site],
    problem: Option<&str>,
) -> Markup {
    let lang = viewer.lang();
    let title = t!(lang, "角色与权限", "Roles");
    viewer.page(&title, &administration(lang), html! {
        (heading(&title, t!(lang, "谁在哪一部分组织里可以做什么。", "Who may do what, for which part of the group."), html! {}))
        @if let Some(problem) = problem { (alert(Tone::Bad, problem)) }
        div.row {
            div."col-lg-8" { (grants_table(viewer, grants)) }
            div."col-lg-4" { (grant_form(lang, sites)) (invite_form(lang)) }
        }
    })
}

fn grants_table(viewer: &Viewer, grants: &[(Grant, Person, Site)]) -> Markup {
    let lang = viewer.lang();
    let headers = [
        t!(lang, "人员", "Person"),
        t!(lang, "角色", "Role"),
        t!(lang, "范围", "Reach"),
        t!(lang, "自", "Since"),
        String::new(),
    ];
    let rows = grants.iter().map(|(grant, person, site)| {
        vec![
            html! { (person.title(lang)) div.text-secondary.small { (person.staff_no) } },
            html! { (grant.role.title().get(lang)) },
            html! { (site.title(lang)) },
            html! { (i18n::date(lang, grant.starts_on)) },
            button_form(
                &format!("/admin/roles/{}/end", grant.id),
                &new_key(),
                "btn-sm",
                html! { (t!(lang, "收回", "Take away")) },
            ),
        ]
    });
    card_with(
        "",
        html! {},
        html! {
            @if grants.is_empty() {
                (empty("users", &t!(lang, "还没有授权", "No roles yet"), t!(lang, "在右侧给第一个人授权。", "Give the first one on the right.")))
            } @else { (table(&headers, rows)) }
        },
    )
}

fn grant_form(lang: i18n::Lang, sites: &[Site]) -> Markup {
    let none = Problems::default();
    let roles =
        Role::ALL.iter().map(|role| (role.word().to_owned(), role.title().get(lang).to_owned()));
    let places = sites.iter().map(|site| {
        (site.id.to_string(), format!("{}{}", "　".repeat(site.depth()), site.title(lang)))
    });
    card(
        &t!(lang, "授权", "Give a role"),
        html! {
            form method="post" action="/admin/roles" {
                input type="hidden" name="form_key" value=(new_key());
                (Field::new("staff_no", t!(lang, "工号", "Staff number"), "").required().input(lang, &none))
                (Field::new("role", t!(lang, "角色", "Role"), "").select(lang, &none, roles))
                (Field::new("site", t!(lang, "范围（及其下级）", "Reach (and all below)"), "").select(lang, &none, places))
                button.btn.btn-primary type="submit" { (t!(lang, "授权", "Give")) }
            }
        },
    )
}

fn invite_form(lang: i18n::Lang) -> Markup {
    card(
        &t!(lang, "邀请登录", "Invite to sign in"),
        html! {
            form method="post" action="/admin/invitations" {
                input type="hidden" name="form_key" value=(new_key());
                (Field { name: "staff_no", ..Field::new("staff_no", t!(lang, "工号", "Staff number"), "") }
                    .required()
                    .hint(t!(lang, "发送设置密码的链接到其邮箱。", "Mails a link to set a password."))
                    .input(lang, &Problems::default()))
                button.btn type="submit" { (icon("mail")) (t!(lang, "发送邀请", "Send the invitation")) }
            }
        },
    )
}

pub fn audit(
    viewer: &Viewer,
    lines: &[audit::Line],
    word: &str,
    page: usize,
    has_more: bool,
) -> Markup {
    let lang = viewer.lang();
    let title = t!(lang, "操作记录", "Audit trail");
    let headers = [
        t!(lang, "时间", "When"),
        t!(lang, "何人", "Who"),
        t!(lang, "操作", "Did what"),
        t!(lang, "对象", "To what"),
        t!(lang, "详情", "Detail"),
    ];
    let rows = lines.iter().map(|line| {
        let subject = line
            .subject_id
            .map_or(line.subject_kind.clone(), |id| format!("{} {id}", line.subject_kind));
        vec![
            html! { (i18n::instant(lang, line.at.utc(), viewer.zone)) },
            html! { (line.by.as_deref().unwrap_or("shifu")) },
            html! { (line.act) },
            html! { (subject) },
            html! { code.text-break { (line.detail) } },
        ]
    });
    viewer.page(&title, &administration(lang), html! {
        (heading(&title, t!(lang, "谁在何时改了什么；只增不改。", "Who changed what and when; lines are only ever added."), html! {}))
        (card_with("", html! {
            form.d-flex.gap-2 method="get" {
                input.form-control name="q" value=(word) placeholder=(t!(lang, "操作、工号或内容", "Act, staff number or detail")) aria-label=(t!(lang, "筛选", "Filter"));
                button.btn type="submit" { (icon("search")) (t!(lang, "筛选", "Filter")) }
            }
        }, html! {
            @if lines.is_empty() { (empty("history", &t!(lang, "没有符合的记录", "Nothing found"), t!(lang, "换一个筛选词试试。", "Try another word."))) }
            @else { (table(&headers, rows)) (pager(lang, page, has_more, &[("q", word)])) }
        }))
    })
}
