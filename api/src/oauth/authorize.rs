//! `GET` and `POST /oauth/authorize`: a user signs in and consents, and is sent back with a code.
//!
//! Nothing of the user's is remembered between the two: the form brings the whole request back, and the password with
//! it. So there is no cookie, and nothing that a page of somebody else could use on the user's behalf.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::TimeDelta;
use commands::access::sign_in::{Attempt, SignInError};
use commands::oauth::clients::KnownClient;
use commands::oauth::codes::Consent;
use commands::opaque_secret::OpaqueSecret;
use domain::access::permissions::Permissions;
use domain::email::EmailAddress;
use domain::id::ClientId;
use domain::oauth_client::GrantType;
use domain::ports::event_log::Actor;
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use reqwest::Url;
use utoipa::{IntoParams, ToSchema};

use super::error::{ErrorCode, OAuthError};
use super::form::Form;
use super::page::{self, Question};
use super::token::asked_scopes;
use crate::ambient::random_bytes;
use crate::app::App;
use crate::auth::login::allowance;
use crate::problem::Problem;
use crate::provenance::Provenance;

/// How long a code is good: until the client has fetched what it is for.
const CODE_LIFETIME: TimeDelta = TimeDelta::seconds(60);
/// Longest `state` that is brought back.
const STATE_BYTES_MAX: usize = 1_024;
/// What the form brings back.
const BROUGHT_BACK: [&str; 7] = [
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
];

/// A request that may be asked of a user.
struct Request {
    client: KnownClient,
    redirect_uri: String,
    scopes: Permissions,
    code_challenge: String,
}

/// Why a request is not asked of a user.
enum NotAsked {
    /// It is not known where to send the user: they are told here.
    Stop(String),
    /// The client is told.
    SendBack { redirect_uri: String, error: OAuthError },
    /// A failure of ours.
    Problem(Problem),
}

impl<E: Into<Problem>> From<E> for NotAsked {
    fn from(error: E) -> Self {
        Self::Problem(error.into())
    }
}

/// What a client sends the user with (RFC 6749, section 4.1.1, and RFC 7636).
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes the query, which is read field by field")]
struct AuthorizationRequest {
    /// `code`, and nothing else.
    response_type: Option<String>,
    /// The client.
    client_id: Option<String>,
    /// Where the user is sent back to, as registered.
    redirect_uri: Option<String>,
    /// What the client asks for, separated by spaces; all it may ask for, unless given.
    scope: Option<String>,
    /// Brought back as it is.
    state: Option<String>,
    /// The SHA-256 of the verifier, in base64url.
    code_challenge: Option<String>,
    /// `S256`, and nothing else.
    code_challenge_method: Option<String>,
}

/// Asks the user, on a page, whether a client may act for them.
#[utoipa::path(
    get, path = "/oauth/authorize", tag = "OAuth2", operation_id = "askUser",
    params(AuthorizationRequest),
    responses(
        (status = 200, description = "A page to sign in on and to consent.", body = String, content_type = "text/html"),
        (status = 303, description = "Back to the client, which is told why the user was not asked."),
        (status = 400, description = "It is not known where to send the user.", body = String, content_type = "text/html")
    )
)]
pub async fn ask(State(app): State<App>, uri: Uri) -> Response {
    let form = match Form::parse(uri.query().unwrap_or_default()) {
        Ok(form) => form,
        Err(error) => return page::stop(&said(&error)),
    };
    match read(&app, &form).await {
        Ok(request) => asked(StatusCode::OK, &request, &form, None),
        Err(not_asked) => answer(&app, not_asked, &form),
    }
}

/// What the page brings: the request, who the user is, and what they decide.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes the form, which is read field by field")]
struct Consenting {
    /// `allow` or `deny`.
    decision: String,
    /// The user's address.
    email: Option<String>,
    /// The user's password.
    password: Option<String>,
}

