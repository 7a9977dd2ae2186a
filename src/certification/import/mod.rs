//! Old certificates, taken over from a file or one at a time, each with the paper it stands on.
//!
//! What would be taken over is shown first: every line with its dates, computed or given, and
//! where a given last day differs from the rule. Then all of it is recorded, or nothing. A line
//! that is known already changes nothing, so a file may be imported again. What was taken over can
//! be taken back: its certificates are revoked from their first day, and the record says so.

pub mod handlers;
pub mod pages;
pub mod plan;
pub mod uploads;

use std::collections::HashSet;

use serde_json::json;

pub use plan::{Line, Plan, read};

use super::{
    acts::{
        self,
        queries::{self, FileKind, Import, ImportId},
    },
    issue,
    model::{Act, ActKind, Basis, CertificateId, Printed},
    queries::{self as certificates, NewCertificate, SOURCE},
};
use crate::{
    access::{Acting, Hr, audit},
    db::{Conn, Error},
    i18n::{self, Text},
    record::{
        Kind, NewFact, PersonId, Rules, Source,
        ledger::{self, Stamp},
        pattern::Filling,
    },
    staff, text, web,
};

/// The pattern of our own numbers for what others issued: their number is kept beside it.
const PATTERN: &str = "IM-{year}-{serial:6}";

/// How many people a refusal names; the rest are counted.
const NAMED: usize = 5;

/// Holds everybody about whom a plan brings something new. What is known about them may have
/// changed until then, so the plan that is carried out is made afterwards.
pub fn hold(conn: &mut Conn, plan: &Plan) -> Result<(), Error> {
    ledger::hold_all(conn, plan.added().map(|line| line.person)).map(drop)
}

/// Takes over everything that is new in a plan, whose people are held; returns the import.
pub fn carry_out(
    conn: &mut Conn,
    hr: &Acting<Hr>,
    rules: &Rules,
    plan: &Plan,
    table: (&str, &[u8]),
    scans: &[uploads::Scan],
) -> web::Result<ImportId> {
    let new: Vec<&Line> = plan.added().collect();
    let id = queries::add_import(conn, table.0, table.1, new.len() as i64, hr.now, hr.id)?;
    let filling = Filling { on: hr.today, site: "", code: "" };
    let numbers = issue::numbers_in_a_row(conn, PATTERN, &filling, new.len())?;
    let mut added = Vec::with_capacity(new.len());
    for (line, number) in new.iter().zip(&numbers) {
        let of = add(conn, hr, rules, line, number, id)?;
        let named = line.scan.as_ref();
        let scan = named.and_then(|name| scans.iter().find(|scan| scan.is_called(name)));
        if let Some(scan) = scan {
            queries::add_file(conn, Some(of), FileKind::Source, None, &scan.file()?, hr.stamp())?;
        }
        added.push(of);
    }
    record(conn, &new, &added, hr.stamp())?;
    let detail =
        json!({ "file": table.0, "digest": queries::hex_digest(table.1), "added": new.len() });
    let subject = ("certificate-import", Some(id.0));
    audit::note(conn, Some(hr.id), "import-certificates", subject, detail, hr.now)?;
    Ok(id)
}

fn add(
    conn: &mut Conn,
    hr: &Acting<Hr>,
    rules: &Rules,
    line: &Line,
    number: &str,
    import: ImportId,
) -> Result<CertificateId, Error> {
    let found = rules.certification(&line.code);
    let title = found.map_or_else(|| Text::same(&line.code), |(_, plan)| plan.title.clone());
    let printed = Printed {
        name: line.name.clone(),
        name_en: line.name_en.clone(),
        title,
        site: line.site.clone(),
        issuer: Text::same(&line.issuer),
    };
    let new = NewCertificate {
        person: line.person,
        certification: &line.code,
        content: found.map_or(crate::content::ContentId(0), |(set, _)| rules.revision(set)),
        number,
        check_code: &issue::fresh_check_code(),
        issued_on: line.from,
        valid_from: line.from,
        valid_through: line.through,
        printed: serde_json::to_string(&printed).unwrap_or_default(),
        verdict: "null".to_owned(),
        cycle: 0,
        basis: Basis::Import,
        issuer: Some(line.issuer.clone()).filter(|issuer| !issuer.is_empty()),
        foreign_number: line.number.clone(),
        previous: None,
        why: line.note.clone(),
        template: None,
        import: Some(import.0),
    };
    certificates::add(conn, &new, hr.stamp())
}

