//! A program on its own behalf (RFC 6749, section 4.4).

use acceptance::caller::Caller;
use acceptance::directory::Directory;
use acceptance::installation::Installation;
use acceptance::port::Port;
use acceptance::process::Process;
use acceptance::setup::Setup;
use domain::access::Role;
use reqwest::Method;
use serde_json::json;
use sqlx::PgPool;

use super::program::{Program, assert_refused, form, post};
use crate::identity::leaks::tables_with;

const OWN: [(&str, &str); 1] = [("grant_type", "client_credentials")];

#[sqlx::test(migrations = "../migrations")]
async fn a_program_is_given_a_token_that_opens_what_it_was_registered_for(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let admin = stage.tenant().await;
    let session = admin.session().await;
    let scopes = ["messages:read", "messages:send"];
    let robot = Program::on_its_own(&admin, stage.nobody(), &scopes).await;
    let given = robot.token(&OWN).await.expect(200);
    assert_eq!(given.header("cache-control"), Some("no-store"));
    assert_eq!(
        (&given.body["token_type"], &given.body["expires_in"]),
        (&json!("Bearer"), &json!(900))
    );
    assert_eq!(given.body["scope"], "messages:send messages:read");
    assert!(given.body.get("refresh_token").is_none());
    let program = stage.nobody().with_token(given.body["access_token"].as_str().unwrap());
    let sent = program.send_text(&session, "by a robot").await;
    let history = admin.history(&sent).await;
    let actor = json!({ "kind": "client", "id": robot.id });
    assert_eq!(history[0]["metadata"]["actor"], actor);
    program.get("/sessions").await.expect(403);
    program.get("/auth/sessions").await.expect(403);

    let narrow = [OWN[0], ("scope", "messages:read")];
    let given = robot.token(&narrow).await.expect(200);
    let reader = stage.nobody().with_token(given.body["access_token"].as_str().unwrap());
    reader.get("/messages").await.expect(200);
    let body = json!({ "sessionId": session.id, "to": "+6281234567890", "body": "no" });
    reader.post("/messages/send", &body).await.expect(403);

    admin.delete(&format!("/oauth/clients/{}", robot.id)).await.expect(204);
    assert_eq!(program.get("/messages").await.expect(401).codes(), ["AUTH_TOKEN_INVALID"]);
    assert_refused(&robot.token(&OWN).await, 401, "invalid_client");
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn every_refusal_is_said_in_oauth2s_words(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let admin = stage.tenant().await;
    let nobody = stage.nobody();
    let robot = Program::on_its_own(&admin, nobody, &["messages:read"]).await;
    let (id, secret) = (robot.id.as_str(), robot.secret.as_deref().unwrap());
    let in_form = [OWN[0], ("client_id", id), ("client_secret", secret)];
    post(nobody, "/oauth/token", &in_form).await.expect(200);

    let refused = |pairs: Vec<(&'static str, String)>| async move {
        let pairs: Vec<_> = pairs.iter().map(|(name, value)| (*name, value.as_str())).collect();
        post(nobody, "/oauth/token", &pairs).await
    };
    let own = ("grant_type", OWN[0].1.to_owned());
    let known = [("client_id", id.to_owned()), ("client_secret", secret.to_owned())];
    let with = |pairs: &[(&'static str, String)]| [pairs, &known].concat();
    assert_refused(&refused(with(&[])).await, 400, "invalid_request");
    let other = ("grant_type", "password".to_owned());
    assert_refused(&refused(with(&[other])).await, 400, "unsupported_grant_type");
    assert_refused(&refused(with(&[own.clone(), own.clone()])).await, 400, "invalid_request");
    for (scope, error) in [("messages:send", "invalid_scope"), ("nonsense", "invalid_scope")] {
        let scope = ("scope", scope.to_owned());
        assert_refused(&refused(with(&[own.clone(), scope])).await, 400, error);
    }
    let code = ("grant_type", "authorization_code".to_owned());
    assert_refused(&refused(with(&[code])).await, 400, "unauthorized_client");
    for (id, secret) in [(id, "hgs_wrong"), (id, ""), ("nobody", secret), ("", secret)] {
        let pairs =
            vec![own.clone(), ("client_id", id.to_owned()), ("client_secret", secret.to_owned())];
        assert_refused(&refused(pairs).await, 401, "invalid_client");
    }
    let wrong = Program { secret: Some("hgs_wrong".to_owned()), ..robot.clone() };
    let by_basic = wrong.token(&OWN).await;
    assert_refused(&by_basic, 401, "invalid_client");
    assert!(by_basic.header("www-authenticate").unwrap().starts_with("Basic"));
    assert_refused(&robot.token(&in_form).await, 400, "invalid_request");
    let json = nobody.post("/oauth/token", &json!({ "grant_type": "client_credentials" })).await;
    assert_refused(&json, 400, "invalid_request");
    let huge = format!("{}&padding={}", form(&in_form), "x".repeat(20_000));
    let request = nobody.request(Method::POST, "/oauth/token").body(huge);
    let request = request.header("Content-Type", "application/x-www-form-urlencoded");
    assert_refused(&nobody.send(request).await, 400, "invalid_request");
    let own_token = robot.token(&OWN).await.expect(200);
    let token = own_token.body["access_token"].as_str().unwrap();
    assert_refused(&robot.give_back(token).await, 400, "unsupported_token_type");
    robot.give_back("nonsense").await.expect(200);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn where_oauth2_is_found_is_told(pool: PgPool) {
    let setup = Setup::default().set("OAUTH_ISSUER", "https://api.example.com/");
    let stage = Installation::start_with(pool, setup).await;
    let found = stage.nobody().get("/.well-known/oauth-authorization-server").await.expect(200);
    assert_eq!(found.body["issuer"], "https://api.example.com");
    assert_eq!(found.body["token_endpoint"], "https://api.example.com/oauth/token");
    let introspection = &found.body["introspection_endpoint"];
    assert_eq!(introspection, "https://api.example.com/oauth/introspect");
    assert_eq!(found.body["code_challenge_methods_supported"], json!(["S256"]));
    let keys = stage.nobody().get("/.well-known/jwks.json").await.expect(200);
    assert_eq!(keys.body, json!({ "keys": [] }), "a secret has no public key");
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_revoked_client_stops_at_once_on_another_process_and_its_secrets_are_nowhere(
    pool: PgPool,
) {
    let (one, other) = (Port::reserve(), Port::reserve());
    let setup = Setup::default()
        .set("LOG_LEVEL", "trace,h2=warn,hyper=warn")
        .set("OAUTH_ISSUER", "https://api.example.com");
    let environment = |port: &Port| {
        setup.environment(&pool.connect_options(), "http://127.0.0.1:9", port.address())
    };
    let processes =
        [Process::serve(&environment(&one)).await, Process::serve(&environment(&other)).await];
    let directory = Directory::open(&pool, &setup);
    let account = directory.user(directory.tenant().await, Role::TenantAdmin).await;
    let nobody = Caller::nobody(one.url());
    let admin = nobody.sign_in(&account).await;
    let robot = Program::on_its_own(&admin, &nobody, &["messages:read"]).await;
    let given = robot.at(other.url()).token(&OWN).await.expect(200);
    let token = given.body["access_token"].as_str().unwrap();
    let there = Caller::nobody(other.url()).with_token(token);
    there.get("/messages").await.expect(200);
    admin.delete(&format!("/oauth/clients/{}", robot.id)).await.expect(204);
    there.get("/messages").await.expect(401);
    assert_refused(&robot.at(other.url()).token(&OWN).await, 401, "invalid_client");
    let secret = robot.secret.as_deref().unwrap();
    for hidden in [&secret[4..], token] {
        assert_eq!(tables_with(&pool, hidden).await, [""; 0]);
        for process in &processes {
            let printed = String::from_utf8_lossy(&process.printed()).into_owned();
            assert!(!printed.contains(hidden), "the log tells a secret");
        }
    }
    for process in processes {
        process.kill().await;
    }
}
