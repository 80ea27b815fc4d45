//! Every route has one permission, and every role only its own (A1).

use acceptance::installation::Installation;
use acceptance::messages::BOB;
use domain::access::Role;
use reqwest::Method;
use serde_json::json;
use sqlx::PgPool;
use uuid::Uuid;

/// What a route needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Needs {
    ReadSessions,
    ManageSessions,
    ReadMessages,
    ReadHistory,
    SendMessages,
    ManageServers,
}

/// Every route that is not open to all. `{id}` stands for an id nobody has.
const ROUTES: [(&str, &str, Needs); 33] = [
    ("GET", "/sessions", Needs::ReadSessions),
    ("POST", "/sessions", Needs::ManageSessions),
    ("GET", "/sessions/{id}", Needs::ReadSessions),
    ("DELETE", "/sessions/{id}", Needs::ManageSessions),
    ("POST", "/sessions/{id}/start", Needs::ManageSessions),
    ("POST", "/sessions/{id}/stop", Needs::ManageSessions),
    ("POST", "/sessions/{id}/restart", Needs::ManageSessions),
    ("POST", "/sessions/{id}/logout", Needs::ManageSessions),
    ("GET", "/sessions/{id}/qr", Needs::ManageSessions),
    ("GET", "/sessions/{id}/queue", Needs::ReadSessions),
    ("PUT", "/sessions/{id}/queue", Needs::ManageSessions),
    ("GET", "/queue", Needs::ReadSessions),
    ("GET", "/messages", Needs::ReadMessages),
    ("POST", "/messages/send", Needs::SendMessages),
    ("GET", "/messages/stats", Needs::ReadMessages),
    ("GET", "/messages/format-phone/%2B6281234567890", Needs::ReadMessages),
    ("GET", "/messages/{id}", Needs::ReadMessages),
    ("GET", "/messages/{id}/events", Needs::ReadHistory),
    ("GET", "/messages/{id}/why", Needs::ReadMessages),
    ("POST", "/messages/{id}/settle", Needs::SendMessages),
    ("GET", "/dead-letters", Needs::ReadMessages),
    ("GET", "/dead-letters/{id}", Needs::ReadMessages),
    ("DELETE", "/dead-letters/{id}", Needs::SendMessages),
    ("POST", "/dead-letters/{id}/redrive", Needs::SendMessages),
    ("POST", "/sessions/{id}/move", Needs::ManageServers),
    ("GET", "/admin/waha-servers", Needs::ManageServers),
    ("POST", "/admin/waha-servers", Needs::ManageServers),
    ("GET", "/admin/waha-servers/nowhere", Needs::ManageServers),
    ("PATCH", "/admin/waha-servers/nowhere", Needs::ManageServers),
    ("DELETE", "/admin/waha-servers/nowhere", Needs::ManageServers),
    ("POST", "/admin/waha-servers/nowhere/activate", Needs::ManageServers),
    ("POST", "/admin/waha-servers/nowhere/drain", Needs::ManageServers),
    ("POST", "/admin/waha-servers/nowhere/down", Needs::ManageServers),
];

fn allows(role: Role, needs: Needs) -> bool {
    match role {
        Role::PlatformAdmin => true,
        Role::TenantAdmin => needs != Needs::ManageServers,
        Role::Operator => !matches!(needs, Needs::ManageSessions | Needs::ManageServers),
        Role::Viewer => matches!(needs, Needs::ReadSessions | Needs::ReadMessages),
        Role::Auditor => {
            matches!(needs, Needs::ReadSessions | Needs::ReadMessages | Needs::ReadHistory)
        }
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn every_role_may_do_its_own_and_nothing_more_on_every_route(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let admin = stage.tenant().await;
    for role in Role::ALL {
        let caller = stage.colleague(&admin, role).await;
        for (method, path, needs) in ROUTES {
            let path = path.replace("{id}", &Uuid::nil().to_string());
            let request = caller.request(method.parse::<Method>().unwrap(), &path);
            let answer = caller.send(request.json(&json!({}))).await;
            let is_refused = answer.status == 403;
            assert_eq!(is_refused, !allows(role, needs), "{role:?}: {method} {path}: {answer:?}");
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
    for (method, path, _) in ROUTES {
        for prefix in ["", "/api/v1"] {
            let path = format!("{prefix}{}", path.replace("{id}", &Uuid::nil().to_string()));
            let request = nobody.request(method.parse::<Method>().unwrap(), &path);
            let answer = nobody.send(request.json(&json!({}))).await;
            assert_eq!(answer.status, 401, "{method} {path}");
            answer.assert_is_problem();
            assert_eq!(answer.codes(), ["AUTH_TOKEN_MISSING"]);
        }
    }
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
