//! How often one network may use the public check: a bucket of tokens that fills slowly.
//!
//! A check code is one of 25¹⁰, and number and code must both be right, so guessing is hopeless at
//! any speed; the limit keeps the guessing from being a load.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use actix_web::HttpRequest;

use crate::{db::Instant, text, web};

/// The bucket of all networks there is no room for.
const OTHERS: &str = "others";

/// Checks in a row before a network has to wait.
const BURST: f64 = 20.0;
/// Seconds until it may do one more.
const SECONDS_EACH: f64 = 6.0;
/// Networks remembered at most; those with a full bucket are forgotten first.
const NETWORKS: usize = 10_000;

/// The buckets of this server. Each server counts for itself: that only multiplies a small number.
#[derive(Clone)]
pub struct CheckLimit {
    buckets: Arc<Mutex<HashMap<String, Bucket>>>,
    burst: f64,
    seconds_each: f64,
}

/// The pace of the public check.
impl Default for CheckLimit {
    fn default() -> CheckLimit {
        CheckLimit::of(BURST, SECONDS_EACH)
    }
}

#[derive(Clone, Copy)]
struct Bucket {
    tokens: f64,
    at: Instant,
}

impl Bucket {
    fn filled(self, now: Instant, burst: f64, seconds_each: f64) -> Bucket {
        let gained = now.seconds_since(self.at) as f64 / seconds_each;
        // Whole tokens only, or asking often would round away what was gained.
        let at = if gained >= 1.0 { now } else { self.at };
        let gained = if gained >= 1.0 { gained } else { 0.0 };
        Bucket { tokens: (self.tokens + gained).min(burst), at }
    }
}

impl CheckLimit {
    /// So many in a row, then one every so many seconds.
    pub fn of(burst: f64, seconds_each: f64) -> CheckLimit {
        CheckLimit { buckets: Arc::default(), burst, seconds_each }
    }

    /// Takes a token for a request, or refuses it with words.
    pub fn take(&self, request: &HttpRequest, now: Instant) -> web::Result<()> {
        if self.allows(&web::address::network_of(request), now) {
            return Ok(());
        }
        Err(web::Error::TooMany(text!(
            "查询过于频繁，请一分钟后再试。",
            "Too many checks from your address. Try again in a minute."
        )))
    }

    /// Takes a token; false when the network has to wait.
    ///
    /// Whoever comes from very many networks at once fills the memory for them. The rest then shares
    /// one bucket: nobody's is emptied, and nobody gains by it.
    pub fn allows(&self, network: &str, now: Instant) -> bool {
        let (burst, seconds_each) = (self.burst, self.seconds_each);
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= NETWORKS && !buckets.contains_key(network) {
            buckets.retain(|_, bucket| bucket.filled(now, burst, seconds_each).tokens < burst);
        }
        let has_room = buckets.len() < NETWORKS || buckets.contains_key(network);
        let key = if has_room { network } else { OTHERS };
        let fresh = Bucket { tokens: burst, at: now };
        let bucket = buckets.entry(key.to_owned()).or_insert(fresh);
        *bucket = bucket.filled(now, burst, seconds_each);
        if bucket.tokens < 1.0 {
            return false;
        }
        bucket.tokens -= 1.0;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_waits_after_twenty_checks_and_others_do_not() {
        let start: Instant =
            "2026-11-23T02:00:00Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap().into();
        let limit = CheckLimit::default();
        assert!((0..20).all(|_| limit.allows("a", start)));
        assert!(!limit.allows("a", start));
        assert!(limit.allows("b", start));
        let later = start.plus(chrono::Duration::seconds(6));
        assert!(limit.allows("a", later) && !limit.allows("a", later));
    }

    #[test]
    fn a_flood_of_networks_empties_nobodys_bucket() {
        let start: Instant =
            "2026-11-23T02:00:00Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap().into();
        let limit = CheckLimit::default();
        assert!((0..20).all(|_| limit.allows("guesser", start)));
        let passed = (0..3 * NETWORKS).filter(|n| limit.allows(&format!("n{n}"), start)).count();
        assert!(!limit.allows("guesser", start), "still has to wait");
        assert_eq!(passed, NETWORKS - 1 + 20, "the others share one bucket");
        assert!(limit.buckets.lock().unwrap().len() <= NETWORKS + 1);
    }
}
