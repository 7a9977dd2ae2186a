//! `shifu import questions`, `shifu import undo-questions` and `shifu export questions`.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand};

use super::Outcome;
use crate::{
    app::Shared,
    db::Conn,
    exams::{
        exchange::{
            self, ExchangeError, Format, Import, ImportId, Line, NewBank, Report, Source, TypeCodes,
        },
        questions::{QuestionKind, model::Stage},
    },
    i18n::{Lang, Text},
    record::ledger::Stamp,
};

fn format(word: &str) -> Result<Format, String> {
    Format::parse(word).ok_or_else(|| {
        let all = Format::ALL.iter().map(|format| format.word()).collect::<Vec<_>>().join(", ");
        format!("the formats are {all}")
    })
}

fn lang(word: &str) -> Result<Lang, String> {
    Lang::parse(word).ok_or_else(|| "the languages are zh and en".to_owned())
}

fn stage(word: &str) -> Result<Stage, String> {
    match word {
        "draft" => Ok(Stage::Draft),
        "live" => Ok(Stage::Live),
        _ => Err("the stages are draft and live".to_owned()),
    }
}

fn type_code(word: &str) -> Result<(String, QuestionKind), String> {
    let all = QuestionKind::ALL.iter().map(|kind| kind.word()).collect::<Vec<_>>().join(", ");
    let (code, kind) = word.rsplit_once('=').ok_or("write it as 1=single")?;
    let kind = QuestionKind::parse(kind).ok_or_else(|| format!("the types are {all}"))?;
    Ok((code.trim().to_lowercase(), kind))
}

#[derive(Args)]
pub struct Questions {
    /// GIFT, Aiken, Moodle XML, CSV, XLSX, or QTI (an item or a package).
    file: PathBuf,
    /// The bank they go into.
    #[arg(long)]
    bank: String,
    /// Make the bank with this title if there is none of this code.
    #[arg(long, value_name = "TITLE")]
    new_bank: Option<String>,
    /// gift, aiken, moodle-xml, csv, xlsx or qti; by default told by the content and the name.
    #[arg(long, value_parser = format)]
    format: Option<Format>,
    /// The language of the words, zh or en; by default told by the letters.
    #[arg(long, value_parser = lang)]
    lang: Option<Lang>,
    /// What a word in the column of types means, as 1=single; once for each.
    #[arg(long, value_name = "WORD=TYPE", value_parser = type_code)]
    type_code: Vec<(String, QuestionKind)>,
    /// What they begin as: draft, or live where the file was reviewed elsewhere.
    #[arg(long, default_value = "draft", value_parser = stage)]
    stage: Stage,
    /// Import the others where some are refused.
    #[arg(long)]
    skip_refused: bool,
    /// Say what would happen and write nothing.
    #[arg(long)]
    dry_run: bool,
    /// The report as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub struct Undo {
    /// The number of the import.
    import: i64,
    /// Why; it stays with the questions.
    #[arg(long, default_value = "import taken back")]
    reason: String,
    #[arg(long)]
    json: bool,
}

