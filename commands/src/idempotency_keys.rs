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

mod keyed;
mod reservation;
mod sweeping;

use std::time::Duration;

use domain::command_id::CommandId;
use secrecy::{ExposeSecret, SecretString};
use sqlx::{PgPool, Row};
use uuid::Uuid;

use crate::sealing::Sealer;
use keyed::{Fingerprint, Hash};

pub use keyed::Keyed;
pub use reservation::Reservation;

/// How long a lease lasts: what a process that died was at is taken over this much later.
const TERM: Duration = Duration::from_secs(5);
/// What answers are sealed for: see [`crate::sealing`].
const SEALED_FOR: &str = "heliograph idempotency answer v1";
/// A record that goes while it is looked at is asked for again, so often.
const LOOKS_MAX: u32 = 3;

/// The requests that came with a key.
#[derive(Clone)]
pub struct IdempotencyKeys {
    pool: PgPool,
    secret: SecretString,
    lifetime: Duration,
    events: Events,
}

/// Where the events are that a request leads to: it decides what its reservation waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Events {
    /// In the same PostgreSQL. Its write-ahead log has the reservation before them, so that no crash leaves them without
    /// it: their commit waits for the disk, and the reservation's need not.
    Here,
    /// In another store: the reservation is on disk before anything is done.
    Elsewhere,
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

/// Why a record cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The database failed.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// The cipher failed.
    #[error("the answer could not be sealed or opened")]
    Sealing,
}

impl IdempotencyKeys {
    /// In this database; answers are sealed under `secret`, and keys kept for `lifetime`.
    pub const fn new(
        pool: PgPool,
        secret: SecretString,
        lifetime: Duration,
        events: Events,
    ) -> Self {
        Self { pool, secret, lifetime, events }
    }

    /// Takes a request up, or tells what has become of it. `new_id` names it if it is new.
    pub async fn reserve(&self, keyed: &Keyed<'_>, new_id: Uuid) -> Result<Reserved, KeysError> {
        let (scope, fingerprint) = (keyed.scope(), keyed.fingerprint(&self.secret));
        for _ in 0..LOOKS_MAX {
            if let Some(taken) = self.take(keyed, &scope, &fingerprint, new_id).await? {
                return Ok(Reserved::ToBeDone(taken));
            }
            let Some(record) = self.look(&scope).await? else { continue };
            if !record.fingerprint.is_comparable(&fingerprint) {
                self.renew_secret(&scope, &fingerprint, record.fence).await?;
                continue;
            }
            if record.fingerprint != fingerprint {
                return Ok(Reserved::OtherRequest);
            }
            let Some(sealed) = record.answer else { return Ok(Reserved::InFlight) };
            let opened = self.sealer(keyed.key)?.open(&scope, &sealed);
            return opened.map(Reserved::Answered).map_err(|_| KeysError::Sealing);
        }
        Ok(Reserved::InFlight)
    }

    /// What has become of a request that somebody else may have taken over.
    pub async fn standing(&self, reservation: &Reservation) -> Result<Reserved, KeysError> {
        let answer = self.look(&reservation.scope).await?.and_then(|record| record.answer);
        let seal = self.sealer(&reservation.key)?;
        let opened = answer.and_then(|sealed| seal.open(&reservation.scope, &sealed).ok());
        Ok(opened.map_or(Reserved::InFlight, Reserved::Answered))
    }

    /// Takes a request that is new, or nobody's any more.
    async fn take(
        &self,
        keyed: &Keyed<'_>,
        scope: &Hash,
        fingerprint: &Fingerprint,
        new_id: Uuid,
    ) -> Result<Option<Reservation>, sqlx::Error> {
        let row = sqlx::query(
            "insert into idempotency_keys as kept
                 (scope, tenant_id, fingerprint, command_id, fence, lease_until, expires_at)
             select $1::bytea, $2::uuid, $3::bytea, $4::uuid, 1, now() + make_interval(secs => $5),
                    now() + make_interval(secs => $6)
             where not $7 or set_config('synchronous_commit', 'off', true) is not null
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
        .bind(&fingerprint.0)
        .bind(new_id)
        .bind(TERM.as_secs_f64())
        .bind(self.lifetime.as_secs_f64())
        .bind(self.events == Events::Here)
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
                fingerprint: Fingerprint(row.try_get("fingerprint")?),
                answer: row.try_get("answer")?,
                fence: row.try_get("fence")?,
            })
        })
        .transpose()
    }

    /// The server's secret was another when this was kept: the answer does not open any more, and what was asked cannot
    /// be compared. The client's word is taken; what was done is found again by its name.
    async fn renew_secret(
        &self,
        scope: &Hash,
        fingerprint: &Fingerprint,
        fence: i32,
    ) -> Result<(), sqlx::Error> {
        sqlx::query(
            "update idempotency_keys set fingerprint = $3, answer = null, lease_until = '-infinity'
             where scope = $1 and fence = $2",
        )
        .bind(&scope[..])
        .bind(fence)
        .bind(&fingerprint.0)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Seals the answer to a request that came with this key: without the key, which is not kept, not even the server's
    /// secret opens it.
    fn sealer(&self, key: &str) -> Result<Sealer, KeysError> {
        let server = self.secret.expose_secret();
        // The length first, so that no two pairs of secrets are written alike.
        let secret = format!("{}:{server}{key}", server.len()).into();
        Sealer::new(&secret, SEALED_FOR).map_err(|_| KeysError::Sealing)
    }
}

/// What is known of a request.
struct Record {
    fingerprint: Fingerprint,
    answer: Option<Vec<u8>>,
    fence: i32,
}
