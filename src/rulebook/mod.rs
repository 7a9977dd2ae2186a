//! The rule book: every rule set in words, a calculator, and what-if.
//!
//! Whoever wants to change a rule drafts it, sees first who would gain, who would fall out, when
//! and at which sites, chooses what it means for those who hold a certificate already, and
//! publishes it as a new version from a day on. Nothing is decided here: the same pure code judges
//! a draft and the rules in force, so what is foretold is what happens.
//!
//! A version never goes away. Certificates and decisions name the revision they were made under,
//! and `/rules/SET/versions/N` shows it for as long as the database lives.

pub mod diff;
pub mod draft_handlers;
pub mod draft_pages;
pub mod drafts;
pub mod editing;
pub mod editions;
pub mod effect_pages;
pub mod effects;
pub mod handlers;
pub mod pages;
pub mod saying;
pub mod survey;
pub mod transitions;

use std::sync::{Arc, Mutex, PoisonError};

use chrono::NaiveDate;

use draft_handlers as d;
use handlers as h;

pub use editions::Shelf;

use crate::{
    access::{Routes, RuleMaking, Who, proof::Proof},
    content::{self, Extent},
    db::{Conn, Db, Error},
    record::{LiveRules, Rules},
};

const MAKING: Who = Who::Roles(<RuleMaking as Proof>::ROLES);
const WRITING: Who = Who::ForAll(<RuleMaking as Proof>::ROLES);

pub fn routes() -> Routes {
    Routes::new()
        .get("/rules", Who::SignedIn, h::list)
        .get("/rules/drafts", MAKING, d::list)
        .get("/rules/drafts/{id}", MAKING, d::draft)
        .get("/rules/drafts/{id}/text", MAKING, d::text_page)
        .post("/rules/drafts/{id}/text", WRITING, d::save_text)
        .get("/rules/drafts/{id}/certifications/{code}", MAKING, d::form_page)
        .post("/rules/drafts/{id}/certifications/{code}", WRITING, d::save_form)
        .get("/rules/drafts/{id}/effects", MAKING, d::effects)
        .get("/rules/drafts/{id}/effects.csv", MAKING, d::effects_csv)
        .post("/rules/drafts/{id}/rebase", WRITING, d::rebase)
        .post("/rules/drafts/{id}/withdrawal", WRITING, d::withdraw)
        .post("/rules/drafts/{id}/publication", WRITING, d::publish)
        .get("/rules/revisions/{id}", Who::SignedIn, h::revision)
        .get("/rules/{set}", Who::SignedIn, h::set)
        .post("/rules/{set}/drafts", WRITING, d::start)
        .get("/rules/{set}/versions/{number}", Who::SignedIn, h::version)
        .get("/rules/{set}/certifications/{code}", Who::SignedIn, h::certification)
}

/// The rules in force on this server, and how to catch up with what others publish.
#[derive(Clone)]
pub struct Rulebook {
    pub shelf: Arc<Shelf>,
    pub live: LiveRules,
    /// The effects of drafts that were looked at in the last minutes.
    pub surveys: survey::Surveys,
    /// How much of what was said is loaded.
    seen: Arc<Mutex<Extent>>,
}

impl Rulebook {
    /// Puts the rules in force by everything that was said so far.
    pub fn open(conn: &mut Conn, shelf: Shelf, today: NaiveDate) -> Result<Rulebook, Error> {
        let seen = content::extent(conn)?;
        let words = content::words(conn)?;
        for code in shelf.offered(&words) {
            tracing::warn!(code, "the file has changed; what was published here still counts");
        }
        let live = LiveRules::new(shelf.rules_of(&words).on(today));
        let (shelf, surveys) = (Arc::new(shelf), survey::Surveys::default());
        Ok(Rulebook { shelf, live, surveys, seen: Arc::new(Mutex::new(seen)) })
    }

    /// Catches up with what was published since, here or by another server. Costs one look at how
    /// much was said when nothing was.
    pub async fn refresh(&self, db: &Db, today: NaiveDate) -> Result<(), Error> {
        let (shelf, seen) = (self.shelf.clone(), self.seen());
        let found: Option<(Extent, Rules)> = db
            .read(move |conn| {
                let extent = content::extent(conn)?;
                let news = (extent != seen).then(|| shelf.rules(conn)).transpose()?;
                Ok::<_, Error>(news.map(|rules| (extent, rules)))
            })
            .await?;
        if let Some((extent, rules)) = found {
            self.live.replace(rules.on(today));
            *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = extent;
        }
        Ok(())
    }

    /// How much of what was said is loaded.
    pub fn seen(&self) -> Extent {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
