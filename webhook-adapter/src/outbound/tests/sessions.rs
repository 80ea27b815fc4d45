//! What running a session asks of WAHA, and what its answers mean.

use domain::ports::waha::{GatewayError, QrCode, SessionGateway, SessionSetup};
use domain::session::Report;
use domain::session::status::SessionStatus;
use domain::whatsapp::Engine;
use serde_json::{Value, json};

use super::server::{Reply, Request, Server};
use super::*;

fn setup() -> SessionSetup<'static> {
    SessionSetup { session: named("tenant-a"), webhook_secret: "session-secret" }
}

fn answer(status: u16, body: &Value) -> Reply {
    Reply::Answer(status, body.to_string().into_bytes())
}

fn replay(name: &str) -> Reply {
    let (status, body) = recorded(name);
    Reply::Answer(status, body)
}

fn info(status: &str) -> Value {
    json!({ "name": "tenant-a", "status": status, "me": null, "engine": {} })
}

fn lines(requests: &[Request]) -> Vec<&str> {
    requests.iter().map(|request| request.line.as_str()).collect()
}

fn report(status: SessionStatus) -> Report {
    Report { status, engine: None, phone: None, as_of: DateTime::UNIX_EPOCH }
}

/// Starts the session against these replies.
async fn started(replies: Vec<Reply>) -> (Result<Option<Report>, GatewayError>, Vec<Request>) {
    let server = Server::start(replies);
    let result = client(&server.url).start(&setup()).await;
    (result, server.finish())
}

#[tokio::test]
async fn a_new_session_is_created_configured_and_started_at_once() {
    let (result, requests) = started(vec![Reply::Answer(201, vec![])]).await;
    assert_eq!(result.unwrap(), None);
    assert_eq!(lines(&requests), ["POST /api/sessions"]);
    let body = &requests[0].body;
    assert_eq!((&body["name"], &body["start"]), (&json!("tenant-a"), &json!(true)));
    let config = &body["config"];
    assert_eq!(config["metadata"]["heliograph.session"], "tenant-a");
    assert_eq!(config["noweb"]["store"]["enabled"], true);
    let webhook = &config["webhooks"][0];
    assert_eq!(webhook["url"], "https://heliograph.example/webhooks/waha");
    assert_eq!(webhook["hmac"]["key"], "session-secret");
    assert_eq!(
        webhook["retries"],
        json!({ "policy": "exponential", "delaySeconds": 2, "attempts": 15 })
    );
    for event in ["session.status", "message", "message.any", "message.ack"] {
        assert!(webhook["events"].as_array().unwrap().contains(&json!(event)), "{event}");
    }
}

#[tokio::test]
async fn without_an_address_of_ours_a_session_has_no_webhooks() {
    let server = Server::start(vec![answer(201, &info("STARTING"))]);
    let options = WahaOptions { webhook_url: None, ..options(&server.url) };
    let client = WahaClient::new(options, Arc::new(Stopped)).unwrap();
    assert_eq!(client.start(&setup()).await.unwrap(), Some(report(SessionStatus::Starting)));
    assert!(server.finish()[0].body["config"].get("webhooks").is_none());
}

#[tokio::test]
async fn a_stopped_session_is_configured_and_started() {
    let (result, requests) = started(vec![
        replay("23-create-again"),
        answer(200, &info("STOPPED")),
        answer(200, &info("STOPPED")),
        answer(201, &info("STARTING")),
    ])
    .await;
    assert_eq!(result.unwrap(), Some(report(SessionStatus::Starting)));
    assert_eq!(
        lines(&requests),
        [
            "POST /api/sessions",
            "GET /api/sessions/tenant-a",
            "PUT /api/sessions/tenant-a",
            "POST /api/sessions/tenant-a/start",
        ]
    );
    assert_eq!(requests[2].body["config"]["webhooks"][0]["hmac"]["key"], "session-secret");
}

#[tokio::test]
async fn a_failed_session_that_configuring_has_restarted_is_started() {
    let (result, requests) = started(vec![
        replay("23-create-again"),
        answer(200, &info("FAILED")),
        answer(200, &info("STARTING")),
        replay("31-start-again"),
        answer(200, &info("SCAN_QR_CODE")),
    ])
    .await;
    assert_eq!(result.unwrap(), Some(report(SessionStatus::ScanQrCode)));
    assert_eq!(requests.len(), 5);
}

#[tokio::test]
async fn a_running_session_is_left_alone() {
    let (result, requests) =
        started(vec![replay("23-create-again"), replay("67-get-working")]).await;
    assert_eq!(
        result.unwrap(),
        Some(Report {
            status: SessionStatus::Working,
            engine: Some(Engine::Noweb),
            phone: Some("+79990000001".parse().unwrap()),
            as_of: DateTime::UNIX_EPOCH,
        })
    );
    assert_eq!(lines(&requests), ["POST /api/sessions", "GET /api/sessions/tenant-a"]);
}

