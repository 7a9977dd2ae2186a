//! The editor's form: texts, and pictures where some were chosen.

use std::collections::HashMap;

use actix_multipart::Multipart;
use actix_web::{FromRequest, HttpRequest, dev::Payload};
use futures_util::{
    TryStreamExt,
    future::{FutureExt, LocalBoxFuture},
};

use super::template::{Body, MOST_SIGNATURES};
use crate::{
    i18n::Text,
    text,
    web::{Error, Result},
};

/// Bytes in one picture at most.
pub const MOST: usize = 1 << 20;
/// Bytes in all texts together at most.
const MOST_WORDS: usize = 64 * 1024;

/// What came in.
#[derive(Clone, Debug, Default)]
pub struct Filled {
    pub words: HashMap<String, String>,
    /// By field: name and bytes.
    pub files: HashMap<String, (String, Vec<u8>)>,
}

impl FromRequest for Filled {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Filled>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        Multipart::from_request(request, payload)
            .then(|form| async { receive(form.map_err(malformed)?).await })
            .boxed_local()
    }
}

async fn receive(mut form: Multipart) -> Result<Filled> {
    let (mut filled, mut room) = (Filled::default(), MOST_WORDS);
    while let Some(mut field) = form.try_next().await.map_err(malformed)? {
        let name = field.name().unwrap_or_default().to_owned();
        let given = field.content_disposition().and_then(|d| d.get_filename()).map(str::to_owned);
        let most = if given.is_some() { MOST + 1 } else { room };
        let mut bytes = Vec::new();
        while let Some(chunk) = field.try_next().await.map_err(malformed)? {
            // One byte too many of a picture is kept, so that it is seen; the rest is let go by.
            let kept = chunk.len().min(most.saturating_sub(bytes.len()));
            if kept < chunk.len() && given.is_none() {
                return Err(malformed("too many words"));
            }
            bytes.extend_from_slice(&chunk[..kept]);
        }
        match given {
            Some(given) if !bytes.is_empty() => {
                let given: String = given.chars().take(120).collect();
                filled.files.insert(name, (given, bytes));
            }
            Some(_) => {}
            None => {
                room = room.saturating_sub(bytes.len() + name.len());
                filled.words.insert(name, String::from_utf8_lossy(&bytes).into_owned());
            }
        }
    }
    Ok(filled)
}

fn malformed(error: impl std::fmt::Display) -> Error {
    tracing::debug!(%error, "a form was not understood");
    Error::Invalid(text!(
        "表单内容不完整或过长。请返回上一页重新填写。",
        "The form is incomplete or too long. Go back and fill it in again."
    ))
}

impl Filled {
    pub fn word(&self, name: &str) -> &str {
        self.words.get(name).map_or("", String::as_str).trim()
    }

    fn text(&self, name: &str) -> Text {
        let words = |tongue| self.word(&format!("{name}_{tongue}")).replace('\r', "");
        Text::new(words("zh"), words("en"))
    }

    /// What was asked for: the texts of the form; pictures stay unless they are to go.
    pub fn body(&self, before: &Body) -> Body {
        let signatures = (1..=MOST_SIGNATURES).map(|at| self.text(&format!("signature_{at}")));
        let stays = |name: &str| self.word(&format!("{name}_gone")).is_empty();
        Body {
            name: self.text("name"),
            heading: self.text("heading"),
            statement: self.text("statement"),
            closing: self.text("closing"),
            accent: self.word("accent").to_lowercase(),
            landscape: self.word("orientation") != "portrait",
            bilingual: self.word("languages") != "one",
            signatures: signatures.filter(|text| !text.is_blank()).collect(),
            logo: before.logo.clone().filter(|_| stays("logo")),
            seal: before.seal.clone().filter(|_| stays("seal")),
        }
    }
}
