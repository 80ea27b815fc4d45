//! The secrets of second factors: the tables `second_factors` and `backup_codes`.
//!
//! ```text
//! enroll   a sealed secret, not confirmed
//! confirm  the first code       -> confirmed, backup codes  -> the log: second_factor_enabled
//! take     a code, once over all processes: a step is compared and set, a backup code is marked
//! forget                        the log: second_factor_disabled -> gone
//! ```
//!
//! Invariant: the log says whether a user signs in with a second factor. Should the process die between table and log,
//! the user has none: what is in the table means nothing then.

pub mod code;
pub mod totp;

use chrono::{DateTime, Utc};
use domain::id::{TenantId, UserId};
use sqlx::{PgConnection, PgPool, Row};
use uuid::Uuid;

use crate::sealing::{SealBroken, Sealer};
use code::BackupCode;
use totp::{Codes, Enrolment, SECRET_BYTES};

/// What the key is good for.
const PURPOSE: &str = "heliograph second factor v1";
/// Challenges of the past that are removed whenever one is spent.
const SWEPT_MAX: i64 = 100;

/// The secrets of second factors.
#[derive(Clone)]
pub struct SecondFactors {
    pool: PgPool,
    sealer: Option<Sealer>,
}

/// What came of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trial {
    /// It is right, and has not been used before.
    Right,
    /// It is another.
    Wrong,
    /// It was right, and was used before.
    Reused,
}

