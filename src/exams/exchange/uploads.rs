//! Uploaded files between their preview and their being carried out.

use std::{
    io::Write,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use actix_multipart::Multipart;
use futures_util::TryStreamExt;
use tempfile::{NamedTempFile, TempDir};

use super::{MOST_BYTES, Source, too_large};
use crate::{
    db::Instant,
    text,
    web::{Error, Result},
};

/// How long an upload waits for somebody to carry it out.
const LASTS_SECONDS: i64 = 24 * 3600;

/// A folder only this process can read.
static STORE: LazyLock<std::io::Result<TempDir>> =
    LazyLock::new(|| tempfile::Builder::new().prefix("shifu-questions-").tempdir());

fn store() -> Result<&'static Path> {
    match &*STORE {
        Ok(folder) => Ok(folder.path()),
        Err(error) => Err(Error::Internal(format!("no folder for uploads: {error}"))),
    }
}

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
    sweep(now)?;
    let mut file = NamedTempFile::new_in(store()?).map_err(internal)?;
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
    let (digest, _) = keep(file, upload.name.clone()).await?;
    upload.digest = digest;
    Ok(upload)
}

async fn keep(file: NamedTempFile, name: String) -> Result<(String, PathBuf)> {
    let looked = actix_web::web::block(move || {
        // What it is, is only told here; which format it is read in is chosen in the preview.
        let format = Some(super::Format::Gift);
        let source = Source::open(file.path(), &name, format)
            .map_err(|refusal| Error::Refused(refusal.0))?;
        let place = store()?.join(&source.digest);
        file.persist(&place).map_err(internal)?;
        Ok((source.digest, place))
    });
    looked.await.map_err(internal)?
}

/// Where an upload is kept, if it still is.
pub fn find(digest: &str) -> Result<PathBuf> {
    let is_digest = digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
    let place = store()?.join(if is_digest { digest } else { "none" });
    if place.is_file() {
        return Ok(place);
    }
    Err(Error::Refused(text!(
        "上传的文件已过期，请重新上传。",
        "The uploaded file is no longer kept. Upload it again."
    )))
}

/// Files nobody asked for in a day go; others may still preview the same file.
fn sweep(now: Instant) -> Result<()> {
    for entry in std::fs::read_dir(store()?).map_err(internal)?.flatten() {
        let written = entry.metadata().and_then(|data| data.modified());
        let written = written.map(|at| Instant::from(chrono::DateTime::<chrono::Utc>::from(at)));
        if written.is_ok_and(|at| now.seconds_since(at) > LASTS_SECONDS) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
    Ok(())
}

fn malformed(error: impl std::fmt::Display) -> Error {
    tracing::debug!(%error, "an upload was not understood");
    Error::Invalid(text!(
        "上传不完整。请重新选择文件。",
        "The upload is incomplete. Choose the file again."
    ))
}
