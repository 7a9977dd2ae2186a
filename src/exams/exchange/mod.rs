//! Import and export of questions: GIFT, Aiken, Moodle XML, CSV and XLSX, QTI.
//!
//! A file is read into drafts (`draft`), each at its line, each read or refused by itself; what a
//! format says and a question cannot hold is named, never dropped in silence. The plan (`plan`)
//! compares the drafts with a bank: what is added, changed, unchanged, refused and why. Carrying it
//! out (`acts`) is all or nothing, in one transaction, and can be taken back ([`undo`]).
//!
//! Limits: 20 MB a file, 10,000 questions, 26 options, 40,000 characters a field, 5 MB a picture.
//! Readers hold a file at most twice; nothing is read before its size is known.

mod acts;
mod aiken;
mod cells;
mod draft;
mod gift;
mod handlers;
mod html;
mod moodle;
mod numbers;
mod own;
mod package;
mod pages;
mod pictures;
mod place;
mod plan;
mod qti;
mod qti_marking;
mod queries;
mod sheet;
mod tags;
mod to_gift;
mod to_moodle;
mod to_sheet;
mod undo;
mod uploads;
mod words;
mod xml;
#[cfg(test)]
mod trips;

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

pub use acts::{ExchangeError, Import, NewBank};
pub use draft::{Ask, Refusal};
pub use handlers::{export_link, import_link, routes};
pub use plan::{Change, Line, Report};
pub use queries::{ImportId, Run, bank_of, last_run, run};
pub use sheet::TypeCodes;
pub use undo::undo;

use self::draft::Reading;
use super::questions::bank::Question;
use crate::{
    db::{self, Conn},
    i18n::{Lang, Text},
    text,
};

crate::words! {
    /// A form in which questions travel.
    Format {
        Gift = "gift",
        Aiken = "aiken",
        MoodleXml = "moodle-xml",
        Csv = "csv",
        Xlsx = "xlsx",
        Qti = "qti",
    }
}

impl Format {
    pub fn title(self) -> Text {
        match self {
            Format::Gift => Text::same("GIFT"),
            Format::Aiken => Text::same("Aiken"),
            Format::MoodleXml => Text::same("Moodle XML"),
            Format::Csv => Text::same("CSV"),
            Format::Xlsx => Text::new("Excel（XLSX）", "Excel (XLSX)"),
            Format::Qti => Text::same("QTI 2.1 / 2.2"),
        }
    }

    /// The formats that can also be written.
    pub const WRITTEN: [Format; 3] = [Format::Xlsx, Format::MoodleXml, Format::Gift];

    pub fn file_name(self, bank: &str) -> String {
        let ending = match self {
            Format::Gift | Format::Aiken => "gift.txt",
            Format::MoodleXml | Format::Qti => "xml",
            Format::Csv => "csv",
            Format::Xlsx => "xlsx",
        };
        format!("{bank}.{ending}")
    }
}

/// Bytes in one file at most.
pub const MOST_BYTES: u64 = 20 << 20;

/// A file that was looked at and may be read.
#[derive(Clone, Debug)]
pub struct Source {
    path: PathBuf,
    pub name: String,
    pub format: Format,
    /// SHA-256 of its bytes, in hex.
    pub digest: String,
}

impl Source {
    /// Looks at a file: whether it is within bounds, and what it is if nobody said.
    pub fn open(path: &Path, name: &str, format: Option<Format>) -> Result<Source, Refusal> {
        let unreadable = |error: std::io::Error| {
            Refusal(text!("无法读取文件：{error}", "The file cannot be read: {error}"))
        };
        let file = File::open(path).map_err(unreadable)?;
        let length = file.metadata().map_err(unreadable)?.len();
        if length > MOST_BYTES {
            return Err(too_large());
        }
        let mut bytes = Vec::new();
        file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
        if bytes.is_empty() {
            return Err(Refusal(text!("文件是空的。", "The file is empty.")));
        }
        let digest = pictures::digest(&bytes);
        let format = match format {
            Some(format) => format,
            None => guess(path, name, &bytes)?,
        };
        Ok(Source { path: path.to_owned(), name: name.to_owned(), format, digest })
    }

