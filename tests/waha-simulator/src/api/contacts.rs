//! Contacts: does a number have WhatsApp?

use std::{collections::HashMap, sync::Arc};

use axum::{
    Router,
    extract::{Query, State},
    response::Response,
    routing::get,
};
use serde_json::json;

use crate::{nest, nest::refusal::Refusal, session::SessionStatus, waha::Waha};

/// Numbers that begin so have no WhatsApp here; all others have.
const UNREGISTERED: &str = "000";

pub(super) fn routes() -> Router<Arc<Waha>> {
    Router::new().route("/api/contacts/check-exists", get(check_exists))
}

async fn check_exists(
    State(waha): State<Arc<Waha>>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Refusal> {
    let session = query
        .get("session")
        .ok_or_else(|| Refusal::BadRequest("Session name is required".to_owned()))?;
    waha.await_status(session, SessionStatus::Working).await?;
    let phone = query.get("phone").map(String::as_str).unwrap_or_default().replace('+', "");
    let number = phone.split('@').next().unwrap_or_default();
    if number.starts_with(UNREGISTERED) {
        return Ok(nest::ok(&json!({ "numberExists": false })));
    }
    Ok(nest::ok(&json!({ "numberExists": true, "chatId": format!("{number}@c.us") })))
}
