//! Indexes are made once the rows are there, which is several times faster than keeping them while rows come.
//!
//! Primary keys stay: they find what is known of a message.

use sqlx::{FromRow, PgConnection, PgPool};
use tokio_util::sync::CancellationToken;

use super::BuildError;
use super::scratch::{Scratch, connect, run};

#[derive(FromRow)]
pub(super) struct Index {
    drop: String,
    definition: String,
}

impl Index {
    fn is_for_search(&self) -> bool {
        self.definition.contains(" USING gin ")
    }
}

async fn make(
    connection: &mut PgConnection,
    indexes: Vec<Index>,
    shutdown: &CancellationToken,
) -> Result<(), BuildError> {
    for index in indexes {
        if shutdown.is_cancelled() {
            return Err(BuildError::Interrupted);
        }
        run(connection, index.definition).await?;
    }
    Ok(())
}

impl Scratch {
    /// Drops the indexes that no constraint needs; answers how to make them.
    pub(super) async fn defer_indexes(&mut self) -> Result<Vec<Index>, BuildError> {
        let indexes: Vec<Index> = sqlx::query_as(
            "select format('drop index %I.%I', nspname, relname) as drop,
                 pg_get_indexdef(indexrelid) as definition
             from pg_index
             join pg_class on pg_class.oid = indexrelid
             join pg_namespace on pg_namespace.oid = relnamespace
             where nspname = $1
                 and not exists (select from pg_constraint where conindid = indexrelid)
             order by relname",
        )
        .bind(&self.schema)
        .fetch_all(&mut self.connection)
        .await?;
        for index in &indexes {
            run(&mut self.connection, index.drop.clone()).await?;
        }
        Ok(indexes)
    }

    /// Makes them: those for searching, which take as long as all others, beside the others.
    pub(super) async fn make_indexes(
        &mut self,
        pool: &PgPool,
        indexes: Vec<Index>,
        shutdown: &CancellationToken,
    ) -> Result<(), BuildError> {
        // Rows written over and over while loading would be in the indexes too; and new tables are read by plans
        // that are made for empty ones until they are analysed, and row by row until they are vacuumed.
        self.for_each_table("vacuum (analyze)").await?;
        let (searched, others): (Vec<_>, Vec<_>) =
            indexes.into_iter().partition(Index::is_for_search);
        let mut beside = connect(pool).await?;
        tokio::try_join!(
            make(&mut self.connection, others, shutdown),
            make(&mut beside, searched, shutdown),
        )?;
        // Once more, for the indexes of expressions.
        self.for_each_table("analyze").await
    }

    /// Does this to each table.
    pub(super) async fn for_each_table(&mut self, verb: &'static str) -> Result<(), BuildError> {
        let tables: Vec<String> = sqlx::query_scalar(
            "select format('%I.%I', schemaname, tablename) from pg_tables where schemaname = $1",
        )
        .bind(&self.schema)
        .fetch_all(&mut self.connection)
        .await?;
        for table in tables {
            run(&mut self.connection, format!("{verb} {table}")).await?;
        }
        Ok(())
    }
}
