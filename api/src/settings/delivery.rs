//! How messages are paced and retried, and doubts about them settled.

use std::num::NonZeroU32;

use chrono::TimeDelta;
use domain::message::doubt::{OnUnknown, SettlePolicy};
use domain::message::retry::RetryPolicy;
use domain::sagas::delivery::breaker::BreakerPolicy;

use super::reader::{Noted, Reader};
use super::table;

/// A day: longer waits between attempts are no retries any more.
const BACKOFF_MS_MAX: i64 = DAY_SECONDS * 1_000;
const DAY_SECONDS: i64 = 24 * HOUR_SECONDS;
const HOUR_SECONDS: i64 = 60 * 60;
/// A month: longer locks end by themselves or not at all.
const LOCK_HOURS_MAX: i64 = 30 * 24;
/// Looks for a message in doubt: the last comes after about five times `DELIVERY_SETTLE_AFTER_SECONDS`.
const LOOKS_MAX: u32 = 6;

/// How messages are paced and retried.
#[derive(Debug, Clone, Copy)]
pub struct DeliverySettings {
    /// Messages per session; none: no pacing.
    pub rate_per_minute: Option<NonZeroU32>,
    /// Between two messages to one chat.
    pub chat_spacing: TimeDelta,
    /// Strangers a session writes to in a day; none: no budget.
    pub first_contacts_a_day: Option<NonZeroU32>,
    /// After how many messages in a row without an acknowledgement a session is suspect; none: never.
    pub suspect_after: Option<NonZeroU32>,
    /// Whether failed and suspect sessions are restarted.
    pub restarts_sessions: bool,
    /// How often and when a refused message is tried again.
    pub retry: RetryPolicy,
    /// When nothing is sent through a WAHA server, or a session, that keeps failing.
    pub breaker: BreakerPolicy,
    /// How long a session takes to come to its full pace; zero: it has it at once.
    pub ramp_up: TimeDelta,
    /// How an unknown outcome is settled.
    pub settling: SettlePolicy,
    /// How long a session that WhatsApp has locked for reaching out writes to nobody new.
    pub reach_out_lock: TimeDelta,
    /// How long WhatsApp may take to acknowledge a message.
    pub ack_deadline: TimeDelta,
}

impl DeliverySettings {
    pub(super) fn take(reader: &mut Reader<'_>) -> Result<Self, Noted> {
        let rate = reader.number(&table::DELIVERY_RATE_PER_MINUTE, 0..=1_000_000);
        let attempts_max = reader.number(&table::DELIVERY_MAX_ATTEMPTS, 1..=1_000);
        let base_ms = reader.number(&table::DELIVERY_BACKOFF_BASE_MS, 1..=BACKOFF_MS_MAX);
        let shortest_ms = base_ms.unwrap_or(1);
        let max_ms = reader.number(&table::DELIVERY_BACKOFF_MAX_MS, shortest_ms..=BACKOFF_MS_MAX);
        let settle_after = reader.number(&table::DELIVERY_SETTLE_AFTER_SECONDS, 1..=DAY_SECONDS);
        let on_unknown = reader.required(&table::DELIVERY_ON_UNKNOWN, OnUnknown::parse);
        let ack_deadline = reader.number(&table::DELIVERY_ACK_DEADLINE_SECONDS, 1..=DAY_SECONDS);
        let lock_hours = reader.number(&table::DELIVERY_REACH_OUT_LOCK_HOURS, 1..=LOCK_HOURS_MAX);
        let spacing_seconds = reader.number(&table::DELIVERY_CHAT_SPACING_SECONDS, 0..=DAY_SECONDS);
        let first_contacts = reader.number(&table::DELIVERY_FIRST_CONTACTS_PER_DAY, 0..=100_000);
        let suspect_after = reader.number(&table::DELIVERY_SUSPECT_AFTER, 0..=1_000);
        let restarts_sessions =
            reader.required(&table::SESSION_AUTO_RESTART, |text| text.parse::<bool>().ok());
        let breaker = breaker(reader);
        let ramp_up = reader.number(&table::DELIVERY_RAMP_UP_SECONDS, 0..=HOUR_SECONDS);
        let attempts_max = attempts_max?;
        Ok(Self {
            rate_per_minute: NonZeroU32::new(rate?),
            chat_spacing: TimeDelta::seconds(spacing_seconds?),
            first_contacts_a_day: NonZeroU32::new(first_contacts?),
            suspect_after: NonZeroU32::new(suspect_after?),
            restarts_sessions: restarts_sessions?,
            retry: RetryPolicy {
                attempts_max,
                base: TimeDelta::milliseconds(base_ms?),
                max: TimeDelta::milliseconds(max_ms?),
            },
            breaker: breaker?,
            ramp_up: TimeDelta::seconds(ramp_up?),
            settling: SettlePolicy {
                grace: TimeDelta::seconds(settle_after?),
                looks_max: LOOKS_MAX,
                attempts_max,
                on_unknown: on_unknown?,
            },
            reach_out_lock: TimeDelta::hours(lock_hours?),
            ack_deadline: TimeDelta::seconds(ack_deadline?),
        })
    }
}

fn breaker(reader: &mut Reader<'_>) -> Result<BreakerPolicy, Noted> {
    let failures_max = reader.number(&table::DELIVERY_BREAKER_FAILURES, 1..=1_000);
    let open_for = reader.number(&table::DELIVERY_BREAKER_OPEN_SECONDS, 1..=HOUR_SECONDS);
    let shortest = open_for.unwrap_or(1);
    let open_for_max =
        reader.number(&table::DELIVERY_BREAKER_OPEN_MAX_SECONDS, shortest..=HOUR_SECONDS);
    Ok(BreakerPolicy {
        failures_max: failures_max?,
        open_for: TimeDelta::seconds(open_for?),
        open_for_max: TimeDelta::seconds(open_for_max?),
    })
}
