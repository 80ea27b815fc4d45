//! Serves the table of routes, each behind its guard, and all of them surrounded.
//!
//! ```text
//! peer::find       the client's address, behind proxies of ours
//! answer::finish  request id, log line, metrics, problems written, security headers
//!   CORS
//!     limits::admit    sizes of address and headers
//!     limits::contain  panics caught, time limited
//!       guard          rate limits; token and permission (routes not open to all)
//!         idempotency  a request with a key, once
//!           read_your_write::reads                     (routes answered from a view)
//!             handler
//! ```

mod cors;
mod limits;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_extractor, from_fn, from_fn_with_state};
use axum::routing::MethodRouter;
use tower::util::option_layer;

use crate::answer::{self, MakeId, PREFIX};
use crate::app::App;
use crate::extract::{NoNames, Query};
use crate::problem::{Code, Problem};
use crate::read_your_write::reads;
use crate::routes::{self, Access, Route};
use crate::{guard, peer};

/// Largest body of a request: the longest message with the largest metadata is far below.
const BODY_BYTES_MAX: usize = 1024 * 1024;

/// Everything that is served.
pub fn router(app: App) -> Router {
    let routes = fold(&app, routes::all());
    surround(app, routes)
}

/// What every process serves, even one that works for the others: how it is.
pub fn operations(app: App) -> Router {
    let is_operational = |route: &Route| route.access() == Access::Operational;
    let routes = fold(&app, routes::all().into_iter().filter(is_operational));
    surround(app, routes)
}

/// Each route with what its line in the table asks for.
fn fold(app: &App, routes: impl IntoIterator<Item = Route>) -> Router<App> {
    routes.into_iter().fold(Router::new(), |router, route| {
        let mut handler = route.handler();
        if !route.takes_query() && !route.is_for_anybody() {
            handler = handler.layer(from_extractor::<Query<NoNames>>());
        }
        if let Some(view) = route.view() {
            handler = reads(app, view, handler);
        }
        if let Some(bytes_max) = route.body_bytes_max() {
            handler = handler.layer(DefaultBodyLimit::max(bytes_max));
        }
        router.route(route.path(), admit(app, route.access(), handler))
    })
}

fn admit(app: &App, access: Access, handler: MethodRouter<App>) -> MethodRouter<App> {
    match access {
        Access::Operational | Access::Signed => handler,
        Access::Open => guard::open(app, handler),
        Access::SignedIn => guard::signed_in(app, handler),
        Access::Needs(permission) => guard::needs(app, permission, handler),
    }
}

fn surround(app: App, routes: Router<App>) -> Router {
    let cors = cors::layer(&app.cors);
    let ids = app.clone();
    let make_id: MakeId = Arc::new(move || ids.ambient().new_id());
    Router::new()
        .merge(routes.clone())
        .nest(PREFIX, routes)
        .fallback(no_such_route)
        .method_not_allowed_fallback(no_such_method)
        .layer(from_fn(limits::contain))
        .layer(from_fn(limits::admit))
        .layer(option_layer(cors))
        .layer(from_fn_with_state(make_id, answer::finish))
        .layer(from_fn_with_state(app.trusted_proxies.clone(), peer::find))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(app)
}

async fn no_such_route() -> Problem {
    Problem::new(Code::SysNotFound, "there is no such route")
}

async fn no_such_method() -> Problem {
    Problem::new(Code::ValidMethodNotAllowed, "the resource does not have this method")
}