/// Takes the user's answer from the page.
#[utoipa::path(
    post, path = "/oauth/authorize", tag = "OAuth2", operation_id = "takeConsent",
    request_body(
        content = inline(Consenting), content_type = "application/x-www-form-urlencoded",
        description = "The page's own form, with the request in it."
    ),
    responses(
        (status = 403, description = "The page once more, and what was wrong.", body = String, content_type = "text/html"),
        (status = 303, description = "Back to the client, with a code or with why there is none."),
        (status = 400, description = "It is not known where to send the user.", body = String, content_type = "text/html")
    )
)]
pub async fn decide(
    State(app): State<App>,
    provenance: Provenance,
    headers: HeaderMap,
    form: Result<Form, OAuthError>,
) -> Response {
    let form = match form {
        Ok(form) if is_from_here(&headers) => form,
        Ok(_) => return page::stop("The form does not come from this page."),
        Err(error) => return page::stop(&said(&error)),
    };
    let request = match read(&app, &form).await {
        Ok(request) => request,
        Err(not_asked) => return answer(&app, not_asked, &form),
    };
    if form.get("decision") != Some("allow") {
        let error = OAuthError::new(ErrorCode::AccessDenied, "the user does not allow it");
        let redirect_uri = request.redirect_uri;
        return answer(&app, NotAsked::SendBack { redirect_uri, error }, &form);
    }
    match consent(&app, &provenance, &request, &form).await {
        Ok(Ok(code)) => send_back(&app, &request.redirect_uri, &form, &[("code", code.expose())]),
        Ok(Err(wrong)) => asked(StatusCode::FORBIDDEN, &request, &form, Some(&wrong)),
        Err(not_asked) => answer(&app, not_asked, &form),
    }
}

/// The request, if the client may make it.
async fn read(app: &App, form: &Form) -> Result<Request, NotAsked> {
    let stop = |what: &str| NotAsked::Stop(what.to_owned());
    let id = form.get("client_id").and_then(|id| id.parse::<ClientId>().ok());
    let client = match id {
        Some(id) => app.oauth_clients.find(id).await?,
        None => None,
    };
    let client = client.ok_or_else(|| stop("There is no such client."))?;
    let redirect_uri = form.get("redirect_uri").unwrap_or_default();
    if !client.registration.has_redirect_uri(redirect_uri) {
        return Err(stop("The client is not registered with this redirect_uri."));
    }
    if form.get("state").is_some_and(|state| state.len() > STATE_BYTES_MAX) {
        return Err(stop("The state is too long."));
    }
    let redirect_uri = redirect_uri.to_owned();
    match checked(&client, form) {
        Ok((scopes, code_challenge)) => {
            Ok(Request { client, redirect_uri, scopes, code_challenge })
        }
        Err(error) => Err(NotAsked::SendBack { redirect_uri, error }),
    }
}

fn checked(client: &KnownClient, form: &Form) -> Result<(Permissions, String), OAuthError> {
    if form.require("response_type")? != "code" {
        let what = "response_type must be code";
        return Err(OAuthError::new(ErrorCode::UnsupportedResponseType, what));
    }
    if !client.registration.grant_types.contains(&GrantType::AuthorizationCode) {
        let what = "the client is not registered for authorization_code";
        return Err(OAuthError::new(ErrorCode::UnauthorizedClient, what));
    }
    let challenge = form.require("code_challenge")?;
    // Without a method, plain is meant, which shows to whoever reads the request all that there is to know.
    let is_s256 = form.get("code_challenge_method") == Some("S256")
        && OpaqueSecret::parse(challenge).is_some();
    if !is_s256 {
        let what =
            "code_challenge_method must be S256, and code_challenge the base64url of a SHA-256";
        return Err(OAuthError::new(ErrorCode::InvalidRequest, what));
    }
    let scopes = asked_scopes(form.get("scope"), client.registration.scopes)?;
    Ok((scopes, challenge.to_owned()))
}

