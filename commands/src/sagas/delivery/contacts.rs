//! Who is no stranger to a session: table `known_contacts`.
//!
//! A message to somebody who wrote is a reply in WhatsApp's eyes: a session that is locked for reaching out may still
//! write to them. Whom the session wrote to before is no first contact any more; when it last did so is what messages
//! to one chat are spaced by.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use domain::id::{MessageId, SessionId};
use domain::whatsapp::ChatId;
use sqlx::PgConnection;
use uuid::Uuid;

use super::memory::MessageChange;

/// Remembers who wrote. Sorted, so that two processes never wait for each other's rows.
pub(super) async fn meet(
    connection: &mut PgConnection,
    contacts: &HashSet<(SessionId, ChatId)>,
) -> Result<(), sqlx::Error> {
    if contacts.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "with met as (
             insert into known_contacts (session_id, chat_id, they_wrote)
             select session_id, chat_id, true
             from unnest($1::uuid[], $2::text[]) as c (session_id, chat_id)
             order by session_id, chat_id
             on conflict (session_id, chat_id) do update set they_wrote = true
                 where not known_contacts.they_wrote
             returning session_id, chat_id)
         update delivery_jobs job set acquaintance = 2
         from met
         where job.session_id = met.session_id and job.chat_id = met.chat_id and job.is_head",
    )
    .bind(contacts.iter().map(|(session, _)| session.0).collect::<Vec<_>>())
    .bind(contacts.iter().map(|(_, chat)| chat.0.as_str()).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

const NOTE_WRITTEN: &str = "
with written as (
    insert into known_contacts as known (session_id, chat_id, they_wrote, written_at)
    select session_id, chat_id, false, max(at)
    from (
        select job.session_id, job.chat_id, sent.at
        from unnest($1::uuid[], $2::timestamptz[]) as sent (message_id, at)
        join delivery_jobs job using (message_id)
        union all
        select * from unnest($3::uuid[], $4::text[], $5::timestamptz[])
    ) as chat (session_id, chat_id, at)
    group by session_id, chat_id
    order by session_id, chat_id
    on conflict (session_id, chat_id) do update
        set written_at = greatest(known.written_at, excluded.written_at)
    returning session_id, (written_at at time zone 'utc')::date as day, xmax = 0 as is_new
), latest as (
    select distinct on (session_id) session_id, day, count(*)::integer as contacts
    from written where is_new
    group by session_id, day order by session_id, day desc
)
update delivery_sessions s
set first_contacts = contacts + case when first_contacts_on = day then first_contacts else 0 end,
    first_contacts_on = day
from latest
where s.session_id = latest.session_id and first_contacts_on <= day";

/// Remembers who was written to, and counts those who were strangers. Before the queue forgets the messages: it
/// knows their chats.
pub(super) async fn note_written(
    connection: &mut PgConnection,
    messages: &HashMap<MessageId, MessageChange>,
    chats: &HashMap<(SessionId, ChatId), DateTime<Utc>>,
) -> Result<(), sqlx::Error> {
    let written: Vec<(Uuid, DateTime<Utc>)> =
        messages.iter().filter_map(|(id, change)| Some((id.0, change.written_at?))).collect();
    if written.is_empty() && chats.is_empty() {
        return Ok(());
    }
    sqlx::query(NOTE_WRITTEN)
        .bind(written.iter().map(|(id, _)| *id).collect::<Vec<_>>())
        .bind(written.iter().map(|(_, at)| *at).collect::<Vec<_>>())
        .bind(chats.keys().map(|(session, _)| session.0).collect::<Vec<_>>())
        .bind(chats.keys().map(|(_, chat)| chat.0.as_str()).collect::<Vec<_>>())
        .bind(chats.values().copied().collect::<Vec<_>>())
        .execute(connection)
        .await?;
    Ok(())
}
