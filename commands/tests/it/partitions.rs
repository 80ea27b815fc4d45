//! The log's months, and that nobody edits history.

use sqlx::PgPool;

use crate::events::{delivered, ids, new_stream};
use crate::open_log::OpenLog;

async fn partitions(pool: &PgPool) -> Vec<String> {
    sqlx::query_scalar("select inhrelid::regclass::text from pg_inherits where inhparent = 'events'::regclass order by 1")
        .fetch_all(pool)
        .await
        .unwrap()
}

#[sqlx::test(migrations = "../migrations")]
async fn this_month_and_three_more_have_a_partition_and_none_is_the_default(pool: PgPool) {
    assert_eq!(partitions(&pool).await.len(), 4);
    let default: bool = sqlx::query_scalar(
        "select partdefid <> 0 from pg_partitioned_table where partrelid = 'events'::regclass",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert!(!default);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_missing_partition_is_made_by_the_append_that_misses_it(pool: PgPool) {
    let log = OpenLog::over(&pool);
    // Twice: the log itself looks for missing partitions when it is opened, and that is long over.
    for _ in 0..2 {
        log.begin(new_stream(), &[delivered()]).await.unwrap();
        let this_month = partitions(&pool).await[0].clone();
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!("drop table {this_month}")))
            .execute(&pool)
            .await
            .unwrap();
        assert_eq!(partitions(&pool).await.len(), 3);
        let (stream, events) = (new_stream(), [delivered()]);
        log.begin(stream, &events).await.unwrap();
        assert_eq!(log.ids_of(stream).await, ids(&events));
        assert_eq!(partitions(&pool).await.len(), 4);
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn history_is_not_edited_not_even_by_the_name_of_its_partition(pool: PgPool) {
    let log = OpenLog::over(&pool);
    let (stream, events) = (new_stream(), [delivered()]);
    log.begin(stream, &events).await.unwrap();
    for table in ["events", partitions(&pool).await[0].as_str()] {
        for edit in [
            format!("update {table} set version = 9"),
            format!("delete from {table}"),
            format!("truncate {table}"),
        ] {
            let refused = sqlx::raw_sql(sqlx::AssertSqlSafe(edit.clone())).execute(&pool).await;
            let error = refused.expect_err(&edit).to_string();
            assert!(error.contains("append-only"), "{edit}: {error}");
        }
    }
    assert_eq!(log.ids_of(stream).await, ids(&events));
}

#[sqlx::test(migrations = "../migrations")]
async fn a_month_that_is_kept_no_longer_is_dropped_whole(pool: PgPool) {
    let last = partitions(&pool).await.pop().unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!(
        "alter table events detach partition {last}; drop table {last}"
    )))
    .execute(&pool)
    .await
    .unwrap();
    assert_eq!(partitions(&pool).await.len(), 3);
}
