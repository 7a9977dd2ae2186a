//! The days on which a certificate is held, by its dates and its acts: what the record must say.
//!
//! Pure. [`super::record`] compares these spans with the facts and makes them agree.

use std::collections::HashMap;

use chrono::NaiveDate;

use crate::{
    certification::model::{Act, ActKind, Basis, Certificate, CertificateId},
    record::period::{FOREVER, day_before, next_day},
};

/// Days on which it is held, one after another; nothing for no end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    pub from: NaiveDate,
    pub through: Option<NaiveDate>,
    /// The act that ended it before its last valid day.
    pub cut_by: Option<ActKind>,
}

impl Span {
    pub fn covers(&self, day: NaiveDate) -> bool {
        self.from <= day && self.through.is_none_or(|through| day <= through)
    }
}

/// The last valid day as acts on a day leave it.
pub fn through_on(through: Option<NaiveDate>, acts: &[Act], on: NaiveDate) -> Option<NaiveDate> {
    let moved = acts.iter().rev().find(|act| act.kind == ActKind::Extended && act.on <= on);
    moved.map_or(through, |act| act.through)
}

/// A certificate, as far as its story may begin with another one.
#[derive(Clone, Copy, Debug)]
pub struct Link {
    pub issued_on: NaiveDate,
    /// The last valid day when it was issued.
    pub through: Option<NaiveDate>,
    pub basis: Basis,
    pub previous: Option<CertificateId>,
}

impl From<&Certificate> for Link {
    fn from(one: &Certificate) -> Link {
        Link {
            issued_on: one.issued_on,
            through: one.valid_through,
            basis: one.basis,
            previous: one.previous_id,
        }
    }
}

/// What came before a certificate that puts a name right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Earlier {
    /// When the first of those it replaces was issued; its own day, when it replaces none.
    pub issued_on: NaiveDate,
    /// The last valid day when the first of those it replaces was issued; its own, when it replaces
    /// none.
    pub through: Option<NaiveDate>,
    /// What was done to those it replaces, in the order it was done.
    pub acts: Vec<Act>,
}

/// What came before a certificate. A name put right gives back no day on which the old one was
/// suspended, or had run out before it was extended.
pub fn earlier(
    certificate: Link,
    links: &HashMap<CertificateId, Link>,
    acts: &HashMap<CertificateId, Vec<Act>>,
) -> Earlier {
    let (mut one, mut story) = (certificate, Vec::new());
    while one.basis == Basis::Replacement
        && let Some(id) = one.previous
        && let Some(before) = links.get(&id)
    {
        let done = acts.get(&id).map_or(&[][..], Vec::as_slice);
        let lasting = done.iter().filter(|act| act.kind != ActKind::Replaced).cloned();
        story.splice(0..0, lasting);
        one = *before;
    }
    Earlier { issued_on: one.issued_on, through: one.through, acts: story }
}

/// What was done last to a certificate by a day, a moved last day apart: that leaves it as it is.
fn last_word(acts: &[Act], on: NaiveDate) -> Option<ActKind> {
    let done = acts.iter().rev().filter(|act| act.on <= on).map(|act| act.kind);
    done.into_iter().find(|kind| *kind != ActKind::Extended)
}

/// The spans of a certificate with these dates and acts, in the order they were done.
pub fn spans(from: NaiveDate, through: Option<NaiveDate>, acts: &[Act]) -> Vec<Span> {
    let mut turns: Vec<NaiveDate> = acts.iter().map(|act| act.on).filter(|on| *on > from).collect();
    turns.push(from);
    turns.sort_unstable();
    turns.dedup();
    let mut spans: Vec<Span> = Vec::new();
    for (at, turn) in turns.iter().enumerate() {
        let next = turns.get(at + 1).copied();
        let Some(piece) = piece(through, acts, *turn, next) else { continue };
        match spans.last_mut() {
            Some(last) if last.through.is_some_and(|end| next_day(end) == piece.from) => {
                (last.through, last.cut_by) = (piece.through, piece.cut_by);
            }
            _ => spans.push(piece),
        }
    }
    spans
}

