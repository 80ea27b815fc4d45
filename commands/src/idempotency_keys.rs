//! Requests that came with an Idempotency-Key: table `idempotency_keys`.
//!
//! ```text
//! reserve -> to be done, under a command id and a lease   -> keep     the answer is there for whoever asks again
//!         |                                               -> forget   nothing was done: the key is free
//!         |                                               -> release  something may have been done: to be done again
//!         -> answered: the answer                                      under the same command id
//!         -> in flight: somebody is at it
//!         -> another request came with this key
//! ```
//!
//! Invariant: a key has one command id until its time is over, so whoever does it again names the same effects
//! ([`CommandId`]). The lease is a courtesy, which spares work: that nothing is done twice does not rest on it. Of several
//! who do it, the answer kept is that of the latest to begin.

mod sealing;

use std::convert::Infallible;
use std::time::Duration;

use aws_lc_rs::digest::{Context, SHA256, SHA256_OUTPUT_LEN};
use chrono::{DateTime, Utc};
use domain::command_id::CommandId;
use domain::id::{TenantId, UserId};
use secrecy::SecretString;
use sqlx::{PgPool, Row};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use sealing::Seal;

/// How long a lease lasts: what a process that died was at is taken over this much later.
const TERM: Duration = Duration::from_secs(5);
const RENEW_EVERY: Duration = Duration::from_millis(1250);
/// How long a key is kept past the time it matters until.
const KEPT_PAST: Duration = Duration::from_hours(24);
/// A record that goes while it is looked at is asked for again, so often.
const LOOKS_MAX: u32 = 3;

const SWEEP_EVERY: Duration = Duration::from_mins(1);
/// Records deleted in one statement.
const SWEPT_MAX: i64 = 1_000;

type Hash = [u8; SHA256_OUTPUT_LEN];

/// The requests that came with a key.
#[derive(Clone)]
pub struct IdempotencyKeys {
    pool: PgPool,
    secret: SecretString,
    lifetime: Duration,
}

/// A request with a key.
#[derive(Debug, Clone, Copy)]
pub struct Keyed<'a> {
    /// Whose it is.
    pub tenant: TenantId,
    /// Whose in the tenant, if it is about the one who asks: then a colleague's same key is another.
    pub user: Option<UserId>,
    /// Method and path.
    pub route: &'a str,
    /// The key.
    pub key: &'a str,
    /// What else tells it from another: query and body.
    pub content: [&'a [u8]; 2],
}

/// What is to become of a request.
pub enum Reserved {
    /// It is to be done, by the one who is told so.
    ToBeDone(Reservation),
    /// It was answered.
    Answered(Vec<u8>),
    /// Somebody is at it.
    InFlight,
    /// The key was used for another request.
    OtherRequest,
}

/// A request that somebody is at.
#[derive(Debug, Clone)]
pub struct Reservation {
    scope: Hash,
    key: String,
    command_id: CommandId,
    fence: i32,
}

/// Why a record cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The database failed.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// The cipher failed.
    #[error("the answer could not be sealed")]
    Sealing,
}

impl Reservation {
    /// What everything the request makes is named after.
    pub const fn command_id(&self) -> CommandId {
        self.command_id
    }
}

impl IdempotencyKeys {
    /// In this database; answers are sealed under `secret`, and keys kept for `lifetime`.
    pub const fn new(pool: PgPool, secret: SecretString, lifetime: Duration) -> Self {
        Self { pool, secret, lifetime }
    }

    /// Takes a request up, or tells what has become of it. `new_id` names it if it is new.
    pub async fn reserve(&self, keyed: &Keyed<'_>, new_id: Uuid) -> Result<Reserved, KeysError> {
        let (scope, fingerprint) = (keyed.scope(), keyed.fingerprint());
        for _ in 0..LOOKS_MAX {
            if let Some(taken) = self.take(keyed, &scope, &fingerprint, new_id).await? {
                return Ok(Reserved::ToBeDone(taken));
            }
            let Some(record) = self.look(&scope).await? else { continue };
            if record.fingerprint != fingerprint {
                return Ok(Reserved::OtherRequest);
            }
            let Some(sealed) = record.answer else { return Ok(Reserved::InFlight) };
            match self.seal(&scope, keyed.key)?.open(&sealed) {
                Ok(answer) => return Ok(Reserved::Answered(answer)),
                // The server's secret is another than then. What was done is found again by its name.
                Err(_) => self.drop_answer(&scope, record.fence).await?,
            }
        }
        Ok(Reserved::InFlight)
    }

