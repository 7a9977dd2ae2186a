//! Making an extract: what was known at each moment, by the rules of that moment, signed and kept.

use std::sync::Arc;

use chrono::{Datelike, NaiveDate};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{
    body::{
        self, Answer, Asked, Body, Chain, Coded, FORMAT, Holder, Issued, Knowledge, Moment, Named,
        Names, RuleVersion,
    },
    paper,
    queries::{self, Extract, NewExtract},
};
use crate::{
    access::audit,
    certification::{asof::Known, queries as certificates, rules::check_code},
    content::{self, ContentId, Kept},
    db::{Conn, Error, Instant},
    i18n::{Lang, Text},
    mail::Letterhead,
    print,
    record::{
        Kind, PersonId, Rules,
        asof::end_of_day,
        ledger::{self, Stamp},
    },
    rulebook::{Shelf, editions},
    signing::{Algorithm, Keys},
    staff::{self, Post, SiteId},
    web,
};

/// What somebody wants to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// `RULESET/NAME`.
    pub certification: String,
    pub on: NaiveDate,
    /// One more answer, as it was known at the end of this day.
    pub known_on: Option<NaiveDate>,
}

/// What makes and keeps extracts besides the database.
#[derive(Clone)]
pub struct Office {
    pub rules: Rules,
    pub head: Letterhead,
    pub keys: Keys,
    /// Which versions of the rules there were.
    pub shelf: Arc<Shelf>,
}

/// Lines of a person's record an extract can draw on.
const LINES: i64 = 100_000;

/// Makes an extract about a person, keeps it, and returns its number.
pub fn make(
    conn: &mut Conn,
    office: &Office,
    post: &Post,
    ask: &Ask,
    stamp: Stamp,
) -> web::Result<String> {
    let series = format!("EX-{}", stamp.at.utc().year());
    let number = format!("{series}-{:06}", certificates::next_serial(conn, &series)?);
    let code = fresh_check_code();
    let body = compose(conn, office, post, ask, stamp, (&number, &code))?;
    // Readable as it is: auditors open it in an editor.
    let text = serde_json::to_string_pretty(&body).unwrap_or_default();
    let jws = sign(conn, &office.keys, &text, stamp.at)?;
    let digest = hex(&Sha256::digest(text.as_bytes()));
    let asked = body.answers.iter().find(|answer| answer.as_known == Knowledge::Asked);
    let new = NewExtract {
        number: &number,
        check_code: &code,
        person: post.person.id,
        certification: &ask.certification,
        on: ask.on,
        known_at: asked.map(|answer| answer.known_at),
        body: &text,
        jws: &jws,
        digest: &digest,
        made_at: stamp.at,
        made_by: stamp.by,
    };
    let id = queries::add(conn, &new)?;
    let detail = json!({ "number": number, "certification": ask.certification, "on": ask.on, "known_on": ask.known_on });
    audit::note(conn, stamp.by, "make-extract", ("extract", Some(id.0)), detail, stamp.at)?;
    Ok(number)
}

fn compose(
    conn: &mut Conn,
    office: &Office,
    post: &Post,
    ask: &Ask,
    stamp: Stamp,
    (number, code): (&str, &str),
) -> Result<Body, Error> {
    let Office { rules, head, .. } = office;
    let person = post.person.id;
    let context = rules.context();
    let certification = Coded {
        code: ask.certification.clone(),
        title: context.name(Kind::Certificate, &ask.certification),
    };
    let holder = holder_of(post);
    let asked = Asked { holder: &holder, certification: &certification, on: ask.on };
    let issued = issued_to(conn, person, &ask.certification)?;
    let mut answers = Vec::new();
    for (as_known, at) in moments(ask, post.site.zone(), stamp.at) {
        answers.push(one_answer(conn, office, &asked, person, (as_known, at), &issued)?);
    }
    let history = ledger::history_of(conn, person, LINES)?;
    let places = ledger::places_of(conn, person)?;
    let people = history.iter().flat_map(|row| [row.recorded_by, row.voided_by]).flatten();
    let names = names_of(conn, people.chain(stamp.by))?;
    let facts = body::told(&answers, &history, &places, &names, &ask.certification, context);
    Ok(Body {
        format: FORMAT.to_owned(),
        number: number.to_owned(),
        made_at: stamp.at,
        made_by: stamp.by.and_then(|by| names.get(&by)).cloned(),
        issuer: issuer_of(conn, post)?,
        check: check_link(head, number, code),
        on: ask.on,
        time_zone: post.site.zone().name().to_owned(),
        person: holder,
        certification,
        answers,
        facts,
    })
}

