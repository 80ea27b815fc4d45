//! One person under a number and under the id that hides it is one person (W3).

use acceptance::caller::Caller;
use acceptance::installation::Installation;
use acceptance::messages::somebody;
use acceptance::sessions::Session;
use acceptance::webhook::event;
use serde_json::{Value, json};
use sqlx::PgPool;
use waha_simulator::{Match, Misbehaviour, Rule};

const TEAM: &str = "120363000000000000@g.us";
const BOB: &str = "6281234567890@c.us";
const HIDDEN_BOB: &str = "222222222222222@lid";

/// What somebody wrote to the team, as it is told under one of their names and, perhaps, with the other beside.
fn to_team(session: &Session, id: &str, who: &str, other: Option<&str>) -> Value {
    let payload = json!({
        "id": format!("false_{TEAM}_{id}_{who}"), "from": TEAM, "participant": who, "fromMe": false,
        "body": id, "hasMedia": false, "_data": { "key": { "participantAlt": other } },
    });
    event(session, "message", &payload)
}

/// What somebody wrote to us alone.
fn to_us(session: &Session, id: &str, who: &str, other: Option<&str>) -> Value {
    let payload = json!({
        "id": format!("false_{who}_{id}"), "from": who, "fromMe": false, "body": id,
        "hasMedia": false, "_data": { "key": { "remoteJidAlt": other } },
    });
    event(session, "message", &payload)
}

/// The text and the sender of each message, in alphabetical order, once so many webhooks are processed: by the log, for
/// a view may be behind.
async fn received(pool: &PgPool, tenant: &Caller, webhooks: u64) -> Vec<(String, Value)> {
    tenant.webhooks_processed("message", webhooks).await;
    let query = "select data from events where event_type = 'message_received'";
    let received: Vec<Value> = sqlx::query_scalar(query).fetch_all(pool).await.unwrap();
    let told = |data: &Value| (data["body"].as_str().unwrap().to_owned(), data["from"].clone());
    let mut told: Vec<_> = received.iter().map(told).collect();
    told.sort_by(|a, b| a.0.cmp(&b.0));
    told
}

async fn start(pool: &PgPool) -> (Installation, Caller, Session) {
    let stage = Installation::start(pool.clone()).await;
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    (stage, tenant, session)
}

fn row(id: &str, from: &Value) -> (String, Value) {
    (id.to_owned(), from.clone())
}

#[sqlx::test(migrations = "../migrations")]
async fn a_message_told_under_both_names_is_received_once(pool: PgPool) {
    let (stage, tenant, session) = start(&pool).await;
    let number = json!("+6281234567890");
    for webhook in [
        to_team(&session, "A", HIDDEN_BOB, Some("6281234567890@s.whatsapp.net")),
        to_team(&session, "A", BOB, None),
        // From now on it is known whose id that is.
        to_team(&session, "B", BOB, None),
        to_team(&session, "B", HIDDEN_BOB, None),
        to_team(&session, "C", HIDDEN_BOB, None),
        to_team(&session, "C", BOB, None),
    ] {
        tenant.deliver(&webhook).await.expect(200);
    }
    let expected = ["A", "B", "C"].map(|id| row(id, &number));
    assert_eq!(received(&pool, &tenant, 6).await, expected);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn what_came_under_the_hidden_id_before_anybody_knew_is_found_again(pool: PgPool) {
    let (stage, tenant, session) = start(&pool).await;
    let number = json!("+6281234567890");
    for webhook in [
        to_team(&session, "A", HIDDEN_BOB, None),
        to_us(&session, "B", BOB, Some(HIDDEN_BOB)),
        to_team(&session, "A", BOB, None),
    ] {
        tenant.deliver(&webhook).await.expect(200);
    }
    let expected = [row("A", &Value::Null), row("B", &number)];
    assert_eq!(received(&pool, &tenant, 3).await, expected);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn the_number_of_a_hidden_sender_is_shown_once_it_is_known_and_to_its_session_alone(
    pool: PgPool,
) {
    let (stage, tenant, session) = start(&pool).await;
    let other = tenant.new_session("other").await;
    for webhook in [
        to_us(&session, "A", HIDDEN_BOB, Some("6281234567890@s.whatsapp.net")),
        to_us(&session, "B", HIDDEN_BOB, None),
        to_us(&other, "C", HIDDEN_BOB, None),
        to_us(&session, "D", "333333333333333@lid", None),
    ] {
        tenant.deliver(&webhook).await.expect(200);
    }
    let number = json!("+6281234567890");
    let expected =
        [row("A", &number), row("B", &number), row("C", &Value::Null), row("D", &Value::Null)];
    assert_eq!(received(&pool, &tenant, 4).await, expected);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_reply_under_a_hidden_id_is_the_numbers(pool: PgPool) {
    let (stage, tenant, session) = start(&pool).await;
    let exception = Some("2 UNKNOWN: server returned error 463".to_owned());
    let locked = Misbehaviour::Answer { status: 500, sent: false, exception };
    stage.waha.misbehave(Rule::once(Match::text("cold"), locked));
    let cold = tenant.send_to(&session, &somebody(1), "cold").await;
    tenant.message_becomes(&cold, "retrying").await;
    let waiting = tenant.send_text(&session, "you wrote").await;
    // In a group it is nobody's reply, but it tells who that is.
    tenant.deliver(&to_team(&session, "A", BOB, Some(HIDDEN_BOB))).await.expect(200);
    tenant.webhooks_processed("message", 1).await;
    assert_eq!(tenant.message(&waiting).await["status"], "queued");
    tenant.deliver(&to_us(&session, "B", HIDDEN_BOB, None)).await.expect(200);
    tenant.message_becomes(&waiting, "read").await;
    stage.stop().await;
}
