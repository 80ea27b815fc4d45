//! One death: everything at rest, a process that is to die, its death, the next process, everything at rest again.

use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

use acceptance::caller::Caller;
use acceptance::eventually::within;
use acceptance::process::{self, Environment, Process};
use acceptance::sessions::Session;
use failpoint::Failpoint;
use heliograph::migrations;
use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, PgPool};
use tokio::time::timeout;

use super::super::site::Site;
use super::account::{self, Account};
use super::occasion::Occasion;

/// WAHA repeats a webhook after some seconds; the rest is for a busy machine.
pub(super) const PATIENCE: Duration = Duration::from_secs(90);
/// What a process gets that ends itself on the spot.
const SIGABRT: i32 = 6;
const CONNECTIONS_MAX: u32 = 8;

/// The leases of a dead process run out in time, the longest after 90 seconds: here, at once.
pub(super) const LEASES_RUN_OUT: &str = "
update leases set expires_at = now();
update idempotency_keys set lease_until = now();
update delivery_jobs set lease_until = now() where lease_owner is not null;
update awaited_acknowledgements set lease_until = now() where lease_until is not null;
update unknown_outcomes set lease_until = now() where lease_owner is not null;
update session_hearing set lease_until = now() where lease_owner is not null;
update session_actions set lease_until = now() where lease_owner is not null;
update mails set lease_until = now() where lease_until is not null;";

/// Whether WAHA has told that the session works, and every reader has read the log to its end.
const IS_AT_REST: &str = "
select exists (select from events where event_type = 'webhook_received' and data::text like '%WORKING%')
   and not exists (select from mails)
   and not exists (
       select from (select first, second from projection_checkpoints
                    union all select first, second from saga_checkpoints) checkpoint
       where (first, second) < (select transaction_id::text::bigint, position from events
                                order by transaction_id desc, position desc limit 1))";

/// Lets a process die at a place; answers what came of it.
pub(super) async fn death(server: &PgPool, point: Failpoint) -> Account {
    in_a_database(server, "death", point, async |pool| die_and_go_on(pool, point).await).await
}

/// Plays a scene in a database of its own on this server.
pub(super) async fn in_a_database(
    server: &PgPool,
    kind: &str,
    point: Failpoint,
    scene: impl AsyncFnOnce(PgPool) -> Account,
) -> Account {
    let name = format!("{kind}_at_{}_{}", point.name().replace('-', "_"), std::process::id());
    // A name cannot be bound; this one is ours.
    let run = async |statement: String| {
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(server).await.map(drop)
    };
    run(format!("create database {name}")).await.unwrap();
    let options = (*server.connect_options()).clone().database(&name);
    let pool =
        PgPoolOptions::new().max_connections(CONNECTIONS_MAX).connect_with(options).await.unwrap();
    migrations::run(&pool).await.unwrap();
    let account = scene(pool).await;
    // The server itself may be at work in it, whom nobody can end.
    let drop = async || run(format!("drop database {name} with (force)")).await;
    within(PATIENCE, "the database is dropped", drop, Result::is_ok).await.unwrap();
    account
}

async fn die_and_go_on(pool: PgPool, point: Failpoint) -> Account {
    let occasion = Occasion::of(point);
    let site = occasion.site(pool).await;
    let (tenant, session) = prepare(&site).await;

    let mut environment = site.environment(&site.port);
    environment.insert(failpoint::VARIABLE, point.name().to_owned());
    let mut process = Process::serve(&environment).await;
    let answered = occasion.give(&site, &tenant, &session).await;
    let status = timeout(PATIENCE, process.ended()).await;
    let status = status.unwrap_or_else(|_| panic!("it never came to {}", point.name()));
    let printed = process.printed();
    let printed = String::from_utf8_lossy(&printed);
    let last_words = format!("died at failpoint {}", point.name());
    assert!(
        status.signal() == Some(SIGABRT) && printed.contains(&last_words),
        "{status}: {printed}"
    );

    sqlx::raw_sql(LEASES_RUN_OUT).execute(&site.database).await.unwrap();
    let next = site.serve().await;
    let told = occasion.insist(&site, &tenant, &session, answered).await;
    let what = format!("all is settled after a death at {}", point.name());
    let look = async || account::shown(&site, &tenant, &session, occasion).await;
    within(PATIENCE, &what, look, |shown| account::is_settled(point, told, shown.as_deref())).await;
    rest(&site).await;
    let mut account = account::take(&site, &tenant, &session, point, told).await;
    account.assert_nothing_is_lost_or_doubled();
    account.answered = answered;
    account.assert_the_dead_did_not_answer();
    verify_views(&site.environment(&site.port)).await;
    next.kill().await;
    account
}

/// A session that works, and nothing left to do.
pub(super) async fn prepare(site: &Site) -> (Caller, Session) {
    let process = site.serve().await;
    let tenant = site.tenant().await;
    let session = tenant.session().await;
    rest(site).await;
    process.signal("TERM").await;
    assert_eq!(process.end().await.code(), Some(0));
    (tenant, session)
}

/// Waits until nothing is left to do: what WAHA told was taken, and everybody has read the log.
pub(super) async fn rest(site: &Site) {
    let look = async || {
        let read: bool = sqlx::query_scalar(IS_AT_REST).fetch_one(&site.database).await.unwrap();
        read && account::all_webhooks_are_taken(site)
    };
    within(PATIENCE, "everything is at rest", look, |is_so| *is_so).await;
}

/// Every view is what the log makes of it.
pub(super) async fn verify_views(environment: &Environment) {
    let verified = process::run(environment, &["projections", "verify", "--all"], "").await;
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    let (told, why) = (text(&verified.stdout), text(&verified.stderr));
    assert!(verified.status.success(), "{told}{why}");
}
