//! Packages: ZIP files looked into within bounds.

use std::{
    collections::HashMap,
    fs::File,
    io::{BufReader, Read},
    path::Path,
};

use zip::ZipArchive;

use super::draft::Refusal;
use crate::text;

const FILES: usize = 20_000;
/// Bytes a package may unpack to.
const UNPACKED: u64 = 150 << 20;
/// Bytes one file of it may unpack to.
const ONE: u64 = 60 << 20;

pub struct Package {
    archive: ZipArchive<BufReader<File>>,
    places: HashMap<String, usize>,
}

impl Package {
    /// Opens a package and unpacks it into nothing, to know what it unpacks to.
    pub fn open(path: &Path) -> Result<Package, Refusal> {
        let file = File::open(path).map_err(|error| broken(&error))?;
        let mut archive = ZipArchive::new(BufReader::new(file)).map_err(|error| broken(&error))?;
        if archive.len() > FILES {
            return Err(bomb());
        }
        let (mut sum, mut places) = (0, HashMap::new());
        for at in 0..archive.len() {
            let part = archive.by_index(at).map_err(|error| broken(&error))?;
            let name = part.name().map_err(|error| broken(&error))?.replace('\\', "/");
            places.insert(name, at);
            let most = ONE.min(UNPACKED - sum);
            let read = std::io::copy(&mut part.take(most + 1), &mut std::io::sink())
                .map_err(|error| broken(&error))?;
            if read > most {
                return Err(bomb());
            }
            sum += read;
        }
        Ok(Package { archive, places })
    }

    pub fn is_workbook(&self) -> bool {
        self.places.contains_key("xl/workbook.xml")
    }

    /// The names with this ending, in order.
    pub fn names(&self, ending: &str) -> Vec<String> {
        let mut names: Vec<String> =
            self.places.keys().filter(|name| name.ends_with(ending)).cloned().collect();
        names.sort_unstable();
        names
    }

    pub fn file(&mut self, name: &str) -> Result<Option<Vec<u8>>, Refusal> {
        let Some(at) = self.places.get(name) else { return Ok(None) };
        let part = self.archive.by_index(*at).map_err(|error| broken(&error))?;
        let mut bytes = Vec::new();
        part.take(ONE).read_to_end(&mut bytes).map_err(|error| broken(&error))?;
        Ok(Some(bytes))
    }
}

fn broken(error: &dyn std::fmt::Display) -> Refusal {
    Refusal(text!(
        "这个压缩包已损坏（{error}）。请从原系统重新导出。",
        "This package is broken ({error}). Export it again from the other system."
    ))
}

fn bomb() -> Refusal {
    Refusal(text!(
        "这个压缩包解压后过大（超过 150 MB），已拒绝。",
        "This package unpacks to far too much (more than 150 MB) and was refused."
    ))
}
