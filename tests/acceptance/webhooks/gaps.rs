//! What WAHA told nobody, because nobody listened or it was restarted, is read from its chats (W7).

use acceptance::caller::Caller;
use acceptance::clock::now;
use acceptance::eventually::eventually;
use acceptance::installation::Installation;
use acceptance::messages::{BOBS_CHAT, ledger_of};
use acceptance::sessions::Session;
use acceptance::setup::Setup;
use acceptance::webhook::arrival;
use serde_json::Value;
use sqlx::PgPool;
use waha_simulator::{Match, Misbehaviour, Rule};

const ALICES_CHAT: &str = "6289999999999@c.us";
const TEAM: &str = "120363000000000000@g.us";
const DEVICE: i8 = 2;
const READ: i8 = 3;

/// Whoever may have missed something looks at once.
fn attentive() -> Setup {
    Setup::default().set("WEBHOOK_GAP_WINDOW_HOURS", 24).set("WEBHOOK_GAP_WAIT_SECONDS", 0)
}

/// Silence is suspicious after a second.
fn suspicious() -> Setup {
    attentive().set("WEBHOOK_SILENCE_SECONDS", 1)
}

async fn begin(pool: &PgPool, setup: Setup) -> (Installation, Caller, Session) {
    let stage = Installation::start_with(pool.clone(), setup).await;
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    (stage, tenant, session)
}

/// What others wrote, in alphabetical order, once there is so much of it.
async fn received(tenant: &Caller, count: usize) -> Vec<String> {
    let look = async || {
        let list = tenant.get("/messages?direction=inbound&limit=100").await;
        let body = |row: &Value| row["body"].as_str().unwrap().to_owned();
        let mut bodies: Vec<_> = list.expect(200).rows().iter().map(body).collect();
        bodies.sort();
        bodies
    };
    eventually(&format!("{count} messages are received"), look, |seen| seen.len() == count).await
}

/// The session's events of this name.
async fn told(pool: &PgPool, event_type: &str) -> Vec<Value> {
    let query = "select data from events where event_type = $1 order by transaction_id, position";
    sqlx::query_scalar(query).bind(event_type).fetch_all(pool).await.unwrap()
}

/// A message of ours that WhatsApp's server has, and nobody's phone.
async fn sent(stage: &Installation, tenant: &Caller, session: &Session, text: &str) -> [String; 2] {
    stage.waha.misbehave(Rule::once(Match::text(text), Misbehaviour::NoAcks));
    let id = tenant.send_text(session, text).await;
    tenant.message_becomes(&id, "sent").await;
    [id, ledger_of(&stage.waha, text).remove(0).message_id.unwrap()]
}

