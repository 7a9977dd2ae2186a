//! Uploaded files between their preview and their being carried out.

use std::{io::Write, path::PathBuf, sync::LazyLock};

use actix_multipart::Multipart;
use futures_util::TryStreamExt;
use tempfile::NamedTempFile;

use crate::{
    db::Instant,
    staff::import::{ImportKind, Table, Unreadable},
    text,
    web::{Error, Result, waiting::Waiting},
};

/// Bytes in one upload at most.
const MOST: usize = 50 << 20;
static WAITING: LazyLock<Waiting> = LazyLock::new(|| Waiting::new("shifu-imports-"));

fn internal(error: impl std::fmt::Display) -> Error {
    Error::Internal(error.to_string())
}

/// What was uploaded.
pub struct Upload {
    pub kind: ImportKind,
    pub name: String,
    pub digest: String,
}

/// Takes a form with a kind and a file; the file is kept under its digest.
pub async fn receive(mut form: Multipart, now: Instant) -> Result<Upload> {
    let mut file = WAITING.begin(now)?;
    let (mut kind, mut name, mut length) = (String::new(), String::new(), 0);
    while let Some(mut field) = form.try_next().await.map_err(malformed)? {
        let of = field.name().unwrap_or_default().to_owned();
        if let (true, Some(given)) =
            (of == "file", field.content_disposition().and_then(|d| d.get_filename()))
        {
            name = given.chars().take(120).collect();
        }
        while let Some(chunk) = field.try_next().await.map_err(malformed)? {
            length += chunk.len();
            if length > MOST {
                return Err(too_large());
            }
            match of.as_str() {
                "file" => file.write_all(&chunk).map_err(internal)?,
                "kind" => kind.push_str(&String::from_utf8_lossy(&chunk)),
                _ => {}
            }
        }
    }
    let kind = ImportKind::parse(&kind).ok_or_else(|| malformed("no kind"))?;
    let digest = keep(file).await?;
    Ok(Upload { kind, name, digest })
}

async fn keep(file: NamedTempFile) -> Result<String> {
    let looked = actix_web::web::block(move || {
        let Unreadable(problem) = match Table::open(file.path()) {
            Ok(table) => {
                WAITING.keep(file, &table.digest)?;
                return Ok(table.digest);
            }
            Err(problem) => problem,
        };
        Err(Error::Refused(problem))
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
        "上传不完整。请重新选择文件和类型。",
        "The upload is incomplete. Choose the kind and the file again."
    ))
}

fn too_large() -> Error {
    Error::Refused(text!(
        "文件超过 50 MB。请拆分后上传，或在服务器上用 shifu import 导入。",
        "The file is larger than 50 MB. Split it, or use shifu import on the server."
    ))
}
