//! All that reads the tables `site`, `person` and `assignment`.
//!
//! What a viewer may see of people is written once, in [`Scope`]: every list and every look-up of
//! a person on somebody's behalf goes through it.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::{
    dsl::{InnerJoinQuerySource, exists},
    prelude::*,
    sql_types::Bool,
};

use super::model::{Person, Post, Site, SiteId, SiteKind};
use crate::{
    db::{
        Conn, Error,
        schema::{assignment, person, site},
    },
    record::PersonId,
    staff::model::Assignment,
};

type Result<T> = std::result::Result<T, Error>;
type Backend = <Conn as diesel::Connection>::Backend;

/// Whose people: the parts of the tree a viewer reaches, and those who report to them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Lineages of the roots of those parts.
    pub lineages: Vec<String>,
    /// Their own reports, wherever they are.
    pub reports_of: Option<PersonId>,
}

impl Scope {
    /// The whole group: for the program itself, not for a viewer.
    pub fn everyone() -> Scope {
        Scope { lineages: vec!["/".to_owned()], reports_of: None }
    }

    pub fn part(lineage: impl Into<String>) -> Scope {
        Scope { lineages: vec![lineage.into()], reports_of: None }
    }

    pub fn covers_site(&self, site: &Site) -> bool {
        self.covers(&site.lineage)
    }

    /// Whether a place in the tree lies in it.
    pub fn covers(&self, lineage: &str) -> bool {
        self.lineages.iter().any(|root| lineage.starts_with(root.as_str()))
    }
}

type Condition<S> = Box<dyn BoxableExpression<S, Backend, SqlType = Bool>>;
type PostSource =
    InnerJoinQuerySource<InnerJoinQuerySource<assignment::table, person::table>, site::table>;

/// The visibility condition, for a query over assignment, person and site.
fn within(scope: &Scope) -> Condition<PostSource> {
    let nobody: Condition<PostSource> = Box::new(person::id.eq(PersonId(0)));
    let parts = scope
        .lineages
        .iter()
        .fold(nobody, |seen, root| Box::new(seen.or(site::lineage.like(format!("{root}%")))));
    match scope.reports_of {
        None => parts,
        Some(manager) => Box::new(
            parts.or(assignment::manager_id
                .is_not_null()
                .and(assignment::manager_id.assume_not_null().eq(manager))),
        ),
    }
}

/// The assignment that counts for a person on a day: the last that had begun by then.
fn last_by(day: NaiveDate) -> Condition<PostSource> {
    let later = diesel::alias!(assignment as later);
    Box::new(
        diesel::dsl::not(exists(
            later
                .filter(later.field(assignment::person_id).eq(assignment::person_id))
                .filter(later.field(assignment::starts_on).gt(assignment::starts_on))
                .filter(later.field(assignment::starts_on).le(day)),
        ))
        .and(assignment::starts_on.le(day)),
    )
}

/// What a list of people is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Part of a name or a staff number.
    pub search: Option<String>,
    pub position: Option<String>,
    /// Below this site.
    pub site: Option<String>,
    /// Also those who have left.
    pub with_left: bool,
}

/// People within a scope, by staff number.
pub fn posts(
    conn: &mut Conn,
    scope: &Scope,
    filter: &Filter,
    day: NaiveDate,
    limit: i64,
    offset: i64,
) -> Result<Vec<Post>> {
    let mut query = assignment::table
        .inner_join(person::table)
        .inner_join(site::table)
        .filter(within(scope))
        .filter(last_by(day))
        .into_boxed();
    if let Some(search) = filter.search.as_deref().filter(|search| !search.is_empty()) {
        let pattern = format!("%{}%", search.replace(['%', '_'], ""));
        query = query.filter(
            person::name.like(pattern.clone()).or(person::staff_no.like(pattern.clone())).or(
                person::name_en.is_not_null().and(person::name_en.assume_not_null().like(pattern)),
            ),
        );
    }
    if let Some(position) = &filter.position {
        query = query.filter(assignment::position.eq(position.clone()));
    }
    if let Some(lineage) = &filter.site {
        query = query.filter(site::lineage.like(format!("{lineage}%")));
    }
    if !filter.with_left {
        query = query.filter(assignment::ends_on.is_null().or(assignment::ends_on.ge(day)));
    }
    let rows: Vec<(Person, Assignment, Site)> = query
        .order((person::staff_no, person::id))
        .limit(limit)
        .offset(offset)
        .select((Person::as_select(), Assignment::as_select(), Site::as_select()))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|(person, assignment, site)| Post { person, assignment, site })
        .collect())
}

