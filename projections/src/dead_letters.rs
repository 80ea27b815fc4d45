//! The dead letters: messages given up that nobody has redriven or put away, and how each attempt ended.
//!
//! A dead letter is a message, so the list is a part of `messages` (`dead_letter_reason` is set) and cannot
//! disagree with it. Redriven, discarded, or proven sent after all, it is off the list. The attempts have a
//! table of their own, `message_attempts`.

pub mod attempts;

use chrono::{DateTime, Utc};
use domain::id::{MessageId, SessionId, TenantId};
use schemars::JsonSchema;
use serde::Serialize;
use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder};
use uuid::Uuid;

use crate::page::{self, Cursor, Listing, Page};
use attempts::AttemptRow;

/// A message given up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeadLetterRow {
    /// The message.
    #[sqlx(rename = "id")]
    pub message_id: Uuid,
    /// The session that was to carry it.
    pub session_id: Uuid,
    /// The recipient.
    #[sqlx(rename = "recipient")]
    pub to: String,
    /// Why it was given up: `refused`, `attempts_exhausted`, `rejected_by_whatsapp` or `session_deleted`.
    #[sqlx(rename = "dead_letter_reason")]
    pub reason: String,
    /// What went wrong last, in words.
    #[sqlx(rename = "last_error")]
    pub detail: Option<String>,
    /// Attempts started.
    pub attempts: i32,
    /// When it was given up.
    pub failed_at: DateTime<Utc>,
}

/// A message given up, and how each attempt ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeadLetter {
    /// What is known of it.
    #[serde(flatten)]
    pub row: DeadLetterRow,
    /// Every attempt, the first one first.
    pub attempt_list: Vec<AttemptRow>,
}

const COLUMNS: &str =
    "select id, session_id, recipient, dead_letter_reason, last_error, attempts, failed_at ";

/// The dead letters, the newest first; of one session, if that is asked.
pub(crate) async fn list(
    connection: &mut PgConnection,
    tenant: TenantId,
    session: Option<SessionId>,
    page: Page,
) -> Result<Listing<DeadLetterRow>, sqlx::Error> {
    let mut rows = QueryBuilder::new(COLUMNS);
    push_selection(&mut rows, tenant, session);
    page.push(&mut rows, "failed_at");
    let rows = rows.build_query_as().fetch_all(&mut *connection).await?;
    let mut count = QueryBuilder::new("");
    page::push_count(&mut count, |query| push_selection(query, tenant, session));
    let counted = count.build_query_scalar().fetch_one(connection).await?;
    Ok(Listing::new(page, rows, counted, |row: &DeadLetterRow| {
        Cursor::new(row.failed_at, row.message_id)
    }))
}

/// One dead letter.
pub(crate) async fn find(
    connection: &mut PgConnection,
    tenant: TenantId,
    id: MessageId,
) -> Result<Option<DeadLetter>, sqlx::Error> {
    let mut query = QueryBuilder::new(COLUMNS);
    push_selection(&mut query, tenant, None);
    query.push(" and id = ").push_bind(id.0);
    let Some(row) = query.build_query_as().fetch_optional(&mut *connection).await? else {
        return Ok(None);
    };
    let attempt_list = attempts::of_message(connection, tenant, id).await?;
    Ok(Some(DeadLetter { row, attempt_list }))
}

fn push_selection(
    query: &mut QueryBuilder<Postgres>,
    tenant: TenantId,
    session: Option<SessionId>,
) {
    query.push("from messages where dead_letter_reason is not null and tenant_id = ");
    query.push_bind(tenant.0);
    if let Some(session) = session {
        query.push(" and session_id = ").push_bind(session.0);
    }
}

#[cfg(test)]
mod tests;
