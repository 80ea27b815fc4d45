//! What a route's access, its view and what it takes bring into its description.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::refusals;
use crate::idempotency;
use crate::openapi::answers::canonical;
use crate::problem::Code;
use crate::read_your_write::{EVENT_POSITION, READ_AFTER};
use crate::routes::{Access, Route};

/// Any request may come to this.
const ALWAYS: [Code; 5] = [
    Code::ValidUriTooLong,
    Code::ValidHeadersTooLarge,
    Code::SysInternalError,
    Code::SysServiceUnavailable,
    Code::SysTimeout,
];
/// Who must be signed in may not be.
const SIGNED_IN: [Code; 12] = [
    Code::AuthTokenMissing,
    Code::AuthTokenInvalid,
    Code::AuthTokenExpired,
    Code::AuthSessionRevoked,
    Code::AuthApiKeyInvalid,
    Code::AuthApiKeyExpired,
    Code::AuthApiKeyRevoked,
    Code::AuthzInsufficientPermissions,
    Code::AuthzTenantSuspended,
    Code::RateLimitExceeded,
    Code::RateIpBlocked,
    // A token and an API key in one request.
    Code::ValidMalformedRequest,
];
/// A body may be no JSON, and its fields wrong.
const BODY: [Code; 9] = [
    Code::ValidMalformedRequest,
    Code::ValidMalformedJson,
    Code::ValidRequiredField,
    Code::ValidUnknownField,
    Code::ValidInvalidType,
    Code::ValidInvalidFormat,
    Code::ValidOutOfRange,
    Code::ValidBodyTooLarge,
    Code::ValidUnsupportedMediaType,
];
/// A query may be wrong.
const QUERY: [Code; 4] = [
    Code::ValidMalformedRequest,
    Code::ValidUnknownField,
    Code::ValidInvalidFormat,
    Code::ValidOutOfRange,
];
/// Where nothing is read from it, nothing is to be in it.
const NO_QUERY: [Code; 2] = [Code::ValidMalformedRequest, Code::ValidUnknownField];
/// A view may be behind, and what it is to have seen no position.
const VIEW: [Code; 2] = [Code::SysViewBehind, Code::ValidInvalidFormat];
/// An `Idempotency-Key` may be none, or in use; the body is read for it.
const KEYED: [Code; 4] = [
    Code::IdempotencyKeyInFlight,
    Code::IdempotencyKeyReused,
    Code::ValidInvalidFormat,
    Code::ValidBodyTooLarge,
];
/// Others may change the same at the same time.
const COMMAND: [Code; 1] = [Code::SysContended];

/// Headers of every answer where requests are counted.
const LIMIT_HEADERS: [&str; 3] =
    ["X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"];

/// Adds it all.
pub(super) fn add(operation: &mut Value, route: &Route) {
    let is_limited = !matches!(route.access(), Access::Operational | Access::Signed);
    if let Access::Needs(permission) = route.access() {
        operation["x-permission"] = permission.as_str().into();
    }
    operation["security"] = match route.access() {
        Access::Operational | Access::Signed | Access::Open => json!([]),
        Access::SignedIn => json!([{ "bearer": [] }]),
        Access::Needs(_) => json!([{ "bearer": [] }, { "apiKey": [] }]),
    };
    let mut parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
    if route.view().is_some() {
        parameters.push(read_after());
    }
    if takes_key(route) {
        parameters.push(idempotency_key());
    }
    operation["parameters"] = parameters.into();

    let codes = codes(operation, route);
    let Some(responses) = operation["responses"].as_object_mut() else { return };
    refusals::add(responses, &codes);
    for (status, response) in responses.iter_mut() {
        let headers = headers_of(status, is_limited);
        for name in headers {
            response["headers"][name] = json!({ "$ref": format!("#/components/headers/{name}") });
        }
    }
}

fn codes(operation: &Value, route: &Route) -> Vec<Code> {
    let mut codes = ALWAYS.to_vec();
    match route.access() {
        Access::Operational | Access::Signed => {}
        Access::Open => codes.push(Code::RateLimitExceeded),
        Access::SignedIn | Access::Needs(_) => codes.extend(SIGNED_IN),
    }
    if operation["requestBody"].is_object() && operation["operationId"] != "receiveWebhook" {
        codes.extend(BODY);
    }
    if takes_key(route) {
        codes.extend(KEYED);
    }
    if route.takes_query() {
        codes.extend(QUERY);
    } else if !route.is_for_anybody() {
        codes.extend(NO_QUERY);
    }
    if route.view().is_some() {
        codes.extend(VIEW);
    }
    if operation["responses"].to_string().contains(&canonical(&EVENT_POSITION)) {
        codes.extend(COMMAND);
    }
    codes
}

