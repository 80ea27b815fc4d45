//! `kill -9` at any moment: every accepted message is sent once, or shown as unknown (D1, D5).

use std::cell::RefCell;
use std::time::Duration;

use acceptance::caller::Caller;
use acceptance::eventually::eventually;
use acceptance::messages::somebody;
use acceptance::sessions::Session;
use acceptance::setup::Setup;
use domain::ports::Ambient;
use futures::future::join_all;
use heliograph::ambient::SystemAmbient;
use serde_json::json;
use sqlx::PgPool;

use super::site::{Site, settled};

const ROUNDS: u32 = 10;
/// Messages accepted in a round, at most: the kill comes after a random number of them.
const ACCEPTED_MAX: f64 = 24.0;
/// Calls to WAHA through one session that may be on their way when a process dies.
const CALLS_MAX: u32 = 8;

/// Sends one message after the other until nobody answers any more; keeps the texts that were accepted.
async fn send_until_it_dies(
    tenant: &Caller,
    session: &Session,
    (round, lane): (u32, usize),
    accepted: &RefCell<Vec<String>>,
) {
    for n in 0.. {
        let text = format!("round {round} lane {lane} message {n}");
        let to = somebody(lane * 100 + n % 7);
        let body = json!({ "sessionId": session.id, "to": to, "body": text });
        let request = tenant.request(reqwest::Method::POST, "/messages/send").json(&body);
        match tenant.try_send(request).await {
            Ok(answer) if answer.status == 202 => accepted.borrow_mut().push(text),
            Ok(answer) => panic!("{answer:?}"),
            Err(_) => return,
        }
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn killed_again_and_again_it_loses_nothing_and_sends_nothing_twice(pool: PgPool) {
    let site = Site::new(pool, Setup::default()).await;
    let mut process = site.serve().await;
    let tenant = site.tenant().await;
    let session = tenant.session().await;
    site.waha.delay_answers(Duration::from_millis(25));
    let accepted: RefCell<Vec<String>> = RefCell::default();
    for round in 0..ROUNDS {
        let before = accepted.borrow().len();
        let moment = SystemAmbient.fraction() * ACCEPTED_MAX;
        let is_time = |count: &usize| (before..*count).map(|_| 1.0).sum::<f64>() >= moment;
        let lanes =
            (0..3).map(|lane| send_until_it_dies(&tenant, &session, (round, lane), &accepted));
        tokio::join!(join_all(lanes), async {
            eventually("enough is accepted", async || accepted.borrow().len(), is_time).await;
            process.kill().await;
        });
        process = site.serve().await;
    }
    site.waha.delay_answers(Duration::ZERO);
    let accepted = accepted.into_inner();

    let statuses = settled(&tenant, &session, &accepted).await;
    let sends = site.sends();
    let twice: Vec<_> = sends.iter().filter(|(_, count)| **count > 1).collect();
    assert!(twice.is_empty(), "sent more than once: {twice:#?}");
    let lost: Vec<_> = accepted
        .iter()
        .filter(|text| statuses[*text] != "unknown" && !sends.contains_key(*text))
        .collect();
    assert!(lost.is_empty(), "told to be sent, and never were: {lost:#?}");
    let unknown = statuses.values().filter(|status| *status == "unknown").map(|_| 1).sum::<u32>();
    assert!(
        unknown <= ROUNDS * CALLS_MAX,
        "{unknown} are in doubt: more than were ever on their way"
    );
    process.kill().await;
}
