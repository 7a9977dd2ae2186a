//! How the person in front of the browser wants pages, before we know who they are.

use std::{
    convert::Infallible,
    future::{Ready, ready},
};

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header};

use crate::i18n::Lang;

pub const LANG_COOKIE: &str = "lang";
pub const THEME_COOKIE: &str = "theme";

/// Light, dark, or whatever the reader's system says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    #[default]
    System,
    Light,
    Dark,
}

impl Theme {
    pub fn word(self) -> &'static str {
        match self {
            Theme::System => "system",
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }

    pub fn parse(word: &str) -> Theme {
        match word {
            "light" => Theme::Light,
            "dark" => Theme::Dark,
            _ => Theme::System,
        }
    }
}

/// Language and theme: from the cookies the reader set, else from what the browser prefers.
#[derive(Clone, Debug)]
pub struct Reader {
    pub lang: Lang,
    pub theme: Theme,
    /// Where they are, so that a switch of language or theme leads back here.
    pub here: String,
}

impl Reader {
    pub fn of(request: &HttpRequest) -> Reader {
        let cookie = |name| request.cookie(name).map(|cookie| cookie.value().to_owned());
        let accepted = || {
            let header = request.headers().get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
            Lang::from_accept_language(header)
        };
        let lang = cookie(LANG_COOKIE).and_then(|tag| Lang::parse(&tag)).or_else(accepted);
        Reader {
            lang: lang.unwrap_or_default(),
            theme: cookie(THEME_COOKIE).map(|word| Theme::parse(&word)).unwrap_or_default(),
            here: request.uri().to_string(),
        }
    }
}

impl FromRequest for Reader {
    type Error = Infallible;
    type Future = Ready<Result<Reader, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Reader::of(request)))
    }
}
