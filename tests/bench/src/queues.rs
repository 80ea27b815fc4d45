//! Other queues: jobs added singly, and jobs done. They are programs for Node, installed by scripts/bench.
//!
//! - `BullMQ` on a Redis of its own that writes every change to disk before it answers, as we do;
//! - graphile-worker on the same PostgreSQL.

use std::path::PathBuf;
use std::process::Stdio;

use acceptance::port::Port;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::{Duration, Instant, sleep};

use crate::database::Database;
use crate::error::BenchError;
use crate::peers;
use crate::report::{Missing, Report};
use crate::settings::Settings;

const CALLERS: &str = "32";
/// Jobs done in all, for each second a figure is measured.
const JOBS_PER_SECOND: u64 = 4000;
const REDIS_READY_WITHIN: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The figures of a queue.
type Keys = [&'static str; 2];
const BULLMQ: Keys = ["bullmq_add_per_second", "bullmq_jobs_per_second"];
const GRAPHILE_WORKER: Keys = ["graphile_worker_add_per_second", "graphile_worker_jobs_per_second"];

pub(crate) async fn measure(settings: &Settings, report: &Report) -> Result<(), BenchError> {
    let is_installed = |module: &str| modules(settings).join(module).is_dir();
    if !is_installed("graphile-worker") {
        skip(report, GRAPHILE_WORKER, "npm did not install it");
    } else if let Err(error) = graphile_worker(settings, report).await {
        report.miss(&GRAPHILE_WORKER, &Missing::Failed(error.chain()));
    }
    if !is_installed("bullmq") {
        skip(report, BULLMQ, "npm did not install it");
    } else if !has_redis().await {
        skip(report, BULLMQ, "redis-server is not installed");
    } else if let Err(error) = bullmq(settings, report).await {
        report.miss(&BULLMQ, &Missing::Failed(error.chain()));
    }
    Ok(())
}

async fn graphile_worker(settings: &Settings, report: &Report) -> Result<(), BenchError> {
    let database = Database::empty(settings, "bench_graphile_worker").await?;
    let mut node = node(settings, "graphile-worker.mjs");
    note(report, GRAPHILE_WORKER, node.env("DATABASE_URL", &database.url)).await?;
    database.remove().await
}

async fn bullmq(settings: &Settings, report: &Report) -> Result<(), BenchError> {
    let port = Port::reserve();
    let mut redis = redis(settings, &port).await?;
    let mut node = node(settings, "bullmq.mjs");
    let noted =
        note(report, BULLMQ, node.env("REDIS_PORT", port.address().port().to_string())).await;
    redis.kill().await?;
    noted
}

async fn note(report: &Report, [add, done]: Keys, program: &mut Command) -> Result<(), BenchError> {
    let told = peers::run(program).await?;
    for (key, name) in [(add, "add_per_second"), (done, "jobs_per_second")] {
        let figure = told[name].as_f64();
        let figure = figure.ok_or_else(|| BenchError::failed(format!("no {name} in {told}")))?;
        report.note(key, figure);
    }
    Ok(())
}

fn skip(report: &Report, keys: Keys, why: &str) {
    report.miss(&keys, &Missing::Skipped(why.to_owned()));
}

fn node(settings: &Settings, program: &str) -> Command {
    let seconds = settings.time.as_secs();
    let jobs = (seconds * JOBS_PER_SECOND).to_string();
    let mut node = Command::new("node");
    node.arg(settings.output.join("queues").join(program));
    node.args([CALLERS, &seconds.to_string(), &jobs]);
    node
}

fn modules(settings: &Settings) -> PathBuf {
    settings.output.join("queues/node_modules")
}

async fn has_redis() -> bool {
    let version = Command::new("redis-server").arg("--version").output().await;
    version.is_ok_and(|output| output.status.success())
}

/// A Redis that loses nothing it has acknowledged, with its files in the target directory.
async fn redis(settings: &Settings, port: &Port) -> Result<Child, BenchError> {
    let directory = settings.output.join("redis");
    let file = |source| BenchError::File { path: directory.clone(), source };
    if directory.exists() {
        std::fs::remove_dir_all(&directory).map_err(file)?;
    }
    std::fs::create_dir_all(&directory).map_err(file)?;
    let mut redis = Command::new("redis-server");
    redis.args(["--bind", "127.0.0.1", "--port", &port.address().port().to_string()]);
    redis.args(["--appendonly", "yes", "--appendfsync", "always", "--save", "", "--dir"]);
    redis.arg(&directory).stdout(Stdio::null()).kill_on_drop(true);
    let program = "redis-server".to_owned();
    let redis = redis.spawn().map_err(|source| BenchError::Program { program, source })?;
    let deadline = Instant::now() + REDIS_READY_WITHIN;
    while TcpStream::connect(port.address()).await.is_err() {
        if Instant::now() > deadline {
            return Err(BenchError::failed("redis-server does not listen"));
        }
        sleep(LOOK_EVERY).await;
    }
    Ok(redis)
}
