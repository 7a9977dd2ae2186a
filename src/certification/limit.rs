//! How often one address may use the public check: a bucket of tokens that fills slowly.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use crate::db::Instant;

/// Checks in a row before an address has to wait.
const BURST: f64 = 20.0;
/// Seconds until it may do one more.
const SECONDS_EACH: f64 = 6.0;
/// Addresses remembered at most; those with a full bucket are forgotten first.
const ADDRESSES: usize = 10_000;

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

    /// Takes a token; false when the address has to wait.
    pub fn allows(&self, address: &str, now: Instant) -> bool {
        let (burst, seconds_each) = (self.burst, self.seconds_each);
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= ADDRESSES {
            buckets.retain(|_, bucket| bucket.filled(now, burst, seconds_each).tokens < burst);
        }
        if buckets.len() >= ADDRESSES {
            buckets.clear();
        }
        let fresh = Bucket { tokens: burst, at: now };
        let bucket = buckets.entry(address.to_owned()).or_insert(fresh);
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
}
