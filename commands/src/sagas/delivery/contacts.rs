//! Those who wrote to a session: table `known_contacts`.
//!
//! A message to one of them is a reply in WhatsApp's eyes. A session that is locked for reaching out may still
//! write to them.

use std::collections::HashSet;

use domain::id::SessionId;
use domain::whatsapp::ChatId;
use sqlx::PgConnection;

/// Remembers who wrote. Sorted, so that two processes never wait for each other's rows.
pub(super) async fn apply(
    connection: &mut PgConnection,
    contacts: &HashSet<(SessionId, ChatId)>,
) -> Result<(), sqlx::Error> {
    if contacts.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "insert into known_contacts (session_id, chat_id)
         select session_id, chat_id from unnest($1::uuid[], $2::text[]) as c (session_id, chat_id)
         order by session_id, chat_id
         on conflict do nothing",
    )
    .bind(contacts.iter().map(|(session, _)| session.0).collect::<Vec<_>>())
    .bind(contacts.iter().map(|(_, chat)| chat.0.as_str()).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}
