//! What may be asked, of whom, and when.

use chrono::{DateTime, TimeDelta, Utc};
use domain::aggregate::Aggregate;
use domain::event::Event;
use domain::id::{MessageId, SessionId, TenantId};
use domain::message::content::{ContentKind, CustomerMetadata};
use domain::message::event::{Event as MessageEvent, Moment, Queued, Received};
use domain::message::refusal::{Refusal, RefusalKind};
use domain::message::retry::RetryPolicy;
use domain::message::{self, Message};
use domain::priority::Priority;
use domain::session::event::{Event as SessionEvent, ReachOutLocked};
use domain::session::status::SessionStatus;
use domain::session::{self, Action, Report, Session};
use domain::stream::{Category, StreamName};
use domain::waha_server::name::ServerName;
use domain::webhook::{self, Effect, Webhook};
use domain::whatsapp::{Ack, ChatId, Engine, WahaMessageId};
use proptest::prelude::*;
use uuid::Uuid;

/// One of the few streams of each kind, so that they are met again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Which(u8);

impl Which {
    pub(super) fn uuid(self) -> Uuid {
        Uuid::from_u128(1_000 + u128::from(self.0))
    }
}

/// A command, and to which stream.
#[derive(Debug, Clone)]
pub(super) enum Asked {
    Session(Which, session::Command),
    Message(Which, message::Command),
    Webhook(Which, webhook::Command),
}

/// An event that nobody asked for.
#[derive(Debug, Clone)]
pub(super) struct Past {
    pub(super) stream: StreamOf,
    pub(super) event: Event,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct StreamOf(Category, Which);

impl StreamOf {
    pub(super) fn of(self, tenant: TenantId) -> StreamName {
        StreamName { category: self.0, tenant, id: self.1.uuid() }
    }
}

impl Asked {
    fn address(&self) -> StreamOf {
        match self {
            Self::Session(id, _) => StreamOf(Session::CATEGORY, *id),
            Self::Message(id, _) => StreamOf(Message::CATEGORY, *id),
            Self::Webhook(id, _) => StreamOf(Webhook::CATEGORY, *id),
        }
    }

    pub(super) fn stream(&self, tenant: TenantId) -> StreamName {
        self.address().of(tenant)
    }

    /// An event to be appended to the same stream.
    pub(super) fn past(&self) -> Past {
        let event = match self {
            Self::Session(..) => Event::Session(SessionEvent::ReachOutLocked(ReachOutLocked {
                until: at(9),
                detail: String::new(),
                at: at(0),
            })),
            Self::Message(..) => Event::Message(MessageEvent::Delivered(Moment { at: at(0) })),
            Self::Webhook(..) => {
                Event::Webhook(webhook::Event::Repeated(webhook::Repeated { at: at(0) }))
            }
        };
        Past { stream: self.address(), event }
    }
}

/// What happens next; `by` says in which process.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Execute {
        by: usize,
        begins: bool,
        asked: Asked,
    },
    /// Both processes are asked at the same time, about one stream.
    AtOnce(Asked, Asked),
    Load {
        by: usize,
        asked: Asked,
    },
    /// The process is started anew: it has folded nothing.
    Restart {
        by: usize,
    },
    /// Somebody appends to the stream past the executors, this far from its version.
    Append {
        by: usize,
        asked: Asked,
        at: i32,
    },
}

pub(super) fn stories() -> impl Strategy<Value = Vec<Step>> {
    let by = 0_usize..2;
    let step = prop_oneof![
        12 => (by.clone(), any::<bool>(), asked())
            .prop_map(|(by, begins, asked)| Step::Execute { by, begins, asked }),
        3 => prop_oneof![
            two(sessions(), Asked::Session),
            two(messages(), Asked::Message),
            two(webhooks(), Asked::Webhook),
        ],
        2 => (by.clone(), asked()).prop_map(|(by, asked)| Step::Load { by, asked }),
        1 => by.clone().prop_map(|by| Step::Restart { by }),
        1 => (by, asked(), -1..2).prop_map(|(by, asked, at)| Step::Append { by, asked, at }),
    ];
    proptest::collection::vec(step, 1..60)
}

fn two<C: std::fmt::Debug + Clone>(
    command: impl Strategy<Value = C> + Clone,
    asked: fn(Which, C) -> Asked,
) -> impl Strategy<Value = Step> {
    (which(), command.clone(), command)
        .prop_map(move |(id, one, other)| Step::AtOnce(asked(id, one), asked(id, other)))
}

