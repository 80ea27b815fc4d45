//! API keys: made, listed, given another secret, revoked.

use crate::openapi::answers::{self, Listed, NoContent, Success};
use crate::openapi::refusals::refusals;
use schemars::JsonSchema;
use std::num::NonZeroU32;
use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, TimeDelta, Utc};
use commands::api_keys::ApiKeyError;
use commands::api_keys::text::KeyText;
use domain::access::permissions::Permissions;
use domain::aggregate::Aggregate;
use domain::api_key::event::Created;
use domain::api_key::{ApiKey, KeyPrefix, Rejection};
use domain::id::{ApiKeyId, TenantId};
use domain::label::Label;
use domain::stream::StreamName;
use http::StatusCode;
use projections::api_keys::ApiKeyRow;
use secrecy::ExposeSecret;
use serde::Serialize;

use crate::ambient::random_bytes;
use crate::app::App;
use crate::caller::Caller;
use crate::envelope::{listed, located, success};
use crate::extract::path::PathId;
use crate::extract::{Fields, FromFields, Id, Json, Noted, Query};
use crate::mount::Mount;
use crate::paging::Paging;
use crate::problem::{Code, Detail, Problem};
use crate::provenance::Provenance;
use crate::read_your_write::At;

/// Most requests per minute a key may be given: beyond it, a limit limits nothing.
pub const RATE_MAX: u64 = 1_000_000;
/// How long a key's old secret may stay good beside its new one.
const OVERLAP_MAX: Duration = Duration::from_hours(7 * 24);

/// A key to be made.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "CreateApiKey")]
pub struct Create {
    /// What it is called.
    name: Label,
    /// What it may do: permissions its maker has.
    scopes: Permissions,
    /// When it ends by itself.
    expires_at: Option<DateTime<Utc>>,
    /// Requests it may make in a minute; without it, as many as its tenant.
    #[schemars(with = "Option<u32>", range(min = 1, max = 1_000_000))]
    rate_limit_per_minute: Option<NonZeroU32>,
}

/// How a key is given another secret.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "RotateApiKey")]
pub struct Rotate {
    /// How long the old secret stays good, in seconds; not at all, unless given.
    #[schemars(rename = "overlapSeconds", with = "Option<u32>", range(max = 604_800))]
    pub(crate) overlap: TimeDelta,
}

/// Why a key is revoked.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub struct Revoke {
    /// Why, for those who look later.
    pub(crate) reason: Option<Label>,
}

impl FromFields for Create {
    fn from_fields(fields: &mut Fields) -> Result<Self, Noted> {
        let name = fields.required("name");
        let scopes = fields.required("scopes");
        let expires_at = fields.optional("expiresAt");
        let rate = fields.number("rateLimitPerMinute", 1..=RATE_MAX);
        let rate_limit_per_minute = rate?.and_then(as_rate);
        Ok(Self { name: name?, scopes: scopes?, expires_at: expires_at?, rate_limit_per_minute })
    }
}

impl FromFields for Rotate {
    fn from_fields(fields: &mut Fields) -> Result<Self, Noted> {
        let seconds = fields.number("overlapSeconds", 0..=OVERLAP_MAX.as_secs())?;
        let overlap = TimeDelta::from_std(Duration::from_secs(seconds.unwrap_or_default()));
        Ok(Self { overlap: overlap.unwrap_or_default() })
    }
}

impl FromFields for Revoke {
    fn from_fields(fields: &mut Fields) -> Result<Self, Noted> {
        Ok(Self { reason: fields.optional("reason")? })
    }
}

/// 1 to [`RATE_MAX`].
pub(crate) fn as_rate(per_minute: u64) -> Option<NonZeroU32> {
    u32::try_from(per_minute).ok().and_then(NonZeroU32::new)
}

/// A key, as its tenant is shown it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ApiKey")]
#[serde(rename_all = "camelCase")]
struct Shown {
    #[serde(flatten)]
    row: ApiKeyRow,
    /// When it last opened something, to the minute.
    last_used_at: Option<DateTime<Utc>>,
}

/// A key with its secret: shown once, and never again.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ApiKeyWithSecret")]
struct WithSecret<'a> {
    #[serde(flatten)]
    shown: Shown,
    key: &'a str,
}

/// A new key's text.
pub(crate) fn new_text() -> KeyText {
    KeyText::of(KeyPrefix::of(random_bytes()), random_bytes())
}

refusals! {
    /// There is no such key.
    KeyUnknown: ApiKeyNotFound;
    /// Why nothing is done to a key.
    KeyRefused: ApiKeyNotFound, ApiKeyRevoked;
}

/// Makes an API key, and shows its secret: once, and never again.
#[utoipa::path(
    post, path = "/api-keys", tag = "API keys", operation_id = "createApiKey",
    params(Json<Create>),
    responses(At<answers::Created<WithSecret<'static>>>)
)]
pub async fn create(
    State(app): State<App>,
    caller: Caller,
    provenance: Provenance,
    mount: Mount,
    Json(Create { name, scopes, expires_at, rate_limit_per_minute }): Json<Create>,
) -> Result<Response, Problem> {
    let text = new_text();
    let created = Created {
        name,
        scopes,
        prefix: text.prefix.clone(),
        expires_at,
        rate_limit_per_minute,
        created_by: caller.actor(),
        at: app.ambient().now(),
    };
    let metadata = provenance.metadata(caller.actor());
    let (id, position) = app
        .api_keys
        .create(caller.tenant, created, caller.permissions, &text.secret, metadata)
        .await?;
    let shown = find(&app, caller.tenant, id).await?;
    let prefix = KeyPrefix::try_from(shown.row.prefix.clone()).map_err(Problem::internal)?;
    let key = KeyText { prefix, ..text }.expose();
    let location = mount.path(&format!("/api-keys/{id}"));
    let made = WithSecret { shown, key: key.expose_secret() };
    Ok(At(position, located(StatusCode::CREATED, &location, made)).into_response())
}

