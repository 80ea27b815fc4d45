//! Where the events and the read models are.

use std::fmt;
use std::str::FromStr;

use sqlx::postgres::PgConnectOptions;

use super::reader::{Noted, Reader};
use super::table;

/// None of our transactions waits for anything but the database. One that does belongs to a process that was
/// paused or cut off, and would hold up every reader of the log: the server ends it.
const IDLE_IN_TRANSACTION_MAX: (&str, &str) = ("idle_in_transaction_session_timeout", "5s");

/// A plan is made while a table is small and kept when it is large. So tables are never gone through where an index
/// serves, and no program is compiled for a query that takes less time than that.
const PLANS: [(&str, &str); 2] = [("enable_seqscan", "off"), ("jit", "off")];

/// Where the events and the read models are.
#[derive(Clone)]
pub struct DatabaseSettings {
    options: PgConnectOptions,
}

impl DatabaseSettings {
    /// How to connect. Holds the password: not for logs.
    pub fn connect_options(&self) -> PgConnectOptions {
        self.options.clone().options([IDLE_IN_TRANSACTION_MAX]).options(PLANS)
    }

    pub(super) fn take(reader: &mut Reader<'_>) -> Result<Self, Noted> {
        let parts_are_meant = reader.text(&table::DATABASE_URL).is_none()
            && reader.text(&table::DB_DATABASE).is_some();
        let options = if parts_are_meant {
            from_parts(reader)
        } else {
            reader.required(&table::DATABASE_URL, parse_url)
        };
        Ok(Self { options: options? })
    }
}

fn parse_url(url: &str) -> Option<PgConnectOptions> {
    let names_postgres = url.starts_with("postgres://") || url.starts_with("postgresql://");
    names_postgres.then(|| PgConnectOptions::from_str(url).ok())?
}

fn from_parts(reader: &mut Reader<'_>) -> Result<PgConnectOptions, Noted> {
    let text = |text: &str| Some(text.to_owned());
    let host = reader.required(&table::DB_HOST, text);
    let port = reader.number(&table::DB_PORT, 1..=u16::MAX);
    let username = reader.required(&table::DB_USERNAME, text);
    let password = reader.optional(&table::DB_PASSWORD, text);
    let database = reader.required(&table::DB_DATABASE, text);
    let options = PgConnectOptions::new_without_pgpass()
        .host(&host?)
        .port(port?)
        .username(&username?)
        .database(&database?);
    Ok(match password? {
        Some(password) => options.password(&password),
        None => options,
    })
}

impl fmt::Debug for DatabaseSettings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("DatabaseSettings")
            .field("host", &self.options.get_host())
            .field("port", &self.options.get_port())
            .field("database", &self.options.get_database())
            .finish_non_exhaustive()
    }
}
