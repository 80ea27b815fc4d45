//! `GET /sessions/{id}/qr`

pub(crate) mod picture;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::id::SessionId;
use domain::ports::waha::{GatewayError, SessionAddress};
use domain::session::Session;
use http::{HeaderMap, header};
use serde::Serialize;
use serde_json::json;
use utoipa::IntoResponses;
use utoipa::openapi::{ContentBuilder, RefOr};

use crate::accept;
use crate::app::App;
use crate::caller::Caller;
use crate::envelope::success;
use crate::extract::Id;
use crate::extract::path::PathId;
use crate::openapi::answers::{Responses, Success};
use crate::openapi::refusals::refusals;
use crate::openapi::schema::Described;
use crate::problem::{Code, Problem};
use schemars::JsonSchema;

const PNG: &str = "image/png";
const SVG: &str = "image/svg+xml";
const JSON: &str = "application/json";

/// The code in each of its forms.
enum Picture {}

impl IntoResponses for Picture {
    fn responses() -> Responses {
        let mut responses = Success::<Value>::responses();
        if let Some(RefOr::T(response)) = responses.get_mut("200") {
            for form in [PNG, SVG] {
                let picture =
                    Described::from(json!({ "type": "string", "contentMediaType": form }));
                let content = ContentBuilder::new().schema(Some(picture.carried())).build();
                response.content.insert(form.to_owned(), content.into());
            }
        }
        responses
    }
}

/// The text the code stands for.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "QrCodeText")]
struct Value {
    value: String,
}

refusals! {
    /// Why there is no code.
    CodeRefused: SessionNotFound, SessionWrongState, SessionWahaUnavailable, SessionWahaRefused, ValidNotAcceptable;
}

/// Shows the code to pair the session with, as a picture or as text.
#[utoipa::path(
    get, path = "/sessions/{id}/qr", tag = "sessions", operation_id = "showQrCode",
    params(Id<SessionId>),
    responses(Picture, CodeRefused)
)]
pub async fn show(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Id(id): Id<SessionId>,
) -> Result<Response, Problem> {
    let form = accept::choose(&headers, &[PNG, SVG, JSON]).ok_or_else(not_acceptable)?;
    let session = app.executor.load::<Session>(caller.tenant, id.0).await?;
    let Session::Open(open) = session else { return Err(SessionId::not_found()) };
    let address = SessionAddress { server: &open.server, waha_session: &open.waha_session };
    let code = app.gateway.qr(address).await?;
    Ok(match form {
        PNG => ([(header::CONTENT_TYPE, PNG)], picture::png(&code.value)?).into_response(),
        SVG => ([(header::CONTENT_TYPE, SVG)], picture::svg(&code.value)?).into_response(),
        _ => success(Value { value: code.value }).into_response(),
    })
}

fn not_acceptable() -> Problem {
    let message = format!("there is {PNG}, {SVG} and {JSON}");
    Problem::new(Code::ValidNotAcceptable, message)
}

impl From<GatewayError> for Problem {
    fn from(error: GatewayError) -> Self {
        match error {
            GatewayError::Unavailable(_) => {
                let message = "WAHA is not available; try again in a moment";
                Self::unavailable(Code::SessionWahaUnavailable, message).caused_by(error)
            }
            GatewayError::NotFound => {
                let message = "WAHA does not have the session; start it first";
                Self::new(Code::SessionWrongState, message)
            }
            GatewayError::WrongState(_) => Self::new(Code::SessionWrongState, error.to_string()),
            GatewayError::Refused(_) => {
                Self::new(Code::SessionWahaRefused, error.to_string()).caused_by(error)
            }
        }
    }
}
