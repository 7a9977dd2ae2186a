//! `shifu import`: the report on stdout, progress on stderr.

use std::{io::Write, path::PathBuf, time::Instant as Stopwatch};

use clap::{Args, Subcommand};

use super::{Outcome, questions};
use crate::{
    access::audit,
    app::Shared,
    db::Conn,
    i18n::{self, Lang, Text},
    record::ledger::Stamp,
    staff::{
        import::{self, Import, ImportError, ImportKind, Mistake, Report, Run, Table},
        queries::Scope,
    },
};

#[derive(Subcommand)]
pub enum What {
    /// The tree of sites: code, name, name_en, parent, kind, time_zone.
    Sites(File),
    /// The staff list: staff_no, name, site, position, hired_on, …
    Staff(File),
    /// Facts about people, one a line: staff_no, kind, code, level, amount, unit, from, through, …
    History(File),
    /// Questions into a bank, from GIFT, Aiken, Moodle XML, CSV, XLSX or QTI.
    Questions(questions::Questions),
    /// Take an import of questions back.
    UndoQuestions(questions::Undo),
    /// Take the last import of sites, staff or history back.
    Undo {
        /// Why; it stays in the record.
        #[arg(long, default_value = "import taken back")]
        reason: String,
        #[arg(long)]
        json: bool,
    },
}

#[derive(Args)]
pub struct File {
    /// CSV (UTF-8 or GB18030) or XLSX.
    file: PathBuf,
    /// Say what would happen and write nothing.
    #[arg(long)]
    dry_run: bool,
    /// The report as JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(shared: &Shared, what: What) -> Result<Outcome, String> {
    match what {
        What::Sites(file) => import(shared, ImportKind::Sites, file),
        What::Staff(file) => import(shared, ImportKind::Staff, file),
        What::History(file) => import(shared, ImportKind::History, file),
        What::Questions(asked) => questions::import(shared, asked),
        What::UndoQuestions(asked) => questions::undo(shared, asked),
        What::Undo { reason, json } => undo(shared, reason, json),
    }
}

fn import(shared: &Shared, kind: ImportKind, file: File) -> Result<Outcome, String> {
    if !file.file.is_file() {
        return Err(format!("{}: no such file", file.file.display()));
    }
    let (dry_run, json) = (file.dry_run, file.json);
    let name = file.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let job = job(shared, kind, &file, name);
    let outcome = if dry_run {
        shared.db.read_blocking(move |conn| job(conn, true))
    } else {
        shared.db.write_blocking(move |conn| job(conn, false))
    };
    eprintln!();
    let report = match outcome {
        Ok(report) => report,
        Err(ImportError::Database(error)) => return Err(error.to_string()),
        Err(ImportError::Refused(text)) => return Ok(refused(&text, json)),
    };
    if json {
        println!("{}", serde_json::to_string(&report).map_err(|error| error.to_string())?);
    } else {
        tell(&report).map_err(|error| error.to_string())?;
    }
    Ok(if report.can_be_done() { Outcome::Done } else { Outcome::Refused })
}

/// The work, to be run where the connection is.
fn job(
    shared: &Shared,
    kind: ImportKind,
    file: &File,
    name: String,
) -> impl FnOnce(&mut Conn, bool) -> import::Result<Report> + Send + 'static {
    let (path, rules) = (file.file.clone(), shared.rules.clone());
    let (now, today) = (shared.clock.now(), shared.clock.today(chrono_tz::Asia::Shanghai));
    move |conn, dry_run| {
        let table = Table::open(&path)?;
        let scope = Scope::everyone();
        let import =
            Import { kind, table: &table, file_name: &name, rules: &rules, scope: &scope, today };
        let began = Stopwatch::now();
        let mut progress = |done: u64| {
            let rate = done as f64 / began.elapsed().as_secs_f64().max(0.001);
            eprint!("\r{done} lines, {rate:.0} a second ");
            let _ = std::io::stderr().flush();
        };
        if dry_run {
            return import.preview(conn, &mut progress);
        }
        let stamp = Stamp { at: now, by: None };
        let report = import.carry_out(conn, stamp, &mut progress)?;
        note(conn, &report, stamp)?;
        Ok(report)
    }
}