fn asked() -> impl Strategy<Value = Asked> {
    prop_oneof![
        2 => (which(), sessions()).prop_map(|(id, command)| Asked::Session(id, command)),
        4 => (which(), messages()).prop_map(|(id, command)| Asked::Message(id, command)),
        1 => (which(), webhooks()).prop_map(|(id, command)| Asked::Webhook(id, command)),
    ]
}

fn which() -> impl Strategy<Value = Which> {
    (0_u8..3).prop_map(Which)
}

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
}

fn sessions() -> impl Strategy<Value = session::Command> + Clone {
    use session::Command;
    let actions = proptest::sample::select(vec![
        Action::Start,
        Action::Stop,
        Action::Restart,
        Action::Logout,
        Action::Delete,
    ]);
    let name = || "main".to_owned().try_into().unwrap();
    let now = at(1);
    let report = |(is_working, as_of): (bool, i64)| {
        let status = if is_working { SessionStatus::Working } else { SessionStatus::Failed };
        Command::Report(Report {
            status,
            engine: Some(Engine::Gows),
            phone: None,
            as_of: at(as_of),
        })
    };
    prop_oneof![
        2 => Just(Command::Create { name: name(), waha_session: "main_1".to_owned(), server: ServerName::default(), now }),
        3 => actions.clone().prop_map(move |action| Command::Request { action, now }),
        3 => actions.prop_map(move |action| Command::CompleteAction { action, server: ServerName::default(), now }),
        3 => (any::<bool>(), 0_i64..9).prop_map(report),
    ]
}

fn messages() -> impl Strategy<Value = message::Command> + Clone {
    use message::Command;
    let now = at(5);
    let (attempts, detail) = (1_u32..4, "as WAHA put it");
    let queued = Queued {
        session_id: SessionId(Uuid::from_u128(8)),
        to: "+6281234567890".parse().unwrap(),
        body: "Hello".to_owned().try_into().unwrap(),
        priority: Priority::Normal,
        metadata: CustomerMetadata::default(),
        client_reference: None,
        send_at: None,
        expires_at: None,
        at: now,
    };
    let received = Received {
        session_id: SessionId(Uuid::from_u128(8)),
        chat_id: ChatId("6281234567890@c.us".to_owned()),
        from: None,
        from_lid: None,
        body: "Hi".to_owned(),
        kind: ContentKind::Text,
        waha_message_id: WahaMessageId("AAAA".to_owned()),
        at: now,
    };
    let message_id = MessageId(Uuid::from_u128(7));
    let start = move |engine_takes_ids| Command::StartAttempt { message_id, engine_takes_ids, now };
    let confirm = move |attempt| Command::ConfirmSent { attempt, waha_message_id: None, now };
    let refuse = move |attempt| Command::ReportRefusal {
        attempt,
        refusal: Refusal { kind: RefusalKind::Unreachable, detail: detail.to_owned() },
        retry: RetryPolicy {
            attempts_max: 2,
            base: TimeDelta::seconds(1),
            max: TimeDelta::seconds(9),
        },
        jitter: 0.5,
        now,
    };
    let lose_sight =
        move |attempt| Command::ReportUnknown { attempt, detail: detail.to_owned(), now };
    let acks = vec![Ack::Error, Ack::Pending, Ack::Server, Ack::Device, Ack::Read];
    let acknowledge = move |ack| {
        let waha_message_id = WahaMessageId("AAAA".to_owned());
        Command::Acknowledge { ack, waha_message_id, at: now }
    };
    prop_oneof![
        3 => Just(Command::Queue(queued)),
        6 => any::<bool>().prop_map(start),
        2 => attempts.clone().prop_map(confirm),
        3 => attempts.clone().prop_map(refuse),
        2 => attempts.prop_map(lose_sight),
        2 => proptest::sample::select(acks).prop_map(acknowledge),
        2 => Just(Command::Redrive { now }),
        1 => Just(Command::Discard { now }),
        1 => Just(Command::Receive(Box::new(received))),
    ]
}

fn webhooks() -> impl Strategy<Value = webhook::Command> + Clone {
    use webhook::Command;
    let fingerprints = prop_oneof![Just("a".to_owned()), Just("b".to_owned())];
    let receive = |fingerprint| {
        Command::Receive(Box::new(webhook::Received {
            waha_session: "main_1".to_owned(),
            session_id: None,
            event: "message".to_owned(),
            event_id: "evt_1".to_owned(),
            fingerprint,
            body: "{}".to_owned(),
            at: at(3),
        }))
    };
    let record =
        |fingerprint| Command::RecordEffect { fingerprint, effect: Effect::Applied, now: at(4) };
    prop_oneof![fingerprints.clone().prop_map(receive), fingerprints.prop_map(record)]
}
