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

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use chrono::NaiveDate;

use draft_handlers as d;
use handlers as h;

pub use editions::Shelf;

use crate::{
    access::{Routes, RuleMaking, Who, proof::Proof},
    content,
    db::{Conn, Db, Error},
    record::{LiveRules, Rules},
};

const MAKING: Who = Who::Roles(<RuleMaking as Proof>::ROLES);

pub fn routes() -> Routes {
    Routes::new()
        .get("/rules", Who::SignedIn, h::list)
        .get("/rules/drafts", MAKING, d::list)
        .get("/rules/drafts/{id}", MAKING, d::draft)
        .get("/rules/drafts/{id}/text", MAKING, d::text_page)
        .post("/rules/drafts/{id}/text", MAKING, d::save_text)
        .get("/rules/drafts/{id}/certifications/{code}", MAKING, d::form_page)
        .post("/rules/drafts/{id}/certifications/{code}", MAKING, d::save_form)
        .get("/rules/drafts/{id}/effects", MAKING, d::effects)
        .get("/rules/drafts/{id}/effects.csv", MAKING, d::effects_csv)
        .post("/rules/drafts/{id}/rebase", MAKING, d::rebase)
        .post("/rules/drafts/{id}/withdrawal", MAKING, d::withdraw)
        .post("/rules/drafts/{id}/publication", MAKING, d::publish)
        .get("/rules/revisions/{id}", Who::SignedIn, h::revision)
        .get("/rules/{set}", Who::SignedIn, h::set)
        .post("/rules/{set}/drafts", MAKING, d::start)
        .get("/rules/{set}/versions/{number}", Who::SignedIn, h::version)
        .get("/rules/{set}/certifications/{code}", Who::SignedIn, h::certification)
}

/// The rules in force on this server, and how to catch up with what others publish.
#[derive(Clone)]
pub struct Rulebook {
    pub shelf: Arc<Shelf>,
    pub live: LiveRules,
    /// The last word that was loaded.
    seen: Arc<AtomicI64>,
}

impl Rulebook {
    /// Puts the rules in force by everything that was said so far.
    pub fn open(conn: &mut Conn, shelf: Shelf, today: NaiveDate) -> Result<Rulebook, Error> {
        let seen = content::last_word(conn)?;
        let live = LiveRules::new(shelf.rules(conn)?.on(today));
        Ok(Rulebook { shelf: Arc::new(shelf), live, seen: Arc::new(AtomicI64::new(seen.0)) })
    }

    /// Catches up with what was published since, here or by another server. Costs one look at the
    /// newest revision when nothing was.
    pub async fn refresh(&self, db: &Db, today: NaiveDate) -> Result<(), Error> {
        let (shelf, seen) = (self.shelf.clone(), self.seen.load(Ordering::Acquire));
        let found: Option<(i64, Rules)> = db
            .read(move |conn| {
                let last = content::last_word(conn)?.0;
                let news = (last != seen).then(|| shelf.rules(conn)).transpose()?;
                Ok::<_, Error>(news.map(|rules| (last, rules)))
            })
            .await?;
        if let Some((last, rules)) = found {
            self.live.replace(rules.on(today));
            self.seen.store(last, Ordering::Release);
        }
        Ok(())
    }
}
