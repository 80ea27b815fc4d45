//! Waiting for a view to come so far.
//!
//! However many wait, one of them looks: it reads every checkpoint with one query and tells the others. So a crowd
//! that waits for a slow view costs the database no more than one client that does.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use domain::stream::Position;
use sqlx::PgPool;
use tokio::sync::{Mutex, watch};
use tokio::time::{Instant, sleep, timeout_at};

use crate::projector::checkpoint;

/// How often it is looked: a view is usually a few milliseconds behind.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// How far every projection has come, as far as anybody here has looked.
#[derive(Debug, Clone)]
pub(crate) struct Progress {
    pool: PgPool,
    known: Arc<watch::Sender<HashMap<String, Position>>>,
    looking: Arc<Mutex<()>>,
}

impl Progress {
    pub(crate) fn new(pool: PgPool) -> Self {
        Self { pool, known: Arc::default(), looking: Arc::default() }
    }

    /// Waits until the projection has applied every event up to `position`; false if it has not in time.
    pub(crate) async fn reached(
        &self,
        projection: &str,
        position: Position,
        within: Duration,
    ) -> Result<bool, sqlx::Error> {
        let deadline = Instant::now() + within;
        let mut news = self.known.subscribe();
        loop {
            if news.borrow_and_update().get(projection).is_some_and(|at| *at >= position) {
                return Ok(true);
            }
            if Instant::now() >= deadline {
                return Ok(false);
            }
            if let Ok(_looking) = self.looking.try_lock() {
                self.look().await?;
                if self.known.borrow().get(projection).is_none_or(|at| *at < position) {
                    sleep(LOOK_EVERY).await;
                }
            } else {
                // Whoever looks now may leave before this one's turn has come, so it is not waited for long.
                let soon = deadline.min(Instant::now() + LOOK_EVERY);
                let _ = timeout_at(soon, news.changed()).await;
            }
        }
    }

    async fn look(&self) -> Result<(), sqlx::Error> {
        self.known.send_replace(checkpoint::positions(&self.pool).await?);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_mins(1);

    async fn set(pool: &PgPool, first: i64) {
        sqlx::query(
            "insert into projection_checkpoints (projection, first) values ('view', $1)
             on conflict (projection) do update set first = excluded.first",
        )
        .bind(first)
        .execute(pool)
        .await
        .unwrap();
    }

    fn at(first: u64) -> Position {
        Position { first, second: 0 }
    }

    #[sqlx::test(migrations = "../migrations")]
    async fn who_waits_goes_on_when_the_view_has_come_so_far(pool: PgPool) {
        let progress = Progress::new(pool.clone());
        set(&pool, 3).await;
        assert!(progress.reached("view", at(3), LONG).await.unwrap());
        assert!(!progress.reached("view", at(9), LOOK_EVERY).await.unwrap());
        assert!(!progress.reached("another", at(1), LOOK_EVERY).await.unwrap());

        let early = progress.reached("view", at(5), LONG);
        let late = progress.reached("view", at(7), LONG);
        let (early, late, ()) = tokio::join!(early, late, async {
            set(&pool, 5).await;
            set(&pool, 7).await;
        });
        assert!(early.unwrap() && late.unwrap());
    }
}
