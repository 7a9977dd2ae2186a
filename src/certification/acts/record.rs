//! The record follows the acts: after each of them its facts say on which days a certificate is
//! held, no more and no less. Nothing is changed in place; what no longer fits is voided.

use super::spans::{Span, spans};
use crate::{
    certification::{
        model::{Act, ActKind, Basis, Certificate},
        queries::{self, SOURCE},
    },
    db::{Conn, Error},
    record::{
        FactId, Kind, NewFact, Source,
        fact::SUSPENDED,
        ledger::{self, Row, Stamp},
    },
};

/// Everything that was done to a certificate, and to those it replaces with the same dates: a name
/// put right gives back no day on which the old one was suspended.
pub fn whole_story(conn: &mut Conn, certificate: &Certificate) -> Result<Vec<Act>, Error> {
    let mut acts = queries::acts_of(conn, certificate.person_id)?;
    let issued = queries::issued_to(conn, certificate.person_id)?;
    let mut story = acts.remove(&certificate.id).unwrap_or_default();
    let mut one = certificate;
    while one.basis == Basis::Replacement
        && let Some(before) = issued.iter().find(|before| Some(before.id) == one.previous_id)
    {
        let mut earlier = acts.remove(&before.id).unwrap_or_default();
        earlier.retain(|act| act.kind != ActKind::Replaced);
        earlier.append(&mut story);
        (story, one) = (earlier, before);
    }
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
        .iter()
        .any(|act| act.kind == ActKind::Replaced && act.certificate_id == certificate.id);
    let said = match replaced {
        true => Vec::new(),
        false => spans(certificate.valid_from, certificate.valid_through, &story),
    };
    let mut missing: Vec<&Span> = said.iter().collect();
    for row in rows_of(conn, certificate)? {
        match missing.iter().position(|span| is_said_by(span, &row)) {
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

fn is_said_by(span: &Span, row: &Row) -> bool {
    row.from_on == span.from
        && row.through_on == span.through
        && row.note.as_deref() == span.cut_by.map(ActKind::word)
}

fn fact(certificate: &Certificate, span: &Span) -> NewFact {
    let number = certificate.foreign_number.as_ref().unwrap_or(&certificate.number);
    let issuer = certificate.issuer.clone().unwrap_or_else(|| certificate.printed().issuer.zh);
    let suspended = span.cut_by == Some(ActKind::Suspended);
    NewFact {
        // What follows a suspension, if anything does, is the same certificate.
        level: suspended.then(|| SUSPENDED.to_owned()),
        issuer: Some(issuer).filter(|issuer| !issuer.is_empty()),
        note: span.cut_by.map(|kind| kind.word().to_owned()),
        ..NewFact::new(Kind::Certificate, &certificate.certification, span.from)
            .through(span.through)
            .number(number)
    }
}
