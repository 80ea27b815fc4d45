//! `GET /messages/format-phone/{phone}`, and how national numbers are read

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use domain::id::TenantId;
use domain::phone::{Country, InvalidPhone, PhoneNumber};
use domain::tenant::Tenant;
use domain::whatsapp::ChatId;
use serde::Serialize;
use serde_json::json;
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterIn};

use crate::app::App;
use crate::caller::Caller;
use crate::envelope::success;
use crate::extract::described;
use crate::openapi::answers::Success;
use crate::openapi::refusals::refusals;
use crate::problem::{Code, Detail, Problem};
use schemars::JsonSchema;

/// The number in the path.
struct Phone;

impl IntoParams for Phone {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let schema = json!({
            "type": "string",
            "minLength": 1,
            "description": "A number in any usual form; without a country code it is read as one of the tenant's own country.",
            "examples": ["+6281234567890"],
        });
        vec![described::parameter("phone", ParameterIn::Path, true, schema)]
    }
}

/// A number, as it is understood.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "FormattedPhone")]
#[serde(rename_all = "camelCase")]
struct Formatted {
    /// In E.164 form.
    phone: PhoneNumber,
    /// The country it belongs to, where its code tells.
    country: Option<Country>,
    /// Its chat, as WAHA addresses it.
    chat_id: ChatId,
}

refusals! {
    /// Why a number is not understood.
    PhoneRefused: ValidMalformedRequest, ValidInvalidFormat;
}

/// Shows how a number is understood.
#[utoipa::path(
    get, path = "/messages/format-phone/{phone}", tag = "messages", operation_id = "formatPhone",
    params(Phone),
    responses(Success<Formatted>, PhoneRefused)
)]
pub async fn format(
    State(app): State<App>,
    caller: Caller,
    path: Result<Path<String>, PathRejection>,
) -> Result<impl IntoResponse, Problem> {
    let Path(text) = path.map_err(|_| {
        let detail = Detail::new(Code::ValidMalformedRequest, "is not UTF-8");
        Problem::from(detail.on("phone"))
    })?;
    let phone = read(&app, caller.tenant, &text)
        .await?
        .map_err(|error| Problem::from(refusal(&error, "phone")))?;
    Ok(success(Formatted { country: phone.country(), chat_id: ChatId::from(&phone), phone }))
}

/// A number in international form, or in the national form of the tenant's default country.
pub(super) async fn read(
    app: &App,
    tenant: TenantId,
    text: &str,
) -> Result<Result<PhoneNumber, InvalidPhone>, Problem> {
    let country = if is_international(text) { None } else { default_country(app, tenant).await? };
    Ok(PhoneNumber::parse(text, country))
}

/// What is wrong with a number.
pub(super) fn refusal(error: &InvalidPhone, field: &'static str) -> Detail {
    Detail::new(Code::ValidInvalidFormat, error.to_string()).on(field).by("E164")
}

/// Whether the number says its country itself.
pub(super) fn is_international(text: &str) -> bool {
    text.trim_start().starts_with('+')
}

async fn default_country(app: &App, tenant: TenantId) -> Result<Option<Country>, Problem> {
    Ok(match app.executor.load::<Tenant>(tenant, tenant.0).await? {
        Tenant::Present(tenant) => tenant.default_country,
        Tenant::Absent => None,
    })
}