/// Lists the tenant's API keys, the newest first.
#[utoipa::path(
    get, path = "/api-keys", tag = "API keys", operation_id = "listApiKeys",
    params(Query<Paging>),
    responses(Listed<Shown>)
)]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    Query(paging): Query<Paging>,
) -> Result<impl IntoResponse, Problem> {
    let listing = app.read_models.list_api_keys(caller.tenant, paging.page()).await?;
    let meta = paging.meta(&listing);
    Ok(listed(with_last_uses(&app, caller.tenant, listing.rows).await?, meta))
}

/// Shows an API key.
#[utoipa::path(
    get, path = "/api-keys/{id}", tag = "API keys", operation_id = "showApiKey",
    params(Id<ApiKeyId>),
    responses(Success<Shown>, KeyUnknown)
)]
pub async fn show(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ApiKeyId>,
) -> Result<impl IntoResponse, Problem> {
    Ok(success(find(&app, caller.tenant, id).await?))
}

/// Gives an API key another secret, and shows it.
#[utoipa::path(
    post, path = "/api-keys/{id}/rotate", tag = "API keys", operation_id = "rotateApiKey",
    params(Id<ApiKeyId>, Json<Rotate>),
    responses(At<Success<WithSecret<'static>>>, KeyRefused)
)]
pub async fn rotate(
    State(app): State<App>,
    caller: Caller,
    provenance: Provenance,
    Id(id): Id<ApiKeyId>,
    Json(Rotate { overlap }): Json<Rotate>,
) -> Result<Response, Problem> {
    let prefix = find(&app, caller.tenant, id).await?.row.prefix;
    let prefix = KeyPrefix::try_from(prefix).map_err(Problem::internal)?;
    let text = KeyText::of(prefix, random_bytes());
    let old_good_until = app.ambient().now() + overlap;
    let metadata = provenance.metadata(caller.actor());
    let position = app.api_keys.rotate(caller.tenant, id, &text, old_good_until, metadata).await?;
    let shown = find(&app, caller.tenant, id).await?;
    let key = text.expose();
    Ok(At(position, success(WithSecret { shown, key: key.expose_secret() })).into_response())
}

/// Ends an API key.
#[utoipa::path(
    delete, path = "/api-keys/{id}", tag = "API keys", operation_id = "revokeApiKey",
    params(Id<ApiKeyId>, Query<Revoke>),
    responses(At<NoContent>, KeyRefused)
)]
pub async fn revoke(
    State(app): State<App>,
    caller: Caller,
    provenance: Provenance,
    Id(id): Id<ApiKeyId>,
    Query(Revoke { reason }): Query<Revoke>,
) -> Result<Response, Problem> {
    let metadata = provenance.metadata(caller.actor());
    let position = app.api_keys.revoke(caller.tenant, id, reason, metadata).await?;
    Ok(At(position, StatusCode::NO_CONTENT).into_response())
}

/// A key as the log tells it: no older than any answer before.
async fn find(app: &App, tenant: TenantId, id: ApiKeyId) -> Result<Shown, Problem> {
    let stream = StreamName { category: ApiKey::CATEGORY, tenant, id: id.0 };
    let events = app.executor.log().read_stream(stream).await?;
    let row = ApiKeyRow::of(&events).ok_or_else(ApiKeyId::not_found)?;
    let mut shown = with_last_uses(app, tenant, vec![row]).await?;
    shown.pop().ok_or_else(ApiKeyId::not_found)
}

async fn with_last_uses(
    app: &App,
    tenant: TenantId,
    rows: Vec<ApiKeyRow>,
) -> Result<Vec<Shown>, Problem> {
    let ids: Vec<_> = rows.iter().map(|row| ApiKeyId(row.id)).collect();
    let uses = app.api_keys.last_uses(tenant, &ids).await?;
    let last_use = |id| uses.iter().find(|(used, _)| used.0 == id).map(|(_, at)| *at);
    let shown = rows.into_iter().map(|row| Shown { last_used_at: last_use(row.id), row });
    Ok(shown.collect())
}

impl From<ApiKeyError> for Problem {
    fn from(error: ApiKeyError) -> Self {
        match error {
            ApiKeyError::Command(error) => error.into(),
            ApiKeyError::Database(error) => error.into(),
        }
    }
}

impl From<Rejection> for Problem {
    fn from(rejection: Rejection) -> Self {
        let message = rejection.to_string();
        match rejection {
            Rejection::Unknown => ApiKeyId::not_found(),
            Rejection::Revoked => Self::new(Code::ApiKeyRevoked, message),
            Rejection::NoScopes => {
                Detail::new(Code::ValidRequiredField, message).on("scopes").by("REQUIRED").into()
            }
            Rejection::ScopeNotHeld(_) => {
                let detail = Detail::new(Code::AuthzInsufficientPermissions, message);
                detail.on("scopes").by("HELD").into()
            }
            Rejection::ExpiresTooEarly => {
                Detail::new(Code::ValidOutOfRange, message).on("expiresAt").by("FUTURE").into()
            }
            // Ids are new for each key.
            Rejection::AlreadyExists => Self::internal(rejection),
        }
    }
}
