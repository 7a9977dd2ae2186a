//! A file as rows of cells, read as often as needed and never held as a whole.
//!
//! What a file is shows in its first bytes, not in its name: a ZIP is XLSX, text that is valid
//! UTF-8 is that, other text is GB18030.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

use calamine::{DataRef, Reader as _, Xlsx};
use encoding_rs::{CoderResult, Decoder, DecoderResult, Encoding, GB18030, UTF_8};
use sha2::{Digest, Sha256};

use super::cells;
use crate::{i18n::Text, text};

/// Lines in one file at most.
const LINES: u64 = 5_000_000;
/// Bytes in a text file at most.
const BYTES: u64 = 2 << 30;
/// Bytes in an XLSX file at most, packed.
const PACKED: u64 = 100 << 20;
/// What an XLSX may unpack to: its sheets, which are streamed, and the rest, which is held.
const UNPACKED_SHEETS: u64 = 2 << 30;
const UNPACKED_REST: u64 = 64 << 20;
/// Cells in a row at most; spreadsheets have no more columns than this in earnest.
const CELLS: usize = 256;

/// Why a file cannot be read at all, and what to do.
#[derive(Clone, Debug)]
pub struct Unreadable(pub Text);

type Result<T, E = Unreadable> = std::result::Result<T, E>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Text(&'static Encoding),
    Xlsx,
}

/// A file that was looked at and can be read.
#[derive(Clone, Debug)]
pub struct Table {
    path: PathBuf,
    format: Format,
    /// SHA-256 of the bytes, in hex.
    pub digest: String,
}

/// A row with the number the spreadsheet shows beside it.
#[derive(Debug, Default)]
pub struct Row {
    pub line: u64,
    pub cells: Vec<String>,
}

impl Row {
    fn is_blank(&self) -> bool {
        self.cells.iter().all(|cell| cell.is_empty())
    }

    fn put(&mut self, index: usize, cell: &str) {
        if index >= CELLS {
            return;
        }
        while self.cells.len() <= index {
            self.cells.push(String::new());
        }
        let kept = &mut self.cells[index];
        kept.clear();
        kept.push_str(cells::trimmed(cell));
    }
}

impl Table {
    /// Looks at a file: what it is, whether it is within bounds, its digest.
    pub fn open(path: &Path) -> Result<Table> {
        let file = File::open(path).map_err(|error| cannot_open(&error))?;
        let length = file.metadata().map_err(|error| cannot_open(&error))?.len();
        let mut reader = BufReader::with_capacity(1 << 16, file);
        let start = reader.fill_buf().map_err(|error| cannot_open(&error))?;
        let is_zip = start.starts_with(b"PK\x03\x04");
        if start.is_empty() {
            return Err(Unreadable(text!("文件是空的。", "The file is empty.")));
        }
        if start.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
            return Err(Unreadable(text!(
                "这是旧版 Excel（.xls）文件，或有密码保护。请另存为不带密码的 .xlsx 或 CSV。",
                "This is an old Excel file (.xls) or one with a password. Save it as .xlsx or CSV without a password."
            )));
        }
        let most = if is_zip { PACKED } else { BYTES };
        if length > most {
            let most = most >> 20;
            return Err(Unreadable(text!(
                "文件超过 {most} MB。请拆分后再导入。",
                "The file is larger than {most} MB. Split it."
            )));
        }
        let (digest, is_utf8) = examine(reader).map_err(|error| cannot_open(&error))?;
        let format = match (is_zip, is_utf8) {
            (true, _) => {
                check_package(path)?;
                Format::Xlsx
            }
            (false, true) => Format::Text(UTF_8),
            (false, false) => Format::Text(GB18030),
        };
        Ok(Table { path: path.to_owned(), format, digest })
    }

    /// Shows every row that has anything in it, the header first; `see` stops it by an error.
    pub fn rows<E: From<Unreadable>>(
        &self,
        see: &mut dyn FnMut(&Row) -> Result<(), E>,
    ) -> Result<(), E> {
        match self.format {
            Format::Text(encoding) => self.text_rows(encoding, see),
            Format::Xlsx => self.sheet_rows(see),
        }
    }

    fn text_rows<E: From<Unreadable>>(
        &self,
        encoding: &'static Encoding,
        see: &mut dyn FnMut(&Row) -> Result<(), E>,
    ) -> Result<(), E> {
        let file = File::open(&self.path).map_err(|error| cannot_open(&error))?;
        let mut decoded = BufReader::with_capacity(1 << 16, Decoded::new(file, encoding));
        let head = decoded.fill_buf().map_err(|error| cannot_open(&error))?;
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter(head))
            .from_reader(decoded);
        let mut record = csv::StringRecord::new();
        let mut row = Row::default();
        // A line break inside quotes is no new line of the spreadsheet.
        let mut inner_breaks = 0;
        while reader.read_record(&mut record).map_err(|error| not_csv(&error))? {
            inner_breaks += record.iter().map(|c| c.matches('\n').count() as u64).sum::<u64>();
            row.line = reader.position().line().saturating_sub(1 + inner_breaks);
            check_length(row.line)?;
            row.cells.clear();
            record.iter().enumerate().for_each(|(index, cell)| row.put(index, cell));
            if !row.is_blank() {
                see(&row)?;
            }
        }
        Ok(())
    }

    fn sheet_rows<E: From<Unreadable>>(
        &self,
        see: &mut dyn FnMut(&Row) -> Result<(), E>,
    ) -> Result<(), E> {
        let file = File::open(&self.path).map_err(|error| cannot_open(&error))?;
        let mut book = Xlsx::new(BufReader::new(file)).map_err(|error| not_xlsx(&error))?;
        let Some(first) = book.sheet_names().into_iter().next() else {
            return Err(
                Unreadable(text!("文件里没有工作表。", "There is no sheet in the file.")).into()
            );
        };
        let mut cells = book.worksheet_cells_reader(&first).map_err(|error| not_xlsx(&error))?;
        let mut row = Row::default();
        while let Some(cell) = cells.next_cell().map_err(|error| not_xlsx(&error))? {
            let (line, column) = cell.get_position();
            let line = u64::from(line) + 1;
            check_length(line)?;
            if line != row.line {
                if !row.is_blank() {
                    see(&row)?;
                }
                row.cells.clear();
                row.line = line;
            }
            row.put(column as usize, &words(cell.get_value()));
        }
        if !row.is_blank() {
            see(&row)?;
        }
        Ok(())
    }
}

