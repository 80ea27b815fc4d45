//! The command line.
//!
//! Exit codes: 0 done, 1 not done (the reason is on standard error), 2 called wrongly. What a verb prints
//! goes to standard output, for people or, with `--output json`, for programs; everything else, logs
//! included, goes to standard error.

mod api_key;
mod client;
mod database;
mod demo;
mod doctor;
mod event_store;
mod ip;
mod log;
mod migrate;
mod output;
mod projections;
mod queue;
mod secret;
mod serve;
mod session;
mod sessions;
mod tenant;
mod user;
mod waha_servers;

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};

use crate::roles::EngineRole;
use crate::settings::{SettingError, table};
use output::OutputFormat;

/// Self-hosted, multi-tenant messaging engine for WhatsApp, in front of WAHA.
#[derive(Debug, Parser)]
#[command(name = "heliograph", version, propagate_version = true)]
pub struct Arguments {
    #[command(subcommand)]
    verb: Verb,
    /// How results are printed.
    #[arg(long, global = true, value_enum, default_value_t = OutputFormat::Text)]
    output: OutputFormat,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Serve the API, project, deliver, until told to stop (SIGTERM, ctrl-C).
    Serve {
        /// What this process does of all there is to do. Each role may be given to any number of processes;
        /// every process answers /health and /metrics.
        #[arg(long, value_enum, value_delimiter = ',', default_values_t = EngineRole::value_variants().to_vec())]
        roles: Vec<EngineRole>,
    },
    /// Change the database's shape.
    #[command(subcommand)]
    Migrate(migrate::Verb),
    /// Look after tenants.
    #[command(subcommand)]
    Tenant(tenant::Verb),
    /// Look after users.
    #[command(subcommand)]
    User(user::Verb),
    /// Look after API keys.
    #[command(subcommand)]
    ApiKey(api_key::Verb),
    /// Look after OAuth2 clients.
    #[command(subcommand)]
    Client(client::Verb),
    /// Look after WhatsApp sessions.
    #[command(subcommand)]
    Session(session::Verb),
    /// Look after users' login sessions.
    #[command(subcommand)]
    Sessions(sessions::Verb),
    /// Look after blocked addresses.
    #[command(subcommand)]
    Ip(ip::Verb),
    /// Look after the WAHA servers sessions run on.
    #[command(subcommand)]
    WahaServers(waha_servers::Verb),
    /// Work on the queue of messages.
    #[command(subcommand)]
    Queue(queue::Verb),
    /// Look after read models.
    #[command(subcommand)]
    Projections(projections::Verb),
    /// Look into the event log.
    #[command(subcommand)]
    Log(log::Verb),
    /// Look after the event store.
    #[command(subcommand)]
    EventStore(event_store::Verb),
    /// Check settings, database, event store and WAHA, and say how to put right what is wrong.
    Doctor,
    /// Print the reference of all settings, in Markdown.
    Settings,
    /// See a message go from the API to a phone: needs a database and a WAHA (or its simulator).
    Demo,
}

/// Why a verb did not do its work.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    /// Settings are wrong.
    #[error("{}", list(.0))]
    Settings(Vec<SettingError>),
    /// Something the verb was given is wrong.
    #[error("{0}")]
    Input(String),
    /// Something the verb needed failed.
    #[error("{what}")]
    Failed {
        /// What could not be done.
        what: &'static str,
        #[source]
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The verb found what it looks for: something wrong, told already.
    #[error("{0}")]
    Unwell(&'static str),
}

impl CliError {
    /// For `map_err`: what could not be done.
    fn failed<E>(what: &'static str) -> impl FnOnce(E) -> Self
    where
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        move |source| Self::Failed { what, source: source.into() }
    }
}

fn list(errors: &[SettingError]) -> String {
    let lines: Vec<_> = errors.iter().map(|error| format!("  {error}")).collect();
    format!("these settings are wrong:\n{}", lines.join("\n"))
}

/// For how long a thread waits for more to do that would hold up others.
const BLOCKING_THREAD_KEEP_ALIVE: Duration = Duration::from_secs(1);

/// Does what the command line asks.
pub fn run(arguments: Arguments) -> ExitCode {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    // A thread that has hashed passwords gives their memory back when it ends.
    runtime.enable_all().thread_keep_alive(BLOCKING_THREAD_KEEP_ALIVE);
    let runtime = match runtime.build() {
        Ok(runtime) => runtime,
        Err(error) => return complain(&CliError::failed("the runtime could not start")(error)),
    };
    match runtime.block_on(perform(arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain(&error),
    }
}

async fn perform(Arguments { verb, output }: Arguments) -> Result<(), CliError> {
    match verb {
        Verb::Serve { roles } => serve::perform(&roles.into_iter().collect()).await,
        Verb::Migrate(verb) => migrate::perform(verb, output).await,
        Verb::Tenant(verb) => tenant::perform(verb, output).await,
        Verb::User(verb) => user::perform(verb, output).await,
        Verb::Client(verb) => client::perform(verb, output).await,
        Verb::ApiKey(verb) => api_key::perform(verb, output).await,
        Verb::Session(verb) => session::perform(verb, output).await,
        Verb::Sessions(verb) => sessions::perform(verb, output).await,
        Verb::Ip(verb) => ip::perform(verb, output).await,
        Verb::WahaServers(verb) => waha_servers::perform(verb, output).await,
        Verb::Queue(verb) => queue::perform(verb, output).await,
        Verb::Projections(verb) => projections::perform(verb, output).await,
        Verb::Log(verb) => log::perform(verb).await,
        Verb::EventStore(verb) => event_store::perform(verb, output).await,
        Verb::Doctor => doctor::perform(output).await,
        Verb::Settings => print(&table::reference()),
        Verb::Demo => demo::perform().await,
    }
}

fn print(text: &str) -> Result<(), CliError> {
    write!(std::io::stdout(), "{text}").map_err(CliError::failed("standard output is closed"))
}

/// Prints an error with everything that led to it.
fn complain(error: &CliError) -> ExitCode {
    let mut text = format!("heliograph: {error}");
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str("\n  because: ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    // Nobody is left to tell if standard error is gone.
    let _ = writeln!(std::io::stderr(), "{text}");
    ExitCode::FAILURE
}

/// The environment, for settings.
#[expect(clippy::disallowed_methods, reason = "settings are read here and passed on")]
pub(crate) fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