    /// What has become of a request that somebody else may have taken over.
    pub async fn standing(&self, reservation: &Reservation) -> Result<Reserved, KeysError> {
        let answer = self.look(&reservation.scope).await?.and_then(|record| record.answer);
        let seal = self.seal(&reservation.scope, &reservation.key)?;
        let opened = answer.and_then(|sealed| seal.open(&sealed).ok());
        Ok(opened.map_or(Reserved::InFlight, Reserved::Answered))
    }

    /// Takes a request that is new, or nobody's any more.
    async fn take(
        &self,
        keyed: &Keyed<'_>,
        scope: &Hash,
        fingerprint: &Hash,
        new_id: Uuid,
    ) -> Result<Option<Reservation>, sqlx::Error> {
        let row = sqlx::query(
            "insert into idempotency_keys as kept
                 (scope, tenant_id, fingerprint, command_id, fence, lease_until, expires_at)
             values ($1, $2, $3, $4, 1, now() + make_interval(secs => $5), now() + make_interval(secs => $6))
             on conflict (scope) do update set
                 fingerprint = excluded.fingerprint,
                 command_id = case when kept.expires_at <= now() then excluded.command_id else kept.command_id end,
                 fence = case when kept.expires_at <= now() then 1 else kept.fence + 1 end,
                 lease_until = excluded.lease_until,
                 answer = null,
                 expires_at = greatest(kept.expires_at, excluded.expires_at)
             where kept.expires_at <= now()
                or (kept.answer is null and kept.lease_until <= now() and kept.fingerprint = excluded.fingerprint)
             returning command_id, fence",
        )
        .bind(&scope[..])
        .bind(keyed.tenant.0)
        .bind(&fingerprint[..])
        .bind(new_id)
        .bind(TERM.as_secs_f64())
        .bind(self.lifetime.as_secs_f64())
        .fetch_optional(&self.pool)
        .await?;
        row.map(|row| {
            let (id, fence) = (row.try_get("command_id")?, row.try_get("fence")?);
            let command_id = if fence == 1 { CommandId::first(id) } else { CommandId::again(id) };
            Ok(Reservation { scope: *scope, key: keyed.key.to_owned(), command_id, fence })
        })
        .transpose()
    }

    async fn look(&self, scope: &Hash) -> Result<Option<Record>, sqlx::Error> {
        let query = "select fingerprint, answer, fence from idempotency_keys where scope = $1";
        let row = sqlx::query(query).bind(&scope[..]).fetch_optional(&self.pool).await?;
        row.map(|row| {
            Ok(Record {
                fingerprint: row.try_get("fingerprint")?,
                answer: row.try_get("answer")?,
                fence: row.try_get("fence")?,
            })
        })
        .transpose()
    }

