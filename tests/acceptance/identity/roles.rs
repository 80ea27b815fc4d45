//! Every route has one permission, and every role only its own (A1).
//!
//! The routes are those of the API's own table, so that a new one is looked at without being asked for. Who may call
//! each is written down in routes.txt, by hand or by `UPDATE_DOCS=1`, and reviewed: what the table says is
//! held to that, and what the server does to both.

use std::path::Path;

use acceptance::clock;
use acceptance::installation::Installation;
use acceptance::messages::BOB;
use acceptance::setup::JWT_SECRET;
use domain::access::Role;
use heliograph::routes;
use jsonwebtoken::Algorithm;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use super::tokens;

/// A line of routes.txt: `METHOD path access`, the access being a permission's word, or `open`, `operational`, `signed`
/// or `signed_in`.
pub(super) struct Line {
    pub(super) method: Method,
    /// Of things nobody has.
    pub(super) path: String,
    pub(super) access: String,
}

pub(super) fn lines() -> Vec<Line> {
    let lines = include_str!("routes.txt").lines().map(|line| {
        let [method, path, access] = line.split(' ').collect::<Vec<_>>()[..] else {
            panic!("not METHOD path access: {line}")
        };
        let path = path
            .replace("{id}", &Uuid::nil().to_string())
            .replace("{phone}", "%2B6281234567890")
            .replace("{name}", "nowhere")
            .replace("{address}", "192.0.2.1");
        assert!(!path.contains('{'), "say what stands for the name in {path}");
        Line { method: method.parse().unwrap(), path, access: access.to_owned() }
    });
    lines.collect()
}

/// Whether a route is answered to everybody.
pub(super) fn is_open(access: &str) -> bool {
    matches!(access, "open" | "operational" | "signed")
}

/// Written anew here, so that a mistake in the domain's own table shows.
fn allows(role: Role, access: &str) -> bool {
    let of_the_installation = ["servers:manage", "tenants:manage", "addresses:manage"];
    access == "signed_in"
        || match role {
            Role::PlatformAdmin => true,
            Role::TenantAdmin => !of_the_installation.contains(&access),
            Role::Operator => ["messages:send", "messages:read", "history:read", "sessions:read"]
                .contains(&access),
            Role::Viewer => ["messages:read", "sessions:read"].contains(&access),
            Role::Auditor => ["messages:read", "sessions:read", "history:read", "security:read"]
                .contains(&access),
        }
}

#[test]
fn who_may_call_each_route_is_written_down() {
    let mut lines: Vec<_> = routes::all()
        .iter()
        .map(|route| format!("{} {} {}\n", route.method(), route.path(), route.access().as_str()))
        .collect();
    lines.sort_by(|one, other| one.split(' ').nth(1).cmp(&other.split(' ').nth(1)));
    let table = lines.concat();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("acceptance/identity/routes.txt");
    if is_asked_to_write() {
        std::fs::write(path, table).unwrap();
        return;
    }
    let written = std::fs::read_to_string(path).unwrap();
    assert!(
        written == table,
        "routes.txt is stale: run this test with UPDATE_DOCS=1, and read the difference. It came to:\n{table}"
    );
}

#[expect(clippy::disallowed_methods, reason = "asked by whoever runs the test")]
fn is_asked_to_write() -> bool {
    std::env::var("UPDATE_DOCS").is_ok_and(|value| value == "1")
}

