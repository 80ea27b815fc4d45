//! The one door to the views.
//!
//! ```text
//! question --> begin read only; role := heliograph_reader, tenant := the asker's --> one or two queries
//! ```
//!
//! Invariant: no query of a tenant's runs outside such a transaction. Each names its tenant itself (the first
//! wall); row-level security hides the rows of all others even from one that forgot (the second).
//!
//! The transactions only read, so they are dropped rather than committed, which undoes role and tenant.

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::id::{MessageId, SessionId, TenantId, UserId};
use domain::stream::{Position, Version};
use sqlx::error::DatabaseError;
use sqlx::{PgPool, PgTransaction};

use crate::api_keys::{self, ApiKeyRow};
use crate::blocked_addresses::{self, BlockedAddressRow};
use crate::dead_letters::{self, DeadLetter, DeadLetterRow};
use crate::login_sessions::{self, LoginSessionRow};
use crate::message_history::{self, HistoryRow};
use crate::messages::filter::MessageFilter;
use crate::messages::{self, MessageRow};
use crate::oauth_clients::{self, OAuthClientRow};
use crate::page::{Listing, Page};
use crate::progress::Progress;
use crate::security_events::{self, SecurityEventRow, SecurityFilter};
use crate::sessions::{self, SessionRow};
use crate::stats::{self, StatsRange, StatsReport};
use crate::tenants::{self, TenantRow};
use crate::users::{self, UserRow};
use crate::webhook_log::{self, WebhookStats};

