//! OAuth2 clients, for those who may manage keys: registered, listed, given another secret, revoked.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use commands::opaque_secret::OpaqueSecret;
use domain::access::permissions::Permissions;
use domain::aggregate::Aggregate;
use domain::id::{ClientId, TenantId};
use domain::label::Label;
use domain::oauth_client::event::Registered;
use domain::oauth_client::redirect_uri::RedirectUri;
use domain::oauth_client::{ClientKind, GrantType, OAuthClient, Rejection};
use domain::stream::StreamName;
use http::StatusCode;
use projections::oauth_clients::OAuthClientRow;
use schemars::JsonSchema;
use serde::Serialize;

use crate::ambient::random_bytes;
use crate::api_keys::{Revoke, Rotate};
use crate::app::App;
use crate::caller::Caller;
use crate::envelope::{listed, located, success};
use crate::extract::path::PathId;
use crate::extract::{Fields, FromFields, Id, Json, Noted, Query};
use crate::mount::Mount;
use crate::openapi::answers::{self, Listed, NoContent, Success};
use crate::openapi::refusals::refusals;
use crate::paging::Paging;
use crate::problem::{Code, Detail, Problem};
use crate::provenance::Provenance;
use crate::read_your_write::At;

/// What every client's secret begins with, for programs that look for secrets where none belong.
pub(crate) const SECRET_BEGINNING: &str = "hgs_";

/// A client to be registered.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "RegisterClient")]
pub struct Register {
    /// What it is called.
    name: Label,
    /// Whether it can keep a secret; confidential, unless given.
    #[schemars(with = "Option<ClientKind>")]
    kind: ClientKind,
    /// How it is given tokens.
    grant_types: Vec<GrantType>,
    /// Where users are sent back to, to the letter; for authorization codes.
    #[schemars(with = "Option<Vec<RedirectUri>>")]
    redirect_uris: Vec<RedirectUri>,
    /// What it may ask for: permissions whoever registers it has.
    scopes: Permissions,
}

impl FromFields for Register {
    fn from_fields(fields: &mut Fields) -> Result<Self, Noted> {
        let name = fields.required("name");
        let kind = fields.optional("kind");
        let grant_types = fields.required("grantTypes");
        let redirect_uris = fields.optional("redirectUris");
        let scopes = fields.required("scopes");
        Ok(Self {
            name: name?,
            kind: kind?.unwrap_or(ClientKind::Confidential),
            grant_types: grant_types?,
            redirect_uris: redirect_uris?.unwrap_or_default(),
            scopes: scopes?,
        })
    }
}

/// A client with its secret: shown once, and never again.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "OAuthClientWithSecret")]
struct WithSecret {
    #[serde(flatten)]
    row: OAuthClientRow,
    /// None for a public client.
    client_secret: Option<String>,
}

/// A new secret, and its text.
pub(crate) fn new_secret() -> (OpaqueSecret, String) {
    let secret = OpaqueSecret::of(random_bytes());
    let text = format!("{SECRET_BEGINNING}{}", secret.expose());
    (secret, text)
}

refusals! {
    /// There is no such client.
    ClientUnknown: ClientNotFound;
    /// Why nothing is done to a client.
    ClientRefused: ClientNotFound, ClientRevoked, ClientHasNoSecret;
    /// Why a client is not registered.
    RegistrationRefused: ValidRequiredField, ValidInvalidFormat, AuthzInsufficientPermissions;
}

/// Registers an OAuth2 client, and shows its secret: once, and never again.
#[utoipa::path(
    post, path = "/oauth/clients", tag = "OAuth2", operation_id = "registerClient",
    params(Json<Register>),
    responses(At<answers::Created<WithSecret>>, RegistrationRefused)
)]
pub async fn register(
    State(app): State<App>,
    caller: Caller,
    provenance: Provenance,
    mount: Mount,
    Json(Register { name, kind, grant_types, redirect_uris, scopes }): Json<Register>,
) -> Result<Response, Problem> {
    let registered = Registered {
        name,
        kind,
        grant_types,
        redirect_uris,
        scopes,
        created_by: caller.actor(),
        at: app.ambient().now(),
    };
    let secret = (kind == ClientKind::Confidential).then(new_secret);
    let metadata = provenance.metadata(caller.actor());
    let kept = secret.as_ref().map(|(secret, _)| secret);
    let registered = app
        .oauth_clients
        .register(caller.tenant, registered, caller.permissions, kept, metadata)
        .await;
    let (id, position) = registered?;
    let row = find(&app, caller.tenant, id).await?;
    let shown = WithSecret { row, client_secret: secret.map(|(_, text)| text) };
    let location = mount.path(&format!("/oauth/clients/{id}"));
    Ok(At(position, located(StatusCode::CREATED, &location, shown)).into_response())
}

