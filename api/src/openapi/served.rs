//! Serves the description: as it is, as a page, and as a collection for Postman.
//!
//! The page needs nothing from elsewhere: it, its style and its script are part of the binary.

use std::sync::LazyLock;

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderValue, header};

use super::{document, postman};
use crate::routes;

/// Made once, and handed out as it is.
static DOCUMENT: LazyLock<Bytes> = LazyLock::new(|| document(&routes::all()).to_string().into());
static COLLECTION: LazyLock<Bytes> =
    LazyLock::new(|| postman::collection(&document(&routes::all())).to_string().into());

const PAGE: &str = include_str!("page/docs.html");
const STYLE: &str = include_str!("page/docs.css");
const SCRIPT: &str = include_str!("page/docs.js");

/// What the page may do: show itself, and ask this server.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'",
);

/// Shows this description, as OpenAPI 3.1 has it.
#[utoipa::path(
    get, path = "/openapi.json", tag = "description", operation_id = "openapi",
    responses((status = 200, description = "The document.", body = Object))
)]
pub async fn openapi() -> Response {
    json(DOCUMENT.clone())
}

/// Shows this description as a collection for Postman, version 2.1.
#[utoipa::path(
    get, path = "/auth/docs/postman/complete.json", tag = "description", operation_id = "postmanCollection",
    responses((status = 200, description = "The collection.", body = Object))
)]
pub async fn collection() -> Response {
    json(COLLECTION.clone())
}

/// Shows this description as a page.
#[utoipa::path(
    get, path = "/docs", tag = "description", operation_id = "docs",
    responses((status = 200, description = "The page.", body = String, content_type = "text/html"))
)]
pub async fn page() -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CONTENT_SECURITY_POLICY, POLICY),
    ];
    (headers, PAGE).into_response()
}

/// The page's style.
#[utoipa::path(
    get, path = "/docs/docs.css", tag = "description", operation_id = "docsStyle",
    responses((status = 200, description = "The style.", body = String, content_type = "text/css"))
)]
pub async fn style() -> Response {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], STYLE).into_response()
}

/// The page's script.
#[utoipa::path(
    get, path = "/docs/docs.js", tag = "description", operation_id = "docsScript",
    responses((status = 200, description = "The script.", body = String, content_type = "text/javascript"))
)]
pub async fn script() -> Response {
    ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], SCRIPT).into_response()
}

fn json(body: Bytes) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}
