//! `heliograph demo`: a message goes from the API to a phone, and one can watch.

use std::io::Write;

use super::database::{self, OpenLog};
use super::{CliError, environment, serve};
use crate::demo::credentials::Login;
use crate::demo::walkthrough::{Outcome, Walkthrough};
use crate::demo::{credentials, settings};
use crate::roles::Roles;
use crate::{logging, migrations};

pub(super) async fn perform() -> Result<(), CliError> {
    let settings = settings::make_up(environment).map_err(CliError::Settings)?;
    logging::start(&settings.log);
    let pool = database::connect().await?;
    say("Migrating the database …")?;
    let applied = migrations::run(&pool)
        .await
        .map_err(CliError::failed("the database could not be migrated"))?;
    pool.close().await;
    say(&format!("  {} migrations applied, the rest was there.", applied.len()))?;
    let login = make_up_login().await?;
    let engine = serve::start(&settings, &Roles::all()).await?;
    let url = format!("http://localhost:{}", engine.address().port());
    let mut walkthrough = Walkthrough::new(&url, &login, std::io::stdout())
        .map_err(CliError::failed("the demo's HTTP client could not be made"))?;
    let mut walked = walkthrough.run().await;
    if let Some(catcher) = environment("MAIL_CATCHER_URL")
        && walked.is_ok()
        && let Err(error) = walkthrough.show_mail(&catcher).await
    {
        walked = Err(error);
    }
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

async fn make_up_login() -> Result<Login, CliError> {
    const FAILED: &str = "a tenant and a user could not be made";
    let log = OpenLog::open().await?;
    let accounts = log.accounts().map_err(CliError::failed(FAILED))?;
    let made = credentials::make_up(&accounts, log.metadata()).await;
    log.close().await;
    made.map_err(CliError::failed(FAILED))
}

fn say(line: &str) -> Result<(), CliError> {
    writeln!(std::io::stdout(), "{line}").map_err(CliError::failed("standard output is closed"))
}
