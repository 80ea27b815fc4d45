//! Statistics of messages, from counts alone: the tables `message_counts` and `message_latencies`.
//!
//! ```text
//! a batch's messages before --(-1 each)--.
//!                                        +--> differences, cell by cell --> added to the tables
//! a batch's messages after ---(+1 each)--'
//! ```
//!
//! Invariant: every count equals what counting the messages would give, because each message is taken out of
//! its old cell and put into its new one in the transaction that changes it.

mod counts;
mod latency;
mod report;

use std::collections::BTreeMap;

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use domain::id::TenantId;
use schemars::JsonSchema;
use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::messages::{Known, Message};
use crate::projector::Uncompared;
use latency::Percentiles;

/// Counts of nought, which tell nothing: a message that passes from one status to another within one batch leaves
/// none behind, and in two batches it does.
pub(crate) const UNCOMPARED: [Uncompared; 2] = [
    Uncompared { table: "message_counts", rows: "messages = 0" },
    Uncompared { table: "message_latencies", rows: "messages = 0" },
];

/// The longest time statistics are told for.
pub const DAYS_MAX: i64 = 366;
/// The longest time they are told for hour by hour.
pub const HOURLY_DAYS_MAX: i64 = 31;

/// The time statistics are told for, in whole hours: from that of the first moment to that of the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatsRange {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
}

/// Why statistics cannot be told for a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRange {
    /// It ends before it begins.
    #[error("must begin before it ends")]
    Backwards,
    /// It is too long.
    #[error("must be at most {DAYS_MAX} days")]
    TooLong,
}

impl StatsRange {
    /// From a moment (included) to another (not included).
    pub fn new(from: DateTime<Utc>, to: DateTime<Utc>) -> Result<Self, InvalidRange> {
        if from >= to {
            Err(InvalidRange::Backwards)
        } else if to - from > TimeDelta::days(DAYS_MAX) {
            Err(InvalidRange::TooLong)
        } else {
            Ok(Self { from, to })
        }
    }

    fn is_hourly(&self) -> bool {
        self.to - self.from <= TimeDelta::days(HOURLY_DAYS_MAX)
    }
}

/// What is told of the messages created in a time.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StatsReport {
    /// From this moment, included.
    pub from: DateTime<Utc>,
    /// To this moment, not included.
    pub to: DateTime<Utc>,
    /// In all.
    pub totals: Totals,
    /// By how far they have come.
    pub by_status: BTreeMap<String, i64>,
    /// By sent and received.
    pub by_direction: BTreeMap<String, i64>,
    /// By what they are.
    pub by_type: BTreeMap<String, i64>,
    /// By session.
    pub by_session: BTreeMap<String, i64>,
    /// By the number's country; `unknown` where it does not tell.
    pub by_country: BTreeMap<String, i64>,
    /// By day (UTC); days without messages are left out.
    pub by_day: BTreeMap<String, i64>,
    /// By hour (UTC), for at most [`HOURLY_DAYS_MAX`] days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by_hour: Option<BTreeMap<String, i64>>,
    /// Of the messages of ours whose fate is known, the part that was sent, from 0 to 1.
    pub success_rate: Option<f64>,
    /// The part that was given up.
    pub failure_rate: Option<f64>,
    /// From when a message was due to when it was sent.
    pub time_to_sent_ms: Percentiles,
    /// From when a message was due to when it was delivered.
    pub time_to_delivered_ms: Percentiles,
}

/// Messages in all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Totals {
    /// All of them.
    pub messages: i64,
    /// Received.
    pub inbound: i64,
    /// Ours.
    pub outbound: i64,
    /// Ours and sent, at least.
    pub succeeded: i64,
    /// Ours and given up.
    pub failed: i64,
}

/// The tenant's statistics.
pub(crate) async fn stats(
    connection: &mut PgConnection,
    tenant: TenantId,
    range: StatsRange,
) -> Result<StatsReport, sqlx::Error> {
    let counts = counts::by_dimension(connection, tenant, range).await?;
    let latencies = latency::histograms(connection, tenant, range).await?;
    Ok(report::report(range, &counts, &latencies))
}

/// Moves the counts from what the messages were to what they are.
pub(crate) async fn adjust<'a>(
    connection: &mut PgConnection,
    before: &Known,
    after: impl Iterator<Item = &'a Message> + Clone,
) -> Result<(), sqlx::Error> {
    let counted =
        differences(before.values().map(counts::Cell::of), after.clone().map(counts::Cell::of));
    let timed =
        differences(before.values().flat_map(latency::Cell::of), after.flat_map(latency::Cell::of));
    counts::add(connection, &counted).await?;
    latency::add(connection, &timed).await
}

/// What to add to each cell; those that stay the same are left out.
fn differences<Cell: Ord>(
    before: impl Iterator<Item = Cell>,
    after: impl Iterator<Item = Cell>,
) -> Vec<(Cell, i64)> {
    let mut cells = BTreeMap::new();
    for cell in before {
        *cells.entry(cell).or_default() -= 1;
    }
    for cell in after {
        *cells.entry(cell).or_default() += 1;
    }
    cells.into_iter().filter(|(_, difference)| *difference != 0).collect()
}

/// The hour a moment lies in.
fn hour_of(at: DateTime<Utc>) -> DateTime<Utc> {
    at.duration_trunc(TimeDelta::hours(1)).unwrap_or(at)
}

/// The tenant and the hour a message is counted in.
fn place_of(message: &Message) -> (Uuid, DateTime<Utc>) {
    (message.tenant_id, hour_of(message.traits.created_at))
}

#[cfg(test)]
mod tests;
