//! What is asked of a process so that it comes to the place where it is to die.

use acceptance::caller::Caller;
use acceptance::eventually::within;
use acceptance::messages::{BOB, BOBS_CHAT};
use acceptance::process;
use acceptance::sessions::Session;
use acceptance::setup::Setup;
use failpoint::Failpoint;
use reqwest::Method;
use serde_json::json;
use sqlx::PgPool;
use waha_simulator::{Engine, Match, Misbehaviour, Rule};

use super::super::site::Site;
use super::scene::PATIENCE;

/// The text of the message it is about.
pub(super) const TEXT: &str = "at the worst moment";

/// What is asked of the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Occasion {
    /// Somebody sends a message.
    Send,
    /// The same under a key, and again until it is answered.
    SendOnce,
    /// The same, and WAHA refuses it.
    SendRefused,
    /// The same, and WAHA breaks off without having sent it.
    SendBrokenOff,
    /// The same, and acknowledgements come before the answer, under an id nobody knows yet.
    SendAcknowledgedEarly,
    /// The same, and no acknowledgements come.
    SendUnacknowledged,
    /// Somebody writes to the session.
    Arrival,
    /// The same, and WAHA's webhooks about it are lost.
    ArrivalUntold,
    /// Somebody restarts the session.
    Restart,
    /// Somebody moves the session to another WAHA server.
    Move,
    /// Somebody has forgotten their password.
    Forgotten,
}

impl Occasion {
    /// The one that leads to a place.
    pub(super) const fn of(point: Failpoint) -> Self {
        match point {
            Failpoint::AppendAsked
            | Failpoint::AppendCommitted
            | Failpoint::ProjectionRead
            | Failpoint::ProjectionApplied
            | Failpoint::ProjectionMoved
            | Failpoint::ProjectionCommitted
            | Failpoint::MemoryRead
            | Failpoint::MemoryWritten
            | Failpoint::MemoryCommitted
            | Failpoint::MessageClaimed
            | Failpoint::AttemptStarted
            | Failpoint::WahaAnswered
            | Failpoint::OutcomeRecorded
            | Failpoint::IdentitiesLearnt => Self::Send,
            Failpoint::KeyReserved | Failpoint::KeyedRequestDone | Failpoint::AnswerKept => {
                Self::SendOnce
            }
            Failpoint::WahaRefused => Self::SendRefused,
            Failpoint::WahaBrokeOff | Failpoint::LookTaken | Failpoint::LookRecorded => {
                Self::SendBrokenOff
            }
            Failpoint::NewsHeld | Failpoint::HeldNewsTold => Self::SendAcknowledgedEarly,
            Failpoint::WebhookVerified
            | Failpoint::WebhookStored
            | Failpoint::WebhooksRead
            | Failpoint::EffectDurable
            | Failpoint::WebhookProcessed
            | Failpoint::WebhooksAdvanced => Self::Arrival,
            Failpoint::OverdueReported => Self::SendUnacknowledged,
            Failpoint::GapFilled | Failpoint::RepairRecorded => Self::ArrivalUntold,
            Failpoint::SessionLeft => Self::Move,
            Failpoint::ActionClaimed | Failpoint::ActionDone => Self::Restart,
            Failpoint::MailClaimed | Failpoint::MailSent => Self::Forgotten,
        }
    }

