//! Pure decisions: how a certificate stands on a day, and whether one is due.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::model::{Act, ActKind, State};
use crate::record::{
    Fact, Kind,
    context::Context,
    period::{FOREVER, months_after, next_day},
    programme::{Base, Certification, Renewal},
    requirement::Requirement,
    verdict::{self, Evidence, Line},
};

/// From how many days before its last day a certificate counts as running out.
pub const EXPIRING_DAYS: i64 = 90;

/// How acts alone leave a certificate on a day: the last one that had begun to hold.
pub fn state_by_acts(acts: &[Act], today: NaiveDate) -> Option<State> {
    let changes = |act: &&Act| act.on <= today && act.kind != ActKind::Extended;
    match acts.iter().rev().find(changes).map(|act| act.kind)? {
        ActKind::Revoked => Some(State::Revoked),
        ActKind::Suspended => Some(State::Suspended),
        ActKind::Replaced | ActKind::Superseded => Some(State::Superseded),
        ActKind::Reinstated | ActKind::Extended => None,
    }
}

/// How its dates alone leave a certificate on a day. The window is from when to when it may be
/// renewed; a certificate that may be renewed counts as running out.
pub fn state_by_dates(
    from: NaiveDate,
    through: Option<NaiveDate>,
    window: Option<(NaiveDate, NaiveDate)>,
    today: NaiveDate,
) -> State {
    let left = through.map(|through| (through - today).num_days());
    let opened = window.is_some_and(|(opens, _)| opens <= today);
    match (left, window) {
        (Some(left), Some((_, closes))) if left < 0 && today <= closes => {
            State::InGrace((closes - today).num_days())
        }
        (Some(left), _) if left < 0 => State::Expired,
        _ if from > today => State::NotYet,
        (Some(left), _) if left <= EXPIRING_DAYS || opened => State::Expiring(left),
        _ => State::Valid,
    }
}

/// What the certificates of one certification that a person was issued, and the acts on them, mean
/// for issuing another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Barrier {
    #[default]
    None,
    /// Nothing is issued while one is suspended.
    Suspended,
    /// HR put another certification in its place; none is issued by rule behind HR's back.
    Superseded,
    /// After this day the person starts again: courses and exams up to it no longer count.
    Revoked(NaiveDate),
    /// The last one was issued or extended on this day: what was done up to it extends or renews
    /// it no more, also when its validity begins earlier ([`Base::Cycle`]). It ends on the other.
    Issued { on: NaiveDate, through: Option<NaiveDate> },
}

/// What is to be done about a certification today, with the verdict that says why.
#[derive(Clone, Debug, PartialEq)]
pub struct Due {
    pub verdict: Line,
    pub from: NaiveDate,
    pub through: Option<NaiveDate>,
    /// 0 for a first issue, n for the n-th renewal.
    pub cycle: u32,
    /// The running certificate lasts longer; none is issued (R22).
    pub extends: bool,
}

/// Whether a certificate is due by the facts.
///
/// A first one is due when its requirement is met. While one is held, nothing is due until a way
/// of renewing it opens; then, and through its grace period, its renewal is due when the
/// requirement of an open way is met; after the last way has closed it is a first issue again.
/// The ways are tried in the order of the rule set. An early renewal begins on the day after the
/// old certificate ends, so nobody loses days by renewing in time, unless the way says otherwise
/// ([`Base`]).
///
/// Whoever has held one needs **new evidence** each time: at least one course, exam, logbook or
/// skill fact that counts for the verdict must be dated inside the window, after the day on
/// which the last certificate began and after the day on which it was issued or extended. So the
/// same evidence never brings a second one, and asking again changes nothing.
pub fn due(
    certification: &Certification,
    code: &str,
    context: &Context,
    facts: &[Fact],
    barrier: Barrier,
    today: NaiveDate,
) -> Option<Due> {
    let last = last_held(facts, code);
    match barrier {
        Barrier::Suspended | Barrier::Superseded => return None,
        // What began by that day and is over does not stand against starting again, even when it
        // ran a little longer than the revocation is dated; nor does it spare starting again.
        Barrier::Revoked(on)
            if last.is_none_or(|held| held.began() <= on && ends(held) < today) =>
        {
            return after_revocation(certification, context, facts, on, today);
        }
        _ => {}
    }
    let Some(held) = last else {
        let verdict = met(&certification.requires, context, facts, today)?;
        return Some(first_issue(certification, verdict, today));
    };
    let through = last_day(held, barrier)?;
    let since = match barrier {
        Barrier::Issued { on, .. } => next_day(on.max(held.began())),
        _ => next_day(held.began()),
    };
    let nth = cycle(certification, facts, code) + 1;
    match window(certification, nth, through) {
        Some((_, closes)) if today <= closes => certification.ways(nth).find_map(|way| {
            let (opens, closes) = way.window(through);
            if today < opens || closes < today {
                return None;
            }
            let verdict = met(&way.requires, context, facts, today)?;
            let new = has_new_evidence(&verdict, opens.max(since));
            let old = (held.began(), through);
            new.then(|| renewed(certification, way, verdict, old, nth, today)).flatten()
        }),
        _ if today <= through => None,
        _ => {
            let verdict = met(&certification.requires, context, facts, today)?;
            let new = has_new_evidence(&verdict, since);
            new.then(|| first_issue(certification, verdict, today))
        }
    }
}

