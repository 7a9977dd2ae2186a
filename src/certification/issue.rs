//! Issuing by rule, and HR's acts on what was issued.

use std::collections::HashMap;

use chrono::{Datelike, NaiveDate};
use serde_json::json;

use super::{
    model::{Act, ActKind, Basis, Certificate, Held, Printed, State},
    queries::{self, NewCertificate, SOURCE},
    rules::{self, Barrier, Due},
};
use crate::{
    access::{Acting, Hr, audit},
    db::{Conn, Error},
    i18n::{self, Lang, Text},
    mail::{self, Letter, Letterhead, Recipient},
    record::{
        Fact, Kind, NewFact, PersonId, Rules, Source,
        fact::SUSPENDED,
        ledger::{self, Row, Stamp},
        period::day_before,
        programme::{Certification, Issue, RuleSet},
        verdict,
    },
    staff::{self, Post, SiteId},
    t, text, web,
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
    ledger::hold(conn, person)?;
    let Some(post) = staff::queries::post_of(conn, person, today)? else { return Ok(Vec::new()) };
    let mut numbers = Vec::new();
    // Each round issues one; no chain of certificates is as long as this.
    while post.works_on(today) && numbers.len() < 50 {
        let rows = ledger::rows_of(conn, person, None)?;
        let mut facts: Vec<Fact> = rows.iter().filter_map(Row::fact).collect();
        verdict::sort(&mut facts);
        let barriers = barriers_of(conn, person, today)?;
        let ours = queries::issued_to(conn, person)?;
        let due = issued_by_rule(rules, today).find_map(|(set, certification)| {
            let code = set.qualified(&certification.code);
            let barrier = barriers.get(&code).copied().unwrap_or_default();
            let due = rules::due(certification, &code, rules.context(), &facts, barrier, today)?;
            let last = ours.iter().rev().find(|one| one.certification == code);
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
fn barriers_of(
    conn: &mut Conn,
    person: PersonId,
    today: NaiveDate,
) -> Result<HashMap<String, Barrier>, Error> {
    let acts = queries::acts_of(conn, person)?;
    let mut barriers = HashMap::new();
    // Oldest first: the newest certificate that was acted on has the last word.
    for certificate in queries::issued_to(conn, person)? {
        let acts = acts.get(&certificate.id).map_or(&[][..], Vec::as_slice);
        let last = |extended: bool| {
            let wanted =
                |act: &&Act| act.on <= today && (act.kind == ActKind::Extended) == extended;
            acts.iter().rev().find(wanted)
        };
        let barrier = match (last(false), last(true)) {
            (Some(Act { kind: ActKind::Revoked, on, .. }), _) => Barrier::Revoked(*on),
            (Some(Act { kind: ActKind::Suspended, .. }), _) => Barrier::Suspended,
            (_, Some(extended)) => Barrier::Extended(extended.on),
            _ => Barrier::None,
        };
        barriers.insert(certificate.certification, barrier);
    }
    Ok(barriers)
}

/// Everything one issue needs.
struct Issuing<'a> {
    rules: &'a Rules,
    head: &'a Letterhead,
    post: &'a Post,
    set: &'a RuleSet,
    certification: &'a Certification,
    today: NaiveDate,
    stamp: Stamp,
}

impl Issuing<'_> {
    fn issue(
        &self,
        conn: &mut Conn,
        due: &Due,
        last: Option<&Certificate>,
        sources: &HashMap<i64, String>,
    ) -> Result<String, Error> {
        let (person, code) = (self.post.person.id, self.set.qualified(&self.certification.code));
        let pattern = self.certification.number.as_deref().unwrap_or("SF-{year}-{serial:6}");
        let series = rules::series_of(pattern, self.today.year());
        let number = rules::number_of(&series, queries::next_serial(conn, &series)?);
        let printed = self.printed(conn)?;
        let issuer = printed.issuer.zh.clone();
        let new = NewCertificate {
            person,
            certification: &code,
            content: self.rules.revision(self.set),
            number: &number,
            check_code: &fresh_check_code(),
            issued_on: self.today,
            valid_from: due.from,
            valid_through: due.through,
            printed: serde_json::to_string(&printed).unwrap_or_default(),
            verdict: due.verdict.to_json_with(sources).to_string(),
            cycle: due.cycle,
            basis: Basis::Rule,
            issuer: None,
            foreign_number: None,
            previous: last.filter(|_| due.cycle > 0).map(|one| one.id),
            why: None,
            template: None,
        };
        let id = queries::add(conn, &new, self.stamp)?;
        let mut fact =
            NewFact::new(Kind::Certificate, &code, due.from).through(due.through).number(&number);
        fact.issuer = Some(issuer);
        let source = Source::new(SOURCE, id.0);
        let fact = ledger::append(conn, person, &fact, source, self.stamp)?;
        queries::name_fact(conn, id, fact)?;
        let detail = json!({ "number": number, "certification": code, "from": due.from, "through": due.through, "cycle": due.cycle });
        let subject = ("certificate", Some(id.0));
        audit::note(conn, self.stamp.by, "issue-certificate", subject, detail, self.stamp.at)?;
        self.tell(conn, due, &number)?;
        Ok(number)
    }

    /// Lets the running certificate last longer, as its rule says (R22).
    fn extend(
        &self,
        conn: &mut Conn,
        certificate: &Certificate,
        due: &Due,
    ) -> Result<String, Error> {
        let why = "rule";
        let act = Act {
            through: due.through,
            evidence: Some(due.verdict.text.get(Lang::Zh).to_owned()),
            ..Act::new(certificate.id, ActKind::Extended, self.today, why, self.stamp)
        };
        let id = queries::add_act(conn, &act)?;
        follow_in_record(conn, certificate, &act, id, certificate.valid_through, self.stamp)?;
        let detail = json!({ "number": certificate.number, "through": due.through });
        let subject = ("certificate", Some(certificate.id.0));
        audit::note(conn, self.stamp.by, "extend-certificate", subject, detail, self.stamp.at)?;
        let lang = self.post.person.lang();
        let letter = act_letter(lang, certificate, &self.certification.title, &act);
        write_to(conn, self.head, self.post, &letter, self.stamp)?;
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

    fn tell(&self, conn: &mut Conn, due: &Due, number: &str) -> Result<(), Error> {
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
        let letter = Letter {
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
        };
        write_to(conn, self.head, self.post, &letter, self.stamp)
    }
}

/// Mails a person, if there is an address.
fn write_to(
    conn: &mut Conn,
    head: &Letterhead,
    post: &Post,
    letter: &Letter,
    stamp: Stamp,
) -> Result<(), Error> {
    let person = &post.person;
    let (lang, Some(email)) = (person.lang(), person.email.clone()) else { return Ok(()) };
    let to = Recipient { person: person.id, name: person.title(lang).to_owned(), email, lang };
    mail::post(conn, head, &to, letter, stamp.at).map(drop)
}

fn fresh_check_code() -> String {
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
    row.source_kind == SOURCE && row.note.as_deref().is_some_and(|note| cut.contains(&note))
}

/// Suspends, reinstates or revokes a certification of a person: this certificate and every other
/// one of the same certification that has not run out. The record follows from today on, so every
/// verdict does; nothing is deleted.
pub fn act(
    conn: &mut Conn,
    hr: &Acting<Hr>,
    rules: &Rules,
    head: &Letterhead,
    number: &str,
    kind: ActKind,
    why: &str,
) -> web::Result<()> {
    let certificate = queries::by_number(conn, number)?.ok_or(web::Error::NotFound)?;
    let post = hr.other_person(conn, certificate.person_id)?;
    ledger::hold(conn, certificate.person_id)?;
    let acts = queries::acts_of(conn, certificate.person_id)?;
    let acts_on = |one: &Certificate| acts.get(&one.id).map_or(&[][..], Vec::as_slice);
    // What a condition suspended for now can be acted on like any other.
    let state_of = |one: &Certificate| {
        let by_dates = || rules::state_by_dates(one.valid_from, one.valid_through, None, hr.today);
        rules::state_by_acts(acts_on(one), hr.today).unwrap_or_else(by_dates)
    };
    if !may(kind, state_of(&certificate)) {
        return Err(web::Error::Refused(cannot(kind, state_of(&certificate))));
    }
    let mut all = queries::issued_to(conn, certificate.person_id)?;
    all.retain(|one| {
        one.id == certificate.id
            || (one.certification == certificate.certification && may(kind, state_of(one)))
    });
    let act = Act::new(certificate.id, kind, hr.today, why, hr.stamp());
    for one in &all {
        let act = Act { certificate_id: one.id, ..act.clone() };
        let id = queries::add_act(conn, &act)?;
        let through = through_after(one, acts_on(one));
        follow_in_record(conn, one, &act, id, through, hr.stamp())?;
        let word = format!("{}-certificate", kind.word());
        let detail = json!({ "number": one.number, "why": why });
        audit::note(conn, Some(hr.id), &word, ("certificate", Some(one.id.0)), detail, hr.now)?;
    }
    let title = rules.context().name(Kind::Certificate, &certificate.certification);
    write_to(
        conn,
        head,
        &post,
        &act_letter(post.person.lang(), &certificate, &title, &act),
        hr.stamp(),
    )?;
    Ok(())
}

/// Which act is possible in which state.
pub fn may(kind: ActKind, state: State) -> bool {
    match kind {
        ActKind::Suspended => state.in_force() || state == State::NotYet,
        ActKind::Reinstated => state == State::Suspended,
        ActKind::Revoked => state.in_force() || matches!(state, State::NotYet | State::Suspended),
        ActKind::Extended | ActKind::Replaced | ActKind::Superseded => false,
    }
}

fn cannot(kind: ActKind, state: State) -> Text {
    let (Text { zh: act, en: act_en }, Text { zh, en }) = (kind.title(), state.title());
    let (act_en, en) = (act_en.to_lowercase(), en.to_lowercase());
    text!(
        "这张证书的状态是“{zh}”，不能{act}。请刷新页面查看现在的状态。",
        "This certificate is {en} and cannot be {act_en}. Reload the page to see how it stands now."
    )
}

/// The last valid day of a certificate, after the extensions among these acts.
pub fn through_after(certificate: &Certificate, acts: &[Act]) -> Option<NaiveDate> {
    let extended = acts.iter().rev().find(|act| act.kind == ActKind::Extended);
    extended.map_or(certificate.valid_through, |act| act.through)
}

/// Makes the record say what an act means: what began before today ends yesterday, what would
/// begin later is void; a reinstated certificate is valid again from today on; an extended one
/// ends later. `through` is the last valid day before the act.
pub fn follow_in_record(
    conn: &mut Conn,
    certificate: &Certificate,
    act: &Act,
    act_id: i64,
    through: Option<NaiveDate>,
    stamp: Stamp,
) -> Result<(), Error> {
    let person = certificate.person_id;
    let source = Source::new(SOURCE, certificate.id.0).line(act_id);
    let fact = |from, through| {
        NewFact::new(Kind::Certificate, &certificate.certification, from)
            .through(through)
            .number(&certificate.number)
    };
    if act.kind == ActKind::Reinstated {
        let from = act.on.max(certificate.valid_from);
        if through.is_none_or(|through| through >= from) {
            ledger::append(conn, person, &fact(from, through), source, stamp)?;
        }
        return Ok(());
    }
    let rows = ledger::rows_of(conn, person, None)?;
    let own = rows.iter().filter(|row| {
        row.source_kind == SOURCE
            && row.source_id == certificate.id.0
            && row.code == certificate.certification
    });
    if act.kind == ActKind::Extended {
        // While it is suspended the record has no running fact; reinstating adds one.
        let last = own.max_by_key(|row| row.from_on).filter(|row| !is_cut_short(row));
        let Some(row) = last else { return Ok(()) };
        ledger::void(conn, row.id, &act.why, stamp)?;
        ledger::append(conn, person, &fact(row.from_on, act.through), source, stamp)?;
        return Ok(());
    }
    for row in own.filter(|row| row.through_on.is_none_or(|through| through >= act.on)) {
        ledger::void(conn, row.id, &act.why, stamp)?;
        if row.from_on < act.on {
            let mut cut = fact(row.from_on, Some(day_before(act.on))).note(act.kind.word());
            if act.kind == ActKind::Suspended {
                cut = cut.level(SUSPENDED);
            }
            ledger::append(conn, person, &cut, source, stamp)?;
        }
    }
    Ok(())
}

fn act_letter(lang: Lang, certificate: &Certificate, title: &Text, act: &Act) -> Letter {
    let (title, number, why) = (title.get(lang), &certificate.number, &act.why);
    let on = i18n::date(lang, act.on);
    let (subject, said) = match act.kind {
        ActKind::Suspended => (
            t!(lang, "证书已暂停：{title}", "Certificate suspended: {title}"),
            t!(
                lang,
                "您的证书 {number}（{title}）自 {on} 起暂停，恢复之前不能据此上岗。",
                "Your certificate {number} ({title}) is suspended from {on}. Until it is reinstated you may not do work that needs it."
            ),
        ),
        ActKind::Reinstated => (
            t!(lang, "证书已恢复：{title}", "Certificate reinstated: {title}"),
            t!(
                lang,
                "您的证书 {number}（{title}）自 {on} 起恢复有效。",
                "Your certificate {number} ({title}) is valid again from {on}."
            ),
        ),
        ActKind::Revoked => (
            t!(lang, "证书已吊销：{title}", "Certificate revoked: {title}"),
            t!(
                lang,
                "您的证书 {number}（{title}）自 {on} 起吊销，不再有效。重新取得须重新完成培训和考试。",
                "Your certificate {number} ({title}) is revoked from {on} and no longer valid. To earn it again, the courses and exams have to be taken anew."
            ),
        ),
        ActKind::Extended => (
            t!(lang, "证书已延期：{title}", "Certificate extended: {title}"),
            t!(
                lang,
                "您的证书 {number}（{title}）已于 {on} 延期。",
                "Your certificate {number} ({title}) was extended on {on}."
            ),
        ),
        ActKind::Replaced | ActKind::Superseded => (
            t!(lang, "证书已换发：{title}", "Certificate replaced: {title}"),
            t!(
                lang,
                "您的证书 {number}（{title}）自 {on} 起由另一张证书取代。",
                "Another certificate takes the place of {number} ({title}) from {on}."
            ),
        ),
    };
    let reason = t!(lang, "原因：{why}", "Reason: {why}");
    let action =
        Some((t!(lang, "查看证书", "Open the certificate"), format!("/certificates/{number}")));
    Letter { subject, paragraphs: vec![said, reason], action }
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
    match held.state() {
        State::Suspended => None,
        State::Revoked => Some(first(())),
        state => {
            let through = held.through?;
            let nth = held.cycle + 1;
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
