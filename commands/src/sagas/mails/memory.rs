//! What the log asks to be told: rows in the outbox, in one transaction with the checkpoint, so each once.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use domain::event::Event;
use domain::id::UserId;
use domain::ports::event_log::RecordedEvent;
use domain::user::event::{self as user, PasswordChange};
use sqlx::PgConnection;

use super::super::feeder::Memory;
use crate::credentials;
use crate::executor::Executor;
use crate::mail::outbox::{self, Mail};
use crate::mail::{Kind, Lifetimes};

pub(super) struct MailMemory {
    executor: Executor,
    lifetimes: Lifetimes,
}

/// Older than this, nobody is told of it.
const NEWS_MAX: TimeDelta = TimeDelta::hours(24);

impl MailMemory {
    pub(super) fn new(executor: Executor, lifetimes: Lifetimes) -> Self {
        Self { executor, lifetimes }
    }

    /// The mail an event leads to.
    async fn mail(
        &self,
        connection: &mut PgConnection,
        recorded: &RecordedEvent,
        event: &user::Event,
    ) -> Result<Option<Mail>, sqlx::Error> {
        let Some(at) = news(event).filter(|at| *at + NEWS_MAX > self.executor.ambient().now())
        else {
            return Ok(None);
        };
        let user = UserId(recorded.stream.id);
        let Some(known) = credentials::of_user(connection, user).await? else { return Ok(None) };
        let has_no_password = known.password_hash == credentials::NO_PASSWORD;
        let Some(kind) = kind(event, has_no_password) else { return Ok(None) };
        let lifetime = TimeDelta::from_std(kind.lifetime(&self.lifetimes)).unwrap_or_default();
        Ok(Some(Mail {
            id: recorded.id.0,
            kind,
            email: known.email,
            tenant: Some(recorded.stream.tenant),
            user: Some(user),
            expires_at: at + lifetime,
        }))
    }
}

impl Memory for MailMemory {
    const SAGA: &'static str = "mails";

    fn concerns(&self, recorded: &RecordedEvent) -> bool {
        matches!(&recorded.event, Event::User(event) if news(event).is_some())
    }

    async fn remember(
        &self,
        connection: &mut PgConnection,
        events: &[Arc<RecordedEvent>],
    ) -> Result<bool, sqlx::Error> {
        let mut is_news = false;
        for recorded in events {
            let Event::User(event) = &recorded.event else { continue };
            if let Some(mail) = self.mail(connection, recorded, event).await? {
                outbox::put(connection, &mail).await?;
                is_news = true;
            }
        }
        Ok(is_news)
    }
}

/// When something happened that the user is told of.
fn news(event: &user::Event) -> Option<DateTime<Utc>> {
    match event {
        user::Event::Created(created) => Some(created.at),
        user::Event::PasswordChanged(changed) => Some(changed.at),
        user::Event::SecondFactorDisabled(disabled) if disabled.is_by_administrator => {
            Some(disabled.at)
        }
        _ => None,
    }
}

/// What the user is told.
fn kind(event: &user::Event, has_no_password: bool) -> Option<Kind> {
    match event {
        user::Event::Created(_) if has_no_password => Some(Kind::Invitation),
        user::Event::Created(_) => Some(Kind::EmailVerification),
        user::Event::PasswordChanged(changed) => Some(match changed.by {
            PasswordChange::Owner => Kind::PasswordChanged,
            PasswordChange::Recovery => Kind::PasswordRecovered,
            PasswordChange::Administrator => Kind::PasswordSet,
        }),
        user::Event::SecondFactorDisabled(_) => Some(Kind::SecondFactorReset),
        _ => None,
    }
}
