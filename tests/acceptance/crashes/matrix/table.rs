//! The table in docs/guarantees.md, which is what came of it and nothing else.

use std::fmt::Write;
use std::path::Path;

use failpoint::Failpoint;

use super::account::Account;
use super::occasion::Occasion;

const BEGIN: &str = "<!-- what happens if a process dies: written by the test, UPDATE_DOCS=1 -->\n";
const END: &str = "<!-- end -->\n";

/// Holds the committed table to what came of it, or writes it anew if asked to.
pub(super) fn hold(rows: &[(Failpoint, Account)]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/guarantees.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).expect("the page has a place for the table");
    let (committed, after) = rest.split_once(END).expect("the table has an end");
    let table = written(rows);
    if is_asked_to_write() {
        std::fs::write(&path, format!("{before}{BEGIN}{table}{END}{after}")).unwrap();
        return;
    }
    assert!(
        committed == table,
        "the table in docs/guarantees.md is stale: run this test with UPDATE_DOCS=1. It came to:\n{table}"
    );
}

fn written(rows: &[(Failpoint, Account)]) -> String {
    let mut table =
        "| dies in the | at the moment when | on the occasion that | what comes of it |\n\
                     |---|---|---|---|\n"
            .to_owned();
    for (point, account) in rows {
        let (part, moment) = (point.part().as_str(), point.moment());
        let (occasion, outcome) = (Occasion::of(*point).words(), account.words());
        // Writing to a string cannot fail.
        let _ = writeln!(table, "| {part} | {moment} | {occasion} | {outcome} |");
    }
    table
}

#[expect(clippy::disallowed_methods, reason = "asked by whoever runs the test")]
fn is_asked_to_write() -> bool {
    std::env::var("UPDATE_DOCS").is_ok_and(|value| value == "1")
}
