//! A program on behalf of a user who consents (RFC 6749, section 4.1, with PKCE).

use acceptance::directory::PASSWORD;
use acceptance::installation::Installation;
use acceptance::setup::Setup;
use domain::access::Role;
use reqwest::Method;
use serde_json::json;
use sqlx::PgPool;

use super::browser::{ask, borrowed, changed, code, decide, of, request, sent_back};
use super::program::{BACK, Program, VERIFIER, assert_refused, form};
use crate::identity::leaks::tables_with;

const SCOPES: [&str; 2] = ["messages:read", "sessions:manage"];

#[sqlx::test(migrations = "../migrations")]
async fn a_user_consents_and_the_program_acts_for_them_within_their_role(pool: PgPool) {
    let stage = Installation::start(pool.clone()).await;
    let admin = stage.tenant().await;
    let viewer = stage.colleague(&admin, Role::Viewer).await;
    let nobody = stage.nobody();
    let program = Program::on_devices(&admin, nobody, &SCOPES).await;
    let page = ask(nobody, &request(&program)).await.expect(200);
    let html = String::from_utf8_lossy(&page.bytes).into_owned();
    assert!(html.contains("Pocket &lt;b&gt;shop&lt;/b&gt;") && !html.contains("<script"));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
    assert!(policy.contains("form-action 'self' http://127.0.0.1:9;"), "{policy}");
    assert_eq!(page.header("cache-control"), Some("no-store"));

    let answer = decide(nobody, &request(&program), viewer.account(), PASSWORD, "allow").await;
    let back = sent_back(&answer);
    assert_eq!(of(&back, "state"), Some("a state & more"));
    assert_eq!(of(&back, "iss"), Some(stage.url().as_str()));
    let code = of(&back, "code").unwrap();
    let given = program.spend(code).await.expect(200);
    assert_eq!(given.body["scope"], "messages:read", "a viewer may manage no sessions");
    let token = given.body["access_token"].as_str().unwrap();
    let acting = nobody.with_token(token);
    acting.get("/messages").await.expect(200);
    acting.get("/sessions").await.expect(403);
    acting.get("/auth/sessions").await.expect(403);
    let refresh = given.body["refresh_token"].as_str().unwrap();
    for hidden in [code, token, refresh, VERIFIER] {
        assert_eq!(tables_with(&pool, hidden).await, [""; 0]);
    }

    let here = nobody.post("/auth/refresh", &json!({ "refreshToken": refresh })).await;
    assert_eq!(here.expect(401).codes(), ["AUTH_TOKEN_INVALID"], "it is the program's alone");
    let next = program.refresh(refresh).await.expect(200);
    assert_eq!(next.body["scope"], "messages:read");
    let token = next.body["access_token"].as_str().unwrap();
    nobody.with_token(token).get("/messages").await.expect(200);
    assert_refused(&program.refresh(refresh).await, 400, "invalid_grant");
    nobody.with_token(token).get("/messages").await.expect(401);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_code_that_comes_back_ends_what_it_gave(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let admin = stage.tenant().await;
    let program = Program::on_devices(&admin, stage.nobody(), &SCOPES).await;
    let code = code(stage.nobody(), &program, admin.account()).await;
    let given = program.spend(&code).await.expect(200);
    let acting = stage.nobody().with_token(given.body["access_token"].as_str().unwrap());
    acting.get("/messages").await.expect(200);
    assert_refused(&program.spend(&code).await, 400, "invalid_grant");
    assert_eq!(acting.get("/messages").await.expect(401).codes(), ["AUTH_SESSION_REVOKED"]);
    let refresh = given.body["refresh_token"].as_str().unwrap();
    assert_refused(&program.refresh(refresh).await, 400, "invalid_grant");

    // Of two at once at most one is given anything, and in the end nothing of it is good.
    let code = super::browser::code(stage.nobody(), &program, admin.account()).await;
    let (one, two) = tokio::join!(program.spend(&code), program.spend(&code));
    for answer in [one, two] {
        if answer.status == 200 {
            let token = answer.body["access_token"].as_str().unwrap();
            stage.nobody().with_token(token).get("/messages").await.expect(401);
        } else {
            assert_refused(&answer, 400, "invalid_grant");
        }
    }
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_code_is_good_for_its_client_address_and_verifier_alone(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let admin = stage.tenant().await;
    let nobody = stage.nobody();
    let program = Program::on_devices(&admin, nobody, &SCOPES).await;
    let other = Program::on_devices(&admin, nobody, &SCOPES).await;
    let spend =
        [("grant_type", "authorization_code"), ("redirect_uri", BACK), ("code_verifier", VERIFIER)];
    for (name, value) in [
        ("redirect_uri", "http://127.0.0.1:10/back"),
        ("code_verifier", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
        ("code_verifier", "short"),
        ("client", "another"),
    ] {
        let code = code(nobody, &program, admin.account()).await;
        let mut pairs: Vec<_> =
            spend.iter().map(|(n, v)| if *n == name { (*n, value) } else { (*n, *v) }).collect();
        pairs.push(("code", &code));
        let who = if name == "client" { &other } else { &program };
        assert_refused(&who.token(&pairs).await, 400, "invalid_grant");
        assert_refused(&program.spend(&code).await, 400, "invalid_grant");
    }
    assert_refused(&program.spend("nonsense").await, 400, "invalid_grant");
    let no_verifier = [("grant_type", "authorization_code"), ("code", "x"), ("redirect_uri", BACK)];
    assert_refused(&program.token(&no_verifier).await, 400, "invalid_request");
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_wrong_request_is_told_to_the_program_and_one_that_leads_astray_to_nobody(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let admin = stage.tenant().await;
    let nobody = stage.nobody();
    let program = Program::on_devices(&admin, nobody, &SCOPES).await;
    let sound = request(&program);
    for (name, value, error) in [
        ("response_type", "token", "unsupported_response_type"),
        ("response_type", "", "invalid_request"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("code_challenge_method", "", "invalid_request"),
        ("code_challenge", "", "invalid_request"),
        ("scope", "messages:send", "invalid_scope"),
        ("scope", "everything", "invalid_scope"),
    ] {
        let back = sent_back(&ask(nobody, &changed(&sound, name, value)).await);
        assert_eq!(of(&back, "error"), Some(error), "{name}={value}");
        assert_eq!(of(&back, "state"), Some("a state & more"));
        assert_eq!(of(&back, "iss"), Some(stage.url().as_str()));
        assert_eq!(of(&back, "code"), None);
    }
    for (name, value) in [
        ("client_id", ""),
        ("client_id", "00000000-0000-0000-0000-000000000000"),
        ("redirect_uri", ""),
        ("redirect_uri", "https://evil.example/back"),
        ("redirect_uri", "http://127.0.0.1:9@evil.example/back"),
    ] {
        let stopped = ask(nobody, &changed(&sound, name, value)).await.expect(400);
        assert_eq!(stopped.header("location"), None, "{name}={value}");
        assert!(stopped.header("content-type").unwrap().starts_with("text/html"));
    }
    let denied = decide(nobody, &sound, admin.account(), "", "deny").await;
    assert_eq!(of(&sent_back(&denied), "error"), Some("access_denied"));
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn signing_in_to_consent_is_limited_and_locked_as_any_sign_in(pool: PgPool) {
    let stage = Installation::start_with(pool, Setup::default()).await;
    let (admin, stranger) = (stage.tenant().await, stage.tenant().await);
    let nobody = stage.nobody();
    let program = Program::on_devices(&admin, nobody, &SCOPES).await;
    let sound = request(&program);
    let again = decide(nobody, &sound, admin.account(), "wrong", "allow").await.expect(403);
    let html = String::from_utf8_lossy(&again.bytes).into_owned();
    assert!(html.contains("password is wrong") && html.contains("name=\"code_challenge\""));
    assert!(!html.contains("value=\"wrong\""), "the password is not brought back");
    decide(nobody, &sound, stranger.account(), PASSWORD, "allow").await.expect(403);
    let forged = nobody.request(Method::POST, "/oauth/authorize");
    let forged = forged.header("Content-Type", "application/x-www-form-urlencoded");
    let forged = forged.header("Sec-Fetch-Site", "cross-site").body(form(&borrowed(&sound)));
    nobody.send(forged).await.expect(400);
    let mut statuses = vec![];
    for _ in 0..40 {
        let answer = decide(nobody, &sound, admin.account(), "wrong", "allow").await;
        let is_told = String::from_utf8_lossy(&answer.bytes).contains("no more than");
        assert_eq!(is_told, answer.status == 429, "{answer:?}");
        statuses.push(answer.status);
    }
    assert!(statuses.contains(&429), "nobody stops who guesses");
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_program_gives_its_tokens_back(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let admin = stage.tenant().await;
    let program = Program::on_devices(&admin, stage.nobody(), &SCOPES).await;
    let other = Program::on_devices(&admin, stage.nobody(), &SCOPES).await;
    let code = code(stage.nobody(), &program, admin.account()).await;
    let given = program.spend(&code).await.expect(200);
    let refresh = given.body["refresh_token"].as_str().unwrap();
    let acting = stage.nobody().with_token(given.body["access_token"].as_str().unwrap());
    assert_refused(&other.give_back(refresh).await, 400, "invalid_grant");
    acting.get("/messages").await.expect(200);
    program.give_back(refresh).await.expect(200);
    acting.get("/messages").await.expect(401);
    assert_refused(&program.refresh(refresh).await, 400, "invalid_grant");
    program.give_back(refresh).await.expect(200);
    stage.stop().await;
}
