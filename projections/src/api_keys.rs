//! The tenants' API keys as they are now: the table `api_keys`. A revoked one stays.

mod fold;

use schemars::JsonSchema;
use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::access::permissions::Permissions;
use domain::event::Event;
use domain::id::TenantId;
use domain::ports::event_log::{Actor, RecordedEvent};
use domain::stream::Category;
use serde::Serialize;
use sqlx::types::Json;
use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder};
use uuid::Uuid;

use crate::batch::column;
use crate::page::{Cursor, Listing, Page};
use crate::projector::Projection;
use crate::touched::{self, Key};
use fold::{Known, Shown};

/// Writes the API keys.
pub struct ApiKeys;

#[async_trait]
impl Projection for ApiKeys {
    fn name(&self) -> &'static str {
        "api_keys"
    }

    fn definition(&self) -> &'static [&'static str] {
        &[include_str!("../../migrations/20261121100100_api_keys_shown.sql")]
    }

    fn concerns(&self, event: &RecordedEvent) -> bool {
        matches!(event.event, Event::ApiKey(_))
    }

    async fn apply(
        &self,
        connection: &mut PgConnection,
        events: &[Arc<RecordedEvent>],
    ) -> Result<(), sqlx::Error> {
        let touched = touched::keys(events, Category::ApiKey);
        if touched.is_empty() {
            return Ok(());
        }
        let known = fold::fold(load(connection, &touched).await?, events);
        write(connection, &known.into_values().collect::<Vec<_>>()).await
    }
}

async fn load(connection: &mut PgConnection, keys: &BTreeSet<Key>) -> Result<Known, sqlx::Error> {
    let rows: Vec<Shown> = touched::load(connection, "api_keys", keys).await?;
    Ok(rows.into_iter().map(|key| ((key.tenant_id, key.row.id), key)).collect())
}

async fn write(connection: &mut PgConnection, keys: &[Shown]) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into api_keys (tenant_id, id, name, prefix, scopes, expires_at, rate_limit_per_minute,
             created_by, created_at, rotated_at, revoked_at, revocation_reason)
         select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[],
             $6::timestamptz[], $7::integer[], $8::jsonb[], $9::timestamptz[], $10::timestamptz[],
             $11::timestamptz[], $12::text[])
         on conflict (tenant_id, id) do update set
             rotated_at = excluded.rotated_at, revoked_at = excluded.revoked_at,
             revocation_reason = excluded.revocation_reason",
    )
    .bind(column(keys, |key| key.tenant_id))
    .bind(column(keys, |key| key.row.id))
    .bind(column(keys, |key| key.row.name.as_str()))
    .bind(column(keys, |key| key.row.prefix.as_str()))
    .bind(column(keys, |key| key.row.scopes.to_string()))
    .bind(column(keys, |key| key.row.expires_at))
    .bind(column(keys, |key| key.row.rate_limit_per_minute))
    .bind(column(keys, |key| key.row.created_by))
    .bind(column(keys, |key| key.row.created_at))
    .bind(column(keys, |key| key.row.rotated_at))
    .bind(column(keys, |key| key.row.revoked_at))
    .bind(column(keys, |key| key.row.revocation_reason.as_deref()))
    .execute(connection)
    .await?;
    Ok(())
}

/// An API key, as clients are shown it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApiKeyRow {
    /// Its id.
    pub id: Uuid,
    /// What people call it.
    pub name: String,
    /// What its text begins with, after `hgk_`.
    pub prefix: String,
    /// What it opens.
    #[sqlx(try_from = "String")]
    pub scopes: Permissions,
    /// Until when it is good; none: for ever.
    pub expires_at: Option<DateTime<Utc>>,
    /// Requests per minute; none: as many as its tenant may make.
    pub rate_limit_per_minute: Option<i32>,
    /// Who made it.
    #[schemars(with = "serde_json::Map<String, serde_json::Value>")]
    pub created_by: Json<Actor>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last given another secret.
    pub rotated_at: Option<DateTime<Utc>>,
    /// Since when it opens nothing.
    pub revoked_at: Option<DateTime<Utc>>,
    /// Why, in somebody's words.
    pub revocation_reason: Option<String>,
}

/// The keys, the newest first.
pub(crate) async fn list(
    connection: &mut PgConnection,
    tenant: TenantId,
    page: Page,
) -> Result<Listing<ApiKeyRow>, sqlx::Error> {
    Listing::read(
        connection,
        page,
        "created_at",
        |query| push_selection(query, tenant),
        |row: &ApiKeyRow| Cursor::new(row.created_at, row.id),
    )
    .await
}

fn push_selection(query: &mut QueryBuilder<Postgres>, tenant: TenantId) {
    query.push("from api_keys where tenant_id = ").push_bind(tenant.0);
}

#[cfg(test)]
mod tests;
