//! When a message may be sent.

use chrono::{DateTime, TimeDelta, Utc};

use crate::problem::{Code, Detail};

/// How late a request may come: a time within it still means now.
const SEND_BEHIND_MAX: TimeDelta = TimeDelta::minutes(5);
/// How far ahead a message may be scheduled.
const SEND_AHEAD_MAX: TimeDelta = TimeDelta::days(366);
/// How long a message may wait.
const EXPIRY_AHEAD_MAX: TimeDelta = TimeDelta::days(2 * 366);

/// What is wrong with the times of a message.
pub(super) fn check(
    send_at: Option<DateTime<Utc>>,
    expires_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Vec<Detail> {
    let send_at_refused = send_at.and_then(|send_at| {
        if send_at < now - SEND_BEHIND_MAX {
            Some("must not be more than 5 minutes in the past")
        } else if send_at > now + SEND_AHEAD_MAX {
            Some("must be at most a year ahead")
        } else {
            None
        }
    });
    let expires_at_refused = expires_at.and_then(|expires_at| {
        if expires_at <= now {
            Some("must be in the future")
        } else if send_at.is_some_and(|send_at| expires_at <= send_at) {
            Some("must be after sendAt")
        } else if expires_at > now + EXPIRY_AHEAD_MAX {
            Some("must be at most two years ahead")
        } else {
            None
        }
    });
    let refusals = [("sendAt", send_at_refused), ("expiresAt", expires_at_refused)];
    let detail = |message, field| Detail::new(Code::ValidOutOfRange, message).on(field).by("RANGE");
    refusals.into_iter().filter_map(|(field, why)| why.map(|why| detail(why, field))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: DateTime<Utc> = DateTime::from_timestamp(1_800_000_000, 0).unwrap();

    fn refused(send_in: Option<i64>, expires_in: Option<i64>) -> Vec<String> {
        let at = |minutes: Option<i64>| minutes.map(|minutes| NOW + TimeDelta::minutes(minutes));
        check(at(send_in), at(expires_in), NOW)
            .into_iter()
            .filter_map(|detail| detail.field)
            .collect()
    }

    #[test]
    fn sound_times_are_taken() {
        assert!(refused(None, None).is_empty());
        assert!(refused(Some(-5), Some(1)).is_empty());
        assert!(refused(Some(366 * 24 * 60), Some(367 * 24 * 60)).is_empty());
    }

    #[test]
    fn times_past_too_far_or_in_the_wrong_order_are_refused() {
        assert_eq!(refused(Some(-6), Some(0)), ["sendAt", "expiresAt"]);
        assert_eq!(refused(Some(60), Some(60)), ["expiresAt"]);
        assert_eq!(refused(Some(367 * 24 * 60), None), ["sendAt"]);
        assert_eq!(refused(None, Some(733 * 24 * 60)), ["expiresAt"]);
    }
}
