//! How many requests somebody may make per minute: in this process, or, where guessing must be stopped, in all.
//!
//! In this process: a bucket per key, refilled evenly: a minute's worth may come at once, and no more than that in the minute
//! after. Buckets that are full again are forgotten, so that strangers cannot fill the memory.

pub mod limits;
pub mod own;

use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};
use commands::access::counts::{Class, Count, Counts};
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use http::{HeaderName, HeaderValue};

use crate::problem::{Code, Problem};

/// Full buckets are forgotten every so many requests.
const SWEEP_EVERY: u64 = 4_096;

const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// The window of sign-ins.
pub const MINUTE: Duration = Duration::from_mins(1);

/// A limit for each `K`.
pub struct RateLimit<K: Hash + Eq + Clone> {
    per_minute: NonZeroU32,
    buckets: RateLimiter<K, DashMapStateStore<K>, DefaultClock, StateInformationMiddleware>,
    clock: DefaultClock,
    checks: AtomicU64,
}

/// What is left after a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// How many there are in all.
    pub limit: u32,
    /// How many are left.
    pub remaining: u32,
    /// How long until all are there again, or, if none is left, until the next.
    pub reset: Duration,
}

impl<K: Hash + Eq + Clone> RateLimit<K> {
    /// So many per minute for each key.
    pub fn per_minute(per_minute: NonZeroU32) -> Self {
        let quota = Quota::per_minute(per_minute);
        Self {
            per_minute,
            buckets: RateLimiter::dashmap(quota).with_middleware(),
            clock: DefaultClock::default(),
            checks: AtomicU64::new(0),
        }
    }

    /// Counts a request; `Err` if it was one too many.
    pub fn check(&self, key: &K) -> Result<Allowance, Allowance> {
        self.sweep();
        let limit = self.per_minute.get();
        match self.buckets.check_key(key) {
            Ok(state) => {
                let remaining = state.remaining_burst_capacity();
                let reset = MINUTE * limit.saturating_sub(remaining) / limit;
                Ok(Allowance { limit, remaining, reset })
            }
            Err(refusal) => {
                let reset = refusal.wait_time_from(self.clock.now());
                Err(Allowance { limit, remaining: 0, reset })
            }
        }
    }

    fn sweep(&self) {
        if self.checks.fetch_add(1, Ordering::Relaxed) % SWEEP_EVERY == SWEEP_EVERY - 1 {
            self.buckets.retain_recent();
        }
    }
}

impl Allowance {
    /// The one of the two that ends first.
    #[must_use]
    pub fn tighter(self, other: Self) -> Self {
        if other.remaining < self.remaining { other } else { self }
    }

    /// What is left of so many per window of time, counted over all processes; `Err` if it was one too many.
    pub async fn counted(
        counts: &Counts,
        class: Class,
        key: &str,
        limit: u32,
        window: Duration,
    ) -> Result<Result<Self, Self>, sqlx::Error> {
        let Count { count, ends_in } = counts.count(class, key, window).await?;
        let remaining = limit.saturating_sub(count);
        let allowance = Self { limit, remaining, reset: ends_in };
        Ok(if count <= limit { Ok(allowance) } else { Err(allowance) })
    }

    /// What is left of them, with nothing more counted; `Err` if none is.
    pub async fn left(
        counts: &Counts,
        class: Class,
        key: &str,
        limit: u32,
    ) -> Result<Result<Self, Self>, sqlx::Error> {
        let Count { count, ends_in } = counts.so_far(class, key).await?;
        let remaining = limit.saturating_sub(count);
        let allowance = Self { limit, remaining, reset: ends_in };
        Ok(if remaining > 0 { Ok(allowance) } else { Err(allowance) })
    }

    /// As headers: the limit, what is left, and when (in seconds since 1970) that changes.
    pub fn headers(self, now: DateTime<Utc>) -> [(HeaderName, HeaderValue); 3] {
        let wait = TimeDelta::from_std(self.reset).unwrap_or_default();
        let reset_at = now + wait + TimeDelta::milliseconds(999);
        [
            (LIMIT, self.limit.into()),
            (REMAINING, self.remaining.into()),
            (RESET, reset_at.timestamp().into()),
        ]
    }

    /// Notes on an answer what is left, unless it tells of a tighter limit already.
    pub fn note_on(self, response: &mut Response, now: DateTime<Utc>) {
        let told =
            response.headers().get(REMAINING).and_then(|left| left.to_str().ok()?.parse().ok());
        if told.is_none_or(|told: u32| self.remaining < told) {
            for (name, value) in self.headers(now) {
                response.headers_mut().insert(name, value);
            }
        }
    }

    /// The answer to a request that was one too many.
    pub fn exceeded(self, now: DateTime<Utc>) -> Problem {
        self.exceeded_by("requests per minute", now)
    }

    /// The same of what the limit is of, in words.
    pub fn exceeded_by(self, what: &str, now: DateTime<Utc>) -> Problem {
        let message = format!("no more than {} {what}", self.limit);
        let problem = Problem::new(Code::RateLimitExceeded, message).retry_after(self.reset);
        self.headers(now)
            .into_iter()
            .fold(problem, |problem, (name, value)| problem.with_header(name, value))
    }
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse;

    use super::*;

    fn limit(per_minute: u32) -> RateLimit<&'static str> {
        RateLimit::per_minute(NonZeroU32::new(per_minute).unwrap())
    }

    #[test]
    fn each_key_has_its_own_limit() {
        let limit = limit(2);
        assert_eq!(limit.check(&"a").unwrap().remaining, 1);
        assert_eq!(limit.check(&"a").unwrap().remaining, 0);
        let refused = limit.check(&"a").unwrap_err();
        assert!(refused.reset > Duration::from_secs(25) && refused.reset <= MINUTE / 2);
        assert!(limit.check(&"b").is_ok());
    }

    #[test]
    fn a_refusal_tells_when_to_go_on() {
        let now = DateTime::UNIX_EPOCH + TimeDelta::seconds(1_000);
        let allowance = Allowance { limit: 2, remaining: 0, reset: Duration::from_millis(2_100) };
        let response = allowance.exceeded(now).into_response();
        let header = |name| response.headers().get(name).unwrap().to_str().unwrap();
        assert_eq!(response.status().as_u16(), 429);
        assert_eq!(header("retry-after"), "3");
        assert_eq!(header("x-ratelimit-limit"), "2");
        assert_eq!(header("x-ratelimit-remaining"), "0");
        assert_eq!(header("x-ratelimit-reset"), "1003");
    }

    #[test]
    fn what_was_not_seen_for_long_is_forgotten() {
        let limit = limit(u32::MAX);
        for _ in 0..SWEEP_EVERY {
            assert!(limit.check(&"a").is_ok());
        }
        assert!(limit.buckets.len() <= 1);
    }
}
