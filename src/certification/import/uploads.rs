//! Uploaded tables and scans between their preview and their being taken over.
//!
//! They wait together: a list of what belongs together is kept like the files it names, under its
//! own digest, and an address carries only that.

use std::{io::Write, path::PathBuf, sync::LazyLock};

use serde::{Deserialize, Serialize};

use crate::{
    certification::acts::{
        queries::{NewFile, hex_digest},
        uploads::{Filled, Sent, inspect, media_type},
    },
    db::{self, Instant},
    i18n::Text,
    staff::import::{Table, Unreadable},
    text,
    web::{Error, Result, waiting::Waiting},
};

static WAITING: LazyLock<Waiting> = LazyLock::new(|| Waiting::new("shifu-certificates-"));

/// A scan that waits beside its table.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Scan {
    pub name: String,
    digest: String,
    /// Why it cannot be taken, if so.
    pub refused: Option<Text>,
}

impl Scan {
    /// Names are compared as file systems of offices do: capitals do not count.
    pub fn is_called(&self, name: &str) -> bool {
        self.name.to_lowercase() == name.trim().to_lowercase()
    }

    /// The file itself.
    pub fn file(&self) -> std::result::Result<NewFile, db::Error> {
        let gone = |_| db::Error::Query(diesel::result::Error::NotFound);
        let place = WAITING.find(&self.digest).map_err(gone)?;
        let bytes = std::fs::read(place).map_err(|_| db::Error::Closed)?;
        let media_type = media_type(&bytes).unwrap_or("application/octet-stream");
        Ok(NewFile { name: self.name.clone(), media_type, bytes })
    }
}

/// A table and the scans beside it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Kept {
    pub name: String,
    table: String,
    pub scans: Vec<Scan>,
}

impl Kept {
    pub fn table(&self) -> Result<Table> {
        Table::open(&self.path()?).map_err(|Unreadable(text)| Error::Refused(text))
    }

    pub fn bytes(&self) -> Result<Vec<u8>> {
        std::fs::read(self.path()?).map_err(internal)
    }

    fn path(&self) -> Result<PathBuf> {
        WAITING.find(&self.table)
    }
}

/// Keeps what a form brought, and returns the digest under which it is found again.
pub async fn keep(mut filled: Filled, now: Instant) -> Result<String> {
    let at = filled.files.iter().position(|sent| sent.field == "file");
    let Some(table) = at.map(|at| filled.files.remove(at)) else {
        return Err(Error::Refused(text!(
            "请选择要导入的表格（CSV 或 XLSX）。",
            "Choose the table to import, CSV or XLSX."
        )));
    };
    if table.too_large {
        return Err(Error::Refused(text!(
            "表格超过 10 MB。请拆分后再导入。",
            "The table is larger than 10 MB. Split it."
        )));
    }
    actix_web::web::block(move || keep_now(table, filled.files, now)).await.map_err(internal)?
}

fn keep_now(table: Sent, scans: Vec<Sent>, now: Instant) -> Result<String> {
    let digest = put(&table.bytes, now)?;
    let kept = Kept { name: table.name, table: digest, scans: scans_of(scans, now)? };
    // What cannot be read at all is told at once.
    kept.table()?;
    put(&serde_json::to_vec(&kept)?, now)
}

fn scans_of(sent: Vec<Sent>, now: Instant) -> Result<Vec<Scan>> {
    let mut scans = Vec::new();
    for one in sent.into_iter().filter(|one| one.field == "scan") {
        let name = one.name.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
        scans.push(match inspect(one) {
            Ok(file) => Scan { name, digest: put(&file.bytes, now)?, refused: None },
            Err(refused) => Scan { name, digest: String::new(), refused: Some(refused) },
        });
    }
    Ok(scans)
}

fn put(bytes: &[u8], now: Instant) -> Result<String> {
    let digest = hex_digest(bytes);
    let mut file = WAITING.begin(now)?;
    file.write_all(bytes).map_err(internal)?;
    WAITING.keep(file, &digest)?;
    Ok(digest)
}

/// What waits under a digest.
pub fn find(digest: &str) -> Result<Kept> {
    let bytes = std::fs::read(WAITING.find(digest)?).map_err(internal)?;
    let wrong = |_| Error::Invalid(text!("请重新上传文件。", "Upload the file again."));
    serde_json::from_slice(&bytes).map_err(wrong)
}

fn internal(error: impl std::fmt::Display) -> Error {
    Error::Internal(error.to_string())
}
