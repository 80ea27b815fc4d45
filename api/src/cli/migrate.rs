//! `heliograph migrate`

use clap::Subcommand;

use super::output::OutputFormat;
use super::{CliError, database};
use crate::migrations::{self, MigrationState};

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Apply the migrations the database lacks. Safe to repeat, and to run from several places at once.
    Run,
    /// Show every migration and whether the database has it.
    Show,
}

pub(super) async fn perform(verb: Verb, output: OutputFormat) -> Result<(), CliError> {
    let pool = database::connect().await?;
    let failed = CliError::failed("the database could not be migrated");
    match verb {
        Verb::Run => output.print(&migrations::run(&pool).await.map_err(failed)?, |applied| {
            if applied.is_empty() {
                return "The database has every migration.".to_owned();
            }
            format!("Applied {} migrations.\n{}", applied.len(), table(applied))
        }),
        Verb::Show => {
            output.print(&migrations::states(&pool).await.map_err(failed)?, |states| table(states))
        }
    }
}

fn table(states: &[MigrationState]) -> String {
    let line = |state: &MigrationState| {
        let mark = if state.is_applied { "applied" } else { "missing" };
        format!("{mark}  {}  {}", state.version, state.description)
    };
    states.iter().map(line).collect::<Vec<_>>().join("\n")
}
