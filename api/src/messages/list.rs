//! `GET /messages`

use axum::extract::State;
use axum::response::IntoResponse;
use chrono::{DateTime, Utc};
use domain::message::content::ContentKind;
use projections::messages::filter::MessageFilter;
use projections::messages::status::{Direction, MessageStatus};
use schemars::JsonSchema;

use crate::app::App;
use crate::caller::Caller;
use crate::envelope::listed;
use crate::extract::field::Text;
use crate::extract::{Fields, FromFields, Noted, Query};
use crate::openapi::answers::Listed;
use crate::paging::Paging;
use crate::problem::{Code, Detail, Problem};
use projections::messages::MessageRow;

/// Every kind of message there may be, by the word clients write.
const KINDS: [ContentKind; 8] = [
    ContentKind::Text,
    ContentKind::Image,
    ContentKind::Video,
    ContentKind::Audio,
    ContentKind::Document,
    ContentKind::Location,
    ContentKind::Contact,
    ContentKind::Other,
];

/// Which messages.
#[derive(JsonSchema)]
pub struct Filter {
    #[schemars(flatten)]
    filter: MessageFilter,
    #[schemars(flatten)]
    paging: Paging,
}

impl FromFields for Filter {
    fn from_fields(fields: &mut Fields) -> Result<Self, Noted> {
        let session_id = fields.optional("sessionId");
        let direction = word(fields, "direction", Direction::ALL, Direction::as_str);
        let status = word(fields, "status", MessageStatus::ALL, MessageStatus::as_str);
        let kind = word(fields, "type", &KINDS, ContentKind::as_str);
        let to = text(fields, "to");
        let from = text(fields, "from");
        let client_reference = text(fields, "clientReference");
        let search = text(fields, "search");
        let from_date = fields.optional("fromDate");
        let to_date = fields.optional("toDate");
        let paging = Paging::from_fields(fields);
        let filter = MessageFilter {
            session_id: session_id?,
            direction: direction?,
            status: status?,
            kind: kind?,
            to: to?,
            from: from?,
            from_date: from_date?,
            to_date: to_date?,
            search: search?,
            client_reference: client_reference?,
        };
        check_order(fields, filter.from_date, filter.to_date)?;
        Ok(Self { filter, paging: paging? })
    }
}

/// Lists messages, the newest first.
#[utoipa::path(
    get, path = "/messages", tag = "messages", operation_id = "listMessages",
    params(Query<Filter>),
    responses(Listed<MessageRow>)
)]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    Query(Filter { filter, paging }): Query<Filter>,
) -> Result<impl IntoResponse, Problem> {
    let listing = app.read_models.list_messages(caller.tenant, &filter, paging.page()).await?;
    let meta = paging.meta(&listing);
    Ok(listed(listing.rows, meta))
}

/// The value that is written as the word given.
fn word<T: Copy>(
    fields: &mut Fields,
    name: &'static str,
    values: &[T],
    as_str: impl Fn(T) -> &'static str,
) -> Result<Option<T>, Noted> {
    let words: Vec<_> = values.iter().map(|value| as_str(*value)).collect();
    let given = fields.word(name, &words)?;
    Ok(values.iter().copied().find(|value| Some(as_str(*value)) == given))
}

fn text(fields: &mut Fields, name: &'static str) -> Result<Option<String>, Noted> {
    let text: Option<Text> = fields.optional(name)?;
    Ok(text.map(|Text(text)| text))
}

/// Refuses a time that ends before it begins.
pub(crate) fn check_order(
    fields: &mut Fields,
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
) -> Result<(), Noted> {
    match (from, to) {
        (Some(from), Some(to)) if from > to => {
            let detail = Detail::new(Code::ValidOutOfRange, "must not be before fromDate");
            fields.refuse(detail.on("toDate").by("ORDER"))
        }
        _ => Ok(()),
    }
}
