//! Issuing by rule, and what every issue has in common: number, what is printed, fact and note.

use std::collections::HashMap;

use chrono::NaiveDate;
use serde_json::json;

use super::{
    acts::{
        self, letters,
        spans::{self, Earlier, Link},
    },
    model::{Act, ActKind, Basis, Certificate, CertificateId, Held, Printed, State},
    queries::{self, NewCertificate},
    rules::{self, Barrier, Due},
};
use crate::{
    access::audit,
    db::{Conn, Error},
    i18n::{self, Lang, Text},
    mail::{Letter, Letterhead},
    record::{
        Fact, PersonId, Rules,
        ledger::{self, Row, Stamp},
        pattern::{Filling, Pattern, USUAL},
        programme::{Certification, Issue, RuleSet},
        verdict,
    },
    staff::{self, Post, SiteId},
    t,
};

/// Issues every certificate that is due to a person by the facts, and returns their numbers.
///
/// Called in the transaction that recorded the facts. Asking again changes nothing (see
/// [`rules::due`]); two at once wait for one another. A certificate may make another one due, so
/// it goes on until nothing is. Whoever does not work here today is issued nothing.
pub fn issue_due(
    conn: &mut Conn,
    rules: &Rules,
    head: &Letterhead,
    person: PersonId,
    today: NaiveDate,
    stamp: Stamp,
) -> Result<Vec<String>, Error> {
    let rules = &rules.on(today);
    ledger::hold(conn, person)?;
    let Some(post) = staff::queries::post_of(conn, person, today)? else { return Ok(Vec::new()) };
    let mut numbers = Vec::new();
    // Each round issues one; no chain of certificates is as long as this.
    while post.works_on(today) && numbers.len() < 50 {
        let rows = ledger::rows_of(conn, person, None)?;
        let mut facts: Vec<Fact> = rows.iter().filter_map(Row::fact).collect();
        verdict::sort(&mut facts);
        let ours = speaking(conn, person, today)?;
        let barriers = barriers(&ours, today);
        let due = issued_by_rule(rules, today).find_map(|(set, certification)| {
            let code = set.qualified(&certification.code);
            let barrier = barriers.get(&code).copied().unwrap_or_default();
            let due = rules::due(certification, &code, rules.context(), &facts, barrier, today)?;
            let ours = ours.iter().map(|one| &one.certificate);
            let last = ours.rev().find(|one| one.certification == code);
            // What somebody else issued is not ours to extend.
            (!due.extends || last.is_some()).then_some((set, certification, due, last))
        });
        let Some((set, certification, due, last)) = due else { break };
        let sources = rows.iter().map(|row| (row.id.0, row.source())).collect();
        let issue = Issuing { rules, head, post: &post, set, certification, today, stamp };
        numbers.push(match last.filter(|_| due.extends) {
            Some(certificate) => issue.extend(conn, certificate, &due)?,
            None => issue.issue(conn, &due, last, &sources)?,
        });
    }
    Ok(numbers)
}

/// People to whom something may be due today though nothing new was recorded about them: a birthday,
/// the end of a waiting time. Whoever is named here is looked at again by [`issue_due`].
pub fn due_by_time(
    conn: &mut Conn,
    rules: &Rules,
    today: NaiveDate,
) -> Result<Vec<PersonId>, Error> {
    let rules = &rules.on(today);
    let is_due = |facts: &[Fact]| {
        issued_by_rule(rules, today).any(|(set, certification)| {
            let code = set.qualified(&certification.code);
            let (context, none) = (rules.context(), Barrier::None);
            rules::due(certification, &code, context, facts, none, today).is_some()
        })
    };
    let everybody = ledger::facts_of_all(conn, None)?;
    let due = everybody.iter().filter(|(_, facts)| is_due(facts));
    let mut people: Vec<PersonId> = due.map(|(person, _)| *person).collect();
    people.sort();
    Ok(people)
}

/// The certifications in force that are issued as soon as their requirement is met.
pub fn issued_by_rule(
    rules: &Rules,
    today: NaiveDate,
) -> impl Iterator<Item = (&RuleSet, &Certification)> {
    rules.sets().filter(move |set| set.applies(today)).flat_map(|set| {
        let auto = set.certifications.iter().filter(|one| one.issue == Issue::Auto);
        auto.map(move |one| (set, one))
    })
}

