//! Uploaded files that wait for somebody to look at what they would do.

use std::path::{Path, PathBuf};

use tempfile::{NamedTempFile, TempDir};

use super::{Error, Result};
use crate::{db::Instant, text};

/// How long an upload waits for somebody to carry it out.
const LASTS_SECONDS: i64 = 24 * 3600;

/// A folder only this process can read; each file stands in it under its digest.
pub struct Waiting(std::io::Result<TempDir>);

impl Waiting {
    pub fn new(prefix: &str) -> Waiting {
        Waiting(tempfile::Builder::new().prefix(prefix).tempdir())
    }

    fn folder(&self) -> Result<&Path> {
        match &self.0 {
            Ok(folder) => Ok(folder.path()),
            Err(error) => Err(Error::Internal(format!("no folder for uploads: {error}"))),
        }
    }

    /// A file to be written, on the way to being kept.
    pub fn begin(&self, now: Instant) -> Result<NamedTempFile> {
        self.sweep(now)?;
        NamedTempFile::new_in(self.folder()?).map_err(internal)
    }

    /// Keeps a file under its digest.
    pub fn keep(&self, file: NamedTempFile, digest: &str) -> Result<()> {
        file.persist(self.folder()?.join(digest)).map(drop).map_err(internal)
    }

    /// Where an upload is kept, if it still is.
    pub fn find(&self, digest: &str) -> Result<PathBuf> {
        let is_digest = digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
        let place = self.folder()?.join(if is_digest { digest } else { "none" });
        if place.is_file() {
            return Ok(place);
        }
        Err(Error::Refused(text!(
            "上传的文件已过期，请重新上传。",
            "The uploaded file is no longer kept. Upload it again."
        )))
    }

    /// Files nobody asked for in a day go; others may still preview the same file.
    fn sweep(&self, now: Instant) -> Result<()> {
        for entry in std::fs::read_dir(self.folder()?).map_err(internal)?.flatten() {
            let written = entry.metadata().and_then(|data| data.modified());
            let written =
                written.map(|at| Instant::from(chrono::DateTime::<chrono::Utc>::from(at)));
            if written.is_ok_and(|at| now.seconds_since(at) > LASTS_SECONDS) {
                let _ = std::fs::remove_file(entry.path());
            }
        }
        Ok(())
    }
}

fn internal(error: impl std::fmt::Display) -> Error {
    Error::Internal(error.to_string())
}
