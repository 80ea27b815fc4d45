//! Only a token of ours, for this use, in its time, opens a door (A2).

use acceptance::clock;
use acceptance::directory::Account;
use acceptance::installation::Installation;
use acceptance::setup::{JWT_REFRESH_SECRET, JWT_SECRET, Setup};
use domain::access::Role;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use sqlx::PgPool;

/// `{"alg":"none","typ":"JWT"}`
const ALG_NONE: &str = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0";

pub(super) fn claims(token: &str) -> Value {
    jsonwebtoken::dangerous::insecure_decode::<Value>(token).unwrap().claims
}

pub(super) fn sign(claims: &Value, secret: &str, algorithm: Algorithm) -> String {
    let key = EncodingKey::from_secret(secret.as_bytes());
    jsonwebtoken::encode(&Header::new(algorithm), claims, &key).unwrap()
}

pub(super) fn with(claims: &Value, name: &str, value: impl Into<Value>) -> Value {
    let mut changed = claims.clone();
    changed[name] = value.into();
    changed
}

#[sqlx::test(migrations = "../migrations")]
async fn forged_expired_and_misused_tokens_are_refused(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let account: Account = stage.tenant().await.account().clone();
    let stranger = stage.tenant().await.tenant_id().to_string();
    let nobody = stage.nobody();
    let login = nobody.post("/auth/login", &account.login()).await.expect(200);
    let (access, refresh) = (login.text("accessToken"), login.text("refreshToken"));
    let sound = claims(&access);
    let same = sign(&sound, JWT_SECRET, Algorithm::HS256);
    nobody.with_token(&same).get("/messages").await.expect(200); // the test can sign as the engine does

    let resigned = |claims: &Value| sign(claims, JWT_SECRET, Algorithm::HS256);
    let parts: Vec<_> = access.split('.').collect();
    let (head, body, signature) = (parts[0], parts[1], parts[2]);
    let now = clock::now().timestamp();
    for (what, token) in [
        ("expired", resigned(&with(&sound, "exp", now - 1))),
        ("not yet good", resigned(&with(&sound, "nbf", now + 3_600))),
        ("another kind", resigned(&with(&sound, "typ", "refresh"))),
        ("another issuer", resigned(&with(&sound, "iss", "somebody"))),
        ("another audience", resigned(&with(&sound, "aud", "somebody"))),
        ("no expiry", resigned(&with(&sound, "exp", Value::Null))),
        ("another tenant", resigned(&with(&sound, "tenant", stranger))),
        ("an unknown role", resigned(&with(&sound, "role", "root"))),
        (
            "another secret",
            sign(&sound, "guessed-guessed-guessed-guessed-guessed", Algorithm::HS256),
        ),
        ("the refresh secret", sign(&sound, JWT_REFRESH_SECRET, Algorithm::HS256)),
        ("another algorithm", sign(&sound, JWT_SECRET, Algorithm::HS512)),
        ("no algorithm", format!("{ALG_NONE}.{body}.")),
        ("no algorithm, old signature", format!("{ALG_NONE}.{body}.{signature}")),
        ("no signature", format!("{head}.{body}.")),
        ("a cut signature", access[..access.len() - 4].to_owned()),
        ("a refresh token", refresh),
        ("nonsense", "nonsense".to_owned()),
        ("nothing", String::new()),
    ] {
        let refused = nobody.with_token(token).get("/messages").await;
        assert_eq!(refused.status, 401, "{what} is accepted");
        refused.assert_is_problem();
        assert!(refused.header("www-authenticate").is_some_and(|how| how.starts_with("Bearer")));
        let expected = if what == "expired" { "AUTH_TOKEN_EXPIRED" } else { refused.codes()[0] };
        assert_eq!(refused.codes(), [expected], "{what}");
    }
    let misused =
        nobody.post("/auth/refresh", &json!({ "refreshToken": access })).await.expect(401);
    assert_eq!(misused.codes(), ["AUTH_TOKEN_INVALID"], "an access token refreshes nothing");
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_token_is_asked_for_in_the_usual_way_and_in_no_other(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let token = stage.tenant().await.token().to_owned();
    let nobody = stage.nobody();
    for header in ["Basic YTpi", "Bearer", "Bearer  ", &format!("Token {token}"), &token] {
        let request = nobody.request(reqwest::Method::GET, "/messages");
        let refused = nobody.send(request.header("Authorization", header)).await;
        assert_eq!(refused.status, 401, "{header}");
        refused.assert_is_problem();
    }
    nobody.get(&format!("/messages?access_token={token}")).await.expect(401);
    let request = nobody.request(reqwest::Method::GET, "/messages");
    nobody.send(request.header("Authorization", format!("bearer {token}"))).await.expect(200);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_tokens_time_is_set_by_the_settings(pool: PgPool) {
    let setup = Setup::default().set("JWT_EXPIRES_IN", "1").set("JWT_REFRESH_EXPIRES_IN", "90s");
    let stage = Installation::start_with(pool, setup).await;
    let tenant = stage.directory().tenant().await;
    let account = stage.directory().user(tenant, Role::Viewer).await;
    let login = stage.nobody().post("/auth/login", &account.login()).await.expect(200);
    assert_eq!(login.data()["expiresIn"], 1);
    let refresh = claims(&login.text("refreshToken"));
    assert_eq!(refresh["exp"].as_i64().unwrap() - refresh["iat"].as_i64().unwrap(), 90);
    let short = stage.nobody().with_token(login.text("accessToken"));
    let look = async || short.get("/messages").await.codes().join("");
    acceptance::eventually::eventually("it expires", look, |code| code == "AUTH_TOKEN_EXPIRED")
        .await;
    stage.stop().await;
}
