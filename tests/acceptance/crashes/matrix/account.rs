//! What came of it, from three sides: the ledger's, the API's, the exported log's.

use std::collections::HashMap;

use acceptance::caller::Caller;
use acceptance::mailbox::RESET;
use acceptance::messages::ledger_of;
use acceptance::process;
use acceptance::sessions::Session;
use failpoint::{Failpoint, Part};
use mail_catcher::{Caught, MailCatcher};
use serde_json::Value;
use waha_simulator::LedgerEntry;

use super::super::site::Site;
use super::occasion::{Occasion, TEXT};

/// Whether a restart was asked for, and is done.
const IS_RESTARTED: &str = "
select exists (select from events
               where event_type = 'session_action_completed' and data ->> 'action' = 'restart')";

/// Whether the session was moved, and is started where it is now.
const IS_MOVED: &str = "
select exists (select from events placed join events done using (stream_id)
               where placed.event_type = 'session_placed' and done.event_type = 'session_action_completed'
                 and done.version > placed.version)";

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Account {
    point: Failpoint,
    /// The status of the answer the client got, if it got one.
    pub(super) answered: Option<u16>,
    /// How many messages with the text are in the log.
    logged: usize,
    /// Attempts that were begun, by the log.
    attempts: usize,
    /// Times WAHA was asked.
    asked: usize,
    /// Times the message left.
    sent: usize,
    /// How the API shows the message, or the session if it is about that.
    shown: Option<String>,
    /// Whether WAHA told something again that was known already.
    is_repeated: bool,
    /// Restarts of a session that are completed.
    restarts: usize,
    /// Mails about a forgotten password that were taken.
    mailed: usize,
}

pub(super) async fn take(
    site: &Site,
    tenant: &Caller,
    session: &Session,
    point: Failpoint,
    answered: Option<u16>,
) -> Account {
    let log = export(site).await;
    let count = |is_so: &dyn Fn(&Value) -> bool| log.iter().filter(|event| is_so(event)).count();
    let is = |event: &Value, name: &str| event["type"] == name;
    let ledger = ledger_of(&site.waha, TEXT);
    let is_new = |e: &Value| is(e, "message_queued") || is(e, "message_received");
    let is_restart =
        |e: &Value| is(e, "session_action_completed") && e["data"]["action"] == "restart";
    Account {
        point,
        answered,
        logged: count(&|event| is_new(event) && event["data"]["body"] == TEXT),
        attempts: count(&|event| is(event, "message_attempt_started")),
        asked: ledger.len(),
        sent: ledger.iter().filter(|entry| LedgerEntry::is_sent(entry)).count(),
        shown: shown(site, tenant, session, Occasion::of(point)).await,
        is_repeated: count(&|event| is(event, "webhook_repeated")) > 0,
        restarts: count(&is_restart),
        mailed: mails(site).len(),
    }
}