/// The verdict when it is met. Most are not, and asking that first spares explaining it.
fn met(
    requirement: &Requirement,
    context: &Context,
    facts: &[Fact],
    today: NaiveDate,
) -> Option<Line> {
    verdict::is_met(requirement, context, facts, today)
        .then(|| verdict::judge(requirement, context, facts, today))
}

/// From when to when a certificate that ends on `through` may be renewed for the n-th time, by any
/// way.
pub fn window(
    certification: &Certification,
    nth: u32,
    through: NaiveDate,
) -> Option<(NaiveDate, NaiveDate)> {
    let windows = certification.ways(nth).map(|way| way.window(through));
    windows.reduce(|(opens, closes), (from, to)| (opens.min(from), closes.max(to)))
}

/// The way by which it may be renewed on a day, if one is open.
pub fn open_way(
    certification: &Certification,
    nth: u32,
    through: NaiveDate,
    today: NaiveDate,
) -> Option<&Renewal> {
    certification.ways(nth).find(|way| {
        let (opens, closes) = way.window(through);
        opens <= today && today <= closes
    })
}

/// How often the certificate a person held last had been renewed: its place in an unbroken row, in
/// which each began before the time to renew the one before it was over.
pub fn cycle(certification: &Certification, facts: &[Fact], code: &str) -> u32 {
    cycle_by(certification, facts, code, FOREVER)
}

/// [`cycle`] of the certificate that began on a day. Of what others issued, which renewal it was
/// stands in the record only, by what its holder had held until then.
pub fn cycle_by(certification: &Certification, facts: &[Fact], code: &str, from: NaiveDate) -> u32 {
    // A certificate that was reinstated, or extended late, has several facts and counts once.
    let mut held: BTreeMap<NaiveDate, NaiveDate> = BTreeMap::new();
    for fact in certificates(facts, code).filter(|fact| fact.began() <= from) {
        let end = held.entry(fact.began()).or_insert(ends(fact));
        *end = ends(fact).max(*end);
    }
    let mut cycle = 0;
    for ((_, end), (from, _)) in held.iter().zip(held.iter().skip(1)) {
        let closes = window(certification, cycle + 1, *end).map(|(_, closes)| closes);
        let unbroken = *from <= closes.unwrap_or(FOREVER).max(next_day(*end));
        cycle = if unbroken { cycle + 1 } else { 0 };
    }
    cycle
}

/// Which renewal a certificate is that began on a day: as it says itself, or, where somebody else
/// issued it and it says nothing, as the record tells.
pub fn cycle_of(
    context: &Context,
    facts: &[Fact],
    code: &str,
    from: NaiveDate,
    said: Option<i64>,
) -> u32 {
    match said {
        Some(cycle) => u32::try_from(cycle).unwrap_or(0),
        None => context.certification(code).map_or(0, |plan| cycle_by(plan, facts, code, from)),
    }
}

/// Whether the ways of renewing it depend on how often it was renewed before.
pub fn counts_renewals(certification: &Certification) -> bool {
    certification.renewals.iter().any(|way| !way.nth.is_empty())
}

fn certificates<'a>(facts: &'a [Fact], code: &str) -> impl Iterator<Item = &'a Fact> {
    facts.iter().filter(move |fact| fact.kind == Kind::Certificate && fact.code == code)
}

/// The certificate a person held last.
pub fn last_held<'a>(facts: &'a [Fact], code: &str) -> Option<&'a Fact> {
    certificates(facts, code).max_by_key(|fact| (ends(fact), fact.from))
}

