//! `GET /messages/stats`

use axum::extract::State;
use axum::response::IntoResponse;
use chrono::{DateTime, TimeDelta, Utc};
use projections::stats::StatsRange;

use crate::app::App;
use crate::caller::Caller;
use crate::envelope::success;
use crate::extract::{Fields, FromFields, Noted, Query};
use crate::openapi::answers::Success;
use crate::problem::{Code, Detail, Problem};
use projections::stats::StatsReport;
use schemars::JsonSchema;

/// What is told of unless asked otherwise.
const SPAN_DEFAULT: TimeDelta = TimeDelta::days(30);

/// Which time.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub struct Period {
    /// From this moment, included; thirty days before the end, unless given.
    #[schemars(rename = "fromDate")]
    from: Option<DateTime<Utc>>,
    /// To this moment, not included; now, unless given.
    #[schemars(rename = "toDate")]
    to: Option<DateTime<Utc>>,
}

impl FromFields for Period {
    fn from_fields(fields: &mut Fields) -> Result<Self, Noted> {
        let from = fields.optional("fromDate");
        let to = fields.optional("toDate");
        Ok(Self { from: from?, to: to? })
    }
}

/// Tells of a time's messages in numbers; of the last thirty days unless asked otherwise.
#[utoipa::path(
    get, path = "/messages/stats", tag = "messages", operation_id = "messageStats",
    params(Query<Period>),
    responses(Success<StatsReport>)
)]
pub async fn stats(
    State(app): State<App>,
    caller: Caller,
    Query(period): Query<Period>,
) -> Result<impl IntoResponse, Problem> {
    let range = period.range(app.ambient().now())?;
    Ok(success(app.read_models.message_stats(caller.tenant, range).await?))
}

impl Period {
    fn range(self, now: DateTime<Utc>) -> Result<StatsRange, Problem> {
        let to = self.to.unwrap_or(now);
        let from = self.from.or_else(|| to.checked_sub_signed(SPAN_DEFAULT));
        StatsRange::new(from.unwrap_or(DateTime::UNIX_EPOCH), to).map_err(|error| {
            let detail = Detail::new(Code::ValidOutOfRange, error.to_string());
            detail.on("fromDate").by("RANGE").into()
        })
    }
}
