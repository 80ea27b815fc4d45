//! What keeps a number from being banned: few strangers a day, and no bursts to one person (D2).

use acceptance::eventually::eventually;
use acceptance::installation::Installation;
use acceptance::messages::{BOB, BOBS_CHAT, ledger_of, sent_texts, somebody};
use acceptance::setup::Setup;
use acceptance::webhook;
use sqlx::PgPool;

#[sqlx::test(migrations = "../migrations")]
async fn messages_to_one_chat_are_spaced_and_other_chats_do_not_wait(pool: PgPool) {
    let setup = Setup::default().set("DELIVERY_CHAT_SPACING_SECONDS", 3);
    let stage = Installation::start_with(pool, setup).await;
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    for text in ["one", "two"] {
        tenant.send_text(&session, text).await;
    }
    for n in 0..5 {
        tenant.send_to(&session, &somebody(n), "meanwhile").await;
    }
    let look = async || stage.waha.ledger();
    let ledger = eventually("all are sent", look, |ledger| ledger.len() == 7).await;
    let at = |text: &str| ledger.iter().find(|entry| entry.text == text).unwrap().at;
    let apart = (at("two") - at("one")).as_seconds_f64();
    assert!(apart >= 2.7, "{apart:.1} s apart");
    assert_eq!(ledger[6].text, "two", "others waited: {ledger:#?}");
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_session_writes_to_so_many_strangers_a_day_and_to_others_as_it_likes(pool: PgPool) {
    let setup = Setup::default().set("DELIVERY_FIRST_CONTACTS_PER_DAY", 3);
    let stage = Installation::start_with(pool, setup).await;
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    let wrote = webhook::arrival(&session, "AAAA", BOBS_CHAT, "Hello?");
    tenant.deliver(&wrote).await.expect(200);
    tenant.webhooks_processed("message", 1).await;

    let mut cold = Vec::new();
    for n in 0..6 {
        cold.push(tenant.send_to(&session, &somebody(n), "cold").await);
    }
    let look = async || ledger_of(&stage.waha, "cold").len();
    eventually("the budget is spent", look, |sent| *sent == 3).await;
    // Bob wrote, and the first stranger is none any more.
    for (to, text) in [(BOB, "a reply"), (somebody(0).as_str(), "again"), (BOB, "more")] {
        let id = tenant.send_to(&session, to, text).await;
        tenant.message_becomes(&id, "read").await;
    }
    assert_eq!(sent_texts(&stage.waha), ["cold", "cold", "cold", "a reply", "again", "more"]);
    let mut statuses = Vec::new();
    for id in &cold {
        statuses.push(tenant.message(id).await["status"].as_str().unwrap().to_owned());
    }
    assert_eq!(statuses[3..], ["queued"; 3], "{statuses:?}");

    // Who writes is no stranger from then on.
    let chat = somebody(5).replace('+', "") + "@c.us";
    let asked = webhook::arrival(&session, "BBBB", &chat, "Who is it?");
    tenant.deliver(&asked).await.expect(200);
    tenant.message_becomes(&cold[5], "read").await;
    assert_eq!(ledger_of(&stage.waha, "cold").len(), 4);
    stage.stop().await;
}
