//! `api-key create`, `list`, `revoke`.

use acceptance::caller::Caller;
use acceptance::process::Process;
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
