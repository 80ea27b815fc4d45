//! What somebody finds in their mailbox: mail that was caught.

use mail_catcher::{Caught, MailCatcher};

use crate::eventually::eventually;

/// The subject of a mail with a link to a new password.
pub const RESET: &str = "Set a new password";
/// Of one that confirms an address.
pub const VERIFICATION: &str = "Confirm your address";
/// Of an invitation.
pub const INVITATION: &str = "You have an account";

/// The mails somebody has with a subject, once there are so many.
pub async fn mails(catcher: &MailCatcher, to: &str, subject: &str, at_least: usize) -> Vec<Caught> {
    let look = async || {
        let mut mails = catcher.mails_to(to);
        mails.retain(|mail| mail.subject == subject);
        mails
    };
    let what = format!("{to} has {at_least} mails called {subject:?}");
    eventually(&what, look, |mails| mails.len() >= at_least).await
}

/// The token in the newest mail somebody has with a subject, once there is one.
pub async fn token(catcher: &MailCatcher, to: &str, subject: &str) -> String {
    token_of(mails(catcher, to, subject, 1).await.last().expect("one at least"))
}

/// The token in a mail, by the link in it, which is the same in the text and in the HTML.
pub fn token_of(mail: &Caught) -> String {
    let (_, rest) = mail.text.split_once("?token=").expect("a link");
    let token = rest.split_whitespace().next().expect("a token").to_owned();
    assert!(mail.html.contains(&format!("?token={token}\"")), "{}", mail.html);
    token
}
