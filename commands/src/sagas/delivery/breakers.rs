//! The circuit breakers of WAHA servers and of sessions: table `breakers`, shared by all processes.
//!
//! When to open and to close is decided by [`Breaker`]; here it is kept. A call that went well writes nothing unless
//! something is noted of its server or session, which a view in this process tells, so sending costs no round trip more.

use std::collections::HashSet;
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use chrono::{DateTime, Utc};
use domain::id::{EngineId, SessionId};
use domain::ports::waha::{SendOutcome, SessionAddress};
use domain::sagas::delivery::breaker::{Breaker, BreakerPolicy, Sign, signs};
use domain::waha_server::name::ServerName;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, PgPool, Row};
use uuid::Uuid;

use super::servers::server_name;

/// Most breakers looked at in one round: far more than can be ill without everything being so.
const BREAKERS_MAX: i64 = 10_000;
/// Probes at a time, in one process.
const PROBES_MAX: i64 = 16;
/// Longer than any probe takes.
const PROBE_LEASE_SECONDS: f64 = 30.0;

/// What a breaker is of: a session on a server, or the server itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Subject {
    pub(super) server: ServerName,
    pub(super) session: Option<SessionId>,
}

/// The breakers.
pub(super) struct Breakers {
    pool: PgPool,
    policy: BreakerPolicy,
    /// Of whom something is noted, as last seen.
    noted: RwLock<HashSet<Subject>>,
}

/// Somebody this process is to ask how it is.
pub(super) struct Probe {
    pub(super) subject: Subject,
    breaker: Breaker,
}

impl Breakers {
    pub(super) fn new(pool: PgPool, policy: BreakerPolicy) -> Self {
        Self { pool, policy, noted: RwLock::default() }
    }

    /// Notes what the outcome of a send tells. What cannot be noted is lost: the message's own outcome is not, and
    /// the next one tells as much.
    pub(super) async fn note(
        &self,
        session: SessionId,
        address: SessionAddress<'_>,
        outcome: &SendOutcome,
    ) {
        let (of_server, of_session) = signs(outcome);
        for (session, sign) in [(None, of_server), (Some(session), of_session)] {
            let subject = Subject { server: address.server.clone(), session };
            let is_news = match sign {
                Sign::Nothing => false,
                Sign::Well => self.noted().contains(&subject),
                Sign::Ill => true,
            };
            if is_news && let Err(error) = self.record(&subject, sign, detail(outcome)).await {
                tracing::warn!(%error, "what a call told of WAHA could not be noted");
            }
        }
    }

    async fn record(
        &self,
        subject: &Subject,
        sign: Sign,
        reason: Option<&str>,
    ) -> Result<(), sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        if sign == Sign::Ill {
            sqlx::query(
                "insert into breakers (server, session_id) values ($1, $2) on conflict do nothing",
            )
            .bind(subject.server.as_str())
            .bind(subject.session_id())
            .execute(&mut *transaction)
            .await?;
        }
        let row = sqlx::query(
            "select failures, openings, open_until, now() as now from breakers
             where server = $1 and session_id = $2 for update",
        )
        .bind(subject.server.as_str())
        .bind(subject.session_id())
        .fetch_optional(&mut *transaction)
        .await?;
        if let Some(row) = row {
            let before = breaker(&row)?;
            let after = before.after_call(sign, &self.policy, row.try_get("now")?);
            write(&mut transaction, subject, before, after, reason).await?;
            transaction.commit().await?;
            if before.is_closed() && !after.is_closed() {
                tell_opened(subject, reason);
            }
        }
        let mut noted = self.noted.write().unwrap_or_else(PoisonError::into_inner);
        match sign {
            Sign::Ill => noted.insert(subject.clone()),
            Sign::Well | Sign::Nothing => noted.remove(subject),
        };
        Ok(())
    }

    /// Sees what others have noted, and forgets what is long ago; answers whether any breaker is open. While all is well,
    /// that is one look at an empty table.
    pub(super) async fn refresh(&self) -> Result<bool, sqlx::Error> {
        let rows = sqlx::query(
            "select server, session_id, open_until is not null as is_open,
                    failures > 0 or openings > 0 as is_noted
             from breakers limit $1",
        )
        .bind(BREAKERS_MAX)
        .fetch_all(&self.pool)
        .await?;
        let (mut noted, mut open, mut open_sessions) = (HashSet::new(), 0_usize, 0_u32);
        for row in &rows {
            let (subject, is_open) = (subject(row)?, row.try_get::<bool, _>("is_open")?);
            open += usize::from(is_open);
            match subject.session {
                None => gauge(&subject.server, is_open),
                Some(_) => open_sessions += u32::from(is_open),
            }
            if is_open || row.try_get::<bool, _>("is_noted")? {
                noted.insert(subject);
            }
        }
        metrics::gauge!("heliograph_session_breakers_open").set(f64::from(open_sessions));
        *self.noted.write().unwrap_or_else(PoisonError::into_inner) = noted;
        if rows.len() > open {
            sqlx::query(
                "delete from breakers where open_until is null and noted_at < now() - interval '1 hour'",
            )
            .execute(&self.pool)
            .await?;
        }
        Ok(open > 0)
    }

    /// Claims those that it is time to ask. A server that is marked as down is not asked, and a session not while its
    /// server is not called.
    pub(super) async fn claim(&self, owner: EngineId) -> Result<Vec<Probe>, sqlx::Error> {
        let rows = sqlx::query(
            "update breakers
             set probe_owner = $1, probe_until = now() + make_interval(secs => $2)
             where (server, session_id) in (
                 select b.server, b.session_id from breakers b
                 where b.open_until <= now() and (b.probe_until is null or b.probe_until < now())
                   and b.server not in (select name from waha_servers where state = 'down')
                   and (b.session_id = $3 or b.server not in (select server from uncalled_servers))
                 order by b.open_until limit $4 for update of b skip locked)
             returning server, session_id, failures, openings, open_until, now() as now",
        )
        .bind(owner.0)
        .bind(PROBE_LEASE_SECONDS)
        .bind(Uuid::nil())
        .bind(PROBES_MAX)
        .fetch_all(&self.pool)
        .await?;
        rows.iter()
            .map(|row| {
                let breaker = breaker(row)?.to_be_probed(row.try_get("now")?);
                Ok(Probe { subject: subject(row)?, breaker })
            })
            .collect()
    }

    /// Notes what came of a probe.
    pub(super) async fn settle(
        &self,
        owner: EngineId,
        probe: &Probe,
        is_well: bool,
    ) -> Result<(), sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        let now: Option<DateTime<Utc>> = sqlx::query_scalar(
            "select now() from breakers
             where server = $1 and session_id = $2 and probe_owner = $3 for update",
        )
        .bind(probe.subject.server.as_str())
        .bind(probe.subject.session_id())
        .bind(owner.0)
        .fetch_optional(&mut *transaction)
        .await?;
        // Another process has asked meanwhile.
        let Some(now) = now else { return Ok(()) };
        let after = probe.breaker.after_probe(is_well, &self.policy, now);
        write(&mut transaction, &probe.subject, probe.breaker, after, None).await?;
        transaction.commit().await?;
        if after.is_closed() {
            tell_closed(&probe.subject);
        }
        Ok(())
    }

    /// Forgets somebody who is there no more.
    pub(super) async fn forget(&self, subject: &Subject) -> Result<(), sqlx::Error> {
        sqlx::query("delete from breakers where server = $1 and session_id = $2")
            .bind(subject.server.as_str())
            .bind(subject.session_id())
            .execute(&self.pool)
            .await?;
        if subject.session.is_none() {
            gauge(&subject.server, false);
        }
        Ok(())
    }

    fn noted(&self) -> RwLockReadGuard<'_, HashSet<Subject>> {
        self.noted.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Subject {
    fn session_id(&self) -> Uuid {
        self.session.map_or(Uuid::nil(), |session| session.0)
    }
}

