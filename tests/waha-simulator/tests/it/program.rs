//! The program: one line when ready, and an end on SIGTERM.

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

#[tokio::test]
async fn the_program_says_where_it_listens_and_ends_on_sigterm() {
    let mut program = Command::new(env!("CARGO_BIN_EXE_waha-simulator"))
        .args(["--port", "0", "--api-key", "K", "--engine", "noweb", "--auto-scan-ms", "800"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(program.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let url = line.trim().rsplit(' ').next().unwrap();

    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let pong = http.get(format!("{url}/ping")).send().await.unwrap().text().await.unwrap();
    assert_eq!(pong, r#"{"message":"pong"}"#);

    let id = program.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    assert!(program.wait().unwrap().success());
}
