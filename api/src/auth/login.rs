//! `POST /auth/login`

use std::borrow::Cow;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use commands::access::counts::Class;
use commands::access::sign_in::{Attempt, Verified};
use domain::email::EmailAddress;
use domain::ports::event_log::Actor;
use domain::stream::Position;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use secrecy::SecretString;

use super::mfa::verify::challenged;
use super::named_tenant::NamedTenant;
use super::{Grant, TokenPair};
use crate::app::App;
use crate::envelope::success;
use crate::extract::{Fields, FromFields, Json, Noted};
use crate::openapi::answers::Success;
use crate::openapi::refusals::refusals;
use crate::problem::Problem;
use crate::provenance::Provenance;
use crate::rate_limit::{Allowance, MINUTE};
use crate::read_your_write::At;

/// Who signs in. The address may be called `email` or `usernameOrEmail`.
pub struct Login {
    email: EmailAddress,
    password: SecretString,
    /// Whether the oldest login session makes room, where the user has as many as they may.
    ends_oldest: bool,
}

impl JsonSchema for Login {
    fn schema_name() -> Cow<'static, str> {
        "SignIn".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let address =
            json_schema!({ "type": ["string", "null"], "format": "email", "maxLength": 254 });
        json_schema!({
            "type": "object",
            "description": "Who signs in. The address may be called by either name.",
            "properties": {
                "email": address,
                "usernameOrEmail": address,
                "password": { "type": "string" },
                "endOldestSession": {
                    "type": ["boolean", "null"], "default": false,
                    "description": "Whether the oldest login session makes room, where the user has as many as they may.",
                },
            },
            "required": ["password"],
            "anyOf": [{ "required": ["email"] }, { "required": ["usernameOrEmail"] }],
            "additionalProperties": false,
            "examples": [{ "email": "ada@example.com", "password": "correct horse battery staple" }],
        })
    }
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
        let ends_oldest = fields.optional("endOldestSession");
        Ok(Self { email: email?, password: password?, ends_oldest: ends_oldest?.unwrap_or(false) })
    }
}

refusals! {
    /// Why somebody is not signed in.
    SignInRefused: AuthInvalidCredentials, AuthMfaRequired, AuthEmailUnverified, AuthAccountDisabled, AuthzTenantSuspended, ValidTenantRequired,
        TenantNotFound, ValidInvalidFormat,        SessionLimitExceeded, RateLimitExceeded, RateIpBlocked;
}

/// Signs in.
#[utoipa::path(
    post, path = "/auth/login", tag = "auth", operation_id = "signIn",
    params(Json<Login>, NamedTenant),
    responses(At<Success<TokenPair>>, SignInRefused)
)]
pub async fn login(
    State(app): State<App>,
    provenance: Provenance,
    NamedTenant(tenant): NamedTenant,
    Json(login): Json<Login>,
) -> Result<Response, Problem> {
    let allowance = allowance(&app, &provenance, &login.email).await?;
    let ends_oldest = login.ends_oldest;
    let attempt = Attempt {
        email: login.email,
        password: login.password,
        tenant,
        address: provenance.address,
        metadata: provenance.metadata(Actor::Nobody),
    };
    let mut response = match sign_in(&app, &provenance, attempt, ends_oldest).await {
        Ok((position, tokens)) => At(position, success(tokens)).into_response(),
        Err(problem) => problem.into_response(),
    };
    allowance.note_on(&mut response, app.ambient().now());
    Ok(response)
}

async fn sign_in(
    app: &App,
    provenance: &Provenance,
    attempt: Attempt,
    ends_oldest: bool,
) -> Result<(Position, TokenPair), Problem> {
    let verified = app.access.check_password(attempt).await?;
    if verified.has_second_factor {
        return Err(challenged(app, &verified, ends_oldest));
    }
    begin(app, provenance, &verified, ends_oldest).await
}

/// Begins a login session of somebody who has shown all that they have to.
pub(super) async fn begin(
    app: &App,
    provenance: &Provenance,
    verified: &Verified,
    ends_oldest: bool,
) -> Result<(Position, TokenPair), Problem> {
    let Verified { tenant_id, user_id, role, .. } = *verified;
    let metadata = provenance.metadata(Actor::User { id: user_id });
    let origin = provenance.origin.clone();
    let begun = app.access.begin(verified, None, origin, ends_oldest, metadata).await?;
    let login_session_id = begun.login_session_id;
    let grant = Grant { tenant_id, user_id, role, login_session_id, generation: 0 };
    Ok((begun.position, grant.sign(app)?))
}

/// How many sign-ins may still be tried, for the account and from the address: the smaller. Counted for an account that
/// is not there, too.
pub(crate) async fn allowance(
    app: &App,
    provenance: &Provenance,
    email: &EmailAddress,
) -> Result<Allowance, Problem> {
    let (counts, limits) = (app.access.counts(), &app.sign_in_limits);
    let address = provenance.address.map(|address| address.to_string()).unwrap_or_default();
    let (of_account, of_address) = futures::try_join!(
        Allowance::counted(
            counts,
            Class::AccountSignIns,
            email.as_str(),
            limits.account_sign_ins_per_minute,
            MINUTE,
        ),
        Allowance::counted(
            counts,
            Class::AddressSignIns,
            &address,
            limits.address_sign_ins_per_minute,
            MINUTE,
        ),
    )?;
    let exceeded = |allowance: Allowance| allowance.exceeded(app.ambient().now());
    let (of_account, of_address) = (of_account.map_err(exceeded)?, of_address.map_err(exceeded)?);
    Ok(of_account.tighter(of_address))
}
