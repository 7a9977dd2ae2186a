//! The rule sets in force, with the revision each decision will name.

use std::{
    collections::{BTreeSet, HashMap},
    future::{Ready, ready},
    ops::Deref,
    sync::{Arc, PoisonError, RwLock},
};

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, web};
use chrono::NaiveDate;

use super::{Kind, PersonId, Programmes, ledger::Stamp, programme::RuleSet, reading::Problem};
use crate::{
    content::ContentId,
    db::{Conn, Error},
    i18n::Text,
    web::{Clock, Today},
};

/// The rule sets in force on a day and the revision under which each is kept, with those of every
/// other day at hand. Cheap to clone.
///
/// A version that was published for a later day must not need a restart, nor somebody who puts it
/// in force at midnight, and midnight comes at different moments at different sites. So all
/// editions are here, each from its day on, and whoever judges on a day asks for the rules
/// [`Rules::on`] that day.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    edition: Arc<Edition>,
    /// Every edition with the first day on which it is in force, oldest first.
    editions: Arc<Vec<(NaiveDate, Arc<Edition>)>>,
}

/// All rule sets as they are in force together, from one day until the next edition's.
#[derive(Debug, Default)]
pub struct Edition {
    pub programmes: Programmes,
    /// The revision of each rule set.
    pub revisions: HashMap<String, ContentId>,
}

impl Rules {
    /// Parses the files and names the courses, which rule sets refer to but do not define.
    pub fn parse(
        files: &[(String, String)],
        courses: &[(String, Text)],
    ) -> Result<Programmes, Vec<Problem>> {
        let mut programmes = Programmes::of_files(files)?;
        let known: BTreeSet<String> = courses.iter().map(|(code, _)| code.clone()).collect();
        let unknown = programmes.unknown_courses(files, &known);
        if !unknown.is_empty() {
            return Err(unknown);
        }
        for (code, title) in courses {
            programmes.context_mut().set_name(Kind::Course, code, title.clone());
        }
        Ok(programmes)
    }

    /// Rules that are the same on every day.
    pub fn new(programmes: Programmes, revisions: HashMap<String, ContentId>) -> Rules {
        Rules::of_editions(vec![(NaiveDate::MIN, Edition { programmes, revisions })])
    }

    /// Editions with the first day of each, oldest first; the first counts for all days before it.
    pub fn of_editions(editions: Vec<(NaiveDate, Edition)>) -> Rules {
        let editions: Vec<(NaiveDate, Arc<Edition>)> =
            editions.into_iter().map(|(from, edition)| (from, Arc::new(edition))).collect();
        let edition = editions.first().map(|(_, edition)| edition.clone()).unwrap_or_default();
        Rules { edition, editions: Arc::new(editions) }
    }

    /// The rules in force on a day.
    pub fn on(&self, day: NaiveDate) -> Rules {
        let begun = self.editions.partition_point(|(from, _)| *from <= day);
        let edition = self.editions.get(begun.saturating_sub(1));
        Rules {
            edition: edition.map_or_else(|| self.edition.clone(), |(_, edition)| edition.clone()),
            editions: self.editions.clone(),
        }
    }

    /// The days after this one on which a rule set changes.
    pub fn changes_after(&self, day: NaiveDate) -> impl Iterator<Item = NaiveDate> {
        self.editions.iter().map(|(from, _)| *from).filter(move |from| *from > day)
    }

    /// The revision of every rule set, by its code.
    pub fn revisions(&self) -> &HashMap<String, ContentId> {
        &self.edition.revisions
    }

    /// The revision of a rule set that a decision made now is made under.
    pub fn revision(&self, set: &RuleSet) -> ContentId {
        self.edition.revisions.get(&set.code).copied().unwrap_or(ContentId(0))
    }

    /// The occupation a position counts for; a position no rule set knows counts for itself.
    pub fn occupation_of(&self, position: &str) -> String {
        let known =
            self.edition.programmes.position(position).and_then(|known| known.occupation.clone());
        known.unwrap_or_else(|| position.to_owned())
    }

    /// What readers call a position.
    pub fn position_title(&self, position: &str) -> Text {
        match self.edition.programmes.position(position) {
            Some(known) => known.title.clone(),
            None => Text::same(position),
        }
    }
}

impl Deref for Rules {
    type Target = Programmes;

    fn deref(&self) -> &Programmes {
        &self.edition.programmes
    }
}

/// The rule sets in force while the program runs: exchanged as a whole when a newer version is
/// published. Whoever works with rules takes one [`Rules`] and keeps it to the end of the work, so
/// nothing is judged half by the old and half by the new.
#[derive(Clone, Debug)]
pub struct LiveRules(Arc<RwLock<Rules>>);

impl LiveRules {
    pub fn new(rules: Rules) -> LiveRules {
        LiveRules(Arc::new(RwLock::new(rules)))
    }

    /// The rules last put in force. Whoever knows the day asks them for [`Rules::on`] that day.
    pub fn current(&self) -> Rules {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts others in force.
    pub fn replace(&self, rules: Rules) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = rules;
    }
}

/// A request works with the rules in force on the day it is for whoever sent it; of somebody who
/// is not signed in, in China.
impl FromRequest for Rules {
    type Error = actix_web::Error;
    type Future = Ready<Result<Rules, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let theirs = request.extensions().get::<Today>().map(|today| today.0);
        let clock = request.app_data::<web::Data<Clock>>();
        let today = theirs.or_else(|| Some(clock?.today(chrono_tz::Asia::Shanghai)));
        let live = request.app_data::<web::Data<LiveRules>>();
        ready(match live.zip(today) {
            Some((live, today)) => Ok(live.current().on(today)),
            None => Err(actix_web::error::ErrorInternalServerError("no rules were configured")),
        })
    }
}

type Follow = dyn Fn(&mut Conn, PersonId, NaiveDate, Stamp) -> Result<(), Error> + Send + Sync;

/// What follows at once from a person's new facts: a certificate that is issued by rule.
///
/// Whoever records facts (an exam passed, a course completed, a logbook signed) calls
/// [`Consequences::follow`] in the same transaction. What happens then is wired by `app` from the
/// capabilities that read the record, so the one below knows nothing of the one above.
#[derive(Clone)]
pub struct Consequences(Arc<Follow>);

impl Consequences {
    pub fn new(
        follow: impl Fn(&mut Conn, PersonId, NaiveDate, Stamp) -> Result<(), Error>
        + Send
        + Sync
        + 'static,
    ) -> Consequences {
        Consequences(Arc::new(follow))
    }

    /// `today` is the day at the person's site.
    pub fn follow(
        &self,
        conn: &mut Conn,
        person: PersonId,
        today: NaiveDate,
        stamp: Stamp,
    ) -> Result<(), Error> {
        (self.0)(conn, person, today, stamp)
    }
}