/// The moments an extract answers for, from the earliest purpose to the last: the end of the day
/// itself when it is over, the one that was named, and now.
fn moments(ask: &Ask, zone: chrono_tz::Tz, now: Instant) -> Vec<(Knowledge, Instant)> {
    let mut moments = Vec::new();
    let then = end_of_day(ask.on, zone);
    if then < now {
        moments.push((Knowledge::Then, then));
    }
    let named = ask.known_on.map(|day| end_of_day(day, zone));
    if let Some(named) = named.filter(|named| *named < now && *named != then) {
        moments.push((Knowledge::Asked, named));
    }
    moments.push((Knowledge::Now, now));
    moments
}

/// By the rules that were in force on the day asked about, as they were known at the moment.
fn one_answer(
    conn: &mut Conn,
    office: &Office,
    asked: &Asked<'_>,
    person: PersonId,
    (as_known, known_at): (Knowledge, Instant),
    issued: &Issued,
) -> Result<Answer, Error> {
    let known = Known::load(conn, person, Some(known_at))?;
    let rules = match as_known {
        Knowledge::Now => office.rules.on(asked.on),
        Knowledge::Then | Knowledge::Asked => office.shelf.rules_at(conn, known_at)?.on(asked.on),
    };
    let version = version_of(conn, &rules, &asked.certification.code)?;
    let record = ledger::head_at(conn, person, Some(known_at))?;
    let record = record.map(|(rows, hash)| Chain { rows, hash: hex(&hash) });
    let context = rules.context();
    let moment = Moment { as_known, known_at, known: &known, context, rules: version, record };
    Ok(body::answer(asked, moment, issued))
}

fn version_of(
    conn: &mut Conn,
    rules: &Rules,
    certification: &str,
) -> Result<Option<RuleVersion>, Error> {
    let Some((set, _)) = rules.certification(certification) else { return Ok(None) };
    let kept = content::kept(conn, rules.revision(set))?;
    Ok(kept.map(|kept| rule_version(kept, Some(set.version.clone()))))
}

fn rule_version(kept: Kept, version: Option<String>) -> RuleVersion {
    let Kept { code, number, digest, loaded_at, .. } = kept;
    RuleVersion { set: code, version, revision: number, digest, loaded_at }
}

/// The certificates of this certification, under which rules each was issued, and for what.
fn issued_to(conn: &mut Conn, person: PersonId, certification: &str) -> Result<Issued, Error> {
    let mut issued = Issued::default();
    let mut all = certificates::issued_to(conn, person)?;
    all.retain(|one| one.certification == certification);
    for one in all {
        if let Some(kept) = content::kept(conn, one.content_id)? {
            let version = said_version(conn, one.content_id)?;
            issued.versions.insert(one.id, rule_version(kept, version));
        }
        let verdict = certificates::verdict_of(conn, one.id)?;
        let verdict = serde_json::from_str(&verdict).unwrap_or_default();
        issued.grounds.insert(one.id, body::sources_in(&verdict));
        issued.certificates.insert(one.id, one);
    }
    Ok(issued)
}

/// The version a rule set gave itself in a revision.
fn said_version(conn: &mut Conn, id: ContentId) -> Result<Option<String>, Error> {
    let text = content::revision(conn, id)?.and_then(|kept| kept.texts.into_values().next());
    Ok(text.and_then(|text| editions::version_of(&text)))
}