/// One person, if they are within the scope.
pub fn post_in(
    conn: &mut Conn,
    scope: &Scope,
    id: PersonId,
    day: NaiveDate,
) -> Result<Option<Post>> {
    let row: Option<(Person, Assignment, Site)> = assignment::table
        .inner_join(person::table)
        .inner_join(site::table)
        .filter(within(scope))
        .filter(last_by(day))
        .filter(person::id.eq(id))
        .select((Person::as_select(), Assignment::as_select(), Site::as_select()))
        .first(conn)
        .optional()?;
    Ok(row.map(|(person, assignment, site)| Post { person, assignment, site }))
}

/// [`posts_among`], to be looked up by person.
pub fn posts_by_person(
    conn: &mut Conn,
    scope: &Scope,
    people: &[PersonId],
    day: NaiveDate,
) -> Result<HashMap<PersonId, Post>> {
    let posts = posts_among(conn, scope, people, day)?;
    Ok(posts.into_iter().map(|post| (post.person.id, post)).collect())
}

/// Those of these people who are within the scope, by staff number.
pub fn posts_among(
    conn: &mut Conn,
    scope: &Scope,
    people: &[PersonId],
    day: NaiveDate,
) -> Result<Vec<Post>> {
    let mut found = Vec::new();
    for some in people.chunks(500) {
        let rows: Vec<(Person, Assignment, Site)> = assignment::table
            .inner_join(person::table)
            .inner_join(site::table)
            .filter(within(scope))
            .filter(last_by(day))
            .filter(person::id.eq_any(some.to_vec()))
            .order((person::staff_no, person::id))
            .select((Person::as_select(), Assignment::as_select(), Site::as_select()))
            .load(conn)?;
        found.extend(rows);
    }
    Ok(found
        .into_iter()
        .map(|(person, assignment, site)| Post { person, assignment, site })
        .collect())
}

/// Where a person works or last worked, on the program's own behalf.
pub fn post_of(conn: &mut Conn, id: PersonId, day: NaiveDate) -> Result<Option<Post>> {
    let row: Option<(Person, Assignment, Site)> = assignment::table
        .inner_join(person::table)
        .inner_join(site::table)
        .filter(assignment::person_id.eq(id).and(assignment::starts_on.le(day)))
        .order(assignment::starts_on.desc())
        .select((Person::as_select(), Assignment::as_select(), Site::as_select()))
        .first(conn)
        .optional()?;
    Ok(row.map(|(person, assignment, site)| Post { person, assignment, site }))
}

/// The site of [`post_of`] alone, which every request asks for.
pub fn site_of(conn: &mut Conn, id: PersonId, day: NaiveDate) -> Result<Option<Site>> {
    Ok(assignment::table
        .inner_join(site::table)
        .filter(assignment::person_id.eq(id).and(assignment::starts_on.le(day)))
        .order(assignment::starts_on.desc())
        .select(Site::as_select())
        .first(conn)
        .optional()?)
}

/// Where these people work or last worked, for the rows of a list that was already narrowed.
pub fn posts_of(conn: &mut Conn, ids: &[PersonId], day: NaiveDate) -> Result<Vec<Post>> {
    let mut posts = Vec::with_capacity(ids.len());
    for some in ids.chunks(500) {
        let rows: Vec<(Person, Assignment, Site)> = assignment::table
            .inner_join(person::table)
            .inner_join(site::table)
            .filter(last_by(day))
            .filter(person::id.eq_any(some.to_vec()))
            .order((person::staff_no, person::id))
            .select((Person::as_select(), Assignment::as_select(), Site::as_select()))
            .load(conn)?;
        let some = rows.into_iter();
        posts.extend(some.map(|(person, assignment, site)| Post { person, assignment, site }));
    }
    Ok(posts)
}

pub fn person(conn: &mut Conn, id: PersonId) -> Result<Option<Person>> {
    Ok(person::table.find(id).select(Person::as_select()).first(conn).optional()?)
}

pub fn person_by_staff_no(conn: &mut Conn, staff_no: &str) -> Result<Option<Person>> {
    Ok(person::table
        .filter(person::staff_no.eq(staff_no))
        .select(Person::as_select())
        .first(conn)
        .optional()?)
}

