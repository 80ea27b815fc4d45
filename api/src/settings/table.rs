//! Every setting: its name, its default, what it must be, what it is for. Errors and the reference are made
//! of this table.

use std::fmt::Write;

/// One setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// The environment variable.
    pub name: &'static str,
    /// What holds when it is not set.
    pub default: Option<&'static str>,
    /// What it must be; completes "set it to".
    pub expects: &'static str,
    /// What it is for.
    pub meaning: &'static str,
    /// Whether its value must never be shown.
    pub is_secret: bool,
}

/// The reference of all settings, as `docs/settings.md` holds it.
pub fn reference() -> String {
    let mut page = String::from(
        "# Settings\n\nRead from the environment once, at the start. All errors in them are told at once, each with its fix. \
         No secret\nhas a default. This page is the output of `heliograph settings`.\n\n\
         | variable | default | meaning | set it to |\n|---|---|---|---|\n",
    );
    for Setting { name, default, expects, meaning, .. } in ALL {
        let default = default.map(|default| format!("`{default}`")).unwrap_or_default();
        let expects = expects.replace('<', "&lt;").replace('>', "&gt;");
        let meaning = meaning.replace('<', "&lt;").replace('>', "&gt;");
        // Writing to a string cannot fail.
        let _ = writeln!(page, "| `{name}` | {default} | {meaning} | {expects} |");
    }
    page
}

/// The default of a setting that must be set, or that may be left out.
const NONE: Option<&str> = None;

macro_rules! table {
    ($($name:ident, $secrecy:ident, $default:expr, $expects:literal, $meaning:literal;)+) => {
        $(
            #[doc = $meaning]
            pub const $name: Setting = Setting {
                name: stringify!($name),
                default: $default,
                expects: $expects,
                meaning: $meaning,
                is_secret: table!(@ $secrecy),
            };
        )+

        /// The whole table, in the order of the reference.
        pub const ALL: &[Setting] = &[$($name),+];
    };
    (@ secret) => { true };
    (@ open) => { false };
}

