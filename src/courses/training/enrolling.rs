//! Enrolling other people: who is meant, what stands in the way, and doing it.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::NaiveDate;
use serde::Serialize;

use crate::{
    access::{Acting, Teaching, audit},
    courses::{
        Catalogue,
        catalogue::Course,
        model::Round,
        queries::{self, completed_of, rounds_in},
        rules,
    },
    db::{Conn, Instant},
    i18n::{self, Lang, Text},
    mail::{self, Letter, Letterhead, Recipient},
    record::PersonId,
    staff::{
        self, Person, Post, Site,
        queries::{Filter, posts},
    },
    t, text,
    web::{Error, Result},
};

/// So many people at once at most; a larger group is enrolled in parts.
pub const MOST: usize = 2000;

/// What the form asks for, understood.
#[derive(Clone, Debug)]
pub struct Order {
    pub course: Course,
    pub people: People,
    pub due_on: Option<NaiveDate>,
    /// Those who completed the course take it again.
    pub again: bool,
}

#[derive(Clone, Debug)]
pub enum People {
    /// As they were typed: the number of the line and what it says.
    Listed(Vec<(usize, String)>),
    /// Everybody who holds a position at a site or below.
    Holding { position: String, site: Site },
}

/// A mistake in the list, with its line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    pub line: usize,
    pub says: Text,
}

/// What was done with whom, by staff number.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Outcome {
    pub enrolled: Vec<String>,
    /// They were taking the course already and got the due day.
    pub due_set: Vec<String>,
    /// They were taking it already, or have completed it.
    pub unchanged: Vec<String>,
    /// They no longer work here.
    pub left: Vec<String>,
    /// Of a group: they must complete other courses first.
    pub locked: Vec<String>,
}

/// Splits what was typed or pasted into staff numbers: the first word of every line, so that a
/// column with names beside it will do. A number that stands twice counts once.
pub fn listed(text: &str) -> Vec<(usize, String)> {
    let mut seen = HashSet::new();
    let lines = text.lines().enumerate().filter_map(|(at, line)| {
        let word = line.split([' ', '\t', ',', ';', '，', '；', '　']).find(|w| !w.is_empty())?;
        Some((at + 1, word.trim().to_owned()))
    });
    lines.filter(|(_, word)| !word.is_empty() && seen.insert(word.clone())).collect()
}

/// What is to happen with one person.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Begin { round: i64 },
    SetDue,
    Leave,
    Left,
    Locked(Vec<String>),
}

fn step(
    post: &Post,
    order: &Order,
    round: Option<&Round>,
    completed: &BTreeMap<String, NaiveDate>,
    today: NaiveDate,
) -> Step {
    if !post.works_on(today) {
        return Step::Left;
    }
    match round {
        Some(round) if round.is_open() && order.due_on.is_some() => return Step::SetDue,
        Some(round) if round.is_open() => return Step::Leave,
        _ => {}
    }
    if completed.contains_key(&order.course.plan.code) && !order.again {
        return Step::Leave;
    }
    let missing = rules::missing(&order.course.plan, completed);
    if !missing.is_empty() {
        return Step::Locked(missing.into_iter().map(str::to_owned).collect());
    }
    Step::Begin { round: round.map_or(1, |last| last.enrolment.round + 1) }
}

/// Enrols everybody the order means, or tells every mistake in the list and enrols nobody.
pub fn carry_out(
    conn: &mut Conn,
    catalogue: &Catalogue,
    head: &Letterhead,
    acting: &Acting<Teaching>,
    order: &Order,
) -> Result<std::result::Result<Outcome, Vec<Mistake>>> {
    let (meant, mut mistakes) = meant(conn, acting, &order.people)?;
    let ids: Vec<PersonId> = meant.iter().map(|(_, post)| post.person.id).collect();
    let completed = completed_of(conn, &ids, acting.today)?;
    let rounds = rounds_in(conn, &order.course.plan.code, &ids)?;
    let none = BTreeMap::new();
    let plan: Vec<(Option<usize>, Post, Step)> = meant
        .into_iter()
        .map(|(line, post)| {
            let id = post.person.id;
            let completed = completed.get(&id).unwrap_or(&none);
            let step = step(&post, order, rounds.get(&id), completed, acting.today);
            (line, post, step)
        })
        .collect();
    for (line, post, step) in &plan {
        if let (Some(line), Step::Locked(missing)) = (line, step) {
            let titles: Vec<Text> = missing.iter().map(|code| catalogue.title(code)).collect();
            let says = locked(&post.person.staff_no, &Text::list(&titles));
            mistakes.push(Mistake { line: *line, says });
        }
    }
    if !mistakes.is_empty() {
        mistakes.sort_by_key(|mistake| mistake.line);
        return Ok(Err(mistakes));
    }
    let outcome = enrol_all(conn, head, acting, order, &plan, &rounds)?;
    let detail = serde_json::json!({
        "course": order.course.plan.code, "due_on": order.due_on, "outcome": outcome,
    });
    audit::note(conn, Some(acting.id), "enrol-people", ("course", None), detail, acting.now)?;
    Ok(Ok(outcome))
}

fn locked(staff_no: &str, first: &Text) -> Text {
    let Text { zh, en } = first;
    text!("{staff_no}：须先完成 {zh}。", "{staff_no}: must complete {en} first.")
}

type Meant = (Vec<(Option<usize>, Post)>, Vec<Mistake>);

