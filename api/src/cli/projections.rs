//! `heliograph projections`

use clap::Subcommand;
use projections::projector::checkpoint;

use super::output::OutputFormat;
use super::{CliError, database};

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Show every read model: how far it has come and whether it is in trouble.
    List,
}

pub(super) async fn perform(verb: Verb, output: OutputFormat) -> Result<(), CliError> {
    let Verb::List = verb;
    let pool = database::connect().await?;
    database::require_migrated(&pool).await?;
    let statuses = checkpoint::statuses(&pool)
        .await
        .map_err(CliError::failed("the read models' checkpoints could not be read"))?;
    output.print(&statuses, |statuses| {
        if statuses.is_empty() {
            return "No read model has started yet: run `heliograph serve`.".to_owned();
        }
        let line = |status: &checkpoint::ProjectionStatus| {
            let trouble = status.error.as_deref().unwrap_or("well");
            format!(
                "{:<24} at {:<20} {:>9} events  {trouble}",
                status.name, status.position, status.events_applied
            )
        };
        statuses.iter().map(line).collect::<Vec<_>>().join("\n")
    })
}
