//! What every page and every answer is made of: the shell, components, forms, errors, assets.
//!
//! Invariant: this module knows nothing of workshops. What stands in the navigation and who the
//! reader is arrive as plain values.

pub mod address;
pub mod assets;
pub mod clock;
pub mod components;
pub mod errors;
pub mod forms;
pub mod markdown;
pub mod middleware;
pub mod reader;
pub mod shell;
pub mod waiting;

pub use clock::{Clock, Now, Today};
pub use errors::{Error, Result};
pub use forms::{Form, Problems};
pub use reader::Reader;
pub use shell::{Crumb, NavItem, Shell};

use actix_web::{HttpResponse, http::header};

/// "See other": what a form answers when it has done its work.
pub fn redirect(to: impl AsRef<str>) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((header::LOCATION, to.as_ref())).finish()
}

/// A page as an answer.
pub fn html(page: maud::Markup) -> HttpResponse {
    HttpResponse::Ok().content_type("text/html; charset=utf-8").body(page.into_string())
}

/// A file to save, under a name safe for any system.
pub fn download(name: &str, media_type: &str, bytes: Vec<u8>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(media_type)
        .insert_header((
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{}\"", name.replace(['"', '\\', '\r', '\n'], "")),
        ))
        .body(bytes)
}