/// Records the facts of many certificates at once, and names to each its own.
fn record(
    conn: &mut Conn,
    lines: &[&Line],
    ids: &[CertificateId],
    stamp: Stamp,
) -> Result<(), Error> {
    let facts: Vec<NewFact> = lines.iter().map(|line| line.fact()).collect();
    let said = lines.iter().zip(ids).zip(&facts);
    let said = said.map(|((line, id), fact)| (line.person, fact, Source::new(SOURCE, id.0)));
    ledger::append_all(conn, said, stamp)?;
    queries::name_facts(conn, ids)
}

impl Line {
    fn fact(&self) -> NewFact {
        NewFact {
            number: self.number.clone(),
            issuer: Some(self.issuer.clone()).filter(|issuer| !issuer.is_empty()),
            ..NewFact::new(Kind::Certificate, &self.code, self.from).through(self.through)
        }
    }
}

/// Takes an import back: its certificates are revoked from their first day on, as if they had
/// never been taken over; nothing is deleted. Returns how many.
pub fn undo(conn: &mut Conn, hr: &Acting<Hr>, import: &Import, why: &str) -> web::Result<usize> {
    let all = queries::certificates_of_import(conn, import.id)?;
    let people = ledger::hold_all(conn, all.iter().map(|one| one.person_id))?;
    // Whoever was faster has been waited for.
    let import = queries::import(conn, import.id)?.ok_or(web::Error::NotFound)?;
    if import.undone_at.is_some() {
        return Err(web::Error::Refused(text!(
            "这次导入已经撤销。",
            "This import has been taken back already."
        )));
    }
    within_reach(conn, hr, &people)?;
    let acts = queries::acts_among(conn, &people)?;
    let mut revoked = 0;
    for one in &all {
        let before = acts.get(&one.id).map_or(&[][..], Vec::as_slice);
        let done = acts::state(one, before, hr.today);
        if matches!(done, super::State::Revoked | super::State::Superseded) {
            continue;
        }
        if let Some(act) = before.last() {
            let (number, on) = (&one.number, act.on);
            return Err(web::Error::Refused(text!(
                "证书 {number} 导入之后已于 {on} 处理过，不能整批撤销。请逐张处理。",
                "Certificate {number} was acted on {on}, after the import, so it cannot be taken back as a whole. Act on each."
            )));
        }
        let act = Act::new(one.id, ActKind::Revoked, one.valid_from, why, hr.stamp());
        acts::apply(conn, one, &act, hr.stamp())?;
        revoked += 1;
    }
    queries::mark_undone(conn, import.id, why, hr.stamp())?;
    let subject = ("certificate-import", Some(import.id.0));
    let detail = json!({ "why": why, "file": import.file_name, "revoked": revoked });
    audit::note(conn, Some(hr.id), "undo-certificate-import", subject, detail, hr.now)?;
    Ok(revoked)
}

/// Nobody acts on those who have left their reach since: the refusal says who they are.
fn within_reach(conn: &mut Conn, hr: &Acting<Hr>, people: &[PersonId]) -> web::Result<()> {
    let posts = staff::queries::posts_among(conn, hr.reach(), people, hr.today)?;
    let reached: HashSet<PersonId> = posts.iter().map(|post| post.person.id).collect();
    let outside: Vec<PersonId> =
        people.iter().copied().filter(|person| !reached.contains(person)).collect();
    if outside.is_empty() {
        return Ok(());
    }
    let mut names = Vec::new();
    for id in outside.iter().take(NAMED) {
        let person = staff::queries::person(conn, *id)?;
        names.extend(person.map(|person| format!("{} {}", person.staff_no, person.name)));
    }
    let more = outside.len() > NAMED;
    let (names_zh, names_en) = (names.join("、"), names.join(", "));
    let (etc_zh, etc_en) = if more { (" 等", ", …") } else { ("", "") };
    let n = outside.len();
    let count = i18n::count(n, "person", "people");
    Err(web::Error::Refused(text!(
        "这次导入中有 {n} 人已不在您的管理范围内：{names_zh}{etc_zh}。没有撤销任何内容。其余的证书请逐张吊销，他们的证书请由现在负责的人事处理。",
        "This import is also about {count} no longer within your reach: {names_en}{etc_en}. Nothing was taken back. Revoke the certificates of the others one by one; for these, ask the HR in charge of them now."
    )))
}
