//! What WAHA can do and this simulator cannot: 501, as an engine without the feature answers.

use std::sync::Arc;

use axum::{Router, extract::State, routing::any};

use crate::{nest::refusal::Refusal, waha::Waha};

const ROUTES: [&str; 16] = [
    "/api/sendImage",
    "/api/sendFile",
    "/api/sendVoice",
    "/api/sendVideo",
    "/api/sendButtons",
    "/api/sendList",
    "/api/sendPoll",
    "/api/sendLocation",
    "/api/sendContactVcard",
    "/api/forwardMessage",
    "/api/reaction",
    "/api/star",
    "/api/screenshot",
    "/api/{session}/chats",
    "/api/{session}/chats/overview",
    "/api/{session}/presence",
];

pub(super) fn routes() -> Router<Arc<Waha>> {
    ROUTES.into_iter().fold(Router::new(), |router, path| router.route(path, any(refuse)))
}

async fn refuse(State(waha): State<Arc<Waha>>) -> Refusal {
    Refusal::NotImplemented(waha.options.engine)
}
