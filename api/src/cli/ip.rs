//! `heliograph ip`: addresses that are blocked.

use std::net::IpAddr;

use chrono::TimeDelta;
use clap::Subcommand;
use commands::executor::CommandError;
use domain::address::{Address, BlockReason, Command};
use domain::id::{AddressId, TenantId};
use projections::page::{LIMIT_MAX, Page};
use projections::read_models::ReadModels;
use serde::Serialize;

use super::CliError;
use super::database::OpenLog;
use super::output::OutputFormat;
use crate::settings::duration;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Refuse what comes from an address, at once and on every process.
    Block {
        /// Such as `192.0.2.7` or `2001:db8::7`.
        address: IpAddr,
        /// For how long, such as 1h; without it, until somebody unblocks it.
        #[arg(long = "for")]
        time: Option<String>,
    },
    /// Let an address in again.
    Unblock {
        /// Such as `192.0.2.7` or `2001:db8::7`.
        address: IpAddr,
    },
    /// List the addresses that are blocked, the newest first.
    List,
}

/// What was done.
#[derive(Debug, Serialize)]
struct Changed {
    address: IpAddr,
    blocked: bool,
}

pub(super) async fn perform(verb: Verb, output: OutputFormat) -> Result<(), CliError> {
    let log = OpenLog::open().await?;
    let now = log.executor.ambient().now();
    let (address, command) = match verb {
        Verb::List => {
            list(&log, output).await?;
            log.close().await;
            return Ok(());
        }
        Verb::Block { address, time } => {
            let time = time.map(|text| {
                let time = duration::parse(&text).and_then(|time| TimeDelta::from_std(time).ok());
                time.ok_or_else(|| {
                    CliError::Input("--for is a duration such as 30m, 1h or 7d".into())
                })
            });
            let until = time.transpose()?.map(|time| now + time);
            let (address, reason) = (address.to_canonical(), BlockReason::ByOrder);
            (address, Command::Block { address, reason, until, now })
        }
        Verb::Unblock { address } => {
            let address = address.to_canonical();
            (address, Command::Unblock { address, now })
        }
    };
    let id = AddressId::of(address);
    let changed =
        log.executor.execute::<Address>(TenantId::PLATFORM, id.0, command, log.metadata()).await;
    changed.map_err(|error| match error {
        CommandError::Rejected(rejection) => CliError::Input(rejection.to_string()),
        error => CliError::failed("the address could not be changed")(error),
    })?;
    log.close().await;
    let blocked = matches!(command, Command::Block { .. });
    output.print(&Changed { address, blocked }, |changed| {
        let word = if changed.blocked { "Blocked" } else { "Unblocked" };
        format!("{word} {}.", changed.address)
    })
}

async fn list(log: &OpenLog, output: OutputFormat) -> Result<(), CliError> {
    let failed = CliError::failed("the blocked addresses could not be read");
    let page = Page::numbered(1, LIMIT_MAX).unwrap_or_default();
    let now = log.executor.ambient().now();
    let listed = ReadModels::new(log.pool.clone()).list_blocked_addresses(now, page).await;
    output.print(&listed.map_err(failed)?.rows, |rows| {
        let line = |row: &projections::blocked_addresses::BlockedAddressRow| {
            let until = row.blocked_until.map_or_else(
                || "until it is unblocked".to_owned(),
                |until| format!("until {until}"),
            );
            format!("{}  {}  {until}", row.address, row.reason)
        };
        match &rows[..] {
            [] => "No address is blocked.".to_owned(),
            rows => rows.iter().map(line).collect::<Vec<_>>().join("\n"),
        }
    })
}
