//! The table `message_latencies`: how long messages took, in buckets that grow by a fixed ratio, so that any
//! percentile can be told from a few dozen counts.

use chrono::{DateTime, Utc};
use domain::id::TenantId;
use schemars::JsonSchema;
use serde::Serialize;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::{StatsRange, hour_of, place_of};
use crate::batch::column;
use crate::messages::Message;
use crate::messages::status::Direction;

/// Buckets to each doubling of time: a percentile is told at most 2^(1/4), 19 %, too high.
const BUCKETS_PER_DOUBLING: f64 = 4.0;

/// What is timed, from when the message was due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Milestone {
    Sent,
    Delivered,
}

impl Milestone {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Delivered => "delivered",
        }
    }
}

/// What a message's time is counted under.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cell {
    place: (Uuid, DateTime<Utc>),
    milestone: Milestone,
    bucket: i32,
}

impl Cell {
    /// A message of ours counts once for each milestone it has reached.
    pub(super) fn of(message: &Message) -> impl Iterator<Item = Self> {
        let place = place_of(message);
        let (traits, standing) = (&message.traits, &message.standing);
        let due_at =
            traits.send_at.map_or(traits.created_at, |send_at| send_at.max(traits.created_at));
        let is_ours = traits.direction == Direction::Outbound;
        [(Milestone::Sent, standing.sent_at), (Milestone::Delivered, standing.delivered_at)]
            .into_iter()
            .filter(move |_| is_ours)
            .filter_map(move |(milestone, at)| {
                let bucket = bucket_of((at? - due_at).num_milliseconds());
                Some(Self { place, milestone, bucket })
            })
    }
}

/// How many messages took how long.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub(super) struct Bucket {
    pub(super) milestone: String,
    #[sqlx(rename = "bucket")]
    pub(super) number: i32,
    pub(super) messages: i64,
}

/// The times within which half, nine tenths and nearly all messages came so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Percentiles {
    /// Half of them.
    pub p50: Option<i64>,
    /// Nine out of ten.
    pub p90: Option<i64>,
    /// Ninety-nine out of a hundred.
    pub p99: Option<i64>,
}

impl Percentiles {
    /// Of the buckets of one milestone, the smallest first.
    pub(super) fn of(buckets: &[&Bucket]) -> Self {
        let at = |percent| percentile(buckets, percent);
        Self { p50: at(50), p90: at(90), p99: at(99) }
    }
}

fn percentile(buckets: &[&Bucket], percent: i64) -> Option<i64> {
    let total: i64 = buckets.iter().map(|bucket| bucket.messages).sum();
    let mut seen = 0;
    buckets
        .iter()
        .find(|bucket| {
            seen += bucket.messages;
            seen * 100 >= total * percent
        })
        .map(|bucket| longest_of(bucket.number))
}

/// The bucket of a time. Times before the due one (another clock told them) count as none.
#[expect(clippy::cast_precision_loss, reason = "a bucket is 19 % wide")]
#[expect(clippy::cast_possible_truncation, reason = "between 0 and 4 * 63")]
pub(super) fn bucket_of(milliseconds: i64) -> i32 {
    ((milliseconds.max(1) as f64).log2() * BUCKETS_PER_DOUBLING).ceil() as i32
}

/// The longest time a bucket holds, in milliseconds.
#[expect(clippy::cast_possible_truncation, reason = "a bucket of a time that was an i64")]
fn longest_of(bucket: i32) -> i64 {
    (f64::from(bucket) / BUCKETS_PER_DOUBLING).exp2().round() as i64
}

/// Adds the differences to the counts.
pub(super) async fn add(
    connection: &mut PgConnection,
    differences: &[(Cell, i64)],
) -> Result<(), sqlx::Error> {
    if differences.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "insert into message_latencies as known (tenant_id, hour, milestone, bucket, messages)
         select * from unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::integer[], $5::bigint[])
         on conflict (tenant_id, hour, milestone, bucket)
         do update set messages = known.messages + excluded.messages",
    )
    .bind(column(differences, |(cell, _)| cell.place.0))
    .bind(column(differences, |(cell, _)| cell.place.1))
    .bind(column(differences, |(cell, _)| cell.milestone.as_str()))
    .bind(column(differences, |(cell, _)| cell.bucket))
    .bind(column(differences, |(_, difference)| *difference))
    .execute(connection)
    .await?;
    Ok(())
}

/// The times of the messages created in a time, the smallest bucket first.
pub(super) async fn histograms(
    connection: &mut PgConnection,
    tenant: TenantId,
    range: StatsRange,
) -> Result<Vec<Bucket>, sqlx::Error> {
    sqlx::query_as(
        "select milestone, bucket, sum(messages)::bigint as messages
         from message_latencies
         where tenant_id = $1 and hour >= $2 and hour < $3
         group by milestone, bucket
         having sum(messages) <> 0
         order by milestone, bucket",
    )
    .bind(tenant.0)
    .bind(hour_of(range.from))
    .bind(range.to)
    .fetch_all(connection)
    .await
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn percentiles_are_the_upper_bounds_of_their_buckets() {
        let bucket = |milliseconds, messages| Bucket {
            milestone: "sent".to_owned(),
            number: bucket_of(milliseconds),
            messages,
        };
        let buckets = [bucket(1, 50), bucket(1_000, 45), bucket(60_000, 5)];
        let buckets: Vec<_> = buckets.iter().collect();
        let expected = Percentiles { p50: Some(1), p90: Some(1_024), p99: Some(65_536) };
        assert_eq!(Percentiles::of(&buckets), expected);
        assert_eq!(Percentiles::of(&[]), Percentiles::default());
    }

    proptest! {
        #[test]
        fn a_time_is_told_at_most_a_fifth_too_long(milliseconds in 1..100_000_000_000_i64) {
            let told = longest_of(bucket_of(milliseconds));
            prop_assert!(told + 1 >= milliseconds, "{told}");
            prop_assert!(told <= milliseconds + milliseconds / 5 + 1, "{told}");
        }
    }
}
