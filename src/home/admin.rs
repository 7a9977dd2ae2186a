//! The administrator's way to everything that keeps the installation going.

use actix_web::{HttpResponse, web};
use maud::html;

use crate::{
    access::{Acting, Administrator},
    db::Db,
    reminders::{self, board::pages::heartbeat},
    t,
    web::{
        Result,
        components::{card, heading, icon},
        html,
    },
};

/// What is there for administrators of the whole group only.
const FOR_ALL: [&str; 2] = ["/admin/mail", "/admin/audit"];

pub async fn page(db: web::Data<Db>, admin: Acting<Administrator>) -> Result<HttpResponse> {
    let acting = admin.clone();
    let (last_run, all) = db
        .read(move |conn| -> Result<_> {
            Ok((reminders::queries::last_run(conn)?, acting.reaches_all(conn)?))
        })
        .await?;
    let lang = admin.lang();
    let title = t!(lang, "管理", "Administration");
    let entries = [
        (
            "/admin/imports",
            "upload",
            t!(lang, "导入", "Imports"),
            t!(
                lang,
                "站点、人员和历史记录，先预览再执行。",
                "Sites, people and history, with a preview first."
            ),
        ),
        (
            "/sites",
            "hierarchy",
            t!(lang, "组织与站点", "Sites"),
            t!(lang, "集团的组织树和在岗人数。", "The tree of the group and who works where."),
        ),
        (
            "/admin/roles",
            "shield-check",
            t!(lang, "角色与权限", "Roles"),
            t!(lang, "谁在哪里可以做什么；邀请登录。", "Who may do what where; invitations."),
        ),
        (
            "/admin/reminders",
            "bell",
            t!(lang, "提醒", "Reminders"),
            t!(
                lang,
                "上次运行、未来两周将发什么给谁。",
                "When they last ran, and what goes to whom in the next two weeks."
            ),
        ),
        (
            "/admin/mail",
            "mail",
            t!(lang, "邮件", "Mail"),
            t!(lang, "待发、已发和失败的邮件。", "Waiting, sent and given up."),
        ),
        (
            "/admin/tokens",
            "shield-lock",
            t!(lang, "接口令牌", "API tokens"),
            t!(
                lang,
                "其他系统凭令牌读取证书状态。",
                "With these other systems read how certificates stand."
            ),
        ),
        (
            "/admin/audit",
            "history",
            t!(lang, "操作记录", "Audit trail"),
            t!(lang, "谁在何时改了什么。", "Who changed what and when."),
        ),
    ];
    Ok(html(admin.page(
        &title,
        &[],
        html! {
            (heading(&title, "", html! {}))
            (card(&t!(lang, "后台最近一次运行", "The background's last run"), heartbeat(&admin, &last_run)))
            div.row.row-cards {
                @for (href, glyph, label, hint) in entries.into_iter().filter(|entry| all || !FOR_ALL.contains(&entry.0)) {
                    div."col-sm-6"."col-lg-4" {
                        a.card.card-link.h-100 href=(href) { div.card-body {
                            h2.card-title.d-flex.gap-2.align-items-center { (icon(glyph)) (label) }
                            p.text-secondary.mb-0 { (hint) }
                        } }
                    }
                }
            }
        },
    )))
}
