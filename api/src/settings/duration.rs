//! Durations as people write them.

use std::time::Duration;

/// Longest duration that makes sense for anything here.
const DURATION_MAX: Duration = Duration::from_hours(366 * 24);

/// Reads `30m`, `24h`, `7d`, `90s` or `3600` (seconds): more than nothing, at most a year.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    let (digits, seconds_per_unit) = match text.chars().last()? {
        's' => (&text[..text.len() - 1], 1),
        'm' => (&text[..text.len() - 1], 60),
        'h' => (&text[..text.len() - 1], 60 * 60),
        'd' => (&text[..text.len() - 1], 24 * 60 * 60),
        _ => (text, 1),
    };
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let count: u64 = is_number.then(|| digits.parse().ok())??;
    let duration = Duration::from_secs(count.checked_mul(seconds_per_unit)?);
    (Duration::ZERO < duration && duration <= DURATION_MAX).then_some(duration)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_people_write_them() {
        let seconds = |text| parse(text).map(|duration| duration.as_secs());
        assert_eq!(seconds("24h"), Some(86_400));
        assert_eq!(seconds("7d"), Some(604_800));
        assert_eq!(seconds("30m"), Some(1_800));
        assert_eq!(seconds("90s"), Some(90));
        assert_eq!(seconds("3600"), Some(3_600));
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in
            ["", "h", "0", "-1h", "+1h", "1.5h", "1w", "24 h", "9999999999999999999d", "400d", "1é"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
