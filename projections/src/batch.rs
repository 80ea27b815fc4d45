//! How a batch is written with one statement: its rows become columns, one array each, for `unnest`.

use chrono::{DateTime, NaiveDate, SubsecRound, Utc};

/// One column of the rows.
pub(crate) fn column<'a, Row, Value>(
    rows: &'a [Row],
    value: impl Fn(&'a Row) -> Value,
) -> Vec<Value> {
    rows.iter().map(value).collect()
}

/// The text as PostgreSQL can hold it. It holds no NUL character, and what WAHA tells may contain one; an
/// event must never stop a projection for that.
pub(crate) fn storable_text(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// The time as PostgreSQL can hold it and people can read it: of the years 1 to 9999, in microseconds. Times WAHA tells are as
/// good as the clock of some phone.
pub(crate) fn storable_time(at: DateTime<Utc>) -> DateTime<Utc> {
    let midnight = |year| {
        let day = NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or_default();
        day.and_time(chrono::NaiveTime::MIN).and_utc()
    };
    at.clamp(midnight(1), midnight(9999)).trunc_subsecs(6)
}

/// A count as PostgreSQL's `integer`.
pub(crate) fn integer(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_stored_is_made_storable() {
        assert_eq!(storable_text("a\0b"), "a\u{fffd}b");
        assert_eq!(storable_time(DateTime::<Utc>::MAX_UTC).to_string(), "9999-01-01 00:00:00 UTC");
        assert_eq!(storable_time(DateTime::UNIX_EPOCH), DateTime::UNIX_EPOCH);
        let nanosecond = chrono::TimeDelta::nanoseconds(1_001);
        let microsecond = chrono::TimeDelta::microseconds(1);
        assert_eq!(
            storable_time(DateTime::UNIX_EPOCH + nanosecond),
            DateTime::UNIX_EPOCH + microsecond
        );
    }
}
