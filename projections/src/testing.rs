//! What the tests of this crate share: a log in memory, and a short way to say what happened.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use domain::access::Role;
use domain::access::permissions::Permissions;
use domain::address::{self, BlockReason, Blocked};
use domain::api_key::KeyPrefix;
use domain::api_key::event as api_key;
use domain::event::Event;
use domain::id::{EventId, SessionId, TenantId, UserId};
use domain::login_session;
use domain::message::event::{Event as MessageEvent, Moment, Queued};
use domain::message::retry::RetryPolicy;
use domain::oauth_client;
use domain::origin::Origin;
use domain::ports::event_log::{
    Actor, Appended, EventLog, LogError, Metadata, NewEvent, RecordedEvent, StoredForm,
};
use domain::ports::leases::{FencingToken, LeaseError, Leases, Work};
use domain::priority::Priority;
use domain::stream::{Category, ExpectedVersion, Position, StreamName, Version};
use domain::{tenant, user};
use sqlx::PgPool;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::projector::Projector;

/// The only process there is: everything is leased to it, for ever.
pub(crate) struct Alone;

#[async_trait]
impl Leases for Alone {
    async fn hold(&self, _: Work) -> Result<Option<FencingToken>, LeaseError> {
        Ok(Some(FencingToken(1)))
    }
}

/// A log in memory: the same promises, kept by a mutex.
#[derive(Default)]
pub(crate) struct MemoryLog {
    events: Mutex<Vec<Arc<RecordedEvent>>>,
    unreadable: Mutex<Option<u64>>,
    news: Notify,
}

impl MemoryLog {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Appends an event with its stored form; what it stands for is up to the test.
    pub(crate) fn record_as(
        &self,
        stream: StreamName,
        event: Event,
        data: &str,
    ) -> Arc<RecordedEvent> {
        let mut events = self.events.lock().unwrap();
        let before = events.iter().filter(|event| event.stream == stream).count();
        let recorded = Arc::new(RecordedEvent {
            position: Position { first: u64::try_from(events.len()).unwrap() + 1, second: 1 },
            stream,
            version: Version(u32::try_from(before).unwrap() + 1),
            id: EventId(Uuid::from_u128(u128::try_from(events.len()).unwrap())),
            event,
            stored: StoredForm {
                event_type: "test_event",
                schema_version: 1,
                data: data.to_owned(),
            },
            metadata: Metadata::new(Actor::Operator, Uuid::nil()),
            recorded_at: at(i64::try_from(events.len()).unwrap()),
        });
        events.push(Arc::clone(&recorded));
        self.news.notify_waiters();
        recorded
    }

    pub(crate) fn record(&self, stream: StreamName, event: impl Into<Event>) -> Arc<RecordedEvent> {
        self.record_as(stream, event.into(), "{}")
    }

    /// Makes the event with this number unreadable, or none.
    pub(crate) fn break_at(&self, number: Option<u64>) {
        *self.unreadable.lock().unwrap() = number;
        self.news.notify_waiters();
    }

    fn check_readable(&self, events: &[Arc<RecordedEvent>]) -> Result<(), LogError> {
        let unreadable = *self.unreadable.lock().unwrap();
        match events.iter().find(|event| Some(event.position.first) == unreadable) {
            None => Ok(()),
            Some(event) => Err(LogError::Unreadable {
                stream: event.stream.to_string(),
                version: event.version,
                position: event.position,
                event_type: "message_beamed".to_owned(),
                source: "no such type".into(),
            }),
        }
    }
}

#[async_trait]
impl EventLog for MemoryLog {
    async fn append(
        &self,
        stream: StreamName,
        _: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Result<Appended, LogError> {
        let mut appended = Appended { version: Version(0), position: Position::START };
        for new in events {
            let recorded = self.record(stream, new.event);
            appended = Appended { version: recorded.version, position: recorded.position };
        }
        Ok(appended)
    }

    async fn read_stream(&self, stream: StreamName) -> Result<Vec<Arc<RecordedEvent>>, LogError> {
        let events = self.events.lock().unwrap();
        Ok(events.iter().filter(|event| event.stream == stream).cloned().collect())
    }

    async fn version(&self, stream: StreamName) -> Result<Version, LogError> {
        let events = self.read_stream(stream).await?;
        Ok(events.last().map_or(Version::default(), |last| last.version))
    }

    async fn read_all(
        &self,
        after: Position,
        limit: u16,
    ) -> Result<Vec<Arc<RecordedEvent>>, LogError> {
        let events: Vec<_> = {
            let events = self.events.lock().unwrap();
            let later = events.iter().filter(|event| event.position > after);
            later.take(usize::from(limit)).cloned().collect()
        };
        self.check_readable(&events)?;
        Ok(events)
    }

    async fn wait(&self, after: Position) {
        let news = self.news.notified();
        if self.events.lock().unwrap().last().is_none_or(|last| last.position <= after) {
            news.await;
        }
    }

    async fn probe(&self) -> Result<String, LogError> {
        Ok("memory".to_owned())
    }
}

/// Brings every view up to the log.
pub(crate) async fn settle(log: &Arc<MemoryLog>, pool: &PgPool) {
    let log = Arc::clone(log) as Arc<dyn EventLog>;
    Projector::new(log, pool.clone(), Arc::new(Alone), crate::all()).catch_up().await.unwrap();
}

/// So many seconds after ten in the morning of the 20th of November 2026.
pub(crate) fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_168_800 + seconds, 0).unwrap()
}

