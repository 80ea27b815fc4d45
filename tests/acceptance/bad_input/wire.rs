//! What is hardly HTTP: the connection may end, the engine does not.

use acceptance::installation::Installation;
use acceptance::wire::exchange;
use reqwest::Method;
use sqlx::PgPool;

#[sqlx::test(migrations = "../migrations")]
async fn bytes_that_are_hardly_http_break_nothing(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let token = stage.tenant().await.token().to_owned();
    let long_header =
        format!("GET /health HTTP/1.1\r\nHost: h\r\nX: {}\r\n\r\n", "x".repeat(1_000_000));
    let many_headers =
        format!("GET /health HTTP/1.1\r\nHost: h\r\n{}\r\n", "X: x\r\n".repeat(1_000));
    let long_path = format!("GET /{} HTTP/1.1\r\nHost: h\r\n\r\n", "x".repeat(100_000));
    let post = |rest: &str| {
        format!(
            "POST /messages/send HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {token}\r\n\
                 Content-Type: application/json\r\nConnection: close\r\n{rest}"
        )
    };
    let cases: Vec<Vec<u8>> = vec![
        b"".to_vec(),
        b"\0\0\0\0".to_vec(),
        b"\x16\x03\x01\x02\x00\x01".to_vec(),
        b"GET\r\n\r\n".to_vec(),
        b"GET / HTTP/9.9\r\n\r\n".to_vec(),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
        b"GET /\xff\xfe HTTP/1.1\r\nHost: h\r\n\r\n".to_vec(),
        b"GET /messages?search=\xff HTTP/1.1\r\nHost: h\r\n\r\n".to_vec(),
        b"GET /\0 HTTP/1.1\r\nHost: h\r\n\r\n".to_vec(),
        b"GET /health HTTP/1.1\r\nHost: h\r\nX: \0\r\n\r\n".to_vec(),
        b"GET /health HTTP/1.1\r\nHost: h\r\nX-Request-Id: \xff\xfe\r\nConnection: close\r\n\r\n"
            .to_vec(),
        b"WHATEVER /health HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".to_vec(),
        b"GET http://elsewhere/health HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".to_vec(),
        long_header.into_bytes(),
        many_headers.into_bytes(),
        long_path.into_bytes(),
        post("Content-Length: 100\r\n\r\n{\"body\":").into_bytes(),
        post("Content-Length: -1\r\n\r\n{}").into_bytes(),
        post("Content-Length: 99999999999999999999\r\n\r\n{}").into_bytes(),
        post("Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}").into_bytes(),
        post("Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n{}").into_bytes(),
        post("Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n").into_bytes(),
        post("Transfer-Encoding: gzip\r\n\r\n{}").into_bytes(),
    ];
    for case in cases {
        let shown = String::from_utf8_lossy(&case[..case.len().min(60)]).into_owned();
        let status = exchange(stage.address(), &case).await;
        assert!(status.is_none_or(|status| status < 500), "{shown:?} is answered with {status:?}");
        stage.nobody().get("/health/live").await.expect(200);
    }
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn headers_that_make_no_sense_break_nothing(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let tenant = stage.tenant().await;
    let long = "x".repeat(8_000);
    for name in [
        "Accept",
        "Accept-Language",
        "Content-Type",
        "X-Tenant-ID",
        "Origin",
        "X-Request-Id",
        "Idempotency-Key",
        "X-Forwarded-For",
        "If-None-Match",
        "Range",
        "Expect-CT",
        "Cookie",
    ] {
        for value in ["", ";;;,,,", "*/*;q=NaN", "\u{e9}", "null", "-1", long.as_str()] {
            for (method, path) in [(Method::GET, "/messages"), (Method::POST, "/auth/login")] {
                let request = tenant.request(method, path).header(name, value.as_bytes());
                let answer = tenant.send(request).await;
                assert!(answer.status < 500, "{name}: {:.20}: {}", value, answer.status);
            }
        }
    }
    stage.stop().await;
}
