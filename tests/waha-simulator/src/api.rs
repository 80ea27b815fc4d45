//! The HTTP surface: WAHA's routes, and the simulator's own.

mod chats;
mod chatting;
mod contacts;
mod control;
mod pairing;
mod server;
mod sessions;
mod unsimulated;

use std::sync::Arc;

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    http::{Method, Uri},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};

use crate::{interception::intercept, nest::refusal::Refusal, waha::Waha};

/// Every route.
pub(crate) fn router(waha: Arc<Waha>) -> Router {
    let api = Router::new()
        .merge(server::routes())
        .merge(sessions::routes())
        .merge(pairing::routes())
        .merge(chatting::routes())
        .merge(contacts::routes())
        .merge(chats::routes())
        .merge(unsimulated::routes())
        .layer(middleware::from_fn_with_state(Arc::clone(&waha), authenticate))
        .layer(middleware::from_fn_with_state(Arc::clone(&waha), intercept));
    Router::new()
        .merge(api)
        .merge(server::open_routes())
        .nest("/simulator", control::routes())
        .fallback(no_such_route)
        .method_not_allowed_fallback(no_such_route)
        .layer(DefaultBodyLimit::disable())
        .with_state(waha)
}

async fn authenticate(State(waha): State<Arc<Waha>>, request: Request, next: Next) -> Response {
    let key = request.headers().get("x-api-key");
    if key.is_some_and(|key| key.as_bytes() == waha.options.api_key.as_bytes()) {
        next.run(request).await
    } else {
        Refusal::Unauthorized.into_response()
    }
}

async fn no_such_route(method: Method, uri: Uri) -> Refusal {
    Refusal::NotFound(format!("Cannot {method} {uri}"))
}
