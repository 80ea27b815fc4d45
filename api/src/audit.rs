//! Who signed in, who was refused, and who changed what anybody may do: for auditors.

use crate::openapi::answers::Listed;
use axum::extract::State;
use axum::response::IntoResponse;
use domain::id::TenantId;
use projections::security_events::SecurityEventRow;
use projections::security_events::SecurityFilter;
use schemars::JsonSchema;

use crate::app::App;
use crate::caller::Caller;
use crate::envelope::listed;
use crate::extract::field::Text;
use crate::extract::{Fields, FromFields, Noted, Query};
use crate::messages::list::check_order;
use crate::paging::Paging;
use crate::problem::Problem;

/// Which decisions.
#[derive(JsonSchema)]
pub struct Filter {
    #[schemars(flatten)]
    filter: SecurityFilter,
    #[schemars(flatten)]
    paging: Paging,
}

impl FromFields for Filter {
    fn from_fields(fields: &mut Fields) -> Result<Self, Noted> {
        let kind = fields.optional::<Text>("type");
        let user = fields.optional("userId");
        let ip = fields.optional::<std::net::IpAddr>("ip");
        let from_date = fields.optional("fromDate");
        let to_date = fields.optional("toDate");
        let paging = Paging::from_fields(fields);
        let filter = SecurityFilter {
            kind: kind?.map(|Text(text)| text),
            user: user?,
            ip: ip?.map(|ip| ip.to_canonical().to_string()),
            from_date: from_date?,
            to_date: to_date?,
        };
        check_order(fields, filter.from_date, filter.to_date)?;
        Ok(Self { filter, paging: paging? })
    }
}

/// Lists the security events of one's own tenant, the newest first.
#[utoipa::path(
    get, path = "/audit/security", tag = "audit", operation_id = "listSecurityEvents",
    params(Query<Filter>),
    responses(Listed<SecurityEventRow>)
)]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    Query(filter): Query<Filter>,
) -> Result<impl IntoResponse, Problem> {
    list_of(&app, caller.tenant, filter).await
}

/// Lists the security events that belong to no tenant, the newest first: sign-ins with addresses nobody has, blocks.
#[utoipa::path(
    get, path = "/admin/audit/security", tag = "audit", operation_id = "listInstallationSecurityEvents",
    params(Query<Filter>),
    responses(Listed<SecurityEventRow>)
)]
pub async fn list_of_installation(
    State(app): State<App>,
    Query(filter): Query<Filter>,
) -> Result<impl IntoResponse, Problem> {
    list_of(&app, TenantId::PLATFORM, filter).await
}

async fn list_of(
    app: &App,
    tenant: TenantId,
    Filter { filter, paging }: Filter,
) -> Result<impl IntoResponse + use<>, Problem> {
    let listing = app.read_models.list_security_events(tenant, &filter, paging.page()).await?;
    let meta = paging.meta(&listing);
    Ok(listed(listing.rows, meta))
}