pub(crate) const TENANT: TenantId = TenantId(Uuid::from_u128(0xA));
pub(crate) const STRANGER: TenantId = TenantId(Uuid::from_u128(0xB));
pub(crate) const USER: UserId = UserId(Uuid::from_u128(0xE));
pub(crate) const SESSION: SessionId = SessionId(Uuid::from_u128(0x5));

pub(crate) const RETRY: RetryPolicy =
    RetryPolicy { attempts_max: 2, base: TimeDelta::seconds(1), max: TimeDelta::seconds(60) };

/// The stream of a tenant's message.
pub(crate) fn message(tenant: TenantId, number: u128) -> StreamName {
    StreamName { category: Category::Message, tenant, id: Uuid::from_u128(number) }
}

/// A text queued so many seconds after ten.
pub(crate) fn queued(seconds: i64) -> Queued {
    Queued {
        session_id: SESSION,
        to: "+6281234567890".parse().unwrap(),
        body: "Your order is on its way".to_owned().try_into().unwrap(),
        priority: Priority::Normal,
        metadata: serde_json::Map::new().try_into().unwrap(),
        client_reference: None,
        send_at: None,
        expires_at: None,
        at: at(seconds),
    }
}

pub(crate) fn moment(seconds: i64) -> Moment {
    Moment { at: at(seconds) }
}

/// Queues a message at its number's second.
pub(crate) fn queue(log: &MemoryLog, tenant: TenantId, number: u8) -> StreamName {
    let stream = message(tenant, u128::from(number));
    log.record(stream, MessageEvent::Queued(queued(i64::from(number))));
    stream
}

/// An API key that a viewer could have made.
pub(crate) fn api_key_created(seconds: i64) -> api_key::Event {
    api_key::Event::Created(api_key::Created {
        name: "Shop".parse().unwrap(),
        scopes: Permissions::of(Role::Viewer),
        prefix: KeyPrefix::of([7; 8]),
        expires_at: Some(at(1_000)),
        rate_limit_per_minute: NonZeroU32::new(60),
        created_by: Actor::Operator,
        at: at(seconds),
    })
}

/// An OAuth2 client that a viewer could have registered.
pub(crate) fn client_registered(seconds: i64) -> oauth_client::event::Event {
    let back = "https://shop.example/back".to_owned();
    oauth_client::event::Event::Registered(oauth_client::event::Registered {
        name: "Shop".parse().unwrap(),
        kind: oauth_client::ClientKind::Confidential,
        grant_types: vec![
            oauth_client::GrantType::ClientCredentials,
            oauth_client::GrantType::AuthorizationCode,
        ],
        redirect_uris: vec![back.try_into().unwrap()],
        scopes: Permissions::of(Role::Viewer),
        created_by: Actor::Operator,
        at: at(seconds),
    })
}

/// A tenant.
pub(crate) fn tenant_created(seconds: i64) -> tenant::Event {
    let name = "acme".to_owned().try_into().unwrap();
    tenant::Event::Created(tenant::Created { name, default_country: None, at: at(seconds) })
}

/// A viewer.
pub(crate) fn user_created(seconds: i64) -> user::event::Event {
    let (email, role) = ("ada@example.com".parse().unwrap(), Role::Viewer);
    user::event::Event::Created(user::event::Created { email, role, at: at(seconds) })
}

/// A login session of [`USER`], in the first epochs.
pub(crate) fn signed_in(seconds: i64) -> login_session::Event {
    login_session::Event::Started(login_session::Started {
        user_id: USER,
        origin: Origin::new(Some([192, 0, 2, 1].into()), Some("curl/8")),
        epochs: login_session::Epochs::default(),
        client_id: None,
        at: at(seconds),
    })
}

/// An address that is blocked by order, until so many seconds after ten or for good.
pub(crate) fn address_blocked(address: IpAddr, until: Option<i64>, seconds: i64) -> address::Event {
    let (reason, until) = (BlockReason::ByOrder, until.map(at));
    address::Event::Blocked(Blocked { address, reason, until, at: at(seconds) })
}
