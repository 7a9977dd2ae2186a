//! What a new version means for those who hold a certificate of an earlier one.
//!
//! Each version that asks something else leaves a [`Transition`]; together they are the history of
//! a certification, as it stands in the text of its rule set. A later version adds its own and
//! writes into the earlier ones what they asked: whom they suspended stays suspended, and whom they
//! spared stays spared, unless the later version says otherwise.

use chrono::NaiveDate;

use crate::record::programme::{Before, Certification, Day, Holders, Transition};

/// The transitions of a version that is in force from a day on, after the one before it; without a
/// choice of what it means for holders, it means to them what its text says.
pub fn after(
    old: Option<&Certification>,
    new: &Certification,
    from: NaiveDate,
    holders: Option<Holders>,
) -> Vec<Transition> {
    let asks_otherwise = old.map(|one| &one.requires) != Some(&new.requires);
    let mut transitions = new.transitions.clone();
    if let Some(old) = old.filter(|_| asks_otherwise) {
        for one in transitions.iter_mut().filter(|one| one.from.0 < from) {
            keep_what_it_asked(one, old);
        }
    }
    let before = demands(old).filter(|before| *before != demands_of(new));
    match holders {
        Some(holders) if asks_otherwise || before.is_some() => {
            // What was announced for later never came into force: this comes after what was before.
            let earlier = transitions.iter().take_while(|one| one.from.0 < from).count();
            let announced = transitions.split_off(earlier);
            let holding_only = !asks_otherwise && announced.iter().all(|one| one.holding_only);
            let before = announced.into_iter().find_map(|one| one.before).or(before);
            let (from, requires) = (Day(from), None);
            transitions.push(Transition { from, holders, holding_only, requires, before });
            transitions
        }
        _ => transitions,
    }
}

/// A transition that stood in the version before asked what that version asked.
fn keep_what_it_asked(one: &mut Transition, old: &Certification) {
    let stood = old.transitions.iter().any(|before| before == &*one);
    if stood && !one.holding_only && one.requires.is_none() {
        one.requires = Some(old.requires.clone());
    }
}

fn demands(one: Option<&Certification>) -> Option<Before> {
    one.map(demands_of)
}