#[tokio::test]
async fn a_session_that_cannot_be_created_is_refused_for_good() {
    let core = || replay("13-create-othername");
    let (result, _) = started(vec![core(), core()]).await;
    let Err(GatewayError::Refused(reason)) = result else { panic!("{result:?}") };
    assert!(reason.contains("WAHA Core support only 'default' session"), "{reason}");
}

#[tokio::test]
async fn each_action_is_one_request() {
    let stopped = || answer(201, &info("STOPPED"));
    let server = Server::start(vec![stopped(), stopped(), stopped(), Reply::Answer(200, vec![])]);
    let client = client(&server.url);
    assert_eq!(client.stop(named("s")).await.unwrap(), Some(report(SessionStatus::Stopped)));
    assert!(client.restart(named("s")).await.unwrap().is_some());
    assert!(client.logout(named("s")).await.unwrap().is_some());
    client.delete(named("s")).await.unwrap();
    assert_eq!(
        lines(&server.finish()),
        [
            "POST /api/sessions/s/stop",
            "POST /api/sessions/s/restart",
            "POST /api/sessions/s/logout",
            "DELETE /api/sessions/s",
        ]
    );
}

#[tokio::test]
async fn a_session_that_is_gone_is_deleted_but_not_stopped() {
    let gone = || answer(404, &json!({ "message": "Session not found", "statusCode": 404 }));
    let server = Server::start(vec![gone(), gone()]);
    let client = client(&server.url);
    client.delete(named("s")).await.unwrap();
    assert!(matches!(client.stop(named("s")).await, Err(GatewayError::NotFound)));
    server.finish();
}

#[tokio::test]
async fn every_session_is_listed_and_what_cannot_be_read_left_out() {
    let sessions =
        json!([info("WORKING"), { "name": "x" }, 7, { "status": "WORKING" }, info("NEW")]);
    let server =
        Server::start(vec![answer(200, &sessions), Reply::Raw("HTTP/1.1 200 X\r\n\r\n[{")]);
    let client = client(&server.url);
    let listed = client.list(&SERVER).await.unwrap();
    let expected = [SessionStatus::Working, SessionStatus::Other("NEW".to_owned())]
        .map(|status| ("tenant-a".to_owned(), report(status)));
    assert_eq!(listed, expected);
    assert!(matches!(client.list(&SERVER).await, Err(GatewayError::Unavailable(_))));
    assert_eq!(lines(&server.finish()), ["GET /api/sessions?all=true"; 2]);
}

#[tokio::test]
async fn a_qr_code_is_asked_for_as_text() {
    let server = Server::start(vec![
        replay("62-qr-raw"),
        replay("66-send-in-scanqr"),
        replay("42-send-deleted"),
    ]);
    let client = client(&server.url);
    assert_eq!(
        client.qr(named("s")).await.unwrap(),
        QrCode { value: "2@FAKEQR,abc,def".to_owned() }
    );
    assert!(matches!(client.qr(named("s")).await, Err(GatewayError::WrongState(_))));
    assert!(matches!(client.qr(named("s")).await, Err(GatewayError::NotFound)));
    assert_eq!(lines(&server.finish())[0], "GET /api/s/auth/qr?format=raw");
}

#[tokio::test]
async fn a_ping_answers_the_version_or_at_least_that_waha_is_there() {
    let missing = answer(404, &json!({}));
    let pong = answer(200, &json!({ "message": "pong" }));
    let server = Server::start(vec![replay("03-version"), missing, pong, replay("05-nokey")]);
    let client = client(&server.url);
    assert_eq!(client.ping(&SERVER).await.unwrap(), "2026.2.1");
    assert_eq!(client.ping(&SERVER).await.unwrap(), "unknown");
    assert!(matches!(client.ping(&SERVER).await, Err(GatewayError::Refused(_))));
    assert_eq!(lines(&server.finish())[2], "GET /ping");
}

#[tokio::test]
async fn a_waha_that_is_away_or_failing_is_unavailable_and_keeps_our_secrets() {
    let echo = json!({
        "exception": { "message": "broken", "stack": "…" },
        "request": { "body": { "config": { "hmac": { "key": "session-secret" } } } },
    });
    let server = Server::start(vec![answer(500, &echo), Reply::Close]);
    let client = client(&server.url);
    for _ in 0..2 {
        let error = client.start(&setup()).await.unwrap_err();
        assert!(matches!(error, GatewayError::Unavailable(_)), "{error}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
    server.finish();
}
