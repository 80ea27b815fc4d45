//! Bodies that are no JSON, no object, too deep, too large, or not declared (M1).

use acceptance::answer::Answer;
use acceptance::caller::Caller;
use acceptance::installation::Installation;
use acceptance::setup::{Setup, WEBHOOK_SECRET};
use acceptance::webhook::sha512;
use reqwest::Method;
use sqlx::PgPool;

/// Every route that reads a body.
const ROUTES: [&str; 5] =
    ["/auth/login", "/auth/refresh", "/sessions", "/messages/send", "/webhooks/waha"];

async fn start(pool: PgPool) -> (Installation, Caller) {
    let setup = Setup::default().unlimited();
    let stage = Installation::start_with(pool, setup).await;
    let tenant = stage.tenant().await;
    (stage, tenant)
}

/// Posts bytes, signed where that is needed.
async fn post(caller: &Caller, path: &str, kind: Option<&str>, body: Vec<u8>) -> Answer {
    let mut request = caller.request(Method::POST, path);
    if path == "/webhooks/waha" {
        request = request.header("X-Webhook-Hmac", sha512(WEBHOOK_SECRET, &body));
    }
    if let Some(kind) = kind {
        request = request.header("Content-Type", kind);
    }
    caller.send(request.body(body)).await
}

fn garbage() -> Vec<(&'static str, Vec<u8>)> {
    let text = |text: &str| text.as_bytes().to_vec();
    vec![
        ("nothing", text("")),
        ("white space", text("  \n")),
        ("null", text("null")),
        ("a number", text("1e999")),
        ("a text", text("\"text\"")),
        ("a list", text("[{}]")),
        ("an empty object", text("{}")),
        ("half an object", text("{\"body\":")),
        ("two objects", text("{} {}")),
        ("a comment", text("{/* */}")),
        ("single quotes", text("{'body':'x'}")),
        ("NUL bytes", vec![0; 100]),
        ("invalid UTF-8", b"{\"body\":\"\xc3\x28\xff\"}".to_vec()),
        ("UTF-16", b"\xff\xfe{\0}\0".to_vec()),
        ("a byte order mark", b"\xef\xbb\xbf{}".to_vec()),
        ("half a surrogate pair", text("{\"body\":\"\\ud83d\",\"name\":\"\\ud83d\"}")),
        ("a bad escape", text("{\"body\":\"\\x41\"}")),
        ("nested lists", "[".repeat(100_000).into_bytes()),
        ("nested objects", "{\"a\":".repeat(50_000).into_bytes()),
        ("many fields", many_fields()),
        ("a long name", format!("{{\"{}\":1}}", "n".repeat(100_000)).into_bytes()),
        ("a field twice", text("{\"body\":\"a\",\"body\":\"b\",\"name\":\"a\",\"name\":\"b\"}")),
        ("a prototype", text("{\"__proto__\":{\"admin\":true},\"constructor\":1}")),
    ]
}

fn many_fields() -> Vec<u8> {
    let fields: Vec<_> = (0..20_000).map(|n| format!("\"f{n}\":{n}")).collect();
    format!("{{{}}}", fields.join(",")).into_bytes()
}

#[sqlx::test(migrations = "../migrations")]
async fn no_garbage_in_a_body_is_more_than_a_mistake_of_the_client(pool: PgPool) {
    let (stage, tenant) = start(pool).await;
    for path in ROUTES {
        for (what, body) in garbage() {
            let answer = post(&tenant, path, Some("application/json"), body).await;
            assert_eq!(answer.status, 400, "{what} to {path}: {:?}", answer.body);
            answer.assert_is_problem();
            assert!(
                answer.bytes.len() < 65_536,
                "{what} to {path}: an answer as long as the question"
            );
        }
    }
    assert!(tenant.get("/sessions").await.rows().is_empty(), "something was made of it");
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_body_must_be_declared_as_json(pool: PgPool) {
    let (stage, tenant) = start(pool).await;
    let kinds = [
        None,
        Some("text/plain"),
        Some("application/x-www-form-urlencoded"),
        Some("multipart/form-data; boundary=x"),
        Some("application/jsonp"),
        Some("nonsense"),
    ];
    for path in &ROUTES[..4] {
        for kind in kinds {
            let answer = post(&tenant, path, kind, b"{\"name\":\"x\"}".to_vec()).await;
            assert_eq!(answer.status, 415, "{kind:?} to {path}");
            answer.assert_is_problem();
            assert_eq!(answer.codes(), ["VALID_UNSUPPORTED_MEDIA_TYPE"]);
        }
        let odd = Some("Application/JSON ; charset=utf-8");
        let answer = post(&tenant, path, odd, b"{}".to_vec()).await;
        assert_eq!(answer.status, 400, "{path} does not know its own content type");
    }
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn an_absurdly_large_body_is_refused_and_the_answer_arrives(pool: PgPool) {
    let (stage, tenant) = start(pool).await;
    let huge = async |path: &str, megabytes: usize| {
        let body = format!("{{\"body\":\"{}\"}}", "x".repeat(megabytes * 1024 * 1024));
        let answer = post(&tenant, path, Some("application/json"), body.into_bytes()).await;
        assert_eq!(answer.status, 413, "{megabytes} MB to {path}");
        answer.assert_is_problem();
        assert_eq!(answer.codes(), ["VALID_BODY_TOO_LARGE"]);
    };
    for path in ROUTES {
        huge(path, 10).await;
    }
    huge("/messages/send", 2).await;
    huge("/messages/send", 48).await;
    tenant.get("/sessions").await.expect(200);
    stage.stop().await;
}
