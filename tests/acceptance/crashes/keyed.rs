//! Requests under an `Idempotency-Key`, and processes that race, die or sleep: one effect, and one answer (M8).

use std::collections::BTreeSet;

use acceptance::caller::Caller;
use acceptance::directory::PASSWORD;
use acceptance::eventually::eventually;
use acceptance::keyed::to_bob;
use acceptance::messages::ledger_of;
use acceptance::port::Port;
use acceptance::process::Process;
use acceptance::sessions::Session;
use acceptance::setup::Setup;
use eventstoredb_fake::{Fake, FakeOptions};
use failpoint::{ASLEEP, Failpoint, SLEEP, VARIABLE};
use futures::future::join_all;
use reqwest::Method;
use serde_json::json;
use sqlx::PgPool;
use waha_simulator::{Match, Misbehaviour, Rule};

use super::site::Site;

/// Where a process may die on the way of a request with a key, in order.
const PLACES: [Failpoint; 5] = [
    Failpoint::KeyReserved,
    Failpoint::AppendAsked,
    Failpoint::AppendCommitted,
    Failpoint::KeyedRequestDone,
    Failpoint::AnswerKept,
];
const RACERS: usize = 20;

/// A process that dies at a place, or sleeps there.
async fn doomed(site: &Site, told: String) -> Process {
    let mut environment = site.environment(&site.port);
    environment.insert(VARIABLE, told);
    Process::serve(&environment).await
}

async fn send_in_vain(tenant: &Caller, session: &Session, text: &str) {
    let request = tenant.request(Method::POST, "/messages/send").header("Idempotency-Key", text);
    let answer = tenant.try_send(request.json(&to_bob(session, text))).await;
    assert!(answer.is_err(), "the dead answered: {answer:?}");
}

