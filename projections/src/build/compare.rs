//! Two tables, row by row: what one has and the other has not, or has otherwise.

use serde::Serialize;
use serde_json::Value;
use sqlx::{AssertSqlSafe, FromRow, PgConnection};

use super::scratch::quoted;
use crate::projector::Uncompared;

/// Most differences told of one table.
pub(super) const DIFFERENCES_MAX: usize = 20;

/// A row that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// In which table.
    pub table: String,
    /// Its primary key.
    pub key: Value,
    /// What is wrong with it.
    pub kind: DifferenceKind,
    /// The columns that hold something else.
    pub columns: Vec<String>,
}

/// What is wrong with a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DifferenceKind {
    /// The live view lacks it.
    Missing,
    /// The live view has it, and should not.
    Extra,
    /// It holds something else.
    Different,
}

/// A table of a view.
#[derive(FromRow)]
pub(super) struct Table {
    name: String,
    key: Vec<String>,
    columns: Vec<String>,
    /// Of these columns, those that cannot be compared but as text.
    texts: Vec<String>,
}

/// The tables in a schema.
pub(super) async fn tables(
    connection: &mut PgConnection,
    schema: &str,
) -> Result<Vec<Table>, sqlx::Error> {
    sqlx::query_as(
        "select relname::text as name,
             array_agg(attname::text order by attnum) filter (where attnum = any (indkey)) as key,
             array_agg(attname::text order by attnum) as columns,
             coalesce(array_agg(attname::text) filter (where atttypid = 'json'::regtype), '{}') as texts
         from pg_class
         join pg_index on indrelid = pg_class.oid and indisprimary
         join pg_attribute on attrelid = pg_class.oid and attnum > 0 and not attisdropped
         where relnamespace = quote_ident($1)::regnamespace and relkind = 'r'
         group by relname order by relname",
    )
    .bind(schema)
    .fetch_all(connection)
    .await
}

impl Table {
    /// What is not as it should be in the first of these schemas, where the second is as it should be: one more
    /// than is told, if there are more.
    pub(super) async fn differences(
        &self,
        connection: &mut PgConnection,
        (live, right): (&str, &str),
        uncompared: &[Uncompared],
    ) -> Result<Vec<Difference>, sqlx::Error> {
        let left_out = uncompared.iter().filter(|uncompared| uncompared.table == self.name);
        let conditions: Vec<_> =
            left_out.map(|left_out| format!(" and not ({})", left_out.rows)).collect();
        let conditions = conditions.concat();
        let of = |schema: &str| {
            format!(
                "select * from {}.{} where true{conditions}",
                quoted(schema),
                quoted(&self.name)
            )
        };
        let list = |columns: &[String], item: &dyn Fn(&str) -> String| {
            columns.iter().map(|column| item(&quoted(column))).collect::<Vec<_>>().join(", ")
        };
        let values = |side: &str| list(&self.columns, &|column| self.value(side, column));
        let first = quoted(&self.key[0]);
        let sql = format!(
            "select case when live.{first} is null then 'missing'
                         when fresh.{first} is null then 'extra' else 'different' end as kind,
                 (select to_jsonb(key) from (select {keys}) as key) as key,
                 array_remove(array[{columns}], null) as columns
             from ({live}) as live full join ({fresh}) as fresh using ({using})
             where ({live_values}) is distinct from ({fresh_values})
             limit {limit}",
            keys = list(&self.key, &|column| column.to_owned()),
            columns = list(&self.columns, &|column| format!(
                "case when {} is distinct from {} then '{}' end",
                self.value("live", column),
                self.value("fresh", column),
                column.trim_matches('"').replace('\'', "''")
            )),
            live = of(live),
            fresh = of(right),
            using = list(&self.key, &|column| column.to_owned()),
            live_values = values("live"),
            fresh_values = values("fresh"),
            limit = DIFFERENCES_MAX + 1,
        );
        let found: Vec<(String, Value, Vec<String>)> =
            sqlx::query_as(AssertSqlSafe(sql)).fetch_all(connection).await?;
        let difference = |(kind, key, columns): (String, Value, Vec<String>)| {
            let (kind, columns) = match kind.as_str() {
                "missing" => (DifferenceKind::Missing, Vec::new()),
                "extra" => (DifferenceKind::Extra, Vec::new()),
                _ => (DifferenceKind::Different, columns),
            };
            Difference { table: self.name.clone(), key, kind, columns }
        };
        Ok(found.into_iter().map(difference).collect())
    }

    /// A column's value, as something that can be compared.
    fn value(&self, side: &str, column: &str) -> String {
        let is_text = self.texts.iter().any(|text| quoted(text) == column);
        format!("{side}.{column}{}", if is_text { "::text" } else { "" })
    }

    /// How many rows there are.
    pub(super) async fn rows(
        &self,
        connection: &mut PgConnection,
        schema: &str,
    ) -> Result<i64, sqlx::Error> {
        let sql = format!("select count(*) from {}.{}", quoted(schema), quoted(&self.name));
        sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(connection).await
    }
}
