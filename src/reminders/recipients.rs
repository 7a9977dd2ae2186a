//! Who is told: the people something is about and those who answer for them, as of today.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use chrono::{NaiveDate, NaiveDateTime};

use super::{
    hours::Calendar,
    model::To,
    queries::{self, Choice, SiteTimes},
    sources::Item,
};
use crate::{
    access::{self, Role, queries::Holder},
    db::{Conn, Error, Instant},
    mentoring,
    record::PersonId,
    staff::{self, Post, Site, SiteId},
};

type Result<T> = std::result::Result<T, Error>;

/// When reminders are looked for: now, where each recipient is, or on a day somebody asks about.
#[derive(Clone, Copy, Debug)]
pub struct When {
    pub now: Instant,
    pub on: Option<NaiveDate>,
}

impl When {
    pub fn now(now: Instant) -> When {
        When { now, on: None }
    }

    /// Today at a site.
    pub fn today(self, site: &Site) -> NaiveDate {
        self.local(site).date()
    }

    /// What the clock shows at a site; on a day somebody asks about, it is noon.
    pub fn local(self, site: &Site) -> NaiveDateTime {
        let now = self.now.utc().with_timezone(&site.zone()).naive_local();
        self.on.and_then(|day| day.and_hms_opt(12, 0, 0)).unwrap_or(now)
    }

    /// The moment it is, or noon of the day somebody asks about.
    pub fn moment(self) -> Instant {
        let noon = self.on.and_then(|day| day.and_hms_opt(12, 0, 0));
        noon.map_or(self.now, |noon| noon.and_utc().into())
    }

    /// A day that is today somewhere; every other is at most one off.
    pub fn about(self) -> NaiveDate {
        self.on.unwrap_or_else(|| self.now.utc().date_naive())
    }
}

/// Everybody who may be told of what was found, looked up by the hundred and for these things only.
pub struct People {
    when: When,
    posts: HashMap<PersonId, Post>,
    closed: HashSet<PersonId>,
    mentors: HashMap<PersonId, Vec<PersonId>>,
    /// Roles that are told something: who holds them, with the part of the tree it reaches.
    holders: HashMap<Role, Vec<(PersonId, String)>>,
    pub choices: HashMap<PersonId, Choice>,
    calendars: Calendars,
}

impl People {
    pub fn load(
        conn: &mut Conn,
        when: When,
        items: &[Item],
        classes: &[To],
        times: &Arc<SiteTimes>,
    ) -> Result<People> {
        let about = items.iter().filter_map(|item| item.about);
        let mut ids: Vec<PersonId> =
            about.chain(items.iter().filter_map(|item| item.mentor)).collect();
        tidy(&mut ids);
        let mut people = People {
            when,
            posts: HashMap::new(),
            closed: HashSet::new(),
            mentors: HashMap::new(),
            holders: HashMap::new(),
            choices: HashMap::new(),
            calendars: Calendars::of_times(times.clone()),
        };
        people.look_up(conn, &ids)?;
        if classes.contains(&To::Mentor) {
            for (apprentice, mentor) in mentoring::queries::mentors_of(conn, &ids)? {
                people.mentors.entry(apprentice).or_default().push(mentor);
            }
        }
        let roles: Vec<Role> = classes.iter().filter_map(|class| class.role()).collect();
        let holders = access::queries::holders_about(conn, &roles, when.about())?;
        let managers = people.posts.values().filter_map(|post| post.assignment.manager_id);
        let mentors = people.mentors.values().flatten().copied();
        let in_office = holders.iter().map(|holder| holder.person);
        let mut more: Vec<PersonId> = managers.chain(mentors).chain(in_office).collect();
        more.retain(|id| !people.posts.contains_key(id));
        tidy(&mut more);
        people.look_up(conn, &more)?;
        for holder in holders {
            if people.is_in_office(&holder) {
                let held = people.holders.entry(holder.role).or_default();
                held.push((holder.person, holder.lineage));
            }
        }
        let everybody: Vec<PersonId> = people.posts.keys().copied().collect();
        people.choices = queries::choices_of(conn, &everybody)?;
        Ok(people)
    }

    fn look_up(&mut self, conn: &mut Conn, ids: &[PersonId]) -> Result<()> {
        // A person who begins tomorrow where it is tomorrow already works there.
        let posts = staff::queries::posts_of(conn, ids, self.when.about())?;
        self.posts.extend(posts.into_iter().map(|post| (post.person.id, post)));
        self.closed.extend(access::queries::closed_among(conn, ids)?);
        Ok(())
    }

    /// The post of somebody who works here today; nobody who has left or was locked out is told
    /// or spoken of.
    pub fn at_work(&self, id: PersonId) -> Option<&Post> {
        let post = self.posts.get(&id).filter(|_| !self.closed.contains(&id))?;
        post.works_on(self.when.today(&post.site)).then_some(post)
    }

    /// Whether a role is held today where its holder works.
    fn is_in_office(&self, holder: &Holder) -> bool {
        let post = self.at_work(holder.person);
        post.is_some_and(|post| holder.holds_on(self.when.today(&post.site)))
    }

