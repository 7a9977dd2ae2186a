//! Sites, staff and history from a file: a plan first, then all of it or nothing.
//!
//! A file is read twice, a line at a time: once to check every line and say what would happen,
//! once to write it in the caller's transaction. Whoever imports the same file again changes
//! nothing. What an import did is kept line by line, so that the last one can be taken back.
//!
//! An empty cell never erases what is known.

mod cells;
mod history;
mod people;
mod places;
mod queries;
mod report;
mod table;
mod undo;

use chrono::NaiveDate;

pub use cells::{Col, date, is_open};
pub use queries::{Run, RunId, last_run, run, runs};
pub use report::{Change, Mistake, Report, Sample, UnknownCode, fact_text};
pub use table::{Row, Table, Unreadable};
pub use undo::undo;

use super::queries::Scope;
use crate::{
    db::{self, Conn},
    i18n::Text,
    record::{Rules, ledger::Stamp},
    text,
};

/// The source of the facts an import records.
pub const SOURCE: &str = "import";

crate::words! {
    /// What is in a file.
    ImportKind {
        Sites = "sites",
        Staff = "staff",
        History = "history",
    }
}

impl ImportKind {
    pub fn title(self) -> Text {
        match self {
            ImportKind::Sites => text!("门店", "Sites"),
            ImportKind::Staff => text!("人员", "Staff"),
            ImportKind::History => text!("履历", "History"),
        }
    }

    /// The columns it knows; the first of them must be there.
    pub fn columns(self) -> &'static [Col] {
        match self {
            ImportKind::Sites => &places::COLUMNS,
            ImportKind::Staff => &people::COLUMNS,
            ImportKind::History => &history::COLUMNS,
        }
    }

    pub fn required(self) -> &'static [Col] {
        match self {
            ImportKind::Sites => &places::COLUMNS[..2],
            ImportKind::Staff => &people::COLUMNS[..5],
            ImportKind::History => &history::COLUMNS[..3],
        }
    }

    /// A file to start from: both header languages to choose between, and an example.
    pub fn template(self, lang: crate::i18n::Lang) -> String {
        let headers: Vec<String> =
            self.columns().iter().map(|col| col.title().get(lang).to_owned()).collect();
        let example = match self {
            ImportKind::Sites => places::EXAMPLE,
            ImportKind::Staff => people::EXAMPLE,
            ImportKind::History => history::EXAMPLE,
        };
        format!("\u{feff}{}\r\n{example}\r\n", headers.join(","))
    }
}

/// Why an import could not even begin, or broke off.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error(transparent)]
    Database(#[from] db::Error),
    #[error("{}", .0.en)]
    Refused(Text),
}

impl From<Unreadable> for ImportError {
    fn from(Unreadable(text): Unreadable) -> ImportError {
        ImportError::Refused(text)
    }
}

impl From<diesel::result::Error> for ImportError {
    fn from(error: diesel::result::Error) -> ImportError {
        ImportError::Database(error.into())
    }
}

pub type Result<T> = std::result::Result<T, ImportError>;

/// A file to be imported, and by which rules and for whose part of the tree.
pub struct Import<'a> {
    pub kind: ImportKind,
    pub table: &'a Table,
    pub file_name: &'a str,
    pub rules: &'a Rules,
    /// Lines that speak of sites or people elsewhere are refused.
    pub scope: &'a Scope,
    pub today: NaiveDate,
}

/// Hears how many lines were done.
pub type Progress<'a> = &'a mut dyn FnMut(u64);

/// In which run what is written is written, and by whom.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Writing {
    pub run: RunId,
    pub stamp: Stamp,
}

impl Import<'_> {
    /// What would happen; writes nothing.
    pub fn preview(&self, conn: &mut Conn, progress: Progress<'_>) -> Result<Report> {
        self.go(conn, None, progress)
    }

    /// Does it, if there is not a single mistake; the report says which.
    pub fn carry_out(
        &self,
        conn: &mut Conn,
        stamp: Stamp,
        progress: Progress<'_>,
    ) -> Result<Report> {
        self.carry_out_if(conn, &|_| true, stamp, progress)
    }

    /// Does it, if the plan is also what somebody agreed to; else the report is only a plan.
    pub fn carry_out_if(
        &self,
        conn: &mut Conn,
        agreed: &dyn Fn(&Report) -> bool,
        stamp: Stamp,
        progress: Progress<'_>,
    ) -> Result<Report> {
        let plan = self.preview(conn, progress)?;
        if !plan.can_be_done() || plan.changes_nothing() || !agreed(&plan) {
            return Ok(plan);
        }
        let run = queries::add_run(conn, &plan, stamp)?;
        let mut done = self.go(conn, Some(Writing { run, stamp }), progress)?;
        done.run = Some(run);
        Ok(done)
    }

    fn go(
        &self,
        conn: &mut Conn,
        writing: Option<Writing>,
        progress: Progress<'_>,
    ) -> Result<Report> {
        let mut report = Report::new(self.kind, self.file_name, &self.table.digest);
        match self.kind {
            ImportKind::Sites => places::run(self, conn, writing, &mut report)?,
            ImportKind::Staff => people::run(self, conn, writing, &mut report, progress)?,
            ImportKind::History => history::run(self, conn, writing, &mut report, progress)?,
        }
        Ok(report)
    }
}
