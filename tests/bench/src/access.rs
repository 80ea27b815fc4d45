//! Who gets in: signing in beside what hashing a password costs by itself, what the look at a token adds to a request,
//! and how soon a login session that is ended on one process is over on another.
//!
//! A sign-in verifies an Argon2id hash (19 MiB, two passes: the first choice of OWASP's cheat sheet) and appends an event. The
//! two routes that are compared do no more than answer; the second is for those who are signed in.

use std::time::{Duration, Instant};

use acceptance::directory::PASSWORD;
use acceptance::setup::Setup;
use commands::passwords::Passwords;
use http::{Method, StatusCode};
use tokio::task::JoinSet;

use crate::connection::Connection;
use crate::database::Database;
use crate::error::BenchError;
use crate::load::{Load, press};
use crate::report::Report;
use crate::round::Round;
use crate::settings::Settings;
use crate::site::{Sender, Site};

/// Who sign in at a time: more than the two hashes that are worked on at once.
const SIGNERS: usize = 4;
/// The most that may be set: nobody is to make room.
const LOGIN_SESSIONS_MAX: u32 = 1_000;
/// Answered without a look at anything.
const OPEN: &str = "/.well-known/jwks.json";
/// The same, to those who are signed in.
const GUARDED: &str = "/messages/format-phone/+6281234567890";
const REVOCATIONS: usize = 50;

pub(crate) async fn measure(settings: &Settings, report: &Report) -> Result<(), BenchError> {
    let database = Database::migrated(settings, "bench_access").await?;
    let setup = Setup::default().unlimited().set("LOGIN_SESSIONS_MAX", LOGIN_SESSIONS_MAX);
    let site = Site::start_with(&database, setup).await?;
    let senders = site.senders(SIGNERS, 1).await?;
    for round in Round::all(settings) {
        let hashes = verifications(round).await?.per_second();
        let sign_ins = sign_ins(&site, &senders, round).await?.per_second();
        round.note(report, "argon2_per_second", hashes);
        round.note(report, "sign_ins_per_second", sign_ins);
        round.note(report, "sign_ins_vs_argon2", sign_ins / hashes);
        let open = answers(&site, None, OPEN, round).await?;
        let guarded = answers(&site, Some(&senders[0]), GUARDED, round).await?;
        round.note(report, "open_us", open);
        round.note(report, "guarded_us", guarded);
        round.note(report, "guard_us", guarded - open);
    }
    let revocations = revocations(&site, &senders[0]).await?;
    report.note("revocation_p50_ms", revocations.percentile_ms(50));
    report.note("revocation_max_ms", revocations.percentile_ms(100));
    site.end().await;
    database.remove().await
}

/// Hashes verified, and nothing else.
async fn verifications(round: Round) -> Result<Load, BenchError> {
    let failed = |error: commands::passwords::PasswordError| BenchError::failed(error.to_string());
    let passwords = Passwords::new().map_err(failed)?;
    let hash = passwords.hash(PASSWORD.into()).await.map_err(failed)?;
    press(vec![(passwords, hash); SIGNERS], round.time, async |(passwords, hash)| {
        if passwords.verify(PASSWORD.into(), Some(hash.clone())).await {
            Ok((passwords, hash))
        } else {
            Err(BenchError::failed("a right password is found wrong"))
        }
    })
    .await
}

async fn sign_ins(site: &Site, senders: &[Sender], round: Round) -> Result<Load, BenchError> {
    let mut signers = Vec::new();
    for sender in senders {
        let connection = Connection::open(site.port.address(), None).await?;
        signers.push((connection, sender.caller.account().login().to_string()));
    }
    press(signers, round.time, async |(mut connection, login)| {
        let (method, status) = (Method::POST, StatusCode::OK);
        connection.insist(method, "/auth/login", login.clone(), status).await?;
        Ok((connection, login))
    })
    .await
}

/// How long half of the answers take, in microseconds, to one who asks again and again.
async fn answers(
    site: &Site,
    sender: Option<&Sender>,
    uri: &'static str,
    round: Round,
) -> Result<f64, BenchError> {
    let token = sender.map(|sender| sender.caller.token());
    let connection = Connection::open(site.port.address(), token).await?;
    let load = press(vec![connection], round.time, async move |mut connection| {
        connection.insist(Method::GET, uri, String::new(), StatusCode::OK).await?;
        Ok(connection)
    });
    Ok(load.await?.percentile_ms(50) * 1000.0)
}

/// How long after it was asked to end on one process each login session is over on another, whose answers are asked for
/// without a pause.
async fn revocations(site: &Site, sender: &Sender) -> Result<Load, BenchError> {
    let (other, port) = site.stand_by().await;
    let mut latencies = Vec::new();
    let started = Instant::now();
    for _ in 0..REVOCATIONS {
        let caller = sender.caller.sign_in(sender.caller.account()).await;
        let mut there = Connection::open(port.address(), Some(caller.token())).await?;
        there.insist(Method::GET, GUARDED, String::new(), StatusCode::OK).await?;
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            loop {
                let (status, _) = there.ask(Method::GET, GUARDED, String::new()).await?;
                if status == StatusCode::UNAUTHORIZED {
                    return Ok::<_, BenchError>(Instant::now());
                }
            }
        });
        let asked = Instant::now();
        caller.act("/auth/logout").await.expect(204);
        if let Some(refused) = tasks.join_next().await {
            latencies.push(refused??.saturating_duration_since(asked));
        }
    }
    other.kill().await;
    Ok(Load::new(latencies, started.elapsed().max(Duration::from_millis(1))))
}
