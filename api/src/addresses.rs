//! Addresses that are blocked, for those who run the installation.

use crate::openapi::answers::{Listed, NoContent};
use crate::openapi::refusals::refusals;
use projections::blocked_addresses::BlockedAddressRow;
use schemars::JsonSchema;
use std::net::IpAddr;
use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::address::{BlockReason, Rejection};
use http::StatusCode;

use crate::app::App;
use crate::caller::Caller;
use crate::envelope::listed;
use crate::extract::{Fields, FromFields, Id, Json, Noted, Query};
use crate::paging::Paging;
use crate::problem::{Code, Problem};
use crate::provenance::Provenance;
use crate::read_your_write::At;

/// Longest time an address can be blocked for; without a time it is blocked until somebody unblocks it.
const SECONDS_MAX: u64 = 366 * 24 * 60 * 60;

/// An address to be blocked.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "BlockAddress")]
pub struct Block {
    /// Version 4 or 6.
    #[schemars(extend("examples" = ["203.0.113.7"]))]
    address: IpAddr,
    /// For how long; without it, until it is unblocked.
    #[schemars(range(min = 1, max = 31_622_400))]
    seconds: Option<u64>,
}

impl FromFields for Block {
    fn from_fields(fields: &mut Fields) -> Result<Self, Noted> {
        let address = fields.required::<IpAddr>("address");
        let seconds = fields.number("seconds", 1..=SECONDS_MAX);
        Ok(Self { address: address?.to_canonical(), seconds: seconds? })
    }
}

refusals! {
    /// Why an address is not unblocked.
    NotUnblocked: AddressNotBlocked;
}

/// Lists the addresses that are blocked, the newest first.
#[utoipa::path(
    get, path = "/admin/blocked-addresses", tag = "addresses", operation_id = "listBlockedAddresses",
    params(Query<Paging>),
    responses(Listed<BlockedAddressRow>)
)]
pub async fn list(
    State(app): State<App>,
    Query(paging): Query<Paging>,
) -> Result<impl IntoResponse, Problem> {
    let now = app.ambient().now();
    let listing = app.read_models.list_blocked_addresses(now, paging.page()).await?;
    let meta = paging.meta(&listing);
    Ok(listed(listing.rows, meta))
}

/// Refuses what comes from an address, for some time or until it is unblocked.
#[utoipa::path(
    post, path = "/admin/blocked-addresses", tag = "addresses", operation_id = "blockAddress",
    params(Json<Block>),
    responses(At<NoContent>)
)]
pub async fn block(
    State(app): State<App>,
    caller: Caller,
    provenance: Provenance,
    Json(Block { address, seconds }): Json<Block>,
) -> Result<Response, Problem> {
    let metadata = provenance.metadata(caller.actor());
    let (reason, time) = (BlockReason::ByOrder, seconds.map(Duration::from_secs));
    let blocked = app.access.block(address, reason, time, metadata).await?;
    Ok(At(blocked.position, StatusCode::NO_CONTENT).into_response())
}

/// Lets an address in again.
#[utoipa::path(
    delete, path = "/admin/blocked-addresses/{address}", tag = "addresses", operation_id = "unblockAddress",
    params(Id<IpAddr>),
    responses(At<NoContent>, NotUnblocked)
)]
pub async fn unblock(
    State(app): State<App>,
    caller: Caller,
    provenance: Provenance,
    Id(address): Id<IpAddr>,
) -> Result<Response, Problem> {
    let metadata = provenance.metadata(caller.actor());
    let unblocked = app.access.unblock(address.to_canonical(), metadata).await?;
    Ok(At(unblocked.position, StatusCode::NO_CONTENT).into_response())
}

impl From<Rejection> for Problem {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::NotBlocked => Self::new(Code::AddressNotBlocked, rejection.to_string()),
        }
    }
}