/// What stands against issuing, by certification.
pub fn barriers_of(
    conn: &mut Conn,
    person: PersonId,
    today: NaiveDate,
) -> Result<HashMap<String, Barrier>, Error> {
    Ok(barriers(&speaking(conn, person, today)?, today))
}

/// The same for many people at once.
pub fn barriers_among(
    conn: &mut Conn,
    people: &[PersonId],
    today: NaiveDate,
) -> Result<HashMap<PersonId, HashMap<String, Barrier>>, Error> {
    let mut issued = acts::queries::certificates_among(conn, people, None)?;
    issued.sort_by_key(|one| (one.valid_from, one.id));
    let mut of_person: HashMap<PersonId, Vec<Certificate>> = HashMap::new();
    for one in issued {
        of_person.entry(one.person_id).or_default().push(one);
    }
    let acts = acts::queries::acts_among(conn, people)?;
    let own = |own: &[Certificate]| barriers(&speaking_among(own, &acts, today), today);
    Ok(of_person.into_iter().map(|(person, issued)| (person, own(&issued))).collect())
}

/// The newest certificate has the last word.
fn barriers(oldest_first: &[Speaking], today: NaiveDate) -> HashMap<String, Barrier> {
    let said = |one: &Speaking| (one.certificate.certification.clone(), one.barrier(today));
    oldest_first.iter().map(said).collect()
}

/// A certificate that says something about issuing another of its certification.
struct Speaking {
    certificate: Certificate,
    /// When it, or the one whose name it puts right, was issued.
    issued_on: NaiveDate,
    /// The last valid day when that was issued.
    through: Option<NaiveDate>,
    /// What was done to it, and to those it replaces.
    story: Vec<Act>,
}

/// What we issued to a person, oldest first, without what has made way for another.
fn speaking(conn: &mut Conn, person: PersonId, today: NaiveDate) -> Result<Vec<Speaking>, Error> {
    let acts = queries::acts_of(conn, person)?;
    let issued = queries::issued_to(conn, person)?;
    Ok(speaking_among(&issued, &acts, today))
}

fn speaking_among(
    issued: &[Certificate],
    acts: &HashMap<CertificateId, Vec<Act>>,
    today: NaiveDate,
) -> Vec<Speaking> {
    let links: HashMap<CertificateId, Link> =
        issued.iter().map(|one| (one.id, one.into())).collect();
    let all = issued.iter().map(|one| {
        let Earlier { issued_on, through, acts: mut story } =
            spans::earlier(one.into(), &links, acts);
        story.extend(acts.get(&one.id).into_iter().flatten().cloned());
        Speaking { certificate: one.clone(), issued_on, through, story }
    });
    all.filter(|one| !one.has_made_way(issued, today)).collect()
}

impl Speaking {
    /// The last act that had begun to hold, among the extensions or among the others.
    fn last(&self, today: NaiveDate, extended: bool) -> Option<&Act> {
        let wanted = |act: &&Act| act.on <= today && (act.kind == ActKind::Extended) == extended;
        self.story.iter().rev().find(wanted)
    }

    fn has_made_way(&self, issued: &[Certificate], today: NaiveDate) -> bool {
        let one = &self.certificate;
        self.last(today, false).is_some_and(|act| match act.kind {
            ActKind::Replaced => true,
            ActKind::Superseded => issued.iter().any(|other| {
                Some(other.id) == act.other_id && other.certification == one.certification
            }),
            // Taken back: as if it had never been taken over.
            ActKind::Revoked => one.basis == Basis::Import && act.on <= one.valid_from,
            _ => false,
        })
    }

    fn barrier(&self, today: NaiveDate) -> Barrier {
        match self.last(today, false).map(|act| (act.kind, act.on)) {
            // Dated back before its issue, it is not undone by what it was issued for.
            Some((ActKind::Revoked, on)) => Barrier::Revoked(on.max(self.issued_on)),
            Some((ActKind::Suspended, _)) => Barrier::Suspended,
            Some((ActKind::Superseded, _)) => Barrier::Superseded,
            _ => {
                let extended = self.last(today, true).map(|act| act.on);
                let on = extended.map_or(self.issued_on, |on| on.max(self.issued_on));
                let through = spans::through_on(self.through, &self.story, today);
                Barrier::Issued { on, through }
            }
        }
    }
}

