//! Carrying an import out: all of it or nothing, in the caller's transaction.

use super::{
    Report, Source, TypeCodes,
    plan::{self, Plan, Setting},
    queries::{self, Did},
};
use crate::{
    access::audit,
    db::{self, Conn},
    exams::questions::{BankId, bank, model::Stage},
    i18n::{Lang, Text},
    record::ledger::Stamp,
    text,
};

/// Why an import or export could not even begin, or broke off.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    #[error(transparent)]
    Database(db::Error),
    #[error("{}", .0.en)]
    Refused(Text),
}

pub type Result<T> = std::result::Result<T, ExchangeError>;

/// A bank to be made if there is none of this code.
#[derive(Clone, Debug)]
pub struct NewBank(pub Text);

/// A file to be imported into a bank.
pub struct Import<'a> {
    pub source: &'a Source,
    pub bank: &'a str,
    pub new_bank: Option<NewBank>,
    /// The language of the words where the file does not say it; else it is guessed.
    pub lang: Option<Lang>,
    /// What the words in the column of types mean.
    pub codes: &'a TypeCodes,
    /// Questions that are refused stay out, and the others are taken.
    pub skip_refused: bool,
    /// What imported questions begin as.
    pub stage: Stage,
}

impl Import<'_> {
    /// What would happen; writes nothing.
    pub fn preview(&self, conn: &mut Conn) -> Result<Report> {
        Ok(self.plan(conn)?.report)
    }

    fn plan(&self, conn: &mut Conn) -> Result<Plan> {
        let new_bank = queries::bank_of(conn, self.bank)?.is_none();
        if new_bank && self.new_bank.is_none() {
            return Err(ExchangeError::Refused(no_bank(conn, self.bank)?));
        }
        let reading = self.source.read(self.codes)?;
        let known = queries::newest(conn, self.bank)?;
        let setting = Setting { bank: self.bank, new_bank, source: self.source, lang: self.lang };
        Ok(plan::plan(&setting, reading, known))
    }

    /// Does it, if nothing is refused (or the refused may stay out) and the plan is what somebody
    /// agreed to; else the report is only a plan.
    pub fn carry_out(
        &self,
        conn: &mut Conn,
        agreed: &dyn Fn(&Report) -> bool,
        stamp: Stamp,
    ) -> Result<Report> {
        let Plan { mut report, steps, pictures } = self.plan(conn)?;
        let may = report.asks.is_empty() && (report.refused == 0 || self.skip_refused);
        if !may || report.changes_nothing() || !agreed(&report) {
            return Ok(report);
        }
        let bank = self.bank_id(conn)?;
        queries::keep_pictures(conn, &pictures, stamp)?;
        let run = queries::add_run(conn, bank, &report, stamp)?;
        for step in steps {
            let (question, number, did) = match &step.of {
                Some(known) => (known.id, known.number + 1, Did::Changed),
                None => (bank::add_question(conn, bank, &step.question.code)?, 1, Did::Added),
            };
            let by = (stamp.at, stamp.by);
            let version = bank::add_version(conn, question, number, &step.question, by)?;
            bank::set_stage(conn, version, self.stage, None, by)?;
            queries::add_change(conn, run, step.line, version, did)?;
        }
        report.run = Some(run);
        self.note(conn, &report, stamp)?;
        Ok(report)
    }

    fn bank_id(&self, conn: &mut Conn) -> Result<BankId> {
        match (queries::bank_of(conn, self.bank)?, &self.new_bank) {
            (Some((id, _)), _) => Ok(id),
            (None, Some(NewBank(title))) => Ok(queries::add_bank(conn, self.bank, title)?),
            (None, None) => Err(ExchangeError::Refused(no_bank(conn, self.bank)?)),
        }
    }

    fn note(&self, conn: &mut Conn, report: &Report, stamp: Stamp) -> Result<()> {
        let detail = serde_json::json!({
            "bank": self.bank, "format": report.format, "file": report.file_name,
            "digest": report.file_digest, "added": report.added, "changed": report.changed,
            "stage": self.stage,
        });
        let subject = ("question-import", report.run.map(|run| run.0));
        Ok(audit::note(conn, stamp.by, "import-questions", subject, detail, stamp.at)?)
    }
}

fn no_bank(conn: &mut Conn, code: &str) -> Result<Text> {
    let known = queries::bank_codes(conn)?.join(", ");
    Ok(text!(
        "没有题库 {code}。现有题库：{known}。命令行可加 --new-bank 标题 新建。",
        "There is no question bank {code}. There are: {known}. On the command line --new-bank TITLE makes it."
    ))
}
