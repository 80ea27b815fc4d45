//! `heliograph client`

use clap::builder::PossibleValuesParser;
use clap::{Subcommand, ValueEnum};
use commands::executor::CommandError;
use commands::oauth::clients::{ClientError, OAuthClients};
use domain::access::Permission;
use domain::access::permissions::Permissions;
use domain::id::{ClientId, TenantId};
use domain::label::Label;
use domain::oauth_client::event::Registered;
use domain::oauth_client::redirect_uri::RedirectUri;
use domain::oauth_client::{ClientKind, GrantType};
use domain::ports::event_log::Actor;
use projections::oauth_clients::OAuthClientRow;
use projections::page::{LIMIT_MAX, Page};
use projections::read_models::ReadModels;
use serde::Serialize;

use super::CliError;
use super::api_key::require_tenant;
use super::database::OpenLog;
use super::output::OutputFormat;
use crate::oauth::clients::new_secret;

const NOT_READ: &str = "the OAuth2 clients could not be read";

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Register a client. Its secret, if it has one, is printed once, and never again.
    Register {
        /// The tenant's id.
        #[arg(long)]
        tenant: TenantId,
        /// What people call it.
        #[arg(long)]
        name: Label,
        /// How it is given tokens; may be given several times.
        #[arg(long, required = true, value_enum)]
        grant_type: Vec<Grant>,
        /// What it may ask for; may be given several times.
        #[arg(long, required = true, value_parser = PossibleValuesParser::new(Permission::ALL.map(Permission::as_str)))]
        scope: Vec<String>,
        /// Where users are sent back to; may be given several times.
        #[arg(long)]
        redirect_uri: Vec<String>,
        /// It runs on users' devices, and has no secret.
        #[arg(long)]
        public: bool,
    },
    /// List a tenant's clients, the newest first.
    List {
        /// The tenant's id.
        #[arg(long)]
        tenant: TenantId,
    },
    /// Make a client unknown, with all it was given, at once and for ever.
    Revoke {
        /// The client's id.
        id: ClientId,
        /// Why.
        #[arg(long)]
        reason: Option<Label>,
    },
}

/// How a client is given tokens.
#[derive(Debug, Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(super) enum Grant {
    /// On its own behalf.
    ClientCredentials,
    /// On behalf of a user who consents.
    AuthorizationCode,
}

/// A client that was registered.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Made {
    id: ClientId,
    tenant_id: TenantId,
    client_secret: Option<String>,
}

/// A client that was revoked.
#[derive(Debug, Serialize)]
struct Gone {
    id: ClientId,
}

pub(super) async fn perform(verb: Verb, output: OutputFormat) -> Result<(), CliError> {
    let log = OpenLog::open().await?;
    let clients = OAuthClients::new(log.pool.clone(), log.executor.clone());
    match verb {
        Verb::Register { tenant, name, grant_type, scope, redirect_uri, public } => {
            let redirect_uris = redirect_uri.into_iter().map(RedirectUri::try_from);
            let registered = Registered {
                name,
                kind: if public { ClientKind::Public } else { ClientKind::Confidential },
                grant_types: grant_type.into_iter().map(granted).collect(),
                redirect_uris: redirect_uris
                    .collect::<Result<_, _>>()
                    .map_err(|error| CliError::Input(format!("--redirect-uri {error}")))?,
                scopes: scope.iter().filter_map(|word| Permission::parse(word)).collect(),
                created_by: Actor::Operator,
                at: log.executor.ambient().now(),
            };
            register(&log, &clients, tenant, registered, output).await?;
        }
        Verb::List { tenant } => list(&log, tenant, output).await?,
        Verb::Revoke { id, reason } => revoke(&log, &clients, id, reason, output).await?,
    }
    log.close().await;
    Ok(())
}

const fn granted(grant: Grant) -> GrantType {
    match grant {
        Grant::ClientCredentials => GrantType::ClientCredentials,
        Grant::AuthorizationCode => GrantType::AuthorizationCode,
    }
}

async fn register(
    log: &OpenLog,
    clients: &OAuthClients,
    tenant: TenantId,
    registered: Registered,
    output: OutputFormat,
) -> Result<(), CliError> {
    require_tenant(log, tenant).await?;
    let secret = (registered.kind == ClientKind::Confidential).then(new_secret);
    let kept = secret.as_ref().map(|(secret, _)| secret);
    // Who sits at the command line may do everything.
    let holds: Permissions = Permission::ALL.into_iter().collect();
    let made = clients.register(tenant, registered, holds, kept, log.metadata()).await;
    let (id, _) = made.map_err(|error| match error {
        ClientError::Command(CommandError::Rejected(rejection)) => {
            CliError::Input(rejection.to_string())
        }
        error => CliError::failed("the OAuth2 client could not be registered")(error),
    })?;
    let client_secret = secret.map(|(_, text)| text);
    output.print(&Made { id, tenant_id: tenant, client_secret }, |made| {
        let secret = made.client_secret.as_deref();
        let secret = secret.map(|text| format!(" Its secret is shown this once:\n{text}"));
        format!("Registered client {}.{}", made.id, secret.unwrap_or_default())
    })
}

async fn list(log: &OpenLog, tenant: TenantId, output: OutputFormat) -> Result<(), CliError> {
    let models = ReadModels::new(log.pool.clone());
    let mut page = Page::numbered(1, LIMIT_MAX).map_err(CliError::failed(NOT_READ))?;
    let mut rows: Vec<OAuthClientRow> = Vec::new();
    loop {
        let listing = models.list_oauth_clients(tenant, page).await;
        let listing = listing.map_err(CliError::failed(NOT_READ))?;
        rows.extend(listing.rows);
        let Some(cursor) = listing.next_cursor else { break };
        page = Page::after(cursor, LIMIT_MAX).map_err(CliError::failed(NOT_READ))?;
    }
    output.print(&rows, |rows| rows.iter().map(line).collect::<Vec<_>>().join("\n"))
}

fn line(row: &OAuthClientRow) -> String {
    let state = row.revoked_at.map(|at| format!("revoked {}", at.format("%Y-%m-%d")));
    let state = state.unwrap_or_else(|| "active".to_owned());
    format!("{}  {}  {}  {}  {}", row.id, row.kind, state, row.name, row.scopes)
}

async fn revoke(
    log: &OpenLog,
    clients: &OAuthClients,
    id: ClientId,
    reason: Option<Label>,
    output: OutputFormat,
) -> Result<(), CliError> {
    let tenant = clients.tenant_of(id).await.map_err(CliError::failed(NOT_READ))?;
    let tenant = tenant.ok_or_else(|| CliError::Input("there is no such OAuth2 client".into()))?;
    let revoked = clients.revoke(tenant, id, reason, log.metadata()).await;
    revoked.map_err(CliError::failed("the OAuth2 client could not be revoked"))?;
    output.print(&Gone { id }, |gone| format!("Revoked client {}.", gone.id))
}
