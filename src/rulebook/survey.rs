//! The effects of a draft on everybody in a reach: people are read a thousand at a time, judged in
//! memory and let go again; what stays is what changes and the counts.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use chrono::NaiveDate;

use super::effects::{Change, Effect, Judged, Person, Trial};
use crate::{
    certification::{self, rules::Barrier},
    db::{Conn, Db},
    i18n::Lang,
    record::{PersonId, ledger},
    staff::{self, Post, Site, queries::Scope},
    web::Result,
};

/// So many people are in memory at a time.
const AT_ONCE: usize = 1_000;

/// Who is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who {
    pub staff_no: String,
    pub name: String,
    pub name_en: String,
    /// The place of their site among [`Survey::sites`].
    pub site: usize,
}

impl Who {
    pub fn name(&self, lang: Lang) -> &str {
        match lang {
            Lang::Zh => &self.name,
            Lang::En => &self.name_en,
        }
    }
}

/// How many have something before and after.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub before: usize,
    pub after: usize,
}

impl Tally {
    fn add(&mut self, before: bool, after: bool) {
        self.before += usize::from(before);
        self.after += usize::from(after);
    }

    pub fn plus(self, other: Tally) -> Tally {
        Tally { before: self.before + other.before, after: self.after + other.after }
    }
}

/// The effects on everybody asked about.
#[derive(Debug, Default)]
pub struct Survey {
    /// How many people were looked at.
    pub people: usize,
    pub sites: Vec<Site>,
    pub effects: Vec<(Arc<Who>, Effect)>,
    /// By certification, path or job, and by the place of the site.
    pub tallies: BTreeMap<(String, usize), Tally>,
}

impl Survey {
    /// All sites together.
    pub fn total(&self, code: &str) -> Tally {
        let own = self.tallies.iter().filter(|((of, _), _)| of == code);
        own.fold(Tally::default(), |sum, (_, tally)| sum.plus(*tally))
    }

    pub fn count(&self, change: Change) -> usize {
        self.effects.iter().filter(|(_, effect)| effect.change == change).count()
    }

    fn take(&mut self, post: &Post, place: usize, judged: Judged) {
        self.people += 1;
        for (code, before, after) in judged.counts {
            self.tallies.entry((code, place)).or_default().add(before, after);
        }
        if judged.effects.is_empty() {
            return;
        }
        let who = Arc::new(Who {
            staff_no: post.person.staff_no.clone(),
            name: post.person.title(Lang::Zh).to_owned(),
            name_en: post.person.title(Lang::En).to_owned(),
            site: place,
        });
        self.effects.extend(judged.effects.into_iter().map(|effect| (who.clone(), effect)));
    }
}

/// Judges everybody who works in a reach, below a site where one is named.
///
/// Each thousand is a read of its own, so a large group holds no reader for long; and nothing is
/// written, so nobody waits for it.
pub async fn run(
    db: &Db,
    trial: Arc<Trial>,
    scope: Scope,
    below: Option<String>,
    today: NaiveDate,
) -> Result<Survey> {
    let (people, acted_on) = db
        .read(move |conn| -> Result<_> {
            let people = staff::queries::people_within(conn, &scope, below.as_deref(), today)?;
            Ok((people, certification::queries::acted_on(conn)?))
        })
        .await?;
    let acted_on = Arc::new(acted_on);
    let mut survey = Survey::default();
    let mut places: HashMap<staff::SiteId, usize> = HashMap::new();
    for some in people.chunks(AT_ONCE) {
        let (some, trial, acted_on) = (some.to_vec(), trial.clone(), acted_on.clone());
        let judged = db.read(move |conn| judge(conn, &trial, &some, &acted_on, today)).await?;
        for (post, judged) in judged {
            let next = places.len();
            let place = *places.entry(post.site.id).or_insert(next);
            if place == survey.sites.len() {
                survey.sites.push(post.site.clone());
            }
            survey.take(&post, place, judged);
        }
    }
    survey.effects.sort_by(|(a, one), (b, other)| {
        (one.on, one.change, &one.code, &a.staff_no).cmp(&(
            other.on,
            other.change,
            &other.code,
            &b.staff_no,
        ))
    });
    Ok(survey)
}

fn judge(
    conn: &mut Conn,
    trial: &Trial,
    people: &[PersonId],
    acted_on: &HashSet<PersonId>,
    today: NaiveDate,
) -> Result<Vec<(Post, Judged)>> {
    let posts = staff::queries::posts_of(conn, people, today)?;
    let facts = ledger::facts_of_these(conn, people, None)?;
    let mut occupations: HashMap<String, String> = HashMap::new();
    let mut judged = Vec::with_capacity(posts.len());
    for post in posts.into_iter().filter(|post| post.works_on(today)) {
        let id = post.person.id;
        let barriers: HashMap<String, Barrier> = if acted_on.contains(&id) {
            certification::issue::barriers_of(conn, id, trial.from)?
        } else {
            HashMap::new()
        };
        let position = &post.assignment.position;
        let occupation = occupations
            .entry(position.clone())
            .or_insert_with(|| trial.base.occupation_of(position));
        let facts = facts.get(&id).map_or(&[][..], Vec::as_slice);
        let one = trial.judge(Person { facts, occupation, barriers: &barriers });
        judged.push((post, one));
    }
    Ok(judged)
}