    pub fn calendar(&mut self, site: &Site) -> &Calendar {
        self.calendars.of(site)
    }

    /// Who is told of something at a site, each with what they are to the person it is about.
    /// Somebody who is two things at once is named once.
    pub fn told(&self, item: &Item, site: &Site, classes: &[To]) -> Vec<(PersonId, Vec<To>)> {
        let mut found: Vec<(PersonId, Vec<To>)> = Vec::new();
        for class in classes {
            let allowed = item.only_to.as_ref().is_none_or(|only| only.contains(class));
            if !allowed {
                continue;
            }
            for id in self.of_class(*class, item, site) {
                match found.iter_mut().find(|(known, _)| *known == id) {
                    Some((_, roles)) => roles.push(*class),
                    None => found.push((id, vec![*class])),
                }
            }
        }
        found
    }

    fn of_class(&self, class: To, item: &Item, site: &Site) -> Vec<PersonId> {
        let ids: Vec<PersonId> = match class {
            To::Person => return self.the_person(item).into_iter().collect(),
            To::Mentor => match (item.mentor, item.about) {
                (Some(mentor), _) => vec![mentor],
                (None, Some(about)) => self.mentors.get(&about).cloned().unwrap_or_default(),
                (None, None) => Vec::new(),
            },
            To::Manager => match self.superior(item) {
                Some(manager) => vec![manager],
                None => self.reaching(Role::Manager, site),
            },
            To::Hr | To::Trainer | To::Examiner => {
                class.role().map(|role| self.nearest(role, site)).unwrap_or_default()
            }
        };
        let others = ids.into_iter().filter(|id| Some(*id) != item.about);
        others.filter(|id| self.at_work(*id).is_some()).collect()
    }

    fn the_person(&self, item: &Item) -> Option<PersonId> {
        let post = self.at_work(item.about?)?;
        (!item.mailed_already || post.person.email.is_none()).then_some(post.person.id)
    }

    /// The superior of the person it is about, if there is one at work.
    fn superior(&self, item: &Item) -> Option<PersonId> {
        let manager = self.posts.get(&item.about?)?.assignment.manager_id?;
        self.at_work(manager).map(|post| post.person.id)
    }

    /// Whoever holds a role that reaches the site, here or above.
    fn reaching(&self, role: Role, site: &Site) -> Vec<PersonId> {
        let holders = self.holders.get(&role).into_iter().flatten();
        let reach = holders.filter(|(_, root)| site.lineage.starts_with(root.as_str()));
        let mut ids: Vec<PersonId> = reach.map(|(id, _)| *id).collect();
        tidy(&mut ids);
        ids
    }

    /// Of those the ones closest to the site: headquarters need not hear of every workshop.
    fn nearest(&self, role: Role, site: &Site) -> Vec<PersonId> {
        let holders = self.holders.get(&role).into_iter().flatten();
        let reach: Vec<&(PersonId, String)> =
            holders.filter(|(_, root)| site.lineage.starts_with(root.as_str())).collect();
        let closest = reach.iter().map(|(_, root)| root.len()).max();
        let near = reach.iter().filter(|(_, root)| Some(root.len()) == closest);
        let mut ids: Vec<PersonId> = near.map(|(id, _)| *id).collect();
        tidy(&mut ids);
        ids
    }
}

/// Those of these people who work here today.
pub fn at_work_among(conn: &mut Conn, when: When, ids: &[PersonId]) -> Result<HashSet<PersonId>> {
    let closed = access::queries::closed_among(conn, ids)?;
    let posts = staff::queries::posts_of(conn, ids, when.about())?;
    let there = posts.into_iter().filter(|post| post.works_on(when.today(&post.site)));
    Ok(there.map(|post| post.person.id).filter(|id| !closed.contains(id)).collect())
}

fn tidy(ids: &mut Vec<PersonId>) {
    ids.sort_unstable();
    ids.dedup();
}

/// The calendars of sites. A site follows the one above it where it says nothing itself.
pub struct Calendars {
    kept: Arc<SiteTimes>,
    made: HashMap<SiteId, Calendar>,
}

impl Calendars {
    pub fn load(conn: &mut Conn) -> Result<Calendars> {
        Ok(Calendars::of_times(Arc::new(queries::site_times(conn)?)))
    }

    pub fn of_times(kept: Arc<SiteTimes>) -> Calendars {
        Calendars { kept, made: HashMap::new() }
    }

    pub fn of(&mut self, site: &Site) -> &Calendar {
        let kept = &self.kept;
        self.made.entry(site.id).or_insert_with(|| {
            let mut calendar = Calendar::default();
            // From the root down, so that the nearest has the last word.
            let line = site.lineage.split('/').filter_map(|id| id.parse().ok()).map(SiteId);
            for id in line {
                calendar.week = kept.weeks.get(&id).copied().unwrap_or(calendar.week);
                let days = kept.days.get(&id).into_iter().flatten();
                calendar.days.extend(days.map(|(day, works)| (*day, *works)));
            }
            calendar
        })
    }
}