    /// Reads the questions.
    fn read(&self, codes: &TypeCodes) -> Result<Reading, Refusal> {
        let mut reading = Reading::default();
        match self.format {
            Format::Xlsx => {
                Package::open(&self.path)?;
                sheet::read(&self.path, codes, &mut reading)?;
            }
            Format::Csv => {
                // A wrong encoding or a NUL is told with its line here.
                drop(self.text()?);
                if self.starts(&[0xff, 0xfe]) || self.starts(&[0xfe, 0xff]) {
                    return Err(wide());
                }
                sheet::read(&self.path, codes, &mut reading)?;
            }
            Format::Qti if self.starts(b"PK") => {
                qti::read_package(&mut Package::open(&self.path)?, &mut reading)?;
            }
            Format::Qti => qti::read(&self.text()?, &mut reading)?,
            Format::Gift => gift::read(&self.text()?, &mut reading)?,
            Format::Aiken => aiken::read(&self.text()?, &mut reading)?,
            Format::MoodleXml => moodle::read(&self.text()?, &mut reading)?,
        }
        if reading.entries.is_empty() && reading.categories == 0 {
            return Err(nothing(self.format));
        }
        Ok(reading)
    }

    fn bytes(&self) -> Result<Vec<u8>, Refusal> {
        std::fs::read(&self.path).map_err(|error| {
            Refusal(text!("无法读取文件：{error}", "The file cannot be read: {error}"))
        })
    }

    fn starts(&self, with: &[u8]) -> bool {
        let mut start = vec![0; with.len()];
        let read = File::open(&self.path).and_then(|mut file| file.read_exact(&mut start));
        read.is_ok() && start == with
    }

    fn text(&self) -> Result<String, Refusal> {
        decode(&self.bytes()?)
    }
}

use package::Package;

/// What reading and planning cost together: a question for a bank from one side.
pub(crate) fn too_large() -> Refusal {
    let most = MOST_BYTES >> 20;
    Refusal(text!(
        "文件超过 {most} MB。请拆分后再导入。",
        "The file is larger than {most} MB. Split it."
    ))
}

fn nothing(format: Format) -> Refusal {
    let title = format.title();
    let (zh, en) = (title.get(Lang::Zh), title.get(Lang::En));
    Refusal(text!(
        "按 {zh} 格式没有读到任何题目。请检查文件，或改选格式。",
        "Read as {en}, there is no question in the file. Check it, or choose another format."
    ))
}

/// The text of a file: by its byte-order mark, as UTF-8, by what its XML declares, or as GB18030.
fn decode(bytes: &[u8]) -> Result<String, Refusal> {
    let text = if let Some((encoding, _)) = encoding_rs::Encoding::for_bom(bytes) {
        encoding.decode(bytes).0.into_owned()
    } else {
        match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(error) => {
                let encoding = declared(bytes).unwrap_or(encoding_rs::GB18030);
                let (text, _, malformed) = encoding.decode(bytes);
                if malformed {
                    return Err(wrong_encoding(bytes, error.valid_up_to()));
                }
                text.into_owned()
            }
        }
    };
    if let Some(at) = text.find('\0') {
        return Err(binary(line_of(text.as_bytes(), at)));
    }
    // One kind of line end, so that lines are counted as editors count them.
    Ok(text.replace("\r\n", "\n").replace('\r', "\n"))
}

/// The encoding an XML declaration names.
fn declared(bytes: &[u8]) -> Option<&'static encoding_rs::Encoding> {
    let head = String::from_utf8_lossy(bytes.get(..bytes.len().min(200))?).into_owned();
    let rest = head.strip_prefix("<?xml")?.split_once("encoding=")?.1;
    let quote = rest.chars().next()?;
    encoding_rs::Encoding::for_label(rest[1..].split(quote).next()?.as_bytes())
}

