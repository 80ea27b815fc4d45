//! On what it was measured: without this a figure says nothing. Looked at before the run.

use sqlx::{Connection, PgConnection};
use tokio::process::Command;

use domain::ports::Ambient;
use heliograph::ambient::SystemAmbient;

use crate::error::BenchError;

/// Settings of the server that decide what it can do.
const SHOWN: &str = "
select name || ' = ' || current_setting(name)
from unnest(array['fsync', 'synchronous_commit', 'full_page_writes', 'shared_buffers', 'max_wal_size'])
    as name";

/// Date, commit, machine and server, as a few lines of Markdown.
pub(crate) async fn describe(server: &str) -> Result<String, BenchError> {
    let mut connection = PgConnection::connect(server).await?;
    let version: String = sqlx::query_scalar("select current_setting('server_version')")
        .fetch_one(&mut connection)
        .await?;
    let shown: Vec<String> = sqlx::query_scalar(SHOWN).fetch_all(&mut connection).await?;
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    Ok(format!(
        "Measured on {} at commit {}, on {processors} processors ({}), {}, {}.\nPostgreSQL {version}, with {}.\n\
         Load generators, WAHA simulator, engine and PostgreSQL share the machine, whose load was {} when it began.\n",
        SystemAmbient.now().format("%Y-%m-%d"),
        told("git", &["describe", "--always", "--dirty"]).await,
        proc_entry("/proc/cpuinfo", "model name"),
        memory(),
        told("uname", &["-srm"]).await,
        shown.join(", "),
        load(),
    ))
}

/// The first line a program prints.
async fn told(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().await;
    let line = output.ok().and_then(|output| {
        String::from_utf8_lossy(&output.stdout).lines().next().map(str::to_owned)
    });
    line.unwrap_or_else(|| "unknown".to_owned())
}

/// How many were at work in the minute before.
fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().filter(|load| !load.is_empty()).unwrap_or("unknown").to_owned()
}

fn memory() -> String {
    let kilobytes = proc_entry("/proc/meminfo", "MemTotal");
    let kilobytes = kilobytes.trim_end_matches(" kB").parse::<u64>().ok();
    kilobytes.map_or("memory unknown".into(), |all| format!("{} GB", all / 1_000_000))
}

/// What a file of the kernel says under a name; "unknown" where there is no such file.
fn proc_entry(file: &str, name: &str) -> String {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with(name));
    let value = line.and_then(|line| line.split_once(':')).map(|(_, value)| value.trim());
    value.unwrap_or("unknown").to_owned()
}
