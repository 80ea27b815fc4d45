//! One sleep: a process stops at a place, its lines to PostgreSQL and WAHA are cut, its leases run out, another takes
//! over. Then it wakes, cut off, and later has its lines back: two engines, one of which believes what is long over.

use acceptance::eventually::within;
use acceptance::port::Port;
use acceptance::process::Process;
use acceptance::proxy::Proxy;
use failpoint::{ASLEEP, Failpoint, SLEEP, VARIABLE};
use sqlx::PgPool;

use super::account::{self, Account};
use super::occasion::Occasion;
use super::scene::{LEASES_RUN_OUT, PATIENCE, in_a_database, prepare, rest, verify_views};

/// How many leases others than this process have.
const LEASES_OF_OTHERS: &str =
    "select count(*) from leases where owner <> $1 and expires_at > now()";
/// The process that has the leases.
const OWNER: &str = "select owner from leases order by expires_at desc limit 1";
/// What a process says of whatever it fails at, being cut off.
const CUT_OFF: &str = "will try again";

/// Lets a process sleep at a place and wake.
pub(super) async fn play(server: &PgPool, point: Failpoint) {
    in_a_database(server, "sleep", point, async |pool| sleep_and_wake(pool, point).await).await;
}

async fn sleep_and_wake(pool: PgPool, point: Failpoint) -> Account {
    let occasion = Occasion::of(point);
    let site = occasion.site(pool.clone()).await;
    let (tenant, session) = prepare(&site).await;
    let (database, waha) = (Proxy::to_server_of(&pool).await, Proxy::to_waha(&site.waha).await);

    let mut environment = site.environment_through(&site.port, &database, &waha);
    environment.insert(VARIABLE, format!("{SLEEP}{}", point.name()));
    let sleeper = Process::serve(&environment).await;
    let trouble = async {
        let asleep = format!("{ASLEEP} {}", point.name());
        says_after(&sleeper, 0, &asleep).await;
        tokio::join!(database.cut(), waha.cut());
        let owner: uuid::Uuid = sqlx::query_scalar(OWNER).fetch_one(&pool).await.unwrap();
        sqlx::raw_sql(LEASES_RUN_OUT).execute(&pool).await.unwrap();
        let other_port = Port::reserve();
        let other = Process::serve(&site.environment(&other_port)).await;
        let look = async || -> i64 {
            sqlx::query_scalar(LEASES_OF_OTHERS).bind(owner).fetch_one(&pool).await.unwrap()
        };
        within(PATIENCE, "another takes over", look, |leases| *leases > 0).await;
        let asleep_at = sleeper.printed().len();
        sleeper.signal("CONT").await;
        says_after(&sleeper, asleep_at, CUT_OFF).await;
        tokio::join!(database.restore(), waha.restore());
        other
    };
    let (answered, other) = tokio::join!(occasion.give(&site, &tenant, &session), trouble);
    let answered = occasion.insist(&site, &tenant, &session, answered).await;

    let what = format!("all is settled after a sleep at {}", point.name());
    let look = async || account::shown(&site, &tenant, &session, occasion).await;
    within(PATIENCE, &what, look, |shown| account::is_settled(point, answered, shown.as_deref()))
        .await;
    rest(&site).await;
    let account = account::take(&site, &tenant, &session, point, answered).await;
    account.assert_nothing_is_lost_or_doubled();
    tokio::join!(sleeper.kill(), other.kill());
    verify_views(&site.environment(&site.port)).await;
    account
}

/// Waits until the process has printed this, beyond what it had printed before.
async fn says_after(process: &Process, before: usize, words: &str) {
    let look = async || String::from_utf8_lossy(&process.printed()[before..]).contains(words);
    within(PATIENCE, &format!("it says: {words}"), look, |is_so| *is_so).await;
}
