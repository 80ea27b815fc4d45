//! The door of every route: how many requests come from where; and, unless it is open to all, whose token or key, how many
//! requests, which permission, and whether the request was made before.

mod identity;

use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::MethodRouter;
use domain::access::Permission;
use domain::refusal::Reason;

use crate::app::App;
use crate::denied::{Denied, denied};
use crate::idempotency;
use crate::peer::Peer;
use crate::problem::Problem;
use crate::provenance::Provenance;
use crate::rate_limit::limits::Class;
use identity::{Admitted, identify};

/// The route, for everybody, as often as one address may call.
pub fn open(app: &App, route: MethodRouter<App>) -> MethodRouter<App> {
    route.route_layer(from_fn_with_state(app.clone(), count))
}

/// The route, for those who have the permission.
pub fn needs(app: &App, permission: Permission, route: MethodRouter<App>) -> MethodRouter<App> {
    open(app, route.route_layer(from_fn_with_state((app.clone(), Some(permission)), guard)))
}

/// The route, for whoever is signed in: a user, no program.
pub fn signed_in(app: &App, route: MethodRouter<App>) -> MethodRouter<App> {
    open(app, route.route_layer(from_fn_with_state((app.clone(), None), guard)))
}

async fn count(
    State(app): State<App>,
    Peer(address): Peer,
    request: Request,
    next: Next,
) -> Response {
    let now = app.ambient().now();
    match app.limits.of_address(address) {
        Err(exceeded) => exceeded.exceeded(now).into_response(),
        Ok(allowance) => {
            let mut response = next.run(request).await;
            allowance.inspect(|allowance| allowance.note_on(&mut response, now));
            response
        }
    }
}

async fn guard(
    State((app, permission)): State<(App, Option<Permission>)>,
    provenance: Provenance,
    mut request: Request,
    next: Next,
) -> Response {
    let admitted = match identify(&app, &provenance, request.headers()).await {
        Ok(admitted) => admitted,
        Err(problem) => return problem.into_response(),
    };
    let now = app.ambient().now();
    let class = Class::of(request.method(), permission);
    let own_rate = admitted.rate_limit_per_minute;
    let allowance = match app.limits.of_caller(&admitted.caller, own_rate, class) {
        Ok(allowance) => allowance,
        Err(exceeded) => return exceeded.exceeded(now).into_response(),
    };
    let mut response = match require(&app, &provenance, &admitted, permission).await {
        Ok(()) => {
            let caller = admitted.caller;
            request.extensions_mut().insert(caller);
            // What needs no permission is about the one who asks.
            let user = caller.user().filter(|_| permission.is_none());
            idempotency::once(&app, (caller.tenant, user), request, next).await
        }
        Err(problem) => problem.into_response(),
    };
    allowance.note_on(&mut response, now);
    response
}

async fn require(
    app: &App,
    provenance: &Provenance,
    admitted: &Admitted,
    permission: Option<Permission>,
) -> Result<(), Problem> {
    let caller = &admitted.caller;
    let required = match permission {
        Some(permission) => caller.require(permission),
        None => caller.require_user().map(|_| ()),
    };
    // That a user's role does not reach so far is everyday business; a program was made for what it may do.
    if let (Err(_), Some((means, id))) = (&required, caller.program()) {
        let reason = Reason::OutOfScope;
        let denial = Denied { tenant: Some(caller.tenant), means, subject: Some(id), reason };
        denied(app, provenance, denial).await?;
    }
    required
}
