//! The installation's tenants: the table `tenants`, for those who run it.

use schemars::JsonSchema;
use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::event::Event;
use domain::id::TenantId;
use domain::ports::event_log::RecordedEvent;
use domain::subdomain::{Event as SubdomainEvent, Ownership};
use domain::tenant::{Created, Event as TenantEvent};
use serde::Serialize;
use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder};
use uuid::Uuid;

use crate::batch::column;
use crate::page::{Cursor, Listing, Page};
use crate::projector::Projection;

/// Writes the tenants.
pub struct Tenants;

#[async_trait]
impl Projection for Tenants {
    fn name(&self) -> &'static str {
        "tenants"
    }

    fn definition(&self) -> &'static [&'static str] {
        &[
            include_str!("../../migrations/20261121030800_tenants.sql"),
            include_str!("../../migrations/20261121110400_suspended_tenants.sql"),
            include_str!("../../migrations/20261122000100_tenant_subdomains.sql"),
        ]
    }

    fn concerns(&self, event: &RecordedEvent) -> bool {
        matches!(event.event, Event::Tenant(_) | Event::Subdomain(_))
    }

    async fn apply(
        &self,
        connection: &mut PgConnection,
        events: &[Arc<RecordedEvent>],
    ) -> Result<(), sqlx::Error> {
        let (mut created, mut suspended, mut subdomains) = (vec![], BTreeMap::new(), vec![]);
        for recorded in events {
            let id = recorded.stream.id;
            match &recorded.event {
                Event::Tenant(TenantEvent::Created(event)) => created.push((id, event)),
                Event::Tenant(TenantEvent::Suspended(moment)) => {
                    suspended.insert(id, Some(moment.at));
                }
                Event::Tenant(TenantEvent::Reactivated(_)) => {
                    suspended.insert(id, None);
                }
                Event::Subdomain(event) => subdomains.push(event),
                _ => {}
            }
        }
        create(connection, &created).await?;
        suspend(connection, &suspended.into_iter().collect::<Vec<_>>()).await?;
        for event in subdomains {
            change_subdomains(connection, event).await?;
        }
        Ok(())
    }
}

async fn create(
    connection: &mut PgConnection,
    created: &[(Uuid, &Created)],
) -> Result<(), sqlx::Error> {
    if created.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "insert into tenants (id, name, default_country, created_at)
         select * from unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[])",
    )
    .bind(column(created, |(id, _)| *id))
    .bind(column(created, |(_, created)| created.name.as_str()))
    .bind(column(created, |(_, created)| created.default_country.map(|c| c.to_string())))
    .bind(column(created, |(_, created)| created.at))
    .execute(connection)
    .await?;
    Ok(())
}

async fn suspend(
    connection: &mut PgConnection,
    suspended: &[(Uuid, Option<DateTime<Utc>>)],
) -> Result<(), sqlx::Error> {
    if suspended.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "update tenants set suspended_at = told.at
         from unnest($1::uuid[], $2::timestamptz[]) as told (id, at) where tenants.id = told.id",
    )
    .bind(column(suspended, |(id, _)| *id))
    .bind(column(suspended, |(_, at)| *at))
    .execute(connection)
    .await?;
    Ok(())
}

/// Rare, so one statement each.
async fn change_subdomains(
    connection: &mut PgConnection,
    event: &SubdomainEvent,
) -> Result<(), sqlx::Error> {
    let (statement, Ownership { name, tenant_id, .. }) = match event {
        SubdomainEvent::Taken(ownership) => (
            "update tenants set subdomains = array_append(subdomains, $2) where id = $1",
            ownership,
        ),
        SubdomainEvent::GivenUp(ownership) => (
            "update tenants set subdomains = array_remove(subdomains, $2) where id = $1",
            ownership,
        ),
    };
    sqlx::query(statement).bind(tenant_id.0).bind(name.as_str()).execute(connection).await?;
    Ok(())
}

/// A tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TenantRow {
    /// Its id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// Reads national phone numbers.
    pub default_country: Option<String>,
    /// Since when it is suspended, if it is.
    pub suspended_at: Option<DateTime<Utc>>,
    /// The subdomains that name it where people sign in.
    pub subdomains: Vec<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// One tenant.
pub(crate) async fn find(
    connection: &mut PgConnection,
    id: TenantId,
) -> Result<Option<TenantRow>, sqlx::Error> {
    let query = sqlx::query_as("select * from tenants where id = $1");
    query.bind(id.0).fetch_optional(connection).await
}

/// The tenants, the newest first.
pub(crate) async fn list(
    connection: &mut PgConnection,
    page: Page,
) -> Result<Listing<TenantRow>, sqlx::Error> {
    Listing::read(connection, page, "created_at", push_selection, |row: &TenantRow| {
        Cursor::new(row.created_at, row.id)
    })
    .await
}

fn push_selection(query: &mut QueryBuilder<Postgres>) {
    query.push("from tenants where true");
}

#[cfg(test)]
mod tests;
