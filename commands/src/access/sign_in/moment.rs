//! When somebody is told that they are refused.
//!
//! At a multiple of a quarter of a second after they asked. An address with accounts in several tenants takes a hash for
//! each, and a lock takes a write: the sum is well below, and does not show.

use std::time::Duration;

const EVERY: Duration = Duration::from_millis(250);

/// The first of the moments that is still to come, as long after it was asked for.
pub(super) fn next(elapsed: Duration) -> Duration {
    let moments = elapsed.as_millis() / EVERY.as_millis() + 1;
    EVERY * u32::try_from(moments).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_refused_at_the_same_moments_however_much_was_looked_at() {
        let next = |millis| next(Duration::from_millis(millis)).as_millis();
        assert_eq!((next(0), next(30), next(249)), (250, 250, 250));
        assert_eq!((next(250), next(1_001)), (500, 1_250));
    }
}
