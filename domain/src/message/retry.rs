//! When to try again: exponential backoff with full jitter.

use chrono::TimeDelta;

/// How often and how fast a refused message is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Attempts before it is a dead letter.
    pub attempts_max: u32,
    /// Ceiling of the first wait.
    pub base: TimeDelta,
    /// Ceiling of every wait.
    pub max: TimeDelta,
}

impl RetryPolicy {
    /// The wait after `attempts_spent` refusals (1 or more): anything from nothing to the ceiling,
    /// which doubles each time. Full jitter spreads retries best; see Brooker, "Exponential Backoff
    /// And Jitter" (AWS Architecture Blog, 2015). `jitter` is a random number in [0, 1).
    pub fn delay(&self, attempts_spent: u32, jitter: f64) -> TimeDelta {
        let doublings = attempts_spent.saturating_sub(1).min(30);
        let base_ms = self.base.num_milliseconds().max(0);
        let max_ms = self.max.num_milliseconds().max(0);
        let ceiling_ms = base_ms.saturating_mul(1 << doublings).min(max_ms);
        #[expect(
            clippy::cast_precision_loss,
            reason = "a wait needs no more than 53 bits of milliseconds"
        )]
        let wait_ms = ceiling_ms as f64 * jitter.clamp(0.0, 1.0);
        #[expect(
            clippy::cast_possible_truncation,
            reason = "between 0 and the ceiling, which is an i64"
        )]
        TimeDelta::milliseconds(wait_ms as i64)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const POLICY: RetryPolicy = RetryPolicy {
        attempts_max: 5,
        base: TimeDelta::milliseconds(100),
        max: TimeDelta::milliseconds(1_000),
    };

    #[test]
    fn the_ceiling_doubles_until_the_limit() {
        let ceilings: Vec<_> =
            (1..=6).map(|spent| POLICY.delay(spent, 1.0).num_milliseconds()).collect();
        assert_eq!(ceilings, [100, 200, 400, 800, 1_000, 1_000]);
    }

    proptest! {
        #[test]
        fn a_wait_is_never_negative_nor_beyond_the_limit(spent: u32, jitter in 0.0..1.0f64) {
            let wait = POLICY.delay(spent, jitter);
            prop_assert!(wait >= TimeDelta::zero() && wait <= POLICY.max);
        }
    }
}
