//! Pairing: the code to scan in its three forms, and the code to type.

use std::{collections::HashMap, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{Path, Query, State},
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::json;

use crate::{
    engine::Engine,
    nest::{
        self,
        body::{Body, text},
        refusal::Refusal,
    },
    qr,
    session::SessionStatus,
    waha::Waha,
};

const PNG: &str = "image/png";
/// How long the other engines wait for a code to appear.
const CODE_WAIT: Duration = Duration::from_secs(2);

pub(super) fn routes() -> Router<Arc<Waha>> {
    Router::new()
        .route("/api/{session}/auth/qr", get(show_qr))
        .route("/api/{session}/auth/request-code", post(request_code))
}

async fn show_qr(
    State(waha): State<Arc<Waha>>,
    Path(name): Path<String>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    waha.await_status(&name, SessionStatus::ScanQrCode).await?;
    let value = waha.with(&name, |session| session.qr.clone())?;
    if query.get("format").is_some_and(|format| format == "raw") {
        return Ok(nest::ok(&json!({ "value": value })));
    }
    let picture = qr::picture(&value)
        .ok_or_else(|| Refusal::Unprocessable("The code cannot be drawn".to_owned()))?;
    let accepted = headers.get(header::ACCEPT).and_then(|accepted| accepted.to_str().ok());
    if accepted.is_some_and(|accepted| accepted.contains("application/json")) {
        let data = BASE64_STANDARD.encode(picture);
        return Ok(nest::ok(&json!({ "mimetype": PNG, "data": data })));
    }
    Ok(([(header::CONTENT_TYPE, PNG)], picture).into_response())
}

/// In STARTING this waits for a code to appear; in NOWEB without an end.
async fn request_code(
    State(waha): State<Arc<Waha>>,
    Path(name): Path<String>,
    Body(body): Body,
) -> Result<Response, Refusal> {
    waha.with(&name, |_| ()).map_err(|_| Refusal::NoSession { session: name.clone() })?;
    let is_noweb = waha.options.engine == Engine::Noweb;
    if is_noweb && text(&body, "method").is_some() {
        return Err(Refusal::Unprocessable(
            "NOWEB engine doesn't support any 'method', remove it and try again".to_owned(),
        ));
    }
    let patience = if is_noweb { Duration::MAX } else { CODE_WAIT };
    waha.await_started(&name, patience).await;
    let status = waha.with(&name, |session| session.status)?;
    if status != SessionStatus::ScanQrCode {
        let status = json!(status);
        return Err(Refusal::Unprocessable(format!(
            "Can request code only in SCAN_QR_CODE status. The current status is {}",
            status.as_str().unwrap_or_default()
        )));
    }
    Ok(nest::created(&json!({ "code": "ABCD-EFGH" })))
}
