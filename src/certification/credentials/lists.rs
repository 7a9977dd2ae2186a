//! The status lists as they were signed last, kept for a few seconds: anybody may ask for them, as
//! often as they like, and a list is much to read and to sign.
//!
//! What somebody did about a certificate counts at once all the same: what is kept holds only as
//! long as no act was added, the key is the same, and the day.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use actix_web::web::Bytes;
use chrono::NaiveDate;

use super::lapses::Lapses;
use crate::db::Instant;

/// For how long an answer is given again. An act that was numbered before another and committed
/// after it may wait for so long, and so may a list for rules that were just published.
const KEPT_SECONDS: i64 = 10;

/// Which answer it is: its form, and the list.
pub(super) type Which = (&'static str, i64);

/// What an answer rests on besides the moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ground {
    /// The last act there was.
    pub act: Option<i64>,
    /// The key to sign with.
    pub kid: Option<String>,
    pub today: NaiveDate,
}

struct Kept {
    at: Instant,
    ground: Ground,
    body: Bytes,
}

/// What this server answered of late.
#[derive(Clone, Default)]
pub struct Lists {
    pub(super) lapses: Lapses,
    kept: Arc<Mutex<HashMap<Which, Kept>>>,
}

impl Lists {
    /// The answer that was given on this ground a moment ago.
    pub(super) fn find(&self, which: Which, ground: &Ground, now: Instant) -> Option<Bytes> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = kept.get(&which)?;
        let fresh = kept.at <= now && now.seconds_since(kept.at) < KEPT_SECONDS;
        (fresh && kept.ground == *ground).then(|| kept.body.clone())
    }

    /// Keeps an answer; only lists there are may come here, so there are never many.
    pub(super) fn keep(&self, which: Which, ground: Ground, now: Instant, body: Bytes) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.insert(which, Kept { at: now, ground, body });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ground() -> Ground {
        let today = "2026-11-23".parse().unwrap();
        Ground { act: Some(7), kid: Some("ab".to_owned()), today }
    }

    #[test]
    fn an_answer_is_given_again_as_long_as_nothing_changed() {
        let now: Instant = chrono::DateTime::UNIX_EPOCH.into();
        let after = |seconds| now.plus(chrono::Duration::seconds(seconds));
        let lists = Lists::default();
        assert_eq!(lists.find(("revocation", 0), &ground(), now), None);
        lists.keep(("revocation", 0), ground(), now, Bytes::from_static(b"signed"));
        let found = |ground: Ground, at| lists.find(("revocation", 0), &ground, at).is_some();
        assert!(found(ground(), now) && found(ground(), after(9)));
        assert!(!found(ground(), after(10)), "for a few seconds only");
        assert!(!found(Ground { act: Some(8), ..ground() }, after(1)), "somebody acted");
        assert!(!found(Ground { kid: None, ..ground() }, after(1)), "the key is another");
        let tomorrow = "2026-11-24".parse().unwrap();
        assert!(!found(Ground { today: tomorrow, ..ground() }, after(1)), "a day began");
        assert_eq!(lists.find(("suspension", 0), &ground(), now), None);
        assert_eq!(lists.find(("revocation", 1), &ground(), now), None);
    }
}
