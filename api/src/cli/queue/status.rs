//! `heliograph queue status`

use chrono::{DateTime, Utc};
use commands::sagas::delivery::inspection::{Inspection, SessionQueue};
use domain::id::TenantId;

use super::super::database::OpenLog;
use super::super::output::OutputFormat;
use super::super::{CliError, environment};
use crate::serve;
use crate::settings::DeliverySettings;

pub(super) async fn status(
    tenant: Option<TenantId>,
    limit: u32,
    output: OutputFormat,
) -> Result<(), CliError> {
    let delivery = DeliverySettings::read(environment).map_err(CliError::Settings)?;
    let log = OpenLog::open().await?;
    let inspection = Inspection::new(log.pool.clone(), &serve::delivery_options(&delivery));
    let queues = inspection.queues(tenant, None, limit).await;
    let queues = queues.map_err(CliError::failed("the queues could not be read"))?;
    let now = log.executor.ambient().now();
    log.close().await;
    output.print(&queues, |queues| {
        if queues.is_empty() {
            return "There are no sessions.".to_owned();
        }
        queues.iter().map(|queue| line(queue, now)).collect::<Vec<_>>().join("\n")
    })
}

fn line(queue: &SessionQueue, now: DateTime<Utc>) -> String {
    let SessionQueue { session_id, status, queue_mode, queued, in_flight, unknown, .. } = queue;
    let suspect = if queue.suspicion.is_some() { ", suspect" } else { "" };
    let suspended = if queue.tenant_suspended { ", its tenant suspended" } else { "" };
    let seconds = |at: DateTime<Utc>| (at - now).num_seconds();
    let oldest = queue
        .oldest_at
        .map_or_else(String::new, |at| format!(", the oldest for {} s", -seconds(at).min(0)));
    let next = queue
        .next_due_at
        .map_or_else(String::new, |at| format!(", the next in {} s", seconds(at).max(0)));
    let pace =
        queue.rate_per_minute.map_or_else(|| "unpaced".to_owned(), |rate| format!("{rate}/min"));
    format!(
        "{session_id}  {status}{suspect}{suspended}, {queue_mode}  {queued} wait{oldest}{next}, {in_flight} under way, \
         {unknown} unknown; {sent} sent in the last minute ({pace})",
        sent = queue.sent_last_minute
    )
}
