//! `tenant` with its verbs, and `user create`.

use acceptance::caller::Caller;
use acceptance::process::Process;
use reqwest::Method;
use reqwest::header::HOST;
use serde_json::json;
use sqlx::PgPool;
use uuid::Uuid;

use super::shell::Shell;

const NOWHERE: &str = "http://127.0.0.1:9";

#[sqlx::test(migrations = "../migrations")]
async fn tenants_and_users_are_made_and_can_sign_in(pool: PgPool) {
    let shell = Shell::new(&pool, NOWHERE);
    let tenant =
        shell.json(&["tenant", "create", "--name", "acme", "--default-country", "ID"]).await;
    let tenant = tenant["id"].as_str().unwrap().to_owned();
    assert!(Uuid::parse_str(&tenant).is_ok());

    let create =
        ["user", "create", "--tenant", &tenant, "--role", "tenant_admin", "--output", "json"];
    let by_option = ["--email", "Option@Example.com", "--password", "from the option"];
    let made = shell.run(&[&create[..], &by_option].concat()).await.json();
    assert_eq!(made["email"], "option@example.com");
    assert_eq!((&made["tenantId"], &made["role"]), (&json!(tenant), &json!("tenant_admin")));
    let by_stdin = [&create[..], &["--email", "stdin@example.com"]].concat();
    let made = shell.run_with(&by_stdin, "from standard input\n").await;
    assert!(made.json()["id"].is_string());
    assert!(
        !made.stdout.contains("from standard input")
            && !made.stderr.contains("from standard input")
    );

    let process = Process::serve(&shell.environment).await;
    let nobody = Caller::nobody(shell.port.url());
    for (email, password) in
        [("option@example.com", "from the option"), ("stdin@example.com", "from standard input")]
    {
        let login = json!({ "email": email, "password": password });
        let token = nobody.post("/auth/login", &login).await.expect(200).text("accessToken");
        let signed_in = nobody.with_token(token);
        let phone = signed_in.get("/messages/format-phone/081234567890").await.expect(200);
        assert_eq!(phone.data()["phone"], "+6281234567890");
    }
    process.kill().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_tenant_is_suspended_let_in_again_and_given_a_subdomain(pool: PgPool) {
    let mut shell = Shell::new(&pool, NOWHERE);
    shell.environment.insert("TENANT_DOMAIN", "helio.test".to_owned());
    let tenant = shell.json(&["tenant", "create", "--name", "acme"]).await["id"].clone();
    let tenant = tenant.as_str().unwrap();
    let user = ["user", "create", "--tenant", tenant, "--role", "viewer", "--email", "a@acme.test"];
    shell.json(&[&user[..], &["--password", "long enough"]].concat()).await;
    let owned = shell.json(&["tenant", "take-subdomain", "--tenant", tenant, "acme"]).await;
    assert_eq!(owned, json!({ "name": "acme", "tenantId": tenant }));

    let process = Process::serve(&shell.environment).await;
    let nobody = Caller::nobody(shell.port.url());
    let sign_in = async || {
        let login = json!({ "email": "a@acme.test", "password": "long enough" });
        let request = nobody.request(Method::POST, "/auth/login").json(&login);
        nobody.send(request.header(HOST, "acme.helio.test")).await.status
    };
    assert_eq!(sign_in().await, 200);
    let suspended = shell.json(&["tenant", "suspend", "--tenant", tenant]).await;
    assert_eq!(suspended, json!({ "id": tenant, "standing": "suspended" }));
    assert_eq!(sign_in().await, 403);
    shell.json(&["tenant", "reactivate", "--tenant", tenant]).await;
    assert_eq!(sign_in().await, 200);
    shell.json(&["tenant", "give-up-subdomain", "acme"]).await;
    assert_eq!(sign_in().await, 404);
    let again = shell.run(&["tenant", "give-up-subdomain", "acme"]).await;
    again.assert_failed_because(&["there is no such subdomain"]);
    let nobody = Uuid::nil().to_string();
    let stranger = shell.run(&["tenant", "take-subdomain", "--tenant", &nobody, "acme"]).await;
    stranger.assert_failed_because(&["there is no such tenant"]);
    process.kill().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn what_cannot_be_made_is_told_and_not_made(pool: PgPool) {
    let shell = Shell::new(&pool, NOWHERE);
    let tenant = shell.json(&["tenant", "create", "--name", "acme"]).await["id"].clone();
    let tenant = tenant.as_str().unwrap();
    let user = async |tenant: &str, email: &str, password: &str, role: &str| {
        let line = ["user", "create", "--tenant", tenant, "--email", email, "--role", role];
        shell.run(&[&line[..], &["--password", password]].concat()).await
    };
    let unknown = Uuid::nil().to_string();
    user(&unknown, "a@b.test", "long enough", "viewer")
        .await
        .assert_failed_because(&["no tenant", &unknown]);
    user(tenant, "a@b.test", "short", "viewer").await.assert_failed_because(&["at least 8"]);
    assert_eq!(user(tenant, "a@b.test", "long enough", "viewer").await.code, Some(0));
    user(tenant, "A@B.test", "long enough", "auditor").await.assert_failed_because(&["already"]);

    for wrong in [
        user(tenant, "not an address", "long enough", "viewer").await,
        user(tenant, "c@d.test", "long enough", "emperor").await,
        user("acme", "c@d.test", "long enough", "viewer").await,
        shell.run(&["tenant", "create", "--name", ""]).await,
        shell.run(&["tenant", "create", "--name", "x", "--default-country", "Narnia"]).await,
        shell.run(&["tenant", "create"]).await,
        shell.run(&["conquer"]).await,
        shell.run(&[]).await,
    ] {
        assert_eq!((wrong.code, wrong.stdout.as_str()), (Some(2), ""), "{wrong:#?}");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_user_whose_making_was_cut_short_is_made_by_the_next_attempt(pool: PgPool) {
    let shell = Shell::new(&pool, NOWHERE);
    let tenant = shell.json(&["tenant", "create", "--name", "acme"]).await["id"].clone();
    let tenant = tenant.as_str().unwrap();
    // All that a process leaves that dies between the reservation and the user's first event.
    let reserved = Uuid::from_u128(0x7a);
    sqlx::query(
        "insert into credentials (user_id, tenant_id, email, password_hash) values ($1, $2, $3, $4)",
    )
    .bind(reserved)
    .bind(Uuid::parse_str(tenant).unwrap())
    .bind("a@b.test")
    .bind("the hash of a password nobody ever used")
    .execute(&pool)
    .await
    .unwrap();

    let create = ["user", "create", "--tenant", tenant, "--email", "a@b.test", "--role", "viewer"];
    let made = shell.json(&[&create[..], &["--password", "long enough"]].concat()).await;
    assert_eq!(made["id"], json!(reserved));
    let process = Process::serve(&shell.environment).await;
    let login = json!({ "email": "a@b.test", "password": "long enough" });
    Caller::nobody(shell.port.url()).post("/auth/login", &login).await.expect(200);
    process.kill().await;
    let again = shell.run(&[&create[..], &["--password", "another one"]].concat()).await;
    again.assert_failed_because(&["already"]);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_tenant_has_a_policy_of_its_own_until_it_has_the_default_again(pool: PgPool) {
    let shell = Shell::new(&pool, NOWHERE);
    let tenant = shell.json(&["tenant", "create", "--name", "acme"]).await["id"].clone();
    let tenant = tenant.as_str().unwrap();
    for (word, shown) in
        [("resend", json!("resend")), ("hold", json!("hold")), ("default", json!(null))]
    {
        let set = ["tenant", "policy", "--tenant", tenant, "--on-unknown", word];
        assert_eq!(shell.json(&set).await, json!({ "id": tenant, "onUnknown": shown }));
    }
    let nobody = Uuid::nil().to_string();
    let set = ["tenant", "policy", "--tenant", &nobody, "--on-unknown", "hold"];
    shell.run(&set).await.assert_failed_because(&["no such tenant"]);
}
