//! The effects of a draft on everybody in a reach: people are read a thousand at a time, judged in
//! memory and let go again; what stays is what changes and the counts.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use chrono::NaiveDate;

use super::{
    drafts::DraftId,
    effects::{Change, Effect, Judged, Person, Trial},
};
use crate::{
    certification,
    content::Extent,
    db::{Conn, Db, Instant},
    i18n::Lang,
    record::{PersonId, ledger, programme::Holders},
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

/// What a survey was made of: with the same, it comes out the same, but for what was recorded about
/// people meanwhile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    pub draft: DraftId,
    /// Of the draft.
    pub edition: String,
    pub plan: (NaiveDate, Option<Holders>),
    pub scope: Scope,
    pub below: Option<String>,
    pub today: NaiveDate,
    /// How much had been said about the rules.
    pub extent: Extent,
}

/// A survey and when it was made.
#[derive(Clone, Debug)]
pub struct Made {
    pub at: Instant,
    pub survey: Arc<Survey>,
}

/// For so long a survey is shown again: who turns its pages, filters it and takes the file with
/// them sees one and the same, and the whole group is judged once.
const MINUTES: i64 = 5;
/// So many are kept at a time; each is as large as what changes.
const KEPT: usize = 4;

/// The surveys of the last minutes.
#[derive(Clone, Debug, Default)]
pub struct Surveys(Arc<Mutex<Vec<(Asked, Made)>>>);

impl Surveys {
    pub fn find(&self, asked: &Asked, now: Instant) -> Option<Made> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let ends = |made: &Made| made.at.plus(chrono::Duration::minutes(MINUTES));
        kept.retain(|(_, made)| made.at <= now && now < ends(made));
        kept.iter().find(|(of, _)| of == asked).map(|(_, made)| made.clone())
    }

    pub fn keep(&self, asked: Asked, made: Made) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(of, _)| *of != asked);
        let too_many = (kept.len() + 1).saturating_sub(KEPT);
        kept.drain(..too_many);
        kept.push((asked, made));
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
    let people = db
        .read(move |conn| staff::queries::people_within(conn, &scope, below.as_deref(), today))
        .await?;
    let mut survey = Survey::default();
    let mut places: HashMap<staff::SiteId, usize> = HashMap::new();
    for some in people.chunks(AT_ONCE) {
        let (some, trial) = (some.to_vec(), trial.clone());
        let judged = db.read(move |conn| judge(conn, &trial, &some, today)).await?;
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
    today: NaiveDate,
) -> Result<Vec<(Post, Judged)>> {
    let posts = staff::queries::posts_of(conn, people, today)?;
    let facts = ledger::facts_of_these(conn, people, None)?;
    let barriers = certification::issue::barriers_among(conn, people, trial.from)?;
    let none = HashMap::new();
    let mut occupations: HashMap<String, String> = HashMap::new();
    let mut judged = Vec::with_capacity(posts.len());
    for post in posts.into_iter().filter(|post| post.works_on(today)) {
        let id = post.person.id;
        let position = &post.assignment.position;
        let occupation = occupations
            .entry(position.clone())
            .or_insert_with(|| trial.base.occupation_of(position));
        let facts = facts.get(&id).map_or(&[][..], Vec::as_slice);
        let one =
            trial.judge(Person { facts, occupation, barriers: barriers.get(&id).unwrap_or(&none) });
        judged.push((post, one));
    }
    Ok(judged)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Instant {
        Instant::from(chrono::DateTime::UNIX_EPOCH).plus(chrono::Duration::minutes(minutes))
    }

    fn asked(draft: i64, edition: &str) -> Asked {
        let today = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();
        Asked {
            draft: DraftId(draft),
            edition: edition.to_owned(),
            plan: (today, Some(Holders::Grandfather)),
            scope: Scope::everyone(),
            below: None,
            today,
            extent: Extent::default(),
        }
    }

    #[test]
    fn a_survey_is_kept_for_some_minutes_and_only_for_the_same_question() {
        let surveys = Surveys::default();
        let made = |minutes| Made { at: at(minutes), survey: Arc::default() };
        surveys.keep(asked(1, "a"), made(0));
        assert_eq!(surveys.find(&asked(1, "a"), at(4)).map(|made| made.at), Some(at(0)));
        assert!(surveys.find(&asked(1, "b"), at(4)).is_none(), "somebody saved the draft");
        assert!(surveys.find(&asked(1, "a"), at(5)).is_none(), "too old");
        for draft in 1..10 {
            surveys.keep(asked(draft, "a"), made(6));
        }
        let kept = (1..10).filter(|draft| surveys.find(&asked(*draft, "a"), at(6)).is_some());
        assert_eq!(kept.collect::<Vec<_>>(), [6, 7, 8, 9], "the newest few");
    }
}
