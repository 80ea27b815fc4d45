//! Asks WAHA how every session is. Webhooks tell sooner, and can be lost.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use domain::id::{EngineId, SessionId, TenantId};
use domain::ports::event_log::{Actor, Metadata};
use domain::ports::waha::SessionGateway;
use domain::session::{self, Report, Session};
use sqlx::{PgPool, Row};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::super::{SagaError, lease};
use crate::executor::{CommandError, Executor};

const LEASE: &str = "session-watcher";

pub(super) struct Watcher {
    pool: PgPool,
    executor: Executor,
    gateway: Arc<dyn SessionGateway>,
    engine: EngineId,
    every: Duration,
}

impl Watcher {
    pub(super) fn new(
        pool: PgPool,
        executor: Executor,
        gateway: Arc<dyn SessionGateway>,
        engine: EngineId,
        every: Duration,
    ) -> Self {
        Self { pool, executor, gateway, engine, every }
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
        if !lease::acquire(&self.pool, LEASE, self.engine).await? {
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
        let rows = sqlx::query(
            "select session_id, tenant_id, waha_session, status from delivery_sessions
             where waha_session = any($1) and status <> 'DELETED'",
        )
        .bind(names)
        .fetch_all(&self.pool)
        .await?;
        for row in &rows {
            let Some(report) = reports.remove(row.try_get::<&str, _>("waha_session")?) else {
                continue;
            };
            if report.status.as_str() != row.try_get::<&str, _>("status")? {
                let tenant = TenantId(row.try_get::<Uuid, _>("tenant_id")?);
                let session = SessionId(row.try_get::<Uuid, _>("session_id")?);
                self.tell(tenant, session, report).await?;
            }
        }
        Ok(())
    }

    async fn tell(
        &self,
        tenant: TenantId,
        session: SessionId,
        report: Report,
    ) -> Result<(), SagaError> {
        let metadata = Metadata {
            actor: Actor::SessionSaga,
            correlation_id: session.0,
            causation_id: None,
            request_id: None,
        };
        let command = session::Command::Report(report);
        match self.executor.execute::<Session>(tenant, session.0, command, metadata).await {
            Ok(_) | Err(CommandError::Rejected(_)) => Ok(()),
            Err(error) => Err(SagaError::Command(error.into())),
        }
    }
}
