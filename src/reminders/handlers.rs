//! The reminders, for administrators.

use actix_web::{HttpResponse, web};

use super::{pages, planner, queries};
use crate::{
    access::{Acting, Administrator},
    db::Db,
    mail::MailDelivery,
    web::{Result, html},
};

pub async fn reminders(
    db: web::Data<Db>,
    rules: crate::record::Rules,
    delivery: web::Data<MailDelivery>,
    admin: Acting<Administrator>,
) -> Result<HttpResponse> {
    let now = admin.now;
    let (last_run, forecast, past) = db
        .read(move |conn| -> Result<_> {
            let forecast = planner::due(conn, planner::When::now(now), 14)?;
            Ok((queries::last_run(conn)?, forecast, queries::latest(conn, 50)?))
        })
        .await?;
    Ok(html(pages::reminders(&admin, &rules, **delivery, &last_run, &forecast, &past)))
}