fn line_of(bytes: &[u8], at: usize) -> usize {
    bytes[..at.min(bytes.len())].iter().filter(|byte| **byte == b'\n').count() + 1
}

fn wrong_encoding(bytes: &[u8], at: usize) -> Refusal {
    let line = line_of(bytes, at);
    Refusal(text!(
        "第 {line} 行：文字既不是 UTF-8，也不是 GB18030。请另存为 UTF-8。",
        "line {line}: the text is neither UTF-8 nor GB18030. Save it as UTF-8."
    ))
}

fn wide() -> Refusal {
    Refusal(text!(
        "这个表格是 UTF-16 编码。请另存为“CSV UTF-8”或 XLSX。",
        "This table is written in UTF-16. Save it as “CSV UTF-8” or XLSX."
    ))
}

fn binary(line: usize) -> Refusal {
    Refusal(text!(
        "第 {line} 行有空字符（NUL），这不是文本文件。请检查格式。",
        "line {line} holds a NUL character; this is no text file. Check the format."
    ))
}

/// What a file is, by its content first and its name second.
fn guess(path: &Path, name: &str, bytes: &[u8]) -> Result<Format, Refusal> {
    if bytes.starts_with(b"PK") {
        let workbook = Package::open(path)?.is_workbook();
        return Ok(if workbook { Format::Xlsx } else { Format::Qti });
    }
    if bytes.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
        // An old Excel file; the reader of tables says what to do.
        return Ok(Format::Xlsx);
    }
    let text = decode(bytes)?;
    let name = name.to_lowercase();
    let start = text.trim_start();
    if start.starts_with('<')
        && (name.ends_with(".xml") || start.starts_with("<?xml") || !name.contains(".gift"))
    {
        let quiz = text.contains("<quiz");
        return Ok(if quiz && !text.contains("assessmentItem") {
            Format::MoodleXml
        } else {
            Format::Qti
        });
    }
    let format = match name.rsplit('.').next() {
        Some("csv" | "tsv") => Format::Csv,
        Some("gift") => Format::Gift,
        _ if !text.contains('{') && aiken::fits(&text) => Format::Aiken,
        _ if text.contains('{') || text.contains("::") || text.contains("$CATEGORY:") => {
            Format::Gift
        }
        _ => Format::Csv,
    };
    Ok(format)
}

/// A bank as a file in one of the formats that can be written; words in this language where the
/// format holds one only.
pub fn write(
    conn: &mut Conn,
    bank: &str,
    format: Format,
    lang: Lang,
) -> Result<Vec<u8>, ExchangeError> {
    let questions: Vec<Question> = queries::newest(conn, bank)?
        .into_iter()
        .filter(|one| !one.stage.is_some_and(queries::is_ended))
        .map(|one| one.question)
        .collect();
    let bytes = match format {
        Format::Gift => to_gift::write(&questions, lang).into_bytes(),
        Format::MoodleXml => {
            let pictures = queries::pictures_of(conn, &questions)?;
            to_moodle::write(&questions, &pictures, lang).into_bytes()
        }
        Format::Xlsx => to_sheet::write(&questions, lang)
            .map_err(|error| ExchangeError::Refused(Text::same(error.to_string())))?,
        other => return Err(ExchangeError::Refused(not_written(other))),
    };
    Ok(bytes)
}

fn not_written(format: Format) -> Text {
    let name = format.word();
    text!(
        "不能导出为 {name}。可选：xlsx、moodle-xml、gift。",
        "Questions cannot be written as {name}. Choose xlsx, moodle-xml or gift."
    )
}

impl From<db::Error> for ExchangeError {
    fn from(error: db::Error) -> ExchangeError {
        ExchangeError::Database(error)
    }
}

impl From<diesel::result::Error> for ExchangeError {
    fn from(error: diesel::result::Error) -> ExchangeError {
        ExchangeError::Database(error.into())
    }
}

impl From<Refusal> for ExchangeError {
    fn from(Refusal(text): Refusal) -> ExchangeError {
        ExchangeError::Refused(text)
    }
}