/// The log, as anybody may have it.
async fn export(site: &Site) -> Vec<Value> {
    let exported = process::run(&site.environment(&site.port), &["log", "export"], "").await;
    assert!(exported.status.success(), "{exported:?}");
    let text = String::from_utf8(exported.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The mails about a forgotten password that were taken.
fn mails(site: &Site) -> Vec<Caught> {
    let mut mails = site.catcher.as_ref().map(MailCatcher::mails).unwrap_or_default();
    mails.retain(|mail| mail.subject == RESET);
    mails
}

/// How the API shows the message; of a session, its status once it is restarted.
pub(super) async fn shown(
    site: &Site,
    tenant: &Caller,
    session: &Session,
    occasion: Occasion,
) -> Option<String> {
    if occasion == Occasion::Forgotten {
        return mails(site).first().map(|_| "mailed".to_owned());
    }
    let is_done = match occasion {
        Occasion::Restart => Some(IS_RESTARTED),
        Occasion::Move => Some(IS_MOVED),
        _ => None,
    };
    if let Some(is_done) = is_done {
        let is_done: bool = sqlx::query_scalar(is_done).fetch_one(&site.database).await.unwrap();
        let shown = tenant.get(&format!("/sessions/{}", session.id)).await;
        return (is_done && shown.status == 200).then(|| shown.text("status"));
    }
    let messages = tenant.get("/messages").await;
    if messages.status != 200 {
        return None;
    }
    let rows: Vec<_> = messages.rows().iter().filter(|row| row["body"] == TEXT).collect();
    assert!(rows.len() <= 1, "it is shown more than once: {rows:#?}");
    rows.first().map(|row| row["status"].as_str().unwrap().to_owned())
}

/// Whether what is shown is an end. In doubt is none: what is in doubt here is looked for, and found or not.
pub(super) fn is_settled(point: Failpoint, answered: Option<u16>, shown: Option<&str>) -> bool {
    match Occasion::of(point) {
        Occasion::Restart | Occasion::Move => shown == Some("WORKING"),
        Occasion::Forgotten => shown == Some("mailed"),
        Occasion::Arrival | Occasion::ArrivalUntold => shown == Some("delivered"),
        Occasion::SendUnacknowledged => shown == Some("sent"),
        // Who was not told that it is accepted may find that it is not.
        _ if point == Failpoint::AppendAsked && shown.is_none() => !is_accepted(answered),
        _ => shown == Some("read"),
    }
}

const fn is_accepted(answered: Option<u16>) -> bool {
    matches!(answered, Some(200..300))
}

/// Whether every webhook that WAHA tried to deliver has arrived.
pub(super) fn all_webhooks_are_taken(site: &Site) -> bool {
    let mut taken: HashMap<(String, String), bool> = HashMap::new();
    for attempt in site.waha.webhook_attempts() {
        let is_taken = attempt.is_delivered();
        *taken.entry((attempt.event, attempt.event_id)).or_default() |= is_taken;
    }
    taken.into_values().all(|is_taken| is_taken)
}

impl Account {
    pub(super) fn assert_nothing_is_lost_or_doubled(&self) {
        assert!(
            is_settled(self.point, self.answered, self.shown.as_deref()),
            "it changed at rest: {self:#?}"
        );
        assert!(self.mailed <= 2, "mail was sent again and again: {self:#?}");
        assert!(self.sent <= 1, "it was sent more than once: {self:#?}");
        assert!(self.logged <= 1, "it was queued or received more than once: {self:#?}");
        assert!(self.asked <= self.attempts, "WAHA was called without an attempt: {self:#?}");
        assert!(
            !is_accepted(self.answered) || self.logged + self.restarts + self.mailed.min(1) == 1,
            "accepted and lost: {self:#?}"
        );
        match self.shown.as_deref() {
            Some("read" | "sent") => assert_eq!(self.sent, 1, "it was never sent: {self:#?}"),
            None => assert_eq!(self.logged, 0, "in the log, and not shown: {self:#?}"),
            Some(_) => {}
        }
    }

    /// Who died before its answer gave none.
    pub(super) fn assert_the_dead_did_not_answer(&self) {
        let was_asked = matches!(self.point.part(), Part::Api | Part::Appender);
        assert!(!was_asked || self.answered.is_none(), "it was answered: {self:#?}");
        let is_unheard = self.point == Failpoint::AppendAsked;
        assert!(!is_unheard || self.logged == 0, "it came from nowhere: {self:#?}");
    }

    /// For people.
    pub(super) fn words(&self) -> String {
        let shown = self.shown.as_deref().unwrap_or_default();
        match (Occasion::of(self.point), self.point) {
            (Occasion::Restart | Occasion::Move, _) => {
                format!("it is done again; the session is `{shown}`")
            }
            (Occasion::Forgotten, _) if self.mailed == 1 => "the mail is sent once".to_owned(),
            (Occasion::Forgotten, _) => {
                "the mail is sent again, under the same Message-ID; the link in the newer one is good"
                    .to_owned()
            }
            (Occasion::Arrival, Failpoint::WebhookVerified | Failpoint::WebhookStored) => {
                let found = if self.is_repeated { "found to be a repeat" } else { "taken as new" };
                format!("WAHA gets no answer and tells it again, which is {found}: received once")
            }
            (Occasion::Arrival | Occasion::ArrivalUntold, _) => "received once".to_owned(),
            (Occasion::SendOnce, _) => format!(
                "the request is not answered; asked again, it is, and the message is {}",
                self.outcome()
            ),
            _ if self.logged == 0 => {
                "the request is not answered, and nothing has happened: the client asks again"
                    .to_owned()
            }
            (_, Failpoint::AppendCommitted) => {
                format!("the request is not answered, and the message is {}", self.outcome())
            }
            _ => format!("the message is {}", self.outcome()),
        }
    }

    fn outcome(&self) -> String {
        let shown = self.shown.as_deref().unwrap_or_default();
        let sent = if self.sent == 1 { "sent once" } else { "not sent" };
        // In how many attempts is not told: how far the others had come when it died is up to the machine.
        format!("{sent}, and shown as `{shown}`")
    }
}
