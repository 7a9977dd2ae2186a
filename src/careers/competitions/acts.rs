//! HR raises a grade by a result, inside the caller's transaction.

use chrono::{Datelike, NaiveDate};
use serde_json::json;

use super::{
    model::Raised,
    queries,
    rules::{self, Chance},
    views,
};
use crate::{
    access::{Acting, Hr, audit},
    careers::{
        acts::{Tools, once, tell},
        views::today_at,
    },
    db::Conn,
    i18n::{self, Lang, Text},
    mail::Letter,
    record::{
        Fact, FactId, Kind, NewFact, Source,
        ledger::{self, Row},
        programme::{CompetitionPlan, RuleSet},
    },
    staff::{self, Post},
    t, text,
    web::{Error, Result},
};

/// The source of the grade a result brings; its id is the fact of the result.
pub const SOURCE: &str = "competition";

/// A result somebody is to be raised by, judged while the person's record is held.
struct Taken<'a> {
    set: &'a RuleSet,
    plan: &'a CompetitionPlan,
    row: Row,
    result: Fact,
    post: Post,
    today: NaiveDate,
    chance: Chance,
}

impl<'a> Taken<'a> {
    fn of(conn: &mut Conn, tools: &'a Tools, hr: &Acting<Hr>, id: FactId) -> Result<Taken<'a>> {
        let row = ledger::row(conn, id)?.ok_or(Error::NotFound)?;
        let (set, plan) = tools.rules.competition(&row.code).ok_or(Error::NotFound)?;
        let post = hr.other_person(conn, row.person_id)?;
        let today = today_at(&post.site, hr.now);
        ledger::hold(conn, row.person_id)?;
        let facts = ledger::facts_of(conn, row.person_id, None)?;
        // A result that was taken back is no result.
        let is_it = |fact: &&Fact| fact.id == id.0 && fact.kind == Kind::Competition;
        let result = facts.iter().find(is_it).cloned().ok_or(Error::NotFound)?;
        let context = tools.rules.context();
        let held = rules::not_over(&facts, context, today);
        let raised = queries::raised_of(conn, &[row.person_id])?.remove(&row.person_id);
        let spent = queries::spent(&raised.unwrap_or_default());
        let chance = rules::chance(&set.code, plan, context, &result, &held, &spent);
        Ok(Taken { set, plan, row, result, post, today, chance })
    }

    /// The level it raises to, or why it does not.
    fn level(&self) -> Result<&str> {
        if !self.post.works_on(self.today) {
            return Err(Error::Refused(text!(
                "此人已离职，不能晋级。",
                "Somebody who has left cannot be raised."
            )));
        }
        match &self.chance {
            Chance::Raise(level) => Ok(level),
            other => {
                let Text { zh, en } = rules::why_not(other);
                Err(Error::Refused(text!("{zh}。", "{en}.")))
            }
        }
    }
}

/// Raises somebody by a result: the grade names the result as its evidence, and the result is used.
pub fn raise(
    conn: &mut Conn,
    tools: &Tools,
    hr: &Acting<Hr>,
    id: FactId,
    effective_on: NaiveDate,
    reason: &str,
) -> Result<()> {
    let taken = Taken::of(conn, tools, hr, id)?;
    let (level, person) = (taken.level()?, taken.row.person_id);
    let ladder = &taken.plan.ladder;
    let grade = NewFact::new(Kind::Grade, ladder, effective_on).level(level).note(reason);
    let grade = ledger::append(conn, person, &grade, Source::new(SOURCE, id.0), hr.stamp())?;
    keep(conn, tools, hr, &taken, (grade, effective_on, reason))?;
    let (no, subject) = (&taken.post.person.staff_no, ("fact", Some(id.0)));
    let detail = json!({ "person": no, "level": level, "effective_on": effective_on });
    audit::note(conn, Some(hr.id), "raise-by-competition", subject, detail, hr.now)?;
    tools.consequences.follow(conn, person, taken.today, hr.stamp())?;
    let context = tools.rules.context();
    let level = context.level_name(ladder, level);
    let what = rules::result_text(context, &taken.result);
    tell(conn, &tools.letterhead, hr, &taken.post, |lang, reader| {
        letter(lang, reader, &taken.post.person, (&level, &what), effective_on, reason)
    })
}

/// Keeps the decision with its verdict. The result is the key: of two at once, one is refused.
fn keep(
    conn: &mut Conn,
    tools: &Tools,
    hr: &Acting<Hr>,
    taken: &Taken<'_>,
    (grade, effective_on, reason): (FactId, NaiveDate, &str),
) -> Result<()> {
    let Taken { set, plan, row, result, chance, today, .. } = taken;
    let kept = views::kept(&tools.rules, (set, plan), row, result, chance, *today);
    let raised = Raised {
        fact_id: row.id,
        person_id: row.person_id,
        competition: row.code.clone(),
        content_id: tools.rules.revision(set),
        year: result.from.year().into(),
        grade_fact_id: grade,
        effective_on,
        reason: reason.to_owned(),
        verdict: serde_json::to_string(&kept)?,
        decided_at: hr.now,
        decided_by: hr.id,
    };
    queries::add(conn, &raised).map_err(once(rules::why_not(&Chance::Used)))
}

fn letter(
    lang: Lang,
    reader: &staff::Person,
    winner: &staff::Person,
    (level, what): (&Text, &Text),
    effective_on: NaiveDate,
    reason: &str,
) -> Letter {
    let (level, what, day) = (level.get(lang), what.get(lang), i18n::date(lang, effective_on));
    let own = reader.id == winner.id;
    let name = winner.title(lang);
    let first = match own {
        true => t!(
            lang,
            "凭“{what}”，您晋升为“{level}”，自 {day} 起生效。",
            "By your result ({what}) you are raised to {level} from {day}."
        ),
        false => t!(
            lang,
            "凭“{what}”，{name}晋升为“{level}”，自 {day} 起生效。",
            "By their result ({what}) {name} is raised to {level} from {day}."
        ),
    };
    let path = if own { "/my-path".to_owned() } else { format!("/people/{}/path", winner.id) };
    Letter {
        subject: t!(lang, "竞赛晋级：{name}，{level}", "Raised by competition: {name}, {level}"),
        paragraphs: vec![first, t!(lang, "理由：{reason}", "Reason: {reason}")],
        action: Some((t!(lang, "查看成长路径", "See the path"), path)),
    }
}
