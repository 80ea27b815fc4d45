//! How users sign in: e-mail address and password hash. A secret, so not in the log.
//!
//! The table also decides to whom an address belongs: a user is added here first, and then to the log.

use domain::email::EmailAddress;
use domain::id::{TenantId, UserId};
use sqlx::{PgPool, Row};
use uuid::Uuid;

/// The credentials of every user.
#[derive(Clone)]
pub struct Credentials {
    pool: PgPool,
}

/// How one user signs in.
#[derive(Clone)]
pub struct Credential {
    /// Whose user.
    pub tenant_id: TenantId,
    /// Which user.
    pub user_id: UserId,
    /// The address.
    pub email: EmailAddress,
    /// Argon2id, in PHC string format.
    pub password_hash: String,
}

/// Why a credential was not added.
#[derive(Debug, thiserror::Error)]
pub enum AddError {
    /// The tenant has a user with this address.
    #[error("the tenant has a user with this e-mail address already")]
    EmailTaken,
    /// The database failed.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Credentials {
    /// In this database.
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// Adds one.
    pub async fn add(&self, credential: &Credential) -> Result<(), AddError> {
        let added = sqlx::query(
            "insert into credentials (user_id, tenant_id, email, password_hash)
             values ($1, $2, $3, $4) on conflict (email, tenant_id) do nothing",
        )
        .bind(credential.user_id.0)
        .bind(credential.tenant_id.0)
        .bind(credential.email.as_str())
        .bind(&credential.password_hash)
        .execute(&self.pool)
        .await?;
        if added.rows_affected() == 1 { Ok(()) } else { Err(AddError::EmailTaken) }
    }

    /// Those with an address, in one tenant or in any; at most a few.
    pub async fn find(
        &self,
        email: &EmailAddress,
        tenant: Option<TenantId>,
    ) -> Result<Vec<Credential>, sqlx::Error> {
        let rows = sqlx::query(
            "select user_id, tenant_id, password_hash from credentials
             where email = $1 and ($2::uuid is null or tenant_id = $2)
             order by tenant_id limit 10",
        )
        .bind(email.as_str())
        .bind(tenant.map(|tenant| tenant.0))
        .fetch_all(&self.pool)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(Credential {
                    tenant_id: TenantId(row.try_get::<Uuid, _>("tenant_id")?),
                    user_id: UserId(row.try_get::<Uuid, _>("user_id")?),
                    email: email.clone(),
                    password_hash: row.try_get("password_hash")?,
                })
            })
            .collect()
    }
}
