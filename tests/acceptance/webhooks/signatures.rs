//! Only what is signed with a secret of ours is taken, in either scheme (W1, W5).

use acceptance::installation::Installation;
use acceptance::sessions::{Session, webhooks_of};
use acceptance::setup::{Setup, WEBHOOK_SECRET};
use acceptance::webhook::{arrival, sha256, sha512};
use reqwest::RequestBuilder;
use sqlx::PgPool;

const BOB: &str = "6281234567890@c.us";

#[sqlx::test(migrations = "../migrations")]
async fn both_schemes_hold_with_the_sessions_secret_and_with_the_global_one(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    let own =
        webhooks_of(&stage.waha, &session).await[0]["hmac"]["key"].as_str().unwrap().to_owned();
    for (n, secret) in [own.as_str(), WEBHOOK_SECRET].into_iter().enumerate() {
        let body = arrival(&session, &format!("5120{n}"), BOB, "sha512").to_string();
        tenant.send(tenant.signed_webhook(secret, body)).await.expect(200);
        let body = arrival(&session, &format!("2560{n}"), BOB, "sha256").to_string();
        let signature = sha256(secret, body.as_bytes());
        let signed = tenant.webhook(body).header("X-Waha-Signature", signature);
        tenant.send(signed).await.expect(200);
    }
    let look = async || tenant.get("/messages?direction=inbound").await.rows().len();
    acceptance::eventually::eventually("all four are taken", look, |count| *count == 4).await;
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn what_is_not_signed_or_signed_wrongly_is_refused_and_not_kept(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let nobody = stage.nobody();
    let stranger = Session { id: String::new(), waha_name: "stranger".to_owned() };
    let body = arrival(&stranger, "AA", BOB, "forged").to_string();
    let (good, other) =
        (sha512(WEBHOOK_SECRET, body.as_bytes()), sha512("guessed", body.as_bytes()));
    let good_256 = sha256(WEBHOOK_SECRET, body.as_bytes());
    let bare_256 = good_256.trim_start_matches("sha256=").to_owned();
    let webhook = || nobody.webhook(body.clone());
    let hmac = |value: &str| webhook().header("X-Webhook-Hmac", value);
    let forged: Vec<RequestBuilder> = vec![
        webhook(),
        hmac(&other),
        hmac(""),
        hmac("not hexadecimal"),
        hmac(&good[..64]),
        hmac(&good_256),
        hmac(&good).header("X-Webhook-Hmac-Algorithm", "md5"),
        hmac(&good).header("X-Webhook-Hmac-Version", "2"),
        hmac(&good).header("X-Webhook-Hmac", &other),
        hmac(&good).header("X-Waha-Signature", sha256("guessed", body.as_bytes())),
        webhook().header("X-Waha-Signature", bare_256),
        webhook().header("X-Waha-Signature", "sha256="),
        webhook().header("X-Waha-Signature", format!("sha512={good}")),
        hmac(&sha512("", body.as_bytes())),
        nobody.webhook(format!("{body} ")).header("X-Webhook-Hmac", &good),
    ];
    for (n, request) in forged.into_iter().enumerate() {
        let refused = nobody.send(request).await;
        assert_eq!(refused.status, 401, "forgery {n} is taken");
        refused.assert_is_problem();
        assert_eq!(refused.codes(), ["WEBHOOK_SIGNATURE_INVALID"]);
    }
    nobody.send(hmac(&good)).await.expect(200);
    let stats = nobody.webhooks_are("orphaned", 1).await;
    assert_eq!(stats["receivedLastDay"], 1, "a forgery was kept");
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn another_sessions_secret_is_no_secret_of_this_one(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let (one, other) = (stage.tenant().await, stage.tenant().await);
    let (mine, theirs) = (one.session().await, other.session().await);
    let their_secret = &webhooks_of(&stage.waha, &theirs).await[0]["hmac"]["key"];
    let body = arrival(&mine, "AA", BOB, "from next door").to_string();
    let forged = one.signed_webhook(their_secret.as_str().unwrap(), body);
    one.send(forged).await.expect(401);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn webhooks_are_taken_from_allowed_addresses_only(pool: PgPool) {
    let setup = Setup::default().set("WEBHOOK_ALLOWED_IPS", "10.0.0.0/8, 192.0.2.7");
    let stage = Installation::start_with(pool, setup).await;
    let stranger = Session { id: String::new(), waha_name: "stranger".to_owned() };
    let refused = stage.nobody().deliver(&arrival(&stranger, "AA", BOB, "hi")).await.expect(403);
    refused.assert_is_problem();
    assert_eq!(refused.codes(), ["WEBHOOK_ADDRESS_NOT_ALLOWED"]);
    stage.stop().await;
}
