//! `EVENT_STORE_URL`, and `event-store check`: against the fake of EventStoreDB (E2).

use acceptance::process::Process;
use eventstoredb_fake::{Fake, FakeOptions};
use serde_json::Value;
use sqlx::PgPool;
use waha_simulator::{Simulator, SimulatorOptions};

use super::shell::Shell;

const NOWHERE: &str = "http://127.0.0.1:9";
const NO_SERVER: &str = "esdb://admin:hidden@127.0.0.1:9?tls=false&discoveryInterval=10";

/// What `doctor` says of the event store.
async fn finding(shell: &Shell) -> Value {
    let ended = shell.run(&["doctor", "--output", "json"]).await;
    assert!(!ended.stdout.contains("hidden"), "the password is shown: {ended:#?}");
    let findings: Value = serde_json::from_str(&ended.stdout).unwrap();
    let findings = findings.as_array().unwrap();
    findings.iter().find(|finding| finding["what"] == "event store").cloned().unwrap_or_default()
}

#[sqlx::test(migrations = "../migrations")]
async fn doctor_and_health_tell_which_event_store_it_is(pool: PgPool) {
    let waha = Simulator::start(SimulatorOptions::default()).await.unwrap();
    let fake = Fake::start(FakeOptions::default()).await.unwrap();
    let shell = Shell::new(&pool, &waha.base_url());
    let told = finding(&shell).await;
    assert!(told["detail"].as_str().is_some_and(|detail| detail.starts_with("PostgreSQL ")));

    let shell = shell.set("EVENT_STORE_URL", Some(&fake.url()));
    let told = finding(&shell).await;
    assert_eq!((&told["isWell"], &told["detail"]), (&true.into(), &"EventStoreDB 24.10.0".into()));
    let process = Process::serve(&shell.environment).await;
    let caller = acceptance::caller::Caller::nobody(shell.port.url());
    let health = caller.get("/health").await.expect(200).body;
    assert_eq!(health["services"]["eventStore"]["detail"], "EventStoreDB 24.10.0", "{health}");
    process.kill().await;
    fake.stop().await;
    waha.shutdown().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn what_is_wrong_with_the_event_store_is_told_with_its_remedy(pool: PgPool) {
    let fake = Fake::start(FakeOptions::default()).await.unwrap();
    let old = FakeOptions { version: "22.10.5", ..FakeOptions::default() };
    let old = Fake::start(old).await.unwrap();
    let shell = |url: &str| Shell::new(&pool, NOWHERE).set("EVENT_STORE_URL", Some(url));
    for (url, remedy) in [
        (NO_SERVER.to_owned(), "127.0.0.1:9 cannot be reached"),
        (fake.url().replace("changeit", "hidden"), "check the user and the password"),
        (fake.url().replace("admin:changeit@", ""), "check the user and the password"),
        (fake.url().replace("tls=false", "tls=true"), "add tls=false"),
        (old.url(), "23.10 or newer"),
    ] {
        let told = finding(&shell(&url)).await;
        let detail = told["detail"].as_str().unwrap_or_default();
        assert!(told["isWell"] == false && detail.contains(remedy), "{url}: {told}");
        shell(&url).run(&["serve"]).await.assert_failed_because(&["EVENT_STORE_URL", remedy]);
    }
    let create = ["tenant", "create", "--name", "acme"];
    for (url, problem) in [("http://127.0.0.1", "esdb://"), ("esdb://h?tsl=false", "tsl")] {
        for line in [&["serve"][..], &create] {
            shell(url).run(line).await.assert_failed_because(&["EVENT_STORE_URL", problem]);
        }
    }
    fake.stop().await;
    old.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_store_is_put_to_the_contract_and_every_case_is_told(pool: PgPool) {
    let fake = Fake::start(FakeOptions::default()).await.unwrap();
    let shell = Shell::new(&pool, NOWHERE);
    let outcomes = shell.json(&["event-store", "check", "--url", &fake.url()]).await;
    let outcomes = outcomes.as_array().unwrap();
    assert!(outcomes.len() > 20, "{outcomes:#?}");
    assert!(outcomes.iter().all(|outcome| outcome["verdict"] == "passed"), "{outcomes:#?}");

    // Without a URL it is the store of the environment.
    let text = shell.run(&["event-store", "check"]).await;
    assert_eq!(text.code, Some(0), "{text:#?}");
    assert!(text.stdout.contains(", 0 failed, 1 skipped."), "{text:#?}");
    fake.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_store_that_breaks_the_contract_is_told(pool: PgPool) {
    // Too small for the large event: the server's limit is lower than what we write.
    let small = FakeOptions { append_bytes_max: 256 << 10, ..FakeOptions::default() };
    let fake = Fake::start(small).await.unwrap();
    let ended =
        Shell::new(&pool, NOWHERE).run(&["event-store", "check", "--url", &fake.url()]).await;
    assert_eq!(ended.code, Some(1), "{ended:#?}");
    let failed: Vec<_> = ended.stdout.lines().filter(|line| line.starts_with("FAIL")).collect();
    assert!(failed.len() == 1 && failed[0].contains("a large event"), "{ended:#?}");
    assert!(ended.stdout.contains("MaxAppendSize"), "{ended:#?}");
    fake.stop().await;
}
