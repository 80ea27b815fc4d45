//! E3 with several processes: each appends through a log of its own, one is killed in the midst of it.
//!
//! The processes are this very test binary, told to run [`a_process_that_appends`] alone.

use std::collections::HashSet;
use std::io::Write as _;
use std::process::Stdio;

use domain::id::EventId;
use domain::ports::event_log::EventLog;
use futures::future::join_all;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, PgPool};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::events::{NOTHING, delivered, new_stream};
use crate::open_log::{OpenLog, another_pool, committed, tail_until};

/// Appends of one process, unless it is killed before.
const APPENDS: usize = 2_000;
/// Appends a process has on their way at a time.
const AT_A_TIME: usize = 16;
/// A line on the standard output of a process begins with it if it tells of a durable append.
const DURABLE: &str = "durable ";

#[tokio::test]
#[ignore = "not a test: what the processes run that the tests of this file start"]
async fn a_process_that_appends() {
    // The database is told on the standard input; whoever runs this by hand tells none.
    let mut url = String::new();
    std::io::stdin().read_line(&mut url).unwrap();
    let Ok(options) = url.trim().parse::<PgConnectOptions>() else { return };
    let log = OpenLog::over(&PgPoolOptions::new().connect_lazy_with(options));
    let writers = (0..AT_A_TIME).map(|_| async {
        for _ in 0..APPENDS / AT_A_TIME {
            let event = delivered();
            let id = event.id;
            log.append(new_stream(), NOTHING, vec![event]).await.unwrap();
            // Only now, that it is told to be durable, does anybody rely on it.
            writeln!(std::io::stdout(), "{DURABLE}{id}").unwrap();
        }
    });
    join_all(writers).await;
}

/// A process that appends, and what it was told is durable.
struct Writer {
    process: Child,
    output: Lines<BufReader<ChildStdout>>,
    durable: Vec<EventId>,
}

impl Writer {
    async fn start(pool: &PgPool) -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "processes::a_process_that_appends", "--ignored", "--nocapture"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let url = pool.connect_options().to_url_lossy();
        process.stdin.take().unwrap().write_all(format!("{url}\n").as_bytes()).await.unwrap();
        let output = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { process, output, durable: Vec::new() }
    }

    /// Hears of `count` durable appends, or of all there are.
    async fn hear(&mut self, count: usize) {
        while self.durable.len() < count {
            let Some(line) = self.output.next_line().await.unwrap() else { return };
            // The first line shares its place with the test harness's own words.
            if let Some((_, id)) = line.split_once(DURABLE) {
                self.durable.push(id.parse().unwrap());
            }
        }
    }

    async fn hear_to_the_end(&mut self) {
        self.hear(usize::MAX).await;
        self.process.wait().await.unwrap();
    }
}

fn assert_each_once(events: &[EventId]) {
    assert_eq!(events.iter().collect::<HashSet<_>>().len(), events.len(), "an event came twice");
}

#[sqlx::test(migrations = "../migrations")]
async fn readers_see_what_several_processes_append_once_and_in_order(pool: PgPool) {
    let pool = another_pool(&pool);
    let (here, there) = (OpenLog::over(&pool), OpenLog::over(&pool));
    let last = delivered();
    let writing = async {
        let mut writers = join_all((0..3).map(|_| Writer::start(&pool))).await;
        join_all(writers.iter_mut().map(Writer::hear_to_the_end)).await;
        here.begin(new_stream(), std::slice::from_ref(&last)).await.unwrap();
        writers.into_iter().flat_map(|writer| writer.durable).collect::<Vec<_>>()
    };
    let (durable, seen_here, seen_there) =
        tokio::join!(writing, tail_until(&*here, last.id), tail_until(&*there, last.id));
    assert_eq!(durable.len(), 3 * APPENDS);
    assert_eq!(seen_here, seen_there);
    assert!(seen_here.is_sorted_by(|a, b| a.position < b.position));
    let seen: Vec<_> = seen_here.iter().map(|event| event.id).collect();
    assert_each_once(&seen);
    assert_eq!(seen.len(), durable.len() + 1);
    assert_eq!(seen, committed(&pool).await);
}

#[sqlx::test(migrations = "../migrations")]
async fn what_a_killed_process_was_told_is_durable_and_readers_go_on(pool: PgPool) {
    let pool = another_pool(&pool);
    let log = OpenLog::over(&pool);
    let last = delivered();
    let writing = async {
        let mut writers = join_all((0..3).map(|_| Writer::start(&pool))).await;
        let victim = &mut writers[0];
        victim.hear(APPENDS / 10).await;
        victim.process.kill().await.unwrap();
        join_all(writers.iter_mut().map(Writer::hear_to_the_end)).await;
        log.begin(new_stream(), std::slice::from_ref(&last)).await.unwrap();
        assert!(writers[0].durable.len() < APPENDS, "the kill came too late");
        writers.into_iter().flat_map(|writer| writer.durable).collect::<Vec<_>>()
    };
    let (durable, seen) = tokio::join!(writing, tail_until(&*log, last.id));
    let seen: Vec<_> = seen.iter().map(|event| event.id).collect();
    assert_each_once(&seen);
    assert_eq!(seen, committed(&pool).await);
    let seen: HashSet<_> = seen.into_iter().collect();
    assert!(durable.iter().all(|id| seen.contains(id)), "a durable event is not there");
}
