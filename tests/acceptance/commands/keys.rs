//! `api-key create`, `list`, `revoke`; `client register`, `list`, `revoke`.

use acceptance::caller::Caller;
use acceptance::process::Process;
use reqwest::Method;
use sqlx::PgPool;
use uuid::Uuid;

use super::shell::Shell;

const NOWHERE: &str = "http://127.0.0.1:9";

#[sqlx::test(migrations = "../migrations")]
async fn an_api_key_is_made_listed_and_revoked(pool: PgPool) {
    let shell = Shell::new(&pool, NOWHERE);
    let tenant = shell.json(&["tenant", "create", "--name", "acme"]).await;
    let tenant = tenant["id"].as_str().unwrap().to_owned();
    let create = ["api-key", "create", "--name", "Shop", "--scope", "messages:read"];
    let line = [&create[..], &["--tenant", &tenant, "--expires-in", "90d"]].concat();
    let made = shell.json(&line).await;
    let (id, key) = (made["id"].as_str().unwrap(), made["key"].as_str().unwrap());

    let process = Process::serve(&shell.environment).await;
    let program = Caller::nobody(shell.port.url()).with_token(key);
    program.get("/messages").await.expect(200);
    let look = async || shell.json(&["api-key", "list", "--tenant", &tenant]).await;
    let is_there =
        |rows: &serde_json::Value| rows[0]["id"] == id && rows[0]["scopes"][0] == "messages:read";
    let rows = acceptance::eventually::eventually("it is listed", look, is_there).await;
    assert!(rows[0]["expiresAt"].is_string() && !rows.to_string().contains(&key[13..]));

    shell.json(&["api-key", "revoke", id, "--reason", "leaked"]).await;
    assert_eq!(program.get("/messages").await.expect(401).codes(), ["AUTH_API_KEY_REVOKED"]);
    process.kill().await;

    let nobody = Uuid::nil().to_string();
    let stranger = [&create[..], &["--tenant", &nobody]].concat();
    shell.run(&stranger).await.assert_failed_because(&["there is no tenant"]);
    let endless = [&create[..], &["--tenant", &tenant, "--expires-in", "soon"]].concat();
    shell.run(&endless).await.assert_failed_because(&["--expires-in", "90d"]);
    shell.run(&["api-key", "revoke", &nobody]).await.assert_failed_because(&["no such API key"]);
}

#[sqlx::test(migrations = "../migrations")]
async fn an_oauth2_client_is_registered_listed_and_revoked(pool: PgPool) {
    let shell = Shell::new(&pool, NOWHERE);
    let tenant = shell.json(&["tenant", "create", "--name", "acme"]).await;
    let tenant = tenant["id"].as_str().unwrap().to_owned();
    let register = ["client", "register", "--tenant", &tenant, "--name", "Robot"];
    let own = ["--grant-type", "client_credentials", "--scope", "messages:read"];
    let made = shell.json(&[&register[..], &own].concat()).await;
    let (id, secret) = (made["id"].as_str().unwrap(), made["clientSecret"].as_str().unwrap());
    assert!(secret.starts_with("hgs_"));

    let process = Process::serve(&shell.environment).await;
    let nobody = Caller::nobody(shell.port.url());
    let ask = async || {
        let request = nobody.request(Method::POST, "/oauth/token").basic_auth(id, Some(secret));
        let request = request.header("Content-Type", "application/x-www-form-urlencoded");
        nobody.send(request.body("grant_type=client_credentials")).await
    };
    ask().await.expect(200);
    let look = async || shell.json(&["client", "list", "--tenant", &tenant]).await;
    let is_there = |rows: &serde_json::Value| rows[0]["id"] == id;
    let rows = acceptance::eventually::eventually("it is listed", look, is_there).await;
    assert!(!rows.to_string().contains(&secret[4..]));
    shell.json(&["client", "revoke", id]).await;
    ask().await.expect(401);
    process.kill().await;

    let public = ["--grant-type", "authorization_code", "--scope", "messages:read", "--public"];
    let nowhere = [&register[..], &public].concat();
    shell.run(&nowhere).await.assert_failed_because(&["authorization_code"]);
    let astray = [&nowhere[..], &["--redirect-uri", "http://shop.example/"]].concat();
    shell.run(&astray).await.assert_failed_because(&["--redirect-uri", "https"]);
    let back = [&nowhere[..], &["--redirect-uri", "https://shop.example/back"]].concat();
    assert_eq!(shell.json(&back).await["clientSecret"], serde_json::Value::Null);
}
