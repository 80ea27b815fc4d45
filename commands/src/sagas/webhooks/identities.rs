//! Which message of ours a WhatsApp id stands for, and news of ids not known yet.

use chrono::{DateTime, Utc};
use domain::id::{MessageId, SessionId};
use domain::sagas::webhooks::{Acknowledgement, Identity};
use domain::whatsapp::{Ack, WahaMessageId};
use sqlx::{PgPool, Row};
use uuid::Uuid;

/// News is held this long; an id that is not learnt by then never will be. (A message sent from the phone
/// itself is acknowledged too, and is none of ours.)
const HELD_DAYS: i32 = 7;

#[derive(Clone)]
pub(super) struct Identities {
    pool: PgPool,
}

impl Identities {
    pub(super) fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    pub(super) async fn learn(&self, identities: &[Identity]) -> Result<(), sqlx::Error> {
        if identities.is_empty() {
            return Ok(());
        }
        sqlx::query(
            "insert into message_identities (session_id, waha_message_id, message_id, tenant_id)
             select * from unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[])
             on conflict do nothing",
        )
        .bind(identities.iter().map(|i| i.session.0).collect::<Vec<_>>())
        .bind(identities.iter().map(|i| i.waha_id.0.as_str()).collect::<Vec<_>>())
        .bind(identities.iter().map(|i| i.message.0).collect::<Vec<_>>())
        .bind(identities.iter().map(|i| i.tenant.0).collect::<Vec<_>>())
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    pub(super) async fn find(
        &self,
        session: SessionId,
        id: &WahaMessageId,
    ) -> Result<Option<MessageId>, sqlx::Error> {
        let found: Option<Uuid> = sqlx::query_scalar(
            "select message_id from message_identities
             where session_id = $1 and waha_message_id = $2",
        )
        .bind(session.0)
        .bind(&id.0)
        .fetch_optional(&self.pool)
        .await?;
        Ok(found.map(MessageId))
    }

    pub(super) async fn hold(
        &self,
        session: SessionId,
        news: &Acknowledgement,
    ) -> Result<(), sqlx::Error> {
        // Old news is cleared away by the way: a little each time, found by its index.
        sqlx::query(
            "with forgotten as (
                 delete from held_acknowledgements where ctid = any (array(
                     select ctid from held_acknowledgements
                     where held_at < now() - make_interval(days => $5) limit 10)))
             insert into held_acknowledgements (session_id, waha_message_id, ack, at)
             values ($1, $2, $3, $4) on conflict do nothing",
        )
        .bind(session.0)
        .bind(&news.waha_message_id.0)
        .bind(news.ack.as_str())
        .bind(news.at)
        .bind(HELD_DAYS)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// News held for these ids, least first, each with the id it is for.
    pub(super) async fn held<'a>(
        &self,
        identities: &'a [Identity],
    ) -> Result<Vec<(&'a Identity, Acknowledgement)>, sqlx::Error> {
        if identities.is_empty() {
            return Ok(vec![]);
        }
        let rows = sqlx::query(
            "select i.ordinal, h.ack, h.at
             from unnest($1::uuid[], $2::text[]) with ordinality
                 as i (session_id, waha_message_id, ordinal)
             join held_acknowledgements h using (session_id, waha_message_id)",
        )
        .bind(identities.iter().map(|identity| identity.session.0).collect::<Vec<_>>())
        .bind(identities.iter().map(|identity| identity.waha_id.0.as_str()).collect::<Vec<_>>())
        .fetch_all(&self.pool)
        .await?;
        let mut held = Vec::new();
        for row in &rows {
            let ordinal = usize::try_from(row.try_get::<i64, _>("ordinal")?).unwrap_or(0);
            let identity = ordinal.checked_sub(1).and_then(|index| identities.get(index));
            let (ack, at): (_, DateTime<Utc>) =
                (Ack::parse(row.try_get("ack")?), row.try_get("at")?);
            if let (Some(identity), Some(ack)) = (identity, ack) {
                let waha_message_id = identity.waha_id.clone();
                held.push((identity, Acknowledgement { waha_message_id, ack, at }));
            }
        }
        held.sort_by_key(|(_, news)| news.ack);
        Ok(held)
    }

    /// What was held for this id has been told.
    pub(super) async fn forget(&self, identity: &Identity) -> Result<(), sqlx::Error> {
        sqlx::query(
            "delete from held_acknowledgements where session_id = $1 and waha_message_id = $2",
        )
        .bind(identity.session.0)
        .bind(&identity.waha_id.0)
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}
