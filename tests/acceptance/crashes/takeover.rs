//! What a process leaves behind, another takes over; one that only slept does no harm when it wakes (D9).

use std::time::Duration;

use acceptance::eventually::{eventually, within};
use acceptance::messages::{ledger_of, somebody};
use acceptance::port::Port;
use acceptance::process::Process;
use acceptance::setup::Setup;
use serde_json::json;
use sqlx::PgPool;
use waha_simulator::{Match, Misbehaviour, Rule};

use super::site::Site;

/// A lease runs out after 15 seconds and is found a second later; a transaction the sleeper left open is ended
/// after 5. The rest is for a busy machine.
const TAKEN_OVER: Duration = Duration::from_secs(45);

#[sqlx::test(migrations = "../migrations")]
async fn a_second_process_takes_over_what_a_killed_one_left(pool: PgPool) {
    let site = Site::new(pool, Setup::default()).await;
    let first = site.serve().await;
    let tenant = site.tenant().await;
    let session = tenant.session().await;
    site.waha.misbehave(Rule::once(Match::text("stuck"), Misbehaviour::Hang { sent: false }));
    let stuck = tenant.send_text(&session, "stuck").await;
    let look = async || ledger_of(&site.waha, "stuck").len();
    eventually("the call is on its way", look, |count| *count == 1).await;
    let behind = tenant.send_text(&session, "behind it").await;

    let other_port = Port::reserve();
    let second = Process::serve(&site.environment(&other_port)).await;
    let tenant = tenant.at(other_port.url());
    let elsewhere = tenant.send_to(&session, &somebody(1), "elsewhere").await;
    let status = async |id: &str| tenant.message(id).await["status"].clone();
    eventually("both share the work", async || status(&elsewhere).await, |s| *s != "queued").await;
    first.kill().await;

    let look = async || status(&stuck).await;
    within(TAKEN_OVER, "the stuck one is in doubt", look, |status| status == "unknown").await;
    // WAHA's webhooks go to the dead one, so the answer is all there is to see.
    eventually("the one behind it is sent", async || status(&behind).await, |s| *s == "sent").await;
    assert_eq!(ledger_of(&site.waha, "stuck").len(), 1);
    assert_eq!(ledger_of(&site.waha, "behind it").len(), 1);
    second.kill().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_process_that_slept_past_its_lease_sends_nothing_twice_when_it_wakes(pool: PgPool) {
    let site = Site::new(pool, Setup::default()).await;
    let sleeper = site.serve().await;
    let tenant = site.tenant().await;
    let session = tenant.session().await;
    let slow = Misbehaviour::Delay { milliseconds: 1_500 };
    site.waha.misbehave(Rule::once(Match::text("slow"), slow));
    site.waha.misbehave(Rule::once(Match::text("slow"), Misbehaviour::NoAcks));
    let echo = Match { event: Some("message.any".to_owned()), ..Match::text("slow") };
    site.waha.misbehave(Rule::once(echo, Misbehaviour::DropWebhook));
    let id = tenant.send_text(&session, "slow").await;
    let look = async || ledger_of(&site.waha, "slow").len();
    eventually("the call is on its way", look, |count| *count == 1).await;
    sleeper.signal("STOP").await;

    let other_port = Port::reserve();
    let other = Process::serve(&site.environment(&other_port)).await;
    let awake = tenant.at(other_port.url());
    let look = async || awake.message(&id).await["status"].clone();
    within(TAKEN_OVER, "it is in doubt", look, |status| status == "unknown").await;

    // The sleeper finds WAHA's answer waiting: proof, which is taken though the lease is gone.
    sleeper.signal("CONT").await;
    eventually("it is proven sent", look, |status| status == "sent").await;
    let next = awake.send_text(&session, "next").await;
    let look = async || awake.message(&next).await["status"].clone();
    eventually("the next one is sent", look, |status| *status != json!("queued")).await;
    assert_eq!(ledger_of(&site.waha, "slow").len(), 1);
    let story = awake.story_until(&id, "message_sent").await;
    assert_eq!(
        story.iter().filter(|event| *event == "message_attempt_started").count(),
        1,
        "{story:?}"
    );
    other.kill().await;
    sleeper.kill().await;
}