table! {
    DATABASE_URL, secret, NONE,
        "postgres://<user>:<password>@<host>:5432/<database>, or set DB_DATABASE and the other DB_* settings instead",
        "The PostgreSQL database. Goes before the `DB_*` settings.";
    DB_HOST, open, Some("localhost"),
        "the name or address of the database server",
        "The database server, where `DATABASE_URL` is not set.";
    DB_PORT, open, Some("5432"),
        "a port number from 1 to 65535",
        "The database server's port, where `DATABASE_URL` is not set.";
    DB_USERNAME, open, Some("postgres"),
        "the database user",
        "The database user, where `DATABASE_URL` is not set.";
    DB_PASSWORD, secret, NONE,
        "the database user's password",
        "The database user's password, where `DATABASE_URL` is not set. Optional.";
    DB_DATABASE, open, NONE,
        "the name of the database",
        "The database's name, where `DATABASE_URL` is not set.";
    EVENT_STORE_URL, secret, NONE,
        "esdb://<user>:<password>@<host>:2113, with ?tls=false if the server speaks without TLS; or leave it out",
        "An EventStoreDB (KurrentDB) that keeps the events. Optional: without it, PostgreSQL does. See [event stores](event-stores.md).";
    HOST, open, Some("0.0.0.0"),
        "an IP address, such as 0.0.0.0 or 127.0.0.1",
        "The address to listen on.";
    PORT, open, Some("3000"),
        "a port number from 0 to 65535 (0: any free one)",
        "The port to listen on.";
    CORS_ORIGIN, open, NONE,
        "* or origins such as https://app.example.com, separated by commas",
        "Whose web pages may call the API. Optional: without it, none but its own.";
    RATE_LIMIT_PER_MINUTE, open, Some("6000"),
        "a whole number from 1 to 1000000",
        "How many requests a tenant may make per minute, on each process.";
    USER_RATE_LIMIT_PER_MINUTE, open, Some("3000"),
        "a whole number from 1 to 1000000",
        "How many of them one user may make, or one OAuth2 client; an API key has a limit of its own if it is given one.";
    READ_RATE_LIMIT_PER_MINUTE, open, Some("6000"),
        "a whole number from 1 to 1000000",
        "How many of a tenant's requests may read.";
    SEND_RATE_LIMIT_PER_MINUTE, open, Some("6000"),
        "a whole number from 1 to 1000000",
        "How many of a tenant's requests may send messages, or settle those that were sent.";
    CHANGE_RATE_LIMIT_PER_MINUTE, open, Some("600"),
        "a whole number from 1 to 1000000",
        "How many of a tenant's requests may change anything else: sessions, users, keys, servers.";
    ADDRESS_RATE_LIMIT_PER_MINUTE, open, Some("60000"),
        "a whole number from 1 to 1000000",
        "How many requests may come from one IP address per minute, on each process, whoever makes them. Webhooks and the routes of health and metrics are not counted.";
    LOGIN_RATE_LIMIT_PER_MINUTE, open, Some("30"),
        "a whole number from 1 to 1000000",
        "How many sign-ins per minute may be tried for one account, over all processes; and how many wrong secrets may be shown for one OAuth2 client from one address.";
    LOGIN_ADDRESS_RATE_LIMIT_PER_MINUTE, open, Some("300"),
        "a whole number from 1 to 1000000",
        "How many sign-ins per minute may be tried from one address, over all processes; and how many wrong secrets of OAuth2 clients may be shown from there.";
    LOGIN_FAILURES_MAX, open, Some("10"),
        "a whole number from 1 to 1000000",
        "After how many wrong passwords within `LOGIN_LOCK_TIME` an account is locked.";
    LOGIN_LOCK_TIME, open, Some("15m"),
        "a duration such as 30m, 24h, 7d or 3600 (seconds), at most 366d",
        "For how long an account is locked after too many wrong passwords.";
    ADDRESS_FAILURES_MAX, open, Some("100"),
        "a whole number from 1 to 1000000",
        "After how many failed sign-ins and wrong secrets of OAuth2 clients within `ADDRESS_BLOCK_TIME` an address is blocked.";
    ADDRESS_BLOCK_TIME, open, Some("1h"),
        "a duration such as 30m, 24h, 7d or 3600 (seconds), at most 366d",
        "For how long an address is blocked after too many failed sign-ins.";
    LOGIN_SESSIONS_MAX, open, Some("10"),
        "a whole number from 1 to 1000",
        "How many login sessions a user may have at a time.";
    LOGIN_SESSION_LIFETIME, open, Some("30d"),
        "a duration such as 30m, 24h, 7d or 3600 (seconds), at most 366d",
        "How long a login session lasts, however often it is refreshed. One that is not refreshed lasts as long as its refresh token.";
    IDEMPOTENCY_KEY_TTL, open, Some("24h"),
        "a duration such as 30m, 24h, 7d or 3600 (seconds), at most 366d",
        "How long an `Idempotency-Key` and its answer are kept; those of a message that is sent later, for a day past its `sendAt` at least. See [idempotency](idempotency.md).";
    WEBHOOK_ALLOWED_IPS, open, NONE,
        "addresses or networks such as 10.0.0.0/8 or ::1, separated by commas",
        "From where webhooks are taken. Optional: without it, from anywhere; the signature is checked in any case.";
    TRUSTED_PROXIES, open, NONE,
        "addresses or networks such as 10.0.0.0/8 or ::1, separated by commas",
        "Your own reverse proxies, whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed. Optional: without it, nobody's are. See [TLS](tls.md).";
    TENANT_DOMAIN, open, NONE,
        "a domain such as heliograph.example.com, or leave it out",
        "The domain whose subdomains name tenants where people sign in: `acme` before it names the tenant that has the subdomain `acme`. The proxy passes on the `Host` it was asked for. Optional. See [signing in](sign-in.md).";
    JWT_SECRET, secret, NONE,
        "at least 32 bytes nobody can guess, such as the output of: openssl rand -hex 32",
        "Signs access tokens.";
    JWT_EXPIRES_IN, open, Some("24h"),
        "a duration such as 30m, 24h, 7d or 3600 (seconds), at most 366d",
        "How long an access token is good.";
    JWT_PREVIOUS_SECRETS, secret, NONE,
        "secrets that JWT_SECRET had, separated by commas, each at least 32 bytes",
        "What they signed is still good. Optional: to change `JWT_SECRET` without signing anybody out. See [programs](machines.md).";
    JWT_PRIVATE_KEY, secret, NONE,
        "an Ed25519 key as `openssl genpkey -algorithm ed25519` writes it, or the path of its file",
        "Signs access tokens in the place of `JWT_SECRET`; others verify them with `/.well-known/jwks.json`. Optional.";
    JWT_PREVIOUS_PRIVATE_KEYS, secret, NONE,
        "one or more keys that JWT_PRIVATE_KEY had or will have, one after the other, or the path of their file",
        "What they signed is good, too. Optional.";
    JWT_REFRESH_SECRET, secret, NONE,
        "at least 32 bytes nobody can guess and other than JWT_SECRET, such as the output of: openssl rand -hex 32",
        "Signs refresh tokens.";
    JWT_PREVIOUS_REFRESH_SECRETS, secret, NONE,
        "secrets that JWT_REFRESH_SECRET had, separated by commas, each at least 32 bytes",
        "What they signed is still good. Optional.";
    JWT_REFRESH_EXPIRES_IN, open, Some("7d"),
        "a duration such as 30m, 24h, 7d or 3600 (seconds), at most 366d",
        "How long a refresh token is good.";
    OAUTH_TOKEN_EXPIRES_IN, open, Some("15m"),
        "a duration such as 30m, 24h, 7d or 3600 (seconds), at most 366d",
        "How long an access token is good that is given to an OAuth2 client.";
    OAUTH_ISSUER, open, NONE,
        "the URL by which OAuth2 clients reach this server, such as https://api.example.com, the same for every process",
        "Who the tokens of OAuth2 clients say they are from. Optional: `PUBLIC_URL`.";
    WAHA_BASE_URL, open, NONE,
        "WAHA's address, such as http://localhost:3001",
        "Where WAHA is.";
    WAHA_API_KEY, secret, NONE,
        "WAHA's API key",
        "The key WAHA asks for.";
    WAHA_WEBHOOK_SECRET, secret, NONE,
        "at least 8 bytes nobody can guess, such as the output of: openssl rand -hex 32",
        "Verifies webhooks of WAHA sessions that were not made here (also read as `WEBHOOK_SECRET`).";
    WEBHOOK_SECRET, secret, NONE,
        "the same as WAHA_WEBHOOK_SECRET",
        "Another name of `WAHA_WEBHOOK_SECRET`, which goes before it.";
    WAHA_TIMEOUT_SECONDS, open, Some("45"),
        "a whole number from 16 to 600: WAHA itself may hold a request for 15 seconds before it refuses it",
        "How long WAHA may take to answer before the outcome counts as unknown.";
    PUBLIC_URL, open, NONE,
        "the address under which WAHA reaches this server, such as http://heliograph:3000",
        "Where WAHA sends its webhooks. Optional: the port `PORT` of localhost.";
    DELIVERY_RATE_PER_MINUTE, open, Some("20"),
        "a whole number from 0 to 1000000 (0: no pacing)",
        "How many messages a session sends per minute.";
    DELIVERY_MAX_ATTEMPTS, open, Some("10"),
        "a whole number from 1 to 1000",
        "How often a message is tried before it is a dead letter.";
    DELIVERY_BACKOFF_BASE_MS, open, Some("1000"),
        "a whole number from 1 to 86400000",
        "The longest wait before the first retry, in milliseconds; it doubles with every further one.";
    DELIVERY_BACKOFF_MAX_MS, open, Some("300000"),
        "a whole number from DELIVERY_BACKOFF_BASE_MS to 86400000",
        "The longest wait before any retry, in milliseconds.";
    DELIVERY_SETTLE_AFTER_SECONDS, open, Some("60"),
        "a whole number from 1 to 86400, longer than WAHA may take for a send whose answer was lost",
        "How long after its outcome became unknown a message that WAHA does not show counts as not sent. See [unknown outcomes](unknown-outcomes.md).";
    DELIVERY_ON_UNKNOWN, open, Some("hold"),
        "hold or resend",
        "What becomes of a message whose outcome cannot be told, unless its tenant has it otherwise: it waits for a person, or is sent again, once.";
    DELIVERY_ACK_DEADLINE_SECONDS, open, Some("120"),
        "a whole number from 1 to 86400",
        "How long WhatsApp may take to acknowledge a message that WAHA took, before that is reported.";
    DELIVERY_REACH_OUT_LOCK_HOURS, open, Some("24"),
        "a whole number from 1 to 720",
        "How long a session writes to nobody new after WhatsApp has refused it that (error 463). Replies go on.";
    DELIVERY_CHAT_SPACING_SECONDS, open, Some("0"),
        "a whole number from 0 to 86400 (0: no spacing)",
        "How long a session waits between two messages to one chat. Off by default: answers in a conversation follow each other quickly.";
    DELIVERY_FIRST_CONTACTS_PER_DAY, open, Some("0"),
        "a whole number from 0 to 100000 (0: no budget)",
        "To how many people whom it does not know a session writes in a day (UTC); the rest wait for the next. Off by default: what is safe depends on the number's age.";
    DELIVERY_SUSPECT_AFTER, open, Some("5"),
        "a whole number from 0 to 1000 (0: never)",
        "After how many messages in a row that WhatsApp has not acknowledged in time a session is suspect: its queue waits.";
    SESSION_AUTO_RESTART, open, Some("true"),
        "true or false",
        "Whether failed and suspect sessions are restarted, once an hour at most.";
    WEBHOOK_GAP_WINDOW_HOURS, open, Some("24"),
        "a whole number from 0 to 720 (0: nothing is looked for)",
        "How far back WAHA's chats are looked at for messages and acknowledgements whose webhooks were missed. See [webhooks](webhooks.md).";
    WEBHOOK_GAP_WAIT_SECONDS, open, Some("10"),
        "a whole number from 0 to 3600",
        "How long after this server was started, or a session works again, they are looked for: WAHA repeats webhooks by itself.";
    WEBHOOK_SILENCE_SECONDS, open, Some("3600"),
        "a whole number from 1 to 86400",
        "A session of which nothing was heard for so long is looked at, too.";
    DELIVERY_BREAKER_FAILURES, open, Some("5"),
        "a whole number from 1 to 1000",
        "How many calls in a row to a WAHA server, or through a session, may fail before no more are made for a while. See [circuit breakers](circuit-breakers.md).";
    DELIVERY_BREAKER_OPEN_SECONDS, open, Some("5"),
        "a whole number from 1 to 3600",
        "How long no calls are made then before it is asked how it is; twice as long each further time.";
    DELIVERY_BREAKER_OPEN_MAX_SECONDS, open, Some("60"),
        "a whole number from DELIVERY_BREAKER_OPEN_SECONDS to 3600",
        "How long no calls are made at most before it is asked how it is.";
    DELIVERY_RAMP_UP_SECONDS, open, Some("60"),
        "a whole number from 0 to 3600 (0: no ramp-up)",
        "How long a session takes to come from a quarter of its pace to all of it, after it began to work or a breaker has closed.";
    SECRETS_KEY, secret, NONE,
        "at least 32 random bytes, the same on every process; or leave it out",
        "Seals the secrets of second factors in the database. Without it nobody can enrol one. With another, those there are cannot be read: backup codes still work, and administrators can reset. See [signing in](sign-in.md).";
    MFA_RATE_LIMIT_PER_MINUTE, open, Some("5"),
        "a whole number from 1 to 1000000",
        "Codes of a second factor that may be tried for one account, exactly, over all processes.";
    SMTP_URL, secret, NONE,
        "smtp://<host>:25, smtps://<user>:<password>@<host>, or smtp://<user>:<password>@<host>:587?tls=required; or leave it out",
        "The server mail is handed to. Without it no mail is sent: nobody is invited, and nobody recovers a password by themselves. See [signing in](sign-in.md).";
    MAIL_FROM, open, NONE,
        "an address such as no-reply@example.com, or Heliograph <no-reply@example.com>",
        "Who mail is from. Required with `SMTP_URL`.";
    MAIL_LINK_URL, open, NONE,
        "an http or https address",
        "Where links in mail lead: `/reset-password`, `/verify-email` and `/accept-invitation` below it, with `?token=`. Default: `PUBLIC_URL`.";
    MAIL_RESET_LIFETIME, open, Some("1h"),
        "a duration such as 30m, 24h, 7d or 3600 (seconds), at most 366d",
        "How long a link to a new password is good.";
    MAIL_VERIFICATION_LIFETIME, open, Some("24h"),
        "a duration such as 30m, 24h, 7d or 3600 (seconds), at most 366d",
        "How long a link that confirms an address is good.";
    MAIL_INVITATION_LIFETIME, open, Some("7d"),
        "a duration such as 30m, 24h, 7d or 3600 (seconds), at most 366d",
        "How long an invitation is good.";
    MAIL_RATE_LIMIT_PER_HOUR, open, Some("5"),
        "a whole number from 1 to 1000000",
        "Mails that may be asked for in an hour for one address of mail, exactly, over all processes.";
    MAIL_ADDRESS_RATE_LIMIT_PER_HOUR, open, Some("30"),
        "a whole number from 1 to 1000000",
        "Mails that may be asked for in an hour from one IP address, exactly, over all processes.";
    REQUIRE_VERIFIED_EMAIL, open, Some("false"),
        "true or false",
        "Whether only those sign in who have followed a link that was mailed to their address.";
    LOG_FORMAT, open, Some("text"),
        "text or json",
        "How log lines are written.";
    LOG_LEVEL, open, Some("info,sqlx=warn,eventstore=off"),
        "error, warn, info, debug or trace, or directives such as info,sqlx=warn",
        "How much is logged.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_in_the_documentation_is_the_one_of_this_table() {
        assert!(
            include_str!("../../../docs/settings.md") == reference(),
            "docs/settings.md is out of date: run `cargo run -p api -- settings > docs/settings.md`"
        );
    }
}
