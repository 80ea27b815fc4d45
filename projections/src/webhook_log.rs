//! Every webhook WAHA delivered and what came of it: the table `webhook_log`. It is the installation's: the
//! webhooks of sessions nobody owns are in it too.

mod fold;
mod stats;

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use domain::event::Event;
use domain::ports::event_log::RecordedEvent;
use domain::stream::Category;
use sqlx::PgConnection;

use crate::batch::column;
use crate::projector::Projection;
use crate::touched::{self, Key};
use fold::{Known, Webhook};

pub(crate) use stats::stats;
pub use stats::{WebhookLag, WebhookStats};

/// Writes the log of webhooks.
pub struct WebhookLog;

#[async_trait]
impl Projection for WebhookLog {
    fn name(&self) -> &'static str {
        "webhook_log"
    }

    fn definition(&self) -> &'static [&'static str] {
        &[include_str!("../../migrations/20261121030700_webhook_log.sql")]
    }

    fn concerns(&self, event: &RecordedEvent) -> bool {
        matches!(event.event, Event::Webhook(_))
    }

    async fn apply(
        &self,
        connection: &mut PgConnection,
        events: &[Arc<RecordedEvent>],
    ) -> Result<(), sqlx::Error> {
        let touched = touched::keys(events, Category::Webhook);
        if touched.is_empty() {
            return Ok(());
        }
        let known = fold::fold(load(connection, &touched).await?, events);
        write(connection, &known.into_values().collect::<Vec<_>>()).await
    }
}

async fn load(connection: &mut PgConnection, keys: &BTreeSet<Key>) -> Result<Known, sqlx::Error> {
    let rows: Vec<Webhook> = touched::load(connection, "webhook_log", keys).await?;
    Ok(rows.into_iter().map(|webhook| ((webhook.tenant_id, webhook.id), webhook)).collect())
}

async fn write(connection: &mut PgConnection, webhooks: &[Webhook]) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into webhook_log (tenant_id, id, waha_session, session_id, event, event_id, received_at,
             bytes, bodies, repeats, effect, processed_at)
         select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::text[],
             $7::timestamptz[], $8::bigint[], $9::integer[], $10::integer[], $11::text[],
             $12::timestamptz[])
         on conflict (tenant_id, id) do update set
             session_id = excluded.session_id, received_at = excluded.received_at,
             bytes = excluded.bytes, bodies = excluded.bodies, repeats = excluded.repeats,
             effect = excluded.effect, processed_at = excluded.processed_at",
    )
    .bind(column(webhooks, |webhook| webhook.tenant_id))
    .bind(column(webhooks, |webhook| webhook.id))
    .bind(column(webhooks, |webhook| webhook.waha_session.as_str()))
    .bind(column(webhooks, |webhook| webhook.session_id))
    .bind(column(webhooks, |webhook| webhook.event.as_str()))
    .bind(column(webhooks, |webhook| webhook.event_id.as_str()))
    .bind(column(webhooks, |webhook| webhook.received_at))
    .bind(column(webhooks, |webhook| webhook.bytes))
    .bind(column(webhooks, |webhook| webhook.bodies))
    .bind(column(webhooks, |webhook| webhook.repeats))
    .bind(column(webhooks, |webhook| webhook.effect.as_deref()))
    .bind(column(webhooks, |webhook| webhook.processed_at))
    .execute(connection)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests;