/// A code for what the user allows; or why they are asked again.
async fn consent(
    app: &App,
    provenance: &Provenance,
    request: &Request,
    form: &Form,
) -> Result<Result<OpaqueSecret, String>, NotAsked> {
    let typed = form.get("email").unwrap_or_default().parse::<EmailAddress>();
    let (Ok(email), Some(password)) = (typed, form.secret("password")) else {
        return Ok(Err("Type your e-mail address and your password.".to_owned()));
    };
    if let Err(problem) = allowance(app, provenance, &email).await {
        return again(problem);
    }
    let tenant = request.client.tenant_id;
    let attempt = Attempt {
        email,
        password,
        tenant: Some(tenant),
        address: provenance.address,
        metadata: provenance.metadata(Actor::Nobody),
    };
    let verified = match app.access.check_password(attempt).await {
        Ok(verified) => verified,
        Err(SignInError::Refused) => {
            let wrong =
                "There is no such account, the password is wrong, or the account is locked.";
            return Ok(Err(wrong.to_owned()));
        }
        Err(error) => return again(error.into()),
    };
    if verified.has_second_factor {
        let wrong = "Accounts with a second factor cannot allow programs on this page yet.";
        return Ok(Err(wrong.to_owned()));
    }
    let scopes = request.scopes.and(Permissions::of(verified.role));
    if scopes.is_empty() {
        let error = OAuthError::new(ErrorCode::AccessDenied, "the user may do nothing of this");
        let redirect_uri = request.redirect_uri.clone();
        return Err(NotAsked::SendBack { redirect_uri, error });
    }
    let code = OpaqueSecret::of(random_bytes());
    let consent = Consent {
        tenant_id: tenant,
        client_id: request.client.id,
        user_id: verified.user_id,
        redirect_uri: request.redirect_uri.clone(),
        code_challenge: request.code_challenge.clone(),
        scopes,
        expires_at: app.ambient().now() + CODE_LIFETIME,
    };
    app.authorization_codes.keep(&code, &consent).await?;
    Ok(Ok(code))
}

/// The user is told what can be put right, or waited for.
fn again(problem: Problem) -> Result<Result<OpaqueSecret, String>, NotAsked> {
    if !problem.code().status().is_client_error() {
        return Err(NotAsked::Problem(problem));
    }
    let told = problem.details().next().map(|detail| detail.message.to_string());
    Ok(Err(told.unwrap_or_default()))
}

fn asked(status: StatusCode, request: &Request, form: &Form, wrong: Option<&str>) -> Response {
    let hidden: Vec<_> =
        BROUGHT_BACK.into_iter().filter_map(|name| Some((name, form.get(name)?))).collect();
    let question = Question {
        client: request.client.registration.name.as_str(),
        scopes: request.scopes,
        redirect_uri: &request.redirect_uri,
        hidden: &hidden,
        email: form.get("email").unwrap_or_default(),
        wrong,
    };
    page::ask(status, &question)
}

fn answer(app: &App, not_asked: NotAsked, form: &Form) -> Response {
    match not_asked {
        NotAsked::Stop(what) => page::stop(&what),
        NotAsked::Problem(problem) => problem.into_response(),
        NotAsked::SendBack { redirect_uri, error } => match error {
            OAuthError::Refused { code, description, .. } => {
                let told = [("error", code.as_str()), ("error_description", &*description)];
                send_back(app, &redirect_uri, form, &told)
            }
            OAuthError::Problem(problem) => problem.into_response(),
        },
    }
}

/// With `state` as it came, and `iss` (RFC 9207), so that the client knows who answers. 303: whatever the browser sent
/// here, it sends none of it on (RFC 9700, section 4.12).
fn send_back(app: &App, redirect_uri: &str, form: &Form, told: &[(&str, &str)]) -> Response {
    let Ok(mut url) = Url::parse(redirect_uri) else {
        return page::stop("The redirect_uri is no address.");
    };
    {
        let mut query = url.query_pairs_mut();
        query.extend_pairs(told);
        if let Some(state) = form.get("state") {
            query.append_pair("state", state);
        }
        query.append_pair("iss", app.tokens.issuer());
    }
    match HeaderValue::try_from(url.as_str()) {
        Ok(location) => (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response(),
        Err(_) => page::stop("The redirect_uri is no address."),
    }
}

/// Whether the browser says that the form is of this page; older ones, and programs, do not say.
fn is_from_here(headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    matches!(site, None | Some(b"same-origin"))
}

fn said(error: &OAuthError) -> String {
    match error {
        OAuthError::Refused { description, .. } => description.to_string(),
        OAuthError::Problem(problem) => {
            problem.details().next().map(|detail| detail.message.to_string()).unwrap_or_default()
        }
    }
}
