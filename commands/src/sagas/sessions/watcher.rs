//! Asks WAHA how every session is. Webhooks tell sooner, and can be lost.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use domain::ports::leases::{Leases, Work};
use domain::ports::waha::SessionGateway;
use domain::session::{Command, Report};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use super::super::delivery::standing;
use super::super::{Process, SagaError};
use super::tell;
use crate::executor::Executor;

const LEASE: Work = Work::Saga("session-watcher");

pub(super) struct Watcher {
    pool: PgPool,
    executor: Executor,
    gateway: Arc<dyn SessionGateway>,
    leases: Arc<dyn Leases>,
    every: Duration,
}

impl Watcher {
    pub(super) fn new(
        process: &Process,
        gateway: Arc<dyn SessionGateway>,
        every: Duration,
    ) -> Self {
        let Process { pool, executor, leases, .. } = process.clone();
        Self { pool, executor, gateway, leases, every }
    }

    pub(super) async fn run(&self, shutdown: &CancellationToken) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(self.every) => {}
                () = shutdown.cancelled() => return,
            }
            if let Err(error) = self.look().await {
                tracing::warn!(%error, "could not compare sessions with WAHA; will try again");
            }
        }
    }

    async fn look(&self) -> Result<(), SagaError> {
        if self.leases.hold(LEASE).await?.is_none() {
            return Ok(());
        }
        let mut reports: HashMap<String, Report> = match self.gateway.list().await {
            Ok(reports) => reports.into_iter().collect(),
            Err(error) => {
                tracing::debug!(%error, "WAHA did not list its sessions");
                return Ok(());
            }
        };
        let names: Vec<&str> = reports.keys().map(String::as_str).collect();
        for known in standing::named(&self.pool, &names).await? {
            let Some(report) = reports.remove(&known.waha_session) else { continue };
            if report.status.as_str() != known.status {
                let (tenant, session) = (known.tenant_id, known.session_id);
                tell(&self.executor, tenant, session, Command::Report(report)).await?;
            }
        }
        Ok(())
    }
}
