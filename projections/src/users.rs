//! The users of tenants as they are now: the table `users`.

use schemars::JsonSchema;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::event::Event;
use domain::id::{TenantId, UserId};
use domain::ports::event_log::RecordedEvent;
use domain::stream::Category;
use domain::user::event::Event as UserEvent;
use serde::Serialize;
use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder};
use uuid::Uuid;

use crate::batch::column;
use crate::page::{Cursor, Listing, Page};
use crate::projector::Projection;
use crate::touched::{self, Key, key};

/// Writes the users.
pub struct Users;

#[async_trait]
impl Projection for Users {
    fn name(&self) -> &'static str {
        "users"
    }

    fn definition(&self) -> &'static [&'static str] {
        &[include_str!("../../migrations/20261121110100_users.sql")]
    }

    fn concerns(&self, event: &RecordedEvent) -> bool {
        matches!(event.event, Event::User(_))
    }

    async fn apply(
        &self,
        connection: &mut PgConnection,
        events: &[Arc<RecordedEvent>],
    ) -> Result<(), sqlx::Error> {
        let touched = touched::keys(events, Category::User);
        if touched.is_empty() {
            return Ok(());
        }
        let mut known = load(connection, &touched).await?;
        for recorded in events {
            let Event::User(event) = &recorded.event else { continue };
            let key = key(recorded);
            if let Some(user) = evolve(known.remove(&key), key, event) {
                known.insert(key, user);
            }
        }
        write(connection, &known.into_values().collect::<Vec<_>>()).await
    }
}

/// A user, with whose it is.
#[derive(Debug, Clone, FromRow)]
struct User {
    tenant_id: Uuid,
    #[sqlx(flatten)]
    row: UserRow,
}

/// A user, as clients are shown it.
#[expect(clippy::struct_excessive_bools, reason = "four facts that are independent of each other")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserRow {
    /// Its id.
    pub id: Uuid,
    /// Signs in with it.
    pub email: String,
    /// What it is in the tenant.
    pub role: String,
    /// Whether it may sign in at all.
    pub is_active: bool,
    /// Whether it has read mail at its address.
    pub is_verified: bool,
    /// Whether it signs in with a second factor.
    pub has_second_factor: bool,
    /// Whether it was locked, and not unlocked since; the lock may be over.
    pub is_locked: bool,
    /// When the lock is over; none: not before somebody unlocks it.
    pub locked_until: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When anything was last told of it.
    pub updated_at: DateTime<Utc>,
}

fn evolve(known: Option<User>, (tenant_id, id): Key, event: &UserEvent) -> Option<User> {
    if let UserEvent::Created(created) = event {
        let row = UserRow {
            id,
            email: created.email.as_str().to_owned(),
            role: created.role.as_str().to_owned(),
            is_active: true,
            is_verified: false,
            has_second_factor: false,
            is_locked: false,
            locked_until: None,
            created_at: created.at,
            updated_at: created.at,
        };
        return Some(User { tenant_id, row });
    }
    let mut user = known?;
    let row = &mut user.row;
    row.updated_at = match event {
        UserEvent::Created(created) => created.at,
        UserEvent::EmailVerified(moment) => {
            row.is_verified = true;
            moment.at
        }
        UserEvent::RoleChanged(changed) => {
            changed.role.as_str().clone_into(&mut row.role);
            changed.at
        }
        UserEvent::Deactivated(moment) => {
            row.is_active = false;
            moment.at
        }
        UserEvent::Reactivated(moment) => {
            row.is_active = true;
            moment.at
        }
        UserEvent::Locked(locked) => {
            (row.is_locked, row.locked_until) = (true, locked.until);
            locked.at
        }
        UserEvent::Unlocked(moment) => {
            (row.is_locked, row.locked_until) = (false, None);
            moment.at
        }
        UserEvent::SecondFactorEnabled(moment) => {
            row.has_second_factor = true;
            moment.at
        }
        UserEvent::SecondFactorDisabled(disabled) => {
            row.has_second_factor = false;
            disabled.at
        }
        UserEvent::PasswordChanged(changed) => changed.at,
        UserEvent::SignedOutEverywhere(signed_out) => signed_out.at,
        UserEvent::BackupCodeUsed(code) => code.at,
        UserEvent::BackupCodesReplaced(moment) => moment.at,
    };
    Some(user)
}

async fn load(
    connection: &mut PgConnection,
    keys: &BTreeSet<Key>,
) -> Result<BTreeMap<Key, User>, sqlx::Error> {
    let rows: Vec<User> = touched::load(connection, "users", keys).await?;
    Ok(rows.into_iter().map(|user| ((user.tenant_id, user.row.id), user)).collect())
}

async fn write(connection: &mut PgConnection, users: &[User]) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into users (tenant_id, id, email, role, is_active, is_verified, has_second_factor,
             is_locked, locked_until, created_at, updated_at)
         select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::boolean[], $6::boolean[],
             $7::boolean[], $8::boolean[], $9::timestamptz[], $10::timestamptz[], $11::timestamptz[])
         on conflict (tenant_id, id) do update set
             role = excluded.role, is_active = excluded.is_active, is_verified = excluded.is_verified,
             has_second_factor = excluded.has_second_factor, is_locked = excluded.is_locked,
             locked_until = excluded.locked_until, updated_at = excluded.updated_at",
    )
    .bind(column(users, |user| user.tenant_id))
    .bind(column(users, |user| user.row.id))
    .bind(column(users, |user| user.row.email.as_str()))
    .bind(column(users, |user| user.row.role.as_str()))
    .bind(column(users, |user| user.row.is_active))
    .bind(column(users, |user| user.row.is_verified))
    .bind(column(users, |user| user.row.has_second_factor))
    .bind(column(users, |user| user.row.is_locked))
    .bind(column(users, |user| user.row.locked_until))
    .bind(column(users, |user| user.row.created_at))
    .bind(column(users, |user| user.row.updated_at))
    .execute(connection)
    .await?;
    Ok(())
}

/// One user.
pub(crate) async fn find(
    connection: &mut PgConnection,
    tenant: TenantId,
    id: UserId,
) -> Result<Option<UserRow>, sqlx::Error> {
    sqlx::query_as("select * from users where tenant_id = $1 and id = $2")
        .bind(tenant.0)
        .bind(id.0)
        .fetch_optional(connection)
        .await
}

/// The users, the newest first.
pub(crate) async fn list(
    connection: &mut PgConnection,
    tenant: TenantId,
    page: Page,
) -> Result<Listing<UserRow>, sqlx::Error> {
    Listing::read(
        connection,
        page,
        "created_at",
        |query| push_selection(query, tenant),
        |row: &UserRow| Cursor::new(row.created_at, row.id),
    )
    .await
}

fn push_selection(query: &mut QueryBuilder<Postgres>, tenant: TenantId) {
    query.push("from users where tenant_id = ").push_bind(tenant.0);
}

#[cfg(test)]
mod tests;
