//! The door of every route that is not open to all: whose token, how many requests, which permission.

use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::MethodRouter;
use domain::access::Permission;
use domain::login_session::LoginSession;
use http::HeaderMap;

use crate::app::App;
use crate::caller::{Caller, bearer_token};
use crate::problem::{Code, Problem};

/// The route, for those whose role carries the permission.
pub fn needs(app: &App, permission: Permission, route: MethodRouter<App>) -> MethodRouter<App> {
    route.route_layer(from_fn_with_state((app.clone(), Some(permission)), guard))
}

/// The route, for whoever is signed in.
pub fn signed_in(app: &App, route: MethodRouter<App>) -> MethodRouter<App> {
    route.route_layer(from_fn_with_state((app.clone(), None), guard))
}

async fn guard(
    State((app, permission)): State<(App, Option<Permission>)>,
    mut request: Request,
    next: Next,
) -> Response {
    let caller = match identify(&app, request.headers()).await {
        Ok(caller) => caller,
        Err(problem) => return problem.into_response(),
    };
    let now = app.ambient().now();
    let allowance = match app.limits.tenant.check(&caller.tenant) {
        Ok(allowance) => allowance,
        Err(exceeded) => return exceeded.exceeded(now).into_response(),
    };
    let mut response = match permission.map_or(Ok(()), |permission| caller.require(permission)) {
        Ok(()) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    };
    response.headers_mut().extend(allowance.headers(now));
    response
}

/// Who makes the request. The login session is looked up each time, so that one that is revoked ends at once.
async fn identify(app: &App, headers: &HeaderMap) -> Result<Caller, Problem> {
    let token = bearer_token(headers)?;
    let caller = Caller::from(app.tokens.verify_access(token, app.ambient().now())?);
    match app.executor.load::<LoginSession>(caller.tenant, caller.login_session.0).await? {
        LoginSession::Active { .. } => Ok(caller),
        LoginSession::Revoked | LoginSession::Absent => {
            Err(Problem::new(Code::AuthSessionRevoked, "the login session is over; sign in again"))
        }
    }
}
