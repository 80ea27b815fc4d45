//! Who guesses at a client's secret is stopped as who guesses at passwords, and the client itself is not (A3, A6, A8).

use acceptance::answer::Answer;
use acceptance::caller::Caller;
use acceptance::eventually::eventually;
use acceptance::installation::Installation;
use acceptance::setup::Setup;
use domain::access::Role;
use serde_json::Value;
use sqlx::PgPool;

use super::program::{Program, assert_refused, post};

const OWN: [(&str, &str); 1] = [("grant_type", "client_credentials")];
const SCOPES: [&str; 1] = ["messages:read"];

fn guesser(of: &Program, at: &Caller) -> Program {
    Program { secret: Some("hgs_wrong".to_owned()), caller: at.clone(), ..of.clone() }
}

fn assert_is_blocked(answer: &Answer) {
    answer.assert_is_problem();
    assert_eq!((answer.status, answer.codes()), (429, vec!["RATE_IP_BLOCKED"]));
    assert!(answer.header("retry-after").is_some());
}

#[sqlx::test(migrations = "../migrations")]
async fn guesses_from_one_address_stop_there_and_the_client_goes_on_elsewhere(pool: PgPool) {
    let setup = Setup::default().set("LOGIN_RATE_LIMIT_PER_MINUTE", 3);
    let stage = Installation::start_with(pool, setup).await;
    let admin = stage.tenant().await;
    let robot = Program::on_its_own(&admin, stage.nobody(), &SCOPES).await;
    let neighbour = Program::on_its_own(&admin, stage.nobody(), &SCOPES).await;
    let there = stage.nobody().from([127, 0, 0, 70].into(), "guesser/1");
    let guesser = guesser(&robot, &there);
    for _ in 0..2 {
        assert_refused(&guesser.token(&OWN).await, 401, "invalid_client");
    }
    assert_refused(&guesser.give_back("a token").await, 401, "invalid_client");
    guesser.token(&OWN).await.assert_is_limited(3, 60);
    guesser.give_back("a token").await.assert_is_limited(3, 60);
    guesser.introspect("a token").await.assert_is_limited(3, 60);
    let right = Program { caller: there.clone(), ..robot.clone() };
    right.token(&OWN).await.assert_is_limited(3, 60);
    Program { caller: there.clone(), ..neighbour }.token(&OWN).await.expect(200);
    for _ in 0..8 {
        robot.token(&OWN).await.expect(200);
    }

    let refusals = async || {
        let told = admin.get("/audit/security?ip=127.0.0.70&type=access_refused").await.expect(200);
        told.rows().to_vec()
    };
    let refusals = eventually("all are told", refusals, |told: &Vec<Value>| told.len() == 3).await;
    for row in refusals {
        assert_eq!(row["userAgent"], "guesser/1", "{row}");
        let text = row.to_string();
        assert!(text.contains("wrong_secret") && text.contains(&robot.id), "{text}");
    }
    let operator = stage.tenant().await;
    let platform = stage.colleague(&operator, Role::PlatformAdmin).await;
    platform.act(&format!("/admin/tenants/{}/suspend", admin.tenant_id())).await.expect(204);
    assert_refused(&robot.token(&OWN).await, 403, "access_denied");
    right.token(&OWN).await.assert_is_limited(3, 60); // as it was: it does not show that the guess is right
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn an_address_is_limited_whichever_clients_it_makes_up(pool: PgPool) {
    let setup = Setup::default().set("LOGIN_ADDRESS_RATE_LIMIT_PER_MINUTE", 3);
    let stage = Installation::start_with(pool, setup).await;
    let admin = stage.tenant().await;
    let robot = Program::on_its_own(&admin, stage.nobody(), &SCOPES).await;
    let there = stage.nobody().from([127, 0, 0, 71].into(), "guesser/1");
    let guess = async |id: &str| {
        let pairs = [OWN[0], ("client_id", id), ("client_secret", "hgs_wrong")];
        post(&there, "/oauth/token", &pairs).await
    };
    for id in ["nobody", "00000000-0000-7000-8000-000000000001", &"x".repeat(9_000)] {
        assert_refused(&guess(id).await, 401, "invalid_client");
    }
    guess("somebody").await.assert_is_limited(3, 60);
    let right = Program { caller: there.clone(), ..robot.clone() };
    right.token(&OWN).await.assert_is_limited(3, 60);
    robot.token(&OWN).await.expect(200);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn guesses_at_a_client_are_counted_exactly_over_all_processes(pool: PgPool) {
    let setup = Setup::default().set("LOGIN_RATE_LIMIT_PER_MINUTE", 5);
    let stage = Installation::start_with(pool, setup.clone()).await;
    let elsewhere = stage.another(&setup);
    let admin = stage.tenant().await;
    let robot = Program::on_its_own(&admin, stage.nobody(), &SCOPES).await;
    let here = guesser(&robot, stage.nobody());
    let there = here.at(format!("http://{}", elsewhere.address()));
    let guesses = (0..16).map(async |n| {
        let program = if n % 2 == 0 { &here } else { &there };
        program.token(&OWN).await.status
    });
    let mut statuses = futures::future::join_all(guesses).await;
    statuses.sort_unstable();
    assert_eq!(statuses, [vec![401; 5], vec![429; 11]].concat());
    elsewhere.stop().await;
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn too_many_guesses_block_the_address_and_a_blocked_one_is_given_nothing(pool: PgPool) {
    let setup = Setup::default().set("ADDRESS_FAILURES_MAX", 3);
    let stage = Installation::start_with(pool, setup).await;
    let admin = stage.tenant().await;
    let platform = stage.colleague(&admin, Role::PlatformAdmin).await;
    let robot = Program::on_its_own(&admin, stage.nobody(), &SCOPES).await;
    let there = stage.nobody().from([127, 0, 0, 72].into(), "guesser/1");
    let guesser = guesser(&robot, &there);
    for _ in 0..3 {
        assert_refused(&guesser.token(&OWN).await, 401, "invalid_client");
    }
    let right = Program { caller: there.clone(), ..robot.clone() };
    for refused in [
        guesser.token(&OWN).await,
        right.token(&OWN).await,
        right.give_back("a token").await,
        right.introspect("a token").await,
        there.with_token(admin.token()).get("/messages").await,
    ] {
        assert_is_blocked(&refused);
    }
    robot.token(&OWN).await.expect(200);
    platform.delete("/admin/blocked-addresses/127.0.0.72").await.expect(204);
    right.token(&OWN).await.expect(200);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn whatever_a_program_asks_of_oauth2_counts_for_its_tenant(pool: PgPool) {
    let setup = Setup::default().set("RATE_LIMIT_PER_MINUTE", 4);
    let stage = Installation::start_with(pool, setup).await;
    let admin = stage.tenant().await;
    // The first of the four.
    let robot = Program::on_its_own(&admin, stage.nobody(), &SCOPES).await;
    robot.token(&OWN).await.expect(200);
    robot.give_back("a token").await.expect(200);
    robot.introspect("a token").await.expect(200);
    robot.give_back("a token").await.assert_is_limited(4, 60);
    stage.stop().await;
}
