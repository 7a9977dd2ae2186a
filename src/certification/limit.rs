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
#[derive(Clone, Default)]
pub struct CheckLimit(Arc<Mutex<HashMap<String, Bucket>>>);

#[derive(Clone, Copy)]
struct Bucket {
    tokens: f64,
    at: Instant,
}

impl Bucket {
    fn filled(self, now: Instant) -> Bucket {
        let gained = now.seconds_since(self.at) as f64 / SECONDS_EACH;
        // Whole tokens only, or asking often would round away what was gained.
        let at = if gained >= 1.0 { now } else { self.at };
        let gained = if gained >= 1.0 { gained } else { 0.0 };
        Bucket { tokens: (self.tokens + gained).min(BURST), at }
    }
}

impl CheckLimit {
    /// Takes a token; false when the address has to wait.
    pub fn allows(&self, address: &str, now: Instant) -> bool {
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= ADDRESSES {
            buckets.retain(|_, bucket| bucket.filled(now).tokens < BURST);
        }
        if buckets.len() >= ADDRESSES {
            buckets.clear();
        }
        let fresh = Bucket { tokens: BURST, at: now };
        let bucket = buckets.entry(address.to_owned()).or_insert(fresh);
        *bucket = bucket.filled(now);
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
