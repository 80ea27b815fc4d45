//! Whose number a hidden id hides: table `contact_links`.
//!
//! Learnt from messages, the latest word counting: a person may change the number, and the hidden id stays.

use std::collections::HashMap;
use std::sync::Arc;

use domain::event::Event;
use domain::id::SessionId;
use domain::message::event::Event as MessageEvent;
use domain::phone::PhoneNumber;
use domain::ports::event_log::RecordedEvent;
use domain::ports::waha::Arrival;
use domain::sagas::contacts::Link;
use domain::whatsapp::ChatId;
use sqlx::{PgPool, Row};

#[derive(Clone)]
pub(super) struct Contacts {
    pool: PgPool,
}

/// The link an event tells.
fn learnt_from(recorded: &RecordedEvent) -> Option<(SessionId, Link)> {
    let Event::Message(MessageEvent::Received(received)) = &recorded.event else { return None };
    Some((received.session_id, Link::learnt_from(received)?))
}

impl Contacts {
    pub(super) const fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// Whether the event tells a link.
    pub(super) fn concerns(event: &RecordedEvent) -> bool {
        learnt_from(event).is_some()
    }

    /// Remembers the links that events tell.
    pub(super) async fn learn(&self, events: &[Arc<RecordedEvent>]) -> Result<(), sqlx::Error> {
        let links = events.iter().filter_map(|event| learnt_from(event));
        let latest: HashMap<_, _> =
            links.map(|(session, link)| ((session, link.lid), link.phone)).collect();
        for ((session, lid), phone) in latest {
            self.remember(session, &Link { lid, phone }).await?;
        }
        Ok(())
    }

    /// The arrival with what is known of its sender; what it tells itself is remembered.
    pub(super) async fn complete(
        &self,
        session: SessionId,
        arrival: Arrival,
    ) -> Result<Arrival, sqlx::Error> {
        if let Some(told) = Link::told_by(&arrival) {
            self.remember(session, &told).await?;
        }
        if !arrival.lacks_link() {
            return Ok(arrival);
        }
        let known = match (&arrival.from_lid, &arrival.from) {
            (Some(lid), _) => self.of_hidden(session, lid).await?,
            (None, Some(phone)) => self.of_phone(session, phone).await?,
            (None, None) => None,
        };
        Ok(match known {
            Some(link) => arrival.linked(link),
            None => arrival,
        })
    }

    /// The chat under its person's number, if it is known.
    pub(super) async fn chat_by_number(
        &self,
        session: SessionId,
        chat: ChatId,
    ) -> Result<ChatId, sqlx::Error> {
        if !chat.is_hidden() {
            return Ok(chat);
        }
        let known = self.of_hidden(session, &chat).await?;
        Ok(known.map_or(chat, |link| ChatId::from(&link.phone)))
    }

    async fn of_hidden(
        &self,
        session: SessionId,
        lid: &ChatId,
    ) -> Result<Option<Link>, sqlx::Error> {
        let row =
            sqlx::query("select lid, phone from contact_links where session_id = $1 and lid = $2")
                .bind(session.0)
                .bind(&lid.0)
                .fetch_optional(&self.pool)
                .await?;
        row.as_ref().map_or(Ok(None), read)
    }

    /// Of several ids that hid one number, the last by name: any will do, but it is to be the same each time.
    async fn of_phone(
        &self,
        session: SessionId,
        phone: &PhoneNumber,
    ) -> Result<Option<Link>, sqlx::Error> {
        let row = sqlx::query(
            "select lid, phone from contact_links where session_id = $1 and phone = $2
             order by lid desc limit 1",
        )
        .bind(session.0)
        .bind(phone.to_string())
        .fetch_optional(&self.pool)
        .await?;
        row.as_ref().map_or(Ok(None), read)
    }

    async fn remember(&self, session: SessionId, link: &Link) -> Result<(), sqlx::Error> {
        sqlx::query(
            "insert into contact_links (session_id, lid, phone) values ($1, $2, $3)
             on conflict (session_id, lid) do update set phone = excluded.phone
                 where contact_links.phone <> excluded.phone",
        )
        .bind(session.0)
        .bind(&link.lid.0)
        .bind(link.phone.to_string())
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}

/// A number that cannot be read is none.
fn read(row: &sqlx::postgres::PgRow) -> Result<Option<Link>, sqlx::Error> {
    let (lid, phone): (_, String) = (ChatId(row.try_get("lid")?), row.try_get("phone")?);
    Ok(phone.parse().ok().map(|phone| Link { lid, phone }))
}
