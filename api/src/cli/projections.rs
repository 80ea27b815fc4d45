//! `heliograph projections`

mod list;
mod progress;

use std::sync::Arc;

use clap::{Args, Subcommand};
use projections::build::{BuildError, Builder, Difference, DifferenceKind, Rebuilt, Verified};
use projections::projector::Projection;
use serde::Serialize;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::database::OpenLog;
use super::output::OutputFormat;
use super::{CliError, complain};
use crate::serve::until_told_to_stop;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Show every read model: how far it has come, whether it is in trouble, and what is built beside it.
    List,
    /// Build read models anew from the event log and put them in the place of the live ones. Engines go on
    /// projecting and answering meanwhile.
    Rebuild(Which),
    /// Build read models anew beside the live ones, and tell where those differ. Changes nothing.
    Verify(Which),
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(super) struct Which {
    /// The read model, as `heliograph projections list` names it.
    name: Option<String>,
    /// Every read model, one after the other.
    #[arg(long)]
    all: bool,
}

pub(super) async fn perform(verb: Verb, output: OutputFormat) -> Result<(), CliError> {
    match verb {
        Verb::List => list::perform(output).await,
        Verb::Rebuild(which) => {
            let rebuild = async |builder: &Builder, projection| builder.rebuild(projection).await;
            build(which.projections()?, output, rebuild, tell_rebuilt).await.1
        }
        Verb::Verify(which) => {
            let verify = async |builder: &Builder, projection| builder.verify(projection).await;
            let (verified, ended) =
                build(which.projections()?, output, verify, tell_verified).await;
            let are_equal = verified.iter().all(Verified::is_equal);
            ended.and(if are_equal { Ok(()) } else { Err(CliError::Unwell(DIFFERENT)) })
        }
    }
}

const DIFFERENT: &str = "a read model is not what the event log makes of it: `heliograph projections rebuild` puts it \
    right";

/// Builds one after the other, and prints what came of it. What could not be built does not keep the others from it:
/// the last error is answered, those before it are told at once.
async fn build<T: Serialize>(
    named: Vec<Arc<dyn Projection>>,
    output: OutputFormat,
    each: impl AsyncFn(&Builder, Arc<dyn Projection>) -> Result<T, BuildError>,
    tell: impl Fn(&T) -> String,
) -> (Vec<T>, Result<(), CliError>) {
    let log = match OpenLog::open().await {
        Ok(log) => log,
        Err(error) => return (Vec::new(), Err(error)),
    };
    let (tasks, shutdown) = (TaskTracker::new(), CancellationToken::new());
    let told = shutdown.clone();
    let signals = tasks.spawn(async move {
        until_told_to_stop().await;
        told.cancel();
    });
    let builder = Builder::new(log.log.clone(), log.pool.clone(), shutdown.clone());
    let (mut built, mut ended) = (Vec::new(), Ok(()));
    for projection in named {
        let name = projection.name();
        let work = Box::pin(each(&builder, projection));
        match progress::shown(name, builder.progress(), work).await {
            Ok(result) => built.push(result),
            Err(error) => {
                if let Err(earlier) = &ended {
                    complain(earlier);
                }
                ended = Err(CliError::failed("a read model could not be built")(error));
            }
        }
        if shutdown.is_cancelled() {
            break;
        }
    }
    signals.abort();
    log.close().await;
    if !built.is_empty() {
        let lines = |built: &Vec<T>| built.iter().map(tell).collect::<Vec<_>>().join("\n");
        ended = output.print(&built, lines).and(ended);
    }
    (built, ended)
}

impl Which {
    fn projections(self) -> Result<Vec<Arc<dyn Projection>>, CliError> {
        let all = projections::all();
        let is_meant = |projection: &Arc<dyn Projection>| {
            self.all || self.name.as_deref() == Some(projection.name())
        };
        let found: Vec<_> = all.iter().filter(|projection| is_meant(projection)).cloned().collect();
        if found.is_empty() {
            let name = self.name.unwrap_or_default();
            let known: Vec<_> = all.iter().map(|projection| projection.name()).collect();
            let known = known.join(", ");
            return Err(CliError::Input(format!(
                "there is no read model {name}: it is one of {known}"
            )));
        }
        Ok(found)
    }
}

fn tell_rebuilt(Rebuilt { name, version, position, events }: &Rebuilt) -> String {
    format!("{name} is now version {version}: {events} events, up to {position}.")
}

fn tell_verified(verified: &Verified) -> String {
    let Verified { name, version, position, events, rows, differences, is_truncated } = verified;
    let what = format!("{name} v{version} at {position} ({events} events)");
    if differences.is_empty() {
        return format!("{what} is what the event log makes of it: {rows} rows.");
    }
    let more = if *is_truncated { "\n  … and more" } else { "" };
    let differences: Vec<_> = differences.iter().map(tell_difference).collect();
    let differences = differences.join("\n");
    format!("{what} is not what the event log makes of it:\n{differences}{more}")
}

fn tell_difference(Difference { table, key, kind, columns }: &Difference) -> String {
    let kind = match kind {
        DifferenceKind::Missing => "is missing".to_owned(),
        DifferenceKind::Extra => "should not be there".to_owned(),
        DifferenceKind::Different => format!("differs in {}", columns.join(", ")),
    };
    format!("  {table} {key} {kind}")
}
