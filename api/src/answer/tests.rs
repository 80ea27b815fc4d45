use axum::Router;
use axum::body::{Body, to_bytes};
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::*;
use crate::problem::Detail;

async fn refuse() -> Problem {
    let detail =
        |field| Detail::new(Code::ValidRequiredField, "is required").on(field).by("REQUIRED");
    Problem::all(vec![detail("to"), detail("body")]).unwrap()
}

async fn break_down() -> Problem {
    Problem::internal("the disk is full, at /var/lib")
}

async fn answered(path: &str, accept: &'static str) -> (HeaderMap, Value) {
    let make_id: MakeId = Arc::new(Uuid::nil);
    let router = Router::new()
        .route("/fine", get(|| async { "fine" }))
        .route("/refuse", get(refuse))
        .route("/break", get(break_down))
        .layer(from_fn_with_state(make_id, finish));
    let request =
        Request::get(path).header("x-request-id", "order-17").header(header::ACCEPT, accept);
    let response = router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let headers = response.headers().clone();
    let body = to_bytes(response.into_body(), 10_000).await.unwrap();
    (headers, serde_json::from_slice(&body).unwrap_or_default())
}

#[tokio::test]
async fn a_problem_is_written_in_the_envelope() {
    let (headers, body) = answered("/refuse", "application/json").await;
    let error = |field| {
        json!({ "code": "VALID_REQUIRED_FIELD", "message": "is required", "field": field,
            "constraint": "REQUIRED" })
    };
    let expected = json!({ "success": false, "errors": [error("to"), error("body")], "requestId": "order-17" });
    assert_eq!(body, expected);
    assert_eq!(headers[header::CONTENT_TYPE], "application/json");
}

#[tokio::test]
async fn a_problem_is_written_as_rfc_9457_for_those_who_ask() {
    let (headers, body) = answered("/refuse", "application/problem+json").await;
    assert_eq!(headers[header::CONTENT_TYPE], "application/problem+json");
    assert_eq!((&body["status"], &body["title"]), (&json!(400), &json!("Bad Request")));
    assert_eq!(
        (&body["code"], &body["detail"]),
        (&json!("VALID_REQUIRED_FIELD"), &json!("to is required"))
    );
    assert_eq!(body["requestId"], "order-17");
}

#[tokio::test]
async fn a_failure_of_ours_is_not_told_to_the_client() {
    let (_, body) = answered("/break", "*/*").await;
    assert_eq!(body["errors"][0]["code"], "SYS_INTERNAL_ERROR");
    assert!(!body.to_string().contains("disk"));
}

#[tokio::test]
async fn every_answer_carries_the_request_id_and_the_security_headers() {
    for path in ["/fine", "/refuse", "/nowhere"] {
        let (headers, _) = answered(path, "*/*").await;
        assert_eq!(headers["x-request-id"], "order-17", "{path}");
        assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff", "{path}");
    }
}
