//! How webhooks that were missed are looked for.

use chrono::TimeDelta;

use super::reader::{Noted, Reader};
use super::table;

/// A month: WAHA itself keeps little for longer.
const WINDOW_HOURS_MAX: i64 = 30 * 24;
const HOUR_SECONDS: i64 = 60 * 60;
const DAY_SECONDS: i64 = 24 * HOUR_SECONDS;

/// How webhooks that were missed are looked for.
#[derive(Debug, Clone, Copy)]
pub struct GapSettings {
    /// How far back at most; zero: not at all.
    pub window: TimeDelta,
    /// How long after something may have been missed.
    pub wait: TimeDelta,
    /// How long a session may be silent before it is asked.
    pub silence: TimeDelta,
}

impl GapSettings {
    pub(super) fn take(reader: &mut Reader<'_>) -> Result<Self, Noted> {
        let window = reader.number(&table::WEBHOOK_GAP_WINDOW_HOURS, 0..=WINDOW_HOURS_MAX);
        let wait = reader.number(&table::WEBHOOK_GAP_WAIT_SECONDS, 0..=HOUR_SECONDS);
        let silence = reader.number(&table::WEBHOOK_SILENCE_SECONDS, 1..=DAY_SECONDS);
        Ok(Self {
            window: TimeDelta::hours(window?),
            wait: TimeDelta::seconds(wait?),
            silence: TimeDelta::seconds(silence?),
        })
    }
}