/// The ids of the messages with a text.
async fn ids_of(tenant: &Caller, text: &str) -> Vec<String> {
    let listed = tenant.get("/messages?limit=100").await.expect(200);
    let ours = listed.rows().iter().filter(|row| row["body"] == text);
    ours.map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

/// Dies at every place, one after the other; each time the client asks the next process again.
async fn die_and_be_asked_again(site: &Site, places: &[Failpoint]) {
    let process = site.serve().await;
    let tenant = site.tenant().await;
    let session = tenant.session().await;
    process.kill().await;
    for place in places {
        let (text, process) = (place.name(), doomed(site, place.name().to_owned()).await);
        send_in_vain(&tenant, &session, text).await;
        process.end().await;

        let next = site.serve().await;
        let answer = tenant.send_once_until_answered(text, &session, text).await.expect(202);
        let id = answer.text("id");
        assert_eq!(answer.header("location"), Some(format!("/messages/{id}").as_str()));
        assert_eq!(answer.is_replayed(), *place == Failpoint::AnswerKept, "{text}: {answer:?}");
        let again = tenant.send_once(text, &session, text).await;
        assert!(again.is_replayed() && again.bytes == answer.bytes, "{again:?} {answer:?}");
        tenant.message_becomes(&id, "read").await;
        assert_eq!(ids_of(&tenant, text).await, [id], "{text}");
        assert_eq!(ledger_of(&site.waha, text).len(), 1, "{text}");
        next.kill().await;
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn wherever_a_process_dies_the_request_made_again_is_carried_out_once(pool: PgPool) {
    let site = Site::new(pool, Setup::default()).await;
    die_and_be_asked_again(&site, &PLACES).await;
}

#[sqlx::test(migrations = "../migrations")]
async fn the_same_holds_with_the_events_in_the_fake(pool: PgPool) {
    let fake = Fake::start(FakeOptions::default()).await.unwrap();
    let site = Site::new(pool, Setup::default().set("EVENT_STORE_URL", fake.url())).await;
    let places = [Failpoint::KeyReserved, Failpoint::KeyedRequestDone, Failpoint::AnswerKept];
    die_and_be_asked_again(&site, &places).await;
    fake.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn of_many_at_two_processes_one_is_carried_out(pool: PgPool) {
    let site = Site::new(pool, Setup::default()).await;
    let first = site.serve().await;
    let other_port = Port::reserve();
    let second = Process::serve(&site.environment(&other_port)).await;
    let tenant = site.tenant().await;
    let session = tenant.session().await;
    let doors = [tenant.clone(), tenant.at(other_port.url())];
    let racers = (0..RACERS).map(|n| doors[n % 2].send_once("k", &session, "once"));
    let answers = join_all(racers).await;
    let mut ids = BTreeSet::new();
    for answer in answers {
        match answer.status {
            202 => drop(ids.insert(answer.text("id"))),
            _ => assert_eq!(answer.codes(), ["IDEMPOTENCY_KEY_IN_FLIGHT"], "{answer:?}"),
        }
    }
    let answer = tenant.send_once("k", &session, "once").await.expect(202);
    assert_eq!(Vec::from_iter(ids), [answer.text("id")]);
    tenant.message_becomes(&answer.text("id"), "read").await;
    assert_eq!(ids_of(&tenant, "once").await.len(), 1);
    assert_eq!(ledger_of(&site.waha, "once").len(), 1);
    first.kill().await;
    second.kill().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn whoever_slept_past_its_lease_answers_what_the_other_did(pool: PgPool) {
    let site = Site::new(pool, Setup::default()).await;
    let other_port = Port::reserve();
    let other = Process::serve(&site.environment(&other_port)).await;
    let here = site.tenant_at(&other_port).await.at(site.port.url());
    let there = here.at(other_port.url());
    let session = there.session().await;
    for place in [Failpoint::KeyReserved, Failpoint::KeyedRequestDone] {
        let text = place.name();
        let sleeper = doomed(&site, format!("{SLEEP}{text}")).await;
        let (late, early) = tokio::join!(here.send_once(text, &session, text), async {
            let asleep = format!("{ASLEEP} {text}");
            let look = async || String::from_utf8_lossy(&sleeper.printed()).contains(&asleep);
            eventually("it sleeps", look, |is_so| *is_so).await;
            let early = there.send_once_until_answered(text, &session, text).await.expect(202);
            sleeper.signal("CONT").await;
            early
        });
        assert!(!early.is_replayed() && late.is_replayed(), "{early:?} {late:?}");
        assert_eq!((late.status, &late.bytes), (202, &early.bytes));
        there.message_becomes(&early.text("id"), "read").await;
        assert_eq!(ids_of(&there, text).await.len(), 1);
        assert_eq!(ledger_of(&site.waha, text).len(), 1);
        sleeper.kill().await;
    }
    other.kill().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_session_whose_maker_died_while_waha_was_at_it_is_made_once(pool: PgPool) {
    let site = Site::new(pool, Setup::default()).await;
    let process = site.serve().await;
    let tenant = site.tenant().await;
    let body = json!({ "name": "main" });
    let slow = Misbehaviour::Delay { milliseconds: 3_000 };
    site.waha.misbehave(Rule::once(Match::path("/api/sessions"), slow));
    let create = tenant.request(Method::POST, "/sessions").header("Idempotency-Key", "k");
    let create = tenant.try_send(create.json(&body));
    let (answer, id) = tokio::join!(create, async {
        let look = async || tenant.get("/sessions").await.expect(200).rows().to_vec();
        let rows = eventually("it is asked for", look, |rows| rows.len() == 1).await;
        process.kill().await;
        rows[0]["id"].as_str().unwrap().to_owned()
    });
    assert!(answer.is_err(), "the dead answered: {answer:?}");
    let next = site.serve().await;
    let look = async || tenant.post_once("k", "/sessions", &body).await;
    let made = eventually("it is answered", look, |answer| answer.status != 409).await.expect(201);
    assert_eq!(made.text("id"), id);
    assert_eq!(tenant.get("/sessions").await.expect(200).rows().len(), 1);
    assert!(tenant.post_once("k", "/sessions", &body).await.expect(201).is_replayed());
    next.kill().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_user_whose_maker_died_before_the_answer_is_made_once(pool: PgPool) {
    let site = Site::new(pool, Setup::default()).await;
    let process = doomed(&site, Failpoint::KeyedRequestDone.name().to_owned()).await;
    let tenant = site.tenant().await;
    let (email, role) = ("ada@example.com", "viewer");
    let body = json!({ "email": email, "password": PASSWORD, "role": role });
    let create = tenant.request(Method::POST, "/users").header("Idempotency-Key", "k");
    assert!(tenant.try_send(create.json(&body)).await.is_err(), "the dead answered");
    process.end().await;
    let next = site.serve().await;
    let look = async || tenant.post_once("k", "/users", &body).await;
    let made = eventually("it is answered", look, |answer| answer.status != 409).await.expect(201);
    let again = tenant.post_once("k", "/users", &body).await.expect(201);
    assert!(!made.is_replayed() && again.is_replayed() && again.bytes == made.bytes);
    tenant.post_once("another", "/users", &body).await.expect(409);
    next.kill().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn an_answer_sealed_under_another_secret_is_made_again_and_the_message_is_not(pool: PgPool) {
    let site = Site::new(pool, Setup::default()).await;
    let process = site.serve().await;
    let tenant = site.tenant().await;
    let session = tenant.session().await;
    let first = tenant.send_once("k", &session, "once").await.expect(202);
    tenant.message_becomes(&first.text("id"), "read").await;
    process.kill().await;
    let mut environment = site.environment(&site.port);
    environment.insert("JWT_SECRET", "another-secret-of-more-than-32-bytes".to_owned());
    let process = Process::serve(&environment).await;
    let tenant = Caller::nobody(site.port.url()).sign_in(tenant.account()).await;
    let again = tenant.send_once("k", &session, "once").await.expect(202);
    assert!(!again.is_replayed());
    for name in ["id", "createdAt", "status"] {
        assert_eq!(again.data()[name], first.data()[name]);
    }
    assert_eq!(ids_of(&tenant, "once").await.len(), 1);
    assert_eq!(ledger_of(&site.waha, "once").len(), 1);
    process.kill().await;
}
