//! The table `messages`, read and written a batch at a time.

use std::collections::BTreeSet;

use sqlx::PgConnection;

use super::fold::{Birth, Known, Message};
use crate::batch::column;
use crate::touched::Key;

/// What is known of these messages.
pub(super) async fn load(
    connection: &mut PgConnection,
    touched: &BTreeSet<Key>,
) -> Result<Known, sqlx::Error> {
    let (tenants, ids): (Vec<_>, Vec<_>) = touched.iter().copied().unzip();
    let rows: Vec<Message> = sqlx::query_as(
        "select messages.tenant_id, messages.id, session_id, direction, type, country, created_at,
             send_at, status, attempts, waha_message_id, sent_at, delivered_at, read_at, played_at,
             failed_at, last_error, dead_letter_reason, ack_overdue_at, position_first, position_second
         from unnest($1::uuid[], $2::uuid[]) as touched (tenant_id, id)
         join messages on messages.tenant_id = touched.tenant_id and messages.id = touched.id",
    )
    .bind(tenants)
    .bind(ids)
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|message| ((message.tenant_id, message.id), message)).collect())
}

/// Writes the new ones, and what is searched of them.
pub(super) async fn insert(
    connection: &mut PgConnection,
    born: &[Birth],
) -> Result<(), sqlx::Error> {
    if born.is_empty() {
        return Ok(());
    }
    insert_messages(connection, born).await?;
    insert_texts(connection, born).await
}

async fn insert_messages(connection: &mut PgConnection, born: &[Birth]) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into messages (tenant_id, id, session_id, direction, recipient, sender, country, body,
             type, status, priority, attempts, waha_message_id, client_reference, metadata, send_at,
             expires_at, created_at, sent_at, delivered_at, read_at, played_at, failed_at, last_error,
             dead_letter_reason, ack_overdue_at, position_first, position_second)
         select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[],
             $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::integer[], $13::text[],
             $14::text[], $15::jsonb[], $16::timestamptz[], $17::timestamptz[], $18::timestamptz[],
             $19::timestamptz[], $20::timestamptz[], $21::timestamptz[], $22::timestamptz[],
             $23::timestamptz[], $24::text[], $25::text[], $26::timestamptz[], $27::bigint[], $28::bigint[])",
    )
    .bind(column(born, |birth| birth.message.tenant_id))
    .bind(column(born, |birth| birth.message.id))
    .bind(column(born, |birth| birth.message.traits.session_id))
    .bind(column(born, |birth| birth.message.traits.direction.as_str()))
    .bind(column(born, |birth| birth.content.recipient.as_deref()))
    .bind(column(born, |birth| birth.content.sender.as_deref()))
    .bind(column(born, |birth| birth.message.traits.country.as_deref()))
    .bind(column(born, |birth| birth.content.body.as_str()))
    .bind(column(born, |birth| birth.message.traits.kind.as_str()))
    .bind(column(born, |birth| birth.message.standing.status.as_str()))
    .bind(column(born, |birth| birth.content.priority))
    .bind(column(born, |birth| birth.message.standing.attempts))
    .bind(column(born, |birth| birth.message.standing.waha_message_id.as_deref()))
    .bind(column(born, |birth| birth.content.client_reference.as_deref()))
    .bind(column(born, |birth| &birth.content.metadata))
    .bind(column(born, |birth| birth.message.traits.send_at))
    .bind(column(born, |birth| birth.content.expires_at))
    .bind(column(born, |birth| birth.message.traits.created_at))
    .bind(column(born, |birth| birth.message.standing.sent_at))
    .bind(column(born, |birth| birth.message.standing.delivered_at))
    .bind(column(born, |birth| birth.message.standing.read_at))
    .bind(column(born, |birth| birth.message.standing.played_at))
    .bind(column(born, |birth| birth.message.standing.failed_at))
    .bind(column(born, |birth| birth.message.standing.last_error.as_deref()))
    .bind(column(born, |birth| birth.message.standing.dead_letter_reason.as_deref()))
    .bind(column(born, |birth| birth.message.standing.ack_overdue_at))
    .bind(column(born, |birth| birth.message.standing.position_first))
    .bind(column(born, |birth| birth.message.standing.position_second))
    .execute(connection)
    .await?;
    Ok(())
}

async fn insert_texts(connection: &mut PgConnection, born: &[Birth]) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into message_texts (tenant_id, message_id, text)
         select * from unnest($1::uuid[], $2::uuid[], $3::text[])",
    )
    .bind(column(born, |birth| birth.message.tenant_id))
    .bind(column(born, |birth| birth.message.id))
    .bind(column(born, |birth| birth.content.searched()))
    .execute(connection)
    .await?;
    Ok(())
}

/// Writes what has changed in the known ones.
pub(super) async fn update(
    connection: &mut PgConnection,
    known: &[Message],
) -> Result<(), sqlx::Error> {
    if known.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "update messages set
             status = now.status, attempts = now.attempts, waha_message_id = now.waha_message_id,
             sent_at = now.sent_at, delivered_at = now.delivered_at, read_at = now.read_at,
             played_at = now.played_at, failed_at = now.failed_at, last_error = now.last_error,
             dead_letter_reason = now.dead_letter_reason, ack_overdue_at = now.ack_overdue_at,
             position_first = now.position_first, position_second = now.position_second
         from unnest($1::uuid[], $2::uuid[], $3::text[], $4::integer[], $5::text[], $6::timestamptz[],
             $7::timestamptz[], $8::timestamptz[], $9::timestamptz[], $10::timestamptz[], $11::text[],
             $12::text[], $13::timestamptz[], $14::bigint[], $15::bigint[])
             as now (tenant_id, id, status, attempts, waha_message_id, sent_at, delivered_at, read_at,
                 played_at, failed_at, last_error, dead_letter_reason, ack_overdue_at, position_first, position_second)
         where messages.tenant_id = now.tenant_id and messages.id = now.id",
    )
    .bind(column(known, |message| message.tenant_id))
    .bind(column(known, |message| message.id))
    .bind(column(known, |message| message.standing.status.as_str()))
    .bind(column(known, |message| message.standing.attempts))
    .bind(column(known, |message| message.standing.waha_message_id.as_deref()))
    .bind(column(known, |message| message.standing.sent_at))
    .bind(column(known, |message| message.standing.delivered_at))
    .bind(column(known, |message| message.standing.read_at))
    .bind(column(known, |message| message.standing.played_at))
    .bind(column(known, |message| message.standing.failed_at))
    .bind(column(known, |message| message.standing.last_error.as_deref()))
    .bind(column(known, |message| message.standing.dead_letter_reason.as_deref()))
    .bind(column(known, |message| message.standing.ack_overdue_at))
    .bind(column(known, |message| message.standing.position_first))
    .bind(column(known, |message| message.standing.position_second))
    .execute(connection)
    .await?;
    Ok(())
}
