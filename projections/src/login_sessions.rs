//! The login sessions of users: the tables `login_sessions` and `login_epochs`.
//!
//! A session is over when it was revoked, or when all of its user's or its tenant's were ended since it began: each
//! such end counts up an epoch (see `domain::user`), and no row of a session need be found for it.

use schemars::JsonSchema;
use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::event::Event;
use domain::id::{TenantId, UserId};
use domain::login_session::{Event as SessionEvent, Revoked, Started};
use domain::ports::event_log::RecordedEvent;
use domain::tenant::Event as TenantEvent;
use domain::user::event::Event as UserEvent;
use serde::Serialize;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use crate::batch::{column, integer, storable_text};
use crate::projector::Projection;
use crate::touched::{Key, key};

/// Most sessions of a user that are listed.
pub const SESSIONS_MAX: i64 = 1_000;

/// Writes the login sessions.
pub struct LoginSessions;

/// What a batch tells.
#[derive(Default)]
struct Told<'a> {
    started: Vec<(Key, &'a Started)>,
    refreshed: BTreeMap<Key, DateTime<Utc>>,
    revoked: BTreeMap<Key, Revoked>,
    /// How many epochs of whom (a user, or a tenant) have ended, and when the last did.
    epochs: BTreeMap<Key, (i32, DateTime<Utc>)>,
}

#[async_trait]
impl Projection for LoginSessions {
    fn name(&self) -> &'static str {
        "login_sessions"
    }

    fn definition(&self) -> &'static [&'static str] {
        &[include_str!("../../migrations/20261121110200_login_sessions.sql")]
    }

    fn concerns(&self, event: &RecordedEvent) -> bool {
        matches!(event.event, Event::LoginSession(_)) || ended_epoch(event).is_some()
    }

    async fn apply(
        &self,
        connection: &mut PgConnection,
        events: &[Arc<RecordedEvent>],
    ) -> Result<(), sqlx::Error> {
        let told = Told::of(events);
        start(connection, &told.started).await?;
        refresh(connection, told.refreshed).await?;
        revoke(connection, told.revoked).await?;
        begin_epochs(connection, told.epochs).await
    }
}

/// Whose sessions were all ended, and when.
fn ended_epoch(recorded: &RecordedEvent) -> Option<DateTime<Utc>> {
    match &recorded.event {
        Event::User(UserEvent::Deactivated(moment)) => Some(moment.at),
        Event::User(UserEvent::PasswordChanged(changed)) => Some(changed.at),
        Event::User(UserEvent::SignedOutEverywhere(signed_out)) => Some(signed_out.at),
        Event::Tenant(
            TenantEvent::Suspended(moment) | TenantEvent::SignedOutEverywhere(moment),
        ) => Some(moment.at),
        _ => None,
    }
}

impl<'a> Told<'a> {
    fn of(events: &'a [Arc<RecordedEvent>]) -> Self {
        let mut told = Self::default();
        for recorded in events {
            let key = key(recorded);
            match &recorded.event {
                Event::LoginSession(SessionEvent::Started(started)) => {
                    told.started.push((key, started));
                }
                Event::LoginSession(SessionEvent::Refreshed(refreshed)) => {
                    told.refreshed.insert(key, refreshed.at);
                }
                Event::LoginSession(SessionEvent::Revoked(revoked)) => {
                    told.revoked.insert(key, *revoked);
                }
                _ => {
                    if let Some(at) = ended_epoch(recorded) {
                        let (ended, last) = told.epochs.entry(key).or_insert((0, at));
                        (*ended, *last) = (*ended + 1, at);
                    }
                }
            }
        }
        told
    }
}

async fn start(
    connection: &mut PgConnection,
    started: &[(Key, &Started)],
) -> Result<(), sqlx::Error> {
    if started.is_empty() {
        return Ok(());
    }
    let text = |text: &Option<String>| text.as_deref().map(storable_text);
    sqlx::query(
        "insert into login_sessions (tenant_id, id, user_id, user_epoch, tenant_epoch, ip, user_agent,
             started_at, refreshed_at)
         select *, started_at from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::integer[], $5::integer[],
             $6::text[], $7::text[], $8::timestamptz[])
             as session (tenant_id, id, user_id, user_epoch, tenant_epoch, ip, user_agent, started_at)",
    )
    .bind(column(started, |((tenant, _), _)| *tenant))
    .bind(column(started, |((_, id), _)| *id))
    .bind(column(started, |(_, started)| started.user_id.0))
    .bind(column(started, |(_, started)| integer(started.epochs.user)))
    .bind(column(started, |(_, started)| integer(started.epochs.tenant)))
    .bind(column(started, |(_, started)| text(&started.origin.ip)))
    .bind(column(started, |(_, started)| text(&started.origin.user_agent)))
    .bind(column(started, |(_, started)| started.at))
    .execute(connection)
    .await?;
    Ok(())
}

