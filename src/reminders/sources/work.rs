//! What waits for somebody: logbooks, candidacies, courses.

use super::{Ask, Item, Result, When};
use crate::{
    careers, courses,
    db::Conn,
    i18n::Text,
    mentoring,
    record::{Kind, period::days_before},
    reminders::model::To,
};

/// Logbook entries without a signature, by the day they were handed in.
pub fn logbook_waiting(conn: &mut Conn, ask: &Ask<'_>) -> Result<Vec<Item>> {
    let (from, until) = ask.moments();
    let waiting = mentoring::queries::unsigned_between(conn, from, until)?;
    let wanted =
        waiting.into_iter().filter(|one| ask.wants(one.apprentice) || ask.wants(one.mentor));
    Ok(wanted
        .map(|one| {
            let task = ask.rules.task(&one.task);
            let title = task.map_or_else(|| Text::same(&one.task), |task| task.title.clone());
            let due = When::Moment(one.written_at);
            let item = Item::new("logbook-version", one.version.0, &one.task, title, due);
            let path = format!("/mentoring/logbook/{}", one.entry);
            let item = item.about(one.apprentice).leads_to(path.clone(), path);
            Item { mentor: Some(one.mentor), ..item }
        })
        .collect())
}

/// A candidacy that waits for longer than this is not looked for.
const LONGEST_WAIT: u32 = 800;

/// Open candidacies: for the manager since the application, for HR since the recommendation.
pub fn candidacy_waiting(conn: &mut Conn, ask: &Ask<'_>) -> Result<Vec<Item>> {
    let (since, until) = Ask { first: days_before(ask.first, LONGEST_WAIT), ..*ask }.moments();
    let (from, _) = ask.moments();
    let open = careers::queries::open_since(conn, since)?;
    let mut found = Vec::new();
    for (candidacy, recommendation) in open {
        let (at, to) = match &recommendation {
            None => (candidacy.applied_at, vec![To::Manager, To::Mentor, To::Trainer]),
            Some(given) => (given.given_at, vec![To::Hr, To::Examiner]),
        };
        if at < from || at >= until || !ask.wants(candidacy.person_id) {
            continue;
        }
        let path = ask.rules.path(&candidacy.path);
        let title =
            path.map_or_else(|| Text::same(&candidacy.path), |(_, path)| path.title.clone());
        let item = Item::new("candidacy", candidacy.id.0, &candidacy.path, title, When::Moment(at));
        let leads = format!("/candidacies/{}", candidacy.id);
        let item = item.about(candidacy.person_id).leads_to(leads.clone(), leads);
        found.push(Item { only_to: Some(to), ..item });
    }
    Ok(found)
}

/// Rounds of courses that are not completed, by the day they are due.
pub fn course_overdue(conn: &mut Conn, ask: &Ask<'_>) -> Result<Vec<Item>> {
    let rounds = courses::queries::due_between(conn, ask.first, ask.last)?;
    let wanted = rounds.into_iter().filter(|round| ask.wants(round.person_id));
    Ok(wanted
        .filter_map(|round| {
            let title = ask.rules.context().name(Kind::Course, &round.course);
            let due = When::Day(round.due_on?);
            let item = Item::new("enrolment", round.id.0, &round.course, title, due);
            let others = format!("/training?course={}", round.course);
            Some(item.about(round.person_id).leads_to(format!("/courses/{}", round.course), others))
        })
        .collect())
}
