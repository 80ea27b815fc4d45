//! Every route, and what surrounds them.
//!
//! ```text
//! answer::finish  request id, log line, metrics, problems written, security headers
//!   CORS
//!     limits::contain  panics caught, time limited
//!       guard::needs   token, rate limit, permission   (routes not open to all)
//!         handler
//! ```

mod cors;
mod limits;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{delete, get, patch, post, put};
use domain::access::Permission::{
    ManageServers, ManageSessions, ReadHistory, ReadMessages, ReadSessions, SendMessages,
};
use projections::message_history::MessageHistory;
use projections::messages::Messages;
use projections::sessions::Sessions;
use projections::webhook_log::WebhookLog;
use tower::util::option_layer;

use crate::answer::{self, MakeId, PREFIX};
use crate::app::App;
use crate::guard::needs;
use crate::problem::{Code, Problem};
use crate::read_your_write::reads;
use crate::{
    auth, dead_letters, health, messages, metering, queue, sessions, waha_servers, webhooks,
};

/// Largest body of a request: the longest message with the largest metadata is far below.
const BODY_BYTES_MAX: usize = 1024 * 1024;

/// Everything that is served.
pub fn router(app: App) -> Router {
    let routes = operational_routes().merge(open_routes(&app)).merge(guarded_routes(&app));
    surround(app, routes)
}

/// What every process serves, even one that works for the others: how it is.
pub fn operations(app: App) -> Router {
    surround(app, operational_routes())
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
        .layer(option_layer(cors))
        .layer(from_fn_with_state(make_id, answer::finish))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(app)
}

/// Routes for everybody.
fn open_routes(app: &App) -> Router<App> {
    let webhook_limit = DefaultBodyLimit::max(webhooks::BODY_BYTES_MAX);
    Router::new()
        .route("/auth/login", post(auth::login::login))
        .route("/auth/refresh", post(auth::refresh::refresh))
        .route("/webhooks/waha", post(webhooks::receive).layer(webhook_limit))
        .route("/webhooks/health", get(health::webhooks))
        .route("/webhooks/stats", reads(app, &WebhookLog, get(webhooks::stats)))
}

/// Routes for those who look after the process.
fn operational_routes() -> Router<App> {
    Router::new()
        .route("/health", get(health::overview))
        .route("/health/db", get(health::database))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/waha/health", get(health::waha))
        .route("/metrics", get(metering::render))
}

/// Routes for those who are signed in, each with the permission it needs.
fn guarded_routes(app: &App) -> Router<App> {
    let needs = |permission, route| needs(app, permission, route);
    let reads = |view, route| reads(app, view, route);
    Router::new()
        .route("/sessions", needs(ReadSessions, reads(&Sessions, get(sessions::list))))
        .route("/sessions", needs(ManageSessions, post(sessions::create::create)))
        .route("/sessions/{id}", needs(ReadSessions, reads(&Sessions, get(sessions::show))))
        .route("/sessions/{id}", needs(ManageSessions, delete(sessions::actions::delete)))
        .route("/sessions/{id}/start", needs(ManageSessions, post(sessions::actions::start)))
        .route("/sessions/{id}/stop", needs(ManageSessions, post(sessions::actions::stop)))
        .route("/sessions/{id}/restart", needs(ManageSessions, post(sessions::actions::restart)))
        .route("/sessions/{id}/logout", needs(ManageSessions, post(sessions::actions::logout)))
        .route("/queue", needs(ReadSessions, get(queue::list)))
        .route("/sessions/{id}/queue", needs(ReadSessions, get(queue::show)))
        .route("/sessions/{id}/queue", needs(ManageSessions, put(sessions::queue::set)))
        .route("/sessions/{id}/move", needs(ManageServers, post(sessions::moving::move_session)))
        .route("/sessions/{id}/qr", needs(ManageSessions, get(sessions::qr::show)))
        .route("/messages", needs(ReadMessages, reads(&Messages, get(messages::list::list))))
        .route("/messages/send", needs(SendMessages, post(messages::send::send)))
        .route(
            "/messages/stats",
            needs(ReadMessages, reads(&Messages, get(messages::stats::stats))),
        )
        .route("/messages/format-phone/{phone}", needs(ReadMessages, get(messages::phone::format)))
        .route("/messages/{id}", needs(ReadMessages, reads(&Messages, get(messages::show::show))))
        .route("/messages/{id}/why", needs(ReadMessages, reads(&Messages, get(messages::why::why))))
        .route(
            "/messages/{id}/events",
            needs(ReadHistory, reads(&MessageHistory, get(messages::history::history))),
        )
        .route("/messages/{id}/settle", needs(SendMessages, post(messages::settle::settle)))
        .route("/dead-letters", needs(ReadMessages, reads(&Messages, get(dead_letters::list))))
        .route("/dead-letters/{id}", needs(ReadMessages, reads(&Messages, get(dead_letters::show))))
        .route("/dead-letters/{id}", needs(SendMessages, delete(dead_letters::discard)))
        .route("/dead-letters/{id}/redrive", needs(SendMessages, post(dead_letters::redrive)))
        .merge(server_routes(app))
}

/// Routes for those who run the installation.
fn server_routes(app: &App) -> Router<App> {
    let needs = |route| needs(app, ManageServers, route);
    let path = |verb: &str| format!("/admin/waha-servers/{{name}}{verb}");
    Router::new()
        .route("/admin/waha-servers", needs(get(waha_servers::list)))
        .route("/admin/waha-servers", needs(post(waha_servers::register)))
        .route(&path(""), needs(get(waha_servers::show_one)))
        .route(&path(""), needs(patch(waha_servers::change)))
        .route(&path(""), needs(delete(waha_servers::remove)))
        .route(&path("/activate"), needs(post(waha_servers::activate)))
        .route(&path("/drain"), needs(post(waha_servers::drain)))
        .route(&path("/down"), needs(post(waha_servers::down)))
}

async fn no_such_route() -> Problem {
    Problem::new(Code::SysNotFound, "there is no such route")
}

async fn no_such_method() -> Problem {
    Problem::new(Code::ValidMethodNotAllowed, "the resource does not have this method")
}
