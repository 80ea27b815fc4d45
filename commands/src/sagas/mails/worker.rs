//! Sends what is in the outbox.

use std::time::Duration;

use domain::id::{TenantId, UserId};
use failpoint::Failpoint;
use futures::future::join_all;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::super::{Process, SagaError};
use super::MailOptions;
use crate::access::standing::active_account;
use crate::credentials::Credentials;
use crate::executor::Executor;
use crate::mail::Kind;
use crate::mail::letter::{Facts, Letter};
use crate::mail::outbox::{Claimed, Mail, Outbox};
use crate::mail::tokens::MailedTokens;
use crate::opaque_secret::OpaqueSecret;

const LOOK_EVERY: Duration = Duration::from_secs(1);

pub(super) struct Worker {
    executor: Executor,
    credentials: Credentials,
    outbox: Outbox,
    tokens: MailedTokens,
    options: MailOptions,
}

impl Worker {
    pub(super) fn new(process: &Process, options: MailOptions) -> Self {
        let Process { pool, executor, .. } = process.clone();
        Self {
            executor,
            credentials: Credentials::new(pool.clone()),
            outbox: Outbox::new(pool.clone()),
            tokens: MailedTokens::new(pool),
            options,
        }
    }

    pub(super) async fn run(&self, fed: &Notify, shutdown: &CancellationToken) {
        while !shutdown.is_cancelled() {
            match self.work().await {
                // What was asked for has become mails of its own.
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) => {
                    tracing::error!(%error, "mail cannot be worked on; will try again");
                }
            }
            tokio::select! {
                () = fed.notified() => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = shutdown.cancelled() => {}
            }
        }
    }

    /// Sends what is due; whether there may be more.
    async fn work(&self) -> Result<bool, SagaError> {
        let (claimed, expired) = self.outbox.claim().await?;
        if expired > 0 {
            tracing::warn!(expired, "mail was not sent while it had a point, and is dropped");
        }
        let was_any = !claimed.is_empty();
        for done in join_all(claimed.iter().map(|claimed| self.fulfil(claimed))).await {
            done?;
        }
        Ok(was_any)
    }

    async fn fulfil(&self, claimed: &Claimed) -> Result<(), SagaError> {
        failpoint::reach(Failpoint::MailClaimed);
        let mail = &claimed.mail;
        let (Some(tenant), Some(user)) = (mail.tenant, mail.user) else {
            let instead = self.for_each_account(mail).await?;
            return Ok(self.outbox.finish(claimed, &instead).await?);
        };
        let Some(letter) = self.letter(mail, tenant, user).await? else {
            return Ok(self.outbox.finish(claimed, &[]).await?);
        };
        match self.options.post.send(mail.id, &mail.email, letter).await {
            Ok(()) => {
                failpoint::reach(Failpoint::MailSent);
                Ok(self.outbox.finish(claimed, &[]).await?)
            }
            Err(error) => {
                let error = domain::causes::in_one_line(&error);
                tracing::warn!(
                    mail.id = %mail.id, mail.kind = mail.kind.as_str(), tries = claimed.tries, error,
                    "mail was not taken; it will be tried again"
                );
                Ok(self.outbox.postpone(claimed).await?)
            }
        }
    }

    /// What a mail that was asked for by address becomes: one for each account of the address that it is of use to.
    async fn for_each_account(&self, asked: &Mail) -> Result<Vec<Mail>, SagaError> {
        let kind = match asked.kind {
            Kind::VerificationAsked => Kind::EmailVerification,
            _ => Kind::PasswordReset,
        };
        let mut mails = Vec::new();
        for account in self.credentials.find(&asked.email, asked.tenant).await? {
            let (tenant, user) = (account.tenant_id, account.user_id);
            let Some(present) = active_account(&self.executor, tenant, user).await? else {
                continue;
            };
            if kind == Kind::EmailVerification && present.is_verified {
                continue;
            }
            let (id, tenant, user) = (self.executor.ambient().new_id(), Some(tenant), Some(user));
            mails.push(Mail { id, kind, tenant, user, ..asked.clone() });
        }
        Ok(mails)
    }

    /// What it says; none if there is nobody any more to say it to.
    async fn letter(
        &self,
        mail: &Mail,
        tenant: TenantId,
        user: UserId,
    ) -> Result<Option<Letter>, SagaError> {
        let Some(present) = active_account(&self.executor, tenant, user).await? else {
            return Ok(None);
        };
        if mail.kind == Kind::EmailVerification && present.is_verified {
            return Ok(None);
        }
        let mut facts = Facts { email: &mail.email, link: "", token: "", until: mail.expires_at };
        let Some(purpose) = mail.kind.purpose() else { return Ok(Letter::of(mail.kind, &facts)) };
        let token = OpaqueSecret::of((self.options.random)());
        self.tokens.issue(&token, purpose, (tenant, user), mail.expires_at).await?;
        let link = format!("{}/{}?token={}", self.options.link_url, purpose.page(), token.expose());
        (facts.link, facts.token) = (&link, token.expose());
        Ok(Letter::of(mail.kind, &facts))
    }
}
