//! `waha-servers` and `session move`.

use acceptance::installation::Installation;
use acceptance::setup::Setup;
use serde_json::json;
use sqlx::PgPool;
use waha_simulator::Simulator;

use super::shell::Shell;

const NOWHERE: &str = "http://127.0.0.1:9";

#[sqlx::test(migrations = "../migrations")]
async fn an_operator_adds_a_server_and_moves_a_session_to_it(pool: PgPool) {
    let setup = Setup::default();
    let second = Simulator::start(setup.waha.clone()).await.unwrap();
    let stage = Installation::start_with(pool.clone(), setup).await;
    let shell = Shell::new(&pool, &stage.waha.base_url());
    let tenant = stage.tenant().await;
    let session = tenant.session().await;

    let url = second.base_url();
    let add = ["waha-servers", "add", "--name", "eu-1", "--url", &url, "--capacity", "1"];
    let added = shell.run_with(&add, &format!("{}\n", second.api_key())).await;
    assert_eq!(added.code, Some(0), "{added:#?}");
    assert!(!format!("{added:?}").contains(second.api_key()), "the key is shown");
    let moved = shell.json(&["session", "move", &session.id, "--to", "eu-1"]).await;
    assert_eq!(moved, json!({ "sessionId": session.id, "wahaServer": "eu-1" }));
    let id = tenant.send_text(&session, "moved").await;
    tenant.message_becomes(&id, "read").await;
    assert_eq!(second.ledger().len(), 1);

    let listed = shell.json(&["waha-servers", "list"]).await;
    assert_eq!((&listed[0]["name"], &listed[0]["sessions"]), (&json!("default"), &json!(0)));
    assert_eq!((&listed[1]["name"], &listed[1]["sessions"]), (&json!("eu-1"), &json!(1)));
    shell
        .run(&["waha-servers", "remove", "eu-1"])
        .await
        .assert_failed_because(&["sessions on the WAHA server (1)"]);
    shell.json(&["waha-servers", "drain", "eu-1"]).await;
    let emptied = shell.json(&["waha-servers", "empty", "eu-1"]).await;
    assert_eq!(emptied, json!([{ "sessionId": session.id, "wahaServer": "default" }]));
    tenant.session_becomes(&session, "WORKING").await;
    shell.json(&["waha-servers", "remove", "eu-1"]).await;
    assert_eq!(shell.json(&["waha-servers", "list"]).await.as_array().unwrap().len(), 1);
    stage.stop().await;
    second.shutdown().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn what_cannot_be_done_with_a_server_is_told(pool: PgPool) {
    let shell = Shell::new(&pool, NOWHERE);
    let add = ["waha-servers", "add", "--name", "eu-1", "--url", "http://waha-2:3000"];
    shell.run(&add).await.assert_failed_because(&["API key"]);
    shell.run(&["waha-servers", "down", "eu-1"]).await.assert_failed_because(&["no such"]);
    let nobody = uuid::Uuid::nil().to_string();
    shell
        .run(&["session", "move", &nobody, "--to", "default"])
        .await
        .assert_failed_because(&["no such session"]);
    for wrong in [
        &["waha-servers", "add", "--name", "EU", "--url", "http://a"][..],
        &["waha-servers", "add", "--name", "a", "--url", "a:3000"],
        &["waha-servers", "add", "--name", "a", "--url", "http://a", "--capacity", "-1"],
        &["waha-servers", "drain"],
        &["session", "move", "17", "--to", "a"],
    ] {
        let wrong = shell.run(wrong).await;
        assert_eq!((wrong.code, wrong.stdout.as_str()), (Some(2), ""), "{wrong:#?}");
    }
}
