//! `POST /auth/login`

use axum::extract::State;
use axum::response::IntoResponse;
use commands::credentials::Credential;
use domain::email::EmailAddress;
use domain::id::{LoginSessionId, TenantId};
use domain::login_session::{Command, LoginSession, Origin};
use domain::ports::event_log::Actor;
use domain::stream::Position;
use http::{HeaderMap, header};
use secrecy::SecretString;

use super::{Grant, TokenPair, invalid_credentials, role_of};
use crate::app::App;
use crate::envelope::success;
use crate::extract::{Fields, FromFields, Json, Noted};
use crate::peer::Peer;
use crate::problem::{Code, Detail, Problem};
use crate::read_your_write::At;
use crate::request_id::RequestId;

/// Names the tenant where an address has accounts in several.
const TENANT_HEADER: &str = "x-tenant-id";
/// How much of what a client says it is, is kept.
const USER_AGENT_CHARACTERS_MAX: usize = 256;

/// Who signs in. The address may be called `email` or `usernameOrEmail`.
pub struct Login {
    email: EmailAddress,
    password: SecretString,
}

impl FromFields for Login {
    fn from_fields(fields: &mut Fields) -> Result<Self, Noted> {
        let name = if fields.has("usernameOrEmail") && !fields.has("email") {
            "usernameOrEmail"
        } else {
            "email"
        };
        let email = fields.required(name);
        let password = fields.required("password");
        Ok(Self { email: email?, password: password? })
    }
}

/// Signs in.
#[utoipa::path(post, path = "/auth/login", tag = "auth", operation_id = "signIn")]
pub async fn login(
    State(app): State<App>,
    Peer(peer): Peer,
    request_id: RequestId,
    headers: HeaderMap,
    Json(login): Json<Login>,
) -> Result<impl IntoResponse, Problem> {
    let limit_key = (peer, login.email.clone());
    app.limits.login.check(&limit_key).map_err(|limit| limit.exceeded(app.ambient().now()))?;
    let credential = authenticate(&app, login, named_tenant(&headers)?).await?;
    let ip = peer.map(|address| address.to_string());
    let origin = Origin { ip, user_agent: user_agent(&headers) };
    let (position, tokens) = start(&app, &credential, origin, &request_id).await?;
    Ok(At(position, success(tokens)))
}

/// The credential the password fits. An unknown address costs as much time as a known one.
async fn authenticate(
    app: &App,
    login: Login,
    tenant: Option<TenantId>,
) -> Result<Credential, Problem> {
    let mut candidates = app.credentials.find(&login.email, tenant).await?;
    let is_ambiguous = candidates.len() > 1;
    let Some(mut candidate) = candidates.pop() else {
        app.passwords.verify(login.password, None).await;
        return Err(invalid_credentials());
    };
    loop {
        let hash = Some(candidate.password_hash.clone());
        if app.passwords.verify(login.password.clone(), hash).await {
            return if is_ambiguous { Err(tenant_required()) } else { Ok(candidate) };
        }
        candidate = candidates.pop().ok_or_else(invalid_credentials)?;
    }
}

async fn start(
    app: &App,
    credential: &Credential,
    origin: Origin,
    request_id: &RequestId,
) -> Result<(Position, TokenPair), Problem> {
    let Credential { tenant_id, user_id, .. } = *credential;
    let role = role_of(app, tenant_id, user_id).await?.ok_or_else(invalid_credentials)?;
    let login_session_id = LoginSessionId(app.ambient().new_id());
    let command = Command::Start { user_id, origin, now: app.ambient().now() };
    let metadata = request_id.metadata(Actor::User { id: user_id });
    let executed = app
        .executor
        .begin::<LoginSession>(tenant_id, login_session_id.0, command, metadata)
        .await?;
    let grant = Grant { tenant_id, user_id, role, login_session_id, generation: 0 };
    Ok((executed.position, grant.sign(app)?))
}

fn named_tenant(headers: &HeaderMap) -> Result<Option<TenantId>, Problem> {
    let Some(value) = headers.get(TENANT_HEADER) else { return Ok(None) };
    let id = value.to_str().ok().and_then(|text| text.trim().parse().ok());
    let malformed = || Detail::new(Code::ValidInvalidFormat, "must be a UUID").by("UUID");
    id.map(Some).ok_or_else(|| malformed().on("X-Tenant-ID").into())
}

/// Told only to who knows the password.
fn tenant_required() -> Problem {
    let message = "the account exists in several tenants: name one in the header X-Tenant-ID";
    Detail::new(Code::ValidTenantRequired, message).on("X-Tenant-ID").by("REQUIRED").into()
}

fn user_agent(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(header::USER_AGENT)?.to_str().ok()?;
    Some(text.chars().take(USER_AGENT_CHARACTERS_MAX).collect())
}
