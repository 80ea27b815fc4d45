//! The subdomains that name tenants where people sign in.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use commands::subdomains::NotTaken;
use domain::id::TenantId;
use domain::subdomain::{Rejection, SubdomainName};
use http::StatusCode;
use schemars::JsonSchema;

use crate::app::App;
use crate::caller::Caller;
use crate::extract::{Fields, FromFields, Id, Json, Noted, PathId};
use crate::openapi::answers::NoContent;
use crate::openapi::refusals::refusals;
use crate::problem::{Code, Problem};
use crate::provenance::Provenance;
use crate::read_your_write::At;

/// A subdomain for a tenant.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "TakeSubdomain")]
pub struct Take {
    /// What stands before `TENANT_DOMAIN`.
    #[schemars(extend("examples" = ["acme"]))]
    name: SubdomainName,
}

impl FromFields for Take {
    fn from_fields(fields: &mut Fields) -> Result<Self, Noted> {
        Ok(Self { name: fields.required("name")? })
    }
}

refusals! {
    /// Why a tenant does not get a subdomain.
    SubdomainNotTaken: TenantNotFound, TenantSubdomainTaken;
    /// Why a subdomain is not given up.
    SubdomainUnknown: TenantSubdomainNotFound;
}

/// Gives a tenant a subdomain, beside those it has.
#[utoipa::path(
    post, path = "/admin/tenants/{id}/subdomains", tag = "tenants", operation_id = "takeSubdomain",
    params(Id<TenantId>, Json<Take>),
    responses(At<NoContent>, SubdomainNotTaken)
)]
pub async fn take(
    State(app): State<App>,
    caller: Caller,
    provenance: Provenance,
    Id(id): Id<TenantId>,
    Json(Take { name }): Json<Take>,
) -> Result<Response, Problem> {
    let metadata = provenance.metadata(caller.actor());
    let taken = app.subdomains.take(id, name, metadata).await?;
    Ok(At(taken.position, StatusCode::NO_CONTENT).into_response())
}

/// Takes a subdomain away from the tenant that has it.
#[utoipa::path(
    delete, path = "/admin/subdomains/{name}", tag = "tenants", operation_id = "giveUpSubdomain",
    params(Id<SubdomainName>),
    responses(At<NoContent>, SubdomainUnknown)
)]
pub async fn give_up(
    State(app): State<App>,
    caller: Caller,
    provenance: Provenance,
    Id(name): Id<SubdomainName>,
) -> Result<Response, Problem> {
    let metadata = provenance.metadata(caller.actor());
    let given_up = app.subdomains.give_up(name, metadata).await?;
    Ok(At(given_up.position, StatusCode::NO_CONTENT).into_response())
}

impl From<Rejection> for Problem {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::Taken => Self::new(Code::TenantSubdomainTaken, rejection.to_string()),
            Rejection::Unknown => SubdomainName::not_found(),
        }
    }
}

impl From<NotTaken> for Problem {
    fn from(error: NotTaken) -> Self {
        match error {
            NotTaken::NoTenant => TenantId::not_found(),
            NotTaken::Log(error) => error.into(),
            NotTaken::Subdomain(error) => error.into(),
        }
    }
}
