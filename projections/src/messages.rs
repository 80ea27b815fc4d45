//! The messages as they are now: the table `messages`, and beside it their texts, counts and attempts.
//!
//! ```text
//! events of a batch --> load what is known of their messages --> fold (pure) --> insert the new, and their texts,
//!                                                                                update the known,
//!                                                                                adjust the counts,
//!                                                                                record the attempts
//! ```
//!
//! Invariant: a row is the fold of its message's events, and the counts (see [`crate::stats`]) and attempts (see
//! [`crate::dead_letters`]) are those of the rows, because all are written in one transaction.

pub mod filter;
mod fold;
mod list;
pub mod status;
mod store;

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::event::Event;
use domain::id::{MessageId, TenantId};
use domain::ports::event_log::RecordedEvent;
use domain::stream::Category;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use sqlx::{FromRow, PgConnection, QueryBuilder};
use uuid::Uuid;

use crate::dead_letters::attempts;
use crate::page::{Cursor, Listing, Page};
use crate::projector::{Projection, Uncompared};
use crate::stats;
use crate::touched;
use filter::MessageFilter;
use status::{Direction, MessageStatus};

pub(crate) use fold::{Known, Message};

/// Writes the messages, their counts and their attempts.
pub struct Messages;

#[async_trait]
impl Projection for Messages {
    fn name(&self) -> &'static str {
        "messages"
    }

    fn definition(&self) -> &'static [&'static str] {
        &[
            include_str!("../../migrations/20261121030200_messages.sql"),
            include_str!("../../migrations/20261121030400_message_stats.sql"),
            include_str!("../../migrations/20261121030500_message_attempts.sql"),
            include_str!("../../migrations/20261121040100_absent_attempts.sql"),
        ]
    }

    fn uncompared(&self) -> &'static [Uncompared] {
        &stats::UNCOMPARED
    }

    fn concerns(&self, event: &RecordedEvent) -> bool {
        matches!(event.event, Event::Message(_))
    }

    async fn apply(
        &self,
        connection: &mut PgConnection,
        events: &[Arc<RecordedEvent>],
    ) -> Result<(), sqlx::Error> {
        let touched = touched::keys(events, Category::Message);
        if touched.is_empty() {
            return Ok(());
        }
        let known = store::load(connection, &touched).await?;
        let folded = fold::fold(known.clone(), events);
        store::insert(connection, &folded.born).await?;
        store::update(connection, &folded.known).await?;
        let born = folded.born.iter().map(|birth| &birth.message);
        stats::adjust(connection, &known, folded.known.iter().chain(born)).await?;
        attempts::record(connection, events).await
    }
}

/// A message, as clients are shown it.
#[derive(Debug, Clone, PartialEq, Serialize, FromRow, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MessageRow {
    /// Its id.
    pub id: Uuid,
    /// The session that carries it.
    pub session_id: Uuid,
    /// Whether it was sent or received.
    #[sqlx(try_from = "String")]
    pub direction: Direction,
    /// The recipient of one we send.
    #[sqlx(rename = "recipient")]
    pub to: Option<String>,
    /// The sender of one we received: a number, or the chat where no number is told.
    #[sqlx(rename = "sender")]
    pub from: Option<String>,
    /// The text or caption.
    pub body: String,
    /// What it is: `text`, `image`, …
    #[sqlx(rename = "type")]
    #[serde(rename = "type")]
    pub kind: String,
    /// How far it has come.
    #[sqlx(try_from = "String")]
    pub status: MessageStatus,
    /// Its lane; none for one received.
    pub priority: Option<String>,
    /// Attempts started.
    pub attempts: i32,
    /// WhatsApp's id.
    pub waha_message_id: Option<String>,
    /// The client's own name for it.
    pub client_reference: Option<String>,
    /// What the client attached.
    #[schemars(with = "Map<String, Value>")]
    pub metadata: Value,
    /// Not to be sent before.
    pub send_at: Option<DateTime<Utc>>,
    /// Not to be sent after.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was queued, or written by others.
    pub created_at: DateTime<Utc>,
    /// When it was sent.
    pub sent_at: Option<DateTime<Utc>>,
    /// Since when WhatsApp's acknowledgement is overdue; none once it is known to have arrived.
    pub ack_overdue_at: Option<DateTime<Utc>>,
    /// When it came to the recipient's device; at the latest when it was read.
    pub delivered_at: Option<DateTime<Utc>>,
    /// When it was read; at the latest when it was played.
    pub read_at: Option<DateTime<Utc>>,
    /// When it was played.
    pub played_at: Option<DateTime<Utc>>,
    /// When it was given up, or expired.
    pub failed_at: Option<DateTime<Utc>>,
    /// What went wrong last; none once it is sent, or queued anew.
    pub last_error: Option<String>,
}

/// One message.
pub(crate) async fn find(
    connection: &mut PgConnection,
    tenant: TenantId,
    id: MessageId,
) -> Result<Option<MessageRow>, sqlx::Error> {
    sqlx::query_as("select * from messages where tenant_id = $1 and id = $2")
        .bind(tenant.0)
        .bind(id.0)
        .fetch_optional(connection)
        .await
}

/// The messages that pass the filter, newest first.
pub(crate) async fn list(
    connection: &mut PgConnection,
    tenant: TenantId,
    filter: &MessageFilter,
    page: Page,
) -> Result<Listing<MessageRow>, sqlx::Error> {
    let mut rows = QueryBuilder::new("");
    list::push_rows(&mut rows, tenant, filter, page);
    let rows = rows.build_query_as().fetch_all(&mut *connection).await?;
    let mut count = QueryBuilder::new("");
    list::push_count(&mut count, tenant, filter);
    let counted = count.build_query_scalar().fetch_one(connection).await?;
    Ok(Listing::new(page, rows, counted, |row: &MessageRow| Cursor::new(row.created_at, row.id)))
}

#[cfg(test)]
mod tests;
