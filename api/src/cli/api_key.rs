//! `heliograph api-key`

use std::num::NonZeroU32;

use chrono::{DateTime, Utc};
use clap::Subcommand;
use clap::builder::PossibleValuesParser;
use commands::api_keys::{ApiKeyError, ApiKeys};
use commands::executor::CommandError;
use domain::access::Permission;
use domain::access::permissions::Permissions;
use domain::api_key::event::Created;
use domain::id::{ApiKeyId, TenantId};
use domain::label::Label;
use domain::ports::event_log::Actor;
use domain::tenant::Tenant;
use projections::api_keys::ApiKeyRow;
use projections::page::{LIMIT_MAX, Page};
use projections::read_models::ReadModels;
use secrecy::ExposeSecret;
use serde::Serialize;

use super::CliError;
use super::database::OpenLog;
use super::output::OutputFormat;
use crate::api_keys::{RATE_MAX, as_rate, new_text};
use crate::settings::duration;

const NOT_READ: &str = "the API keys could not be read";

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Make a key. Its text is printed once, and never again.
    Create {
        /// The tenant's id.
        #[arg(long)]
        tenant: TenantId,
        /// What people call it.
        #[arg(long)]
        name: Label,
        /// What it opens; may be given several times.
        #[arg(long, required = true, value_parser = PossibleValuesParser::new(Permission::ALL.map(Permission::as_str)))]
        scope: Vec<String>,
        /// How long it is good, such as 90d; without it, for ever.
        #[arg(long)]
        expires_in: Option<String>,
        /// Requests per minute; without it, as many as its tenant may make.
        #[arg(long, value_parser = clap::value_parser!(u64).range(1..=RATE_MAX))]
        rate_limit_per_minute: Option<u64>,
    },
    /// List a tenant's keys, the newest first.
    List {
        /// The tenant's id.
        #[arg(long)]
        tenant: TenantId,
    },
    /// Make a key useless, at once and for ever.
    Revoke {
        /// The key's id.
        id: ApiKeyId,
        /// Why.
        #[arg(long)]
        reason: Option<Label>,
    },
}

/// A key that was made.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Made<'a> {
    id: ApiKeyId,
    tenant_id: TenantId,
    key: &'a str,
}

/// A key that was revoked.
#[derive(Debug, Serialize)]
struct Gone {
    id: ApiKeyId,
}

pub(super) async fn perform(verb: Verb, output: OutputFormat) -> Result<(), CliError> {
    let log = OpenLog::open().await?;
    let keys = ApiKeys::new(log.pool.clone(), log.executor.clone());
    match verb {
        Verb::Create { tenant, name, scope, expires_in, rate_limit_per_minute } => {
            let scopes = scope.iter().filter_map(|word| Permission::parse(word)).collect();
            let expires_at = expires_in.map(|text| end(&log, &text)).transpose()?;
            let rate_limit_per_minute = rate_limit_per_minute.and_then(as_rate);
            let new = New { tenant, name, scopes, expires_at, rate_limit_per_minute };
            create(&log, &keys, new, output).await?;
        }
        Verb::List { tenant } => list(&log, tenant, output).await?,
        Verb::Revoke { id, reason } => revoke(&log, &keys, id, reason, output).await?,
    }
    log.close().await;
    Ok(())
}

/// A key to be made.
struct New {
    tenant: TenantId,
    name: Label,
    scopes: Permissions,
    expires_at: Option<DateTime<Utc>>,
    rate_limit_per_minute: Option<NonZeroU32>,
}

async fn create(
    log: &OpenLog,
    keys: &ApiKeys,
    new: New,
    output: OutputFormat,
) -> Result<(), CliError> {
    let New { tenant, name, scopes, expires_at, rate_limit_per_minute } = new;
    require_tenant(log, tenant).await?;
    let text = new_text();
    let created = Created {
        name,
        scopes,
        prefix: text.prefix.clone(),
        expires_at,
        rate_limit_per_minute,
        created_by: Actor::Operator,
        at: log.executor.ambient().now(),
    };
    // Who sits at the command line may do everything.
    let made = keys.create(tenant, created, scopes, &text.secret, log.metadata()).await;
    let (id, _) = made.map_err(refused)?;
    let key = text.expose();
    let made = Made { id, tenant_id: tenant, key: key.expose_secret() };
    output.print(&made, |made| {
        format!("Made API key {}. It is shown this once:\n{}", made.id, made.key)
    })
}

async fn list(log: &OpenLog, tenant: TenantId, output: OutputFormat) -> Result<(), CliError> {
    let models = ReadModels::new(log.pool.clone());
    let mut page = Page::numbered(1, LIMIT_MAX).map_err(CliError::failed(NOT_READ))?;
    let mut rows: Vec<ApiKeyRow> = Vec::new();
    loop {
        let listing =
            models.list_api_keys(tenant, page).await.map_err(CliError::failed(NOT_READ))?;
        rows.extend(listing.rows);
        let Some(cursor) = listing.next_cursor else { break };
        page = Page::after(cursor, LIMIT_MAX).map_err(CliError::failed(NOT_READ))?;
    }
    output.print(&rows, |rows| rows.iter().map(line).collect::<Vec<_>>().join("\n"))
}

fn line(row: &ApiKeyRow) -> String {
    let state = match (row.revoked_at, row.expires_at) {
        (Some(at), _) => format!("revoked {}", at.format("%Y-%m-%d")),
        (None, Some(end)) => format!("until {}", end.format("%Y-%m-%d")),
        (None, None) => "for ever".to_owned(),
    };
    format!("{}  hgk_{}…  {}  {}  {}", row.id, row.prefix, state, row.name, row.scopes)
}

async fn revoke(
    log: &OpenLog,
    keys: &ApiKeys,
    id: ApiKeyId,
    reason: Option<Label>,
    output: OutputFormat,
) -> Result<(), CliError> {
    let tenant = keys.tenant_of(id).await;
    let tenant = tenant.map_err(CliError::failed("the API key could not be read"))?;
    let tenant = tenant.ok_or_else(|| CliError::Input("there is no such API key".into()))?;
    let revoked = keys.revoke(tenant, id, reason, log.metadata()).await;
    revoked.map_err(CliError::failed("the API key could not be revoked"))?;
    output.print(&Gone { id }, |gone| format!("Revoked API key {}.", gone.id))
}

/// Refuses a tenant that is not there.
pub(super) async fn require_tenant(log: &OpenLog, tenant: TenantId) -> Result<(), CliError> {
    let found = log.executor.load::<Tenant>(tenant, tenant.0).await;
    let found = found.map_err(CliError::failed("the tenant could not be read"))?;
    if found == Tenant::default() {
        return Err(CliError::Input(format!("there is no tenant {tenant}")));
    }
    Ok(())
}

fn end(log: &OpenLog, text: &str) -> Result<DateTime<Utc>, CliError> {
    let duration = duration::parse(text).ok_or_else(|| {
        CliError::Input("--expires-in must be a duration such as 12h or 90d, at most 366d".into())
    })?;
    Ok(log.executor.ambient().now() + duration)
}

/// What the operator can put right is told as such.
fn refused(error: ApiKeyError) -> CliError {
    match error {
        ApiKeyError::Command(CommandError::Rejected(rejection)) => {
            CliError::Input(rejection.to_string())
        }
        error => CliError::failed("the API key could not be made")(error),
    }
}