/// A spreadsheet's cell as one would type it.
fn words(cell: &DataRef<'_>) -> String {
    match cell {
        DataRef::Empty => String::new(),
        DataRef::Int(number) => number.to_string(),
        // Whole numbers come without a point, as in the staff number 1001.
        DataRef::Float(number) => number.to_string(),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
            text.clone()
        }
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(truth) => truth.to_string(),
        DataRef::DateTime(at) => {
            let (year, month, day, ..) = at.to_ymd_hms_milli();
            format!("{year:04}-{month:02}-{day:02}")
        }
        DataRef::Error(error) => format!("{error:?}"),
    }
}

/// The digest, and whether all of it is UTF-8: one pass, a buffer of memory.
fn examine(mut reader: impl BufRead) -> std::io::Result<(String, bool)> {
    let mut hasher = Sha256::new();
    let mut decoder = UTF_8.new_decoder_without_bom_handling();
    let mut scratch = vec![0; 1 << 18];
    let mut is_utf8 = true;
    loop {
        let bytes = reader.fill_buf()?;
        let (length, last) = (bytes.len(), bytes.is_empty());
        hasher.update(bytes);
        if is_utf8 {
            let (outcome, ..) =
                decoder.decode_to_utf8_without_replacement(bytes, &mut scratch, last);
            is_utf8 = outcome == DecoderResult::InputEmpty;
        }
        reader.consume(length);
        if last {
            let digest = hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
            return Ok((digest, is_utf8));
        }
    }
}

/// Unpacks an XLSX into nothing, to know what it unpacks to before anything holds it.
fn check_package(path: &Path) -> Result<()> {
    let file = File::open(path).map_err(|error| cannot_open(&error))?;
    let mut package =
        zip::ZipArchive::new(BufReader::new(file)).map_err(|error| not_xlsx(&error))?;
    if package.len() > 10_000 {
        return Err(bomb());
    }
    let (mut sheets, mut rest) = (0, 0);
    for index in 0..package.len() {
        let part = package.by_index(index).map_err(|error| not_xlsx(&error))?;
        let is_sheet = part.name_raw().starts_with(b"xl/worksheets/");
        let (sum, most) =
            if is_sheet { (&mut sheets, UNPACKED_SHEETS) } else { (&mut rest, UNPACKED_REST) };
        let left = most - *sum;
        let read = std::io::copy(&mut part.take(left + 1), &mut std::io::sink())
            .map_err(|error| not_xlsx(&error))?;
        if read > left {
            return Err(bomb());
        }
        *sum += read;
    }
    Ok(())
}

/// The separator that stands most often in the first line.
fn delimiter(head: &[u8]) -> u8 {
    let line = head.split(|byte| *byte == b'\n').find(|line| line.len() > 1).unwrap_or_default();
    let count = |separator: u8| line.iter().filter(|byte| **byte == separator).count();
    // The first of equals wins, so the comma comes last in the order of maxima.
    [b'\t', b';', b','].into_iter().max_by_key(|separator| count(*separator)).unwrap_or(b',')
}

/// Text in some encoding as UTF-8; a byte-order mark is taken off.
struct Decoded<R> {
    inner: R,
    decoder: Decoder,
    packed: Vec<u8>,
    at: usize,
    end: usize,
    finished: bool,
    after_return: bool,
}

