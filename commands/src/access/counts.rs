//! How often something happened within a window of time: the table `request_counts`, exact over all processes.
//!
//! A window begins with the first count after the last window's end, and takes in everything until its own end. So at
//! most twice the limit passes in any window's length, and never more than the limit within one window.

use std::time::Duration;

use sqlx::postgres::PgRow;
use sqlx::{PgPool, Row};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// Rows of the past that are removed at a time.
const SWEPT_MAX: i64 = 1_000;
/// How often rows of the past are removed.
const SWEEP_EVERY: Duration = Duration::from_mins(1);

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Sign-ins tried for one account.
    AccountSignIns,
    /// Sign-ins tried from one address.
    AddressSignIns,
    /// Wrong passwords for one account.
    AccountFailures,
    /// Failed sign-ins from one address.
    AddressFailures,
    /// Codes of a second factor that were tried for one account.
    SecondFactors,
    /// Mail asked for by or for one address.
    Mails,
    /// Wrong secrets for one OAuth2 client from one address.
    ClientFailures,
    /// Wrong secrets for OAuth2 clients from one address.
    AddressClientFailures,
}

impl Class {
    const fn as_str(self) -> &'static str {
        match self {
            Self::AccountSignIns => "account_sign_ins",
            Self::AddressSignIns => "address_sign_ins",
            Self::AccountFailures => "account_failures",
            Self::AddressFailures => "address_failures",
            Self::SecondFactors => "second_factors",
            Self::Mails => "mails",
            Self::ClientFailures => "client_failures",
            Self::AddressClientFailures => "address_client_failures",
        }
    }
}

/// How often, so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// The one that was just counted included.
    pub count: u32,
    /// How long the window lasts yet.
    pub ends_in: Duration,
}

impl Count {
    fn of(row: &PgRow) -> Result<Self, sqlx::Error> {
        let count: i32 = row.try_get("count")?;
        let ends_in: f64 = row.try_get("ends_in")?;
        let ends_in = Duration::try_from_secs_f64(ends_in).unwrap_or_default();
        Ok(Self { count: count.unsigned_abs(), ends_in })
    }
}

/// Counts.
#[derive(Clone)]
pub struct Counts {
    pool: PgPool,
}

impl Counts {
    /// In this database.
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// Counts one more.
    pub async fn count(
        &self,
        class: Class,
        key: &str,
        window: Duration,
    ) -> Result<Count, sqlx::Error> {
        let row = sqlx::query(
            "insert into request_counts as known (class, key, ends_at, count)
             values ($1, $2, clock_timestamp() + make_interval(secs => $3), 1)
             on conflict (class, key) do update set
                 count = case when known.ends_at <= clock_timestamp() then 1
                     else least(known.count, 2147483646) + 1 end,
                 ends_at = case when known.ends_at <= clock_timestamp() then excluded.ends_at
                     else known.ends_at end
             returning count,
                 greatest(extract(epoch from ends_at - clock_timestamp()), 0)::float8 as ends_in",
        )
        .bind(class.as_str())
        .bind(key)
        .bind(window.as_secs_f64())
        .fetch_one(&self.pool)
        .await?;
        Count::of(&row)
    }

    /// How often it happened in the window there is now, if there is one.
    pub async fn so_far(&self, class: Class, key: &str) -> Result<Count, sqlx::Error> {
        let row = sqlx::query(
            "select count, extract(epoch from ends_at - clock_timestamp())::float8 as ends_in
             from request_counts where class = $1 and key = $2 and ends_at > clock_timestamp()",
        );
        let row = row.bind(class.as_str()).bind(key).fetch_optional(&self.pool).await?;
        row.as_ref().map_or(Ok(Count { count: 0, ends_in: Duration::ZERO }), Count::of)
    }

    /// Forgets what was counted.
    pub async fn clear(&self, class: Class, key: &str) -> Result<(), sqlx::Error> {
        sqlx::query("delete from request_counts where class = $1 and key = $2")
            .bind(class.as_str())
            .bind(key)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Removes windows that have ended, again and again until told to stop. Any number of processes may.
    pub async fn run(self, shutdown: CancellationToken) {
        while shutdown.run_until_cancelled(sleep(SWEEP_EVERY)).await.is_some() {
            if let Err(error) = self.sweep().await {
                tracing::warn!(%error, "counts that are over could not be removed; will try again: {error}");
            }
        }
    }

    /// Removes windows that have ended; how many.
    pub async fn sweep(&self) -> Result<u64, sqlx::Error> {
        let mut swept = 0;
        loop {
            let batch = sqlx::query(
                "delete from request_counts where (class, key) in (
                     select class, key from request_counts where ends_at < clock_timestamp()
                     order by ends_at limit $1 for update skip locked)",
            );
            let batch = batch.bind(SWEPT_MAX).execute(&self.pool).await?.rows_affected();
            swept += batch;
            if batch < SWEPT_MAX.unsigned_abs() {
                return Ok(swept);
            }
        }
    }
}
