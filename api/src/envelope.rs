//! How success is written: `{"success":true,"data":…,"meta":…}`.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

/// An answer to a request that went well.
#[derive(Debug, Serialize)]
pub struct Answer<T, M = ()> {
    success: bool,
    data: T,
    #[serde(skip_serializing_if = "Option::is_none")]
    meta: Option<M>,
}

/// A request that went well.
pub fn success<T: Serialize>(data: T) -> Json<Answer<T>> {
    Json(Answer { success: true, data, meta: None })
}

/// A list, and where in it we are.
pub fn listed<T: Serialize, M: Serialize>(data: Vec<T>, meta: M) -> Json<Answer<Vec<T>, M>> {
    Json(Answer { success: true, data, meta: Some(meta) })
}

/// Something made or accepted, and where it can be seen.
pub fn located<T: Serialize>(status: StatusCode, location: &str, data: T) -> Response {
    let mut response = (status, success(data)).into_response();
    if let Ok(location) = HeaderValue::from_str(location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}
