//! How users sign in: e-mail address and password hash. A secret, so not in the log.
//!
//! The table also decides to whom an address belongs: it is reserved here first, and then the user is appended to the
//! log. If the process dies in between, the next attempt finds the reservation and goes on with the id in it.

use domain::email::{EmailAddress, InvalidEmail};
use domain::id::{TenantId, UserId};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, PgPool, Row};
use uuid::Uuid;

/// The credentials of every user.
#[derive(Clone)]
pub struct Credentials {
    pool: PgPool,
}

/// Stands for the hash of a user who was invited and has no password yet.
pub const NO_PASSWORD: &str = "none";

/// How one user signs in.
#[derive(Clone)]
pub struct Credential {
    /// Whose user.
    pub tenant_id: TenantId,
    /// Which user.
    pub user_id: UserId,
    /// The address.
    pub email: EmailAddress,
    /// Argon2id, in PHC string format; or [`NO_PASSWORD`].
    pub password_hash: String,
}

impl Credentials {
    /// In this database.
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// Reserves an address for a user; answers whose it is, which may be an older reservation's.
    pub async fn reserve(&self, credential: &Credential) -> Result<UserId, sqlx::Error> {
        let user: Uuid = sqlx::query_scalar(
            "insert into credentials (user_id, tenant_id, email, password_hash)
             values ($1, $2, $3, $4)
             on conflict (email, tenant_id) do update set email = excluded.email
             returning user_id",
        )
        .bind(credential.user_id.0)
        .bind(credential.tenant_id.0)
        .bind(credential.email.as_str())
        .bind(&credential.password_hash)
        .fetch_one(&self.pool)
        .await?;
        Ok(UserId(user))
    }

    /// Gives a user another password.
    pub async fn set_password(&self, user: UserId, password_hash: &str) -> Result<(), sqlx::Error> {
        sqlx::query("update credentials set password_hash = $2 where user_id = $1")
            .bind(user.0)
            .bind(password_hash)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// The hash of a user's password, if there is such a user.
    pub async fn hash_of(
        &self,
        tenant: TenantId,
        user: UserId,
    ) -> Result<Option<String>, sqlx::Error> {
        sqlx::query_scalar(
            "select password_hash from credentials where user_id = $1 and tenant_id = $2",
        )
        .bind(user.0)
        .bind(tenant.0)
        .fetch_optional(&self.pool)
        .await
    }

    /// Users after one of them, in one tenant or in all, in the order of their ids; none at the end.
    pub async fn page(
        &self,
        tenant: Option<TenantId>,
        after: Option<UserId>,
    ) -> Result<Vec<Credential>, sqlx::Error> {
        let rows = sqlx::query(
            "select user_id, tenant_id, email, password_hash from credentials
             where ($1::uuid is null or tenant_id = $1) and user_id > $2
             order by user_id limit 500",
        )
        .bind(tenant.map(|tenant| tenant.0))
        .bind(after.map_or(Uuid::nil(), |user| user.0))
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(credential).collect()
    }

    /// Every tenant that has users.
    pub async fn tenants(&self) -> Result<Vec<TenantId>, sqlx::Error> {
        let ids: Vec<Uuid> =
            sqlx::query_scalar("select distinct tenant_id from credentials order by tenant_id")
                .fetch_all(&self.pool)
                .await?;
        Ok(ids.into_iter().map(TenantId).collect())
    }

    /// Those with an address, in one tenant or in any; at most a few.
    pub async fn find(
        &self,
        email: &EmailAddress,
        tenant: Option<TenantId>,
    ) -> Result<Vec<Credential>, sqlx::Error> {
        let rows = sqlx::query(
            "select user_id, tenant_id, email, password_hash from credentials
             where email = $1 and ($2::uuid is null or tenant_id = $2)
             order by tenant_id limit 10",
        )
        .bind(email.as_str())
        .bind(tenant.map(|tenant| tenant.0))
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(credential).collect()
    }
}

/// How a user signs in, if there is such a user.
pub(crate) async fn of_user(
    connection: &mut PgConnection,
    user: UserId,
) -> Result<Option<Credential>, sqlx::Error> {
    let row = sqlx::query(
        "select user_id, tenant_id, email, password_hash from credentials where user_id = $1",
    );
    row.bind(user.0).fetch_optional(connection).await?.as_ref().map(credential).transpose()
}

fn credential(row: &PgRow) -> Result<Credential, sqlx::Error> {
    let email: String = row.try_get("email")?;
    Ok(Credential {
        tenant_id: TenantId(row.try_get::<Uuid, _>("tenant_id")?),
        user_id: UserId(row.try_get::<Uuid, _>("user_id")?),
        email: email.parse().map_err(|error: InvalidEmail| sqlx::Error::Decode(error.into()))?,
        password_hash: row.try_get("password_hash")?,
    })
}