#[sqlx::test(migrations = "../migrations")]
async fn what_came_while_no_engine_listened_and_waha_forgot_is_read_from_the_chats(pool: PgPool) {
    let (stage, tenant, session) = begin(&pool, attentive()).await;
    stage.waha.receive(&session.waha_name, BOBS_CHAT, "a: before").unwrap();
    received(&tenant, 1).await;
    let [id, waha_id] = sent(&stage, &tenant, &session, "are you there?").await;
    let name = session.waha_name.clone();
    // The first look, when the session was paired, may have been faster than the first webhook.
    let looked_at_first = told(&pool, "session_gap_repaired").await.len();
    let stage = stage
        .restarted_after(async |waha| {
            for (chat, body) in
                [(BOBS_CHAT, "b"), (ALICES_CHAT, "c"), (TEAM, "d"), (BOBS_CHAT, "e")]
            {
                waha.receive(&name, chat, body).unwrap();
            }
            waha.acknowledge(&name, &waha_id, READ).unwrap();
            waha.restart_losing_memory();
        })
        .await;
    assert_eq!(received(&tenant, 5).await, ["a: before", "b", "c", "d", "e"]);
    tenant.message_becomes(&id, "read").await;
    let look = async || told(&pool, "session_gap_repaired").await.split_off(looked_at_first);
    let repairs = eventually("the repair is told", look, |told| !told.is_empty()).await;
    let sum = |field: &str| repairs.iter().map(|told| told[field].as_u64().unwrap()).sum::<u64>();
    assert_eq!((sum("messages"), sum("acknowledgements")), (4, 1), "{repairs:#?}");
    assert!(repairs.iter().all(|told| told["is_complete"] == true));
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_webhook_that_comes_late_after_all_changes_nothing(pool: PgPool) {
    let (stage, tenant, session) = begin(&pool, attentive()).await;
    let [id, waha_id] = sent(&stage, &tenant, &session, "are you there?").await;
    let (name, mut missed) = (session.waha_name.clone(), String::new());
    let stage = stage
        .restarted_after(async |waha| {
            // Nothing but our own absence tells that anything was missed.
            for event in ["message", "message.any", "message.ack"] {
                waha.misbehave(Rule::once(Match::event(event), Misbehaviour::DropWebhook));
            }
            missed = waha.receive(&name, BOBS_CHAT, "only once").unwrap();
            waha.acknowledge(&name, &waha_id, DEVICE).unwrap();
        })
        .await;
    received(&tenant, 1).await;
    tenant.message_becomes(&id, "delivered").await;
    // As if WAHA had kept it.
    tenant.deliver(&arrival(&session, &missed, BOBS_CHAT, "only once")).await.expect(200);
    stage.waha.acknowledge(&name, &waha_id, DEVICE).unwrap();
    tenant.webhooks_processed("message", 1).await;
    tenant.webhooks_processed("message.ack", 1).await;
    assert_eq!(received(&tenant, 1).await, ["only once"]);
    tenant
        .story_becomes(
            &id,
            &["message_queued", "message_attempt_started", "message_sent", "message_delivered"],
        )
        .await;
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn what_waha_had_still_to_tell_when_it_was_restarted_is_read_from_the_chats(pool: PgPool) {
    let (stage, tenant, session) = begin(&pool, attentive()).await;
    for _ in 0..2 {
        stage.waha.misbehave(Rule::once(Match::text("lost"), Misbehaviour::DropWebhook));
    }
    stage.waha.receive(&session.waha_name, BOBS_CHAT, "lost").unwrap();
    stage.waha.restart_losing_memory();
    assert_eq!(received(&tenant, 1).await, ["lost"]);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_session_that_is_silent_for_long_is_looked_at_by_one_of_two_engines(pool: PgPool) {
    let (stage, tenant, session) = begin(&pool, suspicious()).await;
    let other = stage.another(&suspicious());
    stage.waha.misbehave(Rule::always(Match::event("message"), Misbehaviour::DropWebhook));
    stage.waha.misbehave(Rule::always(Match::event("message.any"), Misbehaviour::DropWebhook));
    for body in ["a", "b", "c"] {
        stage.waha.receive(&session.waha_name, BOBS_CHAT, body).unwrap();
    }
    assert_eq!(received(&tenant, 3).await, ["a", "b", "c"]);
    let look = async || {
        let repairs = told(&pool, "session_gap_repaired").await;
        repairs.iter().map(|told| told["messages"].as_u64().unwrap()).sum::<u64>()
    };
    eventually("the repairs are told", look, |messages| *messages == 3).await;
    other.stop().await;
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_waha_that_is_away_is_asked_again(pool: PgPool) {
    let (stage, tenant, session) = begin(&pool, attentive()).await;
    let overview = format!("/api/{}/chats/overview", session.waha_name);
    let name = session.waha_name.clone();
    let stage = stage
        .restarted_after(async |waha| {
            waha.receive(&name, BOBS_CHAT, "patience").unwrap();
            waha.restart_losing_memory();
            for _ in 0..2 {
                let away = Misbehaviour::Answer { status: 503, sent: false, exception: None };
                waha.misbehave(Rule::once(Match::path(overview.as_str()), away));
            }
        })
        .await;
    assert_eq!(received(&tenant, 1).await, ["patience"]);
    assert_eq!(told(&pool, "session_gap_left").await, Vec::<Value>::new());
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_waha_that_keeps_no_chats_is_noted_once(pool: PgPool) {
    let (stage, tenant, session) = begin(&pool, suspicious()).await;
    let overview = format!("/api/{}/chats/overview", session.waha_name);
    let no_store = Misbehaviour::Answer { status: 400, sent: false, exception: None };
    stage.waha.misbehave(Rule::always(Match::path(overview.as_str()), no_store));
    let look = async || told(&pool, "session_gap_left").await;
    eventually("it is noted", look, |told| !told.is_empty()).await;
    // It can be seen again, which is told, too; between the two it was asked more than once.
    stage.waha.behave();
    let look = async || told(&pool, "session_gap_repaired").await;
    eventually("it is seen again", look, |told| !told.is_empty()).await;
    let left = told(&pool, "session_gap_left").await;
    assert_eq!(left.len(), 1, "{left:#?}");
    assert_eq!(left[0]["reason"], "WAHA refused: WAHA answered 400: Bad Request");
    tenant.session_becomes(&session, "WORKING").await;
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn what_was_said_before_the_pairing_is_not_told(pool: PgPool) {
    let stage = Installation::start_with(pool.clone(), suspicious().unscanned()).await;
    let tenant = stage.tenant().await;
    let session = tenant.unscanned_session().await;
    stage.waha.misbehave(Rule::always(Match::text("lost"), Misbehaviour::DropWebhook));
    stage.waha.receive(&session.waha_name, ALICES_CHAT, "lost: the phone's own past").unwrap();
    // WhatsApp tells whole seconds.
    let then = now().timestamp();
    eventually("a second has passed", async || now().timestamp(), |now| *now > then).await;
    tenant.scan(&stage.waha, &session).await;
    stage.waha.receive(&session.waha_name, BOBS_CHAT, "lost: since then").unwrap();
    assert_eq!(received(&tenant, 1).await, ["lost: since then"]);
    stage.stop().await;
}
