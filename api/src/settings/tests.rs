use std::collections::HashMap;

use secrecy::ExposeSecret;

use super::*;
use domain::message::doubt::OnUnknown;

const SOUND: [(&str, &str); 6] = [
    ("DATABASE_URL", "postgres://heliograph:pw@db.internal:6432/heliograph"),
    ("JWT_SECRET", "c0ffee5e1f9b8d7a6c5b4a3f2e1d0c9b"),
    ("JWT_REFRESH_SECRET", "b9c0d1e2f3a4b5c6a7d8b9f1e5eeff0c"),
    ("WAHA_BASE_URL", "http://waha:3000"),
    ("WAHA_API_KEY", "kept-between-us"),
    ("WAHA_WEBHOOK_SECRET", "0123456789abcdef"),
];

fn read(changes: &[(&str, &str)]) -> Result<Settings, Vec<SettingError>> {
    let values: HashMap<&str, &str> = SOUND.into_iter().chain(changes.iter().copied()).collect();
    Settings::read(|name| values.get(name).map(|value| (*value).to_owned()))
}

fn refused(changes: &[(&str, &str)]) -> Vec<&'static str> {
    read(changes).unwrap_err().iter().map(|error| error.name).collect()
}

#[test]
fn what_is_not_set_has_its_default() {
    let settings = read(&[]).unwrap();
    assert_eq!(settings.http.listen.to_string(), "0.0.0.0:3000");
    assert_eq!(settings.tokens.access.lifetime.as_secs(), 86_400);
    assert_eq!(settings.tokens.refresh.lifetime.as_secs(), 604_800);
    assert_eq!(settings.delivery.rate_per_minute.map(u32::from), Some(20));
    assert_eq!(settings.delivery.retry.attempts_max, 10);
    assert_eq!(settings.delivery.settling.grace.num_seconds(), 60);
    assert_eq!(settings.delivery.settling.on_unknown, OnUnknown::Hold);
    assert_eq!(settings.waha.public_url.as_str(), "http://localhost:3000/");
    assert_eq!(settings.waha.timeout.as_secs(), 45);
    assert_eq!(settings.http.cors, CorsOrigins::Own);
    assert_eq!(settings.log.format, LogFormat::Text);
}

#[test]
fn everything_that_is_missing_is_told_at_once() {
    let errors = Settings::read(|_| None).unwrap_err();
    let names: Vec<_> = errors.iter().map(|error| error.name).collect();
    let expected = [
        "DATABASE_URL",
        "JWT_SECRET",
        "JWT_REFRESH_SECRET",
        "WAHA_BASE_URL",
        "WAHA_API_KEY",
        "WAHA_WEBHOOK_SECRET",
    ];
    assert_eq!(names, expected);
    for error in errors {
        assert!(error.to_string().contains("set it to"), "{error}");
    }
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let wrong = [
        ("PORT", "http"),
        ("HOST", "localhost"),
        ("JWT_SECRET", "your-jwt-secret"),
        ("JWT_EXPIRES_IN", "soon"),
        ("WAHA_BASE_URL", "waha"),
        ("WAHA_TIMEOUT_SECONDS", "15"),
        ("DELIVERY_MAX_ATTEMPTS", "0"),
        ("DELIVERY_BACKOFF_BASE_MS", "400000"),
        ("DELIVERY_SETTLE_AFTER_SECONDS", "0"),
        ("DELIVERY_ON_UNKNOWN", "guess"),
        ("RATE_LIMIT_PER_MINUTE", "0"),
        ("WEBHOOK_ALLOWED_IPS", "the office"),
        ("TRUSTED_PROXIES", "10.0.0.0/8,"),
        ("LOG_FORMAT", "xml"),
        ("LOG_LEVEL", "info,sqlx=loud"),
        ("DATABASE_URL", "mysql://localhost/heliograph"),
    ];
    let mut names = refused(&wrong);
    let mut expected: Vec<_> = wrong.iter().map(|(name, _)| *name).collect();
    expected.retain(|name| *name != "DELIVERY_BACKOFF_BASE_MS");
    expected.push("DELIVERY_BACKOFF_MAX_MS");
    names.sort_unstable();
    expected.sort_unstable();
    assert_eq!(names, expected);
}

#[test]
fn the_two_signing_keys_must_differ() {
    assert_eq!(refused(&[("JWT_REFRESH_SECRET", SOUND[1].1)]), ["JWT_REFRESH_SECRET"]);
}

#[test]
fn the_database_may_be_given_in_parts() {
    let parts = [
        ("DATABASE_URL", ""),
        ("DB_HOST", "db.internal"),
        ("DB_PORT", "6543"),
        ("DB_PASSWORD", "p@ss:w/rd"),
        ("DB_DATABASE", "messaging"),
    ];
    let options = read(&parts).unwrap().database.connect_options();
    assert_eq!((options.get_host(), options.get_port()), ("db.internal", 6543));
    assert_eq!(options.get_database(), Some("messaging"));
}

#[test]
fn the_older_name_of_the_webhook_secret_is_read_where_the_newer_is_not_set() {
    let settings =
        read(&[("WAHA_WEBHOOK_SECRET", ""), ("WEBHOOK_SECRET", "fedcba9876543210")]).unwrap();
    assert_eq!(settings.waha.webhook_secret.expose_secret(), "fedcba9876543210");
}

#[test]
fn a_rate_of_nought_means_no_pacing() {
    assert_eq!(read(&[("DELIVERY_RATE_PER_MINUTE", "0")]).unwrap().delivery.rate_per_minute, None);
}

#[test]
fn no_secret_is_shown() {
    let shown = format!("{:?}", read(&[]).unwrap());
    for (name, secret) in [SOUND[1], SOUND[2], SOUND[4], SOUND[5], ("the password", "pw@")] {
        assert!(!shown.contains(secret), "{name} is shown");
    }
    let shown = format!("{:?}", read(&[("JWT_SECRET", "hunter2")]).unwrap_err());
    assert!(!shown.contains("hunter2"));
}