/// What is demanded of those who hold a certificate.
fn demands_of(one: &Certification) -> Before {
    Before { suspended_unless: one.suspended_unless.clone(), review: one.review.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{
        Amount, Fact, Kind,
        case::Case,
        context::Context,
        requirement::{Certificate, Requirement, Rule},
        verdict,
    };

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// A version that asks so many points in an exam, and more in these lines.
    fn version(points: i64, more: &str) -> Certification {
        let text = format!(
            "code = \"c\"\ntitle = {{ zh = \"证\", en = \"c\" }}\nvalidity.months = 48\n{more}\n\
             requires.exam.parts = [{{ code = \"e\", min = {points}, valid_months = 12 }}]\n"
        );
        toml::from_str(&text).unwrap()
    }

    /// The version that is published after another, with what its writer left of its transitions.
    fn published(
        old: &Certification,
        new: Certification,
        from: &str,
        holders: Option<Holders>,
    ) -> Certification {
        let new = Certification { transitions: old.transitions.clone(), ..new };
        let transitions = after(Some(old), &new, day(from), holders);
        Certification { transitions, ..new }
    }

    fn fact(kind: Kind, code: &str, from: &str, through: Option<&str>) -> Fact {
        let (code, level, amount, unit) = (code.to_owned(), None, None, None);
        Fact { id: 1, kind, code, level, amount, unit, from: day(from), through: through.map(day) }
    }

    /// Whether a certificate that began on a day, earned with so many points, counts on another.
    fn counts(plan: &Certification, points: Option<i64>, began: &str, on: &str) -> bool {
        let mut facts = vec![fact(Kind::Certificate, "c", began, Some("2029-12-31"))];
        facts.extend(points.map(|points| Fact {
            amount: Some(Amount { numerator: points, denominator: 1 }),
            ..fact(Kind::Exam, "e", began, None)
        }));
        verdict::sort(&mut facts);
        let mut context = Context::default();
        context.certify("c".to_owned(), plan.clone());
        let (code, strictly, for_months, ever) = ("c".to_owned(), false, 0, false);
        let held: Requirement =
            Rule::Certificate(Certificate { code, strictly, for_months, ever }).into();
        Case::new(&context, &facts, day(on)).is_met(&held)
    }

    const V1: &str = "2025-01-15";
    const V2: &str = "2027-01-15";

    #[test]
    fn whoever_met_the_newer_conditions_when_certified_keeps_what_they_have() {
        let plan =
            published(&version(80, ""), version(85, ""), "2026-12-01", Some(Holders::FromDate));
        // The exam is older than it may be for a first issue; its points are what they were.
        for (points, kept) in [(95, true), (85, true), (84, false)] {
            assert_eq!(counts(&plan, Some(points), V1, "2026-12-01"), kept, "{points}");
            assert!(counts(&plan, Some(points), V1, "2026-11-30"));
        }
        assert!(!counts(&plan, None, V1, "2026-12-01"), "nobody knows what they passed");
    }

    #[test]
    fn a_later_version_keeps_the_promises_of_the_earlier_one() {
        let first = version(60, "");
        let second = published(&first, version(80, ""), "2026-12-01", Some(Holders::FromDate));
        let third =
            |points, holders| published(&second, version(points, ""), "2027-06-01", holders);
        let held = |plan: &Certification| {
            let all = [(V1, 70), (V1, 82), (V1, 90), (V2, 82), (V2, 90)];
            all.map(|(began, points)| counts(plan, Some(points), began, "2027-06-01"))
        };
        assert_eq!(held(&second), [false, true, true, true, true]);
        let grace = Some(Holders::Grace { days: 30 });
        // Without a choice, and with the mildest one, nothing changes for anybody.
        for holders in [None, Some(Holders::Grandfather), grace] {
            assert_eq!(held(&third(85, holders)), held(&second), "{holders:?}");
        }
        assert_eq!(held(&third(85, Some(Holders::FromDate))), [false, false, true, false, true]);
        let over = third(85, grace);
        assert!(counts(&over, Some(82), V1, "2027-06-30"));
        assert!(!counts(&over, Some(82), V1, "2027-07-01"), "the grace is over");
        assert!(
            !counts(&over, Some(70), V1, "2027-06-30"),
            "not even in the grace of the later one"
        );
        assert_eq!(held(&third(65, Some(Holders::FromDate))), [true; 5], "milder ones bind, too");
    }

    #[test]
    fn a_grace_goes_on_running_under_a_later_version() {
        let grace = Some(Holders::Grace { days: 365 });
        let second = published(&version(60, ""), version(80, ""), "2026-12-01", grace);
        let later = Some(Holders::Grandfather);
        let third = published(&second, version(85, ""), "2027-06-01", later);
        for plan in [&second, &third] {
            assert!(counts(plan, Some(70), V1, "2027-11-30"));
            assert!(!counts(plan, Some(70), V1, "2027-12-01"));
            assert!(counts(plan, Some(82), V1, "2027-12-01"));
        }
    }

    #[test]
    fn new_demands_on_holders_bind_by_the_choice_and_ask_no_exam_again() {
        let review = |months: u32| {
            format!(
                "review = {{ months = {months}, requires.exam.parts = [{{ code = \"r\", min = 60 }}] }}"
            )
        };
        let first = version(60, "");
        let mild = Some(Holders::Grandfather);
        let second = published(&first, version(60, &review(6)), "2026-12-01", mild);
        let strict = Some(Holders::FromDate);
        let third = published(&second, version(60, &review(9)), "2027-06-01", strict);
        // Nobody passed a review; the first certificate was taken over without its exam.
        assert!(counts(&second, None, V1, "2027-08-01"));
        assert!(!counts(&third, None, V1, "2027-08-01"), "the choice binds all who hold it");
        let none = version(60, "");
        let fourth = published(&third, none, "2027-09-01", strict);
        assert!(counts(&fourth, None, V1, "2027-09-01"), "no exam is asked for again");
        assert!(fourth.transitions.iter().all(|one| one.holding_only));
        let kept = published(&second, version(60, &review(9)), "2027-06-01", None);
        assert!(counts(&kept, None, V1, "2027-08-01"), "spared stays spared");
    }

    #[test]
    fn what_was_announced_and_taken_back_leaves_nothing() {
        let first = version(60, "suspended_unless.age.min = 18");
        let announced = published(&first, version(80, ""), "2026-12-01", Some(Holders::FromDate));
        let mild = Some(Holders::Grandfather);
        let instead = published(&announced, version(80, ""), "2026-12-01", mild);
        assert_eq!(instead.transitions, announced.transitions, "nothing else is asked");
        let instead = published(&announced, version(85, ""), "2026-12-01", mild);
        let one = &instead.transitions[..];
        assert_eq!((one.len(), one[0].holders), (1, Holders::Grandfather));
        let before = Before { suspended_unless: first.suspended_unless.clone(), review: None };
        assert_eq!(one[0].before.as_ref(), Some(&before));
        assert!(counts(&announced, Some(90), V1, "2026-12-01"));
    }
}