/// The people within reach that the order names; a number nobody in reach has is a mistake.
fn meant(conn: &mut Conn, acting: &Acting<Teaching>, people: &People) -> Result<Meant> {
    match people {
        People::Holding { position, site } => {
            let filter = Filter {
                position: Some(position.clone()),
                site: Some(site.lineage.clone()),
                ..Filter::default()
            };
            let found = posts(conn, acting.reach(), &filter, acting.today, MOST as i64 + 1, 0)?;
            if found.len() > MOST {
                return Err(Error::Refused(text!(
                    "一次最多报名 {MOST} 人，请选择下级门店分批报名。",
                    "At most {MOST} people at once; choose sites further down and enrol in parts."
                )));
            }
            Ok((found.into_iter().map(|post| (None, post)).collect(), Vec::new()))
        }
        People::Listed(lines) => {
            let (mut found, mut mistakes) = (Vec::new(), Vec::new());
            for (line, staff_no) in lines {
                match in_reach(conn, acting, staff_no)? {
                    Some(post) => found.push((Some(*line), post)),
                    None => mistakes.push(Mistake { line: *line, says: unknown(staff_no) }),
                }
            }
            Ok((found, mistakes))
        }
    }
}

fn in_reach(conn: &mut Conn, acting: &Acting<Teaching>, staff_no: &str) -> Result<Option<Post>> {
    let person = staff::queries::person_by_staff_no(conn, staff_no)?;
    let Some(person) = person else { return Ok(None) };
    Ok(staff::queries::post_in(conn, acting.reach(), person.id, acting.today)?)
}

fn unknown(staff_no: &str) -> Text {
    text!(
        "{staff_no}：没有这个工号，或此人不在您负责的范围内。",
        "{staff_no}: nobody has this staff number, or they are not in your reach."
    )
}

fn enrol_all(
    conn: &mut Conn,
    head: &Letterhead,
    acting: &Acting<Teaching>,
    order: &Order,
    plan: &[(Option<usize>, Post, Step)],
    rounds: &HashMap<PersonId, Round>,
) -> Result<Outcome> {
    let by = staff::queries::person(conn, acting.id)?.ok_or(Error::NotFound)?;
    let mut outcome = Outcome::default();
    for (_, post, step) in plan {
        let person = &post.person;
        let list = match step {
            Step::Begin { round } => {
                let stamp = (acting.id, acting.now);
                queries::begin(conn, person.id, &order.course, *round, order.due_on, stamp)?;
                &mut outcome.enrolled
            }
            Step::SetDue => {
                if let (Some(round), Some(due)) = (rounds.get(&person.id), order.due_on) {
                    queries::set_due(conn, round.enrolment.id, due)?;
                }
                &mut outcome.due_set
            }
            Step::Leave => &mut outcome.unchanged,
            Step::Left => &mut outcome.left,
            Step::Locked(_) => &mut outcome.locked,
        };
        list.push(person.staff_no.clone());
        if matches!(step, Step::Begin { .. } | Step::SetDue) && person.id != acting.id {
            let letter = letter(person.lang(), &by, order, matches!(step, Step::SetDue));
            announce(conn, head, person, &letter, acting.now)?;
        }
    }
    Ok(outcome)
}

/// Tells the person, if they can be reached by mail.
fn announce(
    conn: &mut Conn,
    head: &Letterhead,
    person: &Person,
    letter: &Letter,
    now: Instant,
) -> Result<()> {
    let Some(email) = person.email.clone() else { return Ok(()) };
    let lang = person.lang();
    let to = Recipient { person: person.id, name: person.title(lang).to_owned(), email, lang };
    mail::post(conn, head, &to, letter, now)?;
    Ok(())
}

/// In the language of the person enrolled; somebody who was taking the course already only learns
/// of the due day.
fn letter(lang: Lang, by: &Person, order: &Order, was_taking: bool) -> Letter {
    let plan = &order.course.plan;
    let (title, hours) = (plan.title.get(lang), crate::courses::pages::hours(lang, plan.hours));
    let by = by.title(lang);
    let due = order.due_on.map(|day| i18n::date(lang, day));
    let mut paragraphs = vec![if was_taking {
        t!(
            lang,
            "{by} 为您正在学习的课程《{title}》（{hours}）定了截止日期。",
            "{by} set a due day for “{title}” ({hours}), which you are taking."
        )
    } else {
        t!(
            lang,
            "{by} 为您报名了课程《{title}》（{hours}）。",
            "{by} enrolled you in the course “{title}” ({hours})."
        )
    }];
    if let Some(due) = &due {
        paragraphs.push(t!(lang, "请在 {due} 前学完。", "Please complete it by {due}."));
    }
    paragraphs.push(t!(
        lang,
        "可以随时停下，下次从停下的地方接着学，手机上也可以学。",
        "You can stop at any time and go on where you stopped, on your phone too."
    ));
    let subject = match due {
        Some(due) => t!(lang, "请在 {due} 前学完《{title}》", "Please complete “{title}” by {due}"),
        None => t!(lang, "您有一门新课程：《{title}》", "A new course for you: “{title}”"),
    };
    let action = Some((t!(lang, "开始学习", "Start learning"), format!("/courses/{}", plan.code)));
    Letter { subject, paragraphs, action }
}

#[cfg(test)]
mod tests {
    use super::listed;

    #[test]
    fn a_pasted_column_is_read_by_lines_and_each_number_once() {
        let found = listed("T0001\n\n  T0002\t王建国\nT0001\nT0003，孙悦\n");
        let expected = [(1, "T0001"), (3, "T0002"), (5, "T0003")];
        assert_eq!(found, expected.map(|(line, word)| (line, word.to_owned())));
    }
}