/// Why the secrets of second factors cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    /// The server has no secret to seal with.
    #[error("there is no second factor on this server: set SECRETS_KEY")]
    NoKey,
    /// The secret was sealed with another key.
    #[error("the second factor's secret cannot be read: is SECRETS_KEY another than it was?")]
    Unreadable(#[from] SealBroken),
    /// The database is away.
    #[error("the second factor could not be read")]
    Database(#[from] sqlx::Error),
}

impl SecondFactors {
    /// In this database, sealed with a secret of the server's. Without one only backup codes are taken.
    pub fn new(pool: PgPool, key: Option<&secrecy::SecretString>) -> Result<Self, SealBroken> {
        let sealer = key.map(|key| Sealer::new(key, PURPOSE)).transpose()?;
        Ok(Self { pool, sealer })
    }

    /// Keeps a new secret for a user, who is to show a code of it. None: one was confirmed this very moment.
    pub async fn enroll(
        &self,
        (tenant, user): (TenantId, UserId),
        account: &str,
        secret: [u8; SECRET_BYTES],
    ) -> Result<Option<Enrolment>, SecretsError> {
        let codes = Codes::of(&secret).map_err(|_| SealBroken)?;
        let sealed = self.sealer()?.seal(user.0.as_bytes(), &secret)?;
        let kept = sqlx::query(
            "insert into second_factors as known (user_id, tenant_id, secret) values ($1, $2, $3)
             on conflict (user_id) do update set
                 secret = excluded.secret, confirmed_at = null, last_used_step = 0
             where known.confirmed_at is null
                 or known.confirmed_at < now() - interval '1 minute'",
        )
        .bind(user.0)
        .bind(tenant.0)
        .bind(sealed)
        .execute(&self.pool)
        .await?;
        Ok((kept.rows_affected() == 1).then(|| codes.enrolment(account)))
    }

    /// Takes the first code of a secret that was kept; backup codes are kept with it.
    pub async fn confirm(
        &self,
        user: UserId,
        code: &str,
        backup_codes: &[BackupCode],
        now: DateTime<Utc>,
    ) -> Result<Trial, SecretsError> {
        let Some(step) = self.step_of(user, code, now).await? else { return Ok(Trial::Wrong) };
        let mut transaction = self.pool.begin().await?;
        let confirmed = sqlx::query(
            "update second_factors set confirmed_at = now(), last_used_step = $2
             where user_id = $1 and confirmed_at is null",
        )
        .bind(user.0)
        .bind(step)
        .execute(&mut *transaction)
        .await?;
        if confirmed.rows_affected() == 0 {
            return Ok(Trial::Reused);
        }
        write_backup_codes(&mut transaction, user, backup_codes).await?;
        transaction.commit().await?;
        Ok(Trial::Right)
    }

    /// Takes a code of the moment. Of any number at once that show a step's code, one is right.
    pub async fn take_totp(
        &self,
        user: UserId,
        code: &str,
        now: DateTime<Utc>,
    ) -> Result<Trial, SecretsError> {
        let Some(step) = self.step_of(user, code, now).await? else { return Ok(Trial::Wrong) };
        let taken = sqlx::query(
            "update second_factors set last_used_step = $2
             where user_id = $1 and confirmed_at is not null and last_used_step < $2",
        )
        .bind(user.0)
        .bind(step)
        .execute(&self.pool)
        .await?;
        Ok(if taken.rows_affected() == 1 { Trial::Right } else { Trial::Reused })
    }

    /// Takes a backup code; how many are left, if it is right.
    pub async fn take_backup_code(
        &self,
        user: UserId,
        code: &BackupCode,
    ) -> Result<(Trial, u32), SecretsError> {
        let row = sqlx::query(
            "with known as (select used_at from backup_codes where user_id = $1 and code_hash = $2),
             taken as (update backup_codes set used_at = now()
                 where user_id = $1 and code_hash = $2 and used_at is null returning 1)
             select exists (select from known) as is_known, exists (select from taken) as is_taken,
                 (select count(*) from backup_codes where user_id = $1 and used_at is null) as were_left",
        )
        .bind(user.0)
        .bind(&code.hash(user.0)[..])
        .fetch_one(&self.pool)
        .await?;
        let were_left: i64 = row.try_get("were_left")?;
        let left = u32::try_from(were_left - 1).unwrap_or_default();
        let trial = match (row.try_get("is_known")?, row.try_get("is_taken")?) {
            (_, true) => Trial::Right,
            (true, false) => Trial::Reused,
            (false, false) => Trial::Wrong,
        };
        Ok((trial, left))
    }

    /// Keeps other backup codes instead of those there were.
    pub async fn replace_backup_codes(
        &self,
        user: UserId,
        codes: &[BackupCode],
    ) -> Result<(), sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        write_backup_codes(&mut transaction, user, codes).await?;
        transaction.commit().await
    }

    /// Forgets a user's second factor.
    pub async fn forget(&self, user: UserId) -> Result<(), sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        write_backup_codes(&mut transaction, user, &[]).await?;
        sqlx::query("delete from second_factors where user_id = $1")
            .bind(user.0)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await
    }

    /// Spends a challenge; false if it was spent before.
    pub async fn spend(&self, challenge: Uuid, until: DateTime<Utc>) -> Result<bool, sqlx::Error> {
        let spent = sqlx::query(
            "insert into spent_challenges (id, expires_at) values ($1, $2) on conflict do nothing",
        )
        .bind(challenge)
        .bind(until)
        .execute(&self.pool)
        .await?;
        sqlx::query(
            "delete from spent_challenges where id in (
                 select id from spent_challenges where expires_at < now() - interval '1 hour'
                 order by expires_at limit $1 for update skip locked)",
        )
        .bind(SWEPT_MAX)
        .execute(&self.pool)
        .await?;
        Ok(spent.rows_affected() == 1)
    }

    async fn step_of(
        &self,
        user: UserId,
        code: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<i64>, SecretsError> {
        let sealed: Option<Vec<u8>> =
            sqlx::query_scalar("select secret from second_factors where user_id = $1")
                .bind(user.0)
                .fetch_optional(&self.pool)
                .await?;
        let Some(sealed) = sealed else { return Ok(None) };
        let secret = self.sealer()?.open(user.0.as_bytes(), &sealed)?;
        Ok(Codes::of(&secret).map_err(|_| SealBroken)?.step_of(code, now))
    }

    fn sealer(&self) -> Result<&Sealer, SecretsError> {
        self.sealer.as_ref().ok_or(SecretsError::NoKey)
    }
}

async fn write_backup_codes(
    connection: &mut PgConnection,
    user: UserId,
    codes: &[BackupCode],
) -> Result<(), sqlx::Error> {
    sqlx::query("delete from backup_codes where user_id = $1")
        .bind(user.0)
        .execute(&mut *connection)
        .await?;
    let hashes: Vec<Vec<u8>> = codes.iter().map(|code| code.hash(user.0).to_vec()).collect();
    sqlx::query("insert into backup_codes (user_id, code_hash) select $1, unnest($2::bytea[])")
        .bind(user.0)
        .bind(hashes)
        .execute(connection)
        .await?;
    Ok(())
}
