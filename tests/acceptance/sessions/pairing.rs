//! The code to be scanned, in the form the client asks for (S1).

use acceptance::answer::Answer;
use acceptance::caller::Caller;
use acceptance::installation::Installation;
use acceptance::sessions::Session;
use acceptance::setup::Setup;
use reqwest::Method;
use sqlx::PgPool;
use waha_simulator::Engine;

async fn qr(caller: &Caller, session: &Session, accept: &str) -> Answer {
    let request = caller.request(Method::GET, &format!("/sessions/{}/qr", session.id));
    caller.send(request.header("Accept", accept)).await
}

#[sqlx::test(migrations = "../migrations")]
async fn the_code_comes_as_text_as_png_and_as_svg(pool: PgPool) {
    let stage = Installation::start_with(pool, Setup::default().unscanned()).await;
    let tenant = stage.tenant().await;
    let session = tenant.unscanned_session().await;

    let text = qr(&tenant, &session, "application/json").await.expect(200).text("value");
    assert!(text.starts_with("2@"), "{text}");

    let png = qr(&tenant, &session, "image/png").await.expect(200);
    assert_eq!(png.header("content-type"), Some("image/png"));
    let (signature, header) = png.bytes.split_at(8);
    assert_eq!(signature, b"\x89PNG\r\n\x1a\n");
    let side = |at: usize| u32::from_be_bytes(header[at..at + 4].try_into().unwrap());
    assert_eq!(&header[4..8], b"IHDR");
    assert!(side(8) == side(12) && side(8) >= 100, "{} by {}", side(8), side(12));
    assert!(png.bytes.ends_with(b"IEND\xaeB`\x82"), "the picture breaks off");

    let svg = qr(&tenant, &session, "image/svg+xml").await.expect(200);
    assert_eq!(svg.header("content-type"), Some("image/svg+xml"));
    let svg = String::from_utf8(svg.bytes).unwrap();
    assert!(svg.contains("<svg") && svg.trim_end().ends_with("</svg>"), "{svg}");
    assert!(svg.contains("<path") || svg.contains("<rect"), "there is nothing in the picture");
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_new_code_is_shown_once_whatsapp_refreshes_it(pool: PgPool) {
    let stage = Installation::start_with(pool, Setup::default().unscanned()).await;
    let tenant = stage.tenant().await;
    let session = tenant.unscanned_session().await;
    let first = qr(&tenant, &session, "application/json").await.text("value");
    stage.waha.refresh_qr(&session.waha_name).unwrap();
    let second = qr(&tenant, &session, "application/json").await.text("value");
    assert_ne!(first, second);
    let picture = qr(&tenant, &session, "image/*").await.expect(200);
    assert_eq!(picture.header("content-type"), Some("image/png"), "the first offer that fits");
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_paired_session_shows_no_code_and_a_strange_form_is_not_offered(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    let refused = qr(&tenant, &session, "image/png").await.expect(409);
    refused.assert_is_problem();
    assert_eq!(refused.codes(), ["SESSION_WRONG_STATE"]);
    qr(&tenant, &session, "text/html").await.expect(406).assert_is_problem();
    stage.stop().await;
}

/// WhatsApp ends the first connection of a new pairing with stream error 515; NOWEB connects again by itself.
#[sqlx::test(migrations = "../migrations")]
async fn the_restart_that_whatsapp_asks_for_after_a_scan_is_no_failure(pool: PgPool) {
    let setup = Setup::default().engine(Engine::Noweb).unscanned();
    let stage = Installation::start_with(pool.clone(), setup).await;
    let tenant = stage.tenant().await;
    let session = tenant.unscanned_session().await;
    tenant.scan(&stage.waha, &session).await;
    let told = "select data ->> 'status' from events where event_type = 'session_status_changed'
                order by version";
    let told: Vec<String> = sqlx::query_scalar(told).fetch_all(&pool).await.unwrap();
    assert_eq!(told[told.len() - 3..], ["SCAN_QR_CODE", "STARTING", "WORKING"], "{told:?}");
    let asked = "select count(*) from events where event_type = 'session_action_requested'";
    let asked: i64 = sqlx::query_scalar(asked).fetch_one(&pool).await.unwrap();
    assert_eq!(asked, 0, "it was restarted, though it only connected again");
    let shown = tenant.get(&format!("/sessions/{}", session.id)).await.expect(200);
    assert!(shown.data()["phone"].is_string(), "{:?}", shown.body);
    let id = tenant.send_text(&session, "paired").await;
    tenant.message_becomes(&id, "read").await;
    stage.stop().await;
}