/// Finds a person by what they sign in with: the staff number or the e-mail address.
pub fn person_by_sign_in(conn: &mut Conn, word: &str) -> Result<Option<Person>> {
    Ok(person::table
        .filter(person::staff_no.eq(word).or(person::email.eq(word.to_lowercase())))
        .order(person::id)
        .select(Person::as_select())
        .first(conn)
        .optional()?)
}

/// Every assignment of a person, oldest first, with its site.
pub fn assignments_of(conn: &mut Conn, id: PersonId) -> Result<Vec<(Assignment, Site)>> {
    Ok(assignment::table
        .inner_join(site::table)
        .filter(assignment::person_id.eq(id))
        .order((assignment::starts_on, assignment::id))
        .select((Assignment::as_select(), Site::as_select()))
        .load(conn)?)
}

/// The sites within a scope, parents before children.
pub fn sites(conn: &mut Conn, scope: &Scope) -> Result<Vec<Site>> {
    let all: Vec<Site> =
        site::table.order((site::lineage, site::id)).select(Site::as_select()).load(conn)?;
    Ok(all.into_iter().filter(|site| scope.covers_site(site)).collect())
}

pub fn site(conn: &mut Conn, id: SiteId) -> Result<Option<Site>> {
    Ok(site::table.find(id).select(Site::as_select()).first(conn).optional()?)
}

pub fn site_by_code(conn: &mut Conn, code: &str) -> Result<Option<Site>> {
    Ok(site::table.filter(site::code.eq(code)).select(Site::as_select()).first(conn).optional()?)
}

/// A site with everything above it, from the root down.
pub fn line_of(conn: &mut Conn, of: &Site) -> Result<Vec<Site>> {
    let ids: Vec<i64> = of.lineage.split('/').filter_map(|id| id.parse().ok()).collect();
    Ok(site::table
        .filter(site::id.eq_any(ids))
        .order((site::lineage, site::id))
        .select(Site::as_select())
        .load(conn)?)
}

/// Holds a part of the tree until the transaction ends: whoever else holds it waits. For decisions
/// that first count what is taken there.
pub fn hold(conn: &mut Conn, id: SiteId) -> Result<()> {
    diesel::update(site::table.find(id)).set(site::name.eq(site::name)).execute(conn)?;
    Ok(())
}

/// The region a site belongs to (the site itself where there is none), and the sites above it.
pub fn region_of(conn: &mut Conn, of: &Site) -> Result<(Site, Vec<Site>)> {
    let mut line = line_of(conn, of)?;
    let at = line.iter().rposition(|one| one.kind == SiteKind::Region);
    let below = at.map(|at| line.split_off(at));
    let region = below.and_then(|below| below.into_iter().next());
    Ok((region.unwrap_or_else(|| of.clone()), line))
}

/// How many people work at each site on a day.
pub fn head_counts(conn: &mut Conn, day: NaiveDate) -> Result<Vec<(SiteId, i64)>> {
    Ok(assignment::table
        .filter(assignment::starts_on.le(day))
        .filter(assignment::ends_on.is_null().or(assignment::ends_on.ge(day)))
        .group_by(assignment::site_id)
        .select((assignment::site_id, diesel::dsl::count_star()))
        .load(conn)?)
}

/// Whose rows a list of another capability may show: people within a scope, below a site.
pub fn people_within(
    conn: &mut Conn,
    scope: &Scope,
    below: Option<&str>,
    day: NaiveDate,
) -> Result<Vec<PersonId>> {
    let below = format!("{}%", below.unwrap_or_default());
    Ok(assignment::table
        .inner_join(person::table)
        .inner_join(site::table)
        .filter(within(scope))
        .filter(last_by(day))
        .filter(site::lineage.like(below))
        .order(person::id)
        .select(person::id)
        .load(conn)?)
}

/// Where each of these people works or last worked.
pub fn sites_of(
    conn: &mut Conn,
    people: &[PersonId],
    day: NaiveDate,
) -> Result<HashMap<PersonId, Site>> {
    let rows: Vec<(PersonId, Site)> = assignment::table
        .inner_join(person::table)
        .inner_join(site::table)
        .filter(last_by(day))
        .filter(person::id.eq_any(people.iter().map(|id| id.0)))
        .order(person::id)
        .select((person::id, Site::as_select()))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}
