//! Taking the last import back.
//!
//! Facts are voided, never deleted. Rows that the import changed get their old contents again.
//! Assignments it added go; a person it added stays as a row without any assignment (facts that
//! are void still speak of them), so they are on no list, and importing them again hires them. A
//! site it added goes while nothing else stands on it.

use diesel::prelude::*;

use super::{
    ImportError, Result, Run, RunId, SOURCE,
    queries::{self, AssignmentBefore, Changed, Entity, PersonBefore, SiteBefore},
};
use crate::{
    db::{
        Conn,
        schema::{assignment, role_grant, site},
    },
    i18n::Text,
    record::{
        Kind, NewFact, PersonId, Source,
        ledger::{self, Stamp},
    },
    staff::{
        SiteId,
        model::AssignmentId,
        transfers::{self, NewAssignment, NewPerson, NewSite},
    },
    text,
};

/// Takes back an import, if it is the last one and nothing later rests on it.
pub fn undo(conn: &mut Conn, id: RunId, why: &str, stamp: Stamp) -> Result<Run> {
    let last = queries::last_run(conn)?;
    let run = last.filter(|run| run.id == id).ok_or_else(|| {
        ImportError::Refused(text!(
            "只能撤销最近一次导入。请先撤销之后的导入。",
            "Only the last import can be taken back. Take back the later ones first."
        ))
    })?;
    let changes = queries::changes_of(conn, id)?;
    let made = Made::of(&changes, id);
    for change in &changes {
        if let Some(reason) = made.rests_on(conn, change)? {
            let line = change.line;
            let Text { zh, en } = reason;
            return Err(ImportError::Refused(text!(
                "不能撤销：第 {line} 行，{zh}",
                "This cannot be taken back: line {line}: {en}"
            )));
        }
    }
    ledger::void_source(conn, SOURCE, id.0, why, stamp)?;
    for change in &changes {
        take_back(conn, id, change, why, stamp)?;
    }
    queries::mark_undone(conn, id, stamp)?;
    Ok(run)
}

/// What the import made, to tell its own rows from later ones.
struct Made {
    run: RunId,
    assignments: Vec<i64>,
    sites: Vec<i64>,
}

impl Made {
    fn of(changes: &[Changed], run: RunId) -> Made {
        let of = |entity| {
            let rows = changes.iter().filter(|change| change.entity == entity);
            let mut ids: Vec<i64> = rows.map(|change| change.entity_id).collect();
            ids.sort_unstable();
            ids
        };
        Made { run, assignments: of(Entity::Assignment), sites: of(Entity::Site) }
    }

    /// Why a line cannot be taken back.
    fn rests_on(&self, conn: &mut Conn, change: &Changed) -> Result<Option<Text>> {
        let id = change.entity_id;
        match (change.entity, &change.before) {
            (Entity::Assignment, _) => self.after_assignment(conn, id),
            (Entity::Person, None) => self.after_person(conn, PersonId(id)),
            (Entity::Site, None) => self.after_site(conn, SiteId(id)),
            _ => Ok(None),
        }
    }

    fn after_assignment(&self, conn: &mut Conn, id: i64) -> Result<Option<Text>> {
        let Some(row) = queries::assignment(conn, id)? else { return Ok(None) };
        let last = self.assignments.last().copied().unwrap_or(id);
        let moved = queries::later_assignments(conn, row.person_id, last)?;
        Ok((moved > 0)
            .then(|| text!("此人之后又有调动。", "this person has been transferred since.")))
    }

    fn after_person(&self, conn: &mut Conn, id: PersonId) -> Result<Option<Text>> {
        let mut own: Vec<(&str, i64)> = vec![(SOURCE, self.run.0)];
        own.extend(self.assignments.iter().map(|id| (transfers::SOURCE, *id)));
        if ledger::others_say(conn, id, &own)? > 0 {
            return Ok(Some(text!(
                "此人之后已有培训、考试或其他记录。",
                "training, exams or other facts were recorded about this person since."
            )));
        }
        let reports: Vec<AssignmentId> = assignment::table
            .filter(assignment::manager_id.eq(id))
            .order(assignment::id)
            .select(assignment::id)
            .load(conn)?;
        let later = reports.iter().any(|id| self.assignments.binary_search(&id.0).is_err());
        Ok(later.then(|| text!("之后有人调到此人手下。", "people report to this person since.")))
    }

