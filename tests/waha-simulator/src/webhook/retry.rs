//! When a webhook that failed is posted again.

use std::time::Duration;

use rand::RngExt;
use serde::{Deserialize, Serialize};

use crate::clock;

const ATTEMPTS: u32 = 15;
const DELAY_SECONDS: f64 = 2.0;
/// An exponential wait is stretched by up to this factor, at random.
const STRETCH_MAX: f64 = 1.2;
/// Keeps `2^n` within sense; WAHA itself has no bound.
const WAIT_SECONDS_MAX: f64 = 86_400.0;

/// How the waits grow.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Policy {
    Constant,
    Linear,
    Exponential,
}

/// The retry policy of a webhook: `attempts` tries after the first.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Retries {
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<Policy>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delay_seconds: Option<serde_json::Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attempts: Option<u32>,
}

impl Retries {
    /// The pause before the `nth` retry, counted from one; `None` when WAHA gives up.
    pub(crate) fn wait_before(&self, nth: u32, retry_after: Option<Duration>) -> Option<Duration> {
        if nth > self.attempts.unwrap_or(ATTEMPTS) {
            return None;
        }
        let configured = self.delay_seconds.as_ref().and_then(serde_json::Number::as_f64);
        let delay = configured.unwrap_or(DELAY_SECONDS).max(0.0);
        let seconds = match self.policy.unwrap_or(Policy::Constant) {
            Policy::Constant => delay,
            Policy::Linear => delay * f64::from(nth),
            Policy::Exponential => {
                let stretch = clock::chance().random_range(1.0..STRETCH_MAX);
                delay * 2_f64.powf(f64::from(nth)) * stretch
            }
        };
        let wait = Duration::from_secs_f64(seconds.min(WAIT_SECONDS_MAX));
        Some(wait.max(retry_after.unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(retries: &str) -> Vec<f64> {
        let retries: Retries = serde_json::from_str(retries).unwrap();
        (1..).map_while(|nth| retries.wait_before(nth, None)).map(|w| w.as_secs_f64()).collect()
    }

    #[test]
    fn the_default_is_fifteen_times_two_seconds() {
        assert_eq!(waits("{}"), [2.0; 15]);
    }

    #[test]
    fn linear_waits_grow_by_the_delay() {
        let linear = r#"{"policy":"linear","delaySeconds":3,"attempts":3}"#;
        assert_eq!(waits(linear), [3.0, 6.0, 9.0]);
    }

    #[test]
    fn exponential_waits_begin_at_twice_the_delay_and_are_stretched() {
        let waits = waits(r#"{"policy":"exponential","delaySeconds":1,"attempts":3}"#);
        assert_eq!(waits.len(), 3);
        for (wait, least) in waits.into_iter().zip([2.0, 4.0, 8.0]) {
            assert!((least..=least * STRETCH_MAX).contains(&wait), "{wait} after {least}");
        }
    }

    #[test]
    fn the_receiver_can_ask_for_more_time_but_not_for_less() {
        let retries = Retries::default();
        let wait = |seconds| retries.wait_before(1, Some(Duration::from_secs(seconds)));
        assert_eq!(wait(30), Some(Duration::from_secs(30)));
        assert_eq!(wait(1), Some(Duration::from_secs(2)));
    }
}