/// Everything one issue needs.
pub(super) struct Issuing<'a> {
    pub rules: &'a Rules,
    pub head: &'a Letterhead,
    pub post: &'a Post,
    pub set: &'a RuleSet,
    pub certification: &'a Certification,
    pub today: NaiveDate,
    pub stamp: Stamp,
}

/// What is to be issued, and on what grounds.
pub(super) struct Draft {
    pub from: NaiveDate,
    pub through: Option<NaiveDate>,
    /// 0 for a first issue, n for the n-th renewal.
    pub cycle: u32,
    pub basis: Basis,
    /// The one it renews.
    pub previous: Option<CertificateId>,
    /// Why it was issued, where somebody decided it.
    pub why: Option<String>,
    /// As JSON.
    pub verdict: String,
}

impl Issuing<'_> {
    /// Issues what is due by rule, and tells the holder.
    fn issue(
        &self,
        conn: &mut Conn,
        due: &Due,
        last: Option<&Certificate>,
        sources: &HashMap<i64, String>,
    ) -> Result<String, Error> {
        let draft = Draft {
            from: due.from,
            through: due.through,
            cycle: due.cycle,
            basis: Basis::Rule,
            previous: last.filter(|_| due.cycle > 0).map(|one| one.id),
            why: None,
            verdict: due.verdict.to_json_with(sources).to_string(),
        };
        let (number, id) = self.write(conn, &draft)?;
        letters::send(conn, self.head, self.post, id, &self.letter(due, &number), self.stamp)?;
        Ok(number)
    }

    /// Keeps a certificate with its number and what is printed on it, and records that it is held.
    pub fn write(&self, conn: &mut Conn, draft: &Draft) -> Result<(String, CertificateId), Error> {
        let (person, code) = (self.post.person.id, self.set.qualified(&self.certification.code));
        let pattern = self.certification.number.as_deref().unwrap_or(USUAL);
        let number = self.next_number(conn, pattern)?;
        let printed = self.printed(conn)?;
        let new = NewCertificate {
            person,
            certification: &code,
            content: self.rules.revision(self.set),
            number: &number,
            check_code: &fresh_check_code(),
            issued_on: self.today,
            valid_from: draft.from,
            valid_through: draft.through,
            printed: serde_json::to_string(&printed).unwrap_or_default(),
            verdict: draft.verdict.clone(),
            cycle: draft.cycle,
            basis: draft.basis,
            issuer: None,
            foreign_number: None,
            previous: draft.previous,
            why: draft.why.clone(),
            template: None,
            import: None,
        };
        let id = queries::add(conn, &new, self.stamp)?;
        record(conn, &number, self.stamp)?;
        let detail = json!({
            "number": number, "certification": code, "from": draft.from, "through": draft.through,
            "cycle": draft.cycle, "basis": draft.basis.word(), "why": draft.why,
        });
        let subject = ("certificate", Some(id.0));
        audit::note(conn, self.stamp.by, "issue-certificate", subject, detail, self.stamp.at)?;
        Ok((number, id))
    }

    fn next_number(&self, conn: &mut Conn, pattern: &str) -> Result<String, Error> {
        let filling =
            Filling { on: self.today, site: &self.post.site.code, code: &self.certification.code };
        next_number(conn, pattern, &filling)
    }

    /// Lets the running certificate last longer, as its rule says (R22).
    fn extend(
        &self,
        conn: &mut Conn,
        certificate: &Certificate,
        due: &Due,
    ) -> Result<String, Error> {
        let evidence = due.verdict.text.get(Lang::Zh).to_owned();
        self.lengthen(conn, certificate, due.through, "rule", Some(evidence))
    }

    /// Lets the running certificate last through another day, and tells the holder.
    pub fn lengthen(
        &self,
        conn: &mut Conn,
        certificate: &Certificate,
        through: Option<NaiveDate>,
        why: &str,
        evidence: Option<String>,
    ) -> Result<String, Error> {
        let act = Act {
            through,
            evidence,
            ..Act::new(certificate.id, ActKind::Extended, self.today, why, self.stamp)
        };
        acts::apply(conn, certificate, &act, self.stamp)?;
        let lang = self.post.person.lang();
        let letter = letters::of_act(lang, certificate, &self.certification.title, &act);
        letters::send(conn, self.head, self.post, certificate.id, &letter, self.stamp)?;
        Ok(certificate.number.clone())
    }

    fn printed(&self, conn: &mut Conn) -> Result<Printed, Error> {
        let (person, site) = (&self.post.person, &self.post.site);
        let root = site.lineage.split('/').find_map(|id| id.parse().ok()).map(SiteId);
        let group = match root {
            Some(root) => staff::queries::site(conn, root)?,
            None => None,
        };
        let named = |site: &staff::Site| Text::new(site.title(Lang::Zh), site.title(Lang::En));
        Ok(Printed {
            name: person.name.clone(),
            name_en: person.name_en.clone(),
            title: self.certification.title.clone(),
            site: named(site),
            issuer: named(group.as_ref().unwrap_or(site)),
        })
    }

    fn letter(&self, due: &Due, number: &str) -> Letter {
        let lang = self.post.person.lang();
        let title = self.certification.title.get(lang);
        let from = i18n::date(lang, due.from);
        let period = match due.through.map(|through| i18n::date(lang, through)) {
            Some(through) => t!(
                lang,
                "有效期：{from} 至 {through}。",
                "It is valid from {from} through {through}."
            ),
            None => {
                t!(lang, "自 {from} 起长期有效。", "It is valid from {from} and does not expire.")
            }
        };
        Letter {
            subject: t!(lang, "证书已颁发：{title}", "Your certificate: {title}"),
            paragraphs: vec![
                t!(
                    lang,
                    "您已满足“{title}”的全部条件，证书已颁发，编号 {number}。",
                    "You have met every condition for “{title}”. Certificate {number} has been issued to you."
                ),
                period,
            ],
            action: Some((
                t!(lang, "查看证书", "Open the certificate"),
                format!("/certificates/{number}"),
            )),
        }
    }
}

