//! `GET /messages/{id}/events`

use axum::extract::State;
use axum::response::IntoResponse;
use domain::id::MessageId;
use domain::stream::Version;
use projections::message_history::{EVENTS_MAX, HistoryRow};
use serde::Serialize;

use super::MessageUnknown;
use super::shown;
use crate::app::App;
use crate::caller::Caller;
use crate::envelope::listed;
use crate::extract::{Fields, FromFields, Id, Noted, Query};
use crate::openapi::answers::Listed;
use crate::problem::Problem;
use schemars::JsonSchema;

/// Which events.
#[derive(JsonSchema)]
pub struct Range {
    /// Those after this version.
    #[schemars(with = "Option<u32>")]
    after: Version,
    /// At most so many.
    #[schemars(with = "Option<u32>", range(min = 1, max = 500))]
    limit: u32,
}

/// How to go on.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "HistoryMeta")]
struct Meta {
    limit: u32,
    /// What to ask for next as `after`; none at the end.
    next: Option<i32>,
}

impl FromFields for Range {
    fn from_fields(fields: &mut Fields) -> Result<Self, Noted> {
        let after = fields.number("after", 0..=u64::from(u32::MAX));
        let limit = fields.number("limit", 1..=u64::from(EVENTS_MAX));
        let narrow = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        Ok(Self {
            after: Version(after?.map_or(0, narrow)),
            limit: limit?.map_or(EVENTS_MAX, narrow),
        })
    }
}

/// Shows what happened to a message, the oldest first.
#[utoipa::path(
    get, path = "/messages/{id}/events", tag = "messages", operation_id = "messageHistory",
    params(Id<MessageId>, Query<Range>),
    responses(Listed<HistoryRow, Meta>, MessageUnknown)
)]
pub async fn history(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<MessageId>,
    Query(Range { after, limit }): Query<Range>,
) -> Result<impl IntoResponse, Problem> {
    let tenant = caller.tenant;
    let look = || async {
        let rows = app.read_models.message_history(tenant, id, after, limit).await?;
        // Nothing after a version is an answer; nothing at all means the view has not seen the message.
        let is_seen = !rows.is_empty() || after > Version::default();
        Ok(is_seen.then_some(rows))
    };
    let rows = shown(&app, tenant, id, look).await?;
    let meta = Meta { limit, next: next(&rows, limit) };
    Ok(listed(rows, meta))
}

fn next(rows: &[HistoryRow], limit: u32) -> Option<i32> {
    let is_full = u32::try_from(rows.len()).is_ok_and(|length| length >= limit);
    rows.last().filter(|_| is_full).map(|row| row.version)
}