/// The last valid day of the certificate a person held last. One that was reinstated only after its
/// end was held on none of its days since the suspension, so the record knows too early a day.
pub fn last_day(held: &Fact, barrier: Barrier) -> Option<NaiveDate> {
    let issued = match barrier {
        Barrier::Issued { through, .. } => through,
        _ => None,
    };
    held.through.map(|day| issued.map_or(day, |through| through.max(day)))
}

/// The last day of a fact.
pub fn ends(fact: &Fact) -> NaiveDate {
    fact.through.unwrap_or(FOREVER)
}

fn after_revocation(
    certification: &Certification,
    context: &Context,
    facts: &[Fact],
    revoked_on: NaiveDate,
    today: NaiveDate,
) -> Option<Due> {
    let counts =
        |fact: &&Fact| !matches!(fact.kind, Kind::Course | Kind::Exam) || fact.from > revoked_on;
    let facts: Vec<Fact> = facts.iter().filter(counts).cloned().collect();
    let verdict = met(&certification.requires, context, &facts, today)?;
    let new = has_new_evidence(&verdict, next_day(revoked_on));
    new.then(|| first_issue(certification, verdict, today))
}

fn first_issue(certification: &Certification, verdict: Line, today: NaiveDate) -> Due {
    let through = certification.validity.through(today);
    Due { verdict, from: today, through, cycle: 0, extends: false }
}

/// The renewal by a way of what ran on the old days; none, when it would be over before it began.
fn renewed(
    certification: &Certification,
    way: &Renewal,
    verdict: Line,
    (began, old): (NaiveDate, NaiveDate),
    nth: u32,
    today: NaiveDate,
) -> Option<Due> {
    if let Some(months) = way.extends_months {
        let through = Some(months_after(old, months)).filter(|through| *through >= today)?;
        return Some(Due {
            verdict,
            from: began,
            through: Some(through),
            cycle: nth - 1,
            extends: true,
        });
    }
    let (from, through) = renewed_run(certification, way, old, today);
    let lasts = through.is_none_or(|through| through >= today);
    lasts.then_some(Due { verdict, from, through, cycle: nth, extends: false })
}

/// The validity of a certificate that is renewed by a way on a day.
pub fn renewed_run(
    certification: &Certification,
    way: &Renewal,
    old_through: NaiveDate,
    today: NaiveDate,
) -> (NaiveDate, Option<NaiveDate>) {
    let from = match way.base {
        Base::PreviousExpiry => today.max(next_day(old_through)),
        Base::Completion => today,
        Base::Cycle => next_day(old_through),
    };
    (from, way.validity.unwrap_or(certification.validity).through(from))
}

/// Whether anything that counts for the verdict was done on or after the day.
fn has_new_evidence(line: &Line, since: NaiveDate) -> bool {
    let is_new = |evidence: &Evidence| {
        let done = matches!(evidence.kind, Kind::Course | Kind::Exam | Kind::Logbook | Kind::Skill);
        done && evidence.from >= since
    };
    if !line.met {
        return false;
    }
    line.evidence.iter().any(is_new)
        || match line.route_used() {
            Some(route) => has_new_evidence(route, since),
            None => line.lines.iter().any(|inner| has_new_evidence(inner, since)),
        }
}

/// Letters and digits nobody mistakes for one another on paper or on the phone.
const CHECK_LETTERS: &[u8; 25] = b"34679ACDEFGHJKMNPQRTUVWXY";

/// A check code of ten letters from random bytes; too few usable bytes give none.
pub fn check_code(random: &[u8]) -> Option<String> {
    let fair = random.iter().filter(|byte| **byte < 250).take(10);
    let code: String =
        fair.map(|byte| char::from(CHECK_LETTERS[usize::from(*byte) % 25])).collect();
    (code.len() == 10).then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        certification::model::CertificateId,
        record::{Amount, Programmes},
    };

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn fact(id: i64, kind: Kind, code: &str, from: &str, through: Option<&str>) -> Fact {
        let amount = (kind == Kind::Exam).then_some(Amount { numerator: 90, denominator: 1 });
        let through = through.map(day);
        Fact {
            id,
            kind,
            code: code.into(),
            level: None,
            amount,
            unit: None,
            from: day(from),
            through,
        }
    }

    const SET: &str = r#"
