//! Another tenant's things are as if they were not there (A1, Q1).

use acceptance::caller::Caller;
use acceptance::eventually::eventually;
use acceptance::installation::Installation;
use acceptance::messages::BOB;
use acceptance::setup::Setup;
use domain::access::Role;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;
use waha_simulator::{Match, Misbehaviour, Rule};

/// What another tenant has, by its id.
struct Theirs {
    session: String,
    message: String,
    user: String,
    login_session: String,
    api_key: String,
    client: String,
}

impl Theirs {
    /// What stands for the id in a path.
    fn id_in(&self, path: &str) -> &str {
        let (start, _) = path.split_once("/{id}").unwrap();
        match start {
            "/sessions" => &self.session,
            "/messages" | "/dead-letters" => &self.message,
            "/users" => &self.user,
            "/auth/sessions" => &self.login_session,
            "/api-keys" => &self.api_key,
            "/oauth/clients" => &self.client,
            _ => panic!("say of what the id in {path} is"),
        }
    }
}

/// What would be taken, were it one's own.
fn body_for(path: &str) -> Option<Value> {
    Some(match path.rsplit('/').next()? {
        "role" => json!({ "role": "viewer" }),
        "password" => json!({ "password": "another password" }),
        "queue" => json!({ "mode": "hold" }),
        "settle" => json!({ "as": "sent" }),
        "move" => json!({ "server": "default" }),
        "rotate" | "rotate-secret" => json!({}),
        _ => return None,
    })
}

/// Every route of a tenant's that takes an id: what is at /admin is the installation's.
fn routes_with_ids() -> Vec<(&'static str, &'static str)> {
    let lines = include_str!("identity/routes.txt").lines();
    let routes = lines.filter_map(|line| line.rsplit_once(' ')?.0.split_once(' '));
    routes.filter(|(_, path)| path.contains("{id}") && !path.starts_with("/admin/")).collect()
}

/// What a caller is told, without the request's id.
async fn told(caller: &Caller, method: &str, path: &str) -> (u16, Value) {
    let request = caller.request(method.parse::<Method>().unwrap(), path);
    let is_given_a_body = method != "GET" && method != "DELETE";
    let request = match body_for(path).filter(|_| is_given_a_body) {
        Some(body) => request.json(&body),
        None => request,
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
    let all_powerful = stage.colleague(&stranger, Role::PlatformAdmin).await;
    let session = owner.session().await;
    let message = owner.send_text(&session, "private").await;
    owner.message_becomes(&message, "failed").await;
    let theirs = possessions(&owner, &session.id, &message).await;

    for (method, path) in routes_with_ids() {
        let unknown = Uuid::from_u128(1 << 100).to_string();
        for prefix in ["", "/api/v1"] {
            let with = |id: &str| format!("{prefix}{}", path.replace("{id}", id));
            let seen = told(&all_powerful, method, &with(theirs.id_in(path))).await;
            assert_eq!(seen.0, 404, "{method} {path}: {seen:?}");
            assert_eq!(seen, told(&all_powerful, method, &with(&unknown)).await, "{path}");
        }
    }
    let body = |session: &str| json!({ "sessionId": session, "to": BOB, "body": "through you" });
    stranger.post("/messages/send", &body(&session.id)).await.expect(404).assert_is_problem();
    stranger.post("/messages/send", &body(&Uuid::nil().to_string())).await.expect(404);

    assert_eq!(owner.message(&message).await["status"], "failed", "the stranger changed something");
    owner.session_becomes(&session, "WORKING").await;
    owner.get(&format!("/dead-letters/{message}")).await.expect(200);
    assert_eq!(stage.waha.ledger().len(), 1);
    stage.stop().await;
}

async fn possessions(owner: &Caller, session: &str, message: &str) -> Theirs {
    let key = json!({ "name": "theirs", "scopes": ["messages:read"] });
    let key = owner.post("/api-keys", &key).await.expect(201);
    let client = json!({
        "name": "theirs", "grantTypes": ["client_credentials"], "scopes": ["messages:read"],
    });
    let client = owner.post("/oauth/clients", &client).await.expect(201);
    let sessions = async || owner.get("/auth/sessions").await;
    let sessions = eventually("it is listed", sessions, |list| !list.rows().is_empty()).await;
    Theirs {
        session: session.to_owned(),
        message: message.to_owned(),
        user: owner.account().user_id.to_string(),
        login_session: sessions.rows()[0]["id"].as_str().unwrap().to_owned(),
        api_key: key.text("id"),
        client: client.text("id"),
    }
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
