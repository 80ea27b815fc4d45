//! `heliograph tenant`

use clap::Subcommand;
use domain::id::TenantId;
use domain::phone::Country;
use domain::tenant::TenantName;
use serde::Serialize;

use super::CliError;
use super::database::OpenLog;
use super::output::OutputFormat;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Make a tenant.
    Create {
        /// Its name.
        #[arg(long, value_parser = name)]
        name: TenantName,
        /// Reads phone numbers without a country code: two letters, such as ID.
        #[arg(long)]
        default_country: Option<Country>,
    },
}

/// A tenant that was made.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Created {
    id: TenantId,
    name: String,
    default_country: Option<Country>,
}

pub(super) async fn perform(verb: Verb, output: OutputFormat) -> Result<(), CliError> {
    let Verb::Create { name, default_country } = verb;
    let log = OpenLog::open().await?;
    let created = async {
        log.accounts()?.create_tenant(name.clone(), default_country, log.metadata()).await
    };
    let id = created.await.map_err(CliError::failed("the tenant could not be made"))?;
    log.close().await;
    let created = Created { id, name: name.into(), default_country };
    output
        .print(&created, |created| format!("Made tenant {} with id {}.", created.name, created.id))
}

fn name(text: &str) -> Result<TenantName, domain::tenant::InvalidTenantName> {
    text.to_owned().try_into()
}