fn holder_of(post: &Post) -> Holder {
    let (person, site) = (&post.person, &post.site);
    Holder {
        staff_no: person.staff_no.clone(),
        name: Text::new(person.title(Lang::Zh), person.title(Lang::En)),
        site: Text::new(site.title(Lang::Zh), site.title(Lang::En)),
    }
}

/// The group: the root of the tree the person works in.
fn issuer_of(conn: &mut Conn, post: &Post) -> Result<Text, Error> {
    let root = post.site.lineage.split('/').find_map(|id| id.parse().ok()).map(SiteId);
    let group = match root {
        Some(root) => staff::queries::site(conn, root)?,
        None => None,
    };
    let site = group.as_ref().unwrap_or(&post.site);
    Ok(Text::new(site.title(Lang::Zh), site.title(Lang::En)))
}

fn names_of(conn: &mut Conn, people: impl IntoIterator<Item = PersonId>) -> Result<Names, Error> {
    let mut names = Names::new();
    for id in people {
        if names.contains_key(&id) {
            continue;
        }
        if let Some(person) = staff::queries::person(conn, id)? {
            let name = Text::new(person.title(Lang::Zh), person.title(Lang::En));
            names.insert(id, Named { staff_no: person.staff_no, name });
        }
    }
    Ok(names)
}

/// Where anybody who has the extract can ask whether we made it.
fn check_link(head: &Letterhead, number: &str, code: &str) -> String {
    let pairs = [("number", number), ("code", code)];
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    head.link(&format!("/check/extract?{query}"))
}

fn fresh_check_code() -> String {
    loop {
        if let Some(code) = check_code(&rand::random::<[u8; 32]>()) {
            return code;
        }
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The whole JSON as a compact JWS, by the key of the day.
fn sign(conn: &mut Conn, keys: &Keys, text: &str, now: Instant) -> web::Result<String> {
    let signer = keys.current(conn, Algorithm::Ed25519, now)?;
    let kid = signer.kid().to_owned();
    Ok(signer.token(TYPE, &kid, text.as_bytes())?)
}

/// What the header of the signature calls an extract.
pub const TYPE: &str = "shifu-extract+json";

/// Draws the paper of an extract. It takes a while, so nobody does it inside a transaction; see
/// [`queries::keep_paper`].
pub fn draw(extract: &Extract) -> web::Result<Vec<u8>> {
    paper::pdf(extract, &extract.read()?).map_err(|error| match error {
        print::Error::Document(_) => web::Error::Internal(error.to_string()),
        error => web::Error::Refused(error.message()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instant(text: &str) -> Instant {
        text.parse::<chrono::DateTime<chrono::Utc>>().unwrap().into()
    }

    #[test]
    fn a_day_that_is_over_is_answered_as_known_then_too() {
        let ask = |on: &str, known: Option<&str>| Ask {
            certification: "s/c".into(),
            on: on.parse().unwrap(),
            known_on: known.map(|day| day.parse().unwrap()),
        };
        let now = instant("2026-11-23T02:00:00Z");
        let of = |ask: &Ask| {
            let all = moments(ask, chrono_tz::Asia::Shanghai, now);
            all.into_iter().map(|(as_known, at)| (as_known, at.to_string())).collect::<Vec<_>>()
        };
        let end = |day: &str| format!("{day}T15:59:59.999999Z");
        let at_now = (Knowledge::Now, "2026-11-23T02:00:00.000000Z".to_owned());
        let then = (Knowledge::Then, end("2026-03-14"));
        assert_eq!(of(&ask("2026-03-14", None)), [then.clone(), at_now.clone()]);
        let named = (Knowledge::Asked, end("2026-05-01"));
        assert_eq!(
            of(&ask("2026-03-14", Some("2026-05-01"))),
            [then.clone(), named, at_now.clone()]
        );
        assert_eq!(of(&ask("2026-03-14", Some("2026-03-14"))), [then, at_now.clone()]);
        assert_eq!(
            of(&ask("2026-11-23", None)),
            std::slice::from_ref(&at_now),
            "today is not over"
        );
        assert_eq!(of(&ask("2030-01-01", Some("2026-11-23"))), [at_now], "nor is the future");
    }
}
