//! `demo`, as `make demo` runs it.

use acceptance::setup::Setup;
use sqlx::PgPool;
use waha_simulator::{Match, Misbehaviour, Rule, Simulator};

use super::shell::{Ended, Shell};

async fn demo(pool: &PgPool, waha: &Simulator) -> Ended {
    let shell = Shell::new(pool, &waha.base_url()).set("DEMO_ONCE", Some("1"));
    shell.run(&["demo"]).await
}

#[sqlx::test(migrations = "../migrations")]
async fn the_demo_sends_a_message_shows_it_read_and_ends(pool: PgPool) {
    let waha = Simulator::start(Setup::default().waha).await.unwrap();
    let ended = demo(&pool, &waha).await;
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    for told in ["message_queued", "message_sent", "message_read", "Delivered and read"] {
        assert!(ended.stdout.contains(told), "{told} is not told: {ended:#?}");
    }
    assert_eq!(waha.ledger().len(), 1);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_demo_whose_message_is_refused_says_so_and_fails(pool: PgPool) {
    let waha = Simulator::start(Setup::default().waha).await.unwrap();
    waha.misbehave(Rule::always(Match::any(), Misbehaviour::AckError));
    let ended = demo(&pool, &waha).await;
    assert_eq!(ended.code, Some(1), "{ended:#?}");
    assert!(ended.stderr.contains("was not delivered"), "{ended:#?}");
}
