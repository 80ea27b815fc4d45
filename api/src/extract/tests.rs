use axum::Router;
use axum::body::Body;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use domain::body::MessageBody;
use domain::id::SessionId;
use domain::message::content::CustomerMetadata;
use domain::priority::Priority;
use http::{Request, StatusCode, header};
use tower::ServiceExt;

use super::*;
use crate::extract::field::Text;
use crate::problem::Problem;

const BODY_BYTES_MAX: usize = 10_000;

#[expect(dead_code, reason = "only read")]
struct Send(SessionId, MessageBody, Option<Priority>, Option<CustomerMetadata>);

impl FromFields for Send {
    fn from_fields(fields: &mut Fields) -> Result<Self, Noted> {
        let session = fields.required::<SessionId>("sessionId");
        let body = fields.required::<MessageBody>("body");
        let priority = fields.optional::<Priority>("priority");
        let metadata = fields.optional::<CustomerMetadata>("metadata");
        Ok(Self(session?, body?, priority?, metadata?))
    }
}

#[expect(dead_code, reason = "only read")]
struct List(Option<Text>, Option<u64>, Option<&'static str>);

impl FromFields for List {
    fn from_fields(fields: &mut Fields) -> Result<Self, Noted> {
        let search = fields.optional::<Text>("search");
        let page = fields.number("page", 1..=1_000);
        let direction = fields.word("direction", &["inbound", "outbound"]);
        Ok(Self(search?, page?, direction?))
    }
}

async fn answer(request: Request<Body>) -> (StatusCode, Vec<(String, String)>) {
    let router = Router::new()
        .route("/send", post(|Json(_): Json<Send>| async {}))
        .route("/list", get(|Query(_): Query<List>| async {}))
        .route("/sessions/{id}", get(|Id(_): Id<SessionId>| async {}))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX));
    let response = router.oneshot(request).await.unwrap();
    let problem = response.extensions().get::<Problem>();
    let details = problem.map(|problem| {
        let pair = |detail: &crate::problem::Detail| {
            (detail.code.as_str().to_owned(), detail.field.clone().unwrap_or_default())
        };
        problem.details().map(pair).collect()
    });
    (response.status(), details.unwrap_or_default())
}

async fn send(body: impl Into<Body>) -> (StatusCode, Vec<(String, String)>) {
    let request = Request::post("/send").header(header::CONTENT_TYPE, "application/json");
    answer(request.body(body.into()).unwrap()).await
}

async fn get_status(path: &str) -> (StatusCode, Vec<(String, String)>) {
    answer(Request::get(path).body(Body::empty()).unwrap()).await
}

fn details(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(code, field)| ((*code).to_owned(), (*field).to_owned())).collect()
}

#[tokio::test]
async fn a_sound_body_is_read() {
    let body =
        r#"{"sessionId":"0190f3c4-7a3b-7c1d-9e2f-000000000001","body":"hello","priority":null}"#;
    assert_eq!(send(body).await.0, StatusCode::OK);
}

#[tokio::test]
async fn everything_that_is_wrong_with_a_body_is_told_at_once() {
    let body = r#"{"sessionId":"17","priority":"urgent","metadata":{"a":"\u0000"},"colour":"red"}"#;
    let expected = details(&[
        ("VALID_INVALID_FORMAT", "sessionId"),
        ("VALID_REQUIRED_FIELD", "body"),
        ("VALID_INVALID_FORMAT", "priority"),
        ("VALID_INVALID_FORMAT", "metadata"),
        ("VALID_UNKNOWN_FIELD", "colour"),
    ]);
    assert_eq!(send(body).await, (StatusCode::BAD_REQUEST, expected));
}

#[tokio::test]
async fn a_wrong_kind_of_value_is_told_as_such() {
    let body = r#"{"sessionId":17,"body":["hello"],"metadata":"none"}"#;
    let expected = details(&[
        ("VALID_INVALID_TYPE", "sessionId"),
        ("VALID_INVALID_TYPE", "body"),
        ("VALID_INVALID_TYPE", "metadata"),
    ]);
    assert_eq!(send(body).await, (StatusCode::BAD_REQUEST, expected));
}

#[tokio::test]
async fn what_is_not_a_json_object_is_refused() {
    let deep = "[".repeat(5_000);
    for body in ["", "{", "[]", "null", r#"{"a":1e999}"#, "{} {}", &deep] {
        let refused = send(body.to_owned()).await;
        assert_eq!(refused, (StatusCode::BAD_REQUEST, details(&[("VALID_MALFORMED_JSON", "")])));
    }
    let refused = send(b"{\"body\":\"\xff\"}".to_vec()).await;
    assert_eq!(refused.1, details(&[("VALID_MALFORMED_JSON", "")]));
}

#[tokio::test]
async fn a_body_must_be_declared_as_json_and_be_within_the_limit() {
    let request = Request::post("/send").header(header::CONTENT_TYPE, "text/plain");
    let status = answer(request.body(Body::from("{}")).unwrap()).await.0;
    assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(send(" ".repeat(BODY_BYTES_MAX + 1)).await.0, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn everything_that_is_wrong_with_a_query_is_told_at_once() {
    let (status, told) = get_status("/list?page=0&direction=up&search=a%00b&sort=asc").await;
    let expected = details(&[
        ("VALID_INVALID_FORMAT", "search"),
        ("VALID_OUT_OF_RANGE", "page"),
        ("VALID_INVALID_FORMAT", "direction"),
        ("VALID_UNKNOWN_FIELD", "sort"),
    ]);
    assert_eq!((status, told), (StatusCode::BAD_REQUEST, expected));
    assert_eq!(get_status("/list?page=99999999999999999999").await.0, StatusCode::BAD_REQUEST);
    assert_eq!(get_status("/list?search=%ff").await.0, StatusCode::BAD_REQUEST);
    assert_eq!(get_status("/list?page=1&page=2").await.0, StatusCode::BAD_REQUEST);
    assert_eq!(get_status("/list?page=&search=caf%C3%A9+noir").await.0, StatusCode::OK);
}

#[tokio::test]
async fn what_is_no_id_names_nothing() {
    assert_eq!(
        get_status("/sessions/0190f3c4-7a3b-7c1d-9e2f-000000000001").await.0,
        StatusCode::OK
    );
    for path in ["/sessions/17", "/sessions/%00", "/sessions/%ff", "/sessions/%2e%2e"] {
        let expected = (StatusCode::NOT_FOUND, details(&[("SESSION_NOT_FOUND", "")]));
        assert_eq!(get_status(path).await, expected, "{path}");
    }
}
