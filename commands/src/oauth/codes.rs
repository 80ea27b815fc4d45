//! Authorization codes: kept by their hash, spent once.
//!
//! Invariant: of all who show a code, one at most is given anything for it; and when it is shown again, what it gave is
//! found to be ended, even if it is being given at that moment (RFC 6749, section 4.1.2).

use chrono::{DateTime, Utc};
use domain::access::permissions::Permissions;
use domain::id::{ClientId, LoginSessionId, TenantId, UserId};
use domain::login_session::Epochs;
use sqlx::{FromRow, PgPool};
use uuid::Uuid;

use crate::opaque_secret::OpaqueSecret;

/// Codes that are removed at a time: more than are made at a time.
const SWEPT_MAX: i64 = 100;

/// The codes.
#[derive(Clone)]
pub struct AuthorizationCodes {
    pool: PgPool,
}

/// What a user has consented to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// Whose user.
    pub tenant_id: TenantId,
    /// To whom.
    pub client_id: ClientId,
    /// Who.
    pub user_id: UserId,
    /// Where the code was sent.
    pub redirect_uri: String,
    /// What the verifier must hash to (RFC 7636, section 4.6).
    pub code_challenge: String,
    /// In which epochs: a sign-out everywhere ends codes, too.
    pub epochs: Epochs,
    /// To what.
    pub scopes: Permissions,
    /// Until when the code is good.
    pub expires_at: DateTime<Utc>,
}

/// What came of showing a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Spent {
    /// It was good.
    Now(Consent),
    /// It had been shown before; what it gave, as far as that is known.
    Before {
        /// Whose user.
        tenant_id: TenantId,
        /// Who.
        user_id: UserId,
        /// To whom it was given.
        client_id: ClientId,
        /// What it gave.
        login_session: Option<LoginSessionId>,
    },
    /// There is no such code.
    Unknown,
}

#[derive(FromRow)]
struct Row {
    tenant_id: Uuid,
    client_id: Uuid,
    user_id: Uuid,
    redirect_uri: String,
    code_challenge: String,
    #[sqlx(try_from = "i64")]
    user_epoch: u32,
    #[sqlx(try_from = "i64")]
    tenant_epoch: u32,
    #[sqlx(try_from = "String")]
    scopes: Permissions,
    expires_at: DateTime<Utc>,
    login_session_id: Option<Uuid>,
}

impl AuthorizationCodes {
    /// In this database.
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// Keeps what a code stands for; removes some that are long over.
    pub async fn keep(&self, code: &OpaqueSecret, consent: &Consent) -> Result<(), sqlx::Error> {
        sqlx::query(
            "insert into authorization_codes (code_hash, tenant_id, client_id, user_id, redirect_uri,
                 code_challenge, scopes, expires_at, user_epoch, tenant_epoch)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        )
        .bind(code.hash().as_bytes())
        .bind(consent.tenant_id.0)
        .bind(consent.client_id.0)
        .bind(consent.user_id.0)
        .bind(&consent.redirect_uri)
        .bind(&consent.code_challenge)
        .bind(consent.scopes.to_string())
        .bind(consent.expires_at)
        .bind(i64::from(consent.epochs.user))
        .bind(i64::from(consent.epochs.tenant))
        .execute(&self.pool)
        .await?;
        sqlx::query(
            "delete from authorization_codes where code_hash in
                 (select code_hash from authorization_codes where expires_at < now() - interval '1 day'
                  order by expires_at limit $1)",
        )
        .bind(SWEPT_MAX)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Spends a code.
    pub async fn spend(&self, code: &OpaqueSecret) -> Result<Spent, sqlx::Error> {
        let hash = code.hash();
        let first: Option<Row> = sqlx::query_as(
            "update authorization_codes set spent_at = now()
             where code_hash = $1 and spent_at is null returning *",
        )
        .bind(hash.as_bytes())
        .fetch_optional(&self.pool)
        .await?;
        if let Some(row) = first {
            return Ok(Spent::Now(Consent {
                tenant_id: TenantId(row.tenant_id),
                client_id: ClientId(row.client_id),
                user_id: UserId(row.user_id),
                redirect_uri: row.redirect_uri,
                code_challenge: row.code_challenge,
                epochs: Epochs { user: row.user_epoch, tenant: row.tenant_epoch },
                scopes: row.scopes,
                expires_at: row.expires_at,
            }));
        }
        let again: Option<Row> = sqlx::query_as(
            "update authorization_codes set came_back = true where code_hash = $1 returning *",
        )
        .bind(hash.as_bytes())
        .fetch_optional(&self.pool)
        .await?;
        Ok(again.map_or(Spent::Unknown, |row| Spent::Before {
            tenant_id: TenantId(row.tenant_id),
            user_id: UserId(row.user_id),
            client_id: ClientId(row.client_id),
            login_session: row.login_session_id.map(LoginSessionId),
        }))
    }

    /// Notes what a code gave; false if it was shown again meanwhile, so that nothing may be given for it.
    pub async fn gave(
        &self,
        code: &OpaqueSecret,
        session: LoginSessionId,
    ) -> Result<bool, sqlx::Error> {
        let came_back: Option<bool> = sqlx::query_scalar(
            "update authorization_codes set login_session_id = $2 where code_hash = $1
             returning came_back",
        )
        .bind(code.hash().as_bytes())
        .bind(session.0)
        .fetch_optional(&self.pool)
        .await?;
        Ok(came_back == Some(false))
    }
}