code = "s"
version = "1"
title = { zh = "规", en = "rules" }
jurisdiction = "house"
source = "house"
verified = "primary"
notice = { zh = "规", en = "rules" }
[[exam]]
code = "e"
title = { zh = "考", en = "exam" }
recorded = true
[[certification]]
code = "c"
title = { zh = "证", en = "certificate" }
issue = "auto"
validity.months = 12
requires.exam.parts = [{ code = "e", min = 60, valid_months = 24 }]
[[certification.renewal]]
window_days = 90
grace_days = 30
requires.exam.parts = [{ code = "e", min = 60, valid_months = 24 }]
"#;

    fn decide(facts: &[Fact], barrier: Barrier, today: &str) -> Option<(String, String)> {
        let programmes = Programmes::of_files(&[("s.toml".into(), SET.into())]).unwrap();
        let (_, certification) = programmes.certification("s/c").unwrap();
        let mut facts = facts.to_vec();
        verdict::sort(&mut facts);
        let context = programmes.context();
        let due = due(certification, "s/c", context, &facts, barrier, day(today))?;
        Some((due.from.to_string(), due.through.unwrap().to_string()))
    }

    #[test]
    fn issue_and_renewal_follow_the_window_and_need_new_evidence() {
        let first = fact(1, Kind::Exam, "s/e", "2026-01-10", None);
        let held = fact(2, Kind::Certificate, "s/c", "2026-01-10", Some("2027-01-09"));
        let again = |on| fact(3, Kind::Exam, "s/e", on, None);
        let both = [first.clone(), held.clone()];
        let with = |on| [first.clone(), held.clone(), again(on)];
        let dates = |from: &str, through: &str| Some((from.to_owned(), through.to_owned()));
        let none = Barrier::None;
        assert_eq!(decide(&both[..1], none, "2026-01-10"), dates("2026-01-10", "2027-01-09"));
        assert_eq!(decide(&both, none, "2026-01-10"), None, "held");
        assert_eq!(decide(&both, none, "2026-12-01"), None, "the old exam renews nothing");
        assert_eq!(decide(&with("2026-09-01"), none, "2026-12-01"), None, "before the window");
        let early = decide(&with("2026-12-01"), none, "2026-12-01");
        assert_eq!(early, dates("2027-01-10", "2028-01-09"), "no day is lost");
        let late = decide(&with("2027-01-20"), none, "2027-01-20");
        assert_eq!(late, dates("2027-01-20", "2028-01-19"), "in the grace period");
        assert_eq!(decide(&both, none, "2027-06-01"), None, "expired: old evidence is not enough");
        let anew = decide(&with("2027-06-01"), none, "2027-06-01");
        assert_eq!(anew, dates("2027-06-01", "2028-05-31"), "a first issue again");
    }

    #[test]
    fn after_an_early_renewal_the_same_evidence_brings_nothing_more() {
        let facts = [
            fact(1, Kind::Exam, "s/e", "2026-01-10", None),
            fact(2, Kind::Certificate, "s/c", "2026-01-10", Some("2027-01-09")),
            fact(3, Kind::Exam, "s/e", "2026-12-01", None),
            fact(4, Kind::Certificate, "s/c", "2027-01-10", Some("2028-01-09")),
        ];
        for today in ["2026-12-01", "2026-12-02", "2027-01-10", "2027-10-11", "2028-02-01"] {
            assert_eq!(decide(&facts, Barrier::None, today), None, "{today}");
        }
    }

    #[test]
    fn a_revocation_is_not_undone_by_an_old_exam() {
        let cut = fact(2, Kind::Certificate, "s/c", "2026-01-10", Some("2026-05-31"));
        let facts = [fact(1, Kind::Exam, "s/e", "2026-01-10", None), cut.clone()];
        let revoked = Barrier::Revoked(day("2026-06-01"));
        assert_eq!(decide(&facts, revoked, "2026-06-02"), None);
        assert_eq!(decide(&facts, Barrier::Suspended, "2026-06-02"), None);
        let fresh = [cut, fact(3, Kind::Exam, "s/e", "2026-07-01", None)];
        assert!(decide(&fresh, revoked, "2026-07-01").is_some());
    }

    #[test]
    fn a_revocation_counts_for_what_was_left_held_beyond_it() {
        // Dated back over a renewal that was revoked, too; the old one had run out by then.
        let old = fact(2, Kind::Certificate, "s/c", "2026-01-10", Some("2027-01-09"));
        let facts = [old.clone(), fact(1, Kind::Exam, "s/e", "2026-12-01", None)];
        let revoked = Barrier::Revoked(day("2026-12-20"));
        assert_eq!(decide(&facts, revoked, "2027-03-01"), None, "the exam from before it");
        let fresh = [old, fact(3, Kind::Exam, "s/e", "2027-03-01", None)];
        assert!(decide(&fresh, revoked, "2027-03-01").is_some());
        // One that somebody else issued runs on: nobody holds two.
        let running = fact(2, Kind::Certificate, "s/c", "2026-01-10", Some("2028-01-09"));
        let fresh = [running, fact(3, Kind::Exam, "s/e", "2027-03-01", None)];
        assert_eq!(decide(&fresh, revoked, "2027-03-01"), None);
    }

    #[test]
    fn what_was_superseded_is_not_issued_by_rule() {
        let cut = fact(2, Kind::Certificate, "s/c", "2026-01-10", Some("2026-11-22"));
        let facts = [cut, fact(3, Kind::Exam, "s/e", "2026-11-20", None)];
        assert_eq!(decide(&facts, Barrier::Superseded, "2026-11-24"), None);
    }

    #[test]
    fn reinstated_after_its_end_it_is_renewed_by_its_real_end() {
        let cut = fact(2, Kind::Certificate, "s/c", "2026-01-10", Some("2026-09-30"));
        let facts = [cut, fact(3, Kind::Exam, "s/e", "2027-01-20", None)];
        let through = Some(day("2027-01-09"));
        let barrier = Barrier::Issued { on: day("2026-01-10"), through };
        let programmes = Programmes::of_files(&[("s.toml".into(), SET.into())]).unwrap();
        let (_, plan) = programmes.certification("s/c").unwrap();
        let due =
            due(plan, "s/c", programmes.context(), &facts, barrier, day("2027-01-20")).unwrap();
        assert_eq!((due.from, due.cycle), (day("2027-01-20"), 1), "in grace, not a first issue");
    }

    #[test]
    fn a_certificate_that_was_interrupted_counts_once() {
        let programmes = Programmes::of_files(&[("s.toml".into(), SET.into())]).unwrap();
        let (_, plan) = programmes.certification("s/c").unwrap();
        let held = |from, through| fact(1, Kind::Certificate, "s/c", from, Some(through));
        let first = held("2026-01-10", "2026-05-31");
        let second = held("2026-06-10", "2027-01-09");
        let third = held("2027-01-10", "2028-01-09");
        let resumed = Fact { level: Some("resumed:2026-01-10".into()), ..second.clone() };
        let of = |facts: &[Fact]| cycle(plan, facts, "s/c");
        assert_eq!(of(&[first.clone(), resumed.clone()]), 0, "reinstated");
        assert_eq!(of(&[first.clone(), resumed, third.clone()]), 1);
        assert_eq!(of(&[first.clone(), second.clone()]), 1, "renewed in grace");
        assert_eq!(of(&[first, held("2028-03-01", "2029-02-28")]), 0, "revoked, earned anew");
    }

    #[test]
    fn the_state_is_read_from_acts_and_dates() {
        let now = crate::db::Instant::from(chrono::DateTime::UNIX_EPOCH);
        let stamp = crate::record::ledger::Stamp { at: now, by: None };
        let act = |kind, on| Act::new(CertificateId(1), kind, day(on), "", stamp);
        let (from, through) = (day("2026-01-01"), Some(day("2026-12-31")));
        let state = |through, acts: &[Act], today: &str| {
            let by_dates = || state_by_dates(from, through, None, day(today));
            state_by_acts(acts, day(today)).unwrap_or_else(by_dates)
        };
        let at = |acts: &[Act], today: &str| state(through, acts, today);
        assert_eq!(at(&[], "2025-12-31"), State::NotYet);
        assert_eq!(at(&[], "2026-10-01"), State::Valid);
        assert_eq!(at(&[], "2026-10-02"), State::Expiring(90));
        assert_eq!(at(&[], "2026-12-31"), State::Expiring(0));
        assert_eq!(at(&[], "2027-01-01"), State::Expired);
        let acts = [act(ActKind::Suspended, "2026-03-01"), act(ActKind::Reinstated, "2026-04-01")];
        assert_eq!(at(&acts, "2026-02-28"), State::Valid);
        assert_eq!(at(&acts, "2026-03-31"), State::Suspended);
        assert_eq!(at(&acts, "2026-04-01"), State::Valid);
        assert_eq!(at(&[act(ActKind::Revoked, "2026-05-01")], "2027-05-01"), State::Revoked);
        assert_eq!(state(None, &[], "2099-01-01"), State::Valid);
    }

    #[test]
    fn a_check_code_has_ten_letters_nobody_confuses() {
        let code = check_code(&[0, 255, 24, 25, 1, 2, 3, 4, 5, 6, 7, 8]).unwrap();
        assert_eq!(code, "3Y34679ACD");
        assert_eq!(check_code(&[255; 32]), None);
    }
}
