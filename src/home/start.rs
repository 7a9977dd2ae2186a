//! What should I do today? One page, made of the parts that concern the viewer.

use actix_web::HttpResponse;
use maud::html;

use crate::{
    access::Viewer,
    i18n, t,
    web::{components::heading, html},
};

pub async fn page(viewer: Viewer) -> HttpResponse {
    let lang = viewer.lang();
    let title = t!(lang, "今天", "Today");
    html(viewer.page(&title, &[], html! {
        (heading(&t!(lang, "{}，您好", "Hello, {}", viewer.name), i18n::date(lang, viewer.today), html! {}))
    }))
}