async fn write(
    connection: &mut PgConnection,
    subject: &Subject,
    before: Breaker,
    after: Breaker,
    reason: Option<&str>,
) -> Result<(), sqlx::Error> {
    let (failures, openings, open_until) = match after {
        Breaker::Closed { failures, openings } => (failures, openings, None),
        Breaker::Open { until, openings } => (0, openings, Some(until)),
        // It stays as it is until the probe has told.
        Breaker::HalfOpen { .. } => return Ok(()),
    };
    let has_closed = after.is_closed() && !before.is_closed();
    sqlx::query(
        "update breakers
         set failures = $3, openings = $4, open_until = $5, reason = coalesce($6, reason),
             closed_at = case when $7 then now() else closed_at end,
             noted_at = now(), probe_owner = null, probe_until = null
         where server = $1 and session_id = $2",
    )
    .bind(subject.server.as_str())
    .bind(subject.session_id())
    .bind(failures.cast_signed())
    .bind(openings.cast_signed())
    .bind(open_until)
    .bind(reason)
    .bind(has_closed)
    .execute(connection)
    .await?;
    Ok(())
}

fn breaker(row: &PgRow) -> Result<Breaker, sqlx::Error> {
    let openings = row.try_get::<i32, _>("openings")?.cast_unsigned();
    if let Some(until) = row.try_get("open_until")? {
        return Ok(Breaker::Open { until, openings });
    }
    let failures = row.try_get::<i32, _>("failures")?.cast_unsigned();
    Ok(Breaker::Closed { failures, openings })
}

fn subject(row: &PgRow) -> Result<Subject, sqlx::Error> {
    let session: Uuid = row.try_get("session_id")?;
    let session = (!session.is_nil()).then_some(SessionId(session));
    Ok(Subject { server: server_name(row, "server")?, session })
}

fn detail(outcome: &SendOutcome) -> Option<&str> {
    match outcome {
        SendOutcome::Sent { .. } => None,
        SendOutcome::Refused { refusal, .. } => Some(&refusal.detail),
        SendOutcome::Unknown { detail, .. } => Some(detail),
    }
}

fn gauge(server: &ServerName, is_open: bool) {
    let value = if is_open { 1.0 } else { 0.0 };
    metrics::gauge!("heliograph_breaker_open", "server" => server.to_string()).set(value);
}

fn tell_opened(subject: &Subject, reason: Option<&str>) {
    let Subject { server, session } = subject;
    match session {
        None => {
            gauge(server, true);
            tracing::warn!(%server, reason, "WAHA server {server} keeps failing: nothing is sent through it for a while");
        }
        Some(session) => tracing::warn!(
            session.id = %session, %server, reason,
            "session {session} keeps failing: nothing is sent through it for a while"
        ),
    }
}

fn tell_closed(subject: &Subject) {
    let Subject { server, session } = subject;
    match session {
        None => {
            gauge(server, false);
            tracing::info!(%server, "WAHA server {server} answers again: sending goes on");
        }
        Some(session) => tracing::info!(
            session.id = %session, %server, "session {session} answers again: sending goes on"
        ),
    }
}

#[cfg(test)]
mod tests;