async fn refresh(
    connection: &mut PgConnection,
    refreshed: BTreeMap<Key, DateTime<Utc>>,
) -> Result<(), sqlx::Error> {
    let refreshed: Vec<_> = refreshed.into_iter().collect();
    if refreshed.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "update login_sessions set refreshed_at = told.at
         from unnest($1::uuid[], $2::uuid[], $3::timestamptz[]) as told (tenant_id, id, at)
         where login_sessions.tenant_id = told.tenant_id and login_sessions.id = told.id",
    )
    .bind(column(&refreshed, |((tenant, _), _)| *tenant))
    .bind(column(&refreshed, |((_, id), _)| *id))
    .bind(column(&refreshed, |(_, at)| *at))
    .execute(connection)
    .await?;
    Ok(())
}

async fn revoke(
    connection: &mut PgConnection,
    revoked: BTreeMap<Key, Revoked>,
) -> Result<(), sqlx::Error> {
    let revoked: Vec<_> = revoked.into_iter().collect();
    if revoked.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "update login_sessions set revoked_at = told.at, revocation_reason = told.reason
         from unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::text[])
             as told (tenant_id, id, at, reason)
         where login_sessions.tenant_id = told.tenant_id and login_sessions.id = told.id",
    )
    .bind(column(&revoked, |((tenant, _), _)| *tenant))
    .bind(column(&revoked, |((_, id), _)| *id))
    .bind(column(&revoked, |(_, revoked)| revoked.at))
    .bind(column(&revoked, |(_, revoked)| revoked.reason.as_str()))
    .execute(connection)
    .await?;
    Ok(())
}

async fn begin_epochs(
    connection: &mut PgConnection,
    epochs: BTreeMap<Key, (i32, DateTime<Utc>)>,
) -> Result<(), sqlx::Error> {
    let epochs: Vec<_> = epochs.into_iter().collect();
    if epochs.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "insert into login_epochs as known (tenant_id, owner_id, epoch, began_at)
         select * from unnest($1::uuid[], $2::uuid[], $3::integer[], $4::timestamptz[])
         on conflict (tenant_id, owner_id) do update set
             epoch = known.epoch + excluded.epoch, began_at = excluded.began_at",
    )
    .bind(column(&epochs, |((tenant, _), _)| *tenant))
    .bind(column(&epochs, |((_, owner), _)| *owner))
    .bind(column(&epochs, |(_, (ended, _))| *ended))
    .bind(column(&epochs, |(_, (_, at))| *at))
    .execute(connection)
    .await?;
    Ok(())
}

/// A login session that is not over, as its owner is shown it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LoginSessionRow {
    /// Its id.
    pub id: Uuid,
    /// The address it began from.
    pub ip: Option<String>,
    /// What the client said it was.
    pub user_agent: Option<String>,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it was last refreshed, or began.
    pub refreshed_at: DateTime<Utc>,
}

/// A user's login sessions that nobody has ended and that were told of since `idle_since`, the newest first, at most
/// [`SESSIONS_MAX`].
pub(crate) async fn of_user(
    connection: &mut PgConnection,
    tenant: TenantId,
    user: UserId,
    idle_since: DateTime<Utc>,
) -> Result<Vec<LoginSessionRow>, sqlx::Error> {
    sqlx::query_as(
        "select session.id, session.ip, session.user_agent, session.started_at, session.refreshed_at
         from login_sessions as session
         left join login_epochs as of_user
             on of_user.tenant_id = session.tenant_id and of_user.owner_id = session.user_id
         left join login_epochs as of_tenant
             on of_tenant.tenant_id = session.tenant_id and of_tenant.owner_id = session.tenant_id
         where session.tenant_id = $1 and session.user_id = $2 and session.revoked_at is null
             and session.refreshed_at > $3
             and session.user_epoch = coalesce(of_user.epoch, 0)
             and session.tenant_epoch = coalesce(of_tenant.epoch, 0)
         order by session.started_at desc, session.id desc limit $4",
    )
    .bind(tenant.0)
    .bind(user.0)
    .bind(idle_since)
    .bind(SESSIONS_MAX)
    .fetch_all(connection)
    .await
}

#[cfg(test)]
mod tests;