#[derive(Subcommand)]
pub enum Export {
    /// The questions of a bank, with their keys.
    Questions {
        #[arg(long)]
        bank: String,
        /// xlsx, moodle-xml or gift.
        #[arg(long, value_parser = format)]
        format: Format,
        /// The language of the words where the format holds one, zh or en.
        #[arg(long, default_value = "zh", value_parser = lang)]
        lang: Lang,
        /// Where to write; by default to standard output.
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}

pub fn import(shared: &Shared, asked: Questions) -> Result<Outcome, String> {
    if !asked.file.is_file() {
        return Err(format!("{}: no such file", asked.file.display()));
    }
    let (dry_run, json) = (asked.dry_run, asked.json);
    let stamp = Stamp { at: shared.clock.now(), by: None };
    let job = move |conn: &mut Conn| run(conn, asked, stamp);
    let outcome = match dry_run {
        true => shared.db.read_blocking(job),
        false => shared.db.write_blocking(job),
    };
    let report = match outcome {
        Ok(report) => report,
        Err(ExchangeError::Database(error)) => return Err(error.to_string()),
        Err(ExchangeError::Refused(text)) => return Ok(refused(&text, json)),
    };
    if json {
        println!("{}", serde_json::to_string(&report).map_err(|error| error.to_string())?);
    } else {
        tell(&report, dry_run).map_err(|error| error.to_string())?;
    }
    Ok(if report.can_be_done() { Outcome::Done } else { Outcome::Refused })
}

fn run(conn: &mut Conn, asked: Questions, stamp: Stamp) -> Result<Report, ExchangeError> {
    let name = asked.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let source = Source::open(&asked.file, &name, asked.format)?;
    let codes: TypeCodes = asked.type_code.into_iter().collect();
    let import = Import {
        source: &source,
        bank: &asked.bank,
        new_bank: asked.new_bank.map(|title| NewBank(Text::same(title))),
        lang: asked.lang,
        codes: &codes,
        skip_refused: asked.skip_refused,
        stage: asked.stage,
    };
    match asked.dry_run {
        true => import.preview(conn),
        false => import.carry_out(conn, &|_| true, stamp),
    }
}

pub fn undo(shared: &Shared, asked: Undo) -> Result<Outcome, String> {
    let stamp = Stamp { at: shared.clock.now(), by: None };
    let (id, json, reason) = (asked.import, asked.json, asked.reason);
    let job = move |conn: &mut Conn| exchange::undo(conn, ImportId(id), &reason, stamp);
    match shared.db.write_blocking(job) {
        Ok(run) if json => {
            println!("{}", serde_json::json!({ "undone": run.id, "file": run.file_name }))
        }
        Ok(run) => println!("Import {} ({}) was taken back.", run.id, run.file_name),
        Err(ExchangeError::Refused(text)) => return Ok(refused(&text, json)),
        Err(ExchangeError::Database(error)) => return Err(error.to_string()),
    }
    Ok(Outcome::Done)
}

pub fn export(shared: &Shared, asked: Export) -> Result<Outcome, String> {
    let Export::Questions { bank, format, lang, output } = asked;
    let job = move |conn: &mut Conn| match exchange::bank_of(conn, &bank)? {
        Some(_) => exchange::write(conn, &bank, format, lang),
        None => Err(ExchangeError::Refused(crate::text!(
            "没有题库 {bank}。",
            "There is no question bank {bank}."
        ))),
    };
    match shared.db.read_blocking(job) {
        Ok(bytes) => put(&bytes, output.as_deref()).map_err(|error| error.to_string())?,
        Err(ExchangeError::Refused(text)) => {
            eprintln!("{}\n{}", text.en, text.zh);
            return Ok(Outcome::Refused);
        }
        Err(ExchangeError::Database(error)) => return Err(error.to_string()),
    }
    Ok(Outcome::Done)
}

/// Writes beside the file first, so that a break leaves no half of it.
fn put(bytes: &[u8], output: Option<&Path>) -> std::io::Result<()> {
    let Some(path) = output else { return std::io::stdout().write_all(bytes) };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut file = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
    file.write_all(bytes)?;
    file.persist(path).map(drop).map_err(|error| error.error)
}

fn refused(text: &Text, json: bool) -> Outcome {
    if json {
        println!("{}", serde_json::json!({ "error": text }));
    } else {
        println!("{}\n{}", text.en, text.zh);
    }
    Outcome::Refused
}

fn tell(report: &Report, dry_run: bool) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    let (format, lang) = (report.format.word(), report.lang.tag());
    let guessed = if report.lang_guessed { ", guessed" } else { "" };
    writeln!(
        out,
        "{} ({format}, {lang}{guessed}) into {}: {} added, {} changed, {} unchanged, {} refused, {} skipped",
        report.file_name,
        report.bank,
        report.added,
        report.changed,
        report.unchanged,
        report.refused,
        report.skipped
    )?;
    for column in &report.ignored_columns {
        writeln!(out, "ignored column: {column}")?;
    }
    for ask in &report.asks {
        let word = &ask.word;
        let (rows, line, example) = (ask.rows, ask.first_line, &ask.example);
        writeln!(
            out,
            "what does the type “{word}” mean ({rows} rows, as in line {line}: {example})? Say --type-code {word}=single or the like."
        )?;
    }
    report.lines.iter().try_for_each(|line| tell_line(&mut out, line))?;
    match report.run {
        Some(run) => writeln!(out, "Import {run} is done."),
        None if dry_run || report.can_be_done() => writeln!(out, "Nothing was written."),
        None => writeln!(
            out,
            "Nothing was written. Correct the file, or take the others with --skip-refused."
        ),
    }
}

fn tell_line(out: &mut impl Write, line: &Line) -> std::io::Result<()> {
    let (at, change, name) = (line.line, line.change.word(), &line.name);
    let file = line.file.as_deref().map(|file| format!("{file}, ")).unwrap_or_default();
    let said = line.reasons.iter().chain(&line.notes);
    said.clone().try_for_each(|text| {
        writeln!(out, "{change} {file}line {at} ({name}): {} {}", text.en, text.zh)
    })
}
