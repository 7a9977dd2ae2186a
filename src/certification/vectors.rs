//! The acceptance vectors of the domain that speak of the life of a certificate, with the rule sets
//! as shipped.

use chrono::NaiveDate;

use super::{
    model::State,
    rules::{self, Barrier, Due},
    standing::{Life, Standing, standing},
};
use crate::record::{
    Amount, Fact, Kind, Programmes,
    period::{first_day_after_months, next_day},
    verdict,
};

fn day(word: &str) -> NaiveDate {
    word.parse().unwrap()
}

fn shipped() -> Programmes {
    let pieces = crate::content::read(None).unwrap();
    let files: Vec<(String, String)> = pieces
        .iter()
        .filter(|piece| piece.kind == crate::content::ContentKind::RuleSet)
        .map(|piece| (format!("{}.toml", piece.code), piece.only_text().to_owned()))
        .collect();
    Programmes::of_files(&files).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

fn fact(kind: Kind, code: &str, from: &str) -> Fact {
    let (level, amount, unit, through) = (None, None, None, None);
    Fact { id: 0, kind, code: code.into(), level, amount, unit, from: day(from), through }
}

fn held(code: &str, from: &str, through: &str) -> Fact {
    Fact { through: Some(day(through)), ..fact(Kind::Certificate, code, from) }
}

fn sat(code: &str, score: i64, on: &str) -> Fact {
    let amount = Some(Amount { numerator: score, denominator: 1 });
    Fact { amount, ..fact(Kind::Exam, code, on) }
}

fn worked(occupation: &str, from: &str, through: Option<&str>) -> Fact {
    Fact { through: through.map(day), ..fact(Kind::Employment, occupation, from) }
}

fn sorted(facts: &[Fact]) -> Vec<Fact> {
    let mut facts = facts.to_vec();
    facts.iter_mut().zip(1..).for_each(|(fact, id)| fact.id = id);
    verdict::sort(&mut facts);
    facts
}

/// How a certificate that is among the facts stands on a day.
fn stands(programmes: &Programmes, certificate: &Fact, facts: &[Fact], on: &str) -> Standing {
    let Fact { code, from, through, .. } = certificate;
    let life = Life { code, from: *from, through: *through, cycle: 0, acts: &[] };
    standing(programmes.context(), &life, &sorted(facts), day(on))
}

fn due(programmes: &Programmes, code: &str, facts: &[Fact], on: &str) -> Option<Due> {
    let (_, plan) = programmes.certification(code).unwrap();
    let facts = sorted(facts);
    rules::due(plan, code, programmes.context(), &facts, Barrier::None, day(on))
}

const LICENCE: &str = "cn-special-operation-lv/low-voltage";

#[test]
fn v1_the_licence_names_its_review_and_a_missed_one_suspends() {
    let programmes = shipped();
    let licence = held(LICENCE, "2024-02-29", "2030-02-28");
    let work = worked("low-voltage-electrician", "2020-01-01", None);
    let facts = [licence.clone(), work];
    let at = |facts: &[Fact], on| stands(&programmes, &licence, facts, on);
    let review = at(&facts, "2026-12-01").review.expect("a review is due");
    assert_eq!((review.opens, review.due), (day("2026-12-30"), day("2027-02-28")));
    assert_eq!(at(&facts, "2027-02-28").state, State::Valid);
    assert_eq!(at(&facts, "2027-03-01").state, State::Suspended);
    let hours = Fact {
        amount: Some(Amount { numerator: 8, denominator: 1 }),
        ..fact(Kind::Course, "low-voltage-review-training", "2027-01-05")
    };
    let exam = sat("cn-special-operation-lv/review-theory", 80, "2027-01-06");
    let mut reviewed = facts.to_vec();
    reviewed.extend([hours, exam]);
    assert_eq!(at(&reviewed, "2027-03-01").state, State::Valid);
    assert_eq!(at(&reviewed, "2030-01-01").state, State::Expiring(58), "its renewal has opened");
    assert_eq!(at(&reviewed, "2030-03-01").state, State::Expired);
}

#[test]
fn r20_the_longer_interval_needs_ten_years_and_the_authority_s_consent() {
    let programmes = shipped();
    let licence = held(LICENCE, "2024-02-29", "2030-02-28");
    let work = worked("low-voltage-electrician", "2010-01-01", None);
    let consent =
        fact(Kind::Certificate, "cn-special-operation-lv/longer-review-consent", "2026-01-10");
    let violation = fact(Kind::Incident, "special-operation-violation", "2026-05-01");
    let at = |facts: &[Fact]| stands(&programmes, &licence, facts, "2027-06-01").state;
    assert_eq!(at(&[licence.clone(), work.clone()]), State::Suspended, "nobody consented");
    let all = [licence.clone(), work, consent.clone()];
    assert_eq!(at(&all), State::Valid);
    assert_eq!(at(&[all.to_vec(), vec![violation]].concat()), State::Suspended);
    let short = worked("low-voltage-electrician", "2020-01-01", None);
    assert_eq!(at(&[licence.clone(), short, consent]), State::Suspended, "seven years");
}

#[test]
fn r21_six_months_away_suspend_the_licence_until_the_practical_is_sat_again() {
    let programmes = shipped();
    let licence = held(LICENCE, "2024-02-29", "2030-02-28");
    let trade = "low-voltage-electrician";
    let away = [
        licence.clone(),
        worked(trade, "2020-01-01", Some("2025-01-31")),
        worked(trade, "2025-09-01", None),
        sat("cn-special-operation-lv/practical", 85, "2025-09-20"),
    ];
    let at = |on| stands(&programmes, &licence, &away, on);
    assert_eq!(at("2025-07-31").state, State::Valid);
    assert_eq!(at("2025-08-01").state, State::Suspended, "not expired");
    assert!(at("2025-08-01").why.is_some());
    assert_eq!(at("2025-09-19").state, State::Suspended, "back at work is not enough");
    assert_eq!(at("2025-09-20").state, State::Valid);
}

#[test]
fn r21_nothing_known_is_not_being_away() {
    let programmes = shipped();
    let licence = held(LICENCE, "2024-02-29", "2030-02-28");
    let (mechanic, electrician) = ("auto-mechanic", "auto-electrician");
    let state = |work: &[Fact]| {
        let facts = [std::slice::from_ref(&licence), work].concat();
        stands(&programmes, &licence, &facts, "2026-11-23").state
    };
    for (what, work, expected) in [
        ("no work on record", vec![], State::Valid),
        ("a mechanic", vec![worked(mechanic, "2020-01-01", None)], State::Valid),
        ("an electrician", vec![worked(electrician, "2020-01-01", None)], State::Valid),
        ("hired long after the licence", vec![worked(mechanic, "2026-01-05", None)], State::Valid),
        (
            "years before, elsewhere",
            vec![worked("parts", "2010-01-01", Some("2012-12-31"))],
            State::Valid,
        ),
        (
            "at a desk all along",
            vec![worked("service-advisor", "2020-01-01", None)],
            State::Suspended,
        ),
        (
            "at a desk, not yet six months",
            vec![worked("service-advisor", "2026-06-01", None)],
            State::Valid,
        ),
        (
            "left the trade",
            vec![worked(mechanic, "2020-01-01", Some("2026-05-22"))],
            State::Suspended,
        ),
        (
            "left a day later",
            vec![worked(mechanic, "2020-01-01", Some("2026-05-23"))],
            State::Valid,
        ),
        (
            "away before it was taken up again",
            vec![
                worked("parts", "2024-01-01", Some("2025-12-31")),
                worked(mechanic, "2026-01-01", None),
            ],
            State::Suspended,
        ),
    ] {
        assert_eq!(state(&work), expected, "{what}");
    }
}

/// A1 to A8 with A5 lapsing first, and Master.
fn master() -> (Fact, Vec<Fact>) {
    let master = fact(Kind::Certificate, "us-ase-a-series/master-automobile", "2022-03-01");
    let part = |n| match n {
        5 => held("us-ase-a-series/A5", "2020-07-01", "2025-06-30"),
        n => held(&format!("us-ase-a-series/A{n}"), "2022-01-01", "2026-12-31"),
    };
    let facts = (1..=8).map(part).chain([master.clone()]).collect();
    (master, facts)
}

#[test]
fn r24_one_lapse_suspends_ase_master_until_it_is_restored() {
    let programmes = shipped();
    let (master, mut facts) = master();
    let state = |facts: &[Fact], on| stands(&programmes, &master, facts, on).state;
    assert_eq!(state(&facts, "2025-06-30"), State::Valid);
    assert_eq!(state(&facts, "2025-07-01"), State::Suspended);
    facts.push(held("us-ase-a-series/A5", "2025-08-15", "2030-08-14"));
    assert_eq!(state(&facts, "2025-08-14"), State::Suspended);
    assert_eq!(state(&facts, "2025-08-15"), State::Valid, "A9 was never asked for");
    assert_eq!(state(&facts, "2027-01-01"), State::Suspended, "seven others have lapsed");
}

#[test]
fn v4_eight_right_answers_bring_a_year_and_seven_none() {
    let programmes = shipped();
    let a5 = held("us-ase-a-series/A5", "2023-01-01", "2027-12-31");
    let app = |right, on: &str| {
        due(
            &programmes,
            "us-ase-a-series/A5",
            &[a5.clone(), sat("us-ase-a-series/A5-app", right, on)],
            on,
        )
    };
    let extended = app(8, "2027-11-30").expect("eight are enough");
    assert!(extended.extends, "extended, not issued anew");
    assert_eq!(extended.through, Some(day("2028-12-31")));
    assert_eq!(app(7, "2027-11-30"), None);
}

#[test]
fn r23_the_recertification_closes_with_the_expiry_and_the_app_stays_open() {
    let programmes = shipped();
    let code = "us-ase-a-series/A1";
    let a1 = held(code, "2023-01-01", "2027-12-31");
    let (_, plan) = programmes.certification(code).unwrap();
    let closes: Vec<NaiveDate> =
        plan.renewals.iter().map(|way| way.window(day("2027-12-31")).1).collect();
    assert_eq!(closes[..2], [day("2027-12-31"); 2]);
    assert!(closes[2] > day("2027-12-31"), "two ways with different ends");
    let recert = |on: &str| {
        due(&programmes, code, &[a1.clone(), sat("us-ase-a-series/A1-recert", 100, on)], on)
    };
    let renewed = recert("2027-10-05").expect("before the expiry");
    assert_eq!((renewed.from, renewed.through), (day("2028-01-01"), Some(day("2032-12-31"))));
    assert_eq!(recert("2028-01-01"), None, "the full test again");
    let late = [a1.clone(), sat("us-ase-a-series/A1-app", 8, "2028-02-01")];
    let late = due(&programmes, code, &late, "2028-02-01").expect("open to expired holders");
    assert!(late.extends);
    assert_eq!(late.through, Some(day("2028-12-31")), "a year from the old expiry");
    let years = |from: &str| worked("auto-mechanic", from, None);
    let again = [a1, years("2010-01-01"), sat("us-ase-a-series/A1-test", 100, "2029-02-01")];
    let again = due(&programmes, code, &again, "2029-02-01").expect("a first issue again");
    assert_eq!((again.from, again.cycle), (day("2029-02-01"), 0));
}

#[test]
fn l1_asks_for_a_current_or_past_a8() {
    let programmes = shipped();
    let (_, exam) = programmes.exam("us-ase-a-series/L1-test").unwrap();
    let requires = exam.requires.as_ref().unwrap();
    let met = |facts: &[Fact]| {
        verdict::is_met(requires, programmes.context(), &sorted(facts), day("2026-11-23"))
    };
    assert!(!met(&[]));
    assert!(met(&[held("us-ase-a-series/A8", "2010-01-01", "2014-12-31")]), "a past one counts");
}

#[test]
fn epa_609_and_the_uk_attestation_never_expire() {
    let programmes = shipped();
    for code in ["us-epa-609/technician", "uk-mvac-307-2008/attestation"] {
        let certificate = fact(Kind::Certificate, code, "1999-05-01");
        let stands =
            stands(&programmes, &certificate, std::slice::from_ref(&certificate), "2099-01-01");
        assert_eq!((stands.state, stands.through, stands.window), (State::Valid, None, None));
    }
}

#[test]
fn r09_a_mechatroniker_of_2013_is_deemed_to_hold_2s_without_a_certificate() {
    let programmes = shipped();
    let trained = Fact {
        level: Some("kfz-mechatroniker-2013".into()),
        ..fact(Kind::Education, "vocational", "2016-07-31")
    };
    let deemed = |code: &str, facts: &[Fact]| {
        let rule = format!("certificate = {{ code = \"de-dguv-209-093-s/{code}\" }}");
        let rule = toml::from_str(&rule).unwrap();
        verdict::is_met(&rule, programmes.context(), &sorted(facts), day("2026-11-23"))
    };
    for (code, met) in [("S", true), ("1S", true), ("2S", true), ("3S", false)] {
        assert_eq!(deemed(code, std::slice::from_ref(&trained)), met, "{code}");
        assert!(!deemed(code, &[]), "{code}");
    }
}

#[test]
fn r10_a_trainee_is_exempt_for_twelve_months_under_a_holder() {
    let programmes = shipped();
    let (_, plan) = programmes.certification("uk-mvac-307-2008/attestation").unwrap();
    let exemption = plan.exemption.as_ref().unwrap();
    assert_eq!(exemption.months, 12);
    let holder = held("uk-mvac-307-2008/attestation", "2020-01-01", "2099-12-31");
    let met = |rule: &Option<_>, facts: &[Fact]| {
        let rule = rule.as_ref().unwrap();
        verdict::is_met(rule, programmes.context(), &sorted(facts), day("2026-11-23"))
    };
    assert!(met(&exemption.trainee, &[]));
    assert!(
        !met(&exemption.trainee, std::slice::from_ref(&holder)),
        "whoever holds it needs no exemption"
    );
    assert!(met(&exemption.supervisor, &[holder]));
    assert!(!met(&exemption.supervisor, &[]));
}

#[test]
fn r12_the_large_ev_practical_comes_within_twelve_months_of_the_theory() {
    let programmes = shipped();
    let code = "uk-irtec/large-ev";
    let candidate = |theory: &str, practical: &str| {
        let born = fact(Kind::Birth, "born", "1995-01-01");
        let trained = Fact {
            level: Some("uk-level-2-vehicle".into()),
            ..fact(Kind::Education, "vocational", "2020-06-30")
        };
        let work = worked("auto-mechanic", "2020-07-01", None);
        let theory = sat("uk-irtec/large-ev-theory", 100, theory);
        let practical_fact = sat("uk-irtec/large-ev-practical", 100, practical);
        due(&programmes, code, &[born, trained, work, theory, practical_fact], practical)
    };
    let issued = candidate("2025-03-10", "2026-03-09").expect("within twelve months");
    assert_eq!(issued.through, Some(day("2031-03-08")), "five years");
    assert_eq!(candidate("2025-03-10", "2026-03-10"), None, "a day late");
}

#[test]
fn r19_the_house_s_inspector_is_reviewed_half_way() {
    let programmes = shipped();
    let inspector = held("inhouse-default/final-inspector", "2024-06-01", "2028-05-31");
    let review =
        stands(&programmes, &inspector, std::slice::from_ref(&inspector), "2026-01-01").review;
    let review = review.expect("within its validity");
    assert_eq!((review.opens, review.due), (day("2026-04-01"), day("2026-05-31")));
}

const BATTERY: &str = "inhouse-default/battery-repair";

#[test]
fn the_house_s_battery_certificate_takes_turns_is_late_for_a_year_and_falls_with_hv() {
    let programmes = shipped();
    let hv = held("inhouse-default/hv-qualified", "2024-01-01", "2031-12-31");
    let first = held(BATTERY, "2024-12-01", "2026-11-30");
    let delta = |on| fact(Kind::Course, "battery-delta", on);
    let exam = |on: &str| sat("inhouse-default/battery-assessment", 90, on);
    let by = |facts: &[Fact], on| {
        due(&programmes, BATTERY, facts, on).map(|due| (due.from, due.through, due.cycle))
    };
    let twice = (day("2026-12-01"), Some(day("2028-11-30")), 1);
    assert_eq!(by(&[hv.clone(), first.clone(), exam("2026-11-02")], "2026-11-02"), Some(twice));
    assert_eq!(by(&[hv.clone(), first.clone(), delta("2026-11-02")], "2026-11-02"), None);
    let second = held(BATTERY, "2026-12-01", "2028-11-30");
    let delta_course = [hv.clone(), first.clone(), second, delta("2028-10-10")];
    let third = (day("2028-12-01"), Some(day("2030-11-30")), 2);
    assert_eq!(
        by(&delta_course, "2028-10-10"),
        Some(third),
        "the second renewal is the delta course"
    );
    // After the thirty days of grace it takes both, and brings one year.
    let late = [hv.clone(), first.clone(), exam("2027-02-01"), delta("2027-02-01")];
    assert_eq!(by(&late, "2027-02-01"), Some((day("2027-02-01"), Some(day("2028-01-31")), 1)));
    let state = |facts: &[Fact], on| stands(&programmes, &first, facts, on).state;
    assert_eq!(state(&[hv, first.clone()], "2026-01-01"), State::Valid);
    assert_eq!(state(std::slice::from_ref(&first), "2026-01-01"), State::Suspended);
}

#[test]
fn the_house_s_yearly_authorisation_ends_with_the_year_unless_too_little_is_left() {
    let programmes = shipped();
    let code = "inhouse-default/safety-authorisation";
    let issued = |on: &str| {
        due(&programmes, code, &[fact(Kind::Course, "safety-briefing", on)], on).unwrap().through
    };
    assert_eq!(issued("2026-03-01"), Some(day("2026-12-31")));
    assert_eq!(issued("2026-10-01"), Some(day("2026-12-31")), "three months to the day");
    assert_eq!(issued("2026-10-02"), Some(day("2027-12-31")));
}

#[test]
fn the_eu_set_replaces_the_old_regulation_and_the_uk_keeps_it() {
    let programmes = shipped();
    let eu = programmes.set("eu-mvac-2025-1893").unwrap();
    assert_eq!(eu.supersedes.as_deref(), Some("eu-mvac-307-2008"));
    assert!(!eu.applies(day("2025-09-18")) && eu.applies(day("2025-09-19")));
    let codes: Vec<&str> = eu.certifications.iter().map(|one| one.code.as_str()).collect();
    assert_eq!(codes, ["M1", "M2", "M3", "M4"]);
    assert!(
        eu.certifications
            .iter()
            .all(|one| { one.verified == Some(crate::record::programme::Verified::Unverified) })
    );
    let uk = programmes.set("uk-mvac-307-2008").unwrap();
    assert!(uk.applies(day("2026-11-23")) && uk.supersedes.is_none());
}

/// What no source confirms is not shipped as a fact.
#[test]
fn what_is_not_verified_says_so() {
    use crate::record::programme::Verified::Unverified;
    let programmes = shipped();
    for (set, unverified) in [
        ("us-ase-a-series", vec!["L1"]),
        ("us-epa-609", vec!["technician"]),
        ("de-dguv-209-093-s", vec!["first-aid"]),
    ] {
        let set = programmes.set(set).unwrap();
        let said: Vec<&str> = set
            .certifications
            .iter()
            .filter(|one| one.verified.unwrap_or(set.verified) == Unverified)
            .map(|one| one.code.as_str())
            .collect();
        assert_eq!(said, unverified, "{}", set.code);
    }
    let eight = programmes.set("cn-eight-grade").unwrap();
    for rank in ["7", "8"] {
        let path = eight.path(rank).unwrap();
        assert_eq!((path.term_months, path.verified), (None, Some(Unverified)), "{rank}");
        assert!(path.quota.as_ref().is_none_or(|quota| quota.places.is_none()), "{rank}");
    }
    for set in programmes.sets() {
        assert!(!set.source.is_empty() && !set.notice.zh.is_empty() && !set.notice.en.is_empty());
    }
}

#[test]
fn v8_a_year_and_a_day_is_the_day_after_the_anniversary() {
    let upgrade = next_day(first_day_after_months(day("2017-04-01"), 12));
    assert_eq!(upgrade, day("2018-04-02"));
}
