//! The record follows the acts: after each of them its facts say on which days a certificate is
//! held, no more and no less. Nothing is changed in place; what no longer fits is voided.

use super::spans::{Earlier, Link, Span, earlier, spans};
use crate::{
    certification::{
        model::{ActKind, Certificate},
        queries::{self, SOURCE},
    },
    db::{Conn, Error},
    record::{
        FactId, Kind, NewFact, Source,
        fact::RESUMED,
        ledger::{self, Row, Stamp},
    },
};

/// Everything that was done to a certificate, and to those it replaces with the same dates, from
/// the last valid day the first of them was issued with.
fn whole_story(conn: &mut Conn, certificate: &Certificate) -> Result<Earlier, Error> {
    let mut acts = queries::acts_of(conn, certificate.person_id)?;
    let issued = queries::issued_to(conn, certificate.person_id)?;
    let links = issued.iter().map(|one| (one.id, Link::from(one))).collect();
    let mut story = earlier(certificate.into(), &links, &acts);
    story.acts.extend(acts.remove(&certificate.id).unwrap_or_default());
    Ok(story)
}

/// Makes the record say what the acts on a certificate mean; returns its first new fact, if any.
///
/// `line` tells apart what one act adds from what others added: the act's id, 0 for the issue.
pub fn follow(
    conn: &mut Conn,
    certificate: &Certificate,
    why: &str,
    line: i64,
    stamp: Stamp,
) -> Result<Option<FactId>, Error> {
    let story = whole_story(conn, certificate)?;
    // What was replaced has handed over all its days.
    let replaced = story
        .acts
        .iter()
        .any(|act| act.kind == ActKind::Replaced && act.certificate_id == certificate.id);
    let said = match replaced {
        true => Vec::new(),
        false => spans(certificate.valid_from, story.through, &story.acts),
    };
    let mut missing: Vec<&Span> = said.iter().collect();
    for row in rows_of(conn, certificate)? {
        match missing.iter().position(|span| is_said_by(certificate, span, &row)) {
            Some(at) => drop(missing.remove(at)),
            None => ledger::void(conn, row.id, why, stamp)?,
        }
    }
    let mut first = None;
    for (at, span) in missing.into_iter().enumerate() {
        // An act adds one span; only a replacement takes over several.
        let line = if at == 0 { line } else { -(line * 64 + at as i64) };
        let source = Source::new(SOURCE, certificate.id.0).line(line);
        let fact =
            ledger::append(conn, certificate.person_id, &fact(certificate, span), source, stamp)?;
        first = first.or(Some(fact));
    }
    Ok(first)
}

fn rows_of(conn: &mut Conn, certificate: &Certificate) -> Result<Vec<Row>, Error> {
    let mut rows = ledger::rows_of(conn, certificate.person_id, None)?;
    rows.retain(|row| row.source_kind == SOURCE && row.source_id == certificate.id.0);
    Ok(rows)
}

fn is_said_by(certificate: &Certificate, span: &Span, row: &Row) -> bool {
    row.from_on == span.from
        && row.through_on == span.through
        && row.level == level(certificate, span)
        && row.note.as_deref() == span.cut_by.map(ActKind::word)
}

/// Days that begin after the certificate did are the same certificate, and say so.
fn level(certificate: &Certificate, span: &Span) -> Option<String> {
    let began = certificate.valid_from;
    (span.from != began).then(|| format!("{RESUMED}{began}"))
}

fn fact(certificate: &Certificate, span: &Span) -> NewFact {
    let number = certificate.foreign_number.as_ref().unwrap_or(&certificate.number);
    let issuer = certificate.issuer.clone().unwrap_or_else(|| certificate.printed().issuer.zh);
    NewFact {
        level: level(certificate, span),
        issuer: Some(issuer).filter(|issuer| !issuer.is_empty()),
        note: span.cut_by.map(|kind| kind.word().to_owned()),
        ..NewFact::new(Kind::Certificate, &certificate.certification, span.from)
            .through(span.through)
            .number(number)
    }
}
