//! Another tenant's things are as if they were not there (A1, Q1).

use acceptance::caller::Caller;
use acceptance::eventually::eventually;
use acceptance::installation::Installation;
use acceptance::messages::BOB;
use acceptance::setup::Setup;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;
use waha_simulator::{Match, Misbehaviour, Rule};

/// Every route that takes an id, with what it is an id of.
const ROUTES: [(&str, &str); 21] = [
    ("GET", "/sessions/{session}"),
    ("DELETE", "/sessions/{session}"),
    ("POST", "/sessions/{session}/start"),
    ("POST", "/sessions/{session}/stop"),
    ("POST", "/sessions/{session}/restart"),
    ("POST", "/sessions/{session}/logout"),
    ("GET", "/sessions/{session}/qr"),
    ("GET", "/messages/{message}"),
    ("GET", "/messages/{message}/events"),
    ("GET", "/dead-letters/{message}"),
    ("DELETE", "/dead-letters/{message}"),
    ("POST", "/dead-letters/{message}/redrive"),
    ("GET", "/users/{user}"),
    ("PUT", "/users/{user}/role"),
    ("PUT", "/users/{user}/password"),
    ("POST", "/users/{user}/deactivate"),
    ("POST", "/users/{user}/reactivate"),
    ("POST", "/users/{user}/lock"),
    ("POST", "/users/{user}/unlock"),
    ("GET", "/users/{user}/login-sessions"),
    ("DELETE", "/users/{user}/login-sessions"),
];

/// What a caller is told, without the request's id.
async fn told(caller: &Caller, method: &str, path: &str) -> (u16, Value) {
    let request = caller.request(method.parse::<Method>().unwrap(), path);
    // What would be taken, were it one's own.
    let request = match path.rsplit('/').next() {
        Some("role") => request.json(&json!({ "role": "viewer" })),
        Some("password") => request.json(&json!({ "password": "another password" })),
        _ => request,
    };
    let mut answer = caller.send(request).await;
    answer.assert_is_problem();
    answer.body["requestId"] = Value::Null;
    (answer.status, answer.body)
}

#[sqlx::test(migrations = "../migrations")]
async fn another_tenants_ids_are_answered_like_ids_nobody_has(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let refusal = Misbehaviour::Answer { status: 400, sent: false, exception: None };
    stage.waha.misbehave(Rule::once(Match::text("private"), refusal));
    let (owner, stranger) = (stage.tenant().await, stage.tenant().await);
    let session = owner.session().await;
    let message = owner.send_text(&session, "private").await;
    owner.message_becomes(&message, "failed").await;

    for (method, path) in ROUTES {
        let user = owner.account().user_id.to_string();
        let theirs = path
            .replace("{session}", &session.id)
            .replace("{message}", &message)
            .replace("{user}", &user);
        for prefix in ["", "/api/v1"] {
            let unknown = Uuid::from_u128(1 << 100).to_string();
            let nobodys = path
                .replace("{session}", &unknown)
                .replace("{message}", &unknown)
                .replace("{user}", &unknown);
            let seen = told(&stranger, method, &format!("{prefix}{theirs}")).await;
            assert_eq!(seen.0, 404, "{method} {path}");
            assert_eq!(
                seen,
                told(&stranger, method, &format!("{prefix}{nobodys}")).await,
                "{path}"
            );
        }
    }
    let body = |session: &str| json!({ "sessionId": session, "to": BOB, "body": "through you" });
    stranger.post("/messages/send", &body(&session.id)).await.expect(404).assert_is_problem();
    stranger.post("/messages/send", &body(&Uuid::nil().to_string())).await.expect(404);

    for id in [&message, &Uuid::nil().to_string()] {
        let settle = format!("/messages/{id}/settle");
        stranger.post(&settle, &json!({ "as": "sent" })).await.expect(404).assert_is_problem();
    }

    assert_eq!(owner.message(&message).await["status"], "failed", "the stranger changed something");
    owner.session_becomes(&session, "WORKING").await;
    owner.get(&format!("/dead-letters/{message}")).await.expect(200);
    assert_eq!(stage.waha.ledger().len(), 1);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn lists_searches_and_numbers_show_nothing_of_another_tenant(pool: PgPool) {
    let stage = Installation::start_with(pool, Setup::default()).await;
    let (owner, stranger) = (stage.tenant().await, stage.tenant().await);
    let session = owner.session().await;
    let message = owner.send_text(&session, "for my eyes").await;
    owner.message_becomes(&message, "read").await;
    stage.waha.receive(&session.waha_name, "6281234567890@c.us", "for your eyes").unwrap();
    let look = async || owner.get("/messages").await.rows().len();
    eventually("both are listed", look, |count| *count == 2).await;
    let cursor = owner.get("/messages?limit=1").await.body["meta"]["nextCursor"].clone();

    for path in [
        "/messages".to_owned(),
        "/messages?search=eyes".to_owned(),
        format!("/messages?sessionId={}", session.id),
        format!("/messages?cursor={}", cursor.as_str().unwrap()),
        "/sessions".to_owned(),
        "/dead-letters".to_owned(),
        format!("/dead-letters?sessionId={}", session.id),
    ] {
        let list = stranger.get(&path).await.expect(200);
        assert_eq!((list.rows().len(), &list.body["meta"]["total"]), (0, &json!(0)), "{path}");
    }
    let stats = stranger.get("/messages/stats").await.expect(200).data().clone();
    assert_eq!(stats["totals"]["messages"], 0);
    assert_eq!((&stats["bySession"], &stats["byCountry"]), (&json!({}), &json!({})));
    stage.stop().await;
}
