//! `GET` and `POST /oauth/authorize`: a user signs in and consents, and is sent back with a code.
//!
//! Nothing of the user's is remembered between the two: the form brings the whole request back, and the password with
//! it; where a second factor is asked for, the next form brings a signed challenge in the password's place. So there is no
//! cookie, and nothing that a page of somebody else could use on the user's behalf.

mod consent;
mod request;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use reqwest::Url;
use utoipa::{IntoParams, ToSchema};

use self::consent::{NoCode, Wrong, consent};
use self::request::{NotAsked, Request, read};
use super::error::{ErrorCode, OAuthError};
use super::form::Form;
use super::page::{self, Question, Step};
use crate::app::App;
use crate::provenance::Provenance;

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
        Ok(request) => asked(&request, &form, &Step::Password, None),
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
    /// In the password's place, once that was right and a second factor is asked for: as the page has it.
    mfa_token: Option<String>,
    /// A code of the second factor, or a backup code.
    code: Option<String>,
}

/// Takes the user's answer from the page.
#[utoipa::path(
    post, path = "/oauth/authorize", tag = "OAuth2", operation_id = "takeConsent",
    request_body(
        content = inline(Consenting), content_type = "application/x-www-form-urlencoded",
        description = "The page's own form, with the request in it."
    ),
    responses(
        (status = 200, description = "The password is right: the page asks for a code of the second factor.", body = String, content_type = "text/html"),
        (status = 403, description = "The page once more, and what was wrong.", body = String, content_type = "text/html"),
        (status = 429, description = "The page once more: too many were tried.", body = String, content_type = "text/html"),
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
        Ok(code) => send_back(&app, &request.redirect_uri, &form, &[("code", code.expose())]),
        Err(NoCode::Ask { step, wrong }) => asked(&request, &form, &step, wrong),
        Err(NoCode::Refused(error)) => {
            let redirect_uri = request.redirect_uri;
            answer(&app, NotAsked::SendBack { redirect_uri, error }, &form)
        }
        Err(NoCode::Problem(problem)) => problem.into_response(),
    }
}

fn asked(request: &Request, form: &Form, step: &Step, wrong: Option<Wrong>) -> Response {
    let hidden: Vec<_> =
        BROUGHT_BACK.into_iter().filter_map(|name| Some((name, form.get(name)?))).collect();
    let question = Question {
        client: request.client.registration.name.as_str(),
        scopes: request.scopes,
        redirect_uri: &request.redirect_uri,
        hidden: &hidden,
        step,
        email: form.get("email").unwrap_or_default(),
        wrong: wrong.as_ref().map(|wrong| wrong.told.as_str()),
    };
    let mut response = page::ask(&question);
    if let Some(Wrong { status, headers, .. }) = wrong {
        *response.status_mut() = status;
        response.headers_mut().extend(headers);
    }
    response
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