    fn after_site(&self, conn: &mut Conn, id: SiteId) -> Result<Option<Text>> {
        let people: i64 =
            assignment::table.filter(assignment::site_id.eq(id)).count().get_result(conn)?;
        let roles: i64 =
            role_grant::table.filter(role_grant::site_id.eq(id)).count().get_result(conn)?;
        let below: Vec<SiteId> = site::table
            .filter(site::parent_id.eq(id))
            .order(site::id)
            .select(site::id)
            .load(conn)?;
        let below = below.iter().any(|id| self.sites.binary_search(&id.0).is_err());
        Ok((people + roles > 0 || below).then(|| {
            text!(
                "这个门店已有人员、授权或下级门店。",
                "people, roles or other sites stand on this site by now."
            )
        }))
    }
}

fn take_back(conn: &mut Conn, run: RunId, change: &Changed, why: &str, stamp: Stamp) -> Result<()> {
    let before = change.before.as_deref();
    match change.entity {
        Entity::Assignment => {
            let id = AssignmentId(change.entity_id);
            match before {
                None => transfers::withdraw(conn, id, why, stamp)?,
                Some(json) => restore_assignment(conn, id, &parse(json)?, why, stamp)?,
            }
        }
        Entity::Person => {
            if let Some(json) = before {
                restore_person(conn, run, change, &parse(json)?, stamp)?;
            }
        }
        Entity::Site => {
            let id = SiteId(change.entity_id);
            match before {
                None => drop(diesel::delete(site::table.find(id)).execute(conn)?),
                Some(json) => restore_site(conn, id, &parse(json)?)?,
            }
        }
    }
    Ok(())
}

fn parse<T: serde::de::DeserializeOwned>(json: &str) -> Result<T> {
    serde_json::from_str(json).map_err(|error| {
        ImportError::Refused(text!(
            "导入记录已损坏，无法撤销：{error}",
            "What the import kept is damaged and cannot be taken back: {error}"
        ))
    })
}

fn restore_assignment(
    conn: &mut Conn,
    id: AssignmentId,
    before: &AssignmentBefore,
    why: &str,
    stamp: Stamp,
) -> Result<()> {
    let Some(row) = queries::assignment(conn, id.0)? else { return Ok(()) };
    let was = NewAssignment {
        person: row.person_id,
        site: SiteId(before.site),
        position: &before.position,
        occupation: &before.occupation,
        manager: before.manager.map(PersonId),
        starts_on: before.starts_on,
        ends_on: before.ends_on,
    };
    Ok(transfers::amend(conn, id, &was, why, stamp)?)
}

fn restore_person(
    conn: &mut Conn,
    run: RunId,
    change: &Changed,
    before: &PersonBefore,
    stamp: Stamp,
) -> Result<()> {
    let id = PersonId(change.entity_id);
    let was = NewPerson {
        staff_no: "",
        name: &before.name,
        name_en: before.name_en.as_deref(),
        email: before.email.as_deref(),
        phone: before.phone.as_deref(),
        lang: before.language,
    };
    transfers::update_person(conn, id, &was)?;
    if let Some(day) = before.born_on {
        let source = Source::new("import-undo", run.0).line(change.line);
        ledger::append(conn, id, &NewFact::new(Kind::Birth, "", day), source, stamp)?;
    }
    Ok(())
}

fn restore_site(conn: &mut Conn, id: SiteId, before: &SiteBefore) -> Result<()> {
    let was = NewSite {
        code: &before.code,
        name: &before.name,
        name_en: before.name_en.as_deref(),
        kind: before.kind,
        time_zone: &before.time_zone,
        parent: before.parent.map(SiteId),
    };
    Ok(transfers::update_site(conn, id, &was)?)
}
