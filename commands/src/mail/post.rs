//! Hands mail to an SMTP server.

use std::time::Duration;

use domain::email::EmailAddress;
use lettre::message::{Mailbox, MultiPart};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use super::letter::Letter;

/// How long each step of handing mail over may take.
const STEP_TIMEOUT: Duration = Duration::from_secs(10);
/// How long all of it may take: less than a mail is claimed for.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Hands mail to an SMTP server.
#[derive(Clone)]
pub struct Post {
    server: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

/// The settings make no SMTP client.
#[derive(Debug, thiserror::Error)]
pub enum InvalidPost {
    /// The server's address is of no use.
    #[error("the SMTP server's address cannot be used")]
    Server(#[source] lettre::transport::smtp::Error),
    /// The sender's address is of no use.
    #[error("the sender's address cannot be used")]
    From(#[source] lettre::address::AddressError),
}

/// A mail was not taken.
#[derive(Debug, thiserror::Error)]
pub enum NotPosted {
    /// It cannot be written.
    #[error("the mail cannot be written")]
    Unwritable(#[from] lettre::error::Error),
    /// The address is none that mail goes to.
    #[error("the address is none that mail goes to")]
    Address(#[from] lettre::address::AddressError),
    /// The server is away, or refused it.
    #[error("the SMTP server did not take the mail")]
    Smtp(#[from] lettre::transport::smtp::Error),
    /// It took too long.
    #[error("the SMTP server took more than {} seconds", TIMEOUT.as_secs())]
    TimedOut,
}

impl Post {
    /// To the server at `smtp://` or `smtps://`, with its credentials in it, from this sender.
    pub fn new(server: &SecretString, from: &str) -> Result<Self, InvalidPost> {
        let server = AsyncSmtpTransport::<Tokio1Executor>::from_url(server.expose_secret())
            .map_err(InvalidPost::Server)?
            .timeout(Some(STEP_TIMEOUT))
            .build();
        Ok(Self { server, from: from.parse().map_err(InvalidPost::From)? })
    }

    /// Hands a letter over; the server has taken it when this returns. A letter handed over twice has one Message-ID.
    pub async fn send(&self, id: Uuid, to: &EmailAddress, letter: Letter) -> Result<(), NotPosted> {
        let host = self.from.email.domain();
        let message = Message::builder()
            .from(self.from.clone())
            .to(to.as_str().parse()?)
            .subject(letter.subject)
            .message_id(Some(format!("<{id}@{host}>")))
            .multipart(MultiPart::alternative_plain_html(letter.text, letter.html))?;
        tokio::time::timeout(TIMEOUT, self.server.send(message))
            .await
            .map_err(|_| NotPosted::TimedOut)??;
        Ok(())
    }
}
