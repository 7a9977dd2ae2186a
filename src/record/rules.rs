//! The rule sets in force, with the revision each decision will name.

use std::{
    collections::{BTreeSet, HashMap},
    future::{Ready, ready},
    ops::Deref,
    sync::{Arc, PoisonError, RwLock},
};

use actix_web::{FromRequest, HttpRequest, dev::Payload, web};
use chrono::NaiveDate;

use super::{Kind, PersonId, Programmes, ledger::Stamp, programme::RuleSet, reading::Problem};
use crate::{
    content::ContentId,
    db::{Conn, Error},
    i18n::Text,
};

/// All loaded rule sets and the revision under which each is kept. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    programmes: Arc<Programmes>,
    revisions: Arc<HashMap<String, ContentId>>,
}

impl Rules {
    /// Parses the files and names the courses, which rule sets refer to but do not define.
    pub fn parse(
        files: &[(String, String)],
        courses: &[(String, Text)],
    ) -> Result<Programmes, Vec<Problem>> {
        let mut programmes = Programmes::of_files(files)?;
        let known: BTreeSet<String> = courses.iter().map(|(code, _)| code.clone()).collect();
        let unknown = programmes.unknown_courses(&known);
        if !unknown.is_empty() {
            return Err(unknown);
        }
        for (code, title) in courses {
            programmes.context_mut().set_name(Kind::Course, code, title.clone());
        }
        Ok(programmes)
    }

    pub fn new(programmes: Programmes, revisions: HashMap<String, ContentId>) -> Rules {
        Rules { programmes: Arc::new(programmes), revisions: Arc::new(revisions) }
    }

    /// The revision of a rule set that a decision made now is made under.
    pub fn revision(&self, set: &RuleSet) -> ContentId {
        self.revisions.get(&set.code).copied().unwrap_or(ContentId(0))
    }

    /// The occupation a position counts for; a position no rule set knows counts for itself.
    pub fn occupation_of(&self, position: &str) -> String {
        let known = self.programmes.position(position).and_then(|known| known.occupation.clone());
        known.unwrap_or_else(|| position.to_owned())
    }

    /// What readers call a position.
    pub fn position_title(&self, position: &str) -> Text {
        match self.programmes.position(position) {
            Some(known) => known.title.clone(),
            None => Text::same(position),
        }
    }
}

impl Deref for Rules {
    type Target = Programmes;

    fn deref(&self) -> &Programmes {
        &self.programmes
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

    /// The rules in force now.
    pub fn current(&self) -> Rules {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts others in force.
    pub fn replace(&self, rules: Rules) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = rules;
    }
}

/// A request works with the rules that were in force when it came.
impl FromRequest for Rules {
    type Error = actix_web::Error;
    type Future = Ready<Result<Rules, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(match request.app_data::<web::Data<LiveRules>>() {
            Some(live) => Ok(live.current()),
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