/// Lists the tenant's OAuth2 clients, the newest first.
#[utoipa::path(
    get, path = "/oauth/clients", tag = "OAuth2", operation_id = "listClients",
    params(Query<Paging>),
    responses(Listed<OAuthClientRow>)
)]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    Query(paging): Query<Paging>,
) -> Result<impl IntoResponse, Problem> {
    let listing = app.read_models.list_oauth_clients(caller.tenant, paging.page()).await?;
    let meta = paging.meta(&listing);
    Ok(listed(listing.rows, meta))
}

/// Shows an OAuth2 client.
#[utoipa::path(
    get, path = "/oauth/clients/{id}", tag = "OAuth2", operation_id = "showClient",
    params(Id<ClientId>),
    responses(Success<OAuthClientRow>, ClientUnknown)
)]
pub async fn show(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ClientId>,
) -> Result<impl IntoResponse, Problem> {
    Ok(success(find(&app, caller.tenant, id).await?))
}

/// Gives an OAuth2 client another secret, and shows it: once, and never again.
#[utoipa::path(
    post, path = "/oauth/clients/{id}/rotate-secret", tag = "OAuth2", operation_id = "rotateClientSecret",
    params(Id<ClientId>, Json<Rotate>),
    responses(At<Success<WithSecret>>, ClientRefused)
)]
pub async fn rotate_secret(
    State(app): State<App>,
    caller: Caller,
    provenance: Provenance,
    Id(id): Id<ClientId>,
    Json(Rotate { overlap }): Json<Rotate>,
) -> Result<Response, Problem> {
    let (secret, text) = new_secret();
    let old_good_until = app.ambient().now() + overlap;
    let metadata = provenance.metadata(caller.actor());
    let clients = &app.oauth_clients;
    let rotated = clients.rotate_secret(caller.tenant, id, &secret, old_good_until, metadata).await;
    let position = rotated?;
    let row = find(&app, caller.tenant, id).await?;
    Ok(At(position, success(WithSecret { row, client_secret: Some(text) })).into_response())
}

/// Gives an OAuth2 client nothing any more; its tokens end at once.
#[utoipa::path(
    delete, path = "/oauth/clients/{id}", tag = "OAuth2", operation_id = "revokeClient",
    params(Id<ClientId>, Query<Revoke>),
    responses(At<NoContent>, ClientUnknown)
)]
pub async fn revoke(
    State(app): State<App>,
    caller: Caller,
    provenance: Provenance,
    Id(id): Id<ClientId>,
    Query(Revoke { reason }): Query<Revoke>,
) -> Result<Response, Problem> {
    let metadata = provenance.metadata(caller.actor());
    let position = app.oauth_clients.revoke(caller.tenant, id, reason, metadata).await?;
    Ok(At(position, StatusCode::NO_CONTENT).into_response())
}

/// A client as the log tells it: no older than any answer before.
async fn find(app: &App, tenant: TenantId, id: ClientId) -> Result<OAuthClientRow, Problem> {
    let stream = StreamName { category: OAuthClient::CATEGORY, tenant, id: id.0 };
    let events = app.executor.log().read_stream(stream).await?;
    OAuthClientRow::of(&events).ok_or_else(ClientId::not_found)
}

impl From<Rejection> for Problem {
    fn from(rejection: Rejection) -> Self {
        let message = rejection.to_string();
        let invalid = |field: &'static str, by: &'static str| {
            Detail::new(Code::ValidInvalidFormat, message.clone()).on(field).by(by).into()
        };
        match rejection {
            Rejection::Unknown => ClientId::not_found(),
            Rejection::Revoked => Self::new(Code::ClientRevoked, message),
            Rejection::HasNoSecret => Self::new(Code::ClientHasNoSecret, message),
            Rejection::NoScopes => {
                Detail::new(Code::ValidRequiredField, message).on("scopes").by("REQUIRED").into()
            }
            Rejection::ScopeNotHeld(_) => {
                let detail = Detail::new(Code::AuthzInsufficientPermissions, message);
                detail.on("scopes").by("HELD").into()
            }
            Rejection::NoGrantTypes | Rejection::PublicOnItsOwn => {
                invalid("grantTypes", "GRANT_TYPES")
            }
            Rejection::RedirectUris => invalid("redirectUris", "REDIRECT_URIS"),
            // Ids are new for each client.
            Rejection::AlreadyExists => Self::internal(rejection),
        }
    }
}
