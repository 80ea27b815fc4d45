//! Asks every WAHA server how its sessions are. Webhooks tell sooner, and can be lost.
//!
//! A session that runs on a server it was moved off (which was away when it was) is stopped there.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use domain::ports::leases::{Leases, Work};
use domain::ports::waha::{SessionAddress, SessionGateway};
use domain::session::health::SuspicionCause;
use domain::session::status::SessionStatus;
use domain::session::{Command, Report, Session};
use domain::waha_server::ServerState;
use domain::waha_server::name::ServerName;
use futures::future::join_all;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use super::super::delivery::standing::KnownSession;
use super::super::delivery::{servers, standing};
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
        let servers = servers::states(&self.pool).await?;
        let called = servers.iter().filter(|(_, state)| *state != ServerState::Down);
        join_all(called.map(|(server, _)| self.look_at(server))).await.into_iter().collect()
    }

    /// A server that is away keeps none of the others from being looked at.
    async fn look_at(&self, server: &ServerName) -> Result<(), SagaError> {
        let mut reports: HashMap<String, Report> = match self.gateway.list(server).await {
            Ok(reports) => reports.into_iter().collect(),
            Err(error) => {
                tracing::debug!(%error, %server, "a WAHA server did not list its sessions");
                return Ok(());
            }
        };
        self.suspect_missing(server, &reports).await?;
        let names: Vec<&str> = reports.keys().map(String::as_str).collect();
        for known in standing::named(&self.pool, &names).await? {
            let Some(report) = reports.remove(&known.waha_session) else { continue };
            if known.server != *server {
                self.stop_stray(server, &known, &report).await?;
            } else if report.status.as_str() != known.status {
                let (tenant, session) = (known.tenant_id, known.session_id);
                tell(&self.executor, tenant, session, Command::Report(report)).await?;
            }
        }
        Ok(())
    }

    /// A session that works for all that is known, and that WAHA has no more.
    async fn suspect_missing(
        &self,
        server: &ServerName,
        reports: &HashMap<String, Report>,
    ) -> Result<(), SagaError> {
        for known in standing::working_on(&self.pool, server).await? {
            if reports.contains_key(&known.waha_session) {
                continue;
            }
            let (cause, now) = (SuspicionCause::MissingInWaha, self.executor.ambient().now());
            let command = Command::Suspect { cause, now };
            tell(&self.executor, known.tenant_id, known.session_id, command).await?;
        }
        Ok(())
    }

    /// Stops a session where it is not to run; the log is asked, for what is known here may be a moment old.
    async fn stop_stray(
        &self,
        server: &ServerName,
        known: &KnownSession,
        report: &Report,
    ) -> Result<(), SagaError> {
        let session = known.session_id;
        let is_elsewhere = match self.executor.load::<Session>(known.tenant_id, session.0).await? {
            Session::Open(open) => open.server != *server,
            Session::Absent | Session::Deleted => false,
        };
        if !is_elsewhere || report.status == SessionStatus::Stopped {
            return Ok(());
        }
        tracing::warn!(
            session.id = %session, %server,
            "session {session} runs on WAHA server {server}, which it is not on any more; it is stopped there"
        );
        let address = SessionAddress { server, waha_session: &known.waha_session };
        if let Err(error) = self.gateway.stop(address).await {
            tracing::warn!(%error, session.id = %session, %server, "it could not be stopped");
        }
        Ok(())
    }
}
