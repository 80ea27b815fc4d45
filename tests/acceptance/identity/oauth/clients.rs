//! Clients are registered, shown, given another secret and revoked by those who may.

use acceptance::installation::Installation;
use serde_json::json;
use sqlx::PgPool;

use super::program::{Program, assert_refused};

#[sqlx::test(migrations = "../migrations")]
async fn a_client_is_shown_without_its_secret_and_only_to_its_tenant(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let (owner, stranger) = (stage.tenant().await, stage.tenant().await);
    let robot = Program::on_its_own(&owner, stage.nobody(), &["messages:read"]).await;
    let path = format!("/oauth/clients/{}", robot.id);
    let shown = owner.get(&path).await.expect(200);
    assert_eq!(shown.data()["kind"], "confidential");
    let secret = robot.secret.clone().unwrap();
    assert!(secret.starts_with("hgs_") && !shown.body.to_string().contains(&secret));
    let look = async || owner.get("/oauth/clients").await;
    let listed =
        acceptance::eventually::eventually("it is listed", look, |answer| answer.rows().len() == 1);
    assert_eq!(listed.await.rows()[0], *shown.data());
    for refused in [
        stranger.get(&path).await,
        stranger.delete(&path).await,
        stranger.post(&format!("{path}/rotate-secret"), &json!({})).await,
    ] {
        assert_eq!(refused.expect(404).codes(), ["CLIENT_NOT_FOUND"]);
    }
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn what_is_wrong_with_a_client_is_told_by_field(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let admin = stage.tenant().await;
    let sound = json!({
        "name": "Shop", "grantTypes": ["authorization_code"], "scopes": ["messages:read"],
        "redirectUris": ["https://shop.example/back"],
    });
    admin.post("/oauth/clients", &sound).await.expect(201);
    for (field, value, status) in [
        ("redirectUris", json!(["http://shop.example/back"]), 400),
        ("redirectUris", json!([]), 400),
        ("grantTypes", json!([]), 400),
        ("grantTypes", json!(["password"]), 400),
        ("scopes", json!([]), 400),
        ("scopes", json!(["servers:manage"]), 403),
        ("kind", json!("secretive"), 400),
    ] {
        let mut wrong = sound.clone();
        wrong[field] = value;
        let refused = admin.post("/oauth/clients", &wrong).await.expect(status);
        assert!(refused.fields()[0].starts_with(field), "{refused:?}");
    }
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn another_secret_takes_the_place_of_the_first(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let admin = stage.tenant().await;
    let robot = Program::on_its_own(&admin, stage.nobody(), &["messages:read"]).await;
    let rotate = format!("/oauth/clients/{}/rotate-secret", robot.id);
    let own = [("grant_type", "client_credentials")];
    let rotated = admin.post(&rotate, &json!({ "overlapSeconds": 60 })).await.expect(200);
    let second = Program { secret: Some(rotated.text("clientSecret")), ..robot.clone() };
    robot.token(&own).await.expect(200);
    second.token(&own).await.expect(200);
    let rotated = admin.post(&rotate, &json!({})).await.expect(200);
    let third = Program { secret: Some(rotated.text("clientSecret")), ..robot.clone() };
    for over in [&robot, &second] {
        assert_refused(&over.token(&own).await, 401, "invalid_client");
    }
    third.token(&own).await.expect(200);
    stage.stop().await;
}
