//! The mail saga: tells users what was done to their accounts, and sends what was asked for.
//!
//! ```text
//! log -> memory -> mails   invitations, confirmations, security notices   \
//! requests      -> mails   forgotten passwords, confirmations asked for    > worker -> SMTP
//! ```
//!
//! Invariant: what is told follows from the log, so no crash between a change and its mail loses the mail. Nobody is told
//! of what is older than a day: a log that is read anew sends no old mail.

mod memory;
mod worker;

use tokio_util::sync::CancellationToken;

use super::feeder::Feeder;
use super::{Process, follow};
use crate::executor::Executor;
use crate::mail::Lifetimes;
use crate::mail::post::Post;
use memory::MailMemory;
use worker::Worker;

/// How mail is sent.
#[derive(Clone)]
pub struct MailOptions {
    /// Where it is handed over.
    pub post: Post,
    /// Where links lead, without a slash at the end: `<link_url>/reset-password?token=…`
    pub link_url: String,
    /// How long they are good.
    pub lifetimes: Lifetimes,
    /// Bytes nobody can guess.
    pub random: fn() -> [u8; 32],
}

/// The mail saga of one process.
pub struct MailSaga {
    feeder: Feeder<MailMemory>,
    worker: Worker,
    executor: Executor,
}

impl MailSaga {
    /// The saga in a process.
    pub fn new(process: &Process, options: MailOptions) -> Self {
        let memory = MailMemory::new(process.executor.clone(), options.lifetimes);
        Self {
            feeder: Feeder::new(process, memory),
            worker: Worker::new(process, options),
            executor: process.executor.clone(),
        }
    }

    /// Works until `shutdown`.
    pub async fn run(self, shutdown: CancellationToken) {
        let fed = self.feeder.fed();
        tokio::join!(
            follow::follow(&self.feeder, self.executor.log(), &shutdown),
            self.worker.run(&fed, &shutdown),
        );
    }
}
