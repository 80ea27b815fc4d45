//! `GET /admin/tenants` and `GET /admin/tenants/{id}`

use super::TenantUnknown;
use crate::openapi::answers::{Listed, Success};
use axum::extract::State;
use axum::response::IntoResponse;
use domain::id::TenantId;
use projections::tenants::TenantRow;

use crate::app::App;
use crate::envelope::{listed, success};
use crate::extract::path::PathId;
use crate::extract::{Id, Query};
use crate::paging::Paging;
use crate::problem::Problem;

/// Lists the installation's tenants, the newest first.
#[utoipa::path(
    get, path = "/admin/tenants", tag = "tenants", operation_id = "listTenants",
    params(Query<Paging>),
    responses(Listed<TenantRow>)
)]
pub async fn list(
    State(app): State<App>,
    Query(paging): Query<Paging>,
) -> Result<impl IntoResponse, Problem> {
    let listing = app.read_models.list_tenants(paging.page()).await?;
    let meta = paging.meta(&listing);
    Ok(listed(listing.rows, meta))
}

/// Shows one tenant.
#[utoipa::path(
    get, path = "/admin/tenants/{id}", tag = "tenants", operation_id = "showTenant",
    params(Id<TenantId>),
    responses(Success<TenantRow>, TenantUnknown)
)]
pub async fn show(
    State(app): State<App>,
    Id(id): Id<TenantId>,
) -> Result<impl IntoResponse, Problem> {
    Ok(success(app.read_models.find_tenant(id).await?.ok_or_else(TenantId::not_found)?))
}
