//! Every decision about who may do what: the table `security_events`, for auditors.
//!
//! Told with the API's names, as the history of messages is.

use schemars::JsonSchema;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::event::Event;
use domain::id::{TenantId, UserId};
use domain::login_session::Event as SessionEvent;
use domain::ports::event_log::{Actor, RecordedEvent};
use domain::refusal;
use domain::subdomain::Event as Subdomain;
use serde::Serialize;
use serde_json::value::RawValue;
use sqlx::types::Json;
use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder};
use uuid::Uuid;

use crate::batch::{column, storable_text};
use crate::message_history::in_camel_case;
use crate::page::{Cursor, Listing, Page};
use crate::projector::Projection;

/// Writes the security events.
pub struct SecurityEvents;

#[async_trait]
impl Projection for SecurityEvents {
    fn name(&self) -> &'static str {
        "security_events"
    }

    fn definition(&self) -> &'static [&'static str] {
        &[include_str!("../../migrations/20261121110300_security_events.sql")]
    }

    fn concerns(&self, event: &RecordedEvent) -> bool {
        about(event).is_some()
    }

    async fn apply(
        &self,
        connection: &mut PgConnection,
        events: &[Arc<RecordedEvent>],
    ) -> Result<(), sqlx::Error> {
        let told: Vec<_> =
            events.iter().filter_map(|event| Some((&**event, about(event)?))).collect();
        if told.is_empty() {
            return Ok(());
        }
        let actors = told.iter().map(|(event, _)| serde_json::to_string(&event.metadata.actor));
        let actors: Vec<String> =
            actors.collect::<Result<_, _>>().map_err(|error| sqlx::Error::Encode(error.into()))?;
        sqlx::query(
            "insert into security_events (tenant_id, id, event_type, user_id, subject_id, actor, ip,
                 user_agent, request_id, data, occurred_at)
             select tenant_id, id, event_type, user_id, subject_id, actor::json, ip, user_agent,
                 request_id, data::json, occurred_at
             from unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::uuid[], $6::text[],
                 $7::text[], $8::text[], $9::text[], $10::text[], $11::timestamptz[])
                 as event (tenant_id, id, event_type, user_id, subject_id, actor, ip, user_agent,
                     request_id, data, occurred_at)",
        )
        .bind(column(&told, |(event, _)| event.stream.tenant.0))
        .bind(column(&told, |(event, _)| event.id.0))
        .bind(column(&told, |(event, _)| event.stored.event_type))
        .bind(column(&told, |(_, about)| about.user))
        .bind(column(&told, |(_, about)| about.subject))
        .bind(actors)
        .bind(column(&told, |(event, _)| event.metadata.origin.as_ref()?.ip.as_deref()))
        .bind(column(&told, |(event, _)| {
            event.metadata.origin.as_ref()?.user_agent.as_deref().map(storable_text)
        }))
        .bind(column(&told, |(event, _)| event.metadata.request_id.as_deref()))
        .bind(column(&told, |(event, _)| event.stored.data.as_str()))
        .bind(column(&told, |(event, _)| event.recorded_at))
        .execute(connection)
        .await?;
        Ok(())
    }
}

/// What an event is about.
struct About {
    user: Option<Uuid>,
    subject: Option<Uuid>,
}

/// What a security event is about; none for all others.
fn about(recorded: &RecordedEvent) -> Option<About> {
    let stream = recorded.stream.id;
    match &recorded.event {
        Event::User(_) => Some(About { user: Some(stream), subject: None }),
        Event::LoginSession(event) => {
            let user = match event {
                SessionEvent::Started(started) => Some(started.user_id.0),
                // Nobody refreshes or ends a single session but its user.
                SessionEvent::Refreshed(_) | SessionEvent::Revoked(_) => {
                    acting_user(recorded.metadata.actor)
                }
            };
            Some(About { user, subject: Some(stream) })
        }
        Event::Refusal(refusal::Event::Refused(refused)) => {
            let user = refused.user_id.map(|user| user.0);
            Some(About { user, subject: refused.subject_id })
        }
        Event::Tenant(_) | Event::Address(_) | Event::ApiKey(_) | Event::OAuthClient(_) => {
            Some(About { user: None, subject: Some(stream) })
        }
        Event::Subdomain(Subdomain::Taken(ownership) | Subdomain::GivenUp(ownership)) => {
            Some(About { user: None, subject: Some(ownership.tenant_id.0) })
        }
        Event::Message(_) | Event::Session(_) | Event::Webhook(_) | Event::WahaServer(_) => None,
    }
}

fn acting_user(actor: Actor) -> Option<Uuid> {
    if let Actor::User { id } = actor { Some(id.0) } else { None }
}

/// One decision.
#[derive(Debug, Serialize, FromRow, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecurityEventRow {
    /// The event's id.
    pub id: Uuid,
    /// Its stored name, such as `access_refused`.
    #[sqlx(rename = "event_type")]
    #[serde(rename = "type")]
    pub kind: String,
    /// The user it is about.
    pub user_id: Option<Uuid>,
    /// The login session, key, client, tenant or address it is about.
    pub subject_id: Option<Uuid>,
    /// Who decided it.
    #[schemars(with = "serde_json::Map<String, serde_json::Value>")]
    pub actor: Json<Box<RawValue>>,
    /// From which address.
    pub ip: Option<String>,
    /// With what, by its own word.
    pub user_agent: Option<String>,
    /// For which request.
    pub request_id: Option<String>,
    /// What it says.
    #[serde(serialize_with = "in_camel_case")]
    #[schemars(with = "serde_json::Map<String, serde_json::Value>")]
    pub data: Json<Box<RawValue>>,
    /// When it was recorded.
    pub occurred_at: DateTime<Utc>,
}

/// What a security event must be to be listed; what is not given does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq, JsonSchema)]
#[schemars(rename_all = "camelCase")]
pub struct SecurityFilter {
    /// Of this stored name.
    #[schemars(rename = "type")]
    pub kind: Option<String>,
    /// About this user.
    #[schemars(rename = "userId")]
    pub user: Option<UserId>,
    /// From this address.
    pub ip: Option<String>,
    /// Recorded then or later.
    pub from_date: Option<DateTime<Utc>>,
    /// Recorded before then.
    pub to_date: Option<DateTime<Utc>>,
}

/// The events that pass the filter, the newest first.
pub(crate) async fn list(
    connection: &mut PgConnection,
    tenant: TenantId,
    filter: &SecurityFilter,
    page: Page,
) -> Result<Listing<SecurityEventRow>, sqlx::Error> {
    Listing::read(
        connection,
        page,
        "occurred_at",
        |query| push_selection(query, tenant, filter),
        |row: &SecurityEventRow| Cursor::new(row.occurred_at, row.id),
    )
    .await
}

fn push_selection(query: &mut QueryBuilder<Postgres>, tenant: TenantId, filter: &SecurityFilter) {
    query.push("from security_events where tenant_id = ").push_bind(tenant.0);
    if let Some(kind) = &filter.kind {
        query.push(" and event_type = ").push_bind(kind.clone());
    }
    if let Some(user) = filter.user {
        query.push(" and user_id = ").push_bind(user.0);
    }
    if let Some(ip) = &filter.ip {
        query.push(" and ip = ").push_bind(ip.clone());
    }
    if let Some(from) = filter.from_date {
        query.push(" and occurred_at >= ").push_bind(from);
    }
    if let Some(to) = filter.to_date {
        query.push(" and occurred_at < ").push_bind(to);
    }
}

#[cfg(test)]
mod tests;
