//! The tenants' OAuth2 clients as they are now: the table `oauth_clients`. A revoked one stays.

mod fold;

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::access::permissions::Permissions;
use domain::event::Event;
use domain::id::TenantId;
use domain::oauth_client::GrantType;
use domain::oauth_client::redirect_uri::RedirectUri;
use domain::ports::event_log::{Actor, RecordedEvent};
use domain::stream::Category;
use schemars::JsonSchema;
use serde::Serialize;
use sqlx::types::Json;
use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder};
use uuid::Uuid;

use crate::batch::column;
use crate::page::{Cursor, Listing, Page};
use crate::projector::Projection;
use crate::touched::{self, Key};
use fold::{Known, Shown};

/// Writes the OAuth2 clients.
pub struct OAuthClients;

#[async_trait]
impl Projection for OAuthClients {
    fn name(&self) -> &'static str {
        "oauth_clients"
    }

    fn definition(&self) -> &'static [&'static str] {
        &[include_str!("../../migrations/20261121101100_oauth_clients_shown.sql")]
    }

    fn concerns(&self, event: &RecordedEvent) -> bool {
        matches!(event.event, Event::OAuthClient(_))
    }

    async fn apply(
        &self,
        connection: &mut PgConnection,
        events: &[Arc<RecordedEvent>],
    ) -> Result<(), sqlx::Error> {
        let touched = touched::keys(events, Category::OAuthClient);
        if touched.is_empty() {
            return Ok(());
        }
        let known = fold::fold(load(connection, &touched).await?, events);
        write(connection, &known.into_values().collect::<Vec<_>>()).await
    }
}

async fn load(connection: &mut PgConnection, keys: &BTreeSet<Key>) -> Result<Known, sqlx::Error> {
    let rows: Vec<Shown> = touched::load(connection, "oauth_clients", keys).await?;
    Ok(rows.into_iter().map(|client| ((client.tenant_id, client.row.id), client)).collect())
}

async fn write(connection: &mut PgConnection, clients: &[Shown]) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into oauth_clients (tenant_id, id, name, kind, grant_types, redirect_uris, scopes,
             created_by, created_at, rotated_at, revoked_at, revocation_reason)
         select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::jsonb[],
             $6::jsonb[], $7::text[], $8::jsonb[], $9::timestamptz[], $10::timestamptz[],
             $11::timestamptz[], $12::text[])
         on conflict (tenant_id, id) do update set
             rotated_at = excluded.rotated_at, revoked_at = excluded.revoked_at,
             revocation_reason = excluded.revocation_reason",
    )
    .bind(column(clients, |client| client.tenant_id))
    .bind(column(clients, |client| client.row.id))
    .bind(column(clients, |client| client.row.name.as_str()))
    .bind(column(clients, |client| client.row.kind.as_str()))
    .bind(column(clients, |client| client.row.grant_types.clone()))
    .bind(column(clients, |client| client.row.redirect_uris.clone()))
    .bind(column(clients, |client| client.row.scopes.to_string()))
    .bind(column(clients, |client| client.row.created_by))
    .bind(column(clients, |client| client.row.created_at))
    .bind(column(clients, |client| client.row.rotated_at))
    .bind(column(clients, |client| client.row.revoked_at))
    .bind(column(clients, |client| client.row.revocation_reason.as_deref()))
    .execute(connection)
    .await?;
    Ok(())
}

/// An OAuth2 client, as clients are shown it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow, JsonSchema)]
#[schemars(rename = "OAuthClient")]
#[serde(rename_all = "camelCase")]
pub struct OAuthClientRow {
    /// Its id.
    pub id: Uuid,
    /// What people call it.
    pub name: String,
    /// Whether it can keep a secret: `confidential` or `public`.
    pub kind: String,
    /// How it is given tokens.
    #[schemars(with = "Vec<GrantType>")]
    pub grant_types: Json<Vec<GrantType>>,
    /// Where users are sent back to.
    #[schemars(with = "Vec<RedirectUri>")]
    pub redirect_uris: Json<Vec<RedirectUri>>,
    /// What it may ask for.
    #[sqlx(try_from = "String")]
    pub scopes: Permissions,
    /// Who registered it.
    #[schemars(with = "Actor")]
    pub created_by: Json<Actor>,
    /// When it was registered.
    pub created_at: DateTime<Utc>,
    /// When it was last given another secret.
    pub rotated_at: Option<DateTime<Utc>>,
    /// Since when it is given nothing.
    pub revoked_at: Option<DateTime<Utc>>,
    /// Why, in somebody's words.
    pub revocation_reason: Option<String>,
}

/// The clients, the newest first.
pub(crate) async fn list(
    connection: &mut PgConnection,
    tenant: TenantId,
    page: Page,
) -> Result<Listing<OAuthClientRow>, sqlx::Error> {
    Listing::read(
        connection,
        page,
        "created_at",
        |query| push_selection(query, tenant),
        |row: &OAuthClientRow| Cursor::new(row.created_at, row.id),
    )
    .await
}

fn push_selection(query: &mut QueryBuilder<Postgres>, tenant: TenantId) {
    query.push("from oauth_clients where tenant_id = ").push_bind(tenant.0);
}

#[cfg(test)]
mod tests;
