//! What is limited exactly over all processes (A3, A8).

use std::time::Duration;

use commands::access::counts::{Class, Counts};
use sqlx::PgPool;

const MINUTE: Duration = Duration::from_mins(1);

#[sqlx::test(migrations = "../migrations")]
async fn each_of_many_at_once_is_counted_and_keys_and_classes_are_counted_apart(pool: PgPool) {
    let counts = Counts::new(pool);
    let count = |class, key| {
        let counts = counts.clone();
        async move { counts.count(class, key, MINUTE).await.unwrap().count }
    };
    let mut counted =
        futures::future::join_all((0..40).map(|_| count(Class::AccountSignIns, "ada"))).await;
    counted.sort_unstable();
    assert_eq!(counted, (1..=40).collect::<Vec<_>>());
    assert_eq!(count(Class::AccountSignIns, "bob").await, 1);
    assert_eq!(count(Class::AddressSignIns, "ada").await, 1);
    counts.clear(Class::AccountSignIns, "ada").await.unwrap();
    assert_eq!(count(Class::AccountSignIns, "ada").await, 1);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_window_that_has_ended_counts_no_more_and_is_removed(pool: PgPool) {
    let counts = Counts::new(pool.clone());
    for key in ["ended", "going on"] {
        counts.count(Class::Mails, key, MINUTE).await.unwrap();
    }
    let ended =
        "update request_counts set ends_at = now() - interval '1 second' where key = 'ended'";
    sqlx::query(ended).execute(&pool).await.unwrap();
    let again = counts.count(Class::Mails, "ended", MINUTE).await.unwrap();
    assert_eq!(again.count, 1);
    assert!(again.ends_in > MINUTE / 2 && again.ends_in <= MINUTE, "{again:?}");

    sqlx::query(ended).execute(&pool).await.unwrap();
    assert_eq!(counts.sweep().await.unwrap(), 1);
    assert_eq!(counts.count(Class::Mails, "going on", MINUTE).await.unwrap().count, 2);
}
