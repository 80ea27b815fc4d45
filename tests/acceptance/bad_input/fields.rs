//! Fields of the wrong kind, size or meaning: each is named (M1, M7).

use acceptance::installation::Installation;
use acceptance::messages::BOB;
use acceptance::setup::Setup;
use serde_json::{Value, json};
use sqlx::PgPool;

/// What no field here takes.
fn garbage() -> Vec<Value> {
    vec![
        json!(true),
        json!(-1),
        json!(1e308),
        json!(u64::MAX),
        json!([]),
        json!([["deep"]]),
        json!("\0"),
        json!("\u{202e}\u{7}"),
        json!("x".repeat(100_000)),
        json!("' or 1=1; drop table messages; --"),
        json!("${jndi:ldap://x}"),
        json!("../../etc/passwd"),
    ]
}

/// Whether a text that reads like anything else is welcome in the field.
fn takes_any_text(path: &str, field: &str, value: &Value) -> bool {
    let text = value.as_str().filter(|text| text.len() < 1_000 && !text.contains(char::is_control));
    text.is_some()
        && matches!((path, field), (_, "body" | "clientReference" | "password" | "refreshToken"))
}

#[sqlx::test(migrations = "../migrations")]
async fn every_field_of_the_wrong_kind_is_named(pool: PgPool) {
    let stage = Installation::start_with(pool, Setup::default().unlimited().unscanned()).await;
    let tenant = stage.tenant().await;
    let session = tenant.unscanned_session().await;
    let message = json!({
        "sessionId": session.id, "to": BOB, "body": "x", "priority": "low", "metadata": {},
        "clientReference": "r", "sendAt": null, "expiresAt": null, "type": "text",
    });
    let requests = [
        ("/messages/send", message),
        ("/sessions", json!({ "name": "another" })),
        ("/auth/login", json!({ "email": "a@b.test", "password": "12345678" })),
        ("/auth/refresh", json!({ "refreshToken": "x" })),
    ];
    for (path, sound) in requests {
        let fields: Vec<String> = sound.as_object().unwrap().keys().cloned().collect();
        for field in fields {
            for value in garbage().into_iter().filter(|value| !takes_any_text(path, &field, value))
            {
                if matches!(field.as_str(), "password" | "refreshToken") && value.is_string() {
                    continue; // a wrong one, and no more
                }
                let mut body = sound.clone();
                body[&field] = value.clone();
                let answer = tenant.post(path, &body).await;
                let shown: String = value.to_string().chars().take(40).collect();
                if answer.status == 202 && field == "body" {
                    continue; // what is left of it after cleaning is a text
                }
                assert_eq!(answer.status, 400, "{path}: {field}: {shown}: {:?}", answer.body);
                answer.assert_is_problem();
                assert_eq!(answer.fields(), [field.as_str()], "{path}: {field}: {shown}");
            }
        }
    }
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn everything_that_is_wrong_with_a_message_is_told_at_once(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let tenant = stage.tenant().await;
    let body = json!({
        "sessionId": "17", "to": "+12", "priority": "urgent", "metadata": [], "sendAt": "soon",
        "type": "image", "colour": "red", "size": 7,
    });
    let refused = tenant.post("/messages/send", &body).await.expect(400);
    refused.assert_is_problem();
    let mut fields = refused.fields();
    fields.sort_unstable();
    let all =
        ["body", "colour", "metadata", "priority", "sendAt", "sessionId", "size", "to", "type"];
    assert_eq!(fields, all);
    assert!(stage.waha.ledger().is_empty());
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn metadata_is_carried_untouched_within_its_limits(pool: PgPool) {
    let stage = Installation::start_with(pool, Setup::default().unscanned()).await;
    let tenant = stage.tenant().await;
    let session = tenant.unscanned_session().await;
    let odd = json!({ "": "empty name", "ä": [null, 1.5, -0.0, true, { "é": "😀" }], "n": 9_007_199_254_740_993_i64 });
    let id = tenant.send_as(&session, json!({ "body": "x", "metadata": odd.clone() })).await;
    assert_eq!(tenant.message(&id).await["metadata"], odd);

    let mut deep = json!("bottom");
    for _ in 0..100 {
        deep = json!({ "d": deep });
    }
    let id = tenant
        .send_as(&session, json!({ "body": "x", "metadata": { "deep": deep.clone() } }))
        .await;
    assert_eq!(tenant.message(&id).await["metadata"]["deep"], deep);
    for wrong in [json!({ "a": "x".repeat(5_000) }), json!({ "a": "nul \0" }), json!({ "\0": 1 })] {
        let body = json!({ "sessionId": session.id, "to": BOB, "body": "x", "metadata": wrong });
        assert_eq!(tenant.post("/messages/send", &body).await.expect(400).fields(), ["metadata"]);
    }
    stage.stop().await;
}