#[sqlx::test(migrations = "../migrations")]
async fn every_role_may_do_its_own_and_nothing_more_on_every_route(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let admin = stage.tenant().await;
    for role in Role::ALL {
        let caller = stage.colleague(&admin, role).await;
        for Line { method, path, access } in lines().iter().filter(|line| !is_open(&line.access)) {
            // What somebody does to their own access ends it: each such route is called by somebody new.
            let somebody = match access.as_str() {
                "signed_in" => &stage.colleague(&admin, role).await,
                _ => &caller,
            };
            let request = somebody.request(method.clone(), path);
            let answer = somebody.send(request.json(&json!({}))).await;
            let is_refused = answer.status == 403;
            assert_eq!(is_refused, !allows(role, access), "{role:?}: {method} {path}: {answer:?}");
            if is_refused {
                answer.assert_is_problem();
                assert_eq!(answer.codes(), ["AUTHZ_INSUFFICIENT_PERMISSIONS"]);
            }
        }
    }
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn nobody_may_do_anything_on_any_route(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let nobody = stage.nobody();
    for Line { method, path, access } in lines() {
        for prefix in ["", "/api/v1"] {
            let path = format!("{prefix}{path}");
            let request = nobody.request(method.clone(), &path);
            let answer = nobody.send(request.json(&json!({}))).await;
            let asks_for_a_token = answer.codes() == ["AUTH_TOKEN_MISSING"];
            assert_eq!(asks_for_a_token, !is_open(&access), "{method} {path}: {answer:?}");
            if asks_for_a_token {
                assert_eq!(answer.status, 401, "{method} {path}");
                answer.assert_is_problem();
            }
        }
    }
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn no_token_that_is_not_good_opens_any_route(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let admin = stage.tenant().await;
    let [revoked, dismissed] = [
        stage.colleague(&admin, Role::PlatformAdmin).await,
        stage.colleague(&admin, Role::PlatformAdmin).await,
    ];
    let platform = stage.colleague(&admin, Role::PlatformAdmin).await;
    revoked.act("/auth/logout").await.expect(204);
    let dismiss = format!("/users/{}/deactivate", dismissed.account().user_id);
    platform.act(&dismiss).await.expect(204);
    let sound = tokens::claims(platform.token());
    let now = clock::now().timestamp();
    let signed = |claims: &Value| tokens::sign(claims, JWT_SECRET, Algorithm::HS256);
    let bad = [
        ("AUTH_TOKEN_EXPIRED", signed(&tokens::with(&sound, "exp", now - 1))),
        ("AUTH_TOKEN_INVALID", signed(&tokens::with(&sound, "aud", "somebody else"))),
        ("AUTH_TOKEN_INVALID", tokens::sign(&sound, &"guess ".repeat(6), Algorithm::HS256)),
        ("AUTH_SESSION_REVOKED", revoked.token().to_owned()),
        ("AUTH_SESSION_REVOKED", dismissed.token().to_owned()),
    ];
    for Line { method, path, access } in lines() {
        if is_open(&access) {
            continue;
        }
        for (code, token) in &bad {
            let caller = stage.nobody().with_token(token);
            let request = caller.request(method.clone(), &path).json(&json!({}));
            let refused = caller.send(request).await;
            assert_eq!((refused.status, refused.codes()), (401, vec![*code]), "{method} {path}");
        }
    }
    platform.get("/messages").await.expect(200);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_viewer_cannot_send_and_an_auditor_reads_the_history(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let admin = stage.tenant().await;
    let session = admin.session().await;
    let [operator, viewer, auditor] = [
        stage.colleague(&admin, Role::Operator).await,
        stage.colleague(&admin, Role::Viewer).await,
        stage.colleague(&admin, Role::Auditor).await,
    ];
    let id = operator.send_text(&session, "by the operator").await;
    viewer.message_becomes(&id, "read").await;
    auditor.message_becomes(&id, "read").await;
    let body = json!({ "sessionId": session.id, "to": BOB, "body": "by the viewer" });
    viewer.post("/messages/send", &body).await.expect(403);
    auditor.post("/messages/send", &body).await.expect(403);
    viewer.get(&format!("/messages/{id}/events")).await.expect(403);
    assert_eq!(auditor.history(&id).await[0]["type"], "message_queued");
    assert_eq!(stage.waha.ledger().len(), 1);
    stage.stop().await;
}
