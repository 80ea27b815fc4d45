//! Where a secret must not be: in any table, in anything printed.

use sqlx::{AssertSqlSafe, PgPool};

/// The tables, partitions included, with a row that holds the text.
pub(super) async fn tables_with(pool: &PgPool, text: &str) -> Vec<String> {
    let tables: Vec<String> = sqlx::query_scalar(
        "select format('%I.%I', table_schema, table_name) from information_schema.tables
         where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    assert!(tables.len() > 20, "the tables are not looked at: {tables:?}");
    let mut found = Vec::new();
    for table in tables {
        let query =
            format!("select exists (select from {table} as t where strpos(t::text, $1) > 0)");
        let holds: bool =
            sqlx::query_scalar(AssertSqlSafe(query)).bind(text).fetch_one(pool).await.unwrap();
        if holds {
            found.push(table);
        }
    }
    found
}
