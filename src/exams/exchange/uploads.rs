//! Uploaded files between their preview and their being carried out.

use std::{io::Write, path::PathBuf, sync::LazyLock};

use actix_multipart::Multipart;
use futures_util::TryStreamExt;
use tempfile::NamedTempFile;

use super::{MOST_BYTES, Source, too_large};
use crate::{
    db::Instant,
    text,
    web::{Error, Result, waiting::Waiting},
};

static WAITING: LazyLock<Waiting> = LazyLock::new(|| Waiting::new("shifu-questions-"));

fn internal(error: impl std::fmt::Display) -> Error {
    Error::Internal(error.to_string())
}

/// What was uploaded, and what was said about it.
#[derive(Default)]
pub struct Upload {
    pub name: String,
    pub digest: String,
    pub format: String,
    pub lang: String,
}

/// Takes a form with a file; the file is kept under its digest.
pub async fn receive(mut form: Multipart, now: Instant) -> Result<Upload> {
    let mut file = WAITING.begin(now)?;
    let (mut upload, mut length) = (Upload::default(), 0);
    while let Some(mut field) = form.try_next().await.map_err(malformed)? {
        let of = field.name().unwrap_or_default().to_owned();
        let given = field.content_disposition().and_then(|given| given.get_filename());
        if let Some(given) = given.filter(|_| of == "file") {
            upload.name = given.chars().take(120).collect();
        }
        while let Some(chunk) = field.try_next().await.map_err(malformed)? {
            length += chunk.len() as u64;
            if length > MOST_BYTES {
                return Err(Error::Refused(too_large().0));
            }
            match of.as_str() {
                "file" => file.write_all(&chunk).map_err(internal)?,
                "format" => upload.format.push_str(&String::from_utf8_lossy(&chunk)),
                "lang" => upload.lang.push_str(&String::from_utf8_lossy(&chunk)),
                _ => {}
            }
        }
    }
    if upload.name.is_empty() {
        return Err(malformed("no file"));
    }
    upload.digest = keep(file, upload.name.clone()).await?;
    Ok(upload)
}

async fn keep(file: NamedTempFile, name: String) -> Result<String> {
    let looked = actix_web::web::block(move || {
        // What it is, is only told here; which format it is read in is chosen in the preview.
        let format = Some(super::Format::Gift);
        let source = Source::open(file.path(), &name, format)
            .map_err(|refusal| Error::Refused(refusal.0))?;
        WAITING.keep(file, &source.digest)?;
        Ok(source.digest)
    });
    looked.await.map_err(internal)?
}

/// Where an upload is kept, if it still is.
pub fn find(digest: &str) -> Result<PathBuf> {
    WAITING.find(digest)
}

fn malformed(error: impl std::fmt::Display) -> Error {
    tracing::debug!(%error, "an upload was not understood");
    Error::Invalid(text!(
        "上传不完整。请重新选择文件。",
        "The upload is incomplete. Choose the file again."
    ))
}