/// What is held of the days from one turn to the day before the next: nothing changes in between.
fn piece(
    through: Option<NaiveDate>,
    acts: &[Act],
    turn: NaiveDate,
    next: Option<NaiveDate>,
) -> Option<Span> {
    let held = matches!(last_word(acts, turn), None | Some(ActKind::Reinstated));
    let last_day = through_on(through, acts, turn);
    if !held || last_day.unwrap_or(FOREVER) < turn {
        return None;
    }
    let before_next = next.map(day_before);
    let cut = before_next.filter(|day| last_day.is_none_or(|last_day| *day < last_day));
    let by = next
        .filter(|_| cut.is_some())
        .and_then(|next| acts.iter().rev().find(|act| act.on == next).map(|act| act.kind));
    Some(Span { from: turn, through: cut.or(last_day), cut_by: by })
}

#[cfg(test)]
mod tests {
    use chrono::Days;
    use proptest::prelude::*;

    use super::*;
    use crate::{
        certification::standing::{Life, standing},
        db::Instant,
        record::{context::Context, ledger::Stamp},
    };

    fn day(n: u64) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 1, 1).unwrap() + Days::new(n)
    }

    fn act(kind: ActKind, on: u64, through: Option<u64>) -> Act {
        let stamp = Stamp { at: Instant::from(chrono::DateTime::UNIX_EPOCH), by: None };
        let act = Act::new(CertificateId(1), kind, day(on), "", stamp);
        Act { through: through.map(day), ..act }
    }

    fn told(spans: &[Span]) -> Vec<(NaiveDate, Option<NaiveDate>, Option<ActKind>)> {
        spans.iter().map(|span| (span.from, span.through, span.cut_by)).collect()
    }

    #[test]
    fn what_is_held_follows_every_act() {
        let suspended = act(ActKind::Suspended, 10, None);
        let cut = (day(0), Some(day(9)), Some(ActKind::Suspended));
        let all = [suspended.clone(), act(ActKind::Reinstated, 20, None)];
        assert_eq!(told(&spans(day(0), Some(day(99)), &all[..1])), [cut]);
        let again = (day(20), Some(day(99)), None);
        assert_eq!(told(&spans(day(0), Some(day(99)), &all)), [cut, again]);
        let extended = act(ActKind::Extended, 30, Some(200));
        let longer = [all.as_slice(), &[extended]].concat();
        let to_200 = (day(20), Some(day(200)), None);
        assert_eq!(told(&spans(day(0), Some(day(99)), &longer)), [cut, to_200]);
        let late = act(ActKind::Extended, 120, Some(200));
        let gap = [(day(0), Some(day(99)), None), (day(120), Some(day(200)), None)];
        assert_eq!(told(&spans(day(0), Some(day(99)), &[late])), gap);
        let taken_back =
            [act(ActKind::Extended, 5, Some(200)), act(ActKind::Extended, 6, Some(99))];
        assert_eq!(
            told(&spans(day(0), Some(day(99)), &taken_back)),
            [(day(0), Some(day(99)), None)]
        );
        assert_eq!(spans(day(5), None, &[act(ActKind::Revoked, 5, None)]), []);
        assert_eq!(told(&spans(day(5), None, &[act(ActKind::Revoked, 2, None)])), []);
    }

    #[test]
    fn what_puts_a_name_right_goes_on_with_the_story_of_the_old_one() {
        let of = |id: i64, kind, on, through| Act {
            certificate_id: CertificateId(id),
            ..act(kind, on, through)
        };
        let link = |through, basis, previous: Option<i64>| Link {
            issued_on: day(through - 40),
            through: Some(day(through)),
            basis,
            previous: previous.map(CertificateId),
        };
        let links = HashMap::from([
            (CertificateId(1), link(50, Basis::Rule, None)),
            (CertificateId(2), link(99, Basis::Replacement, Some(1))),
            (CertificateId(3), link(99, Basis::Replacement, Some(2))),
            (CertificateId(4), link(200, Basis::Rule, Some(3))),
        ]);
        // It had run out for ten days before it was extended; then the name was put right twice.
        let acts = HashMap::from([
            (
                CertificateId(1),
                vec![of(1, ActKind::Extended, 60, Some(99)), of(1, ActKind::Replaced, 70, None)],
            ),
            (
                CertificateId(2),
                vec![
                    of(2, ActKind::Suspended, 75, None),
                    of(2, ActKind::Reinstated, 80, None),
                    of(2, ActKind::Replaced, 85, None),
                ],
            ),
        ]);
        let before = |id| earlier(links[&CertificateId(id)], &links, &acts);
        let found = before(3);
        let kinds: Vec<ActKind> = found.acts.iter().map(|act| act.kind).collect();
        assert_eq!(kinds, [ActKind::Extended, ActKind::Suspended, ActKind::Reinstated]);
        let held = [
            (day(0), Some(day(50)), None),
            (day(60), Some(day(74)), Some(ActKind::Suspended)),
            (day(80), Some(day(99)), None),
        ];
        assert_eq!(told(&spans(day(0), found.through, &found.acts)), held);
        assert_eq!(found.issued_on, day(10), "when the first of them was issued");
        let alone = |through| Earlier {
            issued_on: day(through - 40),
            through: Some(day(through)),
            acts: Vec::new(),
        };
        assert_eq!(before(1), alone(50));
        let renewal = alone(200);
        assert_eq!(before(4), renewal, "a renewal begins a story of its own");
    }

    fn any_act() -> impl Strategy<Value = Act> {
        let kind = prop_oneof![
            Just(ActKind::Suspended),
            Just(ActKind::Reinstated),
            Just(ActKind::Extended),
            Just(ActKind::Revoked),
            Just(ActKind::Superseded),
        ];
        (kind, 0_u64..60, 0_u64..120).prop_map(|(kind, on, through)| {
            act(kind, on, (kind == ActKind::Extended).then_some(through))
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// On every day, who asks the record hears what who asks the acts hears.
        #[test]
        fn the_record_follows_the_acts(
            from in 0_u64..20, length in proptest::option::of(0_u64..80),
            mut acts in proptest::collection::vec(any_act(), 0..6),
        ) {
            // Acts are done one after another, none dated before the one before it, and nothing
            // is done to what is revoked or superseded.
            acts.sort_by_key(|act| act.on);
            let end = acts.iter().position(|act| matches!(act.kind, ActKind::Revoked | ActKind::Superseded));
            acts.truncate(end.map_or(acts.len(), |at| at + 1));
            let (begins, ends) = (day(from), length.map(|n| day(from + n)));
            // A suspended certificate is reinstated before its last day is moved.
            let mut suspended = false;
            acts.retain(|act| {
                let fits = !(suspended && act.kind == ActKind::Extended);
                if fits && act.kind != ActKind::Extended { suspended = act.kind == ActKind::Suspended; }
                fits
            });
            let found = spans(begins, ends, &acts);
            let context = Context::default();
            let life = Life { code: "s/c", from: begins, through: ends, cycle: 0, acts: &acts };
            for n in 0..160 {
                let by_acts = standing(&context, &life, &[], day(n)).state.in_force();
                let by_facts = found.iter().any(|span| span.covers(day(n)));
                prop_assert_eq!(by_acts, by_facts, "{} {:?}", day(n), found);
            }
            for pair in found.windows(2) {
                prop_assert!(pair[0].through.is_some_and(|end| next_day(end) < pair[1].from));
            }
        }
    }
}
