//! Query strings nobody would write, on every route that is read (M5).

use acceptance::installation::Installation;
use acceptance::setup::Setup;
use sqlx::PgPool;
use uuid::Uuid;

const OPEN: [&str; 8] = [
    "/health",
    "/health/db",
    "/health/live",
    "/health/ready",
    "/waha/health",
    "/webhooks/health",
    "/webhooks/stats",
    "/metrics",
];
const READ: [&str; 8] = [
    "/messages",
    "/messages/stats",
    "/messages/{id}",
    "/messages/{id}/events",
    "/sessions",
    "/sessions/{id}",
    "/dead-letters",
    "/dead-letters/{id}",
];

fn garbage() -> Vec<String> {
    let plain = [
        "",
        "&&&",
        "=",
        "=x",
        "a",
        "limit",
        "limit=",
        "limit=%",
        "limit=%zz",
        "search=%ff",
        "search=%C3%28",
        "search=%00",
        "search=%25%5F%5C%27",
        "search[]=a&search[]=b",
        "limit[$gt]=1",
        "page=NaN",
        "page=1e9",
        "page=0x10",
        "page=+1",
        "page=18446744073709551616",
        "limit=18446744073709551615&page=18446744073709551615",
        "cursor=00000000000000000000000000000000000000000000000g",
        "cursor=8000000000000000ffffffffffffffffffffffffffffffff",
        "fromDate=0000-00-00T00:00:00Z",
        "fromDate=-262143-01-01T00:00:00Z",
        "toDate=+262142-12-31T23:59:59Z",
        "fromDate=2026-01-01T00:00:00.999999999999Z",
        "fromDate=-9999-01-01T00:00:00Z&toDate=9999-12-31T23:59:60Z",
        "after=4294967296",
        "after=-1",
        "sessionId=00000000000000000000000000000000",
        "sessionId={}",
        "to=%2B&from=%2B",
        "status=read&status=sent",
        "__proto__=1",
        "a;b;c",
    ];
    let mut garbage: Vec<String> = plain.iter().map(|text| (*text).to_owned()).collect();
    garbage.push(format!("search={}", "%F0%9F%92%A5".repeat(500)));
    garbage.push((0..500).map(|n| format!("f{n}={n}")).collect::<Vec<_>>().join("&"));
    garbage
}

#[sqlx::test(migrations = "../migrations")]
async fn no_query_is_more_than_a_mistake_of_the_client(pool: PgPool) {
    let setup = Setup::default().unlimited();
    let stage = Installation::start_with(pool, setup).await;
    let tenant = stage.tenant().await;
    for path in OPEN.into_iter().chain(READ) {
        let path = path.replace("{id}", &Uuid::nil().to_string());
        for query in garbage() {
            let answer = tenant.get(&format!("{path}?{query}")).await;
            let shown: String = query.chars().take(60).collect();
            assert!(answer.status < 500, "{path}?{shown}: {} {:?}", answer.status, answer.body);
            if answer.status >= 400 {
                answer.assert_is_problem();
            }
        }
    }
    stage.stop().await;
}
