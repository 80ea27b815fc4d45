//! Has failed and suspect sessions restarted; whether it is time for that, each decides for itself.

use std::sync::Arc;
use std::time::Duration;

use domain::ports::leases::{Leases, Work};
use domain::session::Command;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use super::super::delivery::standing;
use super::super::{Process, SagaError};
use super::tell;
use crate::executor::Executor;

const LEASE: Work = Work::Saga("session-healer");

pub(super) struct Healer {
    pool: PgPool,
    executor: Executor,
    leases: Arc<dyn Leases>,
    every: Duration,
}

impl Healer {
    pub(super) fn new(process: &Process, every: Duration) -> Self {
        let Process { pool, executor, leases, .. } = process.clone();
        Self { pool, executor, leases, every }
    }

    pub(super) async fn run(&self, shutdown: &CancellationToken) {
        while shutdown.run_until_cancelled(tokio::time::sleep(self.every)).await.is_some() {
            if let Err(error) = self.look().await {
                tracing::warn!(%error, "could not look after ailing sessions; will try again");
            }
        }
    }

    async fn look(&self) -> Result<(), SagaError> {
        if self.leases.hold(LEASE).await?.is_none() {
            return Ok(());
        }
        for (tenant, session) in standing::ailing(&self.pool).await? {
            let now = self.executor.ambient().now();
            tell(&self.executor, tenant, session, Command::Heal { now }).await?;
        }
        Ok(())
    }
}
