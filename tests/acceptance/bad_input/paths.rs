//! Ids that are none, in every path (M5).

use acceptance::installation::Installation;
use acceptance::setup::Setup;
use reqwest::Method;
use sqlx::PgPool;

/// Every route with something in its path.
const ROUTES: [(&str, &str); 13] = [
    ("GET", "/sessions/{}"),
    ("DELETE", "/sessions/{}"),
    ("POST", "/sessions/{}/start"),
    ("POST", "/sessions/{}/stop"),
    ("POST", "/sessions/{}/restart"),
    ("POST", "/sessions/{}/logout"),
    ("GET", "/sessions/{}/qr"),
    ("GET", "/messages/{}"),
    ("GET", "/messages/{}/events"),
    ("GET", "/messages/format-phone/{}"),
    ("GET", "/dead-letters/{}"),
    ("DELETE", "/dead-letters/{}"),
    ("POST", "/dead-letters/{}/redrive"),
];

fn garbage() -> Vec<String> {
    let plain = [
        "17",
        "-1",
        "null",
        "undefined",
        "00000000-0000-0000-0000-00000000000",
        "00000000-0000-0000-0000-0000000000000",
        "zzzzzzzz-zzzz-zzzz-zzzz-zzzzzzzzzzzz",
        "ffffffff-ffff-ffff-ffff-ffffffffffff",
        "%7B0190f3c4-7a3b-7c1d-9e2f-000000000001%7D",
        "%00",
        "%ff%fe",
        "%C3%28",
        "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "%27%20or%201%3D1%20--",
        "%F0%9F%92%A5",
        "%",
        "%zz",
        "a%20b",
        "..%2f",
        "*",
        "%0d%0aX-Evil:%20yes",
    ];
    let mut garbage: Vec<String> = plain.iter().map(|text| (*text).to_owned()).collect();
    garbage.push("x".repeat(5_000));
    garbage.push("9".repeat(1_000));
    garbage
}

#[sqlx::test(migrations = "../migrations")]
async fn what_is_no_id_names_nothing(pool: PgPool) {
    let setup = Setup::default().unlimited();
    let stage = Installation::start_with(pool, setup).await;
    let tenant = stage.tenant().await;
    for (method, route) in ROUTES {
        for id in garbage() {
            let path = route.replace("{}", &id);
            let request = tenant.request(method.parse::<Method>().unwrap(), &path);
            let answer = tenant.send(request).await;
            let expected = if route.contains("phone") { [400, 404] } else { [404, 404] };
            assert!(expected.contains(&answer.status), "{method} {path}: {}", answer.status);
            answer.assert_is_problem();
            assert!(answer.header("x-evil").is_none());
        }
    }
    stage.stop().await;
}