/// The next number of a pattern; a pattern that no longer means anything gives way to the usual one.
/// The next number of a pattern.
pub(super) fn next_number(
    conn: &mut Conn,
    pattern: &str,
    filling: &Filling<'_>,
) -> Result<String, Error> {
    let pattern = pattern_of(pattern);
    let serial = queries::next_serial(conn, &pattern.series(filling))?;
    Ok(pattern.number(filling, serial))
}

fn pattern_of(pattern: &str) -> Pattern {
    // Patterns are checked when the rule sets are loaded.
    Pattern::parse(pattern).unwrap_or_else(|_| Pattern::usual())
}

/// So many numbers of a pattern in a row, for what is issued or taken over all at once.
pub(super) fn numbers_in_a_row(
    conn: &mut Conn,
    pattern: &str,
    filling: &Filling<'_>,
    count: usize,
) -> Result<Vec<String>, Error> {
    let pattern = pattern_of(pattern);
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let last = queries::next_serials(conn, &pattern.series(filling), count)?;
    Ok((last - count + 1..=last).map(|serial| pattern.number(filling, serial)).collect())
}

/// Records that a certificate that was just kept is held.
fn record(conn: &mut Conn, number: &str, stamp: Stamp) -> Result<(), Error> {
    let Some(kept) = queries::by_number(conn, number)? else { return Ok(()) };
    if let Some(fact) = acts::record::follow(conn, &kept, "issued", 0, stamp)? {
        queries::name_fact(conn, kept.id, fact)?;
    }
    Ok(())
}

/// A certificate that is to be issued again, with a name put right.
pub(super) struct Replacing<'a> {
    pub rules: &'a Rules,
    pub post: &'a Post,
    pub certificate: &'a Certificate,
    pub printed: &'a Printed,
    /// Its last valid day by now.
    pub through: Option<NaiveDate>,
}