    /// For people.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Send => "a message is sent",
            Self::SendOnce => "a message is sent under an `Idempotency-Key`",
            Self::SendRefused => "a message WAHA refuses is sent",
            Self::SendBrokenOff => "a message is sent, and WAHA breaks off before it is",
            Self::SendAcknowledgedEarly => "a message is sent and acknowledged before WAHA answers",
            Self::SendUnacknowledged => "a message is sent, and WhatsApp never acknowledges it",
            Self::Arrival => "somebody writes",
            Self::ArrivalUntold => "somebody writes, and WAHA's webhooks are lost",
            Self::Restart => "a session is restarted",
            Self::Move => "a session is moved to another WAHA server",
            Self::Forgotten => "somebody has forgotten a password",
        }
    }

    /// Where it is asked.
    pub(super) async fn site(self, database: PgPool) -> Site {
        let site = Site::new(database, self.setup()).await;
        if self == Self::Forgotten { site.with_mail().await } else { site }
    }

    /// The installation it is asked in.
    fn setup(self) -> Setup {
        // The simulator sends at once or never, so what is not there soon was not sent.
        let setup = Setup::default().set("DELIVERY_SETTLE_AFTER_SECONDS", 1);
        match self {
            // Its messages have ids of its own choice, so news of them can come before they are known.
            Self::SendAcknowledgedEarly => setup.engine(Engine::Webjs),
            Self::SendUnacknowledged => setup.set("DELIVERY_ACK_DEADLINE_SECONDS", 1),
            Self::ArrivalUntold => {
                setup.set("WEBHOOK_GAP_WINDOW_HOURS", 24).set("WEBHOOK_SILENCE_SECONDS", 1)
            }
            _ => setup,
        }
    }

    /// Asks; answers the status of the answer, if there was one.
    pub(super) async fn give(self, site: &Site, tenant: &Caller, session: &Session) -> Option<u16> {
        for misbehaviour in self.misbehaviours() {
            site.waha.misbehave(Rule::once(Match::text(TEXT), misbehaviour));
        }
        let request = match self {
            Self::Arrival | Self::ArrivalUntold => {
                site.waha.receive(&session.waha_name, BOBS_CHAT, TEXT).unwrap();
                return None;
            }
            Self::Restart => {
                tenant.request(Method::POST, &format!("/sessions/{}/restart", session.id))
            }
            Self::Forgotten => {
                let body = json!({ "email": tenant.account().email });
                tenant.request(Method::POST, "/auth/forgot-password").json(&body)
            }
            Self::Move => {
                move_session(site, session).await;
                return None;
            }
            _ => {
                let body = json!({ "sessionId": session.id, "to": BOB, "body": TEXT });
                tenant.request(Method::POST, "/messages/send").json(&body)
            }
        };
        let request = match self {
            Self::SendOnce => request.header("Idempotency-Key", TEXT.replace(' ', "-")),
            _ => request,
        };
        request.send().await.ok().map(|answer| answer.status().as_u16())
    }

    /// Who asks under a key asks until it is answered; answers the status of the last answer.
    pub(super) async fn insist(
        self,
        site: &Site,
        tenant: &Caller,
        session: &Session,
        answered: Option<u16>,
    ) -> Option<u16> {
        if self != Self::SendOnce || answered == Some(202) {
            return answered;
        }
        let look = async || self.give(site, tenant, session).await;
        within(PATIENCE, "it is answered", look, |status| *status == Some(202)).await
    }

    /// What WAHA does wrong then.
    fn misbehaviours(self) -> Vec<Misbehaviour> {
        match self {
            Self::SendRefused => {
                vec![Misbehaviour::Answer { status: 422, sent: false, exception: None }]
            }
            Self::SendBrokenOff => vec![Misbehaviour::Reset { sent: false }],
            // The saga has read the acknowledgements by the time the answer tells the id they are about. Readers of the
            // log wait for every transaction of the server, and that of the next scene's database may take seconds.
            Self::SendAcknowledgedEarly => {
                vec![Misbehaviour::AckBeforeAnswer, Misbehaviour::Delay { milliseconds: 15_000 }]
            }
            Self::SendUnacknowledged => vec![Misbehaviour::NoAcks],
            // As `message` and as `message.any`.
            Self::ArrivalUntold => vec![Misbehaviour::DropWebhook, Misbehaviour::DropWebhook],
            Self::Send
            | Self::SendOnce
            | Self::Arrival
            | Self::Restart
            | Self::Move
            | Self::Forgotten => vec![],
        }
    }
}

/// To the same WAHA under another name, which is as good as another.
async fn move_session(site: &Site, session: &Session) {
    let environment = site.environment(&site.port);
    let url = site.waha.base_url();
    let add = ["waha-servers", "add", "--name", "other", "--url", &url];
    for (line, stdin) in
        [(&add[..], site.waha.api_key()), (&["session", "move", &session.id, "--to", "other"], "")]
    {
        let done = process::run(&environment, line, stdin).await;
        assert!(done.status.success(), "{done:?}");
    }
}
