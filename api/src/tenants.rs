//! The installation's tenants, for those who run it.

pub mod list;
pub mod subdomains;

use crate::openapi::answers::{self, NoContent};
use crate::openapi::refusals::refusals;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use commands::accounts::Made;
use domain::id::TenantId;
use domain::phone::Country;
use domain::tenant::{Command, TenantName};
use http::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;

use crate::app::App;
use crate::caller::Caller;
use crate::envelope::located;
use crate::extract::{Fields, FromFields, Id, Json, Noted};
use crate::mount::Mount;
use crate::problem::Problem;
use crate::provenance::Provenance;
use crate::read_your_write::At;
use crate::users;

/// A tenant to be made.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "CreateTenant")]
pub struct Create {
    /// What it is called.
    name: TenantName,
    /// Reads phone numbers without a country code: two letters.
    #[schemars(extend("examples" = ["ID"]))]
    default_country: Option<Country>,
}

/// A tenant that was made.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CreatedTenant")]
#[serde(rename_all = "camelCase")]
struct Created {
    id: TenantId,
    name: TenantName,
    default_country: Option<Country>,
}

impl FromFields for Create {
    fn from_fields(fields: &mut Fields) -> Result<Self, Noted> {
        let name = fields.required("name");
        let default_country = fields.optional("defaultCountry");
        Ok(Self { name: name?, default_country: default_country? })
    }
}

refusals! {
    /// There is no such tenant.
    TenantUnknown: TenantNotFound;
    /// Why nothing is done to a tenant.
    TenantRefused: TenantNotFound, TenantIsOwn;
}

/// Makes a tenant.
#[utoipa::path(
    post, path = "/admin/tenants", tag = "tenants", operation_id = "createTenant",
    params(Json<Create>),
    responses(At<answers::Created<Created>>)
)]
pub async fn create(
    State(app): State<App>,
    caller: Caller,
    provenance: Provenance,
    mount: Mount,
    Json(Create { name, default_country }): Json<Create>,
) -> Result<Response, Problem> {
    let metadata = provenance.metadata(caller.actor());
    let made = app.accounts.create_tenant(name.clone(), default_country, metadata).await?;
    let Made { id, position } = made;
    let location = mount.path(&format!("/admin/tenants/{id}"));
    let created = Created { id, name, default_country };
    Ok(At(position, located(StatusCode::CREATED, &location, created)).into_response())
}

/// Refuses a tenant's users and keys from now on; its users' login sessions end.
#[utoipa::path(
    post, path = "/admin/tenants/{id}/suspend", tag = "tenants", operation_id = "suspendTenant",
    params(Id<TenantId>),
    responses(At<NoContent>, TenantRefused)
)]
pub async fn suspend(
    State(app): State<App>,
    caller: Caller,
    provenance: Provenance,
    Id(id): Id<TenantId>,
) -> Result<Response, Problem> {
    let suspend = Command::Suspend { is_own: id == caller.tenant, now: app.ambient().now() };
    change(&app, &caller, &provenance, id, suspend).await
}

/// Lets a tenant's users and keys in again.
#[utoipa::path(
    post, path = "/admin/tenants/{id}/reactivate", tag = "tenants", operation_id = "reactivateTenant",
    params(Id<TenantId>),
    responses(At<NoContent>, TenantRefused)
)]
pub async fn reactivate(
    State(app): State<App>,
    caller: Caller,
    provenance: Provenance,
    Id(id): Id<TenantId>,
) -> Result<Response, Problem> {
    let reactivate = Command::Reactivate { now: app.ambient().now() };
    change(&app, &caller, &provenance, id, reactivate).await
}

/// Makes a user of any tenant, such as its first administrator.
#[utoipa::path(
    post, path = "/admin/tenants/{id}/users", tag = "tenants", operation_id = "createUserOfTenant",
    params(Id<TenantId>, Json<users::Create>),
    responses(At<answers::Created<users::Created>>, users::NotCreated)
)]
pub async fn create_user(
    State(app): State<App>,
    caller: Caller,
    provenance: Provenance,
    mount: Mount,
    Id(id): Id<TenantId>,
    Json(create): Json<users::Create>,
) -> Result<Response, Problem> {
    users::create_in(&app, &caller, &provenance, &mount, id, create).await
}

/// Ends the login sessions of all of a tenant's users.
#[utoipa::path(
    delete, path = "/admin/tenants/{id}/login-sessions", tag = "tenants", operation_id = "revokeLoginSessionsOfTenant",
    params(Id<TenantId>),
    responses(At<NoContent>, TenantRefused)
)]
pub async fn revoke_login_sessions(
    State(app): State<App>,
    caller: Caller,
    provenance: Provenance,
    Id(id): Id<TenantId>,
) -> Result<Response, Problem> {
    let sign_out = Command::SignOutEverywhere { now: app.ambient().now() };
    change(&app, &caller, &provenance, id, sign_out).await
}

async fn change(
    app: &App,
    caller: &Caller,
    provenance: &Provenance,
    id: TenantId,
    command: Command,
) -> Result<Response, Problem> {
    let metadata = provenance.metadata(caller.actor());
    let changed = app.access.change_tenant(id, command, metadata).await?;
    Ok(At(changed.position, StatusCode::NO_CONTENT).into_response())
}