/// Answers questions from the views.
#[derive(Debug, Clone)]
pub struct ReadModels {
    pool: PgPool,
    progress: Progress,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It took longer than any question may.
    #[error("the query took longer than a query may")]
    TooSlow(#[source] sqlx::Error),
    /// The database is away, or the view is not as it should be.
    #[error("the read models cannot be read")]
    Unavailable(#[source] sqlx::Error),
}

/// PostgreSQL's code for a statement cancelled, here by its timeout.
const QUERY_CANCELED: &str = "57014";

impl From<sqlx::Error> for ReadError {
    fn from(error: sqlx::Error) -> Self {
        let code = error.as_database_error().and_then(DatabaseError::code);
        if code.as_deref() == Some(QUERY_CANCELED) {
            Self::TooSlow(error)
        } else {
            Self::Unavailable(error)
        }
    }
}

impl ReadModels {
    /// The views in this database.
    pub fn new(pool: PgPool) -> Self {
        Self { progress: Progress::new(pool.clone()), pool }
    }

    /// Waits until a projection has applied every event up to `position`; false if it has not in time.
    pub async fn reached(
        &self,
        projection: &str,
        position: Position,
        within: Duration,
    ) -> Result<bool, ReadError> {
        Ok(self.progress.reached(projection, position, within).await?)
    }

    /// One message.
    pub async fn find_message(
        &self,
        tenant: TenantId,
        id: MessageId,
    ) -> Result<Option<MessageRow>, ReadError> {
        let mut transaction = self.as_tenant(tenant).await?;
        Ok(messages::find(&mut transaction, tenant, id).await?)
    }

    /// The messages that pass the filter, the newest first.
    pub async fn list_messages(
        &self,
        tenant: TenantId,
        filter: &MessageFilter,
        page: Page,
    ) -> Result<Listing<MessageRow>, ReadError> {
        let mut transaction = self.as_tenant(tenant).await?;
        Ok(messages::list(&mut transaction, tenant, filter, page).await?)
    }

    /// What happened to a message after a version, the oldest first, at most
    /// [`EVENTS_MAX`](message_history::EVENTS_MAX) events.
    pub async fn message_history(
        &self,
        tenant: TenantId,
        id: MessageId,
        after: Version,
        limit: u32,
    ) -> Result<Vec<HistoryRow>, ReadError> {
        let mut transaction = self.as_tenant(tenant).await?;
        Ok(message_history::history(&mut transaction, tenant, id, after, limit).await?)
    }

    /// The messages created in a time, in numbers.
    pub async fn message_stats(
        &self,
        tenant: TenantId,
        range: StatsRange,
    ) -> Result<StatsReport, ReadError> {
        let mut transaction = self.as_tenant(tenant).await?;
        Ok(stats::stats(&mut transaction, tenant, range).await?)
    }

    /// One session.
    pub async fn find_session(
        &self,
        tenant: TenantId,
        id: SessionId,
    ) -> Result<Option<SessionRow>, ReadError> {
        let mut transaction = self.as_tenant(tenant).await?;
        Ok(sessions::find(&mut transaction, tenant, id).await?)
    }

    /// The sessions, the newest first.
    pub async fn list_sessions(
        &self,
        tenant: TenantId,
        page: Page,
    ) -> Result<Listing<SessionRow>, ReadError> {
        let mut transaction = self.as_tenant(tenant).await?;
        Ok(sessions::list(&mut transaction, tenant, page).await?)
    }

    /// One dead letter, with its attempts.
    pub async fn find_dead_letter(
        &self,
        tenant: TenantId,
        id: MessageId,
    ) -> Result<Option<DeadLetter>, ReadError> {
        let mut transaction = self.as_tenant(tenant).await?;
        Ok(dead_letters::find(&mut transaction, tenant, id).await?)
    }

    /// The dead letters, the newest first; of one session, if that is asked.
    pub async fn list_dead_letters(
        &self,
        tenant: TenantId,
        session: Option<SessionId>,
        page: Page,
    ) -> Result<Listing<DeadLetterRow>, ReadError> {
        let mut transaction = self.as_tenant(tenant).await?;
        Ok(dead_letters::list(&mut transaction, tenant, session, page).await?)
    }

    /// One user.
    pub async fn find_user(
        &self,
        tenant: TenantId,
        id: UserId,
    ) -> Result<Option<UserRow>, ReadError> {
        let mut transaction = self.as_tenant(tenant).await?;
        Ok(users::find(&mut transaction, tenant, id).await?)
    }

    /// The users, the newest first.
    pub async fn list_users(
        &self,
        tenant: TenantId,
        page: Page,
    ) -> Result<Listing<UserRow>, ReadError> {
        let mut transaction = self.as_tenant(tenant).await?;
        Ok(users::list(&mut transaction, tenant, page).await?)
    }

    /// A user's login sessions that are not over, the newest first.
    pub async fn login_sessions(
        &self,
        tenant: TenantId,
        user: UserId,
        idle_since: DateTime<Utc>,
    ) -> Result<Vec<LoginSessionRow>, ReadError> {
        let mut transaction = self.as_tenant(tenant).await?;
        Ok(login_sessions::of_user(&mut transaction, tenant, user, idle_since).await?)
    }

    /// The decisions about who may do what that pass the filter, the newest first.
    pub async fn list_security_events(
        &self,
        tenant: TenantId,
        filter: &SecurityFilter,
        page: Page,
    ) -> Result<Listing<SecurityEventRow>, ReadError> {
        let mut transaction = self.as_tenant(tenant).await?;
        Ok(security_events::list(&mut transaction, tenant, filter, page).await?)
    }

    /// The installation's tenants, the newest first. For those who run it.
    pub async fn list_tenants(&self, page: Page) -> Result<Listing<TenantRow>, ReadError> {
        let mut transaction = self.as_installation().await?;
        Ok(tenants::list(&mut transaction, page).await?)
    }

    /// One of the installation's tenants. For those who run it.
    pub async fn find_tenant(&self, id: TenantId) -> Result<Option<TenantRow>, ReadError> {
        let mut transaction = self.as_installation().await?;
        Ok(tenants::find(&mut transaction, id).await?)
    }

    /// The addresses that are blocked, the newest first. For those who run the installation.
    pub async fn list_blocked_addresses(
        &self,
        now: DateTime<Utc>,
        page: Page,
    ) -> Result<Listing<BlockedAddressRow>, ReadError> {
        let mut transaction = self.as_installation().await?;
        Ok(blocked_addresses::list(&mut transaction, now, page).await?)
    }

    /// The OAuth2 clients, the newest first.
    pub async fn list_oauth_clients(
        &self,
        tenant: TenantId,
        page: Page,
    ) -> Result<Listing<OAuthClientRow>, ReadError> {
        let mut transaction = self.as_tenant(tenant).await?;
        Ok(oauth_clients::list(&mut transaction, tenant, page).await?)
    }

    /// The API keys, the newest first.
    pub async fn list_api_keys(
        &self,
        tenant: TenantId,
        page: Page,
    ) -> Result<Listing<ApiKeyRow>, ReadError> {
        let mut transaction = self.as_tenant(tenant).await?;
        Ok(api_keys::list(&mut transaction, tenant, page).await?)
    }

    /// The whole installation's webhooks of the 24 hours before `now`, in numbers. For those who run it, not
    /// for tenants.
    pub async fn webhook_stats(&self, now: DateTime<Utc>) -> Result<WebhookStats, ReadError> {
        let mut transaction = self.as_installation().await?;
        Ok(webhook_log::stats(&mut transaction, now).await?)
    }

    /// A transaction that sees what is the installation's.
    async fn as_installation(&self) -> Result<PgTransaction<'static>, sqlx::Error> {
        let begin = "begin isolation level repeatable read, read only";
        let mut transaction = self.pool.begin_with(begin).await?;
        sqlx::query("select set_config('statement_timeout', '5s', true)")
            .execute(&mut *transaction)
            .await?;
        Ok(transaction)
    }

    /// A transaction that sees this tenant's rows and no other's, all as they are at one moment: a list and its
    /// total agree.
    async fn as_tenant(&self, tenant: TenantId) -> Result<PgTransaction<'static>, sqlx::Error> {
        let begin = "begin isolation level repeatable read, read only";
        let mut transaction = self.pool.begin_with(begin).await?;
        sqlx::query(
            "select set_config('role', 'heliograph_reader', true),
                 set_config('heliograph.tenant_id', $1, true),
                 set_config('statement_timeout', '5s', true)",
        )
        .bind(tenant.to_string())
        .execute(&mut *transaction)
        .await?;
        Ok(transaction)
    }
}

#[cfg(test)]
mod tests;