/// On the trail, what was imported; a file that changed nothing leaves no line.
fn note(conn: &mut Conn, report: &Report, stamp: Stamp) -> import::Result<()> {
    let Some(run) = report.run else { return Ok(()) };
    let detail = serde_json::json!({
        "kind": report.kind, "file": report.file_name, "digest": report.file_digest,
        "added": report.added, "changed": report.changed,
    });
    Ok(audit::note(conn, stamp.by, "import", ("import", Some(run.0)), detail, stamp.at)?)
}

fn undo(shared: &Shared, reason: String, json: bool) -> Result<Outcome, String> {
    let stamp = Stamp { at: shared.clock.now(), by: None };
    let outcome = shared.db.write_blocking(move |conn| -> import::Result<Run> {
        let last = import::last_run(conn)?.ok_or_else(|| {
            ImportError::Refused(crate::text!(
                "没有可以撤销的导入。",
                "There is no import to take back."
            ))
        })?;
        let run = import::undo(conn, last.id, &reason, stamp)?;
        let subject = ("import", Some(run.id.0));
        audit::note(
            conn,
            None,
            "undo-import",
            subject,
            serde_json::json!({ "why": reason }),
            stamp.at,
        )?;
        Ok(run)
    });
    match outcome {
        Ok(run) if json => {
            println!("{}", serde_json::json!({ "undone": run.id, "file": run.file_name }))
        }
        Ok(run) => println!("Import {} ({}) was taken back.", run.id, run.file_name),
        Err(ImportError::Refused(text)) => return Ok(refused(&text, json)),
        Err(ImportError::Database(error)) => return Err(error.to_string()),
    }
    Ok(Outcome::Done)
}

fn refused(text: &Text, json: bool) -> Outcome {
    if json {
        println!("{}", serde_json::json!({ "error": text }));
    } else {
        println!("{}\n{}", text.en, text.zh);
    }
    Outcome::Refused
}

fn tell(report: &Report) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    let lines = i18n::count(report.lines, "line", "lines");
    writeln!(
        out,
        "{}: {lines}, {} added, {} changed, {} unchanged, {} recorded",
        report.file_name,
        report.added,
        report.changed,
        report.unchanged,
        i18n::count(report.facts, "fact", "facts"),
    )?;
    for column in &report.ignored_columns {
        writeln!(out, "ignored column: {column}")?;
    }
    for code in &report.unknown_codes {
        let lines = i18n::count(code.lines, "line", "lines");
        writeln!(
            out,
            "no rule set defines {} {} ({lines}, first in line {}); kept",
            code.kind.word(),
            code.code,
            code.first_line
        )?;
    }
    report.notes.iter().try_for_each(|note| tell_line(&mut out, "note", note))?;
    report.mistakes.iter().try_for_each(|mistake| tell_line(&mut out, "mistake", mistake))?;
    if report.mistake_count > 0 {
        let all = i18n::count(report.mistake_count, "mistake", "mistakes");
        writeln!(out, "{all} in all; nothing was written.")?;
    } else if let Some(run) = report.run {
        writeln!(out, "Import {run} is done.")?;
    } else {
        writeln!(out, "Nothing was written.")?;
    }
    Ok(())
}

fn tell_line(out: &mut impl Write, word: &str, said: &Mistake) -> std::io::Result<()> {
    let column = said.column.as_ref().map(|column| column.get(Lang::En)).unwrap_or_default();
    let gap = if column.is_empty() { "" } else { ", " };
    writeln!(out, "{word} in line {}{gap}{column}: {} {}", said.line, said.text.en, said.text.zh)
}
