//! Does in WAHA what was asked.

use std::sync::Arc;
use std::time::Duration;

use domain::id::EngineId;
use domain::ports::waha::{GatewayError, SessionGateway, SessionSetup};
use domain::session::{Action, Command, Report};
use failpoint::Failpoint;
use futures::future::join_all;
use secrecy::ExposeSecret;
use sqlx::PgPool;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::super::{Process, SagaError};
use super::actions::{self, Task};
use super::tell;
use crate::executor::Executor;
use crate::session_keys::SessionKeys;

const LOOK_EVERY: Duration = Duration::from_secs(1);

pub(super) struct Worker {
    pool: PgPool,
    executor: Executor,
    gateway: Arc<dyn SessionGateway>,
    keys: SessionKeys,
    engine: EngineId,
}

impl Worker {
    pub(super) fn new(
        process: &Process,
        gateway: Arc<dyn SessionGateway>,
        keys: SessionKeys,
    ) -> Self {
        let Process { pool, executor, engine, .. } = process.clone();
        Self { pool, executor, gateway, keys, engine }
    }

    pub(super) async fn run(&self, fed: &Notify, shutdown: &CancellationToken) {
        while !shutdown.is_cancelled() {
            if let Err(error) = self.work().await {
                tracing::error!(%error, "sessions cannot be worked on; will try again");
            }
            tokio::select! {
                () = fed.notified() => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = shutdown.cancelled() => {}
            }
        }
    }

    /// Does what is due.
    pub(super) async fn work(&self) -> Result<(), SagaError> {
        let tasks = actions::claim(&self.pool, self.engine).await?;
        join_all(tasks.into_iter().map(|task| self.fulfil(task))).await.into_iter().collect()
    }

    async fn fulfil(&self, task: Task) -> Result<(), SagaError> {
        failpoint::reach(Failpoint::ActionClaimed);
        let now = self.executor.ambient().now();
        let (tenant, id, action) = (task.tenant_id, task.session_id, task.action);
        match self.call(&task).await? {
            Ok(report) => {
                failpoint::reach(Failpoint::ActionDone);
                if let Some(report) = report {
                    tell(&self.executor, tenant, id, Command::Report(report)).await?;
                }
                tell(&self.executor, tenant, id, Command::CompleteAction { action, now }).await
            }
            Err(GatewayError::Unavailable(reason)) => {
                tracing::warn!(
                    session.id = %task.session_id, action = action.as_str(), tries = task.tries, reason,
                    "WAHA is away; the action will be tried again"
                );
                Ok(actions::postpone(&self.pool, self.engine, &task).await?)
            }
            Err(
                error @ (GatewayError::NotFound
                | GatewayError::WrongState(_)
                | GatewayError::Refused(_)),
            ) => {
                let reason = error.to_string();
                tell(&self.executor, tenant, id, Command::FailAction { action, reason, now }).await
            }
        }
    }

    async fn call(&self, task: &Task) -> Result<Result<Option<Report>, GatewayError>, SagaError> {
        let Some(key) = self.keys.get(task.session_id).await? else {
            // A deletion frees the name last, so where it is free WAHA has forgotten the session already.
            let is_deletion = task.action == Action::Delete;
            return Ok(if is_deletion { Ok(None) } else { Err(GatewayError::NotFound) });
        };
        let name = key.waha_session.as_str();
        Ok(match task.action {
            Action::Start => {
                let webhook_secret = key.secret.expose_secret();
                self.gateway.start(&SessionSetup { waha_session: name, webhook_secret }).await
            }
            Action::Stop => self.gateway.stop(name).await,
            Action::Restart => self.gateway.restart(name).await,
            Action::Logout => self.gateway.logout(name).await,
            Action::Delete => {
                let deleted = self.gateway.delete(name).await;
                if deleted.is_ok() {
                    self.keys.release(task.session_id).await?;
                }
                deleted.map(|()| None)
            }
        })
    }
}
