//! Mail, where the demo has somebody who catches it: a forgotten password, and the link that comes.

use std::io::Write;

use serde_json::json;
use tokio::time::Instant;

use super::client::Failure;
use super::{DELIVERY_TIMEOUT, LOOK_EVERY, Walkthrough, text};

impl<W: Write> Walkthrough<W> {
    /// Asks for a mail, and shows what was caught at this address.
    pub(crate) async fn show_mail(&mut self, catcher: &str) -> Result<(), Failure> {
        let email = self.login.email.clone();
        writeln!(self.out, "\nForgetting the password: POST /auth/forgot-password")?;
        self.client.post("/auth/forgot-password", &json!({ "email": email })).await?;
        let deadline = Instant::now() + DELIVERY_TIMEOUT;
        loop {
            let mails = self.client.fetch(&format!("{catcher}/mails")).await?;
            let caught = mails.as_array().into_iter().flatten();
            let mut for_us =
                caught.filter(|mail| text(mail, "text").contains("reset-password?token="));
            if let Some(mail) = for_us.next_back() {
                writeln!(
                    self.out,
                    "  caught: {:?}; all mail is shown at {catcher}",
                    text(mail, "subject")
                )?;
                for line in text(mail, "text").lines().filter(|line| !line.is_empty()) {
                    writeln!(self.out, "  | {line}")?;
                }
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err("no mail was caught".into());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}
