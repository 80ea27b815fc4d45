//! Whose web pages may call the API.

use std::time::Duration;

use http::{HeaderName, Method, header};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::settings::CorsOrigins;
use crate::{caller, idempotency, read_your_write, request_id, trace};

/// How long a browser may remember the answer.
const MAX_AGE: Duration = Duration::from_mins(10);

/// What a browser is told; nothing, if only pages of its own may call.
pub(super) fn layer(origins: &CorsOrigins) -> Option<CorsLayer> {
    let origins = match origins {
        CorsOrigins::Own => return None,
        CorsOrigins::Any => AllowOrigin::any(),
        CorsOrigins::Listed(origins) => AllowOrigin::list(origins.clone()),
    };
    let layer = CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers([
            header::ACCEPT,
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            caller::shown::API_KEY_HEADER,
            HeaderName::from_static("x-tenant-id"),
            idempotency::HEADER,
            trace::HEADER,
            request_id::HEADER,
            read_your_write::READ_AFTER,
        ])
        .expose_headers([
            header::LOCATION,
            header::WWW_AUTHENTICATE,
            header::RETRY_AFTER,
            HeaderName::from_static("x-ratelimit-limit"),
            HeaderName::from_static("x-ratelimit-remaining"),
            HeaderName::from_static("x-ratelimit-reset"),
            idempotency::REPLAYED,
            request_id::HEADER,
            read_your_write::EVENT_POSITION,
        ])
        .max_age(MAX_AGE);
    Some(layer)
}