impl<R: Read> Decoded<R> {
    fn new(inner: R, encoding: &'static Encoding) -> Decoded<R> {
        let decoder = encoding.new_decoder_with_bom_removal();
        let packed = vec![0; 1 << 16];
        Decoded { inner, decoder, packed, at: 0, end: 0, finished: false, after_return: false }
    }
}

impl<R> Decoded<R> {
    /// Whatever ends lines in the file, one `\n` does here, so that lines can be counted.
    fn one_break_a_line(&mut self, text: &mut [u8]) -> usize {
        let mut kept = 0;
        for at in 0..text.len() {
            let byte = text[at];
            if !(byte == b'\n' && self.after_return) {
                text[kept] = if byte == b'\r' { b'\n' } else { byte };
                kept += 1;
            }
            self.after_return = byte == b'\r';
        }
        kept
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        while !self.finished {
            let mut last = false;
            if self.at == self.end {
                (self.at, self.end) = (0, self.inner.read(&mut self.packed)?);
                last = self.end == 0;
            }
            let bytes = &self.packed[self.at..self.end];
            let (outcome, read, written, _) = self.decoder.decode_to_utf8(bytes, out, last);
            self.at += read;
            self.finished = last && outcome == CoderResult::InputEmpty;
            let mut kept = self.one_break_a_line(&mut out[..written]);
            if self.finished && kept < out.len() {
                // The last line ends like all others.
                out[kept] = b'\n';
                kept += 1;
            }
            if kept > 0 {
                return Ok(kept);
            }
        }
        Ok(0)
    }
}

fn check_length(line: u64) -> Result<()> {
    if line <= LINES {
        return Ok(());
    }
    Err(Unreadable(text!(
        "文件超过 {LINES} 行。请拆分后再导入。",
        "The file has more than {LINES} lines. Split it."
    )))
}

fn cannot_open(error: &std::io::Error) -> Unreadable {
    Unreadable(text!("无法读取文件：{error}", "The file cannot be read: {error}"))
}

fn not_csv(error: &csv::Error) -> Unreadable {
    Unreadable(text!(
        "这不是有效的 CSV：{error}。请另存为“CSV UTF-8”。",
        "This is no valid CSV: {error}. Save it as “CSV UTF-8”."
    ))
}

fn not_xlsx(error: &dyn std::fmt::Display) -> Unreadable {
    Unreadable(text!(
        "这个 XLSX 文件已损坏（{error}）。请用 Excel 或 WPS 打开后重新另存。",
        "This XLSX file is broken ({error}). Open it in Excel or WPS and save it again."
    ))
}

fn bomb() -> Unreadable {
    Unreadable(text!(
        "这个 XLSX 解压后过大，已拒绝。请另存为 CSV 再导入。",
        "This XLSX unpacks to far too much and was refused. Save it as CSV and import that."
    ))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn rows(bytes: &[u8]) -> Result<Vec<(u64, Vec<String>)>> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        let table = Table::open(file.path())?;
        let mut seen = Vec::new();
        table.rows(&mut |row: &Row| -> Result<()> {
            seen.push((row.line, row.cells.clone()));
            Ok(())
        })?;
        Ok(seen)
    }

    #[test]
    fn one_table_in_any_encoding_and_with_any_separator() {
        let text = "工号,姓名\nT1, 林涛　\n";
        let expected = vec![
            (1, vec!["工号".into(), "姓名".into()]),
            (2, vec!["T1".into(), "林涛".to_owned()]),
        ];
        let (gb, ..) = GB18030.encode(text);
        for bytes in [
            text.as_bytes().to_vec(),
            [b"\xef\xbb\xbf", text.as_bytes()].concat(),
            gb.into_owned(),
            text.replace(',', ";").into_bytes(),
            text.replace(',', "\t").replace('\n', "\r\n").into_bytes(),
        ] {
            assert_eq!(rows(&bytes).unwrap(), expected, "{bytes:?}");
        }
    }

    #[test]
    fn lines_are_numbered_as_the_spreadsheet_shows_them() {
        let seen = rows(b"a,b\n\n1,\"x\ny\"\n2,z\n").unwrap();
        let lines: Vec<u64> = seen.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [1, 3, 4]);
    }

    #[test]
    fn what_cannot_be_read_is_refused_in_words() {
        assert!(rows(b"").unwrap_err().0.en.contains("empty"));
        assert!(rows(b"PK\x03\x04 broken").unwrap_err().0.en.contains("broken"));
        assert!(rows(b"\xd0\xcf\x11\xe0").unwrap_err().0.en.contains("old Excel"));
    }

    #[test]
    fn a_package_that_unpacks_to_far_too_much_is_refused() {
        let mut packed = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        let options = zip::write::SimpleFileOptions::default();
        packed.start_file("xl/sharedStrings.xml", options).unwrap();
        for _ in 0..65 {
            packed.write_all(&vec![b' '; 1 << 20]).unwrap();
        }
        let bytes = packed.finish().unwrap().into_inner();
        assert!(bytes.len() < 1 << 20);
        assert!(rows(&bytes).unwrap_err().0.en.contains("unpacks"));
    }
}
