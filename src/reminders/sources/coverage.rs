//! Sites that have enough holders of a certificate today and will not when one of them ends.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::NaiveDate;

use super::{Ask, Item, Result, When, Whose};
use crate::{
    certification::issue::is_cut_short,
    db::Conn,
    record::{
        Fact, Kind, PersonId,
        ledger::{self, Row},
        period::next_day,
    },
    staff::{self, Post, Site, SiteId, queries::Scope},
    text,
};

/// The last day on which each site has enough, by certification. Only sites are looked at where a
/// certificate ends between the days.
pub fn at_risk(conn: &mut Conn, ask: &Ask<'_>) -> Result<Vec<Item>> {
    let at_least = ask.rule.at_least.unwrap_or(1).max(1) as usize;
    let mut found = Vec::new();
    for code in &ask.rule.only {
        let kind = (Kind::Certificate, Some(code.as_str()));
        let rows = ledger::rows_running_out(conn, kind, None, ask.first, ask.last)?;
        let ending: Vec<Row> = rows.into_iter().filter(|row| !is_cut_short(row)).collect();
        let holders: Vec<PersonId> = ending.iter().map(|row| row.person_id).collect();
        let posts = staff::queries::posts_of(conn, &holders, ask.today)?;
        let sites: HashMap<PersonId, Site> =
            posts.into_iter().map(|post| (post.person.id, post.site)).collect();
        let mut days: BTreeMap<SiteId, (Site, BTreeSet<NaiveDate>)> = BTreeMap::new();
        for row in &ending {
            let Some((site, through)) = sites.get(&row.person_id).zip(row.through_on) else {
                continue;
            };
            let entry = days.entry(site.id).or_insert_with(|| (site.clone(), BTreeSet::new()));
            entry.1.insert(through);
        }
        for (site, days) in days.into_values() {
            let crew = Crew::load(conn, ask, &site, code)?;
            found.extend(
                crew.falls_below(ask, at_least, &days)
                    .map(|(day, left)| crew.item(ask, code, (day, left, at_least))),
            );
        }
    }
    Ok(found)
}

/// Who works at a site, and the certificates they hold.
struct Crew {
    site: Site,
    posts: Vec<Post>,
    held: HashMap<PersonId, Vec<Fact>>,
}

impl Crew {
    fn load(conn: &mut Conn, ask: &Ask<'_>, site: &Site, code: &str) -> Result<Crew> {
        let scope = Scope::part(&site.lineage);
        let people = staff::queries::people_within(conn, &scope, None, ask.today)?;
        let mut posts = staff::queries::posts_of(conn, &people, ask.today)?;
        posts.retain(|post| post.site.id == site.id);
        let people: Vec<PersonId> = posts.iter().map(|post| post.person.id).collect();
        let mut held: HashMap<PersonId, Vec<Fact>> = HashMap::new();
        for row in ledger::rows_with_code_of(conn, &people, Kind::Certificate, code)? {
            held.entry(row.person_id).or_default().extend(row.fact());
        }
        Ok(Crew { site: site.clone(), posts, held })
    }

    fn holders_on(&self, day: NaiveDate) -> usize {
        let valid =
            |fact: &Fact| fact.from <= day && fact.through.is_none_or(|through| day <= through);
        let holds = |post: &&Post| {
            let held = self.held.get(&post.person.id);
            post.works_on(day) && held.is_some_and(|facts| facts.iter().any(valid))
        };
        self.posts.iter().filter(holds).count()
    }

    /// The next of these days after which there are too few though on it there are enough, or where
    /// none is to come, the last there was.
    fn falls_below(
        &self,
        ask: &Ask<'_>,
        at_least: usize,
        days: &BTreeSet<NaiveDate>,
    ) -> impl Iterator<Item = (NaiveDate, usize)> {
        let falls = days.iter().copied().filter_map(|day| {
            let (before, after) = (self.holders_on(day), self.holders_on(next_day(day)));
            (before >= at_least && after < at_least).then_some((day, after))
        });
        let falls: Vec<(NaiveDate, usize)> = falls.collect();
        let coming = falls.iter().find(|(day, _)| *day >= ask.today);
        let falls = coming.or(falls.last()).copied();
        let concerned = match ask.whose {
            Whose::Everyone => true,
            Whose::These(people) => self.posts.iter().any(|post| people.contains(&post.person.id)),
        };
        falls.filter(|_| concerned).into_iter()
    }

    fn item(
        &self,
        ask: &Ask<'_>,
        code: &str,
        (day, left, at_least): (NaiveDate, usize, usize),
    ) -> Item {
        let title = ask.rules.context().name(Kind::Certificate, code);
        let item = Item::new("site", self.site.id.0, code, title, When::Day(day));
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("certification", code)
            .append_pair("site", &self.site.code)
            .finish();
        let path = format!("/certificates/board?{query}");
        let detail = text!(
            "之后还剩 {left} 人，需要 {at_least} 人",
            "{left} left after that, {at_least} needed"
        );
        Item { site: Some(self.site.clone()), detail, ..item.leads_to(path.clone(), path) }
    }
}
