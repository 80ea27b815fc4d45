//! `heliograph demo`: a message goes from the API to a phone, and one can watch.

use std::io::Write;

use super::{CliError, environment, serve};
use crate::demo::walkthrough::{Outcome, Walkthrough};
use crate::demo::{credentials, settings};
use crate::{logging, migrations};

pub(super) async fn perform() -> Result<(), CliError> {
    let settings = settings::make_up(environment).map_err(CliError::Settings)?;
    logging::start(&settings.log);
    let pool = super::database::connect().await?;
    say("Migrating the database …")?;
    let applied = migrations::run(&pool)
        .await
        .map_err(CliError::failed("the database could not be migrated"))?;
    say(&format!("  {} migrations applied, the rest was there.", applied.len()))?;
    let login = credentials::make_up(&pool)
        .await
        .map_err(CliError::failed("a tenant and a user could not be made"))?;
    let engine = serve::start(&settings).await?;
    let url = format!("http://localhost:{}", engine.address().port());
    let mut walkthrough = Walkthrough::new(&url, &login, std::io::stdout())
        .map_err(CliError::failed("the demo's HTTP client could not be made"))?;
    let walked = walkthrough.run().await;
    let once = environment("DEMO_ONCE").is_some_and(|value| value == "1");
    if walked.is_ok() && !once {
        walkthrough.tell_how_to_go_on().map_err(CliError::failed("standard output is closed"))?;
        crate::serve::until_told_to_stop().await;
    }
    engine.stop().await;
    match walked.map_err(CliError::failed("the walkthrough failed"))? {
        Outcome::Delivered => Ok(()),
        Outcome::NotDelivered => Err(CliError::Unwell("the message was not delivered")),
    }
}

fn say(line: &str) -> Result<(), CliError> {
    writeln!(std::io::stdout(), "{line}").map_err(CliError::failed("standard output is closed"))
}