/// Whether a request can be made twice under one key.
fn takes_key(route: &Route) -> bool {
    !route.is_for_anybody() && !route.method().is_safe()
}

fn idempotency_key() -> Value {
    json!({
        "name": canonical(&idempotency::HEADER),
        "in": "header",
        "required": false,
        "description": "A name of the client's own for what it wants done. Asked again under the same name, nothing more is done, \
                        and the answer is the first one's, with Idempotent-Replayed.",
        "schema": { "type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$" },
    })
}

fn read_after() -> Value {
    json!({
        "name": canonical(&READ_AFTER),
        "in": "header",
        "required": false,
        "description": "The X-Event-Position of an answer; this one is then at least as new.",
        "schema": { "type": "string", "pattern": "^[0-9]{1,18}-[0-9]{1,18}$" },
    })
}

fn headers_of(status: &str, is_limited: bool) -> Vec<&'static str> {
    let mut headers = vec!["X-Request-Id"];
    if is_limited {
        headers.extend(LIMIT_HEADERS);
    }
    if matches!(status, "429" | "503") {
        headers.push("Retry-After");
    }
    if status == "401" {
        headers.push("WWW-Authenticate");
    }
    headers
}

/// Puts refusals that several operations have into one place, which is given back by name.
pub(super) fn share(paths: &mut Map<String, Value>) -> Map<String, Value> {
    let mut counts = BTreeMap::<String, usize>::new();
    each_response(paths, |status, response| {
        if status < "400" {
            return;
        }
        *counts.entry(format!("{status} {response}")).or_default() += 1;
    });
    let mut names = BTreeMap::new();
    let mut shared = Map::new();
    let mut common: Vec<_> = counts.into_iter().filter(|(_, count)| *count > 1).collect();
    common.sort_by_key(|(_, count)| Reverse(*count));
    for (text, _) in common {
        let (status, response) = text.split_once(' ').unwrap_or_default();
        let taken = names.values().filter(|name: &&String| name.starts_with(status)).count();
        let name = if taken == 0 { status.to_owned() } else { format!("{status}-{}", taken + 1) };
        shared.insert(name.clone(), serde_json::from_str(response).unwrap_or_default());
        names.insert(text, name);
    }
    each_response(paths, |status, response| {
        if let Some(name) = names.get(&format!("{status} {response}")) {
            *response = json!({ "$ref": format!("#/components/responses/{name}") });
        }
    });
    shared
}

fn each_response(paths: &mut Map<String, Value>, mut act: impl FnMut(&str, &mut Value)) {
    let operations = paths.values_mut().filter_map(Value::as_object_mut).flat_map(Map::values_mut);
    for operation in operations {
        let responses = operation["responses"].as_object_mut().into_iter().flatten();
        responses.for_each(|(status, response)| act(status, response));
    }
}

/// The headers answers share.
pub(super) fn headers() -> Value {
    let header =
        |description: &str, schema: Value| json!({ "description": description, "schema": schema });
    let number = || json!({ "type": "integer", "minimum": 0 });
    json!({
        "X-Request-Id": header(
            "The request's id: the client's, if it sent one of 1 to 128 visible ASCII characters, else a new one.",
            json!({ "type": "string", "minLength": 1, "maxLength": 128 }),
        ),
        "X-Event-Position": header(
            "Where in the log the command's last event is. Opaque; sent back as X-Read-After with a GET, it makes the answer at least as new.",
            json!({ "type": "string", "examples": ["1742-9315"] }),
        ),
        "Location": header(
            "Where it can be seen.",
            json!({ "type": "string", "examples": ["/messages/0190f3c4-7a3b-7c1d-9e2f-000000000001"] }),
        ),
        "X-RateLimit-Limit": header("Requests in a minute, by the limit of which least is left.", number()),
        "X-RateLimit-Remaining": header("Requests left.", number()),
        "X-RateLimit-Reset": header("When they are all there again, or if none is left, when the next is: seconds since 1970.", number()),
        "Retry-After": header("Seconds to wait before the next try.", number()),
        "WWW-Authenticate": header("How to authenticate (RFC 6750).", json!({ "type": "string" })),
    })
}

/// How one shows who one is.
pub(super) fn security_schemes() -> Value {
    json!({
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "The access token of POST /auth/login. What a route needs is its x-permission.",
        },
        "apiKey": {
            "type": "apiKey",
            "in": "header",
            "name": "X-Api-Key",
            "description": "An API key, for programs. What it may do are its scopes, which are permissions.",
        },
    })
}
