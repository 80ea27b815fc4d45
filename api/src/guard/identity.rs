//! Who makes a request. What the answer rests on is looked up each time, so that what is revoked, suspended or blocked
//! ends at once, on every process.

use std::num::NonZeroU32;

use commands::api_keys::KeptKey;
use commands::api_keys::text::KeyText;
use domain::access::permissions::Permissions;
use domain::api_key::{ApiKey, Terms};
use domain::id::TenantId;
use domain::refusal::{Means, Reason};
use http::HeaderMap;

use crate::app::App;
use crate::caller::shown::{Shown, shown};
use crate::caller::{Caller, Principal};
use crate::denied::{Denied, denied};
use crate::problem::{Code, Problem};
use crate::provenance::Provenance;
use crate::token::{Access, Delegation, UserAccess};

/// Somebody who is let in.
pub(super) struct Admitted {
    /// Who.
    pub(super) caller: Caller,
    /// Requests per minute that were given to them alone.
    pub(super) rate_limit_per_minute: Option<NonZeroU32>,
}

impl From<Caller> for Admitted {
    fn from(caller: Caller) -> Self {
        Self { caller, rate_limit_per_minute: None }
    }
}

/// Who makes the request.
pub(super) async fn identify(
    app: &App,
    provenance: &Provenance,
    headers: &HeaderMap,
) -> Result<Admitted, Problem> {
    match shown(headers)? {
        Shown::Token(token) => by_token(app, provenance, token).await.map(Admitted::from),
        Shown::ApiKey(key) => by_key(app, provenance, key).await,
    }
}

async fn by_token(app: &App, provenance: &Provenance, token: &str) -> Result<Caller, Problem> {
    match app.tokens.verify_access(token, app.ambient().now())? {
        Access::User(access) => by_login_session(app, provenance, access).await,
        Access::Client { tenant_id: tenant, delegation } => {
            app.access.standing_of_program(tenant, provenance.address).await?;
            let permissions = require_client(app, provenance, tenant, delegation).await?;
            let principal = Principal::Client { id: delegation.client_id };
            Ok(Caller { tenant, principal, permissions })
        }
    }
}

/// What a client that is not revoked may do with a token.
async fn require_client(
    app: &App,
    provenance: &Provenance,
    tenant: TenantId,
    delegation: Delegation,
) -> Result<Permissions, Problem> {
    let id = delegation.client_id;
    if let Some(permissions) = app.oauth_clients.permitted(tenant, id, delegation.scopes).await? {
        return Ok(permissions);
    }
    let (tenant, subject) = (Some(tenant), Some(id.0));
    let denial = Denied { tenant, means: Means::Client, subject, reason: Reason::Revoked };
    denied(app, provenance, denial).await?;
    let message = "the OAuth2 client this token was given to is revoked";
    Err(Problem::new(Code::AuthTokenInvalid, message))
}

async fn by_login_session(
    app: &App,
    provenance: &Provenance,
    access: UserAccess,
) -> Result<Caller, Problem> {
    let UserAccess { tenant_id: tenant, user_id: id, login_session_id: login_session, .. } = access;
    let role = app.access.standing(tenant, id, login_session, provenance.address).await?;
    let own = Permissions::of(role);
    let (client, permissions) = match access.delegation {
        None => (None, own),
        Some(delegation) => {
            let given = require_client(app, provenance, tenant, delegation).await?;
            (Some(delegation.client_id), own.and(given))
        }
    };
    let principal = Principal::User { id, role, login_session, client };
    Ok(Caller { tenant, principal, permissions })
}

async fn by_key(app: &App, provenance: &Provenance, shown: &str) -> Result<Admitted, Problem> {
    let text = KeyText::parse(shown);
    let kept = match &text {
        Some(text) => app.api_keys.find(&text.prefix).await?,
        None => None,
    };
    let (Some(text), Some(kept)) = (text, kept) else {
        let reason = Reason::Unknown;
        let denial = Denied { tenant: None, means: Means::ApiKey, subject: None, reason };
        denied(app, provenance, denial).await?;
        return Err(not_opened(reason));
    };
    let (tenant, id) = (kept.tenant_id, kept.key_id);
    let terms = match terms(app, &text, &kept).await? {
        Ok(terms) => terms,
        Err(reason) => {
            let subject = Some(id.0);
            let denial = Denied { tenant: Some(tenant), means: Means::ApiKey, subject, reason };
            denied(app, provenance, denial).await?;
            return Err(not_opened(reason));
        }
    };
    app.access.standing_of_program(tenant, provenance.address).await?;
    app.api_keys.note_use(id, app.ambient().now()).await?;
    let caller = Caller { tenant, principal: Principal::ApiKey { id }, permissions: terms.scopes };
    Ok(Admitted { caller, rate_limit_per_minute: terms.rate_limit_per_minute })
}

/// What the key opens now, or why it opens nothing.
async fn terms(
    app: &App,
    text: &KeyText,
    kept: &KeptKey,
) -> Result<Result<Terms, Reason>, Problem> {
    let now = app.ambient().now();
    if !kept.is_opened_by(&text.secret, now) {
        return Ok(Err(Reason::WrongSecret));
    }
    Ok(match app.executor.load::<ApiKey>(kept.tenant_id, kept.key_id.0).await? {
        ApiKey::Active(terms) if terms.is_expired(now) => Err(Reason::Expired),
        ApiKey::Active(terms) => Ok(terms),
        ApiKey::Revoked => Err(Reason::Revoked),
        ApiKey::Absent => Err(Reason::Unknown),
    })
}

/// Only who has the key's secret learns more than that it is not good.
fn not_opened(reason: Reason) -> Problem {
    match reason {
        Reason::Revoked => Problem::new(Code::AuthApiKeyRevoked, "the API key is revoked"),
        Reason::Expired => Problem::new(Code::AuthApiKeyExpired, "the API key has expired"),
        _ => Problem::new(Code::AuthApiKeyInvalid, "the API key is not valid"),
    }
}
