//! How a certificate stands on a day, by everything that bears on it: its dates, the acts on it,
//! and the conditions its certification sets for as long as it is held.
//!
//! Nothing of it is stored. Whoever shows, checks or counts certificates asks here.

use chrono::NaiveDate;

use super::{
    model::{Act, ActKind, State},
    rules,
};
use crate::{
    i18n::{self, Lang, Text},
    record::{
        Fact,
        case::Case,
        context::Context,
        holding::{Lapse, Run},
        programme::{Certification, ReviewDay},
        requirement::Requirement,
        verdict,
    },
    text,
};

/// What a certificate brings with it.
#[derive(Clone, Copy, Debug)]
pub struct Life<'a> {
    /// `RULESET/NAME`.
    pub code: &'a str,
    pub from: NaiveDate,
    /// The last valid day when it was issued.
    pub through: Option<NaiveDate>,
    /// 0 for a first issue, n for the n-th renewal.
    pub cycle: u32,
    /// In the order they were done.
    pub acts: &'a [Act],
}

/// How it stands, and what follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    pub state: State,
    /// The last valid day, after extensions.
    pub through: Option<NaiveDate>,
    /// From when to when it may be renewed, by any way.
    pub window: Option<(NaiveDate, NaiveDate)>,
    /// The next review inside its validity, or the one that was missed.
    pub review: Option<ReviewDay>,
    /// Why it is suspended, where a condition and not an act did it.
    pub why: Option<Text>,
}

/// How a certificate of a person with these facts stands on a day.
///
/// `facts` are in the order of [`verdict::sort`]; they are looked at only when the certification
/// demands something of its holders ([`Certification::binds_holders`]).
pub fn standing(context: &Context, life: &Life<'_>, facts: &[Fact], on: NaiveDate) -> Standing {
    let through = through_on(life, on);
    let plan = context.certification(life.code);
    let ends = plan.zip(through);
    let window = ends.and_then(|(plan, through)| rules::window(plan, life.cycle + 1, through));
    let by_dates = || rules::state_by_dates(life.from, through, window, on);
    let state = rules::state_by_acts(life.acts, on).unwrap_or_else(by_dates);
    let standing = Standing { state, through, window, review: None, why: None };
    match plan.filter(|plan| plan.binds_holders()) {
        Some(plan) if state.in_force() => under_demands(plan, context, life, facts, on, standing),
        _ => standing,
    }
}

/// The last valid day as extensions leave it on a day.
fn through_on(life: &Life<'_>, on: NaiveDate) -> Option<NaiveDate> {
    let extended = |act: &&Act| act.kind == ActKind::Extended && act.on <= on;
    life.acts.iter().rev().find(extended).map_or(life.through, |act| act.through)
}

/// What its certification demands of the holder, on top of acts and dates.
fn under_demands(
    plan: &Certification,
    context: &Context,
    life: &Life<'_>,
    facts: &[Fact],
    on: NaiveDate,
    standing: Standing,
) -> Standing {
    let case = Case::new(context, facts, on);
    let run = Run { from: life.from, through: standing.through };
    let review = case.next_review(plan, run);
    match case.lapse(plan, run) {
        None => Standing { review, ..standing },
        Some(lapse) => Standing {
            review,
            state: State::Suspended,
            why: Some(said(&lapse, context, facts, on)),
            ..standing
        },
    }
}

/// Why a certificate does not count, in words.
fn said(lapse: &Lapse<'_>, context: &Context, facts: &[Fact], on: NaiveDate) -> Text {
    let missing = |requirement: &Requirement| {
        let line = verdict::judge(requirement, context, facts, on);
        line.missing.unwrap_or(line.text)
    };
    match lapse {
        Lapse::Condition(requirement) => {
            let Text { zh, en } = missing(requirement);
            text!("持证条件未满足：{zh}", "A condition of holding it is not met: {en}")
        }
        Lapse::Review(review) => {
            let (zh, en) = (i18n::date(Lang::Zh, review.due), i18n::date(Lang::En, review.due));
            text!(
                "{zh} 应完成的复审尚未通过",
                "The review that was due on {en} has not been passed"
            )
        }
        Lapse::NewerRules(since, requirement) => {
            let (since, since_en) = (i18n::date(Lang::Zh, *since), i18n::date(Lang::En, *since));
            let Text { zh, en } = missing(requirement);
            text!(
                "自 {since} 起须满足新版规则：{zh}",
                "Since {since_en} the newer rules have to be met: {en}"
            )
        }
    }
}
