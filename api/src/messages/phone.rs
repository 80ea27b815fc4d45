//! `GET /messages/format-phone/{phone}`, and how national numbers are read

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use domain::id::TenantId;
use domain::phone::{Country, InvalidPhone, PhoneNumber};
use domain::tenant::Tenant;
use domain::whatsapp::ChatId;
use serde::Serialize;

use crate::app::App;
use crate::caller::Caller;
use crate::envelope::success;
use crate::problem::{Code, Detail, Problem};

/// A number, as it is understood.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Formatted {
    /// In E.164 form.
    phone: PhoneNumber,
    /// The country it belongs to, where its code tells.
    country: Option<Country>,
    /// Its chat, as WAHA addresses it.
    chat_id: ChatId,
}

/// Shows how a number is understood.
#[utoipa::path(
    get,
    path = "/messages/format-phone/{phone}",
    tag = "messages",
    operation_id = "formatPhone"
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
