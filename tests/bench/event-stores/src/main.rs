//! Appends to event stores of others, as their documentation says: one event to a new stream, again and again.
//!
//! ```text
//! DATABASE_URL=… event-stores postgres-es|esrs CLIENTS SECONDS   -->   {"per_second":1234.5}
//! ```
//!
//! A program of its own, because the stores need other versions of the libraries Heliograph uses.

mod esrs_store;
mod message;
mod postgres_es_store;

use std::error::Error;
use std::io::Write;
use std::time::{Duration, Instant};

use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tokio::task::JoinSet;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [store, clients, seconds] = arguments.as_slice() else {
        return Err("usage: event-stores postgres-es|esrs CLIENTS SECONDS".into());
    };
    let (clients, time) = (clients.parse::<u32>()?, Duration::from_secs(seconds.parse()?));
    let pool = pool(clients).await?;
    let per_second = match store.as_str() {
        "postgres-es" => postgres_es_store::press(pool, clients, time).await?,
        "esrs" => esrs_store::press(pool, clients, time).await?,
        other => return Err(format!("no event store {other}: postgres-es or esrs").into()),
    };
    writeln!(std::io::stdout(), "{}", serde_json::json!({ "per_second": per_second }))?;
    Ok(())
}

/// A connection for each client.
async fn pool(clients: u32) -> Result<PgPool, Box<dyn Error>> {
    #[expect(clippy::disallowed_methods, reason = "read once, here")]
    let url = std::env::var("DATABASE_URL")?;
    Ok(PgPoolOptions::new().max_connections(clients).connect(&url).await?)
}

/// Appends by so many clients for this long; answers how many in a second.
#[expect(clippy::cast_precision_loss, reason = "a count is far smaller than 2^52")]
async fn press<F>(
    clients: u32,
    time: Duration,
    append: impl Fn() -> F + Clone + Send + 'static,
) -> Result<f64, Box<dyn Error>>
where
    F: Future<Output = Result<(), Box<dyn Error + Send + Sync>>> + Send,
{
    let started = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..clients {
        let append = append.clone();
        tasks.spawn(async move {
            let mut appended = 0_u64;
            while started.elapsed() < time {
                append().await?;
                appended += 1;
            }
            Ok::<_, Box<dyn Error + Send + Sync>>(appended)
        });
    }
    let mut appended = 0;
    while let Some(client) = tasks.join_next().await {
        appended += client?.map_err(|error| error.to_string())?;
    }
    Ok(appended as f64 / started.elapsed().as_secs_f64())
}
