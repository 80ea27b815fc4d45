//! The door of every route that is not open to all: whose token, how many requests, which permission; and whether the
//! request was made before.

use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::MethodRouter;
use domain::access::Permission;
use http::HeaderMap;

use crate::app::App;
use crate::caller::{Caller, bearer_token};
use crate::idempotency;
use crate::peer::Peer;
use crate::problem::Problem;

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
    peer: Peer,
    mut request: Request,
    next: Next,
) -> Response {
    let caller = match identify(&app, peer, request.headers()).await {
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
            // What needs no permission is about the one who asks.
            let user = permission.is_none().then_some(caller.user);
            idempotency::once(&app, (caller.tenant, user), request, next).await
        }
        Err(problem) => problem.into_response(),
    };
    response.headers_mut().extend(allowance.headers(now));
    response
}

/// Who makes the request. What they may do is looked up each time, so that what is revoked or taken away ends at once.
async fn identify(app: &App, Peer(address): Peer, headers: &HeaderMap) -> Result<Caller, Problem> {
    let token = app.tokens.verify_access(bearer_token(headers)?, app.ambient().now())?;
    let (tenant, user, login_session) = (token.tenant_id, token.user_id, token.login_session_id);
    let role = app.access.standing(tenant, user, login_session, address).await?;
    Ok(Caller { tenant, user, role, login_session })
}
