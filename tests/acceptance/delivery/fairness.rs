//! One busy tenant does not delay another (D3).

use std::time::Duration;

use acceptance::eventually::eventually;
use acceptance::installation::Installation;
use acceptance::messages::{ledger_of, somebody};
use acceptance::setup::Setup;
use futures::future::join_all;
use sqlx::PgPool;

const CROWD: usize = 300;
/// How many of the crowd may go before a stranger's only message: what was on its way already, and a round.
const AHEAD_MAX: usize = 40;

#[sqlx::test(migrations = "../migrations")]
async fn a_single_message_does_not_wait_for_another_tenants_crowd(pool: PgPool) {
    let stage = Installation::start_with(pool, Setup::default().unscanned()).await;
    let (busy, quiet) = (stage.tenant().await, stage.tenant().await);
    let (crowded, calm) = (busy.unscanned_session().await, quiet.unscanned_session().await);
    quiet.scan(&stage.waha, &calm).await;
    for tens in (0..CROWD).collect::<Vec<_>>().chunks(10) {
        let numbers: Vec<_> = tens.iter().map(|n| somebody(*n)).collect();
        join_all(numbers.iter().map(|to| busy.send_to(&crowded, to, "crowd"))).await;
    }
    stage.waha.delay_answers(Duration::from_millis(40));
    busy.scan(&stage.waha, &crowded).await;
    let look = async || ledger_of(&stage.waha, "crowd").len();
    eventually("the crowd moves", look, |sent| *sent >= 20).await;

    let before = look().await;
    assert!(before + 2 * AHEAD_MAX < CROWD, "the crowd is gone before the test begins: {before}");
    quiet.send_text(&calm, "single").await;
    let alone = async || ledger_of(&stage.waha, "single");
    let single = eventually("it is sent", alone, |entries| entries.len() == 1).await;
    let ahead = single[0].sequence - before;
    assert!(ahead <= AHEAD_MAX, "{ahead} of the crowd went first");
    stage.stop().await;
}
