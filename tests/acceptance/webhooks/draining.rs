//! A process that shuts down takes no webhook it might not keep: WAHA delivers it again elsewhere (W2, X8).

use acceptance::installation::Installation;
use acceptance::sessions::Session;
use acceptance::setup::WEBHOOK_SECRET;
use acceptance::webhook::{arrival, sha512};
use acceptance::wire;
use sqlx::PgPool;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

#[sqlx::test(migrations = "../migrations")]
async fn a_webhook_that_arrives_during_a_shutdown_is_to_be_delivered_again(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let stranger = Session { id: String::new(), waha_name: "stranger".to_owned() };
    let body = arrival(&stranger, "AA", "6281234567890@c.us", "at the last moment").to_string();
    let head = format!(
        "POST /webhooks/waha HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nX-Webhook-Hmac: {}\r\n\r\n",
        body.len(),
        sha512(WEBHOOK_SECRET, body.as_bytes()),
    );
    let (first, rest) = body.split_at(10);
    let mut stream = TcpStream::connect(stage.address()).await.unwrap();
    stream.write_all(format!("{head}{first}").as_bytes()).await.unwrap();
    // An answer on another connection: the engine has had time to begin with this one.
    stage.nobody().get("/health/live").await.expect(200);

    let ((), answer) = tokio::join!(stage.stop(), async {
        stream.write_all(rest.as_bytes()).await.unwrap();
        wire::read(&mut stream).await
    });
    assert_eq!(wire::status(&answer), Some(503), "{answer}");
    let lower = answer.to_ascii_lowercase();
    assert!(lower.contains("retry-after: ") && answer.contains("WEBHOOK_DRAINING"), "{answer}");
}
