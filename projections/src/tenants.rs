//! The installation's tenants: the table `tenants`, for those who run it.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::event::Event;
use domain::ports::event_log::RecordedEvent;
use domain::tenant::{Created, Event as TenantEvent};
use serde::Serialize;
use sqlx::{FromRow, PgConnection, PgPool};
use uuid::Uuid;

use crate::batch::column;
use crate::projector::Projection;

/// Most tenants listed at once.
pub const TENANTS_MAX: i64 = 1000;

/// Writes the tenants.
pub struct Tenants;

#[async_trait]
impl Projection for Tenants {
    fn name(&self) -> &'static str {
        "tenants"
    }

    fn definition(&self) -> &'static [&'static str] {
        &[include_str!("../../migrations/20261121030800_tenants.sql")]
    }

    fn concerns(&self, event: &RecordedEvent) -> bool {
        matches!(event.event, Event::Tenant(_))
    }

    async fn apply(
        &self,
        connection: &mut PgConnection,
        events: &[Arc<RecordedEvent>],
    ) -> Result<(), sqlx::Error> {
        let created: Vec<(Uuid, &Created)> = events
            .iter()
            .filter_map(|recorded| match &recorded.event {
                Event::Tenant(TenantEvent::Created(created)) => Some((recorded.stream.id, created)),
                _ => None,
            })
            .collect();
        if created.is_empty() {
            return Ok(());
        }
        sqlx::query(
            "insert into tenants (id, name, default_country, created_at)
             select * from unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[])",
        )
        .bind(column(&created, |(id, _)| *id))
        .bind(column(&created, |(_, created)| created.name.as_str()))
        .bind(column(&created, |(_, created)| created.default_country.map(|c| c.to_string())))
        .bind(column(&created, |(_, created)| created.at))
        .execute(connection)
        .await?;
        Ok(())
    }
}

/// A tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow)]
#[serde(rename_all = "camelCase")]
pub struct TenantRow {
    /// Its id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// Reads national phone numbers.
    pub default_country: Option<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// The tenants by name, at most [`TENANTS_MAX`].
pub async fn list(pool: &PgPool) -> Result<Vec<TenantRow>, sqlx::Error> {
    sqlx::query_as(
        "select id, name, default_country, created_at from tenants order by name, id limit $1",
    )
    .bind(TENANTS_MAX)
    .fetch_all(pool)
    .await
}
