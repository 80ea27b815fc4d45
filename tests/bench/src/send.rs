//! `POST /messages/send` over HTTP: real tokens, the real process with all its parts, WAHA at its side.
//!
//! Sessions send at the pace that is the default, so what is measured is accepting; views and sagas follow
//! meanwhile, on the same machine.

use http::{Method, StatusCode};

use crate::baseline::Baseline;
use crate::connection::Connection;
use crate::database::Database;
use crate::error::BenchError;
use crate::load::{Load, press};
use crate::messages::{BODY, number};
use crate::report::Report;
use crate::round::Round;
use crate::settings::Settings;
use crate::site::{Sender, Site};

const TENANTS: usize = 8;
const CONNECTIONS: usize = 64;
/// Recipients of one connection are this far from those of the next.
const RECIPIENTS: usize = 1_000_000;
/// The default of the product.
const RATE_PER_MINUTE: u32 = 20;

pub(crate) async fn measure(settings: &Settings, report: &Report) -> Result<(), BenchError> {
    let database = Database::migrated(settings, "bench_send").await?;
    let baseline = Baseline::prepare(settings, &database).await?;
    let site = Site::start(&database, RATE_PER_MINUTE).await?;
    let senders = site.senders(TENANTS, 1).await?;
    for round in Round::all(settings) {
        let pgbench = baseline.pgbench(round.time).await?;
        let sends = sends(&site, &senders, round).await?;
        round.note(report, "http_send_per_second", sends.per_second());
        round.note(report, "http_send_vs_pgbench", sends.per_second() / pgbench);
        round.note(report, "http_send_p50_ms", sends.percentile_ms(50));
        round.note(report, "http_send_p99_ms", sends.percentile_ms(99));
        site.settled().await?;
    }
    site.end().await;
    database.remove().await
}

/// A connection, and what is sent on it.
struct Client {
    connection: Connection,
    session_id: String,
    recipient: usize,
}

async fn sends(site: &Site, senders: &[Sender], round: Round) -> Result<Load, BenchError> {
    let mut clients = Vec::new();
    for (place, sender) in senders.iter().cycle().take(CONNECTIONS).enumerate() {
        let token = Some(sender.caller.token());
        clients.push(Client {
            connection: Connection::open(site.port.address(), token).await?,
            session_id: sender.session.id.clone(),
            recipient: place * RECIPIENTS,
        });
    }
    press(clients, round.time, Client::send).await
}

impl Client {
    /// Sends a message, and insists on its being accepted.
    async fn send(mut self) -> Result<Self, BenchError> {
        self.recipient += 1;
        let body = format!(
            r#"{{"sessionId":"{}","to":"{}","body":"{BODY}"}}"#,
            self.session_id,
            number(self.recipient)
        );
        let (uri, accepted) = ("/messages/send", StatusCode::ACCEPTED);
        self.connection.insist(Method::POST, uri, body, accepted).await?;
        Ok(self)
    }
}
