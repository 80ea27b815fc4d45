//! The real binary, to be asked, stopped and killed.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::process::{ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};

use crate::caller::Caller;
use crate::eventually::eventually;

/// Numbers the files that take what processes print.
static PROCESSES: AtomicU64 = AtomicU64::new(0);

/// What a process is told of the world.
pub type Environment = BTreeMap<&'static str, String>;

/// A `heliograph serve` of its own.
#[derive(Debug)]
pub struct Process {
    child: Child,
    printed: File,
}

fn command(environment: &Environment) -> Command {
    let mut command = Command::new(path());
    command.env_clear().envs(environment).kill_on_drop(true);
    command
}

/// The binary lies beside the program that asks, or one directory above it: tests lie in `deps`.
fn path() -> PathBuf {
    let program = std::env::current_exe().expect("the program does not know where it is");
    let directories = program.ancestors().skip(1).take(2);
    let mut places = directories.map(|directory| directory.join("heliograph"));
    places.find(|path| path.is_file()).unwrap_or_else(|| {
        panic!("no binary near {}: run `cargo build --workspace --bins` first", program.display())
    })
}

/// Runs a verb to its end.
pub async fn run(environment: &Environment, arguments: &[&str], stdin: &str) -> Output {
    let mut command = command(environment);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary does not start");
    let mut pipe = child.stdin.take().expect("standard input is piped");
    let _ = pipe.write_all(stdin.as_bytes()).await; // whoever reads none has closed it
    drop(pipe);
    child.wait_with_output().await.expect("the binary cannot be waited for")
}

impl Process {
    /// Begins a verb, to be stopped before its end.
    pub fn begin(environment: &Environment, arguments: &[&str]) -> Self {
        let printed = unnamed_file();
        let output = || Stdio::from(printed.try_clone().expect("a file handle can be copied"));
        let mut command = command(environment);
        command.args(arguments).stdin(Stdio::null()).stdout(output()).stderr(output());
        Self { child: command.spawn().expect("it does not start"), printed }
    }

    /// Serves, and answers once it does.
    pub async fn serve(environment: &Environment) -> Self {
        Self::serve_with(environment, &[]).await
    }

    /// Serves with these arguments, and answers once it does.
    pub async fn serve_with(environment: &Environment, arguments: &[&str]) -> Self {
        let mut process = Self::begin(environment, &[&["serve"], arguments].concat());
        let caller = Caller::nobody(format!("http://127.0.0.1:{}", environment["PORT"]));
        let is_there = async || {
            let ended = process.child.try_wait().expect("the binary cannot be waited for");
            assert_eq!(ended, None, "it ended instead of serving");
            let live = caller.request(reqwest::Method::GET, "/health/live");
            caller.try_send(live).await.map(|answer| answer.status).ok()
        };
        eventually("the binary serves", is_there, |status| *status == Some(200)).await;
        process
    }

    /// The number the system knows it by.
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// `kill -9`
    pub async fn kill(mut self) {
        self.child.kill().await.expect("it cannot be killed");
    }

    /// Sends a signal, such as `TERM`, `STOP` or `CONT`.
    pub async fn signal(&self, name: &str) {
        let id = self.child.id().expect("it has ended").to_string();
        let sent = Command::new("kill").args([format!("-{name}"), id]).status().await;
        assert!(sent.is_ok_and(|status| status.success()), "SIG{name} could not be sent");
    }

    /// Waits for its end.
    pub async fn end(mut self) -> ExitStatus {
        self.ended().await
    }

    /// Waits for its end, and keeps what it printed.
    pub async fn ended(&mut self) -> ExitStatus {
        self.child.wait().await.expect("the binary cannot be waited for")
    }

    /// Waits for its end, and answers what it printed, too.
    pub async fn end_and_tell(mut self) -> (ExitStatus, Vec<u8>) {
        (self.ended().await, self.printed())
    }

    /// What it has printed so far.
    pub fn printed(&self) -> Vec<u8> {
        let length = self.printed.metadata().map_or(0, |file| file.len());
        let mut text = vec![0; usize::try_from(length).unwrap_or(0)];
        let _ = self.printed.read_exact_at(&mut text, 0);
        text
    }
}

impl Drop for Process {
    /// What it printed is shown if the test fails.
    fn drop(&mut self) {
        if std::thread::panicking() {
            let _ = std::io::stderr().write_all(&self.printed());
        }
    }
}

/// A file that is gone as soon as nobody has it open.
fn unnamed_file() -> File {
    let number = PROCESSES.fetch_add(1, Ordering::Relaxed);
    let name = format!("heliograph-acceptance-{}-{number}", std::process::id());
    let path = std::env::temp_dir().join(name);
    let mut options = OpenOptions::new();
    let file = options.create_new(true).read(true).append(true).open(&path);
    let file = file.expect("no file can be made");
    std::fs::remove_file(&path).expect("the file cannot be removed");
    file
}
