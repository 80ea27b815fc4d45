//! How many login sessions a user has at a time: the table `login_seats`.
//!
//! A seat is taken before the session's first event. None is given up when a session ends, for it may end in many ways;
//! when a user has no seat left, those of sessions that are over by the log are removed. Only then is the user refused.

use domain::id::{LoginSessionId, TenantId, UserId};
use sqlx::PgPool;
use uuid::Uuid;

/// The login sessions users have.
#[derive(Clone)]
pub(super) struct Seats {
    pool: PgPool,
}

/// A seat somebody has.
#[derive(Debug, Clone, Copy, sqlx::FromRow)]
pub(super) struct Seat {
    login_session_id: Uuid,
    /// Whether it was taken so long ago that its session must have begun, if it ever will.
    pub(super) is_settled: bool,
}

impl Seat {
    pub(super) fn login_session(self) -> LoginSessionId {
        LoginSessionId(self.login_session_id)
    }
}

impl Seats {
    /// In this database.
    pub(super) fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// Takes a seat, unless the user has so many already.
    pub(super) async fn take(
        &self,
        tenant: TenantId,
        user: UserId,
        session: LoginSessionId,
        seats_max: u32,
    ) -> Result<bool, sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        // One sign-in of a user at a time counts and takes.
        sqlx::query("select pg_advisory_xact_lock(hashtextextended('login_seats ' || $1, 0))")
            .bind(user.to_string())
            .execute(&mut *transaction)
            .await?;
        let taken = sqlx::query(
            "insert into login_seats (login_session_id, tenant_id, user_id)
             select $1, $2, $3 where $4 >
                 (select count(*) from login_seats where tenant_id = $2 and user_id = $3)",
        )
        .bind(session.0)
        .bind(tenant.0)
        .bind(user.0)
        .bind(i64::from(seats_max))
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(taken.rows_affected() == 1)
    }

    /// A user's seats, the oldest first.
    pub(super) async fn of(
        &self,
        tenant: TenantId,
        user: UserId,
    ) -> Result<Vec<Seat>, sqlx::Error> {
        sqlx::query_as(
            "select login_session_id, taken_at < now() - interval '1 minute' as is_settled
             from login_seats where tenant_id = $1 and user_id = $2 order by taken_at limit 1000",
        )
        .bind(tenant.0)
        .bind(user.0)
        .fetch_all(&self.pool)
        .await
    }

    /// Gives seats up.
    pub(super) async fn give_up(&self, sessions: &[LoginSessionId]) -> Result<(), sqlx::Error> {
        let ids: Vec<Uuid> = sessions.iter().map(|session| session.0).collect();
        sqlx::query("delete from login_seats where login_session_id = any($1)")
            .bind(ids)
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}
