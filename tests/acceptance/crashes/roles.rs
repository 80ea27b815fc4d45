//! What there is to do, divided among processes (D9).

use acceptance::eventually::eventually;
use acceptance::port::Port;
use acceptance::process::Process;
use acceptance::setup::Setup;
use reqwest::Method;
use serde_json::json;
use sqlx::PgPool;

use super::site::Site;

#[sqlx::test(migrations = "../migrations")]
async fn processes_that_each_have_a_role_do_together_what_one_does_alone(pool: PgPool) {
    let site = Site::new(pool, Setup::default()).await;
    let door = Process::serve_with(&site.environment(&site.port), &["--roles", "api"]).await;
    let (views, work) = (Port::reserve(), Port::reserve());
    let projector = Process::serve_with(&site.environment(&views), &["--roles", "projector"]).await;
    let workers =
        Process::serve_with(&site.environment(&work), &["--roles", "delivery,webhooks"]).await;

    let tenant = site.tenant().await;
    let session = tenant.session().await;
    let body = json!({ "sessionId": session.id, "to": "+6281234567890", "body": "by three" });
    let sent = tenant.post("/messages/send", &body).await.expect(202);
    let position = sent.header("x-event-position").unwrap().to_owned();
    let look = async || {
        let request = tenant.request(Method::GET, "/messages?limit=1");
        tenant.send(request.header("X-Read-After", &position)).await
    };
    let shown = eventually("another process's view has it", look, |a| a.status == 200).await;
    assert_eq!(shown.rows()[0]["id"], sent.data()["id"]);
    tenant.message_becomes(&sent.text("id"), "read").await;

    for port in [&views, &work] {
        let elsewhere = tenant.at(port.url());
        elsewhere.get("/health/ready").await.expect(200);
        elsewhere.get("/metrics").await.expect(200);
        elsewhere.get("/messages").await.expect(404);
        elsewhere.post("/auth/login", &tenant.account().login()).await.expect(404);
    }
    for process in [door, projector, workers] {
        process.kill().await;
    }
}
