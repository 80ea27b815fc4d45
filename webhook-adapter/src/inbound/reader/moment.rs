//! WAHA's timestamps: seconds for messages, milliseconds for events, sometimes as a text.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

/// From here on a number counts milliseconds: as seconds it would be in the year 5138, as milliseconds it is
/// in 1973.
const MILLISECONDS_FROM: i64 = 100_000_000_000;

/// WhatsApp is from 2009; an earlier time is a mistake.
const EARLIEST: i64 = 1_230_768_000;

/// How far WAHA's clock may be ahead of ours. A report from the far future would make every true one that
/// follows look old.
const AHEAD_MAX: TimeDelta = TimeDelta::hours(1);

/// The time in a number or a text of digits, if it is one.
pub(crate) fn read(value: &Value) -> Option<DateTime<Utc>> {
    let number = match value {
        Value::Number(number) => number.as_i64().or_else(|| whole(number.as_f64()?))?,
        Value::String(text) => text.parse().ok()?,
        _ => return None,
    };
    if number >= MILLISECONDS_FROM {
        DateTime::from_timestamp_millis(number)
    } else {
        DateTime::from_timestamp_secs(number)
    }
}

/// The same, if it can be true of something received at `received_at`.
pub(super) fn read_before(value: &Value, received_at: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let latest = received_at.checked_add_signed(AHEAD_MAX).unwrap_or(received_at);
    read(value).filter(|at| at.timestamp() >= EARLIEST && *at <= latest)
}

/// A number with a fraction, without it.
fn whole(number: f64) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "it saturates, and is then out of range")]
    number.is_finite().then_some(number as i64)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn seconds_and_milliseconds_are_told_apart_by_their_size() {
        assert_eq!(read(&json!(1_795_219_674)), Some(at("2026-11-21T00:07:54Z")));
        assert_eq!(read(&json!("1795219674")), Some(at("2026-11-21T00:07:54Z")));
        assert_eq!(read(&json!(1_795_219_674_724_i64)), Some(at("2026-11-21T00:07:54.724Z")));
        assert_eq!(read(&json!(1_642_248_600_000_i64)), Some(at("2022-01-15T12:10:00Z")));
        assert_eq!(read(&json!(1_795_219_674.5)), Some(at("2026-11-21T00:07:54Z")));
    }

    #[test]
    fn what_cannot_be_true_is_no_time() {
        let now = at("2026-11-21T00:00:00Z");
        for value in [
            json!(null),
            json!("soon"),
            json!(0),
            json!(-1),
            json!(i64::MAX),
            json!(1e300),
            json!(32_503_680_000_i64),
        ] {
            assert_eq!(read_before(&value, now), None, "{value}");
        }
    }
}
