//! What the counts say. Pure.

use std::collections::BTreeMap;

use super::counts::Count;
use super::latency::{Bucket, Milestone, Percentiles};
use super::{StatsRange, StatsReport, Totals};
use crate::messages::status::{Direction, MessageStatus};

pub(super) fn report(range: StatsRange, counts: &[Count], latencies: &[Bucket]) -> StatsReport {
    let by = |dimension: &str| -> BTreeMap<String, i64> {
        let counts = counts.iter().filter(|count| count.dimension == dimension);
        counts.map(|count| (count.word.clone(), count.messages)).collect()
    };
    let percentiles = |milestone: Milestone| {
        let buckets = latencies.iter().filter(|bucket| bucket.milestone == milestone.as_str());
        Percentiles::of(&buckets.collect::<Vec<_>>())
    };
    let by_direction = by("direction");
    let totals = totals(&by_direction, &by("outbound"));
    let settled = totals.succeeded + totals.failed;
    StatsReport {
        from: range.from,
        to: range.to,
        totals,
        by_status: by("status"),
        by_direction,
        by_type: by("type"),
        by_session: by("session"),
        by_country: by("country"),
        by_day: by("day"),
        by_hour: range.is_hourly().then(|| by("hour")),
        success_rate: rate(totals.succeeded, settled),
        failure_rate: rate(totals.failed, settled),
        time_to_sent_ms: percentiles(Milestone::Sent),
        time_to_delivered_ms: percentiles(Milestone::Delivered),
    }
}

fn totals(by_direction: &BTreeMap<String, i64>, outbound: &BTreeMap<String, i64>) -> Totals {
    let of = |direction: Direction| by_direction.get(direction.as_str()).copied().unwrap_or(0);
    let sum = |is_meant: fn(MessageStatus) -> bool| {
        let meant = MessageStatus::ALL.iter().filter(|status| is_meant(**status));
        meant.filter_map(|status| outbound.get(status.as_str())).sum()
    };
    Totals {
        messages: by_direction.values().sum(),
        inbound: of(Direction::Inbound),
        outbound: of(Direction::Outbound),
        succeeded: sum(MessageStatus::is_success),
        failed: sum(MessageStatus::is_failure),
    }
}

#[expect(clippy::cast_precision_loss, reason = "a rate needs no more than 53 bits of messages")]
fn rate(part: i64, whole: i64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}