/// Keeps the replacement of a certificate: same dates, same cycle, same verdict and rules, a new
/// number. What it says goes into the record when the old one is marked as replaced.
pub(super) fn replacement(
    conn: &mut Conn,
    replacing: &Replacing<'_>,
    why: &str,
    today: NaiveDate,
    stamp: Stamp,
) -> Result<(String, CertificateId), Error> {
    let old = replacing.certificate;
    let plan = replacing.rules.certification(&old.certification);
    let pattern = plan.and_then(|(_, plan)| plan.number.as_deref()).unwrap_or(USUAL);
    let bare = old.certification.rsplit('/').next().unwrap_or_default();
    let filling = Filling { on: today, site: &replacing.post.site.code, code: bare };
    let number = next_number(conn, pattern, &filling)?;
    let new = NewCertificate {
        person: old.person_id,
        certification: &old.certification,
        content: old.content_id,
        number: &number,
        check_code: &fresh_check_code(),
        issued_on: today,
        valid_from: old.valid_from,
        valid_through: replacing.through,
        printed: serde_json::to_string(replacing.printed).unwrap_or_default(),
        verdict: queries::verdict_of(conn, old.id)?,
        cycle: u32::try_from(old.cycle).unwrap_or(0),
        basis: Basis::Replacement,
        issuer: None,
        foreign_number: None,
        previous: Some(old.id),
        why: Some(why.to_owned()),
        template: old.template_id,
        import: None,
    };
    let id = queries::add(conn, &new, stamp)?;
    let detail = json!({
        "number": number, "certification": old.certification, "from": old.valid_from,
        "through": replacing.through, "basis": Basis::Replacement.word(), "instead_of": old.number,
    });
    audit::note(
        conn,
        stamp.by,
        "issue-certificate",
        ("certificate", Some(id.0)),
        detail,
        stamp.at,
    )?;
    Ok((number, id))
}

pub(super) fn fresh_check_code() -> String {
    loop {
        if let Some(code) = rules::check_code(&rand::random::<[u8; 32]>()) {
            return code;
        }
    }
}

/// Whether a fact is what is left of a certificate after it was suspended or revoked. Nobody is
/// reminded of its end.
pub fn is_cut_short(row: &Row) -> bool {
    let cut = [ActKind::Suspended, ActKind::Revoked, ActKind::Replaced, ActKind::Superseded];
    let cut = cut.map(ActKind::word);
    row.source_kind == queries::SOURCE
        && row.note.as_deref().is_some_and(|note| cut.contains(&note))
}

/// A certification somebody may earn or renew next: what is demanded and what is missing.
pub struct Next<'a> {
    pub title: &'a Text,
    pub verdict: verdict::Line,
    /// For a renewal: from when to when it may be done.
    pub window: Option<(NaiveDate, NaiveDate)>,
}

/// What a person can earn or renew next, judged today.
pub fn next_for<'a>(
    conn: &mut Conn,
    rules: &'a Rules,
    held: &[Held],
    person: PersonId,
    today: NaiveDate,
) -> Result<Vec<Next<'a>>, Error> {
    let facts = ledger::facts_of(conn, person, None)?;
    let all = issued_by_rule(rules, today).filter_map(|(set, certification)| {
        let code = set.qualified(&certification.code);
        let held = held.iter().find(|held| held.code == code);
        next_of(rules, certification, held, &facts, today)
    });
    Ok(all.collect())
}

fn next_of<'a>(
    rules: &Rules,
    certification: &'a Certification,
    held: Option<&Held>,
    facts: &[Fact],
    today: NaiveDate,
) -> Option<Next<'a>> {
    let judge = |requirement| verdict::judge(requirement, rules.context(), facts, today);
    let title = &certification.title;
    let first = |()| Next { title, verdict: judge(&certification.requires), window: None };
    let Some(held) = held else { return Some(first(())) };
    if held.followed.is_some() {
        return None;
    }
    match held.state() {
        State::Suspended | State::Superseded => None,
        State::Revoked => Some(first(())),
        state => {
            let through = held.through?;
            // As the rule counts: of what was taken over, the paper does not say the place.
            let nth = rules::cycle(certification, facts, &held.code) + 1;
            match rules::window(certification, nth, through) {
                Some((opens, closes)) if today <= closes => (today >= opens).then(|| {
                    let way = rules::open_way(certification, nth, through, today);
                    let demanded = way.map_or(&certification.requires, |way| &way.requires);
                    Next { title, verdict: judge(demanded), window: Some((opens, closes)) }
                }),
                _ => (state == State::Expired).then(|| first(())),
            }
        }
    }
}
