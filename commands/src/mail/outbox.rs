//! What is to be sent: the table `mails`.
//!
//! A mail is claimed for a while by one process and removed once the SMTP server has taken it. Should the process die in
//! between, another sends it again: at least once, never none.

use chrono::{DateTime, TimeDelta, Utc};
use domain::email::EmailAddress;
use domain::id::{TenantId, UserId};
use sqlx::{PgConnection, PgPool, Row};
use uuid::Uuid;

use super::Kind;

/// Longer than one attempt to send takes.
const LEASE_SECONDS: f64 = 60.0;
/// Sent at a time by one process.
const CLAIMED_MAX: i64 = 8;
/// Longest wait between two tries.
const RETRY_SECONDS_MAX: i64 = 120;

/// What is to be sent.
#[derive(Clone)]
pub struct Outbox {
    pool: PgPool,
}

/// A mail that is to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Which; a mail that is sent twice has one id.
    pub id: Uuid,
    /// What it is for.
    pub kind: Kind,
    /// To whom.
    pub email: EmailAddress,
    /// Of which tenant, if that is known or was named.
    pub tenant: Option<TenantId>,
    /// The user, if that is known.
    pub user: Option<UserId>,
    /// When it is pointless.
    pub expires_at: DateTime<Utc>,
}

/// A mail this process may send.
#[derive(Debug, Clone)]
pub(crate) struct Claimed {
    pub(crate) mail: Mail,
    pub(crate) tries: i32,
}

impl Outbox {
    /// In this database.
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// Puts a mail in; it is durable when this returns.
    pub async fn put(&self, mail: &Mail) -> Result<(), sqlx::Error> {
        put(&mut *self.pool.acquire().await?, mail).await
    }

    /// Claims what is due, and forgets what has become pointless; how many that were.
    pub(crate) async fn claim(&self) -> Result<(Vec<Claimed>, u64), sqlx::Error> {
        let expired = sqlx::query("delete from mails where expires_at <= now()")
            .execute(&self.pool)
            .await?
            .rows_affected();
        let rows = sqlx::query(
            "update mails set lease_until = now() + make_interval(secs => $1), tries = tries + 1
             where id in (
                 select id from mails
                 where due_at <= now() and (lease_until is null or lease_until < now())
                 order by due_at limit $2 for update skip locked)
             returning id, kind, email, tenant_id, user_id, expires_at, tries",
        )
        .bind(LEASE_SECONDS)
        .bind(CLAIMED_MAX)
        .fetch_all(&self.pool)
        .await?;
        let mut claimed = Vec::new();
        for row in &rows {
            let (kind, email): (String, String) = (row.try_get("kind")?, row.try_get("email")?);
            let (Some(kind), Ok(email)) = (Kind::parse(&kind), email.parse()) else { continue };
            let mail = Mail {
                id: row.try_get("id")?,
                kind,
                email,
                tenant: row.try_get::<Option<Uuid>, _>("tenant_id")?.map(TenantId),
                user: row.try_get::<Option<Uuid>, _>("user_id")?.map(UserId),
                expires_at: row.try_get("expires_at")?,
            };
            claimed.push(Claimed { mail, tries: row.try_get("tries")? });
        }
        Ok((claimed, expired))
    }

    /// It is sent, or says nothing to anybody; these are to be sent in its place.
    pub(crate) async fn finish(
        &self,
        claimed: &Claimed,
        instead: &[Mail],
    ) -> Result<(), sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        let removed = sqlx::query("delete from mails where id = $1 and tries = $2")
            .bind(claimed.mail.id)
            .bind(claimed.tries)
            .execute(&mut *transaction)
            .await?;
        if removed.rows_affected() == 1 {
            for mail in instead {
                put(&mut transaction, mail).await?;
            }
        }
        transaction.commit().await
    }

    /// It could not be sent: again later. The wait doubles with every try.
    pub(crate) async fn postpone(&self, claimed: &Claimed) -> Result<(), sqlx::Error> {
        let wait = wait_after(claimed.tries);
        sqlx::query(
            "update mails set due_at = now() + make_interval(secs => $3), lease_until = null
             where id = $1 and tries = $2",
        )
        .bind(claimed.mail.id)
        .bind(claimed.tries)
        .bind(wait.as_seconds_f64())
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}

/// Puts a mail in, in the transaction of what it follows from.
pub(crate) async fn put(connection: &mut PgConnection, mail: &Mail) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into mails (id, kind, email, tenant_id, user_id, expires_at)
         values ($1, $2, $3, $4, $5, $6) on conflict (id) do nothing",
    )
    .bind(mail.id)
    .bind(mail.kind.as_str())
    .bind(mail.email.as_str())
    .bind(mail.tenant.map(|tenant| tenant.0))
    .bind(mail.user.map(|user| user.0))
    .bind(mail.expires_at)
    .execute(connection)
    .await?;
    Ok(())
}

fn wait_after(tries: i32) -> TimeDelta {
    let doubled = 1_i64 << tries.clamp(0, 20);
    TimeDelta::milliseconds((doubled * 250).min(RETRY_SECONDS_MAX * 1000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_up_to_two_minutes() {
        let waits = [1, 2, 3, 9, 10, 1000].map(|tries| wait_after(tries).num_milliseconds());
        assert_eq!(waits, [500, 1_000, 2_000, 120_000, 120_000, 120_000]);
    }
}