    async fn drop_answer(&self, scope: &Hash, fence: i32) -> Result<(), sqlx::Error> {
        sqlx::query(
            "update idempotency_keys set answer = null, lease_until = '-infinity'
             where scope = $1 and fence = $2",
        )
        .bind(&scope[..])
        .bind(fence)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Renews the lease for as long as it is polled.
    pub async fn renew(&self, reservation: &Reservation) -> Infallible {
        loop {
            sleep(RENEW_EVERY).await;
            let renewed = self
                .change(
                    "update idempotency_keys set lease_until = now() + make_interval(secs => $4)
                     where scope = $1 and command_id = $2 and fence = $3",
                    reservation,
                    |query| query.bind(TERM.as_secs_f64()),
                )
                .await;
            if let Err(error) = renewed {
                tracing::warn!(%error, "the lease of a request could not be renewed");
            }
        }
    }

    /// The key is kept for a day past this time, at least.
    pub async fn outlast(
        &self,
        reservation: &Reservation,
        at: DateTime<Utc>,
    ) -> Result<(), sqlx::Error> {
        let until = at + KEPT_PAST;
        self.change(
            "update idempotency_keys set expires_at = greatest(expires_at, $4)
             where scope = $1 and command_id = $2 and fence = $3",
            reservation,
            |query| query.bind(until),
        )
        .await?;
        Ok(())
    }

    /// Keeps the answer; false if somebody has taken the request over. Does not wait for the disk: an answer that
    /// is lost with the server is made again, and what was done is found by its name.
    pub async fn keep(&self, reservation: &Reservation, answer: &[u8]) -> Result<bool, KeysError> {
        let seal = self.seal(&reservation.scope, &reservation.key)?;
        let sealed = seal.seal(answer).map_err(|_| KeysError::Sealing)?;
        let kept = self.change(
            "update idempotency_keys set answer = $4
             where scope = $1 and command_id = $2 and fence = $3
               and set_config('synchronous_commit', 'off', true) is not null",
            reservation,
            |query| query.bind(sealed),
        );
        Ok(kept.await?)
    }

    /// Nothing was done: the key is free, unless somebody had begun it before.
    pub async fn forget(&self, reservation: &Reservation) -> Result<(), sqlx::Error> {
        if reservation.command_id.is_repeat() {
            return self.release(reservation).await;
        }
        self.change(
            "delete from idempotency_keys where scope = $1 and command_id = $2 and fence = $3",
            reservation,
            |query| query,
        )
        .await?;
        Ok(())
    }

    /// What was done is not known: whoever asks again does it again, under the same command id.
    pub async fn release(&self, reservation: &Reservation) -> Result<(), sqlx::Error> {
        self.change(
            "update idempotency_keys set lease_until = '-infinity'
             where scope = $1 and command_id = $2 and fence = $3",
            reservation,
            |query| query,
        )
        .await?;
        Ok(())
    }

    /// Changes a record; false if somebody has taken the request over.
    async fn change(
        &self,
        statement: &'static str,
        reservation: &Reservation,
        bind: impl FnOnce(Query<'_>) -> Query<'_>,
    ) -> Result<bool, sqlx::Error> {
        let query = sqlx::query(statement)
            .bind(reservation.scope.to_vec())
            .bind(reservation.command_id.id())
            .bind(reservation.fence);
        Ok(bind(query).execute(&self.pool).await?.rows_affected() > 0)
    }

    fn seal(&self, scope: &Hash, key: &str) -> Result<Seal, KeysError> {
        Seal::of(&self.secret, scope, key).map_err(|_| KeysError::Sealing)
    }

    /// Deletes records whose time is over, until `shutdown`.
    pub async fn run(self, shutdown: CancellationToken) {
        while shutdown.run_until_cancelled(sleep(SWEEP_EVERY)).await.is_some() {
            if let Err(error) = self.sweep().await {
                tracing::warn!(%error, "old idempotency keys could not be deleted; will try again");
            }
        }
    }

    /// Deletes every record whose time is over, a batch at a time; answers how many there were.
    pub async fn sweep(&self) -> Result<u64, sqlx::Error> {
        let mut swept = 0;
        loop {
            let batch = sqlx::query(
                "delete from idempotency_keys where scope = any(array(
                     select scope from idempotency_keys where expires_at <= now()
                     order by expires_at limit $1 for update skip locked))",
            )
            .bind(SWEPT_MAX)
            .execute(&self.pool)
            .await?
            .rows_affected();
            swept += batch;
            if batch < SWEPT_MAX.cast_unsigned() {
                return Ok(swept);
            }
        }
    }
}

type Query<'q> = sqlx::query::Query<'q, sqlx::Postgres, sqlx::postgres::PgArguments>;

/// What is known of a request.
struct Record {
    fingerprint: Vec<u8>,
    answer: Option<Vec<u8>>,
    fence: i32,
}

impl Keyed<'_> {
    fn scope(&self) -> Hash {
        let user = self.user.as_ref().map_or(&[][..], |user| user.0.as_bytes());
        hash(&[self.tenant.0.as_bytes(), user, self.route.as_bytes(), self.key.as_bytes()])
    }

    /// The key goes in, so that nobody who has the database can tell whether a request is one that they guess.
    fn fingerprint(&self) -> Hash {
        let [query, body] = self.content;
        hash(&[self.key.as_bytes(), self.route.as_bytes(), query, body])
    }
}

/// SHA-256 of the parts, each with its length before it.
fn hash(parts: &[&[u8]]) -> Hash {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(&part.len().to_be_bytes());
        context.update(part);
    }
    let mut hash = [0; SHA256_OUTPUT_LEN];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}
