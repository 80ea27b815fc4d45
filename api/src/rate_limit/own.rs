//! Limits whose rate each key has of its own.

use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::Arc;

use quick_cache::sync::Cache;

use super::{Allowance, RateLimit};

/// Different rates that are remembered: a rate that nobody used for long begins anew.
const RATES_MAX: usize = 1_024;

/// A limit for each `K`, at a rate of its own.
pub struct OwnRateLimit<K: Hash + Eq + Clone> {
    limits: Cache<NonZeroU32, Arc<RateLimit<K>>>,
}

impl<K: Hash + Eq + Clone> Default for OwnRateLimit<K> {
    fn default() -> Self {
        Self { limits: Cache::new(RATES_MAX) }
    }
}

impl<K: Hash + Eq + Clone> OwnRateLimit<K> {
    /// Counts a request; `Err` if it was one too many.
    pub fn check(&self, per_minute: NonZeroU32, key: &K) -> Result<Allowance, Allowance> {
        let limit = self.limits.get_or_insert_with(&per_minute, || {
            Ok::<_, std::convert::Infallible>(Arc::new(RateLimit::per_minute(per_minute)))
        });
        match limit {
            Ok(limit) => limit.check(key),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_is_limited_at_its_own_rate() {
        let limit = OwnRateLimit::default();
        let rate = |per_minute| NonZeroU32::new(per_minute).unwrap();
        assert_eq!(limit.check(rate(1), &"a").unwrap().remaining, 0);
        assert!(limit.check(rate(1), &"a").is_err());
        assert_eq!(limit.check(rate(2), &"b").unwrap().remaining, 1);
        assert_eq!(limit.check(rate(1), &"c").unwrap().limit, 1);
    }
}
