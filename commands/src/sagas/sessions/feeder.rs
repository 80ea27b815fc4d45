//! Events into the list of what is to be done.

use std::sync::Arc;

use domain::event::Event;
use domain::id::SessionId;
use domain::sagas::sessions::{Change, react};
use sqlx::PgPool;
use tokio::sync::Notify;

use super::super::follow::{Follower, Step};
use super::super::{SagaError, checkpoint};
use super::actions;
use crate::executor::Executor;

const SAGA: &str = "sessions";
const BATCH_MAX: u16 = 1000;

pub(super) struct Feeder {
    pool: PgPool,
    executor: Executor,
    fed: Arc<Notify>,
}

impl Feeder {
    pub(super) fn new(pool: PgPool, executor: Executor) -> Self {
        Self { pool, executor, fed: Arc::new(Notify::new()) }
    }

    /// Told when there may be something to do.
    pub(super) fn fed(&self) -> &Notify {
        &self.fed
    }
}

impl Follower for Feeder {
    const NAME: &'static str = SAGA;

    async fn step(&self) -> Result<Step, SagaError> {
        let from = checkpoint::read(&self.pool, SAGA).await?;
        let events = self.executor.log().read_all(from, BATCH_MAX).await?;
        let Some(last) = events.last() else { return Ok(Step::Idle(from)) };
        let mut transaction = self.pool.begin().await?;
        if !checkpoint::advance(&mut transaction, SAGA, from, last.position).await? {
            // Another process was here first.
            return Ok(Step::Advanced);
        }
        let mut is_news = false;
        for recorded in &events {
            let Event::Session(event) = &recorded.event else { continue };
            let session_id = SessionId(recorded.stream.id);
            match react(session_id, event) {
                Some(Change::Request { session_id, action }) => {
                    let tenant = recorded.stream.tenant;
                    actions::request(&mut transaction, tenant, session_id, action).await?;
                    is_news = true;
                }
                Some(Change::Settle { session_id }) => {
                    actions::settle(&mut transaction, session_id).await?;
                }
                None => {}
            }
        }
        transaction.commit().await?;
        if is_news {
            self.fed.notify_one();
        }
        Ok(Step::Advanced)
    }
}
