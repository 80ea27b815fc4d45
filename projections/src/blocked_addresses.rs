//! The addresses that are blocked: the table `blocked_addresses`. It is the installation's.

use schemars::JsonSchema;
use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::address::{Blocked, Event as AddressEvent};
use domain::event::Event;
use domain::ports::event_log::RecordedEvent;
use serde::Serialize;
use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder};
use uuid::Uuid;

use crate::batch::column;
use crate::page::{Cursor, Listing, Page};
use crate::projector::Projection;

/// Writes the blocked addresses.
pub struct BlockedAddresses;

#[async_trait]
impl Projection for BlockedAddresses {
    fn name(&self) -> &'static str {
        "blocked_addresses"
    }

    fn definition(&self) -> &'static [&'static str] {
        &[include_str!("../../migrations/20261121110500_blocked_addresses.sql")]
    }

    fn concerns(&self, event: &RecordedEvent) -> bool {
        matches!(event.event, Event::Address(_))
    }

    /// What was told last of an address holds.
    async fn apply(
        &self,
        connection: &mut PgConnection,
        events: &[Arc<RecordedEvent>],
    ) -> Result<(), sqlx::Error> {
        let last: BTreeMap<Uuid, Option<Blocked>> = events
            .iter()
            .filter_map(|recorded| match &recorded.event {
                Event::Address(AddressEvent::Blocked(blocked)) => {
                    Some((recorded.stream.id, Some(*blocked)))
                }
                Event::Address(AddressEvent::Unblocked(_)) => Some((recorded.stream.id, None)),
                _ => None,
            })
            .collect();
        let touched: Vec<Uuid> = last.keys().copied().collect();
        if touched.is_empty() {
            return Ok(());
        }
        sqlx::query("delete from blocked_addresses where id = any($1)")
            .bind(touched)
            .execute(&mut *connection)
            .await?;
        let blocked: Vec<(Uuid, Blocked)> =
            last.into_iter().filter_map(|(id, blocked)| Some((id, blocked?))).collect();
        sqlx::query(
            "insert into blocked_addresses (id, address, reason, blocked_until, blocked_at)
             select * from unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[],
                 $5::timestamptz[])",
        )
        .bind(column(&blocked, |(id, _)| *id))
        .bind(column(&blocked, |(_, blocked)| blocked.address.to_string()))
        .bind(column(&blocked, |(_, blocked)| blocked.reason.as_str()))
        .bind(column(&blocked, |(_, blocked)| blocked.until))
        .bind(column(&blocked, |(_, blocked)| blocked.at))
        .execute(connection)
        .await?;
        Ok(())
    }
}

/// An address that is blocked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BlockedAddressRow {
    #[serde(skip)]
    id: Uuid,
    /// Which it is.
    pub address: String,
    /// `too_many_failures` or `by_order`.
    pub reason: String,
    /// Until when; none: until somebody unblocks it.
    pub blocked_until: Option<DateTime<Utc>>,
    /// Since when.
    pub blocked_at: DateTime<Utc>,
}

/// The addresses that are blocked now, the newest first.
pub(crate) async fn list(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
    page: Page,
) -> Result<Listing<BlockedAddressRow>, sqlx::Error> {
    Listing::read(
        connection,
        page,
        "blocked_at",
        |query| push_selection(query, now),
        |row: &BlockedAddressRow| Cursor::new(row.blocked_at, row.id),
    )
    .await
}

fn push_selection(query: &mut QueryBuilder<Postgres>, now: DateTime<Utc>) {
    query.push("from blocked_addresses where coalesce(blocked_until > ");
    query.push_bind(now).push(", true)");
}

#[cfg(test)]
mod tests;
