//! An SMTP server that keeps all mail and delivers none.
//!
//! ```text
//! SMTP (RFC 5321: what a submitting client needs) -> caught -> GET /       a page
//!                                                          -> GET /mails  JSON
//! ```
//!
//! It can be told to take a mail and not say so, as a server does whose answer is lost.

mod page;
mod smtp;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use mail_parser::MessageParser;
use serde::Serialize;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// A mail that was caught.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Caught {
    /// Who sent it, as the envelope has it.
    pub from: String,
    /// To whom, as the envelope has it.
    pub to: Vec<String>,
    /// Its Message-ID.
    pub message_id: String,
    /// Its subject.
    pub subject: String,
    /// What it says, as plain text.
    pub text: String,
    /// The same as HTML.
    pub html: String,
}

/// All that was caught, and how the server behaves.
#[derive(Clone, Default)]
pub(crate) struct Mailbox {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    caught: Vec<Caught>,
    is_mute: bool,
}

/// A mail catcher at work.
pub struct MailCatcher {
    mails: Mailbox,
    smtp: SocketAddr,
    http: SocketAddr,
    tasks: TaskTracker,
    shutdown: CancellationToken,
}

impl MailCatcher {
    /// On free ports.
    pub async fn start() -> std::io::Result<Self> {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        Self::start_at(any, any).await
    }

    /// On these addresses.
    pub async fn start_at(smtp: SocketAddr, http: SocketAddr) -> std::io::Result<Self> {
        let (smtp, http) = (TcpListener::bind(smtp).await?, TcpListener::bind(http).await?);
        let (tasks, shutdown) = (TaskTracker::new(), CancellationToken::new());
        let mails = Mailbox::default();
        let catcher = Self {
            mails: mails.clone(),
            smtp: smtp.local_addr()?,
            http: http.local_addr()?,
            tasks: tasks.clone(),
            shutdown: shutdown.clone(),
        };
        tasks.spawn(smtp::serve(smtp, mails.clone(), tasks.clone(), shutdown.clone()));
        tasks.spawn(page::serve(http, mails, shutdown));
        Ok(catcher)
    }

    /// Where mail is taken.
    pub fn smtp(&self) -> SocketAddr {
        self.smtp
    }

    /// The same as a setting has it.
    pub fn smtp_url(&self) -> String {
        format!("smtp://{}", self.smtp)
    }

    /// Where it is shown.
    pub fn page_url(&self) -> String {
        format!("http://{}", self.http)
    }

    /// All that was caught so far.
    pub fn mails(&self) -> Vec<Caught> {
        self.mails.all()
    }

    /// What was caught for an address.
    pub fn mails_to(&self, address: &str) -> Vec<Caught> {
        self.mails().into_iter().filter(|mail| mail.to.iter().any(|to| to == address)).collect()
    }

    /// From now on mail is taken, and its sender waits for the answer; or is told again.
    pub fn set_mute(&self, is_mute: bool) {
        self.mails.with(|state| state.is_mute = is_mute);
    }

    /// Stops; clients that wait are cut off.
    pub async fn stop(self) {
        self.shutdown.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

impl Mailbox {
    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn all(&self) -> Vec<Caught> {
        self.with(|state| state.caught.clone())
    }

    /// Keeps a mail; whether its sender is to be told.
    pub(crate) fn take(&self, from: String, to: Vec<String>, raw: &[u8]) -> bool {
        let parsed = MessageParser::default().parse(raw);
        let text = |part: Option<std::borrow::Cow<'_, str>>| part.unwrap_or_default().into_owned();
        let caught = Caught {
            from,
            to,
            message_id: parsed
                .as_ref()
                .and_then(|mail| mail.message_id())
                .unwrap_or_default()
                .to_owned(),
            subject: parsed.as_ref().and_then(|mail| mail.subject()).unwrap_or_default().to_owned(),
            text: text(parsed.as_ref().and_then(|mail| mail.body_text(0))),
            html: text(parsed.as_ref().and_then(|mail| mail.body_html(0))),
        };
        self.with(|state| {
            state.caught.push(caught);
            !state.is_mute
        })
    }
}
