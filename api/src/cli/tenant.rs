//! `heliograph tenant`

use clap::Subcommand;
use clap::builder::PossibleValuesParser;
use commands::executor::CommandError;
use commands::subdomains::{NotTaken, Subdomains};
use domain::id::TenantId;
use domain::message::doubt::OnUnknown;
use domain::phone::Country;
use domain::subdomain::SubdomainName;
use domain::tenant::{Command, Tenant, TenantName};
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
    /// Say what becomes of a tenant's messages whose outcome cannot be told.
    Policy {
        /// The tenant's id.
        #[arg(long)]
        tenant: TenantId,
        /// They wait for a person, are sent again once, or go as `DELIVERY_ON_UNKNOWN` says.
        #[arg(long, value_parser = PossibleValuesParser::new(["hold", "resend", "default"]))]
        on_unknown: String,
    },
    /// Refuse a tenant's users and keys, end their login sessions, and have its messages wait.
    Suspend {
        /// The tenant's id.
        #[arg(long)]
        tenant: TenantId,
    },
    /// Let them in again, and have its messages go on.
    Reactivate {
        /// The tenant's id.
        #[arg(long)]
        tenant: TenantId,
    },
    /// Give a tenant a subdomain of `TENANT_DOMAIN`.
    TakeSubdomain {
        /// The tenant's id.
        #[arg(long)]
        tenant: TenantId,
        /// What stands before the domain.
        name: SubdomainName,
    },
    /// Take a subdomain away from the tenant that has it.
    GiveUpSubdomain {
        /// What stands before the domain.
        name: SubdomainName,
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

/// What a tenant has said.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Policy {
    id: TenantId,
    on_unknown: Option<OnUnknown>,
}

/// How a tenant stands.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
enum Standing {
    Active,
    Suspended,
}

/// A tenant, and how it stands now.
#[derive(Debug, Serialize)]
struct Stands {
    id: TenantId,
    standing: Standing,
}

/// Whose a subdomain is now.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Owned {
    name: SubdomainName,
    tenant_id: Option<TenantId>,
}

pub(super) async fn perform(verb: Verb, output: OutputFormat) -> Result<(), CliError> {
    match verb {
        Verb::Create { name, default_country } => create(name, default_country, output).await,
        Verb::Policy { tenant, on_unknown } => {
            set_policy(tenant, OnUnknown::parse(&on_unknown), output).await
        }
        Verb::Suspend { tenant } => set_standing(tenant, Standing::Suspended, output).await,
        Verb::Reactivate { tenant } => set_standing(tenant, Standing::Active, output).await,
        Verb::TakeSubdomain { tenant, name } => take_subdomain(tenant, name, output).await,
        Verb::GiveUpSubdomain { name } => give_up_subdomain(name, output).await,
    }
}

async fn create(
    name: TenantName,
    default_country: Option<Country>,
    output: OutputFormat,
) -> Result<(), CliError> {
    let log = OpenLog::open().await?;
    let accounts = log.accounts().map_err(CliError::failed("passwords cannot be hashed here"))?;
    let created = accounts.create_tenant(name.clone(), default_country, log.metadata());
    let id = created.await.map_err(CliError::failed("the tenant could not be made"))?.id;
    log.close().await;
    let created = Created { id, name: name.into(), default_country };
    output
        .print(&created, |created| format!("Made tenant {} with id {}.", created.name, created.id))
}

async fn set_policy(
    id: TenantId,
    on_unknown: Option<OnUnknown>,
    output: OutputFormat,
) -> Result<(), CliError> {
    let log = OpenLog::open().await?;
    let command = Command::SetPolicy { on_unknown, now: log.executor.ambient().now() };
    let set = log.executor.execute::<Tenant>(id, id.0, command, log.metadata()).await;
    set.map_err(|error| match error {
        CommandError::Rejected(rejection) => CliError::Input(rejection.to_string()),
        error => CliError::failed("the policy could not be set")(error),
    })?;
    log.close().await;
    output.print(&Policy { id, on_unknown }, |policy| {
        let word = policy.on_unknown.map_or("default", OnUnknown::as_str);
        format!("Messages of tenant {} whose outcome cannot be told: {word}.", policy.id)
    })
}

async fn set_standing(
    id: TenantId,
    standing: Standing,
    output: OutputFormat,
) -> Result<(), CliError> {
    let log = OpenLog::open().await?;
    let now = log.executor.ambient().now();
    let command = match standing {
        Standing::Suspended => Command::Suspend { is_own: false, now },
        Standing::Active => Command::Reactivate { now },
    };
    let set = log.executor.execute::<Tenant>(id, id.0, command, log.metadata()).await;
    set.map_err(|error| match error {
        CommandError::Rejected(rejection) => CliError::Input(rejection.to_string()),
        error => CliError::failed("the tenant could not be changed")(error),
    })?;
    log.close().await;
    output.print(&Stands { id, standing }, |stands| match stands.standing {
        Standing::Suspended => format!("Tenant {} is suspended.", stands.id),
        Standing::Active => format!("Tenant {} is active.", stands.id),
    })
}

async fn take_subdomain(
    tenant_id: TenantId,
    name: SubdomainName,
    output: OutputFormat,
) -> Result<(), CliError> {
    let log = OpenLog::open().await?;
    let subdomains = Subdomains::new(log.executor.clone());
    let taken = subdomains.take(tenant_id, name.clone(), log.metadata()).await;
    taken.map_err(|error| match error {
        NotTaken::NoTenant => CliError::Input(error.to_string()),
        NotTaken::Subdomain(CommandError::Rejected(rejection)) => {
            CliError::Input(rejection.to_string())
        }
        error => CliError::failed("the subdomain could not be given")(error),
    })?;
    log.close().await;
    output.print(&Owned { name, tenant_id: Some(tenant_id) }, |_| {
        format!("Tenant {tenant_id} has the subdomain.")
    })
}

async fn give_up_subdomain(name: SubdomainName, output: OutputFormat) -> Result<(), CliError> {
    let log = OpenLog::open().await?;
    let subdomains = Subdomains::new(log.executor.clone());
    let given_up = subdomains.give_up(name.clone(), log.metadata()).await;
    given_up.map_err(|error| match error {
        CommandError::Rejected(rejection) => CliError::Input(rejection.to_string()),
        error => CliError::failed("the subdomain could not be taken away")(error),
    })?;
    log.close().await;
    output.print(&Owned { name, tenant_id: None }, |_| "Nobody has the subdomain now.".to_owned())
}

fn name(text: &str) -> Result<TenantName, domain::tenant::InvalidTenantName> {
    text.to_owned().try_into()
}
