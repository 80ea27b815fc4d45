//! A request that belongs to a trace (W3C Trace Context) is found under it in the log, and WAHA is called within it.

use acceptance::caller::Caller;
use acceptance::port::Port;
use acceptance::process::Process;
use acceptance::setup::Setup;
use reqwest::Method;
use serde_json::Value;
use sqlx::PgPool;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN: &str = "00f067aa0ba902b7";

/// Answers everything with nothing, until a request is made within the trace; that request.
async fn traced(waha: TcpListener) -> String {
    loop {
        let (mut stream, _) = waha.accept().await.unwrap();
        let mut bytes = [0; 4_096];
        let length = stream.read(&mut bytes).await.unwrap_or_default();
        let request = String::from_utf8_lossy(&bytes[..length]).into_owned();
        let _ = stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n").await;
        if request.contains(TRACE) {
            return request;
        }
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_trace_is_logged_and_goes_on_to_waha(pool: PgPool) {
    let waha = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", waha.local_addr().unwrap());
    let port = Port::reserve();
    let setup = Setup::default().set("LOG_FORMAT", "json").set("LOG_LEVEL", "info");
    let environment = setup.environment(&pool.connect_options(), &url, port.address());
    let process = Process::serve(&environment).await;
    let nobody = Caller::nobody(port.url());

    let traceparent = format!("00-{TRACE}-{SPAN}-01");
    let request = nobody.request(Method::GET, "/waha/health").header("traceparent", traceparent);
    let (_, called) = tokio::join!(nobody.send(request), traced(waha));
    let line = called.lines().find(|line| line.contains(TRACE)).unwrap();
    assert!(line.starts_with(&format!("traceparent: 00-{TRACE}-")), "{line}");
    assert!(line.ends_with("-01") && !line.contains(SPAN), "the span is another's: {line}");

    let wrong = nobody.request(Method::GET, "/health/live").header("traceparent", "00-nonsense-01");
    nobody.send(wrong).await.expect(200);

    process.signal("TERM").await;
    let (_, printed) = process.end_and_tell().await;
    let printed = String::from_utf8_lossy(&printed).into_owned();
    let lines = printed.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let lines: Vec<_> = lines.collect();
    let of = |route: &str| lines.iter().rfind(|line| line["route"] == route).unwrap();
    assert_eq!(of("/waha/health")["trace_id"], TRACE, "{printed}");
    assert!(of("/health/live")["trace_id"].is_null(), "{printed}");
}
